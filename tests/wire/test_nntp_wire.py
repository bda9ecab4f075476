"""NNTP's grammar: commands, answers, bodies however they are cut, compression, patterns, URLs."""

from __future__ import annotations

import pickle
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from postel.errors import ProtocolError, UsageError
from postel.messages.codecs.yenc import encode
from postel.messages.parsed import Parsed
from postel.nntp import commands, listings, parse_location, wire
from postel.nntp.bodies import PIECE
from postel.nntp.location import server_of
from postel.nntp.overview import STANDARD, Overview, parse_format, rows
from postel.nntp.posting import answer, outgoing, transit
from postel.nntp.wildmat import matches
from postel.nntp.wire import Data, Reply, Request, ServerWire, Wire
from postel.wire.dots import stuffed

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
UNIQUE = "4kJ8sPq2Xw7m"


def greeted(greeting: bytes = b"200 hi\r\n") -> Wire:
    grammar = Wire()
    grammar.feed(greeting)
    assert grammar.next_event() == (wire.GREETING, Reply(200, "hi"))
    return grammar


def told(grammar: Wire, command: wire.Ask, data: bytes, size: int = 0) -> tuple[list[Reply], bytes]:
    """What *data*, fed in pieces, says in answer to *command*."""
    grammar.send(command)
    replies, body = [], b""
    for at in range(0, len(data), size or len(data)):
        grammar.feed(data[at : at + (size or len(data))])
        while (pair := grammar.next_event()) is not None:
            assert pair[0] is command
            if isinstance(pair[1], Reply):
                replies.append(pair[1])
            else:
                body += pair[1].chunk
    return replies, body


@pytest.mark.parametrize(("command", "line"), [
    (commands.group("a.b"), b"GROUP a.b"), (commands.listgroup(None, None), b"LISTGROUP"),
    (commands.listgroup("g", "1-2"), b"LISTGROUP g 1-2"),
    (commands.article("ARTICLE", None), b"ARTICLE"), (commands.article("HEAD", 7), b"HEAD 7"),
    (commands.article("BODY", "a@b"), b"BODY <a@b>"), (commands.stat("<a@b>"), b"STAT <a@b>"),
    (commands.over("XOVER", "1-"), b"XOVER 1-"), (commands.hdr("HDR", ":bytes", "1"), b"HDR :bytes 1"),
    (commands.xpat("Subject", "1-", ("*x*", "y")), b"XPAT Subject 1- *x* y"),
    (commands.list_("ACTIVE", "a.*"), b"LIST ACTIVE a.*"), (commands.mode_reader(), b"MODE READER"),
    (commands.mode_stream(), b"MODE STREAM"), (commands.check("a@b"), b"CHECK <a@b>"),
    (commands.takethis("a@b"), b"TAKETHIS <a@b>"), (commands.ihave("a@b"), b"IHAVE <a@b>"),
    (commands.compress(), b"COMPRESS DEFLATE"), (commands.starttls(), b"STARTTLS"),
    (commands.xfeature_gzip(terminator=True), b"XFEATURE COMPRESS GZIP TERMINATOR"),
    (commands.auth_user("ann"), b"AUTHINFO USER ann"), (commands.auth_pass("a b"), b"AUTHINFO PASS a b"),
    (commands.auth_sasl("PLAIN", None), b"AUTHINFO SASL PLAIN"),
    (commands.auth_sasl("PLAIN", b"="), b"AUTHINFO SASL PLAIN ="),
    (commands.group("caf\u00e9"), b"GROUP caf\xc3\xa9"), (commands.group("caf\udce9"), b"GROUP caf\xe9"),
])
def test_commands(command: wire.Ask, line: bytes) -> None:
    assert Wire().send(command) == line + b"\r\n"


@pytest.mark.parametrize("command", [
    commands.auth_pass("hush"), commands.auth_sasl("PLAIN", b"hush")])
def test_secrets_are_not_shown(command: Any) -> None:
    assert "hush" not in f"{command} {command!r}"
    assert "***" in str(command)


