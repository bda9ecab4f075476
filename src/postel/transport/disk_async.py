# Hand-written pair with disk_sync.py.
"""The way from conversations to disk code, on the asyncio side: a thread.

Writes of a chunk are direct on both sides (the page cache takes them at once); what waits for the
disk, and SQLite, goes through `call`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import BinaryIO, ParamSpec, TypeVar

__all__ = ["call", "write"]

P = ParamSpec("P")
T = TypeVar("T")


async def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call *function*, which may wait for the disk (fsync, rename, SQLite), in a thread."""
    return await asyncio.to_thread(function, *args, **kwargs)


async def write(file: BinaryIO, data: bytes | bytearray | memoryview) -> None:
    """Write one chunk, all of it, at once: a thread would cost more than the page cache."""
    view = memoryview(data)
    while view:
        view = view[file.write(view):]
