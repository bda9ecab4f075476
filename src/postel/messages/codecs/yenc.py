"""yEnc 1.3: files within news articles, one byte for nearly every byte. Grammar: pure.

A part begins with a line ``=ybegin``, for files of many parts a line ``=ypart`` tells which piece
it is, and ``=yend`` has the checksum. Between them every byte is shifted by 42; the four that an
article cannot hold (NUL, LF, CR and the equals sign itself) are written as an equals sign and the
byte shifted by 64 more.

Articles are read after dots have been undone, in bulk: no loop touches single bytes but those that
were escaped.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from .decoded import note

__all__ = ["Part", "encode", "find", "join"]

WIDTH = 128
"""Bytes of a written line."""

_BEGIN = re.compile(rb"=ybegin ([^\r\n]{1,1000})\r?\n(?:=ypart ([^\r\n]{1,1000})\r?\n)?")
_END = re.compile(rb"=yend(?: ([^\r\n]{0,1000}))?(?:\r?\n|\Z)")
_PAIR = re.compile(rb"([a-z0-9]+)=([^ ]+)")
_SHIFTED = bytes((value - 42) & 255 for value in range(256))
_WRITTEN = bytes((value + 42) & 255 for value in range(256))
_UNESCAPED = [bytes(((value - 64) & 255,)) for value in range(256)]
_CRITICAL = ((b"=", b"=}"), (b"\0", b"=@"), (b"\n", b"=J"), (b"\r", b"=M"))
_ENDS = b"\t ."  # not at the end of a line, a dot not at its beginning: some servers touch them


@dataclass(frozen=True, slots=True)
class Part:
    """A file, or a part of one, as an article holds it.

    Args:
        name: of the file: check it before it becomes a path.
        size: of the whole file, as announced.
        data: of this part.
        part: its number from 1; 0 when the file is in one piece.
        total: how many parts there are; 0 where that is not told.
        begin: offset of `data` in the file.
        start: where the ``=ybegin`` line begins in the article.
        end: where the text goes on behind it.
        crc: the checksum told for `data`; None where there is none.
        whole_crc: the checksum told for the whole file.
        defects: what was wrong.
    """

    name: str
    size: int
    data: bytes
    part: int = 0
    total: int = 0
    begin: int = 0
    start: int = 0
    end: int = 0
    crc: int | None = None
    whole_crc: int | None = None
    defects: tuple[str, ...] = ()


def find(article: bytes) -> list[Part]:
    """The parts in the body of an article, in order.

    Args:
        article: with its dots undone; LF or CRLF.

    Example:
        >>> found = find(b"".join(encode(b"hello", "a.txt")))
        >>> [(one.name, one.data, one.defects) for one in found]
        [('a.txt', b'hello', ())]
    """
    found = []
    at = 0
    ahead = _line(_END, b"=yend", article, 0)  # looked for once each: hostile articles stay linear
    while begin := _line(_BEGIN, b"=ybegin ", article, at):
        while ahead and ahead.start() < begin.end():
            ahead = _line(_END, b"=yend", article, ahead.end())
        end = ahead
        following = _line(_BEGIN, b"=ybegin ", article, begin.end(),
                          end.start() if end else len(article))
        if following:  # the end of this one was lost
            end = None
        stop = end.start() if end else following.start() if following else len(article)
        at = end.end() if end else stop
        found.append(_part(article, begin, stop, at, end))
        if not end and not following:
            break
    return found


def _line(pattern: re.Pattern[bytes], word: bytes, text: bytes, at: int,
          stop: int | None = None) -> re.Match[bytes] | None:
    """The next line that begins with *word* and matches."""
    while (at := text.find(word, at, stop)) >= 0:
        if at == 0 or text[at - 1] == 10:
            found = pattern.match(text, at)
            if found:
                return found
        at += 1
    return None


def _part(article: bytes, begin: re.Match[bytes], stop: int, after: int,
          end: re.Match[bytes] | None) -> Part:
    defects: list[str] = []
    words, name = _header(begin[1])
    piece = _words(begin[2] or b"")
    closing = _words(end[1] or b"") if end else {}
    if end is None:
        note(defects, "yenc: it has no end")
    data = _decode(article[begin.end() : stop], defects)
    number, first = _number(words, b"part"), _number(piece, b"begin")
    size = _number(words, b"size")
    expected = _number(piece, b"end") - first + 1 if b"end" in piece else size
    told = _number(closing, b"size") if b"size" in closing else expected
    if end and (len(data) != told or len(data) != expected):
        note(defects, "yenc: it is not as long as announced")
    crc, whole = _hex(closing, b"pcrc32"), _hex(closing, b"crc32")
    if not number and crc is None:
        crc = whole
    if crc is not None and binascii.crc32(data) != crc:
        note(defects, "yenc: its checksum is another")
    return Part(name, size, data, number, _number(words, b"total"), max(0, first - 1),
                begin.start(), after, crc, whole, tuple(defects))


def _header(line: bytes) -> tuple[dict[bytes, bytes], str]:
    """The words of a ``=ybegin`` line, and its name, which runs to the end of the line."""
    head, _, name = line.partition(b"name=")
    return _words(head), name.strip(b' "').decode("utf-8", "surrogateescape")


def _words(line: bytes) -> dict[bytes, bytes]:
    return {found[1]: found[2] for found in _PAIR.finditer(line)}


def _number(words: dict[bytes, bytes], name: bytes) -> int:
    text = words.get(name, b"0")
    return int(text) if text.isdigit() and len(text) < 19 else 0


def _hex(words: dict[bytes, bytes], name: bytes) -> int | None:
    text = words.get(name)
    return int(text, 16) if text and re.fullmatch(rb"[0-9A-Fa-f]{1,16}", text) else None


def _decode(text: bytes, defects: list[str]) -> bytes:
    first, *escaped = text.translate(None, b"\r\n").split(b"=")
    if not escaped:
        return first.translate(_SHIFTED)
    made = [first]
    for piece in escaped:
        if piece:
            made.append(_UNESCAPED[piece[0]])
            made.append(piece[1:])
        else:
            note(defects, "yenc: an equals sign that escapes nothing")
    return b"".join(made).translate(_SHIFTED)


def encode(data: bytes, name: str, *, part_size: int = 0) -> list[bytes]:
    """*data* as the bodies of articles: one, or as many as it has parts; lines end in CRLF.

    Args:
        data: the file.
        name: of the file, without its folder; control characters in it become spaces.
        part_size: bytes of each part; 0 for all in one.

    Example:
        >>> bodies = encode(bytes(1000), "zeros", part_size=600)
        >>> [(one.part, one.begin, len(one.data)) for body in bodies for one in find(body)]
        [(1, 0, 600), (2, 600, 400)]
    """
    shown = re.sub(r"[\x00-\x1f\x7f]", " ", name).encode("utf-8", "surrogateescape")
    if not part_size:
        return [b"=ybegin line=%d size=%d name=%s\r\n%s=yend size=%d crc32=%08x\r\n" % (
            WIDTH, len(data), shown, _body(data), len(data), binascii.crc32(data))]
    total = max(1, -(-len(data) // part_size))
    whole = binascii.crc32(data)
    bodies = []
    for number in range(1, total + 1):
        first = (number - 1) * part_size
        piece = data[first : first + part_size]
        bodies.append(
            b"=ybegin part=%d total=%d line=%d size=%d name=%s\r\n=ypart begin=%d end=%d\r\n"
            b"%s=yend size=%d part=%d pcrc32=%08x crc32=%08x\r\n" % (
                number, total, WIDTH, len(data), shown, first + 1, first + len(piece),
                _body(piece), len(piece), number, binascii.crc32(piece), whole))
    return bodies


def _body(data: bytes) -> bytes:
    text = data.translate(_WRITTEN)
    for byte, escape in _CRITICAL:
        text = text.replace(byte, escape)
    lines = []
    at = 0
    while at < len(text):
        end = at + WIDTH
        if text[end - 1 : end] == b"=":  # an escape is not torn
            end += 1
        line = text[at:end]
        at = end
        if line[0] in _ENDS:
            line = b"=" + bytes(((line[0] + 64) & 255,)) + line[1:]
        if line[-1] in _ENDS and line[-2:-1] != b"=":
            line = line[:-1] + b"=" + bytes(((line[-1] + 64) & 255,))
        lines.append(line)
    lines.append(b"")
    return b"\r\n".join(lines)


def join(parts: Iterable[Part]) -> Part:
    """One file out of its parts, in any order; what is missing is zeros, with a defect.

    Args:
        parts: of one file, as `find` gave them; at least one.

    Raises:
        ValueError: there are none.

    Example:
        >>> bodies = encode(b"hello world", "a.txt", part_size=6)
        >>> join(find(bodies[1]) + find(bodies[0])).data
        b'hello world'
    """
    ordered = sorted(parts, key=lambda part: part.begin)
    if not ordered:
        raise ValueError("no parts to join")
    defects: list[str] = []
    made: list[bytes] = []
    at = 0
    for part in ordered:
        for defect in part.defects:
            note(defects, defect)
        if part.begin > at:
            note(defects, "yenc: a part is missing")
            gap = min(part.begin, ordered[0].size) - at  # not more than the file was said to be
            made.append(bytes(max(0, min(gap, sum(len(one.data) for one in ordered)))))
            at = part.begin
        made.append(part.data[at - part.begin :])
        at = max(at, part.begin + len(part.data))
    data = b"".join(made)
    first = ordered[0]
    if len(data) != first.size:
        note(defects, "yenc: a part is missing")
    crc = next((part.whole_crc for part in ordered if part.whole_crc is not None), None)
    if crc is not None and binascii.crc32(data) != crc:
        note(defects, "yenc: its checksum is another")
    return Part(first.name, first.size, data, total=first.total, crc=crc, whole_crc=crc,
                defects=tuple(defects))
