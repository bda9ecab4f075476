"""Packets out of bytes: a length of four bytes, and so many bytes (draft section 3).

A grammar module: bytes in, views of packets out.
"""

from __future__ import annotations

import struct

from ..errors import ProtocolError
from ..wire.text import display
from .packets import LARGEST_PACKET

__all__ = ["Framed"]

_BUFFER = 1 << 20
_LOW = 32_768
_LENGTH = struct.Struct(">I")


class Framed:
    """A buffer, and where in it the next packet begins.

    Args:
        largest: bytes of a packet that are taken.
    """

    def __init__(self, largest: int = LARGEST_PACKET) -> None:
        self.largest = largest
        self._buffer = bytearray(2 * _LOW)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0

    def room(self) -> memoryview:
        """Where the next bytes are to be put; `filled` says how many they were."""
        if self._start == self._end:
            self._start = self._end = 0
        size, need = len(self._buffer), self._needed()
        if size - self._end < _LOW or self._start + need > size:
            self._move(max(_BUFFER, need))  # bulk has begun
        return self._view[self._end :]

    def _needed(self) -> int:
        """Bytes of the packet that has begun, its length included."""
        if self._end - self._start < 4:
            return 4
        size: int = _LENGTH.unpack_from(self._buffer, self._start)[0]
        return 4 + min(size, self.largest)

    def _move(self, size: int) -> None:
        """Bring what is left to the front of a buffer of at least *size*."""
        left = bytes(self._view[self._start : self._end])
        size = max(size, len(left) + _LOW)
        if len(self._buffer) < size:
            self._buffer = bytearray(size)
            self._view = memoryview(self._buffer)
        self._start, self._end = 0, len(left)
        self._view[: len(left)] = left

    def filled(self, count: int) -> None:
        """So many bytes were put into the room."""
        self._end += count

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""
        self._move(self._end - self._start + len(data) + _LOW)
        self._view[self._end : self._end + len(data)] = data
        self._end += len(data)

    def _packet(self) -> memoryview | None:
        """The next packet from its type on, or None when more bytes are needed.

        Raises:
            ProtocolError: its length is none.
        """
        start, held = self._start, self._end - self._start
        if held < 4:
            return None
        size: int = _LENGTH.unpack_from(self._buffer, start)[0]
        if not 1 <= size <= self.largest:
            text = bytes(self._view[start : min(start + 32, self._end)])
            raise ProtocolError(
                f"SFTP: a packet of {size:,} bytes; {self.largest:,} are taken "
                f"(it begins {display(repr(text))})",
                hint="if that is text, the other end's shell prints it on log-in: "
                     "a start-up file that says something breaks SFTP")
        if held < 4 + size:
            return None
        self._start = start + 4 + size
        return self._view[start + 4 : start + 4 + size]
