"""One transfer of the lab's TFTP server: a socket of its own, a file, and the exchange between."""

from __future__ import annotations

import asyncio
import errno
import itertools
import socket
from collections.abc import Callable
from typing import BinaryIO

from ..errors import PostelError
from ..serving.files import ServedFiles, failed
from ..transport.clock_async import now
from ..transport.datagram_async import AsyncDatagrams
from ..transport.names import Address
from . import netascii
from .blocks import Receiver, Sender
from .exchange import Address as Place
from .exchange import Service
from .options import Limits, answer
from .refusals import error_for
from .retransmission import Patience
from .server_faults import TFTPFaults
from .types import Terms
from .wire import LONGEST_REQUEST, Error, Request, known_mode

__all__ = ["ServedTransfer"]

_numbers = itertools.count(1)

_LINGER = 1.0
"""Seconds that a server answers repetitions of the last block (RFC 1350 section 6, "dallying")."""


class ServedTransfer:
    """Serves one request.

    Args:
        request: what was asked for.
        client: by whom.
        host: the address to answer from.
        files: what is served.
        limits: what is granted.
        faults: what to do wrong.
        overwrite: whether files may be replaced.
        restart: the block number after 65,535.
        tries: repetitions before the client is given up.
        watch: told of what is said.
    """

    def __init__(
        self,
        request: Request,
        client: Place,
        host: str,
        files: ServedFiles,
        *,
        limits: Limits,
        faults: TFTPFaults,
        overwrite: bool,
        restart: int,
        tries: int,
        watch: Callable[[str, str], None],
    ) -> None:
        self.request, self.client = request, client
        self._files, self._limits, self._faults = files, limits, faults
        self._overwrite, self._restart, self._tries = overwrite, restart, tries
        self._watch = watch
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._datagrams = AsyncDatagrams(Address(family, client), host)
        self._other: AsyncDatagrams | None = None
        self._host, self._family = host, family
        self._service: Service | None = None
        self._late: set[asyncio.TimerHandle] = set()
        self._text = request.mode == "netascii"

    @property
    def fresh(self) -> bool:
        """Whether the client has not answered yet: the same request again is a repetition."""
        return self._service is None or not self._service.moving

    async def run(self) -> None:
        """Serve it until its end, and close whatever happens."""
        try:
            if known_mode(self.request.mode) is None:
                await self._refuse(Error(4, f"mode {self.request.mode} is not known"))
            elif self.request.write:
                await self._take()
            else:
                await self._give()
        except OSError as error:
            if isinstance(error, PostelError):
                self._watch("*", str(error))
            else:
                await self._refuse(error_for(error))
        except PostelError as error:
            self._watch("*", str(error))
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the sockets."""
        for timer in self._late:
            timer.cancel()
        self._datagrams.close_now()
        if self._other is not None:
            self._other.close_now()

    # -- reading -----------------------------------------------------------------------------

    async def _give(self) -> None:
        path = "/" + self.request.name
        found = self._files.stat(path)
        with self._files.open(path) as file:
            size = None if self._text else found.size
            service = self._begin(Sender(self._restart), size)
            sender = service.mover
            while not service.finished:
                if isinstance(sender, Sender):
                    self._fill(service, sender, file)
                await self._step(service)
        self._watch("*", f"{self.request.name}: {service.mover.total:,} bytes sent")

    def _fill(self, service: Service, sender: Sender, file: BinaryIO) -> None:
        while count := sender.wants:
            data = file.read(count)
            if not data:
                service.end(now=now())
                return
            service.feed(netascii.encode(data) if self._text else data, now=now())

    # -- writing -----------------------------------------------------------------------------

    async def _take(self) -> None:
        """Into a file of another name, which gets the right one when it is whole."""
        name = "/" + self.request.name
        self._may_write(name)
        folder, _, last = name.rpartition("/")
        place = f"{folder}/.{last[:200]}.{next(_numbers)}.part"
        file = self._files.create(place)
        whole = False
        try:
            service = self._begin(Receiver(), None)
            if (service.terms.size or 0) > self._files.free():
                raise failed(errno.ENOSPC)
            while not service.finished:
                await self._step(service, into=file)
            file.close()
            self._files.rename(place, name)
            whole = True
        finally:
            if not whole:
                file.close()
                self._files.remove(place)
        await self._linger(service)
        self._watch("*", f"{self.request.name}: {service.mover.total:,} bytes received")

    def _may_write(self, name: str) -> None:
        if not self._files.writable:
            raise failed(errno.EROFS)
        try:
            found = self._files.stat(name)
        except FileNotFoundError:
            return
        if found.is_folder:
            raise failed(errno.EISDIR)
        if not self._overwrite:
            raise failed(errno.EEXIST)

    async def _linger(self, service: Service) -> None:
        """Say the last acknowledgement again to a client that has not heard it."""
        await self._post(service)
        end = now() + max(_LINGER, 2 * service.patience.interval)
        while (left := end - now()) > 0:
            for packet, source in await self._datagrams.receive(left):
                service.receive(packet, source, now=now())
            await self._post(service)

    # -- both --------------------------------------------------------------------------------

    def _begin(self, mover: Sender | Receiver, size: int | None) -> Service:
        request = self.request
        told, terms = answer(request.options, self._limits, size=size, write=request.write)
        if self._text and request.write:
            told.pop("tsize", None)  # on the way the text has another length
            terms = Terms(terms.block_size, terms.window, None, terms.interval)
        patience = Patience(tries=self._tries)
        self._service = service = Service(
            mover, f"serve {request.name}", self.client, terms=terms, told=told, patience=patience)
        self._datagrams.largest = max(terms.block_size + 5, LONGEST_REQUEST)
        self._decoder = netascii.Decoder() if self._text and request.write else None
        service.start(now=now())
        return service

    async def _step(self, service: Service, *, into: BinaryIO | None = None) -> None:
        """Send what is due, take what comes; what is written is on disk before it is confirmed."""
        await self._post(service)
        due = service.due
        seconds = None if due is None else max(0.0, due - now())
        packets = await self._datagrams.receive(seconds)
        moment = now()
        try:
            for packet, source in packets:
                if not self._faults.ignores(packet):
                    service.receive(packet, source, now=moment)
            service.tick(now=moment)
            if into is not None and isinstance(service.mover, Receiver):
                self._store(service.mover, into)
        except OSError as error:
            if not isinstance(error, PostelError):
                service.out.clear()  # no acknowledgement of what could not be kept
            raise
        finally:
            if service.failed is not None:
                await self._post(service)

    def _store(self, mover: Receiver, file: BinaryIO) -> None:
        data = b"".join(mover.take_chunks())
        if self._decoder is not None:
            data = self._decoder.feed(data) + (self._decoder.end() if mover.complete else b"")
        file.write(data)
        if mover.complete:
            file.close()  # a full disk may show only now

    async def _refuse(self, error: Error) -> None:
        self._watch("S", str(error))
        await self._send(error.encode(), self.client)

    async def _post(self, service: Service) -> None:
        out, service.out = service.out, []
        for packet, to in out:
            await self._send(packet, to)

    async def _send(self, packet: bytes, to: Place) -> None:
        if not self._faults.script and not self._faults.loss:
            await self._datagrams.send(packet, to)
            return
        for sending in self._faults.sendings(packet):
            if sending.stranger:
                if self._other is None:
                    self._other = AsyncDatagrams(Address(self._family, to), self._host)
                await self._other.send(sending.packet, to)
            elif sending.after:
                loop = asyncio.get_running_loop()
                self._late.add(loop.call_later(sending.after, self._send_late, sending.packet, to))
            else:
                await self._datagrams.send(sending.packet, to)

    def _send_late(self, packet: bytes, to: Place) -> None:
        self._datagrams.send_now(packet, to)
