# A conversation (its twin socket_sync.py is generated): a stream over our own socket.
"""A stream over our own non-blocking socket, TLS included.

The socket is tried first and waited for only when it would block, so bulk data costs no wait at
all. Waiting is what the two sides do differently: by the loop's callbacks, or by poll(2)
(ready_async.py, ready_sync.py). TLS wraps the socket in place: OpenSSL reads from the descriptor.

Why not asyncio's streams: reading over TLS this way costs a third of their CPU; a TLS session can
be taken and resumed (asyncio's API cannot, and FTPS data channels need it); the tail of a stream
is not lost under uvloop. Why not a blocking socket with a timeout: Python polls before each read
of one, and over TLS it hands out one record of 16 KiB at a time.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from io import BufferedReader, FileIO
from typing import BinaryIO

from ..types import Peer
from .clock_async import now
from .ready_async import Turn, breathe, hang_up, wait_ready
from .sockets import (
    READ,
    TLS_DRAIN,
    Splice,
    Where,
    acknowledge,
    failure,
    has_news,
    in_clear,
    prepare,
    where,
    wrapped,
)
from .stream_async import CHUNK, AsyncStream

__all__ = ["AsyncSocketStream"]

_STREAK = 32
"""Reads that found data at once before other tasks get their turn."""

_SENT_AT_ONCE = 1 << 20
"""Bytes of a file that are read and sent at once."""

_EARLY = 1 << 20
"""Bytes kept of what has come before close_notify is sent; a flood beyond that is torn off."""


class AsyncSocketStream(AsyncStream):
    """A connected socket as a stream.

    Args:
        sock: connected; this object owns it from now on.
        host: the name it was connected by, for errors and certificates.
    """

    def __init__(self, sock: socket.socket, host: str) -> None:
        super().__init__()
        prepare(sock)
        sock.setblocking(False)
        self._sock = sock
        self._where = where(sock, host)
        self._peer: Peer | None = None
        self._turn = Turn()
        self._closed = False
        self._streak = 0
        self._bulk = False
        self._splice: Splice | None = None
        self._buffer: bytearray | None = None
        self._early = bytearray()

    @property
    def peer(self) -> Peer:
        """The other end as it is now: address, TLS version, certificate."""
        if self._peer is None:
            self._peer = self._where.peer(self._sock)
        return self._peer

    @property
    def local_address(self) -> str:
        """This end's address."""
        name = self._sock.getsockname()
        return str(name[0]) if isinstance(name, tuple) else ""

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        """The TLS session as of now; with TLS 1.3 it comes with the first data read."""
        return self._sock.session if isinstance(self._sock, ssl.SSLSocket) else None

    @property
    def tls_resumed(self) -> bool:
        """Whether the handshake resumed a session."""
        return isinstance(self._sock, ssl.SSLSocket) and bool(self._sock.session_reused)

    @property
    def alpn(self) -> str | None:
        """The protocol that the TLS handshake agreed on (RFC 7301), or None."""
        return (self._sock.selected_alpn_protocol() if isinstance(self._sock, ssl.SSLSocket)
                else None)

    def has_news(self) -> bool:
        """Whether something has come that was not read, be it the end; never waits."""
        return self.ended or self._closed or has_news(self._sock)

    def rename(self, host: str, port: int) -> None:
        """The other end is *host* from now on: a proxy has connected us."""
        self._where = Where(host, host, port)
        self._peer = None
        self.received = self.sent = 0  # what was said to the proxy does not count

    def fileno(self) -> int:
        """The descriptor, for waiting on several streams."""
        return self._sock.fileno()

    async def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of *data*; a failure or a cancellation marks the stream broken."""
        view, done = memoryview(data), 0
        try:
            while done < len(view):
                try:
                    with self._turn:
                        done += self._sock.send(view[done:] if done else view)
                except (BlockingIOError, ssl.SSLWantWriteError):
                    await self._ready("sending", write=True)
                except ssl.SSLWantReadError:
                    await self._ready("sending")
        except (OSError, ValueError) as error:
            self.broken = True
            raise self._failure(error, "sending") from error
        except BaseException:
            self.broken = True  # cancelled: nobody knows how much has gone
            raise
        self.sent += done

    async def receive(self, limit: int = READ) -> bytes:
        """At most *limit* bytes, at least one; ``b""`` at the end."""
        if isinstance(self._sock, ssl.SSLSocket):
            buffer = bytearray(min(limit, TLS_DRAIN))
            count = await self.receive_into(memoryview(buffer))
            return bytes(memoryview(buffer)[:count])
        await self._breathe()
        while not self.ended:
            try:
                data = self._sock.recv(limit)
            except (BlockingIOError, InterruptedError):
                await self._ready("receiving")
                continue
            except OSError as error:
                raise self._failure(error, "receiving") from error
            self._count(len(data))
            return data
        return b""

    async def receive_into(self, buffer: memoryview) -> int:
        """Fill the front of *buffer*; over TLS, drain the records at hand up to 64 KiB."""
        await self._breathe()
        if self._early:
            return self._take_early(buffer)
        while not self.ended:
            try:
                if isinstance(self._sock, ssl.SSLSocket):
                    count = self._drain(self._sock, buffer)
                else:
                    count = self._sock.recv_into(buffer)
            except (BlockingIOError, InterruptedError, ssl.SSLWantReadError):
                await self._ready("receiving")
                continue
            except ssl.SSLWantWriteError:
                await self._ready("receiving", write=True)
                continue
            except ssl.SSLEOFError:
                self.ended = True  # torn off: no close_notify
                break
            except (OSError, ValueError) as error:
                raise self._failure(error, "receiving") from error
            self._count(count)
            return count
        return 0

    async def start_tls(
        self,
        context: ssl.SSLContext,
        host: str | None,
        *,
        session: ssl.SSLSession | None = None,
        server_side: bool = False,
    ) -> None:
        """Shake hands; *session* is resumed if the server agrees."""
        doing = "the TLS handshake"
        try:
            self._sock = sock = wrapped(context, self._sock, host, session=session,
                                        server_side=server_side)
            await self._retry(sock.do_handshake, doing)
        except (OSError, ValueError) as error:
            self.broken = True
            raise self._failure(error, doing) from error
        except BaseException:
            self.broken = True
            raise
        self._peer = None

    async def end_tls(self) -> None:
        """Say close_notify, wait for the server's, and go on in clear text."""
        if isinstance(self._sock, ssl.SSLSocket):
            try:
                await self._retry(self._sock.unwrap, "ending TLS")
                self._sock = in_clear(self._sock)
            except (OSError, ValueError) as error:
                raise self._failure(error, "ending TLS") from error
            self._peer = None

    async def end_sending(self) -> None:
        """Say close_notify and FIN; what the server still sends can be read."""
        try:
            self._keep_early()
            self._close_notify()
            socket.socket.shutdown(self._sock, socket.SHUT_WR)  # SSLSocket's own forgets its TLS
        except OSError as error:
            raise self._failure(error, "ending") from error

    async def aclose(self) -> None:
        """Close; over TLS say close_notify first, without waiting for an answer."""
        self.close_now()

    def close_now(self) -> None:
        """Close without a turn of the loop."""
        if self._closed:
            return
        self._closed = True
        if self._splice is not None:
            self._splice.close()
        try:
            if not self.broken:
                self._close_notify()
        except OSError:
            pass  # the other side is gone already
        finally:
            hang_up(self._sock)
            self._sock.close()

    async def send_file(self, file: BinaryIO, count: int) -> int:
        """Through one buffer, a mebibyte at a time; over TLS in smaller pieces.

        sendfile(2) takes as much of the processor, and on loopback twice the time: the receiver
        then waits for each page instead of finding the next ones there (docs/design/streams.md).
        """
        if isinstance(self._sock, ssl.SSLSocket) or not isinstance(file, BufferedReader | FileIO):
            return await super().send_file(file, count)
        buffer, done = memoryview(bytearray(min(count, _SENT_AT_ONCE))), 0
        while done < count and (size := file.readinto(buffer[:count - done])):
            await self.send(buffer[:size])
            done += size
        return done

    async def receive_file(self, file: BinaryIO, count: int) -> int:
        """Write what has come to *file*: in clear text by splice(2), within the kernel.

        A pipe costs more than it saves until a read has come full: small files need none.
        """
        if not self._bulk:
            data = await self.receive(min(count, READ))
            self._bulk = len(data) >= READ
            file.write(data)
            return len(data)
        if self._splice is None and not isinstance(self._sock, ssl.SSLSocket):
            self._splice = Splice.between(self._sock, file)
        if self._splice is not None:
            return await self._receive_spliced(self._splice, file, count)
        if self._buffer is None:
            self._buffer = bytearray(CHUNK)
        view = memoryview(self._buffer)[:count]
        size = await self.receive_into(view)
        if size:
            file.write(view[:size])
        return size

    async def _receive_spliced(self, splice: Splice, file: BinaryIO, count: int) -> int:
        await self._breathe()
        while not self.ended:
            try:
                size = splice.take(self._sock, count)
            except BlockingIOError:
                await self._ready("receiving")
                continue
            except OSError as error:
                raise self._failure(error, "receiving") from error
            self._count(size)
            splice.put(file, size)
            return size
        return 0

    def _drain(self, sock: ssl.SSLSocket, buffer: memoryview) -> int:
        """Gather the records that have arrived: fewer, larger chunks for everyone above."""
        count, room = 0, min(len(buffer), TLS_DRAIN)
        try:
            with self._turn:
                while count < room and (more := sock.recv_into(buffer[count:room])):
                    count += more
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            if not count:
                raise
        except ssl.SSLZeroReturnError:
            pass  # close_notify after our own: an orderly end
        except ssl.SSLEOFError:
            self.ended = True  # torn off; what came before counts
        return count

    def _keep_early(self) -> None:
        """Read what has come: OpenSSL gives none of it once it has sent close_notify."""
        if not isinstance(self._sock, ssl.SSLSocket):
            return
        buffer = memoryview(bytearray(TLS_DRAIN))
        try:
            while (len(self._early) < _EARLY and not self.ended
                   and (count := self._drain(self._sock, buffer))):
                self._early += buffer[:count]
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass  # that was all

    def _take_early(self, buffer: memoryview) -> int:
        count = min(len(buffer), len(self._early))
        buffer[:count] = self._early[:count]
        del self._early[:count]
        self._count(count)
        return count

    def _count(self, count: int) -> None:
        self.received += count
        if not count and not self.ended:
            self.ended = self.clean = True

    async def _breathe(self) -> None:
        """Let other tasks run, and look at the clock, after a streak of reads without a wait."""
        self._streak += 1
        if self._streak >= _STREAK:
            self._streak = 0
            if self.deadline.expired(now=now()):
                raise self._failure(TimeoutError(), "receiving")
            await breathe()

    async def _retry(self, step: Callable[[], object], doing: str) -> None:
        """Call *step* until OpenSSL wants nothing more."""
        while True:
            try:
                step()
                return
            except ssl.SSLWantReadError:
                await self._ready(doing)
            except ssl.SSLWantWriteError:
                await self._ready(doing, write=True)

    def _close_notify(self) -> None:
        """Send it without waiting: a non-blocking unwrap() sends, then wants to read."""
        if isinstance(self._sock, ssl.SSLSocket):
            try:
                with self._turn:
                    self._sock.unwrap()
            except (ssl.SSLError, ValueError):
                pass  # the peer's has not come, and nothing depends on it

    async def _ready(self, doing: str, *, write: bool = False) -> None:
        """Wait for the socket, no longer than the deadline allows."""
        self._streak = 0
        if self.prompt and not write:
            acknowledge(self._sock)
        left = self.deadline.remaining(now=now())
        try:
            if left is not None and left <= 0:
                raise TimeoutError
            await wait_ready(self._sock.fileno(), write=write, seconds=left)
            if self._closed:
                raise OSError
        except (OSError, ValueError) as error:
            raise self._failure(error, doing) from error

    def _failure(self, error: OSError | ValueError, doing: str) -> OSError:
        if self._closed:
            error = OSError("it was closed here")
        return failure(error, self._where, doing, self.received, self.sent)
