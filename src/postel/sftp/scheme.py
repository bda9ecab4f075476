"""SFTP as entries of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

_VERBS = ("list", "stat", "read", "write", "make", "remove", "rename", "set", "copy")

SCHEMES = (
    Scheme("sftp", "files", 22, "SSH's own", _VERBS, "postel.sftp",
           "files over SSH; /~/ in a URL is the user's home"),
    Scheme("scp", "files", 22, "SSH's own", _VERBS, "postel.sftp",
           "the same, by SFTP, as scp(1) itself does today"),
)
"""The URL schemes of SFTP."""
