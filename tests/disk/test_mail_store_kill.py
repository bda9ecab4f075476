"""A server's mail on disk, killed at any moment: what was promised is there, under its UID."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from postel.serving.mail_maildir import MaildirKeeper
from postel.serving.mail_sqlite import SQLiteKeeper
from postel.serving.mail_store import Keeper, MailStore

pytestmark = pytest.mark.slow

WORK = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from postel.serving.mail_maildir import MaildirKeeper
from postel.serving.mail_sqlite import SQLiteKeeper
from postel.serving.mail_store import MailStore

kind, path = sys.argv[1:3]
keeper = SQLiteKeeper(path) if kind == "sqlite" else MaildirKeeper(path)
store = MailStore("alice", folders=[("Sent", ())], keeper=keeper)
inbox, number = store["INBOX"], 0
print("validity", inbox.uidvalidity, flush=True)
while True:
    number += 1
    made = store.append("INBOX", b"Subject: %d\\r\\n\\r\\nx\\r\\n" % number)
    print("added", made.uid, made.email_id, flush=True)
    if number % 3 == 0:
        store.set_flags(inbox, made.uid, frozenset({"\\\\Seen", "word"}))
        print("flagged", made.uid, flush=True)
    if number % 5 == 0:
        store.expunge(inbox, [made.uid - 1])
        print("removed", made.uid - 1, flush=True)
    if number % 7 == 0:
        for _, uid in store.move(inbox, [made.uid], store["Sent"]):
            print("moved", made.uid, uid, flush=True)
"""
SOURCES = str(Path(__file__).resolve().parents[2] / "src")


def opened(kind: str, path: Path) -> MailStore:
    keeper: Keeper = SQLiteKeeper(path) if kind == "sqlite" else MaildirKeeper(path)
    return MailStore("alice", folders=[("Sent", ())], keeper=keeper)


def worked(kind: str, path: Path, lines: int) -> list[list[str]]:
    """What was promised before the program was killed, in the middle of its next step."""
    with subprocess.Popen([sys.executable, "-c", WORK, kind, str(path), SOURCES],
                          stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        told = [program.stdout.readline().split() for _ in range(lines)]
        program.kill()
        told += [line.split() for line in program.stdout.read().splitlines(keepends=True)
                 if line.endswith("\n")]
    return told


@pytest.mark.parametrize("kind", ["sqlite", "maildir"])
@pytest.mark.parametrize("seed", range(5))
def test_what_was_promised_is_there(kind: str, seed: int, tmp_path: Path) -> None:
    path = tmp_path / ("mail.sqlite" if kind == "sqlite" else "mail")
    chance = random.Random(seed)
    told = worked(kind, path, chance.randrange(5, 120))
    store = opened(kind, path)
    inbox = store["INBOX"]
    assert ["validity", str(inbox.uidvalidity)] == told[0]
    gone = {int(one[1]) for one in told if one[0] in ("removed", "moved")}
    last = max((int(one[1]) for one in told if one[0] == "added"), default=0)
    for verb, *rest in told[1:]:
        uid = int(rest[0])
        if verb == "moved":
            assert int(rest[1]) in store["Sent"].messages
        if uid in gone or uid == last:  # the last may be on its way out
            continue
        message = inbox.messages[uid]
        assert message.data.startswith(b"Subject: ")
        if verb == "added":
            assert message.email_id == rest[1]
        if verb == "flagged":
            assert message.flags == {"\\Seen", "word"}
    assert not gone & set(inbox.messages)
    assert inbox.uidnext > last
    before = {uid: one.data for uid, one in inbox.messages.items()}
    store.close()
    again = opened(kind, path)
    assert {uid: one.data for uid, one in again["INBOX"].messages.items()} == before
    again.close()
