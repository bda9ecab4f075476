"""One file in segments: from one place, from several, gone on with, and mended by its digests."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from postel.errors import ChecksumMismatch, NotFound, PostelError
from postel.lab import Lab
from postel.transfer.metalink import Metalink
from postel.transfer.pieces_sync import SMALLEST, get_pieces

pytestmark = pytest.mark.slow

DATA = random.Random(3).randbytes(5 * SMALLEST + 12_345)
PIECE = 1 << 20


def metalink(data: bytes = DATA) -> Metalink:
    return Metalink("big.bin", len(data), (), (("SHA-256", hashlib.sha256(data).hexdigest()),),
                    PIECE, tuple(hashlib.sha256(data[at : at + PIECE]).hexdigest()
                                 for at in range(0, len(data), PIECE)), "SHA-256")


@pytest.fixture
def url(here: Lab) -> str:
    here.ftp.files.put("/pub/big.bin", DATA)
    here.ftp.files.put("/other/big.bin", DATA)
    return here.url("ftp") + "pub/big.bin"


@pytest.mark.parametrize("connections", [1, 4])
def test_segments_of_one_place(url: str, out: Path, connections: int) -> None:
    get_pieces([url], out, connections=connections, metalink=metalink())
    assert out.read_bytes() == DATA
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_several_places_of_which_one_is_gone(here: Lab, url: str, out: Path) -> None:
    places = [here.url("ftp") + "gone.bin", url, here.url("ftp") + "other/big.bin"]
    get_pieces(places, out)
    assert out.read_bytes() == DATA
    with pytest.raises(NotFound):
        get_pieces(places[:1], out)


def test_a_place_with_another_size_is_left_out(here: Lab, url: str, out: Path) -> None:
    here.ftp.files.put("/other/big.bin", DATA[:-1])
    get_pieces([here.url("ftp") + "other/big.bin", url], out, metalink=metalink())
    assert out.read_bytes() == DATA


def test_a_wrong_piece_is_fetched_again_from_another_place(
    here: Lab, url: str, out: Path
) -> None:
    wrong = bytearray(DATA)
    wrong[3 * PIECE + 5] ^= 1
    here.ftp.files.put("/other/big.bin", bytes(wrong))
    get_pieces([here.url("ftp") + "other/big.bin", url], out, connections=1, metalink=metalink())
    assert out.read_bytes() == DATA


def test_a_file_that_is_another_one_never_gets_the_name(here: Lab, url: str, out: Path) -> None:
    here.ftp.files.put("/pub/big.bin", DATA[::-1])
    with pytest.raises(ChecksumMismatch):
        get_pieces([url], out, metalink=metalink())
    assert not out.exists()


@pytest.mark.slow
def test_a_run_that_was_stopped_is_gone_on_with(here: Lab, url: str, out: Path) -> None:
    here.ftp.faults.on("RETR", b"426 torn", cut=SMALLEST + 1000)
    here.ftp.faults.on("RETR", b"550 not now", times=99)
    with pytest.raises(PostelError):
        get_pieces([url], out, connections=1)
    assert not out.exists()
    here.ftp.faults.clear()
    moved = []
    get_pieces([url], out, connections=1, progress=lambda one: moved.append(one.done))
    assert out.read_bytes() == DATA
    assert moved[0] > SMALLEST, "it began afresh"


@pytest.mark.slow
def test_what_changed_meanwhile_is_begun_afresh(here: Lab, url: str, out: Path) -> None:
    here.ftp.faults.on("RETR", b"426 torn", cut=SMALLEST + 1000)
    here.ftp.faults.on("RETR", b"550 not now", times=99)
    with pytest.raises(PostelError):
        get_pieces([url], out, connections=1)
    here.ftp.faults.clear()
    here.ftp.files.put("/pub/big.bin", DATA[::-1])
    here.ftp.files.set_modified("/pub/big.bin", 1_600_000_000)
    get_pieces([url], out, connections=1)
    assert out.read_bytes() == DATA[::-1]


def test_an_empty_file(here: Lab, out: Path) -> None:
    here.ftp.files.put("/pub/empty", b"")
    get_pieces([here.url("ftp") + "pub/empty"], out)
    assert out.read_bytes() == b""
