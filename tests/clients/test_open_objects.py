"""`postel.open` gives file objects that Python's own libraries take."""

from __future__ import annotations

import asyncio
import csv
import gc
import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator

import pytest

import postel
from postel import aio, lab
from postel.errors import Incomplete, NotFound, PostelError, UsageError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("ftp", "http") as started:
        yield started


def url(here: lab.Lab, path: str) -> str:
    return here.url("ftp", user="alice:secret", path=path)


def test_a_zip_is_read_from_its_end(here: lab.Lab) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(50):
            archive.writestr(f"{number}.txt", f"file {number}\n" * 2_000)
    here.ftp.files.put("/a.zip", packed.getvalue())
    with postel.open(url(here, "/a.zip")) as file, zipfile.ZipFile(file) as archive:
        assert len(archive.namelist()) == 50
        assert archive.read("49.txt").startswith(b"file 49\n")
        assert archive.read("3.txt").startswith(b"file 3\n")


def test_gzip_and_tar_stream_through(here: lab.Lab) -> None:
    with postel.open(url(here, "/b.tar.gz"), "wb") as file, tarfile.open(
            fileobj=file, mode="w|gz") as archive:
        member = tarfile.TarInfo("x")
        member.size = 100_000
        archive.addfile(member, io.BytesIO(bytes(100_000)))
    with postel.open(url(here, "/b.tar.gz")) as file, gzip.open(file) as plain:
        assert len(plain.read()) > 100_000
    with postel.open(url(here, "/b.tar.gz")) as file, tarfile.open(fileobj=file) as archive:
        assert archive.getnames() == ["x"]


def test_text_line_by_line(here: lab.Lab) -> None:
    with postel.open(url(here, "/t.csv"), "w", newline="") as file:
        csv.writer(file).writerows([["name", "size"], ["übergröße", 3]])
    assert here.ftp.files.get("/t.csv") == "name,size\r\nübergröße,3\r\n".encode()
    with postel.open(url(here, "/t.csv"), "r", newline="") as file:
        assert list(csv.reader(file)) == [["name", "size"], ["übergröße", "3"]]
    with postel.open(url(here, "/t.csv"), "rt") as file:
        assert [line.rstrip("\n") for line in file] == ["name,size", "übergröße,3"]
    with postel.open(url(here, "/t.csv"), "at", encoding="latin-1") as file:
        file.write("é")
    assert here.ftp.files.get("/t.csv").endswith(b"\xe9")


def test_it_is_a_buffered_reader(here: lab.Lab) -> None:
    here.ftp.files.put("/r", b"one\ntwo\nthree")
    with postel.open(url(here, "/r")) as file:
        assert isinstance(file, io.BufferedReader)
        assert (file.readable(), file.writable(), file.seekable()) == (True, False, True)
        assert file.readline() == b"one\n"
        assert file.peek(3)[:3] == b"two"
        assert file.tell() == 4
        assert file.seek(-5, io.SEEK_END) == 8
        assert file.readlines() == [b"three"]
        assert file.raw.size == 13
    assert file.closed
    with pytest.raises(ValueError, match="closed"):
        file.read()


def test_a_writer_is_not_seekable(here: lab.Lab) -> None:
    with postel.open(url(here, "/w"), "wb") as file:
        assert (file.readable(), file.writable(), file.seekable()) == (False, True, False)
        with pytest.raises(io.UnsupportedOperation):
            file.seek(0)
        file.write(b"x")
        assert file.tell() == 1
    assert here.ftp.files.get("/w") == b"x"


@pytest.mark.parametrize("mode", ["wb", "w"])
def test_a_block_that_fails_stores_nothing(here: lab.Lab, mode: str) -> None:
    here.ftp.files.put("/kept", b"old")
    with pytest.raises(KeyError), postel.open(url(here, "/kept"), mode) as file:
        file.write(b"new" * 100_000 if mode == "wb" else "new" * 100_000)
        raise KeyError
    assert here.ftp.files.get("/kept") == b"old"
    assert not [name for name in here.ftp.files.tree() if "postel" in name]


@pytest.mark.parametrize("mode", ["wb", "w"])
def test_one_that_is_forgotten_stores_nothing(here: lab.Lab, mode: str) -> None:
    file = postel.open(url(here, "/forgotten"), mode)
    file.write(b"half" if mode == "wb" else "half")
    with pytest.warns(ResourceWarning, match="never closed: nothing is stored"):  # noqa: PT031
        del file
        gc.collect()
    assert "/forgotten" not in here.ftp.files.tree()


def test_a_write_that_fails_is_never_stored(here: lab.Lab) -> None:
    here.ftp.faults.on("STOR", b"552 quota exceeded", cut=100_000)
    with pytest.raises(PostelError):
        with postel.open(url(here, "/full"), "wb") as file:
            for _ in range(100):
                file.write(bytes(100_000))
    here.ftp.faults.clear()
    assert "/full" not in here.ftp.files.tree()


def test_a_transfer_that_is_cut_is_no_end_of_file(here: lab.Lab) -> None:
    here.ftp.files.put("/cut", bytes(1_000_000))
    here.ftp.faults.on("RETR", b"226 done", cut=400_000)
    with pytest.raises(Incomplete), postel.open(url(here, "/cut")) as file:
        file.read()
    here.ftp.faults.clear()


def test_what_is_wrong_is_said(here: lab.Lab) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        postel.open(url(here, "/missing"))
    assert isinstance(caught.value, NotFound)
    with pytest.raises(UsageError, match="no such mode"):
        postel.open(url(here, "/x"), "r+")
    with pytest.raises(UsageError, match="bytes have no encoding"):
        postel.open(url(here, "/x"), "rb", encoding="utf-8")
    with pytest.raises(UsageError, match="ftp takes no colour"):
        postel.open(url(here, "/x"), colour="red")
    with pytest.raises(UsageError, match="pop3"):
        postel.open("pop3://localhost/")


def test_a_local_file_and_a_web_page(here: lab.Lab, tmp_path) -> None:  # type: ignore[no-untyped-def]
    with postel.open(f"file://{tmp_path}/x", "w") as file:
        file.write("here")
    assert (tmp_path / "x").read_text() == "here"
    here.http.files.put("/page.html", b"<p>" * 1_000)
    with postel.open(here.url("http", path="/page.html"), "r") as file:
        file.seek(2_997)
        assert file.read() == "<p>"


def test_the_same_for_asyncio(here: lab.Lab) -> None:
    async def main() -> bytes:
        async with aio.open(url(here, "/async"), "wb") as file:
            await file.write(b"over asyncio")
        async with aio.open(url(here, "/async")) as file:
            await file.seek(5)
            return await file.read()

    assert asyncio.run(main()) == b"asyncio"
