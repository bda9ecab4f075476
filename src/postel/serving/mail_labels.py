"""A store whose folders are labels of one set of messages, as Gmail's are.

Service data. Every message is in All Mail; each label it has is a folder where it can be seen too,
with the same flags. Removing it from a folder takes that label away. What is put into Trash or
Spam leaves all other folders; only there can it be removed for good.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from .mail_store import Folder, MailStore, Message

__all__ = ["ALL", "SPAM", "STARRED", "TRASH", "LabelStore"]

ALL, TRASH, SPAM = "[Gmail]/All Mail", "[Gmail]/Trash", "[Gmail]/Spam"
STARRED = "[Gmail]/Starred"


class LabelStore(MailStore):
    """All folders of one user, as labels.

    Example:
        >>> store = LabelStore("alice", folders=[(ALL, ()), (TRASH, ()), (SPAM, ())])
        >>> message = store.append("INBOX", b"Subject: hello\\r\\n\\r\\nhi\\r\\n")
        >>> len(store[ALL].messages), sorted(store.places(message.email_id))
        (1, ['INBOX', '[Gmail]/All Mail'])
    """

    _index: dict[str, dict[str, int]] | None = None

    def places(self, email_id: str) -> dict[str, int]:
        """Where a message is: UIDs by folder."""
        with self.lock:
            if self._index is None:
                self._index = {}
                for name, folder in self.folders.items():
                    for uid, one in folder.messages.items():
                        self._index.setdefault(one.email_id, {})[name] = uid
            return dict(self._index.get(email_id, {}))

    def _put(self, folder: Folder, message: Message, data: bytes) -> None:
        super()._put(folder, message, data)
        if self._index is not None:
            self._index.setdefault(message.email_id, {})[folder.name] = message.uid

    def rename(self, old: str, new: str) -> None:
        """A label gets another name."""
        super().rename(old, new)
        self._index = None

    def renumber(self, name: str = "INBOX") -> int:
        """A new UIDVALIDITY, with all UIDs given anew."""
        try:
            return super().renumber(name)
        finally:
            self._index = None

    def append(
        self, name: str, data: bytes, *, flags: Iterable[str] = (), date: datetime | None = None,
        email_id: str = "", saved: datetime | None = None,
    ) -> Message:
        """Put a message into a folder, and into All Mail."""
        name = self.named(name)
        with self.lock:
            there = self._there(name, email_id) if email_id else None
            if there is not None:
                return there
            message = super().append(name, data, flags=flags, date=date, email_id=email_id,
                                     saved=saved)
            if name in (TRASH, SPAM):
                self._only_in(name, message.email_id)
                return message
            if name != ALL and ALL in self.folders and (
                    self._there(ALL, message.email_id) is None):
                super().append(ALL, data, flags=message.flags, date=message.date,
                               email_id=message.email_id, saved=saved)
            if "\\Flagged" in message.flags:
                self._star(message)
        return message

    def _there(self, name: str, email_id: str) -> Message | None:
        uid = self.places(email_id).get(name)
        return self.folders[name].messages.get(uid) if uid is not None else None

    def _only_in(self, name: str, email_id: str) -> None:
        for place, uid in self.places(email_id).items():
            if place != name:
                self._take(self.folders[place], [uid])

    def _take(self, folder: Folder, uids: Iterable[int]) -> list[int]:
        """Remove messages from one folder."""
        with self.lock:
            ids = {uid: folder.messages[uid].email_id for uid in uids if uid in folder.messages}
            gone = super().expunge(folder, ids)
            if self._index is not None:
                for uid in gone:
                    self._index.get(ids[uid], {}).pop(folder.name, None)
        return gone

    def _star(self, message: Message) -> None:
        """Flagged messages are in Starred, and no others."""
        if STARRED not in self.folders:
            return
        there = self._there(STARRED, message.email_id)
        if "\\Flagged" in message.flags and there is None:
            super().append(STARRED, message.data, flags=message.flags, date=message.date,
                           email_id=message.email_id)
        elif "\\Flagged" not in message.flags and there is not None:
            self._take(self.folders[STARRED], [there.uid])

    def set_flags(self, folder: Folder, uid: int, flags: frozenset[str]) -> bool:
        """Give a message these flags, wherever it is; \\\\Deleted is the folder's own."""
        with self.lock:
            message = folder.messages.get(uid)
            if not super().set_flags(folder, uid, flags) or message is None:
                return False
            shared = flags - {"\\Deleted"}
            for place, other in self.places(message.email_id).items():
                if place != folder.name:
                    there = self.folders[place]
                    own = there.messages[other].flags & {"\\Deleted"}
                    super().set_flags(there, other, shared | own)
            self._star(message)
        return True

    def expunge(self, folder: Folder, uids: Iterable[int]) -> list[int]:
        """Take this label away; from All Mail nothing goes but by way of Trash."""
        if folder.name == ALL:
            return []
        return self._take(folder, uids)

    def move(self, source: Folder, uids: Iterable[int], target: Folder) -> list[tuple[int, int]]:
        """`copy` and `expunge`, in one."""
        uids = list(uids)
        with self.lock:
            pairs = self.copy(source, uids, target)
            if source.name != target.name:
                self.expunge(source, [old for old, _ in pairs])
        return pairs
