# A conversation (its twin link_sync.py is generated): the stream of an SSH channel.
"""A link: the stream of an SSH subsystem or command.

The stream is one end of a socket pair whose other end an ssh program has as its standard input and
output (or asyncssh, in a thread of its own). What is sent before the log-in is done waits in the
pair, so opening a link costs no round trip of its own. What goes wrong, wherever, is raised by the
first `receive` or `send` that notices.
"""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import BinaryIO, TypeVar

from ..errors import ConnectionLost, TimedOut
from ..timing import NEVER, Deadline
from ..transport import disk_async
from ..transport.clock_async import now
from ..transport.connector_async import AsyncConnector
from ..transport.socket_async import AsyncSocketStream
from ..transport.sockets import READ
from ..types import Peer
from .launch import (
    SSH_PORT,
    Partner,
    Password,
    backend_for,
    goal_for,
    library,
    prefers_gcm,
    taken_over,
    with_known_keys,
)
from .program import Program
from .prompts import Prompts
from .types import SSHOptions

__all__ = ["AsyncLink", "open_link"]

T = TypeVar("T")

_GRACE = 2.0
"""Seconds that ssh has to pass on what was sent before the link was closed; nobody waits for it."""


class AsyncLink(AsyncSocketStream):
    """The stream of a subsystem or command at the other end of an SSH connection.

    Args:
        sock: our end of the socket pair.
        partner: what is behind the other end.
    """

    def __init__(self, sock: socket.socket, partner: Partner) -> None:
        super().__init__(sock, partner.goal.host)
        self._partner = partner
        self._is_over = False
        self._error: BaseException | None = None
        self.rename(partner.goal.host, partner.goal.port or SSH_PORT)

    @property
    def peer(self) -> Peer:
        """The server, as far as ssh tells."""
        goal, said = self._partner.goal, self._partner.said
        return Peer(goal.host, goal.address or said.address, goal.port or SSH_PORT)

    @property
    def latency(self) -> float:
        """Seconds that ssh's TCP handshake took; 0 where it went another way."""
        return self._partner.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        pass  # ssh connects, not we

    @property
    def software(self) -> str:
        """What the SSH server says it is."""
        return self._partner.said.software

    @property
    def exit_status(self) -> int | None:
        """The command's exit status, once it has ended."""
        return self._partner.status

    async def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of *data*."""
        try:
            await super().send(data)
        except ConnectionLost as lost:
            await self._finish(lost)
            raise

    async def receive(self, limit: int = READ) -> bytes:
        """At most *limit* bytes, at least one; ``b""`` at the end."""
        try:
            data = await super().receive(limit)
        except ConnectionLost as lost:
            return await self._ended(lost, b"")
        return data or await self._ended(None, b"")

    async def receive_into(self, buffer: memoryview) -> int:
        """Fill the front of *buffer*; return how many bytes came, 0 at the end."""
        try:
            count = await super().receive_into(buffer)
        except ConnectionLost as lost:
            return await self._ended(lost, 0)
        return count or await self._ended(None, 0)

    async def receive_file(self, file: BinaryIO, count: int) -> int:
        """Write what has come to *file*."""
        try:
            size = await super().receive_file(file, count)
        except ConnectionLost as lost:
            return await self._ended(lost, 0)
        return size or await self._ended(None, 0)

    def close_now(self) -> None:
        """Close at once; ssh passes on what was sent, ends, and is reaped by its thread."""
        super().close_now()
        self._partner.close(_GRACE if self.sent and not self.broken else 0.0)

    async def _ended(self, lost: ConnectionLost | None, nothing: T) -> T:
        """The end: *nothing* if all went well; a reset only says that it left words unread."""
        if lost is not None and self._closed:
            raise lost
        await self._finish(lost)
        self.ended = True
        return nothing

    async def _finish(self, cause: ConnectionLost | None = None) -> None:
        """The connection has ended: raise what went wrong, if something did."""
        if not self._is_over and not self._closed:
            self._error = await disk_async.call(self._partner.finish)
            self._is_over = True
        if self._error is not None:
            self.broken = True
            raise self._error from cause

    def _failure(self, error: OSError | ValueError, doing: str) -> OSError:
        if isinstance(error, TimeoutError) and not self.received:
            return TimedOut(
                f"{self._where}: no answer in time while {self._partner.said.stage}",
                hint="the server is slow or the network drops packets; timeout= gives it longer")
        return super()._failure(error, doing)


async def open_link(
    host: str,
    *,
    port: int | None = None,
    user: str | None = None,
    password: Password = None,
    subsystem: str | None = "sftp",
    command: str | None = None,
    options: SSHOptions | None = None,
    deadline: Deadline = NEVER,
    connector: AsyncConnector | None = None,
) -> AsyncLink:
    """The stream of a subsystem or command on *host*.

    Args:
        host: a name, an address, or an alias of the user's ssh configuration.
        port: instead of the configuration's, or 22.
        user: instead of the configuration's, or one's own name.
        password: a string, or a function that is called when it is asked for.
        subsystem: what to start at the other end.
        command: what to run there instead.
        options: how the connection is made.
        deadline: of the connection, and of the stream until it is given another.
        connector: says from where, and by way of which proxy.

    Raises:
        UsageError: a word could be taken for an option, or no SSH is installed.
        NetworkError: the proxy's, where there is one; else the stream's first operation raises it.
    """
    options = with_known_keys(host, options or SSHOptions())
    prompts = Prompts(password, options)
    goal = goal_for(
        host, port, user, subsystem, command, timeout=deadline.remaining(now=now()),
        family=connector.family if connector else 0,
        source=connector.source_address if connector else None)
    goal = replace(goal, prompts=prompts.any, password_first=prompts.password_at_hand,
                   fast=prefers_gcm(None if options.config is None else str(options.config)))
    if backend_for(options) == "asyncssh":
        return _linked(library(goal, options, prompts, connector), deadline)
    passed = None
    if connector is not None and type(connector) is not AsyncConnector:
        stream = await connector.connect(host, port or SSH_PORT, deadline=deadline)
        try:
            passed = taken_over(stream)
        finally:
            await stream.aclose()
    return _linked(Program(goal, options, prompts, passed), deadline)


def _linked(partner: Partner, deadline: Deadline) -> AsyncLink:
    link = AsyncLink(partner.start(), partner)
    link.deadline = deadline
    return link
