"""The grammar of what people type into a search field: ``from:ann subject:"to do" unread``. Pure.

It makes the tree of `postel.imap.query`, which IMAP, mailboxes on disk and the lab's server all
understand. What cannot be read is an error that says what would be understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from ..errors import UsageError
from . import query as q
from .query import Query

__all__ = ["plain"]

_LONGEST = 10_000
_PLAIN = re.compile(
    r'\s*(?:([()|])|([-!]?)(?:([A-Za-z][A-Za-z-]*):)?(?:"([^"]*)"|([^\s()|"]+)|))')
_IS = {
    "unread": q.unseen, "unseen": q.unseen, "new": q.unseen, "read": q.seen, "seen": q.seen,
    "flagged": q.flagged, "starred": q.flagged, "unflagged": q.unflagged, "unstarred": q.unflagged,
    "answered": q.answered, "replied": q.answered, "unanswered": q.unanswered,
    "unreplied": q.unanswered, "deleted": q.deleted, "undeleted": q.undeleted, "draft": q.draft,
    "forwarded": q.keyword("$Forwarded"), "junk": q.keyword("$Junk"), "spam": q.keyword("$Junk"),
}
_BARE = frozenset({"unread", "read", "flagged", "starred", "unflagged", "answered", "unanswered",
                   "all"})
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "kib": 1 << 10, "m": 1 << 20, "mb": 1 << 20,
          "mib": 1 << 20, "g": 1 << 30, "gb": 1 << 30, "gib": 1 << 30}
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]{0,3})\Z", re.ASCII)
_AGE = re.compile(r"(\d{1,6})\s*(h|d|w|m|y)\Z", re.ASCII)
_AGES_OF = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1),
            "m": timedelta(days=30), "y": timedelta(days=365)}
_DAY = re.compile(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?\Z", re.ASCII)


def plain(text: str, *, today: date | None = None) -> Query:
    """What a person types into a search field.

    Words are looked for in the whole message and all must be there; ``"two words"`` stand together.
    Before a colon stands where to look: from, to, cc, bcc, subject, body, list, id, and
    ``header:X-Mailer=mutt``. Days: ``on: since: until:`` include the day, month or year that they
    name (2026-11-21, 2026-11, 2026, today, yesterday), ``before: after:`` do not. Ages:
    ``older:2w newer:3d``. Sizes: ``larger:2M smaller:10k``. State: unread, read, flagged,
    answered, or ``is:draft``; ``tag:work``, ``label:Work``, ``uid:1:100``, ``gmail:in:anywhere``.
    ``-`` before a word means without it, ``|`` or OR between two that one is enough; brackets
    group.

    Args:
        text: as it was typed.
        today: for ``today``, ``yesterday``.

    Raises:
        UsageError: it cannot be read; the message says where.

    Example:
        >>> plain('from:ann subject:"to do" -spam before:2024 unread')
        from_('ann') & subject('to do') & ~text('spam') & before('2024-01-01') & unseen
        >>> plain("(from:ann | from:ben) larger:2M 10:30")
        (from_('ann') | from_('ben')) & larger(2097152) & text('10:30')
    """
    return _Typed(text, today).read()


class _Typed:
    """What was typed, word by word."""

    def __init__(self, text: str, today: date | None) -> None:
        if len(text) > _LONGEST:
            raise UsageError(f"search: a query of {len(text)} letters; the limit is {_LONGEST}")
        self._text, self._at, self._today = text.rstrip(), 0, today

    def _error(self, what: str, hint: str) -> UsageError:
        return UsageError(f"search {self._text[:80]!r}: {what}", hint=hint)

    def read(self) -> Query:
        """All of it."""
        found = self._alternatives(0)
        if self._at < len(self._text):
            raise self._error("a bracket closes that was not opened", 'quote it: ")"')
        return found

    def _peek(self) -> str:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._text[self._at : self._at + 1]

    def _takes_or(self) -> bool:
        if self._peek() == "|":
            self._at += 1
            return True
        if self._at and self._text[self._at : self._at + 2] == "OR" \
                and self._text[self._at + 2 : self._at + 3] in ("", " ", "("):
            self._at += 2
            return True
        return False

    def _alternatives(self, depth: int) -> Query:
        if depth > q.DEEPEST_QUERY // 2:
            raise self._error("brackets are nested too deep", "search in several steps")
        groups = [list[Query]()]
        while True:
            if self._takes_or():
                groups.append([])
                continue
            if self._peek() in ("", ")"):
                break
            groups[-1].append(self._one(depth))
        if len(groups) > 1 and not all(groups):
            raise self._error("OR stands where nothing is on one side of it", 'quote it: "OR"')
        return q.any_of([q.all_of(group) for group in groups])

    def _one(self, depth: int) -> Query:
        without = self._peek() in ("-", "!") and self._text[self._at + 1 : self._at + 2] not in (
            "", " ")
        if without and self._text[self._at + 1] == "(":
            self._at += 1
        if self._peek() == "(":
            self._at += 1
            inner = self._alternatives(depth + 1)
            if self._peek() != ")":
                raise self._error("a bracket does not close", 'add a ")", or quote it: "("')
            self._at += 1
            return ~inner if without else inner
        match = _PLAIN.match(self._text, self._at)
        if match is None or match.end() == self._at:
            raise self._error("a quotation does not end", "add the second quotation mark")
        self._at = match.end()
        name, quoted, word = match[3], match[4], match[5]
        said = quoted if quoted is not None else word or ""
        if name is None and quoted is None and not without and match[2]:
            said = match[2] + said
        found = self._named(name.lower(), said) if name else self._bare(said, quoted is not None)
        return ~found if match[2] and without else found

    def _bare(self, word: str, quoted: bool) -> Query:
        if not quoted and word.lower() in _BARE:
            return _IS.get(word.lower(), q.everything)
        return q.text(word)

    def _named(self, name: str, value: str) -> Query:
        if name in ("http", "https", "mailto", "ftp", "re", "fwd", "aw", "wg"):
            return q.text(f"{name}:{value}")
        if not value:
            raise self._error(f"nothing stands behind {name}:", "write what to look for at once "
                              f"behind the colon, or quote it: \"{name}:\"")
        if name in _PLACES:
            return _PLACES[name](value)
        if name in ("is", "flag", "has"):
            if (found := _IS.get(value.lower())) is not None:
                return found
            raise self._error(f"{name}:{value[:40]} is not known",
                              f"known are {', '.join(sorted(_IS))}; tag:NAME for others")
        if name in ("larger", "bigger", "smaller", "size"):
            return self._size(name, value)
        if name in ("older", "newer", "younger", "age"):
            return self._aged(name, value)
        if name in _TIMES:
            return self._dated(name, value)
        if name == "header":
            field, _, words = value.partition("=")
            return q.header(field, words)
        raise self._error(f"{name}: is no place to look in",
                          f"known are {', '.join(sorted([*_PLACES, *_TIMES]))}, is, larger, "
                          f'smaller, older, newer, header; or quote it: "{name}:{value[:20]}"')

    def _size(self, name: str, value: str) -> Query:
        match = _SIZE.match(value.lower().lstrip("<>"))
        if match is None or match[2] not in _UNITS:
            raise self._error(f"{name}:{value[:40]} is no size", "as 500k or 2M")
        size = int(float(match[1]) * _UNITS[match[2]])
        return q.smaller(size) if name == "smaller" or value[0] == "<" else q.larger(size)

    def _aged(self, name: str, value: str) -> Query:
        match = _AGE.match(value.lower())
        if match is None or not int(match[1]):
            raise self._error(f"{name}:{value[:40]} is no age", "as 12h, 3d, 2w, 6m or 1y")
        age = int(match[1]) * _AGES_OF[match[2]]
        return q.older(age) if name in ("older", "age") else q.younger(age)

    def _dated(self, name: str, value: str) -> Query:
        first, beyond = self._days(name, value)
        since, until = _TIMES[name]
        if until is None:
            return since(beyond if name == "after" else first)
        if name in ("on", "date"):
            return since(first) & until(beyond)
        return until(beyond if name == "until" else first)

    def _days(self, name: str, value: str) -> tuple[date, date]:
        """The first day that is meant, and the first day behind it."""
        word = value.lower()
        if word in ("today", "yesterday"):
            if self._today is None:
                raise self._error(f"{name}:{word}: which day it is, is not known here",
                                  "write the day as 2026-11-21")
            first = self._today - timedelta(days=word == "yesterday")
            return first, first + timedelta(days=1)
        match = _DAY.match(value)
        try:
            if match is None:
                raise ValueError("no day")
            year, month, day = (int(one) if one else 0 for one in match.groups())
            first = date(year, month or 1, day or 1)
            if day:
                return first, first + timedelta(days=1)
            if month:
                return first, date(year + month // 12, month % 12 + 1, 1)
            return first, date(year + 1, 1, 1)
        except (ValueError, OverflowError):
            raise self._error(f"{name}:{value[:40]} is no day",
                              "as 2026, 2026-11, 2026-11-21, today or yesterday") from None


_PLACES: dict[str, Callable[[str], Query]] = {
    "from": q.from_, "to": q.to, "cc": q.cc, "bcc": q.bcc, "subject": q.subject, "body": q.body,
    "text": q.text, "list": lambda words: q.header("List-Id", words), "tag": q.keyword,
    "keyword": q.keyword, "label": q.label, "uid": q.uid, "gmail": q.gmail,
    "id": lambda words: q.header("Message-ID", words), "thread": q.thread_id,
}
_TIMES: dict[str, tuple[Callable[[date], Query], Callable[[date], Query] | None]] = {
    "since": (q.since, None), "after": (q.since, None), "before": (q.since, q.before),
    "until": (q.since, q.before), "on": (q.since, q.before), "date": (q.since, q.before),
}
