"""Questions to the DNS that a pure dialogue asks, and what it is sent back. Grammar.

SPF, DKIM, ARC and DMARC cannot be decided without the DNS, and must not touch it: they are
generators that yield a `Question` and are sent a `Found`, as SASL mechanisms are. Who drives one
chooses where the answers come from: `postel.dns` asks resolvers, `offline` looks into a table.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Asking", "Found", "Question", "offline"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Args:
        name: a host name, without the last dot.
        kind: ``"TXT"``, ``"A"``, ``"AAAA"``, ``"MX"`` or ``"PTR"``; of PTR, *name* is an address.

    Example:
        >>> print(Question("example.org", "MX"))
        MX example.org
    """

    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Found:
    """What the DNS answered.

    Args:
        texts: the records: texts of TXT (their strings joined), addresses, host names; those of
            MX in order of preference.
        exists: False where the name itself does not exist.
        validated: whether DNSSEC proved it.
        failed: why there was no answer; "" where there was one, be it empty.
    """

    texts: tuple[str, ...] = ()
    exists: bool = True
    validated: bool = False
    failed: str = ""


Asking = Generator[Question, Found, T]
"""A dialogue that asks the DNS and returns a T."""


def offline(asking: Asking[T], table: Mapping[tuple[str, str], Sequence[str]]) -> T:
    """Drive *asking* with answers from a table; what is not in it does not exist.

    Args:
        asking: what `verify` and its kin return.
        table: from name (lower case) and kind to records.

    Example:
        >>> def policy():
        ...     found = yield Question("_dmarc.example.org", "TXT")
        ...     return found.texts
        >>> offline(policy(), {("_dmarc.example.org", "TXT"): ["v=DMARC1; p=none"]})
        ('v=DMARC1; p=none',)
    """
    names = {name for name, _ in table}
    try:
        question = next(asking)
        while True:
            name = question.name.lower().rstrip(".")
            found = table.get((name, question.kind), ())
            question = asking.send(Found(tuple(found), exists=name in names))
    except StopIteration as end:
        result: T = end.value
        return result
