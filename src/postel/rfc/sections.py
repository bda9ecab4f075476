"""The tree of sections of a clean text. Grammar.

A heading is a line at the left margin with a number that can follow the one before, or, in texts
without numbers, a line that stands alone. Which lines only look like headings is decided by the
numbers: after 4.1.1 come 4.1.1.1, 4.1.2, 4.2 and 5, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .types import Section

__all__ = ["Heading", "find", "headings", "sections"]

MOST = 5_000
"""Sections of one text."""

_DEEPEST = 9
_NUMBERED = re.compile(r"( {0,40})(\d{1,3}(?:\.\d{1,3}){0,8})(\.|\.-| -|:)?(?: {1,12}|\t)(\S.*)")
_LETTERED = re.compile(r"( {0,3})([A-Z](?:\.\d{1,3}){0,8})(\.)?(?: {1,6})(\S.*)")
_APPENDIX = re.compile(
    r" {0,40}(?:Appendix|APPENDIX|Annex|ANNEX) +([A-Z]|\d{1,2}|[IVX]{1,4})"
    r"(?: ?[.:)]| ?--?| ?–)?(?: +(\S.*))?")
_TOC_LINE = re.compile(r"(?:\. ?\.|\.{2,}|\s{3,}|_{3,}|-{4,}) *(?:[\divxlc]{1,4}|[A-Z]-\d+)\.?$")
_CONTENTS = re.compile(r" {0,40}(?:table +of +contents|contents|t a b l e  o f.*):?", re.IGNORECASE)
_PROSE = re.compile(r"[.;,]$|\|")
_KNOWN = re.compile(
    r"(?:Abstract|Status of this Memo|Copyright Notice|Copyright Statement|Full Copyright.*|"
    r"Intellectual Property.*|Acknowledge?ments?|Contributors|(?:Normative |Informative |)"
    r"References|Authors?['’s]* Address(?:es)?|Author Information|Security Considerations|"
    r"Editors?['’s]* Address(?:es)?|IANA Considerations|Introduction|Index|Disclaimer.*|"
    r"IESG Note|Foreword|"
    r"Preface|Bibliography|Glossary)\.?:?", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """A heading: where it is, and what it says.

    Args:
        line: its line, from 0.
        number: as in `Section`.
        title: as in `Section`.
        level: as in `Section`.
    """

    line: int
    number: str
    title: str
    level: int


def sections(text: str) -> tuple[Section, ...]:
    """All sections of a clean text.

    Example:
        >>> text = "1. Why\\n\\n   So.\\n\\n1.1. Why not\\n\\n   No.\\n\\n2. How\\n"
        >>> [one.name for one in sections(text)]
        ['1. Why', '1.1. Why not', '2. How']
    """
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    found = headings(lines)
    made = []
    for index, heading in enumerate(found):
        following = (one.line for one in found[index + 1:] if one.level <= heading.level)
        until = starts[next(following, len(lines))]
        own = starts[found[index + 1].line if index + 1 < len(found) else len(lines)]
        begin = starts[heading.line]
        made.append(Section(heading.number, heading.title, heading.level,
                            text[begin:until].rstrip() + "\n", text[begin:own].rstrip() + "\n",
                            heading.line))
    return tuple(made)


def find(among: Sequence[Section], wanted: str) -> Section | None:
    """The section of this number or title; the beginning of a title will do.

    Example:
        >>> found = sections("1. Why\\n\\n   So.\\n\\nAppendix A. More\\n\\n   No.\\n")
        >>> find(found, "§1").title, find(found, "appendix a").title, find(found, "why").number
        ('Why', 'More', '1')
    """
    word = re.sub(r"^(?:§+|sections?\b|sec\.?(?= )|appendix\b|annex\b)\s*", "", wanted.strip(),
                  flags=re.IGNORECASE).rstrip(".")
    title = " ".join(wanted.lower().split())
    if not word or not title:
        return None
    number = word.upper() if len(word.partition(".")[0]) == 1 else word
    return next((one for one in among if one.number == number), None) or next(
        (one for one in among if one.title.lower() == title), None) or next(
        (one for one in among if one.title.lower().startswith(title)), None)


def headings(lines: Sequence[str]) -> list[Heading]:
    """The headings among *lines*."""
    toc = _contents(lines)
    candidates = [one for number in _standing(lines, toc)
                  if (one := _candidate(lines, number)) is not None]
    left, below = _margins(candidates)
    kept = _chain(candidates, left, below)
    if kept and kept[0].number not in ("0", "1"):  # those at the top stand in the middle
        kept = max(kept, _chain(candidates, 40, below), key=len)
    if len(kept) == 1 and any(one[3] for one in candidates if one[0] == kept[0].line):
        kept = []  # one item of a list
    return _with_plain(lines, kept, toc)[:MOST]


def _contents(lines: Sequence[str]) -> range:
    """The lines of the table of contents."""
    for number, line in enumerate(lines[:1500]):
        if line and _CONTENTS.fullmatch(line.strip()):
            last, rows, misses = number, 0, 0
            for at in range(number + 1, min(number + 2000, len(lines))):
                text = lines[at]
                if not text:
                    continue
                if _TOC_LINE.search(text) or text[:1] == " ":
                    last, misses = at, 0
                    rows += 1
                    if not _TOC_LINE.search(text) and _prose(lines, at):
                        return range(number, _before(lines, at))
                else:
                    misses += 1
                    if rows and _again(lines, number, at):
                        break
                    last = at
                    if misses > 120:
                        break
            return range(number, last + 1)
    return range(0)


def _again(lines: Sequence[str], first: int, at: int) -> bool:
    """Whether the heading at *at* is already in the table: its text has begun."""
    words = _letters(lines[at])
    if len(words) < 4 or _TOC_LINE.search(lines[at]):
        return False
    return any(words in _letters(lines[row]) for row in range(first + 1, at)) or not (
        lines[at][:1].isdigit() or lines[at].startswith(("A", "R")))


def _letters(line: str) -> str:
    return re.sub(r"[\W\d_]+", "", line).lower()


def _prose(lines: Sequence[str], at: int) -> bool:
    """Whether a paragraph of plain text begins here."""
    block = []
    for line in lines[at : at + 4]:
        if not line or _TOC_LINE.search(line):
            break
        block.append(line)
    return len(block) >= 3 and all(len(line) > 50 for line in block[:2]) and not any(
        re.match(r"\s*[\dA-Z](?:\.\d+)*\.?\s", line) for line in block)


def _before(lines: Sequence[str], at: int) -> int:
    """The line behind the last one of the table, where prose begins at *at*: a heading is text."""
    number = at - 1
    while number > 0 and not lines[number]:
        number -= 1
    return number if number > 0 and lines[number][:1] != " " else at


def _standing(lines: Sequence[str], toc: range) -> Iterator[int]:
    """Lines before which there is an empty one, outside the table of contents."""
    for number, line in enumerate(lines):
        if line and number not in toc and (line[:12].strip() or not any(
                lines[max(0, number - 1) : number + 2 : 2])) and (
                number == 0 or not lines[number - 1] or not lines[min(number + 1, len(lines) - 1)]
                or _NUMBERED.match(lines[number - 1])):
            yield number
        elif (line and number not in toc and "ppendix" in line[:60].lower()
              and number and not lines[number - 1]):
            yield number


Candidate = tuple[int, tuple[str, ...], str, int]
"""Line, parts of the number, title, indent."""


def _candidate(lines: Sequence[str], number: int) -> Candidate | None:
    line = lines[number]
    if _TOC_LINE.search(line) and "  " in line.strip()[4:]:
        return None
    if found := _APPENDIX.fullmatch(line):
        if (number and lines[number - 1]) or (found[2] and (
                len(line) > 90 or found[2][:1].islower() or found[2].endswith((".", ",")))):
            return None  # "Appendix B supplies …" is a sentence
        title = _whole(lines, number, found[2]) if found[2] else _next_title(lines, number)
        return number, ("@" + found[1],), title, 0
    if found := _NUMBERED.fullmatch(line) or _LETTERED.fullmatch(line):
        indent, digits, mark, title = found.groups()
        if _unlike(title, mark, digits, lines, number):
            return None
        parts = tuple(digits.split("."))
        return number, parts, _whole(lines, number, title), len(indent)
    return None


def _next_title(lines: Sequence[str], number: int) -> str:
    """The title of an appendix that stands below its letter."""
    for line in lines[number + 1 : number + 4]:
        if line.strip():
            plain = len(line.strip()) < 60 and not line.endswith(".")
            return line.strip() if plain and not _NUMBERED.fullmatch(line) else ""
    return ""


def _unlike(title: str, mark: str | None, digits: str, lines: Sequence[str], at: int) -> bool:
    """Whether a line with a number is no heading by its looks."""
    following = lines[at + 1] if at + 1 < len(lines) else ""
    if not title[:1].isalnum() and title[:1] not in "\"'(<[$*_`:.+/\\-#%&@=!":
        return True
    if digits.isalpha() and mark is None:
        return True
    if digits.startswith("0") and digits != "0":
        return True
    ends = title.endswith((".", ";", ",")) and not title.endswith(("etc.", "...", "al."))
    if ends and following and len(title) > 40:
        return True  # an item of a list: a sentence that goes on
    return bool(following) and title[:1].islower() and len(title) > 45


def _whole(lines: Sequence[str], number: int, title: str) -> str:
    """A title that goes on in the next line, indented to where it began."""
    column = lines[number].index(title)
    following = lines[number + 1] if number + 1 < len(lines) else ""
    after = lines[number + 2] if number + 2 < len(lines) else ""
    if len(following) - len(following.lstrip()) == column > 2 and not after and len(
            lines[number]) > 45:
        title += " " + following.strip()
    return " ".join(title.split()).rstrip(":")


def _margins(candidates: Sequence[Candidate]) -> tuple[int, int]:
    """How far headings are indented, at the top and below: not at all, unless none would be."""
    tops = [one[3] for one in candidates if len(one[1]) == 1]
    top = next((most for most in (0, 5) if sum(indent <= most for indent in tops) >= 2), 40)
    below = 0 if any(not one[3] and len(one[1]) > 1 for one in candidates) else 12
    return top, below


def _chain(candidates: Sequence[Candidate], left: int, below: int) -> list[Heading]:
    """The headings that are indented by no more than this."""
    return list(_in_order([
        one for one in candidates
        if one[3] <= (min(below, 4 * len(one[1]) - 2) if len(one[1]) > 1 else left)
        and (one[3] < 13 or one[2].isupper())]))


def _in_order(candidates: Sequence[Candidate]) -> Iterator[Heading]:
    """Those whose numbers can follow one another."""
    current: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    main: tuple[str, ...] = ()  # of the numbers, which may go on behind the appendices
    for line, parts, title, _ in candidates:
        if parts[0].startswith("@"):
            letter = parts[0][1:]
            if _follows(last, (letter,)) or (last == () and letter in ("A", "1", "I")):
                current = last = (letter,)
                yield Heading(line, letter, title, 1)
        elif _follows(current, parts) or (last and parts[0].isdigit() and _follows(main, parts)):
            current = parts
            if parts[0].isalpha():
                last = parts[:1]
            else:
                main = parts
            yield Heading(line, ".".join(parts), title, len(parts))


def _follows(current: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether *parts* is the number of the next section after *current*."""
    if parts[-1] == "0" and len(parts) == 2 and (current in ((), (parts[0],)) or _follows(
            current, parts[:1])):
        return True  # "4.0" for 4
    if not current:
        return parts in (("0",), ("1",), ("1", "0"), ("1", "1"))
    if len(parts) > len(current):
        return parts[: len(current)] == current and all(
            one in ("0", "1") for one in parts[len(current):])
    depth = len(parts) - 1
    if parts[:depth] != current[:depth]:
        return False
    before, now = current[depth], parts[depth]
    if now.isdigit() and before.isdigit():
        return 1 <= int(now) - int(before) <= 2
    if now.isalpha() and before.isalpha():
        return 1 <= ord(now[0]) - ord(before[0]) <= 2
    return now == "A"


