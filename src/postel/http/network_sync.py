# GENERATED from network_async.py by tools/unasync.py: edit that file, not this one.
"""What httpcore2 knows of the network: our connector and our stream, under its own names.

httpcore2 hands a ``timeout`` through to each read and write without looking at it. We hand it a
`Watch` there: the deadline of the whole operation, and what happens while it runs. So each step
of each request knows whose time it is using.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import httpcore2

from ..errors import ConnectionLost, ProtocolError
from ..timing import NEVER, Deadline
from ..transport.clock_sync import now
from ..transport.connector_sync import Connector
from ..transport.stream_sync import Stream
from ..types import Peer

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LONGEST_HEAD", "Network", "Wire", "Route", "Watch"]

LONGEST_HEAD = 1 << 20
"""Bytes that may come before an answer's header is complete, interim answers (1xx) included."""


@dataclass
class Watch:
    """One request's time, and what happens to it on the wire.

    Args:
        deadline: when it must be done.
        patience: seconds that each step of progress gives anew; None: the deadline is for all.
    """

    deadline: Deadline = NEVER
    patience: float | None = None
    began: float = 0.0
    sent: float = 0.0
    first: float = 0.0
    name: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    fresh: bool = False
    heard: int = 0
    head: bool = True
    wire: Wire | None = field(default=None, repr=False)
    uploaded: Callable[[int], object] | None = field(default=None, repr=False)

    def progressed(self) -> None:
        """A step was made: without a limit for the whole, the clock starts anew."""
        if self.patience is not None:
            self.deadline = Deadline(now() + self.patience)


@dataclass(frozen=True)
class Route:
    """How one origin is reached.

    Args:
        connector: opens the connection.
        host: to connect to: the origin's, or a forwarding proxy's.
        port: of it.
        name: whom its certificate must be for.
        context: makes the TLS context, which is only needed where there is TLS.
        check: looks at the other end once TLS is up.
        session: the TLS session to go on with.
        over_tls: whether the forwarding proxy itself wants TLS.
    """

    connector: Connector
    host: str
    port: int
    name: str
    context: Callable[[], ssl.SSLContext]
    check: Callable[[Peer], object]
    session: Callable[[], ssl.SSLSession | None]
    keep: Callable[[ssl.SSLSession | None], object]
    note: Callable[[str], object]
    over_tls: bool = False


class Network(httpcore2.NetworkBackend):
    """The network as one origin sees it."""

    def __init__(self, route: Route) -> None:
        self._route = route

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Wire:
        """Connect by our connector; *timeout* is the request's `Watch`."""
        route, watch = self._route, cast("Watch", timeout)
        began = now()
        stream = route.connector.connect(route.host, route.port, deadline=watch.deadline)
        watch.connect = stream.latency
        watch.name = max(0.0, now() - began - stream.latency)
        watch.fresh = True
        peer = stream.peer
        route.note(f"connected to {peer.address} port {peer.port}")
        wire = Wire(stream, route)
        if route.over_tls:
            wire.start_tls(route.context(), route.host, timeout)
        return wire

    def sleep(self, seconds: float) -> None:
        """Never asked for: attempts are ours to repeat."""


class Wire(httpcore2.NetworkStream):
    """One of our streams as httpcore2 sees it."""

    def __init__(self, stream: Stream, route: Route) -> None:
        self.stream = stream
        self._route = route
        self._secure = False
        self._held = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes; one request's header may not go on for ever."""
        watch = cast("Watch", timeout)
        watch.wire = self
        if self._held:
            data, self._held = self._held, b""
            return data
        self.stream.deadline = watch.deadline
        try:
            data = self.stream.receive(max_bytes)
        except ConnectionLost:
            if watch.heard or not watch.head:
                raise
            data = b""  # nothing had come: the same as an orderly end
        if watch.head:
            self._in_head(watch, len(data))
        watch.progressed()
        return data

    def _in_head(self, watch: Watch, count: int) -> None:
        if not watch.heard:
            watch.first = now()
        watch.heard += count
        if watch.heard > LONGEST_HEAD:
            raise ProtocolError(
                f"{self._route.host}: {watch.heard:,} bytes came, and no answer among them",
                hint="a flood of interim answers or a header without an end")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of *buffer*."""
        if not buffer:
            return
        watch = cast("Watch", timeout)
        watch.wire = self
        if not watch.sent:
            watch.sent = now()
        self.stream.deadline = watch.deadline
        try:
            self.stream.send(buffer)
        except ConnectionLost as error:
            raise httpcore2.WriteError(str(error)) from error  # an answer may stand there already
        watch.progressed()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> Wire:
        """Shake hands, going on with an earlier session where there is one."""
        watch, route = cast("Watch", timeout), self._route
        name = route.name if self._secure or not route.over_tls else server_hostname
        began = now()
        self.stream.deadline = watch.deadline
        try:
            self.stream.start_tls(ssl_context, name, session=route.session())
            route.check(self.stream.peer)
        except BaseException:
            self.stream.close()
            raise
        self._secure = True
        watch.tls += now() - began
        route.note(f"{self.stream.peer.tls}, {self.stream.peer.cipher}")
        return self

    def expect_continue(self, watch: Watch, seconds: float) -> bool:
        """Wait for the server's word before a body goes out; whether it may (RFC 9110 10.1.1)."""
        self.stream.deadline = watch.deadline.sooner(Deadline(now() + seconds))
        try:
            data = self.stream.receive(65_536)
        except TimeoutError:
            return True  # an old server waits for the body in silence
        self._held += data
        self._in_head(watch, len(data))
        return data[9:12] == b"100"

    def close(self) -> None:
        """Close, and keep the TLS session for the next connection."""
        if self._secure and not self.stream.broken:
            self._route.keep(self.stream.tls_session)
        self.stream.close()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore2 asks: the protocol agreed on by TLS, and whether an idle line has news."""
        if info == "ssl_object":
            return self if self._secure else None
        if info == "is_readable":
            return self.stream.has_news()
        return None

    def selected_alpn_protocol(self) -> str | None:
        """As `ssl.SSLObject` has it."""
        return self.stream.alpn
