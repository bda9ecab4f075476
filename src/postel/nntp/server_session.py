"""One connection to the lab's news server: state, answers, and the loop around the commands.

Service code. Commands that arrive together are answered in one packet; what a body says is made by
the files of the verbs (`server_access`, `server_reading`, `server_lists`, `server_posting`).
"""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import PostelError, ProtocolError
from ..messages.codecs.yenc import encode
from ..secrets import HIDDEN
from ..serving.faults import Fault
from ..transport.socket_async import AsyncSocketStream
from ..wire.dots import stuffed
from .spool import NewsGroup
from .wildmat import matches
from .wire import Request, ServerWire

if TYPE_CHECKING:
    from .server import NNTPServer

__all__ = ["Answer", "Handler", "Session"]

_FLUSH = 256 * 1024
"""Bytes of answers gathered before they are sent, however many commands wait."""

LARGEST = 64 * 1024 * 1024
"""Bytes of an article that is taken."""


class Answer(PostelError):
    """An answer that ends the command: a refusal; the session goes on."""


@dataclass
class Session:
    """The state of one connection."""

    server: NNTPServer
    stream: AsyncSocketStream
    wire: ServerWire = field(default_factory=ServerWire)
    out: list[bytes] = field(default_factory=list)
    pending: int = 0
    user: str = ""
    name: str = ""
    group: NewsGroup | None = None
    current: int = 0
    zipped: bool = False
    terminator: bool = False
    is_reader: bool = False
    ended: bool = False

    # -- the loop --------------------------------------------------------------------------

    async def run(self) -> None:
        """Greet, and answer until the end."""
        await self._serve("GREETING", None)
        while not self.ended:
            request = await self.request()
            if request is None:
                return
            self.server.watch("C", shown(request))
            await self._serve(request.verb, request)
        await self.flush()

    async def _serve(self, verb: str, request: Request | None) -> None:
        fault = self.server.faults.due(verb, verb.split(" ", 1)[0])
        if fault is not None and not fault.on_data:
            self._fail(fault)
            return
        before = len(self.out)
        try:
            await self.server.dispatch(self, request)
        except Answer as refusal:
            self.say(str(refusal))
        if fault is not None:
            await self._cut(fault, before)
        elif self.pending > _FLUSH:
            await self.flush()

    def _fail(self, fault: Fault) -> None:
        if fault.reply is not None:
            self.put(fault.reply + b"\r\n")
        self.ended = self.ended or fault.close

    async def _cut(self, fault: Fault, before: int) -> None:
        """The answer ends after so many bytes, and so does the connection."""
        answer = b"".join(self.out[before:])[: fault.cut]
        self.out[before:] = [answer]
        self.ended = True
        await self.flush()

    async def request(self) -> Request | None:
        """The next command; what has been gathered is sent before waiting for it."""
        while (request := self.wire.next_request()) is None:
            if not await self.more():
                return None
        return request

    async def more(self) -> bool:
        """Wait for more bytes; False at the end."""
        await self.flush()
        self.server.allow(self.stream, self.server.idle)
        data = await self.stream.receive()
        self.wire.feed(data)
        return bool(data)

    async def line(self) -> bytes:
        """An answer within AUTHINFO SASL."""
        while (line := self.wire.next_line()) is None:
            if not await self.more():
                raise ProtocolError("NNTP: the client left within AUTHINFO SASL")
        return line

    async def article(self) -> bytes:
        """The article that the client sends now; what is too large is read and not kept."""
        chunks, size = [], 0
        while True:
            while (data := self.wire.next_article()) is None:
                if not await self.more():
                    raise ProtocolError("NNTP: the client left within an article")
            size += len(data.chunk)
            if size <= LARGEST:
                chunks.append(data.chunk)
            if data.last:
                return b"".join(chunks) if size <= LARGEST else b""

    # -- answers ---------------------------------------------------------------------------

    def put(self, data: bytes) -> None:
        """Queue bytes."""
        data = self.wire.raw(data)
        self.out.append(data)
        self.pending += len(data)

    def say(self, text: str) -> None:
        """Queue a status line."""
        self.server.watch("S", text)
        self.put(text.encode("utf-8", "surrogateescape") + b"\r\n")

    def tell(self, text: str, rows: Iterable[bytes], *, packed: bool = False,
             zippable: bool = False) -> None:
        """Queue a status line and a body of rows."""
        end = b"\n" if "lf-rows" in self.server.options.quirks else b"\r\n"
        body = b"".join([row + end for row in rows])
        if packed:
            deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
            data = deflate.compress(body) + deflate.flush()
            self.say(text)
            self.put(stuffed(b"".join(encode(data, "rows"))))
        elif zippable and self.zipped:
            self.say(f"{text} [COMPRESS=GZIP]")
            inner, outer = (b".\r\n", b"") if self.terminator else (b"", b".\r\n")
            self.put(zlib.compress(body + inner) + outer)
        else:
            self.say(text)
            self.put(stuffed(body) if end == b"\r\n" else body + b".\n")

    async def flush(self) -> None:
        """Send what is queued."""
        if self.out:
            data, self.out, self.pending = b"".join(self.out), [], 0
            await self.stream.send(data)

    # -- who may do what -------------------------------------------------------------------

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.stream.peer.tls is not None

    @property
    def is_secure(self) -> bool:
        """Whether a password may be sent."""
        return self.server.options.clear_passwords or self.is_tls

    def may_see(self, group: NewsGroup) -> bool:
        """Whether this client may know of *group*."""
        private = self.server.options.private
        return bool(self.user) or not (private and matches(private, group.name))

    def visible(self, wildmat: str | None) -> list[NewsGroup]:
        """The groups that fit and may be seen."""
        return [group for group in self.server.spool.matching(wildmat) if self.may_see(group)]


def shown(request: Request) -> str:
    """A request for those who watch: no secret in it."""
    if request.verb == "AUTHINFO PASS":
        return f"AUTHINFO PASS {HIDDEN}"
    if request.verb == "AUTHINFO SASL" and len(request.arguments) > 1:
        return f"AUTHINFO SASL {request.arguments[0]} {HIDDEN}"
    return f"{request.verb} {request.rest}".rstrip()


Handler = Callable[[Session, Request], Awaitable[None] | None]
