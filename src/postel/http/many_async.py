# A conversation (its twin many_sync.py is generated): many small answers over few connections.
"""Many GETs: asked ahead of their answers on one connection per server (RFC 9112 section 9.3.2).

A GET that waits for the answer before it pays a round trip each; these leave many in a packet, and
the answers come in the order of the requests. The window begins with one and doubles while the
server keeps up; a connection that ends early is replaced, and what it owed is asked again. Only
one answer is held at a time: the others wait in the sockets. What needs more than an answer (a
redirect, a log-in, a server that wants to wait) goes the client's ordinary way, in its turn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ConnectionLost, Incomplete, LimitReached, PostelError
from ..timing import Deadline
from ..transport.clock_async import now
from ..urls import URL
from .asking import address
from .complaints import during
from .decoders import Decoder, codings
from .engine_async import target_of
from .flow_async import Ask, AsyncFlow
from .headers import Headers
from .network_async import AsyncWire, Watch, reach
from .types import Response, Timings
from .wire import Answers, Head, request_head

if TYPE_CHECKING:
    from .client_async import AsyncClient

__all__ = ["WINDOW", "AsyncMany"]

WINDOW = 64
"""Requests under way at once, at most."""

_ROOM = 32_768
"""Bytes of requests under way: more might wait for a server that waits for us."""

_READ = 65_536
_TRIES = 3
"""Connections that may end without one answer before that is an error."""

_OWN_WAY = frozenset({301, 302, 303, 307, 308, 401, 407, 421, 425, 429, 503})
"""Statuses that the client's ordinary way knows what to do with."""


class _AsyncLine:
    """One server's connection, and what is due on it."""

    def __init__(self, client: AsyncClient, url: URL, method: str) -> None:
        self._client, self._method = client, method
        self._origin = target_of(url, False).origin
        self._wire: AsyncWire | None = None
        self._answers = Answers()
        self._due: deque[tuple[bytes, URL]] = deque()
        self._sent = 0
        self._room = 1
        self._barren = 0
        self.watch = Watch()

    def add(self, head: bytes, url: URL) -> None:
        """A request that will be asked for."""
        self._due.append((head, url))

    async def answer(self) -> tuple[Head, bytes]:
        """The answer to the first request that is due."""
        while True:
            watch = self.watch
            watch.patience = self._client.timeout
            watch.deadline = Deadline.after(self._client.timeout, now=now())
            watch.began = watch.sent = now()
            try:
                await self._ask()
                found = await self._read()
            except ConnectionLost:
                await self.aclose()
                self._barren += 1
                self._room = 1
                if self._barren >= _TRIES:
                    raise
                continue
            except BaseException:
                await self.aclose()
                raise
            self._due.popleft()
            self._sent -= 1
            self._barren = 0
            self._room = min(WINDOW, self._room * 2)
            if not self._answers.kept:
                await self.aclose()
            return found

    async def _ask(self) -> None:
        """Send what may be under way and is not, once half of it has been answered."""
        if self._wire is None:
            https = self._origin.scheme == b"https"
            route = self._client.engine.route(self._origin)
            self._wire = await reach(route, self.watch, ["http/1.1"] if https else None)
            self._answers, self._sent = Answers(), 0
        if self._sent > self._room // 2:
            return
        packet: list[bytes] = []
        size = 0
        for number in range(self._sent, min(len(self._due), self._room)):
            head = self._due[number][0]
            size += len(head)
            if packet and size > _ROOM:
                break
            packet.append(head)
            self._answers.expect(self._method)
        self._sent += len(packet)
        stream = self._wire.stream
        stream.deadline = self.watch.deadline
        try:
            await stream.send(b"".join(packet))
        except ConnectionLost:
            if stream.ended:
                raise  # else answers may still stand there

    async def _read(self) -> tuple[Head, bytes]:
        answers = self._answers
        while (head := answers.head()) is None:
            await self._more()
        parts: list[bytes] = []
        size, largest = 0, self._client.largest
        while (data := answers.body()) != b"":
            if data is None:
                await self._more()
                continue
            parts.append(data)
            size += len(data)
            if size > largest:
                raise LimitReached(
                    f"the body is longer than {largest:,} bytes",
                    hint="stream it, or raise largest=")
        return head, parts[0] if len(parts) == 1 else b"".join(parts)

    async def _more(self) -> None:
        if self._wire is None:
            raise ConnectionLost("the connection is closed")
        stream = self._wire.stream
        stream.deadline = self.watch.deadline
        data = await stream.receive(_READ)
        answers = self._answers
        if not data and not answers.in_body:
            raise ConnectionLost("the server closed the connection without an answer")
        if not data and answers.open_ended and not stream.clean:
            raise Incomplete("the connection was cut off, and nothing else told how long the "
                             "body is")
        self.watch.first = self.watch.first or now()
        if answers.in_body:
            self.watch.progressed()
        answers.feed(data)

    async def aclose(self) -> None:
        """Close the connection; what is due stays."""
        wire, self._wire = self._wire, None
        self._sent = 0
        if wire is not None:
            await wire.aclose()

    @property
    def peer(self) -> Any:
        """The other end."""
        return None if self._wire is None else self._wire.stream.peer


