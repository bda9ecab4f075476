# Hand-written pair with crew_sync.py.
"""Several things at once, on the asyncio side: tasks.

The first failure cancels the others and is raised when the block is left, by itself and not in a
group, with the others as notes, so that both sides read the same. The block itself is not
cancelled; but where it waits for an `AsyncChannel` or `AsyncLimit` that nobody would fill or free
any more, `Stopped` is raised there, which the crew keeps to itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, Token
from typing import Any, Generic, ParamSpec, TypeVar

from ..errors import UsageError

__all__ = ["AsyncChannel", "AsyncCrew", "AsyncLimit", "Stopped"]

P = ParamSpec("P")
T = TypeVar("T")
Waiters = set[asyncio.Future[None]]


class Stopped(BaseException):
    """Raised where a worker waits while its crew stops; the crew keeps it to itself."""


_inside: ContextVar[AsyncCrew | None] = ContextVar("crew", default=None)


class AsyncCrew:
    """Starts workers; leaving the block waits for all of them."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[object]] = []
        self._failures: list[BaseException] = []
        self._stop = False
        self._waiting: Waiters = set()
        self._outer: Token[AsyncCrew | None] | None = None

    @property
    def stopped(self) -> bool:
        """Whether the workers are asked to stop, because one has failed."""
        return self._stop

    def start(
        self, function: Callable[P, Coroutine[Any, Any, object]], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Run *function* beside the others."""
        task: asyncio.Task[object] = asyncio.create_task(function(*args, **kwargs), name="crew")
        task.add_done_callback(self._done)
        self._tasks.append(task)
        if self._stop:
            task.cancel()

    def stop(self) -> None:
        """Ask all workers to stop."""
        self._stop = True
        for task in self._tasks:
            task.cancel()
        _wake(self._waiting)

    def _done(self, task: asyncio.Task[object]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, Stopped):
            self._failures.append(error)
            self.stop()

    def check(self) -> None:
        """Raise `Stopped` if the workers are asked to stop."""
        if self._stop:
            raise Stopped

    async def wait(self, waiters: Waiters) -> None:
        """Wait until *waiters* are woken, unless the workers are asked to stop."""
        self.check()
        await _wait_in(waiters, self._waiting)
        self.check()

    async def __aenter__(self) -> AsyncCrew:
        self._outer = _inside.set(self)
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._outer is not None:
            _inside.reset(self._outer)
        if error is not None:
            self.stop()
        await self._join()
        if error is None or isinstance(error, Stopped):
            self._raise_failure()
        else:
            _note(error, self._failures)

    async def _join(self) -> None:
        """Wait for all; being cancelled makes them stop."""
        try:
            await self._all_done()
        except BaseException:
            self.stop()
            await self._all_done()
            raise

    async def _all_done(self) -> None:
        while waiting := [task for task in self._tasks if not task.done()]:
            await asyncio.wait(waiting)
        await asyncio.sleep(0)  # the callbacks of the last ones

    def _raise_failure(self) -> None:
        if self._failures:
            first, *others = self._failures
            _note(first, others)
            raise first


class AsyncChannel(Generic[T]):
    """A queue between workers that holds at most *room* things, and has an end.

    Args:
        room: things that are held before `put` waits.

    Example:
        >>> numbers = AsyncChannel(8)
        >>> await numbers.put(1); await numbers.put(2)
        >>> numbers.close()
        >>> [number async for number in numbers]
        [1, 2]
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._things: deque[T] = deque()
        self._closed = False
        self._waiting: Waiters = set()

    async def put(self, thing: T) -> None:
        """Add *thing*; waits while the channel is full.

        Raises:
            UsageError: the channel is closed.
        """
        while len(self._things) >= self._room and not self._closed:
            await _wait(self._waiting)
        if self._closed:
            raise UsageError("a channel that is closed takes no more")
        self._things.append(thing)
        _wake(self._waiting)

    def push(self, thing: T) -> None:
        """Add *thing* at once, however full the channel is; nothing where it is closed."""
        if not self._closed:
            self._things.append(thing)
            _wake(self._waiting)

    async def get(self) -> T:
        """The next thing; waits for it.

        Raises:
            StopAsyncIteration: the channel is closed, and empty.
        """
        while not self._things and not self._closed:
            await _wait(self._waiting)
        if not self._things:
            raise StopAsyncIteration
        thing = self._things.popleft()
        _wake(self._waiting)
        return thing

    def close(self) -> None:
        """No more will come; what is in the channel can still be taken."""
        self._closed = True
        _wake(self._waiting)

    def __aiter__(self) -> AsyncChannel[T]:
        return self

    async def __anext__(self) -> T:
        return await self.get()


class AsyncLimit:
    """At most *count* at once: a with block that waits for its turn."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: Waiters = set()

    async def __aenter__(self) -> None:
        while self._free <= 0:
            await _wait(self._waiting)
        self._free -= 1

    async def __aexit__(self, *exc: object) -> None:
        self._free += 1
        _wake(self._waiting)


async def _wait(waiters: Waiters) -> None:
    crew = _inside.get()
    if crew is None:
        await _wait_in(waiters)
    else:
        await crew.wait(waiters)


async def _wait_in(*sets: Waiters) -> None:
    """Wait in all of *sets* until one of them is woken."""
    waiter = asyncio.get_running_loop().create_future()
    for waiters in sets:
        waiters.add(waiter)
    try:
        await waiter
    finally:
        for waiters in sets:
            waiters.discard(waiter)


def _wake(waiters: Waiters) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)


def _note(error: BaseException, others: list[BaseException]) -> None:
    """Say in *error* what else went wrong."""
    for other in others:
        error.add_note(f"another worker failed too: {type(other).__name__}: {other}")
