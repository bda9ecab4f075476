"""SMTP's grammar, the client's half: bytes in, replies paired with what they answer."""

from __future__ import annotations

import pytest

from postel.errors import ProtocolError, UsageError
from postel.smtp import wire
from postel.smtp.types import Extensions, Reply, Status
from postel.wire import replies


def talk(text: bytes, *commands: wire.SMTPCommand, lmtp: bool = False) -> list[object]:
    """Every event that *text* gives, fed byte by byte, with the command it answers."""
    grammar, found = wire.Wire(lmtp=lmtp), []
    for command in commands:
        grammar.send(command)
    for i in range(len(text)):
        grammar.feed(text[i : i + 1])
        while (pair := grammar.next_event()) is not None:
            found.append((str(pair[0]), pair[1]))
    return found


def test_replies_answer_commands_in_order() -> None:
    events = talk(b"220 hi\r\n250 2.1.0 sender ok\r\n550-5.1.1 no\r\n550 5.1.1 such user\r\n",
                  wire.mail(b"a@b"), wire.rcpt(b"c@d"))
    assert events == [
        ("the greeting", Reply(220, ("hi",))),
        ("MAIL FROM:<a@b>", Reply(250, ("sender ok",), Status(2, 1, 0))),
        ("RCPT TO:<c@d>", Reply(550, ("no", "such user"), Status(5, 1, 1)))]


def test_auth_asks_on_until_it_is_over() -> None:
    events = talk(b"220 x\r\n334 VXNlcg==\r\n334 \r\n235 2.7.0 in\r\n", wire.auth("LOGIN", None))
    assert [event for _, event in events[1:]] == [  # type: ignore[misc]
        wire.Challenge(b"VXNlcg=="), wire.Challenge(b""), Reply(235, ("in",), Status(2, 7, 0))]


def test_lmtp_answers_a_message_once_for_each_accepted_recipient() -> None:
    events = talk(
        b"220 x\r\n250 ok\r\n250 b\r\n550 c\r\n250 d\r\n354 go\r\n250 for b\r\n452 for d\r\n221 bye\r\n",
        wire.mail(b"a@x"), wire.rcpt(b"b@x"), wire.rcpt(b"c@x"), wire.rcpt(b"d@x"), wire.data(),
        wire.end_of_data(), wire.command("QUIT"), lmtp=True)
    assert [str(event) for name, event in events  # type: ignore[misc]
            if name == "the end of the message"] == ["250 for b", "452 for d"]
    assert events[-1] == ("QUIT", Reply(221, ("bye",)))


def test_lmtp_without_an_accepted_recipient_has_one_answer() -> None:
    events = talk(b"220 x\r\n250 ok\r\n550 b\r\n503 no\r\n221 bye\r\n", wire.mail(b"a@x"),
                  wire.rcpt(b"b@x"), wire.bdat(b"m", last=True), wire.command("QUIT"), lmtp=True)
    assert [name for name, _ in events[3:]] == ["BDAT 1 LAST", "QUIT"]  # type: ignore[misc]


def test_a_421_may_come_unasked_and_nothing_else() -> None:
    assert talk(b"220 x\r\n421 4.3.2 bye\r\n")[1] == (
        "None", Reply(421, ("bye",), Status(4, 3, 2)))
    with pytest.raises(ProtocolError, match="out of turn: 250 ok"):
        talk(b"220 x\r\n250 ok\r\n")


@pytest.mark.parametrize(("said", "hint"), [
    (b"+OK POP3 ready\r\n", "POP3"),
    (b"* OK IMAP4 ready\r\n", "IMAP"),
    (b"HTTP/1.1 400 Bad Request\r\n", "HTTP"),
    (b"\x15\x03\x01\x00\x02\x02\n", "security=\"tls\""),
    (b"hello\r\n", "check the host"),
])
def test_who_answers_otherwise_is_guessed(said: bytes, hint: str) -> None:
    with pytest.raises(ProtocolError, match="SMTP: not a reply") as caught:
        talk(said)
    assert hint in caught.value.hint


