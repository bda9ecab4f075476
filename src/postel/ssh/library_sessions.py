"""One SSH connection that many sessions share, by asyncssh in a thread with a loop of its own.

Transport code, the same for both sides, loaded only where it is used; the face is that of
`carriers.ProgramCarrier`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from ..errors import ConnectionLost, Forbidden, TimedOut, TryLater, UsageError
from ..wire.text import display
from .carriers import Forwarded, Running, Window, checked_environ
from .launch import BUFFER
from .library import Library, _downwards, _upwards

__all__ = ["LibraryCarrier"]

T = TypeVar("T")
_PATIENCE = 10.0


class LibraryCarrier(Library):
    """A connection by asyncssh."""

    _connection: Any = None
    _pair: socket.socket | None = None

    def open(self, seconds: float | None) -> None:
        """Connect and log in."""
        self._open = threading.Event()
        self._pair = self.start_thread()
        if not self._open.wait(seconds):
            stage = self.said.stage
            self.end()
            raise TimedOut(f"{self.goal.host}: no answer in time while {stage}")
        if self._connection is None:
            error = self.finish()
            self.end()
            raise error or ConnectionLost(f"{self.goal.host}: the SSH connection ended")

    def start_thread(self) -> socket.socket:
        """Begin."""
        return Library.start(self)

    def _run(self, theirs: socket.socket) -> None:
        try:
            super()._run(theirs)
        finally:
            self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = await self._log_in()
        try:
            self._connection = connection
            self.said.stage = "at work"
            if (key := connection.get_server_host_key()) is not None:
                self.said.key = f"{key.get_algorithm()} {key.get_fingerprint()}"
            self._open.set()
            await connection.wait_closed()
            raise ConnectionLost(f"{self.goal.host}: the SSH connection has ended")
        finally:
            connection.abort()
            with contextlib.suppress(Exception):
                await connection.wait_closed()

    def lost(self, seconds: float = 0.0) -> BaseException | None:
        """Why the connection has ended; None if it lives, and still does after *seconds*."""
        return self._failure if self.wait(seconds) else None

    def end(self) -> None:
        """End everything."""
        if self._pair is not None:
            self._pair.close()
            self._pair = None
            self.close()
            self.wait(_PATIENCE)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Do *work* in the loop of the thread."""
        loop = self._loop
        if loop is None or self.wait(0):
            work.close()
            raise self.lost() or ConnectionLost(f"{self.goal.host}: not connected")
        try:
            return asyncio.run_coroutine_threadsafe(work, loop).result(_PATIENCE)
        except (CancelledError, RuntimeError):  # the loop ended meanwhile
            work.close()
            raise self.lost(_PATIENCE) or ConnectionLost(
                f"{self.goal.host}: the SSH connection has ended") from None
        except TimeoutError:
            raise TimedOut(f"{self.goal.host}: the SSH server did not answer in {_PATIENCE:g} s",
                           ) from None

    def soon(self, work: Callable[[], object]) -> None:
        """Do *work* in the loop, when it has a turn."""
        if self._loop is not None and not self.wait(0):
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(work)

    # -- sessions --------------------------------------------------------------------------

    def session(self, command: str | None, window: Window | None,
                environ: Mapping[str, str]) -> Running:
        """Begin a session."""
        if command is not None and (not command or "\0" in command):
            raise UsageError("run a command: it is empty, or holds a NUL")
        return self.call(self._begin(command, window, environ))

    async def _begin(self, command: str | None, window: Window | None,
                     environ: Mapping[str, str]) -> Running:
        import asyncssh

        terminal: dict[str, Any] = {} if window is None else {
            "term_type": window.kind, "term_size": (window.columns, window.rows)}
        try:
            process = await self._connection.create_process(
                command, encoding=None, env=checked_environ(environ), **terminal)
        except asyncssh.ChannelOpenError as error:
            raise TryLater(f"start a session on {self.goal.host}: {display(str(error))}",
                           temporary=True) from error
        running = _Session(self, process, window is None)
        try:
            await running.begin()
        except BaseException:  # the connection has ended meanwhile
            running.discard()
            raise
        return running

    # -- ports -----------------------------------------------------------------------------

    def forward(self, way: str, bind: str, port: int, to: tuple[str, int] | None) -> Forwarded:
        """Forward a port."""
        listener = self.call(self._listen_for(way, bind, port, to))
        found = Forwarded(way, bind, int(listener.get_port()), to)
        self._listeners()[found] = listener
        return found

    def cancel(self, forwarded: Forwarded) -> None:
        """Forward it no more."""
        listener = self._listeners().pop(forwarded, None)
        if listener is not None:
            self.call(_closed(listener))

    def _listeners(self) -> dict[Forwarded, Any]:
        found: dict[Forwarded, Any] = self.__dict__.setdefault("_by_port", {})
        return found

    async def _listen_for(self, way: str, bind: str, port: int, to: tuple[str, int] | None) -> Any:
        import asyncssh

        connection = self._connection
        try:
            if way == "dynamic" or to is None:
                return await connection.forward_socks(bind, port)
            if way == "local":
                return await connection.forward_local_port(bind, port, *to)
            return await connection.forward_remote_port(bind, port, *to)
        except asyncssh.ChannelListenError as error:
            raise Forbidden(f"forward port {port} of {self.goal.host} to here: "
                            f"{display(str(error))}") from error
        except OSError as error:
            raise UsageError(f"forward port {port} of this machine: {error.strerror or error}",
                             hint="another program has it: port 0 takes a free one") from error


