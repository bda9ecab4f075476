"""What was fetched is remembered: policies, broken servers, and a kill at every single step."""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from postel.errors import Forbidden, NotFound, NotSupported, TransferError, TryLater, UsageError
from postel.mailboxes import Mailbox, Maildir, Mbox
from postel.pop3 import store
from postel.pop3.store import State, account_key, digest_key

ACCOUNT = "alice@pop3.example.org:995"
DAY = 86_400.0


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "pop3.db", ACCOUNT) as state:
        yield state


def record(state: State, *uidls: str, at: float = 0.0, digest: str = "d") -> None:
    for uidl in uidls:
        state.record(uidl, size=1, digest=digest, at=at, where=f"key-{uidl}")


@pytest.mark.parametrize(
    ("user", "host", "port", "key"),
    [
        ("alice", "POP3.Example.ORG", 995, "alice@pop3.example.org:995"),
        ("a@b", "h.", 110, "a@b@h:110"),
        ("a", "2001:DB8::1", 995, "a@[2001:db8::1]:995"),
    ],
)
def test_account_keys(user: str, host: str, port: int, key: str) -> None:
    assert account_key(user, host, port) == key


def test_what_is_recorded_is_seen_and_found_again(tmp_path: Path) -> None:
    with State(tmp_path / "a" / "pop3.db", ACCOUNT) as state:
        state.record("u1", size=12, digest="abc", at=5.0, where="k1")
        state.record("odd \udcff", size=1, digest="x", at=5.0, where="k2")
    with State(tmp_path / "a" / "pop3.db", ACCOUNT) as state:
        assert state.seen(["u1", "u2", "odd \udcff"]) == {"u1", "odd \udcff"}
        assert state.known() == {"u1", "odd \udcff"}
        found = state.get("u1")
        assert found is not None
        assert (found.size, found.digest, found.at, found.where) == (12, "abc", 5.0, "k1")
        assert state.get("u2") is None
    with State(tmp_path / "a" / "pop3.db", "bob@pop3.example.org:995") as other:
        assert other.seen(["u1"]) == set()
        other.forget(["u1"])
    with State(tmp_path / "a" / "pop3.db", ACCOUNT) as state:
        assert state.seen(["u1"]) == {"u1"}


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    with State(tmp_path / "new" / "pop3.db", ACCOUNT) as state:
        record(state, "u")
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()}
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("after_days", "now", "due"),
    [
        (None, 99 * DAY, []),
        (0, 2 * DAY, ["old", "young"]),
        (7, 7 * DAY - 1, []),
        (7, 7 * DAY, ["old"]),
        (7, 9 * DAY, ["old", "young"]),
        (0.5, 2 * DAY, ["old"]),
    ],
)
def test_policies(state: State, after_days: float | None, now: float, due: list[str]) -> None:
    record(state, "old", at=0.0)
    record(state, "young", at=2 * DAY)
    record(state, "gone", at=0.0)
    assert state.to_delete(["new", "old", "young"], now=now, after_days=after_days) == due


@pytest.mark.parametrize("days", [-1, float("nan")])
def test_days_are_not_negative(state: State, days: float) -> None:
    with pytest.raises(UsageError):
        state.to_delete([], now=0, after_days=days)


def test_a_deletion_that_is_confirmed(state: State) -> None:
    record(state, "a", "b")
    state.mark_deleting(["a"])
    assert state.to_delete(["a", "b"], now=0, after_days=0) == ["b"]
    state.confirm_deleted(["a", "b"])
    a, b = state.get("a"), state.get("b")
    assert a is not None
    assert b is not None
    assert (a.deleted, b.deleted) == (True, False)
    assert state.seen(["a"]) == {"a"}
    assert state.to_delete(["a"], now=0, after_days=0) == ["a"]  # the server did not obey
    state.undelete()
    assert state.to_delete(["b"], now=0, after_days=None) == []
    state.forget(["a"])
    assert state.known() == {"b"}


def test_a_deletion_that_failed(state: State) -> None:
    record(state, "a")
    state.mark_deleting(["a"])
    state.undelete()
    assert state.seen(["a"]) == {"a"}
    assert state.to_delete(["a"], now=0, after_days=0) == ["a"]


