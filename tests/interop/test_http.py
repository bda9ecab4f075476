"""The HTTP client against nginx and Apache: TLS, HTTP/2, ranges, codings, log-ins, redirects."""

from __future__ import annotations

import asyncio
import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from servers import Ground, Web

from postel import errors, http
from postel.transport.tls import TLSOptions


def client(web: Web, *, tls: bool = False, **options: Any) -> http.Client:
    options.setdefault("tls", TLSOptions(ca=web.ca_file))
    return http.Client(web.url(tls=tls), timeout=20, **options)


def anext_client(web: Web, *, tls: bool = False, **options: Any) -> http.AsyncClient:
    options.setdefault("tls", TLSOptions(ca=web.ca_file))
    return http.AsyncClient(web.url(tls=tls), timeout=20, **options)


@pytest.mark.parametrize(("tls", "http2", "version"), [
    (False, None, "HTTP/1.1"), (True, False, "HTTP/1.1"), (True, True, "HTTP/2")])
def test_gets_of_every_kind(web_server: Web, tls: bool, http2: bool | None, version: str) -> None:
    readme = web_server.local("/readme.txt").read_bytes()
    with client(web_server, tls=tls, http2=http2) as web:
        page = web.get("readme.txt")
        assert (page.status, page.content, page.http_version) == (200, readme, version)
        assert page.peer is not None
        assert (page.peer.tls is not None) == tls
        head = web.head("readme.txt", headers={"Accept-Encoding": "identity"})
        assert (head.content, head.headers["content-length"]) == (b"", str(len(readme)))
        part = web.get("readme.txt", headers={"Range": "bytes=3-9", "Accept-Encoding": "identity"})
        assert (part.status, part.content) == (206, readme[3:10])
        again = web.get("readme.txt", headers={"If-None-Match": head.headers["etag"]})
        assert again.status == 304
        with pytest.raises(errors.NotFound, match="404"):
            web.get("no such file").raise_for_status()
        for code, kind in ((403, errors.Forbidden), (410, errors.NotFound),
                           (500, errors.ReplyError), (502, errors.TryLater)):
            with pytest.raises(kind):
                web.get(f"status/{code}").raise_for_status()
        assert len([r for r in web.get_many(["readme.txt"] * 200) if r.content == readme]) == 200


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd"])
def test_codings(nginx: Web, coding: str) -> None:
    with client(nginx) as web:
        plain = web.get("readme.txt", headers={"Accept-Encoding": "identity"})
        for path in ("readme.txt", ""):
            coded = web.get(path, headers={"Accept-Encoding": coding})
            if coding in ("gzip", "br") and "content-encoding" in coded.headers:
                assert coded.headers["content-encoding"] == coding
        assert web.get("readme.txt").content == plain.content


def test_large_bodies_both_ways(web_server: Web, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 40_000)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    for tls, http2 in ((False, False), (True, False), (True, True)):
        folder = web_server.new_folder()
        with client(web_server, tls=tls, http2=http2) as web:
            done: list[Any] = []
            with source.open("rb") as file:
                sent = web.put(f"{folder}a", content=file, uploaded=done.append, expect=True)
            assert sent.status == 201, sent
            assert done[-1].done == source.stat().st_size
            web.put(f"{folder}b", content=iter([b"x" * 100_000] * 30)).raise_for_status()
            assert web.get(f"{folder}b").content == b"x" * 3_000_000
            web.save(f"{folder}a", tmp_path / "target", progress=done.append)
            assert hashlib.sha256((tmp_path / "target").read_bytes()).hexdigest() == digest
            with web.stream("GET", f"{folder}a") as flow:
                assert sum(map(len, flow.iter_bytes())) == source.stat().st_size
            assert web.delete(f"{folder}a").status == 204


def test_redirects(web_server: Web) -> None:
    readme = web_server.local("/readme.txt").read_bytes()
    with client(web_server, http2=False) as web:
        page = web.get("redirect/7")
        assert page.content == readme
        assert len(page.history) == 7
        with pytest.raises(errors.LimitReached, match="more than 20 redirects"):
            web.get("redirect/21")
        with pytest.raises(errors.ReplyError, match="in a circle"):
            web.get("loop")
        page = web.get("cross")
        assert page.url.scheme == "https"
        assert page.content == readme


def test_log_ins(web_server: Web, tmp_path: Path) -> None:
    alice = {"user": web_server.user, "password": web_server.password}
    with client(web_server, **alice) as web:
        assert web.get("auth/readme.txt").status == 200
    with client(web_server, user="alice", password="wrong") as web:
        with pytest.raises(errors.AuthenticationError):
            web.get("auth/readme.txt").raise_for_status()
    with client(web_server) as web:
        assert web.get("auth/readme.txt").status == 401
        assert web.get("auth/readme.txt", auth=(alice["user"], alice["password"])).ok
        body = io.BytesIO(b"x" * 10_000)
        assert web.put("davauth/put.bin", content=body,
                       auth=(alice["user"], alice["password"])).status in (201, 204)


