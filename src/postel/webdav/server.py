"""A WebDAV server over any served tree: classes 1 and 2 of RFC 4918, quota, ownCloud's times.

Service code; an ASGI application on that of `http.server_files`, which does GET, PUT and their
conditions. The grammar is the client's own (`wire`, `headers`, `elements`). Locks and dead
properties are in memory and end with the server.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Iterable
from urllib.parse import unquote

from ..errors import LimitReached, ProtocolError
from ..http.server import HTTPServer
from ..http.server_exchange import Exchange, Refusal
from ..http.server_files import PART, FilesApp
from ..serving.files import FileStatus, ServedFiles, join, split
from ..serving.server import Users
from . import headers, wire
from .elements import DAV
from .server_locks import Held, Locks
from .server_options import QUIRKS, DAVOptions
from .server_properties import Properties, href_of
from .server_trees import copy_tree, delete_tree, walk
from .types import Condition, Element, Resource

__all__ = ["QUIRKS", "DAVApp", "DAVOptions", "DAVServer", "Locked"]

LARGEST_BODY = 1 << 20
"""Bytes of XML in a request."""

PIECE = 64 * 1024
"""Bytes of a multistatus that are sent at once."""

_CHECKSUM = re.compile(r"\s*(SHA1|SHA256|MD5|SHA-256|SHA-1):([0-9A-Fa-f]{32,64})\s*", re.IGNORECASE)
_CHECKSUMS = {"SHA1": "SHA-1", "SHA256": "SHA-256", "MD5": "MD5"}
_XML = "application/xml; charset=utf-8"


class DAVServer(HTTPServer):
    """An HTTP server that is known as ``webdav`` to those who watch."""

    name = "webdav"


class DAVApp(FilesApp):
    """Files and folders by WebDAV.

    Args:
        files: what is served.
        users: who may log in.
        options: how to behave.
    """

    makes_folders = False
    writing = frozenset({"COPY", "DELETE", "LOCK", "MKCOL", "MOVE", "PROPPATCH", "PUT", "UNLOCK"})

    def __init__(self, files: ServedFiles, users: Users, options: DAVOptions) -> None:
        super().__init__(files, users, options)
        self.longest_lock = options.longest_lock
        self.locks = Locks(time.monotonic)
        self.properties = Properties(self, self.locks)
        self.methods |= {
            "COPY": self.copy, "LOCK": self.lock, "MKCOL": self.mkcol, "MOVE": self.copy,
            "PROPFIND": self.propfind, "PROPPATCH": self.proppatch, "UNLOCK": self.unlock}

    def serve(self, files: ServedFiles) -> None:
        """Serve another tree from now on, of which nothing is said yet."""
        super().serve(files)
        self.locks.forget("/")
        self.properties.forget("/")

    async def answer(self, exchange: Exchange) -> None:
        """Answer; what cannot be understood is a 400."""
        self.makes_folders = self.options.has("PUT makes folders")
        try:
            await super().answer(exchange)
        except ProtocolError as error:
            raise Refusal(400, str(error)) from None
        except LimitReached as error:
            raise Refusal(413, str(error)) from None

    @property
    def allowed(self) -> str:
        """The methods, for Allow."""
        found = super().allowed.split(", ")
        if self.options.has("no locks"):
            found = [name for name in found if name not in ("LOCK", "UNLOCK")]
        return ", ".join(found)

    async def tell(self, exchange: Exchange) -> None:
        """OPTIONS (RFC 4918 section 10.1)."""
        classes = "1" if self.options.has("no locks") else "1, 2"
        await exchange.reply(200, [("Allow", self.allowed), ("DAV", classes),
                                   ("MS-Author-Via", "DAV")])

    # -- conditions and locks --------------------------------------------------------------

    def before(self, exchange: Exchange) -> None:
        """Check the If header (RFC 4918 section 10.4)."""
        text = exchange.asked.get("if")
        if text is None:
            return
        def path(url: str) -> str | None:
            if not url:
                return key(exchange.path)
            try:
                return self._there(exchange, url)
            except ProtocolError:
                return None  # of another server: nothing is known of it

        if not headers.holds(
                headers.read_if(text), tag_of=lambda url: self._tag(path(url)),
                locked_by=lambda url: [held.lock.token for held in self.locks.on(path(url) or "")]):
            raise Refusal(412, "what If says does not hold")

    def _there(self, exchange: Exchange, url: str) -> str:
        """The path of a URL of this server."""
        host = exchange.asked.get("host", "")
        port = 443 if exchange.secure else 80
        hosts = [host, host if ":" in host.rpartition("]")[2] else f"{host}:{port}"]
        return key(unquote(headers.destination(url, hosts=hosts), errors="surrogateescape"))

    def _tag(self, path: str | None) -> str | None:
        there = None if path is None else self.current(path)
        return None if there is None or there.is_folder else self.etag(there)

    def _submitted(self, exchange: Exchange) -> set[str]:
        text = exchange.asked.get("if")
        found: list[Condition] = [] if text is None else headers.read_if(text)
        return headers.tokens(found)

    def must_be_free(
        self, exchange: Exchange, path: str, *, member: bool, tree: bool = False
    ) -> None:
        """Refuse a change that a lock forbids.

        Raises:
            Refusal: 423, naming what is locked.
        """
        refused = self.locks.refused(path, self._submitted(exchange), exchange.user,
                                     member=member, tree=tree)
        if refused:
            raise Locked("lock-token-submitted", refused)

    def must_hold(self, exchange: Exchange, there: FileStatus | None) -> None:
        """The conditions of a PUT, and locks."""
        super().must_hold(exchange, there)
        self.must_be_free(exchange, key(exchange.path), member=there is None)

    async def _refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        if isinstance(refusal, Locked) and not exchange.started:
            hrefs = tuple(Element(f"{DAV}href", href_of(path, folder=False))
                          for path in refusal.paths)
            body = wire.error_body(Element(f"{DAV}{refusal.condition}", children=hrefs))
            await exchange.reply(refusal.status, refusal.headers, body, _XML)
            return
        await super()._refuse(exchange, refusal)

    # -- properties ------------------------------------------------------------------------

    def href(self, exchange: Exchange, path: str, status: FileStatus) -> str:
        """A path as this server names it."""
        folder = status.is_folder and not self.options.has("folders without slash")
        start = exchange.origin if self.options.has("absolute hrefs") else ""
        return start + href_of(path, folder=folder)

    async def propfind(self, exchange: Exchange) -> None:
        """PROPFIND (section 9.1); without Depth it is infinite."""
        depth = headers.depth(exchange.asked.get("depth"), default=headers.DEEP)
        asked = wire.read_propfind(await exchange.body(LARGEST_BODY))
        path = key(exchange.path)
        status = self.status(path)
        if depth is headers.DEEP and self.options.has("no infinite depth"):
            raise Locked("propfind-finite-depth", [], 403)
        resources = (
            self.properties.resource(self.href(exchange, here, found), here, found, asked)
            for here, found in walk(self.files, path, status, depth)
            if not found.name.startswith(PART))
        await self.multistatus(exchange, resources)

    async def multistatus(self, exchange: Exchange, resources: Iterable[Resource]) -> None:
        """A 207, in pieces; others get their turn between them."""
        await exchange.start(207, [("Content-Type", _XML)])
        piece: list[bytes] = []
        size = 0
        for part in wire.multistatus(resources):
            piece.append(part)
            size += len(part)
            if size >= PIECE:
                await exchange.write(b"".join(piece))
                await asyncio.sleep(0)
                piece, size = [], 0
        await exchange.write(b"".join(piece), more=False)

    async def proppatch(self, exchange: Exchange) -> None:
        """PROPPATCH (section 9.2): all or nothing."""
        changes = wire.read_proppatch(await exchange.body(LARGEST_BODY))
        path = key(exchange.path)
        status = self.status(path)
        self.must_be_free(exchange, path, member=False)
        if not changes:
            raise Refusal(400, "it changes nothing")
        changed = self.properties.change(self.href(exchange, path, status), path, status, changes)
        await self.multistatus(exchange, [changed])

    # -- folders and files -----------------------------------------------------------------

    async def mkcol(self, exchange: Exchange) -> None:
        """MKCOL (section 9.3)."""
        if await exchange.body(LARGEST_BODY):
            raise Refusal(415, "a body means nothing here")
        path = key(exchange.path)
        if self.current(path) is not None:
            raise Refusal(405, "something is there already", [("Allow", self.allowed)])
        self.make_room(path)
        self.must_be_free(exchange, path, member=True)
        self.files.make_folder(path)
        await exchange.reply(201)

    def make_room(self, path: str) -> None:
        """The folder above must be there (409), as RFC 4918 section 9.7.1 has it."""
        super().make_room(path)
        above = self.current(path.rpartition("/")[0] or "/")
        if above is None or not above.is_folder:
            raise Refusal(409, "the folder above is not there")

    def current(self, path: str) -> FileStatus | None:
        """What is at *path* now; nothing below a file."""
        try:
            return super().current(path)
        except NotADirectoryError:
            return None

    async def take(self, exchange: Exchange, part: str) -> None:
        """The body into a file; ownCloud's checksum is checked."""
        await super().take(exchange, part)
        told = _CHECKSUM.fullmatch(exchange.asked.get("oc-checksum", ""))
        if told:
            name = _CHECKSUMS[told[1].upper().replace("-", "")]
            found = await self.digest(part, name, self.files.stat(part).size)
            if found != told[2].lower():
                raise Refusal(400, "OC-Checksum does not match what came")

    def after_put(self, exchange: Exchange, path: str) -> list[tuple[str, str]]:
        """The time of last change, unless a quirk forgets it."""
        return [] if self.options.has("no X-OC-Mtime") else super().after_put(exchange, path)

    def validators(self, status: FileStatus) -> list[tuple[str, str]]:
        """ETag and Last-Modified; and ownCloud's own name for the former."""
        found = super().validators(status)
        return found + [("OC-ETag", value) for name, value in found if name == "ETag"]

    async def delete(self, exchange: Exchange) -> None:
        """DELETE (section 9.6): a folder with all that is in it."""
        depth = headers.depth(exchange.asked.get("depth"), default=headers.DEEP)
        path = key(exchange.path)
        status = self.status(path)
        if status.is_folder and depth is not headers.DEEP:
            raise Refusal(400, "only whole trees are deleted")
        FilesApp.must_hold(self, exchange, status)
        self.must_be_free(exchange, path, member=True, tree=True)
        if path == "/":
            raise Refusal(403, "the root stays")
        await self._report(exchange, await self._delete(path, status), 204)

    async def _delete(self, path: str, status: FileStatus) -> dict[str, int]:
        failed = await asyncio.to_thread(delete_tree, self.files, path, status)
        if not failed:
            self.properties.forget(path)
            self.locks.forget(path)
        return failed

    async def _report(self, exchange: Exchange, failed: dict[str, int], status: int) -> None:
        """The status of the whole, or of each part that failed (section 13)."""
        if failed:
            await self.multistatus(exchange, [
                Resource(href_of(path, folder=False), code) for path, code in failed.items()])
        else:
            await exchange.reply(status)

    async def copy(self, exchange: Exchange) -> None:
        """COPY and MOVE (sections 9.8 and 9.9)."""
        move = exchange.method == "MOVE"
        depth = headers.depth(exchange.asked.get("depth"), default=headers.DEEP)
        source, target = key(exchange.path), self._target(exchange)
        status = self.status(source)
        if depth == 1 or (move and status.is_folder and depth is not headers.DEEP):
            raise Refusal(400, "not to that depth")
        if source in (target, "/") or f"{target}/".startswith(f"{source}/") or (
                f"{source}/".startswith(f"{target.rstrip('/')}/")):
            raise Refusal(403, "one is within the other")
        there = self.current(target)
        if there is not None and not headers.overwrite(exchange.asked.get("overwrite")):
            raise Refusal(412, "something is there already")
        self.make_room(target)
        if move:
            self.must_be_free(exchange, source, member=True, tree=True)
        self.must_be_free(exchange, target, member=there is None, tree=True)
        failed = {} if there is None else await self._delete_for(target, there)
        if not failed:
            failed = await self._copy(source, status, target, move=move, deep=depth is None)
        await self._report(exchange, failed, 201 if there is None else 204)

    async def _delete_for(self, path: str, there: FileStatus) -> dict[str, int]:
        """Make room at *path*; locks on it stay (section 7.6), what was said of it does not."""
        failed = await asyncio.to_thread(delete_tree, self.files, path, there)
        if not failed:
            self.properties.forget(path)
        return failed

    async def _copy(
        self, source: str, status: FileStatus, target: str, *, move: bool, deep: bool
    ) -> dict[str, int]:
        if move:
            self.files.rename(source, target)
            self.locks.forget(source)
        else:
            failed = await asyncio.to_thread(
                copy_tree, self.files, source, status, target, deep=deep)
            if failed:
                return failed
        self.properties.copy(source, target, move=move, deep=deep)
        return {}

    def _target(self, exchange: Exchange) -> str:
        """Where COPY and MOVE lead."""
        text = exchange.asked.get("destination")
        if not text or "destination" in exchange.twice:
            raise Refusal(400, "where to?")
        try:
            path = self._there(exchange, text)
        except ProtocolError as error:
            raise Refusal(502, str(error)) from None
        if "\0" in path or "%2f" in text.lower() or f"/{PART}" in path:
            raise Refusal(403, "no such name")
        return path

    # -- locks -----------------------------------------------------------------------------

    async def lock(self, exchange: Exchange) -> None:
        """LOCK (section 9.10): a new one, or an old one for longer."""
        self._must_lock()
        depth = headers.depth(exchange.asked.get("depth"), default=headers.DEEP)
        if depth == 1:
            raise Refusal(400, "not to that depth")
        wanted = wire.read_lockinfo(await exchange.body(LARGEST_BODY))
        seconds = min(wire.seconds(exchange.asked.get("timeout", "")) or self.longest_lock,
                      self.longest_lock)
        path = key(exchange.path)
        if wanted is None:
            await self._refresh(exchange, path, seconds)
            return
        deep = depth is headers.DEEP
        others = self.locks.in_the_way(path, shared=wanted.shared, deep=deep)
        if others:
            raise Locked("no-conflicting-lock", [held.lock.root for held in others])
        there = self.current(path)
        if there is None:  # section 7.3: a lock on nothing makes an empty file
            self.make_room(path)
            self.must_be_free(exchange, path, member=True)
        held = self.locks.take(path, shared=wanted.shared, deep=deep, owner=wanted.owner,
                               user=exchange.user, seconds=seconds)
        if held is None:
            raise Refusal(507, "too many locks")
        if there is None:
            with self.files.create(path, new=True):
                pass
        await self._tell_lock(exchange, held, 201 if there is None else 200)

    def _must_lock(self) -> None:
        if self.options.has("no locks"):
            raise Refusal(405, "there are no locks here", [("Allow", self.allowed)])

    async def _refresh(self, exchange: Exchange, path: str, seconds: float) -> None:
        for token in self._submitted(exchange):
            held = self.locks.find(token, path)
            if held is not None:
                await self._tell_lock(exchange, self.locks.refresh(token, seconds), 200, old=True)
                return
        raise Refusal(412, "which lock?")

    async def _tell_lock(
        self, exchange: Exchange, held: Held, status: int, *, old: bool = False
    ) -> None:
        body = wire.prop_body(Element(f"{DAV}lockdiscovery", children=(
            wire.lock_element(self.locks.told(held), held.owner),)))
        fields = [] if old else [("Lock-Token", headers.lock_token(held.lock.token))]
        await exchange.reply(status, fields, body, _XML)

    async def unlock(self, exchange: Exchange) -> None:
        """UNLOCK (section 9.11)."""
        self._must_lock()
        token = headers.unbracketed(exchange.asked.get("lock-token", ""))
        if not token:
            raise Refusal(400, "which lock?")
        held = self.locks.find(token, key(exchange.path))
        if held is None:
            raise Locked("lock-token-matches-request-uri", [], 409)
        if held.user not in ("", exchange.user):
            raise Refusal(403, "it is somebody else's")
        self.locks.release(token)
        await exchange.reply(204)


class Locked(Refusal):
    """A refusal that names a condition of RFC 4918 section 16.

    Args:
        condition: its name.
        paths: whom it is about.
        status: of the answer.
    """

    def __init__(self, condition: str, paths: Iterable[str], status: int = 423) -> None:
        super().__init__(status, condition)
        self.condition = condition
        self.paths = list(itertools.islice(paths, 100))


def key(path: str) -> str:
    """A path as locks and properties know it: without dots, and without "/" at its end."""
    return "/" if path == "*" else join(split(path))
