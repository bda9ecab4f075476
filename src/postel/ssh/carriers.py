"""One SSH connection that many sessions share, by the ssh program: a control socket of our own.

Transport code, the same for both sides. The first program logs in and stays (``ssh -M -N``); each
session, and each forwarded port, is a small program more that speaks to it by its control socket,
logs in nowhere, and costs some milliseconds. A session's input and output are one end of a socket
pair, or a pseudo-terminal; the first program gets hold of them itself and moves the bytes.

The sessions' programs must never connect by themselves: their ProxyCommand is ``false``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from ..errors import ConnectionLost, Forbidden, TimedOut, TryLater, UsageError
from ..transport.pseudo import Pseudo
from ..wire.text import display
from .command import Goal
from .complaints import Said
from .program import Program
from .prompts import Prompts
from .types import SSHOptions

__all__ = ["Carrier", "Forwarded", "ProgramCarrier", "Running", "Window",
           "checked_environ", "refusal"]

_PATIENCE = 10.0
_TRIES = 5
_ENVIRON_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")


@dataclass(frozen=True, slots=True)
class Window:
    """A terminal to be asked for.

    Args:
        kind: its type, as in terminfo.
        columns: of its window.
        rows: of its window.
    """

    kind: str = "xterm-256color"
    columns: int = 80
    rows: int = 24


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A port that is forwarded.

    Args:
        way: ``"local"``, ``"remote"`` or ``"dynamic"``.
        host: where it listens.
        port: which port that is.
        to: host and port that it leads to; None of a dynamic one.
        asked: the port that was asked for, by which ssh knows it.
    """

    way: str
    host: str
    port: int
    to: tuple[str, int] | None
    asked: int = 0


class Running(Protocol):
    """A session that has begun."""

    @property
    def out(self) -> socket.socket:
        """Its input and output."""

    @property
    def err(self) -> socket.socket | None:
        """What it complains of; None with a terminal."""

    @property
    def signal(self) -> str:
        """What ended it, where that is known."""

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size."""

    def wait(self, seconds: float | None) -> int | None:
        """The exit status; None if it has not ended within *seconds*."""

    def stop(self) -> None:
        """End it, whatever it does."""


class Carrier(Protocol):
    """A connection that many sessions share."""

    goal: Goal
    said: Said

    def open(self, seconds: float | None) -> None:
        """Connect and log in."""

    def session(self, command: str | None, window: Window | None,
              environ: Mapping[str, str]) -> Running:
        """Begin a session: a command, or the user's shell."""

    def forward(self, way: str, bind: str, port: int, to: tuple[str, int] | None) -> Forwarded:
        """Forward a port; 0 takes a free one."""

    def cancel(self, forwarded: Forwarded) -> None:
        """Forward it no more."""

    def lost(self, seconds: float = 0.0) -> BaseException | None:
        """Why the connection has ended, if it has or does so within *seconds*."""

    def end(self) -> None:
        """End everything."""


