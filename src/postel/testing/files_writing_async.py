# A conversation (its twin files_writing_sync.py is generated): the exam's checks of changing.
"""What every file scheme keeps when it writes, makes, removes, renames, dates, copies."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from ..errors import AlreadyExists, BusyError, NotFound, NotSupported, PostelError, ReplyError
from ..types import Entry
from .exam_async import AsyncGround, AsyncPaper, expect, listed, read, refused, write
from .files_reading_async import SIZES, body

__all__ = ["PAPER"]

PAPER = AsyncPaper()


# -- writing ---------------------------------------------------------------------------------


def _a_size(size: int) -> None:
    async def check(ground: AsyncGround) -> None:
        data = body(size)
        await write(ground.files, ground.path("sized.bin"), data)
        got = await ground.get("sized.bin")
        expect(got is not None and hashlib.sha256(got).digest() == hashlib.sha256(data).digest(),
               f"{None if got is None else len(got)} bytes are there of {size}, or others")

    PAPER.add(f"a_file_of_{size}_bytes_is_written", f"{size} bytes are there, and no others.",
              ("write",), check)


for _size in SIZES:
    _a_size(_size)


@PAPER.needs("write")
async def a_file_is_replaced(ground: AsyncGround) -> None:
    """By one that is shorter: nothing of the old one is left behind its end."""
    path = await ground.put("replaced", body(200_000, "old"))
    await write(ground.files, path, b"new")
    expect(await ground.get("replaced") == b"new", "replaced by a shorter one")


@PAPER.needs("write")
async def many_small_pieces_are_one_file(ground: AsyncGround) -> None:
    """However it is cut, it is the same file."""
    data = body(50_000)
    async with ground.files.write(ground.path("pieces")) as sink:
        for start in range(0, len(data), 777):
            await sink.send(data[start : start + 777])
        await sink.send(b"")
    expect(await ground.get("pieces") == data, "many pieces")


@PAPER.needs("write", "stat")
async def what_is_written_is_told(ground: AsyncGround) -> None:
    """As soon as the block is left, the file is there with its size."""
    path = ground.path("told")
    for size in (10, 0, 4_000):
        await write(ground.files, path, body(size))
        entry = await ground.files.stat(path)
        expect(entry.is_file and entry.exact_size in (size, None), f"after a write: {entry}")


@PAPER.needs("write", "make", "list")
async def writing_where_no_folder_is(ground: AsyncGround) -> None:
    """It is refused, and the client lives."""
    await refused(ReplyError, lambda: write(ground.files, ground.path("no/such/file"), b"x"),
                  "written into a missing folder")
    await write(ground.files, ground.path("file"), b"x")
    expect(await ground.get("file") == b"x", "after a refusal")


@PAPER.needs("write", "make", "list")
async def a_folder_is_not_overwritten(ground: AsyncGround) -> None:
    """Writing to a folder's name is refused, and it keeps what is in it."""
    await ground.put("folder/inside", b"kept")
    await refused(PostelError, lambda: write(ground.files, ground.path("folder"), b"x"),
                  "a folder was written")
    expect(await ground.get("folder/inside") == b"kept", "what was inside")


@PAPER.needs("write", "list")
async def a_write_given_up_harms_nothing(ground: AsyncGround) -> None:
    """Whoever gives a write up may go on with other things."""
    for _ in range(2):
        try:
            async with ground.files.write(ground.path("given-up")) as sink:
                await sink.send(body(100_000))
                raise KeyError("given up")
        except KeyError:
            pass
        await write(ground.files, ground.path("other"), b"other")
        expect(await ground.get("other") == b"other", "after a write given up")


