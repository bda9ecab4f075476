"""Random interleavings of what both sides' users do and what a run does, against a model.

Between any two steps of a run mail is delivered, moved, flagged and deleted on either side, the
connection breaks, the process dies, uids are made worthless. After all of it both sides are alike,
and of every message that nobody deleted there is still one, where it belongs.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest
from moving_model import Account

from postel.errors import ConnectionLost
from postel.mail.moving_sides_sync import DiskSide
from postel.mail.moving_store import MovingStore
from postel.mail.moving_sync import Mover
from postel.mail.moving_types import Deletions, MoveResult, Path, Rules

FOLDERS: list[Path] = [("INBOX",), ("Work",), ("Lists", "a.b")]
FLAGS = ["seen", "flagged", "answered", "todo"]
FREELY = Deletions(share=1.0, empty=True)


class Died(BaseException):
    """The process is gone."""


class Story:
    """One interleaving, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        dice = self.dice
        self.sides = {name: Account(name, names=dice.random() < 0.4, tells=dice.random() < 0.6,
                                    hook=self.hook) for name in ("left", "right")}
        self.store = MovingStore(None, "left", "right")
        self.meddling = dice.choice([0.0, 0.02, 0.1, 0.3])
        self.breaking = dice.choice([0.0, 0.0, 0.02, 0.1])
        self.flipping = dice.random() < 0.3
        self.serial = 0
        self.inside = False
        self.deleted: set[bytes] = set()
        self.moved: dict[bytes, set[str]] = defaultdict(set)
        self.flipped = False
        self.arrivals: Counter[tuple[Path, bytes]] = Counter()
        self.homes: dict[bytes, Path] = {}
        self.targets: dict[bytes, list[Path]] = defaultdict(list)
        self.rules = Rules(deletions=FREELY, keep_edited=dice.random() < 0.5)

    def hook(self, name: str, what: str) -> None:
        if not self.inside:
            return
        if self.dice.random() < self.breaking:
            raise Died if self.dice.random() < 0.5 else ConnectionLost("reset by the peer")
        if self.dice.random() < self.meddling:
            self.user()

    def user(self) -> None:
        """Somebody does something on one of the sides."""
        dice = self.dice
        name = dice.choice(["left", "right"])
        account = self.sides[name]
        path = dice.choice(FOLDERS)
        mails = account.box(path).mails
        deed = dice.choices(["deliver", "twin", "delete", "move", "flag", "flip"],
                            [5, 1, 2, 3, 4, 0.5 if self.flipping else 0])[0]
        if deed == "deliver" or not mails:
            self.deliver(account, path)
        elif deed == "twin":  # another message with a Message-ID that is taken
            data = dice.choice(list(mails.values())).data + b"another\r\n" * (1 + self.serial)
            self.arrive(account, path, data)
        elif deed == "delete":
            uid = dice.choice(list(mails))
            self.deleted.add(mails.pop(uid).data)
        elif deed == "move":
            uid, target = dice.choice(list(mails)), dice.choice(FOLDERS)
            data = mails[uid].data
            self.moved[data].add(name)
            self.targets[data].append(target)
            self.arrivals[target, data] += 1
            account.move(path, uid, target)
        elif deed == "flag":
            mail = dice.choice(list(mails.values()))
            mail.flags = mail.flags ^ {dice.choice(FLAGS)}
        else:
            self.flipped = True
            account.flip(path)

    def deliver(self, account: Account, path: Path) -> None:
        self.serial += 1
        head = "" if self.dice.random() < 0.2 else f"Message-ID: <{self.serial}@x>\r\n"
        self.arrive(account, path, f"{head}Subject: {self.serial}\r\n\r\nhi\r\n".encode())

    def arrive(self, account: Account, path: Path, data: bytes) -> None:
        self.serial += 1
        data += b"%d\r\n" % self.serial
        self.homes[data] = path
        self.arrivals[path, data] += 1
        account.deliver(path, data, frozenset(self.dice.sample(FLAGS, self.dice.randint(0, 2))))

    def run(self) -> MoveResult:
        left, right = (DiskSide(self.sides[name]) for name in ("left", "right"))
        return Mover(left, right, self.store, self.rules).run()

    def tell(self) -> None:
        """Some rounds of life and runs, then peace."""
        for _ in range(self.dice.randint(1, 4)):
            for _ in range(self.dice.randint(0, 8)):
                self.user()
            self.inside = True
            try:
                result = self.run()
                assert result.total("left").adds_up, result.total("left")
                assert result.total("right").adds_up, result.total("right")
            except (Died, ConnectionLost):
                pass
            self.inside = False
        for _ in range(3):
            result = self.run()
            assert result.ok, result.problems

    def check(self) -> None:
        left, right = self.sides["left"].contents(), self.sides["right"].contents()
        assert left == right
        last = self.run()
        assert not last.changed, last
        there: dict[bytes, Counter[Path]] = defaultdict(Counter)
        for path, found in left.items():
            for (data, _), times in found.items():
                there[data][path] += times
        for data, home in self.homes.items():
            places = there.get(data, Counter())
            for path, times in places.items():
                assert times <= self.arrivals[path, data], f"{times} times in {path}: {data!r}"
            if data in self.deleted:
                continue
            assert places, f"lost: {data!r}"
            if data not in self.targets:
                assert places == Counter([home]), f"not where it came: {data!r}"
            elif len(self.moved[data]) == 1 and not self.flipped and not self.rules.keep_edited:
                goal = self.targets[data][-1]
                assert goal in places, f"not where it was put: {data!r}"
                # A message that was moved on before anyone knew that it had arrived is missed at
                # the place where it was put first, and brought there again: twice, never lost.
                if self.breaking == 0.0 and all(one.tells for one in self.sides.values()):
                    assert places == Counter([goal]), f"also where it was: {data!r}"


def play(seed: int) -> None:
    story = Story(seed)
    with story.store:
        story.tell()
        story.check()


@pytest.mark.parametrize("block", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_few_hundred_interleavings(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        try:
            play(seed)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("block", range(10))
def test_ten_thousand_interleavings(block: int) -> None:
    for seed in range(block * 1000, block * 1000 + 1000):
        try:
            play(seed)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
