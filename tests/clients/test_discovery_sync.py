# GENERATED from test_discovery_async.py by tools/unasync.py: edit that file, not this one.
"""Each way to an account's servers, against the lab: what is taken, what is not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from postel import lab
from postel.dns.client_sync import Client as Names
from postel.errors import UsageError
from postel.mail.discovery_sync import discover
from postel.mail.discovery_types import Found

FILE = """<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="example.org">
<domain>example.org</domain><displayName>Example</displayName>
<incomingServer type="pop3"><hostname>pop3.%EMAILDOMAIN%</hostname><port>995</port>
 <socketType>SSL</socketType><username>%EMAILADDRESS%</username>
 <authentication>password-cleartext</authentication></incomingServer>
<incomingServer type="imap"><hostname>HOST</hostname><port>993</port>
 <socketType>SSL</socketType><username>%EMAILLOCALPART%</username>
 <authentication>OAuth2</authentication>
 <authentication>password-cleartext</authentication></incomingServer>
<incomingServer type="imap"><hostname>clear.%EMAILDOMAIN%</hostname><port>143</port>
 <socketType>plain</socketType><username>%EMAILLOCALPART%</username></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.%EMAILDOMAIN%</hostname><port>587</port>
 <socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>
"""
ISPDB = "https://ispdb.lab.test/v1.1/"


def page(host: str = "imap.example.org") -> bytes:
    return FILE.replace("HOST", host).encode()


@pytest.fixture(scope="module")
def world() -> Iterator[Any]:
    with lab.start("dns", "http", "pop3", "smtp", "submission") as running:
        for zone in ("example.org", "signed.test", "autoconfig.thunderbird.net"):
            running.dns.zone(zone, signed=zone == "signed.test")
        for name in ("autoconfig.example.org", "example.org", "ispdb.lab.test",
                     "autoconfig.signed.test", "signed.test"):
            running.also_known_as(name, "http")
        yield running


@pytest.fixture
def here(world: Any) -> Iterator[Any]:
    from postel.serving.files import MemoryFiles

    world.http.serve(MemoryFiles())
    yield world
    for name in ("example.org", "signed.test", "elsewhere.test"):
        world.dns.records.remove(name, "MX")
        for service in ("_imaps", "_imap", "_pop3s", "_pop3", "_submissions", "_submission"):
            world.dns.records.remove(f"{service}._tcp.{name}")
    world.http.faults.clear()
    world.dns.faults.clear()


def look(address: str = "ann@example.org", **more: Any) -> Found:
    settings: dict[str, Any] = {"ispdb": ISPDB, "timeout": 3.0, **more}
    with Names(timeout=3.0, tries=1, trusted=True) as names:
        return discover(address, names=names, **settings)


def shown(found: Found) -> list[str]:
    return [str(one) for one in (found.imap, found.pop3, found.smtp) if one]


def why(found: Found, source: str) -> str:
    return next(one.why for one in found.candidates if one.source == source)


def test_a_known_domain_asks_nobody(here: Any) -> None:
    found = discover("Ann@GoogleMail.com")
    assert [one.source for one in found.candidates] == ["table"]
    assert found.provider is not None
    assert found.provider.name == "gmail"
    assert found.imap is not None
    assert found.imap.auth[0] == "oauth2"
    assert found.imap.user == "Ann@googlemail.com"


def test_the_domains_own_file(here: Any) -> None:
    here.http.files.put("/mail/config-v1.1.xml", page())
    found = look(probe=False)
    assert found.chosen is not None
    assert found.chosen.source == "autoconfig"
    assert shown(found) == ["imaps://ann@imap.example.org/",
                            "pop3s://ann%40example.org@pop3.example.org/",
                            "submission://ann%40example.org@smtp.example.org/"]
    assert found.imap is not None
    assert found.imap.auth == ("oauth2", "password")
    assert "clear.example.org" not in str(found.candidates)
    assert "taken" in found.explain()[0]


def test_the_wellknown_place(here: Any) -> None:
    here.http.files.put("/.well-known/autoconfig/mail/config-v1.1.xml", page())
    found = look(probe=False)
    assert found.chosen is not None
    assert found.chosen.source == "well-known"
    assert why(found, "autoconfig") == "there is no such file"


def test_the_public_database_learns_the_domain_alone(here: Any) -> None:
    here.http.files.put("/v1.1/example.org", page("imap.elsewhere.test"))
    found = look(probe=False)
    assert found.chosen is not None
    assert (found.chosen.source, found.chosen.where) == ("ispdb", f"{ISPDB}example.org")
    assert shown(found)[0] == "imaps://ann@imap.elsewhere.test/"


@pytest.mark.parametrize(("body", "reason"), [
    (b"<html><body>Welcome</body></html>", "its root is 'html', and not clientConfig"),
    (b"<!DOCTYPE x [<!ENTITY a 'b'>]><clientConfig/>", "XML with a document type"),
    (b"<clientConfig><emailProvider>", "no XML"),
    (b"<clientConfig/>", "it has no emailProvider"),
    (page("evil\nhost"), "is none"), (page("%EMAILDOMAIN%/@x"), "is none"),
    (page("host"), "is none"),
    (page("%SOMETHING%.example.org"), "placeholder %SOMETHING% is not known"),
    (page().replace(b">993<", b">99999<"), "port '99999' is none"),
    (page().replace(b"%EMAILLOCALPART%<", b"a&#13;&#10;b<"), "user name 'a\\r\\nb' is none"),
    (b" " * 300_000, "longer than 262"),
])
def test_files_that_make_no_sense(here: Any, body: bytes, reason: str) -> None:
    here.http.files.put("/mail/config-v1.1.xml", body)
    found = look(probe=False)
    assert found.chosen is None
    assert found.candidates[0].failed
    assert reason in found.candidates[0].why, found.candidates[0].why


@pytest.mark.parametrize("target", ["http://autoconfig.example.org/file.xml", "ftp://x.test/",
                                    "https://autoconfig.example.org/mail/config-v1.1.xml"])
def test_redirects_never_lead_to_clear_text_or_round_and_round(
    here: Any, target: str
) -> None:
    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/file.xml":
            start("200 OK", [("Content-Type", "text/xml")])
            return [page()]
        start("302 Found", [("Location", target)])
        return [b""]

    here.http.mount(app, "/")
    try:
        found = look(probe=False)
    finally:
        here.http.unmount("/")
    assert found.chosen is None
    assert found.candidates[0].failed


def test_a_server_that_never_answers_holds_nobody(here: Any) -> None:
    here.http.files.put("/mail/config-v1.1.xml", page())
    here.http.faults.on("GET", silent=True, times=99)
    found = look(probe=False, timeout=0.2)
    assert found.chosen is None
    assert found.candidates[0].failed


def test_the_dns_names_servers(here: Any) -> None:
    add = here.dns.add
    add("_imaps._tcp.example.org", "SRV", "10 1 993 second.example.org", "0 1 993 pop3.example.org")
    add("_imap._tcp.example.org", "SRV", "0 0 0 .")
    add("_submission._tcp.example.org", "SRV", "0 1 587 smtp.example.org")
    found = look(probe=False)
    assert found.chosen is not None
    assert found.chosen.source == "srv"
    assert shown(found) == ["imaps://ann%40example.org@pop3.example.org/",
                            "submission://ann%40example.org@smtp.example.org/"]
    assert found.imap is not None
    assert found.imap.users == ("ann@example.org", "ann")


def test_servers_outside_the_domain_need_consent_unless_proved(here: Any) -> None:
    here.dns.add("_imaps._tcp.example.org", "SRV", "0 1 993 imap.elsewhere.test")
    found = look()
    assert found.chosen is None
    assert found.foreign is not None
    assert "imap.elsewhere.test, which is not in example.org" in found.foreign.why
    assert "ask " in "".join(found.explain())
    agreed = look(foreign=True)
    assert agreed.imap is not None
    assert agreed.imap.host == "imap.elsewhere.test"
    here.dns.add("_imaps._tcp.signed.test", "SRV", "0 1 993 imap.elsewhere.test")
    proved = look("ann@signed.test")
    assert proved.imap is not None
    assert "proved by DNSSEC" in why(proved, "srv")


def test_a_hosted_domain_is_known_by_its_mx(here: Any) -> None:
    here.dns.add("example.org", "MX", "0 example-org.mail.protection.outlook.com")
    found = look()
    assert found.provider is not None
    assert found.provider.name == "office365"
    assert shown(found)[0] == "imaps://ann%40example.org@outlook.office365.com/"
    assert found.imap is not None
    assert found.imap.auth == ("oauth2",)


def test_the_database_is_asked_about_who_hosts_a_domain(here: Any) -> None:
    here.dns.add("example.org", "MX", "10 mx1.hosting.test")
    here.http.files.put("/v1.1/hosting.test", page("imap.hosting.test"))
    found = look(probe=False)
    assert found.imap is not None
    assert found.imap.host == "imap.hosting.test"
    assert "no provider that the table knows" in why(found, "mx")


def test_a_domain_without_mail(here: Any) -> None:
    here.dns.add("example.org", "MX", "0 .")
    found = look(probe=False)
    assert found.chosen is None
    assert why(found, "mx") == "it takes no mail (null MX)"
    nobody = look("ann@missing.lab.test", probe=False)
    assert why(nobody, "mx") == "the DNS does not know that domain"


def test_failures_are_told(here: Any) -> None:
    here.dns.faults.on("MX", b"SERVFAIL", times=99)
    here.dns.faults.on("SRV", b"REFUSED", times=99)
    found = look(probe=False)
    assert "MX example.org" in why(found, "mx")
    assert "SRV" in why(found, "srv")
    assert all("failed" in line for line in found.explain() if line.startswith(("mx", "srv")))


def test_knocking_at_usual_doors(here: Any) -> None:
    here.also_known_as("pop.example.org", "pop3")
    here.also_known_as("mail.example.org", "submission")
    try:
        found = look()
    finally:
        here.forget("pop.example.org")
        here.forget("mail.example.org")
    assert found.chosen is not None
    assert found.chosen.source == "probe"
    assert [str(one.url_for("")) for one in found.chosen.services] == [
        "pop3s://pop.example.org/", "pop3://pop.example.org/",
        "smtps://mail.example.org/", "submission://mail.example.org/"]


def test_who_cannot_prove_the_name_does_not_count(here: Any) -> None:
    here.dns.zone("other.test")
    here.also_known_as("pop.other.test", "pop3")  # whose certificate is for example.org
    try:
        found = look("ann@other.test")
    finally:
        here.forget("pop.other.test")
    assert found.chosen is None
    assert why(found, "probe").startswith("nobody answers as a mail server at imap.other.test")


@pytest.mark.parametrize("text", ["ann", "", "ann@", "@example.org", "a@b.c, d@e.f",
                                  "ann@[192.0.2.1]", "ann@exa mple.org"])
def test_what_is_no_address(here: Any, text: str) -> None:
    with pytest.raises(UsageError):
        discover(text)
