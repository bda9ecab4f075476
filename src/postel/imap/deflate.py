"""The grammar of COMPRESS=DEFLATE (RFC 4978): raw deflate both ways, and never too much at once.

A few bytes may stand for a thousand times as many. So what is inflated is handed out in pieces of
bounded size, and the rest waits, still compressed, until the piece before it has been read.
"""

from __future__ import annotations

import zlib

from ..errors import ProtocolError

__all__ = ["Deflated"]

PIECE = 256 * 1024
"""Bytes inflated at once."""


class Deflated:
    """Both directions of one connection.

    Example:
        >>> here, there = Deflated(), Deflated()
        >>> there.feed(here.pack(b"A1 NOOP\\r\\n"))
        >>> there.more(), there.more()
        (b'A1 NOOP\\r\\n', b'')
    """

    def __init__(self) -> None:
        self._out = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._in = zlib.decompressobj(-zlib.MAX_WBITS)
        self._waiting = b""

    def pack(self, data: bytes) -> bytes:
        """*data* as it goes over the wire, complete for the reader."""
        return self._out.compress(data) + self._out.flush(zlib.Z_SYNC_FLUSH)

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""
        self._waiting += data

    def more(self) -> bytes:
        """At most `PIECE` bytes of what has come; ``b""`` when more has to come.

        Raises:
            ProtocolError: it is no deflate stream, or the stream has ended.
        """
        try:
            piece = self._in.decompress(self._waiting, PIECE)
        except zlib.error as error:
            raise ProtocolError(f"COMPRESS: what came is not compressed: {error}") from None
        self._waiting = self._in.unconsumed_tail
        if self._in.eof and not piece:
            raise ProtocolError("COMPRESS: the server ended its compressed stream")
        return piece
