"""Invitations and other calendar parts, read (RFC 5545, 5546, 6047). Grammar: pure.

Writing them is `postel.messages.Event`. What matters to a reader of mail is here: what, when,
where, who, and whether it is asked, changed, called off or answered. Recurrences are told, not
spread out. Moments come with the zone that the calendar itself defines; a zone that it only names
leaves them without, and `Invite.zone` has the name.

Nothing raises: lines that cannot be read are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from . import charsets
from .calendar_zones import Zone, read_zone

if TYPE_CHECKING:
    from .parsed import Parsed

__all__ = ["Calendar", "Invite", "Person", "invites_of", "read_calendar"]

LARGEST = 4 << 20
MOST = 1_000  # events of one calendar, attendees of one event
MOST_LINES = 200_000
_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r'([A-Za-z0-9-]{1,80})((?:;[^:;"]*(?:"[^"]*"[^:;"]*)*)*):(.*)\Z', re.DOTALL)
_PARAMETER = re.compile(r';([A-Za-z0-9-]{1,80})=((?:[^:;"]|"[^"]*")*)')
_ESCAPE = re.compile(r"\\(.)")
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?\Z")
_SPAN = re.compile(r"([+-]?)P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?"
                   r"(?:(\d{1,7})S)?)?\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TYPES = ("text/calendar", "application/ics")


@dataclass(frozen=True)
class Person:
    """Who invites, or is invited.

    Args:
        address: as mail is sent to it; another kind of URI as it came.
        name: for people; "" if there is none.
        role: such as ``req-participant`` or ``chair``; "" for the organizer.
        state: ``needs-action``, ``accepted``, ``declined``, ``tentative`` …; "" for the organizer.
        asked: whether an answer is asked for.
    """

    address: str
    name: str = ""
    role: str = ""
    state: str = ""
    asked: bool = False


@dataclass(frozen=True)
class Invite:
    """An event, a task or a journal entry in a calendar.

    Args:
        kind: ``event``, ``todo`` or ``journal``.
        uid: names it in all its versions.
        sequence: its version.
        summary: what it is, in a line.
        description: in more.
        location: where.
        start: when it begins: a moment, or a day.
        end: when it is over; of whole days, the day after the last. None if that is not told.
        zone: the name of the time zone of *start*; "" if it is UTC or none.
        organizer: who invites; None if that is not told.
        attendees: who is invited.
        status: ``confirmed``, ``tentative``, ``cancelled``; "" if that is not told.
        rule: how it recurs (``FREQ=WEEKLY;…``); "" if it does not.
        instance: which one of a recurrence this is about; None if all.
        stamp: when this version was written.
    """

    kind: str
    uid: str
    sequence: int
    summary: str
    description: str
    location: str
    start: datetime | date | None
    end: datetime | date | None
    zone: str
    organizer: Person | None
    attendees: tuple[Person, ...]
    status: str
    rule: str
    instance: datetime | date | None
    stamp: datetime | date | None


@dataclass(frozen=True)
class Calendar:
    """A calendar part.

    Args:
        method: ``request``, ``reply``, ``cancel``, ``publish``, ``counter`` …; "" if none.
        product: the program that wrote it.
        events: what is in it.
    """

    method: str
    product: str
    events: tuple[Invite, ...]


@dataclass(slots=True)
class _Block:
    """A component on the way: lines by name, components inside."""

    name: str
    lines: dict[str, list[tuple[Mapping[str, str], str]]] = field(default_factory=dict)
    inside: list[_Block] = field(default_factory=list)

    def raw(self, name: str) -> str:
        """The first value of this name, as it came."""
        return self.lines[name][0][1] if name in self.lines else ""

    def text(self, name: str) -> str:
        """The first value of this name, as people read it."""
        return _CONTROL.sub("", _ESCAPE.sub(_unescaped, self.raw(name)))


def invites_of(message: Parsed) -> list[Calendar]:
    """The calendars in a message; one that is there twice, as Outlook sends it, counts once.

    Args:
        message: which was read.
    """
    found: list[Calendar] = []
    for part in message.walk():
        name = (part.filename or "").lower()
        if part.content_type in _TYPES or name.endswith((".ics", ".ifb")):
            calendar = read_calendar(str(charsets.decode(part.content, part.charset or "utf-8")))
            if calendar.events and calendar not in found:
                found.append(calendar)
    return found


def read_calendar(text: str) -> Calendar:
    r"""What is in a calendar; nothing where it is none.

    Example:
        >>> found = read_calendar(
        ...     "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nSUMMARY:Tea\\, cake\n"
        ...     "DTSTART:20261121T150000Z\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n")
        >>> found.method, found.events[0].summary, found.events[0].end.isoformat()
        ('request', 'Tea, cake', '2026-11-21T16:00:00+00:00')
    """
    blocks = _blocks(text[:LARGEST])
    zones: dict[str, Zone] = {}
    for block in blocks:
        if block.name == "VTIMEZONE":
            parts = [(one.name, {name: [value for _, value in values]
                                 for name, values in one.lines.items()}) for one in block.inside]
            zone = read_zone(block.raw("TZID"), parts)
            if zone is not None:
                zones[block.raw("TZID")] = zone
    whole = next((one for one in blocks if one.name == "VCALENDAR"), _Block(""))
    events = [_invite(one, zones) for one in blocks
              if one.name in ("VEVENT", "VTODO", "VJOURNAL")][:MOST]
    return Calendar(whole.raw("METHOD").strip().lower(), whole.text("PRODID"), tuple(events))


def _blocks(text: str) -> list[_Block]:
    """All components, outer ones first."""
    found: list[_Block] = []
    stack: list[_Block] = []
    for name, parameters, value in _lines(text):
        if name == "BEGIN":
            block = _Block(value.strip().upper())
            if stack:
                stack[-1].inside.append(block)
            stack.append(block)
            found.append(block)
        elif name == "END":
            if any(one.name == value.strip().upper() for one in stack[-3:]):
                while stack.pop().name != value.strip().upper():
                    pass
        elif stack:
            stack[-1].lines.setdefault(name, []).append((parameters, value))
    return found


def _lines(text: str) -> Iterator[tuple[str, Mapping[str, str], str]]:
    """Name, parameters and value of each line."""
    for line in _FOLD.sub("", text).split("\n")[:MOST_LINES]:
        match = _LINE.match(line.rstrip("\r"))
        if match:
            parameters = {}
            if match[2]:
                parameters = {name.upper(): value.replace('"', "")
                              for name, value in _PARAMETER.findall(match[2])}
            yield match[1].upper(), parameters, match[3]


def _invite(block: _Block, zones: Mapping[str, Zone]) -> Invite:
    start, zone = _when(block, "DTSTART", zones)
    end, _ = _when(block, "DTEND", zones)
    if end is None:
        end, _ = _when(block, "DUE", zones)
    span = _span(block.raw("DURATION"))
    if end is None and start is not None and span is not None:
        try:
            end = start + span
        except OverflowError:
            end = None
    sequence = block.raw("SEQUENCE").strip()
    organizers = _people(block, "ORGANIZER")
    return Invite(
        block.name[1:].lower(), block.text("UID").strip(),
        int(sequence) if re.fullmatch("[0-9]{1,9}", sequence) else 0,
        block.text("SUMMARY"), block.text("DESCRIPTION"), block.text("LOCATION"),
        start, end, zone, organizers[0] if organizers else None, _people(block, "ATTENDEE"),
        block.raw("STATUS").strip().lower(), block.raw("RRULE").strip()[:1000],
        _when(block, "RECURRENCE-ID", zones)[0], _when(block, "DTSTAMP", zones)[0])


def _people(block: _Block, name: str) -> tuple[Person, ...]:
    found = []
    for parameters, value in block.lines.get(name, [])[:MOST]:
        address = _CONTROL.sub("", value.strip())
        if address.lower().startswith("mailto:"):
            address = address[7:]
        invited = name == "ATTENDEE"
        found.append(Person(
            address, _CONTROL.sub("", parameters.get("CN", "")),
            parameters.get("ROLE", "req-participant").lower() if invited else "",
            parameters.get("PARTSTAT", "needs-action").lower() if invited else "",
            parameters.get("RSVP", "").upper() == "TRUE"))
    return tuple(found)


def _when(
    block: _Block, name: str, zones: Mapping[str, Zone]
) -> tuple[datetime | date | None, str]:
    """A moment or a day, and the name of its zone."""
    if name not in block.lines:
        return None, ""
    parameters, value = block.lines[name][0]
    match = _STAMP.match(value.strip())
    if match is None:
        return None, ""
    zone = parameters.get("TZID", "")
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
        if match[4] is None:
            return day, ""
        moment = datetime(day.year, day.month, day.day, int(match[4]), int(match[5]),
                          min(int(match[6]), 59))
    except ValueError:
        return None, ""
    if match[7]:
        return moment.replace(tzinfo=UTC), ""
    return moment.replace(tzinfo=zones.get(zone)), zone


def _span(text: str) -> timedelta | None:
    match = _SPAN.match(text.strip())
    if not text or match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(one or 0) for one in match.groups()[1:])
    span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -span if match[1] == "-" else span


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] in "nN" else match[1]
