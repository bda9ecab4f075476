# A conversation (its twin verbs_sync.py is generated): files by URL, whatever the protocol.
"""`get`, `put`, `ls` and their kin: one call each, any URL whose scheme can do it.

Options of the scheme's client (user, password, security, tls, timeout, proxy …) pass through, and
``rate=`` limits the bytes a second of all connections together.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..types import Entry, Progress
from ..urls import URL
from ..wire.names import safe_name
from .sites_async import here, not_onto_itself, open_site, parsed_for

__all__ = ["get", "ls", "mkdir", "open_site", "put", "rename", "rm", "stat"]

Tell = Callable[[Progress], object] | None


async def get(
    url: str | URL,
    target: Path | str | None = None,
    *,
    resume: bool = True,
    verify: bool = False,
    segments: int = 1,
    progress: Tell = None,
    **options: Any,
) -> Path:
    """Fetch a file; return where it is now.

    Args:
        url: of the file.
        target: a file, a folder, or None for the URL's last name in the current folder.
        resume: go on where an interrupted run stopped, if the source is still the same.
        verify: compare digests, where the server computes them.
        segments: connections that a large file comes over, where the server can be read from the
            middle: faster where each connection is slow for itself. See also `get_pieces`.
        progress: called with a `Progress` now and then.
        options: keywords of the scheme's client, and ``rate=`` in bytes a second.

    Raises:
        NotFound: there is no such file.
        Incomplete: fewer bytes came than were announced; *target* is untouched.

    Example:
        >>> (await get("ftp://ftp.example.org/pub/hello.txt")).read_text()
        'Hello from the lab.\\n'
    """
    place = Path() if target is None else here(target)
    site, path = open_site(url, "read", **options)
    if place.is_dir():
        place = place / _last(path)
    if segments > 1 and not verify:
        from .pieces_async import get_pieces

        rate = options.pop("rate", None)
        return await get_pieces([url], place, connections=segments, resume=resume, rate=rate,
                                progress=progress, options=lambda url: options)
    async with site:
        await site.download(path, place, resume=resume, verify=verify, progress=progress)
    return place


async def put(
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
        options: keywords of the scheme's client, and ``rate=`` in bytes a second.

    Example:
        >>> _ = Path("notes.txt").write_text("remember")
        >>> await put("notes.txt", "ftp://alice:secret@ftp.example.org/incoming/")
        8
    """
    site, path = open_site(url, "write", **options)
    if isinstance(source, str | Path):
        source = here(source)
        not_onto_itself(source, parsed_for(url, "write")[0])
    async with site:
        return await site.upload(source, path, inplace=inplace, progress=progress)


async def ls(url: str | URL, **options: Any) -> list[Entry]:
    """The entries of a folder, by name.

    Args:
        url: of the folder.
        options: keywords of the scheme's client.

    Example:
        >>> [entry.name for entry in await ls("ftp://ftp.example.org/pub/")]
        ['hello.txt', 'more']
    """
    site, path = open_site(url, "list", **options)
    async with site:
        entries = [entry async for entry in site.list(path)]
    return sorted(entries, key=_by_name)


async def stat(url: str | URL, **options: Any) -> Entry:
    """What a URL leads to.

    Args:
        url: of a file or folder.
        options: keywords of the scheme's client.

    Raises:
        NotFound: to nothing.
    """
    site, path = open_site(url, "stat", **options)
    async with site:
        return await site.stat(path)


async def mkdir(url: str | URL, *, parents: bool = False, **options: Any) -> None:
    """Make a folder.

    Args:
        url: of the folder.
        parents: also those above it; an existing one is fine then.
        options: keywords of the scheme's client.

    Raises:
        AlreadyExists: it is there.
    """
    site, path = open_site(url, "make", **options)
    async with site:
        if parents:
            await site.makedirs(path)
        else:
            await site.files.make(path)


async def rm(url: str | URL, *, recursive: bool = False, **options: Any) -> None:
    """Remove a file; with *recursive*, a folder and everything below it.

    Args:
        url: of the file or folder.
        recursive: whether folders may go.
        options: keywords of the scheme's client.

    Raises:
        NotFound: there is no such file.
    """
    site, path = open_site(url, "remove", **options)
    async with site:
        if not recursive:
            await site.files.remove(path)
            return
        report = await site.rmtree(path)
        if report.failures:
            raise cast("Exception", report.failures[0].error)


async def rename(url: str | URL, new: str, **options: Any) -> None:
    """Give a file or folder another name.

    Args:
        url: of the file or folder.
        new: the new path on the same server; without a slash, a name in the same folder.
        options: keywords of the scheme's client.
    """
    site, path = open_site(url, "rename", **options)
    folder, slash, _ = path.rstrip("/").rpartition("/")
    async with site:
        await site.files.rename(path, new if "/" in new else f"{folder}{slash}{new}")


def _last(path: str) -> str:
    return safe_name(path.rstrip("/").rpartition("/")[2] or "index")


def _by_name(entry: Entry) -> str:
    return entry.name
