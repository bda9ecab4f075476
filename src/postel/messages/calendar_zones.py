"""Time zones as a calendar defines them (RFC 5545 section 3.6.5). Grammar: pure.

A zone is a list of rules: from this moment on, and again each year on the n-th such weekday of a
month, the clock is so far from UTC. That is all that the calendars of mail programs use; a rule of
another form counts for its first moment only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

__all__ = ["Zone", "read_zone"]

MOST = 200  # rules of one zone
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?\Z")
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)")
_YEARLY = re.compile(r"(?=.*FREQ=YEARLY)(?=.*BYMONTH=(\d{1,2})(?:;|\Z))"
                     r"(?=.*BYDAY=([+-]?\d)?(MO|TU|WE|TH|FR|SA|SU)(?:;|\Z)).*\Z")
_UNTIL = re.compile(r"UNTIL=(\d{4})")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class _Rule:
    first: datetime
    offset: timedelta
    summer: bool
    name: str
    month: int = 0
    week: int = 0
    weekday: int = 0
    last_year: int = 9999

    def before(self, moment: datetime) -> datetime | None:
        """When it last came into force up to a moment of local time."""
        if moment < self.first:
            return None
        if not self.month:
            return self.first
        for year in (min(moment.year, self.last_year), min(moment.year, self.last_year) - 1):
            onset = self._onset(year) if year >= self.first.year else None
            if onset is not None and self.first <= onset <= moment:
                return onset
        return self.first

    def _onset(self, year: int) -> datetime:
        first = self.first.replace(year=year, month=self.month, day=1)
        ahead = (self.weekday - first.weekday()) % 7
        if self.week > 0:
            return first + timedelta(days=min(ahead + 7 * (self.week - 1), 27))
        following = (first + timedelta(days=31)).replace(day=1)
        back = (following.weekday() - self.weekday - 1) % 7 + 1
        return following - timedelta(days=back + 7 * (-self.week - 1))


class Zone(tzinfo):
    """A time zone that came with a calendar.

    Args:
        key: its name there.
        rules: at least one.
    """

    def __init__(self, key: str, rules: Sequence[_Rule]) -> None:
        self.key = key
        self._rules = tuple(rules)

    def __repr__(self) -> str:
        return f"Zone({self.key!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Zone) and (self.key, self._rules) == (other.key, other._rules)

    def __hash__(self) -> int:
        return hash((self.key, self._rules))

    def __reduce__(self) -> tuple[object, ...]:
        return Zone, (self.key, self._rules)

    def _rule(self, moment: datetime | None) -> _Rule:
        if moment is None:
            return self._rules[0]
        local = moment.replace(tzinfo=None)
        found = [(onset, rule) for rule in self._rules
                 if (onset := rule.before(local)) is not None]
        if not found:  # before the first rule: winter, if there is one
            return next((rule for rule in self._rules if not rule.summer), self._rules[0])
        return max(found, key=lambda pair: pair[0])[1]

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """How far local time is ahead of UTC."""
        return self._rule(moment).offset

    def dst(self, moment: datetime | None) -> timedelta:
        """An hour in summer."""
        return timedelta(hours=1) if self._rule(moment).summer else timedelta()

    def tzname(self, moment: datetime | None) -> str:
        """As the calendar calls it then."""
        return self._rule(moment).name or self.key


def read_zone(
    key: str, parts: Sequence[tuple[str, Mapping[str, Sequence[str]]]]
) -> Zone | None:
    """A zone from its STANDARD and DAYLIGHT parts; None where none can be read.

    Args:
        key: its name.
        parts: the name of each part, and its values by name.

    Example:
        >>> zone = read_zone("CET", [
        ...     ("STANDARD", {"DTSTART": ["19961027T030000"], "TZOFFSETTO": ["+0100"],
        ...                   "RRULE": ["FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"]}),
        ...     ("DAYLIGHT", {"DTSTART": ["19810329T020000"], "TZOFFSETTO": ["+0200"],
        ...                   "RRULE": ["FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"]})])
        >>> [datetime(2026, month, 1, tzinfo=zone).isoformat()[-6:] for month in (1, 7, 11)]
        ['+01:00', '+02:00', '+01:00']
    """
    rules = []
    for name, values in parts[:MOST]:
        rule = _read_rule(name, values) if name in ("STANDARD", "DAYLIGHT") else None
        if rule is not None:
            rules.append(rule)
    return Zone(key, rules) if rules else None


def _read_rule(name: str, values: Mapping[str, Sequence[str]]) -> _Rule | None:
    start = _STAMP.match(_first(values, "DTSTART"))
    offset = _OFFSET.match(_first(values, "TZOFFSETTO").strip())
    if start is None or offset is None:
        return None
    try:
        first = datetime(*(int(one) for one in start.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None
    span = timedelta(hours=int(offset[2]), minutes=int(offset[3]), seconds=int(offset[4] or 0))
    if span >= timedelta(hours=24):
        return None
    rule = _first(values, "RRULE").upper()
    match, until = _YEARLY.match(rule), _UNTIL.search(rule)
    month, week, weekday = 0, 0, 0
    if match and 1 <= int(match[1]) <= 12 and match[2] not in ("0", "+0", "-0"):
        month, week, weekday = int(match[1]), int(match[2] or 1), _DAYS.index(match[3])
        week = max(-5, min(5, week))
    return _Rule(first, -span if offset[1] == "-" else span, name == "DAYLIGHT",
                 _first(values, "TZNAME"), month, week, weekday, int(until[1]) if until else 9999)


def _first(values: Mapping[str, Sequence[str]], name: str) -> str:
    found = values.get(name)
    return found[0] if found else ""
