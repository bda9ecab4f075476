"""Malformed replies of news servers, made from what real ones have sent: each has one outcome.

A value where the meaning is plain, a typed error where it is not; never another exception, never a
wait without end, and never an answer that belongs to another command.
"""

from __future__ import annotations

import zlib
from typing import Any

import pytest
from nntp_peer import NNTPPeer, row

from postel import nntp
from postel.errors import (
    ConnectionLost,
    LimitReached,
    NetworkError,
    PostelError,
    ProtocolError,
    ReplyError,
)

R = row(1) + b"\r\n"
GOOD = b"224 x\r\n" + R + b".\r\n"


def over(news: nntp.Client) -> Any:
    news.group("g")
    return [one.number for one in news.over(1, 1)]


def values(news: nntp.Client) -> Any:
    news.group("g")
    return [tuple(one) for one in news.hdr("Subject", 1, 2)]


def article(news: nntp.Client) -> Any:
    return news.article("<1@x>").data


def listed(news: nntp.Client) -> Any:
    return [one.name for one in news.list()]


MALFORMED = [
    # status lines
    ("date", "DATE", b"hello\r\n", ProtocolError),
    ("date", "DATE", b"\r\n111 20261121100000\r\n", ProtocolError),
    ("date", "DATE", b"111-20261121100000\r\n", 2026),
    ("date", "DATE", b"111\t20261121100000\r\n", 2026),
    ("date", "DATE", b"111 20261121100000\n", 2026),
    ("date", "DATE", b"111 the date is 20261121100000, says the server\r\n", 2026),
    ("date", "DATE", b"111\r\n", ProtocolError),
    ("date", "DATE", b"111 20269999999999\r\n", ProtocolError),
    ("date", "DATE", b"11 20261121100000\r\n", ProtocolError),
    ("date", "DATE", b"1110 20261121100000\r\n", ProtocolError),
    ("date", "DATE", b"\x1b[2J111 x\r\n", ProtocolError),
    ("date", "DATE", b"111 20261121100000", NetworkError),
    ("date", "DATE", b"1" * 2_000_000, ProtocolError),
    ("date", "DATE", b"200 welcome back\r\n111 20261121100000\r\n", 2026),
    ("date", "DATE", b"400 load too high\r\n", ConnectionLost),
    ("date", "DATE", b"+OK 20261121100000\r\n", ProtocolError),
    # groups
    ("group", "GROUP", b"211\r\n", ProtocolError),
    ("group", "GROUP", b"211 3 1\r\n", ProtocolError),
    ("group", "GROUP", b"211 three one 3 g\r\n", ProtocolError),
    ("group", "GROUP", b"211 3 1 3\r\n", 3),
    ("group", "GROUP", b"211 -1 1 3 g\r\n", ProtocolError),
    ("group", "GROUP", b"211 3 5000000000 5000000002 g\r\n", 5_000_000_002),
    ("group", "GROUP", b"211 3 1 " + b"9" * 5000 + b" g\r\n", ProtocolError),
    # overviews
    (over, "OVER", b"224 x\r\n" + R + b".\n", [1]),
    (over, "OVER", b"224 x\n" + R.replace(b"\r\n", b"\n") + b".\n", [1]),
    (over, "OVER", b"224\r\n" + R + b"\r\n\r\n.\r\n", [1]),
    (over, "OVER", b"224 x\r\n\r\n.\r\n", []),
    (over, "OVER", b"224 x\r\n.\r\n", []),
    (over, "OVER", b"224 x\r\nno tabs at all\r\n.\r\n", [0]),
    (over, "OVER", b"224 x\r\n" + R + b"..1\tx\r\n.\r\n", [1, 0]),
    (over, "OVER", b"224 x\r\n" + R.replace(b"\t", b"\t\t\t") + b".\r\n", [1]),
    (over, "OVER", b"224 x\r\n" + b"\xff\x00\t" * 500 + b"\r\n.\r\n", [0]),
    (over, "OVER", b"224 x\r\n1\t" + b"x" * 3_000_000, ProtocolError),
    (over, "OVER", b"224 x\r\n" + R, NetworkError),
    (over, "OVER", b"423\r\n", []),
    (over, "OVER", b"420 none\r\n", []),
    (over, "OVER", b"224 x [COMPRESS=GZIP]\r\nnot zlib\r\n.\r\n", ProtocolError),
    (over, "OVER", b"224 x [COMPRESS=GZIP]\r\n" + zlib.compress(R)[:-3] + b"???.\r\n", ProtocolError),
    (over, "OVER", b"224 x [COMPRESS=GZIP]\r\n" + zlib.compress(R) + b"garbage\r\n", ProtocolError),
    (over, "OVER", b"221 x\r\n" + R + b".\r\n", ReplyError),
    (over, "OVER", GOOD + b"1\tstray row\r\n", [1]),
    (over, "LIST OVERVIEW.FMT", b"215 x\r\n\xff\xfe\r\n\r\n.\r\n", None),
    # fields
    (values, "HDR", b"225 x\r\n1 a\r\n2 \r\n.\r\n", [(1, "a"), (2, "")]),
    (values, "HDR", b"221 x\r\n1 (none)\r\n2\r\n.\r\n", [(1, ""), (2, "")]),
    (values, "HDR", b"211 x\r\n1 a\r\n.\r\n", [(1, "a")]),
    (values, "HDR", b"225 x\r\n\r\n1 a b  c\r\n.\r\n", [(1, "a b  c")]),
    (values, "HDR", b"225 x\r\none a\r\n.\r\n", [(0, "a")]),
    (values, "HDR", b"225 x\r\n1 \xe9t\xe9\r\n.\r\n", [(1, "été")]),
    # articles
    (article, "ARTICLE", b"220\r\n\r\n.\r\n", b"\r\n"),
    (article, "ARTICLE", b"220 0 <1@x>\r\nSubject: x\r\n.\r\n", b"Subject: x\r\n"),
    (article, "ARTICLE", b"220 99999999999999999999999 <1@x>\r\n.\r\n", b""),
    (article, "ARTICLE", b"220 0 <1@x>\r\n.x\r\n.\r\n", b".x\r\n"),
    (article, "ARTICLE", b"220 0 <1@x>\r\nx\r\n.\r", NetworkError),
    (article, "ARTICLE", b"220 0 <1@x>\r\nx\r\n.", NetworkError),
    (article, "ARTICLE", b"222 0 <1@x>\r\nx\r\n.\r\n", ReplyError),
    (article, "ARTICLE", b"220 0 <1@x>\r\n" + b"x" * 2_000_000 + b"\r\n.\r\n", LimitReached),
    # lists
    (listed, "LIST ACTIVE", b"215 x\r\na.b 2 1 y\r\nbroken\r\nc.d two 1 y\r\n.\r\n", ["a.b"]),
    (listed, "LIST ACTIVE", b"215\r\na.b 2 1\r\n.\r\n", ["a.b"]),
    (listed, "LIST ACTIVE", b"215 x\r\na\xff\x1b[2J 2 1 y\r\n.\r\n", ["a\udcff\x1b[2J"]),
    (listed, "LIST ACTIVE", b"231 x\r\na.b 2 1 y\r\n.\r\n", ReplyError),
]


