"""``postel mail migrate`` and ``postel mail sync``, in the lab."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from postel import lab, mailboxes
from postel.serving.mail_store import MailStore

URL = "imap://alice@imap.lab.test/"
ACCOUNTS = """default = "alice"
[accounts.alice]
address = "alice@lab.test"
imap = "imap://alice@imap.lab.test/"
password_command = ["echo", "secret"]
"""
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("imap") as started:
        yield started


@pytest.fixture
def store(running: lab.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MailStore:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("POSTEL_PASSWORD", "secret")
    running.imap.use("dovecot")
    made = running.imap.mailbox("alice")
    for number in range(3):
        made.append("INBOX", b"Message-ID: <%d@x>\r\nSubject: %d\r\n\r\nhi\r\n" % (number, number))
    made.append("Junk", b"Subject: \x1b[31mbuy\r\n\r\nnow" + b"!" * 3000 + b"\r\n")
    return made


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_migrate_tells_counts_that_add_up(store: MailStore, postel: Run, tmp_path: Path) -> None:
    first = postel("mail", "migrate", URL, "maildir:Mail")
    assert "4 found = 4 copied" in first.output
    again = postel("mail", "migrate", URL, "maildir:Mail")
    assert "4 found = 0 copied + 4 there already" in again.output
    assert len(mailboxes.open(tmp_path / "Mail")) == 3


def test_json_for_programs(store: MailStore, postel: Run) -> None:
    told = lines(postel("mail", "migrate", URL, "maildir:Mail", "--json", "--folder", "INBOX"))
    assert told[0] == {
        "folder": "INBOX", "other": "INBOX", "to": "right", "found": 3, "copied": 3,
        "present": 0, "skipped": 0, "failed": 0, "removed": 0, "flagged": 0,
        "size": told[0]["size"]}
    assert told[-1]["event"] == "total"
    assert told[-1]["copied"] == 3


def test_a_dry_run(store: MailStore, postel: Run, tmp_path: Path) -> None:
    told = postel("mail", "sync", URL, "maildir:Mail", "--dry-run")
    assert told.output.count("would copy to the right") == 4
    assert "4 found = 4 copied" in told.output
    assert not (tmp_path / "Mail" / "cur").exists()
    assert not list(tmp_path.rglob("*.db"))
    told = postel("mail", "sync", URL, "maildir:Mail", "--dry-run", "--json")
    assert {"would": "copy", "folder": "INBOX", "to": "right", "uid": "1", "text": ""} in lines(told)


def test_sync_both_ways_of_the_usual_account(store: MailStore, postel: Run, tmp_path: Path) -> None:
    folder = tmp_path / "postel"
    folder.mkdir()
    (folder / "accounts.toml").write_text(ACCOUNTS)
    postel("mail", "sync", "maildir:Mail")
    box = mailboxes.open(tmp_path / "Mail")
    box.append(b"Subject: mine\n\nhi\n", flags=["flagged"])
    store.expunge(store["INBOX"], [1])
    told = postel("mail", "sync", "alice", "maildir:Mail")
    assert "<- INBOX: 4 found = 1 copied" in told.output
    assert "1 removed" in told.output
    assert {"\\Flagged"} in [one.flags for one in store["INBOX"].messages.values()]


def test_one_direction(store: MailStore, postel: Run, tmp_path: Path) -> None:
    postel("mail", "sync", URL, "maildir:Mail", "--direction", "pull")
    mailboxes.open(tmp_path / "Mail").append(b"Subject: mine\n\nhi\n")
    postel("mail", "sync", URL, "maildir:Mail", "--direction", "pull", "--no-delete")
    assert len(store["INBOX"].messages) == 3
    postel("mail", "sync", URL, "maildir:Mail", "--direction", "push", "--no-flags")
    assert len(store["INBOX"].messages) == 4


def test_sizes_patterns_and_names(store: MailStore, postel: Run, tmp_path: Path) -> None:
    told = postel("mail", "migrate", URL, "mbox:boxes/", "--max-size", "1K", "--since", "2y",
                  "--folder", "**", "--folder", "!Drafts", "--map", "INBOX=Old/In", "--json")
    assert (lines(told)[-1]["copied"], lines(told)[-1]["skipped"]) == (3, 1)
    assert len(mailboxes.open(tmp_path / "boxes" / "Old" / "In.mbox")) == 3
    assert not (tmp_path / "boxes" / "Drafts.mbox").exists()


def test_a_guard_is_told(store: MailStore, postel: Run) -> None:
    postel("mail", "sync", URL, "maildir:Mail", "--folder", "INBOX")
    store.expunge(store["INBOX"], [1, 2, 3])
    held = postel("mail", "sync", URL, "maildir:Mail", "--folder", "INBOX", code=1)
    assert "3 messages are not deleted: the left side is suddenly empty" in held.output
    postel("mail", "sync", URL, "maildir:Mail", "--folder", "INBOX", "--allow-empty",
           "--max-delete", "100%")


@pytest.mark.parametrize(("words", "error"), [
    (["--since", "soon"], "--since soon: it is no day"),
    (["--max-delete", "some"], "--max-delete some: it is a number"),
    (["--map", "INBOX"], "--map INBOX: it is NAME=OTHER"),
    (["--folder", "a", "--max-size", "big"], "big"),
])
def test_wrong_options(words: list[str], error: str, store: MailStore, postel: Run) -> None:
    assert error in postel("mail", "migrate", URL, "maildir:Mail", *words, code=2).output


def test_whose_mail(store: MailStore, postel: Run) -> None:
    told = postel("mail", "migrate", "imap://imap.lab.test/", "maildir:Mail", code=2)
    assert "whose mail?" in told.output
    assert "whose mail?" in postel("mail", "sync", "maildir:Mail", code=2).output
