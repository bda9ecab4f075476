"""The grammar of SEARCH: a `Query` as words of a command (RFC 9051 section 6.4.4). Pure.

Each server is asked in what it knows: Gmail's own ids and labels, ages where WITHIN is offered and
days where it is not. What it cannot be asked raises `NotSupported`, for a condition that is left
out would find messages that nobody looked for.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import date, datetime, timedelta

from ..errors import NotSupported, UsageError
from . import asking
from .asking import Part
from .query import Query

__all__ = ["charset_for", "search_words"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TEXTS = frozenset({"FROM", "TO", "CC", "BCC", "SUBJECT", "BODY", "TEXT", "HEADER", "X-GM-RAW",
                    "X-GM-LABELS"})
_NEEDED = {
    "MODSEQ": ("CONDSTORE", "QRESYNC"), "SAVEDSINCE": ("SAVEDATE",), "SAVEDON": ("SAVEDATE",),
    "SAVEDBEFORE": ("SAVEDATE",), "EMAILID": ("OBJECTID", "X-GM-EXT-1"),
    "THREADID": ("OBJECTID", "X-GM-EXT-1"), "X-GM-RAW": ("X-GM-EXT-1",),
}
_GMAIL = {"EMAILID": "X-GM-MSGID", "THREADID": "X-GM-THRID"}
_GONE = frozenset({"NEW", "OLD", "RECENT"})


def charset_for(query: Query, *, utf8: bool = False, refused: Iterable[str] = ()) -> str:
    """In which character set to ask: "" where none need be named.

    Args:
        query: to ask.
        utf8: whether UTF8=ACCEPT or IMAP4rev2 is enabled: then text is UTF-8 without a word.
        refused: charsets that the server did not know (BADCHARSET).

    Raises:
        NotSupported: no charset is left that has the letters of *query*.

    Example:
        >>> from .query import subject
        >>> charset_for(subject("hi")), charset_for(subject("Grüße"))
        ('', 'UTF-8')
        >>> charset_for(subject("Grüße"), refused=["UTF-8"])
        'ISO-8859-1'
    """
    texts = [one.value for one in query.walk() if one.key in _TEXTS and isinstance(one.value, str)]
    if utf8 or all(one.isascii() for one in texts):
        return ""
    without = {name.upper() for name in refused}
    for name in ("UTF-8", "ISO-8859-1", "ISO-8859-15", "WINDOWS-1252"):
        if name not in without and all(_encodes(one, name) for one in texts):
            return name
    raise NotSupported("SEARCH: the server knows no charset that has these letters",
                       hint="search for a part of the text that is plain ASCII")


def _encodes(words: str, charset: str) -> bool:
    try:
        return bool(words.encode(charset)) or not words
    except UnicodeEncodeError:
        return False


def search_words(query: Query, offered: Container[str], *, utf8: bool = False, rev2: bool = False,
                 charset: str | None = None, now: datetime | None = None) -> tuple[Part, ...]:
    """What stands behind SEARCH, for `asking.compose`: text and literals in turn.

    Args:
        query: to ask.
        offered: the server's capabilities.
        utf8: whether UTF8=ACCEPT or IMAP4rev2 is enabled.
        rev2: whether IMAP4rev2 is enabled, which has no RECENT.
        charset: of the texts; None finds it.
        now: for ages, where the server knows only days.

    Raises:
        NotSupported: the server cannot be asked that.

    Example:
        >>> from .query import from_, on, unseen, subject
        >>> search_words((from_("ann") | on("2026-11-02")) & unseen, ())
        (b'OR FROM "ann" ON 2-Nov-2026 UNSEEN',)
        >>> search_words(~(unseen & subject("Grüße")), ())
        (b'CHARSET UTF-8 NOT (UNSEEN SUBJECT ', (b'Gr\\xc3\\xbc\\xc3\\x9fe',), b')')
    """
    if charset is None:
        charset = charset_for(query, utf8=utf8)
    writer = _Writer(offered, charset or ("UTF-8" if utf8 else "US-ASCII"), utf8, rev2, now)
    if charset:
        writer.add(b"CHARSET " + asking.word(charset, "charset") + b" ")
    for place, one in enumerate(query.parts if query.key == "AND" else (query,)):
        writer.add(b" " if place else b"")
        writer.write(one)
    return tuple(writer.parts)


class _Writer:
    """A search on its way out."""

    def __init__(self, offered: Container[str], charset: str, utf8: bool, rev2: bool,
                 now: datetime | None) -> None:
        self.parts: list[Part] = []
        self._offered, self._charset, self._utf8 = offered, charset, utf8
        self._rev2, self._now = rev2, now

    def add(self, part: Part) -> None:
        """Text that joins what is there, or a literal."""
        if isinstance(part, bytes) and self.parts and isinstance(self.parts[-1], bytes):
            self.parts[-1] += part
        elif part:
            self.parts.append(part)

    def write(self, query: Query) -> None:
        """One condition, with those in it; as deep as `query.DEEPEST_QUERY`."""
        key = query.key
        needed = _NEEDED.get(key)
        if needed and not any(name in self._offered for name in needed):
            raise NotSupported(f"SEARCH {key}: the server does not offer {' or '.join(needed)}",
                               hint=_INSTEAD.get(key, "search without it"))
        if key in _GONE and self._rev2:
            raise NotSupported(f"SEARCH {key}: IMAP4rev2 has no such flag",
                               hint="keep the highest UID that was seen, and search uid(…) from it")
        if key == "AND":
            self.add(b"(")
            for place, one in enumerate(query.parts):
                self.add(b" " if place else b"")
                self.write(one)
            self.add(b")")
        elif key == "OR":
            self._either(query.parts)
        elif key == "NOT":
            self._not(query.parts[0])
        elif key == "FUZZY":
            self.add(b"FUZZY " if "SEARCH=FUZZY" in self._offered else b"")
            self.write(query.parts[0])
        elif query.value is None:
            self.add(key.encode("ascii"))
        else:
            self._valued(query)

    def _not(self, query: Query) -> None:
        if query.key == "KEYWORD":
            self.add(f"UNKEYWORD {query.value}".encode("ascii"))
            return
        if query.key == "X-GM-LABELS" and "X-GM-EXT-1" not in self._offered:
            self.add(b"UN")
        else:
            self.add(b"NOT ")
        self.write(query)

    def _either(self, parts: tuple[Query, ...]) -> None:
        """OR takes two, so many are halved: the server's depth is their logarithm."""
        if len(parts) == 1:
            self.write(parts[0])
            return
        self.add(b"OR ")
        half = len(parts) // 2
        self._either(parts[:half])
        self.add(b" ")
        self._either(parts[half:])

    def _valued(self, query: Query) -> None:
        key, value = query.key, query.value
        if isinstance(value, timedelta):
            self._age(key, value)
        elif isinstance(value, date):
            self.add(f"{key} {_day(value)}".encode("ascii"))
        elif key in _TEXTS:
            self._text(query, str(value))
        elif key in ("UID", "SET"):
            self._set(key, str(value))
        elif key in _GMAIL and "X-GM-EXT-1" in self._offered and "OBJECTID" not in self._offered:
            self.add(f"{_GMAIL[key]} {_gmail_id(str(value))}".encode("ascii"))
        else:
            self.add(f"{key} {value}".encode("ascii"))

    def _set(self, key: str, value: str) -> None:
        if value == "$" and "SEARCHRES" not in self._offered:
            raise NotSupported("SEARCH $: the server does not offer SEARCHRES",
                               hint="give the UIDs that the last search found")
        if not value:
            self.add(b"NOT ALL")  # no message is in an empty set, and a set cannot be empty
            return
        self.add(f"{'UID ' if key == 'UID' else ''}{value}".encode("ascii"))

    def _age(self, key: str, age: timedelta) -> None:
        if "WITHIN" in self._offered:
            self.add(b"%s %d" % (key.encode("ascii"), max(1, int(age.total_seconds()))))
            return
        if self._now is None or age % timedelta(days=1):
            raise NotSupported(f"SEARCH {key}: the server does not offer WITHIN, so it can tell "
                               "days only", hint="give an age of whole days, or use since(day)")
        day = self._now.date() - age
        self.add(f"{'SINCE' if key == 'YOUNGER' else 'BEFORE'} {_day(day)}".encode("ascii"))

    def _text(self, query: Query, words: str) -> None:
        key = query.key
        if key == "X-GM-LABELS" and "X-GM-EXT-1" not in self._offered:
            self.add(b"KEYWORD " + asking.word(words, "label"))
            return
        self.add(key.encode("ascii") + b" ")
        if key == "HEADER":
            self.add(asking.text(query.field, "header field"))
            self.add(b" ")
        try:
            raw = words.encode(self._charset)
        except UnicodeEncodeError:
            raise UsageError(f"SEARCH {key}: {words[:60]!r} has letters that {self._charset} has "
                             "not", hint="leave the charset out: it is found") from None
        self.add(asking.text(raw, "text", utf8=self._utf8))


_INSTEAD = {
    "X-GM-RAW": "it is Gmail's own; elsewhere from_(…), subject(…), text(…) do most of it",
    "MODSEQ": "compare flags by `changes` instead",
}


def _day(day: date) -> str:
    """A date in SEARCH (RFC 9051 section 9, date-text), in English whatever the locale."""
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year:04}"


def _gmail_id(name: str) -> int:
    if not name.isascii() or not name.isdigit() or len(name) > 20:
        raise UsageError(f"search: {name[:60]!r} is no id of Gmail's", hint="they are numbers")
    return int(name)
