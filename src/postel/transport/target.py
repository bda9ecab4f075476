"""Files being written: beside their final name, synced, then renamed. Disk code, blocking.

A transfer writes to ``.NAME.postel`` (where NAME is long, to a shorter form of it) in the folder
where it will end. Only a file that is whole gets its name, so whoever looks sees the old file or
the new one, never half of either. What is left of an interrupted transfer stays, with a note of
what it was part of; the next run goes on only if the source is still the same.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from ..errors import BusyError, PostelError, TransferError
from ..wire.names import NOTE, unfinished
from .folder import Folder

__all__ = ["Target", "on_disk"]

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe that was planted there must not hold us
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
_NOTE = 1 << 16  # bytes of a note; ours have some hundred, one of many segments some thousand


class Target:
    """One file on its way to its final name.

    Args:
        folder: where it will be.
        name: what it will be called there; one from a server is checked first (`Folder.checked`).
        own: whether the folder is let go of with it.

    Attributes:
        file: open for writing and reading, where the transfer goes on.
        offset: bytes that were there already; 0 for a fresh start.
    """

    def __init__(self, folder: Folder, name: str, *, own: bool = False) -> None:
        self._folder = folder
        self._own = own
        self.name = name
        self._part, self._note = unfinished(name), unfinished(name, NOTE)
        self.offset = 0
        self._noted = False
        try:
            self.file = self._open_part()
        except BaseException:
            self._release()
            raise

    @classmethod
    def at(cls, path: Path | str) -> Target:
        """A target at a path of the caller's own choosing."""
        path = Path(path)
        return cls(Folder(path.parent), path.name, own=True)

    def _open_part(self) -> BinaryIO:
        while True:
            fd = self._folder._open(self._part, os.O_RDWR | os.O_CREAT | _NO_WAIT)
            try:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise TransferError(f"{self._folder.path / self._part}: not a plain file")
                _lock(fd, self._folder.path / self.name)
                if self._is_ours(fd):
                    return cast("BinaryIO", _Whole(fd))
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)  # another run gave it its name between our open and our lock

    def _is_ours(self, fd: int) -> bool:
        """Whether the temporary name still stands for the file behind *fd*."""
        there, here = self._folder.stat(self._part), os.fstat(fd)
        return there is not None and (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def resume(self, identity: Mapping[str, object]) -> int:
        """Go on where an earlier run stopped, if it was at the same source.

        Args:
            identity: what must not have changed: size, time, URL; it is noted for the next run.

        Returns:
            How many bytes are there; 0 starts afresh.
        """
        noted = self.read_note()
        self._noted = True
        if noted == dict(identity):
            self.offset = self.file.seek(0, os.SEEK_END)
        else:
            self.restart()
            self.write_note(identity)
        return self.offset

    def forget(self) -> None:
        """What is written from now on is not to be gone on with."""
        self._folder.remove(self._note)

    def restart(self, offset: int = 0) -> None:
        """Forget all but the first *offset* bytes."""
        if os.fstat(self.file.fileno()).st_size != offset:
            self.file.truncate(offset)
        self.file.seek(offset)
        self.offset = offset

    def tail(self, count: int) -> bytes:
        """The last *count* bytes there are; the file stays at its end."""
        self.file.seek(max(0, self.offset - count))
        data = self.file.read(count) or b""
        self.file.seek(self.offset)
        return data

    def commit(
        self,
        *,
        modified: datetime | None = None,
        mode: int | None = None,
        durable: bool = True,
        folder: bool = True,
    ) -> None:
        """The file is whole: sync it and give it its name.

        Args:
            modified: its time; naive times are UTC.
            mode: its permission bits; else those of the file it replaces, else the umask's.
            durable: whether to wait until the disk has it.
            folder: and its name too; who commits many syncs their folder once, afterwards.

        Raises:
            TransferError: somebody else took the temporary name away.
        """
        fd = self.file.fileno()
        if not self._is_ours(fd):
            raise TransferError(f"{self._folder.path / self.name}: another file took the place of "
                                f"{self._part}", hint="a file of that name came too; try again")
        if mode is None:
            mode = self._mode()
        os.fchmod(fd, mode & 0o777)
        if modified is not None:
            when = modified if modified.tzinfo else modified.replace(tzinfo=UTC)
            os.utime(fd, (when.timestamp(), when.timestamp()))
        if durable:
            os.fsync(fd)
        self._folder.move(self._part, self._folder, self.name)
        if self._noted:
            self._folder.remove(self._note)
        if durable and folder:
            self._folder.sync()
        self._release()

    def discard(self) -> None:
        """Leave nothing behind."""
        if not self.file.closed:
            if self._is_ours(self.file.fileno()):
                self._folder.remove(self._part)
            self._folder.remove(self._note)
            self._release()

    def keep(self) -> None:
        """Stop here; the next run may go on."""
        if not self.file.closed and os.fstat(self.file.fileno()).st_size == 0:
            self.discard()
        self._release()

    def _release(self) -> None:
        if "file" in self.__dict__:
            self.file.close()
        if self._own:
            self._folder.close()

    def _mode(self) -> int:
        old = self._folder.stat(self.name)
        if old is not None and stat.S_ISREG(old.st_mode):
            return stat.S_IMODE(old.st_mode) & 0o777
        return 0o666 & ~_umask()

    def read_note(self) -> object:
        """What is noted beside the partial file; None where nothing can be read."""
        try:
            fd = self._folder._open(self._note, os.O_RDONLY)
        except OSError:
            return None
        with open(fd, "rb") as file, contextlib.suppress(ValueError):  # noqa: PTH123
            return json.loads(file.read(_NOTE).partition(b"\n")[0])
        return None

    def write_note(self, identity: Mapping[str, object]) -> None:
        """Note beside the partial file what it is part of; `commit` takes the note away."""
        self._noted = True
        data = json.dumps(dict(identity)).encode() + b"\n"
        fd = self._folder._open(self._note, os.O_WRONLY | os.O_CREAT)
        with open(fd, "wb", buffering=0) as file:  # noqa: PTH123 - by descriptor
            file.write(data)  # at once, over the old one: who is killed here leaves one of the two
            file.truncate()

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *exc: object) -> None:
        self.keep()


class _Whole(io.FileIO):
    """An unbuffered file whose `write` writes all of it: a disk that is nearly full takes part."""

    def __init__(self, fd: int) -> None:
        super().__init__(fd, "r+b")

    def write(self, data: ReadableBuffer) -> int:
        """Write all of *data*; raise `OSError` where the disk takes no more."""
        view = memoryview(data)
        done = super().write(view)
        while done < len(view):
            done += super().write(view[done:])
        return done


@contextlib.contextmanager
def on_disk(path: Path | str) -> Iterator[None]:
    """Say in one of our errors what this machine's disk refuses while *path* is fetched.

    Example:
        >>> with on_disk("a.iso"):
        ...     raise OSError(28, "No space left on device")
        Traceback (most recent call last):
        ...
        postel.errors.TransferError: a.iso: it cannot be written here: No space left on device
    """
    try:
        yield
    except PostelError:
        raise
    except OSError as error:
        raise TransferError(
            f"{path}: it cannot be written here: {error.strerror or error}",
            hint="make room, and run it again: it goes on where it stopped"
            if error.errno in _FULL else "check the folder and its permissions",
        ) from error


@cache
def _umask() -> int:
    """The process's umask; reading it means setting it, so that is done once."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _lock(fd: int, path: Path) -> None:
    """One writer at a time."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows opens exclusively anyway
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise BusyError(
            f"{path}: another transfer is writing it", hint="wait for it, or stop it"
        ) from None
