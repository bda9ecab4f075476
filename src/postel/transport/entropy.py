"""Randomness, as grammar needs it: from outside."""

from __future__ import annotations

import secrets

__all__ = ["nonce", "token"]


def nonce() -> bytes:
    """Fresh bytes for one log-in, printable and without a comma (RFC 5802 section 5.1)."""
    return secrets.token_urlsafe(18).encode()


def token() -> str:
    """Letters and digits that no other message has, in its id and in its boundaries."""
    return secrets.token_hex(12)
