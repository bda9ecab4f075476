"""What a check of a domain finds. Frozen, typed, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .routes import Route

__all__ = ["AREAS", "LEVELS", "Area", "Finding", "Level", "Publish", "Report", "Served"]

Area = Literal["MX", "TLS", "SPF", "DKIM", "DMARC", "MTA-STS", "TLSRPT", "DANE"]
Level = Literal["good", "note", "warning", "error"]

AREAS: tuple[Area, ...] = ("MX", "TLS", "SPF", "DKIM", "DMARC", "MTA-STS", "TLSRPT", "DANE")
"""In the order of a report."""

LEVELS: tuple[Level, ...] = ("good", "note", "warning", "error")
"""From what is well to what stops mail."""


@dataclass(frozen=True, slots=True)
class Publish:
    """A record to put into the DNS.

    Args:
        name: where.
        kind: ``"TXT"``, ``"TLSA"`` …
        text: what.

    Example:
        >>> print(Publish("example.org", "TXT", "v=spf1 mx -all"))
        example.org. TXT "v=spf1 mx -all"
    """

    name: str
    kind: str
    text: str

    def __str__(self) -> str:
        text = f'"{self.text}"' if self.kind == "TXT" else self.text
        return f"{self.name}. {self.kind} {text}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Args:
        area: what it is about.
        level: how bad it is.
        text: what it is; it may hold words of others, so show it escaped.
        hint: what to do.
        publish: records that mend it.
    """

    area: Area
    level: Level
    text: str
    hint: str = ""
    publish: tuple[Publish, ...] = ()


@dataclass(frozen=True, slots=True)
class Served:
    """What a mail server showed of itself.

    Args:
        host: its name.
        error: why it could not be reached or asked; "" where it could.
        tls: the TLS version, or "" for none.
        offered: whether it offers STARTTLS.
        certificate: why its certificate does not verify; "" where it does.
        chain: the certificates it sent, in DER.
        days: until its certificate ends; None where that is not known.
    """

    host: str
    error: str = ""
    tls: str = ""
    offered: bool = False
    certificate: str = ""
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was found about a domain's mail.

    Args:
        domain: whose.
        findings: in the order of `AREAS`.
        route: where its mail goes; None where that could not be asked for.
    """

    domain: str
    findings: tuple[Finding, ...]
    route: Route | None = None

    @property
    def worst(self) -> Level:
        """The worst level of all."""
        return max((one.level for one in self.findings), key=LEVELS.index, default="good")

    def about(self, area: Area) -> tuple[Finding, ...]:
        """The findings of one area."""
        return tuple(one for one in self.findings if one.area == area)

    @property
    def publish(self) -> tuple[Publish, ...]:
        """All records that would mend something."""
        return tuple(dict.fromkeys(record for one in self.findings for record in one.publish))
