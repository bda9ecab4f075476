"""Which messages a search program means (RFC 9051 section 6.4.4, RFC 5032, 8474, 8514).

Service code, of data alone. Text is compared without regard to case, fields decoded, bodies with
their transfer encoding undone; dates of INTERNALDATE in its own zone, without the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ..messages.threads import ThreadEntry
from ..serving.mail_store import Message
from .search_program import Key
from .server_view import View

__all__ = ["Matching", "sort_key"]


@dataclass
class Matching:
    """Decides which messages of a view match.

    Args:
        view: the folder.
        saved: the UIDs that ``$`` stands for.
        now: the moment, for OLDER and YOUNGER.
        thread_id: gives a message's conversation.
        labels: gives a message's labels.
        no_headers: HEADER finds nothing, as a quirk.
    """

    view: View
    saved: list[int]
    now: datetime
    thread_id: Callable[[Message], str]
    labels: Callable[[Message], Iterable[str]]
    number_of: Callable[[str], bytes]
    no_headers: bool = False

    def find(self, key: Key) -> list[int]:
        """The UIDs of what matches."""
        test = self.test(key)
        found = []
        for uid in list(self.view.uids):
            message = self.view.message(uid)
            if message is not None and test(message):
                found.append(uid)
        return found

    def test(self, key: Key) -> Callable[[Message], bool]:
        """A key as a test of one message."""
        name = key.name
        if name in ("AND", "OR"):
            tests = [self.test(one) for one in key.keys]
            every = all if name == "AND" else any
            return lambda message: every(one(message) for one in tests)
        if name == "NOT":
            inner = self.test(key.keys[0])
            return lambda message: not inner(message)
        if name in ("SET", "UID"):
            uids = set(self.view.pick(key.numbers, self.saved, uid=name == "UID"))
            return lambda message: message.uid in uids
        for family in (self._flag, self._text, self._date, self._number):
            made = family(key)
            if made is not None:
                return made
        return lambda message: False

    def _flag(self, key: Key) -> Callable[[Message], bool] | None:
        name, recent = key.name, self.view.recent
        if name in ("ALL", "SAVEDATESUPPORTED"):
            return lambda message: True
        if name in ("RECENT", "OLD"):
            return lambda message: (message.uid in recent) is (name == "RECENT")
        if name == "NEW":
            return lambda message: message.uid in recent and "\\Seen" not in message.flags
        if name in ("KEYWORD", "UNKEYWORD"):
            word = key.field.lower()
            return lambda message: any(one.lower() == word for one in message.flags) is (
                name == "KEYWORD")
        flag = f"\\{name.removeprefix('UN').capitalize()}"
        if flag in ("\\Answered", "\\Deleted", "\\Draft", "\\Flagged", "\\Seen"):
            return lambda message: (flag in message.flags) is not name.startswith("UN")
        return None

    def _text(self, key: Key) -> Callable[[Message], bool] | None:
        name, wanted = key.name, key.text.casefold()
        if name == "HEADER":
            if self.no_headers:
                return lambda message: False
            return lambda message: key.field in message.parsed.headers and any(
                wanted in one.casefold() for one in message.parsed.headers.all(key.field))
        if name in ("BCC", "CC", "FROM", "SUBJECT", "TO"):
            return lambda message: any(
                wanted in one.casefold() for one in message.parsed.headers.all(name))
        if name == "BODY":
            return lambda message: _in_body(message, wanted)
        if name in ("TEXT", "X-GM-RAW"):
            return lambda message: _in_head(message, wanted) or _in_body(message, wanted)
        if name == "X-GM-LABELS":
            return lambda message: any(wanted == one.casefold() for one in self.labels(message))
        if name == "EMAILID":
            return lambda message: message.email_id == key.text
        if name == "THREADID":
            return lambda message: self.thread_id(message) == key.text
        return None

    def _date(self, key: Key) -> Callable[[Message], bool] | None:
        day = key.day
        if day is None:
            return None
        name = key.name
        if name.startswith("SENT"):
            return lambda message: _compares(name[4:], _sent(message), day)
        if name.startswith("SAVED"):
            return lambda message: _compares(name[5:], message.saved.date(), day)
        return lambda message: _compares(name, message.date.date(), day)

    def _number(self, key: Key) -> Callable[[Message], bool] | None:
        name, number = key.name, key.number
        if name == "LARGER":
            return lambda message: message.size > number
        if name == "SMALLER":
            return lambda message: message.size < number
        if name == "MODSEQ":
            return lambda message: message.modseq >= number
        if name in ("OLDER", "YOUNGER"):
            return lambda message: (
                (self.now - message.date).total_seconds() >= number) is (name == "OLDER")
        if name == "X-GM-MSGID":
            return lambda message: self.number_of(message.email_id) == b"%d" % number
        if name == "X-GM-THRID":
            return lambda message: self.number_of(self.thread_id(message)) == b"%d" % number
        return None


def _compares(name: str, found: date | None, day: date) -> bool:
    if found is None:
        return False
    return found < day if name == "BEFORE" else found == day if name == "ON" else found >= day


def _sent(message: Message) -> date | None:
    found = message.parsed.date
    return found.date() if found is not None else None


def _in_head(message: Message, wanted: str) -> bool:
    return any(wanted in f"{field.name}: {field.value}".casefold()
               for field in message.parsed.headers)


def _in_body(message: Message, wanted: str) -> bool:
    for part in message.parsed.walk():
        kind = part.content_type
        if kind.startswith("multipart/"):
            continue
        if kind.startswith("message/") and part.children:
            if any(wanted in f"{field.name}: {field.value}".casefold()
                   for field in part.children[0].headers):
                return True
        elif kind.startswith("text/") and wanted in str(part.decoded).casefold():
            return True
    return False


def sort_key(name: str, message: Message) -> tuple[object, ...]:
    """What SORT compares by (RFC 5256 section 3)."""
    parsed = message.parsed
    match name:
        case "ARRIVAL":
            return (message.date,)
        case "DATE":
            return (_moment(message),)
        case "SIZE":
            return (message.size,)
        case "SUBJECT":
            from ..messages.threads import base_subject

            return (base_subject(parsed.subject),)
        case "DISPLAYFROM" | "DISPLAYTO":
            boxes = parsed.headers.addresses(name[7:].lower()).mailboxes
            return ((boxes[0].name or boxes[0].address).casefold() if boxes else "",)
    boxes = parsed.headers.addresses(name.lower()).mailboxes
    return (boxes[0].local.casefold() if boxes else "",)


def _moment(message: Message) -> datetime:
    """When it was written; else when it arrived (RFC 5256 section 2.2)."""
    found = message.parsed.date or message.date
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def entry(uid: int, message: Message) -> ThreadEntry[int]:
    """A message, for threading."""
    return ThreadEntry.of(uid, message.parsed)
