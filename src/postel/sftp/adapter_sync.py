# GENERATED from adapter_async.py by tools/unasync.py: edit that file, not this one.
"""The adapter: what every file scheme answers, with requests for many files under way at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from ..errors import AlreadyExists, NotFound, ReplyError
from ..session.files_sync import Files, Reading, Sink
from ..session.results_sync import Results
from ..session.transfer_sync import temporary
from ..transport.clock_sync import Later
from ..types import Entry, Features, Outcome
from . import packets, requests
from .attributes import entry_of
from .listing_sync import Batch, Listing
from .reading_sync import Reader
from .refusals import OK
from .types import Attributes
from .wire import Attrs, Reply, Request, Status
from .writing_sync import Writer

if TYPE_CHECKING:
    from .client_sync import Client

__all__ = ["Adapter"]

K = TypeVar("K")


class Adapter(Files):
    """The verbs of files over one SFTP connection.

    Args:
        site: an open client.
    """

    hides_round_trips = True
    together = 1000

    def __init__(self, site: Client) -> None:
        self.site = site

    @property
    def features(self) -> Features:
        """What this server can do, as far as its extensions tell."""
        offers = self.site.offers
        return Features(precision=1.0, set_mode=True, symlinks=True, copy=offers("copy-data"),
                        atomic_rename=offers("posix-rename@openssh.com"))

    # -- one at a time ---------------------------------------------------------------------

    def list(self, path: str = "") -> Listing:
        """The entries of a folder; links are told, not followed."""
        return Listing(self.site, path)

    def stat(self, path: str) -> Entry:
        """What *path* is: a link counts as what it leads to, if it leads anywhere."""
        with self.site._operation(f"stat {path}"):
            return self.site._entry(packets.STAT, path)

    def read(self, path: str, *, offset: int = 0) -> Reader:
        """A file from *offset* on.

        Raises:
            Changed: it has not so many bytes.
        """
        return Reader(self.site, self.site._at(path), offset)

    def write(self, path: str, *, offset: int = 0) -> Writer:
        """A file to be written from *offset* on; what was there from there on goes."""
        return Writer(self.site, self.site._at(path), offset)

    def make(self, path: str) -> None:
        """Make a folder."""
        self.site.mkdir(path)

    def remove(self, path: str, *, folder: bool = False) -> None:
        """Remove a file or link, or an empty folder."""
        (self.site.rmdir(path) if folder else self.site.unlink(path))

    def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name; a file there is replaced.

        In one step where the server offers posix-rename; else the file in the way is removed first,
        as there is no other way.
        """
        site = self.site
        try:
            site.rename(old, new)
        except AlreadyExists:
            if site.offers("posix-rename@openssh.com"):
                raise
            if (site.lstat(new)).is_folder or (site.lstat(old)).is_folder:
                raise
            site.unlink(new)
            site.rename(old, new)

    def set(
        self, path: str, *, modified: datetime | None = None, mode: int | None = None
    ) -> None:
        """Set time and permissions."""
        self.site.setstat(path, _attributes(modified, mode))

    def copy(self, source: str, target: str) -> None:
        """Copy on the server, by way of a temporary name.

        Raises:
            NotSupported: the server does not offer copy-data.
        """
        place = temporary(target)
        try:
            self.site.copy_data(source, place)
        except NotFound:
            raise
        except ReplyError:
            if self.site.offers("copy-data"):
                self.site.unlink(place)
            raise
        self.rename(place, target)

    def link(self, path: str, target: str) -> None:
        """Make *path* a symbolic link to *target*, as it is written."""
        self.site.symlink(path, target)

    # -- batches ---------------------------------------------------------------------------

    def stat_many(self, paths: Iterable[str]) -> Results[Outcome[Entry]]:
        """What many paths are."""
        return Batch(self.site, (
            (path, self._by_path(packets.STAT, path), self._reads_entry(path)) for path in paths))

    def make_many(self, paths: Iterable[str]) -> Results[Outcome[None]]:
        """Make many folders, in their order."""
        return Batch(self.site, (
            (path, self._later(lambda at: requests.mkdir(at.rstrip("/") or at), path), self._well)
            for path in paths), again=True)

    def remove_many(
        self, paths: Iterable[str], *, folders: bool = False
    ) -> Results[Outcome[None]]:
        """Remove many files, or many empty folders, in their order."""
        kind = packets.RMDIR if folders else packets.REMOVE
        return Batch(self.site, (
            (path, self._by_path(kind, path), self._well) for path in paths), again=folders)

    def rename_many(self, pairs: Iterable[tuple[str, str]]) -> Results[Outcome[None]]:
        """Rename many, in their order."""
        if not self.site.offers("posix-rename@openssh.com"):
            return super().rename_many(pairs)  # what is in the way is looked at
        return Batch(self.site, (
            (old, self._renaming(old, new), self._well) for old, new in pairs))

    def set_many(
        self, items: Iterable[tuple[str, datetime]]
    ) -> Results[Outcome[None]]:
        """Set the times of many."""
        return Batch(self.site, (
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

    def read_many(
        self, items: Iterable[tuple[K, str]], take: Callable[[K, Reading], Later[None]]
    ) -> None:
        """Read many files in order; the next ones are open, and their beginnings on their way."""
        site, coming = self.site, iter(items)
        waiting: deque[tuple[K, Reader]] = deque()
        try:
            while True:
                self._ask_for_readers(coming, waiting)
                if not waiting:
                    return
                key, reading = waiting.popleft()
                try:
                    take(key, reading)
                finally:
                    reading.let_go()
        finally:
            for _, reading in waiting:
                reading.let_go()
            if site.is_open:
                with site._operation("read many"):
                    site._flush()

    def _ask_for_readers(
        self, coming: Iterator[tuple[K, str]], waiting: deque[tuple[K, Reader]]
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

    def write_many(
        self, items: Iterable[tuple[K, str]], give: Callable[[K, Sink], Later[None]]
    ) -> None:
        """Write many files in order; the next are open while the last are still confirmed."""
        site, coming = self.site, iter(items)
        waiting: deque[tuple[K, Writer]] = deque()
        left: deque[Writer] = deque()
        try:
            while True:
                self._ask_for_writers(coming, waiting)
                if not waiting:
                    break
                key, sink = waiting.popleft()
                try:
                    give(key, sink)
                finally:
                    sink.let_go()
                if not sink.is_confirmed:
                    left.append(sink)
                while left and left[0].is_confirmed:
                    left.popleft()
            self._confirm(left)
        finally:
            for _, sink in waiting:
                sink.let_go()
            if site.is_open:
                with site._operation("write many"):
                    site._flush()

    def _confirm(self, left: deque[Writer]) -> None:
        """Hear of each file that it is well; who wrote it is told if it is not."""
        with self.site._operation("write many"):
            while left:
                if left[0].is_confirmed:
                    left.popleft()
                    continue
                left[0]._step()
                self.site._progressed()

    def _ask_for_writers(
        self, coming: Iterator[tuple[K, str]], waiting: deque[tuple[K, Writer]]
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
