# GENERATED from test_mail_direct_async.py by tools/unasync.py: edit that file, not this one.
"""Where mail goes, and that it goes there only as safely as the other side demands."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postel import lab
from postel.dns.client_sync import Client as Names
from postel.errors import ResolveError, UsageError
from postel.mail.dane import record_for
from postel.mail.direct_sync import Direct
from postel.mail.policies import PolicyStore
from postel.mail.routing_sync import Router
from postel.smtp.types import RecipientsRefused, Unconfirmed

MESSAGE = b"From: ann@example.net\r\nSubject: x\r\n\r\nhello\r\n"
POLICY = "version: STSv1\nmode: {}\nmx: {}\nmax_age: 86400\n"


@pytest.fixture(scope="module")
def world() -> Iterator[Any]:
    with lab.start("dns", "http", "smtp") as running:
        running.also_known_as("mx.lab.test", "smtp")
        running.also_known_as("mx2.lab.test", "smtp")
        running.also_known_as("mta-sts.lab.test", "http")
        running.dns.add("dead.lab.test", "A", "127.0.0.9")
        yield running


@pytest.fixture
def here(world: Any) -> Iterator[Any]:
    """The lab with mail for lab.test at mx, and nothing else said about it."""
    world.dns.records.signed.clear()
    for name in ("lab.test", "_mta-sts.lab.test", "_25._tcp.mx.lab.test"):
        for kind in ("MX", "TXT", "TLSA"):
            world.dns.records.remove(name, kind)
    world.dns.add("lab.test", "MX", "10 mx.lab.test")
    yield world
    world.dns.faults.clear()
    world.smtp.faults.clear()
    world.smtp.options.without.clear()


def announce(here: Any, mode: str, host: str, number: int = 1) -> None:
    here.dns.records.remove("_mta-sts.lab.test")
    here.dns.add("_mta-sts.lab.test", "TXT", f"v=STSv1; id={number}")
    here.http.files.put("/.well-known/mta-sts.txt", POLICY.format(mode, host).encode())


def certificate(here: Any) -> bytes:
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", here.smtp.tls_port)))


def send(*recipients: str, **more: Any) -> Any:
    with Direct(timeout=5.0) as direct:
        return direct.send(MESSAGE, sender="ann@example.net", recipients=recipients or (
            "alice@lab.test",), **more)


# -- routes ------------------------------------------------------------------------------------

def test_servers_in_order_of_preference(here: Any) -> None:
    here.dns.add("lab.test", "MX", "5 mx2.lab.test", "20 dead.lab.test")
    with Names() as names:
        route = Router(names).route("lab.test")
    assert [(one.preference, one.host) for one in route.exchanges] == [
        (5, "mx2.lab.test"), (10, "mx.lab.test"), (20, "dead.lab.test")]
    assert route.exchanges[2].addresses == ("127.0.0.9",)
    assert (route.kind, route.validated, route.policy) == ("mx", False, None)
    assert {one.dane for one in route.exchanges} == {"not checked"}


def test_equals_take_turns(here: Any) -> None:
    here.dns.add("lab.test", "MX", "10 mx2.lab.test", "10 dead.lab.test")
    with Names() as names:
        orders = {tuple(one.host for one in (Router(names).route("lab.test")).exchanges)
                  for _ in range(60)}
    assert len(orders) == 6


def test_no_mx_a_null_mx_and_no_domain(here: Any) -> None:
    with Names() as names:
        router = Router(names)
        own = router.route("dead.lab.test")
        assert (own.kind, [one.host for one in own.exchanges]) == ("address", ["dead.lab.test"])
        assert (router.route("nix.lab.test")).kind == "missing"
        here.dns.zone("null.example")
        here.dns.add("null.example", "MX", "0 .")
        assert (router.route("null.example")).kind == "null"
        here.dns.add("lab.test", "MX", "0 .")
        route = router.route("lab.test")
        assert [one.host for one in route.exchanges] == ["mx.lab.test"]
        assert route.notes == ("a null MX (0 .) beside others means nothing",)


def test_tlsa_records_count_only_where_all_is_proved(here: Any) -> None:
    here.dns.add("_25._tcp.mx.lab.test", "TLSA", "3 1 1 " + "ab" * 32)

    def state(*signed: str) -> str:
        here.dns.records.signed.clear()
        here.dns.records.signed.update(signed)
        with Names() as names:
            return str((Router(names).route("lab.test")).exchanges[0].dane)

    assert state() == "not checked"
    assert state("mx.lab.test") == "not checked"  # the MX is not proved
    assert state("lab.test") == "usable"
    here.dns.records.remove("_25._tcp.mx.lab.test")
    assert state("lab.test") == "none"
    here.dns.add("_25._tcp.mx.lab.test", "TLSA", "1 1 1 " + "ab" * 32)
    assert state("lab.test") == "unusable"
    here.dns.faults.on("TLSA", b"SERVFAIL", times=9)
    assert state("lab.test") == "failed"
    here.dns.faults.clear()
    here.dns.faults.on("AAAA", b"SERVFAIL", times=9)  # whoever forges addresses gets no further
    assert state("lab.test") == "failed"
    assert state() == "not checked"


def test_policies_are_fetched_once_and_outlive_their_record(here: Any, tmp_path: Path) -> None:
    announce(here, "enforce", "mx.lab.test")
    store = PolicyStore(tmp_path / "sts.json")
    with Names() as names:
        policy, note = Router(names, policies=store).policy("lab.test")
        assert policy is not None
        assert (policy.mode, policy.id, note) == ("enforce", "1", "")
    here.http.files.put("/.well-known/mta-sts.txt", b"broken")
    with Names() as names:  # the same id: it is not fetched again
        assert (Router(names, policies=store).policy("lab.test"))[0] == policy
    announce(here, "testing", "mx.lab.test", 2)
    here.http.files.put("/.well-known/mta-sts.txt", b"broken")
    with Names() as names:  # a new id, and nothing behind it: the old one holds
        again, note = Router(names, policies=PolicyStore(tmp_path / "sts.json")).policy("lab.test")
        assert (again, note) == (policy, "MTA-STS: 'broken' is no line of a policy")
    here.dns.records.remove("_mta-sts.lab.test")
    with Names() as names:  # no record any more: the old one holds
        assert (Router(names, policies=store).policy("lab.test"))[0] == policy


def test_a_policy_that_is_not_there(here: Any) -> None:
    announce(here, "enforce", "mx.lab.test")
    here.http.files.remove("/.well-known/mta-sts.txt")
    with Names() as names:
        with pytest.raises(ResolveError, match=r"the policy of lab\.test cannot be fetched: "
                                               r"mta-sts\.lab\.test says 404") as caught:
            Router(names).fetch("lab.test")
        assert caught.value.hint == "it must be there without a redirect"
        route = Router(names).route("lab.test")
    assert route.policy is None
    assert "says 404" in route.notes[0]


# -- delivery ----------------------------------------------------------------------------------

def test_to_several_domains_each_answered_for(here: Any) -> None:
    here.dns.zone("null.example")
    here.dns.add("null.example", "MX", "0 .")
    before = len(here.mail.messages)
    found = send("alice@lab.test", "bob@nix.lab.test", "carol@null.example", "bob@lab.test",
                       "dave@dead.lab.test", raise_on="never")
    assert found.sent.accepted == ("alice@lab.test", "bob@lab.test")
    refused = {name: str(reply) for name, reply in found.sent.refused.items()}
    assert refused["bob@nix.lab.test"] == "550 5.1.2 (not sent) there is no domain nix.lab.test"
    assert refused["carol@null.example"].startswith("556 5.1.10 (not sent) null.example takes no mail")
    assert refused["dave@dead.lab.test"].startswith(
        "451 4.4.1 (not sent) dead.lab.test: connect to dead.lab.test port 25:")
    assert len(here.mail.messages) == before + 1
    assert here.mail.messages[-1].tls
    assert [one.address for one in found.sent.recipients][1] == "bob@nix.lab.test"


def test_the_next_server_is_tried(here: Any) -> None:
    here.dns.add("lab.test", "MX", "1 dead.lab.test", "2 noaddress.lab.test")
    found = send()
    assert [(one.host, bool(one.problem)) for one in found.attempts] == [
        ("dead.lab.test", True), ("noaddress.lab.test", True), ("mx.lab.test", False)]
    assert found.attempts[1].problem == "noaddress.lab.test has no address"


def test_not_now_goes_to_the_next_and_no_is_no(here: Any) -> None:
    here.dns.add("lab.test", "MX", "20 mx2.lab.test")
    here.smtp.faults.say("RCPT bob@ → 452 once, then ok")
    here.smtp.faults.say("RCPT carol@ → 550 once, then ok")
    before = len(here.mail.messages)
    found = send("alice@lab.test", "bob@lab.test", "carol@lab.test", raise_on="never")
    assert found.sent.accepted == ("alice@lab.test", "bob@lab.test")
    assert [len(one.recipients) for one in here.mail.messages[before:]] == [1, 1]


def test_what_may_have_arrived_is_never_sent_again(here: Any) -> None:
    here.dns.add("lab.test", "MX", "20 mx2.lab.test")
    here.smtp.faults.say("drop after the message")
    before = len(here.mail.messages)
    with pytest.raises(Unconfirmed):
        send()
    assert len(here.mail.messages) <= before + 1
    assert here.mail.messages[before:] == () or here.mail.messages[-1].recipients


def test_without_tls_it_goes_in_the_clear_where_nobody_demands_it(here: Any) -> None:
    here.smtp.options.without.add("STARTTLS")
    found = send()
    assert found.attempts[-1].secured == "plain"
    assert here.mail.messages[-1].tls is None


def test_a_policy_demands_tls_and_the_right_server(here: Any) -> None:
    announce(here, "enforce", "mx.lab.test")
    assert (send()).attempts[-1].secured == "MTA-STS"
    here.smtp.options.without.add("STARTTLS")
    before = len(here.mail.messages)
    with pytest.raises(RecipientsRefused) as caught:
        send()
    assert caught.value.temporary
    assert "STARTTLS: the server has no TLS" in caught.value.text
    announce(here, "enforce", "other.lab.test", 2)
    with pytest.raises(RecipientsRefused, match=r"policy of lab\.test does not name it"):
        send()
    assert len(here.mail.messages) == before
    announce(here, "testing", "other.lab.test", 3)
    assert (send()).attempts[-1].secured == "plain"


def test_a_policy_demands_a_certificate_that_verifies(here: Any) -> None:
    announce(here, "enforce", "mx3.lab.test")
    here.also_known_as("mx3.lab.test", "smtp")
    here.dns.records.remove("lab.test", "MX")
    here.dns.add("lab.test", "MX", "10 mx3.lab.test")
    from postel.transport.tls import TLSOptions

    with Direct(timeout=5.0, policies=PolicyStore()) as direct:
        direct.router.tls = None
        direct.tls = TLSOptions()  # whom the system trusts, and so not the lab
        with pytest.raises(RecipientsRefused, match="certificate"):
            direct.send(MESSAGE, sender="", recipients="alice@lab.test")


def test_dane_takes_the_very_certificate_and_no_other(here: Any) -> None:
    here.dns.records.signed.add("lab.test")
    here.dns.add("_25._tcp.mx.lab.test", "TLSA", record_for(certificate(here)))
    found = send()
    assert (found.attempts[-1].secured, found.attempts[-1].dane) == ("DANE", "usable")
    here.dns.records.remove("_25._tcp.mx.lab.test")
    here.dns.add("_25._tcp.mx.lab.test", "TLSA", "3 1 1 " + "ab" * 32)
    before = len(here.mail.messages)
    with pytest.raises(RecipientsRefused, match="none of those that its TLSA records name"):
        send()
    here.smtp.options.without.add("STARTTLS")
    with pytest.raises(RecipientsRefused, match="the server has no TLS"):
        send()
    here.dns.faults.on("TLSA", b"SERVFAIL", times=9)
    with pytest.raises(RecipientsRefused, match="its TLSA records: look up TLSA"):
        send()
    assert len(here.mail.messages) == before


def test_dane_by_the_authority(here: Any) -> None:
    here.dns.records.signed.add("lab.test")
    pem = Path(here.ca).read_text("ascii")
    top = ssl.PEM_cert_to_DER_cert(pem[pem.rindex("-----BEGIN"):])
    here.dns.add("_25._tcp.mx.lab.test", "TLSA", f"2 0 0 {top.hex()}")
    assert (send()).attempts[-1].secured == "DANE"


def test_records_at_the_end_of_an_alias(here: Any) -> None:
    here.dns.records.signed.add("lab.test")
    here.dns.records.remove("lab.test", "MX")
    here.dns.add("lab.test", "MX", "10 alias.lab.test")
    here.also_known_as("alias.lab.test", "smtp")
    here.dns.records.remove("alias.lab.test")
    here.dns.add("alias.lab.test", "CNAME", "mx.lab.test")
    here.dns.add("_25._tcp.mx.lab.test", "TLSA", record_for(certificate(here)))
    try:
        with Names() as names:
            one = (Router(names).route("lab.test")).exchanges[0]
            assert (one.host, one.base, one.dane) == ("alias.lab.test", "mx.lab.test", "usable")
        assert (send()).attempts[-1].secured == "DANE"
    finally:
        here.dns.records.remove("alias.lab.test")


def test_records_that_are_not_for_mail_still_demand_tls(here: Any) -> None:
    here.dns.records.signed.add("lab.test")
    here.dns.add("_25._tcp.mx.lab.test", "TLSA", "1 1 1 " + "ab" * 32)
    assert (send()).attempts[-1].secured == "TLS"
    here.smtp.options.without.add("STARTTLS")
    with pytest.raises(RecipientsRefused):
        send()


def test_the_dns_fails(here: Any) -> None:
    here.dns.faults.on("MX", b"SERVFAIL", times=9)
    with pytest.raises(RecipientsRefused, match=r"look up MX lab\.test") as caught:
        send()
    assert caught.value.temporary


def test_addresses_without_a_domain_and_with_an_address(here: Any) -> None:
    for address in ("alice", "@lab.test", "alice@"):
        with pytest.raises(UsageError):
            send(address)
    with pytest.raises(UsageError, match="no domain to deliver to"):
        send("postmaster")
    with pytest.raises(UsageError):
        send("alice@lab.test>\r\nRCPT TO:<eve@lab.test")
    with Direct(timeout=5.0, port=here.smtp.port) as direct:
        found = direct.send(MESSAGE, sender="", recipients="alice@[127.0.0.1]")
    assert found.sent.accepted == ("alice@[127.0.0.1]",)
