"""mbox: quoting that can be undone, foreign files, locks, failures and torn ends."""

from __future__ import annotations

import errno
import mailbox
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import BusyError, Forbidden, NoSpace, NotFound, TryLater, UsageError
from postel.mailboxes import Mbox, mbox_lock
from postel.mailboxes.mbox_text import Quoter, StartFinder, envelope, from_line, missing_end

PIECES = st.sampled_from(
    [b"From ", b">", b">>From ", b"\n", b"\r\n", b"\r", b"\n\n", b"Fro", b"m ", b"x", b" ", b"From"]
)
TEXT = st.lists(PIECES, max_size=12).map(b"".join) | st.binary(max_size=40)


@pytest.fixture
def box(tmp_path: Path) -> Mbox:
    box = Mbox(tmp_path / "inbox")
    box.now = lambda: 0.0
    return box


def ended(data: bytes) -> bytes:
    return data if not data or data.endswith(b"\n") else data + b"\n"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@given(st.lists(TEXT, max_size=5), st.lists(st.integers(0, 99), max_size=4))
def test_mboxrd_gives_back_what_it_got(
    tmp_path_factory: pytest.TempPathFactory, messages: list[bytes], places: list[int]
) -> None:
    path = tmp_path_factory.mktemp("mbox") / "inbox"
    box = Mbox(path, eol="keep", sync="batch")
    keys = [box.append(cut(message, places)) for message in messages]
    box.flush()
    assert [message.read() for message in box] == [ended(message) for message in messages]
    assert box.present(keys) == set(keys)


@given(TEXT, st.lists(st.integers(0, 99), max_size=6))
def test_quoting_does_not_depend_on_the_cut(data: bytes, places: list[int]) -> None:
    lines = data.split(b"\n")
    whole = b"\n".join(b">" + n if n.lstrip(b">").startswith(b"From ") else n for n in lines)
    quote, undo = Quoter("mboxrd"), Quoter("mboxrd", undo=True)
    assert b"".join([quote.feed(part) for part in cut(data, places)]) + quote.end() == whole
    assert b"".join([undo.feed(part) for part in cut(whole, places)]) + undo.end() == data


@given(st.lists(TEXT, max_size=4).map(b"\n\nFrom ".join), st.lists(st.integers(0, 99), max_size=6))
def test_beginnings_do_not_depend_on_the_cut(data: bytes, places: list[int]) -> None:
    finder = StartFinder(0)
    found = [at for part in cut(data, places) for at in finder.feed(part)]
    assert found == StartFinder(0).feed(data)


def test_a_line_of_arrows_is_not_held_back() -> None:
    quote = Quoter("mboxrd")
    out = b"".join(quote.feed(b">" * 65536) for _ in range(64))
    assert 64 * 65536 - len(out) <= 5
    assert quote.feed(b"From ") + quote.end() == b">>From "


def test_the_file_as_it_is(box: Mbox) -> None:
    box.append(b"Subject: a\r\n\r\nFrom x\r\n>From y\r\nFrom: z\r\n", sender="a@example.org")
    box.append(b"last line open")
    assert box.path.read_bytes() == (
        b"From a@example.org Thu Jan  1 00:00:00 1970\n"
        b"Subject: a\n\n>From x\n>>From y\nFrom: z\n\n"
        b"From MAILER-DAEMON Thu Jan  1 00:00:00 1970\nlast line open\n\n"
    )
    assert box.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in box.path.parent.iterdir()] == ["inbox"]


def test_mboxo_quotes_from_alone_and_cannot_be_undone(tmp_path: Path) -> None:
    box = Mbox(tmp_path / "inbox", "mboxo")
    box.append(b"From x\n>From y\n")
    assert [message.read() for message in box] == [b">From x\n>From y\n"]


