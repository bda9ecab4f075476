# GENERATED from at_once_async.py by tools/unasync.py: edit that file, not this one.
"""Many calls over a pool of connections: a few at once, their outcomes in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Generic, TypeVar

from ..errors import ReplyError
from ..session.results_sync import Results
from ..transport.clock_sync import Later
from ..transport.crew_sync import Crew
from ..types import Outcome

__all__ = ["AtOnce"]

T = TypeVar("T")


class AtOnce(Results[Outcome[T]], Generic[T]):
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

    def settle(self) -> None:
        """Nothing is open between two batches."""

    def _more(self) -> Sequence[Outcome[T]]:
        batch = list(islice(self._calls, self._most))
        outcomes: list[Outcome[T]] = [Outcome(path) for path, _ in batch]

        def one(index: int, path: str, call: Callable[[], Later[T]]) -> None:
            try:
                outcomes[index] = Outcome(path, call())
            except ReplyError as error:
                outcomes[index] = Outcome(path, error=error)

        if len(batch) == 1:
            one(0, *batch[0])
            return outcomes
        with Crew() as crew:
            for index, (path, call) in enumerate(batch):
                crew.start(one, index, path, call)
        return outcomes
