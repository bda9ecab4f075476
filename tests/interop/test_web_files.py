"""Web servers as places of files: nginx and Apache, by index pages and by WebDAV, in the clear and TLS."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers import Web
from servers.find import program
from servers.ground import give
from servers.process import Daemon, free_ports, wait_for_ports

from postel import http, webdav
from postel.errors import (
    AlreadyExists,
    AuthenticationError,
    Changed,
    Conflict,
    NotFound,
    NotSupported,
    PostelError,
    ReplyError,
)
from postel.testing import files_async, files_sync
from postel.testing.outside import FolderOutside, NotOffered
from postel.transport.tls import TLSOptions

BODY = bytes(range(256)) * 2000
OLD = 1_000_000_000


def site(web: Web, path: str = "/", *, tls: bool = False, **options: Any) -> http.Site:
    return http.Site(web.url(path, tls=tls), tls=TLSOptions(ca=web.ca_file), timeout=20, **options)


def dav(web: Web, path: str, *, tls: bool = False, **options: Any) -> webdav.Client:
    return webdav.Client(web.url(path, tls=tls, scheme="dav"), tls=TLSOptions(ca=web.ca_file),
                         timeout=20, **options)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def changed(path: Path, data: bytes) -> None:
    """Other bytes, the same size and time."""
    old = path.stat()
    assert old.st_size == len(data)
    path.write_bytes(data)
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))


def cut(client: Any, path: str, target: Path) -> None:
    """Leave what an interrupted run leaves."""

    class Enough(Exception):
        pass

    def stop(progress: Any) -> None:
        if 200_000 < progress.done < len(BODY):
            raise Enough

    files = client.files
    reading = files.read(path)
    plain = reading.save

    def save(file: Any, watch: Any) -> int:
        for chunk in reading:
            file.write(chunk)
            if file.tell() > 200_000:
                raise Enough
        return plain(file, watch)

    reading.save = save
    files.read = lambda path, offset=0: reading
    try:
        client.download(path, target)
    except Enough:
        pass
    finally:
        del files.read
    assert not target.exists()


# -- plain HTTP ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True])
def test_index_pages(web_server: Web, tls: bool, tmp_path: Path) -> None:
    with site(web_server, tls=tls) as here:
        for top in ("", "/json/") if web_server.name == "nginx" else ("",):
            found = {entry.name: entry for entry in here.list(top)}
            there = {name for name in names(web_server.root) if not name.startswith(".")}
            assert set(found) == there
            for name, entry in found.items():
                path = web_server.root / name
                assert entry.is_folder == path.is_dir()
                assert entry.exact_size in (None, path.stat().st_size)


@pytest.mark.parametrize("tls", [False, True])
def test_a_tree_comes_down_as_it_is(web_server: Web, tls: bool, tmp_path: Path) -> None:
    with site(web_server, tls=tls) as here:
        report = here.download_tree("files", tmp_path / "t")
    there = web_server.root / "files"
    assert report.failures == []
    assert names(tmp_path / "t") == names(there)
    for path in there.iterdir():
        if path.is_file():
            mine = tmp_path / "t" / path.name
            assert mine.read_bytes() == path.read_bytes()
            assert int(mine.stat().st_mtime) == int(path.stat().st_mtime)


def test_packed_on_the_fly(web_server: Web, tmp_path: Path) -> None:
    with site(web_server) as here:
        here.download("readme.txt", tmp_path)
        assert (tmp_path / "readme.txt").read_bytes() == web_server.local("/readme.txt").read_bytes()
        with pytest.raises(NotFound):
            here.stat("missing")


@pytest.mark.parametrize("how", ["http", "dav"])
@pytest.mark.parametrize("other", [False, True])
def test_a_download_goes_on_or_begins_again(web_server: Web, how: str, other: bool, tmp_path: Path) -> None:
    folder = web_server.new_folder()
    file = web_server.local(folder) / "a.bin"
    file.write_bytes(BODY)
    os.utime(file, (OLD, OLD))
    make = site if how == "http" else dav
    with make(web_server, folder) as here:
        cut(here, "a.bin", tmp_path / "a")
    part = tmp_path / ".a.postel"
    assert 200_000 <= part.stat().st_size < len(BODY)
    if other:
        changed(file, BODY[::-1])
    with make(web_server, folder) as here:
        here.download("a.bin", tmp_path / "a")
        assert ("If-Range" in here.trace.text)
    assert (tmp_path / "a").read_bytes() == file.read_bytes()
    assert names(tmp_path) == {"a"}


def test_what_a_web_server_lets_nobody_do(web_server: Web) -> None:
    with site(web_server) as here:
        for call in (lambda: here.files.put("readme.txt", b"x"), lambda: here.files.remove("readme.txt")):
            with pytest.raises(ReplyError) as caught:
                call()
            assert caught.value.code in (403, 405)


# -- WebDAV ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True])
def test_a_tree_goes_up_and_comes_down(web_server: Web, tls: bool, tmp_path: Path) -> None:
    (tmp_path / "t" / "deep" / "er").mkdir(parents=True)
    for number in range(30):
        (tmp_path / "t" / "deep" / f"{number} ü #?%41.bin").write_bytes(b"x" * number)
    (tmp_path / "t" / "deep" / "er" / "big").write_bytes(BODY * 12)
    with dav(web_server, web_server.new_folder(), tls=tls) as here:
        report = here.upload_tree(tmp_path / "t", "tree")
        assert (report.files, report.failures) == (31, [])
        report = here.download_tree("tree", tmp_path / "back")
        assert (report.files, report.failures) == (31, [])
        assert here.rmtree("tree").failures == []
        assert list(here.list()) == []
    for path in (tmp_path / "t").rglob("*"):
        if path.is_file():
            assert (tmp_path / "back" / path.relative_to(tmp_path / "t")).read_bytes() == path.read_bytes()


def test_words(web_server: Web, tmp_path: Path) -> None:
    folder = web_server.new_folder()
    with dav(web_server, folder) as here:
        here.put("a", b"one", if_none_match="*")
        os.utime(web_server.local(folder) / "a", (OLD, OLD))  # Apache's tags are weak for a second
        assert here.stat("a").validator
        if web_server.name == "apache":  # nginx asks no conditions of a PUT
            with pytest.raises(Changed):
                here.put("a", b"two", if_match='"other"')
        here.mkcol("sub")
        with pytest.raises(AlreadyExists):
            here.mkcol("sub")
        with pytest.raises(NotFound):
            here.mkcol("no/such")
        with pytest.raises(ReplyError, match=r"409|403|500"):  # 500 from nginx
            here.put("no/such", b"x")
        here.files.rename("a", "sub/b")
        here.files.copy("sub/b", "sub/c")
        here.files.rename("sub/b", "sub/c")
        here.files.rename("sub", "tree")
        with pytest.raises(Conflict):
            here.files.remove("tree", folder=True)
        with pytest.raises(AlreadyExists):
            here.put("x", b"x")
            here.files.rename("x", "tree")
        assert here.get("tree/c") == b"one"
        with pytest.raises(NotSupported):
            here.files.set("tree/c", modified=datetime(2020, 1, 1, tzinfo=UTC))
        with pytest.raises(NotSupported):
            here.quota()
    assert names(web_server.local(folder)) == {"tree", "x"}


def test_locks(web_server: Web) -> None:
    folder = web_server.new_folder()
    with dav(web_server, folder) as here, dav(web_server, folder) as other:
        here.put("a", b"one")
        with here.lock("a", wait=60) as held:
            assert held.token
            with pytest.raises(Conflict, match="423"):
                other.put("a", b"two")
            here.put("a", b"mine")
        other.put("a", b"two")
        assert here.get("a") == b"two"


def test_a_password(web_server: Web) -> None:
    with pytest.raises(AuthenticationError):
        with dav(web_server, "/davauth/", user="alice", password="wrong") as here:
            list(here.list())
    with dav(web_server, "/davauth/", user="alice", password="secret") as here:
        here.put("by-alice", b"x")
        assert "by-alice" in {entry.name for entry in here.list()}
        here.files.remove("by-alice")


def test_properties(apache: Web) -> None:
    with dav(apache, apache.new_folder()) as here:
        here.put("a", b"x")
        here.proppatch("a", {"{urn:x}colour": "blue"})
        [one] = here.propfind("a", ["{urn:x}colour"])
        assert one.text("{urn:x}colour") == "blue"
        with pytest.raises(PostelError):
            here.propfind("", depth=None)


def test_a_long_folder(web_server: Web) -> None:
    folder = web_server.new_folder()
    for number in range(5_000):
        (web_server.local(folder) / f"{number}").touch()
    with dav(web_server, folder) as here:
        assert sum(1 for _ in here.list()) == 5_000
    with site(web_server, folder) as there:
        assert sum(1 for _ in there.list()) == 5_000


# -- the exam --------------------------------------------------------------------------------------

class Owned(FolderOutside):
    """What is put there belongs to the server's account, as what it makes itself does."""

    def put(self, path: str, data: bytes) -> None:
        super().put(path, data)
        self._give(path)

    def folder(self, path: str) -> None:
        super().folder(path)
        self._give(path)

    def _give(self, path: str) -> None:
        place = self._place(path)
        while place != self.root / "dav":
            give(place)
            place = place.parent


