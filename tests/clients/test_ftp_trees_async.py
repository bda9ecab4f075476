# A conversation (its twin test_ftp_trees_sync.py is generated): whole trees over FTP.
"""Trees: nothing outside the target, nothing lost, nothing twice, whatever the server does."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from scripted_peer import FTPPeer

from postel.errors import (
    ConnectionLost,
    Forbidden,
    LimitReached,
    NotFound,
    TransferError,
    UsageError,
)
from postel.ftp.client_async import AsyncClient

pytestmark = pytest.mark.slow

FILES = {f"t/d{n % 3}/f{n:02}": bytes([n]) * (n * 100) for n in range(30)}
HOSTILE = ["..", "../x", "/etc/x", "a/b", "C:x", "x\\y", "nul\0l", "c\rr", "n" * 256, "",
           ".", "...\\..\\z"]


def here(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def client(peer: Any, **keywords: Any) -> AsyncClient:
    return AsyncClient(f"ftp://127.0.0.1:{peer.port}", timeout=5.0, **keywords)


def arrived(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(autouse=True)
def _near(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, one connection is enough, unless a test says otherwise."""
    monkeypatch.setattr(AsyncClient, "latency", 0.0)


def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server seem far away, so that several connections are worth it."""
    monkeypatch.setattr(AsyncClient, "latency", 1.0)


async def test_down(tmp_path: Path) -> None:
    told = []
    with FTPPeer(files=FILES) as peer:
        async with client(peer) as site:
            report = await site.download_tree("t", tmp_path, progress=told.append, durable=False)
            assert [f async for f, _ in site.walk("t")] == ["t", "t/d0", "t/d1", "t/d2"]
    assert report.ok
    assert (report.files, report.folders) == (30, 4)
    assert report.size == sum(map(len, FILES.values()))
    assert arrived(tmp_path) == {name[2:]: data for name, data in FILES.items()}
    assert {p.name for p in told} == set(FILES)


@pytest.mark.parametrize("level", [0, 1])
async def test_down_at_each_level(tmp_path: Path, level: int) -> None:
    with FTPPeer(files=FILES) as peer:
        async with client(peer) as site:
            site.learned.level = level
            assert (await site.download_tree("t", tmp_path, durable=False)).ok
    assert len(arrived(tmp_path)) == 30


async def test_down_over_several_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far(monkeypatch)
    with FTPPeer(files=FILES) as peer:
        async with client(peer) as site:
            report = await site.download_tree("t", tmp_path, connections=3, durable=False)
    assert report.ok
    assert report.files == 30
    assert len(arrived(tmp_path)) == 30
    assert len(peer.lines) == 3


@pytest.mark.parametrize("refusal", [b"421 too many\r\n", b"530 one is enough\r\n"])
async def test_a_server_that_allows_one_connection(
    tmp_path: Path, refusal: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    far(monkeypatch)
    with FTPPeer(files=FILES) as peer:
        async with client(peer) as site:
            peer.greeting = refusal
            report = await site.download_tree("t", tmp_path, connections=4, durable=False)
    assert report.ok
    assert report.files == 30
    assert len(arrived(tmp_path)) == 30


@pytest.mark.slow
async def test_helpers_that_lose_their_place_lose_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A further connection is cut in the middle, and then refused for good."""
    far(monkeypatch)
    peer = FTPPeer(files=FILES)
    plain, lock, cut = peer.do_retr, threading.Lock(), []

    def retr(line: Any, path: str) -> None:
        with lock:
            first = line is not peer.lines[0] and not cut
            if first:
                cut.append(path)
                peer.greeting = b"421 no more\r\n"
        if first:
            peer.give(line, peer.files[path][:1], end=None)
            line.close()
            return
        plain(line, path)

    peer.answers[b"RETR"] = retr
    with peer:
        async with client(peer) as site:
            report = await site.download_tree("t", tmp_path, connections=2, durable=False)
    assert report.ok
    assert report.files == 30
    assert arrived(tmp_path) == {name[2:]: data for name, data in FILES.items()}


