"""The mirror on disk: a folder of texts (``rfc5321.txt``) and a database beside them. Disk code.

A text is written under another name, synced and renamed, so that what has its name is whole, and
a run that is killed leaves nothing but a file that the next one clears away. Everything here
blocks; conversations come by `transport.disk`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import PostelError
from .schema import connect, read_only

if TYPE_CHECKING:
    from .types import Erratum, Index, Record

__all__ = ["DATABASE", "Store", "default_folder", "sources_of"]

DATABASE = "rfc.sqlite"
_FORGOTTEN = 600.0
"""Seconds after which a file that somebody began and did not finish is cleared away."""


def default_folder() -> Path:
    """Where the mirror is, if nobody says: ``$POSTEL_RFC``, else in your data folder."""
    if named := os.environ.get("POSTEL_RFC"):
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "share") / "postel" / "rfc"


def sources_of(sources: str | Sequence[str] | None) -> tuple[str, ...]:
    """The sources to try, in order: as given, or ``$POSTEL_RFC_SOURCES``, a file, the usual ones.

    The file is ``postel/rfc.conf`` in ``$XDG_CONFIG_HOME``: a source a line, ``#`` for comments.
    """
    from .references import SOURCES

    if sources is not None:
        return (sources,) if isinstance(sources, str) else tuple(sources)
    if named := os.environ.get("POSTEL_RFC_SOURCES"):
        return tuple(named.split())
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    path = (Path(base) if base else Path.home() / ".config") / "postel" / "rfc.conf"
    try:
        lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
        return tuple(line for line in lines if line) or SOURCES
    except (OSError, UnicodeDecodeError):
        return SOURCES


class Store:
    """The mirror of one folder; opened when it is used, and closed by `close`.

    Args:
        folder: where; it is made when something is to be kept.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     store = Store(place)
        ...     store.keep(90000, b"A memo.\\n").name, store.text(90000), store.text(90001)
        ('rfc90000.txt', b'A memo.\\n', None)
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = default_folder() if folder is None else Path(folder)
        self._base: sqlite3.Connection | None = None
        self._writable = False
        self.lock = threading.RLock()

    # -- texts -----------------------------------------------------------------------------

    def path(self, number: int) -> Path | None:
        """The file of a text, under an unpadded or a padded name; None where there is none."""
        for name in (f"rfc{number}.txt", f"rfc{number:04d}.txt"):
            path = self.folder / name
            if path.is_file():
                return path
        return None

    def text(self, number: int) -> bytes | None:
        """A text, byte for byte as it was published."""
        path = self.path(number)
        return None if path is None else path.read_bytes()

    def keep(self, number: int, data: bytes) -> Path:
        """Write a text, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / f"rfc{number}.txt"
        beside = self.folder / f".{target.name}.{os.getpid()}.{threading.get_ident()}.postel"
        try:
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise PostelError(f"keep RFC {number} as {target}: {error.strerror}",
                              hint="another folder: --folder, or POSTEL_RFC") from error
        return target

    def numbers(self) -> dict[int, Path]:
        """All texts that are here."""
        found: dict[int, Path] = {}
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith("rfc") and name.endswith(".txt") and name[3:-4].isdecimal():
                    found.setdefault(int(name[3:-4]), self.folder / name)
        return found

    def clear(self) -> None:
        """Remove what was begun and never finished."""
        with contextlib.suppress(OSError):
            for path in self.folder.glob(".rfc*.postel"):
                if time.time() - path.stat().st_mtime > _FORGOTTEN:
                    path.unlink()

    # -- the database ----------------------------------------------------------------------

    def base(self) -> sqlite3.Connection:
        """The database, to write to."""
        with self.lock:
            if self._base is None or not self._writable:
                self.close()
                self._base, self._writable = connect(self.folder / DATABASE), True
            return self._base

    def reading(self) -> sqlite3.Connection | None:
        """The database, to read from; None where there is none."""
        with self.lock:
            if self._base is None:
                self._base = read_only(self.folder / DATABASE)
            return self._base

    def close(self) -> None:
        """Close the database."""
        with self.lock:
            base, self._base, self._writable = self._base, None, False
            if base is not None:
                base.close()

    def rows(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """The rows of a question; none where there is no database, or it cannot be read."""
        base = self.reading()
        if base is None:
            return []
        try:
            with self.lock:
                return base.execute(question, values).fetchall()
        except sqlite3.Error as error:
            raise PostelError(f"{self.folder / DATABASE}: it cannot be read: {error}",
                              hint="remove it: postel rfc --update makes it again") from None

    # -- the index -------------------------------------------------------------------------

    def meta(self) -> dict[str, str]:
        """What was noted of the last update."""
        return {str(name): str(value) for name, value in self.rows("SELECT name, value FROM meta")}

    def note(self, values: Mapping[str, str]) -> None:
        """Note something of an update."""
        with self.lock, self.base() as base:
            base.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))

    def replace(self, index: Index, notes: Mapping[str, str]) -> None:
        """Take over an index, all at once."""
        from .references import acronym

        with self.lock:
            base = self.base()
            base.execute("BEGIN IMMEDIATE")
            try:
                for table in ("documents", "series", "names"):
                    base.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
                base.executemany("INSERT INTO documents VALUES (?, ?)", (
                    (one.number, json.dumps(one.as_dict(), ensure_ascii=False))
                    for one in index.records))
                base.executemany("INSERT OR IGNORE INTO documents VALUES (?, NULL)",
                                 ((number,) for number in index.not_issued))
                base.executemany("INSERT INTO series VALUES (?, ?)", (
                    (name, json.dumps(numbers)) for name, numbers in index.series.items()))
                base.executemany(
                    "INSERT INTO names (rowid, title, short, words) VALUES (?, ?, ?, ?)", (
                        (one.number, one.title, acronym(one.title), " ".join(one.keywords))
                        for one in index.records))
                base.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(notes.items()))
                base.execute("COMMIT")
            except BaseException:
                base.execute("ROLLBACK")
                raise

    def count(self) -> int:
        """How many RFCs the index has."""
        rows = self.rows("SELECT count(*) FROM documents WHERE record IS NOT NULL")
        return int(str(rows[0][0])) if rows else 0

    def searchable(self) -> int:
        """How many texts can be searched."""
        rows = self.rows("SELECT count(*) FROM texts")
        return int(str(rows[0][0])) if rows else 0

    def record(self, number: int) -> Record | None:
        """What the index says of an RFC."""
        rows = self.rows("SELECT record FROM documents WHERE number = ?", number)
        return _record(rows[0][0]) if rows and rows[0][0] else None

    def facts(self, number: int) -> dict[str, Any]:
        """The same as a plain dictionary; empty where the index does not know it."""
        rows = self.rows("SELECT record FROM documents WHERE number = ?", number)
        found: dict[str, Any] = json.loads(str(rows[0][0])) if rows and rows[0][0] else {}
        return found

    def was_issued(self, number: int) -> bool:
        """Whether an RFC may be there: the index does not say that it was never issued."""
        return not self.rows(
            "SELECT 1 FROM documents WHERE number = ? AND record IS NULL", number)

    def records(self) -> list[Record]:
        """All records, in order."""
        rows = self.rows(
            "SELECT record FROM documents WHERE record IS NOT NULL ORDER BY number")
        return [_record(row[0]) for row in rows]

    def series(self, name: str) -> tuple[int, ...]:
        """The numbers of a series such as ``"BCP14"``."""
        rows = self.rows("SELECT numbers FROM series WHERE name = ?", name)
        return tuple(json.loads(str(rows[0][0]))) if rows else ()

    def successors(self, number: int) -> tuple[int, ...]:
        """What took the place of an RFC, and where that line ends today."""
        from .references import latest

        line = {one.number: one for one in self.candidates((), number)}
        if number not in line:
            return ()
        return tuple(dict.fromkeys((*line[number].obsoleted_by, latest(number, line))))

    def candidates(self, words: Iterable[str], also: int | None = None) -> list[Record]:
        """Records with all of these words in title, initials or keywords, and the line of *also*.

        Args:
            words: beginnings will do.
            also: a number that is added, with all that took its place.
        """
        found: dict[int, Record] = {}
        asked = " ".join(f'"{one}"*' for one in words)
        if asked:
            for row in self.rows(
                    "SELECT d.record FROM names n JOIN documents d ON d.number = n.rowid "
                    "WHERE names MATCH ? LIMIT 3000", asked):
                record = _record(row[0])
                found[record.number] = record
        waiting = [also] if also else []
        while waiting and len(found) < 4000:
            number = waiting.pop()
            record_ = found.get(number) or self.record(number)
            if record_ is not None:
                fresh = number not in found or number == also
                found[number] = record_
                waiting += [one for one in record_.obsoleted_by if one not in found or fresh]
        return list(found.values())

    # -- errata ----------------------------------------------------------------------------

    def replace_errata(self, errata: Iterable[Erratum], notes: Mapping[str, str]) -> None:
        """Take over a list of errata, all at once."""
        with self.lock:
            base = self.base()
            base.execute("BEGIN IMMEDIATE")
            try:
                base.execute("DELETE FROM errata")
                base.executemany("INSERT OR REPLACE INTO errata VALUES (?, ?, ?)", (
                    (one.rfc, one.number, json.dumps(vars(one))) for one in errata))
                base.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(notes.items()))
                base.execute("COMMIT")
            except BaseException:
                base.execute("ROLLBACK")
                raise

    def errata(self, number: int) -> tuple[Erratum, ...]:
        """The errata of an RFC, of any status, oldest first."""
        rows = self.rows("SELECT entry FROM errata WHERE rfc = ? ORDER BY number", number)
        if not rows:
            return ()
        from .types import Erratum

        return tuple(Erratum(**json.loads(str(row[0]))) for row in rows)


def _record(text: object) -> Record:
    from .types import Record

    return Record.from_dict(json.loads(str(text)))