class ProgramCarrier:
    """A connection by the ssh program.

    Args:
        goal: where it leads.
        options: how.
        prompts: the answers.
        passed: a connected socket to use, where there is a proxy.
    """

    def __init__(self, goal: Goal, options: SSHOptions, prompts: Prompts,
                 passed: socket.socket | None = None) -> None:
        self._folder = tempfile.mkdtemp(prefix="postel-mux-")
        self._control = f"{self._folder}/c"
        self._program = options.program or "ssh"
        self._master = Program(replace(goal, control=self._control), options, prompts, passed)
        self.goal = self._master.goal
        self.said = self._master.said
        self._pair: socket.socket | None = None

    def open(self, seconds: float | None) -> None:
        """Connect and log in.

        Raises:
            NetworkError, AuthenticationError, HostKeyError: as ssh says.
        """
        self._pair = self._master.start()
        if not self._master.wait_ready(seconds):
            stage = self.said.stage
            self.end()
            raise TimedOut(f"{self.goal.host}: no answer in time while {stage}",
                           hint="the server is slow or the network drops packets; timeout= gives "
                           "it longer")
        if not self.said.ready:
            error = self.lost()
            self.end()
            raise error or ConnectionLost(f"{self.goal.host}: ssh ended")

    def lost(self, seconds: float = 0.0) -> BaseException | None:
        """Why the connection has ended; None if it lives, and still does after *seconds*."""
        if not self._master.wait(seconds):
            return None
        return self._master.finish() or ConnectionLost(
            f"{self.goal.host}: the SSH connection has ended: {self.said.text}")

    def end(self) -> None:
        """End everything; leave nothing behind."""
        if self._pair is not None:
            self._pair.close()
            self._pair = None
            self._master.close()
            self._master.wait(_PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _words(self, *more: str) -> list[str]:
        settings = ("ControlMaster=no", "BatchMode=yes", "LogLevel=ERROR", "EscapeChar=none",
                    "ProxyCommand=false", "ForwardAgent=no", "ForwardX11=no")
        return [self._program, "-F", "none", "-S", self._control,
                *(word for one in settings for word in ("-o", one)), *more]

    # -- sessions --------------------------------------------------------------------------

    def session(self, command: str | None, window: Window | None,
              environ: Mapping[str, str]) -> Running:
        """Begin a session."""
        more = [word for name in environ for word in ("-o", f"SendEnv={name}")]
        ours = {**os.environ, **checked_environ(environ)}  # those that are named are passed on
        last = ["--", "postel", *([command] if command is not None else [])]
        if command is not None and (not command or "\0" in command):
            raise UsageError("run a command: it is empty, or holds a NUL")
        if window is not None:
            pseudo = Pseudo(self._words(*more, "-tt", *last), columns=window.columns,
                            rows=window.rows, environ={**ours, "TERM": window.kind},
                            leads=False)
            return _InTerminal(pseudo)
        return _InPair(self._words(*more, "-T", *last), ours)

    # -- ports -----------------------------------------------------------------------------

    def forward(self, way: str, bind: str, port: int, to: tuple[str, int] | None) -> Forwarded:
        """Forward a port.

        Raises:
            Forbidden: the server does not allow it.
            UsageError: the port here is taken.
        """
        for attempt in range(_TRIES):
            chosen = port or (0 if way == "remote" else _free_port(bind))
            done = self._order("forward", way, bind, chosen, to)
            if done.returncode == 0:
                allocated = done.stdout.strip()
                return Forwarded(way, bind, int(allocated) if not chosen and allocated.isdigit()
                                 else chosen, to, chosen)
            if port or way == "remote" or attempt == _TRIES - 1:
                break  # else another program was quicker to take the free port
        words = display((done.stderr or done.stdout).strip())
        if (error := self.lost()) is not None:
            raise error
        if way == "remote":
            raise Forbidden(f"forward port {port} of {self.goal.host} to here: {words}",
                            text=words, hint="the server's AllowTcpForwarding or GatewayPorts "
                            "forbid it, or the port is taken there")
        raise UsageError(f"forward port {port} of this machine: {words}",
                         hint="another program has it: port 0 takes a free one")

    def cancel(self, forwarded: Forwarded) -> None:
        """Forward it no more."""
        self._order("cancel", forwarded.way, forwarded.host, forwarded.asked, forwarded.to)

    def _order(self, order: str, way: str, bind: str, port: int, to: tuple[str, int] | None
               ) -> subprocess.CompletedProcess[str]:
        letter = {"local": "-L", "remote": "-R", "dynamic": "-D"}[way]
        place = f"{_bracketed(bind)}:{port}" + (f":{_bracketed(to[0])}:{to[1]}" if to else "")
        return subprocess.run(  # noqa: S603 - numbers and checked names
            self._words("-O", order, letter, place, "--", "postel"), check=False, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE,
            start_new_session=True)


class _InTerminal:
    """A session in a terminal."""

    err = None
    signal = ""

    def __init__(self, pseudo: Pseudo) -> None:
        self._pseudo = pseudo
        self.out = pseudo.start()

    def resize(self, columns: int, rows: int) -> None:
        self._pseudo.resize(columns, rows)

    def wait(self, seconds: float | None) -> int | None:
        return self._pseudo.wait(seconds)

    def stop(self) -> None:
        self._pseudo.signal(signal.SIGTERM)


class _InPair:
    """A session without a terminal: input and output a socket pair, errors another."""

    signal = ""

    def __init__(self, words: list[str], environ: Mapping[str, str]) -> None:
        self.out, theirs = socket.socketpair()
        self.err, complaints = socket.socketpair()
        with theirs, complaints:
            self._process = subprocess.Popen(  # noqa: S603 - all checked
                words, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=complaints.fileno(),
                start_new_session=True, env=dict(environ))
        self._done = threading.Event()
        threading.Thread(target=self._reap, name="ssh session", daemon=True).start()

    def _reap(self) -> None:
        self._process.wait()
        self._done.set()

    def resize(self, columns: int, rows: int) -> None:
        """There is no window."""

    def wait(self, seconds: float | None) -> int | None:
        return self._process.returncode if self._done.wait(seconds) else None

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if not self._done.is_set():
                self._process.terminate()


def refusal(host: str, words: str) -> TryLater | None:
    """What the sharing of a connection says when the server gives no further session."""
    if "Session open refused" in words or "session request failed" in words:
        return TryLater(f"start a session on {host}: {display(words.strip())}", temporary=True,
                        hint="the server's MaxSessions is reached: end others first")
    return None


def checked_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """*environ*, if it is one.

    Raises:
        UsageError: a name is none, or a value holds a NUL.
    """
    for name, value in environ.items():
        if not name or not set(name) <= _ENVIRON_NAME or "\0" in value:
            raise UsageError(f"environ: {name!r} is no name of a variable, or its value holds a "
                             "NUL")
    return dict(environ)


def _bracketed(host: str) -> str:
    if not host or host[0] == "-" or not set(host) <= _ENVIRON_NAME | set(".:-%*"):
        raise UsageError(f"forward: {host!r} is no name of a host")
    return f"[{host}]" if ":" in host else host


def _free_port(bind: str) -> int:
    """A port that is free now: ssh takes none of its own choice."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    try:
        with socket.socket(family) as sock:
            sock.bind((bind if bind != "*" else "", 0))
            return int(sock.getsockname()[1])
    except OSError as error:
        raise UsageError(f"listen on {bind}: {error.strerror or error}") from error