def test_digest(apache: Web) -> None:
    with client(apache, user=apache.user, password=apache.password, auth="digest") as web:
        assert [web.get("digest/readme.txt").status for _ in range(3)] == [200] * 3
    with client(apache, user=apache.user, password="wrong") as web:
        assert web.get("digest/readme.txt").status == 401


def test_client_certificates(nginx: Web) -> None:
    url = f"https://localhost:{nginx.mutual_port}/who"
    mine = TLSOptions(ca=nginx.ca_file, certificate=nginx.client_cert, key=nginx.client_key)
    for http2 in (False, True):
        with http.Client(url, tls=mine, http2=http2) as web:
            assert "CN=alice" in web.get().text
    with http.Client(url, tls=TLSOptions(ca=nginx.ca_file)) as web:
        assert web.get().status == 400  # nginx answers after the handshake


def test_bad_certificates(nginx: Web) -> None:
    with http.Client(nginx.url(tls=True)) as web, pytest.raises(errors.CertificateError):
        web.get()
    with http.Client(f"https://ip6-localhost:{nginx.tls_port}/",
                     tls=TLSOptions(ca=nginx.ca_file)) as web, pytest.raises(errors.NetworkError):
        web.get()
    pin = "0" * 64
    with http.Client(nginx.url(tls=True), tls=TLSOptions(pin=pin)) as web:
        with pytest.raises(errors.CertificateError, match="not the pinned one") as caught:
            web.get()
    found = str(caught.value).rpartition("it is ")[2].rstrip(")")
    with http.Client(nginx.url(tls=True), tls=TLSOptions(pin=found)) as web:
        assert web.get().ok
    with http.Client(nginx.url(scheme="https").replace("https", "https"), tls=TLSOptions(
            ca=nginx.ca_file)) as web, pytest.raises(errors.TLSError, match="clear text"):
        web.get()
    with http.Client(f"http://localhost:{nginx.tls_port}") as web:
        assert web.get().status == 400


def test_a_connection_that_is_dropped(nginx: Web) -> None:
    with client(nginx) as web, pytest.raises(errors.ConnectionLost, match="without an answer"):
        web.get("drop")


def test_sessions_are_resumed(nginx: Web) -> None:
    with client(nginx, tls=True, http2=False) as web:
        first = web.get("echo", headers={"Connection": None}).text
        web.engine._pool.close()
        second = web.get("echo").text
    assert "reused=." in first
    assert "reused=r" in second


@pytest.mark.parametrize("http2", [False, True])
def test_many_at_once(nginx: Web, http2: bool) -> None:
    readme = nginx.local("/readme.txt").read_bytes()

    async def main() -> None:
        async with anext_client(nginx, tls=True, http2=http2) as web:
            pages = await asyncio.gather(*(web.get("readme.txt") for _ in range(100)))
            assert all(page.content == readme for page in pages)
            async with web.stream("GET", "slow/readme.txt") as slow:
                other = await web.get("readme.txt")
                assert other.content == readme
                assert b"".join([c async for c in slow.iter_bytes()]) == readme
            assert len([p async for p in web.get_many(["readme.txt"] * 300)]) == 300

    asyncio.run(main())


def test_threads_share_a_client(nginx: Web) -> None:
    from concurrent.futures import ThreadPoolExecutor

    readme = nginx.local("/readme.txt").read_bytes()
    for http2 in (False, True):
        with client(nginx, tls=True, http2=http2) as web, ThreadPoolExecutor(8) as pool:
            pages = list(pool.map(lambda _: web.get("readme.txt").content, range(100)))
        assert pages == [readme] * 100


def test_leaving_a_large_body_early(nginx: Web) -> None:
    folder = nginx.new_folder()
    nginx.local(f"{folder}big").write_bytes(bytes(20_000_000))
    for http2 in (False, True):
        with client(nginx, tls=True, http2=http2) as web:
            for _ in range(3):
                with web.stream("GET", f"{folder}big",
                                headers={"Accept-Encoding": "identity"}) as flow:
                    for _ in flow.iter_raw():
                        break
                assert web.get("readme.txt").ok


def test_what_the_server_sees(nginx: Web, ground: Ground) -> None:
    with client(nginx, user_agent="me/1") as web:
        text = web.get("echo", cookies={"a": "1"}).text
        assert "user-agent=me/1" in text
        assert "cookie=a=1" in text
        assert "proto=HTTP/1.1" in text
        assert "requests=2" in web.get("echo").text
