# Hand-written pair with memory_sync.py.
"""Streams without a network: joined pairs, and scripts that play a peer. For tests.

A `AsyncScripted` stream never waits, so a coroutine over it can be driven to its end by `drive`,
without an event loop.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Coroutine
from typing import Any, TypeVar

from ..errors import ConnectionLost, TimedOut, UsageError
from ..types import Peer
from .clock_async import now
from .stream_async import CHUNK, AsyncStream

__all__ = ["AsyncMemoryStream", "AsyncScripted", "drive", "pair"]

T = TypeVar("T")

ROOM = 262_144
"""Bytes that a pair holds in each direction before a sender waits."""


class _Pipe:
    """One direction: bytes, an end, and those who wait."""

    def __init__(self) -> None:
        self.data: deque[bytes] = deque()
        self.size = 0
        self.ended = False
        self.torn = False
        self.closed = False
        self._waiters: set[asyncio.Future[None]] = set()

    def changed(self) -> None:
        """Wake everyone."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, stream: AsyncStream, doing: str) -> None:
        """Wait for a change, no longer than the deadline allows."""
        left = stream.deadline.remaining(now=now())
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(left):
                await waiter
        except TimeoutError:
            raise TimedOut(f"memory: no answer in time while {doing}") from None
        finally:
            self._waiters.discard(waiter)


class AsyncMemoryStream(AsyncStream):
    """One end of a pair."""

    def __init__(self, incoming: _Pipe, outgoing: _Pipe) -> None:
        super().__init__()
        self._in, self._out = incoming, outgoing

    @property
    def peer(self) -> Peer:
        """The other end, as far as memory has a name."""
        return Peer("memory", "127.0.0.1", 0)

    async def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of *data*; waits while the other side is full."""
        view, pipe = memoryview(bytes(data)), self._out
        try:
            while view:
                if pipe.closed or pipe.ended:
                    raise ConnectionLost("memory: connection lost while sending")
                room = ROOM - pipe.size
                if room <= 0:
                    await pipe.wait(self, "sending")
                    continue
                piece, view = bytes(view[:room]), view[room:]
                pipe.data.append(piece)
                pipe.size += len(piece)
                self.sent += len(piece)
                pipe.changed()
        except BaseException:
            self.broken = True
            raise

    async def receive(self, limit: int = CHUNK) -> bytes:
        """At most *limit* bytes, at least one; ``b""`` at the end."""
        pipe = self._in
        while not pipe.data and not pipe.ended and not pipe.closed:
            await pipe.wait(self, "receiving")
        if pipe.closed:
            raise ConnectionLost("memory: connection lost while receiving: it is closed")
        if not pipe.data:
            self.ended, self.clean = True, not pipe.torn
            return b""
        piece = pipe.data.popleft()
        if len(piece) > limit:
            pipe.data.appendleft(piece[limit:])
            piece = piece[:limit]
        pipe.size -= len(piece)
        pipe.changed()
        self.received += len(piece)
        return piece

    async def receive_into(self, buffer: memoryview) -> int:
        """Fill the front of *buffer*."""
        data = await self.receive(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    async def start_tls(
        self,
        context: ssl.SSLContext,
        host: str | None,
        *,
        session: ssl.SSLSession | None = None,
        server_side: bool = False,
    ) -> None:
        """A `AsyncTLSLayer` over this stream can do it; the stream itself cannot.

        Raises:
            UsageError: always.
        """
        raise UsageError("memory: a stream in memory has no TLS of its own",
                         hint="put a AsyncTLSLayer over it")

    async def end_tls(self) -> None:
        """There is none to end."""

    async def end_sending(self) -> None:
        """No more will be sent."""
        self._out.ended = True
        self._out.changed()

    async def tear(self) -> None:
        """End without announcing it, as a cut line does."""
        self._out.torn = True
        await self.end_sending()

    async def aclose(self) -> None:
        """Let go of both directions."""
        await self.end_sending()
        self._in.closed = True
        self._in.changed()


def pair() -> tuple[AsyncMemoryStream, AsyncMemoryStream]:
    """Two streams, each of which receives what the other sends.

    Example:
        >>> one, other = pair()
        >>> await one.send(b"hello")
        >>> await other.receive()
        b'hello'
    """
    here, there = _Pipe(), _Pipe()
    return AsyncMemoryStream(here, there), AsyncMemoryStream(there, here)


class AsyncScripted(AsyncMemoryStream):
    """A stream whose other end says what is written down.

    Args:
        script: all that comes; a list has the chunks as they come.
        slice: bytes of each receive; 1 shows what a reader makes of fragments.
        clean: whether the end is announced.

    Example:
        >>> stream = AsyncScripted(b"+OK", slice=1)
        >>> drive(stream.receive())
        b'+'
    """

    def __init__(
        self, script: bytes | list[bytes], slice: int | None = None, *, clean: bool = True
    ) -> None:
        incoming = _Pipe()
        for chunk in [script] if isinstance(script, bytes) else script:
            step = slice or len(chunk) or 1
            incoming.data.extend(chunk[at : at + step] for at in range(0, len(chunk), step))
        incoming.ended, incoming.torn = True, not clean
        super().__init__(incoming, _Pipe())
        self.sent_bytes = b""

    async def send(self, data: bytes | bytearray | memoryview) -> None:
        """Remember what was said."""
        self.sent_bytes += bytes(data)
        self.sent += len(data)


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits to its end, without a loop.

    Raises:
        RuntimeError: it waits after all.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("the coroutine waits for something")
