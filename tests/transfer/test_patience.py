"""Failures on the way: waits that grow, servers that say when, progress that counts as success."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.errors import (
    AuthenticationError,
    ConnectionLost,
    NetworkError,
    PostelError,
    TryLater,
)
from postel.session import patience_async, patience_sync, tree_work_sync
from postel.session.patience_sync import again, wait_for
from postel.session.tree_work_sync import LARGE, Job, Work
from postel.transfer import segments_sync, tree_sync
from postel.transfer.copy_sync import copy
from postel.transfer.mirror_sync import mirror
from postel.transfer.types import Event


def later(seconds: float | None = None) -> TryLater:
    error = TryLater("busy")
    error.retry_after = seconds
    return error


class Clock:
    """Time that passes only where someone waits."""

    def __init__(self) -> None:
        self.time, self.waits = 1000.0, list[float]()

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (patience_sync, tree_work_sync, segments_sync):
        for name in ("now", "sleep"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, getattr(made, name))
    return made


@pytest.fixture(scope="module")
def servers() -> Iterator[lab.Lab]:
    with lab.start("ftp", "webdav") as here:
        yield here


@pytest.fixture
def world(servers: lab.Lab) -> Iterator[lab.Lab]:
    yield servers
    for service in (servers.ftp, servers.webdav):
        service.faults.clear()
        service.quirks()
        for path in list(service.files.tree()):
            service.files.remove(path)


@pytest.mark.parametrize("wait", [wait_for, patience_async.wait_for])
def test_waits_grow_and_differ_and_have_an_end(wait: object) -> None:
    assert callable(wait)
    waits = [wait(NetworkError("broken"), tries) for tries in range(1, 60)]
    assert all(0 < one <= 30 for one in waits)
    assert waits[0] <= 0.1
    assert waits[8] > 10
    assert len(set(waits)) > 50, "many clients would come back at once"
    assert all(0.5 <= wait(later(), 1) <= 1 for _ in range(20))


def test_a_server_that_says_when_is_obeyed_as_far_as_there_is_patience() -> None:
    assert wait_for(later(7), 1) == 7
    assert wait_for(later(0), 3) == 0
    assert wait_for(later(100_000), 1) is None


def test_what_a_server_wants_later_holds_one_file_and_not_the_rest(
    world: lab.Lab, out: Path, clock: Clock
) -> None:
    for name in "abc":
        world.ftp.files.put(f"/pub/{name}", name.encode())
    world.ftp.faults.on("RETR", b"450 busy")
    world.ftp.faults.on("RETR", b"450 busy", after=2)
    told: list[tuple[str, str]] = []

    def tell(event: Event) -> None:
        if event.action is not None:
            told.append((event.what, event.action.path))

    result = mirror(world.url("ftp") + "pub", out, connections=1, tell=tell)
    assert result.ok, result.failures
    assert {one.name: one.read_bytes() for one in out.iterdir()} == {
        "a": b"a", "b": b"b", "c": b"c"}
    assert 1 <= sum(clock.waits) <= 3
    assert told.count(("retry", "a")) == 2
    assert told[-1] == ("done", "a")


def test_retry_after_is_obeyed_by_the_engine(world: lab.Lab, out: Path, clock: Clock) -> None:
    """A web client waits by itself for as long as it was made to; beyond that, the run does."""
    for name in "abc":
        world.webdav.files.put(f"/pub/{name}", name.encode())
    world.webdav.faults.on("GET /pub/a", b"503 Busy\r\nRetry-After: 100", times=2)
    result = mirror(world.url("webdav", user="alice") + "pub", out, connections=1,
                    source_options={"password": "secret"})
    assert result.ok, result.failures
    assert sum(clock.waits) == pytest.approx(200)


def test_one_that_wants_more_patience_than_there_is_fails_at_once(
    world: lab.Lab, out: Path, clock: Clock
) -> None:
    world.webdav.files.put("/pub/a", b"a")
    world.webdav.faults.on("GET /pub/a", b"503 Busy\r\nRetry-After: 86400", times=9)
    result = copy(world.url("webdav", user="alice") + "pub/a", out, tries=9,
                  source_options={"password": "secret"})
    assert [type(error) for _, error in result.failures] == [TryLater]
    assert clock.waits == []


def test_a_large_file_that_comes_further_each_time_is_never_given_up(
    world: lab.Lab, out: Path, clock: Clock
) -> None:
    data = bytes(range(256)) * (5 * LARGE // 256)
    world.ftp.files.put("/pub/big", data)
    for _ in range(9):
        world.ftp.faults.on("RETR", b"426 torn", cut=LARGE // 2)
    result = mirror(world.url("ftp") + "pub", out, connections=1)
    assert result.ok, result.failures
    assert (out / "big").read_bytes() == data


def test_one_that_does_not_is_given_up(world: lab.Lab, out: Path, clock: Clock) -> None:
    world.ftp.files.put("/pub/big", bytes(LARGE))
    world.ftp.faults.on("RETR", b"426 torn", cut=1000, times=99)
    result = mirror(world.url("ftp") + "pub", out, connections=1, tries=4)
    assert len(result.failures) == 1
    assert not (out / "big").exists()
    assert world.ftp.faults.script[0].times == 99 - 4


def test_a_server_that_breaks_off_every_few_files_is_borne(
    world: lab.Lab, out: Path, clock: Clock
) -> None:
    for number in range(60):
        world.ftp.files.put(f"/pub/{number}", b"%d" % number)
    for number in range(1, 12):
        world.ftp.faults.on("RETR", after=4 * number, close=True)
    result = mirror(world.url("ftp") + "pub", out, connections=1)
    assert result.ok, result.failures
    assert len(list(out.iterdir())) == 60


class Gone:
    """A site that lets nobody in for a while."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.tried, self.careful = list(errors), 0, False

    def be_careful(self) -> None:
        self.careful = True

    def reopen(self) -> None:
        self.tried += 1
        if self.errors:
            raise self.errors.pop(0)


