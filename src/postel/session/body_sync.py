# GENERATED from body_async.py by tools/unasync.py: edit that file, not this one.
"""A body that is read as it comes: a context manager and an iterator of chunks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Self

from ..errors import BusyError

__all__ = ["Body"]


class Body(ABC):
    """Iterate over the chunks inside its ``with`` block; leaving early gives the rest up.

    Args:
        name: what is being read, for the error that another command meets.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = 0
        self._open = True

    @abstractmethod
    def _chunk(self) -> bytes:
        """The next chunk, ``b""`` after the last."""

    def _let_go(self) -> None:
        """Give up what is still to come; called once."""

    def settle(self) -> None:
        """Refuse: only the one who reads a body can say when it is done.

        Raises:
            BusyError: it is open.
        """
        if self._open:
            raise BusyError(
                f"{self.name} is still being read",
                hint="leave its with block first, or use a second connection",
            )

    def close(self) -> None:
        """Give up the rest; may be called twice."""
        if self._open:
            self._open = False
            self._let_go()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = self._chunk() if self._open else b""
        if not chunk:
            self._open = False
            raise StopIteration
        self.size += len(chunk)
        return chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
