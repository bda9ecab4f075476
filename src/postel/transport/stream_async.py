# Hand-written pair with stream_sync.py.
"""What a stream is, on the asyncio side: the same words and the same rules as stream_sync.py.

One more rule: a cancelled `receive` loses no byte; a cancelled `send` marks the stream `broken`.
"""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import BinaryIO

from ..timing import NEVER, Deadline
from ..types import Peer

__all__ = ["CHUNK", "AsyncStream"]

CHUNK = 262_144
"""Bytes asked for at once: where the curve of throughput over read size goes flat."""


class AsyncStream(ABC):
    """An ordered pair of byte flows with an end."""

    def __init__(self) -> None:
        self.deadline: Deadline = NEVER
        self.ended = False
        self.clean = False
        self.broken = False
        self.received = 0
        self.sent = 0
        self.latency = 0.0
        self.prompt = False  # acknowledge at once what came, before waiting for more

    @property
    @abstractmethod
    def peer(self) -> Peer:
        """The other end."""

    @property
    def local_address(self) -> str:
        """This end's address; "" where there is none."""
        return ""

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        """The TLS session, for another stream to resume; None in clear text."""
        return None

    @property
    def alpn(self) -> str | None:
        """The protocol that the TLS handshake agreed on (RFC 7301), or None."""
        return None

    def has_news(self) -> bool:
        """Whether something has come that was not read, be it the end; never waits."""
        return False

    @abstractmethod
    async def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of *data*."""

    @abstractmethod
    async def receive_into(self, buffer: memoryview) -> int:
        """Fill the front of *buffer*; return how many bytes came, 0 at the end."""

    @abstractmethod
    async def receive(self, limit: int = CHUNK) -> bytes:
        """At most *limit* bytes, at least one; ``b""`` at the end."""

    @abstractmethod
    async def start_tls(
        self,
        context: ssl.SSLContext,
        host: str | None,
        *,
        session: ssl.SSLSession | None = None,
        server_side: bool = False,
    ) -> None:
        """Go on in TLS; *host* is the name that the certificate must be for."""

    @abstractmethod
    async def end_tls(self) -> None:
        """Go on in clear text after both sides said close_notify (FTP's CCC)."""

    @abstractmethod
    async def end_sending(self) -> None:
        """Announce that no more will be sent (close_notify, FIN); receiving goes on."""

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of the connection."""

    async def send_file(self, file: BinaryIO, count: int) -> int:
        """Send up to *count* bytes from where *file* stands; return how many there were."""
        sent = 0
        while sent < count and (data := file.read(min(CHUNK, count - sent))):
            await self.send(data)
            sent += len(data)
        return sent

    async def receive_file(self, file: BinaryIO, count: int) -> int:
        """Write one chunk of at most *count* bytes to *file*; return its size, 0 at the end."""
        data = await self.receive(min(CHUNK, count))
        if data:
            file.write(data)
        return len(data)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await self.receive():
            yield data

    async def __aenter__(self) -> AsyncStream:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()
