# GENERATED from direct_async.py by tools/unasync.py: edit that file, not this one.
"""Delivery without a server of one's own: MX by MX, as safe as the other side says it must be.

Where DNSSEC proves TLSA records, the server's certificate must be one of them (DANE, RFC 7672);
where the domain's MTA-STS policy demands it, TLS must verify (RFC 8461). Where nobody demands
anything, TLS is taken as it is offered, and mail goes in the clear where it is not (RFC 7435).

A server that cannot be reached, or says "not now", hands over to the next one. What one server has
taken, or may have taken, is never sent to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from ..dns.client_sync import Client as Names
from ..errors import NotSupported, PostelError, TLSError
from ..smtp.client_sync import Client as Server
from ..smtp.client_sync import envelope_of
from ..smtp.content import Outgoing
from ..smtp.terms import check
from ..smtp.types import DSN, Envelope, Rcpt, Recipient, Reply, Sent
from ..transport.clock_sync import today
from ..transport.connector_sync import Connector
from ..transport.tls import TLSOptions
from . import delivery
from .delivery import Attempt, Delivery
from .judged import DANEContext, resolver_to
from .policies import PolicyStore
from .routes import Exchange, Route
from .routing_sync import Router

__all__ = ["Direct"]


class Direct:
    """Sends to the servers of the recipients' domains.

    Most networks let nobody out at port 25, and most servers take mail only from addresses with a
    name (PTR), for domains whose SPF names them: this is for machines that are mail servers.

    Args:
        names: whom to ask in the DNS; None asks whom the system asks.
        helo: what this machine calls itself: its name in the DNS. None sends its address.
        policies: where MTA-STS policies are kept.
        tls: whom to trust where certificates must verify.
        timeout: seconds for each operation.
        family: ``socket.AF_INET`` or ``AF_INET6`` only; 0 takes both.
        port: of the servers.
        options: further ones of the SMTP clients, such as ``trace``.

    Example:
        >>> with Direct(helo="out.example.org") as direct:
        ...     found = direct.send(b"Subject: Hi\\r\\n\\r\\nHello\\r\\n",
        ...                               sender="alice@example.org",
        ...                               recipients=["bob@example.org"])
        >>> found.sent.accepted, found.attempts[0].host
        (('bob@example.org',), 'mail.example.org')
    """

    def __init__(
        self,
        names: Names | None = None,
        *,
        helo: str | None = None,
        policies: PolicyStore | None = None,
        tls: TLSOptions | None = None,
        timeout: float = 60.0,
        family: int = 0,
        port: int = 25,
        **options: Any,
    ) -> None:
        self.names = names or Names()
        self.helo, self.tls, self.timeout = helo, tls, timeout
        self.family, self.port = family, port
        self.router = Router(self.names, policies=policies, tls=tls, port=port)
        self._options = options

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.names.close()

    def send(
        self,
        message: bytes | Outgoing,
        *,
        sender: str | None = None,
        recipients: Sequence[str | Rcpt] | str | None = None,
        dsn: DSN | None = None,
        raise_on: Literal["any", "all", "never"] = "any",
    ) -> Delivery:
        """Deliver one message.

        Args:
            message: its bytes, or what a composer built.
            sender: who gets the bounces; "" for nobody; None takes the message's own.
            recipients: who gets it; None takes the message's own.
            dsn: of what you want to be told.
            raise_on: whether an error is raised if "any" recipient was refused, only if "all"
                were, or "never".

        Raises:
            RecipientsRefused: its ``sent`` tells of each recipient.
            Unconfirmed: for some the answer never came.
            UsageError: an address is none.
        """
        envelope = envelope_of(message, sender, recipients, dsn=dsn or DSN())
        check(envelope)
        found: dict[str, Recipient] = {}
        attempts: list[Attempt] = []
        routes: list[Route] = []
        for domain, rcpts in delivery.by_domain(envelope.recipients).items():
            part = Envelope(envelope.sender, tuple(rcpts), envelope.dsn)
            self._deliver(domain, message, part, found, attempts, routes)
        sent = delivery.joined(envelope.sender, envelope.recipients, found)
        if sent.unknown or raise_on == "any" or (raise_on == "all" and not sent.accepted):
            sent.raise_for_refused()
        return Delivery(sent, tuple(attempts), tuple(routes))

    def _deliver(
        self, domain: str, message: bytes | Outgoing, envelope: Envelope,
        found: dict[str, Recipient], attempts: list[Attempt], routes: list[Route],
    ) -> None:
        """All recipients of one domain, server by server, until each is answered for."""
        try:
            route = self._route(domain)
        except PostelError as error:
            self._refuse(envelope.recipients, delivery.own_reply(451, (4, 4, 3), str(error)), found)
            return
        routes.append(route)
        if (reply := delivery.no_way(route)) is not None:
            self._refuse(envelope.recipients, reply, found)
            return
        left, mine, failure = envelope.recipients, len(attempts), None
        for one in route.exchanges:
            sent, attempt, trouble = self._try(one, route, message,
                                                   Envelope(envelope.sender, left, envelope.dsn))
            attempts.append(attempt)
            failure = trouble or failure
            for result in sent.recipients if sent is not None else ():
                found[result.address] = result
            left = tuple(rcpt for rcpt in left if rcpt.address not in found
                         or found[rcpt.address].temporary)
            if not left:
                return
        missing = tuple(rcpt for rcpt in left if rcpt.address not in found)
        self._refuse(missing, delivery.failed(attempts[mine:], failure, route), found)

    def _route(self, domain: str) -> Route:
        if domain.startswith("["):  # user@[192.0.2.1] (RFC 5321 section 4.1.3)
            address = domain.strip("[]").removeprefix("ipv6:")
            return Route(domain, "address", (Exchange(address, addresses=(address,)),))
        return self.router.route(domain)

    def _refuse(self, rcpts: Sequence[Rcpt], reply: Reply, found: dict[str, Recipient]) -> None:
        for one in rcpts:
            found[one.address] = Recipient(one.address, "refused", reply, "connect")

    def _try(
        self, one: Exchange, route: Route, message: bytes | Outgoing, envelope: Envelope
    ) -> tuple[Sent | None, Attempt, PostelError | None]:
        """Send by one server: the result, or why there is none."""
        if problem := delivery.skipped(one, route):
            return None, Attempt(route.domain, one.host, "", one.dane, problem), None
        server, secured, problem = self._opened(one, route)
        if server is None:
            return None, Attempt(route.domain, one.host, "", one.dane, problem), None
        try:
            sent = server.send(message, sender=envelope.sender, dsn=envelope.dsn,
                                     recipients=envelope.recipients, raise_on="never", last=True)
        except PostelError as error:
            attempt = Attempt(route.domain, one.host, secured, one.dane, str(error))
            return getattr(error, "sent", None), attempt, error
        finally:
            server.close()
        return sent, Attempt(route.domain, one.host, secured, one.dane), None

    def _opened(self, one: Exchange, route: Route) -> tuple[Server | None, str, str]:
        """A connection to the server, and how it is secured; or None and why there is none."""
        problem = ""
        for secured, settings in self._ways(one, route):
            server = self._server(one, settings)
            try:
                server.open()
            except (NotSupported, TLSError) as error:
                problem = str(error)  # the next way, if there is one, does without
            except PostelError as error:
                return None, "", str(error)
            else:
                return server, secured, ""
        return None, "", problem

    def _ways(self, one: Exchange, route: Route) -> list[tuple[str, dict[str, Any]]]:
        """How the server may be talked to, the safest first."""
        unproved = TLSOptions(verify=False)
        if one.dane == "usable":
            context = DANEContext(one.tlsa, (one.base, route.domain), today)
            return [("DANE", {"security": "starttls", "tls": context})]
        if route.policy is not None and route.policy.mode == "enforce":
            return [("MTA-STS", {"security": "starttls", "tls": self.tls})]
        if one.dane == "unusable":
            return [("TLS", {"security": "starttls", "tls": unproved})]
        return [("TLS", {"security": "starttls", "tls": unproved}),
                ("plain", {"security": "plain"})]

    def _server(self, one: Exchange, settings: dict[str, Any]) -> Server:
        target = f"smtp://[{one.host}]" if ":" in one.host else f"smtp://{one.host}"
        return Server(
            target, port=self.port, helo=self.helo, timeout=self.timeout, proxy="none",
            connector=Connector(family=self.family, resolver=resolver_to(one.addresses)),
            **settings, **self._options)
