"""Trees mirrored over real servers: up, down, from one to another, and synced both ways."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import pytest
from servers import EPOCH, ODD_NAMES, SSHD, Server, Web

import postel
from postel import aio
from postel.ssh.types import SSHOptions
from postel.transfer.types import Do, Result
from postel.transport.tls import TLSOptions

KINDS = ("ftp-vsftpd", "ftp-proftpd", "ftp-pureftpd", "ftps-vsftpd", "ftps-proftpd",
         "ftps-pureftpd", "sftp", "sftp-proftpd", "dav-nginx", "dav-apache", "davs-apache")
PAIRS = (
    ("ftp-vsftpd", "ftp-proftpd"), ("ftp-proftpd", "ftps-vsftpd"), ("ftp-proftpd", "sftp"),
    ("ftp-vsftpd", "sftp"), ("ftp-pureftpd", "dav-nginx"), ("ftp-vsftpd", "memory"),
    ("ftps-pureftpd", "ftp-vsftpd"), ("ftps-vsftpd", "ftps-proftpd"), ("ftps-vsftpd", "sftp"),
    ("ftps-proftpd", "dav-apache"), ("ftps-pureftpd", "memory"),
    ("sftp", "ftp-pureftpd"), ("sftp", "ftps-vsftpd"), ("sftp", "ftps-pureftpd"),
    ("sftp", "sftp-proftpd"), ("sftp", "dav-nginx"), ("sftp-proftpd", "dav-apache"),
    ("sftp", "memory"),
    ("http-nginx", "ftp-vsftpd"), ("http-apache", "ftps-proftpd"), ("http-nginx", "sftp"),
    ("http-nginx", "dav-apache"), ("http-apache", "dav-nginx"), ("http-nginx", "memory"),
    ("dav-apache", "ftp-pureftpd"), ("dav-nginx", "ftps-pureftpd"), ("dav-nginx", "sftp"),
    ("dav-apache", "davs-apache"), ("dav-nginx", "memory"),
    ("memory", "ftp-vsftpd"), ("memory", "ftps-pureftpd"), ("memory", "sftp"),
    ("memory", "dav-nginx"),
    ("ftp-proftpd", "ftp-proftpd"), ("sftp", "sftp"), ("dav-apache", "dav-apache"))
"""Each kind to each; the last ones, to the server itself."""

COMMON = {"timeout": 30.0}


@dataclass
class Spot:
    """A new, empty folder on a server: its URL, what opens it, and where it is on this disk."""

    url: str
    options: dict[str, Any]
    folder: Path

    def push(self) -> None:
        """What was changed in `folder` is there."""

    def held(self) -> dict[str, bytes]:
        """What is there."""
        return contents(self.folder)


class Remembered(Spot):
    """A folder of fsspec's memory, and one of this disk that it is made like."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.system, self.top = fsspec.filesystem("memory"), f"/{folder.parent.name}-{id(self)}"
        self.system.makedirs(self.top)
        super().__init__(f"memory:/{self.top}/", {}, folder)

    def push(self) -> None:
        ours, theirs = contents(self.folder), self.held()
        for path in theirs.keys() - ours.keys():
            self.system.rm_file(f"{self.top}/{path}")
        for path in ours:
            if theirs.get(path) != ours[path]:
                self.system.makedirs(f"{self.top}/{path}".rpartition("/")[0], exist_ok=True)
                self.system.pipe_file(f"{self.top}/{path}", ours[path])

    def held(self) -> dict[str, bytes]:
        return {path[len(self.top) + 1 :]: self.system.cat_file(path)
                for path in self.system.find(self.top)}


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def spot(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Spot]:
    """`spot("ftp-vsftpd")`: a new folder there."""

    def made(kind: str) -> Spot:
        scheme, _, name = kind.partition("-")
        if scheme == "memory":
            return Remembered(tmp_path / "memory")
        if scheme == "sftp":
            fixture = "proftpd_sftp" if name else "sshd"
            return on_ssh(request.getfixturevalue(fixture))
        server = request.getfixturevalue(name)
        return on_ftp(server, scheme) if isinstance(server, Server) else on_web(server, scheme)

    return made


