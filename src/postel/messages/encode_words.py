"""Texts of headers as words that can be folded: encoded words where they are due (RFC 2047).

Grammar. A field's value is handed on as a list of words that stand one space apart; the writer in
`fold` may break the line before any of them. An encoded word is always of UTF-8, never longer than
75 characters, and never tears a character apart (section 5). What a reader gets back is the text,
to the last space.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable

from ..errors import UsageError
from ..wire.text import display

__all__ = ["checked", "encoded", "phrase", "unstructured", "whole"]

WIDTH = 75
"""Characters of an encoded word (RFC 2047 section 2)."""

LONGEST_WORD = 900
"""Characters of a word that is left as it is; a line of mail has at most 998."""

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff]")
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q = [chr(byte) if byte in _SAFE else "_" if byte == 32 else f"={byte:02X}" for byte in range(256)]
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_QUOTED_MOST = 60
_LENGTH = [len(one) for one in _Q]


def checked(text: str, what: str) -> str:
    r"""*text* if it can be a header's value: nothing in it ends a line.

    Args:
        text: from the caller.
        what: names it in the error.

    Raises:
        UsageError: it holds a line end or another control character.

    Example:
        >>> checked("a\r\nBcc: eve@example.org", "subject")
        Traceback (most recent call last):
        ...
        postel.errors.UsageError: subject 'a\r\nBcc: eve@example.org': it holds a line end
    """
    if not isinstance(text, str):
        raise UsageError(f"{what}: {type(text).__name__} is no text")
    if text.isascii() and text.isprintable():
        return text
    found = _CONTROL.search(text)
    if found:
        wrong = ("a line end" if found[0] in "\r\n\u2028\u2029\x85" else
                 "half a character" if found[0] >= "\ud800" else "a control character")
        raise UsageError(f"{what} '{display(text[:200])}': it holds {wrong}")
    return text


def whole(text: str, what: str) -> str:
    """*text* if it can be written in UTF-8.

    Raises:
        UsageError: it holds half a character, as names of files that are no UTF-8 do.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(f"{what}: it holds half a character at {error.start}",
                         hint="decode what you read as what it is, without surrogateescape"
                         ) from None
    return text


def unstructured(text: str, room: int = WIDTH, *, utf8: bool = False) -> list[str]:
    """The words of a text such as a subject; those that need it are encoded.

    Args:
        text: checked.
        room: what an encoded word may take: less where the field's name is long.
        utf8: whether UTF-8 may stand there as it is (RFC 6532).

    Example:
        >>> unstructured("Grüße an Ann")
        ['=?utf-8?q?Gr=C3=BC=C3=9Fe?=', 'an', 'Ann']
    """
    if text.isascii() and "  " not in text and "=?" not in text and "\t" not in text and (
            len(text) < LONGEST_WORD and text == text.strip(" ")):
        return text.split(" ") if text else []
    words = text.split(" ")
    found: list[str] = []
    run: list[str] = []
    for word in words:
        if _needs(word, utf8):
            run.append(word)
            continue
        if run and not any(run):  # an encoded word cannot be empty: it takes its neighbour along
            run.append(word)
            continue
        if run:
            found += encoded(" ".join(run), room)
            run = []
        found.append(word)
    if run and not any(run) and found:
        found += encoded(" ".join([found.pop(), *run]), room)
    elif run:
        found += encoded(" ".join(run), room)
    return found


def _needs(word: str, utf8: bool) -> bool:
    if not word or "\t" in word or "=?" in word or not (utf8 or word.isascii()):
        return True
    if word.isspace():  # a line of nothing else would not be a line of the field
        return True
    return len(word) >= LONGEST_WORD if word.isascii() else len(word.encode()) >= LONGEST_WORD


def encoded(text: str, room: int = WIDTH) -> list[str]:
    """*text* as encoded words, characters whole: in Q where people can read most of it, else in B.

    Args:
        text: any, not empty.
        room: characters of each word.

    Example:
        >>> encoded("日本語")
        ['=?utf-8?b?5pel5pys6Kqe?=']
    """
    raw = text.encode("utf-8")
    in_q = sum(map(_LENGTH.__getitem__, raw))
    most = max(24, min(room, WIDTH)) - len("=?utf-8?q??=")
    if in_q <= 2 * len(raw) + 2:  # fewer than half of its bytes are escaped
        if in_q <= most:
            return [f"=?utf-8?q?{''.join(map(_Q.__getitem__, raw))}?="]
        return [f"=?utf-8?q?{''.join(map(_Q.__getitem__, piece))}?="
                for piece in _pieces(text, most, lambda char: sum(_LENGTH[b] for b in char))]
    return [f"=?utf-8?b?{binascii.b2a_base64(piece, newline=False).decode('ascii')}?="
            for piece in _pieces(text, most // 4 * 3, len)]


def _pieces(text: str, most: int, cost: Callable[[bytes], int]) -> list[bytes]:
    """*text* in pieces of whole characters that each cost at most *most*."""
    pieces, piece, spent = [], b"", 0
    for char in text:
        raw = char.encode("utf-8")
        price = cost(raw)
        if spent + price > most and piece:
            pieces.append(piece)
            piece, spent = b"", 0
        piece += raw
        spent += price
    return [*pieces, piece]


def phrase(text: str, *, utf8: bool = False) -> list[str]:
    r"""The words of a name before an address: atoms, a quoted string, or encoded words.

    Args:
        text: checked.
        utf8: whether UTF-8 may stand there as it is.

    Example:
        >>> phrase("Ann Lee"), phrase("Lee, Ann"), phrase("Zoë")
        (['Ann', 'Lee'], ['"Lee, Ann"'], ['=?utf-8?q?Zo=C3=AB?='])
    """
    if text.isascii() and _ATOMS.match(text) and "=?" not in text and (
            max(map(len, text.split(" "))) <= _QUOTED_MOST):
        return text.split(" ")
    if (text.isascii() or utf8) and "=?" not in text and len(text) <= _QUOTED_MOST and (
            "\t" not in text):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return [f'"{escaped}"']
    return encoded(text)
