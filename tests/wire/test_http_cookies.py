"""The jar: what is stored, what is sent, what is refused and why (RFC 6265bis)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from postel.errors import UsageError
from postel.http.cookie_files import from_json, from_netscape, to_json, to_netscape
from postel.http.cookies import (
    LONGEST_HEADER,
    MOST_COOKIES,
    MOST_OF_A_SITE,
    MOST_SENT,
    Cookie,
    Jar,
)
from postel.http.set_cookie import LONGEST_LIFE, cookie_date, parse
from postel.http.suffixes import public_suffix
from postel.urls import URL
from postel.urls import parse as url

NOW = datetime(2012, 6, 1, tzinfo=UTC)
SHOP = url("https://www.shop.example/a/b")

NAMELESS = {
    "0021": "=x", "0023": "foo", "0025": "; bar after foo", "0027": "foo, bar", "chromium0009":
    "BLAHHH", "mozilla0012": "five", "mozilla0014": "six", "mozilla0016": "eight",
    "name0017": "=a=bar", "name0023": "foo;bar=baz", "name0025": "===a=bar",
    "name0031": '"foo', "name0033": "aaa",
}
"""Cases where RFC 6265 drops a cookie without a name, and 6265bis section 5.6 keeps it."""


NEWER = {
    "disabled-chromium0022": "a NUL: 6265bis section 5.6 drops the cookie whole",
    "disabled-path0029": "%6F in a path: section 5.1.4 compares as written",
}


def http_state(corpora: Callable[[str], Path]) -> dict[str, tuple[bytes, bytes]]:
    folder = corpora("http/cookies-http-state")
    return {path.name.removesuffix("-test"): (
        path.read_bytes(), path.with_name(path.name.removesuffix("test") + "expected").read_bytes())
        for path in sorted(folder.glob("*-test"))}


def played(name: str, text: bytes) -> bytes:
    jar = Jar(suffix=public_suffix)
    place = url("http://home.example.org:8888/cookie-parser?" + name)
    then = url("http://home.example.org:8888/cookie-parser-result?" + name)
    for line in text.split(b"\n"):
        key, _, value = line.partition(b":")
        if key == b"Set-Cookie":
            jar.store(place, [value], now=NOW)
        elif key == b"Location":
            where = value.decode().strip()
            then = place.with_(path=where.partition("?")[0], query=None) if where[0] == "/" else url(where)
    return jar.header_for(then, now=NOW).encode("utf-8", "surrogateescape")


def test_http_state(corpora: Callable[[str], Path]) -> None:
    cases = http_state(corpora)
    failed = {}
    for name, (text, expected) in cases.items():
        told = expected.strip(b"\n").removeprefix(b"Cookie:").strip(b" ")
        if (found := played(name, text)) != told:
            failed[name] = (text, found, told)
    print(f"http-state: {len(cases) - len(failed)} of {len(cases)}")  # noqa: T201
    assert set(failed) == set(NAMELESS) | set(NEWER), failed


def test_http_state_dates(corpora: Callable[[str], Path]) -> None:
    cases = json.loads((corpora("http/cookies-http-state") / "dates.json").read_text("utf-8"))
    for case in cases:
        date = cookie_date(case["test"])
        assert (date and date.strftime("%a, %d %b %Y %H:%M:%S GMT")) == case["expected"], case


def header(jar: Jar, where: str | URL, **how: bool) -> str:
    return jar.header_for(url(where) if isinstance(where, str) else where, now=NOW, **how)


def test_attributes() -> None:
    found = parse("a = b ; PATH=/x; domain=.Shop.Example; secure; HttpOnly; samesite=STRICT; "
                  "Partitioned; Max-Age=5; Expires=Fri, 07 Aug 2027 08:04:19 GMT", now=NOW)
    assert not isinstance(found, str)
    assert (found.name, found.value, found.path, found.domain) == ("a", "b", "/x", "shop.example")
    assert (found.secure, found.http_only, found.partitioned) == (True, True, True)
    assert found.same_site == "Strict"
    assert found.expires == NOW + timedelta(seconds=5)
    assert "b" not in repr(found).replace("SetCookie", "")


@pytest.mark.parametrize(("text", "life"), [
    ("a=b", None),
    ("a=b; max-age=60", timedelta(seconds=60)),
    ("a=b; max-age=99999999999999999999999999", LONGEST_LIFE),
    ("a=b; max-age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT", timedelta(seconds=60)),
    ("a=b; max-age=6 0", None),
    ("a=b; max-age=+60", None),
    ("a=b; max-age=", None),
    ("a=b; max-age=1; max-age=60", timedelta(seconds=60)),
    ("a=b; max-age=60; max-age=x", timedelta(seconds=60)),
    ("a=b; expires=Fri, 01 Jun 2012 00:01:00 GMT", timedelta(seconds=60)),
    ("a=b; expires=Fri, 01 Jun 2900 00:01:00 GMT", LONGEST_LIFE),
    ("a=b; expires=yesterday", None),
])
def test_how_long_it_lives(text: str, life: timedelta | None) -> None:
    found = parse(text, now=NOW)
    assert not isinstance(found, str)
    assert found.expires == (None if life is None else NOW + life)


@pytest.mark.parametrize("text", ["a=b; max-age=0", "a=b; max-age=-1", "a=; max-age=00",
                                  "a=b; expires=Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_cookie_is_taken_back(text: str) -> None:
    jar = Jar()
    jar.store(SHOP, ["a=b"], now=NOW)
    assert jar.store(SHOP, [text], now=NOW) == []
    assert len(jar) == 0
    assert header(jar, SHOP) == ""


@pytest.mark.parametrize(("field", "place", "reason"), [
    ("a=b\0", "https://shop.example/", "it holds a control character"),
    ("a=b\r\nc", "https://shop.example/", "it holds a control character"),
    ("=", "https://shop.example/", "it has neither name nor value"),
    ("a=" + "b" * 4096, "https://shop.example/", "name and value are longer than 4096 bytes"),
    ("a=" + "\u00fc" * 2048, "https://shop.example/", "name and value are longer than 4096 bytes"),
    ("a=b; Domain=sh\u00f6p.example", "https://shop.example/", "its Domain is not ASCII"),
    ("a=b; Domain=co.uk", "https://shop.co.uk/", "its Domain is a public suffix"),
    ("a=b; Domain=github.io", "https://ann.github.io/", "its Domain is a public suffix"),
    ("a=b; Domain=other.example", "https://shop.example/", "its Domain is not the host's"),
    ("a=b; Domain=www.shop.example", "https://shop.example/", "its Domain is not the host's"),
    ("a=b; Domain=hop.example", "https://shop.example/", "its Domain is not the host's"),
    ("a=b; Domain=0.0.1", "https://127.0.0.1/", "its Domain is not the host's"),
    ("a=b; Secure", "http://shop.example/", "it is Secure, and came without TLS"),
    ("a=b; SameSite=None", "https://shop.example/", "SameSite=None and Partitioned want Secure"),
    ("a=b; Partitioned", "https://shop.example/", "SameSite=None and Partitioned want Secure"),
    ("__Secure-a=b", "https://shop.example/", "its name promises Secure"),
    ("__host-a=b; Secure", "https://shop.example/x/y", "its name promises one host and Path=/"),
    ("__Host-a=b; Secure; Path=/; Domain=shop.example", "https://shop.example/",
     "its name promises one host and Path=/"),
    ("__Host-a=b; Path=/", "https://shop.example/", "its name promises Secure"),
    ("=__Host-a=b; Secure; Path=/", "https://shop.example/",
     "a nameless cookie whose value reads as a prefix"),
])
def test_refusals_and_their_reasons(field: str, place: str, reason: str) -> None:
    jar = Jar(suffix=public_suffix)
    assert jar.judge(url(place), field, now=NOW) == reason
    assert jar.store(url(place), [field], now=NOW) == []
    assert len(jar) == 0


def test_promises_that_are_kept() -> None:
    jar = Jar()
    jar.store(SHOP, ["__Host-a=1; Secure; Path=/", "__Secure-b=2; Secure; Domain=shop.example"],
              now=NOW)
    assert header(jar, "https://www.shop.example/a/") == "__Secure-b=2; __Host-a=1"


def test_a_public_suffix_may_have_a_cookie_of_its_own() -> None:
    jar = Jar(suffix=public_suffix)
    [kept] = jar.store(url("https://github.io/"), ["a=b; Domain=github.io"], now=NOW)
    assert kept.host_only
    assert header(jar, "https://ann.github.io/") == ""


def test_without_tls_a_secure_cookie_is_not_overlaid() -> None:
    jar = Jar()
    jar.store(SHOP, ["sid=1; Secure; Domain=shop.example; Path=/a"], now=NOW)
    plain = url("http://www.shop.example/a/b")
    for field in ("sid=evil", "sid=evil; Path=/a/b", "sid=evil; Domain=shop.example; Path=/a"):
        assert "Secure cookie has its name" in str(jar.judge(plain, field, now=NOW))
    assert not isinstance(jar.judge(plain, "sid=other; Path=/b", now=NOW), str)
    assert not isinstance(jar.judge(plain, "other=1", now=NOW), str)
    assert not isinstance(jar.judge(SHOP, "sid=2; Secure; Domain=shop.example", now=NOW), str)


def test_secure_goes_over_tls_and_to_this_machine_only() -> None:
    jar = Jar()
    jar.store(SHOP, ["a=b; Secure; Path=/"], now=NOW)
    assert header(jar, "https://www.shop.example/") == "a=b"
    assert header(jar, "http://www.shop.example/") == ""
    jar.store(url("http://localhost:8000/"), ["c=d; Secure"], now=NOW)
    assert header(jar, "http://localhost:9000/") == "c=d"


def test_hosts_paths_and_ports() -> None:
    jar = Jar()
    jar.store(SHOP, ["host=1", "domain=2; Domain=shop.example; Path=/"], now=NOW)
    assert header(jar, "https://www.shop.example/a/c") == "host=1; domain=2"
    assert header(jar, "https://www.shop.example:8443/a") == "host=1; domain=2"
    assert header(jar, "https://www.shop.example/ab") == "domain=2"
    assert header(jar, "https://x.www.shop.example/a/") == "domain=2"
    assert header(jar, "https://shop.example/a/") == "domain=2"
    assert header(jar, "https://badshop.example/a/") == ""


def test_same_site() -> None:
    jar = Jar()
    jar.store(SHOP, ["s=1; SameSite=Strict", "l=2; SameSite=Lax", "n=3; SameSite=None; Secure",
                     "d=4"], now=NOW)
    assert header(jar, SHOP) == "s=1; l=2; n=3; d=4"
    assert header(jar, SHOP, same_site=False) == "l=2; n=3; d=4"
    assert header(jar, SHOP, same_site=False, safe=False) == "n=3"
    assert "another asked" in str(jar.judge(SHOP, "x=1; SameSite=Lax", now=NOW, same_site=False))


def test_the_order_is_the_longest_path_then_the_oldest() -> None:
    jar = Jar()
    jar.store(SHOP, ["c=3; Path=/"], now=NOW)
    jar.store(SHOP, ["b=2; Path=/"], now=NOW + timedelta(seconds=1))
    jar.store(SHOP, ["a=1; Path=/a/b"], now=NOW + timedelta(seconds=2))
    jar.store(SHOP, ["c=4; Path=/"], now=NOW + timedelta(seconds=3))  # keeps its date of birth
    assert header(jar, SHOP) == "a=1; c=4; b=2"


def test_what_is_over_is_not_sent() -> None:
    jar = Jar()
    jar.store(SHOP, ["a=b; Max-Age=60", "c=d"], now=NOW)
    assert jar.header_for(SHOP, now=NOW + timedelta(seconds=60)) == "c=d"
    jar.clear_expired(now=NOW + timedelta(seconds=60))
    assert [one.name for one in jar] == ["c"]


def test_bytes_go_back_as_they_came() -> None:
    jar = Jar()
    jar.store(SHOP, [b"a=\xff\xfe; Path=/", "ü=ö; Path=/".encode()], now=NOW)
    sent = header(jar, SHOP).encode("utf-8", "surrogateescape")
    assert sent == b"a=\xff\xfe; " + "ü=ö".encode()


def test_values_do_not_print() -> None:
    jar = Jar()
    kept = jar.store(SHOP, ["id=hunter2"], now=NOW)
    assert "hunter2" not in f"{kept} {jar!r} {kept[0]}"


def test_a_site_has_an_allowance_and_so_has_the_jar() -> None:
    jar = Jar(suffix=public_suffix)
    jar.store(url("https://a.shop.example/"), ["keep=1; Secure"], now=NOW)
    for number in range(MOST_OF_A_SITE + 20):
        jar.store(url(f"https://h{number % 7}.shop.example/"), [f"n{number}=1"],
                  now=NOW + timedelta(seconds=number))
    assert len(jar) == MOST_OF_A_SITE
    assert jar.get("keep") == "1"  # Secure ones go last
    assert jar.get("n0") is None
    assert jar.get(f"n{MOST_OF_A_SITE + 19}") == "1"
    for number in range(MOST_COOKIES):
        jar.store(url(f"https://s{number}.example/"), ["a=1"], now=NOW + timedelta(days=1))
    assert len(jar) == MOST_COOKIES
    assert jar.get("keep") is None  # the least recently used of all


def test_expired_ones_make_room_first() -> None:
    jar = Jar()
    later = NOW + timedelta(hours=1)
    for number in range(MOST_OF_A_SITE):
        jar.store(SHOP, [f"n{number}=1; Max-Age={60 if number > 9 else 90_000}"], now=NOW)
    jar.store(SHOP, ["new=1"], now=later)
    assert len(jar) == 11


def test_the_field_stays_short() -> None:
    jar = Jar()
    jar.store(SHOP, [f"n{number}={'x' * 1000}; Path=/" for number in range(20)], now=NOW)
    assert 8 * 1000 < len(header(jar, SHOP)) <= LONGEST_HEADER
    jar.clear()
    jar.store(SHOP, [f"n{number}=x; Path=/" for number in range(MOST_OF_A_SITE)], now=NOW)
    assert header(jar, SHOP).count("=") == MOST_SENT


def test_by_hand() -> None:
    jar = Jar()
    cookie = Cookie("a", "1", "shop.example", host_only=False)
    jar.set(cookie)
    jar.set(Cookie("b", "2", "shop.example", expires=NOW + timedelta(days=1)))
    assert header(jar, "https://shop.example/") == "a=1; b=2"
    assert jar.get("a", domain="shop.example", path="/") == "1"
    assert jar.get("a", domain="other.example") is None
    jar.end_session()
    assert [one.name for one in jar] == ["b"]
    jar.remove(cookie)
    jar.clear("shop.example")
    assert len(jar) == 0
    for bad in (Cookie("a=", "b", "h"), Cookie("a", "b;c", "h"), Cookie("a", "b\n", "h"),
                Cookie("a", "b", "h", "/\r"), Cookie("a", "x" * 4096, "h"), Cookie("a", "b", "")):
        with pytest.raises(UsageError, match=r"set the cookie 'a=?': it holds a control character"):
            jar.set(bad)


NETSCAPE = """\
# Netscape HTTP Cookie File
# a comment

