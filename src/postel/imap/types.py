"""What users of IMAP hold in their hands: results with real types. Pure.

Where a server said nothing, a number is None, a text is empty and a set has nothing in it;
`Fetched.items` and `Status.told` say what it did say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from .envelope import Envelope
from .sequence import NumberSet
from .state import Changes, State
from .structure import Structure

__all__ = [
    "Acl", "Appended", "Changes", "Copied", "Envelope", "Fetched", "Folder", "Found", "Identity",
    "ListRights", "Metadata", "Namespace", "Namespaces", "NumberSet", "Progress", "Quota",
    "QuotaRoot", "Resource", "Selected", "State", "Status", "Structure", "Thread", "Vanished",
]


@dataclass(frozen=True, slots=True)
class Status:
    """What STATUS tells of a folder; None is what it does not tell.

    Args:
        messages: how many there are.
        unseen: of them without the flag Seen.
        recent: of them new to this session (not in IMAP4rev2).
        deleted: of them marked to be expunged (RFC 9051).
        size: of all together in bytes (RFC 8438).
        uidnext: the least UID that the next message may get.
        uidvalidity: as long as it stays, UIDs mean the same messages.
        highestmodseq: of the folder (RFC 7162).
        mailbox_id: that stays when the folder is renamed (RFC 8474).
        append_limit: bytes of the largest message it takes (RFC 7889).
        deleted_storage: bytes that an expunge would free (RFC 9208).
        told: names of what the server told, in capitals.
    """

    messages: int | None = None
    unseen: int | None = None
    recent: int | None = None
    deleted: int | None = None
    size: int | None = None
    uidnext: int | None = None
    uidvalidity: int | None = None
    highestmodseq: int | None = None
    mailbox_id: str = ""
    append_limit: int | None = None
    deleted_storage: int | None = None
    told: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Folder:
    """A mailbox on the server.

    Args:
        name: as people read it.
        delimiter: between the levels of its name; "" where there are none.
        attributes: as ``\\HasChildren``, in their own spelling.
        role: what it is for: ``inbox``, ``sent``, ``trash`` …, or "".
        raw: its name on the wire, which is sent back byte for byte.
        status: if it was asked for (LIST-STATUS, RFC 5819).
        child_info: why it is listed though it does not match: ``SUBSCRIBED`` (RFC 5258).
        old_name: what it was called before (RFC 9051 section 6.3.9.7).
        rights: one's own, if they were asked for (LIST-MYRIGHTS, RFC 8440).
        metadata: if it was asked for (LIST-METADATA, RFC 9590).
    """

    name: str
    delimiter: str = "/"
    attributes: frozenset[str] = frozenset()
    role: str = ""
    raw: bytes = b""
    status: Status | None = None
    child_info: frozenset[str] = frozenset()
    old_name: str = ""
    rights: frozenset[str] | None = None
    metadata: Mapping[str, bytes | None] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    @property
    def is_selectable(self) -> bool:
        """Whether messages can be in it."""
        return not self.attributes & {"\\Noselect", "\\NonExistent", "\\NoAccess"}

    @property
    def is_subscribed(self) -> bool:
        """Whether the server said that it is subscribed to."""
        return "\\Subscribed" in self.attributes

    @property
    def path(self) -> tuple[str, ...]:
        """Its name by levels."""
        return tuple(self.name.split(self.delimiter)) if self.delimiter else (self.name,)


@dataclass(frozen=True, slots=True)
class Selected:
    """The folder that was opened.

    Args:
        name: as people read it.
        exists: how many messages there are.
        recent: of them new to this session; 0 in IMAP4rev2.
        unseen: number of the first message without the flag Seen, if it was told.
        uidvalidity: as long as it stays, UIDs mean the same messages; None: there are none to keep.
        uidnext: the least UID that the next message may get.
        highestmodseq: None where the folder keeps none (NOMODSEQ, RFC 7162).
        flags: that are in use.
        permanent_flags: that can be stored; ``\\*``: new words, too.
        mailbox_id: that stays when the folder is renamed (RFC 8474).
        read_only: whether nothing can be changed.
        uids_stay: False where UIDs are good for this session only (UIDNOTSTICKY).
        vanished: UIDs that are gone since (QRESYNC).
        changed: messages that changed since (QRESYNC).
        raw: its name on the wire.
    """

    name: str
    exists: int = 0
    recent: int = 0
    unseen: int | None = None
    uidvalidity: int | None = None
    uidnext: int | None = None
    highestmodseq: int | None = None
    flags: frozenset[str] = frozenset()
    permanent_flags: frozenset[str] = frozenset()
    mailbox_id: str = ""
    read_only: bool = False
    uids_stay: bool = True
    vanished: NumberSet = field(default_factory=NumberSet)
    changed: tuple[Fetched, ...] = ()
    raw: bytes = b""


@dataclass(frozen=True)
class Fetched:
    """What was fetched of one message, or what the server told of it unasked.

    Args:
        number: of the message in the folder; 0 where numbers are not used (RFC 9586).
        uid: 0 where it was not told.
        items: names of what was told, in capitals, as ``("UID", "FLAGS")``.
        flags: in their own spelling; look into `items` to tell "no flags" from "not told".
        internal_date: when it came into the folder, as the server has it.
        size: in bytes.
        modseq: of its last change (RFC 7162).
        envelope: of it.
        structure: of it.
        preview: its first words (RFC 8970); None: not told, or not made yet.
        email_id: that stays with its content (RFC 8474; Gmail: X-GM-MSGID).
        thread_id: of the conversation (RFC 8474; Gmail: X-GM-THRID).
        save_date: when it was put into this folder (RFC 8514).
        labels: Gmail's.
        bodies: by section, as ``""``, ``"1.2"``, ``"HEADER"``, ``"1<0>"``.
        binaries: decoded by the server, by section (RFC 3516).
        binary_sizes: of decoded parts, by section.
        annotations: what else was told, by name, as it came.
    """

    number: int = 0
    uid: int = 0
    items: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    internal_date: datetime | None = None
    size: int | None = None
    modseq: int | None = None
    envelope: Envelope | None = None
    structure: Structure | None = None
    preview: str | None = None
    email_id: str = ""
    thread_id: str = ""
    save_date: datetime | None = None
    labels: frozenset[str] = frozenset()
    bodies: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    binaries: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    binary_sizes: Mapping[str, int] = field(default_factory=dict)
    annotations: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Args:
        numbers: UIDs, or numbers where `uids` is False; of a sort in its order.
        uids: which of them.
        count: how many there are, also where they are not listed (RFC 4731).
        least: the first.
        greatest: the last.
        modseq: the highest of them (RFC 7162).
        folder: which one it is about (RFC 7377); "" for the one that is open.
        uidvalidity: of that folder.
        tag: of the command that it answers (RFC 4466).
        added: places and numbers that came into the result (CONTEXT, RFC 5267).
        removed: places and numbers that left it.
        part: which piece of the result this is, as ``"1:100"`` (PARTIAL, RFC 9394).
        relevancy: of each number, 1 to 100 (FUZZY, RFC 6203).
    """

    numbers: tuple[int, ...] = ()
    uids: bool = False
    count: int | None = None
    least: int | None = None
    greatest: int | None = None
    modseq: int | None = None
    folder: str = ""
    uidvalidity: int | None = None
    tag: str = ""
    added: tuple[tuple[int, NumberSet], ...] = ()
    removed: tuple[tuple[int, NumberSet], ...] = ()
    part: str = ""
    relevancy: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation: messages that each answer the one before, then branches.

    Args:
        numbers: UIDs or numbers, each the answer to the one before it; none where the first
            message of the branches is not there.
        branches: answers to the last of them, each a thread of its own.
    """

    numbers: tuple[int, ...] = ()
    branches: tuple[Thread, ...] = ()

    def __iter__(self) -> Iterator[int]:
        """All its messages, in order."""
        left = [self]
        while left:
            thread = left.pop()
            yield from thread.numbers
            left += reversed(thread.branches)


@dataclass(frozen=True, slots=True)
class Vanished:
    """Messages that are gone (RFC 7162 section 3.2.10).

    Args:
        uids: of them.
        earlier: whether it tells what was known before: no message numbers change.
    """

    uids: NumberSet
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Copied:
    """Where copied or moved messages are now (RFC 4315).

    Args:
        uidvalidity: of the folder that they are in.
        mapping: UID there by UID here; None where the server did not tell.
    """

    uidvalidity: int | None = None
    mapping: Mapping[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an appended message is now (RFC 4315).

    Args:
        uidvalidity: of the folder.
        uid: there; None where the server did not tell.
        uids: of several that were appended at once.
    """

    uidvalidity: int | None = None
    uid: int | None = None
    uids: tuple[int, ...] = ()


