"""A small shell that runs only what it is given: the lab's terminals, by Telnet and by SSH.

Service code. There are no processes, no files and no pipes: a command is a Python function that is
listed by its name. What is not listed is not found. The shell reads whole lines and edits them as
a terminal's driver does (backspace, Ctrl-U, Ctrl-W, Ctrl-C, Ctrl-D), and echoes where it should.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import shlex
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..wire.text import display
from .faults import Faults
from .lines import LineEditor
from .server import Users

__all__ = ["Call", "Command", "Ended", "Screen", "Shell"]

_NOT_FOUND, _INTERRUPTED = 127, 130
_TRIES = 3
_WAITING = 64  # lines that are typed ahead


class Ended(Exception):
    """The terminal's user has left; `status` is what ``exit`` was told."""

    def __init__(self, status: int = 0) -> None:
        super().__init__(status)
        self.status = status


class Screen(Protocol):
    """A terminal, as the shell sees it."""

    columns: int
    rows: int
    kind: str

    @property
    def echoes(self) -> bool:
        """Whether what is typed is to be shown by the shell."""

    async def receive(self) -> bytes:
        """What was typed; ``b""`` when the user has left."""

    async def send(self, data: bytes) -> None:
        """Show something."""

    async def hide(self, hidden: bool) -> None:
        """Echo no more, or again: a password is typed."""


@dataclass
class Call:
    """What a command gets.

    Args:
        words: its name and arguments.
        user: who called it.
        write: shows bytes; of a command without a terminal, its standard output.
        complain: its standard error.
        read: the next piece of its input; ``b""`` at the end.
        screen: the terminal; None where there is none.
        environ: variables that the client sent.
    """

    words: tuple[str, ...]
    user: str
    write: Callable[[bytes], Awaitable[None]]
    complain: Callable[[bytes], Awaitable[None]]
    read: Callable[[], Awaitable[bytes]]
    screen: Screen | None = None
    environ: Mapping[str, str] = field(default_factory=dict)

    async def say(self, text: str) -> None:
        """Write a line."""
        await self.write(text.encode() + b"\n")


Command = Callable[[Call], Any]
"""A function of a `Call`: returns text or bytes to show, an exit status, or None; may be async."""


