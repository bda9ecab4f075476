"""HTTP/2 servers that break off, lie about lengths, go away or speak nonsense; and TLS cut short."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from postel import http
from postel.errors import (
    ConnectionLost,
    Incomplete,
    NetworkError,
    PostelError,
    ProtocolError,
    TimedOut,
)
from postel.lab.certificates import Authority
from postel.transport.tls import TLSOptions

pytest.importorskip("h2")
import h2.config
import h2.connection
import h2.events
import h2.exceptions

pytestmark = pytest.mark.slow

Play = Callable[[Any, "ssl.SSLSocket", int], None]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), ("localhost",))


@contextmanager
def serving(context: ssl.SSLContext, serve: Callable[[ssl.SSLSocket], None]) -> Iterator[int]:
    """A TLS server that treats its callers as *serve* says, each in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def handle(caller: socket.socket) -> None:
        caller.settimeout(10)
        with caller, contextlib.suppress(OSError, ValueError):
            with context.wrap_socket(caller, server_side=True,
                                     suppress_ragged_eofs=False) as secure:
                serve(secure)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = listener.accept()
                threads.append(threading.Thread(target=handle, args=(caller,), daemon=True))
                threads[-1].start()

    threads.append(threading.Thread(target=accept, daemon=True))
    threads[0].start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in threads:
            thread.join(10)


def speaking(play: Play) -> Callable[[ssl.SSLSocket], None]:
    """An HTTP/2 server that calls *play* for each request."""
    def serve(sock: ssl.SSLSocket) -> None:
        connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, validate_outbound_headers=False,
                                      normalize_outbound_headers=False))
        connection.initiate_connection()
        sock.sendall(connection.data_to_send())
        with contextlib.suppress(h2.exceptions.ProtocolError):  # the client answers what it likes
            while data := sock.recv(65536):
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.StreamEnded):
                        play(connection, sock, event.stream_id)
                sock.sendall(connection.data_to_send())
    return serve


HEAD = [(":status", "200"), ("content-type", "text/plain")]


def good(connection: Any, sock: Any, stream: int) -> None:
    connection.send_headers(stream, HEAD)
    connection.send_data(stream, b"hello", end_stream=True)


def reset(connection: Any, sock: Any, stream: int) -> None:
    connection.send_headers(stream, HEAD)
    connection.send_data(stream, b"hel")
    connection.reset_stream(stream, error_code=2)


def short(connection: Any, sock: Any, stream: int) -> None:
    connection.send_headers(stream, [*HEAD, ("content-length", "10")])
    connection.send_data(stream, b"hello", end_stream=True)


def long(connection: Any, sock: Any, stream: int) -> None:
    connection.send_headers(stream, [*HEAD, ("content-length", "2")])
    connection.send_data(stream, b"hello", end_stream=True)


def goes_away(connection: Any, sock: Any, stream: int) -> None:
    connection.send_headers(stream, HEAD)
    connection.send_data(stream, b"hel")
    connection.close_connection(error_code=11)


def hangs_up(connection: Any, sock: Any, stream: int) -> None:
    connection.send_headers(stream, HEAD)
    connection.send_data(stream, b"hel")
    sock.sendall(connection.data_to_send())
    sock.close()


def nonsense(connection: Any, sock: Any, stream: int) -> None:
    sock.sendall(b"\0\0\1\0\0\0\0\0\0x")  # DATA of no stream


def odd_status(connection: Any, sock: Any, stream: int) -> None:
    connection.send_headers(stream, [(":status", "abc")], end_stream=True)


def no_status(connection: Any, sock: Any, stream: int) -> None:
    connection.send_headers(stream, [("x", "y")], end_stream=True)


def bad_table(connection: Any, sock: Any, stream: int) -> None:
    sock.sendall(b"\0\0\x02\x01\x04" + stream.to_bytes(4, "big") + b"\xff\xff")


def silent(connection: Any, sock: Any, stream: int) -> None:
    """Says nothing."""


@pytest.mark.parametrize(("play", "kinds"), [
    (reset, (ConnectionLost,)), (short, (Incomplete,)), (long, (Incomplete, ProtocolError)),
    (goes_away, (ConnectionLost, Incomplete)), (hangs_up, (ConnectionLost, Incomplete)),
    (nonsense, (ProtocolError,)), (odd_status, (ProtocolError,)), (no_status, (ProtocolError,)),
    (bad_table, (ProtocolError,)), (silent, (TimedOut,))], ids=lambda p: getattr(p, "__name__", ""))
def test_what_goes_wrong(play: Play, kinds: tuple[type[PostelError], ...],
                         authority: Authority) -> None:
    context = authority.server()
    context.set_alpn_protocols(["h2"])
    options = TLSOptions(ca=authority.file)
    with serving(context, speaking(play)) as port:
        url = f"https://localhost:{port}/"
        with http.Client(url, tls=options, http2=True, timeout=1) as web:
            with pytest.raises(kinds) as caught:
                web.get("x")
            assert str(caught.value).startswith(("GET https://localhost", "localhost:")), caught

        async def main() -> None:
            async with http.AsyncClient(url, tls=options, http2=True, timeout=1) as web:
                with pytest.raises(kinds):
                    await web.get("x")

        asyncio.run(main())


def test_one_stream_fails_and_the_others_go_on(authority: Authority) -> None:
    def mixed(connection: Any, sock: Any, stream: int) -> None:
        (reset if stream == 3 else good)(connection, sock, stream)

    context = authority.server()
    context.set_alpn_protocols(["h2"])
    with serving(context, speaking(mixed)) as port:
        with http.Client(f"https://localhost:{port}/", tls=TLSOptions(ca=authority.file),
                         http2=True, timeout=3) as web:
            assert web.get("a").content == b"hello"
            with pytest.raises(ConnectionLost, match="broke the stream off"):
                web.post("b")
            page = web.get("c")
            assert (page.content, page.http_version, page.reason) == (b"hello", "HTTP/2", "")


@pytest.mark.parametrize("clean", [True, False])
def test_a_body_to_the_end_of_a_tls_connection(authority: Authority, clean: bool) -> None:
    """Only close_notify tells an end from a cut: whoever is between can send a FIN."""
    def serve(sock: ssl.SSLSocket) -> None:
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        if clean:
            sock.unwrap()
        else:
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    with serving(authority.server(), serve) as port:
        with http.Client(f"https://localhost:{port}/", tls=TLSOptions(ca=authority.file),
                         http2=False, timeout=3) as web:
            if clean:
                assert web.get().content == b"all of it"
            else:
                with pytest.raises(Incomplete, match="cut off"):
                    web.get()


def test_strict_transport_security(authority: Authority, tmp_path: Any) -> None:
    def serve(sock: ssl.SSLSocket) -> None:
        while sock.recv(65536):
            sock.sendall(b"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=99999\r\n"
                         b"Content-Length: 0\r\n\r\n")

    path = tmp_path / "hsts"
    with serving(authority.server(), serve) as port:
        options: dict[str, Any] = {"tls": TLSOptions(ca=authority.file), "timeout": 3,
                                   "http2": False}
        clear = f"http://localhost:{port}/"
        with http.Client(hsts=path, **options) as web:
            with pytest.raises(PostelError):
                web.get(clear)
            web.get(f"https://localhost:{port}/")
            assert web.get(clear).url.scheme == "https"
        with http.Client(hsts=path, **options) as web:
            assert web.get(clear).url.scheme == "https"
        with http.Client(hsts=False, **options) as web:
            web.get(f"https://localhost:{port}/")
            with pytest.raises((NetworkError, ProtocolError)):
                web.get(clear)
