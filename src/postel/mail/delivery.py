"""What became of a direct delivery, and replies where no server gave one. Frozen, typed, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import PostelError, ReplyError, UsageError
from ..smtp.types import Rcpt, Recipient, Reply, Sent, Status
from .routes import Exchange, Route

__all__ = ["OURS", "Attempt", "Delivery", "by_domain", "joined", "no_way", "own_reply"]

OURS = "(not sent)"
"""How a reply begins that is ours, and not a server's."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One server that was tried, or was not.

    Args:
        domain: whose.
        host: the server.
        secured: ``"DANE"``, ``"MTA-STS"``, ``"TLS"`` where nobody proved whose certificate it is,
            ``"plain"``; "" where there was no connection.
        dane: what DANE says of it: "not checked" where DNSSEC did not prove the answers.
        problem: why nothing was sent there; "" where it was.
    """

    domain: str
    host: str
    secured: str = ""
    dane: str = "not checked"
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message that was delivered to its recipients' own servers.

    Args:
        sent: for each recipient, as any sending has it.
        attempts: the servers, in the order they were tried.
        routes: where the domains' mail goes.
    """

    sent: Sent
    attempts: tuple[Attempt, ...] = ()
    routes: tuple[Route, ...] = ()


def own_reply(code: int, status: tuple[int, int, int], text: str) -> Reply:
    """A reply for what no server was asked; `OURS` tells it from theirs.

    Args:
        code: of SMTP.
        status: the enhanced status code.
        text: what happened.

    Example:
        >>> str(own_reply(556, (5, 1, 10), "example.org takes no mail"))
        '556 5.1.10 (not sent) example.org takes no mail'
    """
    return Reply(code, (f"{OURS} {text}",), Status(*status))


def no_way(route: Route) -> Reply | None:
    """Why nothing can be delivered along *route*; None where it can be tried."""
    if route.kind == "null":
        return own_reply(556, (5, 1, 10), f"{route.domain} takes no mail (null MX, RFC 7505)")
    if route.kind == "missing":
        return own_reply(550, (5, 1, 2), f"there is no domain {route.domain}")
    return None


def failed(attempts: Sequence[Attempt], error: PostelError | None, route: Route) -> Reply:
    """The reply for recipients that no server has answered for.

    Args:
        attempts: of their domain.
        error: what went wrong once a server was reached.
        route: where their mail goes.
    """
    reasons = "; ".join(f"{one.host}: {one.problem}" for one in attempts if one.problem)
    if route.kind == "address" and route.exchanges and not route.exchanges[0].addresses:
        return own_reply(550, (5, 4, 4), f"{route.domain} has neither MX nor address")
    if isinstance(error, ReplyError) and not error.temporary:
        return own_reply(554, (5, 3, 0), reasons)
    return own_reply(451, (4, 4, 1), reasons or "no server could be reached")


def by_domain(rcpts: Iterable[Rcpt]) -> dict[str, list[Rcpt]]:
    """The recipients by the domain after their last at-sign, lower case.

    Raises:
        UsageError: one has none.
    """
    found: dict[str, list[Rcpt]] = {}
    for one in rcpts:
        local, sign, domain = one.address.rpartition("@")
        if not (sign and local and domain):
            raise UsageError(f"send to {one.address[:100]!a}: it has no domain to deliver to",
                             hint="write user@example.org; or send by a server, without --direct")
        found.setdefault(domain.lower().rstrip("."), []).append(one)
    return found


def joined(sender: str, rcpts: Sequence[Rcpt], found: dict[str, Recipient]) -> Sent:
    """One result, in the order in which the recipients were given."""
    return Sent(sender, tuple(found[one.address] for one in rcpts))


def skipped(one: Exchange, route: Route) -> str:
    """Why a server is not even tried; "" where it is."""
    if one.problem:
        return one.problem
    if not one.allowed and route.policy is not None and route.policy.mode == "enforce":
        return f"the MTA-STS policy of {route.domain} does not name it"
    return ""
