# Hand-written pair with clock_sync.py: one name per side for what has no twin.
"""Time and identity on the asyncio side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Hashable
from datetime import UTC, datetime
from typing import TypeVar

__all__ = ["Later", "caller", "now", "sleep", "today"]

T = TypeVar("T")
Later = Awaitable[T]
"""What a function returns that is to be awaited."""


def now() -> float:
    """Seconds of the monotonic clock."""
    return time.monotonic()


def today() -> datetime:
    """Date and time, UTC."""
    return datetime.now(UTC)


async def sleep(seconds: float) -> None:
    """Wait *seconds*."""
    await asyncio.sleep(seconds)


def caller() -> Hashable:
    """Who is calling: this task, or None outside of any (coroutines driven by hand in tests)."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
