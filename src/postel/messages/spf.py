"""SPF: whether a domain lets an address send its mail (RFC 7208). Grammar.

`check` is a dialogue that asks the DNS. Its limits are those of section 4.6.4: ten terms that ask,
two questions without an answer, ten names of an MX or of a PTR.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, cast

from ..errors import ProtocolError, UsageError
from .questions import Asking, Found, Question
from .spf_record import Policy, Term, check_macros, expand, is_record, parse_record

__all__ = ["MOST_LOOKUPS", "MOST_NAMES", "MOST_VOIDS", "Result", "SPFVerdict", "check"]

MOST_LOOKUPS = 10
"""Terms that ask the DNS."""

MOST_VOIDS = 2
"""Questions without an answer."""

MOST_NAMES = 10
"""Names of an MX or a PTR."""

Result = Literal["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"]
_LONGEST_NAME = 253


@dataclass(frozen=True, slots=True)
class SPFVerdict:
    """What the domain says of the address; `result` is a word of RFC 7208 section 2.6.

    Args:
        result: ``"pass"``: it may send; ``"fail"``: it may not.
        reason: what decided, or what is broken.
        domain: who was asked.
        explanation: the domain's own words for a failure; from outside, so show it escaped.
        lookups: terms that asked the DNS.
    """

    result: Result
    reason: str = ""
    domain: str = ""
    explanation: str = ""
    lookups: int = 0

    def __str__(self) -> str:
        return f"spf={self.result}" + (f" ({self.reason})" if self.reason else "")


class _End(Exception):
    """The check ends with *result*."""

    def __init__(self, result: Result, reason: str) -> None:
        super().__init__(reason)
        self.result = result


def check(
    address: str, sender: str, helo: str = "", *, receiver: str = "unknown", now: int = 0
) -> Asking[SPFVerdict]:
    """Whether *address* may send for *sender*: a dialogue with the DNS.

    Args:
        address: the client's IP address.
        sender: the address of MAIL FROM; "" asks for *helo* (section 2.4).
        helo: what the client calls itself.
        receiver: our own name, for explanations.
        now: seconds since 1970, for explanations.

    Raises:
        UsageError: *address* is none.

    Example:
        >>> from postel.messages.questions import offline
        >>> table = {("example.org", "TXT"): ["v=spf1 ip4:192.0.2.0/24 -all"]}
        >>> offline(check("192.0.2.7", "ann@example.org"), table).result
        'pass'
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        raise UsageError(f"SPF: {address[:60]!a} is no IP address") from None
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    local, _, domain = (sender or f"postmaster@{helo}").rpartition("@")
    state = _Check(ip, local or "postmaster", domain, helo, receiver, now)
    if not _is_name(domain, labels=2):
        return SPFVerdict("none", "the sender has no domain", domain)
    try:
        result, reason = yield from state.host(domain)
    except _End as end:
        result, reason = end.result, str(end)
    words = ""
    if result == "fail" and state.explanation:
        words = yield from state.explain(*state.explanation)
    return SPFVerdict(result, reason, domain, words, state.lookups)


def _is_name(name: str, labels: int = 1) -> bool:
    parts = name.removesuffix(".").split(".")
    return (len(parts) >= labels and len(name) <= _LONGEST_NAME
            and all(0 < len(part.encode("utf-8", "replace")) < 64 for part in parts)
            and not any(ord(one) < 32 or ord(one) == 127 for one in name))


