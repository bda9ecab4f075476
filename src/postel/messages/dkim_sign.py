"""Signing by DKIM (RFC 6376 section 5, 8463). Grammar: the key and the time come from outside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import ProtocolError, UsageError
from ..secrets import Secret
from .canonical import Field, canonical_field, divide, fields_of, select
from .dkim import body_digests, parse_signature
from .dkim_keys import load_private, record_of

__all__ = ["OVERSIGNED", "SIGNED", "Signer"]

SIGNED = (
    "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to",
    "references", "mime-version", "content-type", "content-transfer-encoding", "content-id",
    "content-description", "resent-date", "resent-from", "resent-to", "resent-cc", "list-id",
    "list-help", "list-unsubscribe", "list-unsubscribe-post", "list-subscribe", "list-post",
    "list-owner", "list-archive", "auto-submitted",
)
"""Fields that are signed where they are there (section 5.4.1); each of them as often as it is."""

OVERSIGNED = ("from", "to", "cc", "subject", "date", "reply-to", "mime-version", "content-type",
              "content-transfer-encoding")
"""Fields that are signed once more than they are there, so that nobody can add one."""

_ROOM = 72


@dataclass(frozen=True)
class Signer:
    """Signs messages for a domain.

    Args:
        domain: who vouches (d=).
        selector: under which name the key is published (s=).
        key: in PEM, RSA or Ed25519; a `Secret`, or an object of cryptography.
        header_form: ``"relaxed"`` or ``"simple"``.
        body_form: the same for the body.
        identity: the user or agent in i=; None says nothing.
        signed: names of fields to sign.
        oversigned: those of which no more may be added.
        lifetime: seconds until the signature expires; None: never.

    Raises:
        UsageError: the key cannot be used, or a name is none.

    Example:
        >>> signer = Signer("example.org", "s1", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
        >>> field = signer.sign(b"From: a@example.org\\r\\n\\r\\nhello\\r\\n", now=1_700_000_000)
        >>> field[:33]
        b'DKIM-Signature: v=1; a=ed25519-sh'
    """

    domain: str
    selector: str
    key: str | bytes | Secret | Any = field(repr=False)
    header_form: str = "relaxed"
    body_form: str = "relaxed"
    identity: str | None = None
    signed: tuple[str, ...] = SIGNED
    oversigned: tuple[str, ...] = OVERSIGNED
    lifetime: int | None = None

    def __post_init__(self) -> None:
        if "from" not in map(str.lower, (*self.signed, *self.oversigned)):
            raise UsageError("DKIM: From must be signed (RFC 6376 section 5.4)")
        who = self.identity or ""
        if not (who.isascii() and who.isprintable()):
            raise UsageError("DKIM: the identity has a character that cannot be sent")
        try:
            found = parse_signature(self._tags(0, ["from"], b"x", b"x"))
        except ProtocolError as error:
            raise UsageError(f"DKIM: {error}",
                             hint="look at domain, selector and identity") from None
        object.__setattr__(self, "domain", found.domain)  # in A-labels
        object.__setattr__(self, "selector", found.selector)

    @cached_property
    def _private(self) -> Any:
        return load_private(self.key)

    @property
    def algorithm(self) -> str:
        """``"rsa-sha256"`` or ``"ed25519-sha256"``, as the key is."""
        return "rsa-sha256" if hasattr(self._private, "key_size") else "ed25519-sha256"

    @property
    def record(self) -> str:
        """The TXT record to publish at ``SELECTOR._domainkey.DOMAIN``."""
        return record_of(self._private)

    def sign(self, message: bytes | Iterable[bytes], *, now: int) -> bytes:
        """The DKIM-Signature field to put before the message, its line end included.

        Args:
            message: whole, or in chunks, as it will be sent.
            now: seconds since 1970.

        Raises:
            UsageError: it has no From.
        """
        head, body = divide(message)
        return self.sign_parts(head, body, now=now)

    def sign_parts(self, head: bytes, body: Iterable[bytes], *, now: int) -> bytes:
        """As `sign`, for a message in two parts.

        Args:
            head: the header section.
            body: what follows the empty line, in chunks.
            now: seconds since 1970.

        Raises:
            UsageError: it has no From.
        """
        fields = fields_of(head)
        if not any(one.name == "from" for one in fields):
            raise UsageError("DKIM: the message has no From to sign")
        names = self._names(fields)
        digest = body_digests([self.body_form], body)[self.body_form]
        raw = b"DKIM-Signature: " + self._tags(now, names, digest, b"").encode("ascii")
        relaxed = self.header_form == "relaxed"
        parts = [canonical_field(one, relaxed) for one in select(fields, names)]
        data = b"\r\n".join([*parts, canonical_field(raw, relaxed)])
        return raw + _folded(self._signature(data)) + b"\r\n"

    def _names(self, fields: list[Field]) -> list[str]:
        counts: dict[str, int] = {}
        for one in fields:
            counts[one.name] = counts.get(one.name, 0) + 1
        wanted = dict.fromkeys(name.lower() for name in (*self.signed, *self.oversigned))
        over = {name.lower() for name in self.oversigned}
        if "date" not in counts:
            over.discard("date")  # servers add it where it is missing (RFC 6409 section 8.1)
        return [name for name in wanted for _ in range(counts.get(name, 0) + (name in over))]

    def _signature(self, data: bytes) -> bytes:
        if self.algorithm == "ed25519-sha256":
            return bytes(self._private.sign(hashlib.sha256(data).digest()))
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        return bytes(self._private.sign(data, padding.PKCS1v15(), hashes.SHA256()))

    def _tags(self, now: int, names: list[str], digest: bytes, value: bytes) -> str:
        """The field's value in folded lines, up to and with ``b=`` and *value*."""
        who = "" if self.identity is None else f" i={self.identity};"
        until = "" if self.lifetime is None else f" x={now + self.lifetime};"
        listed, line = [], "h="
        for index, name in enumerate(names):
            piece = name + (":" if index + 1 < len(names) else ";")
            if len(line) + len(piece) > _ROOM:
                listed.append(line)
                line = ""
            line += piece
        lines = [
            f"v=1; a={self.algorithm}; c={self.header_form}/{self.body_form};",
            f"d={self.domain}; s={self.selector}; t={now};{until}{who}",
            *listed, line, f"bh={base64.b64encode(digest).decode()};",
            f"b={base64.b64encode(value).decode()}",
        ]
        return "\r\n\t".join(lines)


def _folded(signature: bytes) -> bytes:
    text = base64.b64encode(signature)
    return b"\r\n\t ".join(text[at : at + _ROOM] for at in range(0, len(text), _ROOM))
