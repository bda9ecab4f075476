"""Where the messages of a file are, found by the megabyte. Disk, through one function.

The file is read in pieces of `CHUNK` bytes. What separates messages is looked for with
`bytes.find`, and a message that lies whole in what was read is handed on with its bytes, so that
going through a mailbox costs one pass over it. A message longer than `LARGE` is handed on without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["Region", "regions"]

CHUNK = 1 << 20
LARGE = 8 << 20  # bytes of one message that are kept while its end is looked for
OVERLAP = 64  # no separator is longer

Read = Callable[[int, int], bytes]
Find = Callable[[bytes, int], tuple[int, int] | None]
Jump = Callable[[int], int | None]


class Region(NamedTuple):
    """A part of a file.

    Args:
        start: offset of its first byte.
        end: offset behind its last.
        data: its bytes, or None where it is large.
    """

    start: int
    end: int
    data: bytes | None


def regions(read: Read, begin: int, find: Find, jump: Jump | None = None) -> Iterator[Region]:
    """The regions between separators, from *begin* on.

    Args:
        read: gives so many bytes from an offset, fewer at the end of the file.
        begin: where the first region starts.
        find: looks in bytes, from a place on, for a separator of at most `OVERLAP` bytes, and
            says where the region before it ends and the next one starts. It may look at the two
            bytes before that place.
        jump: says where the region that starts at an offset certainly ends, if that is known.

    Example:
        >>> text = b"one|two|three"
        >>> def bar(data, at):
        ...     at = data.find(b"|", at)
        ...     return None if at < 0 else (at, at + 1)
        >>> [region.data for region in regions(lambda at, n: text[at:at + n], 0, bar)]
        [b'one', b'two', b'three']
    """
    window = _Window(read, begin)
    while True:
        end = jump(window.start) if jump else None
        if end is not None:
            yield window.leap(end)
            if window.over():
                return
            continue
        found = window.search(find)
        if found is None:
            break
        yield window.cut(*found)
    last = window.rest()
    if last.end > last.start:
        yield last


class _Window:
    """What is in memory of the file, and where the region that is looked at starts."""

    def __init__(self, read: Read, begin: int) -> None:
        self.read = read
        self.start = self.base = self.look = begin
        self.buffer = b""

    def search(self, find: Find) -> tuple[int, int] | None:
        """The next separator, in offsets of the file."""
        while True:
            found = find(self.buffer, self.look - self.base)
            if found is not None:
                return self.base + found[0], self.base + found[1]
            self.look = max(self.look, self.base + len(self.buffer) - OVERLAP)
            if not self.more():
                return None

    def more(self) -> bool:
        """Read on; forget what lies before the region, or the beginning of a large one."""
        large = self.base + len(self.buffer) - self.start > LARGE
        keep = (self.look - 2 if large else min(self.start, self.look - 2)) - self.base
        keep = max(0, keep)
        chunk = self.read(self.base + len(self.buffer), CHUNK)
        self.buffer = self.buffer[keep:] + chunk
        self.base += keep
        return bool(chunk)

    def cut(self, end: int, following: int) -> Region:
        """The region up to *end*; the next one starts at *following*."""
        data = None
        if self.start >= self.base and end - self.start <= LARGE:
            data = self.buffer[self.start - self.base : end - self.base]
        made = Region(self.start, end, data)
        self.start = self.look = following
        return made

    def leap(self, end: int) -> Region:
        """The region up to *end*, which is not searched."""
        if end <= self.base + len(self.buffer):
            return self.cut(end, end)
        data = self.read(self.start, end - self.start) if end - self.start <= LARGE else None
        made = Region(self.start, end, data)
        self.start = self.look = self.base = end
        self.buffer = b""
        return made

    def over(self) -> bool:
        """Whether the file ends here."""
        return self.start >= self.base + len(self.buffer) and not self.more()

    def rest(self) -> Region:
        """What follows the last separator."""
        end = self.base + len(self.buffer)
        return self.cut(end, end)
