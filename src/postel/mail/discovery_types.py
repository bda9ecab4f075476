"""What finding an account's servers comes to: services, candidates, and why. Grammar: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from ..errors import UsageError
from ..messages.addresses import parse_addresses
from ..urls import URL
from .providers import Provider

__all__ = ["Candidate", "Found", "Kind", "Service", "Source", "alternatives", "split_address"]

Kind = Literal["imap", "pop3", "smtp"]
Source = Literal["table", "autoconfig", "well-known", "ispdb", "srv", "mx", "probe"]

_SCHEMES = {("imap", "tls"): "imaps", ("imap", "starttls"): "imap",
            ("pop3", "tls"): "pop3s", ("pop3", "starttls"): "pop3",
            ("smtp", "tls"): "smtps", ("smtp", "starttls"): "submission"}
_PORTS = {"imaps": 993, "imap": 143, "pop3s": 995, "pop3": 110, "smtps": 465, "submission": 587}


@dataclass(frozen=True, slots=True)
class Service:
    """One server, and how to log in there.

    Args:
        kind: ``"imap"``, ``"pop3"``, or ``"smtp"`` (where mail is handed in).
        host: its name.
        port: where it listens.
        security: ``"tls"`` from the first byte, or ``"starttls"``: TLS is required in both.
        users: what may have to be given as user name, the likeliest first.
        auth: ``"password"``, ``"app-password"``, ``"oauth2"``, the best first; empty: not told.

    Example:
        >>> service = Service("imap", "mail.example.org", 993, "tls", ("ann@example.org",))
        >>> str(service), service.user
        ('imaps://ann%40example.org@mail.example.org/', 'ann@example.org')
    """

    kind: Kind
    host: str
    port: int
    security: Literal["tls", "starttls"]
    users: tuple[str, ...] = ()
    auth: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.url)

    @property
    def user(self) -> str:
        """The likeliest user name; "" where none is known."""
        return self.users[0] if self.users else ""

    @property
    def url(self) -> URL:
        """For a client: the scheme tells the way to TLS."""
        return self.url_for(self.user)

    def url_for(self, user: str) -> URL:
        """The URL for another user name."""
        scheme = _SCHEMES[self.kind, self.security]
        port = None if _PORTS[scheme] == self.port else self.port
        return URL(scheme, user or None, None, self.host, port, "/")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one way of looking came to.

    Args:
        source: the way: ``"table"``, ``"autoconfig"``, ``"well-known"``, ``"ispdb"``, ``"srv"``,
            ``"mx"`` or ``"probe"``.
        where: who was asked: a URL, a name in the DNS, a host.
        why: it was taken or not, in a sentence.
        services: what it names, best first.
        provider: whose servers they are, where the table knows.
        foreign: its word is not proved and leads out of the domain: the person is to be asked
            (RFC 6186 section 6).
        failed: it could not be asked, or made no sense.
    """

    source: Source
    where: str
    why: str
    services: tuple[Service, ...] = ()
    provider: Provider | None = None
    foreign: bool = False
    failed: bool = False

    @property
    def useful(self) -> bool:
        """Whether it names a server where mail is read."""
        return any(one.kind in ("imap", "pop3") for one in self.services)

    def first(self, kind: Kind) -> Service | None:
        """Its best server of that kind."""
        return next((one for one in self.services if one.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Found:
    """What is known about an address' servers.

    Args:
        address: whose.
        candidates: every way that was gone, in the order of trust.
        chosen: the one that counts; None where nothing was found.

    Example:
        >>> service = Service("imap", "mail.example.org", 993, "tls", ("ann@example.org",))
        >>> one = Candidate("srv", "_imaps._tcp.example.org", "its DNS says so", (service,))
        >>> found = Found("ann@example.org", (one,)).choose()
        >>> print(found.imap, *found.explain(), sep="\\n")
        imaps://ann%40example.org@mail.example.org/
        srv         taken    _imaps._tcp.example.org: its DNS says so
    """

    address: str
    candidates: tuple[Candidate, ...] = ()
    chosen: Candidate | None = field(default=None)

    def choose(self, *, foreign: bool = False) -> Found:
        """With the first that is useful chosen.

        Args:
            foreign: whether the person has said yes to servers outside the domain.
        """
        for one in self.candidates:
            if one.useful and (foreign or not one.foreign):
                return replace(self, chosen=one)
        return replace(self, chosen=None)

    def service(self, kind: Kind) -> Service | None:
        """The server of that kind: the chosen candidate's, else the next that has one."""
        if self.chosen is None:
            return None
        if (service := self.chosen.first(kind)) is not None:
            return service
        if kind != "smtp":
            return None  # both ways of reading come from one hand, or not at all
        others = [one for one in self.candidates if self.chosen.foreign or not one.foreign]
        return next((service for one in others if (service := one.first(kind))), None)

    @property
    def imap(self) -> Service | None:
        """Where mail is read by IMAP."""
        return self.service("imap")

    @property
    def pop3(self) -> Service | None:
        """Where mail is fetched by POP3."""
        return self.service("pop3")

    @property
    def smtp(self) -> Service | None:
        """Where mail is handed in."""
        return self.service("smtp")

    @property
    def provider(self) -> Provider | None:
        """Whose servers they are, where the table knows."""
        return None if self.chosen is None else self.chosen.provider

    @property
    def foreign(self) -> Candidate | None:
        """What would be taken if the person agreed to servers outside the domain."""
        if self.chosen is not None:
            return None
        return next((one for one in self.candidates if one.useful and one.foreign), None)

    def explain(self) -> list[str]:
        """A line for each way that was gone: taken, or not, and why."""
        lines = []
        for one in self.candidates:
            state = "taken" if one is self.chosen or one == self.chosen else (
                "failed" if one.failed else "no" if not one.useful else
                "ask" if one.foreign else "next")
            lines.append(f"{one.source:<11} {state:<8} {one.where}: {one.why}")
        return lines


def split_address(text: str) -> tuple[str, str, str]:
    """An address, its local part, and its domain in lower case and A-labels.

    Raises:
        UsageError: it is no one address.

    Example:
        >>> split_address("Ann <Ann@Example.ORG>")
        ('Ann@example.org', 'Ann', 'example.org')
    """
    found = list(parse_addresses(text).mailboxes)
    address = found[0].address if len(found) == 1 else ""
    local, at, domain = address.rpartition("@")
    plain = "<" in text or text.strip() == address  # else there is more than an address in it
    if not (local and at and domain and plain) or domain.startswith("["):
        raise UsageError(f"address {text!a}: it is not one mail address",
                         hint="write it as ann@example.org")
    host = URL("https", None, None, domain, None).host
    return f"{local}@{host}", local, host


def alternatives(address: str, told: Iterable[str] = ()) -> tuple[str, ...]:
    """User names to try: those that were told, the address, its local part (RFC 6186 section 4)."""
    return tuple(dict.fromkeys((*told, address, address.rpartition("@")[0])))