LISTING = b"one\r\n..two\r\n...\r\n\r\nlast\r\n"
PLAIN = b"one\r\n.two\r\n..\r\n\r\nlast\r\n"


@pytest.mark.parametrize("size", range(1, 40))
def test_bodies_cut_anywhere(size: int) -> None:
    grammar = greeted()
    article, listing = commands.article("BODY", 1), commands.list_("MOTD")
    for command, code in ((article, b"222"), (listing, b"215")):
        for text, plain in ((LISTING, PLAIN), (b"", b""), (b"..\r\n", b".\r\n")):
            assert told(grammar, command, code + b" x\r\n" + text + b".\r\n", size) == (
                [Reply(int(code), "x")], plain)
    assert told(grammar, listing, b"215 x\na\n..b\nc\r\n.\n", size)[1] == b"a\n.b\nc\r\n"
    bare = b"222 x\r\na\n.\nb\n.\r\nc\r\n.\r\n"  # within an article a bare LF ends no line
    assert told(grammar, article, bare, size)[1] == b"a\n.\nb\n.\r\nc\r\n"
    assert told(grammar, commands.date(), b"111 x\r\n") == ([Reply(111, "x")], b"")


def test_many_answers_in_one_packet() -> None:
    grammar = greeted()
    asked = [commands.article("HEAD", n) for n in range(50)]
    for command in asked:
        grammar.send(command)
    grammar.feed(b"".join(b"423 none\r\n" if n % 5 == 0 else b"221 %d <a@b>\r\nN: %d\r\n.\r\n" % (n, n)
                          for n in range(50)))
    for n, command in enumerate(asked):
        pair = grammar.next_event()
        assert pair is not None
        assert pair[0] is command
        if n % 5:
            assert grammar.next_event() == (command, Data(b"N: %d\r\n" % n, last=True))
    assert grammar.next_event() is None


ROWS = b"".join(b"%d\tsubject %d\r\n" % (n, n) for n in range(1000))


def zipped(*, inside: bool) -> bytes:
    return zlib.compress(ROWS + b".\r\n") if inside else zlib.compress(ROWS) + b".\r\n"


def packed() -> bytes:
    deflate = zlib.compressobj(wbits=-15)
    data = deflate.compress(ROWS) + deflate.flush()
    return stuffed(b"".join(encode(data, "x")))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 0])
@pytest.mark.parametrize("way", ["inside", "behind", "packed"])
def test_compressed_bodies_cut_anywhere(size: int, way: str) -> None:
    grammar = greeted()
    verb = "XZVER" if way == "packed" else "OVER"
    body = packed() if way == "packed" else zipped(inside=way == "inside")
    text = "x" if way == "packed" else "x [COMPRESS=GZIP]"
    for _ in range(2):
        data = b"224 " + text.encode() + b"\r\n" + body
        assert told(grammar, commands.over(verb, "1-"), data, size) == ([Reply(224, text)], ROWS)
    assert told(grammar, commands.date(), b"111 x\r\n") == ([Reply(111, "x")], b"")


@pytest.mark.parametrize("body", [
    b"no zlib at all\r\n.\r\n", zlib.compress(ROWS) + b"220 what\r\n", zlib.compress(b"1\ta") + b"\r\n"])
def test_zipped_bodies_that_are_none(body: bytes) -> None:
    grammar = greeted()
    with pytest.raises(ProtocolError):
        told(grammar, commands.over("OVER", "1-"), b"224 [COMPRESS=GZIP]\r\n" + body)


@pytest.mark.parametrize("body", [
    b"1\tno yenc\r\n.\r\n", b"=ybegin line=128 size=3 name=x\r\n\x01\x02\x03\r\n=yend size=3\r\n.\r\n",
    b"=ybegin " + b"x" * 5000 + b"\r\n.\r\n"])
def test_packed_bodies_that_are_none(body: bytes) -> None:
    grammar = greeted()
    with pytest.raises(ProtocolError):
        told(grammar, commands.over("XZVER", "1-"), b"224 x\r\n" + body)