@PAPER.needs("write", "stat")
async def an_open_write_and_other_commands(ground: AsyncGround) -> None:
    """A command while a file is being written is `BusyError`, or is answered; the file is whole."""
    other = await ground.put("other", b"x")
    async with ground.files.write(ground.path("open")) as sink:
        await sink.send(body(1_000))
        try:
            expect((await ground.files.stat(other)).is_file, "answered beside a write")
        except BusyError as error:
            expect(bool(error.hint), "BusyError says what to do")
        await sink.send(b"end")
    expect(await ground.get("open") == body(1_000) + b"end", "the file is whole")


@PAPER.needs("write", "resume_write")
async def writing_goes_on_at_an_offset(ground: AsyncGround) -> None:
    """What is before the offset stays; the file ends where the writing does."""
    path = await ground.put("offset", body(100_000))
    await write(ground.files, path, body(60_000, "tail"), offset=70_000)
    expect(await ground.get("offset") == body(70_000) + body(60_000, "tail"), "from 70,000 on")


@PAPER.needs("write", "resume_write")
async def writing_goes_on_at_the_end(ground: AsyncGround) -> None:
    """From its end on, a file grows."""
    path = await ground.put("grows", b"one ")
    await write(ground.files, path, b"two ", offset=4)
    await write(ground.files, path, b"three", offset=8)
    expect(await ground.get("grows") == b"one two three", "from the end on")


# -- folders ---------------------------------------------------------------------------------


@PAPER.needs("make", "stat")
async def a_folder_is_made(ground: AsyncGround) -> None:
    """And one in it."""
    await ground.files.make(ground.path("new"))
    await ground.files.make(ground.path("new/er"))
    expect((await ground.files.stat(ground.path("new/er"))).is_folder, "a folder in a new one")


@PAPER.needs("make")
async def an_existing_folder_is_not_made(ground: AsyncGround) -> None:
    """It is `AlreadyExists`, and keeps what is in it."""
    await ground.put("there/inside", b"kept")
    await refused(AlreadyExists, lambda: ground.files.make(ground.path("there")), "made twice")
    expect(await ground.get("there/inside") == b"kept", "what was inside")


@PAPER.needs("make", "write")
async def a_file_in_the_way_of_a_folder(ground: AsyncGround) -> None:
    """It is `AlreadyExists`, and the file stays."""
    path = await ground.put("taken", b"file")
    await refused(AlreadyExists, lambda: ground.files.make(path), "a folder over a file")
    expect(await ground.get("taken") == b"file", "the file")


@PAPER.needs("make")
async def a_folder_without_the_one_above(ground: AsyncGround) -> None:
    """It is refused: `make` makes one."""
    await refused(ReplyError, lambda: ground.files.make(ground.path("no/such")), "made deeply")


# -- removing --------------------------------------------------------------------------------


@PAPER.needs("remove", "list")
async def a_file_is_removed(ground: AsyncGround) -> None:
    """It, and no other."""
    path = await ground.put("gone", b"x")
    await ground.put("stays", b"x")
    await ground.files.remove(path)
    expect(set(await listed(ground.files, ground.top)) == {"stays"}, "one removed")


@PAPER.needs("remove")
async def a_missing_file_is_not_removed(ground: AsyncGround) -> None:
    """It is `NotFound`."""
    await refused(NotFound, lambda: ground.files.remove(ground.path("missing")), "removed")


@PAPER.needs("remove", "make", "list")
async def an_empty_folder_is_removed(ground: AsyncGround) -> None:
    """When it is said that it is a folder."""
    path = await ground.folder("empty")
    await ground.files.remove(path, folder=True)
    expect(await listed(ground.files, ground.top) == {}, "a folder removed")
    await refused(NotFound, lambda: ground.files.remove(path, folder=True), "removed twice")


@PAPER.needs("remove", "make")
async def a_full_folder_is_not_removed(ground: AsyncGround) -> None:
    """It keeps what is in it: nothing is removed that was not named."""
    await ground.put("full/inside", b"kept")
    await refused(ReplyError, lambda: ground.files.remove(ground.path("full"), folder=True),
                  "a full folder was removed")
    expect(await ground.get("full/inside") == b"kept", "what was inside")


