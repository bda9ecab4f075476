"""HTTP under random bytes: answers, or errors of ours; never anything else, however cut."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from postel.errors import Incomplete, LimitReached, PostelError, ProtocolError, UsageError
from postel.http.asking import address, with_params
from postel.http.client_sync import Client
from postel.http.complaints import refusal, translated
from postel.http.decoders import CHUNK, Decoder
from postel.http.headers import Headers
from postel.http.multipart import head
from postel.http.redirects import redirected, resolve
from postel.http.types import Follow, charset
from postel.http.wire import Answers
from postel.timing import NEVER, Deadline
from postel.transport.connector_sync import Connector
from postel.transport.memory_sync import Scripted
from postel.transport.stream_sync import Stream
from postel.urls import parse
from postel.wire.netrc import logins
from postel.wire.text import display

PIECES = st.sampled_from([
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Go\r\n\r\n", b"HTTP/1.0 204 \r\n", b"\r\n", b"\n", b"\r",
    b"Content-Length: 3\r\n", b"Content-Length: 3, 3\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n", b" folded\r\n", b"3\r\nabc\r\n", b"0\r\n", b"0\r\n\r\n", b"abc", b";x=y",
    b"X: y\r\n", b"\0", b":", b" ", b"HTTP/", b"ffffffffffffffff\r\n", b"Content-Length: -1\r\n",
])
BASE = parse("https://user:pw@a.example:8443/b/c;d?e#f")


def outcome(data: bytes, step: int) -> list[Any]:
    """What an `Answers` makes of *data* fed by *step*."""
    answers = Answers()
    for method in ("GET", "HEAD", "GET"):
        answers.expect(method)
    found: list[Any] = []
    feed = iter([*(data[i:i + step] for i in range(0, len(data), step)), b""])
    try:
        for _ in range(3):
            while (head := answers.head()) is None:
                if (more := next(feed, None)) is None:
                    return found
                answers.feed(more)
            found.append((head.status, head.fields))
            body = b""
            while (part := answers.body()) != b"":
                if part is None:
                    answers.feed(next(feed, b""))
                else:
                    body += part
            found.append(body)
    except (ProtocolError, LimitReached, Incomplete) as error:
        found.append(type(error))
    return found


@given(st.lists(PIECES, max_size=25).map(b"".join), st.integers(1, 9))
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 1)
def test_the_cuts_make_no_difference(data: bytes, step: int) -> None:
    whole, cut = outcome(data, len(data) or 1), outcome(data, step)
    assert [one for one in whole if not isinstance(one, type)] == [
        one for one in cut if not isinstance(one, type)][:len(whole)] or isinstance(whole[-1], type)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes(data: bytes, step: int) -> None:
    outcome(data, step)
    outcome(b"HTTP/1.1 200 OK\r\n" + data, step)
    outcome(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data, step)


class Told(Connector):
    """Leads to a server that says just this, and hangs up."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data

    def connect(self, host: str, port: int, *, deadline: Deadline = NEVER) -> Stream:
        return Scripted([self.data])


@given(st.lists(PIECES | st.binary(max_size=8), max_size=25).map(b"".join), st.booleans())
def test_nothing_but_answers_and_our_errors(data: bytes, begun: bool) -> None:
    """The whole client over whatever a server may say."""
    data = b"HTTP/1.1 200 OK\r\n" + data if begun else data
    with Client("http://a.example/", connector=Told(data), timeout=1, retries=0) as web:
        for ask in (lambda: web.get(), lambda: web.post(json=1), lambda: list(web.get_many(["/"]))):
            try:
                ask()
            except PostelError as error:
                assert error.url is not None
                assert "GET http://a.example" in str(error) or "POST http" in str(error) or (
                    error.command), error


@given(st.binary(max_size=2000), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, deflate"]),
       st.integers(1, 100))
def test_decoders_with_any_bytes(data: bytes, name: str, step: int) -> None:
    decoder = Decoder(name, largest=10_000_000, what="GET /")
    try:
        for at in range(0, len(data), step):
            for out in decoder.feed(data[at:at + step]):
                assert len(out) <= CHUNK
        decoder.finish()
    except (ProtocolError, Incomplete, LimitReached):
        pass


@given(st.binary(max_size=5000), st.integers(1, 200), st.integers(0, 30))
def test_decoders_go_back(data: bytes, step: int, cut: int) -> None:
    for name, coded in (("gzip", gzip.compress(data)), ("deflate", zlib.compress(data))):
        decoder = Decoder(name, largest=None, what="GET /")
        pieces = [coded[i:i + step] for i in range(0, len(coded), step)]
        assert b"".join(out for piece in pieces for out in decoder.feed(piece)) == data
        decoder.finish()
        broken = Decoder(name, largest=None, what="GET /")
        if 0 < cut < len(coded):
            got = b"".join(broken.feed(coded[:-cut]))
            try:
                broken.finish()
            except Incomplete:
                continue
            raise AssertionError((name, cut, got == data))


@given(st.text(max_size=60) | st.lists(st.sampled_from(
    ["http:", "https:", "//", "/", "..", ".", "@", ":", "h", "%", "%0d", "\\", "?", "#", "[", "]",
     "80", " ", "\t", "ftp:", "javascript:"]), max_size=10).map("".join))
def test_where_redirects_lead(location: str) -> None:
    try:
        goal = redirected("POST", BASE, Headers([("Authorization", "x"), ("Cookie", "y")]), 302,
                          location, Follow(), has_body=True)
    except PostelError:
        return
    assert goal is not None
    assert goal.url.scheme == "https"
    assert goal.url.user is None
    assert not any(char in str(goal.url) for char in "\r\n\0 \\")
    if goal.url.origin != BASE.origin:
        assert not goal.headers.pairs
    assert resolve(BASE, str(goal.url)) == goal.url


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=10), st.text(max_size=10)))
def test_addresses(url: str, params: dict[str, str]) -> None:
    try:
        goal = with_params(address(parse("http://a.example/b/"), url), params)
    except UsageError:
        return
    assert str(goal).isascii()
    assert goal.scheme in ("http", "https")


@given(st.text(max_size=30), st.text(max_size=30))
def test_fields_to_send(name: str, value: str) -> None:
    try:
        sent = Headers.to_send({name: value}).encoded()
    except UsageError:
        return
    assert not any(bad in part for pair in sent for part in pair for bad in (b"\r", b"\n", b"\0"))


@given(st.text(max_size=30), st.text(max_size=30))
def test_parts_of_forms(name: str, file_name: str) -> None:
    try:
        text = head("b", name, file_name, "a/b")
    except (UsageError, UnicodeEncodeError):
        return
    assert text.count(b"\r\n") == 4
    assert text.count(b'"') == 4


@given(st.binary(max_size=200), st.text(max_size=60), st.text(max_size=20))
def test_what_is_told_of_answers(body: bytes, kind: str, reason: str) -> None:
    headers = Headers([("Content-Type", kind), ("Retry-After", reason)])
    for status in (302, 401, 404, 429, 500, 599):
        text = str(refusal("GET", "http://a/", status, reason, headers, body))
        assert display(text) == text
    "".encode(charset(headers, body))
    logins(kind + reason)
    translated(ValueError(reason), "GET /", "a")
