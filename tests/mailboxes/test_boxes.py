"""Every kind of mailbox through its one face: bytes, flags, keys, changes, conversions, damage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postel import mailboxes
from postel.errors import (
    AlreadyExists,
    Forbidden,
    NotFound,
    NotSupported,
    PostelError,
    TryLater,
    UsageError,
)
from postel.mailboxes import KINDS, Box, Kind, Letter

WRITTEN: list[Kind] = [kind for kind in KINDS if kind != "takeout"]
FILES: list[Kind] = [kind for kind in WRITTEN if kind not in ("maildir", "mh", "eml")]
EXACT: list[Kind] = [kind for kind in WRITTEN if kind != "mboxo"]
WHEN = datetime(2026, 11, 21, 8, 9, 10, tzinfo=UTC)
ODD = [
    b"To: b\n\nHello.\n",
    b"To: b\r\n\r\nFrom the start\r\n>From there\r\n\r\nFrom a line\r\n",
    b"To: b\n\n\n\nFrom x\n\nFrom y Thu Jan  1 00:00:00 1970\n\n\n",
    b"To: b\n\nno line end",
    b"From old mbox line\nTo: b\n\n>>From\n>From \nFrom \n",
    b"Status: RO\nX-Status: A\nTo: b\n\nits own flags\n",
    b"Content-Length: 3\nTo: b\n\nits own length, wrong\n",
    b"X-Keywords: mine\n\nbody\n",
    b"To: b\nStatus: R\n\n\x00\xff\xfe binary \r\r\n\x1f\x1e\x0c\n",
    b"\n\nno header\n",
    b"\nFrom here\n",
    b"To: header only\n",
    b"To: b\n\n*** EOOH ***\n",
    b"To: b\n*** EOOH ***\nX: y\n\nz\n",
    b"To: b\r\n\r\n\r\n",
    b"To: b\n\n\r\n",
    b"",
]


def at(folder: Path, kind: Kind, name: str = "box") -> Box:
    return mailboxes.open(folder / name, kind, sync="never")


@pytest.mark.parametrize("kind", EXACT)
def test_odd_messages_come_back_byte_for_byte(tmp_path: Path, kind: Kind) -> None:
    box = at(tmp_path, kind)
    keys = box.extend(Letter(one, frozenset({"seen"}), "a@b", WHEN) for one in ODD)
    again = at(tmp_path, kind)
    assert [one.read() for one in again] == ODD
    assert [b"".join(one.chunks()) for one in again] == ODD
    assert [one.key for one in again] == keys
    assert len(again) == len(ODD)
    if box.keeps_flags:
        assert all("seen" in one.flags for one in again)
    assert all(one.date in (WHEN, None) for one in again)


def test_mboxo_loses_what_mboxo_loses(tmp_path: Path) -> None:
    at(tmp_path, "mboxo").append(b"To: b\n\nFrom here\n>From there\n")
    (one,) = at(tmp_path, "mboxo")
    assert one.read() == b"To: b\n\n>From here\n>From there\n"


@pytest.mark.parametrize("kind", WRITTEN)
def test_kinds_are_told_apart(tmp_path: Path, kind: Kind) -> None:
    at(tmp_path, kind).extend(Letter(one) for one in ODD)
    assert mailboxes.kind_of(tmp_path / "box") == {"mboxo": "mboxrd"}.get(kind, kind)


@pytest.mark.parametrize("kind", [kind for kind in WRITTEN if kind != "eml"])
def test_flags_are_kept_and_changed(tmp_path: Path, kind: Kind) -> None:
    box = at(tmp_path, kind)
    all_flags = {"seen", "answered", "flagged", "draft", "deleted", "forwarded", "old"}
    sets = [set(), {"seen", "old"}, all_flags, {"old", "To do", "B\xfcro", "50%", "a,b"}]
    keys = box.extend(Letter(ODD[n], frozenset(flags)) for n, flags in enumerate(sets))
    assert [set(one.flags) for one in at(tmp_path, kind)] == sets
    box.set_flags({keys[0]: ["flagged", "old", "seen"], keys[2]: []})
    sets[0], sets[2] = {"flagged", "old", "seen"}, set()
    assert [set(one.flags) for one in at(tmp_path, kind)] == sets
    assert [one.read() for one in at(tmp_path, kind)] == [
        one.replace(b"\nFrom", b"\n>From") if kind == "mboxo" else one for one in ODD[:4]]
    with pytest.raises(NotFound, match=r"there is no(ne| message '999')"):
        box.set_flags({"999": ["seen"]})
    with pytest.raises(UsageError, match="they are a list of words"):
        box.set_flags({keys[0]: "seen"})
    with pytest.raises(UsageError, match="empty, too long or not printable"):
        box.append(b"", flags=["a\nb"])


@pytest.mark.parametrize("kind", WRITTEN)
def test_messages_are_removed(tmp_path: Path, kind: Kind) -> None:
    box = at(tmp_path, kind)
    letters = [b"To: %d\n\nbody\n" % n for n in range(5)]
    keys = box.extend(Letter(one) for one in letters)
    assert box[keys[3]].read() == letters[3]
    box.remove([keys[0], keys[2], keys[4]])
    assert [one.read() for one in box] == [letters[1], letters[3]]
    with pytest.raises(NotFound):
        box.remove(["999"])
    with pytest.raises(NotFound):
        box["999"]
    box.append(letters[0])
    assert [one.read() for one in at(tmp_path, kind)][-1] == letters[0]
    assert [path.name for path in tmp_path.iterdir()] == ["box"]


@pytest.mark.parametrize("kind", EXACT)
@settings(max_examples=20)  # for each of the kinds
@given(data=st.lists(st.lists(st.sampled_from(
    [b"From ", b">", b"\n", b"\r\n", b"\r", b"\n\n", b"x", b"\x1f", b"\x0c\n", b"\x01\x01\x01\x01",
     b"*** EOOH ***\n", b"Status: R\n", b"X-Keywords: a\n", b"Content-Length: 2\n", b"T: b\n"]),
    max_size=10).map(b"".join), max_size=4))
def test_anything_is_kept_or_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: Kind, data: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    box, kept = at(folder, kind), []
    for one in data:
        try:
            box.append(one)
        except NotSupported:
            assert kind in ("mmdf", "babyl")
            continue
        kept.append(one)
    read = [one.read() for one in at(folder, kind)]
    # A header that ends without a line end is no message; a file by lines ends the line.
    assert len(read) == len(kept)
    for got, one in zip(read, kept, strict=True):
        headless = kind in FILES and one and not one.endswith(b"\n") and not _has_body(one)
        assert got in ((one, one + b"\n") if headless else (one,))


def _has_body(message: bytes) -> bool:
    return b"\n\n" in message or b"\n\r\n" in message or message.startswith((b"\n", b"\r\n"))


def test_a_large_message_is_read_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from postel.mailboxes import file_box, regions

    monkeypatch.setattr(regions, "LARGE", 3000)
    monkeypatch.setattr(regions, "CHUNK", 700)
    monkeypatch.setattr(file_box, "PIECE", 500)
    large = b"To: b\n\n" + b"".join(b"From line %d\n\n" % n for n in range(600))
    letters = [large, ODD[2], large[:-1], ODD[1], large + b"end"]
    for kind in EXACT:
        box = at(tmp_path, kind, kind)
        box.extend(Letter(one) for one in letters)
        assert [one.read() for one in box] == letters, kind
        if kind in FILES:
            assert max(len(piece) for piece in next(iter(box)).chunks()) < 1000


@pytest.mark.parametrize("kind", WRITTEN)
def test_conversions_are_whole_or_nothing(tmp_path: Path, kind: Kind) -> None:
    old = at(tmp_path, "mboxrd", "old")
    flags = frozenset({"seen", "old", "todo"})
    old.extend(Letter(one, flags, "a@b", WHEN) for one in ODD)
    done = mailboxes.convert(old, tmp_path / "new", kind)
    assert done.messages == len(ODD)
    assert done.skipped == ()
    assert done.flags_lost == (len(ODD) if kind == "eml" else 0)
    if kind != "mboxo":
        back = mailboxes.convert(done.box, tmp_path / "back", "mboxrd")
        assert [one.read() for one in back.box] == ODD
        if kind != "eml":
            assert {one.flags for one in back.box} == {flags}
    with pytest.raises(AlreadyExists, match="there is something already"):
        mailboxes.convert(old, tmp_path / "new", kind)
    assert {path.name for path in tmp_path.iterdir()} <= {"old", "new", "back"}


def test_what_a_kind_cannot_hold_is_told(tmp_path: Path) -> None:
    old = at(tmp_path, "mboxrd", "old")
    old.extend(Letter(one) for one in (b"a: b\n\n\x01\x01\x01\x01\n", b"a: b\n\nx\x1f\x0c\ny\n"))
    done = mailboxes.convert(old, tmp_path / "m", "mmdf")
    assert [(one.key, "four Control-A" in one.reason) for one in done.skipped] == [("0", True)]
    done = mailboxes.convert(old, tmp_path / "b", "babyl")
    assert done.messages == 1
    assert "ends a message in Babyl" in done.skipped[0].reason
    with pytest.raises(UsageError, match="only read"):
        mailboxes.convert(old, tmp_path / "t", "takeout")


def test_an_empty_mailbox_becomes_an_empty_mailbox(tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    old = mailboxes.open(tmp_path / "old", "mboxrd")
    for kind in WRITTEN:
        assert len(mailboxes.convert(old, tmp_path / kind, kind).box) == 0
        assert (tmp_path / kind).exists()


def test_open_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no mailbox"):
        mailboxes.open(tmp_path / "none")
    (tmp_path / "empty").touch()
    with pytest.raises(UsageError, match="it is empty, so it might be of any kind"):
        mailboxes.open(tmp_path / "empty")
    (tmp_path / "thesis").write_bytes(b"Once upon a time\n")
    with pytest.raises(UsageError, match="no mailbox of any kind"):
        mailboxes.open(tmp_path / "thesis")
    with pytest.raises(UsageError, match="there is none"):
        mailboxes.open(tmp_path / "x", "pst")  # type: ignore[arg-type]
    for kind, words in (("mboxrd", "no mbox"), ("mmdf", "no MMDF"), ("babyl", "no Babyl")):
        box = mailboxes.open(tmp_path / "thesis", kind)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=words):
            list(box)
        with pytest.raises(UsageError, match=words):
            box.append(b"x")
    assert (tmp_path / "thesis").read_bytes() == b"Once upon a time\n"
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        mailboxes.open(tmp_path / "fifo")


def test_takeout_labels_are_flags(tmp_path: Path) -> None:
    text = (b"From 1@xxx Sat Nov 21 08:00:00 +0000 2026\r\nX-GM-THRID: 1\r\n"
            b"X-Gmail-Labels: =?UTF-8?Q?Inbox,Starred,B=C3=BCro?=\r\n\r\n>From me\r\n\r\n"
            b"From 2@xxx Sat Nov 21 08:00:00 +0000 2026\r\nX-GM-THRID: 2\r\n"
            b"X-Gmail-Labels: Unread,Drafts\r\n\r\nHi\r\n\r\n")
    (tmp_path / "All mail.mbox").write_bytes(text)
    box = mailboxes.open(tmp_path / "All mail.mbox")
    assert box.kind == "takeout"
    assert [sorted(one.flags) for one in box] == [
        ["B\xfcro", "Inbox", "flagged", "old", "seen"], ["draft", "old"]]
    first = next(iter(box))
    assert first.read().endswith(b"\r\n\r\nFrom me\r\n")
    assert first.sender == "1@xxx"
    assert first.date == datetime(2026, 11, 21, 8, tzinfo=UTC)
    with pytest.raises(NotSupported, match="only read"):
        box.append(b"")
    with pytest.raises(NotSupported, match="only read"):
        box.set_flags({"0": []})
    with pytest.raises(NotSupported, match="only read"):
        box.remove(["0"])
    done = mailboxes.convert(box, tmp_path / "Mail", "maildir")
    assert {flag for one in done.box for flag in one.flags} >= {"Inbox", "B\xfcro", "draft"}


def test_content_length_is_believed_where_it_leads(tmp_path: Path) -> None:
    liar = (b"From a Thu Jan  1 00:00:00 1970\nContent-Length: 9999\n\nHi\n\n"
            b"From b Thu Jan  1 00:00:00 1970\nContent-Length: 70\n\nHi\n\n"
            b"From c Thu Jan  1 00:00:00 1970\nContent-Length: 3\n\nHo\n\n")
    (tmp_path / "liar").write_bytes(liar)
    assert mailboxes.kind_of(tmp_path / "liar") == "mboxrd"
    assert len(mailboxes.open(tmp_path / "liar", "mboxcl2")) == 3


def test_mmdf_messages_that_share_a_mark(tmp_path: Path) -> None:
    mark = b"\x01\x01\x01\x01\n"
    (tmp_path / "box").write_bytes(mark + mark.join(b"n: %d\n\n" % n for n in range(3)))
    box = mailboxes.open(tmp_path / "box")
    first, second, third = box
    box.set_flags({second.key: ["seen"]})
    assert [one.read() for one in box] == [b"n: %d\n\n" % n for n in range(3)]
    box.remove([first.key])
    assert [one.read() for one in box] == [b"n: 1\n\n", b"n: 2\n\n"]
    assert third.size == 6


def test_maildir_folders_and_names(tmp_path: Path) -> None:
    for name in ("", ".Sent", ".Entw&APw-rfe.2026"):
        mailboxes.open(tmp_path / "M" / name, "maildir").append(b"a: b\n\n")
    found = dict(mailboxes.tree(tmp_path / "M"))
    assert sorted(found) == ["", "Entw\xfcrfe/2026", "Sent"]
    box = mailboxes.open(tmp_path / "M")
    for number in range(26):
        box.append(b"", flags=[f"k{number}"])
    with pytest.raises(UsageError, match="room for 26 keywords"):
        box.append(b"", flags=["one more"])
    assert len(box) == 27


def test_mh_sequences_of_strangers_stay(tmp_path: Path) -> None:
    box = mailboxes.open(tmp_path / "inbox", "mh")
    for number in range(4):
        box.append(b"n: %d\n\n" % number)
    path = tmp_path / "inbox" / ".mh_sequences"
    path.write_text("cur: 3\nunseen: 2-4 9999999-99999999999 x 0 -\nodd_name: 1\nreplied: 1-900\n")
    assert [sorted(one.flags) for one in box] == [
        ["answered", "seen"], ["answered"], ["answered"], ["answered"]]
    box.set_flags({"4": ["seen"]})
    assert path.read_text() == "cur: 3\nodd_name: 1\nreplied: 1-3\nunseen: 2-3\n"
    assert [path.name for path in mailboxes.open(tmp_path / "inbox").folders().values()] == []


def test_time_is_linear_in_hostile_sequences(tmp_path: Path) -> None:
    box = mailboxes.open(tmp_path / "inbox", "mh", sync="never")
    box.extend(Letter(b"") for _ in range(500))
    (tmp_path / "inbox" / ".mh_sequences").write_text("a: " + "1-999999999999 " * 100_000)
    begin = time.process_time()
    assert all("a" in one.flags for one in box)
    assert time.process_time() - begin < 3


def test_links_and_pipes_are_no_messages(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    box = mailboxes.open(tmp_path / "box", "mh")
    box.append(b"a: b\n\n")
    (tmp_path / "box" / "2").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "box" / "3")
    assert [one.key for one in box] == ["1"]
    (one,) = box
    (tmp_path / "box" / "1").unlink()
    os.mkfifo(tmp_path / "box" / "1")
    with pytest.raises(Forbidden, match="no plain file"):
        one.read()
    assert mailboxes.open(tmp_path / "box", "mh").append(b"") == "4"


def test_locks_are_waited_for(tmp_path: Path) -> None:
    box = mailboxes.open(tmp_path / "inbox", "mmdf", timeout=0)
    key = box.append(b"a: b\n\n")
    (tmp_path / "inbox.lock").touch()
    for change in (lambda: box.append(b""), lambda: box.remove([key]),
                   lambda: box.set_flags({key: []})):
        with pytest.raises(TryLater, match="dot-lock"):
            change()


def test_who_waited_for_the_lock_adds_to_the_new_file(tmp_path: Path) -> None:
    box = mailboxes.open(tmp_path / "inbox", "mboxrd", sync="never")
    keys = [box.append(b"n: %d\n\n" % n) for n in range(3)]
    swapped: list[int] = []

    def swap(_seconds: float) -> None:
        """Somebody rewrites the file while we wait."""
        (tmp_path / "inbox.lock").unlink()
        swapped.append(1)
        (tmp_path / "copy").write_bytes((tmp_path / "inbox").read_bytes())
        (tmp_path / "copy").replace(tmp_path / "inbox")

    lock = box.lock  # type: ignore[attr-defined]
    lock.sleep = swap
    (tmp_path / "inbox.lock").touch()
    box.append(b"n: 3\n\n")
    assert swapped
    assert [one.read() for one in box] == [b"n: %d\n\n" % n for n in range(4)]
    assert len(keys) == 3


CHILD = """
import sys, os
from postel import mailboxes
from postel.mailboxes import Letter
what, path, kind = sys.argv[1:]
box = mailboxes.open(path, kind, sync="never")
print("ready", flush=True)
n = 0
while True:
    n += 1
    if what == "append":
        box.extend(Letter(b"To: %d\\n\\n" % n + b"body\\n" * 9000) for _ in range(20))
    elif what == "flags":
        box.set_flags({one.key: ["seen"] if n % 2 else ["flagged"] for one in box})
    else:
        mailboxes.convert(path, f"{path}-{n}", "mboxcl2")
