"""The HTML of an index page: its links, and what stands after each. Grammar.

No server's page is a format; all of them are a link per entry, followed by a time, a size or
neither. So the page is taken apart into tags and text, once from front to back (linear whatever it
holds), and what follows a link up to the next is searched for a time and a size:

    nginx       <a href="n">n</a>      02-Jan-2026 10:11       1234     UTC, or local
    Apache      <a href="n">n</a>      2026-01-02 10:11  1.2K           local; in <pre> or a table
    lighttpd    <td><a href="n">…<td>2026-Jan-02 10:11:12</td><td>1.2K  local
    Caddy       <a href="./n">…<td data-size="1234">…<time datetime="2026-01-02T10:11:12Z">
    Python      <li><a href="n">n</a></li>

Times are naive where the page tells no zone (only Caddy's does).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape

__all__ = ["Link", "Said", "attributes", "instant", "links", "looks_like_index", "said", "size_of"]

LONGEST_TAG = 32_768
"""Characters of one tag; a longer one is passed over."""
_LONGEST_TAIL = 2_000
_MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}
_TAG = re.compile(r"/?[A-Za-z][A-Za-z0-9]*")
_ATTRIBUTE = re.compile(
    r"[\s/]*+([^\s=>\"'/]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"?+|'([^']*+)'?+|([^\s>]++)))?+|[=\"'>]|[\s/]++")
_DATES = (
    re.compile(r"(?<!\d)(?P<year>\d{4})-(?P<month>\d\d|[A-Za-z]{3})-(?P<day>\d\d)[ T]"
               r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?!\d)", re.ASCII),
    re.compile(r"(?<!\d)(?P<day>\d\d)-(?P<month>[A-Za-z]{3})-(?P<year>\d{4}) "
               r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?!\d)", re.ASCII),
)
_SIZE = re.compile(
    r"(?<![\w.,:/-])(\d{1,19}(?:\.\d{1,3})?)\s?([KMGTPE]?)(?:i?B|bytes)?(?![\w.,:/-])",
    re.ASCII | re.IGNORECASE)
_TITLE = re.compile(r"\s*(?:index of|directory (?:listing|index)|listing of|files in)\b",
                    re.IGNORECASE)
_RAW = {"script", "style", "textarea"}
_UNITS = "KMGTPE"


@dataclass
class Link:
    """A link, and what follows it up to the next.

    Args:
        href: entities resolved.
        tail: the text after it, tags left out.
        times: of ``<time datetime=…>`` after it.
        sizes: of ``data-size=…`` after it.
    """

    href: str
    tail: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    sizes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Said:
    """What a page says of an entry.

    Args:
        size: in bytes; None where it says none.
        exact: whether that is not rounded.
        modified: naive where no zone is told.
        precision: of the time, in seconds.
    """

    size: int | None = None
    exact: bool = True
    modified: datetime | None = None
    precision: float | None = None


def _pieces(page: str) -> Iterator[tuple[str, str]]:
    """Tags (name, the rest) and text ("", text), in order."""
    at = 0
    while at < len(page):
        start = page.find("<", at)
        if start < 0:
            yield "", page[at:]
            return
        if start > at:
            yield "", page[at:start]
        if page.startswith("<!--", start):
            end = page.find("-->", start + 4)
            at = len(page) if end < 0 else end + 3
            continue
        end = _end_of_tag(page, start)
        if end < 0:
            return
        tag = page[start + 1 : end]
        name = _TAG.match(tag)
        at = end + 1
        if name is None or len(tag) > LONGEST_TAG:
            continue
        word = name[0].lower()
        yield word, tag[name.end() :]
        if word in _RAW:  # their content is no HTML
            close = _closing(page, at, word)
            at = len(page) if close < 0 else close


def _closing(page: str, at: int, word: str) -> int:
    found = re.compile(f"</{word}", re.IGNORECASE).search(page, at)
    return found.start() if found else -1


def _end_of_tag(page: str, start: int) -> int:
    """Where the tag's ``>`` is; one between quotes does not count."""
    quotes, at = 0, start
    while True:
        end = page.find(">", at)
        if end < 0:
            return -1
        quotes += page.count('"', at, end)
        if quotes % 2 == 0 or end - start > LONGEST_TAG:
            return end
        at = end + 1