def _with_plain(lines: Sequence[str], kept: list[Heading], toc: range) -> list[Heading]:
    """Headings without numbers added: the well-known ones, or all where there are no numbers."""
    taken = {one.line for one in kept}
    found = list(kept)
    numbered = any(one.number for one in kept)
    for number, line in enumerate(lines):
        if not line or number in taken or len(line) > 72:
            continue
        text = line.strip()
        if number in toc and number != toc.start:
            continue
        if (line[0] != " " and _KNOWN.fullmatch(text)) or (number == toc.start and toc):
            found.append(Heading(number, "", text.rstrip(":."), 1))
        elif not numbered and _alone(lines, number) and number > 4:
            found.append(Heading(number, "", text.rstrip(":"), 1))
    found.sort(key=lambda one: one.line)
    return found


def _alone(lines: Sequence[str], number: int) -> bool:
    """Whether a line of a text without numbers stands alone, at the margin, like a heading."""
    line = lines[number]
    before = lines[number - 1] if number else ""
    after = lines[number + 1] if number + 1 < len(lines) else ""
    return (line[0] != " " and not before and not after and len(line) <= 60
            and line[0].isalnum() and "   " not in line and not _PROSE.search(line)
            and not line[:1].islower() and any(lines[number + 1 : number + 4]))


def numbers(among: Iterable[Section]) -> tuple[str, ...]:
    """The numbers of *among*, in order."""
    return tuple(one.number for one in among)
