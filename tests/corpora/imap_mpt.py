"""Replays the dialogues of James's test suite against our IMAP server, command by command.

A script has lines of the client (``C:``), and lines of the server as regular expressions
(``S:``), some of them in any order (``SUB {``), of one session or several. What is compared: the
kind of each answer and its code; all data, without regard to case, quotes and order. What is not:
texts for people, RECENT, and untagged OK that were not asked for.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from postel.imap.server import IMAPServer
from postel.imap.server_options import IMAPOptions
from postel.imap.server_session import Session
from postel.serving.mail_store import MailStore
from postel.serving.server import Users
from postel.types import Peer

__all__ = ["Block", "read", "replay"]

USERS = {"imapuser": "password", "boby": "password", "imapuser@domain": "password"}


@dataclass
class Block:
    """What is said, by whom, and what is expected."""

    session: str
    said: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)


def read(text: str) -> list[Block]:
    """A script's exchanges."""
    session, blocks = "1", list[Block]()
    for line in text.splitlines():
        if line.startswith("SESSION:"):
            session = line.partition(":")[2].strip()
        elif line.startswith("REINIT"):
            blocks.append(Block(session, ["REINIT"]))
        elif line.startswith("C:"):
            if not blocks or blocks[-1].expected or blocks[-1].session != session or (
                    blocks[-1].said == ["REINIT"]):
                blocks.append(Block(session))
            blocks[-1].said.append(line[3:] if line.startswith("C: ") else line[2:])
        elif line.startswith("S:"):
            if not blocks or blocks[-1].session != session:
                blocks.append(Block(session))
            blocks[-1].expected.append(line[3:] if line.startswith("S: ") else line[2:])
    return blocks


class Line:
    """A stream that tells when all that was sent has been dealt with."""

    peer = Peer("client", "192.0.2.1", 1)
    deadline: object = None

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()
        self.idle = asyncio.Event()
        self.said = b""

    async def receive(self) -> bytes:
        if self.queue.empty():
            self.idle.set()
        data = await self.queue.get()
        self.idle.clear()
        return data

    async def send(self, data: bytes) -> None:
        self.said += data


class Player:
    """One server, and the sessions of a script."""

    def __init__(self) -> None:
        self.stores = {user: MailStore(user, delimiter=".") for user in USERS}
        self.server = IMAPServer(Users(USERS), self.stores.get)
        self.lines: dict[str, tuple[Line, asyncio.Task[None]]] = {}

    async def session(self, name: str, login: bool) -> Line:
        """The session of this name, begun if it is not there."""
        if name not in self.lines:
            line = Line()
            options = IMAPOptions()
            options.without |= {"IMAP4rev2"}
            task = asyncio.ensure_future(Session(self.server, cast("Any", line), options).run())
            self.lines[name] = line, task
            await self.until_idle(name)
            if login:
                line.said = b""
                await self.say(name, b"0 LOGIN imapuser password\r\n")
            line.said = b"" if login else line.said
        return self.lines[name][0]

    async def until_idle(self, name: str) -> None:
        line, task = self.lines[name]
        waiting = asyncio.ensure_future(line.idle.wait())
        await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def say(self, name: str, data: bytes) -> None:
        line = self.lines[name][0]
        line.idle.clear()
        line.queue.put_nowait(data)
        await self.until_idle(name)
        for other, (_, task) in self.lines.items():  # news reach those who idle
            if other != name and not task.done():
                for _ in range(5):
                    await asyncio.sleep(0)

    async def play(self, block: Block, login: bool) -> bytes:
        """Say what the block says; what the server has said since the last."""
        if block.said == ["REINIT"]:
            await self.end()
            return b""
        line = await self.session(block.session, login)
        if block.said:
            block.said[0] = re.sub(r"(?<=\S)  +(?=\S)", " ", block.said[0])
            await self.say(block.session, b"".join(f"{one}\r\n".encode() for one in block.said))
        said, line.said = line.said, b""
        return said

    async def end(self) -> None:
        """All sessions end."""
        for line, task in self.lines.values():
            line.queue.put_nowait(b"")
            await task
        self.lines.clear()