@PAPER.needs("remove", "make")
async def a_folder_is_not_removed_as_a_file(ground: AsyncGround) -> None:
    """Whoever removes a file loses no folder."""
    await ground.put("folder/inside", b"kept")
    await refused(ReplyError, lambda: ground.files.remove(ground.path("folder")),
                  "a folder was removed as a file")
    expect(await ground.get("folder/inside") == b"kept", "what was inside")


# -- renaming --------------------------------------------------------------------------------


@PAPER.needs("rename", "list")
async def a_file_is_renamed(ground: AsyncGround) -> None:
    """In its folder, and into another."""
    await ground.put("old", b"same")
    await ground.folder("folder")
    await ground.files.rename(ground.path("old"), ground.path("new"))
    expect(set(await listed(ground.files, ground.top)) == {"new", "folder"}, "renamed")
    await ground.files.rename(ground.path("new"), ground.path("folder/newer"))
    expect(set(await listed(ground.files, ground.top)) == {"folder"}, "moved")
    expect(await ground.get("folder/newer") == b"same", "the same bytes")


@PAPER.needs("rename", "make")
async def a_folder_is_renamed(ground: AsyncGround) -> None:
    """With all that is in it."""
    await ground.put("old/deep/file", b"same")
    await ground.files.rename(ground.path("old"), ground.path("new"))
    expect(await ground.get("new/deep/file") == b"same", "what is inside goes with it")
    expect(await ground.get("old/deep/file") is None, "and is gone from where it was")


@PAPER.needs("rename", "write")
async def renaming_onto_a_file(ground: AsyncGround) -> None:
    """Replaces it, where that is declared; else it is replaced, or nothing is changed."""
    await ground.put("new", b"new")
    await ground.put("taken", b"old")
    try:
        await ground.files.rename(ground.path("new"), ground.path("taken"))
    except ReplyError:
        expect(not ground.files.features.atomic_rename, "declared, and refused")
        expect(await ground.get("taken") == b"old", "the old one stays")
        expect(await ground.get("new") == b"new", "the new one stays")
        return
    expect(await ground.get("taken") == b"new", "the old one is replaced")
    expect(await ground.get("new") is None, "the new one has one name")


@PAPER.needs("rename", "make")
async def renaming_onto_a_full_folder(ground: AsyncGround) -> None:
    """It is refused, and both stay."""
    await ground.put("one/a", b"a")
    await ground.put("two/b", b"b")
    await refused(ReplyError, lambda: ground.files.rename(ground.path("one"), ground.path("two")),
                  "renamed onto a full folder")
    expect(await ground.get("one/a") == b"a" and await ground.get("two/b") == b"b", "both stay")


@PAPER.needs("rename")
async def what_is_missing_is_not_renamed(ground: AsyncGround) -> None:
    """It is `NotFound`, and takes no name."""
    await ground.put("there", b"x")
    await refused(NotFound,
                  lambda: ground.files.rename(ground.path("missing"), ground.path("there")),
                  "a missing file was renamed")
    expect(await ground.get("there") == b"x", "what was there")


# -- times, permissions, digests, copies -----------------------------------------------------


@PAPER.needs("set_modified", "stat", "times")
async def a_time_is_set(ground: AsyncGround) -> None:
    """Up to what is declared of times."""
    path = await ground.put("dated", b"x")
    precision = ground.files.features.precision or 86_400
    for when in (datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC),
                 datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)):
        await ground.files.set(path, modified=when)
        told = (await ground.files.stat(path)).modified
        expect(told is not None and told.tzinfo is not None, f"told: {told}")
        expect(told is not None and abs((told - when).total_seconds()) <= precision,
               f"set to {when}, told as {told}")


