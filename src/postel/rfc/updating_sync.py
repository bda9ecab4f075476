# GENERATED from updating_async.py by tools/unasync.py: edit that file, not this one.
"""The offline mirror: index, errata, all texts that are not here yet, and the full-text index.

Whatever was done is kept: texts one by one, the rest in transactions. A run that is killed is
gone on with by the next one, and one that finds nothing new asks two questions and is done. The
index is asked for conditionally, at the places where it is known to have been; one that cannot be
read, is cut off, or is much smaller than the one before is not taken, and the next place is tried.
"""

from __future__ import annotations

import lzma
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import LimitReached, NotFound, PostelError, ProtocolError
from ..transport import disk_sync as disk
from ..transport.clock_sync import today
from ..transport.crew_sync import Crew
from . import errata, index_text, index_xml, indexing
from .cleaning import decoded
from .references import ERRATA, INDEXES
from .results import Report
from .sources_sync import Sources, Found
from .store import Store
from .types import Index

__all__ = ["Update", "Tell"]

Tell = Callable[[str, int, int], object] | None
"""Told of progress: what is being done, how far it is, and of how much."""

_FEWEST = 0.9
"""An index with fewer RFCs than this part of those that were known is not believed."""

_PATIENCE = 5
"""Texts in a row that fail before a run gives up."""


class Update:
    """One update of a mirror.

    Args:
        store: the mirror.
        make: makes the sources; each worker has its own.
        connections: at once.
        tell: see `Tell`.
    """

    def __init__(
        self, store: Store, make: Callable[[], Sources], *, connections: int = 4,
        tell: Tell = None,
    ) -> None:
        self._store, self._make, self._tell = store, make, tell
        self._connections = connections
        self._waiting: deque[int] = deque()
        self._missing: list[int] = []
        self._failed: dict[int, str] = {}
        self._fetched = self._size = self._total = self._in_a_row = 0

    def run(self, numbers: Iterable[int] | None = None) -> Report:
        """Do all of it.

        Args:
            numbers: only these texts; None for all that the index has as text.
        """
        disk.call(self._store.clear)
        unchanged, index = self.index()
        known, here = disk.call(self._plan, numbers)
        self._texts()
        indexed = disk.call(indexing.index, self._store, self._tell_index)
        return Report(known, here + self._fetched, self._fetched, self._size, indexed, unchanged,
                      tuple(sorted(self._missing)), dict(sorted(self._failed.items())), index)

    def index(self) -> tuple[bool, str]:
        """Index and errata: whether neither is newer, and where the index came from.

        Raises:
            PostelError: there is none to be had, and none was here.
        """
        sources = self._make()
        try:
            unchanged, where = self._index(sources)
            return self._errata(sources) and unchanged, where
        finally:
            sources.close()

    # -- the index and the errata ----------------------------------------------------------

    def _index(self, sources: Sources) -> tuple[bool, str]:
        meta = disk.call(self._store.meta)
        before = disk.call(self._store.count)
        versions = {meta.get("index", ""): meta.get("index-version", "")} if before else {}
        bad: dict[str, PostelError] = {}
        while found := sources.first(INDEXES, index_text.LARGEST, versions, bad):
            one = found[0]
            where = one.source + one.name
            if one.data is None:
                disk.call(self._store.note, {"checked": _now()})
                return True, where
            try:
                index = _parse(one)
                _believe(index, where, before)
            except (ProtocolError, LimitReached) as error:
                bad[where] = error
                continue
            disk.call(self._store.replace, index, {
                "index": where, "index-version": one.version,
                "created": str(index.created or ""), "checked": _now()})
            return False, where
        raise next(iter(bad.values()), sources.trouble) or _nowhere()

    def _errata(self, sources: Sources) -> bool:
        """Whether the errata are unchanged; a source without any, or with bad ones, is no harm."""
        meta = disk.call(self._store.meta)
        versions = {meta.get("errata", ""): meta.get("errata-version", "")}
        try:
            offered = sources.first(ERRATA, errata.LARGEST, versions)
            found = errata.parse(offered[0].data) if offered and offered[0].data else None
        except (ProtocolError, LimitReached):
            return True
        if found is not None:
            one = offered[0]
            disk.call(self._store.replace_errata, found, {
                "errata": one.source + one.name, "errata-version": one.version})
            return False
        return True

    # -- the texts -------------------------------------------------------------------------

    def _plan(self, numbers: Iterable[int] | None) -> tuple[int, int]:
        """What is to be fetched; how many there are as text, and how many of them are here."""
        texts = {one.number for one in self._store.records()
                 if "TXT" in one.formats or not one.formats}
        wanted = texts if numbers is None else texts & set(numbers)
        here = set(self._store.numbers()) & wanted
        self._waiting = deque(sorted(wanted - here))
        self._total = len(self._waiting)
        return len(wanted), len(here)

    def _texts(self) -> None:
        if not self._waiting:
            return
        with Crew() as crew:
            for _ in range(min(self._connections, len(self._waiting))):
                crew.start(self._work)

    def _work(self) -> None:
        """Fetch texts until there are none left, or too many fail in a row."""
        sources = self._make()
        try:
            while self._in_a_row < _PATIENCE:
                try:
                    number = self._waiting.popleft()
                except IndexError:
                    return
                self._one(number, sources)
                if self._tell is not None:
                    done = self._fetched + len(self._missing) + len(self._failed)
                    self._tell("texts", done, self._total)
        finally:
            sources.close()

    def _one(self, number: int, sources: Sources) -> None:
        try:
            found = sources.text(number)
            data = found.data or b""
            disk.call(self._store.keep, number, data)
        except NotFound:
            self._missing.append(number)
            return
        except PostelError as error:
            self._failed[number] = str(error)
            self._in_a_row += 1
            return
        self._in_a_row = 0
        self._fetched += 1
        self._size += len(data)

    def _tell_index(self, done: int, total: int) -> None:
        if self._tell is not None:
            self._tell("index", done, total)


def _parse(found: Found) -> Index:
    """The index of a source, as XML or text, and packed as the corpora of the net have it."""
    data = found.data or b""
    if data.startswith(b"\xfd7zXZ\0"):
        data = _unpacked(data)
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return index_xml.parse(data) if start.startswith(b"<") else index_text.parse(decoded(data))


def _believe(index: Index, where: str, before: int) -> None:
    """Refuse an index that has lost much of what was known."""
    if len(index.records) < before * _FEWEST:
        raise ProtocolError(
            f"{where}: it has {len(index.records)} RFCs, {before} were known",
            hint="it may be cut off; the old one is kept")


def _nowhere() -> PostelError:
    return NotFound("update: no source has an index",
                    hint=f"known names are {', '.join(INDEXES[:4])}")


def _unpacked(data: bytes) -> bytes:
    try:
        packed = lzma.LZMADecompressor(memlimit=256 << 20)
        out = packed.decompress(data, index_text.LARGEST + 1)
    except lzma.LZMAError as error:
        raise ProtocolError(f"the index: it cannot be unpacked: {error}") from None
    if len(out) > index_text.LARGEST or not packed.eof:
        raise LimitReached(f"the index: unpacked, it has more than {index_text.LARGEST} bytes")
    return out


def _now() -> Any:
    return today().isoformat(timespec="seconds")
