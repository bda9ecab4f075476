"""A tree of files over HTTP: GET, HEAD, PUT, DELETE and OPTIONS, as an ASGI application.

Service code (RFC 9110). Conditions come before ranges, ranges before codings (section 13.2.2). An
upload goes to a name beside its target, and takes the target's place when it is complete.
"""

from __future__ import annotations

import asyncio
import itertools
import mimetypes
import posixpath
import re
import time
from collections.abc import Awaitable, Callable

from ..errors import NetworkError
from ..serving.files import FileStatus, ServedFiles, join, split
from ..serving.server import Users
from . import digests, server_helpers
from .server_auth import Access
from .server_conditions import http_date, precondition
from .server_connection import Receive, Scope, Send
from .server_exchange import Exchange, Refusal, status_of
from .server_index import page
from .server_options import HTTPOptions
from .server_sending import Sending

__all__ = ["FilesApp", "Handler"]

Handler = Callable[[Exchange], Awaitable[None]]

IN_A_THREAD = 1 << 20
"""Bytes from which on a digest is computed beside the loop."""

PART = ".postel-part-"
"""What an upload is called until it is complete: hidden, and never served."""

_DIGESTS = {"sha-512": "SHA-512", "sha-256": "SHA-256", "md5": "MD5"}


class FilesApp:
    """Files, folders as pages, and the helpers of the lab.

    Args:
        files: what is served.
        users: who may log in.
        options: how to behave.

    Attributes:
        methods: what it does, by method.
    """

    makes_folders = True  # PUT makes the folders above: plain HTTP has no other way
    writing = frozenset({"PUT", "DELETE"})

    def __init__(self, files: ServedFiles, users: Users, options: HTTPOptions) -> None:
        self.files, self.options = files, options
        self.access = Access(users, options, time.time)
        self._parts = itertools.count(1)
        self.methods: dict[str, Handler] = {
            "DELETE": self.delete, "GET": self.get, "HEAD": self.get, "OPTIONS": self.tell,
            "PUT": self.put}

    def serve(self, files: ServedFiles) -> None:
        """Serve another tree from now on."""
        self.files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: answer one request."""
        if scope["type"] != "http":
            raise ValueError(f"{scope['type']} is not spoken here")
        exchange = Exchange(scope, receive, send)
        exchange.extra = list(self.options.headers.items())
        try:
            await self.answer(exchange)
        except NetworkError:
            raise
        except Refusal as refusal:
            await self._refuse(exchange, refusal)
        except OSError as error:
            await self._refuse(exchange, Refusal(status_of(error), error.strerror or ""))

    async def _refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        if exchange.started:
            raise RuntimeError(f"too late to refuse: {refusal}")
        await exchange.refuse(refusal)

    async def answer(self, exchange: Exchange) -> None:
        """Find out what is wanted, and do it."""
        if self.options.delay:
            await asyncio.sleep(self.options.delay)
        check_host(exchange, self.options.hosts)
        check_path(exchange)
        if exchange.path in self.options.redirects:
            await server_helpers.redirect(exchange, self.options.redirects[exchange.path])
            return
        handler = self.methods.get(exchange.method)
        if handler is None or (exchange.method == "HEAD" and self.options.has("405 to HEAD")):
            known = exchange.method in ("CONNECT", "PATCH", "POST", "TRACE", "HEAD")
            if self.options.helpers and await server_helpers.answer(exchange, self.options):
                return
            raise Refusal(405 if known else 501, "", [("Allow", self.allowed)])
        self.access.check(exchange, writes=exchange.method in self.writing)
        if exchange.method in self.writing and not self.files.writable:
            raise Refusal(403, "nothing is changed here")
        self.before(exchange)
        await handler(exchange)

    def before(self, exchange: Exchange) -> None:
        """What else must hold before a method is carried out; WebDAV has something to say."""

    @property
    def allowed(self) -> str:
        """The methods, for Allow."""
        return ", ".join(sorted(
            name for name in self.methods if self.files.writable or name not in self.writing))

    async def tell(self, exchange: Exchange) -> None:
        """OPTIONS (RFC 9110 section 9.3.7)."""
        await exchange.reply(204, [("Allow", self.allowed)])

    # -- reading ---------------------------------------------------------------------------

    async def get(self, exchange: Exchange) -> None:
        """GET and HEAD of a file, a folder, or one of the lab's helpers."""
        try:
            status = self.status(exchange.path)
        except OSError:
            if self.options.helpers and await server_helpers.answer(exchange, self.options):
                return
            raise
        if status.is_folder:
            await self.get_folder(exchange)
        elif exchange.path.endswith("/"):
            raise Refusal(404, "that is a file, and no folder")
        else:
            await self.get_file(exchange, exchange.path, status)

    def status(self, path: str) -> FileStatus:
        """What *path* is; an unfinished upload is nothing yet."""
        if any(part.startswith(PART) for part in split(path)):
            raise Refusal(404)
        return self.files.stat(path)

    async def get_folder(self, exchange: Exchange) -> None:
        """A page of the folder, or the file that stands for it."""
        if not exchange.path.endswith("/"):
            # A reference of its own, not the path: "//host" would lead elsewhere.
            name = exchange.raw.rstrip("/").rpartition("/")[2]
            query = f"?{exchange.query}" if exchange.query else ""
            raise Refusal(301, "folders end in /", [("Location", f"./{name}/{query}")])
        for name in self.options.index_files:
            path = posixpath.join(exchange.path, name)
            try:
                status = self.files.stat(path)
            except OSError:
                continue
            if not status.is_folder:
                await self.get_file(exchange, path, status)
                return
        if self.options.index is None:
            raise Refusal(403, "folders are not shown here")
        entries = [entry for entry in self.files.list(exchange.path)
                   if not entry.name.startswith(PART)]
        kind, body = page(self.options.index, join(split(exchange.path)).rstrip("/") + "/", entries)
        await exchange.reply(200, body=body, kind=kind)

    async def get_file(self, exchange: Exchange, path: str, status: FileStatus) -> None:
        """A file, or the parts of it that were asked for."""
        etag, headers = self.etag(status), self.validators(status)
        modified = None if self.options.has("no validators") else status.modified
        verdict = precondition(exchange.method, exchange.asked, etag, modified)
        if verdict == 304:
            await exchange.reply(304, headers)
            return
        if verdict is not None:
            raise Refusal(verdict)
        with self.files.open(path) as file:
            headers += await self.told_digest(exchange, path, status)
            await Sending(exchange, self.options, file, status, headers, etag, kind_of(path)).run()

    def etag(self, status: FileStatus) -> str | None:
        """The validator: another one whenever the content may have changed."""
        if self.options.has("no validators"):
            return None
        if self.options.has("frozen ETag"):
            return '"frozen"'
        mark = "W/" if self.options.has("weak ETag") else ""
        return f'{mark}"{int(status.modified * 1000):x}-{status.size:x}-{status.version}"'

    def validators(self, status: FileStatus) -> list[tuple[str, str]]:
        """ETag and Last-Modified."""
        etag = self.etag(status)
        if etag is None:
            return []
        return [("ETag", etag), ("Last-Modified", http_date(status.modified))]

    async def told_digest(
        self, exchange: Exchange, path: str, status: FileStatus
    ) -> list[tuple[str, str]]:
        """Repr-Digest, for those who want one (RFC 9530 sections 3 and 4)."""
        wanted = digests.wanted([exchange.asked.get("want-repr-digest", "")])
        best = next((name for name in wanted if name in _DIGESTS), None)
        if best is None:
            return []
        text = await self.digest(path, _DIGESTS[best], status.size)
        return [("Repr-Digest", digests.written({best: bytes.fromhex(text)}))]

    async def digest(self, path: str, name: str, size: int) -> str:
        """A digest in hexadecimal, beside the loop where it takes long."""
        if size < IN_A_THREAD:
            return self.files.digest(path, name)
        return await asyncio.to_thread(self.files.digest, path, name)

    # -- writing ---------------------------------------------------------------------------

    def current(self, path: str) -> FileStatus | None:
        """What is at *path* now, None for nothing."""
        try:
            return self.status(path)
        except FileNotFoundError:
            return None

    def must_hold(self, exchange: Exchange, there: FileStatus | None) -> None:
        """Check the conditions of a change.

        Raises:
            Refusal: one does not hold.
        """
        etag = None if there is None or there.is_folder else self.etag(there)
        modified = None if there is None else there.modified
        if precondition(exchange.method, exchange.asked, etag, modified) is not None:
            raise Refusal(412)

    async def put(self, exchange: Exchange) -> None:
        """PUT (RFC 9110 section 9.3.4): all or nothing."""
        path = exchange.path
        if "content-range" in exchange.asked:
            raise Refusal(400, "a part of a file is not taken (RFC 9110 section 14.5)")
        if path.endswith("/"):
            raise Refusal(409, "a folder is not written")
        there = self.current(path)
        if there is not None and there.is_folder:
            raise Refusal(409, "a folder is there")
        self.must_hold(exchange, there)
        self.make_room(path)
        part = posixpath.join(posixpath.dirname(path), f"{PART}{next(self._parts)}")
        try:
            await self.take(exchange, part)
            self.must_hold(exchange, self.current(path))  # it may have changed meanwhile
            self.files.rename(part, path)
        except BaseException:
            self._drop(part)
            raise
        headers = self.after_put(exchange, path)
        status = self.files.stat(path)
        told = [] if self.options.has("no ETag after PUT") else self.validators(status)
        await exchange.reply(201 if there is None else 204, [*told, *headers])

    def make_room(self, path: str) -> None:
        """The folder for an upload."""
        above = split(path)[:-1]
        for count in range(1, len(above) + 1) if self.makes_folders else ():
            try:
                self.files.make_folder(join(above[:count]))
            except FileExistsError:
                continue

    async def take(self, exchange: Exchange, part: str) -> None:
        """The body into a file, and its digest checked."""
        with self.files.create(part, new=True) as file:
            async for data in exchange.chunks():
                file.write(data)
        size = self.files.stat(part).size
        for field in ("repr-digest", "content-digest"):
            for name, given in digests.parse([exchange.asked.get(field, "")]).items():
                if name in _DIGESTS:
                    found = await self.digest(part, _DIGESTS[name], size)
                    if bytes.fromhex(found) != given:
                        raise Refusal(400, f"{field} does not match what came")

    def after_put(self, exchange: Exchange, path: str) -> list[tuple[str, str]]:
        """The time of last change, from those who tell it (ownCloud's X-OC-Mtime)."""
        when = exchange.asked.get("x-oc-mtime", "")
        if not re.fullmatch(r"\d{1,12}(\.\d{1,9})?", when):
            return []
        self.files.set_modified(path, float(when))
        return [("X-OC-Mtime", "accepted")]

    def _drop(self, part: str) -> None:
        try:
            self.files.remove(part)
        except OSError:
            pass  # it was never made

    async def delete(self, exchange: Exchange) -> None:
        """DELETE of a file, or of an empty folder."""
        status = self.status(exchange.path)
        self.must_hold(exchange, status)
        if status.is_folder:
            self.files.remove_folder(exchange.path)
        else:
            self.files.remove(exchange.path)
        await exchange.reply(204)


