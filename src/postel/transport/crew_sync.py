# Hand-written pair with crew_async.py.
"""Several things at once, on the blocking side: threads.

The first failure is raised when the block is left; the others are asked to stop, which a worker
notices at its next `Crew.stopped`, or when its connection is closed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import ParamSpec

__all__ = ["Crew", "Limit"]

P = ParamSpec("P")


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
        self._failures: list[BaseException] = []
        self._stop = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether a worker has failed, so that the others need not go on."""
        return self._stop.is_set()

    def start(
        self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Run *function* beside the others."""

        def work() -> None:
            try:
                function(*args, **kwargs)
            except BaseException as error:  # raised again by the block's end
                self._failures.append(error)
                self._stop.set()

        thread = threading.Thread(target=work, name="crew", daemon=True)
        self._threads.append(thread)
        thread.start()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self._stop.set()
        for thread in self._threads:
            thread.join()
        if error is None and self._failures:
            raise self._failures[0]


class Limit:
    """At most *count* at once: a with block that waits for its turn."""

    def __init__(self, count: int) -> None:
        self._turns = threading.BoundedSemaphore(count)

    def __enter__(self) -> None:
        self._turns.acquire()

    def __exit__(self, *exc: object) -> None:
        self._turns.release()
