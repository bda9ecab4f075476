"""HTTP's small grammars under random text: a value, or the documented error, and nothing else."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import UsageError
from postel.http import challenges
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
