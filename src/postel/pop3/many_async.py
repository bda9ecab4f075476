# A conversation (its twin many_sync.py is generated): windows of RETR, TOP and DELE.
"""Many messages over one connection, asked for before they are needed (RFC 2449, PIPELINING).

The window counts messages but aims at bytes: about one MiB under way keeps any link busy without
holding much, so small messages are asked for by the hundred and huge ones one or two at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import LimitReached, ReplyError
from ..session.body_async import AsyncBody
from ..session.results_async import AsyncResults
from ..wire.base import Command
from . import wire
from .types import Message

if TYPE_CHECKING:
    from .client_async import AsyncClient

__all__ = ["AsyncDeletions", "AsyncMessageBody", "AsyncMessages"]

_FIRST, _DEEPEST = 16, 512
_UNDER_WAY = 1 << 20
"""Bytes that are asked for ahead, as far as their size can be guessed."""

_BATCH = 256 * 1024
"""Bytes read before they are handed out."""


class AsyncMessages(AsyncResults[Message]):
    """Messages in turn; an iterator and a context manager."""

    def __init__(
        self, client: AsyncClient, numbers: Iterable[int], ask: Callable[[int], Command]
    ) -> None:
        super().__init__()
        self._client = client
        self._numbers: Iterator[int] = iter(numbers)
        self._ask = ask
        self._asked: deque[tuple[int, Command]] = deque()
        self._window = _FIRST
        self._refused: ReplyError | None = None

    async def settle(self) -> None:
        """Read what has been asked for already; the loop then goes on asking."""
        size = 0
        while self._asked:
            batch = await self._gather()
            size += sum(len(message.data) for message in batch)
            self._ahead.extend(batch)
            if size > self._client.largest:
                raise LimitReached(
                    f"{size:,} bytes of messages unread while another command was given",
                    hint="finish the loop first, or use a second connection",
                )

    async def _more(self) -> Sequence[Message]:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        async with client._operation("RETR"):
            if self._refused is not None:
                raise self._refused
            if client._capabilities is None:
                await client.capa()
            self._ask_ahead()
            batch = await self._gather() if self._asked else ()
            if self._asked:
                client._unfinished = self
            if not batch and self._refused is not None:
                raise self._refused
            return batch

    def _ask_ahead(self) -> None:
        """Top the window up, in one packet, once it is half empty."""
        window = self._window if "PIPELINING" in self._client.capabilities else 1
        if len(self._asked) > window // 2:
            return
        for number in self._numbers:
            self._asked.append((number, self._client._queue(self._ask(number))))
            if len(self._asked) >= window:
                return

    async def _gather(self) -> list[Message]:
        """The next messages, up to half a window or a batch of bytes."""
        batch: list[Message] = []
        size, client = 0, self._client
        for _ in range(max(1, len(self._asked) // 2)):
            number, command = self._asked.popleft()
            try:
                await client._ok(command)
            except ReplyError as error:
                self._refused = error
                self._asked.clear()
                return batch
            data = await client._body(command)
            batch.append(Message(number, data))
            size += len(data)
            if size > _BATCH:
                break
        average = size // len(batch) + 64
        self._window = max(2, min(_DEEPEST, self._window * 2, _UNDER_WAY // average))
        return batch


class AsyncDeletions(AsyncResults[int]):
    """Numbers of messages, each once it is marked."""

    def __init__(self, client: AsyncClient, numbers: Iterable[int]) -> None:
        super().__init__()
        self._client = client
        self._numbers = iter(numbers)
        self._refused: ReplyError | None = None

    async def _more(self) -> Sequence[int]:
        """Mark a window of them; what came after a refused one in the same window is marked too."""
        client = self._client
        async with client._operation("DELE"):
            if self._refused is not None:
                raise self._refused
            window = _DEEPEST if "PIPELINING" in await client.capa() else 1
            asked = [(number, client._queue(wire.dele(number)))
                     for _, number in zip(range(window), self._numbers, strict=False)]
            client._marked += len(asked)  # from now on the server may have them marked
            marked = []
            for number, command in asked:
                reply = await client._event(command, wire.Reply)
                if reply.ok:
                    marked.append(number)
                    continue
                client._marked -= 1
                self._refused = self._refused or client._refusal(command, reply)
            if not marked and self._refused is not None:
                raise self._refused
            return marked


class AsyncMessageBody(AsyncBody):
    """One message as it comes."""

    def __init__(self, client: AsyncClient, command: Command, name: str) -> None:
        super().__init__(name)
        self._client = client
        self._command = command
        self._begun = False
        self._last = False

    async def _let_go(self) -> None:
        if self._client._unfinished is self:
            self._client._unfinished = None  # what still comes is dropped by the next command

    async def _chunk(self) -> bytes:
        client = self._client
        if client._unfinished is self:
            client._unfinished = None
        async with client._operation(self.name):
            if not self._begun:
                self._begun = True
                await client._ok(client._queue(self._command))
            while not self._last:
                data = await client._event(self._command, wire.Data)
                client._progressed()
                self._last = data.last
                if not data.last:
                    client._unfinished = self
                if data.chunk:
                    return data.chunk
            return b""
