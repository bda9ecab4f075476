# A conversation (its twin transfers_sync.py is generated): FTP's commands that move data.
"""RETR, STOR, APPE, STOU and the listings: with blocks that end well only when all is there."""

from __future__ import annotations

import zlib
from typing import BinaryIO, Self

from ..errors import (
    BusyError,
    ConnectionLost,
    Incomplete,
    NetworkError,
    ReplyError,
    TransferError,
)
from ..session.files_async import AsyncReading, AsyncSink, Watch
from ..timing import Deadline
from ..transport.clock_async import now
from ..transport.stream_async import CHUNK, AsyncStream
from . import replies
from .commands_async import AsyncCommands
from .data_async import AsyncTransfer
from .listings_async import AsyncListing, AsyncNames
from .wire import command, transfer

__all__ = ["AsyncReader", "AsyncTransfers", "AsyncWriter"]

_CUT = (425, 426, 451)
_INFLATED = 16 * CHUNK
"""Bytes that are unpacked at once, however small they came."""


class AsyncTransfers(AsyncCommands):
    """The commands that open a data connection."""

    active: bool = False
    """Whether the server connects to us (PORT, EPRT) instead of we to it."""

    largest_listing: int = 1 << 30
    """Bytes of one listing."""

    def retr(self, path: str, *, offset: int = 0, text: bool = False) -> AsyncReader:
        """A file as it comes: a with block to iterate over, chunk by chunk.

        The loop ends only when the file is whole: as many bytes as were announced, and the
        server's word that it is done. Leaving early gives the rest up.

        Args:
            path: the file.
            offset: begin after that many bytes (REST).
            text: have the server change line ends to CRLF (TYPE A); sizes mean nothing then.

        Raises:
            NotFound: there is no such file.
            Incomplete: fewer bytes came than were announced, or the connection was cut.

        Example:
            >>> from postel.ftp import AsyncClient
            >>> async with AsyncClient("ftp.example.org") as site:
            ...     async with site.retr("pub/hello.txt") as file:
            ...         b"".join([chunk async for chunk in file])
            b'Hello from the lab.\\n'
        """
        before = (command("REST", str(offset)),) if offset else ()
        asked = transfer("RETR", path, encoding=self.encoding)
        return AsyncReader(AsyncTransfer(self, asked, before), offset, "A" if text else "I")

    def stor(self, path: str, *, offset: int = 0, text: bool = False) -> AsyncWriter:
        """Store a file: a with block with `send`; leaving it confirms that the server has it all.

        Args:
            path: where to.
            offset: keep that many bytes of what is there, and go on after them.
            text: line ends are the server's affair (TYPE A).
        """
        before = (command("REST", str(offset)),) if offset else ()
        asked = transfer("STOR", path, encoding=self.encoding)
        return AsyncWriter(AsyncTransfer(self, asked, before), "A" if text else "I")

    def appe(self, path: str) -> AsyncWriter:
        """Append to a file, as `stor`."""
        return AsyncWriter(AsyncTransfer(self, transfer("APPE", path, encoding=self.encoding)),
                           "I")

    def stou(self) -> AsyncWriter:
        """Store under a name that the server chooses; `AsyncWriter.name` has it afterwards."""
        return AsyncWriter(AsyncTransfer(self, transfer("STOU")), "I")

    async def abor(self, *, timeout: float | None = None) -> None:
        """Stop the transfer that is under way; both its end and ABOR's answer are heard out."""
        waiting, self._unfinished = self._unfinished, None
        try:
            async with self._operation("ABOR", timeout):
                unfinished, waiting = waiting, None
                asked = self._queue(command("ABOR"))
                await self._flush()
                if isinstance(unfinished, AsyncReader | AsyncWriter):
                    await unfinished.abandon()
                elif isinstance(unfinished, AsyncListing | AsyncNames):
                    await unfinished.aclose()
                reply = await self._final(asked)
                if reply.kind != 2:
                    raise self._refusal(asked, reply)
        finally:
            self._unfinished = waiting or self._unfinished

    def nlst(self, path: str = "") -> AsyncNames:
        """The names in a folder: files, folders or both, as the server pleases."""
        return AsyncNames(self, path)

    # -- private ---------------------------------------------------------------------------

    def _listing(self, verb: str, path: str) -> AsyncTransfer:
        return AsyncTransfer(self, transfer(verb, path or None, encoding=self.encoding))

    def _data_deadline(self) -> Deadline:
        """How long the data connection may be silent."""
        return Deadline.after(self.timeout, now=now()) if self._patient else self._deadline

    async def _keep_alive(self) -> None:
        """A NOOP now and then while data flows; its answer is paired by code, whenever it comes."""
        if self._noop_ok and now() - self._spoken > self.keep_alive:
            self._spoken = now()
            self._queue(command("NOOP"))
            await self._flush()


