"""The grammar of POP3, both directions: the client's and the lab server's.

RFC 1939: one command a line, one ``+OK`` or ``-ERR`` a command, in order; some positive replies
are followed by a dot-stuffed body. Whether LIST and UIDL have one depends on their argument, so
the command knows it, not the reply. RFC 2449 adds response codes (``-ERR [IN-USE] …``) and allows
pipelining. RFC 5034: AUTH is answered by ``+`` challenges until ``+OK`` or ``-ERR`` ends it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import ProtocolError
from ..secrets import HIDDEN
from ..wire.base import Command, argument, refuse_leftover
from ..wire.dots import DotReader
from ..wire.lines import LineBuffer
from ..wire.text import display

__all__ = [
    "GREETING",
    "Challenge",
    "Data",
    "Event",
    "Reply",
    "Request",
    "ServerWire",
    "Wire",
    "apop",
    "auth",
    "capa",
    "command",
    "dele",
    "lang",
    "list_",
    "noop",
    "parse_capa",
    "parse_numbered",
    "pass_",
    "quit_",
    "response",
    "retr",
    "rset",
    "stat",
    "stls",
    "top",
    "uidl",
    "user",
    "utf8",
]

_CODE = re.compile(r"\[([A-Z0-9/_-]{1,40})\] ?", re.ASCII)

LONGEST_COMMAND = 8_192
"""Bytes of a command that the server reads: 255 by RFC 2449 section 4, SASL lines are longer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A status line: ``+OK text`` or ``-ERR [CODE] text``."""

    ok: bool
    text: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A ``+`` line within AUTH: the base64 text as it came."""

    line: bytes


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a body; `last` says whether it ends here."""

    chunk: bytes
    last: bool


Event = Reply | Challenge | Data
GREETING = Command(b"", shown="the greeting")


def command(verb: str, *arguments: str, has_body: bool = False) -> Command:
    """A command line from its parts, each checked."""
    words = [verb.encode(), *(argument(text, verb) for text in arguments)]
    return Command(b" ".join(words), has_body=has_body)


def stat() -> Command:
    """How many messages, how many bytes."""
    return Command(b"STAT")


def list_(number: int | None = None) -> Command:
    """Sizes: of one message, or of all."""
    return Command(b"LIST", has_body=True) if number is None else Command(b"LIST %d" % number)


def uidl(number: int | None = None) -> Command:
    """Names that stay: of one message, or of all."""
    return Command(b"UIDL", has_body=True) if number is None else Command(b"UIDL %d" % number)


def retr(number: int) -> Command:
    """A whole message."""
    return Command(b"RETR %d" % number, has_body=True)


def top(number: int, lines: int) -> Command:
    """A message's header and the first *lines* of its body."""
    return Command(b"TOP %d %d" % (number, lines), has_body=True)


def dele(number: int) -> Command:
    """Mark a message; QUIT deletes it."""
    return Command(b"DELE %d" % number)


def rset() -> Command:
    """Unmark all."""
    return Command(b"RSET")


def noop() -> Command:
    """Nothing, but answer."""
    return Command(b"NOOP")


def quit_() -> Command:
    """Delete what is marked, and end."""
    return Command(b"QUIT")


def capa() -> Command:
    """What the server can do."""
    return Command(b"CAPA", has_body=True)


def stls() -> Command:
    """Go on in TLS (RFC 2595)."""
    return Command(b"STLS")


def utf8() -> Command:
    """Names and headers in UTF-8 from now on (RFC 6856)."""
    return Command(b"UTF8")


def lang(tag: str | None = None) -> Command:
    """Choose the language of texts, or list them (RFC 6856 section 3)."""
    return command("LANG", has_body=True) if tag is None else command("LANG", tag)


def user(name: str) -> Command:
    """Who."""
    return command("USER", name)


def pass_(password: str) -> Command:
    """The password. It may hold spaces (RFC 1939 section 7)."""
    return Command(b"PASS " + argument(password, "password"), shown=f"PASS {HIDDEN}")


def apop(name: str, digest: str) -> Command:
    """The digest of the greeting's stamp and the password (RFC 1939 section 7)."""
    line = command("APOP", name, digest).line
    return Command(line, shown=f"APOP {name} {HIDDEN}")


def auth(mechanism: str, initial: bytes | None) -> Command:
    """Begin a SASL dialogue, with an initial response in base64 or without."""
    line = b"AUTH " + argument(mechanism, "mechanism")
    if initial is None:
        return Command(line)
    return Command(line + b" " + initial, shown=f"AUTH {mechanism} {HIDDEN}")


def response(line: bytes) -> bytes:
    """The wire form of an answer within AUTH; it belongs to the AUTH that is under way."""
    return line + b"\r\n"


