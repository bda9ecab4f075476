# A conversation (its twin serial_sync.py is generated): a serial port by RFC 2217.
"""A serial port at the other end of a Telnet connection (RFC 2217).

Settings are asked for and the server's *answer* is waited for, never a while: what a method
returns is what holds at the port. Data that come meanwhile are kept for `read`.
"""

from __future__ import annotations

from typing import Any

from ..errors import ConnectionLost, NotSupported, ReplyError, located
from ..timing import Deadline
from ..transport.clock_async import now
from ..urls import URL
from . import comport
from .client_async import AsyncClient
from .codes import COM_PORT
from .comport import Control, Request, Word
from .types import LineSettings, LineState, ModemState, Parity, StopBits
from .wire import Changed, Data, Event, Message

__all__ = ["AsyncSerialPort"]

_FLOW = {"none": Control.FLOW_NONE, "xonxoff": Control.FLOW_XON,
         "hardware": Control.FLOW_HARDWARE}
_NO_LINE = LineState(0)
_NO_MODEM = ModemState(0)


class AsyncSerialPort(AsyncClient):
    """A serial port that a Telnet server offers; bytes both ways, and the line's settings.

    Args:
        target: host, or URL; device servers often have one TCP port for each serial port.
        settings: the keywords of `AsyncClient`.

    Attributes:
        modem: the modem's lines as the server last told them.
        line: what the line has met, as the server last told.

    Example:
        >>> async with AsyncSerialPort("telnet://telnet.example.org:2217") as port:
        ...     print(await port.set(baud=115200))
        115200 8N1
    """

    def __init__(self, target: str | URL, **settings: Any) -> None:
        self.modem: ModemState = _NO_MODEM
        self.line: LineState = _NO_LINE
        self._answers: dict[Word, Request] = {}
        self._refused = False
        self.suspended = False
        super().__init__(target, **{"binary": True, "active": True, **settings})

    async def _greet(self) -> None:
        self._side.wire.ours(COM_PORT).allowed = True
        self._side.wire.ask(COM_PORT, ours=True)
        self._refused = False
        await super()._greet()

    def _take(self, event: Event) -> None:
        if isinstance(event, Message) and event.option == COM_PORT:
            request = comport.parse(event.data, server=True)
            if request is not None:
                self._told(request)
            return
        if isinstance(event, Changed) and event.option == COM_PORT and event.ours:
            self._refused = not event.on
        super()._take(event)

    def _told(self, request: Request) -> None:
        if request.word is Word.MODEMSTATE:
            self.modem = ModemState(request.value)
        elif request.word is Word.LINESTATE:
            self.line = LineState(request.value)
        elif request.word in (Word.SUSPEND, Word.RESUME):
            self.suspended = request.word is Word.SUSPEND
        else:
            self._answers[request.word] = request

    async def _asked(self, word: Word, value: int = 0, text: str = "") -> Request:
        """Send a command and wait for its answer."""
        with located(str(self.url)):
            deadline = Deadline.after(self.timeout, now=now())
            while COM_PORT not in self.ours and not self._refused:
                await self._step(deadline)
            if self._refused:
                raise NotSupported(f"{self.url.host}: the server has no serial port (RFC 2217)",
                                   hint="it may be a plain Telnet or raw TCP port: use "
                                   "telnet.Client, and set the line at the server")
            self._answers.pop(word, None)
            async with self._turn:
                self._side.wire.message(COM_PORT, comport.pack(Request(word, value, text)))
                await self._flush_wire()
            while word not in self._answers:
                await self._step(deadline)
            return self._answers.pop(word)

    async def _step(self, deadline: Deadline) -> None:
        """Take what comes; data are kept."""
        while (event := self._side.wire.next_event()) is not None:
            if isinstance(event, Data):
                self._held.append(event.data)
                continue
            self._take(event)
            await self._send_out()
            return
        await self._send_out()
        self._connected().deadline = deadline
        if self._over or not await self._receive():
            raise ConnectionLost(f"{self.url.host}: the server closed the connection")

    async def _must(self, word: Word, value: int, what: str) -> int:
        """Set, and insist on it."""
        found = (await self._asked(word, value)).value
        if value and found != value:
            raise ReplyError(f"serial line: {what}: the server keeps {found}",
                             hint="the port cannot do it, or another program has it")
        return found

    async def set(
        self,
        *,
        baud: int | None = None,
        data: int | None = None,
        parity: Parity | None = None,
        stop: StopBits | None = None,
        flow: str | None = None,
    ) -> LineSettings:
        """Set the line; what is left out stays.

        Args:
            baud: bits a second.
            data: data bits, 5 to 8.
            parity: none, odd, even, mark or space.
            stop: stop bits.
            flow: ``"none"``, ``"xonxoff"`` or ``"hardware"``.

        Returns:
            The settings that hold now, by the server's word.

        Raises:
            ReplyError: the server keeps another value.
            NotSupported: it has no serial port.
        """
        if flow is not None:
            await self._must(Word.CONTROL, _FLOW[flow], f"flow control {flow}")
        return LineSettings(
            await self._must(Word.BAUD, baud or 0, f"{baud} bits a second"),
            await self._must(Word.DATASIZE, data or 0, f"{data} data bits"),
            Parity(await self._must(Word.PARITY, parity.value if parity else 0, "parity")),
            StopBits(await self._must(Word.STOPSIZE, stop.value if stop else 0, "stop bits")))

    async def settings(self) -> LineSettings:
        """The settings that hold, by the server's word."""
        return await self.set()

    async def dtr(self, on: bool) -> None:
        """Raise or drop DTR."""
        await self._must(Word.CONTROL, Control.DTR_ON if on else Control.DTR_OFF, "DTR")

    async def rts(self, on: bool) -> None:
        """Raise or drop RTS."""
        await self._must(Word.CONTROL, Control.RTS_ON if on else Control.RTS_OFF, "RTS")

    async def break_(self, on: bool) -> None:
        """Begin or end a break."""
        await self._must(Word.CONTROL, Control.BREAK_ON if on else Control.BREAK_OFF, "break")

    async def purge(self, *, incoming: bool = True, outgoing: bool = True) -> None:
        """Throw away what the server has buffered."""
        await self._must(Word.PURGE, incoming + 2 * outgoing or 3, "purge")

    async def watch(self, modem: int = 255, line: int = 0) -> None:
        """Which changes the server tells: masks of `ModemState` and `LineState`."""
        await self._asked(Word.MODEMSTATE_MASK, modem)
        await self._asked(Word.LINESTATE_MASK, line)

    async def suspend(self, on: bool = True) -> None:
        """Ask the server to hold its data back, or to go on (RFC 2217 FLOWCONTROL)."""
        async with self._turn:
            word = Word.SUSPEND if on else Word.RESUME
            self._side.wire.message(COM_PORT, comport.pack(Request(word)))
            await self._flush_wire()

    async def signature(self) -> str:
        """What the server says it is."""
        return (await self._asked(Word.SIGNATURE)).text