def test_replies_have_caps() -> None:
    with pytest.raises(ProtocolError, match="over 1000 lines"):
        talk(b"220-x\r\n" * 1100)
    with pytest.raises(ProtocolError, match="a line of over 4096 bytes"):
        talk(b"220 " + b"x" * 5000)
    with pytest.raises(ProtocolError, match="there is no such reply: 150"):
        talk(b"150 x\r\n")


def test_clear_text_left_before_tls_is_refused() -> None:
    for left in (b"250 injected\r\n", b"2", b"250-half\r\n"):
        grammar = wire.Wire()
        grammar.feed(b"220 go\r\n")
        assert grammar.next_event()
        grammar.feed(left)
        if left.startswith(b"250-"):
            assert grammar.next_event() is None  # it has begun, and holds no bytes back
        with pytest.raises(ProtocolError, match="in the clear"):
            grammar.end_of_clear_text()


def test_enhanced_status_belongs_to_its_kind() -> None:
    assert wire.read_reply(replies.Reply(550, ("5.1.1 no", "5.1.1 really"))) == Reply(
        550, ("no", "really"), Status(5, 1, 1))
    assert wire.read_reply(replies.Reply(250, ("5.1.1 is a version",))).status is None
    assert wire.read_reply(replies.Reply(220, ("mx 1.2.3",))).status is None


def test_ehlo_as_servers_write_it() -> None:
    found = wire.parse_ehlo(Reply(250, (
        "mx greets you", "size 35882577", "AUTH PLAIN LOGIN", "AUTH=LOGIN PLAIN", "8bitmime", "",
        "LIMITS RCPTMAX=20 MAILMAX=5", "DELIVERBY 120", "FUTURERELEASE 3600 2030-01-01T00:00:00Z")))
    assert found.size == 35882577
    assert found.auth == ("PLAIN", "LOGIN")
    assert "8BITMIME" in found
    assert "8bitmime" in found
    assert "PIPELINING" not in found
    assert (found.limits.messages, found.limits.recipients, found.limits.domains) == (5, 20, None)
    assert (found.shortest_delivery, found.longest_hold) == (120, 3600)
    assert Extensions({"SIZE": ()}).size is None
    assert Extensions({"SIZE": ("0",)}).size is None
    assert Extensions({"SIZE": ("lots",)}).size is None


@pytest.mark.parametrize("address", [
    "bob@example.org", "b.o..b@docomo.example", "bob+tag@[192.0.2.1]", "bob@[IPv6:2001:db8::1]",
    '"b b"@example.org', r'"a\"b"@example.org', "Postmaster", "用户@例え.example", "a_b@under_score.x",
])
def test_addresses_that_pass(address: str) -> None:
    assert wire.path(address).decode() == address


@pytest.mark.parametrize("address", [
    "a@b>\r\nRCPT TO:<evil@x", "a@b\r\n", "a@b\n", "a\0@b", "a b@c", "<a@b>", "a@b> SIZE=1",
    "a@", "@b", "a@b@c", '"a"b@c', '"a@b', "a@b c", "a@b,c", "a,b@c", "a@b\u2028", "x" * 300 + "@b",
    "a@" + "b" * 300, "a\x7f@b", '"a\r\nb"@c', "a@[1.2.3.4]>", "a@b.", "a@.b", "a\ud800@b",
])
def test_addresses_that_do_not(address: str) -> None:
    with pytest.raises(UsageError, match="no mail address"):
        wire.path(address)


def test_no_parameter_brings_another() -> None:
    for word in ("SIZE=1 BODY=8BITMIME", "SIZE=1\r\nDATA", "=", "A=b=c", "", "ENVID=\x7f"):
        with pytest.raises(UsageError, match="no parameter"):
            wire.mail(b"a@b", [word])
    assert wire.xtext("a+b=c d") == "a+2Bb+3Dc+20d"
    with pytest.raises(UsageError, match="printable ASCII"):
        wire.xtext("a\r\nb")


def test_names_of_this_machine() -> None:
    assert wire.ehlo("[192.0.2.1]", verb="LHLO").line == b"LHLO [192.0.2.1]"
    for name in ("", "a b", "a\r\nMAIL", "é"):
        with pytest.raises(UsageError, match="is no name for this machine"):
            wire.ehlo(name)


def test_secrets_are_not_shown() -> None:
    assert "AGJvYg==" not in str(wire.auth("PLAIN", b"AGJvYg=="))
