"""The grammar of SMTP and LMTP as client and server share it, and the client's half.

RFC 5321: one command a line, three-digit replies in order. RFC 2034: the text of 2xx, 4xx and 5xx
may begin with an enhanced status code. RFC 2920: commands may be sent before their answers came.
RFC 3030: BDAT carries its data with it. RFC 2033: in LMTP the end of a message is answered once
for each recipient that was accepted, in order. RFC 4954: within AUTH, 334 asks on.

The server's half is `postel.smtp.wire_server` and `postel.smtp.envelope`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import ProtocolError, UsageError
from ..secrets import HIDDEN
from ..wire import replies
from ..wire.base import Command, argument, refuse_leftover
from ..wire.lines import LineBuffer
from ..wire.text import display
from .types import Extensions, Reply, Status

__all__ = [
    "GREETING",
    "LONGEST_AUTH",
    "Challenge",
    "Event",
    "SMTPCommand",
    "Wire",
    "auth",
    "bdat",
    "burl",
    "command",
    "data",
    "ehlo",
    "end_of_data",
    "mail",
    "parse_ehlo",
    "path",
    "rcpt",
    "read_reply",
    "response",
    "xtext",
]

LONGEST_LINE = 4_096
"""Bytes of one line of a reply: 512 by RFC 5321 section 4.5.3.1.5; some servers write more."""

MOST_LINES = 1_000
"""Lines of one reply. EHLO has a few dozen; HELP and EXPN are the long ones."""

LONGEST_AUTH = 12_288
"""Bytes of a line of AUTH (RFC 4954 section 4); an initial response that does not fit waits for
the server's empty challenge."""

_XTEXT = re.compile(r"[^!-*,-<>-~]")
_PARAMETER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:=[^\x00-\x20=\x7f]+)?\Z")
_BEYOND = r"\u00a0-\u2027\u202a-\ud7ff\ue000-\U0010ffff"  # UTF-8 without controls and line ends
_ATOMS = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-" + _BEYOND
_LOCAL = re.compile(rf'[{_ATOMS}]+\Z|"(?:[ !#-\[\]-~{_BEYOND}]|\\[ -~])*"\Z')
_LABEL = rf"[A-Za-z0-9_\-{_BEYOND}]+"
_DOMAIN = re.compile(rf"\[[A-Za-z0-9.:\-]+\]\Z|{_LABEL}(?:\.{_LABEL})*\Z")


@dataclass(frozen=True, eq=False, repr=False)
class SMTPCommand(Command):
    """A command line.

    Args:
        ends_message: whether its answer is the answer to a whole message: BDAT LAST, the dot.
        payload: bytes that follow the line at once (BDAT), or instead of it (the dot).
    """

    ends_message: bool = False
    payload: bytes | memoryview = b""

    @property
    def verb(self) -> str:
        """The first word, in upper case."""
        return self.line.split(b" ", 1)[0].decode("ascii", "replace").upper()


@dataclass(frozen=True, slots=True)
class Challenge:
    """A 334 within AUTH: the base64 text as it came."""

    line: bytes


Event = Reply | Challenge
GREETING = SMTPCommand(b"", shown="the greeting")


# -- commands ------------------------------------------------------------------------------


def command(verb: str, text: str = "") -> SMTPCommand:
    """A command line from a verb and the rest, checked.

    Raises:
        UsageError: it holds a line break.

    Example:
        >>> command("VRFY", "bob").line
        b'VRFY bob'
    """
    line = argument(verb, "command")
    return SMTPCommand(line + b" " + argument(text, verb) if text else line)


def ehlo(name: str, *, verb: str = "EHLO") -> SMTPCommand:
    """Who we are: EHLO, LHLO in LMTP, HELO for the oldest.

    Raises:
        UsageError: *name* is not one word of ASCII.
    """
    if not name or not name.isascii() or not name.isprintable() or " " in name:
        raise UsageError(f"{verb}: {name!r} is no name for this machine",
                         hint='a host name, or an address in brackets: "[192.0.2.1]"')
    return command(verb, name)


def mail(sender: bytes, parameters: Sequence[str] = ()) -> SMTPCommand:
    """MAIL with a path made by `path`, and its parameters.

    Example:
        >>> mail(path("ann@example.org"), ["SIZE=120"]).line
        b'MAIL FROM:<ann@example.org> SIZE=120'
    """
    return SMTPCommand(b"MAIL FROM:<" + sender + b">" + _parameters(parameters))


def rcpt(recipient: bytes, parameters: Sequence[str] = ()) -> SMTPCommand:
    """RCPT with a path made by `path`, and its parameters."""
    return SMTPCommand(b"RCPT TO:<" + recipient + b">" + _parameters(parameters))


