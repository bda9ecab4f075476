"""Clients that misbehave, against the lab's mail server: it stays small, orderly and alive."""

from __future__ import annotations

import socket
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from postel import lab

HELLO = b"EHLO me\r\nMAIL FROM:<a@lab.test>\r\nRCPT TO:<bob@lab.test>\r\n"


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("smtp", "lmtp") as started:
        yield started


@pytest.fixture
def here(running: lab.Lab) -> Iterator[lab.Lab]:
    running.mail.clear()
    yield running
    running.smtp.options.size = 52_428_800
    running.smtp.clear.idle = 600.0


def say(here: lab.Lab, data: bytes, scheme: str = "smtp", *, end: bool = True) -> list[str]:
    """Send *data*, and read until the server hangs up, or the first second of silence."""
    with socket.create_connection(here.address(scheme), timeout=10) as sock:
        try:
            sock.sendall(data)
            if end:
                sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has had enough
        with sock.makefile("rb") as file:
            try:
                return [line.decode()[:3] for line in file if line[3:4] == b" "]
            except OSError:
                return []


def test_a_line_without_end(here: lab.Lab) -> None:
    tracemalloc.start()
    try:
        assert say(here, b"NOOP " + b"x" * 8_000_000) in (["220", "500"], ["220"], [])
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("way", ["data", "bdat"])
def test_more_than_is_taken(way: str, here: lab.Lab) -> None:
    """It is read and forgotten: what is kept is no more than the limit."""
    here.smtp.options.size = 100_000
    body = b"x" * 98 + b"\r\n"
    if way == "data":
        answers = say(here, HELLO + b"DATA\r\n" + body * 50_000 + b".\r\nQUIT\r\n")
    else:
        answers = say(here, HELLO + b"BDAT 5000000 LAST\r\n" + body * 50_000 + b"QUIT\r\n")
    assert answers[-2:] == ["552", "221"]
    assert not here.mail.messages


def test_more_commands_than_anyone_needs(here: lab.Lab) -> None:
    began = time.monotonic()
    answers = say(here, b"EHLO me\r\n" + b"NOOP\r\n" * 20_000 + b"QUIT\r\n")
    assert answers.count("250") == 20_001
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("argument", [
    b'FROM:<"' + b'\\"' * 5_000 + b'"@x>', b"FROM:<" + b"a." * 5_000 + b">",
    b"FROM:<a@b> " + b"X=1 " * 2_500, b"FROM:<@" + b"a,@" * 3_000 + b"b:c@d>",
    b"FROM:<" + b'"' * 10_000 + b"@x>", b"FROM:" + b"<" * 10_000, b"FROM:" + b" " * 10_000])
def test_arguments_that_make_parsers_slow(argument: bytes, here: lab.Lab) -> None:
    began = time.monotonic()
    answers = say(here, (b"EHLO me\r\n" + (b"MAIL " + argument + b"\r\n") * 20 + b"QUIT\r\n"))
    assert answers[-1] == "221"
    assert set(answers[2:-1]) <= {"501", "555"}
    assert time.monotonic() - began < 3


def test_hanging_up_anywhere(here: lab.Lab) -> None:
    """A message counts when its end has come, and not before."""
    stream = HELLO + b"DATA\r\nSubject: x\r\n\r\nhi\r\n.\r\n"
    for cut in range(0, len(stream) + 1, 3):
        say(here, stream[:cut])
    assert len(here.mail.messages) == (len(stream) % 3 == 0)
    here.mail.clear()
    stream = HELLO + b"BDAT 4\r\nSubjBDAT 17 LAST\r\nect: x\r\n\r\nhello\r\n"
    for cut in range(0, len(stream), 3):
        say(here, stream[:cut])
    assert not here.mail.messages
    assert say(here, stream + b"QUIT\r\n")[-1] == "221"
    assert len(here.mail.messages) == 1


def test_silence_ends(here: lab.Lab) -> None:
    here.smtp.clear.idle = 0.2
    assert say(here, b"EHLO me\r\n", end=False) == ["220", "250", "421"]


def test_many_at_once(here: lab.Lab) -> None:
    socks = [socket.create_connection(here.address("smtp"), timeout=10) for _ in range(200)]
    try:
        for sock in socks:
            sock.sendall(HELLO)
        assert say(here, HELLO + b"DATA\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n")[-2:] == ["250", "221"]
    finally:
        for sock in socks:
            sock.close()


def test_lmtp_asks_for_a_recipient(here: lab.Lab) -> None:
    assert say(here, b"LHLO me\r\nMAIL FROM:<>\r\nDATA\r\nBDAT 4 LAST\r\nQUITQUIT\r\n", "lmtp") == [
        "220", "250", "250", "503", "503", "221"]
