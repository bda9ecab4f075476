"""What is known of a mail server from earlier connections of this process. Pure.

A server says what it offers, but not always what it stands: one that loses its place when
commands come ahead of their answers is spoken to one command at a time from then on.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LEARNED", "Learned"]


@dataclass
class Learned:
    """What is known of one server.

    Args:
        pipelining: whether what it offers as PIPELINING works.
        ahead: whether the next message may be sent before the last one is answered (RFC 2920
            section 3.1 and RFC 3030 section 2: nothing in BDAT waits for anything).
    """

    pipelining: bool = True
    ahead: bool = True

    def be_careful(self) -> None:
        """It lost its place: one command at a time from now on."""
        self.pipelining = self.ahead = False


class _Servers(dict[tuple[str, int], Learned]):
    def __missing__(self, key: tuple[str, int]) -> Learned:
        self[key] = Learned()
        return self[key]


LEARNED = _Servers()
"""By host and port."""
