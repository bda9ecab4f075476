"""What SFTP's users hold in their hands: attributes, limits, file systems. Frozen, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Attributes", "FileSystem", "Limits"]


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a file is (draft section 5); None where the server does not say.

    Args:
        size: in bytes.
        uid: the owner's number.
        gid: the group's number.
        permissions: type and mode as in ``stat.st_mode``.
        accessed: time of last access, in seconds since 1970.
        modified: time of last change, in seconds since 1970.
        extended: whatever else, by name.

    Example:
        >>> Attributes(size=3, permissions=0o100644).mode == 0o644
        True
    """

    size: int | None = None
    uid: int | None = None
    gid: int | None = None
    permissions: int | None = None
    accessed: int | None = None
    modified: int | None = None
    extended: Mapping[bytes, bytes] = field(default_factory=dict)

    @property
    def mode(self) -> int | None:
        """The permission bits alone."""
        return None if self.permissions is None else self.permissions & 0o7777


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server stands at once (``limits@openssh.com``); 0 is "it does not say".

    Args:
        packet: bytes of a packet.
        read: bytes of a READ.
        write: bytes of a WRITE.
        handles: files and folders that are open.
    """

    packet: int = 0
    read: int = 0
    write: int = 0
    handles: int = 0


@dataclass(frozen=True, slots=True)
class FileSystem:
    """The disk that a path is on (``statvfs@openssh.com``).

    Args:
        block: bytes of a block.
        blocks: blocks there are.
        free: blocks that are free.
        available: blocks that are free for you.
        files: files that fit in all.
        files_free: files that still fit.
        read_only: whether nothing can be written.
        longest_name: bytes of a name.

    Example:
        >>> FileSystem(4096, 100, 50, 40, 10, 5, False, 255).room
        163840
    """

    block: int
    blocks: int
    free: int
    available: int
    files: int
    files_free: int
    read_only: bool
    longest_name: int

    @property
    def room(self) -> int:
        """Bytes that you can still write."""
        return self.block * self.available
