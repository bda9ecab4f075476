"""What users of the outbox hold in their hands, and when it tries again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..smtp.types import Notify

__all__ = ["FINAL", "Destination", "Item", "Outcome", "Schedule", "State", "Terms",
           "Ticket", "Wishes"]

State = Literal["queued", "sending", "ending", "sent", "unknown", "refused", "expired",
                "cancelled", "bounced", "delivered"]

FINAL = frozenset({"sent", "refused", "expired", "cancelled", "bounced", "delivered"})
"""States from which the outbox does nothing more by itself; "unknown" waits for you."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One recipient of a message, and what has become of it.

    Args:
        address: to whom.
        state: "queued" (waits for its moment), "sending" and "ending" (a run is at it), "sent"
            (the server has said 250), "unknown" (the end of the message went out, and nobody
            knows the answer), "refused", "expired" (tried for days), "cancelled", "bounced" and
            "delivered" (a report came).
        tries: how often it was tried.
        due: when it is tried next, in UTC.
        reply: the last word on it: the server's, or an error's.
        changed: when the state became what it is.
    """

    address: str
    state: State
    tries: int = 0
    due: datetime | None = None
    reply: str = ""
    changed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One message of the outbox.

    Args:
        id: its number.
        subject: for people.
        sender: of the envelope.
        via: the URL of the server, without a password.
        size: in bytes.
        envid: the envelope's name, which reports repeat.
        message_id: of the message, without its angle brackets; "" if it has none.
        created: when it was put in.
        destinations: one for each recipient.
    """

    id: int
    subject: str
    sender: str
    via: str
    size: int
    envid: str
    message_id: str
    created: datetime
    destinations: tuple[Destination, ...]

    @property
    def is_final(self) -> bool:
        """Whether all is said about all recipients."""
        return all(one.state in FINAL for one in self.destinations)

    @property
    def due(self) -> datetime | None:
        """When something is to be done next; None for never."""
        return min((one.due for one in self.destinations
                    if one.state == "queued" and one.due is not None), default=None)

    def states(self) -> dict[State, int]:
        """How many recipients are in which state."""
        found: dict[State, int] = {}
        for one in self.destinations:
            found[one.state] = found.get(one.state, 0) + 1
        return found


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked for one recipient (RFC 3461).

    Args:
        notify: of what the sender wants to be told.
        orcpt: the address that it was first sent to, if another.
    """

    notify: tuple[Notify, ...] = ()
    orcpt: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked for the message.

    Args:
        ret: what a bounce brings back: "full", "headers" or "".
        require_tls: only over verified TLS, all the way (RFC 8689).
        priority: -9 to 9 (RFC 6710).
    """

    ret: Literal["", "full", "headers"] = ""
    require_tls: bool = False
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a run has claimed: a message, and those of its recipients that are due.

    Args:
        id: the message's number.
        via: the URL of the server.
        sender: of the envelope.
        envid: the envelope's name.
        recipients: who is due now, and what is asked for each.
        terms: what is asked for all.
    """

    id: int
    via: str
    sender: str
    envid: str
    recipients: Mapping[str, Wishes]
    terms: Terms


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recipient in one try.

    Args:
        address: who.
        state: "sent", "refused", "unknown", or "queued" for another try.
        reply: the server's word, or the error's.
    """

    address: str
    state: State
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the outbox tries again (RFC 5321 section 4.5.4.1), and when it gives up.

    Args:
        first: seconds after the first failure.
        factor: by which each wait is longer than the last.
        longest: seconds of the longest wait.
        give_up: seconds after which it gives up; five days.

    Example:
        >>> plan = Schedule(first=60, factor=3, longest=600)
        >>> [plan.wait(tries, jitter=0.0) for tries in (1, 2, 3, 4)]
        [60.0, 180.0, 540.0, 600.0]
        >>> plan.wait(1, jitter=0.5)
        45.0
    """

    first: float = 300.0
    factor: float = 2.0
    longest: float = 4 * 3600.0
    give_up: float = 5 * 86_400.0

    def wait(self, tries: int, *, jitter: float) -> float:
        """Seconds until the next try.

        Args:
            tries: how often it was tried.
            jitter: in [0, 1); shortens the wait by up to a half, so that many do not come at once.
        """
        longest = min(self.first * self.factor ** min(tries - 1, 64), self.longest)
        return float(longest * (1 - jitter / 2))
