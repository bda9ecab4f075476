"""What every scheme keeps: cut listings delete nothing, planted links lead nowhere, one connection is enough."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import fsspec
import pytest
from gate_ground import REFUSALS, gate
from mirror_ground import once
from places_ground import SCHEME, Spot, in_lab, on_disk, spot

from postel import lab
from postel.errors import PostelError
from postel.serving.files import FileStatus, MemoryFiles
from postel.session import tree_work_sync
from postel.transfer import copying_sync, tree_sync
from postel.transfer.mirror_sync import mirror
from postel.transfer.types import Result


def quick(*schemes: str) -> list[Any]:
    """*schemes*, those that take longer with the long tests."""
    return [pytest.param(one, marks=pytest.mark.slow if one in ("sftp", "ftps") else ())
            for one in schemes]


SERVED = ("ftp", "ftps", "sftp", "http", "dav")


@pytest.fixture(scope="module")
def world() -> Iterator[lab.Lab]:
    with lab.start("ftp", "sftp", "http", "webdav") as here:
        yield here


def fill(place: Spot, count: int = 30) -> dict[str, bytes]:
    made = {f"d{number % 3}/f{number:02}.txt": b"%d" % number * 20 for number in range(count)}
    for path, data in made.items():
        place.put(path, data)
    return made


def said(result: Result) -> str:
    return "; ".join(f"{path}: {error!r}" for path, error in result.failures[:5])


# -- listings that do not tell all ---------------------------------------------------------


@pytest.mark.parametrize("scheme", quick(*SERVED, "memory"))
def test_a_listing_that_is_short_and_says_so_to_nobody(
        world: lab.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    source, out = spot(world, scheme, tmp_path), tmp_path / "out"
    made = fill(source)
    assert mirror(source.url, out, source_options=source.options).ok
    (out / "d1" / "extra").write_bytes(b"may go")
    half = MemoryFiles.list

    def cut(self: MemoryFiles, path: str) -> list[FileStatus]:
        found = half(self, path)
        return found[: len(found) // 2] if path.rstrip("/").endswith("d1") else found

    monkeypatch.setattr(MemoryFiles, "list", cut)
    memory = type(fsspec.filesystem("memory"))
    look = memory.ls

    def short(self: Any, path: str, detail: bool = True, **more: Any) -> Any:
        found = look(self, path, detail=detail, **more)
        return found[: len(found) // 2] if path.rstrip("/").endswith("d1") else found

    monkeypatch.setattr(memory, "ls", short)
    mirror(source.url, out, delete="after", source_options=source.options)
    on_this_side = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert set(made) <= on_this_side, "files of the source were deleted"


BREAKS = {
    "ftp": [("MLSD", {"reply": b"426 torn", "cut": 90}), ("MLSD", {"reply": b"226 all", "cut": 90}),
            ("MLSD", {"reply": b"550 not now"})],
    "sftp": [("READDIR", {"reply": b"4 failure"}), ("READDIR", {"close": True}),
             ("OPENDIR", {"reply": b"3 permission denied"})],
    "http": [("GET {}/d1/", {"cut": 60}), ("GET {}/d1/", {"reply": b"403 Forbidden"}),
             ("GET {}/d1/", {"reply": b"500 no"})],
    "dav": [("PROPFIND {}/d1/", {"cut": 300}), ("PROPFIND {}/d1/", {"reply": b"403 Forbidden"}),
            ("PROPFIND {}/d1/", {"reply": b"500 no"})],
}


@pytest.mark.parametrize(("scheme", "verb", "fault"), [
    pytest.param(scheme, verb, fault, id=f"{scheme}-{number}",
                 marks=() if number == 0 and scheme != "sftp" else pytest.mark.slow)
    for scheme, breaks in BREAKS.items() for number, (verb, fault) in enumerate(breaks)])
def test_a_listing_that_fails_deletes_nothing(
        world: lab.Lab, tmp_path: Path, scheme: str, verb: str, fault: dict[str, Any]) -> None:
    source, out = spot(world, scheme, tmp_path), tmp_path / "out"
    made = fill(source)
    assert mirror(source.url, out, source_options=source.options).ok
    for folder in ("d0", "d1", "d2"):
        (out / folder / "extra").write_bytes(b"may go, when all is known")
    faults = world.services[SCHEME.get(scheme, scheme)].faults
    within = 0 if "{}" in verb else 2  # the top is listed first, then one of three
    faults.on(verb.format(source.top), after=within, times=99, **fault)
    try:
        result = mirror(source.url, out, delete="after", journal=False,
                        source_options=source.options)
    finally:
        faults.clear()
    assert not result.ok
    held = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert held == {*made, "d0/extra", "d1/extra", "d2/extra"}
    assert mirror(source.url, out, delete="after", source_options=source.options).ok
    assert {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} == set(made)


# -- links that are planted ----------------------------------------------------------------


@pytest.mark.parametrize("scheme", quick(*SERVED, "memory", "file"))
@pytest.mark.parametrize("moment", ["begin", pytest.param("done", marks=pytest.mark.slow)])
def test_a_link_planted_during_the_run_leads_nowhere(
        world: lab.Lab, tmp_path: Path, scheme: str, moment: str) -> None:
    source, out, outside = spot(world, scheme, tmp_path), tmp_path / "out", tmp_path / "outside"
    made = fill(source)
    outside.mkdir()
    (outside / "f01.txt").write_bytes(b"precious")

    def plant() -> None:
        out.mkdir(exist_ok=True)
        if (out / "d1").is_dir():
            (out / "d1").rename(tmp_path / "moved away")
        (out / "d1").symlink_to(outside)

    result = mirror(source.url, out, source_options=source.options, tell=once(moment, plant))
    assert [path.name for path in outside.iterdir()] == ["f01.txt"]
    assert (outside / "f01.txt").read_bytes() == b"precious"
    assert all(isinstance(error, PostelError) for _, error in result.failures)
    for path, data in made.items():
        if not path.startswith("d1/"):
            assert (out / path).read_bytes() == data, said(result)


@pytest.mark.parametrize("delete", ["no", "after"])
def test_a_link_in_the_target_of_a_server_leads_nowhere(
        world: lab.Lab, tmp_path: Path, delete: str) -> None:
    ours, far = on_disk(tmp_path / "ours"), in_lab(world, "sftp", f"links-{delete}")
    made = fill(ours)
    world.sftp.files.make_folder(f"/precious-{delete}")
    world.sftp.files.put(f"/precious-{delete}/f01.txt", b"precious")
    world.sftp.files.make_link(f"{far.top}/d1", f"/precious-{delete}")
    world.sftp.files.make_folder(f"{far.top}/d2")
    world.sftp.files.make_link(f"{far.top}/d2/f02.txt", f"/precious-{delete}/f01.txt")
    result = mirror(ours.url, far.url, delete=delete, target_options=far.options)
    precious = {path: data for path, data in world.sftp.files.tree().items()
                if path.startswith(f"/precious-{delete}/")}
    assert precious == {f"/precious-{delete}/f01.txt": b"precious"}, said(result)
    arrived = far.tree()
    assert all(arrived[path] == data for path, data in made.items() if path.startswith("d0/"))


# -- one connection ------------------------------------------------------------------------


def at_most(seconds: float, work: Callable[[], Result]) -> Result:
    """What *work* returns; a failure where it takes longer: that is a dead-lock."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert found, "dead-lock"
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), [
    ("ftp", "file"), ("sftp", "file"), ("http", "file"), ("dav", "file"), ("file", "ftp"),
    ("file", "sftp"), ("file", "dav"), ("ftp", "dav"), ("dav", "sftp"), ("sftp", "ftp"),
    ("http", "ftp"), ("ftp", "ftp"), ("sftp", "sftp"), ("dav", "dav")])
