"""Clients that mean no good, against the HTTP and WebDAV servers."""

from __future__ import annotations

import base64
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postel import lab
from postel.http.server import HTTPOptions
from postel.lab.lab import Lab
from postel.serving.files import MemoryFiles
from postel.serving.folder import FolderFiles

pytestmark = pytest.mark.slow

LOGIN = b"Authorization: Basic " + base64.b64encode(b"alice:secret") + b"\r\n"
SECRET = b"kept from the world"


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with lab.start("http", "webdav") as started:
        yield started


@pytest.fixture
def here(running: Lab) -> Lab:
    vars(running.http.options).update(vars(HTTPOptions()))
    running.http.files.put("/a.txt", b"0123456789")
    running.webdav.files.put("/a.txt", b"0123456789")
    return running


def raw(here: Lab, data: bytes, scheme: str = "http", *, wait: float = 5) -> bytes:
    """What comes back for *data* until the server ends the connection."""
    with socket.create_connection(here.address(scheme), timeout=wait) as sock:
        found = b""
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while more := sock.recv(65536):
                found += more
        except (ConnectionResetError, BrokenPipeError):
            pass  # it has heard enough
        return found


def statuses(found: bytes) -> list[int]:
    return [int(code) for code in re.findall(rb"^HTTP/1\.1 (\d{3}) ", found, re.MULTILINE)]


# -- paths that climb ----------------------------------------------------------------------

CLIMBING = (
    "/../outside.txt", "/sub/../../outside.txt", "/..%2foutside.txt", "/%2e%2e/outside.txt",
    "/%2e%2e%2foutside.txt", "/..%5coutside.txt", "/..\\outside.txt", "/sub/..%2f..%2foutside.txt",
    "/....//outside.txt", "/%252e%252e/outside.txt", "//../outside.txt", "/./../outside.txt",
    "/..;/outside.txt", "/%c0%ae%c0%ae/outside.txt", "/..%00/outside.txt", "/outside.txt%00.html",
    "/link/outside.txt", "/link", "/file-link", "http://x/../outside.txt",
    "http://x:80/%2e%2e/outside.txt", "/sub/%2e%2e/%2e%2e/%2e%2e/outside.txt",
)


@pytest.fixture(scope="module")
def jailed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    top = tmp_path_factory.mktemp("jail")
    (top / "outside.txt").write_bytes(SECRET)
    (top / "served" / "sub").mkdir(parents=True)
    (top / "served" / "a.txt").write_bytes(b"inside")
    (top / "served" / "link").symlink_to("..")
    (top / "served" / "file-link").symlink_to("../outside.txt")
    with lab.start("http", "webdav") as started:
        for service in (started.http, started.webdav):
            service.serve(FolderFiles(top / "served", writable=True))
        started.webdav.top = top
        yield started


@pytest.mark.parametrize("scheme", ["http", "webdav"])
@pytest.mark.parametrize("path", CLIMBING)
def test_no_path_leads_out(jailed: Lab, path: str, scheme: str) -> None:
    top: Path = jailed.webdav.top
    for method in ("GET", "PUT", "DELETE", "PROPFIND", "MKCOL", "COPY"):
        data = (f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                f"Destination: /copied\r\nDepth: 1\r\n").encode("latin-1")
        found = raw(jailed, data + LOGIN + b"\r\nabc", scheme)
        assert SECRET not in found
        assert (top / "outside.txt").read_bytes() == SECRET
        assert sorted(one.name for one in top.iterdir()) == ["outside.txt", "served"]
    copied = top / "served" / "copied"
    assert not copied.is_file() or copied.read_bytes() != SECRET


@pytest.mark.parametrize("target", [*CLIMBING, "http://x/%2e%2e/%2e%2e/new", "/../../new"])
def test_no_destination_leads_out(jailed: Lab, target: str) -> None:
    top: Path = jailed.webdav.top
    for method in ("COPY", "MOVE"):
        raw(jailed, f"{method} /a.txt HTTP/1.1\r\nHost: x\r\nDestination: {target}\r\n".encode(
            "latin-1") + LOGIN + b"\r\n", "webdav")
        assert sorted(one.name for one in top.iterdir()) == ["outside.txt", "served"]
        assert (top / "outside.txt").read_bytes() == SECRET
        (top / "served" / "a.txt").write_bytes(b"inside")


