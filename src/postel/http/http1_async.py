# A conversation (its twin http1_sync.py is generated): one HTTP/1.1 connection.
"""One HTTP/1.1 connection in httpcore2's pool: our grammar over our stream.

httpcore2's own connection stands on h11, which costs a small request three times what it costs
here (docs/design/http.md has the figures). Besides, this one writes a body of known length to a
file without showing it to Python, sees an answer that comes before the request's body has gone,
and knows over TLS whether the end of a connection is an end or a cut.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, BinaryIO

import httpcore2

from ..errors import ConnectionLost, Incomplete, PostelError
from ..timing import Deadline
from ..transport.clock_async import now
from .bodies_async import AsyncBody
from .complaints import during
from .network_async import AsyncWire, Watch
from .wire import Answers, Head, request_head

__all__ = ["AsyncHTTP1", "AsyncHTTP1Body", "AsyncRequest"]

_READ = 65_536
"""Bytes asked for at once: larger pieces cost the allocator more than they save."""

_SEND_FILE = 4 << 20
"""Bytes of a file that go out between two looks at whether the server has answered already."""

_WAIT_FOR_CONTINUE = 1.0
"""Seconds that a server may think about a 100 (Continue)."""

_IDLE = 60.0
"""Seconds that an idle connection is kept."""


class AsyncRequest(httpcore2.Request):
    """A request as the pool hands it to a connection, checked by us and by nobody again."""

    def __init__(
        self, method: str, url: httpcore2.URL, fields: list[tuple[bytes, bytes]],
        body: AsyncBody | None, watch: Watch, doing: str, *, expect: bool,
    ) -> None:
        self.method = method.encode("ascii")
        self.url = url
        self.headers = fields
        self.stream: Any = AsyncBody() if body is None else body
        self.body, self.watch, self.doing, self.expect = body, watch, doing, expect
        left = watch.deadline.remaining(now=now())
        self.extensions = {"timeout": {"connect": watch, "read": watch, "write": watch,
                                       "pool": left}}


class AsyncHTTP1(httpcore2.AsyncConnectionInterface):
    """A connection that serves one request after the other."""

    def __init__(self, origin: httpcore2.Origin, wire: AsyncWire) -> None:
        self._origin = origin
        self._wire = wire
        self._stream = wire.stream
        self._answers = Answers()
        self._busy = self._closed = False
        self._whole = True
        self._idle_until = 0.0

    # -- a request and the header of its answer --------------------------------------------

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Send *request* and wait for the header of its answer."""
        if self._busy or self._closed or not isinstance(request, AsyncRequest):
            raise httpcore2.ConnectionNotAvailable
        self._busy = True
        watch = request.watch
        watch.wire, watch.sent = self._wire, now()
        self._stream.deadline = watch.deadline
        self._answers.expect(request.method.decode("ascii"))
        try:
            await self._send(request)
            head = await self._head(watch, request.doing)
        except PostelError as error:
            await self.aclose()
            raise during(request.doing, error) from error
        except BaseException:
            await self.aclose()
            raise
        body = AsyncHTTP1Body(self, watch, request.doing)
        return httpcore2.Response(head.status, content=body,
                                  extensions={"head": head, "body": body})

    async def _send(self, request: AsyncRequest) -> None:
        head = request_head(request.method, request.url.target, request.headers)
        body = request.body
        self._whole = True
        try:
            if body is None:
                await self._stream.send(head)
            elif body.data is not None and len(body.data) <= _READ and not request.expect:
                await self._stream.send(head + body.data)
                body.count(len(body.data))
            else:
                await self._stream.send(head)
                await self._send_body(request, body)
        except ConnectionLost:
            self._whole = False  # an answer may stand there already: "413, and goodbye"
            if self._stream.ended:
                raise

    async def _send_body(self, request: AsyncRequest, body: AsyncBody) -> None:
        watch = request.watch
        if request.expect and not await self._may_go_on(watch):
            self._whole = False
            return
        if body.file is not None:
            await self._send_file(body, watch)
            return
        chunked = body.size is None
        async for chunk in body:
            if self._stream.has_news() and await self._answered():
                self._whole = False
                return
            self._stream.deadline = watch.deadline
            await self._stream.send(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
            watch.progressed()
        if chunked:
            await self._stream.send(b"0\r\n\r\n")

    async def _send_file(self, body: AsyncBody, watch: Watch) -> None:
        """A file of known length goes from the disk to the socket, where the kernel can."""
        file, left = body.rewound(), body.size or 0
        while left:
            if self._stream.has_news() and await self._answered():
                self._whole = False
                return
            self._stream.deadline = watch.deadline
            count = await self._stream.send_file(file, min(left, _SEND_FILE))
            if not count:
                body.shortened(left)
            left -= count
            body.count(count)
            watch.progressed()

    async def _answered(self) -> bool:
        """Whether an answer that counts has come while the body was going.

        Over TLS what came may be a ticket for the next session, or half a record: nobody waits.
        """
        self._stream.deadline = Deadline(now())
        try:
            data = await self._stream.receive(_READ)
        except TimeoutError:
            return False
        self._answers.feed(data)
        return not data or self._answers.peek() >= 200

    async def _may_go_on(self, watch: Watch) -> bool:
        """Wait for the server's word before the body goes (RFC 9110 section 10.1.1)."""
        self._stream.deadline = watch.deadline.sooner(Deadline(now() + _WAIT_FOR_CONTINUE))
        try:
            while not (status := self._answers.peek()):
                data = await self._stream.receive(_READ)
                self._answers.feed(data)
                if not data:
                    return False
        except TimeoutError:
            return True  # an old server waits for the body in silence
        return status < 200

    async def _head(self, watch: Watch, doing: str) -> Head:
        stream, answers = self._stream, self._answers
        while (head := answers.head()) is None:
            stream.deadline = watch.deadline
            try:
                data = await stream.receive(_READ)
            except ConnectionLost:
                if watch.heard or answers.began:
                    raise
                data = b""  # nothing had come: the same as an orderly end
            if not data:
                raise ConnectionLost(
                    "the server closed the connection "
                    + ("in the middle of its answer's header" if answers.began
                       else "without an answer"))
            if not watch.heard:
                watch.first = now()
            watch.heard += len(data)  # no more time for it: a header may drip for ever
            answers.feed(data)
        watch.first = watch.first or now()
        return head

    # -- its body --------------------------------------------------------------------------

    async def body(self, watch: Watch) -> bytes:
        """The next piece of the body; ``b""`` at its end."""
        answers = self._answers
        while (data := answers.body()) is None:
            self._stream.deadline = watch.deadline
            more = await self._stream.receive(_READ)
            if not more and answers.open_ended and not self._stream.clean:
                raise Incomplete("the connection was cut off, and nothing else told how long "
                                 "the body is")
            answers.feed(more)
            watch.progressed()
        return data

    async def pour(self, file: BinaryIO, watch: Watch) -> int:
        """Write one piece of the body to *file*, past this process where the kernel can."""
        answers = self._answers
        left = answers.left
        if answers.held or not left:
            data = await self.body(watch)
            file.write(data)
            return len(data)
        self._stream.deadline = watch.deadline
        count = await self._stream.receive_file(file, left)
        if count:
            answers.took(count)
        else:
            answers.feed(b"")
            answers.body()
        watch.progressed()
        return count

    async def release(self, *, ended: bool) -> None:
        """The answer has been read, or is not wanted any more."""
        if ended and self._answers.kept and self._whole and not self._stream.broken:
            self._busy = False
            self._idle_until = now() + _IDLE
        else:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the connection."""
        self._closed = True
        await self._wire.aclose()

    # -- what the pool asks ----------------------------------------------------------------

    def can_handle_request(self, origin: httpcore2.Origin) -> bool:
        """Whether it leads to *origin*."""
        return origin == self._origin

    def is_available(self) -> bool:
        """Whether it can take a request now."""
        return not (self._busy or self._closed)

    def is_idle(self) -> bool:
        """Whether nothing is under way on it."""
        return not (self._busy or self._closed)

    def has_expired(self) -> bool:
        """Whether it has been idle for long, or the server has hung up."""
        return not self._busy and (now() > self._idle_until or self._stream.has_news())

    def is_closed(self) -> bool:
        """Whether it is closed."""
        return self._closed

    def info(self) -> str:
        """For the pool's repr."""
        return "HTTP/1.1"


class AsyncHTTP1Body:
    """The body of an answer, on the connection it comes by."""

    def __init__(self, connection: AsyncHTTP1, watch: Watch, doing: str) -> None:
        self._connection, self._watch, self._doing = connection, watch, doing
        self._ended = self._released = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while data := await self._connection.body(self._watch):
                yield data
            self._ended = True
        except PostelError as error:
            raise during(self._doing, error) from error

    async def pour(self, file: BinaryIO) -> int:
        """Write one piece to *file*; return its size, 0 at the end."""
        try:
            count = await self._connection.pour(file, self._watch)
        except PostelError as error:
            raise during(self._doing, error) from error
        self._ended = not count
        return count

    async def aclose(self) -> None:
        """Give the connection back, or close it where the body has not been read."""
        if not self._released:
            self._released = True
            await self._connection.release(ended=self._ended)
