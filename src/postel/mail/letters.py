"""A message as people hand it over, made a letter: who sends it, who gets it, without Bcc. Pure.

What the caller says counts first, then what a composed message knows of itself, then what the
headers say: Sender or From, and To, Cc and Bcc. Whoever is in Bcc gets the message and is not in
it (RFC 5322 section 3.6.3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..smtp.content import Outgoing
from ..smtp.types import Rcpt

if TYPE_CHECKING:
    from ..messages.headers import Headers

__all__ = ["Addressed", "addressed", "without_bcc"]

_BCC = re.compile(rb"^(?:resent-)?bcc[ \t]*:.*(?:\r?\n[ \t].*)*(?:\r?\n|\Z)",
                  re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"\r?\n\r?\n")

Addressed = tuple[bytes | Outgoing, str, tuple[str | Rcpt, ...]]
"""A message, its sender, its recipients."""


def addressed(message: bytes | Outgoing, sender: str | None,
              recipients: Sequence[str | Rcpt] | str | None) -> Addressed:
    """The message, its envelope's sender and recipients.

    Raises:
        UsageError: nobody sends it, or nobody gets it.

    Example:
        >>> addressed(b"From: Ann <ann@example.org>\\r\\nTo: bob@example.org\\r\\n"
        ...           b"Bcc: eve@example.org\\r\\n\\r\\nHi\\r\\n", None, None)[1:]
        ('ann@example.org', ('bob@example.org', 'eve@example.org'))
    """
    who = sender if sender is not None else getattr(message, "sender", None)
    whom = recipients if recipients is not None else getattr(message, "recipients", None)
    if isinstance(message, bytes | bytearray | memoryview):
        data = bytes(message)
        from ..messages.parsed import parse

        head = parse(data).headers
        if who is None:
            who = next(iter(_addresses(head, "Sender") or _addresses(head, "From")), None)
        if whom is None:
            whom = [one for name in ("To", "Cc", "Bcc") for one in _addresses(head, name)]
        message = without_bcc(data)
    if who is None:
        raise UsageError("send: nobody sends it", hint="give sender=, or a From header")
    if isinstance(whom, str):
        whom = [whom]
    if not whom:
        raise UsageError("send: nobody gets it", hint="give recipients=, or a To header")
    return message, str(who), tuple(dict.fromkeys(whom))


def without_bcc(data: bytes) -> bytes:
    r"""*data* without its Bcc fields.

    Example:
        >>> without_bcc(b"To: a@x\r\nBcc: b@x,\r\n c@x\r\nSubject: s\r\n\r\nBcc: kept\r\n")
        b'To: a@x\r\nSubject: s\r\n\r\nBcc: kept\r\n'
    """
    found = _END.search(data)
    end = found.start() + 2 if found else len(data)
    return _BCC.sub(b"", data[:end]) + data[end:]


def _addresses(head: Headers, name: str) -> list[str]:
    """The addresses in a field.

    Raises:
        UsageError: it cannot be read without guessing: nobody gets a message by a guess.
    """
    found = head.addresses(name)
    addresses = [one.address for one in found.mailboxes]
    if found.defects or not all("@" in address for address in addresses):
        raise UsageError(f"send: the addresses in {name} cannot be read without guessing: "
                         f"{head.text(name)[:200]}", hint="give recipients= and sender=")
    return addresses
