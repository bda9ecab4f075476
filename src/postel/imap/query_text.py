"""The grammar of queries as programs write them: the language of SEARCH, with arguments. Pure.

``query("FROM ? SINCE ? NOT SEEN", "ann", day)``: a ``?`` stands for every value. Values never
become part of the text, so they cannot add a condition. It makes the tree of `postel.imap.query`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from ..errors import UsageError
from . import query as q
from .query import Query

__all__ = ["query"]

_LONGEST = 50_000
_WORD = re.compile(r'\s*(?:([()])|"((?:[^"\\]|\\.)*)"|(\?)|([^\s()"]+))')
_ESCAPED = re.compile(r"\\(.)")
_FLAGS = {name: Query(name) for name in (
    "ALL", "ANSWERED", "DELETED", "DRAFT", "FLAGGED", "NEW", "OLD", "RECENT", "SEEN", "UNANSWERED",
    "UNDELETED", "UNDRAFT", "UNFLAGGED", "UNSEEN")}
_KEYS: dict[str, Callable[[Any], Query]] = {
    "FROM": q.from_, "TO": q.to, "CC": q.cc, "BCC": q.bcc, "SUBJECT": q.subject, "BODY": q.body,
    "TEXT": q.text, "SINCE": q.since, "BEFORE": q.before, "ON": q.on, "SENTSINCE": q.sent_since,
    "SENTBEFORE": q.sent_before, "SENTON": q.sent_on, "SAVEDSINCE": q.saved_since,
    "SAVEDBEFORE": q.saved_before, "SAVEDON": q.saved_on, "KEYWORD": q.keyword,
    "UNKEYWORD": lambda flag: ~q.keyword(flag), "LARGER": q.larger, "SMALLER": q.smaller,
    "OLDER": q.older, "YOUNGER": q.younger, "UID": q.uid, "MODSEQ": q.modseq,
    "EMAILID": q.email_id, "THREADID": q.thread_id, "X-GM-RAW": q.gmail, "X-GM-LABELS": q.label,
    "X-GM-MSGID": q.email_id, "X-GM-THRID": q.thread_id,
}
_NUMBERS = frozenset({"LARGER", "SMALLER", "MODSEQ"})
_AGES = frozenset({"OLDER", "YOUNGER"})
_SET = re.compile(r"[\d*][\d*:,]*\Z|\$\Z", re.ASCII)
_IMAP_DAY = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})\Z", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = frozenset({"SINCE", "BEFORE", "ON", "SENTSINCE", "SENTBEFORE", "SENTON", "SAVEDSINCE",
                   "SAVEDBEFORE", "SAVEDON"})


def query(text: str, *values: object) -> Query:
    """A query in the language of SEARCH; each ``?`` stands for one of *values*.

    Args:
        text: as ``"OR FROM ? TO ? UNSEEN"``. Values may be written in it, too, where they are no
            secret of the program's user: ``'SUBJECT "to do" SINCE 1-Nov-2026'``.
        values: texts, numbers, days, ages, sets of UIDs, other queries.

    Raises:
        UsageError: it is no query, or the values are too many or too few.

    Example:
        >>> query("OR FROM ? TO ? NOT (SEEN LARGER 1000)", "ann", 'x" DELETED')
        (from_('ann') | to('x" DELETED')) & ~(seen & larger(1000))
        >>> query("? UID ?", q.unseen, [1, 2])
        unseen & uid('1:2')
    """
    if isinstance(text, Query):
        if values:
            raise UsageError("search: a query of objects takes no arguments")
        return text
    reader = _Reader(text, values)
    found = [reader.key(0)] if reader.more else []
    while reader.more:
        found.append(reader.key(0))
    if reader.values:
        raise UsageError(f"search {text[:80]!r}: {len(reader.values)} of the values have no ?")
    return q.all_of(found)


class _Reader:
    """Words, one after the other."""

    def __init__(self, text: str, values: Iterable[object]) -> None:
        self._text = text
        self.values = list(values)
        self._words = _words(text)[::-1]
        self._count = 0

    @property
    def more(self) -> bool:
        """Whether something is left."""
        return bool(self._words)

    def _error(self, what: str, hint: str = "") -> UsageError:
        return UsageError(f"search {self._text[:80]!r}: {what}",
                          hint=hint or 'as "OR FROM ? TO ? UNSEEN"')

    def _next(self, what: str) -> tuple[str, str]:
        if not self._words:
            raise self._error(f"{what} is missing at its end")
        return self._words.pop()

    def key(self, depth: int) -> Query:
        """One condition."""
        kind, word = self._next("a condition")
        self._count += 1
        if depth > q.DEEPEST_QUERY or self._count > q.MOST_PARTS:
            raise self._error("it is too long, or nested too deep")
        if kind == "(" and word == "(":
            return self._group(depth)
        if kind == "?":
            value = self._value()
            if isinstance(value, Query):
                return value
            raise self._error("a ? where a condition begins takes a query, not "
                              f"{type(value).__name__}")
        name = word.upper()
        if kind != "word":
            raise self._error(f"{word[:60]!r} stands where a condition begins")
        if name in _FLAGS:
            return _FLAGS[name]
        if name == "NOT":
            return ~self.key(depth + 1)
        if name == "OR":
            return self.key(depth + 1) | self.key(depth + 1)
        if name == "FUZZY":
            return q.fuzzy(self.key(depth + 1))
        if name == "HEADER":
            return q.header(str(self._argument(name)), str(self._argument(name)))
        if _SET.match(word):
            return q.number(word)
        maker = _KEYS.get(name)
        if maker is None:
            raise self._error(f"there is no condition {word[:60]!r}",
                              "a value is written as ? and given as an argument")
        return maker(self._argument(name))

    def _group(self, depth: int) -> Query:
        inner = list[Query]()
        while not (self._words and self._words[-1] == ("(", ")")):
            inner.append(self.key(depth + 1))
        self._words.pop()
        if not inner:
            raise self._error("there is nothing in ()")
        return q.all_of(inner)

    def _value(self) -> object:
        if not self.values:
            raise self._error("it has more ? than there are values")
        return self.values.pop(0)

    def _argument(self, name: str) -> object:
        kind, word = self._next(f"what {name} asks for")
        if kind == "?":
            value = self._value()
            return timedelta(seconds=value) if name in _AGES and type(value) is int else value
        if kind == "(":
            raise self._error(f"{word} stands where the value of {name} belongs")
        if name in _NUMBERS or name in _AGES:
            if not (word.isascii() and word.isdigit() and len(word) < 19):
                raise self._error(f"{name} {word[:40]!r} is no number")
            return timedelta(seconds=min(int(word), 10**10)) if name in _AGES else int(word)
        if name in _DAYS and (match := _IMAP_DAY.match(word)) and match[2].lower() in _MONTHS:
            try:
                return date(int(match[3]), _MONTHS.index(match[2].lower()) + 1, int(match[1]))
            except ValueError:
                raise self._error(f"{name} {word!r} is no day") from None
        return word


def _words(text: str) -> list[tuple[str, str]]:
    """Kinds and words: ``(``, ``?``, ``word`` and ``text``, which is quoted."""
    if len(text) > _LONGEST:
        raise UsageError(f"search: a query of {len(text)} letters; the limit is {_LONGEST}")
    found, at, text = list[tuple[str, str]](), 0, text.rstrip()
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise UsageError(f"search {text[:80]!r}: a quotation does not end")
        bracket, quoted, mark, word = match.groups()
        if bracket:
            found.append(("(", bracket))
        elif mark and (match.end() == len(text) or text[match.end()] in " \t)"):
            found.append(("?", "?"))
        elif quoted is not None:
            found.append(("text", _ESCAPED.sub(r"\1", quoted)))
        else:
            found.append(("word", word or mark))
        at = match.end()
    return found
