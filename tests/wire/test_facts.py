"""Facts in little memory are facts all the same."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from postel.ftp.mlsx import mlsx
from postel.wire.facts import PackedFacts

WORDS = st.text(st.characters(exclude_characters="\0"), max_size=20)


@given(st.dictionaries(WORDS, WORDS), st.none() | WORDS)
def test_packed_facts_are_what_was_packed(facts: dict[str, str], etag: str | None) -> None:
    packed = PackedFacts(facts, etag)
    due = facts if etag is None else {**facts, "etag": etag}
    assert packed == due
    assert dict(packed) == due
    assert pickle.loads(pickle.dumps(packed)) == due
    assert all(name in packed for name in due)
    assert ("etag" in packed) == ("etag" in due)
    assert repr(packed) == repr(due)


def test_facts_of_a_line_are_read_when_they_are_asked_for() -> None:
    entry = mlsx("Type=file;Size=5;UNIX.mode=0644;X.odd=a=b; size-unit=x; name")
    assert entry is not None
    assert entry.facts == {"type": "file", "size": "5", "unix.mode": "0644", "x.odd": "a=b"}
    assert "size-unit" not in entry.facts, "that is of the name"
    assert entry.exact_size == 5
    assert pickle.loads(pickle.dumps(entry)) == entry
