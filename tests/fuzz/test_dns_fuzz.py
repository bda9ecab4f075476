"""Any bytes are an answer, another's answer, or a protocol error; any question gets an answer."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from postel.dns import wire
from postel.dns.server import DNSServer, Records
from postel.dns.system import parse_settings
from postel.errors import ProtocolError, UsageError

RECORDS = Records()
RECORDS.add("example.org", "MX", "10 mail.example.org")
RECORDS.add("example.org", "TXT", "v=spf1 -all")
SERVER = DNSServer(RECORDS)
GOOD = SERVER.answers(wire.ask("example.org", "TXT", 1), datagram=False)[0]


def look(data: bytes) -> None:
    try:
        response = wire.parse(data, "example.org", "TXT", 1)
    except ProtocolError:
        return
    assert response is None or all(isinstance(one, str) for one in response.records)


@given(st.binary(max_size=600))
@example(b"")
def test_any_bytes(data: bytes) -> None:
    look(data)
    look(b"\0\1\x81\x80\0\1\0\1\0\0\0\0" + data)
    assert isinstance(SERVER.answers(data, datagram=True), list)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, len(GOOD)))
def test_a_changed_byte_or_a_cut(at: int, byte: int, end: int) -> None:
    look(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])
    look(GOOD[:end])


@given(st.text(max_size=80))
def test_any_text_as_a_name_or_settings(text: str) -> None:
    parse_settings(text)
    try:
        name = wire.name_of(text)
    except UsageError:
        return
    assert name.isascii()
    wire.ask(name, "A", 1)


@given(st.text(max_size=600))
def test_any_text_goes_through_the_server(text: str) -> None:
    records = Records()
    try:
        records.add("example.org", "TXT", text)
    except UnicodeEncodeError:
        return
    data = DNSServer(records).answers(wire.ask("example.org", "TXT", 9), datagram=False)[0]
    response = wire.parse(data, "example.org", "TXT", 9)
    assert response is not None
    assert response.records == (text,)
