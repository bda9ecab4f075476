# Hand-written pair with dial_async.py.
"""What the connector needs of the blocking side: names, and many connects awaited at once."""

from __future__ import annotations

import queue
import selectors
import socket
import threading
from collections.abc import Collection

from .crew_sync import worker_of
from .names import Address, Resolver
from .ready_sync import Selector

__all__ = ["connected", "look_up"]


def look_up(resolver: Resolver, host: str, port: int, seconds: float | None) -> list[Address]:
    """Ask *resolver* in a thread, so that a dead name server cannot outlast the deadline.

    Raises:
        TimeoutError: *seconds* passed.
        OSError: what the resolver raised.
    """
    answers: queue.SimpleQueue[list[Address] | BaseException] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolver(host, port))
        except BaseException as error:  # handed over to the caller below
            answers.put(error)

    threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, BaseException):
        raise answer
    return answer


def connected(sockets: Collection[socket.socket], seconds: float | None) -> list[socket.socket]:
    """Those whose connect has come to an end (well or not), after at most *seconds*."""
    crew = worker_of()
    with Selector() as selector:
        for sock in sockets:
            selector.register(sock, selectors.EVENT_WRITE, sock)
        if crew is not None:
            selector.register(crew, selectors.EVENT_READ)
        ready = [key.data for key, _ in selector.select(seconds) if key.data is not None]
    if crew is not None:
        crew.check()
    return ready
