# GENERATED from test_local_async.py by tools/unasync.py: edit that file, not this one.
"""This machine's files by the common verbs: what the disk refuses is told in the one error tree."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postel.errors import (
    AlreadyExists,
    Changed,
    Conflict,
    Forbidden,
    Incomplete,
    NoSpace,
    NotFound,
    NotSupported,
    ReplyError,
    UsageError,
)
from postel.local import disk
from postel.local.client_sync import Client
from postel.session.files_sync import Watch
from postel.types import Kind
from postel.urls import parse

WHEN = datetime(2020, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)


def content(here: Client, path: str, offset: int = 0) -> bytes:
    with here.files.read(path, offset=offset) as reading:
        return b"".join([chunk for chunk in reading])


def test_reading_and_writing(tmp_path: Path) -> None:
    with Client(tmp_path) as here:
        with here.files.write("a.txt") as sink:
            sink.send(b"hello ")
            sink.send(b"world")
        assert (tmp_path / "a.txt").read_bytes() == b"hello world"
        assert content(here, "a.txt") == b"hello world"
        assert content(here, "a.txt", 6) == b"world"
        assert content(here, "a.txt", 11) == b""
        with here.files.write("a.txt", offset=5) as sink:
            sink.send(b"!")
        assert (tmp_path / "a.txt").read_bytes() == b"hello!"  # what came after is gone


def test_offsets_beyond_the_end_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    with Client(tmp_path) as here:
        with pytest.raises(Changed, match="from byte 6: it has only 5"):
            content(here, "a", 6)
        with pytest.raises(Changed, match="from byte 1,000: it has only 5") as caught:
            with here.files.write("a", offset=1000):
                pass
        assert "hole of zeros" in caught.value.hint
        with pytest.raises(NotFound):
            with here.files.write("new", offset=3):
                pass
    assert (tmp_path / "a").read_bytes() == b"12345"
    assert not (tmp_path / "new").exists()


def test_listing_sees_links_and_stat_follows_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_bytes(b"12345")
    os.utime(tmp_path / "a.txt", ns=(0, 1_600_000_000_123_456_789))
    (tmp_path / "link").symlink_to("a.txt")
    (tmp_path / "loose").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    with Client(tmp_path) as here:
        found = {entry.name: entry for entry in here.list()}
        assert {name: entry.kind for name, entry in found.items()} == {
            "sub": Kind.FOLDER, "a.txt": Kind.FILE, "link": Kind.LINK, "loose": Kind.LINK,
            "pipe": Kind.OTHER}
        assert found["a.txt"].size == 5
        assert found["a.txt"].modified == datetime(2020, 9, 13, 12, 26, 40, 123456, tzinfo=UTC)
        assert found["a.txt"].mode == stat.S_IMODE((tmp_path / "a.txt").stat().st_mode)
        assert found["link"].target == "a.txt"
        assert (here.stat("link")).kind is Kind.FILE
        assert (here.stat("link")).size == 5
        loose = here.stat("loose")
        assert (loose.kind, loose.target) == (Kind.LINK, "nowhere")
        assert (here.stat("")).is_folder
        with pytest.raises(NotFound, match=r"stat .*missing"):
            here.stat("missing")


def test_long_listings_come_in_batches(tmp_path: Path) -> None:
    for number in range(1_203):
        (tmp_path / f"f{number}").touch()
    with Client(tmp_path) as here:
        assert len([entry for entry in here.list()]) == 1_203
        for entry in here.list():  # leaving early costs nothing and leaks nothing
            (tmp_path / entry.name).unlink()
            break


def test_folders_names_and_removal(tmp_path: Path) -> None:
    with Client(tmp_path) as here:
        here.files.make("d")
        with pytest.raises(AlreadyExists):
            here.files.make("d")
        here.makedirs("d/e/f")
        (tmp_path / "x").write_bytes(b"x")
        (tmp_path / "y").write_bytes(b"y")
        here.files.rename("x", "y")  # replaces
        assert (tmp_path / "y").read_bytes() == b"x"
        with pytest.raises(Conflict, match=r"remove .*d: "):
            here.files.remove("d", folder=True)
        with pytest.raises(Conflict, match="irectory"):
            here.files.remove("d")
        with pytest.raises(NotFound):
            here.files.remove("y", folder=True)  # a file is no folder
        with pytest.raises(NotFound):
            here.files.rename("missing", "z")
        with pytest.raises(NotFound):
            _ = [entry for entry in here.list("y")]
        report = here.rmtree("d")
        assert (report.folders, report.ok) == (3, True)


def test_removing_a_tree_never_follows_links(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a").touch()
    (tmp_path / "link").symlink_to("kept")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "inner").symlink_to("../kept")
    with Client(tmp_path) as here:
        assert (here.rmtree("link/")).files == 1
        assert (here.rmtree("t")).files == 1
        with pytest.raises(NotFound):
            here.rmtree("t")
        with pytest.raises(UsageError, match="that is the root"):
            here.rmtree("/")
    assert (tmp_path / "kept" / "a").exists()


def test_times_permissions_and_digests(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    with Client(tmp_path) as here:
        here.files.set("a", modified=WHEN, mode=0o640)
        entry = here.stat("a")
        assert (entry.modified, entry.mode) == (WHEN, 0o640)
        here.files.set("a", modified=WHEN.replace(tzinfo=None))  # naive means UTC
        assert (here.stat("a")).modified == WHEN
        assert here.files.digest("a") == ("SHA-256", hashlib.sha256(b"abc").hexdigest())
        assert here.files.digest("a", "CRC32") == ("CRC32", "352441c2")
        with pytest.raises(NotSupported, match="WHIRLPOOL is not known here"):
            here.files.digest("a", "WHIRLPOOL")
        outcomes = [one for one in here.files.set_many([("a", WHEN), ("b", WHEN)])]
        assert [one.ok for one in outcomes] == [True, False]


def test_copies_keep_time_and_permissions(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    (tmp_path / "a").write_bytes(data)
    with Client(tmp_path) as here:
        here.files.set("a", modified=WHEN, mode=0o750)
        here.copy("a", "b")
        copied = here.stat("b")
        assert (copied.size, copied.modified, copied.mode) == (len(data), WHEN, 0o750)
        assert (tmp_path / "b").read_bytes() == data
        (tmp_path / "c").touch(0o600)
        here.copy("a", "c")
        assert (here.stat("c")).mode == 0o600  # what was there keeps its own
        with pytest.raises(Conflict, match="onto itself"):
            here.copy("a", "a")
        (tmp_path / "d").mkdir()
        with pytest.raises(Conflict, match="that is a folder"):
            here.copy("a", "d")
        with pytest.raises(Conflict, match="that is a folder"):
            here.copy("d", "e")
        with pytest.raises(NotFound):
            here.copy("missing", "e")
        with pytest.raises(NotFound):
            here.copy("a", "no/such/folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "c", "d"]


def test_down_and_up_and_trees(tmp_path: Path) -> None:
    source, target = tmp_path / "s", tmp_path / "t"
    (source / "in").mkdir(parents=True)
    (source / "a").write_bytes(os.urandom(5_000_000))
    (source / "in" / "b").write_bytes(b"b" * 70_000)
    told = []
    with Client(source) as here:
        assert here.download("a", tmp_path / "got", verify=True,
                                   progress=told.append) == 5_000_000
        assert told[-1].done == told[-1].total == 5_000_000
        report = here.download_tree("", target)
        assert (report.files, report.ok) == (2, True)
    assert (target / "in" / "b").read_bytes() == b"b" * 70_000
    with Client(tmp_path) as there:
        report = there.upload_tree(source, "up")
        assert (report.files, report.failures) == (2, [])
        assert there.upload(source / "a", "up/deep") == 5_000_000
        with (source / "a").open("rb") as file:
            file.read(10)  # an open file is taken from where it is
            assert there.upload(file, "up/rest") == 4_999_990
    assert (tmp_path / "up" / "a").read_bytes() == (source / "a").read_bytes()
    assert (tmp_path / "up" / "rest").read_bytes() == (source / "a").read_bytes()[10:]
    assert sorted(p.name for p in (tmp_path / "up").iterdir()) == ["a", "deep", "in", "rest"]


def test_interrupted_downloads_go_on(tmp_path: Path) -> None:
    data = os.urandom(1_000_000)
    (tmp_path / "a").write_bytes(data)
    with Client(tmp_path) as here:
        class Stop(Exception):
            pass

        class Half(Watch):
            def add(self, count: int) -> None:
                raise Stop

        with pytest.raises(Stop):
            with here.files.read("a") as reading:
                with (tmp_path / "x").open("w+b", buffering=0) as file:
                    reading.save(file, Half())
        assert here.download("a", tmp_path / "b") == 1_000_000
    assert (tmp_path / "b").read_bytes() == data


def test_a_file_that_is_cut_while_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(3_000_000))
    with Client(tmp_path) as here:
        with pytest.raises(Incomplete, match="ended after 1,048,576 bytes of 3,000,000"):
            with here.files.read("a") as reading:
                for _ in reading:
                    os.truncate(tmp_path / "a", 1_000_000)


def test_what_is_no_plain_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with Client(tmp_path) as here:
        with pytest.raises(Conflict, match="that is a folder"):
            content(here, "")
        with pytest.raises(NotSupported, match="device or a pipe"):
            content(here, "pipe")
        with pytest.raises(NotSupported, match="device or a pipe"):
            content(here, "/dev/null")
        with pytest.raises(ReplyError):
            with here.files.write("pipe"):
                pass
        with pytest.raises(UsageError, match="a NUL cannot be in a name"):
            here.stat("a\0b")
        with pytest.raises(UsageError, match="it is not open"):
            here.files.write("never").send(b"x")
        sink = here.files.write("never")
        sink.abandon()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_files_that_tell_no_size(tmp_path: Path) -> None:
    with Client("/proc/self") as here:
        assert b"Pid:" in content(here, "status")
        with (tmp_path / "x").open("w+b", buffering=0) as file:
            with here.files.read("status") as reading:
                assert reading.save(file, Watch()) > 100


@pytest.mark.parametrize(("number", "kind"), [
    (errno.EACCES, Forbidden), (errno.EROFS, Forbidden), (errno.ENOSPC, NoSpace),
    (errno.EDQUOT, NoSpace), (errno.ENOTEMPTY, Conflict), (errno.EXDEV, NotSupported),
    (errno.EIO, ReplyError), (errno.ELOOP, NotFound)])
def test_the_disks_words(number: int, kind: type[ReplyError]) -> None:
    with pytest.raises(kind) as caught, disk.refused("write", Path("a/b")):
        raise OSError(number, os.strerror(number))
    assert str(caught.value) == f"write a/b: {os.strerror(number)}"
    assert (caught.value.code, caught.value.text) == (number, os.strerror(number))
    assert caught.value.hint or number == errno.EIO


def test_the_client(tmp_path: Path) -> None:
    here = Client(parse(f"file://localhost{tmp_path}"), durable=False, timeout=3)
    assert here.folder == tmp_path
    assert (here.latency, here.is_open, here.server.software) == (0.0, True, sys.platform)
    assert here.peer.host == "localhost"
    assert here.another().folder == tmp_path
    assert here.path_in(parse("file:///a%20b")) == "/a b"
    assert here.free() > 0
    here.noop()
    here.be_careful()
    here.reopen()
    with pytest.raises(NotFound):
        Client(tmp_path / "missing").noop()


def test_batches(tmp_path: Path) -> None:
    with Client(tmp_path) as here:
        made = [one for one in here.files.make_many(["a", "a", "b/c"])]
        assert [type(one.error) for one in made] == [type(None), AlreadyExists, NotFound]
        (tmp_path / "x").touch()
        named = [one for one in here.files.rename_many([("x", "y"), ("z", "w")])]
        assert [one.ok for one in named] == [True, False]
        seen = [one for one in here.files.stat_many(["y", "a", "q"])]
        assert [one.value and one.value.kind for one in seen] == [Kind.FILE, Kind.FOLDER, None]
        gone = [one for one in here.files.remove_many(["y", "a"])]
        assert [one.ok for one in gone] == [True, False]
        gone = [one for one in here.files.remove_many(["a"], folders=True)]
        assert [one.ok for one in gone] == [True]
        assert here.files.remove_many([]) is not None
        here.files.remove_many([]).settle()
