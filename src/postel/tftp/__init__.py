"""TFTP: single files by name, over UDP (RFC 1350, 2347, 2348, 2349, 7440, 3617).

    from postel import tftp

    with tftp.Client("boot.example.org") as site:
        site.download("pxelinux.0", "pxelinux.0")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .types import Mode, Terms

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client

__all__ = ["AsyncClient", "Client", "Mode", "Terms"]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