def test_nothing_unfetched_is_ever_deleted(state: State) -> None:
    record(state, "a")
    state.arriving("b", size=1, digest="d", at=0, where="k")
    for name in ("b", "c"):
        with pytest.raises(UsageError, match="never fetched"):
            state.mark_deleting(["a", name])
    assert state.to_delete(["a", "b", "c"], now=0, after_days=0) == ["a"]
    with state.batch(), pytest.raises(UsageError):
        state.mark_deleting(["a"])


def test_an_open_batch_is_all_or_nothing(state: State) -> None:
    with pytest.raises(RuntimeError), state.batch():
        record(state, "a", "b")
        raise RuntimeError
    assert state.known() == set()
    with state.batch():
        record(state, "a", "b")
        with pytest.raises(UsageError), state.batch():
            pass
    assert state.known() == {"a", "b"}


def test_a_batch_is_one_commit(state: State) -> None:
    said: list[str] = []
    state._db.set_trace_callback(said.append)
    with state.batch():
        record(state, *map(str, range(50)))
    assert said.count("COMMIT") == 1


def test_a_repeated_unique_id_is_not_deleted_and_digests_serve(state: State) -> None:
    """Two messages are listed as "u"; each is remembered by its content instead."""
    listed = ["u", "v", "u"]
    record(state, digest_key("one"), digest="one")
    record(state, "u", digest="other")
    assert state.to_delete(listed, now=0, after_days=0) == []
    assert state.digest_seen("one", present=listed)
    assert not state.digest_seen("two", present=listed)


def test_new_unique_ids_for_old_messages(state: State) -> None:
    record(state, "old-1", digest="one")
    assert state.digest_seen("one", present=["new-1"])
    record(state, "new-1", digest="one")
    assert not state.digest_seen("one", present=["new-1", "old-1", "new-2"])
    state.forget({"old-1"})
    assert state.known() == {"new-1"}


def test_what_is_arriving_is_not_seen(state: State) -> None:
    state.arriving("a", size=1, digest="d", at=0, where="k")
    assert state.seen(["a"]) == set()
    assert not state.digest_seen("d")
    state.forget(["a"])
    record(state, "a")
    assert state.seen(["a"]) == {"a"}


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_recovery_asks_the_mailbox(state: State, tmp_path: Path, kind: str) -> None:
    box = opened(tmp_path, kind)
    assert state.recover(box) == []
    there = box.append(b"there\n")
    with box.writing(staged=True) as lost:
        lost.write(b"lost\n")
    box.discard()
    state.arriving("a", size=1, digest="d", at=0, where=there)
    state.arriving("b", size=1, digest="e", at=0, where=lost.key)
    assert state.recover(box) == ["a"]
    assert state.seen(["a", "b"]) == {"a"}
    assert state.recover(box) == []


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    State(tmp_path / "pop3.db", ACCOUNT).close()
    with sqlite3.connect(tmp_path / "pop3.db") as db:
        assert db.execute("PRAGMA user_version").fetchone() == (store.VERSION,)
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(NotSupported, match="99"):
        State(tmp_path / "pop3.db", ACCOUNT)


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "thesis").write_text("My thesis. " * 200)
    with pytest.raises(TransferError):
        State(tmp_path / "thesis", ACCOUNT)
    assert (tmp_path / "thesis").read_text() == "My thesis. " * 200
    with pytest.raises((Forbidden, NotFound, TransferError)):
        State(tmp_path, ACCOUNT)


def test_a_writer_that_does_not_end(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.05)
    with State(tmp_path / "pop3.db", ACCOUNT) as other, state.batch():
        with pytest.raises(TryLater):
            record(other, "a")
        assert other.known() == set()
    record(state, "a")


def test_processes_share_the_file(tmp_path: Path) -> None:
    State(tmp_path / "pop3.db", ACCOUNT).close()
    children = [os.fork() for _ in range(1)]
    if not children[0]:
        try:
            with State(tmp_path / "pop3.db", ACCOUNT) as mine:
                record(mine, *(f"child-{n}" for n in range(30)))
        finally:
            os._exit(0)
    with State(tmp_path / "pop3.db", ACCOUNT) as mine:
        record(mine, *(f"parent-{n}" for n in range(30)))
        assert os.waitpid(children[0], 0)[1] == 0
        assert len(mine.known()) == 60


def test_any_thread_may_call(state: State) -> None:
    thread = threading.Thread(target=record, args=(state, "a"))
    thread.start()
    thread.join()
    assert state.seen(["a"]) == {"a"}


# ---- a kill at every step -------------------------------------------------------------------

