"""One connection, one caller: other threads and tasks are refused; cancelled waits harm nothing."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from scripted_peer import FTPPeer, Line, POP3Peer

from postel import ftp, pop3
from postel.errors import BusyError, TimedOut, UsageError


def site_of(peer: Any, **keywords: Any) -> ftp.Client:
    return ftp.Client(f"ftp://127.0.0.1:{peer.port}", **{"timeout": 5.0, **keywords})


def async_site(peer: Any, **keywords: Any) -> ftp.AsyncClient:
    return ftp.AsyncClient(f"ftp://127.0.0.1:{peer.port}", **{"timeout": 5.0, **keywords})


class Slow:
    """An answer that comes when the test says so."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.asked, self.go = answer, threading.Event(), threading.Event()

    def __call__(self, line: Line, _: str) -> bytes:
        self.asked.set()
        assert self.go.wait(10)
        return self.answer


def test_another_thread_is_refused() -> None:
    slow = Slow(b"200 ok\r\n")
    with FTPPeer({"NOOP": slow}) as peer, site_of(peer) as site:
        thread = threading.Thread(target=site.noop)
        thread.start()
        assert slow.asked.wait(10)
        with pytest.raises(BusyError, match="another caller is using this connection") as caught:
            site.pwd()
        assert caught.value.exit_code == 1
        assert "second client" in caught.value.hint
        with pytest.raises(BusyError):
            list(site.list())
        with pytest.raises(BusyError):
            site.abor()
        slow.go.set()
        thread.join(10)
        site.cwd("/")
    assert "PWD" not in peer.verbs
    assert "ABOR" not in peer.verbs


def test_another_task_is_refused() -> None:
    slow = Slow(b"200 ok\r\n")

    async def run(peer: Any) -> None:
        async with async_site(peer) as site:
            task = asyncio.create_task(site.noop())
            await asyncio.to_thread(slow.asked.wait, 10)
            with pytest.raises(BusyError, match="another caller"):
                await site.pwd()
            slow.go.set()
            await task
            await site.cwd("/")

    with FTPPeer({"NOOP": slow}) as peer:
        asyncio.run(run(peer))
    assert "PWD" not in peer.verbs


def test_a_body_that_another_thread_reads() -> None:
    with FTPPeer(files={"a": bytes(5_000_000)}) as peer, site_of(peer) as site:
        problems: list[BaseException] = []

        def other() -> None:
            try:
                site.noop()
            except BusyError as error:
                problems.append(error)

        with site.retr("a") as body:
            next(iter(body))
            thread = threading.Thread(target=other)
            thread.start()
            thread.join(10)
            assert [type(p) for p in problems] == [BusyError]
            assert sum(map(len, body)) > 0
        site.noop()


@pytest.mark.parametrize("word", ["noop", "pwd"])
def test_a_cancelled_wait_leaves_the_connection_usable(word: str) -> None:
    slow = Slow(b"200 late\r\n" if word == "noop" else b'257 "/late"\r\n')

    async def run(peer: Any) -> None:
        async with async_site(peer) as site:
            task = asyncio.create_task(getattr(site, word)())
            await asyncio.to_thread(slow.asked.wait, 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert site.is_open
            slow.go.set()
            assert await site.size("a") == 5  # the late answer is dropped, not taken for this

    with FTPPeer({word.upper()[:4]: slow}, files={"a": b"12345"}) as peer:
        asyncio.run(run(peer))


def test_a_cancelled_body_can_be_gone_on_with() -> None:
    go, begun = threading.Event(), threading.Event()
    peer = FTPPeer()

    def halting(line: Any, _: str) -> None:
        line.say(b"150 go\r\n")
        with peer.connect(line) as sock:
            sock.sendall(b"first")
            begun.set()
            assert go.wait(10)
            sock.sendall(b"second")
        line.say(b"226 done\r\n")

    peer.answers[b"RETR"] = halting

    async def run() -> None:
        async with async_site(peer) as site:
            async with site.retr("a") as body:
                assert await anext(body) == b"first"
                waiting = asyncio.create_task(anext(body))  # type: ignore[arg-type]
                await asyncio.sleep(0.05)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
                with pytest.raises(BusyError):
                    await site.noop()
                go.set()
                assert [bytes(c) async for c in body] == [b"second"]
            await site.noop()

    with peer:
        asyncio.run(run())


def test_a_cancelled_listing_leaves_the_connection_usable() -> None:
    peer = FTPPeer()
    begun = threading.Event()

    def halting(line: Any, _: str) -> None:
        line.say(b"150 go\r\n")
        with peer.connect(line) as sock:
            sock.sendall(b"type=file; a\r\n")
            begun.set()
            while sock.recv(100):
                pass
        line.say(b"426 you left\r\n")

    peer.answers[b"MLSD"] = halting

    async def run() -> None:
        async with async_site(peer) as site:
            rows = site.list()
            assert (await anext(rows)).name == "a"
            waiting = asyncio.create_task(anext(rows))  # type: ignore[arg-type]
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await site.noop()

    with peer:
        asyncio.run(run())


def test_a_cancelled_window_of_messages() -> None:
    slow = Slow(b"+OK\r\nlate\r\n.\r\n")

    async def run(peer: Any) -> None:
        async with pop3.AsyncClient("127.0.0.1", port=peer.port, user="a", password="b",
                                    auth="USER", security="plain", timeout=5) as box:
            await box.capa()

            async def many() -> None:
                async for _ in box.retr_many(range(1, 9)):
                    pass

            task = asyncio.create_task(many())
            await asyncio.to_thread(slow.asked.wait, 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            slow.go.set()
            assert (await box.stat()).messages == 2

    with POP3Peer({"RETR": slow}) as peer:
        asyncio.run(run(peer))


# -- life and limits -----------------------------------------------------------------------


def test_not_connected_and_connected_twice() -> None:
    with FTPPeer() as peer:
        site = site_of(peer)
        with pytest.raises(UsageError, match="not connected") as caught:
            site.noop()
        assert "with block" in caught.value.hint
        with pytest.raises(UsageError, match="not connected"):
            _ = site.peer
        site.open()
        with pytest.raises(UsageError, match="already open"):
            site.open()
        site.noop()
        site.close()
        site.close()
        assert not site.is_open
        with site:  # a client may be used again
            site.noop()
    assert peer.verbs.count("QUIT") == 2


def test_an_error_in_the_block_is_the_one_to_see() -> None:
    with FTPPeer({"QUIT": b"500 never\r\n"}) as peer:
        with pytest.raises(KeyError), site_of(peer):
            raise KeyError
        assert "QUIT" not in peer.verbs
        with site_of(peer):
            pass  # a goodbye that fails is nobody's loss


def test_a_limit_is_for_the_whole_operation() -> None:
    """A server that drips bytes keeps no one past the limit."""
    import time

    def drip(line: Line, _: str) -> None:
        for _ in range(100):
            line.say(b"2")
            time.sleep(0.02)

    with FTPPeer({"NOOP": drip}) as peer:
        site = site_of(peer)
        site.open()
        with pytest.raises(TimedOut):
            site.noop(timeout=0.1)


def test_errors_carry_their_place() -> None:
    with FTPPeer({"PWD": b"550 no\r\n"}) as peer, site_of(peer, user="ann", password="pw") as site:
        with pytest.raises(OSError, match="PWD: the server answered 550 no") as caught:
            site.pwd()
        error: Any = caught.value
        assert error.url == f"ftp://127.0.0.1:{peer.port}/" or "127.0.0.1" in error.url
        assert "pw" not in error.url
        assert error.command == "PWD"
