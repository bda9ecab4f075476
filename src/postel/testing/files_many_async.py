# A conversation (its twin files_many_sync.py is generated): the exam's checks of batches and trees.
"""What every file scheme keeps when it does many things: order, failures, whole trees."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ..errors import NotFound, PostelError
from ..session.files_async import AsyncReading, AsyncSink
from ..transport.clock_async import Later
from .exam_async import AsyncGround, AsyncPaper, expect, listed, read
from .files_reading_async import body

__all__ = ["PAPER"]

PAPER = AsyncPaper()

MANY = 2_000
"""Items of a large batch: more than any window or burst."""


# -- batches ---------------------------------------------------------------------------------


@PAPER.needs("stat", "make")
async def nothing_is_a_batch_too(ground: AsyncGround) -> None:
    """Batches of nothing give nothing, and do nothing."""
    files = ground.files

    async def never(key: str, body: AsyncReading | AsyncSink) -> None:
        raise AssertionError(f"called for {key}")

    for results in (files.stat_many([]), files.make_many([]), files.remove_many([]),
                    files.rename_many([]), files.set_many([])):
        expect([one async for one in results] == [], "a batch of nothing")
    await files.read_many([], never)
    await files.write_many([], never)


@PAPER.needs("stat")
async def a_batch_tells_in_order(ground: AsyncGround) -> None:
    """Outcomes come in the order of what was asked, each with its own path."""
    names = [f"file {number}" for number in (3, 1, 2, 0)]
    paths = [await ground.put(name, body(int(name[-1]) * 10)) for name in names]
    outcomes = [one async for one in ground.files.stat_many(paths)]
    expect([one.path for one in outcomes] == paths, f"order: {[o.path for o in outcomes]}")
    sizes = [one.get().exact_size for one in outcomes]
    expect(sizes in ([30, 10, 20, 0], [None] * 4), f"sizes: {sizes}")


@PAPER.needs("stat")
async def a_batch_goes_on_after_a_failure(ground: AsyncGround) -> None:
    """One that fails has its error in its place; the others are told."""
    for name in ("a", "c"):
        await ground.put(name, b"x")
    asked = [ground.path(name) for name in ("a", "missing", "c", "no/such")]
    outcomes = [one async for one in ground.files.stat_many(asked)]
    expect([one.ok for one in outcomes] == [True, False, True, False], f"{outcomes}")
    expect(all(isinstance(one.error, NotFound) for one in outcomes if not one.ok), "NotFound")


@PAPER.needs("stat")
async def a_large_batch_is_told(ground: AsyncGround) -> None:
    """Thousands in one call, of which one does not exist."""
    there = await ground.put("there", b"x")
    asked = [there] * (MANY - 1) + [ground.path("missing")]
    outcomes = [one async for one in ground.files.stat_many(iter(asked))]
    expect(len(outcomes) == MANY, f"{len(outcomes)} of {MANY}")
    expect(sum(one.ok for one in outcomes) == MANY - 1, "each but the last")
    expect(not outcomes[-1].ok, "the last")


@PAPER.needs("stat")
async def a_batch_left_early_harms_nothing(ground: AsyncGround) -> None:
    """Whoever leaves a batch may go on with other things."""
    path = await ground.put("one", b"x")
    async with ground.files.stat_many([path] * 500) as outcomes:
        async for outcome in outcomes:
            expect(outcome.ok, "the first of a batch")
            break
    expect((await ground.files.stat(path)).is_file, "after a batch left early")


@PAPER.needs("make", "list")
async def folders_are_made_in_order(ground: AsyncGround) -> None:
    """Those above come first, and are there for those below; a second time each is refused."""
    paths = [ground.path(name) for name in ("a", "a/b", "a/b/c", "d")]
    outcomes = [one async for one in ground.files.make_many(paths)]
    expect(all(one.ok for one in outcomes), f"{outcomes}")
    expect(set(await listed(ground.files, ground.path("a"))) == {"b"}, "one in the other")
    again = [one async for one in ground.files.make_many([*paths, ground.path("e")])]
    expect([one.ok for one in again] == [False] * 4 + [True], f"{again}")


@PAPER.needs("remove", "list")
async def many_are_removed(ground: AsyncGround) -> None:
    """Those that are there; one that is not is told."""
    names = [f"{number}" for number in range(120)]
    paths = [await ground.put(name) for name in names]
    await ground.put("stays")
    outcomes = [one async for one in
                ground.files.remove_many([*paths[:60], ground.path("missing"), *paths[60:]])]
    expect([one.ok for one in outcomes] == [True] * 60 + [False] + [True] * 60, "each outcome")
    expect(set(await listed(ground.files, ground.top)) == {"stays"}, "what is left")


@PAPER.needs("remove", "make", "list")
async def folders_are_removed_in_order(ground: AsyncGround) -> None:
    """The inner ones first; one that is not empty stays."""
    await ground.folder("a/b/c")
    await ground.put("full/file", b"x")
    paths = [ground.path(name) for name in ("a/b/c", "a/b", "full", "a")]
    outcomes = [one async for one in ground.files.remove_many(paths, folders=True)]
    expect([one.ok for one in outcomes] == [True, True, False, True], f"{outcomes}")
    expect(await ground.get("full/file") == b"x", "what was inside")


@PAPER.needs("rename", "list")
async def many_are_renamed(ground: AsyncGround) -> None:
    """Each to its own name, in order; one that is missing is told."""
    for number in range(50):
        await ground.put(f"old-{number}", b"%d" % number)
    pairs = [(ground.path(f"old-{number}"), ground.path(f"new-{number}"))
             for number in (*range(50), 999)]
    outcomes = [one async for one in ground.files.rename_many(pairs)]
    expect([one.ok for one in outcomes] == [True] * 50 + [False], "each outcome")
    expect([one.path for one in outcomes] == [old for old, _ in pairs], "each by its old name")
    expect(await ground.get("new-49") == b"49", "the last")
    expect(len(await listed(ground.files, ground.top)) == 50, "no name too many")


@PAPER.needs("set_modified", "stat", "times")
async def many_times_are_set(ground: AsyncGround) -> None:
    """Each file its own."""
    when = [datetime(2020, 1, day, 12, tzinfo=UTC) for day in range(1, 21)]
    paths = [await ground.put(f"{day}") for day in range(20)]
    pairs = [*zip(paths, when, strict=True), (ground.path("missing"), when[0])]
    outcomes = [one async for one in ground.files.set_many(pairs)]
    expect([one.ok for one in outcomes] == [True] * 20 + [False], "each outcome")
    precision = ground.files.features.precision or 86_400
    for path, then in zip(paths, when, strict=True):
        told = (await ground.files.stat(path)).modified
        expect(told is not None and told.tzinfo is not None
               and abs((told - then).total_seconds()) <= precision, f"{path}: {then} {told}")


@PAPER.needs("read")
async def many_are_read(ground: AsyncGround) -> None:
    """Each with its own bytes, in order; one that is missing is told to its reader alone."""
    names = [f"{number}" for number in range(60)]
    for name in names:
        await ground.put(name, body(int(name) * 700, name))
    names.insert(30, "missing")
    got: dict[str, bytes | None] = {}

    async def take(name: str, reading: AsyncReading) -> None:
        try:
            async with reading:
                got[name] = b"".join([bytes(chunk) async for chunk in reading])
        except NotFound:
            got[name] = None

    await ground.files.read_many([(name, ground.path(name)) for name in names], take)
    expect(list(got) == names, "in order")
    wrong = [name for name in names
             if got[name] != (None if name == "missing" else body(int(name) * 700, name))]
    expect(not wrong, f"other bytes: {wrong}")


@PAPER.needs("read")
async def one_of_many_is_left_half_way(ground: AsyncGround) -> None:
    """The next is the next, whole."""
    for name in ("a", "b", "c"):
        await ground.put(name, body(900_000, name))
    got: dict[str, bytes] = {}

    async def take(name: str, reading: AsyncReading) -> None:
        async with reading:
            async for chunk in reading:
                got[name] = got.get(name, b"") + bytes(chunk)
                if name == "b":
                    break

    await ground.files.read_many([(name, ground.path(name)) for name in "abc"], take)
    expect(got["a"] == body(900_000, "a") and got["c"] == body(900_000, "c"), "the others")
    expect(await read(ground.files, ground.path("b")) == body(900_000, "b"), "once more")


@PAPER.needs("read", "write")
async def a_taker_that_fails_harms_nothing(ground: AsyncGround) -> None:
    """Its error comes out, and what was asked for ahead is in nobody's way."""
    for name in ("a", "b", "c", "d", "e", "f"):
        await ground.put(name, body(50_000, name))

    async def take(name: str, reading: AsyncReading) -> None:
        async with reading:
            got = [bytes(chunk) async for chunk in reading]
        if name == "b":
            raise KeyError(len(got))

    async def give(name: str, sink: AsyncSink) -> None:
        async with sink:
            await sink.send(body(50_000, name))
        if name == "b":
            raise KeyError(name)

    items = [(name, ground.path(name)) for name in "abcdef"]
    calls: dict[str, Callable[[], Later[None]]] = {
        "reading": lambda: ground.files.read_many(items, take),
        "writing": lambda: ground.files.write_many(items, give),
    }
    for what, call in calls.items():
        try:
            await call()
            raise AssertionError(f"{what}: its error is lost")
        except KeyError:
            pass
        expect(await read(ground.files, ground.path("e")) == body(50_000, "e"), f"after {what}")


