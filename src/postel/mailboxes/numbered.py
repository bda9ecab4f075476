"""Mailboxes that are a folder with a file for each message: MH, and folders of .eml files. Disk.

A message is written under a name that readers do not look at, synced, and linked to its own name,
which fails if somebody else has taken that meanwhile. So no message is seen in part, and none is
overwritten.
"""

from __future__ import annotations

import abc
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import Forbidden, NotFound, NotSupported
from . import Sync, disk_errors, sync_path
from .face import Box, Kind, Letter, Stored
from .mbox_lock import write_all

__all__ = ["EmlFolder", "FileOfFolder", "FolderBox"]

PIECE = 1 << 20
LARGE = 64 << 20
MANY = 100  # from so many files on, one sync of the whole system is cheaper than one of each
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class FileOfFolder(Stored):
    """A message that is a file of its own."""

    path: Path
    words: frozenset[str] = frozenset()

    @property
    def flags(self) -> frozenset[str]:
        """As they were when the folder was listed."""
        return self.words

    @property
    def date(self) -> datetime | None:
        """The time of the file."""
        with disk_errors(f"reading {self.path}"):
            return datetime.fromtimestamp(self.path.lstat().st_mtime, UTC)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        with disk_errors(f"reading {self.path}"):
            return self.path.lstat().st_size

    def read(self) -> bytes:
        """The whole message."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """The message in pieces of at most 1 MiB."""
        with disk_errors(f"reading {self.path}"):
            # A FIFO put in a file's place must not hang the reader.
            file = os.open(self.path, os.O_RDONLY | _NO_FOLLOW | _BINARY | _NO_WAIT)
            try:
                if not stat.S_ISREG(os.fstat(file).st_mode):
                    raise Forbidden(f"reading {self.path}: it is no plain file")
                while piece := os.read(file, PIECE):
                    yield piece
            finally:
                os.close(file)


class FolderBox(Box):
    """What such folders have in common."""

    @abc.abstractmethod
    def names(self) -> list[str]:
        """The names of its messages' files, in order."""

    @abc.abstractmethod
    def fresh(self, names: list[str]) -> Iterator[str]:
        """Names for new messages, none of which is in use."""

    def flags_by_name(self) -> Mapping[str, frozenset[str]]:
        """The flags of the messages that have any."""
        return {}

    def note(self, flags: Mapping[str, frozenset[str]]) -> None:
        """Keep these messages' flags."""

    def key_of(self, name: str) -> str:
        """A file's key."""
        return name

    def __iter__(self) -> Iterator[FileOfFolder]:
        """The messages in order; none where there is no folder yet."""
        flags = self.flags_by_name()
        none: frozenset[str] = frozenset()
        for name in self.names():
            yield FileOfFolder(self.key_of(name), self, self.path / name, flags.get(name, none))

    def __len__(self) -> int:
        return len(self.names())

    def extend(self, letters: Iterable[Letter]) -> list[str]:
        """Add many messages, each in a file of its own."""
        with disk_errors(f"delivering to {self.path}"):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = self.fresh(self.names())
            made: list[str] = []
            noted: dict[str, frozenset[str]] = {}
            waiting: list[tuple[Path, Letter]] = []
            for letter in letters:
                waiting.append((self._staged(letter, len(waiting)), letter))
                if len(waiting) == MANY:
                    self._publish(waiting, fresh, made, noted)
            self._publish(waiting, fresh, made, noted)
            self.note(noted)
        return [self.key_of(name) for name in made]

    def _staged(self, letter: Letter, number: int) -> Path:
        """The message in a file that nobody looks at: a leading dot and comma."""
        path = self.path / f".,{os.getpid()}-{number}-{os.urandom(4).hex()}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        try:
            write_all(file, letter.data)
        except BaseException:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        os.close(file)
        if letter.date is not None:
            os.utime(path, (letter.date.timestamp(),) * 2)
        return path

    def _publish(self, waiting: list[tuple[Path, Letter]], fresh: Iterator[str], made: list[str],
                 noted: dict[str, frozenset[str]]) -> None:
        if self.sync != "never" and len(waiting) >= MANY and hasattr(os, "sync"):
            os.sync()
        elif self.sync != "never":
            for path, _ in waiting:
                sync_path(path)
        for path, letter in waiting:
            name = _linked(path, self.path, fresh)
            made.append(name)
            noted[name] = letter.flags
        waiting.clear()
        if self.sync != "never":
            sync_path(self.path)

    def remove(self, keys: Iterable[str]) -> None:
        """Delete the files of these messages."""
        wanted = self.existing(keys)
        with disk_errors(f"removing from {self.path}"):
            for name in wanted.values():
                (self.path / name).unlink(missing_ok=True)
        self.note(dict.fromkeys(wanted.values(), frozenset()))

    def existing(self, keys: Iterable[str]) -> dict[str, str]:
        """The file of each key."""
        there = {self.key_of(name): name for name in self.names()}
        wanted = list(keys)
        for key in wanted:
            if key not in there:
                raise NotFound(f"looking up message {key[:80]!r} in {self.path}: there is none")
        return {key: there[key] for key in wanted}

    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            with disk_errors(f"listing {self.path}"), os.scandir(self.path) as entries:
                return list(entries)
        except NotFound:
            return []


def _linked(path: Path, folder: Path, fresh: Iterator[str]) -> str:
    """Give a file the next name that is free."""
    for name in fresh:
        try:
            os.link(path, folder / name)
        except FileExistsError:
            continue
        except OSError:  # no hard links on this file system
            try:
                os.close(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                continue
            path.replace(folder / name)
            return name
        path.unlink()
        return name
    raise NotFound(f"delivering to {folder}: no name is free")


class EmlFolder(FolderBox):
    """A folder of .eml files, each a message as it is. It keeps no flags and no sender.

    Args:
        path: the folder, made by the first `extend` if it is not there.
        sync: see `Box`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     box = EmlFolder(folder)
        ...     key = box.append(b"To: b\\n\\nHi.")
        ...     [(message.key, message.read()) for message in box]
        [('000001.eml', b'To: b\\n\\nHi.')]
    """

    keeps_flags = False

    def __init__(self, path: str | os.PathLike[str], *, sync: Sync = "each",
                 kind: Kind = "eml") -> None:
        super().__init__(path, kind, sync=sync)

    def names(self) -> list[str]:
        """The .eml files, those with numbers in their order."""
        found = [entry.name for entry in self._entries()
                 if entry.name.lower().endswith(".eml") and not entry.name.startswith(".")
                 and entry.is_file(follow_symlinks=False)]
        return sorted(found, key=_natural)

    def fresh(self, names: list[str]) -> Iterator[str]:
        """Six figures and more, above all that are there."""
        numbers = [int(m[1]) for name in names if (m := re.match(r"([0-9]{1,15})\.eml\Z", name))]
        number = max(numbers, default=0)
        while True:
            number += 1
            yield f"{number:06}.eml"

    def set_flags(self, flags: Mapping[str, Iterable[str]]) -> None:
        """Not possible: there is no place for flags."""
        raise NotSupported(f"changing {self.path}: a folder of .eml files keeps no flags",
                           hint="convert it to a Maildir")

    def folders(self) -> dict[str, Path]:
        """The folders inside that are folders of .eml files too."""
        return {entry.name: Path(entry.path) for entry in sorted(self._entries(), key=_name)
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")}


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _natural(name: str) -> tuple[object, ...]:
    """1.eml, 2.eml, 10.eml."""
    return tuple((1, int(part), "") if part.isdecimal() and len(part) < 19 else (0, 0, part)
                 for part in re.split(r"([0-9]+)", name)), name