@pytest.mark.parametrize("size", [1, 5, 0])
def test_deflate_both_ways(size: int) -> None:
    client, server = greeted(), ServerWire()
    client.compress()
    server.compress()
    sent = client.send(commands.group("a.b")) + client.send(commands.date())
    for at in range(0, len(sent), size or len(sent)):
        server.feed(sent[at : at + (size or len(sent))])
    assert server.next_request() == Request("GROUP", ("a.b",), "a.b")
    assert server.next_request() == Request("DATE", (), "")
    assert server.next_request() is None
    data = server.raw(b"211 1 1 1 a.b\r\n") + server.raw(b"111 x\r\n")
    client.feed(data)
    assert [pair[1] for pair in (client.next_event(), client.next_event()) if pair] == [
        Reply(211, "1 1 1 a.b"), Reply(111, "x")]


def test_what_was_inflated_is_bounded() -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = deflate.compress(b"222 x\r\n" + b"x\r\n" * 20_000_000) + deflate.flush(zlib.Z_SYNC_FLUSH)
    assert len(bomb) < 100_000
    grammar = greeted()
    grammar.compress()
    command = commands.article("BODY", 1)
    grammar.send(command)
    tracemalloc.start()
    try:
        grammar.feed(bomb)
        for _ in range(50):
            assert grammar.next_event() is not None
        assert tracemalloc.get_traced_memory()[1] < 12 * PIECE + len(bomb) * 3
    finally:
        tracemalloc.stop()


def test_a_line_without_end_is_bounded() -> None:
    for body in (b"x" * 3_000_000, zlib.compress(b"x" * 50_000_000)):
        grammar = greeted()
        text = b"224 x\r\n" if body[:1] == b"x" and len(body) > 1_000_000 else b"224 [COMPRESS=GZIP]\r\n"
        with pytest.raises(ProtocolError, match="a line of over"):
            told(grammar, commands.over("OVER", "1-"), text + body, 60_000)


def test_linear(linear: Callable[..., None]) -> None:
    def work(count: int) -> None:
        told(greeted(), commands.over("OVER", "1-"), b"224 x\r\n" + b"1\ta\r\n" * count + b".\r\n", 700)

    linear(work, 2_000)
    linear(lambda n: matches("*a" * n + "b", "a" * n), 200)


@pytest.mark.parametrize("line", [
    b"what\r\n", b"20 x\r\n", b"20x ready\r\n", b"2000\r\n", b"\r\n", b"\xff\xf4\r\n", b"600 x\r\n", b"000 x\r\n",
    "\u0662\u0662\u0662 x\r\n".encode()])
def test_no_answers(line: bytes) -> None:
    grammar = greeted()
    grammar.send(commands.date())
    grammar.feed(line)
    with pytest.raises(ProtocolError, match="that is no answer"):
        grammar.next_event()


def test_out_of_turn() -> None:
    grammar = greeted()
    grammar.feed(b"200 hello again\r\n400 bye\r\n211 what\r\n")
    assert grammar.next_event() == (None, Reply(200, "hello again"))
    assert grammar.next_event() == (None, Reply(400, "bye"))
    with pytest.raises(ProtocolError, match="out of turn"):
        grammar.next_event()
    grammar = greeted()
    grammar.send(commands.starttls())
    grammar.feed(b"382 go\r\n205 injected\r\n")
    assert grammar.next_event() is not None
    with pytest.raises(ProtocolError, match="in the clear after TLS"):
        grammar.end_of_clear_text()


# -- the server's side ---------------------------------------------------------------------


@pytest.mark.parametrize(("line", "request_"), [
    (b"group a.b", Request("GROUP", ("a.b",), "a.b")),
    (b"  list   active  a.* ", Request("LIST ACTIVE", ("a.*",), "a.*")),
    (b"LIST", Request("LIST", (), "")), (b"mode reader", Request("MODE READER", (), "")),
    (b"AUTHINFO PASS a  b", Request("AUTHINFO PASS", ("a", "b"), "a  b")),
    (b"", Request("", (), "")), (b"\xff", Request("\udcff", (), "")),
])
def test_requests(line: bytes, request_: Request) -> None:
    grammar = ServerWire()
    grammar.feed(line + b"\r\n")
    assert grammar.next_request() == request_


