"""What the IMAP server reads and writes, as pure grammar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from postel.errors import ProtocolError
from postel.imap.commands import Arguments, BadCommand, Numbers
from postel.imap.fetch_items import Section, read_items, read_modifiers
from postel.imap.list_options import matches, read_listing
from postel.imap.rendering import binary, envelope, internal_date, section, structure
from postel.imap.search_program import read_search, read_sort, read_thread
from postel.imap.wire_server import Announced, Request, ServerWire, astring, mailbox, nstring, shown
from postel.messages import parse


def words(text: bytes, *literals: bytes, verb: str = "UID FETCH", utf8: bool = False) -> Arguments:
    """Arguments; each literal stands behind all that is before it."""
    pieces = [text]
    for one in literals:
        pieces += [one, b""]
    return Arguments(Request("a", verb, tuple(pieces), (False,) * len(literals)), utf8=utf8)


def test_a_command_in_pieces_of_any_size() -> None:
    data = b"a APPEND {5+}\r\nINBOX (\\Seen) {4}\r\nb {2\r\n"
    for step in (1, 2, 5, 100):
        wire, events = ServerWire(), list[object]()
        for at in range(0, len(data), step):
            wire.feed(data[at : at + step])
            while (event := wire.next_event()) is not None:
                events.append(event)
                if isinstance(event, Announced):
                    wire.accept()
        assert events == [
            Announced("a", "APPEND", 5, False, 5, False), Announced("a", "APPEND", 4, True, 9, False),
            Request("a", "APPEND", (b"", b"INBOX", b" (\\Seen) ", b"b {2", b""), (False, False))]


def test_what_follows_a_refused_literal() -> None:
    wire = ServerWire()
    wire.feed(b"a LOGIN {5}\r\nb NOOP\r\n")
    assert isinstance(wire.next_event(), Announced)
    wire.refuse()
    assert wire.next_event() == Request("b", "NOOP", (b"",))
    wire.feed(b"c LOGIN {7+}\r\nd NOOP x {3+}\r\nabc y\r\ne NOOP\r\n")
    assert isinstance(wire.next_event(), Announced)
    wire.refuse()
    assert wire.next_event() == Request("e", "NOOP", (b"",)), "neither literal was obeyed"


@pytest.mark.parametrize(("line", "tag", "verb"), [
    (b"a1 uid fetch 1 UID", "a1", "UID FETCH"), (b"A.1 NOOP", "A.1", "NOOP"),
    (b"a NOOP  ", "a", "NOOP"), (b"a", "a", ""), (b"", "", ""), (b"+ NOOP", "", ""),
    (b"(a NOOP", "", ""), (b"a UID", "a", ""), (b'a"b NOOP', "", ""), (b"a \x00", "a", ""),
    (b"x" * 201 + b" NOOP", "", "")])
def test_tags_and_verbs(line: bytes, tag: str, verb: str) -> None:
    wire = ServerWire()
    wire.feed(line + b"\r\n")
    event = wire.next_event()
    assert isinstance(event, Request)
    assert (event.tag, event.verb) == (tag, verb)


def test_secrets_are_not_shown() -> None:
    for request in (Request("a", "LOGIN", (b"ann ", b"hunter2", b""), (False,)),
                    Request("a", "LOGIN", (b'ann "hunter2"',)),
                    Request("a", "AUTHENTICATE", (b"PLAIN aHVudGVyMg==",))):
        assert "hunter2" not in shown(request)
        assert "aHVu" not in shown(request)
        assert "***" in shown(request)
    assert shown(Request("a", "SELECT", (b"\x1b[31mx",))) == r"a SELECT \x1b[31mx"


@pytest.mark.parametrize(("text", "largest", "expected"), [
    (b"1", 9, ((1, 1),)), (b"5:3", 9, ((3, 5),)), (b"*", 9, ((9, 9),)), (b"7:*,2", 9, ((2, 2), (7, 9))),
    (b"12:*", 9, ((9, 12),)), (b"*:*", 3, ((3, 3),)), (b"1:*", 0, ())])
def test_sets_of_messages(text: bytes, largest: int, expected: tuple[tuple[int, int], ...]) -> None:
    assert Numbers.read(text).up_to(largest) == expected
    assert words(text).numbers() == Numbers.read(text)


@pytest.mark.parametrize("text", [b"0", b"1:0", b":1", b"1,", b",1", b"1::2", b"a", b"", b"01",
                                  b"4294967296", b"99999999999", b"-1", b"1;2", b"$,1"])
def test_what_is_no_set(text: bytes) -> None:
    with pytest.raises(BadCommand):
        one = words(text)
        one.numbers()
        one.end()


def test_strings_names_and_flags() -> None:
    assert words(b'"a \\"b\\" \\\\"').string() == b'a "b" \\'
    assert words(b"", b"lit\r\n").string() == b"lit\r\n"
    assert words(b"atom]").astring() == b"atom]"
    assert words(b"inBOX").mailbox() == "INBOX"
    assert words(b"Entw&APw-rfe").mailbox() == "Entwürfe"
    assert words('"Entwürfe"'.encode(), utf8=True).mailbox() == "Entwürfe"
    assert words(b"Entw&APw-rfe", utf8=True).mailbox() == "Entw&APw-rfe"
    assert words(b"(\\seen work $Junk)").flags() == ["\\Seen", "work", "$Junk"]
    assert words(b"\\Deleted x").flags() == ["\\Deleted", "x"]
    assert words(b"()").flags() == []
    for text in (b'"open', b'"a\\x"', b'"\xff"', b"(", b"", b"{3}", b'"a\0"'):
        with pytest.raises(BadCommand):
            words(text).string()
    for text in (b"(\\Recent)", b"(\\Nonsense)", b"(a  b)", b"(a", b"(()"):
        with pytest.raises(BadCommand):
            words(text).flags()
    for text in (b'"a\x07"', b"\x80", b'"\xc3"', b""):
        with pytest.raises(BadCommand):
            words(text).mailbox()


def test_dates() -> None:
    assert words(b"1-Feb-2026").date() == date(2026, 2, 1)
    assert words(b'"28-FEB-2026"').date() == date(2026, 2, 28)
    moment = words(b'" 1-Feb-2026 09:05:00 -0330"').moment()
    assert moment == datetime(2026, 2, 1, 9, 5, tzinfo=timezone(-timedelta(hours=3, minutes=30)))
    assert internal_date(moment) == b'" 1-Feb-2026 09:05:00 -0330"'
    assert words(b'"31-Dec-1999 23:59:60 +0000"').moment().tzinfo is UTC
    for text in (b"30-Feb-2026", b"1-Foo-2026", b"1-2-2026", b"2026-02-01", b"x"):
        with pytest.raises(BadCommand):
            words(text).date()
    for text in (b'"1-Feb-2026 09:05:00 +0000"', b'"01-Feb-2026 25:00:00 +0000"', b'"01-Feb-2026"',
                 b'"31-Feb-2026 00:00:00 +0000"'):
        with pytest.raises(BadCommand):
            words(text).moment()


@pytest.mark.parametrize(("text", "names"), [
    (b"FAST", ["UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE"]),
    (b"(uid flags)", ["UID", "FLAGS"]), (b"BODY[]", ["UID", "BODY[]"]),
    (b"(BODY.PEEK[1.2.MIME] BINARY[1] BINARY.SIZE[2])",
     ["UID", "BODY[]", "BINARY[]", "BINARY.SIZE[]"])])
def test_items(text: bytes, names: list[str]) -> None:
    assert [item.name for item in read_items(words(text), uid=True)] == names


def test_sections_are_written_as_they_were_asked_for() -> None:
    for text in (b"1.2.HEADER.FIELDS (To Cc)", b"HEADER.FIELDS.NOT (X)", b"TEXT", b"", b"4", b"4.MIME"):
        item = read_items(words(b"BODY.PEEK[" + text + b"]<5.10>"))[0]
        assert item.section.written() == text
        assert item.partial is not None
        assert (item.partial.origin, item.partial.length, item.reads) == (5, 10, False)
    assert read_items(words(b"BODY[TEXT]"))[0].reads
    assert not read_items(words(b"BINARY.SIZE[1]"))[0].reads


@pytest.mark.parametrize("text", [
    b"BODY[", b"BODY[]<1>", b"BODY[]<1.0>", b"BODY[MIME]", b"BODY[0]", b"BODY[1.]", b"BODY[1.NONSENSE]",
    b"BODY[HEADER.FIELDS]", b"BINARY[TEXT]", b"BODY.SIZE[1]", b"(FAST)", b"()", b"(FLAGS", b"X",
    b"BINARY.SIZE.PEEK[1]", b"PREVIEW (EAGER)", b"BODY[" + b"1." * 150 + b"1]"])
def test_what_cannot_be_fetched(text: bytes) -> None:
    with pytest.raises(BadCommand):
        one = words(text)
        read_items(one)
        one.end()


def test_modifiers() -> None:
    found = read_modifiers(words(b" (CHANGEDSINCE 5 VANISHED PARTIAL -1:-3)"))
    assert (found.since, found.vanished, found.partial) == (5, True, (-3, -1))
    for text in (b" (VANISHED)", b" ()", b" (CHANGEDSINCE 1 CHANGEDSINCE 2)", b" (NONSENSE 1)",
                 b" (PARTIAL 0:1)", b" (CHANGEDSINCE 5) x", b"(CHANGEDSINCE 1)"):
        with pytest.raises(BadCommand):
            read_modifiers(words(text))


@pytest.mark.parametrize(("pattern", "name", "sign", "expected"), [
    ("*", "a/b", "/", True), ("%", "a/b", "/", False), ("%", "a.b", "/", True), ("", "", "/", True),
    ("a*c", "abbc", "/", True), ("a*c", "abb", "/", False), ("%/%", "a/b", "/", True),
    ("%/%", "a/b/c", "/", False), ("*/c", "a/b/c", "/", True), ("a.%", "a.b", ".", True),
    ("a%", "a", "/", True), ("*a*", "bab", "/", True), ("a", "A", "/", False), ("[a]", "a", "/", False)])
def test_patterns(pattern: str, name: str, sign: str, expected: bool) -> None:
    assert matches(pattern, name, sign) is expected


def test_programs() -> None:
    request = Request("a", "SEARCH", (b"RETURN (MIN COUNT) CHARSET UTF-8 OR (SEEN FROM ",
                                      "ü".encode(), b") NOT 2:*"), (False,))
    found = read_search(Arguments(request))
    assert found.returns == {"MIN", "COUNT"}
    assert [key.name for key in found.key.keys] == ["AND", "NOT"]
    assert found.key.keys[0].keys[1].text == "ü"
    assert found.uses("SET")
    assert not found.uses("UID")
    with pytest.raises(BadCommand):
        read_search(words(b"CHARSET UTF-8 FROM ", b"\xff", verb="SEARCH"))
    order, asked = read_sort(words(b"(REVERSE DATE SUBJECT) UTF-8 UNSEEN"))
    assert order == (("DATE", True), ("SUBJECT", False))
    assert asked.key.name == "UNSEEN"
    assert read_thread(words(b"REFERENCES UTF-8 ALL"))[0] == "REFERENCES"
    listing = read_listing(words(b'(SUBSCRIBED) "" (a "b c") RETURN (CHILDREN STATUS (UNSEEN))'),
                           lambda name: True)
    assert listing.patterns == ("a", "b c")
    assert listing.status == ("UNSEEN",)


@pytest.mark.parametrize(("data", "expected"), [
    (b"From: =?utf-8?q?J=C3=BC?= <a@b>\r\n\r\n", b'(("=?utf-8?q?J=C3=BC?=" NIL "a" "b"))'),
    (b'From: "Quo\\"ted" <a@b>\r\n\r\n', b'(("Quo\\"ted" NIL "a" "b"))'),
    (b"From: g: a@b, c@d;\r\n\r\n",
     b'((NIL NIL "g" NIL)(NIL NIL "a" "b")(NIL NIL "c" "d")(NIL NIL NIL NIL))'),
    (b"From: local\r\n\r\n", b'((NIL NIL "local" ""))'),
    ("From: Jürgen <a@b>\r\n\r\n".encode(), '(({7}\r\nJürgen NIL "a" "b"))'.encode()),
])
def test_envelopes(data: bytes, expected: bytes) -> None:
    assert envelope(parse(data)).startswith(b"(NIL NIL " + expected)


def test_structures() -> None:
    twice = (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
             b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
             b"U3ViamVjdDogeA0KDQp5\r\n--a--\r\n")
    assert b'("APPLICATION" "OCTET-STREAM" NIL NIL NIL "BASE64" 20' in structure(parse(twice)), (
        "a message in base64 is not opened")
    assert structure(parse(b"Content-Type: multipart/x; boundary=q\r\n\r\nnone\r\n")).startswith(
        b'(("TEXT" "PLAIN"'), "a multipart has at least one part"
    assert b'("de" "en")' in structure(parse(b"Content-Language: de, en\r\n\r\n"))
    assert binary(parse(twice), Section((1,))) == b"Subject: x\r\n\r\ny"
    with pytest.raises(ValueError, match="x-odd"):
        binary(parse(twice.replace(b"base64", b"x-odd")), Section((1,)))
    assert section(parse(twice), Section((9,))) is None


def test_words_that_are_written() -> None:
    assert astring(b"a b") == b'"a b"'
    assert astring(b"") == b'""'
    assert astring(b"nil") == b'"nil"'
    assert nstring("ü".encode()) == "{2}\r\nü".encode()
    assert mailbox('q"\\', utf8=True) == b'"q\\"\\\\"'


def test_caps() -> None:
    wire = ServerWire(longest=100)
    wire.feed(b"a " + b"x" * 200)
    with pytest.raises(ProtocolError, match="over 100 bytes"):
        wire.next_event()
