"""IMAP as entries of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

_VERBS = ("list", "read", "remove", "search")

SCHEMES = (
    Scheme("imap", "mail", 143, "required, but to this machine", _VERBS, "postel.imap",
           "read, search, watch and move mail in an account"),
    Scheme("imaps", "mail", 993, "from the first byte", _VERBS, "postel.imap",
           "IMAP with TLS from the first byte"),
)
"""The URL schemes of IMAP."""
