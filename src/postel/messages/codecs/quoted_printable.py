"""Quoted-printable (RFC 2045 section 6.7). Grammar: pure.

`binascii` does the work; what it gets wrong on broken input is mended before: spaces at the end of
lines go (rule 3), an equals sign that begins nothing stays as it is, and a soft break of a lone CR
does not swallow the line after it.
"""

from __future__ import annotations

import binascii
import re

from .decoded import Decoded, note

__all__ = ["WIDTH", "Decoder", "Encoder", "decode", "encode"]

WIDTH = 76
"""Characters of a line (RFC 2045)."""

LONGEST_HELD = 65_536
"""Bytes of white space at the end of a chunk that are held back to see whether a line ends."""

_TRAILING = re.compile(rb"(?<![ \t])[ \t]+(?=\r?\n)")  # looking behind keeps it linear
_WRONG = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r)(?!\n)")
_CR = re.compile(rb"=\r(?!\n)")
_FROM = re.compile(rb"^From ", re.MULTILINE)
_BARE = re.compile(rb"\r\n|\r|\n")


class Decoder:
    """Reads quoted-printable by chunk.

    Example:
        >>> reader = Decoder()
        >>> reader.feed(b"caf=C"), reader.feed(b"3=A9 =\\r\\n!"), reader.end()
        (b'caf', b'\\xc3\\xa9 !', b'')
    """

    def __init__(self) -> None:
        self.defects: list[str] = []
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Take more; the bytes that are certain."""
        if self._rest:
            data = self._rest + data
        end = len(data)
        if not data.endswith(b"\n"):
            end = len(data.rstrip(b" \t\r"))
            if end < len(data) - LONGEST_HELD:
                end = len(data)
            at = data.rfind(b"=", max(0, end - 2), end)
            end = at if at >= 0 else end
        self._rest = data[end:]
        return self._decoded(data[:end])

    def end(self) -> bytes:
        """The rest."""
        rest, self._rest = self._rest.rstrip(b" \t"), b""
        if rest.endswith(b"="):  # a soft break at the very end breaks nothing
            rest = rest[:-1]
        return self._decoded(rest)

    def _decoded(self, data: bytes) -> bytes:
        if b" \r\n" in data or b" \n" in data or b"\t\r\n" in data or b"\t\n" in data:
            data = _TRAILING.sub(b"", data)
        if b"=\r" in data and data.count(b"=\r") != data.count(b"=\r\n"):
            data = _CR.sub(b"", data)
        if _WRONG.search(data):
            note(self.defects, "quoted-printable: an equals sign that begins nothing")
            data = _WRONG.sub(b"=3D", data)
        if not data.isascii():
            note(self.defects, "quoted-printable: bytes above 127")
        return binascii.a2b_qp(data) if b"=" in data else data


def decode(data: bytes) -> Decoded:
    """Read all of *data*.

    Example:
        >>> decode(b"1=1 =3D yes").data
        b'1=1 = yes'
    """
    reader = Decoder()
    made = reader.feed(data)
    made += reader.end()
    return Decoded(made, tuple(reader.defects))


class Encoder:
    """Writes quoted-printable by chunk; a line is written when it is whole.

    Args:
        text: whether line ends are the lines' own; otherwise they are encoded, too.

    Example:
        >>> writer = Encoder()
        >>> writer.feed("Grüße\\r\\nan".encode()), writer.end()
        (b'Gr=C3=BC=C3=9Fe\\r\\n', b'an')
    """

    def __init__(self, *, text: bool = True) -> None:
        self._text = text
        self._held: list[bytes] = []

    def feed(self, data: bytes) -> bytes:
        """Take more; the lines that are whole."""
        at = data.rfind(b"\n") + 1 if self._text else 0
        if not at:
            self._held.append(data)
            return b""
        whole = b"".join([*self._held, data[:at]])
        self._held = [data[at:]]
        return encode(whole, text=True)

    def end(self) -> bytes:
        """The rest."""
        rest, self._held = b"".join(self._held), []
        return encode(rest, text=self._text)


def encode(data: bytes, *, text: bool = True) -> bytes:
    """*data* as quoted-printable, in lines of at most 76 characters that end in CRLF.

    A line that begins with ``From `` is written so that no mailbox file takes it for the
    beginning of a message, and a lone dot so that no server takes it for the end of one.

    Args:
        data: anything.
        text: whether line ends are the lines' own (they become CRLF), or bytes like others.

    Example:
        >>> encode(b"From now on\\n")
        b'=46rom now on\\r\\n'
    """
    ends = data.count(b"\r\n")
    if text and not data.count(b"\r") == ends == data.count(b"\n"):
        data = _BARE.sub(b"\r\n", data)
    made = binascii.b2a_qp(data, quotetabs=False, istext=text)
    if made.count(b"\r\n") != made.count(b"\n"):  # its soft breaks take after the first line end
        made = _BARE.sub(b"\r\n", made)
    if b"From " in made:
        made = _shielded(made)
    return made


def _shielded(made: bytes) -> bytes:
    """Every ``From `` that begins a line encoded; a line that grows too long is broken again."""
    lines = made.split(b"\r\n")
    for index, line in enumerate(lines):
        if line.startswith(b"From "):
            line = b"=46" + line[1:]
            if len(line) > WIDTH:
                end = WIDTH - 1
                at = line.rfind(b"=", end - 2, end)
                end = at if at >= 0 else end
                line = line[:end] + b"=\r\n" + line[end:]
            lines[index] = line
    return b"\r\n".join(lines)
