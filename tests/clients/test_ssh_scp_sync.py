# GENERATED from test_ssh_scp_async.py by tools/unasync.py: edit that file, not this one.
"""Files and folders by the old protocol, to the lab's server; and servers that mean harm."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postel import lab
from postel.errors import (
    Conflict,
    ConnectionLost,
    Forbidden,
    Incomplete,
    LimitReached,
    NotFound,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
    TransferError,
    UsageError,
)
from postel.ssh.scp_sync import SCP
from postel.ssh.types import SSHOptions

pytestmark = pytest.mark.slow

BIG = bytes(range(256)) * 4000
BACKENDS = ["asyncssh", pytest.param("ssh", marks=pytest.mark.skipif(
    shutil.which("ssh") is None, reason="there is no ssh here: openssh-client"))]


@pytest.fixture(scope="module")
def there() -> Iterator[lab.Lab]:
    with lab.start("sftp") as here:
        yield here


@pytest.fixture(autouse=True)
def _fresh(there: lab.Lab) -> None:
    files = there.sftp.files
    for path in list(files.tree()):
        files.remove(path)
    files.put("/pub/big.bin", BIG, modified=1_600_000_000.0, mode=0o640)
    files.put("/pub/sub/a b.txt", b"hello", modified=1_600_000_001.0)
    files.put("/pub/empty", b"")
    there.sftp.quirks()


def scp(there: Any, backend: str) -> SCP:
    return SCP(f"scp://alice@sftp.{there.domain}/", password="secret", timeout=10.0,
                    ssh=SSHOptions(backend=backend, agent=False, legacy_scp=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_file_down_and_up(there: lab.Lab, backend: str, tmp_path: Path) -> None:
    told: list[int] = []
    with scp(there, backend) as site:
        size = site.download("/pub/big.bin", tmp_path,
                                   progress=lambda now: told.append(now.done))
        assert size == len(BIG)
        assert told[-1] == len(BIG)
        here = tmp_path / "big.bin"
        assert here.read_bytes() == BIG
        assert here.stat().st_mtime == 1_600_000_000
        site.download("/pub/empty", tmp_path / "nothing")
        assert (tmp_path / "nothing").read_bytes() == b""
        here.chmod(0o600)
        site.upload(here, "/pub/sub/new.bin")
        assert there.sftp.files.get("/pub/sub/new.bin") == BIG
        status = there.sftp.files.stat("/pub/sub/new.bin")
        assert (status.modified, status.mode) == (1_600_000_000, 0o600)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_folder_down_and_up(there: lab.Lab, backend: str, tmp_path: Path) -> None:
    site = scp(there, backend)
    (tmp_path / "here").mkdir(mode=0o700)
    copied = site.download_tree("/pub", tmp_path / "here")
    assert (copied.files, copied.size, copied.complaints) == (3, len(BIG) + 5, ())
    assert (tmp_path / "here" / "big.bin").read_bytes() == BIG
    assert (tmp_path / "here" / "sub" / "a b.txt").read_bytes() == b"hello"
    assert stat.S_IMODE((tmp_path / "here").stat().st_mode) == 0o700  # the root keeps its own
    (tmp_path / "here" / "link").symlink_to("/etc/passwd")
    copied = site.upload_tree(tmp_path / "here", "/up")
    assert copied.files == 3
    assert [Path(name).name for name in copied.skipped] == ["link"]
    assert there.sftp.files.tree("/up") == {
        "/up/big.bin": BIG, "/up/sub/a b.txt": b"hello", "/up/empty": b""}
    assert there.sftp.files.stat("/up/sub/a b.txt").modified == 1_600_000_001


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_refused_is_told(there: lab.Lab, backend: str, tmp_path: Path) -> None:
    site = scp(there, backend)
    with pytest.raises(NotFound, match="/none") as caught:
        site.download("/none", tmp_path / "x")
    assert caught.value.url is not None
    assert not list(tmp_path.iterdir())
    with pytest.raises(ReplyError):
        site.download("/pub", tmp_path / "x")
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(ReplyError):
        site.upload(tmp_path / "x", "/none/x")
    there.sftp.quirks("no scp")
    with pytest.raises(Forbidden):
        site.download("/pub/big.bin", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"x"


def test_only_where_it_is_asked_for() -> None:
    for keywords in ({}, {"ssh": SSHOptions()}):
        with pytest.raises(UsageError, match="asked for"):
            SCP("scp://h/", **keywords)
    with pytest.raises(UsageError, match="sftp"):
        SCP("sftp://h/", ssh=SSHOptions(legacy_scp=True))


def test_paths_that_cannot_be_said(there: lab.Lab, tmp_path: Path) -> None:
    site = scp(there, "asyncssh")
    for path in ("/a\nb", "/a\0b", "/a\rb"):
        with pytest.raises(UsageError):
            site.download(path, tmp_path / "x")
    (tmp_path / "x").write_bytes(b"")
    for path in ("", "/", "/a/..", "."):
        with pytest.raises(UsageError):
            site.upload(tmp_path / "x", path)
    odd = tmp_path / "tree"
    odd.mkdir()
    (odd / "line\nend").write_bytes(b"")
    with pytest.raises(UsageError, match="rename"):
        site.upload_tree(odd, "/up")


# -- servers that mean harm: a program that speaks the protocol as a test wants -----------------

SERVER = """\
#!{python} -IS
import os, sys, time
def read(n):
    while n:
        got = os.read(0, n)
        if not got:
            os._exit(0)
        n -= len(got)
