"""Deadlines and back-off: arithmetic on a clock that is passed in.

Nothing here looks at a clock: `now` is always an argument (seconds of any monotonic clock), so
tests run years in microseconds and the grammar may use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["NEVER", "Backoff", "Deadline"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment by which an operation must be done; ``at=None`` means never.

    Example:
        >>> limit = Deadline.after(5.0, now=100.0)
        >>> limit.remaining(now=103.0), limit.expired(now=105.0)
        (2.0, True)
    """

    at: float | None

    @classmethod
    def after(cls, seconds: float | None, *, now: float) -> Deadline:
        """The deadline *seconds* after *now*; None means never."""
        return NEVER if seconds is None else cls(now + seconds)

    def remaining(self, *, now: float) -> float | None:
        """Seconds left, never negative; None when there is no limit."""
        return None if self.at is None else max(0.0, self.at - now)

    def expired(self, *, now: float) -> bool:
        """Whether the moment has come."""
        return self.at is not None and now >= self.at

    def sooner(self, other: Deadline) -> Deadline:
        """Whichever of the two comes first."""
        if self.at is None:
            return other
        return self if other.at is None or self.at <= other.at else other


NEVER = Deadline(None)


@dataclass(frozen=True)
class Backoff:
    """Waiting times that grow by *factor* from *first* to at most *longest* seconds.

    Example:
        >>> list(Backoff(first=1.0, longest=5.0, tries=4).delays(jitter=iter([0, 0, 0])))
        [1.0, 2.0, 4.0]
    """

    first: float = 0.5
    factor: float = 2.0
    longest: float = 60.0
    tries: int = 5

    def delays(self, *, jitter: Iterator[float]) -> Iterator[float]:
        """Yield ``tries - 1`` waits in seconds.

        Args:
            jitter: numbers in [0, 1); each shortens a wait by up to a half, so that many clients
                do not come back at once.
        """
        wait = self.first
        for _ in range(self.tries - 1):
            yield wait * (1 - next(jitter) / 2)
            wait = min(wait * self.factor, self.longest)
