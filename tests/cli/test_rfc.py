"""``postel rfc``: what is printed where, from a mirror and from the lab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from postel import lab
from postel.lab.rfc_samples import sample_files

Postel = Callable[..., Result]
FILES = sample_files()


@pytest.fixture(scope="module")
def source() -> Iterator[str]:
    with lab.start("rfc") as here:
        yield here.rfc.url


@pytest.fixture
def place(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty mirror, whose source is the lab's server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("POSTEL_RFC", str(tmp_path / "mirror"))
    monkeypatch.setenv("POSTEL_RFC_SOURCES", source)
    return tmp_path / "mirror"


def test_a_number_prints_the_text_as_it_was_published(place: Path, postel: Postel) -> None:
    fresh = postel("rfc", "30001")
    assert fresh.stdout_bytes == FILES["/rfc/rfc30001.txt"]
    assert fresh.stderr == ""
    assert (place / "rfc30001.txt").exists()
    assert postel("rfc", "rfc30001", "--offline", "-q").stdout_bytes == fresh.stdout_bytes
    assert postel("rfc", "RFC", "30001").stdout_bytes == fresh.stdout_bytes


def test_what_became_of_it_goes_to_the_standard_error(place: Path, postel: Postel) -> None:
    postel("rfc", "--update")
    old = postel("rfc", "20001")
    assert old.stdout_bytes == FILES["/rfc/rfc20001.txt"]
    assert old.stderr == "postel: RFC 20001 is obsolete: see RFC 30001\n"
    named = postel("rfc", "sample", "note")
    assert named.stdout_bytes == FILES["/rfc/rfc30001.txt"]
    assert named.stderr.startswith("postel: this is RFC 30001, Sample Note Protocol; index")
    assert "looked up just now" in postel("rfc", "30001", "--offline").stderr


def test_as_it_is_read(place: Path, postel: Postel) -> None:
    postel("rfc", "--update", "-q")
    lines = postel("rfc", "30001", "--clean").stdout.splitlines()
    assert lines[0] == ("RFC 30001 · Sample Note Protocol · March 2026 · INTERNET STANDARD · "
                        "STD900")
    assert lines[1:4] == ["Obsoletes RFC 20001 (May 1999)", "Updated by RFC 30002 (April 2026)",
                          "1 verified erratum, shown below"]
    assert lines[4].startswith("Index, looked up just now")
    at = lines.index("   | Erratum 9001 (Verified, Technical), section 2.1: D. Reader, 2026-05-02")
    assert lines.index("2.1.  Commands") < at < lines.index("2.2.  Answers")
    assert "9002" not in "\n".join(lines)
    old = postel("rfc", "20001", "--clean").stdout
    assert "OBSOLETE: see RFC 30001 (March 2026)\n" in old
    assert "[Page" not in old


@pytest.mark.parametrize("words", [("30001", "2.1"), ("std900", "§2.1"), ("rfc30001#section-2.1",),
                                   ("sample", "note", "2.1"), ("30001", "commands")])
def test_a_section(words: tuple[str, ...], place: Path, postel: Postel) -> None:
    postel("rfc", "--update", "-q")
    text = postel("rfc", *words).stdout
    assert text.startswith("2.1.  Commands\n\n   A client MUST end")
    assert "Erratum 9001" in text
    assert "2.2." not in text


def test_facts_of_one(place: Path, postel: Postel) -> None:
    postel("rfc", "--update", "-q")
    assert postel("rfc", "30001", "--sections").stdout.splitlines()[3:7] == [
        "1. Introduction", "2. The Protocol", "  2.1. Commands", "  2.2. Answers"]
    assert postel("rfc", "30001", "--abnf", "2.2").stdout.splitlines()[:2] == [
        "; RFC 30001, section 2.2", 'answer   = ( "+" note / "-" reason ) CRLF']
    assert postel("rfc", "30001", "--path").stdout.strip() == str(place / "rfc30001.txt")
    assert "@misc{rfc30001," in postel("rfc", "30001", "--bibtex").stdout
    assert "+ Everybody can read every note." in postel("rfc", "30001", "--diff", "20001").stdout
    assert postel("rfc", "30001", "--errata").stdout.count("Erratum") == 2
    assert postel("rfc", "30001", "--errata", "3").stdout.startswith("Erratum 9002 (Rejected")
    assert "no errata are known" in postel("rfc", "30", "--errata").stdout
    info = postel("rfc", "20001", "--info").stdout
    assert "Obsoleted by: RFC 30001 (March 2026)\n" in info
    assert "looked up just now" in info
    assert "Errata:       1 verified, 1 rejected\n" in postel("rfc", "std900", "--info").stdout


def test_json(place: Path, postel: Postel) -> None:
    postel("rfc", "--update", "-q")
    facts = json.loads(postel("rfc", "30001", "--json").stdout)
    assert (facts["number"], facts["obsoletes"], facts["date"]) == (30001, [20001], "2026-03-01")
    assert [one["number"] for one in facts["errata"]] == [9001, 9002]
    assert facts["path"] == str(place / "rfc30001.txt")
    assert facts["index_checked"].startswith("20")
    rows = [json.loads(line) for line in
            postel("rfc", "30001", "--sections", "--json").stdout.splitlines()]
    assert rows[5]["number"] == "2.1"
    rules = postel("rfc", "30001", "--abnf", "--json").stdout.splitlines()
    assert json.loads(rules[0])["definition"] == "get / put"
    hit = json.loads(postel("rfc", "--search", "expire", "--json", "--limit", "1").stdout)
    assert (hit["number"], hit["section"]) == (30001, "3")
    part = json.loads(postel("rfc", "30001", "2.1", "--json").stdout)
    assert (part["section"], part["title"], part["errata"][0]["number"]) == ("2.1", "Commands", 9001)
    assert part["text"].startswith("2.1.  Commands\n")
    error = json.loads(postel("rfc", "40000", "--json", code=3).stdout)
    assert error["error"] == "NotFound"


def test_search(place: Path, postel: Postel) -> None:
    assert "1 of 4 texts" not in postel("rfc", "--search", "expire", code=3).output
    postel("rfc", "--update")
    found = postel("rfc", "--search", "greeting minute")
    assert found.stdout == (
        "RFC 20001 §2.1 Greeting — Sample Note Protocol (obsolete: RFC 30001)\n    "
        "The server sends a greeting.  A client that does not see one within a minute closes the "
        "connection, and tries again later, but not sooner than after five minutes, and not more "
        "often than ten times.\n").replace("  A client", " A client")
    assert found.stderr.startswith("1 of 4 texts; index, looked up just now")
    assert "nothing has these words" in postel("rfc", "--search", "walrus", code=3).output


def test_updates(place: Path, postel: Postel) -> None:
    first = postel("rfc", "--update").stdout
    assert first.startswith("4 of 4 texts are here: 4 fetched (")
    assert "4 made searchable" in first
    assert postel("rfc", "--update").stdout == (
        "4 of 4 texts are here: nothing fetched, the index is the newest\n")
    report = json.loads(postel("rfc", "--update", "--json", "30001").stdout)
    assert (report["known"], report["here"], report["fetched"], report["ok"]) == (1, 1, 0, True)


@pytest.mark.parametrize(("words", "code", "told"), [
    ((), 2, "rfc: which one?"),
    (("0",), 2, "RFC 0: there is none"),
    (("123456",), 2, "numbers have at most five digits"),
    (("31",), 3, "RFC 31: it was never issued"),
    (("32",), 3, "it was not published as text, only as PDF"),
    (("40000",), 3, "fetch RFC 40000: no source has it"),
    (("40000", "--offline"), 3, "nobody is to be asked"),
    (("walrus",), 3, "no title of an RFC has these words"),
    (("30001", "9.9"), 3, "RFC 30001: it has no section 9.9"),
    (("30001", "--info", "--abnf"), 2, "--info and --abnf cannot be had at once"),
    (("--search", "?!"), 2, "there is no word in it"),
    (("30001", "--no-such"), 2, "No such option"),
    (("40000", "--source", "http://127.0.0.1:1/"), 5, "refused"),
])
def test_what_cannot_be(
    words: tuple[str, ...], code: int, told: str, place: Path, postel: Postel
) -> None:
    postel("rfc", "--update", "-q")
    assert told in postel("rfc", *words, code=code).output


def test_client_options_are_there(place: Path, postel: Postel) -> None:
    assert postel("rfc", "30001", "--timeout", "5", "-4").stdout_bytes
    shown = postel("rfc", "30002", "-v")
    assert "127.0.0.1" in shown.stderr
    text = postel("rfc", "--help").stdout
    assert "--proxy" in text
    assert "--search" in text


def test_page_by_page(place: Path, postel: Postel, monkeypatch: pytest.MonkeyPatch) -> None:
    less = place.parent / "less"
    less.write_text(f'#!/bin/sh\necho "$@" > {place.parent}/asked\ncat > {place.parent}/shown\n')
    less.chmod(0o755)
    monkeypatch.setenv("PAGER", str(less))
    postel("rfc", "--update", "-q")
    postel("rfc", "30001", "--pager", "--at", "2.1")
    line = int((place.parent / "asked").read_text().strip().strip("+g"))
    assert (place.parent / "shown").read_text().split("\n")[line - 1] == "2.1.  Commands"


def test_no_escape_sequence_reaches_a_reader(place: Path, postel: Postel) -> None:
    place.mkdir()
    (place / "rfc7.txt").write_bytes(b"1. Evil\x1b]0;x\x07\n\n   walrus \x1b[2J\x9b31m red\n\n2. B\n")
    for words in (("7", "--clean"), ("7", "1"), ("7", "--sections"), ("--search", "walrus")):
        assert not {"\x1b", "\x07", "\x9b"} & set(postel("rfc", *words).stdout)


def test_a_number_loads_little(place: Path) -> None:
    place.mkdir()
    (place / "rfc7.txt").write_bytes(b"RFC 7\n")
    code = ("import sys; sys.argv = ['postel', 'rfc', '7']\n"
            "from postel.cli.main import main\n"
            "try: main()\nexcept SystemExit: pass\nprint(*sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env=dict(os.environ), timeout=30)
    loaded = set(done.stdout.split())
    assert "postel.rfc.store" in loaded
    assert not loaded & {"asyncio", "ssl", "socket", "postel.cli.options", "postel.rfc.types",
                         "postel.http.client_sync", "postel.rfc.library_sync"}
