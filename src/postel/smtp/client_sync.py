# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""The SMTP and LMTP client: a mail server as a with block.

Whether a message has arrived is not one question but one for each recipient. `send` raises if
anyone was refused, unless told otherwise, and its result names everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from ..errors import NetworkError, NotSupported, TryLater, UsageError
from ..transport.clock_sync import now, today
from ..transport.entropy import token
from ..wire.base import argument
from . import wire
from .content import Burl, Outgoing
from .drafts import Draft
from .login_sync import Login
from .sending_sync import Dispatch
from .terms import check, encoded
from .types import DSN, DeliverBy, Envelope, Letter, Rcpt, Reply, Sent

__all__ = ["Client", "envelope_of"]

_STALE = 30.0
"""Seconds of rest after which a connection is tried with NOOP before a message is risked."""


class Client(Login):
    """A connection to a mail server; its arguments are those of every client.

    A bare host name is a submission server: port 465 is tried first, then 587 with STARTTLS.
    ``smtp://host`` is port 25, ``lmtp://host:port`` delivers to a mail store.

    Args:
        target: host name, or URL.
        helo: what this machine calls itself; None sends its address.

    Example:
        >>> with Client("mail.example.org", user="alice", password="secret") as server:
        ...     sent = server.send(b"Subject: Hi\\r\\n\\r\\nHello\\r\\n",
        ...                              sender="alice@example.org",
        ...                              recipients=["bob@example.org"])
        >>> sent.accepted
        ('bob@example.org',)
    """

    # -- sending ---------------------------------------------------------------------------

    def send(
        self,
        message: bytes | Outgoing | Burl | Draft,
        *,
        sender: str | None = None,
        recipients: Sequence[str | Rcpt] | str | None = None,
        dsn: DSN | None = None,
        require_tls: bool = False,
        deliver_by: DeliverBy | None = None,
        hold: datetime | timedelta | None = None,
        priority: int | None = None,
        submitter: str | None = None,
        raise_on: Literal["any", "all", "never"] = "any",
        last: bool = False,
        timeout: float | None = None,
    ) -> Sent:
        """Send one message.

        Args:
            message: its bytes, a `postel.Message`, what one has built, or a `Burl`.
            sender: who gets the bounces; "" for nobody; None takes the message's own.
            recipients: who gets it; None takes the message's own.
            dsn: of what you want to be told.
            require_tls: only over verified TLS, all the way.
            deliver_by: by when.
            hold: not before this moment, or for so long; the server keeps it.
            priority: -9 to 9.
            submitter: who gave it in first, where you pass on others' mail.
            raise_on: whether an error is raised if "any" recipient was refused, only if "all"
                were, or "never".
            last: nothing comes after it: QUIT goes with it, which saves a round trip.
            timeout: seconds for the whole of it.

        Raises:
            RecipientsRefused: its ``sent`` tells of each recipient.
            Unconfirmed: the connection ended after the message and before the answer.
            NotSupported: the server lacks what the message or the envelope needs.
            NoSpace: the message is larger than the server takes.
            NetworkError: the connection ended before the message was sent.
        """
        message = _built(message)
        envelope = envelope_of(
            message, sender, recipients, dsn=dsn or DSN(), require_tls=require_tls,
            deliver_by=deliver_by, hold=hold, priority=priority, submitter=submitter)
        check(envelope)
        with self._operation("send", timeout):
            self._connected_before()
            results = Dispatch(self, [Letter(message, envelope)], last=last)
            sent = results.only()
        if sent.error is not None or sent.unknown:
            sent.raise_for_refused()
        if raise_on == "any" or (raise_on == "all" and not sent.accepted):
            sent.raise_for_refused()
        return sent

    def send_many(self, letters: Iterable[Letter | Outgoing | Draft], *,
                  last: bool = False) -> Dispatch:
        """Send many messages, each before the one before it is answered where the server stands it.

        Nothing is raised for refusals: each result has to be looked at. If the connection ends,
        those in doubt come out as "unknown", then the error is raised.

        Args:
            letters: taken as they are needed; a message that knows its sender and recipients
                needs no envelope.
            last: nothing comes after them: QUIT goes with the last.

        Returns:
            An iterator of `Sent`, one for each letter, in order.

        Example:
            >>> letters = [Letter(b"Subject: %d\\r\\n\\r\\nHello\\r\\n" % n,
            ...                   Envelope("alice@example.org", (Rcpt("bob@example.org"),)))
            ...            for n in range(3)]
            >>> with Client("mail.example.org", user="alice", password="secret") as box:
            ...     [sent.accepted for sent in box.send_many(letters)]
            [('bob@example.org',), ('bob@example.org',), ('bob@example.org',)]
        """
        return Dispatch(self, map(_letter, letters), last=last)

    # -- the rest --------------------------------------------------------------------------

    def vrfy(self, name: str, *, timeout: float | None = None) -> Reply:
        """What the server says of a name (VRFY); most say nothing of use: 252.

        Raises:
            ReplyError: it does not know the name, or does not tell.
        """
        with self._operation("VRFY", timeout):
            return self._ok(wire.command("VRFY", self._named("VRFY", name)))

    def expn(self, name: str, *, timeout: float | None = None) -> tuple[str, ...]:
        """Who is on a mailing list (EXPN); most servers do not tell.

        Raises:
            ReplyError: there is no such list, or the server does not tell.
        """
        with self._operation("EXPN", timeout):
            return (self._ok(wire.command("EXPN", self._named("EXPN", name)))).lines

    def help(self, topic: str = "", *, timeout: float | None = None) -> str:
        """What the server says to HELP."""
        with self._operation("HELP", timeout):
            return (self._ok(wire.command("HELP", topic))).text

    def noop(self, *, timeout: float | None = None) -> None:
        """Keep the connection alive."""
        with self._operation("NOOP", timeout):
            self._ok(wire.command("NOOP"))

    def rset(self, *, timeout: float | None = None) -> None:
        """Forget a transaction that is half done."""
        with self._operation("RSET", timeout):
            self._ok(wire.command("RSET"))
            self._dirty = False

    def quit(self, *, timeout: float | None = None) -> None:
        """Say goodbye and close."""
        try:
            with self._operation("QUIT", timeout):
                self._say_goodbye()
        finally:
            self._drop()

    # -- private ---------------------------------------------------------------------------

    def _say_goodbye(self) -> None:
        self._ok(wire.command("QUIT"))

    def _named(self, verb: str, name: str) -> str:
        """A name to ask for; beyond ASCII it needs SMTPUTF8 (RFC 6531 section 3.7.4.2)."""
        if not name.strip():
            raise UsageError(f"{verb}: there is no name to ask for")
        name = argument(name, verb).decode("utf-8", "surrogateescape")
        if "@" in name and not name.isascii():
            name = encoded(name).decode()
        if name.isascii():
            return name
        if "SMTPUTF8" not in self.capabilities:
            raise NotSupported(f"{verb}: {name} needs SMTPUTF8, which the server has not",
                               hint="ask for a name in ASCII")
        return f"{name} SMTPUTF8"

    def _connected_before(self) -> None:
        """A client that was never opened is a mistake; one that lost its server opens again."""
        if not self._was_open:
            self._connected()

    @property
    def _is_verified(self) -> bool:
        """Whether this is TLS with a certificate that was checked."""
        return bool(self._connected().peer.tls) and self.context.verify_mode.name != "CERT_NONE"

    @property
    def _is_full(self) -> bool:
        """Whether this connection has carried as much as the server takes (RFC 9422)."""
        most = self.capabilities.limits.messages
        return self._domains_full or (most is not None and self._sent_here >= most)

    def _ready(self) -> None:
        """A connection that takes a message: tried if it has rested, made anew if it is gone."""
        self._connected_before()
        if self.is_open and self._is_full:
            self.close()
        elif self.is_open and now() - self._used_at > _STALE:
            try:
                self.noop()
            except (NetworkError, TryLater):
                self._drop()
        if not self.is_open:
            self._drop()
            self.open()
        self._used_at = now()


