"""The IMAP grammar: responses as a stream of tokens, literals anywhere, commands that wait."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import ProtocolError, UsageError
from postel.imap import names, tokens
from postel.imap.sequence import LARGEST, NumberSet
from postel.imap.wire import (
    GREETING,
    STREAMED,
    Command,
    Continue,
    Data,
    Event,
    Reply,
    Untagged,
    Wire,
    command,
    login,
)


def opened() -> Wire:
    wire = Wire()
    wire.feed(b"* OK ready\r\n")
    assert wire.next_event() == (GREETING, Reply("OK", "ready"))
    return wire


def events(wire: Wire, data: bytes, step: int = 1_000_000) -> list[tuple[Command | None, Event]]:
    found = []
    for start in range(0, len(data), step):
        wire.feed(data[start : start + step])
        while (event := wire.next_event()) is not None:
            found.append(event)
    return found


def test_a_body_that_looks_like_answers_is_a_body() -> None:
    body = b"X: y\r\nA1 NO you are fooled\r\n* BYE gone\r\n)\r\n{12}\r\n"
    for step in (1, 7, 1_000):
        wire = opened()
        fetch = command(b"FETCH", b"1", b"BODY[]", takes=["FETCH"])
        assert wire.send(fetch) == b"A1 FETCH 1 BODY[]\r\n"
        found = events(wire, b"* 1 FETCH (UID 7 BODY[] {%d}\r\n%s FLAGS (\\Seen))\r\nA1 OK done\r\n"
                       % (len(body), body), step)
        assert found == [
            (fetch, Untagged("FETCH", 1, [["UID", "7", "BODY[]", body, "FLAGS", ["\\Seen"]]])),
            (fetch, Reply("OK", "done", tagged=True)),
        ]


@pytest.mark.parametrize("step", [1, 5, 1_000_000])
def test_a_long_body_is_streamed(step: int) -> None:
    body = bytes(range(256)) * 40
    wire = opened()
    wire.streams_from = 1_000
    fetch = command(b"UID FETCH", b"7", b"BODY[]", takes=["FETCH"], has_body=True)
    wire.send(fetch)
    found = events(wire, b'* 1 FETCH (UID 7 BODY[] {%d}\r\n%s X "small")\r\nA1 OK done\r\n'
                   % (len(body), body), step)
    pieces = [event for _, event in found if isinstance(event, Data)]
    assert b"".join(piece.chunk for piece in pieces) == body
    assert pieces[0].before == Untagged("FETCH", 1, [["UID", "7", "BODY[]", STREAMED]])
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert all(piece.before is None for piece in pieces[1:])
    assert found[-2:] == [
        (fetch, Untagged("FETCH", 1, [["UID", "7", "BODY[]", STREAMED, "X", b"small"]])),
        (fetch, Reply("OK", "done", tagged=True)),
    ]


def test_an_empty_literal_streamed_or_not() -> None:
    wire = opened()
    fetch = command(b"FETCH 1 BODY[]", takes=["FETCH"], has_body=True)
    wire.send(fetch)
    assert events(wire, b"* 1 FETCH (BODY[] {0}\r\n)\r\n") == [
        (fetch, Untagged("FETCH", 1, [["BODY[]", b""]]))]


def test_a_literal_waits_and_so_does_what_is_behind_it() -> None:
    wire = opened()
    append = command(b"APPEND", b"INBOX", (b"hello",))
    noop = command(b"NOOP")
    assert wire.send(append) == b"A1 APPEND INBOX {5}\r\n"
    assert wire.send(noop) == b""
    assert events(wire, b"+ go on\r\n") == [(append, Continue("go on"))]
    assert wire.proceed() == b"hello\r\nA2 NOOP\r\n"
    assert events(wire, b"A1 OK [APPENDUID 38505 3955] done\r\nA2 OK\r\n") == [
        (append, Reply("OK", "done", "APPENDUID", ("38505", "3955"), tagged=True)),
        (noop, Reply("OK", "", tagged=True)),
    ]


def test_a_literal_that_is_refused_is_not_sent() -> None:
    wire = opened()
    append = command(b"APPEND", b"INBOX", (b"hello",))
    wire.send(append)
    assert events(wire, b"A1 NO [TRYCREATE] no such mailbox\r\n") == [
        (append, Reply("NO", "no such mailbox", "TRYCREATE", (), tagged=True))]
    assert wire.send(command(b"NOOP")) == b"A2 NOOP\r\n"


def test_what_waits_behind_a_refused_literal_leaves() -> None:
    wire = opened()
    wire.send(command(b"APPEND", b"INBOX", (b"hello",)))
    assert wire.send(command(b"NOOP")) == b""
    events(wire, b"A1 NO no\r\n")
    assert wire.proceed() == b"A2 NOOP\r\n"


@pytest.mark.parametrize(("ahead", "sent"), [
    (0, b"A1 LOGIN {3}\r\n"),
    (2, b"A1 LOGIN {3}\r\n"),
    (3, b"A1 LOGIN {3+}\r\n\xc3\xbcx {4}\r\n"),
    (-1, b"A1 LOGIN {3+}\r\n\xc3\xbcx {4+}\r\n\xc3\xbcyz\r\n"),
])
def test_literals_go_ahead_only_where_it_is_offered(ahead: int, sent: bytes) -> None:
    wire = opened()
    wire.ahead = ahead
    assert wire.send(login("üx".encode(), "üyz".encode())) == sent


def test_a_log_in_is_shown_without_its_password() -> None:
    given_in = login(b"ann", b"secret")
    assert "secret" not in repr(given_in) + str(given_in)
    assert given_in.pieces == (b'LOGIN "ann" "secret"',)


@pytest.mark.parametrize("word", [b"a\r\nA2 DELETE INBOX", b"a\n", b"\0"])
def test_no_word_ends_the_command(word: bytes) -> None:
    with pytest.raises(UsageError, match="line break or a NUL"):
        command(b"SELECT", word)
    assert command(b"SELECT", (word,)).pieces == (b"SELECT ", word, b"")


def test_codes() -> None:
    wire = opened()
    found = events(wire, b'* OK [PERMANENTFLAGS (\\Seen \\*)] ok\r\n* OK [HIGHESTMODSEQ 12]\r\n'
                         b'* [COPYUID 1 2:3 4:5] copied\r\n* NO [X "a]b" c] odd {12}\r\n')
    assert [event for _, event in found] == [
        Reply("OK", "ok", "PERMANENTFLAGS", (["\\Seen", "\\*"],)),
        Reply("OK", "", "HIGHESTMODSEQ", ("12",)),
        Reply("OK", "copied", "COPYUID", ("1", "2:3", "4:5")),
        Reply("NO", "odd {12}", "X", (b"a]b", "c")),
    ]


def test_data_goes_to_the_oldest_that_takes_it() -> None:
    wire = opened()
    one, two = (command(b"FETCH", b"%d" % n, b"FLAGS", takes=["FETCH"]) for n in (1, 2))
    wire.send(one)
    wire.send(two)
    found = events(wire, b"* 1 FETCH (FLAGS ())\r\n* 5 EXISTS\r\nA1 OK\r\n* 2 FETCH (FLAGS ())\r\n")
    assert [owner for owner, _ in found] == [one, None, one, two]
    assert found[1][1] == Untagged("EXISTS", 5, [])


@pytest.mark.parametrize("data", [
    b"220 ESMTP\r\n", b"A9 OK who asked\r\n", b"A1 MAYBE\r\n", b"+ more?\r\n",
    b"* 1 FETCH (BODY[] {99999999999}\r\n", b"* LIST " + b"(" * 2_000 + b"\r\n",
    b"* " + b"x" * (2 << 20),
])
def test_broken_rules(data: bytes) -> None:
    wire = opened()
    wire.send(command(b"NOOP"))
    with pytest.raises(ProtocolError):
        events(wire, data)


def test_no_greeting() -> None:
    wire = Wire()
    with pytest.raises(ProtocolError, match="greeting") as caught:
        events(wire, b"* LIST () NIL x\r\n")
    assert caught.value.hint


def test_what_came_before_tls() -> None:
    wire = opened()
    wire.feed(b"* OK [CAPABILITY X] injected\r\n")
    with pytest.raises(ProtocolError, match="in the clear"):
        wire.end_of_clear_text()


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_are_events_or_an_error(data: bytes, step: int) -> None:
    wire = opened()
    wire.send(command(b"FETCH", b"1", b"BODY[]", takes=["FETCH"]))
    try:
        events(wire, data, step)
    except ProtocolError:
        pass


@given(st.lists(st.sampled_from([
    b"* ", b"A1 ", b"OK ", b"FETCH ", b"(", b")", b'"', b"\\", b"NIL", b" ", b"{3}\r\n", b"abc",
    b"\r\n", b"[", b"]", b"12", b"BODY[HEADER.FIELDS (X)]<0>", b"~{2}\r\n", b"+ ", b"\xff"]),
    max_size=40))
def test_the_same_by_one_byte_as_by_all(words: list[bytes]) -> None:
    results = []
    for step in (1, 10_000):
        wire, found = opened(), list[object]()
        wire.send(command(b"FETCH", b"1", takes=["FETCH"]))
        try:
            for event in events_of(wire, b"".join(words), step):
                found.append(event)
        except ProtocolError as error:
            found.append(error.message)
        results.append(found)
    assert results[0] == results[1]


def events_of(wire: Wire, data: bytes, step: int) -> list[Event]:
    return [event for _, event in events(wire, data, step)]


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)))
def test_sets_are_sets(one: set[int], two: set[int]) -> None:
    ours, theirs = NumberSet(one), NumberSet(two)
    assert list(ours) == sorted(one)
    assert len(ours) == len(one)
    assert set(ours | theirs) == one | two
    assert set(ours - theirs) == one - two
    assert set(ours & theirs) == one & two
    assert all((n in ours) == (n in one) for n in range(1, 70))
    assert NumberSet.parse(str(ours)) == ours
    again = [NumberSet.parse(piece) for piece in ours.pieces(21)]
    assert sorted(number for piece in again for number in piece) == sorted(one)


def test_large_sets_cost_what_their_ranges_cost() -> None:
    everything = NumberSet([(1, LARGEST)])
    some = NumberSet(random.Random(1).sample(range(1, 1_000_000), 20_000))
    assert len(everything - some) == LARGEST - 20_000
    assert (everything - some) | some == everything
    assert max(map(len, some.pieces(1_000))) <= 1_000


@pytest.mark.parametrize("text", ["0", "1:", "a", "1,,2", "1:2:3", "4294967296", "*"])
def test_no_sets(text: str) -> None:
    with pytest.raises(ProtocolError):
        NumberSet.parse(text)


@pytest.mark.parametrize("numbers", [[0], [-1], [(5, 3)], [LARGEST + 1]])
def test_no_numbers(numbers: list[int]) -> None:
    with pytest.raises(UsageError, match="no number"):
        NumberSet(numbers)


@given(st.text(max_size=30))
def test_names_there_and_back(name: str) -> None:
    wire = names.encode(name)
    assert wire.isascii()
    if all(not "\ud800" <= letter <= "\udfff" for letter in name):
        assert names.decode(wire) == name


@given(st.text(alphabet="&-,ABCpwQ+/=~ü", max_size=12))
def test_names_that_break_the_rules_stay_what_they_are(name: str) -> None:
    shown = names.decode(name)
    assert shown == name or names.encode(shown) == name


@given(st.binary(max_size=60))
def test_quoted_strings_come_back(text: bytes) -> None:
    written = tokens.quoted(text)
    if written is not None:
        assert tokens.parse([written]) == [text]
