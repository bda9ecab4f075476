"""The server's half of SMTP's grammar: requests, messages, envelopes, and faults said in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from postel.errors import ProtocolError, UsageError
from postel.smtp.envelope import DeliverBy, Refused, mail_from, rcpt_to, xtext
from postel.smtp.server_faults import FORMS, MailFaults, Rule
from postel.smtp.wire_server import LONGEST_COMMAND, Data, ServerWire, reply

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ALL = frozenset(("SIZE", "8BITMIME", "BINARYMIME", "SMTPUTF8", "DSN", "REQUIRETLS", "DELIVERBY",
                 "FUTURERELEASE", "MT-PRIORITY", "AUTH"))


# -- requests -------------------------------------------------------------------------------------

def test_requests() -> None:
    wire = ServerWire()
    wire.feed(b"ehlo  here \r\nMail FROM:<a@b>\r\nQUIT\r\nNO")
    found = [wire.next_request() for _ in range(4)]
    assert [(one.verb, one.argument) for one in found if one] == [
        ("EHLO", "here"), ("MAIL", "FROM:<a@b>"), ("QUIT", "")]
    assert found[3] is None
    assert wire.ahead


@pytest.mark.parametrize("line", [b"NOOP\n", b"NO\rOP\r\n", b"NOOP\0\r\n", b"NOOP\r\r\n"])
def test_a_line_that_two_readers_read_differently_is_marked(line: bytes) -> None:
    wire = ServerWire()
    wire.feed(line)
    request = wire.next_request()
    assert request is not None
    assert request.bare


def test_a_line_of_any_length() -> None:
    wire = ServerWire()
    wire.feed(b"A" * (LONGEST_COMMAND + 2))
    with pytest.raises(ProtocolError):
        wire.next_request()


def message(data: bytes, step: int) -> tuple[bytes, ServerWire]:
    wire = ServerWire()
    wire.begin_data()
    got, ended = b"", False
    for start in range(0, len(data), step):
        wire.feed(data[start : start + step])
        while not ended and (piece := wire.next_data()) is not None:
            got, ended = got + piece.chunk, piece.last
    assert ended
    return got, wire


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_a_message_ends_at_its_lone_dot(step: int) -> None:
    got, wire = message(b"Subject: x\r\n\r\n..dot\r\n...\r\n.\r\nNOOP\r\n", step)
    assert got == b"Subject: x\r\n\r\n.dot\r\n..\r\n"
    assert not wire.bare
    request = wire.next_request()
    assert request is not None
    assert request.verb == "NOOP"


ENDINGS = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\r\n.\r\r\n",
           b"\n\n.\r\n", b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\n.\r\r\n", b"\n.\r"]


@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize("end", ENDINGS)
def test_nothing_else_ends_it(end: bytes, step: int) -> None:
    """The sequences of the smuggling papers: text, all of them, and marked where they mislead."""
    smuggled = b"MAIL FROM:<evil@example.org>\r\n"
    got, wire = message(b"a" + end + smuggled + b"\r\n.\r\n", step)
    assert smuggled in got
    assert wire.next_request() is None
    assert wire.bare


def test_an_empty_message() -> None:
    assert message(b".\r\n", 1)[0] == b""


@pytest.mark.parametrize("step", [1, 2, 1000])
def test_counted_pieces(step: int) -> None:
    wire, got, stream = ServerWire(), b"", b"\r\n.\r\nQUIT\r\nNOOP\r\n"
    wire.begin_chunk(11)
    last = False
    for start in range(0, len(stream), step):
        wire.feed(stream[start : start + step])
        while not last and (piece := wire.next_data()) is not None:
            got, last = got + piece.chunk, piece.last
    assert got == b"\r\n.\r\nQUIT\r\n"
    request = wire.next_request()
    assert request is not None
    assert request.verb == "NOOP"


def test_a_piece_of_nothing() -> None:
    wire = ServerWire()
    wire.begin_chunk(0)
    assert wire.next_data() == Data(b"", last=True)


@pytest.mark.parametrize(("parts", "bare"), [
    ((b"a\r", b"\nb"), False), ((b"a\r", b"b"), True), ((b"a", b"\nb"), True),
    ((b"\r\n", b"\n"), True), ((b"\r", b"\r\n"), True), ((b"", b"a\r\n"), False)])
def test_bare_line_ends_across_pieces(parts: tuple[bytes, ...], bare: bool) -> None:
    wire = ServerWire()
    for number, part in enumerate(parts):
        wire.begin_chunk(len(part), first=not number)
        wire.feed(part)
        assert wire.next_data() == Data(part, last=True)
    assert wire.bare is bare


def test_a_message_that_ends_in_a_carriage_return() -> None:
    wire = ServerWire()
    wire.begin_chunk(2)
    wire.feed(b"a\r")
    wire.next_data()
    assert wire.ended_in_line


def test_bytes_before_tls_are_refused() -> None:
    wire = ServerWire()
    wire.feed(b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n")
    wire.next_request()
    with pytest.raises(ProtocolError, match="in the clear after TLS"):
        wire.end_of_clear_text()


def test_replies() -> None:
    assert reply(250, "a", "b", status="2.0.0") == b"250-2.0.0 a\r\n250 2.0.0 b\r\n"
    assert reply(354) == b"354 \r\n"
    with pytest.raises(ProtocolError):
        reply(250, "a\r\n250 b")


# -- MAIL and RCPT --------------------------------------------------------------------------------

@pytest.mark.parametrize(("argument", "sender"), [
    ("FROM:<>", ""),
    ("from: <ann@example.org>", "ann@example.org"),
    ("FROM:<@a.example,@b.example:ann@example.org>", "ann@example.org"),
    ('FROM:<"a b\\"c"@example.org>', '"a b\\"c"@example.org'),
    ('FROM:<"a>b"@example.org>', '"a>b"@example.org'),
    ("FROM:<ann@[192.0.2.1]>", "ann@[192.0.2.1]"),
    ("FROM:<ann@[IPv6:2001:db8::1]>", "ann@[IPv6:2001:db8::1]"),
    ("FROM:<a..b.@example.org>", "a..b.@example.org"),
    ("FROM:<jürgen@münchen.example> SMTPUTF8", "jürgen@münchen.example"),
])
def test_paths(argument: str, sender: str) -> None:
    assert str(mail_from(argument, ALL, now=NOW).sender) == sender


def test_quotes_are_taken_off() -> None:
    said = rcpt_to('TO:<"a b\\"c"@example.org>', ALL, smtputf8=False)
    assert said.recipient.user == 'a b"c'


@pytest.mark.parametrize(("argument", "code"), [
    ("", 501), ("<a@b>", 501), ("TO:<a@b>", 501), ("FROM:a@b", 501), ("FROM:<a@b", 501),
    ("FROM:<a@b> <c@d>", 501), ("FROM:<a b@c>", 501), ("FROM:<a@b@c>", 501),
    ("FROM:<a@b>SIZE=1", 501), ("FROM:<a@>", 501), ('FROM:<"a@b>', 501), ("FROM:<@b>", 501),
    ("FROM:<a@b\x1b>", 501), ("FROM:<" + "a" * 400 + "@b>", 501),
    ("FROM:<jürgen@b>", 553), ("FROM:<j\udcff@b> SMTPUTF8", 501),
    ("FROM:<a@b> SIZE=x", 501), ("FROM:<a@b> SIZE", 501), ("FROM:<a@b> SIZE=1 size=2", 501),
    ("FROM:<a@b> SIZE=\u0661", 501), ("FROM:<a@b> X=1", 555), ("FROM:<a@b> BODY=9BIT", 501),
    ("FROM:<a@b> SMTPUTF8=yes", 501), ("FROM:<a@b> RET=HALF", 501),
    ("FROM:<a@b> ENVID=" + "x" * 101, 501), ("FROM:<a@b> ENVID=a+zz", 501),
    ("FROM:<a@b> BY=5", 501), ("FROM:<a@b> BY=-5;R", 501), ("FROM:<a@b> MT-PRIORITY=10", 501),
    ("FROM:<a@b> MT-PRIORITY=+1", 501), ("FROM:<a@b> HOLDFOR=1 HOLDUNTIL=2026-11-22T00:00:00Z", 501),
    ("FROM:<a@b> HOLDFOR=99999999999999999999", 501), ("FROM:<a@b> HOLDFOR=9999999", 501),
    ("FROM:<a@b> HOLDUNTIL=tomorrow", 501), ("FROM:<a@b> HOLDUNTIL=2026-11-22T00:00:00", 501),
    ("FROM:<a@b> HOLDFOR=100 BY=50;N", 501), ("FROM:<a@b> =1", 501), ("FROM:<a@b> A=b=c", 501),
])
def test_what_mail_may_not_say(argument: str, code: int) -> None:
    with pytest.raises(Refused) as caught:
        mail_from(argument, ALL, now=NOW)
    assert caught.value.code == code
    assert caught.value.status.startswith("5.")


def test_every_parameter_of_mail() -> None:
    said = mail_from(
        "FROM:<ann@example.org> SIZE=1000 BODY=BINARYMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb+20c "
        "REQUIRETLS BY=+120;Nt HOLDFOR=60 MT-PRIORITY=-3 AUTH=ann+40example.org", ALL, now=NOW)
    assert (said.size, said.body, said.smtputf8, said.ret, said.envid) == (
        1000, "BINARYMIME", True, "HDRS", "a+b c")
    assert said.require_tls
    assert said.deliver_by == DeliverBy(120, "N", trace=True)
    assert said.hold_until == NOW + timedelta(seconds=60)
    assert (said.priority, said.submitter) == (-3, "ann@example.org")
    until = mail_from("FROM:<> HOLDUNTIL=2026-11-22T02:00:00+02:00 AUTH=<>", ALL, now=NOW)
    assert until.hold_until == datetime(2026, 11, 22, tzinfo=UTC)
    assert until.submitter == ""


@pytest.mark.parametrize("name", ["SIZE=1", "BODY=8BITMIME", "SMTPUTF8", "RET=FULL", "REQUIRETLS",
                                  "BY=1;N", "HOLDFOR=1", "MT-PRIORITY=1", "AUTH=<>"])
def test_parameters_of_extensions_that_were_not_offered(name: str) -> None:
    for offered in (frozenset({"PIPELINING"}), frozenset[str]()):
        with pytest.raises(Refused) as caught:
            mail_from(f"FROM:<a@b> {name}", offered, now=NOW)
        assert caught.value.code == 555


def test_binarymime_is_an_extension_of_its_own() -> None:
    with pytest.raises(Refused) as caught:
        mail_from("FROM:<a@b> BODY=BINARYMIME", {"8BITMIME"}, now=NOW)
    assert caught.value.code == 555


def test_what_rcpt_says() -> None:
    said = rcpt_to("TO:<bob@example.org> NOTIFY=success,Failure ORCPT=rfc822;bob+2B1@example.org",
                   ALL, smtputf8=False)
    assert said.notify == {"SUCCESS", "FAILURE"}
    assert said.orcpt == "rfc822;bob+1@example.org"
    assert str(rcpt_to("TO:<Postmaster>", ALL, smtputf8=False).recipient) == "Postmaster"


@pytest.mark.parametrize("argument", [
    "TO:<>", "TO:<bob>", "TO:<b@c> NOTIFY=NEVER,SUCCESS", "TO:<b@c> NOTIFY=", "TO:<b@c> NOTIFY=X",
    "TO:<b@c> NOTIFY=DELAY,DELAY", "TO:<b@c> ORCPT=bob", "TO:<b@c> ORCPT=rfc822;a+b",
    "TO:<b@c> SIZE=1", "FROM:<b@c>"])
def test_what_rcpt_may_not_say(argument: str) -> None:
    with pytest.raises(Refused):
        rcpt_to(argument, ALL, smtputf8=False)


def test_xtext() -> None:
    assert xtext("a+2Bb+3D") == "a+b="
    for bad in ("", "a=b", "a+2b", "a+", "a b"):
        with pytest.raises(Refused):
            xtext(bad)


# -- faults in words ------------------------------------------------------------------------------

@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_understood(form: str) -> None:
    faults = MailFaults()
    faults.say(form)
    assert len(faults.rules) + len(faults.rates) >= 1
    faults.clear()
    assert not faults.rules
    assert not faults.rates


@pytest.mark.parametrize("bad", [
    "", "RCPT", "RCPT b@ →", "FROB → 452", "RCPT → 199", "452", "drop",
    "421 above some messages a second", "554 above 5 messages a second", "drop after it",
    "RCPT b@ → 452 then then ok", "reply after TLS"])
def test_what_is_not_understood_is_told_the_forms(bad: str) -> None:
    with pytest.raises(UsageError) as caught:
        MailFaults().say(bad)
    assert "RCPT b@ → 452 twice, then ok" in caught.value.hint


def codes(faults: MailFaults, step: str, argument: str = "", count: int = 5) -> list[int]:
    return [rule.reply[0] if (rule := faults.met(step, argument)) else 250 for _ in range(count)]


def test_counts() -> None:
    faults = MailFaults()
    faults.say("RCPT b@ → 452 twice, then ok")
    assert codes(faults, "RCPT", "B@example.org") == [452, 452, 250, 250, 250]
    faults.clear()
    faults.say("MAIL -> 451 4.3.0 wait, please, three times")
    assert faults.rules == [Rule("MAIL", reply=(451, "4.3.0", "wait, please"), times=3)]
    assert codes(faults, "MAIL") == [451, 451, 451, 250, 250]
    faults.clear()
    faults.say("RCPT @example.org → 450, then 550 2 times, then ok")
    assert codes(faults, "RCPT", "x@example.org") == [450, 550, 550, 250, 250]
    assert codes(faults, "RCPT", "x@example.com", 1) == [250]
    faults.clear()
    faults.say("RCPT c@x.org → 550")
    assert codes(faults, "RCPT", "c@x.org") == [550] * 5
    assert codes(faults, "RCPT", "cc@x.org", 1) == [250]


def test_rates() -> None:
    faults = MailFaults()
    faults.say("421 above 5 messages a second")
    assert [faults.too_many(0.1 * n, n) for n in range(5)] == [None] * 5
    assert faults.too_many(0.9, 5) == (421, "4.7.0", "5 messages a second are enough")
    assert faults.too_many(1.0, 5) is None, "the first of them is a second ago"
    assert faults.too_many(1.05, 6) is not None
    faults.clear()
    faults.say("452 above 2 messages a connection")
    assert [faults.too_many(9.0, n) is None for n in range(4)] == [True, True, False, False]
