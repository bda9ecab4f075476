"""The responses of real IMAP servers that MailKit has collected: all of them are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from postel.imap.wire import Command, Reply, Untagged, Wire, command

CORPORA = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).resolve().parents[3] / "shared"
                              / "corpora"))
FILES = sorted((CORPORA / "transcripts" / "mailkit" / "imap").rglob("*.txt"))
GIVEN = command(b"GIVEN")
EVERYTHING = ("FETCH", "LIST", "LSUB", "SEARCH", "ESEARCH", "SORT", "THREAD", "STATUS", "QUOTA")


@pytest.mark.skipif(not FILES, reason="MailKit's responses are not there: transcripts/mailkit/imap")
def test_every_response_is_read_whole_and_by_bytes() -> None:
    assert len(FILES) > 100
    for path in FILES:
        data = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        data = data.replace(b"A########", b"A1")
        once, bytewise = read(data, len(data)), read(data, 1)
        assert once == bytewise, path.name
        last = once[-1][1] if once else None
        if b"A1 " in data and not data.startswith(b"+"):
            assert isinstance(last, Reply), path.name
            assert last.tagged, path.name
        assert all(event.name.replace("-", "").replace("=", "").isalnum()
                   for _, event in once if isinstance(event, Untagged)), path.name


def read(data: bytes, step: int) -> list[tuple[Command | None, object]]:
    wire = Wire()
    if not data.startswith((b"* OK", b"* PREAUTH")) or b"A1 " in data:
        wire.feed(b"* OK ready\r\n")
        wire.next_event()
    wire.send(Command(b"ANYTHING", takes=frozenset(EVERYTHING), waits=True))
    found: list[tuple[Command | None, object]] = []
    for start in range(0, len(data), step):
        wire.feed(data[start : start + step])
        while (event := wire.next_event()) is not None:
            found.append((None if event[0] is None else GIVEN, event[1]))
    return found
