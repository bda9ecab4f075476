# GENERATED from connection_async.py by tools/unasync.py: edit that file, not this one.
"""A connection in the pool: reached by our network, then HTTP/1.1 (ours) or HTTP/2 (httpcore2's).

Which of the two is for TLS to agree (ALPN, RFC 7301); in the clear it is HTTP/1.1.
"""

from __future__ import annotations

from functools import cache
from typing import cast

import httpcore2

from ..transport.crew_sync import Limit
from .http1_sync import HTTP1, Request
from .network_sync import Wire, Route, Watch, reach

__all__ = ["Connection"]

_CANCEL = 8
"""The code of RST_STREAM for a stream that is not needed any more (RFC 9113 section 7)."""

_IDLE = 60.0
"""Seconds that an idle HTTP/2 connection is kept."""


class _HTTP2(httpcore2.HTTP2Connection):
    """httpcore2's HTTP/2, which can let go of one stream while others go on."""

    def abandon(self, stream: int, watch: Watch) -> None:
        """The rest of this stream is not wanted (RFC 9113 section 6.4, CANCEL).

        Left alone, it would use up the connection's window, and the other streams would starve.
        """
        try:
            self._h2_state.reset_stream(stream, error_code=_CANCEL)
            self._network_stream.write(self._h2_state.data_to_send(), cast("float", watch))
        except Exception:  # whatever is wrong with it: a new connection will do
            self.close()


@cache
def _be_strict() -> None:
    """Have malformed headers refused (RFC 9113 section 8.1.1): httpcore2 lets them pass."""
    from h2.config import H2Configuration

    _HTTP2.CONFIG = H2Configuration(validate_inbound_headers=True)


class Connection(httpcore2.ConnectionInterface):
    """One connection to one origin; it is made when the first request comes."""

    def __init__(self, origin: httpcore2.Origin, route: Route, *, http2: bool) -> None:
        self._origin, self._route = origin, route
        self._http2 = http2 and origin.scheme == b"https"
        self._inner: httpcore2.ConnectionInterface | None = None
        self._failed = False
        self._turn = Limit(1)

    def handle_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Connect if need be, and hand *request* on."""
        inner = self._inner
        if inner is None:
            with self._turn:
                inner = self._inner or self._connect(request)
        answer = inner.handle_request(request)
        if isinstance(inner, _HTTP2):
            answer.extensions["abandon"] = inner.abandon
        return answer

    def _connect(self, request: httpcore2.Request) -> httpcore2.ConnectionInterface:
        if self._failed or not isinstance(request, Request):
            raise httpcore2.ConnectionNotAvailable
        try:
            protocols = ["h2", "http/1.1"] if self._http2 else ["http/1.1"]
            tls = protocols if self._origin.scheme == b"https" else None
            wire = reach(self._route, request.watch, tls)
        except BaseException:
            self._failed = True
            raise
        self._inner = self._speak(wire)
        return self._inner

    def _speak(self, wire: Wire) -> httpcore2.ConnectionInterface:
        if wire.stream.alpn == "h2":
            _be_strict()
            return _HTTP2(self._origin, wire, keepalive_expiry=_IDLE)
        return HTTP1(self._origin, wire)

    def close(self) -> None:
        """Close it."""
        if self._inner is not None:
            self._inner.close()

    # -- what the pool asks ----------------------------------------------------------------

    def can_handle_request(self, origin: httpcore2.Origin) -> bool:
        """Whether it leads to *origin*."""
        return origin == self._origin

    def is_connected(self) -> bool:
        """Whether it stands."""
        return self._inner is not None and not self._inner.is_closed()

    def is_available(self) -> bool:
        """Whether it can take a request; what may become HTTP/2 can take several."""
        if self._inner is None:
            return self._http2 and not self._failed
        return self._inner.is_available()

    def has_expired(self) -> bool:
        """Whether it has been idle for long, or the server has hung up."""
        return self._failed if self._inner is None else self._inner.has_expired()

    def is_idle(self) -> bool:
        """Whether nothing is under way on it."""
        return self._failed if self._inner is None else self._inner.is_idle()

    def can_multiplex(self) -> bool:
        """Whether it takes several requests at once."""
        return self._inner is not None and self._inner.can_multiplex()

    def is_closed(self) -> bool:
        """Whether it is closed."""
        return self._failed if self._inner is None else self._inner.is_closed()

    def info(self) -> str:
        """For the pool's repr."""
        return "connecting" if self._inner is None else self._inner.info()
