# Hand-written pair with socket_async.py.
"""A stream over a blocking socket, TLS included.

The socket's own timeout is what is left of the deadline. TLS wraps the socket in place: OpenSSL
reads from the descriptor itself, and its session can be resumed on another connection.
"""

from __future__ import annotations

import socket
import ssl
from typing import BinaryIO

from ..types import Peer
from .clock_sync import now
from .sockets import READ, failure, in_clear, is_plain_file, prepare, where
from .stream_sync import Stream

__all__ = ["SocketStream"]


class SocketStream(Stream):
    """A connected socket as a stream.

    Args:
        sock: connected; this object owns it from now on.
        host: the name it was connected by, for errors and certificates.
    """

    def __init__(self, sock: socket.socket, host: str) -> None:
        super().__init__()
        prepare(sock)
        self._sock = sock
        self._where = where(sock, host)
        self._peer: Peer | None = None
        self._closed = False

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

    def fileno(self) -> int:
        """The descriptor, for waiting on several streams."""
        return self._sock.fileno()

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of *data*; a failure marks the stream broken."""
        self._arm("sending")
        try:
            self._sock.sendall(data)
        except (OSError, ValueError) as error:
            self.broken = True
            raise self._failure(error, "sending") from error
        except BaseException:
            self.broken = True  # interrupted: nobody knows how much has gone
            raise
        self.sent += len(data)

    def receive(self, limit: int = READ) -> bytes:
        """At most *limit* bytes, at least one; ``b""`` at the end."""
        if self.ended:
            return b""
        self._arm("receiving")
        try:
            data = self._sock.recv(limit)
        except ssl.SSLEOFError:
            self.ended = True  # torn off: no close_notify
            return b""
        except (OSError, ValueError) as error:
            raise self._failure(error, "receiving") from error
        self._count(len(data))
        return data

    def receive_into(self, buffer: memoryview) -> int:
        """Fill the front of *buffer*; over TLS with one record, as a blocking read cannot peek."""
        if self.ended:
            return 0
        self._arm("receiving")
        try:
            count = self._sock.recv_into(buffer)
        except ssl.SSLEOFError:
            self.ended = True
            return 0
        except (OSError, ValueError) as error:
            raise self._failure(error, "receiving") from error
        self._count(count)
        return count

    def start_tls(
        self, context: ssl.SSLContext, host: str | None, *, session: ssl.SSLSession | None = None
    ) -> None:
        """Shake hands; *session* is resumed if the server agrees."""
        self._arm("the TLS handshake")
        left = self._sock.gettimeout()
        try:
            self._sock = context.wrap_socket(
                self._sock, server_hostname=host, session=session,
                do_handshake_on_connect=False, suppress_ragged_eofs=False)
            self._sock.settimeout(left)
            self._sock.do_handshake()
        except (OSError, ValueError) as error:
            self.broken = True
            raise self._failure(error, "the TLS handshake") from error
        self._peer = None

    def end_tls(self) -> None:
        """Say close_notify, wait for the server's, and go on in clear text."""
        if isinstance(self._sock, ssl.SSLSocket):
            self._arm("ending TLS")
            try:
                self._sock.unwrap()
                self._sock = in_clear(self._sock)
            except (OSError, ValueError) as error:
                raise self._failure(error, "ending TLS") from error
            self._peer = None

    def end_sending(self) -> None:
        """Say close_notify and FIN; what the server still sends can be read."""
        try:
            self._close_notify()
            socket.socket.shutdown(self._sock, socket.SHUT_WR)  # SSLSocket's own forgets its TLS
        except OSError as error:
            raise self._failure(error, "ending") from error

    def close(self) -> None:
        """Close; over TLS say close_notify first, without waiting for an answer."""
        if self._closed:
            return
        self._closed = True
        try:
            if not self.broken:
                self._close_notify()
        except OSError:
            pass  # the other side is gone already
        finally:
            self._sock.close()

    def send_file(self, file: BinaryIO, count: int) -> int:
        """In clear text by ``os.sendfile``: the bytes never enter this process."""
        if isinstance(self._sock, ssl.SSLSocket) or not is_plain_file(file):
            return super().send_file(file, count)
        self._arm("sending")
        start = file.tell()
        try:
            done = self._sock.sendfile(file, start, count) if count else 0
        except OSError as error:
            self.broken = True
            raise self._failure(error, "sending") from error
        except BaseException:
            self.broken = True
            raise
        self.sent += done
        return done

    def _count(self, count: int) -> None:
        self.received += count
        if not count:
            self.ended = self.clean = True

    def _close_notify(self) -> None:
        """Send it without waiting: a non-blocking unwrap() sends, then wants to read."""
        if not isinstance(self._sock, ssl.SSLSocket):
            return
        self._sock.settimeout(0)
        try:
            self._sock.unwrap()
        except (ssl.SSLError, ValueError):
            pass  # the peer's has not come, and nothing depends on it

    def _arm(self, doing: str) -> None:
        """Give the socket what is left of the deadline."""
        left = self.deadline.remaining(now=now())
        if left is not None and left <= 0:
            raise self._failure(TimeoutError(), doing)
        self._sock.settimeout(left)

    def _failure(self, error: OSError | ValueError, doing: str) -> OSError:
        return failure(error, self._where, doing, self.received, self.sent)
