"""Every kind of stream passes the published suite, sync and async, on every loop there is."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from postel.errors import CertificateError, NetworkError, TLSError, UsageError
from postel.secrets import Secret
from postel.testing import streams_async, streams_sync, tls_async, tls_sync
from postel.timing import Deadline
from postel.transport import memory_async, memory_sync
from postel.transport.clock_sync import now
from postel.transport.connector_async import AsyncConnector
from postel.transport.connector_sync import Connector
from postel.transport.proxies import Proxy
from postel.transport.proxy_async import AsyncProxyConnector
from postel.transport.proxy_sync import ProxyConnector
from postel.transport.socket_async import AsyncSocketStream
from postel.transport.socket_sync import SocketStream
from postel.transport.stream_async import AsyncStream
from postel.transport.stream_sync import Stream
from postel.transport.tls_layer_async import AsyncTLSLayer
from postel.transport.tls_layer_sync import TLSLayer

KINDS = ["plain", "TLS", "SOCKS5", "CONNECT", "TLS through SOCKS5", "TLS within TLS", "memory",
         "TLS in memory"]
LOOPS = ["asyncio", *(pytest.param(loop, marks=pytest.mark.slow)
                      for loop in ("uvloop", "no add_reader"))]


def connector(kind: str, proxy: Callable[..., Any], *, sync: bool) -> Any:
    """What opens a connection of *kind*."""
    if "SOCKS5" in kind:
        server = proxy("socks5", login=("ann", "hush"))
        value = Proxy("socks5h", "127.0.0.1", server.port, "ann", Secret("hush"))
    elif kind == "CONNECT":
        value = Proxy("http", "127.0.0.1", proxy("http").port)
    else:
        return Connector() if sync else AsyncConnector()
    return (ProxyConnector if sync else AsyncProxyConnector)(proxy=value)


@contextmanager
def sync_pair(kind: str, certificates: Any, proxy: Callable[..., Any]) -> Iterator[
        tuple[Stream, Stream]]:
    if kind == "memory":
        yield memory_sync.pair()
        return
    if kind == "layers over memory":
        near, far = memory_sync.pair()
        yield TLSLayer(near), TLSLayer(far)
        return
    if kind == "TLS in memory":
        with layered_sync(*memory_sync.pair(), certificates) as both:
            yield both
        return
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = connector(kind, proxy, sync=True).connect(
            "127.0.0.1", listener.getsockname()[1], deadline=Deadline.after(10, now=now()))
        accepted, _ = listener.accept()
    other = SocketStream(accepted, "client")
    if "TLS" in kind:
        shaking = threading.Thread(target=other.start_tls, args=(certificates.server, None),
                                   kwargs={"server_side": True})
        shaking.start()
        one.start_tls(certificates.client, "localhost")
        shaking.join()
    if kind == "TLS within TLS":
        with layered_sync(one, other, certificates) as both:
            yield both
        return
    try:
        yield one, other
    finally:
        one.close()
        other.close()


@contextmanager
def layered_sync(one: Stream, other: Stream, certificates: Any) -> Iterator[
        tuple[TLSLayer, TLSLayer]]:
    """TLS over two joined streams."""
    near, far = TLSLayer(one), TLSLayer(other)
    shaking = threading.Thread(target=far.start_tls, args=(certificates.server, None),
                               kwargs={"server_side": True})
    shaking.start()
    near.start_tls(certificates.client, "localhost")
    shaking.join()
    try:
        yield near, far
    finally:
        near.close()
        far.close()


@asynccontextmanager
async def async_pair(kind: str, certificates: Any, proxy: Callable[..., Any]) -> AsyncIterator[
        tuple[AsyncStream, AsyncStream]]:
    if kind == "memory":
        yield memory_async.pair()
        return
    if kind == "layers over memory":
        near, far = memory_async.pair()
        yield AsyncTLSLayer(near), AsyncTLSLayer(far)
        return
    if kind == "TLS in memory":
        async with layered_async(*memory_async.pair(), certificates) as both:
            yield both
        return
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = await connector(kind, proxy, sync=False).connect(
            "127.0.0.1", listener.getsockname()[1], deadline=Deadline.after(10, now=now()))
        accepted, _ = listener.accept()
    other = AsyncSocketStream(accepted, "client")
    if "TLS" in kind:
        await asyncio.gather(other.start_tls(certificates.server, None, server_side=True),
                             one.start_tls(certificates.client, "localhost"))
    if kind == "TLS within TLS":
        async with layered_async(one, other, certificates) as both:
            yield both
        return
    try:
        yield one, other
    finally:
        await one.aclose()
        await other.aclose()


@asynccontextmanager
async def layered_async(one: AsyncStream, other: AsyncStream, certificates: Any) -> AsyncIterator[
        tuple[AsyncTLSLayer, AsyncTLSLayer]]:
    """TLS over two joined streams."""
    near, far = AsyncTLSLayer(one), AsyncTLSLayer(other)
    await asyncio.gather(far.start_tls(certificates.server, None, server_side=True),
                         near.start_tls(certificates.client, "localhost"))
    try:
        yield near, far
    finally:
        await near.aclose()
        await far.aclose()


def run(loop: str, main: Coroutine[Any, Any, None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run *main* on a loop of the named kind."""
    factory = None
    if loop == "uvloop":
        factory = pytest.importorskip("uvloop", reason="uvloop is not installed").new_event_loop
    elif loop == "no add_reader":
        def refuse(*_: object) -> None:
            raise NotImplementedError

        for name in ("add_reader", "add_writer"):
            monkeypatch.setattr(asyncio.SelectorEventLoop, name, refuse)
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(asyncio.wait_for(_plain(main), 10))


