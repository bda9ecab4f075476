# A conversation (its twin heads_sync.py is generated): what many files are.
"""Many HEADs, asked ahead of their answers on one connection, as `get_many` asks for pages.

A server that loses its place there (it sends bodies that HEAD has not) is asked for one file after
the other from then on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from ..errors import ConnectionLost, ProtocolError, ReplyError
from ..session.results_async import AsyncResults
from ..types import Entry, Outcome
from ..urls import URL
from .at_once_async import AsyncAtOnce
from .many_async import AsyncMany
from .reading_async import PLAIN
from .types import Response

if TYPE_CHECKING:
    from .adapter_async import AsyncAdapter

__all__ = ["AsyncHeads"]


class AsyncHeads(AsyncResults[Outcome[Entry]]):
    """What many paths are, in their order.

    Args:
        files: of the site.
        paths: taken as they are needed.
    """

    def __init__(self, files: AsyncAdapter, paths: Iterable[str]) -> None:
        super().__init__()
        self._files = files
        self._paths = iter(paths)
        self._asked: deque[str] = deque()
        self._many: AsyncMany | None = None
        self._singly: AsyncAtOnce[Entry] | None = None

    def _urls(self) -> Iterator[URL]:
        for path in self._paths:
            self._asked.append(path)
            yield self._files.site.place(path)

    async def settle(self) -> None:
        """It has a connection of its own: nothing is in anybody's way."""

    async def _more(self) -> Sequence[Outcome[Entry]]:
        if self._singly is not None:
            return await self._singly._more()
        if self._many is None:
            self._many = AsyncMany(self._files.site.web, self._urls(), PLAIN, "HEAD")
        try:
            answer = await self._many.__anext__()
        except StopAsyncIteration:
            return ()
        except (ConnectionLost, ProtocolError):
            self._singly = AsyncAtOnce(
                ((path, partial(self._files.stat, path))
                 for path in chain(tuple(self._asked), self._paths)), self._files.site)
            return await self._singly._more()
        return (await self._outcome(self._asked.popleft(), answer),)

    async def _outcome(self, path: str, answer: Response) -> Outcome[Entry]:
        try:
            if path.rstrip("/").rpartition("/")[2] in ("", "."):
                return Outcome(path, await self._files.stat(path))
            return Outcome(path, await self._files.told(path, answer))
        except ReplyError as error:
            return Outcome(path, error=error)

    async def _let_go(self) -> None:
        if self._many is not None:
            await self._many.aclose()
