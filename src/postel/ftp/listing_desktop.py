"""Listings of personal machines and small servers: DOS, OS/2, VShell, EPLF, Nortel. Grammar.

Dates of three numbers are ambiguous (04-06-00); where servers differ, a dialect stands in the table
of `listing` once for each order, and the lines of a listing decide which one it is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ..types import Entry, Kind
from .listing_dates import SECOND, Calendar, month_of
from .listing_fields import NO_FACTS, size_of

__all__ = ["dos", "eplf", "nortel", "os2", "vshell"]

_DOS = re.compile(
    r"(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}) ++(\d{1,2}:\d\d(?::\d\d)?) ?([AaPp][Mm]?)? ++"
    r"(?:<(DIR|JUNCTION|SYMLINKD?)> ++|([\d.,]{1,26}) )(.++)",
    re.ASCII | re.DOTALL,
).fullmatch
_WINDOWS_LINK = re.compile(r"([^\[]++)\[([^\]]*+)\]", re.DOTALL).fullmatch


def dos(line: str, when: Calendar, *, order: str) -> Entry | None:
    """MS-DOS, Windows, IIS, Windows CE: date, time, <DIR> or size, name."""
    match = _DOS(line)
    if match is None:
        return None
    date, clock, half, tag, digits, name = match.groups()
    moment = when.numbers(date, order, clock + (half or ""))
    size = size_of(digits) if digits else (None, 1)
    if moment is None or size is None:
        return None
    if tag is None:
        return Entry(name, Kind.FILE, size[0], *moment, raw=line)
    link = _WINDOWS_LINK(name) if tag != "DIR" else None
    if link is not None:
        return Entry(link[1].rstrip(" "), Kind.LINK, None, *moment, target=link[2], raw=line)
    return Entry(name, Kind.FOLDER if tag == "DIR" else Kind.LINK, None, *moment, raw=line)


_OS2 = re.compile(
    r" *+(\d{1,20}) ++((?:[A-Z]{1,5}+ ++){0,5}+)(\d\d-\d\d-\d{2,4}) ++(\d{1,2}:\d\d) ++(.++)",
    re.ASCII | re.DOTALL,
).fullmatch


def os2(line: str, when: Calendar) -> Entry | None:
    """IBM OS/2: size, attributes and DIR, date (the year 2000 is "100"), time, name."""
    match = _OS2(line)
    if match is None:
        return None
    size, attributes, date, clock, name = match.groups()
    month, day, year = date.split("-")
    moment = when.moment(int(year), int(month), int(day), clock)
    if moment is None:
        return None
    words = attributes.split()
    kind = Kind.FOLDER if "DIR" in words else Kind.FILE
    flags = "".join(word for word in words if word != "DIR")
    facts = {"attributes": flags} if flags else NO_FACTS
    return Entry(name, kind, int(size), *moment, facts=facts, raw=line)


_VSHELL = re.compile(
    r"(\d{1,20}) ++([A-Za-z]{3} \d{1,2}), (\d{4}) (\d{1,2}:\d\d) (.++)", re.ASCII | re.DOTALL
).fullmatch


def vshell(line: str, when: Calendar) -> Entry | None:
    """Old VShell: size, "Apr 04, 2000 21:06", name; folders end in a slash. New ones: see `ls`."""
    match = _VSHELL(line)
    if match is None:
        return None
    size, date, year, clock, name = match.groups()
    month, day = date.split(" ")
    moment = when.moment(int(year), month_of(month), int(day), clock)
    folder = name.endswith("/")
    name = name.removesuffix("/")
    if moment is None or not name:
        return None
    return Entry(name, Kind.FOLDER if folder else Kind.FILE, int(size), *moment, raw=line)


_EPLF = re.compile(r"\+([^\t]*+)\t(.++)", re.DOTALL).fullmatch
_EPLF_NUMBER = re.compile(r"-?\d{1,20}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def eplf(line: str, _when: Calendar) -> Entry | None:
    """Easily Parsed LIST Format (publicfile, anonftpd): facts, a tab, the name; times are UTC."""
    match = _EPLF(line)
    if match is None:
        return None
    marks = match[1].split(",")
    facts = {mark[:1]: mark[1:] for mark in marks if mark and mark[:2] != "up"}
    size, seconds = (_EPLF_NUMBER.fullmatch(facts.get(key, "")) for key in "sm")
    mode = next((mark[2:] for mark in marks if re.fullmatch("up[0-7]{1,6}", mark)), None)
    time = None
    if seconds is not None:
        try:
            time = _EPOCH + timedelta(seconds=int(seconds[0]))
        except OverflowError:
            pass  # a time beyond the calendar is none
    return Entry(
        match[2],
        Kind.FOLDER if "/" in facts else Kind.FILE if "r" in facts else Kind.OTHER,
        int(size[0]) if size and size[0][0] != "-" else None,
        time,
        SECOND if time else None,
        int(mode, 8) & 0o7777 if mode else None,
        facts={"unique": facts["i"]} if "i" in facts else NO_FACTS,
        raw=line,
    )


def nortel(line: str, when: Calendar) -> Entry | None:
    """Nortel wfFtp (routers): name, size, mm/dd/yy, weekday, time."""
    words = line.rsplit(None, 4)
    if len(words) != 5 or not words[3].rstrip(".").isalpha() or "/" not in words[2]:
        return None
    name, size, date, _, clock = words
    moment = when.numbers(date, "mdy", clock)
    bytes = size_of(size)
    if moment is None or bytes is None:
        return None
    return Entry(name, Kind.FILE, bytes[0], *moment, raw=line)