@pytest.mark.parametrize("nth", [0, 1, 7, 29])
async def test_connection_lost_in_the_middle(tmp_path: Path, nth: int) -> None:
    peer = FTPPeer(files=FILES)
    plain, count = peer.do_retr, []

    def retr(line: Any, path: str) -> None:
        count.append(path)
        if len(count) == nth + 1:
            line.passive.close()
            line.passive = None
            line.close()
            return
        plain(line, path)

    peer.answers[b"RETR"] = retr
    with peer:
        async with client(peer) as site:
            report = await site.download_tree("t", tmp_path, durable=False)
    assert report.ok
    assert report.files == 30
    assert report.size == sum(map(len, FILES.values()))
    assert arrived(tmp_path) == {name[2:]: data for name, data in FILES.items()}
    assert len(peer.lines) == 2


async def test_connection_lost_while_listing(tmp_path: Path) -> None:
    peer = FTPPeer(files=FILES)
    plain, count = peer.do_mlsd, []

    def mlsd(line: Any, path: str) -> None:
        count.append(path)
        if len(count) == 3:
            peer.give(line, b"type=file;size=1; half\r\n", end=None)
            line.close()
            return
        plain(line, path)

    peer.answers[b"MLSD"] = mlsd
    with peer:
        async with client(peer) as site:
            report = await site.download_tree("t", tmp_path, durable=False)
    assert report.ok
    assert report.files == 30


@pytest.mark.slow
async def test_a_server_that_always_leaves(tmp_path: Path) -> None:
    peer = FTPPeer(files=FILES)
    peer.answers[b"RETR"] = lambda line, _: line.close()
    with peer:
        site = client(peer)
        await site.open()
        with pytest.raises(ConnectionLost):
            await site.download_tree("t", tmp_path, durable=False)
    assert arrived(tmp_path) == {}


async def test_relative_paths_hold_on_further_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far(monkeypatch)
    peer = FTPPeer(files=FILES)
    where: dict[Any, str] = {}

    def cwd(line: Any, path: str) -> bytes:
        where[line] = path
        return b"250 there\r\n"

    plain = peer.do_retr
    peer.answers[b"CWD"] = cwd
    peer.answers[b"MLSD"] = lambda line, path: peer.do_mlsd(line, f"{where[line]}/{path}")
    peer.answers[b"RETR"] = lambda line, path: plain(line, f"{where.get(line)}/{path}")
    with peer:
        async with client(peer) as site:
            await site.cwd("t")
            report = await site.download_tree("", tmp_path, connections=3, durable=False)
            assert report.ok, report.failures
            assert len(peer.lines) == 3
            peer.lines[0].close()
            again = await site.download_tree("", tmp_path, connections=1, durable=False)
            assert again.ok
    assert report.files == again.files == 30


# -- hostile -------------------------------------------------------------------------------


def names(peer: FTPPeer, rows: list[str]) -> None:
    """The top folder lists exactly these rows."""
    data = "".join(f"{row}\r\n" for row in rows).encode("utf-8", "surrogateescape")
    plain = peer.do_mlsd
    peer.answers[b"MLSD"] = lambda line, path: (
        peer.give(line, data) if path == "t" else plain(line, path))
    peer.answers[b"RETR"] = lambda line, path: (
        peer.do_retr(line, path) if path in peer.files else peer.give(line, b"evil"))


