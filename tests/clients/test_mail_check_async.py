# A conversation (its twin test_mail_check_sync.py is generated): domains and messages, checked.
"""What a check says of domains that are well, and of each thing that can be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from postel import lab
from postel.dns.client_async import AsyncClient as AsyncNames
from postel.errors import UsageError
from postel.mail.authentication_async import authenticate
from postel.mail.check_async import AsyncCheck
from postel.mail.check_types import Report
from postel.messages.dkim_sign import Signer

ED25519 = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
POLICY = b"version: STSv1\nmode: enforce\nmx: mx.lab.test\nmax_age: 1209600\n"


@pytest.fixture(scope="module")
def world() -> Iterator[Any]:
    with lab.start("dns", "http", "smtp") as running:
        running.also_known_as("mx.lab.test", "smtp")
        running.also_known_as("mta-sts.lab.test", "http")
        running.also_known_as("outside.example", "smtp")
        running.http.files.put("/.well-known/mta-sts.txt", POLICY)
        for zone in ("bad.test", "reports.test", "null.test"):
            running.dns.zone(zone)
        running.dns.zone("lab.test", signed=True)
        add = running.dns.add
        running.dns.records.remove("lab.test", "MX")
        add("lab.test", "MX", "10 mx.lab.test")
        add("lab.test", "TXT", "v=spf1 ip4:127.0.0.1 -all")
        add("s1._domainkey.lab.test", "TXT", KEY)
        add("_dmarc.lab.test", "TXT", "v=DMARC1; p=reject; rua=mailto:dmarc@lab.test")
        add("_mta-sts.lab.test", "TXT", "v=STSv1; id=1")
        add("_smtp._tls.lab.test", "TXT", "v=TLSRPTv1; rua=mailto:tls@lab.test")
        add("null.test", "MX", "0 .")
        yield running


@pytest.fixture
def here(world: Any) -> Iterator[Any]:
    yield world
    for name in ("bad.test", "_dmarc.bad.test", "_mta-sts.bad.test", "_smtp._tls.bad.test"):
        world.dns.records.remove(name)
    world.smtp.options.without.clear()
    world.dns.faults.clear()


async def look(domain: str, *selectors: str, **more: Any) -> Report:
    async with AsyncNames(timeout=3.0, tries=1) as names:
        return await AsyncCheck(names, timeout=5.0, **more).check(domain, selectors=selectors)


def told(report: Report, area: Any) -> list[tuple[str, str]]:
    return [(one.level, one.text) for one in report.about(area)]


async def test_a_domain_that_is_well(here: Any) -> None:
    report = await look("lab.test")
    for area, text in [("SPF", "one record, 0 of 10 questions"), ("DMARC", "p=reject"),
                       ("DKIM", "s1._domainkey.lab.test: ed25519, 256 bits"),
                       ("MTA-STS", "mode: enforce, 14 days"),
                       ("TLSRPT", "reports go to mailto:tls@lab.test")]:
        assert told(report, area) == [("good", text)]
    assert told(report, "TLS")[0][0] == "good"
    assert told(report, "TLS")[0][1].startswith("mx.lab.test: TLSv1.3, certificate good for")
    assert told(report, "DANE") == [("note", "mx.lab.test has no TLSA record")]
    advice = report.publish[-1]
    here.dns.add(advice.name, advice.kind, advice.text)
    again = await look("lab.test")
    here.dns.records.remove(advice.name)
    assert told(again, "DANE") == [
        ("good", "mx.lab.test: its certificate is the one in its TLSA records")]
    assert again.worst == "warning"  # 127.0.0.1 is not for everybody
    assert "cannot be reached from everywhere" in told(again, "MX")[0][1]


async def test_a_domain_that_says_nothing(here: Any) -> None:
    here.dns.add("bad.test", "MX", "10 outside.example")
    report = await look("bad.test", connect=False)
    assert report.worst == "error"
    assert [str(one) for one in report.publish] == [
        'bad.test. TXT "v=spf1 mx -all"',
        '_dmarc.bad.test. TXT "v=DMARC1; p=none; rua=mailto:postmaster@bad.test"',
        '_mta-sts.bad.test. TXT "v=STSv1; id=1"',
        '_smtp._tls.bad.test. TXT "v=TLSRPTv1; rua=mailto:postmaster@bad.test"']
    assert "mx: outside.example" in report.about("MTA-STS")[0].hint
    assert told(report, "DANE")[0][1].startswith("not checked: DNSSEC does not prove")
    assert told(report, "DKIM") == [("note", "no key at the selectors that are usual")]


async def test_no_mail_no_mx_no_domain(here: Any) -> None:
    report = await look("null.test")
    assert told(report, "MX") == [("good", "it takes no mail, and says so (null MX)")]
    assert str(report.about("SPF")[0].publish[0]) == 'null.test. TXT "v=spf1 -all"'
    assert not report.about("MTA-STS")
    assert told(await look("nix.lab.test"), "MX") == [("error", "there is no domain nix.lab.test")]
    here.dns.add("bad.test", "TXT", "hello")
    report = await look("bad.test", connect=False)
    assert told(report, "MX") == [("error", "it has neither MX nor address: nobody can send it mail")]
    here.dns.add("bad.test", "A", "127.0.0.1")
    assert told(await look("bad.test", connect=False), "MX") == [
        ("warning", "it has no MX: mail goes to its own address")]


async def test_strange_mx(here: Any) -> None:
    here.dns.add("alias.bad.test", "CNAME", "mx.lab.test")
    here.dns.add("bad.test", "MX", "1 alias.bad.test", "2 192.0.2.1", "3 nix.bad.test", "4 .")
    report = await look("bad.test", connect=False)
    here.dns.records.remove("alias.bad.test")
    assert told(report, "MX") == [
        ("warning", "MX 1 alias.bad.test is an alias of mx.lab.test"),
        ("error", "MX 192.0.2.1 is an address"),
        ("error", "MX 3 nix.bad.test: nix.bad.test has no address"),
        ("warning", "a null MX (0 .) beside others means nothing")]


async def test_servers_that_are_not_well(here: Any) -> None:
    here.smtp.options.without.add("STARTTLS")
    assert told(await look("lab.test"), "TLS") == [
        ("error", "mx.lab.test has no STARTTLS: mail comes in the clear")]
    here.smtp.options.without.clear()
    here.dns.add("bad.test", "MX", "10 outside.example")
    report = await look("bad.test")
    assert "certificate is for another name" in told(report, "TLS")[0][1]
    here.dns.records.remove("bad.test", "MX")
    here.dns.add("bad.test", "MX", "10 dead.bad.test")
    here.dns.add("dead.bad.test", "A", "127.0.0.9")
    level, text = told(await look("bad.test"), "TLS")[0]
    assert (level, "refused: nothing listens there" in text) == ("warning", True)


@pytest.mark.parametrize(("records", "level", "text"), [
    (["v=spf1 +all"], "error", "+all lets everybody send in its name"),
    (["v=spf1 all"], "error", "+all lets everybody send in its name"),
    (["v=spf1 mx"], "warning", "it does not say what is with all others"),
    (["v=spf1 ?all"], "warning", "?all says nothing about all others"),
    (["v=spf1 -all", "v=spf1 mx -all"], "error", "it has 2 SPF records, so none of them counts"),
    (["v=spf1 ip4:1.2.3 -all"], "error",
     "its record is broken, so it does not count: ip4:'1.2.3' is no network"),
    (["v=spf1 " + "a:lab.test " * 11 + "-all"], "error",
     "its record cannot be evaluated: it takes more than 10 questions to the DNS"),
    (["v=spf1 -all mx"], "warning", "what stands behind all is never looked at"),
    (["v=spf1 ptr -all"], "warning", "ptr is slow and is not to be used (RFC 7208 section 5.5)"),
    (["v=spf1 ~all"], "good", "one record, ~all, 0 of 10 questions"),
    (["v=spf1 include:nix.bad.test -all"], "error",
     "its record cannot be evaluated: bad.test includes nix.bad.test, which has no SPF record"),
])
async def test_spf(here: Any, records: list[str], level: str, text: str) -> None:
    here.dns.add("bad.test", "TXT", *records)
    assert (level, text) in told(await look("bad.test", connect=False), "SPF")


@pytest.mark.parametrize(("record", "level", "text"), [
    ("v=DMARC1; p=none; rua=mailto:a@bad.test", "warning", "p=none: forged mail is delivered"),
    ("v=DMARC1; p=reject; pct=10", "warning", "p=reject, but not for all mail"),
    ("v=DMARC1; p=reject", "note", "nobody gets reports"),
    ("v=DMARC1; p=all", "error",
     "the record of bad.test: it has no policy (p=none, quarantine or reject)"),
    ("v=DMARC1; p=reject; sp=x", "error", "sp='x' is none of none, quarantine, reject"),
    ("v=DMARC1; p=reject; rua=mailto:x@reports.test", "warning",
     "reports to reports.test will not be sent: it does not say that it takes them"),
])
async def test_dmarc(here: Any, record: str, level: str, text: str) -> None:
    here.dns.add("_dmarc.bad.test", "TXT", record)
    assert (level, text) in told(await look("bad.test", connect=False), "DMARC")


async def test_dmarc_of_the_domain_above(here: Any) -> None:
    assert told(await look("mx.lab.test", connect=False), "DMARC") == [
        ("good", "p=reject (from lab.test)")]


@pytest.mark.parametrize(("record", "level", "text"), [
    ("v=DKIM1; p=", "note", "s._domainkey.bad.test: the key was revoked"),
    ("v=DKIM1; k=rsa; p=YQ==", "error", "s._domainkey.bad.test: its p= is no key"),
    ("v=DKIM1; k=x; p=YQ==", "error", "s._domainkey.bad.test: 'x' is no known algorithm"),
    ("v=DKIM1", "error", "s._domainkey.bad.test: the record is broken: it has no p="),
    (KEY.replace("k=", "t=y; k="), "warning",
     "s._domainkey.bad.test: ed25519, 256 bits, only a test (t=y)"),
])
async def test_dkim(here: Any, record: str, level: str, text: str) -> None:
    here.dns.add("bad.test", "TXT", "x")
    here.dns.add("s._domainkey.bad.test", "TXT", record)
    try:
        assert told(await look("bad.test", "s", connect=False), "DKIM") == [(level, text)]
    finally:
        here.dns.records.remove("s._domainkey.bad.test")
    assert told(await look("bad.test", "s", connect=False), "DKIM") == [
        ("error", "no key at these selectors")]


async def test_policies(here: Any) -> None:
    here.dns.add("bad.test", "MX", "10 mx.lab.test")
    here.dns.add("_mta-sts.bad.test", "TXT", "v=STSv1; id=-")
    assert told(await look("bad.test", connect=False), "MTA-STS") == [
        ("error", "it has no id= of 1 to 32 letters and digits")]
    here.dns.records.remove("_mta-sts.bad.test")
    here.dns.add("_mta-sts.bad.test", "TXT", "v=STSv1; id=1")
    level, text = told(await look("bad.test", connect=False), "MTA-STS")[0]
    assert (level, "the policy of bad.test cannot be fetched" in text) == ("error", True)
    here.dns.add("_smtp._tls.bad.test", "TXT", "v=TLSRPTv1; rua=x")
    assert told(await look("bad.test", connect=False), "TLSRPT")[0][0] == "error"


async def test_the_dns_is_down_or_the_name_is_none(here: Any) -> None:
    here.dns.faults.on("MX", b"SERVFAIL", times=9)
    report = await look("bad.test")
    assert (report.worst, len(report.findings), report.route) == ("error", 1, None)
    with pytest.raises(UsageError, match="no domain name"):
        await look("a..b")


async def test_a_message_is_authenticated(here: Any) -> None:
    raw = b"From: Ann <ann@lab.test>\r\nSubject: x\r\n\r\nhello\r\n"
    from postel.transport.clock_sync import today

    signed = Signer("lab.test", "s1", ED25519).sign(raw, now=int(today().timestamp())) + raw
    async with AsyncNames() as names:
        found = await authenticate(signed, names, address="127.0.0.1", sender="ann@lab.test")
        assert str(found) == ("spf=pass (ip4:127.0.0.1/32 of lab.test); dkim=pass header.d=lab.test "
                              "header.s=s1; arc=none; dmarc=pass")
        assert found.field("mx.example.net").split(b"\r\n") == [
            b"Authentication-Results: mx.example.net;", b"  spf=pass smtp.mailfrom=lab.test;",
            b"  dkim=pass header.d=lab.test header.s=s1;", b"  arc=none;",
            b"  dmarc=pass header.from=lab.test", b""]
        with pytest.raises(UsageError, match="no name of a server"):
            found.field("mx; dkim=pass")
        odd = await authenticate(raw, names, address="192.0.2.1", sender='a@b.test"; dkim=pass\r\n x')
        assert b'smtp.mailfrom="b.test?; dkim=pass?? x"' in odd.field("mx.example.net")
        found = await authenticate(raw, names, address="192.0.2.1", sender="ann@lab.test", tree=True)
        assert (found.spf.result if found.spf else "", found.dmarc.result) == ("fail", "fail")
        assert found.dmarc.disposition == "reject"
        two = raw.replace(b"<ann@lab.test>", b"<ann@lab.test>, eve@bad.test")
        assert (await authenticate(two, names)).dmarc.result == "permerror"
        assert (await authenticate(b"Subject: x\r\n\r\n", names)).dmarc.reason == "it has no author"
