"""WebDAV: files on a web server, to read and to write (RFC 4918, 4331).

    from postel import webdav

    with webdav.Client("davs://cloud.example.org/remote.php/dav/files/ann/", user="ann",
                       password=ask) as site:
        for entry in site.list("Documents"):
            print(entry.name, entry.size)
        site.upload("report.pdf", "Documents/report.pdf")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client
    from .types import Element, Lock, Quota, Resource

__all__ = ["AsyncClient", "Client", "Element", "Lock", "Quota", "Resource"]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync", "Element": ".types",
          "Lock": ".types", "Quota": ".types", "Resource": ".types"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
