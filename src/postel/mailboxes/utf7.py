"""The UTF-7 of mailbox names (RFC 3501 section 5.1.3), which Maildir++ folders have. Pure."""

from __future__ import annotations

import re
from base64 import b64decode

__all__ = ["decode_utf7"]

_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")


def decode_utf7(name: str) -> str:
    """What *name* means; what is no UTF-7 stays.

    Example:
        >>> decode_utf7("Entw&APw-rfe &- mehr"), decode_utf7("R&D &A-")
        ('Entw\xfcrfe & mehr', 'R&D &A-')
    """
    return _SHIFTED.sub(_decoded, name)


def _decoded(match: re.Match[str]) -> str:
    text = match[1].replace(",", "/")
    if not text:
        return "&"
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-16-be")
    except ValueError:
        return match[0]
