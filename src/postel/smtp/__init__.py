"""SMTP, submission and LMTP: send mail (RFC 5321, 6409, 2033 and their extensions).

    from postel import smtp

    with smtp.Client("mail.example.org", user="alice", password=ask) as server:
        sent = server.send(message, sender="alice@example.org", recipients=["bob@example.net"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .types import (
    DSN,
    Burl,
    DeliverBy,
    Envelope,
    Extensions,
    Letter,
    Limits,
    Rcpt,
    Recipient,
    RecipientsRefused,
    Reply,
    Sent,
    Status,
    Unconfirmed,
)

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client

__all__ = [
    "DSN",
    "AsyncClient",
    "Burl",
    "Client",
    "DeliverBy",
    "Envelope",
    "Extensions",
    "Letter",
    "Limits",
    "Rcpt",
    "Recipient",
    "RecipientsRefused",
    "Reply",
    "Sent",
    "Status",
    "Unconfirmed",
]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
