"""Uuencode: files within texts, between ``begin 644 name`` and ``end``. Grammar: pure.

POSIX describes it and its sister ``begin-base64``. Spaces at the ends of lines are often lost on
the way, some writers put a checksum character there, some use the grave accent for zero: all are
read. In a text that only speaks of such a line nothing is found: the line after it must look like
data.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import base64
from .decoded import note

__all__ = ["Decoder", "File", "encode", "find"]

_BEGIN = re.compile(rb"^begin(-base64)? ([0-7]{3,5}) ([^\r\n]{1,1000})(?:\r?\n|\r)",
                    re.MULTILINE)  # a longer line begins no file
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_PER_LINE = 45
_FULL = re.compile(rb"(?:M[\x20-\x60]{60}\n)+|(?:M[\x20-\x60]{60}\r\n)+")
_BASE64 = bytes.maketrans(
    b" `" + bytes(range(33, 96)),
    b"AABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_ODD = re.compile(rb"[^\x20-\x60]")


@dataclass(frozen=True, slots=True)
class File:
    """A file found in a text.

    Args:
        name: as written there: check it before it becomes a path.
        mode: the permissions it had.
        data: its content, as far as it could be read.
        start: where its ``begin`` line begins in the text.
        end: where the text goes on behind it.
        defects: what was wrong.
    """

    name: str
    mode: int
    data: bytes
    start: int
    end: int
    defects: tuple[str, ...] = ()


def find(text: bytes) -> list[File]:
    """The files in *text*, in order.

    Example:
        >>> found = find(b"Look:\\r\\n" + encode(b"hello", "a.txt") + b"Bye\\r\\n")
        >>> [(one.name, one.data, one.start) for one in found]
        [('a.txt', b'hello', 7)]
    """
    found = []
    at = 0
    while begin := _BEGIN.search(text, at):
        one = _read(text, begin)
        at = one.end if one else begin.end()
        if one:
            found.append(one)
    return found


def _read(text: bytes, begin: re.Match[bytes]) -> File | None:
    defects: list[str] = []
    read = _base64_lines if begin[1] else _uu_lines
    made = []
    end = begin.end()
    for here, data in read(text, begin.end(), defects):
        if data is None:
            return None
        made.append(data)
        end = here
    name = begin[3].strip(b" \t").decode("utf-8", "surrogateescape")
    return File(name, int(begin[2], 8), b"".join(made), begin.start(), end, tuple(defects))


def _lines(text: bytes, at: int) -> Iterator[tuple[int, int, bytes]]:
    """Each line from *at*: where it begins and ends, and what it holds."""
    while at < len(text):
        found = _LINE.match(text, at)
        if found is None:  # pragma: no cover - the pattern takes anything
            return
        yield at, found.end(), found[0].rstrip(b"\r\n")
        at = found.end()


def _bulk(text: bytes, at: int) -> tuple[int, bytes] | None:
    """All full lines from *at*, as if they were base64: five times as fast as one by one."""
    found = _FULL.match(text, at)
    if found is None:
        return None
    step = 63 if found[0].endswith(b"\r\n") else 62
    lines = b"".join([text[line + 1 : line + 61] for line in range(at, found.end(), step)])
    return found.end(), binascii.a2b_base64(lines.translate(_BASE64))


def _uu_lines(text: bytes, at: int, defects: list[str]) -> Iterator[tuple[int, bytes | None]]:
    """The data of each line with where it ends; None when nothing like data begins here."""
    any_yet = False
    if full := _bulk(text, at):
        any_yet, at = True, full[0]
        yield full
    for start, end, line in _lines(text, at):
        if line.rstrip() == b"end":
            yield end, b""
            return
        if not _plausible(line, first=not any_yet):
            if any_yet:
                note(defects, "uuencode: it has no end")
            yield start, b"" if any_yet else None
            return
        any_yet = True
        yield end, _line(line, defects)
    note(defects, "uuencode: it has no end")


def _plausible(line: bytes, first: bool) -> bool:
    """Whether a line's first character fits its length; the first one says if this is data."""
    if not line.strip():
        return True
    if not 32 <= line[0] <= 96 or _ODD.search(line):
        return False
    count = (line[0] - 32) & 63
    length = len(line.rstrip()) - 1
    most = (count + 2) // 3 * 4 + 2  # a checksum, or a mark of the line's end
    return length <= most and (not first or not length or length * 3 >= count * 2 - 12)


