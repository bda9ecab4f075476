"""The lab's network trouble: relays that harm what passes, and an address family that is dead."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from ..errors import UsageError
from ..serving.relay import TLS_FAULTS, ByteFaults, Relay, TLSFault
from .certificates import FLAWS

if TYPE_CHECKING:
    from .lab import Lab

__all__ = ["RELAY_TLS", "LabRelay", "make_relay", "silent_port"]

RELAY_TLS = (*FLAWS, *TLS_FAULTS, "tls on the plain port")
"""What `Lab.relay` takes as *tls*."""


class LabRelay:
    """A relay in front of one of the lab's servers, under a name of its own; use it in ``with``.

    Attributes:
        host: its name below the lab's domain.
        relay: the relay itself, for its counters.
    """

    def __init__(self, lab: Lab, scheme: str, relay: Relay, *, host: str) -> None:
        self._lab, self._scheme, self.relay = lab, scheme, relay
        self.host = host
        self.port = 0

    def url(self, *, user: str | None = None, path: str = "/") -> str:
        """The URL that leads through the relay."""
        return self._lab.url(self._scheme, user=user, path=path, host=self.host)

    def address(self) -> tuple[str, int]:
        """Where it really listens."""
        return "127.0.0.1", self.port

    def __enter__(self) -> LabRelay:
        self._lab.run(self.relay.start())
        self.port = self.relay.port
        self._lab.lead(self.host, self._scheme, self.port)
        return self

    def __exit__(self, *exc: object) -> None:
        self._lab.forget(self.host)
        self._lab.run(self.relay.stop())

    async def __aenter__(self) -> LabRelay:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *exc: object) -> None:
        await asyncio.to_thread(self.__exit__)


def make_relay(
    lab: Lab, scheme: str, host: str, *, ftp: bool, refuse: bool, tls: str | None, **faults: Any
) -> LabRelay:
    """A relay for `Lab.relay`, not yet started."""
    if tls is not None and tls not in RELAY_TLS:
        raise UsageError(f"no such TLS fault: {tls!r}", hint=f"one of {', '.join(RELAY_TLS)}")
    try:
        harm = ByteFaults(**faults)
    except TypeError as error:
        raise UsageError(f"no such fault: {error}") from None
    implicit = lab.address(scheme)[1] == lab.service(scheme).tls_port
    port = lab.address(scheme)[1]
    context: ssl.SSLContext | None = None
    fault: str | None = tls
    if tls in FLAWS:
        context, fault = lab.authority.flawed(tls), "served"
    elif tls in ("served", "no close_notify"):
        context = lab.authority.server()
    elif tls == "plaintext" and implicit:
        port = lab.service(scheme).port
    elif tls == "tls on the plain port":
        port, fault = lab.service(scheme).tls_port, None
    relay = Relay("127.0.0.1", port, harm, ftp=ftp, refuse=refuse, implicit=implicit,
                  tls=cast("TLSFault | None", fault), context=context)
    return LabRelay(lab, scheme, relay, host=host)


@contextlib.contextmanager
def silent_port(port: int) -> Iterator[None]:
    """Port *port* of ``::1`` swallows what knocks: its queue is full, so nothing answers."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_INET6))
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(("::1", port))
        listener.listen(0)
        for _ in range(3):
            knock = stack.enter_context(socket.socket(socket.AF_INET6))
            knock.setblocking(False)
            knock.connect_ex(("::1", port))
        yield
