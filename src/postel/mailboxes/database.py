"""A SQLite file that remembers what was done, for programs that may be killed at any moment. Disk.

Every change is one transaction, on the disk when its block ends: WAL with ``synchronous = FULL``,
for with NORMAL a power cut may take back the last commits. The file and its folder are made
readable by their owner only. Conversations call from a thread of a pool, never from two at once.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Self

from ..errors import (
    Forbidden,
    NoSpace,
    NotSupported,
    PostelError,
    TransferError,
    TryLater,
)
from . import disk_errors

__all__ = ["Database"]

BUSY_SECONDS = 30.0
"""How long one process waits for another's transaction."""

_KINDS: dict[int, type[PostelError]] = {
    sqlite3.SQLITE_BUSY: TryLater,
    sqlite3.SQLITE_LOCKED: TryLater,
    sqlite3.SQLITE_FULL: NoSpace,
    sqlite3.SQLITE_READONLY: Forbidden,
    sqlite3.SQLITE_CANTOPEN: Forbidden,
    sqlite3.SQLITE_PERM: Forbidden,
}


class Database:
    """An open file; subclasses bring `schema` and `version`.

    Args:
        path: made, with its folder, if absent.

    Raises:
        NotSupported: a later version of Postel has written the file.
        TryLater: another process has kept it locked for 30 seconds.
        TransferError: it is damaged, or no SQLite file.
        Forbidden, NoSpace: the disk refuses.

    Example:
        >>> import tempfile
        >>> class Names(Database):
        ...     schema = "CREATE TABLE IF NOT EXISTS names (name TEXT)"
        >>> with tempfile.TemporaryDirectory() as folder, Names(f"{folder}/n.db") as names:
        ...     names.path.name
        'n.db'
    """

    schema: ClassVar[str] = ""
    version: ClassVar[int] = 1

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with disk_errors(f"opening {self.path}"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        with self._telling("opening"):
            self._db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None,
                                       check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was not committed is undone."""
        self._db.close()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("BEGIN IMMEDIATE")
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > self.version:
            raise NotSupported(
                f"opening {self.path}: it has version {version}, this Postel knows {self.version}",
                hint="use the newer Postel, or another file")
        for statement in self.schema.split(";"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {self.version}")
        self._db.execute("COMMIT")

    @contextmanager
    def _change(self) -> Iterator[None]:
        """One commit for all changes in the block, or none of them if it raises."""
        with self._telling("writing"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _telling(self, doing: str) -> Iterator[None]:
        """What SQLite says, as our errors."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more exactly why
            kind = _KINDS.get(code, TransferError)
            raise kind(f"{doing} {self.path}: {error}") from error
