"""Listings in the shape of `ls -l`, and those that only look like it. Grammar.

    -rw-r--r--   1 alice    staff        531 Jan 29 03:26 notes.txt

`ls` reads the nine lines out of ten that look like this by one expression. What is left over (no
group, groups with spaces, inode and blocks before, sizes of 33.5k, sizes glued to the group, device
numbers, dates of any locale) is read by words: the first size that is followed by a date is the
size, what stands before it is link count, owner and group, what follows one space after the date is
the name, to its last byte.

NetPresenz, Connect:Enterprise and NetWare write permissions of their own; each has its function.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from ..types import Entry, Kind
from .listing_dates import DAY, MONTHS, Calendar, Stamp, stamp
from .listing_fields import NO_FACTS, PERMISSIONS, mode_of, size_of

__all__ = ["connect_enterprise", "ls", "netpresenz", "netware"]

_KINDS = dict.fromkeys("bcpsDPnw?", Kind.OTHER) | dict.fromkeys("-fCM", Kind.FILE)
_KINDS |= {"d": Kind.FOLDER, "l": Kind.LINK}
_TYPES = "[-dlfbcpsCMDPnw?]"  # f: some servers' plain file; C, M: moved to tape; D, P: Solaris
_MARKS = "[+.@]?"  # an access list, a security context, extended attributes

_COMMON = re.compile(
    rf"({_TYPES})({PERMISSIONS}){_MARKS} ++(?:\d++) ++(\S++) ++(\S++) ++(\d{{1,20}}+) "
    r"(?:([A-Z][a-z]{2}) ++(\d{1,2}+) ++(?:(\d\d?+):(\d\d)|(\d{4}))"
    r"|(\d{4}-\d\d-\d\d) (\d\d:\d\d)) (.++)",
    re.ASCII | re.DOTALL,
).fullmatch

_LOOSE = re.compile(
    rf"\s*(?:\d++ +)?(?:\d[\d.]*+[kKMG]? +)?({_TYPES})({PERMISSIONS}){_MARKS}(?= )", re.ASCII
).match
_WORD = re.compile(r"[^ \t]+")
_GLUED = re.compile(r"(.*[^\W\d])(\d{1,20})", re.ASCII)
_DEVICE = re.compile(r"\d{1,10},(?: ?\d{1,10})", re.ASCII)  # major and minor number
_MAX_WORDS = 40  # before the name; groups of Windows domains have spaces, but not so many


def ls(line: str, when: Calendar) -> Entry | None:
    """`ls -l` of any Unix, and of the many servers that imitate it."""
    match = _COMMON(line)
    if match is None:
        return _by_words(line, when)
    type, bits, owner, group, size, word, day, hour, minute, year, iso, clock, name = match.groups()
    if iso is not None:
        moment = when.numbers(iso, "ymd", clock)
    elif (month := MONTHS.get(word)) is None:
        return _by_words(line, when)
    elif year is not None:
        moment = when.moment(int(year), month, int(day))
    else:
        moment = when.minute(month, int(day), int(hour), int(minute))
    if moment is None:
        return None
    kind, target = _KINDS[type], None
    if kind is Kind.LINK:
        name, target = _link(name)
    return Entry(
        name, kind, int(size), *moment, mode_of(bits), owner, group, target, NO_FACTS, line
    )


def _link(text: str) -> tuple[str, str | None]:
    name, _, target = text.partition(" -> ")
    return (name, target) if name and target else (text, None)


def _by_words(line: str, when: Calendar) -> Entry | None:
    head = _LOOSE(line)
    if head is None:
        return None
    words = list(islice(_WORD.finditer(line, head.end()), _MAX_WORDS))
    spot = _size_and_date([match[0] for match in words], when)
    if spot is None:
        return None
    last = spot.place + spot.date.words
    name = line[words[last].end() + 1 :]
    if spot.date.precision == DAY and spot.date.words == 1:  # --time-style=iso fills the column
        name = name.removeprefix(" ")
    people = _people(spot.people)
    if not name or people is None:
        return None
    kind, target = _KINDS[head[1]], None
    if kind is Kind.LINK:
        name, target = _link(name)
    facts = {"size-unit": str(spot.unit)} if spot.unit > 1 else NO_FACTS
    time, precision, _ = spot.date
    return Entry(
        name, kind, spot.size, time, precision, mode_of(head[2]), *people, target, facts, line
    )


class _Place(NamedTuple):
    """Where the size of a line stands, what stands before it and the date behind it."""

    place: int
    people: list[str]
    size: int | None
    unit: int
    date: Stamp


def _size_and_date(words: list[str], when: Calendar) -> _Place | None:
    glued = None
    for index, word in enumerate(words):
        if not "0" <= word[-1] <= "9" and not "0" <= word[0] <= "9":
            continue
        date = stamp(words[index + 1 : index + 7], when)
        if date is None:
            continue
        before = words[:index]
        if _DEVICE.fullmatch(" ".join(words[max(0, index - 1) : index + 1])):  # "0, 27"
            return _Place(index, before[:-1], None, 1, date)
        if _DEVICE.fullmatch(word):  # "109,767"
            return _Place(index, before, None, 1, date)
        size = size_of(word)
        if size is not None:
            return _Place(index, before, *size, date)
        parts = _GLUED.fullmatch(word)
        if parts is not None and glued is None:  # "longgroup123456": the column was too narrow
            glued = _Place(index, [*before, parts[1]], int(parts[2]), 1, date)
    return glued


def _people(words: list[str]) -> tuple[str | None, str | None] | None:
    """Owner and group of what stands between permissions and size; None if that makes no sense."""
    if words and words[0].isdecimal():
        words = words[1:]  # the number of links
    elif words and words[0][0].isdecimal():
        return None  # a number of links that is glued to the owner
    return (words[0] if words else None), (" ".join(words[1:]) or None)


_DATE = r"([A-Za-z]{3}) ++(\d{1,2}) ++(\d{4}|\d{1,2}:\d\d)"
_NETPRESENZ = re.compile(
    rf"([-d])({PERMISSIONS}) ++(?:folder ++(?:\d++)|(\d{{1,20}}) ++(\d{{1,20}}) ++(\d{{1,20}})) ++"
    rf"{_DATE} (.++)",
    re.ASCII | re.DOTALL,
).fullmatch


def netpresenz(line: str, when: Calendar) -> Entry | None:
    """NetPresenz, Peter's server (classic Mac OS): resource fork, data fork, sum; or "folder"."""
    match = _NETPRESENZ(line)
    if match is None:
        return None
    type, bits, resource, data, total, month, day, tail, name = match.groups()
    moment = when.named(month, day, tail)
    if moment is None or (type == "d") != (total is None):
        return None
    if total is None:
        return Entry(name, Kind.FOLDER, None, *moment, mode_of(bits), raw=line)
    if int(resource) + int(data) != int(total):
        return None
    facts = {"resource-fork": resource, "data-fork": data}
    # the data fork stands where ls has the owner, and is given there too, as FileZilla does
    return Entry(
        name, Kind.FILE, int(total), *moment, mode_of(bits), data, None, None, facts, line
    )


