# Hand-written pair with passive_sync.py.
"""Waiting to be called: the listening side of FTP's active mode."""

from __future__ import annotations

from ..errors import TimedOut
from ..timing import Deadline
from .clock_async import now
from .ready_async import wait_ready
from .socket_async import AsyncSocketStream
from .sockets import listen

__all__ = ["AsyncListener"]


_NAMED = 5
"""Addresses that were turned away and are named in the error."""


class AsyncListener:
    """A socket that waits for one connection.

    Args:
        address: local address to listen on.
        host: what the caller is called in errors.
        caller: the only address that may call; "" lets anyone.
    """

    def __init__(self, address: str, host: str, caller: str = "") -> None:
        self._sock = listen(address)
        self._host = host
        self._caller = caller
        self._others: set[str] = set()
        self.port: int = self._sock.getsockname()[1]

    async def accept(self, deadline: Deadline) -> AsyncSocketStream:
        """The first caller; others than the one expected are turned away (RFC 2577).

        Raises:
            TimedOut: nobody called.
        """
        while True:
            try:
                sock, (caller, *_) = self._sock.accept()
            except ConnectionAbortedError:
                continue  # gone before it was heard
            except BlockingIOError:
                await self._wait(deadline)
                continue
            if self._caller and caller != self._caller:
                sock.close()
                if len(self._others) < _NAMED:
                    self._others.add(caller)
                continue
            return AsyncSocketStream(sock, self._host)

    async def _wait(self, deadline: Deadline) -> None:
        left = deadline.remaining(now=now())
        try:
            await wait_ready(self._sock.fileno(), write=False, seconds=left)
        except TimeoutError:
            raise TimedOut(
                f"{self._host}: the server did not call back on port {self.port}"
                + (f"; but {', '.join(sorted(self._others))} did" if self._others else ""),
                hint="active mode needs a way from the server to this machine: behind a router "
                "or firewall use passive mode",
            ) from None

    async def aclose(self) -> None:
        """Stop waiting."""
        self._sock.close()

