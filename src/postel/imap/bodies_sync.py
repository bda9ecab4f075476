# GENERATED from bodies_async.py by tools/unasync.py: edit that file, not this one.
"""Many bodies over one connection, asked for before they are needed (RFC 9051 section 5.5).

Windows of UID FETCH are under way at any time, so that no round trip is waited for. The window
counts messages but aims at bytes: it grows with small messages and shrinks with large ones. A
short body comes whole; a long one comes as it does over the wire, chunk by chunk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..errors import BusyError, LimitReached, ProtocolError, ReplyError
from ..session.results_sync import Results
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
    from .selecting_sync import Selecting

__all__ = ["Bodies", "Chunks", "Pulled"]

_FIRST, _DEEPEST = 64, 2_048
_UNDER_WAY = 3
_AIM = 4 << 20
"""Bytes of one window."""

_BATCH, _BATCH_BYTES = 64, 1 << 20


class Chunks:
    """The bytes of one message: iterate over them, or `read` them all.

    Attributes:
        data: all of them, where the message was short; else None.
    """

    __slots__ = ("_bodies", "_first", "data")

    def __init__(self, data: bytes | None, bodies: Bodies | None = None,
                 first: bytes = b"") -> None:
        self.data = data
        self._first = first if data is None else data
        self._bodies = bodies

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk, self._first = self._first, b""
        if not chunk and self._bodies is not None:
            chunk = self._bodies._piece(self)
        if not chunk:
            raise StopIteration
        return chunk

    def read(self) -> bytes:
        """All that has not been read yet."""
        return b"".join([chunk for chunk in self])


class Pulled(NamedTuple):
    """One message of many.

    Args:
        uid: of it.
        meta: what else was asked for; a long message's may lack what came behind its body.
        chunks: its bytes.
    """

    uid: int
    meta: Fetched
    chunks: Chunks


class Bodies(Results[Pulled]):
    """Messages with their bodies; an iterator and a context manager.

    Attributes:
        missing: of the messages that were asked for and have not come (yet).

    Args:
        client: with the folder open.
        uids: of the messages.
        wanted: what to bring, the one body last.
    """

    def __init__(self, client: Selecting, uids: NumberSet | str, wanted: Wanted) -> None:
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
        self._open: Chunks | None = None
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

    def settle(self) -> None:
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
                batch = self._gather()
            except BaseException:
                self._let_go()
                raise
            size += sum(len(one.chunks.data or b"") for one in batch)
            self._ahead.extend(batch)
            if size > self._client.largest:
                raise LimitReached(
                    f"{size:,} bytes of messages unread while another command was given",
                    hint="finish the loop first, or use a second connection")
        self._settling = False

    def _more(self) -> Sequence[Pulled]:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        with client._operation("UID FETCH"):
            batch: list[Pulled] = []
            try:
                while self._open is not None:
                    self._pull_chunk()
                while not batch:
                    self._ask()
                    if not self._due:
                        return self._finished()
                    batch = self._gather()
            except BaseException:
                self._let_go()
                raise
            client._unfinished = self
            return batch

    def _finished(self) -> list[Pulled]:
        """The end, or the refusal that it ends with."""
        if self._refused is not None:
            raise self._refused
        self.missing, self._came = self.missing - NumberSet(self._came), []
        return []

    def _gather(self) -> list[Pulled]:
        """The next messages: a batch of bytes, or up to the end of a window."""
        client, batch, size = self._client, list[Pulled](), 0
        command, count = self._due[0]
        while len(batch) < _BATCH and size < _BATCH_BYTES:
            event = client._next(command)
            if isinstance(event, Untagged):
                size += self._take(event, batch)
            elif isinstance(event, Data):
                if self._begin(event, batch):
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

    def _take(self, event: Untagged, batch: list[Pulled]) -> int:
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
        batch.append(Pulled(one.uid, one, Chunks(data)))
        return len(data)

    def _begin(self, event: Data, batch: list[Pulled]) -> bool:
        """A long message begins; whether it is handed out as a stream."""
        one = fetched(event.before) if event.before is not None else Fetched()
        self._bytes += len(event.chunk)
        if one.uid and not self._settling:
            chunks = Chunks(None, None if event.last else self, event.chunk)
            self._open = None if event.last else chunks
            self._came.append(one.uid)
            batch.append(Pulled(one.uid, one, chunks))
            return True
        batch.append(self._spooled(event))  # its UID may stand behind its body
        return False

    def _spooled(self, event: Data) -> Pulled:
        """A long message in memory, for nobody knows yet which one it is."""
        found, size = [event.chunk], len(event.chunk)
        command = self._due[0][0]
        while not event.last:
            more = self._client._next(command)
            if not isinstance(more, Data):
                raise ProtocolError("UID FETCH: a body that ends in the middle")
            event = more
            found.append(more.chunk)
            size += len(more.chunk)
            if size > self._client.largest:
                raise ProtocolError(
                    f"UID FETCH: over {self._client.largest:,} bytes before the UID is told",
                    hint="open_message takes messages of any size, one by one")
        end = self._client._next(command)
        one = fetched(end) if isinstance(end, Untagged) else Fetched()
        self._bytes += size
        self._came.append(one.uid)
        return Pulled(one.uid, one, Chunks(b"".join(found)))

    def _piece(self, chunks: Chunks) -> bytes:
        """The next chunk of the open message."""
        client = self._client
        if self._open is not chunks:
            return b""
        if client._unfinished is self:
            client._unfinished = None
        with client._operation("UID FETCH"):
            client._unfinished = self  # also if this wait is cancelled
            return self._pull_chunk()

    def _pull_chunk(self) -> bytes:
        event = self._client._next(self._due[0][0])
        if not isinstance(event, Data):
            raise ProtocolError("UID FETCH: a body that ends in the middle")
        if event.last:
            self._open = None
        self._bytes += len(event.chunk)
        return event.chunk

    def _let_go(self) -> None:
        if self._client._unfinished is self:
            self._client._unfinished = None
        self._client._abandon(command for command, _ in self._due)