def test_one_connection_is_enough(
        world: lab.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str,
        second: str) -> None:
    for module in (tree_work_sync, tree_sync, copying_sync):
        monkeypatch.setattr(module, "_NEAR", 0.0)  # as if the servers were far away
    source, target = spot(world, first, tmp_path), spot(world, second, tmp_path)
    made = fill(source, 60)
    big = bytes(range(256)) * 20_000
    source.put("big.bin", big)
    with ExitStack() as gates:
        at = [guarded(gates, world, scheme, place) for scheme, place in
              ((first, source), (second, target))]
        result = at_most(45, lambda: mirror(
            at[0], at[1], connections=8, source_options={**source.options},
            target_options={**target.options}))
    assert result.ok, said(result)
    assert target.tree() == {**made, "big.bin": big}


def guarded(gates: ExitStack, world: lab.Lab, scheme: str, place: Spot) -> str:
    """The URL of *place* behind a gate for one connection at a time."""
    if scheme not in SERVED:
        return place.url
    name = SCHEME.get(scheme, scheme)
    made = gates.enter_context(gate(world.address(name)[1], 1, REFUSALS[name]))
    host = f"one-{name}-{made.port}.{world.domain}"
    world.lead(host, name, made.port)
    gates.callback(world.forget, host)
    return place.url.replace(f"{name}.{world.domain}", host)
