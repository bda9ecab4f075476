# A conversation (its twin test_telnet_sync.py is generated): the Telnet client and the lab.
"""The Telnet client against the lab's server, and against peers that do as they please."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from scripted_peer import Line, Peer

from postel import lab
from postel.errors import LimitReached, NotSupported, ReplyError, TimedOut, UsageError
from postel.telnet import LineSettings, ModemState, Parity, Terminal
from postel.telnet.client_async import AsyncClient
from postel.telnet.codes import ECHO, NAWS
from postel.telnet.serial_async import AsyncSerialPort
from postel.transport.clock_async import sleep


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


async def until(client: Any, text: bytes) -> bytes:
    found = b""
    while text not in found:
        data = await client.read(timeout=5)
        assert data, found
        found += data
    return found


async def log_in(client: Any) -> None:
    await until(client, b"login: ")
    await client.write_line("alice")
    await until(client, b"Password: ")
    await client.write_line("secret")
    await until(client, b"lab$ ")


@pytest.mark.parametrize("security", ["plain", "tls", "starttls"])
async def test_a_session(security: Any) -> None:
    with lab.start("telnet") as here:
        terminal = Terminal("vt220", 100, 30, environ={"LANG": "C"})
        async with AsyncClient(here.url("telnet"), security=security, terminal=terminal,
                               timeout=5) as there:
            await log_in(there)
            assert (there.peer.tls is None) == (security == "plain")
            assert there.echoes
            assert NAWS in there.ours
            for command, answer in (("size", b"30 100"), ("term", b"vt220"), ("env", b"LANG=C"),
                                    ("whoami", b"alice"), ("nothing", b"not found")):
                await there.write_line(command)
                assert answer in await until(there, b"lab$ ")
            await there.resize(81, 25)
            await there.write_text("size\n")
            assert b"25 81" in await until(there, b"lab$ ")
            await there.write_line("exit")
            await there.read_all()
            assert await there.read() == b""


async def test_wrong_passwords_are_asked_for_again() -> None:
    with lab.start("telnet") as here:
        async with AsyncClient(here.url("telnet"), timeout=5) as there:
            await until(there, b"login: ")
            await there.write_text("alice\n")
            await until(there, b"Password: ")
            await there.write_text("wrong\n")
            assert b"wrong" not in await until(there, b"Login incorrect")


async def test_text_commands_and_negotiation() -> None:
    with lab.start("telnet") as here:
        here.telnet.options.log_in = False
        here.telnet.shell.commands["slow"] = here.telnet.shell.commands["sleep"]
        async with AsyncClient(here.url("telnet"), timeout=5) as there:
            await until(there, b"lab$ ")
            await there.write_text("echo grüße €\n")
            text = ""
            while text.count("grüße €") < 2:
                text += await there.read_text()
            await there.write_line("slow 30")
            await there.command("IP")
            await until(there, b"lab$ ")
            await there.command("AYT")
            await until(there, b"[yes]")
            await there.ask("ECHO", ours=False, on=False)
            await there.write_line("")
            await until(there, b"lab$ ")
            assert ECHO not in there.theirs
            with pytest.raises(UsageError):
                await there.command("WILL")
            with pytest.raises(NotSupported):
                await there.gmcp("Core.Hello")


async def test_a_game() -> None:
    with lab.start("telnet") as here:
        options = here.telnet.options
        options.log_in, options.game, options.compress = False, True, True
        options.facts = {"NAME": "Proving grounds"}
        async with AsyncClient(here.url("telnet"), compress=True, timeout=5,
                               terminal=Terminal("xterm", client="postel", features=13)) as there:
            await until(there, b"lab$ ")
            await there.write_line("fill 64000")
            found = await until(there, b".\r\nlab$ ")
            assert found.count(b".") == 63000
            assert there.mssp == {"NAME": "Proving grounds"}
            assert {86, 87, 201} <= there.theirs
            await there.gmcp("Core.Hello", {"client": "Postel"})
            await there.write_line("term")
            assert b"POSTEL" in await until(there, b"lab$ ")


async def test_the_first_byte_waits_for_no_negotiation() -> None:
    with Peer(play((b"", b"\xff\xfd\x18hello"))) as peer:
        async with AsyncClient("127.0.0.1", port=peer.port, active=False, timeout=5) as there:
            assert await there.read() == b"hello"


async def test_a_port_that_may_not_speak_telnet_is_not_spoken_to_first() -> None:
    with Peer(play((b"HELO", b"220 mail\r\n"))) as peer:
        async with AsyncClient("127.0.0.1", port=peer.port, timeout=5) as there:
            await there.write_line("HELO")
            assert await there.read() == b"220 mail\r\n"
        assert peer.heard == b"HELO\r\n"


async def test_a_wait_that_was_in_vain_ends_nothing() -> None:
    with Peer(play((b"?", b"late"))) as peer:
        async with AsyncClient("127.0.0.1", port=peer.port, timeout=5) as there:
            with pytest.raises(TimedOut):
                await there.read(timeout=0.05)
            await there.write(b"?")
            assert await there.read() == b"late"
            assert not there.has_news()


async def test_what_is_too_much() -> None:
    with Peer(play((b"", b"x" * 100_000))) as peer:
        async with AsyncClient("127.0.0.1", port=peer.port, timeout=5) as there:
            with pytest.raises(LimitReached):
                await there.read_all(most=1000)


async def test_start_tls_where_there_is_none() -> None:
    with Peer(play((b"\xff\xfb\x2e", b"\xff\xfe\x2e"))) as peer:
        client = AsyncClient("127.0.0.1", port=peer.port, security="starttls", timeout=5)
        with pytest.raises(NotSupported, match="START_TLS"):
            await client.open()


async def test_a_serial_port() -> None:
    with lab.start("telnet") as here:
        here.telnet.options.log_in = False
        async with AsyncSerialPort(here.url("telnet"), timeout=5) as port:
            assert await port.settings() == LineSettings()
            assert str(await port.set(baud=115200, data=7, parity=Parity.EVEN,
                                      flow="hardware")) == "115200 7E1"
            line = here.telnet.serial
            assert str(line.settings) == "115200 7E1"
            with pytest.raises(ReplyError, match="keeps 115200"):
                await port.set(baud=3)
            await port.dtr(False)
            await port.rts(False)
            await port.break_(True)
            await port.purge()
            assert (line.dtr, line.rts, line.breaking, line.purged) == (False, False, True, 1)
            assert await port.signature() == "Postel's lab"
            await port.watch()
            line.move(ModemState.CTS | ModemState.RING)
            while not port.modem & ModemState.RING:
                await port.settings()
            assert port.modem & ModemState.CARRIER_CHANGED
            await port.suspend()
            assert b"lab$ " in await until(port, b"lab$ ")


async def test_no_serial_port() -> None:
    with lab.start("telnet") as here:
        here.telnet.options.serial = None
        async with AsyncSerialPort(here.url("telnet"), timeout=5) as port:
            with pytest.raises(NotSupported, match="no serial port"):
                await port.set(baud=9600)


async def test_what_a_server_said_before_it_closed_is_read_whatever_became_of_our_answers() -> None:
    def run(line: Line) -> None:
        line.say(b"one\xff\xfd\x18two\xff\xfd\x1fthree\xff\xfd\x20four")

    with Peer(run) as peer:
        async with AsyncClient("127.0.0.1", port=peer.port, security="plain", timeout=5) as there:
            found = b""
            while data := await there.read():
                await sleep(0.02)  # the reset of our last answer is here before the next
                found += data
        assert found == b"onetwothreefour"
