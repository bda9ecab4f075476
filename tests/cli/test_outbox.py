"""``postel mail outbox`` against the lab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from postel import lab
from postel.cli.mail_outbox import moment
from postel.cli.main import main
from postel.errors import UsageError

MAIL = "From: ann@lab.test\nTo: bob@lab.test, carol@lab.test\nSubject: hello\n\nhi\n"


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("smtp", "submission") as started:
        yield started


@pytest.fixture
def here(running: lab.Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> lab.Lab:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("POSTEL_PASSWORD", "secret")
    running.mail.clear()
    running.smtp.faults.clear()
    return running


def run(capfd: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What it prints; the exit code is checked."""
    with pytest.raises(SystemExit) as caught:
        main(["mail", "outbox", *words])
    out, err = capfd.readouterr()
    assert (caught.value.code or 0) == code, out + err
    return out + err


def test_from_the_first_to_the_last(here: lab.Lab, capfd: pytest.CaptureFixture[str]) -> None:
    Path("mail.eml").write_text(MAIL)
    url = here.url("smtp")
    assert "hello" in run(capfd, "add", url, "mail.eml", "--undo", "60")
    out = run(capfd, "list")
    assert "queued" in out
    assert "bob@lab.test from 20" in out
    assert "nothing is due" in run(capfd, "run")
    run(capfd, "cancel", "1")
    assert run(capfd, "list") == ""
    assert "cancelled" in run(capfd, "list", "--all")
    run(capfd, "retry", "1")
    here.smtp.faults.say("RCPT c@ → 550 5.1.1 nobody", "RCPT carol@ → 550 5.1.1 nobody")
    out = run(capfd, "run", code=1)
    assert "sent      bob@lab.test: 250 2.0.0 message" in out
    assert "refused   carol@lab.test: 550 5.1.1 nobody" in out
    assert [caught.recipients for caught in here.mail.messages] == [("bob@lab.test",)]
    assert Path("data/postel/outbox.db").exists()
    run(capfd, "cancel", "1", code=1)
    assert "there is no message 7" in run(capfd, "list", "7", code=3)


def test_json(here: lab.Lab, capfd: pytest.CaptureFixture[str]) -> None:
    Path("mail.eml").write_text(MAIL)
    words = ("--outbox", "other.db", "--json")
    record = json.loads(run(capfd, "add", here.url("smtp"), "mail.eml", "--from", "a@x.org",
                            "--to", "b@x.org", "--dsn", "success", *words))
    assert (record["id"], record["sender"], record["via"]) == (1, "a@x.org", here.url("smtp"))
    assert record["recipients"][0]["state"] == "queued"
    record = json.loads(run(capfd, "run", *words))
    assert record["recipients"][0]["state"] == "sent"
    caught, report = here.mail.messages
    assert report.recipients == ("a@x.org",), "the lab tells of its success, as it was asked to"
    assert caught.rcpts[0].notify == {"SUCCESS"}
    assert caught.data == MAIL.replace("\n", "\r\n").encode()


def test_with_a_log_in(here: lab.Lab, capfd: pytest.CaptureFixture[str]) -> None:
    Path("mail.eml").write_text(MAIL)
    run(capfd, "add", here.url("submission"), "mail.eml", "--later", "2030-01-01T00:00")
    run(capfd, "retry", "1")
    run(capfd, "run")
    assert here.mail.messages[0].user == "alice"


def test_reports(here: lab.Lab, capfd: pytest.CaptureFixture[str]) -> None:
    here.mail.bounce("bob@lab.test")
    Path("mail.eml").write_text(MAIL)
    run(capfd, "add", here.url("smtp"), "mail.eml", "--from", "alice@lab.test")
    run(capfd, "run")
    Path("bounce.eml").write_bytes(here.mail.wait_for(to="alice@lab.test", sender="").data)
    assert run(capfd, "report", "bounce.eml") == "bob@lab.test: failed: 550 5.1.1 no such user\n"
    assert "bounced   bob@lab.test" in run(capfd, "list", "1")
    here.mail._verdicts.clear()


def test_who_cannot_send_is_told(here: lab.Lab, capfd: pytest.CaptureFixture[str]) -> None:
    Path("mail.eml").write_text(MAIL)
    assert "has no send" in run(capfd, "add", "ftp://x/", "mail.eml", code=2)
    assert "is no moment" in run(capfd, "add", "smtp://x/", "mail.eml", "--later", "soon", code=2)
    assert "is past" in run(capfd, "add", "smtp://x/", "mail.eml", "--later", "2020-01-01", code=2)


def test_forever_ends_with_control_c(here: lab.Lab, capfd: pytest.CaptureFixture[str],
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("postel.mail.outbox_sync.sleep", stop)
    Path("mail.eml").write_text(MAIL)
    run(capfd, "add", here.url("smtp"), "mail.eml")
    assert "sent" in run(capfd, "run", "--forever")


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(("text", "wanted"), [
    ("45s", NOON + timedelta(seconds=45)), ("+2h", NOON + timedelta(hours=2)),
    ("1w", NOON + timedelta(days=7)), ("11:59", datetime(2026, 11, 22, 11, 59, tzinfo=UTC)),
    ("12:01", datetime(2026, 11, 21, 12, 1, tzinfo=UTC)),
    ("2026-12-24 18:00", datetime(2026, 12, 24, 18, tzinfo=UTC)),
    ("2026-12-24T18:00+02:00", datetime(2026, 12, 24, 16, tzinfo=UTC))])
def test_moments(text: str, wanted: datetime) -> None:
    assert moment(text, now=NOON) == wanted


@pytest.mark.parametrize("text", ["", "25:00", "2026-13-01", "5y", "yesterday", "2026-11-21T11:00"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(UsageError):
        moment(text, now=NOON)
