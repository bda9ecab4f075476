"""The grammar of IMAP's sets of numbers: ``1:4,7,9:*`` (RFC 9051 section 9, sequence-set).

Sets are kept as ranges, sorted and joined, so that a mailbox of a million messages is one range
as long as nothing is missing. A command line has a limit that each server sets for itself: a set
is written in pieces that fit (MailKit found 1,000 bytes with Yahoo and UW, 16 K with Courier and
Gmail, 64 K with Dovecot). Ranges are written upwards: hMailServer refuses the others.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from ..errors import ProtocolError, UsageError

__all__ = ["LARGEST", "NumberSet"]

LARGEST = 4_294_967_295
"""nz-number is 32 bits; a server that sends a larger one is broken."""

_RANGE = re.compile(r"([0-9]{1,10})(?::([0-9]{1,10}))?")


class NumberSet:
    """Message numbers or UIDs, as ranges.

    Args:
        numbers: single ones, or ranges as pairs of first and last.

    Raises:
        UsageError: a number is not between 1 and `LARGEST`.

    Example:
        >>> found = NumberSet([4, 2, 3, (8, 9)])
        >>> str(found), len(found), 8 in found, list(found)
        ('2:4,8:9', 5, True, [2, 3, 4, 8, 9])
        >>> str(NumberSet.parse("7:5,9") | NumberSet([8]))
        '5:9'
        >>> str(NumberSet([(1, 10)]) - NumberSet([3, 10]))
        '1:2,4:9'
    """

    __slots__ = ("_firsts", "ranges")

    def __init__(self, numbers: Iterable[int | tuple[int, int]] = ()) -> None:
        pairs = []
        for one in numbers:
            first, last = (one, one) if isinstance(one, int) else one
            if not 1 <= first <= last <= LARGEST:
                raise UsageError(f"a set of messages: {one!r} is no number of a message, nor a "
                                 f"range of them", hint=f"they go from 1 to {LARGEST}")
            pairs.append((first, last))
        self.ranges = tuple(_joined(sorted(pairs)))
        self._firsts = [first for first, _ in self.ranges]

    @classmethod
    def parse(cls, text: str) -> NumberSet:
        """A set as servers write it; their ranges may run downwards.

        Raises:
            ProtocolError: it is none.
        """
        pairs = []
        for word in text.split(",") if text else ():
            match = _RANGE.fullmatch(word)
            if match is None:
                raise ProtocolError(f"no set of messages: {text[:80]!r}")
            first = int(match[1])
            last = int(match[2] or first)
            pairs.append((min(first, last), max(first, last)))
        try:
            return cls(pairs)
        except UsageError as error:
            raise ProtocolError(error.message) from None

    def __str__(self) -> str:
        return ",".join(_written(self.ranges))

    def __repr__(self) -> str:
        return f"NumberSet.parse({str(self)!r})"

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.ranges:
            yield from range(first, last + 1)

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._firsts, number) - 1
        return place >= 0 and number <= self.ranges[place][1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NumberSet) and self.ranges == other.ranges

    def __hash__(self) -> int:
        return hash(self.ranges)

    def __or__(self, other: NumberSet) -> NumberSet:
        return NumberSet(self.ranges + other.ranges)

    def __sub__(self, other: NumberSet) -> NumberSet:
        return NumberSet(_without(self.ranges, other.ranges))

    def __and__(self, other: NumberSet) -> NumberSet:
        return self - (self - other)

    def pieces(self, longest: int) -> Iterator[str]:
        """The set in parts, each at most *longest* bytes when written.

        Args:
            longest: bytes; at least what one range takes, 21.

        Example:
            >>> list(NumberSet([1, 3, 5, 7, 1000]).pieces(21))
            ['1,3,5,7,1000']
            >>> list(NumberSet(range(1, 30, 2)).pieces(21))
            ['1,3,5,7,9,11,13,15,17', '19,21,23,25,27,29']
        """
        if longest < 21:
            raise UsageError(f"pieces of a set: {longest} bytes are too few for one range")
        part, size = list[str](), -1
        for word in _written(self.ranges):
            if size + 1 + len(word) > longest:
                yield ",".join(part)
                part, size = [], -1
            part.append(word)
            size += 1 + len(word)
        if part:
            yield ",".join(part)


def _written(ranges: Iterable[tuple[int, int]]) -> Iterator[str]:
    return (str(first) if first == last else f"{first}:{last}" for first, last in ranges)


def _joined(pairs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges that touch, as one."""
    start = end = 0
    for first, last in pairs:
        if end and first <= end + 1:
            end = max(end, last)
            continue
        if end:
            yield start, end
        start, end = first, last
    if end:
        yield start, end


def _without(
    ranges: tuple[tuple[int, int], ...], gone: tuple[tuple[int, int], ...]
) -> Iterator[tuple[int, int]]:
    """What of *ranges* is not in *gone*; both are sorted, so one walk is enough."""
    place = 0
    for first, last in ranges:
        while place < len(gone) and gone[place][1] < first:
            place += 1
        look = place
        while look < len(gone) and gone[look][0] <= last:
            if first < gone[look][0]:
                yield first, gone[look][0] - 1
            first = gone[look][1] + 1
            look += 1
        if first <= last:
            yield first, last
