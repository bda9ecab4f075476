"""Facts of an entry in little memory: a folder of a hundred thousand has as many of these.

A dict of five facts takes some eight hundred bytes; the text that it was read from takes a hundred.
So the text is kept, and read when somebody asks.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping

__all__ = ["LazyFacts", "PackedFacts"]


class LazyFacts(Mapping[str, str]):
    """Facts that are read from something else whenever one is asked for."""

    __slots__ = ()

    @abstractmethod
    def read(self) -> dict[str, str]:
        """All facts, by lower-case name."""

    def __getitem__(self, name: str) -> str:
        return self.read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.read())

    def __len__(self) -> int:
        return len(self.read())

    def __repr__(self) -> str:
        return repr(self.read())


class PackedFacts(LazyFacts):
    """Facts in one text.

    Args:
        facts: by name; no NUL is in any of them.
        etag: one more, whose text is kept elsewhere anyway.

    Example:
        >>> facts = PackedFacts({"create": "2026-11-21", "executable": "T"}, '"1-2"')
        >>> facts["create"], facts["etag"], len(facts), "mode" in facts
        ('2026-11-21', '"1-2"', 3, False)
        >>> facts == {"create": "2026-11-21", "executable": "T", "etag": '"1-2"'}
        True
    """

    __slots__ = ("_etag", "_packed")

    def __init__(self, facts: Mapping[str, str], etag: str | None = None) -> None:
        self._packed = "\0".join(part for fact in facts.items() for part in fact)
        self._etag = etag

    def read(self) -> dict[str, str]:
        """All facts, by name."""
        parts = self._packed.split("\0") if self._packed else []
        facts = dict(zip(parts[::2], parts[1::2], strict=True))
        if self._etag is not None:
            facts["etag"] = self._etag
        return facts

    def __contains__(self, name: object) -> bool:
        if name == "etag":
            return self._etag is not None
        return str(name) in self._packed and name in self.read()
