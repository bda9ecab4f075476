"""Texts of RFCs: pages taken apart, sections, grammar, errata, names, citations, differences."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from postel.errors import LimitReached, NotFound, ProtocolError, UsageError
from postel.lab.rfc_samples import sample_files
from postel.rfc import abnf, errata, references, sections
from postel.rfc.citations import bibtex
from postel.rfc.cleaning import clean, decoded, printable
from postel.rfc.comparing import differences
from postel.rfc.front import record_of
from postel.rfc.types import RFC, Erratum, Record, Section

FILES = sample_files()
OLD = RFC(30, "A Note on Notes", raw=FILES["/rfc/rfc30.txt"])
PAGED = RFC(20001, "Sample Note Protocol", raw=FILES["/rfc/rfc20001.txt"])
NEW = RFC(30001, "Sample Note Protocol", raw=FILES["/rfc/rfc30001.txt"])


# -- pages ---------------------------------------------------------------------------------


def test_pages_are_put_together() -> None:
    assert "\f" in PAGED.raw.decode()
    assert "[Page" not in PAGED.text
    assert "May 1999\n" in PAGED.text[:500]
    assert "RFC 20001  " not in PAGED.text
    assert ("sooner than after five\n   minutes, and not more often than ten times.\n\n"
            "2.2. Commands\n") in PAGED.text


def test_a_paragraph_that_ends_a_page_stays_one() -> None:
    foot = "\n\n\n\nExample        Standards Track      [Page 2]\n\f\nRFC 9    Memo    May 1999\n\n\n"
    assert clean(f"   It ends here.{foot}   Another begins.\n") == (
        "   It ends here.\n\n   Another begins.\n")


def test_headers_of_two_lines_on_left_and_right_pages() -> None:
    pages = []
    for number in range(1, 9):
        left = number % 2
        head = ("August 1982                       RFC 821\nSimple Mail Transfer Protocol" if left
                else "RFC 821                       August 1982\n      Simple Mail Transfer Protocol")
        foot = f"Postel            [Page {number}]" if left else f"[Page {number}]            Postel"
        pages.append(f"\n \n{head}\n\n\n   Text of page {'abcdefgh'[number - 1]}.\n\n\n{foot}\n")
    text = clean("\f".join(pages))
    assert "Simple Mail" not in text.partition("page a")[2]
    assert "Postel" not in text
    assert text.count("Text of page") == 8


def test_pages_without_form_feeds() -> None:
    text = "".join(f"   Line of page {letter}.\n\n\nSmith       [Page {letter}]\n\n" for letter in "123")
    assert clean(text).split() == ["Line", "of", "page", "1.", "Line", "of", "page", "2.", "Line", "of", "page", "3."]


def test_a_text_without_pages_stays_as_it_is() -> None:
    assert NEW.text.startswith("Internet Engineering Task Force (IETF)")
    assert NEW.text.split("Abstract")[1] == decoded(NEW.raw).split("Abstract")[1].replace(
        "\n\n\n", "\n\n")


def test_bytes_of_any_kind() -> None:
    assert decoded(b"\xef\xbb\xbfa\r\nb\rc\xe2\x82\xac") == "a\nb\nc€"
    assert decoded(b"caf\xe9") == "café"
    assert printable("a\x1b[31m\x00b\tc\x9bd\n") == "a[31mb\tcd\n"
    assert clean("") == ""


# -- sections ------------------------------------------------------------------------------


def names(memo: RFC) -> list[str]:
    return [one.name for one in memo.sections]


def test_sections_by_number() -> None:
    assert names(NEW) == [
        "Abstract", "Status of This Memo", "Table of Contents", "1. Introduction",
        "2. The Protocol", "2.1. Commands", "2.2. Answers", "3. Expiry",
        "4. Security Considerations", "A. Changes", "Acknowledgments"]
    assert names(PAGED)[3:] == ["1. Introduction", "2. The Protocol", "2.1. Greeting",
                                "2.2. Commands", "3. References"]
    protocol = NEW.section("2")
    assert protocol.own.startswith("2.  The Protocol\n\n   The key words")
    assert "2.2.  Answers" in protocol.text
    assert "2.1." not in protocol.own
    assert NEW.text.split("\n")[protocol.line] == "2.  The Protocol"


def test_sections_of_a_text_without_numbers() -> None:
    assert names(OLD) == ["A NOTE ON NOTES", "Form of a note", "What is missing"]
    assert "ends where the line ends" in OLD.section("form").text


@pytest.mark.parametrize(("wanted", "name"), [
    ("2.1", "2.1. Commands"), ("§2.1", "2.1. Commands"), ("section 2.1.", "2.1. Commands"),
    ("a", "A. Changes"), ("Appendix A", "A. Changes"), ("expiry", "3. Expiry"),
    ("security", "4. Security Considerations"), ("Status of this memo", "Status of This Memo"),
])
def test_a_section_is_found(wanted: str, name: str) -> None:
    assert NEW.section(wanted).name == name


@pytest.mark.parametrize("wanted", ["9", "2.1.1", "", "§", "zzz"])
def test_a_section_that_is_not_there(wanted: str) -> None:
    with pytest.raises(NotFound, match="RFC 30001: it has no section"):
        NEW.section(wanted)


def headings(text: str) -> list[str]:
    return [one.number for one in sections.sections(text) if one.number]


@pytest.mark.parametrize(("text", "numbers"), [
    ("1. A\n\n   1. item\n\n   2. item\n\n2. B\n", ["1", "2"]),
    ("1. A\n\n3.5 is a number\n\n1.1. C\n\n   x\n\n1.1.1. D\n\n2. E\n", ["1", "1.1", "1.1.1", "2"]),
    ("1  A\n\n2  B\n\nAppendix B supplies more.\n\n3  C\n\nAPPENDIX A.\n\n   Title\n\nA.1  Sub\n",
     ["1", "2", "3", "A", "A.1"]),
    ("Preface\n\n                 1.  INTRODUCTION\n\n1.1. Why\n\n   x\n\n                 2.  HOW\n\n2.1. So\n",
     ["1", "1.1", "2", "2.1"]),
    ("1. A\n\nAppendix A. B\n\n   x\n\n2. C\n", ["1", "A", "2"]),
    ("     1.  A\n\n     1.1.  B\n\n     2.  C\n", ["1", "1.1", "2"]),
    ("   1. only an item\n", []),
])
def test_which_lines_are_headings(text: str, numbers: list[str]) -> None:
    assert headings(text) == numbers


def test_sections_take_linear_time(linear: Callable[..., None]) -> None:
    linear(lambda size: sections.sections("\n\n".join(f"{n}. Title" for n in range(1, size))), 500)
    linear(lambda size: clean("   text\n\n[Page 1]\n\f\nRFC 1   May 1999\n\n" * size), 300)


# -- grammar -------------------------------------------------------------------------------


def rules(text: str) -> dict[str, str]:
    return {one.name: one.definition for one in abnf.rules([Section("1", "x", 1, text, text)])}


def test_rules_of_a_text() -> None:
    found = NEW.abnf()
    assert [one.name for one in found] == ["command", "get", "put", "name", "expiry", "answer",
                                           "note", "reason"]
    assert found[2].definition == '"PUT" SP name SP 1*VCHAR [ SP expiry ] CRLF'
    assert found[2].section == "2.1"
    assert found[2].text.startswith('put      = "PUT" SP name SP 1*VCHAR\n           [ SP expiry')
    assert abnf.undefined(found) == ()
    assert abnf.undefined(PAGED.abnf()) == ()


@pytest.mark.parametrize(("text", "found"), [
    ('   a = "x" / "y"\n       / "z"\n', {"a": '"x" / "y" / "z"'}),
    ('a = %s"CaSe" %x0D.0A %d48-57 %b1\n', {"a": '%s"CaSe" %x0D.0A %d48-57 %b1'}),
    ("a = 1*3b *( c / d ) [e] 2(f)\n", {"a": "1*3b *( c / d ) [e] 2(f)"}),
    ("   a  = b ; comment with \"quotes\n      c\n", {"a": "b c"}),
    ("a =/ <any CHAR\n   but this> x-y\n", {"a": "<any CHAR but this> x-y"}),
    ('list = 1#element | "x"\n', {"list": '1#element | "x"'}),
    ("   x = 3 is three of them.\n", {}),
    ('   a = ( "x"\n', {}),
    ("   total = price * count\n", {}),
    ("   key=value\n", {"key": "value"}),
    ("if (a == b) then\n", {}),
])
def test_what_is_a_rule(text: str, found: dict[str, str]) -> None:
    assert rules(text) == found


@pytest.mark.parametrize("definition", ["", "(", ")", '"a', "1*", "a /", "[]", "a } b", "%x",
                                        "( a ]", "(" * 200 + "a" + ")" * 200, "* / a"])
def test_what_is_no_definition(definition: str) -> None:
    with pytest.raises(ProtocolError, match="ABNF"):
        abnf.check(definition)


def test_names_in_a_definition() -> None:
    assert abnf.names_in('a 1*b "c" <d> ( A / b )') == ("a", "b", "d", "A")


# -- errata --------------------------------------------------------------------------------


def test_errata_of_a_section() -> None:
    found = errata.parse(FILES["/errata.json"])
    assert [(one.number, one.is_verified) for one in found] == [(9001, True), (9002, False)]
    memo = RFC(30001, "x", raw=NEW.raw, known_errata=tuple(found))
    assert [one.number for one in memo.errata()] == [9001]
    assert len(memo.errata(None)) == 2
    assert errata.at_section(found, NEW.section("2.1")) == [found[0]]
    assert errata.at_section(found, NEW.section("2")) == []
    shown = errata.shown(found[0])
    assert shown.startswith("Erratum 9001 (Verified, Technical), section 2.1: D. Reader, 2026-05-02")
    assert '-    put      = "PUT" SP name SP 1*VCHAR\n+    put' in shown


@pytest.mark.parametrize(("section", "number"), [
    ("Section 4.1", "4.1"), ("4.1.", "4.1"), ("Appendix B.2", "B.2"), ("3 and 4.1", "4.1"),
    ("4.1, 2nd paragraph", "4.1")])
def test_how_sections_are_reported(section: str, number: str) -> None:
    one = Erratum(1, 2, "Verified", section=section)
    assert errata.at_section([one], Section(number, "x", 1, "", "")) == [one]
    assert errata.at_section([one], Section("4", "x", 1, "", "")) == []


def test_errata_of_any_shape() -> None:
    odd = (b'[1, null, {}, {"doc-id": "RFC99", "errata_id": "x"}, {"doc-id": ["RFC1"]}, '
           b'{"doc-id": "RFC0822", "errata_id": 7, "section": null, "notes": {"a": 1}, '
           b'"errata_status_code": "Held for Document Update"}]')
    (one,) = errata.parse(odd)
    assert (one.number, one.rfc, one.status, one.section) == (7, 822, "Held for Document Update", "")
    for bad in (b"{}", b"nothing", b"[" * 100_000, b"\xff"):
        with pytest.raises(ProtocolError, match="the errata"):
            errata.parse(bad)
    with pytest.raises(LimitReached, match="there are more than"):
        errata.parse(b"[" + b"1," * 200_001 + b"1]")


# -- names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "number"), [
    ("5321", 5321), (5321, 5321), ("rfc5321", 5321), ("RFC 0821", 821), ("rfc-9", 9),
    ("https://www.rfc-editor.org/rfc/rfc5321.html", 5321), ("10.17487/RFC5321", 5321),
    ("https://www.rfc-editor.org/info/rfc5321/", 5321), ("RFC00009", 9)])
def test_numbers_in_every_dress(text: str | int, number: int) -> None:
    assert references.parse(text).number == number


@pytest.mark.parametrize("text", ["", "  ", "0", "rfc0", "123456", "-1", "a\x00b", "x" * 300])
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(UsageError):
        references.parse(text)


def test_names_lead_to_the_current_standard() -> None:
    records = [
        Record(821, "Simple Mail Transfer Protocol", status="INTERNET STANDARD", obsoleted_by=(2821,)),
        Record(2821, "Simple Mail Transfer Protocol", status="PROPOSED STANDARD", obsoleted_by=(5321,)),
        Record(5321, "Simple Mail Transfer Protocol", status="DRAFT STANDARD"),
        Record(3461, "Simple Mail Transfer Protocol (SMTP) Service Extension for DSNs",
               status="DRAFT STANDARD"),
        Record(3501, "IMAP - VERSION 4rev1", status="PROPOSED STANDARD", obsoleted_by=(9051,)),
        Record(9051, "Internet Message Access Protocol (IMAP)", status="PROPOSED STANDARD"),
        Record(99, "Loops", obsoleted_by=(98,)), Record(98, "Loops", obsoleted_by=(99,)),
    ]
    ranked = references.rank("smtp", records)
    assert [one.number for one in ranked[:2]] == [5321, 3461]
    assert {one.number for one in ranked[2:]} == {821, 2821}
    assert references.rank("imap", records)[0].number == 9051
    assert references.rank("loops", records)[0].number in (98, 99)
    assert references.rank("transfer simple", records)[0].number == 5321
    assert references.rank("gopher", records) == []
    assert references.latest(99, {one.number: one for one in records}) in (98, 99)


def test_known_names_are_small_letters() -> None:
    assert all(name == name.lower() and 0 < number < 10_000
               for name, number in references.KNOWN.items())


# -- citations, first pages, differences ---------------------------------------------------


def test_bibtex_escapes() -> None:
    record = Record(1, "50% of {TeX} & $more_#~^\\", ("IAB", "Ž. Čapek"), abstract="a\nb")
    text = bibtex(record)
    assert r"title = {{50\% of \{TeX\} \& \$more\_\#\textasciitilde{}\textasciicircum{}" in text
    assert r"author = {{IAB} and {\v Z}. {\v C}apek}" in text
    assert "abstract = {a b}" in text


def test_the_first_page_tells_a_record() -> None:
    record = record_of(30001, NEW.text)
    assert (record.title, record.obsoletes, record.also) == (
        "Sample Note Protocol", (20001,), ("STD900",))
    assert record.authors == ("A. Example, Ed.", "B. Tester")
    assert record.published == "March 2026"
    assert record.status == "PROPOSED STANDARD"
    assert record.abstract.endswith("notes can expire now.")
    assert record_of(30, OLD.text).number == 30
    assert record_of(9, "").title == ""


def test_differences_by_paragraph() -> None:
    lines = list(differences(PAGED, NEW))
    assert lines[:2] == ["--- RFC 20001 Sample Note Protocol", "+++ RFC 30001 Sample Note Protocol"]
    assert "@@ 3. Expiry @@" in lines
    assert "+ Everybody can read every note." in lines
    assert not any("....." in line for line in lines)
    assert list(differences(NEW, NEW))[2:] == []
