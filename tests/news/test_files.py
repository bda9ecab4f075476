"""Files out of articles: whole, damaged, missing, hostile; over several connections and servers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from postel import lab
from postel.errors import AuthenticationError, NotFound, ProtocolError, UsageError
from postel.messages.codecs import uuencode, yenc
from postel.news import files_async, files_sync
from postel.news.nzb import NZB, parse
from postel.types import Progress

GROUP = "alt.binaries.test"
DATA = random.Random(1).randbytes(100_000)


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    with lab.start("nntp") as running:
        running.nntp.spool.create(GROUP, "files")
        yield running


def post(here: lab.Lab, name: str, body: bytes) -> None:
    here.nntp.spool.add(f"Path: x\r\nFrom: a@b.example\r\nNewsgroups: {GROUP}\r\nSubject: part\r\n"
                        f"Message-ID: <{name}>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\n"
                        .encode() + body)


def listed(*files: tuple[str, list[str]]) -> NZB:
    """An NZB of files, each with the ids of its segments."""
    text = "".join(
        f"<file subject={quoteattr(subject)} poster='a' date='1'><groups><group>{GROUP}</group>"
        "</groups><segments>" + "".join(
            f"<segment bytes='100' number='{number}'>{name}</segment>"
            for number, name in enumerate(ids, 1)) + "</segments></file>"
        for subject, ids in files)
    return parse(f"<nzb>{text}</nzb>".encode())


def posted(here: lab.Lab, name: str, data: bytes = DATA, size: int = 9_000) -> list[str]:
    """Post a file in parts of yEnc; return the ids."""
    ids = []
    for number, body in enumerate(yenc.encode(data, name, part_size=size)):
        ids.append(f"{name}.{number}@b.example")
        post(here, ids[-1], body)
    return ids


@pytest.mark.parametrize("parallel", [1, 3])
def test_a_file_is_put_together(here: lab.Lab, tmp_path: Path, parallel: int) -> None:
    nzb = listed(('"one.bin" (1/12)', posted(here, "one.bin")),
                 ('"two.bin"', posted(here, "two.bin", b"short")))
    told: list[Progress] = []
    done = files_sync.get_nzb(nzb, tmp_path, here.url("nntp"), parallel=parallel,
                              progress=told.append)
    assert [(one.name, one.size, one.whole) for one in done] == [
        ("one.bin", 100_000, True), ("two.bin", 5, True)]
    assert (tmp_path / "one.bin").read_bytes() == DATA
    assert sorted(one.name for one in tmp_path.iterdir()) == ["one.bin", "two.bin"]
    assert told[-1].done == told[-1].total
    again = asyncio.run(files_async.get_nzb(nzb, tmp_path, here.url("nntp")))
    assert [one.there for one in again] == [True, True]


def test_only_some_files(here: lab.Lab, tmp_path: Path) -> None:
    nzb = listed(('"one.bin"', posted(here, "one.bin")), ('"two.bin"', ["none@b.example"]))
    done = files_sync.get_nzb(nzb, tmp_path, here.url("nntp"), only=[0])
    assert [one.name for one in done] == ["one.bin"]


def test_a_missing_segment_leaves_an_incomplete_file(here: lab.Lab, tmp_path: Path) -> None:
    ids = posted(here, "one.bin")
    ids[3] = "gone@b.example"
    (done,) = files_sync.get_nzb(listed(('"one.bin"', ids)), tmp_path, here.url("nntp"))
    assert (done.name, done.missing, done.whole) == ("one.bin.incomplete", (4,), False)
    kept = (tmp_path / "one.bin.incomplete").read_bytes()
    assert kept == DATA[:27_000] + bytes(9_000) + DATA[36_000:]


def test_a_list_that_lacks_a_segment(here: lab.Lab, tmp_path: Path) -> None:
    ids = posted(here, "one.bin", b"x" * 30, 10)
    (done,) = files_sync.get_nzb(listed(('"one.bin"', ids[:2])), tmp_path, here.url("nntp"))
    assert not done.whole
    assert "30 were announced" in done.defects[0]


def test_what_one_server_lacks_the_next_may_have(here: lab.Lab, tmp_path: Path) -> None:
    with lab.start("nntp") as other:
        other.nntp.spool.create(GROUP, "files")
        ids = posted(here, "one.bin")
        posted(other, "one.bin")
        other.nntp.spool.remove(f"<{ids[0]}>")
        here.nntp.spool.remove(f"<{ids[5]}>")
        servers = ["nntp://{}:{}".format(*one.address("nntp")) for one in (other, here)]
        (done,) = files_sync.get_nzb(listed(('"one.bin"', ids)), tmp_path, servers)
    assert done.whole
    assert (tmp_path / "one.bin").read_bytes() == DATA


def test_a_wrong_checksum_is_told(here: lab.Lab, tmp_path: Path) -> None:
    (body,) = yenc.encode(b"hello", "one.bin")
    post(here, "a@b.example", body.replace(b"crc32=", b"crc32=0")[:-3] + b"00\r\n")
    (done,) = files_sync.get_nzb(listed(('"one.bin"', ["a@b.example"])), tmp_path,
                                 here.url("nntp"))
    assert done.name == "one.bin.incomplete"
    assert "checksum" in " ".join(done.defects)


def test_a_uuencoded_file_in_two_articles(here: lab.Lab, tmp_path: Path) -> None:
    text = uuencode.encode(DATA[:5_000], "old.bin").replace(b"\r\n", b"\n").split(b"\n")
    post(here, "1@b.example", b"\r\n".join(text[:40]) + b"\r\n")
    post(here, "2@b.example", b"\r\n".join(text[40:]) + b"\r\n")
    (done,) = files_sync.get_nzb(listed(("no name", ["1@b.example", "2@b.example"])), tmp_path,
                                 here.url("nntp"))
    assert (done.name, done.whole) == ("old.bin", True)
    assert (tmp_path / "old.bin").read_bytes() == DATA[:5_000]


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "..", "a/b", "C:\\x", "a\\b"])
def test_a_name_that_climbs_is_not_followed(here: lab.Lab, tmp_path: Path, name: str) -> None:
    (body,) = yenc.encode(b"hello", "placeholder")
    post(here, "a@b.example", body.replace(b"placeholder", name.encode()))
    folder = tmp_path / "in" / "here"
    (done,) = files_sync.get_nzb(listed((f'"{name}"', ["a@b.example"])), folder, here.url("nntp"))
    assert done.name == "file-0"
    assert [one.name for one in folder.iterdir()] == ["file-0"]


def test_a_file_of_that_name_is_not_written_over(here: lab.Lab, tmp_path: Path) -> None:
    (tmp_path / "one.bin").write_bytes(b"mine")
    (done,) = files_sync.get_nzb(listed(("no name here", posted(here, "one.bin", b"theirs"))),
                                 tmp_path, here.url("nntp"))
    assert done.name == "one (2).bin"
    assert (tmp_path / "one.bin").read_bytes() == b"mine"


def test_what_is_no_file_is_told(here: lab.Lab, tmp_path: Path) -> None:
    post(here, "a@b.example", b"only words\r\n")
    done = files_sync.get_nzb(listed(('"x.bin"', ["a@b.example"]), ('"y.bin"', ["no@b.example"])),
                              tmp_path, here.url("nntp"))
    assert done[0].defects == ("neither yEnc nor uuencode was found in it",)
    assert (done[1].path, done[1].missing) == (None, (1,))
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_asked(here: lab.Lab, tmp_path: Path) -> None:
    nzb = listed(('"one.bin"', posted(here, "one.bin")))
    with pytest.raises(UsageError, match="which server"):
        files_sync.get_nzb(nzb, tmp_path, [])
    with pytest.raises(AuthenticationError):
        files_sync.get_nzb(nzb, tmp_path, here.url("nntp"), user="alice", password="wrong")
    with pytest.raises(NotFound):
        files_sync.get_nzb(tmp_path / "no.nzb", tmp_path, here.url("nntp"))
    (tmp_path / "x.nzb").write_bytes(b"<html/>")
    with pytest.raises(ProtocolError):
        files_sync.get_nzb(tmp_path / "x.nzb", tmp_path, here.url("nntp"))
