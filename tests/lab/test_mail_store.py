"""One store behind SMTP, POP3 and IMAP: folders, history, labels, and where it is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from postel.errors import AlreadyExists, NoSpace, NotFound, NotSupported, UsageError
from postel.mailboxes.maildir import Maildir
from postel.serving.mail_inbox import InboxBox
from postel.serving.mail_labels import ALL, SPAM, STARRED, TRASH, LabelStore
from postel.serving.mail_maildir import MaildirKeeper
from postel.serving.mail_sqlite import SQLiteKeeper
from postel.serving.mail_store import Event, Keeper, MailStore

MAIL = b"Subject: hello\r\nMessage-ID: <1@x>\r\n\r\nhi\r\n"
Open = Callable[[], MailStore]


@pytest.fixture(params=["sqlite", "maildir"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens the same store again and again, as a server that is started anew."""

    def made() -> MailStore:
        keeper: Keeper = (SQLiteKeeper(tmp_path / "mail.sqlite") if request.param == "sqlite"
                          else MaildirKeeper(tmp_path / "mail"))
        return MailStore("alice", folders=[("Sent", ("\\Sent",))], keeper=keeper)

    return made


def shape(store: MailStore) -> dict[str, object]:
    """All there is to know of a store."""
    return {name: (folder.uidvalidity, folder.uidnext, folder.modseq, folder.mailbox_id,
                   sorted(folder.attributes), folder.subscribed, folder.metadata, folder.acl,
                   sorted(folder.vanished),
                   {uid: (one.data, one.flags, one.date, one.saved, one.modseq, one.email_id,
                          one.size) for uid, one in folder.messages.items()})
            for name, folder in store.folders.items()}


def test_everything_is_there_when_it_is_opened_again(reopen: Open) -> None:
    store = reopen()
    for number in range(5):
        store.append("INBOX", MAIL + b"%d\r\n" % number, flags=["\\Seen", "work"])
    inbox = store["INBOX"]
    store.set_flags(inbox, 2, frozenset({"\\Flagged", "später"[:1]}))
    store.expunge(inbox, [1, 3])
    store.copy(inbox, [2, 4], store["Sent"])
    store.create("Entwürfe/2026.05")
    store.subscribe("Sent", False)
    inbox.metadata["/private/comment"] = b"\x00\xff"
    inbox.acl["bob"] = "lr"
    store.keep(inbox)
    before = shape(store)
    store.close()
    again = reopen()
    assert shape(again) == before
    assert "Entwürfe/2026.05" in again.folders
    again.close()


def test_a_rename_keeps_uids_and_takes_what_is_inside(reopen: Open) -> None:
    store = reopen()
    store.create("Work/Old")
    store.append("Work/Old", MAIL)
    store.append("Work", MAIL)
    kept = store["Work/Old"].uidvalidity, store["Work/Old"].mailbox_id
    store.rename("Work", "Office/Work")
    assert sorted(store.folders) == ["INBOX", "Office", "Office/Work", "Office/Work/Old", "Sent"]
    found = store["Office/Work/Old"]
    assert (found.uidvalidity, found.mailbox_id) == kept
    assert found.messages[1].data == MAIL
    store.close()
    again = reopen()
    assert again["Office/Work/Old"].messages[1].data == MAIL
    assert "Work" not in again.folders
    again.close()


def test_a_new_uidvalidity_lasts(reopen: Open) -> None:
    store = reopen()
    for _ in range(3):
        store.append("INBOX", MAIL)
    store.expunge(store["INBOX"], [2])
    old = store["INBOX"].uidvalidity
    new = store.renumber("INBOX")
    assert new > old
    assert list(store["INBOX"].messages) == [1, 2]
    store.close()
    again = reopen()
    assert again["INBOX"].uidvalidity == new
    assert [one.data for one in again["INBOX"].messages.values()] == [MAIL, MAIL]
    again.delete("Sent")
    again.close()
    last = reopen()
    assert last["Sent"].uidnext == 1, "the one that every user has, made anew"
    last.close()


def test_what_other_programs_do_to_a_maildir_is_seen(tmp_path: Path) -> None:
    keeper = MaildirKeeper(tmp_path)
    store = MailStore("alice", keeper=keeper)
    store.append("INBOX", MAIL)
    box = Maildir(tmp_path)
    key = box.append(b"Subject: from outside\n\n")
    store.refresh(store["INBOX"])
    assert store["INBOX"].messages[2].data == b"Subject: from outside\r\n\r\n"
    path = box[key].path
    path.rename(tmp_path / "cur" / f"{key}:2,FS")
    store.refresh(store["INBOX"])
    assert store["INBOX"].messages[2].flags == {"\\Flagged", "\\Seen"}
    box.remove(key)
    before = store["INBOX"].modseq
    store.refresh(store["INBOX"])
    assert list(store["INBOX"].messages) == [1]
    assert store["INBOX"].gone_since(before) == [2]


def test_a_journal_that_a_crash_has_cut_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    store = MailStore("alice", keeper=MaildirKeeper(tmp_path))
    store.append("INBOX", MAIL)
    store.append("INBOX", MAIL, flags=["kept"])
    journal = tmp_path / "postel-uids"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-20])
    again = MailStore("alice", keeper=MaildirKeeper(tmp_path))
    assert again["INBOX"].messages[1].data == MAIL
    assert [one.data for one in again["INBOX"].messages.values()] == [MAIL, MAIL], "none is lost"
    assert again["INBOX"].uidnext == 3


