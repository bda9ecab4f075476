"""HTTP/1.1's grammar: heads and bodies however they are cut, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from postel.errors import Incomplete, LimitReached, PostelError, ProtocolError
from postel.http.wire import LONGEST_HEAD, MOST_FIELDS, MOST_INTERIM, Answers, Head, request_head

OK = b"HTTP/1.1 200 OK\r\n"


def read(data: bytes, method: str = "GET", step: int = 0) -> tuple[Head, bytes, Answers]:
    """The first answer in *data*, fed whole or by *step*; then the connection ends."""
    answers = Answers()
    answers.expect(method)
    pieces = [data[i:i + step] for i in range(0, len(data), step)] if step else [data]
    feed = iter([*filter(None, pieces), b""])
    while (head := answers.head()) is None:
        answers.feed(next(feed))
        if answers.ended and answers.head() is None:
            raise Incomplete("the header has no end")
    body = b""
    while (part := answers.body()) != b"":
        if part is None:
            answers.feed(next(feed, b""))
        else:
            body += part
    return head, body, answers


@pytest.mark.parametrize("step", [0, 1, 2, 3, 7])
@pytest.mark.parametrize(("data", "body", "kept"), [
    (OK + b"Content-Length: 5\r\n\r\nhello", b"hello", True),
    (OK + b"content-LENGTH : 5".replace(b" :", b":") + b"\r\n\r\nhello", b"hello", True),
    (OK + b"Content-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    (OK + b"Connection: Close\r\nContent-Length: 0\r\n\r\n", b"", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi", False),
    (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", b"hi", True),
    (OK + b"\r\nto the end", b"to the end", False),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n",
     b"abc0123456789", True),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n0000\r\nX: 1\r\nY: 2\r\n\r\n", b"", True),
    (OK + b"Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n1\r\na\r\n0\r\n\r\n", b"a", False),
    (b"\r\nHTTP/1.1 200\nContent-Length: 1\n\nx", b"x", True),
    (b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n" + OK
     + b"Content-Length: 1\r\n\r\nx", b"x", True),
])
def test_answers_however_cut(data: bytes, body: bytes, kept: bool, step: int) -> None:
    _, found, answers = read(data, step=step)
    assert (found, answers.kept) == (body, kept)


def test_a_head() -> None:
    head, _, _ = read(OK[:-2] + b" then\r\nA: \t1 \r\nb:2\r\nC: x\r\n  y\r\n\tz\r\na:3\r\n"
                      b"Content-Length: 0\r\n\r\n")
    assert (head.status, head.reason, head.version) == (200, b"OK then", (1, 1))
    assert head.fields[:4] == ((b"A", b"1"), (b"b", b"2"), (b"C", b"x y z"), (b"a", b"3"))


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_no_body_whatever_the_fields_say(method: str, status: int) -> None:
    for field in (b"Content-Length: 5", b"Transfer-Encoding: chunked", b"X: y"):
        data = b"HTTP/1.1 %d X\r\n%b\r\n\r\n" % (status, field)
        head, body, answers = read(data, method)
        assert (head.length, body, answers.kept) == (0, b"", True)


def test_answers_in_turn() -> None:
    answers = Answers()
    for method in ("GET", "HEAD", "GET"):
        answers.expect(method)
    answers.feed(OK + b"Content-Length: 1\r\n\r\na" + OK + b"Content-Length: 9\r\n\r\n" + OK
                 + b"Transfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\n")
    bodies = []
    for _ in range(3):
        assert answers.head() is not None
        body = b""
        while part := answers.body():
            body += part
        bodies.append(body)
    assert bodies == [b"a", b"", b"c"]
    assert answers.kept
    assert answers.held == 0


def test_more_than_was_asked_for_ends_the_connection() -> None:
    _, _, answers = read(OK + b"Content-Length: 1\r\n\r\nx" + OK)
    assert not answers.kept


@pytest.mark.parametrize("data", [
    b"HTTP/2.0 200 OK\r\n\r\n", b"HTTP/1.1 20 OK\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n",
    b"HTTP/1.1 0xx OK\r\n\r\n", b"ICY 200 OK\r\n\r\n", b"HTTP/1.1200 OK\r\n\r\n",
    b"SSH-2.0-x\r\n", b"\x15\x03\x01\0\x02\x02", b"220 ftp\r\n", b"<html>",
    OK + b"A : b\r\n\r\n", OK + b": b\r\n\r\n", OK + b"A\r\n\r\n", OK + b" A: b\r\n\r\n",
    OK + b"A: b\rc\r\n\r\n", OK + b"A: b\0c\r\n\r\n", OK + b"A(): b\r\n\r\n",
    OK + b"Content-Length: +5\r\n\r\nhello", OK + b"Content-Length: 5, 6\r\n\r\nhello",
    OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", OK + b"Content-Length:\r\n\r\n",
    OK + b"Content-Length: -1\r\n\r\n", OK + b"Content-Length: 0x5\r\n\r\nhello",
    OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", OK + b"Content-Length: 5_0\r\n\r\n",
    OK + "Content-Length: \u0665\r\n\r\n".encode(),
    OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", OK + b"Transfer-Encoding: chunked, a\r\n\r\n",
    OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 17 + b"1\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 5000,
    b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
    b"HTTP/1.1 100 Go\r\n\r\n" * (MOST_INTERIM + 1) + OK + b"\r\n",
])
def test_what_is_refused(data: bytes) -> None:
    for step in (0, 1):
        with pytest.raises(ProtocolError):
            read(data, step=step)


@pytest.mark.parametrize("data", [
    OK + b"Content-Length: 5\r\n\r\nhell", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhell",
    OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n", OK + b"Content-Length: 5\r\n",
])
def test_what_is_cut_off(data: bytes) -> None:
    for step in (0, 1):
        with pytest.raises(Incomplete):
            read(data, step=step)


def test_what_is_too_much() -> None:
    for data in (OK + b"A: " + b"x" * LONGEST_HEAD + b"\r\n\r\n", OK + b"A: " + b"x" * LONGEST_HEAD,
                 OK + b"A: b\r\n" * (MOST_FIELDS + 1) + b"\r\n",
                 OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 60_000):
        with pytest.raises(LimitReached):
            read(data)


def test_a_request() -> None:
    assert request_head(b"GET", b"/a", [(b"Host", b"h"), (b"X", b"y")]) == (
        b"GET /a HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n")


DIFFERENT = {
    "HTTP/1.1 with keep-alive disabled and 204 status": "the rest is never read: we hang up",
    "HTTP/1.1 with keep-alive disabled, content-length": "the rest is never read: we hang up",
    "ICE response": "SHOUTcast's own protocol",
    "No carriage ret": "LF alone ends a line of the header (RFC 9112 section 2.2)",
    "Trailing space on chunked body": "servers pad sizes with spaces",
    "multiple transfer-encoding where chunked is not the last one": "whose end would be where?",
    "No extension after semicolon": "extensions are not looked at",
    "Unbalanced chunk extensions quoting": "extensions are not looked at",
}
"""Cases of llhttp that are read otherwise here, and why."""


def test_llhttps_answers(corpora: Callable[[str], Path]) -> None:
    """llhttp's own cases of responses: refused where it refuses, read where it reads."""
    cases = json.loads(corpora("http/llhttp-cases.json").read_text("utf-8"))["cases"]
    agree, differ = 0, set()
    for case in cases:
        if case["meta"].get("type") != "response" or "input" not in case:
            continue
        refused = any("error code=" in event for event in case["events"])
        answers = Answers()
        answers.expect("GET")
        answers.feed(case["input"].encode("latin-1"))
        try:
            if answers.head() is not None:
                while answers.body():
                    pass
            ours = False
        except PostelError:
            ours = True
        if ours == refused:
            agree += 1
        else:
            differ.add(case["title"])
    assert (agree, differ) == (30, set(DIFFERENT))
