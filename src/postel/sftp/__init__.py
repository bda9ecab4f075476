"""SFTP: files over SSH (draft-ietf-secsh-filexfer-02, with OpenSSH's extensions).

    from postel import sftp

    with sftp.Client("sftp://ann@host.example.org") as site:
        for entry in site.list("pub"):
            print(entry.name, entry.size)
        site.download("pub/hello.txt", "hello.txt")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client
    from .types import Attributes, FileSystem, Limits

__all__ = ["AsyncClient", "Attributes", "Client", "FileSystem", "Limits"]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync", "Attributes": ".types",
          "FileSystem": ".types", "Limits": ".types"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
