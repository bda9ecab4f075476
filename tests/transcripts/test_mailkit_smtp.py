"""What servers said in MailKit's SMTP sessions: each answer is read, whole and by the byte."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from postel.smtp import wire
from postel.smtp.types import Reply, Status

BASE = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).resolve().parents[3] / "shared"
                           / "corpora")) / "transcripts" / "mailkit" / "smtp"
EXTENSIONS = {"comcast-ehlo.txt": {"SIZE", "STARTTLS", "8BITMIME", "AUTH"},
              "comcast-ehlo+pipelining.txt": {"PIPELINING"},
              "comcast-ehlo+smtputf8.txt": {"SMTPUTF8"}, "comcast-ehlo+dsn.txt": {"DSN"},
              "comcast-ehlo+requiretls.txt": {"REQUIRETLS"},
              "comcast-ehlo+binarymime.txt": {"BINARYMIME", "CHUNKING"}}


def answers() -> list[Any]:
    if not BASE.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(
            "corpus transcripts/mailkit/smtp is absent (set POSTEL_CORPORA)"))]
    return [pytest.param(path, id=path.name) for path in sorted(BASE.iterdir())]


@pytest.mark.parametrize("path", answers())
def test_answers_are_read(path: Path) -> None:
    data = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    found: list[list[Reply]] = []
    for step in (1, len(data)):
        grammar = wire.Wire()
        for _ in range(data.count(b"\r\n")):
            grammar.send(wire.auth("PLAIN", None) if data[:3] == b"334" else wire.command("NOOP"))
        grammar.send(wire.auth("PLAIN", None))
        replies = []
        if data[:3] == b"334":
            grammar.feed(b"220 before\r\n")
        for at in range(0, len(data), step):
            grammar.feed(data[at:at + step])
            while (event := grammar.next_event()) is not None:
                replies.append(event[1])
        found.append(replies)  # type: ignore[arg-type]
    assert found[0] == found[1]
    assert found[0]
    last = found[0][-1]
    if isinstance(last, Reply):
        assert data[:3] == b"334" or last.code == int(data.split(b"\r\n")[-2][:3])
        if last.status is not None:
            assert last.status == Status.parse(str(last.status))
        if wanted := EXTENSIONS.get(path.name):
            assert wanted <= set(wire.parse_ehlo(last)) | {"AUTH"}
