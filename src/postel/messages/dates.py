"""Dates of messages: read as they are found, written as RFC 5322 section 3.3 has them. Grammar.

Two and three figures of a year, names of zones, missing seconds, comments, "Sept", the order of
asctime, and lost weekdays are all read. A wrong weekday is not looked at.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["format_date", "parse_date"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}
_ZONES = {"ut": 0, "utc": 0, "gmt": 0, "z": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300,
          "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "bst": 60, "wet": 0, "west": 60,
          "cet": 60, "cest": 120, "met": 60, "mest": 120, "eet": 120, "eest": 180, "msk": 180,
          "jst": 540, "kst": 540, "ist": 330, "nzst": 720, "nzdt": 780, "aest": 600, "aedt": 660}
_STRICT = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) ([+-]\d{4})(?:\s|\Z)",
    re.ASCII)
_TWO = {name: f"{number:02}" for number, name in enumerate(_MONTHS, 1)}
_RFC5322 = re.compile(
    r"\s*(?:[A-Za-z]{2,12}\.?,?\s+|[A-Za-z]{3},)?(\d{1,2})(?:st|nd|rd|th)?[\s-]+([A-Za-z]{3,12}|\d{1,2})"
    r"\.?,?[\s-]+(\d{2,4}),?(?:\s+(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:[.,]\d{1,9})?)?)?"
    r"\s*(?:([ap]m)\b\s*)?(?:(?:gmt|utc?)?([+-])\s?(\d{1,2}):?(\d{2})|\"?([A-Za-z]{1,5})(?:\d[A-Z]{3})?\b)?",
    re.IGNORECASE)
_ASCTIME = re.compile(
    r"\s*[A-Za-z]{3},?\s+([A-Za-z]{3})\s+(\d{1,2}),?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"(?:\s+([A-Za-z]{1,5}))?(?:\s*([+-])(\d{2}):?(\d{2}))?\s+(\d{4})"
    r"(?:\s*([+-])(\d{2}):?(\d{2}))?", re.IGNORECASE)
_ISO = re.compile(r"\s*\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_COMMENT = re.compile(r"\([^()]*\)")
_LONGEST = 500


def parse_date(value: str) -> datetime | None:
    """The moment that *value* means, always with a zone; None if it means none.

    A zone of ``-0000`` or none at all is UTC.

    Example:
        >>> parse_date("Fri, 21 Nov 97 09(comment):55:06 -0600").isoformat()
        '1997-11-21T09:55:06-06:00'
        >>> parse_date("yesterday") is None
        True
    """
    if (plain := _STRICT.match(value)) and plain[2] in _TWO:
        day, month, year, time, zone = plain.groups()
        try:  # nearly every date there is; in C
            return datetime.fromisoformat(f"{year}-{_TWO[month]}-{day:0>2}T{time}{zone}")
        except ValueError:
            pass  # a leap second, the 31st of February
    text = value[:_LONGEST]
    found = _RFC5322.match(text)
    if "(" in text and (found is None or found[4] is None):
        before = ""
        while before != text:  # short, so nesting costs nothing
            before, text = text, _COMMENT.sub("", text)
        found = _RFC5322.match(text)
    try:
        if found:
            return _made(*found.groups(""))
        if found := _ASCTIME.match(text):
            month, day, hour, minute, second, name, *rest = found.groups("")
            sign, hours, minutes = (rest[0] or rest[4]), (rest[1] or rest[5]), rest[2] or rest[6]
            return _made(day, month, rest[3], hour, minute, second, "", sign, hours, minutes, name)
        if _ISO.match(text):
            when = datetime.fromisoformat(text.strip())
            return when if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass  # the 31st of February
    return None


def _made(day: str, month: str, year: str, hour: str, minute: str, second: str, half: str,
          sign: str, hours: str, minutes: str, name: str) -> datetime | None:
    number = int(month) if month.isdigit() else _NUMBER.get(month[:3].lower())
    if number is None:
        return None
    years = int(year)
    if len(year) == 2:
        years += 2000 if years < 50 else 1900  # RFC 5322 section 4.3
    elif len(year) == 3:
        years += 1900
    zone = UTC
    if sign:
        offset = int(hours) * 60 + int(minutes)
        zone = timezone(timedelta(minutes=-offset if sign == "-" else offset)) if offset else UTC
    elif offset := _ZONES.get(name.lower(), 0):
        zone = timezone(timedelta(minutes=offset))
    hour24 = int(hour or 0)
    if half:
        hour24 = hour24 % 12 + (12 if half in "pmPM" and half[0] in "pP" else 0)
    return datetime(years, number, int(day), hour24, int(minute or 0), min(int(second or 0), 59),
                    tzinfo=zone)


def format_date(when: datetime) -> str:
    """*when* as the field ``Date`` has it, in English whatever the locale.

    Args:
        when: a moment; without a zone it is taken as UTC.

    Example:
        >>> format_date(datetime(2026, 11, 21, 9, 5, 6, tzinfo=UTC))
        'Sat, 21 Nov 2026 09:05:06 +0000'
    """
    offset = when.utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return (f"{_DAYS[when.weekday()]}, {when.day:02} {_MONTHS[when.month - 1]} {when.year:04} "
            f"{when.hour:02}:{when.minute:02}:{when.second:02} "
            f"{sign}{minutes // 60:02}{minutes % 60:02}")