@PAPER.needs("set_modified")
async def nothing_has_no_time(ground: AsyncGround) -> None:
    """Setting the time of a missing file is refused, and makes none."""
    when = datetime(2024, 1, 1, tzinfo=UTC)
    await refused(ReplyError, lambda: ground.files.set(ground.path("missing"), modified=when),
                  "a missing file was dated")
    expect(await ground.get("missing") is None, "nothing was made")


@PAPER.needs("set_mode", "list")
async def permissions_are_set(ground: AsyncGround) -> None:
    """As far as they are told."""
    path = await ground.put("closed", b"x")
    for mode in (0o640, 0o600, 0o644):
        await ground.files.set(path, mode=mode)
        modes = await _modes(ground, path)
        expect(modes <= {mode, None}, f"set to {mode:o}, told as {modes}")


async def _modes(ground: AsyncGround, path: str) -> set[int | None]:
    entries: list[Entry] = list((await listed(ground.files, ground.top)).values())
    entries.append(await ground.files.stat(path))
    return {None if entry.mode is None else entry.mode & 0o777 for entry in entries}


@PAPER.needs("digests", "read")
async def digests_are_right(ground: AsyncGround) -> None:
    """Each that is declared equals what is computed here."""
    for size in (0, 100_000):
        path = await ground.put(f"digest-{size}", body(size))
        for name in ground.files.features.digests:
            algorithm, told = await ground.files.digest(path, name)
            plain = algorithm.lower().replace("-", "")
            if plain in hashlib.algorithms_available:
                expect(told.lower() == hashlib.new(plain, body(size)).hexdigest(),
                       f"{algorithm} of {size} bytes: {told}")
    await refused(ReplyError, lambda: ground.files.digest(ground.path("missing")), "of nothing")


@PAPER.needs("copy", "read")
async def a_copy_is_the_same(ground: AsyncGround) -> None:
    """The server copies; both are there, and a later change of one is none of the other."""
    path = await ground.put("one", body(300_000))
    await ground.files.copy(path, ground.path("two"))
    expect(await ground.get("two") == body(300_000), "the copy")
    await write(ground.files, path, b"changed")
    expect(await ground.get("two") == body(300_000), "the copy is its own")
    await refused(NotFound, lambda: ground.files.copy(ground.path("no"), ground.path("x")), "no")


@PAPER.needs("read")
async def what_is_not_offered_says_so(ground: AsyncGround) -> None:
    """What is declared not to work is `NotSupported`, not a surprise; the file is as it was.

    Of digests and times some clients only learn by trying: those may work, but then truly.
    """
    path, features = await ground.put("kept", b"kept"), ground.files.features
    calls = {
        "copy": (features.copy, lambda: ground.files.copy(path, ground.path("copy"))),
        "set_mode": (features.set_mode, lambda: ground.files.set(path, mode=0o600)),
        "resume_read": (features.resume_read, lambda: read(ground.files, path, offset=1)),
        "resume_write": (features.resume_write,
                         lambda: write(ground.files, path, b"x", offset=4)),
    }
    for name, (declared, call) in calls.items():
        if not declared:
            await refused(NotSupported, call, f"{name} is not declared, and works")
    await _learned(ground, path)
    expect(await ground.get("kept") == b"kept", "the file")


async def _learned(ground: AsyncGround, path: str) -> None:
    """Digests and times: refused as not supported, or right."""
    when = datetime(2024, 1, 1, tzinfo=UTC)
    try:
        algorithm, told = await ground.files.digest(path)
        plain = algorithm.lower().replace("-", "")
        expect(told.lower() == hashlib.new(plain, b"kept").hexdigest(), f"{algorithm} {told}")
    except NotSupported:
        expect(not ground.files.features.digests, "digests are declared")
    try:
        await ground.files.set(path, modified=when)
        told_time = (await ground.files.stat(path)).modified
        expect(told_time is not None and abs((told_time - when).total_seconds()) < 86_400,
               f"set to {when}, told as {told_time}")
    except NotSupported:
        expect(not ground.files.features.set_modified, "times are declared to be set")
