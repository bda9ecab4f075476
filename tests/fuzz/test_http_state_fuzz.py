"""HTTP's small grammars under random text: a value, or the documented error, and nothing else."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import TransferError, UsageError
from postel.http import (
    cache,
    challenges,
    dates,
    digests,
    disposition,
    hsts,
    links,
    media,
    ranges,
    retry,
    validators,
)
from postel.http.cookie_files import from_json, from_netscape, to_json, to_netscape
from postel.http.cookies import Cookie, Jar
from postel.http.suffixes import public_suffix
from postel.urls import parse as url

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BITS = st.sampled_from([
    "a", "=", "; ", ";", ",", " ", "\t", '"', "\\", "/", "\0", "\r\n", "ü", "\udcff", "1", "-1",
    "Domain=", "shop.example", ".", "Path=/", "Secure", "Max-Age=", "Expires=", "__Host-", "Basic ",
    "Digest ", "realm=", "Fri, 07 Aug 2027 08:04:19 GMT", "SameSite=None", "Partitioned", "(", "'",
    "gzip", "bytes=", "0-", "W/", "*", "filename", "utf-8''", "%", "%41", ":", "<", ">", "rel=",
    "sha-256=", "?1", "no-cache", "max-age", "text/html", "charset", "~", "[", "99999999999999999999",
])
TEXT = st.one_of(st.lists(BITS, max_size=20).map("".join), st.text(max_size=60))
PLACES = [url(text) for text in (
    "https://www.shop.example/a/b", "http://shop.example/", "http://127.0.0.1:8000/x",
    "https://[::1]/", "https://ann.github.io", "https://github.io/", "http://localhost/")]


@given(st.lists(TEXT, max_size=4))
def test_challenges(fields: list[str]) -> None:
    for one in challenges.parse(fields):
        assert one.scheme == one.scheme.lower() != ""
    for text in fields:
        challenges.parameters(text)
        challenges.credentials(text)
        with contextlib.suppress(UsageError):
            assert challenges.parameters("a=" + challenges.quoted(text)) == {"a": text}


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.one_of(TEXT, st.binary(max_size=40))),
                max_size=8))
def test_cookies(steps: list[tuple[object, str | bytes]]) -> None:
    jar = Jar(suffix=public_suffix)
    for place, field in steps:
        jar.store(place, [field], now=NOW)  # type: ignore[arg-type]
    assert len(jar) == len(list(jar))
    for place in PLACES:
        sent = jar.header_for(place, now=NOW)
        assert not set(sent) & set("\r\n\0")
        sent.encode("utf-8", "surrogateescape")
    again = Jar()
    for cookie in from_json(to_json(jar)):
        again.set(cookie)
    assert [one.key for one in again] == [one.key for one in jar]
    assert len(from_netscape(to_netscape(jar))) <= len(jar)
    jar.clear()
    assert not jar._sites
    assert not jar._domains


@given(TEXT)
def test_cookie_files(text: str) -> None:
    for cookie in from_netscape(text):
        Jar().set(cookie)
    with contextlib.suppress(UsageError):
        from_json(text)
    with contextlib.suppress(UsageError):
        Jar().set(Cookie(text, text, "shop.example", text))


@given(TEXT, TEXT)
def test_small_fields(text: str, other: str) -> None:
    found = dates.parse(text, now=NOW)
    assert found is None or dates.parse(dates.written(found), now=NOW) == found
    tag = validators.etag(text)
    assert tag is None or validators.etag(str(tag)) == tag
    asked = validators.if_range(text, other, other, now=NOW)
    assert asked is None or (asked.isprintable() or not asked.isascii())
    validators.matches([text, other], tag, strong=True)
    for first, last in ranges.asked(text, 100) or ():
        assert 0 <= first <= last < 100
    part = ranges.content_range(text)
    assert part is None or ranges.content_range(str(part)) == part
    wait = retry.wait(text, now=NOW, longest=60)
    assert wait is None or 0 <= wait <= 61
    kind = media.parse(text)
    assert kind is None or media.parse(str(kind)) == kind
    for link in links.parse([text, other]):
        assert ">" not in link.target
    digests.wanted([text])
    digests.best([("Digest", text), ("Repr-Digest", text), ("Content-MD5", other)])
    assert all(isinstance(data, bytes) for data in digests.parse([text, other]).values())


@given(st.text(max_size=60))
def test_names_of_files(text: str) -> None:
    said = disposition.parse(text)
    with contextlib.suppress(TransferError):
        name = said.file_name(windows=True)
        assert name is None or (name == Path(name).name and not name.startswith("."))
    again = disposition.parse(disposition.attachment(text))
    assert again.valid
    assert disposition.parse(disposition.attachment(again.filename or "")) == again


FIELDS = st.lists(st.tuples(st.sampled_from([
    "Cache-Control", "Expires", "Date", "Age", "Vary", "ETag", "Last-Modified", "Connection",
    "Accept", "Range", "Pragma"]), TEXT), max_size=6)


@given(FIELDS, FIELDS, st.sampled_from([200, 206, 304, 404, 500]))
def test_cache(response: list[tuple[str, str]], request: list[tuple[str, str]], status: int) -> None:
    cache.may_store("GET", request, status, response)
    one = cache.stored(status, response, request, requested=NOW, received=NOW)
    assert one.lifetime() >= timedelta(0)
    assert one.age(now=NOW) >= timedelta(0)
    cache.decide(one, request, now=NOW)
    cache.usable_on_error(one, request, now=NOW)
    for _, text in cache.conditions(one):
        assert "\n" not in text
    again = cache.freshened(one, request, requested=NOW, received=NOW)
    assert again.varied == one.varied


@given(TEXT)
def test_strict_transport(text: str) -> None:
    known = hsts.Hosts()
    known.load(text)
    known.note(PLACES[0], text, now=NOW)
    again = hsts.Hosts()
    again.load(known.text(now=NOW))
    assert again.text(now=NOW) == known.text(now=NOW)
