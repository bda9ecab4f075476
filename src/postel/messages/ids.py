"""Message identifiers: ``<left@right>``, one or many (RFC 5322 section 3.6.4). Grammar: pure."""

from __future__ import annotations

import re

__all__ = ["parse_ids"]

_ID = re.compile(r"<([^<>]{1,2000})>")
_COMMENT = re.compile(r"\([^()]*\)")
_BARE = re.compile(r"[^\s<>(),;\"]+")
_SPACE = re.compile(r"\s+")


def parse_ids(value: str) -> tuple[str, ...]:
    """The identifiers in *value*, without their angle brackets, in order.

    ``In-Reply-To`` of old programs has prose around them, and some have no brackets at all.

    Example:
        >>> parse_ids("<a@x> (was: b) <b@y>"), parse_ids("c@z"), parse_ids("Your mail of May 1")
        (('a@x', 'b@y'), ('c@z',), ())
    """
    if "<" in value and (found := _ID.findall(value)):
        return tuple(_SPACE.sub("", one) for one in found if not one.isspace())
    if "@" not in value:
        return ()
    return tuple(one for one in _BARE.findall(_COMMENT.sub(" ", value)) if "@" in one[1:-1])
