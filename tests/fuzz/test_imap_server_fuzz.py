"""The lab's IMAP server under random commands: answers and an orderly end, whatever comes."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import ProtocolError
from postel.imap.commands import Arguments
from postel.imap.fetch_items import read_items, read_modifiers
from postel.imap.list_options import read_listing, read_status_items
from postel.imap.rendering import envelope, section, structure
from postel.imap.search_program import read_search, read_sort, read_thread
from postel.imap.server import IMAPServer
from postel.imap.server_options import IMAPOptions
from postel.imap.server_session import Session
from postel.imap.server_verbs import VERBS
from postel.imap.tokens import parse as parse_tokens
from postel.imap.wire_server import Announced, Request, ServerWire
from postel.messages import parse
from postel.serving.mail_store import MailStore
from postel.serving.server import Users
from postel.types import Peer

PIECES = st.sampled_from([
    b" ", b"(", b")", b'"', b"\\", b"{", b"}", b"[", b"]", b"<", b">", b"*", b"%", b"$", b",", b":",
    b".", b"+", b"-", b"~", b"\0", b"\xff", b"1", b"0", b"4294967295", b"1:*", b"INBOX", b"Sent",
    b"FLAGS", b"BODY", b"BODY[", b"BINARY.PEEK[", b"HEADER", b"HEADER.FIELDS (X)", b"MIME", b"UID",
    b"NOT", b"OR", b"SUBJECT", b"CHARSET UTF-8", b"RETURN (", b"SAVE", b"ALL", b"BEFORE 1-Feb-2026",
    b"\\Seen", b"\\Deleted", b"(CHANGEDSINCE 1", b"(UNCHANGEDSINCE 1) ", b"+FLAGS.SILENT ", b'""',
    b"NIL", b"{3+}\r\nabc", b"~{2+}\r\na\0", b"{2}\r\n", b"{99999999999}", b"SUBSCRIBED", b"STATUS",
    b"MESSAGES", b"(DATE) UTF-8 ", b"REFERENCES UTF-8 ", b"/private/x", b"(USE (\\Sent))", b"PLAIN ",
    b"AGFsaWNlAHNlY3JldA==", b"DONE", b"\r\n", b"SET ", b"(INBOXES (MessageNew))", b"DEFLATE"])
ARGUMENTS = st.lists(st.one_of(PIECES, PIECES, st.binary(max_size=3)), max_size=12).map(b"".join)
COMMANDS = st.lists(st.tuples(st.sampled_from(sorted(VERBS)), ARGUMENTS), max_size=6)
MAIL = b"From: a@b\r\nSubject: x\r\n\r\nhi\r\n"


class Line:
    """What a session needs of a stream: it hears the script, and keeps what is said."""

    peer = Peer("client", "192.0.2.1", 1)
    deadline: object = None

    def __init__(self, script: list[bytes]) -> None:
        self.script, self.said = script, b""

    async def receive(self) -> bytes:
        await asyncio.sleep(0)
        return self.script.pop(0) if self.script else b""

    async def send(self, data: bytes) -> None:
        self.said += data


@given(commands=COMMANDS, step=st.integers(1, 400))
def test_a_session_answers_or_ends(commands: list[tuple[str, bytes]], step: int) -> None:
    store = MailStore("alice", folders=[("Sent", ())])
    store.append("INBOX", MAIL)
    data = b"l LOGIN alice secret\r\ns SELECT INBOX\r\n" + b"".join(
        b"c%d %b %b\r\n" % (number, verb.encode(), rest)
        for number, (verb, rest) in enumerate(commands) if verb != "COMPRESS")

    async def run() -> bytes:
        server = IMAPServer(Users({"alice": "secret"}), lambda user: store)
        line = Line([data[at : at + step] for at in range(0, len(data), step)])
        await Session(server, cast("Any", line), IMAPOptions()).run()
        return line.said

    said = asyncio.run(run())
    assert said.startswith(b"* OK")
    assert b"l OK" in said
    for tag in re.findall(rb"^(c\d) OK", said, re.MULTILINE):
        assert len(re.findall(rb"^%b (?:OK|NO|BAD)" % tag, said, re.MULTILINE)) >= 1


@given(data=st.lists(st.one_of(PIECES, st.binary(max_size=6)), max_size=20).map(b"".join),
       step=st.integers(1, 30), accepts=st.booleans())
def test_the_wire_gives_requests_whole(data: bytes, step: int, accepts: bool) -> None:
    wire = ServerWire()
    with contextlib.suppress(ProtocolError):
        for at in range(0, len(data), step):
            wire.feed(data[at : at + step])
            while (event := wire.next_event()) is not None:
                if isinstance(event, Announced):
                    wire.accept() if accepts and event.size < 1_000 else wire.refuse()
                    continue
                assert isinstance(event, Request)
                assert len(event.pieces) % 2 == 1
                assert len(event.binary) == len(event.pieces) // 2


@given(rest=ARGUMENTS, literals=st.lists(st.binary(max_size=5), max_size=3))
def test_arguments_are_read_or_refused(rest: bytes, literals: list[bytes]) -> None:
    pieces = [rest.replace(b"\r\n", b"")]
    for one in literals:
        pieces += [one, b" "]
    request = Request("a", "UID FETCH", tuple(pieces), tuple(False for _ in literals))

    def can(name: str) -> bool:
        return True

    for reader in (read_search, read_sort, read_thread, read_items, read_modifiers,
                   lambda words: read_listing(words, can),
                   lambda words: read_status_items(words, can),
                   Arguments.mailbox, Arguments.flags, Arguments.moment, Arguments.date,
                   Arguments.numbers):
        with contextlib.suppress(ProtocolError):
            reader(Arguments(request))  # type: ignore[operator]


WORDS = st.lists(st.one_of(st.binary(max_size=12), st.sampled_from([
    b"From: ", b"To: a@b, grp: c@d;", b"\r\n", b"\r\n\r\n", b"Content-Type: multipart/mixed; boundary=b",
    b"--b\r\n", b"--b--\r\n", b"Content-Type: message/rfc822", b"Subject: =?utf-8?q?=C3=BC?=",
    b"Content-Disposition: attachment; filename=\"a\\\"b\"", b"Content-Language: de, en",
    b"Content-Transfer-Encoding: base64\r\n"])), max_size=15).map(b"".join)


@given(data=WORDS)
def test_what_is_written_can_be_read(data: bytes) -> None:
    """ENVELOPE and BODYSTRUCTURE of any message have their ten and their many fields."""
    message = parse(data)
    for text in (envelope(message), structure(message), structure(message, extended=False)):
        values = parse_tokens(pieces(b"* 1 FETCH (X " + text + b")"))
        inner = values[3]
        assert isinstance(inner, list)
        assert len(inner) == 2
        assert isinstance(inner[1], list)
        if text == envelope(message):
            assert len(inner[1]) == 10
    from postel.imap.fetch_items import Section

    header, body = section(message, Section((), "HEADER")), section(message, Section((), "TEXT"))
    assert (header or b"") + (body or b"") == message.raw[message.root.start:message.root.end]


def pieces(data: bytes) -> list[bytes]:
    """A response cut at its literals, as the client reads it."""
    out, at = list[bytes](), 0
    for found in re.finditer(rb"\{(\d+)\}\r\n", data):
        if found.start() < at:
            continue
        start, size = found.end(), int(found[1])
        out += [data[at : start - 2], data[start : start + size]]
        at = start + size
    return [*out, data[at:]]
