"""The locks of an mbox file, and the journal that undoes what a dead writer left half done.

Writers exclude each other by two locks, as Debian's policy wants them: fcntl on the file, then a
dot-lock (`inbox.lock` beside `inbox`). Postel's dot-lock also is its journal: it notes how long
the file was and how much will be added. A process that dies while adding leaves the note behind;
whoever comes next, holding the fcntl lock and so knowing that the writer is dead, cuts the file
back to what it was. What is cut off is kept in `inbox.torn-OFFSET`, in case a program that ignores
dot-locks has added something there meanwhile.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import Forbidden, TryLater
from . import disk_errors, host_name

try:
    import fcntl
except ImportError:  # Windows: the dot-lock has to do
    fcntl = None  # type: ignore[assignment]

__all__ = ["FileLock", "write_all"]

CHUNK = 1 << 20  # bytes copied at a time
POLL = 0.1  # seconds between two attempts at a lock
STALE = 600.0  # seconds after which a dot-lock that is not Postel's is nobody's (procmail: 1024)
_BINARY = getattr(os, "O_BINARY", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_HELD: set[str] = set()  # fcntl locks do not exclude threads of one process; this does


class FileLock:
    """Both locks of one mbox file.

    Args:
        path: the mbox.
        timeout: seconds to wait for another program.
        dotlock: without it only the fcntl lock is taken, and there is no journal.

    The dot-lock reads ``PID:HOST:postel:OFFSET:LENGTH``; other programs look at the first two at
    most. The attributes `now` (seconds since 1970) and `sleep` are there for tests to replace.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     lock = FileLock(Path(folder, "inbox"))
        ...     with lock.hold(create=True) as handle:
        ...         print(lock.dot.name, lock.dot.exists())
        inbox.lock True
    """

    def __init__(self, path: Path, *, timeout: float = 30.0, dotlock: bool = True) -> None:
        self.path = path
        self.dot = path.with_name(path.name + ".lock")
        self.timeout = timeout
        self.dotlock = dotlock
        self.now: Callable[[], float] = time.time
        self.sleep: Callable[[float], None] = time.sleep
        self._name = str(self.dot.absolute())
        self._new = path.with_name(path.name + ".lock-new")  # guarded by the fcntl lock
        self._taken = False
        self._torn = (0, 0)

    @contextmanager
    def hold(self, *, create: bool) -> Iterator[int]:
        """Open, lock and repair the file; yield its handle.

        Raises:
            TryLater: another program keeps its lock for longer than the timeout.
            NotFound, Forbidden, NoSpace, TransferError: the disk refuses.
        """
        file = self._locked(create)
        try:
            if self.dotlock:
                with disk_errors(f"locking {self.path}"):
                    self._repair(file)
            yield file
        finally:
            self._release()
            os.close(file)  # which ends the fcntl lock

    def _locked(self, create: bool) -> int:
        """The file with both its locks; the one that has the name now, not a replaced one."""
        flags = os.O_RDWR | _BINARY | (os.O_CREAT if create else 0)
        while True:
            with disk_errors(f"locking {self.path}"):
                file = os.open(self.path, flags, 0o600)
            try:
                with disk_errors(f"locking {self.path}"):
                    self._wait(lambda: _fcntl_locked(file),  # noqa: B023 - called in here
                               "another program has it locked (fcntl)")
                    if self.dotlock:
                        self._wait(self._take, f"there is a dot-lock {self.dot.name}")
                    if _same(file, self.path):
                        return file
            except BaseException:
                self._release()
                os.close(file)
                raise
            self._release()
            os.close(file)

    def note(self, begin: int, length: int, *, sync: bool) -> None:
        """Write down that *length* bytes will follow offset *begin*; *sync* before they do."""
        if self._taken:
            self._draft(begin, length, sync=sync)
            self._new.replace(self.dot)

    def _wait(self, attempt: Callable[[], bool], why: str) -> None:
        waited = 0.0
        while not attempt():
            if waited >= self.timeout:
                raise TryLater(
                    f"locking {self.path}: {why}",
                    temporary=True,
                    hint="end the mail program that uses it; if there is none, remove the lock",
                )
            self.sleep(POLL)
            waited += POLL

    def _take(self) -> bool:
        """Create the dot-lock, or take over a dead writer's; False while it is somebody's."""
        if self._name in _HELD or not (self._create() or self._take_over()):
            return False
        _HELD.add(self._name)
        self._taken = True
        return True

    def _create(self) -> bool:
        """A lock that is signed from the first: a crash must not leave an empty one behind."""
        self._draft(0, 0, sync=False)
        try:
            os.link(self._new, self.dot)
        except FileExistsError:
            return False
        except OSError:  # no hard links on this file system
            try:
                os.close(os.open(self.dot, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                return False
            self._new.replace(self.dot)
        finally:
            self._new.unlink(missing_ok=True)
        return True

    def _draft(self, begin: int, length: int, *, sync: bool) -> None:
        self._new.unlink(missing_ok=True)
        journal = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        try:
            note = f"{os.getpid()}:{host_name()}:postel:{begin}:{length}\n"
            write_all(journal, note.encode())
            if sync:
                os.fsync(journal)
        except BaseException:
            self._new.unlink()
            raise
        finally:
            os.close(journal)

    def _take_over(self) -> bool:
        """A dead writer's lock becomes ours in place, so that its journal is never lost.

        Postel holds the fcntl lock for as long as the dot-lock; we have the former, so a lock
        of Postel's on this machine is dead. Another program's must be old.
        """
        try:
            journal = os.open(self.dot, os.O_RDONLY | _NO_FOLLOW | _BINARY)
        except FileNotFoundError:
            return False  # just released: the next attempt creates it
        try:
            words = os.read(journal, 512).split(b":")
            old = self.now() - os.fstat(journal).st_mtime >= STALE
        finally:
            os.close(journal)
        ours = len(words) == 5 and words[1:3] == [host_name().encode(), b"postel"]
        if ours and words[3].isdigit() and words[4].strip().isdigit():
            self._torn = (int(words[3]), int(words[4]))
        return old or (ours and fcntl is not None)

    def _repair(self, file: int) -> None:
        """Cut off what a dead writer has added in part; a complete addition stays."""
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise Forbidden(f"opening {self.path}: it is no plain file")
        begin, length = self._torn
        self._torn = (0, 0)
        if begin < os.fstat(file).st_size < begin + length:
            keep = self.path.with_name(f"{self.path.name}.torn-{begin}")
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_FOLLOW | _BINARY
            with os.fdopen(os.open(keep, flags, 0o600), "wb") as torn:
                os.lseek(file, begin, os.SEEK_SET)
                while data := os.read(file, CHUNK):
                    torn.write(data)
            os.ftruncate(file, begin)
            os.fsync(file)

    def _release(self) -> None:
        """Remove the dot-lock if it is ours."""
        if self._taken:
            self._taken = False
            self.dot.unlink(missing_ok=True)
            _HELD.discard(self._name)


def write_all(file: int, data: bytes) -> None:
    """Write *data*, in as many pieces as the system takes.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryFile() as file:
        ...     write_all(file.fileno(), b"all")
        ...     file.seek(0), file.read()
        (0, b'all')
    """
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _fcntl_locked(file: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # EAGAIN or EACCES: somebody has it
        return False
    return True


def _same(file: int, path: Path) -> bool:
    """Whether *path* still names the open file: whoever had the lock may have replaced it."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
