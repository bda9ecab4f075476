# A conversation (its twin files_sync.py is generated): the verbs that every file scheme answers.
"""The common verbs of files, one at a time and in batches (DESIGN section 4).

An adapter makes protocols alike: the same verbs, the same results, the same errors. What a
protocol does in bursts or windows it overrides; the defaults here loop. Everything above
(download, trees, the engine) is written once, on these verbs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import BinaryIO, Generic, Protocol, Self, TypeVar

from ..errors import NotSupported, PostelError, ReplyError
from ..transport.clock_async import Later, now
from ..types import Entry, Features, Outcome, Progress
from .body_async import AsyncBody
from .results_async import AsyncResults

__all__ = ["AsyncFiles", "AsyncOutcomes", "AsyncPacer", "AsyncReading", "AsyncSink", "Watch"]

T = TypeVar("T")
K = TypeVar("K")

_TELL_EVERY = 0.05
"""Seconds between two reports of progress: what an eye can follow."""


class Watch:
    """Counts the bytes of one file and tells about them now and then.

    Args:
        name: of the file, for `Progress`.
        total: bytes expected in all, where known.
        tell: called with a `Progress`.
        at: bytes that are there already.
    """

    def __init__(
        self,
        name: str = "",
        total: int | None = None,
        tell: Callable[[Progress], object] | None = None,
        at: int = 0,
    ) -> None:
        self.name, self.total, self.done, self.started_at = name, total, at, at
        self._tell = tell
        self._began = self._told = now() if tell else 0.0

    def add(self, count: int) -> None:
        """*count* more bytes."""
        self.done += count
        if self._tell is not None and now() - self._told >= _TELL_EVERY:
            self.tell()

    def tell(self) -> None:
        """Tell how far it has come."""
        if self._tell is not None:
            self._told = now()
            seconds = self._told - self._began
            self._tell(Progress(self.name, self.done, self.total, seconds, self.started_at))


class AsyncReading(AsyncBody):
    """A file being read: a with block to iterate over. Its end is reached only if it is whole.

    Attributes:
        expected: bytes to come, where the server told on entering; else None.
        validator: of the version that comes, where the server told on entering.
        modified: its time, where the server told on entering.
        digest: of the whole file, in hex, after its algorithm's name, where the server told.
    """

    expected: int | None = None
    validator: str | None = None
    modified: datetime | None = None
    digest: tuple[str, str] | None = None

    async def save(self, file: BinaryIO, watch: Watch) -> int:
        """Write all of it to *file*; return how many bytes there were."""
        async for chunk in self:
            file.write(chunk)
            watch.add(len(chunk))
        return self.size


class AsyncPacer(Protocol):
    """How fast bytes may go: `piece` at a time, each paid for."""

    @property
    def piece(self) -> int:
        """Bytes that are paid for at once."""

    async def spend(self, count: int) -> None:
        """Wait until *count* bytes may move."""


class AsyncSink(ABC):
    """A file being written: a with block; leaving it confirms the transfer.

    Attributes:
        modified: the time that it is to get, for protocols that tell it with the bytes.
        refused: set by who takes a late no: called with the error of a file whose block was left
            before the server had confirmed all of it. Within `AsyncFiles.write_many` a protocol
            may then go on with the next file at once; all is confirmed when that returns.
        whole: whether all of it goes at once, at the end; such a sink keeps *pace* itself.
        pace: waited for before so many bytes go; None where they may go as fast as they can.
    """

    modified: datetime | None = None
    whole: bool = False
    pace: AsyncPacer | None = None
    refused: Callable[[PostelError], None] | None = None

    @abstractmethod
    async def begin(self) -> None:
        """Open the transfer; entering the block does it."""

    @abstractmethod
    async def send(self, data: bytes) -> None:
        """Append *data*."""

    async def send_file(self, file: BinaryIO, watch: Watch) -> int:
        """Append what is left of *file*; return how many bytes there were."""
        size = 0
        while data := file.read(262_144):
            await self.send(data)
            size += len(data)
            watch.add(len(data))
        return size

    @abstractmethod
    async def finish(self) -> None:
        """Confirm the end; leaving the block does it."""

    @abstractmethod
    async def abandon(self) -> None:
        """Give up; leaving the block with an error does it."""

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            await self.finish()
        else:
            await self.abandon()


class AsyncOutcomes(AsyncResults[Outcome[T]], Generic[T]):
    """Outcomes of many calls, one after the other: the default of every batch verb."""

    def __init__(self, calls: Iterable[tuple[str, Callable[[], Later[T]]]]) -> None:
        super().__init__()
        self._calls = iter(calls)

    async def settle(self) -> None:
        """Nothing is open between two calls."""

    async def _more(self) -> Sequence[Outcome[T]]:
        for path, call in self._calls:
            try:
                return (Outcome(path, await call()),)
            except ReplyError as error:
                return (Outcome(path, error=error),)
        return ()


class AsyncFiles(ABC):
    """A file system behind a protocol. Paths are text; a name from the server is not a path.

    Attributes:
        hides_round_trips: whether many small files are under way at once on one connection, so
            that more connections hide nothing.
        together: files of a tree that are stored before they are measured and renamed together.
    """

    hides_round_trips: bool = False
    together: int = 50

    @property
    @abstractmethod
    def features(self) -> Features:
        """What this scheme, and this server, can do."""

    @abstractmethod
    def list(self, path: str = "") -> AsyncResults[Entry]:
        """The entries of a folder, as they come."""

    @abstractmethod
    async def stat(self, path: str) -> Entry:
        """What *path* is."""

    @abstractmethod
    def read(self, path: str, *, offset: int = 0) -> AsyncReading:
        """A file from *offset* on."""

    @abstractmethod
    def write(self, path: str, *, offset: int = 0) -> AsyncSink:
        """A file to be written; with *offset*, what is there before it stays."""

    @abstractmethod
    async def make(self, path: str) -> None:
        """Make a folder."""

    @abstractmethod
    async def remove(self, path: str, *, folder: bool = False) -> None:
        """Remove a file, or an empty folder."""

    @abstractmethod
    async def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name."""

    async def set(
        self, path: str, *, modified: datetime | None = None, mode: int | None = None
    ) -> None:
        """Set time and permissions.

        Raises:
            NotSupported: this server cannot.
        """
        raise NotSupported(f"set time or mode of {path}: this server cannot")

    async def digest(self, path: str, algorithm: str | None = None) -> tuple[str, str]:
        """The server's own digest of a file: the algorithm's name, and the digest in hex.

        Raises:
            NotSupported: this server computes none.
        """
        raise NotSupported(f"digest of {path}: this server computes none")

    async def copy(self, source: str, target: str) -> None:
        """Copy on the server.

        Raises:
            NotSupported: this server cannot.
        """
        raise NotSupported(f"copy {source}: this server cannot")

    async def link(self, path: str, target: str) -> None:
        """Make *path* a symbolic link to *target*, as it is written.

        Raises:
            NotSupported: this server has no links.
        """
        raise NotSupported(f"link {path}: this server makes no links")

    # -- batches: iterators in, results in order -------------------------------------------

    def stat_many(self, paths: Iterable[str]) -> AsyncResults[Outcome[Entry]]:
        """`stat` of many."""
        return AsyncOutcomes((path, _call(self.stat, path)) for path in paths)

    def make_many(self, paths: Iterable[str]) -> AsyncResults[Outcome[None]]:
        """`make` of many, in their order."""
        return AsyncOutcomes((path, _call(self.make, path)) for path in paths)

    def remove_many(
        self, paths: Iterable[str], *, folders: bool = False
    ) -> AsyncResults[Outcome[None]]:
        """`remove` of many files, or of many empty folders, in their order."""
        return AsyncOutcomes((path, _removal(self, path, folders)) for path in paths)

    def rename_many(self, pairs: Iterable[tuple[str, str]]) -> AsyncResults[Outcome[None]]:
        """`rename` of many, in their order."""
        return AsyncOutcomes((old, _call(self.rename, old, new)) for old, new in pairs)

    def set_many(
        self, items: Iterable[tuple[str, datetime]]
    ) -> AsyncResults[Outcome[None]]:
        """Set the times of many."""
        return AsyncOutcomes((path, _timing(self, path, when)) for path, when in items)

    async def read_many(
        self, items: Iterable[tuple[K, str]], take: Callable[[K, AsyncReading], Later[None]]
    ) -> None:
        """Read many files in turn, the next asked for before the last is done where that is safe.

        Args:
            items: a key of your own, and the path; taken as they are needed.
            take: is given the key and the reading; it enters the reading's with block, where an
                error of this file meets it, and uses it up.
        """
        for key, path in items:
            await take(key, self.read(path))

    async def write_many(
        self, items: Iterable[tuple[K, str]], give: Callable[[K, AsyncSink], Later[None]]
    ) -> None:
        """Write many files in turn, as `read_many` reads them.

        Args:
            items: a key of your own, and the path; taken as they are needed.
            give: is given the key and the sink; it enters the sink's with block and fills it.
        """
        for key, path in items:
            await give(key, self.write(path))


def _call(function: Callable[..., Later[T]], *arguments: str) -> Callable[[], Later[T]]:
    return lambda: function(*arguments)


def _removal(files: AsyncFiles, path: str, folder: bool) -> Callable[[], Later[None]]:
    return lambda: files.remove(path, folder=folder)


def _timing(files: AsyncFiles, path: str, when: datetime) -> Callable[[], Later[None]]:
    return lambda: files.set(path, modified=when)
