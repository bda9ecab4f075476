"""Retry-After: when a server wants to be asked again (RFC 9110 section 10.2.3). Grammar."""

from __future__ import annotations

import re
from datetime import datetime

from .dates import parse as parse_date

__all__ = ["IDEMPOTENT", "TEMPORARY", "wait"]

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND"})
"""Methods that may be sent twice (RFC 9110 section 9.2.2, RFC 4918 section 9.1)."""

TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""

_SECONDS = re.compile(r"[0-9]{1,18}(?:\.[0-9]{0,9})?")  # some servers write 1.5


def wait(text: str, *, now: datetime, longest: float) -> float | None:
    """How many seconds to wait; None where the field says nothing.

    Args:
        text: the field's value: seconds, or a date.
        now: what a date is counted from.
        longest: the caller's patience; a longer wait comes back as more than it, so compare.

    Example:
        >>> from datetime import UTC
        >>> now = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
        >>> wait("120", now=now, longest=300), wait("soon", now=now, longest=300)
        (120.0, None)
        >>> wait("Sat, 21 Nov 2026 08:00:30 GMT", now=now, longest=300)
        30.0
    """
    text = text.strip(" \t")
    if _SECONDS.fullmatch(text):
        return min(float(text), longest + 1)
    moment = parse_date(text, now=now)
    if moment is None:
        return None
    return min(max(0.0, (moment - now).total_seconds()), longest + 1)
