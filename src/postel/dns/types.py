"""What users of the DNS hold: answers and records. Frozen, typed, no I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["KINDS", "MX", "PORT", "SRV", "TLSA", "Answer", "Kind"]

T = TypeVar("T", covariant=True)

PORT = 53
"""Of every server, for datagrams and for connections (RFC 1035 section 4.2)."""

Kind = str

KINDS = ("A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TLSA", "TXT")
"""The types of records that `Client.query` asks for."""


@dataclass(frozen=True, slots=True, order=True)
class MX:
    """Who takes mail for a domain (RFC 1035 section 3.3.9).

    Args:
        preference: lower ones are tried first.
        host: its name; "" is the null MX: nobody takes it (RFC 7505).
    """

    preference: int
    host: str

    def __str__(self) -> str:
        return f"{self.preference} {self.host or '.'}"


@dataclass(frozen=True, slots=True, order=True)
class SRV:
    """Where a service is (RFC 2782).

    Args:
        priority: lower ones are tried first.
        weight: among equals, how often this one is taken.
        port: where it listens.
        host: its name; "" says that there is no such service.
    """

    priority: int
    weight: int
    port: int
    host: str

    def __str__(self) -> str:
        return f"{self.priority} {self.weight} {self.port} {self.host or '.'}"


@dataclass(frozen=True, slots=True)
class TLSA:
    """Which certificate a server has (RFC 6698 section 2.1).

    Args:
        usage: 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE.
        selector: 0 the certificate, 1 its public key.
        matching: 0 the bytes themselves, 1 their SHA-256, 2 their SHA-512.
        data: what they are compared with.
    """

    usage: int
    selector: int
    matching: int
    data: bytes

    def __str__(self) -> str:
        return f"{self.usage} {self.selector} {self.matching} {self.data.hex()}"


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What the DNS says of one name and type; iterating it gives the records.

    Args:
        name: what was asked for.
        kind: ``"MX"`` …
        records: typed; none where there are none.
        exists: False where the name itself does not exist (NXDOMAIN).
        validated: whether DNSSEC proved it (or that there is nothing): a resolver said so that
            is trusted to.
        ttl: seconds that it may be kept.
        canonical: the name that holds the records, at the end of the CNAMEs.
        resolver: who answered.

    Example:
        >>> answer = Answer("example.org", "A", ("192.0.2.1",))
        >>> list(answer), answer.validated
        (['192.0.2.1'], False)
    """

    name: str
    kind: Kind
    records: tuple[T, ...] = ()
    exists: bool = True
    validated: bool = False
    ttl: int = 0
    canonical: str = ""
    resolver: str = ""

    def __iter__(self) -> Iterator[T]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)