def test_articles_of_a_client() -> None:
    grammar = ServerWire()
    grammar.feed(b"POST\r\n..a\r\n.b\r\n.\r\nDATE\r\n")
    assert grammar.next_request() == Request("POST", (), "")
    assert grammar.next_article() == Data(b".a\r\nb\r\n", last=True)
    assert grammar.next_request() == Request("DATE", (), "")
    with pytest.raises(ProtocolError):
        grammar.feed(b"x" * 10_000)
        grammar.next_request()


# -- overviews -----------------------------------------------------------------------------


def test_rows_are_values() -> None:
    line = b"7\tHi\tAnn <a@b.example>\tSat, 21 Nov 2026 10:00:00 +0000\t<7@x>\t<1@x> <2@x>\t9\t3"
    row = Overview(line)
    assert row.date == NOW
    assert row.from_[0].address == "a@b.example"
    assert row.author == "Ann <a@b.example>"
    assert (row.message_id, row.references) == ("<7@x>", ("1@x", "2@x"))
    assert row.xref == ""
    assert row.places == {}
    assert row.get("Newsgroups", "none") == "none"
    with pytest.raises(KeyError):
        row["Newsgroups"]
    again = pickle.loads(pickle.dumps(row))
    assert again == row
    assert hash(again) == hash(row)
    assert again != Overview(b"8")
    assert repr(row) == "<Overview 7 'Hi'>"
    assert [one.number for one in rows([b"x\ty", b"", b"\xb2", b"9" * 30])] == [0, 0, 0]


def test_formats() -> None:
    assert parse_format([]) == STANDARD
    assert parse_format([b"Subject:", b"Bytes:", b"Lines:", b"", b"X:FULL"])[7:] == ("X:FULL",)


def test_rows_are_made_fast_enough_to_be_lazy() -> None:
    assert Overview.__slots__ == ("_columns", "_format", "line")


# -- lines ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "1 2", "x y z g", "1 -2 3 g", "1 2 \u0663 g", "1 2 " + "9" * 40])
def test_no_numbers(text: str) -> None:
    with pytest.raises(ProtocolError, match="no numbers"):
        listings.parse_group(text)


@pytest.mark.parametrize("text", ["", "today", "20261321000000", "2026112110000"])
def test_no_dates(text: str) -> None:
    with pytest.raises(ProtocolError, match="no date"):
        listings.parse_date(text)


def test_lines_that_do_not_fit_are_left_out() -> None:
    odd = [b"", b" ", b"x", b"x y", b"x y z", b"a:b", b"1:a", b"\xff\xfe", b"<a@b> 1", b"a 9" * 50]
    for parse in (listings.parse_active, listings.parse_counts, listings.parse_times,
                  listings.parse_distrib_pats, listings.parse_moderators, listings.parse_numbers):
        assert len([*parse(odd)]) <= 4
    many: Any = (b"C%d" % n for n in range(5000))
    assert len(listings.parse_capabilities(many)) == 1000
    assert listings.parse_capabilities([b"SASL A", b"sasl B"]) == {"SASL": ("A", "B")}


@pytest.mark.parametrize(("wildmat", "name", "fits"), [
    ("*", "", True), ("a*", "abc", True), ("*c", "abc", True), ("a*c", "ac", True), ("a*c", "a", False),
    ("a?c", "abc", True), ("a?c", "ac", False), ("[a-c]x", "bx", True), ("[^a-c]x", "bx", False),
    ("[z-a]", "b", False), ("a[", "a[", True), ("a\\*", "a*", True), ("a\\*", "ab", False),
    ("!a", "b", False), ("*,!a", "a", False), ("*,!a", "b", True), ("a,b", "b", True),
    ("a.*,!a.b.*,a.b.c", "a.b.c", True), ("(?x)", "x", False), ("*ab*ab", "ab", False),
    ("*ab*ab", "abab", True), ("caf\u00e9.*", "caf\u00e9.x", True), ("a+", "aa", False),
])
def test_wildmats(wildmat: str, name: str, fits: bool) -> None:
    assert matches(wildmat, name) is fits


