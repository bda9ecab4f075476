"""Mailbox files as one side of moving mail: mbox to read and write, every other kind to read. Disk.

A message of a file has no lasting name but its content: its uid is its digest, and a number for
each further copy of it. ``mbox:FOLDER/`` is a folder of them: ``Lists/python.mbox`` is the mailbox
Lists/python; ``mbox:FILE`` is INBOX alone. A Takeout, an MH folder, a folder of .eml files are
read as they are.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as File

from .. import mailboxes
from ..errors import NotSupported
from ..mailboxes import Box, Letter, Stored, disk_errors
from ..mailboxes.face import Kind
from .moving_digest import facts_of, with_lf
from .moving_names import disk_level, level_of_disk
from .moving_types import Facts, Listing, Note, Parcel, Path, Place

__all__ = ["BoxTree"]

Changes = Mapping[str, tuple[frozenset[str], frozenset[str]]]
_NAME = 40  # digits of a digest that make a name
_WRITTEN = (".mbox", "")


class BoxTree:
    """Mailbox files in a folder, or one file.

    Args:
        path: of the folder or the file.
        kind: of new mailboxes, and of those that do not tell.
        single: whether it is one file; None: unless it is a folder, or its name ends with a slash.
    """

    writable = True

    def __init__(self, path: str | os.PathLike[str], *, kind: Kind = "mboxrd",
                 single: bool | None = None) -> None:
        self.path = File(path)
        self.kind: Kind = kind
        folder = self.path.is_dir() and mailboxes.kind_of(self.path) is None
        self.single = not (folder or str(path).endswith("/")) if single is None else single
        self.name = f"mbox:{self.path.absolute()}" + ("" if self.single else "/")
        self._places: dict[Path, File] = {}
        self._seen: dict[Path, tuple[str, dict[str, Stored], dict[str, Facts]]] = {}

    def folders(self) -> list[Place]:
        """The mailboxes there are."""
        if self.single:
            self._places = {("INBOX",): self.path} if self.path.exists() else {}
        elif self.path.is_dir():
            self._places = {_path(name, box): box.path
                            for name, box in mailboxes.tree(self.path) if name}
        return [Place(path, "inbox" if path == ("INBOX",) else "") for path in self._places]

    def make(self, path: Path) -> None:
        """A new, empty mailbox."""
        file = self._file(path)
        with disk_errors(f"making {file}"):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not file.exists():
                file.touch(mode=0o600)
        self._places[path] = file

    def look(self, path: Path, known: Listing | None) -> Listing:
        """What is in a mailbox."""
        _, stored, facts = self._read(path)
        return Listing("digest", {uid: Note(one.flags - {"old"}, facts[uid].size, one.date)
                                  for uid, one in stored.items()})

    def details(self, path: Path, uids: Sequence[str]) -> dict[str, Note]:
        """Sizes and dates."""
        _, stored, facts = self._read(path)
        return {uid: Note(size=facts[uid].size, date=stored[uid].date)
                for uid in uids if uid in stored}

    def facts(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        """What makes them the same as others."""
        _, _, facts = self._read(path)
        return {uid: facts[uid] for uid in uids if uid in facts}

    digests = facts

    def parcels(self, path: Path, uids: Sequence[str]) -> Iterator[Parcel]:
        """The messages, without those that are gone."""
        for uid in uids:
            one = self._read(path)[1].get(uid)
            if one is not None:
                yield Parcel(uid, one.read(), date=one.date)

    def keys(self, path: Path, number: int) -> list[str]:
        """There are no names before a message is there."""
        return [""] * number

    def append(self, path: Path, parcels: Sequence[Parcel], keys: Sequence[str]) -> list[str]:
        """Put messages in; all of them, or none."""
        if path not in self._places:
            self.make(path)
        counts = Counter(uid.partition(".")[0] for uid in self._read(path)[1])
        box = self._box(path)
        box.extend([Letter(with_lf(one.data), one.flags, "", one.date) for one in parcels])
        self._seen.pop(path, None)
        made = []
        for one in parcels:
            name = facts_of(one.data).digest[:_NAME]
            made.append(_uid(name, counts[name]))
            counts[name] += 1
        return made

    def store(self, path: Path, changes: Changes) -> None:
        """Add flags and take flags away."""
        _, stored, _ = self._read(path)
        wanted = {stored[uid].key: (stored[uid].flags | add) - remove
                  for uid, (add, remove) in changes.items() if uid in stored}
        self._box(path).set_flags(wanted)
        self._seen.pop(path, None)

    def expunge(self, path: Path, uids: Sequence[str]) -> None:
        """Remove messages."""
        _, stored, _ = self._read(path)
        self._box(path).remove([stored[uid].key for uid in uids if uid in stored])
        self._seen.pop(path, None)

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

    def _file(self, path: Path) -> File:
        if path in self._places:
            return self._places[path]
        if self.single:
            if path != ("INBOX",):
                raise NotSupported(f"making {'/'.join(path)}: {self.path} is one mailbox",
                                   hint="end its name with a slash for a folder of mailboxes")
            return self.path
        levels = [disk_level(level) for level in path]
        return self.path.joinpath(*levels[:-1], f"{levels[-1]}.mbox")

    def _box(self, path: Path) -> Box:
        file = self._file(path)
        return mailboxes.open(file, mailboxes.kind_of(file) or self.kind)

    def _read(self, path: Path) -> tuple[str, dict[str, Stored], dict[str, Facts]]:
        """Every message with its digest, unless the file is as it was."""
        state = _state(self._file(path))
        seen = self._seen.get(path)
        if seen is not None and seen[0] == state != "":
            return seen
        counts: Counter[str] = Counter()
        stored, facts = {}, {}
        for one in self._box(path):
            fact = facts_of(one.read())
            name = fact.digest[:_NAME]
            uid = _uid(name, counts[name])
            counts[name] += 1
            stored[uid], facts[uid] = one, fact
        self._seen[path] = (state, stored, facts)
        return self._seen[path]


def _uid(name: str, number: int) -> str:
    return f"{name}.{number}" if number else name


def _state(file: File) -> str:
    """What changes when the file does; "" for a folder, which is read each time."""
    with disk_errors(f"opening {file}"):
        state = file.stat()
    return f"{state.st_ino}.{state.st_size}.{state.st_mtime_ns}" if file.is_file() else ""


def _path(name: str, box: Box) -> Path:
    """The folder that a mailbox is."""
    levels = name.split("/")
    last = levels[-1]
    if box.path.is_file() and last.lower().endswith(".mbox") and len(last) > 5:
        levels[-1] = last[:-5]
    path = tuple(level_of_disk(level) for level in levels)
    return ("INBOX", *path[1:]) if path[0].upper() == "INBOX" else path
