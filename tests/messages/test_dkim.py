"""DKIM: the example of RFC 8463, every way to fail, signing and verifying each other."""

from __future__ import annotations

import pytest
from dkim_vectors import BRISBANE, ED25519, MADE, RSA, SIGNED, TEST

from postel.errors import ProtocolError, UsageError
from postel.messages.dkim import Verdict, parse_signature, verify
from postel.messages.dkim_keys import load_private, parse_key, record_of
from postel.messages.dkim_sign import Signer
from postel.messages.questions import Asking, Found, offline
from postel.secrets import Secret

TABLE = {("brisbane._domainkey.football.example.com", "TXT"): [BRISBANE],
         ("test._domainkey.football.example.com", "TXT"): [TEST],
         ("s1._domainkey.example.org", "TXT"): [BRISBANE],
         ("s2._domainkey.example.org", "TXT"): [TEST]}
MESSAGE = (b"From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: a  long\r\n subject\r\n"
           b"\r\nHello  Bob \r\n\r\nbye\r\n\r\n")


def signer(**more: object) -> Signer:
    return Signer("example.org", "s1", ED25519, **more)  # type: ignore[arg-type]


def one(message: bytes, now: int = MADE, **records: str) -> Verdict:
    table = {**TABLE, **{(f"{name}._domainkey.example.org", "TXT"): [text]
                         for name, text in records.items()}}
    return offline(verify(message, now=now), table)[0]


def test_the_example_of_rfc_8463() -> None:
    first, second = offline(verify(SIGNED, now=MADE), TABLE)
    assert (first.result, first.domain, first.bits) == ("pass", "football.example.com", 256)
    assert (second.result, second.algorithm, second.bits) == ("pass", "rsa-sha256", 1024)
    assert "from" in first.headers
    assert str(first) == "dkim=pass header.d=football.example.com header.s=brisbane"


def test_in_chunks_and_with_the_line_ends_of_files() -> None:
    pieces = (SIGNED[at : at + 11] for at in range(0, len(SIGNED), 11))
    assert [v.result for v in offline(verify(pieces, now=MADE), TABLE)] == ["pass", "pass"]
    unix = SIGNED.replace(b"\r\n", b"\n")
    assert [v.result for v in offline(verify(unix, now=MADE), TABLE)] == ["pass", "pass"]


@pytest.mark.parametrize("forms", [("relaxed", "relaxed"), ("relaxed", "simple"),
                                   ("simple", "relaxed"), ("simple", "simple")])
@pytest.mark.parametrize(("selector", "key"), [("s1", ED25519), ("s2", RSA)])
def test_what_we_sign_verifies(forms: tuple[str, str], selector: str, key: str) -> None:
    mine = Signer("example.org", selector, key, header_form=forms[0], body_form=forms[1])
    field = mine.sign(MESSAGE, now=MADE)
    assert one(field + MESSAGE).result == "pass"
    assert max(map(len, field.split(b"\r\n"))) <= 78
    changed = (field + MESSAGE).replace(b"bye", b"bye!")
    assert one(changed).reason == "the body was changed"
    assert one((field + MESSAGE).replace(b"Ann", b"Eve")).result == "fail"


def test_relaxed_stands_what_mailers_do_and_simple_does_not() -> None:
    loose, strict = signer(), signer(header_form="simple", body_form="simple")
    folded = MESSAGE.replace(b"a  long\r\n subject", b"a long subject").replace(b"Hello  Bob ", b"Hello Bob")
    assert one(loose.sign(MESSAGE, now=MADE) + folded).result == "pass"
    assert one(strict.sign(MESSAGE, now=MADE) + folded).result == "fail"


@pytest.mark.parametrize("added", [b"From: eve@example.com\r\n", b"Subject: win\r\n",
                                   b"Content-Type: text/html\r\n", b"Reply-To: eve@example.com\r\n"])
