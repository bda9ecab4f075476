"""Files for their owner alone: written whole or not at all, mode 0600, under a lock. Disk."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import Forbidden, LimitReached, TryLater
from ..mailboxes import disk_errors, sync_path

__all__ = ["config_folder", "locked", "read_private", "write_private"]

_PATIENCE = 30.0


def config_folder() -> Path:
    """Where accounts and keys are: POSTEL_CONFIG, else below XDG_CONFIG_HOME or what stands for it.

    Example:
        >>> config_folder().name
        'postel'
    """
    if (own := os.environ.get("POSTEL_CONFIG")):
        return Path(own)
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    return (Path(base) if base else Path.home() / ".config") / "postel"


def read_private(path: Path, *, largest: int, writable: bool = True) -> bytes | None:
    """The bytes of a file; None where there is none.

    Args:
        path: of the file.
        largest: bytes that it may have.
        writable: False refuses a file that others may write.

    Raises:
        Forbidden: it may not be read, or others may write it.
        LimitReached: it is larger.
    """
    with disk_errors(f"reading {path}"):
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                data = file.read(largest + 1)
        except FileNotFoundError:
            return None
    if not writable and os.name != "nt" and mode & 0o022:
        raise Forbidden(f"reading {path}: others may write it, and it names commands that are run",
                        hint=f"chmod go-w {path}")
    if len(data) > largest:
        raise LimitReached(f"reading {path}: it is larger than {largest:,} bytes")
    return data


def write_private(path: Path, data: bytes) -> None:
    """Put *data* in the place of a file, at once and for good; only its owner may read it.

    Raises:
        PostelError: the disk refuses; what was there is there still.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "new" / "keys"
        ...     write_private(path, b"secret")
        ...     path.read_bytes(), oct(path.stat().st_mode & 0o777)
        (b'secret', '0o600')
    """
    with disk_errors(f"writing {path}"):
        path = path.resolve() if path.is_symlink() else path  # the link stays, and leads to it
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
        sync_path(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let no other process change *path* meanwhile.

    Raises:
        TryLater: another one does, for longer than half a minute.
    """
    lock = path.with_name(f".{path.name}.lock")
    with disk_errors(f"locking {path}"):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _hold(handle, path)
        yield
    finally:
        os.close(handle)  # which lets go of it


def _hold(handle: int, path: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while not _taken(handle):
        if time.monotonic() > until:
            raise TryLater(f"locking {path}: another program is changing it", temporary=True)
        time.sleep(0.02)


if sys.platform == "win32":
    import msvcrt

    def _taken(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _taken(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
