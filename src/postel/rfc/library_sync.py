# GENERATED from library_async.py by tools/unasync.py: edit that file, not this one.
"""The series: an RFC by number or name, from the mirror where it is there, else from a source.

What is fetched is kept in the mirror, so that the next answer needs no network. What the mirror
has is given without asking anybody; how old its index is, `age` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from ..errors import NotFound, PostelError
from ..transport import disk_sync as disk
from ..transport.clock_sync import today
from .references import KNOWN, Reference, rank
from .references import parse as parse_reference
from .results import Hit, Report
from .sources_sync import Sources
from .store import Store, sources_of
from .types import RFC, Erratum, Record

__all__ = ["Library"]


class Library:
    """The RFC series, over a mirror on this disk.

    Args:
        folder: of the mirror; by default ``$POSTEL_RFC``, else in your data folder.
        sources: URLs (``https://``, ``ftp://`` …) and folders, tried in order; see `sources_of`.
        offline: ask nobody: what is not in the mirror is not there.
        options: of the sources' clients: ``timeout``, ``proxy``, ``tls``, ``trace`` …

    Example:
        >>> with Library("mirror") as series:
        ...     memo = series.get(30001)
        ...     memo.name, memo.title, memo.section("2.1").title
        ('RFC 30001', 'Sample Note Protocol', 'Commands')
    """

    def __init__(
        self, folder: Path | str | None = None, *, sources: str | Sequence[str] | None = None,
        offline: bool = False, **options: Any,
    ) -> None:
        self.store = Store(folder)
        self.places = sources_of(sources)
        self.offline = offline
        self._options = options
        self._sources: Sources | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and the database."""
        sources, self._sources = self._sources, None
        try:
            if sources is not None:
                sources.close()
        finally:
            disk.call(self.store.close)

    # -- one RFC ---------------------------------------------------------------------------

    def get(self, what: int | str) -> RFC:
        """An RFC with its text.

        Args:
            what: a number, ``"rfc5321"``, ``"std10"``, or a name such as ``"smtp"``: the current
                standard of it. Of a series of several, the first; `numbers` has all.

        Raises:
            NotFound: there is none, or it was not published as text.
            NetworkError: it is not in the mirror, and no source could be asked.
        """
        number = (self.numbers(what))[0]
        raw = self.text(number)
        record = disk.call(self.store.record, number)
        errata = disk.call(self.store.errata, number)
        made = RFC.of(record or Record(number, ""), raw, errata)
        if record is None:
            from .front import record_of

            return RFC.of(record_of(number, made.text), raw, errata)
        if not record.abstract:
            from .front import abstract

            return replace(made, abstract=abstract(made.text))
        return made

    def info(self, what: int | str) -> Record:
        """What the index says of an RFC; its text is fetched only where there is no index."""
        number = (self.numbers(what))[0]
        self._need_index()
        record = disk.call(self.store.record, number)
        if record is not None:
            return record
        return self.get(number)

    def numbers(self, what: int | str) -> tuple[int, ...]:
        """The numbers that *what* means: of an STD or BCP all, else the one.

        Raises:
            NotFound: nothing is called that.
        """
        asked = parse_reference(what)
        if asked.number is not None:
            if not disk.call(self.store.was_issued, asked.number):
                raise NotFound(f"RFC {asked.number}: it was never issued")
            return (asked.number,)
        self._need_index()
        if asked.series:
            found = disk.call(self.store.series, asked.series)
            if not found:
                raise NotFound(f"{asked.series}: the index has no such series",
                               hint="postel rfc --update fetches the newest index")
            return found
        return (self._named(asked),)

    def _named(self, asked: Reference) -> int:
        found = self.named(asked.name)
        if not found:
            raise NotFound(f"{asked.name}: no title of an RFC has these words",
                           hint=f"postel rfc --search '{asked.name}' looks into the texts")
        return found[0].number

    def named(self, name: str) -> list[Record]:
        """The RFCs that *name* may mean, the current standard first."""
        self._need_index()
        words = re.findall(r"\w+", name.lower())
        known = KNOWN.get(" ".join(name.lower().split()))
        records = disk.call(self.store.candidates, words, known)
        return rank(name, records)

    def text(self, number: int) -> bytes:
        """The text of an RFC, byte for byte as it was published; kept once it was fetched."""
        here = disk.call(self.store.text, number)
        if here is not None:
            return here
        record = disk.call(self.store.record, number)
        if record is not None and record.formats and "TXT" not in record.formats:
            raise NotFound(f"RFC {number}: it was not published as text, only as "
                           f"{', '.join(record.formats)}",
                           hint=f"https://www.rfc-editor.org/info/rfc{number} leads there")
        found = self._asked(f"RFC {number}").text(number)
        disk.call(self.store.keep, number, found.data or b"")
        return found.data or b""

    def path(self, number: int) -> Path:
        """The file of an RFC's text, fetched if it is not here."""
        self.text(number)
        found = disk.call(self.store.path, number)
        if found is None:
            raise PostelError(f"RFC {number}: its file has gone", hint="try again")
        return found

    def errata(self, number: int) -> tuple[Erratum, ...]:
        """The errata of an RFC, of any status; index and errata are fetched if they are not here.

        Args:
            number: of the RFC.
        """
        self._need_index()
        return disk.call(self.store.errata, number)

    # -- all of them -----------------------------------------------------------------------

    def search(self, query: str, *, limit: int = 10) -> list[Hit]:
        """Full-text search over the mirror: the best place of each RFC, the best first.

        Args:
            query: words; ``"several in quotes"`` stand together; ``word*`` is a beginning.
            limit: how many.
        """
        from .indexing import freshen
        from .searching import search

        disk.call(freshen, self.store)
        return disk.call(search, self.store, query, limit=limit)

    def update(
        self, numbers: Iterable[int] | None = None, *, connections: int = 4, progress: Any = None
    ) -> Report:
        """Bring the mirror up to date: index, errata, texts, full-text index.

        Args:
            numbers: only these texts; None for all.
            connections: at once.
            progress: called with what is being done, how far it is, and of how much.
        """
        from .updating_sync import Update

        self._asked("the index")
        work = Update(self.store, self._make, connections=connections, tell=progress)
        return work.run(numbers)

    def age(self) -> timedelta | None:
        """How long ago the index was compared with its source; None where there is none."""
        checked = (disk.call(self.store.meta)).get("checked")
        return None if not checked else today() - datetime.fromisoformat(checked)

    def _need_index(self) -> None:
        """Fetch the index where there is none."""
        if disk.call(self.store.count):
            return
        from .updating_sync import Update

        self._asked("the index")
        Update(self.store, self._make).index()

    def _make(self) -> Sources:
        return Sources(self.places, **self._options)

    def _asked(self, what: str) -> Sources:
        """The sources, unless nobody is to be asked."""
        if self.offline:
            raise NotFound(f"{what}: it is not in the mirror, and nobody is to be asked",
                           hint=f"leave --offline out; the mirror is {self.store.folder}")
        if self._sources is None:
            self._sources = self._make()
        return self._sources