def on_ftp(server: Server, scheme: str) -> Spot:
    path = server.new_folder("mirror")
    options = {"user": server.user, "password": server.password,
               "security": "starttls" if scheme == "ftps" else "plain",
               "tls": TLSOptions(ca=server.ca_file), **COMMON}
    return Spot(f"ftp://{server.host}:{server.port}{path}", options, server.local(path))


def on_ssh(server: SSHD) -> Spot:
    number = len(list(server.root.iterdir()))
    folder = server.root / f"mirror-{number}"
    folder.mkdir()
    folder.chmod(0o777)
    path = f"{server.path.rstrip('/')}/{folder.name}"
    options = {"user": server.user, "ssh": SSHOptions(
        config="none", agent=False, known_hosts=server.known_hosts, identities=(server.key,)),
        **COMMON}
    return Spot(f"sftp://{server.host}:{server.port}{path}", options, folder)


def showing(kind: str, root: Path) -> None:
    """Remove what a server does not list: nginx hides names that begin with a dot."""
    if kind.endswith("nginx"):
        (root / "odd" / ".hidden").unlink(missing_ok=True)


def on_web(server: Web, scheme: str) -> Spot:
    path = server.new_folder("mirror")
    url = server.url(path, tls=scheme.endswith("s"), scheme=scheme.rstrip("s"))
    return Spot(url, {"tls": TLSOptions(ca=server.ca_file), **COMMON}, server.local(path))


def fill(root: Path) -> None:
    """About sixty files in six folders: odd names, empty ones, one of 5 MiB."""
    noise = random.Random(4)
    for number in range(44):
        put(root / f"d{number % 4}" / f"f{number:02}.bin", noise.randbytes(number * 37), number)
    for number, name in enumerate(ODD_NAMES):
        put(root / "odd" / name, name.encode(), number)
    put(root / "odd" / "földer with  spaces" / "deep.txt", b"deep")
    put(root / "empty.txt", b"")
    put(root / "d1" / "empty too", b"")
    put(root / "large.bin", noise.randbytes(5 << 20))


def put(path: Path, data: bytes, later: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (EPOCH + later, EPOCH + later))


def change(root: Path) -> None:
    """One changed, one of the same size, two gone, a folder gone, two new."""
    (root / "d0" / "f04.bin").write_bytes(b"changed")
    same = root / "d1" / "f05.bin"
    same.write_bytes(b"#" * same.stat().st_size)
    (root / "empty.txt").unlink()
    (root / "odd" / "star*.txt").unlink()
    (root / "odd" / "földer with  spaces" / "deep.txt").unlink()
    (root / "odd" / "földer with  spaces").rmdir()
    put(root / "new" / "one.txt", b"new")
    put(root / "d2" / "new.txt", b"new as well")


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*") if path.is_file()}


def said(result: Result) -> str:
    return "; ".join(f"{path}: {error!r}" for path, error in result.failures[:5])


Run = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    """`run("mirror", …)`: that verb, of `postel` and of `postel.aio`."""

    def call(verb: str, *args: Any, **keywords: Any) -> Any:
        if request.param == "sync":
            return getattr(postel, verb)(*args, **keywords)
        return asyncio.run(getattr(aio, verb)(*args, **keywords))

    return call


@pytest.mark.parametrize("kind", KINDS)
def test_up_and_down(kind: str, spot: Callable[[str], Spot], run: Run, tmp_path: Path) -> None:
    ours, back, there = tmp_path / "ours", tmp_path / "back", spot(kind)
    fill(ours)
    showing(kind, ours)
    result = run("mirror", ours, there.url, target_options=there.options)
    assert result.ok, said(result)
    assert contents(there.folder) == contents(ours)
    again = run("mirror", ours, there.url, target_options=there.options)
    assert (again.same, dict(again.done), again.size) == (len(contents(ours)), {}, 0)
    change(ours)
    result = run("mirror", ours, there.url, delete="after", target_options=there.options)
    assert result.ok, said(result)
    assert (result.done[Do.NEW], result.done[Do.CHANGED]) == (2, 2), result.done
    assert contents(there.folder) == contents(ours)
    assert not (there.folder / "odd" / "földer with  spaces").exists()
    down(run, there, ours, back)
    assert run("check", ours, there.url, target_options=there.options).empty
    (there.folder / "d2" / "new.txt").write_bytes(b"NEW as well")
    differs = run("check", ours, there.url, target_options=there.options)
    assert [action.path for action in differs.actions] == ["d2/new.txt"]