.shop.example\tTRUE\t/\tTRUE\t1900000000\tid\tone\ttab
#HttpOnly_www.shop.example\tFALSE\t/a\tFALSE\t0\tsession\t\r
short.example\tFALSE\t/\tFALSE\t0\tempty
broken line
x.example\tFALSE\t/\tFALSE\tsoon\ta\tb
x.example\tFALSE\t/\tFALSE\t0\ta\tb;c
old.example\tFALSE\t/\tFALSE\t-5\ta\tb
far.example\tFALSE\t/\tFALSE\t99999999999999999\ta\tb
"""


def test_netscape_file() -> None:
    found = from_netscape(NETSCAPE)
    assert [(one.domain, one.host_only, one.path, one.secure, one.http_only, one.name, one.value)
            for one in found] == [
        ("shop.example", False, "/", True, False, "id", "one\ttab"),
        ("www.shop.example", True, "/a", False, True, "session", ""),
        ("short.example", True, "/", False, False, "empty", ""),
        ("old.example", True, "/", False, False, "a", "b"),
        ("far.example", True, "/", False, False, "a", "b"),
    ]
    assert found[0].expires == datetime.fromtimestamp(1_900_000_000, UTC)
    assert [one.expires for one in found[1:3]] == [None, None]
    assert found[3].expired(now=NOW)
    assert not found[4].expired(now=NOW)
    again = to_netscape(found)
    assert [*map(str.strip, again.splitlines())][3].startswith(".shop.example\tTRUE\t/\tTRUE\t19")
    assert [one.key for one in from_netscape(again)] == [one.key for one in found]
    assert len(from_netscape(to_netscape(found, session=False))) == 3


def test_what_the_netscape_file_cannot_hold_is_told() -> None:
    assert "one cookie is left out" in to_netscape([Cookie("a\tb", "c", "shop.example")])


def test_json() -> None:
    jar = Jar()
    jar.store(SHOP, ["a=1; SameSite=None; Secure; Partitioned; Max-Age=60",
                     "b=2; Domain=shop.example; SameSite=Lax; HttpOnly"], now=NOW)
    again = from_json(to_json(jar))
    assert [(*one.key, one.value, one.expires, one.secure, one.http_only, one.same_site,
             one.partitioned) for one in again] == [
        (*one.key, one.value, one.expires, one.secure, one.http_only, one.same_site,
         one.partitioned) for one in jar]
    [strange] = from_json('[{"name": "a", "value": "b", "domain": ".x.example", "expires": 1e300,'
                          ' "sameSite": 7, "path": null}, {"name": 1}, {}]')
    assert (strange.host_only, strange.path, strange.same_site) == (False, "/", "")
    for text in ("{", "7", "[1]", "[" * 100_000):
        with pytest.raises(UsageError, match="read cookies: "):
            from_json(text)
