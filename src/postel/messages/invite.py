"""Calendar events as they are written: invitations, changes, cancellations, answers.

Grammar (RFC 5545, 5546 and 6047). Moments are written in UTC, which every reader shows in its own
time; whole days stay days.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal

from ..errors import UsageError
from .encode_addresses import Box, Boxes, boxes, named
from .encode_words import checked, whole

if TYPE_CHECKING:
    from .calendar import Invite

__all__ = ["Event", "answer_to"]

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_PARTSTAT = {"accepted": "ACCEPTED", "declined": "DECLINED", "tentative": "TENTATIVE"}
_RULE = re.compile(r"[A-Z]+=[A-Z0-9,+:TZ-]+(?:;[A-Z]+=[A-Z0-9,+:TZ-]+)*\Z")


@dataclass(frozen=True, kw_only=True)
class Event:
    r"""An event in a calendar.

    Args:
        uid: names it for good, in all its versions; other for each event.
        stamp: when this version was written, with a time zone.
        start: when it begins: a moment with its time zone, or a day.
        end: when it is over; of whole days, the day after the last.
        summary: in a line.
        description: in more.
        location: where.
        organizer: who invites.
        attendees: who is invited.
        method: ``REQUEST`` invites or changes, ``CANCEL`` calls off, ``REPLY`` answers, ``PUBLISH``
            tells.
        sequence: one more with each change that matters.
        rrule: how it repeats: ``FREQ=WEEKLY;COUNT=5``.
        answer: of a reply: ``accepted``, ``declined`` or ``tentative``.
        instance: which one of a recurrence this is about; by default all.

    Example:
        >>> event = Event(uid="42@example.org", stamp=datetime(2026, 11, 21, tzinfo=UTC),
        ...               start=datetime(2026, 12, 1, 9, tzinfo=UTC), summary="Plan",
        ...               organizer="ann@example.org", attendees="Bob <bob@example.org>")
        >>> "ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION" in event.ics()
        True
        >>> event.answered("bob@example.org", "accepted", stamp=event.stamp).method
        'REPLY'
    """

    uid: str
    stamp: datetime
    start: datetime | date
    end: datetime | date | None = None
    summary: str = ""
    description: str = ""
    location: str = ""
    organizer: Boxes = None
    attendees: Boxes = None
    method: Literal["REQUEST", "CANCEL", "REPLY", "PUBLISH"] = "REQUEST"
    sequence: int = 0
    rrule: str = ""
    answer: str = ""
    instance: datetime | date | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "organizer", boxes(self.organizer, "organizer"))
        object.__setattr__(self, "attendees", boxes(self.attendees, "attendees"))
        checked(self.uid, "uid")
        for what in ("summary", "description", "location"):
            whole(getattr(self, what), what)
        if self.method not in ("REQUEST", "CANCEL", "REPLY", "PUBLISH"):
            raise UsageError(f"method '{self.method}': REQUEST, CANCEL, REPLY or PUBLISH")
        if not self.uid or (self.method != "PUBLISH" and not self.organizer):
            raise UsageError("invite: an event needs a uid and an organizer")
        if self.rrule and not _RULE.match(self.rrule):
            raise UsageError(f"rrule '{self.rrule!r}': such as FREQ=WEEKLY;COUNT=5")
        if self.method == "REPLY" and (self.answer not in _PARTSTAT or len(self.attendees) != 1):
            raise UsageError("invite: a reply is one attendee's: accepted, declined or tentative")
        for what in ("stamp", "start", "end", "instance"):
            moment = getattr(self, what)
            if isinstance(moment, datetime) and moment.tzinfo is None:
                raise UsageError(f"{what}: a moment without its time zone",
                                 hint="datetime.now().astimezone()")

    def answered(self, attendee: Boxes, answer: str, *, stamp: datetime) -> Event:
        """The reply of one who is invited, to be sent to the organizer.

        Args:
            attendee: who answers.
            answer: ``accepted``, ``declined`` or ``tentative``.
            stamp: now.
        """
        return replace(self, method="REPLY", attendees=attendee, answer=answer, stamp=stamp)

    def ics(self) -> str:
        """The event as a text of RFC 5545; lines end in CRLF."""
        lines = ["BEGIN:VCALENDAR", "PRODID:-//Postel//EN", "VERSION:2.0",
                 f"METHOD:{self.method}", "BEGIN:VEVENT", f"UID:{_text(self.uid)}",
                 f"DTSTAMP:{_moment(self.stamp)[1:]}", f"DTSTART{_moment(self.start)}"]
        if self.instance is not None:
            lines.append(f"RECURRENCE-ID{_moment(self.instance)}")
        if self.end is not None:
            lines.append(f"DTEND{_moment(self.end)}")
        lines += [f"{name}:{_text(value)}" for name, value in (
            ("SUMMARY", self.summary), ("DESCRIPTION", self.description),
            ("LOCATION", self.location)) if value]
        if self.rrule:
            lines.append(f"RRULE:{self.rrule}")
        lines += [_person("ORGANIZER", one, "") for one in self.organizer]
        state = _PARTSTAT.get(self.answer, "NEEDS-ACTION;RSVP=TRUE")
        if self.method == "CANCEL":
            lines.append("STATUS:CANCELLED")
            state = ""
        lines += [_person("ATTENDEE", one, state) for one in self.attendees]
        lines += [f"SEQUENCE:{int(self.sequence)}", "END:VEVENT", "END:VCALENDAR"]
        return "\r\n".join(map(_folded, lines)) + "\r\n"


def answer_to(invite: Invite, attendee: Boxes, answer: str, *, stamp: datetime) -> Event:
    r"""The reply to an invitation that was read (RFC 5546 section 3.2.3), for its organizer.

    Args:
        invite: one of `postel.messages.calendar.invites_of`.
        attendee: who answers.
        answer: ``accepted``, ``declined`` or ``tentative``.
        stamp: now.

    Raises:
        UsageError: nobody has invited, or not to an event.

    Example:
        >>> from postel.messages.calendar import read_calendar
        >>> found = read_calendar("BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\n"
        ...     "DTSTART:20261121T150000Z\nORGANIZER:mailto:ann@example.org\n"
        ...     "END:VEVENT\nEND:VCALENDAR\n")
        >>> reply = answer_to(found.events[0], "bob@example.org", "accepted",
        ...                   stamp=datetime(2026, 11, 21, tzinfo=UTC))
        >>> reply.method, str(reply.organizer[0])
        ('REPLY', 'ann@example.org')
    """
    if invite.organizer is None or invite.kind != "event":
        raise UsageError("invite: nobody has invited to an event here")
    who = invite.organizer
    return Event(
        uid=invite.uid, stamp=stamp, start=_zoned(invite.start) or stamp, end=_zoned(invite.end),
        summary=invite.summary, location=invite.location, method="REPLY", answer=answer,
        sequence=invite.sequence, attendees=attendee, instance=_zoned(invite.instance),
        organizer=named(" ".join(_CONTROL.sub(" ", who.name).split()), who.address, "organizer"))


def _zoned(when: datetime | date | None) -> datetime | date | None:
    """A moment of no zone ("floating") is answered as one of UTC: only its uid counts."""
    if isinstance(when, datetime) and when.tzinfo is None:
        return when.replace(tzinfo=UTC)
    return when


def _moment(when: datetime | date) -> str:
    if isinstance(when, datetime):
        return f":{when.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f";VALUE=DATE:{when:%Y%m%d}"


def _text(text: str) -> str:
    """A value of type TEXT (section 3.3.11)."""
    clean = _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return clean.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _person(name: str, box: Box, state: str) -> str:
    shown = box.name.replace('"', "'")  # a parameter has no way to hold a quote
    quoted = f'"{shown}"' if set(shown) & set(":;,") else shown
    words = [name, *([f"CN={quoted}"] if quoted else []), *([f"PARTSTAT={state}"] if state else [])]
    return f"{';'.join(words)}:mailto:{box.address}"


def _folded(line: str) -> str:
    """A line of at most 75 bytes and its continuations (section 3.1), characters whole."""
    raw = line.encode("utf-8")
    if len(raw) <= 75:
        return line
    pieces = []
    most = 75
    while raw:
        end = min(most, len(raw))
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(raw[:end].decode("utf-8"))
        raw, most = raw[end:], 74
    return "\r\n ".join(pieces)