class AsyncReader(AsyncReading):
    """A file on its way here."""

    def __init__(self, transfer: AsyncTransfer, offset: int, type: str) -> None:
        super().__init__(str(transfer.asked))
        self._transfer = transfer
        self._site = transfer.site
        self._offset = offset
        self._type = type
        self._begun = False
        self._inflate = zlib.decompressobj() if self._site._z else None
        self.on_end: list[AsyncTransfer] = []

    async def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        site = self._site
        async with site._operation(self.name):
            if site._type != self._type and self._transfer._passive is None:
                await site._use_type(self._type)
            await self._transfer.begin()
            begun = self._transfer.begun
            if begun is not None and self._type == "I" and self._inflate is None:
                self.expected = replies.announced_size(begun)
        if self._transfer.stream is not None:
            site._unfinished = self

    async def _chunk(self) -> bytes:
        await self._begin()
        site = self._site
        self._release()
        try:
            async with site._operation(self.name):
                data = await self._receive()
                if not data:
                    await self._end()
                return data
        finally:
            self._hold()  # a cancelled wait too: the rest is still to come
        return b""

    async def _receive(self) -> bytes:
        """The next bytes of the file; ``b""`` at the end."""
        stream = self._transfer.stream
        while stream is not None:
            stream.deadline = self._site._data_deadline()
            data = await self._guarded(stream)
            await self._site._keep_alive()
            if self._inflate is None:
                return data
            if plain := self._inflated(data):
                return plain
            if not data:
                return b""
        return b""

    def _inflated(self, data: bytes) -> bytes:
        """What *data* holds, at most `_INFLATED` bytes at once; the rest is asked for next."""
        inflate = self._inflate
        if inflate is None:
            return data
        try:
            return inflate.decompress(inflate.unconsumed_tail + data, _INFLATED)
        except zlib.error as error:
            raise Incomplete(f"{self.name}: what came is no MODE Z: {error}",
                             hint='mode("S") sends it as it is', command=self.name) from error

    async def _guarded(self, stream: AsyncStream) -> bytes:
        try:
            return await stream.receive(CHUNK)
        except ConnectionLost as error:
            raise await self._torn(error) from error

    async def _torn(self, error: NetworkError) -> TransferError:
        """The data connection was cut: what does the server say?"""
        await self._transfer.abandon()
        said = f"; the server says {self._transfer.done}" if self._transfer.done else ""
        return Incomplete(
            f"{self.name}: the data connection was cut after {self.size:,} bytes{said}",
            hint="try again: a resumed download goes on where this one stopped",
            command=self.name)

    async def save(self, file: BinaryIO, watch: Watch) -> int:
        """Write all of it to *file* by large reads; return how many bytes there were."""
        await self._begin()
        if self._inflate is not None or self._transfer.stream is None:
            return await super().save(file, watch)
        site, stream = self._site, self._transfer.stream
        self._release()
        async with site._operation(self.name):
            while True:
                stream.deadline = site._data_deadline()
                try:
                    count = await stream.receive_file(file, CHUNK)
                except ConnectionLost as error:
                    raise await self._torn(error) from error
                if not count:
                    break
                self.size += count
                watch.add(count)
                await site._keep_alive()
            await self._end()
        self._open = False
        return self.size

    async def _end(self) -> None:
        """All that came has come: is it all there is?"""
        transfer, stream = self._transfer, self._transfer.stream
        clean = stream is None or stream.clean
        for following in self.on_end:
            following.ask_ahead()
        await self._site._flush()
        try:
            await transfer.finish()
        except ReplyError as error:
            if error.code in _CUT:
                raise Incomplete(
                    f"{self.name}: cut short after {self.size:,} bytes: the server says "
                    f"{transfer.done}", command=self.name, code=error.code,
                    hint="try again: a resumed download goes on where this one stopped",
                ) from error
            raise
        if self._inflate is not None and self.size and not self._inflate.eof:
            raise Incomplete(f"{self.name}: MODE Z broke off after {self.size:,} bytes",
                             hint="try again", command=self.name)
        self._check(clean)

    def _check(self, clean: bool) -> None:
        """Compare what came with what was announced (150, or the caller's knowledge)."""
        expected = self.expected
        if expected is not None and self.size not in (expected, expected - self._offset):
            raise Incomplete(
                f"{self.name}: {self.size:,} bytes came, {expected:,} were announced, and the "
                "server says that is all",
                hint="the server or something in between cuts transfers short, or the file "
                "changed meanwhile; try again", command=self.name)
        if not clean and expected is None:
            raise Incomplete(
                f"{self.name}: the TLS connection was torn off after {self.size:,} bytes, and "
                "nothing proves that this is all",
                hint="the server ends TLS without close_notify and announces no size",
                command=self.name)

    def _hold(self) -> None:
        if self._open and self._transfer.stream is not None:
            self._site._unfinished = self

    def _release(self) -> None:
        if self._site._unfinished is self:
            self._site._unfinished = None

    async def _let_go(self) -> None:
        await self.abandon()

    async def skip(self) -> None:
        """Where this was asked for ahead and never begun: the server waits for us; hang up."""
        if not self._begun and self._transfer.asked_ahead:
            try:
                await self._begin()
            except ReplyError:
                pass  # so it does not wait
            await self.aclose()

    async def abandon(self) -> None:
        """Give up what is still to come."""
        self._open = False
        self._release()
        if self._begun:
            async with self._site._operation(self.name):
                await self._transfer.abandon()

    async def __aenter__(self) -> Self:
        await self._begin()
        return self


