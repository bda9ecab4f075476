# GENERATED from files_reading_async.py by tools/unasync.py: edit that file, not this one.
"""What every file scheme keeps when it lists, tells and reads."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from ..errors import BusyError, NotFound, PostelError, ReplyError
from ..session.files_sync import Reading
from ..types import Kind
from ..wire.names import joined
from .exam_sync import Ground, Paper, expect, listed, read, refused

__all__ = ["PAPER", "body"]

PAPER = Paper()

MANY = 1_200
"""Entries of a large folder: more than any server's buffer, or a page of a listing, holds."""

SIZES = (0, 1, 511, 512, 513, 8_191, 32_768, 65_535, 65_537, 262_144, 1_048_577, 5_000_000)
"""Bytes of files: nothing, one, and either side of what protocols take as a block."""


def body(size: int, salt: str = "") -> bytes:
    """*size* bytes that repeat nowhere near, the same every time.

    Example:
        >>> len(body(1000)), body(100) == body(1000)[:100], body(9) == body(9, "other")
        (1000, True, False)
    """
    return hashlib.shake_128(f"postel {salt}".encode()).digest(size)


# -- listing ---------------------------------------------------------------------------------


@PAPER.needs("list")
def an_empty_folder_is_empty(ground: Ground) -> None:
    """A folder with nothing in it lists nothing: no ".", no "..", no itself."""
    path = ground.folder("empty")
    expect(listed(ground.files, path) == {}, "an empty folder")


@PAPER.needs("list")
def a_folder_is_listed(ground: Ground) -> None:
    """Each entry comes once, with name and kind."""
    ground.put("b.txt", b"12345")
    ground.put("a.txt")
    ground.folder("c")
    entries = [entry for entry in ground.files.list(ground.top)]
    kinds = sorted((entry.name, entry.kind) for entry in entries)
    expect([name for name, _ in kinds] == ["a.txt", "b.txt", "c"], f"names: {kinds}")
    expect([kind for _, kind in kinds] == [Kind.FILE, Kind.FILE, Kind.FOLDER], f"{kinds}")


@PAPER.needs("list", "sizes")
def listed_sizes_are_exact(ground: Ground) -> None:
    """Where sizes are declared exact, they are, up to the last byte."""
    for size in (0, 1, 999, 1_000, 1_023, 1_024, 1_500_000):
        ground.put(f"{size}", body(size))
    sizes = {name: e.exact_size for name, e in (listed(ground.files, ground.top)).items()}
    expect(sizes == {name: int(name) for name in sizes} and len(sizes) == 7, f"sizes: {sizes}")


@PAPER.needs("list")
def a_large_folder_is_listed(ground: Ground) -> None:
    """Nothing is lost of a large folder."""
    names = {f"file-{number:05}.txt" for number in range(MANY)}
    for name in names:
        ground.put(f"large/{name}")
    found = [entry.name for entry in ground.files.list(ground.path("large"))]
    expect(len(found) == MANY, f"{len(found)} of {MANY} entries")
    expect(set(found) == names, "the names of a large folder")


@PAPER.needs("list")
def a_missing_folder_is_not_found(ground: Ground) -> None:
    """Listing what is not there is `NotFound`, not an empty folder."""
    refused(NotFound, lambda: listed(ground.files, ground.path("missing")),
                  "a missing folder was listed")


@PAPER.needs("list", "stat")
def a_listing_left_early_harms_nothing(ground: Ground) -> None:
    """Whoever leaves a listing may go on with other things."""
    for number in range(300):
        ground.put(f"{number}")
    with ground.files.list(ground.top) as entries:
        for _ in entries:
            break
    expect((ground.files.stat(ground.path("7"))).is_file, "after a listing left early")
    expect(len(listed(ground.files, ground.top)) == 300, "listed again")


@PAPER.needs("list", "stat")
def a_command_within_a_listing_is_answered(ground: Ground) -> None:
    """Each entry can be asked about while the listing is not at its end."""
    for number in range(40):
        ground.put(f"{number}", body(number))
    seen = 0
    for entry in ground.files.list(ground.top):
        told = ground.files.stat(ground.path(entry.name))
        expect(told.size in (int(entry.name), None), f"{entry.name}: {told}")
        seen += 1
    expect(seen == 40, f"{seen} of 40 entries")