def _line(line: bytes, defects: list[str]) -> bytes:
    if not line.strip():
        return b""
    count = (line[0] - 32) & 63
    need = 1 + (count * 4 + 2) // 3
    try:
        return binascii.a2b_uu(line[:need])
    except binascii.Error:
        note(defects, "uuencode: a line that cannot be read")
        clean = _ODD.sub(b"`", line[1:need])
        return binascii.a2b_uu(line[:1] + clean) if 32 <= line[0] <= 96 else b""


def _base64_lines(text: bytes, at: int, defects: list[str]) -> Iterator[tuple[int, bytes | None]]:
    reader = base64.Decoder()
    any_yet = False
    for start, end, line in _lines(text, at):
        if line.rstrip() == b"====":
            yield end, reader.end()
            defects.extend(reader.defects)
            return
        data = reader.feed(line + b"\n")
        if reader.defects:
            note(defects, "uuencode: it has no end")
            yield start, b"" if any_yet else None
            return
        any_yet = True
        yield end, data
    note(defects, "uuencode: it has no end")


class Decoder:
    """Reads the body of a part whose transfer encoding is x-uuencode: the first file of it.

    Example:
        >>> reader = Decoder()
        >>> reader.feed(encode(b"hello", "a.txt")), reader.end()
        (b'hello', b'')
    """

    def __init__(self) -> None:
        self.defects: list[str] = []
        self._held: list[bytes] = []
        self._state = "before"

    def feed(self, data: bytes) -> bytes:
        """Take more; what the whole lines hold."""
        at = max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1)) + 1
        if not at:
            self._held.append(data)
            return b""
        text = b"".join([*self._held, data[:at]])
        self._held = [data[at:]]
        return self._take(text)

    def end(self) -> bytes:
        """The rest."""
        made = self._take(b"".join(self._held))
        self._held = []
        if self._state == "before":
            note(self.defects, "uuencode: it has no beginning")
        elif self._state == "data":
            note(self.defects, "uuencode: it has no end")
        return made

    def _take(self, text: bytes) -> bytes:
        at = 0
        if self._state == "before":
            begin = _BEGIN.search(text)
            if begin is None:
                return b""
            self._state, at = "data", begin.end()
        if self._state != "data":
            return b""
        made = []
        if full := _bulk(text, at):
            at = full[0]
            made.append(full[1])
        for _, _, line in _lines(text, at):
            if line.rstrip() == b"end":
                self._state = "after"
                break
            made.append(_line(line, self.defects))
        return b"".join(made)


def encode(data: bytes, name: str, *, mode: int = 0o644) -> bytes:
    """*data* as a uuencoded file; lines end in CRLF.

    Args:
        data: the file.
        name: of the file, without its folder; line ends in it become spaces.
        mode: its permissions.

    Example:
        >>> print(encode(b"hello", "a.txt").decode())
        begin 644 a.txt\r
        %:&5L;&\\`\r
        `\r
        end\r
        <BLANKLINE>
    """
    shown = re.sub(r"[\x00-\x1f\x7f]", " ", name).encode("utf-8", "surrogateescape")
    lines = [b"begin %03o %s\r\n" % (mode & 0o7777, shown)]
    lines += [binascii.b2a_uu(data[at : at + _PER_LINE], backtick=True)[:-1] + b"\r\n"
              for at in range(0, len(data), _PER_LINE)]
    lines.append(b"`\r\nend\r\n")
    return b"".join(lines)
