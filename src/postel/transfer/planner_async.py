# A conversation (its twin planner_sync.py is generated): two trees listed, and held together.
"""Make a plan: list two trees side by side, folder by folder, and compare as the listings come.

Folders of one depth are listed together, over as many connections as are worth their while; each
folder is compared as soon as both its listings are there, and only what differs is kept, so a plan
takes memory for differences, not for files.
"""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..errors import (
    Incomplete,
    LimitReached,
    NotFound,
    NotSupported,
    PostelError,
)
from ..session.tree_work_async import LARGE
from ..session.trees_async import DEEPEST, is_one
from ..transport.crew_async import AsyncCrew
from ..types import Entry, Kind
from ..wire.names import joined
from .absence_async import still_there
from .compare import Comparer, Found, Known, Pair
from .digests_async import same_bytes
from .filters import Filter, parse_rules
from .tree_async import AsyncTree, listing, useful
from .types import Action, Delete, Do, Links, Mark, Plan, Problem, Rules

__all__ = ["filter_of", "make_plan"]


Tell = Callable[[str, int], object] | None


def filter_of(rules: Rules) -> Filter:
    """The filter of a run's rules.

    Raises:
        UsageError: a line of it cannot be read.
    """
    only = None if rules.only is None else frozenset(
        posixpath.normpath(path.strip("/")) for path in rules.only if path.strip("/"))
    return Filter(parse_rules(rules.filter), rules.smallest, rules.largest, rules.after,
                  rules.before, only)


@dataclass
class _Gathered:
    """What has been found, as one worker after the other hands it in."""

    folders: list[Action] = field(default_factory=list)
    files: list[Action] = field(default_factory=list)
    clear: list[Action] = field(default_factory=list)
    gone: list[Action] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    same: int = 0
    total: int = 0


async def make_plan(
    source: AsyncTree,
    target: AsyncTree,
    rules: Rules | None = None,
    *,
    known: Known = lambda path: None,
    connections: int = 4,
    tell: Tell = None,
) -> Plan:
    """What must be done to make *target* like *source*.

    Args:
        source: the tree that is copied.
        target: the tree that is made like it; its top need not exist.
        rules: how they are compared.
        known: what the last run noted.
        connections: how many are used at once, on each side.
        tell: called with a folder and the number of files seen, now and then.

    Returns:
        The plan. Folders that could not be listed are among its problems, and forbid deleting.

    Raises:
        NotFound: there is no such source.
        UsageError: a rule cannot be read.
    """
    rules = rules or Rules()
    comparer = Comparer(rules, source.end(), target.end(), filter_of(rules), known)
    found = _Gathered()
    level = [_Folder("", "", await _exists(target))]
    hands = [_Hand(source, target, comparer)]
    try:
        for depth in range(DEEPEST + 2):
            if not level:
                break
            if depth > DEEPEST:
                raise LimitReached(f"plan {source.top}: over {DEEPEST} folders below one another",
                                   hint="the source may list a folder within itself")
            await _more_hands(hands, max(useful(end, connections, len(level))
                                         for end in (source, target)))
            await _list_all(hands, level)
            level = _gather(level, found, tell)
    finally:
        for hand in hands[1:]:
            await hand.source.site.aclose()
            await hand.target.site.aclose()
    return _ordered(source, target, rules, found)


async def _exists(target: AsyncTree) -> bool:
    """Whether the top of the target is there already."""
    try:
        return (await target.files.stat(target.top)).is_folder
    except NotFound:
        return False
    except NotSupported:
        return True


@dataclass
class _Folder:
    """One folder to be compared, and what came of it."""

    path: str
    to: str
    there: bool
    found: Found = field(default_factory=Found)
    gone: list[Action] = field(default_factory=list)
    clear: list[Action] = field(default_factory=list)