@PAPER.needs("list", "stat")
def a_listing_and_stat_agree(ground: Ground) -> None:
    """Kind, size and time are the same in both, as exact as each is."""
    path = ground.put("one.txt", body(1_234))
    entry = (listed(ground.files, ground.top))["one.txt"]
    told = ground.files.stat(path)
    expect(told.kind is entry.kind, f"kinds: {told} {entry}")
    if told.exact_size is not None and entry.exact_size is not None:
        expect(told.exact_size == entry.exact_size, f"sizes: {told} {entry}")
    if told.modified and entry.modified and told.modified.tzinfo and entry.modified.tzinfo:
        least = max(told.precision or 60, entry.precision or 60)
        expect(abs(told.modified - entry.modified) <= timedelta(seconds=least),
               f"times: {told} {entry}")


# -- telling ---------------------------------------------------------------------------------


@PAPER.needs("stat")
def a_file_is_told(ground: Ground) -> None:
    """Name, kind and size of a file."""
    entry = ground.files.stat(ground.put("told.txt", body(777)))
    expect(entry.name == "told.txt", f"its name: {entry}")
    expect(entry.is_file and entry.size in (777, None), f"{entry}")


@PAPER.needs("stat", "list")
def a_folder_is_told(ground: Ground) -> None:
    """A folder is told as one, with or without a slash at its end."""
    path = ground.folder("told")
    expect((ground.files.stat(path)).is_folder, "a folder")
    expect((ground.files.stat(f"{path}/")).is_folder, "a folder with a slash")


@PAPER.needs("stat")
def what_is_missing_is_not_found(ground: Ground) -> None:
    """Nothing of that name is `NotFound`, and the client lives."""
    ground.put("there")
    refused(NotFound, lambda: ground.files.stat(ground.path("missing")), "missing")
    refused(NotFound, lambda: ground.files.stat(ground.path("no/such/folder")), "deeper")
    expect((ground.files.stat(ground.path("there"))).is_file, "after a refusal")


@PAPER.needs("stat")
def below_a_file_is_nothing(ground: Ground) -> None:
    """A file has no inside."""
    ground.put("file", b"x")
    refused(ReplyError, lambda: ground.files.stat(ground.path("file/inside")), "inside")


@PAPER.needs("stat", "times")
def a_new_file_is_new(ground: Ground) -> None:
    """Its time is now, as far as it is told with a zone."""
    entry = ground.files.stat(ground.put("new", b"x"))
    if entry.modified is not None and entry.modified.tzinfo is not None:
        away = abs(datetime.now(UTC) - entry.modified)
        expect(away < timedelta(seconds=120 + (entry.precision or 86_400)), f"{away} from now")


# -- reading ---------------------------------------------------------------------------------


def _a_size(size: int) -> None:
    def check(ground: Ground) -> None:
        data = body(size)
        path = ground.put("sized.bin", data)
        got = read(ground.files, path)
        expect(hashlib.sha256(got).digest() == hashlib.sha256(data).digest(),
               f"{len(got)} bytes of {size} came, or others")

    PAPER.add(f"a_file_of_{size}_bytes_is_read", f"{size} bytes arrive, and no others.",
              ("read",), check)


for _size in SIZES:
    _a_size(_size)


@PAPER.needs("read")
def the_size_is_counted(ground: Ground) -> None:
    """What was announced, if anything, is what comes, and it is counted."""
    path = ground.put("counted", body(100_000))
    with ground.files.read(path) as reading:
        expect(reading.expected in (100_000, None), f"announced: {reading.expected}")
        total = sum([len(chunk) for chunk in reading])
    expect(total == reading.size == 100_000, f"counted: {reading.size}")


