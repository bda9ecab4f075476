"""POP3's grammar: what is sent, and which answer belongs to which command."""

from __future__ import annotations

from typing import Any

import pytest

from postel.errors import ProtocolError, UsageError
from postel.pop3 import wire
from postel.pop3.wire import Challenge, Data, Reply, ServerWire, Wire


def greeted() -> Wire:
    grammar = Wire()
    grammar.feed(b"+OK hi\r\n")
    assert grammar.next_event() == (wire.GREETING, Reply(True, "hi"))
    return grammar


@pytest.mark.parametrize(("command", "line"), [
    (wire.stat(), b"STAT"), (wire.list_(), b"LIST"), (wire.list_(3), b"LIST 3"),
    (wire.uidl(), b"UIDL"), (wire.uidl(3), b"UIDL 3"), (wire.retr(3), b"RETR 3"),
    (wire.top(3, 0), b"TOP 3 0"), (wire.dele(3), b"DELE 3"), (wire.rset(), b"RSET"),
    (wire.noop(), b"NOOP"), (wire.quit_(), b"QUIT"), (wire.capa(), b"CAPA"),
    (wire.stls(), b"STLS"), (wire.utf8(), b"UTF8"), (wire.lang(), b"LANG"),
    (wire.lang("de"), b"LANG de"), (wire.user("ann"), b"USER ann"),
    (wire.pass_(" a b "), b"PASS  a b "), (wire.auth("PLAIN", None), b"AUTH PLAIN"),
    (wire.auth("PLAIN", b"="), b"AUTH PLAIN ="), (wire.user("\u00e9"), b"USER \xc3\xa9")])
def test_commands(command: Any, line: bytes) -> None:
    assert Wire().send(command) == line + b"\r\n"


@pytest.mark.parametrize("command", [
    wire.pass_("secret"), wire.apop("ann", "secret"), wire.auth("PLAIN", b"secret")])
def test_secrets_are_not_shown(command: Any) -> None:
    assert "secret" not in str(command)
    assert "***" in str(command)


@pytest.mark.parametrize("build", [wire.user, wire.pass_, wire.lang,
                                   lambda text: wire.apop("a", text),
                                   lambda text: wire.auth(text, None)])
@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\0b"])
def test_line_breaks(build: Any, text: str) -> None:
    with pytest.raises(UsageError):
        build(text)


@pytest.mark.parametrize(("line", "reply"), [
    (b"+OK", Reply(True, "")), (b"+ok x", Reply(True, "x")), (b"-err y", Reply(False, "y")),
    (b"-ERR [IN-USE] busy", Reply(False, "busy", "IN-USE")),
    (b"-ERR [SYS/TEMP]", Reply(False, "", "SYS/TEMP")),
    (b"-ERR [no code", Reply(False, "[no code")),
    (b"-ERR [lower] x", Reply(False, "[lower] x")),
    (b"+OK [X] x", Reply(True, "[X] x")),
    (b"-ERR caf\xe9", Reply(False, "caf\\xe9"))])
def test_status_lines(line: bytes, reply: Reply) -> None:
    grammar = greeted()
    command = wire.noop()
    grammar.send(command)
    grammar.feed(line + b"\r\n")
    assert grammar.next_event() == (command, reply)


@pytest.mark.parametrize("line", [
    b"", b"+", b"+OKAY", b"OK", b"*", b"220 x", b"-ERROR x", b"+OK\tx"])
def test_what_is_no_status(line: bytes) -> None:
    grammar = greeted()
    grammar.send(wire.noop())
    grammar.feed(line + b"\r\n")
    with pytest.raises(ProtocolError, match="that is no reply"):
        grammar.next_event()


def test_out_of_turn() -> None:
    grammar = greeted()
    grammar.feed(b"+OK again\r\n")
    with pytest.raises(ProtocolError, match="out of turn"):
        grammar.next_event()


def test_bodies_follow_the_command_and_not_the_reply() -> None:
    grammar = greeted()
    asked = [wire.list_(1), wire.list_(), wire.retr(9), wire.noop()]
    for command in asked:
        grammar.send(command)
    grammar.feed(b"+OK 1 5\r\n+OK\r\n1 5\r\n.\r\n-ERR none\r\n+OK\r\n")
    events = []
    while (event := grammar.next_event()) is not None:
        events.append(event)
    assert events == [
        (asked[0], Reply(True, "1 5")), (asked[1], Reply(True, "")),
        (asked[1], Data(b"1 5\r\n", last=True)), (asked[2], Reply(False, "none")),
        (asked[3], Reply(True, ""))]


def test_challenges_belong_to_auth_alone() -> None:
    grammar = greeted()
    command = wire.auth("CRAM-MD5", None)
    grammar.send(command)
    grammar.feed(b"+ abc=\r\n+ \r\n+\r\n+OK\r\n")
    assert [grammar.next_event() for _ in range(4)] == [
        (command, Challenge(b"abc=")), (command, Challenge(b"")), (command, Challenge(b"")),
        (command, Reply(True, ""))]
    grammar.send(wire.noop())
    grammar.feed(b"+ abc=\r\n")
    with pytest.raises(ProtocolError):
        grammar.next_event()


def test_no_byte_may_wait_when_tls_starts() -> None:
    for side in (greeted(), ServerWire()):
        side.end_of_clear_text()
        side.feed(b"x")
        with pytest.raises(ProtocolError, match="1 bytes came in the clear"):
            side.end_of_clear_text()


def test_capabilities() -> None:
    assert wire.parse_capa(b"TOP\r\nsasl PLAIN LOGIN\r\n\r\nEXPIRE 60\r\n") == {
        "TOP": (), "SASL": ("PLAIN", "LOGIN"), "EXPIRE": ("60",)}


def test_the_servers_side() -> None:
    server = ServerWire()
    server.feed(b"retr 3\r\nPASS  two words \r\nbare\r\n")
    first, second = server.next_request(), server.next_request()
    assert first is not None
    assert (first.verb, first.arguments) == ("RETR", ("3",))
    assert second is not None
    assert (second.verb, second.rest) == ("PASS", " two words ")
    assert server.next_line() == b"bare"
    assert server.next_request() is None
    server.feed(b"x" * (wire.LONGEST_COMMAND + 10))
    with pytest.raises(ProtocolError):
        server.next_request()
