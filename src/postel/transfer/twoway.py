"""Two trees that both changed: what must go which way. Pure.

What both sides were when they were last alike (the journal) tells who changed what. A path that one
side changed goes to the other; one that both changed alike needs nothing; one that both changed
differently is a **conflict**: both versions are kept, on both sides, the second tree's under
another name. What one side removed and the other changed stays: a change is never lost to a
removal.

There is no run without a memory: the first one, which has none, removes nothing and takes files of
the same size and time, or digest, for the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..errors import Conflict as ConflictError
from ..errors import LimitReached
from ..types import Kind
from .types import Action, Do, Mark, Problem, Rules

__all__ = ["Conflict", "Ways", "conflict_name", "decide"]

Inventory = Mapping[str, Mark]
"""What a tree has: paths, seen from its top, and their marks."""

Memory = Mapping[str, tuple[Mark, Mark]]
"""What both sides were when they were last alike."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A path that both sides changed.

    Args:
        path: which.
        kept: what the second tree's version is called from now on, on both sides.
    """

    path: str
    kept: str


@dataclass
class Ways:
    """What must be done for two trees to be alike.

    Args:
        right: actions on the second tree, from the first.
        left: actions on the first tree, from the second.
        undecided: paths whose digests decide: both sides have them, and nobody remembers.
        settled: paths that are alike now, with their marks.
        gone: paths that both sides removed.
        conflicts: what both sides changed.
        problems: what takes no part.
        same: files that are alike.
    """

    right: list[Action] = field(default_factory=list)
    left: list[Action] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    settled: list[tuple[str, Mark, Mark]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    same: int = 0

    def deletions(self) -> int:
        """How many paths go, on both sides."""
        return sum(1 for one in (*self.right, *self.left) if one.do in _GOING)


def decide(
    ours: Inventory,
    theirs: Inventory,
    memory: Memory,
    rules: Rules,
    *,
    windows: tuple[float, float, float],
    stamp: str,
    equal: Mapping[str, bool] | None = None,
    blocked: tuple[Problem, ...] = (),
    held: frozenset[str] = frozenset(),
) -> Ways:
    """What must go which way.

    Args:
        ours: what the first tree has.
        theirs: what the second tree has.
        memory: what both were when they were last alike.
        rules: of the run; `max_delete` and `allow_empty` hold here too.
        windows: seconds that times of the first and of the second tree may be off, and those of
            one against the other.
        stamp: what conflicting versions are marked with, such as a date.
        equal: of paths that a first call left undecided, whether their bytes are the same.
        blocked: what could not be listed: nothing is removed then.
        held: folders with something that the filter leaves out: they stay.

    Returns:
        The actions for both sides. Where `undecided` is not empty, compare those paths, and call
        again with *equal*.

    Raises:
        LimitReached: a side is empty that was not, or more would go than may.
    """
    _refuse_emptied(ours, theirs, memory, rules)
    ways = Ways(problems=list(blocked))
    setting = _Setting(windows, stamp, equal or {}, frozenset((*ours, *theirs)))
    folders: list[str] = []
    for path in sorted(set(ours) | set(theirs) | set(memory)):
        one, other, noted = ours.get(path), theirs.get(path), memory.get(path)
        if _mismatched(path, one, other, ways):
            continue
        if Kind.FOLDER in (getattr(one, "kind", None), getattr(other, "kind", None)):
            folders.append(path)
        else:
            _one(path, one, other, noted, ways, setting)
    _folders(folders, ours, theirs, memory, ways, held)
    if any(problem.blocks for problem in ways.problems):
        ways.right = [one for one in ways.right if one.do not in _GOING]
        ways.left = [one for one in ways.left if one.do not in _GOING]
    most = rules.may_go(len({*ours, *theirs}))
    if most is not None and ways.deletions() > most:
        raise LimitReached(
            f"sync: {ways.deletions():,} paths would go, {most:,} may",
            hint="look at what a dry run says; then allow more (max_delete, --max-delete)")
    ways.right, ways.left = _ordered(ways.right), _ordered(ways.left)
    return ways


def _mismatched(path: str, ours: Mark | None, theirs: Mark | None, ways: Ways) -> bool:
    """Whether one side has a folder where the other has a file, here or above: left alone."""
    if any(path.startswith(f"{one.path}/") for one in ways.problems if one.path):
        return True
    if ours is None or theirs is None or (ours.kind is Kind.FOLDER) == (theirs.kind is Kind.FOLDER):
        return False
    reason = f"a {ours.kind.value} in the first, a {theirs.kind.value} in the second"
    ways.problems.append(Problem(path, reason, True, ConflictError(
        f"sync {path}: {reason}", hint="move one of them away")))
    return True


def _folders(
    folders: list[str],
    ours: Inventory,
    theirs: Inventory,
    memory: Memory,
    ways: Ways,
    held: frozenset[str],
) -> None:
    """Folders follow what is in them: one that holds anything that stays, stays."""
    alive = {above for one in (*ways.right, *ways.left) if one.do not in _GOING
             for above in _above(one.target)}
    alive.update(one for path in held for one in (path, *_above(path)))
    alive.update(above for problem in ways.problems for above in _above(problem.path))
    for path in reversed(folders):  # what is below a folder before it
        one, other = ours.get(path), theirs.get(path)
        noted = path in memory
        if one is not None and other is not None:
            if not noted:
                ways.settled.append((path, one, other))
            continue
        mark, there, here, names = ((one, ways.right, ways.left, ("first", "second"))
                                    if one is not None else
                                    (other, ways.left, ways.right, ("second", "first")))
        if mark is None:
            continue
        if noted and path not in alive:
            here.append(Action(Do.REMOVE, path, f"removed in the {names[1]}", old=mark))
        else:
            alive.update(_above(path))
            there.append(Action(Do.FOLDER, path, f"only in the {names[0]}", new=mark))


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


@dataclass(frozen=True)
class _Setting:
    windows: tuple[float, float, float]
    stamp: str
    equal: Mapping[str, bool]
    taken: frozenset[str]


def _refuse_emptied(
    ours: Inventory, theirs: Inventory, memory: Memory, rules: Rules
) -> None:
    had = any(mark.kind is Kind.FILE for mark, _ in memory.values())
    for name, tree in (("first", ours), ("second", theirs)):
        if had and not rules.allow_empty and not any(
                mark.kind is Kind.FILE for mark in tree.values()):
            raise LimitReached(
                f"sync: the {name} tree has no files any more, and the other would lose its own",
                hint="is a disk not mounted? If it is meant: allow_empty, --allow-empty")


def _one(
    path: str,
    ours: Mark | None,
    theirs: Mark | None,
    noted: tuple[Mark, Mark] | None,
    ways: Ways,
    setting: _Setting,
) -> None:
    """What becomes of one path."""
    changed = ours is not None and (noted is None or not noted[0].suits(ours, setting.windows[0]))
    moved = theirs is not None and (noted is None or not noted[1].suits(theirs, setting.windows[1]))
    if ours is None and theirs is None:
        ways.gone.append(path)
    elif ours is not None and theirs is not None:
        if not changed and not moved:
            ways.same += 1
        elif changed and not moved:
            ways.right.append(_copy(path, ours, theirs, "changed in the first"))
        elif moved and not changed:
            ways.left.append(_copy(path, theirs, ours, "changed in the second"))
        else:
            _both(path, ours, theirs, ways, setting)
    elif ours is not None:
        _only(path, ours, changed or noted is None, ways.right, ways.left, ("first", "second"))
    elif theirs is not None:
        _only(path, theirs, moved or noted is None, ways.left, ways.right, ("second", "first"))


def _only(
    path: str,
    mark: Mark,
    fresh: bool,
    there: list[Action],
    here: list[Action],
    names: tuple[str, str],
) -> None:
    """A path that one side alone has: it is new, or the other side removed it."""
    if fresh:
        there.append(_copy(path, mark, None, f"only in the {names[0]}"))
    else:
        here.append(Action(Do.DELETE, path, f"removed in the {names[1]}", old=mark))


def _both(path: str, ours: Mark, theirs: Mark, ways: Ways, setting: _Setting) -> None:
    """A path that both sides changed, or that nobody remembers."""
    if ours.kind is theirs.kind is Kind.FILE and ours.size == theirs.size:
        known = setting.equal.get(path)
        if known is None and (ours.modified is None or theirs.modified is None
                              or abs(ours.modified - theirs.modified) > setting.windows[2]):
            ways.undecided.append(path)
            return
        if known is not False:
            ways.settled.append((path, ours, theirs))
            ways.same += 1
            return
    elif ours.kind is theirs.kind and ours.tag and ours.tag == theirs.tag:
        ways.settled.append((path, ours, theirs))
        ways.same += 1
        return
    kept = conflict_name(path, setting.stamp, setting.taken)
    ways.conflicts.append(Conflict(path, kept))
    reason = "both changed it"
    ways.right.append(Action(Do.MOVE, path, reason, old=theirs, new=theirs, to=kept))
    ways.right.append(_copy(path, ours, None, reason))
    ways.left.append(_copy(kept, theirs, None, reason))


def _copy(path: str, mark: Mark, old: Mark | None, reason: str) -> Action:
    if mark.kind is Kind.LINK:
        return Action(Do.LINK, path, reason, new=mark, old=old)
    return Action(Do.CHANGED if old is not None else Do.NEW, path, reason, mark.size or 0,
                  new=mark, old=old)


def conflict_name(path: str, stamp: str, taken: frozenset[str]) -> str:
    """A free name for the second version of *path*.

    Example:
        >>> conflict_name("a/notes.txt", "2026-01-31", frozenset())
        'a/notes.conflict-2026-01-31.txt'
    """
    place = PurePosixPath(path)
    for number in range(1, 10_000):
        more = "" if number == 1 else f"-{number}"
        name = str(place.with_name(f"{place.stem}.conflict-{stamp}{more}{place.suffix}"))
        if name not in taken:
            return name
    raise LimitReached(f"sync {path}: it has ten thousand conflicting versions")


_GOING = (Do.DELETE, Do.REMOVE)
_ORDER = {Do.MOVE: 0, Do.FOLDER: 1, Do.NEW: 2, Do.CHANGED: 2, Do.LINK: 3, Do.TIMES: 4}


def _ordered(actions: list[Action]) -> list[Action]:
    """In the order in which they can be done: names freed, folders, files, what goes."""
    going = [one for one in actions if one.do in _GOING]
    coming = [one for one in actions if one.do not in _GOING]
    coming.sort(key=lambda one: (_ORDER[one.do], one.path))
    going.sort(key=lambda one: one.path, reverse=True)  # what is below a folder before it
    return [*coming, *going]
