"""Maildir: delivery in steps, reading, names, and what must never be followed or left behind."""

from __future__ import annotations

import errno
import mailbox
import os
import stat
from pathlib import Path

import pytest

from postel.errors import AlreadyExists, Forbidden, NoSpace, NotFound, UsageError
from postel.mailboxes import Maildir

MAIL = b"Subject: one\r\n\r\nHello\r\n"


@pytest.fixture
def box(tmp_path: Path) -> Maildir:
    return Maildir(tmp_path / "box").create()


def files(box: Maildir, folder: str) -> list[str]:
    return sorted(path.name for path in (box.path / folder).iterdir())


def test_append_delivers_to_new_with_lf(box: Maildir) -> None:
    key = box.append(MAIL)
    assert files(box, "new") == [key]
    assert files(box, "tmp") == files(box, "cur") == []
    assert (box.path / "new" / key).read_bytes() == b"Subject: one\n\nHello\n"


def test_keep_stores_every_byte(tmp_path: Path) -> None:
    box = Maildir(tmp_path, eol="keep").create()
    assert box[box.append(MAIL + b"\r")].read() == MAIL + b"\r"


@pytest.mark.parametrize(
    ("pieces", "stored"),
    [
        ([b"a\r", b"\nb"], b"a\nb"),
        ([b"a\r", b"b\r"], b"a\rb\r"),
        ([b"a\r\r\n"], b"a\r\n"),
        ([b"a\n", b"", b"\r\n"], b"a\n\n"),
        ([], b""),
    ],
)
def test_line_ends_across_pieces(box: Maildir, pieces: list[bytes], stored: bytes) -> None:
    assert box[box.append(pieces)].read() == stored


def test_flags_go_to_cur_sorted_and_single(box: Maildir) -> None:
    key = box.append(MAIL, flags="SFS")
    assert files(box, "cur") == [f"{key}:2,FS"]
    assert box[key].flags == "FS"


def test_separator_for_vfat(tmp_path: Path) -> None:
    box = Maildir(tmp_path, separator=";").create()
    key = box.append(MAIL, flags="S")
    assert files(box, "cur") == [f"{key};2,S"]
    assert box[key].flags == "S"


def test_names_have_time_pid_counter_and_host(box: Maildir) -> None:
    box.now, box.token, box.host = (lambda: 1700000000.25), (lambda: "cafe"), "mail.example.org"
    first, second = box.append(MAIL), box.append(MAIL)
    assert first != second
    assert first.startswith(f"1700000000.M250000P{os.getpid()}Q")
    assert first.endswith("Rcafe.mail.example.org")
    assert not set(first) & set(':/\\*?"<>|')


def test_names_are_unique_across_processes(box: Maildir) -> None:
    """The same moment, the same random word, the same counter: the process tells them apart."""
    box.now, box.token = (lambda: 1.0), (lambda: "0")
    for _ in range(4):
        child = os.fork()
        if not child:
            try:
                box.append(MAIL)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    assert len(box) == 4


def test_unique_names_and_collisions(box: Maildir) -> None:
    assert box.append(MAIL, unique="mine") == "mine"
    with pytest.raises(AlreadyExists):
        box.append(b"other", unique="mine")
    with pytest.raises(AlreadyExists):
        box.append(b"other", unique="mine", flags="S")
    assert box["mine"].read() == b"Subject: one\n\nHello\n"
    assert files(box, "tmp") == []


@pytest.mark.parametrize(
    "bad", ["", ".", "..", ".x", "../x", "a/b", "a:b", "a\\b", "a\nb", "a\0b", "x" * 300, "\udcff"]
)
def test_bad_names_are_refused(box: Maildir, bad: str) -> None:
    with pytest.raises(UsageError):
        box.append(MAIL, unique=bad)
    with pytest.raises(NotFound):
        box[bad]
    assert files(box, "tmp") == []


@pytest.mark.parametrize("flags", ["S ", "é", "1", "/"])
def test_bad_flags_are_refused(box: Maildir, flags: str) -> None:
    with pytest.raises(UsageError):
        box.append(MAIL, flags=flags)


def test_bad_separator_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        Maildir(tmp_path, separator="/")


def test_permissions(box: Maildir) -> None:
    key = box.append(MAIL)
    assert [(box.path / n).stat().st_mode & 0o777 for n in ("", "tmp", "new", "cur")] == [0o700] * 4
    assert box[key].path.stat().st_mode & 0o777 == 0o600


def test_date_is_the_file_time(box: Maildir) -> None:
    assert box[box.append(MAIL, date=86400.0)].path.stat().st_mtime == 86400.0


def test_an_error_while_writing_leaves_nothing(box: Maildir) -> None:
    with pytest.raises(RuntimeError), box.writing() as message:
        message.write(MAIL)
        raise RuntimeError
    assert files(box, "tmp") == files(box, "new") == []
    box.flush()
    assert len(box) == 0


