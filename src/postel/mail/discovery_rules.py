"""What each way of finding an account's servers comes to: rules, without the network. Grammar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..dns.types import SRV, Answer
from ..errors import UsageError
from ..urls import URL
from ..wire.text import display
from .discovery_types import Candidate, Kind, Service, alternatives
from .providers import Provider, Way, provider_by_mx, provider_of

__all__ = ["SERVICES", "by_mx", "by_table", "from_srv", "probed", "to_probe", "verdict"]

SERVICES = ("_imaps", "_imap", "_pop3s", "_pop3", "_submissions", "_submission")
"""Names in the DNS, the better way to TLS before the other (RFC 8314 section 3.3)."""

_KIND_OF: dict[str, Kind] = {"_imaps": "imap", "_imap": "imap", "_pop3s": "pop3", "_pop3": "pop3",
                             "_submissions": "smtp", "_submission": "smtp"}
_PREFIXES: dict[Kind, tuple[str, ...]] = {"imap": ("imap.", "mail.", ""),
                                          "pop3": ("pop.", "pop3.", "mail."),
                                          "smtp": ("smtp.", "mail.", "")}
_DOORS: dict[Kind, tuple[int, int]] = {"imap": (993, 143), "pop3": (995, 110), "smtp": (465, 587)}
LONGEST_REASON = 160
MOST_TARGETS = 4


def verdict(reason: object) -> str:
    """Why something failed, on one line and not too long.

    Example:
        >>> verdict("connect to x:\\x1b[2J refused")
        'connect to x:\\\\x1b[2J refused'
    """
    text = display(str(reason))
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON - 1]}…"


def services_of(provider: Provider, address: str) -> tuple[Service, ...]:
    """The servers of a provider, for one address."""
    local = address.rpartition("@")[0]
    users = (local, address) if provider.local else (address,)
    ways: tuple[tuple[Kind, Way | None], ...] = (
        ("imap", provider.imap), ("pop3", provider.pop3), ("smtp", provider.smtp))
    return tuple(Service(kind, *way, users, provider.auth) for kind, way in ways if way)


def by_table(address: str) -> Candidate | None:
    """What the table of providers says of the address' domain; None where it says nothing.

    Example:
        >>> by_table("ann@proton.me").useful, by_table("ann@example.org")
        (False, None)
    """
    domain = address.rpartition("@")[2]
    provider = provider_of(domain)
    if provider is None:
        return None
    services = services_of(provider, address)
    why = f"it is one of {provider.title}'s own domains"
    if not services:
        why += f"; {provider.note}"
    return Candidate("table", domain, why, services, provider)


def by_mx(address: str, domain: str, hosts: Sequence[str], *, exists: bool = True) -> Candidate:
    """What the servers that take a domain's mail tell of who hosts it.

    Args:
        address: whose account.
        domain: of the address.
        hosts: of the MX, the preferred first; [""] is the null MX (RFC 7505).
        exists: whether the DNS knows the domain at all.

    Example:
        >>> found = by_mx("ann@example.org", "example.org", ["aspmx.l.google.com"])
        >>> print(found.why, found.services[0], sep="\\n")
        its mail goes to aspmx.l.google.com: Gmail hosts it
        imaps://ann%40example.org@imap.gmail.com/
    """
    if not exists:
        return Candidate("mx", domain, "the DNS does not know that domain", failed=True)
    if not any(hosts):
        why = "it takes no mail (null MX)" if hosts else "it has no MX"
        return Candidate("mx", domain, why)
    for host in hosts:
        if (provider := provider_by_mx(host)) is not None:
            services = services_of(provider, address)
            why = f"its mail goes to {display(host)}: {provider.title} hosts it"
            if not services:
                why += f"; {provider.note}"
            return Candidate("mx", domain, why, services, provider)
    named = ", ".join(display(host) for host in hosts[:3])
    return Candidate("mx", domain, f"its mail goes to {named}: no provider that the table knows")


def from_srv(address: str, domain: str, answers: Mapping[str, Answer[SRV] | str]) -> Candidate:
    """What the DNS names as servers (RFC 6186, RFC 8314).

    A target of "." says that there is no such service. A server outside the domain needs the
    person's consent, unless DNSSEC proved the answer (RFC 6186 section 6).

    Args:
        address: whose account.
        domain: of the address.
        answers: by the names of `SERVICES`: records, or why there are none.

    Example:
        >>> record = SRV(0, 1, 993, "mail.example.org")
        >>> found = from_srv("ann@example.org", "example.org",
        ...                  {"_imaps": Answer("_imaps._tcp.example.org", "SRV", (record,))})
        >>> found.foreign, [str(one) for one in found.services]
        (False, ['imaps://ann%40example.org@mail.example.org/'])
    """
    services: list[tuple[int, int, Service]] = []
    absent, reasons, proved = [], [], True
    for order, name in enumerate(SERVICES):
        answer = answers.get(name, "not asked")
        if isinstance(answer, str):
            reasons.append(answer)
            continue
        records = sorted(answer.records, key=lambda one: (one.priority, -one.weight))
        if records and not records[0].host:
            absent.append(name)
            continue
        for one in records[:MOST_TARGETS]:
            if one.port and _is_host(one.host):
                proved = proved and answer.validated
                services.append((one.priority, order, _service(name, one, address)))
    where = f"_imaps._tcp.{domain}"
    if not services:
        if reasons and not absent:
            return Candidate("srv", where, verdict(reasons[0]), failed=True)
        return Candidate("srv", where, "it says that there is no such service" if absent
                         else "the DNS names no servers")
    services.sort(key=lambda one: one[:2])
    found = tuple(one for _, _, one in services)
    outside = sorted({one.host for one in found
                      if one.host != domain and not one.host.endswith(f".{domain}")})
    if outside and not proved:
        why = (f"the DNS names {', '.join(map(display, outside))}, which is not in {domain}, and "
               "nothing proves that")
        return Candidate("srv", where, why, found, foreign=True)
    why = "the domain's DNS says so" + (", proved by DNSSEC" if proved else "")
    return Candidate("srv", where, why, found)


def _is_host(name: str) -> bool:
    """Whether one can connect to a name: the DNS may hold any bytes."""
    try:
        return bool(URL("https", None, None, name, None).host)
    except UsageError:
        return False


def _service(name: str, one: SRV, address: str) -> Service:
    tls = name in ("_imaps", "_pop3s", "_submissions")
    return Service(_KIND_OF[name], one.host.lower(), one.port, "tls" if tls else "starttls",
                   alternatives(address))


def to_probe(address: str, domain: str) -> list[Service]:
    """Doors that are usual, in the order of preference.

    Example:
        >>> [str(one.url_for("")) for one in to_probe("ann@example.org", "example.org")][:2]
        ['imaps://imap.example.org/', 'imaps://mail.example.org/']
    """
    users = alternatives(address)
    return [Service(kind, f"{prefix}{domain}", door, "tls" if at == 0 else "starttls", users)
            for kind, prefixes in _PREFIXES.items() for at, door in enumerate(_DOORS[kind])
            for prefix in prefixes]


def probed(domain: str, tried: Sequence[Service], answered: Iterable[Service]) -> Candidate:
    """What knocking came to; those that answered stand in the order they were preferred in."""
    open_ = set(answered)
    found = tuple(one for one in tried if one in open_)
    hosts = ", ".join(dict.fromkeys(one.host for one in found))
    if not found:
        hosts = ", ".join(dict.fromkeys(one.host for one in tried))
        return Candidate("probe", domain, f"nobody answers as a mail server at {hosts}")
    return Candidate("probe", domain, f"{hosts} answered, with a certificate of that name", found)
