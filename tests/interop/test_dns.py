"""The DNS client against BIND (an authority) and unbound (a resolver that validates)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from servers.names import Names, run_names

from postel import dns
from postel.dns import MX, SRV
from postel.errors import ProtocolError, ResolveError
from postel.mail.routing_sync import Router
from postel.mail.suffixes import organisational_domain
from postel.messages import dmarc, spf


@pytest.fixture(scope="module")
def names(ground) -> Iterator[Names]:  # type: ignore[no-untyped-def]
    with run_names(ground) as running:
        yield running


@pytest.fixture(params=["authority", "resolver"])
def client(request: pytest.FixtureRequest, names: Names) -> Iterator[dns.Client]:
    with dns.Client(getattr(names, request.param), timeout=10.0) as asking:
        yield asking


def test_every_kind(client: dns.Client) -> None:
    assert list(client.mx("signed.test")) == [MX(10, "mx.signed.test"), MX(20, "mx2.signed.test")]
    assert list(client.a("mx.signed.test")) == ["192.0.2.11"]
    assert list(client.aaaa("mx.signed.test")) == ["2001:db8::11"]
    assert 'two strings, "quoted" and ü' in list(client.txt("signed.test"))
    assert list(client.srv("_imaps._tcp.signed.test")) == [SRV(0, 1, 993, "mx.signed.test")]
    assert list(client.srv("_sip._tcp.signed.test")) == [SRV(0, 0, 0, "")]
    assert [str(one) for one in client.tlsa("mx.signed.test")] == ["3 1 1 " + "0123456789abcdef" * 4]
    assert list(client.ptr("192.0.2.11")) == ["mx.signed.test"]
    assert list(client.mx("null.signed.test")) == [MX(0, "")]
    assert list(client.txt("anything.wild.signed.test")) == ["from the wildcard"]
    assert list(client.query("signed.test", "NS")) == ["ns.signed.test"]


def test_aliases_and_what_is_not_there(client: dns.Client) -> None:
    www = client.a("www.signed.test")
    assert (list(www), www.canonical) == (["192.0.2.1"], "signed.test")
    missing, empty = client.a("nix.signed.test"), client.a("null.signed.test")
    assert (missing.exists, missing.records) == (False, ())
    assert (empty.exists, empty.records) == (True, ())
    assert missing.ttl <= 300
    with pytest.raises((ResolveError, ProtocolError)):
        client.a("loop1.signed.test")


def test_what_is_too_long_for_a_datagram(client: dns.Client) -> None:
    assert len(client.txt("big.signed.test")) == 60


def test_a_resolver_that_validates(names: Names) -> None:
    with dns.Client(names.resolver) as client:
        assert client.mx("signed.test").validated
        assert client.a("www.signed.test").validated
        assert client.a("nix.signed.test").validated
        assert client.txt("anything.wild.signed.test").validated
        assert client.tlsa("mx.signed.test").validated
        assert not client.mx("unsigned.test").validated
        with pytest.raises(ResolveError, match="DNSSEC signatures do not verify") as caught:
            client.a("mx.forged.test")
        assert caught.value.code == 2
    with dns.Client(names.authority) as client:
        assert not client.mx("signed.test").validated
        with pytest.raises(ResolveError, match="it refused to answer"):
            client.a("www.example.org")


def test_routes(names: Names) -> None:
    with dns.Client(names.resolver) as client:
        router = Router(client)
        route = router.route("signed.test")
        assert [(one.host, one.dane) for one in route.exchanges] == [
            ("mx.signed.test", "usable"), ("mx2.signed.test", "none")]
        assert [one.dane for one in router.route("unsigned.test").exchanges] == ["not checked"] * 2
        assert router.route("null.signed.test").kind == "null"
        forged = router.route("forged.test").exchanges[0]
        assert (forged.dane, "do not verify" in forged.problem) == ("failed", True)


def test_dialogues(names: Names) -> None:
    with dns.Client(names.resolver) as client:
        for address, result in [("192.0.2.11", "pass"), ("192.0.2.15", "pass"), ("192.0.2.16", "fail"),
                                ("2001:db8::9", "pass"), ("2001:db9::9", "fail")]:
            assert client.drive(spf.check(address, "a@signed.test")).result == result, address
        place, record = client.drive(dmarc.find_record("mail.signed.test", organisational_domain))
        assert (place, record.policy if record else "") == ("signed.test", "reject")


def test_many_at_once(names: Names) -> None:
    async def ask() -> int:
        async with dns.AsyncClient(names.resolver) as client:
            found = await asyncio.gather(*(client.txt(f"n{number}.wild.signed.test")
                                           for number in range(100)))
            return sum(len(one) for one in found)

    assert asyncio.run(ask()) == 100
