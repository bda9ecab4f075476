"""Whether a message is what a `Query` asks for: SEARCH without a server. Pure.

For mailboxes on disk, and where a server cannot be asked something. The rules are those of RFC 9051
section 6.4.4: a text matches anywhere within a field, in any case, whatever encoding it has there;
days leave the time and its zone out of account. Beyond the rules, letters are compared as people
read them: ``ß`` is ``ss``, and it makes no difference how an accent is put together. Nothing of a
message is read before a condition needs it, and cheap conditions are asked first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ..errors import NotSupported
from ..messages import Parsed, parse
from .query import Query
from .sequence import NumberSet

__all__ = ["Candidate", "matches"]


@dataclass(frozen=True)
class Candidate:
    """A message that is looked at, with what its mailbox knows of it.

    Args:
        content: the message, or what reads it when it is needed.
        flags: as ``\\Seen`` or ``seen``, and keywords.
        arrived: when it came; where that is not known its Date stands in.
        saved: when it was put into this folder.
        size: in bytes; None: of the content.
        uid: 0 where it has none.
        number: in the folder; 0 where it has none.
        modseq: of its last change.
        email_id: of its content.
        thread_id: of its conversation.
        labels: Gmail's.

    Example:
        >>> from .query import from_, larger, unseen
        >>> one = Candidate(b"From: Ann <ann@x.example>\\r\\n\\r\\nhello\\r\\n")
        >>> matches(from_("ANN") & unseen & ~larger(1000), one)
        True
    """

    content: bytes | Callable[[], bytes]
    flags: frozenset[str] = frozenset()
    arrived: datetime | None = None
    saved: datetime | None = None
    size: int | None = None
    uid: int = 0
    number: int = 0
    modseq: int = 0
    email_id: str = ""
    thread_id: str = ""
    labels: frozenset[str] = frozenset()
    _known: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def message(self) -> Parsed:
        """The message, read."""
        if "message" not in self._known:
            raw = self.content if isinstance(self.content, bytes) else self.content()
            self._known["message"] = parse(raw)
        found: Parsed = self._known["message"]
        return found

    @property
    def octets(self) -> int:
        """Its size."""
        return len(self.message.raw) if self.size is None else self.size

    def has(self, flag: str) -> bool:
        """Whether it has that flag: they know no case."""
        if "flags" not in self._known:
            self._known["flags"] = {name.lstrip("\\").lower() for name in self.flags}
        return flag.lstrip("\\").lower() in self._known["flags"]

    def fields(self, name: str) -> tuple[str, ...]:
        """The fields of that name, decoded and ready to be compared."""
        key = f"field {name.lower()}"
        if key not in self._known:
            headers = self.message.headers
            self._known[key] = tuple(folded(one) for one in headers.all(name))
        found: tuple[str, ...] = self._known[key]
        return found

    @property
    def header(self) -> str:
        """All fields with their names, ready to be compared."""
        if "header" not in self._known:
            self._known["header"] = folded("\n".join(
                f"{one.name}: {one.value}" for one in self.message.headers))
        found: str = self._known["header"]
        return found

    @property
    def text(self) -> str:
        """Its texts, decoded and ready to be compared; of HTML as it stands and as it is read."""
        if "text" not in self._known:
            texts = list[str]()
            for part in self.message.walk():
                if part.content_type.startswith("text/"):
                    texts.append(part.decoded)
                    if part.content_type == "text/html":
                        texts.append(part.text)
                elif part.children and part.content_type.startswith("message/"):
                    texts += [f"{one.name}: {one.value}" for one in part.children[0].headers]
            self._known["text"] = folded("\n".join(texts))
        found: str = self._known["text"]
        return found


def folded(words: str) -> str:
    """Text for comparing: in one case, accents apart, white space as one space.

    Example:
        >>> folded("GRÜSSE\\n an") == folded("grüße an")
        True
    """
    if words.isascii():
        words = words.lower()
    else:
        words = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", words).casefold())
    return " ".join(words.split())


def matches(query: Query, one: Candidate, *, now: datetime | None = None, last_number: int = 0,
            last_uid: int = 0, saved: NumberSet | None = None) -> bool:
    """Whether *one* is what *query* asks for.

    Args:
        query: what is asked.
        one: the message.
        now: for ages.
        last_number: of the folder, which ``*`` stands for.
        last_uid: of the folder, which ``*`` stands for.
        saved: what ``$`` stands for: UIDs of the last search (RFC 5182).

    Raises:
        NotSupported: only a server can tell: Gmail's own search.
    """
    return _Asking(now, last_number, last_uid, saved).ask(query, one)


@dataclass(frozen=True, slots=True)
class _Asking:
    """What conditions mean besides the message."""

    now: datetime | None
    last_number: int
    last_uid: int
    saved: NumberSet | None

    def ask(self, query: Query, one: Candidate) -> bool:
        """As deep as `query.DEEPEST_QUERY`."""
        key = query.key
        if key == "AND":
            return all(self.ask(part, one) for part in sorted(query.parts, key=_cost))
        if key == "OR":
            return any(self.ask(part, one) for part in sorted(query.parts, key=_cost))
        if key == "NOT":
            return not self.ask(query.parts[0], one)
        if key == "FUZZY":
            return self.ask(query.parts[0], one)
        if key in _FLAGS:
            return _FLAGS[key](one)
        if key in ("UID", "SET"):
            return self._in_set(query, one)
        if isinstance(query.value, timedelta):
            return self._aged(key, query.value, one)
        if isinstance(query.value, date):
            return _dated(key, query.value, one)
        asked = _VALUES.get(key)
        if asked is None:
            raise NotSupported(f"search: only a server can tell {key}",
                               hint="write it with from_, subject, text and the others")
        return asked(one, query)

    def _in_set(self, query: Query, one: Candidate) -> bool:
        number, last = (one.uid, self.last_uid) if query.key == "UID" else (
            one.number, self.last_number)
        if isinstance(query.value, NumberSet):
            return number in query.value
        if query.value == "$":
            return one.uid in (self.saved or ())
        return any(_within(number, word, last) for word in str(query.value).split(","))

    def _aged(self, key: str, age: timedelta, one: Candidate) -> bool:
        when = _arrival(one)
        if self.now is None:
            raise NotSupported(f"search {key}: what time it is, is not known here",
                               hint="give now=…, or ask for days")
        now = self.now if self.now.tzinfo else self.now.replace(tzinfo=UTC)
        if when is None:
            return False
        return (now - when <= age) == (key == "YOUNGER")


def _within(number: int, word: str, last: int) -> bool:
    """Whether a range with ``*`` in it has the number; ``12:*`` always has the last one."""
    first, _, end = word.partition(":")
    bounds = sorted(last if one == "*" else int(one) for one in (first, end or first))
    return number > 0 and bounds[0] <= number <= bounds[1]


def _arrival(one: Candidate) -> datetime | None:
    when = one.arrived or one.message.date
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when


def _dated(key: str, day: date, one: Candidate) -> bool:
    if key.startswith("SENT"):
        when = one.message.date
    elif key.startswith("SAVED"):
        when = one.saved or one.arrived
    else:
        when = one.arrived or one.message.date
    if when is None:
        return False
    if key.endswith("SINCE"):
        return when.date() >= day
    return when.date() < day if key.endswith("BEFORE") else when.date() == day


def _in_fields(one: Candidate, query: Query) -> bool:
    name = query.field or query.key
    wanted = folded(str(query.value))
    if query.key == "HEADER" and not wanted:
        return name in one.message.headers
    return any(wanted in text for text in one.fields(name))


def _in_text(one: Candidate, query: Query) -> bool:
    wanted = folded(str(query.value))
    return wanted in one.text or (query.key == "TEXT" and wanted in one.header)


def _labelled(one: Candidate, query: Query) -> bool:
    wanted = str(query.value).lower()
    return any(name.lower() == wanted for name in one.labels) or one.has(wanted)


def _flag(name: str, there: bool) -> Callable[[Candidate], bool]:
    return lambda one: one.has(name) is there


_FLAGS: dict[str, Callable[[Candidate], bool]] = {
    "ALL": lambda _: True,
    "NEW": lambda one: one.has("recent") and not one.has("seen"),
    "OLD": _flag("recent", there=False),
    "RECENT": _flag("recent", there=True),
}
for _name in ("seen", "answered", "flagged", "deleted", "draft"):
    _FLAGS[_name.upper()] = _flag(_name, there=True)
    _FLAGS[f"UN{_name.upper()}"] = _flag(_name, there=False)

_VALUES: dict[str, Callable[[Candidate, Query], bool]] = {
    "FROM": _in_fields, "TO": _in_fields, "CC": _in_fields, "BCC": _in_fields,
    "SUBJECT": _in_fields, "HEADER": _in_fields, "BODY": _in_text, "TEXT": _in_text,
    "KEYWORD": lambda one, query: one.has(str(query.value)),
    "X-GM-LABELS": _labelled,
    "LARGER": lambda one, query: one.octets > int(str(query.value)),
    "SMALLER": lambda one, query: one.octets < int(str(query.value)),
    "MODSEQ": lambda one, query: one.modseq >= int(str(query.value)),
    "EMAILID": lambda one, query: bool(one.email_id) and one.email_id == query.value,
    "THREADID": lambda one, query: bool(one.thread_id) and one.thread_id == query.value,
}
_READS = {"BODY": 2, "TEXT": 2, "FROM": 1, "TO": 1, "CC": 1, "BCC": 1, "SUBJECT": 1, "HEADER": 1,
          "SENTSINCE": 1, "SENTBEFORE": 1, "SENTON": 1}


def _cost(query: Query) -> int:
    """How much of a message has to be read: nothing, its header, its text."""
    if query.parts:
        return max(_cost(part) for part in query.parts)
    return _READS.get(query.key, 0)
