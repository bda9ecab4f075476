"""NZB: the list of articles that hold a set of files, as XML. Grammar: pure.

There is no RFC; the format is what newzBin wrote down (DTD 1.1). A ``file`` names its groups and
its segments; a segment is the message-id of an article, with its number from 1 and its size in
bytes as the server counts them. The file's own name stands in its subject, between quotation marks
as a rule; the articles themselves tell it more reliably, so it is a hint only.

Real files begin with a document type that names a DTD on the web: it is passed over, never
fetched. Entities that a file declares are refused. Depth, segments and text are capped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn
from xml.parsers import expat

from ..errors import LimitReached, ProtocolError

__all__ = ["NZB", "NZBFile", "Segment", "parse"]

LARGEST = 256 * 1024 * 1024
"""Bytes of an NZB: that of a terabyte in segments of 700 KB has about 150 MB."""

_MOST = 4_000_000
_LONGEST = 65_536
_DEEPEST = 8
_PIECE = 65_536
_QUOTED = re.compile(r'"([^"]{1,300})"')
_WORD = re.compile(r"\b([\w\-+()\[\]. ]{1,200}\.[A-Za-z0-9]{2,5}(?:\.\d{3})?)\b")


@dataclass(frozen=True, slots=True)
class Segment:
    """One article of a file.

    Args:
        number: from 1.
        size: in bytes, as announced; 0 where it is not.
        message_id: with its angle brackets.
    """

    number: int
    size: int
    message_id: str


@dataclass(frozen=True, slots=True)
class NZBFile:
    """A file, and the articles that hold it.

    Args:
        subject: of the articles.
        poster: who posted it.
        when: it was posted, in UTC; None where that is not told.
        groups: where it was posted to.
        segments: by number; of two with one number the first.

    Example:
        >>> NZBFile('[1/2] "a b.bin" yEnc (1/3)', "", None, (), ()).name
        'a b.bin'
    """

    subject: str
    poster: str
    when: datetime | None
    groups: tuple[str, ...]
    segments: tuple[Segment, ...]

    @property
    def name(self) -> str:
        """The file's name as its subject has it; "" where none is seen. It is no path yet."""
        found = _QUOTED.search(self.subject) or _WORD.search(self.subject)
        return found[1].strip() if found else ""

    @property
    def size(self) -> int:
        """Bytes of all its articles, as announced."""
        return sum(one.size for one in self.segments)

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of segments below the highest that the list does not have."""
        there = {one.number for one in self.segments}
        return tuple(number for number in range(1, max(there, default=0)) if number not in there)


@dataclass(frozen=True, slots=True)
class NZB:
    """A set of files.

    Args:
        files: in the order of the list.
        meta: what its head tells: ``title``, ``password``, ``category`` … by type.
    """

    files: tuple[NZBFile, ...]
    meta: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all articles, as announced."""
        return sum(one.size for one in self.files)


def parse(data: bytes) -> NZB:
    """Read an NZB.

    Raises:
        ProtocolError: it is none, is cut off, or declares entities.
        LimitReached: it is absurdly large or deep.

    Example:
        >>> listed = parse(b'<nzb><file subject="&quot;a.bin&quot;" poster="x" date="0"><groups>'
        ...                b'<group>alt.test</group></groups><segments><segment bytes="7" '
        ...                b'number="1">a@b</segment></segments></file></nzb>')
        >>> listed.files[0].name, listed.files[0].segments
        ('a.bin', (Segment(number=1, size=7, message_id='<a@b>'),))
    """
    if len(data) > LARGEST:
        raise LimitReached(f"an NZB of over {LARGEST} bytes")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse
    try:
        for at in range(0, len(data), _PIECE):
            parser.Parse(data[at : at + _PIECE], False)
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError) as error:
        raise ProtocolError(f"the NZB cannot be read: {error}",
                            hint="the download was not whole, or it is no NZB") from None
    if reader.root != "nzb":
        raise ProtocolError("the NZB cannot be read: it is XML of another kind",
                            hint="an NZB begins with <nzb>; is this a web page?")
    return NZB(tuple(reader.files), reader.meta)


def _refuse(*_: object) -> NoReturn:
    raise ProtocolError("the NZB cannot be read: it declares entities",
                        hint="no real one does: do not trust where it came from")


class _Reader:
    """Collects what stands in each file."""

    def __init__(self) -> None:
        self.root = ""
        self.files: list[NZBFile] = []
        self.meta: dict[str, str] = {}
        self._file: Mapping[str, str] = {}
        self._groups: list[str] = []
        self._segments: dict[int, Segment] = {}
        self._attributes: Mapping[str, str] = {}
        self._text: list[str] = []
        self._size = self._depth = self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition("}")[2].lower()
        self.root = self.root or name
        self._depth += 1
        self._count += 1
        if self._depth > _DEEPEST or self._count > _MOST:
            raise LimitReached("an NZB deeper or longer than is read")
        if name == "file":
            self._file, self._groups, self._segments = attributes, [], {}
        self._attributes = attributes
        self._text, self._size = [], 0

    def text(self, piece: str) -> None:
        self._size += len(piece)
        if self._size > _LONGEST:
            raise LimitReached(f"an NZB with over {_LONGEST} characters in one place")
        self._text.append(piece)

    def end(self, name: str) -> None:
        self._depth -= 1
        name, text = name.rpartition("}")[2].lower(), "".join(self._text).strip()
        self._text, self._size = [], 0
        if name == "meta" and text:
            self.meta.setdefault(self._attributes.get("type", "").lower(), text)
        elif name == "group" and text:
            self._groups.append(text)
        elif name == "segment" and text:
            self._segment(text)
        elif name == "file":
            self._close()

    def _segment(self, text: str) -> None:
        number = _number(self._attributes.get("number", "")) or len(self._segments) + 1
        name = text if text.startswith("<") else f"<{text}>"
        if name.endswith(">") and not any(char in name[1:-1] for char in "<> \t\r\n\0"):
            self._segments.setdefault(
                number, Segment(number, _number(self._attributes.get("bytes", "")), name))

    def _close(self) -> None:
        told = _number(self._file.get("date", ""))
        when = datetime.fromtimestamp(told, UTC) if 0 < told < 32_503_680_000 else None
        segments = tuple(one for _, one in sorted(self._segments.items()))
        self.files.append(NZBFile(self._file.get("subject", ""), self._file.get("poster", ""),
                                  when, tuple(self._groups), segments))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
