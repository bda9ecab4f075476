"""The trees that file servers serve: the same behaviour in memory and on disk, and the jail."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import UsageError
from postel.serving.files import MemoryFiles, ServedFiles, join, split
from postel.serving.folder import FolderFiles
from postel.types import Kind


@pytest.fixture(params=["memory", "folder"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> ServedFiles:
    return MemoryFiles() if request.param == "memory" else FolderFiles(tmp_path, writable=True)


def write(files: ServedFiles, path: str, data: bytes, at: int | None = None) -> None:
    with files.create(path, at=at) as file:
        file.write(data)


def read(files: ServedFiles, path: str, offset: int = 0) -> bytes:
    with files.open(path, offset) as file:
        return file.read()


def test_write_and_read(files: ServedFiles) -> None:
    write(files, "/a", b"0123456789")
    assert read(files, "/a") == b"0123456789"
    assert read(files, "/a", 7) == b"789"
    write(files, "/a", b"xy", at=3)
    assert read(files, "/a") == b"012xy56789"
    write(files, "/a", b"!", at=-1)
    assert read(files, "/a") == b"012xy56789!"
    write(files, "/a", b"new")
    assert (read(files, "/a"), files.stat("/a").size) == (b"new", 3)
    write(files, "/b", b"z", at=2)
    assert read(files, "/b") == b"\0\0z"


def test_folders(files: ServedFiles) -> None:
    files.make_folder("/d")
    write(files, "/d/b", b"1")
    write(files, "/d/a", b"22")
    assert [(one.name, one.size) for one in files.list("/d")] == [("a", 2), ("b", 1)]
    assert files.stat("/d").kind is Kind.FOLDER
    assert files.stat("/").name == ""
    files.rename("/d/a", "/e")
    assert read(files, "/e") == b"22"
    files.rename("/d/b", "/e")
    assert read(files, "/e") == b"1"
    files.remove_folder("/d")
    assert [one.name for one in files.list("/")] == ["e"]
    files.remove("/e")
    assert files.list("/") == []


def test_times_modes_digests(files: ServedFiles) -> None:
    write(files, "/a", b"123456789")
    files.set_modified("/a", 1e9)
    files.set_mode("/a", 0o640)
    found = files.stat("/a")
    assert (found.modified, found.mode) == (1e9, 0o640)
    assert files.digest("/a", "CRC32") == "cbf43926"
    assert files.digest("/a", "MD5", 0, 9) == "25f9e794323b453885f5181f1b624d0b"
    assert len(files.digest("/a", "SHA-512")) == 128
    assert files.free() > 0
    files.rename("/a", "/b")
    assert files.stat("/b").unique == found.unique


@pytest.mark.parametrize(
    ("act", "number"),
    [
        (lambda files: files.stat("/no"), errno.ENOENT),
        (lambda files: files.list("/no"), errno.ENOENT),
        (lambda files: files.list("/file"), errno.ENOTDIR),
        (lambda files: files.open("/folder"), errno.EISDIR),
        (lambda files: files.open("/file/below"), errno.ENOTDIR),
        (lambda files: files.create("/no/file"), errno.ENOENT),
        (lambda files: files.create("/folder"), errno.EISDIR),
        (lambda files: files.create("/file", new=True), errno.EEXIST),
        (lambda files: files.make_folder("/folder"), errno.EEXIST),
        (lambda files: files.make_folder("/file"), errno.EEXIST),
        (lambda files: files.remove_folder("/folder"), errno.ENOTEMPTY),
        (lambda files: files.remove_folder("/file"), errno.ENOTDIR),
        (lambda files: files.remove("/no"), errno.ENOENT),
        (lambda files: files.remove("/folder"), errno.EISDIR),
        (lambda files: files.rename("/no", "/yes"), errno.ENOENT),
        (lambda files: files.rename("/folder", "/folder/into"), errno.EINVAL),
        (lambda files: files.stat("/" + "x" * 256), errno.ENAMETOOLONG),
        (lambda files: files.stat("/a\0b"), errno.EINVAL),
    ],
)
def test_what_cannot_be_done(files: ServedFiles, act: object, number: int) -> None:
    write(files, "/file", b"")
    files.make_folder("/folder")
    write(files, "/folder/child", b"")
    with pytest.raises(OSError) as caught:
        act(files)  # type: ignore[operator]
    assert caught.value.errno == number
    assert caught.value.filename is None or not str(caught.value.filename).startswith("/tmp")


def test_the_root_stays(files: ServedFiles) -> None:
    for act in (files.remove_folder, files.remove, files.make_folder):
        with pytest.raises(OSError):
            act("/")
    with pytest.raises(OSError):
        files.rename("/", "/x")


def test_memory_fills_up() -> None:
    files = MemoryFiles(limit=10)
    files.put("/a", b"12345678")
    with pytest.raises(OSError) as caught:
        write(files, "/b", b"123")
    assert caught.value.errno == errno.ENOSPC
    files.put("/a", b"1")
    write(files, "/b", b"123")
    assert files.free() == 6
    files.rename("/b", "/a")
    assert files.free() == 7


def test_put_get_tree() -> None:
    files = MemoryFiles()
    files.put("/x/y/a", b"1", modified=1e9, mode=0o600)
    files.make_folders("/empty/one")
    assert files.tree() == {"/x/y/a": b"1"}
    assert files.tree("/x") == {"/x/y/a": b"1"}
    assert (files.stat("/x/y/a").mode, files.stat("/x/y/a").modified) == (0o600, 1e9)
    assert files.stat("/empty/one").is_folder


# -- the jail ------------------------------------------------------------------------------


@pytest.fixture
def jail(tmp_path: Path) -> FolderFiles:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "inside").mkdir()
    (root / "inside" / "plain").write_text("plain")
    (root / "to-folder").symlink_to(outside)
    (root / "to-file").symlink_to(outside / "secret")
    (root / "absolute").symlink_to("/etc/passwd")
    (root / "home").symlink_to(root / "inside")
    os.mkfifo(root / "pipe")
    return FolderFiles(root, writable=True)


@pytest.mark.parametrize(
    "path", ["/to-folder/secret", "/to-file", "/absolute", "/to-folder/../../outside/secret",
             "/../outside/secret", "/home/plain", "/inside/../../outside/secret"])
def test_no_way_out(jail: FolderFiles, path: str) -> None:
    before = (jail.root.parent / "outside" / "secret").read_text()
    with pytest.raises(OSError):
        jail.open(path)
    for act in (lambda: jail.digest(path, "MD5"), lambda: jail.set_mode(path, 0o777),
                lambda: jail.create(path).close()):
        with pytest.raises(OSError):
            act()
    assert (jail.root.parent / "outside" / "secret").read_text() == before


def test_links_are_listed_and_never_followed(jail: FolderFiles) -> None:
    kinds = {found.name: found.kind for found in jail.list("/")}
    assert kinds["to-folder"] is kinds["to-file"] is kinds["absolute"] is Kind.LINK
    assert kinds["pipe"] is Kind.OTHER
    with pytest.raises(OSError):
        jail.list("/to-folder")
    with pytest.raises(OSError):
        jail.rename("/inside/plain", "/to-folder/plain")
    with pytest.raises(OSError):
        jail.remove("/to-folder/secret")
    jail.remove("/to-file")
    assert (jail.root.parent / "outside" / "secret").exists()
    jail.set_modified("/to-folder", 1e9)
    assert (jail.root.parent / "outside").stat().st_mtime > 1e9


def test_things_that_are_no_files_do_not_hold_the_server(jail: FolderFiles, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(jail.root / "socket"))
        for name in ("/pipe", "/socket"):
            with pytest.raises(OSError):
                jail.open(name)


def test_read_only(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    files = FolderFiles(tmp_path)
    for act in (lambda: files.create("/a"), lambda: files.remove("/a"),
                lambda: files.make_folder("/d"), lambda: files.remove_folder("/d"),
                lambda: files.rename("/a", "/b"), lambda: files.set_modified("/a", 1),
                lambda: files.set_mode("/a", 0o600)):
        with pytest.raises(OSError) as caught:
            act()
        assert caught.value.errno == errno.EROFS
    assert files.free() == 0


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        FolderFiles(tmp_path / "no")


def test_no_descriptor_is_left(jail: FolderFiles) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in ("/inside/plain", "/to-file", "/pipe", "/inside/no/no", "/to-folder/x"):
        for act in (jail.stat, jail.open, jail.list, jail.create):
            try:
                result = act(path)  # type: ignore[operator]
            except OSError:
                continue
            getattr(result, "close", lambda: None)()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@given(st.text(max_size=60), st.sampled_from(["/", "/a/b"]))
def test_split_never_climbs(path: str, folder: str) -> None:
    try:
        parts = split(path, folder)
    except OSError:
        return
    assert not {"", ".", ".."} & set(parts)
    assert all("/" not in part for part in parts)
    assert split(join(parts)) == parts
