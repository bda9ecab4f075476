"""Conversations: which message answers which. Grammar: pure.

Messages are joined by what they refer to (``References``, else the first of ``In-Reply-To``), as
RFC 5256 section 3 has it, told as follows. Every identifier that is mentioned with another belongs
to the same conversation; whatever is added later only joins conversations. Within one, a message
stands below the last one it refers to. One that refers to nothing, or is missing, stands where
others' references put it. Circles are cut at the oldest message. So the result does not depend on
the order in which messages come, and takes time in proportion to what is read.

A subject joins conversations only with care, because people write "Re: question" to strangers: if
the first message says it is an answer, has nothing else to tell to what, was written at most
`Threads.days` after the other conversation's first message or its last, shares a person with it,
and neither is from a machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from .parsed import Parsed

__all__ = ["Row", "Thread", "ThreadEntry", "Threads", "base_subject", "is_answer"]

K = TypeVar("K")

MOST_REFERENCES = 1_000  # of one message; of more, the first and the last count
LONGEST_SUBJECT = 1_000
_LOOK_BACK = 50  # conversations of the same subject that are looked at
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ANSWER = (r"(?:re|aw|antw|antwort|sv|vs|rif|ref|odp|ynt|res|r|fwd?|wg|tr|rv|vb|vl|enc|i|"
           r"\u56de\u590d|\u7b54\u590d|\u8f6c\u53d1)")
_PREFIX = re.compile(
    rf"(?:\s+|\[[^\[\]]*\](?=\s*\S)|{_ANSWER}(?:\s*[\[(]\d{{1,4}}[\])]|\^\d{{1,4}})?\s*[:\uff1a])*",
    re.IGNORECASE)
_IS_ANSWER = re.compile(rf"(?:\s+|\[[^\[\]]*\])*{_ANSWER}(?:\s*[\[(]\d{{1,4}}[\])])?\s*[:\uff1a]",
                        re.IGNORECASE)
_TRAILER = re.compile(r"(?:\s|\(fwd\))+\Z", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


def base_subject(subject: str) -> str:
    """A subject without what answering and passing on put around it (RFC 5256 section 2.1).

    Example:
        >>> base_subject("Re: [list] AW: Fwd[2]: the  Plan (fwd)"), base_subject("[only]")
        ('the plan', '[only]')
    """
    text = subject[:LONGEST_SUBJECT]
    match = _PREFIX.match(text)
    text = text[match.end() if match else 0:]
    tail = _TRAILER.search(text[-200:])
    if tail:
        text = text[: len(text) - (tail.end() - tail.start())]
    return _SPACES.sub(" ", text).strip().lower()


def is_answer(subject: str) -> bool:
    """Whether a subject says that the message answers, or passes on, another.

    Example:
        >>> is_answer("[list] Re: plan"), is_answer("Report: plan")
        (True, False)
    """
    return _IS_ANSWER.match(subject[:LONGEST_SUBJECT]) is not None


@dataclass(frozen=True, slots=True)
class ThreadEntry(Generic[K]):
    """What joining messages needs of one.

    Args:
        key: whatever the caller knows it by.
        message_id: without angle brackets; "" if it has none.
        references: what it refers to, the nearest last.
        subject: decoded.
        date: when it was written; None if that is not told.
        people: addresses of its author and its readers.
        automated: whether a machine wrote it; its subject joins nothing.
    """

    key: K
    message_id: str
    references: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    people: frozenset[str] = frozenset()
    automated: bool = False

    @classmethod
    def of(cls, key: K, message: Parsed) -> ThreadEntry[K]:
        """From a message that was read."""
        references = message.references or message.in_reply_to[:1]
        people = {one.address.lower() for field in (message.from_, message.to, message.cc)
                  for one in field.mailboxes}
        headers = message.headers
        automated = (headers.text("auto-submitted").lower() not in ("", "no")
                     or headers.text("precedence").lower() in ("bulk", "junk")
                     or "feedback-id" in headers)
        return cls(key, message.message_id, references, message.subject, message.date,
                   frozenset(people), automated)


@dataclass(frozen=True, slots=True)
class Row(Generic[K]):
    """A line of a conversation as it is shown.

    Args:
        entry: the message; None where several answer one that is missing.
        depth: how far it is indented.
        parent: the row's number that it stands below; -1 for the first.
    """

    entry: ThreadEntry[K] | None
    depth: int
    parent: int


@dataclass(frozen=True, slots=True)
class Thread(Generic[K]):
    """A conversation.

    Args:
        rows: its messages as they are shown: each before what stands below it.
    """

    rows: tuple[Row[K], ...]

    @property
    def keys(self) -> list[K]:
        """The keys of its messages, in the order of the rows."""
        return [row.entry.key for row in self.rows if row.entry]

    @property
    def entries(self) -> list[ThreadEntry[K]]:
        """Its messages."""
        return [row.entry for row in self.rows if row.entry]

    @property
    def subject(self) -> str:
        """That of its first message."""
        return next((entry.subject for entry in self.entries), "")


@dataclass(slots=True)
class _Group(Generic[K]):
    """All that is known of one conversation; rows are made when they are asked for."""

    members: list[str] = field(default_factory=list)
    rows: tuple[Row[K], ...] | None = None


class Threads(Generic[K]):
    """Conversations that grow as messages are added.

    Args:
        by_subject: whether subjects join, with the care told above.
        days: how far apart they may be then.

    Example:
        >>> threads = Threads()
        >>> threads.add(ThreadEntry(1, "c@x", ("a@x", "b@x"), "Re: plan"))
        >>> threads.add(ThreadEntry(2, "a@x", (), "plan"))
        >>> [(row.entry.key, row.depth) for row in threads.threads()[0].rows]
        [(2, 0), (1, 1)]
    """

    def __init__(self, *, by_subject: bool = True, days: float = 30.0) -> None:
        self.by_subject = by_subject
        self.days = days
        self._leader: dict[str, str] = {}
        self._groups: dict[str, _Group[K]] = {}
        self._entries: dict[str, ThreadEntry[K]] = {}
        self._serial: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: ThreadEntry[K]) -> None:
        """Put a message in; a second one of the same identifier stands for itself."""
        name = entry.message_id
        if not name or name in self._entries:
            name = f"\0{len(self._entries)}"
        self._serial[name] = len(self._entries)
        self._entries[name] = entry
        leader = self._find(name)
        for reference in _some(entry.references):
            leader = self._join(leader, self._find(reference))
        self._groups[leader].rows = None

    def update(self, entries: Iterable[ThreadEntry[K]]) -> None:
        """Put many in."""
        for entry in entries:
            self.add(entry)

    def threads(self) -> list[Thread[K]]:
        """All conversations, by the date of their first message."""
        made = []
        for group in self._groups.values():
            if group.rows is None:
                group.rows = _Tree(self, group.members).rows()
            if group.rows:
                made.append(group.rows)
        made.sort(key=_first_date)
        return [Thread(rows) for rows in (self._by_subject(made) if self.by_subject else made)]

    def _find(self, name: str) -> str:
        """The leader of a name's conversation; paths are halved on the way."""
        leader = self._leader
        if name not in leader:
            leader[name] = name
            self._groups[name] = _Group([name])
            return name
        while leader[name] != name:
            leader[name] = name = leader[leader[name]]
        return name

    def _join(self, one: str, two: str) -> str:
        """Make one conversation of two; the larger one takes in the smaller."""
        if one == two:
            return one
        if len(self._groups[one].members) < len(self._groups[two].members):
            one, two = two, one
        self._leader[two] = one
        self._groups[one].members += self._groups.pop(two).members
        self._groups[one].rows = None
        return one

    def _by_subject(self, threads: list[tuple[Row[K], ...]]) -> list[tuple[Row[K], ...]]:
        """Conversations that begin with an answer to nothing, joined to what they may answer."""
        made: list[list[Row[K]]] = []
        known: dict[str, list[_Subject]] = {}
        for rows in threads:
            about = _Subject.of(rows, len(made))
            if about is None:
                made.append(list(rows))
                continue
            others = known.setdefault(about.base, [])
            home = about.home(others, timedelta(days=self.days)) if about.answer else None
            if home is None:
                others.append(about)
                made.append(list(rows))
            else:
                _hang(made[home.place], rows)
                home.people |= about.people
                home.last = max(home.last, about.last)
        return [tuple(rows) for rows in made]


