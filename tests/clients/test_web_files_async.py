# A conversation (its twin test_web_files_sync.py is generated): files of web servers, by HTTP and WebDAV.
"""Downloads that resume or begin again, and never mix; listings, uploads, and what servers do to them."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from postel import lab
from postel.errors import (
    Changed,
    ChecksumMismatch,
    Conflict,
    Incomplete,
    NotFound,
    NotSupported,
    PostelError,
    TransferError,
    UsageError,
)
from postel.http.server_options import HTTPOptions
from postel.http.site_async import AsyncSite
from postel.session.files_async import Watch
from postel.session.site_async import AsyncFileSite
from postel.types import Kind
from postel.urls import parse
from postel.webdav.client_async import AsyncClient
from postel.webdav.server_options import DAVOptions

pytestmark = pytest.mark.slow

OLD = 1_000_000_000
ONE = bytes(range(256)) * 1000
TWO = ONE[:10] + b"!" + ONE[11:]            # as long, as old, and other only where it is on disk already
THREE = bytes(255 - byte for byte in ONE)   # other everywhere
SCHEMES = ["http", "webdav"]


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with lab.start("http", "webdav") as started:
        yield started


@pytest.fixture
def here(running: Any) -> Any:
    from postel.serving.files import MemoryFiles

    for name, options in (("http", HTTPOptions()), ("webdav", DAVOptions())):
        service = running.services[name]
        service.serve(MemoryFiles())
        vars(service.options).update(vars(options))
        service.options.require = "never"
        service.faults.clear()
        service.files.put("/pub/a.bin", ONE, modified=OLD)
        service.files.put("/pub/more/b c.txt", b"hello", modified=OLD)
    return running


def client(here: Any, scheme: str, path: str = "/pub/", **keywords: Any) -> Any:
    host, port = here.address(scheme)
    if scheme == "http":
        return AsyncSite(f"http://{host}:{port}{path}", timeout=10.0, **keywords)
    return AsyncClient(f"dav://{host}:{port}{path}", timeout=10.0, **keywords)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def cut_download(here: Any, scheme: str, target: Path) -> None:
    """Leave what an interrupted run leaves."""
    here.services[scheme].faults.on("GET", cut=100_000, times=3)
    async with client(here, scheme) as site:
        with pytest.raises(PostelError):
            await site.download("a.bin", target)
    assert not target.exists()
    here.services[scheme].faults.clear()


# -- downloads that go on --------------------------------------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_rest_is_asked_for_under_if_range(here: Any, scheme: str, tmp_path: Path) -> None:
    await cut_download(here, scheme, tmp_path / "a")
    assert left(tmp_path) == [".a.postel", ".a.postel-note"]
    note = json.loads((tmp_path / ".a.postel-note").read_text("utf-8"))
    assert note["validator"].startswith('"')
    async with client(here, scheme) as site:
        assert await site.download("a.bin", tmp_path / "a") == len(ONE)
        seen = site.trace.text
    assert (tmp_path / "a").read_bytes() == ONE
    assert left(tmp_path) == ["a"]
    assert int((tmp_path / "a").stat().st_mtime) == OLD
    assert seen.count("Range: bytes=83616-") == 1
    assert seen.count("If-Range: ") == 1


QUIRKS = [
    (), ("200 to Range",), ("206 no Content-Range",), ("206 wrong offset",), ("206 wrong total",),
    ("If-Range ignored",), ("frozen ETag",), ("frozen ETag", "If-Range ignored"), ("gzip with Range",),
    ("multipart for one range",), ("no validators",), ("weak ETag",), ("405 to HEAD",), ("HEAD without length",),
    ("one request a connection",), ("no validators", "200 to Range"), ("frozen ETag", "200 to Range"),
]


@pytest.mark.parametrize("changed", [ONE, TWO, THREE], ids=["same", "changed-before", "changed-all"])
@pytest.mark.parametrize("quirks", QUIRKS, ids=lambda quirks: "+".join(quirks) or "none")
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_no_mixed_file_ever(here: Any, scheme: str, quirks: Any, changed: bytes, tmp_path: Path) -> None:
    service = here.services[scheme]
    service.quirks(*quirks)
    await cut_download(here, scheme, tmp_path / "a")
    service.files.put("/pub/a.bin", changed, modified=OLD)
    async with client(here, scheme) as site:
        assert await site.download("a.bin", tmp_path / "a") == len(ONE)
    assert (tmp_path / "a").read_bytes() == changed
    assert left(tmp_path) == ["a"]


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_file_that_grew_or_shrank(here: Any, scheme: str, tmp_path: Path) -> None:
    for size in (50_000, len(ONE) * 2, 0):
        await cut_download(here, scheme, tmp_path / "a")
        here.services[scheme].files.put("/pub/a.bin", THREE[:size] or b"", modified=OLD)
        async with client(here, scheme) as site:
            await site.download("a.bin", tmp_path / "a")
        assert (tmp_path / "a").read_bytes() == THREE[:size]
        (tmp_path / "a").unlink()
        here.services[scheme].files.put("/pub/a.bin", ONE, modified=OLD)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_short_body_is_no_file(here: Any, scheme: str, chunked: bool, tmp_path: Path) -> None:
    here.services[scheme].options.chunked = chunked
    here.services[scheme].faults.on("GET", cut=100_000, times=5)
    async with client(here, scheme) as site:
        with pytest.raises((Incomplete, PostelError)) as caught:
            await site.download("a.bin", tmp_path / "a", resume=False)
    assert not (tmp_path / "a").exists()
    assert caught.value.exit_code in (5, 6)


async def test_a_digest_that_does_not_fit(here: Any, tmp_path: Path) -> None:
    here.http.options.headers = {"Repr-Digest": "sha-256=:" + "A" * 43 + "=:"}
    async with client(here, "http") as site:
        with pytest.raises(ChecksumMismatch, match="sha-256"):
            await site.download("a.bin", tmp_path / "a")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_verify_by_what_the_server_tells(here: Any, scheme: str, tmp_path: Path) -> None:
    async with client(here, scheme) as site:
        await site.download("a.bin", tmp_path / "a", verify=True)
        name, told = await site.files.digest("a.bin")
    assert told == hashlib.new(name.replace("-", ""), ONE).hexdigest()


async def test_packed_on_the_fly_is_unpacked_and_a_gz_is_not(here: Any, tmp_path: Path) -> None:
    text, packed = b"words " * 5000, gzip.compress(b"kept")
    here.http.files.put("/pub/t.txt", text)
    here.http.files.put("/pub/k.gz", packed)
    here.http.options.headers = {}
    here.http.quirks("gz as coding")
    async with client(here, "http") as site:
        await site.download("k.gz", tmp_path / "k.gz")
    assert (tmp_path / "k.gz").read_bytes() == packed
    here.http.quirks()
    here.http.faults.on("GET", b"200\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(text))
    async with client(here, "http") as site:
        async with site.files.read("t.txt") as reading:
            assert b"".join([chunk async for chunk in reading]) == text


# -- reading from the middle -------------------------------------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_reading_from_an_offset(here: Any, scheme: str) -> None:
    async with client(here, scheme) as site:
        for offset in (1, 255_000, len(ONE)):
            async with site.files.read("a.bin", offset=offset) as reading:
                assert b"".join([chunk async for chunk in reading]) == ONE[offset:]
                assert reading.expected == len(ONE) - offset
        with pytest.raises(Changed, match="shorter"):
            async with site.files.read("a.bin", offset=len(ONE) + 1) as reading:
                pass


@pytest.mark.parametrize("quirk", ["206 no Content-Range", "206 wrong offset", "206 wrong total",
                                   "multipart for one range"])
async def test_parts_that_do_not_fit_are_told(here: Any, quirk: str) -> None:
    here.http.quirks(quirk)
    async with client(here, "http") as site:
        with pytest.raises(Changed, match="the rest cannot be used"):
            async with site.files.read("a.bin", offset=100):
                pass


async def test_what_was_passed_over_is_not_given(here: Any) -> None:
    for quirk in ("200 to Range", "no validators", "weak ETag"):
        here.http.quirks(quirk)
        async with client(here, "http") as site:
            async with site.files.read("a.bin", offset=1000) as reading:
                assert b"".join([chunk async for chunk in reading]) == ONE[1000:]


async def test_a_file_that_changes_between_two_reads(here: Any) -> None:
    async with client(here, "http") as site:
        await site.stat("a.bin")
        here.http.files.put("/pub/a.bin", THREE, modified=OLD)
        with pytest.raises(Changed, match="not the file it was"):
            async with site.files.read("a.bin", offset=1000):
                pass


async def test_a_part_nobody_asked_for(here: Any) -> None:
    here.http.faults.on("GET", b"206\r\nContent-Range: bytes 0-0/1\r\n\r\nx")
    async with client(here, "http") as site:
        with pytest.raises(PostelError, match="a part came"):
            async with site.files.read("a.bin"):
                pass


# -- looking -----------------------------------------------------------------------------------


@pytest.mark.parametrize("index", ["nginx", "apache", "caddy", "lighttpd", "python", "nginx-json"])
async def test_index_pages_are_folders(here: Any, index: str, tmp_path: Path) -> None:
    here.http.options.index = index
    here.http.files.put("/pub/ü &<\"'?#%41.txt", b"odd", modified=OLD)
    async with client(here, "http", "/") as site:
        found = {entry.name: entry async for entry in site.list("pub")}
        assert set(found) == {"a.bin", "more", "ü &<\"'?#%41.txt"}
        assert found["more"].kind is Kind.FOLDER
        assert found["a.bin"].exact_size in (None, len(ONE))
        report = await site.download_tree("pub", tmp_path / "t")
        assert (report.files, report.failures) == (3, [])
    assert (tmp_path / "t" / "ü &<\"'?#%41.txt").read_bytes() == b"odd"
    assert int((tmp_path / "t" / "a.bin").stat().st_mtime) == OLD


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_stat(here: Any, scheme: str) -> None:
    async with client(here, scheme) as site:
        file, folder = await site.stat("a.bin"), await site.stat("more")
        assert (file.name, file.kind, file.size) == ("a.bin", Kind.FILE, len(ONE))
        assert file.modified == datetime.fromtimestamp(OLD, UTC)
        assert file.validator
        assert (folder.name, folder.kind) == ("more", Kind.FOLDER)
        with pytest.raises(NotFound):
            await site.stat("missing")
        with pytest.raises(NotFound):
            _ = [entry async for entry in site.list("missing")]
        assert (await site.stat("more/b c.txt")).size == 5


@pytest.mark.parametrize("quirk", ["405 to HEAD", "HEAD without length"])
async def test_servers_without_head(here: Any, quirk: str) -> None:
    here.http.quirks(quirk)
    here.http.files.put("/pub/empty", b"")
    async with client(here, "http") as site:
        assert (await site.stat("a.bin")).size == len(ONE)
        assert (await site.stat("empty")).size == 0
        assert (await site.stat("a.bin")).validator


async def test_pages_that_lead_elsewhere_list_nothing_of_it(here: Any, tmp_path: Path) -> None:
    page = "".join(f'<a href="{href}">x</a>' for href in (
        "../../etc/passwd", "/etc/passwd", "http://evil.example/pub/x", "javascript:x", "a%2Fb", "..", "good.txt",
        "%2e%2e%2fup", "sub/deep", "?C=M", "..%5C..%5Cx", "/pub/%00"))
    here.http.files.put("/pub/good.txt", b"good")
    here.http.faults.on("GET /pub/", b"200\r\nContent-Type: text/html\r\n\r\n" + page.encode(), times=2)
    async with client(here, "http", "/") as site:
        names = [entry.name async for entry in site.list("pub")]
        report = await site.download_tree("pub", tmp_path / "t")
    assert names == ["good.txt", "..\\..\\x"]
    assert report.files == 1
    assert left(tmp_path / "t") == ["good.txt"]
    assert left(tmp_path) == ["t"]


async def test_a_page_that_is_no_index(here: Any) -> None:
    here.http.files.put("/pub/index.html", b"<html>welcome</html>")
    async with client(here, "http") as site:
        with pytest.raises(NotSupported, match="no index") as caught:
            _ = [entry async for entry in site.list()]
    assert "WebDAV" in caught.value.hint


async def test_a_bucket(here: Any) -> None:
    def answer(body: str) -> bytes:
        return b"200\r\nContent-Type: application/xml\r\n\r\n" + (
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' + body
            + "</ListBucketResult>").encode()

    file = "<Contents><Key>{}</Key><Size>3</Size></Contents>"
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
    for body in ("", file.format("a") + more, file.format("b") + "<CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes>"):
        here.http.faults.on("GET", answer(body), times=1)
    async with client(here, "http", "/") as site:
        assert [entry.name async for entry in site.list()] == ["a", "b", "c"]
        assert site.is_bucket
        here.http.faults.on("GET", answer(file.format("c/d")), times=1)
        assert [entry.name async for entry in site.list("c")] == ["d"]


async def test_redirects_are_told(here: Any, tmp_path: Path) -> None:
    here.http.options.redirects = {"/old.bin": "/pub/a.bin", "/away": "ftp://example.org/x"}
    async with client(here, "http", "/") as site:
        assert (await site.stat("old.bin")).facts["url"].endswith("/pub/a.bin")
        async with site.files.read("old.bin") as reading:
            assert reading.url.path == "/pub/a.bin"
        assert await site.download("old.bin", tmp_path) == len(ONE)
        with pytest.raises(PostelError, match="no web address"):
            await site.download("away", tmp_path)
    assert left(tmp_path) == ["old.bin"]


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_folder_is_no_file(here: Any, scheme: str, tmp_path: Path) -> None:
    async with client(here, scheme) as site:
        with pytest.raises(Conflict, match="it is a folder"):
            async with site.files.read("more"):
                pass


# -- names ---------------------------------------------------------------------------------------


async def test_the_servers_name_only_when_asked_for(here: Any, tmp_path: Path) -> None:
    here.http.options.disposition = 'attachment; filename="report.pdf"'
    async with client(here, "http") as site:
        await site.download("a.bin", tmp_path)
        await site.download("a.bin", tmp_path, server_name=True)
        assert left(tmp_path) == ["a.bin", "report.pdf"]
        with pytest.raises(TransferError, match="the server chose the name"):
            await site.download("a.bin", tmp_path, server_name=True)
        with pytest.raises(UsageError, match="in a folder"):
            await site.download("a.bin", tmp_path / "x", server_name=True)
        here.http.options.disposition = 'attachment; filename="../../.bashrc"'
        with pytest.raises(TransferError, match="a hidden file"):
            await site.download("a.bin", tmp_path, server_name=True)
        here.http.options.disposition = None
        (tmp_path / "d").mkdir()
        await site.download("a.bin", tmp_path / "d", server_name=True)
    assert left(tmp_path / "d") == ["a.bin"]


async def test_paths_and_urls(here: Any) -> None:
    async with client(here, "http") as site:
        top = str(site.url.with_(path="", query=None))
        assert str(site.place("a b?#%41")) == f"{top}/pub/a%20b%3F%23%2541"
        assert site.place("/x").path == "/x"
        assert site.place("../x/./y").path == "/x/y"
        assert site.place("", folder=True).path == "/pub/"
        for url in (f"{top}/pub/x?y=1%20z", f"{top}/a%2Fb"):
            path = site.path_in(parse(url))
            assert str(site.place(path)) == url
        assert site.path_in(parse(f"{top}/pub/b%20c")) == "/pub/b c"
        with pytest.raises(UsageError):
            site.place("a\r\nb")


def test_urls_of_other_protocols() -> None:
    for make, url in ((AsyncSite, "ftp://h/"), (AsyncClient, "ftp://h/")):
        with pytest.raises(UsageError, match="URL of ftp"):
            make(url)


# -- writing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_uploads(here: Any, scheme: str, tmp_path: Path) -> None:
    (tmp_path / "u.bin").write_bytes(ONE * 8)
    told = []
    files = here.services[scheme].files
    async with client(here, scheme) as site:
        assert await site.upload(tmp_path / "u.bin", "up.bin", progress=told.append) == len(ONE) * 8
        assert files.get("/pub/up.bin") == ONE * 8
        assert told[-1].done == len(ONE) * 8
        await site.upload(tmp_path / "u.bin", "up.bin")
        async with site.files.write("pieces") as sink:
            await sink.send(b"in ")
            await sink.send(b"pieces")
        async with site.files.write("empty") as sink:
            pass
        assert (files.get("/pub/pieces"), files.get("/pub/empty")) == (b"in pieces", b"")
        with pytest.raises(KeyError):
            async with site.files.write("given up") as sink:
                await sink.send(b"x")
                raise KeyError
        with pytest.raises(NotFound):
            await site.stat("given up")
        with pytest.raises(NotSupported, match="replaces all"):
            site.files.write("up.bin", offset=1)
        await site.files.remove("up.bin")
        with pytest.raises(NotFound):
            await site.stat("up.bin")


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_what_was_looked_at_is_what_is_replaced(here: Any, scheme: str, tmp_path: Path) -> None:
    (tmp_path / "u").write_bytes(b"mine")
    files = here.services[scheme].files
    async with client(here, scheme) as site:
        await site.stat("a.bin")
        files.put("/pub/a.bin", b"theirs")
        with pytest.raises(Changed) as caught:
            await site.upload(tmp_path / "u", "a.bin")
        assert "look" in caught.value.hint
        assert files.get("/pub/a.bin") == b"theirs"
        await site.stat("a.bin")
        await site.upload(tmp_path / "u", "a.bin")
    assert files.get("/pub/a.bin") == b"mine"


async def test_what_a_plain_web_server_cannot(here: Any) -> None:
    async with client(here, "http") as site:
        for call in (lambda: site.files.make("x"), lambda: site.files.rename("a", "b"),
                     lambda: site.files.set("a", mode=0o600), lambda: site.files.copy("a", "b"),
                     lambda: site.files.remove("more", folder=True)):
            with pytest.raises(NotSupported) as caught:
                await call()
            assert "dav" in str(caught.value) + caught.value.hint


# -- many --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_many_are_read_in_order(here: Any, scheme: str) -> None:
    files = here.services[scheme].files
    for number in range(60):
        files.put(f"/many/{number}", b"%d" % number * number)
    files.put("/many/7", ONE * 4)
    got: list[tuple[int, bytes | str]] = []

    async def take(number: int, reading: Any) -> None:
        try:
            async with reading:
                got.append((number, b"".join([chunk async for chunk in reading])))
        except NotFound:
            got.append((number, "missing"))

    async with client(here, scheme, "/many/") as site:
        await site.files.read_many([(number, f"{number}") for number in [*range(60), 99]], take)
        assert [number for number, _ in got] == [*range(60), 99]
        assert all(data == b"%d" % number * number for number, data in got if number not in (7, 99))
        assert got[7][1] == ONE * 4
        assert got[-1][1] == "missing"
        outcomes = [one async for one in site.files.stat_many([f"{number}" for number in range(20)])]
        assert [one.get().size for one in outcomes[:7]] == [0, 1, 2, 3, 4, 5, 6]
        removed = [one.ok async for one in site.files.remove_many(["1", "missing", "2"])]
        assert removed == [True, False, True]


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_reading_many_stops_when_the_taker_does(here: Any, scheme: str) -> None:
    async def take(number: int, reading: Any) -> None:
        async with reading:
            raise KeyError("enough")

    async with client(here, scheme) as site:
        with pytest.raises(KeyError):
            await site.files.read_many([(number, "a.bin") for number in range(20)], take)
        assert (await site.stat("a.bin")).size == len(ONE)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_trees_where_a_line_drops(here: Any, scheme: str, tmp_path: Path) -> None:
    files = here.services[scheme].files
    for number in range(30):
        files.put(f"/tree/{number}", b"x" * number)
    here.services[scheme].faults.on("GET /tree/1", cut=3, times=3)
    async with client(here, scheme, "/") as site:
        report = await site.download_tree("tree", tmp_path / "t")
    assert (report.files, report.failures) == (30, [])


def test_both_are_file_clients() -> None:
    assert issubclass(AsyncSite, AsyncFileSite)
    assert issubclass(AsyncClient, AsyncSite)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_limited_rate_holds_for_uploads_too(here: Any, scheme: str, tmp_path: Path) -> None:
    from time import monotonic

    from postel.transfer.pace_async import AsyncPace, AsyncPacedFiles

    (tmp_path / "u").write_bytes(ONE)
    async with client(here, scheme) as site:
        files = AsyncPacedFiles(site.files, AsyncPace(500_000))
        began = monotonic()
        with (tmp_path / "u").open("rb") as file:
            async with files.write("limited") as sink:
                assert await sink.send_file(file, Watch("limited")) == len(ONE)
        assert 0.2 < monotonic() - began < 5
        began = monotonic()
        async with files.write("pieces") as sink:
            await sink.send(ONE[:100_000])
            await sink.send(ONE[100_000:])
        assert 0.2 < monotonic() - began < 5
    assert here.services[scheme].files.get("/pub/limited") == ONE
    assert here.services[scheme].files.get("/pub/pieces") == ONE
