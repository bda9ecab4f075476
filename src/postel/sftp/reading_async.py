# A conversation (its twin reading_sync.py is generated): files as they come over SFTP.
"""One file being read, with many READs under way.

Answers may come in any order and may be shorter than what was asked for; what is missing is asked
for again. Written to a file, each block goes to its place at once; if it is cut short, the file is
cut back to what is there without a gap, so that a later run may go on.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from ..errors import Changed, ConnectionLost, Incomplete, PostelError, UsageError
from ..session.files_async import AsyncReading, Watch
from . import packets, requests
from .attributes import entry_of
from .engine_async import WINDOW
from .refusals import EOF
from .wire import Attrs, Data, Handle, Reply, Request, Status

if TYPE_CHECKING:
    from .engine_async import AsyncEngine

__all__ = ["AHEAD", "AsyncReader"]

AHEAD = 32_768
"""Bytes that are asked for of a file whose turn has not come."""

_LEAST = 512
"""Bytes of the smallest block: what OpenSSH's client goes down to."""


class AsyncReader(AsyncReading):
    """A file being read.

    Args:
        site: an open client.
        path: of the file.
        offset: where to begin.

    Attributes:
        entire: bytes that the file has in all, known on entering; 0 where the server knows of none.
    """

    def __init__(self, site: AsyncEngine, path: str, offset: int = 0) -> None:
        super().__init__(f"read {path}")
        self._site, self._wire = site, site._wire
        self._path, self._start = path, offset
        self.entire: int | None = None
        self._asked: Request | None = None
        self._handle: bytes | None = None
        self._refused: PostelError | None = None
        self._measured = self._given_up = self._alone = False
        self._ahead = False
        self._block = site.read_block
        self._next = self._at = offset
        self._due: set[Request] = set()
        self._again: deque[tuple[int, int]] = deque()
        self._end: int | None = None
        self._pieces: dict[int, bytes] = {}
        self._file: BinaryIO | None = None
        self._watch: Watch | None = None
        self._base = 0
        self._place: int | None = None
        self._landed: dict[int, int] = {}

    # -- opening ---------------------------------------------------------------------------

    def ask(self, *, ahead: bool = False) -> None:
        """Ask for the file; *ahead*, for its beginning only."""
        self._ahead = ahead
        self._wire = self._site._wire
        self._asked = self._site._queue(requests.open_file(self._path, requests.READ))
        self._asked.then = self._opened
        self._site.handles += 1

    def _opened(self, request: Request, reply: Reply) -> None:
        site = self._site
        if not isinstance(reply, Handle):
            site.handles -= 1
            self._refused = site._refusal(request, reply)
            return
        if self._given_up:
            site._let_go(reply.handle)
            return
        self._handle = reply.handle
        site._queue(requests.by_handle(packets.FSTAT, reply.handle)).then = self._measure
        if not site.careful:
            length = min(AHEAD, self._block) if self._ahead else self._block
            self._read(self._at, length)
            self._at += length

    def _measure(self, request: Request, reply: Reply) -> None:
        """The size; a server that does not tell is read to the end."""
        self._measured = True
        if isinstance(reply, Attrs):
            entry = entry_of("", reply.attributes)
            self.entire, self.modified = entry.size, entry.modified
            if self.entire and self.expected is None:
                self.expected = max(0, self.entire - self._start)

    def ask_safely(self, *, ahead: bool = False) -> None:
        """`ask`; a path that no request can carry is refused when its turn comes."""
        try:
            self.ask(ahead=ahead)
        except UsageError as error:
            self._refused = error

    async def begin(self) -> None:
        """Wait until the file is open; entering the block does it.

        Raises:
            NotFound: there is no such file.
            Changed: it has not so many bytes.
        """
        if self._asked is None and self._refused is None:
            self.ask()
        asked = self._asked
        async with self._site._operation(f"read {self._path}"):
            while not self._measured and self._refused is None:
                await self._step()
            if self._refused is not None:
                if asked is not None and self._refused.code is not None:
                    status = Status(self._refused.code, getattr(self._refused, "text", ""))
                    raise await self._site._why(asked, status, self._path)
                raise self._refused
            if self.entire is not None and self._start > self.entire:
                await self._let_go()
                raise Changed(f"read {self._path}: it has {self.entire:,} bytes, "
                              f"not {self._start:,}", hint="read it from its beginning")

    async def _step(self) -> None:
        if self._wire is not self._site._wire or self._site._stream is None:
            raise ConnectionLost(f"read {self._path}: the connection it was opened on is gone")
        await self._site._fill()

    # -- asking ----------------------------------------------------------------------------

    def _read(self, offset: int, length: int) -> None:
        if self._handle is not None:
            request = self._site._queue(requests.read(self._handle, offset, length))
            request.then = self._came
            self._due.add(request)
            self._site.in_flight += length

    def _top_up(self) -> bool:
        """Ask for more, as much as the window holds; return whether anything is under way."""
        site = self._site
        while not self._due or (site.in_flight < WINDOW and not (self._alone or site.careful)):
            if self._again:
                offset, length = self._again.popleft()
                if not self._is_wanted(offset):
                    continue
            elif self._end is None and self._is_wanted(self._at):
                if self.entire and self._at >= self.entire and any(
                        one.offset >= self.entire for one in self._due):
                    break  # beyond the expected end: one at a time
                offset, length = self._at, self._block
                if self.entire and offset < self.entire:
                    length = min(length, self.entire - offset)
                self._at += length
            else:
                break
            for at in range(offset, offset + length, self._block):
                self._read(at, min(self._block, offset + length - at))
        return bool(self._due)

    def _is_wanted(self, offset: int) -> bool:
        """Whether there may be something at *offset*.

        A file that was opened ahead ends where it was said to end. Else a last READ goes beyond
        it, with the others: the file may have grown.
        """
        if self._end is not None and offset >= self._end:
            return False
        return not (self._ahead and self.entire and offset >= self.entire)

    # -- what comes ------------------------------------------------------------------------

    def _came(self, request: Request, reply: Reply) -> None:
        site = self._site
        site.in_flight -= request.length
        self._due.discard(request)
        if isinstance(reply, Status):
            self._ended(request, reply)
            return
        if not isinstance(reply, Data) or self._given_up:
            return
        count, offset = len(reply.view), request.offset
        if count < request.length:
            self._again.append((offset + count, request.length - count))
            if not count or offset + count == self.entire:
                self._end = offset + count  # nothing at all is an end too, to some servers
            elif self.entire and offset + count < self.entire and count < self._block:
                self._block = max(_LEAST, count)
        if count:
            self._take(offset, reply.view)

    def _ended(self, request: Request, status: Status) -> None:
        """A READ was answered without data."""
        if status.code == EOF:
            self._end = request.offset if self._end is None else min(self._end, request.offset)
        elif self._given_up:
            return
        elif not self._alone and (self._due or request.offset > self._start):
            self._alone = True  # a server that cannot read in several places at once
            self._again.append((request.offset, request.length))
            self._again = deque(sorted(self._again))
        elif self._refused is None:
            self._refused = self._site._refusal(request, status)

    def _take(self, offset: int, view: memoryview) -> None:
        """Put a block where it belongs."""
        if self._file is None:
            self._pieces[offset] = bytes(view)
            return
        if offset != self._next and self._place is None:  # it cannot be written out of turn
            self._pieces[offset] = bytes(view)
            return
        try:
            self._write(offset, view)
        except OSError as error:
            self._refused = self._refused or _Disk(error)

    def _write(self, offset: int, view: memoryview) -> None:
        file = self._file
        if file is None:
            return
        if self._place is not None and self._place != offset:
            file.seek(self._base + offset - self._start)
        left = view
        while left:
            left = left[file.write(left) :]
        if self._place is not None:
            self._place = offset + len(view)
        if self._watch is not None:
            self._watch.add(len(view))
        self.size += len(view)
        if offset != self._next:
            self._landed[offset] = len(view)
            return
        self._next += len(view)
        while (more := self._landed.pop(self._next, 0)):
            self._next += more
        while self._next in self._pieces:
            self._write(self._next, memoryview(self._pieces.pop(self._next)))

    # -- handing on ------------------------------------------------------------------------

    async def _chunk(self) -> bytes:
        if self._asked is None or not self._measured:
            await self.begin()
        async with self._site._operation(self.name):
            while True:
                piece = self._pieces.pop(self._next, None)
                if self._refused is None:
                    under_way = self._top_up()
                if piece:
                    self._next += len(piece)
                    self._site._progressed()
                    return piece
                if self._refused is not None or not under_way:
                    break
                await self._step()
        self._check(self.size)
        return b""

    async def save(self, file: BinaryIO, watch: Watch) -> int:
        """Write all of it to *file*, each block at its place."""
        if self._asked is None or not self._measured:
            await self.begin()
        if not self._open:
            return self.size
        self._watch = watch
        with suppress(OSError, AttributeError, ValueError):
            if file.seekable():
                self._base = file.tell() - (self._next - self._start)
                self._place = self._next
        self._file = file
        try:
            async with self._site._operation(self.name):
                for offset in sorted(self._pieces):
                    if offset in self._pieces:
                        piece = self._pieces.pop(offset)
                        self._take(offset, memoryview(piece))
                while self._refused is None and self._top_up():
                    await self._step()
                    self._site._progressed()
            self._check(self.size)
        except BaseException:
            self._cut()
            raise
        finally:
            self._file = None
        self._place_at_end(file)
        self._open = False
        await self._let_go()
        return self.size

    def _check(self, size: int) -> None:
        """Whether it is whole."""
        if isinstance(self._refused, _Disk):
            raise self._refused.error
        if self._refused is not None:
            raise self._refused
        if self._landed or self._pieces:
            raise Incomplete(f"{self.name}: after {self._next - self._start:,} bytes there is a "
                             "gap", hint="the file was cut while it was read; read it again")
        if self.expected is not None and size < self.expected:
            raise Incomplete(
                f"{self.name}: it ended after {size:,} bytes of {self.expected:,}",
                hint="the file was cut while it was read, or the server loses data; try again")

    def _place_at_end(self, file: BinaryIO) -> None:
        if self._place is not None and self._place != self._next:
            file.seek(self._base + self._next - self._start)

    def _cut(self) -> None:
        """Leave of the file what is there without a gap."""
        if self._file is not None and self._landed:
            with suppress(OSError, ValueError):
                self._file.seek(self._base + self._next - self._start)
                self._file.truncate()

    async def _let_go(self) -> None:
        """Close the file there; nobody waits for it."""
        self.let_go()
        if not self._ahead and self._site.is_open and self._wire is self._site._wire:
            async with self._site._operation(self.name):
                await self._site._flush()

    def let_go(self) -> None:
        """Ask the server to close the file, with whatever is sent next."""
        self._given_up = True
        self._pieces.clear()
        handle, self._handle = self._handle, None
        if handle is not None and self._wire is self._site._wire:
            self._site._let_go(handle)

    async def __aenter__(self) -> AsyncReader:
        await self.begin()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._open = False
        if self._handle is not None or not self._given_up:
            await self._let_go()

    def __del__(self) -> None:
        if self._handle is not None and self._wire is self._site._wire:
            self._site._orphans.append(self._handle)


class _Disk(PostelError):
    """What this machine's disk refused, until it can be raised."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error
