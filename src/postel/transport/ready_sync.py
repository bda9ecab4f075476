# Hand-written pair with ready_async.py.
"""Waiting for a descriptor, on the blocking side: by poll(2)."""

from __future__ import annotations

import selectors

__all__ = ["Selector", "breathe", "wait_ready"]

# poll(2) needs no descriptor of its own: for one or two sockets it is cheaper than epoll, and
# unlike select(2) it knows descriptors above 1023
Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


def wait_ready(fd: int, *, write: bool, seconds: float | None) -> None:
    """Wait until the descriptor can be read (or written).

    Raises:
        TimeoutError: *seconds* passed.
    """
    with Selector() as selector:
        selector.register(fd, selectors.EVENT_WRITE if write else selectors.EVENT_READ)
        if not selector.select(seconds):
            raise TimeoutError


def breathe() -> None:
    """Threads need not be asked to let others run."""
