"""The one face of all mailboxes on disk: `Box`, the messages in it, and their flags. Disk.

Every kind keeps flags in its own way: letters in file names (Maildir), fields in the header (mbox),
sequences in a file (MH), words before the message (Babyl). Here they are words, the same for all:

    seen  answered  flagged  draft  deleted  forwarded  old      and any other word: a keyword

``old`` says that a mail program has shown the message as new before (``O`` of mbox, ``cur`` of
Maildir).
"""

from __future__ import annotations

import abc
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ..errors import NotFound, NotSupported, UsageError
from . import Sync

__all__ = ["FLAGS", "KINDS", "Box", "Kind", "Letter", "Stored", "checked_flags"]

Kind = Literal["mboxrd", "mboxo", "mboxcl", "mboxcl2", "takeout", "mmdf", "babyl",
               "maildir", "mh", "eml"]
KINDS: tuple[Kind, ...] = ("mboxrd", "mboxo", "mboxcl", "mboxcl2", "takeout", "mmdf", "babyl",
                           "maildir", "mh", "eml")
FLAGS = frozenset({"seen", "answered", "flagged", "draft", "deleted", "forwarded", "old"})
LONGEST_KEYWORD = 200
MOST_KEYWORDS = 1_000


def checked_flags(flags: Iterable[str]) -> frozenset[str]:
    """The flags of a caller as a set.

    Raises:
        UsageError: one of them is empty, too long, or holds a control character.

    Example:
        >>> sorted(checked_flags(["seen", "To do"]))
        ['To do', 'seen']
    """
    if isinstance(flags, str):
        raise UsageError(f"flags {flags!r}: they are a list of words", hint=f"[{flags!r}]")
    made = frozenset(flags)
    for flag in made:
        if not flag or len(flag) > LONGEST_KEYWORD or not flag.isprintable():
            raise UsageError(f"flag {flag[:80]!r}: it is empty, too long or not printable")
    if len(made) > MOST_KEYWORDS:
        raise UsageError(f"{len(made)} flags on one message: at most {MOST_KEYWORDS}")
    return made


@dataclass(frozen=True)
class Letter:
    """A message on its way into a mailbox, with what the mailbox notes about it.

    Args:
        data: the message.
        flags: words of `FLAGS`, and keywords.
        sender: of the envelope, for kinds that keep it.
        date: when it was received; None where that is not known.
    """

    data: bytes
    flags: frozenset[str] = frozenset()
    sender: str = ""
    date: datetime | None = None


@dataclass(frozen=True)
class Stored(abc.ABC):
    """A message in a mailbox; nothing of it is decoded before it is asked for.

    Args:
        key: its name there. In kinds that are one file it is the offset, good until the next
            `Box.remove` or `Box.set_flags`; in folders it stays.
    """

    key: str
    box: Any = field(repr=False, compare=False)

    @property
    @abc.abstractmethod
    def flags(self) -> frozenset[str]:
        """Words of `FLAGS`, and keywords."""

    @property
    def sender(self) -> str:
        """The envelope's sender; "" where the kind does not keep it."""
        return ""

    @property
    @abc.abstractmethod
    def date(self) -> datetime | None:
        """When it was received, or None where that is not told."""

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """About how many bytes it has on disk; found without reading it."""

    @abc.abstractmethod
    def read(self) -> bytes:
        """The whole message.

        Raises:
            NotFound, Forbidden, TransferError: the disk refuses, or the message is gone.
        """

    @abc.abstractmethod
    def chunks(self) -> Iterator[bytes]:
        """The message piece by piece, for those that do not fit in memory."""

    def letter(self) -> Letter:
        """The message with all that is known about it, to put into another mailbox."""
        return Letter(self.read(), self.flags, self.sender, self.date)


class Box(abc.ABC):
    """A mailbox of any kind.

    Args:
        path: its file or folder.
        kind: see `KINDS`.
        sync: ``"each"``: what was appended is on the disk when the call returns; ``"never"``:
            leave it to the system. ``"batch"`` is as ``"each"``; `extend` syncs once anyway.

    Example:
        >>> import tempfile
        >>> from postel import mailboxes
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     box = mailboxes.open(f"{folder}/inbox", "mboxrd")
        ...     key = box.append(b"Subject: hi\\n\\nFrom me.\\n", flags=["seen"])
        ...     box = mailboxes.open(f"{folder}/inbox")
        ...     [(box.kind, sorted(one.flags), one.read()) for one in box]
        [('mboxrd', ['seen'], b'Subject: hi\\n\\nFrom me.\\n')]
    """

    read_only = False
    keeps_flags = True

    def __init__(self, path: str | os.PathLike[str], kind: Kind, *, sync: Sync = "each") -> None:
        self.path = Path(path)
        self.kind: Kind = kind
        self.sync: Sync = sync

    def __repr__(self) -> str:
        return f"<{self.kind} {str(self.path)!r}>"

    @abc.abstractmethod
    def __iter__(self) -> Iterator[Stored]: ...

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, key: str) -> Stored:
        """The message called *key*.

        Raises:
            NotFound: there is none.
        """
        for message in self:
            if message.key == key:
                return message
        raise NotFound(f"looking up message {key!r} in {self.path}: there is none")

    def append(
        self, data: bytes, *, flags: Iterable[str] = (), sender: str = "",
        date: datetime | None = None,
    ) -> str:
        """Add one message, locked and synced; return its key.

        Args:
            data: the message; every byte of it is kept.
            flags: words of `FLAGS`, and keywords.
            sender: of the envelope, for kinds that keep it.
            date: when it was received; None means now.

        Raises:
            UsageError: a flag cannot be kept.
            NotSupported: the kind is only read, or cannot hold these bytes.
            TryLater: another program keeps its lock.
            NotFound, Forbidden, NoSpace, TransferError: the disk refuses; nothing was added.
        """
        return self.extend([Letter(data, checked_flags(flags), sender, date)])[0]

    @abc.abstractmethod
    def extend(self, letters: Iterable[Letter]) -> list[str]:
        """Add many messages with one lock and one sync; return their keys.

        Raises as `append`. In kinds that are one file nothing was added after an error; in
        folders each message is there or not, and none in part.
        """

    @abc.abstractmethod
    def set_flags(self, flags: Mapping[str, Iterable[str]]) -> None:
        """Give each message, by its key, these flags instead of those it has.

        Raises:
            NotFound: there is no message of that key; nothing was changed.
            UsageError, NotSupported, TryLater, Forbidden, NoSpace, TransferError: as `append`.
        """

    @abc.abstractmethod
    def remove(self, keys: Iterable[str]) -> None:
        """Delete messages.

        Raises:
            NotFound: there is no message of that key; nothing was deleted.
            NotSupported, TryLater, Forbidden, NoSpace, TransferError: as `append`.
        """

    def folders(self) -> dict[str, Path]:
        """The mailboxes inside this one, by name with ``/`` between levels."""
        return {}

    def _writable(self, doing: str) -> None:
        if self.read_only:
            raise NotSupported(f"{doing} {self.path}: a {self.kind} mailbox is only read",
                               hint="convert it first")
