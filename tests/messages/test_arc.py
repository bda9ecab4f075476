"""ARC: chains that hold and chains that are broken; signed here by hand, for there is no sealer."""

from __future__ import annotations

import base64
import hashlib

import pytest
from dkim_vectors import BRISBANE, ED25519

from postel.messages.arc import ARCVerdict, verify
from postel.messages.canonical import canonical_field, divide, fields_of, select
from postel.messages.dkim import body_digests
from postel.messages.dkim_keys import load_private
from postel.messages.questions import Asking, Found, offline

TABLE = {("s._domainkey.list.example", "TXT"): [BRISBANE]}
MESSAGE = b"From: ann@example.org\r\nSubject: hi\r\n\r\nhello\r\n"
KEY = load_private(ED25519)


def signature(*parts: bytes) -> bytes:
    data = b"\r\n".join(canonical_field(part, True) for part in parts)
    return base64.b64encode(KEY.sign(hashlib.sha256(data).digest()))


def seal(message: bytes, instance: int, cv: str, more: bytes = b"") -> bytes:
    """*message* with one more set before it."""
    head, body = divide(message)
    fields = fields_of(head)
    digest = base64.b64encode(body_digests(["relaxed"], body)["relaxed"])
    results = b"ARC-Authentication-Results: i=%d; list.example; dkim=pass" % instance
    mine = (b"ARC-Message-Signature: i=%d; a=ed25519-sha256; c=relaxed/relaxed; d=list.example; s=s;"
            b" h=from:subject; bh=%s; b=" % (instance, digest))
    mine += signature(*(field.raw for field in select(fields, ["from", "subject"])), mine)
    kinds = ("arc-authentication-results", "arc-message-signature", "arc-seal")
    before = [field.raw for number in range(1, instance) for kind in kinds
              for field in fields if field.name == kind and b" i=%d;" % number in field.raw]
    sealed = b"ARC-Seal: i=%d; a=ed25519-sha256; cv=%s; d=list.example; s=s;%s b=" % (
        instance, cv.encode(), more)
    sealed += signature(*before, results, mine, sealed)
    return b"\r\n".join([sealed, mine, results, message])


def one(message: bytes) -> ARCVerdict:
    return offline(verify(message), TABLE)


def test_a_chain_of_three() -> None:
    raw = MESSAGE
    for instance, cv in ((1, "none"), (2, "pass"), (3, "pass")):
        raw = seal(raw, instance, cv)
        verdict = one(raw)
        assert (verdict.result, verdict.instances, verdict.oldest_pass) == ("pass", instance, 0)
    assert verdict.domains == ("list.example",) * 3
    assert verdict.results[0] == "list.example; dkim=pass"


def test_a_list_that_changes_the_subject() -> None:
    first = seal(MESSAGE, 1, "none")
    second = seal(first.replace(b"Subject: hi", b"Subject: [list] hi"), 2, "pass")
    verdict = one(second)
    assert (verdict.result, verdict.oldest_pass) == ("pass", 2)
    assert one(first.replace(b"hello", b"HELLO")).reason == "the body was changed after it was sealed"
    assert "the message does not verify" in one(first.replace(b"Subject: hi", b"Subject: ho")).reason


@pytest.mark.parametrize(("change", "reason"), [
    (lambda raw: raw.replace(b"i=1; a=ed25519-sha256; cv", b"i=2; a=ed25519-sha256; cv"), "no arc-seal"),
    (lambda raw: raw.replace(b"cv=none", b"cv=pass"), "instance 1 says cv=pass"),
    (lambda raw: raw.replace(b"cv=none", b"cv=fail"), "broken when it came"),
    (lambda raw: raw.replace(b"dkim=pass", b"dkim=fail"), "seal 1 does not verify"),
    (lambda raw: raw.replace(b"; s=s; b=", b"; b=", 1), "arc-seal has no s="),
    (lambda raw: raw.replace(b"h=from", b"h=arc-seal:from"), "it signs a seal"),
    (lambda raw: raw.replace(b"ARC-Seal: i=1", b"ARC-Seal: i=51"), "not from 1 to 50"),
    (lambda raw: raw.replace(b"ARC-Seal: i=1", b"ARC-Seal: i=x"), "i= is no number"),
    (lambda raw: raw.replace(b"s=s;", b"s=gone;", 1), "no key is published"),
    (lambda raw: raw.replace(b"ed25519-sha256; cv", b"rsa-sha1; cv"), "not accepted"),
    (lambda raw: raw[: raw.index(b"\r\n") + 2] + raw, "two arc-seal fields"),
    (lambda raw: raw.replace(b"i=1", b"i=2"), "an instance is missing"),
    (lambda raw: raw.replace(b"; s=s; b=", b"; s=s; h=from; b=", 1), "a seal has no h="),
])
def test_chains_that_are_broken(change: object, reason: str) -> None:
    verdict = one(change(seal(MESSAGE, 1, "none")))  # type: ignore[operator]
    assert (verdict.result, reason in verdict.reason) == ("fail", True), verdict


def test_no_chain_and_no_answer() -> None:
    assert one(MESSAGE).result == "none"

    def silent(asking: Asking[ARCVerdict]) -> ARCVerdict:
        next(asking)
        with pytest.raises(StopIteration) as end:
            asking.send(Found(failed="nobody answers"))
        verdict: ARCVerdict = end.value.value
        return verdict

    assert silent(verify(seal(MESSAGE, 1, "none"))).result == "temperror"
