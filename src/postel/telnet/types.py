"""What Telnet's users hold in their hands: the terminal that is shown, lines of a serial port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntFlag

from ..errors import UsageError

__all__ = ["LineSettings", "LineState", "ModemState", "Parity", "StopBits", "Terminal"]

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Terminal:
    """The terminal that a client shows the server.

    Nothing is told that does not stand here: no variable of this process's environment, no name
    of the user.

    Args:
        kind: its type, as in terminfo; asked for by TTYPE.
        columns: of its window.
        rows: of its window.
        speed: bits a second, both ways.
        environ: variables to tell a server that asks (NEW-ENVIRON).
        client: the program's name for TTYPE's first answer (MTTS); "" gives the type alone.
        features: the bits of MTTS: 1 ANSI, 4 UTF-8, 8 256 colours, 256 true colour …

    Example:
        >>> Terminal("vt100", columns=132).types
        ('vt100',)
        >>> Terminal("xterm-256color", client="POSTEL", features=13).types
        ('POSTEL', 'XTERM-256COLOR', 'MTTS 13')
    """

    kind: str = "xterm-256color"
    columns: int = 80
    rows: int = 24
    speed: int = 38400
    environ: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    client: str = ""
    features: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.columns <= 0xFFFF and 0 <= self.rows <= 0xFFFF):
            raise UsageError(f"a terminal of {self.columns} by {self.rows}: no such window")
        if not self.kind.isascii() or not self.kind.isprintable() or len(self.kind) > 40:
            raise UsageError(f"a terminal of type {self.kind!r}: no such name (RFC 1091)")

    @property
    def types(self) -> tuple[str, ...]:
        """What TTYPE answers in turn; the last is given twice (RFC 1091)."""
        if not self.client:
            return (self.kind,)
        return (self.client.upper(), self.kind.upper(), f"MTTS {self.features}")


class Parity(Enum):
    """Of a serial line (RFC 2217)."""

    NONE = 1
    ODD = 2
    EVEN = 3
    MARK = 4
    SPACE = 5


class StopBits(Enum):
    """Of a serial line (RFC 2217)."""

    ONE = 1
    TWO = 2
    ONE_AND_A_HALF = 3


class ModemState(IntFlag):
    """The lines of a modem, and which of them have changed (RFC 2217 NOTIFY-MODEMSTATE)."""

    CTS_CHANGED = 1
    DSR_CHANGED = 2
    RING_ENDED = 4
    CARRIER_CHANGED = 8
    CTS = 16
    DSR = 32
    RING = 64
    CARRIER = 128


class LineState(IntFlag):
    """What a serial line has met (RFC 2217 NOTIFY-LINESTATE)."""

    DATA_READY = 1
    OVERRUN = 2
    PARITY_ERROR = 4
    FRAMING_ERROR = 8
    BREAK = 16
    TRANSMIT_READY = 32
    TRANSMIT_EMPTY = 64
    TIMEOUT = 128


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a serial line is set, as the server says.

    Example:
        >>> print(LineSettings(115200))
        115200 8N1
    """

    baud: int = 9600
    data: int = 8
    parity: Parity = Parity.NONE
    stop: StopBits = StopBits.ONE

    def __str__(self) -> str:
        stop = {StopBits.ONE: "1", StopBits.TWO: "2", StopBits.ONE_AND_A_HALF: "1.5"}[self.stop]
        return f"{self.baud} {self.data}{self.parity.name[0]}{stop}"
