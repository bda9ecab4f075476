# GENERATED from transfers_async.py by tools/unasync.py: edit that file, not this one.
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
from ..session.files_sync import Reading, Sink, Watch
from ..timing import Deadline
from ..transport.clock_sync import now
from ..transport.stream_sync import CHUNK, Stream
from . import replies
from .commands_sync import Commands
from .data_sync import Transfer
from .listings_sync import Listing, Names
from .wire import command, transfer

__all__ = ["Reader", "Transfers", "Writer"]

_CUT = (425, 426, 451)
_INFLATED = 16 * CHUNK
"""Bytes that are unpacked at once, however small they came."""


class Transfers(Commands):
    """The commands that open a data connection."""

    active: bool = False
    """Whether the server connects to us (PORT, EPRT) instead of we to it."""

    largest_listing: int = 1 << 30
    """Bytes of one listing."""

    def retr(self, path: str, *, offset: int = 0, text: bool = False) -> Reader:
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
            >>> from postel.ftp import Client
            >>> with Client("ftp.example.org") as site:
            ...     with site.retr("pub/hello.txt") as file:
            ...         b"".join([chunk for chunk in file])
            b'Hello from the lab.\\n'
        """
        before = (command("REST", str(offset)),) if offset else ()
        asked = transfer("RETR", path, encoding=self.encoding)
        return Reader(Transfer(self, asked, before), offset, "A" if text else "I")

    def stor(self, path: str, *, offset: int = 0, text: bool = False) -> Writer:
        """Store a file: a with block with `send`; leaving it confirms that the server has it all.

        Args:
            path: where to.
            offset: keep that many bytes of what is there, and go on after them.
            text: line ends are the server's affair (TYPE A).
        """
        before = (command("REST", str(offset)),) if offset else ()
        asked = transfer("STOR", path, encoding=self.encoding)
        return Writer(Transfer(self, asked, before), "A" if text else "I")

    def appe(self, path: str) -> Writer:
        """Append to a file, as `stor`."""
        return Writer(Transfer(self, transfer("APPE", path, encoding=self.encoding)),
                           "I")

    def stou(self) -> Writer:
        """Store under a name that the server chooses; `Writer.name` has it afterwards."""
        return Writer(Transfer(self, transfer("STOU")), "I")

    def abor(self, *, timeout: float | None = None) -> None:
        """Stop the transfer that is under way; both its end and ABOR's answer are heard out."""
        waiting, self._unfinished = self._unfinished, None
        try:
            with self._operation("ABOR", timeout):
                unfinished, waiting = waiting, None
                asked = self._queue(command("ABOR"))
                self._flush()
                if isinstance(unfinished, Reader | Writer):
                    unfinished.abandon()
                elif isinstance(unfinished, Listing | Names):
                    unfinished.close()
                reply = self._final(asked)
                if reply.kind != 2:
                    raise self._refusal(asked, reply)
        finally:
            self._unfinished = waiting or self._unfinished

    def nlst(self, path: str = "") -> Names:
        """The names in a folder: files, folders or both, as the server pleases."""
        return Names(self, path)

    # -- private ---------------------------------------------------------------------------

    def _listing(self, verb: str, path: str) -> Transfer:
        return Transfer(self, transfer(verb, path or None, encoding=self.encoding))

    def _data_deadline(self) -> Deadline:
        """How long the data connection may be silent."""
        return Deadline.after(self.timeout, now=now()) if self._patient else self._deadline

    def _keep_alive(self) -> None:
        """A NOOP now and then while data flows; its answer is paired by code, whenever it comes."""
        if self._noop_ok and now() - self._spoken > self.keep_alive:
            self._spoken = now()
            self._queue(command("NOOP"))
            self._flush()


class Reader(Reading):
    """A file on its way here."""

    def __init__(self, transfer: Transfer, offset: int, type: str) -> None:
        super().__init__(str(transfer.asked))
        self._transfer = transfer
        self._site = transfer.site
        self._offset = offset
        self._type = type
        self._begun = False
        self._inflate = zlib.decompressobj() if self._site._z else None
        self.on_end: list[Transfer] = []

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        site = self._site
        with site._operation(self.name):
            if site._type != self._type and self._transfer._passive is None:
                site._use_type(self._type)
            self._transfer.begin()
            begun = self._transfer.begun
            if begun is not None and self._type == "I" and self._inflate is None:
                self.expected = replies.announced_size(begun)
        if self._transfer.stream is not None:
            site._unfinished = self

    def _chunk(self) -> bytes:
        self._begin()
        site = self._site
        self._release()
        try:
            with site._operation(self.name):
                data = self._receive()
                if not data:
                    self._end()
                return data
        finally:
            self._hold()  # a cancelled wait too: the rest is still to come
        return b""

    def _receive(self) -> bytes:
        """The next bytes of the file; ``b""`` at the end."""
        stream = self._transfer.stream
        while stream is not None:
            stream.deadline = self._site._data_deadline()
            data = self._guarded(stream)
            self._site._keep_alive()
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

    def _guarded(self, stream: Stream) -> bytes:
        try:
            return stream.receive(CHUNK)
        except ConnectionLost as error:
            raise self._torn(error) from error

    def _torn(self, error: NetworkError) -> TransferError:
        """The data connection was cut: what does the server say?"""
        self._transfer.abandon()
        said = f"; the server says {self._transfer.done}" if self._transfer.done else ""
        return Incomplete(
            f"{self.name}: the data connection was cut after {self.size:,} bytes{said}",
            hint="try again: a resumed download goes on where this one stopped",
            command=self.name)

    def save(self, file: BinaryIO, watch: Watch) -> int:
        """Write all of it to *file* by large reads; return how many bytes there were."""
        self._begin()
        if self._inflate is not None or self._transfer.stream is None:
            return super().save(file, watch)
        site, stream = self._site, self._transfer.stream
        self._release()
        with site._operation(self.name):
            while True:
                stream.deadline = site._data_deadline()
                try:
                    count = stream.receive_file(file, CHUNK)
                except ConnectionLost as error:
                    raise self._torn(error) from error
                if not count:
                    break
                self.size += count
                watch.add(count)
                site._keep_alive()
            self._end()
        self._open = False
        return self.size

    def _end(self) -> None:
        """All that came has come: is it all there is?"""
        transfer, stream = self._transfer, self._transfer.stream
        clean = stream is None or stream.clean
        for following in self.on_end:
            following.ask_ahead()
        self._site._flush()
        try:
            transfer.finish()
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

    def _let_go(self) -> None:
        self.abandon()

    def skip(self) -> None:
        """Where this was asked for ahead and never begun: the server waits for us; hang up."""
        if not self._begun and self._transfer.asked_ahead:
            try:
                self._begin()
            except ReplyError:
                pass  # so it does not wait
            self.close()

    def abandon(self) -> None:
        """Give up what is still to come."""
        self._open = False
        self._release()
        if self._begun:
            with self._site._operation(self.name):
                self._transfer.abandon()

    def __enter__(self) -> Self:
        self._begin()
        return self


