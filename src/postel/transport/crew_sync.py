# Hand-written pair with crew_async.py.
"""Several things at once, on the blocking side: threads.

The first failure is raised when the block is left, with the others as notes. Nobody can cancel a
thread, so a crew asks: once one has failed, or the block is left by an error (Ctrl-C too), every
wait of its workers raises `Stopped`: for a socket, for a moment to pass, for a `Channel` or a
`Limit`. Workers see what a cancelled task sees, in the same places. In the block itself only
channels and limits raise it, as nobody would fill or free them any more.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, ParamSpec, TypeVar

from ..errors import UsageError

__all__ = ["Channel", "Crew", "Limit", "Stopped", "worker_of"]

P = ParamSpec("P")
T = TypeVar("T")


class Stopped(BaseException):
    """Raised where a worker waits while its crew stops; the crew keeps it to itself."""


class _Here(threading.local):
    """What this thread belongs to."""

    inside: Crew | None = None  # the innermost block, or the crew that this thread works for
    worker: Crew | None = None  # only the latter


_here = _Here()


def worker_of() -> Crew | None:
    """The crew that this thread works for."""
    return _here.worker


class Crew:
    """Starts workers; leaving the block waits for all of them.

    Example:
        >>> seen = []
        >>> with Crew() as crew:
        ...     for number in range(3):
        ...         crew.start(seen.append, number)
        >>> sorted(seen)
        [0, 1, 2]
    """

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._running = 0
        self._ended = threading.Condition()
        self._failures: list[BaseException] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._waiting: list[threading.Condition] = []
        self._bell: tuple[socket.socket, socket.socket] | None = None
        self._outer: Crew | None = None
        self._inner: list[Crew] = []

    @property
    def stopped(self) -> bool:
        """Whether the workers are asked to stop, because one has failed."""
        return self._stop.is_set()

    def start(
        self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Run *function* beside the others."""

        def work() -> None:
            _here.inside = _here.worker = self
            try:
                function(*args, **kwargs)
            except Stopped:
                pass  # as it was asked to
            except BaseException as error:  # raised again by the block's end
                self._failures.append(error)
                self.stop()
            finally:
                self._count(-1)

        if self._bell is None:
            self._bell = socket.socketpair()
        thread = threading.Thread(target=work, name="crew", daemon=True)
        self._count(1)
        try:
            thread.start()
        except BaseException:
            self._count(-1)
            raise
        self._threads.append(thread)

    def _count(self, change: int) -> None:
        with self._ended:
            self._running += change
            self._ended.notify_all()

    def stop(self) -> None:
        """Ask all workers to stop."""
        self._stop.set()
        with self._lock:
            waiting, inner = list(self._waiting), list(self._inner)
            if self._bell is not None:
                self._bell[1].send(b"!")  # never read: it wakes every wait from now on
        for condition in waiting:
            with condition:
                condition.notify_all()
        for crew in inner:
            crew.stop()

    def check(self) -> None:
        """Raise `Stopped` if the workers are asked to stop."""
        if self._stop.is_set():
            raise Stopped

    def fileno(self) -> int:
        """A descriptor that can be read once the workers are asked to stop."""
        return -1 if self._bell is None else self._bell[0].fileno()

    def sleep(self, seconds: float) -> None:
        """Wait *seconds*, unless the workers are asked to stop."""
        self._stop.wait(seconds)
        self.check()

    def wait(self, condition: threading.Condition) -> None:
        """Wait for *condition*, which is held, unless the workers are asked to stop."""
        with self._lock:
            self._waiting.append(condition)
        try:
            self.check()
            condition.wait()
            self.check()
        finally:
            with self._lock:
                self._waiting.remove(condition)

    def __enter__(self) -> Crew:
        self._outer, _here.inside = _here.inside, self
        if _here.worker is not None:
            _here.worker._adopt(self)
        return self

    def _adopt(self, crew: Crew) -> None:
        """A worker of ours has a crew of its own, which stops when ours does."""
        with self._lock:
            self._inner.append(crew)
        if self.stopped:
            crew.stop()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        _here.inside = self._outer
        try:
            if error is not None:
                self.stop()
            self._join()
        finally:
            self._let_go()
        if error is not None and not isinstance(error, Stopped):
            _note(error, self._failures)
            return
        self._raise_failure()
        if _here.worker is not None:
            _here.worker.check()  # the work here may have been cut short

    def _join(self) -> None:
        """Wait for all; Ctrl-C makes them stop."""
        try:
            self._all_ended()
        except BaseException:
            self.stop()
            self._all_ended()
            raise

    def _all_ended(self) -> None:
        # counted here: a join() that Ctrl-C has interrupted takes the thread for ended (Python
        # up to 3.12)
        with self._ended:
            while self._running:
                self._ended.wait()
        for thread in self._threads:
            thread.join()

    def _let_go(self) -> None:
        with self._lock:
            bell, self._bell = self._bell, None
        for end in bell or ():
            end.close()

    def _raise_failure(self) -> None:
        if self._failures:
            first, *others = self._failures
            _note(first, others)
            raise first


class Channel(Generic[T]):
    """A queue between workers that holds at most *room* things, and has an end.

    Args:
        room: things that are held before `put` waits.

    Example:
        >>> numbers = Channel(8)
        >>> numbers.put(1); numbers.put(2)
        >>> numbers.close()
        >>> list(numbers)
        [1, 2]
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._things: deque[T] = deque()
        self._closed = False
        self._change = threading.Condition()

    def put(self, thing: T) -> None:
        """Add *thing*; waits while the channel is full.

        Raises:
            UsageError: the channel is closed.
        """
        with self._change:
            while len(self._things) >= self._room and not self._closed:
                _wait(self._change)
            if self._closed:
                raise UsageError("a channel that is closed takes no more")
            self._things.append(thing)
            self._change.notify_all()

    def push(self, thing: T) -> None:
        """Add *thing* at once, however full the channel is; nothing where it is closed."""
        with self._change:
            if not self._closed:
                self._things.append(thing)
                self._change.notify_all()

    def get(self) -> T:
        """The next thing; waits for it.

        Raises:
            StopIteration: the channel is closed, and empty.
        """
        with self._change:
            while not self._things and not self._closed:
                _wait(self._change)
            if not self._things:
                raise StopIteration
            thing = self._things.popleft()
            self._change.notify_all()
            return thing

    def close(self) -> None:
        """No more will come; what is in the channel can still be taken."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        return self.get()


class Limit:
    """At most *count* at once: a with block that waits for its turn."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._change = threading.Condition()

    def __enter__(self) -> None:
        with self._change:
            while self._free <= 0:
                _wait(self._change)
            self._free -= 1

    def __exit__(self, *exc: object) -> None:
        with self._change:
            self._free += 1
            self._change.notify()


def _wait(condition: threading.Condition) -> None:
    crew = _here.inside
    if crew is None:
        condition.wait()
    else:
        crew.wait(condition)


def _note(error: BaseException, others: list[BaseException]) -> None:
    """Say in *error* what else went wrong."""
    for other in others:
        error.add_note(f"another worker failed too: {type(other).__name__}: {other}")
