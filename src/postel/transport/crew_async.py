# Hand-written pair with crew_sync.py.
"""Several things at once, on the asyncio side: tasks.

The first failure cancels the others and is raised when the block is left, by itself and not in a
group, so that both sides read the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

__all__ = ["AsyncCrew", "AsyncLimit"]

P = ParamSpec("P")


class AsyncCrew:
    """Starts workers; leaving the block waits for all of them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def stopped(self) -> bool:
        """Whether a worker has failed, so that the others need not go on."""
        return any(task.done() and not task.cancelled() and task.exception() is not None
                   for task in self._tasks)

    def start(
        self, function: Callable[P, Coroutine[Any, Any, object]], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Run *function* beside the others."""
        self._tasks.add(asyncio.create_task(function(*args, **kwargs), name="crew"))

    async def __aenter__(self) -> AsyncCrew:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        failure: BaseException | None = None
        try:
            waiting = self._tasks if error is None else set()
            while waiting and failure is None:
                done, waiting = await asyncio.wait(
                    waiting, return_when=asyncio.FIRST_EXCEPTION)
                failure = next((e for t in done if not t.cancelled()
                                and (e := t.exception()) is not None), None)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if failure is not None:
            raise failure


class AsyncLimit:
    """At most *count* at once: a with block that waits for its turn."""

    def __init__(self, count: int) -> None:
        self._turns = asyncio.Semaphore(count)

    async def __aenter__(self) -> None:
        await self._turns.acquire()

    async def __aexit__(self, *exc: object) -> None:
        self._turns.release()
