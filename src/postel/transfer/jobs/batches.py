"""One batch of a job: plain data in, plain data out. Runs in a worker, blocking.

A batch may be done twice, when its worker died in the middle: what the target has already is
looked at first and left alone. Passwords never stand in a batch; each worker finds its own, by the
`options` that it was started with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

from ...errors import PostelError, UsageError
from ...urls import URL
from ..applying_sync import apply_plan
from ..mirror_sync import Ends
from ..pace_sync import Throttle
from ..places import place_of
from ..tree_sync import Tree
from ..types import Action, Do, Mark, Plan, Result

__all__ = ["Options", "function_of", "merged", "run_batch", "run_map"]

Options = Callable[[URL], dict[str, Any]]
"""The keywords of the client for a URL: where a worker's passwords come from."""

_COPIES = (Do.NEW, Do.CHANGED)


def run_batch(
    lines: Sequence[str], options: Options, connections: int, rate: Throttle | None = None
) -> dict[str, Any]:
    """Do the actions of a part of a plan.

    Args:
        lines: the part, as `Plan.lines` writes it.
        options: the keywords of clients.
        connections: how many are used at once.
        rate: what its transfers share with others.

    Returns:
        What became of it: counts by kind, bytes, and failures as pairs of path and words.
    """
    plan = Plan.read(lines)
    ends = Ends(plan.source, plan.target, rate=rate, source_options=options(place_of(plan.source)),
                target_options=options(place_of(plan.target)))
    with ends as (source, target):
        left, done = _left(plan.actions, target)
        result = apply_plan(Plan(plan.source, plan.target, plan.rules, tuple(left)), source,
                            target, connections=connections, check=False)
    said = as_plain(result)
    said["again"] = done
    return said


def _left(actions: Iterable[Action], target: Tree) -> tuple[list[Action], int]:
    """The actions that are still to be done, and how many are done already."""
    actions = list(actions)
    copies = [one for one in actions if one.do in _COPIES]
    there = target.files.stat_many([target.at(one.target) for one in copies])
    done = set()
    for one, outcome in zip(copies, there, strict=True):
        if outcome.value is not None and one.new is not None and outcome.value.is_file:
            found, window = Mark.of(outcome.value), outcome.value.precision or 1.0
            if found.modified is not None and one.new.modified is not None and one.new.suits(
                    Mark(found.kind, found.size, found.modified), window):
                done.add(one)
    return [one for one in actions if one not in done], len(done)


def as_plain(result: Result) -> dict[str, Any]:
    """A result in words of JSON."""
    return {
        "done": {do.value: count for do, count in result.done.items()},
        "size": result.size, "deleted_not": result.deleted_not,
        "failures": [[path, str(error), type(error).__name__] for path, error in result.failures],
    }


def merged(said: Iterable[dict[str, Any]], same: int, seconds: float) -> Result:
    """The result of a whole run from those of its batches."""
    result = Result(same=same, seconds=seconds)
    for one in said:
        for word, count in one["done"].items():
            result.done[Do(word)] += count
        result.size += one["size"]
        result.deleted_not += one["deleted_not"]
        result.failures += [(path, _error(words, kind)) for path, words, kind in one["failures"]]
    return result


def _error(words: str, kind: str) -> PostelError:
    """An error that was written down, as far as it can be told again."""
    from ... import errors

    found = getattr(errors, kind, PostelError)
    known = isinstance(found, type) and issubclass(found, PostelError)
    error: PostelError = (found if known else PostelError)(words.split("\nhint: ")[0])
    return error


def run_map(
    place: str, function: str, paths: Sequence[str], options: Options
) -> list[list[Any]]:
    """Call a function for each of *paths* of a tree.

    Args:
        place: URL or path of the tree.
        function: ``module:name`` of one that is called with a path and an open binary file.
        paths: seen from the tree's top.
        options: the keywords of clients.

    Returns:
        For each path: it, what came back, and what went wrong (or None).
    """
    call = function_of(function)
    from ..sites_sync import open_site

    url = place_of(place)
    site, top = open_site(url, "read", **options(url))
    found: list[list[Any]] = []
    with site:
        tree = Tree(site, top.rstrip("/") or ("/" if top.startswith("/") else ""), place)
        for path in paths:
            try:
                found.append([path, call(path, _content(tree, path)), None])
            except Exception as error:  # whatever the function does: one file is one failure
                found.append([path, None, f"{type(error).__name__}: {error}"])
    return found


def _content(tree: Tree, path: str) -> bytes:
    with tree.files.read(tree.at(path)) as reading:
        return b"".join(reading)


def function_of(name: str) -> Callable[..., Any]:
    """The function that ``module:name`` says.

    Raises:
        UsageError: there is none.

    Example:
        >>> function_of("os.path:basename")("a/b")
        'b'
    """
    module, colon, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute) if colon else None
    except (ImportError, AttributeError):
        found = None
    if not callable(found):
        raise UsageError(f"{name}: there is no such function", hint="write it as module:name")
    return found  # type: ignore[no-any-return]
