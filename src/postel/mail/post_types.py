"""Mail behind one face: where it is, folders, messages as lists show them. Grammar: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ..errors import UsageError
from ..messages.addresses import Address, Group
from ..messages.parsed import parse
from ..messages.threads import Thread, ThreadEntry, Threads
from ..urls import URL, quote
from ..urls import parse as parse_url

__all__ = ["FolderView", "Summary", "Where", "parse_where", "saved_by_itself", "summary_of",
           "threads_of", "to_imap", "to_words"]

Kind = Literal["imap", "pop3", "disk", "account"]

_DISK = ("maildir", "mbox", "mh", "mmdf", "babyl", "eml", "box")
_WORDS = {"\\seen": "seen", "\\answered": "answered", "\\flagged": "flagged", "\\draft": "draft",
          "\\deleted": "deleted", "$forwarded": "forwarded", "\\forwarded": "forwarded"}
_IMAP = {"seen": "\\Seen", "answered": "\\Answered", "flagged": "\\Flagged", "draft": "\\Draft",
         "deleted": "\\Deleted", "forwarded": "$Forwarded"}


@dataclass(frozen=True, slots=True)
class Where:
    """Where mail is, as people write it.

    Args:
        kind: ``"account"``, ``"imap"``, ``"pop3"`` or ``"disk"``.
        account: its name; "" with the others.
        url: of the server, without the folder.
        path: on this disk.
        folder: that is meant; "" for the inbox.
        box: the kind of mailbox on this disk; "" where it is to be found out.
    """

    kind: Kind
    account: str = ""
    url: URL | None = None
    path: str = ""
    folder: str = ""
    box: str = ""

    def __str__(self) -> str:
        if self.kind == "account":
            return f"{self.account}/{self.folder}" if self.folder else self.account
        if self.url is not None:
            return str(self.url.with_(path=f"/{quote(self.folder, '/')}"))
        return f"{self.box or 'box'}:{self.path}"


def parse_where(text: str) -> Where:
    """An account, ``ACCOUNT/FOLDER``, a URL, ``maildir:PATH``, ``mbox:PATH``, or a path.

    Raises:
        UsageError: it is none of them.

    Example:
        >>> found = parse_where("imaps://ann@mail.example.org/Work/2026")
        >>> str(found.url), found.folder
        ('imaps://ann@mail.example.org/', 'Work/2026')
        >>> parse_where("ann/Sent").folder, parse_where("mbox:old.mbox").path
        ('Sent', 'old.mbox')
    """
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in _DISK and not rest.startswith("//"):
        if not rest:
            raise UsageError(f"{text}: it names no path")
        return Where("disk", path=rest, box="" if scheme == "box" else scheme.lower())
    if colon and rest.startswith("//"):
        return _by_url(text)
    if text.startswith(("/", "./", "../", "~/")) or text in (".", ".."):
        return Where("disk", path=text)
    account, _, folder = text.partition("/")
    if not account:
        raise UsageError("whose mail?", hint="an account, or imaps://ann@mail.example.org/INBOX")
    return Where("account", account, folder=folder)


def _by_url(text: str) -> Where:
    url = parse_url(text)
    kinds: dict[str, Kind] = {"imap": "imap", "imaps": "imap", "pop3": "pop3", "pop3s": "pop3"}
    kind = kinds.get(url.scheme)
    if kind is None:
        raise UsageError(f"{url}: mail is not read by {url.scheme}",
                         hint="imaps://, imap://, pop3s://, pop3://, maildir:PATH, mbox:PATH")
    folder = "/".join(url.segments).strip("/")
    if kind == "pop3" and folder:
        raise UsageError(f"{url}: POP3 has no folders", hint="leave the path out")
    return Where(kind, url=url.with_(path="/", query=None, fragment=None), folder=folder)


@dataclass(frozen=True, slots=True)
class FolderView:
    """A folder.

    Args:
        name: as people read it.
        role: what it is for: ``inbox``, ``sent``, ``trash`` …, or "".
        messages: how many there are; None where that is not told.
        unread: how many of them nobody has read.
        size: of all together, in bytes.
        holds: whether messages can be in it.
    """

    name: str
    role: str = ""
    messages: int | None = None
    unread: int | None = None
    size: int | None = None
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Summary:
    """A message as a list shows it.

    Args:
        key: its name in the folder: the UID, the number (POP3), the mailbox's own key.
        date: when it was written; None where it does not say.
        arrived: when it came.
        from_: who wrote it.
        to: to whom it goes.
        cc: who gets a copy.
        subject: decoded.
        flags: ``seen answered flagged draft deleted forwarded``, and keywords.
        size: in bytes; None where that is not told.
        message_id: without angle brackets.
        references: what it refers to, the nearest last.
        automated: whether a machine wrote it.
        folder: where it is.
    """

    key: str
    date: datetime | None = None
    arrived: datetime | None = None
    from_: tuple[Address | Group, ...] = ()
    to: tuple[Address | Group, ...] = ()
    cc: tuple[Address | Group, ...] = ()
    subject: str = ""
    flags: frozenset[str] = field(default_factory=frozenset)
    size: int | None = None
    message_id: str = ""
    references: tuple[str, ...] = ()
    automated: bool = False
    folder: str = ""

    @property
    def author(self) -> str:
        """Who wrote it, as a line shows that."""
        for one in self.from_:
            return one.name or (one.address if isinstance(one, Address) else "")
        return ""

    @property
    def moment(self) -> datetime | None:
        """When it was written, or else came."""
        return self.date or self.arrived

    def entry(self) -> ThreadEntry[Summary]:
        """What joining conversations needs."""
        people = frozenset(one.address.lower() for group in (self.from_, self.to, self.cc)
                           for one in group if isinstance(one, Address) and one.address)
        return ThreadEntry(self, self.message_id, self.references, self.subject, self.moment,
                           people, self.automated)


def summary_of(key: str, header: bytes, *, flags: Iterable[str] = (), size: int | None = None,
               arrived: datetime | None = None, folder: str = "") -> Summary:
    """A message as a list shows it, from its header.

    Args:
        key: its name in the folder.
        header: or all of the message.
        flags: as words.
        size: in bytes.
        arrived: when it came.
        folder: where it is.

    Example:
        >>> one = summary_of("7", b"From: Ann <ann@example.org>\\r\\nSubject: Hi\\r\\n\\r\\n")
        >>> one.author, one.subject
        ('Ann', 'Hi')
    """
    read = parse(header)
    entry = ThreadEntry.of(0, read)
    return Summary(key, read.date, arrived, tuple(read.from_), tuple(read.to), tuple(read.cc),
                   read.subject, frozenset(flags), size, read.message_id, entry.references,
                   entry.automated, folder)


def threads_of(summaries: Iterable[Summary]) -> list[Thread[Summary]]:
    """Conversations, the one that was last written in at the end."""
    threads: Threads[Summary] = Threads()
    for one in summaries:
        threads.add(one.entry())
    return sorted(threads.threads(), key=_last)


def _last(thread: Thread[Summary]) -> float:
    moments = [one.date.timestamp() for one in thread.entries if one.date is not None]
    return max(moments, default=0.0)


def to_words(flags: Iterable[str]) -> frozenset[str]:
    """Flags of IMAP as words.

    Example:
        >>> sorted(to_words(["\\\\Seen", "\\\\Recent", "$Forwarded", "work"]))
        ['forwarded', 'seen', 'work']
    """
    return frozenset(_WORDS.get(one.lower(), one) for one in flags if one.lower() != "\\recent")


def to_imap(words: Iterable[str]) -> list[str]:
    """Words as flags of IMAP.

    Example:
        >>> to_imap(["seen", "work"])
        ['\\\\Seen', 'work']
    """
    return [_IMAP.get(one.lower(), one) for one in words if one.lower() != "old"]


def saved_by_itself(host: str) -> bool:
    """Whether a provider files what is sent by itself: a second copy would stand beside it.

    Example:
        >>> saved_by_itself("imap.gmail.com"), saved_by_itself("mail.example.org")
        (True, False)
    """
    return host.endswith((".gmail.com", ".googlemail.com", ".office365.com", ".outlook.com"))
