"""A folder of Maildirs as one side of moving mail. Disk.

    plus      Maildir++: the folder itself is INBOX, ``.Lists.python`` is Lists/python
    nested    a folder in a folder: ``INBOX``, ``Lists/python``, as OfflineIMAP and mbsync make them

What is there tells which of them it is; a new one is Maildir++. Messages rest with LF.

How much the disk is asked to promise: the files of a batch are written to tmp, synced together
(one ``syncfs`` where the system has it, else one ``fsync`` a file), renamed to their places, and
the folders synced. So a reader never sees half a message, even after a power cut, and a batch of
hundreds costs one wait for the disk. ``sync="never"`` leaves all of it to the system.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path as File
from typing import Literal

from ..errors import NotFound, UsageError
from ..mailboxes import Sync, disk_errors, host_name, sync_path
from ..mailboxes.face import FLAGS
from ..mailboxes.maildir_box import MaildirBox
from .moving_digest import facts_of, with_lf
from .moving_names import disk_level, level_of_disk
from .moving_types import Facts, Listing, Note, Parcel, Path, Place

__all__ = ["MaildirTree"]

Layout = Literal["plus", "nested"]
Changes = Mapping[str, tuple[frozenset[str], frozenset[str]]]
_LETTERS = {"D": "draft", "F": "flagged", "P": "forwarded", "R": "answered", "S": "seen",
            "T": "deleted"}
_KEYWORDS = 26
_SERIAL = count(1)
_NEW = (os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        | getattr(os, "O_BINARY", 0))
_DEPTH = 20


class MaildirTree:
    """Maildirs in a folder.

    Args:
        path: of the folder; made by the first message.
        layout: see the head of this file; None finds out.
        sync: "batch" or "never".
    """

    writable = True

    def __init__(self, path: str | os.PathLike[str], *, layout: Layout | None = None,
                 sync: Sync = "batch") -> None:
        self.path = File(path)
        self.name = f"maildir:{self.path.absolute()}"
        self.sync: Sync = sync
        self.layout: Layout = layout or self._layout()
        self._files: dict[Path, dict[str, str]] = {}
        self._host = host_name()

    def folders(self) -> list[Place]:
        """All Maildirs there are."""
        if not self.path.is_dir():
            return []
        with disk_errors(f"listing {self.path}"):
            found = self._plus() if self.layout == "plus" else self._nested(self.path, ())
            return [Place(path, "inbox" if path == ("INBOX",) else "") for path in found]

    def make(self, path: Path) -> None:
        """A new, empty Maildir."""
        self._box(path).maildir.create()

    def look(self, path: Path, known: Listing | None) -> Listing:
        """What is in a Maildir."""
        box = self._box(path)
        words = box.keywords() | _LETTERS
        sets: dict[str, frozenset[str]] = {}
        notes = {}
        for key, name in sorted(self._list(path).items()):
            letters = name.rpartition(":2,")[2] if ":2," in name else ""
            flags = sets.get(letters)
            if flags is None:
                flags = sets[letters] = frozenset(words[one] for one in letters if one in words)
            notes[key] = Note(flags, same=key)
        keeps = None
        if len(box.keywords()) >= _KEYWORDS:
            keeps = (FLAGS | frozenset(box.keywords().values())) - {"old"}
        return Listing("maildir", notes, keeps=keeps)

    def details(self, path: Path, uids: Sequence[str]) -> dict[str, Note]:
        """Sizes and dates; flags are not told again."""
        found = {}
        for uid in uids:
            file = self._file(path, uid)
            if file is not None:
                state = file.stat()
                found[uid] = Note(size=state.st_size, same=uid,
                                  date=datetime.fromtimestamp(state.st_mtime, UTC))
        return found

    def facts(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        """What makes them the same as others: all of it, for nothing is far."""
        return {one.uid: facts_of(one.data) for one in self.parcels(path, uids)}

    digests = facts

    def parcels(self, path: Path, uids: Sequence[str]) -> Iterator[Parcel]:
        """The messages, without those that are gone."""
        for uid in uids:
            file = self._file(path, uid)
            if file is None:
                continue
            with disk_errors(f"reading {file}"):
                data = file.read_bytes()
                when = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            yield Parcel(uid, data, date=when)

    def keys(self, path: Path, number: int) -> list[str]:
        """Names for messages that are about to come."""
        seconds, micros = divmod(time.time_ns() // 1000, 1_000_000)
        return [f"{seconds}.M{micros:06}P{os.getpid()}Q{next(_SERIAL)}"
                f"R{os.urandom(4).hex()}.{self._host}" for _ in range(number)]

    def append(self, path: Path, parcels: Sequence[Parcel], keys: Sequence[str]) -> list[str]:
        """Put messages in, under these names; all of them are there when this returns."""
        box = self._box(path)
        root = box.path
        if not (root / "cur").is_dir():
            box.maildir.create()
        moves, names = [], dict[frozenset[str], str]()
        with disk_errors(f"delivering to {root}"):
            for parcel, key in zip(parcels, keys, strict=True):
                name = names.get(parcel.flags)
                if name is None:
                    letters, seen_before = self._info(box, parcel.flags)
                    name = names[parcel.flags] = (
                        f"/cur/%s:2,{letters}" if seen_before else "/new/%s")
                staged = f"{root}/tmp/{key}"  # noqa: S108 - text: a Path costs as much as a file
                _write(staged, with_lf(parcel.data), parcel.date)
                moves.append((staged, f"{root}{name % key}"))
            if self.sync != "never":
                _sync_all([staged for staged, _ in moves], root)
            for staged, place in moves:
                os.rename(staged, place)  # noqa: PTH104 - text, as above
            if self.sync != "never":
                for sub in ("new", "cur"):
                    sync_path(root / sub)
        self._files.pop(path, None)
        return list(keys)

    def store(self, path: Path, changes: Changes) -> None:
        """Add flags and take flags away; messages that are gone are passed over."""
        box = self._box(path)
        words = box.keywords() | _LETTERS
        for uid, (add, remove) in changes.items():
            file = self._file(path, uid)
            if file is None:
                continue
            letters = file.name.rpartition(":2,")[2] if ":2," in file.name else ""
            had = frozenset(words[one] for one in letters if one in words)
            letters, _ = self._info(box, (had | add) - remove)
            place = box.path / "cur" / f"{uid}:2,{letters}"
            with disk_errors(f"changing {file}"):
                file.rename(place)
        self._files.pop(path, None)

    def expunge(self, path: Path, uids: Sequence[str]) -> None:
        """Remove messages; those that are gone already are passed over."""
        for uid in uids:
            file = self._file(path, uid)
            if file is not None:
                with disk_errors(f"removing {file}"):
                    file.unlink(missing_ok=True)
        self._files.pop(path, None)

    def duplicate(self, source: Path, uid: str, target: Path, key: str,
                  flags: frozenset[str]) -> str | None:
        """The same message in another folder; None if it is gone."""
        for parcel in self.parcels(source, [uid]):
            return self.append(target, [Parcel(uid, parcel.data, flags, parcel.date)], [key])[0]
        return None

    def newer(self, uid: str, mark: str) -> bool:
        """Whether a message may have come after *mark*: any may."""
        return True

    # -- private -----------------------------------------------------------------------------

    def _layout(self) -> Layout:
        if (self.path / "INBOX" / "cur").is_dir() and not (self.path / "cur").is_dir():
            return "nested"
        return "plus"

    def _plus(self) -> list[Path]:
        found: list[Path] = [("INBOX",)] if (self.path / "cur").is_dir() else []
        for entry in sorted(self.path.iterdir()):
            name = entry.name
            if (name.startswith(".") and len(name) > 1 and not entry.is_symlink()
                    and (entry / "cur").is_dir() and all(name[1:].split("."))):
                path = tuple(level_of_disk(level) for level in name[1:].split("."))
                # Dovecot's INBOX.Sent is a child of INBOX for IMAP, and .Sent on the disk.
                found.append(path)
        return found

    def _nested(self, here: File, above: Path) -> list[Path]:
        found: list[Path] = []
        for entry in sorted(here.iterdir()) if len(above) < _DEPTH else ():
            if entry.is_symlink() or not entry.is_dir() or entry.name in ("cur", "new", "tmp"):
                continue
            path = (*above, level_of_disk(entry.name))
            if (entry / "cur").is_dir():
                found.append(path)
            found += self._nested(entry, path)
        return found

    def _folder(self, path: Path) -> File:
        if self.layout == "nested":
            return self.path.joinpath(*[disk_level(level) for level in path])
        if path == ("INBOX",):
            return self.path
        return self.path / ("." + ".".join(disk_level(level, dots=False) for level in path))

    def _box(self, path: Path) -> MaildirBox:
        return MaildirBox(self._folder(path), sync="never" if self.sync == "never" else "each")

    def _info(self, box: MaildirBox, flags: frozenset[str]) -> tuple[str, bool]:
        """The letters for flags, without the keywords for which there is no room."""
        try:
            return box.info(flags - {"old"})
        except UsageError:
            known = frozenset(box.keywords().values())
            return box.info((flags & (FLAGS | known)) - {"old"})

    def _list(self, path: Path) -> dict[str, str]:
        """Where each message's file is, under its folder."""
        root = self._folder(path)
        found = {}
        with disk_errors(f"listing {root}"):
            for sub in ("new", "cur"):
                try:
                    names = os.listdir(root / sub)  # noqa: PTH208 - names alone, without a stat
                except FileNotFoundError:
                    if sub == "new":
                        continue
                    raise NotFound(f"listing {root}: there is no Maildir") from None
                for name in names:
                    if not name.startswith("."):
                        found[name.partition(":2,")[0]] = f"{sub}/{name}"
        self._files[path] = found
        return found

    def _file(self, path: Path, uid: str) -> File | None:
        """The file of a message, found again if a mail program has renamed it."""
        root = self._folder(path)
        name = (self._files.get(path) or self._list(path)).get(uid)
        if name is not None and (root / name).is_file():
            return root / name
        name = self._list(path).get(uid)
        return None if name is None else root / name


def _write(file: str, data: bytes, date: datetime | None) -> None:
    handle = os.open(file, _NEW, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view):]
    finally:
        os.close(handle)
    if date is not None:
        seconds = date.timestamp()
        os.utime(file, (seconds, seconds))


def _sync_all(files: Sequence[str], root: File) -> None:
    """All these files, with one wait where the system can."""
    if len(files) > 1 and sys.platform == "linux":
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is not None:
            handle = os.open(root, os.O_RDONLY)
            try:
                if syncfs(handle) == 0:
                    return
            finally:
                os.close(handle)
    for file in files:
        sync_path(file)
