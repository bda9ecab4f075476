"""When to send again: RFC 1123 section 4.2.3.2, by Jacobson's and Karn's rules (RFC 6298).

The interval follows the round trips that were measured, doubles with each try in vain, and is
never measured on what was sent twice. The tries without progress are counted: nothing is repeated
for ever. Clocks are passed in. A grammar module.
"""

from __future__ import annotations

__all__ = ["Patience"]

FIRST = 1.0
"""Seconds until the first repetition, before anything was measured (RFC 6298 section 2.1)."""

LEAST = 0.2
"""Seconds at least: below that, what repeats is the other end's scheduler, not a loss."""

MOST = 8.0
"""Seconds at most between two tries."""


class Patience:
    """How long to wait for an answer, and how often to ask again.

    Args:
        interval: a fixed one, where both ends agreed on it (RFC 2349); else it adapts.
        tries: repetitions without progress before it is given up.
        limit: seconds without progress before it is given up; None means only tries count.

    Example:
        >>> patience = Patience()
        >>> patience.sample(0.4); round(patience.interval, 2)
        1.2
        >>> patience.again(now=0.0), round(patience.interval, 2)
        (True, 2.4)
    """

    def __init__(
        self, *, interval: float | None = None, tries: int = 8, limit: float | None = None
    ) -> None:
        self.tries, self.limit = tries, limit
        self._fixed = interval
        self._smooth: float | None = None
        self._spread = 0.0
        self._base = FIRST
        self._factor = 1
        self.repeated = 0
        self._since: float | None = None

    @property
    def interval(self) -> float:
        """Seconds to wait for the next answer."""
        if self._fixed is not None:
            return self._fixed
        return min(MOST, self._base * self._factor)

    @property
    def round_trip(self) -> float:
        """Seconds of a round trip as measured so far; 0 when nothing was."""
        return self._smooth or 0.0

    def fix(self, interval: float) -> None:
        """Keep to *interval* from now on."""
        self._fixed = interval

    def sample(self, seconds: float) -> None:
        """A round trip that nothing was repeated in took *seconds* (RFC 6298 section 2)."""
        if self._smooth is None:
            self._smooth, self._spread = seconds, seconds / 2
        else:
            self._spread += (abs(self._smooth - seconds) - self._spread) / 4
            self._smooth += (seconds - self._smooth) / 8
        self._base = max(LEAST, self._smooth + 4 * self._spread)
        self._factor = 1

    def progress(self, *, now: float) -> None:
        """Something new has come: what is repeated from now on is counted afresh."""
        self.repeated = 0
        self._since = now

    def again(self, *, now: float) -> bool:
        """An answer did not come in time; whether to ask again."""
        if self.repeated >= self.tries or self.spent(now=now):
            return False
        self.repeated += 1
        self._factor = min(self._factor * 2, 64)
        return True

    def spent(self, *, now: float) -> bool:
        """Whether there was no progress for longer than the limit."""
        if self._since is None:
            self._since = now
        return self.limit is not None and now - self._since >= self.limit
