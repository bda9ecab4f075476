"""What people do in the console all day, by its keys, in the lab."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hands import IMAP, MAIL, Hands, console, flags, subjects
from textual import events

from postel import lab
from postel.cli.console.access import Access
from postel.cli.console.app import Console
from postel.cli.options import Settings
from postel.messages import parse
from postel.serving.mail_store import MailStore

pytestmark = pytest.mark.slow


async def test_a_reply_is_sent_filed_and_marked(store: MailStore, tmp_path: Path) -> None:
    async with console() as at:
        await at.press("down", "r")
        assert "> Shall we?" in at.text
        await at.press(*"At noon", "ctrl+s")
        assert "To  Ann Example <ann@lab.test>" in at.text
        assert "Subject  Re: The plan" in at.text
        assert len(list((tmp_path / "data/postel/drafts").iterdir())) == 1
        await at.press("s")
        assert "sent to ann@lab.test; a copy is in Sent" in at.text
        assert "\\Answered" in flags(store, 0)
        assert " R  Ann" in at.text.replace("NR", " R")
        [sent] = store["Sent"].messages.values()
        made = parse(sent.data)
        assert made.text.startswith("At noon\n\nOn Fri, 20 Nov 2026")
        assert made.in_reply_to == ("1@x",)
        assert not list((tmp_path / "data/postel/drafts").iterdir())


async def test_reply_to_all_and_an_address_that_is_none(store: MailStore) -> None:
    async with console() as at:
        await at.press("down", "R", "ctrl+s")
        assert "Cc  carol@lab.test" in at.text
        await at.press("e", *["up"] * 12, "down", "down", "end", *", nobody", "escape")
        assert "It cannot be sent yet" in at.text
        assert "s: send" not in at.text
        await at.press("k")
        assert "kept: " in at.text
        await at.press("D")
        assert "Re: The plan" in at.text
        await at.press("escape", "q")


async def test_what_is_not_sent_is_kept(store: MailStore, tmp_path: Path) -> None:
    async with console(via=None) as at:
        await at.press("c")
        await at.press(*"bob@lab.test", *["down"] * 9, *"Precious", "ctrl+s")
        await at.press("s")
        assert "! not sent: send: by which server?" in at.text
        await at.press("E")
        [kept] = (tmp_path / "data/postel/drafts").iterdir()
        assert str(kept) in at.text.replace("\n", "").replace(" ", "").replace(
            " ", "") or kept.name in at.text.replace("\n ", "")
        assert "Precious" in kept.read_text()
        assert kept.stat().st_mode & 0o077 == 0
        await at.press("q", "D", "enter", "escape", "x")
        assert "thrown away" in at.text
        assert not kept.exists()


async def test_leaving_while_writing_keeps_the_text(store: MailStore, tmp_path: Path) -> None:
    async with console() as at:
        await at.press("c")
        await at.press(*["down"] * 9, *"Half a thought", "ctrl+c")
    [kept] = (tmp_path / "data/postel/drafts").iterdir()
    assert "Half a thought" in kept.read_text()


async def test_forward_takes_the_files_along(store: MailStore) -> None:
    async with console() as at:
        await at.press("f")
        await at.press(*"bob@lab.test", "ctrl+s")
        assert "Attached  1" in at.text
        await at.press("s")
        assert "sent to bob@lab.test" in at.text
        [sent] = store["Sent"].messages.values()
        [file] = parse(sent.data).attachments
        assert file.content.strip() == b"boo"
        assert "$Forwarded" in flags(store, 1)


async def test_move_archive_delete_and_back(store: MailStore) -> None:
    async with console() as at:
        await at.press("down", "m", *"arch", "tab")
        assert "Archive" in at.text
        await at.press("enter")
        assert "1 message moved to Archive   z: undo" in at.text
        assert subjects(store, "Archive") == ["The plan"]
        await at.press("z")
        assert subjects(store, "Archive") == []
        assert "The plan" in subjects(store, "INBOX")
        await at.press("home", "down", "X", "e")
        assert "2 messages moved to Archive" in at.text
        assert sorted(subjects(store, "Archive")) == ["Re: The plan", "The plan"]
        await at.press("home", "d")
        assert "1 message moved to Trash" in at.text
        assert subjects(store, "Trash") == ["[bold]x[/] a[2Jb"]
        await at.press("z")
        assert subjects(store, "Trash") == []
        assert len(subjects(store, "INBOX")) == 2


async def test_for_good_is_asked_for_and_can_be_undone(store: MailStore) -> None:
    store.append("Trash", MAIL[0], flags=["\\Seen"])
    async with console(IMAP + "Trash") as at:
        await at.press("d")
        assert "Delete 1 message for good?" in at.text
        await at.press("n")
        assert subjects(store, "Trash") == ["The plan"]
        await at.press("d", "y")
        assert subjects(store, "Trash") == []
        await at.press("z")
        assert subjects(store, "Trash") == ["The plan"]


async def test_flags_marks_search_threads_and_folders(store: MailStore) -> None:
    async with console() as at:
        await at.press("F")
        assert "\\Flagged" in flags(store, 1)
        await at.press("u")
        assert "\\Seen" in flags(store, 1)
        await at.press("space", "space", "u")
        assert [("\\Seen" in flags(store, n)) for n in (0, 1)] == [True, True]
        await at.press("u", "escape", "slash", *"subject:plan from:bob", "enter")
        assert "/ subject:plan from:bob" in at.text
        assert [at.app.found[key].message_id for key in at.app.lines.keys] == ["3@x"]
        await at.press("slash", "end", *" since:13", "enter")
        assert "! " in at.text
        await at.press("escape", "t")
        assert "└" not in at.text
        await at.press("tab", "j", "enter")
        assert at.app.folder == "Drafts"
        await at.press("N", *"Spring", "enter")
        assert "Spring" in store.folders
        store.delete("Spring")


async def test_attachments_under_safe_names(store: MailStore, tmp_path: Path) -> None:
    async with console() as at:
        await at.press("enter", "s", "enter")
        assert "saved: " in at.text
        [file] = [one for one in tmp_path.iterdir() if one.is_file()]
        assert file.name.endswith("evil.txt")
        assert file.read_bytes().strip() == b"boo"
        await at.press("w", "enter")
        assert len([one for one in tmp_path.iterdir() if one.is_file()]) == 2
        await at.press("w", "enter")
        assert "it is there already (give it another name)" in at.text


async def test_news_come_by_themselves(store: MailStore) -> None:
    async with console() as at:
        for _ in range(200):
            if at.app._known:
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        store.append("INBOX", MAIL[0].replace(b"The plan", b"Breaking").replace(b"1@x", b"9@x"))
        for _ in range(200):
            if "Breaking" in at.text:
                break
            await asyncio.sleep(0.02)
        assert "new: Ann Example: Breaking" in at.text


async def test_help_narrow_and_wide(store: MailStore) -> None:
    for size in ((80, 24), (40, 10), (160, 50)):
        async with console(size=size) as at:
            assert "Enter: read" in at.text
            await at.press("question_mark")
            assert "this page" in at.text
            await at.press("q", "enter", "q")


async def test_pop3_only_reads(store: MailStore) -> None:
    async with console("pop3://alice:secret@pop3.lab.test/") as at:
        assert "The plan" in at.text
        await at.press("enter")
        assert "go" in at.text
        await at.press("d")
        assert "! delete: not in pop3://" in at.text
        await at.press("E")
        assert "use the account's IMAP" in at.text.replace("\n", " ")
        await at.press("q", "q", "g")
        assert "nothing new" in at.text


@pytest.mark.parametrize("kind", ["maildir", "mboxrd"])
async def test_mailboxes_on_this_disk(store: MailStore, tmp_path: Path, kind: Any) -> None:
    from postel import mailboxes
    from postel.mailboxes.face import Letter

    box = mailboxes.open(tmp_path / "box", kind)
    box.extend([Letter(data.replace(b"\r\n", b"\n")) for data in MAIL])
    async with console(str(tmp_path / "box")) as at:
        await at.press("t", "home", "enter", "n", "F", "q", "F")
        found = {parse(one.read()).message_id: one.flags for one in mailboxes.open(tmp_path / "box")}
        keys = [at.app.found[key].message_id for key in at.app.lines.keys]
        assert {"seen"} <= found[keys[0]]
        assert {"seen"} <= found[keys[1]]
        assert "flagged" not in found[keys[1]]
        await at.press("d", "y")
        left = [parse(one.read()).message_id for one in mailboxes.open(tmp_path / "box")]
        assert sorted(left) == sorted(set(keys) - {keys[1]})
        await at.press("z")
        assert len(list(mailboxes.open(tmp_path / "box"))) == 4


async def test_a_connection_that_breaks_is_made_anew(
    store: MailStore, running: lab.Lab
) -> None:
    async with console() as at:
        running.imap.faults.on("FETCH", b"", close=True)
        await at.press("down", "enter")
        assert "Shall we?" in at.text
        assert at.app.desk._epoch == 2


async def test_accounts(store: MailStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from postel import mailboxes
    from postel.mailboxes.face import Letter

    mailboxes.open(tmp_path / "old", "maildir").extend([Letter(MAIL[0])])
    folder = tmp_path / "config" / "postel"
    folder.mkdir(parents=True)
    (folder / "accounts.toml").write_text(f"""
