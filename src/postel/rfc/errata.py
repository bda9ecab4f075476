"""The known errata (errata.json): a list of objects, read into `Erratum`. Grammar.

The list is not documented anywhere; what it holds was seen in programs that use it. So everything
in it may be absent or of another type, and an entry that says no number of an RFC is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import LimitReached, ProtocolError
from .types import Erratum, Section

__all__ = ["LARGEST", "at_section", "parse", "shown"]

LARGEST = 64 << 20
"""Bytes of the list; the real one has about ten million."""

_MOST = 200_000
_LONGEST = 65_536
_RFC = re.compile(r"\s*(?:RFC)?\s*0*(\d{1,5})\s*", re.IGNORECASE)


def parse(data: bytes) -> list[Erratum]:
    """Read the list.

    Raises:
        ProtocolError: it is none.
        LimitReached: it is absurdly long.
    """
    if len(data) > LARGEST:
        raise LimitReached(f"the errata: they have more than {LARGEST} bytes")
    try:
        entries = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"the errata: they are no JSON: {error}") from None
    if not isinstance(entries, list):
        raise ProtocolError("the errata: they are no list")
    if len(entries) > _MOST:
        raise LimitReached(f"the errata: there are more than {_MOST}")
    return [one for entry in entries if isinstance(entry, dict)
            if (one := _erratum(entry)) is not None]


def at_section(among: Iterable[Erratum], section: Section) -> list[Erratum]:
    """Those that were reported for this section: by its number, or its title.

    Example:
        >>> one = Erratum(1, 2, "Verified", section="Appendix A.1")
        >>> len(at_section([one], Section("A.1", "Syntax", 2, "", "")))
        1
    """
    return [one for one in among if _matches(one.section, section)]


def shown(erratum: Erratum) -> str:
    """An erratum as lines for people: what stands there, what should, and why."""
    lines = [f"Erratum {erratum.number} ({erratum.status}"
             f"{', ' + erratum.kind if erratum.kind else ''})"
             f"{', section ' + erratum.section if erratum.section else ''}"
             f"{': ' + erratum.submitter if erratum.submitter else ''}"
             f"{', ' + erratum.submitted if erratum.submitted else ''}"]
    lines += [f"- {line}".rstrip() for line in _lines(erratum.original)]
    lines += [f"+ {line}".rstrip() for line in _lines(erratum.corrected)]
    lines += [f"  {line}".rstrip() for line in _lines(erratum.notes)]
    return "\n".join(lines)


def _lines(text: str) -> Sequence[str]:
    return text.strip("\n").splitlines() if text.strip() else ()


def _matches(reported: str, section: Section) -> bool:
    words = re.sub(r"^(?:§|section|sec\.?|appendix)\s*", "", reported.strip(),
                   flags=re.IGNORECASE).rstrip(".")
    if section.number:
        numbers = re.findall(r"(?<![\w.])(?:\d+|[A-Z])(?:\.\d+)*(?![\w])", words)
        return section.number in numbers[:8]
    return bool(words) and words.lower() == section.title.lower()


def _erratum(entry: dict[str, Any]) -> Erratum | None:
    found = _RFC.fullmatch(_text(entry, "doc-id", "doc_id"))
    number = _text(entry, "errata_id", "id")
    if found is None or not number.isdecimal() or len(number) > 9:
        return None
    return Erratum(
        int(number), int(found[1]), _text(entry, "errata_status_code", "status").strip(),
        _text(entry, "errata_type_code", "type").strip(),
        " ".join(_text(entry, "section").split())[:100],
        _text(entry, "orig_text"), _text(entry, "correct_text"), _text(entry, "notes"),
        _text(entry, "submitter_name"), _text(entry, "submit_date"))


def _text(entry: dict[str, Any], *names: str) -> str:
    for name in names:
        value = entry.get(name)
        if value is not None and not isinstance(value, dict | list):
            return str(value).replace("\r\n", "\n").replace("\r", "\n")[:_LONGEST]
    return ""
