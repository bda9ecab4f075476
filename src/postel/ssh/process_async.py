# A conversation (its twin process_sync.py is generated): a session that is talked to.
"""A command or shell that runs at the other end: its bytes, its window, its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self

from ..errors import ConnectionLost, PostelError, TimedOut, UsageError, located
from ..timing import Deadline
from ..transport import disk_async as disk
from ..transport.clock_async import now
from ..transport.socket_async import AsyncSocketStream
from ..transport.sockets import READ
from ..transport.stream_async import AsyncStream
from .carriers import Running, Window

if TYPE_CHECKING:
    from .client_async import AsyncClient

__all__ = ["AsyncProcess"]

_PATIENCE = 10.0

Tell = Callable[[bytes], object]


class AsyncProcess:
    """A command or shell that runs at the other end.

    Attributes:
        newline: what a line that is sent ends with.
        signal: what ended it, where that is known.
    """

    newline = b"\n"

    def __init__(self, client: AsyncClient, command: str | None, window: Window | None,
                 environ: Mapping[str, str]) -> None:
        self._client, self._command = client, command
        self._window, self._environ = window, environ
        self._running: Running | None = None
        self._out: AsyncStream | None = None
        self._err: AsyncStream | None = None
        self._owns = False
        self.url = client.url
        self._limit: Deadline | None = None

    async def open(self) -> None:
        """Begin."""
        if not self._client.is_open:
            await self._client.open()
            self._owns = True
        try:
            with located(str(self.url)):
                self._running = await disk.call(self._client.carrier.session, self._command,
                                                self._window, self._environ)
        except BaseException:
            await self.aclose()
            raise
        host = self.url.host
        self._out = AsyncSocketStream(self._running.out, host)
        self._err = None if self._running.err is None else AsyncSocketStream(
            self._running.err, host)

    async def aclose(self) -> None:
        """End it, if it has not ended."""
        running, self._running = self._running, None
        for stream in (self._out, self._err):
            if stream is not None:
                await stream.aclose()
        if running is not None and await disk.call(running.wait, 0.5) is None:
            running.stop()
            await disk.call(running.wait, _PATIENCE)
        if self._owns:
            self._owns = False
            await self._client.aclose()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    @property
    def is_open(self) -> bool:
        """Whether it has begun and was not closed."""
        return self._running is not None

    @property
    def signal(self) -> str:
        """The signal that ended it, where the backend tells; else ""."""
        return self._running.signal if self._running is not None else ""

    def allow(self, deadline: Deadline) -> None:
        """Every wait from now on ends by *deadline*."""
        self._limit = deadline

    async def read(self, *, timeout: float | None = None) -> bytes:
        """What it has written, at least one byte; ``b""`` at the end."""
        return await self._receive(self._out, timeout)

    async def read_error(self, *, timeout: float | None = None) -> bytes:
        """What it has complained of; ``b""`` at the end, and with a terminal."""
        return await self._receive(self._err, timeout)

    async def _receive(self, stream: AsyncStream | None, timeout: float | None) -> bytes:
        if self._running is None:
            raise UsageError(f"{self.url}: not open", hint="use it in a with block")
        if stream is None:
            return b""
        stream.deadline = self._limit or Deadline.after(
            self._client.timeout if timeout is None else timeout, now=now())
        try:
            return await stream.receive(READ)
        except ConnectionLost:
            return b""  # it left something unread; its status tells the rest

    async def write(self, data: bytes) -> None:
        """Give it something to read."""
        if self._out is None or self._running is None:
            raise UsageError(f"{self.url}: not open", hint="use it in a with block")
        self._out.deadline = self._limit or Deadline.after(self._client.timeout, now=now())
        await self._out.send(data)

    async def send_end(self) -> None:
        """There is no more for it to read: the end of its input, or Ctrl-D in a terminal."""
        if self._window is not None:
            await self.write(b"\x04")
        elif self._out is not None:
            try:
                await self._out.end_sending()
            except PostelError:
                pass  # it has ended already

    async def give(self, data: bytes) -> None:
        """All of its input, and then the end; what it does not want to read is no error."""
        try:
            if data:
                await self.write(data)
        except ConnectionLost:
            pass
        await self.send_end()

    async def pour(self, errors: bool, take: Tell) -> None:
        """Hand everything it writes (or complains of) to a function, to the end."""
        while data := await self._receive(self._err if errors else self._out, None):
            take(data)

    async def resize(self, columns: int, rows: int) -> None:
        """The window of its terminal has another size now."""
        if self._running is not None:
            self._running.resize(columns, rows)

    async def wait(self, *, timeout: float | None = None) -> int:
        """Its exit status, when it has ended.

        Raises:
            ConnectionLost: nobody knows it.
        """
        if self._running is None:
            raise UsageError(f"{self.url}: not open", hint="use it in a with block")
        seconds = timeout if timeout is not None else self._client.timeout
        status = await disk.call(self._running.wait, seconds)
        if status is None:
            raise TimedOut(f"{self.url.host}: the command did not end in {seconds:g} s")
        return status
