"""Telnet's grammar: data, negotiation that always comes to rest, messages, compression."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import ProtocolError, UsageError
from postel.telnet import comport, messages
from postel.telnet.codes import (
    BINARY,
    ECHO,
    GMCP,
    MCCP2,
    MCCP3,
    NAWS,
    TM,
    option_name,
    option_number,
)
from postel.telnet.comport import Request, Word
from postel.telnet.host import HostSide
from postel.telnet.negotiation import MOST_CHANGES, Side, State
from postel.telnet.server_serial import SerialLine
from postel.telnet.terminal import TerminalSide
from postel.telnet.types import LineSettings, Parity, StopBits, Terminal
from postel.telnet.wire import Changed, Data, Event, Heard, Message, Wire

WILL, WONT, DO, DONT = b"\xff\xfb", b"\xff\xfc", b"\xff\xfd", b"\xff\xfe"


def events(wire: Wire, data: bytes, step: int = 10_000) -> list[Event]:
    found: list[Event] = []
    for at in range(0, len(data), step):
        wire.feed(data[at:at + step])
        while (event := wire.next_event()) is not None:
            if found and isinstance(event, Data) and isinstance(found[-1], Data):
                found[-1] = Data(found[-1].data + event.data)
            else:
                found.append(event)
    return found


CASES = [
    (b"plain", [Data(b"plain")]),
    (b"a\xff\xffb", [Data(b"a\xffb")]),
    (b"\xff\xff\xff\xff", [Data(b"\xff\xff")]),
    (b"a\r\0b\r\nc", [Data(b"a\rb\r\nc")]),
    (b"\r\0\0x", [Data(b"\r\0x")]),
    (b"a\xff\xf9b", [Data(b"a"), Heard(249), Data(b"b")]),
    (b"\xff\xfd\x1f", [Changed(NAWS, True, True)]),
    (b"\xff\xfd\x63", []),
    (b"\xff\xfa\x1f\0P\0\x18\xff\xf0.", [Message(NAWS, b"\0P\0\x18"), Data(b".")]),
    (b"\xff\xfa\x1f\xff\xff\0\0\0\xff\xf0", [Message(NAWS, b"\xff\0\0\0")]),
    (b"\xff\xfa\xff\xf0x", [Data(b"x")]),
    (b"\xff\xf0x", [Data(b"x")]),
    (b"\xff\xfa\x18\x01\xff\xfd\x1fx", [Changed(NAWS, True, True), Data(b"x")]),
    (b"\xff\xfa\x18\x01" + b"y" * 20 + b"\xff\xf0", [Message(24, b"\x01" + b"y" * 20)]),
]


@pytest.mark.parametrize("step", [1, 2, 3, 1000])
@pytest.mark.parametrize(("data", "expected"), CASES)
def test_events(data: bytes, expected: list[Event], step: int) -> None:
    assert events(Wire(ours={NAWS}), data, step) == expected


def test_binary_changes_nothing() -> None:
    wire = Wire(theirs={BINARY})
    assert events(wire, WILL + b"\0" + b"a\r\0b") == [Changed(BINARY, False, True), Data(b"a\r\0b")]
    wire.ask(BINARY, ours=True)
    wire.feed(DO + b"\0")
    assert isinstance(wire.next_event(), Changed)
    wire.take()
    wire.say(b"a\rb\xff")
    assert wire.take() == b"a\rb\xff\xff"


@pytest.mark.parametrize(("data", "sent"), [
    (b"a\r\n", b"a\r\n"), (b"a\rb", b"a\r\0b"), (b"\r", b"\r\0"), (b"\xff", b"\xff\xff"), (b"", b"")])
def test_what_is_said_is_escaped(data: bytes, sent: bytes) -> None:
    wire = Wire()
    wire.say(data)
    assert wire.take() == sent
    assert wire.take() == b""


@given(st.binary(max_size=300), st.integers(1, 40), st.booleans())
def test_what_one_end_says_the_other_hears(data: bytes, step: int, binary: bool) -> None:
    here, there = Wire(), Wire()
    if binary:
        here.ours(BINARY).state = there.theirs(BINARY).state = State.YES
    here.say(data)
    found = events(there, here.take(), step)
    assert b"".join(one.data for one in found if isinstance(one, Data)) == data


# -- RFC 1143 ------------------------------------------------------------------------------------

TABLE = [  # the two tables of section 7, for a side that is allowed: before, heard, after, answer
    (State.NO, False, True, State.YES, False, DO[1]),
    (State.NO, False, False, State.NO, False, None),
    (State.YES, False, True, State.YES, False, None),
    (State.YES, False, False, State.NO, False, DONT[1]),
    (State.WANT_NO, False, True, State.NO, False, None),
    (State.WANT_NO, False, False, State.NO, False, None),
    (State.WANT_NO, True, True, State.YES, False, None),
    (State.WANT_NO, True, False, State.WANT_YES, False, DO[1]),
    (State.WANT_YES, False, True, State.YES, False, None),
    (State.WANT_YES, False, False, State.NO, False, None),
    (State.WANT_YES, True, True, State.WANT_NO, False, DONT[1]),
    (State.WANT_YES, True, False, State.NO, False, None),
]


@pytest.mark.parametrize(("state", "opposite", "positive", "after", "queued", "answer"), TABLE)
def test_the_table_of_rfc_1143(state: State, opposite: bool, positive: bool, after: State,
                               queued: bool, answer: int | None) -> None:
    side = Side.theirs(allowed=True)
    side.state, side.opposite = state, opposite
    assert side.heard(positive) == answer
    assert (side.state, side.opposite) == (after, queued)


ASKED = [
    (State.NO, False, True, State.WANT_YES, False, DO[1]),
    (State.YES, False, True, State.YES, False, None),
    (State.WANT_NO, False, True, State.WANT_NO, True, None),
    (State.WANT_NO, True, True, State.WANT_NO, True, None),
    (State.WANT_YES, False, True, State.WANT_YES, False, None),
    (State.WANT_YES, True, True, State.WANT_YES, False, None),
    (State.NO, False, False, State.NO, False, None),
    (State.YES, False, False, State.WANT_NO, False, DONT[1]),
    (State.WANT_NO, True, False, State.WANT_NO, False, None),
    (State.WANT_YES, False, False, State.WANT_YES, True, None),
]


@pytest.mark.parametrize(("state", "opposite", "wanted", "after", "queued", "verb"), ASKED)
def test_asking(state: State, opposite: bool, wanted: bool, after: State, queued: bool,
                verb: int | None) -> None:
    side = Side.theirs()
    side.state, side.opposite = state, opposite
    assert side.ask(wanted) == verb
    assert (side.state, side.opposite) == (after, queued)


def test_what_is_not_allowed_is_refused() -> None:
    wire = Wire()
    assert events(wire, WILL + b"\x01" + DO + b"\x01") == []
    assert wire.take() == DONT + b"\x01" + WONT + b"\x01"
    assert events(wire, WONT + b"\x01" + DONT + b"\x01") == []
    assert wire.take() == b""


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=12),
       st.lists(st.booleans(), min_size=4, max_size=4))
def test_two_ends_always_come_to_rest_and_agree(
    wishes: list[tuple[bool, bool, bool]], allowed: list[bool]
) -> None:
    """Whatever both want, and whenever they want it: in the end both say the same is so."""
    ends = [Wire({5} if allowed[0] else (), {5} if allowed[1] else ()),
            Wire({5} if allowed[2] else (), {5} if allowed[3] else ())]
    under_way: list[bytes] = [b"", b""]

    def deliver(to: int) -> None:
        data, under_way[to] = under_way[to], b""
        events(ends[to], data)
        under_way[1 - to] += ends[to].take()

    for who, ours, on in wishes:
        ends[who].ask(5, ours=ours, on=on)
        under_way[1 - who] += ends[who].take()
        deliver(int(on))
    for _ in range(40):
        deliver(0)
        deliver(1)
    assert under_way == [b"", b""]
    for here, there in (ends, ends[::-1]):
        assert here.ours(5).state is there.theirs(5).state
        assert here.ours(5).state in (State.YES, State.NO)


@given(st.lists(st.sampled_from([WILL, WONT, DO, DONT]), max_size=200), st.data())
def test_no_peer_can_make_a_loop(said: list[bytes], data: st.DataObject) -> None:
    """A peer that answers whatever it likes to whatever we say hears from us for a while only."""
    wire = Wire(ours={1}, theirs={1})
    answers = 0
    reflex: dict[bytes, bytes] = {verb: data.draw(st.sampled_from([WILL, WONT, DO, DONT]))
                                  for verb in (WILL, WONT, DO, DONT)}
    waiting = [verb + b"\x01" for verb in said]
    for _ in range(2000):
        if not waiting:
            break
        wire.feed(waiting.pop(0))
        while wire.next_event() is not None:
            pass
        for at in range(0, len(out := wire.take()), 3):
            answers += 1
            waiting.append(reflex[out[at:at + 2]] + b"\x01")
    assert not waiting
    assert answers <= 2 * MOST_CHANGES


def test_a_peer_that_toggles_for_ever_is_left_alone() -> None:
    wire = Wire(theirs={ECHO})
    for _ in range(1000):
        events(wire, WILL + b"\x01" + WONT + b"\x01")
    assert len(wire.take()) <= 3 * MOST_CHANGES
    assert events(wire, b"still here") == [Data(b"still here")]


def test_a_timing_mark_is_answered_each_time() -> None:
    wire = Wire(ours={TM})
    for _ in range(100):
        assert events(wire, DO + bytes((TM,))) == []
        assert wire.take() == WILL + bytes((TM,))


# -- options -------------------------------------------------------------------------------------

def joined(client: TerminalSide, host: HostSide) -> None:
    for _ in range(20):
        for one, other in ((client, host), (host, client)):
            other.wire.feed(one.wire.take())
            while (event := other.wire.next_event()) is not None:
                other.handle(event)


def test_a_terminal_tells_a_host_what_it_is_given() -> None:
    client = TerminalSide.begin(Terminal("xterm", 132, 50, 9600, {"USER": "ann", "X": "\1"},
                                         client="postel", features=13))
    host = HostSide.begin(game=True, facts={"NAME": "Proving"})
    joined(client, host)
    assert host.kinds == ["POSTEL", "XTERM", "MTTS 13"]
    assert host.size == (132, 50)
    assert host.environ == {"USER": "ann", "X": "\1"}
    assert (host.encoding, client.encoding) == ("utf-8", "utf-8")
    assert client.mssp == {"NAME": "Proving"}
    assert client.wire.theirs(ECHO).on
    host.tell("Char.Vitals", {"hp": 10})
    client.wire.message(GMCP, messages.gmcp("Core.Hello", {"client": "Postel"}))
    client.resize(80, 25)
    joined(client, host)
    assert client.gmcp == [("Char.Vitals", {"hp": 10})]
    assert host.gmcp == [("Core.Hello", {"client": "Postel"})]
    assert host.size == (80, 25)


def test_nothing_is_told_that_was_not_given() -> None:
    client, host = TerminalSide.begin(Terminal()), HostSide.begin()
    joined(client, host)
    assert host.environ == {}
    assert host.wire.theirs(39).state is State.NO
    client = TerminalSide.begin(Terminal(environ={"LANG": "C"}))
    wire = client.wire
    wire.feed(DO + b"\x27" + b"\xff\xfa\x27\x01\x00USER\x03HOME\x00LANG\xff\xf0")
    while (event := wire.next_event()) is not None:
        client.handle(event)
    assert wire.take() == WILL + b"\x27" + b"\xff\xfa\x27\x00\x03LANG\x01C\xff\xf0"


def test_line_mode_is_acknowledged() -> None:
    client, host = TerminalSide.begin(Terminal()), HostSide.begin(linemode=True)
    joined(client, host)
    assert client.line_mode


def test_status_tells_both_sides() -> None:
    client = TerminalSide.begin(Terminal())
    client.wire.feed(DO + b"\x05" + b"\xff\xfa\x05\x01\xff\xf0")
    while (event := client.wire.next_event()) is not None:
        client.handle(event)
    assert client.wire.take().endswith(b"\xff\xfa\x05\x00\xfb\x05\xff\xf0")


def test_character_sets_that_are_not_known_are_refused() -> None:
    client = TerminalSide.begin(Terminal())
    client.wire.feed(DO + b"\x2a" + b"\xff\xfa\x2a\x01;KOI8-R;x\xff\xf0")
    while (event := client.wire.next_event()) is not None:
        client.handle(event)
    assert client.wire.take().endswith(b"\xff\xfa\x2a\x03\xff\xf0")
    assert client.encoding is None


@given(st.binary(max_size=60), st.integers(0, 255))
def test_messages_of_any_content_are_survived(data: bytes, option: int) -> None:
    for side in (TerminalSide.begin(Terminal(environ={"A": "b"}), compress=True),
                 HostSide.begin(game=True, serial=True)):
        side.handle(Message(option, data))
        side.wire.take()


def test_values_that_cannot_be_told() -> None:
    for work in (lambda: messages.size(-1, 0), lambda: messages.gmcp("a b"), lambda: Terminal("\n"),
                 lambda: Terminal(columns=70_000), lambda: Wire().ask(256, ours=True),
                 lambda: Wire().command(250), lambda: comport.pack(Request(Word.DATASIZE, 300))):
        with pytest.raises(UsageError):
            work()
    assert (messages.size_of(b"x"), messages.speed_of(b"a,b")) == (None, None)
    assert messages.gmcp_of(b"X {") == ("X", "{")
    assert messages.environ_asked(b"\0\3") is None
    assert messages.charsets_of(b"[TTABLE]\1;a;b") == ("a", "b")
    assert option_number(option_name(31)) == 31


# -- compression ---------------------------------------------------------------------------------

def agreed(option: int = MCCP2) -> Wire:
    wire = Wire(theirs={option})
    wire.feed(WILL + bytes((option,)))
    assert isinstance(wire.next_event(), Changed)
    return wire


def squeezed(data: bytes, wbits: int = 15) -> bytes:
    machine = zlib.compressobj(wbits=wbits)
    return machine.compress(data) + machine.flush()


BEGIN = b"\xff\xfa\x56\xff\xf0"


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize("wbits", [15, -15])
def test_compressed_streams(step: int, wbits: int) -> None:
    stream = BEGIN + squeezed(b"in \xff\xff the dark", wbits) + b" light again"
    assert events(agreed(), stream, step) == [Message(MCCP2, b""),
                                              Data(b"in \xff the dark light again")]


def test_compression_begins_only_where_it_was_agreed() -> None:
    assert events(Wire(), BEGIN + b"plain") == [Message(MCCP2, b""), Data(b"plain")]


def test_a_broken_stream_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="compressed stream is broken"):
        events(agreed(), BEGIN + b"no zlib at all, this is")


def test_a_bomb_comes_in_slices() -> None:
    wire = agreed()
    wire.feed(BEGIN + squeezed(b"x" * 8_000_000))
    sizes = []
    while (event := wire.next_event()) is not None:
        if isinstance(event, Data):
            sizes.append(len(event.data))
    assert sum(sizes) == 8_000_000
    assert max(sizes) <= 65_536


def test_mccp3_compresses_what_the_client_says() -> None:
    client = TerminalSide.begin(Terminal(), compress=True)
    host = HostSide.begin(compress=True)
    joined(client, host)
    assert MCCP3 in client.wire.in_use(ours=False)
    client.wire.say(b"hello " * 100)
    sent = client.wire.take()
    assert len(sent) < 100
    assert events(host.wire, sent)[-1] == Data(b"hello " * 100)
    host.wire.say(b"welcome " * 100)
    assert events(client.wire, host.wire.take())[-1] == Data(b"welcome " * 100)


# -- limits and speed ----------------------------------------------------------------------------

def test_a_message_without_end_is_refused() -> None:
    wire = Wire(longest=100)
    with pytest.raises(ProtocolError, match="more than 100 bytes"):
        events(wire, b"\xff\xfa\x18" + b"x" * 200, 10)


@pytest.mark.parametrize("piece", [b"x", b"\xff\xff", b"\xff\xf9", b"\r\0", b"\xff\xfa\x18x\xff\xf0"])
def test_reading_is_linear(piece: bytes, linear: Callable[..., None]) -> None:
    linear(lambda size: events(Wire(), piece * size, 4096), 4_000)


# -- RFC 2217 ------------------------------------------------------------------------------------

def test_every_message_of_a_serial_port_goes_there_and_back() -> None:
    for word, server in itertools.product(Word, (False, True)):
        request = Request(word, text="x") if word is Word.SIGNATURE else Request(
            word, 0 if word in (Word.SUSPEND, Word.RESUME) else 7)
        assert comport.parse(comport.pack(request, server=server), server=server) == request
    for bad in (b"", b"\x01\0", b"\xff\0", b"\x02"):
        assert comport.parse(bad, server=False) is None


def test_a_serial_line_answers_with_what_holds() -> None:
    line = SerialLine()
    assert line.handle(Request(Word.BAUD, 3)) == Request(Word.BAUD, 9600)
    assert line.handle(Request(Word.PARITY, 3)) == Request(Word.PARITY, 3)
    assert line.handle(Request(Word.STOPSIZE, 9)) == Request(Word.STOPSIZE, 1)
    assert line.handle(Request(Word.DATASIZE, 7)) == Request(Word.DATASIZE, 7)
    assert line.settings == LineSettings(9600, 7, Parity.EVEN, StopBits.ONE)
    for value, shown in ((8, 8), (9, 9), (7, 9), (5, 5), (4, 5), (3, 3), (0, 3), (12, 12), (10, 12),
                         (99, 3)):
        assert line.handle(Request(Word.CONTROL, value)) == Request(Word.CONTROL, shown)
    assert line.handle(Request(Word.SUSPEND)) is None
