"""What to search for, as objects that are joined with ``&``, ``|`` and ``~``. Grammar: pure.

    from postel.imap import query as q

    q.since(date(2026, 11, 1)) & (q.from_("ann") | q.to("ann")) & ~q.seen

One tree, three readers: `query_text` makes it of text (``"FROM ? UNSEEN"`` with arguments, or what
a person types: ``from:ann unread``), `query_words` turns it into the words of SEARCH, and
`matching` asks it of messages in memory. What a caller gives is kept as a value all the way, so no
text in it can become a command or another condition.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

from ..errors import UsageError
from .asking import Uids, uid_set, word
from .sequence import NumberSet

__all__ = [
    "DEEPEST_QUERY", "MOST_PARTS", "Day", "Query", "all_of", "answered", "any_of", "bcc", "before",
    "body", "cc", "deleted", "draft", "email_id", "everything", "flagged", "from_", "fuzzy",
    "gmail", "header", "keyword", "label", "larger", "modseq", "new", "number", "old", "older",
    "on", "recent", "saved_before", "saved_on", "saved_since", "seen", "sent_before", "sent_on",
    "sent_since", "since", "smaller", "subject", "text", "thread_id", "to", "uid", "unanswered",
    "undeleted", "undraft", "unflagged", "unseen", "younger",
]

Day: TypeAlias = "date | str"
"""A day; of a datetime its day counts. As text: ``"2026-11-21"``."""

DEEPEST_QUERY = 50
"""Conditions within conditions; Cyrus and Dovecot have limits of that order."""

MOST_PARTS = 2_000
_LONGEST_TEXT = 100_000
_MOST_NUMBER = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Query:
    """A condition, or several.

    Args:
        key: what it is, by its word in SEARCH: ``"FROM"``, ``"SINCE"``, ``"UNSEEN"`` …, or
            ``"AND"``, ``"OR"``, ``"NOT"``, which have `parts`.
        value: what it asks for.
        field: of ``"HEADER"``: its name.
        parts: what is joined.

    Example:
        >>> unread = from_("ann") & unseen
        >>> unread
        from_('ann') & unseen
        >>> (unread | flagged) & ~subject("spam")
        (from_('ann') & unseen | flagged) & ~subject('spam')
    """

    key: str
    value: str | int | date | NumberSet | timedelta | None = None
    field: str = ""
    parts: tuple[Query, ...] = ()

    def __and__(self, other: Query) -> Query:
        return all_of([self, other])

    def __or__(self, other: Query) -> Query:
        return any_of([self, other])

    def __invert__(self) -> Query:
        if self.key == "NOT":
            return self.parts[0]
        opposite = _OPPOSITE.get(self.key)
        return Query(opposite) if opposite else _checked(Query("NOT", parts=(self,)))

    def __bool__(self) -> bool:
        raise UsageError("a query has no truth value: it is neither true nor false",
                         hint='join queries with "&", "|" and "~"; "and", "or" and "not" would '
                         "drop half of them")

    def __repr__(self) -> str:
        if self.key in ("AND", "OR"):
            sign = " & " if self.key == "AND" else " | "
            return sign.join(f"({one!r})" if self.key == "AND" and one.key == "OR" else repr(one)
                             for one in self.parts)
        if self.key == "NOT":
            inner = repr(self.parts[0])
            return f"~({inner})" if self.parts[0].key in ("AND", "OR") else f"~{inner}"
        name = _NAMES.get(self.key, self.key.lower())
        if self.key == "FUZZY":
            return f"fuzzy({self.parts[0]!r})"
        if self.value is None:
            return name
        said = repr(str(self.value) if isinstance(self.value, date | NumberSet) else self.value)
        return f"{name}({self.field!r}, {said})" if self.field else f"{name}({said})"

    def walk(self) -> Iterable[Query]:
        """This condition and all within it."""
        left = [self]
        while left:
            one = left.pop()
            yield one
            left += reversed(one.parts)


def _depth(query: Query) -> int:
    deepest, left = 0, [(query, 1)]
    while left:
        one, depth = left.pop()
        deepest = max(deepest, depth)
        left += [(part, depth + 1) for part in one.parts]
    return deepest


def _checked(query: Query) -> Query:
    if _depth(query) > DEEPEST_QUERY:
        raise UsageError(f"a query with over {DEEPEST_QUERY} conditions in one another",
                         hint="all_of and any_of join many at one level")
    return query


def all_of(queries: Iterable[Query]) -> Query:
    """What all of them ask for; `everything` if there are none.

    Example:
        >>> all_of([seen, flagged, everything])
        seen & flagged
    """
    parts = list[Query]()
    for one in queries:
        parts += one.parts if one.key == "AND" else () if one.key == "ALL" else (one,)
    return _joined("AND", parts) if parts else everything


def any_of(queries: Iterable[Query]) -> Query:
    """What one of them asks for; no message if there are none.

    Example:
        >>> any_of(from_(name) for name in ("ann", "ben"))
        from_('ann') | from_('ben')
        >>> any_of([])
        ~everything
    """
    parts = list[Query]()
    for one in queries:
        parts += one.parts if one.key == "OR" else (one,)
    return _joined("OR", parts) if parts else Query("NOT", parts=(everything,))


def _joined(key: str, parts: list[Query]) -> Query:
    if len(parts) == 1:
        return parts[0]
    if len(parts) > MOST_PARTS:
        raise UsageError(f"a query of {len(parts)} conditions; the limit is {MOST_PARTS}",
                         hint="search in several steps, or with uid(…) and a set")
    return _checked(Query(key, parts=tuple(parts)))


# -- flags ---------------------------------------------------------------------------------

everything = Query("ALL")
seen, unseen = Query("SEEN"), Query("UNSEEN")
answered, unanswered = Query("ANSWERED"), Query("UNANSWERED")
flagged, unflagged = Query("FLAGGED"), Query("UNFLAGGED")
deleted, undeleted = Query("DELETED"), Query("UNDELETED")
draft, undraft = Query("DRAFT"), Query("UNDRAFT")
recent, new, old = Query("RECENT"), Query("NEW"), Query("OLD")

_OPPOSITE = {"SEEN": "UNSEEN", "ANSWERED": "UNANSWERED", "FLAGGED": "UNFLAGGED",
             "DELETED": "UNDELETED", "DRAFT": "UNDRAFT", "RECENT": "OLD"}
_OPPOSITE |= {value: key for key, value in _OPPOSITE.items()}
_NAMES = {
    "ALL": "everything", "FROM": "from_", "SENTBEFORE": "sent_before", "SENTON": "sent_on",
    "SENTSINCE": "sent_since", "SAVEDBEFORE": "saved_before", "SAVEDON": "saved_on",
    "SAVEDSINCE": "saved_since", "EMAILID": "email_id", "THREADID": "thread_id", "SET": "number",
    "X-GM-RAW": "gmail", "X-GM-LABELS": "label", "HEADER": "header",
}


def keyword(flag: str) -> Query:
    """Messages with that flag: ``$Forwarded``, or one of IMAP's own: ``\\Seen``.

    Example:
        >>> keyword("$Junk"), ~keyword("$Junk"), keyword("\\\\Seen")
        (keyword('$Junk'), ~keyword('$Junk'), seen)
    """
    if flag[:1] == "\\" and flag[1:].upper() in _OPPOSITE:
        return Query(flag[1:].upper())
    return Query("KEYWORD", word(flag, "keyword").decode("ascii"))


# -- texts ---------------------------------------------------------------------------------


def _text(value: str, what: str) -> str:
    """What is looked for: a text in earnest, of one line."""
    if not isinstance(value, str):
        raise UsageError(f"search: {what} is looked for by text, not by {type(value).__name__}")
    if len(value) > _LONGEST_TEXT:
        raise UsageError(f"search: a text of {len(value)} letters; the limit is {_LONGEST_TEXT}")
    if any(mark in value for mark in ("\r", "\n", "\0")):
        raise UsageError(f"search: a line break or a NUL in {value[:60]!r}",
                         hint="search for a part of one line; nothing was sent")
    if any("\ud800" <= mark <= "\udfff" for mark in value):
        raise UsageError(f"search: half a character in {value[:60]!r}")
    return value


def from_(who: str) -> Query:
    """Messages whose From holds *who*, as servers look: any part, in any case."""
    return Query("FROM", _text(who, "the sender"))


def to(who: str) -> Query:
    """Messages whose To holds *who*."""
    return Query("TO", _text(who, "a receiver"))


def cc(who: str) -> Query:
    """Messages whose Cc holds *who*."""
    return Query("CC", _text(who, "a receiver"))


def bcc(who: str) -> Query:
    """Messages whose Bcc holds *who*."""
    return Query("BCC", _text(who, "a receiver"))


def subject(words: str) -> Query:
    """Messages whose subject holds *words*, together and in this order."""
    return Query("SUBJECT", _text(words, "the subject"))


def body(words: str) -> Query:
    """Messages whose text, without the header, holds *words*."""
    return Query("BODY", _text(words, "the body"))


def text(words: str) -> Query:
    """Messages that hold *words* in the header or in the text."""
    return Query("TEXT", _text(words, "a message"))


def header(name: str, words: str = "") -> Query:
    """Messages with that field in the header, holding *words*.

    Example:
        >>> header("List-Id", "python")
        header('List-Id', 'python')
    """
    if not name or not name.isascii() or any(mark <= " " or mark in ":\x7f" for mark in name):
        raise UsageError(f"search: {name[:60]!r} is no name of a header field", hint='as "List-Id"')
    return Query("HEADER", _text(words, "a field"), name)


def gmail(words: str) -> Query:
    """What Gmail's own search finds: ``has:attachment in:unread`` (X-GM-RAW)."""
    return Query("X-GM-RAW", _text(words, "Gmail"))


