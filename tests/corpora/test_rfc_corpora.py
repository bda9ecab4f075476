"""The real series: 738 texts and the index, as they were published."""

from __future__ import annotations

import lzma
import re
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from postel.rfc import abnf, index_text, references
from postel.rfc.cleaning import decoded
from postel.rfc.types import RFC, Index

pytestmark = pytest.mark.slow
Corpora = Callable[[str], Path]


@cache
def unpacked(path: Path) -> dict[int, RFC]:
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            digits = re.fullmatch(r"(?:.*/)?rfc(\d+)\.txt", member.name)
            file = archive.extractfile(member) if digits else None
            if digits and file:
                found[int(digits[1])] = RFC(int(digits[1]), "", raw=file.read())
    return dict(sorted(found.items()))


@pytest.fixture
def series(corpora: Corpora) -> dict[int, RFC]:
    return unpacked(corpora("rfc/rfc-all-protocols.tar.xz"))


@cache
def read_index(path: Path) -> Index:
    return index_text.parse(lzma.decompress(path.read_bytes()).decode("utf-8", "replace"))


@pytest.fixture
def index(corpora: Corpora) -> Index:
    return read_index(corpora("rfc/rfc-index.txt.xz"))


def test_the_index(index: Index) -> None:
    assert (len(index.records), len(index.not_issued)) == (9_830, 188)
    assert all(one.date and one.status and one.title for one in index.records)
    assert sum(not one.authors for one in index.records) == 0
    records = {one.number: one for one in index.records}
    assert records[5321].updated_by == (7504,)
    assert index.series["BCP14"] == (2119, 8174)
    assert index.series["STD3"] == (1122, 1123)
    odd = [one.number for one in index.records
           if any(re.search(r"\w{4}\. [A-Z]\.|^[a-z]", name) for name in one.authors)]
    assert len(odd) <= 2, odd
    backward = [(one.number, other) for one in index.records for other in one.obsoletes
                if other in records and one.number not in records[other].obsoleted_by]
    assert len(backward) <= 10, backward


@pytest.mark.parametrize(("name", "number"), [
    ("smtp", 5321), ("imap", 9051), ("http", 9110), ("dns", 1035), ("ftp", 959), ("pop3", 1939),
    ("nntp", 3977), ("telnet", 854), ("uri", 3986), ("json", 8259), ("tls", 9846), ("sip", 3261),
    ("internet message format", 5322), ("file transfer protocol", 959), ("quic", 9000)])
def test_names_lead_to_the_standard_of_today(index: Index, name: str, number: int) -> None:
    assert references.rank(name, index.records)[0].number == number


def test_page_furniture_is_gone(series: dict[int, RFC]) -> None:
    assert len(series) == 738
    left = {}
    for number, memo in series.items():
        lines = memo.text.split("\n")
        found = [line for line in lines if re.search(r"\[Page \w+\]$", line) or "\f" in line]
        found += [line for line in lines[5:] if re.match(rf"RFC {number} .* (19|20)\d\d$", line)]
        if found:
            left[number] = found[0]
    assert len(left) <= 2, left


def test_no_text_is_lost(series: dict[int, RFC]) -> None:
    """Words of the clean text are those of the raw one but for about two lines a page."""
    for number, memo in series.items():
        pages = memo.raw.count(b"\f") + 1
        lost = len(decoded(memo.raw).split()) - len(memo.text.split())
        assert 0 <= lost <= 30 * pages + 10, (number, lost, pages)


def test_sections_are_those_of_the_table_of_contents(series: dict[int, RFC]) -> None:
    rows = total = 0
    for memo in series.values():
        numbers = {one.number for one in memo.sections}
        table = re.findall(r"^ {0,9}((?:\d+|[A-Z])(?:\.\d+)*)\.? +\S.*?\. ?\..*\d$",
                           memo.text, re.MULTILINE)
        total += len(table)
        rows += sum(one in numbers for one in table)
    assert total > 13_000
    assert rows / total > 0.995, (rows, total)


def test_section_trees_are_plausible(series: dict[int, RFC]) -> None:
    bare = []
    for number, memo in series.items():
        found = memo.sections
        lines = [one.line for one in found]
        assert lines == sorted(set(lines)), number
        for one in found:
            assert one.level == (one.number.count(".") + 1 if one.number and
                                 not one.number.endswith(".0") else one.level), (number, one)
            assert len(one.title) < 200, (number, one)
        if not found:
            bare.append(number)
    assert len(bare) <= 5, bare


def test_each_rule_of_a_grammar_is_read(series: dict[int, RFC]) -> None:
    count = 0
    for memo in series.values():
        for rule in memo.abnf():
            abnf.check(rule.definition)
            count += 1
    assert count > 8_000
    for number, least in ((5321, 70), (5322, 130), (9051, 230), (9110, 280), (3986, 70)):
        rules = series[number].abnf()
        assert len(rules) >= least, number
        assert len(abnf.undefined(rules)) <= 6, (number, abnf.undefined(rules))


def test_a_mirror_of_all_is_made_and_searched(
    corpora: Corpora, series: dict[int, RFC], tmp_path: Path
) -> None:
    from postel.rfc import indexing, searching
    from postel.rfc.store import Store

    store = Store(tmp_path)
    for number, memo in series.items():
        (tmp_path / f"rfc{number}.txt").write_bytes(memo.raw)
    store.replace(read_index(corpora("rfc/rfc-index.txt.xz")), {})
    assert indexing.index(store) == 738
    found = {query: searching.search(store, query, limit=5) for query in (
        "transparency leading dot", "line length limits", "greylisting", '"command pipelining"')}
    store.close()
    assert "4.5.3.1.6" in [one.section for one in found["transparency leading dot"]]
    assert {one.number for one in found["line length limits"]} & {5322, 6532}
    assert found["greylisting"][0].number == 6647
    assert found['"command pipelining"'][0].number == 2920
    assert all(one.snippet and one.title for hits in found.values() for one in hits)
