"""Bodies of answers: plain, of lines, zipped, packed; and the stream that COMPRESS makes.

Grammar: pure. Every reader is given the buffer and takes what is its own out of it, so that what
follows a body is never lost. What is decompressed comes out in pieces of bounded size, however
much a few bytes may blow up to; a caller that stops reading stops the inflating.

An article's lines end in CRLF and nothing else ends one. Listings are made by programs, some of
which write bare LF, so there a line of one dot ends the body whatever its line end is.
"""

from __future__ import annotations

import re
import zlib
from typing import Protocol

from ..errors import ProtocolError
from ..wire.dots import DotReader
from ..wire.lines import LineBuffer

__all__ = ["PIECE", "BareBody", "Body", "Deflated", "Inflater", "LineBody", "PackedBody",
           "PlainBody", "ZippedBody"]

PIECE = 262_144
"""Bytes that are inflated at once."""

_END = re.compile(rb"\n\.\r?\n")
_HEADER_LINE = re.compile(rb"=ybegin [^\n]*\n")
_YENC = bytes((byte - 42) & 255 for byte in range(256))
_ESCAPED = re.compile(rb"=(.)", re.DOTALL)
_LONGEST_HEADER = 2_000


class Body(Protocol):
    """Reads one body."""

    ended: bool

    @property
    def has_more(self) -> bool:
        """Whether there is more to come of what was taken before."""

    def pull(self, lines: LineBuffer) -> bytes:
        """The next piece that is certain; `ended` tells whether it is the last."""


class PlainBody:
    """An article: only CRLF ends a line."""

    def __init__(self, *, strict: bool = False) -> None:
        self._reader: DotReader | None = None
        self._strict = strict
        self.ended = False

    @property
    def has_more(self) -> bool:
        """Nothing is held back."""
        return False

    def pull(self, lines: LineBuffer) -> bytes:
        """A whole article at once where it is there, else piece by piece."""
        if self._reader is None:
            if not self._strict and (block := lines.through(b"\r\n.\r\n")) is not None:
                return self._whole(block, lines)
            self._reader = DotReader(strict=self._strict)
        chunk = self._reader.pull(lines)
        self.ended = self._reader.ended
        return chunk

    def _whole(self, block: bytes, lines: LineBuffer) -> bytes:
        self.ended = True
        if block.startswith(b".\r\n"):  # an empty one: what was found ends another
            lines.give_back(block[3:])
            return b""
        block = block[:-3]
        if b"\r\n.." in block:
            block = block.replace(b"\r\n..", b"\r\n.")
        return block[1:] if block.startswith(b"..") else block


class LineBody:
    """A listing: a line of one dot ends it, whatever the line end."""

    def __init__(self) -> None:
        self._held = b""
        self.ended = False

    @property
    def held(self) -> bytes:
        """The beginning of a line whose end has not come."""
        return self._held

    @property
    def has_more(self) -> bool:
        """Nothing is held back."""
        return False

    def pull(self, lines: LineBuffer) -> bytes:
        """Whole lines, as far as they are there."""
        data = self._held + lines.take()
        if data.startswith((b".\r\n", b".\n")):
            self.ended = True
            lines.give_back(data[data.index(b"\n") + 1 :])
            return b""
        if (found := _END.search(data)) is not None:
            self.ended = True
            lines.give_back(data[found.end() :])
            keep = found.start() + 1
        else:
            keep = data.rfind(b"\n") + 1
            self._held = data[keep:]
            if len(self._held) > lines.longest:
                raise ProtocolError(f"a line of over {lines.longest} bytes, "
                                    f"beginning {self._held[:40]!r}")
        chunk = data[:keep]
        if b"\n.." in chunk:
            chunk = chunk.replace(b"\n..", b"\n.")
        return chunk[1:] if chunk.startswith(b"..") else chunk


class BareBody(LineBody):
    """An article of a server that ends all its lines in bare LF, its greeting too."""

    def pull(self, lines: LineBuffer) -> bytes:
        """Whole lines, as far as they are there, their ends mended."""
        return super().pull(lines).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class Inflater:
    """Deflated bytes in, plain ones out, a bounded piece at a time.

    Args:
        what: is inflated, for the error.
        bits: what zlib calls ``wbits``: -15 is raw deflate, 47 zlib or gzip.
    """

    def __init__(self, what: str, bits: int = -15) -> None:
        self._what = what
        self._inflate = zlib.decompressobj(bits)
        self._waiting = b""

    def feed(self, data: bytes) -> None:
        """Take compressed bytes."""
        self._waiting = self._waiting + data if self._waiting else data

    @property
    def ended(self) -> bool:
        """Whether the stream has come to its end."""
        return self._inflate.eof

    @property
    def has_more(self) -> bool:
        """Whether `pull` may have something."""
        return bool(self._waiting) and not self._inflate.eof

    def pull(self) -> bytes:
        """The next piece; ``b""`` when more is needed.

        Raises:
            ProtocolError: that is no compressed data.
        """
        inflate = self._inflate
        if inflate.eof:
            return b""
        try:
            piece = inflate.decompress(self._waiting, PIECE)
        except zlib.error as error:
            raise ProtocolError(
                f"{self._what}: that is no compressed data: {error}",
                hint="what the server sends is out of step: connect again, without compression",
            ) from None
        self._waiting = inflate.unconsumed_tail
        if inflate.eof and self._what == "COMPRESS DEFLATE" and not piece:
            raise ProtocolError(f"{self._what}: the compressed stream has ended")
        return piece

    def leftover(self) -> bytes:
        """What stood behind the end of the stream."""
        return self._inflate.unused_data


