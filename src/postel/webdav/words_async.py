# A conversation (its twin words_sync.py is generated): the words of WebDAV.
"""WebDAV's own methods, one request each (RFC 4918 section 9; RFC 4331)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from ..errors import AlreadyExists, Changed, NotSupported, ProtocolError, ReplyError
from ..http.site_async import AsyncSite
from ..http.types import Response
from ..urls import URL
from .headers import if_header, lock_token
from .listing_async import AsyncResources
from .locks_async import AsyncHeld
from .properties import QUOTA, quota
from .refusals import checked, failed_properties
from .types import Element, Lock, Quota, Resource
from .wire import MultistatusReader, propfind, proppatch, read_locks

__all__ = ["AsyncWords"]

_XML = {"Content-Type": "application/xml; charset=utf-8"}
_LARGEST = 16 << 20


class AsyncWords(AsyncSite):
    """The base of the client: one method for each of WebDAV's."""

    held: list[AsyncHeld]

    async def ask(
        self,
        method: str,
        path: str,
        *,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
        folder: bool = False,
        others: Sequence[str] = (),
        **options: Any,
    ) -> Response:
        """One request about *path*, with the tokens of the locks that it touches.

        Args:
            method: of WebDAV or HTTP.
            path: what it is about.
            content: its body.
            headers: further fields.
            folder: whether the URL ends in a slash.
            others: further paths it changes: where something is moved to.
            options: as for `postel.http.Client.stream`.

        Raises:
            ReplyError: the server says no.
        """
        fields = {**(headers or {})}
        if (tokens := await self._tokens(path, *others)) and "If" not in fields:
            fields["If"] = tokens
        answer = await self.web.request(method, self.place(path, folder=folder), content=content,
                                        headers=fields, largest=_LARGEST, **options)
        self.heard(answer)
        return checked(answer, method, path)

    async def _tokens(self, *paths: str) -> str:
        """The If header for the locks held on *paths*, above or below them; "" for none."""
        if not self.held:
            return ""
        touched = []
        for held in list(self.held):
            place = self.place(held.path)
            if held.token and any(_touches(place, self.place(path)) for path in paths):
                if held.is_due:
                    await held.refresh()
                touched.append((str(place), held.token))
        return if_header(touched)

    # -- properties ------------------------------------------------------------------------

    async def propfind(
        self, path: str = "", names: Sequence[str] | None = None, *, depth: int | None = 0
    ) -> list[Resource]:
        """What the server tells of *path*.

        Args:
            path: a file or a folder.
            names: of the properties; those without a namespace are WebDAV's. None asks for all.
            depth: 0 for itself, 1 with what is in it, None for all below it.

        Raises:
            NotFound: there is nothing of that name.
            Forbidden: the server does not list a whole tree (depth None).

        Example:
            >>> from postel import webdav
            >>> async with webdav.AsyncClient("webdav://dav.example.org/") as site:
            ...     [one] = await site.propfind("hello.txt", ["getcontentlength"])
            ...     one.text("{DAV:}getcontentlength")
            '19'
        """
        far = "infinity" if depth is None else str(depth)
        return [one async for one in AsyncResources(self, path, propfind(names), far)]

    async def proppatch(
        self,
        path: str,
        set: Mapping[str, str | Element] | None = None,
        remove: Iterable[str] = (),
    ) -> Resource:
        """Change properties of *path*, all or none.

        Args:
            path: a file or a folder.
            set: values by name.
            remove: names.

        Raises:
            NotSupported: one of them is the server's own.
        """
        what = f"PROPPATCH {path}"
        answer = await self.ask("PROPPATCH", path, content=proppatch(set, remove), headers=_XML)
        reader = MultistatusReader(what)
        found = reader.feed(answer.content) if answer.status == 207 else []
        if answer.status == 207:
            reader.finish()
        resource = found[0] if found else Resource(self.place(path).path)
        if (problem := failed_properties(resource, what)) is not None:
            raise problem
        return resource

    async def quota(self, path: str = "") -> Quota:
        """How much room there is for what is in *path* (RFC 4331).

        Raises:
            NotSupported: the server does not tell.
        """
        [first, *_] = await self.propfind(path, QUOTA) or [Resource("")]
        found = quota(first)
        if found.available is None and found.used is None:
            raise NotSupported(f"quota of {path or '/'}: the server does not tell",
                               hint="not every folder has one; ask for the top")
        return found

    # -- files and folders -----------------------------------------------------------------

    async def get(self, path: str, *, largest: int | None = None) -> bytes:
        """The content of a file; `download` is for large ones.

        Args:
            path: the file.
            largest: bytes that it may have.
        """
        async with self.files.read(path) as reading:
            if largest is not None and (reading.expected or 0) > largest:
                raise NotSupported(f"GET {path}: it has {reading.expected:,} bytes",
                                   hint="download() writes it to a file")
            return b"".join([chunk async for chunk in reading])

    async def put(
        self,
        path: str,
        content: bytes | BinaryIO,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str | None:
        """Store *content* at *path*.

        Args:
            path: the file.
            content: bytes, or an open binary file.
            if_match: only if it still has this ETag.
            if_none_match: ``"*"``: only if there is nothing of that name.
            headers: further fields.

        Returns:
            Its ETag now, where the server tells it.

        Raises:
            Changed: the condition does not hold.
            NotFound: the folder above it is missing.
            NoSpace: the disk or the quota is full.
        """
        fields = {**(headers or {})}
        if if_match is not None:
            fields["If-Match"] = if_match
        if if_none_match is not None:
            fields["If-None-Match"] = if_none_match
        self.files.forget(path)
        answer = await self.ask("PUT", path, content=content, headers=fields)
        return answer.headers.get("etag")

    async def mkcol(self, path: str) -> None:
        """Make a folder.

        Raises:
            AlreadyExists: there is something of that name.
            NotFound: the folder above it is missing.
        """
        try:
            await self.ask("MKCOL", path, folder=True)
        except ReplyError as error:
            if error.code != 400:  # Apache's word for a file of that name
                raise
            found = await self.files.stat(path)
            raise AlreadyExists(f"MKCOL {path}: there is a {found.kind.value} of that name",
                                code=error.code, command=error.command) from None

    async def delete(self, path: str, *, if_match: str | None = None) -> None:
        """Remove a file, or a folder with **everything** in it; `remove` is the careful one.

        Args:
            path: what is to go.
            if_match: only if it still has this ETag.
        """
        fields = {} if if_match is None else {"If-Match": if_match}
        self.files.forget(path)
        await self.ask("DELETE", path, headers=fields)

    async def move(
        self,
        source: str,
        target: str,
        *,
        overwrite: bool = False,
        headers: Mapping[str, str] | None = None,
        folder: bool = False,
    ) -> None:
        """Move a file or a folder.

        Args:
            source: what is moved.
            target: its new path.
            overwrite: whether what is there is removed first, a folder with all in it.
            headers: further fields.
            folder: whether it is one.

        Raises:
            AlreadyExists: *target* is there, and *overwrite* is false.
        """
        await self._there("MOVE", source, target, overwrite, headers, folder)
        self.files.forget(source, target)

    async def copy(
        self,
        source: str,
        target: str,
        *,
        overwrite: bool = False,
        headers: Mapping[str, str] | None = None,
        folder: bool = False,
    ) -> None:
        """Copy a file, or a folder with everything in it, on the server; arguments as of `move`."""
        await self._there("COPY", source, target, overwrite, headers, folder)
        self.files.forget(target)

    async def _there(
        self, method: str, source: str, target: str, overwrite: bool,
        headers: Mapping[str, str] | None, folder: bool,
    ) -> None:
        fields = {"Destination": str(self.place(target, folder=folder)),
                  "Overwrite": "T" if overwrite else "F", **(headers or {})}
        if method == "COPY" and folder:
            fields["Depth"] = "infinity"
        try:
            await self.ask(method, source, headers=fields, folder=folder, others=(target,))
        except Changed as error:
            if overwrite:
                raise
            raise AlreadyExists(f"{method} {source}: {target} is there already", code=412,
                                command=error.command,
                                hint="overwrite=True replaces it") from None

    # -- locks -----------------------------------------------------------------------------

    def lock(
        self,
        path: str,
        *,
        wait: float | None = 600.0,
        owner: str = "",
        shared: bool = False,
        deep: bool = False,
    ) -> AsyncHeld:
        """A lock on *path*: a with block.

        Args:
            path: a file or a folder; a name that is not there is made, empty.
            wait: seconds until the lock ends by itself if it is not refreshed; None: never.
            owner: who asks, for people who meet the lock.
            shared: whether others may hold one too.
            deep: whether it covers everything below a folder.

        Raises:
            Conflict: somebody else has it locked; on entering.

        Example:
            >>> from postel import webdav
            >>> async with webdav.AsyncClient("webdav://dav.example.org/more/", user="alice",
            ...                               password="secret") as site:
            ...     async with site.lock("plan.txt", owner="ann") as held:
            ...         _ = await site.put("plan.txt", b"mine")
            ...         held.token.startswith("urn:uuid:")
            True
        """
        return AsyncHeld(self, path, wait=wait, owner=owner, shared=shared, deep=deep)

    async def unlock(self, path: str, token: str) -> None:
        """Give a lock back.

        Args:
            path: that it was taken on.
            token: its token.
        """
        await self.ask("UNLOCK", path, headers={"Lock-Token": lock_token(token)})

    async def locks(self, path: str) -> list[Lock]:
        """The locks on *path*, others' too."""
        found = await self.propfind(path, ["lockdiscovery"])
        if not found:
            raise ProtocolError(f"PROPFIND {path}: the server answers about nothing")
        discovery = found[0].found.get("{DAV:}lockdiscovery")
        return [] if discovery is None else read_locks(discovery)


def _touches(one: URL, other: URL) -> bool:
    """Whether one is the other, or contains it."""
    a, b = one.path.rstrip("/") + "/", other.path.rstrip("/") + "/"
    return a.startswith(b) or b.startswith(a)
