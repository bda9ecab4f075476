"""What may be kept, and when it may be used again (RFC 9111)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from postel.http.cache import (
    Stored,
    Use,
    conditions,
    decide,
    freshened,
    may_store,
    outdated,
    stored,
    usable_on_error,
)
from postel.http.dates import written

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
Fields = list[tuple[str, str]]


def ago(seconds: float) -> str:
    return written(NOW - timedelta(seconds=seconds))


def kept(*fields: tuple[str, str], request: Fields | None = None, status: int = 200) -> Stored:
    return stored(status, fields, request or [], requested=NOW, received=NOW)


@pytest.mark.parametrize(("method", "status", "response", "may"), [
    ("GET", 200, "max-age=60", True), ("GET", 200, "private", True), ("GET", 200, "public", True),
    ("GET", 200, "no-store", False), ("GET", 200, "No-Store, max-age=60", False),
    ("GET", 200, "no-store, must-understand, max-age=60", True), ("GET", 200, "", False),
    ("GET", 404, "max-age=60", True), ("GET", 302, "max-age=60", True), ("GET", 206, "max-age=60", False),
    ("GET", 500, "max-age=60", False), ("POST", 200, "max-age=60", False), ("HEAD", 200, "max-age=60", False),
    ("GET", 200, "s-maxage=60", False),
])
def test_what_may_be_kept(method: str, status: int, response: str, may: bool) -> None:
    assert may_store(method, [], status, [("Cache-Control", response)]) is may


def test_more_of_what_may_be_kept() -> None:
    assert may_store("GET", [], 200, [("ETag", '"1"')])
    assert may_store("GET", [], 200, [("Expires", "0")])
    assert not may_store("GET", [], 302, [("ETag", '"1"')])
    assert not may_store("GET", [("Cache-Control", "no-store")], 200, [("ETag", '"1"')])
    assert not may_store("GET", [("Range", "bytes=0-1")], 200, [("ETag", '"1"')])
    assert not may_store("GET", [], 200, [("ETag", '"1"'), ("Vary", "Accept, *")])


@pytest.mark.parametrize(("fields", "life"), [
    ([("Cache-Control", "max-age=60")], 60),
    ([("Cache-Control", "max-age=60"), ("Expires", ago(-600))], 60),
    ([("Cache-Control", "max-age=\"60\"")], 60),
    ([("Cache-Control", "max-age=x")], 0),
    ([("Cache-Control", "max-age=" + "9" * 40)], 365 * 86400),
    ([("Cache-Control", "s-maxage=60")], 0),
    ([("Date", ago(0)), ("Expires", ago(-600))], 600),
    ([("Date", ago(100)), ("Expires", ago(50))], 50),
    ([("Expires", "0")], 0), ([("Expires", ago(60))], 0),
    ([("Last-Modified", ago(1000))], 100),
    ([("Last-Modified", ago(86400 * 365))], 7 * 86400),
    ([("Last-Modified", ago(-60))], 0),
    ([], 0),
])
def test_for_how_long_it_is_fresh(fields: Fields, life: int) -> None:
    assert kept(*fields).lifetime() == timedelta(seconds=life)


def test_age() -> None:
    assert kept().age(now=NOW + timedelta(seconds=5)) == timedelta(seconds=5)
    assert kept(("Age", "30")).age(now=NOW) == timedelta(seconds=30)
    assert kept(("Date", ago(40))).age(now=NOW) == timedelta(seconds=40)
    slow = Stored(200, (("Age", "30"),), NOW - timedelta(seconds=3), NOW)
    assert slow.age(now=NOW) == timedelta(seconds=33)
    assert kept(("Date", ago(-40))).age(now=NOW - timedelta(seconds=9)) == timedelta(0)


@pytest.mark.parametrize(("response", "request_", "seconds", "use"), [
    ("max-age=60", "", 59, Use.FRESH), ("max-age=60", "", 60, Use.CHECK),
    ("max-age=60", "no-cache", 0, Use.CHECK), ("max-age=60", "no-store", 0, Use.MISS),
    ("max-age=60", "max-age=10", 20, Use.CHECK), ("max-age=60", "max-age=10", 5, Use.FRESH),
    ("max-age=60, immutable", "max-age=0", 20, Use.FRESH),
    ("max-age=60, immutable", "max-age=0", 61, Use.CHECK),
    ("max-age=60", "min-fresh=30", 29, Use.FRESH), ("max-age=60", "min-fresh=30", 31, Use.CHECK),
    ("max-age=60", "max-stale", 9999, Use.FRESH), ("max-age=60", "max-stale=10", 69, Use.FRESH),
    ("max-age=60", "max-stale=10", 71, Use.CHECK),
    ("max-age=60, must-revalidate", "max-stale", 61, Use.CHECK),
    ("no-cache, max-age=60", "", 0, Use.CHECK), ('no-cache="x", max-age=60', "", 0, Use.FRESH),
])
def test_what_it_is_good_for(response: str, request_: str, seconds: int, use: Use) -> None:
    one = kept(("Cache-Control", response))
    asked = [("Cache-Control", request_)] if request_ else []
    assert decide(one, asked, now=NOW + timedelta(seconds=seconds)) is use


def test_pragma_and_ranges() -> None:
    one = kept(("Cache-Control", "max-age=60"))
    assert decide(one, [("Pragma", "no-cache")], now=NOW) is Use.CHECK
    assert decide(one, [("Pragma", "no-cache"), ("Cache-Control", "max-age=5")], now=NOW) is Use.FRESH
    assert decide(one, [("Range", "bytes=0-")], now=NOW) is Use.MISS


def test_vary() -> None:
    request = [("Accept-Language", "de,  en"), ("Cookie", "secret=1")]
    one = kept(("Cache-Control", "max-age=60"), ("Vary", "accept-language, Cookie"), request=request)
    assert "secret" not in repr(one)
    assert decide(one, request, now=NOW) is Use.FRESH
    assert decide(one, [("accept-language", "de, en"), request[1]], now=NOW) is Use.FRESH
    assert decide(one, [("Accept-Language", "fr"), request[1]], now=NOW) is Use.MISS
    assert decide(one, [], now=NOW) is Use.MISS


def test_what_is_not_kept_of_the_fields() -> None:
    one = kept(("Connection", "X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "5"), ("X", "2"),
               ("Cache-Control", 'no-cache="Set-Cookie, x-y"'), ("Set-Cookie", "a=b"))
    assert [name for name, _ in one.headers] == ["X", "Cache-Control"]


def test_asking_whether_it_still_holds() -> None:
    one = kept(("ETag", 'W/"1"'), ("Last-Modified", ago(5)))
    assert conditions(one) == [("If-None-Match", 'W/"1"'), ("If-Modified-Since", ago(5))]
    assert conditions(kept(("ETag", "broken"), ("Last-Modified", "x"))) == []
    later = NOW + timedelta(seconds=60)
    again = freshened(
        kept(("ETag", '"1"'), ("Cache-Control", "max-age=1"), ("Content-Type", "a/b"), ("Age", "7"),
             ("X", "old")),
        [("cache-control", "max-age=60"), ("Content-Type", "c/d"), ("X", "new"), ("Connection", "y"),
         ("Y", "1"), ("Content-Length", "0")],
        requested=later, received=later)
    assert again.headers == (("ETag", '"1"'), ("Content-Type", "a/b"), ("cache-control", "max-age=60"),
                             ("X", "new"))
    assert decide(again, [], now=later + timedelta(seconds=59)) is Use.FRESH


@pytest.mark.parametrize(("response", "request_", "seconds", "usable"), [
    ("max-age=60, stale-if-error=60", "", 119, True), ("max-age=60, stale-if-error=60", "", 121, False),
    ("max-age=60", "", 61, False), ("max-age=60", "stale-if-error=60", 61, True),
    ("max-age=60, stale-if-error=60, must-revalidate", "", 61, False),
    ("max-age=60, stale-if-error=60", "no-cache", 61, False),
])
def test_when_the_server_fails(response: str, request_: str, seconds: int, usable: bool) -> None:
    asked = [("Cache-Control", request_)]
    assert usable_on_error(
        kept(("Cache-Control", response)), asked, now=NOW + timedelta(seconds=seconds)) is usable


def test_unsafe_requests_outdate() -> None:
    assert outdated("DELETE", 204)
    assert outdated("PUT", 303)
    assert not outdated("PUT", 412)
    assert not outdated("HEAD", 200)
