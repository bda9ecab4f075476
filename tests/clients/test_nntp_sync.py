# GENERATED from test_nntp_async.py by tools/unasync.py: edit that file, not this one.
"""Each command on the wire and what is made of its answer; fallbacks, log-ins, quirks, windows."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from nntp_peer import ARTICLE, CAPABILITIES, FORMAT, NNTPPeer, row

from postel.errors import (
    AuthenticationError,
    BusyError,
    Conflict,
    ConnectionLost,
    Forbidden,
    LimitReached,
    NotFound,
    NotSupported,
    ProtocolError,
    ReplyError,
    TryLater,
    UsageError,
)
from postel.nntp import Article, Created, Description, Group, Listed, Stat
from postel.nntp.client_sync import Client


def client(peer: Any, **keywords: Any) -> Client:
    return Client("127.0.0.1", port=peer.port, **{"timeout": 5.0, **keywords})


WORDS = [
    ("group", ("g",), b"GROUP g", b"211 3 1 3 g\r\n", Group("g", 3, 1, 3)),
    ("group", ("g",), b"GROUP g", b"211 0 0 0\r\n", Group("g", 0, 1, 0)),
    ("listgroup", ("g",), b"LISTGROUP g", b"211 2 1 3 g list\r\n1\r\n3\r\n.\r\n", [1, 3]),
    ("listgroup", ("g",), b"LISTGROUP g", b"211 list follows\r\n1\r\n3\r\n.\r\n", [1, 3]),
    ("listgroup", ("g", 2, 9), b"LISTGROUP g 2-9", b"211 2 1 3 g\r\n3\r\n.\r\n", [3]),
    ("article", (7,), b"ARTICLE 7", b"220 7 <a@b>\r\nA: b\r\n\r\n..x\r\n.\r\n",
     Article(7, "<a@b>", b"A: b\r\n\r\n.x\r\n")),
    ("article", ("a@b",), b"ARTICLE <a@b>", b"220 0 <a@b>\r\n.\r\n", Article(0, "<a@b>", b"")),
    ("article", (7,), b"ARTICLE 7", b"220\r\nA: b\r\n.\r\n", Article(7, "", b"A: b\r\n")),
    ("head", (), b"HEAD", b"221 7 <a@b>\r\nA: b\r\n.\r\n", Article(7, "<a@b>", b"A: b\r\n")),
    ("body", (7,), b"BODY 7", b"222 7 <a@b>\r\nx\r\n.\r\n", Article(7, "<a@b>", b"x\r\n")),
    ("stat", (7,), b"STAT 7", b"223 7 <a@b> there\r\n", Stat(7, "<a@b>")),
    ("next", (), b"NEXT", b"223 8 <a@b>\r\n", Stat(8, "<a@b>")),
    ("last", (), b"LAST", b"223 6 <a@b>\r\n", Stat(6, "<a@b>")),
    ("date", (), b"DATE", b"111 20261121100000\r\n", datetime(2026, 11, 21, 10, tzinfo=UTC)),
    ("help", (), b"HELP", b"100 help\r\n HELP\r\n.\r\n", " HELP"),
    ("list_motd", (), b"LIST MOTD", b"215 x\r\nhello\r\n.\r\n", "hello"),
    ("list_headers", ("MSGID",), b"LIST HEADERS MSGID", b"215 x\r\n:\r\n.\r\n", [":"]),
    ("list_subscriptions", ("a.*",), b"LIST SUBSCRIPTIONS a.*", b"215 x\r\na.b\r\n.\r\n", ["a.b"]),
    ("noop", (), b"DATE", b"500 what\r\n", None),
]


@pytest.mark.parametrize(("word", "arguments", "sent", "answer", "result"), WORDS)
def test_word(
    word: str, arguments: tuple[Any, ...], sent: bytes, answer: bytes, result: Any
) -> None:
    key = " ".join(sent.decode().split(" ")[: 2 if sent.startswith(b"LIST ") else 1])
    with NNTPPeer({key: answer}) as peer:
        with client(peer) as news:
            peer.commands.clear()
            assert getattr(news, word)(*arguments) == result
            assert peer.commands == [sent]


ROWS = [
    ("list", (), b"LIST ACTIVE", b"215 x\r\na.b 9 1 y\r\nbad\r\n\r\nc.d 0005 0001 =a.b\r\n.\r\n",
     [Listed("a.b", 1, 9, "y"), Listed("c.d", 1, 5, "=a.b")]),
    ("list", ("a.*",), b"LIST ACTIVE a.*", b"215 x\r\n.\r\n", []),
    ("list", (), b"LIST ACTIVE", b"215 x\r\ncaf\xe9 9 1 y\r\n.\r\n", [Listed("caf\udce9", 1, 9, "y")]),
    ("list_counts", (), b"LIST COUNTS", b"215 x\r\na.b 9 1 4 m\r\n.\r\n", [Listed("a.b", 1, 9, "m", 4)]),
    ("list_newsgroups", (), b"LIST NEWSGROUPS", b"215 x\r\na.b\tAll about \xe9\r\nc\r\n.\r\n",
     [Description("a.b", "All about é"), Description("c", "")]),
    ("list_active_times", (), b"LIST ACTIVE.TIMES", b"215 x\r\na.b 0 me\r\nc.d x y\r\n.\r\n",
     [Created("a.b", datetime(1970, 1, 1, tzinfo=UTC), "me")]),
    ("newgroups", (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),),
     b"NEWGROUPS 20260102 030405 GMT", b"231 x\r\na.b 9 1 y\r\n.\r\n", [Listed("a.b", 1, 9, "y")]),
    ("newnews", ("a.*", datetime(2026, 1, 2, tzinfo=UTC)),
     b"NEWNEWS a.* 20260102 000000 GMT", b"230 x\r\n<a@b>\r\n.\r\n", ["<a@b>"]),
]


@pytest.mark.parametrize(("word", "arguments", "sent", "answer", "result"), ROWS)
def test_rows(
    word: str, arguments: tuple[Any, ...], sent: bytes, answer: bytes, result: Any
) -> None:
    key = " ".join(sent.decode().split(" ")[: 2 if sent.startswith(b"LIST ") else 1])
    with NNTPPeer({key: answer}, slice=7) as peer:
        with client(peer) as news:
            peer.commands.clear()
            assert [one for one in getattr(news, word)(*arguments)] == result
            assert peer.commands == [sent]


REFUSALS = [
    ("group", ("g",), "GROUP", b"411 no\r\n", NotFound),
    ("article", (1,), "ARTICLE", b"412 no group\r\n", Conflict),
    ("article", (1,), "ARTICLE", b"423 no\r\n", NotFound),
    ("article", ("<a@b>",), "ARTICLE", b"430 no\r\n", NotFound),
    ("article", (), "ARTICLE", b"420 no\r\n", NotFound),
    ("next", (), "NEXT", b"421 no\r\n", NotFound),
    ("last", (), "LAST", b"422 no\r\n", NotFound),
    ("stat", (1,), "STAT", b"480 log in\r\n", AuthenticationError),
    ("stat", (1,), "STAT", b"483 TLS\r\n", AuthenticationError),
    ("stat", (1,), "STAT", b"403 trouble\r\n", TryLater),
    ("stat", (1,), "STAT", b"502 no\r\n", Forbidden),
    ("stat", (1,), "STAT", b"502 too many connections\r\n", TryLater),
    ("stat", (1,), "STAT", b"503 no\r\n", NotSupported),
    ("stat", (1,), "STAT", b"501 what\r\n", NotSupported),
    ("stat", (1,), "STAT", b"499 odd\r\n", ReplyError),
    ("post", (b"From: a@b\r\nNewsgroups: g\r\nSubject: s\r\n\r\nx\r\n",), "POST", b"440 no\r\n",
     Forbidden),
    ("compress", (), "COMPRESS", b"403 no\r\n", TryLater),
    ("compress", (), "COMPRESS", b"500 no\r\n", NotSupported),
    ("mode_stream", (), "MODE STREAM", b"501 no\r\n", NotSupported),
    ("starttls", (), "STARTTLS", b"580 no\r\n", NotSupported),
]


@pytest.mark.parametrize(("word", "arguments", "verb", "answer", "error"), REFUSALS)
def test_refusals(
    word: str, arguments: tuple[Any, ...], verb: str, answer: bytes, error: type[ReplyError]
) -> None:
    with NNTPPeer({verb: answer}) as peer:
        with client(peer) as news:
            with pytest.raises(error) as caught:
                getattr(news, word)(*arguments)
            assert caught.value.code == int(answer[:3])
            assert caught.value.hint or error is ReplyError
            assert answer[4:-2].decode() in str(caught.value)
            news.noop()  # the connection lives


# -- servers of other times ----------------------------------------------------------------


def test_a_server_without_capabilities_is_told_mode_reader_and_asked_the_old_way() -> None:
    answers = {"CAPABILITIES": b"500 what?\r\n", "OVER": b"500 what?\r\n",
               "XOVER": b"224 x\r\n" + row(1) + b"\r\n.\r\n", "HDR": b"500 what?\r\n",
               "XHDR": b"221 Subject\r\n1 Hi\r\n2 (none)\r\n.\r\n",
               "LIST OVERVIEW.FMT": b"503 no\r\n"}
    with NNTPPeer(answers) as peer:
        with client(peer) as news:
            assert b"MODE READER" in peer.commands
            assert not news.capabilities.told
            news.group("g")
            rows = [one for one in news.over(1, 3)]
            assert (rows[0].number, rows[0]["xref"]) == (1, "x g:1")
            assert [tuple(pair) for pair in news.hdr("Subject", 1, 3)] == [(1, "Hi"), (2, "")]
            peer.commands.clear()
            assert len([one for one in news.over(1, 3)]) == 1
            assert peer.commands == [b"XOVER 1-3"]  # what is missing is asked for once


def test_mode_reader_is_said_where_it_is_wanted() -> None:
    transit = b"101 x\r\nVERSION 2\r\nMODE-READER\r\nIHAVE\r\n.\r\n"
    answers = {"CAPABILITIES": [transit, CAPABILITIES], "MODE READER": b"201 no posting\r\n"}
    with NNTPPeer(answers) as peer:
        with client(peer) as news:
            assert "READER" in news.capabilities
            assert peer.commands == [b"CAPABILITIES", b"MODE READER", b"CAPABILITIES"]
    with NNTPPeer({**answers, "CAPABILITIES": transit}) as peer:
        with client(peer, reader=False):
            assert peer.commands == [b"CAPABILITIES"]
    with NNTPPeer({**answers, "CAPABILITIES": transit, "MODE READER": b"502 go away\r\n"}) as peer:
        with pytest.raises(Forbidden):
            client(peer).open()


@pytest.mark.parametrize(("greeting", "error"), [
    (b"400 overloaded\r\n", TryLater), (b"502 not you\r\n", Forbidden),
    (b"502 Too many connections from your host\r\n", TryLater),
    (b"220 smtp ready\r\n", ReplyError), (b"+OK pop3\r\n", ProtocolError),
    (b"* OK imap\r\n", ProtocolError), (b"HTTP/1.1 400 Bad Request\r\n", ProtocolError),
    (b"\x15\x03\x01\x00\x02\x02\r\n", ProtocolError), (b"", ConnectionLost),
    (b"\r\n", ProtocolError), (b"2000 ready\r\n", ProtocolError), (b"999 ready\r\n", ProtocolError),
])
def test_greetings_that_are_none(greeting: bytes, error: type[Exception]) -> None:
    with NNTPPeer(greeting=greeting) as peer:
        peer.answers = {}
        if not greeting:
            peer.play = lambda line: line.close()  # type: ignore[method-assign]
        with pytest.raises(error):
            client(peer).open()


def test_a_goodbye_in_between_says_what_the_server_said() -> None:
    with NNTPPeer({"STAT": b"400 idle for too long\r\n"}) as peer:
        news = client(peer)
        news.open()
        with pytest.raises(ConnectionLost, match="idle for too long") as caught:
            news.stat(1)
        assert "again" in caught.value.hint
        assert not news.is_open


def test_a_second_greeting_after_the_log_in_is_let_be() -> None:
    answers = {"AUTHINFO PASS": b"281 in\r\n200 welcome, ann\r\n"}
    with NNTPPeer(answers) as peer:
        with client(peer, user="ann", password="pw") as news:
            assert news.group("g") == Group("g", 3, 1, 3)


# -- log-ins -------------------------------------------------------------------------------


def test_480_is_answered_with_a_log_in_and_the_command_is_sent_again() -> None:
    answers = {"GROUP": [b"480 log in\r\n", b"211 3 1 3 g\r\n"],
               "AUTHINFO PASS": b"281 in\r\n", "AUTHINFO USER": b"381 password\r\n"}
    with NNTPPeer(answers) as peer:
        with client(peer, user="ann", password="pw") as news:
            peer.commands.clear()
            assert (news.group("g")).last == 3
            assert peer.commands[0] == peer.commands[-1] == b"GROUP g"
            assert b"AUTHINFO PASS pw" in peer.commands
            assert "pw" not in news.trace.text
    with NNTPPeer({"GROUP": b"480 log in\r\n"}) as peer:
        with client(peer) as news:
            with pytest.raises(AuthenticationError, match="480") as caught:
                news.group("g")
            assert "user=" in caught.value.hint


def test_480_in_a_window_of_articles() -> None:
    locked = [True]

    def article(line: Any, n: str) -> bytes:
        if locked[0]:
            return b"480 log in\r\n"
        return b"220 %b <a%b@x>\r\n%b.\r\n" % (n.encode(), n.encode(), ARTICLE)

    def enter(line: Any, rest: str) -> bytes:
        locked[0] = len(peer.commands) < 6  # the log-in at the beginning unlocks nothing
        return b"281 in\r\n"

    with NNTPPeer({"ARTICLE": article, "AUTHINFO PASS": enter}) as peer:
        with client(peer, user="ann", password="pw") as news:
            news.group("g")
            assert [one.number for one in news.articles(range(1, 30))] == [*range(1, 30)]


@pytest.mark.parametrize(("answers", "error"), [
    ({"AUTHINFO PASS": b"481 wrong\r\n"}, AuthenticationError),
    ({"AUTHINFO USER": b"482 wrong\r\n"}, AuthenticationError),
    ({"AUTHINFO USER": b"502 no\r\n"}, AuthenticationError),
    ({"AUTHINFO USER": b"483 TLS first\r\n"}, AuthenticationError),
    ({"AUTHINFO PASS": b"502 too many connections for your account\r\n"}, TryLater),
    ({"AUTHINFO PASS": b"400 later\r\n"}, ConnectionLost),
])
def test_log_ins_that_are_refused(answers: Any, error: type[Exception]) -> None:
    with NNTPPeer(answers) as peer:
        with pytest.raises(error) as caught:
            client(peer, user="ann", password="hush").open()
        assert "hush" not in f"{caught.value!r} {caught.value.__notes__}"


def test_281_after_the_name_alone() -> None:
    with NNTPPeer({"AUTHINFO USER": b"281 in\r\n"}) as peer:
        with client(peer, user="ann", password="pw"):
            assert not any(b"PASS" in command for command in peer.commands)


# -- overviews -----------------------------------------------------------------------------


ODD_ROWS = [
    (b"1\tHi\ta@b\tnever\t<1@x>\t\t\t\t", ("Hi", 0, 0, None)),
    (b"1\tHi\ta@b\tnever\t<1@x>\t\t12\t3\tx g:1", ("Hi", 12, 3, "x g:1")),
    (b"1\tHi\ta@b\tnever\t<1@x>\t\t12\t3\tXREF: x g:1\tmore\t\t", ("Hi", 12, 3, "x g:1")),
    (b"1\tHi", ("Hi", 0, 0, None)),
    (b"1", ("", 0, 0, None)),
    (b"1\tcaf\xe9\ta\xff@b\tnever\t<1@x>\t\t12\t-3", ("café", 12, 0, None)),
    (b"1\t=?utf-8?q?caf=C3=A9?=\ta@b\tx\t<1@x>\t\t" + b"9" * 50 + b"\t3", ("café", 0, 3, None)),
    (b"1\t" + b"x" * 70_000 + b"\ta@b", ("x" * 70_000, 0, 0, None)),
]


@pytest.mark.parametrize(("line", "expected"), ODD_ROWS)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_odd_overview_rows(line: bytes, expected: Any, end: bytes) -> None:
    body = b"224 x\r\n" + line + end + row(2) + end + b"." + end
    with NNTPPeer({"OVER": body}) as peer:
        with client(peer) as news:
            news.group("g")
            first, second = [one for one in news.over(1, 2)]
            assert (first.number, second.number) == (1, 2)
            xref = first.get("Xref")
            assert (first.subject, first.size, first.lines, xref or None) == expected
            assert second["Xref"] == "x g:2"
            assert second.places == {"g": 2}
            assert news.date()


def test_an_overview_is_asked_for_range_by_range() -> None:
    def over(line: Any, text: str) -> bytes:
        first, _, last = text.partition("-")
        rows = [row(n) for n in range(int(first), int(last) + 1) if n % 3 == 0]
        return b"224 x\r\n" + b"\r\n".join([*rows, b".\r\n"])

    with NNTPPeer({"OVER": over, "GROUP": b"211 5000 1 15000 g\r\n"}) as peer:
        with client(peer) as news:
            group = news.group("g")
            rows = news.overview(group)
            assert (anext_of(rows)).number == 3
            assert sum(c.startswith(b"OVER") for c in peer.commands) <= 2
            assert (news.date()).year == 2026  # the rest is read first
            rest = [one.number for one in rows]
            assert rest == [n for n in range(6, 15001) if n % 3 == 0]


def anext_of(rows: Any) -> Any:
    for one in rows:
        return one
    raise AssertionError("empty")


def test_empty_ranges_and_the_end_of_the_group() -> None:
    with NNTPPeer({"OVER": [b"423 none\r\n", b"224 x\r\n" + row(9) + b"\r\n.\r\n"]}) as peer:
        with client(peer) as news:
            news.group("g")
            assert [one.number for one in news.over(1, 2)] == []
            peer.commands.clear()
            assert [one.number for one in news.over(2)] == [9]
            assert peer.commands == [b"OVER 2-"]
            assert [one for one in news.overview(range(3, 3))] == []


def test_over_by_id() -> None:
    with NNTPPeer({"OVER": [b"224 x\r\n" + row(0) + b"\r\n.\r\n", b"430 no\r\n"]}) as peer:
        with client(peer) as news:
            assert [one.number for one in news.over("<1@x>")] == [0]
            with pytest.raises(NotFound):
                assert [one for one in news.over("<1@x>")]


@pytest.mark.parametrize("inside", [True, False])
def test_listings_zipped_by_the_feature(inside: bool) -> None:
    plain = row(1) + b"\r\n" + row(2) + b"\r\n"
    body = zlib.compress(plain + b".\r\n") if inside else zlib.compress(plain) + b".\r\n"
    answers = {"XFEATURE": b"290 on\r\n", "OVER": b"224 x [COMPRESS=GZIP]\r\n" + body}
    with NNTPPeer(answers, slice=11) as peer:
        with client(peer) as news:
            news.xfeature_gzip()
            news.group("g")
            assert [one.number for one in news.over(1, 2)] == [1, 2]
            assert news.date()


# -- articles ------------------------------------------------------------------------------


def test_articles_leave_out_what_is_not_there_in_a_range_and_only_there() -> None:
    def article(line: Any, n: str) -> bytes:
        if n in ("3", "7"):
            return b"423 gone\r\n"
        return b"220 %b <a%b@x>\r\n%b.\r\n" % (n.encode(), n.encode(), ARTICLE)

    with NNTPPeer({"ARTICLE": article}) as peer:
        with client(peer) as news:
            news.group("g")
            assert [one.number for one in news.articles(range(1, 10))] == [1, 2, 4, 5, 6, 8, 9]
            got = []
            with pytest.raises(NotFound, match="ARTICLE 3"):
                for one in news.articles([1, 2, 3, 4]):
                    got.append(one.number)
            assert got == [1, 2]
            assert [one.number for one in news.articles([7, 8], skip_missing=True)] == [8]
            assert news.date()


def test_a_window_is_asked_for_in_one_packet_and_left_for_free() -> None:
    with NNTPPeer() as peer:
        with client(peer) as news:
            news.group("g")
            for one in news.articles(range(1, 1000)):
                if one.number == 3:
                    break
            assert (news.article(5)).number == 5
            assert sum(c.startswith(b"ARTICLE") for c in peer.commands) < 100


def test_a_sparse_group_is_asked_which_numbers_there_are() -> None:
    answers = {"GROUP": b"211 3 1 9000000 g\r\n", "LISTGROUP": b"211 3 1 9000000 g\r\n7\r\n9000000\r\n.\r\n"}
    with NNTPPeer(answers) as peer:
        with client(peer) as news:
            group = news.group("g")
            assert [one.number for one in news.articles(group)] == [7, 9_000_000]
            assert b"LISTGROUP g 1-9000000" in peer.commands


def test_closing_in_the_middle_waits_for_nothing() -> None:
    def article(line: Any, n: str) -> bytes | None:
        return b"220 %b <a@x>\r\n.\r\n" % n.encode() if int(n) < 3 else None  # then silence

    with NNTPPeer({"ARTICLE": article}) as peer:
        with client(peer, timeout=60.0) as news:
            news.group("g")
            for one in news.articles(range(1, 100)):
                if one.number == 2:
                    break
        assert b"QUIT" not in peer.commands


def test_what_rfc_977_knew() -> None:
    answers = {"LIST ACTIVE": b"501 what?\r\n", "LIST": b"215 x\r\na.b 9 1 y\r\n.\r\n",
               "LISTGROUP": [b"501 what?\r\n", b"211 list\r\n1\r\n3\r\n5\r\n.\r\n"]}
    with NNTPPeer(answers) as peer:
        with client(peer) as news:
            assert [one.name for one in news.list()] == ["a.b"]
            assert news.listgroup("g", 2, 4) == [3]


def test_depth_one_waits_for_each() -> None:
    waiting: list[int] = []

    def article(line: Any, n: str) -> bytes:
        waiting.append(line.held.count(b"\n"))
        return b"220 %b <a@x>\r\n%b.\r\n" % (n.encode(), ARTICLE)

    with NNTPPeer({"ARTICLE": article}) as peer:
        with client(peer) as news:
            news.group("g")
            assert len([one for one in news.articles(range(1, 20), depth=1)]) == 19
        assert set(waiting) == {0}


def test_another_article_than_was_asked_for_is_an_error() -> None:
    with NNTPPeer({"ARTICLE": b"220 9 <a@x>\r\n.\r\n"}) as peer:
        news = client(peer)
        news.open()
        news.group("g")
        with pytest.raises(ProtocolError, match="article 1 was asked for, and 9 came"):
            news.article(1)
        assert not news.is_open


def test_numbers_of_another_group_are_refused() -> None:
    with NNTPPeer({"GROUP": lambda line, n: b"211 999 1 999 %b\r\n" % n.encode()}) as peer:
        with client(peer) as news:
            news.group("a")
            with pytest.raises(UsageError, match="the group was a and is b"):
                for _ in news.articles(range(1, 900)):
                    news.group("b")
            with pytest.raises(UsageError, match="select one first"):
                no_group()


def no_group() -> None:
    with NNTPPeer() as peer:
        with client(peer) as news:
            news.articles()


def test_a_body_that_is_open_is_named() -> None:
    big = b"220 1 <a@x>\r\n" + (b"x" * 70 + b"\r\n") * 20_000 + b".\r\n"
    with NNTPPeer({"ARTICLE": big}) as peer:
        with client(peer) as news:
            with news.article_stream("<a@x>") as body:
                for _ in body:
                    with pytest.raises(BusyError, match="ARTICLE <a@x>"):
                        news.date()
                    break
            assert news.date()
            news.largest = 1000
            with pytest.raises(LimitReached, match="more than 1,000 bytes"):
                news.article("<a@x>")
            with pytest.raises(UsageError):
                news.article_stream(1, "LIST")


# -- writing -------------------------------------------------------------------------------


POST = b"From: a@b.example\nNewsgroups: g\nSubject: s\n\n.x\n"


def test_post_doubles_dots_and_names_the_article() -> None:
    def post(line: Any, _: str) -> bytes:
        line.say(b"340 go\r\n")
        while line.hear() != b".":
            pass
        return b"240 thanks\r\n"

    with NNTPPeer({"POST": post}) as peer:
        with client(peer) as news:
            name = news.post(POST)
            assert name.startswith("<")
            assert name.endswith("@b.example>")
            assert b"..x" in peer.commands
            assert f"Message-ID: {name}".encode() in peer.commands
            before = len(peer.commands)
            for bad in (b"Subject: s\r\n\r\n", b"From: a@b\r\n\r\n", b""):
                with pytest.raises(UsageError, match="the article has no"):
                    news.post(bad)
            with pytest.raises(UsageError, match="not the name of a group"):
                news.post(POST, groups="a b,c\r\nDATE")
            assert len(peer.commands) == before


def test_checks_and_articles_are_sent_without_waiting() -> None:
    def take(line: Any, name: str) -> bytes:
        while line.hear() != b".":
            pass
        return (b"439 " if "3" in name else b"239 ") + name.encode() + b"\r\n"

    def check(line: Any, name: str) -> bytes:
        return (b"431 " if "5" in name else b"438 " if "7" in name else b"238 ") + name.encode() + b"\r\n"

    articles = [b"Message-ID: <a%d@x>\r\n\r\n.\r\n" % n for n in range(10)]
    with NNTPPeer({"MODE STREAM": b"203 ok\r\n", "CHECK": check, "TAKETHIS": take}) as peer:
        with client(peer, reader=False) as news:
            told = news.feed(articles)
            assert [one.accepted for one in told] == [n not in (3, 5, 7) for n in range(10)]
            assert [one.later for one in told] == [n == 5 for n in range(10)]
            assert [bool(one) for one in news.check(["<a1@x>", "a7@x"])] == [True, False]
    with NNTPPeer({"IHAVE": [b"435 have it\r\n", b"436 later\r\n", b"437 no\r\n"]}) as peer:
        with client(peer, reader=False) as news:
            told = news.feed(articles[:3])
            assert [(one.accepted, one.later) for one in told] == [
                (False, False), (False, True), (False, False)]
            with pytest.raises(UsageError, match="no Message-ID"):
                news.ihave(b"Subject: x\r\n\r\n")


def test_an_answer_about_another_article_is_an_error() -> None:
    with NNTPPeer({"CHECK": b"238 <other@x>\r\n"}) as peer:
        news = client(peer, reader=False)
        news.open()
        with pytest.raises(ProtocolError, match="the answer is about <other@x>"):
            assert [one for one in news.check(["<a@x>"])]
        assert not news.is_open


@pytest.mark.parametrize(("word", "arguments"), [
    ("group", ("a b",)), ("group", ("a\r\nDATE",)), ("group", ("",)), ("article", ("a b@c",)),
    ("article", ("<a@b>\n",)), ("article", (-1,)), ("stat", ("<<>>",)), ("head", ("<>",)),
    ("listgroup", ("g", -3, 4)), ("list_headers", ("X\0",)),
])
def test_what_cannot_be_said_is_not_sent(word: str, arguments: Any) -> None:
    with NNTPPeer() as peer:
        with client(peer) as news:
            peer.commands.clear()
            with pytest.raises(UsageError):
                getattr(news, word)(*arguments)
            assert peer.commands == []


# -- compression ---------------------------------------------------------------------------


def test_what_is_no_compressed_data_ends_the_connection() -> None:
    with NNTPPeer({"COMPRESS": b"206 go\r\n200 not compressed\r\n"}) as peer:
        news = client(peer)
        news.open()
        with pytest.raises(ProtocolError, match="no compressed data"):
            news.compress()
            news.date()
        assert not news.is_open


def test_a_format_of_its_own_is_asked_for_once() -> None:
    odd = FORMAT.replace(b"Xref:full", b"Newsgroups:full\r\nXref:full").replace(b":bytes", b"Bytes:")
    body = b"224 x\r\n" + row(1).replace(b"\tXref", b"\tNewsgroups: g,h\tXref") + b"\r\n.\r\n"
    with NNTPPeer({"LIST OVERVIEW.FMT": odd, "OVER": body}) as peer:
        with client(peer) as news:
            news.group("g")
            for _ in range(2):
                [one] = [one for one in news.over(1, 1)]
                assert (one["newsgroups"], one["Xref"], one[":bytes"]) == ("g,h", "x g:1", "120")
            assert peer.commands.count(b"LIST OVERVIEW.FMT") == 1


def test_a_server_that_knows_bare_line_feeds_only() -> None:
    answers = {verb: answer.replace(b"\r\n", b"\n") if isinstance(answer, bytes) else answer
               for verb, answer in {key.decode(): value for key, value in NNTPPeer.DEFAULT.items()}
               .items()}
    answers["ARTICLE"] = b"220 1 <a@x>\nSubject: x\n\n..y\n.\n"
    with NNTPPeer(answers, greeting=b"200 old\n") as peer:
        with client(peer) as news:
            news.group("g")
            assert (news.article(1)).data == b"Subject: x\r\n\r\n.y\r\n"
            assert news.date()
