# GENERATED from copy_async.py by tools/unasync.py: edit that file, not this one.
"""Copy a file or a folder between any two URLs: through the engine, so resumed, checked, atomic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import NotFound, NotSupported, UsageError
from ..types import Entry
from ..wire.names import joined, safe_name
from .applying_sync import apply_plan
from .mirror_sync import Ends, Place, rules_of
from .pace_sync import Throttle
from .planner_sync import make_plan
from .rates import Rate
from .tree_sync import Tree
from .types import Action, Do, Event, Mark, Plan, Result, Rules

__all__ = ["copy", "plan_copy"]

Tell = Callable[[Event], object] | None


def copy(
    source: Place,
    target: Place,
    *,
    recursive: bool = False,
    rules: Rules | None = None,
    connections: int = 4,
    rate: Rate | Throttle | None = None,
    tell: Tell = None,
    source_options: dict[str, Any] | None = None,
    target_options: dict[str, Any] | None = None,
    **settings: Any,
) -> Result:
    """Copy a file, or with *recursive* a folder, from any URL or path to any other.

    Where both are on one server that copies by itself, the bytes do not travel. A target that is a
    folder, or ends in "/", gets the source under its own name.

    Args:
        source: URL or path.
        target: URL or path.
        recursive: whether folders are copied, with all below them.
        rules: how; see `Rules`.
        connections: how many are used at once.
        rate: at most so many bytes a second, each way, in all or as `Rates` tells.
        tell: called with an `Event` for all that happens.
        source_options: keywords of the source's client.
        target_options: keywords of the target's client.
        settings: single rules by name.

    Returns:
        A `Result`.

    Raises:
        NotFound: there is no such source.
        UsageError: the source is a folder, and *recursive* is not set.

    Example:
        >>> result = copy("ftp://ftp.example.org/pub/hello.txt", "greeting.txt")
        >>> result.ok, Path("greeting.txt").read_text()
        (True, 'Hello from the lab.\\n')
    """
    ends = Ends(source, target, rate=rate, source_options=source_options,
                     target_options=target_options)
    with ends as trees:
        made, ours, theirs = _planned(*trees, target, rules_of(rules, settings), recursive,
                                            connections)
        return apply_plan(made, ours, theirs, check=False, tell=tell,
                                connections=connections if recursive else 1)


def plan_copy(
    source: Place,
    target: Place,
    *,
    recursive: bool = False,
    rules: Rules | None = None,
    connections: int = 4,
    source_options: dict[str, Any] | None = None,
    target_options: dict[str, Any] | None = None,
    **settings: Any,
) -> Plan:
    """What `copy` with the same arguments would do; nothing is changed.

    Args:
        source: URL or path.
        target: URL or path.
        recursive: whether folders are copied, with all below them.
        rules: how; see `Rules`.
        connections: how many are used at once.
        source_options: keywords of the source's client.
        target_options: keywords of the target's client.
        settings: single rules by name.

    Raises:
        NotFound: there is no such source.
        UsageError: the source is a folder, and *recursive* is not set.
    """
    ends = Ends(source, target, source_options=source_options, target_options=target_options)
    with ends as trees:
        return (_planned(*trees, target, rules_of(rules, settings), recursive,
                               connections))[0]


def _planned(
    ours: Tree, theirs: Tree, given: Place, rules: Rules, recursive: bool,
    connections: int,
) -> tuple[Plan, Tree, Tree]:
    """The plan of a copy, and the trees that it is about."""
    entry = ours.files.stat(ours.top)
    name = safe_name(ours.top.rstrip("/").rpartition("/")[2] or "index")
    if _is_folder(theirs, given):
        theirs = _below(theirs, name)
    if not entry.is_folder:
        return _one(ours, theirs, entry, rules)
    if not recursive:
        raise UsageError(f"copy {ours.name}: that is a folder",
                         hint="recursive=True (-r) copies folders")
    return (make_plan(ours, theirs, rules, connections=connections), ours, theirs)


def _is_folder(tree: Tree, given: Place) -> bool:
    """Whether the target is a folder that is there, or is meant to be one."""
    if not isinstance(given, Path) and str(given).endswith("/"):
        return True
    try:
        return (tree.files.stat(tree.top)).is_folder
    except (NotFound, NotSupported):
        return False


def _below(tree: Tree, name: str) -> Tree:
    return Tree(tree.site, joined(tree.top, name), joined(tree.name, name))


def _one(
    ours: Tree, theirs: Tree, entry: Entry, rules: Rules
) -> tuple[Plan, Tree, Tree]:
    """A single file, as a plan of one action over the folders that the two are in."""
    source, name = _parent(ours)
    target, new = _parent(theirs)
    action = Action(Do.NEW, name, "asked for", entry.exact_size or 0, new=Mark.of(entry),
                    to=new if new != name else "", mode=entry.mode if rules.modes else None)
    return Plan(source.name, target.name, rules, (action,)), source, target


def _parent(tree: Tree) -> tuple[Tree, str]:
    """The folder above the top of a tree, and the name in it."""
    above, slash, name = tree.top.rstrip("/").rpartition("/")
    top = above or ("/" if slash else "")
    return Tree(tree.site, top, tree.name.rpartition("/")[0]), name
