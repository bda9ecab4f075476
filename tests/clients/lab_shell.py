"""Commands of the lab's shell that are coroutines, whichever side the test is written for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from postel import lab

__all__ = ["killing"]


def killing(there: lab.Lab) -> Callable[[Any], Awaitable[None]]:
    """A command that cuts the connection it is run over, once the session has surely begun."""
    async def kill(call: Any) -> None:
        await call.write(b"going")
        for connection in list(there.ssh.server.alive):
            connection.abort()

    return kill
