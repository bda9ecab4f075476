"""The lab's news server, seen by our client and by bare sockets."""

from __future__ import annotations

import mailbox
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postel import Message, lab, nntp
from postel.errors import (
    AuthenticationError,
    ConnectionLost,
    Forbidden,
    NetworkError,
    NotFound,
    NotSupported,
    ReplyError,
    TryLater,
    UsageError,
)
from postel.nntp.server import QUIRKS
from postel.nntp.spool import Refused, Spool

DOTS = "first\n.\n..two\n.three\n"


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    with lab.start("nntp") as started:
        for number in range(1, 41):
            started.nntp.spool.put("misc.test", subject=f"Article {number}", body=DOTS * number)
        yield started


def client(here: lab.Lab, scheme: str = "nntp", **keywords: object) -> nntp.Client:
    return nntp.Client(here.url(scheme), **{"timeout": 10, **keywords})  # type: ignore[arg-type]


def raw(here: lab.Lab, *commands: bytes) -> bytes:
    """What the server says to bare commands, up to its goodbye."""
    with socket.create_connection(here.address("nntp"), timeout=5) as sock:
        sock.sendall(b"\r\n".join((*commands, b"QUIT", b"")))
        data = b""
        while more := sock.recv(65536):
            data += more
        return data


@pytest.mark.parametrize("scheme", ["nntp", "nntps"])
@pytest.mark.parametrize("auth", [None, "USER", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5",
                                  "LOGIN"])
def test_every_log_in(here: lab.Lab, scheme: str, auth: str | None) -> None:
    here.nntp.options.auth = "require"
    with client(here, scheme, user="alice", password="secret", auth=auth) as news:
        assert news.peer.tls
        assert news.group("misc.test").count == 40
    with pytest.raises(AuthenticationError, match="log in as alice"):
        client(here, scheme, user="alice", password="wrong", auth=auth).open()


def test_what_is_private_wants_a_log_in(here: lab.Lab) -> None:
    here.nntp.spool.put("secret.plans", subject="hush")
    here.nntp.options.private = "secret.*"
    with client(here) as news:
        assert [group.name for group in news.list()] == ["misc.test"]
        with pytest.raises(AuthenticationError, match="480"):
            news.group("secret.plans")
    with client(here, user="bob", password="secret") as news:
        assert news.group("secret.plans").count == 1


@pytest.mark.parametrize("quirk", [None, *QUIRKS])
@pytest.mark.parametrize("compress", [False, True])
def test_reading_is_the_same_with_every_quirk(here: lab.Lab, quirk: str | None,
                                              compress: bool) -> None:
    here.nntp.quirks(*([quirk] if quirk else []))
    with client(here, user="alice", password="secret", auth="USER", compress=compress) as news:
        group = news.group("misc.test")
        rows = list(news.over(group.first, group.last))
        assert [row.subject for row in rows] == [f"Article {n}" for n in range(1, 41)]
        assert rows[3].xref == "news.lab.test misc.test:4"
        assert rows[3].lines == 16
        articles = list(news.articles(group))
        assert [one.number for one in articles] == [*range(1, 41)]
        assert articles[2].message.text == DOTS * 3
        assert [one.value for one in news.hdr("Subject", 39, 40)] == ["Article 39", "Article 40"]
        assert len(news.listgroup("misc.test")) == 40
        assert [group.name for group in news.list("misc.*")] == ["misc.test"]
        assert [one.message_id for one in news.heads(range(2, 4))] == [
            "<2@news.lab.test>", "<3@news.lab.test>"]


def test_an_unknown_quirk(here: lab.Lab) -> None:
    with pytest.raises(UsageError, match="no such quirk: slow"):
        here.nntp.quirks("slow")


def test_every_kind_of_compression(here: lab.Lab) -> None:
    with client(here) as news:
        news.group("misc.test")
        plain = [row.line for row in news.over(1, 40)]
        assert [row.line for row in news.xzver(1, 40)] == plain
        assert [one.value for one in news.xzhdr("Subject", 1, 2)] == ["Article 1", "Article 2"]
        news.xfeature_gzip()
        assert [row.line for row in news.over(1, 40)] == plain
        news.compress()
        assert [row.line for row in news.over(1, 40)] == plain
        with pytest.raises(NotSupported, match="compressed already"):
            news.compress()
        assert "compressed bytes" in news.trace.text
    here.nntp.options.zipped = here.nntp.options.compress = False
    with client(here) as news:
        for refused in (news.compress, news.xfeature_gzip):
            with pytest.raises(NotSupported):
                refused()