async def _plain(main: Coroutine[Any, Any, None]) -> None:
    await main


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", streams_sync.CHECKS, ids=lambda check: check.__name__)
def test_sync(check: streams_sync.Check, kind: str, certificates: Any, proxy: Any) -> None:
    with sync_pair(kind, certificates, proxy) as (one, other):
        check(one, other)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", streams_async.CHECKS, ids=lambda check: check.__name__)
def test_async(check: streams_async.AsyncCheck, kind: str, loop: str, certificates: Any,
               proxy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with async_pair(kind, certificates, proxy) as (one, other):
            await check(one, other)

    run(loop, main(), monkeypatch)


IN_CLEAR = ["plain", "SOCKS5", "CONNECT", "layers over memory"]


@pytest.mark.parametrize("kind", IN_CLEAR)
@pytest.mark.parametrize("check", tls_sync.TLS_CHECKS, ids=lambda check: check.__name__)
def test_tls_sync(check: tls_sync.TLSCheck, kind: str, certificates: Any, proxy: Any) -> None:
    contexts = tls_sync.Contexts(certificates.server, certificates.client, "localhost")
    with sync_pair(kind, certificates, proxy) as (one, other):
        check(one, other, contexts)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("kind", IN_CLEAR)
@pytest.mark.parametrize("check", tls_async.TLS_CHECKS, ids=lambda check: check.__name__)
def test_tls_async(check: tls_async.AsyncTLSCheck, kind: str, loop: str, certificates: Any,
                   proxy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    contexts = tls_async.Contexts(certificates.server, certificates.client, "localhost")

    async def main() -> None:
        async with async_pair(kind, certificates, proxy) as (one, other):
            await check(one, other, contexts)

    run(loop, main(), monkeypatch)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_cancelled_receive_loses_nothing(kind: str, loop: str, certificates: Any, proxy: Any,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with async_pair(kind, certificates, proxy) as (one, other):
            got = b""
            for number in range(20):
                waiting = asyncio.ensure_future(other.receive())
                await asyncio.sleep(0.001 if number % 2 else 0)
                waiting.cancel()
                done = (await asyncio.gather(waiting, return_exceptions=True))[0]
                got += done if isinstance(done, bytes) else b""
                await one.send(b"%02d" % number)
            while len(got) < 40:
                got += await other.receive()
            assert got == b"".join(b"%02d" % number for number in range(20))
            assert not other.broken

    run(loop, main(), monkeypatch)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cancelled_send_marks_the_stream_broken(kind: str, certificates: Any, proxy: Any,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with async_pair(kind, certificates, proxy) as (one, _):
            sending = asyncio.ensure_future(one.send(bytes(64 << 20)))
            await asyncio.sleep(0.05)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            assert one.broken

    run("asyncio", main(), monkeypatch)


@pytest.mark.parametrize("kind", ["TLS", "TLS through SOCKS5"])
def test_a_tls_end_without_close_notify_is_visible(kind: str, certificates: Any,
                                                   proxy: Any) -> None:
    with sync_pair(kind, certificates, proxy) as (one, other):
        one.send(b"half")
        assert isinstance(one, SocketStream)
        socket.socket.shutdown(one._sock, socket.SHUT_WR)  # FIN, and not a word of TLS
        assert streams_sync.read_all(other) == b"half"
        assert other.ended
        assert not other.clean


@pytest.mark.parametrize("below", ["cut", "ended"])
def test_a_layer_s_end_without_close_notify_is_visible(below: str, certificates: Any) -> None:
    """However the stream below ends: without close_notify nobody knows whether that was all."""
    one, other = memory_sync.pair()
    with layered_sync(one, other, certificates) as (near, far):
        near.send(b"half")
        (one.tear if below == "cut" else one.end_sending)()
        assert streams_sync.read_all(far) == b"half"
        assert far.ended
        assert not far.clean


def test_a_layer_resumes_a_session(certificates: Any) -> None:
    session = None
    for visit in range(2):
        near, far = map(TLSLayer, memory_sync.pair())
        shaking = threading.Thread(target=far.start_tls, args=(certificates.server, None),
                                   kwargs={"server_side": True})
        shaking.start()
        near.start_tls(certificates.client, "localhost", session=session)
        shaking.join()
        far.send(b"x")
        assert near.receive() == b"x"
        assert near.tls_resumed == bool(visit)
        session = near.tls_session


def test_a_layer_has_one_tls() -> None:
    stream = TLSLayer(memory_sync.Scripted(b""), "a.test", 21)
    stream.end_tls()
    assert (stream.peer.host, stream.peer.port, stream.peer.tls) == ("a.test", 21, None)
    with pytest.raises(TLSError, match=r"a\.test:21"):
        stream.start_tls(ssl.create_default_context(), "a.test")
    with pytest.raises(UsageError, match="on already"):
        stream.start_tls(ssl.create_default_context(), "a.test")


@pytest.mark.parametrize("junk", [b"\0" * 99, b"\x17\x03\x03\x00\x04junk", b"220 hello\r\n",
                                  b"\x15\x03\x03\x00\x02\x02\x28"])
def test_junk_instead_of_records(junk: bytes, certificates: Any) -> None:
    one, other = memory_sync.pair()
    with layered_sync(one, other, certificates) as (near, far):
        near.send(b"good")
        assert far.receive() == b"good"
        one.send(junk)
        with pytest.raises(NetworkError, match="memory"):
            streams_sync.read_all(far)


def test_scripts_come_as_they_are_written() -> None:
    stream = memory_async.AsyncScripted([b"+OK", b" ready\r\n"], clean=False)
    assert memory_async.drive(stream.receive()) == b"+OK"
    assert memory_async.drive(stream.receive(2)) == b" r"
    assert memory_async.drive(streams_async.read_all(stream)) == b"eady\r\n"
    assert (stream.ended, stream.clean) == (True, False)
    memory_async.drive(stream.send(b"QUIT"))
    assert stream.sent_bytes == b"QUIT"
    sliced = memory_sync.Scripted([b"abc", b"de"], slice=2)
    assert [*sliced] == [b"ab", b"c", b"de"]
    with pytest.raises(RuntimeError, match="waits"):
        memory_async.drive(asyncio.sleep(0))
    with pytest.raises(UsageError, match="no TLS of its own"):
        memory_async.drive(stream.start_tls(ssl.create_default_context(), "x"))


def test_a_memory_end_torn_off_is_visible() -> None:
    one, other = memory_sync.pair()
    one.send(b"half")
    one.tear()
    assert streams_sync.read_all(other) == b"half"
    assert not other.clean


def test_the_name_is_checked(certificates: Any, proxy: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = Connector().connect("127.0.0.1", listener.getsockname()[1])
        accepted, _ = listener.accept()
    other = SocketStream(accepted, "client")

    def shake() -> None:
        with pytest.raises(TLSError):
            other.start_tls(certificates.server, None, server_side=True)

    shaking = threading.Thread(target=shake)
    shaking.start()
    with pytest.raises(CertificateError, match="another name") as caught:
        one.start_tls(certificates.client, "elsewhere.example.org")
    one.close()
    shaking.join()
    other.close()
    assert "connect by a name" in caught.value.hint


def test_a_session_is_resumed(certificates: Any, proxy: Any) -> None:
    def talk(session: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, bool]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            one = Connector().connect("127.0.0.1", listener.getsockname()[1])
            accepted, _ = listener.accept()
        other = SocketStream(accepted, "client")
        shaking = threading.Thread(target=other.start_tls, args=(certificates.server, None),
                                   kwargs={"server_side": True})
        shaking.start()
        one.start_tls(certificates.client, "localhost", session=session)
        shaking.join()
        other.send(b"x")
        one.receive()
        found = one.tls_session, one.tls_resumed
        one.close()
        other.close()
        return found

    session, resumed = talk(None)
    assert not resumed
    assert talk(session)[1]
