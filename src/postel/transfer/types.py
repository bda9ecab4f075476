"""What users of the engine hold: rules, marks, actions, plans, events, reports. Pure.

A **plan** is a value. It says of every path that differs what will be done and why, and what the
path was on both sides when the plan was made; it prints, is written as JSON lines, can be reviewed
and applied later, when each action first checks that both sides still are what it says.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from enum import Enum
from typing import Any, Literal

from ..errors import TransferError, UsageError
from ..types import Entry, Kind
from .rules import Compare, Delete, Links, Rules, Verify

__all__ = ["Action", "Compare", "Delete", "Do", "Event", "Links", "Mark", "Plan", "Problem",
           "Result", "Rules", "Verify", "What"]


class Do(Enum):
    """What is done to a path of the target."""

    FOLDER = "folder"
    NEW = "new"
    CHANGED = "changed"
    TIMES = "times"
    LINK = "link"
    MOVE = "move"
    DELETE = "delete"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a path was when it was looked at: enough to see later that it is another one.

    Args:
        kind: file, folder, link or other.
        size: in bytes; None where it is unknown or rounded.
        modified: seconds since 1970, UTC; None where unknown.
        tag: a validator of the protocol (a strong ETag, a link's target), or "".
        rough: seconds that *modified* may be off: some listings tell minutes, or days, where the
            same server tells seconds when it is asked for one file.

    Example:
        >>> Mark(Kind.FILE, 5, 1.0).suits(Mark(Kind.FILE, 5, 1.0))
        True
    """

    kind: Kind
    size: int | None = None
    modified: float | None = None
    tag: str = ""
    rough: float = 0.0

    @classmethod
    def of(cls, entry: Entry) -> Mark:
        """The mark of an entry of a listing."""
        when = entry.modified
        if when is not None and when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        tag = entry.target if entry.is_link else entry.validator
        if when is None or not entry.is_file:
            return cls(entry.kind, entry.exact_size if entry.is_file else None, None, tag or "")
        rough = entry.precision or 0.0
        return cls(entry.kind, entry.exact_size, when.timestamp(), tag or "",
                   rough if rough > 1 else 0.0)

    def suits(self, other: Mark, window: float = 0.0) -> bool:
        """Whether *other* may be the same thing, unchanged."""
        if self.kind is not other.kind:
            return False
        if self.tag and other.tag:
            return self.tag == other.tag
        if None not in (self.size, other.size) and self.size != other.size:
            return False
        if self.modified is not None and other.modified is not None:
            return abs(self.modified - other.modified) <= max(window, self.rough, other.rough)
        return True

    def as_json(self) -> list[object]:
        """As a short list."""
        made: list[object] = [self.kind.value, self.size, self.modified, self.tag]
        return [*made, self.rough] if self.rough else made

    @classmethod
    def from_json(cls, said: Sequence[Any]) -> Mark:
        """The reverse of `as_json`."""
        kind, size, modified, tag, *rough = said
        return cls(Kind(kind), size, modified, tag, *rough)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that is done.

    Args:
        do: what.
        path: to which path, seen from the top of the trees.
        reason: why, for a person.
        size: bytes to move.
        new: what the path is on the source.
        old: what it is on the target, or None where there is nothing.
        to: what it is called on the target where that differs from *path*, else "".
        mode: the permissions it gets; None where they are not copied.
    """

    do: Do
    path: str
    reason: str
    size: int = 0
    new: Mark | None = None
    old: Mark | None = None
    to: str = ""
    mode: int | None = None

    @property
    def target(self) -> str:
        """What the path is called on the target."""
        return self.to or self.path

    def as_json(self) -> dict[str, object]:
        """In words of JSON; what is empty is left out."""
        made: dict[str, object] = {"do": self.do.value, "path": self.path, "reason": self.reason}
        if self.size:
            made["size"] = self.size
        if self.new is not None:
            made["new"] = self.new.as_json()
        if self.old is not None:
            made["old"] = self.old.as_json()
        if self.to:
            made["to"] = self.to
        if self.mode is not None:
            made["mode"] = self.mode
        return made

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Action:
        """The reverse of `as_json`."""
        return cls(Do(said["do"]), said["path"], said["reason"], said.get("size", 0),
                   Mark.from_json(said["new"]) if "new" in said else None,
                   Mark.from_json(said["old"]) if "old" in said else None, said.get("to", ""),
                   said.get("mode"))


@dataclass(frozen=True, slots=True)
class Problem:
    """A path that takes no part, and why.

    Args:
        path: which.
        reason: why, for a person.
        blocks: whether it forbids deleting: what could not be listed may still exist.
        error: what was raised, where something was.
    """

    path: str
    reason: str
    blocks: bool = False
    error: Exception | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Plan:
    """What will be done to make *target* like *source*.

    Args:
        source: URL, or path of a folder.
        target: URL, or path of a folder.
        rules: how they were compared.
        actions: in the order in which they are done.
        problems: what takes no part.
        same: files that are alike already.

    Example:
        >>> plan = Plan("/a", "/b", actions=(Action(Do.NEW, "x.txt", "not there", 5),))
        >>> plan.size, plan.counts[Do.NEW]
        (5, 1)
    """

    source: str
    target: str
    rules: Rules = field(default_factory=Rules)
    actions: tuple[Action, ...] = ()
    problems: tuple[Problem, ...] = ()
    same: int = 0

    @property
    def size(self) -> int:
        """Bytes to move."""
        return sum(action.size for action in self.actions)

    @property
    def counts(self) -> Counter[Do]:
        """How many actions of each kind."""
        return Counter(action.do for action in self.actions)

    @property
    def empty(self) -> bool:
        """Whether nothing is to be done."""
        return not self.actions

    @property
    def deletions(self) -> int:
        """How many paths go."""
        return sum(1 for action in self.actions if action.do in (Do.DELETE, Do.REMOVE))

    @property
    def most(self) -> int | None:
        """How many paths may go, by the rules; None where there is no limit."""
        counts = self.counts
        return self.rules.may_go(self.same + counts[Do.CHANGED] + counts[Do.TIMES]
                                 + self.deletions)

    def lines(self) -> Iterator[str]:
        """The plan as JSON lines: what it is about, each action, each problem.

        Example:
            >>> plan = Plan("/a", "/b", actions=(Action(Do.DELETE, "x", "not at the source"),))
            >>> Plan.read(plan.lines()) == plan
            True
        """
        yield _json({"plan": _VERSION, "source": self.source, "target": self.target,
                     "rules": self.rules.as_json(), "same": self.same})
        for action in self.actions:
            yield _json(action.as_json())
        for problem in self.problems:
            yield _json({"problem": problem.path, "reason": problem.reason,
                         "blocks": problem.blocks})

    @classmethod
    def read(cls, lines: Iterable[str]) -> Plan:
        """The reverse of `lines`.

        Raises:
            UsageError: this is no plan, or one of a later version.
        """
        head: Mapping[str, Any] = {}
        actions: list[Action] = []
        problems: list[Problem] = []
        try:
            for line in lines:
                said = json.loads(line)
                if "plan" in said:
                    head = said
                elif "problem" in said:
                    problems.append(_problem(said))
                else:
                    actions.append(Action.from_json(said))
            if head.get("plan") != _VERSION:
                raise UsageError("read a plan: it is none, or one of another version",
                                 hint="make it with: postel plan SOURCE TARGET -o FILE")
            return cls(head["source"], head["target"], Rules.from_json(head["rules"]),
                       tuple(actions), tuple(problems), head["same"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"read a plan: {error!r} in it", hint="it was damaged") from None


_VERSION = 1


def _json(said: object) -> str:
    return json.dumps(said, ensure_ascii=True, separators=(",", ":"))


def _problem(said: Mapping[str, Any]) -> Problem:
    """A problem that was written down; what was raised then is told in its words."""
    path, reason = said["problem"], said["reason"]
    return Problem(path, reason, said["blocks"], TransferError(reason) if said["blocks"] else None)


What = Literal["begin", "progress", "done", "retry", "failed", "end"]
"""What an event tells."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened while a plan was applied.

    Args:
        what: "begin", "progress", "done", "retry" (it failed, and is tried again), "failed", "end".
        action: of which action, where it is about one.
        done: bytes moved so far, of the action or in all.
        total: bytes expected.
        verified: how the copy was checked.
        error: what went wrong.
        seconds: since the run began.
        name: the file in work, of "progress".
    """

    what: What
    action: Action | None = None
    done: int = 0
    total: int | None = None
    verified: Verify | None = None
    error: Exception | None = None
    seconds: float = 0.0
    name: str = ""


@dataclass
class Result:
    """What became of a plan.

    Args:
        done: actions that were carried out.
        size: bytes moved.
        same: files that were alike already.
        failures: each action, or problem of the plan, that failed.
        verified: how many files were checked in which way.
        deleted_not: deletions left out because something failed.
        seconds: how long it took.
    """

    done: Counter[Do] = field(default_factory=Counter)
    size: int = 0
    same: int = 0
    failures: list[tuple[str, Exception]] = field(default_factory=list)
    verified: Counter[Verify] = field(default_factory=Counter)
    deleted_not: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether all was done."""
        return not self.failures and not self.deleted_not

    def __iter__(self) -> Iterator[tuple[str, Exception]]:
        return iter(self.failures)