class Deflated:
    """Plain bytes in, deflated ones out, each time whole (RFC 8054 section 2.2.2)."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, -15)

    def pack(self, data: bytes) -> bytes:
        """*data* deflated, with everything that the other end needs to read it now."""
        return self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)


class _Expanding:
    """Lines that come out of a decompressor; their final dot may be within or behind."""

    def __init__(self, what: str, bits: int) -> None:
        self._inflater = Inflater(what, bits)
        self._plain = LineBuffer()
        self._text = LineBody()
        self.ended = False

    @property
    def has_more(self) -> bool:
        """Whether there is more to inflate."""
        return self._inflater.has_more

    def _expand(self) -> bytes:
        """The next lines; what stands behind the final dot is read and is nothing."""
        while piece := self._inflater.pull():
            self._plain.feed(piece)
            if not self._text.ended and (chunk := self._text.pull(self._plain)):
                return chunk
        return b""

    def _rest(self) -> bytes:
        """At the end of the stream: a last line that nothing ended."""
        if self._text.ended:
            return b""
        if not self._text.held:
            return b""
        self._plain.feed(b"\r\n.\r\n")
        return self._text.pull(self._plain)


class ZippedBody(_Expanding):
    """XFEATURE COMPRESS GZIP: a zlib stream; the final dot is within it, or behind it."""

    def __init__(self) -> None:
        super().__init__("XFEATURE COMPRESS GZIP", 47)
        self._behind = False

    @property
    def has_more(self) -> bool:
        """Whether there is more to inflate, or only the end to see."""
        return self._inflater.has_more or self._inflater.ended

    def pull(self, lines: LineBuffer) -> bytes:
        """The next lines."""
        inflater = self._inflater
        if not inflater.ended:
            inflater.feed(lines.take())
        if chunk := self._expand():
            return chunk
        if not inflater.ended:
            return b""
        if not self._behind:
            self._behind = True
            lines.give_back(inflater.leftover())
        if self._text.ended:
            self.ended = True
            return b""
        if (line := lines.line()) is None:
            return b""
        if line != b".":
            raise ProtocolError(f"XFEATURE COMPRESS GZIP: {line[:40]!r} behind the compressed data",
                                hint="its answers are out of step, so none can be believed")
        self.ended = True
        return self._rest()


class PackedBody(_Expanding):
    """XZVER and XZHDR: raw deflate, written as yEnc, its lines dot-stuffed as usual."""

    def __init__(self) -> None:
        super().__init__("XZVER", -15)
        self._outer = LineBody()
        self._head: bytes | None = b""
        self._odd = b""

    @property
    def has_more(self) -> bool:
        """Whether there is more to inflate."""
        return self._inflater.has_more or self._outer.ended

    def pull(self, lines: LineBuffer) -> bytes:
        """The next lines."""
        if not self._outer.ended:
            self._inflater.feed(self._unpacked(self._outer.pull(lines)))
        if chunk := self._expand():
            return chunk
        if self._outer.ended and not self._inflater.has_more:
            if not self._inflater.ended:
                raise ProtocolError("XZVER: the compressed data end too early")
            self.ended = True
            return self._rest()
        return b""

    def _unpacked(self, text: bytes) -> bytes:
        """The bytes that yEnc lines stand for; ``=ybegin`` and ``=yend`` are left out."""
        if self._head is not None:
            self._head += text
            found = _HEADER_LINE.match(self._head)
            if found is None:
                if self._head[:8] != b"=ybegin "[: len(self._head)] or (
                        len(self._head) > _LONGEST_HEADER):
                    raise ProtocolError(f"XZVER: no yEnc: {self._head[:40]!r}")
                return b""
            text, self._head = self._head[found.end() :], None
        text = self._odd + text
        stop = 0 if text.startswith(b"=yend") else text.find(b"\n=yend")
        if stop >= 0:
            text = text[:stop]
        text = text.translate(None, b"\r\n")
        self._odd = b"=" if text.endswith(b"=") else b""
        text = text[:-1] if self._odd else text
        escaped = _ESCAPED.sub(_unescaped, text) if b"=" in text else text
        return escaped.translate(_YENC)


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes(((found[1][0] - 64) & 255,))
