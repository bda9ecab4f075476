"""One connection of the HTTP server: requests in, an ASGI application called, answers out.

Service code. The grammar is h11's (RFC 9112); this file drives it over our stream, with a time
limit for each step, and does wrong what the script of faults says: bytes that are no answer, bodies
that end early, lengths that lie. A request that two readers could understand differently (RFC 9112
section 11.2) is refused and ends the connection.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote

import h11

from ..errors import NetworkError, PostelError, TimedOut
from ..serving.faults import Fault
from ..transport.socket_async import AsyncSocketStream
from ..wire.text import display
from .server_conditions import http_date

if TYPE_CHECKING:
    from .server import HTTPServer

__all__ = ["App", "Connection", "Message", "Receive", "Scope", "Send", "Target", "scope_of"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LONGEST_HEAD = 64 * 1024
"""Bytes of a request's first line and header fields together."""

UNREAD = 256 * 1024
"""Bytes of a body nobody wanted that are read and thrown away, so that the connection goes on."""

AT_ONCE = 64 * 1024
"""Bytes of a file that go out together with the head."""

LINGER = 2.0
"""Seconds to read on after the last answer: closing over unread bytes would be a reset."""

_STATUS = re.compile(rb"([1-5]\d\d)(?: ([^\r\n]*))?(?:\r\n|$)")
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")
_ABSOLUTE = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_NAMES = {b"etag": b"ETag", b"www-authenticate": b"WWW-Authenticate", b"dav": b"DAV",
          b"ms-author-via": b"MS-Author-Via", b"oc-etag": b"OC-ETag", b"x-oc-mtime": b"X-OC-Mtime"}

_log = logging.getLogger("postel.http.server")


class Target:
    """What a request is about: the path as it came and decoded, and the query.

    Raises:
        ValueError: no target of a request for this server.

    Example:
        >>> target = Target("http://example.org/a%20b?c=d")
        >>> target.path, target.query
        ('/a b', 'c=d')
    """

    def __init__(self, text: str) -> None:
        if found := _ABSOLUTE.match(text):  # RFC 9112 section 3.2.2: every server must take it
            text = text[found.end() :]
            text = text if text.startswith("/") else f"/{text}"
        if (not text.startswith("/") and text != "*") or "#" in text:
            raise ValueError(text)
        self.raw, _, self.query = text.partition("?")
        self.path = unquote(self.raw, errors="surrogateescape")

    def __str__(self) -> str:
        return self.raw + ("?…" if self.query else "")  # queries hold tokens: not for logs


def scope_of(
    method: str, target: Target, headers: list[tuple[bytes, bytes]], version: str,
    stream: AsyncSocketStream, *, secure: bool, port: int,
) -> Scope:
    """The ASGI scope of one request."""
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": version, "method": method, "scheme": "https" if secure else "http",
        "path": target.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        "raw_path": target.raw.encode("ascii"), "query_string": target.query.encode("ascii"),
        "root_path": "", "headers": headers,
        "client": (stream.peer.address, stream.peer.port), "server": (stream.local_address, port),
        "state": {}, "extensions": {"http.response.zerocopysend": {}},
    }


