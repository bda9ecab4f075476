# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""The SSH client: commands, shells and forwarded ports, all over one connection.

The connection is made by the system's ``ssh`` where there is one, else by asyncssh; the rules for
host keys, passwords and errors are those of the links that SFTP stands on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Self

from ..errors import (
    LimitReached,
    ReplyError,
    TimedOut,
    UsageError,
    located,
)
from ..timing import Deadline
from ..transport import disk_sync as disk
from ..transport.clock_sync import now
from ..transport.connector_sync import Connector
from ..transport.crew_sync import Crew
from ..transport.proxies import from_environment
from ..transport.proxy_sync import ProxyConnector
from ..urls import URL, parse
from ..wire.text import display
from .carriers import Carrier, Forwarded, ProgramCarrier, Window, refusal
from .launch import (
    SSH_PORT,
    Password,
    Way,
    backend_for,
    goal_for,
    prefers_gcm,
    taken_over,
    with_known_keys,
)
from .process_sync import Process
from .prompts import Prompts
from .types import Finished, SSHOptions

__all__ = ["Client", "Forward"]

_LARGEST = 1 << 26
_SHOWN = 300
_MOMENT = 0.5

Tell = Callable[[bytes], object]


class Client:
    """A host that is reached by SSH.

    Args:
        target: a name, an alias of ssh's configuration, or a URL: ``ssh://user@host:port``.
        port: instead of the configuration's, or 22.
        user: instead of the configuration's, or one's own name.
        password: a string, a `Secret`, or a function that is called when it is asked for.
        ssh: how the connection is made: keys, agent, known hosts, jump hosts.
        timeout: seconds to connect in, and for each step of a session unless it says another.
        proxy: URL of a SOCKS5 or HTTP proxy; None asks the environment; "none" goes direct.
        source_address: local address to connect from.
        family: ``socket.AF_INET`` or ``AF_INET6`` only; 0 takes both.
        connector: opens the connection, instead of *proxy* and its neighbours.

    Example:
        >>> with Client("ssh://alice@ssh.example.org", password="secret") as host:
        ...     done = host.run("echo hello")
        >>> done.status, done.text
        (0, 'hello\\n')
    """

    def __init__(
        self,
        target: str | URL,
        *,
        port: int | None = None,
        user: str | None = None,
        password: Password = None,
        ssh: SSHOptions | None = None,
        timeout: float | None = 60.0,
        proxy: str | None = None,
        source_address: str | None = None,
        family: int = 0,
        connector: Connector | None = None,
    ) -> None:
        url = target if isinstance(target, URL) else parse(target, default_scheme="ssh")
        if url.scheme not in ("ssh", "sftp"):
            raise UsageError(f"{url}: a URL of {url.scheme}, and this client speaks SSH",
                             hint="use ssh://, or the host name alone")
        self.url = url if port is None else url.with_(port=port)
        self.user = user if user is not None else url.user
        self.ssh, self.timeout = ssh or SSHOptions(), timeout
        self._password = password if password is not None else url.password
        if connector is None:
            way = from_environment(url.host, self.url.port or SSH_PORT, "ssh", proxy)
            connector = (Connector(source_address, family) if way is None else
                         ProxyConnector(source_address, family, proxy=way))
        self._connector = connector
        self._carrier: Carrier | None = None

    # -- open and close --------------------------------------------------------------------

    def open(self) -> None:
        """Connect and log in.

        Raises:
            HostKeyError: the host's key is unknown, has changed, or is not the pinned one.
            AuthenticationError: the log-in was refused.
            NetworkError: no way there.
        """
        if self._carrier is not None:
            raise UsageError(f"{self.url}: already open", hint="close it first")
        with located(str(self.url)):
            carrier = self._new_carrier()
            disk.call(carrier.open, self.timeout)
            self._carrier = carrier

    def _new_carrier(self) -> Carrier:
        host, port = self.url.host, self.url.port
        options = with_known_keys(host, self.ssh)
        prompts = Prompts(self._password, options)
        goal = goal_for(host, port, self.user, None, None, timeout=self.timeout,
                        family=self._connector.family, source=self._connector.source_address)
        goal = replace(goal, prompts=prompts.any, password_first=prompts.password_at_hand,
                       fast=prefers_gcm(None if options.config is None else str(options.config)))
        if backend_for(options) == "asyncssh":
            from importlib import import_module  # by its name, for it brings asyncio with it

            made: Carrier = import_module(f"{__package__}.library_sessions").LibraryCarrier(
                goal, options, prompts, Way.of(self._connector))
            return made
        passed = None
        if type(self._connector) is not Connector:
            stream = self._connector.connect(
                host, port or SSH_PORT, deadline=Deadline.after(self.timeout, now=now()))
            try:
                passed = taken_over(stream)
            finally:
                stream.close()
        return ProgramCarrier(goal, options, prompts, passed)

    def close(self) -> None:
        """End every session and the connection; may be called twice."""
        carrier, self._carrier = self._carrier, None
        if carrier is not None:
            disk.call(carrier.end)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that has not ended."""
        return self._carrier is not None and self._carrier.lost() is None

    @property
    def software(self) -> str:
        """What the server says it is."""
        return self.carrier.said.software

    @property
    def host_key(self) -> str:
        """Type and fingerprint of the key that the host has shown."""
        return self.carrier.said.key

    @property
    def carrier(self) -> Carrier:
        """What moves the bytes.

        Raises:
            UsageError: not connected.
        """
        if self._carrier is None:
            raise UsageError(f"{self.url}: not connected",
                             hint="use it in a with block, or call open() first")
        return self._carrier

    # -- commands --------------------------------------------------------------------------

    def run(
        self,
        command: str,
        *,
        input: bytes | str = b"",
        timeout: float | None = None,
        check: bool = False,
        stdout: Tell | None = None,
        stderr: Tell | None = None,
        environ: Mapping[str, str] | None = None,
        largest: int = _LARGEST,
    ) -> Finished:
        """Run a command to its end.

        Args:
            command: one line, for the user's shell there: quote what you put in (`shlex.quote`).
            input: what it reads.
            timeout: seconds for the whole of it; None sets no limit.
            check: whether a status other than 0 is an error.
            stdout: called with each piece it writes, as it comes; then nothing of it is kept.
            stderr: called with each piece it complains of.
            environ: variables to set; most servers take few (``LANG``, ``LC_*``).
            largest: bytes that are kept of each; more is an error.

        Raises:
            ReplyError: it ended with another status than 0, and *check* was asked for.
            TimedOut: it did not end in time; it was made to.
            ConnectionLost: the connection ended first.
        """
        process = self.start(command, environ=environ)
        kept = _Kept(stdout, largest), _Kept(stderr, largest)
        deadline = Deadline.after(timeout, now=now())
        with process:
            process.allow(deadline)
            data = input.encode() if isinstance(input, str) else input
            try:
                with Crew() as crew:
                    crew.start(process.give, data)
                    crew.start(process.pour, False, kept[0].take)
                    crew.start(process.pour, True, kept[1].take)
            except TimedOut as error:
                raise TimedOut(f"run {display(command)} on {self.url.host}: it did not end in "
                               f"{timeout:g} s", hint="timeout= gives it longer") from error
            status = process.wait()
        done = Finished(command, status, bytes(kept[0].data), bytes(kept[1].data), process.signal)
        if status == 255:
            self._must_live(done)
        if check and status:
            words = display(bytes(kept[1].data[-_SHOWN:]).decode("utf-8", "replace").strip())
            raise ReplyError(f"run {display(command)} on {self.url.host}: it ended with status "
                             f"{status}" + (f": {words}" if words else ""), code=status)
        return done

    def _must_live(self, done: Finished) -> None:
        """A status of 255 may be ssh's own, whose connection is then about to end."""
        if (refused := refusal(self.url.host, done.stderr.decode("utf-8", "replace"))) is not None:
            raise refused
        error = disk.call(self.carrier.lost, _MOMENT)
        if error is not None:
            raise error

    def start(self, command: str, *, window: Window | None = None,
              environ: Mapping[str, str] | None = None) -> Process:
        """A command that is talked to while it runs: a with block.

        Args:
            command: one line, for the user's shell there.
            window: a terminal for it; then its errors come with its output.
            environ: variables to set.

        Example:
            >>> with Client("ssh://alice@ssh.example.org", password="secret") as host:
            ...     with host.start("cat") as cat:
            ...         cat.write(b"hello")
            ...         cat.send_end()
            ...         cat.read(), cat.wait()
            (b'hello', 0)
        """
        return Process(self, command, window, environ or {})

    def shell(self, *, kind: str = "xterm-256color", columns: int = 80, rows: int = 24,
              environ: Mapping[str, str] | None = None) -> Process:
        """The user's shell in a terminal: a with block; `postel.expect.over` talks to it.

        A client that is not open is opened with it, and closed after it.

        Args:
            kind: of the terminal, as in terminfo.
            columns: of its window.
            rows: of its window.
            environ: variables to set.
        """
        return Process(self, None, Window(kind, columns, rows), environ or {})

    # -- ports -----------------------------------------------------------------------------

    def forward_local(self, host: str, port: int, *, bind: str = "127.0.0.1",
                      bind_port: int = 0) -> Forward:
        """A port of this machine that leads to *host* and *port*, as the server sees them.

        Args:
            host: where it leads.
            port: which one there.
            bind: address to listen on here.
            bind_port: port to listen on here; 0 takes a free one.

        Returns:
            A block in which its `port` leads there.
        """
        return Forward(self, "local", bind, bind_port, (host, port))

    def forward_remote(self, host: str, port: int, *, bind: str = "127.0.0.1",
                       bind_port: int = 0) -> Forward:
        """A port of the server that leads to *host* and *port*, as this machine sees them.

        Args:
            host: where it leads.
            port: which one here.
            bind: address to listen on there.
            bind_port: port to listen on there; 0 lets the server choose.
        """
        return Forward(self, "remote", bind, bind_port, (host, port))

    def forward_dynamic(self, *, bind: str = "127.0.0.1", bind_port: int = 0) -> Forward:
        """A SOCKS proxy on this machine whose connections are made by the server."""
        return Forward(self, "dynamic", bind, bind_port, None)


