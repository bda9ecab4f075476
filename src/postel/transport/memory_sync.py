# Hand-written pair with memory_async.py.
"""Streams without a network: joined pairs, and scripts that play a peer. For tests."""

from __future__ import annotations

import ssl
import threading
from collections import deque

from ..errors import ConnectionLost, TimedOut, UsageError
from ..types import Peer
from .clock_sync import now
from .stream_sync import CHUNK, Stream

__all__ = ["MemoryStream", "Scripted", "pair"]

ROOM = 262_144
"""Bytes that a pair holds in each direction before a sender waits."""


class _Pipe:
    """One direction: bytes, an end, and someone to wake."""

    def __init__(self) -> None:
        self.data: deque[bytes] = deque()
        self.size = 0
        self.ended = False
        self.torn = False
        self.closed = False
        self.change = threading.Condition()

    def wait(self, stream: Stream, doing: str) -> None:
        """Wait for a change, no longer than the deadline allows; the lock is held."""
        left = stream.deadline.remaining(now=now())
        if left == 0 or not self.change.wait(left):
            raise TimedOut(f"memory: no answer in time while {doing}")


class MemoryStream(Stream):
    """One end of a pair."""

    def __init__(self, incoming: _Pipe, outgoing: _Pipe) -> None:
        super().__init__()
        self._in, self._out = incoming, outgoing

    @property
    def peer(self) -> Peer:
        """The other end, as far as memory has a name."""
        return Peer("memory", "127.0.0.1", 0)

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of *data*; waits while the other side is full."""
        view, pipe = memoryview(bytes(data)), self._out
        try:
            with pipe.change:
                while view:
                    if pipe.closed or pipe.ended:
                        raise ConnectionLost("memory: connection lost while sending")
                    room = ROOM - pipe.size
                    if room <= 0:
                        pipe.wait(self, "sending")
                        continue
                    piece, view = bytes(view[:room]), view[room:]
                    pipe.data.append(piece)
                    pipe.size += len(piece)
                    self.sent += len(piece)
                    pipe.change.notify_all()
        except BaseException:
            self.broken = True
            raise

    def receive(self, limit: int = CHUNK) -> bytes:
        """At most *limit* bytes, at least one; ``b""`` at the end."""
        pipe = self._in
        with pipe.change:
            while not pipe.data and not pipe.ended and not pipe.closed:
                pipe.wait(self, "receiving")
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
            pipe.change.notify_all()
        self.received += len(piece)
        return piece

    def receive_into(self, buffer: memoryview) -> int:
        """Fill the front of *buffer*."""
        data = self.receive(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def start_tls(
        self,
        context: ssl.SSLContext,
        host: str | None,
        *,
        session: ssl.SSLSession | None = None,
        server_side: bool = False,
    ) -> None:
        """A `TLSLayer` over this stream can do it; the stream itself cannot.

        Raises:
            UsageError: always.
        """
        raise UsageError("memory: a stream in memory has no TLS of its own",
                         hint="put a TLSLayer over it")

    def end_tls(self) -> None:
        """There is none to end."""

    def end_sending(self) -> None:
        """No more will be sent."""
        with self._out.change:
            self._out.ended = True
            self._out.change.notify_all()

    def tear(self) -> None:
        """End without announcing it, as a cut line does."""
        self._out.torn = True
        self.end_sending()

    def close(self) -> None:
        """Let go of both directions."""
        self.end_sending()
        with self._in.change:
            self._in.closed = True
            self._in.change.notify_all()


def pair() -> tuple[MemoryStream, MemoryStream]:
    """Two streams, each of which receives what the other sends.

    Example:
        >>> one, other = pair()
        >>> one.send(b"hello")
        >>> other.receive()
        b'hello'
    """
    here, there = _Pipe(), _Pipe()
    return MemoryStream(here, there), MemoryStream(there, here)


class Scripted(MemoryStream):
    """A stream whose other end says what is written down.

    Args:
        script: all that comes; a list has the chunks as they come.
        slice: bytes of each receive; 1 shows what a reader makes of fragments.
        clean: whether the end is announced.

    Example:
        >>> stream = Scripted(b"+OK", slice=1)
        >>> stream.send(b"NOOP\\r\\n")
        >>> stream.receive(), stream.sent_bytes
        (b'+', b'NOOP\\r\\n')
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

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Remember what was said."""
        self.sent_bytes += bytes(data)
        self.sent += len(data)
