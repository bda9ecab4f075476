"""``postel news`` against the lab's news server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from postel import lab
from postel.messages.codecs import yenc

Postel = Callable[..., Result]
GROUP = "misc.test"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[lab.Lab]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NNTPSERVER", raising=False)
    with lab.start("nntp") as running:
        running.nntp.spool.put(GROUP, subject="Hello", author="Ann <ann@lab.test>")
        running.nntp.spool.add(
            b"Path: x\r\nFrom: Bob <bob@lab.test>\r\nNewsgroups: misc.test\r\n"
            b"Subject: Re: Hello\r\nMessage-ID: <r@lab.test>\r\nReferences: <1@news.lab.test>\r\n"
            b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nAn answer \x1b[31mred\r\n")
        monkeypatch.setenv("NNTPSERVER", running.url("nntp"))
        yield running


def test_groups(here: lab.Lab, postel: Postel) -> None:
    here.nntp.spool.create("comp.lang.python", "The \x1b[1mlanguage")
    out = postel("news", "groups").output
    assert "misc.test  Try it here" in out
    assert "\x1b" not in out
    listed = postel("news", "groups", here.url("nntp"), "comp.*", "--json").output
    assert json.loads(listed)["group"] == "comp.lang.python"
    assert postel("news", "groups", "misc.*").output.count("\n") == 1


def test_a_group_as_threads(here: lab.Lab, postel: Postel) -> None:
    lines = postel("news", "list", GROUP).output.splitlines()
    assert lines[0].endswith("Ann                     Hello")
    assert lines[1].endswith("Bob                       Re: Hello")
    flat = postel("news", "list", GROUP, "--flat", "-n", "1", "--json").output
    assert json.loads(flat)["message_id"] == "<r@lab.test>"
    only = postel("news", "list", f"{here.url('nntp')}{GROUP}/1-1").output
    assert only.count("\n") == 1


def test_the_overview(here: lab.Lab, postel: Postel) -> None:
    lines = postel("news", "over", GROUP).output.splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["1", "Hello"], ["2", "Re: Hello"]]
    assert json.loads(postel("news", "over", GROUP, "-n", "1", "--json").output)["number"] == 2


def test_articles_are_read(here: lab.Lab, postel: Postel) -> None:
    out = postel("news", "read", GROUP, "1", "2").output
    assert "Subject: Hello" in out
    assert "An answer " in out
    assert "\x1b" not in out
    assert b"\x1b[31mred" in postel("news", "read", "r@lab.test", "--raw").stdout_bytes
    record = json.loads(postel("news", "read", f"{here.url('nntp')}{GROUP}/2", "--json").output)
    assert record["number"] == 2
    assert "which article" in postel("news", "read", GROUP, code=2).stderr
    assert "no such article" in postel("news", "read", "gone@lab.test", code=3).stderr.lower()


def test_an_answer_is_posted(here: lab.Lab, postel: Postel, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("Grüße\n")
    dry = postel("news", "post", GROUP, "text", "--from", "Ann <ann@lab.test>", "--subject", "Hi",
                 "--dry-run").output
    assert "Newsgroups: misc.test" in dry
    name = postel("news", "post", GROUP, "text", "--from", "Ann <ann@lab.test>", "--reply",
                  "2").output.strip()
    assert "Grüße".encode() in here.nntp.spool.articles[name].data
    record = json.loads(postel("news", "list", GROUP, "--json").output.splitlines()[-1])
    assert (record["subject"], record["depth"]) == ("Re: Hello", 2)
    assert record["references"] == ["1@news.lab.test", "r@lab.test"]
    assert "who writes it" in postel("news", "post", GROUP, "text", code=2).stderr
    assert "what is it about" in postel("news", "post", GROUP, "text", "--from", "a@b.example",
                                        code=2).stderr


def test_a_mirror(here: lab.Lab, postel: Postel, tmp_path: Path) -> None:
    dry = postel("news", "mirror", GROUP, "copy", "--dry-run").output
    assert dry.startswith("misc.test: would fetch 2 new")
    assert postel("news", "mirror", GROUP, "copy").output.startswith("misc.test: 2 new")
    again = json.loads(postel("news", "mirror", GROUP, "copy", "--json").output)
    assert (again["fetched"], again["found"]) == (0, 0)
    assert len(list((tmp_path / "copy" / "new").iterdir())) == 2


def test_an_nzb(here: lab.Lab, postel: Postel, tmp_path: Path) -> None:
    (body,) = yenc.encode(b"the data", "a.bin")
    here.nntp.spool.add(b"Path: x\r\nFrom: a@b.example\r\nNewsgroups: misc.test\r\nSubject: s\r\n"
                        b"Message-ID: <p@lab.test>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
                        b"\r\n" + body)
    text = ('<nzb><file subject="&quot;a.bin&quot;" poster="p" date="1"><groups/><segments>'
            '<segment bytes="9" number="1">p@lab.test</segment>{}</segments></file></nzb>')
    (tmp_path / "a.nzb").write_text(text.format(""))
    assert "1 parts" in postel("news", "get", "a.nzb", "--dry-run").output
    assert "a.bin" in postel("news", "get", "a.nzb", "--into", "files").output
    assert (tmp_path / "files" / "a.bin").read_bytes() == b"the data"
    assert "here already" in postel("news", "get", "a.nzb", "--into", "files").output
    (tmp_path / "b.nzb").write_text(text.format("<segment number='2'>gone@lab.test</segment>"))
    assert "1 parts missing" in postel("news", "get", "b.nzb", "--into", "more", code=6).output


def test_what_comes_is_told(here: lab.Lab, postel: Postel, tmp_path: Path) -> None:
    def arrive() -> None:
        for number in range(40):
            time.sleep(0.05)
            here.nntp.spool.put(GROUP, subject=f"News {number}")

    thread = threading.Thread(target=arrive)
    thread.start()
    out = postel("news", "watch", GROUP, "--every", "0.1", "--count", "2", "--json").output
    records = [json.loads(line) for line in out.splitlines()]
    assert [one["number"] for one in records] == [records[0]["number"], records[0]["number"] + 1]
    code = postel("news", "watch", GROUP, "--every", "0.1", "--count", "1", "--run",
                  'cat > got; echo "$POSTEL_SUBJECT" > subject; exit 3', code=1)
    assert "ended with 3" in code.stderr
    thread.join()
    assert b"Newsgroups: misc.test" in (tmp_path / "got").read_bytes()
    assert (tmp_path / "subject").read_text().startswith("News ")


def test_no_server(here: lab.Lab, postel: Postel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NNTPSERVER")
    assert "NNTPSERVER" in postel("news", "list", GROUP, code=2).stderr
    assert "NNTPSERVER" in postel("news", "groups", code=2).stderr
