"""Whatever comes in a datagram: a packet or one error; and no transfer goes on without an end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from postel.errors import PostelError, ProtocolError, TimedOut
from postel.tftp import netascii
from postel.tftp.blocks import Receiver, Sender
from postel.tftp.exchange import Address, Call, Exchange, Service
from postel.tftp.options import Limits, accept, answer
from postel.tftp.retransmission import Patience
from postel.tftp.types import Terms
from postel.tftp.wire import Ack, Data, Error, OptionAck, Packet, Request, parse
from postel.wire.text import display

PEER: Address = ("192.0.2.2", 6000)
OTHER: Address = ("192.0.2.3", 6000)

numbers = st.integers(0, 65_535)
small = st.one_of(st.integers(0, 6), numbers)
texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8)
options = st.dictionaries(
    st.one_of(st.sampled_from(["blksize", "tsize", "timeout", "windowsize"]), texts.filter(bool)),
    st.one_of(texts, st.integers(-5, 70_000).map(str)), max_size=4)
packets: st.SearchStrategy[Packet] = st.one_of(
    st.builds(Data, small, st.binary(max_size=20)), st.builds(Ack, small),
    st.builds(Error, numbers, texts), st.builds(OptionAck, options))
datagrams = st.one_of(
    packets.map(lambda packet: packet.encode()), st.binary(max_size=40),
    packets.flatmap(lambda packet: st.integers(0, len(packet.encode())).map(
        lambda length: packet.encode()[:length])))


@settings(max_examples=400, deadline=None)
@given(st.one_of(datagrams, st.binary(max_size=600)))
def test_a_packet_or_an_error(data: bytes) -> None:
    try:
        found = parse(data)
    except ProtocolError:
        return
    assert display(str(found)) == str(found)
    if isinstance(found, Data | Ack):
        assert data.startswith(found.encode()[:4])


@settings(max_examples=300, deadline=None)
@given(options, options)
def test_options(offered: dict[str, str], answered: dict[str, str]) -> None:
    told, terms = answer({name.lower(): value for name, value in offered.items()}, Limits(),
                         size=5, write=False)
    assert set(told) <= {name.lower() for name in offered}
    assert 8 <= terms.block_size <= 65_464
    assert accept({name: offered.get(name, "") for name in told}, told).block_size == (
        terms.block_size)
    mine = {"blksize": "100", "windowsize": "4", "tsize": "0", "timeout": "2"}
    try:
        agreed = accept(mine, answered)
    except ProtocolError:
        return
    assert 8 <= agreed.block_size <= 512
    assert agreed.window <= 4


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.lists(st.integers(1, 9), max_size=60))
def test_netascii(data: bytes, sizes: list[int]) -> None:
    wire, decoder, got, at = netascii.encode(data), netascii.Decoder(), b"", 0
    for size in [*sizes, len(wire)]:
        got += decoder.feed(wire[at : at + size])
        at += size
    assert got + decoder.end() == data


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["get", "put", "serve", "take"]), st.lists(
    st.tuples(st.one_of(datagrams, st.just(b"")), st.booleans(), st.floats(0, 3)), max_size=60))
def test_any_peer(kind: str, script: list[tuple[bytes, bool, float]]) -> None:
    """Nothing but the errors it tells of comes out, what is kept is bounded, and silence ends it."""
    exchange = _exchange(kind)
    exchange.start(now=0.0)
    now = 0.0
    try:
        for packet, stranger, wait in script:
            now += wait
            exchange.receive(packet, OTHER if stranger else PEER, now=now)
            exchange.tick(now=now)
            if isinstance(exchange.mover, Sender) and exchange.mover.wants:
                exchange.feed(b"x" * min(exchange.mover.wants, 30), now=now)
            assert len(exchange.out) <= 400
            exchange.out.clear()
    except PostelError:
        assert exchange.finished
        return
    if isinstance(exchange.mover, Sender):
        exchange.end(now=now)
    for _ in range(12):
        due = exchange.due
        if due is None:
            break
        try:
            exchange.tick(now=due)
        except TimedOut:
            break
    assert exchange.finished


def _exchange(kind: str) -> Exchange:
    asked = {"blksize": "16", "windowsize": "3", "tsize": "0"}
    if kind == "get":
        return Call(Receiver(), Request("x", options=asked), PEER, Patience())
    if kind == "put":
        return Call(Sender(), Request("x", True, options=asked), PEER, Patience())
    mover = Sender() if kind == "serve" else Receiver()
    return Service(mover, "serve", PEER, terms=Terms(16, 3), told={"blksize": "16"},
                   patience=Patience())