class Shell:
    """Reads lines and runs what it knows.

    Args:
        commands: by name; by default a few harmless ones.
        prompt: shown when it waits.
        banner: shown after the log-in.
        faults: what it does wrong, by the name of a command.
        watch: told what is typed, passwords apart.

    Example:
        >>> shell = Shell({"hello": lambda call: f"hello {call.user}\\n"})
        >>> sorted(shell.commands)
        ['hello']
    """

    def __init__(
        self,
        commands: Mapping[str, Command] | None = None,
        *,
        prompt: str = "lab$ ",
        banner: str = "",
        faults: Faults | None = None,
        watch: Callable[[str, str], None] | None = None,
    ) -> None:
        from .shell_commands import SMALL

        self.commands: dict[str, Command] = dict(SMALL if commands is None else commands)
        self.prompt, self.banner = prompt, banner
        self.faults = faults or Faults()
        self._watch = watch

    def watch(self, who: str, text: str) -> None:
        """Tell what happens."""
        if self._watch is not None:
            self._watch(who, text)

    # -- one command -----------------------------------------------------------------------

    async def run(self, line: str, call: Call) -> int:
        """Run one line; return its exit status.

        Raises:
            Ended: it was ``exit``, or a fault closes the connection.
        """
        self.watch("C", line)
        try:
            words = tuple(shlex.split(line))
        except ValueError as error:
            await call.complain(f"syntax error: {error}\n".encode())
            return 2
        if not words:
            return 0
        call.words = words
        if (fault := self.faults.due(words[0])) is not None:
            if fault.reply is not None:
                await call.write(fault.reply)
            if fault.close:
                raise Ended(255)
            return 1
        if words[0] in ("exit", "logout"):
            raise Ended(int(words[1]) if words[1:] and words[1].isdigit() else 0)
        command = self.commands.get(words[0])
        if command is None:
            await call.complain(f"{display(words[0])}: not found\n".encode())
            return _NOT_FOUND
        return await self._call(command, call)

    async def _call(self, command: Command, call: Call) -> int:
        found = command(call)
        if inspect.isawaitable(found):
            found = await found
        if isinstance(found, str):
            found = found.encode()
        if isinstance(found, bytes):
            await call.write(found)
            return 0
        return int(found or 0) & 0xFF

    # -- a terminal ------------------------------------------------------------------------

    async def serve(
        self,
        screen: Screen,
        *,
        users: Users | None = None,
        user: str = "",
        host: str = "lab",
        environ: Mapping[str, str] | None = None,
    ) -> int:
        """Serve a terminal until its user leaves; return the last status.

        Args:
            screen: the terminal.
            users: who may log in; None asks nobody.
            user: who it is, where that is known.
            host: the name in the prompt of the log-in.
            environ: variables that the client sent.
        """
        async with _Keyboard(screen) as keys:
            if users is not None:
                found = await self._log_in(screen, keys, users, host)
                if found is None:
                    return 1
                user = found
            return await self._talk(screen, keys, user, environ or {})

    async def _log_in(self, screen: Screen, keys: _Keyboard, users: Users, host: str
                      ) -> str | None:
        for _ in range(_TRIES):
            await screen.send(f"{host} login: ".encode())
            name = await keys.line()
            if name is None:
                return None
            await screen.hide(True)
            await screen.send(b"Password: ")
            secret = await keys.line(hidden=True)
            await screen.hide(False)
            await screen.send(b"\r\n")
            if secret is None:
                return None
            user = name.decode("utf-8", "replace").strip()
            if users.check(user, secret.decode("utf-8", "replace")):
                self.watch("*", f"{user} is in")
                return user
            await screen.send(b"Login incorrect\r\n\r\n")
        return None

    async def _talk(self, screen: Screen, keys: _Keyboard, user: str,
                    environ: Mapping[str, str]) -> int:
        async def write(data: bytes) -> None:
            await screen.send(data.replace(b"\n", b"\r\n"))

        status = 0
        await write(self.banner.encode())
        while True:
            await screen.send(self.prompt.encode())
            line = await keys.line()
            if line is None:
                return status
            call = Call((), user, write, write, keys.typed, screen, environ)
            try:
                status = await keys.interruptible(self.run(line.decode("utf-8", "replace"), call))
            except Ended as ended:
                return ended.status


class _Keyboard:
    """What is typed: a task that reads, edits and echoes, and a queue of lines."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)
        self._editor = LineEditor()
        self._running: asyncio.Task[int] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._interrupted = False

    async def __aenter__(self) -> _Keyboard:
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader

    async def line(self, *, hidden: bool = False) -> bytes | None:
        """The next line; None when the user leaves."""
        self._editor.hidden = hidden
        return await self._next()

    async def typed(self) -> bytes:
        """The next line with its end, for a command that reads; ``b""`` after Ctrl-D."""
        line = await self._next()
        return b"" if line is None else line + b"\n"

    async def _next(self) -> bytes | None:
        line = await self._lines.get()
        self._interrupted = self._interrupted and line != b""
        return line

    async def interruptible(self, work: Any) -> int:
        """Do *work*, unless Ctrl-C ends it."""
        if self._interrupted:
            self._interrupted = False
            work.close()
            return _INTERRUPTED
        self._running = asyncio.ensure_future(work)
        try:
            return await self._running
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                self._running.cancel()
                raise
            return _INTERRUPTED
        finally:
            self._running = None

    async def _read(self) -> None:
        screen, editor = self._screen, self._editor
        while True:
            data = await screen.receive()
            if not data:
                if self._running is not None:
                    self._running.cancel()
                await self._lines.put(None)
                return
            editor.feed(data)
            while (event := editor.next_event()) is not None:
                await self._show(editor)
                if event == "interrupt":
                    self._interrupt()
                else:
                    await self._lines.put(editor.line if event == "line" else None)
            await self._show(editor)

    def _interrupt(self) -> None:
        """End what runs, and forget what was typed ahead, as a terminal's driver does."""
        while not self._lines.empty():
            self._lines.get_nowait()
        if self._running is not None:
            self._running.cancel()
        else:
            self._interrupted = True  # a line may just have been taken, and not run yet
            self._lines.put_nowait(b"")

    async def _show(self, editor: LineEditor) -> None:
        echo = editor.take_echo()
        if echo and self._screen.echoes:
            await self._screen.send(echo)
