# GENERATED from test_dns_async.py by tools/unasync.py: edit that file, not this one.
"""Questions to the lab's name server: kinds, faults, what is believed, what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from postel import lab
from postel.dns.client_sync import Client
from postel.dns.types import MX
from postel.errors import NetworkError, ResolveError, TimedOut, UsageError
from postel.messages.questions import Asking, Question
from postel.transport.trace import Trace


@pytest.fixture(scope="module")
def here() -> Iterator[Any]:
    with lab.start("dns") as running:
        running.dns.zone("example.net")
        running.dns.zone("signed.example", signed=True)
        for zone in ("example.net", "signed.example"):
            running.dns.add(zone, "MX", f"10 mail.{zone}")
            running.dns.add(f"mail.{zone}", "A", "192.0.2.1", "192.0.2.2")
            running.dns.add(zone, "TXT", "v=spf1 mx -all")
            running.dns.add(f"www.{zone}", "CNAME", f"mail.{zone}")
        running.dns.add("long.example.net", "TXT", *(f"{n:03} " + "x" * 250 for n in range(40)))
        running.dns.add("huge.example.net", "TXT", *(f"{n:03} " + "x" * 250 for n in range(300)))
        running.dns.add("192.0.2.1", "PTR", "mail.example.net")
        running.dns.zone("forged.example")
        running.dns.records.bogus.add("forged.example")
        yield running


@pytest.fixture(autouse=True)
def _no_faults(here: Any) -> Iterator[None]:
    yield
    here.dns.faults.clear()


def asked(here: Any) -> list[tuple[str, str]]:
    found = list(here.dns.server.questions)
    here.dns.server.questions.clear()
    return found


def test_the_kinds(here: Any) -> None:
    with Client() as names:
        mx = names.mx("example.net")
        assert list(mx) == [MX(10, "mail.example.net")]
        assert mx.exists
        assert len(names.a("mail.example.net")) == 2
        assert not (names.aaaa("mail.example.net")).records
        assert (names.txt("Example.NET.")).records == ("v=spf1 mx -all",)
        assert (names.ptr("192.0.2.1")).records == ("mail.example.net",)
        assert (names.a("www.example.net")).canonical == "mail.example.net"
        assert not (names.srv("_imaps._tcp.example.net")).exists
        assert not (names.tlsa("mail.example.net")).records


def test_long_answers_come_by_tcp(here: Any) -> None:
    trace = Trace()
    with Client(trace=trace) as names:
        assert len(names.txt("long.example.net")) == 40
    assert "too long for a datagram" in trace.text


def test_more_than_a_message_holds_is_a_failure(here: Any) -> None:
    with Client(tries=1) as names:
        with pytest.raises(ResolveError, match="SERVFAIL"):
            names.txt("huge.example.net")


def test_a_resolver_here_is_believed_about_dnssec_others_are_not(here: Any) -> None:
    where = f"127.0.0.1:{here.dns.port}"
    with Client(where) as names:
        assert (names.mx("signed.example")).validated
        assert (names.a("www.signed.example")).validated
        assert (names.a("nix.signed.example")).validated  # that it does not exist
        assert not (names.mx("example.net")).validated
    with Client(where, trusted=False) as names:
        assert not (names.mx("signed.example")).validated


def test_answers_are_kept(here: Any) -> None:
    asked(here)
    with Client() as names:
        first = names.mx("example.net")
        assert names.mx("EXAMPLE.net") is first
        assert asked(here) == [("example.net", "MX")]
    with Client() as names:
        names.mx("example.net")
    assert asked(here) == [("example.net", "MX")]


def test_a_forged_answer_before_the_real_one(here: Any) -> None:
    here.dns.faults.on("MX", b"FORGED")
    with Client() as names:
        assert (names.mx("example.net")).records == (MX(10, "mail.example.net"),)


def test_a_lost_datagram_is_sent_again(here: Any) -> None:
    here.dns.faults.on("MX", None)
    with Client(patience=0.1) as names:
        assert len(names.mx("example.net")) == 1


def test_the_next_resolver_is_asked(here: Any) -> None:
    here.dns.faults.on("MX", b"REFUSED")
    where = f"127.0.0.1:{here.dns.port}"
    with Client([where, where], tries=1) as names:
        assert len(names.mx("example.net")) == 1


def test_a_refusal_says_who_and_what(here: Any) -> None:
    here.dns.faults.on("MX", b"REFUSED", times=9)
    with Client() as names:
        with pytest.raises(ResolveError, match=r"look up MX example.net: 127.0.0.1 port \d+ says: it "
                                               "refused to answer") as caught:
            names.mx("example.net")
    assert caught.value.code == 5
    assert caught.value.hint == "ask another resolver"


def test_forged_zones_are_told_from_broken_servers(here: Any) -> None:
    with Client(tries=1) as names:
        with pytest.raises(ResolveError, match="DNSSEC signatures do not verify") as caught:
            names.a("www.forged.example")
        assert "do not believe it" in caught.value.hint
        here.dns.faults.on("A", b"SERVFAIL", times=9)
        with pytest.raises(ResolveError, match=r"it failed \(SERVFAIL\)") as caught:
            names.a("www.example.net")
        assert "may be down" in caught.value.hint


def test_silence_and_dead_ports(here: Any) -> None:
    here.dns.faults.on("MX", None, times=99)
    with Client(timeout=0.2) as names:
        with pytest.raises(TimedOut, match="does not answer") as caught:
            names.mx("example.net")
    assert "is the resolver up" in caught.value.hint
    with Client("127.0.0.1:9", tries=1, timeout=1.0) as names:
        with pytest.raises(NetworkError, match="port 9"):
            names.mx("example.net")


def test_no_resolvers_and_no_names(here: Any) -> None:
    with pytest.raises(UsageError, match="resolvers: there is none"):
        Client([])
    with Client() as names:
        with pytest.raises(UsageError, match="no domain name"):
            names.mx("a..b")
        with pytest.raises(UsageError, match="no records of type"):
            names.query("example.net", "AXFR")


def test_a_dialogue_is_driven(here: Any) -> None:
    def dialogue() -> Asking[list[object]]:
        heard: list[object] = []
        for question in (Question("signed.example", "MX"), Question("192.0.2.1", "PTR"),
                         Question("nix.example.net", "A"), Question("a..b", "A")):
            found = yield question
            heard.append((found.texts, found.exists, found.validated, found.failed))
        found = yield Question("x.forged.example", "TXT")
        heard.append("DNSSEC" in found.failed)
        return heard

    with Client(tries=1) as names:
        assert names.drive(dialogue()) == [
            (("mail.signed.example",), True, True, ""), (("mail.example.net",), True, False, ""),
            ((), False, False, ""), ((), False, False, ""), True]


def test_the_labs_own_names(here: Any) -> None:
    with Client() as names:
        assert (names.a(f"dns.{here.domain}")).records == ("127.0.0.1",)
