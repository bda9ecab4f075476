"""News against INN: reading, log-ins, TLS, posting, feeding, compression, 20,000 articles."""

from __future__ import annotations

import asyncio
import re
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from servers import INN
from servers.inn import BIG

from postel import Message, nntp
from postel.errors import AuthenticationError, NotFound, NotSupported, ReplyError
from postel.transport.tls import TLSOptions


def options(inn: INN, security: str = "auto", **more: Any) -> dict[str, Any]:
    port = inn.tls_port if security == "tls" else inn.reader_port
    return {"port": port, "security": security, "tls": TLSOptions(ca=inn.ca_file),
            "timeout": 30.0, **more}


def reader(inn: INN, security: str = "auto", **more: Any) -> nntp.Client:
    return nntp.Client("localhost", **options(inn, security, **more))


def feeder(inn: INN, **more: Any) -> nntp.Client:
    return nntp.Client("127.0.0.1", port=inn.transit_port, reader=False, timeout=30, **more)


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
@pytest.mark.parametrize("auth", ["USER", "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1",
                                  "SCRAM-SHA-256", None])
def test_every_mechanism(inn: INN, security: str, auth: str | None) -> None:
    if auth not in ("USER", None) and not inn.sasl:
        pytest.skip("saslpasswd2 is absent: apt-get install sasl2-bin")
    with reader(inn, security, user="alice", password="secret", auth=auth) as news:
        assert (news.peer.tls is None) == (security == "plain")
        assert "AUTHINFO" not in news.refresh_capabilities()
        assert news.group("interop.private").count == 1


def test_a_wrong_password_and_nobody(inn: INN) -> None:
    with pytest.raises(AuthenticationError):
        reader(inn, user="alice", password="wrong", auth="USER").open()
    with reader(inn) as news, pytest.raises(AuthenticationError, match="480"):
        news.group("interop.private")


def test_480_is_answered(inn: INN) -> None:
    with reader(inn) as news:
        news.user, news._password = "alice", lambda: "secret"
        assert news.group("interop.private").count == 1


@pytest.mark.parametrize("compress", [False, True])
def test_twenty_thousand_articles(inn: INN, compress: bool) -> None:
    with reader(inn, compress=compress) as news:
        group = news.group("interop.big")
        assert group.count == BIG
        numbers = [row.number for row in news.overview(group)]
        assert numbers == [*group.numbers]
        seen = 0
        for article in news.articles(range(group.first, group.first + 2_000)):
            assert article.message.subject == f"number {article.number - group.first}"
            seen += 1
        assert seen == 2_000
        ids = [one.message_id for one in news.heads([5, 6, "<big9@interop.test>"])]
        assert ids == ["<big4@interop.test>", "<big5@interop.test>", "<big9@interop.test>"]


def test_rows_stream(inn: INN) -> None:
    with reader(inn) as news:
        group = news.group("interop.big")
        for _ in news.over(1, 100):
            pass
        tracemalloc.start()
        try:
            assert sum(row.lines > 0 for _ in range(5) for row in news.overview(group)) == 5 * BIG
            assert tracemalloc.get_traced_memory()[1] < 20 << 20
        finally:
            tracemalloc.stop()


def test_what_a_row_says_is_what_the_article_says(inn: INN) -> None:
    with reader(inn) as news:
        for name in ("interop.threads", "interop.unicode", "interop.binary"):
            group = news.group(name)
            rows = {row.number: row for row in news.overview()}
            assert len(rows) == group.count
            for article in news.articles():
                row, message = rows[article.number], article.message
                assert row.subject == message.subject
                assert row.message_id == article.message_id == f"<{message.message_id}>"
                assert row.references == message.references
                assert row.date == message.date
                assert row.size > 0
                assert row["Newsgroups"] == name
                assert row.places == {name: article.number}
        assert [one.value for one in news.hdr("Subject", 1, 1)] == ["part 0"]


