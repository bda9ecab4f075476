"""What users of the RFC series hold: records, sections, rules, errata. Pure.

A `Record` is what the index says of a document; an `RFC` is a record with its text, and all that
can be read out of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cached_property
from typing import Any

from ..errors import NotFound

__all__ = ["RFC", "Erratum", "Index", "Record", "Rule", "Section"]


@dataclass(frozen=True)
class Record:
    """What is known of an RFC without its text.

    Args:
        number: its number.
        title: its title.
        authors: their names, as the index has them; ", Ed." says that one was the editor.
        date: when it was published; the first of the month where no day is told.
        status: its standing today, such as ``"INTERNET STANDARD"``.
        stream: who published it (``"IETF"``, ``"IAB"``, ``"Legacy"`` …); "" where unknown.
        obsoletes: numbers that it takes the place of.
        obsoleted_by: numbers that took its place.
        updates: numbers that it changes in part.
        updated_by: numbers that change it in part.
        also: what else it is called: ``("STD10",)``.
        doi: its Digital Object Identifier.
        keywords: of the index in XML.
        abstract: of the index in XML, or the text's own.
        formats: what it is published in, such as ``("TXT", "HTML")``.
        pages: how many, where known.
        day_known: whether *date* has a day of its own.

    Example:
        >>> Record(9, "Host Software", ("G. Deloche",)).name
        'RFC 9'
    """

    number: int
    title: str
    authors: tuple[str, ...] = ()
    date: date | None = None
    status: str = ""
    stream: str = ""
    obsoletes: tuple[int, ...] = ()
    obsoleted_by: tuple[int, ...] = ()
    updates: tuple[int, ...] = ()
    updated_by: tuple[int, ...] = ()
    also: tuple[str, ...] = ()
    doi: str = ""
    keywords: tuple[str, ...] = ()
    abstract: str = field(default="", repr=False)
    formats: tuple[str, ...] = ()
    pages: int | None = None
    day_known: bool = False

    @property
    def name(self) -> str:
        """How people cite it."""
        return f"RFC {self.number}"

    @property
    def is_current(self) -> bool:
        """Whether nothing took its place, and it was not withdrawn to history."""
        return not self.obsoleted_by and self.status != "HISTORIC"

    @property
    def published(self) -> str:
        """When, in words: ``"October 2008"``; "" where unknown."""
        if self.date is None:
            return ""
        day = f"{self.date.day} " if self.day_known else ""
        return f"{day}{self.date:%B %Y}"

    def as_dict(self) -> dict[str, Any]:
        """What JSON can hold; `from_dict` reads it back."""
        found: dict[str, Any] = {}
        for one in fields(Record):
            value = getattr(self, one.name)
            if isinstance(value, date):
                value = value.isoformat()
            found[one.name] = list(value) if isinstance(value, tuple) else value
        return found

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Record:
        """A record as `as_dict` wrote it."""
        known: dict[str, Any] = {}
        for one in fields(Record):
            if one.name in values:
                value = values[one.name]
                known[one.name] = tuple(value) if isinstance(value, list) else value
        if known.get("date"):
            known["date"] = date.fromisoformat(known["date"])
        return Record(**known)


@dataclass(frozen=True)
class Index:
    """All that an index says.

    Args:
        records: in ascending order.
        not_issued: numbers that were never published.
        series: the numbers of STDs, BCPs and FYIs by name: ``{"BCP14": (2119, 8174)}``.
        created: the day that the index gives itself.
    """

    records: tuple[Record, ...]
    not_issued: tuple[int, ...] = ()
    series: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    created: date | None = None


@dataclass(frozen=True)
class Section:
    """A section of an RFC, with all below it.

    Args:
        number: ``"4.1.1.4"``, ``"A"``, ``"A.1"``; "" for a heading without one.
        title: its heading.
        level: 1 for those at the top.
        text: from its heading to the next section that is not below it.
        own: as *text*, up to its first subsection.
        line: of the clean text, from 0, where it begins.
    """

    number: str
    title: str
    level: int
    text: str = field(repr=False)
    own: str = field(repr=False)
    line: int = field(default=0, repr=False)

    @property
    def name(self) -> str:
        """Number and title.

        Example:
            >>> Section("A.1", "Syntax", 2, "", "").name, Section("", "Abstract", 1, "", "").name
            ('A.1. Syntax', 'Abstract')
        """
        return f"{self.number}. {self.title}" if self.number else self.title


@dataclass(frozen=True)
class Rule:
    """A rule of ABNF (RFC 5234).

    Args:
        name: as it is written.
        text: the whole rule, moved to the left.
        definition: what follows the ``=``, without comments, on one line.
        section: number or title of the section that it stands in.
        more: whether it adds alternatives to an earlier rule (``=/``).
    """

    name: str
    text: str
    definition: str
    section: str = ""
    more: bool = False


@dataclass(frozen=True)
class Erratum:
    """A mistake that somebody reported.

    Args:
        number: the erratum's own.
        rfc: the RFC's.
        status: ``"Verified"``, ``"Reported"``, ``"Held for Document Update"``, ``"Rejected"``.
        kind: ``"Technical"`` or ``"Editorial"``.
        section: as it was reported; ``"GLOBAL"`` for all of it.
        original: what stands there.
        corrected: what should.
        notes: why.
        submitter: who found it.
        submitted: the day, as it was written.
    """

    number: int
    rfc: int
    status: str
    kind: str = ""
    section: str = ""
    original: str = field(default="", repr=False)
    corrected: str = field(default="", repr=False)
    notes: str = field(default="", repr=False)
    submitter: str = ""
    submitted: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether those who answer for the document agree."""
        return self.status == "Verified"


