# A conversation (its twin bodies_sync.py is generated): whole messages by the thousand.
"""Many bodies over one connection, asked for before they are needed (RFC 9051 section 5.5).

Windows of UID FETCH are under way at any time, so that no round trip is waited for. The window
counts messages but aims at bytes: it grows with small messages and shrinks with large ones. A
short body comes whole; a long one comes as it does over the wire, chunk by chunk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..errors import BusyError, LimitReached, ProtocolError, ReplyError
from ..session.results_async import AsyncResults
from . import asking
from .asking import compose
from .fetched import fetched
from .items import Wanted
from .quirks import pieces
from .refusals import refusal
from .sequence import NumberSet
from .types import Fetched
from .wire import Command, Data, Reply, Untagged

if TYPE_CHECKING:
    from .selecting_async import AsyncSelecting

__all__ = ["AsyncBodies", "AsyncChunks", "AsyncPulled"]

_FIRST, _DEEPEST = 64, 2_048
_UNDER_WAY = 3
_AIM = 4 << 20
"""Bytes of one window."""

_BATCH, _BATCH_BYTES = 64, 1 << 20


class AsyncChunks:
    """The bytes of one message: iterate over them, or `read` them all.

    Attributes:
        data: all of them, where the message was short; else None.
    """

    __slots__ = ("_bodies", "_first", "data")

    def __init__(self, data: bytes | None, bodies: AsyncBodies | None = None,
                 first: bytes = b"") -> None:
        self.data = data
        self._first = first if data is None else data
        self._bodies = bodies

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk, self._first = self._first, b""
        if not chunk and self._bodies is not None:
            chunk = await self._bodies._piece(self)
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def read(self) -> bytes:
        """All that has not been read yet."""
        return b"".join([chunk async for chunk in self])


class AsyncPulled(NamedTuple):
    """One message of many.

    Args:
        uid: of it.
        meta: what else was asked for; a long message's may lack what came behind its body.
        chunks: its bytes.
    """

    uid: int
    meta: Fetched
    chunks: AsyncChunks


class AsyncBodies(AsyncResults[AsyncPulled]):
    """Messages with their bodies; an iterator and a context manager.

    Attributes:
        missing: of the messages that were asked for and have not come (yet).

    Args:
        client: with the folder open.
        uids: of the messages.
        wanted: what to bring, the one body last.
    """

    def __init__(self, client: AsyncSelecting, uids: NumberSet | str, wanted: Wanted) -> None:
        super().__init__()
        self._client = client
        self._wanted = wanted
        self._tail = b" " + asking.items(wanted.items)
        self._whole = uids if isinstance(uids, str) else ""
        self._uids: Iterator[int] = iter(() if isinstance(uids, str) else uids)
        self.missing = NumberSet() if isinstance(uids, str) else uids
        self._came: list[int] = []
        self._due: deque[tuple[Command, int]] = deque()
        self._window, self._bytes = _FIRST, 0
        self._open: AsyncChunks | None = None
        self._settling = False
        self._refused: ReplyError | None = None

    # -- asking ----------------------------------------------------------------------------

    def _ask(self) -> None:
        """Keep windows under way."""
        client = self._client
        while len(self._due) < _UNDER_WAY and self._refused is None:
            uids = [uid for _, uid in zip(range(self._window), self._uids, strict=False)]
            sets = (pieces(NumberSet(uids), client.greeting, client.capabilities) if uids
                    else iter([self._whole]))
            self._whole = ""
            for text in sets:
                if not text:
                    return
                command = compose(b"UID FETCH ", text.encode("ascii"), self._tail,
                                  takes=["FETCH", "UIDFETCH"], has_body=True)
                self._due.append((client._queue(command), len(uids)))

    def _adapt(self, count: int) -> None:
        average = self._bytes // max(1, count) + 200
        self._window = max(2, min(_DEEPEST, self._window * 2, _AIM // average))
        self._bytes = 0

    # -- reading ---------------------------------------------------------------------------

    async def settle(self) -> None:
        """Read what has been asked for already; the loop then goes on asking.

        Raises:
            BusyError: a long body is open.
        """
        if self._open is not None:
            raise BusyError("a message is still being read",
                            hint="read its chunks to the end first, or use a second connection")
        size, self._settling = 0, True
        while self._due:
            try:
                batch = await self._gather()
            except BaseException:
                await self._let_go()
                raise
            size += sum(len(one.chunks.data or b"") for one in batch)
            self._ahead.extend(batch)
            if size > self._client.largest:
                raise LimitReached(
                    f"{size:,} bytes of messages unread while another command was given",
                    hint="finish the loop first, or use a second connection")
        self._settling = False

    async def _more(self) -> Sequence[AsyncPulled]:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        async with client._operation("UID FETCH"):
            batch: list[AsyncPulled] = []
            try:
                while self._open is not None:
                    await self._pull_chunk()
                while not batch:
                    self._ask()
                    if not self._due:
                        return self._finished()
                    batch = await self._gather()
            except BaseException:
                await self._let_go()
                raise
            client._unfinished = self
            return batch

    def _finished(self) -> list[AsyncPulled]:
        """The end, or the refusal that it ends with."""
        if self._refused is not None:
            raise self._refused
        self.missing, self._came = self.missing - NumberSet(self._came), []
        return []

    async def _gather(self) -> list[AsyncPulled]:
        """The next messages: a batch of bytes, or up to the end of a window."""
        client, batch, size = self._client, list[AsyncPulled](), 0
        command, count = self._due[0]
        while len(batch) < _BATCH and size < _BATCH_BYTES:
            event = await client._next(command)
            if isinstance(event, Untagged):
                size += self._take(event, batch)
            elif isinstance(event, Data):
                if await self._begin(event, batch):
                    break
            elif isinstance(event, Reply):
                self._due.popleft()
                self._adapt(count)
                if event.kind != "OK" and self._refused is None:
                    self._refused = refusal(str(command), event)
                break
            else:
                raise ProtocolError("UID FETCH: the server waits for more of it")
        return batch

    def _take(self, event: Untagged, batch: list[AsyncPulled]) -> int:
        """A message that came whole; how many bytes it has."""
        one = fetched(event)
        bodies = one.bodies or one.binaries
        if not one.uid or not bodies:
            if not any("[" in name for name in one.items):
                self._client._take_news(event)
            return 0
        data = next(iter(bodies.values()))
        self._came.append(one.uid)
        self._bytes += len(data)
        batch.append(AsyncPulled(one.uid, one, AsyncChunks(data)))
        return len(data)

    async def _begin(self, event: Data, batch: list[AsyncPulled]) -> bool:
        """A long message begins; whether it is handed out as a stream."""
        one = fetched(event.before) if event.before is not None else Fetched()
        self._bytes += len(event.chunk)
        if one.uid and not self._settling:
            chunks = AsyncChunks(None, None if event.last else self, event.chunk)
            self._open = None if event.last else chunks
            self._came.append(one.uid)
            batch.append(AsyncPulled(one.uid, one, chunks))
            return True
        batch.append(await self._spooled(event))  # its UID may stand behind its body
        return False

    async def _spooled(self, event: Data) -> AsyncPulled:
        """A long message in memory, for nobody knows yet which one it is."""
        found, size = [event.chunk], len(event.chunk)
        command = self._due[0][0]
        while not event.last:
            more = await self._client._next(command)
            if not isinstance(more, Data):
                raise ProtocolError("UID FETCH: a body that ends in the middle")
            event = more
            found.append(more.chunk)
            size += len(more.chunk)
            if size > self._client.largest:
                raise ProtocolError(
                    f"UID FETCH: over {self._client.largest:,} bytes before the UID is told",
                    hint="open_message takes messages of any size, one by one")
        end = await self._client._next(command)
        one = fetched(end) if isinstance(end, Untagged) else Fetched()
        self._bytes += size
        self._came.append(one.uid)
        return AsyncPulled(one.uid, one, AsyncChunks(b"".join(found)))

    async def _piece(self, chunks: AsyncChunks) -> bytes:
        """The next chunk of the open message."""
        client = self._client
        if self._open is not chunks:
            return b""
        if client._unfinished is self:
            client._unfinished = None
        async with client._operation("UID FETCH"):
            client._unfinished = self  # also if this wait is cancelled
            return await self._pull_chunk()

    async def _pull_chunk(self) -> bytes:
        event = await self._client._next(self._due[0][0])
        if not isinstance(event, Data):
            raise ProtocolError("UID FETCH: a body that ends in the middle")
        if event.last:
            self._open = None
        self._bytes += len(event.chunk)
        return event.chunk

    async def _let_go(self) -> None:
        if self._client._unfinished is self:
            self._client._unfinished = None
        self._client._abandon(command for command, _ in self._due)