def test_uploads_that_are_not_complete_cannot_be_reached(here: Lab) -> None:
    with socket.create_connection(here.address("http"), timeout=5) as sock:
        sock.sendall(b"PUT /half HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n" + LOGIN
                     + b"\r\nhalf")
        time.sleep(0.1)
        names = [path for path in here.http.files.tree() if "postel-part" in path]
        assert len(names) == 1
        found = raw(here, f"GET {names[0]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert statuses(found) == [404]
        assert b"postel-part" not in raw(here, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


# -- requests with two meanings ------------------------------------------------------------

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("fields", [
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    b"Content-Length: 4\r\nContent-Length: 5\r\n",
    b"Content-Length: 4, 5\r\n",
    b"Content-Length: +4\r\n",
    b"Content-Length: 0x4\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 4 4\r\n",
    b"Content-Length: 99999999999999999999999999\r\n",
    b"Content-Length : 4\r\n",
    b"Content-Length\t: 4\r\n",
    b" Content-Length: 4\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: identity, chunked\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Host: y\r\n",
    b"X: a\rTransfer-Encoding: chunked\r\n",
    b"X: a\0b\r\n",
    b": empty\r\n",
    b"X Y: z\r\n",
])
def test_what_could_be_read_in_two_ways_is_refused(here: Lab, fields: bytes) -> None:
    before = b"POST /echo HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n0\r\n\r\n"
    found = raw(here, before + SMUGGLED)
    assert len(statuses(found)) <= 1, "the smuggled request was answered"
    assert all(code in (400, 413, 431, 501) for code in statuses(found))


def test_a_folded_field_is_one_field(here: Lab) -> None:
    """RFC 9112 section 5.2: refuse it, or replace the fold by blanks; never take it for another."""
    found = raw(here, b"GET /echo HTTP/1.1\r\nHost: x\r\nX-A: one\r\n Content-Length: 9\r\n"
                      b"Connection: close\r\n\r\n")
    assert statuses(found) == [200]
    assert b'"one Content-Length: 9"' in found


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
def test_chunked_is_for_those_who_know_it(here: Lab, version: bytes) -> None:
    found = raw(here, b"POST /echo " + version + b"\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                b"\r\n3\r\nabc\r\n0\r\n\r\n")
    assert statuses(found) == [400 if version == b"HTTP/1.0" else 200]


@pytest.mark.parametrize("body", [
    b"zz\r\n", b"-1\r\n", b"3\r\nabcd\r\n0\r\n\r\n", b"3\r\nab", b"fffffffffffffffff\r\n",
    b"3;" + b"x" * 300_000 + b"\r\nabc\r\n0\r\n\r\n", b"0\r\n" + b"X: y\r\n" * 60_000 + b"\r\n",
    b"\r\n3\r\nabc\r\n0\r\n\r\n", b"3 \t\r\nabc0\r\n\r\n"])
def test_chunks_that_are_none(here: Lab, body: bytes) -> None:
    here.http.serve(MemoryFiles())
    found = raw(here, b"PUT /chunks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + LOGIN
                + b"\r\n" + body)
    assert statuses(found) in ([400], [431], [])
    assert "/chunks" not in here.http.files.tree()


# -- heads that are none -------------------------------------------------------------------


@pytest.mark.parametrize("head", [
    b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
    b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", b"G\0T / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET nonsense HTTP/1.1\r\nHost: x\r\n\r\n", b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /#here HTTP/1.1\r\nHost: x\r\n\r\n", b"GET ftp://x/a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"EHLO example.org\r\n"])
def test_heads_that_are_none(here: Lab, head: bytes) -> None:
    found = raw(here, head)
    assert all(400 <= code < 600 for code in statuses(found)), found
    assert b"0123456789" not in found


@pytest.mark.parametrize("data", [
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
    b"a" * 1_000_000])
def test_heads_without_end(here: Lab, data: bytes) -> None:
    assert statuses(raw(here, data)) in ([431], [400], [])


def test_a_name_that_is_too_long(here: Lab) -> None:
    for path in (b"/" + b"a" * 300, b"/a" * 300):
        assert statuses(raw(here, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")) == [414]


# -- those who take their time -------------------------------------------------------------


@pytest.mark.slow
def test_a_head_that_drips(here: Lab) -> None:
    """Slowloris: the limit is for the whole head, not from byte to byte."""
    here.http.options.header_wait = 0.3
    with socket.create_connection(here.address("http"), timeout=5) as sock:
        begin = time.monotonic()
        try:
            for byte in b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 1000:
                sock.sendall(bytes([byte]))
                time.sleep(0.02)
        except OSError:
            pass
        assert time.monotonic() - begin < 3


def test_a_body_that_does_not_come(here: Lab) -> None:
    here.http.options.body_wait = 0.2
    with socket.create_connection(here.address("http"), timeout=5) as sock:
        sock.sendall(b"PUT /late HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n" + LOGIN + b"\r\nx")
        begin = time.monotonic()
        try:
            while sock.recv(1000):
                pass
        except ConnectionResetError:
            pass
        assert time.monotonic() - begin < 4
    assert "/late" not in here.http.files.tree()


@pytest.mark.slow
def test_an_answer_that_is_not_taken(here: Lab) -> None:
    here.http.options.body_wait = 0.2
    here.http.files.put("/large", bytes(50_000_000))
    with socket.create_connection(here.address("http"), timeout=5) as sock:
        sock.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1)
        got = 0
        try:
            while more := sock.recv(1 << 20):
                got += len(more)
        except ConnectionResetError:
            pass
    assert got < 50_000_000


def test_idle_connections_are_closed(here: Lab) -> None:
    here.http.options.keep_alive = 0.2
    with socket.create_connection(here.address("http"), timeout=5) as sock:
        sock.sendall(b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        while not sock.recv(1000).endswith(b"0123456789"):
            pass
        assert sock.recv(1000) == b""


# -- too much ------------------------------------------------------------------------------


def test_an_answer_before_the_body_ends_the_connection(here: Lab) -> None:
    """A body nobody wants is not read to its end."""
    found = raw(here, b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
                + bytes(1_000_000) + SMUGGLED)
    assert statuses(found) in ([401], [])


def test_fields_that_split_an_answer(here: Lab) -> None:
    """What is asked for comes back in Location and in pages: escaped."""
    here.http.files.put("/dir%0d%0aX-Evil: 1/<script>alert(1)</script>.txt", b"")
    here.http.files.put("/d\r\nX-Evil: 1/x", b"")
    found = raw(here, b"GET /d%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"\r\nX-Evil" not in found
    for style in ("nginx", "apache", "python", "lighttpd"):
        here.http.options.index = style
        page = raw(here, b"GET /dir%250d%250aX-Evil:%201/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"<script>" not in page
        assert b"&lt;script&gt;" in page


@given(st.binary(max_size=300), st.sampled_from([b"", b"GET / HTTP/1.1\r\nHost: x\r\n",
                                                 b"PROPFIND / HTTP/1.1\r\nHost: x\r\nDepth: 1\r\n"]))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_answered_or_end_it(running: Lab, data: bytes, start: bytes) -> None:
    found = raw(running, start + data, "webdav")
    assert found == b"" or found.startswith(b"HTTP/1.1 ")


@given(st.text(st.characters(max_codepoint=0x2FF, exclude_characters="\r\n\0"), max_size=60),
       st.sampled_from(["If", "If-Match", "If-None-Match", "If-Range", "Range", "Depth",
                        "Destination", "Lock-Token", "Timeout", "Authorization", "Cookie",
                        "Accept-Encoding", "Want-Repr-Digest", "X-OC-Mtime", "OC-Checksum",
                        "Expect", "Overwrite", "If-Modified-Since", "Repr-Digest"]),
       st.sampled_from(["GET", "PUT", "PROPFIND", "LOCK", "UNLOCK", "MOVE", "COPY", "DELETE"]))
@settings(max_examples=150, deadline=None)
def test_fields_of_any_kind_break_nothing(
    running: Lab, value: str, name: str, method: str
) -> None:
    running.webdav.files.put("/a.txt", b"0123456789")
    data = (f"{method} /a.txt HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n"
            "Content-Length: 0\r\nConnection: close\r\n").encode() + LOGIN + b"\r\n"
    found = raw(running, data, "webdav")
    assert all(code < 500 or code == 502 for code in statuses(found)), found
