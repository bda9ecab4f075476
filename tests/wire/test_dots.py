"""Dot-stuffed bodies at every cut, and what is not their end."""

from __future__ import annotations

import pytest

from postel.wire.dots import DotReader, stuffed
from postel.wire.lines import LineBuffer

BODIES = [
    (b"", b".\r\n"),
    (b"a\r\n", b"a\r\n.\r\n"),
    (b"a", b"a\r\n.\r\n"),
    (b".", b"..\r\n.\r\n"),
    (b".\r\n", b"..\r\n.\r\n"),
    (b"..\r\n.x\r\n", b"...\r\n..x\r\n.\r\n"),
    (b"\r\n", b"\r\n.\r\n"),
    (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
    (b"a\n.\nb\r\n", b"a\n.\nb\r\n.\r\n"),    # a bare LF ends no line
    (b"a\r.\r\n", b"a\r.\r\n.\r\n"),
    (b"a\r\r\n.b\r\n", b"a\r\r\n..b\r\n.\r\n"),
    (b"a.\r\n", b"a.\r\n.\r\n"),
]


@pytest.mark.parametrize(("body", "wire"), BODIES)
def test_written(body: bytes, wire: bytes) -> None:
    assert stuffed(body) == wire


@pytest.mark.parametrize(("body", "wire"), BODIES)
@pytest.mark.parametrize("after", [b"", b"+OK\r\n", b".\r\n", b"\r\n.\r\n"])
def test_read_at_every_cut(body: bytes, wire: bytes, after: bytes) -> None:
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    data = wire + after
    for cut in range(len(data) + 1):
        lines, reader, got = LineBuffer(), DotReader(), b""
        for part in (data[:cut], data[cut:]):
            lines.feed(part)
            if not reader.ended:
                got += reader.pull(lines)
        assert (got, reader.ended) == (body, True), cut
        assert lines.take() == after


@pytest.mark.parametrize("wire", [
    b"a\n.\n", b"a\r\n.\n", b"a\n.\r\n", b"a\r.\r", b".x\r\n", b".\n"])
def test_what_is_no_end(wire: bytes) -> None:
    lines, reader = LineBuffer(), DotReader()
    lines.feed(wire)
    reader.pull(lines)
    assert not reader.ended


def test_a_dot_that_need_not_be_there_is_kept() -> None:
    lines, reader = LineBuffer(), DotReader()
    lines.feed(b".x\r\ny.\r\n.\r\n")
    assert reader.pull(lines) == b".x\r\ny.\r\n"


def test_nothing_certain_is_held_back() -> None:
    lines, reader = LineBuffer(), DotReader()
    lines.feed(b"abc")
    assert reader.pull(lines) == b"abc"
    lines.feed(b"def\r\n")
    assert reader.pull(lines) == b"def"
    lines.feed(b"g")
    assert reader.pull(lines) == b"\r\ng"


@pytest.mark.parametrize("step", [1, 3, 100])
def test_strict_takes_any_first_dot_off(step: int) -> None:
    """What receivers of mail do (RFC 5321 section 4.5.2); a sender that forgot is found out."""
    lines, body, got = LineBuffer(), DotReader(strict=True), b""
    stream = b".a\r\n..b\r\nc.\r\n.\r\n"
    for at in range(0, len(stream), step):
        lines.feed(stream[at : at + step])
        got += body.pull(lines)
    assert body.ended
    assert got == b"a\r\n.b\r\nc.\r\n"
