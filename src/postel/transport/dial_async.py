# Hand-written pair with dial_sync.py.
"""What the connector needs of the asyncio side: names, and many connects awaited at once."""

from __future__ import annotations

import asyncio
import selectors
import socket
from collections.abc import Collection

from .names import Address, Resolver
from .ready_async import wait_ready

__all__ = ["connected", "look_up"]

_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)  # as in ready_sync.py


async def look_up(
    resolver: Resolver, host: str, port: int, seconds: float | None
) -> list[Address]:
    """Ask *resolver* in a thread of the loop's pool.

    Raises:
        TimeoutError: *seconds* passed.
        OSError: what the resolver raised.
    """
    loop = asyncio.get_running_loop()
    return await asyncio.wait_for(loop.run_in_executor(None, resolver, host, port), seconds)


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
