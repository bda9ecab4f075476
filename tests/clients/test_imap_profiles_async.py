# A conversation (its twin test_imap_profiles_sync.py is generated): one scene on every server.
"""The same scene on each provider's profile of the lab, and with each quirk that servers have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from postel import lab
from postel.imap.client_async import AsyncClient
from postel.imap.learned import LEARNED
from postel.imap.server import PROFILES, QUIRKS

LETTER = (b"From: Ann <ann@example.org>\r\nSubject: plan %d\r\nMessage-ID: <%d@x>\r\n"
          b"Date: Sat, 21 Nov 2026 09:05:0%d +0000\r\n\r\nHello\r\n")
FAILING = {"search all fails", "header search fails", "namespace bad"}
"""Quirks that refuse what is asked: their errors are the server's own words."""


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    LEARNED.clear()
    with lab.start("imap") as made:
        made.also_known_as("mail.example.org", "imap")
        yield made
    LEARNED.clear()


def client(**keywords: Any) -> AsyncClient:
    return AsyncClient("mail.example.org", user="alice", password="secret", timeout=10.0, **keywords)


@pytest.mark.parametrize("profile", [
    pytest.param(name, marks=() if name in ("full", "gmail", "bare") else pytest.mark.slow)
    for name in PROFILES])
async def test_a_day_in_an_account(here: lab.Lab, profile: str) -> None:
    here.imap.use(profile)
    async with client() as box, client() as other:
        folders = await box.list(status=True)
        assert {"inbox"} <= {one.role for one in folders}
        assert any(one.status and one.status.messages == 0 for one in folders)
        _ = [put async for put in box.append_many("INBOX", [LETTER % (n, n, n) for n in range(9)])]
        first = await box.changes("INBOX")
        uids = list(first.added)
        assert len(uids) == 9
        assert not await box.changes("INBOX", first.state)
        await other.select()
        await other.store(uids[1], add="\\Flagged")
        await other.delete_messages(uids[2])
        await other.append("INBOX", LETTER % (10, 10, 1))
        seen = await box.changes("INBOX", first.state)
        assert (len(seen.added), list(seen.vanished), list(seen.flags)) == (1, [uids[2]], [uids[1]])
        prefix = "INBOX." if profile in ("cyrus", "courier") else ""
        await box.create(f"{prefix}Moved")
        await box.move(uids[:2], f"{prefix}Moved")
        assert (await box.status(f"{prefix}Moved")).messages == 2
        left = sorted({*uids[3:], *seen.added})
        assert list(await box.all_uids()) == left
        assert sorted(await box.sort("-date")) == left
        assert sorted(uid for thread in await box.thread() for uid in thread) == left
        assert await box.search("SUBJECT ?", "plan 4") == [uids[4]]
        pulled = {uid: await chunks.read() async for uid, _, chunks in box.fetch_many_bodies("1:*")}
        assert sorted(pulled) == left
        assert pulled[uids[5]] == LETTER % (5, 5, 5)
        async with box.idle(seconds=5.0, poll=0.05) as watch:
            await other.append("INBOX", LETTER % (11, 11, 1))
            assert [event async for event in _first(watch)]
        assert not box.alerts


async def _first(watch: Any) -> Any:
    """One event; the profiles tell different ones first."""
    async for event in watch:
        yield event
        return


@pytest.mark.slow
@pytest.mark.parametrize("quirk", sorted(set(QUIRKS) - FAILING))
async def test_what_servers_get_wrong(here: lab.Lab, quirk: str) -> None:
    here.imap.quirks(quirk)
    async with client() as box:
        _ = [put async for put in box.append_many("INBOX", [LETTER % (n, n, n) for n in range(3)])]
        assert "inbox" in {one.role for one in await box.list(status=True)}
        assert [one.name for one in await box.list("INBOX")] == ["INBOX"]
        await box.select()
        found = [one async for one in box.fetch("1:*", "flags", "envelope", "structure", "size",
                                                "internal_date")]
        assert [one.uid for one in found] == [1, 2, 3]
        if quirk != "missing content":
            bodies = [await chunks.read() async for _, _, chunks in box.fetch_many_bodies("1:*")]
            assert len(bodies) == 3
        assert await box.search("UID ?", 2) == [2]
        assert (await box.status("INBOX")).messages == 3
        await box.copy(1, "INBOX")
