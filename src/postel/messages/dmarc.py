"""DMARC: whether somebody who vouches for a message is who its From names (RFC 7489 and its heir).

Grammar. `evaluate` is a dialogue with the DNS. Two domains belong together when their
*organisational domain* is one: RFC 7489 finds it by a list of public suffixes, its successor by
walking up the tree of names and asking each. Both are here; the list comes from outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, cast

from ..errors import ProtocolError, ResolveError
from .dkim import Verdict
from .questions import Asking, Found, Question
from .spf import SPFVerdict
from .tags import parse_tags

__all__ = ["MOST_STEPS", "DMARCVerdict", "Policy", "Record", "evaluate", "find_record",
           "parse_record", "tree_walk"]

MOST_STEPS = 8
"""Names that a walk up the tree asks, however long the name is."""

Policy = Literal["none", "quarantine", "reject"]
Result = Literal["none", "pass", "fail", "temperror", "permerror"]
Organisational = Callable[[str], str]

_POLICIES = ("none", "quarantine", "reject")
_SOFTER: dict[Policy, Policy] = {"reject": "quarantine", "quarantine": "none", "none": "none"}
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s,!;]+(?:![0-9]+[kmgt]?)?\Z", re.IGNORECASE)
_START = re.compile(r"v\s*=\s*DMARC1\s*(?:;|\Z)")


@dataclass(frozen=True, slots=True)
class Record:
    """What a domain asks receivers to do.

    Args:
        policy: with mail that fails (p=).
        subdomains: with mail from names below that fails (sp=); None: the same.
        missing: with mail from names below that do not exist (np=); None: as *subdomains*.
        strict_dkim: DKIM's domain must be the very domain (adkim=s).
        strict_spf: SPF's domain must be (aspf=s).
        percent: of failing mail that the policy is for (pct=; gone from the successor).
        testing: the policy is only announced (t=y).
        suffix: True: this is a public suffix; False: it is not; None: it does not say (psd=).
        reports: where reports of many messages go (rua=).
        failures: where reports of single failures go (ruf=).
        problems: what in it is wrong and was passed over.
    """

    policy: Policy
    subdomains: Policy | None = None
    missing: Policy | None = None
    strict_dkim: bool = False
    strict_spf: bool = False
    percent: int = 100
    testing: bool = False
    suffix: bool | None = None
    reports: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DMARCVerdict:
    """What became of it; `result` is a word of RFC 8601.

    Args:
        result: ``"pass"``: somebody aligned vouches for the message; ``"none"``: no record.
        disposition: what the domain asks to do with the message.
        reason: what decided, or what is broken.
        domain: where the record is; "" for none.
        record: the record.
        aligned: what vouches: ``"spf"``, ``"dkim example.org"``.
    """

    result: Result
    disposition: Policy = "none"
    reason: str = ""
    domain: str = ""
    record: Record | None = None
    aligned: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"dmarc={self.result}" + (f" ({self.reason})" if self.reason else "")


def parse_record(text: str) -> Record | None:
    """What a TXT record says; None where it is no record of DMARC.

    Raises:
        ProtocolError: it is one, but so broken that it does not count.

    Example:
        >>> parse_record("v=DMARC1; p=reject; rua=mailto:dmarc@example.org").policy
        'reject'
    """
    if not _START.match(text):
        return None
    tags = {name.lower(): value for name, value in parse_tags(text).items()}
    problems: list[str] = []
    reports = _uris(tags, "rua", problems)
    policy = _policy(tags, "p", problems)
    if policy is None:
        if not reports:
            raise ProtocolError("it has no policy (p=none, quarantine or reject)")
        policy = "none"
    percent = tags.get("pct", "100")
    if not (percent.isascii() and percent.isdigit() and int(percent[:6]) <= 100):
        problems.append("pct= is no number from 0 to 100")
        percent = "100"
    problems += [f"{name}= is neither r nor s" for name in ("adkim", "aspf")
                 if tags.get(name, "r").lower() not in ("r", "s")]
    return Record(
        policy, _policy(tags, "sp", problems), _policy(tags, "np", problems),
        tags.get("adkim", "").lower() == "s", tags.get("aspf", "").lower() == "s", int(percent),
        tags.get("t", "").lower() == "y",
        {"y": True, "n": False}.get(tags.get("psd", "").lower()),
        reports, _uris(tags, "ruf", problems), tuple(problems))


def _policy(tags: dict[str, str], name: str, problems: list[str]) -> Policy | None:
    value = tags.get(name, "").lower()
    if value in _POLICIES:
        return cast("Policy", value)
    if name in tags:
        problems.append(f"{name}={tags[name][:40]!a} is none of {', '.join(_POLICIES)}")
    return None


def _uris(tags: dict[str, str], name: str, problems: list[str]) -> tuple[str, ...]:
    found = []
    for part in tags.get(name, "").split(","):
        if _URI.match(uri := part.strip()):
            found.append(uri)
        elif uri:
            problems.append(f"{name}={uri[:60]!a} is no address: write mailto:…")
    return tuple(found)


def evaluate(
    author: str,
    *,
    spf: SPFVerdict | None = None,
    dkim: Iterable[Verdict] = (),
    organisational: Organisational | None = None,
) -> Asking[DMARCVerdict]:
    """Whether what vouches for a message is of the domain that its From names.

    Args:
        author: the domain of From.
        spf: of the sender of the envelope.
        dkim: of each signature.
        organisational: from a domain to its organisational one, by a list of public suffixes as
            RFC 7489 has it; None walks the tree.

    Example:
        >>> from postel.messages.questions import offline
        >>> table = {("_dmarc.example.org", "TXT"): ["v=DMARC1; p=reject"]}
        >>> verdict = offline(evaluate("news.example.org", dkim=[Verdict("fail")]), table)
        >>> verdict.result, verdict.disposition, verdict.domain
        ('fail', 'reject', 'example.org')
    """
    author = author.lower().rstrip(".")
    try:
        domain, record = yield from find_record(author, organisational)
    except ResolveError as error:
        return DMARCVerdict("temperror", reason=str(error))
    except ProtocolError as error:
        return DMARCVerdict("permerror", reason=str(error))
    if record is None:
        return DMARCVerdict("none", reason=f"{author} has no DMARC record")
    spf_passed = spf is not None and spf.result == "pass"
    names = [(one.domain.lower(), f"dkim {one.domain}", record.strict_dkim)
             for one in dkim if one.result == "pass"]
    if spf is not None and spf_passed:
        names.append((spf.domain.lower().rstrip("."), "spf", record.strict_spf))
    aligned = []
    try:
        for name, what, strict in names:
            if name == author or (not strict and (
                    yield from _related(name, author, organisational))):
                aligned.append(what)
    except ResolveError as error:
        return DMARCVerdict("temperror", reason=str(error), domain=domain, record=record)
    if aligned:
        return DMARCVerdict("pass", domain=domain, record=record, aligned=tuple(aligned))
    policy = yield from _wanted(author, domain, record)
    reason = f"nobody who vouches for it is of {author}" if names else "nobody vouches for it"
    return DMARCVerdict("fail", policy, reason, domain, record)


def _wanted(author: str, domain: str, record: Record) -> Asking[Policy]:
    policy = record.policy
    if author != domain:
        policy = record.subdomains or policy
        if record.missing is not None:
            found = yield Question(author, "A")
            if not found.exists:
                policy = record.missing
    return _SOFTER[policy] if record.testing or record.percent == 0 else policy


def find_record(
    author: str, organisational: Organisational | None = None
) -> Asking[tuple[str, Record | None]]:
    """The record for mail from *author*, and the domain that has it.

    Args:
        author: the domain of From.
        organisational: see `evaluate`.

    Raises:
        ProtocolError: the one that counts is broken.
        ResolveError: nobody answers.
    """
    record = yield from _ask(author)
    if record is not None:
        return author, record
    if organisational is not None:
        above = organisational(author)
        return above, (yield from _ask(above)) if above != author else None
    walked = yield from _walk(author)
    above = _top(author, walked)
    for name in (above, above.partition(".")[2]):  # the domain's own, then its suffix's
        if (found := walked.get(name)) is not None:
            return name, found
    return above, None


def tree_walk(domain: str) -> Asking[str]:
    """The organisational domain by asking each name above *domain*.

    Args:
        domain: where to begin.
    """
    walked = yield from _walk(domain)
    return _top(domain, walked)


def _walk(domain: str) -> Asking[dict[str, Record]]:
    """The records from *domain* up, as far as the walk goes."""
    labels = domain.split(".")
    found: dict[str, Record] = {}
    for _ in range(MOST_STEPS):
        name = ".".join(labels)
        record = yield from _ask(name)
        if record is not None:
            found[name] = record
            if record.suffix is False or (record.suffix and name != domain):
                break
        labels = labels[-7:] if len(labels) > 8 else labels[1:]
        if not labels:
            break
    return found


def _top(domain: str, walked: dict[str, Record]) -> str:
    for name, record in walked.items():
        if record.suffix is False:
            return name
        if record.suffix and name != domain:
            kept = domain.removesuffix(f".{name}").rpartition(".")[2]
            return f"{kept}.{name}"
    return min(walked, key=lambda name: name.count("."), default=domain)


def _related(name: str, author: str, organisational: Organisational | None) -> Asking[bool]:
    if organisational is not None:
        return organisational(name) == organisational(author)
    if name.rpartition(".")[2] != author.rpartition(".")[2]:
        return False  # not even a top-level domain in common
    mine = yield from tree_walk(author)
    theirs = yield from tree_walk(name)
    return mine == theirs


def _ask(domain: str) -> Asking[Record | None]:
    found: Found = yield Question(f"_dmarc.{domain}", "TXT")
    if found.failed:
        raise ResolveError(found.failed)
    records = [text for text in found.texts if _START.match(text)]
    if len(records) != 1:
        return None  # several are as none (RFC 7489 section 6.6.3)
    try:
        return parse_record(records[0])
    except ProtocolError as error:
        raise ProtocolError(f"the record of {domain}: {error}") from None
