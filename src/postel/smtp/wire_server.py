"""The server's half of SMTP's grammar: bytes in; requests, lines and pieces of messages out.

Grammar: pure. The one question that must have one answer is where a message ends (RFC 5321
section 2.3.8; the "smuggling" of 2023): after DATA at CRLF "." CRLF and nowhere else, after BDAT
when the bytes are counted (RFC 3030). A bare CR or LF never ends anything; it is noticed, so that
the server can refuse what holds one, for the next reader may take it for a line end.

Bytes that were sent as data are never read as commands: a BDAT that is refused is still counted
off, and one whose count cannot be read ends the session.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ProtocolError
from ..wire.base import refuse_leftover
from ..wire.dots import DotReader
from ..wire.lines import LineBuffer

__all__ = ["LONGEST_COMMAND", "Data", "Request", "ServerWire", "reply"]

LONGEST_COMMAND = 12_288
"""Bytes of a line that the server reads: 512 and what extensions add; AUTH may send 12,288
(RFC 4954 section 4)."""


@dataclass(frozen=True, slots=True)
class Request:
    """A command.

    Args:
        verb: in upper case.
        argument: the rest of the line, without blanks around it.
        bare: whether it holds a CR or NUL, or ended at a bare LF.
    """

    verb: str
    argument: str
    bare: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The argument's words."""
        return tuple(self.argument.split())


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a message; `last` says whether the DATA or BDAT ends here."""

    chunk: bytes
    last: bool


class ServerWire:
    """Bytes in; what they are depends on what the server has said it waits for.

    Example:
        >>> wire = ServerWire()
        >>> wire.feed(b"mail FROM:<>\\r\\nBDAT 3 LAST\\r\\nHi!QUIT\\r\\n")
        >>> wire.next_request().verb, wire.next_request().argument
        ('MAIL', '3 LAST')
        >>> wire.begin_chunk(3)
        >>> wire.next_data(), wire.next_request().verb
        (Data(chunk=b'Hi!', last=True), 'QUIT')
    """

    def __init__(self) -> None:
        self._lines = _Lines(LONGEST_COMMAND)
        self._dots: DotReader | None = None
        self._left = 0
        self._bare = _BareWatch()

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the client."""
        self._lines.feed(data)

    def next_request(self) -> Request | None:
        """The next command, or None when more bytes are needed.

        Raises:
            ProtocolError: a line beyond `LONGEST_COMMAND`.
        """
        if (line := self._lines.line()) is None:
            return None
        verb, _, rest = line.decode("utf-8", "surrogateescape").partition(" ")
        bare = not self._lines.ended_well or b"\r" in line or b"\0" in line
        return Request(verb.strip().upper(), rest.strip(), bare)

    def next_line(self) -> bytes | None:
        """A line as it came: an answer within AUTH."""
        return self._lines.line()

    def begin_data(self) -> None:
        """What comes now is a message, up to its lone dot."""
        self._dots, self._bare = DotReader(strict=True), _BareWatch()

    def begin_chunk(self, size: int, *, first: bool = True) -> None:
        """What comes now are *size* bytes of a message; *first* where one begins."""
        self._left = size
        if first:
            self._bare = _BareWatch()

    def next_data(self) -> Data | None:
        """The next piece of the message, or None when more bytes are needed."""
        if self._dots is not None:
            if not len(self._lines):
                return None
            chunk = self._dots.pull(self._lines)
            data = Data(chunk, last=self._dots.ended)
            if data.last:
                self._dots = None
        else:
            if self._left and not len(self._lines):
                return None
            chunk = self._counted()
            data = Data(chunk, last=not self._left)
        self._bare.feed(data.chunk)
        return data if data.chunk or data.last else None

    def _counted(self) -> bytes:
        data = self._lines.take()
        if len(data) > self._left:
            self._lines.give_back(data[self._left :])
            data = data[: self._left]
        self._left -= len(data)
        return data

    @property
    def bare(self) -> bool:
        """Whether the message so far holds a CR or LF that is not part of a CRLF, or a NUL."""
        return self._bare.found

    @property
    def ended_in_line(self) -> bool:
        """Whether the message so far ends in the middle of a CRLF."""
        return self._bare.open

    @property
    def ahead(self) -> bool:
        """Whether bytes are waiting that nobody has asked for yet."""
        return bool(len(self._lines))

    def discard(self) -> None:
        """Forget what is waiting: nobody will answer it."""
        self._lines.take()

    def end_of_clear_text(self) -> None:
        """TLS starts now: nothing may be buffered (command injection, RFC 3207 section 6)."""
        refuse_leftover(self._lines.take(), "SMTP")


class _Lines(LineBuffer):
    """Lines that remember whether CRLF ended them."""

    ended_well = True

    def line(self) -> bytes | None:
        line = super().line()
        if line is not None:
            self.ended_well = self._data[max(0, self._pos - 2) : self._pos] == b"\r\n"
        return line


class _BareWatch:
    """Looks for a CR without its LF, or an LF without its CR, across the pieces of a message.

    As long as CR, LF and CRLF are equally many, each belongs to a pair. A NUL counts as well:
    there are servers that drop it, and then see an end that was none.
    """

    def __init__(self) -> None:
        self.found = False
        self.open = False

    def feed(self, data: bytes) -> None:
        if self.found or not data:
            return
        if self.open:
            data = b"\r" + data
        self.open = data.endswith(b"\r")
        if self.open:
            data = data[:-1]
        pairs = data.count(b"\r\n")
        self.found = not pairs == data.count(b"\n") == data.count(b"\r") or b"\0" in data


def reply(code: int, *lines: str, status: str = "") -> bytes:
    """One reply; with an enhanced status code, every line bears it (RFC 2034 section 4).

    Example:
        >>> reply(250, "ok", status="2.1.0")
        b'250 2.1.0 ok\\r\\n'
        >>> reply(250, "lab.test", "SIZE 100")
        b'250-lab.test\\r\\n250 SIZE 100\\r\\n'

    Raises:
        ProtocolError: a text holds a line break.
    """
    prefix = f"{status} " if status else ""
    texts = [f"{prefix}{line}".rstrip(" ") for line in lines or ("",)]
    if any(set(text) & {"\r", "\n", "\0"} for text in texts):
        raise ProtocolError("SMTP: a reply holds a line break")
    parts = [f"{code}-{text}\r\n" for text in texts[:-1]]
    return "".join([*parts, f"{code} {texts[-1]}\r\n"]).encode("utf-8", "surrogateescape")
