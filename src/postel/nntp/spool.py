"""What the lab's news server serves: groups and articles in memory, from mbox files and spools.

Disk: plain blocking code. An article that is posted gets what it lacks (RFC 5537 section 3.5);
what is fed must have it. Numbers of a group only grow, and an article stands in each of its groups
that are carried here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ..errors import UsageError
from ..mailboxes.mbox import Mbox
from ..messages.dates import format_date
from ..messages.parsed import Parsed
from .posting import with_crlf
from .wildmat import matches

__all__ = ["Kept", "NewsGroup", "Refused", "Spool"]

HOST = "news.lab.test"
_FIELDS = ("subject", "from", "date", "message-id", "references")
_NAME = re.compile(r"[^\s,:;*?!<>\[\]\\/\x00-\x1f\x7f]{1,200}")
_ID = re.compile(r"<[^<>\s\x00-\x1f]{1,248}>")
_FOLD = re.compile(rb"[\t\r\n\0]+")


class Refused(Exception):
    """An article that is not taken; the text says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An article on the server: its id, its bytes, where it stands, when it came."""

    message_id: str
    data: bytes
    places: tuple[tuple[str, int], ...]
    received: datetime

    @property
    def head(self) -> bytes:
        """The header, with the line end of its last field."""
        return self.data.partition(b"\r\n\r\n")[0] + b"\r\n"

    @property
    def body(self) -> bytes:
        """What follows the empty line."""
        return self.data.partition(b"\r\n\r\n")[2]

    def value(self, name: str) -> bytes:
        """A field or ``:bytes``, ``:lines`` as an overview has it; b"" where there is none."""
        if name == ":bytes":
            return b"%d" % len(self.data)
        if name == ":lines":
            return b"%d" % self.body.count(b"\n")
        found = Parsed(self.head).headers.bytes(name)
        return _FOLD.sub(b" ", found[0].strip().replace(b"\r\n", b"")) if found else b""

    @property
    def overview(self) -> bytes:
        """The columns after the number (RFC 3977 section 8.3.2), Xref as the eighth."""
        columns = [self.value(name) for name in (*_FIELDS, ":bytes", ":lines")]
        xref = self.value("xref")
        return b"\t".join([*columns, *([b"Xref: " + xref] if xref else [])])


@dataclass
class NewsGroup:
    """A group: what it is about, and the ids of its articles by number."""

    name: str
    about: str = ""
    status: str = "y"
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    by: str = "lab@lab.test"
    ids: dict[int, str] = field(default_factory=dict)
    last: int = 0

    @property
    def first(self) -> int:
        """The lowest number; one above `last` where there is no article."""
        return next(iter(self.ids), self.last + 1)


class Spool:
    """Groups and their articles.

    Example:
        >>> spool = Spool()
        >>> spool.create("misc.test", "Try it here").name
        'misc.test'
        >>> spool.put("misc.test", subject="Hello", body="Hi")
        '<1@news.lab.test>'
        >>> [kept.value("subject") for kept in spool.in_group("misc.test")]
        [b'Hello']
    """

    def __init__(self, host: str = HOST) -> None:
        self.host = host
        self.groups: dict[str, NewsGroup] = {}
        self.articles: dict[str, Kept] = {}
        self._made = 0
        self._overviews: dict[str, bytes] = {}

    def create(self, name: str, about: str = "", *, status: str = "y") -> NewsGroup:
        """A new group, or the one of this name.

        Raises:
            UsageError: that is no name of a group.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r}: not the name of a group")
        group = self.groups.setdefault(name, NewsGroup(name))
        group.about, group.status = about or group.about, status
        return group

    def put(self, *groups: str, subject: str = "An article", author: str = "ann@lab.test",
            body: str = "Text.\n", references: str = "", **fields: str) -> str:
        """Write an article and take it in; return its message-id. For tests and demonstrations."""
        pairs = {"From": author, "Newsgroups": ",".join(groups), "Subject": subject,
                 "References": references,
                 **{name.replace("_", "-"): value for name, value in fields.items()}}
        head = "".join([f"{name}: {value}\n" for name, value in pairs.items() if value])
        data = f"{head}\n{body}".encode("utf-8", "surrogateescape")
        for name in groups:
            self.create(name)
        return self.add(data, posted=True)

    def add(self, data: bytes, *, posted: bool = False, groups: Iterable[str] = ()) -> str:
        """Take an article in; return its message-id.

        Args:
            data: the article.
            posted: whether it comes from a person, so that fields may be added.
            groups: where it stands, instead of what its Newsgroups field says.

        Raises:
            Refused: it lacks something, is here already, or is for groups unknown here.
        """
        data = with_crlf(data)
        if b"\r\n\r\n" not in data:
            raise Refused("there is no empty line between header and body")
        headers = Parsed(data).headers
        name = headers.text("message-id").strip()
        if not name and posted:
            self._made += 1
            name = f"<{self._made}@{self.host}>"
            data = f"Message-ID: {name}\r\n".encode() + data
        if not _ID.fullmatch(name):
            raise Refused("the Message-ID is none")
        if name in self.articles:
            raise Refused("435 it is here already")
        wanted = tuple(groups) or tuple(
            one.strip() for one in headers.text("newsgroups").split(",") if one.strip())
        for required in ("From", "Subject"):
            if not headers.text(required).strip():
                raise Refused(f"there is no {required}")
        carried = [self.groups[one] for one in dict.fromkeys(wanted) if one in self.groups]
        if not carried:
            raise Refused(f"no such groups here: {', '.join(wanted) or 'none are named'}"[:200])
        if posted and all(group.status not in "ym" for group in carried):
            raise Refused("posting is not allowed there")
        self._file(name, data, carried)
        return name

    def _file(self, name: str, data: bytes, carried: list[NewsGroup]) -> None:
        now = datetime.now(UTC)
        places = []
        for group in carried:
            group.last += 1
            group.ids[group.last] = name
            places.append((group.name, group.last))
        headers = Parsed(data).headers
        xref = " ".join(f"{group}:{number}" for group, number in places)
        head, gap, body = data.partition(b"\r\n\r\n")
        fields = [one for one in re.split(rb"\r\n(?![ \t])", head)
                  if not one.lower().startswith((b"xref:", b"path:"))]
        if not headers.text("date"):
            fields.append(f"Date: {format_date(now)}".encode())
        path = headers.text("path").strip() or "not-for-mail"
        fields.insert(0, f"Path: {self.host}!{path}".encode("utf-8", "surrogateescape"))
        fields.append(f"Xref: {self.host} {xref}".encode())
        self.articles[name] = Kept(name, b"\r\n".join(fields) + gap + body, tuple(places), now)

    def overview(self, name: str) -> bytes:
        """An article's overview, made once."""
        row = self._overviews.get(name)
        if row is None:
            row = self._overviews[name] = self.articles[name].overview
        return row

    def remove(self, name: str) -> None:
        """Expire an article; its numbers stay empty."""
        kept = self.articles.pop(name, None)
        self._overviews.pop(name, None)
        for group, number in kept.places if kept else ():
            self.groups[group].ids.pop(number, None)

    def in_group(self, name: str) -> Iterator[Kept]:
        """The articles of a group, in the order of their numbers."""
        return (self.articles[one] for one in self.groups[name].ids.values())

    def matching(self, wildmat: str | None) -> list[NewsGroup]:
        """The groups whose name fits, all where nothing is asked for."""
        return [group for group in self.groups.values()
                if wildmat is None or matches(wildmat, group.name)]

    # -- from disk -------------------------------------------------------------------------

    def load_mbox(self, path: Path | str, group: str) -> int:
        """Take in an mbox file as the articles of *group*; return how many were new."""
        self.create(group)
        return sum(self._taken(message.read(), group) for message in Mbox(path))

    def load_spool(self, path: Path | str) -> int:
        """Take in a spool: ``comp.lang.c/7`` or ``comp/lang/c/7``; return how many were new.

        Articles come in the order of their numbers; their groups are those of their folders.
        """
        root, taken = Path(path), 0
        for folder, folders, names in os.walk(root):
            folders.sort()
            numbers = sorted((name for name in names if name.isdigit() and len(name) < 20), key=int)
            if numbers:
                group = ".".join(Path(folder).relative_to(root).parts) or root.name
                self.create(group)
                taken += sum(self._taken(Path(folder, name).read_bytes(), group)
                             for name in numbers)
        return taken

    def _taken(self, data: bytes, group: str) -> bool:
        try:
            self.add(data, posted=True, groups=(group,))
        except Refused:
            return False
        return True
