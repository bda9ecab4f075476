"""Mirrors of groups on the lab's news server: complete, free of copies, whatever happens."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from postel import lab
from postel.errors import NotFound, TransferError, UsageError
from postel.mailboxes import Maildir, Mbox
from postel.news import mirror_async, mirror_sync
from postel.news.boxes import place_of
from postel.news.sqlite_box import SQLiteBox
from postel.news.store import NewsState

GROUP = "misc.test"


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    with lab.start("nntp") as running:
        for number in range(12):
            running.nntp.spool.put(GROUP, subject=f"Number {number}")
        yield running


def source(here: lab.Lab, group: str = GROUP) -> str:
    return here.url("nntp").rstrip("/") + f"/{group}"


def subjects(kind: str, path: Path) -> list[str]:
    boxes: dict[str, Callable[[Path], Any]] = {"maildir": Maildir, "mbox": Mbox,
                                               "sqlite": SQLiteBox}
    box = boxes[kind](path)
    found = [line for one in box for line in one.read().splitlines()
             if line.startswith(b"Subject: ")]
    getattr(box, "close", lambda: None)()
    return sorted(line[9:].decode() for line in found)


@pytest.mark.parametrize("kind", ["maildir", "mbox", "sqlite"])
def test_a_second_run_fetches_what_is_new_alone(here: lab.Lab, tmp_path: Path, kind: str) -> None:
    into = f"{kind}:{tmp_path / 'box'}"
    (first,) = mirror_sync.mirror(source(here), into)
    assert (first.found, first.fetched, first.missing, first.highest) == (12, 12, 0, 12)
    (second,) = mirror_sync.mirror(source(here), into)
    assert (second.found, second.fetched, second.size) == (0, 0, 0)
    here.nntp.spool.put(GROUP, subject="Number new")
    (third,) = asyncio.run(mirror_async.mirror(source(here), into))
    assert third.fetched == 1
    assert subjects(kind, tmp_path / "box") == sorted(
        [f"Number {number}" for number in range(12)] + ["Number new"])


def test_a_dry_run_fetches_nothing(here: lab.Lab, tmp_path: Path) -> None:
    (done,) = mirror_sync.mirror(source(here), tmp_path / "box", dry_run=True)
    assert (done.fetched, done.dry) == (12, True)
    assert not (tmp_path / "box").exists()
    (real,) = mirror_sync.mirror(source(here), tmp_path / "box")
    assert real.fetched == 12


def test_several_groups_have_a_mailbox_each(here: lab.Lab, tmp_path: Path) -> None:
    here.nntp.spool.put("misc.other", subject="There")
    done = mirror_sync.mirror(source(here, "misc.*"), tmp_path)
    assert [(one.group, one.fetched) for one in done] == [("misc.other", 1), (GROUP, 12)]
    assert subjects("maildir", tmp_path / "misc.other") == ["There"]
    assert [one.fetched for one in mirror_sync.mirror(source(here, "misc.*"), tmp_path)] == [0, 0]


def test_only_the_newest_of_a_new_group(here: lab.Lab, tmp_path: Path) -> None:
    (done,) = mirror_sync.mirror(source(here), tmp_path / "box", newest=3)
    assert done.fetched == 3
    assert subjects("maildir", tmp_path / "box") == ["Number 10", "Number 11", "Number 9"]


def test_only_what_was_posted_since(here: lab.Lab, tmp_path: Path) -> None:
    (none,) = mirror_sync.mirror(source(here), tmp_path / "none", newest=5,
                                 since=datetime(2100, 1, 1, tzinfo=UTC))
    assert (none.found, none.fetched) == (0, 0)
    (all_,) = mirror_sync.mirror(source(here), tmp_path / "all", state=tmp_path / "other.db",
                                 since=datetime(2020, 1, 1, tzinfo=UTC))
    assert all_.fetched == 12


def test_what_is_no_group(here: lab.Lab, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        mirror_sync.mirror(source(here, "no.such"), tmp_path)
    with pytest.raises(NotFound, match="no group fits"):
        mirror_sync.mirror(source(here, "no.*"), tmp_path)
    with pytest.raises(UsageError, match="which group"):
        mirror_sync.mirror(here.url("nntp"), tmp_path)
    with pytest.raises(UsageError, match="no kind of mailbox"):
        mirror_sync.mirror(source(here), "tape:x")
    with pytest.raises(TransferError, match="slash"):
        place_of("folder", "../../etc")


class Killed(BaseException):
    """Stands for the end of the process."""


STEPS = [(NewsState, "arriving"), (Maildir, "flush"), (NewsState, "record"),
         (NewsState, "recover"), (NewsState, "renumbered")]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("where", "step"), STEPS)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_death_at_any_step_loses_nothing_and_copies_nothing(
        here: lab.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: type, step: str,
        nth: int, after: bool) -> None:
    monkeypatch.setattr(mirror_sync, "_BATCH", (5, 1 << 20))
    real, calls = getattr(where, step), 0

    def dying(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and not after:
            raise Killed
        result = real(self, *args, **kwargs)
        if calls == nth:
            raise Killed
        return result

    with monkeypatch.context() as patched:
        patched.setattr(where, step, dying)
        try:
            mirror_sync.mirror(source(here), tmp_path / "box")
        except Killed:
            pass
    mirror_sync.mirror(source(here), tmp_path / "box")
    assert subjects("maildir", tmp_path / "box") == sorted(f"Number {n}" for n in range(12))


def test_a_server_that_counts_anew(tmp_path: Path) -> None:
    articles = [f"Path: x\r\nFrom: a@b.example\r\nNewsgroups: {GROUP}\r\nSubject: Number {n}\r\n"
                f"Message-ID: <{n}@b.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\n"
                "x\r\n".encode() for n in range(8)]
    got: list[list[int]] = []
    for order in ([0, 1, 2, 3, 4], [4, 2, 5], [7, 5, 6, 4, 3, 2, 1, 0]):
        with lab.start("nntp") as here:
            for n in order:
                here.nntp.spool.add(articles[n])
            (done,) = mirror_sync.mirror(source(here), tmp_path / "box")
            got.append([done.fetched, done.there, int(done.renumbered)])
    assert got == [[5, 0, 0], [1, 2, 1], [2, 6, 1]]
    assert subjects("maildir", tmp_path / "box") == [f"Number {n}" for n in range(8)]


def test_numbers_that_mean_something_else_unnoticed_bring_no_copies(tmp_path: Path) -> None:
    def article(n: int) -> bytes:
        return (f"Path: x\r\nFrom: a@b.example\r\nNewsgroups: {GROUP}\r\nSubject: Number {n}\r\n"
                f"Message-ID: <{n}@b.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\n"
                "x\r\n").encode()

    for order in ([0, 1, 2], [5, 6, 2, 1, 0]):  # number 3 is the same article in both
        with lab.start("nntp") as here:
            for n in order:
                here.nntp.spool.add(article(n))
            (done,) = mirror_sync.mirror(source(here), tmp_path / "box")
    assert (done.found, done.fetched, done.there, done.missing) == (2, 0, 2, 0)
    assert subjects("maildir", tmp_path / "box") == [f"Number {n}" for n in range(3)]


_RUN = """
import sys
from postel.news import mirror_sync
mirror_sync._BATCH = (3, 1 << 20)
mirror_sync.mirror(sys.argv[1], sys.argv[2], security="plain")
"""


@pytest.mark.slow
def test_a_kill_at_any_moment(tmp_path: Path) -> None:
    with lab.start("nntp") as here:
        for number in range(300):
            here.nntp.spool.put(GROUP, subject=f"Number {number}")
        host, port = here.address("nntp")
        url = f"nntp://{host}:{port}/{GROUP}"
        killed = 0
        for tenth in range(3, 23):
            run = subprocess.Popen([sys.executable, "-c", _RUN, url, str(tmp_path / "box")],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                run.wait(tenth * 0.05)
            except subprocess.TimeoutExpired:
                os.kill(run.pid, signal.SIGKILL)
                killed += 1
            run.wait()
        mirror_sync.mirror(url, tmp_path / "box")
    assert killed
    assert subjects("maildir", tmp_path / "box") == sorted(f"Number {n}" for n in range(300))
