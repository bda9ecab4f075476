"""The outbox against servers that fail: Postfix' smtp-sink, told what to refuse and when to hang up."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers import MTA
from servers.process import Daemon, free_ports, is_root, wait_for_ports

from postel.mail.outbox_sync import Outbox
from postel.mail.outbox_types import Item, Schedule
from postel.smtp.learned import LEARNED
from postel.smtp.types import DSN

Tool = Callable[[str], Path]
MAIL = b"From: ann@example.org\r\nSubject: hello\r\n\r\nhi\r\n"


@contextmanager
def sink(tool: Tool, tmp_path: Path, *options: str) -> Iterator[int]:
    [port] = free_ports(1)
    LEARNED.clear()
    who = ["-u", "nobody"] if is_root() else []
    daemon = Daemon("smtp-sink", [tool("smtp-sink"), *who, *options, f"127.0.0.1:{port}", "100"],
                    tmp_path)
    try:
        wait_for_ports(daemon, "127.0.0.1", [port], [])
        yield port
    finally:
        daemon.stop()


def tried(path: Path, port: int) -> list[Item]:
    with Outbox(path, schedule=Schedule(first=0.0, longest=0.0), security="plain") as box:
        for _ in range(2):
            box.add(MAIL, via=f"smtp://127.0.0.1:{port}", recipients=["a@x.org", "b@x.org"])
        return box.run()


@pytest.mark.parametrize(("options", "state"), [
    ((), "sent"), (("-p",), "sent"), (("-e",), "sent"), (("-f", "RCPT"), "refused"),
    (("-r", "RCPT"), "queued"), (("-f", "MAIL"), "refused"), (("-r", "MAIL"), "queued"),
    (("-r", "DATA"), "queued"), (("-r", "."), "queued"), (("-f", "."), "refused"),
    (("-q", "EHLO"), "queued"), (("-q", "MAIL"), "queued"), (("-q", "RCPT"), "queued"),
    (("-q", "DATA"), "queued"), (("-q", "."), "unknown")], ids=str)
def test_what_becomes_of_it(options: tuple[str, ...], state: str, tool: Tool,
                            tmp_path: Path) -> None:
    """A refusal is final or not, a hang-up before the end means again; after it, nobody knows."""
    with sink(tool, tmp_path, *options) as port:
        items = tried(tmp_path / "outbox.db", port)
    assert [item.states() for item in items] == [{state: 2}] * 2


def test_nobody_is_there(tool: Tool, tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        items = tried(tmp_path / "outbox.db", held.getsockname()[1])
    assert [item.states() for item in items] == [{"queued": 2}] * 2
    with sink(tool, tmp_path) as port, Outbox(tmp_path / "outbox.db") as box:
        assert port
        assert {item.id for item in box.items()} == {1, 2}


def test_reports_of_postfix(mta: MTA, tmp_path: Path) -> None:
    """Relayed, says Postfix: by the envelope's name, and by the Message-ID without it."""
    found: list[bytes] = []
    with Outbox(tmp_path / "outbox.db", security="plain") as box:
        items = [box.add(b"From: ann@example.org\r\nMessage-ID: <outbox.%d@example.org>\r\n" % number
                         + b"Subject: x\r\n\r\nhi\r\n", via=f"smtp://127.0.0.1:{mta.smtp}",
                         recipients=["Reported@example.org", "nobody@example.org"],
                         dsn=DSN(("success", "failure"), "headers"))
                 for number in range(2)]
        box.run()
        deadline = time.monotonic() + 20
        while len(found) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
            found = [one for one in mta.mailbox("ann") if b"<outbox." in one]
        assert len(found) == 2
        unnamed = found[1]
        for item in items:
            unnamed = unnamed.replace(item.envid.encode(), b"another")
        for raw in (found[0], unnamed):
            assert [one.action for one in box.report(raw)] == ["relayed"]
        for item in items:
            assert {one.address: one.state for one in box.get(item.id).destinations} == {
                "Reported@example.org": "sent", "nobody@example.org": "refused"}