def data() -> SMTPCommand:
    """Ask to send the message; 354 lets it come."""
    return SMTPCommand(b"DATA")


def end_of_data(stuffed: bytes = b"") -> SMTPCommand:
    """The last bytes of a message in DATA form, the lone dot in them, and its answer."""
    return SMTPCommand(b"", shown="the end of the message", ends_message=True,
                       payload=stuffed or b".\r\n")


def bdat(chunk: bytes | memoryview, *, last: bool, size: int | None = None) -> SMTPCommand:
    """A piece of a message, counted (RFC 3030 section 2).

    Args:
        chunk: the piece, to leave with the command.
        last: whether the message ends with it.
        size: of the piece, where it is sent by itself after the command.

    Example:
        >>> Wire().send(bdat(b"Hi!", last=True))
        b'BDAT 3 LAST\\r\\nHi!'
    """
    line = b"BDAT %d" % (len(chunk) if size is None else size) + b" LAST" * last
    return SMTPCommand(line, ends_message=last, payload=chunk)


def burl(url: str) -> SMTPCommand:
    """Have the server fetch the message (RFC 4468 section 3).

    Raises:
        UsageError: that is no URL.
    """
    if not re.fullmatch(r"imaps?://[!-~]{1,4000}", url):
        raise UsageError(f"BURL: {display(url[:200])!r} is no URL of a message",
                         hint="imap://user@host/mailbox/;uid=20;urlauth=submit+user:internal:…")
    return SMTPCommand(b"BURL " + argument(url, "BURL") + b" LAST", ends_message=True,
                       shown=f"BURL {url.partition(';urlauth=')[0]};{HIDDEN} LAST")


def auth(mechanism: str, initial: bytes | None) -> SMTPCommand:
    """Begin a SASL dialogue, with an initial response in base64 or without."""
    line = b"AUTH " + argument(mechanism, "mechanism")
    if initial is None:
        return SMTPCommand(line)
    return SMTPCommand(line + b" " + initial, shown=f"AUTH {mechanism} {HIDDEN}")


def response(line: bytes) -> bytes:
    """The wire form of an answer within AUTH."""
    return line + b"\r\n"


def _parameters(words: Iterable[str]) -> bytes:
    checked = []
    for word in words:
        if not _PARAMETER.match(word):
            raise UsageError(f"{word!r} is no parameter of MAIL or RCPT")
        checked.append(b" " + word.encode())
    return b"".join(checked)


# -- words ---------------------------------------------------------------------------------


def path(address: str) -> bytes:
    """An address as it stands between the angle brackets; "" is the null path.

    Nothing that could end the brackets, the line or the address passes. A local part with other
    characters has to come quoted, as RFC 5321 section 4.1.2 has it.

    Raises:
        UsageError: that is no address.

    Example:
        >>> path("bob@example.org"), path('"b b"@example.org'), path("")
        (b'bob@example.org', b'"b b"@example.org', b'')
    """
    if not address:
        return b""
    local, at, domain = address.rpartition("@")
    if not at:
        if _LOCAL.match(address) and address.isascii():  # "postmaster", or a local user of LMTP
            return address.encode()
        raise _no_address(address)
    if not _LOCAL.match(local) or not _DOMAIN.match(domain):
        raise _no_address(address)
    encoded = address.encode()
    if len(local.encode()) > 255 or len(domain.encode()) > 255:
        raise _no_address(address)
    return encoded


def _no_address(address: str) -> UsageError:
    return UsageError(f"{address[:200]!r} is no mail address",
                      hint="local@domain, without a name and without angle brackets")


def xtext(text: str) -> str:
    """Write xtext (RFC 3461 section 4): what may not stand in a parameter becomes ``+2B``.

    Raises:
        UsageError: *text* goes beyond ASCII, or holds a control character.

    Example:
        >>> xtext("a+b=c d")
        'a+2Bb+3Dc+20d'
    """
    if not text.isascii() or not text.isprintable():
        raise UsageError(f"{text!r} cannot be sent: only printable ASCII")
    return _XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", text)


def parse_ehlo(reply: Reply) -> Extensions:
    """What the lines of an answer to EHLO offer; the first line is the server's name.

    ``AUTH=PLAIN`` is an old form of ``AUTH PLAIN``; some servers send both.

    Example:
        >>> parse_ehlo(Reply(250, ("mx.example.org", "SIZE 1000", "AUTH=LOGIN"))).auth
        ('LOGIN',)
    """
    found: dict[str, tuple[str, ...]] = {}
    for line in reply.lines[1:]:
        words = line.replace("=", " ", 1).split() if line[:5].upper() == "AUTH=" else line.split()
        if words:
            name = words[0].upper()
            more = [word for word in words[1:] if word not in found.get(name, ())]
            found[name] = (*found.get(name, ()), *more)
    return Extensions(found)


