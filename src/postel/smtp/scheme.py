"""SMTP, submission and LMTP as entries of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

_VERBS = ("send",)
_AUTO = "required, but to this machine"
_FIRST = "from the first byte"

SCHEMES = (
    Scheme("smtp", "mail", 25, _AUTO, _VERBS, "postel.smtp", "send mail from server to server"),
    Scheme("smtps", "mail", 465, _FIRST, _VERBS, "postel.smtp",
           "send mail, TLS from the first byte"),
    Scheme("submission", "mail", 587, _AUTO, _VERBS, "postel.smtp",
           "hand mail in at the provider's"),
    Scheme("submissions", "mail", 465, _FIRST, _VERBS, "postel.smtp",
           "hand mail in, TLS from the first byte"),
    Scheme("lmtp", "mail", None, _AUTO, _VERBS, "postel.smtp",
           "deliver to a mail store, an answer for each recipient"),
)
"""The URL schemes of SMTP."""