@dataclass(slots=True)
class _Subject:
    """A conversation as seen by its subject."""

    base: str
    answer: bool
    first: datetime
    last: datetime
    people: set[str]
    place: int

    @classmethod
    def of(cls, rows: Sequence[Row[K]], place: int) -> _Subject | None:
        """None for those that subjects do not join."""
        head = rows[0].entry
        if head is None or head.automated or head.date is None:
            return None
        base = base_subject(head.subject)
        if not base:
            return None
        dates = [_moment(row.entry.date) for row in rows if row.entry and row.entry.date]
        people = {one for row in rows if row.entry for one in row.entry.people}
        answer = is_answer(head.subject) and not head.references
        return cls(base, answer, _moment(head.date), max(dates), people, place)

    def home(self, others: list[_Subject], span: timedelta) -> _Subject | None:
        """The conversation that this one continues."""
        for other in reversed(others[-_LOOK_BACK:]):
            near = min(abs(self.first - other.first), abs(self.first - other.last)) <= span
            if near and other.people & self.people:
                return other
        return None


def _hang(rows: list[Row[K]], more: Sequence[Row[K]]) -> None:
    """Put *more* below the first row."""
    shift = len(rows)
    for row in more:
        parent = row.parent + shift if row.parent >= 0 else 0
        rows.append(Row(row.entry, row.depth + 1, parent))


