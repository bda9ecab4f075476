"""Proxies that hang up, say nonsense, or say it in pieces: a documented error that names both."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postel import pop3
from postel.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLost,
    PostelError,
    ProtocolError,
    ResolveError,
    TimedOut,
    UsageError,
)
from postel.timing import Deadline
from postel.transport.clock_sync import now
from postel.transport.names import Address
from postel.transport.proxies import Proxy
from postel.transport.proxy_async import AsyncProxyConnector
from postel.transport.proxy_sync import ProxyConnector

SIDES = pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
GRANTED = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x15"
GREETING = b"220 the server speaks first\r\n"
ESTABLISHED = b"HTTP/1.1 200 OK\r\n\r\n"


@contextmanager
def answering(*scripts: bytes, pieces: bool = False, patient: bool = False) -> Iterator[int]:
    """A proxy whose n-th caller gets the n-th script whatever it says; yields its port.

    *pieces* sends single bytes; *patient* keeps the connection open after them.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    callers: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            for script in scripts:
                caller, _ = listener.accept()
                callers.append(caller)
                caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                caller.recv(4096)
                for piece in ([bytes([byte]) for byte in script] if pieces else [script]):
                    caller.sendall(piece)
                if not patient:
                    caller.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)
        for caller in callers:
            caller.close()


def through(kind: str, port: int, *, sync: bool, seconds: float = 10.0, host: str = "a.test",
            **more: Any) -> tuple[bytes, str]:
    """Connect to *host* by way of the proxy; what came first, and the peer's name."""
    proxy, deadline = Proxy(kind, "127.0.0.1", port), Deadline.after(seconds, now=now())
    if sync:
        with ProxyConnector(proxy=proxy, **more).connect(host, 21, deadline=deadline) as stream:
            return stream.receive(), stream.peer.host

    async def main() -> tuple[bytes, str]:
        connector = AsyncProxyConnector(proxy=proxy, **more)
        async with await connector.connect(host, 21, deadline=deadline) as stream:
            return await stream.receive(), stream.peer.host

    return asyncio.run(main())


