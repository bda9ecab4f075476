# GENERATED from test_http_caching_async.py by tools/unasync.py: edit that file, not this one.
"""What is asked anew, what is asked about, and what is not asked at all."""

from __future__ import annotations

import gzip
import io
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from http_peer import Asked, HTTPPeer, answer, ok

from postel import errors
from postel.http.client_sync import Client
from postel.http.store import Store

FRESH = {"Cache_Control": "max-age=60"}


def client(peer: HTTPPeer, path: Any, **options: Any) -> Client:
    return Client(peer.url, timeout=5, cache=path, **options)


def test_what_is_fresh_is_not_asked_for_again(tmp_path: Path) -> None:
    with HTTPPeer(ok(b"kept", **FRESH, ETag='"1"')) as peer:
        with client(peer, tmp_path / "c.db") as web:
            first = web.get("/a?x=1#frag")
            again = web.get("/a?x=1")
            web.get("/b")
        with client(peer, tmp_path / "c.db") as web:  # another run
            later = web.get("/a?x=1")
            sink = io.BytesIO()
            assert web.save("/a?x=1", sink) == 4
    assert [asked.target for asked in peer.asked] == ["/a?x=1", "/b"]
    assert first.content == again.content == later.content == sink.getvalue() == b"kept"
    assert "age" not in first.headers
    assert again.headers["age"] == "0"
    assert again.peer is None


def test_what_is_stale_is_asked_about(tmp_path: Path) -> None:
    def fresh(asked: Asked) -> bytes:
        if asked.get("if-none-match") == '"1"':
            return answer("304 Same", **FRESH, X="new")
        return ok(b"kept", Cache_Control="max-age=0", ETag='"1"', X="old", Content_Type="text/x")

    with HTTPPeer(fresh) as peer:
        with client(peer, tmp_path / "c.db") as web:
            pages = [web.get("/") for _ in range(3)]
    assert [page.status for page in pages] == [200, 200, 200]
    assert [page.headers["x"] for page in pages] == ["old", "new", "new"]
    assert {page.content for page in pages} == {b"kept"}
    assert {page.headers["content-type"] for page in pages} == {"text/x"}
    assert [asked.get("if-none-match") for asked in peer.asked] == [None, '"1"']


def test_what_has_changed_replaces_what_was_kept(tmp_path: Path) -> None:
    with HTTPPeer([ok(b"old", ETag='"1"'), ok(b"new", ETag='"2"', **FRESH), ok(b"never")]) as peer:
        with client(peer, tmp_path / "c.db") as web:
            got = [(web.get("/")).content for _ in range(3)]
    assert got == [b"old", b"new", b"new"]


@pytest.mark.parametrize("fields", [
    {"Cache_Control": "no-store"}, {"Vary": "*", **FRESH}, {}])
def test_what_must_not_be_kept(tmp_path: Path, fields: dict[str, str]) -> None:
    with HTTPPeer(ok(**fields)) as peer:
        with client(peer, tmp_path / "c.db") as web:
            web.get("/")
            web.get("/")
    assert len(peer.asked) == 2


def test_callers_may_say_otherwise(tmp_path: Path) -> None:
    with HTTPPeer(ok(**FRESH)) as peer:
        with client(peer, tmp_path / "c.db") as web:
            missing = web.get("/", headers={"Cache-Control": "only-if-cached"})
            web.get("/")
            web.get("/", headers={"Cache-Control": "no-cache"})
            web.get("/", headers={"Range": "bytes=0-1"})
            web.get("/", headers={"If-None-Match": '"x"'})
            web.head("/")
            web.get("/", headers={"Cache-Control": "only-if-cached"})
    assert missing.status == 504
    assert len(peer.asked) == 5


def test_each_user_has_answers_of_his_own(tmp_path: Path) -> None:
    def who(asked: Asked) -> bytes:
        return ok((asked.get("authorization") or "nobody").encode(), **FRESH)

    with HTTPPeer(who) as peer:
        with client(peer, tmp_path / "c.db") as web:
            got = [(web.get("/", auth=("ann", "x") if named else None)).text
                   for named in (False, True)]
        with client(peer, tmp_path / "c.db", user="ann", password="x", auth="basic") as web:
            got += [(web.get("/")).text for _ in range(2)]
    assert got == ["nobody", "nobody", "Basic YW5uOng=", "Basic YW5uOng="]
    assert len(peer.asked) == 2


