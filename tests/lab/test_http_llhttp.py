"""llhttp's requests against the lab's web server: what is refused there is refused here."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import lab

LENIENT = {
    "`keep-alive` / No restart when keep-alive is off (1.0)": "the rest is never read: it hangs up",
    "`close` / CRLF between requests, explicit `close`": "the rest is never read: it hangs up",
    "Invalid OBS fold after chunked value / Chunk header not terminated by CRLF":
        "the body of a GET is not read, and the connection ends",
    "Invalid OBS fold after chunked value / Chunk data not terminated by CRLF":
        "the body of a GET is not read, and the connection ends",
    "Line folding in header value with LF": "h11 unfolds, and takes LF for a line end",
    "Space after chunk header": "h11 takes padded sizes, as some clients send them",
}
"""Cases that are read here though llhttp refuses them, and why."""

STRICT = {
    "CONNECT request": "it is no proxy", "CONNECT with body": "it is no proxy",
    "Underscore in hostname": "it is no proxy",
    "SOURCE request with ICE": "another protocol", "ANNOUNCE request with RTSP": "another protocol",
    "No HTTP version": "HTTP/0.9",
    "Content-Length reset when no body is received": "the body breaks off",
    "POST with `chunked` as last transfer-encoding": "no coding but chunked is undone (501)",
}
"""Cases that are refused here though llhttp reads them, and why."""

AGREE = 46


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[str, int]]:
    with lab.start("http") as here:
        here.http.options.require = "never"
        yield here.address("http")


def said(place: tuple[str, int], data: bytes) -> bytes:
    """What the server answers, until it hangs up or has nothing more to say."""
    with socket.create_connection(place, timeout=5) as line:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while more := line.recv(65536):
                got += more
        except ConnectionError:
            pass
    return got


def request(text: str) -> bytes:
    """A case as the server reads it to the end: with a Host, and to a page that takes bodies."""
    if "host:" not in text.lower():
        text = re.sub(r"(HTTP/1\.1\r\n)", r"\1Host: lab\r\n", text)
    if re.search("content-length|transfer-encoding", text, re.IGNORECASE):
        text = re.sub(r"^(\r\n)?(?!CONNECT)([A-Z]+) (\S+)", r"\1\2 /echo", text)
    return text.encode("latin-1")


def is_refusal(answer: bytes) -> bool:
    """Whether the first thing that came was no request; what the server thinks of one is no matter."""
    return not answer.startswith(b"HTTP/1.1 ") or answer[9:12] in (b"400", b"431", b"505") or (
        b"Only Transfer-Encoding" in answer)


def test_llhttps_requests(corpora: Callable[[str], Path], place: tuple[str, int]) -> None:
    cases = json.loads(corpora("http/llhttp-cases.json").read_text("utf-8"))["cases"]
    agree, lenient, strict = 0, set(), set()
    for case in cases:
        if case["meta"].get("type") != "request" or "input" not in case:
            continue
        refused = any("error code=" in event and "Pause" not in event for event in case["events"])
        if not refused and not any("message complete" in event for event in case["events"]):
            continue  # it breaks off: nobody can say yet
        ours = is_refusal(said(place, request(case["input"])))
        if ours == refused:
            agree += 1
        else:
            (lenient if refused else strict).add(case["title"])
    print(f"llhttp, requests: {agree} agree, {len(lenient)} more are read here, "  # noqa: T201
          f"{len(strict)} fewer")
    assert (lenient, strict) == (set(LENIENT), set(STRICT))
    assert agree >= AGREE
