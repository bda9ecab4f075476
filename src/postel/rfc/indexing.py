"""Texts are made searchable, section by section. Disk code.

The full-text index keeps words and no text; where each section stands in its file is noted. A text
that is another one than was read is read again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice

from ..errors import PostelError
from .cleaning import LARGEST, clean_lines, decoded
from .sections import headings
from .store import Store

__all__ = ["freshen", "index"]

_BATCH = 40
"""Texts of one transaction: what a run that is killed has to do again."""


def index(store: Store, tell: Callable[[int, int], object] | None = None) -> int:
    """Make searchable what is not yet, or has changed; how many texts that were.

    Args:
        store: the mirror.
        tell: called with how many are done, and of how many.
    """
    known = {number: (size, stamp) for number, size, stamp
             in store.rows("SELECT number, size, stamp FROM texts")}
    waiting = []
    for number, path in sorted(store.numbers().items()):
        status = path.stat()
        if known.get(number) != (status.st_size, status.st_mtime_ns) and (
                status.st_size <= LARGEST):
            waiting.append((number, status.st_size, status.st_mtime_ns))
    done, todo = 0, iter(waiting)
    while batch := list(islice(todo, _BATCH)):
        _take(store, batch)
        done += len(batch)
        if tell is not None:
            tell(done, len(waiting))
    if waiting:
        with store.lock:
            store.base().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return len(waiting)


def freshen(store: Store) -> None:
    """Make searchable what came into the folder since, one by one; where that may be written."""
    if len(store.numbers()) > store.searchable():
        with contextlib.suppress(PostelError, sqlite3.OperationalError):
            index(store)


def _take(store: Store, batch: list[tuple[int, int, int]]) -> None:
    with store.lock:
        base = store.base()
        base.execute("BEGIN IMMEDIATE")
        try:
            for number, size, stamp in batch:
                base.execute("DELETE FROM sections WHERE rfc = ?", (number,))
                _add(base, number, decoded(store.text(number) or b""))
                base.execute("INSERT OR REPLACE INTO texts VALUES (?, ?, ?)",
                             (number, size, stamp))
            base.execute("COMMIT")
        except BaseException:
            base.execute("ROLLBACK")
            raise


def _add(base: sqlite3.Connection, number: int, text: str) -> None:
    """The sections of one text: what is before the first is one, too.

    Numbers of rows only grow, so that what is left in the full-text index of an older reading
    leads nowhere (it cannot be taken out without the old text).
    """
    row = base.execute("SELECT coalesce(max(id), 0) FROM bodies_docsize").fetchone()[0]
    for where, title, start, stop, body in _pieces(text):
        row += 1
        base.execute("INSERT INTO sections VALUES (?, ?, ?, ?, ?, ?)",
                     (row, number, where, title, start, stop))
        base.execute("INSERT INTO bodies (rowid, heading, body) VALUES (?, ?, ?)",
                     (row, title, body))


def _pieces(text: str) -> Iterator[tuple[str, str, int, int, str]]:
    """Number, title, where it stands in *text*, and clean words of each section."""
    kept = clean_lines(text)
    lines = [line for _, line in kept]
    starts, at = [], 0
    for line in text.split("\n"):
        starts.append(at)
        at += len(line) + 1
    found = headings(lines)
    edges = [(0, "", ""), *((one.line, one.number, one.title) for one in found)]
    for index, (first, number, title) in enumerate(edges):
        last = edges[index + 1][0] if index + 1 < len(edges) else len(lines)
        if first >= last or title.lower() == "table of contents":
            continue
        stop = starts[kept[last][0]] if last < len(kept) else len(text)
        yield number, title, starts[kept[first][0]], stop, "\n".join(lines[first:last])
