"""Local files as an entry of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

_VERBS = ("list", "stat", "read", "write", "make", "remove", "rename", "set", "digest", "copy")

SCHEMES = (
    Scheme("file", "files", None, "not needed", _VERBS, "postel.local",
           "files of this machine; plain paths mean the same"),
)
"""The URL scheme of local files."""