@PAPER.needs("read")
def two_files_are_read_in_a_row(ground: Ground) -> None:
    """The second is the second."""
    first = ground.put("first", body(70_000, "1"))
    second = ground.put("second", body(70_000, "2"))
    for _ in range(3):
        expect(read(ground.files, first) == body(70_000, "1"), "the first")
        expect(read(ground.files, second) == body(70_000, "2"), "the second")


@PAPER.needs("read")
def a_read_left_half_way_harms_nothing(ground: Ground) -> None:
    """Whoever leaves a body may go on with other things."""
    path = ground.put("long", body(3_000_000))
    other = ground.put("short", b"short")
    for _ in range(3):
        with ground.files.read(path) as reading:
            for _ in reading:
                break
        expect(read(ground.files, other) == b"short", "after a body left half way")


@PAPER.needs("read")
def a_read_never_begun_harms_nothing(ground: Ground) -> None:
    """A reading that is opened and left takes nothing with it."""
    path = ground.put("unread", body(500_000))
    with ground.files.read(path):
        pass
    expect(len(read(ground.files, path)) == 500_000, "after a body not begun")


@PAPER.needs("read")
def a_missing_file_cannot_be_read(ground: Ground) -> None:
    """It is `NotFound`, and the client lives."""
    path = ground.put("there", b"here")
    refused(NotFound, lambda: read(ground.files, ground.path("missing")), "a missing file")
    expect(read(ground.files, path) == b"here", "after a refusal")


@PAPER.needs("read", "list")
def a_folder_cannot_be_read(ground: Ground) -> None:
    """A folder has no bytes; the client lives."""
    path = ground.folder("folder")
    other = ground.put("file", b"x")
    refused(PostelError, lambda: read(ground.files, path), "a folder was read")
    expect(read(ground.files, other) == b"x", "after a refusal")


def _an_offset(name: str, offset: int) -> None:
    def check(ground: Ground) -> None:
        data = body(100_000)
        path = ground.put("offset", data)
        expect(read(ground.files, path, offset=offset) == data[offset:],
               f"from {offset} on")

    PAPER.add(f"reading_from_{name}", f"A read from {name.replace('_', ' ')} gives just that.",
              ("read", "resume_read"), check)


_an_offset("the_first_byte", 0)
_an_offset("the_second_byte", 1)
_an_offset("the_middle", 50_001)
_an_offset("the_last_byte", 99_999)


@PAPER.needs("read", "resume_read")
def reading_from_the_end(ground: Ground) -> None:
    """There is nothing behind the end; it may also be refused, but not answered with bytes."""
    path = ground.put("end", body(1_000))
    for offset in (1_000, 1_001, 5_000_000):
        try:
            got = read(ground.files, path, offset=offset)
        except PostelError:
            continue
        expect(got == b"", f"{len(got)} bytes from {offset} on, of 1,000")
    expect(len(read(ground.files, path)) == 1_000, "after reading from the end")


@PAPER.needs("read", "stat")
def an_open_body_and_other_commands(ground: Ground) -> None:
    """A command while a body is open is `BusyError`, or is answered; the body comes whole."""
    data = body(2_000_000)
    path = ground.put("body", data)
    got = []
    with ground.files.read(path) as reading:
        for chunk in reading:
            got.append(bytes(chunk))
            if len(got) == 1:
                _other(ground, path, reading)
    expect(b"".join(got) == data, "the body is whole")
    expect((ground.files.stat(path)).is_file, "after the body")


def _other(ground: Ground, path: str, reading: Reading) -> None:
    try:
        expect((ground.files.stat(path)).is_file, "answered beside a body")
    except BusyError as error:
        expect(bool(error.hint) and bool(reading.name), "BusyError says what to do")


@PAPER.needs("list", "read")
def folders_below_folders(ground: Ground) -> None:
    """A path leads through many folders."""
    deep = "/".join(f"folder {level}" for level in range(12))
    path = ground.put(f"{deep}/leaf.txt", b"leaf")
    expect(read(ground.files, path) == b"leaf", "a deep file")
    above, _, _ = path.rpartition("/")
    expect(list(listed(ground.files, above)) == ["leaf.txt"], "a deep folder")
    expect(joined(above, "leaf.txt") == path, "paths join by a slash")
