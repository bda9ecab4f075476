# A conversation (its twin adapter_sync.py is generated): the common verbs on this machine's disk.
"""The adapter: what every file scheme answers, by system calls instead of a server's.

Whatever may wait for a disk (or for a network behind a mount) goes through `transport.disk`: a
thread on the asyncio side, a plain call on the other. A way to a thread costs some 50 µs, so
batches go together and bulk goes in large pieces, by copy_file_range(2) where both ends are files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Generic, TypeVar

from ..errors import Incomplete, PostelError, ReplyError, UsageError
from ..session.files_async import AsyncFiles, AsyncReading, AsyncSink, Watch
from ..session.results_async import AsyncResults
from ..transport import disk_async
from ..transport.digests import HASHES
from ..types import Entry, Features, Outcome
from . import disk

if TYPE_CHECKING:
    from .client_async import AsyncClient

__all__ = ["AsyncAdapter", "AsyncBatch", "AsyncFileReading", "AsyncFileSink", "AsyncListing"]

T = TypeVar("T")

_CHUNK = 1 << 20
"""Bytes of one read for a caller who takes chunks."""

_STEP = 1 << 26
"""Bytes that the kernel copies before progress is told."""

_TOGETHER = 500
"""Entries, or small changes, on one way to a thread."""


class AsyncListing(AsyncResults[Entry]):
    """The entries of one folder; links are told as links."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._found: Iterator[os.DirEntry[str]] | None = None

    async def _more(self) -> Sequence[Entry]:
        if self._found is None:
            self._found = await disk_async.call(disk.listing, self._folder)
        return await disk_async.call(disk.batch, self._folder, self._found, _TOGETHER)


class AsyncFileReading(AsyncReading):
    """A file of this machine being read.

    Attributes:
        entire: bytes the file has in all, known after entering.
    """

    def __init__(self, path: Path, offset: int) -> None:
        super().__init__(f"read {path}")
        self._path, self._offset = path, offset
        self._file: BinaryIO | None = None
        self.entire: int | None = None

    async def _opened(self) -> BinaryIO:
        if self._file is not None:
            return self._file
        try:
            return await disk_async.call(self._open_it)
        except BaseException:
            self._close()  # cancelled: the thread may have opened it all the same
            raise

    def _open_it(self) -> BinaryIO:
        self._file, self.entire = file, size = disk.open_read(self._path, self._offset)
        if self.expected is None and size:  # what /proc shows has no size
            self.expected = size - self._offset
        return file

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()

    async def _chunk(self) -> bytes:
        file = await self._opened()
        with disk.refused("read", self._path):
            data: bytes = await disk_async.call(file.read, _CHUNK) or b""
        if not data:
            file.close()
            self._check(self.size)
        return data

    async def save(self, file: BinaryIO, watch: Watch) -> int:
        """Write all of it to *file*: within the kernel where both are files."""
        source = await self._opened()
        if self._open:
            while count := await disk_async.call(self._copied, source, file):
                self.size += count
                watch.add(count)
            self._open = False
            source.close()
            self._check(self.size)
        return self.size

    def _copied(self, source: BinaryIO, target: BinaryIO) -> int:
        return disk.copy_range(source, target, _STEP)

    def _check(self, size: int) -> None:
        if self.expected is not None and size < self.expected:
            raise Incomplete(f"read {self._path}: it ended after {size:,} bytes of "
                             f"{self.expected:,}", hint="another program cut it; read it again")

    async def _let_go(self) -> None:
        self._close()

    async def __aenter__(self) -> AsyncFileReading:
        await self._opened()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()
        self._close()


class AsyncFileSink(AsyncSink):
    """A file of this machine being written; leaving the block syncs it."""

    def __init__(self, path: Path, offset: int, durable: bool) -> None:
        self._path, self._offset, self._durable = path, offset, durable
        self._file: BinaryIO | None = None

    async def begin(self) -> None:
        """Open the file and forget what is there from the offset on."""
        try:
            await disk_async.call(self._open_it)
        except BaseException:
            await self.abandon()  # cancelled: the thread may have opened it all the same
            raise

    def _open_it(self) -> None:
        self._file = disk.open_write(self._path, self._offset)

    async def send(self, data: bytes) -> None:
        """Append *data*."""
        with disk.refused("write", self._path):
            await disk_async.write(self._opened(), data)

    async def send_file(self, file: BinaryIO, watch: Watch) -> int:
        """Append what is left of *file*: within the kernel where that is one of this machine."""
        source, target, size = _unbuffered(file), self._opened(), 0
        with disk.refused("write", self._path):
            while count := await disk_async.call(disk.copy_range, source, target, _STEP):
                size += count
                watch.add(count)
        return size

    async def finish(self) -> None:
        """Sync and close."""
        with self._opened() as file, disk.refused("write", self._path):
            if self._durable:
                await disk_async.call(disk.sync, file)

    async def abandon(self) -> None:
        """Close; what has been written stays."""
        if self._file is not None:
            self._file.close()

    def _opened(self) -> BinaryIO:
        if self._file is None:
            raise UsageError(f"write {self._path}: it is not open", hint="use it in a with block")
        return self._file


