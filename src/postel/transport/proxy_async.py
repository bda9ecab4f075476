# A conversation (its twin proxy_sync.py is generated): connections by way of a proxy.
"""Connections through SOCKS5 and HTTP proxies: a dialogue, and then the stream is the server's.

After the dialogue the same stream goes on, under the server's name: TLS, errors and everything
above need not know that there is a proxy. With an ``https`` proxy the socket's TLS is the proxy's,
and a layer over it stands ready for the server's.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from ..errors import (
    AuthenticationError,
    CertificateError,
    ConnectError,
    ConnectionLost,
    NetworkError,
    ProtocolError,
    TLSError,
)
from ..timing import NEVER, Deadline
from . import proxies
from .connector_async import AsyncConnector
from .names import HOSTS, interleave, known
from .proxies import Proxy
from .socket_async import AsyncSocketStream
from .stream_async import AsyncStream
from .tls import TLSOptions, context_for
from .tls_layer_async import AsyncTLSLayer

__all__ = ["AsyncProxyConnector"]


@dataclass
class AsyncProxyConnector(AsyncConnector):
    """Opens connections by way of *proxy*; all else as `AsyncConnector`.

    Args:
        proxy: None goes directly.
        context: for TLS with an ``https`` proxy; the system's trust by default.
    """

    proxy: Proxy | None = None
    context: ssl.SSLContext | None = None

    async def connect(self, host: str, port: int, *, deadline: Deadline = NEVER) -> AsyncStream:
        """Connect to *host* through the proxy.

        Raises:
            ResolveError: the name has no address, and ``socks5`` looks it up here.
            ConnectError: the proxy cannot be reached, or cannot reach *host*; it says why.
            AuthenticationError: the proxy wants another user or password.
            TLSError: an ``https`` proxy does not speak TLS, or cannot prove who it is.
            ConnectionLost: the proxy hung up.
            TimedOut: the deadline passed.
            ProtocolError: it is no proxy of that kind.
        """
        proxy = self.proxy
        if proxy is None:
            return await super().connect(host, port, deadline=deadline)
        *others, last = await self._goals(proxy, host, port, deadline)
        for goal in others:
            try:
                return await self._through(proxy, (host, port), goal, deadline)
            except ConnectError as error:
                if error.code is None:
                    raise  # it is the proxy that cannot be reached
        return await self._through(proxy, (host, port), last, deadline)

    async def _goals(
        self, proxy: Proxy, host: str, port: int, deadline: Deadline
    ) -> list[tuple[str, int]]:
        """What the proxy is asked for: the name, or with ``socks5`` its addresses in turn.

        Names that only this process knows are looked up here for every kind of proxy.
        """
        if proxy.kind != "socks5" and known(host, port) is None:
            return [(host, port)]
        found = interleave(await self._addresses(host, port, deadline), self.family)
        return [(address.sockaddr[0], address.sockaddr[1]) for address in found] or [(host, port)]

    async def _through(
        self, proxy: Proxy, place: tuple[str, int], goal: tuple[str, int], deadline: Deadline
    ) -> AsyncStream:
        """Ask the proxy for *goal*; the stream then goes by the name of *place*."""
        try:
            stream = await self._reach(proxy, deadline)
            stream.deadline = deadline
            try:
                if proxy.kind == "https":
                    await self._secure(stream, proxy)
                await (_tunnel if "http" in proxy.kind else _socks)(stream, proxy, goal)
            except BaseException:
                await stream.aclose()
                raise
        except (NetworkError, ProtocolError, AuthenticationError) as error:
            raise proxies.by_way(error, proxy, *place) from error
        if proxy.kind == "https":
            return AsyncTLSLayer(stream, *place)
        stream.rename(*place)
        return stream

    async def _reach(self, proxy: Proxy, deadline: Deadline) -> AsyncSocketStream:
        try:
            return await self._dial(proxy.host, proxy.port, deadline)
        except ConnectError as error:
            raise ConnectError(
                str(error), attempts=error.attempts,
                hint="is the proxy running? proxy=\"none\" goes direct",
            ) from error

    async def _secure(self, stream: AsyncSocketStream, proxy: Proxy) -> None:
        """TLS with the proxy itself."""
        if self.context is None:
            self.context = context_for(TLSOptions(ca=HOSTS.authority(proxy.host)))
        try:
            await stream.start_tls(self.context, proxy.host)
        except CertificateError as error:
            raise CertificateError(
                str(error), code=error.code,
                hint="this machine must know the proxy's authority (SSL_CERT_FILE)") from error
        except TLSError as error:
            raise TLSError(
                str(error),
                hint="does it speak TLS? if not, its URL begins with http://") from error


async def _socks(stream: AsyncSocketStream, proxy: Proxy, goal: tuple[str, int]) -> None:
    """The dialogue of RFC 1928: ways to log in, log-in, request."""
    await stream.send(proxies.socks_greeting(proxy))
    _, method = await _answer(stream)
    if method == proxies.PASSWORD and proxy.user is not None:
        await stream.send(proxies.socks_login(proxy))
        _, refused = await _exactly(stream, 2)
        if refused:
            raise _login_refused("it refused user and password")
    elif method != proxies.NO_AUTH:
        raise _login_refused("it wants a log-in that was not offered")
    await stream.send(proxies.socks_connect(*goal))
    _, code = await _answer(stream)
    if code:  # what would come after it is of no use, and some proxies leave it out
        what, hint = proxies.SOCKS_ERRORS.get(code, (f"error {code}", ""))
        raise ConnectError(what, hint=hint, code=code)
    _, kind, first = await _exactly(stream, 3)
    await _exactly(stream, proxies.socks_rest(kind, first))


async def _answer(stream: AsyncSocketStream) -> bytes:
    """The two bytes that an answer of SOCKS5 begins with: the version, and what it says."""
    head = await _exactly(stream, 2)
    if head[0] != 5:
        raise ProtocolError("its answer is not SOCKS5",
                            hint="is it an HTTP proxy? then its URL begins with http://")
    return head


async def _tunnel(stream: AsyncSocketStream, proxy: Proxy, goal: tuple[str, int]) -> None:
    """CONNECT (RFC 9110 section 9.3.6)."""
    await stream.send(proxies.connect_request(proxy, *goal))
    code, words = await _status(stream)
    while code // 100 == 1:  # interim (section 15.2): the answer is still to come
        code, words = await _status(stream)
    if code == 407:
        raise _login_refused(f"{code} {words}")
    if code // 100 != 2:
        raise ConnectError(
            f"it answered {code} {words}".rstrip(),
            hint="its rules may allow only some ports, often 443 alone", code=code)


async def _status(stream: AsyncSocketStream) -> tuple[int, str]:
    """Read one header, and not a byte of what comes after it: that is the server's."""
    header = bytearray()
    while not header.endswith((b"\r\n\r\n", b"\n\n")):
        header += await stream.receive(1)
        if stream.ended:
            raise ConnectionLost("it closed the connection while answering",
                                 hint="is that really an HTTP proxy?")
        if stream.received > proxies.LONGEST_HEADER:
            raise ProtocolError("its answer has no end")
        if header.count(b"\n") == 1 and header.endswith(b"\n"):
            proxies.connect_status(header)  # another kind of server may never come to an end
    return proxies.connect_status(header)


async def _exactly(stream: AsyncSocketStream, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = await stream.receive(count - len(data))
        if not more:
            raise ConnectionLost("it closed the connection while answering",
                                 hint="is that really a SOCKS5 proxy?")
        data += more
    return data


def _login_refused(what: str) -> AuthenticationError:
    return AuthenticationError(what, hint="put user and password into the proxy's URL")