def check_host(exchange: Exchange, hosts: tuple[str, ...] | None) -> None:
    """Refuse to be somebody else.

    Raises:
        Refusal: it was called by a name that is none of *hosts*.
    """
    name = re.sub(r":\d*$", "", exchange.asked.get("host", "")).lower()
    if hosts is not None and name not in hosts:
        raise Refusal(421, "this is not the server of that name")


def check_path(exchange: Exchange) -> None:
    """Refuse names that would mean something else to a file system.

    Raises:
        Refusal: it holds a NUL, or a "/" that was hidden in it.
    """
    if "\0" in exchange.path:
        raise Refusal(400, "a NUL is in no name")
    if "%2f" in exchange.raw.lower():
        raise Refusal(404, "a slash is in no name")
    if exchange.path == "*" and exchange.method != "OPTIONS":
        raise Refusal(400, "what is asked for?")
    if exchange.path != "*" and not exchange.path.startswith("/"):
        raise Refusal(400, "a path begins with /")


def kind_of(path: str) -> tuple[str, str | None]:
    """The media type of a name, and the coding that its end tells."""
    kind, coding = mimetypes.guess_type(f"x{posixpath.splitext(path)[1]}")
    if path.lower().endswith(".gz"):
        kind, coding = mimetypes.guess_type(posixpath.basename(path)[:-3])[0], "gzip"
    return kind or "application/octet-stream", coding
