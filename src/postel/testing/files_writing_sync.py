# GENERATED from files_writing_async.py by tools/unasync.py: edit that file, not this one.
"""What every file scheme keeps when it writes, makes, removes, renames, dates, copies."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from ..errors import AlreadyExists, BusyError, NotFound, NotSupported, PostelError, ReplyError
from ..types import Entry
from .exam_sync import Ground, Paper, expect, listed, read, refused, write
from .files_reading_sync import SIZES, body

__all__ = ["PAPER"]

PAPER = Paper()


# -- writing ---------------------------------------------------------------------------------


def _a_size(size: int) -> None:
    def check(ground: Ground) -> None:
        data = body(size)
        write(ground.files, ground.path("sized.bin"), data)
        got = ground.get("sized.bin")
        expect(got is not None and hashlib.sha256(got).digest() == hashlib.sha256(data).digest(),
               f"{None if got is None else len(got)} bytes are there of {size}, or others")

    PAPER.add(f"a_file_of_{size}_bytes_is_written", f"{size} bytes are there, and no others.",
              ("write",), check)


for _size in SIZES:
    _a_size(_size)


@PAPER.needs("write")
def a_file_is_replaced(ground: Ground) -> None:
    """By one that is shorter: nothing of the old one is left behind its end."""
    path = ground.put("replaced", body(200_000, "old"))
    write(ground.files, path, b"new")
    expect(ground.get("replaced") == b"new", "replaced by a shorter one")


@PAPER.needs("write")
def many_small_pieces_are_one_file(ground: Ground) -> None:
    """However it is cut, it is the same file."""
    data = body(50_000)
    with ground.files.write(ground.path("pieces")) as sink:
        for start in range(0, len(data), 777):
            sink.send(data[start : start + 777])
        sink.send(b"")
    expect(ground.get("pieces") == data, "many pieces")


@PAPER.needs("write", "stat")
def what_is_written_is_told(ground: Ground) -> None:
    """As soon as the block is left, the file is there with its size."""
    path = ground.path("told")
    for size in (10, 0, 4_000):
        write(ground.files, path, body(size))
        entry = ground.files.stat(path)
        expect(entry.is_file and entry.exact_size in (size, None), f"after a write: {entry}")


@PAPER.needs("write", "make", "list")
def writing_where_no_folder_is(ground: Ground) -> None:
    """It is refused, and the client lives."""
    refused(ReplyError, lambda: write(ground.files, ground.path("no/such/file"), b"x"),
                  "written into a missing folder")
    write(ground.files, ground.path("file"), b"x")
    expect(ground.get("file") == b"x", "after a refusal")


@PAPER.needs("write", "make", "list")
def a_folder_is_not_overwritten(ground: Ground) -> None:
    """Writing to a folder's name is refused, and it keeps what is in it."""
    ground.put("folder/inside", b"kept")
    refused(PostelError, lambda: write(ground.files, ground.path("folder"), b"x"),
                  "a folder was written")
    expect(ground.get("folder/inside") == b"kept", "what was inside")


@PAPER.needs("write", "list")
def a_write_given_up_harms_nothing(ground: Ground) -> None:
    """Whoever gives a write up may go on with other things."""
    for _ in range(2):
        try:
            with ground.files.write(ground.path("given-up")) as sink:
                sink.send(body(100_000))
                raise KeyError("given up")
        except KeyError:
            pass
        write(ground.files, ground.path("other"), b"other")
        expect(ground.get("other") == b"other", "after a write given up")


@PAPER.needs("write", "stat")
def an_open_write_and_other_commands(ground: Ground) -> None:
    """A command while a file is being written is `BusyError`, or is answered; the file is whole."""
    other = ground.put("other", b"x")
    with ground.files.write(ground.path("open")) as sink:
        sink.send(body(1_000))
        try:
            expect((ground.files.stat(other)).is_file, "answered beside a write")
        except BusyError as error:
            expect(bool(error.hint), "BusyError says what to do")
        sink.send(b"end")
    expect(ground.get("open") == body(1_000) + b"end", "the file is whole")


@PAPER.needs("write", "resume_write")
def writing_goes_on_at_an_offset(ground: Ground) -> None:
    """What is before the offset stays; the file ends where the writing does."""
    path = ground.put("offset", body(100_000))
    write(ground.files, path, body(60_000, "tail"), offset=70_000)
    expect(ground.get("offset") == body(70_000) + body(60_000, "tail"), "from 70,000 on")


@PAPER.needs("write", "resume_write")
def writing_goes_on_at_the_end(ground: Ground) -> None:
    """From its end on, a file grows."""
    path = ground.put("grows", b"one ")
    write(ground.files, path, b"two ", offset=4)
    write(ground.files, path, b"three", offset=8)
    expect(ground.get("grows") == b"one two three", "from the end on")


# -- folders ---------------------------------------------------------------------------------


