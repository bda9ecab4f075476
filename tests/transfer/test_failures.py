"""What goes wrong in earnest: full disks, broken connections, sources that change, links planted.

Elsewhere: kill -9 (test_kills.py); odd names, sizes, times and servers (test_odd_trees.py); hostile
names of every scheme (test_hostile_trees.py); listings that fail or are cut, files that are cut and
called whole, a link that is there before the run, colliding names (test_mirror_async.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mirror_ground import contents, fill, home, once, served, source

from postel.errors import Changed, Forbidden, Incomplete, NoSpace, PostelError
from postel.lab import Lab
from postel.serving.files import MemoryFiles
from postel.serving.folder import FolderFiles
from postel.transfer.mirror_sync import mirror
from postel.transfer.types import Do

pytestmark = pytest.mark.slow

LARGE = 5 << 20


# -- disks that are full -------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place],
                          check=False, capture_output=True)
    if done.returncode:
        pytest.skip("only root may mount a small file system")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_disk_that_is_full_here(here: Lab, small_disk: Path) -> None:
    made = fill(here)
    here.ftp.files.put("/pub/a-large.bin", b"#" * (3 << 20))
    result = mirror(source(here), small_disk / "out")
    assert [path for path, _ in result.failures] == ["a-large.bin"]
    assert "No space left" in str(result.failures[0][1])
    arrived = contents(small_disk / "out")
    assert {path: data for path, data in arrived.items() if ".postel" not in path} == made
    here.ftp.files.put("/pub/a-large.bin", b"now it fits")
    assert mirror(source(here), small_disk / "out").ok
    assert contents(small_disk / "out") == {**made, "a-large.bin": b"now it fits"}


@pytest.mark.parametrize("reply", [b"452 no space left", b"552 over your quota"])
def test_a_disk_that_is_full_there(here: Lab, tmp_path: Path, reply: bytes) -> None:
    for number in range(6):
        (tmp_path / f"f{number}").write_bytes(b"%d" % number * 9)
    here.ftp.faults.on("STOR", reply, after=2, times=1)
    result = mirror(tmp_path, **home(here))
    assert [type(error) for _, error in result.failures] == [NoSpace]
    assert len(served(here)) == 5
    assert mirror(tmp_path, **home(here)).ok
    assert served(here) == contents(tmp_path)


def test_a_tree_that_does_not_fit_there(here: Lab, tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"f{number}").write_bytes(b"%d" % number * 30_000)
    before = here.ftp.files
    here.ftp.serve(MemoryFiles(limit=100_000))
    try:
        result = mirror(tmp_path, **home(here))
        assert not result.ok
        assert all(isinstance(error, NoSpace) for _, error in result.failures)
        whole = contents(tmp_path)
        assert all(data == whole[path] for path, data in served(here).items()
                   if ".postel" not in path)
        here.ftp.files.limit = 10_000_000
        assert mirror(tmp_path, **home(here)).ok
        assert served(here) == whole
    finally:
        here.ftp.serve(before)


# -- connections ---------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [
    {"reply": b"421 going down", "close": True}, {"close": True},
    {"reply": b"426 torn", "cut": 3}, {"cut": 3, "silent": True, "close": True},
    {"cut": 3, "close": True}], ids=["421", "closed", "426", "silent", "control dies"])
def test_trouble_in_the_middle_is_got_over(here: Lab, out: Path, fault: dict[str, Any]) -> None:
    made = fill(here)
    here.ftp.faults.on("RETR", after=4, **fault)
    result = mirror(source(here), out)
    assert result.ok, result.failures
    assert contents(out) == made


@pytest.mark.parametrize("fault", [
    {"reply": b"421 going down", "close": True}, {"close": True}], ids=["421", "closed"])
def test_trouble_in_the_middle_of_sending_is_got_over(
    here: Lab, tmp_path: Path, fault: dict[str, Any]
) -> None:
    for number in range(12):
        (tmp_path / f"f{number}").write_bytes(b"%d" % number * 30)
    here.ftp.faults.on("STOR", after=4, **fault)
    result = mirror(tmp_path, **home(here))
    assert result.ok, result.failures
    assert served(here) == contents(tmp_path)


# -- sources that change -------------------------------------------------------------------


def test_a_file_that_grows_after_it_was_listed(here: Lab, out: Path) -> None:
    made = fill(here)
    result = mirror(source(here), out, tell=once("begin", lambda: here.ftp.files.put(
        "/pub/d1/f1.txt", b"longer than it was listed")))
    assert [(path, type(error)) for path, error in result.failures] in (
        [], [("d1/f1.txt", Incomplete)], [("d1/f1.txt", Changed)])
    assert contents(out).get("d1/f1.txt") in (None, b"longer than it was listed")
    assert mirror(source(here), out).ok
    assert contents(out) == {**made, "d1/f1.txt": b"longer than it was listed"}


def test_a_file_of_the_same_size_after_it_was_listed(here: Lab, out: Path) -> None:
    made = fill(here)
    later = datetime.now(UTC).timestamp() + 60
    mirror(source(here), out, tell=once("begin", lambda: here.ftp.files.put(
        "/pub/d1/f1.txt", b"zz", modified=later)))
    assert mirror(source(here), out).ok
    assert contents(out) == {**made, "d1/f1.txt": b"zz"}, "a new file was taken for the old one"


def test_a_file_that_changes_between_two_runs_with_its_size(here: Lab, out: Path) -> None:
    made = fill(here)
    assert mirror(source(here), out).ok
    here.ftp.files.put("/pub/d1/f1.txt", b"zz", modified=datetime.now(UTC).timestamp() - 3600)
    assert dict(mirror(source(here), out).done) == {Do.CHANGED: 1}
    assert contents(out) == {**made, "d1/f1.txt": b"zz"}


def test_a_file_that_changes_during_a_long_copy(here: Lab, out: Path) -> None:
    old, new = b"a" * LARGE, b"b" * LARGE
    here.ftp.files.put("/pub/large.bin", old, modified=1_600_000_000)
    result = mirror(source(here), out, tell=once("progress", lambda: here.ftp.files.put(
        "/pub/large.bin", new, modified=1_700_000_000)))
    if not result.ok:
        assert [type(error) for _, error in result.failures] == [Changed]
        assert not (out / "large.bin").exists()
    else:
        assert (out / "large.bin").read_bytes() in (old, new), "a mixed file"
    assert mirror(source(here), out).ok
    assert (out / "large.bin").read_bytes() == new


def test_a_file_that_is_gone_after_it_was_listed(here: Lab, out: Path) -> None:
    made = fill(here)
    result = mirror(source(here), out, tell=once(
        "begin", lambda: here.ftp.files.remove("/pub/d1/f1.txt")))
    assert [path for path, _ in result.failures] == ["d1/f1.txt"]
    assert contents(out) == {path: data for path, data in made.items() if path != "d1/f1.txt"}


def test_a_file_that_is_a_folder_after_all(here: Lab, out: Path) -> None:
    made = fill(here)

    def swap() -> None:
        here.ftp.files.remove("/pub/d1/f1.txt")
        here.ftp.files.put("/pub/d1/f1.txt/inside", b"x")

    result = mirror(source(here), out, tell=once("begin", swap))
    assert [path for path, _ in result.failures] == ["d1/f1.txt"]
    assert len(contents(out)) == len(made) - 1
    here.ftp.files.remove("/pub/d1/f1.txt/inside")
    here.ftp.files.remove_folder("/pub/d1/f1.txt")


# -- what may not be read, or written ------------------------------------------------------


def test_a_server_that_only_reads(here: Lab, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    (ours / "new").write_bytes(b"new")
    (theirs / "old").write_bytes(b"old")
    before = here.ftp.files
    here.ftp.serve(FolderFiles(theirs))
    try:
        target = home(here, "")
        result = mirror(ours, **target, delete="after")
        assert [type(error) for _, error in result.failures] == [Forbidden]
        assert result.deleted_not == 1
        assert contents(theirs) == {"old": b"old"}
    finally:
        here.ftp.serve(before)


def test_a_file_that_may_not_be_read_fails_alone(here: Lab, out: Path) -> None:
    made = fill(here)
    here.ftp.faults.on("RETR", b"550 permission denied", after=5)
    result = mirror(source(here), out)
    assert len(result.failures) == 1
    assert len(contents(out)) == len(made) - 1


def test_files_that_may_only_be_read_are_replaced(here: Lab, out: Path) -> None:
    made = fill(here)
    assert mirror(source(here), out).ok
    for path in made:
        (out / path).chmod(0o444)
    here.ftp.files.put("/pub/d1/f1.txt", b"changed, and longer")
    assert mirror(source(here), out).ok
    assert (out / "d1/f1.txt").read_bytes() == b"changed, and longer"


CHILD = """\
import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
from postel.transfer.mirror_sync import mirror
result = mirror(sys.argv[1], sys.argv[2], journal=False)
sys.stdout.write("\\n".join(sorted(path for path, _ in result.failures)))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_folders_that_may_not_be_read_or_written(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for name in ("open", "closed", "locked"):
        (ours / name).mkdir(parents=True)
        (ours / name / "file").write_bytes(name.encode())
    (theirs / "locked").mkdir(parents=True)
    os.chown(theirs, 65534, 65534)
    (ours / "closed").chmod(0o700)
    (ours / "secret").write_bytes(b"secret")
    (ours / "secret").chmod(0o600)
    for above in (tmp_path, *tmp_path.parents[:3]):
        above.chmod(0o755)
    # What the child needs is imported while it is root: the interpreter may be in root's home.
    child = "import postel.transfer.mirror_sync, postel.local.client_sync, postel.schemes\n" + CHILD
    done = subprocess.run([sys.executable, "-c", child, ours, theirs], check=False, text=True,
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["closed", "locked/file", "secret"]
    assert contents(theirs) == {"open/file": b"open"}


# -- a link that is planted while a run is on its way --------------------------------------


@pytest.mark.parametrize("moment", ["begin", "done", "progress"])
def test_a_link_planted_during_the_run_leads_nowhere(
    here: Lab, tmp_path: Path, out: Path, moment: str
) -> None:
    made = fill(here, 30)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f1.txt").write_bytes(b"precious")
    before = contents(outside)

    def plant() -> None:
        out.mkdir(exist_ok=True)
        if (out / "d1").is_dir():
            (out / "d1").rename(tmp_path / "moved away")
        (out / "d1").symlink_to(outside)
        if (out / "d2").is_dir() and not (out / "d2/f2.txt").exists():
            (out / "d2/f2.txt").symlink_to(outside / "f1.txt")

    result = mirror(source(here), out, tell=once(moment, plant))
    assert contents(outside) == before, "something was written outside the target"
    assert all(isinstance(error, PostelError) for _, error in result.failures)
    elsewhere = {path: data for path, data in made.items() if path.startswith("d0/")}
    assert {path: data for path, data in contents(out).items()
            if path.startswith("d0/")} == elsewhere, "the rest did not arrive"


@pytest.mark.parametrize("verb", ["DELE", "RMD"])
def test_what_may_not_go_is_told(here: Lab, tmp_path: Path, verb: str) -> None:
    """A server's 550 says as little as "no": that it is gone already, or that it may not go."""
    (tmp_path / "stays").write_bytes(b"x")
    here.ftp.files.put("/up/extra", b"extra")
    if verb == "RMD":
        here.ftp.files.make_folder("/up/old")
    here.ftp.faults.on(verb, b"550 no", times=9)
    result = mirror(tmp_path, **home(here), delete="after")
    assert [path for path, _ in result.failures] == ["old" if verb == "RMD" else "extra"]
    here.ftp.faults.clear()
    assert mirror(tmp_path, **home(here), delete="after").ok
    assert served(here) == {"stays": b"x"}
