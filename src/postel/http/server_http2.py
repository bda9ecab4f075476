"""One connection of the HTTP server that speaks HTTP/2: many requests at once, each a stream.

Service code (RFC 9113). The grammar is h2's. One task reads; each request has a task of its own,
which waits until the client's windows let it write. What a client could overwhelm a server with is
counted: streams at once (by h2), and streams that are opened only to be reset (CVE-2023-44487).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from ..errors import NetworkError, PostelError, TimedOut, UsageError
from ..serving.faults import Fault
from ..transport.socket_async import AsyncSocketStream
from ..wire.text import display
from .server_conditions import http_date
from .server_connection import LINGER, Message, Target, composed, phrase, scope_of

if TYPE_CHECKING:
    from .server import HTTPServer

__all__ = ["HTTP2Connection"]

MOST_STREAMS = 100
"""Requests at once on one connection."""

MOST_RESETS = 200
"""Streams that a client may reset beyond half of those it opened."""

MOST_THROWN_AWAY = 1 << 30
"""Bytes of bodies nobody wanted that are read on one connection."""

CHUNK = 256 * 1024
"""Bytes of a file that are read at once."""

_OF_ONE_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"})
"""Fields that HTTP/2 forbids (RFC 9113 section 8.2.2)."""

_log = logging.getLogger("postel.http.server")


class HTTP2Connection:
    """HTTP/2 on one stream.

    Args:
        server: for its application, options, faults and log.
        stream: with TLS, on which both agreed on ``h2``.

    Raises:
        UsageError: h2 is not installed.
    """

    def __init__(self, server: HTTPServer, stream: AsyncSocketStream) -> None:
        try:
            import h2.config
            import h2.connection
            import h2.events
            import h2.exceptions
            import h2.settings
        except ImportError:
            raise UsageError("HTTP/2 needs h2, which is not installed",
                             hint="pip install 'postel[http2]'") from None
        self.server, self.stream, self.events = server, stream, h2.events
        self.broken_rules: type[Exception] = h2.exceptions.ProtocolError
        self.wire = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding=None))
        self.wire.local_settings[h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS] = MOST_STREAMS
        self.exchanges: dict[int, _Exchange] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.opened = self.resets = self.thrown = 0
        self._sending = asyncio.Lock()
        self.ended = False

    async def run(self) -> None:
        """Read until either side has enough."""
        self.wire.initiate_connection()
        await self.flush()
        try:
            while not self.ended and (data := await self._receive()):
                try:
                    events = self.wire.receive_data(data)
                except self.broken_rules as error:
                    self.server.watch("*", f"HTTP/2: {display(str(error))}")
                    self.ended = True
                else:
                    for event in events:
                        self._take(event)
                await self.flush()
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)
        await self._end()

    async def _receive(self) -> bytes:
        self.server.allow(self.stream, self.server.options.keep_alive)
        return await self.stream.receive()

    async def flush(self) -> None:
        """Send what h2 has to say."""
        async with self._sending:
            if data := self.wire.data_to_send():
                await self.stream.send(data)

    async def _end(self) -> None:
        if self.stream.broken:
            return
        try:
            self.server.allow(self.stream, LINGER)
            await self.stream.end_sending()
            while await self.stream.receive():
                pass
        except (PostelError, OSError):
            pass  # it is over either way

    # -- what comes ------------------------------------------------------------------------

    def _take(self, event: Any) -> None:
        kinds = self.events
        exchange = self.exchanges.get(getattr(event, "stream_id", None) or 0)
        if isinstance(event, kinds.RequestReceived):
            self._begin(event.stream_id, event.headers)
        elif isinstance(event, kinds.DataReceived):
            if exchange is None:
                self.throw_away(event.flow_controlled_length, event.stream_id)
            else:
                exchange.body.put_nowait((event.data, event.flow_controlled_length))
        elif isinstance(event, kinds.StreamEnded) and exchange is not None:
            exchange.body.put_nowait(None)
        elif isinstance(event, kinds.StreamReset):
            self._count_reset()
            if exchange is not None:
                exchange.gone()
        elif isinstance(event, kinds.WindowUpdated | kinds.RemoteSettingsChanged):
            for one in self.exchanges.values():
                one.room.set()
        elif isinstance(event, kinds.ConnectionTerminated):
            self.ended = True

    def throw_away(self, size: int, number: int) -> None:
        """Let go of a part of a body that nobody reads, so that there is room for others.

        RFC 9113 section 8.1 lets us reset the stream with NO_ERROR instead, which some clients
        take for a failure of the answer. So it may send on, as nginx has it, but not for ever.
        """
        self.thrown += size
        if self.ended or not size:
            return
        self.wire.acknowledge_received_data(size, number)
        if self.thrown > MOST_THROWN_AWAY:
            self.server.watch("*", "HTTP/2: too much comes that nobody wants")
            self.wire.close_connection(error_code=0xB)  # ENHANCE_YOUR_CALM
            self.ended = True

    def soon(self) -> None:
        """Send what h2 has to say when there is time."""
        if not self.ended:
            task = asyncio.create_task(self._flush_quietly())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _flush_quietly(self) -> None:
        try:
            await self.flush()
        except (PostelError, OSError):
            self.ended = True  # they have gone

    def _count_reset(self) -> None:
        self.resets += 1
        if self.resets > MOST_RESETS + self.opened // 2:
            self.server.watch("*", "HTTP/2: too many streams are reset")
            self.wire.close_connection(error_code=0xB)  # ENHANCE_YOUR_CALM
            self.ended = True

    def _begin(self, number: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.opened += 1
        exchange = _Exchange(self, number, headers)
        self.exchanges[number] = exchange
        task = asyncio.create_task(exchange.run(), name="http stream")
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class _Exchange:
    """One stream: a request, and its answer."""

    def __init__(
        self, connection: HTTP2Connection, number: int, headers: list[tuple[bytes, bytes]]
    ) -> None:
        self.connection, self.number = connection, number
        self.server, self.wire = connection.server, connection.wire
        self.pseudo = {name: value.decode("latin-1") for name, value in headers
                       if name.startswith(b":")}
        self.headers = [(bytes(name), bytes(value)) for name, value in headers
                        if not name.startswith(b":")]
        if b"host" not in dict(self.headers) and b":authority" in self.pseudo:
            self.headers.insert(0, (b"host", self.pseudo[b":authority"].encode("latin-1")))
        self.method = self.pseudo.get(b":method", "")
        self.body: asyncio.Queue[tuple[bytes, int] | None] = asyncio.Queue()
        self.room = asyncio.Event()
        self.start: Message | None = None
        self.status = self.sent = 0
        self.body_read = self.over = self.has_gone = False
        self.fault: Fault | None = None

    def gone(self) -> None:
        """The client wants it no more."""
        self.has_gone = True
        self.room.set()
        self.body.put_nowait(None)

    async def run(self) -> None:
        """Answer, whatever happens, and let go of the stream."""
        try:
            await self._answer()
        except NetworkError:
            pass  # the client has gone, or has taken nothing for too long
        except Exception as error:
            self.server.watch("*", f"the application failed: {display(repr(error))}")
            _log.exception("%s over HTTP/2", self.method)
            await self._fail()
        finally:
            self.connection.exchanges.pop(self.number, None)
            self._leave_unread()
        if self.status:
            self.server.watch("S", f"{self.status} {phrase(self.status)}, {self.sent:,} bytes")

    async def _answer(self) -> None:
        try:
            target = Target(self.pseudo.get(b":path", ""))
        except ValueError:
            await self._whole(400, [], b"that is no path\n")
            return
        self.server.watch("C", display(f"{self.method} {target} HTTP/2"))
        name = f"{self.method} {target.raw}".upper()
        self.fault = self.server.faults.due(self.method, name)
        if self.fault is not None and not self.fault.on_data:
            await self._misbehave(self.fault)
            return
        scope = scope_of(self.method, target, self.headers, "2", self.connection.stream,
                         secure=True, port=self.server.port)
        await self.server.app(scope, self.receive, self.send)
        if not self.over:
            self.server.watch("*", "the application ended before its answer did")
            await self._reset(2)  # INTERNAL_ERROR

    def _leave_unread(self) -> None:
        """Make room for others: what was never read fills the window of the whole connection."""
        while not self.body.empty():
            part = self.body.get_nowait()
            if part is not None:
                self.connection.throw_away(part[1], self.number)
        self.connection.soon()

    async def _fail(self) -> None:
        try:
            if self.status:
                await self._reset(2)
            else:
                await self._whole(500, [], b"the application failed\n")
        except (PostelError, OSError):
            pass  # nobody hears it

    async def _whole(self, status: int, fields: list[tuple[bytes, bytes]], body: bytes) -> None:
        if not any(name.lower() == b"content-length" for name, _ in fields):
            fields = [*fields, (b"content-length", b"%d" % len(body))]
        await self.send({"type": "http.response.start", "status": status, "headers": fields})
        await self.send({"type": "http.response.body", "body": body})

    # -- the application's side ------------------------------------------------------------

    async def receive(self) -> Message:
        """ASGI: a part of the request's body; what was taken makes room for more."""
        if self.has_gone:
            return {"type": "http.disconnect"}
        if self.body_read:
            await self.body.get()  # nothing comes but the end, from `gone`
            return {"type": "http.disconnect"}
        part = await self.body.get()
        if part is None:
            self.body_read = True
            if self.has_gone:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": b"", "more_body": False}
        data, size = part
        if size and not self.connection.ended:
            self.wire.acknowledge_received_data(size, self.number)
            await self.connection.flush()
        return {"type": "http.request", "body": bytes(data), "more_body": True}

    async def send(self, message: Message) -> None:
        """ASGI: the head, then the body piece by piece."""
        kind = message["type"]
        if kind == "http.response.start":
            self.start = message
        elif self.start is None:
            raise RuntimeError(f"{kind} came before http.response.start")
        elif not self.over and not self.has_gone:
            await self._send_body(message)

    async def _send_body(self, message: Message) -> None:
        more = bool(message.get("more_body", False))
        if not self.status:
            self._head(message, more=more)
        silent = self.method == "HEAD" or self.status in (204, 304)
        if "file" in message and not silent:
            await self._send_file(message)
        elif not silent:
            await self._write(bytes(message.get("body", b"")))
        if self.over:
            await self._reset(2)
        elif not (more or self.has_gone):
            self.over = True
            self.wire.end_stream(self.number)
        await self.connection.flush()

    def _head(self, message: Message, *, more: bool) -> None:
        start, options = self.start or {}, self.server.options
        self.status = int(start["status"])
        fields = [(bytes(name).lower(), bytes(value)) for name, value in start.get("headers", ())]
        names = {name for name, _ in fields}
        if b"date" not in names:
            fields.append((b"date", http_date(self.server.clock()).encode("ascii")))
        if options.server and b"server" not in names:
            fields.append((b"server", options.server.encode("latin-1")))
        if not (more or "file" in message or b"content-length" in names) \
                and self.method != "HEAD" and self.status not in (204, 304):
            fields.append((b"content-length", b"%d" % len(message.get("body", b""))))
        if self.fault is not None and self.fault.larger:
            fields = [(name, b"%d" % (int(value) + self.fault.larger))
                      if name == b"content-length" else (name, value) for name, value in fields]
        self.wire.send_headers(self.number, [
            (b":status", b"%d" % self.status),
            *((name, value) for name, value in fields if name not in _OF_ONE_HOP)])

    async def _send_file(self, message: Message) -> None:
        file, left = message["file"], message["count"]
        if (offset := message.get("offset")) is not None:
            file.seek(offset)
        while left > 0 and not self.over and not self.has_gone:
            data = file.read(min(CHUNK, left))
            if not data:
                raise RuntimeError("the file has become shorter")
            left -= len(data)
            await self._write(data)

    async def _write(self, data: bytes) -> None:
        """*data* as the client's windows allow."""
        if self.fault is not None and self.fault.cut is not None:
            left = max(0, self.fault.cut - self.sent)
            self.over, data = self.over or len(data) > left, data[:left]
        view = memoryview(data)
        while len(view) and not self.has_gone:
            self.room.clear()
            room = min(self.wire.local_flow_control_window(self.number),
                       self.wire.max_outbound_frame_size)
            if room <= 0:
                await self.connection.flush()
                await self._wait_for_room()
                continue
            self.wire.send_data(self.number, bytes(view[:room]))
            self.sent += min(room, len(view))
            view = view[room:]
            if self.sent % CHUNK < room:
                await self.connection.flush()

    async def _wait_for_room(self) -> None:
        try:
            async with asyncio.timeout(self.server.options.body_wait):
                await self.room.wait()
        except TimeoutError:
            await self._reset(8)  # CANCEL
            raise TimedOut("the client takes nothing") from None

    async def _reset(self, code: int) -> None:
        self.over = True
        if not self.has_gone:
            self.wire.reset_stream(self.number, error_code=code)
            await self.connection.flush()

    async def _misbehave(self, fault: Fault) -> None:
        """Answer as the script says: a status, bytes as they are, a reset, or not at all."""
        words = composed(fault.reply) if fault.reply is not None else None
        if words is not None:
            await self._whole(*words)
        elif fault.reply is not None and fault.reply.startswith(b"RST"):
            await self._reset(int(fault.reply[3:] or b"7"))  # REFUSED_STREAM, if not told
        elif fault.reply is not None and fault.reply.startswith(b"GOAWAY"):
            self.wire.close_connection(error_code=int(fault.reply[6:] or b"0"))
            self.connection.ended = True
        elif fault.reply is not None:
            await self.connection.stream.send(fault.reply)
        if fault.close:
            self.connection.ended = True
        await self.connection.flush()
        if self.connection.ended:
            self.connection.stream.close_now()
