"""The private cache on disk: one SQLite file of responses, with caps (RFC 9111). Disk.

What may be kept and used again is decided in `postel.http.cache`; here it is only put away. The
file is private (0600): it holds what the user has read. Secrets of requests are not in it; where a
response varies by a field, a digest stands for the field's value. Over a cap the responses go that
were not used for the longest time.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import Forbidden, NoSpace, TransferError, TryLater
from .cache import Stored, Use, decide
from .fields import Headers

__all__ = ["LARGEST", "MOST", "TOTAL", "Found", "Store"]

LARGEST = 16 << 20
"""Bytes of one body; a larger one is not kept."""

TOTAL = 256 << 20
"""Bytes of all bodies and fields together."""

MOST = 20_000
"""Responses of one store."""

_BUSY_SECONDS = 5.0
_OWNER = 0x506F5374  # PRAGMA application_id: the file is ours
_VERSION = 1  # PRAGMA user_version
_SCHEMA = """
CREATE TABLE IF NOT EXISTS responses (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    varied TEXT NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    requested REAL NOT NULL,
    received REAL NOT NULL,
    used REAL NOT NULL,
    size INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (url, varied)
);
CREATE INDEX IF NOT EXISTS responses_used ON responses (used);
"""
_KINDS = {sqlite3.SQLITE_BUSY: TryLater, sqlite3.SQLITE_LOCKED: TryLater,
          sqlite3.SQLITE_FULL: NoSpace, sqlite3.SQLITE_READONLY: Forbidden,
          sqlite3.SQLITE_CANTOPEN: Forbidden, sqlite3.SQLITE_PERM: Forbidden}


@dataclass(frozen=True)
class Found:
    """A response that was kept.

    Args:
        id: its number in the store, for `Store.body` and `Store.refresh`.
        stored: the response without its body.
        use: what it is good for now.
    """

    id: int
    stored: Stored
    use: Use


class Store:
    """Responses on disk.

    Args:
        path: of the file; it is made when it does not exist. One of another version is emptied:
            a cache holds nothing that cannot be fetched again.
        largest: bytes of one body.
        total: bytes of all.
        most: responses.

    Raises:
        TryLater: another process keeps the file locked.
        Forbidden, NoSpace: the disk refuses.
        TransferError: the file is another program's, or damaged.

    Example:
        >>> import tempfile
        >>> from postel.http.cache import stored
        >>> at = datetime(2026, 11, 21, tzinfo=UTC)
        >>> one = stored(200, [("Cache-Control", "max-age=60")], [], requested=at, received=at)
        >>> with tempfile.TemporaryDirectory() as folder, Store(f"{folder}/cache.db") as store:
        ...     store.put("https://example.org/", one, b"hello")
        ...     found = store.find("https://example.org/", [], now=at)
        ...     found.use.value, store.body(found.id)
        True
        ('fresh', b'hello')
    """

    def __init__(
        self, path: str | Path, *, largest: int = LARGEST, total: int = TOTAL, most: int = MOST
    ) -> None:
        self.path = Path(path)
        self.largest = largest
        self._total, self._most = total, most
        self._lock = threading.Lock()  # async clients come from several threads of a pool
        with self._telling("open"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = self._opened()

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None,
                             check_same_thread=False)
        try:
            db.execute("PRAGMA synchronous=OFF")  # what a crash damages is fetched again
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        owner = db.execute("PRAGMA application_id").fetchone()[0]
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            if owner != _OWNER:
                raise TransferError(f"open the cache {self.path}: it is another program's database",
                                    hint="give the cache a file of its own")
            if db.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
                return
            db.execute("DROP TABLE IF EXISTS responses")
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(_SCHEMA)
        db.execute(f"PRAGMA application_id={_OWNER}")
        db.execute(f"PRAGMA user_version={_VERSION}")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __len__(self) -> int:
        with self._doing("count"):
            return int(self._db.execute("SELECT count(*) FROM responses").fetchone()[0])

    def find(self, url: str, request: Headers, *, now: datetime) -> Found | None:
        """The response kept for a request, or None; the newest of those that fit.

        Args:
            url: without a password and without its fragment.
            request: the fields as they would be sent.
            now: the time; the response is noted as used.
        """
        request = list(request)
        with self._doing("look into"):
            rows = self._db.execute(
                "SELECT id, status, headers, requested, received, varied FROM responses"
                " WHERE url = ? ORDER BY received DESC", (url,)).fetchall()
            for id, *row in rows:
                one = _stored(*row)
                if (use := decide(one, request, now=now)) is not Use.MISS:
                    self._db.execute("UPDATE responses SET used = ? WHERE id = ?",
                                     (now.timestamp(), id))
                    return Found(id, one, use)
        return None

    def body(self, id: int) -> bytes | None:
        """The body of a response that was found; None if it has been evicted since."""
        with self._doing("read"):
            row = self._db.execute("SELECT body FROM responses WHERE id = ?", (id,)).fetchone()
        return None if row is None else bytes(row[0])

    def put(self, url: str, stored: Stored, body: bytes) -> bool:
        """Keep a response in place of the one before; False where it is too large.

        Args:
            url: without a password and without its fragment.
            stored: the response, from `postel.http.cache.stored`.
            body: all of it, as it came, with its Content-Encoding.
        """
        headers, size = json.dumps(stored.headers), len(body)
        size += len(headers) + len(url)
        if len(body) > self.largest or size > self._total:
            return False
        received = stored.received.timestamp()
        with self._doing("write to"):
            self._db.execute(
                "INSERT OR REPLACE INTO responses"
                " (url, varied, status, headers, requested, received, used, size, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (url, json.dumps(stored.varied), stored.status, headers,
                 stored.requested.timestamp(), received, received, size, body))
            self._evict()
        return True

    def refresh(self, id: int, stored: Stored) -> None:
        """Put newer fields to a body that still holds, after a 304."""
        with self._doing("write to"):
            self._db.execute(
                "UPDATE responses SET headers = ?, requested = ?, received = ? WHERE id = ?",
                (json.dumps(stored.headers), stored.requested.timestamp(),
                 stored.received.timestamp(), id))

    def drop(self, url: str) -> None:
        """Forget all that is kept for a URL."""
        with self._doing("write to"):
            self._db.execute("DELETE FROM responses WHERE url = ?", (url,))

    def clear(self) -> None:
        """Forget everything, and give the space back."""
        with self._doing("clear"):
            self._db.execute("DELETE FROM responses")
            self._db.execute("VACUUM")

    def _evict(self) -> None:
        count, size = self._db.execute("SELECT count(*), total(size) FROM responses").fetchone()
        if count <= self._most and size <= self._total:
            return
        gone = []
        for id, one in self._db.execute("SELECT id, size FROM responses ORDER BY used, id"):
            if count <= self._most and size <= self._total:
                break
            gone.append((id,))
            count, size = count - 1, size - one
        self._db.executemany("DELETE FROM responses WHERE id = ?", gone)

    @contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        with self._lock, self._telling(what):
            yield

    @contextmanager
    def _telling(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            kind = _KINDS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, TransferError)
            raise kind(f"{doing} the cache {self.path}: {error}",
                       hint="it may be removed: it holds copies only") from error
        except OSError as error:
            raise Forbidden(f"{doing} the cache {self.path}: {error.strerror}",
                            hint="choose another place for it") from error


def _stored(status: int, headers: str, requested: float, received: float, varied: str) -> Stored:
    return Stored(status, tuple((name, text) for name, text in json.loads(headers)),
                  datetime.fromtimestamp(requested, UTC), datetime.fromtimestamp(received, UTC),
                  json.loads(varied))
