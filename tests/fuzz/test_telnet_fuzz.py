"""Telnet's grammars against any bytes: an event, need of more, or ProtocolError; whatever the cuts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import ProtocolError
from postel.serving.lines import LineEditor
from postel.telnet import comport, messages
from postel.telnet.host import HostSide
from postel.telnet.terminal import TerminalSide
from postel.telnet.types import Terminal
from postel.telnet.wire import Data, Event

PIECES = [b"\xff", b"\xfa", b"\xf0", b"\xfb", b"\xfc", b"\xfd", b"\xfe", b"\xff\xff", b"\r\0", b"\r\n", b"\0",
          b"\x18\x01", b"\x1f\0P\0\x18", b"\x27\x01\0USER", b"\x2a\x01;UTF-8", b"\x2c\x01\0\0\x25\x80",
          b"\x22\x01\x03", b"\x56", b"\x57", b"\x2e\x01", b"\xc9Core.Hello {}", b"\x46\1A\2B", b"text"]
STREAMS = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)), max_size=40).map(b"".join)


def walked(side: TerminalSide | HostSide, data: bytes, step: int) -> tuple[list[Event], bytes, bool]:
    found: list[Event] = []
    try:
        for at in range(0, len(data), step):
            side.wire.feed(data[at:at + step])
            while (event := side.wire.next_event()) is not None:
                side.handle(event)
                if found and isinstance(event, Data) and isinstance(found[-1], Data):
                    event = Data(found.pop().data + event.data)  # type: ignore[union-attr]
                found.append(event)
    except ProtocolError:
        return found, side.wire.take(), True
    return found, side.wire.take(), False


@given(STREAMS, st.integers(1, 50))
def test_a_terminal_meets_any_host(data: bytes, step: int) -> None:
    def side() -> TerminalSide:
        return TerminalSide.begin(Terminal(environ={"A": "b"}, client="x"), starttls=True)

    assert walked(side(), data, step) == walked(side(), data, 1_000_000)


@given(STREAMS, st.integers(1, 50))
def test_a_host_meets_any_terminal(data: bytes, step: int) -> None:
    def side() -> HostSide:
        return HostSide.begin(starttls=True, game=True, serial=True, facts={"NAME": "x"})

    assert walked(side(), data, step) == walked(side(), data, 1_000_000)


@given(STREAMS)
def test_compressed_or_not_it_ends(data: bytes) -> None:
    walked(TerminalSide.begin(Terminal(), compress=True),
           b"\xff\xfb\x56\xff\xfa\x56\xff\xf0" + data, 7)


@given(st.binary(max_size=80))
def test_messages(data: bytes) -> None:
    for read in (messages.size_of, messages.speed_of, messages.environ_of, messages.environ_asked,
                 messages.charsets_of, messages.gmcp_of, messages.mssp_of):
        read(data)
    comport.parse(data, server=True)
    comport.parse(data, server=False)


@given(st.binary(max_size=80), st.integers(1, 20))
def test_lines_do_not_depend_on_the_cuts(data: bytes, step: int) -> None:
    def typed(size: int) -> tuple[list[tuple[str, bytes]], bytes]:
        editor, found, echo = LineEditor(), [], b""
        for at in range(0, len(data), size):
            editor.feed(data[at:at + size])
            while (event := editor.next_event()) is not None:
                found.append((event, editor.line if event == "line" else b""))
            echo += editor.take_echo()
        return found, echo

    assert typed(step) == typed(1000)
