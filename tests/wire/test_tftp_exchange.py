"""Both ends of TFTP over a network that loses, doubles, delays and reorders, on a clock of its own."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postel.errors import (
    ConnectionLost,
    NotFound,
    PostelError,
    ProtocolError,
    TimedOut,
)
from postel.tftp.blocks import Numbers, Receiver, Sender
from postel.tftp.exchange import Address, Call, Exchange, Service
from postel.tftp.options import Limits, answer
from postel.tftp.retransmission import Patience
from postel.tftp.types import PLAIN, Terms
from postel.tftp.wire import Ack, Data, Error, OptionAck, Request, data_packet, parse

CLIENT: Address = ("192.0.2.1", 5000)
LISTENER: Address = ("192.0.2.2", 69)
SERVER: Address = ("192.0.2.2", 6000)
EVE: Address = ("192.0.2.66", 6666)

Harm = Callable[[int, bytes, bool], list[float]]
"""From the packet's number, itself and whether the client sent it, to the delays it arrives with."""


def fine(number: int, packet: bytes, by_client: bool) -> list[float]:
    return [0.01]


@dataclass
class World:
    """A client, a server and the way between them."""

    data: bytes = b""
    write: bool = False
    options: dict[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    harm: Harm = fine
    restart: int = 0
    seen: list[tuple[bool, str]] = field(default_factory=list)
    now: float = 100.0

    def __post_init__(self) -> None:
        self.sent = 0
        self.got: list[bytes] = []
        self.server: Service | None = None
        self.order = itertools.count()
        self.queue: list[tuple[float, int, bytes, bool]] = []
        request = Request("x", self.write, options=self.options)
        mover = Sender(self.restart) if self.write else Receiver()
        self.client = Call(mover, request, LISTENER, Patience())
        self.rest = self.data
        self.client.start(now=self.now)

    def post(self, exchange: Exchange, by_client: bool) -> None:
        for packet, _ in exchange.out:
            self.sent += 1
            self.seen.append((by_client, str(parse(packet))))
            for delay in self.harm(self.sent, packet, by_client):
                heapq.heappush(self.queue, (self.now + delay, next(self.order), packet, by_client))
        exchange.out.clear()

    def accept(self, packet: bytes) -> None:
        request = parse(packet)
        if not isinstance(request, Request) or self.server is not None:
            return
        size = None if self.write else len(self.data)
        told, terms = answer(request.options, self.limits, size=size, write=self.write)
        mover = Receiver() if self.write else Sender(self.restart)
        self.server = Service(mover, "serve", CLIENT, terms=terms, told=told, patience=Patience())
        self.server.start(now=self.now)

    def pump(self) -> None:
        """Whoever sends gets its file; what was received is kept."""
        for exchange in (self.client, self.server):
            if exchange is None:
                continue
            mover = exchange.mover
            if isinstance(mover, Receiver):
                self.got += mover.take_chunks()
            elif exchange.peer is not None:
                while count := min(mover.wants, len(self.rest)):
                    exchange.feed(self.rest[:count], now=self.now)
                    self.rest = self.rest[count:]
                if not self.rest:
                    exchange.end(now=self.now)

    def run(self, most: int = 200_000) -> bytes:
        """Let time pass until both are done; return what arrived."""
        for _ in range(most):
            self.pump()
            self.post(self.client, True)
            if self.server is not None:
                self.post(self.server, False)
            ends = [one for one in (self.client, self.server) if one is not None]
            if self.client.finished and not self.queue:
                return b"".join(self.got)
            dues = [due for one in ends if (due := one.due) is not None]
            arrival = self.queue[0][0] if self.queue else None
            if arrival is not None and (not dues or arrival <= min(dues)):
                self.deliver(*heapq.heappop(self.queue))
            elif dues:
                self.now = max(self.now, min(dues))
                for one in ends:
                    one.tick(now=self.now)
            else:
                raise AssertionError("nothing is awaited, and nothing comes")
        raise AssertionError("it never ends")

    def deliver(self, when: float, _: int, packet: bytes, by_client: bool) -> None:
        self.now = max(self.now, when)
        if not by_client:
            self.client.receive(packet, SERVER, now=self.now)
        elif self.server is None:
            self.accept(packet)
        elif isinstance(parse(packet), Request):
            pass  # the request again: a server keeps to the transfer it has begun
        else:
            self.server.receive(packet, CLIENT, now=self.now)


def random_data(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 1024, 5_000])
@pytest.mark.parametrize("options", [
    {}, {"blksize": "8"}, {"blksize": "1428", "tsize": "0"}, {"windowsize": "4"},
    {"blksize": "64", "windowsize": "16", "timeout": "3", "tsize": "0"}])
