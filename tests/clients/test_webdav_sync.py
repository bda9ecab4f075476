# GENERATED from test_webdav_async.py by tools/unasync.py: edit that file, not this one.
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
from postel.webdav.client_sync import Client
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


def client(here: Any, path: str = "/", user: str = "alice", **keywords: Any) -> Client:
    host, port = here.address("webdav")
    return Client(f"webdav://{host}:{port}{path}", user=user, password="secret", timeout=10.0, **keywords)


# -- entering ------------------------------------------------------------------------------------


def test_entering_learns_what_there_is(here: Any) -> None:
    with client(here) as site:
        assert {"1", "2"} <= site.capabilities
        assert site.server.software == "Postel lab"
        assert site.peer is not None
        assert site.latency > 0


def test_a_wrong_password(here: Any) -> None:
    here.webdav.options.require = "always"
    host, port = here.address("webdav")
    with pytest.raises(AuthenticationError):
        with Client(f"dav://{host}:{port}/", user="alice", password="wrong") as site:
            _ = [entry for entry in site.list()]


def test_addresses() -> None:
    for target, address in {
        "dav://h/x": "http://h/x/", "davs://h": "https://h/", "webdav://h:81/": "http://h:81/",
        "webdavs://h/a/": "https://h/a/", "https://h/a": "https://h/a/", "h.example": "https://h.example/",
        "localhost": "http://localhost/",
    }.items():
        assert str(Client(target).place("", folder=True)) == address
    with pytest.raises(UsageError):
        Client("ftp://h/")


# -- words ---------------------------------------------------------------------------------------


def test_properties(here: Any) -> None:
    with client(here) as site:
        [one] = site.propfind("a.txt", ["getcontentlength", "{urn:x}colour"])
        assert one.text("{DAV:}getcontentlength") == "5"
        assert one.failed == {"{urn:x}colour": 404}
        site.proppatch("a.txt", {"{urn:x}colour": "blue & \u00fc"})
        [one] = site.propfind("a.txt", ["{urn:x}colour"])
        assert one.text("{urn:x}colour") == "blue & \u00fc"
        site.proppatch("a.txt", remove=["{urn:x}colour"])
        [one] = site.propfind("a.txt", ["{urn:x}colour"])
        assert one.text("{urn:x}colour") is None
        with pytest.raises(NotSupported, match="getetag"):
            site.proppatch("a.txt", {"getetag": "x"})
        assert len(site.propfind("", depth=1)) == 3
        assert len(site.propfind("", depth=None)) == 4


def test_getting_and_putting(here: Any) -> None:
    with client(here) as site:
        assert site.get("a.txt") == b"hello"
        tag = site.put("n.txt", b"1", if_none_match="*")
        assert tag
        with pytest.raises(Changed):
            site.put("n.txt", b"2", if_none_match="*")
        site.put("n.txt", b"2", if_match=tag)
        with pytest.raises(Changed) as caught:
            site.put("n.txt", b"3", if_match=tag)
        assert caught.value.code == 412
        with pytest.raises(NotSupported):
            site.get("a.txt", largest=2)
        with pytest.raises(Changed):
            site.delete("n.txt", if_match=tag)
        site.delete("n.txt")


def test_folders(here: Any) -> None:
    with client(here) as site:
        site.mkcol("new")
        with pytest.raises(AlreadyExists, match="405"):
            site.mkcol("new")
        with pytest.raises(NotFound) as caught:
            site.mkcol("no/such")
        assert "makedirs" in caught.value.hint
        with pytest.raises(NotFound, match="409"):
            site.put("no/such", b"x")
        site.makedirs("x/y/z")
        assert (site.stat("x/y/z")).is_folder
        with pytest.raises(Conflict, match="it is a folder"):
            site.files.remove("x")
        with pytest.raises(Conflict, match="'y' is in it"):
            site.files.remove("x", folder=True)
        with pytest.raises(Conflict, match="it is a file"):
            site.files.remove("a.txt", folder=True)
        site.files.remove("x/y/z", folder=True)
        report = site.rmtree("x")
        assert (report.folders, report.failures) == (2, [])


