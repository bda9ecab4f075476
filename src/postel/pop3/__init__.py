"""POP3: fetch mail from a server's one mailbox (RFC 1939, 2449, 2595, 5034, 6856).

    from postel import pop3

    with pop3.Client("pop3.example.org", user="alice", password=ask) as box:
        for number, message in box.retr_many(range(1, box.stat().messages + 1)):
            ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .types import Capabilities, Fetched, Item, Listed, Message, Status

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client
    from .store import State

__all__ = [
    "AsyncClient",
    "Capabilities",
    "Client",
    "Fetched",
    "Item",
    "Listed",
    "Message",
    "State",
    "Status",
]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync", "State": ".store"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
