"""What a caller means by a place: a URL, or a path of this machine."""

from __future__ import annotations

import re
from pathlib import PurePath

from ..local.paths import url_for
from ..urls import URL, parse

__all__ = ["place_of"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""A scheme has two letters or more here: one letter before a colon is a drive."""


def place_of(place: str | PurePath | URL) -> URL:
    """The URL of *place*; a text that does not begin with a scheme is a path.

    Raises:
        UsageError: it begins with a scheme, and is no URL.

    Example:
        >>> print(place_of("ftp://ftp.example.org/pub"))
        ftp://ftp.example.org/pub
        >>> print(place_of("/tmp/a b"))
        file:///tmp/a%20b
    """
    if isinstance(place, URL):
        return place
    if isinstance(place, str) and _SCHEME.match(place):
        return parse(place) if not place.lower().startswith("file:") else url_for(place)
    return url_for(place)