def _unbuffered(file: BinaryIO) -> BinaryIO:
    """The file below its buffer, at the place where its reader is."""
    raw = getattr(file, "raw", None)
    if raw is None or not hasattr(raw, "fileno"):
        return file
    try:
        raw.seek(file.tell())
    except (OSError, ValueError):
        return file  # a pipe: what is in the buffer counts
    return raw  # type: ignore[no-any-return]


class AsyncBatch(AsyncResults[Outcome[T]], Generic[T]):
    """Many small calls, some hundred on one way to a thread, their outcomes in order."""

    def __init__(self, calls: Iterable[tuple[str, Callable[[], T]]]) -> None:
        super().__init__()
        self._calls: Iterator[tuple[str, Callable[[], T]]] = iter(calls)

    async def settle(self) -> None:
        """Nothing is open between two batches."""

    async def _more(self) -> Sequence[Outcome[T]]:
        calls = list(islice(self._calls, _TOGETHER))
        return await disk_async.call(_outcomes, calls) if calls else ()


def _outcomes(calls: Sequence[tuple[str, Callable[[], T]]]) -> list[Outcome[T]]:
    found: list[Outcome[T]] = []
    for path, call in calls:
        try:
            found.append(Outcome(path, call()))
        except (ReplyError, PostelError) as error:
            found.append(Outcome(path, error=error))
    return found


class AsyncAdapter(AsyncFiles):
    """The verbs of files on this machine.

    Args:
        site: the client; relative paths begin at its folder.
    """

    def __init__(self, site: AsyncClient) -> None:
        self.site = site

    @property
    def features(self) -> Features:
        """What this machine can do."""
        return Features(precision=1e-6, set_mode=os.name != "nt", symlinks=True,
                        digests=tuple(HASHES), copy=True,
                        folds_case=sys.platform in ("win32", "darwin"))

    # -- one at a time ---------------------------------------------------------------------

    def list(self, path: str = "") -> AsyncListing:
        """The entries of a folder, in no order; links are told, not followed."""
        return AsyncListing(self._at(path))

    async def stat(self, path: str) -> Entry:
        """What *path* is: a link counts as what it leads to, if it leads anywhere."""
        return await disk_async.call(disk.look, self._at(path))

    def read(self, path: str, *, offset: int = 0) -> AsyncFileReading:
        """A file from *offset* on.

        Raises:
            Changed: it has not so many bytes.
        """
        return AsyncFileReading(self._at(path), offset)

    def write(self, path: str, *, offset: int = 0) -> AsyncFileSink:
        """A file to be written from *offset* on; what was there from there on goes.

        Raises:
            Changed: it has not so many bytes.
        """
        return AsyncFileSink(self._at(path), offset, self.site.durable)

    async def make(self, path: str) -> None:
        """Make a folder."""
        await disk_async.call(disk.make, self._at(path))

    async def remove(self, path: str, *, folder: bool = False) -> None:
        """Remove a file or link, or an empty folder."""
        await disk_async.call(disk.remove, self._at(path), folder)

    async def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name; a file there is replaced in one step."""
        await disk_async.call(disk.rename, self._at(old), self._at(new))

    async def set(
        self, path: str, *, modified: datetime | None = None, mode: int | None = None
    ) -> None:
        """Set time and permissions."""
        await disk_async.call(disk.set_facts, self._at(path), modified, mode)

    async def digest(self, path: str, algorithm: str | None = None) -> tuple[str, str]:
        """A digest of a file, SHA-256 if nothing else is asked for."""
        return await disk_async.call(disk.digest, self._at(path), algorithm)

    async def copy(self, source: str, target: str) -> None:
        """Copy a file, by way of a temporary name; blocks are shared where the disk can."""
        await disk_async.call(disk.copy, self._at(source), self._at(target))

    async def link(self, path: str, target: str) -> None:
        """Make *path* a symbolic link to *target*, as it is written."""
        await disk_async.call(disk.link, self._at(path), target)

    # -- batches ---------------------------------------------------------------------------

    def stat_many(self, paths: Iterable[str]) -> AsyncResults[Outcome[Entry]]:
        """What many paths are."""
        return AsyncBatch((path, _bound(disk.look, self._at(path))) for path in paths)

    def make_many(self, paths: Iterable[str]) -> AsyncResults[Outcome[None]]:
        """Make many folders, in their order."""
        return AsyncBatch((path, _bound(disk.make, self._at(path))) for path in paths)

    def remove_many(
        self, paths: Iterable[str], *, folders: bool = False
    ) -> AsyncResults[Outcome[None]]:
        """Remove many files, or many empty folders, in their order."""
        return AsyncBatch((path, _bound(disk.remove, self._at(path), folders)) for path in paths)

    def rename_many(self, pairs: Iterable[tuple[str, str]]) -> AsyncResults[Outcome[None]]:
        """Rename many, in their order."""
        return AsyncBatch((old, _bound(disk.rename, self._at(old), self._at(new)))
                          for old, new in pairs)

    def set_many(
        self, items: Iterable[tuple[str, datetime]]
    ) -> AsyncResults[Outcome[None]]:
        """Set the times of many."""
        return AsyncBatch((path, _bound(disk.set_facts, self._at(path), when, None))
                          for path, when in items)

    def _at(self, path: str) -> Path:
        return self.site.place(path)


def _bound(function: Callable[..., T], *arguments: object) -> Callable[[], T]:
    return lambda: function(*arguments)
