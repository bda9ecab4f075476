"""Index pages in XML: the rows below their root, each with its attributes and fields. Grammar.

A document type is refused, and with it every entity but XML's own; depth, rows and text are
capped (expat has no limits of that kind).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from ..errors import LimitReached, ProtocolError

__all__ = ["Row", "rows"]

_DEEPEST = 8
_MOST = 1_000_000
_LONGEST = 65_536
_PIECE = 65_536


@dataclass
class Row:
    """An element below the root.

    Args:
        name: without its namespace.
        attributes: as they stand there.
        text: directly in it.
        fields: the text of the elements in it, by name.
    """

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class _Reader:
    def __init__(self, what: str) -> None:
        self.what, self.root = what, ""
        self.rows: list[Row] = []
        self._names: list[str] = []
        self._text: list[str] = []
        self._size = self._since = 0

    def parse(self, body: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        try:
            for at in range(0, len(body), _PIECE):
                self._since += _PIECE
                if self._since > _LONGEST * 16:
                    self._refuse()
                parser.Parse(body[at : at + _PIECE], False)
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError, LookupError):
            raise ProtocolError(f"{self.what}: an index in XML that cannot be read") from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._since = 0
        name = name.rpartition("}")[2]
        depth = len(self._names)
        if depth == 0:
            self.root = name
        elif depth == 1:
            self.rows.append(Row(name, attributes))
        if depth >= _DEEPEST or len(self.rows) > _MOST:
            self._refuse()
        self._names.append(name)
        self._text.clear()
        self._size = 0

    def _end(self, name: str) -> None:
        self._since = 0
        done, text = self._names.pop(), "".join(self._text)
        if len(self._names) == 1:
            self.rows[-1].text = text if not self.rows[-1].fields else ""
        elif len(self._names) == 2:
            self.rows[-1].fields.setdefault(done, text)
        self._text.clear()
        self._size = 0

    def _data(self, text: str) -> None:
        self._since = 0
        if len(self._names) > 1:
            self._size += len(text)
            if self._size > _LONGEST or len(self._text) > _LONGEST:
                self._refuse()
            self._text.append(text)

    def _doctype(self, *_: object) -> NoReturn:
        raise ProtocolError(f"{self.what}: an index in XML with a document type",
                            hint="its entities are a way to attack who reads it")

    def _refuse(self) -> NoReturn:
        raise LimitReached(f"{self.what}: an index larger or deeper than is read")


def rows(body: bytes, what: str) -> tuple[str, list[Row]]:
    """The name of the root, and the elements in it.

    Args:
        body: the document.
        what: is being read, for errors.

    Raises:
        ProtocolError: it is no XML, or has a document type.
        LimitReached: it is larger than is kept.

    Example:
        >>> root, found = rows(b'<list><file size="12">a.txt</file></list>', "list /")
        >>> root, found[0].name, found[0].text
        ('list', 'file', 'a.txt')
    """
    reader = _Reader(what)
    reader.parse(body)
    return reader.root, reader.rows
