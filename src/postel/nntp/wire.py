"""The grammar of NNTP, both directions: what is said, and which answer belongs to which command.

RFC 3977 section 3: one command a line, one answer a command, in order. An answer begins with
three digits; whether a body follows depends on the digits *and* on the command (211 has one after
LISTGROUP and none after GROUP), so the command carries the codes after which one does. Some
commands go on after their first answer: POST and IHAVE send an article, AUTHINFO SASL answers
challenges. Pipelining is allowed but where a command says otherwise (section 3.5).

A code that no command can have as its answer is not paired: a second greeting after the log-in
(some servers switch programs then), and the 400 of a server that has waited too long.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..errors import ProtocolError
from ..wire.base import Command, refuse_leftover
from ..wire.lines import LineBuffer
from ..wire.text import display
from .bodies import BareBody, Body, Deflated, Inflater, LineBody, PackedBody, PlainBody, ZippedBody

__all__ = [
    "GREETING",
    "Ask",
    "Data",
    "Event",
    "Reply",
    "Request",
    "ServerWire",
    "Wire",
]

LONGEST_COMMAND = 4_096
"""Bytes of a command that the server reads: 512 by RFC 3977 section 3.1, SASL lines are longer
(RFC 4643 section 2.4.2)."""

LONGEST_LINE = 1 << 20
"""Bytes of a line of a listing. RFC 3977 knows no limit; References and Xref of real groups have
broken readers that did."""

_ZIPPED = "[COMPRESS=GZIP]"


@dataclass(frozen=True, eq=False, repr=False)
class Ask(Command):
    """A command, and how its answers look.

    Args:
        bodies: the codes after which a body follows.
        goes_on: the codes after which the command goes on: more is sent, another answer comes.
        exact: whether the body is an article, in which only CRLF ends a line.
        packed: whether the body is compressed and written as yEnc (XZVER, XZHDR).
        closes: whether the server closes the connection after the answer.
    """

    bodies: frozenset[int] = frozenset()
    goes_on: frozenset[int] = frozenset()
    exact: bool = False
    packed: bool = False
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: three digits and a text.

    Example:
        >>> reply = Reply(411, "no such group")
        >>> reply.kind, str(reply)
        (4, '411 no such group')
    """

    code: int
    text: str

    @property
    def kind(self) -> int:
        """The first digit: 1 told, 2 done, 3 go on, 4 not now, 5 never."""
        return self.code // 100

    def __str__(self) -> str:
        return f"{self.code} {display(self.text)}".rstrip()


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a body; `last` says whether it ends here."""

    chunk: bytes
    last: bool


Event = Reply | Data
GREETING = Ask(b"", shown="the greeting")
_OF_ANY = frozenset((400, 403, 500, 501, 502, 503, 480, 483, 401))
_GREETS = (200, 201)


class Wire:
    """Pairs every answer with its command, in order; compresses where that was agreed. No I/O."""

    def __init__(self) -> None:
        self._lines = LineBuffer(LONGEST_LINE)
        self._due: deque[Ask] = deque([GREETING])
        self._body: Body | None = None
        self._inflater: Inflater | None = None
        self._deflater: Deflated | None = None
        self._bare = False

    @property
    def is_compressed(self) -> bool:
        """Whether COMPRESS is in effect."""
        return self._inflater is not None

    @property
    def is_drained(self) -> bool:
        """Whether all that has come so far has been read."""
        return not len(self._lines)

    def send(self, command: Ask) -> bytes:
        """Note that *command* is due an answer; return the bytes to send."""
        self._due.append(command)
        return self.raw(command.line + b"\r\n")

    def raw(self, data: bytes) -> bytes:
        """What goes on the wire for *data*, which is no command of its own."""
        return data if self._deflater is None else self._deflater.pack(data)

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the server."""
        if self._due and self._due[0] is GREETING and b"\n" in data:
            self._bare = b"\r\n" not in data
        if self._inflater is None:
            self._lines.feed(data)
        else:
            self._inflater.feed(data)

    def compress(self) -> None:
        """COMPRESS DEFLATE was agreed (RFC 8054): all that follows is deflated, both ways.

        Raises:
            ProtocolError: what has come already is no deflated data.
        """
        self._inflater, self._deflater = Inflater("COMPRESS DEFLATE"), Deflated()
        self._inflater.feed(self._lines.take())

    def end_of_clear_text(self) -> None:
        """TLS starts now: nothing may be buffered."""
        refuse_leftover(self._lines.take(), "NNTP")

    def next_event(self) -> tuple[Ask | None, Event] | None:
        """The next event and the command it answers, or None when more bytes are needed.

        Raises:
            ProtocolError: the server said something that is not NNTP, or out of turn.
        """
        while True:
            event = self._next_data(self._body) if self._body is not None else self._next_reply()
            if event is not None or self._inflater is None:
                return event
            if not (more := self._inflater.pull()):
                return None
            self._lines.feed(more)

    def _next_reply(self) -> tuple[Ask | None, Reply] | None:
        lines = self._lines
        if (line := lines.line()) is None:
            return None
        reply = _status(line)
        if not self._due:
            return None, self._uncalled(reply)
        due = self._due[0]
        code = reply.code
        if code in _GREETS and due is not GREETING and not due.line.upper().startswith(b"MODE"):
            return None, reply  # a second greeting, after the log-in
        if code in due.bodies:
            self._body = self._body_of(due, reply)
            return due, reply
        if code in due.goes_on:
            return due, reply
        return self._due.popleft(), reply

    def _uncalled(self, reply: Reply) -> Reply:
        """What nobody asked for: a second greeting, or a goodbye; nothing else."""
        if reply.code in _GREETS or reply.code in (205, 400, 502, 503):
            return reply
        raise ProtocolError(f"NNTP: the server spoke out of turn: {reply}",
                            hint="its answers are out of step, so none can be believed")

    def _body_of(self, due: Ask, reply: Reply) -> Body:
        if due.packed:
            return PackedBody()
        if _ZIPPED in reply.text.upper():
            return ZippedBody()
        if not due.exact:
            return LineBody()
        return BareBody() if self._bare else PlainBody()

    def _next_data(self, body: Body) -> tuple[Ask, Data] | None:
        if not len(self._lines) and not body.has_more:
            return None
        chunk = body.pull(self._lines)
        if body.ended:
            self._body = None
            return self._due.popleft(), Data(chunk, last=True)
        return (self._due[0], Data(chunk, last=False)) if chunk else None