MAIL = {f"uid-{n}": f"Subject: {n}\n\nFrom me\n".encode() * (n + 1) for n in range(3)}
MAIL["uid-twin"] = MAIL["uid-1"]  # equal content under a name of its own is a message of its own


def opened(root: Path, kind: str) -> Mailbox:
    return Maildir(root / "box").create() if kind == "maildir" else Mbox(root / "box.mbox")


def listed(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "server").iterdir())


def session(root: Path, kind: str, after_days: float | None) -> None:
    """What a client does, with a folder for a server: DELE marks, QUIT deletes."""
    box = opened(root, kind)
    with State(root / "pop3.db", ACCOUNT) as state:
        state.recover(box)
        state.undelete()
        present = listed(root)
        seen = state.seen(present)
        wanted = [uidl for uidl in present if uidl not in seen]
        for start in range(0, len(wanted), 2):
            fetch(root, box, state, wanted[start : start + 2])
        doomed = state.to_delete(present, now=DAY, after_days=after_days)
        state.mark_deleting(doomed)
        for uidl in doomed:
            os.unlink(root / "server" / uidl)  # noqa: PTH108 - counted as a step
        state.confirm_deleted(doomed)
        state.forget(state.known().difference(listed(root)))


def fetch(root: Path, box: Mailbox, state: State, uidls: list[str]) -> None:
    known: dict[str, dict[str, Any]] = {}
    for uidl in uidls:
        data = (root / "server" / uidl).read_bytes()
        with box.writing(staged=True) as message:
            message.write(data)
        digest = hashlib.sha256(data).hexdigest()
        known[uidl] = {"size": len(data), "digest": digest, "at": 0.0, "where": message.key}
    with state.batch():
        for uidl, facts in known.items():
            state.arriving(uidl, **facts)
    box.flush()
    with state.batch():
        for uidl, facts in known.items():
            state.record(uidl, **facts)


def doomed_at(step: int) -> None:
    """From now on this process is killed at the given step: before, amid or after a call."""
    steps = itertools.count(1)

    def pass_one() -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            pass_one()
            result = call(*args, **kwargs)
            pass_one()
            return result

        return wrapper

    write = os.write

    def half_written(handle: int, data: Any) -> int:
        half = write(handle, data[: len(data) // 2])
        pass_one()
        return half + write(handle, data[len(data) // 2 :])

    os.write = counted(half_written)
    for name in ("fsync", "rename", "unlink", "open", "ftruncate"):
        setattr(os, name, counted(getattr(os, name)))
    for name in ("arriving", "record", "mark_deleting", "confirm_deleted", "undelete", "forget"):
        setattr(State, name, counted(getattr(State, name)))
    State.recover = counted(State.recover)  # type: ignore[method-assign]
    State.batch = counted(State.batch)  # type: ignore[method-assign]


def killed(root: Path, kind: str, after_days: float | None, step: int) -> bool:
    """Run a session that is killed at *step*; False if it ended before it came to that."""
    child = os.fork()
    if not child:
        status = 1
        try:
            doomed_at(step)
            session(root, kind, after_days)
            status = 0
        finally:
            os._exit(status)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or status == 0
    return os.WIFSIGNALED(status)


def prepared(root: Path) -> Path:
    (root / "server").mkdir(parents=True)
    for uidl, data in MAIL.items():
        (root / "server" / uidl).write_bytes(data.replace(b"\n", b"\r\n"))
    return root


def check(root: Path, kind: str, after_days: float | None) -> None:
    assert sorted(message.read() for message in opened(root, kind)) == sorted(MAIL.values())
    assert listed(root) == (sorted(MAIL) if after_days is None else [])
    assert not list(root.glob("*.lock"))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("after_days", [None, 0])
@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_a_kill_at_every_step_loses_and_doubles_nothing(
    tmp_path: Path, kind: str, after_days: float | None
) -> None:
    for step in itertools.count(1):
        root = prepared(tmp_path / str(step))
        if not killed(root, kind, after_days, step):
            break
        session(root, kind, after_days)
        check(root, kind, after_days)
    check(root, kind, after_days)
    assert step > 50


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_a_second_kill_during_the_recovery(tmp_path: Path, kind: str) -> None:
    for first, second in itertools.product(range(20, 90, 5), range(2, 40, 6)):
        root = prepared(tmp_path / f"{first}-{second}")
        killed(root, kind, 0, first)
        killed(root, kind, 0, second)
        session(root, kind, 0)
        check(root, kind, 0)
