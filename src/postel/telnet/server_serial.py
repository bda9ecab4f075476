"""A serial port that is none: what the lab's server offers by RFC 2217.

Service code. It keeps the settings that clients make, answers every command with the value that
holds, and tells who watches when a test moves the modem's lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .comport import Control, Request, Word
from .types import LineSettings, ModemState, Parity, StopBits

__all__ = ["SerialLine"]

_RATES = (50, 4_000_000)


@dataclass
class SerialLine:
    """A virtual serial port.

    Args:
        signature: what it says it is.

    Attributes:
        settings: as clients have set them.
        flow: none, xonxoff or hardware.
        dtr: whether it is raised.
        rts: whether it is raised.
        breaking: whether a break is being sent.
        purged: how often its buffers were thrown away.
        modem: the modem's lines; `move` changes them.

    Example:
        >>> line = SerialLine()
        >>> line.handle(Request(Word.BAUD, 115200)), str(line.settings)
        (Request(word=<Word.BAUD: 1>, value=115200, text=''), '115200 8N1')
    """

    signature: str = "Postel's lab"
    settings: LineSettings = field(default_factory=LineSettings)
    flow: Control = Control.FLOW_NONE
    dtr: bool = True
    rts: bool = True
    breaking: bool = False
    purged: int = 0
    modem: ModemState = ModemState.CTS | ModemState.DSR | ModemState.CARRIER
    modem_mask: int = 255
    line_mask: int = 0
    watchers: list[Callable[[Request], None]] = field(default_factory=list, repr=False)

    def move(self, modem: ModemState) -> None:
        """The modem's lines change; clients are told, with the bits that say what has changed."""
        changed = (self.modem ^ modem) & 0xF0
        self.modem = ModemState(modem & 0xF0)
        value = (int(self.modem) | changed >> 4) & self.modem_mask
        for watcher in list(self.watchers):
            watcher(Request(Word.MODEMSTATE, value))

    def handle(self, request: Request) -> Request | None:
        """Do what a client asks; the answer holds the value that is in force."""
        word, value, old = request.word, request.value, self.settings
        if word is Word.SIGNATURE:
            return Request(word, text=self.signature)
        if word is Word.BAUD:
            baud = value if _RATES[0] <= value <= _RATES[1] else old.baud
            self.settings = LineSettings(baud, old.data, old.parity, old.stop)
            return Request(word, baud)
        if word is Word.DATASIZE:
            data = value if 5 <= value <= 8 else old.data
            self.settings = LineSettings(old.baud, data, old.parity, old.stop)
            return Request(word, data)
        if word is Word.PARITY:
            parity = Parity(value) if 1 <= value <= 5 else old.parity
            self.settings = LineSettings(old.baud, old.data, parity, old.stop)
            return Request(word, parity.value)
        if word is Word.STOPSIZE:
            stop = StopBits(value) if 1 <= value <= 3 else old.stop
            self.settings = LineSettings(old.baud, old.data, old.parity, stop)
            return Request(word, stop.value)
        return self._other(request)

    def _other(self, request: Request) -> Request | None:
        word, value = request.word, request.value
        if word is Word.CONTROL:
            return Request(word, self._control(value))
        if word is Word.PURGE:
            self.purged += 1
        elif word is Word.MODEMSTATE_MASK:
            self.modem_mask = value
        elif word is Word.LINESTATE_MASK:
            self.line_mask = value
        else:
            return None  # SUSPEND and RESUME have no answer
        return request

    def _control(self, value: int) -> int:
        """SET-CONTROL: what holds afterwards, of the thing that was set or asked for."""
        if value in (Control.FLOW_NONE, Control.FLOW_XON, Control.FLOW_HARDWARE):
            self.flow = Control(value)
        elif value in (Control.BREAK_ON, Control.BREAK_OFF):
            self.breaking = value == Control.BREAK_ON
        elif value in (Control.DTR_ON, Control.DTR_OFF):
            self.dtr = value == Control.DTR_ON
        elif value in (Control.RTS_ON, Control.RTS_OFF):
            self.rts = value == Control.RTS_ON
        if value <= Control.FLOW_HARDWARE:
            return self.flow
        if value <= Control.BREAK_OFF:
            return Control.BREAK_ON if self.breaking else Control.BREAK_OFF
        if value <= Control.DTR_OFF:
            return Control.DTR_ON if self.dtr else Control.DTR_OFF
        if value <= Control.RTS_OFF:
            return Control.RTS_ON if self.rts else Control.RTS_OFF
        return self.flow
