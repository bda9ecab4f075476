"""Sorting and threading by ourselves, where a server has neither (RFC 5256). Pure.

The order is that of RFC 5256: subjects by their base, addresses by the mailbox's name before the
"@", dates in UTC; what is equal stays in the order of UIDs. Conversations are those that
`postel.messages` finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from ..errors import UsageError
from ..messages import parse
from ..messages.addresses import Address
from ..messages.threads import Thread as _Thread
from ..messages.threads import ThreadEntry, Threads, base_subject
from .types import Fetched, Thread

__all__ = ["FIELDS", "SORT_ITEMS", "sort_keys", "sorted_by", "threaded"]

FIELDS = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID REFERENCES IN-REPLY-TO SUBJECT DATE FROM TO CC)]"
"""What joining conversations needs of a message."""

SORT_ITEMS = ("envelope", "internal_date", "size")
_KEYS = frozenset({"ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "DISPLAYFROM",
                   "DISPLAYTO"})
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def sort_keys(keys: str | Iterable[str]) -> tuple[tuple[str, bool], ...]:
    """Criteria as pairs of a name and whether it is turned round.

    Example:
        >>> sort_keys("-date subject"), sort_keys(["REVERSE DATE"])
        ((('DATE', True), ('SUBJECT', False)), (('DATE', True),))
    """
    text = keys if isinstance(keys, str) else " ".join(keys)
    found, turned = list[tuple[str, bool]](), False
    for word in text.upper().split():
        if word == "REVERSE":
            turned = not turned
            continue
        name = word.removeprefix("-")
        if name not in _KEYS:
            raise UsageError(f"sort: {word!r} is nothing to sort by",
                             hint=f"one of {', '.join(sorted(_KEYS)).lower()}; - turns it round")
        found.append((name, turned != word.startswith("-")))
        turned = False
    if not found:
        raise UsageError("sort: there is nothing to sort by", hint='as "-date"')
    return tuple(found)


def sorted_by(messages: Iterable[Fetched], keys: Sequence[tuple[str, bool]]) -> list[int]:
    """UIDs in that order."""
    found = sorted(messages, key=lambda one: one.uid)
    for name, turned in reversed(keys):
        found.sort(key=lambda one, name=name: _key(one, name), reverse=turned)  # type: ignore[misc]
    return [one.uid for one in found]


def _key(one: Fetched, name: str) -> Any:
    sent = one.envelope
    if name == "ARRIVAL":
        return one.internal_date or _LONG_AGO
    if name == "SIZE":
        return one.size or 0
    if sent is None:
        return _LONG_AGO if name == "DATE" else ""
    if name == "DATE":
        date = sent.date or one.internal_date or _LONG_AGO
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    if name == "SUBJECT":
        return base_subject(sent.subject)
    who = {"FROM": sent.from_, "DISPLAYFROM": sent.from_, "CC": sent.cc}.get(name, sent.to)
    first = next((person for person in who if isinstance(person, Address)), None)
    if first is None:
        return ""
    if name.startswith("DISPLAY") and first.name:
        return first.name.casefold()
    return first.address.partition("@")[0].casefold()


def threaded(messages: Iterable[Fetched], *, by_subject: bool) -> tuple[Thread, ...]:
    """Conversations of messages whose `FIELDS` were fetched."""
    joined = Threads[int](by_subject=by_subject)
    for one in messages:
        header = next(iter(one.bodies.values()), b"")
        joined.add(ThreadEntry.of(one.uid, parse(header)))
    return tuple(_tree(thread) for thread in joined.threads())


def _tree(thread: _Thread[int]) -> Thread:
    """Rows with parents, as numbers in a row and branches; built from the leaves up."""
    below: dict[int, list[int]] = {}
    for place, row in enumerate(thread.rows):
        below.setdefault(row.parent, []).append(place)
    made: dict[int, Thread] = {}
    for place in range(len(thread.rows) - 1, -1, -1):
        row = thread.rows[place]
        own = (row.entry.key,) if row.entry is not None else ()
        made[place] = _joined(own, [made.pop(child) for child in below.get(place, ())])
    return _joined((), [made[place] for place in below.get(-1, ())])


def _joined(own: tuple[int, ...], branches: list[Thread]) -> Thread:
    """One answer goes on in the same line; several are branches."""
    if len(branches) == 1:
        return Thread(own + branches[0].numbers, branches[0].branches)
    return Thread(own, tuple(branches))
