"""The outbox's file: one SQLite database, and the lock of its runs. Disk code."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ..errors import TryLater
from ..mailboxes.database import Database

__all__ = ["OutboxFile"]


class OutboxFile(Database):
    """An open file. Conversations call it from a thread of a pool, never from two at once.

    Args:
        path: made readable by its owner only, with its folder, if absent.
    """

    schema = """
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

    def __init__(self, path: str | Path) -> None:
        self._lock: sqlite3.Connection | None = None
        super().__init__(path)

    def close(self) -> None:
        """Close the file."""
        self.unlock()
        super().close()

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
