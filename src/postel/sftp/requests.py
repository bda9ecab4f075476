"""The requests of SFTP version 3 and of OpenSSH's extensions, each as one function.

A grammar module: values in, packets' bodies out. Paths are checked here: no CR, LF or NUL passes.
"""

from __future__ import annotations

from ..wire.base import argument
from . import attributes, packets
from .packets import Scanner, string, u32, u64
from .types import Attributes, FileSystem, Limits
from .wire import Request

__all__ = [
    "APPEND", "CREATE", "EXCLUSIVE", "READ", "TRUNCATE", "WRITE", "by_handle", "by_path",
    "copy_data", "expand_path", "extended", "fsync", "hardlink", "home_directory", "init", "limits",
    "limits_of", "lsetstat", "mkdir", "open_file", "path_bytes", "posix_rename", "read", "rename",
    "setstat", "statvfs", "statvfs_of", "symlink", "users_groups", "users_groups_of", "write",
]

READ, WRITE, APPEND, CREATE, TRUNCATE, EXCLUSIVE = 1, 2, 4, 8, 16, 32
"""What a file is opened for (draft section 6.3)."""

_READ_ONLY = 1  # OpenSSH's PROTOCOL, section 4.4


def path_bytes(path: str) -> bytes:
    """The bytes of *path*.

    Raises:
        UsageError: it holds CR, LF or NUL.
    """
    return argument(path or ".", "path")


def init() -> Request:
    """INIT: version 3, which everybody speaks; servers that offer more speak it best."""
    return Request(packets.INIT, u32(3), "3")


def by_path(kind: int, path: str) -> Request:
    """A request that has one path: OPENDIR, STAT, LSTAT, REMOVE, RMDIR, REALPATH, READLINK."""
    return Request(kind, string(path_bytes(path)), path)


def by_handle(kind: int, handle: bytes) -> Request:
    """A request that has one handle: CLOSE, READDIR, FSTAT."""
    return Request(kind, string(handle), handle.hex())


def open_file(path: str, flags: int, mode: int | None = None) -> Request:
    """OPEN."""
    body = string(path_bytes(path)) + u32(flags) + attributes.pack(Attributes(permissions=mode))
    words = [name for name, bit in (("read", READ), ("write", WRITE), ("append", APPEND),
                                    ("create", CREATE), ("truncate", TRUNCATE),
                                    ("exclusive", EXCLUSIVE)) if flags & bit]
    return Request(packets.OPEN, body, f"{path} to {' '.join(words)}")


def read(handle: bytes, offset: int, length: int) -> Request:
    """READ."""
    return Request(packets.READ, string(handle) + u64(offset) + u32(length),
                   f"{length} at {offset}", length=length, offset=offset)


def write(handle: bytes, offset: int, length: int) -> Request:
    """WRITE, without its data: `postel.sftp.wire.data_head` has the packet's head."""
    return Request(packets.WRITE, string(handle) + u64(offset),
                   f"{length} at {offset}", length=length, offset=offset)


def setstat(path: str | bytes, found: Attributes) -> Request:
    """SETSTAT of a path, FSETSTAT of a handle."""
    if isinstance(path, bytes):
        return Request(packets.FSETSTAT, string(path) + attributes.pack(found),
                       f"{path.hex()} {_shown(found)}")
    return Request(packets.SETSTAT, string(path_bytes(path)) + attributes.pack(found),
                   f"{path} {_shown(found)}")


def _shown(found: Attributes) -> str:
    mode = None if found.permissions is None else f"mode {found.permissions:o}"
    time = None if found.modified is None else f"time {found.modified}"
    size = None if found.size is None else f"size {found.size}"
    return " ".join(part for part in (size, mode, time) if part)


def mkdir(path: str, mode: int | None = None) -> Request:
    """MKDIR."""
    return Request(packets.MKDIR, string(path_bytes(path))
                   + attributes.pack(Attributes(permissions=mode)), path)