@pytest.mark.parametrize("kind", ["file;size=4", "dir"])
async def test_hostile_names(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "deep" / "target"
    with FTPPeer(files={"t/good": b"fine", "t/\x1b[2J": b"esc"}) as peer:
        names(peer, [*(f"type={kind}; {name}" for name in HOSTILE),
                     "type=file;size=4; good", "type=file;size=3; \x1b[2J"])
        peer.answers[b"MLSD"] = _flat(peer.answers[b"MLSD"])
        async with client(peer) as site:
            report = await site.download_tree("t", target, durable=False)
            await site.noop()
    assert arrived(tmp_path) == {"deep/target/good": b"fine", "deep/target/\x1b[2J": b"esc"}
    assert report.files == 2
    bad = {outcome.path for outcome in report.failures}
    assert {"t//etc/x", "t/a/b", "t/C:x", "t/x\\y", "t/nul\0l", "t/c\rr"} <= bad
    assert all(isinstance(o.error, TransferError) for o in report.failures)


def _flat(top: Any) -> Any:
    """No folder but the top one has anything in it."""
    return lambda line, path: (
        top(line, path) if path == "t" else line.peer.give(line, b""))


async def test_a_link_planted_during_the_run(tmp_path: Path) -> None:
    target, outside = tmp_path / "target", tmp_path / "outside"
    outside.mkdir()
    peer = FTPPeer(files={"t/a": b"1", "t/sub/b": b"2", "t/sub/c": b"3", "t/z/d": b"4"})
    plain = peer.do_retr

    def retr(line: Any, path: str) -> None:
        if path == "t/a":  # the plan is made, and the folder with it
            (target / "sub").rmdir()
            (target / "sub").symlink_to(outside)
        plain(line, path)

    peer.answers[b"RETR"] = retr
    with peer:
        async with client(peer) as site:
            report = await site.download_tree("t", target, durable=False)
            await site.noop()
    assert here(outside) == []
    assert report.files == 2
    assert {o.path for o in report.failures} == {"t/sub/b", "t/sub/c"}
    assert (target / "z" / "d").read_bytes() == b"4"


async def test_a_folder_that_lists_itself_for_ever(tmp_path: Path) -> None:
    peer = FTPPeer()
    peer.answers[b"MLSD"] = lambda line, _: peer.give(line, b"type=dir; a\r\n")
    with peer:
        async with client(peer) as site:
            with pytest.raises(LimitReached, match="below one another"):
                await site.download_tree("t", tmp_path, durable=False)


async def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    peer = FTPPeer(files=FILES)
    plain = peer.do_mlsd
    peer.answers[b"MLSD"] = lambda line, path: (
        line.say(b"550 permission denied\r\n") if path == "t/d1" else plain(line, path))
    with peer:
        async with client(peer) as site:
            report = await site.download_tree("t", tmp_path, durable=False)
            assert [type(o.error) for o in report.failures] == [Forbidden]
            assert report.failures[0].path == "t/d1"
            assert report.files == 20
            peer.answers[b"MLSD"] = b"550 no such folder\r\n"
            with pytest.raises(NotFound):
                await site.download_tree("t", tmp_path, durable=False)


async def test_one_file_refused_and_one_cut(tmp_path: Path) -> None:
    peer = FTPPeer(files=FILES)
    plain = peer.do_retr

    def retr(line: Any, path: str) -> None:
        if path == "t/d0/f03":
            line.passive.close()
            line.say(b"550 permission denied\r\n")
        elif path == "t/d0/f06":
            peer.give(line, b"short")
        else:
            plain(line, path)

    peer.answers[b"RETR"] = retr
    with peer:
        async with client(peer) as site:
            report = await site.download_tree("t", tmp_path, durable=False)
    assert {(o.path, type(o.error).__name__) for o in report.failures} == {
        ("t/d0/f03", "Forbidden"), ("t/d0/f06", "Incomplete")}
    assert report.files == 28
    assert len(arrived(tmp_path)) == 28


async def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with FTPPeer(files={"t/a": b"1234"}) as peer:
        async with client(peer) as site:
            monkeypatch.delattr(os, "splice", raising=False)  # where the kernel writes by itself
            monkeypatch.setattr("postel.transport.target._Whole.write", full)
            report = await site.download_tree("t", tmp_path, durable=False)
            await site.noop()
    assert isinstance(report.failures[0].error, TransferError)
    assert arrived(tmp_path) == {}


async def test_names_like_our_temporary_ones(tmp_path: Path) -> None:
    files = {"t/a": b"the file", "t/.a.postel": b"left over", "t/..a.postel.postel": b"again"}
    with FTPPeer(files=files) as peer:
        async with client(peer) as site:
            report = await site.download_tree("t", tmp_path, durable=False)
    assert arrived(tmp_path) == {"a": b"the file"}
    assert {o.path for o in report.failures} == {"t/.a.postel", "t/..a.postel.postel"}


# -- up ------------------------------------------------------------------------------------


def local(folder: Path) -> None:
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def mkd(line: Any, path: str) -> bytes:
    return b'257 "made"\r\n'


async def test_up(tmp_path: Path) -> None:
    local(tmp_path)
    (tmp_path / "t" / "link").symlink_to("/etc/passwd")
    with FTPPeer({"MKD": mkd, "MFMT": b"213 ok\r\n"}) as peer:
        async with client(peer) as site:
            report = await site.upload_tree(tmp_path / "t", "t")
    assert report.ok
    assert (report.files, report.folders) == (30, 4)
    assert peer.files == FILES


async def test_up_in_place(tmp_path: Path) -> None:
    local(tmp_path)
    with FTPPeer({"MKD": mkd}) as peer:
        async with client(peer) as site:
            assert (await site.upload_tree(tmp_path / "t", "t", inplace=True)).files == 30
    assert peer.files == FILES
    assert "RNFR" not in peer.verbs


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("nth", [0, 1, 11])
async def test_connection_lost_while_storing(tmp_path: Path, nth: int, inplace: bool) -> None:
    local(tmp_path)
    peer = FTPPeer({"MKD": mkd, "MFMT": b"213 ok\r\n"})
    plain, count = peer.do_stor, []

    def stor(line: Any, path: str) -> None:
        count.append(path)
        if len(count) == nth + 1:
            peer.take(line)
            line.close()
            return
        plain(line, path)

    peer.answers[b"STOR"] = stor
    with peer:
        async with client(peer) as site:
            report = await site.upload_tree(tmp_path / "t", "t", inplace=inplace)
    assert report.ok
    assert report.files == 30
    assert peer.files == FILES


async def test_connection_lost_while_settling(tmp_path: Path) -> None:
    local(tmp_path)
    peer = FTPPeer({"MKD": mkd, "MFMT": b"213 ok\r\n"})
    plain, count = peer.do_rnto, []

    def rnto(line: Any, path: str) -> bytes | None:
        count.append(path)
        if len(count) == 5:
            line.close()
            return None
        return plain(line, path)

    peer.answers[b"RNTO"] = rnto
    with peer:
        async with client(peer) as site:
            report = await site.upload_tree(tmp_path / "t", "t")
    assert report.ok
    assert report.files == 30
    assert {n: d for n, d in peer.files.items() if not n.endswith(".postel")} == FILES


async def test_a_stored_file_that_is_short_is_not_renamed(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a").write_bytes(b"12345")
    peer = FTPPeer({"MKD": mkd})

    def stor(line: Any, path: str) -> bytes:
        peer.files[path] = peer.take(line)[:2]
        return b"226 fine\r\n"

    peer.answers[b"STOR"] = stor
    with peer:
        async with client(peer) as site:
            report = await site.upload_tree(tmp_path / "t", "t")
    assert report.files == 0
    assert "has 2 of 5 bytes" in str(report.failures[0].error)
    assert list(peer.files) == ["t/.a.postel"]


async def test_names_and_files_here_that_cannot_be_stored(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    for name in ("good", "line\nbreak", "z"):
        (tmp_path / "t" / name).write_bytes(name.encode())
    with FTPPeer({"MKD": mkd, "MFMT": b"213 ok\r\n"}) as peer:
        async with client(peer) as site:
            report = await site.upload_tree(tmp_path / "t", "t")
            with pytest.raises(UsageError, match="no folder here"):
                await site.upload_tree(tmp_path / "gone", "t")
    assert peer.files == {"t/good": b"good", "t/z": b"z"}
    assert [o.path for o in report.failures] == ["t/line\nbreak"]


async def test_a_file_that_vanishes_here(tmp_path: Path) -> None:
    local(tmp_path)
    peer = FTPPeer({"MKD": mkd, "MFMT": b"213 ok\r\n"})
    plain = peer.do_stor

    def stor(line: Any, path: str) -> None:
        (tmp_path / "t" / "d0" / "f06").unlink(missing_ok=True)
        plain(line, path)

    peer.answers[b"STOR"] = stor
    with peer:
        async with client(peer) as site:
            report = await site.upload_tree(tmp_path / "t", "t")
            await site.noop()
    assert [o.path for o in report.failures] == ["t/d0/f06"]
    assert report.files == 29


# -- removal -------------------------------------------------------------------------------


async def test_rmtree_follows_no_links_and_reports_the_rest() -> None:
    peer = FTPPeer(files={"t/a": b"1", "t/sub/b": b"2"})
    rows = {"t": b"type=file; a\r\ntype=dir; sub\r\ntype=OS.unix=slink:/; root\r\n"
                 b"type=file; ../x\r\n",
            "t/sub": b"type=file; b\r\n"}
    peer.answers[b"MLSD"] = lambda line, path: peer.give(line, rows[path])
    peer.answers[b"DELE"] = lambda line, path: (
        b"550 denied\r\n" if path == "t/sub/b" else b"250 gone\r\n")
    peer.answers[b"RMD"] = b"250 gone\r\n"
    with peer:
        async with client(peer) as site:
            report = await site.rmtree("t")
    asked = [c for c in peer.commands if c.startswith((b"DELE", b"RMD"))]
    assert asked == [b"DELE t/a", b"DELE t/root", b"DELE t/sub/b", b"RMD t/sub", b"RMD t"]
    assert (report.files, report.folders) == (2, 2)
    assert {o.path for o in report.failures} == {"t/../x", "t/sub/b"}
    assert not any(c.startswith(b"MLSD") and c not in (b"MLSD t", b"MLSD t/sub")
                   for c in peer.commands)


# -- bursts --------------------------------------------------------------------------------


async def test_a_server_that_loses_its_place_in_bursts_is_asked_slowly() -> None:
    peer = FTPPeer(files={f"f{n}": b"x" * n for n in range(20)})

    def size(line: Any, path: str) -> bytes:
        if line.held.count(b"\n") > 3:
            return b"500 too fast\r\n"
        return peer.do_size(line, path)

    peer.answers[b"SIZE"] = size
    with peer:
        async with client(peer) as site:
            assert site.learned.level == 1
            outcomes = [o async for o in site.files.stat_many([f"f{n}" for n in range(20)])]
            assert [o.get().size for o in outcomes] == list(range(20))
            assert site.learned.level == 0


async def test_a_word_that_the_server_does_not_know_is_no_reason_to_slow_down() -> None:
    with FTPPeer({"MKD": b"500 what\r\n"}) as peer:
        async with client(peer) as site:
            outcomes = [o async for o in site.files.make_many(["a", "b"])]
            assert not any(o.ok for o in outcomes)
            assert site.learned.level == 1
            assert peer.verbs.count("MKD") == 2


async def test_renames_in_a_burst() -> None:
    with FTPPeer(files={"a": b"1", "b": b"2"}) as peer:
        async with client(peer) as site:
            done = [o async for o in site.files.rename_many([("a", "c"), ("x", "y"), ("b", "d")])]
    assert [o.ok for o in done] == [True, False, True]
    assert peer.files == {"c": b"1", "d": b"2"}
