# A conversation (its twin follow_sync.py is generated): a run as a stream of its events.
"""What happens in a run, as an iterator, while it goes on beside.

Whoever reads slowly holds nothing up: events wait, the run does not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, Self, TypeVar

from ..errors import UsageError
from ..transport.clock_async import Later
from ..transport.crew_async import AsyncChannel, AsyncCrew
from .types import Event

__all__ = ["AsyncFollowing", "follow"]

T = TypeVar("T")


def follow(verb: Callable[..., Later[T]], *args: Any, **keywords: Any) -> AsyncFollowing[T]:
    """Start `mirror`, `apply`, `sync` or `copy`, and read its events while it works.

    Args:
        verb: which of them.
        args: its arguments.
        keywords: its keywords.

    Returns:
        A block to iterate over in. Leaving it waits for the end; leaving it by an error stops the
        run. Its `result` is what the verb returned.
    """
    return AsyncFollowing(verb, args, keywords)


class AsyncFollowing(Generic[T]):
    """A run on its way; see `follow`."""

    def __init__(
        self, verb: Callable[..., Later[T]], args: tuple[Any, ...], keywords: dict[str, Any]
    ) -> None:
        self._verb, self._args, self._keywords = verb, args, keywords
        self._events: AsyncChannel[Event] = AsyncChannel(1)
        self._crew = AsyncCrew()
        self._results: list[T] = []

    @property
    def result(self) -> T:
        """What the verb returned.

        Raises:
            UsageError: it has not returned yet.
        """
        if not self._results:
            raise UsageError("the result of a run that goes on",
                             hint="leave the block, or read its events to their end, first")
        return self._results[0]

    async def _run(self) -> None:
        try:
            self._results.append(
                await self._verb(*self._args, tell=self._events.push, **self._keywords))
        finally:
            self._events.close()

    async def __aenter__(self) -> Self:
        await self._crew.__aenter__()
        self._crew.start(self._run)
        return self

    async def __aexit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        await self._crew.__aexit__(kind, error, trace)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events
