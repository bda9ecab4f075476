"""Any file system of fsspec as one more place of files: s3, gcs, azure, smb, memory and others.

    from postel import foreign

    with foreign.Client("s3://bucket/reports", anon=True) as bucket:
        bucket.download("june.csv", "june.csv")

Needs the extra ``fsspec``, and whatever driver the scheme needs (``s3fs``, ``gcsfs``, ``adlfs`` …).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client

__all__ = ["AsyncClient", "Client"]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
