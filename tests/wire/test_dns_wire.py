"""The grammar of the DNS: questions, answers, and what is neither."""

from __future__ import annotations

import pytest

from postel.dns import wire
from postel.dns.server import DNSServer, Records
from postel.dns.system import Settings, parse_settings
from postel.dns.types import MX, SRV, TLSA
from postel.errors import ProtocolError, UsageError

RECORDS = Records()
RECORDS.add("example.org", "MX", "20 b.example.org", "10 a.example.org")
RECORDS.add("example.org", "TXT", "v=spf1 -all", "x" * 600, "ü \\ \"quoted\"")
RECORDS.add("_imaps._tcp.example.org", "SRV", "0 1 993 imap.example.org", "0 0 0 .")
RECORDS.add("_25._tcp.a.example.org", "TLSA", "3 1 1 " + "ab" * 32)
RECORDS.add("example.org", "AAAA", "2001:db8::1")
RECORDS.add("192.0.2.1", "PTR", "a.example.org")
RECORDS.add("www.example.org", "CNAME", "web.example.org")
RECORDS.add("web.example.org", "CNAME", "example.org")
RECORDS.add("loop.example.org", "CNAME", "loop.example.org")


def answer(name: str, kind: str, number: int = 7) -> bytes:
    return DNSServer(RECORDS).answers(wire.ask(name, kind, number), datagram=False)[0]


def records(name: str, kind: str) -> list[object]:
    response = wire.parse(answer(name, kind), name, kind, 7)
    assert response is not None
    return list(response.records)


def test_each_kind_has_its_type() -> None:
    assert records("example.org", "MX") == [MX(10, "a.example.org"), MX(20, "b.example.org")]
    assert set(records("example.org", "TXT")) == {"v=spf1 -all", "x" * 600, "ü \\ \"quoted\""}
    assert records("_imaps._tcp.example.org", "SRV") == [SRV(0, 0, 0, ""),
                                                         SRV(0, 1, 993, "imap.example.org")]
    assert records("_25._tcp.a.example.org", "TLSA") == [TLSA(3, 1, 1, b"\xab" * 32)]
    assert records("example.org", "AAAA") == ["2001:db8::1"]
    assert records(wire.reverse("192.0.2.1"), "PTR") == ["a.example.org"]
    assert records("www.example.org", "AAAA") == ["2001:db8::1"]
    assert records("www.example.org", "CNAME") == ["web.example.org"]


def test_records_look_as_zone_files_have_them() -> None:
    assert str(MX(0, "")) == "0 ."
    assert str(SRV(1, 2, 3, "")) == "1 2 3 ."
    assert str(TLSA(3, 1, 1, b"\x01")) == "3 1 1 01"


def test_no_such_name_and_no_such_record_differ() -> None:
    missing = wire.parse(answer("nix.example.org", "A"), "nix.example.org", "A", 7)
    assert missing is not None
    assert missing.rcode == 5  # not a zone of ours
    empty = wire.parse(answer("example.org", "SRV"), "example.org", "SRV", 7)
    assert empty is not None
    assert (empty.rcode, empty.records) == (0, ())


@pytest.mark.parametrize(("name", "kind", "number"), [
    ("example.org", "MX", 8), ("example.com", "MX", 7), ("example.org", "A", 7)])
def test_what_answers_another_question_is_not_believed(name: str, kind: str, number: int) -> None:
    assert wire.parse(answer("example.org", "MX"), name, kind, number) is None


def test_a_question_is_no_answer() -> None:
    assert wire.parse(wire.ask("example.org", "A", 7), "example.org", "A", 7) is None


def test_loops_are_a_protocol_error_and_noise_too() -> None:
    with pytest.raises(ProtocolError, match="the answer to A loop"):
        wire.parse(answer("loop.example.org", "A"), "loop.example.org", "A", 7)
    with pytest.raises(ProtocolError, match="a message of the DNS"):
        wire.parse(b"\0" * 11, "example.org", "A", 7)


@pytest.mark.parametrize("name", ["", ".", "a..b", "a" * 64, "a b", "a\r\nb", "a\0", "a.b\\.c",
                                  ".".join(["a" * 60] * 5), "ß" * 70])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no domain name"):
        wire.name_of(name)


def test_kinds_and_addresses_are_checked() -> None:
    with pytest.raises(UsageError, match="no records of type 'AXFR'"):
        wire.ask("example.org", "AXFR", 1)
    with pytest.raises(UsageError, match="no IP address"):
        wire.reverse("example.org")
    with pytest.raises(UsageError, match="MX 'ten mail'"):
        Records().add("example.org", "MX", "ten mail")


def test_settings_of_the_system() -> None:
    text = "# c\nnameserver 192.0.2.1 # first\nnameserver 2001:db8::1\nsearch x\n;nameserver 9.9.9.9"
    assert parse_settings(text) == Settings((("192.0.2.1", 53), ("2001:db8::1", 53)))
    assert parse_settings("") == Settings((("127.0.0.1", 53),))
    assert parse_settings("nameserver 1.1.1.1\noptions trust-ad ndots:1").trusted


def test_a_resolver_is_told_from_its_port() -> None:
    assert wire.resolver_at("192.0.2.53", 53) == ("192.0.2.53", 53)
    assert wire.resolver_at("2001:db8::53", 53) == ("2001:db8::53", 53)
    assert wire.resolver_at("[2001:db8::53]:5353", 53) == ("2001:db8::53", 5353)
    assert wire.resolver_at("dns.example.org:5353", 53) == ("dns.example.org", 5353)
