"""The header fields of a message or part: in order, blind to case, raw and typed. Grammar: pure.

Nothing is decoded before it is asked for. A field is everything up to a line end that no space or
tab follows; what is no field (a line without a colon, an mbox "From " line) stays where it is, and
is said in the defects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from . import charsets
from .addresses import AddressList, parse_addresses
from .dates import parse_date
from .defects import Defect
from .ids import parse_ids
from .parameters import parse_parameters
from .words import decode_words

__all__ = ["Field", "Headers", "unfolded"]

_SPLIT = re.compile(rb"\n(?![ \t])")
_NAME = re.compile(rb"[!-9;-~]+[ \t]*\Z")
_CONTROL = dict.fromkeys([*range(9), *range(10, 32), 127])
_ODD_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NAMES: dict[bytes, str] = {}
"""Names that were seen, as they are looked up; at most `_MOST_NAMES`."""
_MOST_NAMES = 2_000


@dataclass(frozen=True, slots=True)
class Field:
    """One field, as it came.

    Args:
        name: as written; "" for a line that is no field.
        raw: everything from the name to the line end.
        start: offset of its first byte in the raw message.
    """

    name: str
    raw: bytes
    start: int

    @property
    def end(self) -> int:
        """Offset behind its last byte."""
        return self.start + len(self.raw)

    @property
    def value(self) -> str:
        """Unfolded and decoded, as a person reads it."""
        raw = self.raw.partition(b":")[2] if self.name else self.raw
        return decode_words(unfolded(raw))


def unfolded(raw: bytes) -> str:
    """The value of a field on one line, not decoded further than to characters.

    A fold is one space, whatever white space is around it.

    Raw 8-bit text is UTF-8 (RFC 6532) or what it looks like.

    Example:
        >>> unfolded(b" a\\r\\n b\\r\\n")
        'a b'
    """
    raw = raw.strip(b" \t\r\n")
    if b"\n" in raw:
        raw = b" ".join([line.strip(b" \t\r") for line in raw.split(b"\n")])
    text = raw.decode("ascii") if raw.isascii() else str(charsets.decode(raw))
    return text.translate(_CONTROL) if _ODD_CONTROL.search(raw) else text


class Headers:
    """The fields between two places of a message.

    Args:
        raw: the message.
        start: where the header section begins.
        end: where it ends; the empty line is not part of it.

    Example:
        >>> fields = Headers(b"To: a@b\\r\\nX: 1\\r\\nx: =?utf-8?q?=C3=A9?=\\r\\n", 0, 39)
        >>> fields["x"], fields.all("X"), fields.get("y"), "TO" in fields
        ('1', ['1', 'é'], None, True)
    """

    __slots__ = ("_end", "_index", "_message", "_pieces", "_start")

    def __init__(self, raw: bytes, start: int, end: int) -> None:
        self._message, self._start, self._end = raw, start, end
        self._index: dict[str, list[int]] | None = None
        self._pieces: list[bytes] = []

    @property
    def start(self) -> int:
        """Offset of the first."""
        return self._start

    @property
    def end(self) -> int:
        """Offset behind the last."""
        return self._end

    @property
    def raw(self) -> bytes:
        """All of them, as they came."""
        return self._message[self._start : self._end]

    def _indexed(self) -> dict[str, list[int]]:
        if self._index is None:
            self._pieces = _SPLIT.split(self._message[self._start : self._end])
            index: dict[str, list[int]] = {}
            self._index = index
            known = _NAMES
            for number, piece in enumerate(self._pieces):
                name, colon, _ = piece.partition(b":")
                key = known.get(name) if colon else ""
                if key is None:
                    key = _key(name)
                if key in index:
                    index[key].append(number)
                else:
                    index[key] = [number]
        return self._index

    def _first(self, name: str) -> bytes | None:
        found = self._indexed().get(name.lower())
        return self._pieces[found[0]].partition(b":")[2] if found and name else None

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first field of this name, decoded; *default* if there is none."""
        raw = self._first(name)
        return default if raw is None else decode_words(unfolded(raw))

    def text(self, name: str) -> str:
        """The first field of this name, unfolded, its encoded words left alone; "" for none."""
        raw = self._first(name)
        return "" if raw is None else unfolded(raw)

    def all(self, name: str) -> list[str]:
        """All fields of this name, decoded, in order."""
        found = self._indexed().get(name.lower(), []) if name else []
        return [decode_words(unfolded(self._pieces[n].partition(b":")[2])) for n in found]

    def bytes(self, name: str) -> list[bytes]:
        """What stands behind the colon in all fields of this name, as it came."""
        found = self._indexed().get(name.lower(), []) if name else []
        return [self._pieces[number].partition(b":")[2] for number in found]

    def addresses(self, name: str) -> AddressList:
        """The addresses in all fields of this name."""
        found = self._indexed().get(name.lower())
        if not found:
            return AddressList()
        lists = [parse_addresses(unfolded(self._pieces[n].partition(b":")[2])) for n in found]
        if len(lists) == 1:
            return lists[0]
        made = AddressList(address for some in lists for address in some)
        made.defects = tuple(dict.fromkeys(defect for some in lists for defect in some.defects))
        return made

    def date(self, name: str = "Date") -> datetime | None:
        """The moment that a field names; None if it does not."""
        return parse_date(self.text(name))

    def ids(self, name: str) -> tuple[str, ...]:
        """The message identifiers in a field, without angle brackets."""
        return parse_ids(self.text(name))

    def listed(self, name: str) -> tuple[str, ...]:
        """What stands between the commas of all fields of this name, such as Keywords, decoded."""
        found = (decode_words(one.strip()) for raw in self.bytes(name)
                 for one in unfolded(raw).split(","))
        return tuple(one for one in found if one)

    def parameters(self, name: str) -> tuple[str, dict[str, str]]:
        """The first word of a field in lower case, and its parameters."""
        return parse_parameters(self.text(name))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name != "" and name.lower() in self._indexed()

    def __iter__(self) -> Iterator[Field]:
        """The fields, from the top."""
        self._indexed()
        at = self._start
        for number, piece in enumerate(self._pieces):
            if number + 1 < len(self._pieces):
                piece += b"\n"
            if piece:
                name = piece.partition(b":")[0]
                key = _key(name) if b":" in piece else ""
                yield Field(name.rstrip(b" \t").decode("ascii") if key else "", piece, at)
            at += len(piece)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<Headers: {', '.join(field.name or '?' for field in self)}>"

    @property
    def defects(self) -> list[Defect]:
        """What is wrong with the fields themselves."""
        found = []
        for number, field in enumerate(self):
            if not field.name and not (number == 0 and field.raw.startswith((b"From ", b">From "))):
                found.append(Defect(field.start, "a line in the header is no field"))
            elif b"\0" in field.raw:
                found.append(Defect(field.start, f"{field.name} holds a NUL"))
            elif b"\r" in field.raw.replace(b"\r\n", b""):
                found.append(Defect(field.start, f"{field.name} holds a bare CR"))
        index = self._indexed()
        return found + [Defect(self._start, f"{name} is there more than once")
                        for name in _ONCE if len(index.get(name, ())) > 1]


_ONCE = ("from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to",
         "references", "subject", "date", "mime-version", "content-type",
         "content-transfer-encoding", "content-disposition", "content-id")
"""What stands in a header at most once (RFC 5322 section 3.6)."""


def _key(name: bytes) -> str:
    """How a name is looked up; "" if it is none."""
    key = name.rstrip(b" \t").decode("ascii").lower() if _NAME.match(name) else ""
    if len(_NAMES) < _MOST_NAMES and len(name) < 80:
        _NAMES[name] = key
    return key
