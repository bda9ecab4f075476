"""What a store of mail is made of: messages, folders, what happens to them, and who keeps them.

Service data, without sockets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ..messages import Parsed, parse

if TYPE_CHECKING:
    from .mail_store import MailStore

__all__ = ["Event", "Folder", "Keeper", "Message"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened.

    Args:
        kind: ``"messages"``, ``"flags"``, ``"created"``, ``"deleted"``, ``"renamed"``,
            ``"subscribed"`` or ``"metadata"``.
        folder: where.
        old: its name before, if it was renamed.
    """

    kind: str
    folder: str
    old: str = ""


class Message:
    """A message in a folder.

    Attributes:
        uid: its number in the folder, for ever.
        flags: those with a backslash and keywords, as they were first written.
        date: when it arrived.
        modseq: of its last change.
        saved: when it was put into this folder (RFC 8514).
        email_id: the same for every copy of it (RFC 8474).
        size: in bytes.
    """

    __slots__ = ("_data", "_load", "_parsed", "_uidl", "date", "email_id", "flags", "modseq",
                 "saved", "size", "thread_id", "uid")

    def __init__(
        self, uid: int, data: bytes | None, *, flags: frozenset[str], date: datetime,
        saved: datetime, email_id: str, modseq: int = 1, size: int | None = None,
        load: Callable[[], bytes] | None = None,
    ) -> None:
        self.uid, self._data, self._load = uid, data, load
        self.flags, self.date, self.saved = flags, date, saved
        self.email_id, self.modseq = email_id, modseq
        self.size = size if size is not None else len(self.data)
        self.thread_id = ""
        self._uidl = ""
        self._parsed: Parsed | None = None

    @property
    def data(self) -> bytes:
        """All of it, lines ended by CRLF."""
        if self._data is not None:
            return self._data
        return self._load() if self._load is not None else b""

    @property
    def parsed(self) -> Parsed:
        """It, read."""
        if self._data is None:
            return parse(self.data)
        if self._parsed is None:
            self._parsed = parse(self._data)
        return self._parsed

    @property
    def uidl(self) -> str:
        """Its name for POP3."""
        if not self._uidl:
            digest = hashlib.sha256(self.data).hexdigest()
            self._uidl = f"{self.uid:06d}-{digest[:16]}"
        return self._uidl

    def forget_data(self, load: Callable[[], bytes]) -> None:
        """Hold the bytes no longer: *load* brings them."""
        self._data, self._parsed, self._load = None, None, load

    def __repr__(self) -> str:
        return f"<Message {self.uid}, {self.size} bytes, {' '.join(sorted(self.flags))}>"


@dataclass(eq=False)
class Folder:
    """A folder.

    Attributes:
        name: with the store's delimiter.
        uidvalidity: changes when its UIDs begin anew.
        uidnext: the next UID.
        modseq: the highest of all changes.
        messages: by UID, upwards.
        vanished: mod-sequences and UIDs of what was removed.
        forgotten: the mod-sequence below which `vanished` is not complete.
        attributes: as ``"\\\\Sent"``, ``"\\\\Noselect"``.
        subscribed: whether someone wants to see it.
        mailbox_id: the same when it is renamed (RFC 8474).
        metadata: annotations (RFC 5464).
        acl: rights by user, besides the owner's (RFC 4314).
        recent_from: messages from this UID on were seen by no session.
    """

    name: str
    uidvalidity: int
    mailbox_id: str
    uidnext: int = 1
    modseq: int = 1
    messages: dict[int, Message] = field(default_factory=dict)
    vanished: list[tuple[int, int]] = field(default_factory=list)
    forgotten: int = 0
    attributes: set[str] = field(default_factory=set)
    subscribed: bool = True
    metadata: dict[str, bytes] = field(default_factory=dict)
    acl: dict[str, str] = field(default_factory=dict)
    recent_from: int = 1

    @property
    def selectable(self) -> bool:
        """Whether it can hold messages."""
        return not self.attributes & {"\\Noselect", "\\NonExistent"}

    @property
    def size(self) -> int:
        """Bytes of all its messages."""
        return sum(message.size for message in list(self.messages.values()))

    @property
    def keywords(self) -> list[str]:
        """All flags without a backslash that are in use."""
        found = {flag for message in list(self.messages.values()) for flag in message.flags}
        return sorted(flag for flag in found if not flag.startswith("\\"))

    def gone_since(self, modseq: int) -> list[int]:
        """UIDs of what was removed after *modseq*, and maybe of more."""
        if modseq < self.forgotten:
            return [uid for uid in range(1, self.uidnext) if uid not in self.messages]
        return sorted(uid for when, uid in self.vanished if when > modseq)


class Keeper(Protocol):
    """Where a store's messages lie for longer than its server runs."""

    def load(self, store: MailStore) -> None:
        """Fill *store* with what is there."""

    def added(self, folder: Folder, message: Message, data: bytes) -> None:
        """A message came; it must be safe when this returns."""

    def flagged(self, folder: Folder, messages: Iterable[Message]) -> None:
        """Flags changed."""

    def removed(self, folder: Folder, uids: Iterable[int]) -> None:
        """Messages are gone for good."""

    def changed(self, folder: Folder, old: str = "") -> None:
        """A folder was made, renamed from *old*, or something about it changed."""

    def dropped(self, folder: Folder) -> None:
        """A folder is gone with all in it."""
