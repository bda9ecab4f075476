"""DANE: which certificates a TLSA record means."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from postel.dns.types import TLSA
from postel.errors import ProtocolError
from postel.mail.dane import matches, public_key_of, record_for, usable, verify

NOW = datetime.now(UTC)


def der(pem: bytes) -> bytes:
    return load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


CA, OTHER = trustme.CA(), trustme.CA()
MIDDLE = CA.create_child_ca()
ISSUED = MIDDLE.issue_cert("mx.example.org", "*.wild.example.org")
LEAF = der(ISSUED.cert_chain_pems[0].bytes())
BETWEEN, TOP = der(MIDDLE.cert_pem.bytes()), der(CA.cert_pem.bytes())
CHAIN = [LEAF, BETWEEN, TOP]
NAMES = ("mx.example.org", "example.org")


def record(usage: int, selector: int, matching: int, certificate: bytes) -> TLSA:
    data = certificate if selector == 0 else public_key_of(certificate)
    make = {1: hashlib.sha256, 2: hashlib.sha512}.get(matching)
    return TLSA(usage, selector, matching, make(data).digest() if make else data)


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching", [0, 1, 2])
def test_every_way_to_name_a_certificate(selector: int, matching: int) -> None:
    mine = record(3, selector, matching, LEAF)
    assert matches(mine, LEAF)
    assert not matches(mine, BETWEEN)
    assert not matches(mine, b"junk" if selector else b"")
    assert verify([LEAF], [mine], NAMES, NOW) == ""
    above = record(2, selector, matching, BETWEEN)
    assert verify(CHAIN, [above], NAMES, NOW) == ""


def test_dane_ee_looks_at_neither_names_nor_dates() -> None:
    mine = record(3, 1, 1, LEAF)
    assert verify([LEAF], [mine], ("other.example",), NOW + timedelta(days=900_000)) == ""


def test_dane_ta_looks_at_both() -> None:
    mine = record(2, 0, 1, TOP)
    assert verify(CHAIN, [mine], NAMES, NOW) == ""
    assert verify(CHAIN, [mine], ("a.wild.example.org",), NOW) == ""
    assert verify(CHAIN, [mine], ("other.example",), NOW) == "the certificate is not for other.example"
    past = datetime(1999, 1, 1, tzinfo=UTC)
    assert verify(CHAIN, [mine], NAMES, past) == "a certificate of the chain is not valid today"


def test_the_authority_must_be_sent_or_be_in_the_record() -> None:
    assert "no certificate that the server sent" in verify([LEAF, BETWEEN], [record(2, 0, 1, TOP)], NAMES, NOW)
    assert verify([LEAF, BETWEEN], [record(2, 0, 0, TOP)], NAMES, NOW) == ""


def test_a_chain_that_leads_elsewhere() -> None:
    stranger = der(OTHER.cert_pem.bytes())
    assert "does not lead to" in verify([LEAF, stranger], [record(2, 0, 1, stranger)], NAMES, NOW)
    assert "does not lead to" in verify([LEAF, TOP], [record(2, 0, 1, TOP)], NAMES, NOW)
    assert "none of those" in verify(CHAIN, [record(3, 1, 1, TOP)], NAMES, NOW)
    assert verify([], [record(3, 1, 1, LEAF)], NAMES, NOW) == "the server sent no certificate"
    assert verify([LEAF, b"junk"], [record(2, 0, 0, TOP)], NAMES, NOW) == (
        "a certificate that cannot be read")


def test_a_certificate_that_is_no_authority_vouches_for_nobody() -> None:
    assert "does not lead to" in verify([LEAF, LEAF], [record(2, 0, 1, LEAF)], NAMES, NOW)


def test_one_of_several_is_enough() -> None:
    assert verify(CHAIN, [record(3, 1, 1, TOP), record(3, 1, 1, LEAF)], NAMES, NOW) == ""
    assert verify(CHAIN, [record(2, 0, 1, LEAF), record(2, 1, 1, TOP)], NAMES, NOW) == ""


def test_what_is_usable_for_mail() -> None:
    good = [TLSA(3, 1, 1, bytes(32)), TLSA(2, 0, 2, bytes(64)), TLSA(3, 0, 0, b"x")]
    bad = [TLSA(0, 1, 1, bytes(32)), TLSA(1, 1, 1, bytes(32)), TLSA(3, 2, 1, bytes(32)),
           TLSA(3, 1, 3, bytes(32)), TLSA(3, 1, 1, bytes(31)), TLSA(3, 1, 0, b"")]
    assert usable([*bad, *good]) == tuple(good)


def test_what_to_publish() -> None:
    assert record_for(LEAF) == f"3 1 1 {hashlib.sha256(public_key_of(LEAF)).hexdigest()}"
    with pytest.raises(ProtocolError, match="cannot be read"):
        public_key_of(b"junk")
    assert ssl.DER_cert_to_PEM_cert(LEAF).startswith("-----BEGIN")
