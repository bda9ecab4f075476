"""A trace tells what was said, keeps secrets, and can be played again as a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from postel import lab, pop3
from postel.timing import Deadline
from postel.transport.memory_sync import Scripted
from postel.transport.trace import Record, Trace, parse


class Recorded:
    """A connector that leads to a recorded server."""

    def __init__(self, records: list[Record], slice: int) -> None:
        said = b"".join(record.data for record in records if record.who == "S")
        self.stream = Scripted(said, slice)

    def connect(self, host: str, port: int, *, deadline: Deadline) -> Scripted:
        return self.stream


def session(box: pop3.Client) -> Any:
    with box:
        return box.stat(), [data for _, data in box.retr_many(range(1, 4))], box.uidl()


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Any, str]:
    with lab.start("pop3") as here:
        for number in range(3):
            here.pop3.mailbox("alice").add(b"Subject: %d\r\n\r\n.dot \xff\r\n" % number)
        host, port = here.address("pop3")
        path = tmp_path / "trace.txt"
        box = pop3.Client(host, port=port, user="alice", password="secret", security="plain",
                          trace=path, auth="USER")
        return session(box), path.read_text("utf-8")


@pytest.mark.parametrize("slice", [1, 3, 7])
def test_a_trace_can_be_played_again(recorded: tuple[Any, str], slice: int) -> None:
    wanted, text = recorded
    connector: Any = Recorded(parse(text), slice)
    box = pop3.Client("127.0.0.1", user="alice", password="other", security="plain", auth="USER",
                      connector=connector)
    assert session(box) == wanted
    commands = [record.data for record in parse(text) if record.who == "C"]
    assert b"".join(commands).replace(b"PASS ***", b"PASS other") == connector.stream.sent_bytes


def test_secrets_are_not_in_it(recorded: tuple[Any, str]) -> None:
    _, text = recorded
    assert "secret" not in text
    assert "C: PASS ***\\r\\n" in text
    assert text.startswith("* connected to 127.0.0.1")
    assert "\\xff" in text


def test_what_is_no_trace() -> None:
    with pytest.raises(ValueError, match="no record of a trace"):
        parse("X: what?")


def test_only_the_last_records_are_kept() -> None:
    trace = Trace()
    for number in range(1000):
        trace.server(b"%d" % number + b"x" * 5000)
    assert len(trace.records) == 200
    assert trace.records[-1].left_out > 2000
    assert "more bytes" in trace.text
