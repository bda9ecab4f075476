"""How many articles are asked for before they are needed. Grammar: pure arithmetic.

What keeps a link busy is bytes under way, twice what fits into one round trip; how many articles
that is depends on their size. Both are measured as articles come, so nobody has to set anything.
"""

from __future__ import annotations

__all__ = ["Depth"]

_LEAST, _MOST = 256 * 1024, 8 * 1024 * 1024
"""Bytes under way: the least keeps both ends of a short link busy, the most bounds the memory."""

_FIRST, _FEWEST, _DEEPEST = 16, 2, 512
_OVERHEAD = 64


class Depth:
    """A window in articles.

    Args:
        latency: seconds of one round trip.
        most: never more than this; 1 asks for one article at a time.

    Example:
        >>> depth = Depth(0.1)
        >>> depth.note(articles=10, size=7_000_000, seconds=1.0)
        >>> depth.now
        2
        >>> depth.note(articles=1000, size=2_000_000, seconds=0.2)
        >>> depth.now
        8
    """

    def __init__(self, latency: float, most: int | None = None) -> None:
        self._latency = min(max(latency, 0.0), 2.0)
        self._deepest = _DEEPEST if most is None else max(1, most)
        self._rate = 0.0
        self.now = min(_FIRST, self._deepest)

    def note(self, *, articles: int, size: int, seconds: float) -> None:
        """Learn from what came: so many articles, of so many bytes, in so many seconds."""
        if not articles:
            self.now = min(self.now * 2, self._deepest)  # all were missing: nothing to carry
            return
        if seconds > 0:
            self._rate = max(self._rate * 0.9, size / seconds)
        target = min(max(2 * self._rate * self._latency, _LEAST), _MOST)
        fitting = int(target / (size / articles + _OVERHEAD))
        wished = max(_FEWEST, fitting)
        self.now = max(1, min(wished, self.now * 4, self._deepest))
