"""Being called: by the server that was asked, and by nobody else."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from postel.errors import TimedOut
from postel.timing import Deadline
from postel.transport.clock_sync import now
from postel.transport.passive_async import AsyncListener
from postel.transport.passive_sync import Listener


def call(port: int, source: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(source, 0))


def answer(sync: bool, callers: list[str], expected: str, seconds: float = 10.0) -> bytes:
    """What the one says who is let in, of *callers* that call in turn."""
    async def main() -> bytes:
        listener = AsyncListener("127.0.0.1", "ftp.example.org", expected)
        calls = [call(listener.port, source) for source in callers]
        try:
            for at, one in enumerate(calls):
                one.sendall(b"%d" % at)
            async with await listener.accept(Deadline.after(seconds, now=now())) as stream:
                return await stream.receive()
        finally:
            await listener.aclose()
            for one in calls:
                one.close()

    if not sync:
        return asyncio.run(main())
    listener = Listener("127.0.0.1", "ftp.example.org", expected)
    calls = [call(listener.port, source) for source in callers]
    try:
        for at, one in enumerate(calls):
            one.sendall(b"%d" % at)
        with listener.accept(Deadline.after(seconds, now=now())) as stream:
            return stream.receive()
    finally:
        listener.close()
        for one in calls:
            one.close()


@pytest.mark.parametrize("sync", [True, False])
@pytest.mark.parametrize(("callers", "expected", "heard"), [
    (["127.0.0.1"], "127.0.0.1", b"0"),
    (["127.0.0.1"], "", b"0"),
    (["127.0.0.2", "127.0.0.3", "127.0.0.1"], "127.0.0.1", b"2"),
])
def test_only_the_server_may_call(sync: bool, callers: list[str], expected: str,
                                  heard: bytes) -> None:
    assert answer(sync, callers, expected) == heard


@pytest.mark.parametrize("sync", [True, False])
def test_nobody_calls(sync: bool) -> None:
    with pytest.raises(TimedOut, match=r"ftp\.example\.org: the server did not call") as caught:
        answer(sync, [], "127.0.0.1", 0.1)
    assert "passive mode" in caught.value.hint


@pytest.mark.parametrize("sync", [True, False])
def test_the_wrong_ones_are_named(sync: bool) -> None:
    others: list[Any] = [f"127.0.0.{n}" for n in range(2, 10)]
    with pytest.raises(TimedOut, match=r"but 127\.0\.0\.2, .* did") as caught:
        answer(sync, others, "127.0.0.1", 0.2)
    assert str(caught.value).count("127.0.0.") == 5
