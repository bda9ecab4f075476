"""``postel mail send --direct``: to the recipients' own servers, signed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from postel import lab
from postel.messages.dkim import verify
from postel.messages.questions import offline

Run = Callable[..., Result]
RECORD = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
KEY = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="


@pytest.fixture
def mail(here: lab.Lab) -> lab.Lab:
    Path("dkim.key").write_text(KEY, "ascii")
    return here


def test_a_message_signed_and_delivered(mail: lab.Lab, postel: Run) -> None:
    shown = postel("mail", "send", "--direct", "--from", "ann@example.org", "--to",
                   f"bob@{mail.domain}", "--subject", "hi", "--text", "hello", "--dkim-key", "dkim.key",
                   "--dkim-selector", "s1", "-v")
    assert "accepted" in shown.stdout
    assert f"smtp.{mail.domain}: sent, TLS, DANE not checked" in shown.stderr
    raw = mail.mail.messages[-1].data
    table = {("s1._domainkey.example.org", "TXT"): [RECORD]}
    assert [one.result for one in offline(verify(raw, now=2_000_000_000), table)] == ["pass"]


def test_nobody_takes_it(mail: lab.Lab, postel: Run) -> None:
    shown = postel("mail", "send", "--direct", "--from", "ann@example.org", "--text", "x",
                   "--to", f"bob@nix.{mail.domain}", code=1)
    assert f"550 5.1.2 (not sent) there is no domain nix.{mail.domain}" in shown.stdout


@pytest.mark.parametrize(("words", "reason"), [
    (["--later", "2h"], "--direct and --later"),
    (["--dkim-key", "dkim.key"], "--dkim-key: who signs?"),
    (["--dkim-selector", "s1"], "there is nothing to sign with"),
    (["--dkim-key", "dkim.key", "--dkim-selector", "a b"], "DKIM: a name in it is no domain name")])
def test_options_that_do_not_fit(mail: lab.Lab, postel: Run, words: list[str], reason: str) -> None:
    shown = postel("mail", "send", "--direct", "--from", "ann@example.org", "--text", "x",
                   "--to", f"bob@{mail.domain}", *words, code=2)
    assert reason in shown.stderr
