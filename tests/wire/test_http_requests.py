"""HTTP's pure parts about requests: references, redirects, log-ins, bodies, what is told of errors."""

from __future__ import annotations

import gzip
import zlib

import pytest

from postel import errors
from postel.http.asking import address, base_of, checked_method, form, with_params
from postel.http.challenges import Challenge, parse
from postel.http.complaints import is_foreign, translated
from postel.http.decoders import CHUNK, Decoder, accepted, codings
from postel.http.digest import Digest, strongest
from postel.http.headers import Headers
from postel.http.login import Login, basic, login_of
from postel.http.redirects import redirected, resolve
from postel.http.types import Follow, Response
from postel.secrets import Secret
from postel.urls import parse as url

BASE = url("http://a/b/c/d;p?q")

REFERENCES = {  # RFC 3986 section 5.4
    "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g",
    "//g": "http://g", "?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y",
    "#s": "http://a/b/c/d;p?q#s", "g#s": "http://a/b/c/g#s", "g?y#s": "http://a/b/c/g?y#s",
    ";x": "http://a/b/c/;x", "g;x": "http://a/b/c/g;x", "": "http://a/b/c/d;p?q",
    ".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/", "../": "http://a/b/",
    "../g": "http://a/b/g", "../..": "http://a/", "../../": "http://a/", "../../g": "http://a/g",
    "../../../g": "http://a/g", "../../../../g": "http://a/g", "/./g": "http://a/g",
    "/../g": "http://a/g", "g.": "http://a/b/c/g.", ".g": "http://a/b/c/.g",
    "g..": "http://a/b/c/g..", "..g": "http://a/b/c/..g", "./../g": "http://a/b/g",
    "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h",
    "g;x=1/./y": "http://a/b/c/g;x=1/y", "g;x=1/../y": "http://a/b/c/y",
    "g?y/./x": "http://a/b/c/g?y/./x", "g#s/../x": "http://a/b/c/g#s/../x",
    "a b": "http://a/b/c/a%20b", "\u00fc": "http://a/b/c/%C3%BC", "100%": "http://a/b/c/100%25",
    "\\g": "http://a/g", "\\\\evil\\x": "http://evil/x", "http://H:80/x": "http://h:80/x",
    "//u:p@h/": "http://h/",
}


@pytest.mark.parametrize("reference", REFERENCES)
def test_references(reference: str) -> None:
    assert str(resolve(BASE, reference)) == REFERENCES[reference]


@pytest.mark.parametrize("bad", ["http:g", "mailto:a@b", "http://a:b:c/", "http://[x]/", "//;/",
                                 "/%0d%0aX: y", "http://", "https:///x"])
def test_references_that_are_none(bad: str) -> None:
    with pytest.raises(errors.ProtocolError, match="no URL"):
        resolve(BASE, bad)


SENT = Headers({"Authorization": "x", "Cookie": "y", "Referer": "z", "Host": "h", "X-Mine": "1",
                "Content-Type": "a/b", "Origin": "o"})


@pytest.mark.parametrize(("start", "place", "kept"), [
    ("https://a/", "https://a/x", True), ("https://a/", "https://a:443/x", True),
    ("https://a/", "https://a:444/x", False), ("https://a/", "https://b.a/x", False),
    ("http://a/", "https://a/x", False), ("http://a/", "//a/x", True)])
def test_what_goes_along(start: str, place: str, kept: bool) -> None:
    goal = redirected("GET", url(start), SENT, 302, place, Follow(), has_body=False)
    assert goal is not None
    assert goal.same_origin == kept
    names = {name.lower() for name, _ in goal.headers.pairs}
    assert names == ({"authorization", "cookie", "referer", "host", "x-mine", "origin"} if kept
                     else {"x-mine"})


def test_never_down_to_clear_text_unasked() -> None:
    with pytest.raises(errors.ReplyError, match="302 leads from https to http://a/x") as caught:
        redirected("GET", url("https://a/"), SENT, 302, "http://a/x", Follow(), has_body=False)
    assert "to_clear=True" in caught.value.hint
    goal = redirected("GET", url("https://a/"), SENT, 302, "http://a/x", Follow(to_clear=True),
                      has_body=False)
    assert goal is not None
    assert goal.url.scheme == "http"


def test_addresses() -> None:
    assert str(address(None, "https://a/x y".replace(" ", "%20"))) == "https://a/x%20y"
    assert str(address(None, "example.org/x")) == "https://example.org/x"
    assert str(address(None, "localhost:8000/x")) == "http://localhost:8000/x"
    assert str(address(url("https://a/b/"), "c?d")) == "https://a/b/c?d"
    assert str(base_of("example.org", port=8080, security="plain")) == "http://example.org:8080"
    assert str(with_params(url("http://a/"), "x=1&y=%20")) == "http://a/?x=1&y=%20"
    assert str(with_params(url("http://a/"), {})) == "http://a/"
    assert form([("a", True), ("a", None), ("b", b"\xc3\xbc")]) == b"a=true&b=%C3%BC"
    for bad in ("ftp://a/", "file:///x"):
        with pytest.raises(errors.UsageError, match="this client speaks HTTP"):
            address(None, bad)
        with pytest.raises(errors.UsageError, match=r"this client speaks HTTP|names no host"):
            base_of(bad, port=None, security="auto")
    with pytest.raises(errors.UsageError, match="CR, LF or NUL"):
        with_params(url("http://a/"), {"a": "b\r\nc"})
    for method in ("", "G ET", "GET\r\n", "G/T", "ü"):
        with pytest.raises(errors.UsageError, match="is not a word"):
            checked_method(method)


