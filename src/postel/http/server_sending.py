"""One file on its way out: whole, in part, in parts, coded, or as badly as a quirk has it.

Service code (RFC 9110 sections 8.4, 14 and 15.3.7).
"""

from __future__ import annotations

import secrets
import time
from typing import BinaryIO

from ..serving.files import FileStatus
from .ranges import asked as ranges_of
from .server_codings import Encoder, chosen, encoder, worth_it
from .server_conditions import MOST_RANGES, still_the_same
from .server_exchange import CHUNK, Exchange
from .server_options import HTTPOptions

__all__ = ["Sending"]

_GZIP_KIND = "application/gzip"


class Sending:
    """The answer to a GET or HEAD of a file.

    Args:
        exchange: with the request.
        options: how to behave.
        file: open; from its beginning.
        status: of the file.
        headers: its validators and digests.
        etag: its validator.
        kind: its media type, and the coding that its name tells.
    """

    def __init__(
        self, exchange: Exchange, options: HTTPOptions, file: BinaryIO, status: FileStatus,
        headers: list[tuple[str, str]], etag: str | None, kind: tuple[str, str | None],
    ) -> None:
        self.exchange, self.options, self.file = exchange, options, file
        self.size, self.modified, self.etag = status.size, status.modified, etag
        self.headers = list(headers)
        self.kind, coding = kind
        if coding == "gzip" and not options.has("gz as coding"):
            self.kind = _GZIP_KIND
        elif coding == "gzip":  # as Apache does with AddEncoding: the file's own coding, told
            self.headers.append(("Content-Encoding", "gzip"))
        if self.kind.startswith("text/"):
            self.kind += "; charset=utf-8"
        if options.disposition is not None:
            self.headers.append(("Content-Disposition", options.disposition))

    async def run(self) -> None:
        """Send it."""
        self.headers.append(("Accept-Ranges", "bytes" if self.options.ranges else "none"))
        parts = self._parts()
        if parts is None:
            await self._whole()
        elif not parts:
            await self.exchange.reply(416, [("Content-Range", f"bytes */{self.size}")],
                                      "nothing of the file is there\n")
        elif self.options.has("gzip with Range") and self._takes(("gzip",)):
            await self._coded_part(*parts[0])
        elif len(parts) == 1 and not self.options.has("multipart for one range"):
            await self._part(*parts[0])
        else:
            await self._multipart(parts)

    def _parts(self) -> list[tuple[int, int]] | None:
        """What of the file is asked for; None for all of it. Ranges are GET's alone (14.2)."""
        asked, options = self.exchange.asked, self.options
        text = asked.get("range")
        if (text is None or not options.ranges or options.has("200 to Range")
                or self.exchange.method != "GET"):
            return None
        same = still_the_same(asked.get("if-range"), self.etag, self.modified, time.time())
        if not same and not options.has("If-Range ignored"):
            return None
        found = ranges_of(text, self.size)
        if found is None:
            return None
        parts = [(first, last + 1) for first, last in found]
        if len(parts) > MOST_RANGES or sum(end - start for start, end in parts) > 2 * self.size:
            return None  # the same bytes again and again: an attack, not a need (14.2)
        return parts

    # -- whole -----------------------------------------------------------------------------

    async def _whole(self) -> None:
        coding = None
        large = self.size >= self.options.compress_from
        if self.options.compress and worth_it(self.kind) and large:
            self.headers.append(("Vary", "Accept-Encoding"))
            coding = self._takes(self.options.compress)
        if coding is not None:
            await self._start(200, [*self._coded(coding)], None)
            await self._encode(encoder(coding), self.size)
            return
        await self._start(200, [], self.size)
        await self._copy(self.size)

    def _takes(self, offered: tuple[str, ...]) -> str | None:
        if any(name == "Content-Encoding" for name, _ in self.headers):
            return None
        return chosen(self.exchange.asked.get("accept-encoding", ""), offered)

    def _coded(self, coding: str) -> list[tuple[str, str]]:
        """The fields of another representation: of its own ETag, and of no known digest."""
        self.headers = [
            (name, f'{value[:-1]}-{coding}"' if name == "ETag" else value)
            for name, value in self.headers if name not in ("Repr-Digest", "Accept-Ranges")]
        return [("Content-Encoding", coding)]

    async def _encode(self, encoder: Encoder, count: int) -> None:
        """So many bytes from here, through an encoder."""
        if self.exchange.method == "HEAD":
            await self.exchange.write(b"", more=False)
            return
        while count > 0 and (data := self.file.read(min(CHUNK, count))):
            count -= len(data)
            if coded := encoder.compress(data):
                await self.exchange.write(coded)
        await self.exchange.write(encoder.flush(), more=False)

    # -- in part ---------------------------------------------------------------------------

    async def _part(self, start: int, end: int) -> None:
        shift = 1 if self.options.has("206 wrong offset") else 0
        extra = [] if self.options.has("206 no Content-Range") else [
            ("Content-Range", self._place(start + shift, end + shift))]
        await self._start(206, extra, end - start)
        self.file.seek(min(self.size - (end - start), start + shift))
        await self._copy(end - start)

    def _place(self, start: int, end: int) -> str:
        total = self.size + (1 if self.options.has("206 wrong total") else 0)
        return f"bytes {start}-{end - 1}/{total}"

    async def _coded_part(self, start: int, end: int) -> None:
        """A part of the file, coded afterwards: what careless filters make of a 206."""
        await self._start(206, [("Content-Range", self._place(start, end)),
                                ("Content-Encoding", "gzip")], None)
        self.file.seek(start)
        await self._encode(encoder("gzip"), end - start)

    async def _multipart(self, parts: list[tuple[int, int]]) -> None:
        """Several parts in one body (RFC 9110 section 14.6)."""
        boundary = secrets.token_hex(12)
        heads = [(f"\r\n--{boundary}\r\nContent-Type: {self.kind}\r\n"
                  f"Content-Range: {self._place(start, end)}\r\n\r\n").encode("latin-1")
                 for start, end in parts]
        tail = f"\r\n--{boundary}--\r\n".encode("ascii")
        size = len(tail) + sum(len(head) + end - start
                               for head, (start, end) in zip(heads, parts, strict=True))
        self.kind = f"multipart/byteranges; boundary={boundary}"
        await self._start(206, [], size)
        for head, (start, end) in zip(heads, parts, strict=True):
            await self.exchange.write(head)
            self.file.seek(start)
            await self._copy(end - start, more=True)
        await self.exchange.write(tail, more=False)

    # -- both ------------------------------------------------------------------------------

    async def _start(
        self, status: int, extra: list[tuple[str, str]], length: int | None
    ) -> None:
        fields = [("Content-Type", self.kind), *self.headers, *extra]
        untold = self.options.chunked or (
            self.exchange.method == "HEAD" and self.options.has("HEAD without length"))
        if length is not None and not untold:
            fields.append(("Content-Length", str(length)))
        await self.exchange.start(status, fields)

    async def _copy(self, count: int, *, more: bool = False) -> None:
        if self.exchange.method == "HEAD":
            await self.exchange.write(b"", more=False)
        else:
            await self.exchange.write_file(self.file, count, rate=self.options.rate, more=more)
