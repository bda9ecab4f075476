"""What users of news mirrors hold in their hands. Grammar: pure values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["FetchedFile", "Mirrored"]


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file that was put together from articles.

    Args:
        name: as it is on this disk.
        path: where; None where none of its articles was there.
        size: in bytes.
        missing: numbers of the segments that no server had.
        defects: what was wrong: checksums, lengths.
        there: whether it was here already and was not fetched.

    Example:
        >>> FetchedFile("a.bin", Path("a.bin"), 5).whole
        True
    """

    name: str
    path: Path | None
    size: int
    missing: tuple[int, ...] = ()
    defects: tuple[str, ...] = ()
    there: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing is missing or wrong."""
        return self.path is not None and not self.missing and not self.defects


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What a mirror did with one group.

    Args:
        group: its name.
        place: where it is kept.
        found: articles of the range that was looked at, as the server counts its numbers.
        fetched: articles that are new here.
        there: articles that were here already, under other numbers.
        missing: numbers without an article: expired, cancelled, or never used.
        size: bytes that were fetched.
        highest: the number up to which all has been dealt with.
        renumbered: whether the server counts anew.
        dry: whether this is what would be done.

    Example:
        >>> done = Mirrored("misc.test", "maildir:test", found=3, fetched=2, missing=1)
        >>> done.found == done.fetched + done.there + done.missing
        True
    """

    group: str
    place: str
    found: int = 0
    fetched: int = 0
    there: int = 0
    missing: int = 0
    size: int = 0
    highest: int = 0
    renumbered: bool = False
    dry: bool = False
