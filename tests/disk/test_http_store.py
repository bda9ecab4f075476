"""The private cache on disk."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from postel.errors import Forbidden, TransferError, TryLater
from postel.http.cache import Stored, Use, freshened, stored
from postel.http.store import Store

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
PLACE = "https://example.org/"


def response(*fields: tuple[str, str], request: list[tuple[str, str]] | None = None,
             at: datetime = NOW) -> Stored:
    return stored(200, [("Cache-Control", "max-age=60"), *fields], request or [], requested=at,
                  received=at)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "deep" / "cache.db") as store:
        yield store


def test_there_and_back(store: Store) -> None:
    one = response(("X", "ü\udcff"), ("ETag", '"1"'))
    assert store.put(PLACE, one, b"\0body")
    found = store.find(PLACE, [], now=NOW)
    assert found is not None
    assert (found.stored, found.use) == (one, Use.FRESH)
    assert store.body(found.id) == b"\0body"
    assert store.find(PLACE + "x", [], now=NOW) is None
    later = NOW + timedelta(hours=1)
    stale = store.find(PLACE, [], now=later)
    assert stale is not None
    assert stale.use is Use.CHECK
    store.refresh(stale.id, freshened(stale.stored, [("X", "2")], requested=later, received=later))
    again = store.find(PLACE, [], now=later)
    assert again is not None
    assert again.use is Use.FRESH
    assert ("X", "2") in again.stored.headers
    store.drop(PLACE)
    assert store.find(PLACE, [], now=NOW) is None
    assert store.body(again.id) is None


def test_variants(store: Store) -> None:
    for language in ("de", "fr"):
        request = [("Accept-Language", language)]
        store.put(PLACE, response(("Vary", "Accept-Language"), request=request), language.encode())
    for language in ("de", "fr"):
        found = store.find(PLACE, [("Accept-Language", language)], now=NOW)
        assert found is not None
        assert store.body(found.id) == language.encode()
    assert store.find(PLACE, [], now=NOW) is None
    store.put(PLACE, response(at=NOW + timedelta(seconds=1)), b"newest")
    found = store.find(PLACE, [("Accept-Language", "de")], now=NOW)
    assert found is not None
    assert store.body(found.id) == b"newest"
    store.put(PLACE, response(at=NOW + timedelta(seconds=2)), b"replaced")
    assert len(store) == 3
    store.clear()
    assert len(store) == 0


def test_caps(tmp_path: Path) -> None:
    with Store(tmp_path / "c.db", largest=100, total=1000, most=5) as store:
        assert not store.put(PLACE, response(), b"x" * 101)
        for number in range(5):
            store.put(f"{PLACE}{number}", response(at=NOW + timedelta(seconds=number)), b"x")
        store.find(f"{PLACE}0", [], now=NOW + timedelta(seconds=30))  # used: it stays
        store.put(f"{PLACE}5", response(at=NOW + timedelta(seconds=5)), b"x")
        left = [n for n in range(6) if store.find(f"{PLACE}{n}", [], now=NOW) is not None]
        assert left == [0, 2, 3, 4, 5]
        for number in range(20):
            store.put(f"{PLACE}big{number}", response(at=NOW + timedelta(minutes=1)), b"x" * 100)
        assert len(store) == 5


def test_it_is_private_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    with Store(path) as store:
        store.put(PLACE, response(), b"x")
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Store(path) as store:
        assert len(store) == 1


def test_another_version_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    with Store(path) as store:
        store.put(PLACE, response(), b"x")
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version=99")
    other.close()
    with Store(path) as store:
        assert len(store) == 0
        assert store.put(PLACE, response(), b"x")


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_bytes(b"my notes, which are no database\n" * 100)
    before = text.read_bytes()
    with pytest.raises(TransferError, match=r"open the cache .*notes.txt: file is not a database"):
        Store(text)
    assert text.read_bytes() == before
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE mine (x)")
    with pytest.raises(TransferError, match=r"other.db: it is another program's database"):
        Store(tmp_path / "other.db")
    assert other.execute("SELECT count(*) FROM mine").fetchone() == (0,)
    other.close()


def test_errors_are_of_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Forbidden, match=r"open the cache .*file/c.db: "):
        Store(tmp_path / "file" / "c.db")
    monkeypatch.setattr("postel.http.store._BUSY_SECONDS", 0.01)
    with Store(tmp_path / "c.db") as store:
        other = sqlite3.connect(tmp_path / "c.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TryLater, match=r"write to the cache .*: database is locked"):
            store.put(PLACE, response(), b"x")
        other.execute("ROLLBACK")
        other.execute("DROP TABLE responses")
        other.close()
        with pytest.raises(TransferError, match=r"look into the cache .*: no such table") as caught:
            store.find(PLACE, [], now=NOW)
        assert caught.value.hint == "it may be removed: it holds copies only"
