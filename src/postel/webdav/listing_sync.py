# GENERATED from listing_async.py by tools/unasync.py: edit that file, not this one.
"""A folder by PROPFIND, a piece at a time: however long it is, little of it is in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import NotFound, ProtocolError
from ..http.hrefs import Reference, reference
from ..http.responses_sync import StreamResponse
from ..session.results_sync import Results
from ..transport.clock_sync import today
from ..types import Entry
from ..urls import URL
from ..wire.names import joined
from ..wire.text import display
from .properties import LISTED, described
from .refusals import error_for
from .types import Resource
from .wire import MultistatusReader, propfind

if TYPE_CHECKING:
    from .adapter_sync import Adapter
    from .words_sync import Words

__all__ = ["Listing", "Resources"]


class Resources(Results[Resource]):
    """What a PROPFIND tells, resource by resource.

    Args:
        site: the client.
        path: what is asked about.
        body: of the request.
        depth: ``"0"``, ``"1"`` or ``"infinity"``.
        folder: whether its URL ends in a slash.
    """

    def __init__(
        self, site: Words, path: str, body: bytes, depth: str, *, folder: bool = False
    ) -> None:
        super().__init__()
        self.what = f"PROPFIND {display(path or '.')}"
        self.url: URL | None = None
        self._site, self._path, self._body, self._depth = site, path, body, depth
        self._folder = folder
        self._answer: StreamResponse | None = None
        self._flow: Iterator[bytes] | None = None
        self._reader = MultistatusReader(self.what)

    def _begin(self) -> Iterator[bytes]:
        site = self._site
        answer = site.web.stream(
            "PROPFIND", site.place(self._path, folder=self._folder), content=self._body,
            headers={"Depth": self._depth, "Content-Type": "application/xml; charset=utf-8"},
        ).open()
        self._answer, self.url = answer, answer.url
        site.heard(answer)
        if answer.status != 207:
            words = answer.read(largest=1 << 20) if answer.status >= 400 else None
            self._let_go()
            if words is None:
                raise ProtocolError(f"{self.what}: {answer.status} and no multistatus",
                                    hint="there may be no WebDAV at this address")
            raise error_for(self.what, "PROPFIND", answer.status, answer.reason, answer.headers,
                            words.content)
        return answer.iter_bytes()

    def _more(self) -> Sequence[Resource]:
        if self._flow is None:
            self._flow = self._begin()
        try:
            while True:
                try:
                    chunk = self._flow.__next__()
                except StopIteration:
                    self._reader.finish()
                    return ()
                if found := self._reader.feed(chunk):
                    return found
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        if self._answer is not None:
            self._answer.close()


class Listing(Results[Entry]):
    """The entries of a folder."""

    def __init__(self, files: Adapter, path: str) -> None:
        super().__init__()
        self._files, self._path = files, path
        self._resources = Resources(files.site, path, propfind(LISTED), "1", folder=True)
        self._base: URL | None = None
        self._strange: Resource | None = None
        self._count = 0

    def _more(self) -> Sequence[Entry]:
        while batch := self._resources._more():
            entries = [entry for one in batch if (entry := self._entry(one)) is not None]
            if entries:
                return entries
        if self._strange is not None and not self._count:
            raise ProtocolError(
                f"{self._resources.what}: the server answers about {self._strange.href[:200]!a}",
                hint="only what is in the folder that was asked for is listed")
        return ()

    def _entry(self, one: Resource) -> Entry | None:
        at = self._place(one)
        if at is None:
            self._strange = one
            return None
        self._count += 1
        if one.status is not None and one.status >= 400 and not one.found:
            return None
        entry = described(at.name, one, now=today(), slashed=at.folder)
        if at.name:
            return self._files.remember(joined(self._path, at.name), entry)
        if not entry.is_folder:
            raise NotFound(f"list {display(self._path)}: it is a file, and no folder",
                           command=self._resources.what)
        return None

    def _place(self, one: Resource) -> Reference | None:
        """Which entry it is; a server behind a proxy may know the folder by another path.

        It answers about the folder itself first: what it calls that is where its names are.
        """
        if self._base is None:
            asked = self._resources.url or self._files.site.place(self._path, folder=True)
            self._base = asked if asked.path.endswith("/") else asked.with_(path=asked.path + "/")
            if reference(self._base, one.href, strict=False) is None and _is_path(one.href):
                self._base = self._base.with_(path=one.href.rstrip("/") + "/")
        return reference(self._base, one.href, strict=False)

    def _let_go(self) -> None:
        self._resources._let_go()


def _is_path(href: str) -> bool:
    parts = href.split("/")
    return href.startswith("/") and not href.startswith("//") and href.endswith("/") and (
        ".." not in parts and "%" not in href and "?" not in href and "#" not in href)