def test_bodies_are_kept_as_they_came(tmp_path: Path) -> None:
    packed = gzip.compress(b"x" * 1000)
    with HTTPPeer(ok(packed, Content_Encoding="gzip", **FRESH)) as peer:
        with client(peer, tmp_path / "c.db") as web:
            got = [(web.get("/")).content for _ in range(2)]
            with web.stream("GET", "/") as page:
                raw = b"".join([chunk for chunk in page.iter_raw()])
    assert got == [b"x" * 1000] * 2
    assert raw == packed
    assert len(peer.asked) == 1


def test_half_a_body_is_not_kept(tmp_path: Path) -> None:
    cut = ok(b"whole", **FRESH)[:-2]

    def broken(asked: Asked) -> Any:
        asked.line.say(cut)
        return "close"

    with HTTPPeer(broken) as peer:
        with client(peer, tmp_path / "c.db") as web:
            for _ in range(2):
                with pytest.raises(errors.Incomplete):
                    web.get("/")
    assert len(peer.asked) == 2


def test_what_is_too_long_is_not_kept(tmp_path: Path) -> None:
    with Store(tmp_path / "c.db", largest=10) as store, HTTPPeer(ok(b"x" * 11, **FRESH)) as peer:
        with client(peer, store) as web:
            got = [len((web.get("/")).content) for _ in range(2)]
        assert len(store) == 0  # and it is still open: it is ours
    assert got == [11, 11]
    assert len(peer.asked) == 2


def test_an_unsafe_request_outdates_what_is_kept(tmp_path: Path) -> None:
    with HTTPPeer(ok(**FRESH)) as peer:
        with client(peer, tmp_path / "c.db") as web:
            web.get("/")
            web.put("/", content=b"x")
            web.get("/")
    assert [asked.method for asked in peer.asked] == ["GET", "PUT", "GET"]


def test_when_the_server_fails(tmp_path: Path) -> None:
    kept = ok(b"kept", Cache_Control="max-age=0, stale-if-error=60", ETag='"1"')
    with HTTPPeer([kept, answer("503 Down"), "close", "close"]) as peer:
        with client(peer, tmp_path / "c.db", retries=0) as web:
            got = [(web.get("/")).content for _ in range(3)]
    assert got == [b"kept"] * 3
    with HTTPPeer([ok(b"kept", ETag='"1"'), answer("503 Down", b"down")]) as peer:
        with client(peer, tmp_path / "d.db", retries=0) as web:
            got = [(web.get("/")).content for _ in range(2)]
    assert got == [b"kept", b"down"]


def test_redirects_are_kept_too(tmp_path: Path) -> None:
    with HTTPPeer([answer("301 There", Location="/b", **FRESH), ok(b"b", **FRESH)]) as peer:
        with client(peer, tmp_path / "c.db") as web:
            got = [(web.get("/a")) for _ in range(2)]
    assert [(page.content, len(page.history)) for page in got] == [(b"b", 1)] * 2
    assert len(peer.asked) == 2


def test_a_cache_that_fails_does_no_harm(tmp_path: Path) -> None:
    with HTTPPeer(ok(**FRESH)) as peer:
        with client(peer, tmp_path / "c.db") as web:
            web.get("/")
            other = sqlite3.connect(tmp_path / "c.db")
            other.execute("DROP TABLE responses")
            other.close()
            assert (web.get("/")).content == b"hello"
            assert "the cache is left aside: look into the cache" in str(
                [str(record) for record in web.trace.records])
    (tmp_path / "text").write_text("no database, whatever else it is")
    with HTTPPeer() as peer:
        with client(peer, tmp_path / "text") as web:
            with pytest.raises(errors.TransferError, match="file is not a database"):
                web.get("/")
