"""kill -9 at random moments of a mirror, over each protocol, down and up; then it is run again.

After each kill: whatever has its final name is whole. At the end: identical trees, and no file that
had its name was moved again. POSTEL_KILLS says how many times each is killed (200 for a long run).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postel import lab

KILLS = int(os.environ.get("POSTEL_KILLS", "6"))
CHILD = Path(__file__).with_name("mirror_child.py")
SERVICES = ("ftp", "sftp", "webdav", "http")


@pytest.fixture(scope="module")
def world() -> Iterator[lab.Lab]:
    with lab.start(*SERVICES) as here:
        yield here


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


def start(job: dict[str, Any]) -> subprocess.Popen[bytes]:
    child = subprocess.Popen([sys.executable, str(CHILD)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps(job).encode())
    child.stdin.close()
    assert child.stdout.readline() == b"running\n"
    return child


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


def whole(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*")
            if path.is_file() and not path.name.endswith((".postel", ".postel-note"))}


def run_and_kill(job: dict[str, Any], patience: float) -> bool:
    """Run; kill it after *patience* seconds; whether it had ended by itself before."""
    child = start(job)
    try:
        return child.wait(patience) == 0
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
        return False
    finally:
        if child.stdout is not None:
            child.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_killed_downloads(world: lab.Lab, service: str, tmp_path: Path) -> None:
    made, served, out = tree(), getattr(world, service).files, tmp_path / "out"
    for path, data in made.items():
        served.put(f"/tree/{path}", data)
    read: list[str] = []
    opened = served.open
    served.open = lambda path, offset=0: Counted(opened(path, offset), lambda: read.append(path))
    job = {"source": url_of(world, service, "/tree/"), "target": str(out), "up": False,
           "options": options_of(world, service)}
    chance = random.Random(service)
    try:
        for _ in range(KILLS):
            had, before = whole(out) if out.exists() else {}, len(read)
            run_and_kill(job, chance.uniform(0, 0.6))
            again = {path.removeprefix("/tree/") for path in read[before:]}
            assert not again & set(had), "what was whole was fetched again"
            for path, data in (whole(out) if out.exists() else {}).items():
                assert made[path] == data, f"{path} has its name and is not whole"
        assert run_and_kill(job, 50), "the last run did not end"
    finally:
        served.open = opened
    assert whole(out) == made
    assert not [path for path in out.rglob("*") if path.name.endswith(".postel")]


@pytest.mark.slow
@pytest.mark.parametrize("service", ["ftp", "sftp", "webdav"])
def test_killed_uploads(world: lab.Lab, service: str, tmp_path: Path) -> None:
    made, served = tree(), getattr(world, service).files
    for path, data in made.items():
        place = tmp_path / "ours" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    goal = f"/up-{service}"
    job = {"source": str(tmp_path / "ours"), "target": url_of(world, service, f"{goal}/"),
           "up": True, "options": options_of(world, service)}

    def arrived() -> dict[str, bytes]:
        return {path[len(goal) + 1 :]: data for path, data in served.tree().items()
                if path.startswith(f"{goal}/") and not path.endswith((".postel", ".postel-note"))}

    chance = random.Random(service)
    for _ in range(KILLS):
        run_and_kill(job, chance.uniform(0, 0.6))
        time.sleep(0.05)  # the server notices that its client is gone
        for path, data in arrived().items():
            assert made[path] == data, f"{path} has its name and is not whole"
    assert run_and_kill(job, 50), "the last run did not end"
    assert arrived() == made
