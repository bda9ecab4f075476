"""Where the mail of a domain goes: what routing finds. Frozen, typed, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..dns.types import TLSA
from .mta_sts import Policy

__all__ = ["DANEState", "Exchange", "Route"]

DANEState = Literal["not checked", "none", "usable", "unusable", "failed"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A server that takes the domain's mail.

    Args:
        host: its name.
        preference: lower ones are tried first.
        addresses: its IP addresses, those of both families.
        dane: ``"usable"``: only with a certificate of `tlsa`; ``"none"``: DNSSEC proves that it
            has no such records; ``"unusable"``: TLS is demanded, its certificate is not;
            ``"failed"``: its records could not be had, so it must not be used now;
            ``"not checked"``: DNSSEC did not prove the answers.
        tlsa: its records, where they were proved.
        allowed: whether the domain's MTA-STS policy names it; True where there is none.
        problem: why it cannot be used; "" where it can.
        base: the name whose TLSA records these are: the end of its CNAMEs, or its own.
    """

    host: str
    preference: int = 0
    addresses: tuple[str, ...] = ()
    dane: DANEState = "not checked"
    tlsa: tuple[TLSA, ...] = ()
    allowed: bool = True
    problem: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """Where the mail of a domain goes.

    Args:
        domain: whose.
        kind: ``"mx"``; ``"address"``: it has no MX, and takes its mail itself (RFC 5321 section
            5.1); ``"null"``: it takes none (RFC 7505); ``"missing"``: there is no such domain.
        exchanges: in the order to try them.
        validated: whether DNSSEC proved the MX.
        policy: its MTA-STS policy.
        notes: what was strange, for people.
    """

    domain: str
    kind: Literal["mx", "address", "null", "missing"]
    exchanges: tuple[Exchange, ...] = ()
    validated: bool = False
    policy: Policy | None = None
    notes: tuple[str, ...] = ()
