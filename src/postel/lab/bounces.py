"""What a post office writes itself: trace headers, and reports to senders (RFC 3464, 6522).

Pure: a message in, bytes out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import format_datetime

from ..smtp.caught import Caught
from ..smtp.envelope import RcptTo

__all__ = ["Verdict", "bounce", "received"]

_ODD = re.compile(r"[^\w.:\[\]-]", re.ASCII)
_MOST_RETURNED = 65_536
"""Bytes of a message that a report brings back, unless RET=FULL asks for all."""


@dataclass(frozen=True)
class Verdict:
    """What became of a message for one recipient."""

    action: str
    status: str
    text: str

    def wanted(self, notify: frozenset[str]) -> bool:
        """Whether the sender wants to hear of it (RFC 3461 section 4.1)."""
        if self.action in ("delivered", "relayed"):
            return "SUCCESS" in notify
        word = "FAILURE" if self.action == "failed" else "DELAY"
        return word in notify or (not notify and word == "FAILURE")


def received(caught: Caught, rcpt: RcptTo, domain: str) -> bytes:
    """The trace that final delivery puts in front (RFC 5321 section 4.4; the words of RFC 3848)."""
    word = "LMTP" if caught.server == "lmtp" else "ESMTP"
    if caught.mail.smtputf8:
        word = f"UTF8{word.removeprefix('E')}"
    word += ("S" if caught.tls else "") + ("A" if caught.user else "")
    lines = (f"Return-Path: <{caught.sender}>",
             f"Received: from {_ODD.sub('?', caught.helo) or 'nowhere'} ([{caught.peer}])",
             f"\tby {domain} with {word} id {caught.number}",
             f"\tfor <{rcpt.recipient}>; {format_datetime(caught.at)}")
    return "".join(f"{line}\r\n" for line in lines).encode()


def bounce(caught: Caught, said: list[tuple[RcptTo, Verdict]], domain: str) -> bytes:
    """A delivery status notification about *caught*.

    Args:
        caught: the message.
        said: what became of it, for each recipient that is spoken of.
        domain: of the lab.
    """
    at, mark = format_datetime(caught.at), f"report-{caught.number}"
    utf8 = caught.mail.smtputf8
    kind = "global-delivery-status" if utf8 else "delivery-status"
    words = sorted({verdict.action for _, verdict in said})
    head = [f"From: Mail Delivery Subsystem <postmaster@{domain}>", f"To: <{caught.sender}>",
            f"Subject: Delivery status: {', '.join(words)}", f"Date: {at}",
            f"Message-ID: <{mark}@{domain}>", "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            f'Content-Type: multipart/report; report-type={kind}; boundary="{mark}"', ""]
    text = [f"--{mark}", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit", "", "This is the lab. Your message:", ""]
    text += [f"    {rcpt.recipient}: {verdict.action}: {verdict.text}" for rcpt, verdict in said]
    return "\r\n".join([*head, *text, "", *_fields(caught, said, domain, mark, kind),
                        *_returned(caught, mark), f"--{mark}--", ""]).encode(
                            "utf-8", "surrogateescape")


def _fields(
    caught: Caught, said: list[tuple[RcptTo, Verdict]], domain: str, mark: str, kind: str
) -> list[str]:
    """The part for programs (RFC 3464 section 2)."""
    lines = [f"--{mark}", f"Content-Type: message/{kind}", "", f"Reporting-MTA: dns; {domain}",
             f"Arrival-Date: {format_datetime(caught.at)}"]
    if caught.mail.envid:
        lines.insert(3, f"Original-Envelope-Id: {_line(caught.mail.envid)}")
    for rcpt, verdict in said:
        lines.append("")
        if rcpt.orcpt:
            lines.append("Original-Recipient: " + _line(rcpt.orcpt.replace(";", "; ", 1)))
        address = "utf-8" if kind.startswith("global") else "rfc822"
        lines += [f"Final-Recipient: {address}; {rcpt.recipient}", f"Action: {verdict.action}",
                  f"Status: {verdict.status}"]
        if verdict.action in ("failed", "delayed"):
            code = 550 if verdict.action == "failed" else 451
            lines.append(f"Diagnostic-Code: smtp; {code} {verdict.status} {_line(verdict.text)}")
    return [*lines, ""]


def _returned(caught: Caught, mark: str) -> list[str]:
    """The message, or its headers, as RET says (RFC 3461 section 4.3)."""
    head = caught.data.partition(b"\r\n\r\n")[0]
    if caught.mail.ret == "FULL" and not caught.is_binary:
        kind, data = "message/rfc822", caught.data
    else:
        kind, data = "text/rfc822-headers", head[:_MOST_RETURNED]
    return [f"--{mark}", f"Content-Type: {kind}", "", data.decode("utf-8", "surrogateescape")]


def _line(text: str) -> str:
    """On one line: it came from a peer."""
    return re.sub(r"[\x00-\x1f\x7f]", "?", text)
