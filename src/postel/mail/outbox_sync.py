# GENERATED from outbox_async.py by tools/unasync.py: edit that file, not this one.
"""The outbox: a message put in is sent, later or again, and never twice after the server's yes.

    with Outbox(password=ask) as outbox:
        outbox.add(message, via="submission://ann@mail.example.org", undo=30)
        outbox.run()

What is on the disk when, and what a crash leaves, is told in `postel.mail.outbox_store`.
"""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from ..errors import NetworkError, PostelError, ProtocolError, UsageError
from ..schemes import scheme_of
from ..smtp.client_sync import Client
from ..smtp.content import Outgoing
from ..smtp.drafts import Draft
from ..smtp.terms import check
from ..smtp.types import DSN, Envelope, Letter, Rcpt
from ..transport import disk_sync as disk
from ..transport.clock_sync import sleep, today
from ..transport.entropy import token
from ..urls import URL, parse
from .outbox_letter import Kept, failure, outcomes, posted
from .outbox_report import DeliveryReport, reports
from .outbox_store import OutboxStore
from .outbox_types import Item, Outcome, Schedule, Terms, Ticket

__all__ = ["Outbox", "default_path"]

_LONGEST_NAP = 30.0
"""Seconds after which `Outbox.serve` looks for what others have put in."""


def default_path() -> Path:
    """Where the outbox is, if you do not say: in your data folder."""
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "share") / "postel" / "outbox.db"