class Wire:
    """Pairs every reply with the command it answers, in order. Does no I/O."""

    def __init__(self) -> None:
        self._lines = LineBuffer()
        self._due: deque[Command] = deque([GREETING])
        self._body: DotReader | None = None

    def send(self, command: Command) -> bytes:
        """Note that *command* is due an answer; return the bytes to send."""
        self._due.append(command)
        return command.line + b"\r\n"

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the server."""
        self._lines.feed(data)

    def next_event(self) -> tuple[Command, Event] | None:
        """The next event and the command it answers, or None when more bytes are needed.

        Raises:
            ProtocolError: the server said something that is not POP3, or out of turn.
        """
        if self._body is not None:
            return self._next_data(self._body)
        if (line := self._lines.line()) is None:
            return None
        if not self._due:
            raise ProtocolError(f"POP3: the server spoke out of turn: {_shown(line)}")
        due = self._due[0]
        if line[:1] == b"+" and line[:3] != b"+OK" and due.line[:5].upper() == b"AUTH ":
            return due, Challenge(line[2:])
        reply = _status(line)
        if reply.ok and due.has_body:
            self._body = DotReader()
            return due, reply
        return self._due.popleft(), reply

    def _next_data(self, body: DotReader) -> tuple[Command, Data] | None:
        if not len(self._lines):
            return None
        chunk = body.pull(self._lines)
        if body.ended:
            self._body = None
            return self._due.popleft(), Data(chunk, last=True)
        return (self._due[0], Data(chunk, last=False)) if chunk else None

    def end_of_clear_text(self) -> None:
        """TLS starts now: nothing may be buffered."""
        refuse_leftover(self._lines.take(), "POP3")


def _status(line: bytes) -> Reply:
    """Read a status line; lower case and a missing space are met in the wild."""
    word, _, rest = line.partition(b" ")
    ok = word.upper()
    if ok not in (b"+OK", b"-ERR"):
        raise ProtocolError(f"POP3: that is no reply: {_shown(line)}", hint=_guess(line))
    text = rest.decode("utf-8", "backslashreplace")
    found = _CODE.match(text)
    if found and ok == b"-ERR":
        return Reply(False, text[found.end() :], found[1])
    return Reply(ok == b"+OK", text)


def _guess(line: bytes) -> str:
    """What kind of server says that."""
    if line[:1] in (b"\x15", b"\x16"):
        return "the server speaks TLS on this port: security=\"tls\" (--security tls)"
    if line[:3].isdigit():
        return "that is how FTP, SMTP or NNTP answer: check the port"
    if line[:2] == b"* ":
        return "that is how IMAP answers: check the port"
    return "check the host and the port"


def _shown(line: bytes) -> str:
    return display(line[:80].decode("utf-8", "backslashreplace"))


def parse_numbered(body: bytes) -> Iterable[tuple[int, str]]:
    """The lines of LIST and UIDL: a number and a word.

    Raises:
        ProtocolError: a line is of another form.
    """
    for line in body.split(b"\r\n"):
        number, _, rest = line.strip().partition(b" ")
        if not line.strip():
            continue
        if not number.isdigit() or len(number) > 9 or not rest.strip():
            raise ProtocolError(f"POP3: no line of a listing: {_shown(line)}")
        yield int(number), rest.split()[0].decode("utf-8", "backslashreplace")


def parse_capa(body: bytes) -> dict[str, tuple[str, ...]]:
    """The lines of CAPA: names in upper case, each with its arguments."""
    found: dict[str, tuple[str, ...]] = {}
    for line in body.decode("utf-8", "backslashreplace").split("\r\n"):
        words = line.split()
        if words:
            found[words[0].upper()] = tuple(words[1:])
    return found


@dataclass(frozen=True, slots=True)
class Request:
    """A command as the server reads it: the verb in upper case, and its arguments."""

    verb: str
    arguments: tuple[str, ...]
    rest: str


class ServerWire:
    """The server's side: bytes in, requests out. Within AUTH it hands out bare lines."""

    def __init__(self) -> None:
        self._lines = LineBuffer(LONGEST_COMMAND)

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the client."""
        self._lines.feed(data)

    def next_line(self) -> bytes | None:
        """A line as it came: an answer within AUTH."""
        return self._lines.line()

    def next_request(self) -> Request | None:
        """The next command, or None when more bytes are needed."""
        if (line := self._lines.line()) is None:
            return None
        verb, _, rest = line.decode("utf-8", "surrogateescape").partition(" ")
        return Request(verb.upper(), tuple(rest.split()), rest)

    def end_of_clear_text(self) -> None:
        """TLS starts now: nothing may be buffered."""
        refuse_leftover(self._lines.take(), "POP3")