class Writer(Sink):
    """A file on its way there.

    Attributes:
        size: bytes sent so far.
        name: what the server called it, for `stou`; else the command.
    """

    def __init__(self, transfer: Transfer, type: str) -> None:
        self._transfer = transfer
        self._site = transfer.site
        self._type = type
        self._deflate = zlib.compressobj() if self._site._z else None
        self.name = str(transfer.asked)
        self.size = 0
        self._open = self._begun = False
        self.on_end: list[Transfer] = []

    def begin(self) -> None:
        """Open the transfer."""
        site, self._begun = self._site, True
        with site._operation(self.name):
            if self._transfer._passive is None:
                site._use_type(self._type)
            self._transfer.begin()
        self._open = True
        site._unfinished = self

    def settle(self) -> None:
        """Refuse: only the one who writes can say when it is done."""
        if self._open:
            raise BusyError(
                f"{self.name} is still being written",
                hint="leave its with block first, or use a second connection",
            )

    def send(self, data: bytes) -> None:
        """Append *data*."""
        self.size += len(data)
        if self._deflate is not None:
            data = self._deflate.compress(data)
        self._put(data)

    def send_file(self, file: BinaryIO, watch: Watch) -> int:
        """Append what is left of *file*, by the kernel where TLS and compression allow it."""
        if self._deflate is not None or self._transfer.stream is None:
            return super().send_file(file, watch)
        site, stream, before = self._site, self._transfer.stream, self.size
        self._release()
        with site._operation(self.name):
            while True:
                stream.deadline = site._data_deadline()
                try:
                    count = stream.send_file(file, 16 * CHUNK)
                except ConnectionLost as error:
                    raise self._refused(error) from error
                if not count:
                    break
                self.size += count
                watch.add(count)
                site._keep_alive()
        self._hold()
        return self.size - before

    def _put(self, data: bytes) -> None:
        site, stream = self._site, self._transfer.stream
        self._release()
        with site._operation(self.name):
            if stream is not None and data:
                stream.deadline = site._data_deadline()
                try:
                    stream.send(data)
                except ConnectionLost as error:
                    raise self._refused(error) from error
            site._keep_alive()
        self._hold()

    def _refused(self, error: NetworkError) -> Exception:
        """The server closed the data connection: its reply says why (552, 451, …)."""
        self._open = False
        self._transfer.abandon()
        done = self._transfer.done
        if done is not None and done.kind in (4, 5) and done.code not in _CUT:
            return self._site._refusal(self._transfer.asked, done)
        return Incomplete(f"{self.name}: the data connection was cut after {self.size:,} bytes"
                          + (f"; the server says {done}" if done else ""), command=self.name)

    def finish(self) -> None:
        """Say that this is all, and hear the server confirm it.

        Raises:
            ReplyError: the server could not keep it.
        """
        if not self._open:
            return
        if self._deflate is not None:
            self._put(self._deflate.flush())
        self._open = False
        self._release()
        try:
            self._confirm()
        finally:
            self._transfer.close()

    def _confirm(self) -> None:
        site, stream = self._site, self._transfer.stream
        with site._operation(self.name):
            if stream is not None:
                stream.deadline = site._data_deadline()
                try:
                    stream.end_sending()
                except ConnectionLost as error:
                    raise self._refused(error) from error
                self._transfer.done = site._final(self._transfer.asked)
            for following in self.on_end:
                following.ask_ahead()
            done = self._transfer.finish()
            begun = self._transfer.begun
            if begun is not None:
                self.name = replies.stou_name(begun, done) or self.name

    def skip(self) -> None:
        """Where this was asked for ahead and never begun: the server waits for us; hang up."""
        if not self._begun and self._transfer.asked_ahead:
            try:
                self.begin()
            except ReplyError:
                pass  # so it does not wait
            self.abandon()

    def abandon(self) -> None:
        """Give up."""
        was_open, self._open = self._open, False
        self._release()
        if was_open and self._site.is_open:
            with self._site._operation(self.name):
                self._transfer.abandon()
        self._transfer.close()

    def _hold(self) -> None:
        self._site._unfinished = self

    def _release(self) -> None:
        if self._site._unfinished is self:
            self._site._unfinished = None

