"""SPF: the examples of RFC 7208 appendix A, limits, macros, broken records."""

from __future__ import annotations

import pytest

from postel.errors import ProtocolError, UsageError
from postel.messages.questions import Asking, Found, Question, offline
from postel.messages.spf import SPFVerdict, check
from postel.messages.spf_record import expand, is_record, parse_record

ZONE: dict[tuple[str, str], list[str]] = {
    ("example.com", "A"): ["192.0.2.10", "192.0.2.11"],
    ("example.com", "MX"): ["mail-a.example.com", "mail-b.example.com"],
    ("amy.example.com", "A"): ["192.0.2.65"], ("bob.example.com", "A"): ["192.0.2.66"],
    ("mail-a.example.com", "A"): ["192.0.2.129"], ("mail-b.example.com", "A"): ["192.0.2.130"],
    ("example.org", "MX"): ["mail-c.example.org"], ("mail-c.example.org", "A"): ["192.0.2.140"],
    ("192.0.2.65", "PTR"): ["amy.example.com"], ("192.0.2.140", "PTR"): ["mail-c.example.org"],
    ("10.0.0.4", "PTR"): ["bob.example.com"],
    ("mary.mobile-users._spf.example.com", "A"): ["127.0.0.2"],
    ("15.15.168.192.joel.remote-users._spf.example.com", "A"): ["127.0.0.2"],
    ("mobile-users._spf.example.com", "TXT"): ["v=spf1 exists:%{l1r+}.%{d}"],
    ("remote-users._spf.example.com", "TXT"): ["v=spf1 exists:%{ir}.%{l1r+}.%{d}"],
    ("ip4._spf.example.com", "TXT"): ["v=spf1 -ip4:192.0.2.0/24 +all"],
    ("ptr._spf.example.com", "TXT"): ["v=spf1 -ptr:example.com +all"],
    ("la.example.org", "TXT"): ["v=spf1 redirect=example.org"],
    ("why.example.com", "TXT"): ["%{i} is not one of %{d}\'s servers, says %{r}; %{c} %%"],
}


def ask(address: str, record: str, sender: str = "ann@example.com", **more: list[str]) -> SPFVerdict:
    domain = sender.rpartition("@")[2]
    zone = {**ZONE, (domain, "TXT"): ["other text", record]}
    for name, texts in more.items():
        zone[f"{name}.example.com", "TXT"] = texts
    return offline(check(address, sender, "mail.example.com", receiver="mx.example.net"), zone)


@pytest.mark.parametrize(("record", "passing", "failing"), [
    ("v=spf1 +all", ["10.0.0.1", "2001:db8::1"], []),
    ("v=spf1 a -all", ["192.0.2.10", "192.0.2.11"], ["192.0.2.12"]),
    ("v=spf1 a:example.org -all", [], ["192.0.2.10"]),
    ("v=spf1 mx -all", ["192.0.2.129", "192.0.2.130"], ["192.0.2.140"]),
    ("v=spf1 mx:example.org -all", ["192.0.2.140"], ["192.0.2.129"]),
    ("v=spf1 mx mx:example.org -all", ["192.0.2.129", "192.0.2.140"], ["192.0.2.10"]),
    ("v=spf1 mx/30 mx:example.org/30 -all", ["192.0.2.131", "192.0.2.143"], ["192.0.2.144"]),
    ("v=spf1 ptr -all", ["192.0.2.65"], ["192.0.2.140", "10.0.0.4"]),
    ("v=spf1 ip4:192.0.2.128/28 -all", ["192.0.2.129"], ["192.0.2.65"]),
    ("v=spf1 ip6:2001:db8::/32 -all", ["2001:db8::1"], ["2001:db9::1", "192.0.2.1"]),
    ("v=spf1 -include:ip4._spf.%{d} -include:ptr._spf.%{d} +all", ["192.0.2.65"],
     ["10.0.0.4", "192.0.2.140"]),  # (the RFC's own ptr says no domain, and so matches nothing)
])
def test_the_examples_of_the_rfc(record: str, passing: list[str], failing: list[str]) -> None:
    for address in passing:
        assert ask(address, record).result == "pass", address
    for address in failing:
        assert ask(address, record).result == "fail", address


