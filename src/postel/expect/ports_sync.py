# GENERATED from ports_async.py by tools/unasync.py: edit that file, not this one.
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
from ..transport import disk_sync as disk
from ..transport.connector_sync import Connector
from ..transport.pseudo import Pseudo
from ..transport.socket_sync import SocketStream
from ..transport.sockets import READ
from ..transport.stream_sync import Stream
from .matching import shown
from .recording import Turn, read_transcript

__all__ = ["ClientPort", "Port", "ProgramPort", "ReplayPort", "StreamPort",
           "TCPPort"]

_PATIENCE = 5.0


class Port:
    """Bytes both ways.

    Attributes:
        name: what errors call it.
        plain: whether escape sequences are taken out unless the caller says otherwise.
        newline: what a line that is sent ends with.
    """

    name = "the other side"
    plain = True
    newline = b"\n"

    def open(self) -> None:
        """Begin."""

    def receive(self, deadline: Deadline) -> bytes:
        """The next bytes; ``b""`` at the end."""
        raise NotImplementedError

    def send(self, data: bytes) -> None:
        """Send all of *data*."""
        raise NotImplementedError

    def send_end(self) -> None:
        """Say that no more will be sent: to a terminal, Ctrl-D."""
        self.send(b"\x04")

    def wants_keys(self) -> bool:
        """Whether it edits and echoes lines by itself, and wants each key at once."""
        return True

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size; those without a window do not care."""

    def status(self) -> int | None:
        """The exit status of what ran, once it has ended; None where there is none."""
        return None

    def close(self) -> None:
        """Let go."""


class StreamPort(Port):
    """Over any stream."""

    plain = False

    def __init__(self, stream: Stream, name: str = "the stream") -> None:
        self._stream: Stream | None = stream
        self.name = name

    def _there(self) -> Stream:
        if self._stream is None:
            raise UsageError(f"{self.name}: not open", hint="use it in a with block")
        return self._stream

    def receive(self, deadline: Deadline) -> bytes:
        """The next bytes."""
        stream = self._there()
        stream.deadline = deadline
        return stream.receive(READ)

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._there().send(data)

    def wants_keys(self) -> bool:
        """A mere stream has no editor."""
        return False

    def send_end(self) -> None:
        """Say that no more will be sent."""
        self._there().end_sending()

    def close(self) -> None:
        """Close the stream."""
        if self._stream is not None:
            self._stream.close()


class TCPPort(StreamPort):
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

    def open(self) -> None:
        """Connect."""
        from ..transport.clock_sync import now

        self._stream = Connector().connect(
            self._host, self._port, deadline=Deadline.after(self._timeout, now=now()))
        self._stream.deadline = NEVER


class ProgramPort(StreamPort):
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

    def open(self) -> None:
        """Run it."""
        self._stream = SocketStream(self._program.start(), self.name)

    def receive(self, deadline: Deadline) -> bytes:
        """The next bytes; what it left unread when it ended is no error."""
        try:
            return super().receive(deadline)
        except ConnectionLost:
            return b""

    def wants_keys(self) -> bool:
        """Its terminal edits."""
        return True

    def send_end(self) -> None:
        """Ctrl-D, at the beginning of a line."""
        self.send(b"\x04")

    def resize(self, columns: int, rows: int) -> None:
        """Its window has another size."""
        self._program.resize(columns, rows)

    def status(self) -> int | None:
        """Its exit status; negative for a signal."""
        return disk.call(self._program.wait, _PATIENCE)

    def close(self) -> None:
        """Hang up, and wait until it has ended."""
        if self._stream is not None:
            self._stream.close()
            disk.call(self._program.wait, _PATIENCE)

    def interrupt(self) -> None:
        """Send it SIGINT."""
        self._program.signal(signal.SIGINT)


class ClientPort(Port):
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

    def open(self) -> None:
        """Open the client, if nobody has yet."""
        if self._own:
            self._client.open()

    def receive(self, deadline: Deadline) -> bytes:
        """The next bytes."""
        from ..transport.clock_sync import now

        left = deadline.remaining(now=now())
        data: bytes = self._client.read(timeout=86_400.0 if left is None else left)
        return data

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._client.write(data)

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size."""
        self._client.resize(columns, rows)

    def wants_keys(self) -> bool:
        """Unless it is a Telnet server that does not echo."""
        return bool(getattr(self._client, "echoes", True))

    def send_end(self) -> None:
        """Say that no more will be sent, where the client has a way to."""
        end = getattr(self._client, "send_end", None)
        if end is not None:
            end()

    def status(self) -> int | None:
        """The exit status, where the client knows one."""
        wait = getattr(self._client, "wait", None)
        return None if wait is None else wait()

    def close(self) -> None:
        """Close the client, if it was opened here."""
        if self._own:
            self._client.close()


class ReplayPort(Port):
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

    def open(self) -> None:
        """Read it."""
        source = self._source
        turns = (disk.call(read_transcript, source)
                 if isinstance(source, (str, Path)) else source)
        for turn in turns:
            if turn.ours:
                self._ours.append(turn.data)
            else:
                self._theirs.append((len(self._ours), turn.data))

    def receive(self, deadline: Deadline) -> bytes:
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

    def send(self, data: bytes) -> None:
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
