"""What the tour does with the RFC series: mirrored, read, searched, compared, without a network."""

from __future__ import annotations

from ..lab import start
from ..rfc.library_sync import Library
from .rfc_show import update_line
from .tour_rows import Ground, Result, check

__all__ = ["ROWS"]


def series(ground: Ground) -> Result:
    """An RFC by number, a section, a search; a mirror that is updated twice."""
    folder = ground.folder / "rfc"
    with start("rfc") as lab, Library(folder, sources=lab.rfc.url) as library:
        memo = library.get("std900")
        part = memo.section("2.1")
        check(memo.number == 30001 and part.title == "Commands", "another RFC, or section")
        check(not any("[Page" in one.text for one in (memo, library.get(20001))),
              "page furniture is left")
        check([rule.name for rule in memo.abnf()][:3] == ["command", "get", "put"],
              "the grammar is another")
        first, second = library.update(), library.update()
        check(first.here == first.known == 4 and not first.failed, "the mirror is not whole")
        check(second.fetched == 0 and second.unchanged, "the second update fetched something")
        check([one.number for one in library.get(30001).errata()] == [9001], "other errata")
        hits = library.search("notes expire")
        check(bool(hits) and (hits[0].number, hits[0].section) == (30001, "3"),
              "the search found another place")
    with Library(folder, offline=True) as library:
        check(library.get(20001).obsoleted_by == (30001,), "offline, it is another")
        size = sum(path.stat().st_size for path in library.store.numbers().values())
    return Result(first.here, size, "text, search", [
        f"{memo.name}, section {part.name}: {part.own.count(chr(10))} lines",
        update_line(second), f"found: RFC {hits[0].number} section {hits[0].section}"])


ROWS = (("RFC series: mirrored, searched", series),)
"""Title and function of each row."""
