"""The data connections of the lab's FTP server: how they open, and how bytes pass (RFC 959, 2428).

Service code. Only the control connection's peer may connect to a passive port, and only it is
connected to in active mode: no port stealing, no bounce (RFC 2577).
"""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Protocol

from ..serving.files import failed
from ..transport.socket_async import AsyncSocketStream
from ..transport.sockets import listen
from ..transport.stream_async import CHUNK

__all__ = [
    "Active",
    "Opening",
    "Passive",
    "WithoutTickets",
    "eprt",
    "port",
    "read_body",
    "send_body",
]

_PORT = re.compile(r"(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})")
_LONGEST_ADDRESS = 64


class Opening(Protocol):
    """A data connection that is agreed on and not yet there."""

    async def open(self) -> socket.socket:
        """The connection."""

    def close(self) -> None:
        """Agree no more."""


class Passive:
    """A port that waits for the client (PASV, EPSV).

    Args:
        host: our address on the control connection.
        peer: the only address that may connect.
    """

    def __init__(self, host: str, peer: str) -> None:
        self._sock = listen(host)
        self._peer = peer
        self.port = int(self._sock.getsockname()[1])

    async def open(self) -> socket.socket:
        """Wait for the client; others are shown the door."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                connection, address = await loop.sock_accept(self._sock)
                if address[0] == self._peer:
                    return connection
                connection.close()
        finally:
            self.close()

    def close(self) -> None:
        """Listen no more."""
        self._sock.close()


class WithoutTickets:
    """A server's context as data connections use it: no new TLS 1.3 tickets.

    A client that only sends would never read them, and closing a socket over unread bytes resets
    the connection: the end of an upload would be lost (RFC 1122 section 4.2.2.13).
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def wrap_socket(self, sock: socket.socket, **options: Any) -> ssl.SSLSocket:
        """As the context's own; a connection takes the number over when it is made."""
        usual = self._context.num_tickets
        self._context.num_tickets = 0
        try:
            return self._context.wrap_socket(sock, **options)
        finally:
            self._context.num_tickets = usual


class Active:
    """A port of the client's to connect to (PORT, EPRT)."""

    def __init__(self, host: str, port: int) -> None:
        self._at = host, port

    async def open(self) -> socket.socket:
        """Connect."""
        sock = socket.socket(socket.AF_INET6 if ":" in self._at[0] else socket.AF_INET)
        try:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, self._at)
        except BaseException:
            sock.close()
            raise
        return sock

    def close(self) -> None:
        """Nothing is held."""


def port(text: str) -> tuple[str, int] | None:
    """Address and port of PORT's argument, or None.

    Example:
        >>> port("127,0,0,1,4,210")
        ('127.0.0.1', 1234)
    """
    found = _PORT.fullmatch(text.strip())
    numbers = [int(number) for number in found.groups()] if found else [256]
    if max(numbers) > 255:
        return None
    return ".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5]


def eprt(text: str) -> tuple[str, int] | None:
    """Address and port of EPRT's argument (RFC 2428 section 2), or None.

    Example:
        >>> eprt("|2|::1|1234|"), eprt("|1|127.0.0.1|0|")
        (('::1', 1234), None)
    """
    parts = text.strip().split(text.strip()[:1] or "|")
    if len(parts) != 5 or parts[1] not in ("1", "2") or len(text) > _LONGEST_ADDRESS:
        return None
    family = socket.AF_INET if parts[1] == "1" else socket.AF_INET6
    try:
        packed = socket.inet_pton(family, parts[2])
    except (OSError, ValueError):
        return None
    number = int(parts[3]) if parts[3].isascii() and parts[3].isdigit() else 0
    return (socket.inet_ntop(family, packed), number) if 0 < number < 65536 else None


async def send_body(
    stream: AsyncSocketStream, file: BinaryIO, count: int, *, ascii: bool, deflate: bool
) -> None:
    """Send *count* bytes of *file*, as lines ended by CRLF or compressed where so agreed.

    A plain image of a real file goes by the kernel. Where lines or compression change the
    length, *count* still counts the file's own bytes.
    """
    if not ascii and not deflate:
        await stream.send_file(file, count)
        return
    for data in _converted(file, count, ascii=ascii, deflate=deflate):
        await stream.send(data)


def _converted(file: BinaryIO, count: int, *, ascii: bool, deflate: bool) -> Iterator[bytes]:
    packer = zlib.compressobj() if deflate else None
    last = b""
    while count > 0 and (data := file.read(min(CHUNK, count))):
        count -= len(data)
        if ascii:
            data, last = _to_crlf(last, data), data[-1:]
        yield packer.compress(data) if packer else data
    if packer:
        yield packer.flush()


def _to_crlf(last: bytes, data: bytes) -> bytes:
    """*data* with each line end as CRLF, those that are CRLF already kept."""
    text = (last + data).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if last == b"\r":
        return text[1:]  # its CR has gone
    return text[2:] if last == b"\n" else text[len(last) :]


async def read_body(
    stream: AsyncSocketStream, file: BinaryIO, *, ascii: bool, deflate: bool, most: int | None
) -> None:
    """Write to *file* what comes, up to the end or to *most* bytes of the wire."""
    if not ascii and not deflate:
        left = CHUNK if most is None else most
        while left and (count := await stream.receive_file(file, min(left, CHUNK))):
            left -= count if most is not None else 0
        return
    unpacker = zlib.decompressobj() if deflate else None
    held = b""
    while data := await stream.receive(CHUNK):
        for piece in _unpacked(unpacker, data):
            held = _write(file, held + piece) if ascii else _all(file, piece)
    file.write(held)
    if unpacker is not None and not unpacker.eof:
        raise failed(errno.EIO)  # cut short


def _unpacked(unpacker: zlib._Decompress | None, data: bytes) -> Iterator[bytes]:
    """What *data* unpacks to, in pieces of a bounded size."""
    if unpacker is None:
        yield data
        return
    while data:
        try:
            yield unpacker.decompress(data, CHUNK)
        except zlib.error:
            raise failed(errno.EIO) from None
        data = unpacker.unconsumed_tail


def _write(file: BinaryIO, data: bytes) -> bytes:
    """Write *data* with LF for CRLF; return a CR at its end, whose LF may come."""
    held = b"\r" if data.endswith(b"\r") else b""
    file.write(data[: len(data) - len(held)].replace(b"\r\n", b"\n"))
    return held


def _all(file: BinaryIO, data: bytes) -> bytes:
    file.write(data)
    return b""
