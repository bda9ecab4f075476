"""Patterns in streams, escape sequences, transcripts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import UsageError
from postel.expect.ansi import Plain, rendered
from postel.expect.matching import END, Match, Search, What, patterns_of, shown
from postel.expect.recording import Recorder, read_transcript


def find(data: bytes, step: int, **named: What) -> Match | None:
    search, buffer = Search(patterns_of(named)), bytearray()
    for at in range(0, len(data), step):
        buffer += data[at:at + step]
        if (found := search.find(buffer)) is not None:
            return found
    return search.ended(buffer)


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(("data", "named", "expected"), [
    (b"a login: b", {"x": "login: "}, Match("x", b"a ", b"login: ")),
    (b"denied\n$ ", {"ok": "$ ", "no": "denied"}, Match("no", b"", b"denied")),
    (b"abc", {"long": "abc", "short": "b"}, Match("short", b"a", b"b")),
    (b"xab", {"first": "ab", "second": "xab"}, Match("first", b"x", b"ab")),
    (b"id=7;", {"id": re.compile(rb"id=(?P<n>\d);")}, Match("id", b"", b"id=7;", (b"7",), {"n": b"7"})),
    ("größe\n".encode(), {"x": re.compile("(ö)ß")}, Match("x", b"gr", "öß".encode(), ("ö".encode(),))),
    (b"q", {"either": ["a", re.compile(b"q")]}, Match("either", b"", b"q")),
    (b"bye", {"over": END, "x": "no"}, Match("over", b"bye", b"")),
    (b"bye", {"x": "no"}, None),
])
def test_what_is_found(data: bytes, named: dict[str, What], expected: Match | None, step: int
                       ) -> None:
    assert find(data, step, **named) == expected


@given(st.lists(st.sampled_from([b"a", b"b", b"ab", b"ba", b"aab"]), min_size=1, max_size=4),
       st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=30), st.integers(1, 31))
def test_literals_do_not_depend_on_the_pieces(
    wanted: list[bytes], data: list[bytes], step: int
) -> None:
    named: dict[str, What] = {str(number): one for number, one in enumerate(wanted)}
    assert find(b"".join(data), step, **named) == find(b"".join(data), 1, **named)


@pytest.mark.parametrize("named", [{}, {"x": ""}, {"x": 3}, {"x": re.compile(r"\N{BULLET}")}])
def test_what_cannot_be_expected(named: dict[str, What]) -> None:
    with pytest.raises(UsageError):
        patterns_of(named)


@pytest.mark.parametrize(("came", "hint"), [
    (b"login: ", "other capital letters"), (b"Login : x", "other blanks"), (b"", "nothing came"),
    (b"Login:", "other blanks"), (b"quite another thing", ""), (b"Loginx", "")])
def test_hints(came: bytes, hint: str) -> None:
    assert hint in Search(patterns_of({"x": "Login: ", "y": re.compile(b"z")})).hint(bytearray(came))


def test_what_is_shown_is_escaped() -> None:
    assert shown(b"\x1b[2J" + b"x" * 300) == "'" + "x" * 200 + "'"
    assert shown(b"\x1b]0;evil\x07") == r"'\x1b]0;evil\x07'"


@pytest.mark.parametrize("what", ["never", re.compile(rb"n[aeiou]ver$"), re.compile(rb"(x+)y")])
def test_searching_is_linear(what: What, linear: Callable[..., None]) -> None:
    linear(lambda size: find(b"....x..\r\n" * size, 4096, what=what), 15_000)


# -- escape sequences ----------------------------------------------------------------------------

SEQUENCES = [
    (b"\x1b[1;32mgreen\x1b[0m", b"green"), (b"\x1b]0;title\x07x", b"x"), (b"\x1b]0;title\x1b\\x", b"x"),
    (b"\x1b(Bx", b"x"), (b"\x1b=\x1b>x", b"x"), (b"\x1b[?2004hx", b"x"), (b"a\x0eb\x0fc", b"abc"),
    (b"\x1bPq#0\x1b\\x", b"x"), (b"\x1bMx", b"x"), (b"no escapes\r\n\x08", b"no escapes\r\n\x08"),
    (b"\x1b[31m\x1b[1mx\x1b[K", b"x"), ("\x1b[1mgrün".encode(), "grün".encode()),
]


@pytest.mark.parametrize("step", [1, 2, 5, 1000])
@pytest.mark.parametrize(("data", "text"), SEQUENCES)
def test_escape_sequences_are_taken_out(data: bytes, text: bytes, step: int) -> None:
    plain = Plain()
    found = b"".join(plain.feed(data[at:at + step]) for at in range(0, len(data), step))
    assert found + plain.end() == text


@given(st.lists(st.sampled_from([one for one, _ in SEQUENCES] + [b"\x1b", b"]", b"[", b"\\", b"m"]),
                max_size=12), st.integers(1, 9))
def test_nothing_is_lost_or_made(parts: list[bytes], step: int) -> None:
    data, plain = b"".join(parts), Plain()
    found = b"".join(plain.feed(data[at:at + step]) for at in range(0, len(data), step))
    assert len(found + plain.end()) <= len(data)


def test_a_sequence_without_end_holds_nothing_up(linear: Callable[..., None]) -> None:
    def work(size: int) -> bytes:
        plain = Plain()
        return b"".join(plain.feed(b"\x1b]" + b"x" * 100) for _ in range(size))

    linear(work, 300)
    plain = Plain()
    assert len(plain.feed(b"\x1b]" + b"x" * 100_000)) == 100_002


@pytest.mark.parametrize(("line", "seen"), [
    (b"abc\b \b", b"ab"), (b"old\rnew", b"new"), (b"\b\bx", b"x"), (b"a\x07b", b"ab"), (b"", b"")])
def test_lines_as_they_stand_on_the_screen(line: bytes, seen: bytes) -> None:
    assert rendered(line) == seen


# -- transcripts ---------------------------------------------------------------------------------

def test_a_transcript_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    recorder = Recorder(path, iter(range(100)).__next__, "here")
    recorder.received(b"login: ")
    recorder.sent(b"ann\n")
    recorder.received("grüße\xff".encode("latin-1"))
    recorder.close()
    assert [(one.ours, one.data) for one in read_transcript(path)] == [
        (False, b"login: "), (True, b"ann\n"), (False, "grüße\xff".encode("latin-1"))]


def test_secrets_are_in_no_transcript_however_they_are_cut() -> None:
    file = io.StringIO()
    recorder = Recorder(file, lambda: 0.0)
    recorder.hide("hunter2")
    for byte in b"x" * 65_530 + b"hunter2" + b"y" * 100:
        recorder.received(bytes((byte,)))
    recorder.sent(b"hunter2\n")
    recorder.close()
    assert "hunter2" not in file.getvalue()
    assert file.getvalue().count("***") == 2


@pytest.mark.parametrize("text", ["", "{}\n", "no json\n", '{"postel": "transcript"}\n[]\n', "é"])
def test_what_is_no_transcript(text: str, tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(text, "utf-8")
    if text:
        with pytest.raises(UsageError):
            read_transcript(path)
    with pytest.raises(UsageError):
        read_transcript(tmp_path / "absent")
