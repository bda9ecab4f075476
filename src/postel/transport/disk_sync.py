# Hand-written pair with disk_async.py.
"""The way from conversations to disk code, on the blocking side: a direct call."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, ParamSpec, TypeVar

__all__ = ["call", "write"]

P = ParamSpec("P")
T = TypeVar("T")


def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call *function*, which may wait for the disk (fsync, rename, SQLite)."""
    return function(*args, **kwargs)


def write(file: BinaryIO, data: bytes | bytearray | memoryview) -> None:
    """Write one chunk, all of it."""
    view = memoryview(data)
    while view:
        view = view[file.write(view):]
