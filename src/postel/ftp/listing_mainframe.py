"""Listings of VMS, AS/400, MVS, z/VM and HP NonStop. Grammar.

These systems have no files of bytes underneath, so what they call a size often is none. Where it
counts blocks it is turned into bytes, and the fact ``size-unit`` says what it is rounded to; where
it counts records of unknown length (members) or space on a disk (data sets), *size* stays None and
the number is a fact.
"""

from __future__ import annotations

import re

from ..types import Entry, Kind
from .listing_dates import Calendar, month_of
from .listing_fields import NO_FACTS, protection_of, size_of

__all__ = [
    "VMS_NAME",
    "as400",
    "dataset",
    "jes",
    "load_module",
    "member",
    "member_name",
    "nonstop",
    "vms",
    "zvm",
]

VMS_NAME = re.compile(r"[^\s;]++;\d{1,6}\s*", re.ASCII)
"""A line of VMS that holds a name alone: the name was long, the rest is on the next line."""

_UNDATED = (None, None)
_BLOCK = 512  # bytes of a VMS disk block
_VMS_LINE = re.compile(r"([^\s;]++);(\d{1,6})\s++(\S.*+)", re.ASCII | re.DOTALL).fullmatch
_VMS_FIELDS = re.compile(
    r"(?:(?P<date>\d{1,2}-[A-Za-z]{3}-\d{4})|(?P<clock>\d{1,2}:\d\d(?::\d\d(?:\.\d\d)?)?)"
    r"|\[(?P<owner>[\w$*. ]{0,40},?[\w$*. ]{0,40})\]?"
    r"|\((?P<rights>[RWEDrwed]{0,4}(?:,[RWEDrwed]{0,4}){3})\)"
    r"|(?P<blocks>\d{1,12})(?:/\d{1,12})?|(?P<size>\d{1,12}[KMG]B))(?=\s|$)\s*+",
    re.ASCII,
)


def vms(line: str, when: Calendar) -> Entry | None:
    """VMS, MultiNet, UCX: name;version; then size, date, [group,owner], (rights) in any order."""
    match = _VMS_LINE(line)
    fields = _vms_fields(match[3]) if match is not None else None
    if match is None or fields is None or "date" not in fields:
        return None
    day, month, year = fields["date"].split("-")
    moment = when.moment(int(year), month_of(month), int(day), fields.get("clock", ""))
    if moment is None:
        return None
    size, unit = None, 1
    if "blocks" in fields:
        size, unit = int(fields["blocks"]) * _BLOCK, _BLOCK
    elif "size" in fields:
        size, unit = size_of(fields["size"]) or (None, 1)
    folder = match[1][-4:].upper() == ".DIR"
    group, _, owner = fields.get("owner", "").strip().rpartition(",")
    return Entry(
        match[1][:-4] if folder else f"{match[1]};{match[2]}",
        Kind.FOLDER if folder else Kind.FILE,
        size,
        *moment,
        protection_of(fields["rights"]) if "rights" in fields else None,
        owner or None,
        group or None,
        facts={"size-unit": str(unit)} if unit > 1 else NO_FACTS,
        raw=line,
    )


def _vms_fields(text: str) -> dict[str, str] | None:
    """The fields of a VMS line by name, each at most once; None where anything else is there."""
    fields: dict[str, str] = {}
    place = 0
    while place < len(text):
        match = _VMS_FIELDS.match(text, place)
        key = match and match.lastgroup
        if match is None or key is None or key in fields:
            return None
        fields[key] = match[key]
        place = match.end()
    return fields


_AS400 = re.compile(
    r"(\S++) ++(?:(\d{1,20}) ++(\d\d[/.-]\d\d[/.-]\d\d) ++(\d\d:\d\d:\d\d) ++"
    r"\*((?!MEM\b)[A-Z0-9]{2,10})|\*(MEM)) ++(\S.*+)",
    re.ASCII | re.DOTALL,
).fullmatch
_AS400_FOLDERS = {"DIR", "DDIR", "LIB", "FLR", "FILE"}


