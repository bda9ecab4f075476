# Hand-written pair with ready_async.py.
"""Waiting for a descriptor, on the blocking side: by poll(2).

A thread that works for a crew waits for the crew's end too: it cannot be cancelled from outside.
"""

from __future__ import annotations

import selectors
import socket
import threading

from .crew_sync import worker_of

__all__ = ["Selector", "Turn", "breathe", "hang_up", "wait_ready"]

# poll(2) needs no descriptor of its own: for one or two sockets it is cheaper than epoll, and
# unlike select(2) it knows descriptors above 1023
Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)

Turn = threading.Lock
"""One thread at a time in a TLS connection: OpenSSL's SSL objects are not safe for two at once, and
those of older Pythons have no lock of their own."""

_waiting: list[int] = []
"""The descriptors that threads wait for now."""


def wait_ready(fd: int, *, write: bool, seconds: float | None) -> None:
    """Wait until the descriptor can be read (or written).

    Raises:
        TimeoutError: *seconds* passed.
        Stopped: the crew that this thread works for stops.
    """
    crew = worker_of()
    _waiting.append(fd)
    try:
        with Selector() as selector:
            selector.register(fd, selectors.EVENT_WRITE if write else selectors.EVENT_READ)
            if crew is not None:
                selector.register(crew, selectors.EVENT_READ)
            if not selector.select(seconds):
                raise TimeoutError
    finally:
        _waiting.remove(fd)
    if crew is not None:
        crew.check()


def hang_up(sock: socket.socket) -> None:
    """Wake whoever waits for *sock*, which is about to be closed: poll(2) does not see a close.

    Only then, for it changes what the other side sees: ProFTPD, for one, ends the session when a
    download that is given up ends with FIN and not with RST.
    """
    if sock.fileno() not in _waiting:
        return
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        pass  # it is not connected any more


def breathe() -> None:
    """Let the crew, if this thread works for one, say that it stops."""
    crew = worker_of()
    if crew is not None:
        crew.check()
