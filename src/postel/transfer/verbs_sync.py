# GENERATED from verbs_async.py by tools/unasync.py: edit that file, not this one.
"""`get`, `put`, `ls` and their kin: one call each, any URL whose scheme can do it.

Options that all clients share (user, password, security, tls, timeout, proxy …) pass through, and
``rate=`` limits the bytes a second of all connections together. A file: URL or a plain path is
this machine's side of a transfer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..errors import UsageError
from ..ftp.client_sync import Client
from ..schemes import scheme_of
from ..session.files_sync import Files
from ..transport import disk_sync as disk
from ..types import Entry, Progress
from ..urls import URL, ftp_path, parse
from ..wire.names import safe_name
from . import local
from .pace_sync import Pace, PacedFiles

__all__ = ["get", "ls", "mkdir", "open_site", "put", "rename", "rm", "stat"]

Tell = Callable[[Progress], object] | None


class _Site(Client):
    """A client whose transfers keep a pace, if it is given one; so do those it opens beside it."""

    pace: Pace | None = None

    @property
    def files(self) -> Files:  # type: ignore[override]  # fewer promises: no words of FTP
        """The verbs, at the pace."""
        plain = super().files
        return plain if self.pace is None else PacedFiles(plain, self.pace)

    def another(self) -> Client:
        """A second client, which shares the pace."""
        twin = super().another()
        if isinstance(twin, _Site):
            twin.pace = self.pace
        return twin


def open_site(
    url: str | URL, verb: str, *, rate: int | None = None, **options: Any
) -> tuple[Client, str]:
    """The client for *url*, not connected, and the path that the URL names.

    Args:
        url: of a scheme that has files.
        verb: what is to be done with it.
        rate: at most so many bytes a second, for all its transfers together.
        options: the keywords that every client takes.

    Raises:
        UsageError: the scheme is unknown, has no such verb, or is this machine's own.
    """
    parsed = _parsed(url, verb)
    if parsed.scheme == "file":
        raise UsageError(f"{parsed}: that is on this machine, where no server is asked",
                         hint="get, put and ls take file: URLs; all else your shell does")
    path, _ = ftp_path(parsed)
    site = _Site(parsed.with_(path="/"), **options)
    site.pace = None if rate is None else Pace(rate)
    return site, path


def get(
    url: str | URL,
    target: Path | str | None = None,
    *,
    resume: bool = True,
    verify: bool = False,
    progress: Tell = None,
    **options: Any,
) -> Path:
    """Fetch a file; return where it is now.

    Args:
        url: of the file.
        target: a file, a folder, or None for the URL's last name in the current folder.
        resume: go on where an interrupted run stopped, if the source is still the same.
        verify: compare digests, where the server computes them.
        progress: called with a `Progress` now and then.
        options: the keywords that every client takes, and ``rate=`` in bytes a second.

    Raises:
        NotFound: there is no such file.
        Incomplete: fewer bytes came than were announced; *target* is untouched.

    Example:
        >>> (get("ftp://ftp.example.org/pub/hello.txt")).read_text()
        'Hello from the lab.\\n'
    """
    parsed = _parsed(url, "read")
    place = Path() if target is None else local.place(target)
    if parsed.scheme == "file":
        source = local.path_of(parsed)
        place = place / source.name if place.is_dir() else place
        disk.call(local.copy, source, place)
        return place
    site, path = open_site(parsed, "read", **options)
    if place.is_dir():
        place = place / _last(path)
    with site:
        site.download(path, place, resume=resume, verify=verify, progress=progress)
    return place


def put(
    source: Path | str | BinaryIO,
    url: str | URL,
    *,
    inplace: bool = False,
    progress: Tell = None,
    **options: Any,
) -> int:
    """Store a file; return its size in bytes.

    Args:
        source: a local path, or an open binary file.
        url: of the file, or of a folder when it ends in "/".
        inplace: write to the final name at once, for servers that let nobody rename.
        progress: called with a `Progress` now and then.
        options: the keywords that every client takes, and ``rate=`` in bytes a second.

    Example:
        >>> _ = Path("notes.txt").write_text("remember")
        >>> put("notes.txt", "ftp://alice:secret@ftp.example.org/incoming/")
        8
    """
    parsed = _parsed(url, "write")
    if isinstance(source, str):
        source = local.place(source)
    if parsed.scheme == "file":
        return disk.call(_put_here, source, local.path_of(parsed))
    site, path = open_site(parsed, "write", **options)
    with site:
        return site.upload(source, path, inplace=inplace, progress=progress)


def ls(url: str | URL, **options: Any) -> list[Entry]:
    """The entries of a folder, by name.

    Args:
        url: of the folder.
        options: the keywords that every client takes.

    Example:
        >>> [entry.name for entry in ls("ftp://ftp.example.org/pub/")]
        ['hello.txt', 'more']
    """
    parsed = _parsed(url, "list")
    if parsed.scheme == "file":
        return sorted(disk.call(local.entries, local.path_of(parsed)), key=_by_name)
    site, path = open_site(parsed, "list", **options)
    with site:
        entries = [entry for entry in site.list(path)]
    return sorted(entries, key=_by_name)


def stat(url: str | URL, **options: Any) -> Entry:
    """What a URL leads to.

    Args:
        url: of a file or folder.
        options: the keywords that every client takes.

    Raises:
        NotFound: to nothing.
    """
    site, path = open_site(url, "stat", **options)
    with site:
        return site.stat(path)


def mkdir(url: str | URL, *, parents: bool = False, **options: Any) -> None:
    """Make a folder.

    Args:
        url: of the folder.
        parents: also those above it; an existing one is fine then.
        options: the keywords that every client takes.

    Raises:
        AlreadyExists: it is there.
    """
    site, path = open_site(url, "make", **options)
    with site:
        if parents:
            site.makedirs(path)
        else:
            site.mkd(path)


def rm(url: str | URL, *, recursive: bool = False, **options: Any) -> None:
    """Remove a file; with *recursive*, a folder and everything below it.

    Args:
        url: of the file or folder.
        recursive: whether folders may go.
        options: the keywords that every client takes.

    Raises:
        NotFound: there is no such file.
    """
    site, path = open_site(url, "remove", **options)
    with site:
        if not recursive:
            site.dele(path)
            return
        report = site.rmtree(path)
        if report.failures:
            raise cast("Exception", report.failures[0].error)


def rename(url: str | URL, new: str, **options: Any) -> None:
    """Give a file or folder another name.

    Args:
        url: of the file or folder.
        new: the new path on the same server; without a slash, a name in the same folder.
        options: the keywords that every client takes.
    """
    site, path = open_site(url, "rename", **options)
    folder, slash, _ = path.rstrip("/").rpartition("/")
    with site:
        site.rename(path, new if "/" in new else f"{folder}{slash}{new}")


def _parsed(url: str | URL, verb: str) -> URL:
    parsed = url if isinstance(url, URL) else parse(url)
    scheme = scheme_of(parsed.scheme, verb)
    if scheme.family != "files":
        raise UsageError(f"{parsed}: {scheme.name} is for {scheme.family}, not for files",
                         hint=f"use {scheme.package}, or the command: postel {scheme.family}")
    return parsed


def _put_here(source: Path | BinaryIO, target: Path) -> int:
    if not isinstance(source, Path):
        raise UsageError(f"put to {target}: an open file is not copied within this machine")
    return local.copy(source, target / source.name if target.is_dir() else target)


def _last(path: str) -> str:
    return safe_name(path.rstrip("/").rpartition("/")[2] or "index")


def _by_name(entry: Entry) -> str:
    return entry.name