def _built(message: bytes | Outgoing | Burl | Draft) -> bytes | Outgoing | Burl:
    if isinstance(message, Draft):
        return message.build(now=today().astimezone(), unique=token(), eight_bit=True)
    return message


def _letter(given: Letter | Outgoing | Draft) -> Letter:
    """A message in its envelope, or in the one that it brings."""
    if isinstance(given, Letter):
        return Letter(_built(given.message), given.envelope)
    message = _built(given)
    return Letter(message, envelope_of(message, None, None))


def envelope_of(message: bytes | Outgoing | Burl, sender: str | None,
                recipients: Sequence[str | Rcpt] | str | None, **options: object) -> Envelope:
    """The envelope: what is given, else what the message says of itself.

    Raises:
        UsageError: neither says it.
    """
    who = sender if sender is not None else getattr(message, "sender", None)
    whom = recipients if recipients is not None else getattr(message, "recipients", None)
    if who is None or whom is None:
        said = "is no sender" if who is None else "are no recipients"
        raise UsageError(f"send: there {said}",
                         hint=f"give {'sender' if who is None else 'recipients'}=")
    if isinstance(whom, str):
        whom = [whom]
    rcpts = tuple(one if isinstance(one, Rcpt) else Rcpt(str(one)) for one in whom)
    return Envelope(str(who), rcpts, **options)  # type: ignore[arg-type]