# -- URLs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "server", "group", "first", "last", "name"), [
    ("nntp://h.example/a.b/7", "nntp://h.example", "a.b", 7, 7, ""),
    ("nntps://u@h.example:99/a.b/7-", "nntps://u@h.example:99", "a.b", 7, None, ""),
    ("nntp://h.example/a.b/7-9", "nntp://h.example", "a.b", 7, 9, ""),
    ("nntp://h.example", "nntp://h.example", "", None, None, ""),
    ("nntp://h.example/a.b/", "nntp://h.example", "a.b", None, None, ""),
    ("news://h.example/a.b", "nntp://h.example", "a.b", None, None, ""),
    ("snews://h.example/a%2fb@c", "nntps://h.example", "", None, None, "<a/b@c>"),
    ("news:a.b", None, "a.b", None, None, ""), ("news:*", None, "*", None, None, ""),
    ("news:x%25y@c.example", None, "", None, None, "<x%y@c.example>"),
    ("NEWS:a@b", None, "", None, None, "<a@b>"),
])
def test_urls(text: str, server: str | None, group: str, first: int | None, last: int | None,
              name: str) -> None:
    place = parse_location(text)
    assert (None if place.server is None else str(place.server)) == server
    assert (place.group, place.first, place.last, place.message_id) == (group, first, last, name)


@pytest.mark.parametrize("text", [
    "http://h.example/", "nntp://h.example/a/b/c", "nntp://h.example/a/x", "nntp://h.example//7",
    "news:a%20b", "news:a%0ab@c", "news:<a@b", "news:a@b%3e", "nntp://h.example/a%0d%0aQUIT"])
def test_urls_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        parse_location(text)


def test_servers_of_urls() -> None:
    assert str(server_of("news://ann@h.example:99/a.b")) == "nntp://ann@h.example:99"
    assert str(server_of("nntps://h.example/a.b?x#y")) == "nntps://h.example"
    assert server_of("h.example") == "h.example"
    assert str(server_of("ftp://h.example/x")) == "ftp://h.example/x"  # the client refuses it
    with pytest.raises(UsageError, match="it names no server"):
        server_of("news:comp.lang.python")


# -- articles ------------------------------------------------------------------------------


def test_what_is_posted_has_what_it_must() -> None:
    bare = b"From: a@b.example\nNewsgroups: old,\n older\nSubject: s\n\nx\n.y"
    ready = outgoing(bare, groups="a.b, c.d", now=NOW, unique=UNIQUE)
    assert ready.message_id == f"<{UNIQUE}@b.example>"
    parsed = Parsed(ready.data)
    assert parsed.headers.all("newsgroups") == ["a.b,c.d"]
    assert ready.data.endswith(b"\r\n\r\nx\r\n.y")
    again = outgoing(b"Message-ID: <m@x>\r\nFrom: a\r\nNewsgroups: g\r\nSubject: s\r\n\r\n", now=NOW,
                     unique=UNIQUE)
    assert again.message_id == "<m@x>"
    assert transit(b"Message-ID:\n <m@x>\n\nx\n").data == b"Message-ID:\r\n <m@x>\r\n\r\nx\r\n"


def test_follow_ups() -> None:
    asked = Parsed(b"From: a@b.example\r\nNewsgroups: g,h\r\nFollowup-To: h\r\nSubject: Re: s\r\n"
                   b"Message-ID: <2@b>\r\nReferences: <1@b>\r\n\r\nHello\r\n")
    note = answer(asked, from_="ann@x.example", text="Yes")
    ready = outgoing(note, now=NOW, unique=UNIQUE)
    parsed = Parsed(ready.data)
    assert parsed.headers.get("newsgroups") == "h"
    assert parsed.references == ("1@b", "2@b")
    assert b"\nTo:" not in ready.data
    assert "> Hello" in parsed.text
    for bad in (b"Followup-To: poster\r\n", b""):
        with pytest.raises(UsageError, match="follow up"):
            answer(Parsed(b"From: a@b.example\r\n" + bad + b"\r\n"), from_="a@b", text="x")
