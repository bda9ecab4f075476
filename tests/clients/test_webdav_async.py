# A conversation (its twin test_webdav_sync.py is generated): WebDAV's words, locks and refusals.
"""What WebDAV adds: properties, folders, moves that harm nothing, locks, times, checksums, quota."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from postel import lab
from postel.errors import (
    AlreadyExists,
    AuthenticationError,
    Changed,
    Conflict,
    LimitReached,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
    UsageError,
)
from postel.webdav.client_async import AsyncClient
from postel.webdav.server_options import DAVOptions

OLD = 1_000_000_000
BODY = bytes(range(256)) * 100


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with lab.start("webdav") as started:
        yield started


@pytest.fixture
def here(running: Any) -> Any:
    from postel.serving.files import MemoryFiles

    service = running.webdav
    service.serve(MemoryFiles())
    vars(service.options).update(vars(DAVOptions()))
    service.faults.clear()
    service.files.put("/a.txt", b"hello", modified=OLD)
    service.files.put("/sub/b.txt", b"other", modified=OLD)
    return running


def client(here: Any, path: str = "/", user: str = "alice", **keywords: Any) -> AsyncClient:
    host, port = here.address("webdav")
    return AsyncClient(f"webdav://{host}:{port}{path}", user=user, password="secret", timeout=10.0, **keywords)


# -- entering ------------------------------------------------------------------------------------


async def test_entering_learns_what_there_is(here: Any) -> None:
    async with client(here) as site:
        assert {"1", "2"} <= site.capabilities
        assert site.server.software == "Postel lab"
        assert site.peer is not None
        assert site.latency > 0


async def test_a_wrong_password(here: Any) -> None:
    here.webdav.options.require = "always"
    host, port = here.address("webdav")
    with pytest.raises(AuthenticationError):
        async with AsyncClient(f"dav://{host}:{port}/", user="alice", password="wrong") as site:
            _ = [entry async for entry in site.list()]


def test_addresses() -> None:
    for target, address in {
        "dav://h/x": "http://h/x/", "davs://h": "https://h/", "webdav://h:81/": "http://h:81/",
        "webdavs://h/a/": "https://h/a/", "https://h/a": "https://h/a/", "h.example": "https://h.example/",
        "localhost": "http://localhost/",
    }.items():
        assert str(AsyncClient(target).place("", folder=True)) == address
    with pytest.raises(UsageError):
        AsyncClient("ftp://h/")


# -- words ---------------------------------------------------------------------------------------


async def test_properties(here: Any) -> None:
    async with client(here) as site:
        [one] = await site.propfind("a.txt", ["getcontentlength", "{urn:x}colour"])
        assert one.text("{DAV:}getcontentlength") == "5"
        assert one.failed == {"{urn:x}colour": 404}
        await site.proppatch("a.txt", {"{urn:x}colour": "blue & \u00fc"})
        [one] = await site.propfind("a.txt", ["{urn:x}colour"])
        assert one.text("{urn:x}colour") == "blue & \u00fc"
        await site.proppatch("a.txt", remove=["{urn:x}colour"])
        [one] = await site.propfind("a.txt", ["{urn:x}colour"])
        assert one.text("{urn:x}colour") is None
        with pytest.raises(NotSupported, match="getetag"):
            await site.proppatch("a.txt", {"getetag": "x"})
        assert len(await site.propfind("", depth=1)) == 3
        assert len(await site.propfind("", depth=None)) == 4


async def test_getting_and_putting(here: Any) -> None:
    async with client(here) as site:
        assert await site.get("a.txt") == b"hello"
        tag = await site.put("n.txt", b"1", if_none_match="*")
        assert tag
        with pytest.raises(Changed):
            await site.put("n.txt", b"2", if_none_match="*")
        await site.put("n.txt", b"2", if_match=tag)
        with pytest.raises(Changed) as caught:
            await site.put("n.txt", b"3", if_match=tag)
        assert caught.value.code == 412
        with pytest.raises(NotSupported):
            await site.get("a.txt", largest=2)
        with pytest.raises(Changed):
            await site.delete("n.txt", if_match=tag)
        await site.delete("n.txt")


async def test_folders(here: Any) -> None:
    async with client(here) as site:
        await site.mkcol("new")
        with pytest.raises(AlreadyExists, match="405"):
            await site.mkcol("new")
        with pytest.raises(NotFound) as caught:
            await site.mkcol("no/such")
        assert "makedirs" in caught.value.hint
        with pytest.raises(NotFound, match="409"):
            await site.put("no/such", b"x")
        await site.makedirs("x/y/z")
        assert (await site.stat("x/y/z")).is_folder
        with pytest.raises(Conflict, match="it is a folder"):
            await site.files.remove("x")
        with pytest.raises(Conflict, match="'y' is in it"):
            await site.files.remove("x", folder=True)
        with pytest.raises(Conflict, match="it is a file"):
            await site.files.remove("a.txt", folder=True)
        await site.files.remove("x/y/z", folder=True)
        report = await site.rmtree("x")
        assert (report.folders, report.failures) == (2, [])


async def test_moving_replaces_files_alone(here: Any) -> None:
    files = here.webdav.files
    async with client(here) as site:
        with pytest.raises(AlreadyExists, match="folder"):
            await site.files.rename("a.txt", "sub")
        with pytest.raises(AlreadyExists):
            await site.files.rename("sub", "a.txt")
        with pytest.raises(AlreadyExists):
            await site.move("a.txt", "sub/b.txt")
        assert files.get("/sub/b.txt") == b"other"
        await site.files.rename("a.txt", "sub/b.txt")
        assert files.get("/sub/b.txt") == b"hello"
        await site.files.rename("sub", "tree")
        assert files.get("/tree/b.txt") == b"hello"
        await site.files.copy("tree", "copy")
        await site.files.copy("copy/b.txt", "c.txt")
        assert (files.get("/copy/b.txt"), files.get("/c.txt")) == (b"hello", b"hello")
        with pytest.raises(NotFound):
            await site.files.rename("missing", "x")


async def test_what_was_seen_is_what_is_replaced(here: Any) -> None:
    async with client(here) as site:
        await site.stat("sub/b.txt")
        here.webdav.files.put("/sub/b.txt", b"changed meanwhile")
        with pytest.raises(Changed):
            await site.files.rename("a.txt", "sub/b.txt")
    assert here.webdav.files.get("/sub/b.txt") == b"changed meanwhile"


# -- locks ---------------------------------------------------------------------------------------


async def test_a_lock_keeps_others_out(here: Any) -> None:
    async with client(here) as site, client(here) as other:
        async with site.lock("a.txt", owner="ann & co", wait=60) as held:
            assert held.token
            assert [(one.owner, one.timeout) for one in await other.locks("a.txt")] == [("ann & co", 60.0)]
            for call in (lambda: other.put("a.txt", b"x"), lambda: other.delete("a.txt"),
                         lambda: other.files.rename("a.txt", "z")):
                with pytest.raises(Conflict, match="423") as caught:
                    await call()
                assert caught.value.temporary
                assert "locked" in caught.value.hint
            with pytest.raises(Conflict):
                async with other.lock("a.txt"):
                    pass
            await site.put("a.txt", b"mine")
            assert await held.refresh() is not None
            assert held.is_due is False
        assert await other.locks("a.txt") == []
        await other.put("a.txt", b"x")


async def test_a_lock_on_a_folder_goes_with_what_is_in_it(here: Any) -> None:
    async with client(here) as site, client(here) as other:
        async with site.lock("sub", deep=True):
            await site.put("sub/new.txt", b"x")
            await site.files.rename("sub/new.txt", "sub/c.txt")
            with pytest.raises(Conflict):
                await other.put("sub/b.txt", b"x")
        async with site.lock("sub", shared=True), other.lock("sub", shared=True):
            assert len(await site.locks("sub")) == 2


async def test_a_lock_is_refreshed_in_time(here: Any) -> None:
    async with client(here) as site:
        async with site.lock("a.txt", wait=100) as held:
            held._since -= 60
            assert held.is_due
            await site.put("a.txt", b"x")
            assert not held.is_due


async def test_a_lock_that_was_lost(here: Any) -> None:
    async with client(here) as site:
        with pytest.raises(ReplyError):
            async with site.lock("a.txt") as held:
                await site.unlock("a.txt", held.token)
        with pytest.raises(KeyError):
            async with site.lock("a.txt") as held:
                await site.unlock("a.txt", held.token)
                raise KeyError("the first error counts")


async def test_no_locks_here(here: Any) -> None:
    here.webdav.quirks("no locks")
    async with client(here) as site:
        with pytest.raises(NotSupported):
            async with site.lock("a.txt"):
                pass


# -- times, checksums, room ------------------------------------------------------------------------


async def test_times_go_with_the_bytes(here: Any, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    for name in ("one", "two"):
        (tmp_path / "t" / name).write_bytes(BODY)
        os.utime(tmp_path / "t" / name, (OLD, OLD))
    when = datetime.fromtimestamp(OLD, UTC)
    async with client(here) as site:
        await site.upload(tmp_path / "t" / "one", "up")
        assert (await site.stat("up")).modified == when
        assert site.files.features.set_modified
        report = await site.upload_tree(tmp_path / "t", "tree")
        assert report.failures == []
        assert [entry.modified async for entry in site.list("tree")] == [when, when]
        with pytest.raises(NotSupported, match="set time"):
            await site.files.set("a.txt", modified=datetime(2020, 1, 1, tzinfo=UTC))
        with pytest.raises(NotSupported, match="no permissions"):
            await site.files.set("a.txt", mode=0o600)
        await site.files.set("a.txt")


async def test_times_where_a_server_takes_none(here: Any, tmp_path: Path) -> None:
    here.webdav.quirks("no X-OC-Mtime")
    (tmp_path / "one").write_bytes(BODY)
    os.utime(tmp_path / "one", (OLD, OLD))
    async with client(here) as site:
        await site.upload(tmp_path / "one", "up")
        assert site.takes_time is False
        assert not site.files.features.set_modified
        told = (await site.stat("up")).modified
        assert told is not None
        assert told.year > 2020


async def test_times_that_can_be_set(here: Any) -> None:
    here.webdav.quirks("time can be set")
    when = datetime(2020, 1, 1, tzinfo=UTC)
    async with client(here) as site:
        await site.files.set("a.txt", modified=when)
        assert (await site.stat("a.txt")).modified == when
        assert site.files.features.set_modified
        outcomes = [one.ok async for one in site.files.set_many([("sub/b.txt", when), ("missing", when)])]
        assert outcomes == [True, False]


async def test_checksums(here: Any, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(BODY)
    async with client(here) as site:
        name, told = await site.files.digest("a.txt")
        assert (name, told) == ("SHA-1", hashlib.sha1(b"hello").hexdigest())
        assert await site.files.digest("a.txt", "MD5") == ("MD5", hashlib.md5(b"hello").hexdigest())
        assert "SHA-1" in site.files.features.digests
        await site.upload(tmp_path / "one", "up")
        assert "OC-Checksum: SHA1:" in site.trace.text
        await site.put("bytes", b"x")
        async with site.files.write("bytes") as sink:
            await sink.send(b"y")
        assert await site.download("up", tmp_path / "two", verify=True) == len(BODY)
        with pytest.raises(NotSupported):
            await site.files.digest("a.txt", "CRC32")


async def test_room(here: Any) -> None:
    async with client(here) as site:
        room = await site.quota()
        assert room.available is not None
        assert room.used is not None
        here.webdav.quirks("no quota")
        with pytest.raises(NotSupported, match="does not tell"):
            await site.quota()
        here.webdav.faults.on("PUT", b"507 Insufficient Storage")
        with pytest.raises(NoSpace) as caught:
            await site.put("x", b"x")
        assert "quota" in caught.value.hint


# -- listings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("quirk", ["absolute hrefs", "folders without slash", "no ETag after PUT", ""])
async def test_listings_as_servers_have_them(here: Any, quirk: str, tmp_path: Path) -> None:
    here.webdav.quirks(*([quirk] if quirk else []))
    here.webdav.files.put("/sub/\u00fc %41#?&;+.txt", b"odd")
    (tmp_path / "u").write_bytes(b"up")
    async with client(here) as site:
        assert {entry.name for entry in [one async for one in site.list()]} == {"a.txt", "sub"}
        assert {entry.name for entry in [one async for one in site.list("sub")]} == {
            "b.txt", "\u00fc %41#?&;+.txt"}
        report = await site.download_tree("", tmp_path / "t")
        assert (report.files, report.failures) == (3, [])
        await site.upload(tmp_path / "u", "sub/u")
        await site.upload(tmp_path / "u", "sub/u")
    assert here.webdav.files.get("/sub/u") == b"up"


def answer(body: str, status: str = "207 Multi-Status") -> bytes:
    return f"{status}\r\nContent-Type: application/xml\r\n\r\n{body}".encode()


def listing(*hrefs: str) -> bytes:
    rows = "".join(f"<response><href>{href}</href><propstat><prop><resourcetype/></prop>"
                   "<status>HTTP/1.1 200 OK</status></propstat></response>" for href in hrefs[1:])
    top = (f"<response><href>{hrefs[0]}</href><propstat><prop><resourcetype><collection/></resourcetype></prop>"
           "<status>HTTP/1.1 200 OK</status></propstat></response>")
    return answer(f'<?xml version="1.0"?><multistatus xmlns="DAV:">{top}{rows}</multistatus>')


async def names_of(site: AsyncClient, path: str = "sub") -> list[str]:
    return [entry.name async for entry in site.list(path)]


async def test_listings_of_enemies(here: Any) -> None:
    async with client(here) as site:
        here.webdav.faults.on("PROPFIND", listing(
            "/sub/", "/sub/good", "/sub/../up", "/etc/passwd", "http://evil.example/sub/x", "/sub/a/b", "/sub/%2e%2e",
            "/sub/a%2Fb", "/sub/x%0d%0ay", "//evil.example/sub/y", "javascript:z"))
        assert await names_of(site) == ["good"]
        here.webdav.faults.on("PROPFIND", answer(
            '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><multistatus xmlns="DAV:">&b;</multistatus>'))
        with pytest.raises(ProtocolError, match="document type"):
            await names_of(site)
        here.webdav.faults.on("PROPFIND", answer('<multistatus xmlns="DAV:"><response>' + "<a>" * 200))
        with pytest.raises(LimitReached):
            await names_of(site)
        here.webdav.faults.on("PROPFIND", answer('<multistatus xmlns="DAV:"><response><href>/sub/</href>'))
        with pytest.raises(ProtocolError, match="no XML"):
            await names_of(site)
        here.webdav.faults.on("PROPFIND", answer("<html>hello</html>"))
        with pytest.raises(ProtocolError, match="no multistatus"):
            await names_of(site)
        here.webdav.faults.on("PROPFIND", answer("x", "200 OK"))
        with pytest.raises(ProtocolError, match="200 and no multistatus"):
            await names_of(site)
        here.webdav.faults.on("PROPFIND", answer("", "405 Method Not Allowed"))
        with pytest.raises(NotSupported) as caught:
            await names_of(site)
        assert "no WebDAV" in caught.value.hint
        here.webdav.faults.on("PROPFIND", listing("/sub/", "/sub/a"), cut=200)
        with pytest.raises(PostelError):
            await names_of(site)
        assert await names_of(site) == ["b.txt"]


async def test_a_server_behind_a_proxy_calls_it_otherwise(here: Any) -> None:
    async with client(here) as site:
        here.webdav.faults.on("PROPFIND", listing("/inner/sub/", "/inner/sub/x", "/sub/y"))
        assert await names_of(site) == ["x"]
        here.webdav.faults.on("PROPFIND", listing("http://inner.example/sub/", "http://inner.example/sub/x"))
        with pytest.raises(ProtocolError, match="answers about"):
            await names_of(site)


async def test_leaving_a_listing_early(here: Any) -> None:
    async with client(here) as site:
        async with site.list() as entries:
            async for _ in entries:
                break
        async for entry in site.list():
            await site.stat(entry.name)
        with pytest.raises(NotFound, match="no folder"):
            await names_of(site, "a.txt")


# -- refusals --------------------------------------------------------------------------------------


PART = ('<multistatus xmlns="DAV:"><response><href>/sub/x</href><status>HTTP/1.1 424 Failed Dependency</status>'
        "</response><response><href>/sub/b.txt</href><status>HTTP/1.1 423 Locked</status></response></multistatus>")


async def test_what_fails_in_a_folder_is_told(here: Any) -> None:
    async with client(here) as site:
        here.webdav.faults.on("DELETE", answer(PART))
        with pytest.raises(Conflict, match=r"423 at /sub/b\.txt, and 1 more"):
            await site.delete("sub")
        here.webdav.faults.on("DELETE", answer(PART.replace("423 Locked", "403 Forbidden")))
        with pytest.raises(PermissionError, match="403 at"):
            await site.delete("sub")


@pytest.mark.parametrize(("status", "body", "kind", "hint"), [
    ("423 Locked", '<error xmlns="DAV:"><lock-token-submitted/></error>', Conflict, "token was not given"),
    ("424 Failed Dependency", "", Conflict, "depends on"),
    ("507 Insufficient Storage", "", NoSpace, "quota"),
    ("403 Forbidden", '<error xmlns="DAV:"><quota-not-exceeded/></error>', NoSpace, "used up"),
    ("409 Conflict", "", NotFound, "makedirs"),
    ("412 Precondition Failed", "", Changed, "look again"),
    ("500 Oops", "", ReplyError, ""),
])
async def test_refusals(here: Any, status: str, body: str, kind: type[ReplyError], hint: str) -> None:
    here.webdav.faults.on("PUT", answer(body, status))
    async with client(here) as site:
        with pytest.raises(kind, match=status[:3]) as caught:
            await site.put("x", b"x")
        assert hint in caught.value.hint
        assert caught.value.code == int(status[:3])
        assert await site.get("a.txt") == b"hello"


async def test_a_lock_without_a_token(here: Any) -> None:
    here.webdav.faults.on("LOCK", answer('<prop xmlns="DAV:"/>', "200 OK"))
    async with client(here) as site:
        with pytest.raises(ProtocolError, match="no token"):
            async with site.lock("a.txt"):
                pass
        with pytest.raises(UsageError, match="no URI"):
            await site.unlock("a.txt", "x>\r\n")


async def test_nothing_of_it_begins_another_header(here: Any) -> None:
    async with client(here) as site:
        for call in (lambda: site.put("a\r\nX: y", b""), lambda: site.mkcol("a\0b"),
                     lambda: site.files.rename("a.txt", "b\r\nX: y"), lambda: site.put("x", b"", if_match="a\r\nb")):
            with pytest.raises(UsageError):
                await call()


async def test_what_a_tree_replaced_is_known(here: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"new from here")
    async with client(here) as site:
        for _ in range(2):
            _ = [entry async for entry in site.list("")]
            assert (await site.upload_tree(tmp_path, "")).failures == []
        await site.files.remove("a.txt")
