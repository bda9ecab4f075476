"""kill -9 at every step of a run: nothing that got a 250 is ever sent again, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.mail.outbox_sync import Outbox
from postel.mail.outbox_types import Schedule

CHILD = Path(__file__).with_name("outbox_child.py")
MAIL = b"From: ann@lab.test\r\nSubject: number %d\r\n\r\nhi\r\n"
TO = ["bob@lab.test", "carol@lab.test"]
MESSAGES = 2

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 is a word of POSIX")


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("smtp") as started:
        yield started


def filled(here: lab.Lab, path: Path) -> Outbox:
    """An outbox with two messages, as a program that is gone has left it."""
    here.mail.clear()
    with Outbox(path) as box:
        for number in range(MESSAGES):
            box.add(MAIL % number, via=f"smtp://127.0.0.1:{here.smtp.port}/", recipients=TO)
    return Outbox(path, schedule=Schedule(first=0.0, longest=0.0), security="plain")


def run(path: Path, last: int) -> int | None:
    """Run until step *last*; the number of steps if there were fewer."""
    done = subprocess.run([sys.executable, str(CHILD), str(path), str(last)],
                          capture_output=True, timeout=30, check=False)
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr.decode()
    return int(done.stdout)


def killed_at(here: lab.Lab, path: Path, last: int) -> int | None:
    """Kill a run at its step *last*, run again, and look at everything."""
    box = filled(here, path)
    steps = run(path, last)
    with box:
        box.run()
        box.run()
        items = box.items()
    taken = [caught.subject for caught in here.mail.messages]
    assert sum("unknown" in item.states() for item in items) <= 1, "the one that was on its way"
    for number, item in enumerate(items):
        count = taken.count(f"number {number}")
        states = set(item.states())
        assert count <= 1, f"killed at step {last}: sent {count} times"
        assert states in ({"sent"}, {"unknown"}), f"killed at step {last}: {states}"
        if states == {"sent"}:
            assert count == 1, f"killed at step {last}: lost"
    return steps


def test_a_run_that_lives(here: lab.Lab, tmp_path: Path) -> None:
    steps = killed_at(here, tmp_path / "outbox.db", 0)
    assert steps is not None
    assert steps > 30


@pytest.mark.parametrize("last", [17, 21])
def test_killed(last: int, here: lab.Lab, tmp_path: Path) -> None:
    assert killed_at(here, tmp_path / "outbox.db", last) is None


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_every_step(here: lab.Lab, tmp_path: Path) -> None:
    last = 1
    while killed_at(here, tmp_path / f"outbox-{last}.db", last) is None:
        last += 1
    assert last > 30


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_again_and_again(here: lab.Lab, tmp_path: Path) -> None:
    """A machine that fails at ever later steps, with one and the same outbox."""
    path = tmp_path / "outbox.db"
    box, last = filled(here, path), 1
    while run(path, last) is None:
        last += 1
    with box:
        items = box.items()
    taken = [caught.subject for caught in here.mail.messages]
    for number, item in enumerate(items):
        assert taken.count(f"number {number}") <= 1
        assert set(item.states()) in ({"sent"}, {"unknown"})
