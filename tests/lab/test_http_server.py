"""The HTTP server: files, ranges, conditions, log-in, index pages, codings, faults."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import json
import socket
import ssl
import time
import urllib.request
import zlib
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from postel import lab
from postel.errors import UsageError
from postel.http.server import CODINGS, INDEXES, QUIRKS
from postel.lab.lab import Lab

BODY = bytes(range(256)) * 40
OLD = 1_000_000_000
ALICE = {"Authorization": "Basic " + base64.b64encode(b"alice:secret").decode()}


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with lab.start("http") as started:
        yield started


@pytest.fixture
def here(running: Lab) -> Lab:
    from postel.http.server import HTTPOptions

    for path in list(running.http.files.tree()):
        running.http.files.remove(path)
    vars(running.http.options).update(vars(HTTPOptions()))
    running.http.faults.clear()
    running.http.files.put("/a.txt", b"0123456789", modified=OLD)
    running.http.files.put("/pub/big.bin", BODY, modified=OLD)
    return running


class Answer:
    def __init__(self, found: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.body = found.status, found.headers, found.read()


def ask(here: Lab, path: str, method: str = "GET", body: bytes | None = None,
        **headers: str) -> Answer:
    """One request on a connection of its own; ``if_range`` is If-Range."""
    host, port = here.address("http")
    line = http.client.HTTPConnection(host, port, timeout=5)
    try:
        line.request(method, path, body, {name.replace("_", "-"): value
                                          for name, value in headers.items()})
        return Answer(line.getresponse())
    finally:
        line.close()


def raw(here: Lab, data: bytes, wait: float = 5) -> bytes:
    """What comes back for *data*, until the server ends."""
    with socket.create_connection(here.address("http"), timeout=wait) as sock:
        sock.sendall(data)
        found = b""
        while more := sock.recv(65536):
            found += more
        return found


# -- reading -------------------------------------------------------------------------------


def test_a_file(here: Lab) -> None:
    answer = ask(here, "/a.txt")
    assert (answer.status, answer.body) == (200, b"0123456789")
    assert answer.headers["Last-Modified"] == formatdate(OLD, usegmt=True)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"].startswith('"')
    assert answer.headers["Date"]


def test_head_tells_the_same_without_a_body(here: Lab) -> None:
    got, head = ask(here, "/a.txt"), ask(here, "/a.txt", "HEAD")
    assert head.body == b""
    for name in ("Content-Length", "ETag", "Last-Modified", "Content-Type"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize(("asked", "expected"), [
    ("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-3", b"789"), ("bytes=-99", b"0123456789"),
    ("bytes=0-0", b"0"), ("bytes=9-99", b"9"), ("Bytes=1-2", b"12")])
def test_one_range(here: Lab, asked: str, expected: bytes) -> None:
    answer = ask(here, "/a.txt", Range=asked)
    assert (answer.status, answer.body) == (206, expected)
    start = b"0123456789".find(expected)
    assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(expected) - 1}/10"


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=", "bytes=x-y", "bytes=5-2", "bytes=1",
                                   "bytes=0-,0-,0-", "bytes=" + ",".join(["1-1"] * 40)])
def test_no_range_at_all_brings_the_whole(here: Lab, asked: str) -> None:
    answer = ask(here, "/a.txt", Range=asked)
    assert (answer.status, answer.body) == (200, b"0123456789")


def test_a_range_beyond_the_end(here: Lab) -> None:
    answer = ask(here, "/a.txt", Range="bytes=10-")
    assert answer.status == 416
    assert answer.headers["Content-Range"] == "bytes */10"


def test_several_ranges(here: Lab) -> None:
    answer = ask(here, "/a.txt", Range="bytes=0-1, 5-6")
    assert answer.status == 206
    boundary = answer.headers["Content-Type"].partition("boundary=")[2].encode()
    parts = answer.body.split(b"--" + boundary)
    assert [part.partition(b"\r\n\r\n")[2] for part in parts[1:3]] == [b"01\r\n", b"56\r\n"]
    assert b"Content-Range: bytes 5-6/10" in parts[2]
    assert int(answer.headers["Content-Length"]) == len(answer.body)


def test_if_range(here: Lab) -> None:
    first = ask(here, "/a.txt")
    for good in (first.headers["ETag"], first.headers["Last-Modified"]):
        assert ask(here, "/a.txt", Range="bytes=5-", If_Range=good).status == 206
    for bad in ('"other"', "W/" + first.headers["ETag"], formatdate(OLD - 1, usegmt=True), "x"):
        answer = ask(here, "/a.txt", Range="bytes=5-", If_Range=bad)
        assert (answer.status, answer.body) == (200, b"0123456789")


def test_the_etag_changes_with_the_content_whatever_the_clock_says(here: Lab) -> None:
    before = ask(here, "/a.txt").headers["ETag"]
    here.http.files.put("/a.txt", b"9876543210", modified=OLD)  # same size, same time
    assert ask(here, "/a.txt").headers["ETag"] != before


@pytest.mark.parametrize(("headers", "status"), [
    ({"If_None_Match": "TAG"}, 304), ({"If_None_Match": "*"}, 304),
    ({"If_None_Match": '"x", W/TAG'}, 304), ({"If_None_Match": '"x"'}, 200),
    ({"If_Modified_Since": formatdate(OLD, usegmt=True)}, 304),
    ({"If_Modified_Since": formatdate(OLD - 1, usegmt=True)}, 200),
    ({"If_Modified_Since": "nonsense"}, 200),
    ({"If_Match": "TAG"}, 200), ({"If_Match": '"x"'}, 412), ({"If_Match": "W/TAG"}, 412),
    ({"If_Unmodified_Since": formatdate(OLD, usegmt=True)}, 200),
    ({"If_Unmodified_Since": formatdate(OLD - 1, usegmt=True)}, 412),
    # If-None-Match is asked instead of the date, not beside it (RFC 9110 section 13.1.3)
    ({"If_None_Match": '"x"', "If_Modified_Since": formatdate(OLD, usegmt=True)}, 200),
])
def test_conditions(here: Lab, headers: dict[str, str], status: int) -> None:
    tag = ask(here, "/a.txt").headers["ETag"]
    headers = {name: value.replace("TAG", tag) for name, value in headers.items()}
    answer = ask(here, "/a.txt", **headers)
    assert answer.status == status
    if status == 304:
        assert answer.body == b""
        assert answer.headers["ETag"] == tag


def test_repr_digest_is_told_to_those_who_ask(here: Lab) -> None:
    assert ask(here, "/a.txt").headers["Repr-Digest"] is None
    told = ask(here, "/a.txt", Range="bytes=0-1", Want_Repr_Digest="sha-256=5, md5=1")
    digest = base64.b64encode(hashlib.sha256(b"0123456789").digest()).decode()
    assert told.headers["Repr-Digest"] == f"sha-256=:{digest}:"  # of the whole, also for a part


def test_what_is_not_there(here: Lab) -> None:
    assert ask(here, "/nothing").status == 404
    assert ask(here, "/a.txt/").status == 404
    assert ask(here, "/a.txt/b").status == 404


def test_folders_end_in_a_slash(here: Lab) -> None:
    answer = ask(here, "/pub?x=1")
    assert (answer.status, answer.headers["Location"]) == (301, "./pub/?x=1")


# -- index pages ---------------------------------------------------------------------------


@pytest.mark.parametrize("style", INDEXES)
def test_index_pages(here: Lab, style: str) -> None:
    here.http.options.index = style
    here.http.files.put("/pub/a & b <c>.txt", b"x" * 1536, modified=OLD)
    here.http.files.put("/pub/ä:1.txt", b"x", modified=OLD)
    here.http.files.make_folders("/pub/sub")
    answer = ask(here, "/pub/")
    text = answer.body.decode()
    assert answer.status == 200
    if style in ("caddy", "nginx-json"):
        names = {row["name"].rstrip("/") for row in json.loads(text)}
        assert names == {"sub", "a & b <c>.txt", "ä:1.txt", "big.bin"}
    else:
        assert "<c>" not in text
        assert "%3Cc%3E.txt" in text
        assert "%C3%A4" in text


def test_where_no_folder_is_shown(here: Lab) -> None:
    here.http.options.index = None
    assert ask(here, "/pub/").status == 403
    here.http.files.put("/pub/index.html", b"<p>welcome")
    answer = ask(here, "/pub/")
    assert (answer.status, answer.body) == (200, b"<p>welcome")


# -- writing -------------------------------------------------------------------------------


def test_put_needs_a_user(here: Lab) -> None:
    assert ask(here, "/new", "PUT", b"1").status == 401
    answer = ask(here, "/deep/new", "PUT", b"1", **ALICE)
    assert answer.status == 201
    assert answer.headers["ETag"] == ask(here, "/deep/new").headers["ETag"]
    assert here.http.files.get("/deep/new") == b"1"
    assert ask(here, "/deep/new", "PUT", b"22", **ALICE).status == 204
    assert ask(here, "/deep/new", "DELETE", **ALICE).status == 204
    assert ask(here, "/deep/new").status == 404


def test_put_under_conditions(here: Lab) -> None:
    tag = ask(here, "/a.txt").headers["ETag"]
    assert ask(here, "/a.txt", "PUT", b"x", If_None_Match="*", **ALICE).status == 412
    assert ask(here, "/a.txt", "PUT", b"x", If_Match='"other"', **ALICE).status == 412
    assert ask(here, "/a.txt", "PUT", b"x", If_Match=tag, **ALICE).status == 204
    assert ask(here, "/a.txt", "DELETE", If_Match=tag, **ALICE).status == 412
    assert here.http.files.get("/a.txt") == b"x"


def test_an_upload_that_breaks_off_changes_nothing(here: Lab) -> None:
    with socket.create_connection(here.address("http"), timeout=5) as sock:
        sock.sendall(b"PUT /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nAuthorization: "
                     + ALICE["Authorization"].encode() + b"\r\n\r\nhalf of it")
        time.sleep(0.05)
    for _ in range(100):
        if list(here.http.files.tree()) == ["/a.txt", "/pub/big.bin"]:
            break
        time.sleep(0.01)
    assert here.http.files.tree() == {"/a.txt": b"0123456789", "/pub/big.bin": BODY}


def test_an_upload_with_a_wrong_digest_is_refused(here: Lab) -> None:
    right = base64.b64encode(hashlib.sha256(b"new").digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"old").digest()).decode()
    sent = {"Repr_Digest": f"sha-256=:{wrong}:", **ALICE}
    assert ask(here, "/a.txt", "PUT", b"new", **sent).status == 400
    assert here.http.files.get("/a.txt") == b"0123456789"
    sent = {"Repr_Digest": f"sha-256=:{right}:", "X_OC_Mtime": "1234567890", **ALICE}
    assert ask(here, "/a.txt", "PUT", b"new", **sent).headers["X-OC-Mtime"] == "accepted"
    assert here.http.files.stat("/a.txt").modified == 1234567890


def test_a_part_of_a_file_is_not_put(here: Lab) -> None:
    assert ask(here, "/a.txt", "PUT", b"x", Content_Range="bytes 0-0/10", **ALICE).status == 400


def test_a_full_disk(here: Lab) -> None:
    here.http.files.limit = len(BODY) + 100
    try:
        assert ask(here, "/b", "PUT", b"x" * 200, **ALICE).status == 507
    finally:
        here.http.files.limit = 1 << 40
    assert sorted(here.http.files.tree()) == ["/a.txt", "/pub/big.bin"]


def test_methods_it_has_not(here: Lab) -> None:
    here.http.options.helpers = False
    answer = ask(here, "/a.txt", "POST", b"x")
    assert (answer.status, answer.headers["Allow"]) == (405, "DELETE, GET, HEAD, OPTIONS, PUT")
    assert ask(here, "/a.txt", "BREW").status == 501
    assert ask(here, "*", "OPTIONS").headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PUT"


def test_a_folder_is_served_read_only(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(BODY * 100)
    (tmp_path / "out").symlink_to("/etc")
    with lab.start("http", root=tmp_path) as here:
        assert ask(here, "/a.bin").body == BODY * 100
        assert ask(here, "/a.bin", Range="bytes=100-").body == (BODY * 100)[100:]
        assert ask(here, "/a.bin", "PUT", b"x", **ALICE).status == 403
        assert ask(here, "/out/passwd").status in (403, 404)
        before = ask(here, "/a.bin").headers["ETag"]
        times = (tmp_path / "a.bin").stat().st_mtime_ns
        (tmp_path / "a.bin").write_bytes(bytes(len(BODY) * 100))
        import os

        os.utime(tmp_path / "a.bin", ns=(times, times))
        assert ask(here, "/a.bin").headers["ETag"] != before


# -- who asks ------------------------------------------------------------------------------


def opener(here: Lab, *handlers: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
    host, port = here.address("http")
    keep = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    keep.add_password(None, f"http://{host}:{port}/", "alice", "secret")
    return urllib.request.build_opener(
        urllib.request.HTTPDigestAuthHandler(keep), urllib.request.HTTPBasicAuthHandler(keep))


def test_everybody_must_log_in(here: Lab) -> None:
    here.http.options.require = "always"
    here.http.options.tokens = {"let-me-in": "alice"}
    here.http.options.auth = ("digest", "basic", "bearer")
    answer = ask(here, "/a.txt")
    schemes = [text.split()[0] for text in answer.headers.get_all("WWW-Authenticate")]
    assert (answer.status, schemes) == (401, ["Digest", "Digest", "Basic", "Bearer"])
    assert ask(here, "/a.txt", **ALICE).status == 200
    assert ask(here, "/a.txt", Authorization="Bearer let-me-in").status == 200
    assert ask(here, "/a.txt", Authorization="Bearer other").status == 401
    assert ask(here, "/a.txt", Authorization="Negotiate abc").status == 401
    wrong = base64.b64encode(b"alice:Secret").decode()
    assert ask(here, "/a.txt", Authorization=f"Basic {wrong}").status == 401
    assert ask(here, "/a.txt", Authorization="Basic !!!").status == 401


def test_digest_of_a_stranger(here: Lab) -> None:
    here.http.options.require, here.http.options.auth = "always", ("digest",)
    here.http.options.algorithms = ("MD5",)  # all that urllib of Python 3.11 can do
    host, port = here.address("http")
    with opener(here).open(f"http://{host}:{port}/a.txt?x=1", timeout=5) as answer:
        assert answer.read() == b"0123456789"


def test_a_digest_is_good_once(here: Lab) -> None:
    here.http.options.require = "always"
    challenge = ask(here, "/a.txt").headers.get_all("WWW-Authenticate")[0]
    nonce = challenge.partition('nonce="')[2].partition('"')[0]

    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    proof = sha(":".join((sha("alice:lab:secret"), nonce, "00000001", "c", "auth",
                          sha("GET:/a.txt"))))
    sent = (f'Digest username="alice", realm="lab", nonce="{nonce}", uri="/a.txt", cnonce="c", '
            f'qop=auth, nc=00000001, algorithm=SHA-256, response="{proof}"')
    assert ask(here, "/a.txt", Authorization=sent).status == 200
    again = ask(here, "/a.txt", Authorization=sent)
    assert again.status == 401
    assert "stale=true" in again.headers["WWW-Authenticate"]
    assert ask(here, "/pub/", Authorization=sent).status == 401


# -- codings -------------------------------------------------------------------------------


def test_codings_on_the_fly(here: Lab) -> None:
    import brotli
    from backports import zstd

    decode = {"gzip": gzip.decompress, "deflate": zlib.decompress, "br": brotli.decompress,
              "zstd": zstd.decompress}
    here.http.files.put("/t.txt", b"hello " * 1000)
    plain = ask(here, "/t.txt", Accept_Encoding="gzip")
    assert plain.headers["Content-Encoding"] is None
    here.http.options.compress = CODINGS
    for coding in CODINGS:
        answer = ask(here, "/t.txt", Accept_Encoding=coding)
        assert answer.headers["Content-Encoding"] == coding
        assert answer.headers["ETag"] != plain.headers["ETag"]
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert decode[coding](answer.body) == b"hello " * 1000
        assert ask(here, "/t.txt", "HEAD", Accept_Encoding=coding).body == b""
    assert ask(here, "/t.txt", Accept_Encoding="gzip;q=0, *;q=0").headers[
        "Content-Encoding"] is None
    assert ask(here, "/t.txt", Accept_Encoding="gzip", Range="bytes=0-4").body == b"hello"


def test_chunked_and_slow(here: Lab) -> None:
    here.http.options.chunked = True
    answer = ask(here, "/a.txt")
    assert (answer.headers["Transfer-Encoding"], answer.body) == ("chunked", b"0123456789")
    here.http.options.rate = 100
    begin = time.monotonic()
    assert ask(here, "/a.txt").body == b"0123456789"
    assert time.monotonic() - begin > 0.08


# -- helpers -------------------------------------------------------------------------------


def test_helpers(here: Lab) -> None:
    assert ask(here, "/redirect/3").headers["Location"] == "/redirect/2"
    assert ask(here, "/redirect/1").headers["Location"] == "/echo"
    assert ask(here, "/redirect-to?url=https://x/&status=308").status == 308
    assert ask(here, "/status/503?after=7").headers["Retry-After"] == "7"
    assert ask(here, "/bytes/1000").body == (bytes(range(256)) * 4)[:1000]
    assert ask(here, "/cookies/set?a=b").headers["Set-Cookie"] == "a=b; Path=/"
    assert json.loads(ask(here, "/cookies", Cookie="a=b; c=d").body) == {
        "cookies": {"a": "b", "c": "d"}}
    told = json.loads(ask(here, "/echo?q=1", "POST", b"x=y").body)
    assert (told["method"], told["query"], told["body"]) == ("POST", "q=1", "x=y")
    for bad in ("/redirect/x", "/status/1000", "/delay/-1", "/bytes/-5", "/redirect-to?url=%0d%0aa",
                "/cookies/set?a=%0d%0aSet-Cookie:x"):
        assert ask(here, bad).status == 400, bad
    here.http.files.put("/echo", b"a file")
    assert ask(here, "/echo").body == b"a file"


def test_redirects_from_a_table(here: Lab) -> None:
    here.http.options.redirects = {"/old": "/a.txt", "/ftp": (301, "ftp://elsewhere.test/x")}
    assert ask(here, "/old").headers["Location"] == "/a.txt"
    answer = ask(here, "/ftp")
    assert (answer.status, answer.headers["Location"]) == (301, "ftp://elsewhere.test/x")


# -- connections ---------------------------------------------------------------------------


def test_several_requests_at_once_on_one_connection(here: Lab) -> None:
    one = b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert raw(here, one * 20 + last).count(b"0123456789") == 21


def test_http_1_0(here: Lab) -> None:
    found = raw(here, b"GET /a.txt HTTP/1.0\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 200 OK")
    assert found.endswith(b"0123456789")


def test_expect_continue(here: Lab) -> None:
    with socket.create_connection(here.address("http"), timeout=5) as sock:
        sock.sendall(b"PUT /new HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
                     b"Connection: close\r\nAuthorization: " + ALICE["Authorization"].encode()
                     + b"\r\n\r\n")
        assert sock.recv(1000).startswith(b"HTTP/1.1 100")
        sock.sendall(b"abc")
        assert sock.recv(1000).startswith(b"HTTP/1.1 201")
    assert here.http.files.get("/new") == b"abc"


def test_https(here: Lab) -> None:
    context = ssl.create_default_context(cafile=str(here.ca))
    line = http.client.HTTPSConnection("localhost", here.address("https")[1], timeout=5,
                                       context=context)
    for _ in range(2):
        line.request("GET", "/pub/big.bin")
        assert line.getresponse().read() == BODY
    line.close()


def test_the_log_tells_no_secrets(tmp_path: Path) -> None:
    said: list[str] = []
    with lab.start("http", watcher=lambda *words: said.append(" ".join(words))) as here:
        ask(here, "/a?token=hush", **ALICE)
        raw(here, b"GET http://alice:hush@x/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    text = "\n".join(said)
    assert "http C GET /a?" in text
    assert "404 Not Found" in text
    assert "hush" not in text
    assert ALICE["Authorization"][6:] not in text


# -- faults --------------------------------------------------------------------------------


def test_answers_from_the_script(here: Lab) -> None:
    faults = here.http.faults
    faults.on("GET", b"503 Busy\r\nRetry-After: 2", times=2)
    assert [ask(here, "/a.txt").status for _ in range(3)] == [503, 503, 200]
    faults.on("GET", b"429\r\nRetry-After: 1\r\n\r\nslow down")
    answer = ask(here, "/a.txt")
    assert (answer.status, answer.headers["Retry-After"], answer.body) == (429, "1", b"slow down")
    faults.on("GET /pub/big.bin", b"421")
    assert [ask(here, path).status for path in ("/a.txt", "/pub/big.bin")] == [200, 421]
    faults.on("GET", b"not HTTP at all\r\n\r\n", close=True)
    get = b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    assert raw(here, get) == b"not HTTP at all\r\n\r\n"
    faults.on("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
    last = b"GET /a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert raw(here, get + last).startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 ")


def test_bodies_that_end_early(here: Lab) -> None:
    for kind in ({"cut": 4}, {"larger": 4}):
        here.http.faults.on("GET", **kind)
        with pytest.raises(http.client.IncompleteRead) as caught:
            ask(here, "/a.txt")
        assert caught.value.partial == b"0123456789"[: kind.get("cut", 10)]
    here.http.options.chunked = True
    here.http.faults.on("GET", cut=4)
    with pytest.raises(http.client.IncompleteRead):
        ask(here, "/a.txt")
    here.http.faults.on("GET", cut=100, times=1)
    assert raw(here, b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n").endswith(b"0\r\n\r\n") is False


def test_no_answer_and_a_line_that_drops(here: Lab) -> None:
    here.http.faults.on("GET", None)
    with pytest.raises(TimeoutError):
        raw(here, b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", wait=0.1)
    here.http.faults.on("GET", None, close=True)
    assert raw(here, b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n") == b""


def test_every_quirk(here: Lab) -> None:
    def get(quirk: str, path: str = "/a.txt", method: str = "GET", **headers: str) -> Answer:
        here.http.quirks(quirk)
        return ask(here, path, method, **headers)

    part = {"Range": "bytes=5-"}
    assert get("200 to Range", **part).status == 200
    assert get("206 no Content-Range", **part).headers["Content-Range"] is None
    assert get("206 wrong offset", **part).headers["Content-Range"] == "bytes 6-10/10"
    assert get("206 wrong total", **part).headers["Content-Range"] == "bytes 5-9/11"
    assert get("405 to HEAD", method="HEAD").status == 405
    assert get("HEAD without length", method="HEAD").headers["Content-Length"] is None
    assert get("If-Range ignored", If_Range='"x"', **part).status == 206
    assert get("multipart for one range", **part).headers["Content-Type"].startswith("multipart/")
    assert get("no validators").headers["ETag"] is None
    assert get("weak ETag").headers["ETag"].startswith('W/"')
    assert get("one request a connection").headers["Connection"] == "close"
    coded = get("gzip with Range", Accept_Encoding="gzip", **part)
    assert (coded.status, gzip.decompress(coded.body)) == (206, b"56789")
    frozen = get("frozen ETag").headers["ETag"]
    here.http.files.put("/a.txt", b"other")
    assert get("frozen ETag").headers["ETag"] == frozen
    here.http.files.put("/a.tar.gz", gzip.compress(b"x"))
    assert get("gz as coding", "/a.tar.gz").headers["Content-Encoding"] == "gzip"
    here.http.quirks()
    assert ask(here, "/a.tar.gz").headers["Content-Type"] == "application/gzip"
    assert ask(here, "/new", "PUT", b"1", **ALICE).headers["ETag"] is not None
    assert get("no ETag after PUT", "/new", "PUT", **ALICE).headers["ETag"] is None
    assert len(QUIRKS) == 15
    with pytest.raises(UsageError, match="no such quirk"):
        here.http.quirks("good")


@pytest.mark.slow
def test_labs_leave_nothing_of_their_web_servers() -> None:
    import gc
    import threading

    def use(here: Lab) -> list[socket.socket]:
        here.http.files.put("/huge", bytes(20_000_000))
        left = []
        for scheme in ("http", "https", "webdav"):  # idle, in the middle of a head, of a body
            for data in (b"", b"GET / HT", b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n"):
                sock = socket.create_connection(here.address(scheme), timeout=5)
                if scheme == "https" and data:
                    context = ssl.create_default_context(cafile=str(here.ca))
                    sock = context.wrap_socket(sock, server_hostname="localhost")
                sock.sendall(data)
                left.append(sock)
        assert ask(here, "/huge").body == bytes(20_000_000)
        return left

    def turn() -> None:
        with lab.start("http", "webdav") as here:
            left = use(here)
        for sock in left:
            sock.close()

    turn()
    gc.collect()
    threads, count = set(threading.enumerate()), len(list(Path("/proc/self/fd").iterdir()))
    begin = time.monotonic()
    for _ in range(5):
        turn()
    assert time.monotonic() - begin < 10
    gc.collect()
    assert set(threading.enumerate()) == threads
    assert len(list(Path("/proc/self/fd").iterdir())) == count
