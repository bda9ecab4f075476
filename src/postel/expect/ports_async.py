# A conversation (its twin ports_sync.py is generated): what a dialogue may be held over.
"""Ports: byte streams of every kind with one face, so that the engine knows none of them.

A port is opened by the dialogue's block, and closed by it if the block opened it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import Conflict, ConnectionLost, UsageError
from ..secrets import HIDDEN
from ..timing import NEVER, Deadline
from ..transport import disk_async as disk
from ..transport.connector_async import AsyncConnector
from ..transport.pseudo import Pseudo
from ..transport.socket_async import AsyncSocketStream
from ..transport.sockets import READ
from ..transport.stream_async import AsyncStream
from .matching import shown
from .recording import Turn, read_transcript

__all__ = ["AsyncClientPort", "AsyncPort", "AsyncProgramPort", "AsyncReplayPort", "AsyncStreamPort",
           "AsyncTCPPort"]

_PATIENCE = 5.0


class AsyncPort:
    """Bytes both ways.

    Attributes:
        name: what errors call it.
        plain: whether escape sequences are taken out unless the caller says otherwise.
        newline: what a line that is sent ends with.
    """

    name = "the other side"
    plain = True
    newline = b"\n"

    async def open(self) -> None:
        """Begin."""

    async def receive(self, deadline: Deadline) -> bytes:
        """The next bytes; ``b""`` at the end."""
        raise NotImplementedError

    async def send(self, data: bytes) -> None:
        """Send all of *data*."""
        raise NotImplementedError

    async def send_end(self) -> None:
        """Say that no more will be sent: to a terminal, Ctrl-D."""
        await self.send(b"\x04")

    def wants_keys(self) -> bool:
        """Whether it edits and echoes lines by itself, and wants each key at once."""
        return True

    async def resize(self, columns: int, rows: int) -> None:
        """The window has another size; those without a window do not care."""

    async def status(self) -> int | None:
        """The exit status of what ran, once it has ended; None where there is none."""
        return None

    async def aclose(self) -> None:
        """Let go."""


class AsyncStreamPort(AsyncPort):
    """Over any stream."""

    plain = False

    def __init__(self, stream: AsyncStream, name: str = "the stream") -> None:
        self._stream: AsyncStream | None = stream
        self.name = name

    def _there(self) -> AsyncStream:
        if self._stream is None:
            raise UsageError(f"{self.name}: not open", hint="use it in a with block")
        return self._stream

    async def receive(self, deadline: Deadline) -> bytes:
        """The next bytes."""
        stream = self._there()
        stream.deadline = deadline
        return await stream.receive(READ)

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        await self._there().send(data)

    def wants_keys(self) -> bool:
        """A mere stream has no editor."""
        return False

    async def send_end(self) -> None:
        """Say that no more will be sent."""
        await self._there().end_sending()

    async def aclose(self) -> None:
        """Close the stream."""
        if self._stream is not None:
            await self._stream.aclose()


class AsyncTCPPort(AsyncStreamPort):
    """Over a TCP connection of its own.

    Args:
        host: where to.
        port: which.
        timeout: seconds to connect in.
    """

    newline = b"\r\n"

    def __init__(self, host: str, port: int, timeout: float | None = 60.0) -> None:
        self._host, self._port, self._timeout = host, port, timeout
        self._stream = None
        self.name = f"{host} port {port}"

    async def open(self) -> None:
        """Connect."""
        from ..transport.clock_async import now

        self._stream = await AsyncConnector().connect(
            self._host, self._port, deadline=Deadline.after(self._timeout, now=now()))
        self._stream.deadline = NEVER


class AsyncProgramPort(AsyncStreamPort):
    """Over the terminal of a program on this machine."""

    plain = True

    def __init__(
        self,
        words: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
        folder: str | Path | None = None,
        echo: bool = True,
    ) -> None:
        if environ is None:
            environ = {**os.environ, "TERM": os.environ.get("TERM", "xterm")}
        self._program = Pseudo(words, columns=columns, rows=rows, environ=environ, folder=folder,
                               echo=echo)
        self._stream = None
        self.name = self._program.words[0] if self._program.words else "nothing"

    async def open(self) -> None:
        """Run it."""
        self._stream = AsyncSocketStream(self._program.start(), self.name)

    async def receive(self, deadline: Deadline) -> bytes:
        """The next bytes; what it left unread when it ended is no error."""
        try:
            return await super().receive(deadline)
        except ConnectionLost:
            return b""

    def wants_keys(self) -> bool:
        """Its terminal edits."""
        return True

    async def send_end(self) -> None:
        """Ctrl-D, at the beginning of a line."""
        await self.send(b"\x04")

    async def resize(self, columns: int, rows: int) -> None:
        """Its window has another size."""
        self._program.resize(columns, rows)

    async def status(self) -> int | None:
        """Its exit status; negative for a signal."""
        return await disk.call(self._program.wait, _PATIENCE)

    async def aclose(self) -> None:
        """Hang up, and wait until it has ended."""
        if self._stream is not None:
            await self._stream.aclose()
            await disk.call(self._program.wait, _PATIENCE)

    def interrupt(self) -> None:
        """Send it SIGINT."""
        self._program.signal(signal.SIGINT)


class AsyncClientPort(AsyncPort):
    """Over a client that reads and writes: Telnet, a serial port, a shell over SSH.

    Args:
        client: it is used, and left open if it was open before.
        name: what errors call it.
    """

    def __init__(self, client: Any, name: str = "") -> None:
        self._client = client
        self._own = not client.is_open
        self.name = name or str(client.url.host)
        self.plain = type(client).__name__.removeprefix("Async") != "SerialPort"

    @property
    def newline(self) -> bytes:  # type: ignore[override]
        """The client's own, as it is now."""
        found: bytes = self._client.newline
        return found

    async def open(self) -> None:
        """Open the client, if nobody has yet."""
        if self._own:
            await self._client.open()

    async def receive(self, deadline: Deadline) -> bytes:
        """The next bytes."""
        from ..transport.clock_async import now

        left = deadline.remaining(now=now())
        data: bytes = await self._client.read(timeout=86_400.0 if left is None else left)
        return data

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        await self._client.write(data)

    async def resize(self, columns: int, rows: int) -> None:
        """The window has another size."""
        await self._client.resize(columns, rows)

    def wants_keys(self) -> bool:
        """Unless it is a Telnet server that does not echo."""
        return bool(getattr(self._client, "echoes", True))

    async def send_end(self) -> None:
        """Say that no more will be sent, where the client has a way to."""
        end = getattr(self._client, "send_end", None)
        if end is not None:
            await end()

    async def status(self) -> int | None:
        """The exit status, where the client knows one."""
        wait = getattr(self._client, "wait", None)
        return None if wait is None else await wait()

    async def aclose(self) -> None:
        """Close the client, if it was opened here."""
        if self._own:
            await self._client.aclose()


