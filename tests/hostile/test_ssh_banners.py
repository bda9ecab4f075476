"""What answers on the port is no SSH server, or one that means harm: an error, soon, and bounded."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from postel.errors import ConnectionLost, NetworkError, PostelError, ProtocolError, TimedOut
from postel.ssh.link_sync import open_link
from postel.ssh.types import SSHOptions
from postel.timing import Deadline
from postel.transport.clock_sync import now

BACKENDS = ["asyncssh", pytest.param("ssh", marks=pytest.mark.skipif(
    shutil.which("ssh") is None, reason="there is no ssh here: openssh-client"))]


@contextmanager
def server(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port where each connection meets *behave*."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def run() -> None:
            while True:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return
                with sock:
                    sock.settimeout(10)
                    try:
                        behave(sock)
                    except OSError:
                        pass  # the client has hung up, as it should

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(15)


def attempt(port: int, backend: str, seconds: float = 8.0) -> PostelError:
    options = SSHOptions(backend=backend, config="none", agent=False)  # type: ignore[arg-type]
    began = now()
    with (pytest.raises(PostelError) as caught,
          open_link("127.0.0.1", port=port, user="ann", password="secret", options=options,
                    deadline=Deadline.after(seconds, now=now())) as link):
        link.send(b"\0\0\0\5\1\0\0\0\3")
        while link.receive():
            pass
    assert now() - began < seconds + 5
    assert "secret" not in str(caught.value)
    return caught.value


def say(*parts: bytes) -> Callable[[socket.socket], None]:
    def behave(sock: socket.socket) -> None:
        for part in parts:
            sock.sendall(part)
        sock.recv(1000)

    return behave


def pour(data: bytes) -> Callable[[socket.socket], None]:
    def behave(sock: socket.socket) -> None:
        for _ in range(50_000_000 // len(data)):
            sock.sendall(data)

    return behave


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("words", [
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    b"220 ftp.example.org ready\r\n",
    b"SSH-1.5-Ancient\r\n",
    b"SSH-9.9-Future\r\n",
    b"SSH-2.0-\x00\x1b[2J\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"SSH-2.0-" + b"x" * 1000 + b"\r\n",
    b"SSH-2.0-ok\r\n" + b"\xff" * 5000,
    b"SSH-2.0-ok\r\n\x00\x00\x00\x00",
    b"SSH-2.0-ok\r\n\x7f\xff\xff\xff" + b"\0" * 1000,
    b"",
], ids=["http", "ftp", "v1", "v9", "nul", "tls", "long", "noise", "empty packet", "huge packet",
        "nothing"])
def test_what_is_no_ssh(backend: str, words: bytes) -> None:
    def behave(sock: socket.socket) -> None:
        sock.sendall(words)
        sock.shutdown(socket.SHUT_WR)
        sock.recv(1000)

    with server(behave) as port:
        error = attempt(port, backend)
    assert isinstance(error, NetworkError | ProtocolError), error
    assert "\x1b" not in str(error)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("data", [b"a line of welcome\r\n" * 1000, b"x" * 65536],
                         ids=["lines", "one line"])
def test_an_endless_banner_is_not_read_for_ever(backend: str, data: bytes) -> None:
    with server(pour(data)) as port:
        error = attempt(port, backend)
    assert isinstance(error, NetworkError | ProtocolError), error


@pytest.mark.parametrize("backend", BACKENDS)
def test_lines_before_the_banner_are_allowed(backend: str) -> None:
    with server(say(b"Welcome to the gate\r\n", b"SSH-2.0-ok\r\n")) as port:
        error = attempt(port, backend, 1.0)
    assert isinstance(error, TimedOut | ConnectionLost), error


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_banner_one_byte_at_a_time_has_a_deadline(backend: str) -> None:
    stop = threading.Event()

    def behave(sock: socket.socket) -> None:
        while not stop.wait(0.05):
            sock.sendall(b"x")

    with server(behave) as port:
        try:
            error = attempt(port, backend, 1.0)
        finally:
            stop.set()
    assert isinstance(error, TimedOut | ConnectionLost | ProtocolError), error
