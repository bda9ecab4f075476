"""Random trees, random changes on both sides: after `mirror` and `sync` the promise holds."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from postel.transfer.mirror_sync import apply, check, mirror, plan
from postel.transfer.sync_sync import sync

NAMES = ("a", "b", "c", "d")
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
CONTENTS = st.binary(max_size=3)
CHANGE = st.one_of(
    st.tuples(st.just("write"), PATHS, CONTENTS),
    st.tuples(st.just("folder"), PATHS, st.just(b"")),
    st.tuples(st.just("remove"), PATHS, st.just(b"")),
)
CHANGES = st.lists(CHANGE, max_size=8)
clock = [1_700_000_000]


def change(root: Path, changes: list[tuple[str, str, bytes]]) -> None:
    """Do what can be done; every write has a time of its own, as on a real disk."""
    root.mkdir(exist_ok=True)
    for what, path, data in changes:
        place = root / path
        try:
            if what == "remove":
                if place.is_dir():
                    shutil.rmtree(place)
                else:
                    place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            if what == "folder":
                place.mkdir(exist_ok=True)
            else:
                place.write_bytes(data)
                clock[0] += 10
                os.utime(place, (clock[0], clock[0]))
        except OSError:
            pass  # a file stands where a folder should, or the reverse


def tree(root: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
            for path in sorted(root.rglob("*"))}


@settings(max_examples=60, deadline=None)
@given(CHANGES, CHANGES, CHANGES)
def test_after_a_mirror_with_deletion_the_trees_are_alike(first, second, more) -> None:
    with tempfile.TemporaryDirectory() as place:
        ours, theirs = Path(place) / "ours", Path(place) / "theirs"
        change(ours, first)
        change(theirs, second)
        for changes in ([], more):
            change(ours, changes)
            result = mirror(ours, theirs, delete="after", allow_empty=True, journal=False)
            assert result.ok, result.failures
            assert tree(theirs) == tree(ours)
            assert plan(ours, theirs, delete="after", journal=False).empty
            assert check(ours, theirs).empty


@settings(max_examples=40, deadline=None)
@given(CHANGES, CHANGES)
def test_a_dry_run_says_what_is_done(first, second) -> None:
    with tempfile.TemporaryDirectory() as place:
        ours, theirs = Path(place) / "ours", Path(place) / "theirs"
        change(ours, first)
        change(theirs, second)
        made = plan(ours, theirs, delete="after", allow_empty=True, journal=False)
        done = []
        result = apply(made, journal=False,
                       tell=lambda event: done.append(event.action) if event.what == "done"
                       else None)
        assert result.ok, result.failures
        assert sorted(map(repr, done)) == sorted(map(repr, made.actions))


@settings(max_examples=40, deadline=None)
@given(CHANGES, CHANGES)
def test_without_deletion_nothing_of_the_target_is_lost(first, second) -> None:
    with tempfile.TemporaryDirectory() as place:
        ours, theirs = Path(place) / "ours", Path(place) / "theirs"
        change(ours, first)
        change(theirs, second)
        before = tree(theirs)
        mirror(ours, theirs, journal=False)
        after = tree(theirs)
        assert set(before) <= set(after)
        assert all(after[path] == data for path, data in before.items()
                   if path not in tree(ours))


@settings(max_examples=60, deadline=None)
@given(CHANGES, st.lists(st.tuples(CHANGES, CHANGES), min_size=1, max_size=3))
def test_after_a_sync_both_trees_are_alike_and_no_version_is_lost(start, rounds) -> None:
    with tempfile.TemporaryDirectory() as place:
        ours, theirs = Path(place) / "ours", Path(place) / "theirs"
        journal = Path(place) / "pair.sqlite"
        change(ours, start)
        theirs.mkdir()
        sync(ours, theirs, journal=journal, allow_empty=True)
        assert tree(ours) == tree(theirs)
        for left, right in rounds:
            before = tree(ours)
            change(ours, left)
            change(theirs, right)
            fresh = [data for side in (ours, theirs) for path, data in tree(side).items()
                     if data is not None and before.get(path) != data]
            result = sync(ours, theirs, journal=journal, allow_empty=True)
            kept = [data for side in (ours, theirs) for data in tree(side).values()]
            assert all(data in kept for data in fresh), "a version that was written is lost"
            if result.right.failures or result.left.failures:
                break  # a file against a folder: it is told, and a person decides
            assert tree(ours) == tree(theirs)
            again = sync(ours, theirs, journal=journal, allow_empty=True, dry_run=True)
            assert all(one.empty for one in again.plans)