class AsyncMany:
    """The answers to many GETs (or HEADs), in order: an iterator and a with block."""

    def __init__(
        self, client: AsyncClient, urls: Iterable[str | URL], headers: Mapping[str, Any] | None,
        method: str = "GET",
    ) -> None:
        self._client, self._method = client, method
        self._urls = iter(urls)
        self._headers = Headers.to_send(headers)
        self._lines: dict[tuple[str, str, int | None], _AsyncLine] = {}
        self._due: deque[tuple[URL, _AsyncLine]] = deque()
        self._template: dict[tuple[str, str, int | None], list[tuple[bytes, bytes]]] = {}
        self._done = False
        client.unfinished.add(self)

    async def __anext__(self) -> Response:
        self._fill()
        if not self._due:
            await self.aclose()
            raise StopAsyncIteration
        url, line = self._due.popleft()
        try:
            head, body = await line.answer()
            return await self._response(url, line, head, body)
        except PostelError as error:
            await self.aclose()
            failure = during(f"{self._method} {url}", error)
            failure.url = failure.url or str(url)
            raise failure from error
        except BaseException:
            await self.aclose()
            raise

    def _fill(self) -> None:
        """Look ahead as far as requests may be under way."""
        if len(self._due) > WINDOW // 2:
            return
        while len(self._due) < WINDOW and not self._done:
            try:
                given = next(self._urls)
            except StopIteration:
                self._done = True
                return
            url = self._client.upgraded(address(self._client.base, given))
            line = self._lines.get(url.origin)
            if line is None:
                line = self._lines[url.origin] = _AsyncLine(self._client, url, self._method)
            line.add(self._head(url), url)
            self._due.append((url, line))

    def _head(self, url: URL) -> bytes:
        """The request's bytes; the fields are made once per server where nothing changes."""
        client = self._client
        fields = self._template.get(url.origin)
        forwarded = client.engine.forwards(url) is not None
        if fields is None or forwarded or not client.plain_for(url):
            flow = AsyncFlow(client, Ask(self._method, url, self._headers))
            fields = flow.fields().encoded()
            self._template[url.origin] = fields
        return request_head(self._method.encode(), target_of(url, forwarded).target, fields)

    async def _response(self, url: URL, line: _AsyncLine, head: Head, body: bytes) -> Response:
        client = self._client
        if head.status in _OWN_WAY:
            return await client.request(self._method, url, headers=dict(self._headers.pairs))
        headers = Headers.received(head.fields)
        if self._method != "HEAD" and codings(coding := headers.get("content-encoding", "")):
            decoder = Decoder(coding, largest=client.largest, what=f"GET {url}")
            body = b"".join(decoder.feed(body))
            decoder.finish()
        if "set-cookie" in headers:
            client.cookies.store(url, headers.all("set-cookie"), now=client.today())
        watch = line.watch
        timings = Timings(watch.name, watch.connect, watch.tls,
                          max(0.0, watch.first - watch.sent), now() - watch.began)
        return Response(head.status, head.reason.decode("utf-8", "replace"), headers, url,
                        self._method,
                        "HTTP/1.1", body, (), line.peer, timings)

    async def aclose(self) -> None:
        """Let go of the connections; what has not been answered is not asked for."""
        self._done = True
        self._client.unfinished.discard(self)
        self._due.clear()
        for line in self._lines.values():
            await line.aclose()
        self._lines.clear()

    def __aiter__(self) -> AsyncMany:
        return self

    async def __aenter__(self) -> AsyncMany:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()