@pytest.mark.parametrize(
    ("sender", "line"),
    [
        ("", b"From MAILER-DAEMON Thu"),
        ("a b\r\nFrom x\0\t", b"From abFromx Thu"),
        ("jörg@example.org", "From jörg@example.org Thu".encode()),
        ("\udcff", b"From \xff Thu"),
        ("x" * 400, b"From " + b"x" * 254 + b" Thu"),
    ],
)
def test_a_sender_cannot_end_its_line(sender: str, line: bytes) -> None:
    text = from_line(sender, 0)
    assert text.startswith(line)
    assert text.count(b"\n") == 1


@pytest.mark.parametrize(
    ("line", "sender", "date"),
    [
        (b"From a Thu Jan  1 00:00:00 1970", "a", datetime(1970, 1, 1, tzinfo=UTC)),
        (b"From a Thu Jan 01 10:11:12 +0200 2026\r", "a", datetime(2026, 1, 1, 10, 11, 12, 0, UTC)),
        (b"From a Thu Jan 01 10:11:12 EST 2026", "a", datetime(2026, 1, 1, 10, 11, 12, 0, UTC)),
        (b"From a Thu Feb 31 10:11:12 2026", "a", None),
        (b"From a Thu \xe4an 01 10:11:12 2026", "a", None),
        (b"From a yesterday", "a", None),
        (b"From ", "", None),
    ],
)
def test_envelopes(line: bytes, sender: str, date: datetime | None) -> None:
    assert envelope(line) == (sender, date)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (b"", []),
        (b"\n\nFrom a b\nx\n\n", [b"x\n"]),
        (b"From a\nx\n", [b"x\n"]),
        (b"From a\nx", [b"x"]),
        (b"From a\nx\nFrom the middle\n\nFrom b\ny\n\n", [b"x\nFrom the middle\n", b"y\n"]),
        (b"From a\r\nx\r\n\r\nFrom b\r\ny\r\n\r\n", [b"x\r\n", b"y\r\n"]),
        (b"From a\n\nFrom b\n\n", [b"", b""]),
        (b"From a", [b""]),
        (b"From " + b"a" * 3_000_000 + b"\nx\n\n", [b"x\n"]),
    ],
)
def test_foreign_files(box: Mbox, text: bytes, messages: list[bytes]) -> None:
    box.path.write_bytes(text)
    assert [message.read() for message in box] == messages
    box.append(b"new\n")
    assert box.path.read_bytes().startswith(text)
    assert [message.read() for message in box] == [*map(ended, messages), b"new\n"]


def test_no_file_is_an_empty_mailbox(box: Mbox) -> None:
    assert list(box) == []
    assert len(box) == 0
    assert box.present(["0.0.abc"]) == set()
    box.flush()
    assert not box.path.exists()


def test_what_is_no_mbox_is_refused_and_untouched(box: Mbox, tmp_path: Path) -> None:
    box.path.write_text("My thesis\n")
    with pytest.raises(UsageError):
        box.append(b"x\n")
    with pytest.raises(UsageError):
        list(box)
    box.path.unlink()
    with box.writing(staged=True) as message:
        message.write(b"x\n")
    box.path.write_text("My thesis\n")
    with pytest.raises(UsageError):
        box.flush()
    box.discard()
    assert box.path.read_text() == "My thesis\n"
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(Forbidden):
        Mbox(tmp_path / "fifo").append(b"x")
    with pytest.raises(NotFound):
        Mbox(tmp_path / "absent" / "inbox").append(b"x")
    with pytest.raises(UsageError):
        Mbox(tmp_path / "x", "mmdf")  # type: ignore[arg-type]


def test_an_error_while_writing_takes_the_message_back(box: Mbox) -> None:
    box.sync = "batch"
    box.append(b"one\n")
    with pytest.raises(RuntimeError), box.writing() as message:
        message.write(b"half")
        raise RuntimeError
    box.append(b"two\n")
    box.flush()
    assert [message.read() for message in box] == [b"one\n", b"two\n"]


