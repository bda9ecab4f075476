"""WebDAV's XML and headers, read and written; what servers send, and what attackers do."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from postel.errors import LimitReached, ProtocolError, UsageError
from postel.types import Kind
from postel.urls import parse
from postel.webdav import headers, wire
from postel.webdav.elements import DAV, ElementReader, parse_xml, write_xml
from postel.webdav.properties import checksums, entry, quota
from postel.webdav.types import Element, Lock, Resource

NOW = datetime(2026, 1, 1, tzinfo=UTC)

APACHE = b"""<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:ns0="DAV:">
<D:response xmlns:lp1="DAV:" xmlns:lp2="http://apache.org/dav/props/">
<D:href>/dav/</D:href><D:propstat><D:prop>
<lp1:resourcetype><D:collection/></lp1:resourcetype>
<lp1:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</lp1:getlastmodified>
</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>
<D:response xmlns:lp1="DAV:" xmlns:lp2="http://apache.org/dav/props/">
<D:href>/dav/a%20b.txt</D:href><D:propstat><D:prop>
<lp1:resourcetype/><lp1:getcontentlength>12</lp1:getcontentlength>
<lp1:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</lp1:getlastmodified>
<lp1:getetag>"c-5f"</lp1:getetag><lp2:executable>F</lp2:executable>
</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
<D:propstat><D:prop><ns0:quota-used-bytes/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status>
</D:propstat></D:response></D:multistatus>
"""
NEXTCLOUD = b"""<?xml version="1.0"?>
<d:multistatus xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:response>
<d:href>/remote.php/dav/files/ann/n%C3%A4he.txt</d:href><d:propstat><d:prop>
<d:getetag>&quot;64f0&quot;</d:getetag><d:resourcetype/><d:getcontentlength>5</d:getcontentlength>
<oc:checksums><oc:checksum>SHA1:DA39A3EE5E6B4B0D3255BFEF95601890AFD80709 MD5:D41D8CD98F00B204E9800998ECF8427E</oc:checksum></oc:checksums>
</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"""


def read(body: bytes, size: int = 7) -> list[Resource]:
    reader = wire.MultistatusReader("PROPFIND /dav/")
    found = [one for at in range(0, len(body), size) for one in reader.feed(body[at : at + size])]
    reader.finish()
    return found


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_listing_of_apache(size: int) -> None:
    found = [entry(parse("http://h/dav/"), one, now=NOW) for one in read(APACHE, size)]
    folder, file = found
    assert folder is not None
    assert file is not None
    assert (folder.name, folder.kind) == ("", Kind.FOLDER)
    assert (file.name, file.kind, file.size, file.validator) == ("a b.txt", Kind.FILE, 12, '"c-5f"')
    assert file.modified == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
    assert file.facts["executable"] == "F"
    assert read(APACHE)[1].failed == {"{DAV:}quota-used-bytes": 404}


def test_what_nextcloud_keeps_besides() -> None:
    [one] = read(NEXTCLOUD)
    found = entry(parse("https://cloud/remote.php/dav/files/ann"), one, now=NOW)
    assert found is not None
    assert (found.name, found.size) == ("nähe.txt", 5)
    assert checksums(one)["sha1"] == "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    assert quota(one).available is None


@pytest.mark.parametrize("href", [
    "/other/x", "/dav/", "../x", "/dav/../x", "/dav/%2e%2e", "/dav/a/b", "/dav/a%2Fb",
    "http://evil.example/dav/x", "//evil.example/dav/x", "file:///dav/x", "/dav/x%0d%0a",
    "/dav/x?y", "/dav", "javascript:alert(1)", "/dav/%00", "/dav/.", "\\dav\\x", "/da",
])
def test_hrefs_that_are_no_entry(href: str) -> None:
    found = entry(parse("http://h/dav/"), Resource(href, 200), now=NOW)
    assert found is None or found.name == ""


@pytest.mark.parametrize(("href", "name"), [
    ("http://h/dav/x", "x"), ("https://h:8443/dav/x", "x"), ("//h/dav/x/", "x"), ("x", "x"),
    ("/dav/./x", "x"), ("/dav/100%", "100%"), ("/dav/%FF", "\udcff"), ("/%64av/x;y=1", "x;y=1"),
    ("  /dav/x\n", "x"), ("./x", "x"),
])
def test_hrefs_as_servers_write_them(href: str, name: str) -> None:
    found = entry(parse("http://h/dav/"), Resource(href, None), now=NOW)
    assert found is not None
    assert found.name == name


def test_a_status_decides_when_there_are_no_properties() -> None:
    assert entry(parse("http://h/"), Resource("/gone", 404), now=NOW) is None


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>
<multistatus xmlns="DAV:">&b;</multistatus>"""


