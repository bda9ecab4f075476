"""Challenges: one word after another, as servers write them."""

from __future__ import annotations

import pytest

from postel.errors import UsageError
from postel.http.challenges import MOST_CHALLENGES, credentials, parameters, parse, quoted


def plain(*fields: str) -> list[tuple[str, object]]:
    return [(one.scheme, one.token or dict(one.params)) for one in parse(fields)]


@pytest.mark.parametrize(("text", "expected"), [
    ('Basic realm="simple"', [("basic", {"realm": "simple"})]),
    ("Basic realm=simple", [("basic", {"realm": "simple"})]),
    ('BASIC REALM="x"', [("basic", {"realm": "x"})]),
    ("Basic", [("basic", {})]),
    ("Negotiate", [("negotiate", {})]),
    ("Negotiate YII=", [("negotiate", "YII=")]),
    ("Negotiate YII=, Basic realm=a", [("negotiate", "YII="), ("basic", {"realm": "a"})]),
    ("NTLM, Negotiate", [("ntlm", {}), ("negotiate", {})]),
    # RFC 9110 section 11.6.1's own example
    ('Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
     [("basic", {"realm": "simple"}),
      ("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'})]),
    (',, Basic , realm="foo", , , Digest realm="a,b" ,',
     [("basic", {"realm": "foo"}), ("digest", {"realm": "a,b"})]),
    ('Digest realm = "a" nonce="b" qop="auth,auth-int"',
     [("digest", {"realm": "a", "nonce": "b", "qop": "auth,auth-int"})]),
    ('Basic realm="never closed', [("basic", {"realm": "never closed"})]),
    ('Basic realm="ends in \\', [("basic", {"realm": "ends in "})]),
    ('Basic realm="1", realm="2"', [("basic", {"realm": "1"})]),
    ('Basic realm="", charset="UTF-8"', [("basic", {"realm": "", "charset": "UTF-8"})]),
    ('"quoted" Basic realm="a"', [("basic", {"realm": "a"})]),
    ("a=b, Basic realm=x", [("basic", {"realm": "x"})]),
    ("Digest nonce=a/b==, opaque=c", [("digest", {"nonce": "a/b==", "opaque": "c"})]),
    ("", []),
    (", ,", []),
])
def test_one_field(text: str, expected: list[object]) -> None:
    assert plain(text) == expected


def test_several_fields_in_order() -> None:
    assert [one.scheme for one in parse(["Digest nonce=1, Basic", "Bearer"])] == [
        "digest", "basic", "bearer"]


def test_the_realm_stands_apart() -> None:
    assert [one.realm for one in parse(["Basic realm=a, Bearer"])] == ["a", ""]


def test_credentials_and_parameters() -> None:
    found = credentials('Digest username="ann", nc=00000001')
    assert found is not None
    assert (found.scheme, found.params["nc"]) == ("digest", "00000001")
    assert credentials(" ") is None
    assert parameters('rspauth="x", nc=1, nextnonce="n"') == {
        "rspauth": "x", "nc": "1", "nextnonce": "n"}


def test_there_is_an_end_to_it() -> None:
    assert len(parse(["a," * 30_000])) == MOST_CHALLENGES
    assert len(parse(["a", "b"] * 100)) == MOST_CHALLENGES
    assert len(parameters(",".join(f"a{n}=1" for n in range(1000)))) == 64


def test_quoting_refuses_what_would_end_the_field() -> None:
    assert quoted('a"\\') == '"a\\"\\\\"'
    with pytest.raises(UsageError, match="quote a parameter: it holds a control character"):
        quoted("a\r\nX: y")
