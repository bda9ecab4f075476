"""POP3 as entries of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

_VERBS = ("list", "read", "remove", "fetch")

SCHEMES = (
    Scheme("pop3", "mail", 110, "required, but to this machine", _VERBS, "postel.pop3",
           "fetch mail from a server's one mailbox"),
    Scheme("pop3s", "mail", 995, "from the first byte", _VERBS, "postel.pop3",
           "POP3 with TLS from the first byte"),
)
"""The URL schemes of POP3."""
