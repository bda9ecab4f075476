"""Certificates, and two small proxies in threads."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme


@dataclass
class Certificates:
    """A server's context, and one that trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1",
                         key_type=trustme.KeyType.ECDSA).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return Certificates(server, client)


@dataclass
class ProxyServer:
    """A proxy that serves each connection in a thread, as its script says.

    Args:
        kind: "socks5" or "http".
        login: user and password that it wants.
        answer: what it says instead of connecting: a SOCKS code, or an HTTP status line.
        tls: its context, where it wants TLS itself.
    """

    kind: str
    login: tuple[str, str] | None = None
    answer: int | bytes | None = None
    tls: ssl.SSLContext | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)
    port: int = 0

    def serve(self, client: socket.socket) -> None:
        try:
            if self.tls is not None:
                client = self.tls.wrap_socket(client, server_side=True)
            target = self._socks(client) if self.kind == "socks5" else self._http(client)
            if target is not None:
                self._join(client, target)
        except OSError:
            pass
        finally:
            client.close()

    def _socks(self, client: socket.socket) -> tuple[str, int] | None:
        _, count = client.recv(2)
        methods = _exactly(client, count)
        wanted = 2 if self.login else 0
        client.sendall(bytes([5, wanted if wanted in methods else 255]))
        if wanted not in methods:
            return None
        if self.login:
            _, size = _exactly(client, 2)
            user = _exactly(client, size).decode()
            password = _exactly(client, _exactly(client, 1)[0]).decode()
            client.sendall(b"\x01\x00" if (user, password) == self.login else b"\x01\x01")
            if (user, password) != self.login:
                return None
        _, _, _, kind = _exactly(client, 4)
        if kind == 3:
            host = _exactly(client, _exactly(client, 1)[0]).decode()
        else:
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            host = socket.inet_ntop(family, _exactly(client, 4 if kind == 1 else 16))
        port = int.from_bytes(_exactly(client, 2), "big")
        self.asked.append((host, port))
        code = self.answer if isinstance(self.answer, int) else 0
        client.sendall(bytes([5, code, 0, 1, 127, 0, 0, 1, 0, 0]))
        return None if code else (host, port)

    def _http(self, client: socket.socket) -> tuple[str, int] | None:
        header = b""
        while b"\r\n\r\n" not in header:
            header += client.recv(1)
        host, _, port = header.split()[1].decode().rpartition(":")
        self.asked.append((host.strip("[]"), int(port)))
        if self.login:
            import base64

            token = base64.b64encode(":".join(self.login).encode())
            if b"Basic " + token not in header:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                return None
        if isinstance(self.answer, bytes):
            client.sendall(self.answer + b"\r\n\r\n")
            return None
        client.sendall(b"HTTP/1.1 200 Connection established\r\nX-Test: yes\r\n\r\n")
        return host.strip("[]"), int(port)

    def _join(self, client: socket.socket, target: tuple[str, int]) -> None:
        with socket.create_connection(target, timeout=10) as server:
            if isinstance(client, ssl.SSLSocket):
                _pump_both(client, server)
                return
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join()


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise OSError("gone")
        data += more
    return data


def _pump_both(client: ssl.SSLSocket, server: socket.socket) -> None:
    """Both ways in one thread: OpenSSL's objects serve one at a time."""
    pairs: dict[socket.socket, socket.socket] = {client: server, server: client}
    while pairs:
        ready = [client] if client in pairs and client.pending() else []
        for source in ready or select.select(list(pairs), [], [], 10)[0]:
            if data := source.recv(65536):
                pairs[source].sendall(data)
                continue
            socket.socket.shutdown(pairs.pop(source), socket.SHUT_WR)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@contextmanager
def running(server: ProxyServer) -> Iterator[ProxyServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    server.port = listener.getsockname()[1]
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=server.serve, args=(client,), daemon=True)
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for thread in threads:
            thread.join(timeout=5)


@pytest.fixture
def proxy() -> Iterator[Callable[..., ProxyServer]]:
    """`proxy("socks5", login=("ann", "hush"))`: a running proxy."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(running(ProxyServer(*args, **more)))


@pytest.fixture(scope="session")
def here() -> Path:
    return Path(__file__).parent
