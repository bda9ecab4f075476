"""What the disk is asked, and what its refusals mean in the error tree. Disk code, blocking."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from ..errors import (
    AlreadyExists,
    Changed,
    Conflict,
    Forbidden,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ReplyError,
    TryLater,
    UsageError,
)
from ..transport.digests import HASHES, digest_of
from ..transport.target import Target
from ..types import Entry, Kind

__all__ = [
    "batch",
    "copy",
    "copy_range",
    "digest",
    "entry_of",
    "free",
    "link",
    "listing",
    "look",
    "make",
    "open_read",
    "open_write",
    "refused",
    "remove",
    "remove_link",
    "rename",
    "set_facts",
    "sync",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # opening a pipe must not hold us
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

_MEANINGS: dict[int, tuple[type[ReplyError], str]] = {
    errno.ENOENT: (NotFound, "check the spelling; list the folder above"),
    errno.ENOTDIR: (NotFound, "a part of the path is a file, not a folder"),
    errno.ELOOP: (NotFound, "its symbolic links lead in a circle"),
    errno.EEXIST: (AlreadyExists, ""),
    errno.ENOTEMPTY: (Conflict, "only an empty folder can be removed or replaced by itself"),
    errno.EISDIR: (Conflict, "that is a folder"),
    errno.EACCES: (Forbidden, "the permissions of the file or of a folder above it forbid it"),
    errno.EPERM: (Forbidden, "the system forbids it, whatever the permissions say"),
    errno.EROFS: (Forbidden, "that file system is mounted read-only"),
    errno.ENOSPC: (NoSpace, "make room on that disk"),
    errno.EFBIG: (NoSpace, "that file system takes no file of this size"),
    errno.EXDEV: (NotSupported, "that is another file system: copy, then remove"),
    errno.EBUSY: (TryLater, "another program uses it"),
    errno.ENAMETOOLONG: (ReplyError, "names end at 255 bytes, paths at 4,096"),
    errno.EMFILE: (TryLater, "this program has too many files open"),
}
if hasattr(errno, "EDQUOT"):
    _MEANINGS[errno.EDQUOT] = (NoSpace, "your quota on that disk is full")


@contextlib.contextmanager
def refused(doing: str, path: Path) -> Iterator[None]:
    """Say in one of our errors what the disk refuses in the block.

    Example:
        >>> with refused("read", Path("notes.txt")):
        ...     raise FileNotFoundError(2, "No such file or directory")
        Traceback (most recent call last):
        ...
        postel.errors.NotFound: read notes.txt: No such file or directory
    """
    try:
        yield
    except PostelError:
        raise
    except OSError as error:
        kind, hint = _MEANINGS.get(error.errno or 0, (ReplyError, ""))
        text = error.strerror or str(error)
        raise kind(f"{doing} {path}: {text}", text=text, hint=hint, code=error.errno,
                   temporary=kind is TryLater) from error


# -- looking ---------------------------------------------------------------------------------


def look(path: Path) -> Entry:
    """What *path* is, links followed; one that leads nowhere is told as the link it is."""
    with refused("stat", path):
        try:
            return entry_of(path.name, path.stat())
        except OSError:
            return entry_of(path.name, path.lstat(), path)


def listing(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What is in *folder*, not yet looked at; the folder itself is closed again at once."""
    with refused("list", folder), os.scandir(folder) as found:
        entries = list(found)
    entries.reverse()
    return _drained(entries)


