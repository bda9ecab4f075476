"""HTTP: requests, and files that a web server gives (RFC 9110 to 9113).

    from postel import http

    with http.Client("https://example.org/api/", user="ann", password=ask) as web:
        page = web.get("items", params={"page": 2}).raise_for_status()
        print(page.json())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client_async import AsyncClient
    from .client_sync import Client
    from .cookies import Jar
    from .headers import Headers
    from .site_async import AsyncSite
    from .site_sync import Site
    from .types import Follow, Response, Timings

__all__ = ["AsyncClient", "AsyncSite", "Client", "Follow", "Headers", "Jar", "Response", "Site",
           "Timings"]

_HOMES = {"AsyncClient": ".client_async", "Client": ".client_sync", "Follow": ".types",
          "Headers": ".headers", "Jar": ".cookies", "Response": ".types",
          "AsyncSite": ".site_async", "Site": ".site_sync", "Timings": ".types"}


def __getattr__(name: str) -> Any:
    """Load a client on first use, so that the sync side never loads asyncio."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
