"""WebDAV as entries of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

_VERBS = ("list", "stat", "read", "write", "make", "remove", "rename", "set", "digest", "copy")

SCHEMES = (
    Scheme("dav", "files", 80, "no", _VERBS, "postel.webdav",
           "files on a WebDAV server, in the clear"),
    Scheme("davs", "files", 443, "from the first byte", _VERBS, "postel.webdav",
           "files on a WebDAV server: Nextcloud, ownCloud, Apache, nginx and others"),
    Scheme("webdav", "files", 80, "no", _VERBS, "postel.webdav", "the same as dav://"),
    Scheme("webdavs", "files", 443, "from the first byte", _VERBS, "postel.webdav",
           "the same as davs://"),
)
"""The URL schemes of WebDAV."""
