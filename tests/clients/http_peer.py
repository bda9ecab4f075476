"""A scripted web server: it answers each request with exactly the bytes that a test gives."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripted_peer import Gone, Line, Peer

__all__ = ["Asked", "HTTPPeer", "answer", "ok"]


@dataclass
class Asked:
    """One request as it came."""

    method: str
    target: str
    fields: list[tuple[str, str]]
    body: bytes
    line: Line

    def get(self, name: str) -> str | None:
        """The first field of that name."""
        return next((v for n, v in self.fields if n.lower() == name.lower()), None)


def answer(status: str = "200 OK", body: bytes = b"", **fields: str) -> bytes:
    """An answer with a length, and fields whose underscores stand for hyphens."""
    lines = [f"HTTP/1.1 {status}", *(f"{n.replace('_', '-')}: {v}" for n, v in fields.items()),
             f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def ok(body: bytes = b"hello", **fields: str) -> bytes:
    """A plain success."""
    return answer("200 OK", body, **fields)


class HTTPPeer(Peer):
    """Answers requests: bytes for all of them, a list in turn, or a function of `Asked`.

    A function may return None, having said what it wants itself. An answer that is the text
    ``"close"`` hangs up, ``"reset"`` does so the hard way.
    """

    def __init__(self, answers: Any = None, *, slice: int = 0, bodies: bool = True) -> None:
        super().__init__(slice=slice)
        self.answers = ok() if answers is None else answers
        self.asked: list[Asked] = []
        self.bodies = bodies
        self.connections = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def play(self, line: Line) -> None:
        self.connections += 1
        while True:
            asked = self.hear(line)
            self.asked.append(asked)
            answer = self.answers
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            if isinstance(answer, Callable):  # type: ignore[arg-type]
                answer = answer(asked)
            if answer == "close":
                return
            if answer == "reset":
                line.reset()
                raise Gone
            if answer is not None:
                line.say(answer)

    def hear(self, line: Line) -> Asked:
        """One request."""
        method, target, _ = line.hear().decode("latin-1").split(" ")
        fields = []
        while text := line.hear():
            name, _, value = text.decode("utf-8", "surrogateescape").partition(":")
            fields.append((name, value.strip()))
        asked = Asked(method, target, fields, b"", line)
        if self.bodies:
            asked.body = self.body(line, asked)
        return asked

    def body(self, line: Line, asked: Asked) -> bytes:
        """Its body."""
        if asked.get("expect"):
            line.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        if asked.get("transfer-encoding") == "chunked":
            data = b""
            while size := int(line.hear(), 16):
                data += self.exactly(line, size)
                assert line.hear() == b""
            assert line.hear() == b""
            return data
        return self.exactly(line, int(asked.get("content-length") or 0))

    def exactly(self, line: Line, count: int) -> bytes:
        """*count* bytes."""
        while len(line.held) < count:
            data = line.sock.recv(65536)
            if not data:
                raise Gone
            line.held += data
        data, line.held = line.held[:count], line.held[count:]
        return data


def bomb(size: int) -> bytes:
    """*size* zeros in gzip."""
    return gzip.compress(bytes(size), 9)
