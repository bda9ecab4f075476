"""Delivery reports as the outbox needs them: about which envelope, which recipient, what. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..messages import parse
from ..messages.reports import Delivery, report_of
from ..wire.text import display
from .outbox_types import State

__all__ = ["DeliveryReport", "reports"]

_LONGEST = 4 << 20
"""Bytes of a report that are read; what it brings back comes last."""

_STATES: dict[str, State] = {"failed": "bounced", "delivered": "delivered", "relayed": "sent",
                             "expanded": "sent", "delayed": "sent"}
"""Whatever a report says, the server that wrote it, or one before it, has taken the message."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a report says about one recipient (RFC 3464).

    Args:
        envid: the name of the envelope; "" if the report names none.
        message_id: of the message that came back with it; "" if none came.
        address: the recipient, as it was first given where that is told.
        final: the recipient as the last server knew it.
        action: ``"failed"``, ``"delayed"``, ``"delivered"``, ``"relayed"`` or ``"expanded"``.
        status: the enhanced status code.
        reply: for people: the status, and what the last server said.
    """

    envid: str
    message_id: str
    address: str
    final: str
    action: str
    status: str
    reply: str

    @property
    def state(self) -> State | None:
        """What the recipient's state becomes; None where the report's word is none."""
        return _STATES.get(self.action)


def reports(raw: bytes) -> list[DeliveryReport]:
    r"""What *raw* says, recipient by recipient; nothing if it is no delivery report.

    Example:
        >>> reports(b"Subject: hello\r\n\r\nno report\r\n")
        []
    """
    found = report_of(parse(raw[:_LONGEST]))
    if not isinstance(found, Delivery):
        return []
    ids = found.original.ids("Message-ID") if found.original is not None else ()
    return [DeliveryReport(
        found.envelope_id, ids[0] if ids else "", one.original or one.recipient, one.recipient,
        "failed" if one.failed else one.action, one.status,
        display(one.diagnostic or one.status)) for one in found.recipients]
