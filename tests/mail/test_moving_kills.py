"""kill -9 at every step of a sync: appends, moves, flags, deletions; no message lost, none twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel import lab, mail
from postel.mail.moving_digest import digest_of
from postel.mail.moving_flags import from_imap
from postel.mail.moving_maildir import MaildirTree
from postel.mail.moving_types import Parcel

CHILD = Path(__file__).with_name("moving_child.py")
INBOX, WORK = ("INBOX",), ("Work",)
SEEN = frozenset({"seen"})
Places = dict[str, Counter[tuple[int, frozenset[str]]]]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 is a word of POSIX")


def letter(number: int) -> bytes:
    head = b"" if number % 4 == 3 else b"Message-ID: <%d@x>\r\n" % number
    return head + b"Subject: number %d\r\n\r\nhi\r\n" % number


PROFILES = ["dovecot", "bare", "icloud"]
STRIDE = 1 if int(os.environ.get("POSTEL_KILLS", "8")) >= 200 else len(PROFILES)
NUMBERS = {digest_of(letter(number)): number for number in range(20)}
EXPECTED: Places = {
    "INBOX": Counter({(1, SEEN): 1, (2, frozenset({"flagged"})): 1, (7, SEEN): 1,
                      (8, frozenset()): 1, (9, frozenset()): 1}),
    "Work": Counter({(5, frozenset()): 1, (6, frozenset()): 1}),
}


class Scene:
    """Both sides after changes that no run has seen: new, flagged, moved, deleted, on each."""

    def __init__(self, here: lab.Lab, folder: Path, profile: str) -> None:
        here.imap.use(profile)
        self.store = here.imap.mailbox("alice")
        self.store.create("Work")
        host, port = here.address("imap")
        self.url = f"imap://alice@{host}:{port}/"
        self.folder = folder
        self.tree = MaildirTree(folder / "Mail")
        for number in range(1, 7):
            self.store.append("INBOX", letter(number))
        self.sync()
        self._change_server()
        self._change_maildir()

    def _change_server(self) -> None:
        box = self.store["INBOX"]
        self.store.append("INBOX", letter(7), flags=["\\Seen"])
        self.store.set_flags(box, 1, frozenset({"\\Seen"}))
        self.store.expunge(box, [3])
        self.store.move(box, [5], self.store["Work"])

    def _change_maildir(self) -> None:
        uids = {NUMBERS[digest_of(one.data)]: one.uid for one in
                self.tree.parcels(INBOX, list(self.tree.look(INBOX, None).notes))}
        self.tree.append(INBOX, [Parcel("", letter(8)), Parcel("", letter(9))],
                         self.tree.keys(INBOX, 2))
        self.tree.store(INBOX, {uids[2]: (frozenset({"flagged"}), frozenset())})
        self.tree.expunge(INBOX, [uids[4]])
        self.tree.duplicate(INBOX, uids[6], WORK, self.tree.keys(WORK, 1)[0], frozenset())
        self.tree.expunge(INBOX, [uids[6]])

    def sync(self) -> mail.MoveResult:
        return mail.sync(self.url, f"maildir:{self.folder}/Mail", state=self.folder / "state.db",
                         left_options={"password": "secret", "security": "plain"})

    def run(self, last: int) -> int | None:
        """Run until step *last*; the number of steps if there were fewer."""
        done = subprocess.run(
            [sys.executable, str(CHILD), self.url, f"maildir:{self.folder}/Mail",
             str(self.folder / "state.db"), str(last)],
            capture_output=True, timeout=30, check=False)
        if done.returncode == -signal.SIGKILL:
            return None
        assert done.returncode == 0, done.stderr.decode()
        return int(done.stdout)

    def check(self, last: int) -> None:
        """After what is left was done, both sides are as they shall be, and nothing is to do."""
        for _ in range(3):
            assert self.sync().ok
        assert not self.sync().changed
        server: Places = {
            name: Counter((NUMBERS[digest_of(one.data)], from_imap(one.flags))
                          for one in self.store[name].messages.values())
            for name in ("INBOX", "Work")}
        disk: Places = {}
        for path in (INBOX, WORK):
            notes = self.tree.look(path, None).notes
            disk[path[0]] = Counter((NUMBERS[digest_of(one.data)], notes[one.uid].flags)
                                    for one in self.tree.parcels(path, list(notes)))
        assert server == EXPECTED, f"killed at step {last}: the server"
        assert disk == EXPECTED, f"killed at step {last}: the Maildir"


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("imap") as started:
        yield started


def killed_at(here: lab.Lab, folder: Path, profile: str, last: int) -> int | None:
    folder.mkdir()
    scene = Scene(here, folder, profile)
    steps = scene.run(last)
    scene.check(last)
    shutil.rmtree(folder)
    return steps


@pytest.mark.slow
def test_a_run_that_lives(here: lab.Lab, tmp_path: Path) -> None:
    steps = killed_at(here, tmp_path / "one", "dovecot", 0)
    assert steps is not None
    assert steps > 60


@pytest.mark.parametrize("last", [60])
def test_killed(last: int, here: lab.Lab, tmp_path: Path) -> None:
    assert killed_at(here, tmp_path / "one", "bare", last) is None


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("profile", PROFILES)
def test_killed_at_every_step(profile: str, here: lab.Lab, tmp_path: Path) -> None:
    """Every step is met by one of the profiles; with POSTEL_KILLS=200 by each of them."""
    last = 1 + PROFILES.index(profile) % STRIDE
    while killed_at(here, tmp_path / "one", profile, last) is None:
        last += STRIDE
    assert last > 60


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("profile", ["dovecot", "bare"])
def test_killed_again_and_again(profile: str, here: lab.Lab, tmp_path: Path) -> None:
    """A machine that fails at ever later steps, with one and the same pair."""
    scene, last = Scene(here, tmp_path, profile), 1
    while scene.run(last) is None:
        last += 1
    scene.check(last)
