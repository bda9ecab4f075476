"""What runs remember of each other: a small database for each pair of trees. Disk code.

Of each file that was copied and verified it keeps what the source was then, and what was left on
the target. Where an end keeps no times, or takes none, that is the only way to tell later whether
a file is what it was; and it is what a two-way run compares both sides with.

Of each long upload it keeps what the source was when it began: what lies half-done on a server is
gone on with only if the source is still that.

Notes are written a few at a time. One that is lost in a crash costs a comparison or a copy; it
never makes anything wrong, since a note only says what was true after the file had its name.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import BusyError, TransferError
from .types import Mark

__all__ = ["Journal", "place_for"]

_TOGETHER = 200
"""Notes that are written at once."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pair (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS copied (path TEXT PRIMARY KEY, ours TEXT, theirs TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS begun (path TEXT PRIMARY KEY, ours TEXT) WITHOUT ROWID;
"""


def place_for(source: str, target: str, kind: str = "mirror") -> Path:
    """Where the journal of a pair of trees is kept, unless somebody says otherwise.

    Args:
        source: URL or path, without secrets.
        target: URL or path, without secrets.
        kind: of run: each has its own.

    Example:
        >>> place_for("/a", "ftp://host/b").suffix
        '.sqlite'
    """
    home = os.environ.get("XDG_STATE_HOME") or str(
        Path.home() / ("AppData/Local" if sys.platform == "win32" else ".local/state"))
    pair = f"{kind}\0{source}\0{target}".encode("utf-8", "surrogateescape")
    name = hashlib.sha256(pair).hexdigest()
    return Path(home) / "postel" / "transfers" / f"{name[:24]}.sqlite"


class Journal:
    """The memory of one pair of trees; a context manager. One run has it at a time.

    Args:
        path: of the database, made if it is missing; None keeps it in memory, for one run.
        source: for whoever reads the file.
        target: for whoever reads the file.

    Raises:
        BusyError: another run has it.
        TransferError: it cannot be opened.

    Example:
        >>> from postel.types import Kind
        >>> with Journal(None) as journal:
        ...     journal.note("a.txt", Mark(Kind.FILE, 5, 1.0), Mark(Kind.FILE, 5))
        ...     journal.known("a.txt")[1].size
        5
    """

    def __init__(self, path: Path | None, source: str = "", target: str = "") -> None:
        self.path = path
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[Mark, Mark]] = {}
        self._guard: int | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._guard = _locked(path.with_suffix(".lock"))
        try:
            self._base = sqlite3.connect(":memory:" if path is None else path,
                                         check_same_thread=False, isolation_level=None)
            for line in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL"):
                self._base.execute(line)
            self._base.executescript(_SCHEMA)
            self._base.executemany("INSERT OR REPLACE INTO pair VALUES (?, ?)",
                                   [("source", _key(source)), ("target", _key(target))])
        except sqlite3.Error as error:
            self._unlock()
            raise TransferError(f"journal {path}: {error}",
                                hint="move it away: it only saves work, and is made anew") from None
        self._empty = self._base.execute("SELECT 1 FROM copied LIMIT 1").fetchone() is None

    # -- what was copied -------------------------------------------------------------------

    def known(self, path: str) -> tuple[Mark, Mark] | None:
        """What *path* was on both sides when it was copied; None if it never was."""
        with self._lock:
            if path in self._waiting:
                return self._waiting[path]
            if self._empty:
                return None
            row = self._base.execute(
                "SELECT ours, theirs FROM copied WHERE path = ?", (_key(path),)).fetchone()
        return None if row is None else (_mark(row[0]), _mark(row[1]))

    def note(self, path: str, ours: Mark, theirs: Mark) -> None:
        """*path* is copied, verified, and has its name."""
        with self._lock:
            self._waiting[path] = (ours, theirs)
            self._empty = False
            if len(self._waiting) >= _TOGETHER:
                self._write()

    def forget(self, path: str) -> None:
        """*path* is no longer there."""
        with self._lock:
            self._waiting.pop(path, None)
            self._base.execute("DELETE FROM copied WHERE path = ?", (_key(path),))

    def all(self) -> Iterator[tuple[str, Mark, Mark]]:
        """Everything that was copied, by path."""
        self.flush()
        rows = self._base.execute("SELECT path, ours, theirs FROM copied ORDER BY path")
        for path, ours, theirs in rows:
            yield path.decode("utf-8", "surrogatepass"), _mark(ours), _mark(theirs)

    def flush(self) -> None:
        """Write what is noted."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            with _together(self._base):
                self._base.executemany(
                    "INSERT OR REPLACE INTO copied VALUES (?, ?, ?)",
                    [(_key(path), _text(ours), _text(theirs))
                     for path, (ours, theirs) in self._waiting.items()])
                self._base.executemany("DELETE FROM begun WHERE path = ?",
                                       [(_key(path),) for path in self._waiting])
            self._waiting.clear()

    # -- what was begun --------------------------------------------------------------------

    def begin(self, path: str, ours: Mark) -> bool:
        """A long upload of *path* begins; whether an earlier one of the same source had begun."""
        with self._lock:
            key = _key(path)
            row = self._base.execute("SELECT ours FROM begun WHERE path = ?", (key,)).fetchone()
            self._base.execute("INSERT OR REPLACE INTO begun VALUES (?, ?)", (key, _text(ours)))
        return row is not None and _mark(row[0]) == ours

    # -- life ------------------------------------------------------------------------------

    def close(self) -> None:
        """Write, and let go; may be called twice."""
        try:
            self.flush()
            self._base.close()
        except sqlite3.ProgrammingError:
            pass  # it is closed already
        finally:
            self._unlock()

    def _unlock(self) -> None:
        if self._guard is not None:
            os.close(self._guard)
            self._guard = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@contextlib.contextmanager
def _together(base: sqlite3.Connection) -> Iterator[None]:
    base.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        base.execute("ROLLBACK")
        raise
    base.execute("COMMIT")


def _key(path: str) -> bytes:
    """A path in the base: names need not be UTF-8 (PEP 383), and SQLite's text must be."""
    return path.encode("utf-8", "surrogatepass")


def _text(mark: Mark) -> str:
    return json.dumps(mark.as_json(), separators=(",", ":"))


def _mark(text: str) -> Mark:
    said: Any = json.loads(text)
    return Mark.from_json(said)


def _locked(path: Path) -> int:
    """One run at a time: a lock that goes with the process, however it ends."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows
        return fd
    for attempt in range(2):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return fd
        except OSError:
            if attempt == 0:
                time.sleep(0.05)  # one that was just killed is on its way out
    os.close(fd)
    raise BusyError(f"journal {path.with_suffix('.sqlite')}: another run has these two trees",
                    hint="wait for it, or stop it") from None
