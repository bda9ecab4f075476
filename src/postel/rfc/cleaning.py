"""Page breaks, headers and footers taken out of a text, and paragraphs put together. Grammar.

Up to RFC 8649 a text is made of pages: a footer with ``[Page 7]``, a form feed, a header with the
number, a short title and the month. What is furniture is known by its words, and by what stands
at the same place of many pages (RFC 821 has headers of two lines, left and right pages apart).
Texts before RFC 100, typed in by hand, may have pages without form feeds; those from RFC 8650 on
have none.

Each line keeps its number, so that what is found in the clean text can be found in the raw one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

__all__ = ["LARGEST", "clean", "clean_lines", "decoded", "printable"]

LARGEST = 16 << 20
"""Bytes of a text; the largest RFC has less than two million."""

_HIGHEST = 3
"""Lines of a header or footer."""

_RIGHT = 20
"""Columns from which on a line is set to the right: text is indented by three."""

_FOOTER = re.compile(r"\[ ?(?:page|pg\.?) ?[\w.-]{1,6} ?\]|^ {20,}-? ?\d{1,3} ?-?$|"
                     r"\bpage +[\divx]{1,5}$", re.IGNORECASE)
_PAGE = re.compile(r"\[ ?page [\w.-]{1,6} ?\]$", re.IGNORECASE)
_HEADER = re.compile(
    r"(?:\bRFC[ #:-]*\d{1,5}\b|\bRequest for Comments\b).*\b(?:19|20)?\d\d$|"
    r"^(?:\d{1,2} )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z.]*,? .*\bRFC ?\d+$|"
    r"^NWG/RFC ?# ?\d+", re.IGNORECASE)
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")
_END = (".", ":", "?", "!", ";", ".)", '."', ":)")
_TOC = re.compile(r"(?:\. ?\.|\.{3}|\s{4}) *[\divx]{1,4}$")
_CONTROLS = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)])


def decoded(raw: bytes) -> str:
    r"""The text of bytes: UTF-8, or Latin-1 where they are none; ends of lines are ``\n``.

    Example:
        >>> decoded(b"\xef\xbb\xbfcaf\xc3\xa9\r\n"), decoded(b"caf\xe9\n")
        ('café\n', 'café\n')
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def clean(text: str) -> str:
    """*text* without page furniture, as it is read.

    Example:
        >>> page = "   a line\\n   goes on\\n\\n\\nPostel       [Page 1]\\n"
        >>> print(clean(page + "\\f\\nRFC 821    August 1982\\n\\n   over the page.\\n"))
           a line
           goes on
           over the page.
        <BLANKLINE>
    """
    return "".join(f"{line}\n" for _, line in clean_lines(text))


def clean_lines(text: str) -> list[tuple[int, str]]:
    """The lines that stay, each with its number in *text* (from 0); see `clean`."""
    lines = [line.rstrip(" \t") for line in text.split("\n")]
    breaks = _breaks(lines)
    dropped = bytearray(len(lines))
    joins: dict[int, bool] = {}
    if breaks:
        tops = _common(_around(lines, at, 1) for at in breaks)
        feet = _common(_around(lines, at, -1) for at in breaks)
        for at in breaks:
            first, last = _foot(lines, at, feet), _head(lines, at, tops)
            for number in range(first + 1, last):
                dropped[number] = 1
            joins[last] = first >= 0 and last < len(lines) and _goes_on(
                lines[first], lines[last], last - first)
    return _joined(lines, dropped, joins)


def printable(text: str) -> str:
    """*text* without characters that a terminal obeys; lines and tabs stay."""
    return text.translate(_CONTROLS)


def _breaks(lines: Sequence[str]) -> list[int]:
    """Where pages end: at form feeds, and at footers that none follows."""
    found = [number for number, line in enumerate(lines) if "\f" in line]
    taken = {number - step for number in found for step in range(5)}
    found += [number + 1 for number, line in enumerate(lines)
              if line.endswith("]") and number not in taken and _PAGE.search(line)]
    if found and _FOOTER.search(next((line for line in reversed(lines) if line), "")):
        found.append(len(lines))
    return sorted(set(found))


