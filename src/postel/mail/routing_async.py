# A conversation (its twin routing_sync.py is generated): where the mail of a domain goes.
"""MX, null MX, no MX; the domain's MTA-STS policy; the TLSA records of each server.

RFC 5321 section 5.1, 7505, 8461, 7672. DANE counts only where DNSSEC proved every answer on the
way: the MX, the server's addresses, its TLSA records. Where one was not proved, the result says
"not checked". Where records should be there and cannot be had, the server is not used.
"""

from __future__ import annotations

import random
from dataclasses import replace

from ..dns.client_async import AsyncClient as AsyncNames
from ..dns.types import MX, Answer
from ..errors import PostelError, ResolveError
from ..http.client_async import AsyncClient as AsyncWeb
from ..transport import disk_async as disk
from ..transport.clock_async import today
from ..transport.tls import TLSOptions
from .dane import usable
from .mta_sts import LARGEST, Policy, parse_policy, parse_record
from .policies import PolicyStore
from .routes import DANEState, Exchange, Route

__all__ = ["AsyncRouter"]

MOST_EXCHANGES = 20
"""Servers of one domain that are looked at."""

_PATIENCE = 30.0
"""Seconds for a policy (section 3.3 allows a minute)."""


class AsyncRouter:
    """Finds routes; it keeps what it learned.

    Args:
        names: whom to ask in the DNS.
        policies: where MTA-STS policies are kept; None keeps them as long as this object.
        tls: whom to trust when a policy is fetched; None trusts whom the system trusts.
        port: of the servers, for their TLSA records.

    Example:
        >>> async with AsyncNames() as names:
        ...     route = await AsyncRouter(names).route("example.org")
        >>> route.kind, [one.host for one in route.exchanges]
        ('mx', ['mail.example.org'])
    """

    def __init__(
        self, names: AsyncNames, *, policies: PolicyStore | None = None,
        tls: TLSOptions | None = None, port: int = 25,
    ) -> None:
        self.names, self.tls, self.port = names, tls, port
        self.policies = policies or PolicyStore()

    async def route(self, domain: str) -> Route:
        """Where the mail of *domain* goes.

        Raises:
            ResolveError: its MX could not be asked for; try again later.
        """
        route = await self._exchanges(domain)
        if not route.exchanges:
            return route
        policy, note = await self.policy(domain)
        notes = (*route.notes, note) if note else route.notes
        found = []
        for one in route.exchanges:
            if policy is not None and policy.mode != "none" and not policy.allows(one.host):
                one = replace(one, allowed=False)
            found.append(await self._looked_up(one, route.validated))
        return replace(route, exchanges=tuple(found), policy=policy, notes=notes)

    async def _exchanges(self, domain: str) -> Route:
        answer = await self.names.mx(domain)
        if not answer.records:
            if not answer.exists:
                return Route(domain, "missing", validated=answer.validated)
            return Route(domain, "address", (Exchange(answer.canonical or domain),),
                         answer.validated)
        if [one.host for one in answer] == [""]:
            return Route(domain, "null", validated=answer.validated)
        notes = []
        if any(not one.host for one in answer):
            notes.append("a null MX (0 .) beside others means nothing")
        return Route(domain, "mx", tuple(Exchange(one.host, one.preference)
                                         for one in _ordered(answer)),
                     answer.validated, notes=tuple(notes))

    async def _looked_up(self, one: Exchange, validated: bool) -> Exchange:
        """*one* with its addresses, and its TLSA records where they count."""
        addresses: list[str] = []
        proved, problem, end = validated, "", one.host
        for kind in ("AAAA", "A"):
            try:
                answer = await self.names.query(one.host, kind)
            except PostelError as error:
                if validated:  # a forger must not switch DANE off (RFC 7672 section 2.1.2)
                    return replace(one, dane="failed", problem=str(error))
                proved, problem = False, str(error)
                continue
            addresses += answer.records
            proved = proved and answer.validated
            end = answer.canonical or end
        if not addresses:
            return replace(one, problem=problem or f"{one.host} has no address")
        one = replace(one, addresses=tuple(addresses))
        return await self._dane(one, end) if proved else one

    async def _dane(self, one: Exchange, end: str) -> Exchange:
        """Its TLSA records: those at the end of its CNAMEs, else its own (RFC 7672 2.2.2)."""
        for base in dict.fromkeys((end.lower(), one.host.lower())):
            try:
                answer = await self.names.tlsa(base, self.port)
            except PostelError as error:
                return replace(one, dane="failed", problem=f"its TLSA records: {error}")
            if not answer.validated:
                return one
            if answer.records:
                state: DANEState = "usable" if usable(answer.records) else "unusable"
                return replace(one, dane=state, tlsa=answer.records, base=base)
        return replace(one, dane="none")

    # -- MTA-STS -----------------------------------------------------------------------------

    async def policy(self, domain: str) -> tuple[Policy | None, str]:
        """The policy of *domain*, and what is to be said about it.

        A policy that is kept holds until its time is over, whatever becomes of the record and the
        file (RFC 8461 section 5.1): who takes them away must not take the protection away.
        """
        moment = today().timestamp()
        kept = self.policies.get(domain, now=moment)
        try:
            announced = await self.announced(domain)
        except PostelError as error:
            return kept, f"MTA-STS: {error}"
        if announced is None or (kept is not None and kept.id == announced):
            return kept, ""
        try:
            policy = await self.fetch(domain, announced)
        except PostelError as error:
            return kept, f"MTA-STS: {error}"
        await disk.call(lambda: self.policies.put(domain, policy, now=moment))
        return policy, ""

    async def announced(self, domain: str) -> str | None:
        """The id of the policy that the DNS announces; None for none.

        Raises:
            ProtocolError: the record is broken.
            ResolveError: it could not be asked for.
        """
        found = [text for text in await self.names.txt(f"_mta-sts.{domain}")
                 if text.startswith("v=STSv1")]
        return parse_record(found[0]) if len(found) == 1 else None

    async def fetch(self, domain: str, announced: str = "") -> Policy:
        """The policy as its web server has it now.

        Args:
            domain: whose.
            announced: the id to keep it by.

        Raises:
            PostelError: it cannot be had, or is broken.
        """
        host = f"mta-sts.{domain}"
        try:
            async with AsyncWeb(f"https://{host}/", tls=self.tls, timeout=_PATIENCE, follow=False,
                                 largest=LARGEST, retries=0, netrc=False) as web:
                page = await web.get(".well-known/mta-sts.txt")
        except PostelError as error:
            raise ResolveError(f"the policy of {domain} cannot be fetched: {error}",
                               hint=error.hint) from error
        if page.status != 200:
            raise ResolveError(f"the policy of {domain} cannot be fetched: {host} says "
                               f"{page.status}", hint="it must be there without a redirect")
        return parse_policy(page.content.decode("utf-8", "replace"), id=announced)


def _ordered(answer: Answer[MX]) -> list[MX]:
    """By preference; equals in any order, so that they share the work (RFC 5321 section 5.1)."""
    found = [one for one in answer if one.host][:MOST_EXCHANGES]
    random.shuffle(found)
    return sorted(found, key=lambda one: one.preference)
