"""MTA-STS: records, policies, which hosts they name, and how long they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from postel.errors import ProtocolError
from postel.mail.mta_sts import LONGEST_AGE, Policy, parse_policy, parse_record, parse_tls_reports
from postel.mail.policies import PolicyStore
from postel.mail.suffixes import organisational_domain

TEXT = """version: STSv1\r
mode: enforce\r
mx: Mail.example.com\r
mx: *.example.net\r
mx: backupmx.example.com\r
max_age: 604800\r
"""


def test_the_policy_of_rfc_8461() -> None:
    policy = parse_policy(TEXT, id="20160831085700Z")
    assert policy == Policy("enforce", ("mail.example.com", "*.example.net", "backupmx.example.com"),
                            604_800, "20160831085700Z")
    assert parse_policy(TEXT.replace("\r", "") + "unknown: field") == parse_policy(TEXT)
    assert parse_policy("version: STSv1\nmode: none\nmax_age: 0").hosts == ()
    assert parse_policy(TEXT.replace("604800", "9999999999")).max_age == LONGEST_AGE


@pytest.mark.parametrize(("host", "allowed"), [
    ("mail.example.com", True), ("MAIL.example.com.", True), ("a.example.net", True),
    ("example.net", False), ("a.b.example.net", False), ("evil.example.com", False),
    ("mail.example.com.evil.example", False)])
def test_hosts(host: str, allowed: bool) -> None:
    assert parse_policy(TEXT).allows(host) is allowed


@pytest.mark.parametrize(("text", "reason"), [
    ("", "version is not STSv1"), (TEXT.replace("STSv1", "STSv2"), "version is not STSv1"),
    (TEXT.replace("enforce", "force"), "mode is none of"), (TEXT.replace("604800", "week"), "max_age"),
    ("version: STSv1\nmode: enforce\nmax_age: 1", "names no mx"),
    (TEXT.replace("*.example.net", "*.*.example.net"), "is no host"),
    (TEXT.replace("*.example.net", "exa mple.net"), "is no host"),
    ("<html>\n" + TEXT, "no line of a policy"), ("x" * 70_000, "longer than"),
    ("version: STSv1\nmode: enforce\nmax_age: 1\n" + "mx: a.example\n" * 201, "too many mx")])
def test_broken_policies(text: str, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        parse_policy(text)


def test_records() -> None:
    assert parse_record("v=STSv1; id=20160831085700Z;") == "20160831085700Z"
    assert parse_record("v=STSv1;id=1;x=y") == "1"
    assert parse_record("v=spf1 -all") is None
    for text in ("v=STSv1;", "v=STSv1; id=", "v=STSv1; id=a-b", "v=STSv1; id=" + "1" * 33):
        with pytest.raises(ProtocolError, match="no id="):
            parse_record(text)
    assert parse_tls_reports("v=TLSRPTv1; rua=mailto:a@example.org,https://example.org/x") == (
        "mailto:a@example.org", "https://example.org/x")
    assert parse_tls_reports("v=STSv1; id=1") is None
    with pytest.raises(ProtocolError, match="neither mailto: nor https:"):
        parse_tls_reports("v=TLSRPTv1; rua=ftp://x")


def test_policies_are_kept_as_long_as_they_say(tmp_path: Path) -> None:
    path = tmp_path / "policies.json"
    store = PolicyStore(path)
    store.put("example.org", Policy("enforce", ("mx.example.org",), 100, "1"), now=1_000.0)
    again = PolicyStore(path)
    assert again.get("example.org", now=1_099.0) == Policy("enforce", ("mx.example.org",), 100, "1")
    assert again.get("example.org", now=1_101.0) is None
    assert again.get("example.net", now=0.0) is None
    assert [entry.name for entry in tmp_path.iterdir()] == ["policies.json"]


@pytest.mark.parametrize("text", ["", "[]", "{\"a\": 1}", "{\"a\": {\"until\": \"x\"}}", "\x00"])
def test_a_file_that_cannot_be_read_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "p").write_text(text)
    assert PolicyStore(tmp_path / "p").get("a", now=0.0) is None


def test_the_store_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postel.mail.policies.MOST_KEPT", 3)
    store = PolicyStore()
    for number in range(5):
        store.put(f"{number}.example", Policy("none", (), 100), now=0.0)
    assert [store.get(f"{n}.example", now=0.0) is not None for n in range(5)] == [
        False, False, True, True, True]


@pytest.mark.parametrize(("domain", "own"), [
    ("example.org", "example.org"), ("a.b.example.org", "example.org"), ("org", "org"),
    ("a.example.co.uk", "example.co.uk"), ("a.b.example.github.io", "example.github.io")])
def test_organisational_domains(domain: str, own: str) -> None:
    assert organisational_domain(domain) == own


def test_a_file_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    store = PolicyStore(tmp_path / "nowhere" / "policies.json")
    store.put("example.org", Policy("none", (), 100), now=0.0)
    assert store.get("example.org", now=1.0) is not None
