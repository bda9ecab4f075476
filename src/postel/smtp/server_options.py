"""How the lab's mail servers behave: may be changed while they run. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["EXTENSIONS", "MECHANISMS", "SMTPOptions"]

MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "XOAUTH2",
              "OAUTHBEARER")

EXTENSIONS = ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES",
              "CHUNKING", "BINARYMIME", "LIMITS", "DELIVERBY", "FUTURERELEASE", "MT-PRIORITY",
              "STARTTLS", "REQUIRETLS", "AUTH")
"""What can be withheld by `SMTPOptions.without`."""


@dataclass
class SMTPOptions:
    """How a server behaves.

    Args:
        size: bytes of the largest message that is taken.
        rcpt_max: RCPT commands in one transaction.
        mail_max: MAIL commands on one connection.
        rcpt_domain_max: different domains of recipients on one connection; None: any number.
        auth: ``"offer"``, ``"require"`` or ``"none"``.
        mechanisms: of SASL.
        allow_clear: whether passwords may come in the clear.
        without: extensions that are not offered, and not known when used.
        also: further lines of the answer to EHLO.
        bare: whether a message or command with a bare CR or LF, or a NUL, is refused, or taken
            as it is.
        strict: refuse recipients that are not the lab's users, instead of catching everything.
        trace: put Return-Path and Received before the message in mailboxes.
    """

    size: int = 52_428_800
    rcpt_max: int = 1_000
    mail_max: int = 10_000
    rcpt_domain_max: int | None = None
    auth: Literal["offer", "require", "none"] = "offer"
    mechanisms: tuple[str, ...] = MECHANISMS
    allow_clear: bool = True
    without: set[str] = field(default_factory=set)
    also: tuple[str, ...] = ()
    bare: Literal["refuse", "accept"] = "refuse"
    strict: bool = False
    trace: bool = True
