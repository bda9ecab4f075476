# Hand-written pair with clock_async.py: one name per side for what has no twin.
"""Time and identity on the blocking side."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from .crew_sync import worker_of

__all__ = ["Later", "caller", "now", "sleep", "today"]

T = TypeVar("T")
Later = Annotated[T, "at once"]
"""What a function returns that need not be awaited here."""


def now() -> float:
    """Seconds of the monotonic clock."""
    return time.monotonic()


def today() -> datetime:
    """Date and time, UTC."""
    return datetime.now(UTC)


def sleep(seconds: float) -> None:
    """Wait *seconds*, or until the crew that this thread works for stops."""
    crew = worker_of()
    if crew is None:
        time.sleep(seconds)
    else:
        crew.sleep(seconds)


def caller() -> Hashable:
    """Who is calling: this thread."""
    return threading.get_ident()
