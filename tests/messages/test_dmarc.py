"""DMARC: records, alignment by list and by tree, what is asked for."""

from __future__ import annotations

import pytest

from postel.errors import ProtocolError
from postel.messages.dkim import Verdict
from postel.messages.dmarc import DMARCVerdict, evaluate, parse_record, tree_walk
from postel.messages.questions import Asking, Found, offline
from postel.messages.spf import SPFVerdict

PASS = Verdict("pass", domain="example.org")


def by_list(domain: str) -> str:
    return ".".join(domain.split(".")[-2:])


def ask(author: str, records: dict[str, str], *dkim: Verdict, spf: str = "",
        walk: bool = False, exists: bool = True) -> DMARCVerdict:
    table = {(f"_dmarc.{name}", "TXT"): [text] for name, text in records.items()}
    if exists:
        table[author, "A"] = ["192.0.2.1"]
    verdict = SPFVerdict("pass", domain=spf) if spf else None
    return offline(evaluate(author, spf=verdict, dkim=dkim,
                            organisational=None if walk else by_list), table)


def test_a_record() -> None:
    record = parse_record("v=DMARC1; p=Quarantine; sp=reject; np=none; adkim=s; aspf=r; pct=20; t=y; "
                          "psd=n; rua=mailto:a@example.org!10m, mailto:b@example.org; ruf=mailto:c@d.example")
    assert record is not None
    assert (record.policy, record.subdomains, record.missing) == ("quarantine", "reject", "none")
    assert (record.strict_dkim, record.strict_spf, record.percent) == (True, False, 20)
    assert (record.testing, record.suffix) == (True, False)
    assert record.reports == ("mailto:a@example.org!10m", "mailto:b@example.org")
    assert not record.problems


def test_what_is_wrong_is_told_and_passed_over() -> None:
    record = parse_record("v=DMARC1; p=rejct; sp=x; rua=mailto:a@example.org, bob@example.org; pct=101; aspf=x")
    assert record is not None
    assert record.policy == "none"  # it asks for reports: RFC 7489 section 6.6.3
    assert len(record.problems) == 5
    with pytest.raises(ProtocolError, match="it has no policy"):
        parse_record("v=DMARC1; p=rejct")
    for text in ("v=DMARC2; p=none", "p=none; v=DMARC1", "v=spf1 -all", "", "v=DMARC1x"):
        assert parse_record(text) is None


@pytest.mark.parametrize("walk", [False, True])
def test_alignment(walk: bool) -> None:
    zone = {"example.org": "v=DMARC1; p=reject"}
    assert ask("example.org", zone, PASS, walk=walk).aligned == ("dkim example.org",)
    assert ask("news.example.org", zone, PASS, walk=walk).result == "pass"
    assert ask("example.org", zone, Verdict("pass", domain="m.example.org"), walk=walk).result == "pass"
    assert ask("example.org", zone, spf="bounce.example.org", walk=walk).aligned == ("spf",)
    assert ask("example.org", zone, spf="example.com", walk=walk).result == "fail"
    assert ask("example.org", zone, Verdict("fail", domain="example.org"), walk=walk).reason == (
        "nobody vouches for it")
    verdict = ask("example.org", zone, Verdict("pass", domain="sender.example"), walk=walk)
    assert verdict.reason == "nobody who vouches for it is of example.org"
    assert (verdict.disposition, str(verdict)[:10]) == ("reject", "dmarc=fail")


@pytest.mark.parametrize("walk", [False, True])
def test_strict_alignment(walk: bool) -> None:
    zone = {"example.org": "v=DMARC1; p=reject; adkim=s; aspf=s"}
    assert ask("example.org", zone, Verdict("pass", domain="m.example.org"), walk=walk).result == "fail"
    assert ask("example.org", zone, PASS, walk=walk).result == "pass"
    assert ask("example.org", zone, spf="m.example.org", walk=walk).result == "fail"


@pytest.mark.parametrize("walk", [False, True])
def test_policies_for_names_below(walk: bool) -> None:
    zone = {"example.org": "v=DMARC1; p=reject; sp=quarantine; np=none"}
    assert ask("example.org", zone, walk=walk).disposition == "reject"
    assert ask("a.example.org", zone, walk=walk).disposition == "quarantine"
    assert ask("a.example.org", zone, walk=walk, exists=False).disposition == "none"
    own = {**zone, "a.example.org": "v=DMARC1; p=none"}
    assert ask("a.example.org", own, walk=walk).domain == "a.example.org"


def test_a_test_is_softer() -> None:
    for record, asked in [("p=reject; t=y", "quarantine"), ("p=quarantine; t=y", "none"),
                          ("p=reject; pct=0", "quarantine"), ("p=reject; pct=50", "reject")]:
        assert ask("example.org", {"example.org": f"v=DMARC1; {record}"}).disposition == asked


def test_no_record_and_several_and_broken_ones() -> None:
    assert ask("example.org", {}).result == "none"
    two = {("_dmarc.example.org", "TXT"): ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}
    assert offline(evaluate("example.org"), two).result == "none"
    assert ask("example.org", {"example.org": "v=DMARC1; p=no"}).result == "permerror"

    def silent(asking: Asking[DMARCVerdict]) -> DMARCVerdict:
        next(asking)
        with pytest.raises(StopIteration) as end:
            asking.send(Found(failed="nobody answers"))
        verdict: DMARCVerdict = end.value.value
        return verdict

    assert silent(evaluate("example.org")).result == "temperror"


@pytest.mark.parametrize(("domain", "records", "top"), [
    ("a.mail.example.com", {"example.com": "v=DMARC1; p=none"}, "example.com"),
    ("a.mail.example.com", {}, "a.mail.example.com"),
    ("a.b.example.com", {"example.com": "v=DMARC1; p=none", "com": "v=DMARC1; p=none; psd=y"},
     "example.com"),
    ("giant.bank.example", {"bank.example": "v=DMARC1; p=none; psd=y"}, "giant.bank.example"),
    ("a.giant.bank.example", {"bank.example": "v=DMARC1; p=none; psd=y"}, "giant.bank.example"),
    ("a.b.example.com", {"b.example.com": "v=DMARC1; p=none; psd=n", "example.com": "v=DMARC1; p=none"},
     "b.example.com"),
    ("bank.example", {"bank.example": "v=DMARC1; p=none; psd=y"}, "bank.example"),
])
def test_walks_up_the_tree(domain: str, records: dict[str, str], top: str) -> None:
    table = {(f"_dmarc.{name}", "TXT"): [text] for name, text in records.items()}
    assert offline(tree_walk(domain), table) == top


def test_a_walk_is_short_however_long_the_name() -> None:
    asked = []
    asking = tree_walk(".".join("abcdefghijklmnopq") + ".example.com")
    try:
        question = next(asking)
        while True:
            asked.append(question.name)
            question = asking.send(Found(exists=False))
    except StopIteration:
        pass
    assert len(asked) == 8
    assert asked[1] == "_dmarc.m.n.o.p.q.example.com"
    assert asked[-1] == "_dmarc.com"
