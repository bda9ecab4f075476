"""Random trees, random changes and random faults: what `mirror` and `sync` promise holds all the same.

With faults: every file is what one side had, whole; nothing goes that the source has, and nothing at
all where something failed. Without: the next run makes the trees alike.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_ground import CHANGES, Changes, change, tree

from postel import lab
from postel.errors import PostelError
from postel.ftp.learned import LEARNED
from postel.serving.folder import FolderFiles
from postel.session import patience_sync, tree_work_sync
from postel.transfer.mirror_sync import mirror
from postel.transfer.sync_sync import sync

EXAMPLES = int(os.environ.get("POSTEL_EXAMPLES", "30"))
FLOWS = st.sampled_from([
    {"reply": b"426 torn", "cut": 1}, {"reply": b"226 that is all", "cut": 1}, {"close": True},
    {"cut": 40, "close": True}, {"reply": b"421 bye", "close": True}, {"reply": b"550 not now"},
    {"reply": b"226 that is all", "cut": 70}, {"reply": b"451 later"}])
WORDS = st.sampled_from([{"reply": b"451 later"}, {"reply": b"421 bye", "close": True},
                         {"close": True}])
REFUSALS = st.one_of(WORDS, st.just({"reply": b"550 no"}), st.just({"reply": b"452 full"}))


def fault(verbs: str, how: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Any]:
    return st.tuples(st.sampled_from(verbs.split()), how, st.integers(0, 6), st.integers(1, 4))


FAULTS = st.lists(st.one_of(fault("RETR MLSD STOR", FLOWS), fault("USER EPSV TYPE SIZE MDTM", WORDS),
                            fault("RNFR RNTO DELE MKD RMD MFMT STOR", REFUSALS)), max_size=4)
Faults = list[tuple[str, dict[str, Any], int, int]]


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("ftp") as started:
        yield started


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait between two tries."""
    for module in (patience_sync, tree_work_sync):
        monkeypatch.setattr(module, "wait_for", lambda error, tries: 0.0)


class World:
    """A folder of this machine, and one that a server serves and that is on this disk too."""

    def __init__(self, here: lab.Lab, place: str) -> None:
        self.here, self.ours, self.theirs = here, Path(place) / "ours", Path(place) / "theirs"
        self.ours.mkdir()
        self.theirs.mkdir()
        here.ftp.serve(FolderFiles(self.theirs, writable=True))
        self.url = here.url("ftp", user="alice")
        self.options = {"password": "secret", "security": "plain", "timeout": 5.0}
        LEARNED.clear()

    def trouble(self, faults: Faults) -> None:
        self.here.ftp.faults.clear()
        for verb, how, after, times in faults:
            self.here.ftp.faults.on(verb, after=after, times=times, **how)

    def peace(self) -> None:
        self.here.ftp.faults.clear()
        LEARNED.clear()


def whole(root: Path) -> dict[str, bytes | None]:
    return {path: data for path, data in tree(root).items() if ".postel" not in path}


def files(of: dict[str, bytes | None]) -> set[str]:
    return {path for path, data in of.items() if data is not None}


def near(path: str, others: dict[str, bytes | None]) -> bool:
    """Whether a file stands where another needs a folder, or the reverse."""
    return any(f"{one}/".startswith(f"{path}/") or f"{path}/".startswith(f"{one}/")
               for one in others if others[one] is not None or one == path)


@pytest.mark.slow
@pytest.mark.timeout(60 + EXAMPLES * 2)
@pytest.mark.parametrize("up", [False, True], ids=["down", "up"])
@settings(max_examples=EXAMPLES, deadline=None)
@given(first=CHANGES, second=CHANGES, faults=FAULTS, more=CHANGES)
def test_mirrors_in_trouble(here: lab.Lab, up: bool, first: Changes, second: Changes, faults: Faults,
                            more: Changes) -> None:
    with tempfile.TemporaryDirectory() as place:
        world = World(here, place)
        source, target = ((world.ours, world.theirs) if up else (world.theirs, world.ours))
        journal = Path(place) / "journal.sqlite"

        def run() -> Any:
            ends = ({"source": world.ours, "target": world.url, "target_options": world.options}
                    if up else {"source": world.url, "target": world.ours,
                                "source_options": world.options})
            return mirror(**ends, delete="after", allow_empty=True, journal=journal)

        change(source, first)
        change(target, second)
        for changes in ([], more):
            change(source, changes)
            wanted, before = whole(source), whole(target)
            world.trouble(faults)
            try:
                result = run()
            except PostelError:
                result = None
            after = whole(target)
            for path, data in after.items():
                assert data in (wanted.get(path, before.get(path)), before.get(path)), path
            if result is not None and result.ok:
                assert after == wanted
            for path in files(before):
                stays = result is not None and result.deleted_not and not near(path, wanted)
                assert path in after or not (path in files(wanted) or stays), f"{path} is gone"
        world.peace()
        result = run()
        assert result.ok, result.failures
        assert tree(target) == tree(source)
        assert run().done == {}


@pytest.mark.slow
@pytest.mark.timeout(60 + EXAMPLES * 3)
@settings(max_examples=EXAMPLES, deadline=None)
@given(start=CHANGES, rounds=st.lists(st.tuples(CHANGES, CHANGES, FAULTS), min_size=1, max_size=3))
def test_two_sides_in_trouble(
        here: lab.Lab, start: Changes, rounds: list[tuple[Changes, Changes, Faults]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        world, journal = World(here, place), Path(place) / "pair.sqlite"

        def run() -> Any:
            return sync(world.ours, world.url, second_options=world.options, journal=journal,
                        allow_empty=True)

        change(world.ours, start)
        assert run().ok
        assert tree(world.ours) == tree(world.theirs)
        for left, right, faults in rounds:
            before = whole(world.ours)
            change(world.ours, left)
            change(world.theirs, right)
            fresh = [data for side in (world.ours, world.theirs) for path, data in whole(side).items()
                     if data is not None and before.get(path) != data]
            world.trouble(faults)
            for _ in range(2):
                try:
                    run()
                except PostelError:
                    pass
                kept = [data for side in (world.ours, world.theirs) for data in whole(side).values()]
                assert all(data in kept for data in fresh), "a version that was written is lost"
            world.peace()
            result = run()
            kept = [data for side in (world.ours, world.theirs) for data in whole(side).values()]
            assert all(data in kept for data in fresh), "a version that was written is lost"
            if result.right.failures or result.left.failures:
                return  # a file against a folder: it is told, and a person decides
            assert whole(world.ours) == whole(world.theirs)
