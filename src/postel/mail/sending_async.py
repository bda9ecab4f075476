# A conversation (its twin sending_sync.py is generated): `postel.send`.
"""One message by one call: connect, log in, send, leave. QUIT goes with the message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from ..schemes import scheme_of
from ..smtp.client_async import AsyncClient, envelope_of
from ..smtp.content import Outgoing
from ..smtp.drafts import Draft
from ..smtp.terms import check
from ..smtp.types import DSN, DeliverBy, Rcpt, Sent
from ..transport.clock_async import today
from ..transport.entropy import token
from ..urls import URL, parse
from .letters import addressed

__all__ = ["send"]


async def send(
    message: bytes | Outgoing | Draft,
    *,
    via: str | URL,
    sender: str | None = None,
    recipients: Sequence[str | Rcpt] | str | None = None,
    dsn: DSN | None = None,
    require_tls: bool = False,
    deliver_by: DeliverBy | None = None,
    hold: datetime | timedelta | None = None,
    priority: int | None = None,
    submitter: str | None = None,
    raise_on: Literal["any", "all", "never"] = "any",
    **settings: Any,
) -> Sent:
    """Send one message over a connection of its own.

    Args:
        message: a `postel.Message`, what one has built, or bytes. Of bytes, a Bcc field is taken
            out.
        via: the server: ``submission://ann@mail.example.org``, ``smtp://``, ``lmtp://host:port``,
            or a host name, where mail is handed in.
        sender: who gets the bounces; None takes the message's own.
        recipients: who gets it; None takes all of To, Cc and Bcc.
        dsn: of what you want to be told.
        require_tls: only over verified TLS, all the way.
        deliver_by: by when.
        hold: not before this moment, or for so long; the server keeps it.
        priority: -9 to 9.
        submitter: who gave it in first, where you pass on others' mail.
        raise_on: whether an error is raised if "any" recipient was refused, only if "all" were,
            or "never".
        **settings: of the client: user, password, security, tls, timeout, proxy, trace, helo …

    Raises:
        RecipientsRefused: its ``sent`` tells of each recipient.
        Unconfirmed: the connection ended after the message and before the answer.

    Example:
        >>> text = b"From: alice@example.org\\r\\nTo: bob@example.org\\r\\n\\r\\nHello\\r\\n"
        >>> (await send(text, via="submission://alice:secret@mail.example.org")).accepted
        ('bob@example.org',)
    """
    if isinstance(message, Draft):
        from .files import source

        message = message.build(now=today().astimezone(), unique=token(), files=source,
                                eight_bit=True)
    letter, who, whom = addressed(message, sender, recipients)
    target = via
    if isinstance(via, URL) or "://" in via:
        target = via if isinstance(via, URL) else parse(via)
        scheme_of(target.scheme, "send")
    options: dict[str, Any] = {
        "dsn": dsn or DSN(), "require_tls": require_tls, "deliver_by": deliver_by, "hold": hold,
        "priority": priority, "submitter": submitter}
    check(envelope_of(letter, who, whom, **options))  # what is wrong is said before we go
    async with AsyncClient(target, **settings) as client:
        return await client.send(letter, sender=who, recipients=whom, raise_on=raise_on,
                                 last=True, **options)