class Resource(NamedTuple):
    """One limit of a quota: STORAGE counts units of 1,024 bytes, MESSAGE messages."""

    name: str
    usage: int
    limit: int


@dataclass(frozen=True, slots=True)
class Quota:
    """The limits of a quota root (RFC 9208)."""

    root: str
    resources: tuple[Resource, ...] = ()

    def __getitem__(self, name: str) -> Resource:
        for one in self.resources:
            if one.name == name.upper():
                return one
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class QuotaRoot:
    """Which quotas a folder counts against."""

    folder: str
    roots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Acl:
    """Who may do what in a folder (RFC 4314): sets of letters by identifier.

    Example:
        >>> "w" in Acl("Sales", {"ann": frozenset("lrsw")}).rights["ann"]
        True
    """

    folder: str
    rights: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListRights:
    """Which rights somebody can be given (RFC 4314 section 3.7).

    Args:
        folder: it is about.
        identifier: whom it is about.
        required: what they always have.
        optional: sets of letters that are given only together.
    """

    folder: str
    identifier: str
    required: frozenset[str] = frozenset()
    optional: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """Annotations of a folder, or of the server where `folder` is "" (RFC 5464).

    Args:
        folder: it is about.
        entries: values by name; None: there is none.
        changed: names alone, when the server tells that something changed.
    """

    folder: str
    entries: Mapping[str, bytes | None] = field(default_factory=dict)
    changed: tuple[str, ...] = ()


class Namespace(NamedTuple):
    """Where a kind of folders lives: the prefix of their names, and the delimiter of levels."""

    prefix: str
    delimiter: str


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Where folders live (RFC 2342): one's own, other people's, and shared ones."""

    personal: tuple[Namespace, ...] = ()
    others: tuple[Namespace, ...] = ()
    shared: tuple[Namespace, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """What a server says it is (RFC 2971): as ``{"name": "Dovecot"}``."""

    fields: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join(self.fields[key] for key in ("name", "version") if self.fields.get(key))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long command has come (INPROGRESS, RFC 9585).

    Args:
        tag: of the command.
        done: of its steps; None where nobody knows.
        total: of its steps.
    """

    tag: str = ""
    done: int | None = None
    total: int | None = None
