"""How fast: in all, each way, to one host, by the time of the week; on a clock of the test's own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from postel.errors import UsageError
from postel.lab import Lab
from postel.session import files_sync
from postel.transfer import pace_sync
from postel.transfer.copy_sync import copy
from postel.transfer.mirror_sync import mirror
from postel.transfer.pace_sync import Pace, Throttle
from postel.transfer.rates import Rates, Timetable, parse_size
from postel.transfer.sites_sync import PacedSite, open_site


class Clock:
    def __init__(self) -> None:
        self.time, self.wall = 1000.0, datetime(2026, 11, 16, 7, 59, 59)  # a Monday

    def now(self) -> float:
        return self.time

    def today(self) -> datetime:
        return self.wall.astimezone()

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for name in ("now", "sleep", "today"):
        monkeypatch.setattr(pace_sync, name, getattr(made, name))
    return made


@pytest.mark.parametrize(("text", "hour", "day", "rate"), [
    ("08:00,512K 19:00,10M 23:00,off", 7, 16, None),
    ("08:00,512K 19:00,10M 23:00,off", 8, 16, 512 << 10),
    ("08:00,512K 19:00,10M 23:00,off", 18, 17, 512 << 10),
    ("08:00,512K 19:00,10M 23:00,off", 22, 22, 10 << 20),
    ("Mon-08:00,1M Sat-00:00,off", 3, 16, None),
    ("Mon-08:00,1M Sat-00:00,off", 9, 18, 1 << 20),
    ("mon-08:00,1M sat-00:00,off", 0, 21, None),
    ("9:30,7", 9, 16, 7),
    ("300", 0, 20, 300),
    ("off", 0, 20, None),
])
def test_a_timetable(text: str, hour: int, day: int, rate: int | None) -> None:
    assert Timetable.parse(text).rate(datetime(2026, 11, day, hour, 30)) == rate


@pytest.mark.parametrize("text", [
    "", "x", "-1", "0", "2X", "25:00,1M", "08:60,1M", "08:00 1M", "08:00,", "Foo-08:00,1M", ",",
    "08:00,1M 9", "up:", "down:host=", "\u0663M", "1e3"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Rates.parse(text)
    assert caught.value.hint or "less than a byte" in str(caught.value)


def test_a_size() -> None:
    assert parse_size("1.5K") == 1536
    with pytest.raises(UsageError, match="less than a byte"):
        parse_size("0.1")


def test_the_one_number_of_plain_limits() -> None:
    assert Rates.parse("2M").plain() == 2 << 20
    assert Rates.parse().plain() is None
    assert Rates.parse("off").plain() is None
    for texts in (("up:2M", "1M"), ("host=1M",), ("08:00,1M 9:00,2M",)):
        with pytest.raises(UsageError, match="more than one number"):
            Rates.parse(*texts).plain()


def spent(throttle: Throttle, host: str, way: str, clock: Clock, count: int = 100_000) -> float:
    """Seconds that *count* bytes take."""
    began, paces = clock.time, throttle.paces(host, way)
    while count > 0:
        paces.spend(min(paces.piece, count))
        count -= paces.piece
    return clock.time - began


def test_a_host_has_its_own_and_all_have_one_together(clock: Clock) -> None:
    throttle = Throttle(Rates.parse("100K", "slow.example.org=10K"))
    assert spent(throttle, "fast.example.org", "down", clock) == pytest.approx(1, abs=0.3)
    assert spent(throttle, "SLOW.example.org", "down", clock) == pytest.approx(10, abs=0.5)
    assert spent(throttle, "slow.example.org", "up", clock) == pytest.approx(10, abs=0.5)


def test_one_way_does_not_hold_the_other(clock: Clock) -> None:
    throttle = Throttle("up:10K")
    assert spent(throttle, "a", "up", clock) == pytest.approx(10, abs=0.5)
    assert spent(throttle, "a", "down", clock) == 0


def test_an_address_of_six(clock: Clock) -> None:
    assert spent(Throttle("[::1]=10K"), "::1", "down", clock) == pytest.approx(10, abs=0.5)


def test_a_timetable_changes_while_bytes_move(clock: Clock) -> None:
    pace = Pace(Timetable.parse("00:00,1K 08:00,100K"))
    assert pace.rate == 1024
    clock.time += 2
    clock.wall = clock.wall.replace(hour=8)
    pace.spend(1)
    assert pace.rate == 100 << 10


def test_a_rate_is_changed_while_bytes_move(clock: Clock) -> None:
    throttle = Throttle("1K")
    paces = throttle.paces("a", "down")
    throttle.change("1M")
    paces.spend(1 << 20)
    assert clock.time - 1000 == pytest.approx(1, abs=0.3)
    with pytest.raises(UsageError, match="it has none"):
        throttle.change("b=1M")


def test_a_mirror_keeps_it_over_all_connections(here: Lab, out: Path, clock: Clock) -> None:
    for number in range(8):
        here.ftp.files.put(f"/pub/{number}", bytes(50_000))
    assert mirror(here.url("ftp") + "pub", out, rate=100_000).ok
    assert clock.time - 1000 == pytest.approx(4.0, abs=0.5)


def test_up_and_down_of_one_copy_are_not_added(here: Lab, out: Path, clock: Clock) -> None:
    here.ftp.files.put("/pub/a", bytes(400_000))
    result = copy(here.url("ftp") + "pub/a", here.url("ftp", user="alice") + "b", rate=100_000,
                  target_options={"password": "secret", "security": "plain"})
    assert result.ok
    assert clock.time - 1000 == pytest.approx(4.0, abs=0.5)


def test_what_a_server_tells_is_known_at_a_pace_too(here: Lab) -> None:
    class Told(files_sync.Reading):
        validator, digest = '"v1"', ("SHA-256", "00")

        def _chunk(self) -> bytes:
            return b""

        def __enter__(self) -> Told:
            return self

    with pace_sync.PacedReading(Told("x"), Pace(1000)) as reading:
        assert (reading.validator, reading.digest) == ('"v1"', ("SHA-256", "00"))
    site, _ = open_site(here.url("ftp"), "read", rate="1M")
    assert isinstance(site, PacedSite)


def test_no_rate_holds_bytes_that_go_from_server_to_server(here: Lab) -> None:
    here.ftp.files.put("/pub/a", b"a")
    result = copy(here.url("ftp") + "pub/a", here.url("ftp", user="alice") + "b", rate="1M",
                  fxp=True, target_options={"password": "secret", "security": "plain"})
    assert [type(error) for _, error in result.failures] == [UsageError]
    assert "--limit-rate" in result.failures[0][1].hint  # type: ignore[attr-defined]
