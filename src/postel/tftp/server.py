"""The lab's TFTP server: one socket for requests, and one for each transfer.

Service code, over any served tree. Names are seen from the tree's root and never leave it: they
are resolved as text, and links are not followed. Transfers at once are limited, and a request that
comes again while its first answer is under way is not a second transfer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass, field

from ..errors import PostelError, ProtocolError
from ..serving.files import ServedFiles
from ..serving.server import Watcher
from ..transport.datagrams import listen_datagrams
from ..transport.ready_async import hang_up, wait_ready
from .exchange import Address
from .options import Limits
from .server_faults import TFTPFaults
from .server_transfer import ServedTransfer
from .wire import Error, Request, parse

__all__ = ["MOST_TRANSFERS", "TFTPOptions", "TFTPServer"]

MOST_TRANSFERS = 200
"""Transfers at once; who asks for more is told that the server is busy."""


@dataclass
class TFTPOptions:
    """How the server behaves.

    Args:
        limits: what it grants of the options that clients ask for.
        options: whether it knows options at all (RFC 2347).
        overwrite: whether files may be replaced.
        restart: the block number after 65,535: 0, or 1 as some have it.
        tries: repetitions before a client is given up.
    """

    limits: Limits = field(default_factory=Limits)
    options: bool = True
    overwrite: bool = True
    restart: int = 0
    tries: int = 6


class TFTPServer:
    """Serves files by name.

    Args:
        files: what is served.
        options: how it behaves; may be changed at any time.
        host: address to listen on.
        port: 0 takes a free one.
        faults: what to do wrong, and when.
        watcher: told of requests and ends.

    Attributes:
        transfers: how many there have been.
    """

    name = "tftp"

    def __init__(
        self,
        files: ServedFiles,
        options: TFTPOptions | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: TFTPFaults | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self.files, self.options = files, options or TFTPOptions()
        self.host, self.port = host, port
        self.faults = faults or TFTPFaults()
        self.transfers = 0
        self._watcher = watcher
        self._listener: asyncio.Task[None] | None = None
        self._running: dict[Address, tuple[ServedTransfer, asyncio.Task[None]]] = {}

    async def start(self) -> None:
        """Listen; `port` is known from now on."""
        sock = listen_datagrams(self.host, self.port)
        self.port = sock.getsockname()[1]
        self._listener = asyncio.create_task(self._listen(sock), name="tftp listener")

    async def stop(self) -> None:
        """End every transfer."""
        tasks = [task for _, task in self._running.values()]
        tasks += [self._listener] if self._listener is not None else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener = None

    async def _listen(self, sock: socket.socket) -> None:
        with contextlib.closing(sock):
            try:
                while True:
                    await wait_ready(sock.fileno(), write=False, seconds=None)
                    with contextlib.suppress(BlockingIOError, ConnectionError):
                        while True:
                            packet, client = sock.recvfrom(65_535)
                            self._answer(sock, packet, client)
            finally:
                hang_up(sock)

    def _answer(self, sock: socket.socket, packet: bytes, client: Address) -> None:
        try:
            request = parse(packet)
        except ProtocolError:
            return  # noise; no answer, for its sender may be forged
        if not isinstance(request, Request) or self.faults.ignores(packet):
            return
        self._watch("C", str(request))
        transfer, task = self._running.get(client, (None, None))
        if transfer is not None and task is not None:
            if transfer.fresh and transfer.request == request:
                return  # again, because our answer is still under way, or was lost
            task.cancel()
        if len(self._running) >= MOST_TRANSFERS:
            with contextlib.suppress(OSError):
                sock.sendto(Error(0, "busy: too many transfers").encode(), client)
            return
        self._start(request, client)

    def _start(self, request: Request, client: Address) -> None:
        options = self.options
        limits = options.limits if options.options else Limits(only=frozenset())
        self.transfers += 1
        try:
            transfer = ServedTransfer(
                request, client, self.host, self.files, limits=limits, faults=self.faults,
                overwrite=options.overwrite, restart=options.restart, tries=options.tries,
                watch=self._watch)
        except PostelError as error:  # no socket left
            self._watch("*", str(error))
            return
        task = asyncio.create_task(transfer.run(), name=f"tftp {request}")
        self._running[client] = transfer, task
        task.add_done_callback(lambda done: self._ended(client, transfer))

    def _ended(self, client: Address, transfer: ServedTransfer) -> None:
        transfer.close()  # cancelled before it began, its run never did
        if (found := self._running.get(client)) is not None and found[0] is transfer:
            del self._running[client]

    def _watch(self, who: str, text: str) -> None:
        if self._watcher is not None:
            self._watcher(self.name, who, text)
