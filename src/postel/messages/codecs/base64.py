"""Base64 as mail uses it (RFC 2045 section 6.8). Grammar: pure.

The reader takes lines of any length and skips what is not of the alphabet, as the RFC asks.
Several encodings one after another, each with its padding, are read as one: some programs encode
by the block. But text that follows the padding and is no base64, such as what list servers add
below, ends the data.
"""

from __future__ import annotations

import binascii

from .decoded import Decoded, note

__all__ = ["WIDTH", "Decoder", "Encoder", "decode", "encode", "encoded_size"]

WIDTH = 76
"""Characters of a line (RFC 2045)."""

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_SPACE = b" \t\r\n\v\f"
_FOREIGN = bytes(set(range(256)) - set(_ALPHABET + b"="))
_KNOWN = _ALPHABET + b"=" + _SPACE
_BLOCK = WIDTH // 4 * 3  # bytes of a line


class Decoder:
    """Reads base64 by chunk.

    Example:
        >>> reader = Decoder()
        >>> reader.feed(b"aGVsb"), reader.feed(b"G8=\\r\\n"), reader.end(), reader.defects
        (b'hel', b'lo', b'', [])
    """

    def __init__(self) -> None:
        self.defects: list[str] = []
        self._rest = b""  # characters of an unfinished group of four
        self._line: list[bytes] | None = None  # what follows padding, until its line is whole
        self._ended = False

    def feed(self, data: bytes) -> bytes:
        """Take more; the bytes that are certain."""
        made = []
        at = 0
        while at < len(data) and not self._ended:
            if self._line is None:
                pad = data.find(b"=", at)
                made.append(self._groups(data[at : pad if pad >= 0 else len(data)]))
                if pad < 0:
                    break
                made.append(self._last())
                self._line, at = [], pad
                continue
            end = data.find(b"\n", at) + 1
            if not end:
                self._line.append(data[at:])
                break
            line, self._line = b"".join([*self._line, data[at:end]]), []
            made.append(self._judge(line))
            at = end
        return made[0] if len(made) == 1 else b"".join(made)

    def end(self) -> bytes:
        """The rest; a last group without its padding counts."""
        made = b""
        if self._line is not None:
            made = self._judge(b"".join(self._line))
        if len(self._rest) > 1:
            note(self.defects, "base64: it ends without its padding")
        return made + self._last()

    def _groups(self, data: bytes) -> bytes:
        """Decode all whole groups of four."""
        clean = self._rest + data.translate(None, _FOREIGN)
        if data.translate(None, _KNOWN):
            note(self.defects, "base64: characters that are not of its alphabet")
        whole = len(clean) & ~3
        self._rest = clean[whole:]
        return binascii.a2b_base64(clean[:whole])

    def _last(self) -> bytes:
        """Decode a group of less than four, as before padding."""
        rest, self._rest = self._rest, b""
        if len(rest) < 2:
            if rest:
                note(self.defects, "base64: a last character on its own")
            return b""
        return binascii.a2b_base64(rest + b"=" * (4 - len(rest)))

    def _judge(self, line: bytes) -> bytes:
        """Decode the rest of a line after padding, or see that the data is over."""
        more = line.strip(_SPACE + b"=")
        if not more:
            return b""
        if more.translate(None, _KNOWN):
            note(self.defects, "base64: text after its end")
            self._ended = True
            return b""
        note(self.defects, "base64: it goes on after its padding")
        made = []
        *finished, rest = more.split(b"=")
        for part in finished:
            made += [self._groups(part), self._last()]
        made.append(self._groups(rest))
        if line.rstrip(_SPACE).endswith(b"="):
            made.append(self._last())
        else:
            self._line = None  # as at the beginning
        return b"".join(made)


def decode(data: bytes) -> Decoded:
    """Read all of *data*.

    Example:
        >>> decode(b"aGVs\\r\\nbG8")
        Decoded(data=b'hello', defects=('base64: it ends without its padding',))
    """
    reader = Decoder()
    made = reader.feed(data)
    made += reader.end()
    return Decoded(made, tuple(reader.defects))


class Encoder:
    """Writes base64 by chunk, in lines of 76 that end in CRLF.

    Example:
        >>> writer = Encoder()
        >>> writer.feed(b"hello"), writer.end()
        (b'', b'aGVsbG8=\\r\\n')
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Take more; the lines that are whole."""
        data = self._rest + data
        whole = len(data) - len(data) % _BLOCK
        self._rest = data[whole:]
        return _lines(data[:whole])

    def end(self) -> bytes:
        """The last line."""
        rest, self._rest = self._rest, b""
        return _lines(rest)


def _lines(data: bytes) -> bytes:
    """*data* in lines of 76 characters."""
    if not data:
        return b""
    text = binascii.b2a_base64(data, newline=False)
    if len(text) <= WIDTH:
        return text + b"\r\n"
    lines = [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
    lines.append(b"")
    return b"\r\n".join(lines)


def encode(data: bytes) -> bytes:
    """*data* as base64 in lines of 76 characters, each ended by CRLF."""
    return _lines(data)


def encoded_size(size: int) -> int:
    """How long `encode` makes *size* bytes.

    Example:
        >>> encoded_size(58) == len(encode(bytes(58)))
        True
    """
    characters = (size + 2) // 3 * 4
    return characters + 2 * ((characters + WIDTH - 1) // WIDTH)
