"""Index pages of seven servers, and pages that lead elsewhere."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from postel.errors import LimitReached, NotSupported, ProtocolError
from postel.http.index_pages import attributes, links, said
from postel.http.indexes import Index, index
from postel.types import Entry, Kind
from postel.urls import parse

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BASE = parse("http://example.org/pub/")


def read(body: str | bytes, type: str = "text/html", **more: str) -> Index:
    data = body if isinstance(body, bytes) else body.encode()
    return index(BASE, type, data, now=NOW, **more)


def one(body: str, type: str = "text/html") -> Entry:
    [found] = read(body, type).entries
    return found


NGINX = """<html>\r
<head><title>Index of /pub/</title></head>\r
<body>\r
<h1>Index of /pub/</h1><hr><pre><a href="../">../</a>\r
<a href="more/">more/</a>                                              02-Jan-2026 10:11                   -\r
<a href="a%20%26%20b.txt">a &amp; b.txt</a>                                          02-Jan-2026 10:11                1234\r
<a href="a-name-that-is-so-long-that-it-is-cut-in-the-list.txt">a-name-that-is-so-long-that-it-is-cut-in-the-li..&gt;</a> 02-Jan-2026 10:11   5M\r
</pre><hr></body>\r
</html>"""


def test_nginx() -> None:
    folder, file, long = read(NGINX).entries
    assert (folder.name, folder.kind, folder.size) == ("more", Kind.FOLDER, None)
    assert (file.name, file.size, file.exact_size) == ("a & b.txt", 1234, None)
    assert (file.modified, file.precision) == (datetime(2026, 1, 2, 10, 11), 60.0)
    assert long.name.endswith("list.txt")
    assert (long.size, long.exact_size) == (5 << 20, None)


def test_apache_fancy() -> None:
    page = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN"><html><head>
<title>Index of /pub</title></head><body><h1>Index of /pub</h1>
<pre><img src="/icons/blank.gif" alt="Icon "> <a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a>
<hr><img src="/icons/back.gif" alt="[PARENTDIR]"> <a href="/">Parent Directory</a>   -
<img src="/icons/folder.gif" alt="[DIR]"> <a href="sub/">sub/</a>   2026-01-02 10:11    -
<img src="/icons/text.gif" alt="[TXT]"> <a href="x.tar.gz">x.tar.gz</a>  2026-01-02 10:11  1.2K  Version 2.0, 17M unpacked
<hr></pre></body></html>"""
    folder, file = read(page).entries
    assert (folder.name, folder.kind) == ("sub", Kind.FOLDER)
    assert (file.name, file.size, file.exact_size) == ("x.tar.gz", 1228, None)


def test_apache_table_and_icons_that_are_links() -> None:
    found = one("""<table><tr><td valign="top"><a href="n.txt"><img src="/icons/text.gif" alt="[TXT]"></a></td>
<td><a href="n.txt">n.txt</a></td><td align="right">2026-01-02 10:11  </td><td align="right"> 512 </td><td>&nbsp;</td></tr></table>""")
    assert (found.name, found.size, found.exact_size) == ("n.txt", 512, None)
    assert found.modified == datetime(2026, 1, 2, 10, 11)


def test_apache_plain_list() -> None:
    assert one('<ul><li><a href="/"> Parent Directory</a></li>\n<li><a href="a.txt"> a.txt</a></li></ul>').name == "a.txt"


def test_lighttpd() -> None:
    folder, file = read("""<h2>Index of /pub/</h2><table><thead><tr><th class="n">Name</th></tr></thead><tbody>
<tr class="d"><td class="n"><a href="../">..</a>/</td><td class="m">&nbsp;</td><td class="s">- &nbsp;</td><td class="t">Directory</td></tr>
<tr class="d"><td class="n"><a href="sub/">sub</a>/</td><td class="m">2026-Jan-02 10:11:12</td><td class="s">- &nbsp;</td><td class="t">Directory</td></tr>
<tr><td class="n"><a href="f.iso">f.iso</a></td><td class="m">2026-Jan-02 10:11:12</td><td class="s">4.4G</td><td class="t">application/octet-stream</td></tr>""").entries
    assert folder.is_folder
    assert (file.size, file.exact_size, file.precision) == (int(4.4 * 1024**3), None, 1.0)