def attributes(rest: str) -> dict[str, str]:
    """The attributes of a tag by their lower-case names, entities resolved; the first counts."""
    found: dict[str, str] = {}
    at = 0
    while match := _ATTRIBUTE.match(rest, at):
        at = match.end()
        if match[1]:
            value = match[2] or match[3] or match[4] or ""
            found.setdefault(match[1].lower(), unescape(value))
    return found


def links(page: str) -> Iterator[Link]:
    """The links of a page, each with what follows it.

    Example:
        >>> [(one.href, "".join(one.tail).split()) for one in links(
        ...     '<a href="a&amp;b">a</a>  02-Jan-2026 10:11  12')]
        [('a&b', ['02-Jan-2026', '10:11', '12'])]
    """
    current: Link | None = None
    inside = False
    size = 0
    for name, text in _pieces(page):
        if name == "a":
            href = attributes(text).get("href")
            if href is not None:
                if current is not None:
                    yield current
                current, inside, size = Link(href), True, 0
        elif name == "/a":
            inside = False
        elif current is None or size > _LONGEST_TAIL:
            continue
        elif not name:
            if not inside:
                size += len(text)
                current.tail.append(unescape(text[:_LONGEST_TAIL]))
        elif name in ("td", "time", "tr", "span", "div"):
            _note(current, name, text)
            current.tail.append(" ")
            size += 1
        elif name in ("/td", "br"):
            current.tail.append(" ")
            size += 1
    if current is not None:
        yield current


def _note(link: Link, name: str, rest: str) -> None:
    if len(link.times) + len(link.sizes) > 10 or ("data" not in rest and "datetime" not in rest):
        return
    found = attributes(rest)
    if name == "time" and (when := found.get("datetime")):
        link.times.append(when)
    if size := found.get("data-size"):
        link.sizes.append(size)


def said(link: Link) -> Said:
    """The time and the size that stand after a link.

    Example:
        >>> found = said(Link("a", ["  2026-01-02 10:11  1.2K  "]))
        >>> found.size, found.exact, found.modified.hour, found.precision
        (1228, False, 10, 60.0)
    """
    tail = " ".join("".join(link.tail)[:_LONGEST_TAIL].split())
    modified, precision, after = _date(tail)
    for text in link.times[:1]:
        if when := instant(text):
            modified, precision = when, 1.0
    size, exact = size_of(tail[after:])
    for text in link.sizes[:1]:
        if text.isascii() and text.isdigit() and len(text) < 20:
            size, exact = int(text), True
    return Said(size, exact, modified, precision)


def instant(text: str) -> datetime | None:
    """A time with its zone as ISO 8601 writes it; None where it is none, or without a zone.

    Example:
        >>> print(instant("2026-01-02T10:11:12.123456789Z"))
        2026-01-02 10:11:12.123456+00:00
    """
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.strip()[:40])
    try:
        when = datetime.fromisoformat(text)
        return None if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _date(tail: str) -> tuple[datetime | None, float | None, int]:
    for form in _DATES:
        if match := form.search(tail):
            word = match["month"].lower()
            month = int(word) if word.isdigit() else _MONTHS.get(word, 0)
            second = match["second"]
            try:
                when = datetime(int(match["year"]), month, int(match["day"]), int(match["hour"]),
                                int(match["minute"]), int(second or 0))
            except ValueError:
                continue
            return when, 1.0 if second else 60.0, match.end()
    return None, None, 0


def size_of(text: str) -> tuple[int | None, bool]:
    """The first size in *text*, and whether it is exact.

    Example:
        >>> size_of("  1234"), size_of("34M archive of 1999"), size_of("-")
        ((1234, True), (35651584, False), (None, True))
    """
    match = _SIZE.search(text)
    if match is None:
        return None, True
    number, unit = match[1], match[2].upper()
    if not unit:
        return (int(number), True) if "." not in number else (int(float(number)), False)
    return int(float(number) * 1024.0 ** (_UNITS.index(unit) + 1)), False


def looks_like_index(page: str) -> bool:
    """Whether a page calls itself an index, for folders with nothing in them.

    Example:
        >>> looks_like_index("<html><head><title>Index of /</title>")
        True
    """
    titled = False
    for name, text in _pieces(page[:LONGEST_TAG]):
        if name in ("title", "h1", "h2"):
            titled = True
        elif titled and not name:
            if _TITLE.match(unescape(text)):
                return True
            titled = False
    return False
