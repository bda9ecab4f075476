"""Full-text search over the mirror: sections are found, and ranked. Disk code.

The full-text index keeps words and no text; a snippet is read from the file, at the place that is
noted for its section. Only what a search needs is imported: a run of the command is one search.
"""

from __future__ import annotations

import re
from itertools import islice

from ..errors import UsageError
from .cleaning import clean, decoded
from .results import Hit
from .store import Store

__all__ = ["expression", "search", "terms"]

_TAKEN = 300
"""Sections that are ranked anew; the best by their words."""

_SNIPPET = 200
_MOST_TERMS = 24
_POOR = re.compile(r"(?:normative |informative )?references|table of contents|index|"
                   r"authors?'?s?'? address(?:es)?|full copyright.*|copyright.*|status of .*|"
                   r"intellectual property.*|acknowledge?ments?|contributors", re.IGNORECASE)
_TERM = re.compile(r'"([^"]+)"|(\S+)')


def terms(query: str) -> list[str]:
    """The words and phrases of a query.

    Raises:
        UsageError: there are none, or too many.

    Example:
        >>> terms('smtp "line length" limit*')
        ['smtp', '"line length"', 'limit*']
    """
    found = []
    for phrase, word in _TERM.findall(query):
        bare = re.sub(r"[^\w]+", " ", phrase or word).strip()
        if bare:
            several = phrase or " " in bare
            found.append(f'"{bare}"' if several else bare + ("*" if word.endswith("*") else ""))
    if not found:
        raise UsageError(f"search {query!r}: there is no word in it")
    if len(found) > _MOST_TERMS:
        raise UsageError(f"search: {len(found)} words are too many",
                         hint=f"at most {_MOST_TERMS}")
    return found


def expression(found: list[str], joint: str) -> str:
    """What FTS5 is asked: every word in quotes, so that none is an operator.

    Example:
        >>> expression(["smtp", '"line length"', "limit*"], "AND")
        '"smtp" AND "line length" AND "limit"*'
    """
    return f" {joint} ".join(
        f'"{one[:-1]}"*' if one.endswith("*") else f'"{one}"' if one[0] != '"' else one
        for one in found)


def search(store: Store, query: str, *, limit: int = 10) -> list[Hit]:
    """The best places for a query, one of each RFC, the best first.

    All words have to be in one section; if there is no such section, any of them will do.

    Args:
        store: the mirror.
        query: words; ``"several in quotes"`` stand together; ``word*`` is a beginning.
        limit: how many.
    """
    found = terms(query)
    rows = _matches(store, expression(found, "AND"))
    if not rows and len(found) > 1:
        rows = _matches(store, expression(found, "OR"))
    best: dict[int, tuple[float, tuple[object, ...], int]] = {}
    for row in rows:
        points = _points(row, found)
        number = int(str(row[1]))
        before = best.get(number)
        count = before[2] + 1 if before else 1
        if before is None or points > before[0]:
            best[number] = (points, row, count)
        else:
            best[number] = (before[0], before[1], count)
    ranked = sorted(((_standing(store, number, points, found), number, row, count)
                     for number, (points, row, count) in _first(best, limit * 4)),
                    key=lambda one: (-one[0][0], one[1]))
    return [_hit(store, standing, number, row, count, found)
            for standing, number, row, count in ranked[:limit]]


def _first(
    best: dict[int, tuple[float, tuple[object, ...], int]], most: int
) -> list[tuple[int, tuple[float, tuple[object, ...], int]]]:
    return sorted(best.items(), key=lambda item: -item[1][0])[: max(most, 40)]


def _matches(store: Store, asked: str) -> list[tuple[object, ...]]:
    return store.rows(
        "SELECT s.id, s.rfc, s.number, s.title, s.start, s.stop, b.points FROM ("
        "SELECT rowid AS id, rank AS points FROM bodies WHERE bodies MATCH ? "
        "AND rank MATCH 'bm25(6.0, 1.0)' ORDER BY rank LIMIT ?) b "
        "JOIN sections s ON s.id = b.id", asked, _TAKEN)


def _points(row: tuple[object, ...], found: list[str]) -> float:
    """How good a section is: by its words, less where it only lists."""
    points = -float(str(row[6]))
    return points * 0.3 if _POOR.fullmatch(str(row[3])) else points


def _standing(
    store: Store, number: int, points: float, found: list[str]
) -> tuple[float, str, tuple[int, ...]]:
    """Points with what the RFC is worth, its title, and what took its place."""
    record = store.facts(number)
    if not record:
        return points, "", ()
    title, status = str(record["title"]), str(record["status"])
    points *= 1 + 0.25 * sum(one.strip('"*').lower() in title.lower() for one in found)
    if record["obsoleted_by"]:
        points *= 0.55
    if status == "HISTORIC":
        points *= 0.7
    if "STANDARD" in status or status.startswith("BEST"):
        points *= 1.15
    return points, title, tuple(record["obsoleted_by"])


def _hit(
    store: Store, standing: tuple[float, str, tuple[int, ...]], number: int,
    row: tuple[object, ...], count: int, found: list[str],
) -> Hit:
    points, title, obsoleted_by = standing
    text = decoded(store.text(number) or b"")[int(str(row[4])):int(str(row[5]))]
    return Hit(number, title, str(row[2]), str(row[3]), _snippet(clean(text), found), count,
               obsoleted_by, round(points, 3))


def _snippet(text: str, found: list[str]) -> str:
    """Words around the place where most of what was looked for stands together."""
    flat = " ".join(text.partition("\n")[2].split()) or " ".join(text.split())
    words = [re.escape(one.strip('"*')).replace(r"\ ", r"\W+") for one in found]
    places = [match.start() for match in islice(
        re.finditer("|".join(words), flat, re.IGNORECASE), 400)]
    if not places:  # another form of the word
        stems = [word[: max(4, len(word) - 3)] for word in words]
        places = [match.start() for match in islice(
            re.finditer("|".join(stems), flat, re.IGNORECASE), 400)]
    if not places:
        return flat[:_SNIPPET].rsplit(" ", 1)[0] + (" …" if len(flat) > _SNIPPET else "")
    begin = max(places, key=lambda at: (
        sum(at <= other < at + _SNIPPET for other in places), -at))
    first = max(0, begin - _SNIPPET // 4)
    first = flat.rfind(" ", 0, first) + 1 if first else 0
    last = flat.find(" ", min(first + _SNIPPET, len(flat)))
    last = len(flat) if last < 0 else last
    return f"{'… ' if first else ''}{flat[first:last]}{' …' if last < len(flat) else ''}"