def test_one_message_at_a_time(box: Mbox) -> None:
    with box.writing() as message:
        message.write(b"outer\n")
        with pytest.raises(BusyError):
            box.append(b"inner\n")
    assert [message.read() for message in box] == [b"outer\n"]


def test_batches_and_discard(tmp_path: Path) -> None:
    box = Mbox(tmp_path / "inbox", sync="batch")
    big = b"x" * 99 + b"\n"
    key = box.append(big * 20_000)
    box.append(b"small\n")
    assert not box.path.exists()
    box.flush()
    assert [len(message.read()) for message in box] == [2_000_000, 6]
    box.append(b"never\n")
    box.discard()
    box.flush()
    assert len(box) == 2
    assert box.present([key]) == {key}


def test_equal_messages_are_told_apart_by_their_number(box: Mbox) -> None:
    first = box.append(b"same\n")
    with box.writing(staged=True) as second, box.path.open("rb"):
        second.write(b"same\n")
    assert box.present([first, second.key]) == {first}
    box.flush()
    assert box.present([first, second.key]) == {first, second.key}


def test_a_rewritten_file_is_searched_as_a_whole(box: Mbox) -> None:
    box.append(b"expunged later, and long enough\n")
    key = box.append(b"stays\n")
    rest = list(box)[1]
    box.path.write_bytes(box.path.read_bytes()[rest.start :])
    assert box.present([key, "x", "1.2", "1.x.y", "9" * 99 + ".0.x"]) == {key}


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_full_disk_leaves_the_file_as_it_was(
    box: Mbox, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    box.append(b"old\n")
    before = box.path.read_bytes()
    write, calls = os.write, []

    def full(handle: int, data: bytes) -> int:
        calls.append(data)
        if len(calls) > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data[:10])

    with box.writing(staged=True) as staged:
        staged.write(b"staged " * 20)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(NoSpace):
            box.flush()
        with pytest.raises(NoSpace):
            box.append(b"taken back\n")
    assert box.path.read_bytes() == before
    assert [path.name for path in box.path.parent.iterdir()] == ["inbox"]
    box.flush()
    assert [message.read() for message in box] == [b"old\n", b"staged " * 20 + b"\n"]


def impatient(box: Mbox) -> list[float]:
    waits: list[float] = []
    box.lock.timeout, box.lock.sleep = 0.3, waits.append
    return waits


def test_a_strangers_dot_lock_is_waited_for(box: Mbox) -> None:
    waits = impatient(box)
    box.lock.dot.write_text("")
    with pytest.raises(TryLater) as caught:
        box.append(b"x\n")
    assert "inbox.lock" in str(caught.value)
    assert len(waits) >= 3
    assert box.lock.dot.exists()
    box.lock.sleep = lambda _: box.lock.dot.unlink()
    box.append(b"x\n")
    assert len(box) == 1
    assert not box.lock.dot.exists()


def test_a_strangers_dot_lock_grows_stale(box: Mbox) -> None:
    impatient(box)
    box.lock.dot.write_text("4711")
    os.utime(box.lock.dot, (1000, 1000))
    box.lock.now = lambda: 1000 + mbox_lock.STALE
    box.append(b"x\n")
    assert not box.lock.dot.exists()


def test_a_strangers_fcntl_lock_is_waited_for(box: Mbox) -> None:
    box.append(b"x\n")
    impatient(box)
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        try:
            other = mailbox.mbox(str(box.path))
            other.lock()
            box.lock.dot.unlink()  # leave the fcntl lock alone
            os.write(ready[1], b"!")
            os.read(go[0], 1)
        finally:
            os._exit(0)
    os.read(ready[0], 1)
    with pytest.raises(TryLater, match="fcntl"):
        box.append(b"y\n")
    os.write(go[1], b"!")
    os.waitpid(child, 0)
    box.append(b"y\n")
    assert len(box) == 2
    for handle in (*ready, *go):
        os.close(handle)


