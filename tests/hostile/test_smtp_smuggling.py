"""One message in, one message out: nothing inside it is a command, whoever reads it (both ends).

The sequences are those of the SMTP smuggling papers (2023): ends of data that some servers take for
one and others do not.
"""

from __future__ import annotations

import itertools
import os
import random
import socket
from collections.abc import Iterator

import pytest

from postel import lab, smtp
from postel.smtp.content import Stuffing, content_of, whole_data
from postel.smtp.wire_server import ServerWire

STEPS = (b"\r", b"\n", b"\0", b".", b"\r\n")
ENDS = [b"".join(parts) for count in (3, 4, 5) for parts in itertools.product(STEPS, repeat=count)
        if b"." in parts]
EVIL = b"MAIL FROM:<admin@lab.test>\r\nRCPT TO:<alice@lab.test>\r\nDATA\r\nSubject: evil\r\n\r\nx"
MANY = 100_000 if os.environ.get("POSTEL_FUZZ") == "long" else 3_000


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("smtp") as started:
        yield started


def read(stream: bytes) -> tuple[list[bytes], list[str]]:
    """The messages and commands that a strict server reads in what follows DATA."""
    wire, messages, verbs = ServerWire(), [], []
    wire.feed(stream)
    wire.begin_data()
    body = b""
    while (piece := wire.next_data()) is not None:
        body += piece.chunk
        if piece.last:
            messages.append(body)
            break
    while (request := wire.next_request()) is not None:
        verbs.append(request.verb)
    return messages, verbs


def test_what_our_client_sends_has_one_end() -> None:
    """Whatever the message holds, with the pieces cut anywhere."""
    chance = random.Random(5321)
    for _ in range(MANY):
        data = b"".join(chance.choice((*STEPS, b"a", b"QUIT", b"MAIL FROM:<>"))
                        for _ in range(chance.randrange(14)))
        stuffing, cut = Stuffing(), chance.randrange(len(data) + 1)
        pieces = stuffing.feed(data[:cut]) + stuffing.feed(data[cut:]) + stuffing.end()
        whole = whole_data(content_of(data))
        assert whole is not None
        for stream in (pieces, whole):
            messages, verbs = read(stream)
            assert len(messages) == 1, data
            assert not verbs, data
            (message,) = messages
            assert message.count(b"\r") == message.count(b"\n") == message.count(b"\r\n")
            assert message.replace(b"\r\n", b"").replace(b"\0", b"") == (
                data.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b""))


def test_from_our_client_to_our_server(here: lab.Lab) -> None:
    """Over the wire, by DATA and by BDAT: one message each, and never an evil one."""
    for without in (set[str](), {"CHUNKING"}):
        here.mail.clear()
        here.smtp.options.without = without
        ends = [end for end in ENDS[::5] if b"\0" not in end]  # those are refused
        with smtp.Client(here.url("smtp"), security="plain") as client:
            for end in ends:
                client.send(b"Subject: good\r\n\r\na" + end + EVIL, sender="ann@lab.test",
                            recipients=["bob@lab.test"])
        caught = here.mail.messages
        assert len(caught) == len(ends)
        assert {one.sender for one in caught} == {"ann@lab.test"}
        assert all(b"Subject: evil" in one.data and not one.is_binary for one in caught)
    here.smtp.options.without = set()


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_from_an_evil_client_to_our_server(step: int, here: lab.Lab) -> None:
    """As another server would pass it on, byte for byte: the message is refused, and that is all."""
    here.mail.clear()
    good = (b"\r\n.\r\n", b"\r\n\r\n.\r\n")
    for end in ENDS[::step]:
        if any(one in b"a" + end for one in good):
            continue  # that is an end, by the book
        with socket.create_connection(here.address("smtp"), timeout=10) as sock:
            sock.sendall(b"EHLO evil\r\nMAIL FROM:<ann@lab.test>\r\nRCPT TO:<bob@lab.test>\r\nDATA\r\n"
                         b"Subject: good\r\n\r\na" + end + EVIL + b"\r\n.\r\nQUIT\r\n")
            with sock.makefile("rb") as file:
                answers = [line[:3] for line in file if line[3:4] == b" "]
        assert answers[-1] == b"221", end
        assert len(answers) == 7, "greeting, EHLO, MAIL, RCPT, 354, the message, QUIT"
        assert answers[-2] == (b"550" if bare(end) else b"250"), end
    assert {one.sender for one in here.mail.messages} <= {"ann@lab.test"}


def bare(end: bytes) -> bool:
    rest = end.replace(b"\r\n", b"")
    return b"\r" in rest or b"\n" in rest or b"\0" in rest


def test_commands_that_come_too_early_are_no_commands_of_the_next(here: lab.Lab) -> None:
    """A BDAT that lies about its size swallows what follows; it never turns data into commands."""
    here.mail.clear()
    with socket.create_connection(here.address("smtp"), timeout=10) as sock:
        sock.sendall(b"EHLO evil\r\nMAIL FROM:<a@lab.test>\r\nRCPT TO:<bob@lab.test>\r\n"
                     b"BDAT %d LAST\r\n" % len(EVIL) + EVIL + b"QUIT\r\n")
        with sock.makefile("rb") as file:
            answers = [line[:3] for line in file if line[3:4] == b" "]
    assert answers == [b"220", b"250", b"250", b"250", b"250", b"221"]
    (caught,) = here.mail.messages
    assert caught.data == EVIL
