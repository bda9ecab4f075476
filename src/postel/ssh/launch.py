"""What both links decide before anything runs: which backend, which address, which ciphers.

Transport code, the same for both sides.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Literal, Protocol

from ..errors import UsageError
from ..secrets import Secret, password_from
from ..transport.names import HOSTS, Resolver, resolve
from ..transport.proxies import Proxy
from .command import Goal, checked_host, checked_user
from .complaints import Said
from .prompts import Prompts
from .types import SSHOptions

__all__ = [
    "BUFFER",
    "SSH_PORT",
    "Partner",
    "Password",
    "Remembered",
    "Way",
    "backend_for",
    "goal_for",
    "library",
    "prefers_gcm",
    "taken_over",
]

SSH_PORT = 22

BUFFER = 1 << 20
"""Bytes asked for in each direction of the socket pair; the system gives what it allows."""



class Remembered:
    """A function that is asked once, for all connections of a client, until it is to forget.

    Args:
        ask: asks somebody; called in whichever thread needs the answer first.

    Example:
        >>> ask = Remembered(iter(["one", "two"]).__next__)
        >>> ask() == ask()
        True
        >>> ask.forget(); ask() == Secret("two")
        True
    """

    def __init__(self, ask: Callable[[], str | Secret]) -> None:
        self._ask = ask
        self._known: Secret | None = None
        self._turn = Lock()

    def __call__(self) -> Secret:
        """The answer; who comes second waits for the first."""
        with self._turn:
            if self._known is None:
                self._known = password_from(self._ask)
            return self._known or Secret("")

    def forget(self) -> None:
        """It was wrong: the next one who needs it asks again."""
        self._known = None


class Partner(Protocol):
    """What is behind a link: an ssh program, or asyncssh in a thread."""

    goal: Goal
    said: Said
    latency: float
    status: int | None

    def start(self) -> socket.socket:
        """Begin; return our end of the socket pair."""

    def finish(self) -> BaseException | None:
        """The link has ended: say why that was."""

    def close(self, patience: float = 0.0) -> None:
        """End it, after at most *patience* seconds to pass on what it has."""

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within *seconds*."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a connector connects, told to the thread of asyncssh.

    Args:
        source: local address to connect from.
        family: ``socket.AF_INET`` or ``AF_INET6`` only; 0 takes both.
        resolver: from host and port to addresses.
        proxy: None goes directly.
        context: for TLS with an ``https`` proxy.
    """

    source: str | None = None
    family: int = 0
    resolver: Resolver = resolve
    proxy: Proxy | None = None
    context: ssl.SSLContext | None = None

    @classmethod
    def of(cls, connector: object) -> Way:
        """The way of *connector*.

        Raises:
            UsageError: it is none of the network's.
        """
        if connector is None:
            return cls()
        if type(connector).__name__.removeprefix("Async") not in ("Connector", "ProxyConnector"):
            raise UsageError("asyncssh goes by the network, not by a connector of another kind",
                             hint='leave connector= out, or use SSHOptions(backend="ssh")')
        return cls(getattr(connector, "source_address", None), getattr(connector, "family", 0),
                   getattr(connector, "resolver", resolve), getattr(connector, "proxy", None),
                   getattr(connector, "context", None))


Password = str | Secret | Callable[[], str | Secret] | None


def backend_for(options: SSHOptions) -> Literal["ssh", "asyncssh"]:
    """The backend to use.

    Raises:
        UsageError: it is not installed.
    """
    program = options.program or "ssh"
    has_program = os.name != "nt" and shutil.which(program) is not None
    if options.backend == "ssh" or (options.backend == "auto" and has_program):
        if not has_program:
            raise UsageError(f"there is no program {program} here",
                             hint="install OpenSSH's client, or pip install 'postel[ssh]'")
        return "ssh"
    if find_spec("asyncssh") is None:
        raise UsageError("asyncssh is not installed", hint="pip install 'postel[ssh]'")
    return "asyncssh"


def library(goal: Goal, options: SSHOptions, prompts: Prompts, connector: object) -> Partner:
    """Asyncssh behind a link; loaded here by its name, for it brings asyncio with it."""
    made: Partner = import_module(f"{__package__}.library").Library(
        goal, options, prompts, Way.of(connector))
    return made


def goal_for(
    host: str,
    port: int | None,
    user: str | None,
    subsystem: str | None,
    command: str | None,
    *,
    family: int = 0,
    source: str | None = None,
    timeout: float | None = None,
) -> Goal:
    """Where a link leads; names that only this process knows get their address.

    Raises:
        UsageError: host or user could be taken for something else.
    """
    checked_host(host)
    if user is not None:
        checked_user(user)
    version = {int(socket.AF_INET): 4, int(socket.AF_INET6): 6}.get(family, 0)
    own = HOSTS.find(host, port or SSH_PORT)
    address = None
    if own:
        address, port = str(own[0].sockaddr[0]), own[0].sockaddr[1]
    return Goal(host, port, user, None if command is not None else subsystem, command, address,
                version, source, timeout)


def with_known_keys(host: str, options: SSHOptions) -> SSHOptions:
    """*options* with the host keys that came with a name of this process's own."""
    keys = HOSTS.host_keys(host)
    if keys is None or options.known_hosts is not None or options.fingerprint is not None:
        return options
    return replace(options, known_hosts=keys)


def taken_over(stream: object) -> socket.socket:
    """The connected socket below *stream*, to be given to another program.

    Raises:
        UsageError: there is more between than a socket.
    """
    sock = getattr(stream, "_sock", None)
    if type(sock) is not socket.socket:
        raise UsageError(
            "SSH cannot go over a connection that has TLS in it, or that is none of the system's",
            hint="use a socks5:// or http:// proxy, or jump=")
    return socket.socket(fileno=os.dup(sock.fileno()))


@cache
def prefers_gcm(config: str | None) -> bool:
    """Whether AES-GCM goes first: the processor has AES, and no configuration has its own order."""
    return _has_aes() and not any(_orders_ciphers(path) for path in _configs(config))


def _has_aes() -> bool:
    if platform.machine() == "arm64":
        return True  # Apple's
    try:
        words = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return False
    return re.search(r"^(flags|Features)\s*:.*\baes\b", words, re.MULTILINE) is not None


def _configs(config: str | None) -> list[Path]:
    if config == "none":
        return []
    if config is not None:
        return [Path(config)]
    system = Path("/etc/ssh")
    return [Path.home() / ".ssh/config", system / "ssh_config",
            *sorted((system / "ssh_config.d").glob("*.conf"))]


def _orders_ciphers(path: Path) -> bool:
    """Whether *path* says something about ciphers, or includes files of the user's that might."""
    try:
        text = path.read_text("utf-8", "replace").lower()
    except OSError:
        return False
    included = re.findall(r"^\s*include\s+(.*)$", text, re.MULTILINE)
    return (re.search(r"^\s*ciphers\b", text, re.MULTILINE) is not None
            or any(line.strip() != "/etc/ssh/ssh_config.d/*.conf" for line in included))