_VERBS = ("list", "stat", "read", "write", "make", "remove", "rename", "set", "digest", "copy")


_HIDDEN = "nginx's PROPFIND leaves out names that begin with a dot"
_WEAK = "Apache's ETag is weak while a file is younger than a second, so nothing is gone on with"
WRONG = {
    ("nginx", "a_name_with_a_leading_dot"): _HIDDEN,
    ("nginx", "a_name_with_two_dots_in_it"): _HIDDEN,
    ("nginx", "a_tree_goes_up_and_down"): _HIDDEN,
    ("nginx", "a_tree_comes_down"): _HIDDEN,
    ("nginx", "a_name_that_is_no_name_here_fails_alone"): _HIDDEN,
    ("apache", "a_download_goes_on_where_it_stopped"): _WEAK,
}


def known(web: Web, name: str) -> None:
    """What these servers are known to do otherwise."""
    if (web.name, name) in WRONG:
        pytest.skip(WRONG[web.name, name])


@pytest.mark.parametrize("index", range(len(files_sync.CHECKS)), ids=[one.name for one in files_sync.CHECKS])
def test_the_exam(web_server: Web, index: int, tmp_path: Path) -> None:
    top = web_server.new_folder("exam").rstrip("/")
    (tmp_path / "here").mkdir()
    outside = Owned(web_server.dav.parent)
    check = files_sync.CHECKS[index]
    known(web_server, check.name)
    try:
        with dav(web_server, "/") as here:
            files_sync.take(check, files_sync.Ground(here, top, tmp_path / "here", _VERBS, outside))
    except NotOffered as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("index", range(len(files_async.CHECKS)), ids=[one.name for one in files_async.CHECKS])