class _Tree(Generic[K]):
    """One conversation, put in order."""

    def __init__(self, threads: Threads[K], members: list[str]) -> None:
        self.entries, self.serial = threads._entries, threads._serial
        self.members = members
        self.there = sorted((name for name in members if name in self.entries), key=self.order)

    def order(self, name: str) -> tuple[datetime, int]:
        """By date; then as they came."""
        return _moment(self.entries[name].date), self.serial[name]

    def rows(self) -> tuple[Row[K], ...]:
        """All of it; nothing where no message is there."""
        if len(self.there) < 2:
            return tuple(Row(self.entries[name], 0, -1) for name in self.there)
        parents = self.parents()
        children: dict[str, list[str]] = {}
        roots = []
        for name in [*self.there, *(n for n in self.members if n not in self.entries)]:
            parent = parents.get(name)
            if parent is None:
                roots.append(name)
            else:
                children.setdefault(parent, []).append(name)
        return tuple(self.flat(roots, children))

    def parents(self) -> dict[str, str]:
        """What each stands below, without circles."""
        parents: dict[str, str] = {}
        for name in self.there:
            references = _some(self.entries[name].references)
            if references and references[-1] != name:
                parents[name] = references[-1]
        for name in self.there:
            references = _some(self.entries[name].references)
            for above, below in pairwise(references):
                if above != below:
                    parents.setdefault(below, above)
        state: dict[str, int] = {}
        for number, start in enumerate([*self.there, *self.members], 1):
            at: str | None = start
            while at is not None and at not in state:
                state[at] = number
                at = parents.get(at)
            if at is not None and state[at] == number:
                del parents[self.oldest(at, parents)]
        return parents

    def oldest(self, name: str, parents: dict[str, str]) -> str:
        """The member of a circle where it is cut."""
        circle, at = [name], parents[name]
        while at != name:
            circle.append(at)
            at = parents[at]
        there = [one for one in circle if one in self.entries]
        return min(there, key=self.order) if there else min(circle)

    def flat(self, roots: list[str], children: dict[str, list[str]]) -> Iterator[Row[K]]:
        """Rows, parents first; a missing message gives its place to what stands below it."""
        tops = self.shown(roots, children)
        todo: list[tuple[str, int, int]]
        number = 0
        if len(tops) > 1:
            yield Row(None, 0, -1)
            number = 1
            todo = [(name, 1, 0) for name in reversed(tops)]
        else:
            todo = [(name, 0, -1) for name in tops]
        while todo:
            name, depth, parent = todo.pop()
            yield Row(self.entries[name], depth, parent)
            below = self.shown(children.get(name, []), children)
            todo += [(child, depth + 1, number) for child in reversed(below)]
            number += 1

    def shown(self, names: list[str], children: dict[str, list[str]]) -> list[str]:
        """These, with the missing ones replaced by what stands below them, in order."""
        found, todo = [], list(names)
        while todo:
            name = todo.pop()
            if name in self.entries:
                found.append(name)
            else:
                todo += children.get(name, [])
        return sorted(found, key=self.order)


def _some(references: tuple[str, ...]) -> tuple[str, ...]:
    if len(references) <= MOST_REFERENCES:
        return references
    return references[:1] + references[1 - MOST_REFERENCES:]


def _moment(date: datetime | None) -> datetime:
    if date is None:
        return _EPOCH
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _first_date(rows: Sequence[Row[K]]) -> datetime:
    return next(_moment(row.entry.date) for row in rows if row.entry)
