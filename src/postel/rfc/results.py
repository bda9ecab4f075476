"""What searches and updates give. Pure; apart from `types`, as a search needs nothing of those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Hit", "Report"]


@dataclass(frozen=True)
class Hit:
    """What a search found: an RFC, and the best place in it.

    Args:
        number: the RFC's.
        title: the RFC's.
        section: number of the section; "" where it has none.
        heading: the section's title.
        snippet: words around the first that were looked for, on one line.
        sections: how many of the RFC's sections were found.
        obsoleted_by: numbers that took the RFC's place.
        score: how good it is, the highest first.
    """

    number: int
    title: str
    section: str
    heading: str
    snippet: str
    sections: int = 1
    obsoleted_by: tuple[int, ...] = ()
    score: float = 0.0


@dataclass(frozen=True)
class Report:
    """What an update did.

    Args:
        known: RFCs that the index has as text.
        here: how many of them are in the mirror now.
        fetched: how many came in this run.
        size: bytes of these.
        indexed: how many were made searchable in this run.
        unchanged: of the index and the errata: whether the server had nothing newer.
        missing: numbers that no source had.
        failed: numbers that could not be fetched, each with why.
        index: where the index came from.
    """

    known: int
    here: int
    fetched: int = 0
    size: int = 0
    indexed: int = 0
    unchanged: bool = False
    missing: tuple[int, ...] = ()
    failed: Mapping[int, str] = field(default_factory=dict)
    index: str = ""

    @property
    def ok(self) -> bool:
        """Whether all that can be had is here."""
        return not self.failed
