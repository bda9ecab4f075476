# GENERATED from pieces_async.py by tools/unasync.py: edit that file, not this one.
"""A file from several places at once, and what a Metalink says of it.

The segments (segments_async.py) come from all places that have the file. At the end the whole is
checked: by the digests of the Metalink, piece by piece, and a piece that is wrong is fetched again,
from another place.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from shutil import copyfileobj
from typing import Any

from ..errors import (
    ChecksumMismatch,
    Incomplete,
    LimitReached,
    NotSupported,
    PostelError,
    ProtocolError,
    UsageError,
)
from ..session.files_sync import Watch
from ..session.site_sync import FileSite
from ..session.transfer_sync import download_into
from ..transport import disk_sync as disk
from ..transport.digests import HASHES
from ..transport.target import Target, on_disk
from ..types import Entry, Kind, Progress
from ..urls import URL
from .metalink import Metalink, parse_metalink
from .pace_sync import Throttle
from .parts import SMALLEST, Parts
from .places import place_of
from .rates import Rate
from .segments_sync import TRIES, Source, fetch_parts, prepared
from .sites_sync import open_site

__all__ = ["SMALLEST", "get_metalink", "get_pieces", "read_metalink"]

LARGEST_METALINK = 16 << 20
"""Bytes of a Metalink document: digests of a million pieces."""

SCHEMES = frozenset(("dav", "davs", "ftp", "ftps", "http", "https", "scp", "sftp", "webdav",
                     "webdavs"))
"""Where a Metalink may send us: to servers, never to files of this machine."""

Tell = Callable[[Progress], object] | None
Options = Callable[[URL], dict[str, Any]]


def get_pieces(
    places: Sequence[str | URL],
    target: Path | str,
    *,
    connections: int = 4,
    metalink: Metalink | None = None,
    resume: bool = True,
    progress: Tell = None,
    rate: Rate | Throttle | None = None,
    options: Options = lambda url: {},
) -> Path:
    """Fetch one file from several places at once, or from one over several connections.

    Args:
        places: URLs of the same file, the best first.
        target: where it goes.
        connections: how many at once, in all.
        metalink: what the file must be: its size and digests, whole and by pieces.
        resume: go on where an interrupted run stopped, if the places still have the same.
        progress: called with a `Progress` now and then.
        rate: at most so many bytes a second, over all connections; see `Rates`.
        options: the keywords of the client for a URL.

    Returns:
        Where the file is.

    Raises:
        Incomplete: no place has all of it.
        ChecksumMismatch: what arrived is not what the Metalink says.
        Changed: a place had another file before the end than at the beginning.
        NotFound: no place has it.

    Where no place can be read from the middle, the file comes in one row from the first that has
    it.

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
    throttle = None if rate is None else Throttle.of(rate)
    sources = _agreeing(urls, metalink, options, throttle)
    if not sources[0].ranges:
        return _in_one_row(sources, path, metalink, progress, resume=resume)
    with on_disk(path), Target.at(path) as place:
        digest = metalink.digests[0][1] if metalink is not None and metalink.digests else ""
        parts = disk.call(prepared, place, sources, path.name, digest=digest, resume=resume)
        if metalink is not None and parts.missing == parts.size:
            disk.call(_take_what_is_there, path, parts, metalink)
        watch = Watch(path.name, parts.size, progress, parts.size - parts.missing)
        try:
            for _ in range(TRIES + len(sources)):
                fetch_parts(parts, sources, connections, watch)
                if metalink is None or not disk.call(_wrong_pieces, parts, metalink):
                    break
                sources = sources[1:] + sources[:1]
        except ProtocolError:
            disk.call(place.discard)
            return _in_one_row(sources, path, metalink, progress, resume=False)
        watch.tell()
        disk.call(_settle, place, parts, metalink, sources[0].entry)
    return path


def get_metalink(
    place: str | Path | URL,
    folder: Path | str = ".",
    *,
    connections: int = 4,
    resume: bool = True,
    progress: Tell = None,
    rate: Rate | Throttle | None = None,
    options: Options = lambda url: {},
) -> list[Path]:
    """Fetch the files of a Metalink (RFC 5854), each from all its places, and check their digests.

    Args:
        place: URL or path of the Metalink.
        folder: where the files go, under the names that it says.
        connections: how many at once, for each file.
        resume: go on where an interrupted run stopped.
        progress: called with a `Progress` now and then.
        rate: at most so many bytes a second, over all connections; see `Rates`.
        options: the keywords of the client for a URL.

    Returns:
        Where the files are.

    Raises:
        ProtocolError: it is no Metalink.
        UsageError: it names no place that can be used.
        ChecksumMismatch: what arrived is not what it says.
    """
    throttle = None if rate is None else Throttle.of(rate)
    files = read_metalink(place, rate=throttle, options=options)
    return [get_pieces(one.urls, Path(folder) / one.name, connections=connections,
                             metalink=one, resume=resume, progress=progress, rate=throttle,
                             options=options) for one in files]


