"""Lists of tags: ``v=DKIM1; k=rsa; p=…`` (RFC 6376 section 3.2), as DKIM, ARC, DMARC and MTA-STS.

Grammar.
"""

from __future__ import annotations

import base64
import binascii
import re

from ..errors import ProtocolError

__all__ = ["LONGEST", "decode", "number", "parse_tags"]

LONGEST = 65_536
"""Characters of a list that is read."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_SPACE = re.compile(r"[ \t\r\n]+")


def parse_tags(text: str) -> dict[str, str]:
    """The tags by name, values without the space around them.

    Raises:
        ProtocolError: something in it is no tag, or a tag is there twice.

    Example:
        >>> parse_tags("v=DKIM1; k=ed25519; p=11qY Y=;")
        {'v': 'DKIM1', 'k': 'ed25519', 'p': '11qY Y='}
    """
    tags: dict[str, str] = {}
    if len(text) > LONGEST:
        raise ProtocolError(f"a list of tags of {len(text)} characters: too long")
    parts = text.split(";")
    if not parts[-1].strip():
        parts.pop()
    for part in parts:
        name, sign, value = part.partition("=")
        name = name.strip(" \t\r\n")
        if not sign or not _NAME.match(name):
            raise ProtocolError(f"{part.strip()[:60]!a}: is no tag=value")
        if name in tags:
            raise ProtocolError(f"the tag {name}= is there twice")
        tags[name] = value.strip(" \t\r\n")
    return tags


def decode(text: str, what: str) -> bytes:
    """The bytes of a value in base64; white space in it means nothing.

    Args:
        text: the value.
        what: the tag's name, for the error.

    Raises:
        ProtocolError: it is no base64.
    """
    try:
        return base64.b64decode(_SPACE.sub("", text).encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError(f"the tag {what}= is no base64") from None


def number(text: str, what: str) -> int:
    """The value of a tag that counts, of at most twelve digits.

    Args:
        text: the value.
        what: the tag's name, for the error.

    Raises:
        ProtocolError: it is none.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise ProtocolError(f"the tag {what}= is no number")
    return int(text)
