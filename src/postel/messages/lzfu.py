"""Compressed RTF, as Exchange packs bodies (MS-OXRTFCP). Grammar: pure.

A header of 16 bytes, then runs of eight items with a byte of flags before them: a literal byte, or
two bytes that point into a window of 4,096, which begins with the words that every RTF has.
"""

from __future__ import annotations

import struct

__all__ = ["decompress"]

LARGEST = 64 << 20  # bytes of one body
_HEAD = struct.Struct("<IIII")
_PACKED, _PLAIN = 0x75465A4C, 0x414C454D
_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096


def decompress(data: bytes) -> tuple[bytes | None, str]:
    """The RTF in *data*, and what was broken; None where there is nothing to be had.

    Example:
        >>> packed = bytes.fromhex("2d0000002b0000004c5a4675f1c5c7a703000a0072637067"
        ...     "31323542320af32068656c090020627705b06c647d0a800fa0")
        >>> decompress(packed)[0]
        b'{\\\\rtf1\\\\ansi\\\\ansicpg1252\\\\pard hello world}\\r\\n'
    """
    if len(data) < _HEAD.size:
        return None, "a packed RTF has no header"
    _, size, kind, _ = _HEAD.unpack_from(data)
    if size > LARGEST:
        return None, f"a packed RTF of {size} bytes is too large"
    if kind == _PLAIN:
        return data[_HEAD.size : _HEAD.size + size], ""
    if kind != _PACKED:
        return None, "an RTF is packed in an unknown way"
    made = _unpacked(data, len(_START) + size)
    text = bytes(made[len(_START) : len(_START) + size])
    return text, "" if len(text) == size else "a packed RTF ends too early"


def _unpacked(data: bytes, size: int) -> bytearray:
    """All of it, with what the window begins with before it."""
    out = bytearray(_START)
    at, end = _HEAD.size, len(data)
    while at < end and len(out) < size:
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= end:
                return out
            if not flags >> bit & 1:
                out.append(data[at])
                at += 1
                continue
            if at + 1 >= end:
                return out
            word = data[at] << 8 | data[at + 1]
            at += 2
            place, length = word >> 4, (word & 15) + 2
            back = (len(out) - place) % _WINDOW
            if not back:
                return out  # a reference to where writing stands ends it
            if back > len(out):
                out += bytes(length)  # never written: zeros
                continue
            for _ in range(length):
                out.append(out[-back])
    return out