class _Check:
    """One check: what it is about, and what it has used up."""

    def __init__(self, ip: IPv4Address | IPv6Address, local: str, domain: str, helo: str,
                 receiver: str, now: int) -> None:
        self.ip = ip
        self.kind = "A" if ip.version == 4 else "AAAA"
        self.lookups = self.voids = 0
        self.explanation: tuple[str, str] | None = None
        self._values = {
            "s": f"{local}@{domain}", "l": local, "o": domain, "h": helo, "r": receiver,
            "t": str(now), "c": str(ip), "i": _dotted(ip),
            "v": "in-addr" if ip.version == 4 else "ip6"}
        self._validated: list[str] | None = None
        self._pointers = Found()

    # -- the record --------------------------------------------------------------------------

    def host(self, domain: str, depth: int = 0) -> Asking[tuple[Result, str]]:
        """The function check_host of section 4; its outcome and what decided it."""
        policy = yield from self._policy(domain)
        if policy is None:
            return "none", f"{domain} has no SPF record"
        for term in policy.terms:
            if (yield from self._matches(term, domain, depth)):
                if depth == 0 and term.result == "fail" and policy.explanation:
                    self.explanation = policy.explanation, domain
                return cast("Result", term.result), f"{term} of {domain}"
        if not policy.redirect or any(term.name == "all" for term in policy.terms):
            return "neutral", f"nothing in the record of {domain} matches"
        self._count()
        target = yield from self._target(policy.redirect, domain)
        result, reason = yield from self.host(target, depth)
        if result == "none":
            raise _End("permerror", f"{domain} redirects to {target}, which has no SPF record")
        return result, reason

    def _policy(self, domain: str) -> Asking[Policy | None]:
        if not _is_name(domain):
            return None
        found = yield Question(domain, "TXT")
        if found.failed:
            raise _End("temperror", found.failed)
        records = [text for text in found.texts if is_record(text)]
        if len(records) > 1:
            raise _End("permerror", f"{domain} has {len(records)} SPF records")
        try:
            return parse_record(records[0]) if records else None
        except ProtocolError as error:
            raise _End("permerror", f"the record of {domain}: {error}") from None

    # -- the mechanisms ----------------------------------------------------------------------

    def _matches(self, term: Term, domain: str, depth: int) -> Asking[bool]:
        if term.name == "all":
            return True
        if term.network is not None:
            return self.ip in term.network
        self._count()
        target = yield from self._target(term.domain or "%{d}", domain)
        if term.name == "include":
            return (yield from self._include(target, domain, depth))
        if term.name == "exists":
            return bool((yield from self._ask(target, "A")).texts)
        if term.name == "a":
            return (yield from self._has_address(target, term))
        if term.name == "mx":
            return (yield from self._mx(target, term))
        names = yield from self._names()
        if not self._pointers.failed:
            self._count_void(self._pointers)  # each term counts, though it is asked once
        return any(_below(name, target) for name in names)

    def _include(self, target: str, domain: str, depth: int) -> Asking[bool]:
        result, _ = yield from self.host(target, depth + 1)
        if result == "none":
            raise _End("permerror", f"{domain} includes {target}, which has no SPF record")
        return result == "pass"

    def _has_address(self, name: str, term: Term) -> Asking[bool]:
        found = yield from self._ask(name, self.kind)
        return any(self._near(text, term) for text in found.texts)

    def _mx(self, name: str, term: Term) -> Asking[bool]:
        found = yield from self._ask(name, "MX")
        if len(found.texts) > MOST_NAMES:
            raise _End("permerror", f"{name} has more than {MOST_NAMES} MX records")
        for host in found.texts:
            if host and (yield from self._has_address(host, term)):
                return True
        return False

    def _near(self, text: str, term: Term) -> bool:
        """Whether *text* is our address, as far as the lengths say."""
        try:
            other = ip_address(text)
        except ValueError:
            return False
        bits = term.cidr4 if self.ip.version == 4 else term.cidr6
        shift = self.ip.max_prefixlen - bits
        return other.version == self.ip.version and int(other) >> shift == int(self.ip) >> shift

    def _names(self) -> Asking[list[str]]:
        """The names of the address that lead back to it (section 5.5)."""
        if self._validated is None:
            self._validated = []
            found = self._pointers = yield Question(str(self.ip), "PTR")
            for name in found.texts[:MOST_NAMES]:
                if _is_name(name):
                    back = yield Question(name, self.kind)
                    if any(self._near(text, Term("a", "")) for text in back.texts):
                        self._validated.append(name)
        return self._validated

    # -- what they ask -----------------------------------------------------------------------

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise _End("permerror", f"it takes more than {MOST_LOOKUPS} questions to the DNS")

    def _ask(self, name: str, kind: str) -> Asking[Found]:
        if not _is_name(name):
            return Found(exists=False)
        found = yield Question(name, kind)
        if found.failed:
            raise _End("temperror", found.failed)
        self._count_void(found)
        return found

    def _count_void(self, found: Found) -> None:
        if not found.texts:
            self.voids += 1
            if self.voids > MOST_VOIDS:
                raise _End("permerror", f"more than {MOST_VOIDS} questions found nothing")

    def _target(self, text: str, domain: str) -> Asking[str]:
        """The name that a domain-spec comes to, cut from the left to what fits (section 7.3)."""
        name = expand(text, (yield from self._macros(text, domain))).removesuffix(".")
        while len(name) > _LONGEST_NAME and "." in name:
            name = name.partition(".")[2]
        return name

    def _macros(self, text: str, domain: str) -> Asking[dict[str, str]]:
        values = {**self._values, "d": domain}
        if "%{p" in text.lower():
            names = yield from self._names()
            best = sorted(names, key=lambda name: (name.lower() != domain.lower(),
                                                   not _below(name, domain)))
            values["p"] = best[0] if best else "unknown"
        return values

    def explain(self, text: str, domain: str) -> Asking[str]:
        """The domain's own words for a failure; "" where they are broken (section 6.2)."""
        try:
            name = yield from self._target(text, domain)
            found = (yield Question(name, "TXT")) if _is_name(name) else Found()
            if len(found.texts) != 1 or not found.texts[0].isascii():
                return ""
            check_macros(found.texts[0], explained=True)
            values = yield from self._macros(found.texts[0], domain)
        except ProtocolError:
            return ""
        return expand(found.texts[0], values)


def _below(name: str, domain: str) -> bool:
    name, domain = name.lower().rstrip("."), domain.lower().rstrip(".")
    return name == domain or name.endswith(f".{domain}")


def _dotted(ip: IPv4Address | IPv6Address) -> str:
    if ip.version == 4:
        return str(ip)
    return ".".join(ip.exploded.replace(":", ""))
