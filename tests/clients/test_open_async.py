# A conversation (its twin test_open_sync.py is generated): files opened by URL, in pieces.
"""A remote file reads, seeks and writes like a file, over every scheme of the lab."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from postel import lab
from postel.errors import AlreadyExists, Changed, NotFound, PostelError, UsageError
from postel.testing.files_reading_sync import body
from postel.transfer import remote_async as remote

pytestmark = pytest.mark.slow

SIZE = 3_000_000
SCHEMES = ["ftp", "ftps", "http", "sftp", "webdav"]


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start() as started:
        yield started


def files(here: lab.Lab, scheme: str) -> Any:
    return here.service(scheme).files


def at(here: lab.Lab, scheme: str, path: str, mode: str = "rb", **more: Any) -> remote.AsyncRemoteFile:
    return remote.open(here.url(scheme, user="alice", path=path), mode, password="secret", **more)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_it_reads_on_one_transfer(here: lab.Lab, scheme: str) -> None:
    files(here, scheme).put("/read.bin", body(SIZE))
    async with at(here, scheme, "/read.bin") as file:
        assert file.size == SIZE
        assert await file.read(10) == body(SIZE)[:10]
        assert await file.read(0) == b""
        assert file.tell() == 10
        assert await file.read() == body(SIZE)[10:]
        assert await file.read() == await file.read(5) == b""


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_it_seeks(here: lab.Lab, scheme: str) -> None:
    data = body(SIZE)
    files(here, scheme).put("/seek.bin", data)
    dice = random.Random(7)
    async with at(here, scheme, "/seek.bin") as file:
        assert await file.seek(-20, os.SEEK_END) == SIZE - 20
        assert await file.read() == data[-20:]
        for _ in range(12):
            place, size = dice.randrange(SIZE + 100), dice.choice((1, 100, 70_000))
            await file.seek(place)
            assert await file.read(size) == data[place : place + size], (place, size)
            await file.seek(-min(file.tell(), dice.choice((0, 5, 3_000))), os.SEEK_CUR)
            place = file.tell()
            assert await file.read(50) == data[place : place + 50]


async def test_a_short_way_needs_no_new_transfer(here: lab.Lab) -> None:
    files(here, "ftp").put("/near.bin", body(SIZE))
    async with at(here, "ftp", "/near.bin") as file:
        await file.read(1)
        for place in (100, 50_000, 49_000, 400_000, 399_990):
            await file.seek(place)
            assert await file.read(7) == body(SIZE)[place : place + 7]
        said = [str(record) for record in file.site.trace.records]  # type: ignore[attr-defined]
    assert sum("RETR" in line for line in said) == 1
    assert not any("C: REST" in line for line in said)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_file_that_changes_is_noticed(here: lab.Lab, scheme: str) -> None:
    files(here, scheme).put("/change.bin", body(SIZE), modified=1_700_000_000)
    async with at(here, scheme, "/change.bin") as file:
        await file.read(100)
        files(here, scheme).put("/change.bin", body(SIZE, "other"), modified=1_700_000_100)
        await file.seek(SIZE - 1_000)
        with pytest.raises(Changed, match="not the file that was opened") as caught:
            await file.read(10)
        assert caught.value.hint == "open it again, and read it from the beginning"


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_what_is_written_is_there_when_it_is_closed(here: lab.Lab, scheme: str) -> None:
    files(here, scheme).put("/taken.txt", b"old")
    async with at(here, scheme, "/taken.txt", "wb") as file:
        assert await file.write(b"one ") == 4
        assert files(here, scheme).get("/taken.txt") == b"old"
        assert await file.write(memoryview(b"two")) == 3
        assert file.tell() == file.size == 7
    assert files(here, scheme).get("/taken.txt") == b"one two"
    assert not [name for name in files(here, scheme).tree() if "postel" in name]


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_block_that_fails_leaves_nothing(here: lab.Lab, scheme: str) -> None:
    files(here, scheme).put("/kept.txt", b"old")
    for path in ("/kept.txt", "/never.txt"):
        with pytest.raises(KeyError):
            async with at(here, scheme, path, "wb") as file:
                await file.write(bytes(100_000))
                raise KeyError(path)
    assert files(here, scheme).get("/kept.txt") == b"old"
    assert not [name for name in files(here, scheme).tree() if "postel" in name or "never" in name]


async def test_a_new_file_must_be_new(here: lab.Lab) -> None:
    async with at(here, "ftp", "/new.txt", "xb") as file:
        await file.write(b"new")
    assert files(here, "ftp").get("/new.txt") == b"new"
    with pytest.raises(AlreadyExists, match="it is there already"):
        await at(here, "ftp", "/new.txt", "xb").open()
    with pytest.raises(AlreadyExists, match="somebody else"):
        async with at(here, "ftp", "/race.txt", "xb") as file:
            files(here, "ftp").put("/race.txt", b"first")
    assert files(here, "ftp").get("/race.txt") == b"first"


async def test_appending(here: lab.Lab) -> None:
    for word in (b"one", b" two", b" three"):
        async with at(here, "ftp", "/grows.txt", "ab") as file:
            await file.write(word)
    assert files(here, "ftp").get("/grows.txt") == b"one two three"
    with pytest.raises(PostelError, match="lets nobody append"):
        await at(here, "http", "/grows.txt", "ab").open()


async def test_what_is_wrong_is_said(here: lab.Lab) -> None:
    with pytest.raises(NotFound) as caught:
        await at(here, "ftp", "/missing").open()
    assert (caught.value.url or "").startswith("ftp://")
    with pytest.raises(UsageError, match="no such mode"):
        at(here, "ftp", "/x", "r+b")
    files(here, "ftp").make_folders("/folder")
    with pytest.raises(UsageError, match="that is a folder"):
        await at(here, "ftp", "/folder").open()
    files(here, "ftp").put("/x", b"x")
    async with at(here, "ftp", "/x") as file:
        with pytest.raises(UsageError, match="open to be read"):
            await file.write(b"y")
        with pytest.raises(UsageError, match="before the beginning"):
            await file.seek(-1)
    with pytest.raises(UsageError, match="closed"):
        await file.read()
    async with at(here, "ftp", "/y", "wb") as file:
        with pytest.raises(UsageError, match="open to be written"):
            await file.read()


async def test_a_file_of_no_size(here: lab.Lab) -> None:
    files(here, "ftp").put("/empty", b"")
    async with at(here, "ftp", "/empty") as file:
        assert await file.read() == await file.read() == b""
    async with at(here, "ftp", "/empty2", "wb"):
        pass
    assert files(here, "ftp").get("/empty2") == b""


async def test_where_no_read_begins_in_the_middle(here: lab.Lab) -> None:
    here.tftp.files.put("/boot.img", body(300_000))
    async with remote.open(here.url("tftp", path="/boot.img")) as file:
        await file.seek(250_000)
        assert await file.read(10) == body(300_000)[250_000:250_010]
        await file.seek(5)
        assert await file.read(10) == body(300_000)[5:15]
        assert len(await file.read()) == 300_000 - 15
