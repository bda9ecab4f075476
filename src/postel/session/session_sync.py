# GENERATED from session_async.py by tools/unasync.py: edit that file, not this one.
"""The base client: connect, secure, queue commands, pair replies, close.

Nothing here knows a protocol. A client brings a grammar (`Wire`) and the hooks `_greet`,
`_upgrade`, `_log_in` and `_say_goodbye`; it gets a queue of commands that leave in one packet,
events paired with the command they answer, deadlines, a redacted trace, and the guard that keeps
two callers off one connection.

*One connection, one rule.* Each method is an operation. While one runs, another thread or task
gets `BusyError`. Between two batches of a listing another command may be given: the rest of the
listing is read first. While a body is open, another command is a `BusyError` that names it.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from ..errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLost,
    PostelError,
    ProtocolError,
    UsageError,
)
from ..secrets import Secret, password_from
from ..timing import NEVER, Deadline
from ..transport.clock_sync import now
from ..transport.connector_sync import Connector
from ..transport.names import HOSTS
from ..transport.proxies import from_environment
from ..transport.proxy_sync import ProxyConnector
from ..transport.sockets import READ
from ..transport.stream_sync import Stream
from ..transport.tls import TLSOptions, check_pin, context_for
from ..transport.trace import Trace, trace_for
from ..types import Peer, Security, ServerInfo
from ..urls import URL, is_local
from ..wire.base import Command, Wire
from .operation_sync import Operation
from .policy import Mode, Ports, plan, target_for

__all__ = ["Operation", "Session", "Unfinished"]

C = TypeVar("C", bound=Command)
E = TypeVar("E")
K = TypeVar("K")

_FIRST_TRY = 10.0
"""Seconds for the TLS port when the clear port is still to be tried."""


class Unfinished(Protocol):
    """What is still open on a connection when another command comes."""

    def settle(self) -> None:
        """Read the rest, or raise `BusyError`."""


class Session(Generic[C, E]):
    """A connection to a server, as far as all protocols agree.

    Args:
        target: host name, or URL with user, password and port as it pleases.
        port: instead of the well-known one.
        user: log in as; None enters without, where the protocol allows it.
        password: a string, a `Secret`, or a function that is called when it is needed.
        auth: the mechanism to use instead of the best one offered.
        security: ``"auto"``, ``"tls"``, ``"starttls"`` or ``"plain"``.
        tls: an `ssl.SSLContext`, or `TLSOptions`.
        timeout: seconds for each operation; while a body flows, for each step of progress.
        proxy: URL of a SOCKS5 or HTTP proxy; None asks the environment; "none" goes direct.
        source_address: local address to connect from.
        family: ``socket.AF_INET`` or ``AF_INET6`` only; 0 takes both.
        trace: a `Trace`, an open text file or a path that the redacted dialogue goes to.
        connector: opens the connections instead of the network (memory, tests).
    """

    protocol: ClassVar[str] = ""
    scheme: str = ""
    ports: Ports
    upgrades: bool = False

    def __init__(
        self,
        target: str | URL,
        *,
        port: int | None = None,
        user: str | None = None,
        password: str | Secret | Callable[[], str | Secret] | None = None,
        auth: str | None = None,
        security: Security = "auto",
        tls: ssl.SSLContext | TLSOptions | None = None,
        timeout: float | None = 60.0,
        proxy: str | None = None,
        source_address: str | None = None,
        family: int = 0,
        trace: Trace | str | None = None,
        connector: Connector | None = None,
    ) -> None:
        goal = target_for(target, self.scheme, port=port, user=user, password=password,
                          security=security)
        self.url, self.user, self._password, self.security = (
            goal.url, goal.user, goal.password, goal.security)
        self.auth, self.timeout = auth, timeout
        self.greeting = ""
        self.trace = trace_for(trace)
        self._tls = tls
        self._context: ssl.SSLContext | None = None
        self._proxy = proxy
        self._connector = connector or self._network(source_address, family)
        self._stream: Stream | None = None
        self._guard: dict[str, Hashable] = {}
        self._depth = 0
        self._deadline = NEVER
        self._patient = True
        self._forget()

    def _forget(self) -> None:
        """The state of a fresh connection."""
        self._wire: Wire[C, E] = self._new_wire()
        self._unsent: list[bytes] = []
        self._unasked: deque[E] = deque()
        self._unfinished: Unfinished | None = None

    # -- what a protocol brings ------------------------------------------------------------

    def _new_wire(self) -> Wire[C, E]:
        raise NotImplementedError

    def _greet(self) -> None:
        """Read the greeting; learn the capabilities."""
        raise NotImplementedError

    def _upgrade(self, mode: Mode) -> None:
        """Ask for TLS as *mode* demands, and call `_start_tls`; forget the capabilities."""
        raise NotImplementedError

    def _log_in(self) -> None:
        """Log in as `user`."""
        raise NotImplementedError

    def _say_goodbye(self) -> None:
        """End the session politely."""
        raise NotImplementedError

    def _undo(self) -> None:
        """After an error: take back what only the goodbye would make real."""

    def _pending(self) -> str:
        """What only the goodbye makes real: if it fails, that is an error."""
        return ""

    # -- connect, secure, log in -----------------------------------------------------------

    def open(self) -> None:
        """Connect, read the greeting, secure the connection and log in.

        Raises:
            NetworkError: no way there, or TLS failed.
            AuthenticationError: the log-in was refused, or would go in the clear.
        """
        if self._stream is not None:
            raise UsageError(f"{self.url}: already open", hint="close it first")
        try:
            with self._operation("connect"):
                mode = self._connect()
                if mode.security == "tls":
                    self._start_tls()
                self._greet()
                if mode.security in ("starttls", "auto"):
                    self._upgrade(mode)
                if self.user is not None or (self.auth or "").upper() == "EXTERNAL":
                    self._log_in()  # a certificate needs no name beside it
        except BaseException:
            self._drop()
            raise

    def _connect(self) -> Mode:
        self._forget()
        modes = plan(self.url.port, self.security, self.ports, upgrades=self.upgrades,
                     local=is_local(self.url.host) and not self._is_proxied())
        refused: ConnectError | None = None
        for mode in modes:
            patience = _FIRST_TRY if mode is not modes[-1] else None
            try:
                deadline = self._deadline.sooner(Deadline.after(patience, now=now()))
                self._stream = self._connector.connect(
                    self.url.host, mode.port, deadline=deadline)
            except ConnectError as error:
                refused = refused or error
                continue
            self._stream.deadline = self._deadline
            peer = self._stream.peer
            self.trace.note(f"connected to {peer.address} port {peer.port}")
            return mode
        raise refused or ConnectError(f"connect to {self.url.host}: no way to try")

    def _network(self, source_address: str | None, family: int) -> Connector:
        port = self.url.port or self.ports.clear
        proxy = from_environment(self.url.host, port, self.scheme, self._proxy)
        if proxy is None:
            return Connector(source_address, family)
        return ProxyConnector(source_address, family, proxy=proxy)

    @property
    def context(self) -> ssl.SSLContext:
        """The one TLS context of this client and of its data connections."""
        if self._context is None:
            options = self._tls
            if options is None and (authority := HOSTS.authority(self.url.host)) is not None:
                options = TLSOptions(ca=authority)
            self._context = context_for(options)
        return self._context

    def _start_tls(self) -> None:
        """Upgrade the stream; nothing may have come in the clear after the agreement."""
        self._wire.end_of_clear_text()
        stream = self._connected()
        stream.start_tls(self.context, self.url.host)
        check_pin(stream.peer, self._tls)
        self.trace.note(f"{stream.peer.tls}, {stream.peer.cipher}")

    def _is_private(self) -> bool:
        """Whether a password may be sent: TLS, or no network between, or asked for."""
        peer = self._connected().peer
        return bool(peer.tls) or self.security == "plain" or self._is_this_machine()

    def _is_this_machine(self) -> bool:
        peer = self._connected().peer
        return (is_local(peer.address) and HOSTS.authority(self.url.host) is None
                and not self._is_proxied())

    def _is_proxied(self) -> bool:
        """Whether "localhost" would be the proxy's, with a network between."""
        return isinstance(self._connector, ProxyConnector)

    def _take_password(self) -> Secret:
        """The password, asked for now if it is a function.

        Raises:
            AuthenticationError: there is none.
        """
        password = password_from(self._password)
        if password is None:
            raise AuthenticationError(
                f"log in to {self.url.host} as {self.user}: there is no password",
                hint="give password=, or a function that asks for it",
            )
        self._password = password
        return password

    def close(self) -> None:
        """Say goodbye and close; may be called twice.

        Raises:
            NetworkError: only if something depended on the goodbye (POP3's deletions).
        """
        if self._stream is None:
            return
        pending = self._pending()
        try:
            if not self._stream.broken:
                with self._operation("close"):
                    self._say_goodbye()
        except PostelError as error:
            if pending:
                error.add_note(f"not done: {pending}")
                raise
        finally:
            self._drop()

    def _drop(self) -> None:
        """Close without a word."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            self.close()
            return
        try:
            if isinstance(error, PostelError) and self.is_open:
                with self._operation("close"):
                    self._undo()
                    self._say_goodbye()
        except PostelError:
            pass  # the first error is the one to see
        finally:
            self._drop()

    # -- what every client can tell --------------------------------------------------------

    @property
    def peer(self) -> Peer:
        """The other end: address, TLS version, cipher, certificate.

        Raises:
            UsageError: not connected.
        """
        return self._connected().peer

    @property
    def server(self) -> ServerInfo:
        """What the server says it is."""
        return ServerInfo(self.greeting)

    @property
    def latency(self) -> float:
        """Seconds that the TCP handshake took: about one round trip; 0 when not connected."""
        return self._stream.latency if self._stream is not None else 0.0

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that has not failed."""
        return self._stream is not None and not self._stream.broken

    # -- operations, commands, events ------------------------------------------------------

    def _operation(self, doing: str, timeout: float | None = None) -> Operation:
        """The block in which one method talks to the server."""
        return Operation(self, doing, timeout)

    def _allow_until(self, deadline: Deadline) -> None:
        """Every wait from now on ends by *deadline*."""
        self._deadline = deadline
        if self._stream is not None:
            self._stream.deadline = deadline

    def _connected(self) -> Stream:
        if self._stream is None:
            raise UsageError(
                f"{self.url}: not connected", hint="use it in a with block, or call open() first"
            )
        return self._stream

    def _queue(self, command: C) -> C:
        """Put *command* in the next packet; the first wait after it sends it."""
        self._unsent.append(self._wire.send(command))
        self.trace.client(str(command))
        return command

    def _queue_raw(self, data: bytes, shown: str) -> None:
        """Put bytes that are no command of their own (an answer within AUTH) in the next packet."""
        self._unsent.append(data)
        self.trace.client(shown)

    def _next(self, command: C) -> E:
        """The next event that answers *command*; what answers abandoned ones is dropped."""
        while True:
            while (pair := self._wire.next_event()) is None:
                self._fill()
            answered, event = pair
            if answered is command:
                return event
            self._dropped(answered, event)

    def _dropped(self, command: C | None, event: E) -> None:
        """*event* answers a command that nobody waits for any more, or none at all."""
        if command is None:
            self._unasked.append(event)

    def _event(self, command: C, kind: type[K]) -> K:
        """The next event that answers *command*, which must be of *kind*.

        Raises:
            ProtocolError: it is of another.
        """
        event = self._next(command)
        if isinstance(event, kind):
            return event
        raise ProtocolError(f"{command}: expected {kind.__name__}, got {event!r}")

    def _fill(self) -> None:
        """Send what is queued, then wait for more bytes."""
        self._flush()
        stream = self._connected()
        data = stream.receive(READ)
        if not data:
            raise ConnectionLost(
                f"{self.url.host}: the server closed the connection "
                f"(after {stream.received:,} bytes in, {stream.sent:,} out)"
            )
        self.trace.server(data)
        self._wire.feed(data)

    def _flush(self) -> None:
        """Send all queued commands in one packet."""
        if self._unsent:
            packet, self._unsent = b"".join(self._unsent), []
            self._connected().send(packet)

    def _progressed(self) -> None:
        """Bytes of a body came: without a limit for the whole, the clock starts anew."""
        if self._patient:
            self._allow_until(Deadline.after(self.timeout, now=now()))

    def _settings(self) -> dict[str, Any]:
        """The keywords that make another client like this one."""
        return {"port": self.url.port, "user": self.user, "password": self._password,
                "auth": self.auth, "security": self.security, "tls": self._tls,
                "timeout": self.timeout, "proxy": self._proxy, "connector": self._connector}
