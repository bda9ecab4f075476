# GENERATED from discovery_async.py by tools/unasync.py: edit that file, not this one.
"""Finding the servers of an address: the table, autoconfig, SRV, MX, and knocking at usual doors.

All questions but the last are asked at once; what counts is decided by their order. The web is
asked by HTTPS alone (whoever could forge clear text could name servers of his own). What the DNS
says is not proved, unless by DNSSEC: where it leads out of the domain, the person is to be asked
first (RFC 6186 section 6). An MX says who hosts a domain, and never where mail is read
(RFC 5321): it is looked up in the table of providers, and in the public database.
"""

from __future__ import annotations

from ..dns.client_sync import Client as Names
from ..dns.types import SRV, Answer
from ..errors import PostelError
from ..http.client_sync import Client as Web
from ..transport.crew_sync import Crew
from ..transport.tls import TLSOptions
from .autoconfig import LARGEST, addresses_asked, parse_autoconfig
from .discovery_rules import (
    SERVICES,
    by_mx,
    by_table,
    from_srv,
    probed,
    to_probe,
    verdict,
)
from .discovery_types import Candidate, Found, Service, Source, split_address
from .probing_sync import knock
from .suffixes import organisational_domain

__all__ = ["ISPDB", "discover"]

ISPDB = "https://autoconfig.thunderbird.net/v1.1/"
"""The public database of autoconfig files."""

_PATIENCE = 8.0


def discover(
    address: str,
    *,
    foreign: bool = False,
    thorough: bool = False,
    probe: bool = True,
    ispdb: str = ISPDB,
    names: Names | None = None,
    tls: TLSOptions | None = None,
    timeout: float = _PATIENCE,
) -> Found:
    """The servers of a mail address: where its mail is read, and where it is handed in.

    Args:
        address: whose.
        foreign: whether servers outside the domain are taken on the unproved word of the DNS.
        thorough: whether to go all ways, even where the table of providers knows.
        probe: whether to knock at ``imap.``, ``mail.``, ``smtp.`` and so on, if all else fails.
        ispdb: URL of the public database; "" asks none.
        names: whom to ask in the DNS; None asks the system's resolvers.
        tls: whom to trust; None trusts whom the system trusts.
        timeout: seconds for each question.

    Returns:
        Every candidate with why it was taken or not; `Found.chosen` is the first that will do.

    Raises:
        UsageError: that is no address.

    Example:
        >>> found = discover("ann@gmail.com")
        >>> print(found.imap, *found.explain(), sep="\\n")
        imaps://ann%40gmail.com@imap.gmail.com/
        table       taken    gmail.com: it is one of Gmail's own domains
    """
    address, _, domain = split_address(address)
    table = by_table(address)
    if table is not None and not thorough:
        return Found(address, (table,)).choose(foreign=foreign)
    seeker = _Seeker(address, domain, ispdb, tls, timeout)
    if names is None:
        with Names(timeout=timeout) as own:
            candidates = seeker.ask(own)
    else:
        candidates = seeker.ask(names)
    if table is not None:
        candidates.insert(0, table)
    found = Found(address, tuple(candidates)).choose(foreign=foreign)
    if probe and (thorough or (found.chosen is None and found.foreign is None)):
        candidates.append(seeker.probe())
        found = Found(address, tuple(candidates)).choose(foreign=foreign)
    return found


class _Seeker:
    """The questions about one address, under way at once."""

    def __init__(self, address: str, domain: str, ispdb: str, tls: TLSOptions | None,
                 timeout: float) -> None:
        self.address, self.domain, self.ispdb = address, domain, ispdb
        self.tls, self.timeout = tls, timeout
        self._found: dict[str, Candidate] = {}

    def ask(self, names: Names) -> list[Candidate]:
        """All that is asked at once; in the order of trust."""
        asked = addresses_asked(self.address, self.ispdb)
        with Crew() as crew:
            for source, url in asked:
                crew.start(self._by_web, source, url)
            crew.start(self._by_srv, names)
            crew.start(self._by_mx, names)
        order = [*(source for source, _ in asked), "srv", "mx", "mx-ispdb"]
        return [self._found[one] for one in order if one in self._found]

    def _by_web(self, source: str, url: str) -> None:
        self._found[source] = self._file(source, url)

    def _file(self, source: str, url: str) -> Candidate:
        """What an autoconfig file says."""
        kind: Source = "autoconfig" if source == "autoconfig" else (
            "well-known" if source == "well-known" else "ispdb")
        shown = url.partition("?")[0]
        try:
            with Web(tls=self.tls, security="tls", timeout=self.timeout, retries=0,
                                largest=LARGEST, max_redirects=3, netrc=False) as web:
                page = web.get(url)
            if page.status == 404:
                return Candidate(kind, shown, "there is no such file")
            if page.status != 200:
                return Candidate(kind, shown, verdict(f"it says {page.status}"), failed=True)
            services = parse_autoconfig(page.content, self.address)
        except PostelError as error:
            return Candidate(kind, shown, verdict(error), failed=True)
        if not services:
            return Candidate(kind, shown, "it names no server with TLS that Postel speaks to")
        why = ("the public database lists these servers" if kind == "ispdb"
               else "the domain's own web server says so, by HTTPS")
        return Candidate(kind, shown, why, services)

    def _by_srv(self, names: Names) -> None:
        """RFC 6186 section 3.4, RFC 8314 section 5.1."""
        answers: dict[str, Answer[SRV] | str] = {}
        with Crew() as crew:
            for service in SERVICES:
                crew.start(self._one_srv, names, service, answers)
        self._found["srv"] = from_srv(self.address, self.domain, answers)

    def _one_srv(self, names: Names, service: str,
                       answers: dict[str, Answer[SRV] | str]) -> None:
        try:
            answers[service] = names.srv(f"{service}._tcp.{self.domain}")
        except PostelError as error:
            answers[service] = verdict(error)

    def _by_mx(self, names: Names) -> None:
        try:
            answer = names.mx(self.domain)
        except PostelError as error:
            self._found["mx"] = Candidate("mx", self.domain, verdict(error), failed=True)
            return
        hosts = [one.host for one in sorted(answer.records)]
        self._found["mx"] = by_mx(self.address, self.domain, hosts, exists=answer.exists)
        if self._found["mx"].useful or not any(hosts) or not self.ispdb:
            return
        hosting = organisational_domain(next(host for host in hosts if host))
        if hosting != organisational_domain(self.domain):
            url = self.ispdb.rstrip("/") + "/" + hosting
            self._found["mx-ispdb"] = self._file("ispdb", url)

    # -- knocking ------------------------------------------------------------------------------

    def probe(self) -> Candidate:
        """Knock at the usual doors; only what proves itself by a certificate counts."""
        answered: list[Service] = []
        tried = to_probe(self.address, self.domain)
        with Crew() as crew:
            for service in tried:
                crew.start(self._knock, service, answered)
        return probed(self.domain, tried, answered)

    def _knock(self, service: Service, answered: list[Service]) -> None:
        try:
            knock(service, tls=self.tls, timeout=self.timeout)
        except PostelError:
            return  # nobody is there, or nobody who can prove it
        answered.append(service)