class AsyncWriter(AsyncSink):
    """A file on its way there.

    Attributes:
        size: bytes sent so far.
        name: what the server called it, for `stou`; else the command.
    """

    def __init__(self, transfer: AsyncTransfer, type: str) -> None:
        self._transfer = transfer
        self._site = transfer.site
        self._type = type
        self._deflate = zlib.compressobj() if self._site._z else None
        self.name = str(transfer.asked)
        self.size = 0
        self._open = self._begun = False
        self.on_end: list[AsyncTransfer] = []

    async def begin(self) -> None:
        """Open the transfer."""
        site, self._begun = self._site, True
        async with site._operation(self.name):
            if self._transfer._passive is None:
                await site._use_type(self._type)
            await self._transfer.begin()
        self._open = True
        site._unfinished = self

    async def settle(self) -> None:
        """Refuse: only the one who writes can say when it is done."""
        if self._open:
            raise BusyError(
                f"{self.name} is still being written",
                hint="leave its with block first, or use a second connection",
            )

    async def send(self, data: bytes) -> None:
        """Append *data*."""
        self.size += len(data)
        if self._deflate is not None:
            data = self._deflate.compress(data)
        await self._put(data)

    async def send_file(self, file: BinaryIO, watch: Watch) -> int:
        """Append what is left of *file*, by the kernel where TLS and compression allow it."""
        if self._deflate is not None or self._transfer.stream is None:
            return await super().send_file(file, watch)
        site, stream, before = self._site, self._transfer.stream, self.size
        self._release()
        async with site._operation(self.name):
            while True:
                stream.deadline = site._data_deadline()
                try:
                    count = await stream.send_file(file, 16 * CHUNK)
                except ConnectionLost as error:
                    raise await self._refused(error) from error
                if not count:
                    break
                self.size += count
                watch.add(count)
                await site._keep_alive()
        self._hold()
        return self.size - before

    async def _put(self, data: bytes) -> None:
        site, stream = self._site, self._transfer.stream
        self._release()
        async with site._operation(self.name):
            if stream is not None and data:
                stream.deadline = site._data_deadline()
                try:
                    await stream.send(data)
                except ConnectionLost as error:
                    raise await self._refused(error) from error
            await site._keep_alive()
        self._hold()

    async def _refused(self, error: NetworkError) -> Exception:
        """The server closed the data connection: its reply says why (552, 451, …)."""
        self._open = False
        await self._transfer.abandon()
        done = self._transfer.done
        if done is not None and done.kind in (4, 5) and done.code not in _CUT:
            return self._site._refusal(self._transfer.asked, done)
        return Incomplete(f"{self.name}: the data connection was cut after {self.size:,} bytes"
                          + (f"; the server says {done}" if done else ""), command=self.name)

    async def finish(self) -> None:
        """Say that this is all, and hear the server confirm it.

        Raises:
            ReplyError: the server could not keep it.
        """
        if not self._open:
            return
        if self._deflate is not None:
            await self._put(self._deflate.flush())
        self._open = False
        self._release()
        try:
            await self._confirm()
        finally:
            await self._transfer.close()

    async def _confirm(self) -> None:
        site, stream = self._site, self._transfer.stream
        async with site._operation(self.name):
            if stream is not None:
                stream.deadline = site._data_deadline()
                try:
                    await stream.end_sending()
                except ConnectionLost as error:
                    raise await self._refused(error) from error
                self._transfer.done = await site._final(self._transfer.asked)
            for following in self.on_end:
                following.ask_ahead()
            done = await self._transfer.finish()
            begun = self._transfer.begun
            if begun is not None:
                self.name = replies.stou_name(begun, done) or self.name

    async def skip(self) -> None:
        """Where this was asked for ahead and never begun: the server waits for us; hang up."""
        if not self._begun and self._transfer.asked_ahead:
            try:
                await self.begin()
            except ReplyError:
                pass  # so it does not wait
            await self.abandon()

    async def abandon(self) -> None:
        """Give up."""
        was_open, self._open = self._open, False
        self._release()
        if was_open and self._site.is_open:
            async with self._site._operation(self.name):
                await self._transfer.abandon()
        await self._transfer.close()

    def _hold(self) -> None:
        self._site._unfinished = self

    def _release(self) -> None:
        if self._site._unfinished is self:
            self._site._unfinished = None