class Forward:
    """A forwarded port, for as long as its block lasts.

    Attributes:
        host: where it listens.
        port: which port that is, once the block has begun.

    Example:
        >>> with Client("ssh://alice@ssh.example.org", password="secret") as host:
        ...     with host.forward_local("localhost", 5432) as forward:
        ...         forward.port > 0
        True
    """

    def __init__(self, client: Client, way: str, bind: str, port: int,
                 to: tuple[str, int] | None) -> None:
        self._client, self._way, self._to = client, way, to
        self.host, self.port = bind, port
        self._forwarded: Forwarded | None = None

    def __enter__(self) -> Self:
        with located(str(self._client.url)):
            self._forwarded = disk.call(
                self._client.carrier.forward, self._way, self.host, self.port, self._to)
        self.port = self._forwarded.port
        return self

    def __exit__(self, *exc: object) -> None:
        forwarded, self._forwarded = self._forwarded, None
        if forwarded is not None and self._client.is_open:
            disk.call(self._client.carrier.cancel, forwarded)


class _Kept:
    """What is kept of an output."""

    def __init__(self, tell: Tell | None, largest: int) -> None:
        self.data = bytearray()
        self._tell, self._largest = tell, largest

    def take(self, data: bytes) -> None:
        if self._tell is not None:
            self._tell(data)
            return
        self.data += data
        if len(self.data) > self._largest:
            raise LimitReached(f"a command wrote more than {self._largest:,} bytes",
                               hint="stdout= takes it piece by piece; largest= keeps more")

