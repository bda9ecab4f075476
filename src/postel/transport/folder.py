"""Local folders that names from a server go into, held by descriptor. Disk code, blocking.

A folder is entered one component at a time without following links (POSIX), and everything in it
is done by its descriptor, so a link planted during the run leads nowhere.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterable
from pathlib import Path

from ..errors import TransferError
from ..wire.names import safe_name

__all__ = ["Folder"]

_BY_DESCRIPTOR = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe that was planted there must not hold us
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_BINARY = getattr(os, "O_BINARY", 0)


class Folder:
    """A local folder that files and folders with names from a server go into.

    Args:
        path: taken as the caller gave it, links and all; what is below is not.
        strict: whether back-slashes and drive letters in names are refused too.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place, Folder(place) as folder:
        ...     with folder.enter("sub") as sub:
        ...         sub.link("a.txt", "elsewhere.txt")
        ...     (Path(place) / "sub" / "a.txt").readlink().name
        'elsewhere.txt'
    """

    def __init__(self, path: Path | str, *, strict: bool = True, _fd: int | None = None) -> None:
        self.path = Path(path)
        self.strict = strict
        if _fd is None and _BY_DESCRIPTOR:
            _fd = os.open(self.path, os.O_RDONLY | _FOLDER)
        self._fd = _fd

    def descend(self, parts: Iterable[str], *, make: bool = False) -> Folder:
        """The folder that *parts* lead to, one below the other; each is checked as by `enter`."""
        here = Folder(self.path, strict=self.strict, _fd=None if self._fd is None
                      else os.dup(self._fd))
        for part in parts:
            with here:
                here = here.enter(part, make=make)
        return here

    def enter(self, name: str, *, make: bool = True) -> Folder:
        """The folder *name* in this one; never through a link.

        Args:
            name: one component.
            make: whether it is made where it is missing.

        Raises:
            TransferError: the name is not safe, or is taken by a link or a file.
        """
        name = self.checked(name)
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._at(name), dir_fd=self._fd)
        try:
            if self._fd is not None:
                below = os.open(name, os.O_RDONLY | _FOLDER | _NO_LINKS, dir_fd=self._fd)
                return Folder(self.path / name, strict=self.strict, _fd=below)
            if os.path.islink(self._at(name)):  # noqa: PTH114
                raise NotADirectoryError
            return Folder(self.path / name, strict=self.strict)
        except OSError as error:
            raise TransferError(
                f"folder {self.path / name}: there is a link or a file of that name",
                hint="move it away; a folder of the tree must go there",
            ) from error

    def stat(self, name: str) -> os.stat_result | None:
        """What stands under *name*, links not followed; None when nothing does."""
        try:
            return os.stat(self._at(name), dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def checked(self, name: str) -> str:
        """*name*, if it can be one component here.

        Raises:
            TransferError: it is not safe.
        """
        if not self.strict and name not in ("", ".", "..") and not set(name) & {"/", "\0"}:
            return name
        return safe_name(name)

    def remove(self, name: str) -> None:
        """Remove the file or link *name*; one that is not there is gone already."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._at(name), dir_fd=self._fd)

    def remove_folder(self, name: str) -> None:
        """Remove the empty folder *name*; one that is not there is gone already."""
        with contextlib.suppress(FileNotFoundError):
            os.rmdir(self._at(name), dir_fd=self._fd)

    def move(self, name: str, into: Folder, new: str) -> None:
        """Give *name* the name *new* in the folder *into*; what is there is replaced."""
        os.replace(self._at(name), into._at(new), src_dir_fd=self._fd, dst_dir_fd=into._fd)

    def link(self, name: str, to: str) -> None:
        """Make *name* a symbolic link to *to*, by way of a temporary name."""
        passing = f".{zlib.crc32(os.fsencode(name)):x}.postel"
        self.remove(passing)
        os.symlink(to, self._at(passing), dir_fd=self._fd)
        self.move(passing, self, name)

    def set_facts(self, name: str, *, modified: float | None, mode: int | None = None) -> None:
        """Set time (seconds since 1970) and permissions of the file *name*; never of a link's."""
        fd = self._open(name, os.O_RDONLY | _NO_WAIT)
        try:
            if modified is not None:
                os.utime(fd if os.utime in os.supports_fd else self._at(name),
                         (modified, modified))
            if mode is not None:
                os.chmod(fd if os.chmod in os.supports_fd else self._at(name), mode & 0o777)  # noqa: PTH101 - by descriptor
        finally:
            os.close(fd)

    def sync(self) -> None:
        """Make the names in this folder durable."""
        if self._fd is not None:
            os.fsync(self._fd)

    def close(self) -> None:
        """Let go of the descriptor; may be called twice."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _at(self, name: str) -> str:
        return name if self._fd is not None else str(self.path / name)

    def _open(self, name: str, flags: int) -> int:
        return os.open(self._at(name), flags | _NO_LINKS | _BINARY, 0o600, dir_fd=self._fd)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
