"""News as entries of the scheme table."""

from __future__ import annotations

from ..types import Scheme

__all__ = ["SCHEMES"]

_VERBS = ("groups", "over", "article", "post")
_AUTO = "required, but to this machine and for reading as anyone"

SCHEMES = (
    Scheme("nntp", "news", 119, _AUTO, _VERBS, "postel.nntp", "read and post news"),
    Scheme("nntps", "news", 563, "from the first byte", _VERBS, "postel.nntp",
           "news with TLS from the first byte"),
    Scheme("news", "news", 119, _AUTO, _VERBS, "postel.nntp",
           "a group or an article, wherever it is read"),
    Scheme("snews", "news", 563, "from the first byte", _VERBS, "postel.nntp",
           "the same with TLS from the first byte"),
)
"""The URL schemes of news."""
