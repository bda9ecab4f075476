"""From any kind of place to any other: all arrives, nothing moves twice, changes follow."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from places_ground import Spot, spot

from postel import lab
from postel.transfer.mirror_sync import check, mirror
from postel.transfer.types import Do, Result

pytestmark = pytest.mark.slow

SOURCES = ("ftp", "ftps", "sftp", "http", "dav", "file", "memory")
TARGETS = ("ftp", "ftps", "sftp", "dav", "file", "memory")
QUICK = {("dav", "sftp"), ("memory", "ftps"), ("http", "file")}
"""Where most kinds are met once; the others run with the long tests."""

PAIRS = [pytest.param(source, target, id=f"{source}-{target}",
                      marks=() if (source, target) in QUICK else pytest.mark.slow)
         for source in SOURCES for target in TARGETS]


@pytest.fixture(scope="module")
def world() -> Iterator[lab.Lab]:
    with lab.start("ftp", "sftp", "http", "webdav") as here:
        yield here


def fill(place: Spot) -> None:
    noise = random.Random(5)
    for number in range(12):
        place.put(f"d{number % 3}/f{number:02}.bin", noise.randbytes(number * 31))
    place.put("d1/deep/er/x #1%41&?.txt", b"odd")
    place.put("d1/deep/café.txt", b"accent")
    place.put("empty", b"")
    place.put("large.bin", noise.randbytes(3 << 20))


def said(result: Result) -> str:
    return "; ".join(f"{path}: {error!r}" for path, error in result.failures[:5])


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_from_one_to_another(
        world: lab.Lab, tmp_path: Path, first: str, second: str) -> None:
    source, target = spot(world, first, tmp_path), spot(world, second, tmp_path)
    both = {"source_options": source.options, "target_options": target.options}
    fill(source)
    result = mirror(source.url, target.url, **both)
    assert result.ok, said(result)
    assert target.tree() == source.tree()
    assert len(target.tree()) == 16
    again = mirror(source.url, target.url, **both)
    assert (again.same, dict(again.done), again.size) == (16, {}, 0)
    source.put("d0/f00.bin", b"no longer empty")
    source.put("d2/deep/new", b"new")
    source.remove("d1/deep/er/x #1%41&?.txt")
    result = mirror(source.url, target.url, delete="after", **both)
    assert result.ok, said(result)
    assert (result.done[Do.NEW], result.done[Do.CHANGED]) == (1, 1)
    assert target.tree() == source.tree()
    assert check(source.url, target.url, **both).empty
    target.put("d2/deep/new", b"NEW")
    assert [one.path for one in check(source.url, target.url, **both).actions] == ["d2/deep/new"]
