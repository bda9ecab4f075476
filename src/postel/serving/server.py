"""A server: one listener, one task a connection, an orderly end.

Service code: async only. It runs in the lab's loop (a thread for sync users). A protocol's server
derives from `Server` and says how one connection is served; everything it opens is closed when
the server stops, so a test that starts one leaks no task and no socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import ClassVar

from ..errors import PostelError
from ..secrets import Secret
from ..timing import Deadline
from ..transport.clock_async import now
from ..transport.socket_async import AsyncSocketStream
from ..transport.sockets import listen
from .faults import Faults

__all__ = ["IDLE", "MOST_CONNECTIONS", "Server", "Users", "Watcher"]

MOST_CONNECTIONS = 1_000
"""Connections at once; further ones are closed at once, as a server under attack would."""

IDLE = 600.0
"""Seconds that a client may keep silent (RFC 1939 section 3 and RFC 959 servers: ten minutes)."""

Watcher = Callable[[str, str, str], None]
"""Told of traffic as it happens: the server's name, who spoke ("C", "S", "*"), redacted text."""


class Users:
    """Who may log in. Passwords are secrets even here: they print as ``***``.

    Example:
        >>> users = Users({"alice": "secret"})
        >>> users.check("alice", "secret"), users.check("alice", "Secret"), users.check("eve", "")
        (True, False, False)
    """

    def __init__(self, passwords: dict[str, str]) -> None:
        self._passwords = {name: Secret(value) for name, value in passwords.items()}

    def find(self, name: str) -> Secret | None:
        """The secret of *name*, or None."""
        return self._passwords.get(name)

    def check(self, name: str, password: str) -> bool:
        """Whether *password* is the one of *name*."""
        found = self.find(name)
        return found is not None and found == Secret(password)

    def __iter__(self) -> Iterator[str]:
        return iter(self._passwords)


class Server:
    """Listens on one port and serves each connection in a task of its own.

    Args:
        host: address to listen on.
        port: 0 takes a free one.
        tls: context with the server's certificate, for TLS from the first byte or by upgrade.
        implicit: TLS from the first byte.
        faults: what to do wrong, and when.
        watcher: told of traffic.
        idle: seconds that a client may keep silent.
    """

    name: ClassVar[str] = "server"

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        faults: Faults | None = None,
        watcher: Watcher | None = None,
        idle: float = IDLE,
    ) -> None:
        self.host, self.port = host, port
        self.tls, self.implicit = tls, implicit
        self.faults = faults or Faults()
        self.idle = idle
        self.connections = 0
        self._watcher = watcher
        self._listener: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; `port` is known from now on."""
        sock = listen(self.host, self.port)
        self.port = sock.getsockname()[1]
        self._listener = asyncio.create_task(self._accept(sock), name=f"{self.name} listener")

    async def stop(self) -> None:
        """Close the listener and every connection."""
        tasks = [*self._tasks, *([self._listener] if self._listener else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener = None

    async def serve(self, stream: AsyncSocketStream) -> None:
        """Serve one connection until its end."""
        raise NotImplementedError

    def watch(self, who: str, text: str) -> None:
        """Tell the watcher what was said."""
        if self._watcher is not None:
            self._watcher(self.name, who, text)

    async def _accept(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.closing(sock):
            while True:
                connection, _ = await loop.sock_accept(sock)
                if len(self._tasks) >= MOST_CONNECTIONS:
                    connection.close()
                    continue
                self.connections += 1
                stream = AsyncSocketStream(connection, "client")
                task = asyncio.create_task(self._run(stream), name=f"{self.name} connection")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _run(self, stream: AsyncSocketStream) -> None:
        """Serve, and close whatever happens; a client's misbehaviour is its own affair."""
        try:
            self.allow(stream, self.idle)
            if self.implicit and self.tls is not None:
                await stream.start_tls(self.tls, None, server_side=True)
            await self.serve(stream)
        except (PostelError, OSError) as error:
            self.watch("*", str(error))
        finally:
            stream.close_now()

    def allow(self, stream: AsyncSocketStream, seconds: float) -> None:
        """Let the client keep silent for *seconds* from now."""
        stream.deadline = Deadline.after(seconds, now=now())
