"""Applications of other people in the lab: ASGI, WSGI, how they start, fail and end."""

from __future__ import annotations

import asyncio
import gc
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from postel import lab
from postel.errors import UsageError
from postel.lab.lab import Lab


@pytest.fixture
def here() -> Iterator[Lab]:
    with lab.start("http") as started:
        started.http.files.put("/a.txt", b"a file")
        yield started


def get(here: Lab, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
    host, port = here.address("http")
    line = http.client.HTTPConnection(host, port, timeout=5)
    try:
        line.request(method, path, body)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    place = f"{environ['REQUEST_METHOD']} {environ['SCRIPT_NAME']}|{environ['PATH_INFO']}"
    return [place.encode(), b"?", environ["QUERY_STRING"].encode(), b" ", body]


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        raise NotImplementedError
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 203, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b" " + body})


def test_wsgi(here: Lab) -> None:
    here.http.mount(wsgi, "/app")
    assert get(here, "/app/x/y?q=1", "POST", b"body") == (200, b"POST /app|/x/y?q=1 body")
    assert get(here, "/app") == (200, b"GET /app|? ")
    assert get(here, "/a.txt") == (200, b"a file")
    assert get(here, "/apple")[0] == 404


def test_asgi(here: Lab) -> None:
    here.http.mount(asgi)
    assert get(here, "/a.txt", "POST", b"body") == (203, b"/a.txt body")
    here.http.mount(wsgi, "/inner/")
    assert get(here, "/inner/x") == (200, b"GET /inner|/x? ")
    here.http.unmount()
    assert get(here, "/a.txt") == (200, b"a file")
    with pytest.raises(UsageError, match="nothing is mounted"):
        here.http.unmount()


def test_an_object_that_is_called(here: Lab) -> None:
    class Framework:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await asgi(scope, receive, send)

    here.http.mount(Framework())
    assert get(here, "/x")[0] == 203


def test_starlette(here: Lab) -> None:
    applications = pytest.importorskip("starlette.applications")
    from contextlib import asynccontextmanager

    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Route

    life: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> Any:
        life.append("up")
        yield {"word": "hello"}
        life.append("down")

    async def said(request: Any) -> Any:
        return JSONResponse({"word": request.state.word, "body": (await request.body()).decode(),
                             "url": str(request.url.path)})

    async def many(request: Any) -> Any:
        async def parts() -> Any:
            for n in range(100):
                yield b"%d," % n
        return StreamingResponse(parts())

    app = applications.Starlette(lifespan=lifespan, routes=[
        Route("/said", said, methods=["POST"]), Route("/many", many)])
    here.http.mount(app, "/st")
    assert life == ["up"]
    assert get(here, "/st/said", "POST", b"x") == (
        200, b'{"word":"hello","body":"x","url":"/st/said"}')
    assert get(here, "/st/many")[1].startswith(b"0,1,2,")
    here.http.unmount("/st")
    assert life == ["up", "down"]


def test_what_is_no_application(here: Lab) -> None:
    with pytest.raises(UsageError, match="neither WSGI nor ASGI"):
        here.http.mount(7)
    with pytest.raises(UsageError, match="begins with /"):
        here.http.mount(wsgi, "app")

    async def refuses(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(UsageError, match="no database"):
        here.http.mount(refuses)


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_an_application_that_fails(here: Lab, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: Any, start_response: Any) -> list[bytes]:
        raise RuntimeError("a mistake in it")

    async def broken_too(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("a mistake in it")

    here.http.mount(broken if kind == "wsgi" else broken_too, "/app")
    assert get(here, "/app") == (500, b"the application failed\n")
    assert "a mistake in it" in caplog.text
    assert get(here, "/a.txt")[0] == 200


def test_an_application_that_lies_about_its_length(here: Lab) -> None:
    def short(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "10")])
        return [b"12345"]

    here.http.mount(short)
    with pytest.raises(http.client.IncompleteRead):
        get(here, "/")


def test_applications_without_end_are_ended() -> None:
    """Clients go, and the lab stops, in the middle of an answer; no thread is left."""
    gc.collect()
    before = set(threading.enumerate())

    def endless(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        while True:
            yield b"x" * 10_000

    async def endless_too(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})

    with lab.start("http") as here:
        here.http.mount(endless, "/w")
        here.http.mount(endless_too, "/a")
        socks = []
        for path in ("/w", "/a", "/w", "/a", "/w"):
            sock = socket.create_connection(here.address("http"), timeout=5)
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert sock.recv(100)
            socks.append(sock)
        socks.pop().close()
        begin = time.monotonic()
    assert time.monotonic() - begin < 3
    for sock in socks:
        sock.close()
    for _ in range(100):
        if set(threading.enumerate()) <= before:
            break
        time.sleep(0.02)
    assert set(threading.enumerate()) <= before


def test_mounts_from_async_code() -> None:
    async def main() -> None:
        async with lab.start("http") as here:
            here.http.mount(asgi, "/app")
            status = await asyncio.to_thread(get, here, "/app/x")
            assert status == (203, b"/app/x ")

    asyncio.run(main())


def test_our_applications_under_a_server_of_other_people() -> None:
    uvicorn = pytest.importorskip("uvicorn")
    from postel.http.server import HTTPOptions
    from postel.http.server_files import FilesApp
    from postel.serving.files import MemoryFiles
    from postel.serving.server import Users
    from postel.webdav.server import DAVApp, DAVOptions

    files = MemoryFiles()
    files.put("/a.bin", bytes(1_000_000) + b"the end")
    users = Users({"alice": "secret"})
    for app in (FilesApp(files, users, HTTPOptions()), DAVApp(files, users, DAVOptions())):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen()  # so that nobody is refused before it is up
            place = sock.getsockname()
            config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
            server = uvicorn.Server(config)
            server.install_signal_handlers = lambda: None
            thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
            thread.start()
            try:
                line = http.client.HTTPConnection(*place, timeout=5)
                line.request("GET", "/a.bin", headers={"Range": "bytes=-7"})
                answer = line.getresponse()
                assert (answer.status, answer.read()) == (206, b"the end")
                line.request("GET", "/a.bin")
                assert len(line.getresponse().read()) == 1_000_007
                line.request("PUT", "/b", b"x")
                assert line.getresponse().status == 401
                line.close()
            finally:
                server.should_exit = True
                thread.join()
