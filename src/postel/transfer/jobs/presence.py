"""Who is at work: a table of heartbeats beside the jobs. Disk code, blocking.

The database of jobs knows who took a batch, but not whether that process still lives. Each worker
writes the time every two seconds; one that has not written for `SILENT` seconds is dead, and its
batches go to the others. Times are the database's own where it has a clock (PostgreSQL), so that
machines need not agree.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

from ...errors import NetworkError, UsageError
from ...wire.text import display

__all__ = ["BEAT", "SILENT", "Presence", "sqlite_path"]

BEAT = 2.0
"""Seconds between two signs of life."""

SILENT = 15.0
"""Seconds after which one that gave none is dead: long enough for a machine that swaps."""

_SQLITE = {
    "make": "CREATE TABLE IF NOT EXISTS postel_workers (name TEXT PRIMARY KEY, seen REAL)",
    "beat": "INSERT INTO postel_workers VALUES (?, julianday('now') * 86400.0) "
            "ON CONFLICT (name) DO UPDATE SET seen = excluded.seen",
    "dead": "SELECT name FROM postel_workers WHERE seen < julianday('now') * 86400.0 - ?",
    "forget": "DELETE FROM postel_workers WHERE name = ?",
}
_POSTGRES = {
    "make": "CREATE TABLE IF NOT EXISTS postel_workers "
            "(name TEXT PRIMARY KEY, seen DOUBLE PRECISION)",
    "beat": "INSERT INTO postel_workers VALUES (%s, extract(epoch from now())) "
            "ON CONFLICT (name) DO UPDATE SET seen = excluded.seen",
    "dead": "SELECT name FROM postel_workers WHERE seen < extract(epoch from now()) - %s",
    "forget": "DELETE FROM postel_workers WHERE name = %s",
}


def sqlite_path(url: str) -> str | None:
    """The file of a ``sqlite:///…`` URL; None for another kind of URL.

    Example:
        >>> sqlite_path("sqlite:////var/lib/jobs.sqlite"), sqlite_path("postgresql://db/jobs")
        ('/var/lib/jobs.sqlite', None)
    """
    prefix = "sqlite:///"
    return url[len(prefix) :] if url.startswith(prefix) else None


class Presence:
    """The table of those who are at work.

    Args:
        url: of the database of jobs.
        name: of this process among them; None only looks.

    Raises:
        UsageError: the URL is of no database that jobs can be in.
        NetworkError: the database cannot be reached, or lets nobody in.
    """

    def __init__(self, url: str, name: str | None = None) -> None:
        if sqlite_path(url) is None and not url.startswith(("postgresql://", "postgres://")):
            raise UsageError("jobs: the database is sqlite:///FILE or postgresql://…")
        self._url, self.name = url, name
        self._words = _POSTGRES if sqlite_path(url) is None else _SQLITE
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._make()

    def start(self) -> None:
        """Give signs of life from now on."""
        self.beat()
        self._thread = threading.Thread(target=self._beats, name="postel-presence", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self.forget(self.name or "")

    def beat(self) -> None:
        """One sign of life."""
        self._do("beat", self.name)

    def dead(self) -> list[str]:
        """Those who have not given one for too long."""
        return [str(row[0]) for row in self._do("dead", SILENT)]

    def forget(self, name: str) -> None:
        """Take one off the table."""
        self._do("forget", name)

    def _beats(self) -> None:
        while not self._stop.wait(BEAT):
            with contextlib.suppress(Exception):  # the database is away: the next one may arrive
                self.beat()

    def _make(self) -> None:
        """The table; what is wrong with the database shows here first."""
        if sqlite_path(self._url) is not None:
            try:
                self._do("make")
            except sqlite3.Error as error:
                raise UsageError(f"jobs in {sqlite_path(self._url)}: {error}",
                                 hint="the folder must be there, and writable") from None
            return
        try:
            from psycopg import Error
        except ImportError:
            raise UsageError("jobs in PostgreSQL need psycopg",
                             hint="pip install 'postel[jobs]'") from None
        try:
            self._do("make")
        except Error as error:
            raise NetworkError(f"open the database of jobs: {display(str(error).strip())}",
                               hint="the database must exist: createdb makes one") from None

    def _do(self, word: str, *values: object) -> list[Any]:
        with self._connected() as base:
            cursor = base.execute(self._words[word], values)
            return list(cursor.fetchall()) if cursor.description else []

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        path = sqlite_path(self._url)
        if path is not None:
            base: Any = sqlite3.connect(path, timeout=30)
        else:
            import psycopg

            base = psycopg.connect(self._url)
        try:
            with base:
                yield base
        finally:
            base.close()