def test_posting_and_following_up(here: lab.Lab) -> None:
    with client(here) as news:
        first = news.post(Message(from_="Ann <ann@example.org>", subject="Zoë", text=DOTS),
                          groups=["misc.test"])
        asked = news.article(first)
        assert asked.message.text == DOTS
        second = news.post(nntp.answer(asked.message, from_="bob@example.org", text="Yes."))
        assert news.article(second).message.references == (first.strip("<>"),)
        with pytest.raises(ReplyError, match="441"):
            news.post(Message(from_="a@b.example", subject="x", text="y"), groups="no.such")
        with pytest.raises(ReplyError, match="here already"):
            news.post(bytes(asked.message))
        here.nntp.spool.create("misc.closed", status="n")
        with pytest.raises(ReplyError, match="not allowed"):
            news.post(Message(from_="a@b.example", subject="x", text="y"), groups="misc.closed")
    here.nntp.options.posting = "users"
    with client(here) as news:
        assert not news.posting
        with pytest.raises(AuthenticationError):
            news.post(Message(from_="a@b.example", subject="x", text="y"), groups="misc.test")
    here.nntp.options.posting = "none"
    with client(here) as news, pytest.raises(Forbidden, match="440"):
        news.post(Message(from_="a@b.example", subject="x", text="y"), groups="misc.test")


def fed(number: int) -> bytes:
    return (b"Path: far!away\r\nFrom: a@b.example\r\nNewsgroups: misc.test,not.here\r\n"
            b"Subject: Fed\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            b"Message-ID: <fed%d@x>\r\n\r\n.\r\n..\r\n" % number)


def test_feeding(here: lab.Lab) -> None:
    with client(here, reader=False) as news:
        assert news.ihave(fed(0))
        assert not news.ihave(fed(0))
        assert [one.accepted for one in news.feed([fed(0), fed(1), fed(2)])] == [False, True, True]
        news.mode_stream()
        assert sum(map(bool, news.takethis(fed(n) for n in range(500)))) == 497
        assert [bool(one) for one in news.check(["<fed1@x>", "<new@x>"])] == [False, True]
    kept = here.nntp.spool.articles["<fed7@x>"]
    assert kept.data.startswith(b"Path: news.lab.test!far!away\r\n")
    assert kept.body == b".\r\n..\r\n"
    here.nntp.options.feeding = False
    with client(here, reader=False) as news:
        with pytest.raises(NotSupported):
            news.mode_stream()
        with pytest.raises(NotSupported):
            news.ihave(fed(1000))


def test_lists_and_dates(here: lab.Lab) -> None:
    with client(here) as news:
        assert [(one.name, one.count) for one in news.list_counts()] == [("misc.test", 40)]
        assert [one.text for one in news.list_newsgroups()] == ["Try it here"]
        assert [one.by for one in news.list_active_times()] == ["lab@lab.test"]
        assert news.list_motd() == "Welcome to the lab."
        assert [one.address for one in news.list_moderators()] == ["%s@lab.test"]
        assert [one.value for one in news.list_distrib_pats()] == ["local"]
        assert [one.name for one in news.list_distributions()] == ["local"]
        assert news.list_subscriptions() == ["misc.test"]
        assert ":bytes" in news.list_headers()
        early, late = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        assert len(list(news.newnews("*", early))) == 40
        assert list(news.newnews("*", late)) == list(news.newgroups(late)) == []
        assert len(list(news.newgroups(early))) == 1
        assert "ARTICLE" in news.help()
        assert news.server.software.startswith("Postel-")
        here.nntp.options.newnews = False
        with pytest.raises(Forbidden):
            list(news.newnews("*", early))


def test_going_through_a_group(here: lab.Lab) -> None:
    with client(here) as news:
        news.group("misc.test")
        assert news.stat().number == 1
        assert news.next().number == 2
        assert news.last().number == 1
        with pytest.raises(NotFound, match="422"):
            news.last()
        news.stat(40)
        with pytest.raises(NotFound, match="421"):
            news.next()
        here.nntp.spool.remove("<7@news.lab.test>")
        assert 7 not in news.listgroup("misc.test", 5, 9)
        assert [one.number for one in news.bodies(range(5, 10))] == [5, 6, 8, 9]
        assert [one.number for one in news.xpat("Subject", 1, None, "*?2", "no*")] == [2, 12, 22, 32]


def test_faults(here: lab.Lab) -> None:
    with client(here) as news:
        here.nntp.faults.on("GROUP", b"403 disk trouble")
        with pytest.raises(TryLater, match="disk trouble"):
            news.group("misc.test")
        group = news.group("misc.test")
        here.nntp.faults.on("ARTICLE", cut=300, after=3)
        got = []
        with pytest.raises(NetworkError):
            for article in news.articles(group):
                got.append(article.number)
        assert got in ([], [1], [1, 2], [1, 2, 3])
    here.nntp.faults.clear()
    here.nntp.faults.on("GREETING", b"400 full", close=True)
    with pytest.raises(TryLater, match="full"):
        client(here).open()
    with client(here) as news:
        here.nntp.faults.on("LIST ACTIVE", b"400 idle", close=True)
        with pytest.raises(ConnectionLost, match="idle"):
            list(news.list())


def test_bare_commands(here: lab.Lab) -> None:
    said = raw(here, b"what", b"LIST WHAT", b"ARTICLE x", b"ARTICLE 1", b"GROUP", b"XHDR", b"OVER",
               b"STAT <no@x>", b"NEWNEWS * yesterday", b"NEWNEWS * 700101 000000", b"AUTHINFO PASS x",
               b"XPAT a 1", b"LISTGROUP", b"COMPRESS", b"AUTHINFO SASL WHAT", b"MODE WHAT",
               b"GROUP misc.test", b"OVER 9-x", b"OVER 90-99", b"STAT 99", b"STAT", b"LISTGROUP g h i")
    codes = [line[:3].decode() for line in said.splitlines() if line[:3].isdigit() and line[3:4] == b" "]
    assert codes == ["200", "500", "501", "412", "412", "411", "501", "412", "430", "501", "230",
                     "482", "501", "412", "501", "503", "501", "211", "501", "423", "423", "223",
                     "411", "205"]


def test_loading_from_disk(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "list.mbox")
    for number in range(5):
        box.add(f"From: a@b.example\nSubject: {number}\nMessage-ID: <{number}@b.example>\n\n"
                f"From here\n{DOTS}")
    box.flush()
    box.close()
    spool = Spool()
    assert spool.load_mbox(tmp_path / "list.mbox", "lists.test") == 5
    assert spool.load_mbox(tmp_path / "list.mbox", "lists.test") == 0
    for name in ("comp/lang/c/10", "comp/lang/c/9", "misc.test/1"):
        path = tmp_path / "spool" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"From: a@b.example\nSubject: s\nMessage-ID: <%b@x>\n\nx\n"
                         % name.replace("/", ".").encode())
    (tmp_path / "spool" / "misc.test" / ".overview").write_text("1\tx")
    assert spool.load_spool(tmp_path / "spool") == 3
    assert {name: list(group.ids.values()) for name, group in spool.groups.items()} == {
        "lists.test": [f"<{number}@b.example>" for number in range(5)],
        "comp.lang.c": ["<comp.lang.c.9@x>", "<comp.lang.c.10@x>"], "misc.test": ["<misc.test.1@x>"]}
    with pytest.raises(UsageError):
        spool.create("a b")
    for bad in (b"no gap", b"Message-ID: none\r\n\r\n", b"Message-ID: <a@b>\r\n\r\n"):
        with pytest.raises(Refused):
            spool.add(bad)


