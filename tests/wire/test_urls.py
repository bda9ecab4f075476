"""URLs: what is read, what is printed, what is refused."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from postel.errors import UsageError
from postel.secrets import Secret
from postel.urls import LONGEST, ftp_path, is_local, parse, quote, unquote

READ = [
    # text, host, port, path, query, fragment
    ("ftp://ftp.example.org", "ftp.example.org", None, "", None, None),
    ("ftp://ftp.example.org/", "ftp.example.org", None, "/", None, None),
    ("ftp://ftp.example.org:2121/a//b/", "ftp.example.org", 2121, "/a//b/", None, None),
    ("http://example.org?", "example.org", None, "", "", None),
    ("http://example.org#", "example.org", None, "", None, ""),
    ("http://example.org/a?b=c/d?e#f?/g", "example.org", None, "/a", "b=c/d?e", "f?/g"),
    ("http://example.org/a%2Fb%3f/..", "example.org", None, "/a%2Fb%3f/..", None, None),
    ("http://127.0.0.1:65535/", "127.0.0.1", 65535, "/", None, None),
    ("http://[::1]:8080/", "::1", 8080, "/", None, None),
    ("http://[2001:DB8::7]/", "2001:db8::7", None, "/", None, None),
    ("http://[::ffff:192.0.2.1]", "::ffff:192.0.2.1", None, "", None, None),
    ("ftp://[fe80::1%25Eth0.1]:21/", "fe80::1%Eth0.1", 21, "/", None, None),
    ("HTTP://Example.ORG./x", "example.org.", None, "/x", None, None),
    ("http://under_score.example/", "under_score.example", None, "/", None, None),
    ("http://4.example/", "4.example", None, "/", None, None),
    ("file:///etc/hosts", "", None, "/etc/hosts", None, None),
    ("file://server/share", "server", None, "/share", None, None),
    ("dns:///www.example.org?type=A", "", None, "/www.example.org", "type=A", None),
    ("gopher://gopher.example.org/1/a%09b", "gopher.example.org", None, "/1/a%09b", None, None),
    ("svn+ssh://example.org/x", "example.org", None, "/x", None, None),
]


@pytest.mark.parametrize(("text", "host", "port", "path", "query", "fragment"), READ)
def test_parts_and_round_trip(
    text: str, host: str, port: int | None, path: str, query: str | None, fragment: str | None
) -> None:
    url = parse(text)
    assert (url.host, url.port, url.path, url.query, url.fragment) == (
        host, port, path, query, fragment)
    assert (url.user, url.password) == (None, None)
    assert url.reveal().lower() == text.lower()
    assert parse(url.reveal()) == url


@pytest.mark.parametrize(
    ("text", "user", "password", "shown"),
    [
        ("ftp://alice@h/", "alice", None, "ftp://alice@h/"),
        ("ftp://alice:secret@h/", "alice", "secret", "ftp://alice@h/"),
        ("ftp://alice:@h/", "alice", "", "ftp://alice@h/"),
        ("ftp://:secret@h/", "", "secret", "ftp://@h/"),
        ("ftp://@h/", "", None, "ftp://@h/"),
        ("ftp://a%40example.org:s%3Ae:c%2Fr@h/", "a@example.org", "s:e:c/r",
         "ftp://a%40example.org@h/"),
        ("ftp://a!$&'()*+,=b:!$&'()*+,=:@h/", "a!$&'()*+,=b", "!$&'()*+,=:",
         "ftp://a!$&'()*+,=b@h/"),
        ("ftp://j%C3%BCrgen:%E2%82%AC@h/", "jürgen", "€", "ftp://j%C3%BCrgen@h/"),
        ("ftp://jürgen:€@h/", "jürgen", "€", "ftp://j%C3%BCrgen@h/"),
        ("ftp://a%3Bb%5C:x%3By@h/", "a;b\\", "x;y", "ftp://a%3Bb%5C@h/"),
    ],
)  # fmt: skip
def test_user_and_password_are_decoded_and_the_password_is_not_printed(
    text: str, user: str, password: str | None, shown: str
) -> None:
    url = parse(text)
    assert url.user == user
    assert url.password == (None if password is None else Secret(password))
    assert str(url) == shown
    assert parse(url.reveal()) == url
    if password:
        assert password not in repr(url)


def test_reveal_is_what_was_written() -> None:
    text = "ftp://a%40b:s%3A%2F:x@ftp.example.org:2121/a%2fb;type=i?x#y"
    assert parse(text).reveal() == text.replace("%3A", ":")


REFUSED = [
    # no scheme, or the shorthand
    ("ftp.example.org/pub", "no scheme", "ftp://host/path"),
    ("ftp.example.org:/pub", "no scheme", "sftp://host/path"),
    ("alice@ftp.example.org:dir", "no scheme", "sftp://host/path"),
    ("C:\\files", "no scheme", "ftp://"),
    ("ftp:/host/path", "no scheme", "ftp://"),
    ("://host", "no scheme", "ftp://"),
    ("1ftp://host", "no scheme", "ftp://"),
    ("", "no scheme", "ftp://"),
    ("ftp://host:path/x", "port", "host/path"),
    # characters
    ("ftp://host/a b", "space", "%20"),
    (" ftp://host/", "space", "%20"),
    ("ftp://host/a\tb", "control", "%20"),
    ("ftp://host/a\r\nDELE x", "control", ""),
    ("ftp://host/\0", "control", ""),
    ("ftp://host/a\x7f", "control", ""),
    ("ftp://host/\x85", "invisible", ""),
    ("ftp://host/a\u202eb", "invisible", "percent-encode"),
    ("ftp://host/a\u3000b", "invisible", "percent-encode"),
    ("ftp://host/\ud800", "invisible", ""),
    ("ftp://host/[a]", "character", "%5B"),
    ("ftp://host/a\\b", "character", "%5C"),
    ("http://host/?a|b", "character", "%7C"),
    ("http://host/#a#b", "character", "%23"),
    ("http://host/100%", "hex digits", "%25"),
    ("http://host/%zz", "hex digits", "%25"),
    ("http://host/?%f", "hex digits", "%25"),
    # what would begin another command
    ("ftp://host/a%0d%0aDELE%20x", "CR, LF or NUL", ""),
    ("ftp://host/a%0A", "CR, LF or NUL", ""),
    ("ftp://host/a%00.txt", "CR, LF or NUL", ""),
    ("ftp://ali%0Dce@host/", "CR, LF or NUL", ""),
    ("ftp://alice:x%0Ax@host/", "CR, LF or NUL", ""),
    ("http://host/?a%0Ab", "CR, LF or NUL", ""),
    ("http://host/#%00", "CR, LF or NUL", ""),
    ("ftp://ho%0Ast/", "host name", ""),
    # ports
    ("ftp://host:/", "port", ""),
    ("ftp://host:0/", "port", ""),
    ("ftp://host:021/", "port", ""),
    ("ftp://host:65536/", "65535", ""),
    ("ftp://host:99999/", "65535", ""),
    ("ftp://host:1000000/", "port", ""),
    ("ftp://host:-21/", "port", ""),
    ("ftp://host:+21/", "port", ""),
    ("ftp://host:2_1/", "port", ""),
    ("ftp://host:\u0662\u0661/", "port", ""),
    # IPv6
    ("ftp://::1/", "told from the host", "[::1]"),
    ("ftp://[::1/", "IPv6", "["),
    ("ftp://[::1]x/", "told from the host", ""),
    ("ftp://[::1]:x/", "port", ""),
    ("ftp://[]/", "IPv6", ""),
    ("ftp://[v1.x:y]/", "IPv6", ""),
    ("ftp://[ftp.example.org]/", "IPv6", ""),
    ("ftp://[1:2:3]/", "IPv6", ""),
    ("ftp://[::12345]/", "IPv6", ""),
    ("ftp://[::1.2.3]/", "IPv6", ""),
    ("ftp://[fe80::1%eth0]/", "IPv6", "%25eth0"),
    ("ftp://[fe80::1%25]/", "IPv6", ""),
    ("ftp://[fe80::1%25a%2f]/", "IPv6", ""),
    # IPv4 shorthands
    ("http://127.1/", "IPv4", "127.0.0.1"),
    ("http://0x7f.1/", "IPv4", ""),
    ("http://2130706433/", "IPv4", ""),
    ("http://0x7f000001/", "IPv4", ""),
    ("http://127.0.0.01/", "IPv4", ""),
    ("http://0177.0.0.1/", "IPv4", ""),
    ("http://127.0.0.1./", "IPv4", ""),
    ("http://127.0.0.256/", "IPv4", ""),
    ("http://example.1/", "IPv4", ""),
    ("http://１２７.1/", "IPv4", ""),
    # hosts
    ("ftp:///pub", "no host", "ftp://host/path"),
    ("ftp://alice@/pub", "no host", ""),
    ("ftp://:21/pub", "no host", ""),
    ("file://:21/pub", "no host", ""),
    ("ftp://./", "host name", ""),
    ("ftp://a..b/", "host name", ""),
    ("ftp://.a/", "host name", ""),
    ("ssh://-oProxyCommand=x/", "host name", ""),
    ("ssh://-v/", "host name", ""),
    ("ftp://%66tp.example.org/", "host name", ""),
    ("ftp://ftp!.example.org/", "host name", ""),
    (f"ftp://{'a' * 64}/", "host name", ""),
    (f"ftp://{'a.' * 127}a/", "host name", ""),
    ("ftp://xn--/", "host name", ""),
    ("ftp://xn--pokxncvks/", "host name", ""),
    ("ftp://xn--abc-/", "host name", ""),
    ("ftp://straße.example/", "ASCII form", "xn--"),
    ("ftp://a\u200cb.example/", "invisible", ""),
    ("ftp://\udcff.example/", "ASCII form", ""),
    ("ftp://a\u2488com/", "ASCII form", ""),
    ("ftp://℀.example/", "host name", ""),
    # where parsers disagree
    ("ftp://a@b@host/", '"@"', "%40"),
    ("ftp://alice:p@ss@host/", '"@"', "%40"),
    ("ftp://alice;auth=x@host/", "semicolon", "%3B"),
    ("http://good.example;@evil.example/", "semicolon", "%3B"),
    ("http://good.example\\@evil.example/", "backslash", "%5C"),
    ("http://good.example\\.evil.example/", "backslash", "%5C"),
    ("ftp://a[b@host/", "character", "percent-encode"),
    ("ftp://a%ff@host/", "UTF-8", "options"),
    ("ftp://host/" + "a" * LONGEST, "longer", ""),
]


@pytest.mark.parametrize(("text", "reason", "hint"), REFUSED, ids=range(len(REFUSED)))
def test_refused_with_reason_and_hint(text: str, reason: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert reason in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.message.startswith("read the URL '")
    assert caught.value.message.isascii()
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    "text",
    [
        "ftp://alice:Sw0rd@Fish@host/",
        "ftp://alice:Sw0rd/Fish@host/",
        "ftp://alice:Sw0rd#Fish@host/",
        "ftp://alice:Sw0rd?Fish@host/",
        "ftp://alice:Sw0rd[Fish@host/",
        "ftp://alice:Sw0rd Fish@host/",
        "ftp://alice:Sw0rd;Fish@host/",
        "ftp://alice:Sw0rd\\Fish@host/",
        "ftp://alice:Sw0rd%0AFish@host/",
        "ftp://alice:Sw0rd%FFFish@host/",
        "ftp://alice:Sw0rd%Fish@host/",
        "ftp://alice:Sw0rdFish@host:99999/",
        "ftp://alice:Sw0rdFish@127.1/",
        "alice:Sw0rdFish@host/",
        "http://host:0/?token=Sw0rdFish",
    ],
)
def test_no_refusal_shows_a_password(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    told = f"{caught.value} {caught.value.hint} {caught.value!r} {caught.value.__cause__!r}"
    assert "Sw0rd" not in told
    assert "Fish" not in told


@pytest.mark.parametrize(
    ("text", "default", "scheme", "host", "port"),
    [
        ("ftp.example.org", "ftp", "ftp", "ftp.example.org", None),
        ("ftp.example.org:2121/pub", "ftp", "ftp", "ftp.example.org", 2121),
        ("alice@ftp.example.org", "ftp", "ftp", "ftp.example.org", None),
        ("[::1]:2121", "ftp", "ftp", "::1", 2121),
        ("ftps://ftp.example.org", "ftp", "ftps", "ftp.example.org", None),
        ("example.org/?next=http://example.net/", "http", "http", "example.org", None),
        ("/etc/hosts", "file", "file", "", None),
    ],
)
def test_default_scheme(
    text: str, default: str, scheme: str, host: str, port: int | None
) -> None:
    url = parse(text, default_scheme=default)
    assert (url.scheme, url.host, url.port) == (scheme, host, port)


@pytest.mark.parametrize("text", ["::1", "host:path", "http:example.org", "//host/", "1x://host"])
def test_default_scheme_guesses_at_nothing_else(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text, default_scheme="ftp")


@pytest.mark.parametrize(
    ("host", "wire"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("☃.example", "xn--n3h.example"),
        ("Ｇｏ.com", "go.com"),
        ("xn--fa-hia.example", "xn--fa-hia.example"),
        ("XN--Bcher-KVA.example", "xn--bcher-kva.example"),
        ("xn--mgba3gch31f060k.com", "xn--mgba3gch31f060k.com"),  # holds a zero-width non-joiner
    ],
)
def test_only_a_labels_reach_the_wire(host: str, wire: str) -> None:
    url = parse(f"http://{host}/")
    assert url.host == wire
    assert str(url) == f"http://{wire}/"


def test_text_beyond_ascii_becomes_utf8_escapes() -> None:
    raw_byte = b"ftp://h/\xe9".decode(errors="surrogateescape")
    assert parse("ftp://h/Grüße.txt").path == "/Gr%C3%BC%C3%9Fe.txt"
    assert parse("http://h/?q=ü#ü").reveal() == "http://h/?q=%C3%BC#%C3%BC"
    assert parse(raw_byte).path_bytes == b"/\xe9"


@pytest.mark.parametrize(
    ("path", "segments", "raw"),
    [
        ("", (), b""),
        ("/", ("",), b"/"),
        ("/a/b", ("a", "b"), b"/a/b"),
        ("/a%2Fb/", ("a/b", ""), b"/a/b/"),
        ("/%E9%20x", ("\udce9 x",), b"/\xe9 x"),
        ("/%1b%09%c3%bc", ("\x1b\tü",), b"/\x1b\t\xc3\xbc"),
    ],
)
def test_segments_and_bytes_of_a_path(path: str, segments: tuple[str, ...], raw: bytes) -> None:
    url = parse(f"ftp://h{path}")
    assert (url.segments, url.path_bytes, url.path) == (segments, raw, path)


@pytest.mark.parametrize(
    ("base", "name", "joined"),
    [
        ("ftp://h", "a", "ftp://h/a"),
        ("ftp://h/", "a", "ftp://h/a"),
        ("ftp://h/pub", "a b", "ftp://h/pub/a%20b"),
        ("ftp://h/pub/", "?#%;:@\\", "ftp://h/pub/%3F%23%25%3B%3A%40%5C"),
        ("ftp://alice:secret@h/pub", "ü\udcff", "ftp://alice:secret@h/pub/%C3%BC%FF"),
        ("http://h/a?b#c", "...", "http://h/a/..."),
    ],
)
def test_join(base: str, name: str, joined: str) -> None:
    url = parse(base).join(name)
    assert url.reveal() == joined
    assert url.segments[-1] == name


@pytest.mark.parametrize("name", ["", ".", "..", "/", "a/b", "../x", "a\rb", "\n", "\0", "\ud800"])
def test_join_refuses_what_is_no_entry(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse("ftp://alice:secret@h/pub").join(name)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"scheme": "FTPS"}, "ftps://alice:secret@h:21/a"),
        ({"host": "Example.ORG", "port": None}, "ftp://alice:secret@example.org/a"),
        ({"host": "::1"}, "ftp://alice:secret@[::1]:21/a"),
        ({"host": "fe80::1%lo"}, "ftp://alice:secret@[fe80::1%25lo]:21/a"),
        ({"user": None, "password": None}, "ftp://h:21/a"),
        ({"user": "b@c", "password": "p/w"}, "ftp://b%40c:p%2Fw@h:21/a"),
        ({"password": Secret("@")}, "ftp://alice:%40@h:21/a"),
        ({"path": "/ü", "query": "", "fragment": "x"}, "ftp://alice:secret@h:21/%C3%BC?#x"),
    ],
)
def test_with(changes: dict[str, Any], result: str) -> None:
    url = parse("ftp://alice:secret@h:21/a").with_(**changes)
    assert url.reveal() == result
    assert parse(result) == url


@pytest.mark.parametrize(
    "changes",
    [
        {"scheme": "http://evil/"},
        {"scheme": ""},
        {"host": ""},
        {"host": "evil/x"},
        {"host": "evil:80"},
        {"host": "[::1]"},
        {"host": "a@b"},
        {"host": "a?b"},
        {"host": "127.0.0.1\n"},
        {"port": 0},
        {"port": 65536},
        {"path": "no-slash"},
        {"path": "/a?b"},
        {"path": "/a\r\nb"},
        {"query": "a#b"},
        {"fragment": "a\nb"},
        {"user": None},
        {"user": "a\r\nPASS x"},
        {"password": "a\nb"},
        {"password": "\udcff"},
    ],
)
def test_with_checks_like_parse(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        parse("ftp://alice:secret@h:21/a").with_(**changes)


@pytest.mark.parametrize(
    ("text", "authority", "origin"),
    [
        ("ftp://alice:x@ftp.example.org:2121/a", "ftp.example.org:2121",
         ("ftp", "ftp.example.org", 2121)),
        ("ftp://ftp.example.org/a", "ftp.example.org", ("ftp", "ftp.example.org", 21)),
        ("https://[::1]/", "[::1]", ("https", "::1", 443)),
        ("lmtp://h/", "h", ("lmtp", "h", None)),
        ("unheard-of://h:5/", "h:5", ("unheard-of", "h", 5)),
        ("file:///x", "", ("file", "", None)),
    ],
)  # fmt: skip
def test_authority_and_origin(
    text: str, authority: str, origin: tuple[str, str, int | None]
) -> None:
    assert (parse(text).authority, parse(text).origin) == (authority, origin)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ("", None)),
        ("/", ("", None)),
        ("/pub/a%20b.txt", ("pub/a b.txt", None)),
        ("/%2Fetc/motd", ("/etc/motd", None)),
        ("/%2fetc/motd;type=A", ("/etc/motd", "a")),
        ("//etc/motd", ("/etc/motd", None)),
        ("/pub/;type=d", ("pub/", "d")),
        ("/x.bin;TYPE=i", ("x.bin", "i")),
        ("/FILE.TXT;1", ("FILE.TXT;1", None)),
        ("/FILE.TXT;1;type=a", ("FILE.TXT;1", "a")),
        ("/x%3Btype=a", ("x;type=a", None)),
        ("/a;type=x/b", ("a;type=x/b", None)),
        ("/%E9", ("\udce9", None)),
    ],
)
def test_ftp_path(path: str, expected: tuple[str, str | None]) -> None:
    assert ftp_path(parse(f"ftp://ftp.example.org{path}")) == expected


@pytest.mark.parametrize("path", ["/a;type=x", "/a;type=", "/a;type=ai", "/a?b", "/a#1", "/a?"])
def test_ftp_path_refuses(path: str) -> None:
    with pytest.raises(UsageError, match="read the path of ftp://alice@h"):
        ftp_path(parse(f"ftp://alice:secret@h{path}"))


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True), ("LOCALHOST.", True), ("a.localhost", True), ("127.0.0.1", True),
        ("127.255.255.254", True), ("::1", True), ("0:0:0:0:0:0:0:1", True),
        ("::ffff:127.0.0.1", True), ("::FFFF:7f00:1", True), ("::1%lo", True),
        ("localhost.evil.example", False), ("notlocalhost", False), ("127.1", False),
        ("127.0.0.1.evil.example", False), ("127.evil.example", False), ("128.0.0.1", False),
        ("::2", False), ("::127.0.0.1", False), ("::ffff:128.0.0.1", False), ("0.0.0.0", False),
        ("", False), (":", False), ("[::1]", False), ("127.0.0.1\n", False),
    ],
)  # fmt: skip
def test_is_local(host: str, local: bool) -> None:
    assert is_local(host) is local


@pytest.mark.parametrize(
    ("text", "safe", "quoted"),
    [
        ("", "", ""),
        ("AZaz09-._~", "", "AZaz09-._~"),
        (" /?#[]@!$&'()*+,;=%", "", "%20%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25"),
        ("a/b", "/", "a/b"),
        ("ü€𝄞\udcff", "", "%C3%BC%E2%82%AC%F0%9D%84%9E%FF"),
        ("\x1b\t", "", "%1B%09"),
    ],
)
def test_quote_and_unquote(text: str, safe: str, quoted: str) -> None:
    assert quote(text, safe) == quoted
    assert unquote(quoted) == text


@pytest.mark.parametrize("text", ["%", "%a", "%zz", "%0a", "%0D", "a%00", "\n", "\ud800", "%é1"])
def test_unquote_refuses(text: str) -> None:
    with pytest.raises(UsageError):
        unquote(text)


def test_importing_is_light() -> None:
    heavy = ("urllib.parse", "ipaddress", "unicodedata", "encodings.idna", "socket", "asyncio")
    code = f"import sys, postel.urls; print([name for name in {heavy!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
