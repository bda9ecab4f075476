# A conversation (its twin pace_sync.py is generated): files that move no faster than asked for.
"""A limit of bytes a second, shared by all connections of a transfer.

An `AsyncPace` is a token bucket: bytes are paid for in small pieces, before they are handed on, and
whoever is ahead of the rate waits. As a reader that waits empties no buffer, and a writer that
waits fills none, the peer slows down by TCP's own window; a limit on the report of progress would
only wait when everything has been sent. An `AsyncThrottle` has all the buckets of a run: in all,
of one host, of one way.

`AsyncPacedFiles` puts a pace in front of the verbs of any file scheme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import BinaryIO, TypeVar

from ..errors import UsageError
from ..session.files_async import AsyncFiles, AsyncPacer, AsyncReading, AsyncSink, Watch
from ..session.results_async import AsyncResults
from ..transport.clock_async import Later, now, sleep, today
from ..transport.crew_async import AsyncLimit
from ..types import Entry, Features, Outcome
from .rates import Rate, Rates, Timetable, Way

__all__ = ["AsyncPace", "AsyncPacedFiles", "AsyncPacedReading", "AsyncPacedSink", "AsyncPacer",
           "AsyncPaces", "AsyncThrottle"]

K = TypeVar("K")

_LOOK = 1.0
"""Seconds between two looks at the timetable."""

_CREDIT = 0.25
"""Seconds that may be caught up after the peer was slow; more of them would be a burst."""

_A_SECOND = 10
"""Pieces a second: no wait is felt, and the bar moves."""

_SMALLEST, _LARGEST = 1_024, 65_536
"""Bytes of a piece: fewer would be packets of their own, more would come in jerks."""


class AsyncPace:
    """So many bytes a second, whoever moves them.

    Args:
        rate: bytes a second, or a timetable of them.

    Raises:
        UsageError: *rate* is less than one.

    Example:
        >>> AsyncPace(100_000).piece
        10000
    """

    def __init__(self, rate: int | Timetable) -> None:
        self._turn = AsyncLimit(1)
        self._due = now()
        self.change(rate)

    def change(self, rate: int | Timetable) -> None:
        """Another rate from here on, for all that move at this pace."""
        if isinstance(rate, int):
            if rate < 1:
                raise UsageError(f"a rate of {rate} bytes a second: nothing would move")
            rate = Timetable(((0, rate),))
        self._table = rate
        self._look()

    def _look(self) -> None:
        """See what the timetable says now."""
        self._looked = now()
        self.rate = self._table.rate(today().astimezone())

    @property
    def piece(self) -> int:
        """Bytes that are paid for at once."""
        return _LARGEST if self.rate is None else max(
            _SMALLEST, min(_LARGEST, self.rate // _A_SECOND))

    async def spend(self, count: int) -> None:
        """Pay for *count* bytes; return when they may move."""
        async with self._turn:
            moment = now()
            if moment - self._looked >= _LOOK and not self._table.constant:
                self._look()
            cost = 0.0 if self.rate is None else count / self.rate
            self._due = max(self._due, moment - _CREDIT) + cost
            ahead = self._due - moment
        if ahead > 0:
            await sleep(ahead)


class AsyncPaces:
    """Several paces that hold together.

    Args:
        paces: all of them.
    """

    def __init__(self, paces: Sequence[AsyncPace]) -> None:
        self._paces = tuple(paces)

    @property
    def piece(self) -> int:
        """Bytes that are paid for at once."""
        return min((one.piece for one in self._paces), default=_LARGEST)

    async def spend(self, count: int) -> None:
        """Pay for *count* bytes, to each; return when they may move."""
        for one in self._paces:
            await one.spend(count)


class AsyncThrottle:
    """The paces of one run, or of one command: every connection is given those that concern it.

    Args:
        rate: bytes a second, a text of limits, or `Rates`.

    Example:
        >>> throttle = AsyncThrottle("up:10K")
        >>> throttle.paces("ftp.example.org", "down").piece
        65536
    """

    def __init__(self, rate: Rate) -> None:
        self._rules = [(host, way, AsyncPace(table)) for host, way, table in Rates.of(rate).rules]

    @classmethod
    def of(cls, rate: Rate | AsyncThrottle) -> AsyncThrottle:
        """The throttle that *rate* is, or asks for."""
        return rate if isinstance(rate, AsyncThrottle) else cls(rate)

    def paces(self, host: str | None, way: Way) -> AsyncPaces:
        """What transfers from (``"down"``) or to (``"up"``) *host* have to keep."""
        mine = (host or "").lower().strip("[]")
        return AsyncPaces([pace for name, which, pace in self._rules
                           if which == way and name in ("", mine)])

    def change(self, rate: Rate) -> None:
        """Other limits for those that there are: each new one goes to the rule of its host and way.

        Raises:
            UsageError: there is no such rule to be changed.
        """
        for host, way, table in Rates.of(rate).rules:
            found = [pace for name, which, pace in self._rules if (name, which) == (host, way)]
            if not found:
                raise UsageError(f"change the rate {way} of {host or 'all hosts'}: it has none")
            for pace in found:
                pace.change(table)


class AsyncPacedReading(AsyncReading):
    """A reading whose chunks come no faster than *pace* lets them.

    Args:
        inner: the reading itself.
        pace: shared with all others that the rate is for.
    """

    def __init__(self, inner: AsyncReading, pace: AsyncPacer) -> None:
        super().__init__(inner.name)
        self._inner = inner
        self._pace = pace
        self._held = b""
        self._at = 0

    @property
    def expected(self) -> int | None:
        """Bytes to come, as far as is known."""
        return self._inner.expected

    @expected.setter
    def expected(self, value: int | None) -> None:
        self._inner.expected = value

    async def _chunk(self) -> bytes:
        if self._at >= len(self._held):
            self._held, self._at = await self._more(), 0
        piece = self._held[self._at : self._at + self._pace.piece]
        if piece:
            await self._pace.spend(len(piece))
        self._at += len(piece)  # after the wait: one that is cancelled loses nothing
        return piece

    async def _more(self) -> bytes:
        async for chunk in self._inner:
            return chunk
        self._learn()
        return b""

    async def _let_go(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> AsyncPacedReading:
        await self._inner.__aenter__()
        self._learn()
        return self

    def _learn(self) -> None:
        """What the server told of the file: without it a resumed one could be a mixture."""
        self.validator, self.modified = self._inner.validator, self._inner.modified
        self.digest = self._inner.digest

    async def __aexit__(self, *exc: object) -> None:
        self._open = False
        await self._inner.__aexit__(*exc)


class AsyncPacedSink(AsyncSink):
    """A sink that takes no more than *pace* lets through.

    Args:
        inner: the sink itself.
        pace: shared with all others that the rate is for.
    """

    def __init__(self, inner: AsyncSink, pace: AsyncPacer) -> None:
        self._inner = inner
        self._pace = pace

    async def begin(self) -> None:
        """Open the transfer."""
        self._inner.modified, self._inner.refused = self.modified, self.refused
        if self._inner.whole:
            self._inner.pace = self._pace
        await self._inner.begin()

    async def send(self, data: bytes) -> None:
        """Append *data*, piece by piece."""
        if self._inner.whole:
            await self._inner.send(data)  # it goes later, and keeps the pace then
            return
        for start in range(0, len(data), self._pace.piece):
            piece = data[start : start + self._pace.piece]
            await self._pace.spend(len(piece))
            await self._inner.send(piece)

    async def send_file(self, file: BinaryIO, watch: Watch) -> int:
        """Append what is left of *file*; return how many bytes there were."""
        if self._inner.whole:
            return await self._inner.send_file(file, watch)
        size = 0
        while data := file.read(self._pace.piece):
            await self.send(data)
            size += len(data)
            watch.add(len(data))
        return size

    async def finish(self) -> None:
        """Confirm the end."""
        await self._inner.finish()

    async def abandon(self) -> None:
        """Give up."""
        await self._inner.abandon()


class AsyncPacedFiles(AsyncFiles):
    """The verbs of a file scheme, with a limit on what is read and written.

    Args:
        inner: the scheme's adapter.
        pace: of what is read, shared by all connections of the transfer.
        up: of what is written, where that is another.
    """

    def __init__(
        self, inner: AsyncFiles, pace: AsyncPacer, up: AsyncPacer | None = None
    ) -> None:
        self._inner = inner
        self._pace = pace
        self._up = up or pace
        self.hides_round_trips, self.together = inner.hides_round_trips, inner.together

    @property
    def features(self) -> Features:
        """What the scheme can do."""
        return self._inner.features

    def list(self, path: str = "") -> AsyncResults[Entry]:
        """The entries of a folder."""
        return self._inner.list(path)

    async def stat(self, path: str) -> Entry:
        """What *path* is."""
        return await self._inner.stat(path)

    def read(self, path: str, *, offset: int = 0) -> AsyncReading:
        """A file from *offset* on, at the pace."""
        return AsyncPacedReading(self._inner.read(path, offset=offset), self._pace)

    def write(self, path: str, *, offset: int = 0) -> AsyncSink:
        """A file to be written, at the pace."""
        return AsyncPacedSink(self._inner.write(path, offset=offset), self._up)

    async def make(self, path: str) -> None:
        """Make a folder."""
        await self._inner.make(path)

    async def remove(self, path: str, *, folder: bool = False) -> None:
        """Remove a file, or an empty folder."""
        await self._inner.remove(path, folder=folder)

    async def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name."""
        await self._inner.rename(old, new)

    async def set(
        self, path: str, *, modified: datetime | None = None, mode: int | None = None
    ) -> None:
        """Set time and permissions."""
        await self._inner.set(path, modified=modified, mode=mode)

    async def digest(self, path: str, algorithm: str | None = None) -> tuple[str, str]:
        """The server's own digest."""
        return await self._inner.digest(path, algorithm)

    async def copy(self, source: str, target: str) -> None:
        """Copy on the server."""
        await self._inner.copy(source, target)

    async def link(self, path: str, target: str) -> None:
        """Make a symbolic link."""
        await self._inner.link(path, target)

    def stat_many(self, paths: Iterable[str]) -> AsyncResults[Outcome[Entry]]:
        """`stat` of many."""
        return self._inner.stat_many(paths)

    def make_many(self, paths: Iterable[str]) -> AsyncResults[Outcome[None]]:
        """`make` of many."""
        return self._inner.make_many(paths)

    def remove_many(
        self, paths: Iterable[str], *, folders: bool = False
    ) -> AsyncResults[Outcome[None]]:
        """`remove` of many."""
        return self._inner.remove_many(paths, folders=folders)

    def rename_many(self, pairs: Iterable[tuple[str, str]]) -> AsyncResults[Outcome[None]]:
        """`rename` of many."""
        return self._inner.rename_many(pairs)

    def set_many(self, items: Iterable[tuple[str, datetime]]) -> AsyncResults[Outcome[None]]:
        """Set the times of many."""
        return self._inner.set_many(items)

    async def read_many(
        self, items: Iterable[tuple[K, str]], take: Callable[[K, AsyncReading], Later[None]]
    ) -> None:
        """Read many files in turn, at the pace."""
        async def slowly(key: K, reading: AsyncReading) -> None:
            await take(key, AsyncPacedReading(reading, self._pace))

        await self._inner.read_many(items, slowly)

    async def write_many(
        self, items: Iterable[tuple[K, str]], give: Callable[[K, AsyncSink], Later[None]]
    ) -> None:
        """Write many files in turn, at the pace."""
        async def slowly(key: K, sink: AsyncSink) -> None:
            await give(key, AsyncPacedSink(sink, self._up))

        await self._inner.write_many(items, slowly)
