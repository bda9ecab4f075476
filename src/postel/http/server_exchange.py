"""One request and its answer as our own ASGI applications see them.

Service code. It knows ASGI only, so these applications run under any ASGI server.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Iterable
from typing import BinaryIO
from urllib.parse import parse_qsl, unquote

from .server_connection import Receive, Scope, Send, phrase

__all__ = ["Exchange", "Refusal", "status_of"]

CHUNK = 256 * 1024
"""Bytes of a file that are in memory at once."""

_STATUSES = {
    errno.ENOENT: 404, errno.ENOTDIR: 404, errno.EACCES: 403, errno.EPERM: 403, errno.EROFS: 403,
    errno.ELOOP: 403, errno.EBUSY: 403, errno.EEXIST: 409, errno.EISDIR: 409, errno.ENOTEMPTY: 409,
    errno.ENOSPC: 507, errno.EDQUOT: 507, errno.ENAMETOOLONG: 414, errno.EINVAL: 400,
}

Fields = Iterable[tuple[str, str]]


class Refusal(Exception):
    """The answer is no.

    Args:
        status: of the answer.
        text: for people.
        headers: further fields.
    """

    def __init__(self, status: int, text: str = "", headers: Fields = ()) -> None:
        super().__init__(text or phrase(status))
        self.status, self.headers = status, list(headers)


def status_of(error: OSError) -> int:
    """The status for what the tree of files said."""
    return _STATUSES.get(error.errno or 0, 500)


class Exchange:
    """A request, and the means to answer it.

    Attributes:
        method: of the request.
        path: decoded; bytes that are no UTF-8 are surrogate-escaped.
        raw: the path as it came.
        query: as it came, without "?".
        asked: header fields by lower-case name; several of a name are joined by a comma.
        user: who has logged in.
        extra: fields of whatever the answer will be.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self.method: str = scope["method"]
        self.raw = bytes(scope.get("raw_path") or b"").decode("latin-1")
        self.path = unquote(self.raw, errors="surrogateescape")
        self.query = bytes(scope.get("query_string", b"")).decode("latin-1")
        self.asked: dict[str, str] = {}
        self.twice: set[str] = set()
        for name, value in scope["headers"]:
            key, text = bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1")
            if key in self.asked:
                self.twice.add(key)
                text = f"{self.asked[key]}{'; ' if key == 'cookie' else ', '}{text}"
            self.asked[key] = text
        self.user = ""
        self.extra: list[tuple[str, str]] = []
        self.started = False

    @property
    def secure(self) -> bool:
        """Whether it came over TLS."""
        return bool(self.scope["scheme"] == "https")

    @property
    def origin(self) -> str:
        """Scheme, host and port as the client called them."""
        return f"{self.scope['scheme']}://{self.asked.get('host', 'localhost')}"

    def fields(self) -> dict[str, str]:
        """The parameters of the query."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    # -- in --------------------------------------------------------------------------------

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body of the request.

        Raises:
            Refusal: the client went away in the middle of it.
        """
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                raise Refusal(400, "the body is incomplete")
            if body := message.get("body", b""):
                yield body
            if not message.get("more_body", False):
                return

    async def body(self, most: int) -> bytes:
        """The whole body of the request.

        Raises:
            Refusal: it is longer than *most*.
        """
        parts, size = [], 0
        async for part in self.chunks():
            parts.append(part)
            size += len(part)
            if size > most:
                raise Refusal(413, f"at most {most:,} bytes are read here")
        return b"".join(parts)

    # -- out -------------------------------------------------------------------------------

    async def start(self, status: int, headers: Fields = ()) -> None:
        """The head of the answer."""
        self.started = True
        fields = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
                  for name, value in [*headers, *self.extra]]
        await self._send({"type": "http.response.start", "status": status, "headers": fields})

    async def write(self, data: bytes, *, more: bool = True) -> None:
        """A part of its body."""
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def write_file(
        self, file: BinaryIO, count: int, *, rate: int | None = None, more: bool = False
    ) -> None:
        """So many bytes of a file, from where it stands."""
        if rate is None and "http.response.zerocopysend" in self.scope.get("extensions", ()):
            await self._send({"type": "http.response.zerocopysend", "file": file, "count": count,
                              "more_body": more})
            return
        step = CHUNK if rate is None else max(1, min(CHUNK, rate // 10))
        while count > 0 and (data := file.read(min(step, count))):
            count -= len(data)
            await self.write(data)
            if rate is not None:
                await asyncio.sleep(len(data) / rate)
        if not more and not count:  # a file that became shorter leaves the answer incomplete
            await self.write(b"", more=False)

    async def reply(
        self, status: int, headers: Fields = (), body: bytes | str = b"", kind: str = "text/plain"
    ) -> None:
        """A whole answer."""
        data = body.encode("utf-8", "surrogateescape") if isinstance(body, str) else body
        fields = list(headers)
        if data:
            charset = "; charset=utf-8" if kind.startswith("text/") and ";" not in kind else ""
            fields.append(("Content-Type", f"{kind}{charset}"))
        if status not in (204, 304):
            fields.append(("Content-Length", str(len(data))))
        await self.start(status, fields)
        await self.write(b"" if self.method == "HEAD" else data, more=False)

    async def refuse(self, refusal: Refusal) -> None:
        """Say no."""
        await self.reply(refusal.status, refusal.headers, f"{refusal}\n")

    def __repr__(self) -> str:
        return f"<Exchange {self.method} {self.raw}>"
