"""The grammar of Telnet: data, commands, negotiations and subnegotiations (RFC 854, 855, 1143).

A grammar module: bytes in, events out, both directions. Data are found by the chunk: what lies
between two IACs is handed on as it is. In NVT mode a CR NUL is a CR (RFC 854 page 11); with BINARY
(RFC 856) nothing is changed. Compression (MCCP 2 and 3) begins in the middle of a stream, behind
the subnegotiation that announces it: what follows is inflated a slice at a time, so that a few
bytes from the peer never become many of ours at once.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import ProtocolError, UsageError
from .codes import (
    BINARY,
    COMMANDS,
    DO,
    DONT,
    IAC,
    MCCP2,
    MCCP3,
    SB,
    SE,
    START_TLS,
    TM,
    WILL,
    option_name,
)
from .negotiation import Side

__all__ = ["LONGEST_MESSAGE", "Changed", "Data", "Event", "Heard", "Message", "Wire"]

LONGEST_MESSAGE = 1 << 20
"""Bytes of one subnegotiation; GMCP's are the largest that are known, some ten thousand."""

_SLICE = 65_536
"""Bytes that are inflated at a time."""

_DOUBLED = re.compile(rb"(?:[^\xff]++|\xff\xff)++")
_COMPRESSED_IN = (MCCP2, MCCP3)


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of the session."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """A command that is no negotiation: AYT, IP, BRK, GA and the like.

    Args:
        command: its number.
    """

    command: int

    def __str__(self) -> str:
        return COMMANDS.get(self.command, str(self.command))


@dataclass(frozen=True, slots=True)
class Changed:
    """An option was agreed on, given up or refused.

    Args:
        option: its number.
        ours: whether it is our side of it, or the peer's.
        on: whether it is in use now.
    """

    option: int
    ours: bool
    on: bool

    def __str__(self) -> str:
        return f"{'we' if self.ours else 'they'}: {option_name(self.option)} " + (
            "on" if self.on else "off")


@dataclass(frozen=True, slots=True)
class Message:
    """A subnegotiation.

    Args:
        option: which option's.
        data: what it says.
    """

    option: int
    data: bytes


Event = Data | Heard | Changed | Message


class Wire:
    """One end of a Telnet connection.

    Args:
        ours: options that we agree to use when the peer asks.
        theirs: options that we let the peer use.
        longest: bytes of a subnegotiation that are taken.

    Example:
        >>> wire = Wire(ours={31})
        >>> wire.feed(b"login: \\xff\\xfd\\x1f")
        >>> wire.next_event(), wire.next_event(), wire.take()
        (Data(data=b'login: '), Changed(option=31, ours=True, on=True), b'\\xff\\xfb\\x1f')
    """

    def __init__(self, ours: Iterable[int] = (), theirs: Iterable[int] = (), *,
                 longest: int = LONGEST_MESSAGE) -> None:
        self._ours = {option: Side.ours(allowed=True) for option in ours}
        self._theirs = {option: Side.theirs(allowed=True) for option in theirs}
        self._longest = longest
        self._raw = b""                 # came, not inflated yet
        self._plain = b""               # inflated, or came in the clear
        self._at = 0
        self._after_cr = False
        self._message: bytearray | None = None
        self._inflate: zlib._Decompress | None = None
        self._fresh = False             # the first bytes of a compressed stream are to come
        self._announced = False
        self._deflate: zlib._Compress | None = None
        self._out: deque[bytes | None] = deque()  # None: from here on compressed
        self._silent = False
        self.stopped = False            # TLS is to begin: nothing more is read

    # -- what is on ------------------------------------------------------------------------

    def ours(self, option: int) -> Side:
        """Our side of *option*."""
        return self._ours.setdefault(option, Side.ours())

    def theirs(self, option: int) -> Side:
        """The peer's side of *option*."""
        return self._theirs.setdefault(option, Side.theirs())

    def in_use(self, *, ours: bool) -> frozenset[int]:
        """The options that are on, on one side."""
        sides = self._ours if ours else self._theirs
        return frozenset(option for option, side in sides.items() if side.on)

    @property
    def compressed(self) -> bool:
        """Whether what comes is compressed now."""
        return self._inflate is not None

    # -- towards the peer ------------------------------------------------------------------

    def ask(self, option: int, *, ours: bool, on: bool = True) -> None:
        """Negotiate: we want *option* used, by us or by the peer, or no more."""
        _checked(option)
        side = self.ours(option) if ours else self.theirs(option)
        if on:
            side.allowed = True
        if (verb := side.ask(on)) is not None:
            self._put(bytes((IAC, verb, option)))

    def say(self, data: bytes) -> None:
        """Send bytes of the session, as they are but for what Telnet must escape."""
        if b"\xff" in data:
            data = data.replace(b"\xff", b"\xff\xff")
        if b"\r" in data and not self.ours(BINARY).on:
            data = _LONE_CR.sub(b"\r\0", data)
        self._put(data)

    def command(self, command: int) -> None:
        """Send a command that is no negotiation."""
        if command not in COMMANDS or SB <= command <= DONT or command == SE:
            raise UsageError(f"telnet: {command} is no command to be sent alone")
        self._put(bytes((IAC, command)))

    def message(self, option: int, data: bytes) -> None:
        """Send a subnegotiation."""
        _checked(option)
        self._put(bytes((IAC, SB, option)) + data.replace(b"\xff", b"\xff\xff")
                  + bytes((IAC, SE)))
        if option == START_TLS:
            self._silent = True  # what follows is TLS, and nothing else

    def compress(self, option: int) -> None:
        """Announce by *option* that everything from here on is compressed, and do so."""
        if not self._announced:
            self._announced = True
            self.message(option, b"")
            self._out.append(None)

    def take(self) -> bytes:
        """What is to be sent; it is not given twice."""
        parts: list[bytes] = []
        while self._out:
            part = self._out.popleft()
            if part is None:
                self._deflate = zlib.compressobj()
            elif self._deflate is not None:
                parts += self._deflate.compress(part), self._deflate.flush(zlib.Z_SYNC_FLUSH)
            else:
                parts.append(part)
        return b"".join(parts)

    def _put(self, data: bytes) -> None:
        if data and not self._silent:
            self._out.append(data)

    # -- from the peer ---------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""
        if self._inflate is not None or self.stopped:
            self._raw += data
        elif self._at >= len(self._plain):
            self._plain, self._at = data, 0
        else:
            self._plain, self._at = self._plain[self._at:] + data, 0

    def next_event(self) -> Event | None:
        """The next event, or None when more bytes are needed.

        Raises:
            ProtocolError: a subnegotiation without end, or a compressed stream that is broken.
        """
        while not self.stopped:
            if self._at >= len(self._plain) and not self._more():
                return None
            before = self._at
            event = self._in_message() if self._message is not None else self._in_data()
            if event is not None:
                return event
            if self._at == before and not self._more():
                return None
        return None

    def leftover(self) -> bytes:
        """What came behind the agreement on TLS; it must be nothing."""
        return self._plain[self._at:] + self._raw

    def _in_data(self) -> Event | None:
        plain, at = self._plain, self._at
        found = plain.find(b"\xff", at)
        if found != at:
            end = len(plain) if found < 0 else found
            if found >= 0 and plain[found + 1:found + 2] == b"\xff":  # binary data: a run of both
                match = _DOUBLED.match(plain, at)
                end = at if match is None else match.end()
            return self._data(at, end)
        if len(plain) < at + 2:
            return None
        command = plain[at + 1]
        if command == IAC:
            match = _DOUBLED.match(plain, at)
            return self._data(at, at + 2 if match is None else match.end())
        return self._command(command)

    def _data(self, start: int, end: int) -> Event | None:
        piece = self._plain[start:end] if start or end < len(self._plain) else self._plain
        self._at = end
        if b"\xff" in piece:
            piece = piece.replace(b"\xff\xff", b"\xff")
        if self.theirs(BINARY).on:
            self._after_cr = False
            return Data(piece)
        if self._after_cr and piece.startswith(b"\0"):
            piece = piece[1:]
            self._after_cr = False
        if piece:
            self._after_cr = piece.endswith(b"\r")
            if b"\r\0" in piece:
                piece = piece.replace(b"\r\0", b"\r")
        return Data(piece) if piece else None

    def _command(self, command: int) -> Event | None:
        if command == SB:
            if len(self._plain) < self._at + 3:
                return None
            self._message = bytearray()
            self._at += 2
            return None
        if WILL <= command <= DONT:
            if len(self._plain) < self._at + 3:
                return None
            option = self._plain[self._at + 2]
            self._at += 3
            return self._negotiated(command, option)
        self._at += 2
        return None if command == SE else Heard(command)  # an SE without SB: nothing to end

    def _negotiated(self, verb: int, option: int) -> Event | None:
        ours = verb in (DO, DONT)
        side = self.ours(option) if ours else self.theirs(option)
        if option == TM and verb == DO and side.allowed:  # no state: a mark in the stream (RFC 860)
            self._put(bytes((IAC, WILL, TM)))
            return None
        before, positive = side.state, verb in (DO, WILL)
        answer = side.heard(positive)
        if answer is not None:
            self._put(bytes((IAC, answer, option)))
        return Changed(option, ours, side.on) if side.state is not before else None

    def _in_message(self) -> Event | None:
        """Within SB: up to the IAC SE that ends it; another command ends it unfinished."""
        message = self._message if self._message is not None else bytearray()
        while self._at < len(self._plain):
            found = self._plain.find(b"\xff", self._at)
            end = len(self._plain) if found < 0 else found
            message += self._plain[self._at:end]
            self._at = end
            if len(message) > self._longest:
                raise ProtocolError(
                    f"telnet: a subnegotiation of more than {self._longest:,} bytes",
                    hint="the peer does not speak Telnet, or forgets where its messages end")
            if found < 0 or end + 1 >= len(self._plain):
                return None
            following = self._plain[end + 1]
            if following == IAC:
                message.append(IAC)
                self._at += 2
                continue
            self._message = None
            if following == SE:
                self._at += 2
                return self._ended(bytes(message))
            return None  # IAC WILL …: the peer forgot the end (some routers do)
        return None

    def _ended(self, message: bytes) -> Event | None:
        if not message:
            return None
        option, data = message[0], message[1:]
        if option in _COMPRESSED_IN and self._may_inflate(option):
            self._raw, self._plain, self._at = self._plain[self._at:], b"", 0
            self._inflate, self._fresh = zlib.decompressobj(), True
        if option == START_TLS and self._is_agreed(START_TLS) and data == b"\x01":
            self.stopped = True
        return Message(option, data)

    def _may_inflate(self, option: int) -> bool:
        return self._inflate is None and self._is_agreed(option)

    def _is_agreed(self, option: int) -> bool:
        return self.theirs(option).on or self.ours(option).on

    # -- compression -----------------------------------------------------------------------

    def _more(self) -> bool:
        """Whether there are more plain bytes now, inflated from what came."""
        if self._inflate is None or not self._raw:
            return False
        if self._fresh:
            if len(self._raw) < 2:
                return False
            self._fresh = False
            if not _has_head(self._raw):  # some games leave the head of the format out
                self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            plain = self._inflate.decompress(self._raw, _SLICE)
        except zlib.error as error:
            raise ProtocolError(f"telnet: the compressed stream is broken: {error}",
                                hint="the server's MCCP is not to be trusted: leave it out"
                                ) from error
        self._raw = self._inflate.unconsumed_tail
        if self._inflate.eof:  # the peer has stopped compressing
            plain, self._raw = plain + self._inflate.unused_data, b""
            self._inflate = None
        self._plain, self._at = self._plain[self._at:] + plain, 0
        return bool(plain)


def _has_head(data: bytes) -> bool:
    """Whether a stream begins as zlib's do (RFC 1950 section 2.2)."""
    return data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0


_LONE_CR = re.compile(rb"\r(?!\n)")


def _checked(option: int) -> None:
    if not 0 <= option <= 255:
        raise UsageError(f"telnet: {option} is no option: they are 0 to 255")