def test_records_that_depend_on_the_user() -> None:
    record = "v=spf1 include:mobile-users._spf.%{d} include:remote-users._spf.%{d} -all"
    assert ask("192.0.2.1", record, "mary@example.com").result == "pass"
    assert ask("192.168.15.15", record, "joel@example.com").result == "pass"
    assert ask("192.168.15.16", record, "joel@example.com").result == "fail"


@pytest.mark.parametrize(("record", "result"), [
    ("v=spf1 ?all", "neutral"), ("v=spf1 ~all", "softfail"), ("v=spf1", "neutral"),
    ("v=spf10 -all", "none"), ("v=spf2 -all", "none"), ("V=SPF1 -ALL", "fail"),
    ("v=spf1 unknown=%{d} -all", "fail"), ("v=spf1  a  -all", "fail"),
])
def test_words_of_the_result(record: str, result: str) -> None:
    assert ask("198.51.100.1", record).result == result


@pytest.mark.parametrize("record", [
    "v=spf1 foo", "v=spf1 all:x", "v=spf1 a:", "v=spf1 a/33", "v=spf1 a//129", "v=spf1 a/", "v=spf1 a/01",
    "v=spf1 ip4:1.2.3", "v=spf1 ip4:1.2.3.4/33", "v=spf1 ip4:::1", "v=spf1 ip6:1.2.3.4",
    "v=spf1 ip4:1.2.3.4/x", "v=spf1 include", "v=spf1 exists", "v=spf1 include:", "v=spf1 a:com",
    "v=spf1 a:example.123", "v=spf1 redirect=a.example redirect=b.example", "v=spf1 exp=",
    "v=spf1 a:%{x}.example.org", "v=spf1 a:%{d0}.example.org", "v=spf1 a:%d.example.org",
    "v=spf1 a:%{c}.example.org", "v=spf1 -all a:b\u00fc.example", "v=spf1 mx=a.example -all b@d",
    "v=spf1 ptr/24", "v=spf1 +redirect=a.example",
])
def test_broken_records_count_nowhere(record: str) -> None:
    with pytest.raises(ProtocolError):
        parse_record(record)
    verdict = ask("192.0.2.1", record)
    assert verdict.result == "permerror"
    assert verdict.reason.startswith("the record of example.com: ")


def test_ten_terms_may_ask_and_no_more() -> None:
    ten = " ".join("a:example.com" for _ in range(10))
    assert ask("198.51.100.1", f"v=spf1 {ten} -all").lookups == 10
    assert ask("198.51.100.1", f"v=spf1 {ten} -all").result == "fail"
    verdict = ask("198.51.100.1", f"v=spf1 {ten} mx -all")
    assert (verdict.result, verdict.reason) == (
        "permerror", "it takes more than 10 questions to the DNS")


def test_loops_end() -> None:
    for record in ("v=spf1 include:example.com -all", "v=spf1 redirect=example.com"):
        assert ask("198.51.100.1", record).result == "permerror"


def test_two_questions_may_find_nothing() -> None:
    assert ask("198.51.100.1", "v=spf1 a:n1.example.com a:n2.example.com -all").result == "fail"
    verdict = ask("198.51.100.1", "v=spf1 a:n1.example.com exists:n2.example.com mx:n3.example.com -all")
    assert (verdict.result, verdict.reason) == ("permerror", "more than 2 questions found nothing")


def test_ten_names_of_an_mx() -> None:
    zone = {("example.com", "TXT"): ["v=spf1 mx -all"],
            ("example.com", "MX"): [f"m{n}.example.com" for n in range(11)]}
    verdict = offline(check("192.0.2.1", "a@example.com"), zone)
    assert verdict.reason == "example.com has more than 10 MX records"


