"""Moving mail: folders, guards, filters, round trips, errors; each rule by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from moving_model import Account

from postel import imap, lab, mail
from postel.errors import (
    NetworkError,
    NotSupported,
    ProtocolError,
    ReplyError,
    TryLater,
    UsageError,
)
from postel.mail import aio
from postel.mail.moving_digest import digest_of
from postel.mail.moving_flags import FLAGS as WORDS
from postel.mail.moving_imap_sync import ImapSide
from postel.mail.moving_maildir import MaildirTree
from postel.mail.moving_names import disk_level, level_of_disk, pair_folders, path_of, shown
from postel.mail.moving_plan import guarded, plan
from postel.mail.moving_sides_sync import DiskSide
from postel.mail.moving_store import MovingStore
from postel.mail.moving_sync import Mover
from postel.mail.moving_types import (
    Deletions,
    Link,
    Listing,
    MoveResult,
    Note,
    Parcel,
    Place,
    Rules,
    Way,
)
from postel.mailboxes import FLAGS

INBOX, WORK = ("INBOX",), ("Work",)
STILL = Way(new=False, flags=False, gone=False)


def letter(number: int, more: bytes = b"") -> bytes:
    return b"Message-ID: <%d@x>\r\nSubject: %d\r\n\r\nhi\r\n" % (number, number) + more


class Pair:
    """Two accounts in memory."""

    def __init__(self, *, names: bool = False) -> None:
        self.left, self.right = Account("left", names=names), Account("right", names=names)
        self.store = MovingStore(None, "left", "right")

    def sync(self, rules: Rules | None = None, dry: bool = False) -> MoveResult:
        mover = Mover(DiskSide(self.left), DiskSide(self.right), self.store, rules or Rules())
        return mover.run(dry_run=dry)


def test_the_words_of_flags_are_those_of_all_mailboxes() -> None:
    assert WORDS == FLAGS


# -- guards ---------------------------------------------------------------------------------------


def test_a_side_that_is_suddenly_empty_is_not_believed() -> None:
    pair = Pair()
    for number in range(5):
        pair.left.deliver(INBOX, letter(number))
    assert pair.sync().total("left").copied == 5
    pair.left.boxes[INBOX].mails.clear()
    held = pair.sync()
    assert not held.ok
    assert "suddenly empty" in held.problems[0].reason
    assert len(pair.right.boxes[INBOX].mails) == 5
    done = pair.sync(Rules(deletions=Deletions(empty=True, share=1.0)))
    assert done.total("right").removed == 5
    assert not pair.right.boxes[INBOX].mails


def test_a_folder_that_is_suddenly_empty_is_not_believed() -> None:
    pair = Pair()
    for number in range(30):
        pair.left.deliver(INBOX if number % 2 else WORK, letter(number))
    pair.sync()
    pair.left.boxes[WORK].mails.clear()
    held = pair.sync(Rules(deletions=Deletions(share=1.0)))
    assert "the folder is suddenly empty" in held.problems[0].reason
    assert len(pair.right.boxes[WORK].mails) == 15


@pytest.mark.parametrize(("most", "share", "removed"), [
    (None, 0.5, 0), (None, 0.9, 20), (19, 0.5, 0), (20, 0.5, 20)])
def test_at_most_so_many_are_deleted(most: int | None, share: float, removed: int) -> None:
    pair = Pair()
    for number in range(30):
        pair.left.deliver(INBOX, letter(number))
    pair.sync()
    for uid in range(1, 21):
        del pair.left.boxes[INBOX].mails[uid]
    done = pair.sync(Rules(deletions=Deletions(most=most, share=share)))
    assert done.total("right").removed == removed
    assert done.total("right").adds_up
    assert done.ok == bool(removed)


def test_ten_may_always_go() -> None:
    here = Listing("1", {str(n): Note() for n in range(10, 12)})
    there = Listing("1", {str(n): Note() for n in range(12)})
    links = [Link(str(n), str(n)) for n in range(12)]
    made = plan(here, there, links, Rules())
    assert len(made.deletions["right"]) == 10
    assert guarded([made], [{"left": here, "right": there}], [12], "right", Deletions()) == {}


def test_nothing_is_deleted_where_a_copy_failed() -> None:
    pair = Pair()
    for number in range(3):
        pair.left.deliver(INBOX, letter(number))
    pair.sync()
    del pair.left.boxes[INBOX].mails[1]
    pair.left.deliver(INBOX, letter(9))

    def refuse(name: str, what: str) -> None:
        if (name, what) == ("right", "append"):
            raise ReplyError("APPEND INBOX: NO [OVERQUOTA] full")

    pair.right.hook = refuse
    held = pair.sync()
    assert held.total("left").failed == 1
    assert {one.reason for one in held.problems} >= {"APPEND INBOX: NO [OVERQUOTA] full"}
    assert any("could not be copied" in one.reason for one in held.problems)
    assert len(pair.right.boxes[INBOX].mails) == 3
    pair.right.hook = lambda name, what: None
    done = pair.sync()
    assert done.total("left").copied == done.total("right").removed == 1


def test_one_message_that_is_refused_does_not_stop_the_others() -> None:
    pair = Pair()
    for number in range(5):
        pair.left.deliver(INBOX, letter(number))
    seen: list[int] = []

    def refuse(name: str, what: str) -> None:
        if (name, what) == ("right", "append"):
            seen.append(1)
            if len(seen) in (3, 4):  # of the batch, and then alone
                raise ReplyError("APPEND INBOX: NO not this one")

    pair.right.hook = refuse
    done = pair.sync()
    assert done.total("left").copied == 4
    assert done.total("left").failed == 1
    assert done.total("left").adds_up


def test_a_folder_that_is_deleted_is_told_and_costs_nothing() -> None:
    pair = Pair()
    pair.left.deliver(INBOX, letter(1))
    pair.left.deliver(WORK, letter(2))
    pair.sync()
    del pair.left.boxes[WORK]
    held = pair.sync()
    assert "the folder is gone" in held.problems[0].reason
    assert len(pair.right.boxes[WORK].mails) == 1
    del pair.right.boxes[WORK]
    assert pair.sync().ok


def test_what_was_flagged_meanwhile_comes_back() -> None:
    for keep, count in ((True, 1), (False, 0)):
        pair = Pair()
        pair.left.deliver(INBOX, letter(1))
        pair.left.deliver(INBOX, letter(2))
        rules = Rules(keep_edited=keep)
        pair.sync(rules)
        del pair.left.boxes[INBOX].mails[1]
        pair.right.boxes[INBOX].mails[1].flags |= {"flagged"}
        done = pair.sync(rules)
        assert len(done.conflicts) == count
        assert len(pair.left.boxes[INBOX].mails) == len(pair.right.boxes[INBOX].mails) == 1 + count


def test_uids_that_were_given_anew_in_silence_delete_nothing() -> None:
    pair = Pair()
    for number in range(3):
        pair.left.deliver(INBOX, letter(number))
    pair.sync()
    del pair.left.boxes[INBOX].mails[1]
    mails = pair.right.boxes[INBOX].mails  # UIDVALIDITY stays, as on a bridge that was upgraded
    mails[1], mails[2] = mails[2], mails[1]
    held = pair.sync()
    assert "another message's" in held.problems[0].reason
    assert held.total("right").removed == 0
    assert held.total("right").adds_up
    assert len(mails) == 3


def test_a_folder_that_cannot_be_read_stops_no_other() -> None:
    pair = Pair()
    pair.left.deliver(INBOX, letter(1))
    pair.left.deliver(WORK, letter(2))
    pair.sync()
    pair.left.deliver(INBOX, letter(3))
    del pair.left.boxes[INBOX].mails[1]
    looked: list[str] = []

    def refuse(name: str, what: str) -> None:
        looked.append(what)
        if (name, what, looked.count("look")) == ("left", "look", 3):
            raise ReplyError("SELECT Work: NO [CORRUPTION] broken")

    pair.left.hook = pair.right.hook = refuse
    held = pair.sync(Rules(deletions=Deletions(share=1.0, empty=True)))
    assert [one.folder for one in held.problems if "CORRUPTION" in one.reason] == ["Work"]
    assert held.total("left").copied == 1
    assert held.total("right").removed == 0, "nothing is deleted where something could not be read"
    assert len(pair.right.boxes[WORK].mails) == 1


def test_a_folder_may_be_given_another_half() -> None:
    pair = Pair()
    pair.left.deliver(INBOX, letter(1))
    pair.sync()
    done = pair.sync(Rules(names={"INBOX": "Old/In"}, left=STILL, right=Way(gone=False)))
    assert done.ok, done.problems
    assert {one.left: one.right for one in done.folders} == {"INBOX": "Old/In"}
    assert len(pair.right.boxes["Old", "In"].mails) == len(pair.right.boxes[INBOX].mails) == 1
    assert pair.sync().ok


# -- identity -------------------------------------------------------------------------------------


def test_equal_message_ids_are_not_equal_messages() -> None:
    pair = Pair()
    pair.left.deliver(INBOX, letter(1))
    pair.right.deliver(INBOX, letter(1, b"-- \r\na footer of the list\r\n"))
    done = pair.sync()
    assert done.total("left").copied == done.total("right").copied == 1
    assert len(pair.left.boxes[INBOX].mails) == 2


def test_equal_messages_keep_their_number() -> None:
    pair = Pair()
    for account, times in ((pair.left, 3), (pair.right, 1)):
        for _ in range(times):
            account.deliver(INBOX, letter(1))
    done = pair.sync()
    assert done.total("left").copied == 2
    assert done.total("left").present == 1
    assert len(pair.right.boxes[INBOX].mails) == 3


def test_a_flip_deletes_nothing_and_copies_nothing() -> None:
    for names in (True, False):
        pair = Pair(names=names)
        for number in range(4):
            pair.left.deliver(INBOX, letter(number))
        pair.sync()
        pair.left.flip(INBOX)
        pair.left.boxes[INBOX].mails.pop(2)
        done = pair.sync()
        assert done.total("left").copied == 0
        assert done.total("left").present == 3
        # What may have been deleted, or may not be found: it is kept.
        assert done.total("right").copied == 1


def test_a_moved_message_is_copied_where_it_is() -> None:
    pair = Pair(names=True)
    pair.left.deliver(INBOX, letter(1))
    pair.left.deliver(INBOX, letter(2))
    pair.left.box(WORK)
    pair.sync()
    said: list[str] = []
    pair.left.hook = lambda name, what: said.append(what)
    pair.left.move(INBOX, 1, WORK)
    assert pair.sync().total("left").copied == 1
    assert "parcel" not in said
    assert [len(pair.right.boxes[path].mails) for path in (INBOX, WORK)] == [1, 1]


# -- filters and directions -----------------------------------------------------------------------


def test_sizes_and_dates(tmp_path: Path) -> None:
    tree = MaildirTree(tmp_path / "Mail")
    now = datetime.now(UTC)
    parcels = [Parcel("", letter(1), date=now), Parcel("", letter(2) + b"x" * 5000, date=now),
               Parcel("", letter(3), date=now - timedelta(days=100))]
    tree.append(INBOX, parcels, tree.keys(INBOX, 3))
    rules = Rules(largest=1000, since=now - timedelta(days=30))
    done = mail.copy(f"maildir:{tmp_path}/Mail", f"mbox:{tmp_path}/out/", rules=rules)
    assert (done.total("left").copied, done.total("left").skipped) == (1, 2)
    assert done.total("left").adds_up


def test_one_way_leaves_the_source_alone() -> None:
    pair = Pair()
    pair.left.deliver(INBOX, letter(1))
    pair.right.deliver(INBOX, letter(2))
    rules = Rules(left=STILL, right=Way(gone=False))
    pair.sync(rules)
    pair.right.boxes[INBOX].mails[2].flags |= {"flagged"}
    del pair.left.boxes[INBOX].mails[1]
    done = pair.sync(rules)
    assert not done.changed
    assert done.total("left").adds_up
    assert done.total("right").adds_up
    assert len(pair.right.boxes[INBOX].mails) == 2


def test_flags_go_one_way() -> None:
    pair = Pair()
    pair.left.deliver(INBOX, letter(1), frozenset({"seen"}))
    rules = Rules(left=STILL)
    pair.sync(rules)
    pair.left.boxes[INBOX].mails[1].flags = frozenset({"flagged"})
    pair.right.boxes[INBOX].mails[1].flags |= {"todo"}
    pair.sync(rules)
    assert pair.right.boxes[INBOX].mails[1].flags == {"flagged", "todo"}
    assert pair.left.boxes[INBOX].mails[1].flags == {"flagged"}
    assert not pair.sync(rules).changed


def test_a_dry_run_does_nothing_and_says_all() -> None:
    pair = Pair()
    for number in range(12):
        pair.left.deliver(INBOX, letter(number))
    pair.sync()
    pair.left.deliver(INBOX, letter(20))
    pair.left.boxes[INBOX].mails[1].flags |= {"seen"}
    del pair.left.boxes[INBOX].mails[2]
    before = pair.right.contents()
    done = pair.sync(dry=True)
    assert sorted(move.verb for move in done.moves) == ["copy", "delete", "flag"]
    assert pair.right.contents() == before
    assert done.total("left").adds_up


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [
    "Work", "Entwürfe", "R&D", "a.b", "..", "cur", "CON", "a/b", "x:y", "日本語", "-rf", "~", "&",
    "&AOk-", "a ", ".", "\x1b[31m", "𝄞", "tmp.x", "a\\b"])
def test_any_name_is_the_name_of_a_folder(name: str, tmp_path: Path) -> None:
    for dots in (True, False):
        made = disk_level(name, dots=dots)
        assert level_of_disk(made) == name
        assert "/" not in made
        assert made not in (".", "..", "cur", "new", "tmp")
    tree = MaildirTree(tmp_path)
    path = ("Lists", name)
    tree.append(path, [Parcel("", letter(1))], tree.keys(path, 1))
    assert [one.path for one in MaildirTree(tmp_path).folders()] == [path]
    assert path_of(shown(path)) == path


@pytest.mark.parametrize("name", ["", "x" * 300])
def test_a_name_that_no_folder_can_have(name: str) -> None:
    with pytest.raises(UsageError, match="no folder of a disk can have that name"):
        disk_level(name)


def test_folders_are_paired_by_role_name_and_history() -> None:
    left = [Place(("INBOX",)), Place(("Sent Items",), "sent"), Place(("work",)), Place(("A", "b"))]
    right = [Place(("Inbox",)), Place(("Sent",), "sent"), Place(("Work",)), Place(("Old",))]
    pairs = {shown(one.left): shown(one.right) for one in pair_folders(
        left, right, names={"A/b": "Old"})}
    assert pairs == {"INBOX": "Inbox", "Sent Items": "Sent", "work": "work 2", "Work 2": "Work",
                     "A/b": "Old"}
    known = [(("Sent Items",), ("Work",))]
    again = {shown(one.left): shown(one.right) for one in pair_folders(left, right, known=known)}
    assert again["Sent Items"] == "Work"


# -- accounts of the lab --------------------------------------------------------------------------


def test_nothing_new_costs_two_round_trips(tmp_path: Path) -> None:
    said: list[str] = []

    def watch(name: str, who: str, text: str) -> None:
        if who == "C":
            said.append(text)

    with lab.start("imap", watcher=watch) as here:
        here.imap.use("dovecot")
        store = here.imap.mailbox("alice")
        for number in range(40):
            store.create(f"Folder {number}")
            store.append(f"Folder {number}", letter(number))
        host, port = here.address("imap")

        def run() -> MoveResult:
            return mail.sync(f"imap://alice@{host}:{port}/", f"maildir:{tmp_path}/Mail",
                             state=tmp_path / "s.db",
                             left_options={"password": "secret", "security": "plain"})

        assert run().total("left").copied == 40
        said.clear()
        done = run()
        assert not done.changed
        assert done.unchanged == len(done.folders)
        asked = [text for text in said if "LIST" in text or "NAMESPACE" in text
                 or "SELECT" in text or "FETCH" in text or "STATUS" in text]
        assert len(asked) <= 2, asked


def test_async_and_pop3(tmp_path: Path) -> None:
    with lab.start("imap", "pop3") as here:
        for number in range(3):
            here.imap.mailbox("alice").append("INBOX", letter(number), flags=["\\Seen"])
        options = {"password": "secret", "security": "plain"}
        imap_at, pop_at = here.address("imap"), here.address("pop3")

        async def main() -> None:
            url = f"imap://alice@{imap_at[0]}:{imap_at[1]}/INBOX"
            done = await aio.sync(url, f"maildir:{tmp_path}/Mail", state=tmp_path / "a.db",
                                  left_options=options)
            assert done.total("left").copied == 3
            done = await aio.migrate(f"pop3://alice@{pop_at[0]}:{pop_at[1]}/",
                                     f"maildir:{tmp_path}/Mail", state=tmp_path / "b.db",
                                     source_options=options)
            assert (done.total("left").copied, done.total("left").present) == (0, 3)
            with pytest.raises(UsageError, match="only read"):
                await aio.sync(f"pop3://alice@{pop_at[0]}:{pop_at[1]}/",
                               f"maildir:{tmp_path}/Mail", state=tmp_path / "c.db",
                               left_options=options)

        asyncio.run(main())
    tree = MaildirTree(tmp_path / "Mail")
    assert {one.flags for one in tree.look(INBOX, None).notes.values()} == {frozenset({"seen"})}


# -- the disk -------------------------------------------------------------------------------------


def test_mbox_both_ways(tmp_path: Path) -> None:
    box, tree = f"mbox:{tmp_path}/boxes/", MaildirTree(tmp_path / "Mail")
    tree.append(INBOX, [Parcel("", letter(n), frozenset({"seen"})) for n in range(4)],
                tree.keys(INBOX, 4))
    tree.append(WORK, [Parcel("", letter(9, b"From here\r\n"))], tree.keys(WORK, 1))

    def run() -> MoveResult:
        return mail.sync(f"maildir:{tmp_path}/Mail", box, state=tmp_path / "s.db")

    assert run().total("left").copied == 5
    from postel import mailboxes

    there = mailboxes.open(tmp_path / "boxes" / "INBOX.mbox")
    there.remove([next(iter(there)).key])
    there.append(letter(20).replace(b"\r\n", b"\n"), flags=["flagged"])
    done = run()
    assert (done.total("left").removed, done.total("right").copied) == (1, 1)
    assert not run().changed
    notes = tree.look(INBOX, None).notes
    assert sorted(len(note.flags) for note in notes.values()) == [1, 1, 1, 1]
    digests = {digest_of(one.data) for one in tree.parcels(INBOX, list(notes))}
    assert digests == {digest_of(letter(n)) for n in (1, 2, 3, 20)}


def test_keywords_beyond_what_a_maildir_keeps_stay_where_they_are(tmp_path: Path) -> None:
    pair = Pair()
    for number in range(30):
        pair.left.deliver(INBOX, letter(number), frozenset({f"word{number:02}", "seen"}))
    tree = MaildirTree(tmp_path / "Mail")
    with MovingStore(None, "left", "disk") as store:
        mover = Mover(DiskSide(pair.left), DiskSide(tree), store, Rules())
        for _ in range(3):
            assert mover.run().ok
        assert not mover.run().changed
    assert all(len(one.flags) == 2 for one in pair.left.boxes[INBOX].mails.values())


def test_a_file_that_a_listing_missed_is_not_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, far = MaildirTree(tmp_path / "Mail"), Account("far")
    tree.append(INBOX, [Parcel("", letter(n)) for n in range(3)], tree.keys(INBOX, 3))
    with MovingStore(None, "disk", "far") as store:
        mover = Mover(DiskSide(tree), DiskSide(far), store, Rules())
        assert mover.run().total("left").copied == 3
        whole, missed = tree.look, []

        def look(path: tuple[str, ...], known: Listing | None) -> Listing:
            listing = whole(path, known)
            if missed:
                return listing
            missed.append(next(iter(listing.notes)))
            return replace(listing, notes={uid: note for uid, note in listing.notes.items()
                                           if uid not in missed})

        monkeypatch.setattr(tree, "look", look)
        done = mover.run()
        assert missed
        assert done.total("right").removed == 0
        assert done.total("right").adds_up
        assert len(far.boxes[INBOX].mails) == 3
        assert not mover.run().changed


def test_two_runs_of_a_pair_exclude_each_other(tmp_path: Path) -> None:
    with MovingStore(tmp_path / "s.db", "a", "b") as one, \
            MovingStore(tmp_path / "s.db", "a", "b") as other:
        one.lock()
        with pytest.raises(TryLater, match="another run is at it"):
            other.lock()
        one.unlock()
        other.lock()


def test_a_state_is_about_one_pair(tmp_path: Path) -> None:
    MovingStore(tmp_path / "s.db", "a", "b").close()
    with pytest.raises(NotSupported, match="it is about a and b, not a and c"):
        MovingStore(tmp_path / "s.db", "a", "c")


@pytest.mark.parametrize(("left", "right", "error"), [
    ("maildir:Mail", "maildir:Mail", "to itself"),
    ("ftp://ann@mail.example.org/", "maildir:Mail", "not read by ftp"),
    ("maildir:", "maildir:Mail", "names no path"),
])
def test_wrong_calls(left: str, right: str, error: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=error):
        mail.sync(left, right, state=tmp_path / "s.db")


def test_rules_are_values() -> None:
    assert replace(Rules(), keep_edited=False) != Rules()
    assert Rules().way("left") == Way()


# -- lines that break ------------------------------------------------------------------------------


def run_at(address: tuple[str, int], tree: MaildirTree, state: Path) -> MoveResult | None:
    """A run over this address; None if the line broke."""
    try:
        with imap.Client(address[0], port=address[1], user="alice", password="secret",
                         security="plain", timeout=5) as client, \
                MovingStore(state, "account", "disk") as store:
            return Mover(ImapSide(client, "account"), DiskSide(tree), store, Rules()).run()
    except (NetworkError, ProtocolError):
        return None


@pytest.mark.parametrize("profile", ["dovecot", "bare"])
def test_a_line_that_breaks_anywhere(profile: str, tmp_path: Path) -> None:
    """Cut after ever more bytes, in either direction: each run goes on where the last one was."""
    with lab.start("imap") as here:
        here.imap.use(profile)
        store = here.imap.mailbox("alice")
        for number in range(12):
            store.append("INBOX", letter(number, b"x" * 700 + b"\r\n"))
        tree, broken = MaildirTree(tmp_path / "Mail"), 0
        state = tmp_path / "s.db"
        for round_, cut in enumerate(range(400, 2800, 300)):
            tree.append(INBOX, [Parcel("", letter(100 + round_, b"y" * 700 + b"\r\n"))],
                        tree.keys(INBOX, 1))
            towards = "server" if round_ % 2 else "client"
            with here.relay("imap", cut_after=cut, towards=towards) as relay:
                broken += run_at(relay.address(), tree, state) is None
        for _ in range(2):
            done = run_at(here.address("imap"), tree, state)
            assert done is not None
            assert done.ok
        assert broken >= 3
        assert not done.changed
        there = sorted(digest_of(one.data) for one in store["INBOX"].messages.values())
        here_ = sorted(digest_of(one.data) for one in
                       tree.parcels(INBOX, list(tree.look(INBOX, None).notes)))
        assert there == here_ == sorted({*there})
        assert len(there) == 12 + 8
