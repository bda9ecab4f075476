"""A relay in front of any server, which harms what passes: bytes, timing, TLS.

Service code; it knows no protocol, but for three things that must be known to do harm: the
commands that begin TLS, and, with ``ftp=True``, the answers to PASV and EPSV, so that FTP's data
connections pass through it too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import ssl
import struct
from dataclasses import dataclass, field
from typing import Literal

from ..errors import PostelError, UsageError
from ..timing import NEVER
from ..transport.socket_async import AsyncSocketStream
from ..transport.sockets import listen
from .harm import ByteFaults, Cut, Flow, Stalled
from .server import Server

__all__ = ["TLS_FAULTS", "ByteFaults", "Relay", "TLSFault"]

TLSFault = Literal["close in handshake", "no close_notify", "old", "plaintext", "served"]
TLS_FAULTS: tuple[TLSFault, ...] = (
    "close in handshake", "no close_notify", "old", "plaintext", "served")
"""What a relay can do to TLS; ``served`` only ends it here, with the certificate it was given."""

_UPGRADE = re.compile(rb"^(AUTH (?:TLS|SSL)|STLS|STARTTLS)\r?\n", re.IGNORECASE | re.MULTILINE)
_PASSIVE = re.compile(rb"^(229 [^\r\n]*\(\|\|\|)(\d{1,5})(\|\))", re.MULTILINE)
_CLASSIC = re.compile(rb"^(227 [^\r\n]*\()\d+,\d+,\d+,\d+,(\d{1,3}),(\d{1,3})(\))", re.MULTILINE)
_LONGEST_REPLY = 65_536
_CONNECT_WAIT = 10.0

_OLD_SERVER_HELLO = bytes.fromhex("160301002a020000260301" + "00" * 32 + "00002f00")
"""What a server that speaks TLS 1.0 only says (RFC 2246 section 7.4.1.3)."""


@dataclass
class _Pair:
    """The two connections that a relay joins."""

    client: AsyncSocketStream
    server: AsyncSocketStream
    down: Flow = field(default_factory=lambda: Flow(None))
    up: Flow = field(default_factory=lambda: Flow(None))
    clean: bool = True


class Relay(Server):
    """Passes connections on to a server, with faults.

    Args:
        target_host: of the server.
        target_port: of the server.
        faults: what happens to bytes; with *ftp*, to those of data connections.
        ftp: let the data connections of FTP in clear text pass through the relay too.
        refuse: hold a port that refuses every connection.
        tls: what happens to TLS, whether from the first byte or by command.
        implicit: TLS is from the first byte.
        context: with the certificate to show, where TLS ends in the relay.
        host: address to listen on.
    """

    name = "relay"

    def __init__(
        self,
        target_host: str,
        target_port: int,
        faults: ByteFaults | None = None,
        *,
        ftp: bool = False,
        refuse: bool = False,
        tls: TLSFault | None = None,
        implicit: bool = False,
        context: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__(host=host)
        self.target = target_host, target_port
        self.byte_faults = faults or ByteFaults()
        self.ftp, self.refuse = ftp, refuse
        self.tls_fault, self.implicit, self.context = tls, implicit, context
        self.data_connections = 0
        self._held: socket.socket | None = None
        self._waiting: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen, or hold the port and refuse."""
        if not self.refuse:
            await super().start()
            return
        self._held = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        self._held.bind((self.host, self.port))
        self.port = self._held.getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._held is not None:
            self._held.close()
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)
        await super().stop()

    async def serve(self, stream: AsyncSocketStream) -> None:
        """Join one connection to the server."""
        stream.deadline = NEVER
        number = self.connections - 1
        if self.implicit and self.tls_fault in ("close in handshake", "old"):
            await self._spoil(stream)
            return
        server = await self._connect(self.target)
        pair = _Pair(stream, server, clean=self.tls_fault != "no close_notify")
        try:
            await self._secure(pair)
            if not self.ftp:
                self._harm(pair, number)
            await self._join(pair, follow=self.ftp)
        finally:
            server.close_now()

    def _harm(self, pair: _Pair, number: int) -> None:
        if self.byte_faults.concern(number):
            flow = Flow(self.byte_faults)
            if self.byte_faults.towards == "client":
                pair.down = flow
            else:
                pair.up = flow

    async def _connect(self, target: tuple[str, int]) -> AsyncSocketStream:
        sock = socket.socket(socket.AF_INET6 if ":" in target[0] else socket.AF_INET)
        try:
            sock.setblocking(False)
            async with asyncio.timeout(_CONNECT_WAIT):
                await asyncio.get_running_loop().sock_connect(sock, target)
        except BaseException:
            sock.close()
            raise
        return AsyncSocketStream(sock, target[0])

    # -- TLS -------------------------------------------------------------------------------

    async def _secure(self, pair: _Pair) -> None:
        """Bring the pair to where TLS would be, and do to it what is to be done."""
        if self.tls_fault is None or (self.implicit and self.tls_fault == "plaintext"):
            return
        if self.implicit:
            await self._end_tls_here(pair)
            return
        command = await self._until_upgrade(pair)
        if command is None:
            return
        if self.tls_fault != "plaintext":
            await pair.server.send(command)
            await pair.client.send(await _reply(pair.server))
        if self.tls_fault == "plaintext":
            await pair.client.send(b"234 go\r\n" if command[:1] in b"Aa" else b"+OK go\r\n")
        elif self.tls_fault in ("close in handshake", "old"):
            await self._spoil(pair.client)
        else:
            await self._end_tls_here(pair)

    async def _end_tls_here(self, pair: _Pair) -> None:
        """TLS on either side, the server's certificate unverified."""
        unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
        if self.context is None:
            raise UsageError("a relay that ends TLS needs a certificate", hint="context=…")
        await pair.server.start_tls(unverified, None)
        await pair.client.start_tls(self.context, None, server_side=True)

    async def _spoil(self, stream: AsyncSocketStream) -> None:
        """Answer the client's first TLS message as no good server does."""
        await stream.receive()
        if self.tls_fault == "old":
            await stream.send(_OLD_SERVER_HELLO)
            await stream.receive()
        stream.close_now()

    async def _until_upgrade(self, pair: _Pair) -> bytes | None:
        """Pass on all up to the command that begins TLS; return it, or None at the end."""
        answers = asyncio.create_task(self._pump(pair, down=True))
        try:
            while data := await pair.client.receive():
                if found := _UPGRADE.search(data):
                    await pair.server.send(data[: found.start()])
                    return found[0]
                await pair.server.send(data)
            return None
        finally:
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)

    # -- bytes -----------------------------------------------------------------------------

    async def _join(self, pair: _Pair, *, follow: bool = False) -> None:
        """Pass bytes both ways until both have ended, or a fault ends them."""
        pumps = (asyncio.create_task(self._pump(pair, down=True, follow=follow)),
                 asyncio.create_task(self._pump(pair, down=False)))
        reset = None
        try:
            await asyncio.gather(*pumps)
        except Cut as cut:
            reset = cut.reset
        except (PostelError, OSError):
            pass  # one side has gone: so goes the other
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        if reset is not None:
            await _tear(pair, reset)

    async def _pump(self, pair: _Pair, *, down: bool, follow: bool = False) -> None:
        source, target = ((pair.server, pair.client) if down else (pair.client, pair.server))
        flow = pair.down if down else pair.up
        try:
            while data := await source.receive():
                if follow:
                    data = await self._followed(data, source)
                await flow.pass_on(data, target)
        except Stalled:
            return
        if pair.clean:
            await target.end_sending()
        else:
            _shut(target)

    # -- FTP's data connections ------------------------------------------------------------

    async def _followed(self, data: bytes, source: AsyncSocketStream) -> bytes:
        """*data* with the ports in it led through the relay."""
        while not data.endswith(b"\n") and len(data) < _LONGEST_REPLY:
            if not (more := await source.receive()):
                break
            data += more
        data = _PASSIVE.sub(self._new_passive, data)
        return _CLASSIC.sub(self._new_classic, data)

    def _new_passive(self, found: re.Match[bytes]) -> bytes:
        return found[1] + b"%d" % self._lead(int(found[2])) + found[3]

    def _new_classic(self, found: re.Match[bytes]) -> bytes:
        port = self._lead(int(found[2]) * 256 + int(found[3]))
        address = self.host.replace(".", ",").encode()
        return found[1] + b"%s,%d,%d" % (address, port // 256, port % 256) + found[4]

    def _lead(self, port: int) -> int:
        """A port of the relay's that leads to *port* of the server, once."""
        sock = listen(self.host)
        task = asyncio.create_task(self._serve_data(sock, port))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
        return int(sock.getsockname()[1])

    async def _serve_data(self, sock: socket.socket, port: int) -> None:
        with contextlib.closing(sock):
            connection, _ = await asyncio.get_running_loop().sock_accept(sock)
        client = AsyncSocketStream(connection, "client")
        number, self.data_connections = self.data_connections, self.data_connections + 1
        try:
            server = await self._connect((self.target[0], port))
            with contextlib.closing(_Closing(server)):
                pair = _Pair(client, server)
                self._harm(pair, number)
                await self._join(pair)
        except OSError:
            pass  # the server's port is gone
        finally:
            client.close_now()


class _Closing:
    """A stream for `contextlib.closing`."""

    def __init__(self, stream: AsyncSocketStream) -> None:
        self.close = stream.close_now


async def _reply(server: AsyncSocketStream) -> bytes:
    """One answer of the server."""
    data = b""
    while not data.endswith(b"\n") and len(data) < _LONGEST_REPLY:
        if not (more := await server.receive()):
            break
        data += more
    return data


def _same(stream: AsyncSocketStream) -> socket.socket:
    """The socket below *stream* by another descriptor, for `with`."""
    return socket.socket(fileno=os.dup(stream.fileno()))


def _shut(stream: AsyncSocketStream) -> None:
    """FIN without close_notify."""
    stream.broken = True
    with _same(stream) as sock, contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)


async def _tear(pair: _Pair, reset: bool) -> None:
    """End both connections at once."""
    for stream in (pair.server, pair.client):
        stream.broken = True
        if reset:
            with _same(stream) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            stream.close_now()
    if not reset:
        pair.server.close_now()
        _shut(pair.client)  # and read on: closing over unread bytes would be a reset
        with contextlib.suppress(PostelError):
            while await pair.client.receive():
                pass
