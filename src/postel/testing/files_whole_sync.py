# GENERATED from files_whole_async.py by tools/unasync.py: edit that file, not this one.
"""What every file client keeps: downloads and uploads that are whole or not there, connections."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from pathlib import Path

from ..errors import NetworkError, NotFound, PostelError
from ..session.files_sync import Reading
from ..session.site_sync import FileSite
from ..session.transfer_sync import temporary
from ..transfer.pace_sync import Pace
from ..transfer.sites_sync import PacedSite
from ..transport.clock_sync import sleep
from ..transport.crew_sync import Crew
from ..types import Progress
from .exam_sync import Ground, Paper, expect, listed, read, refused
from .files_reading_sync import body

__all__ = ["PAPER"]

PAPER = Paper()

LARGE = 6_000_000
"""Bytes of a file that is not done at once."""


class _Cut(Exception):
    """The caller has had enough."""


class _Cutter:
    """Progress that breaks the transfer off, once it has come some way; notes where it began."""

    def __init__(self, after: int = LARGE) -> None:
        self.after, self.began = after, -1

    def __call__(self, progress: Progress) -> None:
        self.began = progress.started_at if self.began < 0 else self.began
        if self.after <= progress.done < LARGE:
            raise _Cut


class _Breaking(io.BytesIO):
    """An open file that fails after a while."""

    def read(self, size: int | None = -1) -> bytes:
        """As much as is asked for, until it is enough."""
        if self.tell() > 100_000:
            raise _Cut
        return super().read(size)


# -- down ------------------------------------------------------------------------------------


@PAPER.needs("read")
def a_file_is_downloaded(ground: Ground) -> None:
    """To a name, into a folder, over an old one; nothing else is left beside it."""
    path = ground.put("file.bin", body(500_000))
    folder = ground.local / "folder"
    folder.mkdir()
    expect(ground.site.download(path, folder / "other") == 500_000, "its size")
    ground.site.download(path, folder)
    (folder / "old").write_bytes(bytes(900_000))
    ground.site.download(path, folder / "old")
    expect(sorted(one.name for one in folder.iterdir()) == ["file.bin", "old", "other"], "names")
    expect(all(one.read_bytes() == body(500_000) for one in folder.iterdir()), "bytes")


@PAPER.needs("read")
def a_missing_file_leaves_nothing_here(ground: Ground) -> None:
    """What cannot be had takes no name, and harms none that is there."""
    target = ground.local / "target"
    target.write_bytes(b"kept")
    refused(NotFound, lambda: ground.site.download(ground.path("missing"), target), "had")
    expect(target.read_bytes() == b"kept", "what was there")
    expect(len(list(ground.local.iterdir())) == 1, "and nothing else")


@PAPER.needs("read", "stat", "times")
def a_download_keeps_the_time(ground: Ground) -> None:
    """The file here is as old as the one there, where it is told with its zone."""
    path = ground.put("aged", b"x")
    told = (ground.files.stat(path)).modified
    ground.site.download(path, ground.local / "aged")
    if told is not None and told.tzinfo is not None:
        here = (ground.local / "aged").stat().st_mtime
        expect(abs(here - told.timestamp()) < 0.001, f"{here} {told.timestamp()}")


@PAPER.needs("read", "stat", "times", "resume_read")
def a_download_goes_on_where_it_stopped(ground: Ground) -> None:
    """One that was broken off leaves nothing under its name, and does not begin anew."""
    path, target = ground.put("large", body(LARGE)), ground.local / "large"
    _cut_download(ground, path, target, LARGE // 3)
    progress = _Cutter()
    ground.site.download(path, target, progress=progress)
    expect(target.read_bytes() == body(LARGE), "other bytes")
    expect(progress.began > 0, "it began anew")


@PAPER.needs("read", "stat")
def a_changed_file_is_not_mixed(ground: Ground) -> None:
    """One that changed since a download was broken off (same size, other bytes) comes new."""
    path, target = ground.put("large", body(LARGE)), ground.local / "large"
    _cut_download(ground, path, target, LARGE // 3)
    ground.put("large", body(LARGE, "changed"))
    try:
        ground.site.download(path, target)
    except PostelError:
        expect(not target.exists(), "an error, and a file")
        return
    expect(target.read_bytes() == body(LARGE, "changed"), "old bytes in the new file")


@PAPER.needs("read", "stat")
def a_shrunken_file_is_not_mixed(ground: Ground) -> None:
    """One that got shorter than what is here already comes new."""
    path, target = ground.put("large", body(LARGE)), ground.local / "large"
    _cut_download(ground, path, target, LARGE // 2)
    ground.put("large", body(1_000, "short"))
    ground.site.download(path, target)
    expect(target.read_bytes() == body(1_000, "short"), "old bytes in the new file")


def _cut_download(ground: Ground, path: str, target: Path, after: int) -> None:
    """Break a download off; so that there is a middle to do it in, it keeps a pace."""
    slow = PacedSite(ground.site, Pace(20_000_000))
    try:
        slow.download(path, target, progress=_Cutter(after))
    except _Cut:
        expect(not target.exists(), "a part has the whole file's name")
        return
    raise AssertionError("it was not broken off")


# -- up --------------------------------------------------------------------------------------


@PAPER.needs("write", "rename")
def a_file_is_uploaded(ground: Ground) -> None:
    """From a path, from an open file, into a folder; nothing else is left there."""
    source = ground.local / "source.bin"
    source.write_bytes(body(400_000))
    ground.folder("folder")
    expect(ground.site.upload(source, ground.path("named")) == 400_000, "its size")
    ground.site.upload(source, ground.path("folder/"))
    ground.site.upload(io.BytesIO(b"open"), ground.path("opened"))
    expect(ground.get("named") == ground.get("folder/source.bin") == body(400_000),
           "bytes")
    expect(ground.get("opened") == b"open", "from an open file")
    if "list" in ground.offers:
        names = set(listed(ground.files, ground.top))
        expect(names == {"named", "folder", "opened"}, f"left: {names}")


@PAPER.needs("write", "rename")
def an_upload_replaces(ground: Ground) -> None:
    """What was there is there until the new one is whole."""
    source = ground.local / "source"
    source.write_bytes(b"new")
    path = ground.put("taken", body(200_000))
    ground.site.upload(source, path)
    expect(ground.get("taken") == b"new", "replaced")


@PAPER.needs("write", "rename")
def an_upload_broken_off_leaves_no_name(ground: Ground) -> None:
    """Neither a new name with a part, nor a part under an old one."""
    path = ground.put("taken", b"old")
    for name in ("taken", "new"):
        try:
            ground.site.upload(_Breaking(body(LARGE)), ground.path(name))
            raise AssertionError("it went well")
        except _Cut:
            pass
        if not getattr(ground.site, "is_open", True):
            ground.site.reopen()
    expect(ground.get("taken") == b"old", "the old one stays")
    expect(ground.get("new") is None, "a part has the whole file's name")
    expect(read(ground.files, path) == b"old", "and the client lives")


@PAPER.needs("write")
def an_upload_in_place(ground: Ground) -> None:
    """Where nobody may rename, the final name is written at once."""
    source = ground.local / "source"
    source.write_bytes(body(30_000))
    ground.site.upload(source, ground.path("placed"), inplace=True)
    expect(ground.get("placed") == body(30_000), "in place")


@PAPER.needs("write", "rename", "set_modified", "stat", "times")
def an_upload_keeps_the_time(ground: Ground) -> None:
    """The file there is as old as the one here."""
    source = ground.local / "aged"
    source.write_bytes(b"x")
    when = datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)
    os.utime(source, (when.timestamp(), when.timestamp()))
    ground.site.upload(source, ground.path("aged"))
    told = (ground.files.stat(ground.path("aged"))).modified
    precision = ground.files.features.precision or 86_400
    expect(told is not None and told.tzinfo is not None
           and abs((told - when).total_seconds()) <= precision, f"{told}")


@PAPER.needs("write", "rename", "resume_write", "stat", "sizes")
def an_upload_goes_on_where_it_stopped(ground: Ground) -> None:
    """What an earlier run stored is kept, and the whole is whole."""
    source = ground.local / "large"
    source.write_bytes(body(LARGE))
    ground.put(temporary("large"), body(LARGE // 3))  # as a run that was killed leaves it
    progress = _Cutter()
    ground.site.upload(source, ground.path("large"), resume=True, progress=progress)
    expect(ground.get("large") == body(LARGE), "other bytes")
    expect(progress.began == LARGE // 3, "it began anew")


# -- connections -----------------------------------------------------------------------------


@PAPER.needs("read")
def clients_beside_each_other(ground: Ground) -> None:
    """Four at once, each with files of its own: none gets another's bytes."""
    for number in range(8):
        ground.put(f"{number}", body(400_000, f"{number}"))
    wrong: list[str] = []

    def fetch(site: FileSite, numbers: list[int]) -> None:
        with site:
            for number in numbers:
                got = read(site.files, ground.path(f"{number}"))
                if got != body(400_000, f"{number}"):
                    wrong.append(f"{number}")

    with Crew() as crew:
        for start in range(4):
            crew.start(fetch, ground.site.another(), [start, start + 4, start])
    expect(not wrong, f"other bytes: {wrong}")


