"""BinHex 4.0, read: files of old Macintoshes with both their forks (RFC 1741). Grammar: pure.

Between two colons stand six bits a character, below that runs are packed, below that a header and
the two forks, each with a checksum.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from .decoded import note

__all__ = ["LARGEST", "File", "decode"]

LARGEST = 256 << 20
"""Bytes that are unpacked at most: three packed bytes can stand for 255."""

_HEAD = re.compile(rb"^[^\r\n]{0,200}must be converted with BinHex[^\r\n]{0,200}[\r\n][ \t\r\n]*:",
                   re.MULTILINE | re.IGNORECASE)
_ALPHABET = b'!"#$%&\'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr'
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TABLE = bytes.maketrans(_ALPHABET, _BASE64)
_FOREIGN = bytes(set(range(256)) - set(_ALPHABET))
_SPACE = _ALPHABET + b" \t\r\n"
_RUN = b"\x90"


@dataclass(frozen=True, slots=True)
class File:
    """A file of a Macintosh.

    Args:
        name: as written there: check it before it becomes a path.
        type: its four letters, such as ``TEXT``.
        creator: those of the program that made it.
        data: the data fork: what other systems call the file.
        resource: the resource fork.
        defects: what was wrong.
    """

    name: str
    type: str
    creator: str
    data: bytes
    resource: bytes
    defects: tuple[str, ...] = ()


def decode(text: bytes, *, largest: int = LARGEST) -> File | None:
    """The first file in *text*; None where there is none.

    Args:
        text: of a message part, or a ``.hqx`` file.
        largest: bytes that are unpacked at most.

    Example:
        >>> decode(b"no such thing") is None
        True
    """
    head = _HEAD.search(text)
    if head is None:
        return None
    defects: list[str] = []
    end = text.find(b":", head.end())
    if end < 0:
        note(defects, "binhex: it has no end")
        end = len(text)
    body = text[head.end() : end]
    if body.translate(None, _SPACE):
        note(defects, "binhex: characters that are not of its alphabet")
    clean = body.translate(_TABLE, _FOREIGN)
    clean = clean[:-1] if len(clean) % 4 == 1 else clean
    packed = binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
    return _file(_unpacked(packed, largest, defects), defects)


def _unpacked(packed: bytes, largest: int, defects: list[str]) -> bytes:
    """Undo runs: 0x90 and a count repeat the byte before; 0x90 and 0 are that byte itself."""
    first, *others = packed.split(_RUN)
    made = bytearray(first)
    for piece in _counted(others):
        count = piece[0] if piece else 1
        if count == 0:
            made += _RUN
        elif made:
            made += made[-1:] * (count - 1)
        made += piece[1:]
        if len(made) > largest:
            note(defects, "binhex: it is larger than what is unpacked at most")
            return bytes(made[:largest])
    return bytes(made)


def _counted(pieces: list[bytes]) -> list[bytes]:
    """Pieces that each begin with a count; a count may itself be 0x90, where the text was split."""
    joined = []
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        if not piece and index + 1 < len(pieces):
            index += 1
            piece = _RUN + pieces[index]
        joined.append(piece)
        index += 1
    return joined


def _file(data: bytes, defects: list[str]) -> File:
    length = data[0] if data else 0
    name = data[1 : 1 + length].decode("mac-roman", "replace")
    at = length + 2  # a byte of version follows the name
    kind, creator = data[at : at + 4], data[at + 4 : at + 8]
    sizes = data[at + 10 : at + 18]
    at += 18
    _check(data[:at], data[at : at + 2], defects)
    at += 2
    size, resources = int.from_bytes(sizes[:4], "big"), int.from_bytes(sizes[4:], "big")
    fork = data[at : at + size]
    _check(fork, data[at + size : at + size + 2], defects)
    at += size + 2
    resource = data[at : at + resources]
    _check(resource, data[at + resources : at + resources + 2], defects)
    if len(fork) < size or len(resource) < resources or len(sizes) < 8:
        note(defects, "binhex: it is cut short")
    return File(name, kind.decode("mac-roman"), creator.decode("mac-roman"), fork, resource,
                tuple(defects))


def _check(data: bytes, crc: bytes, defects: list[str]) -> None:
    if len(crc) < 2 or binascii.crc_hqx(data, 0) != int.from_bytes(crc, "big"):
        note(defects, "binhex: a checksum is another")
