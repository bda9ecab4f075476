"""Codecs of message bodies: both directions, in bulk by chunk. Grammar: pure.

| module | what | RFC |
|---|---|---|
| `base64` | the encoding of attachments | 2045 section 6.8, 4648 |
| `base32` | for identifiers and secrets | 4648 |
| `quoted_printable` | the encoding of texts | 2045 section 6.7 |
| `uuencode` | files within texts, ``begin 644 name``; also ``begin-base64`` | POSIX |
| `yenc` | files within news articles | yEnc 1.3 |
| `binhex` | files of old Macintoshes, read only | 1741 |

Nothing that comes from outside raises: a decoder gives what can be saved of the bytes, and says
in `Decoded.defects` what was wrong with them. Encodings that a header names are found by
`decode`, `decoder`, `encode` and `encoder`.
"""

from __future__ import annotations

from typing import Protocol

from . import base64, quoted_printable
from .decoded import Decoded

__all__ = ["Decoded", "Decoding", "Encoding", "Identity", "decode", "decoder", "encode", "encoder"]

IDENTITY = frozenset(("", "7bit", "8bit", "binary"))
"""Transfer encodings that change nothing."""

_UUENCODE = frozenset(("x-uuencode", "x-uue", "uuencode", "uue"))


class Decoding(Protocol):
    """What every decoder does: fed by chunk, it gives bytes and remembers what was wrong."""

    @property
    def defects(self) -> list[str]:
        """What was wrong so far, each said once."""

    def feed(self, data: bytes) -> bytes:
        """Take more; the bytes that are certain."""

    def end(self) -> bytes:
        """The rest."""


class Encoding(Protocol):
    """What every encoder does."""

    def feed(self, data: bytes) -> bytes:
        """Take more; the bytes that are certain."""

    def end(self) -> bytes:
        """The rest."""


class Identity:
    """The encodings 7bit, 8bit and binary, as decoder and encoder: bytes as they are."""

    def __init__(self) -> None:
        self.defects: list[str] = []

    def feed(self, data: bytes) -> bytes:
        """*data*."""
        return data

    def end(self) -> bytes:
        """Nothing."""
        return b""


def decoder(encoding: str) -> Decoding:
    """A decoder for what a Content-Transfer-Encoding field says; never raises.

    Args:
        encoding: the field's value; an unknown one is taken as identity, with a defect.

    Example:
        >>> one = decoder("Base64")
        >>> one.feed(b"aGVs") + one.feed(b"bG8=") + one.end()
        b'hello'
    """
    name = encoding.strip().strip('"\'').lower()
    if name == "base64":
        return base64.Decoder()
    if name == "quoted-printable":
        return quoted_printable.Decoder()
    if name in _UUENCODE:
        from .uuencode import Decoder

        return Decoder()
    same = Identity()
    if name not in IDENTITY:
        same.defects.append("the transfer encoding is unknown")
    return same


def decode(encoding: str, data: bytes) -> Decoded:
    """Decode a whole body.

    Args:
        encoding: the value of Content-Transfer-Encoding.
        data: the body.

    Example:
        >>> decode("quoted-printable", b"Gr=C3=BC=\\r\\n=C3=9Fe").data.decode()
        'Grüße'
    """
    one = decoder(encoding)
    first = one.feed(data)
    rest = one.end()
    return Decoded(first + rest if rest else first, tuple(one.defects))


def encoder(encoding: str) -> Encoding:
    """An encoder for base64, quoted-printable or one of the identities.

    Raises:
        KeyError: it is none of them.
    """
    name = encoding.lower()
    if name in IDENTITY:
        return Identity()
    makers: dict[str, type[Encoding]] = {
        "base64": base64.Encoder, "quoted-printable": quoted_printable.Encoder}
    return makers[name]()


def encode(encoding: str, data: bytes) -> bytes:
    """Encode a whole body.

    Args:
        encoding: base64, quoted-printable or one of the identities.
        data: the body; the lines of a text end in CRLF.

    Raises:
        KeyError: it is none of them.

    Example:
        >>> encode("base64", b"hello")
        b'aGVsbG8=\\r\\n'
    """
    one = encoder(encoding)
    return one.feed(data) + one.end()