class Connection:
    """HTTP/1.1 and 1.0 on one stream.

    Args:
        server: for its application, options, faults and log.
        stream: with TLS already, where there is any.
    """

    def __init__(self, server: HTTPServer, stream: AsyncSocketStream) -> None:
        self.server, self.stream = server, stream
        self.wire = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)

    async def run(self) -> None:
        """Answer one request after the other, until either side has enough."""
        while await self._exchange():
            self.wire.start_next_cycle()
        if not self.stream.broken:
            await self._linger()

    async def _exchange(self) -> bool:
        """Answer one request; whether another one may come."""
        try:
            request = await self._request()
        except h11.RemoteProtocolError as error:
            await self._refuse(error.error_status_hint, str(error))
            return False
        if request is None:
            return False
        try:
            target = _checked(request)
        except ValueError as error:
            await self._refuse(400, str(error))
            return False
        method = request.method.decode("ascii")
        version = request.http_version.decode("ascii")
        self.server.watch("C", display(f"{method} {target} HTTP/{version}"))
        exchange = _Exchange(self, request, method, target)
        await exchange.run()
        return exchange.alive and await self._finished()

    async def _request(self) -> h11.Request | None:
        """The next request, None at the end."""
        options = self.server.options
        started = bool(self.wire.trailing_data[0])
        self.server.allow(self.stream, options.header_wait if started else options.keep_alive)
        try:
            while (event := self.wire.next_event()) is h11.NEED_DATA:
                data = await self.stream.receive()
                self.wire.receive_data(data)
                if data and not started:  # from the first byte on, for the whole head
                    started = True
                    self.server.allow(self.stream, options.header_wait)
        except TimedOut:
            if started:
                await self._refuse(408, "the request did not come in time")
            return None
        return event if isinstance(event, h11.Request) else None

    async def _refuse(self, status: int, why: str) -> None:
        """Say no to something that is no request, and be done."""
        self.server.watch("*", display(f"{status}: {why}"))
        body = f"{why}\n".encode("utf-8", "replace")
        head = (f"HTTP/1.1 {status} {phrase(status)}\r\nDate: {http_date(self.server.clock())}\r\n"
                f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
                "Connection: close\r\n\r\n").encode("ascii")
        self.server.allow(self.stream, LINGER)
        await self.stream.send(head + body)

    async def _finished(self) -> bool:
        """Bring the exchange to its end; whether the connection goes on."""
        wire, count = self.wire, 0
        if wire.their_state is h11.SEND_BODY and wire.they_are_waiting_for_100_continue:
            return False  # they hold the body back, and nobody knows whether they send it now
        while wire.their_state is h11.SEND_BODY:
            try:
                event = await self.event()
            except h11.RemoteProtocolError:
                return False  # it ended in the middle of the body
            if isinstance(event, h11.Data):
                count += len(event.data)
            if count > UNREAD:
                return False
        return wire.our_state is h11.DONE and wire.their_state is h11.DONE

    async def event(self) -> Any:
        """The next part of a request's body."""
        while (event := self.wire.next_event()) is h11.NEED_DATA:
            self.server.allow(self.stream, self.server.options.body_wait)
            self.wire.receive_data(await self.stream.receive())
        return event

    async def _linger(self) -> None:
        """End our side, and read on for a moment."""
        try:
            self.server.allow(self.stream, LINGER)
            await self.stream.end_sending()
            while await self.stream.receive():
                pass
        except (PostelError, OSError):
            pass  # it is over either way


