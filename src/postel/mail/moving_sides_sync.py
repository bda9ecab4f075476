# GENERATED from moving_sides_async.py by tools/unasync.py: edit that file, not this one.
"""The sides of moving mail: what each can do, mailboxes on this disk, and a POP3 account.

A side lists its folders and the messages in them, hands messages out, takes them in, changes flags
and deletes. `Side` says how; `DiskSide` does it with disk code, `PopSide` over POP3
(read only), and `postel.mail.moving_imap_async` over IMAP.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import NotSupported
from ..imap.roles import roles_of
from ..transport import disk_sync as disk
from .moving_digest import facts_of, message_id
from .moving_names import shown
from .moving_types import Facts, Listing, Note, Parcel, Path, Place

if TYPE_CHECKING:
    from ..pop3.client_sync import Client as Pop

__all__ = ["DiskSide", "PopSide", "Side"]

Changes = Mapping[str, tuple[frozenset[str], frozenset[str]]]
_BATCH = 64
"""Messages read from the disk at a time."""


class Side(Protocol):
    """What a side of moving mail can do. A uid that is gone is passed over, never an error."""

    name: str
    writable: bool
    untouched: bool
    """Set for a run that shall leave no trace on this side."""

    def named(self, path: Path) -> Path:
        """What a folder that is called so elsewhere is called here."""

    def folders(self) -> list[Place]:
        """Its folders that can hold messages."""

    def make(self, path: Path) -> None:
        """A new folder; nothing if it is there."""

    def look(self, path: Path, known: Listing | None) -> Listing:
        """What is in a folder; *known* is what was there the last time, and may save work.

        Raises:
            NotFound: the folder is gone.
        """

    def newest(self, path: Path, mark: str) -> Listing:
        """What has come into a folder since a listing with that mark; it may list more."""

    def details(self, path: Path, uids: Sequence[str]) -> dict[str, Note]:
        """Size and date of messages."""

    def facts(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        """The Message-ID of messages, and the digest where it costs nothing more."""

    def digests(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        """The digest of messages, which are read for it."""

    def parcels(self, path: Path, uids: Sequence[str]) -> Iterator[Parcel]:
        """Whole messages, in this order."""

    def keys(self, path: Path, number: int) -> list[str]:
        """Uids for messages that are about to be appended; "" where the side chooses them."""

    def append(self, path: Path, parcels: Sequence[Parcel],
                     keys: Sequence[str]) -> list[str]:
        """Put messages in; return their uids, "" where the side does not tell."""

    def store(self, path: Path, changes: Changes) -> None:
        """Add flags and take flags away."""

    def expunge(self, path: Path, uids: Sequence[str]) -> None:
        """Delete messages for good."""

    def duplicate(self, source: Path, uid: str, target: Path, key: str,
                        flags: frozenset[str]) -> str | None:
        """The same message also in another folder: its uid, "" if unknown, None: not possible."""

    def newer(self, uid: str, mark: str) -> bool:
        """Whether a message may have come after a listing with this mark."""

    def close(self) -> None:
        """The end of a run."""


class DiskSide:
    """Mailboxes on this disk.

    Args:
        tree: disk code with the methods of `Side`: a `MaildirTree`, a `BoxTree`.
    """

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.name: str = tree.name
        self.writable: bool = tree.writable
        self.untouched = False

    def named(self, path: Path) -> Path:
        """Every name can be kept, written as the disk needs it."""
        return path

    def folders(self) -> list[Place]:
        """Its folders; a disk notes no roles, so they go by their names."""
        places: list[Place] = disk.call(self.tree.folders)
        roles = roles_of((shown(one.path), "/", frozenset()) for one in places)
        return [replace(one, role=roles.get(shown(one.path), one.role)) for one in places]

    def make(self, path: Path) -> None:
        """A new folder."""
        disk.call(self.tree.make, path)

    def look(self, path: Path, known: Listing | None) -> Listing:
        """What is in a folder."""
        listing: Listing = disk.call(self.tree.look, path, known)
        return listing

    def newest(self, path: Path, mark: str) -> Listing:
        """All that is in a folder."""
        return self.look(path, None)

    def details(self, path: Path, uids: Sequence[str]) -> dict[str, Note]:
        """Size and date of messages."""
        return disk.call(self.tree.details, path, uids)

    def facts(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        """Message-ID and digest."""
        return disk.call(self.tree.facts, path, uids)

    def digests(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        """Message-ID and digest."""
        return disk.call(self.tree.digests, path, uids)

    def parcels(self, path: Path, uids: Sequence[str]) -> Iterator[Parcel]:
        """Whole messages."""
        for begin in range(0, len(uids), _BATCH):
            for parcel in disk.call(self._some, path, uids[begin : begin + _BATCH]):
                yield parcel

    def _some(self, path: Path, uids: Sequence[str]) -> list[Parcel]:
        return list(self.tree.parcels(path, uids))

    def keys(self, path: Path, number: int) -> list[str]:
        """Names for messages to come."""
        return list(self.tree.keys(path, number))

    def append(self, path: Path, parcels: Sequence[Parcel],
                     keys: Sequence[str]) -> list[str]:
        """Put messages in."""
        return disk.call(self.tree.append, path, parcels, keys)

    def store(self, path: Path, changes: Changes) -> None:
        """Change flags."""
        disk.call(self.tree.store, path, changes)

    def expunge(self, path: Path, uids: Sequence[str]) -> None:
        """Delete messages."""
        disk.call(self.tree.expunge, path, uids)

    def duplicate(self, source: Path, uid: str, target: Path, key: str,
                        flags: frozenset[str]) -> str | None:
        """The same message also in another folder."""
        made: str | None = disk.call(self.tree.duplicate, source, uid, target, key, flags)
        return made

    def newer(self, uid: str, mark: str) -> bool:
        """Whether a message may have come after *mark*."""
        return bool(self.tree.newer(uid, mark))

    def close(self) -> None:
        """Nothing is open."""


class PopSide:
    """A POP3 account, to be read: one folder, INBOX, without flags.

    Messages are told apart by their UIDL (RFC 1939 section 7); a server without it cannot say
    what was fetched before.

    Args:
        client: logged in.
        name: of the account.
    """

    writable = False

    def __init__(self, client: Pop, name: str) -> None:
        self.client = client
        self.name = name
        self.untouched = True
        self._numbers: dict[str, int] = {}

    def named(self, path: Path) -> Path:
        """There is one folder."""
        return path

    def newest(self, path: Path, mark: str) -> Listing:
        """All that is there."""
        return self.look(path, None)

    def folders(self) -> list[Place]:
        """INBOX."""
        return [Place(("INBOX",), "inbox")]

    def make(self, path: Path) -> None:
        """There is INBOX, and nothing else can be made."""
        raise self._refused("making a folder")

    def look(self, path: Path, known: Listing | None) -> Listing:
        """What the account holds."""
        sizes = {item.number: item.size for item in self.client.list()}
        times: Counter[str] = Counter()
        self._numbers = {}
        for item in self.client.uidl():
            # Some servers name equal messages alike: the further ones get a number.
            uid = f"{item.uidl} {times[item.uidl]}" if times[item.uidl] else item.uidl
            times[item.uidl] += 1
            self._numbers[uid] = item.number
        return Listing("uidl", {uid: Note(size=sizes.get(number))
                                for uid, number in self._numbers.items()}, keeps=frozenset())

    def details(self, path: Path, uids: Sequence[str]) -> dict[str, Note]:
        """Dates, which only the messages themselves tell; sizes were listed."""
        from ..messages import parse

        known = [uid for uid in uids if uid in self._numbers]
        heads = self.client.top_many([self._numbers[uid] for uid in known])
        found: dict[str, Note] = {}
        dates: list[datetime | None] = [parse(head.data).date for head in heads]
        for uid, when in zip(known, dates, strict=False):
            found[uid] = Note(date=when)
        return found

    def facts(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        """The Message-ID of messages."""
        known = [uid for uid in uids if uid in self._numbers]
        heads = self.client.top_many([self._numbers[uid] for uid in known])
        ids = [message_id(head.data) for head in heads]
        return {uid: Facts(one) for uid, one in zip(known, ids, strict=False)}

    def digests(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        """The digest of messages, which are fetched for it."""
        return {one.uid: facts_of(one.data) for one in self.parcels(path, uids)}

    def parcels(self, path: Path, uids: Sequence[str]) -> Iterator[Parcel]:
        """Whole messages."""
        names = {self._numbers[uid]: uid for uid in uids if uid in self._numbers}
        for number, data in self.client.retr_many(names):
            yield Parcel(names[number], data)

    def keys(self, path: Path, number: int) -> list[str]:
        """None are needed."""
        return [""] * number

    def append(self, path: Path, parcels: Sequence[Parcel],
                     keys: Sequence[str]) -> list[str]:
        """POP3 takes no messages."""
        raise self._refused("adding messages")

    def store(self, path: Path, changes: Changes) -> None:
        """POP3 keeps no flags."""
        raise self._refused("changing flags")

    def expunge(self, path: Path, uids: Sequence[str]) -> None:
        """What moves mail leaves a POP3 account as it is."""
        raise self._refused("deleting messages")

    def duplicate(self, source: Path, uid: str, target: Path, key: str,
                        flags: frozenset[str]) -> str | None:
        """POP3 has one folder."""
        return None

    def newer(self, uid: str, mark: str) -> bool:
        """Whether a message may have come after *mark*."""
        return True

    def close(self) -> None:
        """Say goodbye."""
        self.client.close()

    def _refused(self, doing: str) -> NotSupported:
        return NotSupported(f"{doing} in {self.name}: a POP3 account is only read here",
                            hint="name it first: postel mail migrate pop3s://… maildir:Mail")