def test_staged_messages_appear_at_flush(tmp_path: Path) -> None:
    box = Maildir(tmp_path, sync="batch").create()
    keys = {box.append(MAIL) for _ in range(3)}
    assert len(box) == 0
    assert box.present(keys) == set()
    box.flush()
    assert box.present(keys) == keys
    box.append(MAIL)
    box.discard()
    assert files(box, "tmp") == []
    assert len(box) == 3


def test_a_batch_syncs_files_before_names_and_folders_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Maildir(tmp_path, sync="batch").create()
    for _ in range(3):
        box.append(MAIL)
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def synced(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def renamed(path: str, target: str) -> None:
        done.append("rename")
        rename(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    box.flush()
    assert done == ["file"] * 3 + ["rename"] * 3 + ["folder"]


def test_never_does_not_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise AssertionError("synced")

    monkeypatch.setattr(os, "fsync", refuse)
    box = Maildir(tmp_path, sync="never").create()
    box.append(MAIL)
    assert len(box) == 1


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, NoSpace), (errno.EACCES, Forbidden)])
def test_a_failed_publication_takes_an_append_back_and_keeps_a_batch(
    box: Maildir, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with box.writing(staged=True) as staged:
        staged.write(MAIL)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(kind):
            box.append(MAIL)
        with pytest.raises(kind):
            box.flush()
    box.flush()
    assert [message.key for message in box] == [staged.key]
    assert files(box, "tmp") == []


def test_a_missing_maildir_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        Maildir(tmp_path / "absent").append(MAIL)
    assert "create()" in caught.value.hint


def test_reading_survives_a_rename_by_a_reader(box: Maildir) -> None:
    key = box.append(MAIL)
    message = box[key]
    message.path.rename(box.path / "cur" / f"{key}:2,S")
    assert message.read() == b"Subject: one\n\nHello\n"
    assert box[key].flags == "S"
    box.remove(key)
    with pytest.raises(NotFound):
        message.read()
    with pytest.raises(NotFound):
        box.remove(key)


def test_listing_skips_what_is_no_message(box: Maildir, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (box.path / "new" / "link").symlink_to(secret)
    (box.path / "new" / ".hidden").write_text("x")
    (box.path / "cur" / "folder").mkdir()
    os.mkfifo(box.path / "new" / "fifo")
    key = box.append(MAIL)
    assert [message.key for message in box] == [key]
    assert len(box) == 1
    assert key in box
    assert "link" not in box


def test_a_link_put_in_a_messages_place_is_not_followed(box: Maildir, tmp_path: Path) -> None:
    message = box[box.append(MAIL)]
    secret = tmp_path / "secret"
    secret.write_text("secret")
    message.path.unlink()
    message.path.symlink_to(secret)
    with pytest.raises(Forbidden):
        message.read()
    message.path.unlink()
    os.mkfifo(message.path)
    with pytest.raises(Forbidden):
        message.read()


@pytest.mark.parametrize("name", ["tmp", "new", "cur"])
def test_a_linked_folder_is_refused(box: Maildir, tmp_path: Path, name: str) -> None:
    (box.path / name).rmdir()
    (tmp_path / "elsewhere").mkdir()
    (box.path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Forbidden):
        box.create()
    with pytest.raises(Forbidden):
        box.append(MAIL, flags="S") if name != "new" else box.append(MAIL)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_order_is_that_of_arrival(box: Maildir) -> None:
    keys = []
    for second in (3, 1, 2):
        box.now = lambda second=second: 1_700_000_000.0 + second
        keys.append(box.append(MAIL, flags="S" if second == 2 else ""))
    assert [message.key for message in box] == [keys[1], keys[2], keys[0]]


def test_sweep_removes_only_old_strays(box: Maildir) -> None:
    old, young = box.path / "tmp" / "old", box.path / "tmp" / "young"
    old.write_text("x")
    young.write_text("x")
    os.utime(old, (0, 0))
    os.utime(young, (100_000, 100_000))
    box.now = lambda: 36 * 3600.0 + 5
    assert box.sweep() == 1
    assert files(box, "tmp") == ["young"]


def test_a_huge_message_is_streamed(box: Maildir) -> None:
    piece = b"x" * 65534 + b"\r\n"
    with box.writing() as message:
        for _ in range(40):
            assert message.write(piece) == len(piece)
    sizes = [len(chunk) for chunk in box[message.key].chunks()]
    assert sum(sizes) == 40 * 65535
    assert max(sizes) <= 1 << 20


def test_pythons_own_reader_agrees(box: Maildir) -> None:
    keys = {box.append(MAIL): "", box.append(MAIL, flags="RS"): "RS"}
    other = mailbox.Maildir(str(box.path), create=False)
    assert {key: message.get_flags() for key, message in other.items()} == keys
    added = other.add(b"Subject: theirs\n\n")
    assert box[added].read() == b"Subject: theirs\n\n"
