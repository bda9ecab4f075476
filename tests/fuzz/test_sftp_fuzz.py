"""SFTP's grammar under random bytes: an event, a need for more, or `ProtocolError`."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from postel.errors import ProtocolError
from postel.sftp import attributes, packets, requests
from postel.sftp.packets import Scanner, string, u32
from postel.sftp.types import Attributes
from postel.sftp.wire import Answers, Data, Name, Request, ServerWire, SFTPWire

ASKED = (
    lambda: requests.by_path(packets.STAT, "/a"), lambda: requests.read(b"h", 0, 64),
    lambda: requests.by_handle(packets.READDIR, b"h"), lambda: requests.limits(),
    lambda: requests.open_file("a", requests.READ), lambda: requests.by_path(packets.REMOVE, "a"),
    lambda: requests.expand_path("~"))

u32s = st.integers(0, 2**32 - 1)
found = st.builds(
    Attributes, st.none() | st.integers(0, 2**64 - 1), uid=st.just(1), gid=u32s,
    permissions=st.none() | u32s, accessed=u32s, modified=u32s,
    extended=st.dictionaries(st.binary(max_size=9), st.binary(max_size=9), max_size=3))
numbers = st.integers(0, len(ASKED))
answers = st.one_of(
    st.builds(Answers.status, numbers, u32s, st.binary(max_size=40)),
    st.builds(Answers.handle, numbers, st.binary(max_size=300)),
    st.builds(Answers.data, numbers, st.binary(max_size=80)),
    st.builds(Answers.attrs, numbers, found),
    st.builds(Answers.extended, numbers, st.binary(max_size=40)),
    st.builds(Answers.names, numbers, st.lists(st.builds(
        Name, st.binary(max_size=20), st.binary(max_size=20), found), max_size=3)),
    st.builds(lambda kind, body: string(bytes([kind]) + body), st.integers(0, 255),
              st.binary(max_size=60)))


def events(data: bytes, step: int) -> list[tuple[Request, str]]:
    """What a client makes of *data*, which comes in pieces."""
    wire, got = SFTPWire(), []
    for make in ASKED:
        wire.send(make())
    wire.send(requests.init())
    with suppress(ProtocolError):
        for at in range(0, len(data), step):
            wire.feed(data[at : at + step])
            while (event := wire.next_event()) is not None:
                reply = event[1]
                got.append((event[0].kind, repr(
                    bytes(reply.view) if isinstance(reply, Data) else reply)))
    return got


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes(data: bytes, step: int) -> None:
    events(data, step)


@settings(max_examples=200)
@given(st.lists(answers, max_size=8).map(b"".join), st.integers(1, 50))
def test_answers_of_all_sorts_however_they_come(data: bytes, step: int) -> None:
    assert events(data, step) == events(data, max(1, len(data)))


@given(st.lists(answers, min_size=1, max_size=4).map(b"".join), st.data())
def test_answers_with_a_byte_wrong(data: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data) - 1))
    events(data[:at] + bytes([draw.draw(st.integers(0, 255))]) + data[at + 1 :], 7)


@given(st.binary(max_size=200), st.integers(1, 255))
def test_requests(data: bytes, kind: int) -> None:
    wire = ServerWire()
    wire.feed(string(bytes([kind]) + data) + data)
    with suppress(ProtocolError):
        while (asked := wire.next_event()) is not None:
            asked.scan.string()
            asked.scan.u64()
            attributes.unpack(asked.scan)


@given(found)
def test_attributes_come_back(one: Attributes) -> None:
    scan = Scanner(memoryview(attributes.pack(one)), "ATTRS")
    assert attributes.unpack(scan) == one
    assert scan.left == 0


@given(st.binary(max_size=120))
def test_answers_of_extensions(data: bytes) -> None:
    for read in (requests.limits_of, requests.statvfs_of, requests.users_groups_of):
        with suppress(ProtocolError):
            read(data)


def test_a_flood_of_extensions_is_capped() -> None:
    many = b"".join(string(b"%d" % n) + string(b"") for n in range(1_500))
    wire = SFTPWire()
    wire.send(requests.init())
    wire.feed(string(bytes([packets.VERSION]) + u32(3) + many))
    with suppress(ProtocolError):
        wire.next_event()
        raise AssertionError("taken")