@PAPER.needs("make", "stat")
def a_folder_is_made(ground: Ground) -> None:
    """And one in it."""
    ground.files.make(ground.path("new"))
    ground.files.make(ground.path("new/er"))
    expect((ground.files.stat(ground.path("new/er"))).is_folder, "a folder in a new one")


@PAPER.needs("make")
def an_existing_folder_is_not_made(ground: Ground) -> None:
    """It is `AlreadyExists`, and keeps what is in it."""
    ground.put("there/inside", b"kept")
    refused(AlreadyExists, lambda: ground.files.make(ground.path("there")), "made twice")
    expect(ground.get("there/inside") == b"kept", "what was inside")


@PAPER.needs("make", "write")
def a_file_in_the_way_of_a_folder(ground: Ground) -> None:
    """It is `AlreadyExists`, and the file stays."""
    path = ground.put("taken", b"file")
    refused(AlreadyExists, lambda: ground.files.make(path), "a folder over a file")
    expect(ground.get("taken") == b"file", "the file")


@PAPER.needs("make")
def a_folder_without_the_one_above(ground: Ground) -> None:
    """It is refused: `make` makes one."""
    refused(ReplyError, lambda: ground.files.make(ground.path("no/such")), "made deeply")


# -- removing --------------------------------------------------------------------------------


@PAPER.needs("remove", "list")
def a_file_is_removed(ground: Ground) -> None:
    """It, and no other."""
    path = ground.put("gone", b"x")
    ground.put("stays", b"x")
    ground.files.remove(path)
    expect(set(listed(ground.files, ground.top)) == {"stays"}, "one removed")


@PAPER.needs("remove")
def a_missing_file_is_not_removed(ground: Ground) -> None:
    """It is `NotFound`."""
    refused(NotFound, lambda: ground.files.remove(ground.path("missing")), "removed")


@PAPER.needs("remove", "make", "list")
def an_empty_folder_is_removed(ground: Ground) -> None:
    """When it is said that it is a folder."""
    path = ground.folder("empty")
    ground.files.remove(path, folder=True)
    expect(listed(ground.files, ground.top) == {}, "a folder removed")
    refused(NotFound, lambda: ground.files.remove(path, folder=True), "removed twice")


@PAPER.needs("remove", "make")
def a_full_folder_is_not_removed(ground: Ground) -> None:
    """It keeps what is in it: nothing is removed that was not named."""
    ground.put("full/inside", b"kept")
    refused(ReplyError, lambda: ground.files.remove(ground.path("full"), folder=True),
                  "a full folder was removed")
    expect(ground.get("full/inside") == b"kept", "what was inside")


@PAPER.needs("remove", "make")
def a_folder_is_not_removed_as_a_file(ground: Ground) -> None:
    """Whoever removes a file loses no folder."""
    ground.put("folder/inside", b"kept")
    refused(ReplyError, lambda: ground.files.remove(ground.path("folder")),
                  "a folder was removed as a file")
    expect(ground.get("folder/inside") == b"kept", "what was inside")


# -- renaming --------------------------------------------------------------------------------


@PAPER.needs("rename", "list")
def a_file_is_renamed(ground: Ground) -> None:
    """In its folder, and into another."""
    ground.put("old", b"same")
    ground.folder("folder")
    ground.files.rename(ground.path("old"), ground.path("new"))
    expect(set(listed(ground.files, ground.top)) == {"new", "folder"}, "renamed")
    ground.files.rename(ground.path("new"), ground.path("folder/newer"))
    expect(set(listed(ground.files, ground.top)) == {"folder"}, "moved")
    expect(ground.get("folder/newer") == b"same", "the same bytes")


@PAPER.needs("rename", "make")
def a_folder_is_renamed(ground: Ground) -> None:
    """With all that is in it."""
    ground.put("old/deep/file", b"same")
    ground.files.rename(ground.path("old"), ground.path("new"))
    expect(ground.get("new/deep/file") == b"same", "what is inside goes with it")
    expect(ground.get("old/deep/file") is None, "and is gone from where it was")


@PAPER.needs("rename", "write")
def renaming_onto_a_file(ground: Ground) -> None:
    """Replaces it, where that is declared; else it is replaced, or nothing is changed."""
    ground.put("new", b"new")
    ground.put("taken", b"old")
    try:
        ground.files.rename(ground.path("new"), ground.path("taken"))
    except ReplyError:
        expect(not ground.files.features.atomic_rename, "declared, and refused")
        expect(ground.get("taken") == b"old", "the old one stays")
        expect(ground.get("new") == b"new", "the new one stays")
        return
    expect(ground.get("taken") == b"new", "the old one is replaced")
    expect(ground.get("new") is None, "the new one has one name")


@PAPER.needs("rename", "make")
def renaming_onto_a_full_folder(ground: Ground) -> None:
    """It is refused, and both stay."""
    ground.put("one/a", b"a")
    ground.put("two/b", b"b")
    refused(ReplyError, lambda: ground.files.rename(ground.path("one"), ground.path("two")),
                  "renamed onto a full folder")
    expect(ground.get("one/a") == b"a" and ground.get("two/b") == b"b", "both stay")


