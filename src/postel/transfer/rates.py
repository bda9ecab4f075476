"""How fast bytes may move: in all, to one host, one way, and by the time of day. Pure.

    2M                              in all, each way
    up:500K                         what is sent
    ftp.example.org=1M              to and from one host
    08:00,512K 19:00,10M 23:00,off  from these times of the day on (local time)
    Mon-08:00,1M Sat-00:00,off      from these times of the week on

Several hold together: a byte goes when all that concern it let it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ..errors import UsageError

__all__ = ["Rate", "Rates", "Timetable", "Way", "parse_size"]

Way = str
"""``"down"``: read from a server; ``"up"``: written to one."""

_WAYS = ("down", "up")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_WEEK = 7 * _DAY
_TIME = re.compile(r"(?:([A-Za-z]{3})-)?([0-9]{1,2}):([0-9]{2}),(\S+)")


def parse_size(text: str) -> int:
    """Bytes from a text such as ``500K`` or ``2M``.

    Raises:
        UsageError: it is none.

    Example:
        >>> parse_size("2M")
        2097152
    """
    unit = text[-1:].upper() if text[-1:].isalpha() else ""
    digits = text[: len(text) - len(unit)]
    if unit not in _UNITS or not digits.isascii() or not digits.replace(".", "", 1).isdigit():
        raise UsageError(f"{text!r} is no size", hint="a number, with K, M, G or T behind it")
    size = int(float(digits) * _UNITS[unit])
    if size < 1:
        raise UsageError(f"{text!r} is less than a byte")
    return size


@dataclass(frozen=True)
class Timetable:
    """Rates that change with the time of the week.

    Args:
        steps: minutes since Monday 00:00 and the rate from then on (None is no limit), in order.

    Example:
        >>> table = Timetable.parse("08:00,512K 19:00,off")
        >>> table.rate(datetime(2026, 11, 21, 9, 30)), table.rate(datetime(2026, 11, 21, 3, 0))
        (524288, None)
    """

    steps: tuple[tuple[int, int | None], ...]

    @classmethod
    def parse(cls, text: str) -> Timetable:
        """Read times and rates, or one rate for all times.

        Raises:
            UsageError: it is neither.
        """
        if "," not in text:
            return cls(((0, _amount(text)),))
        steps: dict[int, int | None] = {}
        for step in text.split():
            found = _TIME.fullmatch(step)
            if found is None or int(found[2]) > 23 or int(found[3]) > 59:
                raise UsageError(f"{step!r} is no step of a timetable",
                                 hint="a time and a rate: 08:00,512K, or Mon-08:00,off")
            for day in _days(found[1]):
                steps[day * _DAY + int(found[2]) * 60 + int(found[3])] = _amount(found[4])
        return cls(tuple(sorted(steps.items())))

    def rate(self, moment: datetime) -> int | None:
        """Bytes a second at *moment* (local time); None where there is no limit."""
        minute = moment.weekday() * _DAY + moment.hour * 60 + moment.minute
        index = bisect_right([at for at, _ in self.steps], minute) - 1
        return self.steps[index][1]  # before the first step of the week, the last one holds

    @property
    def constant(self) -> bool:
        """Whether it never changes."""
        return len({rate for _, rate in self.steps}) == 1


def _days(name: str | None) -> Iterable[int]:
    if name is None:
        return range(7)
    if name.lower() not in _DAYS:
        raise UsageError(f"{name!r} is no day", hint="Mon, Tue, Wed, Thu, Fri, Sat or Sun")
    return (_DAYS.index(name.lower()),)


def _amount(text: str) -> int | None:
    return None if text.lower() == "off" else parse_size(text)


@dataclass(frozen=True)
class Rates:
    """Limits that hold together.

    Args:
        rules: of which host ("" is any), of which way, and how fast.

    Example:
        >>> rates = Rates.parse("2M", "up:ftp.example.org=500K")
        >>> [rule[:2] for rule in rates.rules]
        [('', 'down'), ('', 'up'), ('ftp.example.org', 'up')]
    """

    rules: tuple[tuple[str, Way, Timetable], ...]

    @classmethod
    def parse(cls, *texts: str | int) -> Rates:
        """Read limits as the command line has them; a number is bytes a second.

        Raises:
            UsageError: one cannot be read.
        """
        return cls(tuple(rule for text in texts for rule in _rules(text)))

    @classmethod
    def of(cls, rate: Rate) -> Rates:
        """The limits that *rate* means."""
        return rate if isinstance(rate, Rates) else cls.parse(rate)

    def plain(self) -> int | None:
        """The one rate there is, for programs that know no more.

        Raises:
            UsageError: there is more to it.
        """
        if not self.rules:
            return None
        first = self.rules[0][2]
        if any(host or table != first or not table.constant for host, _, table in self.rules):
            raise UsageError("these limits are more than one number",
                             hint="give one rate for all: --limit-rate 2M")
        return first.steps[0][1]


Rate = int | str | Rates
"""Bytes a second, a text of one limit, or limits."""


def _rules(text: str | int) -> Iterator[tuple[str, Way, Timetable]]:
    if isinstance(text, int):
        if text < 1:
            raise UsageError(f"a rate of {text} bytes a second: nothing would move")
        yield from (("", way, Timetable(((0, text),))) for way in _WAYS)
        return
    rest = text.strip()
    ways: tuple[Way, ...] = _WAYS
    for way in _WAYS:
        if rest.startswith(f"{way}:"):
            rest, ways = rest.removeprefix(f"{way}:"), (way,)
    host, _, amount = rest.rpartition("=")
    table = Timetable.parse(amount)
    yield from ((host.strip().lower().strip("[]"), way, table) for way in ways)
