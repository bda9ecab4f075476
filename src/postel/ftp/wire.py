"""The grammar of FTP's control connection, both directions (RFC 959, 2228, 2389, 2428, 3659, 4217).

One command a line, three-digit replies in order; a 1xx says that the final reply comes later. One
exception to the order: while a data connection is open, the replies to NOOP, STAT and ABOR may
overtake the transfer's. They are told apart by code: what ends a transfer is 226, 250, 425, 426,
45x or 55x; anything else then answers the probe.

The control connection is also, by name, a Telnet connection (RFC 959 section 3.1): a byte 255 in
a name is sent twice, and negotiation that a server begins is passed over.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..errors import ProtocolError
from ..secrets import HIDDEN
from ..wire.base import Command, argument, refuse_leftover
from ..wire.lines import LineBuffer
from ..wire.replies import Reply, ReplyReader

__all__ = [
    "GREETING",
    "FTPCommand",
    "Request",
    "ServerWire",
    "Wire",
    "command",
    "secret",
    "transfer",
]

IAC = b"\xff"
_ABORT = b"\xff\xf4\xff\xf2"  # IAC IP, IAC DM: RFC 959 section 4.1.3 before ABOR and STAT
_PROBES = (b"NOOP", b"STAT", b"ABOR")

LONGEST_COMMAND = 16_384
"""Bytes of a command that the server reads: paths have 4 KiB at most, twice that with IAC."""


@dataclass(frozen=True, eq=False, repr=False)
class FTPCommand(Command):
    """A command line; `moves_data` for those that open a data connection."""

    moves_data: bool = False

    @property
    def verb(self) -> str:
        """The first word."""
        return self.line.split(b" ", 1)[0].decode("ascii", "replace")


GREETING = FTPCommand(b"", shown="the greeting")


def command(verb: str, text: str | None = None, *, encoding: str = "utf-8") -> FTPCommand:
    """A command with its argument, checked and encoded.

    Raises:
        UsageError: the argument holds a line break, or does not fit *encoding*.

    Example:
        >>> command("CWD", "/pub").line
        b'CWD /pub'
    """
    if text is None:
        return FTPCommand(argument(verb, "command"))
    return FTPCommand(verb.encode() + b" " + argument(text, verb, encoding=encoding))


def secret(verb: str, text: str) -> FTPCommand:
    """A command whose argument is never shown: PASS, ACCT."""
    return FTPCommand(verb.encode() + b" " + argument(text, verb), shown=f"{verb} {HIDDEN}")


def transfer(verb: str, path: str | None = None, *, encoding: str = "utf-8") -> FTPCommand:
    """A command that moves data over a connection of its own."""
    return FTPCommand(command(verb, path, encoding=encoding).line, moves_data=True)


class Wire:
    """Pairs every reply with the command it answers. Does no I/O.

    Args:
        encoding: of names; bytes that do not fit it round-trip as surrogates.
        telnet: whether a byte 255 is doubled, as RFC 959 wants and some servers do not.
    """

    def __init__(self, encoding: str = "utf-8", *, telnet: bool = True) -> None:
        self._lines = LineBuffer()
        self._replies = ReplyReader(encoding)
        self._due: deque[FTPCommand] = deque([GREETING])
        self._moving: FTPCommand | None = None
        self._telnet = telnet
        self._held = b""

    @property
    def encoding(self) -> str:
        """Of names and texts."""
        return self._replies.encoding

    @encoding.setter
    def encoding(self, name: str) -> None:
        self._replies.encoding = name

    def send(self, command: FTPCommand) -> bytes:
        """Note that *command* is due an answer; return the bytes to send."""
        self._due.append(command)
        line = command.line
        if self._telnet and IAC in line:
            line = line.replace(IAC, IAC + IAC)
        if self._moving is not None and command.verb in ("ABOR", "STAT"):
            line = _ABORT + line
        return line + b"\r\n"

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the server."""
        if self._telnet and (self._held or IAC in data):
            data, self._held = without_telnet(self._held + data)
        self._lines.feed(data)

    def next_event(self) -> tuple[FTPCommand | None, Reply] | None:
        """The next reply and the command it answers, or None when more bytes are needed.

        Raises:
            ProtocolError: that is no reply, or nobody asked.
        """
        if (reply := self._replies.pull(self._lines)) is None:
            return None
        if not self._due:
            if reply.code == 421:  # "any time" (RFC 959 section 5.4): the server is leaving
                return None, reply
            raise ProtocolError(f"FTP: the server spoke out of turn: {reply}")
        answered = self._answered_by(reply)
        if reply.kind == 1:
            self._moving = answered if answered.moves_data else self._moving
            return answered, reply
        self._due.remove(answered)
        if answered is self._moving:
            self._moving = None
        return answered, reply

    def _answered_by(self, reply: Reply) -> FTPCommand:
        first = self._due[0]
        if first is not self._moving or reply.kind == 1 or _ends_transfer(reply.code):
            return first
        probe = next((due for due in self._due if due.line.startswith(_PROBES)), None)
        return probe or first

    @property
    def moving(self) -> bool:
        """Whether a transfer has begun and its final reply has not come."""
        return self._moving is not None

    def give_up(self, command: FTPCommand) -> None:
        """No final reply will come for *command*."""
        if command in self._due:
            self._due.remove(command)
        if command is self._moving:
            self._moving = None

    def end_of_clear_text(self) -> None:
        """TLS starts now: nothing may be buffered."""
        refuse_leftover(self._held + self._lines.take(), "FTP")