@PAPER.needs("rename")
def what_is_missing_is_not_renamed(ground: Ground) -> None:
    """It is `NotFound`, and takes no name."""
    ground.put("there", b"x")
    refused(NotFound,
                  lambda: ground.files.rename(ground.path("missing"), ground.path("there")),
                  "a missing file was renamed")
    expect(ground.get("there") == b"x", "what was there")


# -- times, permissions, digests, copies -----------------------------------------------------


@PAPER.needs("set_modified", "stat", "times")
def a_time_is_set(ground: Ground) -> None:
    """Up to what is declared of times."""
    path = ground.put("dated", b"x")
    precision = ground.files.features.precision or 86_400
    for when in (datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC),
                 datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)):
        ground.files.set(path, modified=when)
        told = (ground.files.stat(path)).modified
        expect(told is not None and told.tzinfo is not None, f"told: {told}")
        expect(told is not None and abs((told - when).total_seconds()) <= precision,
               f"set to {when}, told as {told}")


@PAPER.needs("set_modified")
def nothing_has_no_time(ground: Ground) -> None:
    """Setting the time of a missing file is refused, and makes none."""
    when = datetime(2024, 1, 1, tzinfo=UTC)
    refused(ReplyError, lambda: ground.files.set(ground.path("missing"), modified=when),
                  "a missing file was dated")
    expect(ground.get("missing") is None, "nothing was made")


@PAPER.needs("set_mode", "list")
def permissions_are_set(ground: Ground) -> None:
    """As far as they are told."""
    path = ground.put("closed", b"x")
    for mode in (0o640, 0o600, 0o644):
        ground.files.set(path, mode=mode)
        modes = _modes(ground, path)
        expect(modes <= {mode, None}, f"set to {mode:o}, told as {modes}")


def _modes(ground: Ground, path: str) -> set[int | None]:
    entries: list[Entry] = list((listed(ground.files, ground.top)).values())
    entries.append(ground.files.stat(path))
    return {None if entry.mode is None else entry.mode & 0o777 for entry in entries}


@PAPER.needs("digests", "read")
def digests_are_right(ground: Ground) -> None:
    """Each that is declared equals what is computed here."""
    for size in (0, 100_000):
        path = ground.put(f"digest-{size}", body(size))
        for name in ground.files.features.digests:
            algorithm, told = ground.files.digest(path, name)
            plain = algorithm.lower().replace("-", "")
            if plain in hashlib.algorithms_available:
                expect(told.lower() == hashlib.new(plain, body(size)).hexdigest(),
                       f"{algorithm} of {size} bytes: {told}")
    refused(ReplyError, lambda: ground.files.digest(ground.path("missing")), "of nothing")


@PAPER.needs("copy", "read")
def a_copy_is_the_same(ground: Ground) -> None:
    """The server copies; both are there, and a later change of one is none of the other."""
    path = ground.put("one", body(300_000))
    ground.files.copy(path, ground.path("two"))
    expect(ground.get("two") == body(300_000), "the copy")
    write(ground.files, path, b"changed")
    expect(ground.get("two") == body(300_000), "the copy is its own")
    refused(NotFound, lambda: ground.files.copy(ground.path("no"), ground.path("x")), "no")


@PAPER.needs("read")
def what_is_not_offered_says_so(ground: Ground) -> None:
    """What is declared not to work is `NotSupported`, not a surprise; the file is as it was.

    Of digests and times some clients only learn by trying: those may work, but then truly.
    """
    path, features = ground.put("kept", b"kept"), ground.files.features
    calls = {
        "copy": (features.copy, lambda: ground.files.copy(path, ground.path("copy"))),
        "set_mode": (features.set_mode, lambda: ground.files.set(path, mode=0o600)),
        "resume_read": (features.resume_read, lambda: read(ground.files, path, offset=1)),
        "resume_write": (features.resume_write,
                         lambda: write(ground.files, path, b"x", offset=4)),
    }
    for name, (declared, call) in calls.items():
        if not declared:
            refused(NotSupported, call, f"{name} is not declared, and works")
    _learned(ground, path)
    expect(ground.get("kept") == b"kept", "the file")


def _learned(ground: Ground, path: str) -> None:
    """Digests and times: refused as not supported, or right."""
    when = datetime(2024, 1, 1, tzinfo=UTC)
    try:
        algorithm, told = ground.files.digest(path)
        plain = algorithm.lower().replace("-", "")
        expect(told.lower() == hashlib.new(plain, b"kept").hexdigest(), f"{algorithm} {told}")
    except NotSupported:
        expect(not ground.files.features.digests, "digests are declared")
    try:
        ground.files.set(path, modified=when)
        told_time = (ground.files.stat(path)).modified
        expect(told_time is not None and abs((told_time - when).total_seconds()) < 86_400,
               f"set to {when}, told as {told_time}")
    except NotSupported:
        expect(not ground.files.features.set_modified, "times are declared to be set")
