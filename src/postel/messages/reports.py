"""Reports about mail, typed: deliveries (RFC 3464), readings (RFC 8098), abuse (RFC 5965). Grammar.

A ``multipart/report`` holds a text for people, the report for programs, and often what it is
about. `report_of` reads the second; words for people in it are kept as they came, so pass them
through a filter of control characters before they are printed. Vendors leave out empty lines
between recipients, or put in too many; both are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from . import codecs
from .headers import Headers

if TYPE_CHECKING:
    from .parsed import Parsed
    from .part import Part

__all__ = ["Delivery", "Feedback", "Reading", "RecipientStatus", "report_of"]

MOST_RECIPIENTS = 10_000
_DELIVERY = ("message/delivery-status", "message/global-delivery-status")
_READING = ("message/disposition-notification", "message/global-disposition-notification")
_ORIGINAL = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers",
             "message/rfc822-headers")
_BREAK = re.compile(rb"\n(?:[ \t]*\r?\n)+")
_RECIPIENT = re.compile(rb"(?im)^(?:original|final)-recipient[ \t]*:")
_WHOLE = re.compile(rb"(?i)reporting-mta[ \t]*:")
_ENCODED = re.compile(rb"(?im)^content-transfer-encoding[ \t]*:[ \t]*base64")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True)
class RecipientStatus:
    """What became of a message for one recipient.

    Args:
        recipient: the address it was finally for.
        original: the address as the sender gave it; "" if that is not told.
        action: ``failed``, ``delayed``, ``delivered``, ``relayed`` or ``expanded``.
        status: the enhanced status code (RFC 3463), such as ``5.1.1``; "" if there is none.
        diagnostic: what the server said.
        remote: the server that said it.
        last_attempt: when.
        retry_until: until when it will be tried again.
    """

    recipient: str
    original: str
    action: str
    status: str
    diagnostic: str
    remote: str
    last_attempt: datetime | None
    retry_until: datetime | None

    @property
    def failed(self) -> bool:
        """Whether it was given up."""
        return self.action == "failed" or (not self.action and self.status.startswith("5"))


@dataclass(frozen=True)
class Delivery:
    """A delivery status notification (RFC 3464).

    Args:
        reporter: the server that reports.
        envelope_id: the envelope's name that the sender gave (RFC 3461); "" if none.
        arrived: when the reporter got the message.
        recipients: what became of it, by recipient.
        original: the message it is about, or its header; None if it is not there.
        kind: ``"delivery"``.
    """

    reporter: str
    envelope_id: str
    arrived: datetime | None
    recipients: tuple[RecipientStatus, ...]
    original: Headers | None
    kind: Literal["delivery"] = "delivery"


@dataclass(frozen=True)
class Reading:
    """A message disposition notification (RFC 8098): what a reader, or a program, did with it.

    Args:
        recipient: whose mailbox it is about.
        message_id: of the message; "" if that is not told.
        disposition: ``displayed``, ``deleted``, ``dispatched``, ``processed``, ``denied`` or
            ``failed``.
        automatic: whether no person was asked before this was sent.
        modifiers: such as ``error``.
        error: what went wrong.
        reporter: the program.
        original: the message it is about, or its header.
        kind: ``"reading"``.
    """

    recipient: str
    message_id: str
    disposition: str
    automatic: bool
    modifiers: tuple[str, ...]
    error: str
    reporter: str
    original: Headers | None
    kind: Literal["reading"] = "reading"


@dataclass(frozen=True)
class Feedback:
    """An abuse report (ARF, RFC 5965; authentication failures, RFC 6591).

    Args:
        feedback_type: ``abuse``, ``fraud``, ``virus``, ``not-spam``, ``auth-failure``, ``other``.
        reporter: the program that made it.
        sender: of the envelope of the message it is about.
        recipients: of that envelope.
        arrived: when that message came.
        source_ip: from where.
        domains: whom the reporter thinks responsible.
        uris: what it complains about.
        incidents: how many messages it stands for.
        results: ``Authentication-Results`` of the message, as they came.
        auth_failure: ``dkim``, ``spf``, ``dmarc`` and others, in reports of type auth-failure.
        original: the message it is about, or its header.
        kind: ``"feedback"``.
    """

    feedback_type: str
    reporter: str
    sender: str
    recipients: tuple[str, ...]
    arrived: datetime | None
    source_ip: str
    domains: tuple[str, ...]
    uris: tuple[str, ...]
    incidents: int
    results: tuple[str, ...]
    auth_failure: str
    original: Headers | None
    kind: Literal["feedback"] = "feedback"


def report_of(message: Parsed) -> Delivery | Reading | Feedback | None:
    r"""The report that *message* is; None if it is none.

    Example:
        >>> from postel.messages import parse
        >>> raw = (b"Content-Type: multipart/report; boundary=x\n\n--x\n"
        ...        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        ...        b"Final-Recipient: rfc822; b@x.example\nAction: failed\nStatus: 5.1.1\n--x--\n")
        >>> report = report_of(parse(raw))
        >>> report.reporter, [(one.recipient, one.status) for one in report.recipients]
        ('mx.example', [('b@x.example', '5.1.1')])
    """
    for part in _outer(message.root):
        kind = part.content_type
        if kind in _DELIVERY:
            return _delivery(part, _original(message))
        if kind in _READING:
            return _reading(_fields(part.content), _original(message))
        if kind == "message/feedback-report":
            return _feedback(_fields(part.content), _original(message))
    return None


def _outer(root: Part) -> Iterator[Part]:
    """All parts but those of messages inside: a bounce that is passed on is no bounce."""
    todo = [root]
    while todo:
        part = todo.pop()
        yield part
        if part.content_type.startswith("multipart/"):
            todo.extend(reversed(part.children))


def _original(message: Parsed) -> Headers | None:
    for part in _outer(message.root):
        if part.content_type in _ORIGINAL:
            if part.children:
                return part.children[0].headers
            return _fields(part.content)
    return None


def _fields(raw: bytes) -> Headers:
    raw = raw.lstrip(b"\r\n")
    return Headers(raw, 0, len(raw))


def _delivery(part: Part, original: Headers | None) -> Delivery:
    blocks = list(_blocks(part.content))
    whole = _fields(blocks[0] if blocks else b"")
    recipients: list[RecipientStatus] = []
    for block in blocks:
        if _RECIPIENT.search(block) and len(recipients) < MOST_RECIPIENTS:
            recipients.append(_recipient(_fields(block)))
    return Delivery(_typed(whole, "reporting-mta"), whole.text("original-envelope-id"),
                    whole.date("arrival-date"), tuple(recipients), original)


def _blocks(raw: bytes) -> Iterator[bytes]:
    """The fields of the message, then those of each recipient, however they are set apart."""
    raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip(b"\n") + b"\n"
    head, _, rest = raw.partition(b"\n\n")
    if _ENCODED.search(head):  # a gateway encoded what must not be (RFC 3464 section 2.1)
        raw = head + b"\n\n" + codecs.decode("base64", rest).data
    for block in _BREAK.split(raw):
        seen: set[bytes] = set()
        begin = 0
        for match in _RECIPIENT.finditer(block):
            name = match[0].rstrip(b" \t:").lower()
            # A second recipient without an empty line before it: the field comes again.
            if name in seen or (not seen and begin == 0 and _WHOLE.match(block)):
                yield block[begin : match.start()]
                begin, seen = match.start(), set()
            seen.add(name)
        if block[begin:].strip():
            yield block[begin:]


def _recipient(fields: Headers) -> RecipientStatus:
    status = _STATUS.search(fields.text("status"))
    action = fields.text("action").split("(")[0].strip().lower()
    return RecipientStatus(
        _typed(fields, "final-recipient") or _typed(fields, "original-recipient"),
        _typed(fields, "original-recipient"), action,
        status[0] if status else "", _typed(fields, "diagnostic-code"),
        _typed(fields, "remote-mta"), fields.date("last-attempt-date"),
        fields.date("will-retry-until"))


def _reading(fields: Headers, original: Headers | None) -> Reading:
    mode, _, rest = fields.text("disposition").partition(";")
    kind, _, modifiers = rest.partition("/")
    ids = fields.ids("original-message-id")
    return Reading(
        _typed(fields, "final-recipient") or _typed(fields, "original-recipient"),
        ids[0] if ids else "", kind.strip().lower(), "automatic" in mode.lower(),
        tuple(word.strip().lower() for word in modifiers.split(",") if word.strip()),
        fields.text("error"), fields.text("reporting-ua"), original)


def _feedback(fields: Headers, original: Headers | None) -> Feedback:
    incidents = fields.text("incidents")
    return Feedback(
        fields.text("feedback-type").strip().lower(), fields.text("user-agent"),
        _bare(fields.text("original-mail-from")),
        tuple(_bare(one) for one in fields.all("original-rcpt-to")),
        fields.date("arrival-date") or fields.date("received-date"), fields.text("source-ip"),
        tuple(fields.all("reported-domain")), tuple(fields.all("reported-uri")),
        int(incidents) if re.fullmatch("[0-9]{1,9}", incidents) else 1,
        tuple(fields.all("authentication-results")), fields.text("auth-failure").lower(), original)


def _bare(address: str) -> str:
    return address.strip().removeprefix("<").removesuffix(">")


def _typed(fields: Headers, name: str) -> str:
    """What follows the type: ``rfc822; bob@example.org``; some leave the type out."""
    text = fields.text(name)
    kind, semicolon, value = text.partition(";")
    return _bare(value if semicolon and " " not in kind.strip() else text)
