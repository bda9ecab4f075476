# GENERATED from adapter_async.py by tools/unasync.py: edit that file, not this one.
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
from ..http.adapter_sync import Adapter as WebAdapter
from ..http.at_once_sync import AtOnce
from ..http.dates import written
from ..http.reading_sync import PLAIN
from ..session.results_sync import Results
from ..transport import disk_sync as disk
from ..transport.clock_sync import today
from ..types import Entry, Features, Kind, Outcome, Progress
from .listing_sync import Listing, Resources
from .properties import LISTED, described
from .wire import propfind

if TYPE_CHECKING:
    from ..http.types import Response
    from .client_sync import Client

__all__ = ["Adapter"]

_SUMS = {"sha1": "SHA-1", "sha256": "SHA-256", "md5": "MD5"}


class Adapter(WebAdapter):
    """The verbs of files over WebDAV.

    Args:
        site: the client.
    """

    site: Client

    def __init__(self, site: Client) -> None:
        super().__init__(site)
        self.site = site

    @property
    def features(self) -> Features:
        """What this server can do, as far as it has shown."""
        return Features(resume_write=False, copy=True, validators=True, digests=self.site.digests,
                        set_modified=True in (self.site.sets_time, self.site.takes_time))

    # -- looking ---------------------------------------------------------------------------

    def list(self, path: str = "") -> Results[Entry]:
        """The entries of a folder, as they come."""
        return Listing(self, path)

    def stat(self, path: str) -> Entry:
        """What *path* is; where PROPFIND tells no ETag (nginx), HEAD is asked for it."""
        entry = self._look(path)
        if entry.is_file and entry.validator is None and "etag" not in entry.facts:
            told = self.site.web.head(self.site.place(path), headers=PLAIN)
            self.site.heard(told)
            if told.ok and kept.length(told.headers) in (entry.size, None):
                entry = replace(entry, validator=kept.validator(told.headers, now=today()))
        return self.remember(path, entry)

    def stat_many(self, paths: Iterable[str]) -> Results[Outcome[Entry]]:
        """`stat` of many, several at once, without what only a download needs."""
        return AtOnce(((path, partial(self._look, path)) for path in paths), self.site)

    def _look(self, path: str) -> Entry:
        name = path.rstrip("/").rpartition("/")[2]
        asked = Resources(self.site, path, propfind(LISTED), "0")
        found = [one for one in asked]
        if not found or (found[0].status or 0) >= 400:
            raise NotFound(f"stat {path}: there is nothing of that name", command=asked.what,
                           code=404)
        entry = described(name, found[0], now=today(), slashed=found[0].href.endswith("/"))
        for fact in entry.facts:
            if (known := _SUMS.get(fact)) and known not in self.site.digests:
                self.site.digests = (*self.site.digests, known)
        return self.remember(path, entry)

    def _kind(self, path: str) -> Entry:
        """What *path* is, as it was seen, else as it is."""
        found = self.known.get(path)
        return found if found is not None else self.stat(path)

    def digest(self, path: str, algorithm: str | None = None) -> tuple[str, str]:
        """The digest that the server keeps (Nextcloud and ownCloud do, as it was uploaded)."""
        entry = self.stat(path)
        for fact, name in sorted(_SUMS.items(), key=lambda item: item[1] == "MD5"):
            if fact in entry.facts and algorithm in (None, name):
                return name, entry.facts[fact]
        return super().digest(path, algorithm)

    # -- changing --------------------------------------------------------------------------

    def put(
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
        answer = self.site.ask("PUT", path, content=content, headers=fields,
                                     expect=expect, uploaded=uploaded)
        entry = Entry(path.rpartition("/")[2], Kind.FILE)
        if asked := fields.get("X-OC-Mtime"):
            entry = self._timed(path, entry, int(asked), answer)
        self.remember(path, entry)
        return answer

    def _timed(self, path: str, entry: Entry, asked: int, answer: Response) -> Entry:
        """*entry* with the time that came with it, if the server took it; once it is looked at."""
        if answer.headers.get("x-oc-mtime", "").strip().lower() != "accepted":
            self.site.takes_time = False
            return entry
        when = datetime.fromtimestamp(asked, UTC)
        if self.site.takes_time is None:
            self.site.takes_time = (self.stat(path)).modified == when
        return replace(entry, modified=when) if self.site.takes_time else entry

    def upload_fields(self, modified: datetime | None, content: Any) -> dict[str, str]:
        """What goes with a PUT: the file's time, and its checksum where the server keeps those."""
        fields = {}
        if modified is not None and self.site.takes_time is not False:
            fields["X-OC-Mtime"] = str(int(modified.timestamp()))
        if "SHA-1" in self.site.digests:
            fields["OC-Checksum"] = "SHA1:" + _sha1(content)
        return fields

    def make(self, path: str) -> None:
        """Make a folder."""
        self.site.mkcol(path)

    def remove(self, path: str, *, folder: bool = False) -> None:
        """Remove a file, or an empty folder."""
        entry = self._kind(path)
        if entry.is_folder is not folder:
            raise Conflict(f"remove {path}: it is a {entry.kind.value}",
                           hint="rmtree() removes a folder" if entry.is_folder else "")
        if folder:
            with self.list(path) as entries:
                for inside in entries:
                    raise Conflict(f"remove folder {path}: {inside.name!a} is in it",
                                   hint="rmtree() removes all of it")
        fields = {} if folder else self.condition(path)
        self.forget(path)
        self.site.ask("DELETE", path, folder=folder, headers=fields)

    def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name; a file that has it is replaced."""
        entry = self._kind(old)
        self._put_there(self.site.move, old, new, entry)
        self.forget(old, new)
        if entry.is_file:
            self.remember(new, replace(entry, name=new.rpartition("/")[2], validator=None))

    def copy(self, source: str, target: str) -> None:
        """Copy a file, or a folder with all in it, on the server."""
        self._put_there(self.site.copy, source, target, self._kind(source))

    def _put_there(self, word: Callable[..., Any], old: str, new: str, entry: Entry) -> None:
        """MOVE or COPY; what stands at *new* is replaced only if it is a file, as it was seen."""
        there = self.known.get(new)
        if there is None:
            try:
                word(old, new, folder=entry.is_folder)
                return
            except AlreadyExists:
                there = self.stat(new)
        if there.is_folder or entry.is_folder:
            raise AlreadyExists(f"rename {old}: {new} is a {there.kind.value}",
                                hint="remove it first, or choose another name")
        self._still(new, there)
        guard = self._if_same(new, there)
        try:
            word(old, new, overwrite=True, headers=guard)
        except Changed:
            if not guard or (self._look(new)).validator != there.validator:
                raise
            word(old, new, overwrite=True)  # Go's servers know no ETags in If

    def _still(self, path: str, seen: Entry) -> None:
        """A server without ETags (nginx) asks no conditions either: look once more, and compare."""
        if seen.size is None or "etag" in seen.facts:
            return
        now = self._look(path)
        if (now.size, now.modified) != (seen.size, seen.modified):
            raise Changed(f"replace {path}: it is not what it was when you looked at it",
                          hint="somebody changed it meanwhile: look again before you overwrite it")

    def _if_same(self, new: str, there: Entry) -> dict[str, str]:
        """That *new* must still be what was seen (RFC 4918 section 10.4.2)."""
        if there.validator is None or self.site.held:
            return {}
        return {"If": f"<{self.site.place(new)}> ([{there.validator}])"}

    def set(
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
                self.site.proppatch(path, {name: value})
            except (NotSupported, Conflict):
                continue
            if (self.stat(path)).modified == when:
                self.site.sets_time = True
                return
        self.site.sets_time = False
        raise self._no_time(path)

    def _no_time(self, path: str) -> NotSupported:
        return NotSupported(f"set time of {path}: this server keeps the time of the upload",
                            hint="compare by ETag or digest, not by time")

    # -- many ------------------------------------------------------------------------------

    def rename_many(self, pairs: Iterable[tuple[str, str]]) -> Results[Outcome[None]]:
        """`rename` of many, several at once."""
        return AtOnce(((old, partial(self.rename, old, new)) for old, new in pairs),
                           self.site)

    def set_many(
        self, items: Iterable[tuple[str, datetime]]
    ) -> Results[Outcome[None]]:
        """Set the times of many, several at once."""
        return AtOnce(((path, partial(self.set, path, modified=when))
                            for path, when in items), self.site)



def _sha1(content: Any) -> str:
    """The SHA-1 of what is about to be sent, which stays where it stands."""
    if isinstance(content, bytes):
        return hashlib.sha1(content, usedforsecurity=False).hexdigest()
    start = content.tell()
    try:
        return disk.call(_sha1_from, content)
    finally:
        content.seek(start)


def _sha1_from(file: BinaryIO) -> str:
    hasher = hashlib.sha1(usedforsecurity=False)
    while data := file.read(1 << 20):
        hasher.update(data)
    return hasher.hexdigest()
