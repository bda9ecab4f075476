# GENERATED from fetching_async.py by tools/unasync.py: edit that file, not this one.
"""Messages as they come: typed results in batches, bodies of any size chunk by chunk.

The results of a FETCH are handed out while it runs. A server may tell of one message in several
answers, in any order, and may tell of others meanwhile: what is incomplete waits until the rest
has come or the command has ended, and what was not asked for is news.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import NotFound, ProtocolError, ReplyError
from ..session.body_sync import Body
from ..session.results_sync import Results
from . import asking
from .asking import compose
from .fetched import fetched
from .items import Wanted
from .quirks import pieces
from .refusals import refusal
from .sequence import NumberSet
from .types import Fetched
from .wire import Command, Continue, Data, Reply, Untagged

if TYPE_CHECKING:
    from .selecting_sync import Selecting

__all__ = ["Fetches", "MessageBody"]

_BATCH = 200
"""Messages that are read before they are handed out, if they are there already."""

_BATCH_BYTES = 1 << 20


class Fetches(Results[Fetched]):
    """Messages of one folder, in the server's order; an iterator and a context manager.

    Args:
        client: with the folder open.
        uids: of the messages.
        wanted: what to bring.
        modifiers: behind the items, as ``(CHANGEDSINCE 12)``.
    """

    def __init__(self, client: Selecting, uids: NumberSet | str, wanted: Wanted,
                 modifiers: bytes = b"") -> None:
        super().__init__()
        self._client = client
        self._wanted = wanted
        self._tail = b" " + asking.items(wanted.items) + modifiers
        self._uids = uids
        self._sets = self._pieces(uids)
        self._due: deque[Command] = deque()
        self._partial: dict[int, Fetched] = {}
        self._seen: set[int] = set()
        self._refused: ReplyError | None = None

    def _pieces(self, uids: NumberSet | str) -> Iterator[str]:
        if isinstance(uids, str):
            return iter([uids])
        return pieces(uids, self._client.greeting, self._client.capabilities)

    def _let_go(self) -> None:
        self._client._abandon(self._due)

    def _more(self) -> Sequence[Fetched]:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        with client._operation("UID FETCH"):
            batch: list[Fetched] = []
            try:
                while not batch:
                    self._ask()
                    if not self._due:
                        break
                    batch = self._gather()
            except BaseException:
                client._abandon(self._due)
                raise
            if self._due:
                client._unfinished = self
            elif self._refused is not None and not batch:
                raise self._refused
            return batch

    def _gather(self) -> list[Fetched]:
        """What has come: a batch, or up to the end of a command."""
        batch, size = list[Fetched](), 0
        while self._due and len(batch) < _BATCH and size < _BATCH_BYTES:
            event = self._client._next(self._due[0])
            if isinstance(event, Untagged):
                self._take(event, batch)
                if batch and batch[-1].bodies:
                    size += sum(map(len, batch[-1].bodies.values()))
            elif isinstance(event, Reply):
                self._ended(event, batch)
            else:
                raise ProtocolError(f"UID FETCH: {type(event).__name__} where data was due")
        return batch

    def _ask(self) -> None:
        """Two commands under way: the server never waits for the next."""
        while len(self._due) < 2 and self._refused is None:
            uids = next(self._sets, None)
            if uids is None:
                return
            self._due.append(self._client._queue(
                compose(b"UID FETCH ", uids.encode("ascii"), self._tail,
                        takes=["FETCH", "UIDFETCH"])))

    def _take(self, event: Untagged, batch: list[Fetched]) -> None:
        one = fetched(event)
        key = one.number or -one.uid
        if key in self._seen:
            self._client._take_news(event)
            return
        if key in self._partial:
            one = _joined(self._partial.pop(key), one)
        if self._wanted.has_come(one):
            if self._is_wanted(one.uid):
                self._seen.add(key)
                batch.append(one)
            else:
                self._client._take_news(event)
            return
        self._partial[key] = one

    def _is_wanted(self, uid: int) -> bool:
        return isinstance(self._uids, str) or uid in self._uids

    def _ended(self, reply: Reply, batch: list[Fetched]) -> None:
        """The end of one command: what is still incomplete will not become more."""
        command = self._due.popleft()
        for key, one in self._partial.items():
            if one.uid and self._is_wanted(one.uid) and self._wanted.names & {*one.items}:
                self._seen.add(key)
                batch.append(one)
        self._partial.clear()
        self._seen.clear()
        if reply.kind != "OK" and self._refused is None:
            self._refused = refusal(str(command), reply)


def _joined(one: Fetched, more: Fetched) -> Fetched:
    """Two answers about one message."""
    changes = {name: value for name, value in vars(more).items() if value}
    for name in ("bodies", "binaries", "binary_sizes", "annotations"):
        changes[name] = {**getattr(one, name), **getattr(more, name)}
    changes["items"] = tuple(dict.fromkeys((*one.items, *more.items)))
    if "FLAGS" in more.items:
        changes["flags"] = more.flags
    return replace(one, **changes)


class MessageBody(Body):
    """One message, or a section of it, as it comes."""

    def __init__(self, client: Selecting, uid: int, item: str, name: str) -> None:
        super().__init__(name)
        self._client = client
        self._uid = uid
        self._command: Command | None = None
        self._asked = compose(b"UID FETCH %d " % uid, asking.items(["UID", item]),
                              takes=["FETCH", "UIDFETCH"], has_body=True)
        self._came = False

    def _chunk(self) -> bytes:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        with client._operation(self.name):
            if self._command is None:
                self._command = client._queue(self._asked)
            client._unfinished = self  # also if this wait is cancelled: the rest is on its way
            while True:
                event = client._next(self._command)
                if isinstance(event, Data):
                    self._came = True
                    if event.chunk:
                        return event.chunk
                elif isinstance(event, Reply):
                    client._unfinished = None
                    self._ended(event)
                    return b""
                elif isinstance(event, Continue):
                    raise ProtocolError(f"{self.name}: the server waits for more")
                elif whole := self._inline(event):
                    return whole

    def _inline(self, event: Untagged) -> bytes:
        """A short body comes in one piece with its response."""
        one = fetched(event)
        found = [*one.bodies.values(), *one.binaries.values()]
        if one.uid not in (0, self._uid):
            self._client._take_news(event)
            return b""
        self._came = self._came or bool(found) or any("[" in name for name in one.items)
        return found[0] if found else b""

    def _ended(self, reply: Reply) -> None:
        if reply.kind != "OK":
            raise refusal(self.name, reply)
        if not self._came:
            raise NotFound(f"{self.name}: there is no such message, or no such part of it",
                           command=str(self._asked),
                           hint="it may have been deleted or moved since it was listed")

    def _let_go(self) -> None:
        if self._client._unfinished is self:
            self._client._unfinished = None
        if self._command is not None:
            self._client._abandon([self._command])
