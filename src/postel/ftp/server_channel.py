"""The data connection of the lab's FTP server, and the control connection meanwhile.

Service code. A transfer is a task; meanwhile another listens to the control connection. The order
is the one that strict clients and servers agree on: the data connection opens, 150 is sent, only
then TLS begins on it, the bytes pass, close_notify, 226 (RFC 959, 2428, 2577, 4217).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import cast

from ..errors import NetworkError, PostelError, ProtocolError
from ..serving.faults import Fault
from ..serving.files import failed
from ..timing import NEVER
from ..transport.socket_async import AsyncSocketStream
from . import server_data as data
from .server_session import Refused, Session
from .wire import Request

__all__ = ["Channel"]

MOST_WAITING = 10_000
"""Commands that wait for the end of a transfer; further ones wait in the network."""

_AT_ONCE = ("NOOP", "STAT")
_OPENINGS = ("EPSV", "PASV", "PORT", "EPRT")


class Channel(Session):
    """How a data connection is agreed on, and what passes while it lives."""

    opening: data.Opening | None = None
    mover: asyncio.Task[None] | None = None
    moving: AsyncSocketStream | None = None
    only_epsv = False
    private = False

    def reset(self) -> None:
        """Nothing is agreed about data."""
        super().reset()
        self.private = self.server.implicit
        self.drop_opening()

    # -- how the data connection is made ---------------------------------------------------

    def drop_opening(self) -> None:
        """Forget what was agreed."""
        if self.opening is not None:
            self.opening.close()
            self.opening = None

    def listen(self) -> int:
        """Wait for the client on a fresh port; return it."""
        self.drop_opening()
        self.opening = passive = data.Passive(self.address, self.stream.peer.address)
        return passive.port

    async def do_epsv(self, request: Request) -> None:
        """RFC 2428 section 3."""
        argument = request.argument.strip().upper()
        mine = "2" if ":" in self.address else "1"
        if argument == "ALL":
            self.only_epsv = True
            self.say(200, "only EPSV from now on")
            return
        if argument not in ("", mine):
            raise Refused(522, f"that network protocol is not served, use ({mine})")
        number = self.listen()
        if self.has("EPSV closed port"):
            self.drop_opening()
        self.say(229, f"Entering extended passive mode (|||{number}|)")

    async def do_pasv(self, request: Request) -> None:
        """RFC 959 section 4.1.2."""
        self.classic()
        if ":" in self.address:
            raise Refused(425, "PASV is for IPv4; use EPSV")
        number = self.listen()
        address = (self.options.pasv_address or self.address).replace(".", ",")
        self.say(227, f"Entering passive mode ({address},{number // 256},{number % 256})")

    async def do_port(self, request: Request) -> None:
        """RFC 959 section 4.1.2."""
        self.classic()
        self.connect_to(data.port(request.argument))

    async def do_eprt(self, request: Request) -> None:
        """RFC 2428 section 2."""
        self.classic()
        self.connect_to(data.eprt(request.argument))

    def classic(self) -> None:
        """Refuse what EPSV ALL has ruled out."""
        if self.only_epsv:
            raise Refused(501, "you said EPSV ALL")

    def connect_to(self, place: tuple[str, int] | None) -> None:
        """Agree on active mode; to the client's own address and no privileged port (RFC 2577)."""
        if place is None:
            raise Refused(501, "that is no address")
        if place[0] != self.stream.peer.address or place[1] < 1024:
            raise Refused(500, "data go to your own address only")
        self.drop_opening()
        self.opening = data.Active(*place)
        self.say(200, "data go there")

    # -- the transfer itself ---------------------------------------------------------------

    async def transfer(
        self, text: str, work: Callable[[AsyncSocketStream], Awaitable[None]]
    ) -> None:
        """Run *work* on a data connection while the control connection is heard."""
        if self.opening is None:
            raise Refused(425, "EPSV or PASV first")
        if not self.private and not self.options.allow_clear:
            raise Refused(521, "data must be protected: PROT P first")
        await self.flush()  # the client connects when it has read where to
        self.mover = mover = asyncio.create_task(self._move(text, work))
        listener = asyncio.create_task(self._listen(mover))
        try:
            await asyncio.wait((mover,))
            async with self.sending:  # a reply that is half sent must go out whole
                listener.cancel()
        finally:
            self.mover = self.moving = None
            for task in (mover, listener):
                task.cancel()
            await asyncio.gather(mover, listener, return_exceptions=True)
        self._conclude(mover)

    async def _move(
        self, text: str, work: Callable[[AsyncSocketStream], Awaitable[None]]
    ) -> None:
        opening, self.opening = self.opening, None
        stream = AsyncSocketStream(await self._opened(opening), "client")
        self.moving = stream
        self.server.allow(stream, self.options.data_wait)
        try:
            self.say(150, text)
            if self.has("226 early"):
                self.say(226, "done")
            await self.flush()
            if self.private:
                await self._protect(stream)
            pulse = asyncio.create_task(self._keep_alive(stream))
            try:
                await work(stream)
            finally:
                pulse.cancel()
        except BaseException:
            stream.broken = True  # no close_notify: what was sent is not all
            raise
        finally:
            stream.broken |= self.fault is not None and not self.fault.notify
            stream.close_now()

    async def _opened(self, opening: data.Opening | None) -> socket.socket:
        try:
            async with asyncio.timeout(self.options.data_wait):
                if opening is None:
                    raise failed(0)
                return await opening.open()
        except OSError:
            raise Refused(425, "the data connection did not open") from None
        finally:
            if opening is not None:
                opening.close()

    async def _protect(self, stream: AsyncSocketStream) -> None:
        """TLS on the data connection, resumed from the control connection's (RFC 4217 10.2)."""
        if self.server.tls is None:
            raise Refused(431, "no TLS to be had")
        try:
            context = cast("ssl.SSLContext", data.WithoutTickets(self.server.tls))
            await stream.start_tls(context, None, server_side=True)
        except NetworkError as error:
            raise Refused(522, f"no TLS on the data connection: {error}") from None
        if self.options.require_reuse and not stream.tls_resumed:
            raise Refused(522, "the data connection must resume the control connection's session")

    async def _keep_alive(self, stream: AsyncSocketStream) -> None:
        """Give a transfer more time as long as it moves."""
        moved = -1
        while moved != (moved := stream.sent + stream.received):
            self.server.allow(stream, self.options.data_wait * 2)
            await asyncio.sleep(self.options.data_wait)

    def _conclude(self, mover: asyncio.Task[None]) -> None:
        """The last word on a transfer."""
        error = None if mover.cancelled() else mover.exception()
        fault = self.fault
        if fault is not None and fault.cut is not None:
            self._conclude_cut(fault)
        elif self.has("226 early") and not isinstance(error, Refused):
            return
        elif mover.cancelled():
            self.say(426, "the transfer was ended")
        elif error is None:
            self.say(250 if self.has("code 250 instead of 226") else 226, "Transfer complete")
        elif isinstance(error, NetworkError):
            self.say(426, "the data connection was lost")
        else:
            raise error

    def _conclude_cut(self, fault: Fault) -> None:
        if not fault.silent and fault.reply is None:
            self.say(426, "the data connection was lost")
        elif not fault.silent and fault.reply is not None:
            self.put(fault.reply + b"\r\n")
        self.ended |= fault.close

    # -- commands that come meanwhile ------------------------------------------------------

    async def _listen(self, mover: asyncio.Task[None]) -> None:
        """Hear what comes during a transfer; what came along with its command keeps its turn."""
        try:
            while (request := self.wire.next_request()) is not None:
                self._put_off(request, mover)
            while len(self.queue) < MOST_WAITING:
                self.stream.deadline = NEVER
                if not (received := await self.stream.receive()):
                    return
                self.wire.feed(received)
                while (request := self.wire.next_request()) is not None:
                    await self._meanwhile(request, mover)
                await self.flush()
        except ProtocolError as error:
            self.say(500, str(error))
            self.ended = True
        except PostelError:
            return  # the client has gone: the next read of the session finds out

    async def _meanwhile(self, request: Request, mover: asyncio.Task[None]) -> None:
        verb = request.verb
        if verb == "NOOP" and self.has("NOOP 500 during transfer"):
            self.say(500, "not now")
        elif verb in _AT_ONCE:
            await self._in_between(request)
        elif verb == "ABOR":
            mover.cancel()
            self.queue.append(request)
        elif self.has("pure-ftpd"):
            self.say(500, "?")
        else:
            self._put_off(request, mover)

    async def _in_between(self, request: Request) -> None:
        """Answer, and leave the transfer's own fault alone."""
        fault = self.fault
        try:
            await self.obey(request)
        finally:
            self.fault = fault

    def _put_off(self, request: Request, mover: asyncio.Task[None]) -> None:
        self.queue.append(request)
        if request.verb in _OPENINGS and self.has("one listener"):
            mover.cancel()  # as if the new agreement had closed the old one

    async def do_abor(self, request: Request) -> None:
        """By now the transfer, if there was one, has had its 426."""
        self.drop_opening()
        self.say(226, "nothing moves")
