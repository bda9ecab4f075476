# A conversation (its twin body_sync.py is generated): one long body, chunk by chunk.
"""A body that is read as it comes: a context manager and an iterator of chunks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Self

from ..errors import BusyError

__all__ = ["AsyncBody"]


class AsyncBody(ABC):
    """Iterate over the chunks inside its ``with`` block; leaving early gives the rest up.

    Args:
        name: what is being read, for the error that another command meets.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = 0
        self._open = True

    @abstractmethod
    async def _chunk(self) -> bytes:
        """The next chunk, ``b""`` after the last."""

    async def _let_go(self) -> None:
        """Give up what is still to come; called once."""

    async def settle(self) -> None:
        """Refuse: only the one who reads a body can say when it is done.

        Raises:
            BusyError: it is open.
        """
        if self._open:
            raise BusyError(
                f"{self.name} is still being read",
                hint="leave its with block first, or use a second connection",
            )

    async def aclose(self) -> None:
        """Give up the rest; may be called twice."""
        if self._open:
            self._open = False
            await self._let_go()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._chunk() if self._open else b""
        if not chunk:
            self._open = False
            raise StopAsyncIteration
        self.size += len(chunk)
        return chunk

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()
