"""MAPI properties as TNEF packs them (MS-OXTNEF section 2.1.3.4). Grammar: pure.

A count, then for each its type and number; numbers from 0x8000 on are followed by a set and a
number or name of that set. Everything is padded to four bytes.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TypeAlias

from . import charsets

__all__ = ["MAPI", "Value", "properties"]

Value: TypeAlias = "int | float | bool | str | bytes | datetime | tuple[Value, ...] | None"

MOST = 10_000
_FIXED: dict[int, tuple[str, int]] = {
    0x02: ("<h", 4), 0x03: ("<i", 4), 0x04: ("<f", 4), 0x05: ("<d", 8), 0x06: ("<q", 8),
    0x07: ("<d", 8), 0x0A: ("<i", 4), 0x0B: ("<H", 4), 0x14: ("<q", 8), 0x40: ("<Q", 8),
}
_STRING8, _UNICODE, _BINARY, _OBJECT = 0x1E, 0x1F, 0x102, 0x0D
_GUID, _TIME, _BOOLEAN = 0x48, 0x40, 0x0B
_MANY = 0x1000
_BEGIN = datetime(1601, 1, 1, tzinfo=UTC)


class MAPI(IntEnum):
    """The properties that are looked for."""

    CLASS = 0x001A
    SUBJECT = 0x0037
    BODY = 0x1000
    RTF = 0x1009
    HTML = 0x1013
    DISPLAY_NAME = 0x3001
    ATTACH_DATA = 0x3701
    SHORT_NAME = 0x3704
    LONG_NAME = 0x3707
    MIME = 0x370E
    CONTENT_ID = 0x3712
    CODEPAGE = 0x3FDE


class _End(Exception):
    """The bytes are at an end."""


def properties(data: bytes, charset: str) -> tuple[dict[int | str, Value], list[str]]:
    """The properties in *data*, by number, or by name where they have one; and what was broken.

    Args:
        data: the content of the attribute.
        charset: of strings that are not Unicode.

    Example:
        >>> properties(bytes.fromhex("01000000 1e003700 01000000 03000000 48690000"), "cp1252")
        ({55: 'Hi'}, [])
    """
    reader = _Reader(data, charset)
    found: dict[int | str, Value] = {}
    try:
        count = reader.number()
        if count > MOST:
            return found, [f"{count} properties, which are too many"]
        for _ in range(count):
            name, value = reader.property()
            found[name] = value
    except _End:
        return found, ["properties end too early"]
    except (struct.error, ValueError, OverflowError) as error:
        return found, [f"a property that cannot be read: {error}"]
    return found, []


class _Reader:
    def __init__(self, data: bytes, charset: str) -> None:
        self.data, self.charset, self.at = data, charset, 0

    def take(self, count: int) -> bytes:
        """So many bytes, and those that pad them."""
        piece = self.data[self.at : self.at + count]
        if len(piece) < count:
            raise _End
        self.at += count + -count % 4
        return piece

    def number(self) -> int:
        """An unsigned number of four bytes."""
        return int.from_bytes(self.take(4), "little")

    def property(self) -> tuple[int | str, Value]:
        """One property."""
        head = self.number()
        kind, name = head & 0xFFFF, self.named(head >> 16)
        many = bool(kind & _MANY)
        kind &= ~_MANY
        if kind in _FIXED or kind == _GUID:
            values = self.several(kind, self.number() if many else 1)
        elif kind in (_STRING8, _UNICODE, _BINARY, _OBJECT):
            values = self.several(kind, self.number())
            many = many or len(values) != 1
        elif kind in (0, 1):
            return name, None
        else:
            raise ValueError(f"type {kind:#x}")
        return name, values if many else values[0]

    def named(self, number: int) -> int | str:
        """The number or name of a property."""
        if number < 0x8000:
            return number
        group = self.take(16).hex()
        if self.number() == 0:
            return f"{group}/{self.number():#x}"
        return self.take(self.number()).decode("utf-16-le", "replace").rstrip("\0")

    def several(self, kind: int, count: int) -> tuple[Value, ...]:
        """So many values; each takes at least four bytes, so no count is too large to try."""
        if count * 4 > len(self.data):
            raise _End
        return tuple(self.value(kind) for _ in range(count))

    def value(self, kind: int) -> Value:
        """One value."""
        if kind == _GUID:
            return self.take(16)
        if kind in _FIXED:
            form, length = _FIXED[kind]
            raw: int | float = struct.unpack_from(form, self.take(length))[0]
            if kind == _TIME:
                return _BEGIN + timedelta(microseconds=int(raw) // 10)
            return bool(raw) if kind == _BOOLEAN else raw
        piece = self.take(self.number())
        if kind == _UNICODE:
            return piece.decode("utf-16-le", "replace").rstrip("\0")
        if kind == _STRING8:
            return str(charsets.decode(piece.rstrip(b"\0"), self.charset))
        return piece
