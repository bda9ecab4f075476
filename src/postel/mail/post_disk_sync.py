# GENERATED from post_disk_async.py by tools/unasync.py: edit that file, not this one.
"""Mailboxes on this disk behind the one face of mail: mbox, Maildir, MH and the others."""

from __future__ import annotations

from collections.abc import Iterator, Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, cast

from .. import mailboxes
from ..errors import NotFound
from ..imap.query_match import Candidate, matches
from ..mailboxes.face import Box, Kind, Letter, Stored
from ..transport import disk_sync as disk
from ..transport.clock_sync import now, sleep, today
from .accounts import Account
from .post_sync import Arrivals, Post, Names
from .post_types import FolderView, Summary, Where, summary_of

if TYPE_CHECKING:
    from ..imap.query import Query

__all__ = ["DiskPost"]

_LONGEST_HEAD = 1 << 20
"""Bytes of a message that are read for its header."""

_PAUSE = 2.0
"""Seconds between two looks at a mailbox that is watched."""

_Summaries = list[Summary]


class DiskPost(Post):
    """Mail on this disk. Folders are the mailboxes inside of the one that was named."""

    def __init__(self, where: Where, account: Account | None) -> None:
        super().__init__(where, account)
        self._path = Path(where.path).expanduser()

    def _opened(self, *, make: bool) -> Box:
        """The mailbox; one that is not there is made only to put something into it.

        Raises:
            NotFound: it is not there.
        """
        word = self.where.box
        kind = cast("Kind | None", "" if word in ("mbox", "box") else word) or None
        if not make and not self._path.exists():
            raise NotFound(f"opening {self._path}: there is nothing of that name")
        if kind is None and word == "mbox" and mailboxes.kind_of(self._path) is None:
            kind = "mboxrd"  # one that is to be made, or is empty
        return mailboxes.open(self._path, kind)

    def _box(self, folder: str, *, make: bool = False) -> Box:
        name = folder or self.folder
        box = self._opened(make=make)
        if name in ("", ".") or name.upper() == "INBOX":
            return box
        inside = box.folders()
        return mailboxes.open(inside[self._named(name, dict.fromkeys(inside, ""))])

    # -- reading -------------------------------------------------------------------------------

    def folders(self) -> list[FolderView]:
        """The mailbox itself, and those inside of it."""
        return disk.call(self._tree)

    def _tree(self) -> list[FolderView]:
        self._opened(make=False)
        found = []
        for name, box in mailboxes.tree(self._path):
            stored = list(box)
            unread = sum("seen" not in one.flags for one in stored) if box.keeps_flags else None
            found.append(FolderView(name or ".", "" if name else "inbox", len(stored), unread,
                                    sum(one.size for one in stored)))
        return found

    def all_keys(self, folder: str) -> Names:
        """The keys of all messages."""
        return disk.call(lambda: [one.key for one in self._box(folder)])

    def list(self, folder: str = "", *, query: Query | None = None,
                   last: int | None = None) -> list[Summary]:
        """Messages, in the mailbox's own order."""
        return disk.call(self._list, folder, query, last)

    def _list(self, folder: str, query: Query | None, last: int | None) -> _Summaries:
        stored = list(self._box(folder))
        if query is not None:
            moment, numbers = today(), count(1)
            stored = [one for one in stored
                      if matches(query, _candidate(one, next(numbers)), now=moment,
                                 last_number=len(stored))]
        if last is not None:
            stored = stored[-last:] if last else []
        return [_summary(one, folder) for one in stored]

    def read(self, folder: str, key: str) -> bytes:
        """A whole message, line ends as they are on the disk."""
        return disk.call(lambda: self._box(folder)[key].read())

    def each(self, folder: str, keys: Sequence[str]) -> Iterator[tuple[str, Letter]]:
        """Many whole messages, one after the other."""
        wanted = set(keys)
        stored = disk.call(
            lambda: [one for one in self._box(folder) if one.key in wanted])
        for one in stored:
            yield one.key, disk.call(one.letter)

    def arrivals(self, folder: str = "", *, seconds: float | None = None,
                 known: dict[str, int] | None = None) -> Arrivals:
        """What comes from now on: the mailbox is looked at every other second."""
        return _Looks(self, folder, seconds)

    # -- changing ------------------------------------------------------------------------------

    def flag(self, folder: str, keys: Sequence[str], *, add: Iterable[str] = (),
                   remove: Iterable[str] = ()) -> None:
        """Change flags."""
        disk.call(self._flag, folder, set(keys), set(add), set(remove))

    def _flag(self, folder: str, keys: set[str], add: set[str], remove: set[str]) -> None:
        box = self._box(folder)
        box.set_flags({one.key: (one.flags | add) - remove for one in box if one.key in keys})

    def copy(self, folder: str, keys: Sequence[str], target: str) -> None:
        """Copy messages into another folder of this mailbox, or another mailbox on this disk."""
        disk.call(self._copy, folder, set(keys), target)

    def _copy(self, folder: str, keys: set[str], target: str) -> None:
        letters = [one.letter() for one in self._box(folder) if one.key in keys]
        self._goal(target).extend(letters)

    def _goal(self, target: str) -> Box:
        """A folder inside, or a mailbox at a path."""
        if target.startswith(("/", "./", "../", "~/")):
            return mailboxes.open(Path(target).expanduser())
        return self._box(target)

    def move(self, folder: str, keys: Sequence[str], target: str) -> None:
        """Copy messages, then delete them here."""
        self.copy(folder, keys, target)
        self.delete(folder, keys, forever=True)

    def delete(self, folder: str, keys: Sequence[str], *, forever: bool = False) -> str:
        """Delete messages for good: there is no trash on the disk."""
        disk.call(lambda: self._box(folder).remove(keys))
        return ""

    def put(self, folder: str, letters: Iterable[Letter]) -> Names:
        """Put messages into a folder; a mailbox that is not there yet is made."""
        return disk.call(lambda: self._box(folder, make=True).extend(letters))


class _Looks(Arrivals):
    """Messages that were not there when one looked before."""

    def __init__(self, post: DiskPost, folder: str, seconds: float | None) -> None:
        self._post, self._folder, self._seconds = post, folder, seconds
        self._known: set[str] | None = None
        self._ready: list[Summary] = []

    def __next__(self) -> Summary:
        began = now()
        if self._known is None:
            self._known = set(self._post.all_keys(self._folder))
        while not self._ready:
            if self._seconds is not None and now() - began >= self._seconds:
                raise StopIteration
            sleep(_PAUSE if self._seconds is None else min(_PAUSE, self._seconds))
            there = self._post.all_keys(self._folder)
            if fresh := set(there) - self._known:
                found = self._post.list(self._folder)
                self._ready = [one for one in found if one.key in fresh]
            self._known = set(there)
        return self._ready.pop(0)


def _candidate(one: Stored, number: int) -> Candidate:
    return Candidate(one.read, one.flags, one.date, None, one.size, number, number)


def _summary(one: Stored, folder: str) -> Summary:
    head = b""
    for piece in one.chunks():
        head += piece
        if b"\n\n" in head or b"\r\n\r\n" in head or len(head) > _LONGEST_HEAD:
            break
    return summary_of(one.key, head, flags=one.flags, size=one.size, arrived=one.date,
                      folder=folder)
