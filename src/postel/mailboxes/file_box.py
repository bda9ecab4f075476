"""Mailboxes that are one file: reading, adding, changing. Disk.

Adding happens under both locks of `mbox_lock`, whose journal undoes what a dead writer left half
done. Changing and removing write a new file beside the old one, sync it and rename it over the old
one while both locks are held: whoever dies on the way leaves the old file as it was. Who waits for
the lock meanwhile looks again which file has the name (`FileLock.hold`).
"""

from __future__ import annotations

import abc
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from ..errors import NotFound
from . import Sync, disk_errors, sync_path
from .face import Box, Kind, Letter, Stored, checked_flags
from .mbox_lock import FileLock, write_all
from .regions import LARGE, Region

__all__ = ["PIECE", "FileBox", "FileMessage", "Frame"]

PIECE = 1 << 20  # bytes of a large message read at a time
BATCH = 8 << 20  # bytes added with one write
_BINARY = getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Frame:
    """What surrounds a message in its region.

    Args:
        begin: where the message begins, counted from the region's start.
        stop: where it ends.
        fields: what the mailbox notes about it.
        head: the beginning of the region, as far as it was looked at.
        prefix: what comes before ``begin`` .. ``stop``, where a kind keeps the header elsewhere.
    """

    begin: int
    stop: int
    fields: Mapping[bytes, bytes]
    head: bytes
    prefix: bytes = b""