def test_all_goes_well(write: bool, size: int, options: dict[str, str]) -> None:
    data = random_data(size)
    if "tsize" in options and write:
        options = {**options, "tsize": str(size)}
    world = World(data, write, options)
    assert world.run() == data
    assert world.client.mover.total == size
    if "tsize" in options:
        assert world.client.terms.size == size
    blocks = size // world.client.terms.block_size + 1
    acks = sum(text.startswith("ACK") for _, text in world.seen)
    assert sum(text.startswith("DATA") for _, text in world.seen) == blocks  # none twice
    assert acks <= -(-blocks // world.client.terms.window) + 1


def test_the_dialogue_of_rfc_7440() -> None:
    world = World(bytes(8 * 5), False, {"blksize": "8", "windowsize": "3"})
    world.run()
    assert [text.partition(",")[0] for _, text in world.seen] == [
        "RRQ x octet blksize=8 windowsize=3", "OACK blksize=8 windowsize=3", "ACK 0",
        "DATA 1", "DATA 2", "DATA 3", "ACK 3", "DATA 4", "DATA 5", "DATA 6", "ACK 6"]


def test_a_lost_block_in_a_window_is_told_at_once() -> None:
    lost = []

    def harm(number: int, packet: bytes, by_client: bool) -> list[float]:
        if packet[:4] == b"\0\3\0\2" and not lost:
            lost.append(number)
            return []
        return [0.01]

    world = World(random_data(8 * 9), False, {"blksize": "8", "windowsize": "4"}, harm=harm)
    began = world.now
    assert world.run() == random_data(72)
    assert world.now - began < 0.2, "it waited for a clock"
    texts = [text.partition(",")[0] for _, text in world.seen]
    assert texts[3:10] == ["DATA 1", "DATA 2", "DATA 3", "DATA 4", "ACK 1", "DATA 2", "DATA 3"]


@pytest.mark.parametrize("window", [1, 2, 5])
@pytest.mark.parametrize("which", ["ACK", "DATA", "all"])
@pytest.mark.parametrize("write", [False, True])
def test_no_sorcerers_apprentice(window: int, which: str, write: bool) -> None:
    """RFC 1123 section 4.2.3.1: one packet that comes twice must not double the rest."""
    doubled: list[int] = []

    def harm(number: int, packet: bytes, by_client: bool) -> list[float]:
        kind = str(parse(packet)).partition(" ")[0]
        if which == "all" or (kind == which and number > 8 and not doubled):
            doubled.append(number)
            return [0.01, 0.017]
        return [0.01]

    size = 8 * 400
    world = World(random_data(size), write, {"blksize": "8", "windowsize": str(window)}, harm=harm)
    assert world.run() == random_data(size)
    sent = sum(text.startswith("DATA") for _, text in world.seen)
    assert sent <= 401 + 4 * window if which != "all" else sent <= 3 * 401


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("position", range(1, 9))
def test_any_one_packet_may_be_lost(write: bool, position: int) -> None:
    def harm(number: int, packet: bytes, by_client: bool) -> list[float]:
        return [] if number == position else [0.01]

    for options in ({}, {"blksize": "100"}, {"windowsize": "2", "blksize": "100"}):
        world = World(random_data(350), write, options, harm=harm)
        assert world.run() == random_data(350)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), loss=st.floats(0, 0.3), double=st.floats(0, 0.3),
       spread=st.floats(0, 0.5), write=st.booleans(), size=st.integers(0, 6_000),
       window=st.integers(1, 9), restart=st.sampled_from([0, 1]))
def test_over_a_bad_network(seed: int, loss: float, double: float, spread: float, write: bool,
                            size: int, window: int, restart: int) -> None:
    chance = random.Random(seed)

    def harm(number: int, packet: bytes, by_client: bool) -> list[float]:
        if chance.random() < loss:
            return []
        copies = 2 if chance.random() < double else 1
        return [0.005 + chance.random() * spread for _ in range(copies)]

    data = random_data(size)
    world = World(data, write, {"blksize": "64", "windowsize": str(window)}, harm=harm,
                  restart=restart)
    try:
        got = world.run()
    except TimedOut:
        return  # the tries were used up: an error, and no harm
    assert got == data


@pytest.mark.slow
@pytest.mark.parametrize("restart", [0, 1])
@pytest.mark.parametrize("window", [1, 3])
@pytest.mark.parametrize("write", [False, True])
def test_more_blocks_than_numbers(restart: int, window: int, write: bool) -> None:
    rounds = 2 if window == 3 and not write else 1
    size = 8 * (rounds * 65_536 + 100) + 3
    data = random_data(size)
    world = World(data, write, {"blksize": "8", "windowsize": str(window)}, restart=restart)
    assert world.run(most=2_000_000) == data


