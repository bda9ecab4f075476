"""Moving mail with Dovecot: pulled, pushed, both ways; then mbsync agrees that nothing is to do."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from servers import Dovecot

from postel import imap, mail
from postel.mail.moving_maildir import MaildirTree
from postel.mail.moving_types import Parcel

INBOX, LISTS = ("INBOX",), ("Lists", "python")
OPTIONS = {"password": "secret", "security": "plain", "timeout": 20.0}

TUID = re.compile(rb"(?m)^X-TUID: .{12}\n")
"""What mbsync adds to the header of messages that it has fetched."""

MBSYNC = """\
IMAPAccount it
Host 127.0.0.1
Port {port}
User {user}
Pass secret
SSLType None
AuthMechs LOGIN

IMAPStore far
Account it

MaildirStore near
Path {path}/
Inbox {path}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Near
Sync All
Expunge Both
SyncState *
CopyArrivalDate yes
"""


def url(dovecot: Dovecot, user: str) -> str:
    return f"imap://{user}@127.0.0.1:{dovecot.imap_port}/"


def letter(number: int) -> bytes:
    return (b"Message-ID: <%d@example.org>\r\nFrom: ann@example.org\r\nSubject: %d\r\n"
            b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nLine\r\n.\r\nFrom here\r\n"
            % (number, number))


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    """An account with two folders, and flags."""
    name = dovecot.new_mailbox()
    with client(dovecot, name) as box:
        box.create("Lists/python")
        for number in range(30):
            folder = "Lists/python" if number % 3 == 0 else "INBOX"
            box.append(folder, letter(number), flags=["\\Seen"] if number % 2 else [])
    return name


def client(dovecot: Dovecot, user: str) -> imap.Client:
    return imap.Client(url(dovecot, user), **OPTIONS)  # type: ignore[arg-type]


def account(dovecot: Dovecot, user: str) -> dict[str, Counter[tuple[bytes, frozenset[str]]]]:
    found = {}
    with client(dovecot, user) as box:
        for folder in box.list():
            if folder.is_selectable and box.select(folder).exists:
                found[folder.name] = Counter(
                    (one.bodies[""].replace(b"\r\n", b"\n"), one.flags - {"\\Recent"})
                    for one in box.fetch("1:*", "flags", "body"))
    return found


def tree(path: Path) -> dict[str, Counter[tuple[bytes, frozenset[str]]]]:
    """The files themselves: what any other program would read."""
    words = {"S": "\\Seen", "F": "\\Flagged", "R": "\\Answered", "T": "\\Deleted", "D": "\\Draft"}
    found: dict[str, Counter[tuple[bytes, frozenset[str]]]] = {}
    for place in MaildirTree(path).folders():
        name = "/".join(place.path)
        box = MaildirTree(path)._folder(place.path)
        files = [*(box / "new").iterdir(), *(box / "cur").iterdir()]
        if files:
            found[name] = Counter(
                (TUID.sub(b"", file.read_bytes()), frozenset(words[one] for one in file.name.partition(":2,")[2]))
                for file in files)
    return found


def sync(dovecot: Dovecot, user: str, folder: Path) -> mail.MoveResult:
    done = mail.sync(url(dovecot, user), f"maildir:{folder}/Mail", state=folder / "state.db",
                     left_options=OPTIONS)
    assert done.ok, done.problems
    return done


def test_pulled(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    assert sync(dovecot, user, tmp_path).total("left").copied == 30
    assert tree(tmp_path / "Mail") == account(dovecot, user)
    again = sync(dovecot, user, tmp_path)
    assert not again.changed
    assert again.unchanged == len(again.folders)


def test_pushed(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    sync(dovecot, user, tmp_path)
    other = dovecot.new_mailbox()
    for times in range(2):
        done = mail.migrate(f"maildir:{tmp_path}/Mail", url(dovecot, other),
                            state=tmp_path / "push.db", target_options=OPTIONS)
        assert done.ok
        assert done.total("left").copied == (0 if times else 30)
    assert account(dovecot, other) == account(dovecot, user)


def test_migrated_account_to_account(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    other = dovecot.new_mailbox()
    for times in range(2):
        done = mail.migrate(url(dovecot, user), url(dovecot, other), state=tmp_path / "s.db",
                            source_options=OPTIONS, target_options=OPTIONS)
        assert done.ok
        assert done.total("left").copied == (0 if times else 30)
    assert account(dovecot, other) == account(dovecot, user)


def test_a_lost_memory_makes_no_second_copy(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    sync(dovecot, user, tmp_path)
    (tmp_path / "state.db").unlink()
    done = sync(dovecot, user, tmp_path)
    assert done.total("left").copied == done.total("right").copied == 0
    assert done.total("left").present == 30


def test_both_ways(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    sync(dovecot, user, tmp_path)
    local = MaildirTree(tmp_path / "Mail")
    uids = list(local.look(INBOX, None).notes)
    local.store(INBOX, {uids[0]: (frozenset({"flagged"}), frozenset())})
    local.expunge(INBOX, [uids[1]])
    local.append(LISTS, [Parcel("", letter(100), frozenset({"answered"}))], local.keys(LISTS, 1))
    with client(dovecot, user) as box:
        box.select("INBOX")
        numbers = box.search("ALL")
        box.store(numbers[5], add="\\Answered")
        box.delete_messages(numbers[6])
        box.move(numbers[7], "Lists/python")
        box.append("INBOX", letter(101))
    sync(dovecot, user, tmp_path)
    assert tree(tmp_path / "Mail") == account(dovecot, user)
    assert not sync(dovecot, user, tmp_path).changed


def test_mbsync_makes_the_same_tree(
    dovecot: Dovecot, user: str, tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    config = tmp_path / "mbsyncrc"
    config.write_text(MBSYNC.format(port=dovecot.imap_port, user=user, path=theirs))
    _mbsync(tool, config)
    sync(dovecot, user, tmp_path)
    ours = tree(tmp_path / "Mail")
    assert ours == tree(theirs)


def test_a_tree_of_mbsync_is_taken_over(
    dovecot: Dovecot, user: str, tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    theirs = tmp_path / "Mail"
    theirs.mkdir()
    config = tmp_path / "mbsyncrc"
    config.write_text(MBSYNC.format(port=dovecot.imap_port, user=user, path=theirs))
    _mbsync(tool, config)
    done = sync(dovecot, user, tmp_path)
    assert done.total("left").present == done.total("right").present == 30
    assert not done.changed


def test_mbsync_finds_nothing_to_do(
    dovecot: Dovecot, user: str, tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    """Both keep the same account; what Postel brought there, mbsync brings here, and then rests."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    config = tmp_path / "mbsyncrc"
    config.write_text(MBSYNC.format(port=dovecot.imap_port, user=user, path=theirs))
    _mbsync(tool, config)
    sync(dovecot, user, tmp_path)
    local = MaildirTree(tmp_path / "Mail")
    uids = list(local.look(INBOX, None).notes)
    local.append(INBOX, [Parcel("", letter(102))], local.keys(INBOX, 1))
    local.store(INBOX, {uids[2]: (frozenset({"flagged"}), frozenset())})
    local.expunge(INBOX, [uids[3]])
    sync(dovecot, user, tmp_path)
    _mbsync(tool, config)
    assert tree(theirs) == tree(tmp_path / "Mail") == account(dovecot, user)
    before, there = sorted(theirs.rglob("*,*")), account(dovecot, user)
    _mbsync(tool, config)
    assert sorted(theirs.rglob("*,*")) == before, "no file has come, gone or got other flags"
    assert account(dovecot, user) == there
    assert not sync(dovecot, user, tmp_path).changed


def test_from_pop3(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    source = f"pop3://{user}@127.0.0.1:{dovecot.pop3_port}/"
    for times in range(2):
        done = mail.migrate(source, f"mbox:{tmp_path}/mail/", state=tmp_path / "s.db",
                            source_options=OPTIONS)
        assert done.ok
        assert done.total("left").copied == (0 if times else 20)


def _mbsync(tool: Callable[[str], Path], config: Path) -> None:
    done = subprocess.run([tool("mbsync"), "-c", str(config), "all"], capture_output=True,
                          text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
