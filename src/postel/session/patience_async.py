# A conversation (its twin patience_sync.py is generated): waits between tries.
"""How long to wait before something is tried again, and how to get a broken connection back.

Waits grow with each failure in a row and differ by chance, so that many clients do not come back at
once. A server that says when it wants to be asked again is obeyed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import AuthenticationError, NetworkError, PostelError, TryLater
from ..timing import Backoff
from ..transport.clock_async import sleep

if TYPE_CHECKING:
    from .tree_work_async import AsyncSite

__all__ = ["LONGEST", "again", "pause", "wait_for"]

LONGEST = 120.0
"""Seconds that a server may ask for; one that wants more is not waited for."""

_BROKEN = Backoff(first=0.1, factor=3.0, longest=30.0, tries=64)
_REFUSED = Backoff(first=1.0, factor=2.0, longest=30.0, tries=64)


def wait_for(error: Exception, tries: int) -> float | None:
    """Seconds to wait after the failure number *tries* in a row; None where it is too long.

    Example:
        >>> 0.05 <= wait_for(NetworkError("it broke"), 1) <= 0.1
        True
    """
    asked = error.retry_after if isinstance(error, TryLater) else None
    if asked is not None:
        return None if asked > LONGEST else asked
    kind = _REFUSED if isinstance(error, TryLater) else _BROKEN
    waits = kind.delays(jitter=_chance())
    wait = next(waits)
    for _ in range(tries - 1):
        wait = next(waits, wait)
    return wait


def _chance() -> Iterator[float]:
    while True:
        yield random.random()  # noqa: S311 - no secret


async def pause(error: Exception, tries: int) -> None:
    """Wait before the next try.

    Raises:
        PostelError: *error* itself, where the server wants more patience than there is.
    """
    wait = wait_for(error, tries)
    if wait is None:
        raise error
    await sleep(wait)


async def again(site: AsyncSite, error: PostelError, troubles: int, most: int) -> None:
    """Connect *site* again after *error*, the failure number *troubles* in a row.

    A server that let us in before and does not now may still count the connection that broke, so a
    refusal is waited out as well.

    Raises:
        PostelError: it is not to be had.
    """
    site.be_careful()
    for tries in range(troubles, troubles + most):
        await pause(error, tries)
        try:
            await site.reopen()
            return
        except (NetworkError, TryLater, AuthenticationError) as refused:
            error = refused
    raise error
