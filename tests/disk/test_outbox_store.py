"""The outbox on disk: states, locks, crashes at every step."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel.errors import NotFound, NotSupported, TransferError, TryLater
from postel.mail.outbox_store import KEPT, OutboxStore
from postel.mail.outbox_types import Outcome, Schedule, Terms, Wishes

WISHES = Wishes(("failure",), "old@x")
PLAN = Schedule(first=60.0, factor=2.0, longest=600.0, give_up=3600.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OutboxStore]:
    with OutboxStore(tmp_path / "mail" / "outbox.db") as one:
        yield one


def put(store: OutboxStore, *recipients: str, now: float = 0.0, due: float = 0.0,
        via: str = "smtp://mx/", envid: str = "e1", message_id: str = "<1@x>") -> int:
    return store.add(b"Subject: x\r\n\r\nhi\r\n", envid=envid, message_id=message_id, via=via,
                     sender="a@x", subject="x", now=now, due=due, terms=Terms("headers", priority=3),
                     recipients=dict.fromkeys(recipients or ("b@x", "c@x"), WISHES))


def states(store: OutboxStore, number: int = 1) -> dict[str, str]:
    return {one.address: one.state for one in store.item(number).destinations}


def settle(store: OutboxStore, now: float = 10.0, **outcomes: str) -> None:
    said = [Outcome(f"{name}@x", state, "450 busy") for name, state in outcomes.items()]  # type: ignore[arg-type]
    store.settle(1, said, now=now, schedule=PLAN, jitter=0.0)


def test_a_message_goes_in_whole(store: OutboxStore) -> None:
    number = put(store, "b@x", "c@x", "b@x")
    item = store.item(number)
    assert (item.subject, item.sender, item.size, item.envid) == ("x", "a@x", 18, "e1")
    assert [one.address for one in item.destinations] == ["b@x", "c@x"]
    assert item.states() == {"queued": 2}
    assert not item.is_final
    assert store.data(number) == b"Subject: x\r\n\r\nhi\r\n"
    if os.name == "posix":
        assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_what_is_due(store: OutboxStore) -> None:
    put(store, due=100.0)
    put(store, envid="e2", via="smtp://other/")
    assert store.due(now=0.0) == [("smtp://other/", 2)]
    assert store.due(now=100.0) == [("smtp://mx/", 1), ("smtp://other/", 2)]
    assert store.next_due() == 0.0
    assert store.claim(1, now=50.0) is None
    ticket = store.claim(1, now=100.0)
    assert ticket is not None
    assert ticket.recipients == {"b@x": WISHES, "c@x": WISHES}
    assert ticket.terms == Terms("headers", priority=3)
    assert store.claim(1, now=100.0) is None, "claimed is claimed"
    assert store.claim(77, now=100.0) is None


def test_each_recipient_has_its_own_fate(store: OutboxStore) -> None:
    put(store, "b@x", "c@x", "d@x", "e@x")
    store.claim(1, now=0.0)
    store.ending(1, now=1.0)
    settle(store, b="sent", c="refused", d="queued", e="unknown")
    assert states(store) == {"b@x": "sent", "c@x": "refused", "d@x": "queued", "e@x": "unknown"}
    (due,) = {one.due for one in store.item(1).destinations if one.state == "queued"}
    assert due is not None
    assert due.timestamp() == 10.0 + 60.0
    assert store.item(1).due == due
    ticket = store.claim(1, now=70.0)
    assert ticket is not None
    assert list(ticket.recipients) == ["d@x"]


def test_back_off_and_the_end_of_patience(store: OutboxStore) -> None:
    put(store, "b@x")
    now, waits = 0.0, []
    while states(store) == {"b@x": "queued"}:
        store.claim(1, now=now)
        settle(store, now=now, b="queued")
        waits.append((store.next_due() or now) - now)
        now = store.next_due() or now
    assert waits[:5] == [60.0, 120.0, 240.0, 480.0, 600.0]
    assert states(store) == {"b@x": "expired"}
    assert now <= PLAN.give_up


def test_the_bytes_are_dropped_when_everybody_has_them(store: OutboxStore) -> None:
    put(store)
    store.claim(1, now=0.0)
    settle(store, b="sent", c="refused")
    assert store.data(1)
    assert store.retry(1, now=20.0) == ("c@x",)
    store.claim(1, now=20.0)
    settle(store, c="sent")
    with pytest.raises(NotFound):
        store.data(1)
    with pytest.raises(NotFound):
        store.retry(1, now=30.0)


def test_cancel(store: OutboxStore) -> None:
    put(store, "b@x", "c@x", "d@x")
    store.claim(1, now=0.0)
    settle(store, b="sent", c="queued")
    assert states(store)["d@x"] == "queued", "nothing was said of it: it was not reached"
    assert store.cancel(1, now=20.0) == ("c@x", "d@x")
    assert states(store) == {"b@x": "sent", "c@x": "cancelled", "d@x": "cancelled"}
    assert store.item(1).is_final
    assert store.due(now=1e9) == []
    with pytest.raises(NotFound, match="no message 7"):
        store.cancel(7, now=0.0)


def test_what_a_run_has_claimed_cannot_be_cancelled(store: OutboxStore) -> None:
    put(store)
    store.claim(1, now=0.0)
    assert store.cancel(1, now=1.0) == ()
    store.ending(1, now=1.0)
    assert store.cancel(1, now=1.0) == ()


def test_a_dead_run(store: OutboxStore) -> None:
    put(store)
    put(store, envid="e2")
    store.claim(1, now=0.0)
    store.claim(2, now=0.0)
    store.ending(2, now=0.0)
    assert store.recover(now=5.0) == 2
    assert states(store, 1) == {"b@x": "queued", "c@x": "queued"}, "it was not sent"
    assert states(store, 2) == {"b@x": "unknown", "c@x": "unknown"}, "it may have been"
    assert store.due(now=5.0) == [("smtp://mx/", 1)]
    assert not store.item(2).is_final
    assert store.recover(now=6.0) == 0
    assert store.retry(2, now=7.0) == ("b@x", "c@x")


def test_silence_about_a_recipient_after_the_end_is_no_permission(store: OutboxStore) -> None:
    put(store)
    store.claim(1, now=0.0)
    store.ending(1, now=0.0)
    settle(store, b="sent")
    assert states(store) == {"b@x": "sent", "c@x": "unknown"}


def test_late_answers_change_nothing_that_is_settled(store: OutboxStore) -> None:
    put(store)
    store.claim(1, now=0.0)
    settle(store, b="sent", c="sent")
    settle(store, b="queued", c="refused")
    assert states(store) == {"b@x": "sent", "c@x": "sent"}


def test_one_run_at_a_time(store: OutboxStore) -> None:
    store.lock()
    with OutboxStore(store.path) as other:
        with pytest.raises(TryLater, match="another run"):
            other.lock()
        put(other)
        assert other.cancel(1, now=0.0)
        store.unlock()
        other.lock()
    store.lock()


def test_the_lock_dies_with_its_process(store: OutboxStore) -> None:
    code = ("import os, sys; from postel.mail.outbox_store import OutboxStore\n"
            "OutboxStore(sys.argv[1]).lock(); print('locked', flush=True); sys.stdin.read()")
    child = subprocess.Popen([sys.executable, "-c", code, str(store.path)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"locked\n"
        with pytest.raises(TryLater):
            store.lock()
        child.kill()
    store.lock()


def test_reports(store: OutboxStore) -> None:
    put(store)
    put(store, envid="e2", message_id="<2@x>")
    put(store, envid="e3", message_id="<2@x>")
    assert store.match(envid="e2", message_id="<1@x>") == 2
    assert store.match(message_id="<1@x>") == 1
    assert store.match(message_id="<2@x>") is None, "two of them: neither"
    assert store.match(envid="", message_id="") is None
    assert not store.note_report(1, "b@x", "bounced", "5.1.1", now=1.0), "it was not sent"
    store.claim(1, now=0.0)
    settle(store, b="sent", c="sent")
    assert store.note_report(1, "B@X", "bounced", "5.1.1 nobody", now=20.0)
    assert not store.note_report(1, "z@x", "bounced", "", now=20.0)
    assert states(store) == {"b@x": "bounced", "c@x": "sent"}


def test_a_report_settles_what_was_unknown(store: OutboxStore) -> None:
    put(store, "b@x", "c@x", "d@x")
    store.claim(1, now=0.0)
    store.ending(1, now=0.0)
    store.recover(now=1.0)
    assert store.note_report(1, "b@x", "sent", "relayed", now=2.0)
    assert store.note_report(1, "c@x", "delivered", "", now=2.0)
    assert not store.note_report(1, "c@x", "sent", "relayed", now=3.0), "more is known already"
    assert store.note_report(1, "d@x", "bounced", "5.1.1", now=2.0)
    assert states(store) == {"b@x": "sent", "c@x": "delivered", "d@x": "bounced"}
    assert store.item(1).is_final


def test_old_envelopes_are_forgotten(store: OutboxStore) -> None:
    put(store)
    put(store, envid="e2")
    store.claim(1, now=0.0)
    settle(store, b="sent", c="sent")
    assert store.forget(now=KEPT) == 0
    assert store.forget(now=KEPT + 11) == 1
    assert [item.id for item in store.items()] == [2]


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database at all, but long enough to be looked at" * 20)
    with pytest.raises(TransferError):
        OutboxStore(tmp_path / "a.db")
    with OutboxStore(tmp_path / "b.db"):
        pass
    with sqlite3.connect(tmp_path / "b.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(NotSupported, match="version 99"):
        OutboxStore(tmp_path / "b.db")
