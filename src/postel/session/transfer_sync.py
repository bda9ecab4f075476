# GENERATED from transfer_async.py by tools/unasync.py: edit that file, not this one.
"""Downloads that resume safely and uploads that appear whole, over any file scheme.

A download goes to a temporary name beside its target. What an interrupted one left is gone on
with only if the source is still what it was (size, time and validator were noted), and only after
the last bytes on disk have been compared with the same bytes of the source, so a server that
ignores the offset, or a file that changed within its second, cannot make a mixed file. A server
that tells the whole file's digest has it compared as well.

An upload goes to a temporary name on the server, is measured there, and is renamed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from ..errors import Changed, ChecksumMismatch, Incomplete, NotFound, NotSupported, ReplyError
from ..transport import disk_sync as disk
from ..transport.clock_sync import Later
from ..transport.digests import HASHES, digest_of
from ..transport.target import Target, on_disk
from ..types import Entry, Progress
from ..wire.names import safe_name, unfinished
from .files_sync import Files, Watch

__all__ = ["Tell", "download", "download_into", "temporary", "upload", "upload_from"]

Tell = Callable[[Progress], object] | None

_BAD_OFFSET = (551, 554)
"""RFC 3659 section 5.3: the offset does not suit the file."""

OVERLAP = 16_384
"""Bytes of what is on disk that a resumed download reads again and compares."""


def download(
    files: Files,
    path: str,
    target: Path | str,
    *,
    resume: bool = True,
    verify: bool = False,
    progress: Tell = None,
    url: str = "",
) -> int:
    """Fetch one file into *target* (a file, or a folder to put it in); return its size."""
    target = Path(target)
    if target.is_dir():
        target = target / safe_name(path.rstrip("/").rpartition("/")[2])
    with on_disk(target), Target.at(target) as place:
        entry = _entry(files, path)
        size = download_into(files, path, place, entry=entry, resume=resume,
                                   progress=progress, url=url)
        if verify:
            _verify(files, path, place)
        disk.call(_commit, place, None if entry is None else entry.modified)
    return size


def _commit(place: Target, modified: datetime | None) -> None:
    place.commit(modified=modified)


def _entry(files: Files, path: str) -> Entry | None:
    """What is known of *path* before it is read; None where the server tells nothing."""
    try:
        return files.stat(path)
    except NotFound:
        return None  # it may be readable all the same; reading tells the truth
    except NotSupported:
        return None


def download_into(
    files: Files,
    path: str,
    place: Target,
    *,
    entry: Entry | None,
    resume: bool = True,
    progress: Tell = None,
    url: str = "",
) -> int:
    """Fetch one file into a `Target`, which the caller commits; return its size.

    Raises:
        Incomplete: fewer bytes came than were announced.
    """
    offset = _offset(files, place, path, entry, resume, url)
    watch = Watch(path, entry.size if entry else None, progress, offset)
    if offset:
        try:
            _go_on(files, path, place, watch)
        except ReplyError as error:
            if not isinstance(error, Changed | NotSupported) and error.code not in _BAD_OFFSET:
                raise
            place.restart()
            watch = Watch(path, entry.size if entry else None, progress)
            offset = 0
    if not offset:
        place.restart()
        with files.read(path) as reading:
            if entry is not None and reading.validator not in (None, entry.validator):
                place.forget()  # it changed since it was looked at: this version is not noted
                entry = None
            if reading.expected is None and entry is not None:
                reading.expected = entry.exact_size
            reading.save(place.file, watch)
    size = disk.call(_size, place)
    if entry is not None and entry.exact_size is not None and size != entry.exact_size:
        place.restart()
        raise Incomplete(
            f"{path}: {size:,} bytes are here, {entry.exact_size:,} were to come",
            hint="the file changed while it was read, or the server ignores offsets; try again")
    watch.tell()
    return size


def _size(place: Target) -> int:
    return int(place.file.seek(0, os.SEEK_END))


def _offset(
    files: Files, place: Target, path: str, entry: Entry | None, resume: bool, url: str
) -> int:
    """How many bytes of an earlier run can be used."""
    if (not resume or entry is None or entry.exact_size is None
            or (entry.validator is None and (entry.modified is None or files.features.validators))):
        place.restart()
        place.forget()
        return 0
    identity = {"url": url, "path": path, "size": entry.exact_size,
                "modified": entry.modified.isoformat() if entry.modified is not None else None}
    if entry.validator is not None:
        identity["validator"] = entry.validator
    there = place.resume(identity)
    if there >= entry.exact_size:
        place.restart(max(0, entry.exact_size - OVERLAP))
    return place.offset


def _go_on(files: Files, path: str, place: Target, watch: Watch) -> None:
    """Read from a little before the end of what is there, and compare the overlap."""
    tail = place.tail(OVERLAP)
    start = place.offset - len(tail)
    with files.read(path, offset=start) as reading:
        got = bytearray()
        for chunk in reading:
            if len(got) < len(tail):
                got += chunk
                if len(got) < len(tail):
                    continue
                if got[: len(tail)] != tail:
                    raise Changed(f"{path}: it is not the file whose beginning is here")
                chunk = bytes(got[len(tail) :])
            place.file.write(chunk)
            watch.add(len(chunk))
        if len(got) < len(tail):
            raise Changed(f"{path}: it has become shorter")
        told = reading.digest
    if told is not None and told[0] in HASHES and (
            disk.call(digest_of, place.file, told[0]) != told[1]):
        raise Changed(f"{path}: its {told[0]} is not that of what is here, old part and new")


def _verify(files: Files, path: str, place: Target) -> None:
    """Compare with the server's digest."""
    name, told = files.digest(path)
    if name not in HASHES:
        raise NotSupported(f"verify {path}: digest {name} is not known here")
    found = disk.call(digest_of, place.file, name)
    if found != told:
        place.discard()
        raise ChecksumMismatch(f"{path}: {name} is {found} here, and {told} at the server",
                               hint="the transfer was damaged, or the file changed; try again")


