# A conversation (its twin network_sync.py is generated): our streams below httpcore2.
"""What httpcore2 knows of the network: our connector and our stream, under its own names.

httpcore2 hands a ``timeout`` through to each read and write without looking at it. We hand it a
`Watch` there: the deadline of the whole operation, and what happens while it runs. So each step
of each request knows whose time it is using.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import httpcore2

from ..timing import NEVER, Deadline
from ..transport.clock_async import now
from ..transport.connector_async import AsyncConnector
from ..transport.stream_async import AsyncStream
from ..types import Peer

__all__ = ["AsyncWire", "Route", "Watch", "reach"]


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
    wire: AsyncWire | None = field(default=None, repr=False)
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
        context: gives the TLS context that offers these protocols (ALPN).
        check: looks at the other end once TLS is up.
        session: the TLS session to go on with.
        keep: takes one for the next connection.
        note: tells the trace.
        over_tls: whether the forwarding proxy itself wants TLS.
    """

    connector: AsyncConnector
    host: str
    port: int
    name: str
    context: Callable[[list[str]], ssl.SSLContext]
    check: Callable[[Peer], object]
    session: Callable[[ssl.SSLContext], ssl.SSLSession | None]
    keep: Callable[[ssl.SSLContext, ssl.SSLSession | None], object]
    note: Callable[[str], object]
    over_tls: bool = False


async def reach(route: Route, watch: Watch, protocols: list[str] | None) -> AsyncWire:
    """Connect as *route* says; over TLS one of *protocols* is agreed on, None is clear text."""
    began = now()
    stream = await route.connector.connect(route.host, route.port, deadline=watch.deadline)
    watch.connect = stream.latency
    watch.name = max(0.0, now() - began - stream.latency)
    watch.fresh = True
    peer = stream.peer
    route.note(f"connected to {peer.address} port {peer.port}")
    wire = AsyncWire(stream, route)
    if route.over_tls:
        await wire.secure(route.host, ["http/1.1"], watch)
    if protocols is not None:
        await wire.secure(route.name, protocols, watch)
    return wire


class AsyncWire(httpcore2.AsyncNetworkStream):
    """One of our streams as httpcore2 sees it."""

    def __init__(self, stream: AsyncStream, route: Route) -> None:
        self.stream = stream
        self._route = route
        self._context: ssl.SSLContext | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes."""
        watch = cast("Watch", timeout)
        watch.wire = self
        self.stream.deadline = watch.deadline
        data = await self.stream.receive(max_bytes)
        if not watch.head:
            watch.progressed()  # the header has one deadline, however it drips
        elif not watch.heard:
            watch.first = now()
        watch.heard += len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of *buffer*."""
        if not buffer:
            return
        watch = cast("Watch", timeout)
        watch.wire = self
        if not watch.sent:
            watch.sent = now()
        self.stream.deadline = watch.deadline
        await self.stream.send(buffer)
        watch.progressed()

    async def secure(self, name: str, protocols: list[str], watch: Watch) -> None:
        """Shake hands with *name*, going on with an earlier session where there is one."""
        route, began = self._route, now()
        self.stream.deadline = watch.deadline
        try:
            context = route.context(protocols)
            await self.stream.start_tls(context, name, session=route.session(context))
            route.check(self.stream.peer)
        except BaseException:
            await self.stream.aclose()
            raise
        self._context = context
        watch.tls += now() - began
        route.note(f"{self.stream.peer.tls}, {self.stream.peer.cipher}")

    async def aclose(self) -> None:
        """Close, and keep the TLS session for the next connection."""
        if self._context is not None and not self.stream.broken:
            self._route.keep(self._context, self.stream.tls_session)
        await self.stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore2 asks of an idle connection: whether it has news."""
        return self.stream.has_news() if info == "is_readable" else None
