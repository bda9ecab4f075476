"""The lab's IMAP server against clients that break off, dribble, boast and dig."""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast

import pytest

from postel.errors import ProtocolError, TimedOut
from postel.imap.server import IMAPServer
from postel.imap.server_options import IMAPOptions
from postel.imap.server_session import Session
from postel.imap.wire_server import ServerWire
from postel.serving.mail_store import MailStore
from postel.serving.server import Users
from postel.types import Peer

MAIL = b"From: a@b\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b--\r\n"
DAY = (b"a1 LOGIN {5}\r\nalice {6}\r\nsecret\r\na2 ENABLE QRESYNC\r\na3 SELECT INBOX\r\n"
       b"a4 UID FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY[HEADER.FIELDS (SUBJECT {4+}\r\nFrom)]<0.9>)"
       b"\r\na5 SEARCH RETURN (ALL) OR (SUBJECT x) NOT UID 4\r\n"
       b"a6 APPEND INBOX (\\Seen) {6+}\r\na: b\r\n {3+}\r\nc:d\r\na7 STORE 1 +FLAGS (\\Deleted)\r\n"
       b"a8 COPY 1 Sent\r\na9 EXPUNGE\r\na10 LIST (SUBSCRIBED) \"\" (* %) RETURN (CHILDREN)\r\n"
       b"a11 IDLE\r\nDONE\r\na12 LOGOUT\r\n")


class Line:
    """What a session needs of a stream: it hears the script, and keeps what is said."""

    peer = Peer("client", "192.0.2.1", 1)
    deadline: object = None

    def __init__(self, script: list[bytes], *, silent: bool = False) -> None:
        self.script, self.said, self.silent = script, b"", silent

    async def receive(self) -> bytes:
        await asyncio.sleep(0)
        if not self.script and self.silent:
            raise TimedOut("silence")
        return self.script.pop(0) if self.script else b""

    async def send(self, data: bytes) -> None:
        self.said += data


def served(pieces: list[bytes], *, store: MailStore | None = None, silent: bool = False,
           **options: Any) -> bytes:
    """What the server says to these pieces."""
    mail = store if store is not None else MailStore("alice", folders=[("Sent", ())])
    if store is None:
        mail.append("INBOX", MAIL)

    async def run() -> bytes:
        server = IMAPServer(Users({"alice": "secret"}), lambda user: mail)
        line = Line(pieces, silent=silent)
        await Session(server, cast("Any", line), IMAPOptions(**options)).run()
        return line.said

    return asyncio.run(run())


def test_the_day_goes_well() -> None:
    said = served([DAY])
    assert re.findall(rb"^(a\d+) OK", said, re.MULTILINE) == [b"a%d" % n for n in range(1, 13)]


@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_a_few_bytes_at_a_time_say_the_same(step: int) -> None:
    whole = re.findall(rb"^(a\d+ \w+)", served([DAY]), re.MULTILINE)
    pieces = [DAY[at : at + step] for at in range(0, len(DAY), step)]
    assert re.findall(rb"^(a\d+ \w+)", served(pieces), re.MULTILINE) == whole


def test_cut_at_every_byte() -> None:
    """The session ends, without an error, and no half command is carried out."""
    for end in range(0, len(DAY), 3):
        store = MailStore("alice", folders=[("Sent", ())])
        store.append("INBOX", MAIL)
        said = served([DAY[:end]], store=store)
        assert said.startswith(b"* OK")
        done = len(re.findall(rb"^a6 OK", said, re.MULTILINE))
        assert store["INBOX"].uidnext == 2 + 2 * done, "both messages of the APPEND, or none"


@pytest.mark.parametrize(("line", "answer"), [
    (b"a LOGIN {99999999999}\r\n", rb"a NO \[TOOBIG\]"),
    (b"a LOGIN {20000}\r\n", rb"a NO \[TOOBIG\]"),
    (b"a LOGIN {99999999999+}\r\n", rb"\* BYE a literal of 99999999999 bytes"),
    (b"a LOGIN {99999999999999999999}\r\n", rb"a NO \[TOOBIG\]"),
    (b"a LOGIN {999999999999999999999}\r\n", rb"a BAD"),
    (b"a LOGIN {-1}\r\n", rb"a BAD"),
    (b"a LOGIN alice {}\r\n", rb"a BAD"),
    (b"a NOOP" + b" " * 70_000 + b"\r\n", rb"\* BYE a line of over 65536 bytes"),
    (b"x" * 70_000, rb"\* BYE a line of over 65536 bytes"),
    (b"\r\n", rb"\* BAD"), (b" \r\n", rb"\* BAD"), (b"a\r\n", rb"a BAD"), (b"a \r\n", rb"a BAD"),
    (b"* NOOP\r\n", rb"\* BAD"), (b"+ NOOP\r\n", rb"\* BAD"), (b"a( NOOP\r\n", rb"\* BAD"),
    (b"\0 NOOP\r\n", rb"\* BAD"), (b"a UID\r\n", rb"a BAD"), (b"a UID NOOP\r\n", rb"a BAD"),
    (b"a \xff\xfe\r\n", rb"a BAD"), (b"a NOOP x\r\n", rb"a BAD"), (b"a\tNOOP\r\n", rb"\* BAD"),
])
def test_absurd_beginnings(line: bytes, answer: bytes) -> None:
    said = served([line])
    assert re.search(answer, said.partition(b"\r\n")[2]), said


