"""Which bytes of a file are still missing, and who fetches them. Disk code, blocking.

Workers of a file share a `Parts`; they may be threads, so what it decides, it decides under a lock.
Bytes are written by position, outside of it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from ..transport.target import Target

__all__ = ["NOTED", "SMALLEST", "Part", "Parts"]

SMALLEST = 4 << 20
"""Bytes of a segment: a shorter one is not worth a connection."""

NOTED = 16 << 20
"""Bytes after which it is noted what has arrived: what a killed run fetches again at most."""

@dataclass(eq=False)
class Part:
    """A run of bytes that one worker fetches.

    Args:
        at: the first that is missing.
        end: the first that is another's.
        taken: whether somebody fetches it.
        writing: up to where it is being written just now.
    """

    at: int
    end: int
    taken: bool = False
    writing: int = 0

    @property
    def left(self) -> int:
        """Bytes that are missing."""
        return max(0, self.end - self.at)

    @property
    def free(self) -> int:
        """The first byte that is not being written yet."""
        return max(self.at, self.writing)


class Parts:
    """What is missing of one file.

    Args:
        target: where it is written to.
        size: of the whole file.
        missing: the runs of bytes that are missing.
        name: what to call it.
        identity: what must not have changed for a later run to go on.

    Attributes:
        used: marks of the places that bytes came from.
    """

    def __init__(
        self,
        target: Target,
        size: int,
        missing: Iterable[tuple[int, int]],
        *,
        name: str = "",
        identity: dict[str, object] | None = None,
        used: Iterable[str] = (),
    ) -> None:
        self.target, self.size, self.name = target, size, name
        self.used = set(used)
        self._identity = identity or {}
        self._parts = [Part(start, end) for start, end in missing]
        self._turn = threading.Lock()
        self._since = 0

    @property
    def missing(self) -> int:
        """Bytes that have not arrived."""
        return sum(part.left for part in self._parts)

    def take(self) -> Part | None:
        """A part that nobody has in hand, else half of the largest that somebody has."""
        with self._turn:
            free = [part for part in self._parts if not part.taken and part.left]
            if free:
                part = max(free, key=_left)
                part.taken = True
                return part
            busy = max(self._parts, key=_open, default=None)
            if busy is None or _open(busy) < 2 * SMALLEST:
                return None
            middle = busy.free + _open(busy) // 2
            half = Part(middle, busy.end, True)
            busy.end = middle
            self._parts.append(half)
            return half

    def give_back(self, part: Part) -> None:
        """Somebody else may fetch what is left of *part*."""
        with self._turn:
            part.taken = False

    def has_all(self) -> None:
        """Nothing is missing, as far as is known."""
        with self._turn:
            self._parts = []

    def put_back(self, start: int, end: int) -> None:
        """These bytes are missing after all."""
        with self._turn:
            self._parts = [part for part in self._parts if part.left]
            self._parts.append(Part(start, end))

    def write(self, part: Part, data: bytes, used: str) -> int:
        """Put *data* where it belongs, as far as it is the part's; return how many bytes."""
        with self._turn:
            data = data[: part.left]
            part.writing = part.at + len(data)
        if data:
            _write_at(self.target, part.at, data)
            with self._turn:
                part.at = part.writing
                self.used.add(used)
                self._since += len(data)
        return len(data)

    @property
    def due(self) -> bool:
        """Whether what has arrived is worth being noted."""
        return self._since >= NOTED

    def note(self) -> None:
        """Keep, beside the partial file, what is missing of it."""
        with self._turn:
            self._since = 0
            missing = _merged((part.at, part.end) for part in self._parts if part.left)
            noted = {**self._identity, "from": sorted(self.used), "missing": missing}
        os.fsync(self.target.file.fileno())  # the note must not know of more than the disk has
        self.target.write_note(noted)


def _left(part: Part) -> int:
    return part.left


def _open(part: Part) -> int:
    """Bytes of a part that another may take over."""
    return max(0, part.end - part.free)


def _merged(runs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Runs of bytes in order, those that meet joined."""
    found: list[list[int]] = []
    for start, end in sorted(runs):
        if found and start <= found[-1][1]:
            found[-1][1] = max(end, found[-1][1])
        else:
            found.append([start, end])
    return found


def _write_at(target: Target, offset: int, data: bytes) -> None:
    """Write all of *data* at *offset*; workers of several threads never share a position."""
    view, fd = memoryview(data), target.file.fileno()
    while view:
        count = os.pwrite(fd, view, offset)
        view, offset = view[count:], offset + count
