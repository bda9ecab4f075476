"""Somebody at the keys of the console, and mail to read. No test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from postel.cli.console.access import Access
from postel.cli.console.app import Console
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
            if not self.app._busy:
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