@pytest.mark.slow
def test_a_lost_block_where_the_numbers_begin_again() -> None:
    lost: list[int] = []

    def harm(number: int, packet: bytes, by_client: bool) -> list[float]:
        block = int.from_bytes(packet[2:4], "big")
        if packet[:2] == b"\0\3" and block in (0, 1) and number > 1000 and lost.count(block) < 2:
            lost.append(block)
            return []
        return [0.01]

    data = random_data(8 * 65_600)
    for restart in (0, 1):
        lost.clear()
        world = World(data, False, {"blksize": "8", "windowsize": "4"}, harm=harm, restart=restart)
        assert world.run(most=1_000_000) == data


def test_numbers() -> None:
    numbers = Numbers(1)
    assert [numbers.wire(n) for n in (1, 65_535, 65_536, 131_070, 131_071)] == [
        1, 65_535, 1, 65_535, 1]
    assert numbers.ahead(1, of=65_535) == 1
    assert numbers.ahead(65_535, of=65_536) == -1
    assert Numbers(0).ahead(65_535, of=65_536) == -1


# -- who may speak ---------------------------------------------------------------------------


def reading(**options: str) -> Call:
    call = Call(Receiver(), Request("x", options=options), LISTENER, Patience())
    call.start(now=0.0)
    call.out.clear()
    return call


def test_the_first_answer_fixes_the_port_and_strangers_are_told() -> None:
    call = reading()
    call.receive(data_packet(1, bytes(512)), SERVER, now=1.0)
    assert call.peer == SERVER
    assert call.out == [(Ack(1).encode(), SERVER)]
    call.out.clear()
    other: Address = ("192.0.2.2", 6001)  # the server answered the repeated request too
    call.receive(data_packet(1, bytes(512)), other, now=1.1)
    call.receive(data_packet(2, b"lies"), EVE, now=1.2)
    assert [(parse(packet), to) for packet, to in call.out] == [
        (Error(5, "this transfer is not yours"), other),
        (Error(5, "this transfer is not yours"), EVE)]
    call.out.clear()
    call.receive(Error(1, "gone").encode(), EVE, now=1.3)  # no answer to an ERROR: no ping-pong
    assert call.out == []
    call.receive(data_packet(2, b"truth"), SERVER, now=1.4)
    assert call.finished
    assert b"".join(call.mover.chunks) == bytes(512) + b"truth"  # type: ignore[union-attr]


def test_before_the_first_answer_only_the_host_counts() -> None:
    call = reading()
    call.receive(data_packet(1, b"lies"), EVE, now=1.0)
    assert call.peer is None
    assert not call.finished
    call.receive(data_packet(1, b"truth"), SERVER, now=1.0)
    assert call.finished


def test_a_flood_of_strangers_is_answered_a_hundred_times() -> None:
    call = reading()
    for port in range(1, 5_000):
        call.receive(data_packet(1, b"lies"), ("192.0.2.66", port), now=0.5)
    assert len(call.out) == 100
    assert call.due == 1.0  # and the clock has not been put off


@pytest.mark.parametrize("packet", [
    b"", b"\0", b"\0\3", b"\0\3\0", b"\0\7\0\1", b"\xff" * 600, b"\0\6blksize\0" + b"8",
    b"\0\6a\0" + b"1\0a\0" + b"2\0", Request("y").encode(), b"\0\1\0\0"])
def test_what_cannot_be_read_is_as_good_as_lost(packet: bytes) -> None:
    call = reading(blksize="64")
    call.receive(packet, SERVER, now=0.5)
    assert (call.peer, call.out, call.due) == (None, [], 1.0)
    call.receive(OptionAck({"blksize": "64"}).encode(), SERVER, now=0.6)
    call.receive(packet, SERVER, now=0.7)
    assert not call.finished


@pytest.mark.parametrize(("options", "why"), [
    ({"tsize": "5"}, "OACK tsize=5: that was not asked for"),
    ({"blksize": "65"}, "OACK blksize=65: 64 was asked for"),
    ({"blksize": "7"}, "OACK blksize=7: 64 was asked for"),
    ({"blksize": "x"}, "OACK blksize=x: that is no number"),
    ({"blksize": "-8"}, "that is no number"),
    ({"windowsize": "0"}, "4 was asked for"),
    ({"timeout": "2"}, "OACK timeout=2: 1 was asked for"),
    ({"blksize": "9" * 400}, "that is no number")])
def test_answers_that_were_not_asked_for(options: dict[str, str], why: str) -> None:
    call = reading(blksize="64", windowsize="4", timeout="1")
    with pytest.raises(ProtocolError, match="read x: OACK ") as caught:
        call.receive(OptionAck(options).encode(), SERVER, now=0.5)
    assert why in str(caught.value)
    [(packet, to)] = call.out
    assert (parse(packet).code, to) == (8, SERVER)  # type: ignore[union-attr]
    assert call.finished


