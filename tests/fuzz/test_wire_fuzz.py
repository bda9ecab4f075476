"""The bricks of the wire under random bytes: one exception type, however the bytes are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import ProtocolError, TransferError, UsageError
from postel.wire.base import argument
from postel.wire.dots import DotReader, stuffed
from postel.wire.lines import LineBuffer
from postel.wire.names import joined, safe_name
from postel.wire.replies import Reply, ReplyReader

CUTS = st.lists(st.integers(1, 40), max_size=60)
RAGGED = st.lists(st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"..", b"a", b"\r\n.\r\n", b"xyz"]),
                  max_size=60).map(b"".join)


def parts(data: bytes, cuts: list[int]) -> list[bytes]:
    """*data* in pieces of these sizes, then the rest."""
    found, at = [], 0
    for size in cuts:
        found.append(data[at:at + size])
        at += size
    return [part for part in (*found, data[at:]) if part]


@given(RAGGED, CUTS)
def test_lines_do_not_depend_on_the_cuts(data: bytes, cuts: list[int]) -> None:
    lines, found = LineBuffer(), []
    for part in parts(data, cuts):
        lines.feed(part)
        while (line := lines.line()) is not None:
            found.append(line)
    whole = [line.removesuffix(b"\r") for line in data.split(b"\n")]
    assert found == whole[:-1]
    assert lines.take() == data.rpartition(b"\n")[2]


@given(st.binary(max_size=300), CUTS)
def test_a_line_is_capped(data: bytes, cuts: list[int]) -> None:
    lines = LineBuffer(longest=50)
    try:
        for part in parts(data, cuts):
            lines.feed(part)
            while (line := lines.line()) is not None:
                assert len(line) <= 51
    except ProtocolError:
        assert any(len(line) > 50 for line in data.split(b"\n"))
    else:
        assert all(len(line) <= 51 for line in data.split(b"\n"))


@given(RAGGED, RAGGED, CUTS)
def test_bodies_come_back_at_every_cut(body: bytes, after: bytes, cuts: list[int]) -> None:
    wire = stuffed(body)
    lines, reader, got = LineBuffer(), DotReader(), b""
    rest = b""
    for part in parts(wire + after, cuts):
        if reader.ended:
            rest += part
            continue
        lines.feed(part)
        got += reader.pull(lines)
    assert reader.ended
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    assert got == body
    assert lines.take() + rest == after


@given(st.lists(st.binary(max_size=30).filter(lambda b: b"\n" not in b), min_size=1, max_size=8),
       st.integers(100, 599), CUTS)
def test_replies_do_not_depend_on_the_cuts(
    texts: list[bytes], code: int, cuts: list[int]
) -> None:
    number = b"%d" % code
    middle = [text for text in texts[1:] if not text.startswith(number)]
    if len(texts) == 1:
        data = number + b" " + texts[0] + b"\r\n"
    else:
        data = b"\r\n".join([number + b"-" + texts[0], *middle, number + b" end"]) + b"\r\n"
    lines, reader, found = LineBuffer(), ReplyReader(), []
    for part in parts(data, cuts):
        lines.feed(part)
        while (reply := reader.pull(lines)) is not None:
            found.append(reply)
    assert [reply.code for reply in found] == [code]
    assert not reader.midway
    assert all(ord(c) >= 32 for c in str(found[0]))


@given(st.binary(max_size=200), CUTS)
def test_garbage_is_a_reply_or_a_broken_rule(data: bytes, cuts: list[int]) -> None:
    lines, reader, said = LineBuffer(), ReplyReader(), ""
    try:
        for part in parts(data, cuts):
            lines.feed(part)
            while (reply := reader.pull(lines)) is not None:
                assert isinstance(reply, Reply)
                assert 100 <= reply.code <= 599
    except ProtocolError as error:
        said = str(error)
    assert "\x1b" not in said


@given(st.text(max_size=40))
def test_arguments_hold_no_line_break(text: str) -> None:
    try:
        data = argument(text, "path")
    except UsageError:
        assert set(text) & set("\r\n\0") or any(0xD800 <= ord(c) <= 0xDFFF for c in text)
    else:
        assert not set(data) & {0, 10, 13}
        assert data.decode("utf-8", "surrogateescape") == text


@given(st.text(max_size=300), st.booleans())
def test_safe_names_are_one_component(name: str, windows: bool) -> None:
    try:
        found = safe_name(name, windows=windows)
    except (TransferError, UnicodeEncodeError):
        return
    assert found == name
    assert name not in ("", ".", "..")
    assert not set(name) & set("/\\\0")
    assert joined("a/b", name) == f"a/b/{name}"