def test_moving_replaces_files_alone(here: Any) -> None:
    files = here.webdav.files
    with client(here) as site:
        with pytest.raises(AlreadyExists, match="folder"):
            site.files.rename("a.txt", "sub")
        with pytest.raises(AlreadyExists):
            site.files.rename("sub", "a.txt")
        with pytest.raises(AlreadyExists):
            site.move("a.txt", "sub/b.txt")
        assert files.get("/sub/b.txt") == b"other"
        site.files.rename("a.txt", "sub/b.txt")
        assert files.get("/sub/b.txt") == b"hello"
        site.files.rename("sub", "tree")
        assert files.get("/tree/b.txt") == b"hello"
        site.files.copy("tree", "copy")
        site.files.copy("copy/b.txt", "c.txt")
        assert (files.get("/copy/b.txt"), files.get("/c.txt")) == (b"hello", b"hello")
        with pytest.raises(NotFound):
            site.files.rename("missing", "x")


def test_what_was_seen_is_what_is_replaced(here: Any) -> None:
    with client(here) as site:
        site.stat("sub/b.txt")
        here.webdav.files.put("/sub/b.txt", b"changed meanwhile")
        with pytest.raises(Changed):
            site.files.rename("a.txt", "sub/b.txt")
    assert here.webdav.files.get("/sub/b.txt") == b"changed meanwhile"


# -- locks ---------------------------------------------------------------------------------------


def test_a_lock_keeps_others_out(here: Any) -> None:
    with client(here) as site, client(here) as other:
        with site.lock("a.txt", owner="ann & co", wait=60) as held:
            assert held.token
            assert [(one.owner, one.timeout) for one in other.locks("a.txt")] == [("ann & co", 60.0)]
            for call in (lambda: other.put("a.txt", b"x"), lambda: other.delete("a.txt"),
                         lambda: other.files.rename("a.txt", "z")):
                with pytest.raises(Conflict, match="423") as caught:
                    call()
                assert caught.value.temporary
                assert "locked" in caught.value.hint
            with pytest.raises(Conflict):
                with other.lock("a.txt"):
                    pass
            site.put("a.txt", b"mine")
            assert held.refresh() is not None
            assert held.is_due is False
        assert other.locks("a.txt") == []
        other.put("a.txt", b"x")


def test_a_lock_on_a_folder_goes_with_what_is_in_it(here: Any) -> None:
    with client(here) as site, client(here) as other:
        with site.lock("sub", deep=True):
            site.put("sub/new.txt", b"x")
            site.files.rename("sub/new.txt", "sub/c.txt")
            with pytest.raises(Conflict):
                other.put("sub/b.txt", b"x")
        with site.lock("sub", shared=True), other.lock("sub", shared=True):
            assert len(site.locks("sub")) == 2


def test_a_lock_is_refreshed_in_time(here: Any) -> None:
    with client(here) as site:
        with site.lock("a.txt", wait=100) as held:
            held._since -= 60
            assert held.is_due
            site.put("a.txt", b"x")
            assert not held.is_due


def test_a_lock_that_was_lost(here: Any) -> None:
    with client(here) as site:
        with pytest.raises(ReplyError):
            with site.lock("a.txt") as held:
                site.unlock("a.txt", held.token)
        with pytest.raises(KeyError):
            with site.lock("a.txt") as held:
                site.unlock("a.txt", held.token)
                raise KeyError("the first error counts")


def test_no_locks_here(here: Any) -> None:
    here.webdav.quirks("no locks")
    with client(here) as site:
        with pytest.raises(NotSupported):
            with site.lock("a.txt"):
                pass


# -- times, checksums, room ------------------------------------------------------------------------