def test_nobody_can_add_a_field_that_counts(added: bytes) -> None:
    field = signer().sign(MESSAGE, now=MADE)
    assert one(field + added + MESSAGE).result == "fail"
    assert one(field + MESSAGE.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n", 1)).result == "fail"
    assert one(b"X-Spam: no\r\n" + field + MESSAGE).result == "pass"


def test_a_server_may_add_the_date_that_is_missing() -> None:
    field = signer().sign(MESSAGE, now=MADE)
    assert one(b"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n" + field + MESSAGE).result == "pass"
    dated = b"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n" + MESSAGE
    field = signer().sign(dated, now=MADE)
    assert one(b"Date: Sat, 12 Jul 2003 21:00:37 -0700\r\n" + field + dated).result == "fail"


def test_it_expires_and_is_not_from_the_future() -> None:
    field = signer(lifetime=100).sign(MESSAGE, now=MADE)
    assert one(field + MESSAGE, MADE + 100).result == "pass"
    assert one(field + MESSAGE, MADE + 101).reason == "it has expired"
    assert one(field + MESSAGE, MADE - 3_000).result == "pass"
    assert "future" in one(field + MESSAGE, MADE - 4_000).reason


@pytest.mark.parametrize(("record", "result", "reason"), [
    ("v=DKIM1; p=", "permerror", "revoked"),
    ("v=DKIM1; k=ed25519", "permerror", "no p="),
    ("v=DKIM2; k=ed25519; p=YQ==", "permerror", "not DKIM1"),
    ("k=ed25519; v=DKIM1; p=YQ==", "permerror", "not the first"),
    ("v=DKIM1; k=ed25519; p=%%", "permerror", "no base64"),
    (TEST, "permerror", "its key is for 'rsa'"),
    ("v=DKIM1; k=ed25519; s=tlsrpt; p=" + BRISBANE[-44:], "permerror", "not for mail"),
    ("v=DKIM1; k=ed25519; h=sha1; p=" + BRISBANE[-44:], "permerror", "not for SHA-256"),
    ("v=DKIM1; k=ed25519; p=YQ==", "permerror", "cannot be used"),
    ("v=DKIM1; k=ed25519; p=" + "A" * 43 + "=", "fail", "were changed"),
])
def test_keys_that_do_not_serve(record: str, result: str, reason: str) -> None:
    verdict = one(signer().sign(MESSAGE, now=MADE) + MESSAGE, s1=record)
    assert verdict.result == result
    assert reason in verdict.reason


def test_no_key_and_no_answer() -> None:
    raw = Signer("example.org", "gone", ED25519).sign(MESSAGE, now=MADE) + MESSAGE
    verdict = one(raw)
    assert verdict.result == "permerror"
    assert verdict.reason == "no key is published at gone._domainkey.example.org"

    def silent(asking: Asking[tuple[Verdict, ...]]) -> tuple[Verdict, ...]:
        try:
            next(asking)
            asking.send(Found(failed="nobody answers"))
        except StopIteration as end:
            return tuple(end.value)
        raise AssertionError("it asks again")

    verdict = silent(verify(raw, now=MADE))[0]
    assert (verdict.result, verdict.reason) == (
        "temperror", "its key could not be asked for: nobody answers")


def test_flags_of_keys() -> None:
    field = signer(identity="ann@news.example.org").sign(MESSAGE, now=MADE)
    assert one(field + MESSAGE).result == "pass"
    strict = BRISBANE.replace("k=", "t=s:y; k=")
    assert "t=s" in one(field + MESSAGE, s1=strict).reason
    assert one(signer().sign(MESSAGE, now=MADE) + MESSAGE, s1=strict).testing


@pytest.mark.parametrize(("old", "new", "result", "reason"), [
    (b"; c=", b"; l=5; c=", "policy", "a part of the body"),
    (b"ed25519-sha256", b"rsa-sha1", "policy", "SHA-1"),
    (b"ed25519-sha256", b"md5", "permerror", "algorithm is not known"),
    (b"v=1", b"v=2", "permerror", "v= is not 1"),
    (b"h=from:from:", b"h=", "permerror", "does not sign From"),
    (b"d=example.org", b"d=", "permerror", "no d="),
    (b"d=example.org", b"d=ex ample.org", "permerror", "no domain name"),
    (b"s=s1", b"s=s1; i=ann@example.com", "permerror", "not of the domain"),
    (b"s=s1", b"s=s1; s=s2", "permerror", "twice"),
    (b"s=s1", b"s=s1; q=http", "permerror", "not asked for in the DNS"),
    (b"s=s1", b"s=s1; junk", "permerror", "no tag=value"),
    (b"s=s1", b"s=s1; x=1", "permerror", "expires before"),
    (b"s=s1", b"s=s1; x=never", "permerror", "x= is no number"),
    (b"c=relaxed", b"c=tight", "permerror", "c= is not known"),
])
def test_signatures_that_do_not_count(old: bytes, new: bytes, result: str, reason: str) -> None:
    field = signer().sign(MESSAGE, now=MADE)
    verdict = one(field.replace(old, new, 1) + MESSAGE)
    assert (verdict.result, reason in verdict.reason) == (result, True), verdict


def test_short_keys_and_many_signatures() -> None:
    raw = Signer("example.org", "s2", RSA).sign(MESSAGE, now=MADE) + MESSAGE
    assert offline(verify(raw, now=MADE, least_bits=2048), TABLE)[0].result == "policy"
    many = signer().sign(MESSAGE, now=MADE) * 12 + MESSAGE
    verdicts = offline(verify(many, now=MADE), TABLE)
    assert [v.result for v in verdicts] == ["pass"] * 10 + ["policy"] * 2


def test_two_signatures_do_not_disturb_each_other() -> None:
    first = signer().sign(MESSAGE, now=MADE) + MESSAGE
    both = Signer("example.org", "s2", RSA).sign(first, now=MADE) + first
    assert [v.result for v in offline(verify(both, now=MADE), TABLE)] == ["pass", "pass"]


def test_a_signer_refuses_what_cannot_be_sent() -> None:
    for domain, selector, identity in [("a..b", "s", None), ("a\r\nX: y", "s", None),
                                       ("example.org", "s;d=x", None), ("example.org", "s", "a"),
                                       ("example.org", "s", "a\r\n@example.org"),
                                       ("example.org", "s", "a@example.com")]:
        with pytest.raises(UsageError, match="DKIM: "):
            Signer(domain, selector, ED25519, identity=identity)
    with pytest.raises(UsageError, match="From must be signed"):
        Signer("example.org", "s", ED25519, signed=("to",), oversigned=())
    with pytest.raises(UsageError, match="no From to sign"):
        signer().sign(b"To: a\r\n\r\n", now=MADE)
    for key in ("no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(UsageError, match="it cannot be read"):
            load_private(key)
    with pytest.raises(UsageError, match="neither RSA nor Ed25519"):
        load_private(42)
    assert ED25519 not in repr(signer())


def test_names_beyond_ascii_are_signed_in_a_labels() -> None:
    mine = Signer("bücher.example", "s1", Secret(ED25519))
    field = mine.sign(MESSAGE, now=MADE)
    assert b"d=xn--bcher-kva.example;" in field
    table = {("s1._domainkey.xn--bcher-kva.example", "TXT"): [mine.record]}
    assert offline(verify(field + MESSAGE, now=MADE), table)[0].result == "pass"


def test_what_to_publish() -> None:
    assert record_of(ED25519) == BRISBANE
    assert record_of(RSA) == TEST
    assert parse_key(TEST).bits == 1024
    assert parse_key("p=YQ==").bits == 0


def test_fields_are_read_as_they_fold() -> None:
    found = parse_signature(SIGNED.partition(b":")[2].partition(b"\r\nDKIM")[0])
    assert found.headers[:3] == ("from", "to", "subject")
    assert found.signed == MADE
    with pytest.raises(ProtocolError, match="too long"):
        parse_signature(b"v=1; a=" + b"x" * 70_000)
