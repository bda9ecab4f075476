"""Overview rows: one article in one line, its fields divided by tabs (RFC 3977 section 8).

Grammar: pure. A row costs next to nothing until something of it is asked for: who counts the rows
of a group pays for lines, who sorts them by date for dates. Servers are forgiven what they do to
tabs: missing columns are empty, more columns than the format has are kept by place, and the name
before an extra column's value may be absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import repeat
from typing import Any

from ..messages.addresses import AddressList, parse_addresses
from ..messages.charsets import decode
from ..messages.dates import parse_date
from ..messages.ids import parse_ids
from ..messages.words import decode_words

__all__ = ["STANDARD", "Overview", "parse_format", "rows"]

STANDARD = ("Subject:", "From:", "Date:", "Message-ID:", "References:", ":bytes", ":lines")
"""The seven columns that every server has, in this order (RFC 3977 section 8.4)."""

_EXTRA = len(STANDARD) + 1  # the number of the article comes first
_LONGEST_NUMBER = 20


class Overview:
    """What the overview tells of one article; read on demand.

    Args:
        line: the row as it came, without its line end.
        format: the columns after the number, as LIST OVERVIEW.FMT names them.

    Attributes:
        line: the row as it came.

    Example:
        >>> row = Overview(b"7\\tHi\\tAnn <ann@x.example>\\tSat, 21 Nov 2026 10:00:00 +0000"
        ...                b"\\t<b@x>\\t<a@x>\\t1200\\t30\\tXref: news.x misc.test:7")
        >>> row.number, row.subject, row.size, row.references, row["Xref"]
        (7, 'Hi', 1200, ('a@x',), 'news.x misc.test:7')
    """

    __slots__ = ("_columns", "_format", "line")

    def __init__(self, line: bytes, format: tuple[str, ...] = STANDARD) -> None:
        self.line = line
        self._format = format
        self._columns: list[bytes] | None = None

    def _column(self, index: int) -> bytes:
        columns = self._columns
        if columns is None:
            columns = self._columns = self.line.split(b"\t")
        return columns[index] if index < len(columns) else b""

    @property
    def number(self) -> int:
        """Of the article in its group; 0 where the row is of no group, or is none."""
        digits = self.line[: _LONGEST_NUMBER + 1].partition(b"\t")[0]
        return int(digits) if digits.isdigit() and len(digits) <= _LONGEST_NUMBER else 0

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return _decoded(self._column(1))

    @property
    def from_(self) -> AddressList:
        """Who wrote it."""
        return parse_addresses(str(decode(self._column(2))))

    @property
    def author(self) -> str:
        """The From field as a person reads it, decoded and not taken apart."""
        return _decoded(self._column(2))

    @property
    def date(self) -> datetime | None:
        """When it was written; None where that is not told, or is no date."""
        return parse_date(self._column(3).decode("latin-1"))

    @property
    def message_id(self) -> str:
        """With its angle brackets, as ``ARTICLE`` takes it; "" where it is absent."""
        return self._column(4).decode("utf-8", "surrogateescape").strip()

    @property
    def references(self) -> tuple[str, ...]:
        """The articles of its thread before it, oldest first, without angle brackets."""
        return parse_ids(self._column(5).decode("utf-8", "surrogateescape"))

    @property
    def size(self) -> int:
        """In bytes; 0 where that is not told."""
        return _count(self._column(6))

    @property
    def lines(self) -> int:
        """Lines of its body; 0 where that is not told."""
        return _count(self._column(7))

    @property
    def xref(self) -> str:
        """Where else it stands: ``"news.example misc.test:7 misc.other:9"``; "" if not told."""
        return self.get("Xref") or ""

    @property
    def places(self) -> dict[str, int]:
        """From `xref`: each group it stands in, and its number there.

        Example:
            >>> Overview(b"7" + b"\\t" * 8 + b"Xref: news.x a.b:7 c.d:9").places
            {'a.b': 7, 'c.d': 9}
        """
        pairs = (word.rpartition(":") for word in self.xref.split()[1:])
        return {group: int(digits) for group, _, digits in pairs
                if group and digits.isascii() and digits.isdigit() and len(digits) < 20}

    def get(self, name: str, default: str | None = None) -> str | None:
        """The column *name*, decoded; *default* where the row has none.

        Args:
            name: of a header field in any case, or ``":bytes"``, ``":lines"``.
            default: what to say instead.
        """
        wanted = name.lower() if name.startswith(":") else f"{name.lower()}:"
        prefix = wanted.encode("utf-8", "surrogateescape")
        for index, column in enumerate(self._format, 1):
            known = column.lower()
            if known.removesuffix("full") != wanted or index >= _width(self):
                continue
            raw = self._column(index)
            if index >= _EXTRA and raw[: len(prefix)].lower() == prefix:
                return _decoded(raw[len(prefix):].lstrip())
            return _decoded(raw) if index < _EXTRA or raw else default
        for index in range(_EXTRA, _width(self)):  # a column that the format did not promise
            raw = self._column(index)
            if raw[: len(prefix)].lower() == prefix:
                return _decoded(raw[len(prefix):].lstrip())
        return default

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Overview) and self.line == other.line

    def __hash__(self) -> int:
        return hash(self.line)

    def __reduce__(self) -> tuple[Any, ...]:
        return Overview, (self.line, self._format)

    def __repr__(self) -> str:
        return f"<Overview {self.number} {self.subject[:60]!r}>"


def _width(row: Overview) -> int:
    return row.line.count(b"\t") + 1


def _count(digits: bytes) -> int:
    digits = digits.strip()
    return int(digits) if digits.isdigit() and len(digits) < _LONGEST_NUMBER else 0


def _decoded(raw: bytes) -> str:
    """A column as a person reads it: encoded words decoded, raw bytes as what they look like."""
    text = raw.decode("ascii") if raw.isascii() else str(decode(raw))
    return decode_words(text) if "=?" in text else text


def rows(lines: Iterable[bytes], format: tuple[str, ...] = STANDARD) -> Iterator[Overview]:
    """A row for each line; what is empty is none.

    Example:
        >>> [row.number for row in rows([b"1\\ta", b"", b"2\\tb"])]
        [1, 2]
    """
    return map(Overview, filter(None, lines), repeat(format))


def parse_format(lines: Iterable[bytes]) -> tuple[str, ...]:
    """The columns from LIST OVERVIEW.FMT (RFC 3977 section 8.4).

    The first seven are the same for every server, however old ones spell them ("Bytes:").

    Example:
        >>> parse_format([b"Subject:", b"Bytes:", b"Xref:full"])[7:]
        ('Xref:full',)
    """
    names = [line.strip().decode("utf-8", "surrogateescape") for line in lines if line.strip()]
    usual = {name.lower() for name in STANDARD} | {"bytes:", "lines:"}
    return (*STANDARD, *(name for name in names if name.lower() not in usual))
