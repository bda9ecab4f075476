"""The index as text (rfc-index.txt): one paragraph each, read into records. Grammar.

    5321 Simple Mail Transfer Protocol. J. Klensin. October 2008. (Format:
         TXT, HTML) (Obsoletes RFC2821) … (Status: DRAFT STANDARD) (DOI: 10.17487/RFC5321)

Numbers come padded (0821) and not, with one to five digits. Titles and initials both have full
stops, so where the title ends is found from behind: the authors are the longest tail that reads
like names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ..errors import LimitReached, ProtocolError
from .types import Index, Record

__all__ = ["HIGHEST", "LARGEST", "MONTHS", "parse", "series_of"]

LARGEST = 64 << 20
"""Bytes of an index, text or XML."""

HIGHEST = 99_999
"""The highest number that is believed."""

_LONGEST = 16_384
"""Characters of one entry; the longest real one has 2,000."""

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")
_DATE = re.compile(r"\. (?:(\d{1,2}) )?(" + "|".join(MONTHS) + r") (\d{4})\. (?=\()")
_FACT = re.compile(r"\(([A-Z][A-Za-z ]{2,14}?)(?::| (?=[A-Z]{3}))([^()]*)\)")
_RFC = re.compile(r"RFC ?0*(\d{1,5})(?!\d)")
_SERIES = re.compile(r"(STD|BCP|FYI) ?0*(\d{1,5})(?!\d)")
_CREATED = re.compile(r"CREATED ON: (\d\d)/(\d\d)/(\d{4})")
_NAME = re.compile(
    r"(?:[A-ZÀ-Þ]\w{0,2}(?:[- ][A-Z])?\.[ -]?){1,6}[\w'’ʼ.\- ]{1,40}|"
    r"[A-Z]{1,2}(?:\([A-Z]\))? [A-Z]\w{1,30}|Ed\.?|Editor|Jr\.?|Sr\.?|I{1,3}|IV|"
    r"[A-Z]{2,5}|(?:Internet|IAB|IESG|ISO|RFC|Network|National|Federal|Defense|ACM|"
    r"Gateway|North|Mitra|Jonathan|Vinton|Audio|End-to-End|KOI8|WIDE|Deutsche|ESnet|ESCC|"
    r"Information|International|EARN|Bolt|Stanford|University)[\w'’&/. \-]{0,80}")
_CUTS = 24
"""Places where a title may end that are tried."""


def parse(text: str) -> Index:
    """Read an index.

    Raises:
        ProtocolError: it is none, is cut off in the middle, or its numbers do not ascend.
        LimitReached: it is absurdly large.
    """
    if len(text) > LARGEST:
        raise LimitReached(f"the index: it has more than {LARGEST} characters")
    records: list[Record] = []
    missing: list[int] = []
    last = 0
    for number, entry in _entries(text):
        if not last < number <= HIGHEST:
            raise ProtocolError(f"the index: RFC {number} follows RFC {last}",
                                hint="it changed while it was read; try again")
        last = number
        if re.match(r"Not Issued\.?", entry, re.IGNORECASE):
            missing.append(number)
            continue
        if not entry.endswith((")", ".")):
            raise ProtocolError(f"the index: RFC {number}: the entry is cut off",
                                hint="the download was not whole; try again")
        records.append(_record(number, entry))
    if not records:
        raise ProtocolError("the index: there is no RFC in it", hint="is this rfc-index.txt?")
    created = _CREATED.search(text)
    return Index(tuple(records), tuple(missing), series_of(records),
                 _day(created[3], created[1], created[2]) if created else None)


def series_of(records: list[Record]) -> dict[str, tuple[int, ...]]:
    """The numbers of each STD, BCP and FYI.

    Example:
        >>> series_of([Record(1122, "a", also=("STD3",)), Record(1123, "b", also=("STD3",))])
        {'STD3': (1122, 1123)}
    """
    found: dict[str, list[int]] = {}
    for record in records:
        for name in record.also:
            found.setdefault(name, []).append(record.number)
    return {name: tuple(numbers) for name, numbers in found.items()}


def _entries(text: str) -> Iterator[tuple[int, str]]:
    """Number and rest of each paragraph that begins with a number."""
    for found in re.finditer(r"(?:^|\n)(0{0,4}\d{1,5})[ \t]+(\S[^\n]*(?:\n[ \t]+\S[^\n]*)*)",
                             text):
        if len(found[2]) > _LONGEST:
            raise LimitReached(f"the index: RFC {found[1]} has more than {_LONGEST} characters")
        yield int(found[1]), " ".join(found[2].split())


def _record(number: int, entry: str) -> Record:
    dates = list(_DATE.finditer(entry))
    if dates:
        at = dates[-1]
        head, tail = entry[:at.start()], entry[at.end():]
        when = _day(at[3], str(MONTHS.index(at[2]) + 1), at[1] or "1")
    else:
        head, _, tail = entry.partition(". (Format")
        at, when, tail = None, None, "(Format" + tail if tail else ""
    title, authors = _split(head)
    facts = {found[1]: " ".join(found[2].split()) for found in _FACT.finditer(tail)}
    return Record(
        number, title, authors, when, facts.get("Status", ""), facts.get("Stream", ""),
        _numbers(facts.get("Obsoletes", "")), _numbers(facts.get("Obsoleted by", "")),
        _numbers(facts.get("Updates", "")), _numbers(facts.get("Updated by", "")),
        tuple(kind + digits for kind, digits in _SERIES.findall(facts.get("Also", ""))),
        facts.get("DOI", ""), formats=_formats(facts.get("Format", "")),
        day_known=bool(at and at[1]))


def _formats(text: str) -> tuple[str, ...]:
    """The formats: ``TXT=12345`` in older indexes; ASCII is another word for TXT."""
    words = [one.partition("=")[0].strip().upper() for one in text.split(",")]
    return tuple("TXT" if word == "ASCII" else word for word in words if word)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(digits) for digits in _RFC.findall(text)))


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _split(head: str) -> tuple[str, tuple[str, ...]]:
    """Title and authors: the earliest full stop behind which there are only names."""
    at = -1
    cuts: list[int] = []
    while len(cuts) < _CUTS and (at := head.find(". ", at + 1)) >= 0:
        cuts.append(at)
    for cut in cuts:
        names = head[cut + 2:].split(", ")
        if all(_NAME.fullmatch(name) for name in names):
            return head[:cut], _authors(names)
    if cuts:  # somebody whose name looks like none
        return head[:cuts[-1]], _authors(head[cuts[-1] + 2:].split(", "))
    return head, ()


def _authors(names: list[str]) -> tuple[str, ...]:
    """Names, with what belongs to the one before put back there."""
    found: list[str] = []
    for name in names:
        if found and name.rstrip(".") in ("Ed", "Editor", "Jr", "Sr", "II", "III", "IV"):
            found[-1] += ", " + ("Ed." if name.startswith("Ed") else name)
        else:
            found.append(name.strip())
    return tuple(found)
