"""The client's half of the options: what a terminal answers when the server asks.

A grammar module on top of `wire`: it sees each event, and puts the answers into the wire. Nothing
waits for anything here: an option that is agreed on is answered when its question comes, and data
pass meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from . import messages
from .codes import (
    BINARY,
    CHARSET,
    ECHO,
    EOR,
    GMCP,
    LFLOW,
    LINEMODE,
    MCCP2,
    MCCP3,
    MSSP,
    NAWS,
    NEW_ENVIRON,
    SGA,
    START_TLS,
    STATUS,
    TM,
    TSPEED,
    TTYPE,
)
from .types import Terminal
from .wire import Changed, Event, Message, Wire

__all__ = ["OURS", "THEIRS", "TerminalSide"]

OURS = frozenset((BINARY, SGA, STATUS, TM, TTYPE, NAWS, TSPEED, LFLOW, CHARSET, EOR))
"""What a terminal does when it is asked to; NEW-ENVIRON only where there is something to tell."""

THEIRS = frozenset((BINARY, ECHO, SGA, STATUS, EOR, CHARSET, MSSP, GMCP))
"""What a server may do."""

_MODE, _EDIT, _TRAPSIG, _MODE_ACK, _FORWARDMASK = 1, 1, 2, 4, 2
_KEPT = 1000  # messages of GMCP that nobody has read


@dataclass
class TerminalSide:
    """What the client's side of a connection knows and answers.

    Args:
        wire: the grammar, which gets the answers.
        terminal: what is shown.
        encodings: character sets that are agreed to, best first.

    Attributes:
        encoding: what was agreed on by CHARSET; None for nothing.
        mssp: facts of a game.
        gmcp: messages of GMCP, oldest first; the oldest are dropped beyond a thousand.
        line_mode: whether the server has asked for whole lines (LINEMODE's EDIT).
    """

    wire: Wire
    terminal: Terminal
    encodings: tuple[str, ...] = ("utf-8", "us-ascii")
    encoding: str | None = None
    mssp: dict[str, str] = field(default_factory=dict)
    gmcp: list[tuple[str, Any]] = field(default_factory=list)
    line_mode: bool = False
    _types_told: int = 0

    @classmethod
    def begin(cls, terminal: Terminal, *, compress: bool = False, binary: bool = False,
              starttls: bool = False) -> TerminalSide:
        """A client's side with its grammar; nothing is asked for yet.

        Args:
            terminal: what is shown.
            compress: whether the server may compress (MCCP); never over TLS (CRIME).
            binary: whether to ask for BINARY both ways.
            starttls: whether to offer START_TLS.
        """
        ours, theirs = set(OURS) | {LINEMODE}, set(THEIRS)
        if terminal.environ:
            ours.add(NEW_ENVIRON)
        if compress:
            theirs |= {MCCP2, MCCP3}
        if starttls:
            ours.add(START_TLS)
        side = cls(Wire(ours, theirs), terminal)
        if binary:
            side.wire.ask(BINARY, ours=True)
            side.wire.ask(BINARY, ours=False)
        return side

    def offer(self) -> None:
        """Say first what we can do: only to a port where Telnet is expected."""
        for option in (TTYPE, NAWS, *((NEW_ENVIRON,) if self.terminal.environ else ())):
            self.wire.ask(option, ours=True)
        self.wire.ask(SGA, ours=False)

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size now."""
        self.terminal = replace(self.terminal, columns=columns, rows=rows)
        if self.wire.ours(NAWS).on:
            self.wire.message(NAWS, messages.size(columns, rows))

    def handle(self, event: Event) -> None:
        """Answer what *event* asks for, and note what it tells."""
        if isinstance(event, Changed):
            self._changed(event)
        elif isinstance(event, Message) and (answer := _ANSWERS.get(event.option)):
            answer(self, event.data)

    def _changed(self, event: Changed) -> None:
        if event.option == NAWS and event.ours and event.on:
            self.resize(self.terminal.columns, self.terminal.rows)
        elif event.option == MCCP3 and not event.ours and event.on:
            self.wire.compress(MCCP3)
        elif event.option == START_TLS and event.ours and event.on:
            self.wire.message(START_TLS, b"\x01")
        elif event.option == TTYPE and event.ours:
            self._types_told = 0

    def _terminal_type(self, data: bytes) -> None:
        if data[:1] == bytes((messages.SEND,)):
            types = self.terminal.types
            kind = types[min(self._types_told, len(types) - 1)]
            self._types_told = (self._types_told + 1) % (len(types) + 1)
            self.wire.message(TTYPE, bytes((messages.IS,)) + kind.encode("ascii"))

    def _speed(self, data: bytes) -> None:
        if data[:1] == bytes((messages.SEND,)):
            speed = self.terminal.speed
            self.wire.message(TSPEED, b"\0%d,%d" % (speed, speed))

    def _environ(self, data: bytes) -> None:
        if data[:1] == bytes((messages.SEND,)):
            asked = messages.environ_asked(data[1:])
            known = self.terminal.environ
            told = {name: known[name] for name in (asked or known) if name in known}
            self.wire.message(NEW_ENVIRON, messages.environ(messages.IS, told))

    def _charset(self, data: bytes) -> None:
        word = data[0] if data else -1
        if word == messages.REQUEST:
            by_name = {name.lower(): name for name in reversed(messages.charsets_of(data[1:]))}
            chosen = next((name for name in self.encodings if name in by_name), None)
            if chosen is None:
                self.wire.message(CHARSET, bytes((messages.REJECTED,)))
                return
            self.encoding = chosen
            self.wire.message(CHARSET, bytes((messages.ACCEPTED,)) + by_name[chosen].encode())
        elif word == messages.ACCEPTED:
            name = data[1:].decode("ascii", "replace").lower()
            self.encoding = name if name in self.encodings else None

    def _status(self, data: bytes) -> None:
        if data[:1] == bytes((messages.SEND,)):
            self.wire.message(STATUS, messages.status(self.wire.in_use(ours=True),
                                                      self.wire.in_use(ours=False)))

    def _linemode(self, data: bytes) -> None:
        """RFC 1184: EDIT and TRAPSIG as asked for, acknowledged; no characters of our own."""
        if data[:1] == bytes((_MODE,)) and len(data) == 2 and not data[1] & _MODE_ACK:
            mode = data[1] & (_EDIT | _TRAPSIG)
            self.line_mode = bool(mode & _EDIT)
            self.wire.message(LINEMODE, bytes((_MODE, mode | _MODE_ACK)))
        elif len(data) >= 2 and data[1] == _FORWARDMASK and data[0] == 253:
            self.wire.message(LINEMODE, bytes((252, _FORWARDMASK)))

    def _facts(self, data: bytes) -> None:
        self.mssp.update(messages.mssp_of(data))

    def _told(self, data: bytes) -> None:
        self.gmcp.append(messages.gmcp_of(data))
        del self.gmcp[:-_KEPT]


_ANSWERS = {
    TTYPE: TerminalSide._terminal_type, TSPEED: TerminalSide._speed,
    NEW_ENVIRON: TerminalSide._environ, CHARSET: TerminalSide._charset,
    STATUS: TerminalSide._status, LINEMODE: TerminalSide._linemode, MSSP: TerminalSide._facts,
    GMCP: TerminalSide._told}
