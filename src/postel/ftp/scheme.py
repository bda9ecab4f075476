"""FTP and FTPS as entries of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

_VERBS = ("list", "stat", "read", "write", "make", "remove", "rename", "set", "digest")

SCHEMES = (
    Scheme("ftp", "files", 21, "where the server offers it", _VERBS, "postel.ftp",
           "files on a server; anonymous or with a user"),
    Scheme("ftps", "files", 990, "from the first byte", _VERBS, "postel.ftp",
           "FTP with TLS from the first byte"),
)
"""The URL schemes of FTP."""