@pytest.mark.parametrize("body", [
    LAUGHS,
    b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
    b'<!DOCTYPE x><multistatus xmlns="DAV:"/>',
    b"<multistatus",
    b"<html><body>no</body></html>",
    b"<!DOCTYPE html><html></html>",
    b"not at all",
    b"",
    b'<multistatus xmlns="DAV:"><response>',
    b'<multistatus xmlns="DAV:"><response><href></href></response></multistatus>',
    b'<?xml version="1.0" encoding="no-such"?><multistatus xmlns="DAV:"/>',
    b'<multistatus xmlns="a}b"/>',
    b'<multistatus xmlns="DAV:">&undefined;</multistatus>',
    b'\xff\xfe<\0',
])
def test_what_is_no_multistatus(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(body)


@pytest.mark.parametrize("body", [
    b'<multistatus xmlns="DAV:"><response>' + b"<a>" * 100,
    b'<multistatus xmlns="DAV:"><response><href>' + b"x" * 5_000_000,
    b'<multistatus xmlns="DAV:"><response>' + b"<a/>" * 30_000,
    b'<multistatus xmlns="DAV:" a="' + b"x" * 5_000_000,
    b"<!--" + b"x" * 5_000_000,
    b'<multistatus xmlns="DAV:"><response>' + b'<a b="' + b"x" * 60_000 + b'"/>' * 1,
][:5])
def test_what_is_larger_than_anybody_needs(body: bytes) -> None:
    with pytest.raises(LimitReached):
        read(body, 65_536)


@pytest.mark.slow
def test_a_hundred_thousand_entries_are_not_kept() -> None:
    reader = wire.MultistatusReader("PROPFIND /")
    row = b"<response><href>/f%d</href><propstat><prop><getetag>x</getetag></prop></propstat></response>"
    reader.feed(b'<multistatus xmlns="DAV:">')
    count, blocks = 0, sys.getallocatedblocks()
    for at in range(0, 100_000, 100):
        count += len(reader.feed(b"".join(row % number for number in range(at, at + 100))))
    assert count == 100_000
    assert sys.getallocatedblocks() - blocks < 5_000


def test_what_is_written_can_be_read() -> None:
    odd = Element("{urn:x}p", "a<&>\r\n\"b\" ü", (Element(f"{DAV}q", attributes={"k": "a\n\"<"}),),
                  {"{urn:y}z": "1"})
    resources = [
        Resource("/a%20b", None, {odd.name: odd}, {f"{DAV}getetag": 404, "{}bare": 403}),
        Resource("/c", 423, errors=(f"{DAV}lock-token-submitted",), words="locked"),
        Resource("/d", 207),
    ]
    assert read(b"".join(wire.multistatus(resources))) == resources


def test_namespaces_are_told_apart() -> None:
    root = parse_xml(b'<a xmlns="urn:1"><b xmlns=""/><c xmlns="urn:2" xmlns:p="urn:3" p:k="v" l="w"/></a>', "x")
    assert [one.name for one in root.children] == ["{}b", "{urn:2}c"]
    assert root.children[1].attributes == {"{urn:3}k": "v", "l": "w"}
    assert parse_xml(write_xml(root), "x") == root


@pytest.mark.parametrize("name", ["", "a b", "{DAV:", "{DAV:}", "1a", "a>", "{DAV:\x00}a"])
def test_names_that_xml_has_not(name: str) -> None:
    with pytest.raises(UsageError):
        wire.propfind([name])


def test_text_that_xml_has_not() -> None:
    with pytest.raises(UsageError, match="XML has no way"):
        wire.proppatch({"displayname": "\x00"})


def test_propfind_bodies() -> None:
    assert wire.read_propfind(b" ").kind == "allprop"
    assert wire.read_propfind(wire.propfind()).kind == "allprop"
    assert wire.read_propfind(wire.propfind(kind="propname")).kind == "propname"
    asked = wire.read_propfind(wire.propfind(["getetag", "{urn:x}y"], kind="allprop"))
    assert (asked.kind, asked.names) == ("allprop", ("{DAV:}getetag", "{urn:x}y"))
    for bad in (b"<a/>", b'<propfind xmlns="DAV:"/>', b"{}"):
        with pytest.raises(ProtocolError):
            wire.read_propfind(bad)


def test_proppatch_bodies() -> None:
    found = wire.read_proppatch(wire.proppatch(
        {"{urn:x}y": "1", "displayname": Element("x", "t", (Element(f"{DAV}z"),))}, ["{urn:x}w"]))
    assert [(one.name, one.text, gone) for one, gone in found] == [
        ("{urn:x}y", "1", False), ("{DAV:}displayname", "t", False), ("{urn:x}w", "", True)]


def test_lock_bodies() -> None:
    asked = wire.read_lockinfo(wire.lockinfo("ann", shared=True))
    assert asked is not None
    assert asked.shared
    assert asked.owner is not None
    assert asked.owner.text == "ann"
    assert wire.read_lockinfo(b"") is None
    with pytest.raises(ProtocolError):
        wire.read_lockinfo(b'<lockinfo xmlns="DAV:"/>')
    lock = Lock("urn:uuid:7", "/a", "ann", None, shared=True, deep=True)
    body = wire.prop_body(Element(f"{DAV}lockdiscovery", children=(wire.lock_element(lock),)))
    assert wire.read_locks(parse_xml(body, "LOCK")) == [lock]
    assert wire.read_error(wire.error_body("no-conflicting-lock")) == ("{DAV:}no-conflicting-lock",)
    assert wire.read_error(b"<html>") == ()


@pytest.mark.parametrize(("text", "found"), [
    ("Second-60", 60.0), ("Infinite", None), ("x, second-5", 5.0), ("", None), ("Second-x", None),
    ("Second-99999999999", None), ("Second-9999999999", 4_294_967_295.0),
])
def test_timeouts(text: str, found: float | None) -> None:
    assert wire.seconds(text) == found


def test_depth() -> None:
    assert headers.depth("1", default=0) == 1
    with pytest.raises(ProtocolError):
        headers.depth("2", default=0)


@pytest.mark.parametrize("text", [
    "http://other/a", "ftp://here/a", "a", "", "//here/a", "http://here:81/a", "http://u@@here/a",
])
def test_destinations_elsewhere(text: str) -> None:
    with pytest.raises(ProtocolError):
        headers.destination(text, hosts=["here"])


@pytest.mark.parametrize(("text", "path"), [
    ("http://here/a%2Fb", "/a%2Fb"), ("https://HERE/x", "/x"), ("/a b", "/a b"), ("http://here", "/"),
])
def test_destinations_here(text: str, path: str) -> None:
    assert headers.destination(text, hosts=["here"]) == path


def test_if_untagged_and_tagged() -> None:
    found = headers.read_if('(<urn:a> ["e"]) (Not <urn:b>)')
    assert [one.resource for one in found] == ["", ""]
    assert headers.tokens(found) == {"urn:a", "urn:b"}
    tagged = headers.read_if("<http://h/a> (<urn:a>)(<urn:c>) </b> ([W/\"x\"])")
    assert [one.resource for one in tagged] == ["http://h/a", "http://h/a", "/b"]


@pytest.mark.parametrize("text", [
    "", "()", "(", "(<a>", "<http://h/a>", "<http://h/a> <b> (<c>)", "(<a>) <http://h/> (<b>)",
    "x", "([a])", "(Not)", "(<a b>)", "(<a>) x",
])
def test_if_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ProtocolError):
        headers.read_if(text)


def test_if_holds() -> None:
    def ask(text: str) -> bool:
        return headers.holds(headers.read_if(text), tag_of=lambda url: '"e"' if not url else None,
                             locked_by=lambda url: ["urn:a"] if url in ("", "/x") else [])

    assert ask('(<urn:a> ["e"])')
    assert not ask('(<urn:a> ["f"])')
    assert not ask('([W/"e"])')
    assert ask("(<urn:b>) (Not <urn:b>)")
    assert ask("</x> (<urn:a>)")
    assert not ask("</y> (<urn:a>)")
    assert headers.read_if(headers.if_header([("", "urn:a")], '"e"'))[0].tests == (
        (False, "token", "urn:a"), (False, "etag", '"e"'))


@pytest.mark.parametrize("token", ["", "<x>", "urn:a>", "urn:a\r\n", "urn: a", "urn:ü"])
def test_tokens_that_are_none(token: str) -> None:
    with pytest.raises(UsageError):
        headers.lock_token(token)


def test_the_reader_hands_out_any_level() -> None:
    reader = ElementReader("x", level=2)
    assert [one.name for one in reader.feed(b"<a><b><c/><d/></b></a>")] == ["{}c", "{}d"]
