"""Messages with a DKIM signature before them, however they come: bytes, or what a composer built.

A signature is of the bytes that will be sent: a message that is not 7-bit is made so first where
its composer can, for a server on the way may have to (RFC 6376 section 5.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..messages.dkim_sign import Signer
from ..smtp.content import Opens, Outgoing, Plain, with_crlf

__all__ = ["Signed", "signed"]

_CHUNK = 262_144


@dataclass(frozen=True)
class Signed:
    """A composed message with a field before it.

    Args:
        field: with its line end.
        message: what a composer built.
    """

    field: bytes
    message: Outgoing

    @property
    def size(self) -> int:
        """Of all, in bytes."""
        return len(self.field) + self.message.size

    @property
    def needs_utf8(self) -> bool:
        """Whether a header holds UTF-8 as it is."""
        return self.message.needs_utf8

    @property
    def needs_8bit(self) -> bool:
        """Whether a body holds bytes above 127."""
        return self.message.needs_8bit

    def chunks(self) -> Iterator[bytes | Opens]:
        """The field, then the message."""
        yield self.field
        yield from self.message.chunks()


def signed(message: bytes | Outgoing, signer: Signer, *, now: int) -> bytes | Signed:
    """*message* with a signature.

    Args:
        message: its bytes, or what a composer built.
        signer: whose signature.
        now: seconds since 1970.

    Example:
        >>> signer = Signer("example.org", "s1", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
        >>> signed(b"From: ann@example.org\\n\\nhello\\n", signer, now=1)[:20]
        b'DKIM-Signature: v=1;'
    """
    if isinstance(message, bytes | bytearray | memoryview):
        data = with_crlf(bytes(message))
        return signer.sign(data, now=now) + data
    convert = getattr(message, "seven_bit", None)
    composed: Outgoing = convert() if message.needs_8bit and convert is not None else message
    return Signed(signer.sign(_as_sent(composed), now=now), composed)


def _as_sent(message: Outgoing) -> Iterator[bytes]:
    """The bytes as they will be on the wire: with CRLF at the end of each line."""
    plain = Plain()
    for piece in message.chunks():
        if isinstance(piece, bytes):
            yield plain.feed(piece)
        else:
            with piece.open() as file:
                while data := file.read(_CHUNK):
                    yield plain.feed(data)
    yield plain.end()
