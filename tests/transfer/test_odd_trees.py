"""Odd trees and servers of little ability: names, sizes and times that break others."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from mirror_ground import contents, home, served, source

from postel import lab
from postel.errors import NoSpace
from postel.ftp import server_listing
from postel.ftp.server import QUIRKS
from postel.ftp.server_listing import long_line
from postel.lab import Lab
from postel.serving.files import FileStatus, MemoryFiles
from postel.transfer.mirror_sync import mirror, plan
from postel.transfer.types import Do, Plan

pytestmark = pytest.mark.slow

DAY = 86_400
EPOCH = 1_700_000_001
LARGE = 5 << 20


# -- names ---------------------------------------------------------------------------------

NAMES = ("trailing space ", " leading", "trailing dot.", "ends in ..", "n" * 255, "ü" * 127,
         "n" * 240 + ".txt", "tab\there", "esc\x1b[31m", "-rf", "~", "con", "a|b", "%41",
         "cafe\u0301", "\u1112\u1161\u11ab", os.fsdecode(b"caf\xe9"), os.fsdecode(b"\xff\xfe"))


def test_odd_names_go_up_and_down(here: Lab, tmp_path: Path, out: Path) -> None:
    ours = tmp_path / "ours"
    (ours / "deep.").mkdir(parents=True)
    for number, name in enumerate(NAMES):
        (ours / name).write_bytes(b"%d" % number)
        (ours / "deep." / name).write_bytes(b"deep %d" % number)
    result = mirror(ours, **home(here))
    assert result.ok, result.failures
    assert served(here) == contents(ours)
    assert mirror(ours, **home(here)).same == 2 * len(NAMES)
    back = home(here)
    result = mirror(back["target"], out, source_options=back["target_options"])
    assert result.ok, result.failures
    assert contents(out) == contents(ours)


@pytest.mark.parametrize("name", ["two\nlines", "carriage\rreturn", "both\r\nDELE f0"])
def test_names_with_line_ends_fail_alone(here: Lab, tmp_path: Path, name: str) -> None:
    (tmp_path / "good").write_bytes(b"good")
    (tmp_path / name).write_bytes(b"bad")
    result = mirror(tmp_path, **home(here))
    assert [path for path, _ in result.failures] == [name]
    assert served(here) == {"good": b"good"}


def test_two_forms_of_one_name_are_told_where_they_are_two(here: Lab, out: Path) -> None:
    here.ftp.files.put("/pub/caf\u00e9", b"composed")
    here.ftp.files.put("/pub/cafe\u0301", b"decomposed")
    here.ftp.files.put("/pub/good", b"good")
    result = mirror(source(here), out)
    assert (out / "good").exists()
    if result.ok:
        assert len(contents(out)) == 3
    else:
        assert len(result.failures) == 2
        assert list(contents(out)) == ["good"]


# -- sizes and times -----------------------------------------------------------------------


def test_an_empty_file_and_an_empty_folder(here: Lab, tmp_path: Path, out: Path) -> None:
    ours = tmp_path / "ours"
    (ours / "folder").mkdir(parents=True)
    (ours / "empty").write_bytes(b"")
    assert mirror(ours, **home(here)).ok
    back = home(here)
    assert mirror(back["target"], out, source_options=back["target_options"]).ok
    assert (out / "folder").is_dir()
    assert contents(out) == {"empty": b""}
    assert mirror(ours, **home(here)).same == 1


def test_more_than_four_gibibytes_are_planned(tmp_path: Path) -> None:
    ours, size = tmp_path / "ours", (5 << 30) + 1
    ours.mkdir()
    with (ours / "sparse").open("wb") as file:
        file.truncate(size)
    made = plan(ours, tmp_path / "theirs")
    assert made.size == size
    assert Plan.read(made.lines()).size == size
    (tmp_path / "theirs").mkdir()
    with (tmp_path / "theirs/sparse").open("wb") as file:
        file.truncate(size & 0xFFFF_FFFF)
    assert [action.do for action in plan(ours, tmp_path / "theirs").actions] == [Do.CHANGED]


@pytest.mark.parametrize("when", [-30 * 365 * DAY, -1, 0, 2**31, 2**32 + 5, 7_258_118_400])
def test_times_that_are_long_ago_or_far_ahead(
    here: Lab, tmp_path: Path, out: Path, when: int
) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "file").write_bytes(b"x")
    os.utime(ours / "file", (when, when))
    if (ours / "file").stat().st_mtime != when:
        pytest.skip("this file system has no such times")
    assert mirror(ours, **home(here)).ok
    again = mirror(ours, **home(here))
    assert (again.same, dict(again.done)) == (1, {})
    back = home(here)
    result = mirror(back["target"], out, source_options=back["target_options"])
    assert result.ok, result.failures
    assert (out / "file").stat().st_mtime == when


@pytest.mark.parametrize("skew", [25 * 3600, -25 * 3600])
def test_a_server_whose_clock_is_wrong_and_that_takes_no_times(
    here: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skew: int
) -> None:
    for number in range(4):
        (tmp_path / f"f{number}").write_bytes(b"%d" % number)
    put = MemoryFiles._fill

    def skewed(self: MemoryFiles, node: Any, data: bytes) -> None:
        put(self, node, data)
        node.modified += skew

    monkeypatch.setattr(MemoryFiles, "_fill", skewed)
    for verb in ("MFMT", "SITE", "MDTM"):
        here.ftp.faults.on(verb, b"502 not here", times=999)
    assert mirror(tmp_path, **home(here)).ok
    again = mirror(tmp_path, **home(here))
    assert (again.same, dict(again.done)) == (4, {}), "the clock was taken for a change"
    (tmp_path / "f1").write_bytes(b"!")
    os.utime(tmp_path / "f1", (1_700_000_000, 1_700_000_000))
    assert dict(mirror(tmp_path, **home(here)).done) == {Do.CHANGED: 1}
    assert served(here)["f1"] == b"!"


# -- servers of little ability -------------------------------------------------------------


@pytest.mark.parametrize("quirk", [*QUIRKS, "no FEAT, no MLSD, no SIZE, no REST"])
def test_servers_of_little_ability(here: Lab, tmp_path: Path, out: Path, quirk: str) -> None:
    here.ftp.quirks(*quirk.split(", "))
    if "no SIZE" in quirk:
        here.ftp.faults.on("MDTM", b"502 not here", times=999)
    ours = tmp_path / "ours"
    for number in range(9):
        (ours / f"d{number % 2}").mkdir(parents=True, exist_ok=True)
        (ours / f"d{number % 2}" / f"f{number}").write_bytes(b"%d" % number * 40)
    result = mirror(ours, **home(here))
    assert result.ok, result.failures
    assert served(here) == contents(ours)
    back = home(here)
    result = mirror(back["target"], out, source_options=back["target_options"])
    assert result.ok, result.failures
    assert contents(out) == contents(ours)
    assert mirror(ours, **home(here)).same == 9
    again = mirror(back["target"], out, source_options=back["target_options"])
    assert (again.same, dict(again.done)) == (9, {})


@pytest.mark.parametrize("quirk", ["no REST", "REST ignored"])
def test_a_large_file_is_whole_without_rest(here: Lab, out: Path, quirk: str) -> None:
    here.ftp.quirks(quirk)
    data = os.urandom(LARGE)
    here.ftp.files.put("/pub/large.bin", data)
    here.ftp.faults.on("RETR", cut=LARGE // 2, close=True)
    result = mirror(source(here), out)
    if not result.ok:
        assert not (out / "large.bin").exists()
        assert mirror(source(here), out).ok
    assert (out / "large.bin").read_bytes() == data


WEB_HABITS = ("200 to Range", "206 no Content-Range", "206 wrong offset", "206 wrong total",
              "If-Range ignored", "frozen ETag", "gz as coding", "gzip with Range",
              "multipart for one range", "no validators", "weak ETag", "405 to HEAD",
              "HEAD without length", "one request a connection")


@pytest.fixture(scope="module")
def web() -> Iterator[Lab]:
    with lab.start("http", "webdav") as started:
        yield started


@pytest.mark.parametrize("changes", [False, True], ids=["the same", "another meanwhile"])
@pytest.mark.parametrize("habit", WEB_HABITS)
def test_a_large_file_from_web_servers_of_odd_habits(
        web: Lab, out: Path, habit: str, changes: bool) -> None:
    old, new = os.urandom(LARGE), os.urandom(LARGE)
    web.http.files.put("/odd/large.bin", old, modified=1_600_000_000)
    web.http.files.put("/odd/small.txt", b"small")
    web.http.faults.on("GET /odd/large.bin", cut=LARGE // 2, times=9)
    first = mirror(web.url("http", path="/odd/"), out, tries=1)
    assert [path for path, _ in first.failures] == ["large.bin"]
    assert not (out / "large.bin").exists()
    web.http.faults.clear()
    web.http.quirks(habit)
    if changes:
        web.http.files.put("/odd/large.bin", new, modified=1_700_000_000)
    try:
        second = mirror(web.url("http", path="/odd/"), out)
        if not second.ok:  # refused, and not mixed: the next one begins anew
            assert not (out / "large.bin").exists()
            second = mirror(web.url("http", path="/odd/"), out)
        assert second.ok, second.failures
        assert (out / "large.bin").read_bytes() == (new if changes else old)
        assert (out / "small.txt").read_bytes() == b"small"
    finally:
        web.http.quirks()


def test_a_store_that_is_full_over_webdav(web: Lab, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"f{number}").write_bytes(b"%d" % number * 9)
    web.webdav.faults.on("PUT", b"507 Insufficient Storage", after=2, times=1)
    there = {"target": web.url("webdav", user="alice", path="/full/"), "target_options": {"password": "secret"}}
    result = mirror(tmp_path, **there)
    assert [type(error) for _, error in result.failures] == [NoSpace]
    assert mirror(tmp_path, **there).ok
    assert {path.removeprefix("/full/"): data for path, data in web.webdav.files.tree().items()
            } == contents(tmp_path)


def test_a_disk_that_keeps_even_seconds(
        here: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT does; the journal knows what became of a time that was asked for."""
    kept = MemoryFiles.set_modified
    monkeypatch.setattr(MemoryFiles, "set_modified", lambda self, path, seconds: kept(
        self, path, seconds // 2 * 2))
    for number in range(4):
        (tmp_path / f"f{number}").write_bytes(b"%d" % number)
        os.utime(tmp_path / f"f{number}", (EPOCH + number, EPOCH + number))
    assert mirror(tmp_path, **home(here)).ok
    assert mirror(tmp_path, **home(here)).same == 4
    again = mirror(tmp_path, **home(here), journal=False, window=2)
    assert (again.same, dict(again.done)) == (4, {})


def test_a_change_within_the_minutes_that_a_server_lists(here: Lab, tmp_path: Path) -> None:
    here.ftp.quirks("no MLSD")
    now = int(time.time()) - 600
    for number in range(3):
        (tmp_path / f"f{number}").write_bytes(b"%d" % number)
        os.utime(tmp_path / f"f{number}", (now, now))
    assert mirror(tmp_path, **home(here)).ok
    (tmp_path / "f1").write_bytes(b"!")
    os.utime(tmp_path / "f1", (now + 5, now + 5))
    assert dict(mirror(tmp_path, **home(here)).done) == {Do.CHANGED: 1}
    assert served(here)["f1"] == b"!"


@pytest.mark.parametrize("journal", [True, False])
def test_a_server_that_lists_local_time_in_summer_and_winter(
        here: Lab, out: Path, monkeypatch: pytest.MonkeyPatch, journal: bool) -> None:
    berlin = ZoneInfo("Europe/Berlin")

    def local(status: FileStatus, now: float) -> str:
        away = datetime.fromtimestamp(status.modified, berlin).utcoffset()
        assert away is not None
        return long_line(replace(status, modified=status.modified + away.total_seconds()), now)

    monkeypatch.setattr(server_listing, "long_line", local)
    here.ftp.quirks("no MLSD")
    for month in range(1, 13):
        here.ftp.files.put(f"/pub/f{month:02}", b"%d" % month, modified=datetime(
            datetime.now(UTC).year - 1, month, 15, 12, tzinfo=UTC).timestamp())
        here.ftp.files.put(f"/pub/recent{month:02}", b"%d" % month,
                           modified=time.time() - month * 15 * DAY)
    assert mirror(source(here), out, journal=journal).ok
    again = mirror(source(here), out, journal=journal)
    assert (again.same, dict(again.done)) == (24, {})


CHILD = """\
import re, sys
from pathlib import Path
from postel import ftp
from postel.transfer.mirror_sync import plan
what, url, out = sys.argv[1:]
if what == "list":
    with ftp.Client(url) as site:
        count = sum(1 for _ in site.list("crowd"))
else:
    count = len(plan(url + "crowd", out, journal=False).actions)
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(count, int(peak[1]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak")
@pytest.mark.parametrize(("what", "most"), [("list", 64), ("plan", 150)])
def test_a_hundred_thousand_files_in_one_folder(
        here: Lab, tmp_path: Path, what: str, most: int) -> None:
    for number in range(100_000):
        here.ftp.files.put(f"/crowd/file-{number:06}.txt", b"")
    url = f"ftp://127.0.0.1:{here.ftp.port}/"
    done = subprocess.run([sys.executable, "-c", CHILD, what, url, tmp_path / "out"], check=True,
                          capture_output=True, text=True, timeout=50)
    count, size = map(int, done.stdout.split())
    assert count == 100_000
    assert size < most, f"{size} MiB"
