"""``postel mail send`` against the lab."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.cli.main import main

MAIL = b"From: ann@lab.test\nTo: bob@lab.test\nBcc: eve@lab.test\nSubject: hello\n\nhi\n.\nend\n"


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("smtp", "submission") as started:
        yield started


@pytest.fixture
def here(running: lab.Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> lab.Lab:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("POSTEL_VIA", raising=False)
    running.mail.clear()
    running.smtp.faults.clear()
    return running


class Input(io.BytesIO):
    """Standard input."""

    def __init__(self, data: bytes, *, terminal: bool = False) -> None:
        super().__init__(data)
        self.buffer = self
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    return Runner(capfd, monkeypatch)


class Runner:
    """Runs the command; the exit code is checked."""

    def __init__(self, capfd: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.capfd, self.patch = capfd, patch

    def __call__(self, *words: str, code: int = 0, given: bytes | None = None) -> str:
        self.patch.setattr(sys, "stdin", Input(given or b"", terminal=given is None))
        with pytest.raises(SystemExit) as caught:
            main(["mail", "send", *words])
        out, err = self.capfd.readouterr()
        assert (caught.value.code or 0) == code, out + err
        return out + err


def test_a_message_on_standard_input(here: lab.Lab, run: Runner) -> None:
    out = run("--via", here.url("smtp"), given=MAIL)
    assert "bob@lab.test  accepted  250 2.0.0 message" in out
    assert "eve@lab.test  accepted" in out
    [caught] = here.mail.messages
    assert caught.recipients == ("bob@lab.test", "eve@lab.test")
    assert b"eve" not in caught.data
    assert caught.data.endswith(b"\r\nhi\r\n.\r\nend\r\n")
    run("--via", here.url("smtp"), "x@lab.test", "--sender", "", given=MAIL)
    assert (here.mail.messages[1].sender, here.mail.messages[1].recipients) == (
        "", ("x@lab.test",))


def test_who_was_refused(here: lab.Lab, run: Runner) -> None:
    here.smtp.faults.say("RCPT eve@ → 550 5.1.1 nobody")
    out = run("--via", here.url("smtp"), given=MAIL, code=1)
    assert "bob@lab.test  accepted" in out
    assert "eve@lab.test  refused   550 5.1.1 nobody" in out
    assert "1 refused: eve@lab.test" in out
    assert "do not send to them again" in out
    here.smtp.faults.say("RCPT eve@ → 550 5.1.1 nobody")
    out = run("--via", here.url("smtp"), "--json", given=MAIL, code=1)
    lines = [json.loads(line) for line in out.splitlines() if line.startswith('{"recipient"')]
    assert [(one["recipient"], one["state"], one["code"], one["status"]) for one in lines] == [
        ("bob@lab.test", "accepted", 250, "2.0.0"), ("eve@lab.test", "refused", 550, "5.1.1")]


def test_a_message_of_options(here: lab.Lab, run: Runner) -> None:
    Path("report.pdf").write_bytes(b"%PDF-1.7 report")
    Path("page.html").write_text("<p>Hi <img src='cid:logo.png'></p>")
    Path("logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    run("--via", here.url("smtp"), "--from", "Ann <ann@lab.test>", "--to", "Bob <bob@lab.test>",
        "--cc", "carol@lab.test", "--bcc", "eve@lab.test", "-s", "Grüße", "-m", "Hello",
        "--html", "page.html", "--inline", "logo.png", "-a", "report.pdf",
        "--header", "X-Kind: report", "dan@lab.test", "--dsn", "success,failure", "--ret",
        "headers", "--envid", "id1", "--priority", "2")
    caught = here.mail.messages[0]  # the reports come after it
    assert caught.recipients == ("bob@lab.test", "dan@lab.test", "carol@lab.test", "eve@lab.test")
    assert caught.sender == "ann@lab.test"
    for part in (b"=?utf-8?", b"X-Kind: report", b"report.pdf", b"multipart/related",
                 b"multipart/alternative", b"Cc: carol@lab.test"):
        assert part in caught.data
    assert b"eve@lab.test" not in caught.data
    assert (caught.mail.ret, caught.mail.envid, caught.mail.priority) == ("HDRS", "id1", 2)
    assert caught.rcpts[0].notify == {"SUCCESS", "FAILURE"}


def test_the_text_from_standard_input(here: lab.Lab, run: Runner,
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTEL_VIA", here.url("smtp"))
    run("--from", "ann@lab.test", "--to", "bob@lab.test", "-s", "x",
        given="Grüße\n.\n".encode())
    [caught] = here.mail.messages
    assert caught.data.endswith("Grüße\r\n.\r\n".encode())  # 8BITMIME is offered


def test_later(here: lab.Lab, run: Runner) -> None:
    out = run("--via", here.url("smtp"), "--later", "2h", "--outbox", "mine.db", given=MAIL)
    assert "queued" in out
    assert Path("mine.db").exists()
    assert not here.mail.messages


@pytest.mark.parametrize(("words", "given", "said"), [
    ((), MAIL, "--via: which server?"),
    (("--via", "ftp://x"), MAIL, "has no send"),
    (("--via", "smtp://x", "--outbox", "x.db"), MAIL, "--later WHEN"),
    (("--direct", "--later", "2h"), MAIL, "--direct and --later"),
    (("--via", "smtp://x"), None, "standard input is a terminal"),
    (("--via", "smtp://x"), b"hello\n", "it has no headers"),
    (("--via", "smtp://x", "--to", "b@x", "-m", "x"), None, "--from: who writes it?"),
    (("--via", "smtp://x", "--from", "a@x", "-s", "x", "-m", "x"), None, "nobody gets it"),
    (("--via", "smtp://x", "--from", "a@x", "--to", "b@x", "-m", "x", "--header", "X"), None,
     "--header X"),
    (("--via", "smtp://x", "--dsn", "sometimes"), MAIL, "success, failure, delay, or never"),
])
def test_what_is_wrong_is_said(here: lab.Lab, run: Runner, words: tuple[str, ...],
                               given: bytes | None, said: str) -> None:
    assert said in run(*words, given=given, code=2)