@PAPER.needs("read")
def a_client_is_opened_again(ground: Ground) -> None:
    """After closing, twice, it can be used once more."""
    path = ground.put("again", b"again")
    ground.site.reopen()
    expect(read(ground.files, path) == b"again", "reopened")
    ground.site.close()
    ground.site.close()
    ground.site.open()
    expect(read(ground.files, path) == b"again", "opened again")


@PAPER.needs("read", "list")
def who_is_stopped_harms_nobody(ground: Ground) -> None:
    """A reader that is stopped half way leaves a client that works, or that says it is closed."""
    path = ground.put("long", body(LARGE))
    short = ground.put("short", b"short")

    def read_slowly() -> None:
        with ground.files.read(path) as reading:
            for _ in reading:
                sleep(20)

    with Crew() as crew:
        crew.start(read_slowly)
        sleep(0.05)
        crew.stop()
    _still_works(ground, short)


@PAPER.needs("read", "list")
def who_is_stopped_while_waiting_harms_nobody(ground: Ground) -> None:
    """The same, wherever it was waiting."""
    path = ground.put("long", body(LARGE))
    short = ground.put("short", b"short")

    def read_for_ever() -> None:
        while True:
            read(ground.files, path)
            sleep(0)  # where nothing else waits, this hears of the end

    for seconds in (0.002, 0.01, 0.03):
        with Crew() as crew:
            crew.start(read_for_ever)
            sleep(seconds)
            crew.stop()
        _still_works(ground, short)


