"""SMTP: one connection serves one caller; what is cancelled leaves nothing half sent."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from smtp_peer import SMTPPeer

from postel import smtp
from postel.errors import BusyError
from postel.smtp.learned import LEARNED

TEXT = b"Subject: hi\r\n\r\nHello\r\n"


@pytest.fixture(autouse=True)
def nothing_learned() -> Iterator[None]:
    LEARNED.clear()
    yield
    LEARNED.clear()


async def test_two_tasks_on_one_connection() -> None:
    def slow(line: Any, argument: bytes) -> bytes:
        time.sleep(0.1)
        return b"250 ok\r\n"

    with SMTPPeer({b"MAIL": slow}) as peer:
        async with smtp.AsyncClient(f"smtp://127.0.0.1:{peer.port}", security="plain") as server:
            both = await asyncio.gather(
                server.send(TEXT, sender="a@x", recipients=["b@x"]),
                server.send(TEXT, sender="a@x", recipients=["c@x"]), return_exceptions=True)
        assert isinstance(both[1], BusyError)
        assert isinstance(both[0], smtp.Sent)
        assert len(peer.messages) == 1


def test_two_threads_on_one_connection() -> None:
    held, go = threading.Event(), threading.Event()

    def slow(line: Any, argument: bytes) -> bytes:
        held.set()
        go.wait(5)
        return b"250 ok\r\n"

    with SMTPPeer({b"MAIL": slow}) as peer:
        with smtp.Client(f"smtp://127.0.0.1:{peer.port}", security="plain") as server:
            first = threading.Thread(
                target=server.send, args=(TEXT,), kwargs={"sender": "a@x", "recipients": ["b@x"]})
            first.start()
            held.wait(5)
            with pytest.raises(BusyError, match="another caller"):
                server.noop()
            go.set()
            first.join()
        assert len(peer.messages) == 1


@pytest.mark.parametrize("without", [(), ("CHUNKING",)])
@pytest.mark.parametrize("verb", [b"MAIL", b"RCPT", b"."])
async def test_cancelled_in_the_middle(verb: bytes, without: tuple[str, ...]) -> None:
    stop = threading.Event()

    def stuck(line: Any, argument: bytes) -> bytes:
        stop.wait(5)
        return b"250 ok\r\n"

    with SMTPPeer(without=without) as peer:
        usual = peer.answers[verb]
        peer.answers[verb] = stuck
        async with smtp.AsyncClient(f"smtp://127.0.0.1:{peer.port}", security="plain") as server:
            doing = asyncio.create_task(server.send(TEXT, sender="a@x", recipients=["lost@x"]))
            await asyncio.sleep(0.05)
            doing.cancel()
            stop.set()
            peer.answers[verb] = usual
            try:
                await doing
            except asyncio.CancelledError:
                assert not server.is_open
            sent = await server.send(TEXT, sender="a@x", recipients=["b@x"])
            assert sent.accepted == ("b@x",)
