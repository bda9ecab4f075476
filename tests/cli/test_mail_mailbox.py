"""``postel mail mailbox``: what it lists, shows, converts, adds, and what a message cannot do to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from postel import mailboxes
from postel.cli.mail_mailbox import command
from postel.errors import AlreadyExists, NotFound, UsageError

ONE = b"Message-ID: <a@x>\nFrom: Ann <ann@x.example>\nSubject: plan\n\nFrom me.\n"
TWO = b"Message-ID: <b@x>\nReferences: <a@x>\nFrom: b@x\nSubject: \x1b[2JRe: plan\n\nFine.\n"


def run(*args: str, raw: bytes = b"", code: int = 0) -> str:
    result = CliRunner().invoke(command, list(args), input=raw, standalone_mode=False)
    if result.exception:
        raise result.exception
    assert (result.return_value or 0) == code
    return result.output


@pytest.fixture
def box(tmp_path: Path) -> str:
    path = str(tmp_path / "inbox")
    run("append", path, "--kind", "mboxrd", "--flag", "seen", "--sender", "ann@x", raw=ONE)
    (tmp_path / "two.eml").write_bytes(TWO)
    run("append", path, str(tmp_path / "two.eml"))
    return path


def test_list(box: str) -> None:
    lines = run("list", box).splitlines()
    assert len(lines) == 2
    assert "S---" in lines[0]
    assert lines[0].endswith("  plan")
    assert "\x1b" not in lines[1]
    assert "Ann" in run("list", box, "--flag", "seen")
    assert len(run("list", box, "--flag", "seen").splitlines()) == 1
    found = [json.loads(line) for line in run("list", box, "--json", "--threads").splitlines()]
    assert [(one["depth"], one["flags"]) for one in found] == [(0, ["seen"]), (1, [])]


def test_show_is_byte_for_byte(box: str) -> None:
    key = json.loads(run("list", box, "--json").splitlines()[0])["key"]
    assert run("show", box, key).encode() == ONE
    with pytest.raises(NotFound, match="there is none"):
        run("show", box, "99")


def test_convert(box: str, tmp_path: Path) -> None:
    assert run("convert", box, str(tmp_path / "M"), "--to", "maildir").startswith("2 messages")
    assert [one.read() for one in mailboxes.open(tmp_path / "M")] == [ONE, TWO]
    out = json.loads(run("convert", box, str(tmp_path / "E"), "--to", "eml", "--json"))
    assert (out["messages"], out["flags_lost"]) == (2, 1)
    assert "1 had flags, which are lost" in run("convert", box, str(tmp_path / "F"), "--to", "eml")
    with pytest.raises(AlreadyExists):
        run("convert", box, str(tmp_path / "M"), "--to", "maildir")
    (tmp_path / "odd.eml").write_bytes(b"a: b\n\n\x01\x01\x01\x01\n")
    run("append", box, str(tmp_path / "odd.eml"))
    out = run("convert", box, str(tmp_path / "D"), "--to", "mmdf", code=1)
    assert "1 left out" in out
    assert "four Control-A" in out


def test_folders(box: str, tmp_path: Path) -> None:
    run("convert", box, str(tmp_path / "M"), "--to", "maildir")
    run("append", str(tmp_path / "M" / ".Sent"), "--kind", "maildir", raw=ONE)
    found = [json.loads(line) for line in run("list", str(tmp_path), "--folders", "--json")
             .splitlines()]
    assert {(one["name"], one["kind"], one["messages"]) for one in found} >= {
        ("inbox", "mboxrd", 2), ("M", "maildir", 2), ("M/Sent", "maildir", 1)}
    assert "maildir   M/Sent" in run("list", str(tmp_path), "--folders")


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no mailbox"):
        run("list", str(tmp_path / "none"))
    with pytest.raises(NotFound, match="no such file"):
        run("append", str(tmp_path / "new"), str(tmp_path / "none"), "--kind", "mboxrd")
    with pytest.raises(UsageError, match="reading"):
        run("append", str(tmp_path / "new"), str(tmp_path), "--kind", "mboxrd")