@PAPER.needs("write")
async def many_are_written(ground: AsyncGround) -> None:
    """Each with its own bytes."""
    async def give(name: str, sink: AsyncSink) -> None:
        async with sink:
            await sink.send(body(int(name) * 700, name))

    names = [f"{number}" for number in range(60)]
    await ground.files.write_many([(name, ground.path(name)) for name in names], give)
    for name in names:
        expect(await ground.get(name) == body(int(name) * 700, name), f"the bytes of {name}")


# -- trees -----------------------------------------------------------------------------------


def _tree(top: Path) -> dict[str, str]:
    """Each file's digest by its path below *top*; empty folders too."""
    return {path.relative_to(top).as_posix():
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            for path in top.rglob("*") if path.is_file() or not any(path.iterdir())}


def _grow(top: Path) -> None:
    """A tree of all sorts."""
    for name, size in (("a.txt", 5), ("empty", 0), ("large.bin", 1_200_000), ("x/y/z/deep", 99),
                       ("x/two words", 7), ("x/\u00fcber #1.txt", 8), ("x/.hidden", 3)):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body(size, name))
    (top / "hollow/inner").mkdir(parents=True)
    for number in range(40):
        path = top / f"many/{number}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body(number * 13, f"{number}"))


@PAPER.needs("write", "rename", "make", "list", "read", "stat")
async def a_tree_goes_up_and_down(ground: AsyncGround) -> None:
    """All of it, and nothing else: every digest is the same."""
    here, back = ground.local / "here", ground.local / "back"
    _grow(here)
    up = await ground.site.upload_tree(here, ground.path("tree"), connections=2)
    expect(up.ok and up.files == 47, f"up: {up}")
    down = await ground.site.download_tree(ground.path("tree"), back, connections=2)
    expect(down.ok and down.files == 47, f"down: {down}")
    expect(_tree(back) == _tree(here), "the trees differ")


