"""The lab's Telnet server: a log-in, a small shell, and every option of the client's grammar.

Service code. A connection has two tasks: one reads and negotiates, the other is the shell. What
the shell says leaves at once; no option is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConnectionLost, PostelError
from ..serving.faults import Faults
from ..serving.server import Server, Users, Watcher
from ..serving.shell import Shell
from ..transport.socket_async import AsyncSocketStream
from ..transport.sockets import READ
from ..wire.base import refuse_leftover
from .codes import AYT, BRK, IP
from .comport import Request
from .host import HostSide
from .server_serial import SerialLine
from .wire import Data, Event, Heard, Wire

__all__ = ["TelnetOptions", "TelnetServer"]

_FAREWELL = 1.0
"""Seconds in which a client's last answers are still read."""

_WAITING = 64


@dataclass
class TelnetOptions:
    """How the server behaves; may be changed while it runs.

    Args:
        log_in: whether it asks who is there.
        echo: whether it offers to echo.
        linemode: whether it asks for whole lines (RFC 1184).
        game: whether it offers GMCP, and MSSP where there are facts.
        facts: what MSSP tells.
        compress: whether it offers MCCP 2 and 3; never over TLS.
        serial: a serial port to be set by RFC 2217; None is none.
        silent: whether it negotiates nothing of its own accord.
    """

    log_in: bool = True
    echo: bool = True
    linemode: bool = False
    game: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    compress: bool = False
    serial: SerialLine | None = field(default_factory=SerialLine)
    silent: bool = False


class TelnetServer(Server):
    """Serves a shell to whoever logs in.

    Args:
        users: who may.
        shell: what they get.
        options: how it behaves.
        tls: for TLS from the first byte, or by START_TLS.
    """

    name = "telnet"

    def __init__(
        self,
        users: Users,
        shell: Shell,
        options: TelnetOptions | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        faults: Faults | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        super().__init__(host=host, port=port, tls=tls, implicit=implicit, faults=faults,
                         watcher=watcher)
        self.users, self.shell = users, shell
        self.options = options or TelnetOptions()

    async def serve(self, stream: AsyncSocketStream) -> None:
        """Serve until one of both leaves."""
        await _Session(self, stream).run()
        # Closed with something unread, a connection is reset, and the client may lose the end.
        with contextlib.suppress(PostelError, OSError):
            await stream.end_sending()
            self.allow(stream, _FAREWELL)
            while await stream.receive(READ):
                pass


class _Session:
    """One connection: the shell's screen."""

    def __init__(self, server: TelnetServer, stream: AsyncSocketStream) -> None:
        self.server, self.stream = server, stream
        self.columns, self.rows, self.kind = 80, 24, "dumb"
        self._keys: asyncio.Queue[bytes] = asyncio.Queue(_WAITING)
        self._turn = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._later: set[asyncio.Task[None]] = set()
        self.side = self._begin()

    def _begin(self) -> HostSide:
        options, server = self.server.options, self.server
        secure = self.stream.peer.tls is not None
        if options.silent:
            return HostSide(Wire())
        return HostSide.begin(
            echo=options.echo, starttls=server.tls is not None and not secure, game=options.game,
            compress=options.compress and not secure, serial=options.serial is not None,
            linemode=options.linemode, facts=options.facts)

    # -- the shell's face ------------------------------------------------------------------

    @property
    def echoes(self) -> bool:
        """Whether this side echoes."""
        return self.side.echoes

    async def receive(self) -> bytes:
        """What was typed."""
        return await self._keys.get()

    async def send(self, data: bytes) -> None:
        """Show something."""
        self.side.wire.say(data)
        await self._flush()

    async def hide(self, hidden: bool) -> None:
        """A password is typed."""
        self.side.hide(hidden)
        await self._flush()

    async def _flush(self) -> None:
        async with self._turn:
            data = self.side.wire.take()
            if data:
                await self.stream.send(data)

    # -- the connection --------------------------------------------------------------------

    async def run(self) -> None:
        """Serve; once more after START_TLS."""
        while await self._once():
            self.side = self._begin()
            self._keys = asyncio.Queue(_WAITING)

    async def _once(self) -> bool:
        """Until the end, or until TLS has begun: then True."""
        line = self.server.options.serial
        if line is not None:
            line.watchers.append(self._tell)
        await self._flush()
        shell = asyncio.create_task(self._shell())
        reader = asyncio.create_task(self._read())
        try:
            await asyncio.wait((shell, reader), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if line is not None:
                line.watchers.remove(self._tell)
            failed = reader.done() and not reader.cancelled() and reader.exception()
            secured = reader.done() and not failed and reader.result()
            if reader.done() and not (failed or secured):  # what was typed is still obeyed
                await asyncio.wait((shell,), timeout=self.server.idle)
            tasks: list[asyncio.Task[Any]] = [shell, reader, *self._later]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if failed:
            raise failed
        return bool(secured)

    async def _shell(self) -> None:
        server = self.server
        shell = Shell(server.shell.commands, prompt=server.shell.prompt,
                      banner=server.shell.banner, faults=server.faults, watch=server.watch)
        with contextlib.suppress(ConnectionLost):  # the other side has gone while we spoke
            if (fault := server.faults.due("GREETING")) is not None:
                await self.send(fault.reply or b"")
                if fault.close:
                    return
            users = server.users if server.options.log_in else None
            await shell.serve(self, users=users, environ=self.side.environ)

    async def _read(self) -> bool:
        """Read and negotiate; True when TLS has begun."""
        wire = self.side.wire
        while True:
            self.server.allow(self.stream, self.server.idle)
            data = await self.stream.receive()
            wire.feed(data)
            while (event := wire.next_event()) is not None:
                await self._take(event)
            await self._flush()
            if wire.stopped and self.server.tls is not None:
                refuse_leftover(wire.leftover(), "telnet")
                async with self._turn:
                    await self.stream.start_tls(self.server.tls, None, server_side=True)
                self.server.watch("*", "TLS")
                return True
            if not data:
                await self._keys.put(b"")
                return False

    async def _take(self, event: Event) -> None:
        if isinstance(event, Data):
            await self._keys.put(event.data)
            return
        self.server.watch("C", str(event))
        if isinstance(event, Heard):
            if event.command == AYT:
                self.side.wire.say(b"\r\n[yes]\r\n")
            elif event.command in (IP, BRK):
                await self._keys.put(b"\x03")
            return
        self.side.handle(event)
        self.columns, self.rows = self.side.size or (80, 24)
        self.kind = self.side.kinds[0] if self.side.kinds else "dumb"
        line, requests = self.server.options.serial, self.side.requests
        while requests:
            answer = line.handle(requests.pop(0)) if line is not None else None
            if answer is not None:
                self.side.answer(answer)

    def _tell(self, request: Request) -> None:
        """The serial line has news; it may be told from another thread."""
        self._loop.call_soon_threadsafe(self._tell_now, request)

    def _tell_now(self, request: Request) -> None:
        self.side.answer(request)
        task = self._loop.create_task(self._flush())
        self._later.add(task)
        task.add_done_callback(self._later.discard)
