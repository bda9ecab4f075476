"""tftp: URLs (RFC 3617). A grammar module."""

from __future__ import annotations

import re
from typing import cast

from ..errors import UsageError
from ..urls import URL, unquote
from .types import Mode

__all__ = ["tftp_path"]

_MODE = re.compile(r";mode=([^/;]*)$", re.IGNORECASE)


def tftp_path(url: URL) -> tuple[str, Mode | None]:
    """The file that a tftp: URL names, and its mode if it gives one.

    The slash after the host is not part of the name (RFC 3617 section 3); a name that begins with
    one is written with ``%2F``, or with a second slash.

    Raises:
        UsageError: an unknown mode, or a ``?`` or ``#`` that stands for itself.

    Example:
        >>> from postel.urls import parse
        >>> tftp_path(parse("tftp://tftp.example.org/images/boot%20me.img;mode=netascii"))
        ('images/boot me.img', 'netascii')
    """
    if url.query is not None or url.fragment is not None:
        raise UsageError(f"read the path of {url}: TFTP has no query or fragment",
                         hint='"?" and "#" in a file name are written %3F and %23')
    path, mode = url.path.removeprefix("/"), None
    if told := _MODE.search(path):
        path, mode = path[: told.start()], told[1].lower()
        if mode not in ("octet", "netascii"):
            raise UsageError(f"read the path of {url}: no such mode",
                             hint=";mode=octet or ;mode=netascii; a semicolon is written %3B")
    return unquote(path), cast("Mode | None", mode)
