"""Direct delivery to Postfix and on to Dovecot: TLS by DANE, a signature that arrives unharmed."""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import MTA

from postel import lab
from postel.mail import Direct
from postel.mail.dane import record_for
from postel.mail.signed import signed
from postel.messages import Signer, offline
from postel.messages.dkim import verify
from postel.smtp.types import RecipientsRefused

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "messages"))
from dkim_vectors import BRISBANE, ED25519

MESSAGE = ("From: Ann <ann@example.net>\r\nTo: bob@example.org\r\nSubject: hello\r\nDate: Sat, 21 Nov 2026 11:00:00 +0000\r\n"
           "Message-ID: <1@example.net>\r\nMIME-Version: 1.0\r\n"
           "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
           ".a dot\r\nüñï  two spaces \r\n\r\n\r\n").encode()


@pytest.fixture
def here() -> Iterator[Any]:
    """Names that lead the mail for example.org to mx.example.org, which is this machine."""
    with lab.start("dns") as running:
        running.dns.zone("example.org", signed=True)
        running.dns.add("example.org", "MX", "10 mx.example.org")
        running.dns.add("mx.example.org", "A", "127.0.0.1")
        yield running


def test_to_postfix_by_dane_signed(here: Any, mta: MTA) -> None:
    pem = ssl.get_server_certificate(("127.0.0.1", mta.smtps))
    here.dns.add(f"_{mta.smtp}._tcp.mx.example.org", "TLSA", record_for(ssl.PEM_cert_to_DER_cert(pem)))
    user = f"direct{time.time_ns()}"
    letter = signed(MESSAGE, Signer("example.net", "s", ED25519), now=int(time.time()))
    with Direct(port=mta.smtp, timeout=20.0) as direct:
        found = direct.send(letter, sender="ann@example.net", recipients=[f"{user}@example.org"])
    assert found.sent.accepted == (f"{user}@example.org",)
    assert [(one.host, one.secured) for one in found.attempts] == [("mx.example.org", "DANE")]
    end = time.monotonic() + 20
    while not (arrived := mta.mailbox(user)):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
    table = {("s._domainkey.example.net", "TXT"): [BRISBANE]}
    assert [one.result for one in offline(verify(arrived[0], now=int(time.time())), table)] == ["pass"]


def test_another_certificate_stops_it(here: Any, mta: MTA) -> None:
    here.dns.add(f"_{mta.smtp}._tcp.mx.example.org", "TLSA", "3 1 1 " + "ab" * 32)
    with Direct(port=mta.smtp, timeout=20.0) as direct:
        with pytest.raises(RecipientsRefused, match="none of those that its TLSA records name"):
            direct.send(MESSAGE, sender="", recipients=["bob@example.org"])


def test_refusals_are_postfixes(here: Any, mta: MTA) -> None:
    with Direct(port=mta.smtp, timeout=20.0) as direct:
        found = direct.send(MESSAGE, sender="", recipients=["nobody@example.org", "bob@example.org"],
                            raise_on="never")
    assert found.sent.accepted == ("bob@example.org",)
    reply = found.sent.refused["nobody@example.org"]
    assert reply is not None
    assert reply.code == 554
    assert found.attempts[-1].secured == "TLS"
