# A conversation (its twin results_sync.py is generated): what list() and every *_many() return.
"""Results that are both an iterator and a context manager.

They ask the server in batches, keep what has come, and hand it out one by one. No generator is
involved, so nothing runs at a time of the garbage collector's choosing: leaving a loop early
costs nothing, and the replies still due are dropped when they come.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Generic, Self, TypeVar

from ..errors import LimitReached

__all__ = ["MOST_AHEAD", "AsyncResults"]

T = TypeVar("T")

MOST_AHEAD = 1_000_000
"""Results kept in memory when another command comes before the loop has ended."""


class AsyncResults(ABC, Generic[T]):
    """Iterate over it, or use it as a context manager that lets go on leaving."""

    def __init__(self) -> None:
        self._ahead: deque[T] = deque()
        self._done = False

    @abstractmethod
    async def _more(self) -> Sequence[T]:
        """The next batch; empty when there is no more."""

    async def _let_go(self) -> None:
        """Give up what is still open; called once."""

    async def settle(self) -> None:
        """Read what the server still sends for this, so that another command may be given."""
        while not self._done:
            await self._pull()
            if len(self._ahead) > MOST_AHEAD:
                raise LimitReached(
                    f"over {MOST_AHEAD:,} results unread while another command was given",
                    hint="finish the loop first, or use a second connection",
                )

    async def aclose(self) -> None:
        """Let go; may be called twice."""
        self._ahead.clear()
        if not self._done:
            self._done = True
            await self._let_go()

    async def _pull(self) -> None:
        try:
            batch = await self._more()
        except BaseException:
            self._done = True
            raise
        if batch:
            self._ahead.extend(batch)
        else:
            self._done = True

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._ahead:
            if self._done:
                raise StopAsyncIteration
            await self._pull()
        return self._ahead.popleft()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()
