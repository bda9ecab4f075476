"""One and the same story on eight kinds of server: an account and a Maildir, both changing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel import lab, mail
from postel.mail.moving_digest import digest_of
from postel.mail.moving_flags import from_imap
from postel.mail.moving_maildir import MaildirTree
from postel.mail.moving_names import path_of
from postel.mail.moving_types import Deletions, MoveResult, Parcel, Rules
from postel.mail.moving_types import Path as Place

PROFILES = ["gmail", "outlook", "yahoo", "icloud", "dovecot", "cyrus", "courier", "bare"]
VIEWS = {"[Gmail]/All Mail", "[Gmail]/Starred", "[Gmail]/Important"}
FLAGS = ["\\Seen", "\\Flagged", "\\Answered"]
Contents = dict[str, Counter[tuple[str, frozenset[str]]]]


class Ground:
    """An account of the lab, and a Maildir."""

    def __init__(self, here: lab.Lab, folder: Path, seed: int = 1) -> None:
        self.here, self.folder = here, folder
        self.store = here.imap.mailbox("alice")
        self.dice = random.Random(seed)
        self.tree = MaildirTree(folder / "Mail")
        self.serial = 0
        host, port = here.address("imap")
        self.url = f"imap://alice@{host}:{port}/"
        self.rules = Rules(deletions=Deletions(share=1.0, empty=True), keep_edited=False)
        self.names: dict[str, str] = {}

    def sync(self) -> MoveResult:
        done = mail.sync(self.url, f"maildir:{self.folder}/Mail", rules=self.rules,
                         state=self.folder / "state.db",
                         left_options={"password": "secret", "security": "plain"})
        assert not done.problems, done.problems
        assert done.total("left").adds_up
        assert done.total("right").adds_up
        self.names = {one.left: one.right for one in done.folders}
        return done

    def letter(self) -> bytes:
        self.serial += 1
        return b"Message-ID: <%d@x>\r\nSubject: %d\r\n\r\nhi\r\n" % (self.serial, self.serial)

    # -- on the server ------------------------------------------------------------------------

    def folders(self) -> dict[str, str]:
        """Names on the server by names as Postel shows them."""
        delimiter = self.store.delimiter
        found = {}
        for name, folder in self.store.folders.items():
            shown = name.removeprefix(f"INBOX{delimiter}").replace(delimiter, "/")
            if folder.selectable and name not in VIEWS:
                found[shown] = name
        return found

    def server(self) -> Contents:
        found: Contents = {}
        for shown, name in self.folders().items():
            one = Counter((digest_of(each.data), from_imap(each.flags))
                          for each in self.store[name].messages.values())
            if one and (shown in self.names or shown == "INBOX"):
                found[self.names[shown]] = one
        return found

    def change_server(self) -> None:
        name = self.dice.choice(list(self.folders().values()))
        folder = self.store[name]
        uids = list(folder.messages)
        deed = self.dice.choice(["deliver", "delete", "flag", "move"])
        if deed == "deliver" or not uids:
            self.store.append("INBOX", self.letter(), flags=self.dice.sample(FLAGS, 1))
        elif deed == "delete":
            self.store.expunge(folder, [self.dice.choice(uids)])
        elif deed == "flag":
            uid = self.dice.choice(uids)
            self.store.set_flags(folder, uid,
                                 folder.messages[uid].flags ^ {self.dice.choice(FLAGS)})
        else:
            goal = self.store[self.dice.choice(list(self.folders().values()))]
            if goal is not folder:
                self.store.move(folder, [self.dice.choice(uids)], goal)

    # -- in the Maildir -----------------------------------------------------------------------

    def places(self) -> list[Place]:
        return [one.path for one in self.tree.folders()]

    def maildir(self) -> Contents:
        found: Contents = {}
        for path in self.places():
            notes = self.tree.look(path, None).notes
            one = Counter((digest_of(each.data), notes[each.uid].flags)
                          for each in self.tree.parcels(path, list(notes)))
            if one and "/".join(path) not in ("Archive",) * (self.store_is_gmail):
                found["/".join(path)] = one
        return found

    @property
    def store_is_gmail(self) -> bool:
        return "[Gmail]/All Mail" in self.store.folders

    def change_maildir(self) -> None:
        path = self.dice.choice(self.places())
        uids = list(self.tree.look(path, None).notes)
        deed = self.dice.choice(["deliver", "delete", "flag", "move"])
        if deed == "deliver" or not uids:
            inbox = path_of("INBOX")
            self.tree.append(inbox, [Parcel("", self.letter(), frozenset({"seen"}))],
                             self.tree.keys(inbox, 1))
            return
        uid = self.dice.choice(uids)
        if deed == "delete":
            self.tree.expunge(path, [uid])
        elif deed == "flag":
            self.tree.store(path, {uid: (frozenset({"flagged"}), frozenset({"seen"}))})
        else:
            goal = self.dice.choice(self.places())
            if goal != path:
                self.tree.duplicate(path, uid, goal, self.tree.keys(goal, 1)[0], frozenset())
                self.tree.expunge(path, [uid])


def play(ground: Ground, rounds: int, flip: bool) -> None:
    for _ in range(4):
        ground.store.append("INBOX", ground.letter(), flags=ground.dice.sample(FLAGS, 1))
    first = ground.sync()
    assert first.total("left").copied == 4
    assert ground.server() == ground.maildir()
    for number in range(rounds):
        for _ in range(ground.dice.randint(1, 6)):
            ground.dice.choice([ground.change_server, ground.change_maildir])()
        if flip and number == 1:
            ground.here.imap.flip(ground.dice.choice(list(ground.folders().values())))
        ground.sync()
    for _ in range(3):
        if not ground.sync().changed:
            break
    assert ground.server() == ground.maildir()
    assert not ground.sync().changed


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("imap") as started:
        yield started


@pytest.mark.parametrize("profile", PROFILES)
def test_the_same_on_every_server(profile: str, here: lab.Lab, tmp_path: Path) -> None:
    here.imap.use(profile)
    play(Ground(here, tmp_path), rounds=2, flip=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("profile", PROFILES)
def test_many_stories_on_every_server(profile: str, here: lab.Lab, tmp_path: Path) -> None:
    for seed in range(25):
        here.imap.use(profile)
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            play(Ground(here, folder, seed), rounds=6, flip=seed % 2 == 0)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
