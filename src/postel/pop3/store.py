"""What was fetched from a POP3 account: the memory that makes "leave on server" safe.

POP3 (RFC 1939) has no flags and no transactions but one: DELE marks, QUIT deletes. All else a
client must remember itself, by the unique-ids that UIDL lists. One row per message goes through
these states; each change is on the disk before the step that follows it:

    (no row) ── arriving ──> arriving ── record ──> kept ── mark_deleting ──> deleting
                   ▲            │ recover            ▲                          │     │
                   └── absent ──┴── present ─────────┤                undelete ─┘     │
                                                     (QUIT failed)   confirm_deleted ─┴─> deleted

A session, with what a crash at that point leaves:

    state.recover(box)          settles messages that were `arriving`: the mailbox says which are in
    state.undelete()            QUIT's answer never came: what is still listed is still ours
    seen(uidls)                 fetch the others: stage each in the mailbox, then per batch
        state.arriving(...)     crash: nothing is published yet; fetched again
        box.flush()             crash: in the mailbox, and `recover` finds it there: no second copy
        state.record(...)       crash after it: known
    mark_deleting(to_delete())  crash: nothing deleted, `undelete` makes it known again
        DELE, QUIT              crash before QUIT: the server forgets the marks (RFC 1939 section 6)
    confirm_deleted()           crash before it: the message is gone, `forget` drops its row
    forget(gone)

Servers that list one unique-id twice, or none, or new ones for old messages, are met with the
digest of the content: `digest_seen` and `digest_key`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import (
    Forbidden,
    NoSpace,
    NotSupported,
    PostelError,
    TransferError,
    TryLater,
    UsageError,
)
from ..mailboxes import Mailbox, disk_errors

__all__ = ["Record", "State", "account_key", "digest_key"]

VERSION = 1  # PRAGMA user_version
BUSY_SECONDS = 30.0  # how long one process waits for another's transaction
DAY = 86_400.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS pop3_messages (
    account TEXT NOT NULL,
    uidl BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('arriving', 'kept', 'deleting', 'deleted')),
    size INTEGER NOT NULL,
    digest TEXT NOT NULL,
    fetched_at REAL NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (account, uidl)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pop3_digests ON pop3_messages (account, digest);
"""
_PUT = """
INSERT INTO pop3_messages (account, uidl, state, size, digest, fetched_at, place)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, uidl) DO UPDATE SET state = excluded.state, size = excluded.size,
    digest = excluded.digest, fetched_at = excluded.fetched_at, place = excluded.place
"""
_KINDS: dict[int, type[PostelError]] = {
    sqlite3.SQLITE_BUSY: TryLater,
    sqlite3.SQLITE_LOCKED: TryLater,
    sqlite3.SQLITE_FULL: NoSpace,
    sqlite3.SQLITE_READONLY: Forbidden,
    sqlite3.SQLITE_CANTOPEN: Forbidden,
    sqlite3.SQLITE_PERM: Forbidden,
}


@dataclass(frozen=True)
class Record:
    """What is known of one message.

    Args:
        uidl: the server's unique-id, or a `digest_key`.
        size: in bytes, as fetched.
        digest: SHA-256 of the bytes as fetched, in hexadecimal.
        at: when it was fetched, in seconds since 1970.
        where: its key in the mailbox.
        deleted: whether the server has confirmed its deletion.
    """

    uidl: str
    size: int
    digest: str
    at: float
    where: str
    deleted: bool = False


def account_key(user: str, host: str, port: int) -> str:
    """The name of an account: who, where; never a password.

    Example:
        >>> account_key("alice", "POP3.example.org.", 995)
        'alice@pop3.example.org:995'
    """
    host = host.lower().removesuffix(".")
    return f"{user}@[{host}]:{port}" if ":" in host else f"{user}@{host}:{port}"


def digest_key(digest: str) -> str:
    """Stands for the unique-id where a server has none or repeats it.

    It has a space, which no unique-id may have (RFC 1939 section 7), so the two never meet.

    Example:
        >>> digest_key("9f86d081")
        'sha256 9f86d081'
    """
    return f"sha256 {digest}"


