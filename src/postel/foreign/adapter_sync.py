# GENERATED from adapter_async.py by tools/unasync.py: edit that file, not this one.
"""The adapter: what every file scheme answers, by a driver's calls, in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import Incomplete, NotSupported, UsageError
from ..session.files_sync import Files, Reading, Sink, Watch
from ..session.results_sync import Results
from ..transport import disk_sync
from ..types import Entry, Features
from ..wire.text import display
from . import bridge

if TYPE_CHECKING:
    from .client_sync import Client

__all__ = ["Adapter", "ForeignReading", "ForeignSink", "Listing"]

_CHUNK = 4 << 20
"""Bytes of one call of a driver: what S3 and its kin answer best."""


class Listing(Results[Entry]):
    """The entries of one folder."""

    def __init__(self, site: Client, path: str) -> None:
        super().__init__()
        self._site, self._path, self._asked = site, path, False

    def _more(self) -> Sequence[Entry]:
        if self._asked:
            return ()
        self._asked = True
        return disk_sync.call(bridge.listing, self._site.system, self._path)


class ForeignReading(Reading):
    """A file being read."""

    def __init__(self, site: Client, path: str, offset: int) -> None:
        super().__init__(f"read {display(path)}")
        self._site, self._path, self._offset = site, path, offset
        self._file: Any = None

    def _opened(self) -> Any:
        if self._file is None:
            self._file, left = disk_sync.call(
                bridge.open_read, self._site.system, self._path, self._offset)
            self.expected = left if self.expected is None else self.expected
        return self._file

    def _chunk(self) -> bytes:
        file = self._opened()
        with bridge.refused("read", self._path):
            data: bytes = disk_sync.call(file.read, _CHUNK)
        if not data and self.expected is not None and self.size < self.expected:
            raise Incomplete(f"{self.name}: it ended after {self.size:,} bytes of "
                             f"{self.expected:,}", hint="it changed while it was read; try again")
        return data

    def _let_go(self) -> None:
        """Nothing but the file is open."""

    def __enter__(self) -> ForeignReading:
        self._opened()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
        if self._file is not None:
            disk_sync.call(self._file.close)


class ForeignSink(Sink):
    """A file being written."""

    def __init__(self, site: Client, path: str) -> None:
        self._site, self._path = site, path
        self._sink: bridge.Sink | None = None

    def begin(self) -> None:
        """Open it."""
        self._sink = disk_sync.call(bridge.open_write, self._site.system, self._path)

    def send(self, data: bytes) -> None:
        """Append *data*."""
        disk_sync.call(self._opened().write, data)

    def send_file(self, file: BinaryIO, watch: Watch) -> int:
        """Append what is left of *file*; return how many bytes there were."""
        size = 0
        while data := disk_sync.call(file.read, _CHUNK):
            self.send(data)
            size += len(data)
            watch.add(len(data))
        return size

    def finish(self) -> None:
        """Close: from now on it is there."""
        disk_sync.call(self._opened().finish)

    def abandon(self) -> None:
        """Let nothing appear, as far as the driver can."""
        if self._sink is not None:
            disk_sync.call(self._sink.abandon)

    def _opened(self) -> bridge.Sink:
        if self._sink is None:
            raise UsageError(f"write {display(self._path)}: it is not open",
                             hint="use it in a with block")
        return self._sink


class Adapter(Files):
    """The verbs of files over a driver of fsspec.

    Args:
        site: an open client.
    """

    def __init__(self, site: Client) -> None:
        self.site = site

    @property
    def features(self) -> Features:
        """What is common to all drivers."""
        return Features(precision=1.0, resume_write=False, set_modified=False,
                        atomic_rename=bridge.moves(self.site.system), copy=True)

    def list(self, path: str = "") -> Listing:
        """The entries of a folder."""
        return Listing(self.site, self._at(path))

    def stat(self, path: str) -> Entry:
        """What *path* is."""
        return disk_sync.call(bridge.look, self.site.system, self._at(path))

    def read(self, path: str, *, offset: int = 0) -> ForeignReading:
        """A file from *offset* on."""
        return ForeignReading(self.site, self._at(path), offset)

    def write(self, path: str, *, offset: int = 0) -> ForeignSink:
        """A file to be written, from its beginning."""
        if offset:
            raise NotSupported(f"write {display(path)} from byte {offset:,}: fsspec's drivers "
                               "write whole files only", hint="write it from its beginning")
        return ForeignSink(self.site, self._at(path))

    def make(self, path: str) -> None:
        """Make a folder; object stores have none, and do nothing."""
        disk_sync.call(bridge.make, self.site.system, self._at(path))

    def remove(self, path: str, *, folder: bool = False) -> None:
        """Remove a file, or an empty folder."""
        disk_sync.call(bridge.remove, self.site.system, self._at(path), folder)

    def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name; stores without renaming copy and remove."""
        disk_sync.call(bridge.rename, self.site.system, self._at(old), self._at(new))

    def copy(self, source: str, target: str) -> None:
        """Copy a file within the store."""
        disk_sync.call(bridge.copy, self.site.system, self._at(source), self._at(target))

    def _at(self, path: str) -> str:
        return self.site.place(path)
