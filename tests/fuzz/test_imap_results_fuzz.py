"""Typed results of whatever comes: a result or ProtocolError; the short way means what the long does."""

from __future__ import annotations

import pickle

from hypothesis import example, given
from hypothesis import strategies as st

from postel.errors import ProtocolError, UsageError
from postel.imap import names, responses, tokens
from postel.imap.envelope import Envelope
from postel.imap.fetched import fetched
from postel.imap.plain_fetch import plain_fetch
from postel.imap.query import DEEPEST_QUERY, Query
from postel.imap.query_match import Candidate, matches
from postel.imap.query_plain import plain
from postel.imap.query_text import query
from postel.imap.query_words import search_words
from postel.imap.state import State
from postel.imap.structure import Structure
from postel.imap.wire import Reply, Untagged

STRINGS = st.one_of(st.just(b"NIL"), st.binary(max_size=12).map(
    lambda raw: b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"") + b'"'))
ADDRESSES = st.one_of(st.just(b"NIL"), st.lists(
    st.lists(STRINGS, min_size=4, max_size=4).map(lambda four: b"(" + b" ".join(four) + b")"),
    min_size=1, max_size=3).map(lambda some: b"(" + b"".join(some) + b")"))
ENVELOPES = st.tuples(*[STRINGS] * 2, *[ADDRESSES] * 6, *[STRINGS] * 2).map(
    lambda ten: b"ENVELOPE (" + b" ".join(ten) + b")")
ITEMS = st.one_of(
    ENVELOPES,
    st.sampled_from([
        b"UID 7", b"UID NIL", b"UID x", b"FLAGS (\\SEEN a)", b"FLAGS ()", b"FLAGS NIL", b"MODSEQ (12)",
        b"MODSEQ 12", b'INTERNALDATE "17-Jul-1996 02:44:25 -0700"', b"INTERNALDATE NIL",
        b'INTERNALDATE " 7-Jul-1996 02:44:60 +0000"', b'INTERNALDATE "x"', b"RFC822.SIZE 9e3",
        b"RFC822.SIZE -1", b"EMAILID (M1)", b"THREADID NIL", b'PREVIEW ""', b"PREVIEW NIL",
        b"X-GM-LABELS (a &AOk- NIL)", b"X-GM-MSGID 99", b"X-NEW (a b)", b'X-NEW "a"', b"RFC822 NIL",
        b'RFC822.HEADER "a: b"', b"BODY (NIL)", b"ENVELOPE NIL", b"ENVELOPE ()", b"ENVELOPE (NIL a)",
        b"BODY[1] NIL", b'BODY[] "x"', b'BODY ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)'])
)
VALUES: st.SearchStrategy[tokens.Value] = st.recursive(
    st.one_of(st.none(), st.binary(max_size=8), st.sampled_from(
        ["TEXT", "1", "-1", "9e99", "NIL", "x", "UID", "FLAGS", "1:5", "\\Seen", "ALL", "5:1,x"])),
    lambda inner: st.lists(inner, max_size=8), max_leaves=25)


def everything(one: object) -> None:
    """Look at all there is."""
    for name in dir(one):
        if not name.startswith("_"):
            getattr(one, name)
    assert pickle.loads(pickle.dumps(one)) == one
    repr(one)


@given(st.lists(ITEMS, min_size=1, max_size=5), st.sampled_from([b"FETCH", b"UIDFETCH"]))
@example([b'ENVELOPE (NIL "a" NIL NIL NIL NIL NIL NIL NIL NIL)', b"UID 3"], b"FETCH")
def test_the_short_way_means_what_the_long_way_means(items: list[bytes], name: bytes) -> None:
    line = b"* 12 " + name + b" (" + b" ".join(items) + b")"
    long = Untagged(name.decode(), 12, tokens.parse([line[1:]])[2:])
    found = plain_fetch(line)
    if found is None:
        return
    number, kind, short = found
    one, other = fetched(Untagged(kind, number, None, short)), fetched(long)
    assert one == other
    assert Untagged(kind, number, None, short) == long
    for envelope, same in ((one.envelope, other.envelope),):
        if envelope is not None and same is not None:
            everything(envelope)
            for field in ("date", "subject", "from_", "sender", "reply_to", "to", "cc", "bcc",
                          "in_reply_to", "message_id"):
                assert getattr(envelope, field) == getattr(same, field), field


@given(st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b"")))
def test_no_line_is_taken_for_plain_that_is_not(raw: bytes) -> None:
    line = b"* 1 FETCH (UID 1 FLAGS (" + raw + b"))"
    if (found := plain_fetch(line)) is not None:
        values = tokens.parse([line[1:]])
        assert found[2].values() == values
        assert len(values) == 3


@given(VALUES)
def test_any_values_are_a_structure_and_an_envelope(values: tokens.Value) -> None:
    made = Structure.read(values)
    everything(made)
    sections = [part.section for part in made.walk() if not part.is_multipart]
    assert len(sections) == len(set(sections))
    if isinstance(values, list):
        everything(Envelope(values))


KINDS = [responses.folder, responses.status, responses.found, responses.thread, responses.vanished,
         responses.quota, responses.quota_root, responses.acl, responses.my_rights,
         responses.list_rights, responses.metadata, responses.namespaces, responses.identity,
         responses.enabled, responses.capabilities, fetched]
NAMES = ["LIST", "STATUS", "ESEARCH", "THREAD", "VANISHED", "QUOTA", "QUOTAROOT", "ACL", "MYRIGHTS",
         "LISTRIGHTS", "METADATA", "NAMESPACE", "ID", "ENABLED", "CAPABILITY", "FETCH"]


@given(st.lists(VALUES, max_size=6), st.integers(0, len(KINDS) - 1))
def test_any_values_are_a_result_or_a_protocol_error(values: list[tokens.Value], kind: int) -> None:
    try:
        KINDS[kind](Untagged(NAMES[kind], 3, values))  # type: ignore[operator]
    except ProtocolError:
        pass


@given(st.lists(VALUES, max_size=4), st.sampled_from(["COPYUID", "APPENDUID", "MODIFIED", "INPROGRESS"]))
def test_any_codes(values: list[tokens.Value], code: str) -> None:
    reply = Reply("OK", "", code, tuple(values))
    for read in (responses.copied, responses.appended, responses.modified, responses.progress):
        try:
            read(reply)  # type: ignore[operator]
        except ProtocolError:
            pass


@given(st.text(alphabet=st.sampled_from('ab()|"- :?\\fromis20OR\u00e4'), max_size=40))
def test_any_text_is_a_query_or_a_usage_error(text: str) -> None:
    one = Candidate(b"From: a\r\nSubject: b\r\n\r\nab\r\n")
    for read in (plain, query):
        try:
            found = read(text)
        except UsageError:
            continue
        assert isinstance(found, Query)
        try:
            matches(found, one)
            search_words(found, ["OBJECTID", "X-GM-EXT-1", "WITHIN"])
        except Exception as error:
            assert type(error).__name__ == "NotSupported", error
        repr(found)
        assert DEEPEST_QUERY


@given(st.text(max_size=30))
def test_names_go_there_and_back(name: str) -> None:
    if name.isprintable():
        assert names.decode(names.encode(name)) == name
    try:
        State.from_json(name)
    except UsageError:
        pass