@dataclass
class _Hand:
    """One worker: a connection to each side."""

    source: AsyncTree
    target: AsyncTree
    comparer: Comparer

    async def take(self, waiting: deque[_Folder]) -> None:
        """Compare folders until none is left."""
        while waiting:
            try:
                folder = waiting.popleft()
            except IndexError:
                return  # another worker was faster
            await self.compare(folder)

    async def compare(self, folder: _Folder) -> None:
        """List one folder on both sides, and compare."""
        try:
            ours = await listing(self.source, folder.path)
            if self.comparer.rules.links is Links.FOLLOW:
                ours = [await self._followed(folder.path, one) for one in ours]
            theirs = await listing(self.target, folder.to) if folder.there else ()
            ours = await self._exact(folder.path, ours, {one.name for one in theirs})
        except PostelError as error:
            if not folder.path:
                raise
            folder.found.problems.append(Problem(folder.path, error.args[0], True, error))
            return
        found = folder.found = self.comparer.folder(folder.path, folder.to, ours, theirs)
        for pair in found.undecided:
            await self._decide(pair, found)
        found.undecided.clear()
        for path, entry in found.blocked:
            await self._remove(path, entry, folder.clear, found, "in the way")
        if self.comparer.rules.delete is not Delete.NO:
            await self._surplus(folder, found)
        found.surplus.clear()

    async def _surplus(self, folder: _Folder, found: Found) -> None:
        """What the target alone has goes, unless the source has it and did not list it."""
        there = await self._unlisted(folder, [(path, entry.kind) for path, entry in found.surplus])
        for path, entry in found.surplus:
            if path in there:
                reason = "the source has it, and did not list it"
                found.problems.append(Problem(path, reason, True, Incomplete(
                    f"list {folder.path or self.source.name}: the listing was cut short, "
                    f"{path!r} is there", hint="nothing is removed; try again")))
            else:
                await self._remove(path, entry, folder.gone, found, "not at the source")

    async def _unlisted(self, folder: _Folder, surplus: Sequence[tuple[str, Kind]]) -> set[str]:
        """The paths of the target that the source has after all."""
        inside = len(folder.to) + 1 if folder.to else 0
        names = {joined(folder.path, path[inside:]): path for path, _ in surplus}
        kinds = [(joined(folder.path, path[inside:]), kind) for path, kind in surplus]
        return {names[path] for path in await still_there(self.source, kinds)}

    async def _exact(
        self, folder: str, entries: Sequence[Entry], there: set[str]
    ) -> Sequence[Entry]:
        """Entries of a source that rounds in its listings, as web servers do.

        Files that the target has too are asked for by name, and large ones, which can be gone on
        with only when it is known what they are.
        """
        if self.source.files.features.exact_sizes:
            return entries
        asked = [one for one in entries if one.is_file and is_one(one.name)
                 and (one.name in there or (one.size or 0) >= LARGE)]
        paths = [self.source.at(joined(folder, one.name)) for one in asked]
        outcomes = [one async for one in self.source.files.stat_many(paths)]
        exact = {one.name: replace(outcome.value, name=one.name)
                 for one, outcome in zip(asked, outcomes, strict=True) if outcome.value is not None}
        return [exact.get(one.name, one) for one in entries]

    async def _followed(self, folder: str, entry: Entry) -> Entry:
        """What a link leads to, if that is in the tree and not a folder above it; else itself."""
        if not entry.is_link or entry.target is None or entry.target.startswith("/"):
            return entry
        place = posixpath.normpath(joined(folder, entry.target))
        path = joined(folder, entry.name)
        if place.startswith("..") or place == "." or path.startswith(f"{place}/"):
            return entry
        try:
            found = await self.source.files.stat(self.source.at(path))
        except PostelError:
            return entry
        return replace(found, name=entry.name)

    async def _decide(self, pair: Pair, found: Found) -> None:
        """By digests, where sizes do not tell."""
        try:
            equal = await same_bytes(self.source.files, self.source.at(pair.path),
                                     self.target.files, self.target.at(pair.to))
            self.comparer.digests(pair, equal, found)
        except PostelError as error:
            found.problems.append(Problem(pair.path, error.args[0], True, error))

    async def _remove(
        self, path: str, entry: Entry, into: list[Action], found: Found, reason: str
    ) -> bool:
        """What removes *path* of the target, with all below it; whether nothing of it stays."""
        if not entry.is_folder:
            into.append(Action(Do.DELETE, path, reason, old=Mark.of(entry)))
            return True
        whole = True
        try:
            below = await listing(self.target, path)
        except PostelError as error:
            found.problems.append(Problem(path, error.args[0], True, error))
            return False
        wanted = self.comparer.wanted
        for one in below:
            name = joined(path, one.name)
            if not is_one(one.name) or not wanted.takes(name, folder=one.is_folder):
                whole = False  # what the filter leaves out is not touched
            else:
                whole = await self._remove(name, one, into, found, reason) and whole
        if whole:
            into.append(Action(Do.REMOVE, path, reason, old=Mark.of(entry)))
        return whole


async def _more_hands(hands: list[_Hand], count: int) -> None:
    """Open connections, as far as they hide round trips and the servers let them in."""
    first = hands[0]
    count = first.source.allowed(first.target.allowed(count))
    while len(hands) < count:
        source = first.source.another()
        hand = _Hand(source, first.target.beside(first.source, source), first.comparer)
        hands.append(hand)
        opening = first.source
        try:
            await source.site.open()
            if hand.target.site is not source.site:
                opening = first.target
                await hand.target.site.open()
        except PostelError:
            hands.remove(hand)
            opening.most = len(hands)  # what is there already will do, and for copying too
            await source.site.aclose()
            return


async def _list_all(hands: list[_Hand], level: list[_Folder]) -> None:
    """Compare all folders of one depth."""
    waiting = deque(level)
    async with AsyncCrew() as crew:
        for hand in hands[1 : len(level)]:
            crew.start(hand.take, waiting)
        await hands[0].take(waiting)


def _gather(level: list[_Folder], into: _Gathered, tell: Tell) -> list[_Folder]:
    """Take in what was found; the folders below."""
    below = []
    for folder in level:
        found = folder.found
        for action in found.actions:
            (into.folders if action.do is Do.FOLDER else into.files).append(action)
        into.problems += found.problems
        into.gone += folder.gone
        into.clear += folder.clear
        into.same += found.same
        into.total += found.files
        for pair in found.folders:
            there = pair.theirs is not None and pair.theirs.is_folder
            below.append(_Folder(pair.path, pair.to, there))
        if tell is not None:
            tell(folder.path, into.total)
    return below


_ORDER = {Do.NEW: 0, Do.CHANGED: 0, Do.MOVE: 0, Do.LINK: 1, Do.TIMES: 2}


def _ordered(
    source: AsyncTree, target: AsyncTree, rules: Rules, found: _Gathered
) -> Plan:
    """The plan, in the order in which it can be done."""
    if not found.total and not rules.allow_empty and found.gone:
        found.problems.append(Problem(
            "", "the source has no files, and the target would lose all of its own", True,
            LimitReached(f"mirror {source.top}: it has no files, and the target would be emptied",
                         hint="if that is meant: allow_empty, --allow-empty")))
    files = sorted(found.files, key=lambda action: _ORDER[action.do])
    actions = [*found.clear, *found.folders, *files]
    actions = ([*found.clear, *found.gone, *found.folders, *files]
               if rules.delete is Delete.BEFORE else [*actions, *found.gone])
    return Plan(source.name, target.name, rules, tuple(actions), tuple(found.problems),
                found.same)

