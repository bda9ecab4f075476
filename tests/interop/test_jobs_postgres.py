"""Durable jobs on a real PostgreSQL: two worker processes, one of them killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.ground import Ground
from servers.postgres import Postgres, run_postgres

from postel import lab
from postel.errors import NetworkError
from postel.transfer import jobs
from postel.transfer.types import Delete, Do, Rules

pytest.importorskip("dbos", reason="the extra jobs is not installed")
pytest.importorskip("psycopg", reason="the extra jobs is not installed")

FILES = 400
BATCH = 20
COUNTING = """\
def size_of(path, data):
    if path.endswith("f13.txt"):
        raise ValueError("unlucky")
    return len(data)
"""


@pytest.fixture(scope="module")
def postgres(ground: Ground) -> Iterator[Postgres]:
    with run_postgres(ground) as server:
        yield server


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    for number in range(FILES):
        place = root / f"d{number % 7}" / f"f{number}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"%d" % number * 50)
    return root


@pytest.fixture
def workers(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes that are at work, and find the module `counting` as this one does."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "counting.py").write_text(COUNTING)
    monkeypatch.syspath_prepend(str(modules))
    running = [subprocess.Popen([sys.executable, "-m", "postel", "worker", url],
                                stderr=subprocess.PIPE,
                                env={**os.environ, "PYTHONPATH": str(modules)})
               for _ in range(2)]
    try:
        for worker in running:
            assert worker.stderr is not None
            assert b"at work" in worker.stderr.readline()
        yield running
    finally:
        for worker in running:
            worker.terminate()
            worker.wait(20)
            if worker.stderr is not None:
                worker.stderr.close()


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes()
            for path in root.rglob("*") if path.is_file() and not path.name.startswith(".")}


def kill_when(condition: Callable[[], bool], victim: subprocess.Popen[bytes]) -> threading.Thread:
    """kill -9 as soon as *condition* holds."""

    def wait() -> None:
        end = time.monotonic() + 60
        while not condition() and time.monotonic() < end:
            time.sleep(0.02)
        victim.send_signal(signal.SIGKILL)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(
    url: str, tree: Path, tmp_path: Path, workers: list[subprocess.Popen[bytes]]
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "old.txt").write_text("goes")
    killer = kill_when(lambda: len(contents(target)) > FILES // 8, workers[0])
    result = jobs.mirror(str(tree), str(target), url, batch=BATCH,
                         rules=Rules(delete=Delete.AFTER))
    killer.join()
    assert workers[0].wait() == -signal.SIGKILL
    assert result.ok, result.failures
    assert contents(target) == contents(tree)
    assert result.done[Do.DELETE] == 1
    again = jobs.mirror(str(tree), str(target), url, batch=BATCH)
    assert (again.same, sum(again.done.values())) == (FILES, 0)


def test_a_database_that_is_not_there(postgres: Postgres, tree: Path, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r'database "nowhere" does not exist') as caught:
        jobs.mirror(str(tree), str(tmp_path / "target"), postgres.url("nowhere"))
    assert "createdb" in (caught.value.hint or "")
    assert postgres.password not in str(caught.value)
    assert not (tmp_path / "target").exists()


@pytest.mark.slow
def test_what_is_done_is_done_once(
    url: str, tree: Path, tmp_path: Path, workers: list[subprocess.Popen[bytes]]
) -> None:
    """Counted at a server: one that is killed repeats at most its batch."""
    target, asked = tmp_path / "target", []
    with lab.start("ftp") as here:
        for path, data in contents(tree).items():
            here.ftp.files.put(f"/pub/{path}", data)
        opened = here.ftp.files.open

        def counted(path: str, *args: int) -> object:
            asked.append(path)
            return opened(path, *args)

        here.ftp.files.open = counted
        killer = kill_when(lambda: len(asked) > FILES // 4, workers[1])
        result = jobs.mirror(f"ftp://127.0.0.1:{here.ftp.port}/pub", str(target), url,
                             batch=BATCH)
        killer.join()
    assert result.ok, result.failures
    assert contents(target) == contents(tree)
    assert len(asked) <= FILES + BATCH, "more than one batch was repeated"


@pytest.mark.slow
def test_a_function_for_every_file(
    url: str, tree: Path, workers: list[subprocess.Popen[bytes]]
) -> None:
    total, problems = jobs.map_reduce(str(tree), "counting:size_of", url, reduce="builtins:sum",
                                      batch=50)
    sizes = {path: len(data) for path, data in contents(tree).items()}
    assert total == sum(sizes.values()) - sizes["d6/f13.txt"]
    assert problems == [("d6/f13.txt", "ValueError: unlucky")]