def _around(lines: Sequence[str], at: int, step: int) -> list[int]:
    """Numbers of the nearest lines with text on one side of a break."""
    found: list[int] = []
    number, blanks = (at if step > 0 else at - 1), 0
    while 0 <= number < len(lines) and len(found) < _HIGHEST and blanks < 12:
        if lines[number].strip("\f "):
            found.append(number)
            blanks = 0
        else:
            if found and blanks >= 2:
                break
            blanks += 1
        number += step
    return found


def _common(places: Iterable[list[int]]) -> _Common:
    return _Common(list(places))


class _Common:
    """What stands at the same place of many pages."""

    def __init__(self, places: list[list[int]]) -> None:
        self.places = places
        self.counts: Counter[tuple[int, str]] | None = None

    def has(self, lines: Sequence[str], place: int, line: str) -> bool:
        """Whether *line* at *place* is like that of many pages."""
        if self.counts is None:
            self.counts = Counter((index, _shape(lines[number])) for numbers in self.places
                                  for index, number in enumerate(numbers))
        many = max(3, len(self.places) // 4)
        indent = len(line) - len(line.lstrip())
        at_the_edge = indent == 0 or indent >= _RIGHT or "   " in line.strip()
        return at_the_edge and self.counts[place, _shape(line)] >= many


def _shape(line: str) -> str:
    """A line without what differs from page to page."""
    return " ".join(_DIGITS.sub("#", line.strip("\f ")).split())


def _foot(lines: Sequence[str], at: int, feet: _Common) -> int:
    """Number of the last line of text before the break."""
    number, seen = at - 1, 0
    number = _skip(lines, number, -1)
    while number >= 0 and seen < _HIGHEST:
        line = lines[number]
        if not (_FOOTER.search(line) or feet.has(lines, seen, line)):
            break
        seen += 1
        number = _skip(lines, number - 1, -1)
    return number


def _head(lines: Sequence[str], at: int, tops: _Common) -> int:
    """Number of the first line of text behind the break."""
    number, seen = _skip(lines, at, 1), 0
    while number < len(lines) and seen < _HIGHEST:
        line = lines[number].strip("\f ")
        if not (_HEADER.search(line) or tops.has(lines, seen, line)):
            break
        seen += 1
        number = _skip(lines, number + 1, 1)
    return number


def _skip(lines: Sequence[str], number: int, step: int) -> int:
    """The next line with text, from *number* on."""
    while 0 <= number < len(lines) and not lines[number].strip("\f "):
        number += step
    return number


def _goes_on(before: str, after: str, gap: int) -> bool:
    """Whether a paragraph, a table or a listing goes on behind a page break.

    There is no sign of it: the foot of a page is filled with empty lines either way.
    """
    left, right = len(before) - len(before.lstrip()), len(after) - len(after.lstrip())
    text, following = before.strip(), after.strip()
    if _TOC.search(before) and _TOC.search(after):
        return following[:2].isdecimal() is text[:2].isdecimal() or left != right or (
            following[:1].isdecimal())
    if following[:1].islower() and right > 0:
        return (right >= left and not text.endswith((":", "."))) or right == left
    if text.endswith(_END) or left == 0 or right == 0:
        return False
    if set("|+-") & set(following[:1]) and set("|+-") & set(text[:1]):
        return True  # a drawing, or a table
    if re.match(r"(?:[o*-]|\(?[0-9a-z]{1,3}[.)])\s", following):
        return False  # the next item of a list
    return (right == left and len(before) > 56) or (right > left and len(before) > 50)


def _joined(
    lines: Sequence[str], dropped: bytearray, joins: dict[int, bool]
) -> list[tuple[int, str]]:
    """What stays, with one empty line for each break that ends a paragraph, two elsewhere."""
    kept: list[tuple[int, str]] = []
    blanks = 3  # none at the beginning
    for number, line in enumerate(lines):
        if number in joins and not joins[number] and not blanks:
            kept.append((number, ""))
            blanks = 1
        if dropped[number]:
            continue
        text = line.replace("\f", "").rstrip() if "\f" in line else line
        if text:
            kept.append((number, text.expandtabs() if "\t" in text else text))
            blanks = 0
        elif blanks < 2:
            kept.append((number, ""))
            blanks += 1
    while kept and not kept[-1][1]:
        kept.pop()
    return kept
