# A conversation (its twin inventory_sync.py is generated): all that a tree has.
"""The inventory of a tree: every path that takes part, with its mark.

Folders of one depth are listed together, over as many connections as are worth their while.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ..errors import LimitReached, NotFound, PostelError
from ..session.trees_async import DEEPEST, is_one
from ..transport.crew_async import AsyncCrew
from ..types import Entry
from ..wire.names import is_unfinished, joined
from .filters import Filter
from .tree_async import AsyncTree, listing
from .types import Mark, Problem

__all__ = ["Inventory", "take_inventory"]

_NEAR = 0.0005
"""Seconds of a round trip from which on a second connection hides something."""


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


async def take_inventory(
    tree: AsyncTree, wanted: Filter | None = None, *, connections: int = 4
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
            if depth > DEEPEST:
                raise LimitReached(f"list {tree.name}: over {DEEPEST} folders below one another",
                                   hint="it may list a folder within itself")
            await _more(trees, min(connections, len(level)))
            level = await _level(trees, level, wanted or Filter(), found)
    finally:
        for one in trees[1:]:
            await one.site.aclose()
    return found


async def _more(trees: list[AsyncTree], count: int) -> None:
    """Open connections, as far as they hide round trips and the server lets them in."""
    while len(trees) < count and trees[0].site.latency >= _NEAR:
        another = trees[0].another()
        try:
            await another.site.open()
        except PostelError:
            return
        trees.append(another)


async def _level(
    trees: list[AsyncTree], folders: list[str], wanted: Filter, found: Inventory
) -> list[str]:
    """List all *folders*; those below them."""
    waiting = deque(folders)
    heard: dict[str, list[Entry] | PostelError] = {}
    async with AsyncCrew() as crew:
        for tree in trees[1 : len(folders)]:
            crew.start(_listings, tree, waiting, heard)
        await _listings(trees[0], waiting, heard)
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


async def _listings(
    tree: AsyncTree, waiting: deque[str], heard: dict[str, list[Entry] | PostelError]
) -> None:
    """List folders until none is left."""
    while waiting:
        try:
            folder = waiting.popleft()
        except IndexError:
            return  # another worker was faster
        try:
            heard[folder] = list(await listing(tree, folder))
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