def read_metalink(
    place: str | Path | URL,
    *,
    rate: Rate | Throttle | None = None,
    options: Options = lambda url: {},
) -> tuple[Metalink, ...]:
    """What a Metalink at a URL or path says, as far as it can be used.

    Raises:
        ProtocolError: it is no Metalink.
        UsageError: it names no place that can be used.
    """
    url = place_of(place)
    site, path = open_site(url, "read", rate=rate, **options(url))
    said = bytearray()
    with site, site.files.read(path) as reading:
        for chunk in reading:
            said += chunk
            if len(said) > LARGEST_METALINK:
                raise LimitReached(f"read {url}: a Metalink of over {LARGEST_METALINK:,} bytes")
    files = tuple(replace(one, urls=tuple(where for where in one.urls if where.scheme in SCHEMES))
                  for one in parse_metalink(bytes(said)))
    for one in files:
        if not one.urls:
            raise UsageError(f"get {one.name}: the Metalink names no place that can be used",
                             hint=f"it must be one of {', '.join(sorted(SCHEMES))}")
    if not files:
        raise UsageError(f"get {url}: the Metalink has no files")
    return files


def _agreeing(
    urls: list[URL], metalink: Metalink | None, options: Options, throttle: Throttle | None
) -> list[Source]:
    """The places that have the file, and agree on its size with the first of them."""
    good: list[Source] = []
    problem: PostelError | None = None
    wanted = metalink.size if metalink is not None else None
    for url in urls:
        try:
            source = _looked_at(url, options, throttle)
        except PostelError as error:
            problem = problem or error
            continue
        size = source.entry.exact_size
        if wanted is None or size is None or size == wanted:
            good.append(source)
            wanted = size if wanted is None else wanted
    if not good:
        raise problem or Incomplete(f"get {urls[0]}: no place has {wanted} bytes")
    return [one for one in good if one.ranges] or good


def _in_one_row(
    sources: Sequence[Source], path: Path, metalink: Metalink | None, progress: Tell, *,
    resume: bool,
) -> Path:
    """From the first place that gives all of it, from its beginning to its end."""
    problem: PostelError | None = None
    for source in sources:
        try:
            with on_disk(path), Target.at(path) as place:
                site = source.site()
                with site:
                    download_into(site.files, source.path, place, entry=source.entry,
                                        resume=resume, progress=progress, url=source.name)
                disk.call(_settle, place, None, metalink, source.entry)
                return path
        except PostelError as error:
            problem = problem or error
    raise problem or Incomplete(f"get {path.name}: there is no place")


def _looked_at(url: URL, options: Options, throttle: Throttle | None) -> Source:
    def make() -> FileSite:
        return open_site(url, "read", rate=throttle, **options(url))[0]

    site, path = open_site(url, "read", rate=throttle, **options(url))
    with site:
        has = site.files.features
        try:
            entry = site.stat(path)
        except NotSupported:  # a server that tells nothing of its files
            entry = Entry(path.rpartition("/")[2], Kind.FILE)
        if entry.is_folder:
            raise UsageError(f"get {url}: that is a folder")
        ranges = has.resume_read and entry.exact_size is not None and not (
            has.validators and entry.validator is None)  # parts of it could be of two versions
    return Source(str(url), path, entry, make, ranges)


def _take_what_is_there(path: Path, parts: Parts, metalink: Metalink) -> None:
    """A file of that name and size may be the one, or most of it: what is right is not fetched."""
    if _size_of(path) != parts.size or not (metalink.digests or metalink.pieces):
        return
    with path.open("rb") as there:
        copyfileobj(there, parts.target.file)
    parts.has_all()
    if metalink.pieces:
        _wrong_pieces(parts, metalink)
    elif _digest(parts.target, metalink.digests[0][0], 0, parts.size) != metalink.digests[0][1]:
        parts.put_back(0, parts.size)
    parts.note()


def _size_of(path: Path) -> int | None:
    """Bytes of the plain file at *path*; None where there is none."""
    return path.stat().st_size if path.is_file() and not path.is_symlink() else None


def _wrong_pieces(parts: Parts, metalink: Metalink) -> bool:
    """Put pieces whose digest is wrong back among what is missing; whether there are any."""
    wrong = False
    for index, due in enumerate(metalink.pieces if metalink.piece else ()):
        start = index * metalink.piece
        end = min(start + metalink.piece, parts.size)
        if start < end and _digest(parts.target, metalink.piece_digest, start, end) != due:
            parts.put_back(start, end)
            wrong = True
    return wrong


def _settle(
    place: Target, parts: Parts | None, metalink: Metalink | None, entry: Entry
) -> None:
    """Check the whole, and give it its name."""
    if parts is not None and parts.missing:
        place.discard()
        raise ChecksumMismatch(f"get {parts.name}: {parts.missing:,} bytes are at no place what "
                               "they should be", hint="no place has the file that is meant")
    size, due_size = place.file.seek(0, os.SEEK_END), metalink.size if metalink else None
    if size != (parts.size if parts is not None else size if due_size is None else due_size):
        raise Incomplete(f"get {place.name}: {size:,} bytes are here, and others were to come")
    for name, due in metalink.digests[:1] if metalink is not None else ():
        found = _digest(place, name, 0, size)
        if found != due:
            place.discard()
            raise ChecksumMismatch(f"get {place.name}: {name} is {found}, {due} is due",
                                   hint="one of the places has another file")
    place.commit(modified=entry.modified)


def _digest(target: Target, name: str, start: int, end: int) -> str:
    hasher = hashlib.new(HASHES[name], usedforsecurity=False)
    read = partial(os.pread, target.file.fileno())
    while start < end and (data := read(min(1 << 20, end - start), start)):
        hasher.update(data)
        start += len(data)
    return hasher.hexdigest()
