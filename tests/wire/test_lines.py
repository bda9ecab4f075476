"""Lines by cursor: ends, caps, and bytes given back."""

from __future__ import annotations

import pytest

from postel.errors import ProtocolError
from postel.wire.lines import LONGEST_LINE, LineBuffer


@pytest.mark.parametrize(("data", "lines", "rest"), [
    (b"", [], b""),
    (b"a\r\nb\r\n", [b"a", b"b"], b""),
    (b"a\nb\n", [b"a", b"b"], b""),
    (b"a\r\r\n", [b"a\r"], b""),
    (b"\r\n\n", [b"", b""], b""),
    (b"a\rb\n", [b"a\rb"], b""),
    (b"half", [], b"half"),
    (b"a\r\nhalf\r", [b"a"], b"half\r"),
])
@pytest.mark.parametrize("step", [1, 2, 100])
def test_lines(data: bytes, lines: list[bytes], rest: bytes, step: int) -> None:
    buffer, found = LineBuffer(), []
    for at in range(0, len(data), step):
        buffer.feed(data[at:at + step])
        while (line := buffer.line()) is not None:
            found.append(line)
    assert found == lines
    assert len(buffer) == len(rest)
    assert buffer.take() == rest
    assert len(buffer) == 0


def test_bytes_given_back_come_first() -> None:
    buffer = LineBuffer()
    buffer.feed(b"a\r\nbody")
    assert buffer.line() == b"a"
    data = buffer.take()
    buffer.feed(b"!\r\n")
    buffer.give_back(data)
    assert buffer.line() == b"body!"


@pytest.mark.parametrize("ended", [True, False])
def test_a_line_over_the_cap(ended: bool) -> None:
    buffer = LineBuffer(longest=10)
    buffer.feed(b"0123456789\r\n")
    assert buffer.line() == b"0123456789"
    buffer.feed(b"0123456789ab" + b"\r\n" * ended)
    with pytest.raises(ProtocolError, match="a line of over 10 bytes, beginning b'0123456789ab"):
        buffer.line()


def test_a_long_line_one_byte_at_a_time() -> None:
    buffer = LineBuffer()
    for _ in range(LONGEST_LINE):
        buffer.feed(b"x")
        assert buffer.line() is None
    buffer.feed(b"\n")
    assert buffer.line() == b"x" * LONGEST_LINE


def test_the_cap_is_generous_and_final() -> None:
    buffer = LineBuffer()
    buffer.feed(b"x" * LONGEST_LINE + b"\r\n")
    assert len(buffer.line() or b"") == LONGEST_LINE
