"""Single values of IMAP's responses, read as what they mean: texts, numbers, flags. Grammar.

Every reader here takes whatever a server puts in the place, and says None (or nothing) where it
means nothing: a size that is negative, a number that Go or Perl wrote as ``9.3736e+06`` (mail.ru),
NIL where a string belongs, a string where a list belongs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from .sequence import LARGEST, NumberSet
from .tokens import Value

__all__ = ["attribute", "flags", "moment", "number", "numbers", "pairs", "raw", "text", "texts"]

_KNOWN = {name.lower(): name for name in (
    "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "\\Recent",
    # RFC 5258, 3501, 3348, 9051
    "\\Noinferiors", "\\Noselect", "\\Marked", "\\Unmarked", "\\HasChildren", "\\HasNoChildren",
    "\\NonExistent", "\\Subscribed", "\\Remote", "\\NoAccess",
    # RFC 6154, 8457, 5465, and Gmail's XLIST
    "\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash", "\\Important",
    "\\Memos", "\\Scheduled", "\\Snoozed", "\\Inbox", "\\Spam", "\\Starred", "\\AllMail",
)}
_MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}
_MONTH = {name: f"{place:02}" for place, name in enumerate(
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)}
_LARGEST_NUMBER = 1 << 63  # number64 and mod-sequences (RFC 9051 section 4.2, RFC 7162 section 7)


def raw(value: Value) -> bytes:
    """The bytes of a string or an atom; nothing of a list or NIL."""
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else b""


def text(value: Value) -> str:
    """A string or an atom as text; "" for NIL and for a list.

    Example:
        >>> text(b"Gr\\xc3\\xbc\\xc3\\x9fe"), text("atom"), text(None)
        ('Grüße', 'atom', '')
    """
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value if isinstance(value, str) else ""


def texts(values: Value) -> tuple[str, ...]:
    """The texts of a list; one text that stands without its parentheses is a list of one.

    Example:
        >>> texts(["en", b"de"]), texts(b"en"), texts(None)
        (('en', 'de'), ('en',), ())
    """
    if isinstance(values, list):
        return tuple(text(one) for one in values if isinstance(one, str | bytes))
    return () if values is None else (text(values),)


def number(value: Value) -> int | None:
    """A number, or None where there is none.

    Example:
        >>> number("12"), number(b"12"), number("9.3736e+06"), number("-1"), number("NIL")
        (12, 12, 9373600, None, None)
    """
    word = text(value)
    if word.isdecimal() and word.isascii():
        return min(int(word[:20]), _LARGEST_NUMBER)
    try:
        found = float(word[:40])
    except ValueError:
        return None
    return int(found) if 0 <= found < _LARGEST_NUMBER else None


def numbers(value: Value) -> NumberSet:
    """A set of message numbers; empty where it is none: some servers write NIL, or nothing.

    Example:
        >>> numbers("3,1:2"), numbers(None)
        (NumberSet.parse('1:3'), NumberSet.parse(''))
    """
    word = text(value).strip()
    if not word or word.upper() == "NIL":
        return NumberSet()
    found = list[tuple[int, int]]()
    for part in word.split(","):
        first, _, last = part.partition(":")
        low, high = number(first), number(last or first)
        if low is not None and high is not None and 0 < min(low, high) <= max(low, high) <= LARGEST:
            found.append((min(low, high), max(low, high)))
    return NumberSet(found)


def pairs(values: Value) -> Iterator[tuple[str, Value]]:
    """Names and values in turn, the names in capitals: ``(MESSAGES 12 UNSEEN 3)``."""
    if isinstance(values, list):
        walk = iter(values)
        for name in walk:
            if isinstance(name, str | bytes):
                yield text(name).upper(), next(walk, None)


def attribute(word: str) -> str:
    """A flag or an attribute of a mailbox, in its own spelling: they know no case.

    Example:
        >>> attribute("\\\\SEEN"), attribute("\\\\hasnochildren"), attribute("$Forwarded")
        ('\\\\Seen', '\\\\HasNoChildren', '$Forwarded')
    """
    return _KNOWN.get(word.lower(), word) if word[:1] == "\\" else word


def flags(values: Value) -> frozenset[str]:
    """The flags or attributes in a list; NIL among them (Gmail, Exchange) is none."""
    if not isinstance(values, list):
        values = [] if values is None else [values]
    if all(isinstance(one, str) for one in values):
        return _flags(tuple(one for one in values if isinstance(one, str)))
    return _flags(texts(values))


@lru_cache(maxsize=4_096)
def _flags(words: tuple[str, ...]) -> frozenset[str]:
    """Few sets are many messages' flags, so they are made once."""
    return frozenset(attribute(word) for word in words if word)


@lru_cache(maxsize=64)
def _zone(sign: str, hours: str, minutes: str) -> timezone:
    offset = timedelta(minutes=int(hours) * 60 + int(minutes))
    return timezone(-offset if sign == "-" else offset) if offset else UTC


def moment(value: Value) -> datetime | None:
    """A date-time of RFC 9051 section 9: ``"17-Jul-1996 02:44:25 -0700"``; None if it is none.

    Example:
        >>> moment(b" 7-Jul-1996 02:44:25 -0700").isoformat()
        '1996-07-07T02:44:25-07:00'
        >>> moment(b"yesterday") is None
        True
    """
    word = value.decode("latin-1") if isinstance(value, bytes) else text(value)
    if len(word) == 26 and (month := _MONTH.get(word[3:6])):
        try:
            return datetime.fromisoformat(
                f"{word[7:11]}-{month}-{word[:2].replace(' ', '0')}T{word[12:20]}{word[21:]}")
        except ValueError:
            pass  # a leap second, or something else
    day, _, rest = word.partition("-")
    month, _, rest = rest.partition("-")
    try:
        zone = _zone(rest[14], rest[15:17], rest[17:19]) if len(rest) >= 19 else UTC
        return datetime(int(rest[:4]), _MONTHS[month.lower()], int(day), int(rest[5:7]),
                        int(rest[8:10]), min(int(rest[11:13]), 59), tzinfo=zone)
    except (ValueError, KeyError):
        return None
