# Hand-written pair with dial_sync.py.
"""What the connector needs of the asyncio side: names, and many connects awaited at once."""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
from collections.abc import Callable, Collection
from typing import Any

from .names import Address, Resolver
from .ready_async import wait_ready

__all__ = ["connected", "look_up"]

_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)  # as in ready_sync.py


async def look_up(
    resolver: Resolver, host: str, port: int, seconds: float | None
) -> list[Address]:
    """Ask *resolver* in a thread of its own.

    The loop's pool would not do: the program could not end before its threads do, and a few dead
    name servers would leave none for anyone else.

    Raises:
        TimeoutError: *seconds* passed.
        OSError: what the resolver raised.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Address]] = loop.create_future()

    def ask() -> None:
        try:
            tell(answer.set_result, resolver(host, port))
        except BaseException as error:  # handed over to the caller
            tell(answer.set_exception, error)

    def tell(step: Callable[[Any], None], value: object) -> None:
        def deliver() -> None:
            if not answer.done():
                step(value)

        try:
            loop.call_soon_threadsafe(deliver)
        except RuntimeError:
            pass  # nobody has waited: the loop is closed

    threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
    return await asyncio.wait_for(answer, seconds)


async def connected(
    sockets: Collection[socket.socket], seconds: float | None
) -> list[socket.socket]:
    """Those whose connect has come to an end (well or not), after at most *seconds*."""
    if ready := _at_once(sockets):
        return ready
    waits = {asyncio.ensure_future(wait_ready(sock.fileno(), write=True, seconds=None)): sock
             for sock in sockets}
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds,
                                     return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    return [waits[wait] for wait in done]


def _at_once(sockets: Collection[socket.socket]) -> list[socket.socket]:
    """Those that need no waiting: on this machine a connect is done when it is asked for."""
    with _Selector() as selector:
        for sock in sockets:
            selector.register(sock, selectors.EVENT_WRITE, sock)
        return [key.data for key, _ in selector.select(0)]
