"""Our client against Postfix, Exim, Dovecot and smtp-sink: every extension they have, and speed."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from servers import MTA, Daemon, program
from servers.process import free_ports, is_root, wait_for_ports

from postel import smtp
from postel.errors import AuthenticationError, NotSupported
from postel.smtp import DSN, DeliverBy, Envelope, Letter, Rcpt, RecipientsRefused
from postel.smtp.learned import LEARNED
from postel.transport.tls import TLSOptions

TEXT = b"Subject: %d\r\n\r\n.a line with a dot\r\nHello\r\n"
SENDER = "ann@example.org"


def turns(trace: str) -> int:
    """How often the client had to wait for an answer to what it had sent."""
    kinds = [line[:2] for line in trace.splitlines() if line[:2] in ("C:", "S:")]
    return sum(1 for i in range(1, len(kinds)) if kinds[i - 1 : i + 1] == ["C:", "S:"])


def until(check: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a queue to be worked off."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def letters(count: int, who: str) -> list[Letter]:
    return [Letter(TEXT % n, Envelope(SENDER, (Rcpt(f"{who}@example.org"),)))
            for n in range(count)]


@pytest.fixture(autouse=True)
def nothing_learned() -> None:
    LEARNED.clear()


@pytest.mark.parametrize(("scheme", "security"), [("smtps", "auto"), ("smtp", "starttls")])
@pytest.mark.parametrize("auth", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256",
                                  None])
def test_postfix_tls_and_auth(mta: MTA, scheme: str, security: str, auth: str | None) -> None:
    port = mta.smtps if scheme == "smtps" else mta.smtp
    with smtp.Client(f"{scheme}://localhost:{port}", user="ann", password=mta.password, auth=auth,
                     security=security, tls=TLSOptions(ca=mta.ca_file)) as server:
        assert server.peer.tls
        sent = server.send(TEXT % 1, sender=SENDER, recipients=["bob@example.net"], last=True)
        assert sent.accepted == ("bob@example.net",)  # relayed for who has logged in
    with pytest.raises(AuthenticationError):
        smtp.Client(f"{scheme}://localhost:{port}", user="ann", password="wrong", auth=auth,
                    security=security, tls=TLSOptions(ca=mta.ca_file)).open()


def test_postfix_delivers_what_was_sent(mta: MTA) -> None:
    text = TEXT % 7 + b"..\r\n.\r\nFrom here\r\n" + "Grüße\r\n".encode()
    with smtp.Client(f"smtp://127.0.0.1:{mta.smtp}", security="plain") as server:
        assert {"PIPELINING", "CHUNKING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE"} <= set(
            server.capabilities)
        server.send(text, sender=SENDER, recipients=["dots@example.org"],
                    dsn=DSN(("success", "failure"), "headers", "envelope+1"))
        server.send(text.replace(b"\r\n", b"\n"), sender="", recipients=["dots@example.org"])
    until(lambda: len(mta.mailbox("dots")) == 2)
    for found in mta.mailbox("dots"):
        body = found.replace(b"\r\n", b"\n").split(b"\n\n", 1)[1]
        assert body == text.replace(b"\r\n", b"\n").split(b"\n\n", 1)[1]
    until(lambda: any(b"Original-Envelope-Id: envelope+1" in report
                      for report in mta.mailbox("ann")))


def test_postfix_refuses_some(mta: MTA) -> None:
    with smtp.Client(f"smtp://127.0.0.1:{mta.smtp}", security="plain") as server:
        with pytest.raises(RecipientsRefused) as caught:
            server.send(TEXT % 1, sender=SENDER,
                        recipients=["some@example.org", "nobody@example.org", "x@example.net"])
        sent = caught.value.sent
        assert sent.accepted == ("some@example.org",)
        statuses = {who: str(reply.status) for who, reply in sent.refused.items() if reply}
        assert statuses == {"nobody@example.org": "5.7.1", "x@example.net": "5.7.1"}
        with pytest.raises(RecipientsRefused):
            server.send(TEXT % 1, sender=SENDER, recipients=["nobody@example.org"])
        assert server.send(TEXT % 1, sender=SENDER, recipients=["some@example.org"]).accepted


def test_postfix_smtputf8(mta: MTA) -> None:
    with smtp.Client(f"smtp://127.0.0.1:{mta.smtp}", security="plain") as server:
        sent = server.send("Subject: Grüße\r\n\r\nHallo\r\n".encode(), sender="jürgen@example.org",
                           recipients=["käthe@example.org"])
        assert sent.accepted == ("käthe@example.org",)
        with pytest.raises(NotSupported, match="REQUIRETLS"):
            server.send(TEXT % 1, sender=SENDER, recipients=["a@example.org"], require_tls=True)
        with pytest.raises(NotSupported, match="DELIVERBY"):
            server.send(TEXT % 1, sender=SENDER, recipients=["a@example.org"],
                        deliver_by=DeliverBy(timedelta(hours=1)))


@pytest.mark.parametrize("name", ["mta", "exim"])
def test_a_hundred_recipients_and_a_hundred_messages(
    name: str, request: pytest.FixtureRequest
) -> None:
    server_: MTA = request.getfixturevalue(name)
    url = f"smtp://127.0.0.1:{server_.smtp}"
    trace = io.StringIO()
    with smtp.Client(url, security="plain", trace=trace) as server:
        sent = server.send(TEXT % 1, sender=SENDER, last=True,
                           recipients=[f"r{n}@example.org" for n in range(100)])
    assert len(sent.accepted) == 100
    assert turns(trace.getvalue()) <= 4
    trace = io.StringIO()
    with smtp.Client(url, security="plain", trace=trace) as server:
        results = list(server.send_many(letters(100, f"{name}hundred"), last=True))
    assert all(one.accepted for one in results)
    assert len({one.reply.lines[-1] for one in results if one.reply}) == 100  # queue ids
    assert turns(trace.getvalue()) <= 8
    assert LEARNED["127.0.0.1", server_.smtp].ahead
    if name == "mta":
        until(lambda: len(mta_box(server_)) == 100)
        subjects = {text.split(b"Subject: ")[1].split()[0] for text in mta_box(server_)}
        assert subjects == {b"%d" % n for n in range(100)}


def mta_box(server: MTA) -> list[bytes]:
    return server.mailbox("mtahundred")


@pytest.mark.parametrize("name", ["mta", "exim"])
def test_refusals_among_messages_sent_ahead(name: str, request: pytest.FixtureRequest) -> None:
    """A refused transaction takes nobody with it, and gives nobody its sender or its recipients."""
    server_: MTA = request.getfixturevalue(name)
    many = [Letter(TEXT % n, Envelope(f"s{n}@example.org", (
        Rcpt("nobody@example.org" if n % 3 == 1 else f"{name}ahead@example.org"),)))
            for n in range(30)]
    with smtp.Client(f"smtp://127.0.0.1:{server_.smtp}", security="plain") as server:
        results = list(server.send_many(many))
    assert [bool(one.accepted) for one in results] == [n % 3 != 1 for n in range(30)]
    if name == "mta":
        until(lambda: len(server_.mailbox("mtaahead")) == 20)
        for text in server_.mailbox("mtaahead"):
            number = text.split(b"Subject: ")[1].split()[0]
            assert b"Return-Path: <s%s@example.org>" % number in text


def test_exim_keeps_every_byte(exim: MTA) -> None:
    before = set(exim.queue())
    text = b"Subject: x\r\n\r\n.dot\r\n..\r\n.\r\n\x00\x80\xff\r\n"
    with smtp.Client(f"smtp://127.0.0.1:{exim.smtp}", security="starttls",
                     tls=TLSOptions(ca=exim.ca_file)) as server:
        assert server.peer.tls
        server.send(text, sender=SENDER, recipients=["b@example.org"])
    [found] = set(exim.queue()) - before
    assert found == b".dot\n..\n.\n\x00\x80\xff\n"


def test_exim_by_data(exim: MTA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postel.smtp.types.Extensions.__contains__",
                        lambda self, name: name in self.words and name != "CHUNKING")
    trace = io.StringIO()
    with smtp.Client(f"smtp://127.0.0.1:{exim.smtp}", security="plain", trace=trace) as server:
        results = list(server.send_many(letters(100, "data"), last=True))
    assert all(one.accepted for one in results)
    assert "BDAT" not in trace.getvalue()
    assert turns(trace.getvalue()) <= 103


def test_postfix_by_data(mta: MTA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postel.smtp.types.Extensions.__contains__",
                        lambda self, name: name in self.words and name != "CHUNKING")
    trace = io.StringIO()
    with smtp.Client(f"smtp://127.0.0.1:{mta.smtp}", security="plain", trace=trace) as server:
        results = list(server.send_many(letters(100, "data"), last=True))
    assert all(one.accepted for one in results)
    assert turns(trace.getvalue()) <= 103


def test_dovecot_lmtp_answers_for_each(mta: MTA) -> None:
    with smtp.Client(f"lmtp://127.0.0.1:{mta.lmtp}") as server:
        sent = server.send(TEXT % 3, sender=SENDER, recipients=["one@example.org",
                                                                "two@example.org"])
        assert sent.accepted == ("one@example.org", "two@example.org")
        replies = {one.reply.text for one in sent.recipients if one.reply}
        assert len(replies) == 2  # each its own
        results = list(server.send_many(letters(20, "lmtpmany")))
        assert all(one.accepted for one in results)
        sent = server.send(TEXT % 4, sender=SENDER, recipients=["one@example.org", "../etc@x"],
                           raise_on="never")
        assert "one@example.org" in sent.accepted
    assert len(mta.mailbox("lmtpmany")) == 20
    assert TEXT.replace(b"\r\n", b"\n").split(b"\n\n")[1] in mta.mailbox("one")[0].replace(
        b"\r\n", b"\n")


def test_dovecot_submission(mta: MTA) -> None:
    with smtp.Client("127.0.0.1", port=mta.submission, user="ann", password=mta.password) as server:
        assert "BURL" in server.capabilities or "CHUNKING" in server.capabilities
        assert server.send(TEXT % 5, sender=SENDER, recipients=["sub@example.org"]).accepted
        results = list(server.send_many(letters(10, "submany")))
        assert all(one.accepted for one in results)
    until(lambda: len(mta.mailbox("submany")) == 10)


def test_smtp_sink(tmp_path: Path) -> None:
    """The server of Postfix's own load tests, with and without its extensions."""
    for options in ([], ["-p"], ["-e"], ["-8"]):
        [port] = free_ports(1)
        who = ["-u", "nobody"] if is_root() else []
        daemon = Daemon("smtp-sink", [program("smtp-sink", "postfix"), *who, *options,
                                      f"127.0.0.1:{port}", "100"], tmp_path)
        try:
            wait_for_ports(daemon, "127.0.0.1", [port], [])
            with smtp.Client(f"smtp://127.0.0.1:{port}", security="plain") as server:
                assert server.send(TEXT % 1, sender=SENDER, recipients=["a@x", "b@x"]).accepted
                assert all(one.accepted for one in server.send_many(letters(50, "sink")))
        finally:
            daemon.stop()


def test_large_messages(mta: MTA) -> None:
    text = TEXT % 9 + b"0123456789abcdef" * 4 + b"\r\n"
    text += (b"." + b"x" * 75 + b"\r\n") * 60_000
    with smtp.Client(f"smtp://127.0.0.1:{mta.smtp}", security="plain") as server:
        server.send(text, sender=SENDER, recipients=["large@example.org"])
    until(lambda: len(mta.mailbox("large")) == 1)
    found = mta.mailbox("large")[0].replace(b"\r\n", b"\n")
    assert found.endswith(text.replace(b"\r\n", b"\n").split(b"\n\n", 1)[1])
