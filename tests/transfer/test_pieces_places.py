"""Pieces from several kinds of server; Metalinks; a run that is killed; large files of a mirror."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import postel
from postel import aio, lab
from postel.errors import Changed, ChecksumMismatch, Incomplete, ProtocolError, UsageError
from postel.transfer.metalink import Metalink
from postel.transfer.mirror_sync import mirror
from postel.transfer.parts import SMALLEST, Parts
from postel.transfer.pieces_sync import get_metalink, get_pieces
from postel.transport.target import Target

pytestmark = pytest.mark.slow

DATA = random.Random(7).randbytes(5 * SMALLEST + 777)
SUM = hashlib.sha256(DATA).hexdigest()

CHILD = """
import sys
from postel.transfer.pieces_sync import get_pieces
get_pieces(sys.argv[2:], sys.argv[1], connections=2, rate="16M")
"""


@pytest.fixture(scope="module")
def servers() -> Iterator[lab.Lab]:
    with lab.start("ftp", "http") as here:
        yield here


@pytest.fixture
def world(servers: lab.Lab) -> Iterator[lab.Lab]:
    for service in (servers.ftp, servers.http):
        service.files.put("/big.bin", DATA)
    yield servers
    for service in (servers.ftp, servers.http):
        service.faults.clear()
        service.quirks()


def both(world: lab.Lab) -> list[str]:
    return [world.url("ftp") + "big.bin", world.url("http") + "big.bin"]


def document(*urls: str, digest: str = SUM, size: int = len(DATA), name: str = "big.bin") -> bytes:
    places = "".join(f'<url priority="{number + 1}">{url}</url>' for number, url in enumerate(urls))
    return (f'<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="{name}">'
            f'<size>{size}</size><hash type="sha-256">{digest}</hash>{places}</file></metalink>'
            ).encode()


def test_all_places_give_some(world: lab.Lab, out: Path) -> None:
    said: dict[str, int] = {}
    world.ftp.faults.on("RETR", b"426 torn", cut=SMALLEST, times=1)
    get_pieces(both(world), out, connections=4,
               progress=lambda one: said.update({one.name: one.done}))
    assert out.read_bytes() == DATA
    assert said == {"out": len(DATA)}


def test_a_metalink_from_a_server_brings_its_files(world: lab.Lab, tmp_path: Path) -> None:
    world.http.files.put("/big.bin.meta4", document(*both(world)))
    there = world.url("http") + "big.bin.meta4"
    assert get_metalink(there, tmp_path) == [tmp_path / "big.bin"]
    assert (tmp_path / "big.bin").read_bytes() == DATA
    (tmp_path / "x.meta4").write_bytes(document(*both(world), name="second"))

    async def later() -> list[Path]:
        return await aio.get_metalink(tmp_path / "x.meta4", tmp_path)

    assert asyncio.run(later()) == [tmp_path / "second"]
    assert (tmp_path / "second").read_bytes() == DATA


def test_a_metalink_sends_nobody_to_files_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    evil = tmp_path / "evil.meta4"
    evil.write_bytes(document((tmp_path / "secret").as_uri(), size=6))
    with pytest.raises(UsageError, match="no place that can be used"):
        postel.get_metalink(evil, tmp_path)
    evil.write_bytes(document("ftp://127.0.0.1:1/x", name="../evil"))
    with pytest.raises(postel.errors.TransferError, match="slash"):
        postel.get_metalink(evil, tmp_path)
    evil.write_bytes(b"<html/>")
    with pytest.raises(ProtocolError):
        postel.get_metalink(evil, tmp_path)


@pytest.mark.slow
def test_what_is_not_what_the_metalink_says_gets_no_name(world: lab.Lab, out: Path) -> None:
    wrong = Metalink("big.bin", len(DATA), (), (("SHA-256", "0" * 64),))
    with pytest.raises(ChecksumMismatch):
        get_pieces(both(world), out, metalink=wrong)
    bad = Metalink("big.bin", len(DATA), (), (), 1 << 20, ("0" * 64,) * 21, "SHA-256")
    with pytest.raises(ChecksumMismatch, match="no place"):
        get_pieces(both(world), out, metalink=bad)
    assert not out.exists()
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("quirk", ["no REST", "REST ignored"])
def test_an_ftp_server_without_offsets_gives_it_in_one_row(
    world: lab.Lab, out: Path, quirk: str
) -> None:
    world.ftp.quirks(quirk)
    good = Metalink("big.bin", len(DATA), (), (("SHA-256", SUM),))
    assert get_pieces(both(world)[:1], out).read_bytes() == DATA
    assert get_pieces(both(world)[:1], out, metalink=good).read_bytes() == DATA
    assert [one.name for one in out.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("quirk", [
    "200 to Range", "206 wrong offset", "206 no Content-Range", "206 wrong total", "no validators",
    "weak ETag", "gzip with Range", "If-Range ignored", "one request a connection"])
def test_a_web_server_that_gives_odd_ranges_makes_no_odd_file(
    world: lab.Lab, out: Path, quirk: str
) -> None:
    world.http.quirks(quirk)
    try:
        get_pieces(both(world)[1:], out)
    except postel.errors.PostelError:
        assert not out.exists()
    else:
        assert out.read_bytes() == DATA


def test_a_server_that_ignores_offsets_spoils_no_mirror(world: lab.Lab, tmp_path: Path) -> None:
    world.ftp.quirks("REST ignored")
    result = mirror(world.url("ftp"), tmp_path / "copy", segments=3)
    assert result.ok, result.failures
    assert (tmp_path / "copy/big.bin").read_bytes() == DATA


@pytest.mark.slow
def test_a_changed_file_of_the_same_size_is_not_gone_on_with(world: lab.Lab, out: Path) -> None:
    world.ftp.faults.on("RETR", b"426 torn", cut=3 * SMALLEST)
    world.ftp.faults.on("RETR", b"550 not now", times=99)
    with pytest.raises(postel.errors.PostelError):
        get_pieces(both(world)[:1], out, connections=1)
    world.ftp.faults.clear()
    world.ftp.files.put("/big.bin", DATA[::-1])  # and its time is that of now
    world.ftp.files.set_modified("/big.bin", 1_600_000_000)
    get_pieces(both(world)[:1], out, connections=3)
    assert out.read_bytes() == DATA[::-1]


def test_a_place_that_changes_meanwhile_is_told(world: lab.Lab, out: Path) -> None:
    def change(progress: object) -> None:
        world.ftp.files.put("/big.bin", DATA[::-1])
        world.ftp.files.set_modified("/big.bin", 1_500_000_000)

    with pytest.raises(Changed):
        get_pieces(both(world)[:1], out, connections=1, progress=change)
    assert not out.exists()


@pytest.mark.slow
def test_a_killed_run_is_gone_on_with(world: lab.Lab, out: Path) -> None:
    part = out.parent / ".out.postel-note"
    places = [f"{scheme}://127.0.0.1:{world.address(scheme)[1]}/big.bin"
              for scheme in ("ftp", "http")]
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(out), *places],
                             start_new_session=True)
    limit = time.monotonic() + 30
    try:
        while time.monotonic() < limit and not (part.exists()
                                                and b'"from": ["' in part.read_bytes()):
            time.sleep(0.02)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    assert not out.exists()
    moved: list[int] = []
    get_pieces(places, out, connections=2, progress=lambda one: moved.append(one.started_at))
    assert out.read_bytes() == DATA
    assert moved[0] >= SMALLEST, "it began afresh"


def test_what_is_there_already_is_mended_by_its_pieces(world: lab.Lab, out: Path) -> None:
    piece = 1 << 20
    said = Metalink("out", len(DATA), (), (("SHA-256", SUM),), piece, tuple(
        hashlib.sha256(DATA[at : at + piece]).hexdigest() for at in range(0, len(DATA), piece)),
        "SHA-256")
    wrong = bytearray(DATA)
    wrong[3 * piece + 17] ^= 1
    out.write_bytes(wrong)
    moved: list[int] = []
    get_pieces(both(world), out, metalink=said, progress=lambda one: moved.append(one.started_at))
    assert out.read_bytes() == DATA
    assert moved[0] == len(DATA) - piece
    get_pieces(both(world), out, metalink=said, progress=lambda one: moved.append(one.started_at))
    assert moved[-1] == len(DATA), "it was fetched again"
    out.write_bytes(wrong)
    get_pieces(both(world), out, metalink=Metalink("out", len(DATA), (), (("SHA-256", SUM),)))
    assert out.read_bytes() == DATA


def test_large_files_of_a_mirror_come_in_segments(world: lab.Lab, tmp_path: Path) -> None:
    said: list[str] = []
    with lab.start("ftp", watcher=lambda server, who, text: said.append(text)) as here:
        here.ftp.files.put("/pub/big.bin", DATA)
        here.ftp.files.put("/pub/small.txt", b"small")
        result = mirror(here.url("ftp") + "pub", tmp_path / "copy", segments=3, connections=1)
    assert result.ok, result.failures
    assert (tmp_path / "copy/big.bin").read_bytes() == DATA
    assert sum(text.startswith("RETR") and "big" in text for text in said) >= 2
    assert any(text.startswith("REST") for text in said)


def test_postel_get_takes_segments_too(world: lab.Lab, out: Path) -> None:
    assert postel.get(both(world)[1], out, segments=3) == out
    assert out.read_bytes() == DATA


def test_parts_never_overlap_and_never_go_missing(tmp_path: Path) -> None:
    """Random takings, writings and halvings: what is written is each byte once."""
    chance = random.Random(1)
    size = 12 * SMALLEST + 5
    with Target.at(tmp_path / "x") as place:
        place.file.truncate(size)
        parts = Parts(place, size, [(0, size)])
        held = [parts.take()]
        written = 0
        while parts.missing:
            if chance.random() < 0.2 and (more := parts.take()) is not None:
                held.append(more)
            part = chance.choice([one for one in held if one is not None and one.left])
            written += parts.write(part, bytes(chance.randrange(1, SMALLEST)), "here")
        assert written == size
        assert parts.take() is None
        place.discard()


def test_no_place_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no URL"):
        get_pieces([], tmp_path / "x")


def test_places_that_end_early_are_told(world: lab.Lab, out: Path) -> None:
    world.ftp.faults.on("RETR", b"226 Transfer complete", cut=1000, times=99)
    with pytest.raises(Incomplete):
        get_pieces(both(world)[:1], out, connections=1)
    assert not out.exists()


def test_a_large_file_of_a_web_server_that_rounds_is_gone_on_with(
    world: lab.Lab, tmp_path: Path
) -> None:
    """Index pages tell "20M": the plan asks for such files by name, so that they can be resumed."""
    world.http.files.put("/site/big.bin", DATA)
    source = world.url("http") + "site"
    world.http.faults.on("GET /site/big.bin", cut=9 << 20, times=3)
    result = mirror(source, tmp_path / "copy", journal=False, tries=1, connections=1)
    assert len(result.failures) == 1
    part = tmp_path / "copy/.big.bin.postel"
    assert part.stat().st_size >= 8 << 20
    world.http.faults.clear()
    result = mirror(source, tmp_path / "copy", journal=False, connections=1)
    assert result.ok, result.failures
    assert (tmp_path / "copy/big.bin").read_bytes() == DATA


def test_large_files_of_a_web_server_come_in_segments_too(
    world: lab.Lab, tmp_path: Path
) -> None:
    asked: list[str] = []
    with lab.start("http", watcher=lambda server, who, text: asked.append(text)) as here:
        here.http.files.put("/site/big.bin", DATA)
        result = mirror(here.url("http") + "site", tmp_path / "copy", segments=3, rate="80M")
    assert result.ok, result.failures
    assert (tmp_path / "copy/big.bin").read_bytes() == DATA
    assert sum(text.startswith("GET /site/big.bin") for text in asked) >= 2
