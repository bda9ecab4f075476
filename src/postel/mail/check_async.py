# A conversation (its twin check_sync.py is generated): a domain's mail, looked at from outside.
"""Is all in order with a domain's mail? MX, TLS, SPF, DKIM, DMARC, MTA-STS, TLSRPT, DANE.

Everything is asked for here; what it means is said in `check_rules`, which touches nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..dns.client_async import AsyncClient as AsyncNames
from ..dns.wire import name_of
from ..errors import CertificateError, NotSupported, PostelError, ProtocolError, ResolveError
from ..messages import dmarc, spf
from ..smtp.client_async import AsyncClient as AsyncServer
from ..transport.clock_async import today
from ..transport.connector_async import AsyncConnector
from ..transport.names import HOSTS
from ..transport.tls import TLSOptions
from . import check_rules as rules
from .check_types import AREAS, Finding, Report, Served
from .judged import JudgedContext, resolver_to
from .policies import PolicyStore
from .routes import Exchange, Route
from .routing_async import AsyncRouter
from .suffixes import organisational_domain

__all__ = ["SELECTORS", "AsyncCheck"]

SELECTORS = (
    "default", "google", "selector1", "selector2", "s1", "s2", "k1", "k2", "k3", "mail", "dkim",
    "smtp", "mx", "email", "fm1", "fm2", "fm3", "protonmail", "zoho", "mandrill", "amazonses",
    "mailjet", "krs", "sig1", "20230601", "20161025", "dkim1", "dkim2",
)
"""Under which keys are usually published; they cannot be listed."""

_NOBODY = "192.0.2.1"
_PATIENCE = 15.0


class AsyncCheck:
    """Looks at domains.

    Args:
        names: whom to ask in the DNS.
        tls: whom to trust.
        port: of the mail servers.
        timeout: seconds for each of them.
        connect: whether the servers are asked, too.
        family: ``socket.AF_INET`` or ``AF_INET6`` only; 0 takes both.

    Example:
        >>> async with AsyncNames() as names:
        ...     report = await AsyncCheck(names, connect=False).check("example.org")
        >>> [one.text for one in report.about("SPF")]
        ['one record, 1 of 10 questions']
    """

    def __init__(
        self, names: AsyncNames, *, tls: TLSOptions | None = None, port: int = 25,
        timeout: float = _PATIENCE, connect: bool = True, family: int = 0,
    ) -> None:
        self.names, self.tls, self.port = names, tls, port
        self.timeout, self.connect, self.family = timeout, connect, family
        self.router = AsyncRouter(names, policies=PolicyStore(), tls=tls)

    async def check(self, domain: str, *, selectors: Sequence[str] = ()) -> Report:
        """What is right and wrong with the mail of *domain*.

        Args:
            domain: whose.
            selectors: of its DKIM keys; none tries those that are usual.

        Raises:
            UsageError: that is no domain.
        """
        domain = name_of(domain).lower()
        findings: list[Finding] = []
        try:
            route = await self.router.route(domain)
        except PostelError as error:
            return Report(domain, (Finding("MX", "error", str(error), error.hint),))
        findings += rules.about_mx(route, await self._aliases(route))
        if route.kind != "missing":
            served = [await self._served(one) for one in route.exchanges
                      if one.addresses] if self.connect else []
            findings += rules.about_tls(served)
            findings += rules.about_dane(route, {one.host: one for one in served}, today())
            findings += await self._spf(route)
            findings += await self._dkim(domain, selectors)
            findings += await self._dmarc(domain)
            findings += await self._policy(route)
            if route.exchanges:
                texts = await self._texts(f"_smtp._tls.{domain}")
                findings += rules.about_tls_reports(domain, texts)
        return Report(domain, tuple(sorted(findings, key=lambda one: AREAS.index(one.area))), route)

    # -- the DNS -----------------------------------------------------------------------------

    async def _aliases(self, route: Route) -> dict[str, str]:
        found = {}
        for one in route.exchanges if route.kind == "mx" else ():
            try:
                answer = await self.names.query(one.host, "CNAME")
            except PostelError:
                continue
            if answer.records:
                found[one.host] = str(answer.records[0])
        return found

    async def _texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of *name*; none where nobody can say."""
        try:
            return (await self.names.txt(name)).records
        except PostelError:
            return ()

    async def _spf(self, route: Route) -> list[Finding]:
        try:
            texts = (await self.names.txt(route.domain)).records
        except ResolveError as error:
            return [Finding("SPF", "error", str(error), error.hint)]
        verdict = await self.names.drive(spf.check(_NOBODY, f"postmaster@{route.domain}"))
        return list(rules.about_spf(route.domain, texts, verdict, bool(route.exchanges)))

    async def _dkim(self, domain: str, selectors: Sequence[str]) -> list[Finding]:
        keys = {}
        below = await self._exists(f"_domainkey.{domain}")
        for selector in selectors or (SELECTORS if below else ()):
            if texts := await self._texts(f"{selector}._domainkey.{domain}"):
                keys[selector] = texts
        return list(rules.about_dkim(domain, keys, guessed=not selectors))

    async def _exists(self, name: str) -> bool:
        """Whether anything can be below *name* (RFC 8020)."""
        try:
            return (await self.names.txt(name)).exists
        except PostelError:
            return True

    async def _dmarc(self, domain: str) -> list[Finding]:
        place, record, broken = domain, None, ""
        try:
            place, record = await self.names.drive(
                dmarc.find_record(domain, organisational_domain))
        except (ProtocolError, ResolveError) as error:
            broken = str(error)
        strangers = [] if record is None else await self._strangers(place, record)
        return list(rules.about_dmarc(domain, place, record, broken, strangers))

    async def _strangers(self, place: str, record: dmarc.Record) -> list[str]:
        """Those who shall get reports and do not say that they take them (RFC 7489 7.1)."""
        mine, found = organisational_domain(place), []
        for uri in (*record.reports, *record.failures):
            other = uri.partition("!")[0].rpartition("@")[2].lower()
            if uri.lower().startswith("mailto:") and organisational_domain(other) != mine:
                texts = await self._texts(f"{place}._report._dmarc.{other}")
                if other not in found and not any(one.startswith("v=DMARC1") for one in texts):
                    found.append(other)
        return found

    async def _policy(self, route: Route) -> list[Finding]:
        announced, broken = None, ""
        try:
            announced = await self.router.announced(route.domain)
        except PostelError as error:
            broken = str(error)
        for note in route.notes:
            if not broken and note.startswith("MTA-STS: "):
                broken = note.removeprefix("MTA-STS: ")
        return list(rules.about_policy(route, announced, broken))

    # -- the servers -------------------------------------------------------------------------

    async def _served(self, one: Exchange) -> Served:
        """What the server shows of itself: verified if it can be, and else as it is."""
        ca = self.tls.ca if self.tls is not None else HOSTS.authority(one.host)
        verify = self.tls is None or self.tls.verify
        try:
            return await self._visit(one, verify=verify, ca=None if ca is None else str(ca))
        except CertificateError as error:
            reason = str(error)
        except NotSupported:
            return Served(one.host)
        except PostelError as error:
            return Served(one.host, error=str(error))
        try:
            seen = await self._visit(one, verify=False, ca=None)
        except PostelError as error:
            return Served(one.host, error=str(error))
        return Served(one.host, tls=seen.tls, offered=True, certificate=reason, chain=seen.chain)

    async def _visit(self, one: Exchange, *, verify: bool, ca: str | None) -> Served:
        chain: list[bytes] = []

        def keep(found: list[bytes]) -> str:
            chain.extend(found)
            return ""

        context = JudgedContext(keep, verify=verify, ca=ca)
        async with AsyncServer(
                f"smtp://{one.host}", port=self.port, security="starttls", tls=context,
                timeout=self.timeout, proxy="none",
                connector=AsyncConnector(family=self.family,
                                         resolver=resolver_to(one.addresses))) as server:
            peer = server.peer
            certificate = peer.certificate
            ends = certificate.not_after if certificate is not None else None
            days = None if ends is None else (ends - today()).days
            return Served(one.host, tls=peer.tls or "", offered=True, chain=tuple(chain), days=days)
