# GENERATED from test_http_lab_async.py by tools/unasync.py: edit that file, not this one.
"""The client against the lab's web server: names, TLS, log-ins, faults, applications."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postel import errors, lab
from postel.http.client_sync import Client

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
def test_by_the_labs_names(here: Any, scheme: str, tmp_path: Path) -> None:
    with Client(here.url(scheme)) as web:
        page = web.get("/a.bin")
        assert page.content == BODY
        assert page.peer is not None
        assert (page.peer.tls is not None) == (scheme == "https")
        web.save("/a.bin", tmp_path / "a")
        assert (tmp_path / "a").read_bytes() == BODY
        assert len([p for p in web.get_many(["/note.txt"] * 50)]) == 50
        assert (web.get(f"/bytes/{5000}")).headers["content-length"] == "5000"


def test_codings_of_the_lab(here: Any) -> None:
    for coding in ("gzip", "deflate", "br", "zstd"):
        here.http.options.compress = (coding,)
        with Client(here.url("http")) as web:
            page = web.get("/note.txt")
            assert page.headers.get("content-encoding") == coding
            assert page.content == b"note " * 1000


def test_log_ins_of_the_lab(here: Any) -> None:
    here.http.options.require = "always"
    for offered in (("digest",), ("basic",), ("digest", "basic")):
        here.http.options.auth = offered
        for scheme in ("http", "https"):
            with Client(here.url(scheme), user="alice", password="secret") as web:
                for _ in range(3):
                    assert (web.get("/note.txt")).status == 200
                assert (web.put("/new", content=b"x")).ok
                assert (web.delete("/new")).ok
            with Client(here.url(scheme), user="alice", password="wrong") as web:
                with pytest.raises(errors.AuthenticationError):
                    (web.get("/note.txt")).raise_for_status()


def test_faults_of_the_lab(here: Any) -> None:
    with Client(here.url("http"), timeout=5, retries=1) as web:
        here.http.faults.on("GET", b"503 Busy\r\nRetry-After: 0", times=1)
        assert (web.get("/note.txt")).status == 200
        here.http.faults.on("GET", cut=1000, times=1)
        with pytest.raises(errors.Incomplete):
            web.get("/note.txt")
        here.http.faults.on("GET", larger=10, times=1)
        with pytest.raises((errors.Incomplete, errors.TimedOut)):
            web.get("/note.txt", timeout=1)
        here.http.faults.on("GET", b"no HTTP at all\r\n", close=True, times=1)
        with pytest.raises(errors.ProtocolError):
            web.get("/note.txt")
        assert (web.get("/note.txt")).status == 200


def test_http2_of_the_lab(here: Any) -> None:
    here.http.options.http2 = True
    with Client(here.url("https"), http2=True, timeout=5) as web:
        page = web.get("/a.bin")
        assert (page.http_version, page.content) == ("HTTP/2", BODY)
        assert (web.put("/up", content=BODY, auth=("alice", "secret"))).ok
        assert (web.get("/up")).content == BODY
        assert (web.get("/nothing")).status == 404
        with web.stream("GET", "/a.bin") as flow:
            for _ in flow.iter_raw():
                break
        assert (web.get("/note.txt")).ok


def test_an_application(here: Any) -> None:
    def app(environ: Any, start: Any) -> list[bytes]:
        size = len(environ["wsgi.input"].read())
        start("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "seen=1; Path=/app")])
        return [f"{environ['REQUEST_METHOD']} {size} {environ.get('HTTP_COOKIE')}".encode()]

    here.http.mount(app, "/app")
    try:
        with Client(here.url("http")) as web:
            assert (web.post("/app", content=b"x" * 70_000)).text == "POST 70000 None"
            assert (web.post("/app", content=iter([b"a", b"b"]))).text == "POST 2 seen=1"
    finally:
        here.http.unmount("/app")