@PAPER.needs("list", "read", "stat")
async def a_tree_comes_down(ground: AsyncGround) -> None:
    """As it is there, with its empty files and folders."""
    here = ground.local / "here"
    _grow(here)
    for path in sorted(here.rglob("*")):
        name = f"tree/{path.relative_to(here).as_posix()}"
        if path.is_file():
            await ground.put(name, path.read_bytes())
        else:
            await ground.folder(name)
    down = await ground.site.download_tree(ground.path("tree"), ground.local / "back")
    expect(down.ok, f"down: {down}")
    expect(_tree(ground.local / "back") == _tree(here), "the trees differ")


@PAPER.needs("list", "read", "write")
async def a_name_that_is_no_name_here_fails_alone(ground: AsyncGround) -> None:
    """A file whose name could be a path here is reported, and the rest arrives."""
    await ground.put("tree/good.txt", b"good")
    await ground.put("tree/..\\..\\evil.txt", b"evil")
    await ground.put("tree/C:evil.txt", b"evil")
    report = await ground.site.download_tree(ground.path("tree"), ground.local / "back")
    expect(len(report.failures) == 2 and report.files == 1, f"{report}")
    expect([path.name for path in ground.local.rglob("*") if path.is_file()] == ["good.txt"],
           "only the good one is here")


@PAPER.needs("list")
async def a_tree_is_walked(ground: AsyncGround) -> None:
    """Every folder once, itself first."""
    for name in ("a/b/c", "a/d", "e"):
        await ground.folder(name)
    await ground.put("a/b/file", b"x")
    seen = [folder async for folder, _ in ground.site.walk(ground.top)]
    expect(seen[0] == ground.top, "itself first")
    wanted = {ground.top, *(ground.path(name) for name in ("a", "a/b", "a/b/c", "a/d", "e"))}
    expect(set(seen) == wanted and len(seen) == 6, f"{seen}")


@PAPER.needs("make", "stat")
async def folders_are_made_with_those_above(ground: AsyncGround) -> None:
    """All at once, and once more without harm."""
    path = ground.path("deep/er/and/deeper")
    await ground.site.makedirs(path)
    await ground.site.makedirs(path)
    expect((await ground.files.stat(path)).is_folder, "made")
    try:
        await ground.site.makedirs(path, exist_ok=False)
        raise AssertionError("made a second time")
    except PostelError:
        pass


@PAPER.needs("remove", "make", "list", "write")
async def a_tree_is_removed(ground: AsyncGround) -> None:
    """With all that is in it, and nothing beside it."""
    for name in ("tree/a", "tree/b/c", "tree/b/d/e", "beside/kept"):
        await ground.put(name, b"x")
    report = await ground.site.rmtree(ground.path("tree"))
    expect(report.ok and report.files == 3, f"{report}")
    expect(set(await listed(ground.files, ground.top)) == {"beside"}, "what is left")
    expect(await ground.get("beside/kept") == b"x", "what was beside it")
