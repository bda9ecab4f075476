"""FTP's grammar: pairing, replies that overtake, Telnet, and what replies say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from postel.errors import ProtocolError, UsageError
from postel.ftp import replies, wire
from postel.ftp.wire import FTPCommand, ServerWire, Wire, command, transfer
from postel.wire.replies import Reply


def greeted() -> Wire:
    grammar = Wire()
    grammar.feed(b"220 hi\r\n")
    assert grammar.next_event() == (wire.GREETING, Reply(220, ("hi",)))
    return grammar


def answers(grammar: Wire, data: bytes) -> list[tuple[FTPCommand | None, int]]:
    grammar.feed(data)
    found = []
    while (event := grammar.next_event()) is not None:
        found.append((event[0], event[1].code))
    return found


def test_commands() -> None:
    assert Wire().send(command("CWD", "/a b")) == b"CWD /a b\r\n"
    assert Wire().send(command("NOOP")) == b"NOOP\r\n"
    assert Wire().send(command("CWD", "caf\xe9", encoding="latin-1")) == b"CWD caf\xe9\r\n"
    assert Wire().send(command("CWD", "\udcff")) == b"CWD \xff\xff\r\n"
    assert Wire(telnet=False).send(command("CWD", "\udcff")) == b"CWD \xff\r\n"
    assert str(wire.secret("PASS", "hush")) == "PASS ***"
    with pytest.raises(UsageError):
        wire.secret("PASS", "a\nb")


def test_answers_in_order() -> None:
    grammar = greeted()
    asked = [command("PWD"), command("NOOP"), command("SIZE", "x")]
    for one in asked:
        grammar.send(one)
    assert answers(grammar, b'257 "/"\r\n200 ok\r\n550 no\r\n') == list(
        zip(asked, (257, 200, 550), strict=True))


def test_a_preliminary_reply_keeps_the_command_due() -> None:
    grammar = greeted()
    retr = transfer("RETR", "a")
    grammar.send(retr)
    assert answers(grammar, b"150 go\r\n") == [(retr, 150)]
    assert grammar.moving
    assert answers(grammar, b"226 done\r\n") == [(retr, 226)]
    assert not grammar.moving


@pytest.mark.parametrize("ending", [226, 250, 425, 426, 450, 451, 452, 550, 551, 552, 553, 421])
@pytest.mark.parametrize("probe", ["NOOP", "STAT", "ABOR"])
def test_probes_may_be_answered_first(ending: int, probe: str) -> None:
    for first in (True, False):
        grammar = greeted()
        retr, asked = transfer("RETR", "a"), command(probe)
        grammar.send(retr)
        answers(grammar, b"150 go\r\n")
        grammar.send(asked)
        end, noop = b"%d end\r\n" % ending, b"200 alive\r\n"
        got = answers(grammar, noop + end if first else end + noop)
        assert sorted(got, key=lambda pair: pair[1]) == sorted(
            [(retr, ending), (asked, 200)], key=lambda pair: pair[1])


def test_a_refused_probe_is_not_the_transfers_end() -> None:
    grammar = greeted()
    retr, noop = transfer("RETR", "a"), command("NOOP")
    grammar.send(retr)
    answers(grammar, b"150 go\r\n")
    grammar.send(noop)
    assert answers(grammar, b"500 what\r\n226 done\r\n") == [(noop, 500), (retr, 226)]


def test_abor_is_told_by_telnet_only_while_data_flow() -> None:
    grammar = greeted()
    assert grammar.send(command("STAT")) == b"STAT\r\n"
    answers(grammar, b"211 fine\r\n")
    grammar.send(transfer("RETR", "a"))
    answers(grammar, b"150 go\r\n")
    assert grammar.send(command("ABOR")) == b"\xff\xf4\xff\xf2ABOR\r\n"


def test_out_of_turn_and_leaving() -> None:
    assert answers(greeted(), b"421 bye\r\n") == [(None, 421)]
    with pytest.raises(ProtocolError, match="out of turn"):
        answers(greeted(), b"200 ok\r\n")


@pytest.mark.parametrize(("data", "plain", "held"), [
    (b"abc", b"abc", b""), (b"a\xff\xffb", b"a\xffb", b""), (b"a\xff", b"a", b"\xff"),
    (b"\xff\xfb\x01x", b"x", b""), (b"\xff\xfb", b"", b"\xff\xfb"), (b"\xff\xf1x", b"x", b"")])
def test_telnet(data: bytes, plain: bytes, held: bytes) -> None:
    assert wire.without_telnet(data) == (plain, held)


def test_no_byte_may_wait_when_tls_starts() -> None:
    for data in (b"x", b"\xff"):
        for side in (greeted(), ServerWire()):
            side.end_of_clear_text()
            side.feed(data)
            with pytest.raises(ProtocolError, match="in the clear"):
                side.end_of_clear_text()


def test_the_servers_side() -> None:
    server = ServerWire()
    server.feed(b"\xff\xf4\xff\xf2abor\r\nRETR a b\xff\xff\r\n")
    first, second = server.next_request(), server.next_request()
    assert first is not None
    assert first.verb == "ABOR"
    assert second is not None
    assert (second.verb, second.argument) == ("RETR", "a b\udcff")
    assert server.reply(211, "a", "211 b", "c") == b"211-a\r\n 211 b\r\n211 c\r\n"
    server.feed(b"x" * (wire.LONGEST_COMMAND + 10))
    with pytest.raises(ProtocolError):
        server.next_request()


def reply(text: str) -> Reply:
    return Reply(200, (text,))


@pytest.mark.parametrize(("text", "port"), [
    ("Entering (|||6446|)", 6446), ("(!!!1!)", 1), ("x (|||65535|) y", 65535)])
def test_epsv(text: str, port: int) -> None:
    assert replies.epsv_port(reply(text)) == port


@pytest.mark.parametrize(("text", "address"), [
    ("(192,0,2,1,25,46)", ("192.0.2.1", 6446)), ("=192,0,2,1,0,21", ("192.0.2.1", 21)),
    ("go to 192,0,2,1,255,255.", ("192.0.2.1", 65535))])
def test_pasv(text: str, address: tuple[str, int]) -> None:
    assert replies.pasv_address(reply(text)) == address


@pytest.mark.parametrize(("text", "when"), [
    ("20240229120000", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    ("191240229120000", datetime(2024, 2, 29, 12, tzinfo=UTC)),  # "19" and the years since 1900
    ("20240229120060", datetime(2024, 2, 29, 12, 1, tzinfo=UTC)),
    ("20240230120000", None), ("2024", None), ("", None), ("x", None)])
def test_moment(text: str, when: datetime | None) -> None:
    assert replies.moment(text) == when


def test_timestamp_is_utc() -> None:
    assert replies.timestamp(datetime(2024, 2, 29, 12)) == "20240229120000"
    assert replies.timestamp(datetime(1, 1, 1, tzinfo=UTC)) == "00010101000000"


def test_features() -> None:
    told = Reply(211, ("Features:", " MDTM", " rest STREAM", " AUTH TLS", " AUTH SSL", "", "End"))
    assert replies.features(told) == {"MDTM": "", "REST": "STREAM", "AUTH": "TLS;SSL"}


@pytest.mark.parametrize(("begun", "done", "name"), [
    ("FILE: a.1", "done", "a.1"), ("go", 'Transfer complete (unique file name: "a.2").', "a.2"),
    ("go", "done", None)])
def test_stou(begun: str, done: str, name: str | None) -> None:
    assert replies.stou_name(reply(begun), reply(done)) == name
