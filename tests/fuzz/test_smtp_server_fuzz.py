"""The lab's mail server under random bytes: replies and an orderly end, whatever comes."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import ProtocolError, UsageError
from postel.serving.server import Users
from postel.smtp.caught import Caught
from postel.smtp.envelope import Refused, mail_from, rcpt_to
from postel.smtp.server import SMTPServer
from postel.smtp.server_faults import MailFaults
from postel.smtp.server_session import Session
from postel.smtp.wire_server import ServerWire
from postel.types import Peer
from postel.wire.dots import stuffed
from postel.wire.lines import LineBuffer
from postel.wire.replies import ReplyReader

ALL = frozenset(("SIZE", "8BITMIME", "BINARYMIME", "SMTPUTF8", "DSN", "REQUIRETLS", "DELIVERBY",
                 "FUTURERELEASE", "MT-PRIORITY", "AUTH"))
WORDS = st.one_of(
    st.binary(max_size=8),
    st.sampled_from([
        b"EHLO x\r\n", b"LHLO x\r\n", b"HELO x\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n",
        b"MAIL FROM:<> BODY=BINARYMIME SMTPUTF8\r\n", b"RCPT TO:<\xc3\xbc@d> NOTIFY=NEVER\r\n",
        b"DATA\r\n", b"BDAT 5 LAST\r\n", b"BDAT 3\r\n", b"BDAT 99999999999999999999\r\n", b"\r\n.\r\n",
        b"\n.\n", b"\r.\r", b".\r\n", b"\r\n", b"AUTH PLAIN\r\n", b"AUTH LOGIN AA==\r\n", b"*\r\n",
        b"AUTH SCRAM-SHA-256 biwsbj14LHI9eA==\r\n", b"RSET\r\n", b"NOOP\r\n", b"QUIT\r\n", b"12345"]))


class Line:
    """What a session needs of a stream: it hears the script, and keeps what is said."""

    peer = Peer("client", "192.0.2.1", 1)

    def __init__(self, script: list[bytes]) -> None:
        self.script, self.said = script, b""

    async def receive(self) -> bytes:
        return self.script.pop(0) if self.script else b""

    async def send(self, data: bytes) -> None:
        self.said += data


def session(data: bytes, step: int, kind: str) -> tuple[bytes, list[Caught]]:
    caught: list[Caught] = []

    def sink(one: Caught) -> int:
        caught.append(one)
        return len(caught)

    server = SMTPServer(Users({"alice": "secret"}), sink, kind=cast("Any", kind))
    line = Line([data[at : at + step] for at in range(0, len(data), step)])
    asyncio.run(Session(server, cast("Any", line)).run())
    return line.said, caught


@given(st.lists(WORDS, max_size=25).map(b"".join), st.integers(1, 7),
       st.sampled_from(["smtp", "submission", "lmtp"]))
def test_a_session_of_anything(data: bytes, step: int, kind: str) -> None:
    said, caught = session(data, step, kind)
    lines, replies = LineBuffer(), ReplyReader()
    lines.feed(said)
    while replies.pull(lines) is not None:
        pass
    assert not len(lines), "whole replies only"
    for one in caught:
        assert one.rcpts
        assert not one.is_binary or one.mail.body == "BINARYMIME"
    whole, again = session(data, len(data) or 1, kind)
    assert [one.data for one in again] == [one.data for one in caught], "however it is cut"
    assert [line[:4] for line in whole.split(b"\r\n")] == [line[:4] for line in said.split(b"\r\n")] or (
        b"AUTH" in data)  # a nonce is new each time


@given(st.binary(max_size=200), st.integers(1, 9))
def test_messages_come_back(data: bytes, step: int) -> None:
    """What a careful client sends is what is there, and never a command."""
    data = data.replace(b"\r", b"").replace(b"\0", b"").replace(b"\n", b"\r\n")
    stream = (b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n" + stuffed(data)
              + b"MAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<c@d>\r\nBDAT %d LAST\r\n" % len(data)
              + data + b"QUIT\r\n")
    said, caught = session(stream, step, "smtp")
    ended = data if not data or data.endswith(b"\r\n") else data + b"\r\n"
    assert [one.data for one in caught] == [ended, data]
    assert said.endswith(b"221 2.0.0 bye\r\n")


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"x", b"QUIT"]), max_size=30).map(b"".join),
       st.integers(1, 5))
def test_only_one_place_ends_a_message(data: bytes, step: int) -> None:
    wire = ServerWire()
    wire.begin_data()
    stream = b"\r\n" + data + b"\r\n.\r\n"
    end = stream.find(b"\r\n.\r\n") + 2
    got, last = b"", False
    for at in range(0, len(stream), step):
        wire.feed(stream[at : at + step])
        while not last and (piece := wire.next_data()) is not None:
            got, last = got + piece.chunk, piece.last
    assert last
    assert got == stream[:end].replace(b"\r\n.", b"\r\n")
    bare = stream[:end].replace(b"\r\n", b"")
    assert wire.bare == (b"\r" in bare or b"\n" in bare)


@given(st.text(max_size=80) | st.lists(st.sampled_from(
    ["FROM:", "TO:", "<", ">", "@", '"', "\\", "a", "b.c", " ", "SIZE=", "1", "NOTIFY=", "NEVER",
     ",", "BODY=", "7BIT", "BY=", ";", "N", "+2B", "[", "]", "ü", "\udc80", "HOLDUNTIL="]),
    max_size=20).map("".join))
def test_envelopes(text: str) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    with contextlib.suppress(Refused):
        said = mail_from(text, ALL, now=now)
        again = mail_from(f"FROM:<{said.sender}> SMTPUTF8", ALL, now=now)
        assert again.sender == said.sender
    with contextlib.suppress(Refused):
        rcpt = rcpt_to(text, ALL, smtputf8=True)
        assert rcpt_to(f"TO:<{rcpt.recipient}>", ALL, smtputf8=True).recipient == rcpt.recipient


@given(st.text(max_size=60) | st.lists(st.sampled_from(
    ["RCPT", "b@", "→", "->", "452", "4.2.2", "once", "twice", "three times", ",", "then", "ok",
     "above", "5", "messages", "a", "second", "drop", "after", "354", "bytes", "silence"]),
    max_size=10).map(" ".join))
def test_sentences(text: str) -> None:
    with contextlib.suppress(UsageError):
        MailFaults().say(text)


@given(st.binary(max_size=300), st.integers(1, 9))
def test_requests(data: bytes, step: int) -> None:
    wire = ServerWire()
    with contextlib.suppress(ProtocolError):
        for at in range(0, len(data), step):
            wire.feed(data[at : at + step])
            while wire.next_request() is not None:
                pass
