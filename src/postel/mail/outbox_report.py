"""Delivery reports as the outbox needs them: about which envelope, which recipient, what. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from ..wire.text import display
from .outbox_types import State

__all__ = ["DeliveryReport", "reports"]

_LONGEST = 4 << 20
"""Bytes of a report that are read; what it brings back comes last."""

_MOST = 10_000
"""Recipients of one report."""

_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_STATES: dict[str, State] = {"failed": "bounced", "delivered": "delivered"}


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a report says about one recipient (RFC 3464).

    Args:
        envid: the name of the envelope; "" if the report names none.
        message_id: of the message that came back with it; "" if none came.
        address: the recipient, as it was first given where that is told.
        action: ``"failed"``, ``"delayed"``, ``"delivered"``, ``"relayed"`` or ``"expanded"``.
        status: the enhanced status code.
        reply: for people: the status, and what the last server said.
    """

    envid: str
    message_id: str
    address: str
    action: str
    status: str
    reply: str

    @property
    def state(self) -> State | None:
        """What the recipient's state becomes; None where the report settles nothing."""
        return _STATES.get(self.action)


def reports(raw: bytes) -> list[DeliveryReport]:
    r"""What *raw* says, recipient by recipient; nothing if it is no delivery report.

    Example:
        >>> reports(b"Subject: hello\r\n\r\nno report\r\n")
        []
    """
    message = message_from_bytes(raw[:_LONGEST])
    if message.get_content_type() != "multipart/report":
        return []
    found: list[DeliveryReport] = []
    message_id = _returned_id(message)
    for part in message.walk():
        if part.get_content_type() in _STATUS_TYPES:
            blocks = part.get_payload()
            if isinstance(blocks, list):
                found += _recipients([one for one in blocks if isinstance(one, Message)],
                                     message_id)
    return found[:_MOST]


def _recipients(blocks: list[Message], message_id: str) -> list[DeliveryReport]:
    """The fields of the message come first, then those of each recipient."""
    envid = _field(blocks[0], "Original-Envelope-Id") if blocks else ""
    found = []
    for block in blocks[1:]:
        status, said = _field(block, "Status"), _typed(_field(block, "Diagnostic-Code"))
        address = _typed(_field(block, "Original-Recipient")) or _typed(
            _field(block, "Final-Recipient"))
        if address:
            found.append(DeliveryReport(envid, message_id, address, _field(block, "Action").lower(),
                                status, display(said or status)))
    return found


def _returned_id(message: Message) -> str:
    """The Message-ID of what came back: the message, or its headers."""
    for part in message.walk():
        kind, payload = part.get_content_type(), part.get_payload()
        if kind in ("message/rfc822", "message/global") and isinstance(payload, list) and payload:
            return _field(payload[0], "Message-ID")
        if kind in ("text/rfc822-headers", "message/global-headers") and isinstance(payload, str):
            return _field(message_from_bytes(payload.encode("utf-8", "surrogateescape")),
                          "Message-ID")
    return ""


def _field(block: object, name: str) -> str:
    if not isinstance(block, Message):
        return ""
    return " ".join(str(block.get(name, "")).split())


def _typed(text: str) -> str:
    """What follows the type: ``rfc822; bob@example.org``."""
    return text.partition(";")[2].strip()