read(1)
for step in {steps!r}:
    if isinstance(step, int):
        read(step)
    else:
        while step:
            step = step[os.write(1, step):]
os._exit({status})
"""


def hostile(folder: Path, *steps: bytes | int, status: int = 0) -> SCP:
    """A client whose server sends *steps*, waiting for as many bytes as a number says."""
    program = folder / "ssh"
    program.write_text(SERVER.format(python=sys.executable, steps=steps, status=status))
    program.chmod(0o755)
    return SCP("scp://h/", timeout=5.0,
                    ssh=SSHOptions(program=str(program), config="none", legacy_scp=True))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "place"
    path.mkdir()
    return path


FILE = [b"C0644 5 a.txt\n", 1, b"hello\0"]


def test_the_honest_server(tmp_path: Path, place: Path) -> None:
    assert hostile(tmp_path, *FILE, 1).download("/pub/a.txt", place) == 5
    assert (place / "a.txt").read_bytes() == b"hello"


@pytest.mark.parametrize(("steps", "error"), [
    ([b"C0644 5 .bashrc\n", 1, b"hello\0"], TransferError),
    ([b"C0644 5 ../a.txt\n", 1, b"hello\0"], TransferError),
    ([b"C0644 5 /etc/a.txt\n", 1, b"hello\0"], TransferError),
    ([b"C0644 5 ..\n", 1, b"hello\0"], TransferError),
    ([b"C0644 5 \n", 1, b"hello\0"], ProtocolError),
    ([b"C0644 5 a.txt\\b\n", 1, b"hello\0"], TransferError),
    ([b"D0755 0 a.txt\n", 1, b"C0644 5 x\n", 1, b"hello\0", 1, b"E\n"], TransferError),
    ([*FILE, 1, b"C0644 5 b.txt\n", 1, b"hello\0"], TransferError),
    ([*FILE, 1, b"D0700 0 .ssh\n", 1], TransferError),
    ([b"C0644 50 a.txt\n", 1, b"hello"], Incomplete),
    ([b"C0644 99999999999999999999 a.txt\n"], ProtocolError),
    ([b"C0644 9223372036854775807 a.txt\n"], ProtocolError),
    ([b"C0644 -5 a.txt\n"], ProtocolError),
    ([b"C9999 5 a.txt\n"], ProtocolError),
    ([b"E\n"], TransferError),
    ([b"Welcome to example.org!\n"], ProtocolError),
    ([b"x" * 20_000], ProtocolError),
    ([b"C0644 5 a"], ConnectionLost),
    ([b"\1scp: /pub/a.txt: No such file or directory\n"], NotFound),
    ([b"\1scp: /pub/a.txt: Permission denied\n"], Forbidden),
    ([b"\1scp: /pub/a.txt: not a regular file\n"], Conflict),
    ([b"\2fatal \x1b[31mtrouble\n"], ReplyError),
    ([b"C0644 5 a.txt\n", 1, b"hello\1scp: a.txt: Input/output error\n"], ReplyError),
    ([b"C0644 5 a.txt\n", 1, b"helloX"], ProtocolError),
    ([], ConnectionLost),
])
def test_a_file_that_is_not_the_one(
    tmp_path: Path, place: Path, steps: list[Any], error: type[PostelError]
) -> None:
    (place / "a.txt").write_bytes(b"old")
    with pytest.raises(error) as caught:
        hostile(tmp_path, *steps).download("/pub/a.txt", place / "a.txt")
    assert "\x1b" not in str(caught.value)
    assert (place / "a.txt").read_bytes() == b"old"
    assert {path.name for path in place.iterdir()} <= {"a.txt", ".a.txt.postel"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".b")] == []


@pytest.mark.parametrize("steps", [
    [b"D0777 0 other\n"],
    [b"C0644 5 pub\n", 1, b"hello\0"],
    [b"D0777 0 pub\n", 1, b"D0755 0 ..\n", 1],
    [b"D0777 0 pub\n", 1, b"C0644 5 ../x\n", 1, b"hello\0"],
    [b"D0777 0 pub\n", 1, b"C0644 5 link\n", 1, b"hello\0", 1, b"E\n", 1, b"E\n"],
    [b"D0777 0 pub\n", 1, b"D0755 0 out\n", 1, b"C0644 5 x\n", 1, b"hello\0"],
])
def test_a_folder_that_would_leave_its_place(
    tmp_path: Path, place: Path, steps: list[Any]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (place / "out").symlink_to(outside)
    with pytest.raises(PostelError):
        hostile(tmp_path, *steps).download_tree("/pub", place)
    assert not list(outside.iterdir())
    assert not (tmp_path / "x").exists()


def test_the_root_of_the_target_keeps_its_mode(tmp_path: Path, place: Path) -> None:
    place.chmod(0o700)
    steps = [b"T1 0 1 0\n", 1, b"D0777 0 pub\n", 1, b"T5 0 5 0\n", 1, b"D4777 0 in\n", 1,
             b"C4755 5 a\n", 1, b"hello\0", 1, b"E\n", 1, b"E\n", 1]
    copied = hostile(tmp_path, *steps).download_tree("/pub", place)
    assert copied.files == 1
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert place.stat().st_mtime > 5
    assert stat.S_IMODE((place / "in" / "a").stat().st_mode) == 0o755  # no set-user-id
    assert (place / "in").stat().st_mtime == 5


def test_depth_has_a_limit(tmp_path: Path, place: Path) -> None:
    steps = [b"D0755 0 pub\n", 1, *[b"D0755 0 d\n", 1] * 100]
    with pytest.raises(LimitReached):
        hostile(tmp_path, *steps).download_tree("/pub", place)


def test_complaints_about_some_are_told(tmp_path: Path, place: Path) -> None:
    steps = [b"D0755 0 pub\n", 1, b"\1scp: locked: Permission denied\n", b"C0644 5 a\n", 1,
             b"hello\0", 1, b"E\n", 1]
    copied = hostile(tmp_path, *steps).download_tree("/pub", place)
    assert copied.complaints == ("locked: Permission denied",)
    assert copied.files == 1


def test_a_server_without_scp(tmp_path: Path, place: Path) -> None:
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\necho 'sh: scp: command not found' >&2\nexit 127\n")
    program.chmod(0o755)
    site = SCP("scp://h/", timeout=5.0,
                    ssh=SSHOptions(program=str(program), config="none", legacy_scp=True))
    with pytest.raises((ConnectionLost, NotSupported)):
        site.download("/pub/a.txt", place)

