# GENERATED from remote_async.py by tools/unasync.py: edit that file, not this one.
"""A file of any scheme as an object to read from, seek in, and write to.

Reading follows one transfer as long as it goes forward; a seek goes on within what has come, skips
a short way forward, or begins another transfer at its place. Before it does, the file is looked at
again: if it is not the one that was opened, that is `Changed`, never a mixture of two files.

What is written goes to a temporary name, and gets its own when the file is closed; a block that is
left by an error leaves nothing. Appending is done in place, as nothing else is possible.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import replace
from typing import Any, Self

from ..errors import (
    AlreadyExists,
    Changed,
    Incomplete,
    NotFound,
    NotSupported,
    PostelError,
    UsageError,
    located,
)
from ..session.files_sync import Reading, Sink
from ..session.site_sync import FileSite
from ..session.transfer_sync import temporary
from ..types import Entry
from ..urls import URL
from .sites_sync import open_site

__all__ = ["RemoteFile", "open"]

SKIP = 1 << 20
"""Bytes that are rather read and dropped than asked for anew: two round trips of a fast line."""

BEHIND = 1 << 18
"""Bytes kept of what was read, for those who go a little back: headers are read that way."""

MODES = ("rb", "wb", "xb", "ab")


def open(url: str | URL, mode: str = "rb", **options: Any) -> RemoteFile:
    """A file at *url*, as a block to read or write in.

    Args:
        url: of the file.
        mode: ``"rb"`` to read; ``"wb"`` to write, ``"xb"`` only if nothing has that name, ``"ab"``
            at the end of what is there.
        options: keywords of the scheme's client, and ``rate=`` in bytes a second.

    Raises:
        UsageError: there is no such mode, or the scheme cannot do it.

    Example:
        >>> with open("ftp://ftp.example.org/pub/hello.txt") as file:
        ...     _ = file.seek(11)
        ...     file.read(3)
        b'the'
    """
    if mode not in MODES:
        raise UsageError(f"open in mode {mode!r}: there is no such mode here",
                         hint=f"one of {', '.join(MODES)}")
    verb = "read" if mode == "rb" else "write"
    site, path = open_site(url, verb, **options)
    return RemoteFile(site, path, mode)


class RemoteFile:
    """One file at one URL; use it in a with block, or call `open` and `aclose`.

    Args:
        site: its client, which belongs to the file from now on.
        path: the file.
        mode: see `open`.

    Attributes:
        entry: what the server tells of the file; None where it tells nothing.
    """

    def __init__(self, site: FileSite, path: str, mode: str = "rb") -> None:
        self.site, self.path, self.mode = site, path, mode
        self.entry: Entry | None = None
        self.closed = False
        self._at = 0
        self._reading: Reading | None = None
        self._sink: Sink | None = None
        self._place = path
        self._held: deque[bytes] = deque()
        self._start = self._end = 0
        self._over = False

    # -- open and close --------------------------------------------------------------------

    def open(self) -> None:
        """Connect, and look at the file.

        Raises:
            NotFound: there is none, to read from.
            AlreadyExists: there is one, and it was to be new.
        """
        with located(str(self.site.url)):
            try:
                self.site.open()
                (self._open_read() if self.mode == "rb" else self._open_write())
            except BaseException:
                self.closed = True
                self.site.close()
                raise

    def _open_read(self) -> None:
        self.entry = self._look()
        if self.entry is not None and self.entry.is_folder:
            raise UsageError(f"open {self.path}: that is a folder")
        if self.entry is None:
            self._begin(0)  # who cannot be asked beforehand says now whether it is there

    def _open_write(self) -> None:
        files = self.site.files
        if self.mode == "xb" and self._is_there():
            raise AlreadyExists(f"open {self.path}: it is there already",
                                hint='mode "wb" replaces it')
        offset = 0
        if self.mode == "ab":
            if not files.features.resume_write:
                raise NotSupported(f"open {self.path}: this server lets nobody append")
            offset = self._size_there()
        elif files.features.rename:
            self._place = temporary(self.path)
        self._at = offset
        sink = files.write(self._place, offset=offset)
        sink.begin()
        self._sink = sink

    def _is_there(self) -> bool:
        try:
            self.site.files.stat(self.path)
        except NotFound:
            return False
        return True

    def _size_there(self) -> int:
        try:
            size = (self.site.files.stat(self.path)).exact_size
        except NotFound:
            return 0
        if size is None:
            raise NotSupported(f"open {self.path}: the server does not tell where its end is")
        return size

    def close(self) -> None:
        """Close; what was written gets its name. May be called twice.

        Raises:
            PostelError: it could not be stored.
        """
        if self.closed:
            return
        self.closed = True
        try:
            with located(str(self.site.url)):
                self._leave()
                if self._sink is not None:
                    self._commit(self._sink)
        finally:
            self.site.close()

    def discard(self) -> None:
        """Close; what was written leaves nothing behind, but where it was appended."""
        if self.closed:
            return
        self.closed = True
        try:
            self._leave()
            if self._sink is not None:
                self._sink.abandon()
                if self._place != self.path:
                    self.site.files.remove(self._place)
        except PostelError:
            pass  # the error that led here is the one to see
        finally:
            self.site.close()

    def _commit(self, sink: Sink) -> None:
        sink.finish()
        files, there = self.site.files, None
        try:
            there = (files.stat(self._place)).exact_size
        except (NotFound, NotSupported):
            pass  # a server that does not tell
        if there is not None and there != self._at:
            raise Incomplete(f"{self.path}: the server has {there:,} bytes of {self._at:,}",
                             hint="its disk may be full; nothing was renamed")
        if self.mode == "xb" and self._place != self.path and self._is_there():
            files.remove(self._place)
            raise AlreadyExists(f"open {self.path}: somebody else took the name meanwhile")
        if self._place != self.path:
            files.rename(self._place, self.path)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        (self.close() if error is None else self.discard())

    # -- reading ---------------------------------------------------------------------------

    @property
    def size(self) -> int | None:
        """Bytes of the file, or those written so far; None where the server does not tell."""
        if self.mode != "rb":
            return self._at
        return None if self.entry is None else self.entry.exact_size

    def tell(self) -> int:
        """Where the next byte is read or written."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; nothing is asked for before the next read.

        Raises:
            UsageError: it is before the beginning, or from the end of a file of unknown size.
        """
        self._check_readable()
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        if base is None:
            base = self.size
        if base is None:
            raise UsageError(f"seek in {self.path}: the server does not tell where its end is")
        if base + offset < 0:
            raise UsageError(f"seek in {self.path}: {base + offset} is before the beginning")
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """The next *size* bytes, fewer only at the end; without *size*, all that is left.

        Raises:
            Changed: the file is not the one that was opened.
            Incomplete: fewer bytes came than the server told there are.
        """
        parts, wanted = [], size
        while wanted != 0:
            part = self.read_some(wanted if wanted > 0 else SKIP)
            if not part:
                break
            parts.append(part)
            wanted -= len(part) if wanted > 0 else 0
        return b"".join(parts)

    def read_some(self, most: int = SKIP) -> bytes:
        """What has come, at most *most* bytes; ``b""`` at the end."""
        self._check_readable()
        if self.size and self._at >= self.size:
            return b""
        with located(str(self.site.url)):
            if not self._start <= self._at <= self._end:
                self._go()
            while self._at >= self._end:
                if not self._pull():
                    return b""
            return self._take(most)

    def _take(self, most: int) -> bytes:
        """What is held from where we are."""
        start = self._start
        for chunk in self._held:
            if start <= self._at < start + len(chunk):
                piece = chunk[self._at - start : self._at - start + most]
                self._at += len(piece)
                return piece
            start += len(chunk)
        return b""

    def _go(self) -> None:
        """To where we are: a short way forward by reading on, else by another transfer."""
        if self._reading is not None and 0 <= self._at - self._end <= SKIP:
            return
        if not self.site.files.features.resume_read:
            if self._reading is None or self._at < self._end:
                self._begin(0)  # from the beginning, and forward from there
            return
        self._begin(self._at)

    def _pull(self) -> bool:
        """Hold one chunk more; whether there was one."""
        if self._reading is None:
            if self._over:
                return False
            self._begin(self._end)
        if self._reading is None:
            return False
        for chunk in self._reading:
            self._held.append(bytes(chunk))
            self._end += len(chunk)
            while self._end - self._start - len(self._held[0]) > BEHIND:
                self._start += len(self._held.popleft())
            return True
        self._leave()
        self._over = True
        return False

    def _begin(self, offset: int) -> None:
        """Read from *offset* on, if the file is still the same."""
        began = self._reading is not None or self._end > 0
        self._leave()
        if began and self.entry is not None:
            self._compare(self._look())
        reading = self.site.files.read(self.path, offset=offset)
        reading.__enter__()
        self._reading = reading
        self._held.clear()
        self._start, self._end, self._over = offset, offset, False
        if self.size is None or self.entry is None:
            return
        if reading.expected is None:
            reading.expected = self.size - offset
        elif reading.expected not in (self.size, self.size - offset):
            if began or offset:
                self._leave()
                raise self._changed(f"{reading.expected:,} bytes are to come")
            self.entry = replace(self.entry, size=reading.expected)  # it grew while we looked

    def _compare(self, now: Entry | None) -> None:
        before = self.entry
        if before is None or now is None:
            return
        if (before.exact_size, before.modified, before.validator) != (
                now.exact_size, now.modified, now.validator):
            raise self._changed(f"{now.exact_size} bytes of {now.modified}, and it had "
                                f"{before.exact_size} of {before.modified}")

    def _changed(self, what: str) -> Changed:
        return Changed(f"read {self.path}: it is not the file that was opened: {what}",
                       hint="open it again, and read it from the beginning")

    def _leave(self) -> None:
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.__exit__(None, None, None)

    def _look(self) -> Entry | None:
        try:
            return self.site.files.stat(self.path)
        except NotSupported:
            return None

    def _check_readable(self) -> None:
        if self.closed or self.mode != "rb":
            raise UsageError(f"read {self.path}: it is "
                             + ("closed" if self.closed else "open to be written"))

    # -- writing ---------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Append *data*; return how many bytes that was."""
        if self.closed or self._sink is None:
            raise UsageError(f"write {self.path}: it is "
                             + ("closed" if self.closed else "open to be read"))
        size = memoryview(data).nbytes
        with located(str(self.site.url)):
            self._sink.send(bytes(data))
        self._at += size
        return size
