"""What a composer's draft looks like to those who send it. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from .content import Outgoing

__all__ = ["Draft"]


@runtime_checkable
class Draft(Protocol):
    """A message that is not yet bytes: it wants to know when it is, and something unique."""

    def build(self, *, now: datetime, unique: str, files: Any = None, eight_bit: bool = False,
              utf8: bool = False) -> Outgoing:
        """The message, ready to go."""
