"""What Postel's file systems promise beyond fsspec's own suite."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import threading
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import fsspec
import pytest

from postel import lab
from postel.compat import fsspec as ours
from postel.errors import (
    AlreadyExists,
    Changed,
    Conflict,
    ConnectError,
    NotFound,
    NotSupported,
    UsageError,
)

ROOT = Path(__file__).resolve().parents[2]
DATA = os.urandom(3_000_000)


@pytest.fixture
def world() -> Iterator[lab.Lab]:
    with lab.start("ftp", "tftp") as running:
        running.ftp.files.put("/pub/data", DATA)
        running.ftp.files.put("/pub/text.csv", "a,b\n1,ü\n".encode())
        running.tftp.files.put("/boot/data", DATA)
        yield running


@contextlib.contextmanager
def ftp(world: lab.Lab, **options: Any) -> Iterator[ours.PostelFileSystem]:
    system = ours.FTPFileSystem(host=f"ftp.{world.domain}", user="alice", password="secret",
                                security="plain", skip_instance_cache=True, **options)
    try:
        yield system
    finally:
        system.close()


def transfers(world: lab.Lab, verb: str, function: Any) -> int:
    """How often the server was asked *verb* while *function* ran."""
    heard: list[str] = []
    for server in (world.ftp.clear, world.ftp.secure):
        server._watcher = lambda name, who, text: heard.append(text)
    function()
    return sum(text.startswith(verb) for text in heard)


def test_reading_forward_is_one_transfer(world: lab.Lab) -> None:
    with ftp(world, block_size=100_000) as fs:
        def read() -> None:
            with fs.open("/pub/data") as file:
                assert b"".join(iter(lambda: file.read(70_001), b"")) == DATA

        assert transfers(world, "RETR", read) == 1


def test_seeking(world: lab.Lab) -> None:
    with ftp(world) as fs, fs.open("pub/data", block_size=10_000) as file:
        for start, count in ((2_000_000, 500), (0, 10), (5, 20_000), (1_000_000, 100_000),
                             (len(DATA) - 3, 10), (len(DATA), 5), (40_000, 7)):
            file.seek(start)
            assert file.read(count) == DATA[start : start + count]
        assert file.size == len(DATA)


def test_ranges_of_files(world: lab.Lab) -> None:
    with ftp(world) as fs:
        assert fs.cat_file("/pub/data", 10, 20) == DATA[10:20]
        assert fs.cat_file("/pub/data", -10) == DATA[-10:]
        assert fs.cat_file("/pub/data", 0, -2_999_990) == DATA[:10]
        assert fs.cat_file("/pub/data", 20, 10) == b""
        assert fs.cat("/pub/data") == DATA
        assert fs.cat_ranges(["/pub/data"] * 3, [0, 5, 100], [3, 9, 200]) == [
            DATA[:3], DATA[5:9], DATA[100:200]]
        assert fs.head("/pub/data", 5) == DATA[:5]
        assert fs.tail("/pub/data", 5) == DATA[-5:]
        with fs.open("/pub/text.csv", "r", encoding="utf-8") as file:
            assert file.readlines() == ["a,b\n", "1,ü\n"]


def test_a_file_that_changes_between_two_pieces(world: lab.Lab) -> None:
    with ftp(world) as fs, fs.open("/pub/data", block_size=10_000) as file:
        file.read(10)
        world.ftp.files.put("/pub/data", os.urandom(len(DATA)))
        world.ftp.files.set_modified("/pub/data", 1.0)
        file.seek(2_500_000)
        with pytest.raises(Changed, match="another file while it was read"):
            file.read(10)


def test_writing_appears_whole(world: lab.Lab) -> None:
    files = world.ftp.files
    with ftp(world) as fs:
        with fs.open("/new/folder/a", "wb", block_size=100_000) as file:
            for start in range(0, len(DATA), 50_000):
                file.write(DATA[start : start + 50_000])
            assert "/new/folder/a" not in files.tree()
        assert files.open("/new/folder/a").read() == DATA
        with pytest.raises(KeyError), fs.open("/new/folder/a", "wb") as file:
            file.write(b"half")
            raise KeyError
        assert files.open("/new/folder/a").read() == DATA
        with fs.open("/new/folder/a", "ab") as file:
            file.write(b"more")
        assert files.open("/new/folder/a").read() == DATA + b"more"
        with fs.open("/fresh", "ab") as file:
            file.write(b"x")
        with pytest.raises(AlreadyExists):
            fs.open("/fresh", "xb")
        fs.pipe({"/p/a": b"1", "/p/b": b"2"})
        assert fs.cat(["/p/a", "/p/b"]) == {"/p/a": b"1", "/p/b": b"2"}
        assert [name for name in files.tree() if "postel" in name] == []


def test_transactions(world: lab.Lab) -> None:
    with ftp(world) as fs:
        with fs.transaction:
            with fs.open("/t/one", "wb") as file:
                file.write(b"1")
            assert not fs.exists("/t/one")
        assert fs.cat("/t/one") == b"1"
        with pytest.raises(KeyError), fs.transaction:
            with fs.open("/t/two", "wb") as file:
                file.write(b"2")
            raise KeyError
        assert fs.ls("/t", detail=False) == ["/t/one"]


def test_the_words_of_fsspec(world: lab.Lab) -> None:
    with ftp(world) as fs:
        assert fs.ls("/pub", detail=False) == ["/pub/data", "/pub/text.csv"]
        [info] = fs.ls("/pub/data")
        assert (info["name"], info["size"], info["type"]) == ("/pub/data", len(DATA), "file")
        assert fs.info("/")["type"] == "directory"
        assert fs.isdir("/pub")
        assert fs.isfile("/pub/data")
        assert fs.du("/pub") == len(DATA) + 9
        assert fs.find("/") == ["/pub/data", "/pub/text.csv"]
        assert fs.glob("/*/*.csv") == ["/pub/text.csv"]
        assert [folder for folder, _, _ in fs.walk("/")] == ["/", "/pub"]
        fs.cp("/pub/text.csv", "/copy.csv")
        fs.mv("/copy.csv", "/pub/")
        assert fs.exists("/pub/copy.csv")
        fs.mv("/pub/copy.csv", "/moved.csv")
        assert not fs.exists("/pub/copy.csv")
        fs.touch("/moved.csv")
        assert fs.size("/moved.csv") == 0
        before = fs.modified("/pub/data")
        world.ftp.files.set_modified("/pub/data", 1.0)
        assert fs.modified("/pub/data") == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC) != before
        fs.touch("/pub/data", truncate=False)
        assert fs.modified("/pub/data").year > 2000
        assert fs.checksum("/pub/text.csv") == fs.checksum("/pub/text.csv")
        fs.mkdir("/a/b")
        with pytest.raises(FileExistsError):
            fs.mkdir("/a/b")
        with pytest.raises(FileExistsError):
            fs.makedirs("/a/b")
        fs.rmdir("/a/b")
        fs.makedirs("/a/c/d")
        with pytest.raises(Conflict, match="that is a folder"):
            fs.rm("/a")
        fs.rm("/a", recursive=True)
        assert not fs.exists("/a")
        with pytest.raises(FileNotFoundError):
            fs.rm("/a")
        with pytest.raises(FileNotFoundError):
            fs.ls("/a")
        with pytest.raises(FileNotFoundError):
            fs.open("/a")
        with pytest.raises(Conflict):
            fs.open("/pub")
        assert fs.fsid.startswith("ftp_ftp.")


def test_trouble_is_no_absence() -> None:
    fs = ours.FTPFileSystem(host="127.0.0.1", port=1, skip_instance_cache=True)
    with pytest.raises(ConnectError):
        fs.exists("/x")


def test_names(world: lab.Lab) -> None:
    names = ["50% off", "a b", "#1?", "ü;x=1", "%20"]
    for name in names:
        world.ftp.files.put(f"/odd/{name}", name.encode())
    with ftp(world) as fs:
        assert sorted(fs.ls("/odd", detail=False)) == sorted(f"/odd/{name}" for name in names)
        for name in names:
            path = f"/odd/{name}"
            assert fs.cat_file(path) == name.encode()
            url = fs.unstrip_protocol(path)
            assert url.startswith(f"postel+ftp://ftp.{world.domain}/odd/")
            assert fs._strip_protocol(url) == path
        assert fs._strip_protocol("postel+ftp://host/100%") == "/100%"
        assert fs._strip_protocol(["ftp://h/a/", "/b//"]) == ["/a", "/b"]
        with pytest.raises(UsageError, match="NUL"):
            fs.info("/a\0b")


def test_many_threads(world: lab.Lab) -> None:
    problems: list[BaseException] = []
    with ftp(world) as fs:
        def work(number: int) -> None:
            try:
                for turn in range(5):
                    fs.pipe_file(f"/many/{number}-{turn}", DATA[: number * 1_000])
                    assert fs.cat_file(f"/many/{number}-{turn}") == DATA[: number * 1_000]
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        assert len(fs.ls("/many")) == 30
        assert len(fs.clients._idle) <= 4


def test_a_client_that_was_cut_off_while_idle(world: lab.Lab) -> None:
    with ftp(world) as fs:
        assert fs.exists("/pub")
        for client in fs.clients._idle:
            client._stream.close_now()  # type: ignore[attr-defined]
        assert fs.exists("/pub")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_process_has_clients_of_its_own(world: lab.Lab) -> None:
    with ftp(world) as fs:
        assert fs.exists("/pub")
        child = os.fork()
        if not child:
            os._exit(0 if fs.cat_file("/pub/text.csv", 0, 3) == b"a,b" else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        [client] = fs.clients._idle
        assert fs.exists("/pub/data")
        assert fs.clients._idle == [client]  # the same connection as before


def test_copies_of_a_file_system(world: lab.Lab) -> None:
    with ftp(world) as fs:
        other = pickle.loads(pickle.dumps(fs))
        assert other.cat_file("/pub/data", 0, 5) == DATA[:5]
        other.close()


def test_get_and_put(world: lab.Lab, tmp_path: Path) -> None:
    told: list[int] = []

    class Callback(fsspec.callbacks.Callback):  # type: ignore[name-defined,misc]
        def call(self, *arguments: Any, **keywords: Any) -> None:
            told.append(self.value)

    with ftp(world) as fs:
        fs.get_file("/pub/data", tmp_path / "deep" / "x", callback=Callback())
        assert (tmp_path / "deep" / "x").read_bytes() == DATA
        assert told[-1] == len(DATA)
        into = io.BytesIO()
        fs.get_file("/pub/data", into)
        assert into.getvalue() == DATA
        fs.put_file(tmp_path / "deep" / "x", "/far/away/x", callback=Callback())
        assert fs.size("/far/away/x") == len(DATA)
        with pytest.raises(AlreadyExists):
            fs.put_file(tmp_path / "deep" / "x", "/far/away/x", mode="create")
        with pytest.raises(Conflict):
            fs.get_file("/pub/data", tmp_path / "deep")


def test_tftp_reads_whole_files(world: lab.Lab) -> None:
    fs = ours.TFTPFileSystem(host=f"tftp.{world.domain}", skip_instance_cache=True)
    with fs.open("/boot/data") as file:
        file.seek(100)
        assert file.read(10) == DATA[100:110]
    assert fs.cat_file("/boot/data", 5, 9) == DATA[5:9]
    assert fs.size("/boot/data") == len(DATA)
    with fs.open("/new", "wb") as file:
        file.write(b"hello")
    assert world.tftp.files.open("/new").read() == b"hello"
    with pytest.raises(NotSupported):
        fs.ls("/")
    with pytest.raises(NotFound):
        fs.open("/missing")
    with pytest.raises(NotSupported, match="the server tells none"):
        fs.modified("/new")
    fs.close()


@pytest.fixture
def _registry_as_it_was() -> Iterator[None]:
    registry = import_module("fsspec.registry")
    known, loaded = dict(registry.known_implementations), dict(registry._registry)
    yield
    for table, before in ((registry.known_implementations, known), (registry._registry, loaded)):
        table.clear()
        table.update(before)


def test_web_servers() -> None:
    with lab.start("http") as running:
        running.http.files.put("/pub/a b.bin", DATA)
        running.http.files.put("/pub/text.csv", b"a,b\n")
        fs = ours.HTTPFileSystem(host=f"http.{running.domain}", security="plain",
                                 skip_instance_cache=True)
        assert fs.ls("/pub", detail=False) == ["/pub/a%20b.bin", "/pub/text.csv"]
        assert fs.glob("/pub/*.csv") == ["/pub/text.csv"]
        with fs.open("/pub/a%20b.bin", block_size=50_000) as file:
            for start in (2_500_000, 7, 1_000_000):
                file.seek(start)
                assert file.read(100) == DATA[start : start + 100]
        assert fs.cat_file("/pub/a%20b.bin", -5) == DATA[-5:]
        assert fs.info("/pub/a%20b.bin")["size"] == len(DATA)
        assert fs.unstrip_protocol("/pub/a%20b.bin") == (
            f"postel+http://http.{running.domain}/pub/a%20b.bin")
        with pytest.raises(FileNotFoundError):
            fs.open("/missing")
        fs.close()


@pytest.mark.usefixtures("_registry_as_it_was")
def test_by_url_and_register(world: lab.Lab) -> None:
    with pytest.raises(UsageError, match="no such scheme"):
        ours.register("gopher")
    ours.register("ftp", "tftp")
    assert fsspec.get_filesystem_class("ftp") is ours.FTPFileSystem
    url = f"ftp://alice:secret@ftp.{world.domain}/pub/text.csv"
    with fsspec.open(url, "r", security="plain") as file:
        assert file.read() == "a,b\n1,ü\n"
    fs, path = fsspec.url_to_fs(url, security="plain")
    assert (path, fs.info(path)["size"]) == ("/pub/text.csv", 9)
    assert "secret" not in repr(fs)
    fs.close()
    ours.FTPFileSystem.clear_instance_cache()


def test_the_entry_points_lead_to_classes() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    for name, place in told["fsspec.specs"].items():
        module, _, kind = place.partition(":")
        found = getattr(import_module(module), kind)
        assert found.protocol[0] == name
        assert name == f"postel+{found.scheme}"
