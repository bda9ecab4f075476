"""One call each: get, info, search, update. Conversation code, above the sync library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .library_sync import Library
from .results import Hit, Report
from .types import RFC, Record

__all__ = ["get", "info", "search", "update"]


def get(what: int | str, **options: Any) -> RFC:
    """An RFC with its text: from the mirror, else from a source.

    Args:
        what: a number, ``"std10"``, or a name such as ``"smtp"``.
        options: of `Library`.

    Raises:
        NotFound: there is none.

    Example:
        >>> memo = get(30001)
        >>> memo.title, memo.obsoletes, memo.section("2.1").title
        ('Sample Note Protocol', (20001,), 'Commands')
    """
    with Library(**options) as series:
        return series.get(what)


def info(what: int | str, **options: Any) -> Record:
    """What the index says of an RFC.

    Args:
        what: as for `get`.
        options: of `Library`.

    Example:
        >>> info("std900").number
        30001
    """
    with Library(**options) as series:
        return series.info(what)


def search(query: str, *, limit: int = 10, **options: Any) -> list[Hit]:
    """Full-text search over the mirror, which `update` makes.

    Args:
        query: words; ``"several in quotes"`` stand together.
        limit: how many.
        options: of `Library`.

    Example:
        >>> update().here
        4
        >>> [(one.number, one.section) for one in search("notes expire")]
        [(30001, '3')]
    """
    with Library(**options) as series:
        return series.search(query, limit=limit)


def update(numbers: Iterable[int] | None = None, *, progress: Any = None, **options: Any) -> Report:
    """Bring the mirror up to date; what is here already is not fetched again.

    Args:
        numbers: only these texts; None for all.
        progress: called with what is being done, how far it is, and of how much.
        options: of `Library`.

    Example:
        >>> first, second = update(), update()
        >>> first.here, second.fetched, second.unchanged
        (4, 0, True)
    """
    with Library(**options) as series:
        return series.update(numbers, progress=progress)
