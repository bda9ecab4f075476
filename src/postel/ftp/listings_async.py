# A conversation (its twin listings_sync.py is generated): FTP's listings, as they come.
"""MLSD, LIST and NLST: lines in by chunk, entries out by batch."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ..errors import (
    ConnectionLost,
    Incomplete,
    LimitReached,
    NotSupported,
    ProtocolError,
    ReplyError,
)
from ..session.results_async import AsyncResults
from ..session.trees_async import is_one
from ..transport.clock_async import today
from ..types import Entry
from ..wire.lines import LONGEST_LINE
from ..wire.names import joined
from . import replies
from .data_async import AsyncTransfer
from .listing import Parser
from .mlsx import mlsd

if TYPE_CHECKING:
    from .transfers_async import AsyncTransfers

__all__ = ["AsyncListing", "AsyncNames"]

_WIDEST = 15 * 3600
"""Seconds that a zone can be off UTC, and a little more for clocks that are wrong."""

_MEASURED = 10_000
"""Entries held back, once for a server, while the zone of its times is measured."""


class _Lines:
    """The lines of a listing that is coming in."""

    def __init__(self, transfer: AsyncTransfer) -> None:
        self.transfer = transfer
        self._site: AsyncTransfers = transfer.site
        self._name = str(transfer.asked)
        self._held = b""
        self._begun = False
        self._lined = False
        self._size = 0
        self._inflate = zlib.decompressobj() if self._site._z else None
        self.ended = False

    async def next(self) -> list[str]:
        """Some more lines; empty at the end, which has then been confirmed."""
        try:
            return await self._next()
        except BaseException:
            await self.transfer.close()  # the server stops; its answers are dropped as they come
            raise

    async def _next(self) -> list[str]:
        if not self._begun:
            self._begun = True
            await self.transfer.begin()
        site, stream = self._site, self.transfer.stream
        while stream is not None and not self.ended:
            stream.deadline = site._data_deadline()
            try:
                data = await stream.receive()
            except ConnectionLost as error:
                await self.transfer.abandon()
                raise self._cut() from error
            if not data:
                break
            if lines := self._split(self._inflated(data)):
                return lines
        if self.ended:
            return []
        self.ended = True
        await self._confirm(stream is None or stream.clean)
        last, self._held = self._held, b""
        if last and (self._lined or self._name.startswith("MLSD")):
            raise self._cut()  # the others ended as lines do: half a name is no name
        return self._decode(last) if last else []

    def _inflated(self, data: bytes) -> bytes:
        """What *data* holds under MODE Z; a byte more than is allowed is enough for the cap."""
        if self._inflate is None:
            return data
        try:
            return self._inflate.decompress(data, self._site.largest_listing + 1)
        except zlib.error as error:
            raise self._cut() from error

    def _split(self, data: bytes) -> list[str]:
        self._size += len(data)
        if self._size > self._site.largest_listing:
            raise LimitReached(f"{self._name}: a listing of over {self._size:,} bytes",
                               hint="largest_listing allows more")
        whole, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._held += rest
            if len(self._held) > LONGEST_LINE:
                raise ProtocolError(f"{self._name}: a line of over {LONGEST_LINE} bytes")
            return []
        self._lined = True
        whole, self._held = self._held + whole, rest
        return self._decode(whole)

    def _decode(self, data: bytes) -> list[str]:
        text = data.decode(self._site.encoding, "surrogateescape")
        return [line.rstrip("\r") for line in text.split("\n")]

    async def _confirm(self, clean: bool) -> None:
        try:
            await self.transfer.finish()
        except ReplyError as error:
            if error.code in (425, 426, 451):
                raise self._cut() from error
            raise
        if not clean or (self._inflate is not None and self._size and not self._inflate.eof):
            raise self._cut()

    def _cut(self) -> Incomplete:
        return Incomplete(f"{self._name}: the listing was cut short after {self._size:,} bytes",
                          hint="what came is no basis for deleting anything; try again",
                          command=self._name)


class AsyncListing(AsyncResults[Entry]):
    """Entries as they come; an iterator and a context manager."""

    def __init__(self, site: AsyncTransfers, path: str) -> None:
        super().__init__()
        self._site = site
        self._path = path
        self._lines: _Lines | None = None
        self._parser: Parser | None = None

    async def _more(self) -> Sequence[Entry]:
        site = self._site
        if site._unfinished is self:
            site._unfinished = None
        async with site._operation(f"list {self._path}"):
            while True:
                lines = await self._next()
                entries = self._parse(lines)
                ended = self._lines is not None and self._lines.ended
                if not ended:
                    site._unfinished = self
                if self._parser is not None and site.learned.zone is None:
                    entries = await self._with_zone(entries)
                    ended = self._lines is not None and self._lines.ended
                if entries or ended:
                    return entries

    async def _next(self) -> list[str]:
        """The next lines, of MLSD where there is one, else of LIST."""
        site = self._site
        if self._lines is None and site._knows("MLST"):
            self._lines = _Lines(site._listing("MLSD", self._path))
            try:
                return await self._lines.next()
            except NotSupported:
                site._features = {**site.capabilities}  # FEAT promised what is not there
                del site._features["MLST"]
                self._lines = None
        if self._lines is None:
            zone = site.learned.zone
            self._parser = Parser(now=today().replace(tzinfo=None) + timedelta(seconds=zone or 0),
                                  tz=None if zone is None else _zone(zone))
            return await self._first_of_list()
        return await self._lines.next()

    async def _first_of_list(self) -> list[str]:
        """LIST -a shows dot files; a server that takes "-a" for a name is asked without."""
        site = self._site
        path = f"./{self._path}" if self._path.startswith("-") else self._path
        try:
            self._lines = _Lines(site._listing("LIST", f"-a {path}".rstrip()))
            return await self._lines.next()
        except ReplyError:
            self._lines = _Lines(site._listing("LIST", path))
            return await self._lines.next()

    def _parse(self, lines: list[str]) -> list[Entry]:
        if self._parser is None:
            return mlsd(lines)
        return self._parser.feed(lines)

    async def _with_zone(self, entries: list[Entry]) -> list[Entry]:
        """LIST has no zone: hold the first listing back, and ask MDTM for one file's time."""
        site = self._site
        while len(entries) < _MEASURED and self._lines is not None:
            lines = await self._lines.next()
            entries += self._parse(lines)
            if self._lines.ended and not lines:
                break
        if self._lines is None or not self._lines.ended:
            return entries
        recent = [e for e in entries if e.is_file and e.modified and e.precision == 60
                  and not e.modified.tzinfo and is_one(e.name)]
        if not recent:
            return entries
        sample = max(recent, key=_when)
        reply = await site._ask("MDTM", joined(self._path, sample.name))
        true = replies.moment((reply.text.split() or [""])[-1]) if reply.kind == 2 else None
        site.learned.zone = 0.0
        if true is not None and sample.modified is not None:
            off = (sample.modified.replace(tzinfo=UTC) - true).total_seconds()
            if abs(off) <= _WIDEST:  # else it is the year that was guessed wrong, or nonsense
                site.learned.zone = round(off / 900) * 900.0
        return [_zoned(entry, site.learned.zone) for entry in entries]

    async def _let_go(self) -> None:
        site = self._site
        if site._unfinished is self:
            site._unfinished = None
        if self._lines is not None and site.is_open:
            async with site._operation(f"list {self._path}"):
                await self._lines.transfer.abandon()