def as400(line: str, when: Calendar, *, order: str) -> Entry | None:
    """OS/400: owner, size, date in the job's order, time, *TYPE, name; members have no date."""
    match = _AS400(line)
    if match is None:
        return None
    owner, size, date, clock, type, member, name = match.groups()
    moment = when.numbers(date, order, clock) if member is None else _UNDATED
    if moment is None:
        return None
    folder = type in _AS400_FOLDERS and not name.upper().endswith(".SAVF")  # a save file is a file
    name = name.rstrip(" ").removesuffix("/") or name
    return Entry(
        name,
        Kind.FOLDER if folder else Kind.FILE,
        int(size) if size else None,
        moment[0],
        moment[1],
        owner=owner,
        facts={"type": f"*{type or member}"},
        raw=line,
    )


_DATASET = re.compile(
    r"(\S{1,6}+) ++(\S{1,8}+) ++(\d{4}/\d\d/\d\d|\*\*NONE\*\*) ++(?:\d{1,3} *+(?:\d++|\?{1,5}+))"
    r" ++([A-Z]{1,4}+) ++(\d++) ++(\d++) ++([A-Z][A-Z0-9-]{1,4}+) ++(\S++) *+",
    re.ASCII,
).fullmatch
_DATASET_APART = re.compile(
    r"(?:\S{1,6}+ ++\S{1,8}+ ++(?:VSAM|GDG|PATH)|Migrated|\S{1,8}+ Not Direct Access Device"
    r"|(Pseudo Directory)) ++(\S++) *+",
    re.ASCII,
).fullmatch


def dataset(line: str, when: Calendar) -> Entry | None:
    """MVS data sets; a partitioned one (PO, PO-E) is a folder. Its space in tracks is no size."""
    match = _DATASET(line)
    if match is None:
        apart = _DATASET_APART(line)
        kind = Kind.FOLDER if apart and apart[1] else Kind.FILE
        return Entry(apart[2], kind, raw=line) if apart else None
    volume, unit, date, form, length, block, kind_, name = match.groups()
    moment = when.numbers(date, "ymd") if date[0] != "*" else _UNDATED
    if moment is None:
        return None
    facts = {"volume": volume, "unit": unit, "recfm": form, "lrecl": length, "blksize": block}
    kind = Kind.FOLDER if kind_.startswith("PO") else Kind.FILE
    facts["dsorg"] = kind_
    return Entry(name, kind, None, moment[0], moment[1], facts=facts, raw=line)


_MEMBER = re.compile(
    r" *+(\S++) ++(\d\d\.\d\d) ++(\d{4}/\d\d/\d\d) ++(\d{4}/\d\d/\d\d) ++(\d\d:\d\d(?::\d\d)?)"
    r" ++(\d++) ++\d++ ++\d++ ++(\S++) *+",
    re.ASCII,
).fullmatch


def member(line: str, when: Calendar) -> Entry | None:
    """A member of a partitioned data set, with its statistics; its size is in records."""
    match = _MEMBER(line)
    moment = when.numbers(match[4], "ymd", match[5]) if match else None
    if match is None or moment is None:
        return None
    facts = {"version": match[2], "created": match[3], "records": match[6], "id": match[7],
             "size-unit": "records"}
    return Entry(match[1], Kind.FILE, int(match[6]), *moment, facts=facts, raw=line)


_MEMBER_NAME = re.compile(r" *+([A-Z@#$][A-Z0-9@#$]{0,7}) *+", re.ASCII).fullmatch


def member_name(line: str, _when: Calendar) -> Entry | None:
    """A member without statistics: a name alone, so only believed after a heading of members."""
    match = _MEMBER_NAME(line)
    return Entry(match[1], Kind.FILE, raw=line) if match else None


