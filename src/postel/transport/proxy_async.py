# A conversation (its twin proxy_sync.py is generated): connections by way of a proxy.
"""Connections through SOCKS5 and HTTP proxies: a dialogue, and then the stream is the server's.

After the dialogue the same stream goes on, under the server's name: TLS, errors and everything
above need not know that there is a proxy.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import AuthenticationError, ConnectError, ConnectionLost, ProtocolError
from ..timing import NEVER, Deadline
from . import proxies
from .connector_async import AsyncConnector
from .names import known
from .proxies import Proxy
from .socket_async import AsyncSocketStream

__all__ = ["AsyncProxyConnector"]


@dataclass
class AsyncProxyConnector(AsyncConnector):
    """Opens connections by way of *proxy*; all else as `AsyncConnector`."""

    proxy: Proxy | None = None

    async def connect(
        self, host: str, port: int, *, deadline: Deadline = NEVER
    ) -> AsyncSocketStream:
        """Connect to *host* through the proxy.

        Raises:
            ConnectError: the proxy cannot be reached, or cannot reach *host*; it says why.
            AuthenticationError: the proxy wants another user or password.
        """
        proxy = self.proxy
        if proxy is None:
            return await super().connect(host, port, deadline=deadline)
        try:
            stream = await super().connect(proxy.host, proxy.port, deadline=deadline)
        except ConnectError as error:
            raise ConnectError(
                f"connect to {host} port {port} by way of the {proxy}: {error}",
                attempts=error.attempts, hint="is the proxy running? proxy=\"none\" goes direct",
            ) from error
        stream.deadline = deadline
        try:
            goal = await self._goal(proxy, host, port, deadline)
            if proxy.kind == "http":
                await self._tunnel(stream, proxy, *goal)
            else:
                await self._socks(stream, proxy, *goal)
        except BaseException:
            await stream.aclose()
            raise
        stream.rename(host, port)
        return stream

    async def _socks(
        self, stream: AsyncSocketStream, proxy: Proxy, host: str, port: int
    ) -> None:
        await stream.send(proxies.socks_greeting(proxy))
        version, method = await _exactly(stream, 2, proxy)
        if version != 5:
            raise ProtocolError(f"{proxy}: its answer is not SOCKS5",
                                hint="is it an HTTP proxy? then its URL begins with http://")
        if method == proxies.PASSWORD and proxy.user is not None:
            await stream.send(proxies.socks_login(proxy))
            _, refused = await _exactly(stream, 2, proxy)
            if refused:
                raise _login_refused(proxy, "it refused user and password")
        elif method != proxies.NO_AUTH:
            raise _login_refused(proxy, "it wants a log-in that was not offered")
        await stream.send(proxies.socks_connect(host, port))
        head = await _exactly(stream, 5, proxy)
        await _exactly(stream, proxies.socks_rest(head), proxy)
        if head[1]:
            what, hint = proxies.SOCKS_ERRORS.get(head[1], (f"error {head[1]}", ""))
            raise ConnectError(f"connect to {host} port {port} by way of the {proxy}: {what}",
                               hint=hint, code=head[1])

    async def _goal(
        self, proxy: Proxy, host: str, port: int, deadline: Deadline
    ) -> tuple[str, int]:
        """What the proxy is asked for: the name, or with ``socks5`` its address.

        Names that only this process knows are looked up here for every kind of proxy.
        """
        if proxy.kind != "socks5" and known(host, port) is None:
            return host, port
        found = await self._addresses(host, port, deadline)
        return (str(found[0].sockaddr[0]), found[0].sockaddr[1]) if found else (host, port)

    async def _tunnel(
        self, stream: AsyncSocketStream, proxy: Proxy, host: str, port: int
    ) -> None:
        await stream.send(proxies.connect_request(proxy, host, port))
        header = b""
        while b"\r\n\r\n" not in header:
            header += await stream.receive(1)  # not a byte of what comes after it
            if stream.ended:
                raise ConnectionLost(f"{proxy}: it closed the connection while answering")
            if len(header) > proxies.LONGEST_HEADER:
                raise ProtocolError(f"{proxy}: its answer has no end")
        code, words = proxies.connect_status(header)
        if code == 407:
            raise _login_refused(proxy, f"{code} {words}")
        if code // 100 != 2:
            raise ConnectError(
                f"connect to {host} port {port} by way of the {proxy}: it answered {code} {words}",
                hint="its rules may allow only some ports, often 443 alone", code=code)


async def _exactly(stream: AsyncSocketStream, count: int, proxy: Proxy) -> bytes:
    data = b""
    while len(data) < count:
        more = await stream.receive(count - len(data))
        if not more:
            raise ConnectionLost(f"{proxy}: it closed the connection while answering",
                                 hint="is that really a SOCKS5 proxy?")
        data += more
    return data


def _login_refused(proxy: Proxy, what: str) -> AuthenticationError:
    return AuthenticationError(f"{proxy}: {what}",
                               hint="put user and password into the proxy's URL")
