"""What is known of an account's server from earlier connections of this process. Pure.

A server tells what it offers before the log-in, and more after it. Who knows both from the last
time need not ask again, and may put its first command into the same packet as the log-in.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from .capabilities import Capabilities

__all__ = ["LEARNED", "Learned"]

_MOST = 1_000


@dataclass
class Learned:
    """What is known of one account.

    Args:
        before: what was offered before the log-in.
        after: what was offered after it.
    """

    before: Capabilities | None = None
    after: Capabilities | None = None


class _Accounts(OrderedDict[tuple[str, int, str], Learned]):
    def __missing__(self, key: tuple[str, int, str]) -> Learned:
        if len(self) >= _MOST:
            self.popitem(last=False)
        self[key] = Learned()
        return self[key]


LEARNED = _Accounts()
"""By host, port and user; the oldest is forgotten when there are too many."""
