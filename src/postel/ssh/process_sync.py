# GENERATED from process_async.py by tools/unasync.py: edit that file, not this one.
"""A command or shell that runs at the other end: its bytes, its window, its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self

from ..errors import ConnectionLost, PostelError, TimedOut, UsageError, located
from ..timing import Deadline
from ..transport import disk_sync as disk
from ..transport.clock_sync import now
from ..transport.socket_sync import SocketStream
from ..transport.sockets import READ
from ..transport.stream_sync import Stream
from .carriers import Running, Window

if TYPE_CHECKING:
    from .client_sync import Client

__all__ = ["Process"]

_PATIENCE = 10.0

Tell = Callable[[bytes], object]


class Process:
    """A command or shell that runs at the other end.

    Attributes:
        newline: what a line that is sent ends with.
        signal: what ended it, where that is known.
    """

    newline = b"\n"

    def __init__(self, client: Client, command: str | None, window: Window | None,
                 environ: Mapping[str, str]) -> None:
        self._client, self._command = client, command
        self._window, self._environ = window, environ
        self._running: Running | None = None
        self._out: Stream | None = None
        self._err: Stream | None = None
        self._owns = False
        self.url = client.url
        self._limit: Deadline | None = None

    def open(self) -> None:
        """Begin."""
        if not self._client.is_open:
            self._client.open()
            self._owns = True
        try:
            with located(str(self.url)):
                self._running = disk.call(self._client.carrier.session, self._command,
                                                self._window, self._environ)
        except BaseException:
            self.close()
            raise
        host = self.url.host
        self._out = SocketStream(self._running.out, host)
        self._err = None if self._running.err is None else SocketStream(
            self._running.err, host)

    def close(self) -> None:
        """End it, if it has not ended."""
        running, self._running = self._running, None
        for stream in (self._out, self._err):
            if stream is not None:
                stream.close()
        if running is not None and disk.call(running.wait, 0.5) is None:
            running.stop()
            disk.call(running.wait, _PATIENCE)
        if self._owns:
            self._owns = False
            self._client.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

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

    def read(self, *, timeout: float | None = None) -> bytes:
        """What it has written, at least one byte; ``b""`` at the end."""
        return self._receive(self._out, timeout)

    def read_error(self, *, timeout: float | None = None) -> bytes:
        """What it has complained of; ``b""`` at the end, and with a terminal."""
        return self._receive(self._err, timeout)

    def _receive(self, stream: Stream | None, timeout: float | None) -> bytes:
        if self._running is None:
            raise UsageError(f"{self.url}: not open", hint="use it in a with block")
        if stream is None:
            return b""
        stream.deadline = self._limit or Deadline.after(
            self._client.timeout if timeout is None else timeout, now=now())
        try:
            return stream.receive(READ)
        except ConnectionLost:
            return b""  # it left something unread; its status tells the rest

    def write(self, data: bytes) -> None:
        """Give it something to read."""
        if self._out is None or self._running is None:
            raise UsageError(f"{self.url}: not open", hint="use it in a with block")
        self._out.deadline = self._limit or Deadline.after(self._client.timeout, now=now())
        self._out.send(data)

    def send_end(self) -> None:
        """There is no more for it to read: the end of its input, or Ctrl-D in a terminal."""
        if self._window is not None:
            self.write(b"\x04")
        elif self._out is not None:
            try:
                self._out.end_sending()
            except PostelError:
                pass  # it has ended already

    def give(self, data: bytes) -> None:
        """All of its input, and then the end; what it does not want to read is no error."""
        try:
            if data:
                self.write(data)
        except ConnectionLost:
            pass
        self.send_end()

    def pour(self, errors: bool, take: Tell) -> None:
        """Hand everything it writes (or complains of) to a function, to the end."""
        while data := self._receive(self._err if errors else self._out, None):
            take(data)

    def resize(self, columns: int, rows: int) -> None:
        """The window of its terminal has another size now."""
        if self._running is not None:
            self._running.resize(columns, rows)

    def wait(self, *, timeout: float | None = None) -> int:
        """Its exit status, when it has ended.

        Raises:
            ConnectionLost: nobody knows it.
        """
        if self._running is None:
            raise UsageError(f"{self.url}: not open", hint="use it in a with block")
        seconds = timeout if timeout is not None else self._client.timeout
        status = disk.call(self._running.wait, seconds)
        if status is None:
            raise TimedOut(f"{self.url.host}: the command did not end in {seconds:g} s")
        return status
