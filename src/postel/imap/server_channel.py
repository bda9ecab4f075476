"""One connection to the IMAP server: commands in, answers out, compression, faults on the way.

Service code. Answers are gathered and leave in one packet when the server has to wait.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from ..errors import ProtocolError
from ..serving.faults import Fault
from ..transport.socket_async import AsyncSocketStream
from .wire_server import ServerWire

if TYPE_CHECKING:
    from .server import IMAPServer

__all__ = ["Channel", "Ended"]

_FLUSH = 256 * 1024
_MOST_INFLATED = 64 * 1024
"""Bytes that one piece of compressed input may become at once; the rest waits its turn."""


class Ended(Exception):
    """The session is over."""


class Channel:
    """Reads commands, gathers answers.

    Args:
        server: whose session this is.
        stream: the connection.
        longest: bytes of a line.
    """

    def __init__(self, server: IMAPServer, stream: AsyncSocketStream, longest: int) -> None:
        self.server, self.stream = server, stream
        self.wire = ServerWire(longest)
        self.cut: Fault | None = None
        self._out: list[bytes] = []
        self._size = 0
        self._inflate: zlib._Decompress | None = None
        self._deflate: zlib._Compress | None = None
        self._packed = b""

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.stream.peer.tls is not None

    @property
    def is_compressed(self) -> bool:
        """Whether COMPRESS is in force."""
        return self._deflate is not None

    async def line(self) -> bytes:
        """A line that is no command."""
        while (line := self.wire.next_line()) is None:
            if not await self.more():
                raise ProtocolError("IMAP: the client left in the middle of a command")
        return line

    async def more(self) -> bool:
        """Send what was gathered, and wait for bytes; False at the end."""
        await self.flush()
        self.server.allow(self.stream, self.server.idle)
        while True:
            data = self._packed or await self.stream.receive()
            self._packed = b""
            if not data:
                return False
            if self._inflate is None:
                self.wire.feed(data)
                return True
            if plain := self._inflated(data):
                self.wire.feed(plain)
                return True

    def _inflated(self, data: bytes) -> bytes:
        inflate = self._inflate
        if inflate is None:
            return data
        try:
            plain = inflate.decompress(data, _MOST_INFLATED)
        except zlib.error as error:
            raise ProtocolError(f"IMAP: what came is not compressed: {error}") from None
        self._packed = inflate.unconsumed_tail
        return plain

    def put(self, data: bytes) -> None:
        """Put bytes into the next packet."""
        self._out.append(data)
        self._size += len(data)

    @property
    def is_full(self) -> bool:
        """Whether it is time to send."""
        return self._size > _FLUSH

    async def flush(self) -> None:
        """Send what was gathered."""
        if not self._out:
            return
        data, self._out, self._size = b"".join(self._out), [], 0
        over = False
        if self.cut is not None and self.cut.cut is not None:
            over = len(data) >= self.cut.cut
            data = data[: self.cut.cut]
            self.cut.cut -= len(data)
        if self._deflate is not None:
            data = self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        if data:
            await self.stream.send(data)
        if over:
            raise Ended

    def compress(self) -> None:
        """From now on both directions are compressed (RFC 4978); what came already, too."""
        rest = self.wire.leftover()
        self._inflate = zlib.decompressobj(-15)
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        self._packed = rest

    async def end(self) -> None:
        """Send what was gathered, and be done."""
        await self.flush()
        raise Ended
