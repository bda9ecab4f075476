"""``postel mail`` on accounts and URLs: read, search, answer, file, export, watch; in the lab."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from postel import lab, mailboxes
from postel.messages import parse
from postel.serving.mail_store import MailStore

MAIL = (
    b"From: Ann <ann@example.org>\r\nTo: alice@lab.test\r\nCc: carol@lab.test\r\nSubject: plan\r\n"
    b"Message-ID: <1@x>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nShall we?\r\n",
    b"From: =?utf-8?b?G1szMW1ldmls?= <eve@example.org>\r\nSubject: a\x1b[2Jb\r\nMessage-ID: <2@x>"
    b"\r\nDate: Fri, 20 Nov 2026 11:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    b"\r\n--b\r\n\r\nred\x1b[31m\r\n--b\r\nContent-Disposition: attachment; "
    b'filename="../../evil.txt"\r\n\r\nboo\r\n--b--\r\n',
    b"From: Bob <bob@example.org>\r\nTo: ann@example.org, alice@lab.test\r\nSubject: Re: plan\r\n"
    b"Message-ID: <3@x>\r\nReferences: <1@x>\r\nDate: Fri, 20 Nov 2026 12:00:00 +0000\r\n"
    b"\r\nYes, at noon.\r\n",
)
ACCOUNTS = """default = "alice"
[accounts.alice]
address = "alice@lab.test"
name = "Alice"
imap = "imap://alice@imap.lab.test/"
smtp = "submission://alice@submission.lab.test/"
password_command = ["echo", "secret"]
signature = "Alice of the lab"
[[accounts.alice.identities]]
address = "carol@lab.test"
name = "Not Carol"
"""
IMAP = "imap://alice@imap.lab.test/"


SEEN: set[str] = set()


def _watcher(name: str, who: str, text: str) -> None:
    """Notes that somebody watches."""
    SEEN.update(word for word in ("IDLE", "NOTIFY") if word in text and who == "C")


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("imap", "pop3", "smtp", "submission", watcher=_watcher) as started:
        yield started


@pytest.fixture
def store(running: lab.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MailStore:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("POSTEL_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("POSTEL_PASSWORD", "secret")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "accounts.toml").write_text(ACCOUNTS)
    store: MailStore = running.imap.mailbox("alice")
    for name in sorted(store.folders, reverse=True):
        if name != "INBOX":
            store.delete(name)
    store.expunge(store["INBOX"], list(store["INBOX"].messages))
    store.renumber("INBOX")
    for name in ("Sent", "Trash"):
        store.create(name, [f"\\{name}"])
    for data in MAIL:
        store.append("INBOX", data)
    return store


@pytest.fixture
def mail(store: MailStore, postel: Callable[..., Result]) -> Callable[..., str]:
    """Run ``postel mail``; what it says, and its exit code is checked."""
    return lambda *words, **more: postel("mail", *words, **more).output


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def uids(store: MailStore, folder: str = "INBOX") -> list[str]:
    return [str(uid) for uid in store[folder].messages]


# -- reading -------------------------------------------------------------------------------------


def test_folders(mail: Callable[..., str]) -> None:
    lines = mail("folders").splitlines()
    assert lines[0].split() == ["3", "3", "new", "inbox", "INBOX"]
    assert [line.split()[-2:] for line in lines[1:]] == [["sent", "Sent"], ["trash", "Trash"]]
    assert records(mail("folders", "alice", "--json"))[0]["unread"] == 3


def test_a_list_is_by_conversation(mail: Callable[..., str], store: MailStore) -> None:
    one, two, three = uids(store)
    lines = mail("list").splitlines()
    assert [line.split()[0] for line in lines] == [two, one, three]
    assert lines[1].startswith(f"{one}  2026-11-20 10:00  N---  ")
    assert lines[2].endswith("Bob                       Re: plan")  # below what it answers
    assert "\x1b[2J" not in "".join(lines)
    assert r"a\x1b[2Jb" in lines[0]
    assert [line.split()[0] for line in mail("list", "--flat").splitlines()] == [one, two, three]
    assert len(mail("list", "alice", "-n", "1").splitlines()) == 1
    found = records(mail("list", IMAP, "--json"))
    assert [(r["key"], r["thread"], r["depth"]) for r in found] == [
        (two, 0, 0), (one, 1, 0), (three, 1, 1)]
    assert found[1]["from"] == [{"name": "Ann", "address": "ann@example.org"}]
    assert mail("list", "alice/sent") == ""
    mail("show", "alice", one)
    assert one not in [record["key"] for record in records(mail("list", "--unread", "--json"))]


@pytest.mark.parametrize("kind", ["pop3", "mbox", "maildir"])
def test_other_kinds_of_mail(mail: Callable[..., str], kind: str, tmp_path: Path) -> None:
    where = "pop3://alice@pop3.lab.test/"
    if kind != "pop3":
        where = f"{kind}:{tmp_path / 'box'}"
        mail("export", "alice", where)
    found = records(mail("list", where, "--json"))
    assert [one["message_id"] for one in found] == ["2@x", "1@x", "3@x"]
    key = found[1]["key"]
    assert "Shall we?" in mail("show", where, key)
    assert [one["key"] for one in records(mail("search", where, "shall", "--json"))] == [key]
    assert b"Shall we?" in mail("get", where, key, "-o", "-").encode()
    assert mail("folders", where).split()[0] == "3"
    if kind == "pop3":
        assert "not in pop3://" in mail("flag", where, "1", "--add", "seen", code=1)
        assert "not in pop3://" in mail("watch", where, code=1)


def test_a_message_is_shown_and_marked(mail: Callable[..., str], store: MailStore) -> None:
    one, two, _ = uids(store)
    out = mail("show", "alice", two)
    assert "\x1b[2J" not in out
    assert "\x1b[31m" not in out.replace("\x1b[1m", "")
    assert r"red\x1b[31m" in out
    assert "attached  evil.txt  text/plain, 3 B" in out
    assert "\\Seen" in store["INBOX"].messages[int(two)].flags
    mail("show", "alice", one, "--peek")
    assert "\\Seen" not in store["INBOX"].messages[int(one)].flags
    [record] = records(mail("show", "alice", "last", "--json"))
    assert record["text"] == "Yes, at noon.\n"
    assert "message 999: there is none" in mail("show", "alice", "999", code=3)


def test_messages_are_fetched(mail: Callable[..., str], store: MailStore, tmp_path: Path) -> None:
    one, two, three = uids(store)
    mail("get", "alice", f"{one}:{three}", "--into", "mine")
    assert [(tmp_path / "mine" / f"{uid}.eml").read_bytes() for uid in (one, two, three)] == [
        *MAIL]
    assert "\\Seen" not in store["INBOX"].messages[int(one)].flags
    assert "it is there already" in mail("get", "alice", one, "--into", "mine", code=2)
    mail("get", "alice", one, "-o", "plan.eml")
    assert (tmp_path / "plan.eml").read_bytes() == MAIL[0]
    out = mail("get", "alice", two, "--attachments", "--into", "files", "--json")
    assert records(out)[0]["file"] == "files/evil.txt"
    assert (tmp_path / "files" / "evil.txt").read_bytes() == b"boo"
    assert "one whole message" in mail("get", "alice", "all", "-o", "x", code=2)


def test_searching(mail: Callable[..., str], store: MailStore) -> None:
    one, _, three = uids(store)

    def found(*words: str) -> list[str]:
        return [record["key"] for record in records(mail("search", "--json", "alice", *words))]

    assert found("from:ann") == [one]
    assert found("subject:plan") == [one, three]
    assert found("at noon") == [three]
    assert found("plan", "noon at") == []  # of several, one with blanks is a phrase
    assert found("yes", "subject:re: plan") == [three]
    assert found("from:ann | from:bob") == [one, three]
    assert found("from:ann", "|", "from:bob") == [one, three]
    assert found("plan -from:bob") == [one]
    assert found("plan", "!from:bob") == [one]
    assert found("nothing-like-that") == []
    assert "search" in mail("search", "alice", "before:tomorrowish", code=2)


# -- changing ------------------------------------------------------------------------------------


def test_messages_change_their_place(mail: Callable[..., str], store: MailStore) -> None:
    one, two, three = uids(store)
    assert "would move" in mail("move", "alice", one, "--to", "trash", "--dry-run")
    assert "1 copied to Sent" in mail("copy", "alice", one, "--to", "sent")
    assert "did you mean Trash?" in mail("move", "alice", one, "--to", "Trahs", code=3)
    assert "1 moved to Work" in mail("move", "alice", one, "--to", "Work", "--make")
    assert "1 moved to Trash" in mail("delete", "alice", two)
    assert "would delete" in mail("delete", "alice", three, "--dry-run")
    assert [len(store[name].messages) for name in ("INBOX", "Sent", "Work", "Trash")] == [1] * 4
    assert records(mail("delete", "alice/trash", "all", "--json"))[0]["to"] is None
    assert "1 deleted" in mail("delete", IMAP, "all", "--forever")
    assert [len(store[name].messages) for name in ("INBOX", "Trash")] == [0, 0]


def test_flags_change(mail: Callable[..., str], store: MailStore) -> None:
    one, two, _ = uids(store)
    mail("flag", "alice", f"{one},{two}", "--add", "flagged", "--add", "work", "--add", "forwarded")
    assert store["INBOX"].messages[int(two)].flags == {"\\Flagged", "work", "$Forwarded"}
    assert "Nf" in next(line for line in mail("list").splitlines() if line.startswith(one))
    mail("flag", "alice", one, "--remove", "flagged")
    assert "\\Flagged" not in store["INBOX"].messages[int(one)].flags
    assert "would flag" in mail("flag", "alice", one, "--add", "seen", "--dry-run")
    assert "which?" in mail("flag", "alice", one, code=2)


# -- answering -----------------------------------------------------------------------------------


def test_an_answer_is_sent_filed_and_noted(
    mail: Callable[..., str], store: MailStore, running: lab.Lab
) -> None:
    _, _, three = uids(store)
    running.mail.clear()
    out = mail("reply", "alice", three, "-m", "See you there.", "--all", "--bcc", "eve@lab.test")
    assert "sent to bob@example.org, ann@example.org, eve@lab.test; a copy is in Sent" in out
    [caught] = running.mail.messages
    assert caught.sender == "alice@lab.test"
    sent = parse(caught.data)
    assert (sent.subject, sent.references, str(sent.from_[0])) == (
        "Re: plan", ("1@x", "3@x"), "Alice <alice@lab.test>")
    assert "See you there.\n\n-- \nAlice of the lab\n" in sent.text
    assert "> Yes, at noon." in sent.text
    assert "eve" not in caught.data.decode()
    [copy] = store["Sent"].messages.values()
    assert b"eve@lab.test" in copy.data  # one's own copy tells whom it went to
    assert "\\Seen" in copy.flags
    assert "\\Answered" in store["INBOX"].messages[int(three)].flags


def test_the_identity_that_was_written_to_answers(
    mail: Callable[..., str], store: MailStore, running: lab.Lab
) -> None:
    one, *_ = uids(store)
    out = mail("reply", "alice", one, "-m", "Yes", "--from", "carol@lab.test", "--dry-run",
               "--no-quote")
    assert "From: Not Carol <carol@lab.test>" in out
    assert "would send by submission://alice@submission.lab.test/ to ann@example.org" in out
    running.mail.clear()
    assert not store["Sent"].messages


def test_a_message_is_passed_on(
    mail: Callable[..., str], store: MailStore, running: lab.Lab
) -> None:
    one, *_ = uids(store)
    running.mail.clear()
    mail("forward", "alice", one, "--to", "bob@lab.test", "-m", "Look", "--no-save",
         "--as-attachment")
    [caught] = running.mail.messages
    [attached] = parse(caught.data).attachments
    assert bytes(attached.content) == MAIL[0]
    assert "$Forwarded" in store["INBOX"].messages[int(one)].flags
    assert not store["Sent"].messages


def test_answering_without_an_account(
    mail: Callable[..., str], store: MailStore, running: lab.Lab
) -> None:
    assert "--from: who writes it?" in mail("reply", IMAP, "last", "-m", "x", code=2)
    assert "--via: which server" in mail("reply", IMAP, "last", "-m", "x", "--from", "a@lab.test",
                                         code=2)
    running.mail.clear()
    out = mail("reply", IMAP, "last", "-m", "x", "--from", "alice@lab.test", "--via",
               running.url("smtp"), "--json")
    assert records(out)[0]["filed"] == "Sent"
    assert len(running.mail.messages) == 1


def test_what_fails_after_it_is_sent(
    mail: Callable[..., str], store: MailStore, running: lab.Lab
) -> None:
    running.mail.clear()
    running.imap.faults.on("APPEND", b"{tag} NO [OVERQUOTA] full")
    try:
        out = mail("reply", "alice", "last", "-m", "x", code=1)
    finally:
        running.imap.faults.clear()
    assert "it is sent, but no copy is filed" in out
    assert len(running.mail.messages) == 1


# -- export, import ------------------------------------------------------------------------------


def test_there_and_back(mail: Callable[..., str], store: MailStore, tmp_path: Path) -> None:
    one, *_ = uids(store)
    mail("flag", "alice", one, "--add", "seen", "--add", "work")
    assert "would export 3 messages" in mail("export", "alice", "mbox:out", "--dry-run")
    assert not (tmp_path / "out").exists()
    assert "3 messages" in mail("export", "alice", "mbox:out")
    box = mailboxes.open(tmp_path / "out")
    assert sorted(next(iter(box)).flags - {"old"}) == ["seen", "work"]
    assert records(mail("export", "alice", "maildir:two", one, "--json"))[0]["exported"] == 1
    assert "1 messages" in mail("export", "alice", "eml:three", "--query", "from:bob")
    assert "would import 3" in mail("import", "alice/Sent", "out", "--dry-run")
    assert "3 messages imported" in mail("import", "alice/Sent", "out")
    assert [bytes(letter.data) for letter in store["Sent"].messages.values()] == [*MAIL]
    assert {"\\Seen", "work"} <= next(iter(store["Sent"].messages.values())).flags
    (tmp_path / "one.eml").write_bytes(MAIL[0])
    mail("import", "alice/trash", "one.eml", "maildir:two", "--flag", "seen")
    assert len(store["Trash"].messages) == 2
    assert "nothing of that name" in mail("import", "alice", "missing", code=3)
    for verb in ("list", "folders"):
        assert "nothing of that name" in mail(verb, "mbox:missing", code=3)
    assert not (tmp_path / "missing").exists()
    (tmp_path / "old").write_bytes(b"From a Thu Jan  1 00:00:00 1970\nContent-Length: 9\n\n"
                                   b"From you\n\n")  # not quoted: mboxcl2
    mail("export", "alice", "mbox:old", one)
    assert mailboxes.kind_of(tmp_path / "old") == "mboxcl2"
    assert "not on this disk" in mail("export", "alice", "bob/Sent", code=2)


# -- watch ---------------------------------------------------------------------------------------


def arriving(store: MailStore, folder: str = "INBOX") -> threading.Thread:
    """Mail that arrives as soon as somebody watches."""
    def deliver() -> None:
        for _ in range(1_000):
            if SEEN:
                break
            threading.Event().wait(0.01)
        store.append(folder, MAIL[2])

    SEEN.clear()
    thread = threading.Thread(target=deliver)
    thread.start()
    return thread


def test_mail_is_told_as_it_arrives(
    mail: Callable[..., str], store: MailStore, running: lab.Lab, tmp_path: Path
) -> None:
    thread = arriving(store)
    out = mail("watch", "alice", "--count", "1", "--json", "--seconds", "20")
    thread.join()
    assert [one["subject"] for one in records(out)] == ["Re: plan"]
    thread = arriving(store)
    mail("watch", "alice", "--count", "1", "--seconds", "20", "--run",
         'cat > got; echo "$POSTEL_FROM $POSTEL_SUBJECT" >> got')
    thread.join()
    assert (tmp_path / "got").read_bytes() == MAIL[2] + b"bob@example.org Re: plan\n"
    thread = arriving(store)
    out = mail("watch", "alice", "--count", "1", "--seconds", "20", "--run", "exit 3", code=1)
    thread.join()
    assert "it ended with 3" in out


def test_mail_is_told_wherever_it_arrives(
    mail: Callable[..., str], store: MailStore, running: lab.Lab
) -> None:
    thread = arriving(store, "Trash")
    out = mail("watch", "--everywhere", "--count", "1", "--seconds", "20", "--json")
    thread.join()
    assert [one["folder"] for one in records(out)] == ["Trash"]


def test_a_connection_that_breaks_is_made_anew(
    mail: Callable[..., str], store: MailStore, running: lab.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came while there was none is told."""
    def pause(seconds: float) -> None:
        running.imap.faults.clear()
        store.append("INBOX", MAIL[2])

    monkeypatch.setattr("postel.cli.mail_watch.sleep", pause)
    running.imap.faults.on("IDLE", b"* BYE maintenance", close=True)
    out = mail("watch", "alice", "--count", "1", "--seconds", "20")
    assert "again in 1 s" in out
    assert "Re: plan" in out


# -- whose mail ----------------------------------------------------------------------------------


def test_whose_mail(mail: Callable[..., str], tmp_path: Path) -> None:
    assert "did you mean alice?" in mail("list", "alcie", code=3)
    assert "whose mail?" in mail("list", "imap://imap.lab.test/", code=2)
    assert "mail is not read by ftp" in mail("list", "ftp://lab.test/", code=2)
    assert "folder Snet: there is none" in mail("list", "alice/Snet", code=3)
    (tmp_path / "config" / "accounts.toml").unlink()
    assert "postel mail accounts add" in mail("list", code=2)


def test_a_wrong_password(mail: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTEL_PASSWORD", "opensesame")
    out = mail("list", IMAP, code=4)
    assert "log in" in out.lower()
    assert "opensesame" not in out
