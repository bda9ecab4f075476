"""What an RFC says of itself on its first page, for texts that no index is at hand for. Grammar."""

from __future__ import annotations

import re
from datetime import date

from .index_text import MONTHS
from .types import Record

__all__ = ["abstract", "record_of"]

_FIELD = re.compile(
    r"^ *(Obsoletes|Updates|Category|STD|BCP|FYI|DOI)(?: RFC)?s?: +(.*?)(?: {3,}\S.*)?$",
    re.MULTILINE)
_DATE = re.compile(r"(?:(\d{1,2}) )?\b(" + "|".join(MONTHS) + r"),? +(?:(\d{1,2}), )?(\d{4})$",
                   re.MULTILINE)
_STATUS = {"standards track": "PROPOSED STANDARD", "best current practice":
           "BEST CURRENT PRACTICE", "informational": "INFORMATIONAL",
           "experimental": "EXPERIMENTAL", "historic": "HISTORIC"}


def record_of(number: int, text: str) -> Record:
    """A record as far as the clean *text* tells it.

    Example:
        >>> page = "Network Working Group      A. Author\\nObsoletes: 821    May 1999\\n"
        >>> found = record_of(90000, page + "\\n\\n   On Memos\\n")
        >>> found.title, found.obsoletes, found.published
        ('On Memos', (821,), 'May 1999')
    """
    head = text[:6000]
    parts = [part for part in re.split(r"\n\s*\n", head.lstrip("\n")) if part.strip()]
    block = parts[0] if parts else ""
    facts = dict(_FIELD.findall(block))
    found = _DATE.search(block)
    when = None
    if found:
        day = int(found[1] or found[3] or 1)
        when = date(int(found[4]), MONTHS.index(found[2]) + 1, min(max(day, 1), 28)) if (
            found[4] >= "1969") else None
    title = next((" ".join(part.split()) for part in parts[1:3] if len(part) < 400), "")
    also = tuple(kind + str(int(facts[kind])) for kind in ("STD", "BCP", "FYI")
                 if facts.get(kind, "").isdecimal())
    return Record(
        number, title, _authors(block), when,
        _STATUS.get(facts.get("Category", "").lower(), ""), "",
        _numbers(facts.get("Obsoletes", "")), (), _numbers(facts.get("Updates", "")), (), also,
        facts.get("DOI", ""), abstract=abstract(text), formats=("TXT",))


def abstract(text: str) -> str:
    """The abstract of a clean text: paragraphs, without line breaks of their own."""
    found = re.search(r"^ {0,3}Abstract\.?:? *\n\n?(.{1,8000}?)(?=\n\n\S|\Z)", text[:40_000],
                      re.MULTILINE | re.DOTALL | re.IGNORECASE)
    if found is None:
        return ""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", found[1]))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(one) for one in re.findall(r"\b\d{1,5}\b", text)))


def _authors(block: str) -> tuple[str, ...]:
    """Names at the right of the first lines: initials and a surname."""
    found = re.findall(
        r"(?: {3,}|^)((?:[A-Z]\w?\.[ -]?){1,3}[\w'’ -]{2,30}(?:, Ed\.)?)$", block, re.MULTILINE)
    return tuple(dict.fromkeys(" ".join(one.split()) for one in found))
