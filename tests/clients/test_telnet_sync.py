# GENERATED from test_telnet_async.py by tools/unasync.py: edit that file, not this one.
"""The Telnet client against the lab's server, and against peers that do as they please."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from scripted_peer import Line, Peer

from postel import lab
from postel.errors import LimitReached, NotSupported, ReplyError, TimedOut, UsageError
from postel.telnet import LineSettings, ModemState, Parity, Terminal
from postel.telnet.client_sync import Client
from postel.telnet.codes import ECHO, NAWS
from postel.telnet.serial_sync import SerialPort
from postel.transport.clock_sync import sleep


def play(*turns: tuple[bytes, bytes]) -> Callable[[Line], None]:
    """Wait for some bytes, say others, and so on; then wait until the client leaves."""
    def run(line: Line) -> None:
        for wanted, said in turns:
            held = b""
            while wanted not in held:
                data = line.sock.recv(1000)
                if not data:
                    return
                line.peer.heard += data
                held += data
            line.say(said)
        while line.sock.recv(1000):
            pass

    return run


def until(client: Any, text: bytes) -> bytes:
    found = b""
    while text not in found:
        data = client.read(timeout=5)
        assert data, found
        found += data
    return found


def log_in(client: Any) -> None:
    until(client, b"login: ")
    client.write_line("alice")
    until(client, b"Password: ")
    client.write_line("secret")
    until(client, b"lab$ ")


@pytest.mark.parametrize("security", ["plain", "tls", "starttls"])
def test_a_session(security: Any) -> None:
    with lab.start("telnet") as here:
        terminal = Terminal("vt220", 100, 30, environ={"LANG": "C"})
        with Client(here.url("telnet"), security=security, terminal=terminal,
                               timeout=5) as there:
            log_in(there)
            assert (there.peer.tls is None) == (security == "plain")
            assert there.echoes
            assert NAWS in there.ours
            for command, answer in (("size", b"30 100"), ("term", b"vt220"), ("env", b"LANG=C"),
                                    ("whoami", b"alice"), ("nothing", b"not found")):
                there.write_line(command)
                assert answer in until(there, b"lab$ ")
            there.resize(81, 25)
            there.write_text("size\n")
            assert b"25 81" in until(there, b"lab$ ")
            there.write_line("exit")
            there.read_all()
            assert there.read() == b""


def test_wrong_passwords_are_asked_for_again() -> None:
    with lab.start("telnet") as here:
        with Client(here.url("telnet"), timeout=5) as there:
            until(there, b"login: ")
            there.write_text("alice\n")
            until(there, b"Password: ")
            there.write_text("wrong\n")
            assert b"wrong" not in until(there, b"Login incorrect")


def test_text_commands_and_negotiation() -> None:
    with lab.start("telnet") as here:
        here.telnet.options.log_in = False
        here.telnet.shell.commands["slow"] = here.telnet.shell.commands["sleep"]
        with Client(here.url("telnet"), timeout=5) as there:
            until(there, b"lab$ ")
            there.write_text("echo grüße €\n")
            text = ""
            while text.count("grüße €") < 2:
                text += there.read_text()
            there.write_line("slow 30")
            there.command("IP")
            until(there, b"lab$ ")
            there.command("AYT")
            until(there, b"[yes]")
            there.ask("ECHO", ours=False, on=False)
            there.write_line("")
            until(there, b"lab$ ")
            assert ECHO not in there.theirs
            with pytest.raises(UsageError):
                there.command("WILL")
            with pytest.raises(NotSupported):
                there.gmcp("Core.Hello")


def test_a_game() -> None:
    with lab.start("telnet") as here:
        options = here.telnet.options
        options.log_in, options.game, options.compress = False, True, True
        options.facts = {"NAME": "Proving grounds"}
        with Client(here.url("telnet"), compress=True, timeout=5,
                               terminal=Terminal("xterm", client="postel", features=13)) as there:
            until(there, b"lab$ ")
            there.write_line("fill 64000")
            found = until(there, b".\r\nlab$ ")
            assert found.count(b".") == 63000
            assert there.mssp == {"NAME": "Proving grounds"}
            assert {86, 87, 201} <= there.theirs
            there.gmcp("Core.Hello", {"client": "Postel"})
            there.write_line("term")
            assert b"POSTEL" in until(there, b"lab$ ")


def test_the_first_byte_waits_for_no_negotiation() -> None:
    with Peer(play((b"", b"\xff\xfd\x18hello"))) as peer:
        with Client("127.0.0.1", port=peer.port, active=False, timeout=5) as there:
            assert there.read() == b"hello"


def test_a_port_that_may_not_speak_telnet_is_not_spoken_to_first() -> None:
    with Peer(play((b"HELO", b"220 mail\r\n"))) as peer:
        with Client("127.0.0.1", port=peer.port, timeout=5) as there:
            there.write_line("HELO")
            assert there.read() == b"220 mail\r\n"
        assert peer.heard == b"HELO\r\n"


def test_a_wait_that_was_in_vain_ends_nothing() -> None:
    with Peer(play((b"?", b"late"))) as peer:
        with Client("127.0.0.1", port=peer.port, timeout=5) as there:
            with pytest.raises(TimedOut):
                there.read(timeout=0.05)
            there.write(b"?")
            assert there.read() == b"late"
            assert not there.has_news()


def test_what_is_too_much() -> None:
    with Peer(play((b"", b"x" * 100_000))) as peer:
        with Client("127.0.0.1", port=peer.port, timeout=5) as there:
            with pytest.raises(LimitReached):
                there.read_all(most=1000)


def test_start_tls_where_there_is_none() -> None:
    with Peer(play((b"\xff\xfb\x2e", b"\xff\xfe\x2e"))) as peer:
        client = Client("127.0.0.1", port=peer.port, security="starttls", timeout=5)
        with pytest.raises(NotSupported, match="START_TLS"):
            client.open()


def test_a_serial_port() -> None:
    with lab.start("telnet") as here:
        here.telnet.options.log_in = False
        with SerialPort(here.url("telnet"), timeout=5) as port:
            assert port.settings() == LineSettings()
            assert str(port.set(baud=115200, data=7, parity=Parity.EVEN,
                                      flow="hardware")) == "115200 7E1"
            line = here.telnet.serial
            assert str(line.settings) == "115200 7E1"
            with pytest.raises(ReplyError, match="keeps 115200"):
                port.set(baud=3)
            port.dtr(False)
            port.rts(False)
            port.break_(True)
            port.purge()
            assert (line.dtr, line.rts, line.breaking, line.purged) == (False, False, True, 1)
            assert port.signature() == "Postel's lab"
            port.watch()
            line.move(ModemState.CTS | ModemState.RING)
            while not port.modem & ModemState.RING:
                port.settings()
            assert port.modem & ModemState.CARRIER_CHANGED
            port.suspend()
            assert b"lab$ " in until(port, b"lab$ ")


def test_no_serial_port() -> None:
    with lab.start("telnet") as here:
        here.telnet.options.serial = None
        with SerialPort(here.url("telnet"), timeout=5) as port:
            with pytest.raises(NotSupported, match="no serial port"):
                port.set(baud=9600)


def test_what_a_server_said_before_it_closed_is_read_whatever_became_of_our_answers() -> None:
    def run(line: Line) -> None:
        line.say(b"one\xff\xfd\x18two\xff\xfd\x1fthree\xff\xfd\x20four")

    with Peer(run) as peer:
        with Client("127.0.0.1", port=peer.port, security="plain", timeout=5) as there:
            found = b""
            while data := there.read():
                sleep(0.02)  # the reset of our last answer is here before the next
                found += data
        assert found == b"onetwothreefour"
