# A conversation (its twin writing_sync.py is generated): one file as it goes to a web server.
"""A file being written: one PUT, of known length.

A PUT brings its whole body, and servers want to know its length (nginx and others refuse chunked
bodies for files). A file that is given is sent as it is; pieces are gathered first, in memory and
beyond 8 MiB in a temporary file, and sent on leaving the block.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from ..errors import UsageError
from ..session.files_async import AsyncPacer, AsyncSink, Watch
from ..types import Progress
from .bodies_async import AsyncFileBody

if TYPE_CHECKING:
    from .adapter_async import AsyncAdapter

__all__ = ["AsyncHTTPSink", "AsyncPacedBody"]

_IN_MEMORY = 8 << 20
_ASKED_FIRST = 1 << 20
"""Bytes from which on the server is asked whether it will take the body (Expect)."""


class AsyncPacedBody(AsyncFileBody):
    """A file that goes no faster than *pace* lets it."""

    def __init__(self, file: BinaryIO, pace: AsyncPacer) -> None:
        super().__init__(file)
        self.file = None  # not by the kernel, which knows no pace
        self._pace = pace

    async def __aiter__(self) -> AsyncIterator[bytes]:
        file, left = self.rewound(), self.size or 0
        while left > 0 and (data := file.read(min(self._pace.piece, left))):
            await self._pace.spend(len(data))
            left -= len(data)
            yield data
            self.count(len(data))
        if left:
            self.shortened(left)


class AsyncHTTPSink(AsyncSink):
    """One PUT."""

    whole = True

    def __init__(self, files: AsyncAdapter, path: str) -> None:
        self.path = path
        self._files = files
        self._pieces: IO[bytes] | None = None
        self._sent = False

    async def begin(self) -> None:
        """Nothing is sent yet."""

    async def send(self, data: bytes) -> None:
        """Keep *data* until the block is left."""
        self._check()
        if self._pieces is None:
            self._pieces = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed on leaving
        self._pieces.write(data)

    async def send_file(self, file: BinaryIO, watch: Watch) -> int:
        """Send what is left of *file*; return how many bytes there were."""
        self._check()
        start = _position(file)
        if self._pieces is not None or start is None:
            return await super().send_file(file, watch)
        size = file.seek(0, os.SEEK_END) - start
        file.seek(start)
        await self._put(file, size, watch)
        return size

    def _check(self) -> None:
        if self._sent:
            raise UsageError(f"PUT {self.path}: its body has been sent",
                             hint="a PUT has one body: open another one")

    async def _put(self, content: Any, size: int, watch: Watch | None) -> None:
        seen = 0

        def uploaded(progress: Progress) -> None:
            nonlocal seen
            if watch is not None and progress.done > seen:
                watch.add(progress.done - seen)
            seen = max(seen, progress.done)

        self._sent = True
        fields = await self._files.upload_fields(self.modified, content)
        if self.pace is not None and not isinstance(content, bytes):
            content = AsyncPacedBody(content, self.pace)
        await self._files.put(self.path, content, expect=size >= _ASKED_FIRST, uploaded=uploaded,
                              headers=fields)

    async def finish(self) -> None:
        """Send what was kept, and wait for the server's word."""
        try:
            if self._sent:
                return
            if self._pieces is None:
                await self._put(b"", 0, None)
                return
            size = self._pieces.seek(0, os.SEEK_END)
            self._pieces.seek(0)
            await self._put(cast("BinaryIO", self._pieces), size, None)
        finally:
            await self.abandon()

    async def abandon(self) -> None:
        """Nothing was sent, or all of it."""
        if self._pieces is not None:
            self._pieces.close()
            self._pieces = None


def _position(file: BinaryIO) -> int | None:
    """Where *file* stands; None where it is a pipe, whose length nobody knows."""
    try:
        return file.tell() if file.seekable() else None
    except (OSError, AttributeError):
        return None