def _drained(entries: list[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
    """Each of *entries*, from the last one on, forgotten then: what it has looked up is large."""
    while entries:
        yield entries.pop()


def batch(folder: Path, found: Iterator[os.DirEntry[str]], most: int) -> list[Entry]:
    """Look at the next *most* of a listing; none at the end."""
    entries: list[Entry] = []
    with refused("list", folder):
        for one in found:
            with contextlib.suppress(FileNotFoundError):  # gone since
                entries.append(entry_of(one.name, one.stat(follow_symlinks=False),
                                        Path(one.path)))
            if len(entries) >= most:
                break
    return entries


def entry_of(name: str, status: os.stat_result, link: Path | None = None) -> Entry:
    """An entry from what the system says; where it is a link, *link* is its place."""
    mode = status.st_mode
    kind = (Kind.FILE if stat.S_ISREG(mode) else Kind.FOLDER if stat.S_ISDIR(mode)
            else Kind.LINK if stat.S_ISLNK(mode) else Kind.OTHER)
    target = None
    if kind is Kind.LINK and link is not None:
        with contextlib.suppress(OSError):
            target = os.readlink(link)  # noqa: PTH115 - as it is written
    return Entry(name, kind, size=status.st_size if kind is Kind.FILE else None,
                 modified=_EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000),
                 precision=1e-6, mode=stat.S_IMODE(mode), owner=_user(status.st_uid),
                 group=_group(status.st_gid), target=target)


@lru_cache(maxsize=1_000)
def _user(number: int) -> str | None:
    try:
        import pwd
    except ImportError:  # pragma: no cover - Windows has no such numbers
        return None
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


@lru_cache(maxsize=1_000)
def _group(number: int) -> str | None:
    try:
        import grp
    except ImportError:  # pragma: no cover - Windows
        return None
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def digest(path: Path, algorithm: str | None) -> tuple[str, str]:
    """A digest of the file's contents, SHA-256 if nothing else is asked for."""
    name = algorithm or "SHA-256"
    if name not in HASHES:
        raise NotSupported(f"digest of {path}: {name} is not known here",
                           hint=f"there are {', '.join(HASHES)}")
    with open_read(path, 0)[0] as file, refused("read", path):
        return name, digest_of(file, name)


# -- reading and writing ---------------------------------------------------------------------


def open_read(path: Path, offset: int) -> tuple[BinaryIO, int]:
    """The file to read from *offset* on, and how many bytes it has in all."""
    with refused("read", path):
        file = os.fdopen(os.open(path, os.O_RDONLY | _NO_WAIT | _BINARY), "rb", buffering=0)
    try:
        size = _plain(file, "read", path).st_size
        if offset > size:
            raise Changed(f"read {path} from byte {offset:,}: it has only {size:,}")
        file.seek(offset)
    except BaseException:
        file.close()
        raise
    return file, size


def open_write(path: Path, offset: int) -> BinaryIO:
    """The file to write from *offset* on; what is there before it stays, the rest goes."""
    flags = os.O_WRONLY | _NO_WAIT | _BINARY | (0 if offset else os.O_CREAT)
    with refused("write", path):
        file = os.fdopen(os.open(path, flags, 0o666), "wb", buffering=0)
    try:
        size = _plain(file, "write", path).st_size
        if offset > size:
            raise Changed(f"write {path} from byte {offset:,}: it has only {size:,}",
                          hint="a hole of zeros would be left; write it from the beginning")
        with refused("write", path):
            file.truncate(offset)
            file.seek(offset)
    except BaseException:
        file.close()
        raise
    return file


def _plain(file: BinaryIO, doing: str, path: Path) -> os.stat_result:
    """The status of *file*, which must be a plain one: a device or pipe has no offsets."""
    status = os.fstat(file.fileno())
    if stat.S_ISDIR(status.st_mode):
        raise Conflict(f"{doing} {path}: that is a folder", code=errno.EISDIR,
                       hint="list it, or take the whole tree")
    if not stat.S_ISREG(status.st_mode):
        raise NotSupported(f"{doing} {path}: that is no plain file but a device or a pipe",
                           hint="let the shell read or write it: <, >, |")
    return status


def copy_range(source: BinaryIO, target: BinaryIO, most: int) -> int:
    """Copy the next bytes, at most *most*, between two unbuffered files; 0 at the end.

    Within the kernel where it can (copy_file_range: on Btrfs and XFS both files then share their
    blocks), else by way of this process.
    """
    if _can_copy_range(source, target):
        with contextlib.suppress(OSError):
            if count := os.copy_file_range(source.fileno(), target.fileno(), most):
                return count
    data = source.read(min(most, 1 << 20)) or b""  # also what /proc says has no size
    view = memoryview(data)
    while view:
        view = view[target.write(view):]
    return len(data)


def _can_copy_range(source: BinaryIO, target: BinaryIO) -> bool:
    """Whether both are files without a buffer of this process in between."""
    if not hasattr(os, "copy_file_range"):
        return False
    try:
        return all(not hasattr(one, "raw") and stat.S_ISREG(os.fstat(one.fileno()).st_mode)
                   for one in (source, target))
    except (OSError, AttributeError, ValueError):
        return False


def copy(source: Path, target: Path) -> int:
    """Copy a file, its time and, for a new name, its permissions; return its size."""
    file, _ = open_read(source, 0)
    with file, refused("copy", source):
        status = os.fstat(file.fileno())
        if target.exists() and target.samefile(source):
            raise Conflict(f"copy {source}: it would go onto itself")
        if target.is_dir():
            raise Conflict(f"copy {source} to {target}: that is a folder", code=errno.EISDIR,
                           hint="name the new file too")
        with refused("write", target), Target.at(target) as whole:
            whole.restart()
            size = 0
            while count := copy_range(file, whole.file, 1 << 26):
                size += count
            new = None if target.exists() else stat.S_IMODE(status.st_mode) & 0o777
            whole.commit(modified=_EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000),
                         mode=new)
    return size


# -- changing --------------------------------------------------------------------------------


def make(path: Path) -> None:
    """Make a folder."""
    with refused("make", path):
        path.mkdir()


def remove(path: Path, folder: bool) -> None:
    """Remove a file or link, or an empty folder."""
    with refused("remove", path):
        if folder:
            path.rmdir()
            return
        try:
            path.unlink()
        except PermissionError:  # what POSIX, and macOS, say of a folder
            if path.is_dir() and not path.is_symlink():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
            raise


def rename(old: Path, new: Path) -> None:
    """Give a file or folder another name; a file of that name is replaced in one step."""
    with refused("rename", old):
        old.replace(new)


def link(path: Path, target: str) -> None:
    """Make *path* a link to *target*; what is there stays."""
    with refused("link", path):
        os.symlink(target, path)  # noqa: PTH211 - as it is written


def set_facts(path: Path, modified: datetime | None, mode: int | None) -> None:
    """Set time and permissions of what *path* leads to."""
    with refused("set", path):
        if mode is not None:
            path.chmod(mode & 0o7777)
        if modified is not None:
            when = modified if modified.tzinfo else modified.replace(tzinfo=UTC)
            spent = (when - _EPOCH) // timedelta(microseconds=1) * 1000
            os.utime(path, ns=(spent, spent))


def sync(file: BinaryIO) -> None:
    """Wait until the disk has what was written."""
    os.fsync(file.fileno())


def remove_link(path: Path) -> bool:
    """Remove *path* if it is a link; whether it was one.

    Raises:
        UsageError: it is the root of everything.
    """
    with refused("remove", path):
        if stat.S_ISLNK(path.lstat().st_mode):
            path.unlink()
            return True
        if path.resolve() == Path(path.resolve().anchor):
            raise UsageError(f"remove {path}: that is the root of this machine's files")
    return False


def free(path: Path) -> int:
    """Bytes that still fit on the disk of *path*."""
    with refused("stat", path):
        return shutil.disk_usage(path).free
