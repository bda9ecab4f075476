"""Conditional requests and ranges as a server decides them (RFC 9110 sections 13 and 14).

Service code, but pure: header fields, validators and a size in, a decision out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from . import dates
from .validators import etag as tag_of
from .validators import matches

__all__ = ["MOST_RANGES", "http_date", "precondition", "still_the_same", "when"]

MOST_RANGES = 32
"""Ranges in one request; more are a nuisance and get the whole file (RFC 9110 section 14.2)."""

_CENTURY = datetime(2026, 1, 1, tzinfo=UTC)
"""What years of two digits are near to: only clients of the last century send them."""


def http_date(seconds: float) -> str:
    """The date as RFC 9110 section 5.6.7 writes it.

    Example:
        >>> http_date(784111777.9)
        'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    return dates.written(datetime.fromtimestamp(seconds // 1, UTC))


def when(text: str) -> int | None:
    """The seconds since 1970 of a date, None if it is none."""
    found = dates.parse(text, now=_CENTURY)
    return None if found is None else int(found.timestamp())


def precondition(
    method: str, asked: Mapping[str, str], etag: str | None, modified: float | None
) -> int | None:
    """The status that the conditions of a request lead to (304, 412), None to go on.

    Args:
        method: of the request.
        asked: header fields by lower-case name.
        etag: of what is there; None: it has none.
        modified: its time; None where nothing is there.

    Example:
        >>> precondition("GET", {"if-none-match": '"a", W/"b"'}, '"b"', 1.0)
        304
        >>> precondition("PUT", {"if-match": '"a"'}, '"b"', 1.0)
        412
    """
    reads = method in ("GET", "HEAD")
    there, tag = modified is not None, None if etag is None else tag_of(etag)
    date = None if modified is None else int(modified // 1)
    if (wanted := asked.get("if-match")) is not None:
        if not (there and matches([wanted], tag, strong=True)):
            return 412
    elif date is not None and date > (when(asked.get("if-unmodified-since", "")) or date):
        return 412
    if (known := asked.get("if-none-match")) is not None:
        if there and matches([known], tag, strong=False):
            return 304 if reads else 412
    elif reads and date is not None:
        since = when(asked.get("if-modified-since", ""))
        if since is not None and date <= since:
            return 304
    return None


def still_the_same(condition: str | None, etag: str | None, modified: float, now: float) -> bool:
    """Whether If-Range holds: only strong validators do (RFC 9110 section 13.1.5).

    Example:
        >>> still_the_same('"a"', '"a"', 0, 9), still_the_same('W/"a"', 'W/"a"', 0, 9)
        (True, False)
    """
    if condition is None:
        return True
    condition = condition.strip()
    if condition.startswith(('"', "W/")):
        return condition == etag and not condition.startswith("W/")
    # A date is strong once a second has passed, in which it could change unseen (8.8.2.2).
    return when(condition) == int(modified // 1) and now - modified >= 1
