"""What users of NNTP hold in their hands. Grammar: pure values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..messages.parsed import Parsed
from .overview import Overview

__all__ = [
    "Article",
    "Capabilities",
    "Created",
    "Description",
    "DistribPattern",
    "Group",
    "HeaderValue",
    "Listed",
    "Moderator",
    "Offered",
    "Overview",
    "Stat",
]


@dataclass(frozen=True, slots=True)
class Group:
    """A group as GROUP and LISTGROUP tell of it (RFC 3977 section 6.1.1).

    Args:
        name: of the group.
        count: of articles, as the server estimates.
        first: the lowest number there is.
        last: the highest; below `first` where the group is empty.

    Example:
        >>> group = Group("misc.test", 3, 10, 14)
        >>> list(group.numbers), bool(group), bool(Group("misc.none", 0, 1, 0))
        ([10, 11, 12, 13, 14], True, False)
    """

    name: str
    count: int
    first: int
    last: int

    @property
    def numbers(self) -> range:
        """All numbers that an article may have; some may be missing."""
        return range(self.first, self.last + 1)

    def __bool__(self) -> bool:
        return self.count > 0 and self.last >= self.first


@dataclass(frozen=True, slots=True)
class Listed:
    """A group in LIST ACTIVE or LIST COUNTS (RFC 3977 section 7.6.3, RFC 6048 section 2.2).

    Args:
        name: of the group.
        first: the lowest number.
        last: the highest.
        status: ``"y"`` posting is allowed, ``"n"`` not, ``"m"`` moderated; others in RFC 6048
            section 3.1: ``"x"``, ``"j"``, ``"=other.group"``.
        count: of articles; None where the server was not asked for it.

    Example:
        >>> Listed("misc.test", 1, 9, "=misc.new").moved_to
        'misc.new'
    """

    name: str
    first: int
    last: int
    status: str
    count: int | None = None

    @property
    def moved_to(self) -> str:
        """The group whose articles are meant instead; "" for none."""
        return self.status[1:] if self.status.startswith("=") else ""


@dataclass(frozen=True, slots=True)
class Description:
    """A line of LIST NEWSGROUPS or LIST DISTRIBUTIONS: a name, and what it is for."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Created:
    """A line of LIST ACTIVE.TIMES: a group, when it was made, and by whom."""

    name: str
    when: datetime
    by: str


@dataclass(frozen=True, slots=True)
class DistribPattern:
    """A line of LIST DISTRIB.PATS: the heaviest pattern that fits a group gives its value."""

    weight: int
    pattern: str
    value: str


@dataclass(frozen=True, slots=True)
class Moderator:
    """A line of LIST MODERATORS (RFC 6048 section 2.4): ``%s`` stands for the group's name."""

    pattern: str
    address: str


@dataclass(frozen=True, slots=True)
class Stat:
    """What STAT, NEXT and LAST tell; unpacks as ``number, message_id``.

    Args:
        number: in the group that is selected; 0 where the article was named by its id.
        message_id: with its angle brackets.
    """

    number: int
    message_id: str

    def __iter__(self) -> Iterator[Any]:
        return iter((self.number, self.message_id))


@dataclass(frozen=True, slots=True)
class HeaderValue:
    """A line of HDR, XHDR or XPAT; unpacks as ``number, value``.

    Args:
        number: of the article; 0 where it was named by its id.
        value: of the field, unfolded as the server has it, its encoded words decoded; "" where
            the article has no such field.
        raw: the same, as it came.
    """

    number: int
    value: str
    raw: bytes

    def __iter__(self) -> Iterator[Any]:
        return iter((self.number, self.value))


@dataclass(frozen=True, slots=True)
class Article:
    """An article, its header or its body as the server has it; unpacks as ``number, data``.

    Args:
        number: in the group that is selected; 0 where it was named by its id.
        message_id: with its angle brackets, as the server told it.
        data: the bytes, lines ended by CRLF, dots unstuffed.

    Example:
        >>> article = Article(7, "<a@b>", b"Subject: Hi\\r\\n\\r\\nHello\\r\\n")
        >>> article.message.subject, article.message.text
        ('Hi', 'Hello\\n')
    """

    number: int
    message_id: str
    data: bytes

    def __iter__(self) -> Iterator[Any]:
        return iter((self.number, self.data))

    @property
    def message(self) -> Parsed:
        """The article taken apart, on demand: subject, text and attachments."""
        return Parsed(self.data)


@dataclass(frozen=True, slots=True)
class Offered:
    """What became of an article that was offered by CHECK, TAKETHIS or IHAVE.

    Args:
        message_id: of the article.
        accepted: the server wants it (CHECK), or has it now (TAKETHIS, IHAVE).
        later: it may be offered again, later.
        text: the server's words.
    """

    message_id: str
    accepted: bool
    later: bool
    text: str

    def __bool__(self) -> bool:
        return self.accepted


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What CAPABILITIES lists (RFC 3977 section 5.2): names in upper case, with arguments.

    Args:
        names: what is offered.
        told: whether the server answered; old ones do not know the question.

    Example:
        >>> offered = Capabilities({"VERSION": ("2",), "LIST": ("ACTIVE", "COUNTS")})
        >>> "list" in offered, "COUNTS" in offered["LIST"], offered.version
        (True, True, 2)
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    told: bool = True

    def __contains__(self, name: str) -> bool:
        return name.upper() in self.names

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self.names.get(name.upper(), ())

    @property
    def version(self) -> int:
        """Of the protocol; 0 where it is not told."""
        told = self["VERSION"]
        return int(told[-1]) if told and told[-1].isdigit() and len(told[-1]) < 5 else 0
