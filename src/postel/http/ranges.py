"""Parts of a file: Range, Content-Range, and what to make of the answer (RFC 9110 14). Grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError
from .fields import items

__all__ = ["MOST_RANGES", "ContentRange", "asked", "content_range", "of", "whole"]

MOST_RANGES = 100
"""Ranges of one request that are looked at; overlapping ones have been used to exhaust servers
(section 17.15)."""

_CONTENT_RANGE = re.compile(
    r"bytes[ \t=]+(?:(?P<first>\d{1,19})-(?P<last>\d{1,19})|\*)/(?P<size>\d{1,19}|\*)",
    re.ASCII | re.IGNORECASE)
_SPEC = re.compile(r"(\d{0,19})[ \t]*-[ \t]*(\d{0,19})", re.ASCII)


@dataclass(frozen=True)
class ContentRange:
    """Which bytes a 206 brings, or, with a 416, how many there are.

    Args:
        first: offset of the first byte; None where none are brought (``bytes */10``).
        last: offset of the last byte, which is included.
        size: of the whole file; None where the server does not tell.

    Example:
        >>> content_range("bytes 5-9/10").length
        5
    """

    first: int | None
    last: int | None
    size: int | None

    def __str__(self) -> str:
        part = "*" if self.first is None else f"{self.first}-{self.last}"
        return f"bytes {part}/{'*' if self.size is None else self.size}"

    @property
    def length(self) -> int:
        """How many bytes it brings."""
        return 0 if self.first is None or self.last is None else self.last - self.first + 1

    def wrong(self, first: int, last: int | None = None, size: int | None = None) -> str:
        """Why it is not an answer to what was asked; "" if it is (sections 14.4, 15.3.7).

        A server may bring less than was asked, but it must begin where it was asked to.

        Args:
            first: the offset that was asked for.
            last: the last offset asked for; None for the rest.
            size: of the whole file, where it is known from before.

        Example:
            >>> content_range("bytes 0-9/10").wrong(5)
            'it begins at byte 0 and not at 5'
        """
        if self.first is None or self.last is None:
            return "it brings no bytes"
        if self.first != first:
            return f"it begins at byte {self.first} and not at {first}"
        if last is not None and self.last > last:
            return f"it ends at byte {self.last}, beyond {last}"
        if size is not None and self.size is not None and size != self.size:
            return f"the file now has {self.size} bytes, and had {size}"
        return ""


def of(first: int, last: int | None = None) -> str:
    """The Range field for the bytes from *first* to *last*, which is included, or to the end.

    Args:
        first: an offset; a negative one asks for that many bytes from the end.
        last: the last byte; None for the rest.

    Raises:
        UsageError: no such range can be asked for.

    Example:
        >>> of(500), of(0, 499), of(-500)
        ('bytes=500-', 'bytes=0-499', 'bytes=-500')
    """
    if last is not None and (first < 0 or last < first):
        raise UsageError(f"ask for a range: from {first} to {last} is none",
                         hint="offsets count from 0, and the last byte is included")
    return f"bytes={first}" if first < 0 else f"bytes={first}-{'' if last is None else last}"


def whole(size: int) -> str:
    """The Content-Range of a 416: no bytes, but how many there are."""
    return f"bytes */{size}"


def content_range(text: str) -> ContentRange | None:
    """Read a Content-Range field; None where it is none, or contradicts itself.

    Example:
        >>> content_range("bytes */47").size, content_range("bytes 9-5/10")
        (47, None)
    """
    match = _CONTENT_RANGE.fullmatch(text.strip(" \t"))
    if match is None:
        return None
    size = None if match["size"] == "*" else int(match["size"])
    if match["first"] is None:
        return ContentRange(None, None, size)
    first, last = int(match["first"]), int(match["last"])
    if last < first or (size is not None and last >= size):
        return None
    return ContentRange(first, last, size)


def asked(text: str, size: int) -> list[tuple[int, int]] | None:
    """The ranges a Range field asks for of a file of *size* bytes, as first and last offset.

    Args:
        text: the field's value.
        size: how many bytes there are.

    Returns:
        None where the field is to be ignored (another unit, or no ranges at all); an empty list
        where none of it can be satisfied, which is a 416.

    Example:
        >>> asked("bytes=0-4, -2", 10), asked("bytes=10-", 10), asked("lines=1-2", 10)
        ([(0, 4), (8, 9)], [], None)
    """
    unit, equals, specs = text.partition("=")
    listed = items([specs])
    if not equals or unit.strip(" \t").lower() != "bytes" or not 0 < len(listed) <= MOST_RANGES:
        return None
    found = []
    for spec in listed:
        match = _SPEC.fullmatch(spec)
        if match is None or match.groups() == ("", ""):
            return None
        first, last = match.groups()
        if first and last and int(last) < int(first):
            return None
        if not first:
            begin, end = max(0, size - int(last)), size - 1
        else:
            begin, end = int(first), min(int(last) if last else size - 1, size - 1)
        if begin <= end:
            found.append((begin, end))
    return found
