# GENERATED from test_imap_profiles_async.py by tools/unasync.py: edit that file, not this one.
"""The same scene on each provider's profile of the lab, and with each quirk that servers have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from postel import lab
from postel.imap.client_sync import Client
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


def client(**keywords: Any) -> Client:
    return Client("mail.example.org", user="alice", password="secret", timeout=10.0, **keywords)


@pytest.mark.parametrize("profile", [
    pytest.param(name, marks=() if name in ("full", "gmail", "bare") else pytest.mark.slow)
    for name in PROFILES])
def test_a_day_in_an_account(here: lab.Lab, profile: str) -> None:
    here.imap.use(profile)
    with client() as box, client() as other:
        folders = box.list(status=True)
        assert {"inbox"} <= {one.role for one in folders}
        assert any(one.status and one.status.messages == 0 for one in folders)
        _ = [put for put in box.append_many("INBOX", [LETTER % (n, n, n) for n in range(9)])]
        first = box.changes("INBOX")
        uids = list(first.added)
        assert len(uids) == 9
        assert not box.changes("INBOX", first.state)
        other.select()
        other.store(uids[1], add="\\Flagged")
        other.delete_messages(uids[2])
        other.append("INBOX", LETTER % (10, 10, 1))
        seen = box.changes("INBOX", first.state)
        assert (len(seen.added), list(seen.vanished), list(seen.flags)) == (1, [uids[2]], [uids[1]])
        prefix = "INBOX." if profile in ("cyrus", "courier") else ""
        box.create(f"{prefix}Moved")
        box.move(uids[:2], f"{prefix}Moved")
        assert (box.status(f"{prefix}Moved")).messages == 2
        left = sorted({*uids[3:], *seen.added})
        assert list(box.all_uids()) == left
        assert sorted(box.sort("-date")) == left
        assert sorted(uid for thread in box.thread() for uid in thread) == left
        assert box.search("SUBJECT ?", "plan 4") == [uids[4]]
        pulled = {uid: chunks.read() for uid, _, chunks in box.fetch_many_bodies("1:*")}
        assert sorted(pulled) == left
        assert pulled[uids[5]] == LETTER % (5, 5, 5)
        with box.idle(seconds=5.0, poll=0.05) as watch:
            other.append("INBOX", LETTER % (11, 11, 1))
            assert [event for event in _first(watch)]
        assert not box.alerts


def _first(watch: Any) -> Any:
    """One event; the profiles tell different ones first."""
    for event in watch:
        yield event
        return


@pytest.mark.slow
@pytest.mark.parametrize("quirk", sorted(set(QUIRKS) - FAILING))
def test_what_servers_get_wrong(here: lab.Lab, quirk: str) -> None:
    here.imap.quirks(quirk)
    with client() as box:
        _ = [put for put in box.append_many("INBOX", [LETTER % (n, n, n) for n in range(3)])]
        assert "inbox" in {one.role for one in box.list(status=True)}
        assert [one.name for one in box.list("INBOX")] == ["INBOX"]
        box.select()
        found = [one for one in box.fetch("1:*", "flags", "envelope", "structure", "size",
                                                "internal_date")]
        assert [one.uid for one in found] == [1, 2, 3]
        if quirk != "missing content":
            bodies = [chunks.read() for _, _, chunks in box.fetch_many_bodies("1:*")]
            assert len(bodies) == 3
        assert box.search("UID ?", 2) == [2]
        assert (box.status("INBOX")).messages == 3
        box.copy(1, "INBOX")