@pytest.mark.slow
def test_usenet_from_the_corpus(tmp_path: Path, corpora: object) -> None:
    """Three thousand real articles, read back byte for byte but for Path and Xref."""
    import tarfile

    archive = corpora("bulk/usenet-comp.lang.cobol.tar.xz")  # type: ignore[operator]
    with tarfile.open(archive) as tar:
        members = [one for one in tar.getmembers() if one.isfile()][:400]
        tar.extractall(tmp_path, members=members, filter="data")
    with lab.start("nntp") as here:
        count = here.nntp.spool.load_spool(tmp_path)
        assert count >= 390
        name = next(one for one in here.nntp.spool.groups if one.endswith("cobol"))
        with client(here, compress=True) as news:
            group = news.group(name)
            rows = {row.number: row for row in news.overview(group)}
            for article in news.articles(group):
                kept = here.nntp.spool.articles[article.message_id]
                assert article.data == (kept.data if kept.data.endswith(b"\r\n") else kept.data + b"\r\n")
                row = rows[article.number]
                assert row.subject == article.message.subject
                assert row.message_id == article.message_id
                assert row.references == article.message.references
                assert row.date == article.message.date
            assert len(rows) == count


@pytest.mark.parametrize(("keywords", "error"), [
    ({"user": "alice", "password": "secret"}, AuthenticationError),
    ({"user": "alice", "password": "secret", "security": "plain"}, None), ({}, None)])
def test_a_password_goes_in_the_clear_only_when_asked_for(
        here: lab.Lab, keywords: dict[str, str], error: type[Exception] | None) -> None:
    """A server without TLS, somewhere else: reading is allowed, a log-in and a post are not."""
    here.nntp.clear.tls = None
    news = client(here, port=119, **keywords)
    if error is not None:
        with pytest.raises((error, NotSupported), match=r"clear|no TLS"):
            news.open()
        return
    with news:
        assert news.group("misc.test").count == 40
        if not keywords:
            with pytest.raises(AuthenticationError, match="in the clear"):
                news.post(Message(from_="a@b.example", subject="x", text="y"), groups="misc.test")
