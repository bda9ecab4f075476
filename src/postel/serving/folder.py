"""A real folder as a served tree, and a jail: nothing outside of it is ever reached or named.

Service code, plain blocking calls. A path is walked one component at a time from a descriptor of
the root, each opened relative to the last one with O_NOFOLLOW: a symbolic link is listed as a
link and never followed, so neither a link that points outside nor one that is planted while a
request runs leads anywhere (``openat``, POSIX.1-2008).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import UsageError
from ..types import Kind
from .digests import digest_of
from .files import FileStatus, failed, split

__all__ = ["FolderFiles"]

_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0)
_FILE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO must not hold the server


class FolderFiles:
    """Serves what is below *root*.

    Args:
        root: the folder.
        writable: whether it may be changed.

    Raises:
        UsageError: there is no such folder.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as name:
        ...     _ = pathlib.Path(name, "a.txt").write_bytes(b"hello")
        ...     files = FolderFiles(name)
        ...     [(found.name, found.size) for found in files.list("/")]
        [('a.txt', 5)]
    """

    def __init__(self, root: Path | str, writable: bool = False) -> None:
        self.root = Path(root)
        self.writable = writable
        if not self.root.is_dir():
            raise UsageError(f"serve {self.root}: there is no such folder")

    def stat(self, path: str) -> FileStatus:
        """What *path* is."""
        with self._above(path) as (folder, name):
            found = os.stat(name or ".", dir_fd=folder, follow_symlinks=False)
        return _status(name, found)

    def list(self, path: str) -> list[FileStatus]:
        """What the folder *path* holds, by name."""
        found = []
        with self._folder(split(path)) as folder, os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):  # gone since
                    found.append(_status(entry.name, entry.stat(follow_symlinks=False)))
        return sorted(found, key=lambda status: status.name)

    def open(self, path: str, offset: int = 0) -> BinaryIO:
        """The file *path* to read from byte *offset* on: a real one, to be sent by large pieces."""
        file = self._open(path, os.O_RDONLY)
        file.seek(offset)
        return file

    def create(self, path: str, *, at: int | None = None, new: bool = False) -> BinaryIO:
        """The file *path* to write."""
        self._must_write()
        file = self._open(path, os.O_WRONLY | os.O_CREAT | (os.O_EXCL if new else 0))
        if at is None:
            file.truncate(0)
        else:
            file.seek(*((0, os.SEEK_END) if at == -1 else (at, os.SEEK_SET)))
        return file

    def make_folder(self, path: str) -> None:
        """Create the folder *path*; its parent must exist."""
        with self._change(path) as (folder, name):
            os.mkdir(name, 0o755, dir_fd=folder)

    def remove_folder(self, path: str) -> None:
        """Remove the empty folder *path*."""
        with self._change(path) as (folder, name):
            os.rmdir(name, dir_fd=folder)

    def remove(self, path: str) -> None:
        """Remove the file or link *path*."""
        with self._change(path) as (folder, name):
            os.unlink(name, dir_fd=folder)

    def rename(self, old: str, new: str) -> None:
        """Call *old* by *new*; a file there is replaced."""
        with self._change(old) as (source, name), self._change(new) as (target, called):
            os.rename(name, called, src_dir_fd=source, dst_dir_fd=target)

    def set_modified(self, path: str, seconds: float) -> None:
        """Set the time of last change, in seconds since 1970."""
        with self._change(path) as (folder, name):
            os.utime(name, (seconds, seconds), dir_fd=folder, follow_symlinks=False)

    def set_mode(self, path: str, mode: int) -> None:
        """Set the permission bits; those of users, no set-user-id."""
        self._must_write()
        with contextlib.closing(self._open(path, os.O_RDONLY)) as file:
            os.fchmod(file.fileno(), mode & 0o777)

    def digest(self, path: str, name: str, start: int = 0, end: int | None = None) -> str:
        """A digest of bytes *start* up to *end*, in hexadecimal."""
        with self.open(path, start) as file:
            size = os.fstat(file.fileno()).st_size
            return digest_of(file, name, (size if end is None else end) - start)

    def free(self) -> int:
        """Bytes that still fit on its disk."""
        found = os.statvfs(self.root)
        return found.f_bavail * found.f_frsize if self.writable else 0

    def make_link(self, path: str, target: str) -> None:
        """Make *path* a symbolic link; what *target* says is kept as it is, and never followed."""
        with self._change(path) as (folder, name):
            os.symlink(target, name, dir_fd=folder)

    def read_link(self, path: str) -> str:
        """What the symbolic link *path* says."""
        with self._above(path) as (folder, name):
            return os.readlink(name, dir_fd=folder)

    def _must_write(self) -> None:
        if not self.writable:
            raise failed(errno.EROFS)

    def _open(self, path: str, flags: int) -> BinaryIO:
        with self._above(path) as (folder, name):
            if not name:
                raise failed(errno.EISDIR)
            number = os.open(name, flags | _FILE, 0o644, dir_fd=folder)
        try:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise failed(errno.EISDIR)
            if flags & os.O_ACCMODE == os.O_RDONLY:
                return os.fdopen(number, "rb", buffering=0)
            return os.fdopen(number, "wb")  # buffered: a raw write may be short
        except BaseException:
            os.close(number)
            raise

    @contextlib.contextmanager
    def _change(self, path: str) -> Iterator[tuple[int, str]]:
        self._must_write()
        with self._above(path) as (folder, name):
            if not name:
                raise failed(errno.EBUSY)  # the root stays
            yield folder, name

    @contextlib.contextmanager
    def _above(self, path: str) -> Iterator[tuple[int, str]]:
        """A descriptor of the folder that holds *path*, and its name there ("" for the root)."""
        parts = split(path)
        with self._folder(parts[:-1]) as folder:
            yield folder, parts[-1] if parts else ""

    @contextlib.contextmanager
    def _folder(self, parts: tuple[str, ...]) -> Iterator[int]:
        """A descriptor of the folder *parts*, walked without following any link."""
        current = os.open(self.root, _FOLDER & ~os.O_NOFOLLOW)
        try:
            for part in parts:
                following = os.open(part, _FOLDER, dir_fd=current)
                os.close(current)
                current = following
            yield current
        finally:
            os.close(current)


def _status(name: str, found: os.stat_result) -> FileStatus:
    mode = found.st_mode
    if stat.S_ISREG(mode):
        kind = Kind.FILE
    elif stat.S_ISDIR(mode):
        kind = Kind.FOLDER
    else:
        kind = Kind.LINK if stat.S_ISLNK(mode) else Kind.OTHER
    unique = f"{found.st_dev:x}g{found.st_ino:x}"
    return FileStatus(name, kind, found.st_size, found.st_mtime, stat.S_IMODE(mode), unique,
                      f"{found.st_ino:x}c{found.st_ctime_ns:x}")