def upload(
    files: Files,
    source: Path | str | BinaryIO,
    path: str,
    *,
    inplace: bool = False,
    resume: bool = False,
    progress: Tell = None,
) -> int:
    """Store one local file at *path*; return its size."""
    if isinstance(source, str | Path):
        source = Path(source)
        with source.open("rb") as file:
            stat = source.stat()
            modified = datetime.fromtimestamp(stat.st_mtime, UTC)
            return upload_from(files, file, path, size=stat.st_size, modified=modified,
                                     inplace=inplace, resume=resume, progress=progress)
    return upload_from(files, source, path, inplace=inplace, progress=progress)


def upload_from(
    files: Files,
    file: BinaryIO,
    path: str,
    *,
    size: int | None = None,
    modified: datetime | None = None,
    inplace: bool = False,
    resume: bool = False,
    progress: Tell = None,
    check: Callable[[int], Later[None]] | None = None,
) -> int:
    """Store an open file at *path* by way of a temporary name; return how many bytes.

    *check* is called with their number before they get the name.
    """
    place = path if inplace or not files.features.rename else temporary(path)
    offset = _there(files, place, size) if resume and size is not None else 0
    if offset:
        file.seek(offset)
    watch = Watch(path, size, progress, offset)
    sink = files.write(place, offset=offset)
    sink.modified = modified
    with sink:
        sent = offset + sink.send_file(file, watch)
    _measure(files, place, sent)
    if check is not None:
        check(sent)
    if modified is not None and files.features.set_modified:
        try:
            files.set(place, modified=modified)
        except ReplyError:
            pass  # a server that sets no times; the bytes are what was asked for
    if place != path:
        files.rename(place, path)
    watch.tell()
    return sent


def temporary(path: str) -> str:
    """The name that an upload has until it is whole."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{unfinished(name)}"


def _there(files: Files, place: str, size: int) -> int:
    """How much of an earlier upload the server has."""
    try:
        there = (files.stat(place)).size or 0
    except ReplyError:
        return 0
    return there if there < size else 0


def _measure(files: Files, place: str, sent: int) -> None:
    """The server must have as many bytes as were sent, where it can tell."""
    try:
        there = (files.stat(place)).exact_size
    except ReplyError:
        return
    if there is not None and there != sent:
        raise Incomplete(f"{place}: the server has {there:,} bytes of {sent:,}",
                         hint="its disk may be full, or it changes line ends; nothing was renamed")
