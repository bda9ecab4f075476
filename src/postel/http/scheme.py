"""HTTP and HTTPS as entries of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

_VERBS = ("list", "stat", "read", "write", "remove", "digest")

SCHEMES = (
    Scheme("http", "files", 80, "no", _VERBS, "postel.http",
           "files and pages of a web server; folders by their index pages", "Site"),
    Scheme("https", "files", 443, "from the first byte", _VERBS, "postel.http",
           "HTTP with TLS from the first byte", "Site"),
)
"""The URL schemes of HTTP."""
