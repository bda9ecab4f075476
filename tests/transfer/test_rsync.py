"""rsync under our plans: rules in its words, what it prints read back, between two folders here."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel.errors import AuthenticationError, LimitReached, NotFound, UsageError
from postel.secrets import Secret
from postel.transfer.places import place_of
from postel.transfer.rsync import rsync_mirror, rsync_plan
from postel.transfer.types import Compare, Delete, Do, Event, Rules
from postel.urls import parse

needs_rsync = pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync is not installed")
pytestmark = needs_rsync


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    for name in ("a.txt", "sub/b.txt", "sub/c.o", "sub/main.o", "-dash", "new\nline", "ümlaut"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def contents(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*")
            if path.is_file()}


def test_a_plan_and_its_run(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    made = rsync_plan(place_of(tree), place_of(target))
    assert sorted(one.path for one in made.actions if one.do is Do.NEW) == sorted(contents(tree))
    assert not target.exists()
    told: list[Event] = []
    result = rsync_mirror(place_of(tree), place_of(target), tell=told.append)
    assert result.ok
    assert result.done[Do.NEW] == 7
    assert contents(target) == contents(tree)
    assert {event.action.path for event in told if event.action} == {one.path for one in made.actions}
    assert rsync_plan(place_of(tree), place_of(target)).empty


def test_rules_in_its_words(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "old").write_text("old")
    rules = Rules(filter=("*.o", "!main.o"), delete=Delete.AFTER)
    with pytest.raises(LimitReached):
        rsync_mirror(place_of(tree), place_of(target),
                     Rules(delete=Delete.AFTER, max_delete=0))
    result = rsync_mirror(place_of(tree), place_of(target), rules)
    assert result.done[Do.DELETE] == 1
    assert sorted(set(contents(tree)) - set(contents(target))) == ["sub/c.o"]
    (target / "a.txt").write_text("A.txt")
    os.utime(target / "a.txt", ns=((tree / "a.txt").stat().st_mtime_ns,) * 2)
    assert rsync_plan(place_of(tree), place_of(target), rules).empty
    found = rsync_plan(place_of(tree), place_of(target), Rules(compare=Compare.DIGEST))
    assert ("a.txt", "another digest") in [(one.path, one.reason) for one in found.actions]


def test_what_it_cannot_do_is_said_first(tree: Path, tmp_path: Path) -> None:
    for source, target in (("ftp://ftp.example.org/", str(tree)),
                           ("rsync://a.example.org/x", "rsync://b.example.org/x"),
                           ("rsync://-e@host.example.org/x", str(tree))):
        with pytest.raises(UsageError):
            rsync_plan(place_of(source), place_of(target))
    with pytest.raises(UsageError):
        rsync_plan(place_of(tree), place_of(tmp_path / "x"), Rules(escape=True))
    with pytest.raises(NotFound):
        rsync_plan(place_of(tmp_path / "nothing"), place_of(tmp_path / "x"))


@pytest.fixture
def daemon(tree: Path, tmp_path: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    secrets = tmp_path / "secrets"
    secrets.write_text("ann:secret\n")
    secrets.chmod(0o600)
    config = tmp_path / "rsyncd.conf"
    config.write_text(
        f"use chroot = no\naddress = 127.0.0.1\nlog file = {tmp_path / 'log'}\n"
        f"pid file = {tmp_path / 'pid'}\n"
        f"[open]\npath = {tree}\n[shut]\npath = {tree}\nauth users = ann\n"
        f"secrets file = {secrets}\n" + ("uid = root\ngid = root\n" if os.getuid() == 0 else ""))
    process = subprocess.Popen(["rsync", "--daemon", "--no-detach", f"--port={port}",
                                f"--config={config}"], stdin=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def test_a_module_of_a_server(daemon: int, tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    rsync_mirror(parse(f"rsync://127.0.0.1:{daemon}/open"), place_of(target))
    assert contents(target) == contents(tree)
    shut = parse(f"rsync://ann@127.0.0.1:{daemon}/shut")
    assert rsync_plan(shut, place_of(target), password=Secret("secret")).empty
    with pytest.raises(AuthenticationError):
        rsync_plan(shut, place_of(target), password=Secret("wrong"))


def test_an_empty_source_empties_nothing(tree: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    (empty / "folder").mkdir(parents=True)
    rules = Rules(delete=Delete.AFTER)
    with pytest.raises(LimitReached, match="no files"):
        rsync_mirror(place_of(empty), place_of(tree), rules)
    assert len(contents(tree)) == 7
    (empty / "one").write_text("x")
    assert rsync_mirror(place_of(empty), place_of(tree), rules).ok
    (empty / "one").unlink()
    assert rsync_mirror(place_of(empty), place_of(tree), Rules(delete=Delete.AFTER,
                                                               allow_empty=True)).ok
    assert contents(tree) == {}


@pytest.mark.parametrize("rules", [
    Rules(segments=2), Rules(only=("a",)), Rules(max_delete="10%")])
def test_what_rsync_cannot_do_is_said(tree: Path, tmp_path: Path, rules: Rules) -> None:
    with pytest.raises(UsageError):
        rsync_mirror(place_of(tree), place_of(tmp_path / "target"), rules)
