"""The old face of news on the lab's server."""

from __future__ import annotations

import datetime
import io
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.compat import nntplib
from postel.compat.nntp_engine import Engine
from postel.compat.nntp_rows import parse_format, parse_rows

HOST = "nntp.lab.test"


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    with lab.start("nntp") as running:
        for subject in ("Hello", "Re: Hello"):
            running.nntp.spool.put("misc.test", subject=subject)
        yield running


def test_a_group_is_read(here: lab.Lab) -> None:
    with nntplib.NNTP(HOST) as news:
        assert news.getwelcome().startswith("200 ")
        assert news.group("misc.test")[1:] == (2, 1, 2, "misc.test")
        response, rows = news.over((1, None))
        assert response.startswith("224")
        assert [(number, row["subject"]) for number, row in rows] == [
            (1, "Hello"), (2, "Re: Hello")]
        assert news.xover(2, 2)[1][0][1][":bytes"].isdigit()  # type: ignore[union-attr]
        assert news.stat(1)[1] == 1
        assert news.next()[1] == 2
        assert news.last()[1] == 1
        number, name, lines = news.head(1)[1]
        assert (number, name[0]) == (1, "<")
        assert b"Subject: Hello" in lines
        assert news.xhdr("subject", "1-2")[1] == [("1", "Hello"), ("2", "Re: Hello")]
        assert news.list("misc.*")[1] == [nntplib.GroupInfo("misc.test", "2", "1", "y")]
        assert news.description("misc.test") == "Try it here"
        assert abs(news.date()[1] - datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
                   ) < datetime.timedelta(minutes=5)
        assert news.quit().startswith("205")


def test_what_is_posted_is_read_back(here: lab.Lab) -> None:
    article = [b"From: a@b.example\n", b"Newsgroups: misc.test\n", b"Subject: Dots\n", b"\n",
               b".dot\n", b"end"]
    with nntplib.NNTP(HOST) as news:
        assert news.post(article).startswith("240")
        news.group("misc.test")
        assert news.body(3)[1].lines == [b".dot", b"end"]
        with pytest.raises(nntplib.NNTPTemporaryError, match="435"):
            news.ihave("<1@news.lab.test>", b"x")


def test_a_file_takes_the_lines(here: lab.Lab, tmp_path: Path) -> None:
    held = io.BytesIO()
    with nntplib.NNTP(HOST) as news:
        news.group("misc.test")
        assert news.body(1, file=held)[1].lines == []
        news.article(1, file=str(tmp_path / "article"))
    assert held.getvalue() == b"Text.\r\n"
    assert (tmp_path / "article").read_bytes().endswith(b"\r\n\r\nText.\r\n")


def test_refusals_are_the_old_ones(here: lab.Lab) -> None:
    with nntplib.NNTP(HOST) as news:
        with pytest.raises(nntplib.NNTPTemporaryError) as refused:
            news.group("no.such.group")
        assert refused.value.response.startswith("411 ")
        with pytest.raises(nntplib.NNTPPermanentError):
            news.slave()
        with pytest.raises(TypeError):
            news.newgroups("yesterday")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="line break"):
            news.group("misc.test\r\nQUIT")
        assert news.stat("<1@news.lab.test>")[2] == "<1@news.lab.test>"
    with pytest.raises(ValueError, match="timeout"):
        nntplib.NNTP(HOST, timeout=0)


def test_a_log_in(here: lab.Lab, capsys: pytest.CaptureFixture[str]) -> None:
    host, port = here.address("nntp")
    with nntplib.NNTP(host, port) as news:
        news.set_debuglevel(1)
        news.login("alice", "secret", usenetrc=False)
        assert news.authenticated
        with pytest.raises(ValueError, match="Already"):
            news.login("alice", "secret")
    shown = capsys.readouterr().out
    assert "authinfo pass ***" in shown
    assert "secret" not in shown
    with pytest.raises(nntplib.NNTPTemporaryError, match="481"):
        nntplib.NNTP(host, port, user="alice", password="wrong")


def test_no_password_in_the_clear_to_another_machine(
        here: lab.Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "_is_this_machine", lambda self: False)
    with pytest.raises(nntplib.NNTPPermanentError, match="in the clear"):
        nntplib.NNTP(HOST, user="alice", password="secret")
    with nntplib.NNTP(HOST) as news:
        news.starttls(ssl.create_default_context(cafile=here.ca))
        news.login("alice", "secret")
        assert news.authenticated
    monkeypatch.setattr(nntplib.NNTP, "clear_login", True)
    nntplib.NNTP(HOST, user="alice", password="secret").quit()


def test_tls(here: lab.Lab) -> None:
    with nntplib.NNTP_SSL(HOST, ssl_context=ssl.create_default_context(cafile=here.ca)) as news:
        assert news.group("misc.test")[1] == 2
        with pytest.raises(ValueError, match="already"):
            news.starttls()
    with nntplib.NNTP(HOST) as news:
        news.starttls(ssl.create_default_context(cafile=here.ca))
        assert news.tls_on
        assert "STARTTLS" not in news.getcapabilities()
        assert news.group("misc.test")[1] == 2


def test_a_server_that_hangs_up_is_the_end_of_file() -> None:
    with lab.start("nntp"):
        news = nntplib.NNTP(HOST)
    with news, pytest.raises(EOFError):
        news.group("misc.test")


@pytest.mark.parametrize("lines", [["Subject:"], ["From:", "Subject:", "Date:", "Message-ID:",
                                                  "References:", ":bytes", ":lines"]])
def test_a_format_of_its_own_is_refused(lines: list[str]) -> None:
    with pytest.raises(nntplib.NNTPDataError):
        parse_format(lines)


@pytest.mark.parametrize("line", ["x\ta", "", "1\ts\tf\td\tm\tr\t1\t1\tno name"])
def test_rows_that_cannot_be_read(line: str) -> None:
    fields = ["subject", "from", "date", "message-id", "references", ":bytes", ":lines", "xref"]
    with pytest.raises(nntplib.NNTPDataError):
        parse_rows([line], fields)
