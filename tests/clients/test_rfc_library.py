"""The series from sources: web, FTP and folders; a mirror that is updated, interrupted, searched."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel import lab, rfc
from postel.errors import ConnectError, NotFound, PostelError, ProtocolError, UsageError
from postel.lab.rfc_samples import sample_files
from postel.rfc.library_sync import Library
from postel.rfc.references import SOURCES
from postel.rfc.store import Store, default_folder, sources_of

FILES = sample_files()
NOWHERE = "http://127.0.0.1:1/"


@pytest.fixture(scope="module")
def world() -> Iterator[lab.Lab]:
    with lab.start("rfc", "ftp") as here:
        for path, data in FILES.items():
            here.ftp.files.put(path.replace("/rfc/", "/in-notes/"), data)
        yield here


@pytest.fixture
def server(world: lab.Lab) -> Iterator[lab.Lab]:
    """The lab, whose files are the samples again afterwards."""
    yield world
    for path in list(world.rfc.files.tree()):
        if path not in FILES:
            world.rfc.files.remove(path)
    for path, data in FILES.items():
        world.rfc.files.put(path, data)
    world.rfc.faults.clear()


def library(folder: Path, *sources: str, **options: object) -> Library:
    return Library(folder, sources=sources, **options)  # type: ignore[arg-type]


def asked(here: lab.Lab) -> list[str]:
    """The paths that the web server was asked for."""
    return [one.target for one in here.rfc.clear.requests]


def test_a_number_is_fetched_once(tmp_path: Path, server: lab.Lab) -> None:
    with library(tmp_path, server.rfc.url) as series:
        assert series.text(30001) == FILES["/rfc/rfc30001.txt"]
        assert (tmp_path / "rfc30001.txt").read_bytes() == FILES["/rfc/rfc30001.txt"]
    with library(tmp_path, NOWHERE) as series:
        assert series.get(30001).title == "Sample Note Protocol"
        assert series.path(30001) == tmp_path / "rfc30001.txt"


def test_names_need_the_index_and_fetch_it(tmp_path: Path, server: lab.Lab) -> None:
    with library(tmp_path, server.rfc.url) as series:
        assert series.numbers("std 900") == (30001,)
        assert series.numbers("BCP0901") == (30002,)
        assert series.numbers("sample note") == (30001,)
        assert series.info(20001).obsoleted_by == (30001,)
        age = series.age()
        assert age is not None
        assert age.total_seconds() < 60
        assert series.store.successors(20001) == (30001,)


def test_sources_are_tried_in_order(tmp_path: Path, server: lab.Lab) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "rfc0030.txt").write_bytes(b"RFC 30\n\nPadded.\n")
    with library(tmp_path / "m", NOWHERE, str(folder), server.url("ftp")) as series:
        assert series.text(30) == b"RFC 30\n\nPadded.\n"
        assert series.text(30002) == FILES["/rfc/rfc30002.txt"]
        assert series.info(30001).status == "INTERNET STANDARD"


def test_a_mirror_by_ftp_and_from_a_folder(tmp_path: Path, server: lab.Lab) -> None:
    with library(tmp_path / "a", server.url("ftp")) as series:
        first, second = series.update(connections=2), series.update()
    assert (first.here, first.fetched, first.indexed) == (4, 4, 4)
    assert (second.fetched, second.unchanged) == (0, True)
    (tmp_path / "a" / "rfc-index.txt").write_bytes(FILES["/rfc-index.txt"])
    with library(tmp_path / "b", str(tmp_path / "a")) as series:
        assert series.update().here == 4
        assert series.update().unchanged


def test_an_update_fetches_what_is_not_here(tmp_path: Path, server: lab.Lab) -> None:
    seen: list[tuple[str, int, int]] = []
    with library(tmp_path, server.rfc.url) as series:
        series.text(30)
        report = series.update(progress=lambda *one: seen.append(one))
        assert (report.known, report.here, report.fetched, report.indexed) == (4, 4, 3, 4)
        assert report.ok
        assert report.index == f"{server.rfc.url}rfc-index.xml"
        assert seen[-1] == ("index", 4, 4)
        assert ("texts", 3, 3) in seen
        assert [one.number for one in series.get(30001).errata(None)] == [9001, 9002]
        server.rfc.files.remove("/rfc/rfc30001.txt")
        again = series.update([20001])
        assert (again.known, again.fetched, again.unchanged) == (1, 0, True)


def test_what_has_gone_from_a_source_is_told(tmp_path: Path, server: lab.Lab) -> None:
    server.rfc.files.remove("/rfc/rfc30002.txt")
    server.rfc.files.put("/rfc/rfc20001.txt", b"<!DOCTYPE html><p>We have moved</p>")
    with library(tmp_path, server.rfc.url) as series:
        report = series.update()
    assert report.missing == (30002,)
    assert list(report.failed) == [20001]
    assert "it is a page of HTML, not a text" in report.failed[20001]
    assert not report.ok


def test_a_refusal_of_one_text_stops_nothing(tmp_path: Path, server: lab.Lab) -> None:
    server.rfc.faults.on("GET /rfc/rfc20001.txt", b"500 Internal Server Error", times=99)
    with library(tmp_path, server.rfc.url) as series:
        report = series.update()
        assert (report.here, list(report.failed)) == (3, [20001])
        server.rfc.faults.clear()
        assert series.update().here == 4


@pytest.mark.parametrize("place", ["/in-notes/", "/"])
@pytest.mark.parametrize("padded", [True, False])
def test_other_places_and_padded_names(
    place: str, padded: bool, tmp_path: Path, server: lab.Lab
) -> None:
    files = server.rfc.files
    for path, data in FILES.items():
        files.remove(path)
        name = path.rpartition("/")[2]
        name = "rfc0030.txt" if padded and name == "rfc30.txt" else name
        if name != "rfc-index.xml":
            if place != "/" and not files.tree().get(place + "x"):
                try:
                    files.make_folder(place.rstrip("/"))
                except OSError:
                    pass
            files.put(place + name, data)
    with library(tmp_path, server.rfc.url) as series:
        report = series.update()
        assert (report.here, report.index) == (4, f"{server.rfc.url}{place[1:]}rfc-index.txt")
        assert series.get(30).title == "A Note on Notes"
        assert len(series.get(30001).errata()) == 1


def test_an_index_that_is_cut_off_is_not_taken(tmp_path: Path, server: lab.Lab) -> None:
    with library(tmp_path, server.rfc.url) as series:
        series.update()
        server.rfc.files.put("/rfc-index.xml", FILES["/rfc-index.xml"][:-100])
        server.rfc.files.put("/rfc-index.txt", FILES["/rfc-index.txt"].split(b"20001 Sample")[0])
        with pytest.raises(ProtocolError, match="cannot be read"):
            series.update()
        server.rfc.files.remove("/rfc-index.xml")
        with pytest.raises(ProtocolError, match=r"it has 2 RFCs, 5 were known"):
            series.update()
        assert series.store.count() == 5
        server.rfc.files.put("/rfc-index.txt", FILES["/rfc-index.txt"] + b"\n")
        report = series.update()  # the next place is tried
        assert report.index.endswith("rfc-index.txt")


def test_a_bad_index_leads_to_the_next_source(tmp_path: Path, server: lab.Lab) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "rfc-index.xml").write_bytes(b"<rfc-index><rfc-entry>")
    with library(tmp_path / "m", str(bad), server.rfc.url) as series:
        assert series.update().index == f"{server.rfc.url}rfc-index.xml"
    with library(tmp_path / "n", str(bad)) as series, pytest.raises(ProtocolError, match="cannot be read"):
        series.update()


def test_a_download_that_is_cut_off_is_not_kept(tmp_path: Path, server: lab.Lab) -> None:
    server.rfc.faults.on("GET", cut=300)
    with library(tmp_path, server.rfc.url) as series, pytest.raises(PostelError):
        series.text(20001)
    assert not list(tmp_path.glob("*rfc20001*"))


def test_search_reads_what_is_in_the_folder(tmp_path: Path) -> None:
    for number in (20001, 30001):
        (tmp_path / f"rfc{number}.txt").write_bytes(FILES[f"/rfc/rfc{number}.txt"])
    with library(tmp_path, NOWHERE, offline=True) as series:
        (hit,) = series.search("not sooner than five minutes")
        assert (hit.number, hit.section, hit.heading) == (20001, "2.1", "Greeting")
        assert "sooner than after five minutes" in hit.snippet
        (tmp_path / "rfc30002.txt").write_bytes(b"RFC 30002\n\n1. New\n\n   A walrus.\n")
        assert [one.number for one in series.search("walrus")] == [30002]
        assert series.search("no-such-word-here") == []
        with pytest.raises(UsageError, match="there is no word in it"):
            series.search("  !?")


def test_a_text_that_was_changed_is_read_again(tmp_path: Path) -> None:
    from postel.rfc import indexing, searching

    store = Store(tmp_path)
    store.keep(1, b"1. One\n\n   A badger.\n")
    assert indexing.index(store) == 1
    assert indexing.index(store) == 0
    store.keep(1, b"1. One\n\n   A longer walrus.\n")
    assert indexing.index(store) == 1
    assert searching.search(store, "badger") == []
    assert [one.snippet for one in searching.search(store, "walrus")] == ["A longer walrus."]
    store.close()


def test_what_is_not_there(tmp_path: Path, server: lab.Lab) -> None:
    with library(tmp_path, server.rfc.url) as series:
        series.update()
        for number, words in ((31, "it was never issued"), (32, "only as PDF"),
                              (40000, "no source has it")):
            with pytest.raises(NotFound, match=words):
                series.get(number)
        with pytest.raises(NotFound, match="STD7: the index has no such series"):
            series.get("std7")
        with pytest.raises(NotFound, match="walrus: no title of an RFC has these words"):
            series.get("walrus")
    with library(tmp_path, server.rfc.url, offline=True) as series:
        with pytest.raises(NotFound, match="nobody is to be asked"):
            series.get(40000)
        assert series.get("std900").number == 30001
    with library(tmp_path / "empty", NOWHERE) as series:
        with pytest.raises(ConnectError, match="fetch RFC 5: connect to"):
            series.get(5)
        with pytest.raises(ConnectError):
            series.update()
    with pytest.raises(UsageError, match="there is no source"):
        library(tmp_path / "none").get(5)


def test_a_source_without_an_index_still_has_texts(tmp_path: Path, server: lab.Lab) -> None:
    for name in ("/rfc-index.xml", "/rfc-index.txt"):
        server.rfc.files.remove(name)
    with library(tmp_path, server.rfc.url) as series:
        assert series.get(30001).obsoletes == (20001,)
        with pytest.raises(NotFound, match="no source has an index"):
            series.get("sample")


def test_where_sources_and_the_mirror_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("POSTEL_RFC", "POSTEL_RFC_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert sources_of(None) == SOURCES
    assert default_folder() == tmp_path / "postel" / "rfc"
    (tmp_path / "postel").mkdir()
    (tmp_path / "postel" / "rfc.conf").write_text("# mine\nftp://a/  # first\n\n/srv/rfc\n")
    assert sources_of(None) == ("ftp://a/", "/srv/rfc")
    monkeypatch.setenv("POSTEL_RFC_SOURCES", "https://b/ https://c/")
    monkeypatch.setenv("POSTEL_RFC", str(tmp_path / "m"))
    assert sources_of(None) == ("https://b/", "https://c/")
    assert sources_of("x") == ("x",)
    assert default_folder() == tmp_path / "m"


def test_the_same_for_asyncio(tmp_path: Path, server: lab.Lab) -> None:
    async def main() -> None:
        async with rfc.AsyncLibrary(tmp_path, sources=server.rfc.url) as series:
            report = await series.update()
            assert (report.here, report.fetched) == (4, 4)
            assert (await series.get("std900")).section("3").title == "Expiry"
            assert (await series.search("pipelining"))[0].number == 30001

    asyncio.run(main())


def test_a_sync_session_loads_no_asyncio(tmp_path: Path, server: lab.Lab) -> None:
    code = ("import sys\nfrom postel import rfc\n"
            f"rfc.update(folder={str(tmp_path)!r}, sources={server.rfc.url!r})\n"
            f"rfc.search('expire', folder={str(tmp_path)!r})\nprint(*sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          timeout=30)
    assert "postel.rfc.updating_sync" in done.stdout
    assert "asyncio" not in done.stdout.split()


def test_a_folder_that_cannot_be_written(tmp_path: Path, server: lab.Lab) -> None:
    (tmp_path / "file").write_text("in the way")
    with library(tmp_path / "file", server.rfc.url) as series, pytest.raises((PostelError, OSError)):
        series.text(30001)


def test_a_database_of_another_version(tmp_path: Path, server: lab.Lab) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "rfc.sqlite") as base:
        base.execute("PRAGMA user_version = 99")
    base.close()
    with library(tmp_path, server.rfc.url) as series, pytest.raises(
            PostelError, match="made by another version"):
        series.update()
    (tmp_path / "rfc.sqlite").write_bytes(b"this is no database, but long enough to be read" * 99)
    with library(tmp_path, server.rfc.url) as series, pytest.raises(
            PostelError, match="cannot be used"):
        series.update()


KILLED = """
import sys
from postel.rfc import Library
with Library(sys.argv[1], sources=sys.argv[2]) as series:
    series.update(progress=lambda *one: print(*one, flush=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 40, 120, 200])
