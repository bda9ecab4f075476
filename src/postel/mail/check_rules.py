"""What is wrong with a domain's mail, and what to publish: the judgement, without any I/O.

Each function takes what was found in the DNS, and at the servers, and says what it means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address

from ..errors import ProtocolError
from ..messages import dmarc, spf_record
from ..messages.dkim_keys import parse_key
from ..messages.spf import MOST_LOOKUPS, SPFVerdict
from . import dane, mta_sts
from .check_types import Finding, Publish, Served
from .routes import Exchange, Route

__all__ = ["about_dane", "about_dkim", "about_dmarc", "about_mx", "about_policy", "about_spf",
           "about_tls", "about_tls_reports"]

_SOON = 14
"""Days before its end when a certificate should have been renewed."""

_SHORT = 2048
"""Bits of an RSA key below which it should be renewed."""

_WEEK = 604_800

Findings = Iterator[Finding]


def about_mx(route: Route, aliases: Mapping[str, str]) -> Findings:
    """Who takes the mail.

    Args:
        route: as routing found it.
        aliases: from a server's name to the name that its CNAME leads to.
    """
    if route.kind == "missing":
        yield Finding("MX", "error", f"there is no domain {route.domain}", "check the spelling")
    elif route.kind == "null":
        yield Finding("MX", "good", "it takes no mail, and says so (null MX)")
    elif route.kind == "address":
        first = route.exchanges[0]
        if first.problem:
            yield Finding("MX", "error", "it has neither MX nor address: nobody can send it mail",
                          "publish where its mail goes; or, if it takes none, a null MX",
                          (Publish(route.domain, "MX", "0 ."),))
        else:
            yield Finding("MX", "warning", "it has no MX: mail goes to its own address",
                          "publish an MX, so that its web server can move",
                          (Publish(route.domain, "MX", f"10 {route.domain}."),))
    for one in route.exchanges if route.kind == "mx" else ():
        yield from _about_exchange(one, aliases.get(one.host))
    for note in route.notes:
        if not note.startswith("MTA-STS"):
            yield Finding("MX", "warning", note)


def _about_exchange(one: Exchange, alias: str | None) -> Findings:
    if _is_address(one.host):
        yield Finding("MX", "error", f"MX {one.host} is an address", "an MX names a host")
    elif one.problem and not one.addresses:
        yield Finding("MX", "error", f"MX {one.preference} {one.host}: {one.problem}",
                      "publish its A and AAAA records, or take the MX away")
    elif alias is not None:
        yield Finding("MX", "warning", f"MX {one.preference} {one.host} is an alias of {alias}",
                      f"name {alias} itself: some senders refuse aliases (RFC 2181 section 10.3)")
    elif not all(ip_address(address).is_global for address in one.addresses):
        yield Finding("MX", "warning", f"MX {one.preference} {one.host}: "
                      f"{', '.join(one.addresses)} cannot be reached from everywhere")
    else:
        yield Finding("MX", "good", f"MX {one.preference} {one.host}: {', '.join(one.addresses)}")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def about_tls(served: Sequence[Served]) -> Findings:
    """How safe the way to the servers is."""
    for one in served:
        if one.error:
            yield Finding("TLS", "warning", f"{one.host}: {one.error}",
                          "many networks let nobody out at port 25: try from elsewhere")
        elif not one.offered:
            yield Finding("TLS", "error", f"{one.host} has no STARTTLS: mail comes in the clear",
                          "switch TLS on in the mail server")
        elif one.certificate:
            yield Finding("TLS", "warning", f"{one.host}: {one.certificate}",
                          "senders that check (MTA-STS) will not deliver: get a certificate of a "
                          "public authority for that very name")
        elif one.days is not None and one.days < _SOON:
            yield Finding("TLS", "warning", f"{one.host}: its certificate ends in {one.days} days",
                          "renew it; is the renewal automatic?")
        else:
            ends = "" if one.days is None else f", certificate good for {one.days} days"
            yield Finding("TLS", "good", f"{one.host}: {one.tls}{ends}")


def about_spf(domain: str, texts: Sequence[str], verdict: SPFVerdict | None,
              takes_mail: bool) -> Findings:
    """Who may send.

    Args:
        domain: whose.
        texts: its TXT records.
        verdict: of a check with an address that is nobody's.
        takes_mail: whether it has servers that take mail.
    """
    records = [text for text in texts if spf_record.is_record(text)]
    wanted = "v=spf1 mx -all" if takes_mail else "v=spf1 -all"
    if not records:
        yield Finding("SPF", "error", "it does not say who may send its mail",
                      "publish who does; mx means the servers that take its mail",
                      (Publish(domain, "TXT", wanted),))
        return
    if len(records) > 1:
        yield Finding("SPF", "error", f"it has {len(records)} SPF records, so none of them counts",
                      "put them together into one")
        return
    try:
        policy = spf_record.parse_record(records[0])
    except ProtocolError as error:
        yield Finding("SPF", "error", f"its record is broken, so it does not count: {error}")
        return
    if verdict is not None and verdict.result in ("permerror", "temperror"):
        yield Finding("SPF", "error" if verdict.result == "permerror" else "warning",
                      f"its record cannot be evaluated: {verdict.reason}",
                      f"receivers ask at most {MOST_LOOKUPS} times: replace include, a and mx by "
                      "ip4 and ip6" if "more than" in verdict.reason else "")
    yield from _about_terms(policy, verdict)


def _about_terms(policy: spf_record.Policy, verdict: SPFVerdict | None) -> Findings:
    last = next((term for term in policy.terms if term.name == "all"), None)
    names = [term.name for term in policy.terms]
    trouble = False
    if last is not None and last.result == "pass":
        trouble = True
        yield Finding("SPF", "error", "+all lets everybody send in its name", "end it by -all")
    elif last is None and not policy.redirect:
        trouble = True
        yield Finding("SPF", "warning", "it does not say what is with all others",
                      "end it by -all, or ~all while you try it out")
    elif last is not None and last.result == "neutral":
        trouble = True
        yield Finding("SPF", "warning", "?all says nothing about all others", "end it by -all")
    if last is not None and names[-1] != "all":
        yield Finding("SPF", "warning", "what stands behind all is never looked at")
    if "ptr" in names:
        yield Finding("SPF", "warning", "ptr is slow and is not to be used (RFC 7208 section 5.5)")
    if not trouble and (verdict is None or verdict.result not in ("permerror", "temperror")):
        asked = "" if verdict is None else f", {verdict.lookups} of {MOST_LOOKUPS} questions"
        soft = last is not None and last.result == "softfail"
        yield Finding("SPF", "good", f"one record{', ~all' if soft else ''}{asked}")


def about_dkim(domain: str, keys: Mapping[str, Sequence[str]], guessed: bool) -> Findings:
    """Which keys sign.

    Args:
        domain: whose.
        keys: the TXT records by selector, of those that have any.
        guessed: whether the selectors are those that are usual.
    """
    if not keys:
        yield Finding("DKIM", "note" if guessed else "error",
                      "no key at the selectors that are usual" if guessed else
                      "no key at these selectors",
                      "name the selector (s= in the DKIM-Signature of a message you sent)")
    for selector, texts in keys.items():
        yield _about_key(domain, selector, texts)


def _about_key(domain: str, selector: str, texts: Sequence[str]) -> Finding:
    name = f"{selector}._domainkey.{domain}"
    try:
        key = parse_key(texts[0])
    except ProtocolError as error:
        return Finding("DKIM", "error", f"{name}: the record is broken: {error}")
    if len(texts) > 1:
        return Finding("DKIM", "error", f"{name}: {len(texts)} records: it must be one")
    if not key.data:
        return Finding("DKIM", "note", f"{name}: the key was revoked")
    if key.algorithm not in ("rsa", "ed25519"):
        return Finding("DKIM", "error", f"{name}: {key.algorithm[:40]!a} is no known algorithm")
    if not key.bits:
        return Finding("DKIM", "error", f"{name}: its p= is no key")
    what = f"{name}: {key.algorithm}, {key.bits} bits"
    if key.algorithm == "rsa" and key.bits < _SHORT:
        level: str = "error" if key.bits < 1024 else "warning"
        return Finding("DKIM", "error" if level == "error" else "warning", what,
                       "make a key of 2048 bits under a new selector (RFC 8301)")
    if key.testing:
        return Finding("DKIM", "warning", f"{what}, only a test (t=y)", "take t=y away")
    return Finding("DKIM", "good", what)


def about_dmarc(domain: str, place: str, record: dmarc.Record | None, broken: str,
                strangers: Sequence[str]) -> Findings:
    """What is to be done with mail that nobody vouches for.

    Args:
        domain: whose.
        place: the domain that has the record.
        record: the record.
        broken: what is wrong with it as a whole.
        strangers: domains that shall get its reports and do not say that they take them.
    """
    if broken:
        yield Finding("DMARC", "error", broken)
        return
    if record is None:
        yield Finding("DMARC", "error", "it has no record: anybody may use its name in From",
                      "begin with p=none, read the reports, then go on to quarantine and reject",
                      (Publish(f"_dmarc.{domain}", "TXT",
                               f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}"),))
        return
    for problem in record.problems:
        yield Finding("DMARC", "error", problem)
    for one in strangers:
        yield Finding("DMARC", "warning", f"reports to {one} will not be sent: it does not say "
                      "that it takes them",
                      "its owner publishes the record", (
                          Publish(f"{domain}._report._dmarc.{one}", "TXT", "v=DMARC1"),))
    where = "" if place == domain else f" (from {place})"
    policy = record.policy if place == domain else record.subdomains or record.policy
    if policy == "none":
        yield Finding("DMARC", "warning", f"p=none{where}: forged mail is delivered",
                      "when the reports show that all your own mail passes: p=quarantine, p=reject")
    elif record.percent < 100 or record.testing:
        yield Finding("DMARC", "warning", f"p={policy}{where}, but not for all mail",
                      "take pct= and t= away")
    else:
        yield Finding("DMARC", "good", f"p={policy}{where}")
    if not record.reports:
        yield Finding("DMARC", "note", "nobody gets reports", "add rua=mailto:…")


def about_policy(route: Route, announced: str | None, broken: str) -> Findings:
    """MTA-STS.

    Args:
        route: with the policy, where there is one.
        announced: the id in the DNS; None for none.
        broken: why there is no policy though it is announced.
    """
    domain, policy = route.domain, route.policy
    if route.kind in ("null", "missing"):
        return
    if broken:
        yield Finding("MTA-STS", "error", broken)
        return
    if announced is None or policy is None:
        hosts = "\n".join(f"mx: {one.host}" for one in route.exchanges)
        yield Finding("MTA-STS", "note", "senders do not know that TLS is to be demanded",
                      f"serve https://mta-sts.{domain}/.well-known/mta-sts.txt:\n"
                      f"version: STSv1\nmode: testing\n{hosts}\nmax_age: {_WEEK}",
                      (Publish(f"_mta-sts.{domain}", "TXT", "v=STSv1; id=1"),))
        return
    for one in route.exchanges:
        if policy.mode != "none" and not one.allowed:
            yield Finding("MTA-STS", "error", f"the policy does not name {one.host}: "
                          "no mail will be delivered there",
                          "add it to the policy, and change the id")
    if policy.mode != "enforce":
        yield Finding("MTA-STS", "warning", f"mode: {policy.mode}: nothing is demanded",
                      "when the reports are clean: mode: enforce, and a new id")
    elif policy.max_age < _WEEK:
        yield Finding("MTA-STS", "warning", f"max_age: {policy.max_age} is short",
                      "weeks protect better: 1209600 and more")
    else:
        yield Finding("MTA-STS", "good", f"mode: enforce, {policy.max_age // 86_400} days")


def about_tls_reports(domain: str, texts: Sequence[str]) -> Findings:
    """TLSRPT: who hears of failures."""
    records = [text for text in texts if text.startswith("v=TLSRPTv1")]
    try:
        places = mta_sts.parse_tls_reports(records[0]) if records else None
    except ProtocolError as error:
        yield Finding("TLSRPT", "error", f"its record is broken: {error}")
        return
    if places is None:
        yield Finding("TLSRPT", "note", "nobody is told when TLS fails", "", (
            Publish(f"_smtp._tls.{domain}", "TXT",
                    f"v=TLSRPTv1; rua=mailto:postmaster@{domain}"),))
    else:
        yield Finding("TLSRPT", "good", f"reports go to {', '.join(places)}")


def about_dane(route: Route, served: Mapping[str, Served], now: datetime) -> Findings:
    """TLSA records and the certificates that they mean.

    Args:
        route: with the records.
        served: what the servers showed.
        now: the time, with its zone.
    """
    if route.kind not in ("mx", "address"):
        return
    if not route.validated:
        yield Finding("DANE", "note", "not checked: DNSSEC does not prove the domain's MX here",
                      "sign the zone; or ask a resolver that validates (--resolver)")
        return
    for one in route.exchanges:
        seen = served.get(one.host)
        chain = seen.chain if seen is not None else ()
        yield _about_records(one, route.domain, chain, now)


def _about_records(one: Exchange, domain: str, chain: Sequence[bytes], now: datetime) -> Finding:
    name = f"_25._tcp.{one.host}"
    advice = (Publish(name, "TLSA", dane.record_for(chain[0])),) if chain else ()
    if one.dane == "failed":
        return Finding("DANE", "error", f"{one.host}: {one.problem}",
                       "senders that check will not deliver")
    if one.dane == "not checked":
        return Finding("DANE", "note",
                       f"{one.host}: not checked: DNSSEC does not prove its address or its records")
    if one.dane == "none":
        return Finding("DANE", "note", f"{one.host} has no TLSA record", "", advice)
    if one.dane == "unusable":
        return Finding("DANE", "warning", f"{one.host}: none of its TLSA records is one for mail",
                       f"publish {dane.SUGGESTED} (RFC 7672 section 3.1)", advice)
    if not chain:
        return Finding("DANE", "note", f"{one.host}: not compared: its certificate was not seen")
    if reason := dane.verify(chain, dane.usable(one.tlsa), (one.base, domain), now):
        return Finding("DANE", "error", f"{one.host}: {reason}",
                       "senders that check will not deliver: publish the new record before the "
                       "certificate changes", advice)
    return Finding("DANE", "good", f"{one.host}: its certificate is the one in its TLSA records")
