"""Whatever comes as an index page, a multistatus or a WebDAV header: results, or our errors."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import LimitReached, NotSupported, ProtocolError
from postel.http import kept
from postel.http.hrefs import reference
from postel.http.indexes import index
from postel.urls import parse
from postel.webdav import headers, wire
from postel.webdav.elements import parse_xml
from postel.webdav.properties import entry

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BASE = parse("http://h.example/pub/")
PIECES = st.lists(st.sampled_from([
    '<a href="', "a.txt", '">', "</a>", "<td>", " 2026-01-02 10:11 ", "1.2K", "<", ">", '"', "'", "&amp;", "%2e",
    "../", "/pub/", "http://", "h.example", "[", "]", "{", "}", '"name"', ":", ",", "<list>", "<file size='1'>",
    "</file>", "</list>", "<!DOCTYPE x>", "\x00", "é", "<!--", "-->", "?", "#", "\r\n",
]), max_size=40).map("".join)


@given(st.one_of(PIECES, st.text()), st.sampled_from(["text/html", "application/json", "text/xml", ""]))
def test_index_pages(page: str, type: str) -> None:
    try:
        found = index(BASE, type, page.encode("utf-8", "replace"), now=NOW)
    except (NotSupported, ProtocolError, LimitReached):
        return
    for one in found.entries:
        assert one.name not in ("", ".", "..")
        assert not set(one.name) & set("/\x00\r\n")


@given(st.one_of(PIECES, st.text()))
def test_references(href: str) -> None:
    at = reference(BASE, href)
    assert at is None or (not set(at.name) & set("/\x00\r\n") and at.name not in (".", ".."))


XML = st.lists(st.sampled_from([
    '<multistatus xmlns="DAV:">', "</multistatus>", "<response>", "</response>", "<href>", "</href>", "/pub/a", "<prop>",
    "</prop>", "<propstat>", "</propstat>", "<status>", "HTTP/1.1 200 OK", "</status>", "<getetag>", "</getetag>", "&lt;",
    "&x;", "<!DOCTYPE a>", "<a xmlns='urn:b'>", "</a>", "\x00", "é", "<![CDATA[", "]]>", "<?p ?>",
]), max_size=40).map("".join)


@given(XML, st.integers(1, 50))
def test_multistatus(body: str, size: int) -> None:
    reader = wire.MultistatusReader("PROPFIND /")
    data = body.encode()
    try:
        for at in range(0, len(data), size):
            for one in reader.feed(data[at : at + size]):
                found = entry(BASE, one, now=NOW)
                assert found is None or "/" not in found.name
        reader.finish()
    except (ProtocolError, LimitReached):
        pass


@given(st.binary())
def test_xml(data: bytes) -> None:
    for read in (lambda: parse_xml(data, "x"), lambda: wire.read_propfind(data),
                 lambda: wire.read_proppatch(data), lambda: wire.read_lockinfo(data)):
        try:
            read()
        except (ProtocolError, LimitReached):
            pass
    wire.read_error(data)


@given(st.text(alphabet='()<>[]" Notabc:/-0123,"W\\\r\n'))
def test_headers(text: str) -> None:
    wire.seconds(text)
    headers.unbracketed(text)
    headers.overwrite(text)
    for read in (lambda: headers.read_if(text), lambda: headers.depth(text, default=0),
                 lambda: headers.destination(text, hosts=["h"])):
        try:
            read()
        except ProtocolError:
            pass


FIELDS = st.dictionaries(
    st.sampled_from(["content-length", "content-range", "content-type", "content-encoding", "etag", "last-modified",
                     "date", "content-disposition"]),
    st.one_of(st.text(max_size=60), st.sampled_from([
        "bytes 0-9/10", "bytes */10", "bytes 5-4/3", "10", '"a"', 'W/"a"', "gzip", "multipart/byteranges; boundary=x",
        "Sun, 06 Nov 1994 08:49:37 GMT"])))


@given(FIELDS, st.integers(0, 100), st.one_of(st.none(), st.integers(0, 100)))
def test_what_answers_say_of_files(headers: dict[str, str], offset: int, size: int | None) -> None:
    entry = kept.file_entry("a", "/a", headers, now=NOW)
    assert entry.size is None or entry.size >= 0
    kept.packed("/a.gz", headers)
    kept.same_file('"a"', headers, now=NOW)
    fault = kept.range_fault(headers, offset, size)
    if not fault:
        first = headers["content-range"].lower().split("bytes")[1].strip(" \t=").split("-")[0]
        assert int(first) == offset