def test_the_exam_async(web_server: Web, index: int, tmp_path: Path) -> None:
    top = web_server.new_folder("exam").rstrip("/")
    (tmp_path / "here").mkdir()
    outside = Owned(web_server.dav.parent)
    known(web_server, files_async.CHECKS[index].name)

    async def main() -> None:
        async with webdav.AsyncClient(web_server.url("/", scheme="dav"), timeout=20) as here:
            await files_async.take(files_async.CHECKS[index], files_async.AsyncGround(
                here, top, tmp_path / "here", _VERBS, outside))

    try:
        asyncio.run(main())
    except NotOffered as error:
        pytest.skip(str(error))


def test_what_was_looked_at_is_what_is_replaced(web_server: Web, tmp_path: Path) -> None:
    folder = web_server.new_folder()
    file = web_server.local(folder) / "a"
    (tmp_path / "mine").write_bytes(b"mine")
    with dav(web_server, folder) as here:
        here.put("a", b"one")
        os.utime(file, (OLD, OLD))
        here.stat("a")
        file.write_bytes(b"theirs")
        with pytest.raises(Changed):
            here.upload(tmp_path / "mine", "a")
        assert file.read_bytes() == b"theirs"
        here.stat("a")
        here.upload(tmp_path / "mine", "a")
    assert file.read_bytes() == b"mine"


# -- servers without a fixture ---------------------------------------------------------------------


@contextmanager
def serving(folder: Path, *command: str) -> Iterator[int]:
    """A server that is one command; PORT stands for a free port."""
    [port] = free_ports(1, "127.0.0.1")
    daemon = Daemon(command[0], [word.replace("PORT", str(port)) for word in command], folder.parent)
    try:
        wait_for_ports(daemon, "127.0.0.1", [port], [])
        yield port
    finally:
        daemon.stop()


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    (folder / "sub").mkdir(parents=True)
    (folder / "a b.txt").write_bytes(b"hello")
    (folder / "ü#%?&.bin").write_bytes(BODY)
    (folder / "sub" / "c").write_bytes(b"1")
    return folder


@pytest.mark.parametrize("server", ["python", "rclone"])
def test_other_index_pages(served: Path, server: str, tmp_path: Path) -> None:
    command = {"python": [sys.executable, "-m", "http.server", "PORT", "--bind", "127.0.0.1", "-d", str(served)],
               "rclone": [server, "serve", "http", str(served), "--addr", "127.0.0.1:PORT"]}[server]
    if server == "rclone":
        program("rclone", "rclone")
    with serving(served, *command) as port, http.Site(f"http://127.0.0.1:{port}/", timeout=20) as here:
        assert {entry.name for entry in here.list()} == {"a b.txt", "ü#%?&.bin", "sub"}
        report = here.download_tree("", tmp_path / "t")
        assert (report.files, report.failures) == (3, [])
        assert here.stat("a b.txt").size == 5
        assert here.stat("sub").is_folder
    assert (tmp_path / "t" / "ü#%?&.bin").read_bytes() == BODY


def test_rclone_by_webdav(served: Path, tmp_path: Path) -> None:
    program("rclone", "rclone")
    command = ["rclone", "serve", "webdav", str(served), "--addr", "127.0.0.1:PORT"]
    with serving(served, *command) as port, webdav.Client(f"dav://127.0.0.1:{port}/", timeout=20) as here:
        assert here.download_tree("", tmp_path / "t").files == 3
        here.upload(tmp_path / "t" / "a b.txt", "up")
        assert here.stat("up").validator
        here.upload(tmp_path / "t" / "ü#%?&.bin", "up")      # replaced, though If is not understood
        assert here.get("up") == BODY
        assert here.upload_tree(tmp_path / "t", "new").failures == []
        assert here.rmtree("new").failures == []
        here.files.rename("up", "sub/up")
        here.files.copy("sub", "copy")
        with here.lock("a b.txt") as held:
            assert held.token
        assert {entry.name for entry in here.list("copy")} == {"c", "up"}
