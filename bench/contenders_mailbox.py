"""Who takes part in the rows of mailbox files."""

from __future__ import annotations

from bench.contender import Contender, script

__all__ = ["CONTENDERS_MAILBOX"]

CONTENDERS_MAILBOX: dict[str, list[Contender]] = {
    f"{kind}-{what}": [script("postel", "bench.ours_mailbox", "summed"),
                       script("mailbox", "bench.peer_mailbox", "summed")]
    for kind in ("mbox", "maildir") for what in ("read", "write")}
