# GENERATED from adapter_async.py by tools/unasync.py: edit that file, not this one.
"""The adapter: files of a web server by the verbs that every file scheme answers.

Index pages are its listings, HEAD tells what a file is, GET reads it, PUT and DELETE change it
where the server lets you. The rest a plain web server has not; WebDAV adds it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import NotSupported, PostelError
from ..session.files_sync import Files, Reading, Sink
from ..session.results_sync import Results
from ..transport.clock_sync import Later, today
from ..transport.crew_sync import Channel, Crew
from ..types import Entry, Features, Kind, Outcome, Progress
from . import digests, kept, ranges
from .at_once_sync import AHEAD, AtOnce
from .heads_sync import Heads
from .index_sync import Pages
from .reading_sync import PLAIN, HTTPReading
from .responses_sync import StreamResponse
from .writing_sync import HTTPSink

if TYPE_CHECKING:
    from .site_sync import Site
    from .types import Response

__all__ = ["Adapter"]

K = TypeVar("K")

_REMEMBERED = 10_000
"""Entries whose validators are kept, so that what is changed is what was looked at."""

_NO = "a plain web server cannot; if it has WebDAV, use dav:// or davs://"


class Adapter(Files):
    """The verbs of files over HTTP.

    Args:
        site: the client.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.known: dict[str, Entry] = {}

    @property
    def features(self) -> Features:
        """What a plain web server can do: sizes of its pages are rounded, times to the minute."""
        return Features(exact_sizes=False, precision=60.0, resume_write=False, set_modified=False,
                        atomic_rename=False, validators=True, rename=False,
                        digests=self.site.digests)

    # -- what is known ---------------------------------------------------------------------

    def remember(self, path: str, entry: Entry) -> Entry:
        """Keep what was seen of *path*, for the conditions of later requests."""
        self.known.pop(path, None)
        self.known[path] = entry
        if len(self.known) > _REMEMBERED:
            with suppress(RuntimeError):  # another worker added one just now: it makes room, too
                self.known.pop(next(iter(self.known)), None)
        return entry

    def forget(self, *paths: str) -> None:
        """What was known of *paths* is no longer so."""
        for path in paths:
            self.known.pop(path, None)

    def validated(self, path: str) -> Entry | None:
        """What is known of a file with a validator; asked for where nothing is."""
        found = self.known.get(path)
        if found is None or found.validator is None:
            found = self.stat(path)
        return found

    def condition(self, path: str) -> dict[str, str]:
        """If-Match with the version of *path* that was looked at; nothing where none was."""
        found = self.known.get(path)
        if found is not None and found.validator is not None and found.validator.startswith('"'):
            return {"If-Match": found.validator}
        return {}

    # -- looking ---------------------------------------------------------------------------

    def list(self, path: str = "") -> Results[Entry]:
        """The entries of a folder, from its index page."""
        return Pages(self, path)

    def stat(self, path: str) -> Entry:
        """What *path* is: by HEAD, else by asking for its first byte."""
        name = path.rstrip("/").rpartition("/")[2]
        if name in ("", ".") and not self.site.is_exact(path):
            return Entry(name, Kind.FOLDER)
        answer = self.site.web.head(self.site.place(path), headers=PLAIN)
        return self.told(path, answer)

    def told(self, path: str, answer: Response) -> Entry:
        """What *path* is, by the answer to HEAD."""
        name = path.rstrip("/").rpartition("/")[2]
        self.site.heard(answer)
        folder = path.endswith("/") or self.is_folder(answer)
        if answer.status == 404 and not folder and self._is_slashed(path):
            return self.remember(path, Entry(name, Kind.FOLDER))
        if answer.status in (405, 501) or (
                answer.ok and not folder and not kept.packed(path, answer.headers)
                and kept.length(answer.headers) is None):
            return self.remember(path, self._probe(path, name))
        if not (folder and answer.history and answer.status == 403):
            answer.raise_for_status()
        entry = kept.file_entry(name, path, answer.headers, now=today(), folder=folder)
        return self.remember(path, self._placed(entry, answer))

    def _is_slashed(self, path: str) -> bool:
        """Whether there is a folder of that name: some servers do not lead to it (rclone)."""
        if self.site.is_exact(path) or self.site.is_bucket:
            return False
        return (self.site.web.head(self.site.place(path, folder=True), headers=PLAIN)).ok

    @staticmethod
    def is_folder(answer: Response | StreamResponse) -> bool:
        """Whether the server led from a name to the same with a slash: so it is a folder."""
        return any(one.url.path + "/" == two.url.path
                   for one, two in pairwise([*answer.history, answer]))

    @staticmethod
    def _placed(entry: Entry, answer: Response | StreamResponse) -> Entry:
        """Tell where it really is, if the server led elsewhere."""
        if not answer.history:
            return entry
        return replace(entry, facts={**entry.facts, "url": str(answer.url)})

    def _probe(self, path: str, name: str) -> Entry:
        """What a server that knows no HEAD says of a file: by a GET that is not read."""
        fields = {**PLAIN, "Range": ranges.of(0, 0)}
        with self.site.web.stream("GET", self.site.place(path), headers=fields) as answer:
            self.site.heard(answer)
            told = ranges.content_range(answer.headers.get("content-range", ""))
            if answer.status != 416 or told is None:
                answer.raise_for_status()
            size = told.size if told is not None and answer.status in (206, 416) else None
            headers = answer.headers.without("content-length") if answer.status != 200 \
                else answer.headers
            entry = kept.file_entry(name, path, headers, now=today(), size=size,
                                    folder=self.is_folder(answer))
            return self._placed(entry, answer)

    def digest(self, path: str, algorithm: str | None = None) -> tuple[str, str]:
        """The digest that the server tells (RFC 9530, RFC 3230, Content-MD5)."""
        answer = self.site.web.head(
            self.site.place(path), headers={**PLAIN, "Want-Repr-Digest": digests.WANTED,
                                            "Want-Digest": "sha-256"})
        self.site.heard(answer)
        answer.raise_for_status()
        found = digests.best(answer.headers.pairs)
        name = "" if found is None else kept.registered(found.name)
        if found is None or (algorithm and name != algorithm.upper()):
            raise NotSupported(f"digest of {path}: this server tells none",
                               hint="few web servers do; compare sizes, or read it again")
        return name, found.value.hex()

    # -- reading and writing ---------------------------------------------------------------

    def stat_many(self, paths: Iterable[str]) -> Results[Outcome[Entry]]:
        """`stat` of many, asked ahead of the answers."""
        return Heads(self, paths)

    def read(self, path: str, *, offset: int = 0) -> HTTPReading:
        """A file from *offset* on."""
        return HTTPReading(self, path, offset)

    def write(self, path: str, *, offset: int = 0) -> Sink:
        """A file to be written, whole; under If-Match where it was looked at before."""
        if offset:
            raise NotSupported(f"write {path} from byte {offset}: a PUT replaces all of a file",
                               hint="upload it whole")
        return HTTPSink(self, path)

    def upload_fields(self, modified: datetime | None, content: Any) -> dict[str, str]:
        """What goes with a PUT besides the file; a plain web server knows nothing more."""
        return {}

    def put(
        self,
        path: str,
        content: Any,
        *,
        expect: bool = False,
        uploaded: Callable[[Progress], object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """PUT *content* at *path*.

        Args:
            path: of the file.
            content: bytes, or an open file.
            expect: whether the server is asked before the body goes.
            uploaded: called as it goes.
            headers: further fields.
        """
        fields = {**self.condition(path), **(headers or {})}
        self.forget(path)
        answer = self.site.web.put(self.site.place(path), content=content, headers=fields,
                                         expect=expect, uploaded=uploaded)
        self.site.heard(answer)
        return self.site.accepted(answer, f"PUT {path}")

    def remove(self, path: str, *, folder: bool = False) -> None:
        """DELETE a file; folders are WebDAV's."""
        if folder:
            raise NotSupported(f"remove folder {path}: {_NO}")
        answer = self.site.web.delete(self.site.place(path), headers=self.condition(path))
        self.site.heard(answer)
        self.site.accepted(answer, f"DELETE {path}")
        self.forget(path)

    def make(self, path: str) -> None:
        """Not to be had."""
        raise NotSupported(f"make folder {path}: HTTP has no folders", hint=_NO)

    def rename(self, old: str, new: str) -> None:
        """Not to be had."""
        raise NotSupported(f"rename {old}: HTTP has no word for it", hint=_NO)

    def set(
        self, path: str, *, modified: datetime | None = None, mode: int | None = None
    ) -> None:
        """Not to be had."""
        raise NotSupported(f"set time or mode of {path}: HTTP has no word for it", hint=_NO)

    def copy(self, source: str, target: str) -> None:
        """Not to be had."""
        raise NotSupported(f"copy {source} on the server: HTTP has no word for it", hint=_NO)

    def remove_many(
        self, paths: Iterable[str], *, folders: bool = False
    ) -> Results[Outcome[None]]:
        """`remove` of many: files several at once, folders in their order."""
        calls = ((path, partial(self.remove, path, folder=folders)) for path in paths)
        return AtOnce(calls, self.site, ordered=folders)

    # -- many at once ----------------------------------------------------------------------

    def read_many(
        self, items: Iterable[tuple[K, str]], take: Callable[[K, Reading], Later[None]]
    ) -> None:
        """Read many files; the next ones are asked for, and small ones read, meanwhile.

        With the four workers of a tree that is sixteen at once, where the server takes so many.
        """
        site = self.site
        coming: Iterator[tuple[K, str]] = iter(items)
        window: deque[tuple[K, HTTPReading, Channel[None]]] = deque()
        jobs: Channel[tuple[HTTPReading, Channel[None]]] = Channel(AHEAD)
        try:
            with Crew() as crew:
                workers = 0
                while True:
                    for key, path in coming:
                        reading, ready = self.read(path), Channel[None](1)
                        window.append((key, reading, ready))
                        if workers < site.at_once:
                            crew.start(_ahead, jobs)
                            workers += 1
                        jobs.put((reading, ready))
                        if len(window) >= site.at_once:
                            break
                    if not window:
                        break
                    key, reading, ready = window.popleft()
                    try:
                        ready.get()
                        if reading.put_off:
                            site.at_once = 1
                        take(key, reading)
                    finally:
                        reading.close()
                jobs.close()
        finally:
            for _, reading, _ in window:
                reading.close()


def _ahead(jobs: Channel[tuple[HTTPReading, Channel[None]]]) -> None:
    """One worker: begins one reading after the other."""
    for reading, ready in jobs:
        try:
            reading.ahead()
        except PostelError:  # pragma: no cover - kept by the reading
            pass
        ready.put(None)
