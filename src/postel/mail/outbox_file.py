"""The outbox's file: one SQLite database, its transactions, and the lock of its runs. Disk code."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from ..errors import Forbidden, NoSpace, NotSupported, PostelError, TransferError, TryLater
from ..mailboxes import disk_errors

__all__ = ["OutboxFile"]

VERSION = 1  # PRAGMA user_version
BUSY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    envid TEXT NOT NULL UNIQUE,
    message_id TEXT NOT NULL,
    via TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    size INTEGER NOT NULL,
    terms TEXT NOT NULL,
    created REAL NOT NULL,
    began REAL NOT NULL,
    data BLOB
);
CREATE INDEX IF NOT EXISTS outbox_ids ON outbox_messages (message_id);
CREATE TABLE IF NOT EXISTS outbox_recipients (
    message INTEGER NOT NULL REFERENCES outbox_messages (id),
    address TEXT NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    due REAL NOT NULL,
    reply TEXT NOT NULL,
    changed REAL NOT NULL,
    wishes TEXT NOT NULL,
    PRIMARY KEY (message, address)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outbox_due ON outbox_recipients (state, due);
"""
_KINDS: dict[int, type[PostelError]] = {
    sqlite3.SQLITE_BUSY: TryLater,
    sqlite3.SQLITE_LOCKED: TryLater,
    sqlite3.SQLITE_FULL: NoSpace,
    sqlite3.SQLITE_READONLY: Forbidden,
    sqlite3.SQLITE_CANTOPEN: Forbidden,
    sqlite3.SQLITE_PERM: Forbidden,
}


class OutboxFile:
    """An open file. Conversations call it from a thread of a pool, never from two at once.

    Args:
        path: made readable by its owner only, with its folder, if absent.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock: sqlite3.Connection | None = None
        with disk_errors(f"opening {self.path}"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        with self._telling("opening"):
            # Conversations call from a thread of a pool, never from two at once.
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
        """Close the file."""
        self.unlock()
        self._db.close()

    def lock(self) -> None:
        """Let no other run begin until `unlock`, or the end of this process.

        Raises:
            TryLater: one is under way.
        """
        beside = self.path.with_name(self.path.name + ".run")
        lock = sqlite3.connect(beside, timeout=0.0, isolation_level=None, check_same_thread=False)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            lock.close()
            raise TryLater(f"outbox {self.path}: another run is sending from it", temporary=True,
                           hint="it sends yours too; wait, or end it") from error
        self._lock = lock

    def unlock(self) -> None:
        """End what `lock` began."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        # WAL with NORMAL may lose the last commits in a power cut: a 250 could be forgotten.
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("BEGIN IMMEDIATE")
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise NotSupported(
                f"opening {self.path}: it has version {version}, this Postel knows {VERSION}",
                hint="use the newer Postel, or another file")
        for statement in _SCHEMA.split(";"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {VERSION}")
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
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more exactly why
            kind = _KINDS.get(code, TransferError)
            raise kind(f"{doing} {self.path}: {error}") from error
