"""``--limit-rate`` limits: by counted bytes on a clock of the test's own, never by wall time."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from postel import lab
from postel.errors import UsageError
from postel.session.files_async import AsyncReading
from postel.session.files_sync import Reading, Sink, Watch
from postel.transfer import pace_async, pace_sync
from postel.transfer.pace_async import AsyncPace, AsyncPacedReading
from postel.transfer.pace_sync import Pace, PacedReading, PacedSink

CREDIT = 0.25


class Clock:
    """Time that passes only where someone waits."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()

    async def later(seconds: float) -> None:
        made.sleep(seconds)

    monkeypatch.setattr(pace_sync, "now", made.now)
    monkeypatch.setattr(pace_sync, "sleep", made.sleep)
    monkeypatch.setattr(pace_async, "now", made.now)
    monkeypatch.setattr(pace_async, "sleep", later)
    return made


class Source(Reading):
    """A peer that is faster than anyone asks for: 256 KiB at once."""

    def __init__(self, size: int) -> None:
        super().__init__("RETR big")
        self.left = size
        self.given_up = False

    def _chunk(self) -> bytes:
        count = min(self.left, 262_144)
        self.left -= count
        return bytes(count)

    def _let_go(self) -> None:
        self.given_up = True


class Wall(Sink):
    """A sink that notes when how much came."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.seen, self.state = clock, [], "new"
        self.size = 0

    def begin(self) -> None:
        self.state = "begun"

    def send(self, data: bytes) -> None:
        self.size += len(data)
        self.seen.append((self.clock.time, self.size))

    def finish(self) -> None:
        self.state = "finished"

    def abandon(self) -> None:
        self.state = "given up"


def never_ahead(seen: list[tuple[float, int]], pace: Pace) -> None:
    for moment, size in seen:
        assert size <= pace.rate * (moment - 1000.0 + CREDIT) + pace.piece


@pytest.mark.parametrize("rate", [2_000, 100_000, 5_000_000])
def test_reading_is_never_ahead(rate: int, clock: Clock) -> None:
    pace, total, seen = Pace(rate), 4 * rate, []
    with PacedReading(Source(total), pace) as reading:
        for chunk in reading:
            assert len(chunk) <= pace.piece
            seen.append((clock.time, reading.size))
    assert reading.size == total
    never_ahead(seen, pace)
    assert clock.time - 1000.0 == pytest.approx(4.0, abs=0.1)


def test_writing_is_never_ahead(clock: Clock) -> None:
    pace, wall = Pace(100_000), Wall(clock)
    with PacedSink(wall, pace) as sink:
        assert sink.send_file(io.BytesIO(bytes(300_000)), Watch()) == 300_000
        sink.send(bytes(100_000))
    assert (wall.size, wall.state) == (400_000, "finished")
    never_ahead(wall.seen, pace)
    assert clock.time - 1000.0 == pytest.approx(4.0)


def test_an_error_gives_the_sink_up(clock: Clock) -> None:
    wall = Wall(clock)
    with pytest.raises(ZeroDivisionError), PacedSink(wall, Pace(1000)):
        raise ZeroDivisionError
    assert wall.state == "given up"


def test_two_connections_share_one_rate(clock: Clock) -> None:
    pace, total, seen = Pace(50_000), 0, []
    with PacedReading(Source(100_000), pace) as one, PacedReading(Source(100_000), pace) as two:
        for first, second in zip(one, two, strict=True):
            total += len(first) + len(second)
            seen.append((clock.time, total - len(second)))
    never_ahead(seen, pace)
    assert clock.time - 1000.0 == pytest.approx(4.0)


def test_a_slow_peer_may_catch_up_a_little_and_no_more(clock: Clock) -> None:
    pace = Pace(1000)
    clock.time += 60
    pace.spend(250)
    assert clock.waits == []
    pace.spend(1000)
    assert clock.waits == [pytest.approx(1.0)]


def test_leaving_early_gives_the_reading_up(clock: Clock) -> None:
    source = Source(1_000_000)
    with PacedReading(source, Pace(1000)) as reading:
        next(iter(reading))
    assert source.given_up
    assert list(reading) == []


def test_what_is_expected_reaches_the_reading_itself() -> None:
    source = Source(10)
    PacedReading(source, Pace(1000)).expected = 10
    assert source.expected == 10


def test_a_cancelled_wait_loses_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    class Letters(AsyncReading):
        async def _chunk(self) -> bytes:
            data, self.rest = self.rest, b""
            return data

        rest = b"a" * 1024 + b"b" * 1024

    waits = iter([asyncio.CancelledError(), None, None, None])

    async def sleep(seconds: float) -> None:
        if (error := next(waits)) is not None:
            raise error

    async def main() -> bytes:
        monkeypatch.setattr(pace_async, "sleep", sleep)
        reading = AsyncPacedReading(Letters("x"), AsyncPace(1024))
        with pytest.raises(asyncio.CancelledError):
            await anext(reading)
        return b"".join([chunk async for chunk in reading])

    assert asyncio.run(main()) == Letters.rest


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError):
        Pace(0)


@pytest.mark.parametrize("words", [["get", "-o", "x"], ["get", "-o", "-"], ["cat"]])
@pytest.mark.parametrize("scheme", ["ftp", "ftps"])
def test_the_command_keeps_it_when_it_reads(
        words: list[str], scheme: str, here: lab.Lab, postel: Callable[..., Result],
        clock: Clock) -> None:
    here.ftp.files.put("/big", bytes(range(256)) * 4096)
    result = postel(*words, here.url(scheme, path="/big"), "--limit-rate", "256K")
    got = Path("x").read_bytes() if "x" in words else result.stdout_bytes
    assert got == here.ftp.files.get("/big")
    assert clock.time - 1000.0 == pytest.approx(4.0, abs=0.3)
    assert max(clock.waits) < 0.2


def test_the_command_keeps_it_when_it_writes_and_with_folders(
        here: lab.Lab, postel: Callable[..., Result], clock: Clock) -> None:
    for number in range(20):
        here.ftp.files.put(f"/pub/t/{number}", bytes(10_000))
    postel("get", "-r", here.url("ftp", path="/pub/t/"), "--limit-rate", "50000")
    assert clock.time - 1000.0 == pytest.approx(4.0, abs=0.3)
    clock.time = 1000.0
    postel("put", "-r", "t", here.url("ftp", user="alice", path="/"), "--limit-rate", "50000")
    assert here.ftp.files.get("/t/7") == bytes(10_000)
    assert clock.time - 1000.0 == pytest.approx(4.0, abs=0.3)
    clock.time = 1000.0
    Path("one").write_bytes(bytes(100_000))
    postel("put", "one", here.url("ftp", user="alice", path="/"), "--limit-rate", "50000")
    assert clock.time - 1000.0 == pytest.approx(2.0, abs=0.3)


def test_a_size_that_is_none_is_refused(postel: Callable[..., Result]) -> None:
    assert "no size" in postel("cat", "--limit-rate", "soon", "ftp://x.example.org/", code=2).stderr
