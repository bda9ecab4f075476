"""A run of the outbox that kills itself at its Nth step: ``python outbox_child.py FILE N``.

A step is anything that somebody else can see: a change on the disk, before and after it; bytes
that leave, before and after; bytes that came. It prints how many steps there were if it lives.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from postel.mail.outbox_store import OutboxStore
from postel.mail.outbox_sync import Outbox
from postel.mail.outbox_types import Schedule
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


def main(file: str, last: int) -> None:
    for owner, names in ((OutboxStore, ("lock", "recover", "claim", "ending", "settle", "unlock")),
                         (SocketStream, ("send", "receive", "receive_into"))):
        for name in names:
            if hasattr(owner, name):
                setattr(owner, name, watched(getattr(owner, name), last))
    with Outbox(file, schedule=Schedule(first=0.0, longest=0.0), security="plain") as box:
        box.run()
    sys.stdout.write(str(steps))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
