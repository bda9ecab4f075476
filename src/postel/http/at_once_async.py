# A conversation (its twin at_once_sync.py is generated): many small requests, several at once.
"""Many calls over a pool of connections: a few at once, their outcomes in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Generic, TypeVar

from ..errors import ReplyError
from ..session.results_async import AsyncResults
from ..transport.clock_async import Later
from ..transport.crew_async import AsyncCrew
from ..types import Outcome

__all__ = ["AsyncAtOnce"]

T = TypeVar("T")


class AsyncAtOnce(AsyncResults[Outcome[T]], Generic[T]):
    """The outcomes of calls, *most* of them at once.

    Args:
        calls: for each its path, and what to call.
        most: how many at once; 1 keeps their order on the server too.
    """

    def __init__(
        self, calls: Iterable[tuple[str, Callable[[], Later[T]]]], *, most: int = 8
    ) -> None:
        super().__init__()
        self._calls = iter(calls)
        self._most = most

    async def settle(self) -> None:
        """Nothing is open between two batches."""

    async def _more(self) -> Sequence[Outcome[T]]:
        batch = list(islice(self._calls, self._most))
        outcomes: list[Outcome[T]] = [Outcome(path) for path, _ in batch]

        async def one(index: int, path: str, call: Callable[[], Later[T]]) -> None:
            try:
                outcomes[index] = Outcome(path, await call())
            except ReplyError as error:
                outcomes[index] = Outcome(path, error=error)

        if len(batch) == 1:
            await one(0, *batch[0])
            return outcomes
        async with AsyncCrew() as crew:
            for index, (path, call) in enumerate(batch):
                crew.start(one, index, path, call)
        return outcomes
