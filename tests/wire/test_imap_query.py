"""Queries: one tree, made of objects, of text with arguments, of what people type; three readers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from postel.errors import NotSupported, PostelError, UsageError
from postel.imap import query as q
from postel.imap.query import Query
from postel.imap.query_match import Candidate, matches
from postel.imap.query_plain import plain
from postel.imap.query_text import query
from postel.imap.query_words import charset_for, search_words
from postel.imap.sequence import NumberSet

DAY = date(2026, 11, 2)


def words(wanted: Query, *offered: str, **how: object) -> bytes:
    """The words of SEARCH with their literals in place."""
    parts = search_words(wanted, offered, **how)  # type: ignore[arg-type]
    return b"".join(b"{%d}" % len(one[0]) + one[0] if isinstance(one, tuple) else one  # type: ignore[operator]
                    for one in parts)


# -- the tree ------------------------------------------------------------------------------


def test_objects_join_flat() -> None:
    one = q.from_("a") & q.to("b") & (q.seen & q.flagged)
    assert [part.key for part in one.parts] == ["FROM", "TO", "SEEN", "FLAGGED"]
    assert [part.key for part in (q.seen | q.flagged | q.draft).parts] == ["SEEN", "FLAGGED", "DRAFT"]
    assert ~~q.from_("a") == q.from_("a")
    assert ~q.seen == q.unseen
    assert ~q.undraft == q.draft
    assert q.all_of([]) == q.everything
    assert repr(q.any_of([])) == "~everything"
    assert repr(q.header("List-Id", "x") & q.uid([1, 2]) & q.since(DAY) & q.fuzzy(q.text("y"))) == (
        "header('List-Id', 'x') & uid('1:2') & since('2026-11-02') & fuzzy(text('y'))")
    assert repr(~(q.seen | q.flagged)) == "~(seen | flagged)"


def test_and_or_not_of_python_are_refused() -> None:
    with pytest.raises(UsageError, match="no truth value") as caught:
        q.seen and q.flagged  # noqa: B018
    assert '"&"' in caught.value.hint


@pytest.mark.parametrize("make", [
    lambda: q.from_("a\r\nA2 LOGOUT"), lambda: q.subject("a\0"), lambda: q.text("\ud800"),
    lambda: q.text("x" * 200_000), lambda: q.header("Bad: name"), lambda: q.header(""),
    lambda: q.keyword("two words"), lambda: q.keyword("a)"), lambda: q.email_id("a b"),
    lambda: q.larger(-1), lambda: q.larger(True), lambda: q.since("yesterday"),
    lambda: q.since("2026-13-01"), lambda: q.older(timedelta(0)), lambda: q.uid("1 2"),
    lambda: q.uid([0]), lambda: q.from_(b"x"),  # type: ignore[arg-type]
])
def test_values_that_are_refused(make: object) -> None:
    with pytest.raises(UsageError):
        make()  # type: ignore[operator]


def test_depth_and_breadth_have_limits() -> None:
    with pytest.raises(UsageError, match="conditions in one another"):
        one = q.from_("a")
        for _ in range(60):
            one = (one & q.seen) | q.flagged
    with pytest.raises(UsageError, match="2001 conditions"):
        q.any_of(q.from_(str(number)) for number in range(2_001))


# -- SEARCH --------------------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "offered", "sent"), [
    (q.everything, (), b"ALL"),
    (q.from_("ann") & ~q.seen, (), b'FROM "ann" UNSEEN'),
    (q.from_('a"\\') | q.flagged, (), b'OR FROM "a\\"\\\\" FLAGGED'),
    (q.any_of([q.seen, q.flagged, q.draft, q.deleted]), (), b"OR OR SEEN FLAGGED OR DRAFT DELETED"),
    (~(q.seen | q.since(DAY)), (), b"NOT OR SEEN SINCE 2-Nov-2026"),
    (~(q.seen & q.draft), (), b"NOT (SEEN DRAFT)"),
    ((q.seen & q.draft) | q.new, (), b"OR (SEEN DRAFT) NEW"),
    (~q.keyword("$Junk"), (), b"UNKEYWORD $Junk"),
    (q.header("List-Id", ""), (), b'HEADER "List-Id" ""'),
    (q.uid([3, 1, 2]) & q.number("7:*"), (), b"UID 1:3 7:*"),
    (q.uid([]), (), b"NOT ALL"),
    (q.uid("$"), ("SEARCHRES",), b"UID $"),
    (q.sent_on(DAY) & q.larger(5) & q.smaller(9), (), b"SENTON 2-Nov-2026 LARGER 5 SMALLER 9"),
    (q.younger(timedelta(hours=2)), ("WITHIN",), b"YOUNGER 7200"),
    (q.modseq(7), ("QRESYNC",), b"MODSEQ 7"),
    (q.saved_since(DAY), ("SAVEDATE",), b"SAVEDSINCE 2-Nov-2026"),
    (q.email_id("M1") & q.thread_id("T1"), ("OBJECTID",), b"EMAILID M1 THREADID T1"),
    (q.email_id("17") & q.thread_id("18"), ("X-GM-EXT-1",), b"X-GM-MSGID 17 X-GM-THRID 18"),
    (q.gmail("has:attachment"), ("X-GM-EXT-1",), b'X-GM-RAW "has:attachment"'),
    (~q.label("Work"), ("X-GM-EXT-1",), b'NOT X-GM-LABELS "Work"'),
    (~q.label("Work"), (), b"UNKEYWORD Work"),
    (q.fuzzy(q.text("x")), ("SEARCH=FUZZY",), b'FUZZY TEXT "x"'),
    (q.fuzzy(q.text("x")), (), b'TEXT "x"'),
])
def test_words(wanted: Query, offered: tuple[str, ...], sent: bytes) -> None:
    assert words(wanted, *offered) == sent


def test_letters_choose_a_charset() -> None:
    wanted = q.subject("Grüße") & q.from_("ann")
    assert words(wanted) == 'CHARSET UTF-8 SUBJECT {7}Grüße FROM "ann"'.encode()
    assert words(wanted, utf8=True) == 'SUBJECT "Grüße" FROM "ann"'.encode()
    assert words(wanted, charset="ISO-8859-1").startswith(b"CHARSET ISO-8859-1 SUBJECT {5}Gr\xfc\xdfe")
    assert charset_for(wanted, refused=["utf-8"]) == "ISO-8859-1"
    assert charset_for(q.text("€"), refused=["UTF-8"]) == "ISO-8859-15"
    with pytest.raises(NotSupported, match="no charset"):
        charset_for(q.text("日本"), refused=["UTF-8"])
    with pytest.raises(UsageError, match="ISO-8859-1 has not"):
        words(q.text("日本"), charset="ISO-8859-1")


def test_ages_become_days_where_nothing_else_is_known() -> None:
    now = datetime(2026, 11, 21, 15, tzinfo=UTC)
    assert words(q.younger(timedelta(days=7)), now=now) == b"SINCE 14-Nov-2026"
    assert words(q.older(timedelta(days=21)), now=now) == b"BEFORE 31-Oct-2026"
    for age, moment in ((timedelta(hours=3), now), (timedelta(days=3), None)):
        with pytest.raises(NotSupported, match="WITHIN"):
            words(q.older(age), now=moment)


@pytest.mark.parametrize("wanted", [
    q.modseq(1), q.saved_on(DAY), q.email_id("M"), q.gmail("x"), q.uid("$"), ~q.gmail("x")])
def test_what_a_server_cannot_be_asked(wanted: Query) -> None:
    with pytest.raises(NotSupported, match="does not offer"):
        words(wanted)
    with pytest.raises(NotSupported, match="no such flag"):
        words(q.new, rev2=True)
    with pytest.raises(UsageError, match="no id of Gmail's"):
        words(q.email_id("x"), "X-GM-EXT-1")


# -- text with arguments -------------------------------------------------------------------


@pytest.mark.parametrize(("text", "values", "wanted"), [
    ("", (), q.everything),
    ("FROM ? SINCE ? NOT SEEN", ("ann", DAY), q.from_("ann") & q.since(DAY) & q.unseen),
    ("or from ? (to ? unseen)", ("a", "b"), q.from_("a") | (q.to("b") & q.unseen)),
    ("? OR ? SEEN", (q.seen, q.draft), q.seen & (q.draft | q.seen)),
    ("HEADER ? ?", ("List-Id", "x"), q.header("List-Id", "x")),
    ('SUBJECT "a \\"b\\" ?" KEYWORD $x', (), q.subject('a "b" ?') & q.keyword("$x")),
    ("SUBJECT what? SINCE 2-Nov-2026", (), q.subject("what?") & q.since(DAY)),
    ("BEFORE 2026-11-02 LARGER 10 OLDER 60", (),
     q.before(DAY) & q.larger(10) & q.older(timedelta(minutes=1))),
    ("UID ? 1:3,7 UID 9:*", ([4, 5],), q.uid("4:5") & q.number("1:3,7") & q.uid("9:*")),
    ("YOUNGER ? MODSEQ ?", (90, 4), q.younger(timedelta(seconds=90)) & q.modseq(4)),
    ("UNKEYWORD ? X-GM-RAW ?", ("$x", "in:all"), ~q.keyword("$x") & q.gmail("in:all")),
    ("FUZZY TEXT ? EMAILID ? THREADID ?", ("a", "M", "T"),
     q.fuzzy(q.text("a")) & q.email_id("M") & q.thread_id("T")),
])
def test_text_with_arguments(text: str, values: tuple[object, ...], wanted: Query) -> None:
    assert query(text, *values) == wanted


@pytest.mark.parametrize(("text", "values", "said"), [
    ("FROM ?", (), "more \\? than"), ("SEEN", ("a",), "have no \\?"), ("FROM", (), "missing"),
    ("FROM (", (), "stands where the value"), ("(SEEN", (), "missing"), ("()", (), "nothing in"),
    (")", (), "stands where a condition begins"), ('"SEEN"', (), "stands where a condition"),
    ("LOGOUT", (), "no condition 'LOGOUT'"), ('FROM "a', (), "does not end"),
    ("?", ("SEEN",), "takes a query"), ("LARGER x", (), "no number"), ("SINCE 31-Feb-2026", (), "no day"),
    ("NOT " * 60 + "SEEN", (), "too deep"), ("SEEN " * 20_000, (), "the limit is"),
    ("FROM ?", (7,), "by text"),
])
def test_text_that_is_refused(text: str, values: tuple[object, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        query(text, *values)


def test_an_argument_stays_an_argument() -> None:
    sly = 'x" DELETED OR FROM "y'
    assert words(query("FROM ?", sly)) == b'FROM "x\\" DELETED OR FROM \\"y"'
    assert query(q.seen) == q.seen  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no arguments"):
        query(q.seen, "x")  # type: ignore[arg-type]


# -- what people type ----------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "wanted"), [
    ("", q.everything),
    ("hello world", q.text("hello") & q.text("world")),
    ('"hello world"', q.text("hello world")),
    ('from:ann subject:"x y" before:2024-01-01 unread',
     q.from_("ann") & q.subject("x y") & q.before("2024-01-01") & q.unseen),
    ("-from:ann -(a b)", ~q.from_("ann") & ~(q.text("a") & q.text("b"))),
    ("a OR b c", q.text("a") | (q.text("b") & q.text("c"))),
    ("(a | b) c", (q.text("a") | q.text("b")) & q.text("c")),
    ("on:2026-11 after:2026-11-02 until:2026-11-30",
     q.since("2026-11-01") & q.before("2026-12-01") & q.since("2026-11-03") & q.before("2026-12-01")),
    ("since:2025 before:today on:yesterday",
     q.since("2025-01-01") & q.before("2026-11-21") & q.since("2026-11-20") & q.before("2026-11-21")),
    ("larger:2M smaller:10.5k", q.larger(2 << 20) & q.smaller(10752)),
    ("older:2w newer:12h", q.older(timedelta(weeks=2)) & q.younger(timedelta(hours=12))),
    ("is:starred tag:work label:Work uid:1:9", q.flagged & q.keyword("work") & q.label("Work")
     & q.uid("1:9")),
    ("header:X-Mailer=mutt list:python id:<a@b>", q.header("X-Mailer", "mutt")
     & q.header("List-Id", "python") & q.header("Message-ID", "<a@b>")),
    ("10:30 https://x.example/?a=(b)", q.text("10:30") & q.text("https://x.example/?a=") & q.text("b")),
    ("e-mail - all C++", q.text("e-mail") & q.text("-") & q.text("C++")),
    ('gmail:"has:attachment"', q.gmail("has:attachment")),
    ("ORDER 100", q.text("ORDER") & q.text("100")),
])
def test_what_people_type(typed: str, wanted: Query) -> None:
    assert plain(typed, today=date(2026, 11, 21)) == wanted


@pytest.mark.parametrize(("typed", "said"), [
    ("frm:ann", "no place to look in"), ("(a", "does not close"), ("a)", "not opened"),
    ('"a', "does not end"), ("from:", "nothing stands behind"), ("before:soon", "no day"),
    ("before:2026-02-31", "no day"), ("before:today", "which day"), ("larger:big", "no size"),
    ("older:soon", "no age"), ("is:lost", "is not known"), ("a OR", "nothing is on one side"),
    ("| a", "nothing is on one side"), ("(" * 40 + "a" + ")" * 40, "too deep"),
    ("uid:x", "no set of messages"), ("tag:a(b", "does not close"),
    ("on:9999", "no day"), ("older:0d", "no age"), ("x" * 20_000, "the limit is"),
])
def test_what_people_mistype(typed: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        plain(typed)


# -- in memory -----------------------------------------------------------------------------

LETTER = b"""\
From: =?utf-8?q?J=C3=B6rg?= <joerg@x.example>\r
To: Team: ann@y.example, ben@y.example;\r
Subject: Re: =?iso-8859-1?q?Gr=FC=DFe?=\r
Date: Mon, 2 Nov 2026 23:30:00 -0500\r
List-Id: <news.x.example>\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/html; charset=utf-8\r
Content-Transfer-Encoding: base64\r
\r
PHA+SGVsbG8gPGI+c3dlZXQ8L2I+PGJyPsOXIHdvcmxkPC9wPg==\r
--b\r
Content-Type: message/rfc822\r
\r
Subject: within\r
\r
inner text\r
--b--\r
"""
ONE = Candidate(LETTER, frozenset({"\\Seen", "$Work"}), datetime(2026, 11, 3, 4, 30, tzinfo=UTC),
                uid=7, number=3, modseq=12, email_id="M1", labels=frozenset({"Work"}))


@pytest.mark.parametrize(("wanted", "found"), [
    (q.from_("JÖRG"), True), (q.from_("jo\u0308rg"), True), (q.to("ben@"), True), (q.cc("ben"), False),
    (q.subject("GRÜSSE"), True), (q.subject("Gruesse"), False), (q.header("list-id"), True),
    (q.header("List-Id", "news"), True), (q.header("X-None"), False), (q.text("hello sweet"), True),
    (q.text("news.x"), True), (q.body("news.x"), False), (q.body("× world"), True),
    (q.body("inner TEXT"), True), (q.body("within"), True), (q.seen, True), (q.unseen, False),
    (q.keyword("$work"), True), (q.keyword("$x"), False), (q.new, False), (q.old, True),
    (q.since("2026-11-03"), True), (q.since("2026-11-04"), False), (q.on("2026-11-03"), True),
    (q.sent_on("2026-11-02"), True), (q.sent_before("2026-11-02"), False), (q.saved_on(DAY), False),
    (q.larger(100), True), (q.smaller(100), False), (q.uid([7]), True), (q.uid("8:*"), True),
    (q.uid("9:10,*"), True), (q.number("*"), False), (q.uid("$"), True), (q.modseq(12), True),
    (q.modseq(13), False), (q.email_id("M1"), True), (q.thread_id("T"), False), (q.label("work"), True),
    (q.younger(timedelta(hours=12)), True), (q.older(timedelta(hours=12)), False),
    (q.everything, True), (q.any_of([]), False), (q.fuzzy(q.seen), True),
    ((q.unseen | q.from_("rg")) & ~q.to("carl"), True), (q.undeleted & q.bcc("x"), False),
])
def test_in_memory(wanted: Query, found: bool) -> None:
    now = datetime(2026, 11, 3, 12)
    assert matches(wanted, ONE, now=now, last_number=9, last_uid=7, saved=NumberSet([7])) is found


def test_nothing_is_read_that_is_not_needed() -> None:
    def read() -> bytes:
        raise PostelError("read")

    unread = Candidate(read, frozenset({"seen"}), size=10)
    assert matches(q.text("x") & q.unseen, unread) is False
    assert matches(q.text("x") | q.larger(5), unread) is True
    with pytest.raises(PostelError, match="read"):
        matches(q.text("x"), unread)
    for wanted in (q.gmail("x"), q.older(timedelta(1))):
        with pytest.raises(NotSupported):
            matches(wanted, ONE)
    undated = Candidate(b"\r\n")
    assert not matches(q.since(DAY) | q.on(DAY), undated)
    assert not matches(q.older(timedelta(1)), undated, now=datetime(2026, 1, 1, tzinfo=UTC))