_ENTERPRISE = re.compile(
    rf"(-[-A-Z]{{9}}[A-Z]{{0,8}}) ++([A-Z]) ++(\S++) ++(\d++) ++(\d{{1,20}}) ++{_DATE} (.++)",
    re.ASCII | re.DOTALL,
).fullmatch


def connect_enterprise(line: str, when: Calendar) -> Entry | None:
    """Sterling Connect:Enterprise: batch flags, A or B (text or binary), mailbox, batch, size."""
    match = _ENTERPRISE(line)
    if match is None:
        return None
    flags, type, owner, batch, size, month, day, tail, name = match.groups()
    moment = when.named(month, day, tail)
    if moment is None:
        return None
    facts = {"flags": flags, "transfer-type": type, "batch": batch}
    return Entry(name, Kind.FILE, int(size), *moment, None, owner, None, None, facts, line)


_NETWARE = re.compile(
    rf"([-d]) ?\[([-A-Z]{{1,12}})\] ++(\S++) ++(\d{{1,20}}) ++{_DATE} ++(.++)", re.ASCII | re.DOTALL
).fullmatch


def netware(line: str, when: Calendar) -> Entry | None:
    """Novell NetWare: trustee rights in brackets instead of permissions."""
    match = _NETWARE(line)
    if match is None:
        return None
    type, rights, owner, size, month, day, tail, name = match.groups()
    moment = when.named(month, day, tail)
    if moment is None:
        return None
    facts = {"rights": rights}
    return Entry(name, _KINDS[type], int(size), *moment, None, owner, None, None, facts, line)
