# A conversation (its twin test_dns_sync.py is generated): the DNS client against the lab.
"""Questions to the lab's name server: kinds, faults, what is believed, what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from postel import lab
from postel.dns.client_async import AsyncClient
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


async def test_the_kinds(here: Any) -> None:
    async with AsyncClient() as names:
        mx = await names.mx("example.net")
        assert list(mx) == [MX(10, "mail.example.net")]
        assert mx.exists
        assert len(await names.a("mail.example.net")) == 2
        assert not (await names.aaaa("mail.example.net")).records
        assert (await names.txt("Example.NET.")).records == ("v=spf1 mx -all",)
        assert (await names.ptr("192.0.2.1")).records == ("mail.example.net",)
        assert (await names.a("www.example.net")).canonical == "mail.example.net"
        assert not (await names.srv("_imaps._tcp.example.net")).exists
        assert not (await names.tlsa("mail.example.net")).records


async def test_long_answers_come_by_tcp(here: Any) -> None:
    trace = Trace()
    async with AsyncClient(trace=trace) as names:
        assert len(await names.txt("long.example.net")) == 40
    assert "too long for a datagram" in trace.text


async def test_more_than_a_message_holds_is_a_failure(here: Any) -> None:
    async with AsyncClient(tries=1) as names:
        with pytest.raises(ResolveError, match="SERVFAIL"):
            await names.txt("huge.example.net")


async def test_a_resolver_here_is_believed_about_dnssec_others_are_not(here: Any) -> None:
    where = f"127.0.0.1:{here.dns.port}"
    async with AsyncClient(where) as names:
        assert (await names.mx("signed.example")).validated
        assert (await names.a("www.signed.example")).validated
        assert (await names.a("nix.signed.example")).validated  # that it does not exist
        assert not (await names.mx("example.net")).validated
    async with AsyncClient(where, trusted=False) as names:
        assert not (await names.mx("signed.example")).validated


async def test_answers_are_kept(here: Any) -> None:
    asked(here)
    async with AsyncClient() as names:
        first = await names.mx("example.net")
        assert await names.mx("EXAMPLE.net") is first
        assert asked(here) == [("example.net", "MX")]
    async with AsyncClient() as names:
        await names.mx("example.net")
    assert asked(here) == [("example.net", "MX")]


async def test_a_forged_answer_before_the_real_one(here: Any) -> None:
    here.dns.faults.on("MX", b"FORGED")
    async with AsyncClient() as names:
        assert (await names.mx("example.net")).records == (MX(10, "mail.example.net"),)


async def test_a_lost_datagram_is_sent_again(here: Any) -> None:
    here.dns.faults.on("MX", None)
    async with AsyncClient(patience=0.1) as names:
        assert len(await names.mx("example.net")) == 1


async def test_the_next_resolver_is_asked(here: Any) -> None:
    here.dns.faults.on("MX", b"REFUSED")
    where = f"127.0.0.1:{here.dns.port}"
    async with AsyncClient([where, where], tries=1) as names:
        assert len(await names.mx("example.net")) == 1


async def test_a_refusal_says_who_and_what(here: Any) -> None:
    here.dns.faults.on("MX", b"REFUSED", times=9)
    async with AsyncClient() as names:
        with pytest.raises(ResolveError, match=r"look up MX example.net: 127.0.0.1 port \d+ says: it "
                                               "refused to answer") as caught:
            await names.mx("example.net")
    assert caught.value.code == 5
    assert caught.value.hint == "ask another resolver"


async def test_forged_zones_are_told_from_broken_servers(here: Any) -> None:
    async with AsyncClient(tries=1) as names:
        with pytest.raises(ResolveError, match="DNSSEC signatures do not verify") as caught:
            await names.a("www.forged.example")
        assert "do not believe it" in caught.value.hint
        here.dns.faults.on("A", b"SERVFAIL", times=9)
        with pytest.raises(ResolveError, match=r"it failed \(SERVFAIL\)") as caught:
            await names.a("www.example.net")
        assert "may be down" in caught.value.hint


async def test_silence_and_dead_ports(here: Any) -> None:
    here.dns.faults.on("MX", None, times=99)
    async with AsyncClient(timeout=0.2) as names:
        with pytest.raises(TimedOut, match="does not answer") as caught:
            await names.mx("example.net")
    assert "is the resolver up" in caught.value.hint
    async with AsyncClient("127.0.0.1:9", tries=1, timeout=1.0) as names:
        with pytest.raises(NetworkError, match="port 9"):
            await names.mx("example.net")


async def test_no_resolvers_and_no_names(here: Any) -> None:
    with pytest.raises(UsageError, match="resolvers: there is none"):
        AsyncClient([])
    async with AsyncClient() as names:
        with pytest.raises(UsageError, match="no domain name"):
            await names.mx("a..b")
        with pytest.raises(UsageError, match="no records of type"):
            await names.query("example.net", "AXFR")


async def test_a_dialogue_is_driven(here: Any) -> None:
    def dialogue() -> Asking[list[object]]:
        heard: list[object] = []
        for question in (Question("signed.example", "MX"), Question("192.0.2.1", "PTR"),
                         Question("nix.example.net", "A"), Question("a..b", "A")):
            found = yield question
            heard.append((found.texts, found.exists, found.validated, found.failed))
        found = yield Question("x.forged.example", "TXT")
        heard.append("DNSSEC" in found.failed)
        return heard

    async with AsyncClient(tries=1) as names:
        assert await names.drive(dialogue()) == [
            (("mail.signed.example",), True, True, ""), (("mail.example.net",), True, False, ""),
            ((), False, False, ""), ((), False, False, ""), True]


async def test_the_labs_own_names(here: Any) -> None:
    async with AsyncClient() as names:
        assert (await names.a(f"dns.{here.domain}")).records == ("127.0.0.1",)
