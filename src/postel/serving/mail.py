"""Mailboxes as the lab's mail servers see them: in memory, or a Maildir."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..mailboxes.maildir import Maildir

__all__ = ["MaildirBox", "MemoryBox", "ServedMailbox", "Stored"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A message in a mailbox: its lasting name and its bytes, lines ended by CRLF."""

    uidl: str
    data: bytes

    @property
    def size(self) -> int:
        """In bytes, as sent."""
        return len(self.data)


class ServedMailbox(Protocol):
    """What a mail server needs of a mailbox."""

    locked: bool

    def messages(self) -> list[Stored]:
        """All messages, oldest first."""

    def delete(self, uidls: Iterable[str]) -> None:
        """Remove these for good."""

    def add(self, data: bytes) -> str:
        """Take a message in; return its name."""


class MemoryBox:
    """A mailbox that is gone with its server.

    Example:
        >>> box = MemoryBox([b"Subject: hello\\r\\n\\r\\nhi\\r\\n"])
        >>> [message.size for message in box.messages()]
        [22]
    """

    def __init__(self, messages: Iterable[bytes] = ()) -> None:
        self.locked = False
        self._messages: dict[str, Stored] = {}
        self._count = 0
        for data in messages:
            self.add(data)

    def messages(self) -> list[Stored]:
        """All messages, oldest first."""
        return list(self._messages.values())

    def delete(self, uidls: Iterable[str]) -> None:
        """Remove these for good."""
        for uidl in uidls:
            self._messages.pop(uidl, None)

    def add(self, data: bytes) -> str:
        """Take a message in; line ends become CRLF."""
        self._count += 1
        data = crlf(data)
        uidl = f"{self._count:06d}-{hashlib.sha256(data).hexdigest()[:16]}"
        self._messages[uidl] = Stored(uidl, data)
        return uidl


class MaildirBox:
    """A Maildir on disk, as other programs see it too."""

    def __init__(self, path: Path | str) -> None:
        self.locked = False
        self._maildir = Maildir(path)
        self._maildir.create()

    def messages(self) -> list[Stored]:
        """All messages, by name, which is by time of delivery."""
        found = sorted(self._maildir, key=lambda message: message.key)
        return [Stored(message.key, crlf(message.read())) for message in found]

    def delete(self, uidls: Iterable[str]) -> None:
        """Remove these for good."""
        for uidl in uidls:
            self._maildir.remove(uidl)

    def add(self, data: bytes) -> str:
        """Take a message in."""
        return self._maildir.append(crlf(data))


def crlf(data: bytes) -> bytes:
    """*data* with every line end as CRLF."""
    if data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r"):
        return data
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