@PAPER.needs("read", "list")
def who_is_stopped_among_many_harms_nobody(ground: Ground) -> None:
    """The same, between one file of a batch and the next."""
    names = [f"{number}" for number in range(40)]
    for name in names:
        ground.put(name, body(300, name))
    short = ground.put("short", b"short")

    def take(name: str, reading: Reading) -> None:
        with reading:
            expect(b"".join([bytes(chunk) for chunk in reading]) == body(300, name), name)

    def read_for_ever() -> None:
        while True:
            ground.files.read_many([(name, ground.path(name)) for name in names], take)
            sleep(0)

    for seconds in (0.003, 0.007, 0.02):
        with Crew() as crew:
            crew.start(read_for_ever)
            sleep(seconds)
            crew.stop()
        _still_works(ground, short)


def _still_works(ground: Ground, path: str) -> None:
    """Either the client goes on, or it says that its connection is gone and can be opened again."""
    try:
        got = read(ground.files, path)
    except (NetworkError, PostelError):
        ground.site.reopen()
        got = read(ground.files, path)
    expect(got == b"short", f"other bytes: {got[:20]!r}")


@PAPER.needs("stat", "read", "list")
def errors_name_what_was_asked(ground: Ground) -> None:
    """A refusal says what was attempted, and where."""
    error = refused(NotFound, lambda: ground.files.stat(ground.path("no-such-name")), "told")
    expect("no-such-name" in str(error), f"it names the file: {error}")
    expect(isinstance(error, FileNotFoundError), "it is what people already catch")
