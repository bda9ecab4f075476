# GENERATED from writing_async.py by tools/unasync.py: edit that file, not this one.
"""One file being written, with many WRITEs under way; it is well when each was answered well.

Of many files written in a row the next are opened while the last are still confirmed. Who writes
them may take a late no (`Sink.refused`); then nobody waits between two files.
"""

from __future__ import annotations

from io import BufferedReader, FileIO
from typing import TYPE_CHECKING, BinaryIO

from ..errors import Changed, ConnectionLost, PostelError, ReplyError, UsageError
from ..session.files_sync import Sink, Watch
from . import packets, requests
from .engine_sync import WINDOW
from .refusals import NO_SUCH_FILE, OK, UNSUPPORTED
from .types import Attributes
from .wire import Handle, Reply, Request, Status

if TYPE_CHECKING:
    from .engine_sync import Engine

__all__ = ["Writer"]

_ROOM = 512
"""Bytes before the data of a block, where its head is put so that both leave in one piece."""


class Writer(Sink):
    """A file being written.

    Args:
        site: an open client.
        path: of the file.
        offset: where to begin; what is there before it stays, what follows goes.
    """

    def __init__(self, site: Engine, path: str, offset: int = 0) -> None:
        self._site, self._wire = site, site._wire
        self._path, self._at = path, offset
        self._asked: Request | None = None
        self._handle: bytes | None = None
        self._problem: PostelError | None = None
        self._why: tuple[Request, Status] | None = None
        self._left = 0
        self._ahead = self._given_up = self._was_left = False
        self.late = False

    # -- opening ---------------------------------------------------------------------------

    def ask(self, *, ahead: bool = False) -> None:
        """Ask for the file; *ahead* of its turn, what it holds is not touched yet."""
        self._ahead, self._wire = ahead, self._site._wire
        flags = requests.WRITE
        if not self._at:
            flags |= requests.CREATE | (0 if ahead else requests.TRUNCATE)
        self._asked = self._site._queue(requests.open_file(self._path, flags))
        self._asked.then = self._opened
        self._site.handles += 1

    def _opened(self, request: Request, reply: Reply) -> None:
        site = self._site
        if isinstance(reply, Handle):
            if self._given_up:
                site._let_go(reply.handle)
            else:
                self._handle = reply.handle
            return
        site.handles -= 1
        self._problem = site._refusal(request, reply)
        if isinstance(reply, Status):
            self._why = request, reply

    def ask_safely(self, *, ahead: bool = False) -> None:
        """`ask`; a path that no request can carry is refused when its turn comes."""
        try:
            self.ask(ahead=ahead)
        except UsageError as error:
            self._problem = error

    def begin(self) -> None:
        """Open the file.

        Raises:
            Changed: it has not as many bytes as *offset*.
        """
        if self._asked is None and self._problem is None:
            self.ask()
        with self._site._operation(f"write {self._path}"):
            while self._handle is None and self._problem is None:
                self._step()
            self._complain()
            if self._at:
                self._cut_at_offset()
            elif self._ahead:
                self._set(Attributes(size=0))

    def _cut_at_offset(self) -> None:
        """Nothing may follow what is written."""
        site, handle = self._site, self._opened_handle()
        found = site._attributes(requests.by_handle(packets.FSTAT, handle))
        there = found.attributes.size
        if there is not None and there < self._at:
            site._let_go(handle)
            self._handle = None
            raise Changed(f"write {self._path}: it has {there:,} bytes, not {self._at:,}")
        if there != self._at:
            site._done(requests.setstat(handle, Attributes(size=self._at)))

    def _opened_handle(self) -> bytes:
        if self._handle is None:
            raise UsageError(f"write {self._path}: it is not open", hint="use it in a with block")
        return self._handle

    def _step(self) -> None:
        if self._wire is not self._site._wire or self._site._stream is None:
            raise ConnectionLost(f"write {self._path}: the connection it was opened on is gone")
        self._site._fill()

    def _complain(self) -> None:
        """Raise what the server said no to."""
        if self._problem is None:
            return
        problem, why = self._problem, self._why
        self._why = None
        if why is not None:
            raise self._site._why(*why, self._path)
        raise problem

    # -- sending ---------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Append *data*."""
        view, block = memoryview(data), self._site.write_block
        with self._site._operation(f"write {self._path}"):
            for start in range(0, len(view), block):
                self._send(view[start : start + block], 0)

    def send_file(self, file: BinaryIO, watch: Watch) -> int:
        """Append what is left of *file*."""
        size, block = 0, self._site.write_block
        into = file.readinto if isinstance(file, BufferedReader | FileIO) else None
        buffer = bytearray(_ROOM + block) if into is not None else bytearray()
        view = memoryview(buffer)
        with self._site._operation(f"write {self._path}"):
            while True:
                if into is not None:
                    count = into(view[_ROOM:]) or 0
                    piece = view[: _ROOM + count]
                else:
                    data = file.read(block)
                    count, piece = len(data), memoryview(bytearray(_ROOM) + data)
                if not count:
                    return size
                self._send(piece, _ROOM)
                size += count
                watch.add(count)

    def _send(self, data: memoryview, room: int) -> None:
        site, length = self._site, len(data) - room
        while site.in_flight and (site.in_flight + length > WINDOW or site.careful):
            self._step()
        self._complain()
        request = requests.write(self._opened_handle(), self._at, length)
        request.then = self._written
        self._left += 1
        self._at += length
        site._send_data(request, data, room)
        site._progressed()

    def _written(self, request: Request, reply: Reply) -> None:
        if request.kind == packets.WRITE:
            self._site.in_flight -= request.length
        self._left -= 1
        is_well = isinstance(reply, Status) and reply.code == OK
        if request.kind == packets.CLOSE:
            self._site.handles -= 1
        if not is_well and self._problem is None and self._matters(request, reply):
            self._problem = self._site._refusal(request, reply)
            if isinstance(reply, Status):
                self._why = request, reply
        if (self._was_left and not self._left and self._problem is not None
                and self.refused is not None):
            self.refused(self._problem)

    def _matters(self, request: Request, reply: Reply) -> bool:
        """Whether a no means that the bytes are not there: a time that is not taken does not."""
        if request.kind == packets.FSETSTAT:
            return request.body[-12:-8] == b"\0\0\0\1"  # a size
        if request.kind == packets.EXTENDED:  # fsync, where the disk has none
            return not (isinstance(reply, Status) and reply.code in (UNSUPPORTED, NO_SUCH_FILE))
        return not self._given_up

    # -- ending ----------------------------------------------------------------------------

    def _set(self, found: Attributes) -> None:
        self._count(requests.setstat(self._opened_handle(), found))

    def _count(self, request: Request) -> None:
        """Send a request whose answer is counted."""
        request.then = self._written
        self._left += 1
        self._site._queue(request)

    def finish(self) -> None:
        """Set its time, sync it, close it; hear that all went well.

        Raises:
            NoSpace: the server's disk is full.
        """
        site, handle = self._site, self._opened_handle()
        with site._operation(f"write {self._path}"):
            if self.modified is not None:
                self._set(Attributes(modified=int(self.modified.timestamp())))
            if site.durable and site.offers("fsync@openssh.com"):
                self._count(requests.fsync(handle))
            self._handle = None
            self._count(requests.by_handle(packets.CLOSE, handle))
            if self.late and self.refused is not None:
                self._was_left = True
                return
            while self._left:
                self._step()
                site._progressed()
            self._complain()

    @property
    def is_confirmed(self) -> bool:
        """Whether everything was answered."""
        return not self._left

    def abandon(self) -> None:
        """Give up; what was written stays."""
        self.let_go()
        if self._site.is_open and self._wire is self._site._wire:
            try:
                with self._site._operation(f"write {self._path}"):
                    self._site._flush()
            except ReplyError:
                pass

    def let_go(self) -> None:
        """Ask the server to close the file, with whatever is sent next."""
        if self._was_left:
            return
        self._given_up = True
        handle, self._handle = self._handle, None
        if handle is not None and self._wire is self._site._wire:
            self._site._let_go(handle)

    def __del__(self) -> None:
        if self._handle is not None and self._wire is self._site._wire:
            self._site._orphans.append(self._handle)
