# A conversation (its twin at_once_sync.py is generated): many small requests, several at once.
"""Many calls over a pool of connections: a few at once, their outcomes in order.

A server that wants fewer at once says so by 429 or 503. What it refused is asked for again, and
from then on one thing at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Generic, Protocol, TypeVar

from ..errors import ReplyError, TryLater
from ..session.results_async import AsyncResults
from ..transport.clock_async import Later
from ..transport.crew_async import AsyncCrew
from ..types import Outcome

__all__ = ["AHEAD", "AsyncAtOnce", "Learning"]

T = TypeVar("T")

AHEAD = 4
"""Requests under way at once, as long as the server takes them."""


class Learning(Protocol):
    """Who knows how many requests a server takes at once."""

    at_once: int


class AsyncAtOnce(AsyncResults[Outcome[T]], Generic[T]):
    """The outcomes of calls, several at once.

    Args:
        calls: for each its path, and what to call.
        site: knows how many at once.
        ordered: whether they keep their order on the server too.
    """

    def __init__(
        self,
        calls: Iterable[tuple[str, Callable[[], Later[T]]]],
        site: Learning,
        *,
        ordered: bool = False,
    ) -> None:
        super().__init__()
        self._calls = iter(calls)
        self._site = site
        self._ordered = ordered

    async def settle(self) -> None:
        """Nothing is open between two batches."""

    async def _more(self) -> Sequence[Outcome[T]]:
        batch = list(islice(self._calls, 1 if self._ordered else self._site.at_once))
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
        refused = [index for index, outcome in enumerate(outcomes)
                   if isinstance(outcome.error, TryLater)]
        if refused:
            self._site.at_once = 1
        for index in refused:
            await one(index, *batch[index])
        return outcomes
