"""A store of mail in one SQLite file: folders, messages, flags, and what was removed.

Disk code. Every change is one transaction and is on the disk when the server answers. A message's
bytes are read when they are asked for; all else is in memory while the store is open.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NoSpace, NotSupported, PostelError, TransferError, TryLater
from ..mailboxes import disk_errors
from .mail_folder import Folder, Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .mail_store import MailStore

__all__ = ["SQLiteKeeper"]

VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS folders (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, uidvalidity INTEGER NOT NULL,
    uidnext INTEGER NOT NULL, modseq INTEGER NOT NULL, forgotten INTEGER NOT NULL,
    recent INTEGER NOT NULL, subscribed INTEGER NOT NULL, more TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
    folder TEXT NOT NULL, uid INTEGER NOT NULL, modseq INTEGER NOT NULL, size INTEGER NOT NULL,
    date TEXT NOT NULL, saved TEXT NOT NULL, email_id TEXT NOT NULL, flags TEXT NOT NULL,
    data BLOB NOT NULL, UNIQUE (folder, uid));
CREATE TABLE IF NOT EXISTS vanished (
    folder TEXT NOT NULL, modseq INTEGER NOT NULL, uid INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS vanished_by_folder ON vanished (folder, modseq);
"""
_KINDS: dict[int, type[PostelError]] = {
    sqlite3.SQLITE_BUSY: TryLater, sqlite3.SQLITE_LOCKED: TryLater, sqlite3.SQLITE_FULL: NoSpace}


class SQLiteKeeper:
    """Keeps a store in a file.

    Args:
        path: the file; made readable by its owner alone if it is not there.

    Raises:
        NotSupported: a later version of Postel has written it.
        TransferError: it is damaged, or no SQLite file.

    Example:
        >>> import tempfile
        >>> from postel.serving.mail_store import MailStore
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = MailStore("alice", keeper=SQLiteKeeper(f"{folder}/alice.sqlite"))
        ...     message = store.append("INBOX", b"Subject: hello\\r\\n", flags=["x"])
        ...     store.close()
        ...     again = MailStore("alice", keeper=SQLiteKeeper(f"{folder}/alice.sqlite"))
        ...     found = again["INBOX"].messages[1]
        ...     print(found.data, sorted(found.flags), again["INBOX"].uidnext)
        ...     again.close()
        b'Subject: hello\\r\\n' ['x'] 2
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        with disk_errors(f"opening {self.path}"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
        self._db = sqlite3.connect(self.path, timeout=30.0, isolation_level=None,
                                   check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        with self._telling("opening"):
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            found = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            if found > VERSION:
                raise NotSupported(f"opening {self.path}: it has version {found}, this Postel "
                                   f"knows {VERSION}", hint="use the newer Postel")
            self._db.executescript(_SCHEMA)
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _telling(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            raise _KINDS.get(code, TransferError)(f"{doing} {self.path}: {error}") from error

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One transaction."""
        with self._lock, self._telling("writing"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # -- reading ---------------------------------------------------------------------------

    def load(self, store: MailStore) -> None:
        """Fill *store* with what is there."""
        for row in self._rows("SELECT id, name, uidvalidity, uidnext, modseq, forgotten, recent, "
                              "subscribed, more FROM folders"):
            more = json.loads(row[8])
            folder = Folder(row[1], row[2], row[0], uidnext=row[3], modseq=row[4],
                            forgotten=row[5], recent_from=row[6], subscribed=bool(row[7]),
                            attributes=set(more["attributes"]), acl=more["acl"],
                            metadata={key: value.encode("latin-1")
                                      for key, value in more["metadata"].items()})
            store.restore(folder)
            self._load_messages(folder)

    def _load_messages(self, folder: Folder) -> None:
        for uid, modseq, size, date, saved, email_id, flags in self._rows(
                "SELECT uid, modseq, size, date, saved, email_id, flags FROM messages "
                "WHERE folder = ? ORDER BY uid", folder.mailbox_id):
            folder.messages[uid] = Message(
                uid, None, flags=frozenset(flags.split()), date=datetime.fromisoformat(date),
                saved=datetime.fromisoformat(saved), email_id=email_id, modseq=modseq, size=size,
                load=self._loader(folder.mailbox_id, uid))
        folder.vanished = [(modseq, uid) for modseq, uid in self._rows(
            "SELECT modseq, uid FROM vanished WHERE folder = ? ORDER BY modseq",
            folder.mailbox_id)]

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, self._telling("reading"):
            return self._db.execute(query, values).fetchall()

    def _loader(self, folder: str, uid: int) -> Callable[[], bytes]:
        def load() -> bytes:
            rows = self._rows("SELECT data FROM messages WHERE folder = ? AND uid = ?", folder, uid)
            return bytes(rows[0][0]) if rows else b""

        return load

    # -- writing ---------------------------------------------------------------------------

    def added(self, folder: Folder, message: Message, data: bytes) -> None:
        """A message came."""
        with self._change() as db:
            db.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (
                folder.mailbox_id, message.uid, message.modseq, message.size,
                message.date.isoformat(), message.saved.isoformat(), message.email_id,
                " ".join(sorted(message.flags)), data))
            _put_folder(db, folder)
        message.forget_data(self._loader(folder.mailbox_id, message.uid))

    def flagged(self, folder: Folder, messages: Iterable[Message]) -> None:
        """Flags changed."""
        with self._change() as db:
            db.executemany(
                "UPDATE messages SET flags = ?, modseq = ? WHERE folder = ? AND uid = ?",
                [(" ".join(sorted(one.flags)), one.modseq, folder.mailbox_id, one.uid)
                 for one in messages])
            _put_folder(db, folder)

    def removed(self, folder: Folder, uids: Iterable[int]) -> None:
        """Messages are gone."""
        uids = list(uids)
        with self._change() as db:
            db.executemany("DELETE FROM messages WHERE folder = ? AND uid = ?",
                           [(folder.mailbox_id, uid) for uid in uids])
            db.executemany("INSERT INTO vanished VALUES (?, ?, ?)",
                           [(folder.mailbox_id, folder.modseq, uid) for uid in uids])
            if folder.forgotten:
                db.execute("DELETE FROM vanished WHERE folder = ? AND modseq < ?",
                           (folder.mailbox_id, folder.forgotten))
            _put_folder(db, folder)

    def changed(self, folder: Folder, old: str = "") -> None:
        """A folder was made, renamed, or annotated."""
        with self._change() as db:
            _put_folder(db, folder)

    def dropped(self, folder: Folder) -> None:
        """A folder is gone."""
        with self._change() as db:
            for table in ("messages", "vanished"):
                db.execute(f"DELETE FROM {table} WHERE folder = ?", (folder.mailbox_id,))  # noqa: S608 - names of this file
            db.execute("DELETE FROM folders WHERE id = ?", (folder.mailbox_id,))


def _put_folder(db: sqlite3.Connection, folder: Folder) -> None:
    more = json.dumps({"attributes": sorted(folder.attributes), "acl": folder.acl,
                       "metadata": {key: value.decode("latin-1")
                                    for key, value in folder.metadata.items()}})
    db.execute(
        "INSERT INTO folders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "name = excluded.name, uidvalidity = excluded.uidvalidity, uidnext = excluded.uidnext, "
        "modseq = excluded.modseq, forgotten = excluded.forgotten, recent = excluded.recent, "
        "subscribed = excluded.subscribed, more = excluded.more",
        (folder.mailbox_id, folder.name, folder.uidvalidity, folder.uidnext, folder.modseq,
         folder.forgotten, folder.recent_from, folder.subscribed, more))
