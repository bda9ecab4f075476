# A conversation (its twin adapter_sync.py is generated): the common verbs in SFTP's terms.
"""The adapter: what every file scheme answers, with requests for many files under way at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from ..errors import AlreadyExists, NotFound, ReplyError
from ..session.files_async import AsyncFiles, AsyncReading, AsyncSink
from ..session.results_async import AsyncResults
from ..session.transfer_async import temporary
from ..transport.clock_async import Later
from ..types import Entry, Features, Outcome
from . import packets, requests
from .attributes import entry_of
from .listing_async import AsyncBatch, AsyncListing
from .reading_async import AsyncReader
from .refusals import OK
from .types import Attributes
from .wire import Attrs, Reply, Request, Status
from .writing_async import AsyncWriter

if TYPE_CHECKING:
    from .client_async import AsyncClient

__all__ = ["AsyncAdapter"]

K = TypeVar("K")


class AsyncAdapter(AsyncFiles):
    """The verbs of files over one SFTP connection.

    Args:
        site: an open client.
    """

    hides_round_trips = True
    together = 1000

    def __init__(self, site: AsyncClient) -> None:
        self.site = site

    @property
    def features(self) -> Features:
        """What this server can do, as far as its extensions tell."""
        offers = self.site.offers
        return Features(precision=1.0, set_mode=True, symlinks=True, copy=offers("copy-data"),
                        atomic_rename=offers("posix-rename@openssh.com"))

    # -- one at a time ---------------------------------------------------------------------

    def list(self, path: str = "") -> AsyncListing:
        """The entries of a folder; links are told, not followed."""
        return AsyncListing(self.site, path)

    async def stat(self, path: str) -> Entry:
        """What *path* is: a link counts as what it leads to, if it leads anywhere."""
        async with self.site._operation(f"stat {path}"):
            return await self.site._entry(packets.STAT, path)

    def read(self, path: str, *, offset: int = 0) -> AsyncReader:
        """A file from *offset* on.

        Raises:
            Changed: it has not so many bytes.
        """
        return AsyncReader(self.site, self.site._at(path), offset)

    def write(self, path: str, *, offset: int = 0) -> AsyncWriter:
        """A file to be written from *offset* on; what was there from there on goes."""
        return AsyncWriter(self.site, self.site._at(path), offset)

    async def make(self, path: str) -> None:
        """Make a folder."""
        await self.site.mkdir(path)

    async def remove(self, path: str, *, folder: bool = False) -> None:
        """Remove a file or link, or an empty folder."""
        await (self.site.rmdir(path) if folder else self.site.unlink(path))

    async def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name; a file there is replaced.

        In one step where the server offers posix-rename; else the file in the way is removed first,
        as there is no other way.
        """
        site = self.site
        try:
            await site.rename(old, new)
        except AlreadyExists:
            if site.offers("posix-rename@openssh.com"):
                raise
            if (await site.lstat(new)).is_folder or (await site.lstat(old)).is_folder:
                raise
            await site.unlink(new)
            await site.rename(old, new)

    async def set(
        self, path: str, *, modified: datetime | None = None, mode: int | None = None
    ) -> None:
        """Set time and permissions."""
        await self.site.setstat(path, _attributes(modified, mode))

    async def copy(self, source: str, target: str) -> None:
        """Copy on the server, by way of a temporary name.

        Raises:
            NotSupported: the server does not offer copy-data.
        """
        place = temporary(target)
        try:
            await self.site.copy_data(source, place)
        except NotFound:
            raise
        except ReplyError:
            if self.site.offers("copy-data"):
                await self.site.unlink(place)
            raise
        await self.rename(place, target)

    async def link(self, path: str, target: str) -> None:
        """Make *path* a symbolic link to *target*, as it is written."""
        await self.site.symlink(path, target)

    # -- batches ---------------------------------------------------------------------------

    def stat_many(self, paths: Iterable[str]) -> AsyncResults[Outcome[Entry]]:
        """What many paths are."""
        return AsyncBatch(self.site, (
            (path, self._by_path(packets.STAT, path), self._reads_entry(path)) for path in paths))

    def make_many(self, paths: Iterable[str]) -> AsyncResults[Outcome[None]]:
        """Make many folders, in their order."""
        return AsyncBatch(self.site, (
            (path, self._later(lambda at: requests.mkdir(at.rstrip("/") or at), path), self._well)
            for path in paths), again=True)

    def remove_many(
        self, paths: Iterable[str], *, folders: bool = False
    ) -> AsyncResults[Outcome[None]]:
        """Remove many files, or many empty folders, in their order."""
        kind = packets.RMDIR if folders else packets.REMOVE
        return AsyncBatch(self.site, (
            (path, self._by_path(kind, path), self._well) for path in paths), again=folders)

    def rename_many(self, pairs: Iterable[tuple[str, str]]) -> AsyncResults[Outcome[None]]:
        """Rename many, in their order."""
        if not self.site.offers("posix-rename@openssh.com"):
            return super().rename_many(pairs)  # what is in the way is looked at
        return AsyncBatch(self.site, (
            (old, self._renaming(old, new), self._well) for old, new in pairs))

    def set_many(
        self, items: Iterable[tuple[str, datetime]]
    ) -> AsyncResults[Outcome[None]]:
        """Set the times of many."""
        return AsyncBatch(self.site, (
            (path, self._setting(path, when), self._well) for path, when in items))

    def _by_path(self, kind: int, path: str) -> Callable[[], Request]:
        return self._later(lambda at: requests.by_path(kind, at), path)

    def _later(self, make: Callable[[str], Request], path: str) -> Callable[[], Request]:
        return lambda: make(self.site._at(path))

    def _renaming(self, old: str, new: str) -> Callable[[], Request]:
        return lambda: self.site._renaming(old, new)

    def _setting(self, path: str, when: datetime) -> Callable[[], Request]:
        return lambda: requests.setstat(self.site._at(path), _attributes(when, None))

    def _reads_entry(self, path: str) -> Callable[[Request, Reply], Entry]:
        def read(request: Request, reply: Reply) -> Entry:
            if not isinstance(reply, Attrs):
                raise self.site._refusal(request, reply)
            return entry_of(path.rstrip("/").rpartition("/")[2] or path, reply.attributes)

        return read

    def _well(self, request: Request, reply: Reply) -> None:
        if not isinstance(reply, Status) or reply.code != OK:
            raise self.site._refusal(request, reply)

    # -- many files ------------------------------------------------------------------------

    async def read_many(
        self, items: Iterable[tuple[K, str]], take: Callable[[K, AsyncReading], Later[None]]
    ) -> None:
        """Read many files in order; the next ones are open, and their beginnings on their way."""
        site, coming = self.site, iter(items)
        waiting: deque[tuple[K, AsyncReader]] = deque()
        try:
            while True:
                self._ask_for_readers(coming, waiting)
                if not waiting:
                    return
                key, reading = waiting.popleft()
                try:
                    await take(key, reading)
                finally:
                    reading.let_go()
        finally:
            for _, reading in waiting:
                reading.let_go()
            if site.is_open:
                async with site._operation("read many"):
                    await site._flush()

    def _ask_for_readers(
        self, coming: Iterator[tuple[K, str]], waiting: deque[tuple[K, AsyncReader]]
    ) -> None:
        """Open files ahead, as many as the server lets be open."""
        site = self.site
        most = 1 if site.careful else site.most_handles
        while not waiting or (len(waiting) < most and site.handles < most):
            item = next(coming, None)
            if item is None:
                return
            key, path = item
            reading = self.read(path)
            if site.is_open:
                reading.ask_safely(ahead=not site.careful)
            waiting.append((key, reading))

    async def write_many(
        self, items: Iterable[tuple[K, str]], give: Callable[[K, AsyncSink], Later[None]]
    ) -> None:
        """Write many files in order; the next are open while the last are still confirmed."""
        site, coming = self.site, iter(items)
        waiting: deque[tuple[K, AsyncWriter]] = deque()
        left: deque[AsyncWriter] = deque()
        try:
            while True:
                self._ask_for_writers(coming, waiting)
                if not waiting:
                    break
                key, sink = waiting.popleft()
                try:
                    await give(key, sink)
                finally:
                    sink.let_go()
                if not sink.is_confirmed:
                    left.append(sink)
                while left and left[0].is_confirmed:
                    left.popleft()
            await self._confirm(left)
        finally:
            for _, sink in waiting:
                sink.let_go()
            if site.is_open:
                async with site._operation("write many"):
                    await site._flush()

    async def _confirm(self, left: deque[AsyncWriter]) -> None:
        """Hear of each file that it is well; who wrote it is told if it is not."""
        async with self.site._operation("write many"):
            while left:
                if left[0].is_confirmed:
                    left.popleft()
                    continue
                await left[0]._step()
                self.site._progressed()

    def _ask_for_writers(
        self, coming: Iterator[tuple[K, str]], waiting: deque[tuple[K, AsyncWriter]]
    ) -> None:
        site = self.site
        most = 1 if site.careful else site.most_handles
        while not waiting or (len(waiting) < most and site.handles < most):
            item = next(coming, None)
            if item is None:
                return
            key, path = item
            sink = self.write(path)
            sink.late = not site.careful
            if site.is_open:
                sink.ask_safely(ahead=not site.careful)
            waiting.append((key, sink))


def _attributes(modified: datetime | None, mode: int | None) -> Attributes:
    when = None if modified is None else int(modified.timestamp() // 1)
    return Attributes(modified=when, permissions=mode)
