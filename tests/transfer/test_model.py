"""Random trees, random changes on both sides: after `mirror` and `sync` the promise holds."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from model_ground import CHANGES, change, tree

from postel.transfer.mirror_sync import apply, check, mirror, plan
from postel.transfer.sync_sync import sync


@settings(max_examples=30, deadline=None)
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


@settings(max_examples=25, deadline=None)
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


@settings(max_examples=25, deadline=None)
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


@settings(max_examples=30, deadline=None)
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