class _Exchange:
    """One request and its answer: what the application holds in its hands."""

    def __init__(
        self, connection: Connection, request: h11.Request, method: str, target: Target
    ) -> None:
        self.connection, self.server = connection, connection.server
        self.wire, self.stream = connection.wire, connection.stream
        self.request, self.method, self.target = request, method, target
        self.alive = True
        self.start: Message | None = None
        self.status = self.sent = 0
        self.fault: Fault | None = None
        self.done = asyncio.Event()
        self.body_read = self.over = False

    async def run(self) -> None:
        """Let the application answer, or the script of faults."""
        self.fault = self.server.faults.due(self.method, f"{self.method} {self.target.raw}".upper())
        if self.fault is not None and not self.fault.on_data:
            await self._misbehave(self.fault)
            return
        scope = scope_of(
            self.method, self.target, list(self.request.headers),
            self.request.http_version.decode("ascii"), self.stream,
            secure=self.server.implicit, port=self.server.port)
        try:
            await self.server.app(scope, self.receive, self.send)
        except NetworkError:
            self.alive = False  # the client has gone, or was too slow
            raise
        except h11.RemoteProtocolError as error:  # in the body
            self.alive = False
            if not self.status:
                await self.connection._refuse(error.error_status_hint, str(error))
        except Exception as error:
            self.server.watch("*", f"the application failed: {display(repr(error))}")
            _log.exception("%s %s", self.method, self.target)
            self.alive = False
            if not self.status:
                await self.connection._refuse(500, "the application failed")
        finally:
            self.done.set()
        self._tell()

    def _tell(self) -> None:
        if not self.over and self.alive:
            self.server.watch("*", "the application ended before its answer did")
            self.alive = False  # a short body: the connection's end is how it shows
        if self.status:
            self.server.watch("S", f"{self.status} {phrase(self.status)}, {self.sent:,} bytes")

    # -- the application's side ------------------------------------------------------------

    async def receive(self) -> Message:
        """ASGI: a part of the request's body; then nothing until the end."""
        if self.body_read:
            return await self._gone()
        if self.wire.they_are_waiting_for_100_continue:
            await self.stream.send(self.wire.send(
                h11.InformationalResponse(status_code=100, headers=[], reason="Continue"))
                or b"")
        event = await self.connection.event()
        if isinstance(event, h11.Data):
            return {"type": "http.request", "body": bytes(event.data), "more_body": True}
        self.body_read = True
        if isinstance(event, h11.EndOfMessage):
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.disconnect"}

    async def _gone(self) -> Message:
        """Wait until the answer is complete or the client has gone."""
        if not self.done.is_set():
            waiting = asyncio.create_task(self.done.wait())
            reading = asyncio.create_task(self.stream.receive())
            try:
                await asyncio.wait((waiting, reading), return_when=asyncio.FIRST_COMPLETED)
                if reading.done() and not reading.exception() and (data := reading.result()):
                    self.wire.receive_data(data)  # the next request, early
                    await waiting
            finally:
                for task in (waiting, reading):
                    task.cancel()
                await asyncio.gather(waiting, reading, return_exceptions=True)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """ASGI: the head, then the body piece by piece."""
        kind = message["type"]
        if kind == "http.response.start":
            if self.start is not None:
                raise RuntimeError("http.response.start came twice")
            self.start = message
        elif kind in ("http.response.body", "http.response.zerocopysend"):
            if self.start is None:
                raise RuntimeError(f"{kind} came before http.response.start")
            await self._send_body(message)
        else:
            raise RuntimeError(f"no such message: {kind}")

    async def _send_body(self, message: Message) -> None:
        if self.over:
            return
        more = bool(message.get("more_body", False))
        data = bytes(message.get("body", b""))
        head = b"" if self.status else self._head(None if more or "file" in message else len(data))
        fault = self.fault
        if fault is not None and fault.cut is not None:
            left = max(0, fault.cut - self.sent)
            self.over, data = len(data) > left or self.over, data[:left]
        self.server.allow(self.stream, self.server.options.body_wait)
        silent = self.method == "HEAD" or self.status in (204, 304)
        if "file" in message and not silent:
            await self._send_file(head, message["file"], message.get("offset"), message["count"])
        elif data and not silent:
            self.sent += len(data)
            await self.stream.send(head + self._framed(data))
        elif head:
            await self.stream.send(head)
        if self.over and fault is not None:
            await self._cut(fault)
        elif not more:
            await self._end()

    def _framed(self, data: bytes) -> bytes:
        return self.wire.send(h11.Data(data=data)) or b""

    async def _send_file(
        self, head: bytes, file: BinaryIO, offset: int | None, count: int
    ) -> None:
        """So many bytes of a file, where the kernel can by itself."""
        if self.fault is not None and self.fault.cut is not None:
            left = max(0, self.fault.cut - self.sent)
            self.over, count = count > left or self.over, min(count, left)
        if offset is not None:
            file.seek(offset)
        if count <= AT_ONCE:  # one packet, and no reason to bother the kernel twice
            data = file.read(count)
            self.sent += len(data)
            await self.stream.send(head + self._framed(data))
            return
        if head:
            await self.stream.send(head)
        event: Any = h11.Data(data=_Length(count))  # type: ignore[arg-type]
        pieces: list[Any] = self.wire.send_with_data_passthrough(event) or []
        for piece in pieces if count else ():
            if isinstance(piece, _Length):
                moved = await self.stream.send_file(file, count)
                self.sent += moved
                if moved < count:
                    raise RuntimeError("the file has become shorter")
            else:
                await self.stream.send(piece)

    def _head(self, length: int | None) -> bytes:
        """The first line and header fields; *length* is that of the body, where it is known."""
        start = self.start or {}
        self.status = int(start["status"])
        given = [(bytes(name), bytes(value)) for name, value in start.get("headers", ())]
        names = {name.lower() for name, _ in given}
        options, extra = self.server.options, []
        if b"date" not in names:
            extra.append((b"Date", http_date(self.server.clock()).encode("ascii")))
        if options.server and b"server" not in names:
            extra.append((b"Server", options.server.encode("latin-1")))
        if length is not None and self.method != "HEAD" and not names & {
                b"content-length", b"transfer-encoding"} and self.status not in (204, 304):
            given.append((b"content-length", b"%d" % length))
        if options.has("one request a connection"):
            extra.append((b"Connection", b"close"))
        if self.fault is not None and self.fault.larger:
            given = [_larger(field, self.fault.larger) for field in given]
        return self.wire.send(h11.Response(
            status_code=self.status, reason=phrase(self.status),
            headers=[*extra, *((titled(name), value) for name, value in given)])) or b""

    async def _end(self) -> None:
        """The body is complete, unless more of it was announced."""
        self.over = True
        if self.fault is not None and (self.fault.larger or self.fault.cut is not None):
            await self._cut(self.fault)
            return
        if rest := self.wire.send(h11.EndOfMessage()):
            await self.stream.send(rest)
        if self.fault is not None:
            await self._cut(self.fault)

    # -- doing wrong -----------------------------------------------------------------------

    async def _cut(self, fault: Fault) -> None:
        """End the connection here; with *silent* wait for the client to do it."""
        self.alive = False
        if fault.silent:
            await self._wait_for_their_end()
        if not fault.notify:
            self.stream.broken = True

    async def _misbehave(self, fault: Fault) -> None:
        """Answer as the script says, instead of the application."""
        if fault.reply is None:
            self.alive = False
            if not fault.close:
                await self._wait_for_their_end()
            return
        words = composed(fault.reply)
        if words is None:  # no answer of ours: byte for byte
            self.alive = not fault.close
            await self.stream.send(fault.reply)
            self.server.watch("S", f"{len(fault.reply):,} bytes, as they were given")
            if self.alive:
                self._pretend()
            return
        status, fields, body = words
        if not any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in fields):
            fields.append((b"Content-Length", b"%d" % len(body)))
        await self.send({"type": "http.response.start", "status": status, "headers": fields})
        await self.send({"type": "http.response.body", "body": body})
        self.alive = not fault.close
        self._tell()

    def _pretend(self) -> None:
        """Let h11 believe that an answer went out, so that the connection can go on."""
        self.wire.send(h11.Response(status_code=200, headers=[(b"content-length", b"0")]))
        self.wire.send(h11.EndOfMessage())

    async def _wait_for_their_end(self) -> None:
        self.server.allow(self.stream, self.server.options.keep_alive)
        while await self.stream.receive():
            pass


