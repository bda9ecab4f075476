# GENERATED from test_sftp_async.py by tools/unasync.py: edit that file, not this one.
"""What the client makes of servers: short reads, odd order, cuts, lies, hostile names, refusals."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from sftp_peer import OPENSSH, SFTPPeer

from postel.errors import (
    AlreadyExists,
    Changed,
    Conflict,
    ConnectionLost,
    Incomplete,
    LimitReached,
    NetworkError,
    NoSpace,
    NotFound,
    NotSupported,
    PostelError,
    ProtocolError,
    UsageError,
)
from postel.session.files_sync import Reading, Sink, Watch
from postel.sftp import packets
from postel.sftp.client_sync import Client
from postel.sftp.packets import string, u32
from postel.sftp.types import Attributes
from postel.sftp.wire import Answers, Name
from postel.timing import Deadline
from postel.transport.socket_sync import SocketStream
from postel.urls import parse

BIG = bytes(range(256)) * 8_000


def client(peer: SFTPPeer, url: str = "sftp://peer.example/", **keywords: Any) -> Client:
    def opener(deadline: Deadline) -> SocketStream:
        return SocketStream(peer.connect(), "peer.example")

    return Client(url, opener=opener, **{"timeout": 10, **keywords})


def got(site: Client, path: str, offset: int = 0) -> bytes:
    with site.files.read(path, offset=offset) as reading:
        return b"".join([bytes(chunk) for chunk in reading])


# -- reading ---------------------------------------------------------------------------------

WAYS: dict[str, dict[str, Any]] = {
    "plain": {}, "short": {"longest": 1_000}, "any order": {"shuffle": True},
    "short in any order": {"longest": 5_000, "shuffle": True}, "no size": {"tells_size": False},
    "no size, short": {"tells_size": False, "longest": 30_000}, "bytes": {"slice": 1_021},
    "large blocks": {"limits": (0, 261_120, 261_120, 100)},
    "small blocks": {"limits": (0, 700, 700, 3)},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_file_is_read_whole(way: str, tmp_path: Path) -> None:
    data = BIG[:300_000] if "small" in way or "short" in way else BIG
    with SFTPPeer({"/a": data, "/empty": b""}, **WAYS[way]) as peer:
        with client(peer) as site:
            assert got(site, "/a") == data
            assert got(site, "/a", 12_345) == data[12_345:]
            assert got(site, "/empty") == b""
            assert site.download("/a", tmp_path / "a") == len(data)
            assert (tmp_path / "a").read_bytes() == data
            site.noop()
            assert (site.in_flight, site.handles) == (0, 0)
        assert not peer.open


def test_one_byte_at_a_time(tmp_path: Path) -> None:
    with SFTPPeer({"/a": BIG[:2_000]}, slice=1) as peer:
        with client(peer) as site:
            assert site.download("/a", tmp_path / "a") == 2_000
        assert (tmp_path / "a").read_bytes() == BIG[:2_000]


def test_short_reads_make_smaller_blocks() -> None:
    with SFTPPeer({"/a": BIG[:200_000]}, longest=4_000) as peer:
        with client(peer) as site:
            assert got(site, "/a") == BIG[:200_000]
        assert peer.asked.count("READ") < 80


def test_a_server_that_reads_in_order_only(tmp_path: Path) -> None:
    with SFTPPeer({"/a": BIG[:400_000]}, one_at_a_time=True) as peer:
        with client(peer) as site:
            site.be_careful()
            assert got(site, "/a") == BIG[:400_000]
    calls = []

    def busy(peer: SFTPPeer, asked: Any) -> bytes | None:
        calls.append(asked)
        return Answers.status(asked.id, 4, b"busy") if len(calls) == 3 else None

    with SFTPPeer({"/a": BIG[:400_000]}, answers={"READ": busy}) as peer:
        with client(peer) as site:
            site.download("/a", tmp_path / "a")
        assert (tmp_path / "a").read_bytes() == BIG[:400_000]


def test_a_file_that_grows_is_read_to_its_end() -> None:
    def small(peer: SFTPPeer, asked: Any) -> bytes:
        return Answers.attrs(asked.id, Attributes(size=100_000))

    with SFTPPeer({"/a": BIG[:130_000]}, answers={"FSTAT": small}) as peer:
        with client(peer) as site:
            assert got(site, "/a") == BIG[:130_000]


def test_a_file_said_to_be_empty_is_read_to_its_end() -> None:
    with SFTPPeer({"/a": BIG[:70_000]}, answers={
            "FSTAT": lambda _, asked: Answers.attrs(asked.id, Attributes(size=0))}) as peer:
        with client(peer) as site:
            assert got(site, "/a") == BIG[:70_000]


@pytest.mark.parametrize("shuffle", [False, True])
def test_an_early_end_is_incomplete(shuffle: bool, tmp_path: Path) -> None:
    def large(peer: SFTPPeer, asked: Any) -> bytes:
        return Answers.attrs(asked.id, Attributes(size=500_000))

    with SFTPPeer({"/a": BIG[:200_000]}, shuffle=shuffle,
                  answers={"FSTAT": large, "STAT": large}) as peer:
        with client(peer) as site:
            with pytest.raises(Incomplete, match="500,000"):
                got(site, "/a")
            (tmp_path / "a").write_bytes(b"old")
            with pytest.raises(Incomplete) as caught:
                site.download("/a", tmp_path / "a")
            assert caught.value.hint
        assert (tmp_path / "a").read_bytes() == b"old"


def test_beyond_the_end_is_changed() -> None:
    with SFTPPeer({"/a": b"short"}) as peer:
        with client(peer) as site:
            with pytest.raises(Changed, match="it has 5 bytes, not 9"):
                got(site, "/a", 9)
            assert got(site, "/a") == b"short"


def test_what_is_cut_is_left_without_a_gap() -> None:
    calls = []

    def third_is_late(peer: SFTPPeer, asked: Any) -> bytes | None:
        calls.append(asked)
        if len(calls) == 3:
            return b""  # never
        if len(calls) > 8:
            peer.budget = 0
        return None

    file = io.BytesIO()
    with SFTPPeer({"/a": BIG}, answers={"READ": third_is_late}) as peer:
        with client(peer) as site:
            with pytest.raises(NetworkError):
                with site.files.read("/a") as reading:
                    reading.save(file, Watch())
    there = file.getvalue()
    assert 0 < len(there) < len(BIG)
    assert BIG.startswith(there)


def test_to_a_file_that_cannot_seek() -> None:
    class Pipe(io.RawIOBase):
        got = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.got += bytes(data[:1_000])
            return len(data[:1_000])

    pipe = Pipe()
    with SFTPPeer({"/a": BIG[:500_000]}, shuffle=True) as peer:
        with client(peer) as site, site.files.read("/a") as reading:
            assert reading.save(pipe, Watch()) == 500_000  # type: ignore[arg-type]
    assert pipe.got == BIG[:500_000]


def test_a_resumed_download_goes_on(tmp_path: Path) -> None:
    with SFTPPeer({"/a": BIG}, budget=1_000_000) as peer:
        with pytest.raises(NetworkError):
            with client(peer) as site:
                site.download("/a", tmp_path / "a")
        assert not (tmp_path / "a").exists()
        peer.budget = None
        peer.asked.clear()
        with client(peer) as site:
            assert site.download("/a", tmp_path / "a") == len(BIG)
        assert peer.asked.count("READ") < len(BIG) // 32_768
    assert (tmp_path / "a").read_bytes() == BIG


def test_a_download_of_what_changed_begins_anew(tmp_path: Path) -> None:
    other = bytes(reversed(BIG))
    with SFTPPeer({"/a": BIG}, budget=1_000_000) as peer:
        with pytest.raises(NetworkError):
            with client(peer) as site:
                site.download("/a", tmp_path / "a")
        peer.budget, peer.files["/a"] = None, bytearray(other)  # same size, same time
        with client(peer) as site:
            site.download("/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == other


# -- writing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["plain", "any order", "bytes", "large blocks", "small blocks"])
def test_a_file_is_written_whole(way: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BIG[:1_000_000])
    os.utime(tmp_path / "a", (1_500_000_000, 1_500_000_000))
    with SFTPPeer({"/x/y": b"", "/x/a": b"old"}, **WAYS[way]) as peer:
        with client(peer) as site:
            assert site.upload(tmp_path / "a", "/x/a") == 1_000_000
            site.upload(io.BytesIO(b"from memory"), "/x/b")
        assert bytes(peer.files["/x/a"]) == BIG[:1_000_000]
        assert peer.times["/x/a"] == 1_500_000_000
        assert bytes(peer.files["/x/b"]) == b"from memory"
        assert set(peer.files) == {"/x/y", "/x/a", "/x/b"}
        assert {"FSETSTAT", "fsync", "posix-rename"} <= set(peer.asked)
        assert not peer.open


def test_without_fsync_and_posix_rename(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"new")
    with SFTPPeer({"/x/a": b"old"}, extensions={}) as peer:
        with client(peer) as site:
            site.upload(tmp_path / "a", "/x/a")
            assert not site.files.features.atomic_rename
            assert bytes(peer.files["/x/a"]) == b"new"
            with pytest.raises(NotFound):
                site.files.rename("/x/missing", "/x/a")
        assert bytes(peer.files["/x/a"]) == b"new"
        assert "fsync" not in peer.asked


def test_a_write_that_is_refused_in_the_middle() -> None:
    calls = []

    def full(peer: SFTPPeer, asked: Any) -> bytes | None:
        calls.append(asked)
        return Answers.status(asked.id, 4, b"Failure") if len(calls) == 5 else None

    with SFTPPeer({"/x/a": b"old"}, answers={"WRITE": full, "room": 0}) as peer:
        with client(peer) as site:
            with pytest.raises(NoSpace) as caught:
                site.upload(io.BytesIO(BIG), "/x/a")
            assert "full" in caught.value.hint
            assert got(site, "/x/a") == b"old"
            site.noop()
        assert not peer.open


def test_writing_from_an_offset_on() -> None:
    with SFTPPeer({"/a": b"0123456789"}) as peer:
        with client(peer) as site:
            with site.files.write("/a", offset=4) as sink:
                sink.send(b"xy")
            assert bytes(peer.files["/a"]) == b"0123xy"
            with pytest.raises(Changed):
                with site.files.write("/a", offset=99) as sink:
                    sink.send(b"xy")
            with pytest.raises(NotFound):
                with site.files.write("/b", offset=1) as sink:
                    sink.send(b"xy")


# -- many files ------------------------------------------------------------------------------


def test_many_files_are_under_way_at_once() -> None:
    files = {f"/d/{n}": b"%d" % n * n for n in range(300)}
    with SFTPPeer(files, limits=(0, 0, 0, 54), shuffle=True) as peer:
        with client(peer) as site:
            seen: dict[str, bytes] = {}

            def take(name: str, reading: Reading) -> None:
                with reading:
                    seen[name] = b"".join([bytes(chunk) for chunk in reading])

            site.files.read_many([(name, name) for name in files], take)
            assert seen == files
            assert list(seen) == list(files)
            assert (site.in_flight, site.noop(), site.handles) == (0, None, 0)
        assert 20 < peer.most_open <= 50
        assert not peer.open


def test_a_tree_up_and_down_over_one_connection(tmp_path: Path) -> None:
    (tmp_path / "up/sub").mkdir(parents=True)
    for n in range(120):
        (tmp_path / f"up/{n}").write_bytes(b"%d" % n * 50)
    (tmp_path / "up/sub/large").write_bytes(BIG * 3)
    with SFTPPeer({"/x": b""}) as peer:
        with client(peer) as site:
            report = site.upload_tree(tmp_path / "up", "/t")
            assert (report.ok, report.files) == (True, 121), report
            report = site.download_tree("/t", tmp_path / "down")
            assert (report.ok, report.files) == (True, 121), report
        assert len(peer._threads) == 1
    for path in (tmp_path / "up").rglob("*"):
        if path.is_file():
            name = path.relative_to(tmp_path / "up")
            assert (tmp_path / "down" / name).read_bytes() == path.read_bytes()


def test_a_late_no_is_told_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "up").mkdir()
    for n in range(30):
        (tmp_path / f"up/{n}").write_bytes(b"%d" % n * 50)

    def one_fails(peer: SFTPPeer, asked: Any) -> bytes | None:
        handle = asked.scan.string()
        if peer.open[handle] == "/t/.7.postel":
            return Answers.status(asked.id, 4, b"No space left on device")
        return Answers.status(asked.id, 0) if peer.do_write(Again(asked, handle)) else None

    with SFTPPeer({"/x": b""}, answers={"WRITE": one_fails}) as peer:
        with client(peer) as site:
            report = site.upload_tree(tmp_path / "up", "/t")
        assert report.files == 29
        assert [one.path for one in report.failures] == ["/t/7"]
        assert isinstance(report.failures[0].error, NoSpace)
        assert "/t/7" not in peer.files


class Again:
    """A request whose handle has been read already."""

    def __init__(self, asked: Any, handle: bytes) -> None:
        self.id, self._asked, self._handle = asked.id, asked, handle
        self.scan = self
        self._first = True

    def string(self) -> bytes:
        if self._first:
            self._first = False
            return self._handle
        return self._asked.scan.string()  # type: ignore[no-any-return]

    def u64(self) -> int:
        return self._asked.scan.u64()  # type: ignore[no-any-return]


def test_without_a_late_no_leaving_the_block_confirms() -> None:
    with SFTPPeer({"/x": b""}, answers={
            "WRITE": lambda _, asked: Answers.status(asked.id, 4, b"quota")}) as peer:
        with client(peer) as site:
            def give(name: str, sink: Sink) -> None:
                with pytest.raises(NoSpace):
                    with sink:
                        sink.send(b"data")

            site.files.write_many([("a", "/a"), ("b", "/b")], give)


# -- listings --------------------------------------------------------------------------------


def test_hostile_names_stay_here(tmp_path: Path) -> None:
    names = [b"good", b"../evil", b"/etc/evil", b"..", b".", b"", b"a/b", b"nul\0", b"c:\\evil",
             b"esc\x1b[2J"]

    def page(peer: SFTPPeer, asked: Any) -> bytes:
        if "page" in peer.answers:
            return Answers.status(asked.id, 1)
        peer.answers["page"] = True
        return Answers.names(asked.id, [
            Name(name, b"", Attributes(size=1, permissions=0o100644)) for name in names])

    with SFTPPeer({"/d/good": b"x", "/d/esc\x1b[2J": b"x"}, answers={"READDIR": page}) as peer:
        with client(peer) as site:
            report = site.download_tree("/d", tmp_path / "in/here")
    assert report.files == 2
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"good", "esc\x1b[2J"}
    assert all(isinstance(one.error, PostelError) for one in report.failures)
    assert len(report.failures) == 6


def test_a_listing_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    one = [Name(b"x", b"", Attributes(size=1))]
    for names in (one, []):
        with SFTPPeer({"/d/x": b""}, answers={
                "READDIR": lambda _, asked, names=names: Answers.names(asked.id, names)}) as peer:
            with client(peer) as site:
                monkeypatch.setattr(Client.__module__.replace("client", "listing")
                                    + ".LARGEST_FOLDER", 1_000)
                with pytest.raises(LimitReached, match="does not come to an end"):
                    _ = [entry for entry in site.list("/d")]


def test_a_listing_that_breaks_off() -> None:
    with SFTPPeer({"/d/x": b""}, answers={
            "READDIR": lambda _, asked: Answers.status(asked.id, 4, b"I/O error")}) as peer:
        with client(peer) as site:
            with pytest.raises(PostelError, match="I/O error"):
                _ = [entry for entry in site.list("/d")]
            with pytest.raises(NotFound):
                _ = [entry for entry in site.list("/missing")]
            site.noop()
        assert not peer.open


# -- a server that breaks the rules ----------------------------------------------------------


@pytest.mark.parametrize(("name", "reply", "words"), [
    ("STAT", Answers.status(99, 0), "not due"),
    ("STAT", string(bytes([packets.ATTRS]) + u32(2)), "ends in the middle"),
    ("STAT", u32(1 << 30), "are taken"),
    ("STAT", b"bash: command not found\n", "are taken"),
    ("INIT", Answers.version(2, {}), "version 3 was asked for"),
    ("INIT", Answers.version(6, {}), "version 3 was asked for"),
    ("INIT", Answers.status(0, 0), "not due"),
])
def test_rules_broken(name: str, reply: bytes, words: str) -> None:
    with SFTPPeer({"/a": b""}, answers={name: reply}) as peer:
        with pytest.raises(ProtocolError, match=words):
            with client(peer) as site:
                site.stat("/a")


def test_more_data_than_was_asked_for() -> None:
    with SFTPPeer({"/a": b"abc"}, answers={
            "READ": lambda _, asked: Answers.data(asked.id, bytes(300_000))}) as peer:
        with pytest.raises(ProtocolError, match="were asked for"):
            with client(peer) as site:
                got(site, "/a")


def test_cut_after_every_byte(tmp_path: Path) -> None:
    whole = 0
    for budget in range(1, 420):
        with SFTPPeer({"/d/a": b"0123456789"}, extensions={}, budget=budget) as peer:
            try:
                with client(peer) as site:
                    names = [entry.name for entry in site.list("/d")]
                    assert names == ["a"]
                    site.download("/d/a", tmp_path / "a", resume=False)
                    whole += 1
            except ConnectionLost:
                continue
            assert (tmp_path / "a").read_bytes() == b"0123456789"
    assert whole


# -- refusals, words, paths ------------------------------------------------------------------


def test_a_failure_is_looked_into() -> None:
    failure = {name: (lambda _, asked: Answers.status(asked.id, 4, b"Failure"))
               for name in ("MKDIR", "REMOVE", "RMDIR", "posix-rename")}
    with SFTPPeer({"/d/a": b"", "/d/b": b""}, answers=failure) as peer:
        with client(peer) as site:
            for kind, call in (
                (AlreadyExists, lambda: site.mkdir("/d")), (Conflict, lambda: site.unlink("/d")),
                (Conflict, lambda: site.rmdir("/d")), (Conflict, lambda: site.rmdir("/d/a")),
                (NotFound, lambda: site.unlink("/no")), (NotFound, lambda: site.rename("/n", "/m")),
                (AlreadyExists, lambda: site.rename("/d/a", "/d/b")),
                (Conflict, lambda: got(site, "/d")),
            ):
                with pytest.raises(kind) as caught:
                    call()
                assert caught.value.hint
                assert caught.value.code == 4
                assert caught.value.url == "sftp://peer.example/"


def test_what_is_not_offered_says_so() -> None:
    with SFTPPeer({"/a": b""}, extensions={}) as peer:
        with client(peer) as site:
            for call in (lambda: site.statvfs(), lambda: site.hardlink("/a", "/b"),
                         lambda: site.expand_path("~"), lambda: site.home_directory(),
                         lambda: site.copy("/a", "/b"), lambda: site.names_of([0], [0]),
                         lambda: site.setstat("/a", Attributes(size=0), follow=False)):
                with pytest.raises(NotSupported, match="does not offer"):
                    call()


def test_paths_and_urls() -> None:
    with SFTPPeer({"/pub/a": b"x"}) as peer:
        with client(peer, "sftp://ann@peer.example/pub/") as site:
            assert got(site, "a") == b"x"
            assert site.home == "/home/ann"
            assert "fsync@openssh.com" in site.capabilities
            assert site.latency > 0
        for url, path in (("sftp://h/a/b%20c", "/a/b c"), ("sftp://h/~/x", "x"),
                          ("sftp://h/~", ""), ("sftp://h/", "/"), ("scp://h/~/", "")):
            assert client(peer, url).path_in(parse(url)) == path
        assert str(client(peer, "scp://ann@peer.example/x").url) == "sftp://ann@peer.example/x"
        with client(peer) as site:
            with pytest.raises(UsageError):
                site.stat("a\nb")
            with pytest.raises(UsageError):
                site.open_file("/a", "q")


def test_the_trace_is_readable_and_has_no_secret() -> None:
    with SFTPPeer({"/a": b"hello"}) as peer:
        with client(peer, password="hunter2") as site:
            got(site, "/a")
            text = site.trace.text
    assert "hunter2" not in text
    assert "OPEN /a to read" in text
    assert "DATA 5" in text
    assert "VERSION 3 " + " ".join(name.decode() for name in OPENSSH) in text
