"""The grammar of IMAP, the client's half: commands by tag out, responses in (RFC 3501, 9051).

A command is text and literals in turn. A synchronising literal waits for the server's ``+``, and
so does whatever was queued behind it; LITERAL+ and LITERAL- (RFC 7888) send on at once, and are
never guessed. Answers are paired with commands by tag. Untagged data belongs to the oldest
command that takes data of its name, for servers answer in order where RFC 3501 section 5.5 lets
a client pipeline at all; what nobody takes is news about the mailbox, paired with None.

A long literal need not be held in memory: for a command that has a body it comes as `Data`, piece
by piece, and its place in the response is left as `STREAMED`.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

from ..errors import ProtocolError
from ..wire.base import refuse_leftover
from ..wire.lines import LineBuffer
from ..wire.text import display
from . import tokens
from .command import GREETING, Coming, Command, command, login, string
from .plain_fetch import Plain, plain_fetch
from .tokens import Value

__all__ = [
    "GREETING",
    "LARGEST_LITERAL",
    "STREAMED",
    "Coming",
    "Command",
    "Continue",
    "Data",
    "Event",
    "Reply",
    "Untagged",
    "Wire",
    "command",
    "login",
    "string",
]

LARGEST_LITERAL = 128 << 20
"""Bytes of a literal that is held in memory; APPENDLIMIT of large hosts is 25 to 150 MB."""

LONGEST_RESPONSE = 1 << 20
"""Bytes of a response's text between two literals: FLAGS and SEARCH run long."""

_MOST_PIECES = 200_000
"""Pieces of one response: an ENVELOPE of a message to thousands may have a literal for each."""

STREAMED = b"\0streamed"
"""Stands in a response for a literal whose bytes went out as `Data`."""

_LITERAL = re.compile(rb"~?\{(\d{1,20})\+?\}$")
_CODE = re.compile(r'\[([^\s\]"]{1,60})(?: ((?:"(?:[^"\\]|\\.)*"|[^\]"])*))?\] ?', re.DOTALL)
_STATUS = frozenset({"OK", "NO", "BAD", "BYE", "PREAUTH"})


@dataclass(frozen=True, slots=True)
class Reply:
    """OK, NO, BAD, BYE or PREAUTH: the end of a command, or a word of the server's own.

    Args:
        kind: which of them.
        text: for people.
        code: as ``"UIDVALIDITY"``; "" for none.
        values: what stands with the code.
        tagged: whether it ends the command.
    """

    kind: str
    text: str
    code: str = ""
    values: tuple[Value, ...] = ()
    tagged: bool = False


class Untagged:
    """Data: ``* 12 EXISTS``, ``* LIST …``, ``* 3 FETCH (…)``.

    Args:
        name: in capitals.
        number: before the name, if one is.
        values: what comes after it.
        plain: of a FETCH that is one plain line: `values` are made of it when they are asked for.
    """

    __slots__ = ("_values", "name", "number", "plain")

    def __init__(self, name: str, number: int | None, values: list[Value] | None,
                 plain: Plain | None = None) -> None:
        self.name, self.number, self._values, self.plain = name, number, values, plain

    @property
    def values(self) -> list[Value]:
        """What comes after the name."""
        if self._values is None:
            self._values = self.plain.values()[2:] if self.plain is not None else []
        return self._values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Untagged) and (
            self.name, self.number, self.values) == (other.name, other.number, other.values)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Untagged({self.name!r}, {self.number}, {self.values!r})"