@dataclass(frozen=True)
class RFC(Record):
    """An RFC: its record, its text, and what can be read out of it.

    Args:
        raw: the text as it was published, byte for byte.
        known_errata: of any status.

    Example:
        >>> text = b"1. Why\\n\\n   To remember.\\n\\n2. How\\n\\n   Write.\\n"
        >>> memo = RFC(90000, "On Memos", raw=text)
        >>> [one.name for one in memo.sections], memo.section("2").text
        (['1. Why', '2. How'], '2. How\\n\\n   Write.\\n')
    """

    raw: bytes = field(default=b"", repr=False)
    known_errata: tuple[Erratum, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, record: Record, raw: bytes, errata: tuple[Erratum, ...] = ()) -> RFC:
        """A record with its text."""
        values = {one.name: getattr(record, one.name) for one in fields(Record)}
        return cls(**values, raw=raw, known_errata=errata)

    @cached_property
    def text(self) -> str:
        """The text as it is read: no page breaks, no headers, no footers."""
        from .cleaning import clean, decoded

        return clean(decoded(self.raw))

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections in order, those below others right behind them."""
        from .sections import sections

        return sections(self.text)

    def section(self, number: str) -> Section:
        """The section of this number, or with this title.

        Args:
            number: ``"4.1.1.4"``, ``"§4.1"``, ``"Appendix A"``, ``"security considerations"``.

        Raises:
            NotFound: there is none.
        """
        from .sections import find

        found = find(self.sections, number)
        if found is None:
            raise NotFound(
                f"{self.name}: it has no section {number}", code=None,
                hint=f"postel rfc {self.number} --sections lists them")
        return found

    def abnf(self) -> tuple[Rule, ...]:
        """The rules of its grammar, in order (RFC 5234); those of older notations too."""
        from .abnf import rules

        return rules(self.sections or (Section("", self.title, 1, self.text, self.text),))

    def errata(self, status: str | None = "Verified") -> tuple[Erratum, ...]:
        """Its errata.

        Args:
            status: only these; None for all.
        """
        return tuple(one for one in self.known_errata if status in (None, one.status))

    def bibtex(self) -> str:
        """An entry for BibTeX."""
        from .citations import bibtex

        return bibtex(self)
