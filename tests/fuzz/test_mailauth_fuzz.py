"""Any record is read or refused; any message gets verdicts; nothing else ever comes out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dkim_vectors import BRISBANE, ED25519, SIGNED
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import ProtocolError, UsageError
from postel.mail import mta_sts
from postel.messages import arc, dkim, dmarc, spf, spf_record
from postel.messages.authors import author_domains
from postel.messages.dkim_keys import parse_key
from postel.messages.dkim_sign import Signer
from postel.messages.questions import offline
from postel.messages.tags import parse_tags

TAGS = st.lists(st.sampled_from([
    "v=DKIM1", "v=1", "v=DMARC1", "k=rsa", "k=ed25519", "p=", "p=none", "p=reject", "a=rsa-sha256", "d=a.org",
    "s=x", "h=from:to", "bh=YQ==", "b=Yg==", "c=relaxed", "t=1", "x=2", "l=1", "i=@a.org", "i=1", "cv=none",
    "rua=mailto:a@b", "sp=x", "pct=1", "psd=y", " ", "=", "\u00fc=1"]) | st.text(max_size=12)).map(";".join)
TERMS = st.lists(st.sampled_from([
    "v=spf1", "all", "-all", "a", "mx", "ptr", "a:b.org", "a/24//64", "ip4:1.2.3.4", "ip6:::1/8", "exists:%{i}.x.org",
    "include:a.org", "redirect=a.org", "exp=a.org", "a:%{d2r-}", "%{", "%%", "a:%{d99999}", "ip4:/"])
    | st.text(max_size=12)).map(" ".join)


@pytest.mark.parametrize("read", [parse_tags, parse_key, dkim.parse_signature, dmarc.parse_record,
                                  mta_sts.parse_record, mta_sts.parse_tls_reports])
@given(text=TAGS | st.text(max_size=80))
def test_lists_of_tags(read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except ProtocolError:
        pass


@given(TERMS | TERMS.map("v=spf1 {}".format), st.text(max_size=30), st.text(max_size=30))
def test_records_of_spf(record: str, sender: str, helo: str) -> None:
    try:
        spf_record.parse_record(record)
    except ProtocolError:
        pass
    table = {("a.org", "TXT"): [record], ("b.org", "A"): ["192.0.2.1", "junk"], ("a.org", "MX"): ["", "b.org"]}
    for address in ("192.0.2.1", "2001:db8::1"):
        assert offline(spf.check(address, f"{sender}@a.org", helo), table).result
        assert offline(spf.check(address, sender, helo), table).result


@given(TAGS, st.binary(max_size=60))
def test_messages_with_any_signatures(tags: str, body: bytes) -> None:
    value = tags.encode("utf-8", "surrogateescape")
    raw = b"".join(b"%s: %s\r\n" % (name, value) for name in (
        b"DKIM-Signature", b"ARC-Seal", b"ARC-Message-Signature", b"ARC-Authentication-Results")) + b"\r\n" + body
    table = {("x._domainkey.a.org", "TXT"): [tags, BRISBANE], ("_dmarc.a.org", "TXT"): [tags]}
    verdicts = offline(dkim.verify(raw, now=0), table)
    assert offline(arc.verify(raw), table).result in ("none", "fail")
    assert offline(dmarc.evaluate("a.org", dkim=verdicts), table).result != "pass"


@given(st.binary(max_size=400))
def test_any_bytes(raw: bytes) -> None:
    assert all(one.result != "pass" for one in offline(dkim.verify(raw, now=0), {}))
    assert offline(arc.verify(raw), {}).result in ("none", "fail")


@given(st.integers(0, len(SIGNED) - 1), st.integers(0, 255))
def test_one_byte_of_a_signed_message(at: int, byte: int) -> None:
    raw = SIGNED[:at] + bytes([byte]) + SIGNED[at + 1 :]
    table = {("brisbane._domainkey.football.example.com", "TXT"): [BRISBANE]}
    for one in offline(dkim.verify(raw, now=1528637909), table):
        assert one.result


@given(st.text(max_size=20), st.text(max_size=20), st.none() | st.text(max_size=20), st.binary(max_size=200))
def test_whatever_is_signed_stays_one_field(domain: str, selector: str, identity: str | None, body: bytes) -> None:
    try:
        field = Signer(domain, selector, ED25519, identity=identity).sign(b"From: a\r\n\r\n" + body, now=1)
    except UsageError:
        return
    assert field.endswith(b"\r\n")
    assert all(line[:1] in b" \t" for line in field.split(b"\r\n")[1:-1])


POLICY = st.lists(st.sampled_from([
    "version: STSv1", "mode: enforce", "mode: none", "mx: a.org", "mx: *.b.org", "max_age: 1", "max_age: x",
    ":", "mx:", "\u00fc: \u00fc"]) | st.text(max_size=12)).map("\n".join)


@given(POLICY)
def test_policies(text: str) -> None:
    try:
        policy = mta_sts.parse_policy(text)
    except ProtocolError:
        return
    assert policy.mode in ("enforce", "testing", "none")
    policy.allows("a.org")


@given(st.text("ab@<>()\",;:\\. \u00fc[]", max_size=40))
def test_authors(text: str) -> None:
    raw = b"From: " + text.encode() + b"\r\n\r\n"
    assert all(name and name == name.lower() for name in author_domains(raw))
