"""Three-digit replies: one line, many lines, and what is none."""

from __future__ import annotations

import pytest

from postel.errors import ProtocolError
from postel.wire import replies as module
from postel.wire.lines import LineBuffer
from postel.wire.replies import Reply, ReplyReader


def read(data: bytes, encoding: str = "utf-8") -> list[Reply]:
    lines, reader, found = LineBuffer(), ReplyReader(encoding), []
    lines.feed(data)
    while (reply := reader.pull(lines)) is not None:
        found.append(reply)
    return found


@pytest.mark.parametrize(("data", "code", "lines"), [
    (b"200 ok\r\n", 200, ("ok",)),
    (b"200\r\n", 200, ("",)),
    (b"200 \r\n", 200, ("",)),
    (b"200  two\r\n", 200, (" two",)),
    (b"211-a\r\n b\r\n211 c\r\n", 211, ("a", " b", "c")),
    (b"211-a\r\n211-b\r\n211 c\r\n", 211, ("a", "b", "c")),
    (b"211-a\r\n212 no end\r\n21 1\r\n211 c\r\n", 211, ("a", "212 no end", "21 1", "c")),
    (b"211-a\r\n\r\n211\r\n", 211, ("a", "", "")),
    (b"211-a\r\n2110 b\r\n211 c\r\n", 211, ("a", "2110 b", "c")),
    (b"220 caf\xe9\r\n", 220, ("caf\udce9",)),
])
def test_replies(data: bytes, code: int, lines: tuple[str, ...]) -> None:
    for cut in range(len(data)):
        buffer, reader = LineBuffer(), ReplyReader()
        buffer.feed(data[:cut])
        assert reader.pull(buffer) is None
        buffer.feed(data[cut:])
        assert reader.pull(buffer) == Reply(code, lines)
        assert not reader.midway


def test_another_encoding() -> None:
    assert read(b"220 caf\xe9\r\n", "latin-1")[0].text == "caf\xe9"


@pytest.mark.parametrize("line", [
    b"", b" ", b"20 x", b"2000 x", b"200x", b"200\tx", b"abc d", b"099 x", b"600 x", b"-200 x",
    b"\xb2\xb2\xb2 x", b"+OK", b"\x16\x03\x01", "\u0662\u0660\u0660 x".encode()])
def test_what_is_no_reply(line: bytes) -> None:
    with pytest.raises(ProtocolError, match="not a reply"):
        read(line + b"\r\n")


def test_the_kind_and_the_text() -> None:
    reply = Reply(550, (" a ", "\x1b[31mb"))
    assert reply.kind == 5
    assert reply.text == " a \n\x1b[31mb"
    assert str(reply) == "550 a / \\x1b[31mb"


def test_midway_is_told() -> None:
    lines, reader = LineBuffer(), ReplyReader()
    lines.feed(b"211-a\r\n")
    assert reader.pull(lines) is None
    assert reader.midway


def test_too_many_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 10)
    with pytest.raises(ProtocolError, match="over 10 lines"):
        read(b"211-a\r\n" + b"b\r\n" * 20 + b"211 c\r\n")