class AsyncNames(AsyncResults[str]):
    """Names as NLST gives them: files, folders or both, as the server pleases."""

    def __init__(self, site: AsyncTransfers, path: str) -> None:
        super().__init__()
        self._site = site
        self._lines = _Lines(site._listing("NLST", path))

    async def _more(self) -> Sequence[str]:
        site = self._site
        if site._unfinished is self:
            site._unfinished = None
        async with site._operation("NLST"):
            while True:
                try:
                    names = [name for name in await self._lines.next() if name]
                except ReplyError as error:
                    if error.code in (450, 550) and "no files" in error.text.lower():
                        return ()  # how many servers say that a folder is empty
                    raise
                if not self._lines.ended:
                    site._unfinished = self
                if names or self._lines.ended:
                    return names

    async def _let_go(self) -> None:
        site = self._site
        if site._unfinished is self:
            site._unfinished = None
        if site.is_open:
            async with site._operation("NLST"):
                await self._lines.transfer.abandon()


def _when(entry: Entry) -> datetime:
    return entry.modified or datetime.min


def _zone(seconds: float) -> timezone:
    return timezone(timedelta(seconds=seconds))


def _zoned(entry: Entry, seconds: float) -> Entry:
    """*entry* with its naive time read in the server's zone."""
    if entry.modified is None or entry.modified.tzinfo is not None:
        return entry
    return replace(entry, modified=entry.modified.replace(tzinfo=_zone(seconds)))

