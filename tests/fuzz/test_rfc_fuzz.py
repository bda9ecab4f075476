"""Anything may be called an index, a text, a grammar or errata; nothing but our errors comes out."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import LimitReached, PostelError, ProtocolError
from postel.lab.rfc_samples import sample_files
from postel.rfc import abnf, errata, index_text, index_xml, references, searching
from postel.rfc.cleaning import clean, clean_lines, decoded
from postel.rfc.comparing import differences
from postel.rfc.sections import sections
from postel.rfc.types import RFC

FILES = sample_files()
pieces = st.lists(st.sampled_from([
    "1. Title", "1.1. Sub", "2.  Next", "A.  Appendix", "Appendix B. More", "Abstract", "", "", "\f",
    "Postel      [Page 1]", "RFC 1    Memo    May 1999", "Table of Contents", "   1. Title ..... 3",
    "   text of a line that goes on", '   rule = "x" / *( DIGIT', "      [ SP ] CRLF )", "\x00\x1b[m",
    "   x = = y", "; comment"]), max_size=40).map("\n".join)
texts = st.one_of(pieces, st.text(max_size=300), st.binary(max_size=300).map(decoded))


@given(texts)
def test_a_text_is_read(text: str) -> None:
    memo = RFC(1, "x", raw=text.encode("utf-8", "surrogatepass"))
    assert "\f" not in clean(text)
    numbers = [number for number, _ in clean_lines(text)]
    assert numbers == sorted(numbers)
    for one in memo.sections:
        assert one.text.startswith(one.own.rstrip("\n")[:20])
        assert one.level >= 1
    for rule in memo.abnf():
        abnf.check(rule.definition)


@given(texts, texts)
def test_two_texts_are_compared(left: str, right: str) -> None:
    old, new = (RFC(1, "x", raw=one.encode("utf-8", "surrogatepass")) for one in (left, right))
    assert len(list(differences(old, new))) >= 2


@given(texts)
def test_clean_twice_is_clean(text: str) -> None:
    assert len(sections(clean(text))) <= text.count("\n") + 2


@given(st.data())
def test_an_index_that_was_damaged(data: st.DataObject) -> None:
    for name, parse in (("/rfc-index.txt", lambda raw: index_text.parse(decoded(raw))),
                        ("/rfc-index.xml", index_xml.parse), ("/errata.json", errata.parse)):
        raw = bytearray(FILES[name])
        for _ in range(data.draw(st.integers(0, 6))):
            at = data.draw(st.integers(0, len(raw) - 1))
            raw[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
        with contextlib.suppress(ProtocolError, LimitReached):
            parse(bytes(raw))


@given(st.text(max_size=80))
def test_references_and_queries(text: str) -> None:
    with contextlib.suppress(PostelError):
        references.parse(text)
    references.is_section(text)
    references.acronym(text)
    with contextlib.suppress(PostelError):
        asked = searching.expression(searching.terms(text), "AND")
        assert asked.count('"') % 2 == 0
    with contextlib.suppress(ProtocolError):
        abnf.check(text)
