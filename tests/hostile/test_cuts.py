"""Every cut point of a recorded session, injected bytes at every boundary, one byte at a time.

The server says the first N bytes of what it would say, and hangs up. Whatever N: a documented
error within the deadline, or a success that is true; never a hang, never a wrong result.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from scripted_peer import FTPPeer, POP3Peer

from postel import ftp, pop3
from postel.errors import PostelError

BODY = b"0123456789" * 30
NAMES = ["a", "b"]


def ftp_session(peer: Any, folder: Path, done: dict[str, Any]) -> None:
    with ftp.Client(f"ftp://127.0.0.1:{peer.port}", timeout=3, user="ann", password="pw") as site:
        done["pwd"] = site.pwd()
        done["names"] = [entry.name for entry in site.list()]
        done["size"] = site.download("a", folder / "a")
        with site.retr("b") as body:
            done["body"] = b"".join(map(bytes, body))
        with site.stor("c") as sink:
            sink.send(BODY)
        done["stored"] = True
        site.rename("c", "d")
        done["renamed"] = True


async def ftp_session_async(peer: Any, folder: Path, done: dict[str, Any]) -> None:
    async with ftp.AsyncClient(f"ftp://127.0.0.1:{peer.port}", timeout=3, user="ann",
                               password="pw") as site:
        done["pwd"] = await site.pwd()
        done["names"] = [entry.name async for entry in site.list()]
        done["size"] = await site.download("a", folder / "a")
        async with site.retr("b") as body:
            done["body"] = b"".join([bytes(chunk) async for chunk in body])
        async with site.stor("c") as sink:
            await sink.send(BODY)
        done["stored"] = True
        await site.rename("c", "d")
        done["renamed"] = True


FTP_TRUE = {"pwd": "/home", "names": NAMES, "size": len(BODY), "body": BODY[::-1],
            "stored": True, "renamed": True}


def ftp_peer(**keywords: Any) -> FTPPeer:
    return FTPPeer({"PWD": b'257 "/home"\r\n'}, files={"a": BODY, "b": BODY[::-1]}, **keywords)


def check_ftp(peer: FTPPeer, folder: Path, done: dict[str, Any]) -> None:
    assert done.items() <= FTP_TRUE.items(), done
    if "size" in done or (folder / "a").exists():
        assert (folder / "a").read_bytes() == BODY
    if "stored" in done:
        assert BODY in (peer.files.get("c"), peer.files.get("d"))
    if "renamed" in done:
        assert peer.files["d"] == BODY
    (folder / "a").unlink(missing_ok=True)


def recorded(peer: Any, session: Any, *more: Any) -> bytes:
    """What the server says in a session that goes well."""
    with peer:
        session(peer, *more)
    return bytes(peer.said)


@pytest.mark.slow
def test_ftp_cut_at_every_byte(tmp_path: Path) -> None:
    done: dict[str, Any] = {}
    whole = recorded(ftp_peer(), ftp_session, tmp_path, done)
    assert done == FTP_TRUE
    goodbye = len(whole) - len(b"221 bye\r\n")
    codes: set[int] = set()
    for size in range(1, len(whole) - 4):
        done = {}
        peer = ftp_peer()
        peer.budget = size
        with peer:
            try:
                ftp_session(peer, tmp_path, done)
            except PostelError as error:
                codes.add(error.exit_code)
            else:
                assert peer.budget or size >= goodbye - 4
        check_ftp(peer, tmp_path, done)
    assert codes <= {1, 3, 4, 5, 6}, codes  # a word that is cut may be another one


def test_ftp_cut_async(tmp_path: Path) -> None:
    codes: set[int] = set()

    async def run(size: int) -> None:
        done: dict[str, Any] = {}
        peer = ftp_peer()
        peer.budget = size
        with peer:
            try:
                await ftp_session_async(peer, tmp_path, done)
            except PostelError as error:
                codes.add(error.exit_code)
        check_ftp(peer, tmp_path, done)

    for size in range(1, 560, 7):
        asyncio.run(run(size))
    assert codes <= {1, 3, 4, 5, 6}, codes


def test_ftp_one_byte_at_a_time(tmp_path: Path) -> None:
    done: dict[str, Any] = {}
    peer = ftp_peer(slice=1)
    recorded(peer, ftp_session, tmp_path, done)
    assert done == FTP_TRUE
    done = {}
    peer = ftp_peer(slice=1)
    with peer:
        asyncio.run(ftp_session_async(peer, tmp_path, done))
    assert done == FTP_TRUE


JUNK = [b"\r\n", b"226 done\r\n", b"\x00", b"xyz\r\n", b"150 (1 bytes)\r\n", b"421 bye\r\n",
        b"200-open\r\n"]


class Injecting(FTPPeer):
    """Says something more before its nth reply."""

    nth, junk, count = -1, b"", 0

    def answer(self, line: Any, verb: bytes, rest: str) -> None:
        if self.count == self.nth:
            line.say(self.junk)
        self.count += 1
        super().answer(line, verb, rest)


@pytest.mark.slow
@pytest.mark.parametrize("junk", JUNK)
def test_ftp_injected_at_every_boundary(junk: bytes, tmp_path: Path) -> None:
    for nth in range(26):
        done: dict[str, Any] = {}
        peer = Injecting({"PWD": b'257 "/home"\r\n'}, files={"a": BODY, "b": BODY[::-1]})
        peer.nth, peer.junk = nth, junk
        with peer:
            try:
                with ftp.Client(f"ftp://127.0.0.1:{peer.port}", timeout=0.15) as site:
                    done["pwd"] = site.pwd()
                    done["size"] = site.download("a", tmp_path / "a")
                    done["names"] = [entry.name for entry in site.list()]
            except PostelError:
                pass
        # a lie about a word is beyond us; a file is never one
        if (tmp_path / "a").exists():
            assert (tmp_path / "a").read_bytes() == BODY
            (tmp_path / "a").unlink()


# -- POP3 ----------------------------------------------------------------------------------

MESSAGE = b"Subject: x\r\n\r\n.dot\r\n..\r\n.\r\nend\r\n"
STUFFED = b"Subject: x\r\n\r\n..dot\r\n...\r\n..\r\nend\r\n.\r\n"


def pop3_peer(**keywords: Any) -> POP3Peer:
    return POP3Peer({"RETR": b"+OK\r\n" + STUFFED}, **keywords)


def pop3_session(peer: Any, done: dict[str, Any]) -> None:
    with pop3.Client("127.0.0.1", port=peer.port, user="a", password="b", security="plain",
                     timeout=3) as box:
        done["count"] = box.stat().messages
        done["uidl"] = [item.uidl for item in box.uidl()]
        done["one"] = box.retr(1)
        done["many"] = [data for _, data in box.retr_many([1, 2, 3])]
        with box.retr_stream(1) as body:
            done["stream"] = b"".join(body)
        box.dele(1)
    done["deleted"] = True


POP3_TRUE = {"count": 2, "uidl": ["aaa", "bbb"], "one": MESSAGE, "many": [MESSAGE] * 3,
             "stream": MESSAGE, "deleted": True}


@pytest.mark.slow
def test_pop3_cut_at_every_byte() -> None:
    done: dict[str, Any] = {}
    whole = recorded(pop3_peer(), pop3_session, done)
    assert done == POP3_TRUE
    for size in range(1, len(whole) - 1):
        done = {}
        peer = pop3_peer()
        peer.budget = size
        with peer, pytest.raises(PostelError):
            pop3_session(peer, done)
        assert done.items() <= POP3_TRUE.items(), done
        assert "deleted" not in done


def test_pop3_one_byte_at_a_time() -> None:
    done: dict[str, Any] = {}
    recorded(pop3_peer(slice=1), pop3_session, done)
    assert done == POP3_TRUE


@pytest.mark.parametrize("junk", [b"\r\n", b"+OK\r\n", b"\0", b"-ERR x\r\n", b".\r\n", b"+ \r\n"])
def test_pop3_injected_at_every_boundary(junk: bytes) -> None:
    for nth in range(8):
        count = [0]

        def inject(answer: Any, nth: int = nth, count: list[int] = count) -> Any:
            def say(line: Any, rest: str) -> Any:
                count[0] += 1
                if count[0] == nth:
                    line.say(junk)
                return answer(line, rest) if callable(answer) else answer
            return say

        peer = pop3_peer()
        peer.answers = {verb: inject(answer) for verb, answer in peer.answers.items()}
        with peer:
            done: dict[str, Any] = {}
            try:
                with pop3.Client("127.0.0.1", port=peer.port, user="a", password="b",
                                 security="plain", timeout=0.15) as box:
                    done["count"] = box.stat().messages
                    done["one"] = box.retr(1)
            except PostelError:
                pass