_STATUS = re.compile(r"((?:\S+|\\\*) (?:OK|NO|BAD|BYE|PREAUTH))\b(.*)", re.DOTALL)


def pattern(line: str) -> re.Pattern[str]:
    """An expected line, as far as it is compared."""
    status = _STATUS.match(line)
    if status:
        code = re.match(r" (\\\[[A-Za-z].*?\\\])(?!\S)", status[2])
        return re.compile(status[1] + (" " + code[1] if code else "") + ".*", re.IGNORECASE)
    if line.startswith("\\+"):
        return re.compile(r"\+.*")
    loose = re.sub(r'\\?"', '"?', _without_recent(line, "\\\\Recent")).rstrip()
    try:
        return re.compile(loose + " *", re.IGNORECASE)
    except re.error:
        return re.compile(re.escape(line), re.IGNORECASE)


def _without_recent(line: str, flag: str) -> str:
    """James keeps \\\\Recent when a folder is opened again; RFC 3501 does not."""
    return line.replace(f"{flag} ", "").replace(f" {flag}", "").replace(flag, "")


def differs(block: Block, said: bytes) -> str:
    """What of a block is not as expected; "" where all is."""
    lines = said.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n").split("\n")
    lines = [_without_recent(line, "\\Recent") for line in lines]
    left = [line for line in lines if line and not re.fullmatch(r"\* \d+ RECENT", line)]
    for wanted in block.expected:
        if not wanted.strip() or re.search(r"RECENT *\Z", wanted):
            continue
        expression = pattern(wanted)
        match = next((one for one in left
                      if expression.fullmatch(one) or expression.fullmatch(one.replace('"', ""))),
                     None)
        if match is None:
            return f"expected {wanted!r}, found {left[:4]}"
        left.remove(match)
    extra = [one for one in left if one.startswith("* ") and not re.match(r"\* (OK|BYE) ", one)]
    return f"not expected: {extra[0]}" if extra else ""


_OPEN = re.compile(r"\S+ (?:UID )?(?:FETCH|STORE|CHECK|EXPUNGE|SEARCH|COPY|MOVE|CLOSE)\b", re.IGNORECASE)


def replay(path: Path) -> tuple[int, int, str]:
    """How many exchanges of a script are as expected, of how many, and the first that is not."""

    async def run() -> tuple[int, int, str]:
        player, good, first = Player(), 0, ""
        blocks = read(path.read_text("utf-8", "replace"))
        said = [block.said[0] for block in blocks if block.said]
        login = not any("Server ready" in one for block in blocks for one in block.expected) and (
            path.stem not in NOT_LOGGED_IN)
        opens = any(re.match(r"\S+ (SELECT|EXAMINE)\b", one, re.IGNORECASE) for one in said)
        if (any(map(_OPEN.match, said)) and not opens) or path.stem in SELECTED:
            for block in read((path.parent / "SelectedStateSetup.test").read_text("utf-8")):
                await player.play(block, login)
        for block in blocks:
            wrong = differs(block, await player.play(block, login))
            good += not wrong
            if wrong and not first:
                first = f"{block.said[0][:60] if block.said else ''}: {wrong}"
        await player.end()
        return good, len(blocks), first

    return asyncio.run(run())


NOT_LOGGED_IN = frozenset({"Login", "Welcome", "Authenticate", "AuthenticatePlain",
                           "ValidNonAuthenticated", "LoginThreeStrikes", "BogusCommand"})
SELECTED = frozenset({"FetchEnvelope", "FetchInternalDate", "FetchPartial", "MoveNoMSG", "Copy", "Move", "Uid",
                      "RenameHierarchy", "RenameInbox"})