def read_reply(plain: replies.Reply) -> Reply:
    """A reply with its enhanced status taken off each line (RFC 2034 section 4).

    Example:
        >>> read_reply(replies.Reply(250, ("2.1.0 Ok",)))
        Reply(code=250, lines=('Ok',), status=Status(kind=2, subject=1, detail=0))
    """
    status = Status.parse(plain.lines[0])
    if status is None or status.kind != plain.kind:
        return Reply(plain.code, plain.lines)
    head = str(status)
    lines = (line.removeprefix(head).removeprefix(" ") for line in plain.lines)
    return Reply(plain.code, tuple(lines), status)


# -- the client's half ---------------------------------------------------------------------


class Wire:
    """Pairs every reply with the command it answers, in order. Does no I/O.

    Args:
        lmtp: whether the end of a message has an answer for each accepted recipient.

    Example:
        >>> wire = Wire()
        >>> wire.feed(b"220 mx.example.org ESMTP\\r\\n")
        >>> str(wire.next_event()[1])
        '220 mx.example.org ESMTP'
    """

    def __init__(self, *, lmtp: bool = False) -> None:
        self._lines = LineBuffer(LONGEST_LINE)
        self._replies = replies.ReplyReader()
        self._due: deque[SMTPCommand] = deque([GREETING])
        self._lmtp = lmtp
        self._accepted = 0
        self._answers = 0
        self._size = 0

    @property
    def due(self) -> int:
        """How many commands wait for their answer."""
        return len(self._due)

    def send(self, command: SMTPCommand) -> bytes:
        """Note that *command* is due an answer; return the bytes to send."""
        self._due.append(command)
        if not command.line:
            return bytes(command.payload)
        return b"".join((command.line, b"\r\n", command.payload))

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the server."""
        self._lines.feed(data)

    def next_event(self) -> tuple[SMTPCommand | None, Event] | None:
        """The next event and the command it answers, or None when more bytes are needed.

        Raises:
            ProtocolError: the server said something that is not SMTP, or out of turn.
        """
        try:
            plain = self._replies.pull(self._lines, MOST_LINES)
        except ProtocolError as error:
            raise ProtocolError(f"SMTP: {error}", hint=_guess(str(error))) from None
        if plain is None:
            return None
        if plain.code < 200:
            raise ProtocolError(f"SMTP: there is no such reply: {plain}")
        reply = read_reply(plain)
        if not self._due:
            if reply.code == 421:  # "any time" (RFC 5321 section 3.8): the server is leaving
                return None, reply
            raise ProtocolError(f"SMTP: the server spoke out of turn: {reply}")
        return self._paired(reply)

    def _paired(self, reply: Reply) -> tuple[SMTPCommand, Event]:
        command = self._due[0]
        if reply.code == 334 and command.verb == "AUTH":
            return command, Challenge(reply.lines[0].encode("utf-8", "surrogateescape"))
        if self._lmtp and command.ends_message:
            return self._one_of_many(command, reply)
        self._count(command, reply)
        return self._due.popleft(), reply

    def _count(self, command: SMTPCommand, reply: Reply) -> None:
        if command.verb == "RCPT":
            self._accepted += reply.positive
        elif command.verb in ("MAIL", "RSET", "LHLO", "EHLO") or command.ends_message:
            self._accepted = 0

    def _one_of_many(self, command: SMTPCommand, reply: Reply) -> tuple[SMTPCommand, Event]:
        """LMTP: a reply for each recipient; one, if there was none to begin with."""
        self._answers += 1
        if self._answers >= self._accepted or reply.code == 421:
            self._due.popleft()
            self._answers = self._accepted = 0
        return command, reply

    def end_of_clear_text(self) -> None:
        """TLS starts now: nothing may be buffered."""
        leftover = b"-" * self._replies.midway + self._lines.take()
        refuse_leftover(leftover, "SMTP")


def _guess(said: str) -> str:
    """What kind of server says that."""
    text = display(said.removeprefix("not a reply: "))
    if text[:1] in ("\x15", "\x16") or "\\x15" in text[:6] or "\\x16" in text[:6]:
        return "the server speaks TLS on this port: security=\"tls\" (--security tls)"
    if text[:3] in ("+OK", "-ER"):
        return "that is how POP3 answers: check the port"
    if text[:2] == "* ":
        return "that is how IMAP answers: check the port"
    if text[:5] == "HTTP/":
        return "that is how HTTP answers: check the port"
    return "check the host and the port"
