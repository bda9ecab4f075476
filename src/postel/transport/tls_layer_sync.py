# GENERATED from tls_layer_async.py by tools/unasync.py: edit that file, not this one.
"""TLS over a stream that has none of its own, or that has it for another purpose already.

A socket's TLS is OpenSSL's, straight on the descriptor (socket_async.py), and faster. This layer
is for what has no descriptor (memory), and for TLS within TLS: a server's handshake through an
``https://`` proxy, whose own TLS is the socket's. OpenSSL works on two buffers here; what it puts
into one is sent, what is received goes into the other.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import cast

from ..errors import UsageError
from ..timing import Deadline
from ..types import Peer
from .clock_sync import now
from .crew_sync import Limit
from .sockets import TLS_DRAIN, Where, failure
from .stream_sync import CHUNK, Stream
from .tls import certificate_of

__all__ = ["TLSLayer"]

_PLAIN = 65_536
"""Bytes encrypted before they are sent: four records, so that the buffer stays small."""

_LAST_WORD = 1.0
"""Seconds that close_notify may take when closing; nothing depends on it."""


class TLSLayer(Stream):
    """A stream over *inner* that passes everything on, until `start_tls`.

    Args:
        inner: the stream below; this one owns it from now on.
        host: the other end's name, where it is not that of *inner*.
        port: the other end's port, likewise.
    """

    def __init__(self, inner: Stream, host: str | None = None, port: int = 0) -> None:
        self._inner = inner
        deadline = inner.deadline
        super().__init__()
        self.deadline = deadline
        self.latency = inner.latency
        below = inner.peer
        self._where = (Where(below.host, below.address, below.port) if host is None
                       else Where(host, host, port))
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._engine = Limit(1)  # OpenSSL's object serves one thread at a time
        self._turn = Limit(1)    # records leave in the order they were made in
        self._sending = False
        self._closed = False
        self._early = b""

    @property
    def deadline(self) -> Deadline:
        """When waits must end; the stream below has the same."""
        return self._inner.deadline

    @deadline.setter
    def deadline(self, deadline: Deadline) -> None:
        self._inner.deadline = deadline

    @property
    def peer(self) -> Peer:
        """The other end, with the certificate of this layer's TLS."""
        if self._tls is None:
            return Peer(self._where.host, self._where.address, self._where.port)
        cipher = self._tls.cipher()
        return Peer(self._where.host, self._where.address, self._where.port, self._tls.version(),
                    cipher[0] if cipher else None, certificate_of(self._tls))

    @property
    def local_address(self) -> str:
        """This end's address."""
        return self._inner.local_address

    @property
    def alpn(self) -> str | None:
        """The protocol that this layer's handshake agreed on (RFC 7301), or None."""
        return self._tls.selected_alpn_protocol() if self._tls is not None else None

    def has_news(self) -> bool:
        """Whether something has come that was not read, be it the end; never waits."""
        return self.ended or self._closed or self._inner.has_news()

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        """The session of this layer's TLS; with TLS 1.3 it comes with the first data read."""
        return self._tls.session if self._tls is not None else None

    @property
    def tls_resumed(self) -> bool:
        """Whether the handshake resumed a session."""
        return self._tls is not None and bool(self._tls.session_reused)

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of *data*; a failure or a cancellation marks the stream broken."""
        view = memoryview(data)
        try:
            if self._tls is None:
                self._inner.send(view)
            else:
                self._send_encrypted(self._tls, view)
        except (OSError, ValueError) as error:
            self.broken = True
            raise self._failure(error, "sending") from error
        except BaseException:
            self.broken = True
            raise
        self.sent += len(view)

    def _send_encrypted(self, tls: ssl.SSLObject, view: memoryview) -> None:
        with self._turn:
            self._sending = True
            try:
                for start in range(0, len(view), _PLAIN):
                    with self._engine:
                        self._check_open()
                        tls.write(view[start : start + _PLAIN])
                    self._inner.send(self._outgoing.read())
            finally:
                self._sending = False

    def receive(self, limit: int = CHUNK) -> bytes:
        """At most *limit* bytes, at least one; ``b""`` at the end."""
        buffer = bytearray(min(limit, TLS_DRAIN))
        count = self.receive_into(memoryview(buffer))
        return bytes(memoryview(buffer)[:count])

    def receive_into(self, buffer: memoryview) -> int:
        """Fill the front of *buffer*."""
        while not self.ended:
            try:
                self._check_open()
                if self._tls is None:
                    count = self._inner.receive_into(buffer)
                else:
                    with self._engine:
                        count = self._decrypted(self._tls, buffer)
            except ssl.SSLWantReadError:
                self._more("receiving")
                continue
            except ssl.SSLEOFError:
                self.ended = True  # torn off: no close_notify
                break
            except (OSError, ValueError) as error:
                raise self._failure(error, "receiving") from error
            self._count(count)
            return count
        return 0

    def start_tls(
        self,
        context: ssl.SSLContext,
        host: str | None,
        *,
        session: ssl.SSLSession | None = None,
        server_side: bool = False,
    ) -> None:
        """Shake hands; *session* is resumed if the server agrees.

        Raises:
            UsageError: this layer has TLS already.
        """
        if self._tls is not None:
            raise UsageError(f"{self._where}: TLS is on already")
        doing = "the TLS handshake"
        try:
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host,
                                         session=session, server_side=server_side)
            self._retry(self._tls.do_handshake, doing)
        except (OSError, ValueError) as error:
            self.broken = True
            raise self._failure(error, doing) from error
        except BaseException:
            self.broken = True
            raise

    def end_tls(self) -> None:
        """Say close_notify, wait for the other side's, and go on in clear text."""
        if self._tls is None:
            return
        try:
            self._retry(self._tls.unwrap, "ending TLS")
        except (OSError, ValueError) as error:
            raise self._failure(error, "ending TLS") from error
        if self._incoming.pending:
            raise self._failure(OSError("clear text came before TLS had ended"), "ending TLS")
        self._tls = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    def end_sending(self) -> None:
        """Say close_notify, and end the stream below; what still comes can be read."""
        if self._tls is not None:
            self._say_close_notify(self._tls)
        self._inner.end_sending()

    def close(self) -> None:
        """Close; over TLS say close_notify first, without waiting for an answer."""
        if self._closed:
            return
        self._closed = True
        self.deadline = self.deadline.sooner(Deadline.after(_LAST_WORD, now=now()))
        try:
            if self._tls is not None and not self.broken and not self._sending:
                self._say_close_notify(self._tls)
        except OSError:
            pass  # the other side is gone already
        finally:
            self._inner.close()

    def _say_close_notify(self, tls: ssl.SSLObject) -> None:
        """Have it made, and send it.

        OpenSSL looks for the other side's at once, and would drop data that came instead: the
        rest of a record is taken from it first, and the buffer it is shown is empty.
        """
        with self._turn, self._engine:
            if tls.pending():
                self._early += tls.read(tls.pending())
            kept = self._incoming.read()
            try:
                tls.unwrap()
            except (ssl.SSLError, ValueError):
                pass  # the other side's has not come, and nothing depends on it
            if kept:
                self._incoming.write(kept)
            if self._outgoing.pending:
                self._inner.send(self._outgoing.read())

    def _decrypted(self, tls: ssl.SSLObject, buffer: memoryview) -> int:
        """Gather the records that have come."""
        if self._early:
            count = min(len(buffer), len(self._early))
            buffer[:count], self._early = self._early[:count], self._early[count:]
            return count
        count = 0
        try:
            while count < len(buffer) and (more := _read_into(tls, buffer[count:])):
                count += more
        except ssl.SSLWantReadError:
            if not count:
                raise
        except ssl.SSLZeroReturnError:
            pass  # close_notify after our own: an orderly end
        except ssl.SSLEOFError:
            self.ended = True  # torn off; what came before counts
        return count

    def _more(self, doing: str) -> None:
        """Send what OpenSSL wants to say, and feed it what comes."""
        if self._outgoing.pending and not self._sending:
            with self._turn:
                self._inner.send(self._outgoing.read())
        try:
            data = self._inner.receive(TLS_DRAIN)
        except (OSError, ValueError) as error:
            raise self._failure(error, doing) from error
        with self._engine:
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()

    def _retry(self, step: Callable[[], object], doing: str) -> None:
        """Call *step* until OpenSSL wants nothing more, and send what it has to say."""
        while True:
            try:
                step()
                break
            except ssl.SSLWantReadError:
                self._more(doing)
            except (OSError, ValueError):
                self._say_alert()
                raise
        self._inner.send(self._outgoing.read())

    def _say_alert(self) -> None:
        try:
            self._inner.send(self._outgoing.read())
        except OSError:
            pass  # why the handshake failed is what matters

    def _count(self, count: int) -> None:
        self.received += count
        if not count and not self.ended:
            self.ended = True
            self.clean = self._tls is not None or self._inner.clean

    def _check_open(self) -> None:
        if self._closed:
            raise OSError("it is closed")

    def _failure(self, error: OSError | ValueError, doing: str) -> OSError:
        return failure(error, self._where, doing, self.received, self.sent)


def _read_into(tls: ssl.SSLObject, buffer: memoryview) -> int:
    return cast("int", tls.read(len(buffer), cast("bytearray", buffer)))