[accounts.alice]
address = "alice@lab.test"
name = "Alice"
imap = "imap://alice@imap.lab.test/"
smtp = "submission://alice@submission.lab.test/"
password_command = ["echo", "secret"]
signature = "Alice of the lab"
[accounts.old]
address = "alice@lab.test"
mailbox = "maildir:{tmp_path / 'old'}"
""")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    app = Console(Access.of("alice", Settings()))
    async with app.run_test(size=(80, 24)) as pilot:
        at = Hands(app, pilot)
        await at.settled()
        await at.press("down", "r", "ctrl+s", "s")
        assert "sent to ann@lab.test" in at.text
        [sent] = store["Sent"].messages.values()
        assert "-- \nAlice of the lab" in parse(sent.data).text.replace("\r", "")
        await at.press("A", *"old", "enter")
        assert " Postel   old" in at.text
        assert "The plan" in at.text


async def test_nothing_waits_for_the_network(store: MailStore) -> None:
    async with console() as at:
        gate, read = asyncio.Event(), at.app.desk.read
        asked: list[str] = []

        async def slow(folder: str, key: str) -> bytes:
            asked.append(key)
            await gate.wait()
            return await read(folder, key)

        at.app.desk.read = slow  # type: ignore[method-assign]
        await at.pilot.press("enter", "n", "n", "question_mark")
        await at.pilot.pause()
        assert "this page" in at.text
        await at.pilot.press("q")
        gate.set()
        await at.settled()
        assert "Yes, at noon." in at.text
        assert len(asked) == 2  # the one in between was not fetched


async def test_what_is_typed_ahead_is_no_command(store: MailStore) -> None:
    async with console() as at:
        gate, read = asyncio.Event(), at.app.desk.read

        async def slow(folder: str, key: str) -> bytes:
            await gate.wait()
            return await read(folder, key)

        at.app.desk.read = slow  # type: ignore[method-assign]
        await at.pilot.press("down", "r", *"dear Fred, be free")
        gate.set()
        await at.settled()
        assert "> Shall we?" in at.text
        assert len(subjects(store, "INBOX")) == 4
        assert not any("\\Flagged" in flags(store, n) for n in range(4))


async def test_a_key_pressed_twice_is_pressed_once(store: MailStore) -> None:
    async with console() as at:
        app, screen = at.app, at.app.screen

        async def twice(key: str, character: str | None) -> None:
            for _ in range(2):
                app.post_message(events.Key(key, character))
            await at.settled()

        await at.press("c")
        await at.press("escape")
        assert "It cannot be sent yet" in at.text
        await twice("x", "x")
        assert app.screen is screen
        await at.press("slash")
        await twice("escape", None)
        await at.press("m")
        await twice("escape", None)
        await at.press("question_mark")
        await twice("escape", None)
        assert app.screen is screen
        assert len(subjects(store, "INBOX")) == 4
