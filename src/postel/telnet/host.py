"""The server's half of the options: what it offers, asks the terminal, and notes of the answers.

A grammar module on top of `wire`. Everything is offered at once and nothing is waited for: what the
client tells of itself is there when it has come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import comport, messages
from .codes import (
    BINARY,
    CHARSET,
    COM_PORT,
    ECHO,
    EOR,
    GMCP,
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
from .comport import Request
from .negotiation import State
from .wire import Changed, Event, Message, Wire

__all__ = ["HostSide"]

_MOST_TYPES = 10
_KEPT = 1000


@dataclass
class HostSide:
    """What the server's side of a connection knows, offers and answers.

    Args:
        wire: the grammar, which gets the answers.
        facts: what MSSP tells; none offers no MSSP.

    Attributes:
        kinds: the terminal's types as it told them, best first.
        size: columns and rows, once told.
        speed: its speeds, once told.
        environ: variables that it sent.
        encoding: agreed on by CHARSET.
        gmcp: messages of GMCP from the client.
        requests: messages of RFC 2217 that nobody has answered yet.
    """

    wire: Wire
    facts: Mapping[str, str] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    size: tuple[int, int] | None = None
    speed: tuple[int, int] | None = None
    environ: dict[str, str] = field(default_factory=dict)
    encoding: str | None = None
    gmcp: list[tuple[str, Any]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    tells_all: bool = False
    _hides: bool = False

    @classmethod
    def begin(cls, *, echo: bool = True, starttls: bool = False, game: bool = False,
              compress: bool = False, serial: bool = False, linemode: bool = False,
              facts: Mapping[str, str] | None = None) -> HostSide:
        """A server's side; what it offers and asks for is in its wire already.

        Args:
            echo: whether it offers to echo what is typed.
            starttls: whether it asks for START_TLS.
            game: whether it offers GMCP, and MSSP where there are facts.
            compress: whether it offers MCCP.
            serial: whether it is a serial port (RFC 2217).
            linemode: whether it asks for whole lines instead (RFC 1184).
            facts: for MSSP.
        """
        ours = {BINARY, SGA, STATUS, TM, EOR, CHARSET}
        theirs = {BINARY, SGA, NAWS, TTYPE, TSPEED, NEW_ENVIRON, CHARSET, EOR, LINEMODE}
        theirs |= {COM_PORT} if serial else set()
        side = cls(Wire(ours, theirs), facts or {})
        wire = side.wire
        if starttls:
            wire.ask(START_TLS, ours=False)
        offered = [*((ECHO, SGA) if echo and not linemode else (SGA,)),
                   *((GMCP,) if game else ()), *((MSSP,) if facts else ()),
                   *((MCCP2, MCCP3) if compress else ())]
        for option in offered:
            wire.ask(option, ours=True)
        for option in (*((LINEMODE,) if linemode else ()), TTYPE, NAWS, NEW_ENVIRON, CHARSET):
            wire.ask(option, ours=False)
        return side

    @property
    def echoes(self) -> bool:
        """Whether what is typed is to be echoed here: agreed on, or not refused yet."""
        return self.wire.ours(ECHO).on

    def hide(self, hidden: bool) -> None:
        """A password is typed: a client that echoes by itself is told not to (RFC 857)."""
        if hidden:
            self._hides = self.wire.ours(ECHO).state is State.NO
        if self._hides:
            self.wire.ask(ECHO, ours=True, on=hidden)

    def answer(self, request: Request) -> None:
        """Answer a message of RFC 2217, or tell something by one."""
        self.wire.message(COM_PORT, comport.pack(request, server=True))

    def tell(self, package: str, data: object = None) -> None:
        """Send a message of GMCP, where it is agreed on."""
        if self.wire.ours(GMCP).on:
            self.wire.message(GMCP, messages.gmcp(package, data))

    def handle(self, event: Event) -> None:
        """Note what *event* tells, and answer what it asks."""
        if isinstance(event, Changed):
            self._changed(event)
        elif isinstance(event, Message) and (note := _NOTES.get(event.option)):
            note(self, event.data)

    def _changed(self, event: Changed) -> None:
        if not event.on:
            return
        option, wire = event.option, self.wire
        if event.ours:
            if option == MSSP:
                wire.message(MSSP, messages.mssp(self.facts))
            elif option == MCCP2:
                wire.compress(MCCP2)
        elif option in (TTYPE, TSPEED, NEW_ENVIRON):
            wire.message(option, bytes((messages.SEND,)))
        elif option == CHARSET:
            wire.message(CHARSET, messages.charset_request(("UTF-8", "US-ASCII")))
        elif option == LINEMODE:
            wire.message(LINEMODE, b"\x01\x03")  # MODE EDIT TRAPSIG

    def _kind(self, data: bytes) -> None:
        """The next type: it is asked for until one comes twice (RFC 1091)."""
        if data[:1] != bytes((messages.IS,)) or self.tells_all:
            return
        kind = data[1:].decode("ascii", "replace")[:64]
        if kind in self.kinds or len(self.kinds) >= _MOST_TYPES:
            self.tells_all = True
            return
        self.kinds.append(kind)
        self.wire.message(TTYPE, bytes((messages.SEND,)))

    def _sized(self, data: bytes) -> None:
        self.size = messages.size_of(data) or self.size

    def _speed(self, data: bytes) -> None:
        if data[:1] == bytes((messages.IS,)):
            self.speed = messages.speed_of(data[1:]) or self.speed

    def _environ(self, data: bytes) -> None:
        if data[:1] in (b"\0", b"\2"):
            self.environ.update(messages.environ_of(data[1:]))

    def _charset(self, data: bytes) -> None:
        if data[:1] == bytes((messages.ACCEPTED,)):
            self.encoding = data[1:].decode("ascii", "replace").lower()
        elif data[:1] == bytes((messages.REQUEST,)):
            names = {name.lower(): name for name in messages.charsets_of(data[1:])}
            chosen = names.get("utf-8") or names.get("us-ascii")
            self.encoding = chosen.lower() if chosen else None
            word = messages.ACCEPTED if chosen else messages.REJECTED
            self.wire.message(CHARSET, bytes((word,)) + (chosen or "").encode())

    def _status(self, data: bytes) -> None:
        if data[:1] == bytes((messages.SEND,)):
            self.wire.message(STATUS, messages.status(self.wire.in_use(ours=True),
                                                      self.wire.in_use(ours=False)))

    def _told(self, data: bytes) -> None:
        self.gmcp.append(messages.gmcp_of(data))
        del self.gmcp[:-_KEPT]

    def _follows(self, data: bytes) -> None:
        """The client is ready for TLS, and so are we.

        Not before: its first record could then come behind its word, in one packet.
        """
        if self.wire.stopped:
            self.wire.message(START_TLS, b"\x01")

    def _line(self, data: bytes) -> None:
        request = comport.parse(data, server=False)
        if request is not None and len(self.requests) < _KEPT:
            self.requests.append(request)


_NOTES = {
    TTYPE: HostSide._kind, NAWS: HostSide._sized, TSPEED: HostSide._speed,
    NEW_ENVIRON: HostSide._environ, CHARSET: HostSide._charset, STATUS: HostSide._status,
    GMCP: HostSide._told, COM_PORT: HostSide._line,
    START_TLS: HostSide._follows}
