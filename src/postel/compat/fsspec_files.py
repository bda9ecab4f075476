"""File objects for fsspec: seekable readers over ranges, writers that replace a file when whole."""

from __future__ import annotations

import contextlib
import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from fsspec.spec import AbstractBufferedFile

from ..errors import Changed, Incomplete, PostelError, ReplyError
from ..session.files_sync import Reading, Sink, Watch
from ..session.site_sync import FileSite
from ..session.transfer_sync import temporary
from ..types import Entry

if TYPE_CHECKING:
    from .fsspec import PostelFileSystem

__all__ = ["PostelFile", "spooled"]

_SKIP = 1 << 20
"""Bytes that are read over rather than asked for anew."""


class PostelFile(AbstractBufferedFile):  # type: ignore[misc]  # fsspec has no types
    """A file of a `PostelFileSystem`.

    A reader keeps one transfer open and goes on with it as long as it is read forward; a jump asks
    again from another offset, after a look whether the file is still the same. A writer stores
    under a temporary name, and renames when it is closed; leaving its block with an error discards
    what was written.
    """

    def __init__(self, fs: PostelFileSystem, path: str, mode: str, **keywords: Any) -> None:
        self._site: FileSite | None = None
        self._reading: Reading | None = None
        self._sink: Sink | None = None
        self._at = 0
        self._held = b""
        self.closed = False
        self._seen: Entry | None = keywords.pop("entry", None)
        super().__init__(fs, path, mode, **keywords)

    # -- reading -----------------------------------------------------------------------------

    def _fetch_range(self, start: int, end: int) -> bytes:
        """Bytes *start* up to *end*: what fsspec's caches ask for."""
        end = min(end, self.size)
        if start >= end:
            return b""
        if self._reading is None or not self._at <= start <= self._at + _SKIP:
            self._reopen(start)
        data = bytearray()
        while len(data) < end - start + max(0, start - self._at):
            chunk = self._held or next(iter(self._open_reading()), b"")
            self._held = b""
            if not chunk:
                raise Incomplete(f"read {self.path}: it ended at byte {self._at + len(data):,}, "
                                 f"{self.size:,} were announced")
            data += chunk
        skipped, wanted = start - self._at, end - start
        self._held = bytes(data[skipped + wanted :])
        self._at = end
        return bytes(data[skipped : skipped + wanted])

    def _open_reading(self) -> Reading:
        return cast("Reading", self._reading)

    def _reopen(self, start: int) -> None:
        """A transfer from byte *start*."""
        again = self._reading is not None
        self._let_go()
        self._site = self.fs.clients.take()
        place = self.fs.place(self.path)
        if again:
            _same(self.path, self._seen, self._site.stat(place))
        reading = self._site.files.read(place, offset=start)
        reading.__enter__()
        self._reading, self._at, self._held = reading, start, b""

    def _let_go(self) -> None:
        """End the transfer; its client serves others, if it stands that."""
        site, self._site = self._site, None
        reading, self._reading = self._reading, None
        if site is None:
            return
        try:
            if reading is not None:
                reading.__exit__(None, None, None)
        except ReplyError:
            pass  # what a server says of a transfer that is given up
        except PostelError:
            self.fs.clients.drop(site)
            return
        self.fs.clients.give_back(site)

    # -- writing -----------------------------------------------------------------------------

    def _initiate_upload(self) -> None:
        self._site = site = self.fs.clients.take()
        place = self.fs.place(self.path)
        self._place = temporary(place) if self.mode != "ab" and self.fs.renames() else place
        self._written = 0
        if self.mode == "ab" and self.fs.exists(self.path):
            self._written = site.stat(place).size or 0

        def begin() -> None:
            self._sink = site.files.write(self._place, offset=self._written)
            self._sink.__enter__()

        self.fs.with_folder(site, self.path, begin)

    def _upload_chunk(self, final: bool = False) -> bool:
        data = self.buffer.getvalue()
        if self._sink is not None and data:
            self._sink.send(data)
            self._written += len(data)
        if final and self._sink is not None:
            sink, self._sink = self._sink, None
            sink.__exit__(None, None, None)
            self._measure()
            if self.autocommit:
                self.commit()
        return True

    def _measure(self) -> None:
        """The server must have as many bytes as were written, where it can tell."""
        site = cast("FileSite", self._site)
        try:
            there = site.stat(self._place).exact_size
        except ReplyError:
            return
        if there is not None and there != self._written:
            raise Incomplete(f"write {self.path}: the server has {there:,} bytes of "
                             f"{self._written:,}", hint="its disk may be full; nothing was renamed")

    def commit(self) -> None:
        """Give what was written its name."""
        site, self._site = self._site, None
        if site is None:
            return
        final = self.fs.place(self.path)
        try:
            if self._place != final:
                site.files.rename(self._place, final)
        finally:
            self.fs.clients.give_back(site)

    def discard(self) -> None:
        """Forget what was written."""
        site, self._site = self._site, None
        sink, self._sink = self._sink, None
        if site is None:
            return
        with contextlib.suppress(PostelError):
            if sink is not None:
                sink.abandon()
            if self.mode != "ab":
                site.files.remove(self._place)
        self.fs.clients.drop(site)

    # -- the end -----------------------------------------------------------------------------

    def close(self) -> None:
        """Close; a writer's file has its name then."""
        if self.closed:
            return
        try:
            super().close()
        except BaseException:
            if self.mode != "rb":
                self.discard()
            self.closed = True
            raise
        finally:
            if self.mode == "rb":
                self._let_go()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is not None and self.mode != "rb":
            self.discard()
            self.closed = True
            return
        self.close()


def _same(path: str, before: Entry | None, now: Entry) -> None:
    """Refuse to join pieces of two versions."""
    if before is None:
        return
    if (before.size, before.modified, before.validator) != (now.size, now.modified, now.validator):
        raise Changed(f"read {path}: it has become another file while it was read",
                      hint="open it again")


def spooled(fs: PostelFileSystem, path: str) -> BinaryIO:
    """A file whose size nobody tells, or of which no part can be asked for: all of it, here."""
    file = cast("BinaryIO", tempfile.SpooledTemporaryFile(16 << 20))  # noqa: SIM115

    def fetch(site: FileSite) -> None:
        file.seek(0)
        file.truncate()
        with site.files.read(fs.place(path)) as reading:
            reading.save(file, Watch())

    try:
        fs.clients.call(fetch)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file
