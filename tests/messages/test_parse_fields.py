"""What stands in fields: addresses, dates, identifiers, parameters, encoded words, charsets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from postel.messages import (
    Address,
    Group,
    decode_words,
    format_date,
    parse_addresses,
    parse_date,
    parse_ids,
    parse_parameters,
)
from postel.messages.charsets import decode, guess, python_name
from postel.messages.headers import unfolded

A = Address


@pytest.mark.parametrize(("text", "found"), [
    ("ann@x.example", [A("", "ann@x.example")]),
    ("<ann@x.example>", [A("", "ann@x.example")]),
    ("Ann <ann@x.example>, bob@y.example", [A("Ann", "ann@x.example"), A("", "bob@y.example")]),
    ('"Doe, \\"J\\"" <j@x.example>', [A('Doe, "J"', "j@x.example")]),
    ('"Doe, J." <j@x.example>, "x" <y@z>,', [A("Doe, J.", "j@x.example"), A("x", "y@z")]),
    ("ann@x.example (Ann (the one) Lee)", [A("Ann (the one) Lee", "ann@x.example")]),
    ("Ann (x) <ann@x.example> (y)", [A("Ann", "ann@x.example")]),
    ("ann @ x . example", [A("", "ann@x.example")]),
    ("<@route.example,@b.example:ann@x.example>", [A("", "ann@x.example")]),
    ("ann@[192.0.2.1]", [A("", "ann@[192.0.2.1]")]),
    ("<ann@[IPv6:2001:db8::1]>, b@y", [A("", "ann@[IPv6:2001:db8::1]"), A("", "b@y")]),
    ('"a b"@x.example', [A("", '"a b"@x.example')]),
    ('<"a, b"@x.example>', [A("", '"a, b"@x.example')]),
    ("=?utf-8?q?Zo=C3=AB?= <z@x>", [A("Zoë", "z@x")]),
    ('"=?utf-8?q?Zo=C3=AB?=" <z@x>', [A("Zoë", "z@x")]),
    ("Zoë <zoë@bücher.example>", [A("Zoë", "zoë@bücher.example")]),
    ("Joe Q. Public <joe@x>", [A("Joe Q. Public", "joe@x")]),
    ("friends: a@x, b@y;, c@z", [Group("friends", (A("", "a@x"), A("", "b@y"))), A("", "c@z")]),
    ("undisclosed-recipients:;", [Group("undisclosed-recipients", ())]),
    ("a@x, , b@y", [A("", "a@x"), A("", "b@y")]),
    ("root", [A("", "root")]),
    ("", []),
    (" \t", []),
])
def test_addresses(text: str, found: list[Address | Group]) -> None:
    read = parse_addresses(text)
    assert list(read) == found
    assert read.defects == ()


@pytest.mark.parametrize(("text", "found", "defect"), [
    ("a@x; b@y", [A("", "a@x"), A("", "b@y")], "a semicolon between addresses"),
    ("<a@x> <b@y>", [A("", "a@x"), A("", "b@y")], "two addresses without a comma"),
    ("Ann <a@x", [A("Ann", "a@x")], "an address has no >"),
    ("Ann <a@x, b@y", [A("Ann", "a@x"), A("", "b@y")], "an address has no >"),
    ("Ann Lee", [A("Ann Lee", "")], "a name without an address"),
    ("Ann <>", [A("Ann", "")], "an empty address"),
    ("Ann a@x", [A("Ann", "a@x")], "text beside an address without angle brackets"),
    ("x: a@x", [Group("x", (A("", "a@x"),))], "a group has no end"),
    ("x: a@x, y: b@y;", [Group("x", (A("", "a@x"),)), Group("y", (A("", "b@y"),))],
     "a group within a group"),
    ("a@x (Ann", [A("Ann", "a@x")], "a comment has no end"),
    ("<<a@x>>", [A("", "a@x")], None),
])
def test_odd_addresses(text: str, found: list[Address | Group], defect: str | None) -> None:
    read = parse_addresses(text)
    assert list(read) == found
    assert defect is None or defect in read.defects


@pytest.mark.parametrize("text", [
    "user@good.example(x)evil.example", "user@good.example (x) evil.example",
    "<user@good.example> evil.example", '"a@evil.example" <user@good.example>',
    '"a" <user@good.example>', "(a@evil.example) user@good.example",
    '"<a@evil.example>" <user@good.example>', "user@good.example(<a@evil.example>)",
])
def test_an_address_is_where_it_seems(text: str) -> None:
    # CVE-2019-16056, CVE-2023-27043 and their kin
    found = parse_addresses(text)
    assert [one.domain for one in found.mailboxes] == ["good.example"]


def test_nothing_that_could_be_an_address_is_overlooked() -> None:
    read = parse_addresses("alice@x.example)bob@y.example, <c@z.example>")
    assert {one.domain for one in read.mailboxes} >= {"z.example"}
    assert "y.example" in " ".join(map(str, read))


def test_parts_of_an_address() -> None:
    one = A("Doe, J.", '"a@b"@X.Example')
    assert (one.local, one.domain, str(one)) == ('"a@b"', "x.example",
                                                 '"Doe, J." <"a@b"@X.Example>')
    assert (A("", "root").local, A("", "root").domain) == ("root", "")
    assert str(Group("g", (A("", "a@x"), A("B", "b@y")))) == "g: a@x, B <b@y>;"


@pytest.mark.parametrize(("text", "iso"), [
    ("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"),
    ("21 Nov 97 09:55 GMT", "1997-11-21T09:55:00+00:00"),
    ("Fri, 21 Nov 1997 09(comment):55:06 -0600 (CST)", "1997-11-21T09:55:06-06:00"),
    ("Fri, 21 Nov 1997 09:55:06 -0000", "1997-11-21T09:55:06+00:00"),
    ("Fri, 21 Nov 1997 09:55:06", "1997-11-21T09:55:06+00:00"),
    ("Fri, 21 Nov 1997 09:55:06 EST", "1997-11-21T09:55:06-05:00"),
    ("Fri, 21 Nov 1997 09:55:06 GMT+0100", "1997-11-21T09:55:06+01:00"),
    ("Fri, 21 Nov 101 09:55:06 +01:00", "2001-11-21T09:55:06+01:00"),
    ("Friday, 21-Nov-97 09:55:06 UT", "1997-11-21T09:55:06+00:00"),
    ("Fri Nov 21 09:55:06 1997", "1997-11-21T09:55:06+00:00"),
    ("Fri Nov 21 09:55:06 PST 1997", "1997-11-21T09:55:06-08:00"),
    ("Fri, Nov 21 1997 09:55:06 +0100", None),
    ("1997-11-21 09:55:06", "1997-11-21T09:55:06+00:00"),
    ("1997-11-21T09:55:06+02:00", "1997-11-21T09:55:06+02:00"),
    ("Fri,21 Nov 1997 09:55:60 +0000", "1997-11-21T09:55:59+00:00"),
    ("21 November 1997 9:55:06 PM +0000", "1997-11-21T21:55:06+00:00"),
    ("21 Nov 1997 12:05 AM +0000", "1997-11-21T00:05:00+00:00"),
    ("31 Feb 1997 10:00:00 +0000", None),
    ("21 Nov 1997 10:00:00 +9999", None),
    ("tomorrow", None), ("", None), ("0 0 0", None),
])
def test_dates(text: str, iso: str | None) -> None:
    found = parse_date(text)
    assert (found.isoformat() if found else None) == iso


def test_dates_are_written_as_they_are_read() -> None:
    for iso in ("2026-11-21T09:05:06+00:00", "1999-12-31T23:59:59-03:30"):
        when = datetime.fromisoformat(iso)
        assert parse_date(format_date(when)) == when
    assert format_date(datetime(2026, 11, 21, 9, 5, 6, tzinfo=UTC)).endswith("+0000")
    assert format_date(datetime(2026, 11, 21)) == "Sat, 21 Nov 2026 00:00:00 +0000"


@pytest.mark.parametrize(("text", "found"), [
    ("<a@x>", ("a@x",)), ("<a@x><b@y> <c@z>", ("a@x", "b@y", "c@z")),
    ("< a@x >", ("a@x",)), ("<a\r\n @x>", ("a@x",)), ("Your message of May 1 <a@x>", ("a@x",)),
    ("a@x b@y", ("a@x", "b@y")), ("none", ()), ("", ()), ("<>", ()), ("< >", ()),
])
def test_ids(text: str, found: tuple[str, ...]) -> None:
    assert parse_ids(text) == found


@pytest.mark.parametrize(("text", "word", "found"), [
    ("text/plain", "text/plain", {}),
    ("Text/Plain; Charset=UTF-8", "text/plain", {"charset": "UTF-8"}),
    ('text/plain ; charset = "utf-8" ; format=flowed', "text/plain",
     {"charset": "utf-8", "format": "flowed"}),
    ("text/plain (x); charset=us-ascii (y)", "text/plain", {"charset": "us-ascii"}),
    ('a/b; name="(x)"', "a/b", {"name": "(x)"}),
    ('a/b; name="x\\"y\\\\z"', "a/b", {"name": 'x"y\\z'}),
    ("a/b; name=C:\\x.txt", "a/b", {"name": "C:\\x.txt"}),
    ("a/b; name=my file.txt", "a/b", {"name": "my file.txt"}),
    ('a/b; name="unfinished', "a/b", {"name": "unfinished"}),
    ("text/plain charset=utf-8", "text/plain", {"charset": "utf-8"}),
    ("text/html; charset=utf-8 name=x", "text/html", {"charset": "utf-8", "name": "x"}),
    ("a/b; name=x; name=y", "a/b", {"name": "x"}),
    ("a/b;;; ;name=x;", "a/b", {"name": "x"}),
    ("a/b; name*=utf-8'en'a%20b", "a/b", {"name": "a b"}),
    ("a/b; name*=''x", "a/b", {"name": "x"}),
    ("a/b; name*=", "a/b", {"name": ""}),
    ("a/b; name*=x%E9", "a/b", {"name": "xé"}),
    ("a/b; name*1=b; name*0=a; name*2*=%63", "a/b", {"name": "abc"}),
    ("a/b; name*0*=utf-8''%C3; name*1*=%A9", "a/b", {"name": "é"}),
    ("a/b; name=plain; name*=utf-8''best", "a/b", {"name": "best"}),
    ('a/b; name="=?utf-8?q?=C3=A9?="', "a/b", {"name": "é"}),
    ("a/b; name*99999999=x", "a/b", {"name*99999999": "x"}),
    ("", "", {}), (";x=y", "", {"x": "y"}),
])
def test_parameters(text: str, word: str, found: dict[str, str]) -> None:
    assert parse_parameters(text) == (word, found)


@pytest.mark.parametrize(("text", "found"), [
    ("=?utf-8?q?=C3=A9?=", "é"), ("=?UTF-8?Q?=c3=a9_x?= y", "é x y"),
    ("=?utf-8?b?w6k=?=", "é"), ("=?utf-8?B?w6k?=", "é"), ("=?utf-8?B??=", ""),
    ("=?utf-8?q?a?=  =?utf-8?q?b?=", "ab"), ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
    ("=?utf-8?b?w6?= =?utf-8?b?qQ==?=", "é"),
    ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
    ("=?iso-8859-1?q?=E9?= =?utf-8?q?=C3=A9?=", "éé"),
    ("=?utf-8*en?q?x?=", "x"), ("=?utf-8?q?a b?=", "a b"), ("a=?utf-8?q?b?=c", "abc"),
    ("=?utf-8?q?100%?=", "100%"), ("=?utf-8?q?=ZZ?=", "=ZZ"), ("=?nope?q?x=E9?=", "xé"),
    ("=?x?z?y?=", "=?x?z?y?="), ("=?utf-8?q?x", "=?utf-8?q?x"), ("=?", "=?"), ("", ""),
    ("=?gb2312?b?08bT0g==?=", "悠右"),
    ("=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
])
def test_encoded_words(text: str, found: str) -> None:
    assert decode_words(text) == found


@pytest.mark.parametrize(("data", "charset", "text", "used"), [
    (b"abc", None, "abc", "ascii"), (b"abc", "utf-8", "abc", "utf-8"),
    ("é".encode(), "utf-8", "é", "utf-8"), ("é".encode(), None, "é", "utf-8"),
    ("é".encode(), "us-ascii", "é", "utf-8"), (b"\xe9", "iso-8859-1", "é", "cp1252"),
    (b"\x93x\x94", "iso-8859-1", "“x”", "cp1252"), (b"\xe9t\xe9", "utf-8", "été", "cp1252"),
    ("日本語".encode("gb18030"), "gb2312", "日本語", "gb18030"),
    ("한글".encode("cp949"), "ks_c_5601-1987", "한글", "cp949"),
    ("①".encode("cp932"), "shift_jis", "①", "cp932"),
    (b"\xef\xbb\xbfabc", "iso-8859-1", "abc", "utf-8"),
    ("häh".encode("utf-16"), None, "häh", "utf-16-le"),
    ("häh".encode("utf-16-le"), "utf-16le", "häh", "utf-16-le"),
    (b"+AOk-", "utf-7", "é", "utf-7"), (b"abc", "rot13", "abc", "ascii"),
    (b"\x80\xe9", "zlib", "€é", "cp1252"), (b"\xe9\x81", "iso-8859-1", "é\ufffd", "cp1252"),
    (b"x" * 99 + "é".encode() * 40 + b"\xff", "utf-8", "x" * 99 + "é" * 40 + "\ufffd", "utf-8"),
    ("Привет, мир".encode("koi8-r"), None, "Привет, мир", "koi8-r"),
    ("Привет, мир".encode("cp1251"), "x-unknown", "Привет, мир", "cp1251"),
    ("日本語です。こんにちは".encode("cp932"), None, "日本語です。こんにちは", "cp932"),
    ("안녕하세요 여러분".encode("cp949"), None, "안녕하세요 여러분", "cp949"),
    ("你好，这是一封信".encode("gb18030"), None, "你好，这是一封信", "gb18030"),
])
def test_charsets(data: bytes, charset: str | None, text: str, used: str) -> None:
    found = decode(data, charset)
    assert (found, found.charset) == (text, used)


def test_codecs_that_are_no_charsets_are_never_reached() -> None:
    for name in ("rot13", "zlib", "hex", "base64", "bz2", "idna", "punycode", "unicode_escape",
                 "raw_unicode_escape", "undefined", "", "a\0b", "x" * 99, "ü"):
        assert python_name(name) == ""
    assert decode(b"\\u0041", "unicode_escape") == "\\u0041"
    assert guess(b"\xff\xfe\xfd") == "cp1252"


def test_unfolding() -> None:
    assert unfolded(b" a \r\n b\n\tc\td\r\n") == "a b c\td"
    assert unfolded(" Grüße\r\n".encode()) == "Grüße"
    assert unfolded(b" caf\xe9") == "café"
    assert unfolded(b" a\0b\x1b[2J") == "ab[2J"
