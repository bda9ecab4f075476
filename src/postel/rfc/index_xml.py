"""The index in XML (rfc-index.xml): more than the text has: abstracts, keywords, streams. Grammar.

Read by expat as it comes. A document type is refused, and with it every entity but XML's own;
depth, text and entries are capped (expat has no limits of that kind).
"""

from __future__ import annotations

import re
from datetime import date
from typing import NoReturn
from xml.parsers import expat

from ..errors import LimitReached, ProtocolError
from .index_text import HIGHEST, LARGEST, MONTHS, series_of
from .types import Index, Record

__all__ = ["parse"]

_DEEPEST = 12
_LONGEST = 262_144
_PIECE = 65_536
_RFC = re.compile(r"RFC0*(\d{1,5})")
_SERIES = re.compile(r"(STD|BCP|FYI)0*(\d{1,5})")
_ENTRIES = {"rfc-entry", "rfc-not-issued-entry", "std-entry", "bcp-entry", "fyi-entry"}
_INLINE = {"i", "b", "tt", "br", "em"}


def parse(data: bytes) -> Index:
    """Read an index.

    Raises:
        ProtocolError: it is none, is cut off in the middle, or its numbers do not ascend.
        LimitReached: it is absurdly large or deep.
    """
    if len(data) > LARGEST:
        raise LimitReached(f"the index in XML: it has more than {LARGEST} bytes")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    try:
        for at in range(0, len(data), _PIECE):
            parser.Parse(data[at : at + _PIECE], False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, ProtocolError):
            raise
        raise ProtocolError(f"the index in XML: it cannot be read: {error}",
                            hint="the download was not whole, or it is no index") from None
    if reader.root != "rfc-index" or not reader.records:
        raise ProtocolError("the index in XML: there is no RFC in it",
                            hint="is this rfc-index.xml?")
    return Index(tuple(reader.records), tuple(reader.not_issued),
                 reader.series or series_of(reader.records))


def _refuse(*_: object) -> NoReturn:
    raise ProtocolError("the index in XML: it declares a document type",
                        hint="the real one has none: do not trust this source")


class _Reader:
    """Collects the texts below each entry by their path, and makes records of them."""

    def __init__(self) -> None:
        self.root = ""
        self.records: list[Record] = []
        self.not_issued: list[int] = []
        self.series: dict[str, tuple[int, ...]] = {}
        self._path: list[str] = []
        self._found: dict[str, list[str]] = {}
        self._text: list[str] = []
        self._size = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition("}")[2]
        if len(self._path) >= _DEEPEST:
            raise LimitReached("the index in XML: it is nested too deeply")
        if not self._path:
            self.root = name
        elif len(self._path) == 1:
            self._found, self._size = {}, 0
        self._path.append(name)
        if name not in _INLINE:
            self._text = []

    def text(self, data: str) -> None:
        self._size += len(data)
        if self._size > _LONGEST:
            raise LimitReached(f"the index in XML: an entry of more than {_LONGEST} characters")
        self._text.append(data)

    def end(self, name: str) -> None:
        name = self._path.pop()
        if name in _INLINE:
            return
        text = " ".join("".join(self._text).split())
        self._text = []
        if len(self._path) == 1 and name in _ENTRIES:
            self._entry(name)
            self._size = 0
        elif self._path[2:] == ["author"] and name == "title" and text.startswith("Editor"):
            self._found.setdefault("author/name", [""])[-1] += ", Ed."
        elif len(self._path) > 1 and text:
            self._found.setdefault("/".join((*self._path[2:], name)), []).append(text)

    def _entry(self, kind: str) -> None:
        name = self._one("doc-id").replace(" ", "")
        if kind in ("rfc-entry", "rfc-not-issued-entry"):
            found = _RFC.fullmatch(name)
            number = int(found[1]) if found else 0
            if not 0 < number <= HIGHEST:
                raise ProtocolError(f"the index in XML: {name[:40]!r} is no number of an RFC")
            if kind == "rfc-not-issued-entry":
                self.not_issued.append(number)
            else:
                if self.records and number <= self.records[-1].number:
                    raise ProtocolError(
                        f"the index in XML: RFC {number} follows RFC {self.records[-1].number}",
                        hint="it changed while it was read; try again")
                self.records.append(self._record(number))
        elif (found := _SERIES.fullmatch(name)) and (numbers := self._numbers("is-also/doc-id")):
            self.series[found[1] + str(int(found[2]))] = numbers

    def _record(self, number: int) -> Record:
        when, day_known = self._date()
        formats = [word.upper() for path in ("format/file-format", "format")
                   for word in self._found.get(path, ())]
        return Record(
            number, self._one("title"), self._authors(), when,
            self._one("current-status") or self._one("publication-status"), self._one("stream"),
            self._numbers("obsoletes/doc-id"), self._numbers("obsoleted-by/doc-id"),
            self._numbers("updates/doc-id"), self._numbers("updated-by/doc-id"),
            tuple(found[1] + str(int(found[2])) for one in self._found.get("is-also/doc-id", ())
                  if (found := _SERIES.fullmatch(one))),
            self._one("doi"),
            tuple(self._found.get("keywords/kw", ())),
            "\n\n".join(self._found.get("abstract/p", ())),
            tuple(dict.fromkeys("TXT" if word in ("ASCII", "TEXT") else word
                                for word in formats)),
            int(pages) if (pages := self._one("page-count")).isdecimal() and len(pages) < 6
            else None, day_known)

    def _authors(self) -> tuple[str, ...]:
        """Names in order; that of an editor has its mark already."""
        return tuple(self._found.get("author/name", ()))

    def _date(self) -> tuple[date | None, bool]:
        month, year, day = (self._one(f"date/{part}") for part in ("month", "year", "day"))
        try:
            number = MONTHS.index(month) + 1 if month in MONTHS else int(month)
            return date(int(year), number, int(day or 1)), bool(day)
        except ValueError:
            return None, False

    def _one(self, path: str) -> str:
        return next(iter(self._found.get(path, ())), "")

    def _numbers(self, path: str) -> tuple[int, ...]:
        found = (_RFC.fullmatch(one.replace(" ", "")) for one in self._found.get(path, ()))
        return tuple(dict.fromkeys(int(one[1]) for one in found if one))