def test_times_go_with_the_bytes(here: Any, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    for name in ("one", "two"):
        (tmp_path / "t" / name).write_bytes(BODY)
        os.utime(tmp_path / "t" / name, (OLD, OLD))
    when = datetime.fromtimestamp(OLD, UTC)
    with client(here) as site:
        site.upload(tmp_path / "t" / "one", "up")
        assert (site.stat("up")).modified == when
        assert site.files.features.set_modified
        report = site.upload_tree(tmp_path / "t", "tree")
        assert report.failures == []
        assert [entry.modified for entry in site.list("tree")] == [when, when]
        with pytest.raises(NotSupported, match="set time"):
            site.files.set("a.txt", modified=datetime(2020, 1, 1, tzinfo=UTC))
        with pytest.raises(NotSupported, match="no permissions"):
            site.files.set("a.txt", mode=0o600)
        site.files.set("a.txt")


def test_times_where_a_server_takes_none(here: Any, tmp_path: Path) -> None:
    here.webdav.quirks("no X-OC-Mtime")
    (tmp_path / "one").write_bytes(BODY)
    os.utime(tmp_path / "one", (OLD, OLD))
    with client(here) as site:
        site.upload(tmp_path / "one", "up")
        assert site.takes_time is False
        assert not site.files.features.set_modified
        told = (site.stat("up")).modified
        assert told is not None
        assert told.year > 2020


def test_times_that_can_be_set(here: Any) -> None:
    here.webdav.quirks("time can be set")
    when = datetime(2020, 1, 1, tzinfo=UTC)
    with client(here) as site:
        site.files.set("a.txt", modified=when)
        assert (site.stat("a.txt")).modified == when
        assert site.files.features.set_modified
        outcomes = [one.ok for one in site.files.set_many([("sub/b.txt", when), ("missing", when)])]
        assert outcomes == [True, False]


def test_checksums(here: Any, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(BODY)
    with client(here) as site:
        name, told = site.files.digest("a.txt")
        assert (name, told) == ("SHA-1", hashlib.sha1(b"hello").hexdigest())
        assert site.files.digest("a.txt", "MD5") == ("MD5", hashlib.md5(b"hello").hexdigest())
        assert "SHA-1" in site.files.features.digests
        site.upload(tmp_path / "one", "up")
        assert "OC-Checksum: SHA1:" in site.trace.text
        site.put("bytes", b"x")
        with site.files.write("bytes") as sink:
            sink.send(b"y")
        assert site.download("up", tmp_path / "two", verify=True) == len(BODY)
        with pytest.raises(NotSupported):
            site.files.digest("a.txt", "CRC32")


def test_room(here: Any) -> None:
    with client(here) as site:
        room = site.quota()
        assert room.available is not None
        assert room.used is not None
        here.webdav.quirks("no quota")
        with pytest.raises(NotSupported, match="does not tell"):
            site.quota()
        here.webdav.faults.on("PUT", b"507 Insufficient Storage")
        with pytest.raises(NoSpace) as caught:
            site.put("x", b"x")
        assert "quota" in caught.value.hint


# -- listings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("quirk", ["absolute hrefs", "folders without slash", "no ETag after PUT", ""])
def test_listings_as_servers_have_them(here: Any, quirk: str, tmp_path: Path) -> None:
    here.webdav.quirks(*([quirk] if quirk else []))
    here.webdav.files.put("/sub/\u00fc %41#?&;+.txt", b"odd")
    (tmp_path / "u").write_bytes(b"up")
    with client(here) as site:
        assert {entry.name for entry in [one for one in site.list()]} == {"a.txt", "sub"}
        assert {entry.name for entry in [one for one in site.list("sub")]} == {
            "b.txt", "\u00fc %41#?&;+.txt"}
        report = site.download_tree("", tmp_path / "t")
        assert (report.files, report.failures) == (3, [])
        site.upload(tmp_path / "u", "sub/u")
        site.upload(tmp_path / "u", "sub/u")
    assert here.webdav.files.get("/sub/u") == b"up"


def answer(body: str, status: str = "207 Multi-Status") -> bytes:
    return f"{status}\r\nContent-Type: application/xml\r\n\r\n{body}".encode()


def listing(*hrefs: str) -> bytes:
    rows = "".join(f"<response><href>{href}</href><propstat><prop><resourcetype/></prop>"
                   "<status>HTTP/1.1 200 OK</status></propstat></response>" for href in hrefs[1:])
    top = (f"<response><href>{hrefs[0]}</href><propstat><prop><resourcetype><collection/></resourcetype></prop>"
           "<status>HTTP/1.1 200 OK</status></propstat></response>")
    return answer(f'<?xml version="1.0"?><multistatus xmlns="DAV:">{top}{rows}</multistatus>')


def names_of(site: Client, path: str = "sub") -> list[str]:
    return [entry.name for entry in site.list(path)]


def test_listings_of_enemies(here: Any) -> None:
    with client(here) as site:
        here.webdav.faults.on("PROPFIND", listing(
            "/sub/", "/sub/good", "/sub/../up", "/etc/passwd", "http://evil.example/sub/x", "/sub/a/b", "/sub/%2e%2e",
            "/sub/a%2Fb", "/sub/x%0d%0ay", "//evil.example/sub/y", "javascript:z"))
        assert names_of(site) == ["good"]
        here.webdav.faults.on("PROPFIND", answer(
            '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><multistatus xmlns="DAV:">&b;</multistatus>'))
        with pytest.raises(ProtocolError, match="document type"):
            names_of(site)
        here.webdav.faults.on("PROPFIND", answer('<multistatus xmlns="DAV:"><response>' + "<a>" * 200))
        with pytest.raises(LimitReached):
            names_of(site)
        here.webdav.faults.on("PROPFIND", answer('<multistatus xmlns="DAV:"><response><href>/sub/</href>'))
        with pytest.raises(ProtocolError, match="no XML"):
            names_of(site)
        here.webdav.faults.on("PROPFIND", answer("<html>hello</html>"))
        with pytest.raises(ProtocolError, match="no multistatus"):
            names_of(site)
        here.webdav.faults.on("PROPFIND", answer("x", "200 OK"))
        with pytest.raises(ProtocolError, match="200 and no multistatus"):
            names_of(site)
        here.webdav.faults.on("PROPFIND", answer("", "405 Method Not Allowed"))
        with pytest.raises(NotSupported) as caught:
            names_of(site)
        assert "no WebDAV" in caught.value.hint
        here.webdav.faults.on("PROPFIND", listing("/sub/", "/sub/a"), cut=200)
        with pytest.raises(PostelError):
            names_of(site)
        assert names_of(site) == ["b.txt"]


def test_a_server_behind_a_proxy_calls_it_otherwise(here: Any) -> None:
    with client(here) as site:
        here.webdav.faults.on("PROPFIND", listing("/inner/sub/", "/inner/sub/x", "/sub/y"))
        assert names_of(site) == ["x"]
        here.webdav.faults.on("PROPFIND", listing("http://inner.example/sub/", "http://inner.example/sub/x"))
        with pytest.raises(ProtocolError, match="answers about"):
            names_of(site)


def test_leaving_a_listing_early(here: Any) -> None:
    with client(here) as site:
        with site.list() as entries:
            for _ in entries:
                break
        for entry in site.list():
            site.stat(entry.name)
        with pytest.raises(NotFound, match="no folder"):
            names_of(site, "a.txt")


# -- refusals --------------------------------------------------------------------------------------


PART = ('<multistatus xmlns="DAV:"><response><href>/sub/x</href><status>HTTP/1.1 424 Failed Dependency</status>'
        "</response><response><href>/sub/b.txt</href><status>HTTP/1.1 423 Locked</status></response></multistatus>")


def test_what_fails_in_a_folder_is_told(here: Any) -> None:
    with client(here) as site:
        here.webdav.faults.on("DELETE", answer(PART))
        with pytest.raises(Conflict, match=r"423 at /sub/b\.txt, and 1 more"):
            site.delete("sub")
        here.webdav.faults.on("DELETE", answer(PART.replace("423 Locked", "403 Forbidden")))
        with pytest.raises(PermissionError, match="403 at"):
            site.delete("sub")


@pytest.mark.parametrize(("status", "body", "kind", "hint"), [
    ("423 Locked", '<error xmlns="DAV:"><lock-token-submitted/></error>', Conflict, "token was not given"),
    ("424 Failed Dependency", "", Conflict, "depends on"),
    ("507 Insufficient Storage", "", NoSpace, "quota"),
    ("403 Forbidden", '<error xmlns="DAV:"><quota-not-exceeded/></error>', NoSpace, "used up"),
    ("409 Conflict", "", NotFound, "makedirs"),
    ("412 Precondition Failed", "", Changed, "look again"),
    ("500 Oops", "", ReplyError, ""),
])
def test_refusals(here: Any, status: str, body: str, kind: type[ReplyError], hint: str) -> None:
    here.webdav.faults.on("PUT", answer(body, status))
    with client(here) as site:
        with pytest.raises(kind, match=status[:3]) as caught:
            site.put("x", b"x")
        assert hint in caught.value.hint
        assert caught.value.code == int(status[:3])
        assert site.get("a.txt") == b"hello"


def test_a_lock_without_a_token(here: Any) -> None:
    here.webdav.faults.on("LOCK", answer('<prop xmlns="DAV:"/>', "200 OK"))
    with client(here) as site:
        with pytest.raises(ProtocolError, match="no token"):
            with site.lock("a.txt"):
                pass
        with pytest.raises(UsageError, match="no URI"):
            site.unlock("a.txt", "x>\r\n")


def test_nothing_of_it_begins_another_header(here: Any) -> None:
    with client(here) as site:
        for call in (lambda: site.put("a\r\nX: y", b""), lambda: site.mkcol("a\0b"),
                     lambda: site.files.rename("a.txt", "b\r\nX: y"), lambda: site.put("x", b"", if_match="a\r\nb")):
            with pytest.raises(UsageError):
                call()


def test_what_a_tree_replaced_is_known(here: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"new from here")
    with client(here) as site:
        for _ in range(2):
            _ = [entry for entry in site.list("")]
            assert (site.upload_tree(tmp_path, "")).failures == []
        site.files.remove("a.txt")
