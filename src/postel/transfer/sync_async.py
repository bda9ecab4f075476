# A conversation (its twin sync_sync.py is generated): two trees that both may have changed.
"""Two-way runs: what either side changed goes to the other, and no version is lost.

Both trees are listed; what they were when they were last alike comes from the journal; `twoway`
decides; two plans carry it out, one for each side. What arrived is noted only when it is there, so
an interrupted run is gone on with by the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import Incomplete, UsageError
from ..transport import disk_async as disk
from ..transport.clock_async import today
from ..types import Kind
from .absence_async import still_there
from .applying_async import apply_plan
from .digests_async import same_bytes
from .inventory_async import Inventory, take_inventory
from .journal import Journal
from .mirror_async import AsyncEnds, Place, journal_of, rules_of
from .pace_async import AsyncThrottle
from .planner_async import filter_of
from .rates import Rate
from .tree_async import AsyncTree
from .twoway import Conflict, Ways, decide
from .types import Action, Delete, Do, Event, Mark, Plan, Problem, Result, Rules

__all__ = ["SyncResult", "sync"]

_GOING = (Do.DELETE, Do.REMOVE)

Tell = Callable[[Event], object] | None


@dataclass
class SyncResult:
    """What became of a two-way run.

    Args:
        right: what was done to the second tree.
        left: what was done to the first tree.
        conflicts: what both sides had changed; both versions are on both sides now.
        plans: what was decided: for the second tree, and for the first.
        same: files that were alike.
    """

    right: Result = field(default_factory=Result)
    left: Result = field(default_factory=Result)
    conflicts: list[Conflict] = field(default_factory=list)
    plans: tuple[Plan, ...] = ()
    same: int = 0

    @property
    def ok(self) -> bool:
        """Whether all was done, without a conflict."""
        return self.right.ok and self.left.ok and not self.conflicts


async def sync(
    first: Place,
    second: Place,
    *,
    rules: Rules | None = None,
    connections: int = 4,
    journal: Path | bool = True,
    dry_run: bool = False,
    rate: Rate | AsyncThrottle | None = None,
    tell: Tell = None,
    first_options: dict[str, Any] | None = None,
    second_options: dict[str, Any] | None = None,
    **settings: Any,
) -> SyncResult:
    """Make two trees alike that both may have changed since the last run.

    The first run of a pair removes nothing. From then on the journal tells who changed what; a path
    that both changed keeps both versions, on both sides, the second's under another name.

    Args:
        first: URL or path of a folder.
        second: URL or path of a folder; made if it is missing.
        rules: `max_delete`, `allow_empty`, `filter`, `verify` and their like hold for both sides.
        connections: how many are used at once, on each side.
        journal: where runs remember each other: a file, or True for the usual place.
        dry_run: only decide; the plans are in the result.
        rate: at most so many bytes a second, each way, in all or as `Rates` tells.
        tell: called with an `Event` for all that happens.
        first_options: keywords of the first client.
        second_options: keywords of the second client.
        settings: single rules by name.

    Returns:
        A `SyncResult`.

    Raises:
        LimitReached: a side is empty that was not, or more would be removed than may.
        UsageError: there is no journal: without a memory nobody knows who changed what.

    Example:
        >>> Path("a").mkdir(); _ = Path("a/notes.txt").write_text("remember")
        >>> result = await sync("a", "b", journal=Path("pair.sqlite"))
        >>> result.ok, Path("b/notes.txt").read_text()
        (True, 'remember')
    """
    if journal is False:
        raise UsageError("sync without a journal: nobody would know who changed what",
                         hint="mirror makes one side like the other, and needs none")
    rules = replace(rules_of(rules, settings), delete=Delete.AFTER)
    ends = AsyncEnds(first, second, rate=rate, source_options=first_options,
                     target_options=second_options)
    async with ends as (ours, theirs):
        with await journal_of(journal, ours, theirs, "sync") as notes:
            run = _AsyncTwoWay(ours, theirs, rules, notes, connections)
            ways = await run.decide()
            result = SyncResult(conflicts=ways.conflicts, same=ways.same, plans=run.plans(ways))
            if not dry_run:
                await run.carry_out(ways, result, tell)
            return result


class _AsyncTwoWay:
    """One two-way run."""

    def __init__(
        self, ours: AsyncTree, theirs: AsyncTree, rules: Rules, journal: Journal, connections: int
    ) -> None:
        self.ours, self.theirs, self.rules = ours, theirs, rules
        self.journal, self.connections = journal, connections
        self._had: list[Inventory] = []

    async def decide(self) -> Ways:
        """List both, and see who changed what."""
        wanted = filter_of(self.rules)
        self._had = [await take_inventory(tree, wanted, connections=self.connections)
                     for tree in (self.ours, self.theirs)]
        left, right = self._had
        memory = await disk.call(_memory, self.journal)
        blocked = (*left.problems, *right.problems)
        said: dict[str, bool] = {}
        while True:
            ways = decide(left.marks, right.marks, memory, self.rules, windows=self._windows(),
                          stamp=f"{today():%Y-%m-%d}", equal=said, blocked=blocked,
                          held=frozenset(left.held | right.held))
            if not ways.undecided:
                return await self._believed(ways, blocked)
            for path in ways.undecided:
                said[path] = await same_bytes(self.ours.files, self.ours.at(path),
                                              self.theirs.files, self.theirs.at(path))

    async def _believed(self, ways: Ways, blocked: tuple[Problem, ...]) -> Ways:
        """A listing alone is no reason to remove: each side is asked by name for what it lacks."""
        for tree, actions in ((self.ours, ways.right), (self.theirs, ways.left)):
            going = [(one.path, one.old.kind) for one in actions
                     if one.do in _GOING and one.old is not None]
            for path in await still_there(tree, going):
                ways.problems.append(Problem(path, "it is there, and was not listed", True,
                                             Incomplete(f"list {tree.name}: {path!r} is there, and "
                                                        "was not listed", hint="try again")))
        if len(ways.problems) > len(blocked):
            ways.right = [one for one in ways.right if one.do not in _GOING]
            ways.left = [one for one in ways.left if one.do not in _GOING]
        return ways

    def _windows(self) -> tuple[float, float, float]:
        """Seconds that times of either may be off, and those of one against the other."""
        left, right = (tree.files.features.precision or 1.0 for tree in (self.ours, self.theirs))
        both = max(left, right) if self.rules.window is None else self.rules.window
        return left, right, both

    def plans(self, ways: Ways) -> tuple[Plan, Plan]:
        """The two plans: for the second tree, and for the first."""
        problems = tuple(replace(one, blocks=False) for one in ways.problems)
        return (Plan(self.ours.name, self.theirs.name, self.rules, tuple(ways.right), problems,
                     ways.same),
                Plan(self.theirs.name, self.ours.name, self.rules, tuple(ways.left)))

    async def carry_out(self, ways: Ways, result: SyncResult, tell: Tell) -> None:
        """Both plans; then what is alike is noted."""
        scratch = Journal(None)
        try:
            result.right = await apply_plan(
                result.plans[0], self.ours, self.theirs, journal=scratch, check=False,
                connections=self.connections, tell=tell)
            result.left = await apply_plan(
                result.plans[1], self.theirs, self.ours, journal=scratch, check=False,
                connections=self.connections, tell=tell)
        finally:
            await self._remember(ways, result)
            scratch.close()

    async def _remember(self, ways: Ways, result: SyncResult) -> None:
        """Note what is alike now: what was copied, and what has arrived of it."""
        for path, ours, theirs in ways.settled:
            self.journal.note(path, ours, theirs)
        for path in ways.gone:
            self.journal.forget(path)
        await self._remember_side(ways.right, result.right, self.theirs, turned=False)
        await self._remember_side(ways.left, result.left, self.ours, turned=True)
        await disk.call(self.journal.flush)

    async def _remember_side(
        self, actions: list[Action], result: Result, target: AsyncTree, *, turned: bool
    ) -> None:
        """Note what a side got, by what was copied and not by what may have changed since."""
        failed = {path for path, _ in result.failures}
        done = [one for one in actions if one.path not in failed and one.do is not Do.MOVE]
        there = await _marks(target, [one.target for one in done])
        for one in done:
            found = there.get(one.target)
            if one.do in _GOING:
                if found is None:
                    self.journal.forget(one.path)
            elif found is not None and one.new is not None and _arrived(one.new, found):
                pair = (found, one.new) if turned else (one.new, found)
                self.journal.note(one.target, *pair)


def _memory(journal: Journal) -> dict[str, tuple[Mark, Mark]]:
    return {path: (ours, theirs) for path, ours, theirs in journal.all()}


async def _marks(tree: AsyncTree, paths: list[str]) -> dict[str, Mark]:
    """What *paths* are now, as far as they are there."""
    outcomes = [one async for one in tree.files.stat_many([tree.at(path) for path in paths])]
    return {path: Mark.of(outcome.value) for path, outcome in zip(paths, outcomes, strict=True)
            if outcome.value is not None}


def _arrived(sent: Mark, found: Mark) -> bool:
    """Whether what stands there is what was sent, as far as size and kind tell."""
    if sent.kind is Kind.LINK:
        return True  # a server tells of what it leads to
    return (sent.kind is found.kind and None in (sent.size, found.size)) or sent.size == found.size
