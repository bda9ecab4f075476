"""The grammar of IMAP's arguments, read strictly (RFC 9051 section 9). Pure.

A server that guesses hides its clients' mistakes; this one says what was expected and where. What
is accepted is what the RFC's grammar has, with one leniency that all servers share: spaces at the
end of a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from ..errors import ProtocolError
from . import names
from .wire_server import Request

__all__ = ["Arguments", "BadCommand", "Numbers"]

MOST_DEPTH = 100
"""Lists within lists of a command: search programs, LIST patterns."""


class BadCommand(ProtocolError):
    """A command that is not in the grammar; it is answered by BAD."""


_ATOM = re.compile(rb"[^\x00-\x20(){%*\"\\\]\x7f-\xff]+")
_ASTRING = re.compile(rb"[^\x00-\x20(){%*\"\\\x7f-\xff]+")
_PATTERN = re.compile(rb"[^\x00-\x20(){\"\\\x7f]+")
_FLAG = re.compile(rb"\\?[^\x00-\x20(){%*\"\\\]\x7f-\xff]+|\\\*")
_NUMBER = re.compile(rb"\d{1,20}")
_QUOTED = re.compile(rb'"((?:[^"\\\r\n\x00]|\\["\\])*)"')
_SET = re.compile(rb"\$|(?:(?:[1-9]\d{0,9}|\*)(?::(?:[1-9]\d{0,9}|\*))?)"
                  rb"(?:,(?:(?:[1-9]\d{0,9}|\*)(?::(?:[1-9]\d{0,9}|\*))?))*(?![\d:,*])")
_DATE = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})\Z")
_MOMENT = re.compile(
    r"([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\Z")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LARGEST = 4_294_967_295


@dataclass(frozen=True, slots=True)
class Numbers:
    """A set of messages as a client writes it; 0 stands for ``*``.

    Args:
        ranges: pairs of first and last.
        saved: it is ``$``, the last search's result (RFC 5182).

    Example:
        >>> Numbers.read(b"1:3,9:*").up_to(6)
        ((1, 3), (6, 9))
        >>> Numbers.read(b"2:*").up_to(0)
        ()
    """

    ranges: tuple[tuple[int, int], ...]
    saved: bool = False

    @classmethod
    def read(cls, text: bytes) -> Numbers:
        """From its text, which is in the grammar.

        Raises:
            BadCommand: a number is larger than 32 bits.
        """
        if text == b"$":
            return cls((), True)
        pairs = []
        for word in text.split(b","):
            first, colon, last = word.partition(b":")
            low = 0 if first == b"*" else int(first)
            high = (0 if last == b"*" else int(last)) if colon else low
            if max(low, high) > _LARGEST:
                raise BadCommand("a number of over 32 bits in a set of messages")
            pairs.append((low, high))
        return cls(tuple(pairs))

    def up_to(self, largest: int) -> tuple[tuple[int, int], ...]:
        """The ranges, upwards and in order, where ``*`` is *largest*; nothing where that is 0."""
        if not largest:
            return ()
        found = ((low or largest, high or largest) for low, high in self.ranges)
        return tuple(sorted((min(one), max(one)) for one in found))

    @property
    def most(self) -> int:
        """The largest number that is named; 0 if there is only ``*``."""
        return max((max(one) for one in self.ranges), default=0)


class Arguments:
    """The arguments of one command, read from left to right.

    Args:
        request: the command.
        utf8: strings may be UTF-8 and names of folders are (rev2, UTF8=ACCEPT).

    Example:
        >>> words = Arguments(Request("a", "COPY", (b'2:4 "Two Words"',)))
        >>> words.numbers().ranges, words.space(), words.mailbox(), words.end()
        (((2, 4),), None, 'Two Words', None)
    """

    def __init__(self, request: Request, *, utf8: bool = False) -> None:
        self.request, self.utf8 = request, utf8
        self._pieces, self._at, self._place = request.pieces, 0, 0
        self._text = self._pieces[0] if self._pieces else b""
        self.binary = False
        """Whether the last string was a literal8."""

    # -- where we are ----------------------------------------------------------------------

    @property
    def next(self) -> bytes:
        """The next byte; ``{`` before a literal, nothing at the end."""
        if self._at < len(self._text):
            return self._text[self._at : self._at + 1]
        return b"{" if self._place + 1 < len(self._pieces) else b""

    @property
    def at_end(self) -> bool:
        """Whether nothing but spaces is left."""
        return not self._text[self._at :].strip(b" ") and self._place + 1 >= len(self._pieces)

    def bad(self, wanted: str) -> BadCommand:
        """What to raise where something else was expected."""
        rest = self._text[self._at : self._at + 20].decode("utf-8", "replace")
        found = "a literal" if self.next == b"{" and not rest else repr(rest) if rest else "its end"
        return BadCommand(f"{self.request.verb}: {wanted} expected, {found} found")

    def take(self, text: bytes) -> bool:
        """Whether *text* is next, in any case; it is read then."""
        end = self._at + len(text)
        if self._text[self._at : end].upper() != text:
            return False
        self._at = end
        return True

    def back(self) -> None:
        """One byte is read again."""
        self._at -= 1

    def expect(self, text: bytes) -> None:
        """*text* must be next."""
        if not self.take(text):
            raise self.bad(repr(text.decode()))

    def space(self) -> None:
        """One space must be next."""
        self.expect(b" ")

    def end(self) -> None:
        """Nothing may be left."""
        if not self.at_end:
            raise self.bad("the end")

    def match(self, pattern: re.Pattern[bytes], wanted: str) -> bytes:
        """What *pattern* finds next."""
        found = pattern.match(self._text, self._at)
        if found is None:
            raise self.bad(wanted)
        self._at = found.end()
        return found[0]

    # -- words -----------------------------------------------------------------------------

    def atom(self, wanted: str = "a word") -> str:
        """An atom, in capitals."""
        return self.match(_ATOM, wanted).decode("ascii").upper()

    def bracketed(self, wanted: str = "a word") -> str:
        """An atom that may hold a ``]``, as it came."""
        return self.match(_ASTRING, wanted).decode("ascii")

    def number(self, largest: int = _LARGEST, wanted: str = "a number") -> int:
        """A number."""
        start = self._at
        value = int(self.match(_NUMBER, wanted))
        if value > largest:
            self._at = start
            raise self.bad(f"a number up to {largest}")
        return value

    def numbers(self) -> Numbers:
        """A set of messages."""
        return Numbers.read(self.match(_SET, "a set of messages"))

    def partial(self) -> tuple[int, int]:
        """``1:500`` from the front, ``-1:-500`` from the back (RFC 9394)."""
        minus = self.take(b"-")
        first = self.number()
        self.expect(b":")
        if minus:
            self.expect(b"-")
        last = self.number()
        if not first or not last:
            raise BadCommand(f"{self.request.verb}: PARTIAL counts from 1")
        low, high = sorted((first, last))
        return (-high, -low) if minus else (low, high)

    def string(self, wanted: str = "a string") -> bytes:
        """A quoted string or a literal."""
        self.binary = False
        if self.next == b"{" and self._at >= len(self._text):
            return self._literal()
        found = _QUOTED.match(self._text, self._at)
        if found is None:
            raise self.bad(wanted)
        self._at = found.end()
        text = found[1]
        if not text.isascii() and not _is_utf8(text):
            raise BadCommand(f"{self.request.verb}: a quoted string that is not UTF-8")
        return re.sub(rb"\\(.)", rb"\1", text) if b"\\" in text else text

    def _literal(self) -> bytes:
        data = self._pieces[self._place + 1]
        self.binary = self.request.binary[self._place // 2]
        self._place += 2
        self._text, self._at = self._pieces[self._place], 0
        return data

    def astring(self, wanted: str = "a string") -> bytes:
        """An atom, a quoted string or a literal."""
        if self.next in (b'"', b"{"):
            return self.string(wanted)
        return self.match(_ASTRING, wanted)

    def nstring(self) -> bytes | None:
        """A string, or NIL."""
        return None if self.take(b"NIL") else self.string("a string or NIL")

    def text(self, wanted: str = "a string") -> str:
        """An astring as text."""
        return self.astring(wanted).decode("utf-8", "replace")

    def mailbox(self) -> str:
        """The name of a folder, as people read it; INBOX in capitals."""
        return self._name(self.astring("the name of a folder"))

    def pattern(self) -> str:
        """A name with ``*`` and ``%`` in it."""
        if self.next in (b'"', b"{"):
            return self._name(self.string("a pattern"), wild=True)
        return self._name(self.match(_PATTERN, "a pattern"), wild=True)

    def _name(self, raw: bytes, *, wild: bool = False) -> str:
        if any(byte < 32 or byte == 127 for byte in raw):
            raise BadCommand(f"{self.request.verb}: a name with control characters")
        text = raw.decode("utf-8", "surrogateescape")
        if not raw.isascii() and not _is_utf8(raw):
            raise BadCommand(f"{self.request.verb}: a name that is not UTF-8")
        if not self.utf8:
            text = names.decode(text)
        return "INBOX" if names.is_inbox(text) and not wild else text

    def flags(self) -> list[str]:
        """A parenthesised list of flags, or flags without parentheses up to the end."""
        found = list[str]()
        if self.take(b"("):
            while not self.take(b")"):
                if found:
                    self.space()
                found.append(self._flag())
            return found
        found.append(self._flag())
        while self.take(b" "):
            found.append(self._flag())
        return found

    def _flag(self) -> str:
        text = self.match(_FLAG, "a flag").decode("ascii")
        if text.startswith("\\"):
            known = {"\\answered": "\\Answered", "\\flagged": "\\Flagged", "\\seen": "\\Seen",
                     "\\deleted": "\\Deleted", "\\draft": "\\Draft"}.get(text.lower())
            if known is None:
                raise BadCommand(f"{self.request.verb}: {text} cannot be set")
            return known
        return text

    def atoms(self, wanted: str = "a word") -> list[str]:
        """A parenthesised list of atoms, in capitals; it may be empty."""
        found = list[str]()
        self.expect(b"(")
        while not self.take(b")"):
            if found:
                self.space()
            found.append(self.atom(wanted))
        return found

    # -- dates -----------------------------------------------------------------------------

    def date(self) -> date:
        """A day: ``1-Feb-2026``, in quotes or not."""
        text = self.text("a date")
        found = _DATE.match(text)
        if found is None or found[2].lower() not in MONTHS:
            raise BadCommand(f"{self.request.verb}: {text[:40]!r} is no date like 1-Feb-2026")
        try:
            return date(int(found[3]), MONTHS.index(found[2].lower()) + 1, int(found[1]))
        except ValueError:
            raise BadCommand(f"{self.request.verb}: there is no {text[:40]}") from None

    def moment(self) -> datetime:
        """A date with a time and a zone, in quotes."""
        text = self.string("a date and time").decode("utf-8", "replace")
        found = _MOMENT.match(text)
        if found is None or found[2].lower() not in MONTHS:
            raise BadCommand(f"{self.request.verb}: {text[:40]!r} is no date-time")
        shift = timedelta(hours=int(found[8]), minutes=int(found[9]))
        try:
            zone = timezone(-shift if found[7] == "-" else shift) if shift else UTC
            return datetime(int(found[3]), MONTHS.index(found[2].lower()) + 1, int(found[1]),
                            int(found[4]), int(found[5]), min(int(found[6]), 59), tzinfo=zone)
        except ValueError:
            raise BadCommand(f"{self.request.verb}: there is no {text[:40]}") from None


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