def label(name: str) -> Query:
    """Messages with that label of Gmail's; elsewhere, with that flag."""
    return Query("X-GM-LABELS", _text(name, "a label"))


# -- days ----------------------------------------------------------------------------------


def _day(value: Day) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise UsageError(f"search: {value[:60]!r} is no day", hint="as 2026-11-21") from None
    return value.date() if isinstance(value, datetime) else value


def since(day: Day) -> Query:
    """Messages that came on *day* or later; servers leave times and zones out of account."""
    return Query("SINCE", _day(day))


def before(day: Day) -> Query:
    """Messages that came on an earlier day than *day*."""
    return Query("BEFORE", _day(day))


def on(day: Day) -> Query:
    """Messages that came on *day*."""
    return Query("ON", _day(day))


def sent_since(day: Day) -> Query:
    """Messages that were written on *day* or later, as their Date says."""
    return Query("SENTSINCE", _day(day))


def sent_before(day: Day) -> Query:
    """Messages that were written on an earlier day than *day*."""
    return Query("SENTBEFORE", _day(day))


def sent_on(day: Day) -> Query:
    """Messages that were written on *day*."""
    return Query("SENTON", _day(day))


def saved_since(day: Day) -> Query:
    """Messages that were put into this folder on *day* or later (SAVEDATE, RFC 8514)."""
    return Query("SAVEDSINCE", _day(day))