@SIDES
@pytest.mark.parametrize("pieces", [False, True])
@pytest.mark.parametrize(("kind", "script"), [
    ("socks5h", b"\x05\x00" + GRANTED),
    ("socks5h", b"\x05\x00\x05\x00\x00\x04" + bytes(18)),
    ("socks5h", b"\x05\x00\x05\x00\x00\x03\x04gate\x00\x15"),
    ("socks5h", b"\x05\x00\x05\x00\x00\x03\x00\x00\x15"),
    ("http", ESTABLISHED),
    ("http", b"HTTP/1.0 200 Connection established\nVia: gate\n\n"),
    ("http", b"HTTP/1.1 204 x\r\nContent-Length: 10\r\n\r\n"),  # to be ignored: section 9.3.6
    ("http", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nX: y\r\n\r\n" + ESTABLISHED),
])
def test_what_the_server_says_first_is_kept(kind: str, script: bytes, pieces: bool,
                                            sync: bool) -> None:
    with answering(script + GREETING, pieces=pieces) as port:
        got, name = through(kind, port, sync=sync)
    assert GREETING.startswith(got)
    assert got
    assert name == "a.test"


def told(error: PostelError, port: int) -> str:
    """The message, which names the target and the proxy."""
    text = str(error)
    assert "connect to a.test port 21 by way of the " in text
    assert f"127.0.0.1:{port}" in text
    return text


@SIDES
@pytest.mark.parametrize(("kind", "script"), [
    ("socks5h", b"\x05\x00" + GRANTED), ("http", ESTABLISHED)])
def test_hanging_up_at_every_byte(kind: str, script: bytes, sync: bool) -> None:
    with answering(*(script[:cut] for cut in range(len(script)))) as port:
        for _ in range(len(script)):
            with pytest.raises(ConnectionLost, match="closed the connection while ans") as caught:
                through(kind, port, sync=sync)
            assert "is that really" in caught.value.hint
            told(caught.value, port)


@SIDES
@pytest.mark.parametrize(("kind", "script"), [
    ("socks5h", b""), ("socks5h", b"\x05"), ("socks5h", b"\x05\x00\x05\x00\x00"),
    ("http", b""), ("http", b"HTTP/1.1 200 OK\r\nX: y")])
def test_silence(kind: str, script: bytes, sync: bool) -> None:
    with answering(script, patient=True) as port, pytest.raises(TimedOut) as caught:
        through(kind, port, sync=sync, seconds=0.2)
    told(caught.value, port)
    assert "timeout=" in caught.value.hint


@SIDES
@pytest.mark.parametrize(("kind", "script", "words"), [
    ("socks5h", b"HTTP/1.1 400 Bad Request\r\n\r\n", "not SOCKS5"),
    ("socks5h", b"\x00\x5b\x00\x00\x00\x00\x00\x00", "not SOCKS5"),
    ("socks5h", b"\x05\x00\x04\x00\x00\x01", "not SOCKS5"),
    ("socks5h", b"\x05\x00\x05\x00\x00\x02\x00", "address of kind 2"),
    ("http", b"220 ftp.example.org ready\r\n", "not HTTP"),
    ("http", b"SSH-2.0-OpenSSH\r\n", "not HTTP"),
    ("http", b"HTTP/1.1 \xb2\xb2\xb2 x\r\n\r\n", "not HTTP"),
    ("http", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 4000, "no end"),
    ("http", b"x" * 20_000, "no end"),
    ("http", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, "no end"),
])
def test_nonsense(kind: str, script: bytes, words: str, sync: bool) -> None:
    with (answering(script, patient=True) as port,
          pytest.raises(ProtocolError, match=words) as caught):
        through(kind, port, sync=sync, seconds=5.0)
    told(caught.value, port)


@SIDES
@pytest.mark.parametrize("rest", [b"", b"\x00", b"\x00\x01\x00\x00\x00\x00\x00\x00"])
def test_refusals_that_are_cut_short(rest: bytes, sync: bool) -> None:
    with (answering(b"\x05\x00\x05\x02" + rest) as port,
          pytest.raises(ConnectError, match="its rules forbid it") as caught):
        through("socks5h", port, sync=sync)
    told(caught.value, port)
    assert caught.value.code == 2


@SIDES
@pytest.mark.parametrize(("kind", "script"), [
    ("socks5h", b"\x05\xff"), ("socks5h", b"\x05\x02"), ("socks5h", b"\x05\x01"),
    ("http", b"HTTP/1.1 407 x\r\n\r\n")])
def test_log_ins_that_are_not_to_be_had(kind: str, script: bytes, sync: bool) -> None:
    with answering(script) as port, pytest.raises(AuthenticationError) as caught:
        through(kind, port, sync=sync)
    told(caught.value, port)
    assert "user and password" in caught.value.hint


@SIDES
@pytest.mark.parametrize("kind", ["socks5h", "http"])
def test_names_that_would_say_more_are_not_said(kind: str, sync: bool) -> None:
    with answering(b"\x05\x00" + GRANTED) as port, pytest.raises(UsageError, match="no name"):
        through(kind, port, sync=sync, host="a.test\r\nX: y")


def both(host: str, port: int) -> list[Address]:
    return [Address(socket.AF_INET6, ("2001:db8::1", port, 0, 0)),
            Address(socket.AF_INET, ("192.0.2.1", port))]


@SIDES
def test_addresses_looked_up_here_are_tried_in_turn(sync: bool) -> None:
    granted = b"\x05\x00" + GRANTED + GREETING
    with answering(b"\x05\x00\x05\x08", granted) as port:
        assert through("socks5", port, sync=sync, resolver=both)[1] == "a.test"
    with answering(granted) as port:
        assert through("socks5", port, sync=sync, resolver=both, family=socket.AF_INET)[0]
    with (answering(b"\x05\x00\x05\x03", b"\x05\x00\x05\x04") as port,
          pytest.raises(ConnectError, match="cannot reach that host") as caught):
        through("socks5", port, sync=sync, resolver=both)
    told(caught.value, port)


@SIDES
def test_a_proxy_without_an_address(sync: bool) -> None:
    def nowhere(host: str, port: int) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    connector = (ProxyConnector if sync else AsyncProxyConnector)(
        resolver=nowhere, proxy=Proxy("socks5h", "gate.test", 1080))
    with pytest.raises(ConnectError, match=r"a\.test port 21 .*look up gate\.test") as caught:
        found = connector.connect("a.test", 21)
        if not sync:
            asyncio.run(found)  # type: ignore[arg-type]
    assert "spelling" in caught.value.hint
    assert not isinstance(caught.value, ResolveError), "a.test may well have an address"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["socks5h", "http"]), st.binary(max_size=60),
       st.sampled_from([b"", b"\x05\x00", b"\x05\x00\x05\x00\x00", b"HTTP/1.1 "]))
def test_whatever_a_proxy_says(kind: str, script: bytes, begun: bytes) -> None:
    with answering(begun + script) as port:
        try:
            through(kind, port, sync=True, seconds=5.0)
        except PostelError as error:
            told(error, port)


@SIDES
def test_a_proxy_s_localhost_is_not_this_machine(sync: bool) -> None:
    """A password for 127.0.0.1 would cross the network to the proxy: not in clear text."""
    script = ESTABLISHED + b"+OK ready\r\n-ERR no CAPA\r\n"
    with (answering(script, script, patient=True) as port,
          pytest.raises(PostelError) as caught):
        options: dict[str, Any] = {"proxy": f"http://127.0.0.1:{port}", "user": "ann",
                                   "password": "hush", "timeout": 3.0}
        if sync:
            pop3.Client("pop3://127.0.0.1", **options).open()
        else:
            asyncio.run(pop3.AsyncClient("pop3://127.0.0.1", **options).open())
    assert "hush" not in str(caught.value)
    assert not isinstance(caught.value, TimedOut), "it asked for TLS, or gave up"
