"""The DNS: who takes mail, where a host is, what a domain says of itself (on dnspython's codec).

    from postel import dns

    with dns.Client() as names:
        for mx in names.mx("example.org"): print(mx.preference, mx.host)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .types import MX, SRV, TLSA, Answer

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client

__all__ = ["MX", "SRV", "TLSA", "Answer", "AsyncClient", "Client"]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
