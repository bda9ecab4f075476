"""Jobs in a SQLite file: two processes, one killed in the middle; nothing is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from postel.errors import LimitReached, UsageError
from postel.transfer import jobs
from postel.transfer.jobs.presence import Presence
from postel.transfer.types import Delete, Do, Rules

pytest.importorskip("dbos", reason="the extra jobs is not installed")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    for number in range(300):
        place = root / f"d{number % 7}" / f"f{number}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"%d" % number * 50)
    return root


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes()
            for path in root.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_mirror_by_jobs(tree: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    target = tmp_path / "target"
    target.mkdir()
    (target / "old.txt").write_text("goes")
    told = []
    result = jobs.mirror(str(tree), str(target), url, batch=60,
                         rules=Rules(delete=Delete.AFTER), tell=told.append)
    assert result.ok, result.failures
    assert (result.done[Do.NEW], result.done[Do.FOLDER], result.done[Do.DELETE]) == (300, 7, 1)
    assert contents(target) == contents(tree)
    assert max(event.total for event in told) == 7  # folders, five batches, what goes
    again = jobs.mirror(str(tree), str(target), url)
    assert (again.same, sum(again.done.values())) == (300, 0)


def test_too_many_deletions_are_refused_before_anything_is_written(
    tree: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    for name in "abc":
        (target / name).write_text(name)
    with pytest.raises(LimitReached):
        jobs.mirror(str(tree), str(target), f"sqlite:///{tmp_path / 'j.sqlite'}",
                    rules=Rules(delete=Delete.AFTER, max_delete=2))
    assert sorted(contents(target)) == ["a", "b", "c"]


@pytest.mark.slow
def test_a_function_for_every_file(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(
        "def size_of(path, data):\n"
        "    if path.endswith('f13.txt'):\n"
        "        raise ValueError('unlucky')\n"
        "    return len(data)\n")
    sys.path.insert(0, str(tmp_path))
    try:
        total, problems = jobs.map_reduce(
            str(tree), "counting:size_of", f"sqlite:///{tmp_path / 'jobs.sqlite'}",
            reduce="builtins:sum", batch=100)
    finally:
        sys.path.remove(str(tmp_path))
    sizes = {path: len(data) for path, data in contents(tree).items()}
    assert total == sum(size for path, size in sizes.items() if not path.endswith("f13.txt"))
    assert problems == [("d6/f13.txt", "ValueError: unlucky")]


@pytest.mark.parametrize("url", ["mysql://db", "sqlite:///", "jobs.sqlite"])
def test_a_database_that_is_none_is_refused(url: str, tree: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        jobs.mirror(str(tree), str(tmp_path / "t"), url)


def test_a_folder_that_is_not_there_has_no_jobs(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unable to open") as caught:
        jobs.mirror(str(tree), str(tmp_path / "t"), f"sqlite:///{tmp_path}/nowhere/jobs.sqlite")
    assert "the folder must be there" in (caught.value.hint or "")


def start_worker(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "postel", "worker", url],
                            stderr=subprocess.PIPE)


def wait_for(condition, what: str) -> None:
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(tree: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    target = tmp_path / "target"
    workers = [start_worker(url), start_worker(url)]
    try:
        for worker in workers:
            assert worker.stderr is not None
            assert b"at work" in worker.stderr.readline()

        def kill() -> None:
            wait_for(lambda: len(contents(target)) > 20, "the first files")
            workers[0].send_signal(signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        result = jobs.mirror(str(tree), str(target), url, batch=10)
        killer.join()
        assert result.ok, result.failures
        assert contents(target) == contents(tree)
        assert workers[0].wait() == -signal.SIGKILL
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait()
            if worker.stderr is not None:
                worker.stderr.close()


def test_one_who_is_silent_is_found_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    monkeypatch.setattr("postel.transfer.jobs.presence.SILENT", 0.2)
    one, other = Presence(url, "one"), Presence(url, "other")
    one.beat()
    other.beat()
    wait_for(lambda: (other.beat(), one.dead() == ["one"])[1], "the silence of the first")
    other.forget("one")
    assert other.dead() == []
