# A conversation (its twin index_sync.py is generated): the listing of a folder of a web server.
"""A folder's index page, or the parts of S3's, as the entries of a listing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import LimitReached, NotFound, ProtocolError
from ..session.results_async import AsyncResults
from ..transport.clock_async import today
from ..types import Entry
from ..wire.names import joined
from .indexes import LARGEST, Index, index
from .types import Response

if TYPE_CHECKING:
    from .adapter_async import AsyncAdapter

__all__ = ["AsyncPages"]

_ACCEPT = "application/json, text/html;q=0.9, application/xml;q=0.8, */*;q=0.1"
"""Caddy lists in JSON for those who take it, with whole sizes and times."""

_MOST_PARTS = 10_000


class AsyncPages(AsyncResults[Entry]):
    """The entries of one folder."""

    def __init__(self, files: AsyncAdapter, path: str) -> None:
        super().__init__()
        self._files, self._path = files, path
        self._parts = 0
        self._next: str | None = ""

    async def _more(self) -> Sequence[Entry]:
        entries: Sequence[Entry] = ()
        while not entries and self._next is not None:
            self._parts += 1
            if self._parts > _MOST_PARTS:
                raise LimitReached(f"list {self._path}: over {_MOST_PARTS:,} parts")
            found = await self._bucket(self._next) if self._files.site.is_bucket else (
                await self._page())
            if self._next and found.more == self._next:
                raise ProtocolError(f"list {self._path}: the same part again and again")
            self._next = found.more or None
            entries = found.entries
        for entry in entries:
            self._files.remember(joined(self._path, entry.name), entry)
        return entries

    async def _page(self) -> Index:
        site = self._files.site
        url = site.place(self._path, folder=True)
        answer = await site.web.get(url, headers={"Accept": _ACCEPT}, largest=LARGEST)
        site.heard(answer)
        if answer.status in (403, 404) and "x-amz-request-id" in answer.headers:
            site.is_bucket = True  # S3 lists at the top alone
            return await self._bucket("")
        answer.raise_for_status()
        found = self._read(answer)
        if found.kind == "s3":
            site.is_bucket = True
            return await self._bucket("")
        return found

    async def _bucket(self, more: str) -> Index:
        """A part of a bucket's listing: what stands below the folder, cut at the next slash."""
        site = self._files.site
        prefix = site.below(self._path)
        params = {"list-type": "2", "delimiter": "/", "prefix": prefix,
                  "continuation-token": more or None}
        answer = await site.web.get(site.place("", folder=True), params=params, largest=LARGEST)
        site.heard(answer)
        answer.raise_for_status()
        found = self._read(answer, prefix)
        if prefix and not more and not found.entries and not found.more:
            raise NotFound(f"list {self._path}: the bucket has nothing below {prefix}")
        return found

    def _read(self, answer: Response, prefix: str = "") -> Index:
        url = answer.url
        base = url if url.path.endswith("/") else url.with_(path=url.path + "/")
        return index(base.with_(query=None, fragment=None),
                     answer.headers.get("content-type", ""), answer.content, now=today(),
                     prefix=prefix)
