"""NNTP: read, post and feed news (RFC 3977, 4642, 4643, 4644, 6048, 8054).

    from postel import nntp

    with nntp.Client("news.example.org") as news:
        group = news.group("comp.lang.python")
        for row in news.over(group.last - 100, group.last):
            print(row.number, row.subject)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .location import Location, parse_location
from .overview import Overview
from .types import (
    Article,
    Capabilities,
    Created,
    Description,
    DistribPattern,
    Group,
    HeaderValue,
    Listed,
    Moderator,
    Offered,
    Stat,
)

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client
    from .posting import answer

__all__ = [
    "Article",
    "AsyncClient",
    "Capabilities",
    "Client",
    "Created",
    "Description",
    "DistribPattern",
    "Group",
    "HeaderValue",
    "Listed",
    "Location",
    "Moderator",
    "Offered",
    "Overview",
    "Stat",
    "answer",
    "parse_location",
]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync", "answer": ".posting"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
