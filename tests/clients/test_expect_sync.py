# GENERATED from test_expect_async.py by tools/unasync.py: edit that file, not this one.
"""Expect over programs, Telnet, TCP, serial lines and transcripts."""

from __future__ import annotations

import os
import re
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from scripted_peer import Line, Peer

from postel import lab
from postel.errors import (
    Conflict,
    ConnectionLost,
    LimitReached,
    NotFound,
    NotSupported,
    TimedOut,
    UsageError,
)
from postel.expect import END
from postel.expect.opening_sync import connect, over, replay, spawn
from postel.expect.recording import Turn
from postel.secrets import Secret
from postel.telnet.client_sync import Client

ENVIRON = {"PS1": "sh$ ", "PATH": os.environ.get("PATH", "/bin:/usr/bin")}


def test_a_shell() -> None:
    with spawn("sh", environ=ENVIRON, columns=99, timeout=20) as shell:
        assert shell.find_prompt() == b"sh$ "
        assert shell.command("stty size; echo hello") == b"24 99\r\nhello\r\n"
        shell.resize(50, 20)
        assert shell.command("stty size") == b"20 50\r\n"
        assert shell.command("true") == b""
        for leave in (shell.send_end, partial(shell.send_key, "c")):
            shell.send_line("cat")
            shell.send_line("there")
            shell.expect("there\r\nthere\r\n")
            leave()
            shell.expect(prompt="sh$ ")
        shell.send_line("exit 3")
        shell.expect_end()
        assert shell.status() == 3


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(NotFound):
        with spawn("no-such-program-here"):
            pass
    with pytest.raises(UsageError):
        with spawn([]):
            pass


def test_the_last_words_of_a_program_are_heard() -> None:
    with spawn(["sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; printf end"], timeout=20) as program:
        assert program.expect_end() == b"x" * 300_000 + b"end"
        assert program.status() == 0


def test_a_program_whose_user_leaves_is_hung_up() -> None:
    with spawn("cat", timeout=20) as program:
        program.send_line("hello")
        program.expect("hello")
    assert program.status() in (-1, -15)


def test_programs_without_echo_and_with_colours() -> None:
    words = ["sh", "-c", r"printf '\033[1mName\033[0m: '; read x; printf '\033[32m<%s>\033[m\n' $x"]
    with spawn(words, echo=False, timeout=20) as program:
        program.expect(name="Name: ")
        program.send_line("ann")
        assert program.expect_end() == b"<ann>\r\n"


def log_in(there: Any) -> None:
    there.expect(login="login: ")
    there.send_line("alice")
    there.expect(password=re.compile(b"[Pp]assword: "))
    there.send_line(Secret("secret"))


def test_telnet_by_probing(tmp_path: Path) -> None:
    record = tmp_path / "telnet.json"
    with lab.start("telnet") as here:
        with connect(here.url("telnet"), record=record, timeout=20) as there:
            log_in(there)
            assert there.find_prompt() == b"lab$ "
            assert there.command("echo hello") == b"hello\r\n"
            assert there.command("fill 128") == (b"." * 63 + b"\r\n") * 2
    assert "secret" not in record.read_text()


def test_a_client_that_is_open_stays_open() -> None:
    with lab.start("telnet") as here:
        with Client(here.url("telnet"), timeout=20) as client:
            with over(client) as there:
                log_in(there)
                match = there.expect(prompt="$ ", denied="incorrect")
                assert (match.name, match.text) == ("prompt", "\r\nWelcome to the lab.\r\nlab")
            assert client.is_open


def test_a_serial_line() -> None:
    with lab.start("telnet") as here:
        here.telnet.options.log_in = False
        host, port = here.address("telnet")
        with connect(f"serial://{host}:{port}", timeout=20) as there:
            there.expect("lab$ ")
            there.send_line("whoami")
            there.expect("lab$ ")


def play(line: Line) -> None:
    line.say(b"220 here\r\n")
    assert line.hear() == b"QUIT"
    line.say(b"221 bye\r\n")


def test_tcp() -> None:
    with Peer(play) as peer:
        with connect(f"tcp://127.0.0.1:{peer.port}", timeout=20) as there:
            assert (there.expect(ok=re.compile(rb"^(\d+) ", re.MULTILINE))).groups == (b"220",)
            there.send_line("QUIT")
            assert (there.expect(over=END)).before.endswith(b"221 bye\r\n")
            assert there.read() == b""
            with pytest.raises(ConnectionLost, match="the other side ended"):
                there.expect("more")


