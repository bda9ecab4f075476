"""The index of the RFC series, as text and as XML: both shapes of numbers, every kind of fact."""

from __future__ import annotations

from datetime import date

import pytest

from postel.errors import LimitReached, ProtocolError
from postel.lab.rfc_samples import sample_files
from postel.rfc import index_text, index_xml
from postel.rfc.types import Index, Record

FILES = sample_files()


def text(*entries: str) -> Index:
    return index_text.parse("RFC INDEX\n\n" + "\n\n".join(entries) + "\n")


def one(entry: str) -> Record:
    (record,) = text(entry).records
    return record


def test_an_entry_with_everything() -> None:
    record = one(
        "10036 Incremental Forwarding of HTTP\n      Messages. K. Oku, Ed., T. Pauly, M. Thomson. "
        "1 April\n     2026. (Format: HTML, TXT, PDF, XML) (Obsoletes RFC0007, RFC8,\n     RFC 9) "
        "(Obsoleted by RFC10040) (Updates RFC1) (Updated by RFC2,\n     RFC3) (Also FYI7, STD0010) "
        "(Status: PROPOSED STANDARD) (Stream: IETF) (DOI:\n     10.17487/RFC10036)")
    assert record == Record(
        10036, "Incremental Forwarding of HTTP Messages",
        ("K. Oku, Ed.", "T. Pauly", "M. Thomson"), date(2026, 4, 1), "PROPOSED STANDARD", "IETF",
        (7, 8, 9), (10040,), (1,), (2, 3), ("FYI7", "STD10"), "10.17487/RFC10036",
        formats=("HTML", "TXT", "PDF", "XML"), day_known=True)
    assert record.published == "1 April 2026"


@pytest.mark.parametrize(("head", "title", "authors"), [
    ("M.I.T. S. Crocker", "M.I.T", ("S. Crocker",)),
    ("Host Software. S. Crocker", "Host Software", ("S. Crocker",)),
    ("RPC: Remote Procedure Call Protocol specification. Sun Microsystems",
     "RPC: Remote Procedure Call Protocol specification", ("Sun Microsystems",)),
    ("A. Title. With Stops. J. Postel, J.K. Reynolds", "A. Title. With Stops",
     ("J. Postel", "J.K. Reynolds")),
    ("ZLIB Format 3.3. P. Deutsch, J-L. Gailly", "ZLIB Format 3.3", ("P. Deutsch", "J-L. Gailly")),
    ("Terms. T. Ernst, H-Y. Lach", "Terms", ("T. Ernst", "H-Y. Lach")),
    ("Domains. P. Pfister, É. Vyncke, Ed., IAB", "Domains",
     ("P. Pfister", "É. Vyncke, Ed.", "IAB")),
    ("Notes. J. Smith, Jr., A. van der Berg, III", "Notes",
     ("J. Smith, Jr.", "A. van der Berg, III")),
    ("No author at all", "No author at all", ()),
])
def test_where_a_title_ends(head: str, title: str, authors: tuple[str, ...]) -> None:
    record = one(f"0042 {head}. May 1990. (Format: ASCII=1234 bytes) (Status: UNKNOWN)")
    assert (record.number, record.title, record.authors) == (42, title, authors)
    assert record.formats == ("TXT",)


def test_numbers_that_were_never_issued() -> None:
    index = text("0014 Not Issued.", "15 Notes. A. Example. May 1970. (Format: TXT) (Status: U)")
    assert (index.not_issued, [record.number for record in index.records]) == ((14,), [15])


def test_the_samples_say_the_same_twice() -> None:
    by_text = index_text.parse(FILES["/rfc-index.txt"].decode())
    by_xml = index_xml.parse(FILES["/rfc-index.xml"])
    assert by_text.created == date(2026, 11, 18)
    assert by_text.series == by_xml.series == {"STD900": (30001,), "BCP901": (30002,)}
    assert by_text.not_issued == by_xml.not_issued == (31,)
    for short, long in zip(by_text.records, by_xml.records, strict=True):
        for name in ("number", "title", "authors", "date", "status", "obsoletes", "obsoleted_by",
                     "updates", "updated_by", "also"):
            assert getattr(short, name) == getattr(long, name), (short.number, name)
    memo = by_xml.records[3]
    assert (memo.stream, memo.pages, memo.keywords) == ("IETF", 4, ("notes", "sample"))
    assert memo.abstract.startswith("The Sample Note Protocol keeps")


def test_records_go_through_json() -> None:
    import json

    for record in index_xml.parse(FILES["/rfc-index.xml"]).records:
        assert Record.from_dict(json.loads(json.dumps(record.as_dict()))) == record


@pytest.mark.parametrize(("entries", "words"), [
    (["5 A. B. C. May 1970. (Status: U)", "4 A. B. C. May 1970. (Status: U)"], "RFC 4 follows RFC 5"),
    (["5 A. B. C. May 1970. (Status: U)", "5 A. B. C. May 1970. (Status: U)"], "RFC 5 follows RFC 5"),
    (["5 A. B. C. May 1970. (Format: T"], "RFC 5: the entry is cut off"),
    (["nothing here"], "there is no RFC in it"),
    ([], "there is no RFC in it"),
])
def test_indexes_that_are_not_believed(entries: list[str], words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        text(*entries)


def test_an_absurd_entry() -> None:
    with pytest.raises(LimitReached, match="RFC 7 has more than 16384 characters"):
        text("7 " + "x" * 20_000)


@pytest.mark.parametrize(("data", "words"), [
    (b"<rfc-index><rfc-entry>", "cannot be read"),
    (FILES["/rfc-index.xml"][:-30], "cannot be read"),
    (b"<html><p>Not found</p></html>", "there is no RFC in it"),
    (b"<rfc-index></rfc-index>", "there is no RFC in it"),
    (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><rfc-index>&a;</rfc-index>', "declares a document type"),
    (b"<rfc-index><rfc-entry><doc-id>../../etc/passwd</doc-id></rfc-entry></rfc-index>",
     "is no number of an RFC"),
    (b"<rfc-index>" + 2 * b"<rfc-entry><doc-id>RFC0005</doc-id></rfc-entry>" + b"</rfc-index>",
     "RFC 5 follows RFC 5"),
])
def test_xml_that_is_not_believed(data: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        index_xml.parse(data)


def test_xml_is_bounded() -> None:
    with pytest.raises(LimitReached, match="nested too deeply"):
        index_xml.parse(b"<rfc-index>" + b"<a>" * 50)
    with pytest.raises(LimitReached, match="an entry of more than"):
        index_xml.parse(b"<rfc-index><rfc-entry><title>" + b"x" * 300_000)
