"""The dates of FTP listings: months in many tongues, years that are left out, orders that differ.

A `LIST` line is meant for people (RFC 959 section 4.1.3), so its date has no zone, often no year,
and follows the server's locale. Three rules bring order:

- A date without a year is the latest one that is at most a day ahead of *now*: clocks and zones
  differ by less than that.
- A year of two digits is 1970 to 2069; of three (OS/2, in the year 2000) it counts from 1900.
- Dates of three numbers are read in the order the dialect names, save that a year of four digits
  comes first where it stands first, and that dots mean day, month, year.

The forms in which `ls -l` writes a date are a table of small functions, `FORMS`; each looks at the
words after the size and says how many of them are the date.

Grammar: no clock, *now* is an argument.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import isleap
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple

__all__ = [
    "DAY",
    "FORMS",
    "MINUTE",
    "MONTHS",
    "SECOND",
    "Calendar",
    "Moment",
    "Stamp",
    "month_of",
    "stamp",
]

SECOND, MINUTE, DAY = 1, 60, 86400

Moment = tuple[datetime, float]
"""A time and how exact it is, in seconds."""


class Stamp(NamedTuple):
    """A date found in a line: the time, its precision in seconds, and how many words it took."""

    time: datetime
    precision: float
    words: int


_ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(_ENGLISH, 1)}
"""The months as `ls` writes them in the C locale, which nearly all servers run in."""

# How locales write months: lower case, no accents, no dot. English, German, French, Spanish,
# Italian, Portuguese, Dutch, Scandinavian, Finnish, Polish, Czech, Hungarian, Turkish, Russian.
_WORDS = (
    "jan january janv janvier januar jän jänner ene enero gen gennaio sty led oca янв января "
    "tammi",
    "feb february fev fevr fevrier februar febr febbraio lut úno sub фев февраля helmi unor",
    "mar march mars marz mär märz maerz mrz marzo março mrt maart bre mac márc marc мар марта "
    "maalis brezen",
    "apr april avr avril abr abril aprile kwi dub nis ápr апр апреля huhti duben",
    "may mai maj mayo mag maggio maio mei maja kve май мая touko maijs kveten",
    "jun june juin juni junio giu giugno junho cze cer haz jún июн июня kesa cerven",
    "jul july juil juillet juli julio lug luglio julho lip cvc tem júl июл июля heina cervenec",
    "aug august aout ago agosto sie srp agu авг августа elo srpen augusztus",
    "sep sept september septembre septiembre set sett settembre setembro wrz zar eyl szept "
    "szeptember сен сент сентября syys zari",
    "oct october octobre octubre okt oktober ott ottobre out outubro paz rij eki окт октября "
    "loka okto rijen",
    "nov november novembre noviembre novembro lis kas ноя нояб ноября marras listopad",
    "dec december decembre dez dezember dic diciembre dicembre dezembro des desember gru pro ara "
    "дек декабря joulu prosinec",
)


def _folded(word: str) -> str:
    """The bare letters of *word*, lower case; bytes that are no UTF-8 are read as Latin-1."""
    if not word.isascii():
        word = "".join(chr(ord(c) - 0xDC00) if "\udc80" <= c <= "\udcff" else c for c in word)
        word = unicodedata.normalize("NFKD", word.replace("й", "и"))
        word = "".join(c for c in word if not unicodedata.combining(c))
    return word.lower().strip(".,")


_TONGUES = {_folded(word): n for n, row in enumerate(_WORDS, 1) for word in row.split()}
_LONGEST_MONTH = 24  # longer words are no month; keeps the cache small


@lru_cache(maxsize=512)
def month_of(word: str) -> int:
    """The month that *word* names in any of the tongues known here, else 0.

    Example:
        >>> month_of("Oct"), month_of("févr."), month_of("notes")
        (10, 2, 0)
    """
    return 0 if len(word) > _LONGEST_MONTH else _TONGUES.get(_folded(word), 0)


_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:([AaPp])[Mm]?)?", re.ASCII)
_NUMBERS = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})", re.ASCII)
_YEAR = re.compile(r"[12]\d{3}", re.ASCII)
_DAY = re.compile(r"(\d{1,2})[.,]?", re.ASCII)
_MONTH_DAY = re.compile(r"(\d{1,2})[-/](\d{1,2})", re.ASCII)
_ZONE = re.compile(r"([+-])(\d\d)(\d\d)", re.ASCII)
# "6月", "18日", "2003年" in whatever charset: digits, then a sign whose first byte is no ASCII
_COUNTED = re.compile(r"(\d{1,4})[^\x00-\x7f][^ \t]{0,4}", re.ASCII)
_ORDERS = {"mdy": (2, 0, 1), "dmy": (2, 1, 0), "ymd": (0, 1, 2)}


def _hours(text: str) -> tuple[int, int, int, int, float] | None:
    """Hour, minute, second, microsecond and precision of a time of day; "" is midnight."""
    if not text:
        return 0, 0, 0, 0, DAY
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hour, minute, second, fraction, half = match.groups()
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half in "pP" else 0)
    micro = int((fraction or "0").ljust(6, "0")[:6])
    return hours, int(minute), int(second or 0), micro, SECOND if second else MINUTE


class Calendar:
    """What dates of one listing are read against: the present, and the server's zone if known.

    Args:
        now: the present; an aware time is turned into the server's zone (UTC where unknown).
        tz: the zone of the listing's times; None leaves them naive.

    Example:
        >>> Calendar(datetime(2026, 3, 1), None).moment(None, 12, 24, "18:30")
        (datetime.datetime(2025, 12, 24, 18, 30), 60)
    """

    __slots__ = ("_edge", "_year", "tz")

    def __init__(self, now: datetime, tz: tzinfo | None) -> None:
        self.tz = tz
        try:
            if now.tzinfo is not None:
                now = now.astimezone(tz or UTC)
            edge = now.replace(tzinfo=None) + timedelta(days=1)
        except OverflowError:  # the last day of all
            edge = datetime.max
        self._year = edge.year
        self._edge = (edge.month, edge.day, edge.hour, edge.minute)

    def year(self, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
        """The latest year in which that time is at most a day ahead."""
        year = self._year if (month, day, hour, minute) <= self._edge else self._year - 1
        if month == 2 and day == 29:  # the latest leap year; 1900 and 2100 leave a gap of eight
            year = next(filter(isleap, range(year, year - 8, -1)), year)
        return year

    def moment(self, year: int | None, month: int, day: int, clock: str = "") -> Moment | None:
        """The time, with its precision; None where there is no such time.

        Args:
            year: as written (two and three digits are completed); None means the latest.
            month: 1 to 12.
            day: 1 to 31.
            clock: "18:30", "18:30:05", "18:30:05.25", "6:30PM"; "" for a date alone.
        """
        hours = _hours(clock)
        if hours is None:
            return None
        if year is None:
            year = self.year(month, day, hours[0], hours[1])
        elif year < 1000:
            year += 2000 if year < 70 else 1900
        try:
            return datetime(year, month, day, *hours[:4], tzinfo=self.tz), hours[4]
        except ValueError:
            return None

    def minute(self, month: int, day: int, hour: int, minute: int) -> Moment | None:
        """The latest time of that day and minute: `moment` for the commonest form of all."""
        year = self.year(month, day, hour, minute)
        try:
            return datetime(year, month, day, hour, minute, tzinfo=self.tz), MINUTE
        except ValueError:
            return None

    def numbers(self, date: str, order: str, clock: str = "") -> Moment | None:
        """The time of a date of three numbers such as 04-06-00, 2003/05/21 or 24.12.2003.

        Args:
            date: the three numbers with their separators.
            order: "mdy", "dmy" or "ymd".
            clock: as for `moment`.
        """
        match = _NUMBERS.fullmatch(date)
        if match is None:
            return None
        if len(match[1]) == 4:
            order = "ymd"
        elif match[2] == "." and order == "mdy":
            order = "dmy"
        parts = [int(match[1]), int(match[3]), int(match[4])]
        year, month, day = (parts[place] for place in _ORDERS[order])
        return self.moment(year, month, day, clock)

    def named(self, month: str, day: str, tail: str) -> Moment | None:
        """The time of month, day and then a year or a time of day, as `ls` has it."""
        number, days = month_of(month), _DAY.fullmatch(day)
        if not number or days is None:
            return None
        if _YEAR.fullmatch(tail):
            return self.moment(int(tail), number, int(days[1]))
        return self.moment(None, number, int(days[1]), tail) if tail else None


def _word(words: Sequence[str], index: int) -> str:
    return words[index] if index < len(words) else ""


def _counted(word: str) -> int | None:
    match = _COUNTED.fullmatch(word)
    return int(match[1]) if match else None


def _found(moment: Moment | None, words: int) -> Stamp | None:
    return Stamp(*moment, words) if moment is not None else None


def _month_first(words: Sequence[str], when: Calendar) -> Stamp | None:
    """Jan 29 03:26 · Apr 8 1994 · szept 26 20:10 · Oct 08, 2002 09:47 · Jan 30 11:42:11 2004."""
    if not month_of(words[0]):
        return None
    day, tail, more = words[1], _word(words, 2), _word(words, 3)
    number = _DAY.fullmatch(day)
    if number is None:
        return None
    month, days = month_of(words[0]), int(number[1])
    if day.endswith(",") and _YEAR.fullmatch(tail) and _CLOCK.fullmatch(more):  # VShell
        return _found(when.moment(int(tail), month, days, more), 4)
    if tail.count(":") == 2 and _YEAR.fullmatch(more):  # ls -T of the BSDs
        return _found(when.moment(int(more), month, days, tail), 4)
    return _found(when.named(words[0], day, tail), 3)


def _day_first(words: Sequence[str], when: Calendar) -> Stamp | None:
    """01 oct 2004 · 30. Jan 11:42."""
    return _found(when.named(words[1], words[0], _word(words, 2)), 3)


def _numbers(words: Sequence[str], when: Calendar) -> Stamp | None:
    """2005-06-07 21:22 · 1999/10/12 17:12 · 2001-04-27 · 2005-06-07 21:22:01.000000000 +0200."""
    clock = words[1] if _CLOCK.fullmatch(words[1]) else ""
    moment = when.numbers(words[0], "mdy", clock)
    zone = _ZONE.fullmatch(_word(words, 2)) if clock.count(":") == 2 else None
    if moment is None or zone is None:
        return _found(moment, 2 if clock else 1)
    try:
        offset = timedelta(hours=int(zone[2]), minutes=int(zone[3]))
        there = timezone(-offset if zone[1] == "-" else offset)
        time = moment[0].replace(tzinfo=there).astimezone(when.tz or UTC)
    except (ValueError, OverflowError):
        return None
    return Stamp(time, moment[1], 3)


def _month_day_numbers(words: Sequence[str], when: Calendar) -> Stamp | None:
    """09-26 2000 · 03-12 15:20."""
    match = _MONTH_DAY.fullmatch(words[0])
    if match is None:
        return None
    month, day = int(match[1]), int(match[2])
    if _YEAR.fullmatch(words[1]):
        return _found(when.moment(int(words[1]), month, day), 2)
    return _found(when.moment(None, month, day, words[1]), 2)


def _counted_month_first(words: Sequence[str], when: Calendar) -> Stamp | None:
    """6月 3日 2003年 · 8月 17 20:10, in any charset of East Asia."""
    month, tail = _counted(words[0]), _word(words, 2)
    day = _counted(words[1]) or (int(words[1]) if _DAY.fullmatch(words[1] + ".") else None)
    if month is None or day is None:
        return None
    year = int(tail) if _YEAR.fullmatch(tail) else _counted(tail)
    if year is not None:
        return _found(when.moment(year, month, day), 3)
    return _found(when.moment(None, month, day, tail), 3) if tail else None


def _counted_year_first(words: Sequence[str], when: Calendar) -> Stamp | None:
    """2005년 1월 6일 · the same with a time of day after it."""
    year, month, day = (_counted(_word(words, i)) for i in range(3))
    if year is None or month is None or day is None or year < 1000:
        return None
    clock = _word(words, 3)
    if _CLOCK.fullmatch(clock):
        return _found(when.moment(year, month, day, clock), 4)
    return _found(when.moment(year, month, day), 3)


FORMS: tuple[Callable[[Sequence[str], Calendar], Stamp | None], ...] = (
    _month_first,
    _day_first,
    _numbers,
    _month_day_numbers,
    _counted_year_first,
    _counted_month_first,
)
"""The forms of a date in `ls -l`, tried in this order; to know one more, add a function."""


def stamp(words: Sequence[str], when: Calendar) -> Stamp | None:
    """The date at the beginning of *words*, or None.

    Args:
        words: the words that follow the size, the name's included.
        when: the calendar of the listing.

    Example:
        >>> stamp(["01", "oct", "2004", "notes"], Calendar(datetime(2026, 1, 1), None))
        Stamp(time=datetime.datetime(2004, 10, 1, 0, 0), precision=86400, words=3)
    """
    if len(words) < 2 or not ("0" <= words[0][0] <= "9" or month_of(words[0])):
        return None  # most words are no date: asked of every word that may be a size
    for form in FORMS:
        found = form(words, when)
        if found is not None:
            return found
    return None