def _ends_transfer(code: int) -> bool:
    return code in (226, 250, 425, 426) or code // 10 in (45, 55) or code == 421


def without_telnet(data: bytes) -> tuple[bytes, bytes]:
    """*data* without Telnet commands, and what of it is still incomplete.

    ``IAC IAC`` is a byte 255; ``IAC DO x`` and its three sisters take one more byte; every other
    command is two bytes long (RFC 854).

    Example:
        >>> without_telnet(b"a\\xff\\xffb\\xff\\xfd\\x06c\\xff")
        (b'a\\xffbc', b'\\xff')
    """
    parts = []
    while (at := data.find(IAC)) >= 0:
        parts.append(data[:at])
        size = 3 if data[at + 1 : at + 2] in (b"\xfb", b"\xfc", b"\xfd", b"\xfe") else 2
        if len(data) < at + size:
            return b"".join(parts), data[at:]
        if data[at + 1 : at + 2] == IAC:
            parts.append(IAC)
        data = data[at + size :]
    parts.append(data)
    return b"".join(parts), b""


@dataclass(frozen=True, slots=True)
class Request:
    """A command as the server reads it: the verb in upper case, and the rest as it came."""

    verb: str
    argument: str


class ServerWire:
    """The server's side: bytes in, requests out; replies are written by `reply`."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self._lines = LineBuffer(LONGEST_COMMAND)
        self.encoding = encoding
        self._held = b""

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the client."""
        data, self._held = without_telnet(self._held + data)
        self._lines.feed(data)

    def next_request(self) -> Request | None:
        """The next command, or None when more bytes are needed."""
        if (line := self._lines.line()) is None:
            return None
        verb, _, rest = line.decode(self.encoding, "surrogateescape").partition(" ")
        return Request(verb.upper(), rest)

    def reply(self, code: int, *lines: str) -> bytes:
        """One reply; the middle lines are indented, so that none can be taken for the last."""
        texts = [line.encode(self.encoding, "surrogateescape") for line in lines] or [b""]
        if len(texts) == 1:
            return b"%d %s\r\n" % (code, texts[0])
        head, *middle, last = texts
        body = b"".join(b" %s\r\n" % text for text in middle)
        return b"%d-%s\r\n%s%d %s\r\n" % (code, head, body, code, last)

    def end_of_clear_text(self) -> None:
        """TLS starts now: nothing may be buffered."""
        refuse_leftover(self._held + self._lines.take(), "FTP")
