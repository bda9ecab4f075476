"""IMAP: the bricks of its grammar (RFC 3501, 9051). The client is not there yet."""

from __future__ import annotations

from .sequence import NumberSet

__all__ = ["NumberSet"]
