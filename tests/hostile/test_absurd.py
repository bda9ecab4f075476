"""Absurd sizes, endless lines, endless replies: capped, and never taken at their word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_peer import FTPPeer, Gone, Line, Peer, POP3Peer

from postel import ftp, pop3
from postel.errors import Incomplete, PostelError, ProtocolError, TLSError
from postel.wire import replies as wire_replies

HUGE = b"9" * 26


def site_of(peer: Peer) -> ftp.Client:
    return ftp.Client(f"ftp://127.0.0.1:{peer.port}", timeout=5.0)


def box_of(peer: Peer, **keywords: Any) -> pop3.Client:
    return pop3.Client("127.0.0.1", port=peer.port, user="a", password="b", security="plain",
                       **{"timeout": 5.0, **keywords})


@pytest.mark.parametrize(("verb", "answer", "call"), [
    ("SIZE", b"213 " + HUGE + b"\r\n", lambda s: s.size("a")),
    ("SIZE", b"213 -1\r\n", lambda s: s.size("a")),
    ("SIZE", "213 \u00b2\r\n".encode(), lambda s: s.size("a")),
    ("SIZE", b"213 \r\n", lambda s: s.size("a")),
    ("AVBL", b"213 " + HUGE + b"\r\n", lambda s: s.avbl()),
    ("MDTM", b"213 99999999999999\r\n", lambda s: s.mdtm("a")),
    ("MDTM", b"213 0\r\n", lambda s: s.mdtm("a")),
    ("MDTM", b"213 \r\n", lambda s: s.mdtm("a")),
    ("MDTM", b"213 20240230000000\r\n", lambda s: s.mdtm("a")),
    ("PWD", b"257 nothing\r\n", lambda s: s.pwd()),
    ("MLST", b"250 nothing\r\n", lambda s: s.mlst("a")),
    ("MLST", b"250-\r\n nonsense\r\n250 end\r\n", lambda s: s.mlst("a")),
    ("NOOP", b"x" * 70_000, lambda s: s.noop()),
    ("NOOP", b"200" + b"x" * 70_000 + b"\r\n", lambda s: s.noop()),
    ("NOOP", b"99 too small\r\n", lambda s: s.noop()),
    ("NOOP", b"600 too large\r\n", lambda s: s.noop()),
    ("NOOP", b"\r\n", lambda s: s.noop()),
    ("NOOP", b"200x\r\n", lambda s: s.noop()),
    ("NOOP", "\u0662\u0660\u0660 ok\r\n".encode(), lambda s: s.noop()),
])
def test_ftp_answers(verb: str, answer: bytes, call: Callable[[Any], Any]) -> None:
    with FTPPeer({verb: answer}) as peer:
        site = site_of(peer)
        site.open()
        with pytest.raises(ProtocolError) as caught:
            call(site)
        assert len(str(caught.value)) < 500
        assert not site.is_open


def test_listed_sizes_beyond_all_measure(tmp_path: Path) -> None:
    rows = b"type=file;size=" + b"9" * 20 + b"; a\r\ntype=file;size=" + HUGE + b"; b\r\n"
    peer = FTPPeer(files={"a": b"x", "b": b"x"})
    peer.answers[b"MLSD"] = lambda line, _: peer.give(line, rows)
    with peer:
        with site_of(peer) as site:
            assert [e.size for e in site.list()] == [10**20 - 1, None]
            report = site.download_tree("", tmp_path, durable=False)
    assert [type(o.error) for o in report.failures] == [Incomplete]
    assert (tmp_path / "b").read_bytes() == b"x"
    assert not (tmp_path / "a").exists()


def test_an_announcement_beyond_all_measure(tmp_path: Path) -> None:
    peer = FTPPeer(files={"a": b"x"})
    peer.answers[b"RETR"] = lambda line, _: peer.give(
        line, b"x", begin=b"150 go (9999999999999999999 bytes)\r\n")
    with peer, site_of(peer) as site:
        with pytest.raises(Incomplete):
            site.download("a", tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_reply_of_endless_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_replies, "MOST_LINES", 1_000)

    def endless(line: Line, _: str) -> None:
        line.say(b"211-begin\r\n")
        for _ in range(10_000):
            line.say(b" more\r\n" * 100)

    with FTPPeer({"STAT": endless}) as peer:
        site = site_of(peer)
        site.open()
        with pytest.raises(ProtocolError, match="a reply of over 1000 lines"):
            site.status()


@pytest.mark.parametrize("play", [
    lambda line: [line.say(b"x" * 65_536) for _ in range(1_000)],
    lambda line: [line.say(b"220-") or line.say(b"y" * 65_536) for _ in range(1_000)],
])
def test_a_greeting_without_end(play: Callable[[Line], Any]) -> None:
    with Peer(play) as peer, pytest.raises(ProtocolError, match="a line of over"):
        site_of(peer).open()
    with Peer(play) as peer, pytest.raises(ProtocolError):
        box_of(peer).open()


def test_preliminary_replies_without_end() -> None:
    def endless(line: Line, _: str) -> None:
        while True:
            line.say(b"150 wait\r\n" * 100)

    with FTPPeer({"NOOP": endless}) as peer:
        site = site_of(peer)
        site.open()
        with pytest.raises(ProtocolError, match="over 1000 preliminary replies"):
            site.noop()


def test_pop3_bodies_over_the_cap() -> None:
    for verb, call in (("LIST", "list"), ("UIDL", "uidl"), ("CAPA", "capa")):
        with POP3Peer({verb: b"+OK\r\n" + b"1 2\r\n" * 50_000 + b".\r\n"}) as peer:
            box = box_of(peer, auth="USER")
            box.largest = 100_000
            with pytest.raises(PostelError, match="more than 100,000"):
                box.open()
                getattr(box, call)()
            box.close()


def test_pop3_line_that_never_ends() -> None:
    def endless(line: Line, _: str) -> None:
        while True:
            line.say(b"+OK " + b"x" * 10_000)

    with POP3Peer({"STAT": endless}) as peer:
        box = box_of(peer, auth="USER")
        box.open()
        with pytest.raises(ProtocolError, match="a line of over"):
            box.stat()


@pytest.mark.parametrize("client", ["ftp", "pop3"])
def test_plain_text_where_tls_was_expected(client: str) -> None:
    def play(line: Line) -> None:
        line.say(b"220 ready in the clear\r\n")
        line.sock.recv(10)
        raise Gone

    with Peer(play) as peer:
        if client == "ftp":
            site: Any = ftp.Client("127.0.0.1", port=peer.port, security="tls", timeout=3)
        else:
            site = pop3.Client("127.0.0.1", port=peer.port, user="a", password="b",
                               security="tls", timeout=3)
        with pytest.raises(TLSError) as caught:
            site.open()
        assert caught.value.hint
