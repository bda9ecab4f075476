# GENERATED from test_post_async.py by tools/unasync.py: edit that file, not this one.
"""The same mail by IMAP, by POP3 and on the disk, through one face."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from postel import lab, mailboxes
from postel.errors import NotFound, NotSupported, UsageError
from postel.imap import query as q
from postel.mail.accounts import parse_accounts
from postel.mail.post_sync import Post, open_post
from postel.mail.post_types import threads_of
from postel.mailboxes.face import Letter

MAIL = (
    b"From: Ann <ann@example.org>\r\nTo: alice@lab.test\r\nSubject: plan\r\nMessage-ID: <1@x>\r\n"
    b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nShall we?\r\n",
    b"From: news@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <2@x>\r\n"
    b"Date: Fri, 20 Nov 2026 11:00:00 +0000\r\nPrecedence: bulk\r\n\r\nSale\r\n",
    b"From: Bob <bob@example.org>\r\nCc: ann@example.org\r\nSubject: Re: plan\r\n"
    b"Message-ID: <3@x>\r\nReferences: <1@x>\r\nDate: Fri, 20 Nov 2026 12:00:00 +0000\r\n"
    b"\r\nYes, at noon.\r\n",
)
KINDS = ("imap", "pop3", "maildir", "mbox")


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with lab.start("imap", "pop3", "smtp") as here:
        yield here


@pytest.fixture
def places(running: Any, tmp_path: Path) -> dict[str, str]:
    """Where the same three messages are, by the kind of mail."""
    from postel.serving.mail_store import MailStore

    store: MailStore = running.imap.mailbox("alice")
    for name in sorted(store.folders, reverse=True):
        if name != "INBOX":
            store.delete(name)
    store.expunge(store["INBOX"], list(store["INBOX"].messages))
    for name, role in (("Sent", "\\Sent"), ("Trash", "\\Trash"), ("Work/2026", "")):
        store.create(name, [role] if role else [])
    for data in MAIL:
        store.append("INBOX", data)
    for kind, path in (("maildir", "dir"), ("mboxrd", "file")):
        box = mailboxes.open(tmp_path / path, kind)  # type: ignore[arg-type]
        box.extend([Letter(data.replace(b"\r\n", b"\n")) for data in MAIL])
    return {"imap": "imap://alice:secret@imap.lab.test/", "maildir": f"maildir:{tmp_path / 'dir'}",
            "pop3": "pop3://alice:secret@pop3.lab.test/", "mbox": f"mbox:{tmp_path / 'file'}"}


def opened(where: str, **more: Any) -> Post:
    return open_post(where, **more)


@pytest.mark.parametrize("kind", KINDS)
def test_reading_is_the_same_everywhere(places: dict[str, str], kind: str) -> None:
    with opened(places[kind]) as post:
        found = sorted(post.list(), key=lambda one: one.message_id)
        assert [(one.author, one.subject) for one in found] == [
            ("Ann", "plan"), ("news@example.org", "Grüße"), ("Bob", "Re: plan")]
        assert found[2].references == ("1@x",)
        assert [one.automated for one in found] == [False, True, False]
        assert found[0].date == datetime(2026, 11, 20, 10, tzinfo=UTC)
        assert found[0].size is not None
        data = post.read("", found[0].key)
        assert data.replace(b"\r\n", b"\n") == MAIL[0].replace(b"\r\n", b"\n")
        keys = [one.key for one in found]
        pulled = [(key, letter.data[:5]) for key, letter in post.each("", keys)]
        assert sorted(pulled) == sorted((key, b"From:") for key in keys)
        threads = threads_of(found)
        assert [[(row.entry.key.subject, row.depth) for row in thread.rows if row.entry]
                for thread in threads] == [[("Grüße", 0)], [("plan", 0), ("Re: plan", 1)]]
        with pytest.raises(NotFound):
            post.read("", "99")


@pytest.mark.parametrize("kind", KINDS)
def test_searching_is_the_same_everywhere(places: dict[str, str], kind: str) -> None:
    with opened(places[kind]) as post:
        for query, subjects in (
            (q.from_("ann"), ["plan"]), (q.text("at noon"), ["Re: plan"]),
            (q.subject("plan") & ~q.from_("bob"), ["plan"]),
            (q.subject("grüße"), ["Grüße"]), (q.subject("nothing"), []),
        ):
            found = [one.subject for one in post.list(query=query)]
            assert found == subjects, query
        assert len(post.list(last=2)) == 2
        assert post.list(last=0) == []
        assert len(post.list(query=q.subject("plan"), last=1)) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_keys_as_people_say_them(places: dict[str, str], kind: str) -> None:
    with opened(places[kind]) as post:
        there = post.all_keys("")
        assert post.keys("", ["last"]) == there[-1:]
        assert post.keys("", ["last:2", there[0]]) == [*there[-2:], there[0]]
        assert post.keys("", ["all"]) == there
        assert post.keys("", [f"{there[0]},{there[2]}"]) == [there[0], there[2]]
        if kind in ("imap", "pop3"):
            assert post.keys("", [f"{there[1]}:*"]) == there[1:]
        for word in ("first", "last:0", "7777:9999", "99", ""):
            with pytest.raises(NotFound, match="message"):
                post.keys("", [word])


@pytest.mark.parametrize("kind", ["imap", "maildir", "mbox"])
def test_flags_and_deleting(places: dict[str, str], kind: str) -> None:
    with opened(places[kind]) as post:
        first, *_ = post.all_keys("")
        post.flag("", [first], add=["seen", "flagged"])
        [one] = [one for one in post.list() if "flagged" in one.flags]
        assert "seen" in one.flags
        post.flag("", [one.key], remove=["flagged"])
        assert not [one for one in post.list() if "flagged" in one.flags]
        [again] = [one for one in post.list() if "seen" in one.flags]
        post.delete("", [again.key], forever=True)
        assert len(post.all_keys("")) == 2
        post.put("", [Letter(MAIL[0].replace(b"\r\n", b"\n") if kind != "imap" else MAIL[0],
                                   frozenset({"seen", "answered"}))])
        assert sorted(next(one.flags for one in post.list() if "answered" in one.flags)
                      - {"old"}) == ["answered", "seen"]


def test_folders_by_name_and_by_role(places: dict[str, str], running: Any) -> None:
    with opened(places["imap"]) as post:
        found = {one.name: one for one in post.folders()}
        assert (found["Sent"].role, found["INBOX"].messages, found["INBOX"].unread) == ("sent", 3, 3)
        keys = post.all_keys("inbox")
        post.copy("", keys[:1], "sent")
        post.move("", keys[1:2], "work/2026")
        assert [len(post.all_keys(name)) for name in ("", "SENT", "Work/2026")] == [2, 1, 1]
        assert post.delete("", keys[:1]) == "Trash"
        assert post.delete("trash", post.all_keys("trash")) == ""
        assert [len(post.all_keys(name)) for name in ("INBOX", "Trash")] == [1, 0]
        with pytest.raises(NotFound, match="folder Snet: there is none") as caught:
            post.list("Snet")
        assert "did you mean Sent?" in caught.value.hint
        post.make("Old")
        assert post.list("Old") == []


def test_a_url_names_the_folder(places: dict[str, str]) -> None:
    with opened(places["imap"] + "Sent") as post:
        assert post.list() == []
    with opened(places["imap"] + "Work%2F2026") as post:
        assert post.list() == []


def test_levels_of_a_url_where_the_server_parts_them_by_dots() -> None:
    with lab.start("imap") as here:
        here.imap.use("courier")
        here.imap.mailbox("alice").create("INBOX.Work.2026")
        where = f"imap://alice:secret@imap.{here.domain}/INBOX/Work/2026"
        with opened(where) as post:
            assert post.list() == []


def test_what_arrives(places: dict[str, str], running: Any) -> None:
    with opened(places["imap"]) as post:
        arrivals = post.arrivals(seconds=5.0)
        running.imap.mailbox("alice")  # news come while we wait; here before the first look
        begun = post.arrivals(seconds=0.05)
        assert [one.subject for one in begun] == []
        other = opened(places["imap"])
        with other:
            waiting = arrivals.__iter__()
            arrivals._begin()  # type: ignore[attr-defined]
            other.put("", [Letter(MAIL[0]), Letter(MAIL[2])])
            assert (waiting.__next__()).subject == "plan"
            assert (waiting.__next__()).subject == "Re: plan"
        arrivals.close()


def test_what_arrives_anywhere(places: dict[str, str], running: Any) -> None:
    with opened(places["imap"]) as post, opened(places["imap"]) as other:
        arrivals = post.arrivals("*", seconds=5.0)
        arrivals._begin()  # type: ignore[attr-defined]
        other.put("Sent", [Letter(MAIL[0])])
        found = arrivals.__next__()
        assert (found.folder, found.subject) == ("Sent", "plan")
        arrivals.close()


def test_what_arrives_on_the_disk(
    places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from postel.mail import post_disk_sync as module

    monkeypatch.setattr(module, "_PAUSE", 0.01)
    with opened(places["maildir"]) as post:
        arrivals = post.arrivals(seconds=0.05)
        assert [one for one in arrivals] == []
        post.put("", [Letter(b"Subject: new\n\nx\n")])
        assert (arrivals.__next__()).subject == "new"


def test_what_a_kind_cannot_do(places: dict[str, str]) -> None:
    with opened(places["pop3"]) as post:
        assert [(one.name, one.messages) for one in post.folders()] == [("INBOX", 3)]
        with pytest.raises(NotSupported, match="flag: not in pop3://"):
            post.flag("", ["1"], add=["seen"])
        with pytest.raises(NotSupported, match="move: not in pop3://"):
            post.move("", ["1"], "Sent")
        with pytest.raises(NotSupported, match="copy: not in pop3://"):
            post.copy("", ["1"], "Sent")
        with pytest.raises(NotSupported, match="delete: not in pop3://"):
            post.delete("", ["1"])
        with pytest.raises(NotSupported, match="import: not in pop3://"):
            post.put("", [])
        with pytest.raises(NotSupported, match="make a folder: not in pop3://"):
            post.make("x")
        with pytest.raises(NotSupported, match="watch: not in pop3://"):
            post.arrivals()
        with pytest.raises(NotFound, match="only the inbox"):
            post.list("Sent")


def test_an_account_leads_to_its_server(places: dict[str, str], tmp_path: Path) -> None:
    accounts = parse_accounts(f"""
[accounts.alice]
address = "alice@lab.test"
imap = "imap://alice@imap.lab.test/"
password_command = ["echo", "secret"]
[accounts.alice.folders]
sent = "Work/2026"
[accounts.old]
address = "alice@lab.test"
mailbox = "{places["mbox"]}"
[accounts.out]
address = "alice@lab.test"
smtp = "smtps://alice@smtp.lab.test"
""")
    with opened("alice/sent", accounts=accounts) as post:
        assert post.list() == []
        assert post.folder == "sent"
    with opened("old", accounts=accounts) as post:
        assert len(post.list()) == 3
    with pytest.raises(NotFound, match="account alicia: there is none"):
        opened("alicia", accounts=accounts)
    with pytest.raises(UsageError, match="no server where mail is read"):
        opened("out", accounts=accounts)


@pytest.mark.parametrize(("text", "what"), [
    ("ftp://x.example/", "mail is not read by ftp"), ("pop3://x.example/Sent", "no folders"),
    ("maildir:", "names no path"), ("", "whose mail"), ("imap://x y/", "holds a space"),
])
def test_where_mail_cannot_be(text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        opened(text)