def down(run: Run, there: Spot, ours: Path, back: Path) -> None:
    """Fetch the tree twice; then one file goes and one changes."""
    result = run("mirror", there.url, back, source_options=there.options)
    assert result.ok, said(result)
    assert contents(back) == contents(ours)
    again = run("mirror", there.url, back, source_options=there.options)
    assert (again.same, dict(again.done), again.size) == (len(contents(ours)), {}, 0)
    put(back / "not there.txt", b"goes")
    put(back / "d3" / "f03.bin", b"was changed here")
    result = run("mirror", there.url, back, delete="after", source_options=there.options)
    assert result.ok, said(result)
    assert dict(result.done) == {Do.CHANGED: 1, Do.DELETE: 1}
    assert contents(back) == contents(ours)


@pytest.mark.parametrize("name", ["nginx", "apache"])
def test_down_from_index_pages(name: str, spot: Callable[[str], Spot], run: Run, tmp_path: Path
                               ) -> None:
    there, back = spot(f"http-{name}"), tmp_path / "back"
    fill(there.folder)
    showing(name, there.folder)
    down(run, there, there.folder, back)


@pytest.mark.parametrize(("first", "second", "run"), [
    pytest.param(*pair, ("sync", "async")[number % 2], id="-to-".join(pair))
    for number, pair in enumerate(PAIRS)], indirect=["run"])
def test_from_server_to_server(first: str, second: str, spot: Callable[[str], Spot], run: Run
                               ) -> None:
    source, target = spot(first), spot(second)
    fill(source.folder)
    showing(first, source.folder)
    showing(second, source.folder)
    source.push()
    both = {"source_options": source.options, "target_options": target.options}
    result = run("mirror", source.url, target.url, **both)
    assert result.ok, said(result)
    assert target.held() == contents(source.folder)
    again = run("mirror", source.url, target.url, **both)
    assert (again.same, dict(again.done)) == (len(contents(source.folder)), {})
    change(source.folder)
    source.push()
    result = run("mirror", source.url, target.url, delete="after", **both)
    assert result.ok, said(result)
    assert target.held() == contents(source.folder)
    assert run("check", source.url, target.url, **both).empty


@pytest.mark.parametrize("kind", ["sftp", "ftp-proftpd", "dav-apache"])
def test_both_ways(kind: str, spot: Callable[[str], Spot], run: Run, tmp_path: Path) -> None:
    ours, there = tmp_path / "ours", spot(kind)
    fill(ours)
    far = {"second_options": there.options}
    result = run("sync", ours, there.url, **far)
    assert result.ok
    assert contents(there.folder) == contents(ours)
    change(ours)
    (there.folder / "d3" / "f03.bin").write_bytes(b"changed there")
    (there.folder / "d3" / "f07.bin").unlink()
    (there.folder / "d0" / "f04.bin").write_bytes(b"changed there too")
    (there.folder / "d3" / "made there.txt").write_bytes(b"there")
    result = run("sync", ours, there.url, **far)
    assert [one.path for one in result.conflicts] == ["d0/f04.bin"]
    held = contents(ours)
    assert held == contents(there.folder)
    assert held["d3/f03.bin"] == b"changed there"
    assert held["d3/made there.txt"] == b"there"
    assert held["new/one.txt"] == b"new"
    assert {"d3/f07.bin", "empty.txt"}.isdisjoint(held)
    assert sorted(data for path, data in held.items() if path.startswith("d0/f04")) == [
        b"changed", b"changed there too"]
    again = run("sync", ours, there.url, **far)
    assert again.ok
    assert contents(ours) == held == contents(there.folder)