class State:
    """Which messages of one account were fetched, in a file that many accounts may share.

    Several processes may use the file at once; one object serves one caller at a time, from
    any thread. Every change is on the disk when its call returns, or when the `batch` around it
    ends. Times are arguments: seconds since 1970.

    Args:
        path: the SQLite file; made readable by its owner only, with its folder, if absent.
        account: see `account_key`.

    Raises:
        NotSupported: a later version of Postel has written the file.
        TryLater: another process has kept the file locked for 30 seconds.
        TransferError: the file is damaged, or no SQLite file.
        Forbidden, NoSpace: the disk refuses.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with State(f"{folder}/pop3.db", account_key("alice", "pop3.example.org", 995)) as s:
        ...         s.record("uid-1", size=120, digest="9f86", at=0.0, where="new-1")
        ...         s.seen(["uid-1", "uid-2"])
        ...         s.to_delete(["uid-1", "uid-2"], now=8 * 86400.0, after_days=7)
        {'uid-1'}
        ['uid-1']
    """

    def __init__(self, path: str | Path, account: str) -> None:
        self.path = Path(path)
        self.account = account
        self._in_batch = False
        with disk_errors(f"opening {self.path}"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        with self._telling("opening"):
            # Conversations call from a thread of a pool, never from two at once.
            self._db = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was not committed is undone."""
        self._db.close()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """One commit for all the changes in the block, or none of them if it raises.

        Raises:
            UsageError: a batch in a batch.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     with State(f"{folder}/pop3.db", "alice@pop3.example.org:995") as state:
            ...         with state.batch():
            ...             for number in range(100):
            ...                 uidl = f"uid-{number}"
            ...                 state.record(uidl, size=1, digest="00", at=0.0, where=uidl)
            ...         len(state.seen(f"uid-{number}" for number in range(200)))
            100
        """
        if self._in_batch:
            raise UsageError("starting a batch: one is under way")
        with self._telling("writing"):
            self._db.execute("BEGIN IMMEDIATE")
        self._in_batch = True
        try:
            yield
            with self._telling("writing"):
                self._db.execute("COMMIT")
        finally:
            self._in_batch = False
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def seen(self, uidls: Iterable[str]) -> set[str]:
        """Which of *uidls* need not be fetched: they are, or were, in the mailbox."""
        return self.known().intersection(uidls)

    def digest_seen(self, digest: str, *, present: Collection[str] = ()) -> bool:
        """Whether this content was fetched under a name that the server no longer uses.

        Ask before delivering a message whose unique-id is new or repeated. True means: it is in
        the mailbox already, only `record` it under its new name. A second message with equal
        content that is on the server under a name of its own is not meant; it is delivered.

        Args:
            digest: SHA-256 in hexadecimal.
            present: the unique-ids that are listed, once each.
        """
        names = self._uidls("state <> 'arriving' AND digest = ?", digest)
        return not names.issubset(present)

    def get(self, uidl: str) -> Record | None:
        """What is known of *uidl*; None if it was not fetched."""
        return self._rows("state <> 'arriving' AND uidl = ?", _blob(uidl)).get(uidl)

    def arriving(self, uidl: str, *, size: int, digest: str, at: float, where: str) -> None:
        """Note that a message is staged in the mailbox and about to be published.

        Args:
            uidl: its unique-id or `digest_key`.
            size: in bytes, as fetched.
            digest: SHA-256 of the bytes as fetched, in hexadecimal.
            at: now, in seconds since 1970.
            where: its key in the mailbox.
        """
        self._put(uidl, "arriving", (size, digest, at, where))

    def record(self, uidl: str, *, size: int, digest: str, at: float, where: str) -> None:
        """Note that a message is in the mailbox; arguments as for `arriving`."""
        self._put(uidl, "kept", (size, digest, at, where))

    def recover(self, box: Mailbox) -> list[str]:
        """Settle what was `arriving` when a session broke off; call before a session begins.

        What the mailbox has is recorded; what it has not is forgotten, to be fetched again.

        Args:
            box: the mailbox that the messages were staged in.

        Returns:
            the unique-ids that were found in the mailbox.
        """
        rows = self._rows("state = 'arriving'")
        if not rows:
            return []
        there = box.present([row.where for row in rows.values()])
        found = [uidl for uidl, row in rows.items() if row.where in there]
        lost = [uidl for uidl, row in rows.items() if row.where not in there]
        with self._change():
            self._many("UPDATE pop3_messages SET state = 'kept'", "state = 'arriving'", found)
            self._many("DELETE FROM pop3_messages", "state = 'arriving'", lost)
        return found

    def to_delete(
        self, present: Sequence[str], *, now: float, after_days: float | None
    ) -> list[str]:
        """Which messages may be deleted from the server, in the order of *present*.

        Only what is recorded as fetched is ever named. A message whose deletion was confirmed but
        that is listed all the same is named again.

        Args:
            present: the unique-ids that the server lists. One that stands there twice is not
                named: nobody could tell which message it is.
            now: seconds since 1970.
            after_days: days to keep a message after it was fetched; 0 deletes at once, None never.

        Raises:
            UsageError: *after_days* is negative.
        """
        if after_days is None:
            return []
        if not after_days >= 0:
            raise UsageError(f"delete after {after_days} days: days are not negative")
        due = self._uidls(
            "state IN ('kept', 'deleted') AND fetched_at <= ?", now - after_days * DAY
        )
        times: dict[str, int] = {}
        for uidl in present:
            times[uidl] = times.get(uidl, 0) + 1
        return [uidl for uidl in present if times[uidl] == 1 and uidl in due]

    def mark_deleting(self, uidls: Iterable[str]) -> None:
        """Note that DELE is about to be sent for *uidls*; it is on the disk on return.

        Raises:
            UsageError: one of them is not recorded as fetched, or a `batch` is open: then
                nothing is marked, and nothing may be deleted.
        """
        uidls = list(uidls)
        if self._in_batch:
            raise UsageError("marking messages for deletion: not in a batch, DELE may follow")
        with self._change():
            known = self.known()
            for uidl in uidls:
                if uidl not in known:
                    raise UsageError(f"marking {uidl!r} for deletion: it was never fetched")
            self._many("UPDATE pop3_messages SET state = 'deleting'", "1", uidls)

    def confirm_deleted(self, uidls: Iterable[str]) -> None:
        """Note that QUIT was answered with +OK, so *uidls* are deleted.

        Their rows stay until `forget`: a server that lists them once more gets no second fetch.
        """
        with self._change():
            query = "UPDATE pop3_messages SET state = 'deleted'"
            self._many(query, "state = 'deleting'", uidls)

    def undelete(self) -> None:
        """QUIT failed or its answer is unknown: all that was being deleted is kept and known.

        Call it then, and when a session begins.
        """
        query = "UPDATE pop3_messages SET state = 'kept' WHERE account = ? AND state = 'deleting'"
        with self._change(), self._telling("writing"):
            self._db.execute(query, (self.account,))

    def known(self) -> set[str]:
        """All unique-ids that were fetched; less those listed, they are what `forget` takes."""
        return self._uidls("state <> 'arriving'")

    def forget(self, gone_uidls: Iterable[str]) -> None:
        """Drop the rows of messages that have vanished from the server.

        Call it at the end of a session in which all new messages were fetched, never before:
        when a server has given new unique-ids to old messages, these rows are what `digest_seen`
        knows them by.
        """
        with self._change():
            self._many("DELETE FROM pop3_messages", "state <> 'arriving'", gone_uidls)

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        # WAL with NORMAL may lose the last commits in a power cut: a DELE could outlive its row.
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("BEGIN IMMEDIATE")
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise NotSupported(
                f"opening {self.path}: it has version {version}, this Postel knows {VERSION}",
                hint="use the newer Postel, or another file",
            )
        for statement in _SCHEMA.split(";"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("COMMIT")

    def _put(self, uidl: str, state: str, values: tuple[int, str, float, str]) -> None:
        with self._change(), self._telling("writing"):
            self._db.execute(_PUT, (self.account, _blob(uidl), state, *values))

    def _uidls(self, condition: str, *values: object) -> set[str]:
        return {_text(row[0]) for row in self._select("uidl", condition, *values)}

    def _rows(self, condition: str, *values: object) -> dict[str, Record]:
        columns = "uidl, size, digest, fetched_at, place, state = 'deleted'"
        rows = self._select(columns, condition, *values)
        return {
            _text(uidl): Record(_text(uidl), size, digest, at, where, bool(deleted))
            for uidl, size, digest, at, where, deleted in rows
        }

    def _select(self, columns: str, condition: str, *values: object) -> list[tuple[Any, ...]]:
        # Columns and conditions are literals of this file; all values are bound.
        query = f"SELECT {columns} FROM pop3_messages WHERE account = ? AND {condition}"  # noqa: S608
        with self._telling("reading"):
            return self._db.execute(query, (self.account, *values)).fetchall()

    def _many(self, action: str, condition: str, uidls: Iterable[str]) -> None:
        query = f"{action} WHERE {condition} AND account = ? AND uidl = ?"
        with self._telling("writing"):
            self._db.executemany(query, [(self.account, _blob(uidl)) for uidl in uidls])

    @contextmanager
    def _change(self) -> Iterator[None]:
        """A part of the batch under way, or else one of its own."""
        if self._in_batch:
            yield
            return
        with self.batch():
            yield

    @contextmanager
    def _telling(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more exactly why
            kind = _KINDS.get(code, TransferError)
            raise kind(f"{doing} {self.path}: {error}") from error


def _blob(uidl: str) -> bytes:
    # Unique-ids are ASCII by RFC 1939; what a server sends all the same must come back equal.
    return uidl.encode("utf-8", "surrogateescape")


def _text(uidl: bytes) -> str:
    return uidl.decode("utf-8", "surrogateescape")
