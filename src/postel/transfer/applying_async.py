# A conversation (its twin applying_sync.py is generated): a plan carried out.
"""Apply a plan: what is in the way goes, folders, files, links and times come, the rest goes last.

Deletions are the dangerous part, so they have rules of their own: none is done when something
could not be listed or copied, none beyond the number that was allowed, and what is replaced or
goes can be put aside first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, takewhile
from pathlib import Path

from ..errors import Changed, LimitReached, NotFound
from ..session.files_async import AsyncFiles
from ..transport import disk_async as disk
from ..transport.clock_async import now
from ..types import Entry, Kind, Outcome, Progress
from .copying_async import AsyncCopying
from .ground import Ground, Outcomes
from .journal import Journal
from .steps_async import AsyncSteps, steps_for
from .tree_async import AsyncTree
from .types import Action, Do, Event, Mark, Plan, Result, Verify, What

__all__ = ["apply_plan", "refuse_too_many"]

Tell = Callable[[Event], object] | None

_TOGETHER = 500
"""Small steps, or preconditions, that are done together."""

_GOING = (Do.DELETE, Do.REMOVE)


async def apply_plan(
    plan: Plan,
    source: AsyncTree,
    target: AsyncTree,
    *,
    journal: Journal | None = None,
    connections: int = 4,
    check: bool = True,
    tell: Tell = None,
) -> Result:
    """Carry out *plan*.

    Args:
        plan: what to do.
        source: the tree that is copied, connected.
        target: the tree that is made like it, connected.
        journal: what runs remember of each other; None remembers nothing.
        connections: how many are used at once.
        check: whether both ends are looked at first: a path that is not what the plan says is
            left alone, and reported. A plan that was just made needs it not.
        tell: called with an `Event` for all that happens.

    Returns:
        A `Result`: counts, and each failure with its error.

    Raises:
        LimitReached: the plan deletes more than its rules allow; nothing was done.
    """
    refuse_too_many(plan)
    notes = journal or Journal(None)
    ground = await disk.call(Ground, Path(target.top)) if target.local else None
    try:
        run = _AsyncRun(plan, source, target, notes, ground, tell)
        await run.go(connections, check)
        return run.result
    finally:
        if ground is not None:
            ground.close()
        await disk.call(notes.flush)
        if journal is None:
            notes.close()


def refuse_too_many(plan: Plan) -> None:
    """Raise `LimitReached` where a plan deletes more than its rules allow."""
    most = plan.most
    if most is not None and plan.deletions > most:
        raise LimitReached(
            f"mirror to {plan.target}: {plan.deletions:,} paths would go, {most:,} may",
            hint="look at the plan; then allow more (max_delete, --max-delete)")


class _AsyncRun:
    """One plan on its way."""

    def __init__(
        self,
        plan: Plan,
        source: AsyncTree,
        target: AsyncTree,
        journal: Journal,
        ground: Ground | None,
        tell: Tell,
    ) -> None:
        self.plan, self.source, self.target = plan, source, target
        self.journal, self.ground, self._tell = journal, ground, tell
        self.steps: AsyncSteps = steps_for(target, ground)
        self.result = Result(same=plan.same)
        self._moved: dict[str, int] = {}
        self._began = now()

    async def go(self, connections: int, check: bool) -> None:
        """Everything, in its order."""
        self._say("begin", total=self.plan.size)
        for problem in self.plan.problems:
            if problem.error is not None:
                self._fail(problem.path, problem.error)
        if self.ground is None and self.plan.actions:
            await self._make_top()
        actions = self._without_forbidden()
        if check:
            actions = await self._as_planned(actions)
        before, middle, after = _phases(actions)
        await self._remove(before)
        await self._move([one for one in middle if one.do is Do.MOVE])
        await self._make(middle)
        await self._copy([one for one in middle if one.do in (Do.NEW, Do.CHANGED)], connections)
        await self._link([one for one in middle if one.do is Do.LINK])
        await self._facts([one for one in middle if one.do is Do.TIMES])
        if self.result.failures and after:
            self.result.deleted_not += len(after)
        else:
            await self._remove(after)
        self.result.seconds = now() - self._began
        self._say("end", done=self.result.size, total=self.plan.size)

    async def _make_top(self) -> None:
        """The target's own folder, with those above it."""
        top = self.target.top
        if top.strip("/"):
            await self.target.site.makedirs(top)

    # -- deletions -------------------------------------------------------------------------

    def _without_forbidden(self) -> list[Action]:
        """All actions, but no deletion where something could not be listed or may not be taken."""
        actions = list(self.plan.actions)
        if any(problem.blocks for problem in self.plan.problems):
            kept = [one for one in actions if one.do not in _GOING]
            self.result.deleted_not += len(actions) - len(kept)
            return kept
        return actions

    async def _remove(self, actions: Sequence[Action]) -> None:
        """Files first, then folders, the deepest first."""
        for batch in _batches([one for one in actions if one.do is Do.DELETE]):
            if self.plan.rules.backup:
                paths = [one.target for one in batch]
                outcomes = await self.steps.put_aside(paths, self.plan.rules.backup)
            else:
                outcomes = await self.steps.remove([one.target for one in batch])
            self._settle(batch, outcomes)
        for batch in _batches([one for one in actions if one.do is Do.REMOVE]):
            outcomes = await self.steps.remove([one.target for one in batch], folders=True)
            self._settle(batch, outcomes)

    # -- everything else -------------------------------------------------------------------

    async def _make(self, actions: Sequence[Action]) -> None:
        for batch in _batches([one for one in actions if one.do is Do.FOLDER]):
            self._settle(batch, await self.steps.make([one.target for one in batch]))

    async def _move(self, actions: Sequence[Action]) -> None:
        for batch in _batches(actions):
            self._settle(batch, await self.steps.move([(one.path, one.to) for one in batch]))

    async def _link(self, actions: Sequence[Action]) -> None:
        for batch in _batches(actions):
            links = [(one.target, one.new.tag if one.new is not None else "") for one in batch]
            self._settle(batch, await self.steps.link(links))

    async def _facts(self, actions: Sequence[Action]) -> None:
        for batch in _batches(actions):
            facts = [(one.target, one.new.modified if one.new is not None else None, one.mode)
                     for one in batch]
            self._settle(batch, await self.steps.set_facts(facts))

    async def _copy(self, actions: list[Action], connections: int) -> None:
        if self.plan.rules.backup:
            actions = await self._put_aside(actions)
        copying = AsyncCopying(
            self.source, self.target, self.plan.rules, self.journal, self.ground,
            done=self._copied, failed=self._not_copied, again=self._tried, progress=self._progress)
        await copying.run(actions, connections)
        if self.plan.rules.modes and self.ground is None and self._set_modes:
            await self._facts_of([one for one in actions if one.mode is not None])

    @property
    def _set_modes(self) -> bool:
        return self.target.files.features.set_mode

    async def _facts_of(self, actions: Sequence[Action]) -> None:
        """Permissions on a server, where files get them after their names."""
        failed = {path for path, _ in self.result.failures}
        for batch in _batches([one for one in actions if one.path not in failed]):
            outcomes = await self.steps.set_facts([(one.target, None, one.mode) for one in batch])
            for one, error in zip(batch, outcomes, strict=True):
                if error is not None:
                    self._fail(one.path, error, one)

    async def _put_aside(self, actions: list[Action]) -> list[Action]:
        """What will be replaced goes to the backup folder; without that, it is not replaced."""
        ready = [one for one in actions if one.do is not Do.CHANGED]
        for batch in _batches([one for one in actions if one.do is Do.CHANGED]):
            paths = [one.target for one in batch]
            outcomes = await self.steps.put_aside(paths, self.plan.rules.backup)
            for one, error in zip(batch, outcomes, strict=True):
                if error is None:
                    ready.append(one)
                else:
                    self._fail(one.path, error, one)
        return ready

    # -- preconditions ---------------------------------------------------------------------

    async def _as_planned(self, actions: Sequence[Action]) -> list[Action]:
        """Those actions whose paths are, on both ends, what the plan says."""
        ready: list[Action] = []
        clearing = {one.target for one in actions if one.do in _GOING}
        for batch in _batches(actions):
            moving = [one for one in batch if one.do in (Do.NEW, Do.CHANGED)]
            wrong = await self._differing(self.source.files, [
                (one, self.source.at(one.path), one.new) for one in moving])
            wrong |= await self._differing(self.target.files, [
                (one, self.target.at(one.target), one.old) for one in batch
                if one.do not in (Do.FOLDER, Do.LINK) and not _is_link(one.old)
                and (one.do in _GOING or one.target not in clearing)])
            for one in batch:
                if one in wrong:
                    self._fail(one.path, Changed(
                        f"{one.do.value} {one.path}: it is not what it was when the plan was made",
                        hint="plan again"), one)
                else:
                    ready.append(one)
        return ready

    async def _differing(
        self, files: AsyncFiles, expected: Sequence[tuple[Action, str, Mark | None]]
    ) -> set[Action]:
        """Those whose path is something else now."""
        outcomes = [one async for one in files.stat_many([path for _, path, _ in expected])]
        return {action for (action, _, mark), outcome in zip(expected, outcomes, strict=True)
                if not _as_expected(action, mark, outcome)}

    # -- what happened ---------------------------------------------------------------------

    def _copied(self, action: Action, size: int, verified: Verify) -> None:
        self.result.done[action.do] += 1
        self.result.size += size
        self.result.verified[verified] += 1
        self._say("done", action, done=size, total=size, verified=verified)

    def _tried(self, action: Action, error: Exception) -> None:
        self._say("retry", action, error=error)

    def _not_copied(self, action: Action, error: Exception) -> None:
        self._fail(action.path, error, action)

    def _settle(self, actions: Sequence[Action], outcomes: Outcomes) -> None:
        for action, error in zip(actions, outcomes, strict=True):
            if error is not None:
                self._fail(action.path, error, action)
                continue
            self.result.done[action.do] += 1
            if action.do in _GOING:
                self.journal.forget(action.path)
            self._say("done", action)

    def _fail(self, path: str, error: Exception, action: Action | None = None) -> None:
        self.result.failures.append((path, error))
        self._say("failed", action, error=error)

    def _progress(self, progress: Progress) -> None:
        self._moved[progress.name] = progress.done
        self._say("progress", done=progress.done, total=progress.total, name=progress.name)

    def _say(
        self,
        what: What,
        action: Action | None = None,
        *,
        done: int = 0,
        total: int | None = None,
        verified: Verify | None = None,
        error: Exception | None = None,
        name: str = "",
    ) -> None:
        if self._tell is not None:
            self._tell(Event(what, action, done, total, verified, error, now() - self._began,
                             name))


def _phases(actions: Sequence[Action]) -> tuple[list[Action], list[Action], list[Action]]:
    """What goes first, what comes, what goes last: as they stand in the plan."""
    first = list(takewhile(lambda one: one.do in _GOING, actions))
    rest = actions[len(first) :]
    return (first, [one for one in rest if one.do not in _GOING],
            [one for one in rest if one.do in _GOING])


def _as_expected(action: Action, mark: Mark | None, outcome: Outcome[Entry]) -> bool:
    """Whether a path is what the plan says."""
    entry = outcome.value
    if entry is None:
        gone = isinstance(outcome.error, NotFound)
        return gone and (mark is None or action.do in _GOING)
    return mark is not None and mark.suits(Mark.of(entry), entry.precision or 1.0)


def _is_link(mark: Mark | None) -> bool:
    """Whether it was a link: a server tells of what it leads to, when it is asked for a path."""
    return mark is not None and mark.kind is Kind.LINK


def _batches(actions: Iterable[Action]) -> Iterator[list[Action]]:
    waiting = iter(actions)
    while batch := list(islice(waiting, _TOGETHER)):
        yield batch
