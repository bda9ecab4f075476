"""What both socket streams share: set-up, the words for errors, the drain limit."""

from __future__ import annotations

import os
import select
import socket
import ssl
import stat
import sys
from dataclasses import dataclass
from typing import BinaryIO

from ..errors import ConnectionLost, NetworkError, TimedOut
from ..types import Peer
from .tls import certificate_of, explain

__all__ = [
    "READ",
    "TLS_DRAIN",
    "Splice",
    "Where",
    "acknowledge",
    "failure",
    "has_news",
    "in_clear",
    "is_plain_file",
    "listen",
    "prepare",
    "round_trip",
    "where",
    "wrapped",
]

READ = 65_536
"""Bytes of one read where the caller does not bring a buffer."""

TLS_DRAIN = 65_536
"""Bytes gathered from TLS records (16 KiB each) before they are handed on."""

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_RTT = slice(68, 72)
"""Where tcpi_rtt lies in Linux' struct tcp_info (linux/tcp.h), in microseconds."""

_PIPE = 1 << 20
"""Bytes of the pipe that splice(2) moves data through; the most that Linux gives to anyone."""


@dataclass(frozen=True, slots=True)
class Where:
    """The other end, for errors: the host asked for and the address that answered."""

    host: str
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if ":" not in self.host else f"[{self.host}]:{self.port}"

    def peer(self, sock: socket.socket) -> Peer:
        """The whole picture, TLS included."""
        if not isinstance(sock, ssl.SSLSocket):
            return Peer(self.host, self.address, self.port)
        cipher = sock.cipher()
        return Peer(self.host, self.address, self.port, sock.version(),
                    cipher[0] if cipher else None, certificate_of(sock))


def prepare(sock: socket.socket) -> None:
    """Send small packets at once: a command must not wait for the last one's acknowledgement."""
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        pass  # not TCP: a socket pair


def acknowledge(sock: socket.socket) -> None:
    """Acknowledge at once what has come (Linux).

    A server that writes an answer in two pieces, with Nagle's algorithm on, holds the second one
    back until the first is acknowledged, and the kernel puts that off for 40 ms: INN does so.
    """
    if _QUICKACK is not None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        except OSError:
            pass  # not TCP, or closed meanwhile


def round_trip(sock: socket.socket) -> float | None:
    """Seconds of a round trip as the kernel has measured them (Linux), else None.

    A clock here counts the time until this process has its turn too: on a busy machine a
    connection within it looks like one over a network.
    """
    try:
        told = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RTT.stop)
    except (AttributeError, OSError):
        return None
    microseconds = int.from_bytes(told[_RTT], sys.byteorder)
    return microseconds / 1e6 if len(told) == _RTT.stop and microseconds else None


def where(sock: socket.socket, host: str) -> Where:
    """Describe the other end of *sock*."""
    try:
        address = sock.getpeername()
    except OSError:
        address = ()
    if isinstance(address, tuple) and len(address) >= 2:
        return Where(host, str(address[0]), int(address[1]))
    return Where(host, "", 0)


def failure(
    error: OSError | ValueError, at: Where, doing: str, received: int, sent: int
) -> NetworkError:
    """Our error for what the socket or OpenSSL raised while *doing* something."""
    if isinstance(error, NetworkError):
        return error
    torn = isinstance(error, ssl.SSLEOFError) and "handshake" not in doing
    if (isinstance(error, ssl.SSLError) and not torn
            and not isinstance(error, ssl.SSLZeroReturnError)):
        return explain(error, str(at))
    if isinstance(error, TimeoutError):
        return TimedOut(
            f"{at}: no answer in time while {doing}",
            hint="the server is slow or the network drops packets; timeout= gives it longer",
        )
    reason = str(error)
    if isinstance(error, ConnectionResetError):
        reason = "reset by the other side"
    elif isinstance(error, BrokenPipeError) or torn:
        reason = "closed by the other side"
    return ConnectionLost(
        f"{at}: connection lost while {doing} (after {received:,} bytes in, {sent:,} out): "
        f"{reason}"
    )


def has_news(sock: socket.socket) -> bool:
    """Whether *sock* has something to read, be it the end, or is closed here; never waits."""
    if sock.fileno() < 0 or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
        return True
    if not hasattr(select, "poll"):  # pragma: no cover - Windows
        return bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def is_plain_file(file: BinaryIO) -> bool:
    """Whether the kernel can move bytes between *file* and a socket by itself."""
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except (OSError, AttributeError, ValueError):
        return False  # BytesIO and friends have no descriptor


def wrapped(
    context: ssl.SSLContext, sock: socket.socket, host: str | None, *,
    session: ssl.SSLSession | None = None, server_side: bool = False,
) -> ssl.SSLSocket:
    """*sock* with TLS on it, before its handshake; it lives on in what is returned.

    Up to Python 3.12 a connection that was reset before this (`recv` raises, where the wrapper
    looks whether there is one) leaves the half-made wrapper, which owns the descriptor by then, to
    the garbage collector. Only the traceback still knows it.
    """
    try:
        return context.wrap_socket(
            sock, server_hostname=host, session=session, server_side=server_side,
            do_handshake_on_connect=False, suppress_ragged_eofs=False)
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None:
            made = trace.tb_frame.f_locals.get("self")
            if isinstance(made, ssl.SSLSocket):
                made.close()
            trace = trace.tb_next
        raise


def in_clear(sock: ssl.SSLSocket) -> socket.socket:
    """The plain socket below *sock*, whose TLS has been shut down."""
    timeout = sock.gettimeout()
    plain = socket.socket(sock.family, sock.type, sock.proto, fileno=sock.detach())
    plain.settimeout(timeout)
    return plain


def listen(host: str, port: int = 0, backlog: int = 512) -> socket.socket:
    """A non-blocking socket that listens on *host*; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(backlog)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


class Splice:
    """Moves bytes from a socket to a file without showing them to this process (Linux).

    Measured on loopback: 1 GiB to a file in three quarters of the time of large reads and writes.
    """

    def __init__(self, out: int, into: int) -> None:
        self._out, self._into = out, into

    @classmethod
    def between(cls, sock: socket.socket, file: BinaryIO) -> Splice | None:
        """A mover from *sock* to *file*, or None where the kernel cannot do it."""
        if not hasattr(os, "splice") or not is_plain_file(file):
            return None
        import fcntl

        out, into = os.pipe()
        try:
            fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, _PIPE)
        except OSError:
            pass  # a smaller pipe works too
        return cls(out, into)

    def take(self, sock: socket.socket, count: int) -> int:
        """Take what has come, at most *count* bytes; 0 at the end.

        Raises:
            BlockingIOError: nothing has come yet.
        """
        return os.splice(sock.fileno(), self._into, min(count, _PIPE), flags=os.SPLICE_F_MOVE)

    def put(self, file: BinaryIO, count: int) -> None:
        """Put what was taken into *file*.

        Raises:
            OSError: the disk's trouble, not the network's.
        """
        while count:
            count -= os.splice(self._out, file.fileno(), count)

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self._out)
        os.close(self._into)