def test_caddy_html() -> None:
    found = one("""<a href="/">example.org</a> / <a href="/pub/">pub</a>
<a href="?sort=name&order=desc">Name</a><tr class="file"><td></td><td><a href="./a.txt"><span class="name">a.txt</span></a></td>
<td class="size" data-size="1536"><div class="sizebar"><div class="sizebar-text">1.5 KiB</div></div></td>
<td class="timestamp"><time datetime="2026-01-02T10:11:12Z">01/02/2026 10:11:12 AM +00:00</time></td></tr>""")
    assert (found.name, found.size, found.exact_size) == ("a.txt", 1536, None)
    assert found.modified == datetime(2026, 1, 2, 10, 11, 12, tzinfo=UTC)


def test_python() -> None:
    page = """<!DOCTYPE HTML><html lang="en"><head><meta charset="utf-8"><title>Directory listing for /pub/</title></head>
<body><h1>Directory listing for /pub/</h1><hr><ul>
<li><a href="a%20b.txt">a b.txt</a></li><li><a href="link">link@</a></li><li><a href="sub/">sub/</a></li></ul><hr></body></html>"""
    assert [(found.name, found.is_folder) for found in read(page).entries] == [
        ("a b.txt", False), ("link", False), ("sub", True)]


def test_nginx_json_and_xml() -> None:
    rows = ('[{"name":"sub","type":"directory","mtime":"Fri, 02 Jan 2026 10:11:12 GMT"},'
           '{"name":"a.txt","type":"file","mtime":"Fri, 02 Jan 2026 10:11:12 GMT","size":12},'
           '{"name":"fifo","type":"other","mtime":""},{"name":"../x","type":"file"},{"name":7},8]')
    folder, file, other = read(rows, "application/json").entries
    assert (folder.is_folder, file.size, other.kind) == (True, 12, Kind.OTHER)
    assert file.modified == datetime(2026, 1, 2, 10, 11, 12, tzinfo=UTC)
    page = ('<?xml version="1.0"?><list><directory mtime="2026-01-02T10:11:12Z">sub</directory>'
           '<file mtime="2026-01-02T10:11:12Z" size="12">a &amp; b</file><file>a/b</file></list>')
    folder, file = read(page, "text/xml").entries
    assert (folder.name, file.name, file.size) == ("sub", "a & b", 12)


def test_caddy_json() -> None:
    rows = ('[{"name":"sub/","size":4096,"url":"./sub/","mod_time":"2026-01-02T10:11:12.5Z","is_dir":true},'
           '{"name":"a b","size":12,"url":"./a%20b","mod_time":"2026-01-02T10:11:12Z","is_dir":false},'
           '{"name":"x","url":"/etc/passwd"},{"name":"y","url":"http://evil.example/pub/y"}]')
    folder, file = read(rows, "application/json; charset=utf-8").entries
    assert (folder.name, folder.is_folder, folder.size) == ("sub", True, None)
    assert (file.name, file.size) == ("a b", 12)


S3 = """<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>pub/</Prefix>
<IsTruncated>true</IsTruncated><NextContinuationToken>abc=</NextContinuationToken>
<Contents><Key>pub/</Key><Size>0</Size></Contents>
<Contents><Key>pub/a.txt</Key><LastModified>2026-01-02T10:11:12.000Z</LastModified><ETag>&quot;d41d8&quot;</ETag><Size>12</Size></Contents>
<Contents><Key>pub/deep/er.txt</Key><Size>1</Size></Contents><Contents><Key>other/x</Key></Contents>
<Contents><Key>pub/../x</Key></Contents><CommonPrefixes><Prefix>pub/sub/</Prefix></CommonPrefixes></ListBucketResult>"""


def test_s3() -> None:
    found = read(S3, "application/xml", prefix="pub/")
    assert [(one.name, one.is_folder) for one in found.entries] == [
        ("a.txt", False), ("deep", True), ("sub", True)]
    assert (found.kind, found.more) == ("s3", "abc=")
    assert found.entries[0].validator == '"d41d8"'


HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "//evil.example/pub/x", "http://evil.example/pub/x",
    "http://example.org:8080/pub/x", "https://example.org/pub/x", "ftp://example.org/pub/x",
    "javascript:alert(1)", "data:text/html,x", "mailto:a@b", "a%2Fb", "%2e%2e/x", "%2e%2e%2f", "..",
    "..%5cx/y", "sub/deeper", "?C=M;O=A", "x?download", "#top", "", ".", "./", "/pub", "/pub/",
    "%00", "a%0d%0ab", "a\\b", "file:///etc/passwd", "x" * 20_000, "http://u:p@example.org:99999/",
    "/pub/./../x", "/pub//x", "//", "///", "\x00", "http:x",
]


@pytest.mark.parametrize("href", HOSTILE, ids=lambda href: ascii(href[:30]))
def test_references_that_lead_elsewhere(href: str) -> None:
    page = f'<title>Index of /pub/</title><a href="{href}">x</a> 02-Jan-2026 10:11 12'
    assert read(page).entries == ()


@pytest.mark.parametrize(("href", "name"), [
    ("a", "a"), ("./a", "a"), ("/pub/a", "a"), ("http://example.org/pub/a", "a"),
    ("http://EXAMPLE.org:80/pub/a", "a"), ("//example.org/pub/a", "a"), ("a#x", "a"),
    ("caf%C3%A9", "café"), ("café", "café"), ("100%", "100%"), ("%ff", "\udcff"), ("a&amp;b", "a&b"),
    ("./a:b", "a:b"), (" a ", "a"), ("a%20", "a "), ("a%5Cb", "a\\b"), ("~x", "~x"),
])
def test_references_to_something_in_the_folder(href: str, name: str) -> None:
    assert one(f'<a href="{href}">x</a>').name == name


@pytest.mark.parametrize("page", ["<html><body>Hello</body></html>", '<a href="/elsewhere">x</a>', ""])
def test_pages_that_are_no_index(page: str) -> None:
    with pytest.raises(NotSupported, match="no index"):
        read(page)


@pytest.mark.parametrize(("body", "type"), [
    ('{"a":1}', "application/json"), ("<feed/>", "application/xml"), ("x", "image/png"), ("1", "text/plain"),
])
def test_other_things_are_no_index(body: str, type: str) -> None:
    with pytest.raises(NotSupported):
        read(body, type)


@pytest.mark.parametrize(("body", "type"), [
    ("[" * 100_000, "application/json"), ("[1", "application/json"), ("<list", "text/xml"),
    ('<!DOCTYPE list [<!ENTITY a "b">]><list>&a;</list>', "text/xml"),
])
def test_what_cannot_be_read(body: str, type: str) -> None:
    with pytest.raises(ProtocolError):
        read(body, type)


def test_too_deep_and_too_long() -> None:
    with pytest.raises(LimitReached):
        read("<list>" + "<a>" * 20, "text/xml")
    with pytest.raises(LimitReached):
        read("<list><file>" + "x" * 100_000 + "</file></list>", "text/xml")


@pytest.mark.parametrize("piece", [
    "<", '<a "', "<a href=", "<!--", "<a href='x",
    pytest.param('<a href="x">', marks=pytest.mark.slow), "&amp", "<script>", '"', "<a " + "x" * 50,
    "<a href=x>" + "1" * 40, "2026-01-", "1.1.", "<a href=\"..\">", " \t", "<td data-size=1>",
])
def test_hostile_pages_take_linear_time(piece: str) -> None:
    page = (piece * (1_000_000 // len(piece))).encode()
    began = time.process_time()
    try:
        read(page)
    except NotSupported:
        pass
    assert time.process_time() - began < 4


def test_attributes() -> None:
    assert attributes(' href="a b" X=y z=\'1\' href=second lone /') == {
        "href": "a b", "x": "y", "z": "1", "lone": ""}


def test_scripts_and_comments_hold_no_links() -> None:
    page = '<script>"<a href=x>"</script><!-- <a href=y> --><style><a href=w></style><a title="a > b" href=z>z</a>'
    assert [link.href for link in links(page)] == ["z"]


def test_numbers_in_descriptions_are_no_size_before_the_date() -> None:
    [link] = links('<a href="x">x</a> 31-Feb-2026 10:11 17')
    assert said(link).modified is None