"""


@pytest.mark.slow
@pytest.mark.parametrize("what", ["append", "flags", "convert"])
@pytest.mark.parametrize("kind", WRITTEN)
def test_killed_at_any_moment(tmp_path: Path, what: str, kind: Kind) -> None:
    if what == "flags" and kind == "eml":
        pytest.skip("a folder of .eml files keeps no flags")
    letter = b"To: b\n\n" + b"body\n" * 9000
    mailboxes.open(tmp_path / "box", kind, sync="never").extend([Letter(letter)] * 20)
    for wait in (0.02, 0.05, 0.11):
        child = subprocess.Popen([sys.executable, "-c", CHILD, what, str(tmp_path / "box"), kind],
                                 stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        box = mailboxes.open(tmp_path / "box", kind, sync="never")
        box.append(letter)  # repairs
        sizes = {len(one.read()) for one in box}
        assert max(sizes) - min(sizes) < 10, "a message in part"
        for made in tmp_path.glob("box-[0-9]*"):
            if ".postel-part-" not in made.name and not made.name.endswith(".lock"):
                assert {len(one.read()) for one in mailboxes.open(made, "mboxcl2")} <= sizes


@given(st.binary(max_size=300) | st.lists(st.sampled_from(
    [b"From a\n", b"\n", b"\x01\x01\x01\x01\n", b"\x1f\x0c\n", b"1,,\n", b"0,", b"*** EOOH ***\n",
     b"Content-Length: 9\n", b"Content-Length: -1\n", b"a: b\n"]), max_size=20).map(b"".join),
    st.sampled_from([b"", b"From ", b"\x01\x01\x01\x01\n", b"BABYL OPTIONS:\n\x1f\x0c\n"]))
def test_any_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, begin: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "file"
    path.write_bytes(begin + data)
    for kind in (None, *FILES):
        try:
            for one in mailboxes.open(path, kind):
                one.letter()
        except PostelError:
            pass


@pytest.mark.slow
def test_bulk_through_every_kind_and_back(tmp_path: Path, bulk: list[bytes]) -> None:
    sets = [{"old"}, {"seen", "old"}, {"answered", "old", "todo"}]
    box = mailboxes.open(tmp_path / "0", "mboxrd", sync="never")
    box.extend(Letter(one, frozenset(sets[n % 3]), f"u{n}@b", WHEN) for n, one in enumerate(bulk))
    for number, kind in enumerate([*EXACT, "mboxrd"]):
        if kind == "eml":
            continue
        done = mailboxes.convert(tmp_path / str(number), tmp_path / str(number + 1), kind)
        assert done.skipped == ()
        again = mailboxes.open(tmp_path / str(number + 1))
        assert again.kind == kind
        for read, one, want in zip(again, bulk, range(len(bulk)), strict=True):
            assert read.read() == one
            assert read.flags == sets[want % 3]
        if number + 2 == len(EXACT):
            break
    done = mailboxes.convert(tmp_path / str(number + 1), tmp_path / "eml", "eml")
    assert [one.read() for one in done.box] == bulk


def test_mimekit_offsets(corpora: Callable[[str], Path], tmp_path: Path) -> None:
    import json

    for name in ("content-length", "issue1189"):
        text = corpora(f"mail/mimekit/mbox/{name}.mbox.txt").read_bytes().replace(b"\r\n", b"\n")
        for ends in ("unix", "dos"):
            expected = json.loads(corpora(f"mail/mimekit/mbox/{name}.{ends}-offsets.json")
                                  .read_bytes())
            data = text if ends == "unix" else text.replace(b"\n", b"\r\n")
            (tmp_path / "mbox").write_bytes(data)
            box = mailboxes.open(tmp_path / "mbox")
            found = list(box)
            assert [int(one.key) for one in found] == [one["mboxMarkerOffset"] for one in expected]
            for one, want in zip(found, expected, strict=True):
                line_end = data.index(b"\n", int(one.key)) + 1
                assert line_end == want["beginOffset"]