@dataclass(frozen=True)
class FileMessage(Stored):
    """A message of a `FileBox`."""

    region: Region

    @property
    def frame(self) -> Frame:
        """What surrounds it."""
        data = self.region.data
        if data is not None:
            return self._box.frame(data, len(data), data)
        length = self.region.end - self.region.start
        head = self._box.bytes_at(self.region.start, min(length, PIECE))
        tail = self._box.bytes_at(max(self.region.start, self.region.end - 8), 8)
        return self._box.frame(head, length, tail)

    @property
    def _box(self) -> FileBox:
        box: FileBox = self.box
        return box

    @property
    def flags(self) -> frozenset[str]:
        """Words of `FLAGS`, and keywords."""
        return self._box.flags_of(self.frame)

    @property
    def sender(self) -> str:
        """The envelope's sender; "" where it is not told."""
        return self._box.sender_of(self.frame)

    @property
    def date(self) -> datetime | None:
        """When it was received, taken to be UTC, or None."""
        return self._box.date_of(self.frame)

    @property
    def size(self) -> int:
        """Bytes in the file, with what surrounds the message."""
        return self.region.end - self.region.start

    def read(self) -> bytes:
        """The whole message."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """The message in pieces of about 1 MiB."""
        frame, (start, _, data) = self.frame, self.region
        if data is not None:
            yield frame.prefix + self._box.decoded(data[frame.begin : frame.stop])
            return
        if frame.prefix:
            yield frame.prefix
        feed, end = self._box.decoder()
        at, stop = start + frame.begin, start + frame.stop
        while at < stop:
            piece = self._box.bytes_at(at, min(PIECE, stop - at))
            if not piece:
                raise NotFound(f"reading {self._box.path}: the file has become shorter")
            at += len(piece)
            yield feed(piece)
        yield end()


class FileBox(Box):
    """A mailbox that is one file.

    Args:
        path: the file; the first message creates it, readable by its owner only.
        kind: see `KINDS`.
        sync: see `Box`.
        timeout: seconds to wait for another program's lock.
        dotlock: without it only the fcntl lock is taken, and a torn end is not cut off.
    """

    def __init__(
        self, path: str | os.PathLike[str], kind: Kind, *, sync: Sync = "each",
        timeout: float = 30.0, dotlock: bool = True,
    ) -> None:
        super().__init__(path, kind, sync=sync)
        self.lock = FileLock(self.path, timeout=timeout, dotlock=dotlock)

    @abc.abstractmethod
    def scan(self, read: Callable[[int, int], bytes]) -> Iterator[Region]:
        """Where the messages are."""

    @abc.abstractmethod
    def frame(self, head: bytes, length: int, tail: bytes) -> Frame:
        """What surrounds the message in a region of *length* bytes with this beginning and end."""

    @abc.abstractmethod
    def encoded(self, letter: Letter, opening: bytes = b"") -> bytes:
        """A message with all that surrounds it; *opening* instead of a new first line."""

    @abc.abstractmethod
    def gap(self, tail: bytes, size: int) -> bytes:
        """What the file lacks before another message may follow its last bytes, *tail*."""

    def opening(self, frame: Frame) -> bytes:
        """The first line of a message's region, to keep when the rest is written anew."""
        return b""

    def flags_of(self, frame: Frame) -> frozenset[str]:
        """The flags of a message."""
        return frozenset()

    def sender_of(self, frame: Frame) -> str:
        """The envelope's sender."""
        return ""

    def date_of(self, frame: Frame) -> datetime | None:
        """When the message was received."""
        return None

    def decoded(self, data: bytes) -> bytes:
        """The bytes of a message as they were before the file took them."""
        return data

    def decoder(self) -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
        """The same by chunk: what each becomes, and what is left at the end."""
        return lambda data: data, lambda: b""

    def bytes_at(self, offset: int, count: int) -> bytes:
        """Bytes of the file, fewer at its end."""
        with disk_errors(f"reading {self.path}"):
            file = os.open(self.path, os.O_RDONLY | _BINARY)
            try:
                return _pread(file, offset, count)
            finally:
                os.close(file)

    def __iter__(self) -> Iterator[FileMessage]:
        """The messages in the order of the file; none where there is no file yet."""
        with disk_errors(f"reading {self.path}"):
            try:
                file = os.open(self.path, os.O_RDONLY | _BINARY)
            except FileNotFoundError:
                return
            try:
                for region in self.scan(lambda offset, count: _pread(file, offset, count)):
                    yield FileMessage(str(region.start), self, region)
            finally:
                os.close(file)

    def extend(self, letters: Iterable[Letter]) -> list[str]:
        """Add many messages with one lock and one sync; return their keys."""
        self._writable("appending to")
        keys: list[str] = []
        created = not self.path.exists()
        with disk_errors(f"delivering to {self.path}"), self.lock.hold(create=True) as file:
            begin = at = os.fstat(file).st_size
            try:
                for batch in self._batches(letters, file, begin):
                    self.lock.note(begin, at - begin + len(batch.text), sync=False)
                    os.lseek(file, at, os.SEEK_SET)
                    write_all(file, batch.text)
                    keys += batch.keys(at)
                    at += len(batch.text)
                if self.sync != "never":
                    os.fsync(file)
            except BaseException:
                os.ftruncate(file, begin)
                raise
            if created and self.sync != "never":
                sync_path(self.path.parent)
        return keys

    def _batches(self, letters: Iterable[Letter], file: int, size: int) -> Iterator[_Batch]:
        gap = self.gap(_pread(file, max(0, size - 4), 4), size)
        self._check(_pread(file, 0, 1024))
        batch = _Batch(gap)
        for letter in letters:
            batch.add(self.encoded(letter), self.key_shift)
            if batch.size > BATCH:
                yield batch
                batch = _Batch(b"")
        if batch.size > len(gap) or batch.places:
            yield batch

    key_shift = 0
    """From where a message's text begins to where its region does."""

    def _check(self, head: bytes) -> None:
        """Refuse a file of another kind."""

    def set_flags(self, flags: Mapping[str, Iterable[str]]) -> None:
        """Give each message, by its key, these flags; the file is written anew."""
        self._writable("changing")
        wanted = {key: checked_flags(words) for key, words in flags.items()}
        self._rewrite(wanted)

    def remove(self, keys: Iterable[str]) -> None:
        """Delete messages; the file is written anew."""
        self._writable("removing from")
        self._rewrite(dict.fromkeys(keys))

    def _rewrite(self, wanted: Mapping[str, frozenset[str] | None]) -> None:
        """A new file, with other flags, or without the messages whose flags are None."""
        if not wanted:
            return
        with disk_errors(f"changing {self.path}"), self.lock.hold(create=False) as file:
            missing = set(wanted)
            with self._replacement(file) as new:
                done = 0
                for region in self.scan(lambda offset, count: _pread(file, offset, count)):
                    message = FileMessage(str(region.start), self, region)
                    if message.key not in wanted:
                        continue
                    missing.discard(message.key)
                    begin, end = self.outer(region)
                    _copy(file, new, done, begin)
                    flags = wanted[message.key]
                    if flags is not None:
                        opening = self.opening(message.frame)
                        letter = Letter(message.read(), flags, message.sender, message.date)
                        write_all(new, self.encoded(letter, opening))
                    done = end
                if missing:
                    raise NotFound(f"changing {self.path}: there is no message "
                                   f"{min(missing)[:80]!r}")
                _copy(file, new, done, os.fstat(file).st_size)

    def outer(self, region: Region) -> tuple[int, int]:
        """Where a message's text begins and ends with everything that goes when it goes."""
        return region.start, region.end

    @contextmanager
    def _replacement(self, old: int) -> Iterator[int]:
        """A file that takes this one's place when the block ends well."""
        path = self.path.resolve()
        new_path = path.with_name(f"{path.name}.postel-new")
        new_path.unlink(missing_ok=True)
        new = os.open(new_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        try:
            yield new
            if hasattr(os, "fchmod"):
                os.fchmod(new, os.fstat(old).st_mode & 0o7777)
            os.fsync(new)
        except BaseException:
            os.close(new)
            new_path.unlink(missing_ok=True)
            raise
        os.close(new)
        new_path.replace(path)
        sync_path(path.parent)


class _Batch:
    """Messages that are added with one write."""

    def __init__(self, gap: bytes) -> None:
        self.pieces = [gap] if gap else []
        self.size = len(gap)
        self.places: list[int] = []

    def add(self, text: bytes, shift: int) -> None:
        self.places.append(self.size + shift)
        self.pieces.append(text)
        self.size += len(text)

    def keys(self, base: int) -> list[str]:
        return [str(base + place) for place in self.places]

    @property
    def text(self) -> bytes:
        if len(self.pieces) > 1:
            self.pieces = [b"".join(self.pieces)]
        return self.pieces[0] if self.pieces else b""


def _copy(source: int, target: int, begin: int, end: int) -> None:
    while begin < end:
        piece = _pread(source, begin, min(LARGE, end - begin))
        if not piece:
            return
        write_all(target, piece)
        begin += len(piece)


def _pread(file: int, offset: int, count: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(file, count, offset)
    os.lseek(file, offset, os.SEEK_SET)  # Windows
    return os.read(file, count)