@pytest.mark.parametrize("url", ["tcp://127.0.0.1", "ftp://127.0.0.1"])
def test_what_cannot_be_connected_to(url: str) -> None:
    with pytest.raises(UsageError):
        connect(url)
    with pytest.raises(UsageError):
        over(3)


def test_a_wait_in_vain_takes_nothing_and_says_what_came() -> None:
    def colours(line: Line) -> None:
        line.say(b"Log\x1b[1min: ")
        line.sock.recv(10)

    with Peer(colours) as peer:
        with connect(f"tcp://127.0.0.1:{peer.port}", timeout=20, plain=True) as there:
            with pytest.raises(TimedOut) as caught:
                there.expect(name="login: ", other=re.compile(b"x"), timeout=0.2)
            assert str(caught.value) == (
                f"127.0.0.1 port {peer.port}: expect name='login: ', other=/x/: it did not come in "
                "0.2 s; the last that came: 'Login: '")
            assert "capital letters" in caught.value.hint
            assert (there.expect("Login: ")).name == "Login: "


def test_what_nobody_wants_has_a_limit() -> None:
    with Peer(lambda line: line.say(b"x" * 10_000)) as peer:
        with connect(f"tcp://127.0.0.1:{peer.port}", largest=1000, timeout=20) as there:
            with pytest.raises(LimitReached):
                there.expect("y")


def test_nothing_is_echoed() -> None:
    def silent(line: Line) -> None:
        line.say(b"Password: ")
        while line.sock.recv(1000):
            pass

    with Peer(silent) as peer:
        with connect(f"tcp://127.0.0.1:{peer.port}", timeout=20) as there:
            with pytest.raises(NotSupported, match="not echoed"):
                there.find_prompt(timeout=0.3)


def test_lines_and_keys_that_are_none() -> None:
    with replay([]) as there:
        with pytest.raises(UsageError):
            there.send_line("a\nb")
        for key in ("é", "ab", ""):
            with pytest.raises(UsageError):
                there.send_key(key)
    with pytest.raises(UsageError, match="not open"):
        replay([]).expect("x")


TURNS = [Turn(0, False, b"login: "), Turn(1, True, b"ann\n"), Turn(2, False, b"Password: "),
         Turn(3, True, b"***\n"), Turn(4, False, b"$ ")]


def test_replaying() -> None:
    with replay(TURNS) as then:
        then.expect(login="login: ")
        then.send("an")
        then.send("n\n")
        then.expect("Password: ")
        then.send_line(Secret("whatever"))
        then.expect("$ ")
        with pytest.raises(Conflict, match="nothing more"):
            then.send("x")


def test_a_dialogue_that_differs_from_the_transcript() -> None:
    with replay(TURNS) as then:
        with pytest.raises(Conflict, match=r"'ann.n' was sent first"):
            then.expect("Password: ")
        with pytest.raises(Conflict, match=r"it was 'ann.n'"):
            then.send_line("bob")


def test_recorded_and_replayed(tmp_path: Path) -> None:
    record = tmp_path / "t.json"
    for again in (False, True):
        dialogue = replay(record, timeout=20) if again else spawn(
            "sh", environ=ENVIRON, record=record, timeout=20)
        with dialogue as shell:
            shell.expect("sh$ ")
            shell.send_line("echo $((6*7))")
            shell.expect("42\r\n")
            shell.expect("sh$ ")


def test_interact() -> None:
    keys, typing = os.pipe()
    looking, screen = os.pipe()
    seen = bytearray()

    def look() -> None:
        while data := os.read(looking, 1000):
            seen.extend(data)
            if b"42" in seen:
                os.write(typing, b"\x1d")
                return

    eyes = threading.Thread(target=look)
    eyes.start()
    try:
        with spawn("sh", environ=ENVIRON, timeout=20) as shell:
            os.write(typing, b"echo $((6*7))\n")
            assert shell.interact(keyboard=keys, screen=screen) == "escape"
            shell.send_line("exit")
            assert shell.interact(keyboard=keys, screen=screen) == "end"
            with pytest.raises(UsageError):
                shell.interact(escape="é")
    finally:
        eyes.join(20)
        for fd in (keys, typing, looking, screen):
            os.close(fd)
    assert b"42" in seen


@pytest.mark.slow
def test_fifty_megabytes() -> None:
    with spawn(["sh", "-c", "head -c 50000000 /dev/zero | tr '\\0' x; echo end"], timeout=50) as program:
        match = program.expect(never="no such thing", end="end\r\n")
    assert len(match.before) == 50_000_000
