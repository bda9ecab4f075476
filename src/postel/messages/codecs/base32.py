"""Base32 (RFC 4648 section 6), as identifiers and shared secrets are written. Grammar: pure."""

from __future__ import annotations

import base64
import binascii

from .decoded import Decoded

__all__ = ["decode", "encode"]

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_FOREIGN = bytes(set(range(256)) - set(_ALPHABET))
_ALLOWED = _ALPHABET + b"= \t\r\n-"  # people and programs group it by spaces and hyphens
_WHOLE = frozenset((0, 2, 4, 5, 7))  # characters of a last group that can be


def encode(data: bytes, *, pad: bool = True) -> bytes:
    """*data* as base32, on one line.

    Args:
        data: anything.
        pad: whether ``=`` fills up the last group.

    Example:
        >>> encode(b"hello"), encode(b"hi", pad=False)
        (b'NBSWY3DP', b'NBUQ')
    """
    made = base64.b32encode(data)
    return made if pad else made.rstrip(b"=")


def decode(data: bytes) -> Decoded:
    """Read base32; lower case, spaces, hyphens and absent padding are as good.

    Example:
        >>> decode(b"nbsw y3dp").data, decode(b"NBUQ!").defects
        (b'hello', ('base32: characters that are not of its alphabet',))
    """
    defects = []
    upper = data.upper()
    if upper.translate(None, _ALLOWED):
        defects.append("base32: characters that are not of its alphabet")
    clean = upper.translate(None, _FOREIGN)
    if len(clean) % 8 not in _WHOLE:
        defects.append("base32: a last character on its own")
        clean = clean[:-1]
    try:
        made = base64.b32decode(clean + b"=" * (-len(clean) % 8))
    except binascii.Error:  # pragma: no cover - the alphabet and the length are right
        return Decoded(b"", (*defects, "base32: it cannot be read"))
    return Decoded(made, tuple(defects))
