"""``postel mail compose``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from postel.cli.main import main
from postel.messages import parse

TEMPLATE = ("From: Ann <ann@example.org>\nTo: $who\nBcc: eve@example.org\nSubject: Hi\n"
            "Attach: a.txt\n\nHello $name\n")
GOT = (b"From: Bob <bob@example.org>\r\nTo: ann@example.org, cy@example.org\r\n"
       b"Subject: Lunch\r\nMessage-ID: <1@example.org>\r\n\r\nNoon?\r\n")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("POSTEL_FROM", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    (tmp_path / "t.txt").write_text(TEMPLATE)
    (tmp_path / "a.txt").write_text("attached")
    (tmp_path / "got.eml").write_bytes(GOT)
    return tmp_path


def editor(here: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    script = here / "editor.py"
    script.write_text("import sys\nname = sys.argv[-1]\ntext = open(name, encoding='utf-8').read()\n"
                      f"{program}\nopen(name, 'w', encoding='utf-8').write(text)\n")
    monkeypatch.setenv("EDITOR", f"{sys.executable} '{script}'")


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as found:
        main(["mail", "compose", *words])
    return int(found.value.code or 0)


def test_a_template_is_filled_in(here: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("t.txt", "--set", "who=Zoë <z@example.org>", "--set", "name=Zoë",
               "--subject", "Moin") == 0
    found = parse(capfdbinary.readouterr().out)
    assert found.defects == ()
    assert [str(box) for box in found.to.mailboxes] == ["Zoë <z@example.org>"]
    assert found.bcc.mailboxes[0].address == "eve@example.org"
    assert (found.subject, found.text) == ("Moin", "Hello Zoë\n")
    assert [(a.filename, a.content) for a in found.attachments] == [("a.txt", b"attached")]


def test_an_answer_is_written_in_an_editor(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(here, monkeypatch, "text = text.replace('\\n\\n', '\\nX-Mood: good\\n\\nYes.', 1)")
    assert run("--reply", "got.eml", "--all", "--from", "ann@example.org", "--edit",
               "-o", "out.eml") == 0
    found = parse((here / "out.eml").read_bytes())
    assert found.subject == "Re: Lunch"
    assert found.in_reply_to == ("1@example.org",)
    assert [box.address for box in (*found.to.mailboxes, *found.cc.mailboxes)] == [
        "bob@example.org", "cy@example.org"]
    assert found.headers.get("x-mood") == "good"
    assert found.text.startswith("Yes.")
    assert found.text.endswith("> Noon?\n")
    assert not list(here.glob("postel-*"))


def test_a_message_is_passed_on_whole(here: Path) -> None:
    assert run("--forward", "got.eml", "--as-attachment", "--from", "ann@example.org",
               "--to", "dee@example.org", "--no-edit", "-o", "out.eml") == 0
    assert parse((here / "out.eml").read_bytes()).attachments[0].content == GOT


def test_what_was_typed_is_kept(here: Path, monkeypatch: pytest.MonkeyPatch,
                                capsys: pytest.CaptureFixture[str]) -> None:
    editor(here, monkeypatch, "text = 'To: nobody\\n\\nan hour of work\\n'")
    assert run("--from", "ann@example.org", "--edit") == 2
    said = capsys.readouterr().err
    (kept,) = here.glob("postel-*")
    assert str(kept) in said.replace("\n", "")
    assert "an hour of work" in kept.read_text()


@pytest.mark.parametrize(("words", "says"), [
    (("t.txt", "--reply", "got.eml"), "one of them"),
    (("--set", "a=b", "--no-edit"), "no template"),
    (("t.txt", "--set", "novalue"), "NAME=VALUE"),
    (("t.txt", "--set", "who=b@x.org"), "no value for $name"),
    (("--reply", "got.eml"), "who writes it"),
    (("--from", "a@x.org", "--no-edit"), "to nobody"),
    (("--to", "a@x.org", "--no-edit"), "who writes it"),
])
def test_what_is_missing_is_said(here: Path, capsys: pytest.CaptureFixture[str],
                                 words: tuple[str, ...], says: str) -> None:
    assert run(*words) == 2
    assert says in capsys.readouterr().err


def test_an_editor_that_fails(here: Path, monkeypatch: pytest.MonkeyPatch,
                              capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("EDITOR", "no-such-editor")
    assert run("--from", "a@x.org", "--to", "b@x.org", "--edit") == 2
    assert "no-such-editor" in capsys.readouterr().err
    editor(here, monkeypatch, "sys.exit(3)")
    assert run("--from", "a@x.org", "--to", "b@x.org", "--edit") == 2
    assert "ended with code 3" in capsys.readouterr().err
