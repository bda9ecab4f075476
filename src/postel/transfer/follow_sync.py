# GENERATED from follow_async.py by tools/unasync.py: edit that file, not this one.
"""What happens in a run, as an iterator, while it goes on beside.

Whoever reads slowly holds nothing up: events wait, the run does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Callable
from typing import Any, Generic, Self, TypeVar

from ..errors import UsageError
from ..transport.clock_sync import Later
from ..transport.crew_sync import Channel, Crew
from .types import Event

__all__ = ["Following", "follow"]

T = TypeVar("T")


def follow(verb: Callable[..., Later[T]], *args: Any, **keywords: Any) -> Following[T]:
    """Start `mirror`, `apply`, `sync` or `copy`, and read its events while it works.

    Args:
        verb: which of them.
        args: its arguments.
        keywords: its keywords.

    Returns:
        A block to iterate over in. Leaving it waits for the end; leaving it by an error stops the
        run. Its `result` is what the verb returned.
    """
    return Following(verb, args, keywords)


class Following(Generic[T]):
    """A run on its way; see `follow`."""

    def __init__(
        self, verb: Callable[..., Later[T]], args: tuple[Any, ...], keywords: dict[str, Any]
    ) -> None:
        self._verb, self._args, self._keywords = verb, args, keywords
        self._events: Channel[Event] = Channel(1)
        self._crew = Crew()
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

    def _run(self) -> None:
        try:
            self._results.append(
                self._verb(*self._args, tell=self._events.push, **self._keywords))
        finally:
            self._events.close()

    def __enter__(self) -> Self:
        self._crew.__enter__()
        self._crew.start(self._run)
        return self

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        self._crew.__exit__(kind, error, trace)

    def __iter__(self) -> Iterator[Event]:
        return self._events
