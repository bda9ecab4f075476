# GENERATED from pieces_async.py by tools/unasync.py: edit that file, not this one.
"""A large file in segments, from one place or from several that have the same.

Each worker has a connection of its own and reads from some offset on, until it meets what another
has fetched. Whoever is done takes half of the largest part that is left, so a slow mirror ends up
with little. What has arrived is noted beside the partial file, and a run that was stopped goes on
with it, if the source still is what it was. At the end the whole is checked: by the digests of a
Metalink, piece by piece, and a piece that is wrong is fetched again, from another place.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import (
    ChecksumMismatch,
    Incomplete,
    NotSupported,
    PostelError,
    TransferError,
    UsageError,
)
from ..session.site_sync import FileSite
from ..transport import disk_sync as disk
from ..transport.crew_sync import Crew
from ..transport.digests import HASHES
from ..transport.target import Target, on_disk
from ..types import Entry, Progress
from ..urls import URL
from .metalink import Metalink
from .places import place_of
from .sites_sync import open_site

__all__ = ["SMALLEST", "get_pieces"]

SMALLEST = 4 << 20
"""Bytes of a segment: a shorter one is not worth a connection."""

_TRIES = 3
"""How often a place may fail before it is left alone."""

Tell = Callable[[Progress], object] | None


@dataclass
class _Part:
    """A run of bytes that one worker fetches: from *at* up to *end*."""

    at: int
    end: int
    taken: bool = False

    @property
    def left(self) -> int:
        """Bytes that are missing."""
        return self.end - self.at


@dataclass
class _Work:
    """What the workers share: who fetches which bytes."""

    target: Target
    size: int
    parts: list[_Part]
    tell: Tell
    name: str
    problems: list[PostelError] = field(default_factory=list)
    identity: dict[str, object] = field(default_factory=dict)
    since: int = 0

    def take(self) -> _Part | None:
        """A part that nobody has in hand, else half of the largest that somebody has."""
        free = [part for part in self.parts if not part.taken and part.left]
        if free:
            part = max(free, key=lambda one: one.left)
            part.taken = True
            return part
        busy = max(self.parts, key=lambda one: one.left, default=None)
        if busy is None or busy.left < 2 * SMALLEST:
            return None
        middle = busy.at + busy.left // 2
        half = _Part(middle, busy.end, True)
        busy.end = middle
        self.parts.append(half)
        return half

    def write(self, part: _Part, data: bytes) -> bool:
        """Put *data* where it belongs; whether more of the part is wanted."""
        data = data[: part.left]
        if data:
            _write_at(self.target, part.at, data)
            part.at += len(data)
            self.since += len(data)
        if self.since >= SMALLEST:
            self.note()
        if self.tell is not None:
            self.tell(Progress(self.name, self.done, self.size, 0.0))
        return part.left > 0

    @property
    def done(self) -> int:
        """Bytes that have arrived."""
        return self.size - sum(part.left for part in self.parts)

    def note(self) -> None:
        """Keep, beside the partial file, what is missing of it."""
        self.since = 0
        missing = [[part.at, part.end] for part in self.parts if part.left]
        self.target.write_note({**self.identity, "missing": missing})


def _write_at(target: Target, offset: int, data: bytes) -> None:
    """Write all of *data* at *offset*; workers of several threads never share a position."""
    view, fd = memoryview(data), target.file.fileno()
    while view:
        count = os.pwrite(fd, view, offset)
        view, offset = view[count:], offset + count


def get_pieces(
    places: Sequence[str | URL],
    target: Path | str,
    *,
    connections: int = 4,
    metalink: Metalink | None = None,
    progress: Tell = None,
    rate: int | None = None,
    options: Callable[[URL], dict[str, Any]] = lambda url: {},
) -> Path:
    """Fetch one file from several places at once, or from one over several connections.

    Args:
        places: URLs of the same file, the best first.
        target: where it goes.
        connections: how many at once, in all.
        metalink: what the file must be: its size and digests, whole and by pieces.
        progress: called with a `Progress` now and then.
        rate: at most so many bytes a second, for each connection.
        options: the keywords of the client for a URL.

    Returns:
        Where the file is.

    Raises:
        Incomplete: no place has all of it.
        ChecksumMismatch: what arrived is not what the Metalink says.
        NotSupported: no place can be read from the middle; `postel.get` needs none of that.

    Example:
        >>> path = get_pieces(["ftp://ftp.example.org/pub/hello.txt",
        ...                          "ftp://files.example.org/pub/hello.txt"], "hello.txt")
        >>> path.read_text()
        'Hello from the lab.\\n'
    """
    urls = [place_of(place) for place in places]
    if not urls:
        raise UsageError("get in pieces: there is no URL")
    path = Path(target)
    sources, entry = _agreeing(urls, metalink, options, rate)
    size = entry.exact_size or 0
    with on_disk(path), Target.at(path) as place:
        work = disk.call(_prepared, place, entry, size, progress, path.name)
        try:
            _fetch_all(work, sources, connections, rate, options)
            for _ in range(_TRIES if metalink is not None else 0):
                if metalink is None or not disk.call(_wrong_pieces, work, metalink):
                    break
                _fetch_all(work, sources[::-1], connections, rate, options)
        except BaseException:
            work.note()
            raise
        if metalink is not None:
            disk.call(_check_whole, work, metalink)
        disk.call(_commit, place, entry)
    return path


def _agreeing(
    urls: list[URL], metalink: Metalink | None, options: Callable[[URL], dict[str, Any]],
    rate: int | None,
) -> tuple[list[URL], Entry]:
    """The places that have the file, and agree on its size; what the first says of it."""
    good: list[URL] = []
    first: Entry | None = None
    problem: PostelError | None = None
    wanted = metalink.size if metalink is not None else None
    for url in urls:
        try:
            site, path = open_site(url, "read", rate=rate, **options(url))
            with site:
                entry = site.stat(path)
                if not site.files.features.resume_read:
                    raise NotSupported(f"get {url}: it can only be read from the beginning",
                                       hint="postel.get fetches it in one row")
        except PostelError as error:
            problem = problem or error
            continue
        size = entry.exact_size
        if size is not None and size == (wanted if wanted is not None else size):
            good.append(url)
            first = first or entry
            wanted = size
    if first is None:
        raise problem or Incomplete(f"get {urls[0]}: no place says how large the file is, "
                                    f"or none has {wanted} bytes")
    return good, first


def _prepared(
    place: Target, entry: Entry, size: int, tell: Tell, name: str
) -> _Work:
    """The work that is left, after what an earlier run fetched."""
    when = entry.modified.isoformat() if entry.modified is not None else ""
    identity: dict[str, object] = {"size": size, "modified": when, "tag": entry.validator or ""}
    missing = _missing(place.read_note(), identity, size)
    if missing is None or place.file.seek(0, os.SEEK_END) != size:
        place.restart()
        place.file.truncate(size)
        missing = [(0, size)]
    parts = [_Part(start, end) for start, end in missing]
    work = _Work(place, size, parts, tell, name, identity=identity)
    work.note()
    return work


def _missing(
    noted: object, identity: dict[str, object], size: int
) -> list[tuple[int, int]] | None:
    """What an earlier run of the same source still missed; None where there was none."""
    if not isinstance(noted, dict) or not isinstance(missing := noted.pop("missing", None), list):
        return None
    if noted != identity:
        return None
    try:
        found = [(int(start), int(end)) for start, end in missing]
    except (TypeError, ValueError):
        return None
    return found if all(0 <= start < end <= size for start, end in found) else None


def _fetch_all(
    work: _Work, urls: list[URL], connections: int, rate: int | None,
    options: Callable[[URL], dict[str, Any]],
) -> None:
    """Let workers fetch until nothing is missing."""
    for part in work.parts:
        part.taken = False
    left = sum(part.left for part in work.parts)
    if not left:
        return
    count = max(1, min(connections, -(-left // SMALLEST)))
    work.problems.clear()
    with Crew() as crew:
        for number in range(1, count):
            crew.start(_worker, work, urls, number, rate, options)
        _worker(work, urls, 0, rate, options)
    if any(part.left for part in work.parts):
        _worker(work, urls, 0, rate, options)  # what a place that failed has left
    missing = sum(part.left for part in work.parts)
    if missing:
        raise work.problems[0] if work.problems else Incomplete(
            f"get {work.name}: {missing:,} bytes are missing")


def _worker(
    work: _Work, urls: list[URL], number: int, rate: int | None,
    options: Callable[[URL], dict[str, Any]],
) -> None:
    """Fetch parts over one connection; a place that fails is left for the next one."""
    for tries in range(_TRIES * len(urls)):
        url = urls[(number + tries) % len(urls)]
        part = None
        try:
            site, path = open_site(url, "read", rate=rate, **options(url))
            with site:
                while (part := work.take()) is not None:
                    _fetch(work, site, path, part)
            return
        except PostelError as error:
            work.problems.append(error)
            if part is not None:
                part.taken = False


def _fetch(work: _Work, site: FileSite, path: str, part: _Part) -> None:
    """One part, as far as nobody else takes of it."""
    with site.files.read(path, offset=part.at) as reading:
        for chunk in reading:
            if not work.write(part, chunk):
                return
    if part.left:
        raise Incomplete(f"get {work.name}: {site.url.authority} ended {part.left:,} bytes early",
                         hint="it has another file, or was cut")


def _wrong_pieces(work: _Work, metalink: Metalink) -> bool:
    """Put pieces whose digest is wrong back among what is missing; whether there are any."""
    if not metalink.piece or not metalink.pieces:
        return False
    for index, due in enumerate(metalink.pieces):
        start = index * metalink.piece
        end = min(start + metalink.piece, work.size)
        if start < end and _digest(work.target, metalink.piece_digest, start, end) != due:
            work.parts.append(_Part(start, end))
    work.parts = [part for part in work.parts if part.left]
    return bool(work.parts)


def _check_whole(work: _Work, metalink: Metalink) -> None:
    for name, due in metalink.digests[:1]:
        found = _digest(work.target, name, 0, work.size)
        if found != due:
            work.target.discard()
            raise ChecksumMismatch(f"get {work.name}: {name} is {found}, {due} is due",
                                   hint="one of the places has another file")


def _digest(target: Target, name: str, start: int, end: int) -> str:
    hasher = hashlib.new(HASHES[name], usedforsecurity=False)
    target.file.seek(start)
    while start < end and (data := target.file.read(min(1 << 20, end - start))):
        hasher.update(data)
        start += len(data)
    return hasher.hexdigest()


def _commit(place: Target, entry: Entry) -> None:
    if place.file.seek(0, os.SEEK_END) != (entry.exact_size or 0):
        raise TransferError(f"get {place.name}: the file here has another size")
    place.commit(modified=entry.modified)


