"""The outbox on disk: messages, and the state of each recipient. Disk code, written once.

One row per recipient goes through these states; each change is on the disk before the step that
follows it:

    queued ── claim ──> sending ── ending ──> ending ──> sent · refused
       ▲                   │                     │  └──> queued again, or expired (`settle`)
       ├───── recover ─────┘                     │
       └───── retry ──── unknown <── recover ────┘
    queued ── cancel ──> cancelled            sent ── note_report ──> bounced · delivered

A run, with what a ``kill -9`` at that point leaves:

    recover()        settles what a dead run left: `sending` was not sent, it is `queued` again;
                     `ending` may have been taken by the server: it is `unknown`, and only you can
                     say what to do (`retry`), for an answer that was never read cannot be asked for
    claim(...)       crash: nothing has been said to the server that counts
      MAIL, RCPT     crash: the server forgets all (RFC 5321 section 4.1.1.5)
    ending(...)      crash: unknown. From here until `settle` the message may be taken
      the message's end, the server's 250
    settle(...)      crash after it: sent, and never sent again

So nothing is sent twice after a 250, whenever the process dies. Runs exclude each other by a lock
that dies with its process; adding, listing and cancelling go on meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from ..errors import NotFound
from .outbox_file import OutboxFile
from .outbox_types import (
    FINAL,
    Destination,
    Item,
    Outcome,
    Schedule,
    State,
    Terms,
    Ticket,
    Wishes,
)

__all__ = ["OutboxStore"]

KEPT = 30 * 86_400.0
"""Seconds for which the envelope of a message that is done with is kept: reports may come."""

_SET = "UPDATE outbox_recipients SET state = ?, changed = ?"


class OutboxStore(OutboxFile):
    """Messages to be sent, in a SQLite file. Times are arguments: seconds since 1970.

    Args:
        path: the file; made readable by its owner only, with its folder, if absent.

    Raises:
        NotSupported: a later version of Postel has written it.
        TryLater: another process has kept it locked for 30 seconds.
        TransferError: it is damaged, or no SQLite file.
        Forbidden, NoSpace: the disk refuses.
    """

    # -- in, out, and a look -----------------------------------------------------------------

    def add(self, data: bytes, *, envid: str, message_id: str, via: str, sender: str,
            subject: str, recipients: Mapping[str, Wishes], terms: Terms, now: float,
            due: float) -> int:
        """Put a message in, whole; return its number."""
        with self._change():
            found = self._db.execute(
                "INSERT INTO outbox_messages (envid, message_id, via, sender, subject, size, "
                "terms, created, began, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (envid, message_id, via, sender, subject, len(data), json.dumps(asdict(terms)),
                 now, due, data))
            number = int(found.lastrowid or 0)
            self._db.executemany(
                "INSERT INTO outbox_recipients VALUES (?, ?, 'queued', 0, ?, '', ?, ?)",
                [(number, address, due, now, json.dumps(asdict(wishes)))
                 for address, wishes in recipients.items()])
        return number

    def items(self, number: int | None = None) -> list[Item]:
        """All messages, the oldest first; or the one of this number."""
        values = (number, number)
        with self._telling("reading"):
            messages = self._db.execute(
                "SELECT id, subject, sender, via, size, envid, message_id, created "
                "FROM outbox_messages WHERE ? IS NULL OR id = ? ORDER BY id", values).fetchall()
            rows = self._db.execute(
                "SELECT message, address, state, tries, due, reply, changed FROM "
                "outbox_recipients WHERE ? IS NULL OR message = ? ORDER BY message, address",
                values).fetchall()
        destinations: dict[int, list[Destination]] = {}
        for message, address, state, tries, due, reply, changed in rows:
            destinations.setdefault(message, []).append(
                Destination(address, state, tries, _moment(due), reply, _moment(changed)))
        return [Item(id, subject, sender, via, size, envid, message_id, _moment(created),
                     tuple(destinations.get(id, ())))
                for id, subject, sender, via, size, envid, message_id, created in messages]

    def item(self, number: int) -> Item:
        """One message.

        Raises:
            NotFound: there is none of this number.
        """
        found = self.items(number)
        if not found:
            raise NotFound(f"outbox: there is no message {number}",
                           hint="`postel mail outbox list` shows which there are")
        return found[0]

    def data(self, number: int) -> bytes:
        """The bytes of a message; it has them until it is done with."""
        with self._telling("reading"):
            row = self._db.execute("SELECT data FROM outbox_messages WHERE id = ?",
                                   (number,)).fetchone()
        if row is None or row[0] is None:
            raise NotFound(f"outbox: message {number} is not kept any more")
        return bytes(row[0])

    def cancel(self, number: int, *, now: float) -> tuple[str, ...]:
        """Send it to nobody who is still waiting; return who that is."""
        self.item(number)
        with self._change():
            rows = self._db.execute(
                "SELECT address FROM outbox_recipients WHERE message = ? AND state = 'queued' "
                "ORDER BY address", (number,)).fetchall()
            self._db.execute(f"{_SET} WHERE message = ? AND state = 'queued'",
                             ("cancelled", now, number))
            self._tidy(number)
        return tuple(row[0] for row in rows)

    def retry(self, number: int, *, now: float) -> tuple[str, ...]:
        """Try again now: those who wait, who were refused or given up, and the unknown.

        For the unknown it may be the second time. Returns who will be tried.
        """
        self.data(number)
        with self._change():
            condition = ("message = ? AND state IN ('queued', 'unknown', 'refused', 'expired', "
                         "'cancelled')")
            rows = self._db.execute(
                f"SELECT address FROM outbox_recipients WHERE {condition}",  # noqa: S608 - a literal
                (number,)).fetchall()
            self._db.execute(f"{_SET}, due = ?, tries = 0 WHERE {condition}",
                             ("queued", now, now, number))
            self._db.execute("UPDATE outbox_messages SET began = ? WHERE id = ?", (now, number))
        return tuple(row[0] for row in rows)

    # -- a run -------------------------------------------------------------------------------

    def recover(self, *, now: float) -> int:
        """Settle what a dead run left; return how many recipients are unknown for it."""
        with self._change():
            self._db.execute(f"{_SET} WHERE state = 'sending'", ("queued", now))
            found = self._db.execute(
                f"{_SET}, reply = 'the sender died before the answer came' "
                "WHERE state = 'ending'", ("unknown", now))
        return found.rowcount

    def due(self, *, now: float) -> list[tuple[str, int]]:
        """Where something is to be done: server and message, those of one server together."""
        with self._telling("reading"):
            rows = self._db.execute(
                "SELECT DISTINCT via, id FROM outbox_recipients "
                "JOIN outbox_messages ON id = message WHERE "
                "state = 'queued' AND due <= ? ORDER BY via, id", (now,)).fetchall()
        return [(via, number) for via, number in rows]

    def next_due(self) -> float | None:
        """When something is to be done next."""
        with self._telling("reading"):
            row = self._db.execute(
                "SELECT min(due) FROM outbox_recipients WHERE state = 'queued'").fetchone()
        return None if row[0] is None else float(row[0])

    def claim(self, number: int, *, now: float) -> Ticket | None:
        """Take those of a message's recipients that are due; None if none is (any more)."""
        with self._change():
            head = self._db.execute(
                "SELECT via, sender, envid, terms FROM outbox_messages WHERE id = ?",
                (number,)).fetchone()
            rows = self._db.execute(
                "SELECT address, wishes FROM outbox_recipients WHERE message = ? "
                "AND state = 'queued' AND due <= ? ORDER BY address", (number, now)).fetchall()
            self._db.executemany(
                f"{_SET} WHERE message = ? AND address = ?",
                [("sending", now, number, address) for address, _ in rows])
        if head is None or not rows:
            return None
        via, sender, envid, terms = head
        return Ticket(number, via, sender, envid, {
            address: _wishes(wishes) for address, wishes in rows}, Terms(**json.loads(terms)))

    def ending(self, number: int, *, now: float) -> None:
        """The end of the message is about to be sent: from now on it may be taken."""
        with self._change():
            self._db.execute(f"{_SET} WHERE message = ? AND state = 'sending'",
                             ("ending", now, number))

    def settle(self, number: int, outcomes: Iterable[Outcome], *, now: float, schedule: Schedule,
               jitter: float) -> None:
        """Note what became of the recipients that were claimed; others stay as they are."""
        with self._change():
            began = self._db.execute("SELECT began FROM outbox_messages WHERE id = ?",
                                     (number,)).fetchone()[0]
            for outcome in outcomes:
                tries = 1 + self._db.execute(
                    "SELECT tries FROM outbox_recipients WHERE message = ? AND address = ?",
                    (number, outcome.address)).fetchone()[0]
                due, state = now + schedule.wait(tries, jitter=jitter), outcome.state
                if state == "queued" and due > began + schedule.give_up:
                    state = "expired"
                self._db.execute(
                    "UPDATE outbox_recipients SET state = ?, tries = ?, due = ?, reply = ?, "
                    "changed = ? WHERE message = ? AND address = ? "
                    "AND state IN ('sending', 'ending')",
                    (state, tries, due, outcome.reply, now, number, outcome.address))
            # A recipient of whom nothing was said was not reached, unless all was sent already.
            for before, after in (("sending", "queued"), ("ending", "unknown")):
                self._db.execute(f"{_SET} WHERE message = ? AND state = ?",
                                 (after, now, number, before))
            self._tidy(number)

    # -- reports -----------------------------------------------------------------------------

    def match(self, *, envid: str = "", message_id: str = "") -> int | None:
        """The message that a report is about: by its envelope's name, or by its Message-ID."""
        with self._telling("reading"):
            for column, value in (("envid", envid), ("message_id", message_id)):
                if value:
                    rows = self._db.execute(
                        f"SELECT id FROM outbox_messages WHERE {column} = ?",  # noqa: S608 - two literals
                        (value,)).fetchall()
                    if len(rows) == 1:
                        return int(rows[0][0])
        return None

    def note_report(self, number: int, address: str, state: State, reply: str, *,
                    now: float) -> bool:
        """A report says what became of a recipient; return whether it is one of the message's.

        That a server speaks of the message also proves that one has taken it: what was unknown
        is so no more.
        """
        with self._change():
            found = self._db.execute(
                "UPDATE outbox_recipients SET state = ?, reply = ?, changed = ? WHERE message = ? "
                "AND lower(address) = lower(?) AND (state IN ('sent', 'unknown') "
                "OR state = 'delivered' AND ? <> 'sent')",
                (state, reply, now, number, address, state))
            self._tidy(number)
        return found.rowcount > 0

    def forget(self, *, now: float, age: float = KEPT) -> int:
        """Drop messages that have been done with for so long; return how many."""
        with self._change():
            marks = ", ".join("?" for _ in FINAL)
            query = ("SELECT message FROM outbox_recipients GROUP BY message "  # noqa: S608 - marks
                     f"HAVING sum(state NOT IN ({marks})) = 0 AND max(changed) < ?")
            old = [(row[0],) for row in self._db.execute(query, (*FINAL, now - age))]
            self._db.executemany("DELETE FROM outbox_recipients WHERE message = ?", old)
            self._db.executemany("DELETE FROM outbox_messages WHERE id = ?", old)
        return len(old)

    def _tidy(self, number: int) -> None:
        """Drop the bytes of a message that everybody has."""
        self._db.execute(
            "UPDATE outbox_messages SET data = NULL WHERE id = ? AND NOT EXISTS (SELECT 1 FROM "
            "outbox_recipients WHERE message = ? AND state NOT IN ('sent', 'delivered'))",
            (number, number))


def _wishes(text: str) -> Wishes:
    said = json.loads(text)
    return Wishes(tuple(said["notify"]), said["orcpt"])


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
