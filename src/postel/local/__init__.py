"""This machine's own files, by the verbs that all file servers answer (RFC 8089).

    from postel import local

    with local.Client("reports") as here:
        for entry in here.list():
            print(entry.name, entry.size)
        here.copy("june.csv", "june-backup.csv")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client
    from .paths import path_of, url_of

__all__ = ["AsyncClient", "Client", "path_of", "url_of"]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync",
          "path_of": ".paths", "url_of": ".paths"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
