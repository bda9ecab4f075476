# A conversation (its twin bodies_sync.py is generated): what goes up with a request.
"""Bodies of requests: bytes, a file, or whatever comes, chunk by chunk.

A body that can be sent twice says so: a log-in or a redirect may ask for it again. Files are read
from where they stand.
"""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable
from collections.abc import Iterable as Plain
from typing import Any, BinaryIO, cast

from ..errors import UsageError

__all__ = ["CHUNK", "AsyncBody", "AsyncFileBody", "AsyncFlowBody", "Content"]

CHUNK = 262_144
"""Bytes read of a file at once."""

Content = bytes | bytearray | memoryview | str | BinaryIO | Plain[bytes] | AsyncIterable[bytes]
"""What may be given as content."""


class AsyncBody:
    """Bytes that go up; the base of the others.

    Args:
        data: all of it.
        kind: its Content-Type, "" for none.
    """

    again = True
    file: BinaryIO | None = None
    """The file that all of it is read from, where the kernel may send it."""

    def __init__(self, data: bytes = b"", kind: str = "") -> None:
        self.data: bytes | None = data
        self.size: int | None = len(data)
        self.kind = kind
        self.sent: Callable[[int], object] | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.data:
            yield self.data
            self.count(len(self.data))

    def count(self, size: int) -> None:
        """*size* more bytes have gone."""
        if self.sent is not None:
            self.sent(size)

    def rewound(self) -> BinaryIO:
        """The file, where the body begins.

        Raises:
            UsageError: there is none.
        """
        raise UsageError("this body is no file")

    def shortened(self, left: int) -> None:
        """The file ended *left* bytes early.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"the file has {left:,} bytes less than when it was opened",
                         hint="it was shortened while it went up")

    @staticmethod
    def of(content: Content) -> AsyncBody:
        """The body that *content* makes.

        Raises:
            UsageError: it is nothing that can be sent.
        """
        if isinstance(content, AsyncBody):
            return content
        if isinstance(content, str):
            return AsyncBody(content.encode(), "text/plain; charset=utf-8")
        if isinstance(content, bytes | bytearray | memoryview):
            return AsyncBody(bytes(content))
        if hasattr(content, "read"):
            return AsyncFileBody(cast("BinaryIO", content))
        if hasattr(content, "__iter__") or hasattr(content, "__aiter__"):
            return AsyncFlowBody(content)
        raise UsageError(f"content= is a {type(content).__name__}, which is nothing to send",
                         hint="give bytes, text, an open binary file, or an iterator of bytes")


class AsyncFileBody(AsyncBody):
    """An open binary file, from where it stands; its length is announced where it has one."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self.data = None
        self._file = file
        self._start, self.size = _extent(file)
        self.again = self.size is not None
        if self.size is not None and "b" in getattr(file, "mode", ""):
            self.file = file

    def rewound(self) -> BinaryIO:
        """The file, where the body begins."""
        if self.size is not None:
            self._file.seek(self._start)
        return self._file

    async def __aiter__(self) -> AsyncIterator[bytes]:
        file, left = self.rewound(), self.size
        while left is None or left > 0:
            data = file.read(CHUNK if left is None else min(CHUNK, left))
            if not data:
                break
            if isinstance(data, str):
                raise UsageError("content= is a file opened as text", hint='open it with "rb"')
            left = None if left is None else left - len(data)
            yield data
            self.count(len(data))
        if left:
            self.shortened(left)


class AsyncFlowBody(AsyncBody):
    """Whatever an iterator gives; it can be sent once, and its length is not known."""

    again = False

    def __init__(self, parts: Any) -> None:
        super().__init__()
        self.data, self.size = None, None
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if hasattr(self._parts, "__aiter__"):
            async for part in self._parts:
                if part:
                    yield part
                    self.count(len(part))
        else:
            for part in self._parts:
                if part:
                    yield part
                    self.count(len(part))


def _extent(file: BinaryIO) -> tuple[int, int | None]:
    """Where a file stands, and how much it still has; None where that cannot be told."""
    try:
        start = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(start)
    except (OSError, AttributeError, io.UnsupportedOperation):
        return 0, None
    return start, max(0, end - start)
