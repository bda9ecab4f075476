# A conversation (its twin test_http_lab_sync.py is generated): the HTTP client and the lab.
"""The client against the lab's web server: names, TLS, log-ins, faults, applications."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postel import errors, lab
from postel.http.client_async import AsyncClient

BODY = bytes(range(256)) * 1000


@pytest.fixture(scope="module")
def here() -> Iterator[Any]:
    with lab.start("http") as running:
        running.http.files.put("/a.bin", BODY)
        running.http.files.put("/note.txt", b"note " * 1000)
        yield running


@pytest.fixture(autouse=True)
def _no_faults(here: Any) -> Iterator[None]:
    yield
    here.http.faults.clear()
    for name, value in vars(type(here.http.options)()).items():
        setattr(here.http.options, name, value)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_by_the_labs_names(here: Any, scheme: str, tmp_path: Path) -> None:
    async with AsyncClient(here.url(scheme)) as web:
        page = await web.get("/a.bin")
        assert page.content == BODY
        assert page.peer is not None
        assert (page.peer.tls is not None) == (scheme == "https")
        await web.save("/a.bin", tmp_path / "a")
        assert (tmp_path / "a").read_bytes() == BODY
        assert len([p async for p in web.get_many(["/note.txt"] * 50)]) == 50
        assert (await web.get(f"/bytes/{5000}")).headers["content-length"] == "5000"


async def test_codings_of_the_lab(here: Any) -> None:
    for coding in ("gzip", "deflate", "br", "zstd"):
        here.http.options.compress = (coding,)
        async with AsyncClient(here.url("http")) as web:
            page = await web.get("/note.txt")
            assert page.headers.get("content-encoding") == coding
            assert page.content == b"note " * 1000


async def test_log_ins_of_the_lab(here: Any) -> None:
    here.http.options.require = "always"
    for offered in (("digest",), ("basic",), ("digest", "basic")):
        here.http.options.auth = offered
        for scheme in ("http", "https"):
            async with AsyncClient(here.url(scheme), user="alice", password="secret") as web:
                for _ in range(3):
                    assert (await web.get("/note.txt")).status == 200
                assert (await web.put("/new", content=b"x")).ok
                assert (await web.delete("/new")).ok
            async with AsyncClient(here.url(scheme), user="alice", password="wrong") as web:
                with pytest.raises(errors.AuthenticationError):
                    (await web.get("/note.txt")).raise_for_status()


async def test_faults_of_the_lab(here: Any) -> None:
    async with AsyncClient(here.url("http"), timeout=5, retries=1) as web:
        here.http.faults.on("GET", b"503 Busy\r\nRetry-After: 0", times=1)
        assert (await web.get("/note.txt")).status == 200
        here.http.faults.on("GET", cut=1000, times=1)
        with pytest.raises(errors.Incomplete):
            await web.get("/note.txt")
        here.http.faults.on("GET", larger=10, times=1)
        with pytest.raises((errors.Incomplete, errors.TimedOut)):
            await web.get("/note.txt", timeout=1)
        here.http.faults.on("GET", b"no HTTP at all\r\n", close=True, times=1)
        with pytest.raises(errors.ProtocolError):
            await web.get("/note.txt")
        assert (await web.get("/note.txt")).status == 200


async def test_http2_of_the_lab(here: Any) -> None:
    here.http.options.http2 = True
    async with AsyncClient(here.url("https"), http2=True, timeout=5) as web:
        page = await web.get("/a.bin")
        assert (page.http_version, page.content) == ("HTTP/2", BODY)
        assert (await web.put("/up", content=BODY, auth=("alice", "secret"))).ok
        assert (await web.get("/up")).content == BODY
        assert (await web.get("/nothing")).status == 404
        async with web.stream("GET", "/a.bin") as flow:
            async for _ in flow.iter_raw():
                break
        assert (await web.get("/note.txt")).ok


async def test_an_application(here: Any) -> None:
    def app(environ: Any, start: Any) -> list[bytes]:
        size = len(environ["wsgi.input"].read())
        start("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "seen=1; Path=/app")])
        return [f"{environ['REQUEST_METHOD']} {size} {environ.get('HTTP_COOKIE')}".encode()]

    here.http.mount(app, "/app")
    try:
        async with AsyncClient(here.url("http")) as web:
            assert (await web.post("/app", content=b"x" * 70_000)).text == "POST 70000 None"
            assert (await web.post("/app", content=iter([b"a", b"b"]))).text == "POST 2 seen=1"
    finally:
        here.http.unmount("/app")
