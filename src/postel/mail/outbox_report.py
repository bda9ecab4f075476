"""Delivery reports as the outbox needs them: about which envelope, which recipient, what. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..messages import Part, parse
from ..wire.text import display
from .outbox_types import State

__all__ = ["DeliveryReport", "reports"]

_LONGEST = 4 << 20
"""Bytes of a report that are read; what it brings back comes last."""

_MOST = 10_000
"""Recipients of one report."""

_BLANK = re.compile(rb"\r?\n(?:[ \t]*\r?\n)+")
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
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
    message = parse(raw[:_LONGEST])
    if message.root.content_type != "multipart/report":
        return []
    message_id, found = "", list[DeliveryReport]()
    for part in message.walk():
        if part.content_type in _RETURNED:
            message_id = message_id or _message_id(part)
    for part in message.walk():
        if part.content_type in _STATUS_TYPES:
            found += _recipients(part.content, message_id)
    return found[:_MOST]


def _recipients(content: bytes, message_id: str) -> list[DeliveryReport]:
    """The fields of the message come first, then those of each recipient."""
    blocks = [parse(block).headers for block in _BLANK.split(content)[: _MOST + 1]]
    envid = blocks[0].text("Original-Envelope-Id")
    found = []
    for block in blocks[1:]:
        status, said = block.text("Status"), _typed(block.text("Diagnostic-Code"))
        address = _typed(block.text("Original-Recipient")) or _typed(
            block.text("Final-Recipient"))
        if address:
            found.append(DeliveryReport(envid, message_id, address, block.text("Action").lower(),
                                        status, display(said or status)))
    return found


def _message_id(part: Part) -> str:
    """The Message-ID of what came back: the message, or its headers."""
    ids = (part.children[0].headers if part.children else parse(part.content).headers).ids(
        "Message-ID")
    return ids[0] if ids else ""


def _typed(text: str) -> str:
    """What follows the type: ``rfc822; bob@example.org``."""
    return text.partition(";")[2].strip()
