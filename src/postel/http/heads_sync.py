# GENERATED from heads_async.py by tools/unasync.py: edit that file, not this one.
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
from ..session.results_sync import Results
from ..types import Entry, Outcome
from ..urls import URL
from .at_once_sync import AtOnce
from .many_sync import Many
from .reading_sync import PLAIN
from .types import Response

if TYPE_CHECKING:
    from .adapter_sync import Adapter

__all__ = ["Heads"]


class Heads(Results[Outcome[Entry]]):
    """What many paths are, in their order.

    Args:
        files: of the site.
        paths: taken as they are needed.
    """

    def __init__(self, files: Adapter, paths: Iterable[str]) -> None:
        super().__init__()
        self._files = files
        self._paths = iter(paths)
        self._asked: deque[str] = deque()
        self._many: Many | None = None
        self._singly: AtOnce[Entry] | None = None

    def _urls(self) -> Iterator[URL]:
        for path in self._paths:
            self._asked.append(path)
            yield self._files.site.place(path)

    def settle(self) -> None:
        """It has a connection of its own: nothing is in anybody's way."""

    def _more(self) -> Sequence[Outcome[Entry]]:
        if self._singly is not None:
            return self._singly._more()
        if self._many is None:
            self._many = Many(self._files.site.web, self._urls(), PLAIN, "HEAD")
        try:
            answer = self._many.__next__()
        except StopIteration:
            return ()
        except (ConnectionLost, ProtocolError):
            self._singly = AtOnce(
                ((path, partial(self._files.stat, path))
                 for path in chain(tuple(self._asked), self._paths)), self._files.site)
            return self._singly._more()
        return (self._outcome(self._asked.popleft(), answer),)

    def _outcome(self, path: str, answer: Response) -> Outcome[Entry]:
        try:
            if path.rstrip("/").rpartition("/")[2] in ("", "."):
                return Outcome(path, self._files.stat(path))
            return Outcome(path, self._files.told(path, answer))
        except ReplyError as error:
            return Outcome(path, error=error)

    def _let_go(self) -> None:
        if self._many is not None:
            self._many.close()
