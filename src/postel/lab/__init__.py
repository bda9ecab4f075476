"""The lab: a local Internet in one process.

    import postel

    with postel.lab.start() as lab:
        with postel.pop3.Client(lab.url("pop3"), password="secret") as box:
            ...

It has an authority and certificates, names below ``lab.test`` that only Postel knows, the users
alice, bob and carol (password ``secret``), and servers on free ports of the loopback address.
All of it is ready when `start` returns its block, and gone when the block is left.
"""

from .lab import Lab, start

__all__ = ["Lab", "start"]
