"""Names as long as a disk takes: what is written to meanwhile is no longer than they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from postel import lab
from postel.transfer.mirror_sync import mirror
from postel.transfer.remote_sync import open as open_remote
from postel.wire.names import LONGEST_NAME, NOTE, is_unfinished, unfinished

LONG = [250 * "x" + ".txt", 255 * "y", 126 * "\u00e9" + ".a", 63 * "\U0001f600" + "a"]


@pytest.mark.parametrize("name", [*LONG, "a", 242 * "z", 243 * "z", 250 * "\udcff", "", ".", ".."])
def test_a_name_of_an_unfinished_transfer_fits(name: str) -> None:
    for end in (".postel", NOTE):
        made = unfinished(name, end)
        assert len(made.encode("utf-8", "surrogateescape")) <= LONGEST_NAME
        assert is_unfinished(made)
        assert "/" not in made
        assert made == unfinished(name, end), "a later run would not find it"
    assert unfinished(name) != unfinished(f"{name}2")


def test_names_that_begin_alike_do_not_meet() -> None:
    made = {unfinished(254 * "x" + last) for last in "abcdefgh"}
    assert len(made) == 8


def test_long_names_go_up_and_down(tmp_path: Path) -> None:
    ours, back = tmp_path / "ours", tmp_path / "back"
    ours.mkdir()
    for name in LONG:
        (ours / name).write_text(name)
    (ours / LONG[0]).write_bytes(bytes(5 << 20))  # one that moves by itself, and is gone on with
    said: list[str] = []
    with lab.start("ftp", watcher=lambda server, who, text: said.append(text)) as here:
        there = here.url("ftp", user="alice") + "up"
        keys = {"password": "secret", "security": "plain"}
        up = mirror(ours, there, target_options=keys)
        assert up.ok, up.failures
        with open_remote(f"{there}/{LONG[1]}", "wb", **keys) as file:
            file.write(b"written")
        down = mirror(there, back, source_options=keys)
    assert down.ok, down.failures
    assert {path.name for path in back.iterdir()} == set(LONG)
    assert (back / LONG[1]).read_text() == "written"
    stored = [name for text in said for name in re.findall(r"STOR (?:up/|/up/)?(.*)", text)]
    assert len(stored) == len(LONG) + 1
    assert max(len(name.encode()) for name in stored) <= LONGEST_NAME
