"""Cancelled at every wait: the IMAP client is closed, or goes on and pairs every answer rightly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from imap_peer import IMAPPeer, ok
from test_cancelled_anywhere import Cut

from postel.errors import PostelError
from postel.imap.client_async import AsyncClient
from postel.imap.learned import LEARNED
from postel.transport import dial_async, socket_async

BODY = b"x" * 300_000


@pytest.fixture(autouse=True)
def _every_wait(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(socket_async, "_STREAK", 1)
    monkeypatch.setattr(dial_async, "_at_once", lambda sockets: [])
    LEARNED.clear()
    yield
    LEARNED.clear()


async def flags(box: AsyncClient) -> None:
    assert [one.uid async for one in box.fetch("1:2", "flags")] == [1, 2]


async def bodies(box: AsyncClient) -> None:
    async with box.fetch_many_bodies([1, 2]) as pulls:
        assert [len(await chunks.read()) async for _, _, chunks in pulls] == [300_000, 2]


async def stream(box: AsyncClient) -> None:
    async with box.open_message(1) as body:
        assert sum([len(chunk) async for chunk in body]) == 300_000


async def appends(box: AsyncClient) -> None:
    assert [one.uid async for one in box.append_many("INBOX", [b"a", BODY, b"c"])] == [5, 5, 5]


async def folders(box: AsyncClient) -> None:
    assert len(await box.list(status=["MESSAGES"])) == 2


async def changes(box: AsyncClient) -> None:
    assert list((await box.changes("INBOX")).added) == [1, 2]


async def idle(box: AsyncClient) -> None:
    async with box.idle(seconds=0.01) as watch:
        assert len([event async for event in watch]) <= 1


def _idle(line: Any, tag: bytes, command: bytes) -> bytes:
    line.say(b"+ idling\r\n* 2 EXISTS\r\n")
    while line.hear() != b"DONE":
        pass
    return ok()


def peer() -> IMAPPeer:
    def fetch(line: Any, tag: bytes, command: bytes) -> bytes:
        if b"BODY" in command:
            return ok(b"* 1 FETCH (UID 1 FLAGS () INTERNALDATE \" 1-Nov-2026 08:05:00 +0000\" BODY[] {%d}\r\n"
                      b"%s)\r\n* 2 FETCH (UID 2 FLAGS () BODY[] {2}\r\nhi)\r\n" % (len(BODY), BODY))
        return ok(b"* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n")

    return IMAPPeer({"UID FETCH": fetch, "APPEND": ok(b"", b"APPENDUID 7 5"), "IDLE": _idle,
                     "LIST": ok(b'* LIST () "/" a\r\n* LIST () "/" b\r\n'),
                     "STATUS": ok(b"* STATUS a (MESSAGES 1)\r\n"),
                     "UID SEARCH": ok(b"* SEARCH 1 2\r\n")}, offers="IMAP4rev1 LITERAL+ IDLE UIDPLUS AUTH=PLAIN")


@pytest.mark.slow
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("doing", [flags, bodies, stream, appends, folders, changes, idle])
def test_cancelled_at_each_wait(
    doing: Callable[[AsyncClient], Coroutine[Any, Any, None]], late: bool
) -> None:
    async def run(at: int) -> int:
        with peer() as server:
            box = AsyncClient("127.0.0.1", port=server.port, user="a", password="b", security="plain",
                              timeout=5.0)
            async with box:
                await box.select()
                cut = Cut(doing(box), at, late, 0)
                try:
                    await cut
                except (asyncio.CancelledError, PostelError):
                    pass
                if box.is_open:
                    await box.noop()
                    await box.select()
                    await flags(box)
                    await folders(box)
                    assert not box._inbox
            return cut.waits

    async def all_of_them() -> None:
        at = 1
        while await run(at) >= at and at < 60:
            at += 1
        assert at > 1

    asyncio.run(all_of_them())
