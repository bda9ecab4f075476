"""Random trees and random changes, for model-based tests."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hypothesis import strategies as st

NAMES = ("a", "b", "c", "d")
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
CONTENTS = st.binary(max_size=3)
CHANGE = st.one_of(
    st.tuples(st.just("write"), PATHS, CONTENTS),
    st.tuples(st.just("folder"), PATHS, st.just(b"")),
    st.tuples(st.just("remove"), PATHS, st.just(b"")),
)
CHANGES = st.lists(CHANGE, max_size=8)
Changes = list[tuple[str, str, bytes]]
clock = [1_700_000_000]


def change(root: Path, changes: Changes) -> None:
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
