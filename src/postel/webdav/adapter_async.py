# A conversation (its twin adapter_sync.py is generated): the common verbs in WebDAV's terms.
"""The adapter: files and folders by WebDAV.

What is dangerous in WebDAV is made safe here: DELETE of a folder takes all that is in it, and MOVE
onto a folder removes that first. So a folder is only removed when it is empty, and a name is only
replaced when what stands there is a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import AlreadyExists, Changed, Conflict, NotFound, NotSupported
from ..http import kept
from ..http.adapter_async import AsyncAdapter as AsyncWebAdapter
from ..http.at_once_async import AsyncAtOnce
from ..http.dates import written
from ..http.reading_async import PLAIN
from ..session.results_async import AsyncResults
from ..transport import disk_async as disk
from ..transport.clock_async import today
from ..types import Entry, Features, Kind, Outcome, Progress
from .listing_async import AsyncListing, AsyncResources
from .properties import LISTED, described
from .wire import propfind

if TYPE_CHECKING:
    from ..http.types import Response
    from .client_async import AsyncClient

__all__ = ["AsyncAdapter"]

_SUMS = {"sha1": "SHA-1", "sha256": "SHA-256", "md5": "MD5"}


class AsyncAdapter(AsyncWebAdapter):
    """The verbs of files over WebDAV.

    Args:
        site: the client.
    """

    site: AsyncClient

    def __init__(self, site: AsyncClient) -> None:
        super().__init__(site)
        self.site = site

    @property
    def features(self) -> Features:
        """What this server can do, as far as it has shown."""
        return Features(resume_write=False, copy=True, validators=True, digests=self.site.digests,
                        set_modified=True in (self.site.sets_time, self.site.takes_time))

    # -- looking ---------------------------------------------------------------------------

    def list(self, path: str = "") -> AsyncResults[Entry]:
        """The entries of a folder, as they come."""
        return AsyncListing(self, path)

    async def stat(self, path: str) -> Entry:
        """What *path* is; where PROPFIND tells no ETag (nginx), HEAD is asked for it."""
        entry = await self._look(path)
        if entry.is_file and entry.validator is None and "etag" not in entry.facts:
            told = await self.site.web.head(self.site.place(path), headers=PLAIN)
            self.site.heard(told)
            if told.ok and kept.length(told.headers) in (entry.size, None):
                entry = replace(entry, validator=kept.validator(told.headers, now=today()))
        return self.remember(path, entry)

    def stat_many(self, paths: Iterable[str]) -> AsyncResults[Outcome[Entry]]:
        """`stat` of many, several at once, without what only a download needs."""
        return AsyncAtOnce(((path, partial(self._look, path)) for path in paths), self.site)

    async def _look(self, path: str) -> Entry:
        name = path.rstrip("/").rpartition("/")[2]
        asked = AsyncResources(self.site, path, propfind(LISTED), "0")
        found = [one async for one in asked]
        if not found or (found[0].status or 0) >= 400:
            raise NotFound(f"stat {path}: there is nothing of that name", command=asked.what,
                           code=404)
        entry = described(name, found[0], now=today(), slashed=found[0].href.endswith("/"))
        for fact in entry.facts:
            if (known := _SUMS.get(fact)) and known not in self.site.digests:
                self.site.digests = (*self.site.digests, known)
        return self.remember(path, entry)

    async def _kind(self, path: str) -> Entry:
        """What *path* is, as it was seen, else as it is."""
        found = self.known.get(path)
        return found if found is not None else await self.stat(path)

    async def digest(self, path: str, algorithm: str | None = None) -> tuple[str, str]:
        """The digest that the server keeps (Nextcloud and ownCloud do, as it was uploaded)."""
        entry = await self.stat(path)
        for fact, name in sorted(_SUMS.items(), key=lambda item: item[1] == "MD5"):
            if fact in entry.facts and algorithm in (None, name):
                return name, entry.facts[fact]
        return await super().digest(path, algorithm)

    # -- changing --------------------------------------------------------------------------

    async def put(
        self,
        path: str,
        content: Any,
        *,
        expect: bool = False,
        uploaded: Callable[[Progress], object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """PUT *content* at *path*; see `postel.http.adapter_async`."""
        fields = {**self.condition(path), **(headers or {})}
        self.forget(path)
        answer = await self.site.ask("PUT", path, content=content, headers=fields,
                                     expect=expect, uploaded=uploaded)
        entry = Entry(path.rpartition("/")[2], Kind.FILE)
        if asked := fields.get("X-OC-Mtime"):
            entry = await self._timed(path, entry, int(asked), answer)
        self.remember(path, entry)
        return answer

    async def _timed(self, path: str, entry: Entry, asked: int, answer: Response) -> Entry:
        """*entry* with the time that came with it, if the server took it; once it is looked at."""
        if answer.headers.get("x-oc-mtime", "").strip().lower() != "accepted":
            self.site.takes_time = False
            return entry
        when = datetime.fromtimestamp(asked, UTC)
        if self.site.takes_time is None:
            self.site.takes_time = (await self.stat(path)).modified == when
        return replace(entry, modified=when) if self.site.takes_time else entry

    async def upload_fields(self, modified: datetime | None, content: Any) -> dict[str, str]:
        """What goes with a PUT: the file's time, and its checksum where the server keeps those."""
        fields = {}
        if modified is not None and self.site.takes_time is not False:
            fields["X-OC-Mtime"] = str(int(modified.timestamp()))
        if "SHA-1" in self.site.digests:
            fields["OC-Checksum"] = "SHA1:" + await _sha1(content)
        return fields

    async def make(self, path: str) -> None:
        """Make a folder."""
        await self.site.mkcol(path)

    async def remove(self, path: str, *, folder: bool = False) -> None:
        """Remove a file, or an empty folder."""
        entry = await self._kind(path)
        if entry.is_folder is not folder:
            raise Conflict(f"remove {path}: it is a {entry.kind.value}",
                           hint="rmtree() removes a folder" if entry.is_folder else "")
        if folder:
            async with self.list(path) as entries:
                async for inside in entries:
                    raise Conflict(f"remove folder {path}: {inside.name!a} is in it",
                                   hint="rmtree() removes all of it")
        fields = {} if folder else self.condition(path)
        self.forget(path)
        await self.site.ask("DELETE", path, folder=folder, headers=fields)

    async def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name; a file that has it is replaced."""
        entry = await self._kind(old)
        await self._put_there(self.site.move, old, new, entry)
        self.forget(old, new)
        if entry.is_file:
            self.remember(new, replace(entry, name=new.rpartition("/")[2], validator=None))

    async def copy(self, source: str, target: str) -> None:
        """Copy a file, or a folder with all in it, on the server."""
        await self._put_there(self.site.copy, source, target, await self._kind(source))

    async def _put_there(self, word: Callable[..., Any], old: str, new: str, entry: Entry) -> None:
        """MOVE or COPY; what stands at *new* is replaced only if it is a file, as it was seen."""
        there = self.known.get(new)
        if there is None:
            try:
                await word(old, new, folder=entry.is_folder)
                return
            except AlreadyExists:
                there = await self.stat(new)
        if there.is_folder or entry.is_folder:
            raise AlreadyExists(f"rename {old}: {new} is a {there.kind.value}",
                                hint="remove it first, or choose another name")
        await self._still(new, there)
        guard = self._if_same(new, there)
        try:
            await word(old, new, overwrite=True, headers=guard)
        except Changed:
            if not guard or (await self._look(new)).validator != there.validator:
                raise
            await word(old, new, overwrite=True)  # Go's servers know no ETags in If

    async def _still(self, path: str, seen: Entry) -> None:
        """A server without ETags (nginx) asks no conditions either: look once more, and compare."""
        if seen.size is None or "etag" in seen.facts:
            return
        now = await self._look(path)
        if (now.size, now.modified) != (seen.size, seen.modified):
            raise Changed(f"replace {path}: it is not what it was when you looked at it",
                          hint="somebody changed it meanwhile: look again before you overwrite it")

    def _if_same(self, new: str, there: Entry) -> dict[str, str]:
        """That *new* must still be what was seen (RFC 4918 section 10.4.2)."""
        if there.validator is None or self.site.held:
            return {}
        return {"If": f"<{self.site.place(new)}> ([{there.validator}])"}

    async def set(
        self, path: str, *, modified: datetime | None = None, mode: int | None = None
    ) -> None:
        """Set the time of a file, where the server lets it be set, and see that it has it.

        Servers that take X-OC-Mtime with an upload may have it already; Nextcloud and ownCloud
        take ``lastmodified``, few others ``getlastmodified``.
        """
        if mode is not None:
            raise NotSupported(f"set mode of {path}: WebDAV has no permissions")
        if modified is None:
            return
        when = (modified if modified.tzinfo else modified.replace(tzinfo=UTC)).replace(
            microsecond=0)
        known = self.known.get(path)
        if known is not None and known.modified == when:
            return
        if self.site.sets_time is False:
            raise self._no_time(path)
        for name, value in (("lastmodified", str(int(when.timestamp()))),
                            ("getlastmodified", written(when))):
            try:
                await self.site.proppatch(path, {name: value})
            except (NotSupported, Conflict):
                continue
            if (await self.stat(path)).modified == when:
                self.site.sets_time = True
                return
        self.site.sets_time = False
        raise self._no_time(path)

    def _no_time(self, path: str) -> NotSupported:
        return NotSupported(f"set time of {path}: this server keeps the time of the upload",
                            hint="compare by ETag or digest, not by time")

    # -- many ------------------------------------------------------------------------------

    def rename_many(self, pairs: Iterable[tuple[str, str]]) -> AsyncResults[Outcome[None]]:
        """`rename` of many, several at once."""
        return AsyncAtOnce(((old, partial(self.rename, old, new)) for old, new in pairs),
                           self.site)

    def set_many(
        self, items: Iterable[tuple[str, datetime]]
    ) -> AsyncResults[Outcome[None]]:
        """Set the times of many, several at once."""
        return AsyncAtOnce(((path, partial(self.set, path, modified=when))
                            for path, when in items), self.site)



async def _sha1(content: Any) -> str:
    """The SHA-1 of what is about to be sent, which stays where it stands."""
    if isinstance(content, bytes):
        return hashlib.sha1(content, usedforsecurity=False).hexdigest()
    start = content.tell()
    try:
        return await disk.call(_sha1_from, content)
    finally:
        content.seek(start)


def _sha1_from(file: BinaryIO) -> str:
    hasher = hashlib.sha1(usedforsecurity=False)
    while data := file.read(1 << 20):
        hasher.update(data)
    return hasher.hexdigest()
