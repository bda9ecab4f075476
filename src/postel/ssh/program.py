"""An ssh program that runs for one link, and the thread that attends to it.

Transport code, the same for both sides: sockets, a process and a thread; no event loop. The
program's standard input and output are one end of a socket pair; the other end is the link. The
thread reads what it says on standard error (so that it never waits for us), answers its questions
over a private socket, and reaps it, whatever becomes of the link.

Nothing secret is ever in its arguments or its environment. If this process dies, the socket pair
ends and so does the program.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

from ..errors import UsageError
from ..transport.clock_sync import now
from .command import Goal, arguments
from .complaints import Said
from .launch import BUFFER
from .prompts import HELPER, PIN, WRAPPER, Prompts
from .types import SSHOptions

__all__ = ["Program"]

_PATIENCE = 5.0
"""Seconds for the program to end by itself once its output has ended."""

_LINES = 8
"""Connections to the private socket at once."""

_WAYS_TO_END = ((None, 0.0), (signal.SIGTERM, 1.0), (signal.SIGKILL, None))
_LONGEST_QUESTION = 16_384


class Program:
    """One ssh program from start to end.

    Args:
        goal: where it leads.
        options: how.
        prompts: the answers.
        passed: a connected socket that it shall use instead of connecting by itself.

    Attributes:
        said: what it has said so far.
        latency: seconds that its TCP handshake took; 0 until then.
        status: its exit status, once it has ended.
    """

    def __init__(self, goal: Goal, options: SSHOptions, prompts: Prompts,
                 passed: socket.socket | None = None) -> None:
        self.goal = goal
        self.options = options
        self.said = Said()
        self.latency = 0.0
        self.status: int | None = None
        self._prompts = prompts
        self._passed = passed
        self._failure: BaseException | None = None
        self._listener: socket.socket | None = None
        self._remove: Callable[[], object] = _nothing
        self._selector = selectors.DefaultSelector()
        self._asked: dict[socket.socket, bytes] = {}
        self._patience = _PATIENCE
        self._over = False
        self._began = 0.0
        self._done, self._ready = threading.Event(), threading.Event()
        self._ear, self._bell = socket.socketpair()
        prompts.note = self.said.asked_of_us.append

    # -- start and end ---------------------------------------------------------------------

    def start(self) -> socket.socket:
        """Run it; return our end of its input and output.

        Raises:
            UsageError: it cannot be run.
        """
        ours, theirs = socket.socketpair()
        try:
            for sock in (ours, theirs):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            self._run(theirs)
        except BaseException:
            ours.close()
            self._let_go()
            self._bell.close()
            raise
        finally:
            theirs.close()
        thread = threading.Thread(
            target=self._attend, name=f"ssh to {self.goal.host}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no thread to be had: then no program either
            ours.close()
            self._process.kill()
            self._attend()
            raise
        return ours

    def finish(self) -> BaseException | None:
        """Its output has ended: wait for its end, and say why that was.

        Returns:
            The error, or None when it went as it should.
        """
        with contextlib.suppress(OSError):  # the thread may have ended already
            self._bell.send(b"f")
        self._done.wait(_PATIENCE + 3)
        if self._failure is not None:
            return self._failure
        return self.said.verdict(self.goal, self.status)

    def close(self, patience: float = 0.0) -> None:
        """End it; the thread reaps it.

        Args:
            patience: seconds to pass on what it has, before it is made to end.
        """
        self._patience = patience
        self._bell.close()
        if not patience:  # the thread may be waiting for somebody to type a password
            self._process.terminate()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, and everything of it is gone, within *seconds*."""
        return self._done.wait(seconds)

    def wait_ready(self, seconds: float | None) -> bool:
        """Whether it has logged in, or ended, within *seconds*."""
        return self._ready.wait(seconds)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def _run(self, theirs: socket.socket) -> None:
        environment = dict(os.environ)
        for word in ("SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "SSH_ASKPASS_PROMPT"):
            environment.pop(word, None)
        self.goal = self._prepare(environment)
        words = arguments(self.options.program or "ssh", self.goal, self.options)
        self._began = now()
        try:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - all checked
                words, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.PIPE,
                bufsize=0, env=environment,
                start_new_session=True)  # Ctrl-C is ours; no terminal to ask at
        except OSError as error:
            raise UsageError(
                f"start {words[0]}: {error.strerror or error}",
                hint="install OpenSSH's client, or asyncssh: pip install 'postel[ssh]'") from error
        stderr = self._process.stderr
        if stderr is not None:
            os.set_blocking(stderr.fileno(), False)
            self._selector.register(stderr, selectors.EVENT_READ, self._listen)
        self._selector.register(self._ear, selectors.EVENT_READ, self._hear)

    # -- the private folder: questions, a pin, a connected socket --------------------------

    def _prepare(self, environment: dict[str, str]) -> Goal:
        goal, pin = self.goal, self.options.fingerprint
        if not (self._prompts.any or self._passed or pin):
            return goal
        folder = Path(tempfile.mkdtemp(prefix="postel-ssh-", dir=_where_to_run()))
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        if pin is not None:
            (folder / "pin").write_text(PIN.format(pin=shlex.quote(pin)))
            goal = replace(goal, pin=str(folder / "pin"))
        if not (self._prompts.any or self._passed):
            return goal
        place, helper, ask = folder / "line", folder / "helper.py", folder / "ask"
        python = sys.executable or shutil.which("python3") or "python3"
        helper.write_text(HELPER)
        if self._prompts.any:
            words = {"python": python, "helper": str(helper), "socket": str(place)}
            ask.write_text(WRAPPER.format_map({k: shlex.quote(v) for k, v in words.items()}))
            ask.chmod(0o700)
            environment.update(SSH_ASKPASS=str(ask), SSH_ASKPASS_REQUIRE="force")
            environment.setdefault("DISPLAY", "none:0")  # before OpenSSH 8.4 it asks only then
        if self._passed is not None:
            command = [python, "-I", "-S", str(helper), str(place), "socket"]
            goal = replace(goal, passed=shlex.join(command).replace("%", "%%"))
        self._listener = listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(place))
        listener.listen(_LINES)
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, self._welcome)
        return goal

    # -- the thread ------------------------------------------------------------------------

    def _attend(self) -> None:
        try:
            while not self._over:
                for key, _ in self._selector.select():
                    key.data(key.fileobj)
            self._reap()
        except BaseException as error:  # whatever it is, the link must not wait for ever
            self._failure = self._failure or error
        finally:
            self._let_go()
            self._done.set()
            self._ready.set()

    def _listen(self, stderr: IO[bytes]) -> None:
        try:
            data = os.read(stderr.fileno(), 65_536)
        except BlockingIOError:
            return
        before = self.said.stage
        self.said.feed(data)
        self._over = self._over or not data
        if self.said.authenticated:
            self._retire()
        if self.said.ready:
            self._ready.set()
        if before != self.said.stage:
            if "banner" in self.said.stage and not self.latency:
                self.latency = now() - self._began
            self._began = now()

    def _retire(self) -> None:
        """It is in, and asks nothing more: nobody else shall."""
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
        self._remove()

    def _hear(self, ear: socket.socket) -> None:
        ear.recv(64)  # a word of `finish`, or the end that `close` made
        self._over = True

    def _welcome(self, listener: socket.socket) -> None:
        if listener is not self._listener:
            return  # closed since it was found ready
        line, _ = listener.accept()
        if len(self._asked) >= _LINES or not _is_ours(line):
            line.close()
            return
        line.setblocking(False)
        self._asked[line] = b""
        self._selector.register(line, selectors.EVENT_READ, self._question)

    def _question(self, line: socket.socket) -> None:
        try:
            data = line.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data, self._asked[line] = b"", b""
        self._asked[line] += data
        if data and len(self._asked[line]) <= _LONGEST_QUESTION:
            return
        question = self._asked.pop(line)
        self._selector.unregister(line)
        with line:
            line.settimeout(_PATIENCE)
            if len(question) <= _LONGEST_QUESTION:
                with contextlib.suppress(OSError):  # it did not wait for the answer
                    self._answer(line, question)

    def _answer(self, line: socket.socket, question: bytes) -> None:
        if question == b"socket":
            passed, self._passed = self._passed, None
            if passed is not None:
                with passed:
                    socket.send_fds(line, [b"\0"], [passed.fileno()])
            return
        parent, _, rest = question.decode("utf-8", "surrogateescape").partition("\n")
        hint, _, prompt = rest.partition("\n")
        if self._process.stderr is not None:
            self._listen(self._process.stderr)  # what it said before it asked
        method = self.said.tried[-1] if self.said.tried else ""
        try:
            found = self._prompts.answer(prompt, method, hint=hint,
                                         ours=parent == str(self._process.pid))
        except BaseException as error:  # the caller's own function failed
            self._failure, found = error, None
        if found is not None:
            line.sendall(b"+" + found.reveal().encode("utf-8", "surrogateescape"))

    def _reap(self) -> None:
        """Let it end by itself if it may, make it end if not; never leave a zombie."""
        for number, patience in _WAYS_TO_END:
            if number is None:
                patience = self._patience
            else:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, number)
            try:
                self.status = self._process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        stderr = self._process.stderr
        while stderr is not None:
            try:
                data = os.read(stderr.fileno(), 65_536)
            except BlockingIOError:
                break  # something it started lives on
            if not data:
                break
            self.said.feed(data)

    def _let_go(self) -> None:
        """Close and remove everything but the bell, which the link may still ring."""
        for key in list(self._selector.get_map().values()):
            if hasattr(key.fileobj, "close"):
                key.fileobj.close()
        self._selector.close()
        self._ear.close()
        if self._passed is not None:
            self._passed.close()
        self._remove()


def _nothing() -> None:
    """There is no folder to remove."""


def _is_ours(line: socket.socket) -> bool:
    """Whether the other end belongs to the same user; the folder lets nobody else in anyway."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    import struct

    raw = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", raw)[1] == os.getuid())


def _where_to_run() -> str | None:
    """A folder whose files may be run: some systems forbid it for temporary ones."""
    forbidden = getattr(os, "ST_NOEXEC", 0)
    places = [tempfile.gettempdir(), os.environ.get("XDG_RUNTIME_DIR"), str(Path.home())]
    for place in places:
        with contextlib.suppress(OSError):
            if place and not os.statvfs(place).f_flag & forbidden and os.access(place, os.W_OK):
                return place
    return None