def test_two_objects_of_one_process_exclude_each_other(box: Mbox) -> None:
    other = Mbox(box.path)
    impatient(other)
    with box.lock.hold(create=True), pytest.raises(TryLater):
        other.append(b"x\n")
    other.append(b"x\n")
    assert len(box) == 1


def test_without_a_dot_lock(tmp_path: Path) -> None:
    box = Mbox(tmp_path / "inbox", dotlock=False)
    (tmp_path / "inbox.lock").write_text("stranger")
    box.append(b"x\n")
    assert len(box) == 1
    assert (tmp_path / "inbox.lock").read_text() == "stranger"


def killed(action: Callable[[], None]) -> bool:
    """Run *action* in a child process; whether it was killed."""
    child = os.fork()
    if not child:
        try:
            action()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def torn(box: Mbox, length: int) -> None:
    """Die with *length* bytes of an addition of one message written."""

    def die() -> None:
        write = os.write

        def part(handle: int, data: bytes) -> int:
            if os.fstat(handle).st_ino != box.path.stat().st_ino:
                return write(handle, data)
            write(handle, data[:length])
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

        os.write = part  # type: ignore[assignment]
        box.append(b"torn message\n", date=0, sender="a")

    assert killed(die)


WHOLE = len(from_line("a", 0)) + len(b"torn message\n\n")


@pytest.mark.parametrize("length", [0, 1, 10, 40, WHOLE - 2, WHOLE - 1])
def test_a_torn_end_is_cut_off_and_kept_beside(box: Mbox, length: int) -> None:
    box.append(b"old\n")
    before = box.path.read_bytes()
    torn(box, length)
    assert box.lock.dot.exists()
    assert len(box.path.read_bytes()) == len(before) + length
    assert box.present([f"{len(before)}.0.whatever"]) == set()
    assert box.path.read_bytes() == before
    keep = box.path.with_name(f"inbox.torn-{len(before)}")
    assert keep.exists() == (length > 0)
    assert not length or len(keep.read_bytes()) == length
    box.append(b"new\n")
    assert [message.read() for message in box] == [b"old\n", b"new\n"]
    assert not box.lock.dot.exists()


def test_a_complete_addition_of_a_dead_writer_stays(box: Mbox) -> None:
    box.append(b"old\n")
    torn(box, WHOLE)
    box.append(b"new\n")
    assert [message.read() for message in box] == [b"old\n", b"torn message\n", b"new\n"]


def test_more_than_was_noted_is_left_alone(box: Mbox) -> None:
    box.append(b"old\n")
    torn(box, 10)
    with box.path.open("ab") as file:
        file.write(b"\n\nFrom b x\n" + b"a stranger's message\n" * 9 + b"\n")
    size = box.path.stat().st_size
    box.append(b"new\n")
    assert box.path.stat().st_size > size
    assert [message.read() for message in box][-1] == b"new\n"


def test_a_torn_end_without_a_journal_is_completed(box: Mbox) -> None:
    box.append(b"old\n")
    torn(box, 40)
    box.lock.dot.unlink()
    box.append(b"new\n")
    assert [message.read() for message in box][0::2] == [b"old\n", b"new\n"]
    assert missing_end(b"x\r\n\r\n") == b""


def test_pythons_own_reader_agrees(box: Mbox) -> None:
    sent = [b"Subject: a\n\nFrom x\n", b"Subject: b\n\nno\n\n"]
    for message in sent:
        box.append(message)
    other = mailbox.mbox(str(box.path), create=False)
    assert [other.get_bytes(n).replace(b"\n>From", b"\nFrom") for n in (0, 1)] == sent
    other.close()


def test_a_real_corpus_goes_through(box: Mbox, corpora: Callable[[str], Path]) -> None:
    folder = corpora("mail/mime4j-mbox")
    mail = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    box.eol, box.sync = "keep", "batch"
    for message in mail:
        box.append(message)
    box.flush()
    assert [message.read() for message in box] == [ended(message) for message in mail]
