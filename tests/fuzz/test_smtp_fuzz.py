"""SMTP under random bytes and random arguments; the wire oracle is the server's grammar.

Whatever the arguments: either nothing is sent, or the server reads exactly one MAIL and one RCPT
for each recipient, with exactly the addresses and the parameters that were asked for.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import PostelError, ProtocolError, UsageError
from postel.smtp import DSN, Envelope, Extensions, Rcpt, envelope, wire
from postel.smtp.content import Plain, Stuffing, content_of, whole_data, with_crlf
from postel.smtp.terms import terms
from postel.smtp.wire_server import ServerWire
from postel.wire.dots import DotReader
from postel.wire.lines import LineBuffer

WORDS = st.sampled_from([b"220 hi\r\n", b"250 ok\r\n", b"250-a\r\n", b"250 2.1.0 b\r\n", b"354 go\r\n",
                         b"334 eA==\r\n", b"334 \r\n", b"550-5.1.1 x\r\n", b"550 5.1.1 y\r\n",
                         b"421 bye\r\n", b"\r\n", b"2", b"25", b"250", b"250\n", b"999 x\r\n"])
ASKED = [wire.mail(b"a@x"), wire.rcpt(b"b@x"), wire.data(), wire.end_of_data(),
         wire.bdat(b"x", last=True), wire.auth("PLAIN", None), wire.command("RSET")]


@given(st.lists(WORDS, max_size=30).map(b"".join), st.integers(1, 9),
       st.lists(st.sampled_from(range(len(ASKED))), max_size=10), st.booleans())
def test_events_in_order_or_a_broken_rule(
    data: bytes, step: int, asked: list[int], lmtp: bool
) -> None:
    def run(step: int) -> list[str]:
        grammar, seen = wire.Wire(lmtp=lmtp), []
        for number in asked:
            grammar.send(ASKED[number])
        try:
            for at in range(0, len(data), step):
                grammar.feed(data[at:at + step])
                while (event := grammar.next_event()) is not None:
                    seen.append(f"{event[0]} {event[1]}")
        except ProtocolError:
            seen.append("broken")
        return seen

    assert run(step) == run(len(data) or 1)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    grammar = wire.Wire()
    grammar.feed(data)
    try:
        while grammar.next_event() is not None:
            pass
    except ProtocolError:
        pass


PIECES = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"a", b".\r\n", b"\0",
                                   b"\r\n.\r\n", b"\xff"]), max_size=40)


@given(PIECES, st.integers(1, 7))
def test_no_message_ends_before_its_end(pieces: list[bytes], step: int) -> None:
    """However it is cut: the reader gets back the message with CRLF for every line end."""
    message = b"".join(pieces)
    wanted = with_crlf(message)
    assert wanted.count(b"\r\n") == wanted.count(b"\r") == wanted.count(b"\n")
    stuffing, plain, dotted, counted = Stuffing(), Plain(), b"", b""
    for at in range(0, len(message), step):
        dotted += stuffing.feed(message[at:at + step])
        counted += plain.feed(message[at:at + step])
    dotted += stuffing.end()
    counted += plain.end()
    assert counted == wanted
    whole = whole_data(content_of(b"x: y\r\n\r\n" + message)) or b""
    assert dotted == whole[8:] or not message
    lines, reader = LineBuffer(), DotReader()
    lines.feed(dotted + b"QUIT\r\n")
    found = b""
    while not reader.ended:
        found += reader.pull(lines)
    assert found == (wanted if wanted.endswith(b"\r\n") or not wanted else wanted + b"\r\n")
    assert lines.take() == b"QUIT\r\n"


OFFERED = Extensions(dict.fromkeys((
    "SIZE", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING", "BINARYMIME", "AUTH", "MT-PRIORITY"), ()))
ALPHABET = "ab@.<>\"\\ \r\n\0+=:;,()[]%!{}é用\u2028\x7f\x80\ud800\t-_~'"
PLAUSIBLE = ["a@x.org", '"a b"@x.org', "a@[192.0.2.1]", "postmaster", "", "é@x.org", "a+b@x.org",
             "a@é.org", "a.b..c@x.org"]


def oracle(pick: random.Random) -> bool:
    """Ask for one transaction with odd arguments; whether it could be asked for."""
    def text() -> str:
        found = pick.choice(PLAUSIBLE)
        for _ in range(pick.choice((0, 0, 0, 0, 1, 2, 5))):
            at = pick.randrange(len(found) + 1)
            found = found[:at] + pick.choice(ALPHABET) + found[at + pick.randrange(2):]
        return found

    sender, whom = text(), [text() for _ in range(pick.randrange(1, 3))]
    envid = text() if pick.random() < 0.3 else ""
    orcpt = text() if pick.random() < 0.3 else ""
    submitter = text() if pick.random() < 0.3 else None
    asked = Envelope(sender, tuple(Rcpt(one, orcpt=orcpt) for one in whom),
                     dsn=DSN(envid=envid), submitter=submitter)
    try:
        agreed = terms(asked, content_of(b"Subject: x\r\n\r\n"), OFFERED, secure=True)
    except (UsageError, PostelError):
        return False
    client, server = wire.Wire(), ServerWire()
    server.feed(b"".join(client.send(one) for one in (agreed.mail, *agreed.rcpts)))
    requests = []
    while (request := server.next_request()) is not None:
        assert not request.bare
        requests.append(request)
    assert [one.verb for one in requests] == ["MAIL", *["RCPT"] * len(whom)]
    said = envelope.mail_from(requests[0].argument, OFFERED, now=datetime.now(UTC))
    assert str(said.sender) == sender or not sender.isascii()
    assert said.envid == envid
    assert said.submitter == (submitter or "")
    for one, request in zip(whom, requests[1:], strict=True):
        if "@" not in one and one.lower() != "postmaster":
            continue  # a local user of an LMTP server; ours has none
        found = envelope.rcpt_to(request.argument, OFFERED, smtputf8=said.smtputf8)
        assert str(found.recipient) == one or not one.isascii()
    return True


def run_oracle(count: int, seed: int) -> tuple[int, int]:
    pick = random.Random(seed)
    passed = sum(oracle(pick) for _ in range(count))
    return passed, count - passed


def test_arguments_over_the_wire() -> None:
    passed, refused = run_oracle(2_000, seed=1)
    assert min(passed, refused) > 200  # both happen


@pytest.mark.slow
def test_a_hundred_thousand_arguments_over_the_wire() -> None:
    passed, refused = run_oracle(100_000, seed=2)
    assert min(passed, refused) > 10_000