def test_a_run_that_is_killed_is_gone_on_with(after: int, tmp_path: Path, server: lab.Lab) -> None:
    text = FILES["/rfc/rfc30001.txt"]
    entries = "\n\n".join(f"{n} Memo {n}. A. Example. May 2020. (Format: TXT) (Status: UNKNOWN)"
                          for n in range(40001, 40151))
    server.rfc.files.remove("/rfc-index.xml")
    server.rfc.files.put("/rfc-index.txt", entries.encode())
    for number in range(40001, 40151):
        server.rfc.files.put(f"/rfc/rfc{number}.txt", text.replace(b"notes", b"w%d" % number))
    words = [sys.executable, "-c", KILLED, str(tmp_path), server.rfc.url]
    done = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert done.stdout is not None
    for _ in range(after):
        if not done.stdout.readline():
            break
    os.kill(done.pid, signal.SIGKILL)
    done.communicate()
    for path in tmp_path.glob("rfc4*.txt"):
        assert len(path.read_bytes()) > len(text), "a part has the whole file's name"
    had = len(list(tmp_path.glob("rfc4*.txt")))
    for path in tmp_path.glob(".rfc*.postel"):
        os.utime(path, (time.time() - 9_999, time.time() - 9_999))
    with library(tmp_path, server.rfc.url) as series:
        report = series.update()
        assert (report.here, report.fetched) == (150, 150 - had)
        assert not list(tmp_path.glob(".rfc*.postel"))
        assert series.store.searchable() == 150
        assert [one.number for one in series.search("w40077")] == [40077]
        again = series.update()
        assert (again.fetched, again.indexed, again.unchanged) == (0, 0, True)
