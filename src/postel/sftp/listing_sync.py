# GENERATED from listing_async.py by tools/unasync.py: edit that file, not this one.
"""The entries of a folder page by page, and batches of requests that leave in one packet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from ..errors import ConnectionLost, LimitReached, PostelError, ReplyError
from ..session.results_sync import Results
from ..types import Entry, Outcome
from . import packets, requests
from .attributes import entry_of
from .refusals import EOF
from .wire import Handle, Name, Names, Reply, Request, Status

if TYPE_CHECKING:
    from .engine_sync import Engine

__all__ = ["BURST", "LARGEST_FOLDER", "Batch", "Listing"]

T = TypeVar("T")

BURST = 500
"""Requests of a batch that are under way at once."""

LARGEST_FOLDER = 10_000_000
"""Entries of one folder: a server that lists without end must not keep anyone for ever."""

_PAGES = 2
"""READDIRs under way at once: the second finds out that the first was all."""

_EMPTY_PAGES = 100


class Listing(Results[Entry]):
    """The entries of one folder; links are told as links.

    Args:
        site: an open client.
        path: of the folder.
    """

    def __init__(self, site: Engine, path: str) -> None:
        super().__init__()
        self._site, self._wire, self._path = site, site._wire, path
        self._handle: bytes | None = None
        self._pages: list[Request] = []
        self._ended = False
        self._count = self._empty = 0

    def settle(self) -> None:
        """Nothing is in the way of other commands."""

    def _more(self) -> Sequence[Entry]:
        if self._ended:
            return ()
        with self._site._operation(f"list {self._path or '.'}"):
            if self._handle is None:
                self._open()
            if self._wire is not self._site._wire:
                raise ConnectionLost(f"list {self._path}: the connection it began on is gone")
            while True:
                entries = self._page()
                if entries or self._ended:
                    return entries

    def _open(self) -> None:
        site = self._site
        self._wire = site._wire
        request = requests.by_path(packets.OPENDIR, site._at(self._path))
        request.then = self._opened
        site._queue(request)
        site.handles += 1
        while request.reply is None:
            site._fill()
        if not isinstance(request.reply, Handle):
            site.handles -= 1
            raise site._why(request, request.reply, site._at(self._path))

    def _opened(self, request: Request, reply: Reply) -> None:
        request.reply = reply
        if isinstance(reply, Handle):
            self._handle = reply.handle

    def _page(self) -> Sequence[Entry]:
        site, handle = self._site, self._handle or b""
        while len(self._pages) < (1 if site.careful else _PAGES):
            self._pages.append(site._queue(requests.by_handle(packets.READDIR, handle)))
        request = self._pages.pop(0)
        reply = site._answer(request)
        if isinstance(reply, Names):
            self._empty = 0 if reply.names else self._empty + 1
            self._count += len(reply.names)
            if self._count > LARGEST_FOLDER or self._empty > _EMPTY_PAGES:
                self._let_go()
                raise LimitReached(f"list {self._path}: the server does not come to an end",
                                   hint="it may be broken, or hostile")
            return [_entry(one) for one in reply.names if one.name not in (b".", b"..")]
        self._ended = True
        self._let_go()
        if isinstance(reply, Status) and reply.code == EOF:
            return ()
        raise site._refusal(request, reply)

    def _let_go(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None and self._wire is self._site._wire:
            self._site._let_go(handle)

    def __del__(self) -> None:
        if self._handle is not None and self._wire is self._site._wire:
            self._site._orphans.append(self._handle)


def _entry(one: Name) -> Entry:
    return entry_of(one.name.decode("utf-8", "surrogateescape"), one.attributes,
                    one.longname.decode("utf-8", "replace"))


class Batch(Results[Outcome[T]], Generic[T]):
    """Many small requests, hundreds under way, their outcomes in order.

    Args:
        site: an open client.
        items: for each its path, its request, and how to read the reply.
        again: whether one that failed is asked for once more when the others are done: servers
            that work on several requests at once may have taken it before those it stands on.
    """

    def __init__(
        self,
        site: Engine,
        items: Iterable[tuple[str, Callable[[], Request], Callable[[Request, Reply], T]]],
        *,
        again: bool = False,
    ) -> None:
        super().__init__()
        self._site, self._items, self._again = site, iter(items), again

    def settle(self) -> None:
        """Nothing is open between two batches."""

    def _more(self) -> Sequence[Outcome[T]]:
        site, sent = self._site, []
        most = 1 if site.careful else BURST
        for path, make, read in self._items:
            sent.append((path, make, read))
            if len(sent) >= most:
                break
        if not sent:
            return ()
        with site._operation(f"{len(sent)} requests"):
            asked: list[Request | PostelError] = []
            for _, make, _ in sent:
                try:
                    asked.append(site._queue(make()))
                except PostelError as error:
                    asked.append(error)
            found: list[Outcome[T]] = []
            for (path, _, read), request in zip(sent, asked, strict=True):
                if isinstance(request, PostelError):
                    found.append(Outcome(path, error=request))
                    continue
                outcome = self._outcome(path, request, site._answer(request), read)
                found.append(outcome)
            if self._again:
                self._once_more(sent, found)
            return found

    def _once_more(
        self,
        sent: Sequence[tuple[str, Callable[[], Request], Callable[[Request, Reply], T]]],
        found: list[Outcome[T]],
    ) -> None:
        """Ask again for what failed, one at a time, if something before it went well."""
        if not any(outcome.ok for outcome in found):
            return
        for index, (path, make, read) in enumerate(sent):
            if isinstance(found[index].error, ReplyError):
                request = self._site._queue(make())
                reply = self._site._answer(request)
                found[index] = self._outcome(path, request, reply, read)

    def _outcome(
        self, path: str, request: Request, reply: Reply, read: Callable[[Request, Reply], T]
    ) -> Outcome[T]:
        try:
            return Outcome(path, read(request, reply))
        except ReplyError as error:
            error.url = str(self._site.url)
            return Outcome(path, error=error)
