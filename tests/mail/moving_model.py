"""An account in memory, as disk code: one side of moving mail that other programs change, too.

`Account` behaves like a server with or without lasting names of messages and with or without uids
that are told after an append. `hook` is called before and after everything it does: there other
clients deliver, delete, move and flag, connections break, and processes die.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from postel.errors import Changed, NotFound
from postel.mail.moving_digest import facts_of, message_id
from postel.mail.moving_types import Facts, Listing, Note, Parcel, Path, Place

DATE = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass
class Mail:
    data: bytes
    flags: frozenset[str] = frozenset()
    same: str = ""


@dataclass
class Box:
    validity: int
    mails: dict[int, Mail] = field(default_factory=dict)
    next: int = 1


class Account:
    writable = True

    def __init__(self, name: str, *, names: bool = False, tells: bool = True,
                 reserves: bool = False, hook: Callable[[str, str], None] | None = None) -> None:
        self.name, self.names, self.tells, self.reserves = name, names, tells, reserves
        self.hook = hook or (lambda name, what: None)
        self.boxes: dict[Path, Box] = {}
        self.serial = count(1)
        self.validities = count(1)
        self.looked: dict[Path, int] = {}

    # -- what other programs do ---------------------------------------------------------------

    def box(self, path: Path) -> Box:
        if path not in self.boxes:
            self.boxes[path] = Box(next(self.validities))
        return self.boxes[path]

    def deliver(self, path: Path, data: bytes, flags: frozenset[str] = frozenset(),
                same: str = "") -> str:
        box = self.box(path)
        uid = box.next
        box.next += 1
        box.mails[uid] = Mail(data, flags, same or f"{self.name}{next(self.serial)}")
        return str(uid)

    def move(self, source: Path, uid: int, target: Path) -> None:
        mail = self.box(source).mails.pop(uid)
        self.deliver(target, mail.data, mail.flags, mail.same)

    def flip(self, path: Path) -> None:
        """UIDVALIDITY becomes another one; every message gets a new uid."""
        box = self.box(path)
        box.validity = next(self.validities)
        box.mails = {number: mail for number, mail in enumerate(box.mails.values(), 1)}
        box.next = len(box.mails) + 1

    def contents(self) -> dict[Path, Counter[tuple[bytes, frozenset[str]]]]:
        return {path: Counter((mail.data, mail.flags) for mail in box.mails.values())
                for path, box in self.boxes.items() if box.mails}

    # -- what moving mail asks for ------------------------------------------------------------

    def folders(self) -> list[Place]:
        self.hook(self.name, "folders")
        return [Place(path, "inbox" if path == ("INBOX",) else "") for path in self.boxes]

    def make(self, path: Path) -> None:
        self.hook(self.name, "make")
        self.box(path)

    def look(self, path: Path, known: Listing | None) -> Listing:
        self.hook(self.name, "look")
        if path not in self.boxes:
            raise NotFound("gone")
        box = self.boxes[path]
        self.looked[path] = box.validity
        notes = {str(uid): Note(mail.flags, len(mail.data), DATE, mail.same if self.names else "")
                 for uid, mail in box.mails.items()}
        return Listing(str(box.validity), notes, "", str(box.next))

    def same(self, path: Path, what: str) -> dict[int, Mail]:
        """The messages, while uids mean what they meant when the folder was listed."""
        self.hook(self.name, what)
        if path not in self.boxes or self.looked.get(path) != self.boxes[path].validity:
            raise Changed(f"{what}: the folder's UIDVALIDITY is another one")
        return self.boxes[path].mails

    def details(self, path: Path, uids: Sequence[str]) -> dict[str, Note]:
        return {}

    def facts(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        mails = self.same(path, "facts")
        return {uid: Facts(message_id(mails[int(uid)].data), len(mails[int(uid)].data))
                for uid in uids if int(uid) in mails}

    def digests(self, path: Path, uids: Sequence[str]) -> dict[str, Facts]:
        mails = self.same(path, "digests")
        return {uid: facts_of(mails[int(uid)].data) for uid in uids if int(uid) in mails}

    def parcels(self, path: Path, uids: Sequence[str]) -> Iterator[Parcel]:
        for uid in uids:
            mail = self.same(path, "parcel").get(int(uid))
            if mail is not None:
                yield Parcel(uid, mail.data)

    def keys(self, path: Path, number: int) -> list[str]:
        return [""] * number

    def append(self, path: Path, parcels: Sequence[Parcel], keys: Sequence[str]) -> list[str]:
        made = []
        for parcel in parcels:
            self.same(path, "append")
            made.append(self.deliver(path, parcel.data, parcel.flags))
        self.same(path, "appended")
        return made if self.tells else [""] * len(made)

    def store(self, path: Path,
              changes: Mapping[str, tuple[frozenset[str], frozenset[str]]]) -> None:
        for uid, (add, remove) in changes.items():
            mail = self.same(path, "store").get(int(uid))
            if mail is not None:
                mail.flags = (mail.flags | add) - remove
        self.hook(self.name, "stored")

    def expunge(self, path: Path, uids: Sequence[str]) -> None:
        for uid in uids:
            self.same(path, "expunge").pop(int(uid), None)
        self.hook(self.name, "expunged")

    def duplicate(self, source: Path, uid: str, target: Path, key: str,
                  flags: frozenset[str]) -> str | None:
        mail = self.same(source, "duplicate").get(int(uid))
        self.same(target, "duplicate")
        if mail is None or not self.names:
            return None
        made = self.deliver(target, mail.data, flags, mail.same)
        self.same(target, "duplicated")
        return made if self.tells else ""

    def newer(self, uid: str, mark: str) -> bool:
        return int(uid) >= int(mark or 0)