async def _closed(listener: Any) -> None:
    listener.close()
    await listener.wait_closed()


class _Session:
    """A session by asyncssh: bytes between its channel and socket pairs."""

    def __init__(self, carrier: LibraryCarrier, process: Any, errors: bool) -> None:
        self._carrier, self._process = carrier, process
        self.out, self._theirs = socket.socketpair()
        self.err: socket.socket | None = None
        self._complaints: socket.socket | None = None
        if errors:
            self.err, self._complaints = socket.socketpair()
        self.signal = ""
        self._status: int | None = None
        self._done = threading.Event()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Move bytes from now on."""
        self._theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        reader, writer = await asyncio.open_connection(sock=self._theirs)
        aside = None
        try:
            if self._complaints is not None:
                _, aside = await asyncio.open_connection(sock=self._complaints)
        except BaseException:
            writer.transport.abort()
            raise
        self._task = asyncio.create_task(self._move(reader, writer, aside))
        self._task.add_done_callback(lambda task: self._end(task, writer, aside))

    def discard(self) -> None:
        """It never began: leave nothing behind."""
        for sock in (self.out, self._theirs, self.err, self._complaints):
            if sock is not None:
                sock.close()

    async def _move(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                    aside: asyncio.StreamWriter | None) -> None:
        import asyncssh

        process = self._process
        work = [asyncio.create_task(_upwards(reader, process.stdin))]
        if aside is not None:
            work.append(asyncio.create_task(_downwards(process.stderr, aside)))
        try:
            await _downwards(process.stdout, writer)
            await asyncio.gather(*work[1:])
            await process.wait_closed()
            self._status = process.exit_status
            if process.exit_signal:
                self._status, self.signal = 255, str(process.exit_signal[0])
        except (asyncssh.Error, OSError):
            pass  # the carrier tells why the connection has ended
        finally:
            for task in work:
                task.cancel()
            process.close()

    def _end(self, task: asyncio.Task[None], writer: asyncio.StreamWriter,
             aside: asyncio.StreamWriter | None) -> None:
        """The task has ended; one that was cancelled before its first step has run nothing."""
        for end, sock in ((writer, self._theirs), (aside, self._complaints)):
            if end is not None and task.cancelled():
                end.transport.abort()
                with contextlib.suppress(OSError, AttributeError):  # the loop may not get to it
                    sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
            elif end is not None:
                end.close()
        if self._status is None:
            self._status = 255
        self._done.set()

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size."""
        self._carrier.soon(lambda: self._process.change_terminal_size(columns, rows))

    def wait(self, seconds: float | None) -> int | None:
        """The exit status."""
        return self._status if self._done.wait(seconds) else None

    def stop(self) -> None:
        """End it."""
        task = self._task
        if task is not None:
            self._carrier.soon(task.cancel)

