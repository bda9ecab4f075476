"""The HTTP server over HTTP/2: the same files, many at once, windows, faults, hostile clients."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest

from postel import lab
from postel.http.server import HTTPOptions
from postel.lab.lab import Lab

h2_connection = pytest.importorskip("h2.connection")
import h2.config  # noqa: E402
import h2.errors  # noqa: E402
import h2.events  # noqa: E402

BODY = bytes(range(256)) * 4000


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with lab.start("http") as started:
        yield started


@pytest.fixture
def here(running: Lab) -> Lab:
    vars(running.http.options).update(vars(HTTPOptions(http2=True)))
    running.http.faults.clear()
    running.http.files.put("/a.txt", b"0123456789")
    running.http.files.put("/big.bin", BODY)
    return running


class Client:
    """A small HTTP/2 client on h2."""

    def __init__(self, here: Lab) -> None:
        context = ssl.create_default_context(cafile=str(here.ca))
        context.set_alpn_protocols(["h2"])
        raw = socket.create_connection(here.address("https"), timeout=5)
        self.sock = context.wrap_socket(raw, server_hostname="localhost")
        assert self.sock.selected_alpn_protocol() == "h2"
        self.wire = h2_connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.wire.initiate_connection()
        self.early: list[Any] = []
        self.flush()

    def flush(self) -> None:
        self.sock.sendall(self.wire.data_to_send())

    def ask(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> int:
        number: int = self.wire.get_next_available_stream_id()
        fields = [(":method", method), (":path", path), (":scheme", "https"),
                  (":authority", "localhost"),
                  *((name.replace("_", "-"), value) for name, value in headers.items())]
        self.wire.send_headers(number, fields, end_stream=not body)
        while body:
            room = min(self.wire.local_flow_control_window(number),
                       self.wire.max_outbound_frame_size)
            if not room:
                self.flush()
                self.early += self.events()
                continue
            self.wire.send_data(number, body[:room], end_stream=len(body) <= room)
            body = body[room:]
        self.flush()
        return number

    def events(self) -> list[Any]:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        found = self.wire.receive_data(data)
        for event in found:
            if isinstance(event, h2.events.DataReceived):
                self.wire.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self.flush()
        return list(found)

    def answers(self, *numbers: int) -> dict[int, Any]:
        """Status and body, or the code of a reset, of each stream."""
        status: dict[int, int] = {}
        bodies = dict.fromkeys(numbers, b"")
        done: dict[int, Any] = {}
        while set(done) != set(numbers):
            events, self.early = self.early or self.events(), []
            for event in events:
                if isinstance(event, h2.events.ResponseReceived):
                    status[event.stream_id] = int(dict(event.headers)[":status"])
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] += event.data
                elif isinstance(event, h2.events.StreamEnded):
                    done[event.stream_id] = status[event.stream_id], bodies[event.stream_id]
                elif isinstance(event, h2.events.StreamReset):
                    done[event.stream_id] = event.error_code
        return done

    def get(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Any:
        number = self.ask(path, method, body, **headers)
        return self.answers(number)[number]


@pytest.fixture
def client(here: Lab) -> Iterator[Client]:
    made = Client(here)
    yield made
    made.sock.close()


def test_files_and_ranges(client: Client) -> None:
    assert client.get("/a.txt") == (200, b"0123456789")
    assert client.get("/a.txt", range="bytes=2-4") == (206, b"234")
    assert client.get("/big.bin") == (200, BODY)
    assert client.get("/a.txt", "HEAD") == (200, b"")
    assert client.get("/nothing")[0] == 404


def test_many_at_once(client: Client) -> None:
    numbers = [client.ask("/big.bin" if n % 5 == 0 else "/a.txt") for n in range(60)]
    found = client.answers(*numbers)
    for n, number in enumerate(numbers):
        assert found[number] == (200, BODY if n % 5 == 0 else b"0123456789")


def test_uploads(here: Lab, client: Client) -> None:
    here.http.options.require = "never"
    assert client.get("/up", "PUT", BODY)[0] == 201
    assert here.http.files.get("/up") == BODY
    status, body = client.get("/echo", "POST", b"hello")
    assert (status, b'"version": "2"' in body, b'"body": "hello"' in body) == (200, True, True)


@pytest.mark.slow
def test_bodies_nobody_wants_do_not_fill_the_window_of_others(here: Lab, client: Client) -> None:
    """A 401 comes before the body is read; what is thrown away makes room again."""
    for _ in range(5):
        assert client.get("/up", "PUT", BODY)[0] == 401
    assert client.get("/echo", "POST", b"x" * 300_000)[0] == 200


def test_applications(here: Lab, client: Client) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Connection", "close")])
        return [environ["SERVER_PROTOCOL"].encode(), b" ", environ["wsgi.input"].read()]

    here.http.mount(app, "/app")
    try:
        assert client.get("/app", "POST", b"x" * 300_000) == (200, b"HTTP/2 " + b"x" * 300_000)
    finally:
        here.http.unmount("/app")


def test_faults(here: Lab, client: Client) -> None:
    faults = here.http.faults
    faults.on("GET", b"503 Busy\r\nRetry-After: 1")
    assert client.get("/a.txt") == (503, b"")
    faults.on("GET", cut=4)
    assert client.get("/a.txt") == h2.errors.ErrorCodes.INTERNAL_ERROR
    faults.on("GET", b"RST")
    assert client.get("/a.txt") == h2.errors.ErrorCodes.REFUSED_STREAM
    assert client.get("/a.txt") == (200, b"0123456789")
    faults.on("GET", b"GOAWAY 1")
    client.ask("/a.txt")
    events: list[Any] = []
    with pytest.raises((EOFError, ConnectionError)):
        while True:
            events += client.events()
    assert any(isinstance(event, h2.events.ConnectionTerminated) and event.error_code == 1
               for event in events)


def test_a_length_that_lies(here: Lab, client: Client) -> None:
    here.http.faults.on("GET", larger=5)
    number = client.ask("/a.txt")
    with pytest.raises(Exception, match="Expected 15"):
        client.answers(number)


def test_a_client_that_takes_nothing(here: Lab, client: Client) -> None:
    here.http.options.body_wait = 0.2
    number = client.ask("/big.bin")
    begin = time.monotonic()
    while time.monotonic() - begin < 3:
        events = client.wire.receive_data(client.sock.recv(65536))  # and opens no window
        if any(isinstance(event, h2.events.StreamReset) for event in events):
            break
    else:
        pytest.fail("it waits for ever")
    assert number


def test_a_client_that_resets_all_it_opens(here: Lab, client: Client) -> None:
    """CVE-2023-44487."""
    try:
        for _ in range(500):
            number = client.wire.get_next_available_stream_id()
            client.wire.send_headers(number, [
                (":method", "GET"), (":path", "/big.bin"), (":scheme", "https"),
                (":authority", "localhost")], end_stream=True)
            client.wire.reset_stream(number)
            client.flush()
    except OSError:
        return  # torn off in the middle
    with pytest.raises((EOFError, ConnectionError, ssl.SSLError)):
        while not any(isinstance(event, h2.events.ConnectionTerminated)
                      and event.error_code == h2.errors.ErrorCodes.ENHANCE_YOUR_CALM
                      for event in client.events()):
            pass
        raise EOFError


@pytest.mark.parametrize("data", [
    b"nonsense" * 10, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + b"\0\0\x05\1\4\0\0\0\1" + b"\xff" * 5])
def test_frames_that_are_none(here: Lab, data: bytes) -> None:
    here.http.options.keep_alive = 0.5
    context = ssl.create_default_context(cafile=str(here.ca))
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(here.address("https"), timeout=5) as raw, \
            context.wrap_socket(raw, server_hostname="localhost") as sock:
        sock.sendall(data)
        try:
            while sock.recv(65536):
                pass
        except ConnectionResetError:
            pass


def test_without_the_option_it_is_http_1(here: Lab) -> None:
    here.http.options.http2 = False
    context = ssl.create_default_context(cafile=str(here.ca))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(here.address("https"), timeout=5) as raw, \
            context.wrap_socket(raw, server_hostname="localhost") as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"