def test_what_log_ins_refuse() -> None:
    with pytest.raises(errors.UsageError, match="colon"):
        basic("a:b", "c")
    for token in ("a b", "a\n", "", "\u00fc"):
        with pytest.raises(errors.UsageError, match="one word of ASCII"):
            Login(None, Secret(token), "bearer").value("GET", "/", b"x")
    with pytest.raises(errors.UsageError, match="not known"):
        Login("a", "b", "ntlm")
    assert login_of(None, None, None) is None
    assert "hush" not in repr(login_of(("ann", "hush"), None, None))


def test_which_challenge_is_answered() -> None:
    offered = parse(['Digest nonce="1", algorithm=MD5, qop="auth"', 'Basic realm="b"',
                     'Digest nonce="2", algorithm=SHA-512-256, qop="auth"',
                     'Digest nonce="3", algorithm=token-99', 'Digest nonce="4", qop="other"',
                     'Digest realm="no nonce"'])
    best = strongest(offered)
    assert best is not None
    assert best.params["nonce"] == "2"
    login, tried = Login("ann", "hush"), set()
    assert login.challenged(offered, tried)
    assert login.value("GET", "/", b"c").startswith("Digest ")
    assert not login.reveals
    assert not login.challenged(offered, tried)
    only = Login("ann", "hush", "digest")
    assert not only.challenged(parse(["Basic"]), set())
    assert not Login("ann", "hush", "basic").challenged(parse(["Basic"]), set())


def test_digest_of_rfc_2069_and_7616() -> None:
    old = Digest(Challenge("digest", {"realm": "testrealm@host.com",
                                      "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"}))
    value = old.value("Mufasa", "CircleOfLife", "GET", "/dir/index.html", "x", b"")
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in value
    assert "qop" not in value
    md5 = Digest(Challenge("digest", {  # RFC 7616 section 3.9.1
        "realm": "http-auth@example.org", "qop": "auth, auth-int", "algorithm": "MD5",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "opaque": "FQhe"}))
    value = md5.value("Mufasa", "Circle of Life", "GET", "/dir/index.html",
                      "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", b"")
    assert 'response="8ca523f5e9506fed4657c9700eebdbec"' in value
    assert "username*=UTF-8''%C3%A4" in md5.value("\u00e4", "p", "GET", "/", "c", b"")


def test_decoders() -> None:
    text = b"some text" * 10_000
    for name, data in (("gzip", gzip.compress(text) + b"\0\0rubbish"), ("x-gzip", gzip.compress(text)),
                       ("deflate", zlib.compress(text)), ("identity", text), ("", text)):
        decoder = Decoder(name, largest=None, what="GET /")
        assert b"".join(decoder.feed(data)) == text, name
        decoder.finish()
    assert "identity" not in accepted()
    assert codings("gzip , identity,BR") == ["gzip", "br"]
    empty = Decoder("gzip", largest=None, what="GET /")
    empty.finish()  # a body of no bytes is no body
    small = Decoder("gzip", largest=100, what="GET /")
    with pytest.raises(errors.LimitReached, match="longer than 100 bytes"):
        list(small.feed(gzip.compress(text)))
    many = Decoder("gzip", largest=None, what="GET /")
    sizes = [len(part) for part in many.feed(gzip.compress(bytes(1 << 22)))]
    assert max(sizes) <= CHUNK
    assert sum(sizes) == 1 << 22


def test_a_response() -> None:
    page = Response(200, "OK", Headers({"Content-Type": "application/json"}), url("http://u:p@a/"),
                    content=b'\xef\xbb\xbf{"a": 1}')
    assert page.json() == {"a": 1}
    assert "p@" not in repr(page)
    assert page.with_(status=201).status == 201
    assert page.raise_for_status() is page
    assert page.with_(status=304).raise_for_status().status == 304
    for kind, name in (("text/plain; charset=rot13", "utf-8"), ("text/x; charset=nope", "utf-8"),
                       ('text/x; charset="UTF-16"', "utf-16")):
        assert Response(200, "", Headers({"Content-Type": kind}), url("http://a/")).encoding == name


def test_headers() -> None:
    headers = Headers([("A", "1"), ("b", "2"), ("a", "3"), ("Set-Cookie", "secret")])
    assert (headers["a"], headers.all("A"), len(headers), "B" in headers) == (
        "1, 3", ["1", "3"], 3, True)
    assert "secret" not in repr(headers)
    assert headers.without("A") == Headers([("B", "2"), ("set-cookie", "secret")])
    with pytest.raises(KeyError):
        headers["c"]
    assert Headers.to_send({"A": b"\xff", "B": 7, "C": " x "}).encoded() == [
        (b"A", b"\xff"), (b"B", b"7"), (b"C", b"x")]


@pytest.mark.parametrize(("error", "kind"), [
    ("LocalProtocolError", errors.UsageError), ("RemoteProtocolError", errors.ProtocolError),
    ("PoolTimeout", errors.TimedOut)])
def test_foreign_errors(error: str, kind: type[errors.PostelError]) -> None:
    import httpcore2

    made = getattr(httpcore2, error)("odd")
    assert is_foreign(made)
    assert type(translated(made, "GET http://a/", "a")) is kind
    assert type(translated(httpcore2.RemoteProtocolError("Server disconnected"), "GET", "a")) is (
        errors.ConnectionLost)
    assert not is_foreign(errors.Incomplete("x"))
    assert not is_foreign(ValueError("of the caller's own generator"))


def test_what_escapes_a_library_is_foreign() -> None:
    import httpcore2

    with pytest.raises(ValueError, match="port") as caught:
        httpcore2.URL("http://a:port/")
    assert is_foreign(caught.value)
