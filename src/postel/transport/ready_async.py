# Hand-written pair with ready_sync.py.
"""Waiting for a descriptor, on the asyncio side: by the loop's reader and writer callbacks.

Loops without ``add_reader`` (Windows' proactor) wait in a thread instead.
"""

from __future__ import annotations

import asyncio
import select
import socket
from contextlib import nullcontext

from .clock_async import now

__all__ = ["Turn", "breathe", "hang_up", "wait_ready"]

Turn = nullcontext[None]
"""Tasks take turns by themselves: no call into the socket is interrupted by another."""

_SLICE = 0.25
"""Seconds that a waiting thread sleeps at most, on loops that cannot watch a descriptor."""

_waiting: dict[int, set[asyncio.Future[bool]]] = {}
"""Who waits for which descriptor: a loop does not say when one is closed."""


async def wait_ready(fd: int, *, write: bool, seconds: float | None) -> None:
    """Wait until the descriptor can be read (or written).

    Raises:
        TimeoutError: *seconds* passed.
    """
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[bool] = loop.create_future()
    try:
        (loop.add_writer if write else loop.add_reader)(fd, _wake, waiter, True)
    except NotImplementedError:
        await _wait_in_thread(fd, write, seconds)
        return
    timer = None if seconds is None else loop.call_later(seconds, _wake, waiter, False)
    waiters = _waiting.setdefault(fd, set())
    waiters.add(waiter)
    try:
        if not await waiter:
            raise TimeoutError
    finally:
        if waiter in waiters:  # or else the number may be another socket's by now
            waiters.discard(waiter)
            if not waiters:
                del _waiting[fd]
            (loop.remove_writer if write else loop.remove_reader)(fd)
        if timer is not None:
            timer.cancel()


def _wake(waiter: asyncio.Future[bool], ready: bool) -> None:
    if not waiter.done():
        waiter.set_result(ready)


def hang_up(sock: socket.socket) -> None:
    """Wake whoever waits for *sock*, which is about to be closed."""
    fd = sock.fileno()
    waiters = _waiting.pop(fd, None)
    while waiters:
        waiter = waiters.pop()
        loop = waiter.get_loop()
        loop.remove_reader(fd)
        loop.remove_writer(fd)
        _wake(waiter, True)


async def _wait_in_thread(fd: int, write: bool, seconds: float | None) -> None:
    end = None if seconds is None else now() + seconds
    while True:
        left = _SLICE if end is None else min(_SLICE, end - now())
        if left <= 0:
            raise TimeoutError
        rlist, wlist = ([], [fd]) if write else ([fd], [])
        ready = await asyncio.to_thread(select.select, rlist, wlist, wlist, left)
        if any(ready):
            return


async def breathe() -> None:
    """Let other tasks run."""
    await asyncio.sleep(0)