def test_names_do_not_lead_out_of_a_maildir(tmp_path: Path) -> None:
    for sign, name in ((".", "a/b"), ("/", "../../b"), ("/", ".."), (".", "/etc/x")):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        store = MailStore("alice", keeper=MaildirKeeper(path), delimiter=sign)
        before = sorted(one.name for one in tmp_path.iterdir())
        store.create(name)
        assert sorted(one.name for one in tmp_path.iterdir()) == before
        again = MailStore("alice", keeper=MaildirKeeper(path), delimiter=sign)
        assert name in again.folders


def test_a_newer_file_is_not_touched(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "new.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(NotSupported, match="version 99"):
        SQLiteKeeper(path)


def test_history_tells_what_is_gone() -> None:
    store = MailStore("alice")
    inbox = store["INBOX"]
    for _ in range(6):
        store.append("INBOX", MAIL)
    before = inbox.modseq
    store.expunge(inbox, [2, 5])
    assert inbox.gone_since(before) == [2, 5]
    assert inbox.gone_since(inbox.modseq) == []
    inbox.forgotten, inbox.vanished = inbox.modseq, []
    assert inbox.gone_since(before) == [2, 5], "who asks for what was forgotten is told of all"


def test_names_of_folders_have_rules() -> None:
    store = MailStore("alice")
    for name in ("", "/", "a//b", "/a", "x" * 1_001, "/".join("abcdefghijklmnopqrstuvwxyz" * 2)):
        with pytest.raises(UsageError):
            store.create(name)
    store.create("a/b")
    with pytest.raises(AlreadyExists):
        store.create("A/../a/b".replace("A/../", ""))
    with pytest.raises(UsageError, match="inside itself"):
        store.rename("a", "a/c")
    with pytest.raises(AlreadyExists):
        store.rename("a", "INBOX")
    with pytest.raises(NotFound):
        store.rename("nowhere", "x")
    with pytest.raises(UsageError, match="always there"):
        store.delete("INBOX")
    assert store["inbox"] is store["INBOX"]


def test_inbox_is_emptied_when_it_is_renamed() -> None:
    store = MailStore("alice")
    store.append("INBOX", MAIL)
    store.rename("INBOX", "Old")
    assert not store["INBOX"].messages
    assert store["Old"].messages[1].data == MAIL


def test_a_folder_with_others_inside_stays_as_their_place() -> None:
    store = MailStore("alice")
    store.create("a/b")
    store.append("a", MAIL)
    store.delete("a")
    assert not store["a"].selectable
    assert not store["a"].messages
    store.create("a")
    assert store["a"].selectable


def test_the_quota_holds() -> None:
    store = MailStore("alice")
    store.quota = 50
    store.append("INBOX", MAIL)
    with pytest.raises(NoSpace):
        store.append("INBOX", MAIL)


def test_listeners_are_told() -> None:
    store, heard = MailStore("alice"), list[Event]()
    end = store.listen(heard.append)
    store.append("INBOX", MAIL)
    store.create("a")
    store.rename("a", "b")
    end()
    store.append("INBOX", MAIL)
    assert heard == [Event("messages", "INBOX"), Event("created", "a"), Event("renamed", "b", "a")]


def test_pop3_sees_the_inbox() -> None:
    store = MailStore("alice")
    box = InboxBox(store)
    names = [box.add(MAIL), box.add(MAIL)]
    assert len(set(names)) == 2
    store.append("Sent" if store.has("Sent") else "INBOX", MAIL)
    box.delete(names[:1])
    assert next(one.uidl for one in box.messages()) == names[1]
    assert list(store["INBOX"].messages) == [2, 3]


@pytest.fixture
def gmail() -> LabelStore:
    return LabelStore("alice", folders=[(ALL, ()), (TRASH, ()), (SPAM, ()), (STARRED, ())])


def test_labels_are_places_of_one_message(gmail: LabelStore) -> None:
    message = gmail.append("INBOX", MAIL)
    gmail.create("Work")
    gmail.copy(gmail["INBOX"], [message.uid], gmail["Work"])
    gmail.copy(gmail["INBOX"], [message.uid], gmail["Work"])
    assert gmail.places(message.email_id) == {"INBOX": 1, ALL: 1, "Work": 1}
    gmail.set_flags(gmail["Work"], 1, frozenset({"\\Seen", "\\Flagged"}))
    assert gmail["INBOX"].messages[1].flags == {"\\Seen", "\\Flagged"}
    assert len(gmail[STARRED].messages) == 1
    gmail.expunge(gmail["INBOX"], [1])
    assert set(gmail.places(message.email_id)) == {ALL, "Work", STARRED}
    assert gmail.expunge(gmail[ALL], [1]) == [], "nothing leaves All Mail but by way of Trash"
    gmail.move(gmail[ALL], [1], gmail[TRASH])
    assert set(gmail.places(message.email_id)) == {TRASH}
    gmail.expunge(gmail[TRASH], [1])
    assert not gmail.places(message.email_id)
