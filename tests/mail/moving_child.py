"""A sync that kills itself at its Nth step: ``python moving_child.py URL MAILDIR STATE N``.

A step is anything that somebody else can see: a change on the disk, before and after it; bytes
that leave, before and after; bytes that came. It prints how many steps there were if it lives.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from postel.mail import moving_maildir
from postel.mail.moving_maildir import MaildirTree
from postel.mail.moving_store import MovingStore
from postel.mail.moving_sync import sync
from postel.transport.socket_sync import SocketStream

steps = 0


def step(last: int) -> None:
    global steps
    steps += 1
    if steps == last:
        os.kill(os.getpid(), signal.SIGKILL)


def watched(function: Callable[..., Any], last: int) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        step(last)
        result = function(*args, **kwargs)
        step(last)
        return result

    return call


def main(url: str, folder: str, state: str, last: int) -> None:
    for owner, names in (
            (MovingStore, ("folder", "rebase", "change", "see", "learn", "begin", "end")),
            (MaildirTree, ("make", "store", "expunge")),
            (moving_maildir, ("_write", "_sync_all")),
            (moving_maildir.os, ("rename",)),
            (SocketStream, ("send", "receive", "receive_into"))):
        for name in names:
            if hasattr(owner, name):
                setattr(owner, name, watched(getattr(owner, name), last))
    done = sync(url, folder, state=state,
                left_options={"password": "secret", "security": "plain"})
    assert done.ok, done.problems
    sys.stdout.write(str(steps))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