def test_includes_and_redirects() -> None:
    assert ask("192.0.2.1", "v=spf1 include:x.example.com ~all", x=["v=spf1 -all"]).result == "softfail"
    assert ask("192.0.2.1", "v=spf1 include:x.example.com -all", x=["v=spf1 +all"]).result == "pass"
    assert ask("192.0.2.1", "v=spf1 include:none.example.com -all").result == "permerror"
    assert ask("192.0.2.1", "v=spf1 redirect=none.example.com").result == "permerror"
    assert ask("192.0.2.1", "v=spf1 redirect=x.example.com", x=["v=spf1 -all"]).result == "fail"
    assert ask("192.0.2.1", "v=spf1 redirect=x.example.com ?all", x=["v=spf1 -all"]).result == "neutral"
    assert ask("192.0.2.1", "v=spf1 redirect=x.example.com", x=["v=spf1 a", "v=spf1 mx"]).result == "permerror"


def test_who_is_asked() -> None:
    zone = {("mail.example.com", "TXT"): ["v=spf1 -all"], ("example.com", "TXT"): ["v=spf1 +all"]}
    assert offline(check("192.0.2.1", "", "mail.example.com"), zone).result == "fail"
    assert offline(check("192.0.2.1", "example.com", ""), zone).result == "pass"
    assert offline(check("::ffff:192.0.2.1", "a@example.com"), zone).result == "pass"
    for sender in ("", "a@", "a@localhost", "a@b..c", "a@" + "x" * 64 + ".example"):
        assert offline(check("192.0.2.1", sender, ""), zone).result == "none"
    with pytest.raises(UsageError, match="no IP address"):
        next(check("example.com", "a@b.example"))


def test_an_explanation() -> None:
    verdict = ask("192.0.2.200", "v=spf1 exp=why.%{d} -all")
    assert verdict.explanation == ("192.0.2.200 is not one of example.com\'s servers, says "
                                   "mx.example.net; 192.0.2.200 %")
    assert ask("192.0.2.200", "v=spf1 exp=why.%{d} ~all").explanation == ""
    for texts in ([], ["a", "b"], ["%{z}"], ["\u00fc"]):
        assert ask("192.0.2.200", "v=spf1 exp=x.example.com -all", x=texts).explanation == ""


def test_no_answer_is_temporary() -> None:
    def drive(asking: Asking[SPFVerdict], failing: str) -> SPFVerdict:
        try:
            question = next(asking)
            while True:
                found = Found(("v=spf1 a mx -all",))
                if question == Question("example.com", failing):
                    found = Found(failed="nobody answers")
                question = asking.send(found)
        except StopIteration as end:
            verdict: SPFVerdict = end.value
            return verdict

    for kind in ("TXT", "A", "MX"):
        verdict = drive(check("192.0.2.1", "a@example.com"), kind)
        assert (verdict.result, verdict.reason) == ("temperror", "nobody answers")


def test_macros() -> None:
    values = {"s": "strong-bad@email.example.com", "l": "strong-bad", "o": "email.example.com",
              "d": "email.example.com", "i": "192.0.2.3", "v": "in-addr", "h": "mx.example.org"}
    for text, result in [
        ("%{s}", "strong-bad@email.example.com"), ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"), ("%{d1}", "com"), ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"), ("%{l-}", "strong.bad"), ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"), ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"), ("%{S}", "strong-bad%40email.example.com"),
        ("%%%_%-", "% %20"),
    ]:
        assert expand(text, values) == result


def test_names_that_are_too_long_lose_their_left() -> None:
    long = ".".join(["a" * 60] * 5)
    zone = {("example.com", "TXT"): [f"v=spf1 exists:%{{h}}.{long} -all"],
            (".".join(["a" * 60] * 4), "A"): ["127.0.0.1"]}
    assert offline(check("192.0.2.1", "a@example.com", "mail.example.net"), zone).result == "pass"


def test_it_is_a_record_or_not() -> None:
    assert is_record("v=spf1")
    assert is_record("V=spf1 a")
    assert not is_record("v=spf1;a")
    assert not is_record("v=spf")