def rename(old: str, new: str) -> Request:
    """RENAME: fails where *new* is there already."""
    return Request(packets.RENAME, string(path_bytes(old)) + string(path_bytes(new)),
                   f"{old} to {new}")


def symlink(path: str, target: str) -> Request:
    """SYMLINK: the target first.

    The draft has it the other way round; OpenSSH's servers, and those that follow them, do not
    (PROTOCOL section 4.1).
    """
    return Request(packets.SYMLINK, string(path_bytes(target)) + string(path_bytes(path)),
                   f"{path} to {target}")


def extended(name: str, body: bytes, shown: str = "") -> Request:
    """A request of an extension."""
    return Request(packets.EXTENDED, string(name.encode("ascii")) + body,
                   f"{name.partition('@')[0]} {shown}".rstrip())


def posix_rename(old: str, new: str) -> Request:
    """Rename as rename(2) does: a file of the new name is replaced in one step."""
    return extended("posix-rename@openssh.com", string(path_bytes(old)) + string(path_bytes(new)),
                    f"{old} to {new}")


def hardlink(old: str, new: str) -> Request:
    """Another name for a file."""
    return extended("hardlink@openssh.com", string(path_bytes(old)) + string(path_bytes(new)),
                    f"{old} to {new}")


def fsync(handle: bytes) -> Request:
    """Make what was written last."""
    return extended("fsync@openssh.com", string(handle), handle.hex())


def statvfs(path: str | bytes) -> Request:
    """How much fits on the disk of a path, or of an open file."""
    if isinstance(path, bytes):
        return extended("fstatvfs@openssh.com", string(path), path.hex())
    return extended("statvfs@openssh.com", string(path_bytes(path)), path)


def statvfs_of(data: bytes) -> FileSystem:
    """The answer to `statvfs`."""
    scan = Scanner(memoryview(data), "statvfs")
    _, block, blocks, free, available, files, files_free, _, _, flags, longest = (
        scan.u64() for _ in range(11))
    return FileSystem(block, blocks, free, available, files, files_free,
                      bool(flags & _READ_ONLY), longest)


def limits() -> Request:
    """What the server stands at once."""
    return extended("limits@openssh.com", b"")


def limits_of(data: bytes) -> Limits:
    """The answer to `limits`."""
    scan = Scanner(memoryview(data), "limits")
    return Limits(scan.u64(), scan.u64(), scan.u64(), scan.u64())


def copy_data(source: bytes, target: bytes, *, offset: int = 0, length: int = 0,
              at: int = 0) -> Request:
    """Copy from one open file to another, on the server; length 0 is up to the end."""
    body = string(source) + u64(offset) + u64(length) + string(target) + u64(at)
    return extended("copy-data", body, f"{source.hex()} to {target.hex()}")


def lsetstat(path: str, found: Attributes) -> Request:
    """SETSTAT that does not follow a link."""
    return extended("lsetstat@openssh.com", string(path_bytes(path)) + attributes.pack(found),
                    f"{path} {_shown(found)}")


def expand_path(path: str) -> Request:
    """REALPATH that knows ``~`` and ``~user``."""
    return extended("expand-path@openssh.com", string(path_bytes(path)), path)


def home_directory(user: str) -> Request:
    """The home folder of a user; "" is yours."""
    return extended("home-directory", string(argument(user, "user name")), user)


def users_groups(uids: list[int], gids: list[int]) -> Request:
    """The names of users and groups, by number."""
    body = (string(b"".join(map(u32, uids))) + string(b"".join(map(u32, gids))))
    return extended("users-groups-by-id@openssh.com", body, f"{uids} {gids}")


def users_groups_of(data: bytes) -> tuple[list[str], list[str]]:
    """The answer to `users_groups`: names in the order of the numbers, "" where unknown."""
    scan = Scanner(memoryview(data), "users-groups-by-id")
    found: list[list[str]] = []
    for _ in range(2):
        part, names = Scanner(scan.view(), "users-groups-by-id"), []
        while part.left:
            names.append(part.string().decode("utf-8", "surrogateescape"))
        found.append(names)
    return found[0], found[1]
