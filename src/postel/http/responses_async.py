# A conversation (its twin responses_sync.py is generated): an answer whose body still flows.
"""A response as it comes: header first, then the body, decoded or raw, to memory or to a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import LimitReached, PostelError, UsageError
from ..timing import Deadline
from ..transport import disk_async as disk
from ..transport.clock_async import now
from ..transport.target import Target, on_disk
from ..types import Peer, Progress
from ..urls import URL
from .complaints import is_foreign, refusal, translated
from .decoders import Decoder, codings
from .headers import Headers
from .http1_async import AsyncHTTP1Body
from .network_async import Watch
from .types import Response, Timings
from .wire import Head

if TYPE_CHECKING:
    import httpcore2

__all__ = ["LARGEST", "AsyncStreamResponse"]

LARGEST = 1 << 30
"""Bytes of a body that is read into memory, unless ``largest=`` says otherwise."""

_DRAIN = 1 << 18
"""Bytes of an unread body that are read to keep its connection; beyond, a new one is cheaper."""

_PATIENCE = 1.0
"""Seconds for that."""

_REFUSAL = 65_536
"""Bytes of a refusal's body that are read for its words."""


class AsyncStreamResponse:
    """An answer whose body is read as it comes.

    Attributes:
        status: such as 200.
        reason: the server's words for it.
        headers: its fields.
        url: what was asked for last.
        method: that was asked with.
        http_version: ``"HTTP/1.1"`` or ``"HTTP/2"``.
        history: the redirects that led here.
        done: bytes of the body that have come, as they came.
    """

    def __init__(
        self,
        method: str,
        url: URL,
        answer: httpcore2.Response,
        watch: Watch,
        progress: Callable[[Progress], object] | None = None,
    ) -> None:
        self.method, self.url = method, url
        self.status = answer.status
        head: Head | None = answer.extensions.get("head")
        self.reason, self.http_version = "", "HTTP/2"
        if head is not None:
            self.reason = head.reason.decode("utf-8", "replace")
            self.http_version = f"HTTP/{head.version[0]}.{head.version[1]}"
        self.headers = Headers.received(answer.headers if head is None else head.fields)
        self.history: tuple[Response, ...] = ()
        self.done = 0
        self.ended = False
        self._stream: Any = answer.stream
        self._abandon: Any = answer.extensions.get("abandon")
        self._stream_id: int = answer.extensions.get("stream_id", 0)
        self._direct: AsyncHTTP1Body | None = answer.extensions.get("body")
        self._chunks: Any = None
        self.through: Callable[[Any], Any] | None = None
        self._watch = watch
        self._progress = progress
        self._closed = False
        self._ended_at = 0.0
        watch.head = False

    def __repr__(self) -> str:
        words = f"{self.status} {self.reason}".rstrip()
        return f"<StreamResponse {words}, {self.url}>"

    # -- what is known before the body -----------------------------------------------------

    @property
    def ok(self) -> bool:
        """Whether it is a success (2xx)."""
        return 200 <= self.status < 300

    @property
    def size(self) -> int | None:
        """The announced length of the body as it comes, coded or not; None where none is."""
        text = self.headers.get("content-length", "").partition(",")[0].strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

    @property
    def peer(self) -> Peer | None:
        """The other end."""
        wire = self._watch.wire
        return None if wire is None else wire.stream.peer

    @property
    def timings(self) -> Timings:
        """Where the time went, so far."""
        watch = self._watch
        return Timings(watch.name, watch.connect, watch.tls, max(0.0, watch.first - watch.sent),
                       (self._ended_at or now()) - watch.began)

    async def raise_for_status(self) -> AsyncStreamResponse:
        """This response, unless it is a refusal; then its words are read for the error.

        Raises:
            ReplyError: the status is 300 or more; which class says what.
        """
        if self.status >= 300 and self.status != 304:
            words = await self._words()
            raise refusal(self.method, str(self.url), self.status, self.reason, self.headers,
                          words)
        return self

    async def _words(self) -> bytes:
        words = b""
        try:
            async for chunk in self.iter_bytes():
                words += chunk
                if len(words) >= _REFUSAL:
                    break
        except PostelError:
            pass  # the status is what matters
        return words

    # -- the body --------------------------------------------------------------------------

    async def iter_raw(self) -> AsyncIterator[bytes]:
        """The body as it comes, codings and all.

        Raises:
            UsageError: it has been read or closed.
            Incomplete: it is shorter than announced.
            NetworkError: the connection failed.
        """
        if self._closed or self._chunks is not None:
            raise UsageError(f"{self.method} {self.url}: the body has been read already",
                             hint="a body flows once; read() keeps it")
        chunks = self._begin()
        try:
            async for chunk in chunks:
                if not chunk:
                    continue
                self.done += len(chunk)
                if self._progress is not None:
                    self._tell()
                yield chunk
            self.ended = True
        except Exception as error:
            if not is_foreign(error):
                raise
            raise translated(error, f"{self.method} {self.url}", self.url.host) from error
        finally:
            await self.aclose()

    def _begin(self) -> Any:
        """Take the body in hand; HTTP/1.1's without the pool's layers between."""
        source: Any = self._stream if self._direct is None else self._direct
        self._chunks = (source if self.through is None else self.through(source)).__aiter__()
        return self._chunks

    async def iter_bytes(self, *, largest: int | None = None) -> AsyncIterator[bytes]:
        """The body, decoded, in chunks of bounded size.

        Args:
            largest: more bytes than these are an error.

        Raises:
            LimitReached: it is longer than *largest*, or a decompression bomb.
            Incomplete: it is shorter than announced.
            ProtocolError: it is not coded as announced.
        """
        encoding = self.headers.get("content-encoding", "")
        if codings(encoding) and self.method != "HEAD":
            decoder = Decoder(encoding, largest=largest, what=f"{self.method} {self.url}")
            async for chunk in self.iter_raw():
                for part in decoder.feed(chunk):
                    yield part
            decoder.finish()
            return
        async for chunk in self.iter_raw():
            if largest is not None and self.done > largest:
                raise LimitReached(
                    f"{self.method} {self.url}: the body is longer than {largest:,} bytes",
                    hint="stream it, or raise largest=")
            yield chunk

    async def read(self, *, largest: int | None = LARGEST) -> Response:
        """All of it, as a `Response` with content."""
        body = [chunk async for chunk in self.iter_bytes(largest=largest)]
        return self.finished(b"".join(body))

    def finished(self, content: bytes) -> Response:
        """This answer with its content."""
        return Response(self.status, self.reason, self.headers, self.url, self.method,
                        self.http_version, content, self.history, self.peer, self.timings)

    async def save(self, target: Path | str | BinaryIO, *, decode: bool = True) -> int:
        """Write the body to a file; return its size.

        A path gets the file whole or not at all: it is written beside its name, synced, renamed.

        Args:
            target: a path, or an open binary file.
            decode: whether codings are taken off.
        """
        if not isinstance(target, Path | str):
            return await self._pour(target, decode)
        with on_disk(target):
            file = await disk.call(Target.at, target)
            try:
                size = await self._pour(file.file, decode)
                await disk.call(file.commit)
            except BaseException:
                await disk.call(file.discard)
                raise
        return size

    async def _pour(self, file: BinaryIO, decode: bool) -> int:
        """Write the body to *file*; what needs no decoding goes past this process."""
        decode = decode and bool(codings(self.headers.get("content-encoding", "")))
        if (self._direct is not None and self.through is None and not decode
                and self._chunks is None and not self._closed):
            return await self._pour_directly(self._direct, file)
        size = 0
        async for chunk in self.iter_bytes() if decode else self.iter_raw():
            await disk.write(file, chunk)
            size += len(chunk)
        return size

    async def _pour_directly(self, body: AsyncHTTP1Body, file: BinaryIO) -> int:
        try:
            while count := await body.pour(file):
                self.done += count
                if self._progress is not None:
                    self._tell()
            self.ended = True
        finally:
            await self.aclose()
        return self.done

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(Progress(str(self.url), self.done, self.size,
                                    now() - self._watch.began))

    # -- the end ---------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Let go of the connection: kept if the body was read or is nearly so; twice is fine."""
        if self._closed:
            return
        self._closed = True
        self._ended_at = now()
        try:
            if not self.ended:
                await self._drain()
            if self._chunks is not None:
                await self._chunks.aclose()
        finally:
            await self._stream.aclose()

    async def _drain(self) -> None:
        """Read a short rest, so that the connection can go on; a long or slow one is cut off."""
        if (self.size or 0) - self.done > _DRAIN and self.method != "HEAD" and self.status != 304:
            await self._cut()
            return
        if self._chunks is None:
            self._begin()
        watch, count = self._watch, 0
        before = watch.patience, watch.deadline  # the next step of the call has them again
        watch.patience, watch.deadline = None, watch.deadline.sooner(Deadline(now() + _PATIENCE))
        try:
            async for chunk in self._chunks:
                count += len(chunk)
                if count > _DRAIN:
                    await self._cut()
                    break
        except Exception as error:
            if not (is_foreign(error) or isinstance(error, PostelError | RuntimeError)):
                raise
        finally:
            watch.patience, watch.deadline = before

    async def _cut(self) -> None:
        """HTTP/1.1 closes the connection by itself; in HTTP/2 the stream is let go of."""
        if self._abandon is not None:
            await self._abandon(self._stream_id, self._watch)

    async def __aenter__(self) -> AsyncStreamResponse:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()
