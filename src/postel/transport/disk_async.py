# Hand-written pair with disk_sync.py.
"""The way from conversations to disk code, on the asyncio side: a thread.

Writes of a chunk are direct on both sides (the page cache takes them at once); what waits for the
disk, and SQLite, goes through `call`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import BinaryIO, ParamSpec, TypeVar

__all__ = ["call", "write"]

P = ParamSpec("P")
T = TypeVar("T")


async def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call *function*, which may wait for the disk (fsync, rename, SQLite), in a thread.

    A thread cannot be stopped. Who is cancelled meanwhile is told when it has ended: it must not
    go on with a file that the caller, on its way out, closes.
    """
    work = asyncio.get_running_loop().run_in_executor(
        None, partial(copy_context().run, function, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        while not work.done():
            try:
                await asyncio.wait({work})
            except asyncio.CancelledError:
                pass  # said once already
        if not work.cancelled():
            work.exception()  # seen: the cancellation is what counts
        raise


async def write(file: BinaryIO, data: bytes | bytearray | memoryview) -> None:
    """Write one chunk, all of it, at once: a thread would cost more than the page cache."""
    view = memoryview(data)
    while view:
        view = view[file.write(view):]
