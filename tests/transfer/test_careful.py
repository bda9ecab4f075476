"""Shares of what may go, lists of paths, names in the plan, and how they are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from postel.errors import LimitReached, UsageError
from postel.lab import Lab
from postel.transfer.mirror_sync import apply, mirror, plan
from postel.transfer.sync_sync import sync
from postel.transfer.types import Do, Plan, Rules


@pytest.fixture
def pair(tmp_path: Path) -> Callable[[int, int], tuple[Path, Path]]:
    """Two folders: the second has so many of the first's files, and so many more."""
    def make(common: int, more: int) -> tuple[Path, Path]:
        ours, theirs = tmp_path / "ours", tmp_path / "theirs"
        ours.mkdir()
        for number in range(common):
            (ours / f"{number}.txt").write_text("x")
        assert mirror(ours, theirs, journal=False).ok
        for number in range(more):
            (theirs / f"more{number}.txt").write_text("y")
        return ours, theirs

    return make


def test_a_share_of_what_is_there_may_go(pair: Callable[[int, int], tuple[Path, Path]]) -> None:
    ours, theirs = pair(8, 2)
    keys = {"journal": False, "delete": "after"}
    with pytest.raises(LimitReached, match="2 paths would go, 1 may"):
        mirror(ours, theirs, max_delete="19%", **keys)
    assert len(list(theirs.iterdir())) == 10
    assert mirror(ours, theirs, max_delete="20%", **keys).done[Do.DELETE] == 2


def test_a_share_is_in_the_plan_that_is_kept(
    pair: Callable[[int, int], tuple[Path, Path]]
) -> None:
    ours, theirs = pair(1, 9)
    made = Plan.read(plan(ours, theirs, journal=False, delete="after", max_delete="50%").lines())
    with pytest.raises(LimitReached):
        apply(made, journal=False)


def test_a_share_holds_for_both_sides_of_a_sync(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "a", tmp_path / "b"
    ours.mkdir()
    for number in range(10):
        (ours / str(number)).write_text("x")
    journal = tmp_path / "j"
    assert sync(ours, theirs, journal=journal).ok
    for number in range(6):
        (ours / str(number)).unlink()
    with pytest.raises(LimitReached):
        sync(ours, theirs, journal=journal, max_delete="50%")
    assert len(list(theirs.iterdir())) == 10
    assert sync(ours, theirs, journal=journal, max_delete="60%").ok


@pytest.mark.parametrize("share", ["x", "", "-1%", "10", "1e3%", "%"])
def test_what_is_no_share_is_refused(share: str) -> None:
    with pytest.raises(UsageError, match="neither a number nor a share"):
        Rules(max_delete=share)


def test_a_list_of_paths_is_all_that_moves(here: Lab, out: Path) -> None:
    for name in ("a.txt", "b.txt", "sub/c.txt", "sub/d.txt", "other/e.txt"):
        here.ftp.files.put(f"/pub/{name}", name.encode())
    out.mkdir()
    (out / "mine.txt").write_text("not in the list")
    source = here.url("ftp") + "pub"
    result = mirror(source, out, only=("a.txt", "/sub/c.txt/", "./sub/../b.txt", "gone.txt"),
                    delete="after")
    assert result.ok, result.failures
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == {
        "a.txt", "b.txt", "sub/c.txt", "mine.txt"}
    assert Rules.from_json(Rules(only=("a",)).as_json()).only == ("a",)


def test_a_list_of_nothing_moves_nothing(here: Lab, out: Path) -> None:
    here.ftp.files.put("/pub/a.txt", b"a")
    assert mirror(here.url("ftp") + "pub", out, only=()).done[Do.NEW] == 0
