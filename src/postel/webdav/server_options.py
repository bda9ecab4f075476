"""How the WebDAV server behaves, and the habits of other servers it can take on.

Service code.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..http.server_options import QUIRKS as HTTP_QUIRKS
from ..http.server_options import HTTPOptions

__all__ = ["QUIRKS", "DAVOptions"]

DAV_QUIRKS = (
    "PUT makes folders", "absolute hrefs", "folders without slash", "lastmodified can be set",
    "no X-OC-Mtime", "no infinite depth", "no locks", "no quota", "time can be set",
)
QUIRKS = tuple(sorted((*DAV_QUIRKS, *HTTP_QUIRKS)))
"""Habits of other servers: those of HTTP, and of WebDAV."""


@dataclass
class DAVOptions(HTTPOptions):
    """How a WebDAV server behaves: as `postel.http.server.HTTPOptions`, and more.

    Args:
        longest_lock: seconds that a lock lasts at most before it must be refreshed.
    """

    helpers: bool = False
    index_files: tuple[str, ...] = ()
    longest_lock: float = 7 * 86_400.0
