# GENERATED from engine_async.py by tools/unasync.py: edit that file, not this one.
"""The engine: httpcore2's pool over our network, and one request on it.

httpcore2 keeps the pool and speaks HTTP/2. Ours is below it (how an origin is reached: names,
proxies, TLS, deadlines; HTTP/1.1) and above it (everything that decides what is sent).
A kept-alive connection may die between two requests; a request that may be sent twice is then
sent again on another, without a word.
"""

from __future__ import annotations

import ssl
from importlib.util import find_spec

import httpcore2

from ..errors import ConnectionLost, PostelError, UsageError
from ..transport.clock_sync import now
from ..transport.connector_sync import Connector
from ..transport.names import HOSTS
from ..transport.proxies import Proxy, from_environment
from ..transport.proxy_sync import ProxyConnector
from ..transport.tls import TLSOptions, check_pin, context_for
from ..transport.trace import Trace
from ..types import Peer
from ..urls import URL
from .bodies_sync import Body
from .complaints import is_foreign, translated
from .connection_sync import Connection
from .headers import Headers
from .http1_sync import Request
from .network_sync import Route, Watch
from .retry import IDEMPOTENT

__all__ = ["Engine", "target_of"]


class Engine:
    """One client's connections.

    Args:
        tls: as for every client.
        proxy: URL of a proxy; None asks the environment; "none" goes direct.
        source_address: local address to connect from.
        family: of addresses.
        http2: whether HTTP/2 is offered; None: where the extra is installed.
        connections: at once, at most.
        trace: of the client.
        connector: opens the connections instead of the network.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | TLSOptions | None,
        proxy: str | None,
        source_address: str | None,
        family: int,
        http2: bool | None,
        connections: int,
        trace: Trace,
        connector: Connector | None,
    ) -> None:
        self._tls, self._proxy = tls, proxy
        self._source, self._family = source_address, family
        self.http2 = _offers_http2(http2)
        self.trace = trace
        self._connector = connector
        self._contexts: dict[tuple[str | None, str], ssl.SSLContext] = {}
        self._sessions: dict[tuple[str, int, int], ssl.SSLSession] = {}
        self._proxies: dict[tuple[bytes, bytes, int], Proxy | None] = {}
        self._pool = _Pool(self, connections)

    # -- how an origin is reached ----------------------------------------------------------

    def forwards(self, url: URL) -> Proxy | None:
        """The proxy that forwards requests for *url*; None where they go direct or by tunnel.

        Clear-text requests go to an HTTP proxy in absolute form (RFC 9112 section 3.2.2), as
        proxies expect it: most allow CONNECT to port 443 alone.
        """
        if url.scheme != "http" or self._connector is not None:
            return None
        proxy = self._proxy_for(b"http", url.host.encode("ascii"), url.port or 80)
        return proxy if proxy is not None and proxy.kind in ("http", "https") else None

    def is_proxied(self, url: URL) -> bool:
        """Whether requests for *url* go through any proxy."""
        port = url.origin[2] or 443
        return self._connector is None and self._proxy_for(
            url.scheme.encode(), url.host.encode("ascii"), port) is not None

    def _proxy_for(self, scheme: bytes, host: bytes, port: int) -> Proxy | None:
        key = scheme, host, port
        if key not in self._proxies:
            self._proxies[key] = from_environment(host.decode(), port, scheme.decode(), self._proxy)
        return self._proxies[key]

    def route(self, origin: httpcore2.Origin) -> Route:
        """How *origin* is reached."""
        host, port = origin.host.decode(), origin.port
        name = host.strip("[]")
        place = name, port
        connector = self._connector
        over_tls = False
        to = place
        if connector is None:
            proxy = self._proxy_for(origin.scheme, origin.host.strip(b"[]"), port)
            if proxy is None:
                connector = Connector(self._source, self._family)
            elif origin.scheme == b"http" and proxy.kind in ("http", "https"):
                connector = Connector(self._source, self._family)
                to, over_tls = (proxy.host, proxy.port), proxy.kind == "https"
            else:
                connector = ProxyConnector(self._source, self._family, proxy=proxy)
        end = to if over_tls else place

        def keep(context: ssl.SSLContext, session: ssl.SSLSession | None) -> None:
            if session is not None:
                self._sessions[*end, id(context)] = session

        return Route(
            connector, to[0], to[1], name, lambda protocols: self.context(end[0], protocols),
            self._check, lambda context: self._sessions.get((*end, id(context))), keep,
            self.trace.note, over_tls)

    def _check(self, peer: Peer) -> None:
        check_pin(peer, self._tls)

    def context(self, host: str, protocols: list[str]) -> ssl.SSLContext:
        """The TLS context for *host*: one for all, unless the lab vouches for this host."""
        authority = HOSTS.authority(host) if self._tls is None else None
        key = authority, protocols[0]
        if key not in self._contexts:
            options = TLSOptions(ca=authority) if authority is not None else self._tls
            self._contexts[key] = context_for(options)
        context = self._contexts[key]
        context.set_alpn_protocols(protocols)
        return context

    # -- one request -----------------------------------------------------------------------

    def send(
        self, method: str, url: URL, headers: Headers, body: Body | None, watch: Watch,
        *, expect: bool = False,
    ) -> httpcore2.Response:
        """Send one request and wait for the header of its answer.

        Raises:
            NetworkError: no way there, or it broke.
            ProtocolError: the answer is not HTTP.
            UsageError: it cannot be sent.
        """
        doing = f"{method} {url}"
        forwarded = self.forwards(url) is not None
        raw = headers.encoded()
        while True:
            watch.fresh, watch.heard, watch.head, watch.sent = False, 0, True, 0.0
            request = Request(method, target_of(url, forwarded), raw, body, watch, doing,
                                   expect=expect)
            try:
                return self._pool.handle_request(request)
            except Exception as error:
                failure = self._failure(error, doing, url.host)
                if not self._again(failure, method, body, watch):
                    if failure is error:
                        raise
                    raise failure from error
                self.trace.note("the kept connection was dead: once more")

    def _failure(self, error: Exception, doing: str, host: str) -> Exception:
        if is_foreign(error):
            error = translated(error, doing, host)
        if isinstance(error, PostelError) and not error.command:
            error.command = doing
        return error

    @staticmethod
    def _again(error: Exception, method: str, body: Body | None, watch: Watch) -> bool:
        """Whether a request may be sent once more: it died on a connection that was kept."""
        return (isinstance(error, ConnectionLost) and not watch.fresh and not watch.heard
                and method in IDEMPOTENT and (body is None or body.again)
                and not watch.deadline.expired(now=now()))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Pool(httpcore2.ConnectionPool):
    """httpcore2's pool, with our connections in it."""

    def __init__(self, engine: Engine, connections: int) -> None:
        super().__init__(max_connections=connections)
        self._engine = engine

    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.ConnectionInterface:
        return Connection(origin, self._engine.route(origin), http2=self._engine.http2)


def target_of(url: URL, forwarded: bool) -> httpcore2.URL:
    """The URL in httpcore2's parts; the fragment stays here."""
    path = url.path or "/"
    query = "" if url.query is None else f"?{url.query}"
    host = f"[{url.host}]" if ":" in url.host else url.host
    target = f"{path}{query}"
    if forwarded:
        plain = url.with_(user=None, password=None, path="", query=None, fragment=None)
        target = f"{plain}{target}"
    return httpcore2.URL(scheme=url.scheme.encode(), host=host.encode("ascii"), port=url.port,
                         target=target.encode("ascii"))


def _offers_http2(wanted: bool | None) -> bool:
    there = find_spec("h2") is not None
    if wanted and not there:
        raise UsageError("http2=True: HTTP/2 needs the package h2",
                         hint="pip install 'postel[http2]'")
    return there if wanted is None else wanted
