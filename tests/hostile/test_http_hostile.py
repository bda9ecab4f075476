"""Web servers that lie, stop, flood and lead astray: an error of ours, in time, and nothing else."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import sys
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients"))

from http_peer import Asked, HTTPPeer, answer, bomb, ok

from postel import http
from postel.errors import (
    ConnectionLost,
    Incomplete,
    LimitReached,
    NetworkError,
    NotSupported,
    PostelError,
    ProtocolError,
    TimedOut,
)
from postel.http.decoders import CHUNK

pytestmark = pytest.mark.slow

BODY = b"0123456789" * 20


def get(peer: HTTPPeer, **options: Any) -> http.Response:
    with http.Client(peer.url, timeout=3, **options) as web:
        return web.get("/p")


async def get_async(peer: HTTPPeer, **options: Any) -> http.Response:
    async with http.AsyncClient(peer.url, timeout=3, **options) as web:
        return await web.get("/p")


def both(peer: HTTPPeer, **options: Any) -> list[Any]:
    """What both clients make of it: a response or an error."""
    found: list[Any] = []
    for call in (get, lambda peer, **o: asyncio.run(get_async(peer, **o))):
        try:
            found.append(call(peer, **options))
        except PostelError as error:
            found.append(error)
    return found


ANSWERS = {
    "length": ok(BODY, Content_Type="text/plain"),
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" + BODY[:100]
              + b"\r\n64\r\n" + BODY[100:] + b"\r\n0\r\nT: x\r\n\r\n",
    "gzip": ok(gzip.compress(BODY, mtime=0), Content_Encoding="gzip"),
    "interim": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok(BODY),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_cut_at_every_byte(name: str) -> None:
    data = ANSWERS[name]
    for cut in range(0, len(data), 1 if len(data) < 200 else 3):
        with HTTPPeer(lambda asked, cut=cut: asked.line.say(data[:cut]) or "close") as peer:
            with pytest.raises((Incomplete, ConnectionLost)) as caught:
                get(peer)
        assert str(caught.value).startswith(f"GET {peer.url}/p: "), cut
        assert caught.value.url == f"{peer.url}/p"


@pytest.mark.parametrize("name", ANSWERS)
def test_reset_in_the_middle(name: str) -> None:
    data = ANSWERS[name]
    for cut in (0, 10, len(data) // 2, len(data) - 1):
        def play(asked: Asked, cut: int = cut) -> str:
            asked.line.say(data[:cut])
            return "reset"

        with HTTPPeer(play) as peer:
            for found in both(peer):
                assert isinstance(found, Incomplete | ConnectionLost), (cut, found)


@pytest.mark.parametrize("name", ANSWERS)
def test_one_byte_at_a_time(name: str) -> None:
    with HTTPPeer(ANSWERS[name], slice=1) as peer:
        assert [page.content for page in both(peer)] == [BODY, BODY]


@pytest.mark.parametrize(("data", "kind", "told"), [
    (b"SSH-2.0-OpenSSH_9.2\r\n", ProtocolError, "not HTTP"),
    (b"220 ftp.example.org ready\r\n", ProtocolError, "not HTTP"),
    (b"\x15\x03\x01\x00\x02\x02\x46", ProtocolError, "not HTTP"),
    (b"HTTP/1.1 200 OK\r\n" + b"A: " + b"x" * 300_000, LimitReached, "header is longer"),
    (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 2000 + b"\r\n", LimitReached, "fields"),
    (b"HTTP/1.1 100 C\r\n\r\n" * 500, ProtocolError, "interim"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", ProtocolError,
     "Content-Length"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ProtocolError, "chunk"),
    (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", ProtocolError,
     "not coded as"),
    (ok(b"x", Content_Encoding="pack200"), NotSupported, "pack200"),
    (ok(b"x", Content_Encoding="gzip, gzip, gzip, gzip, gzip"), NotSupported, "gzip, gzip"),
    (b"HTTP/1.1 200 OK\x1b[2J\r\nX\x1b[2J: y\r\n\r\n", ProtocolError, r"a field of the answer is"),
])
def test_answers_that_are_none(data: bytes, kind: type[PostelError], told: str) -> None:
    with HTTPPeer(lambda asked: asked.line.say(data) or "close") as peer:
        for found in both(peer):
            assert isinstance(found, kind), found
            assert told in str(found)
            assert "\x1b" not in str(found)


def test_a_second_answer_is_nobodys() -> None:
    """Response splitting: what comes after an answer never answers the next request."""
    evil = ok(b"one") + ok(b"EVIL")
    with HTTPPeer([evil, ok(b"two")]) as peer:
        with http.Client(peer.url, timeout=3) as web:
            assert web.get("/1").content == b"one"
            assert web.get("/2").content == b"two"
            time.sleep(0.05)
    assert peer.connections == 2
    with HTTPPeer([ok(b"one") + ok(b"EVIL", X="y"), ok(b"two")]) as peer:
        with http.Client(peer.url, timeout=3) as web:
            assert [p.content for p in web.get_many(["/1"])] == [b"one"]
            assert web.get("/2").content == b"two"


def test_an_answer_before_the_request() -> None:
    def eager(asked: Asked) -> None:
        asked.line.say(ok(b"mine"))
        time.sleep(0.05)
        asked.line.say(ok(b"EVIL"))

    with HTTPPeer(eager) as peer:
        with http.Client(peer.url, timeout=3) as web:
            assert web.get("/1").content == b"mine"
            time.sleep(0.2)
            assert web.get("/2").content == b"mine"
    assert peer.connections == 2


@pytest.mark.slow
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bombs(coding: str) -> None:
    size = 1 << 28
    if coding == "br":
        data = pytest.importorskip("brotli").compress(bytes(size), quality=5)
    elif coding == "zstd":
        data = pytest.importorskip("backports.zstd").compress(bytes(size))
    else:
        data = bomb(size) if coding == "gzip" else zlib.compress(bytes(size), 9)
    with HTTPPeer(ok(data, Content_Encoding=coding)) as peer:
        with http.Client(peer.url, timeout=20) as web:
            tracemalloc.start()
            try:
                with pytest.raises(LimitReached, match="decompression bomb"):
                    web.get("/")
                assert tracemalloc.get_traced_memory()[1] < 80 << 20
            finally:
                tracemalloc.stop()
            with web.stream("GET", "/") as flow, pytest.raises(LimitReached):
                for chunk in flow.iter_bytes():
                    assert len(chunk) <= CHUNK
            with web.stream("GET", "/") as flow:
                assert sum(map(len, flow.iter_raw())) == len(data)


def test_a_bomb_on_the_way_is_not_unpacked() -> None:
    """The body of a redirect, of a refusal that nobody reads, of a HEAD: never decoded."""
    data = bomb(1 << 26)
    with HTTPPeer([answer("302 There", data, Location="/b", Content_Encoding="gzip"), ok(b"x"),
                   answer("401 Who", data, WWW_Authenticate="Basic", Content_Encoding="gzip"),
                   ok(b"y")]) as peer:
        with http.Client(peer.url, timeout=5, user="a", password="b", max_redirects=2) as web:
            began = time.monotonic()
            assert web.get("/").content == b"x"
            assert web.get("/").content == b"y"
            assert time.monotonic() - began < 2


def test_a_bomb_inside_a_bomb() -> None:
    data = gzip.compress(gzip.compress(bytes(1 << 27), 9), 9)
    with HTTPPeer(ok(data, Content_Encoding="gzip, gzip")) as peer:
        for found in both(peer):
            assert isinstance(found, LimitReached), found


def test_silence_has_an_end() -> None:
    def silent(asked: Asked) -> None:
        time.sleep(1.2)

    for options in ({"timeout": 0.3},):
        with HTTPPeer(silent) as peer:
            began = time.monotonic()
            with http.Client(peer.url, **options) as web, pytest.raises(TimedOut):
                web.get("/")
            assert time.monotonic() - began < 1


@pytest.mark.slow
@pytest.mark.parametrize("piece", [b"HTTP/1.1 100 C\r\n\r\n", b"X: y\r\n", b"a"])
def test_dripping_has_an_end(piece: bytes) -> None:
    """A deadline is for the whole: a server that sends a byte now and then does not renew it."""
    def drip(asked: Asked) -> None:
        if piece != b"HTTP/1.1 100 C\r\n\r\n":
            asked.line.say(b"HTTP/1.1 200 OK\r\n")
        if piece == b"a":
            asked.line.say(b"\r\n")
        for _ in range(20):
            asked.line.say(piece)
            time.sleep(0.1)

    with HTTPPeer(drip) as peer:
        began = time.monotonic()
        with http.Client(peer.url) as web, pytest.raises(TimedOut):
            web.get("/", timeout=0.5)
        if piece != b"a":  # while a body flows, each step of it has its own time
            with http.Client(peer.url, timeout=0.5) as web, pytest.raises(TimedOut):
                web.get("/")
        assert time.monotonic() - began < 1.8


def test_a_server_that_never_reads() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with http.Client(url) as web:
            began = time.monotonic()
            with pytest.raises(TimedOut):
                web.put("/", content=bytes(50_000_000), timeout=0.5)
            assert time.monotonic() - began < 1.5


def test_a_server_that_resets_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        import threading

        def serve() -> None:
            for _ in range(2):
                sock, _ = listener.accept()
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with http.Client(url, timeout=3) as web:
            with pytest.raises(NetworkError):
                web.get("/")
            with pytest.raises(NetworkError):
                web.post("/", content=b"x" * 100_000)
        thread.join(5)


def test_absurd_cookies_and_fields_do_no_harm() -> None:
    fields = b"".join(b"Set-Cookie: a%d=%b\r\n" % (n, b"x" * 200) for n in range(500))
    data = (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" + fields
            + b"Set-Cookie: \xff\xfe=\x80; Domain=com\r\nX: \xff\xfe\r\n\r\nx")
    with HTTPPeer(data) as peer:
        with http.Client(peer.url, timeout=3) as web:
            page = web.get("/")
            page = web.get("/")
    assert page.headers["x"] == "\udcff\udcfe"
    sent = peer.asked[1].get("cookie") or ""
    assert len(sent) <= 8190


def test_a_path_is_never_a_command_line() -> None:
    with HTTPPeer([answer("302 x", Location="/%0d%0aX: y"), ok()]) as peer:
        for found in both(peer):
            assert isinstance(found, ProtocolError | http.Response)
    assert all("\r" not in a.target for a in peer.asked)


def test_leaving_early_in_every_way() -> None:
    with HTTPPeer(ok(b"x" * 3_000_000)) as peer:
        with http.Client(peer.url, timeout=3) as web:
            with web.stream("GET", "/") as flow:
                pass
            with pytest.raises(ZeroDivisionError), web.stream("GET", "/") as flow:
                for _ in flow.iter_bytes():
                    _ = 1 / 0
            flow = web.stream("GET", "/").open()
            next(flow.iter_raw())
            flow.close()
            flow.close()
            assert web.get("/").status == 200


def test_cancelled_requests_leave_nothing() -> None:
    def slow(asked: Asked) -> bytes:
        time.sleep(0.3)
        return ok()

    async def main(url: str) -> None:
        async with http.AsyncClient(url, timeout=3) as web:
            task = asyncio.ensure_future(web.get("/slow"))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await web.get("/")).content == b"hello"
            pages = await asyncio.gather(*(web.get(f"/{n}") for n in range(5)))
            assert [p.content for p in pages] == [b"hello"] * 5

    with HTTPPeer(slow) as peer:
        asyncio.run(main(peer.url))
