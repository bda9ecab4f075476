"""The console, by its keys, in the lab: what is on the screen, and what is on the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from postel import lab
from postel.cli.console.access import Access
from postel.cli.console.app import Console
from postel.cli.console.asking import Choose, Line, Pick
from postel.cli.console.pages import Editor
from postel.cli.options import Settings
from postel.messages import parse
from postel.serving.mail_store import MailStore

MAIL = (
    b"From: Ann Example <ann@lab.test>\r\nTo: alice@lab.test, carol@lab.test\r\n"
    b"Subject: The plan\r\nMessage-ID: <1@x>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\n"
    b"Shall we?\r\n",
    b"From: =?utf-8?b?G1szMW1ldmls?= <eve@example.org>\r\nSubject: [bold]x[/] a\x1b[2Jb\r\n"
    b"Message-ID: <2@x>\r\nDate: Fri, 20 Nov 2026 11:00:00 +0000\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
    b"<p>[red]red[/red] [@click=app.stop()]go[/] \x1b[31m</p>\r\n--b\r\n"
    b'Content-Disposition: attachment; filename="../../[b]evil.txt"\r\n\r\nboo\r\n--b--\r\n',
    b"From: Bob <bob@lab.test>\r\nTo: alice@lab.test\r\nSubject: Re: The plan\r\n"
    b"Message-ID: <3@x>\r\nReferences: <1@x>\r\nDate: Fri, 20 Nov 2026 12:00:00 +0000\r\n"
    b"\r\nYes, at noon.\r\n",
    "From: 田中 <tanaka@example.jp>\r\nSubject: 日本語の件名です、とても長い件名なので切られます\r\n"
    "Message-ID: <4@x>\r\nDate: Fri, 20 Nov 2026 13:00:00 +0000\r\n\r\n\r\n".encode(),
)
IMAP = "imap://alice:secret@imap.lab.test/"
VIA = "submission://alice:secret@submission.lab.test/"


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("imap", "pop3", "smtp", "submission") as started:
        yield started


@pytest.fixture
def store(running: lab.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MailStore:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("EDITOR", "VISUAL", "POSTEL_FROM", "POSTEL_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    box: MailStore = running.imap.mailbox("alice")
    for folder in box.folders.values():
        box.expunge(folder, list(folder.messages))
    for data in MAIL:
        box.append("INBOX", data)
    return box


class Hands:
    """Somebody at the keys."""

    def __init__(self, app: Console, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settled()

    async def settled(self) -> None:
        """Until nothing is going on but waiting: for news, or for an answer of ours."""
        for _ in range(400):
            await self.pilot.pause()
            asked = sum(isinstance(one, Choose | Line | Pick | Editor)
                        for one in self.app.screen_stack)
            if self.app._busy <= asked:
                await self.pilot.pause()
                return
            await asyncio.sleep(0.005)
        pytest.fail(f"it does not come to rest:\n{self.text}")

    @property
    def text(self) -> str:
        """The screen."""
        screen = self.app.screen
        strips = screen._compositor.render_strips(screen.size)
        return "\n".join(strip.text.rstrip() for strip in strips)


@asynccontextmanager
async def console(where: str = IMAP, *, size: tuple[int, int] = (80, 24),
                  via: str | None = VIA) -> AsyncIterator[Hands]:
    app = Console(Access.of(where, Settings(), via=via, from_="Alice <alice@lab.test>"))
    async with app.run_test(size=size) as pilot:
        hands = Hands(app, pilot)
        await hands.settled()
        yield hands


def subjects(store: MailStore, folder: str) -> list[str]:
    return [parse(one.data).subject for one in store[folder].messages.values()]


def flags(store: MailStore, number: int) -> set[str]:
    return set(list(store["INBOX"].messages.values())[number].flags)


async def test_lists_and_reads_and_nothing_is_obeyed(store: MailStore) -> None:
    async with console() as at:
        rows = at.text.split("\n")
        assert rows[0].startswith(" Postel   imap://alice@imap.lab.test/   INBOX   4 new of 4")
        assert "Inbox" in rows[1]
        assert "[bold]x[/] a\\x1b[2Jb" in rows[1]
        assert "N   [31mevil" in rows[1]  # the name was so: ESC is none of it
        assert "N   Ann Example" in rows[2]
        assert "└ Re: The plan" in rows[3]
        assert "\x1b" not in at.text
        assert all(one.cell_length == 80 for one in at.app.screen._compositor.render_strips(
            at.app.screen.size))
        await at.press("enter")
        assert "[red]red[/red] [@click=app.stop()]go[/] \\x1b[31m" in at.text
        assert "1. [b]evil.txt  text/plain, 3 B" in at.text.replace("_b_", "[b]")
        assert "\\Seen" in flags(store, 1)
        await at.press("n")
        assert "Shall we?" in at.text
        await at.press("h")
        assert "Message-ID <1@x>" in at.text