def test_every_list(inn: INN) -> None:
    with reader(inn) as news:
        names = {group.name: group for group in news.list()}
        assert len(names) > 500
        assert names["interop.moderated"].status == "m"
        [counted] = news.list_counts("interop.big")
        assert counted.count == BIG
        about = {one.name: one.text for one in news.list_newsgroups("interop.*")}
        assert about["interop.unicode"] == "Caf\u00e9: other alphabets"
        assert next(iter(news.list_active_times())).when < datetime.now(UTC)
        assert "Welcome to the interop tests." in news.list_motd()
        assert news.list_moderators()[0].pattern == "interop.moderated"
        assert [one.name for one in news.list_distributions()] == ["local"]
        assert [one.value for one in news.list_distrib_pats()] == ["local"]
        assert news.list_subscriptions() == ["interop.test", "interop.threads"]
        assert ":" in news.list_headers()
        assert "Newsgroups:full" in news.list_overview_fmt()
        assert list(news.newgroups(datetime.now(UTC))) == []
        assert len(list(news.newnews("interop.threads", datetime.now(UTC) - timedelta(days=1)))) == 400
        assert abs(news.date() - datetime.now(UTC)) < timedelta(minutes=1)
        assert "ARTICLE" in news.help()
        assert news.server.software.startswith("INN")


def test_walking_and_searching(inn: INN) -> None:
    with reader(inn) as news:
        news.group("interop.threads")
        assert news.stat(3).message_id == "<t0.2@interop.test>"
        assert news.next().number == 4
        assert news.last().number == 3
        assert news.listgroup(first=5, last=7) == [5, 6, 7]
        assert len(news.listgroup("interop.unicode")) == 50
        assert len(list(news.xpat("Subject", 1, None, "*9*"))) >= 5
        for missing in (9_999, "<no@where>"):
            with pytest.raises(NotFound):
                news.article(missing)
        assert [row.number for row in news.over(9_999)] == []
        assert news.group("interop.empty").count == 0
        assert list(news.overview()) == list(news.articles()) == []
        for asked in ("XZVER", "XFEATURE"):
            with pytest.raises(NotSupported):
                list(news.xzver(1, 2)) if asked == "XZVER" else news.xfeature_gzip()


def test_posting(inn: INN) -> None:
    text = "Gr\u00fc\u00dfe\n.\n..two\n"
    with reader(inn, "starttls") as news:
        name = news.post(Message(from_="Ann <ann@interop.test>", subject="Caf\u00e9", text=text),
                         groups="interop.test")
        article = news.article(name)
        assert (article.message.subject, article.message.text) == ("Caf\u00e9", text)
        answer = news.post(nntp.answer(article.message, from_="bob@interop.test", text="Yes"))
        assert news.article(answer).message.references == (name.strip("<>"),)
        for groups in ("interop.closed", "no.such.group"):
            with pytest.raises(ReplyError, match="441"):
                news.post(Message(from_="a@interop.test", subject="x", text="y"), groups=groups)


def fed(number: int, size: int = 1) -> bytes:
    now = f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} +0000"
    return (f"Path: far!away\r\nFrom: a@b.example\r\nNewsgroups: interop.test\r\nSubject: Fed\r\n"
            f"Date: {now}\r\nMessage-ID: <fed{number}.{size}@interop.test>\r\n\r\n").encode() + (
                b".a line of text that is repeated\r\n" * size)


def test_feeding(inn: INN) -> None:
    with feeder(inn) as news:
        assert news.ihave(fed(0))
        assert not news.ihave(fed(0))
        told = news.feed([fed(0), fed(1), fed(2)])
        assert [one.accepted for one in told] == [False, True, True]
        assert all(one.accepted for one in news.takethis(fed(n) for n in range(3, 1000)))
        assert all(one.accepted for one in news.takethis(fed(n, 20_000) for n in range(30)))
    with reader(inn) as news:
        news.group("interop.test")
        article = news.article("<fed5.20000@interop.test>")
        assert article.data.endswith(b"\r\n\r\n" + b".a line of text that is repeated\r\n" * 20_000)
        with news.article_stream("<fed5.20000@interop.test>", "BODY") as body:
            assert sum(len(chunk) for chunk in body) == 20_000 * 34


def test_a_transit_server_becomes_a_reader(inn: INN) -> None:
    with nntp.Client("127.0.0.1", port=inn.transit_port, timeout=30) as news:
        assert "READER" in news.capabilities
        assert re.match("[0-9]+$", str(news.group("interop.threads").count))


def test_async_side(inn: INN) -> None:
    async def count() -> int:
        async with nntp.AsyncClient("localhost", **options(inn, "tls", compress=True)) as news:
            group = await news.group("interop.threads")
            rows = [row async for row in news.overview(group)]
            articles = [one async for one in news.articles(group)]
            assert [row.number for row in rows] == [one.number for one in articles]
            return len(articles)

    assert asyncio.run(count()) == 400