def test_absurd_answers() -> None:
    with pytest.raises(ProtocolError, match="ACK 0 came as the answer to an RRQ"):
        reading().receive(Ack(0).encode(), SERVER, now=0.5)
    call = Call(Sender(), Request("x", write=True), LISTENER, Patience())
    with pytest.raises(ProtocolError, match="DATA 1, 0 bytes came as the answer to a WRQ"):
        call.receive(Data(1, b"").encode(), SERVER, now=0.5)
    call = reading()
    with pytest.raises(ProtocolError, match="DATA 1 of 513 bytes, where 512 were agreed on"):
        call.receive(Data(1, bytes(513)).encode(), SERVER, now=0.5)
    [(packet, _)] = call.out
    assert parse(packet).code == 4  # type: ignore[union-attr]


def test_errors_end_it() -> None:
    call = reading()
    with pytest.raises(NotFound, match="read x: File not found") as caught:
        call.receive(Error(1, "File not found").encode(), LISTENER, now=0.5)
    assert caught.value.code == 1
    assert call.finished
    call = reading()
    call.receive(Data(1, bytes(512)).encode(), SERVER, now=0.5)
    with pytest.raises(ConnectionLost, match="read x: unknown transfer"):
        call.receive(Error(5).encode(), SERVER, now=0.6)


# -- time ------------------------------------------------------------------------------------


def until_the_end(exchange: Exchange) -> list[float]:
    times = []
    while (due := exchange.due) is not None:
        times.append(due)
        try:
            exchange.tick(now=due)
        except PostelError:
            break
    return times


def test_silence_is_asked_again_with_growing_patience_and_then_given_up() -> None:
    call = reading()
    times = until_the_end(call)
    assert times == [1.0, 3.0, 7.0, 15.0, 23.0, 31.0, 39.0, 47.0, 55.0]
    assert [parse(packet) for packet, _ in call.out] == [Request("x")] * 8
    assert isinstance(call.failed, TimedOut)
    assert str(call.failed) == "read x: no answer from 192.0.2.2 port 69, asked 9 times"
    assert "firewall" in call.failed.hint


def test_silence_in_the_middle() -> None:
    call = reading()
    call.receive(Data(1, bytes(512)).encode(), SERVER, now=0.01)
    times = until_the_end(call)
    assert len(times) == 9
    assert isinstance(call.failed, TimedOut)
    assert "no answer any more, after 8 repetitions" in str(call.failed)
    *acks, last = [parse(packet) for packet, _ in call.out]
    assert acks == [Ack(1)] * 9
    assert last == Error(0, "no answer in time")


def test_repetitions_without_end_are_no_progress() -> None:
    """A server that says the same for ever does not hold anyone for ever."""
    call = Call(Receiver(), Request("x"), LISTENER, Patience(limit=30.0))
    call.start(now=0.0)
    call.receive(Data(1, bytes(512)).encode(), SERVER, now=0.01)
    now = 0.01
    with pytest.raises(TimedOut):
        while now < 100:
            now += 0.05
            call.receive(Data(1, bytes(512)).encode(), SERVER, now=now)
            call.tick(now=now)
    assert now < 40


def test_the_interval_follows_the_round_trips() -> None:
    patience = Patience()
    for _ in range(50):
        patience.sample(0.3)
    assert 0.3 < patience.interval < 0.5
    patience.again(now=0.0)
    patience.again(now=0.0)
    assert 1.2 < patience.interval < 2.0  # doubled twice
    patience.sample(0.3)
    assert patience.interval < 0.6
    for _ in range(50):
        patience.sample(0.000_1)
    assert patience.interval == 0.2
    patience.fix(4)
    patience.again(now=0.0)
    assert patience.interval == 4  # RFC 2349: as agreed


def test_what_was_sent_twice_is_not_measured() -> None:
    sender = Sender()
    service = Service(sender, "serve", CLIENT, terms=PLAIN, told={}, patience=Patience())
    service.start(now=0.0)
    service.feed(bytes(1_000), now=0.0)
    service.tick(now=1.0)
    service.receive(Ack(1).encode(), CLIENT, now=1.2)
    assert service.patience.round_trip == 0.0
    service.end(now=1.2)
    service.receive(Ack(2).encode(), CLIENT, now=1.6)
    assert service.patience.round_trip == pytest.approx(0.4)


def test_a_sender_without_anything_to_send_waits_for_nobody() -> None:
    sender = Sender()
    service = Service(sender, "serve", CLIENT, terms=Terms(window=4), told={}, patience=Patience())
    service.start(now=0.0)
    assert service.due is None
    service.feed(bytes(512), now=50.0)
    assert service.due is None  # its own source is slow: the window is not full
    service.feed(bytes(3 * 512), now=70.0)
    assert service.due == 71.0
    assert sender.wants == 4 * 512