class _Length:
    """Stands for bytes that the kernel moves: h11 wants to know how many."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count


def _checked(request: h11.Request) -> Target:
    """The target of a request that has one meaning."""
    names = [name for name, _ in request.headers]
    if not request.http_version.startswith(b"1."):
        raise ValueError("only HTTP/1 is spoken here")
    if any(name == b"host" and not _HOST.fullmatch(value) for name, value in request.headers):
        raise ValueError("Host names no host (RFC 9112 section 3.2)")
    if b"transfer-encoding" in names and (
            b"content-length" in names or request.http_version < b"1.1"):
        raise ValueError("Content-Length and Transfer-Encoding contradict each other")
    return Target(request.target.decode("ascii"))


def composed(reply: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes] | None:
    """The status, fields and body that the reply of a fault stands for; None: it is raw bytes.

    Example:
        >>> composed(b"429 Slow down\\r\\nRetry-After: 1\\r\\n\\r\\nlater")
        (429, [(b'Retry-After', b'1')], b'later')
    """
    status = _STATUS.match(reply)
    if status is None:
        return None
    head, _, body = (b"\r\n" + reply[status.end() :]).partition(b"\r\n\r\n")
    lines = [line.partition(b":") for line in head.split(b"\r\n") if line]
    return int(status[1]), [(name, value.strip()) for name, _, value in lines], body


def _larger(field: tuple[bytes, bytes], by: int) -> tuple[bytes, bytes]:
    name, value = field
    return (name, b"%d" % (int(value) + by)) if name.lower() == b"content-length" else field


def phrase(status: int) -> str:
    """The words for a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


@functools.lru_cache(512)
def titled(name: bytes) -> bytes:
    """A field name as people write it; programs do not mind."""
    return _NAMES.get(name, name.title() if name.islower() else name)

