"""Entity tags and modification times as proof that a file is the same (RFC 9110 8.8). Grammar.

A strong validator changes whenever a byte does; a weak one need not. Parts of a file may only be
joined under a strong one (section 13.1.5), which is what `if_range` decides: without it a download
begins again. Nothing else keeps two versions of a file from becoming one broken one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .dates import parse as parse_date
from .dates import written
from .fields import items

__all__ = ["ETag", "etag", "if_range", "matches", "strong_date"]

_ETAG = re.compile(r'(?P<weak>W/)?"(?P<tag>[\x21\x23-\x7e\x80-\U0010ffff]*)"')
_LONGEST = 4096

SETTLED = timedelta(seconds=60)
"""How much older than the response's Date a modification must be for its time to be strong.

RFC 9110 section 8.8.2.2 asks for one second by one clock, or enough to make differing clocks
unlikely; behind a balancer there are several clocks."""


@dataclass(frozen=True)
class ETag:
    """One entity tag.

    Args:
        tag: what stands between the quotes.
        weak: whether ``W/`` stands before them.

    Example:
        >>> print(ETag("33a64df5"), etag('W/"1"').weak)
        "33a64df5" True
    """

    tag: str
    weak: bool = False

    def __str__(self) -> str:
        return f'{"W/" if self.weak else ""}"{self.tag}"'

    def same(self, other: ETag) -> bool:
        """Strong comparison (section 8.8.3.2): both strong, and equal."""
        return not self.weak and not other.weak and self.tag == other.tag

    def alike(self, other: ETag) -> bool:
        """Weak comparison: equal, whether weak or not."""
        return self.tag == other.tag


def etag(text: str) -> ETag | None:
    """The tag of an ETag field; None where it is none, such as one without quotes."""
    match = _ETAG.fullmatch(text.strip(" \t")) if len(text) <= _LONGEST else None
    return ETag(match["tag"], match["weak"] is not None) if match else None


def matches(fields: Iterable[str], current: ETag | None, *, strong: bool) -> bool:
    """Whether an If-Match (strong) or If-None-Match (weak) names the current version.

    Args:
        fields: the values of the fields.
        current: the tag of the file that exists; None where it exists without a tag.
        strong: which comparison.

    Example:
        >>> matches(['"a", W/"b"'], ETag("b"), strong=False)
        True
        >>> matches(['"a", W/"b"'], ETag("b"), strong=True)
        False
    """
    listed = items(fields)
    if listed == ["*"]:
        return True
    if current is None:
        return False
    compare = current.same if strong else current.alike
    return any(compare(found) for text in listed if (found := etag(text)) is not None)


def strong_date(modified: str, date: str, *, now: datetime) -> datetime | None:
    """Last-Modified where it may stand as a strong validator (section 8.8.2.2), else None.

    Args:
        modified: the field Last-Modified.
        date: the field Date of the same response.
        now: for years of two digits.
    """
    changed, sent = parse_date(modified, now=now), parse_date(date, now=now)
    if changed is None or sent is None or sent - changed < SETTLED:
        return None
    return changed


def if_range(tag: str, modified: str, date: str, *, now: datetime) -> str | None:
    """What If-Range must say for the rest of a file; None where it cannot be asked for safely.

    Args:
        tag: the field ETag of the response that brought the first part; "" where it had none.
        modified: its Last-Modified, or "".
        date: its Date, or "".
        now: for years of two digits.

    Example:
        >>> from datetime import UTC
        >>> now = datetime(2026, 1, 1, tzinfo=UTC)
        >>> if_range('"v1"', "", "", now=now), if_range('W/"v1"', "", "", now=now)
        ('"v1"', None)
    """
    if tag:  # with a weak tag the date is not used either: the server has said it is not exact
        found = etag(tag)
        return str(found) if found is not None and not found.weak else None
    changed = strong_date(modified, date, now=now)
    return written(changed) if changed is not None else None
