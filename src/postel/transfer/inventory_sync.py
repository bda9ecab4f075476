# GENERATED from inventory_async.py by tools/unasync.py: edit that file, not this one.
"""The inventory of a tree: every path that takes part, with its mark.

Folders of one depth are listed together, over as many connections as are worth their while.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..errors import LimitReached, NotFound, PostelError
from ..session.trees_sync import DEEPEST, is_one
from ..transport.crew_sync import Crew
from ..types import Entry
from ..wire.names import is_unfinished, joined
from .filters import Filter
from .tree_sync import Tree, listing, useful
from .types import Mark, Problem

__all__ = ["Inventory", "more_trees", "take_inventory", "walk"]

_TOGETHER = 64
"""Folders that are listed before their entries are handed out: memory for some, not for all."""


@dataclass
class Inventory:
    """What a tree has.

    Args:
        marks: paths, seen from its top, and what they are.
        problems: what could not be listed, or has no name that could be used.
        held: folders with something that the filter leaves out.
    """

    marks: dict[str, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    held: set[str] = field(default_factory=set)


def take_inventory(
    tree: Tree, wanted: Filter | None = None, *, connections: int = 4
) -> Inventory:
    """List all of *tree*.

    Args:
        tree: which, connected.
        wanted: what takes part.
        connections: how many are used at once.

    Returns:
        What it has; nothing where the top does not exist.

    Raises:
        NetworkError: it cannot be reached.
    """
    found, level = Inventory(), [""]
    trees = [tree]
    try:
        for depth in range(DEEPEST + 2):
            if not level:
                break
            _not_too_deep(tree, depth)
            more_trees(trees, useful(tree, connections, len(level)))
            level = _level(trees, level, wanted or Filter(), found)
    finally:
        for one in trees[1:]:
            one.site.close()
    return found


def walk(
    tree: Tree, *, connections: int = 4, depth: int | None = None
) -> Iterator[tuple[str, Sequence[Entry] | PostelError]]:
    """Every folder of *tree*, the top ("") first, level by level, with its entries or its error.

    Links are not followed.

    Args:
        tree: which, connected.
        connections: how many are used at once, where that hides round trips.
        depth: levels that are listed; None lists all.

    Raises:
        LimitReached: over `DEEPEST` folders below one another.
    """
    level, trees = [""], [tree]
    try:
        for number in range(DEEPEST + 2):
            if not level or (depth is not None and number >= depth):
                return
            _not_too_deep(tree, number)
            below: list[str] = []
            for start in range(0, len(level), _TOGETHER):
                folders = level[start : start + _TOGETHER]
                more_trees(trees, useful(tree, connections, len(folders)))
                heard = _heard(trees, folders)
                for folder in folders:
                    entries = heard[folder]
                    yield folder, entries
                    if not isinstance(entries, PostelError):
                        below += [joined(folder, one.name) for one in entries
                                  if one.is_folder and is_one(one.name)]
            level = below
    finally:
        for one in trees[1:]:
            one.site.close()


def _not_too_deep(tree: Tree, depth: int) -> None:
    if depth > DEEPEST:
        raise LimitReached(f"list {tree.name}: over {DEEPEST} folders below one another",
                           hint="it may list a folder within itself")


def more_trees(trees: list[Tree], count: int) -> None:
    """Open connections, as far as they hide round trips and the server lets them in."""
    first = trees[0]
    while len(trees) < first.allowed(count):
        another = first.another()
        try:
            another.site.open()
        except PostelError:
            first.most = len(trees)
            return
        trees.append(another)


def _level(
    trees: list[Tree], folders: list[str], wanted: Filter, found: Inventory
) -> list[str]:
    """List all *folders*; those below them."""
    heard = _heard(trees, folders)
    below: list[str] = []
    for folder in folders:
        said = heard.get(folder, [])
        if isinstance(said, PostelError):
            if not folder and not isinstance(said, NotFound):
                raise said
            if folder:
                found.problems.append(Problem(folder, said.args[0], True, said))
        else:
            below += _take_in(folder, said, wanted, found)
    return below


def _heard(
    trees: list[Tree], folders: list[str]
) -> dict[str, list[Entry] | PostelError]:
    """The entries of all *folders*, or what went wrong."""
    waiting = deque(folders)
    heard: dict[str, list[Entry] | PostelError] = {}
    with Crew() as crew:
        for tree in trees[1 : len(folders)]:
            crew.start(_listings, tree, waiting, heard)
        _listings(trees[0], waiting, heard)
    return heard


def _listings(
    tree: Tree, waiting: deque[str], heard: dict[str, list[Entry] | PostelError]
) -> None:
    """List folders until none is left."""
    while waiting:
        try:
            folder = waiting.popleft()
        except IndexError:
            return  # another worker was faster
        try:
            heard[folder] = list(listing(tree, folder))
        except PostelError as error:
            heard[folder] = error


def _take_in(
    folder: str, entries: list[Entry], wanted: Filter, found: Inventory
) -> list[str]:
    """Note the entries of one folder; the folders among them."""
    below = []
    for entry in entries:
        path = joined(folder, entry.name)
        if not is_one(entry.name):
            found.problems.append(Problem(path, f"{entry.name!r} is no name of a file"))
        elif is_unfinished(entry.name):
            continue
        elif not wanted.takes(path, folder=entry.is_folder, size=entry.exact_size,
                              modified=entry.modified):
            found.held.add(folder)
        elif entry.is_folder or entry.is_file or entry.is_link:
            found.marks[path] = Mark.of(entry)
            if entry.is_folder:
                below.append(path)
        else:
            found.problems.append(Problem(path, "it is neither file, folder nor link"))
    return below
