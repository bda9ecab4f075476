"""The mail of one user: folders with UIDs, flags and their history, for every server of the lab.

Service data, without sockets. One store stands behind SMTP, POP3 and IMAP: what one brings in, the
others see. A UID is given once and never again while the folder's UIDVALIDITY is the same; every
change gets the next mod-sequence (RFC 7162); what was removed is remembered, so that a client that
was away can be told. A store may be changed from any thread.

Where its messages lie is a `Keeper`'s affair: in memory alone, in SQLite, or in a Maildir.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from ..errors import AlreadyExists, NoSpace, NotFound, UsageError
from .mail import crlf
from .mail_folder import Event, Folder, Keeper, Message

__all__ = ["Event", "Folder", "Keeper", "MailStore", "Message"]

MOST_VANISHED = 100_000
"""Removed messages that a folder remembers; who asks for older ones is told of all that is gone."""

_DEEPEST = 50
_LONGEST_NAME = 1_000


class MailStore:
    """All folders of one user.

    Args:
        user: whose.
        delimiter: between the levels of names.
        folders: names and attributes of those that are there besides INBOX.
        keeper: what keeps it; None for memory alone.

    Attributes:
        folders: by name.
        quota: bytes that may be kept; None for any.
        metadata: annotations of the account.

    Example:
        >>> store = MailStore("alice")
        >>> message = store.append("INBOX", b"Subject: hello\\r\\n\\r\\nhi\\r\\n")
        >>> message.uid, store["INBOX"].uidnext, store["inbox"].modseq
        (1, 2, 2)
    """

    def __init__(
        self, user: str = "", *, delimiter: str = "/",
        folders: Iterable[tuple[str, tuple[str, ...]]] = (), keeper: Keeper | None = None,
    ) -> None:
        self.user, self.delimiter = user, delimiter
        self.folders: dict[str, Folder] = {}
        self.quota: int | None = None
        self.metadata: dict[str, bytes] = {}
        self.lock = threading.RLock()
        self._keeper = keeper
        self._listeners: list[Callable[[Event], None]] = []
        self._validity = int(datetime.now(UTC).timestamp())
        self._threaded: dict[str, str] = {}
        self._quiet: set[int] = set()
        if keeper is not None:
            keeper.load(self)
        for name, attributes in (("INBOX", ()), *folders):
            if name not in self.folders:
                self._make(name, set(attributes))

    # -- folders ---------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Folder:
        """The folder of this name; INBOX in any case.

        Raises:
            NotFound: there is none.
        """
        found = self.folders.get(self.named(name))
        if found is None:
            raise NotFound(f"open {name}: there is no such folder")
        return found

    def named(self, name: str) -> str:
        """*name* as it is kept: INBOX, also as a beginning, in capitals."""
        head, sign, rest = name.partition(self.delimiter)
        return f"INBOX{sign}{rest}" if head.upper() == "INBOX" and head != "INBOX" else name

    def has(self, name: str) -> bool:
        """Whether there is such a folder, that can hold messages."""
        found = self.folders.get(self.named(name))
        return found is not None and found.selectable

    def create(self, name: str, attributes: Iterable[str] = ()) -> Folder:
        """A new folder, and those above it that are missing.

        Raises:
            AlreadyExists: it is there.
            UsageError: it cannot have this name.
        """
        name = self.named(name).removesuffix(self.delimiter)
        parts = name.split(self.delimiter)
        if not all(parts) or len(parts) > _DEEPEST or len(name) > _LONGEST_NAME:
            raise UsageError(f"create {name!r}: no name for a folder")
        with self.lock:
            if self.has(name):
                raise AlreadyExists(f"create {name}: it is there already")
            for depth in range(1, len(parts)):
                above = self.delimiter.join(parts[:depth])
                if above not in self.folders:
                    self._make(above, set())
            old = self.folders.get(name)
            if old is not None:
                old.attributes -= {"\\Noselect", "\\NonExistent"}
                self._keep_folder(old)
                return old
            return self._make(name, set(attributes))

    def _make(self, name: str, attributes: set[str]) -> Folder:
        folder = Folder(name, self.fresh_validity(), f"F{secrets.token_hex(8)}",
                        attributes=attributes)
        self.folders[name] = folder
        self._keep_folder(folder)
        self.tell(Event("created", name))
        return folder

    def restore(self, folder: Folder) -> None:
        """A keeper brings a folder that was there before."""
        self.folders[folder.name] = folder
        self._validity = max(self._validity, folder.uidvalidity)

    def fresh_validity(self) -> int:
        """A UIDVALIDITY that no folder had."""
        self._validity += 1
        return self._validity

    def refresh(self, folder: Folder) -> None:
        """Let the keeper look whether another program has changed a folder."""
        refresh = getattr(self._keeper, "refresh", None)
        if refresh is None:
            return
        with self.lock:
            changed = refresh(folder)
        if changed:
            self.tell(Event("messages", folder.name))

    def delete(self, name: str) -> None:
        """A folder, with its messages; one with others inside it stays, as their place alone.

        Raises:
            NotFound: there is none.
            UsageError: it is INBOX.
        """
        folder = self[name]
        if folder.name == "INBOX":
            raise UsageError("delete INBOX: it is always there")
        with self.lock:
            below = [one for one in self.folders
                     if one.startswith(folder.name + self.delimiter)]
            if below and not folder.selectable:
                raise UsageError(f"delete {folder.name}: there are folders in it")
            self.expunge(folder, list(folder.messages))
            if below:
                folder.attributes.add("\\Noselect")
                self._keep_folder(folder)
            else:
                del self.folders[folder.name]
                if self._keeper is not None:
                    self._keeper.dropped(folder)
        self.tell(Event("deleted", folder.name))

    def rename(self, old: str, new: str) -> None:
        """A folder, and those in it; of INBOX, its messages go to a new folder (RFC 9051 6.3.6).

        Raises:
            NotFound, AlreadyExists, UsageError: it cannot be.
        """
        folder, new = self[old], self.named(new).removesuffix(self.delimiter)
        if new in self.folders:
            raise AlreadyExists(f"rename {old} to {new}: it is there already")
        if new.startswith(folder.name + self.delimiter):
            raise UsageError(f"rename {old} to {new}: a folder cannot be inside itself")
        with self.lock:
            if folder.name == "INBOX":
                self.move(folder, list(folder.messages), self.create(new))
                return
            above = new.rpartition(self.delimiter)[0]
            if above and above not in self.folders:
                self.create(above)
            start, inside = len(folder.name), folder.name + self.delimiter
            names = [one for one in self.folders if one == folder.name or one.startswith(inside)]
            for name in names:
                moved = self.folders.pop(name)
                moved.name = new + name[start:]
                self.folders[moved.name] = moved
                if self._keeper is not None:
                    self._keeper.changed(moved, name)
        for name in names:
            self.tell(Event("renamed", new + name[start:], name))

    def subscribe(self, name: str, wanted: bool = True) -> None:
        """Whether it is shown to those who see a choice of folders.

        Raises:
            NotFound: there is no such folder.
        """
        folder = self[name]
        folder.subscribed = wanted
        self._keep_folder(folder)
        self.tell(Event("subscribed", folder.name))

    def renumber(self, name: str = "INBOX") -> int:
        """A new UIDVALIDITY, with all UIDs given anew, as after a repair of the server."""
        folder = self[name]
        with self.lock:
            messages = [(one, one.data) for one in folder.messages.values()]
            self._validity += 1
            folder.uidvalidity = max(self._validity, folder.uidvalidity + 1)
            folder.modseq += 1
            folder.messages = {}
            folder.vanished, folder.forgotten = [], 0
            if self._keeper is not None:
                self._keeper.dropped(folder)
                self._keeper.changed(folder)
            folder.uidnext = 1
            for message, data in messages:
                self._put(folder, Message(folder.uidnext, data, flags=message.flags,
                                          date=message.date, saved=message.saved,
                                          email_id=message.email_id, modseq=folder.modseq), data)
        self.tell(Event("messages", folder.name))
        return folder.uidvalidity

    # -- messages --------------------------------------------------------------------------

    def append(
        self, name: str, data: bytes, *, flags: Iterable[str] = (), date: datetime | None = None,
        email_id: str = "", saved: datetime | None = None,
    ) -> Message:
        """Put a message into a folder.

        Raises:
            NotFound: there is no such folder.
            NoSpace: the quota is used up.
        """
        folder, data = self[name], crlf(data)
        now = datetime.now(UTC).replace(microsecond=0)
        with self.lock:
            if self.quota is not None and self.used + len(data) > self.quota:
                raise NoSpace(f"put a message into {name}: the quota is used up")
            folder.modseq += 1
            message = Message(folder.uidnext, data, flags=frozenset(flags), date=date or now,
                              saved=saved or now, modseq=folder.modseq,
                              email_id=email_id or f"M{secrets.token_hex(8)}")
            self._put(folder, message, data)
        self.tell(Event("messages", folder.name))
        return message

    def _put(self, folder: Folder, message: Message, data: bytes) -> None:
        message.uid = folder.uidnext
        folder.uidnext += 1
        if self._keeper is not None:
            self._keeper.added(folder, message, data)
        folder.messages[message.uid] = message

    def set_flags(self, folder: Folder, uid: int, flags: frozenset[str]) -> bool:
        """Give a message these flags; False if it has them already, or is gone."""
        with self.lock:
            message = folder.messages.get(uid)
            if message is None or message.flags == flags:
                return False
            folder.modseq += 1
            message.flags, message.modseq = flags, folder.modseq
            if self._keeper is not None:
                self._keeper.flagged(folder, (message,))
        self.tell(Event("flags", folder.name))
        return True

    def expunge(self, folder: Folder, uids: Iterable[int]) -> list[int]:
        """Remove messages for good; returns which were there."""
        with self.lock:
            gone = [uid for uid in uids if uid in folder.messages]
            if not gone:
                return []
            folder.modseq += 1
            for uid in gone:
                del folder.messages[uid]
                folder.vanished.append((folder.modseq, uid))
            if len(folder.vanished) > MOST_VANISHED:
                rest = folder.vanished[-MOST_VANISHED // 2 :]
                folder.forgotten, folder.vanished = rest[0][0], rest
            if self._keeper is not None:
                self._keeper.removed(folder, gone)
        self.tell(Event("messages", folder.name))
        return gone

    def copy(self, source: Folder, uids: Iterable[int], target: Folder) -> list[tuple[int, int]]:
        """Copies with the same flags and dates; pairs of old and new UIDs."""
        pairs = list[tuple[int, int]]()
        with self.lock, self.together():
            for uid in uids:
                message = source.messages.get(uid)
                if message is not None:
                    made = self.append(target.name, message.data, flags=message.flags,
                                       date=message.date, email_id=message.email_id)
                    pairs.append((uid, made.uid))
        if pairs:
            self.tell(Event("messages", target.name))
        return pairs

    def move(self, source: Folder, uids: Iterable[int], target: Folder) -> list[tuple[int, int]]:
        """`copy` and `expunge`, in one."""
        with self.lock:
            pairs = self.copy(source, uids, target)
            self.expunge(source, [old for old, _ in pairs])
        return pairs

    @property
    def used(self) -> int:
        """Bytes of all messages."""
        return sum(folder.size for folder in list(self.folders.values()))

    def thread_id(self, message: Message) -> str:
        """What is the same for all messages of a conversation (RFC 8474)."""
        if not message.thread_id:
            with self.lock:
                self._thread(message)
        return message.thread_id

    def _thread(self, message: Message) -> None:
        read = message.parsed
        names = [one for one in (read.message_id, *read.references[-50:], *read.in_reply_to[:1])
                 if one]
        known = next((self._threaded[name] for name in names if name in self._threaded), "")
        message.thread_id = known or f"T{message.email_id[1:]}"
        for name in names:
            self._threaded.setdefault(name, message.thread_id)

    # -- who is told -----------------------------------------------------------------------

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Tell *listener* of everything, in the thread where it happens.

        Returns:
            what to call to end that.
        """
        with self.lock:
            self._listeners.append(listener)

        def end() -> None:
            with self.lock, contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return end

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Nobody is told of what this thread does in the block; tell them yourself."""
        me = threading.get_ident()
        outermost = me not in self._quiet
        self._quiet.add(me)
        try:
            yield
        finally:
            if outermost:
                self._quiet.discard(me)

    def tell(self, event: Event) -> None:
        """Tell all who listen."""
        if threading.get_ident() in self._quiet:
            return
        for listener in tuple(self._listeners):
            listener(event)

    def _keep_folder(self, folder: Folder) -> None:
        if self._keeper is not None:
            self._keeper.changed(folder)

    def keep(self, folder: Folder) -> None:
        """Something about the folder itself was changed: annotations, rights."""
        self._keep_folder(folder)
        self.tell(Event("metadata", folder.name))

    def close(self) -> None:
        """Let go of the files."""
        close = getattr(self._keeper, "close", None)
        if close is not None:
            close()
