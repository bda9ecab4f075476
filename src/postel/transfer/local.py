"""This machine's own files, as one side of a transfer. Disk code, blocking.

A file: URL (RFC 8089) names a path of this machine and of no other; a copy goes by way of a
temporary name, as every transfer does.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ..errors import Forbidden, NotFound, PostelError, TransferError, UsageError
from ..transport.target import Target, on_disk
from ..types import Entry, Kind
from ..urls import URL, parse, unquote

__all__ = ["copy", "entries", "path_of", "place"]


def path_of(url: URL) -> Path:
    """The path that a file: URL names.

    Raises:
        UsageError: it is one of another machine (RFC 8089 section 2).

    Example:
        >>> path_of(parse("file:///tmp/a%20b.txt")).name
        'a b.txt'
    """
    if url.host not in ("", "localhost"):
        raise UsageError(f"{url}: that file is on {url.host}, and file: reaches this machine only",
                         hint="write file:///PATH, or use a scheme that reaches the host")
    text = unquote(url.path)
    return Path(text.removeprefix("/") if os.name == "nt" else text)


def place(text: Path | str) -> Path:
    """A path of this machine, which may be written as a file: URL.

    Example:
        >>> place("notes.txt").name, place("file:///tmp/notes.txt").name
        ('notes.txt', 'notes.txt')
    """
    if isinstance(text, str) and text[:6].lower() == "file:/":
        return path_of(parse(text))
    return Path(text)


def entries(folder: Path) -> list[Entry]:
    """What is in *folder*; links are told, not followed.

    Raises:
        NotFound: there is no such folder.
        Forbidden: you may not look into it.
    """
    with _read(folder), os.scandir(folder) as found:
        return [_entry(one) for one in found]


def copy(source: Path, target: Path) -> int:
    """Copy a file; return its size in bytes.

    Raises:
        NotFound: there is no such file.
        Forbidden: you may not read it.
        TransferError: *target* cannot be written, or is *source* itself.
    """
    with _read(source), source.open("rb") as file:
        if target.exists() and target.samefile(source):
            raise TransferError(f"copy {source}: it would go onto itself")
        modified = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
        with on_disk(target), Target.at(target) as whole:
            whole.restart()
            shutil.copyfileobj(file, whole.file)
            size = whole.file.tell()
            whole.commit(modified=modified)
    return size


@contextmanager
def _read(path: Path) -> Iterator[None]:
    """Say in one of our errors why *path* cannot be read."""
    try:
        yield
    except PostelError:
        raise
    except OSError as error:
        kind = (NotFound if isinstance(error, FileNotFoundError)
                else Forbidden if isinstance(error, PermissionError) else TransferError)
        raise kind(f"read {path}: {error.strerror or error}") from error


def _entry(found: os.DirEntry[str]) -> Entry:
    status = found.stat(follow_symlinks=False)
    kind = (Kind.LINK if found.is_symlink() else Kind.FOLDER if stat.S_ISDIR(status.st_mode)
            else Kind.FILE if stat.S_ISREG(status.st_mode) else Kind.OTHER)
    return Entry(found.name, kind, size=status.st_size if kind is Kind.FILE else None,
                 modified=datetime.fromtimestamp(status.st_mtime, UTC), precision=1.0,
                 mode=stat.S_IMODE(status.st_mode),
                 target=str(Path(found.path).readlink()) if kind is Kind.LINK else None)