@pytest.mark.parametrize("command", [
    b"SEARCH " + b"NOT " * 5_000 + b"ALL",
    b"SEARCH " + b"(" * 5_000 + b"ALL" + b")" * 5_000,
    b"SEARCH " + b"OR " * 3_000 + b"ALL " * 3_000 + b"ALL",
    b"SEARCH " + b"ALL " * 6_000 + b"ALL",
    b"FETCH 1 BODY[" + b"1." * 2_000 + b"1]",
    b"FETCH 1 BODY[" + b"9" * 40 + b"]",
    b"FETCH 1 " + b"(" * 1_000 + b"UID" + b")" * 1_000,
    b"FETCH 99999999999999999999 UID", b"FETCH 0 UID", b"FETCH 1:0 UID", b"FETCH -1 UID",
    b"UID FETCH 1 (FLAGS) (CHANGEDSINCE 99999999999999999999)",
    b"LIST \"\" (" + b"* " * 300 + b"*)",
    b"SELECT INBOX (QRESYNC (1 1 1:4294967295))", b"NOTIFY SET (SUBTREE () (MessageNew))",
    b"SORT (" + b"DATE " * 100 + b"DATE) UTF-8 ALL", b"STORE 1 FLAGS (\\Recent)",
    b"STORE 1 FLAGS \\*", b"CREATE \"a\x01b\"", b"CREATE " + b"x/" * 400 + b"x",
    b"SETMETADATA INBOX (/private/" + b"x" * 900 + b" y)", b'ID (' + b'"a" "b" ' * 40 + b")",
    b"SEARCH UID 1:2:3", b"SEARCH 1,,2", b"STATUS INBOX MESSAGES", b"APPEND INBOX x",
])
def test_absurd_arguments(command: bytes) -> None:
    said = served([b"1 LOGIN alice secret\r\n2 ENABLE QRESYNC\r\n3 SELECT INBOX\r\na " + command
                   + b"\r\nb NOOP\r\n"])
    assert re.search(rb"^a (BAD|NO)", said, re.MULTILINE), said[-500:]
    assert re.search(rb"^b OK", said, re.MULTILINE), "the session lives"


def test_a_pattern_of_wildcards_is_matched_in_time() -> None:
    store = MailStore("alice")
    store.create("a" * 900)
    said = served([b'1 LOGIN alice secret\r\na LIST "" ' + b"*a%a" * 200 + b"b\r\nb NOOP\r\n"],
                  store=store)
    assert b"a OK" in said
    assert b"* LIST" not in said


def test_a_refused_literal_is_thrown_away_and_not_obeyed() -> None:
    """What came with a literal that was not wanted is never read as commands."""
    evil = b"x DELETE Sent\r\n"
    store = MailStore("alice", folders=[("Sent", ())])
    size = 70_000
    bomb = evil + b"y" * (size - len(evil))
    said = served([b"1 LOGIN alice secret\r\na CREATE {%d+}\r\n" % size + bomb + b"\r\nb NOOP\r\n"],
                  store=store)
    assert b"a NO [TOOBIG]" in said
    assert re.search(rb"^b OK", said, re.MULTILINE)
    assert b"\nx " not in said
    assert store.has("Sent")


def test_too_many_literals_and_too_much_nonsense() -> None:
    said = served([b"1 LOGIN alice secret\r\na LIST \"\" ({1+}\r\nx" + b" {1+}\r\nx" * 12_000])
    assert b"* BYE a command with over 10000 literals" in said
    said = served([b"a NONSENSE\r\n" * 100])
    assert said.count(b"a BAD") == 51 - 1
    assert b"* BYE too many commands that were none" in said


def test_silence_is_told() -> None:
    assert b"* BYE you were silent for too long" in served([b"a NOOP\r\n"], silent=True)


def test_deep_messages_do_not_break_the_structure() -> None:
    store = MailStore("alice")
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
                    for n in range(3_000)) + b"\r\nx\r\n"
    rfc822 = b"Content-Type: message/rfc822\r\n\r\n" * 3_000 + b"Subject: x\r\n\r\ny\r\n"
    store.append("INBOX", deep)
    store.append("INBOX", rfc822)
    store.append("INBOX", b"\r\n")
    store.append("INBOX", b"no header at all")
    said = served([b"1 LOGIN alice secret\r\n2 SELECT INBOX\r\n3 FETCH 1:4 (BODYSTRUCTURE ENVELOPE "
                   b"PREVIEW BODY.PEEK[1.1.1.1.1] BODY.PEEK[HEADER])\r\n4 SEARCH BODY zzz\r\n"],
                  store=store)
    assert b"3 OK" in said
    assert b"4 OK" in said
    assert said.count(b" FETCH (") == 4


def test_the_wire_is_linear_in_dribbles() -> None:
    """A megabyte of literal, byte by byte in pieces of one, is held once and whole."""
    wire = ServerWire()
    wire.feed(b"a APPEND INBOX {50000}\r\n")
    assert wire.next_event() is not None
    wire.accept()
    for _ in range(50_000):
        wire.feed(b"x")
        assert wire.next_event() is None
    wire.feed(b"\r\n")
    event = wire.next_event()
    assert event is not None
    assert getattr(event, "pieces", ())[1] == b"x" * 50_000


def test_clear_text_left_over_before_tls_is_an_error() -> None:
    wire = ServerWire()
    wire.feed(b"a STARTTLS\r\nb LOGIN alice secret\r\n")
    assert wire.next_event() is not None
    with pytest.raises(ProtocolError, match="in the clear"):
        wire.end_of_clear_text()