def _status(line: bytes) -> Reply:
    """Read a status line; the text may be missing."""
    head = line[:3]
    if len(head) != 3 or not head.isdigit() or not b"1" <= head[:1] <= b"5" or (
            line[3:4] not in (b" ", b"", b"\t", b"-")):
        raise ProtocolError(f"NNTP: that is no answer: {_shown(line)}", hint=_guess(line))
    return Reply(int(head), line[4:].decode("utf-8", "surrogateescape"))


def _guess(line: bytes) -> str:
    """What kind of server says that."""
    if line[:1] in (b"\x15", b"\x16"):
        return "the server speaks TLS on this port: security=\"tls\" (--security tls)"
    if line[:3] in (b"+OK", b"-ER"):
        return "that is how POP3 answers: check the port"
    if line[:2] == b"* ":
        return "that is how IMAP answers: check the port"
    if line[:5] == b"HTTP/":
        return "that is how a web server answers: check the port"
    return "its answers are out of step, or it is no news server: check the host and the port"


def _shown(line: bytes) -> str:
    return display(line[:80].decode("utf-8", "backslashreplace"))


@dataclass(frozen=True, slots=True)
class Request:
    """A command as the server reads it: the verb in upper case, and its arguments.

    Args:
        verb: the first word; of MODE, LIST, AUTHINFO, COMPRESS and XFEATURE the first two.
        arguments: the words that follow.
        rest: what follows, as it came.
    """

    verb: str
    arguments: tuple[str, ...]
    rest: str


_DOUBLE = frozenset(("MODE", "LIST", "AUTHINFO", "COMPRESS", "XFEATURE"))


class ServerWire:
    """The server's side: bytes in, requests and articles out."""

    def __init__(self) -> None:
        self._lines = LineBuffer(LONGEST_COMMAND)
        self._inflater: Inflater | None = None
        self._deflater: Deflated | None = None
        self._body: Body | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the client."""
        if self._inflater is None:
            self._lines.feed(data)
        else:
            self._inflater.feed(data)

    def raw(self, data: bytes) -> bytes:
        """What goes on the wire for *data*."""
        return data if self._deflater is None else self._deflater.pack(data)

    def compress(self) -> None:
        """All that follows is deflated, both ways."""
        self._inflater, self._deflater = Inflater("COMPRESS DEFLATE"), Deflated()
        self._inflater.feed(self._lines.take())

    @property
    def is_compressed(self) -> bool:
        """Whether COMPRESS is in effect."""
        return self._inflater is not None

    def end_of_clear_text(self) -> None:
        """TLS starts now: nothing may be buffered."""
        refuse_leftover(self._lines.take(), "NNTP")

    def _more(self) -> bool:
        more = self._inflater.pull() if self._inflater is not None else b""
        self._lines.feed(more)
        return bool(more)

    def next_line(self) -> bytes | None:
        """A line as it came: an answer within AUTHINFO SASL."""
        while (line := self._lines.line()) is None:
            if not self._more():
                return None
        return line

    def next_request(self) -> Request | None:
        """The next command, or None when more bytes are needed."""
        if (line := self.next_line()) is None:
            return None
        verb, _, rest = line.decode("utf-8", "surrogateescape").strip(" ").partition(" ")
        verb, rest = verb.upper(), rest.strip(" ")
        if verb in _DOUBLE and rest:
            second, _, rest = rest.partition(" ")
            verb, rest = f"{verb} {second.upper()}", rest.strip(" ")
        return Request(verb, tuple(rest.split()), rest)

    def next_article(self) -> Data | None:
        """A piece of the article that the client sends, or None when more bytes are needed."""
        body = self._body
        if body is None:
            body = self._body = PlainBody(strict=True)
        while not len(self._lines):
            if not self._more():
                return None
        chunk = body.pull(self._lines)
        if body.ended:
            self._body = None
            return Data(chunk, last=True)
        return Data(chunk, last=False) if chunk else None


