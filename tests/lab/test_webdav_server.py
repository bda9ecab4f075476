"""The WebDAV server: properties, trees, locks, quota, ownCloud's fields, quirks."""

from __future__ import annotations

import base64
import hashlib
import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.lab.lab import Lab
from postel.webdav import wire
from postel.webdav.elements import DAV
from postel.webdav.server import QUIRKS, DAVOptions
from postel.webdav.types import Lock, Resource

OLD = 1_000_000_000


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with lab.start("webdav") as started:
        yield started


@pytest.fixture
def here(running: Lab) -> Lab:
    from postel.serving.files import MemoryFiles

    files = MemoryFiles()
    running.webdav.serve(files)
    vars(running.webdav.options).update(vars(DAVOptions()))
    running.webdav.faults.clear()
    files.put("/a.txt", b"0123456789", modified=OLD)
    files.put("/sub/one.txt", b"1", modified=OLD)
    files.put("/sub/deep/two.txt", b"22", modified=OLD)
    return running


class Answer:
    def __init__(self, found: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.body = found.status, found.headers, found.read()

    def resources(self) -> dict[str, Resource]:
        assert self.status == 207, self.body
        reader = wire.MultistatusReader("test")
        found = reader.feed(self.body)
        reader.finish()
        return {one.href: one for one in found}

    def lock(self) -> Lock:
        assert self.status in (200, 201), self.body
        from postel.webdav.elements import parse_xml

        return wire.read_locks(parse_xml(self.body, "LOCK"))[0]


def ask(here: Lab, method: str, path: str, body: bytes | None = None, *, user: str = "alice",
        **headers: str) -> Answer:
    host, port = here.address("webdav")
    line = http.client.HTTPConnection(host, port, timeout=5)
    login = {"Authorization": "Basic " + base64.b64encode(f"{user}:secret".encode()).decode()}
    try:
        line.request(method, path, body, {name.replace("_", "-"): value for name, value
                                          in {**(login if user else {}), **headers}.items()})
        return Answer(line.getresponse())
    finally:
        line.close()


def url(here: Lab, path: str) -> str:
    host, port = here.address("webdav")
    return f"http://{host}:{port}{path}"


def tree(here: Lab) -> dict[str, bytes]:
    found: dict[str, bytes] = here.webdav.files.tree()
    return found


# -- what is there -------------------------------------------------------------------------


def test_options(here: Lab) -> None:
    answer = ask(here, "OPTIONS", "/", user="")
    assert answer.headers["DAV"] == "1, 2"
    assert {"PROPFIND", "LOCK", "MOVE", "PUT"} <= set(answer.headers["Allow"].split(", "))


def test_propfind_depths(here: Lab) -> None:
    def hrefs(depth: str) -> set[str]:
        return set(ask(here, "PROPFIND", "/sub/", Depth=depth).resources())

    assert hrefs("0") == {"/sub/"}
    assert hrefs("1") == {"/sub/", "/sub/one.txt", "/sub/deep/"}
    assert hrefs("infinity") == {"/sub/", "/sub/one.txt", "/sub/deep/", "/sub/deep/two.txt"}
    assert ask(here, "PROPFIND", "/sub/", Depth="2").status == 400
    assert ask(here, "PROPFIND", "/nothing").status == 404


def test_live_properties(here: Lab) -> None:
    found = ask(here, "PROPFIND", "/", Depth="1").resources()
    file = found["/a.txt"]
    assert file.text(f"{DAV}getcontentlength") == "10"
    assert file.text(f"{DAV}getlastmodified") == "Sun, 09 Sep 2001 01:46:40 GMT"
    assert file.text(f"{DAV}getetag") == ask(here, "GET", "/a.txt").headers["ETag"]
    folder = found["/sub/"].found[f"{DAV}resourcetype"]
    assert folder.children[0].name == f"{DAV}collection"


def test_named_properties_and_those_that_are_not_there(here: Lab) -> None:
    names = ["getetag", "{urn:x}none", "{http://owncloud.org/ns}checksums"]
    found = ask(here, "PROPFIND", "/a.txt", wire.propfind(names)).resources()["/a.txt"]
    assert found.failed == {"{urn:x}none": 404}
    checksum = found.found["{http://owncloud.org/ns}checksums"].children[0].text
    assert f"SHA1:{hashlib.sha1(b'0123456789').hexdigest()}" in checksum
    named = ask(here, "PROPFIND", "/a.txt", wire.propfind(kind="propname")).resources()["/a.txt"]
    assert named.text(f"{DAV}getetag") == ""


def test_quota(here: Lab) -> None:
    names = ["quota-available-bytes", "quota-used-bytes"]
    found = ask(here, "PROPFIND", "/", wire.propfind(names), Depth="0").resources()["/"]
    assert found.text(f"{DAV}quota-used-bytes") == "13"
    assert int(found.text(f"{DAV}quota-available-bytes") or 0) == here.webdav.files.free()
    assert f"{DAV}quota-used-bytes" not in ask(here, "PROPFIND", "/", Depth="0").resources()[
        "/"].found  # RFC 4331 section 3: not by allprop


def test_odd_names_come_back_as_they_are(here: Lab) -> None:
    names = ["with space", "100%", "a&b<c>", "ä", "#?", "a:b", "quo\"te", "bell\x07"]
    for name in names:
        here.webdav.files.put(f"/odd/{name}", b"")
    from urllib.parse import unquote

    found = ask(here, "PROPFIND", "/odd/", Depth="1").resources()
    assert {unquote(href) for href in found} == {"/odd/", *(f"/odd/{name}" for name in names)}


# -- dead properties -----------------------------------------------------------------------


def test_dead_properties_stay_with_their_resource(here: Lab) -> None:
    name = "{urn:x}colour"
    body = wire.proppatch({name: "red"})
    assert ask(here, "PROPPATCH", "/a.txt", body).resources()["/a.txt"].found
    ask(here, "PUT", "/a.txt", b"other")

    def colour(path: str) -> str | None:
        return ask(here, "PROPFIND", path, wire.propfind([name])).resources()[path].text(name)

    assert colour("/a.txt") == "red"
    ask(here, "COPY", "/a.txt", Destination=url(here, "/b.txt"))
    assert colour("/b.txt") == "red"
    ask(here, "MOVE", "/a.txt", Destination=url(here, "/c.txt"))
    assert colour("/c.txt") == "red"
    ask(here, "DELETE", "/c.txt")
    ask(here, "PUT", "/c.txt", b"")
    assert colour("/c.txt") is None


def test_proppatch_is_all_or_nothing(here: Lab) -> None:
    body = wire.proppatch({"{urn:x}a": "1", "getetag": "mine"})
    found = ask(here, "PROPPATCH", "/a.txt", body).resources()["/a.txt"]
    assert found.failed == {"{urn:x}a": 424, f"{DAV}getetag": 403}
    assert found.errors == (f"{DAV}cannot-modify-protected-property",)
    again = ask(here, "PROPFIND", "/a.txt", wire.propfind(["{urn:x}a"])).resources()["/a.txt"]
    assert again.failed == {"{urn:x}a": 404}


# -- files and folders ---------------------------------------------------------------------


def test_put_says_what_became_of_it(here: Lab) -> None:
    answer = ask(here, "PUT", "/new", b"x", X_OC_Mtime="1234567890",
                 OC_Checksum=f"SHA1:{hashlib.sha1(b'x').hexdigest()}")
    assert (answer.status, answer.headers["X-OC-Mtime"]) == (201, "accepted")
    assert answer.headers["ETag"] == ask(here, "GET", "/new").headers["ETag"]
    assert here.webdav.files.stat("/new").modified == 1234567890
    assert ask(here, "PUT", "/new", b"y", OC_Checksum=f"SHA1:{'0' * 40}").status == 400
    assert ask(here, "PUT", "/no/such/folder", b"x").status == 409
    assert ask(here, "PUT", "/a.txt/b", b"x").status == 409
    assert ask(here, "PUT", "/sub", b"x").status == 409
    assert ask(here, "PUT", "/new", b"z", user="").status == 401
    assert here.webdav.files.get("/new") == b"x"


def test_mkcol(here: Lab) -> None:
    assert ask(here, "MKCOL", "/new/").status == 201
    assert ask(here, "MKCOL", "/new").status == 405
    assert ask(here, "MKCOL", "/no/where").status == 409
    assert ask(here, "MKCOL", "/body", b"<x/>").status == 415


def test_delete(here: Lab) -> None:
    assert ask(here, "DELETE", "/sub", Depth="0").status == 400
    assert ask(here, "DELETE", "/sub").status == 204
    assert list(tree(here)) == ["/a.txt"]
    assert ask(here, "DELETE", "/").status == 403
    assert ask(here, "DELETE", "/sub").status == 404


def test_delete_tells_what_stayed(tmp_path: Path) -> None:
    """RFC 4918 section 9.6.1: a 207 about what failed, and not about the folders above it."""
    from postel.serving.folder import FolderFiles

    (tmp_path / "tree" / "locked").mkdir(parents=True)
    (tmp_path / "tree" / "locked" / "kept").write_text("x")
    (tmp_path / "tree" / "gone").write_text("x")

    class Grudging(FolderFiles):
        def remove(self, path: str) -> None:
            if path.endswith("/kept"):
                raise PermissionError(13, "no")
            super().remove(path)

    with lab.start("webdav") as here:
        here.webdav.serve(Grudging(tmp_path, writable=True))
        found = ask(here, "DELETE", "/tree").resources()
    assert {href: one.status for href, one in found.items()} == {"/tree/locked/kept": 403}
    assert not (tmp_path / "tree" / "gone").exists()


def test_copy_and_move(here: Lab) -> None:
    def send(method: str, path: str, target: str, **headers: str) -> int:
        return ask(here, method, path, Destination=target, **headers).status

    assert send("COPY", "/sub/", url(here, "/copy/")) == 201
    assert tree(here)["/copy/deep/two.txt"] == b"22"
    assert here.webdav.files.stat("/copy/deep/two.txt").modified == OLD
    assert send("COPY", "/sub", "/shallow", Depth="0") == 201
    assert here.webdav.files.list("/shallow") == []
    assert send("MOVE", "/copy", url(here, "/moved")) == 201
    assert "/copy/one.txt" not in tree(here)
    assert send("COPY", "/a.txt", url(here, "/moved/one.txt"), Overwrite="F") == 412
    assert send("COPY", "/a.txt", url(here, "/moved/one.txt")) == 204
    assert tree(here)["/moved/one.txt"] == b"0123456789"
    assert send("MOVE", "/a.txt", url(here, "/moved")) == 204  # a file in place of a tree
    assert sorted(tree(here)) == ["/moved", "/sub/deep/two.txt", "/sub/one.txt"]


@pytest.mark.parametrize(("target", "status"), [
    ("/sub", 403), ("/sub/", 403), ("/sub/deep/x", 403), ("/", 403), ("/no/where", 409),
    ("http://elsewhere.test/x", 502), ("ftp://127.0.0.1/x", 502), ("nonsense", 502), ("", 400),
    ("/x%00y", 400), ("/x%2fy", 403)])
def test_where_nothing_is_copied_to(here: Lab, target: str, status: int) -> None:
    before = tree(here)
    for method in ("COPY", "MOVE"):
        assert ask(here, method, "/sub/", Destination=target).status == status
    assert tree(here) == before


# -- locks ---------------------------------------------------------------------------------


def locked(here: Lab, path: str = "/a.txt", *, shared: bool = False, **headers: str) -> Lock:
    return ask(here, "LOCK", path, wire.lockinfo("ann", shared=shared), **headers).lock()


def test_a_lock_keeps_others_out(here: Lab) -> None:
    lock = locked(here, Timeout="Second-100")
    assert (lock.owner, lock.timeout, lock.root) == ("ann", 100.0, "/a.txt")
    token = {"If": f"(<{lock.token}>)"}
    for method, extra in (("PUT", {}), ("DELETE", {}), ("PROPPATCH", {}),
                          ("MOVE", {"Destination": "/b"})):
        body = wire.proppatch({"{urn:x}a": "1"}) if method == "PROPPATCH" else None
        answer = ask(here, method, "/a.txt", body, **extra)
        assert answer.status == 423
        assert b"lock-token-submitted" in answer.body
    assert ask(here, "GET", "/a.txt").status == 200
    assert ask(here, "PUT", "/a.txt", b"x", user="bob", **token).status == 423  # not bob's lock
    assert ask(here, "PUT", "/a.txt", b"x", **token).status == 204
    assert ask(here, "PUT", "/a.txt", b"x", If="(<urn:uuid:other>)").status == 412
    assert ask(here, "LOCK", "/a.txt", wire.lockinfo("bob"), user="bob").status == 423
    assert ask(here, "UNLOCK", "/a.txt", Lock_Token=f"<{lock.token}>", user="bob").status == 403
    assert ask(here, "UNLOCK", "/sub/", Lock_Token=f"<{lock.token}>").status == 409
    assert ask(here, "UNLOCK", "/a.txt", Lock_Token=f"<{lock.token}>").status == 204
    assert ask(here, "PUT", "/a.txt", b"y").status == 204


def test_a_deep_lock_covers_what_is_below(here: Lab) -> None:
    lock = locked(here, "/sub/", Depth="infinity")
    token = {"If": f"<{url(here, '/sub/')}> (<{lock.token}>)"}
    assert ask(here, "PUT", "/sub/deep/new", b"x").status == 423
    assert ask(here, "DELETE", "/sub/one.txt").status == 423
    assert ask(here, "PUT", "/sub/deep/new", b"x", **token).status == 201
    assert ask(here, "DELETE", "/", user="alice").status in (403, 423)
    assert ask(here, "MOVE", "/sub/", Destination="/else").status == 423
    assert ask(here, "LOCK", "/", wire.lockinfo("x"), Depth="infinity").status == 423
    ask(here, "UNLOCK", "/sub/deep/new", Lock_Token=f"<{lock.token}>")
    assert ask(here, "MOVE", "/sub/", Destination="/else").status == 201


def test_a_flat_lock_on_a_folder_keeps_its_members(here: Lab) -> None:
    locked(here, "/sub/", Depth="0")
    assert ask(here, "PUT", "/sub/new", b"x").status == 423
    assert ask(here, "PUT", "/sub/one.txt", b"x").status == 204
    assert ask(here, "MKCOL", "/sub/folder").status == 423
    assert ask(here, "COPY", "/a.txt", Destination="/sub/a").status == 423


def test_shared_locks(here: Lab) -> None:
    one, two = locked(here, shared=True), locked(here, shared=True)
    assert one.token != two.token
    assert ask(here, "LOCK", "/a.txt", wire.lockinfo("x")).status == 423
    assert ask(here, "PUT", "/a.txt", b"x").status == 423
    assert ask(here, "PUT", "/a.txt", b"x", If=f"(<{two.token}>)").status == 204
    found = ask(here, "PROPFIND", "/a.txt", wire.propfind(["lockdiscovery"])).resources()["/a.txt"]
    assert len(found.found[f"{DAV}lockdiscovery"].children) == 2


def test_a_lock_on_nothing_makes_an_empty_file(here: Lab) -> None:
    answer = ask(here, "LOCK", "/later", wire.lockinfo("x"))
    assert answer.status == 201
    assert tree(here)["/later"] == b""
    assert ask(here, "LOCK", "/no/where", wire.lockinfo("x")).status == 409


def test_locks_are_refreshed_and_end(here: Lab) -> None:
    lock = locked(here, Timeout="Second-50")
    again = ask(here, "LOCK", "/a.txt", If=f"(<{lock.token}>)", Timeout="Second-500").lock()
    assert (again.token, again.timeout) == (lock.token, 500.0)
    assert ask(here, "LOCK", "/a.txt", If="(<urn:uuid:other>)").status == 412
    locks = here.webdav._own.locks
    clock, locks._clock = locks._clock, lambda: clock() + 501
    try:
        assert ask(here, "PUT", "/a.txt", b"x").status == 204
    finally:
        locks._clock = clock


# -- what cannot be understood -------------------------------------------------------------


@pytest.mark.parametrize("body", [
    b"<x", b"<propfind/>", b'<!DOCTYPE a [<!ENTITY b "c">]><propfind xmlns="DAV:"><allprop/>'
    b"</propfind>", b"<D:propfind/>", b"\xff\xfe"])
def test_bodies_that_are_none(here: Lab, body: bytes) -> None:
    assert ask(here, "PROPFIND", "/", body, Depth="0").status == 400


def test_bodies_that_are_too_much(here: Lab) -> None:
    assert ask(here, "PROPFIND", "/", b" " * (2 << 20), Depth="0").status == 413
    deep = b"".join(b"<a>" for _ in range(1000))
    assert ask(here, "PROPFIND", "/", deep, Depth="0").status in (400, 413)


def test_every_quirk(here: Lab) -> None:
    def send(quirk: str, method: str, path: str, body: bytes | None = None,
             **headers: str) -> Answer:
        here.webdav.quirks(quirk)
        return ask(here, method, path, body, **headers)

    assert send("PUT makes folders", "PUT", "/x/y/z", b"1").status == 201
    assert url(here, "/") in send("absolute hrefs", "PROPFIND", "/", Depth="0").resources()
    assert "/sub" in send("folders without slash", "PROPFIND", "/sub", Depth="0").resources()
    assert send("no ETag after PUT", "PUT", "/a.txt", b"1").headers["ETag"] is None
    assert send("no X-OC-Mtime", "PUT", "/a.txt", b"1", X_OC_Mtime="5").headers[
        "X-OC-Mtime"] is None
    refused = send("no infinite depth", "PROPFIND", "/")
    assert (refused.status, b"propfind-finite-depth" in refused.body) == (403, True)
    assert send("no locks", "LOCK", "/a.txt", wire.lockinfo("x")).status == 405
    assert send("no locks", "OPTIONS", "/").headers["DAV"] == "1"
    quota = wire.propfind(["quota-used-bytes"])
    assert send("no quota", "PROPFIND", "/", quota, Depth="0").resources()["/"].failed
    change = wire.proppatch({"getlastmodified": "Sun, 06 Nov 1994 08:49:37 GMT"})
    assert send("time can be set", "PROPPATCH", "/a.txt", change).resources()["/a.txt"].found
    assert here.webdav.files.stat("/a.txt").modified == 784111777
    change = wire.proppatch({"lastmodified": "1234567890"})
    assert send("lastmodified can be set", "PROPPATCH", "/a.txt", change).resources()[
        "/a.txt"].found
    assert here.webdav.files.stat("/a.txt").modified == 1234567890
    assert len(QUIRKS) == 24
    assert send("405 to HEAD", "HEAD", "/a.txt").status == 405