@pytest.mark.parametrize("error", [
    ConnectionLost("421 too many"), AuthenticationError("530 too many connections"), later()])
def test_a_server_that_still_counts_the_broken_connection_is_waited_for(
    error: PostelError, clock: Clock
) -> None:
    site = Gone(error, error)
    again(site, NetworkError("broken"), 1, 3)  # type: ignore[arg-type]
    assert site.tried == 3
    assert site.careful
    assert len(clock.waits) == 3
    with pytest.raises(type(error)):
        again(Gone(error, error, error), NetworkError("broken"), 1, 3)  # type: ignore[arg-type]


def test_what_waits_is_waited_for_by_all_workers(clock: Clock) -> None:
    work = Work(None, None, False)
    one, other = Job("a"), Job("b")
    work.failed(one, later(5))
    work.failed(other, later(3))
    assert work.ready()
    assert [job.path for job in work.jobs] == ["b"]
    work.jobs.clear()
    assert work.ready()
    assert [job.path for job in work.jobs] == ["a"]
    work.jobs.clear()
    assert not work.ready()
    assert sum(clock.waits) == pytest.approx(5)


@pytest.mark.parametrize("refusal", [b"530 Sorry, too many connections", b"421 Too many users"])
@pytest.mark.parametrize("most", [1, 2, 3])
def test_how_many_a_server_lets_in_is_learned_once(
    world: lab.Lab, out: Path, monkeypatch: pytest.MonkeyPatch, most: int, refusal: bytes
) -> None:
    for module in (tree_work_sync, tree_sync):
        monkeypatch.setattr(module, "_NEAR", 0.0)  # as if it were far away
    for number in range(40):
        world.ftp.files.put(f"/pub/{number % 8}/{number}", b"x")
    world.ftp.faults.on("PASS", refusal, after=most, times=999)
    result = mirror(world.url("ftp") + "pub", out, connections=8)
    assert result.ok, result.failures
    assert len([path for path in out.rglob("*") if path.is_file()]) == 40
    refused = 999 - world.ftp.faults.script[0].times
    assert 1 <= refused <= 2 * most, "it asked again and again"
