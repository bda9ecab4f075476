"""Dates of HTTP: the one that is written, and the three that are read (RFC 9110 5.6.7). Grammar.

    Sun, 06 Nov 1994 08:49:37 GMT      IMF-fixdate: what is written
    Sunday, 06-Nov-94 08:49:37 GMT     RFC 850: its year is taken within fifty years from now
    Sun Nov  6 08:49:37 1994           asctime

All are UTC. Servers that write a day of one digit, ``UTC`` or ``+0000`` are understood; the name of
the weekday is not checked against the date.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

__all__ = ["parse", "written"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2})"
_ZONE = r"\s+(?:GMT|UTC|UT|Z|[+-]0000)"
_FORMS = tuple(re.compile(form, re.ASCII | re.IGNORECASE) for form in (
    rf"(?:[a-z]+,?\s*)?(?P<day>\d{{1,2}})[ -](?P<month>[a-z]{{3}})[ -](?P<year>\d{{4}}|\d{{2}})"
    rf"\s+{_CLOCK}{_ZONE}",
    rf"[a-z]+\s+(?P<month>[a-z]{{3}})\s+(?P<day>\d{{1,2}})\s+{_CLOCK}\s+(?P<year>\d{{4}})"
    rf"(?:{_ZONE})?",
))
_LONGEST = 64


def parse(text: str, *, now: datetime) -> datetime | None:
    """The moment a field names, in UTC; None where it names none.

    Args:
        text: the field's value.
        now: decides the century of years of two digits: none lies more than 50 years ahead.

    Example:
        >>> now = datetime(2026, 11, 21, tzinfo=UTC)
        >>> print(parse("Sunday, 06-Nov-94 08:49:37 GMT", now=now))
        1994-11-06 08:49:37+00:00
        >>> parse("0", now=now) is None
        True
    """
    text = text.strip(" \t")
    if len(text) > _LONGEST:
        return None
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _moment(match, now)
    return None


def _moment(match: re.Match[str], now: datetime) -> datetime | None:
    month = match["month"].capitalize()
    if month not in _MONTHS:
        return None
    year, second = int(match["year"]), min(int(match["second"]), 60)
    if len(match["year"]) == 2:
        year += now.year // 100 * 100
        year -= 100 if year > now.year + 50 else 0
    try:
        return datetime(year, _MONTHS.index(month) + 1, int(match["day"]), int(match["hour"]),
                        int(match["minute"]), 59 if second == 60 else second, tzinfo=UTC)
    except ValueError:
        return None


def written(moment: datetime) -> str:
    """A moment as IMF-fixdate, whatever the locale.

    Args:
        moment: one that knows its zone; parts of a second are cut off.

    Example:
        >>> written(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC))
        'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    at = moment.astimezone(UTC)
    return (f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04} "
            f"{at.hour:02}:{at.minute:02}:{at.second:02} GMT")