def test_there_are_enough() -> None:
    assert len(MALFORMED) >= 50


@pytest.mark.parametrize("slices", [0, 3])
@pytest.mark.parametrize(("ask", "verb", "said", "outcome"), MALFORMED)
def test_malformed(ask: Any, verb: str, said: bytes, outcome: Any, slices: int) -> None:
    if slices and len(said) > 10_000:
        slices = 50_000

    def speak(line: Any, rest: str) -> None:
        line.say(said, slice=slices)
        if outcome is NetworkError:
            line.close()

    with NNTPPeer({"OVER": GOOD, verb: speak}) as peer:
        news = nntp.Client("127.0.0.1", port=peer.port, timeout=5)
        news.largest = 1_000_000
        with news:
            try:
                found = _asked(news, ask)
            except PostelError as error:
                assert isinstance(outcome, type)
                assert isinstance(error, outcome)
                assert "\x1b" not in f"{error} {error.hint}"
                dead = isinstance(error, ProtocolError | NetworkError)
                assert news.is_open is not dead
            else:
                assert outcome is None or found == outcome


def _asked(news: nntp.Client, ask: Any) -> Any:
    if ask == "date":
        return news.date().year
    if ask == "group":
        return news.group("g").last
    return ask(news)


def test_answers_out_of_step_poison_the_connection() -> None:
    """One answer too many: nobody gets another's, and the connection is not used again."""
    with NNTPPeer({"STAT": b"223 1 <1@x>\r\n221 9 <9@x>\r\n"}) as peer:
        news = nntp.Client("127.0.0.1", port=peer.port, timeout=5)
        with news:
            assert news.stat(1).message_id == "<1@x>"
            with pytest.raises(PostelError):
                news.article(1)


def test_a_server_that_cannot_bear_a_window() -> None:
    """It hangs up; the error says how to go on."""
    def one(line: Any, n: str) -> None:
        line.say(b"220 %b <a@x>\r\n.\r\n" % n.encode())
        line.close()

    with NNTPPeer({"ARTICLE": one}) as peer:
        news = nntp.Client("127.0.0.1", port=peer.port, timeout=5)
        with news:
            news.group("g")
            with pytest.raises(NetworkError) as caught:
                for _ in news.articles(range(1, 50)):
                    pass
            assert any("depth=1" in note for note in caught.value.__notes__)
