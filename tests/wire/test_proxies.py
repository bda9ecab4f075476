"""Proxies without a network: which one, the bytes that are said, and answers nobody should send."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import (
    Attempt,
    AuthenticationError,
    ConnectError,
    ProtocolError,
    ResolveError,
    TimedOut,
    UsageError,
)
from postel.secrets import Secret
from postel.transport import proxies
from postel.transport.names import HOSTS
from postel.transport.proxies import Proxy, proxy_for

GATE = Proxy("socks5h", "gate.example.org", 1080)
KNOWN = Proxy("http", "gate.example.org", 3128, "ann", Secret("hush hush"))


# -- which proxy ---------------------------------------------------------------------------


@pytest.mark.parametrize(("option", "expected"), [
    ("socks5h://gate", ("socks5h", "gate", 1080, None)),
    ("socks5://gate:99", ("socks5", "gate", 99, None)),
    ("SOCKS5H://Gate", ("socks5h", "gate", 1080, None)),
    ("http://ann:hush@gate", ("http", "gate", 3128, "ann")),
    ("http://ann:hush@gate/", ("http", "gate", 3128, "ann")),
    ("https://ann:hush@gate", ("https", "gate", 443, "ann")),
    ("gate:8080", ("http", "gate", 8080, None)),
    ("socks5h://[::1]:1080", ("socks5h", "::1", 1080, None)),
])
def test_options(option: str, expected: tuple[object, ...]) -> None:
    found = proxy_for("127.0.0.1", 21, "ftp", option=option, environ={})
    assert found is not None, "an option counts for this machine too"
    assert (found.kind, found.host, found.port, found.user) == expected


@pytest.mark.parametrize("option", ["none", "None", "direct", "DIRECT"])
def test_switched_off(option: str) -> None:
    assert proxy_for("h.test", 21, "ftp", option=option, environ={"ALL_PROXY": "http://p"}) is None


@pytest.mark.parametrize(("option", "words"), [
    ("ftp://ann:hush@gate", "no kind of proxy"),
    ("socks4://gate", "no kind of proxy"), ("file:///tmp", "no kind of proxy"),
    ("http://", ""), ("", ""), ("http://gate:99999", ""), ("http://ga te", ""),
    ("http://ann:hush@gate\r\nX: y", ""), ("http://ann:hush@ga te:99", ""),
])
def test_no_proxies(option: str, words: str) -> None:
    with pytest.raises(UsageError, match=words or None) as caught:
        proxy_for("h.test", 21, "ftp", option=option, environ={})
    assert "hush" not in f"{caught.value} {caught.value.hint}"
    assert caught.value.exit_code == 2


def test_what_is_wrong_names_the_variable() -> None:
    with pytest.raises(UsageError, match="from ALL_PROXY") as caught:
        proxy_for("h.test", 21, "ftp", option=None, environ={"ALL_PROXY": "socks://p"})
    assert "socks5h" in caught.value.hint


@pytest.mark.parametrize(("environ", "expected"), [
    ({}, None),
    ({"ftp_proxy": ""}, None),
    ({"ftp_proxy": "", "all_proxy": "a"}, "a"),
    ({"FTP_PROXY": "a"}, "a"), ({"ftp_proxy": "a", "FTP_PROXY": "b"}, "a"),
    ({"ftp_proxy": "a", "all_proxy": "b"}, "a"), ({"http_proxy": "a"}, None),
    ({"all_proxy": "a", "ALL_PROXY": "b"}, "a"),
    ({"FTP_PROXY": "a", "REQUEST_METHOD": "GET"}, "a"),
])
def test_variables(environ: dict[str, str], expected: str | None) -> None:
    found = proxy_for("h.test", 21, "ftp", option=None, environ=environ)
    assert (found.host if found else None) == expected


@pytest.mark.parametrize(("environ", "expected"), [
    ({"HTTP_PROXY": "a"}, "a"), ({"HTTP_PROXY": "a", "REQUEST_METHOD": "GET"}, None),
    ({"http_proxy": "a", "REQUEST_METHOD": "GET"}, "a"),
    ({"HTTP_PROXY": "a", "all_proxy": "b", "REQUEST_METHOD": ""}, "b"),
])
def test_a_client_s_header_is_no_variable(environ: dict[str, str], expected: str | None) -> None:
    found = proxy_for("h.test", 80, "http", option=None, environ=environ)
    assert (found.host if found else None) == expected


@pytest.mark.parametrize(("host", "spared", "direct"), [
    ("a.test", "a.test", True), ("A.test.", "a.TEST", True), ("b.a.test", "a.test", True),
    ("b.a.test", ".a.test", True), ("a.test", ".a.test", True), ("b.a.test", "*.a.test", True),
    ("ba.test", "a.test", False), ("a.test.evil.example", "a.test", False),
    ("a.test", "b.test a.test", True), ("a.test", " , ,b.test,,a.test ,", True),
    ("a.test", "*", True), ("a.test", "", False), ("a.test", ".", False), ("a.test", ",", False),
    ("a.test", "a.test:21", True), ("a.test", "a.test:22", False), ("a.test", ":21", False),
    ("192.0.2.7", "192.0.2.7", True), ("192.0.2.7", "192.0.2.0/24", True),
    ("192.0.2.7", "192.0.2.9/24", True), ("192.0.3.7", "192.0.2.0/24", False),
    ("192.0.2.7", "2.7", False), ("192.0.2.7", "192.0.2.0/99", False),
    ("2001:db8::7", "2001:db8::/32", True), ("2001:db8::7", "[2001:db8::7]", True),
    ("2001:db8::7", "[2001:db8::7]:21", True), ("2001:db8::7", "[2001:db8::7]:22", False),
    ("2001:db8::7", "2001:db8:0:0::7", True), ("2001:db8::7", "10.0.0.0/8", False),
    ("a.test", "192.0.2.0/24", False),
])
def test_spared_hosts(host: str, spared: str, direct: bool) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        environ = {"ALL_PROXY": "http://p", name: spared}
        assert (proxy_for(host, 21, "ftp", option=None, environ=environ) is None) == direct


def test_hosts_of_this_process_are_reached_directly() -> None:
    HOSTS.add("own.lab.test", ("127.0.0.1",))
    try:
        environ = {"ALL_PROXY": "http://p"}
        assert proxy_for("own.lab.test", 21, "ftp", option=None, environ=environ) is None
        assert proxy_for("own.lab.test", 21, "ftp", option="http://p", environ={}) is not None
    finally:
        HOSTS.remove("own.lab.test")


def test_nothing_prints_the_password() -> None:
    assert "hush" not in f"{KNOWN} {KNOWN!r}"
    assert str(KNOWN) == "http proxy gate.example.org:3128"


# -- SOCKS5 --------------------------------------------------------------------------------


def test_the_greeting_offers_only_what_there_is() -> None:
    assert proxies.socks_greeting(GATE) == b"\x05\x01\x00"
    assert proxies.socks_greeting(KNOWN) == b"\x05\x02\x00\x02"


def test_the_log_in() -> None:
    assert proxies.socks_login(KNOWN) == b"\x01\x03ann\x09hush hush"
    umlaut = Proxy("socks5", "gate", 1080, "jörg", Secret("ü"))
    assert proxies.socks_login(umlaut) == b"\x01\x05j\xc3\xb6rg\x02\xc3\xbc"
    assert proxies.socks_login(Proxy("socks5", "gate", 1080, "ann")) == b"\x01\x03ann\x00"
    long = Proxy("socks5", "gate", 1080, "ann", Secret("q" * 256))
    with pytest.raises(UsageError, match="255") as caught:
        proxies.socks_login(long)
    assert "qq" not in str(caught.value)


@pytest.mark.parametrize(("host", "expected"), [
    ("192.0.2.1", "05 01 00 01 c0 00 02 01 00 15"),
    ("::1", "05 01 00 04 " + "00 " * 15 + "01 00 15"),
    ("a.test", "05 01 00 03 06 61 2e 74 65 73 74 00 15"),
])
def test_requests(host: str, expected: str) -> None:
    assert proxies.socks_connect(host, 21).hex(" ") == expected


BAD_NAMES = ["", "a b", "a\r\nX: y", "a\0b", "\x7f", "bücher.test", "x" * 256, "\udc80"]


@pytest.mark.parametrize("host", BAD_NAMES)
def test_names_that_would_say_more(host: str) -> None:
    with pytest.raises(UsageError, match="no name to give to a proxy") as caught:
        proxies.socks_connect(host, 21)
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="no name to give to a proxy"):
        proxies.connect_request(KNOWN, host, 21)


@given(st.integers(0, 255), st.integers(0, 255))
def test_the_rest_of_an_answer(kind: int, first: int) -> None:
    if kind in (1, 3, 4):
        whole = {1: 4, 3: 1 + first, 4: 16}[kind] + 2
        assert proxies.socks_rest(kind, first) == whole - 1
    else:
        with pytest.raises(ProtocolError, match="not SOCKS5"):
            proxies.socks_rest(kind, first)


def test_every_refusal_is_explained() -> None:
    assert sorted(proxies.SOCKS_ERRORS) == [*range(1, 9)]  # RFC 1928 section 6
    assert all(what and hint for what, hint in proxies.SOCKS_ERRORS.values())


# -- CONNECT -------------------------------------------------------------------------------


def test_the_request() -> None:
    plain = Proxy("http", "gate", 3128)
    assert proxies.connect_request(plain, "a.test", 21) == (
        b"CONNECT a.test:21 HTTP/1.1\r\nHost: a.test:21\r\n\r\n")
    assert proxies.connect_request(plain, "::1", 21).startswith(b"CONNECT [::1]:21 HTTP/1.1\r\n")


def test_the_basic_log_in() -> None:
    lines = proxies.connect_request(KNOWN, "a.test", 21).split(b"\r\n")
    assert base64.b64decode(lines[2].rpartition(b" ")[2]) == b"ann:hush hush"
    with pytest.raises(UsageError, match="colon"):
        proxies.connect_request(Proxy("http", "gate", 1, "a:b"), "a.test", 21)


@pytest.mark.parametrize(("header", "expected"), [
    (b"HTTP/1.1 200 Connection established\r\n\r\n", (200, "Connection established")),
    (b"HTTP/1.0 200\r\n\r\n", (200, "")), (b"HTTP/1.1 403 No\n\n", (403, "No")),
    (b"HTTP/1.1 502 \x1b[2Jgone\r\n\r\n", (502, None)),
])
def test_answers(header: bytes, expected: tuple[int, str | None]) -> None:
    code, words = proxies.connect_status(header)
    assert code == expected[0]
    assert "\x1b" not in words
    assert expected[1] in (None, words)


@pytest.mark.parametrize("header", [
    b"", b"\r\n", b"220 ftp ready\r\n", b"SSH-2.0-x\r\n", b"HTTP/2 200\r\n", b"HTTP/1.1\r\n",
    b"HTTP/1.1 20\r\n", b"HTTP/1.1 2000 x\r\n", b"HTTP/1.1 \xb2\xb2\xb2 x\r\n",
    b"HTTP/1.1 -20 x\r\n", b"\x05\xff", b"\x1b[2J\r\n"])
def test_answers_that_are_not_http(header: bytes) -> None:
    with pytest.raises(ProtocolError, match="not HTTP") as caught:
        proxies.connect_status(header)
    assert "\x1b" not in str(caught.value)
    assert "socks5h://" in caught.value.hint


@given(st.binary(max_size=300))
def test_no_answer_surprises(header: bytes) -> None:
    try:
        code, words = proxies.connect_status(header)
    except ProtocolError:
        return
    assert 0 <= code <= 999
    assert words.isprintable()


# -- errors --------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [
    TimedOut("no answer", hint="h"), ProtocolError("no answer", hint="h"),
    AuthenticationError("no answer", hint="h", code=407),
    ConnectError("no answer", attempts=[Attempt("192.0.2.1 port 1", "no", 0.1)], hint="h"),
    ResolveError("no answer", hint="h")])
def test_errors_name_both(error: proxies.Failure) -> None:
    told = proxies.by_way(error, KNOWN, "a.test", 21)
    assert str(told) == ("connect to a.test port 21 by way of the http proxy "
                         "gate.example.org:3128: no answer")
    assert (told.hint, told.code, told.exit_code) == (error.hint, error.code, error.exit_code)
    expected = ConnectError if isinstance(error, ResolveError) else type(error)
    assert type(told) is expected
    if isinstance(error, ConnectError):
        assert isinstance(told, ConnectError)
        assert told.attempts == error.attempts