def saved_before(day: Day) -> Query:
    """Messages that were put into this folder on an earlier day than *day*."""
    return Query("SAVEDBEFORE", _day(day))


def saved_on(day: Day) -> Query:
    """Messages that were put into this folder on *day*."""
    return Query("SAVEDON", _day(day))


def _age(value: object) -> timedelta:
    if isinstance(value, timedelta) and value >= timedelta(seconds=1):
        return value
    raise UsageError(f"search: {value!r} is no age", hint="timedelta(hours=2), a second at least")


def older(age: timedelta) -> Query:
    """Messages that came longer ago (WITHIN, RFC 5032; elsewhere by days)."""
    return Query("OLDER", _age(age))


def younger(age: timedelta) -> Query:
    """Messages that came within that time."""
    return Query("YOUNGER", _age(age))


# -- numbers -------------------------------------------------------------------------------


def _number(value: object, least: int, what: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST_NUMBER:
        return value
    raise UsageError(f"search: {value!r} is no {what}")


def larger(size: int) -> Query:
    """Messages of more than *size* bytes."""
    return Query("LARGER", _number(size, 0, "size"))


def smaller(size: int) -> Query:
    """Messages of less than *size* bytes."""
    return Query("SMALLER", _number(size, 0, "size"))


def uid(uids: Uids) -> Query:
    """Messages with one of these UIDs: ``[3, 7]``, ``"1:*"``; ``"$"`` is the last search's result.

    Example:
        >>> uid([1, 2, 3]), uid("7:*")
        (uid('1:3'), uid('7:*'))
    """
    return Query("UID", uid_set(uids))


def number(numbers: Uids) -> Query:
    """Messages with one of these numbers in the folder."""
    return Query("SET", uid_set(numbers))


def modseq(least: int) -> Query:
    """Messages that changed at *least* or later (CONDSTORE, RFC 7162)."""
    return Query("MODSEQ", _number(least, 0, "mod-sequence"))


def email_id(name: str) -> Query:
    """The message with that id (RFC 8474; Gmail: X-GM-MSGID)."""
    return Query("EMAILID", word(name, "email id").decode("ascii"))


def thread_id(name: str) -> Query:
    """The messages of that conversation (RFC 8474; Gmail: X-GM-THRID)."""
    return Query("THREADID", word(name, "thread id").decode("ascii"))


def fuzzy(query: Query) -> Query:
    """*query*, as near as the server can find it (SEARCH=FUZZY, RFC 6203); elsewhere exactly."""
    return _checked(Query("FUZZY", parts=(query,)))