class AsyncReplayPort(AsyncPort):
    """Over a transcript: says what was said then, and insists on hearing what was heard.

    Args:
        source: a transcript's path, or its turns.
    """

    def __init__(self, source: str | Path | Sequence[Turn]) -> None:
        self._source = source
        self._theirs: list[tuple[int, bytes]] = []  # with how many of ours came before
        self._ours: list[bytes] = []
        self._said = self._heard = 0
        self.name = f"the transcript {source}" if isinstance(source, (str, Path)) \
            else "the transcript"

    async def open(self) -> None:
        """Read it."""
        source = self._source
        turns = (await disk.call(read_transcript, source)
                 if isinstance(source, (str, Path)) else source)
        for turn in turns:
            if turn.ours:
                self._ours.append(turn.data)
            else:
                self._theirs.append((len(self._ours), turn.data))

    async def receive(self, deadline: Deadline) -> bytes:
        """What was said next.

        Raises:
            Conflict: then we had something to say first.
        """
        if self._said >= len(self._theirs):
            return b""
        ours, data = self._theirs[self._said]
        if ours > self._heard:
            raise Conflict(f"{self.name}: then {shown(self._ours[self._heard])} was sent first",
                           hint="the dialogue differs from the recorded one")
        self._said += 1
        return data

    async def send(self, data: bytes) -> None:
        """Hear something; where the transcript hides a secret, anything.

        Raises:
            Conflict: it is not what was sent then.
        """
        while data:
            if self._heard >= len(self._ours):
                raise Conflict(f"{self.name}: {shown(data)} is sent, and then nothing more was")
            wanted = self._ours[self._heard]
            if wanted.startswith(data) and wanted != data:
                self._ours[self._heard] = wanted[len(data):]
                return
            self._heard += 1
            if HIDDEN.encode() in wanted:
                return
            if not data.startswith(wanted):
                raise Conflict(f"{self.name}: {shown(data)} is sent, and then it was "
                               f"{shown(wanted)}",
                               hint="the dialogue differs from the recorded one")
            data = data[len(wanted):]
