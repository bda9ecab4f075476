# A conversation (its twin test_foreign_sync.py is generated): fsspec's file systems as places.
"""Any file system of fsspec by the common verbs; fsspec's own memory and folders stand for all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from postel.errors import (
    AlreadyExists,
    AuthenticationError,
    Changed,
    Conflict,
    ConnectionLost,
    Forbidden,
    Incomplete,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ReplyError,
    TimedOut,
    UsageError,
)
from postel.foreign import bridge
from postel.foreign.client_async import AsyncClient
from postel.foreign.scheme import scheme_for
from postel.schemes import scheme_of
from postel.transfer import verbs_async as verbs
from postel.types import Kind
from postel.urls import parse

DATA = os.urandom(200_000)


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    yield
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


async def content(site: AsyncClient, path: str, offset: int = 0) -> bytes:
    async with site.files.read(path, offset=offset) as reading:
        return b"".join([chunk async for chunk in reading])


async def test_the_verbs(tmp_path: Path) -> None:
    async with AsyncClient("memory://box/in") as site:
        (tmp_path / "a").write_bytes(DATA)
        await site.makedirs("")
        assert await site.upload(tmp_path / "a", "") == len(DATA)
        assert await content(site, "a") == DATA
        assert await content(site, "/in/a", 100_000) == DATA[100_000:]
        assert await content(site, "a", len(DATA)) == b""
        entry = await site.stat("a")
        assert (entry.name, entry.kind, entry.size) == ("a", Kind.FILE, len(DATA))
        assert entry.modified is not None
        assert entry.modified.tzinfo is not None
        await site.files.make("sub")
        assert sorted([(e.name, e.kind) async for e in site.list()]) == [
            ("a", Kind.FILE), ("sub", Kind.FOLDER)]
        await site.files.rename("a", "sub/b")
        await site.files.copy("sub/b", "c")
        assert await content(site, "c") == await content(site, "sub/b") == DATA
        await site.files.remove("c")
        with pytest.raises(Conflict):
            await site.files.remove("sub")
        assert await site.download("sub/b", tmp_path / "b") == len(DATA)
        report = await site.download_tree("", tmp_path / "tree")
        assert report.ok
        assert (tmp_path / "tree" / "sub" / "b").read_bytes() == DATA
        report = await site.upload_tree(tmp_path / "tree", "again")
        assert (report.ok, report.files) == (True, 1)
        assert (await site.rmtree("again")).ok
        assert [e.name async for e in site.list()] == ["sub"]


async def test_names_are_no_patterns() -> None:
    async with AsyncClient("memory://box/in") as site:
        await site.makedirs("f/deep[1]")
        for name in ("f/x", "f/what?", "f/deep[1]/all*"):
            async with site.files.write(name) as sink:
                await sink.send(name.encode())
        await site.files.rename("f/x", "f/x?")
        await site.files.rename("f/what?", "f/[b]")
        await site.files.rename("f", "g")
        held = sorted(MemoryFileSystem.store)
    assert held == ["/box/in/g/[b]", "/box/in/g/deep[1]/all*", "/box/in/g/x?"]
    assert MemoryFileSystem.store[held[0]].getvalue() == b"f/what?"
    assert not [path for path in MemoryFileSystem.pseudo_dirs if path.startswith("/box/in/f")]


async def test_refusals() -> None:
    async with AsyncClient("memory://box") as site:
        for attempt in (lambda: site.stat("x"), lambda: content(site, "x"),
                        lambda: site.files.remove("x"), lambda: site.files.rename("x", "y"),
                        lambda: site.files.copy("x", "y")):
            with pytest.raises(NotFound) as caught:
                await attempt()
            assert caught.value.hint
        with pytest.raises(NotFound):
            _ = [entry async for entry in site.list("x")]
        async with site.files.write("a") as sink:
            await sink.send(b"12345")
        with pytest.raises(NotFound, match="that is a file"):
            _ = [entry async for entry in site.list("a")]
        with pytest.raises(Changed, match="it has only 5"):
            await content(site, "a", 6)
        with pytest.raises(AlreadyExists):
            await site.files.make("a")
        with pytest.raises(NotSupported, match="from byte 3"):
            site.files.write("a", offset=3)
        with pytest.raises(NotSupported):
            await site.files.digest("a")
        with pytest.raises(UsageError, match="NUL"):
            await site.stat("a\0")
        with pytest.raises(UsageError, match="it is not open"):
            await site.files.write("b").send(b"x")
        await site.files.write("b").abandon()
    with pytest.raises(UsageError, match="not open"):
        await site.stat("a")


async def test_nothing_appears_when_writing_fails() -> None:
    class Stop(Exception):
        pass

    async with AsyncClient("memory://box") as site:
        with pytest.raises(Stop):
            async with site.files.write("half") as sink:
                await sink.send(b"half")
                raise Stop
        with pytest.raises(NotFound):
            await site.stat("half")


async def test_a_file_that_ends_early() -> None:
    async with AsyncClient("memory://box") as site:
        async with site.files.write("a") as sink:
            await sink.send(DATA)
        async with site.files.read("a") as reading:
            reading.expected = len(DATA) + 5
            with pytest.raises(Incomplete, match="ended after 200,000 bytes of 200,005"):
                _ = [chunk async for chunk in reading]


async def test_the_client() -> None:
    site = AsyncClient(parse("memory://box/a%20b"), timeout=3)
    assert not site.is_open
    async with site:
        assert site.path_in(parse("memory://box/x%20y")) == "/x y"
        assert site.place("/x y") == "/box/x y"
        assert site.place("c") == "/box/a b/c"
        assert (site.latency, site.server.software) == (0.0, "MemoryFileSystem")
        assert site.peer.host == "box"
        assert site.another().url == site.url
        await site.noop()
        assert site.files.features.copy


async def test_drivers_that_are_not_there() -> None:
    if find_spec("s3fs") is not None:
        pytest.skip("s3fs is installed")
    with pytest.raises(UsageError, match="its driver is not installed: Install s3fs") as caught:
        async with AsyncClient("s3://bucket"):
            pass
    assert caught.value.hint


async def test_the_verbs_by_url(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    assert await verbs.put(tmp_path / "a", "memory://box/a") == len(DATA)
    assert [entry.name for entry in await verbs.ls("memory://box/")] == ["a"]
    assert (await verbs.stat("memory://box/a")).size == len(DATA)
    assert (await verbs.get("memory://box/a", tmp_path / "b")).read_bytes() == DATA
    await verbs.rm("memory://box/a")
    with pytest.raises(NotFound):
        await verbs.stat("memory://box/a")


def test_which_schemes() -> None:
    assert scheme_of("memory", "read").package == "postel.foreign"
    assert scheme_of("s3", "list").package == "postel.foreign"
    for name in ("ssh", "simplecache", "postel+ftp", "no-such"):
        assert scheme_for(name) is None
    with pytest.raises(UsageError, match="is no scheme that Postel speaks"):
        scheme_of("no-such", "read")


def test_the_table_loads_no_fsspec() -> None:
    code = ("import sys; from postel.schemes import scheme_of; scheme_of('ftp', 'list');"
            "print('fsspec' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          timeout=30)
    assert done.stdout.strip() == "False"


class NoCredentialsError(Exception):
    """As botocore calls it."""


@pytest.mark.parametrize(("error", "kind", "text"), [
    (FileNotFoundError("bucket/a"), NotFound, "read a: bucket/a"),
    (PermissionError("Access Denied"), Forbidden, "read a: Access Denied"),
    (NoCredentialsError("Unable to locate credentials"), AuthenticationError, "Unable to locate"),
    (OSError(28, "No space left on device"), NoSpace, "No space left"),
    (OSError(39, "Directory not empty"), Conflict, "not empty"),
    (NotImplementedError(), NotSupported, "NotImplementedError"),
    (TimeoutError("slow"), TimedOut, "slow"),
    (ConnectionResetError("gone"), ConnectionLost, "gone"),
    (RuntimeError("odd\x1b[2J"), ReplyError, r"RuntimeError: odd\\x1b\[2J")])
def test_what_drivers_raise(error: Exception, kind: type[PostelError], text: str) -> None:
    with pytest.raises(kind, match=text) as caught, bridge.refused("read", "a"):
        raise error
    assert type(caught.value) is kind


def test_entries_of_many_drivers() -> None:
    infos: list[dict[str, Any]] = [
        {"name": "b/a", "type": "file", "size": 3, "LastModified": "2020-01-02T03:04:05+00:00"},
        {"name": "b/d/", "type": "directory", "size": 0},
        {"name": "/l", "type": "link", "size": 0, "destination": b"a", "islink": True},
        {"name": "/o", "type": "other", "size": None, "mtime": 1_577_934_245.0, "mode": 0o100644}]
    entries = [bridge.entry_of(info) for info in infos]
    assert [(e.name, e.kind) for e in entries] == [
        ("a", Kind.FILE), ("d", Kind.FOLDER), ("l", Kind.LINK), ("o", Kind.OTHER)]
    assert entries[0].modified == entries[3].modified
    assert (entries[2].target, entries[3].mode) == ("a", 0o644)
