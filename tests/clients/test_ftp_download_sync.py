# GENERATED from test_ftp_download_async.py by tools/unasync.py: edit that file, not this one.
"""Downloads resume, restart, verify and never leave a wrong file; uploads appear whole."""

from __future__ import annotations

import errno
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scripted_peer import FTPPeer

from postel.errors import (
    AlreadyExists,
    BusyError,
    ChecksumMismatch,
    ConnectionLost,
    Forbidden,
    Incomplete,
    NotFound,
    TransferError,
)
from postel.ftp.client_sync import Client
from postel.transport.target import Target, on_disk

BODY = bytes(range(256)) * 400  # 100 KiB, so that there is more than the overlap of 16


def here(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def client(peer: Any, **keywords: Any) -> Client:
    return Client(f"ftp://127.0.0.1:{peer.port}", timeout=5.0, **keywords)


def cutting(peer: FTPPeer, after: int) -> None:
    """The first RETR is cut after so many bytes, the next ones are served."""
    plain = peer.do_retr

    def cut(line: Any, path: str) -> None:
        peer.give(line, peer.files[path][line.rest:][:after], end=b"426 cut\r\n")
        line.rest = 0

    peer.answers[b"RETR"] = [cut, plain]


def cut_download(peer: FTPPeer, target: Path, after: int = 60_000) -> None:
    """Leave what an interrupted run leaves."""
    cutting(peer, after)
    with client(peer) as site:
        with pytest.raises(Incomplete):
            site.download("a", target)


def test_a_file_with_its_time(tmp_path: Path) -> None:
    told = []
    with FTPPeer(files={"a": BODY}) as peer:
        with client(peer) as site:
            assert site.download("a", tmp_path / "b", progress=told.append) == len(BODY)
    assert (tmp_path / "b").read_bytes() == BODY
    assert (tmp_path / "b").stat().st_mtime == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
    assert here(tmp_path) == ["b"]
    assert (told[-1].done, told[-1].total) == (len(BODY), len(BODY))


def test_into_a_folder(tmp_path: Path) -> None:
    with FTPPeer(files={"d/a": b"x"}) as peer:
        with client(peer) as site:
            site.download("d/a", tmp_path)
            with pytest.raises(TransferError, match="no name of a file"):
                site.download("d/..", tmp_path)
    assert (tmp_path / "a").read_bytes() == b"x"


def test_a_server_that_tells_nothing(tmp_path: Path) -> None:
    answers = {"FEAT": b"502 no\r\n", "SIZE": b"500 no\r\n", "MDTM": b"500 no\r\n",
               "LIST": b"550 no\r\n"}
    with FTPPeer(answers, files={"a": BODY}) as peer:
        with client(peer) as site:
            assert site.download("a", tmp_path / "a") == len(BODY)
            with pytest.raises(NotFound):
                site.download("gone", tmp_path / "gone")
    assert here(tmp_path) == ["a"]


def test_a_download_cut_is_gone_on_with(tmp_path: Path) -> None:
    target = tmp_path / "a"
    with FTPPeer(files={"a": BODY}) as peer:
        cut_download(peer, target)
        assert not target.exists()
        assert (tmp_path / ".a.postel").stat().st_size == 60_000
        with client(peer) as site:
            assert site.download("a", target) == len(BODY)
    assert target.read_bytes() == BODY
    assert b"REST %d" % (60_000 - 16_384) in peer.commands
    assert here(tmp_path) == ["a"]


@pytest.mark.parametrize("start", [1, 16_384, 16_385, len(BODY) - 1])
def test_gone_on_with_from_anywhere(tmp_path: Path, start: int) -> None:
    with FTPPeer(files={"a": BODY}) as peer:
        cut_download(peer, tmp_path / "a", start)
        with client(peer) as site:
            site.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY


def test_not_gone_on_with_when_that_is_not_wanted(tmp_path: Path) -> None:
    with FTPPeer(files={"a": BODY}) as peer:
        cut_download(peer, tmp_path / "a")
        with client(peer) as site:
            site.download("a", tmp_path / "a", resume=False)
    assert (tmp_path / "a").read_bytes() == BODY
    assert "REST" not in peer.verbs
    assert here(tmp_path) == ["a"]


def test_source_of_another_time_begins_afresh(tmp_path: Path) -> None:
    with FTPPeer(files={"a": BODY}) as peer:
        cut_download(peer, tmp_path / "a")
        peer.files["a"] = BODY[::-1]
        peer.answers[b"MLST"] = (b"250-here\r\n type=file;size=%d;modify=20250102030405; a\r\n"
                                 b"250 end\r\n" % len(BODY))
        with client(peer) as site:
            site.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY[::-1]
    assert "REST" not in peer.verbs


def test_source_of_the_same_time_and_other_content_begins_afresh(tmp_path: Path) -> None:
    with FTPPeer(files={"a": BODY}) as peer:
        cut_download(peer, tmp_path / "a")
        peer.files["a"] = BODY[::-1]
        with client(peer) as site:
            site.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY[::-1]
    assert "REST" in peer.verbs


@pytest.mark.parametrize("rest", [
    b"502 no\r\n", b"350 ignored\r\n", b"550 no\r\n", b"451 no\r\n"])
def test_rest_refused_or_ignored(tmp_path: Path, rest: bytes) -> None:
    with FTPPeer({"REST": rest}, files={"a": os.urandom(100_000)}) as peer:
        cut_download(peer, tmp_path / "a")
        with client(peer) as site:
            site.download("a", tmp_path / "a")
        assert (tmp_path / "a").read_bytes() == peer.files["a"]


def test_offset_that_the_file_does_not_suit(tmp_path: Path) -> None:
    with FTPPeer(files={"a": BODY}) as peer:
        cut_download(peer, tmp_path / "a")
        plain = peer.do_retr

        def retr(line: Any, path: str) -> Any:
            if line.rest:
                line.rest = 0
                line.passive.close()
                return b"554 invalid REST parameter\r\n"
            return plain(line, path)

        peer.answers[b"RETR"] = retr
        with client(peer) as site:
            site.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY


@pytest.mark.parametrize("came", [0, 1, len(BODY) - 1, len(BODY) + 1])
def test_success_with_another_size_than_listed(tmp_path: Path, came: int) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    peer = FTPPeer(files={"a": BODY})
    peer.answers[b"RETR"] = lambda line, _: peer.give(line, (BODY + b"!")[:came])
    with peer:
        with client(peer) as site:
            with pytest.raises(Incomplete):
                site.download("a", target)
            site.noop()
    assert target.read_bytes() == b"old"


def test_control_connection_lost(tmp_path: Path) -> None:
    peer = FTPPeer(files={"a": BODY})

    def dies(line: Any, _: str) -> None:
        peer.give(line, BODY[:50_000], end=None)
        line.close()

    peer.answers[b"RETR"] = [dies, peer.do_retr]
    with peer:
        site = client(peer)
        site.open()
        with pytest.raises(ConnectionLost):
            site.download("a", tmp_path / "a")
        assert not (tmp_path / "a").exists()
        site.open()
        site.download("a", tmp_path / "a")
        site.close()
    assert (tmp_path / "a").read_bytes() == BODY
    assert "REST" in peer.verbs


def test_two_writers_of_one_file(tmp_path: Path) -> None:
    with FTPPeer(files={"a": BODY}) as peer:
        with client(peer) as site:
            with Target.at(tmp_path / "a") as place:
                place.file.write(b"mine")
                with pytest.raises(BusyError, match="another transfer"):
                    site.download("a", tmp_path / "a")
            site.noop()


def test_verified(tmp_path: Path) -> None:
    good = hashlib.sha256(BODY).hexdigest().encode()
    feat = b"211-\r\n MLST\r\n HASH SHA-256*\r\n211 end\r\n"
    digests = [b"213 SHA-256 0-1 " + good + b" a\r\n", b"213 SHA-256 0-1 " + b"0" * 64 + b" a\r\n"]
    with FTPPeer({"FEAT": feat, "HASH": digests}, files={"a": BODY}) as peer:
        with client(peer) as site:
            site.download("a", tmp_path / "a", verify=True)
            with pytest.raises(ChecksumMismatch) as caught:
                site.download("a", tmp_path / "b", verify=True)
            assert caught.value.exit_code == 6
    assert here(tmp_path) == ["a"]


# -- this disk -----------------------------------------------------------------------------


def test_no_such_folder_here(tmp_path: Path) -> None:
    with FTPPeer(files={"a": BODY}) as peer:
        with client(peer) as site:
            with pytest.raises(TransferError, match="cannot be written here: No such file"):
                site.download("a", tmp_path / "gone" / "a")
            site.noop()


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FTPPeer(files={"a": BODY}) as peer:
        with client(peer) as site:
            with monkeypatch.context() as patch:
                def full(*_: object) -> int:
                    raise OSError(errno.ENOSPC, "No space left on device")

                patch.delattr(os, "splice", raising=False)  # where the kernel writes by itself
                patch.setattr("postel.transport.target._Whole.write", full)
                with pytest.raises(TransferError, match="No space left") as caught:
                    site.download("a", tmp_path / "a")
                assert "make room" in caught.value.hint
            assert not (tmp_path / "a").exists()
            site.download("a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY


@pytest.mark.parametrize("what", ["link", "folder", "pipe"])
def test_something_planted_at_the_temporary_name(tmp_path: Path, what: str) -> None:
    part, outside = tmp_path / "in" / ".a.postel", tmp_path / "outside"
    part.parent.mkdir()
    if what == "link":
        part.symlink_to(outside)
    elif what == "folder":
        part.mkdir()
    else:
        os.mkfifo(part)
    with FTPPeer(files={"a": BODY}) as peer:
        with client(peer) as site:
            with pytest.raises(TransferError):
                site.download("a", tmp_path / "in" / "a")
            site.noop()
    assert not outside.exists()


def test_a_link_at_the_target_is_replaced_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    (tmp_path / "a").symlink_to(outside)
    with FTPPeer(files={"a": BODY}) as peer:
        with client(peer) as site:
            site.download("a", tmp_path / "a")
    assert outside.read_bytes() == b"precious"
    assert not (tmp_path / "a").is_symlink()


def test_a_file_that_took_the_temporary_name_is_not_committed(tmp_path: Path) -> None:
    with Target.at(tmp_path / "a") as place:
        place.file.write(b"mine")
        (tmp_path / ".a.postel").unlink()
        (tmp_path / ".a.postel").write_bytes(b"another's")
        with pytest.raises(TransferError, match="took the place"):
            place.commit()
    assert not (tmp_path / "a").exists()


def test_long_names_have_temporary_names_that_fit_and_stay(tmp_path: Path) -> None:
    for name in ("x" * 255, "\u00e9" * 127):
        with Target.at(tmp_path / name) as place:
            place.file.write(b"some")
        with Target.at(tmp_path / name) as place:
            assert place.file.read() == b"some"
            place.commit()
        assert (tmp_path / name).read_bytes() == b"some"


def test_disk_errors_become_ours_and_ours_stay() -> None:
    with pytest.raises(TransferError, match="x: it cannot be written here: no"), on_disk("x"):
        raise PermissionError(errno.EACCES, "no")
    with pytest.raises(NotFound), on_disk("x"):
        raise NotFound("gone")


# -- up ------------------------------------------------------------------------------------


def test_upload_by_a_temporary_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BODY)
    with FTPPeer({"MFMT": b"213 ok\r\n"}) as peer:
        with client(peer) as site:
            assert site.upload(tmp_path / "a", "d/b") == len(BODY)
            peer.commands.clear()
            with (tmp_path / "a").open("rb") as file:
                site.upload(file, "c")
            site.upload(tmp_path / "a", "e/")
    assert peer.files == {"d/b": BODY, "c": BODY, "e/a": BODY}
    assert peer.commands[:6] == [b"EPSV", b"STOR .c.postel", b"MLST .c.postel",
                                 b"RNFR .c.postel", b"RNTO c", b"EPSV"]


def test_upload_in_place(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with FTPPeer() as peer:
        with client(peer) as site:
            site.upload(tmp_path / "a", "a", inplace=True)
    assert peer.files == {"a": b"x"}
    assert "RNFR" not in peer.verbs


def test_upload_of_which_the_server_has_less(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BODY)
    peer = FTPPeer(files={"a": b"old"})

    def short(line: Any, path: str) -> bytes:
        peer.files[path] = peer.take(line)[:-1]
        return b"226 fine\r\n"

    peer.answers[b"STOR"] = short
    with peer:
        with client(peer) as site:
            with pytest.raises(Incomplete, match="the server has 102,399 bytes of 102,400"):
                site.upload(tmp_path / "a", "a")
    assert peer.files["a"] == b"old"
    assert "RNFR" not in peer.verbs


def test_upload_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BODY)
    with FTPPeer(files={".a.postel": BODY[:70_000]}) as peer:
        with client(peer) as site:
            assert site.upload(tmp_path / "a", "a", resume=True) == len(BODY)
    assert peer.files == {"a": BODY}
    assert b"REST 70000" in peer.commands


def test_rename_refused_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BODY)
    with FTPPeer({"RNTO": b"550 exists\r\n"}, files={"a": b"old"}) as peer:
        with client(peer) as site:
            with pytest.raises(AlreadyExists):
                site.upload(tmp_path / "a", "a")
    assert peer.files["a"] == b"old"


def test_upload_where_times_cannot_be_set(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with FTPPeer({"MFMT": b"500 no\r\n", "MDTM": b"500 no\r\n"}) as peer:
        with client(peer) as site:
            assert site.upload(tmp_path / "a", "a") == 1


def test_makedirs() -> None:
    made: list[str] = []

    def mkd(line: Any, path: str) -> bytes:
        made.append(path)
        return b'257 "%s"\r\n' % path.encode() if len(made) != 1 else b"550 exists\r\n"

    with FTPPeer({"MKD": mkd}) as peer:
        with client(peer) as site:
            site.makedirs("/a/b/c")
            assert made == ["/a", "/a/b", "/a/b/c"]
            peer.answers[b"MKD"] = b"550 no\r\n"
            peer.answers[b"MLST"] = b"250-\r\n type=dir; a\r\n250 end\r\n"
            site.makedirs("/a")
            with pytest.raises(AlreadyExists):
                site.makedirs("/a", exist_ok=False)
            peer.answers[b"MLST"] = b"550 gone\r\n"
            peer.answers[b"MKD"] = b"550 permission denied\r\n"
            with pytest.raises(Forbidden):
                site.makedirs("/a")
