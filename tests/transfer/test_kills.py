"""kill -9 at random moments of a mirror, over each protocol, down and up; then it is run again.

After each kill: whatever has its final name is whole. The next run moves no file again that had its
name. When one ends by itself the trees are identical and nothing is left over; the target is emptied
then, so that every kill meets a run at work. POSTEL_KILLS says how many times each is killed.

The long run, POSTEL_KILLS=200 (12 minutes): 4 protocols down and 3 up, 1,400 kills, no file that was
not whole under its name, none that was moved twice.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from postel import lab
from postel.wire.names import is_unfinished, unfinished

KILLS = int(os.environ.get("POSTEL_KILLS", "8"))
SERVICES = ("ftp", "sftp", "webdav", "http")


@pytest.fixture(scope="module")
def world() -> Iterator[lab.Lab]:
    with lab.start(*SERVICES) as here:
        yield here


class Runner:
    """Runs mirrors in another process, and kills them."""

    def __init__(self, state: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("mirror_child.py"))],
            env={**os.environ, "XDG_STATE_HOME": str(state)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, job: dict[str, Any], patience: float) -> int:
        """Run *job*, and kill it after *patience* seconds; how it ended (-9: killed)."""
        told, asked = self._process.stdout, self._process.stdin
        assert told is not None
        assert asked is not None
        asked.write(json.dumps(job).encode() + b"\n")
        asked.flush()
        child = int(told.readline())
        if not select.select([told], [], [], patience)[0]:
            with contextlib.suppress(ProcessLookupError):  # it has ended just now
                os.kill(child, signal.SIGKILL)
        return int(told.readline())

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(10)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    made = Runner(tmp_path_factory.mktemp("journals"))
    yield made
    made.close()


def tree() -> dict[str, bytes]:
    """Small files, and two that take a while."""
    noise = random.Random(7)
    made = {f"d{number % 5}/f{number:03}.txt": noise.randbytes(200 + number)
            for number in range(80)}
    made["big.bin"] = noise.randbytes(9 << 20)
    made["d1/big.bin"] = noise.randbytes(5 << 20)
    return made


def url_of(here: lab.Lab, service: str, path: str) -> str:
    schemes = {"ftp": "ftp", "sftp": "sftp", "webdav": "dav", "http": "http"}
    return f"{schemes[service]}://127.0.0.1:{getattr(here, service).port}{path}"


def options_of(here: lab.Lab, service: str) -> dict[str, Any]:
    if service == "http":
        return {}
    found: dict[str, Any] = {"user": "alice", "password": "secret"}
    if service == "sftp":
        found["known_hosts"] = str(here.sftp.host_keys)
    else:
        found["security"] = "plain"
    return found


class Counted:
    """An open file that tells when it is read, and not only looked at (HEAD)."""

    def __init__(self, file: Any, told: Any) -> None:
        self._file, self._told = file, told

    def read(self, *args: int) -> bytes:
        self._told()
        return self._file.read(*args)

    def __getattr__(self, name: str) -> Any:
        if name == "readinto":
            raise AttributeError(name)
        return getattr(self._file, name)

    def __enter__(self) -> Counted:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()


class Campaign:
    """Kills one mirror again and again.

    Args:
        run: runs it.
        job: what.
        moved: the paths that the server was asked to move, so far.
        arrived: what has its final name on the target.
        empty: begins anew.
        left: what is left over on the target.
    """

    def __init__(self, run: Runner, job: dict[str, Any], made: dict[str, bytes],
                 moved: list[str], arrived: Callable[[], dict[str, bytes]],
                 empty: Callable[[], None], left: Callable[[], list[str]]) -> None:
        self.run, self.job, self.made, self.moved = run, job, made, moved
        self.arrived, self.empty, self.left = arrived, empty, left
        self.again: list[str] = []

    def go(self, chance: random.Random) -> None:
        began = time.monotonic()
        assert self.run(self.job, 50) == 0
        whole = time.monotonic() - began
        self.ended()
        killed = finished = 0
        while killed < KILLS:
            had, before = set(self.arrived()), len(self.moved)
            code = self.run(self.job, chance.uniform(0, whole))
            time.sleep(0.03)  # the server notices that its client is gone
            self.again += sorted(set(self.moved[before:]) & had)
            for path, data in self.arrived().items():
                assert self.made[path] == data, f"{path} has its name and is not whole"
            if code == 0:
                finished += 1
                self.ended()
            else:
                assert code == -signal.SIGKILL, f"the run ended with {code}"
                killed += 1
        assert self.run(self.job, 50) == 0, "the last run did not end"
        self.ended()
        sys.stdout.write(f"{killed} kills, {finished} runs that ended before\n")

    def ended(self) -> None:
        assert self.arrived() == self.made
        assert not self.left()
        self.empty()


@pytest.mark.slow
@pytest.mark.timeout(60 + KILLS * 6)
@pytest.mark.parametrize("service", SERVICES)
def test_killed_downloads(
        world: lab.Lab, run: Runner, service: str, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    made, served, out = tree(), getattr(world, service).files, tmp_path / "out"
    for path, data in made.items():
        served.put(f"/tree/{path}", data)
    read: list[str] = []
    opened = served.open
    monkeypatch.setattr(served, "open", lambda path, offset=0: Counted(
        opened(path, offset), lambda: read.append(path.removeprefix("/tree/"))))
    job = {"source": url_of(world, service, "/tree/"), "target": str(out), "up": False,
           "options": options_of(world, service)}

    def arrived() -> dict[str, bytes]:
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*")
                if path.is_file() and not is_unfinished(path.name)}

    campaign = Campaign(run, job, made, read, arrived, lambda: shutil.rmtree(out), lambda: [
        path.name for path in out.rglob("*") if is_unfinished(path.name)])
    campaign.go(random.Random(service))
    assert campaign.again == [], "what was whole was fetched again"


@pytest.mark.slow
@pytest.mark.timeout(60 + KILLS * 6)
@pytest.mark.parametrize("service", ["ftp", "sftp", "webdav"])
def test_killed_uploads(
        world: lab.Lab, run: Runner, service: str, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    made, served = tree(), getattr(world, service).files
    names = {unfinished(path.rpartition("/")[2]): path.rpartition("/")[2] for path in made}
    for path, data in made.items():
        place = tmp_path / "ours" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    goal, stored = f"/up-{service}", list[str]()
    create = served.create

    def counted(path: str, **more: Any) -> Any:
        folder, _, name = path.removeprefix(f"{goal}/").rpartition("/")
        stored.append(f"{folder}/{names.get(name, name)}".removeprefix("/"))
        return create(path, **more)

    monkeypatch.setattr(served, "create", counted)
    job = {"source": str(tmp_path / "ours"), "target": url_of(world, service, f"{goal}/"),
           "up": True, "options": options_of(world, service)}

    def there() -> dict[str, bytes]:
        return {path[len(goal) + 1 :]: data for path, data in served.tree().items()
                if path.startswith(f"{goal}/")}

    def arrived() -> dict[str, bytes]:
        return {path: data for path, data in there().items()
                if not is_unfinished(path.rpartition("/")[2])}

    def empty() -> None:
        for path in there():
            served.remove(f"{goal}/{path}")

    campaign = Campaign(run, job, made, stored, arrived, empty, lambda: [
        path for path in there() if is_unfinished(path.rpartition("/")[2])])
    campaign.go(random.Random(service))
    assert campaign.again == [], "what was whole was stored again"