@dataclass(frozen=True, slots=True)
class Continue:
    """The server waits for more: a literal, or the next step of AUTHENTICATE or IDLE."""

    text: str


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a long literal; *before* is the response so far, with the first piece only."""

    chunk: bytes
    last: bool
    before: Untagged | None = None


Event = Reply | Untagged | Continue | Data
@dataclass
class _Reading:
    """A response on its way in: its pieces, and what is left of a literal."""

    pieces: list[bytes] = field(default_factory=list)
    literal: list[bytes] = field(default_factory=list)
    left: int = -1
    streams: Command | None = None
    begun: bool = False


class Wire:
    """One connection's commands and responses.

    Attributes:
        ahead: bytes of a literal that need not wait for the server: 0 none, 4096 with LITERAL-,
            -1 any with LITERAL+.
        streams_from: bytes from which a literal is handed out as `Data`, where its command has
            a body.
    """

    def __init__(self, *, largest: int = LARGEST_LITERAL) -> None:
        self.ahead = 0
        self.streams_from = 0
        self._largest = largest
        self._lines = LineBuffer(LONGEST_RESPONSE)
        self._count = 0
        self._due: dict[str, Command] = {"": GREETING}
        self._held: deque[tuple[str, Command]] = deque()
        self._rest: deque[bytes | Coming] = deque()
        self._asking: Command | None = None
        self._reading = _Reading()

    # -- out -------------------------------------------------------------------------------

    def send(self, command: Command) -> bytes:
        """Give *command* a tag; return what may leave now: b"" while a literal is waited for."""
        self._count += 1
        tag = f"A{self._count}"
        self._due[tag] = command
        if self._rest:
            self._held.append((tag, command))
            return b""
        return self._begin(tag, command)

    def proceed(self) -> bytes:
        """The server has said ``+``, or its literal was brought: what leaves next."""
        out = b""
        if self._rest:
            piece = self._rest.popleft()
            out = (b"" if isinstance(piece, Coming) else piece) + self._up_to_literal()
        return out + self.release()

    def release(self) -> bytes:
        """Commands that were held back behind a literal which is sent, or refused, by now."""
        out = b""
        while self._held and not self._rest:
            out += self._begin(*self._held.popleft())
        return out

    def _begin(self, tag: str, command: Command) -> bytes:
        pieces = command.pieces or (command.line,)
        self._asking = command
        self._rest = deque(pieces)
        return tag.encode() + b" " + self._up_to_literal()

    def _up_to_literal(self) -> bytes:
        """Text and literals that need no word of the server's; then one that does."""
        out = b""
        while self._rest:
            piece = self._rest.popleft()
            out += piece if isinstance(piece, bytes) else b""
            if not self._rest:
                return out + b"\r\n"
            piece = self._rest[0]
            mark = b"~" if isinstance(piece, Coming) and piece.binary else b""
            size = len(piece)
            plus = b"+" if self.goes_ahead(size) else b""
            out += b"%s{%d%s}\r\n" % (mark, size, plus)
            if isinstance(piece, Coming) or not plus:
                return out
            out += piece
            self._rest.popleft()
        return out

    def goes_ahead(self, size: int) -> bool:
        """Whether a literal of *size* bytes need not wait for the server."""
        return self.ahead < 0 or size <= self.ahead

    def awaited(self, command: Command) -> Coming | None:
        """The literal of *command* whose bytes are the next to be sent, by the caller itself.

        Where `Coming.ahead` is not true, the server's ``+`` has to come first.
        """
        if command is not self._asking or not self._rest:
            return None
        piece = self._rest[0]
        return piece if isinstance(piece, Coming) else None

    def waits_for_plus(self) -> bool:
        """Whether a literal in memory is held back: `proceed` is due when the ``+`` comes."""
        return bool(self._rest) and isinstance(self._rest[0], bytes)

    # -- in --------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the server."""
        self._lines.feed(data)

    def unread(self) -> bytes:
        """What came behind the last answer: with COMPRESS it is compressed already."""
        return self._lines.take()

    def end_of_clear_text(self) -> None:
        """TLS starts now: nothing may have come in the clear after it was agreed."""
        refuse_leftover(self._lines.take(), "IMAP")
        if self._reading.pieces:
            refuse_leftover(b"".join(self._reading.pieces), "IMAP")

    def next_event(self) -> tuple[Command | None, Event] | None:
        """The next event and the command it answers, or None when more bytes are needed.

        Raises:
            ProtocolError: the server broke the rules.
        """
        while True:
            if self._reading.left >= 0:
                piece = self._literal_piece()
                if piece is not None:
                    return piece
                if self._reading.left >= 0:
                    return None
            line = self._lines.line()
            if line is None:
                return None
            event = self._line(line)
            if event is not None:
                return event

    def _line(self, line: bytes) -> tuple[Command | None, Event] | None:
        reading = self._reading
        if line[:1] == b"\0" and not reading.pieces:
            line = line.lstrip(b"\0")  # seen in the wild before an answer (MailKit's fixtures)
        if not reading.pieces and line[-1:] == b")" and "" not in self._due:
            short = plain_fetch(line)
            if short is not None:
                number, name, plain = short
                return self._taker(name), Untagged(name, number, None, plain)
        reading.pieces.append(line)
        if len(reading.pieces) > _MOST_PIECES:
            raise ProtocolError(f"a response with over {_MOST_PIECES // 2} literals")
        match = _LITERAL.search(line) if line[-1:] == b"}" else None
        if match is None or (len(reading.pieces) == 1 and _is_words(line)):
            self._reading = _Reading()
            return self._response(reading.pieces)
        size = int(match[1])
        owner = self._taker("FETCH") if self.streams_from and size >= self.streams_from else None
        reading.streams = owner if owner is not None and owner.has_body else None
        if reading.streams is None and size > self._largest:
            raise ProtocolError(f"a literal of {size} bytes; the limit is {self._largest}",
                                hint="fetch it as a stream")
        reading.left, reading.literal, reading.begun = size, [], False
        return None

    def _literal_piece(self) -> tuple[Command | None, Event] | None:
        """Bytes of the literal that is being read; an event if it is streamed."""
        reading = self._reading
        chunk = self._lines.read(reading.left)
        if not chunk and reading.left:
            return None
        reading.left -= len(chunk)
        ended = reading.left == 0
        if reading.streams is None:
            reading.literal.append(chunk)
            if ended:
                reading.pieces.append(b"".join(reading.literal))
                reading.left = -1
            return None
        before = None if reading.begun else self._untagged([*reading.pieces, STREAMED])
        reading.begun = True
        if ended:
            reading.pieces.append(STREAMED)
            reading.left = -1
        return reading.streams, Data(chunk, ended, before)

    def _response(self, pieces: list[bytes]) -> tuple[Command | None, Event] | None:
        line = pieces[0]
        if line[:1] == b"+":
            if self._asking is None or not (self._rest or self._asking.waits):
                raise ProtocolError("the server waits for more of a command that has no more")
            return self._asking, Continue(_text(line[1:].lstrip(b" ")))
        if line[:2] == b"* " or line[:1] == b"*":
            return self._news(pieces)
        if not line.strip(b" )"):
            return None  # an empty line, or what a literal that was counted short leaves behind
        return self._tagged(line)

    def _tagged(self, line: bytes) -> tuple[Command | None, Event]:
        tag, _, rest = line.partition(b" ")
        name = tag.decode("ascii", "replace")
        if not name or name not in self._due:
            raise ProtocolError(f"an answer to no command: {display(_text(line))}")
        reply = _status(rest, tagged=True)
        if reply is None:
            raise ProtocolError(f"{tag.decode()}: neither OK, NO nor BAD: {display(_text(line))}")
        answered = self._due.pop(name)
        if answered is self._asking:
            self._asking = None
            self._rest.clear()  # a literal that was refused is not sent
        return answered, reply

    def _news(self, pieces: list[bytes]) -> tuple[Command | None, Event]:
        if len(pieces) == 1:
            reply = _status(pieces[0][1:].lstrip(b" "), tagged=False)
            if reply is not None:
                greeting = self._due.pop("", None)
                return greeting or self._taker(reply.code), reply
        if "" in self._due:
            raise ProtocolError(f"no IMAP greeting: {display(_text(pieces[0]))}",
                                hint="is this the port of an IMAP server?")
        data = self._untagged(pieces)
        return self._taker(data.name), data

    def _untagged(self, pieces: list[bytes]) -> Untagged:
        values = tokens.parse([pieces[0][1:], *pieces[1:]])
        number = None
        if values and isinstance(values[0], str) and values[0].isdecimal() and len(values) > 1:
            number = int(str(values.pop(0))[:20])
        name = values.pop(0) if values else ""
        return Untagged(name.upper() if isinstance(name, str) else "", number, values)

    def _taker(self, name: str) -> Command | None:
        """The oldest command that takes data of this name."""
        if not name:
            return None
        return next((one for one in self._due.values() if name in one.takes), None)


def _is_words(line: bytes) -> bool:
    """Whether the line is an answer in words, whose end may look like a literal's beginning."""
    words = line.split(b" ", 2)
    return len(words) > 1 and (words[1].upper().decode("latin-1") in _STATUS or words[0] == b"+")


def _status(line: bytes, *, tagged: bool) -> Reply | None:
    """*line* as a status response, or None if it is none. home.pl leaves the OK out."""
    kind, _, rest = line.partition(b" ")
    name = kind.decode("latin-1").upper()
    text = _text(rest)
    if name not in _STATUS:
        if tagged or line[:1] != b"[":
            return None
        name, text = "OK", _text(line)
    match = _CODE.match(text)
    if match is None:
        return Reply(name, text, tagged=tagged)
    values = tokens.parse([(match[2] or "").encode("utf-8", "surrogateescape")])
    return Reply(name, text[match.end():], match[1].upper(), tuple(values), tagged)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")
