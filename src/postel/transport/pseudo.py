"""A program in a terminal of its own (a pseudo-terminal), and the thread between it and a socket.

Transport code, the same for both sides: a process, a thread, no event loop. The terminal's other
end is copied to and from one end of a socket pair; the other end is what conversations read and
write, as they do any stream. When the program has ended and all that it wrote has been passed on,
the socket ends; when the socket ends, the program is hung up, as if its user had left.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import NotFound, UsageError

__all__ = ["Pseudo", "join_session"]

_CHUNK = 65_536
_ROOM = 1 << 18
_WAYS_TO_END = ((None, 0.2), (signal.SIGHUP, 1.0), (signal.SIGTERM, 1.0), (signal.SIGKILL, None))

_HELPER = ("import _signal,fcntl,os,sys,termios\n"
           "_signal.signal(_signal.SIGPIPE,_signal.SIG_DFL)\n"  # Python ignores it, others must not
           "fcntl.ioctl(0,termios.TIOCSCTTY,0)\n"
           "try: os.execvp(sys.argv[1],sys.argv[1:])\n"
           "except OSError as e: print(sys.argv[1], e.strerror, sep=': '); os._exit(127)")
"""Makes the terminal the controlling one. A function between fork and exec would do the same, and
may deadlock where there are threads."""


def join_session(words: Sequence[str]) -> list[str]:
    """The command line that takes the terminal at its input for its own and becomes *words*."""
    python = sys.executable or "python3"
    return [python, "-I", "-S", "-c", _HELPER, *words]


class Pseudo:
    """A program in a pseudo-terminal.

    Args:
        words: the program and its arguments; nothing is expanded.
        columns: of its window.
        rows: of its window.
        environ: its environment; None is this process's.
        folder: where it runs.
        echo: whether the terminal echoes what is typed.
        leads: whether the terminal becomes its controlling one; off for programs that must not
            ask at it.
        said: a pipe's end for its standard error; None is the terminal.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
        folder: str | Path | None = None,
        echo: bool = True,
        leads: bool = True,
        said: int | None = None,
    ) -> None:
        self.words = list(words)
        self.status: int | None = None
        self._size = columns, rows
        self._environ = None if environ is None else dict(environ)
        self._folder = folder
        self._echo, self._leads, self._said = echo, leads, said
        self._done = threading.Event()
        self._turn = threading.Lock()
        self._master, self._is_raw = -1, False
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> socket.socket:
        """Run it; return our end of the pair.

        Raises:
            NotFound: there is no such program.
            UsageError: this system has no pseudo-terminals.
        """
        if os.name != "posix":
            raise UsageError("there are no pseudo-terminals here", hint="use Linux or macOS")
        if not self.words or any("\0" in word for word in self.words):
            raise UsageError("run a program: its words must be there, without NUL")
        if shutil.which(self.words[0], path=(self._environ or os.environ).get("PATH")) is None:
            raise NotFound(f"run {self.words[0]}: there is no such program",
                           hint="is it installed, and on the PATH?")
        self._master, slave = os.openpty()
        try:
            self._prepare(slave)
            self._process = subprocess.Popen(  # noqa: S603 - the caller's own words, no shell
                join_session(self.words) if self._leads else self.words, stdin=slave, stdout=slave,
                stderr=slave if self._said is None else self._said, env=self._environ,
                cwd=self._folder, start_new_session=True)
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._attend, args=(theirs,), name=f"terminal of {self.words[0]}",
                         daemon=True).start()
        return ours

    @property
    def pid(self) -> int:
        """Its process id."""
        return 0 if self._process is None else self._process.pid

    def resize(self, columns: int, rows: int) -> None:
        """Its window has another size now; it is told by SIGWINCH."""
        import fcntl
        import struct
        import termios

        if not (0 < columns <= 0x7FFF and 0 < rows <= 0x7FFF):
            raise UsageError(f"a window of {columns} by {rows}: no such size")
        with self._turn:
            if self._master >= 0:
                fcntl.ioctl(self._master, termios.TIOCSWINSZ,
                            struct.pack("HHHH", rows, columns, 0, 0))
                if self._process is not None and not self._leads:
                    # the system tells only those whose own terminal it is
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(self._process.pid, signal.SIGWINCH)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        if self.status is None and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def wait(self, seconds: float | None) -> int | None:
        """Its exit status, negative for a signal; None if it has not ended within *seconds*."""
        self._done.wait(seconds)
        return self.status

    def _prepare(self, slave: int) -> None:
        import termios

        self.resize(*self._size)
        if not self._echo:
            modes = termios.tcgetattr(slave)
            modes[3] &= ~termios.ECHO
            termios.tcsetattr(slave, termios.TCSANOW, modes)

    # -- the thread ------------------------------------------------------------------------

    def _attend(self, theirs: socket.socket) -> None:
        try:
            with theirs:
                os.set_blocking(self._master, False)
                theirs.setblocking(False)
                self._copy(theirs)
                self._reap()  # before the pair ends: who sees the end may ask for the status
        finally:
            self._done.set()

    def _copy(self, theirs: socket.socket) -> None:
        """Both ways, until one of them ends."""
        up, down = bytearray(), bytearray()
        selector = selectors.DefaultSelector()
        with selector:
            selector.register(self._master, selectors.EVENT_READ)
            selector.register(theirs, selectors.EVENT_READ)
            while True:
                _interest(selector, self._master, len(down) < _ROOM, bool(up))
                _interest(selector, theirs, len(up) < _ROOM, bool(down))
                ready = {key.fd: events for key, events in selector.select()}
                if not self._from_program(ready.get(self._master, 0), down, up):
                    _drain(theirs, down)
                    return
                if not _from_user(theirs, ready.get(theirs.fileno(), 0), up, down):
                    return

    def _from_program(self, events: int, down: bytearray, up: bytearray) -> bool:
        try:
            if events & selectors.EVENT_READ:
                data = os.read(self._master, _CHUNK)
                if not data:
                    return False
                down += data if self._leads else self._undone(data)
            if events & selectors.EVENT_WRITE and up:
                del up[:os.write(self._master, up[:_CHUNK])]
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno != errno.EIO:  # EIO is how the system says that all have let go of it
                raise
            return False
        return True

    def _undone(self, data: bytes) -> bytes:
        """*data* as it was written, by a program that makes its terminal raw a little late.

        An ssh that shares a connection is such a one: what came before went through the
        terminal's own treatment of line ends on top of the other side's.
        """
        import termios

        if not self._is_raw:
            data = data.replace(b"\r\r\n", b"\r\n")
            with contextlib.suppress(termios.error):
                self._is_raw = not termios.tcgetattr(self._master)[1] & termios.OPOST
        return data

    def _reap(self) -> None:
        if self._process is None:
            return
        for number, patience in _WAYS_TO_END:
            if number is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, number)
            try:
                self.status = self._process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                self._let_go()
        self._let_go()

    def _let_go(self) -> None:
        with self._turn:
            if self._master >= 0:
                os.close(self._master)  # hangs up
                self._master = -1


def _interest(selector: selectors.BaseSelector, file: object, read: bool, write: bool) -> None:
    events = (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if write else 0)
    known = selector.get_map().get(file)  # type: ignore[call-overload]
    if known is None:
        if events:
            selector.register(file, events)  # type: ignore[arg-type]
    elif not events:
        selector.unregister(file)  # type: ignore[arg-type]
    elif known.events != events:
        selector.modify(file, events)  # type: ignore[arg-type]


def _from_user(theirs: socket.socket, events: int, up: bytearray, down: bytearray) -> bool:
    try:
        if events & selectors.EVENT_READ:
            data = theirs.recv(_CHUNK)
            if not data:
                return False
            up += data
        if events & selectors.EVENT_WRITE and down:
            del down[:theirs.send(down)]
    except BlockingIOError:
        pass
    except OSError:
        return False  # the user has gone
    return True


def _drain(theirs: socket.socket, down: bytearray) -> None:
    """Pass on what is left, for as long as somebody reads."""
    theirs.settimeout(30.0)
    with contextlib.suppress(OSError):
        theirs.sendall(down)
