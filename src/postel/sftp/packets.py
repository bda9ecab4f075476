"""SFTP's packets, byte by byte: numbers, strings, names (draft-ietf-secsh-filexfer-02 section 3).

A grammar module: bytes in, values out. Every count is checked against what is there before
anything is made of it.
"""

from __future__ import annotations

import struct

from ..errors import ProtocolError

__all__ = [
    "ATTRS", "CLOSE", "DATA", "EXTENDED", "EXTENDED_REPLY", "FSETSTAT", "FSTAT", "HANDLE", "INIT",
    "LARGEST_PACKET", "LSTAT", "MKDIR", "NAME", "NAMES", "OPEN", "OPENDIR", "READ", "READDIR",
    "READLINK", "REALPATH", "REMOVE", "RENAME", "RMDIR", "SETSTAT", "STAT", "STATUS", "SYMLINK",
    "VERSION", "WRITE", "Scanner", "string", "u32", "u64",
]

LARGEST_PACKET = 1 << 20
"""Bytes of one packet that are taken. OpenSSH sends no more than 256 KiB, the draft asks for 34 000
to be possible; a folder's page of names can be larger on servers that send it whole."""

INIT, VERSION, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, SETSTAT, FSETSTAT = range(1, 11)
OPENDIR, READDIR, REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME, READLINK, SYMLINK = range(11, 21)
STATUS, HANDLE, DATA, NAME, ATTRS = range(101, 106)
EXTENDED, EXTENDED_REPLY = 200, 201

NAMES = {
    INIT: "INIT", VERSION: "VERSION", OPEN: "OPEN", CLOSE: "CLOSE", READ: "READ", WRITE: "WRITE",
    LSTAT: "LSTAT", FSTAT: "FSTAT", SETSTAT: "SETSTAT", FSETSTAT: "FSETSTAT",
    OPENDIR: "OPENDIR", READDIR: "READDIR", REMOVE: "REMOVE", MKDIR: "MKDIR", RMDIR: "RMDIR",
    REALPATH: "REALPATH", STAT: "STAT", RENAME: "RENAME", READLINK: "READLINK",
    SYMLINK: "SYMLINK", STATUS: "STATUS", HANDLE: "HANDLE", DATA: "DATA", NAME: "NAME",
    ATTRS: "ATTRS", EXTENDED: "EXTENDED", EXTENDED_REPLY: "EXTENDED_REPLY",
}
"""The draft's names of packet types, without their prefix."""

u32 = struct.Struct(">I").pack
u64 = struct.Struct(">Q").pack
_U32 = struct.Struct(">I").unpack_from
_U64 = struct.Struct(">Q").unpack_from


def string(data: bytes) -> bytes:
    """A string: its length, and itself.

    Example:
        >>> string(b"abc")
        b'\\x00\\x00\\x00\\x03abc'
    """
    return u32(len(data)) + data


class Scanner:
    """Reads a packet from front to back, and never beyond its end.

    Args:
        data: the packet's body.
        what: how errors call it.

    Raises:
        ProtocolError: by every method, where there is less than it takes.

    Example:
        >>> scan = Scanner(memoryview(b"\\0\\0\\0\\2hi\\0\\0\\0\\7"), "a packet")
        >>> scan.string(), scan.u32(), scan.left
        (b'hi', 7, 0)
    """

    __slots__ = ("_at", "_data", "_end", "_what")

    def __init__(self, data: memoryview, what: str) -> None:
        self._data, self._at, self._end, self._what = data, 0, len(data), what

    @property
    def left(self) -> int:
        """Bytes that were not read."""
        return self._end - self._at

    def u32(self) -> int:
        """A number of four bytes."""
        self._need(4)
        self._at += 4
        value: int = _U32(self._data, self._at - 4)[0]
        return value

    def u64(self) -> int:
        """A number of eight bytes."""
        self._need(8)
        self._at += 8
        value: int = _U64(self._data, self._at - 8)[0]
        return value

    def string(self) -> bytes:
        """A string."""
        return bytes(self.view())

    def view(self) -> memoryview:
        """A string, not copied."""
        size = self.u32()
        self._need(size)
        self._at += size
        return self._data[self._at - size : self._at]

    def rest(self) -> bytes:
        """All that is left."""
        data = bytes(self._data[self._at :])
        self._at = self._end
        return data

    def _need(self, count: int) -> None:
        if self._end - self._at < count:
            raise ProtocolError(
                f"SFTP: {self._what} ends in the middle: {count:,} bytes should follow, "
                f"{self._end - self._at:,} do")