class Outbox:
    """Messages on disk, sent when they are due; use it in ``async with``.

    Args:
        path: the file; by default in your data folder.
        schedule: when it tries again, and when it gives up.
        client: makes the client for a server's URL, if the options do not say enough.
        options: the clients' options: ``password``, ``tls``, ``timeout`` …

    Example:
        >>> letter = b"From: ann@example.org\\r\\nTo: bob@example.org\\r\\n\\r\\nHi"
        >>> with Outbox("outbox.db") as outbox:
        ...     item = outbox.add(letter, via="smtp://mail.example.org", undo=30)
        ...     tried = outbox.run()
        >>> item.states(), tried
        ({'queued': 1}, [])
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        schedule: Schedule | None = None,
        client: Callable[[str], Client] | None = None,
        **options: Any,
    ) -> None:
        self.path = Path(path) if path is not None else default_path()
        self.schedule = schedule or Schedule()
        self._client, self._options = client, options
        self._store: OutboxStore | None = None

    def __enter__(self) -> Outbox:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def open(self) -> None:
        """Open the file."""
        if self._store is None:
            self._store = disk.call(OutboxStore, self.path)

    def close(self) -> None:
        """Close the file."""
        if self._store is not None:
            store, self._store = self._store, None
            disk.call(store.close)

    @property
    def store(self) -> OutboxStore:
        """The file."""
        if self._store is None:
            raise UsageError("the outbox is not open", hint="use it in a with block")
        return self._store

    # -- in, out, and a look -----------------------------------------------------------------

    def add(
        self,
        message: bytes | Outgoing | Draft,
        *,
        via: str | URL,
        sender: str | None = None,
        recipients: Sequence[str | Rcpt] | str | None = None,
        dsn: DSN | None = None,
        require_tls: bool = False,
        priority: int | None = None,
        later: datetime | timedelta | None = None,
        undo: float = 0.0,
    ) -> Item:
        """Put a message in; it is on the disk when this returns.

        Args:
            message: a `postel.Message`, what one has built, or bytes; files are read now. Of
                bytes, a Bcc field is taken out.
            via: the server's URL. A password in it is not kept: give it to the outbox.
            sender: of the envelope; by default the message's.
            recipients: by default the message's, Bcc included where it knows of them.
            dsn: of what you want to be told; its envid is the outbox's own unless you give one.
            require_tls: only over verified TLS, all the way.
            priority: -9 to 9.
            later: not before this moment, or this much later.
            undo: seconds in which `cancel` can still take it back.

        Raises:
            UsageError: nobody sends it or gets it, an address is none, or *later* has no zone.
        """
        url = via if isinstance(via, URL) else parse(via)
        scheme_of(url.scheme, "send")
        dsn, moment = dsn or DSN(), today()
        if isinstance(message, Draft):
            from .files import source

            message = disk.call(message.build, now=moment.astimezone(), unique=token(),
                                      files=source)
        what = disk.call(posted, message, sender, recipients, dsn.notify)
        check(Envelope(what.sender, tuple(
            Rcpt(address, wishes.notify, wishes.orcpt)
            for address, wishes in what.recipients.items()), dsn, priority=priority))
        envid = dsn.envid or f"postel.{token()}"
        number = disk.call(
            self.store.add, what.data, envid=envid, message_id=what.message_id, via=str(url),
            sender=what.sender, subject=what.subject, recipients=what.recipients,
            terms=Terms(dsn.ret, require_tls, priority), now=moment.timestamp(),
            due=_due(moment, later, undo))
        return self.get(number)

    def items(self) -> list[Item]:
        """All messages, the oldest first."""
        return disk.call(self.store.items)

    def get(self, number: int) -> Item:
        """One message.

        Raises:
            NotFound: there is none of this number.
        """
        return disk.call(self.store.item, number)

    def cancel(self, number: int) -> Item:
        """Send it to nobody who has not got it yet; what a run is sending right now goes out.

        Raises:
            NotFound: there is none of this number.
        """
        disk.call(self.store.cancel, number, now=today().timestamp())
        return self.get(number)

    def retry(self, number: int) -> Item:
        """Let the next run try again: whoever waits, was refused or given up, and the unknown.

        The unknown may get it a second time: look first whether it has arrived.

        Raises:
            NotFound: there is none of this number, or everybody has it.
        """
        disk.call(self.store.retry, number, now=today().timestamp())
        return self.get(number)

    def forget(self) -> int:
        """Drop what has been done with for a month; return how many messages that were."""
        return disk.call(self.store.forget, now=today().timestamp())

    def report(self, raw: bytes) -> list[DeliveryReport]:
        """Note what a delivery report (RFC 3464) says about messages of this outbox.

        It is matched by the envelope's name, or by the Message-ID of what it brings back; a
        report about anything else is passed over.

        Args:
            raw: a message from the mailbox, report or not.
        """
        return [report for report in reports(raw) if disk.call(self._note, report)]

    def _note(self, report: DeliveryReport) -> bool:
        """Whether *report* is about a recipient of ours, and settles what became of it."""
        number = self.store.match(envid=report.envid, message_id=report.message_id)
        if number is None or report.state is None:
            return False
        now = today().timestamp()
        return any(self.store.note_report(number, address, report.state, report.reply, now=now)
                   for address in dict.fromkeys((report.address, report.final)))

    # -- sending -----------------------------------------------------------------------------

    def run(self, *, tell: Callable[[Item], None] | None = None) -> list[Item]:
        """Send what is due, once; return those messages as they are then.

        Args:
            tell: called with each message when it has been tried.

        Raises:
            TryLater: another run is under way.
        """
        disk.call(self.store.lock)
        tried: list[Item] = []
        try:
            disk.call(self.store.recover, now=today().timestamp())
            due = disk.call(self.store.due, now=today().timestamp())
            for via, group in groupby(due, key=lambda pair: pair[0]):
                for number in self._send_all(via, [number for _, number in group]):
                    tried.append(self.get(number))
                    if tell is not None:
                        tell(tried[-1])
        finally:
            disk.call(self.store.unlock)
        return tried

    def serve(self, *, tell: Callable[[Item], None] | None = None) -> None:
        """Run whenever something is due, until this is cancelled."""
        while True:
            self.run(tell=tell)
            due = disk.call(self.store.next_due)
            nap = _LONGEST_NAP if due is None else due - today().timestamp()
            sleep(min(max(nap, 0.0), _LONGEST_NAP))

    def _send_all(self, via: str, numbers: list[int]) -> list[int]:
        """Send these over one connection, and over another where that breaks."""
        left, tried = deque(numbers), []
        while left:
            begun = len(left)
            try:
                with self._connected(via) as client:
                    while left:
                        tried.append(left.popleft())
                        self._send(client, tried[-1])
            except PostelError as error:
                if len(left) == begun:  # there is no connection to be had
                    for number in left:
                        self._put_off(number, error)
                    return numbers
        return tried

    def _connected(self, via: str) -> Client:
        return self._client(via) if self._client else Client(via, **self._options)

    def _send(self, client: Client, number: int) -> None:
        """One message, and what becomes of it on the disk.

        Raises:
            NetworkError, ProtocolError: the connection is gone; the message is settled.
        """
        store = self.store
        ticket = disk.call(store.claim, number, now=today().timestamp())
        if ticket is None:
            return  # cancelled meanwhile
        data = disk.call(store.data, number)
        kept = Kept.of(data, partial(_ending, store, number))
        letter, settled = Letter(kept, _envelope(ticket, client)), False
        try:
            for sent in client.send_many([letter]):
                self._settle(ticket, outcomes(sent))
                settled = True
        except PostelError as error:
            if not settled:
                self._settle(ticket, [failure(one, error) for one in ticket.recipients])
            if isinstance(error, NetworkError | ProtocolError):
                raise

    def _settle(self, ticket: Ticket, said: Sequence[Outcome]) -> None:
        disk.call(self.store.settle, ticket.id, said, now=today().timestamp(),
                        schedule=self.schedule, jitter=random.random())  # noqa: S311 - no secret

    def _put_off(self, number: int, error: PostelError) -> None:
        """The server cannot be reached: all of them wait."""
        ticket = disk.call(self.store.claim, number, now=today().timestamp())
        if ticket is not None:
            again = NetworkError(str(error), hint=error.hint)  # it may be another's fault later
            self._settle(ticket, [failure(one, again) for one in ticket.recipients])


def _ending(store: OutboxStore, number: int) -> None:
    store.ending(number, now=today().timestamp())


def _envelope(ticket: Ticket, client: Client) -> Envelope:
    """With the reports that were asked for, as far as the server knows of reports."""
    able, terms = "DSN" in client.capabilities, ticket.terms
    rcpts = tuple(Rcpt(address, wishes.notify, wishes.orcpt) if able else Rcpt(address)
                  for address, wishes in ticket.recipients.items())
    dsn = DSN(ret=terms.ret, envid=ticket.envid) if able else DSN()
    return Envelope(ticket.sender, rcpts, dsn, terms.require_tls, priority=terms.priority)


def _due(moment: datetime, later: datetime | timedelta | None, undo: float) -> float:
    if isinstance(later, datetime) and later.tzinfo is None:
        raise UsageError("later: a moment without a time zone", hint="give it one, as UTC")
    wanted = moment + later if isinstance(later, timedelta) else later or moment
    return max(wanted.timestamp(), moment.timestamp() + undo)