_MODULE = re.compile(
    r" *+(\S++) ++([0-9A-F]{6,8}) ++([0-9A-F]{6}) ++(?:(\S{3,8}+) ++)?(\d\d)"
    r"(?: ++[A-Z]{2}(?= )){0,8}+ ++(?:24|31|64|ANY|MIN) ++(?:24|31|64|ANY) *+",
    re.ASCII,
).fullmatch


def load_module(line: str, _when: Calendar) -> Entry | None:
    """A load module, member of a program library: its size is hexadecimal."""
    match = _MODULE(line)
    if match is None:
        return None
    facts = {"ttr": match[3], "ac": match[5]} | ({"alias-of": match[4]} if match[4] else {})
    return Entry(match[1], Kind.FILE, int(match[2], 16), facts=facts, raw=line)


_JES = re.compile(
    r"(\S{1,8}+) ++((?:JOB|TSU|STC|[JTS])\d{5,7}) ++(?:(\S{1,8}+) ++)?"
    r"(INPUT|HELD|ACTIVE|OUTPUT)\b(.*+)",
    re.ASCII,
).fullmatch


def jes(line: str, _when: Calendar) -> Entry | None:
    """A job in the JES spool (SITE FILETYPE=JES): it is fetched by its number."""
    match = _JES(line)
    if match is None:
        return None
    facts = {"job": match[1], "status": " ".join((match[4] + match[5]).split())}
    return Entry(match[2], Kind.FILE, owner=match[3] or match[1], facts=facts, raw=line)


_ZVM = re.compile(
    r"(\S++)(?: ++(?!DIR ++-)(\S++))? ++"
    r"(?:([FV]) ++(\d{1,10}) ++(\d{1,10}) ++(\d++)|DIR(?: ++-){3})"
    r" ++(\d{4}-\d\d-\d\d) ++(\d{1,2}:\d\d:\d\d) ++(\S++) *+",
    re.ASCII,
).fullmatch


def zvm(line: str, when: Calendar) -> Entry | None:
    """z/VM (CMS): name, type, record format, record length, records, blocks, date, time, owner."""
    match = _ZVM(line)
    if match is None:
        return None
    name, type, form, length, records, _, date, clock, owner = match.groups()
    moment = when.numbers(date, "ymd", clock)
    if moment is None or (form and not type):
        return None
    file_name = f"{name}.{type}" if type else name
    owner = None if owner == "-" else owner
    if form is None:
        return Entry(file_name, Kind.FOLDER, None, *moment, owner=owner, raw=line)
    size, facts = int(length) * int(records), {"recfm": form, "lrecl": length, "records": records}
    if form == "V":  # the length of the longest record: the file has at most this size
        facts["size-unit"] = str(size)
    return Entry(file_name, Kind.FILE, size, *moment, owner=owner, facts=facts, raw=line)


_NONSTOP = re.compile(
    r"(\S++) ++(\d{1,6}[A-Z]?) ++(\d{1,20}) ++(\d{1,2})-([A-Z][a-z]{2})-(\d\d)"
    r' ++(\d{1,2}:\d\d:\d\d) ++(\d{1,3}, ?\d{1,3}) ++("?[-A-Za-z]{4}"?) *+',
    re.ASCII,
).fullmatch


def nonstop(line: str, when: Calendar) -> Entry | None:
    """HP NonStop (Tandem Guardian): name, file code, size, d-Mon-yy, time, group,user, "RWEP"."""
    match = _NONSTOP(line)
    if match is None:
        return None
    name, code, size, day, month, year, clock, owner, rights = match.groups()
    moment = when.moment(int(year), month_of(month), int(day), clock)
    if moment is None:
        return None
    facts = {"code": code, "rights": rights.strip('"')}
    return Entry(name, Kind.FILE, int(size), *moment, owner=owner, facts=facts, raw=line)
