"""The INBOX of a store as POP3 and SMTP see it: names instead of UIDs, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from .mail import Stored
from .mail_store import MailStore

__all__ = ["InboxBox"]


class InboxBox:
    """The INBOX of *store*.

    Args:
        store: the user's mail.

    Example:
        >>> store = MailStore("alice")
        >>> box = InboxBox(store)
        >>> name = box.add(b"Subject: hello\\r\\n\\r\\nhi\\r\\n")
        >>> box.messages()[0].size, store["INBOX"].messages[1].size
        (22, 22)
    """

    def __init__(self, store: MailStore) -> None:
        self.store = store
        self.locked = False

    def messages(self) -> list[Stored]:
        """All messages, oldest first."""
        return [Stored(message.uidl, message.data)
                for message in list(self.store["INBOX"].messages.values())]

    def delete(self, uidls: Iterable[str]) -> None:
        """Remove these for good."""
        inbox, gone = self.store["INBOX"], set(uidls)
        self.store.expunge(inbox, [message.uid for message in list(inbox.messages.values())
                                   if message.uidl in gone])

    def add(self, data: bytes) -> str:
        """Take a message in; line ends become CRLF."""
        return self.store.append("INBOX", data).uidl
