# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""The Telnet client: bytes and text, while options are negotiated beside them.

Nothing waits for a negotiation: what the server sends is handed on as it comes, and answers to
its options leave with the next packet. One caller may read while another writes.
"""

from __future__ import annotations

import codecs
from collections import deque
from typing import Any

from ..errors import (
    ConnectionLost,
    LimitReached,
    NotSupported,
    ProtocolError,
    UsageError,
    located,
)
from ..session.policy import Mode, Ports
from ..session.session_sync import Session
from ..timing import Deadline
from ..transport.clock_sync import now
from ..transport.crew_sync import Limit
from ..transport.sockets import READ
from ..urls import URL
from ..wire.base import Command, refuse_leftover
from ..wire.text import display
from . import messages
from .codes import COMMANDS, ECHO, GMCP, LINEMODE, START_TLS, option_number
from .terminal import TerminalSide
from .types import Terminal
from .wire import Changed, Data, Event, Heard

__all__ = ["Client"]

_SPOKEN = (None, 23, 992)
"""Ports where a server surely speaks Telnet, so that we may speak of options first."""

_BY_NAME = {name: number for number, name in COMMANDS.items()}


class Client(Session[Command, Any]):
    """A Telnet connection; its arguments are those of every client, and some of its own.

    There is no log-in in Telnet: a server asks for names and passwords in its text, and
    `postel.expect` answers. A *user* is told to a server that asks for it by NEW-ENVIRON.

    Args:
        target: host, or URL: ``telnet://host:port``, ``telnets://host``.
        terminal: what is shown to the server; nothing else is told.
        active: whether to speak of options first; by default only at ports 23 and 992, for what
            listens elsewhere may not speak Telnet.
        binary: whether to ask for BINARY both ways.
        compress: whether a server may compress (MCCP 2 and 3); not over TLS.
        encoding: of text, until CHARSET says another.
        newline: what a line that is written ends with. None is what a person's Enter is: CR NUL
            where the server echoes, which some take for one line end and CR LF for two, else CR LF.
        settings: the keywords of every client.

    Example:
        >>> with Client("telnet.example.org") as there:
        ...     (there.read()).decode()
        'lab login: '
    """

    protocol = "telnet"
    scheme = "telnet"
    ports = Ports(23, 992)
    upgrades = True

    def __init__(
        self,
        target: str | URL,
        *,
        terminal: Terminal | None = None,
        active: bool | None = None,
        binary: bool = False,
        compress: bool = False,
        encoding: str = "utf-8",
        newline: bytes | None = None,
        **settings: Any,
    ) -> None:
        codecs.lookup(encoding)
        self.encoding, self._newline = encoding, newline
        self._terminal = terminal or Terminal()
        self._active: bool | None = active
        self._binary, self._compress = binary, compress
        self._turn = Limit(1)
        super().__init__(target, **settings)
        if self._active is None:
            self._active = self.url.port in _SPOKEN

    # -- what a session asks of a protocol -------------------------------------------------

    def _new_wire(self) -> Any:
        self._held: deque[bytes] = deque()
        self._over = self._deaf = False
        self._decoder: codecs.IncrementalDecoder | None = None
        self._commands: deque[str] = deque(maxlen=100)
        self._side = self._new_side()
        return _Nothing(self._side)

    def _new_side(self) -> TerminalSide:
        terminal = self._terminal
        if self.user is not None:
            terminal = Terminal(terminal.kind, terminal.columns, terminal.rows, terminal.speed,
                                {"USER": self.user, **terminal.environ}, terminal.client,
                                terminal.features)
        secret = self.security in ("tls", "starttls")
        return TerminalSide.begin(terminal, compress=self._compress and not secret,
                                  binary=self._binary, starttls=self.security == "starttls")

    def _greet(self) -> None:
        if self._active is True and self.security != "starttls":
            self._side.offer()
        self._send_out()

    def _upgrade(self, mode: Mode) -> None:
        """START_TLS (draft-altman-telnet-starttls): both say FOLLOWS, then TLS begins."""
        if mode.security != "starttls":
            return
        wire = self._side.wire
        wire.ask(START_TLS, ours=True)
        while not wire.stopped:
            event = wire.next_event()
            if event is None:
                self._send_out()
                if not self._receive():
                    break
            elif isinstance(event, Changed) and event.option == START_TLS and not event.on:
                break
            else:
                self._side.handle(event)
        self._send_out()
        if not wire.stopped:
            raise NotSupported(f"{self.url.host}: the server does not take START_TLS",
                               hint='most have TLS at another port: security="tls"; or none')
        self._start_tls()
        self._side = self._new_side()  # what was agreed in the clear does not count
        if self._active is True:
            self._side.offer()
        self._send_out()

    def _log_in(self) -> None:
        pass  # servers ask for it in their text

    def _say_goodbye(self) -> None:
        pass  # there is none

    # -- reading ---------------------------------------------------------------------------

    def read(self, *, timeout: float | None = None) -> bytes:
        """What has come, at least one byte; ``b""`` when the server has closed.

        Args:
            timeout: seconds to wait for it; None is the client's own.

        Raises:
            TimedOut: nothing came; the connection goes on.
        """
        with located(str(self.url)):
            if self._held:
                return self._held.popleft()
            return self._next_data(Deadline.after(
                self.timeout if timeout is None else timeout, now=now()))

    def read_text(self, *, timeout: float | None = None) -> str:
        """What has come, as text; ``""`` at the end. Half a character waits for its other half."""
        while True:
            data = self.read(timeout=timeout)
            name = self._side.encoding or self.encoding
            if self._decoder is None or (name != self.encoding and data):
                self.encoding = name
                self._decoder = codecs.getincrementaldecoder(name)("replace")
            text = self._decoder.decode(data, not data)
            if text or not data:
                return text

    def read_all(self, *, most: int = 1 << 26, timeout: float | None = None) -> bytes:
        """Everything until the server closes.

        Args:
            most: bytes that are taken; more is an error.
            timeout: seconds to wait for each piece.

        Raises:
            LimitReached: there is more.
        """
        found = bytearray()
        while data := self.read(timeout=timeout):
            found += data
            if len(found) > most:
                raise LimitReached(f"{self.url.host}: more than {most:,} bytes came",
                                   hint="most= takes more")
        return bytes(found)

    def has_news(self) -> bool:
        """Whether `read` would return at once; never waits. News may be options alone."""
        return bool(self._held) or self._connected().has_news()

    def fileno(self) -> int:
        """The descriptor, for waiting on several."""
        number: int = self._connected().fileno()  # type: ignore[attr-defined]
        return number

    def _next_data(self, deadline: Deadline) -> bytes:
        """The next bytes of the session, options handled on the way."""
        while True:
            while (event := self._side.wire.next_event()) is not None:
                if isinstance(event, Data):
                    self._send_out()
                    return event.data
                self._take(event)
            self._send_out()
            if self._over:
                return b""
            self._connected().deadline = deadline
            self._receive()

    def _receive(self) -> bool:
        stream = self._connected()
        try:
            data = stream.receive(READ)
        except ConnectionLost:
            if not self._deaf:
                raise
            data = b""  # closed with our answers unread is a reset (RFC 9293 section 3.6.1)
        self._over, self._deaf = not data, False
        if data:
            self.trace.server(data)
            self._side.wire.feed(data)
        return bool(data)

    def _take(self, event: Event) -> None:
        """An event that is no data."""
        self.trace.note(display(str(event)[:200]))
        if isinstance(event, Heard):
            self._commands.append(str(event))
        self._side.handle(event)

    # -- writing ---------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes; what Telnet must escape is escaped (255, and a CR without LF)."""
        with located(str(self.url)):
            self._connected()
            self.trace.client(f"{len(data)} bytes")
            with self._turn:
                self._side.wire.say(bytes(data))
                self._flush_wire()

    def write_text(self, text: str) -> None:
        """Send text, every line feed as `newline`."""
        data = text.encode(self._side.encoding or self.encoding)
        self.write(data.replace(b"\n", self.newline))

    def write_line(self, line: str | bytes = "") -> None:
        """Send a line and its end."""
        data = line if isinstance(line, bytes) else line.encode(
            self._side.encoding or self.encoding)
        self.write(data + self.newline)

    def command(self, name: str) -> None:
        """Send a command: ``"AYT"``, ``"IP"`` (interrupt), ``"BRK"``, ``"EC"`` and so on.

        Args:
            name: one of RFC 854's, or of RFC 1184's EOF, SUSP and ABORT.
        """
        number = _BY_NAME.get(name.upper())
        if number is None:
            raise UsageError(f"telnet: {name!r} is no command",
                             hint=f"one of {', '.join(_BY_NAME)}")
        with self._turn:
            self._side.wire.command(number)
            self._flush_wire()

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size now; a server that has agreed to NAWS is told."""
        with self._turn:
            self._side.resize(columns, rows)
            self._flush_wire()

    def ask(self, option: str | int, *, ours: bool, on: bool = True) -> None:
        """Negotiate an option; what comes of it is seen in `ours` and `theirs` later.

        Args:
            option: its name or number: ``"BINARY"``, ``31``.
            ours: whether we are to do it, or the server.
            on: False gives it up.
        """
        number = option if isinstance(option, int) else option_number(option)
        with self._turn:
            self._side.wire.ask(number, ours=ours, on=on)
            self._flush_wire()

    def gmcp(self, package: str, data: object = None) -> None:
        """Send a message of GMCP.

        Raises:
            NotSupported: the server has not agreed to GMCP.
        """
        if GMCP not in self._side.wire.in_use(ours=False):
            raise NotSupported(f"{self.url.host}: the server has not offered GMCP")
        with self._turn:
            self._side.wire.message(GMCP, messages.gmcp(package, data))
            self._flush_wire()

    def _send_out(self) -> None:
        """Answer what was asked on the way; a server that has closed meanwhile is read on."""
        with self._turn:
            try:
                self._deaf = self._flush_wire() or self._deaf
            except ConnectionLost:
                self._deaf = True

    def _flush_wire(self) -> bool:
        data = self._side.wire.take()
        if data:
            self._connected().send(data)
        return bool(data)

    # -- what is known ---------------------------------------------------------------------

    @property
    def ours(self) -> frozenset[int]:
        """Options in use on our side."""
        return self._side.wire.in_use(ours=True)

    @property
    def theirs(self) -> frozenset[int]:
        """Options in use on the server's side."""
        return self._side.wire.in_use(ours=False)

    @property
    def echoes(self) -> bool:
        """Whether the server echoes what is typed; while it reads a password most do not."""
        return ECHO in self.theirs

    @property
    def newline(self) -> bytes:
        """What a line that is written ends with, now; a CR alone is sent as CR NUL (RFC 854)."""
        if self._newline is not None:
            return self._newline
        return b"\r" if self.echoes else b"\r\n"

    @property
    def line_mode(self) -> bool:
        """Whether the server wants whole lines (LINEMODE, RFC 1184)."""
        return self._side.line_mode and LINEMODE in self.ours

    @property
    def mssp(self) -> dict[str, str]:
        """What a game has told of itself by MSSP."""
        return dict(self._side.mssp)

    def gmcp_messages(self) -> list[tuple[str, Any]]:
        """The messages of GMCP that have come since the last call, with the bytes around them."""
        found, self._side.gmcp = self._side.gmcp, []
        return found

    def commands(self) -> list[str]:
        """Commands that the server has sent since the last call: ``["GA"]``, ``["EOR"]``."""
        found = list(self._commands)
        self._commands.clear()
        return found


class _Nothing:
    """Telnet has no replies to pair with commands; all that is left of a session's grammar."""

    def __init__(self, side: TerminalSide) -> None:
        self._side = side

    def send(self, command: Command) -> bytes:
        raise ProtocolError("telnet: there are no commands to be answered")

    def feed(self, data: bytes) -> None:
        self._side.wire.feed(data)

    def next_event(self) -> None:
        return None

    def end_of_clear_text(self) -> None:
        refuse_leftover(self._side.wire.leftover(), "telnet")
