"""The verbs of jobs: put a mirror or a map into the books, and work on what is there. Blocking."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from ...types import Kind
from ...urls import URL
from ..inventory_sync import take_inventory
from ..mirror_sync import Ends, plan
from ..places import place_of
from ..planner_sync import filter_of
from ..rates import Rate
from ..types import Action, Do, Event, Plan, Result, Rules
from .batches import Options, merged
from .books import Books

__all__ = ["map_reduce", "mirror", "worker"]

BATCH = 200
"""Actions of a batch: fewer would make the books longer than the work."""

Tell = Callable[[Event], object] | None


def _no_options(url: URL) -> dict[str, Any]:
    return {}


def mirror(
    source: str,
    target: str,
    jobs: str,
    *,
    rules: Rules | None = None,
    batch: int = BATCH,
    concurrency: int = 1,
    connections: int = 4,
    rate: Rate | None = None,
    options: Options = _no_options,
    tell: Tell = None,
) -> Result:
    """Make *target* like *source* by way of the books: here, and wherever workers are.

    Args:
        source: URL or path of a folder; a path must lead to the same folder on every machine.
        target: URL or path of a folder, likewise.
        jobs: the database: ``sqlite:///FILE`` or ``postgresql://…``.
        rules: how the trees are compared.
        batch: actions of a batch, at least 1.
        concurrency: batches that this process does at once.
        connections: of each batch, and of planning.
        rate: at most so many bytes a second, of this process; see `Rates`.
        options: the keywords of the client for a URL; passwords are never written down.
        tell: called with an `Event` of progress, in batches.

    Returns:
        A `Result`, as of `postel.mirror`.

    Raises:
        UsageError: the extra ``jobs`` is missing, or the database's URL is none.
        LimitReached: more would be deleted than the rules allow; nothing was done.
    """
    ours, theirs = place_of(source), place_of(target)
    made = plan(ours, theirs, rules=rules, connections=connections, journal=False,
                source_options=options(ours), target_options=options(theirs))
    _refuse(made)
    began = time.monotonic()
    first, batches, last = _parts(made, max(1, batch))
    with Books(jobs, options=options, concurrency=concurrency, connections=connections,
               rate=rate) as books:
        handle = books.start_mirror(first, batches, last)
        said = books.wait(handle, _telling(tell, began))
    result = merged(said, made.same, time.monotonic() - began)
    blocked = [one for one in made.problems if one.error is not None]
    result.failures += [(one.path, one.error) for one in blocked if one.error is not None]
    return result


def _refuse(made: Plan) -> None:
    from ..applying_sync import refuse_too_many

    refuse_too_many(made)


def _parts(made: Plan, batch: int) -> tuple[list[str], list[list[str]], list[str]]:
    """What comes first, the batches, and what goes last, each a plan of its own in lines."""
    blocked = any(problem.blocks for problem in made.problems)
    actions = [one for one in made.actions if not (blocked and _goes(one))]
    first = [one for one in actions if one.do in (Do.FOLDER, Do.MOVE)]
    leading = next((index for index, one in enumerate(actions) if not _goes(one)), len(actions))
    early, late = actions[:leading], [one for one in actions[leading:] if _goes(one)]
    middle = [one for one in actions if not _goes(one) and one.do not in (Do.FOLDER, Do.MOVE)]
    return (_lines(made, [*early, *first]), [_lines(made, some) for some in _some(middle, batch)],
            _lines(made, late))


def _goes(action: Action) -> bool:
    return action.do in (Do.DELETE, Do.REMOVE)


def _lines(made: Plan, actions: Iterable[Action]) -> list[str]:
    return list(Plan(made.source, made.target, made.rules, tuple(actions)).lines())


def _some(things: Sequence[Any], count: int) -> Iterator[list[Any]]:
    waiting = iter(things)
    while some := list(islice(waiting, count)):
        yield some


def _telling(tell: Tell, began: float) -> Callable[[int, int], object]:
    def say(done: int, total: int) -> None:
        if tell is not None:
            tell(Event("progress", done=done, total=total, name="batches",
                       seconds=time.monotonic() - began))

    return say


def worker(
    jobs: str,
    *,
    concurrency: int = 1,
    connections: int = 4,
    rate: Rate | None = None,
    options: Options = _no_options,
    until_idle: bool = False,
    stop: threading.Event | None = None,
) -> None:
    """Work on what is in the books, until told to stop.

    Args:
        jobs: the database: ``sqlite:///FILE`` or ``postgresql://…``.
        concurrency: batches that are done at once.
        connections: of each batch.
        rate: at most so many bytes a second, of this process; see `Rates`.
        options: the keywords of the client for a URL: where this machine's passwords come from.
        until_idle: stop when there has been nothing to do for two looks.
        stop: set it to stop; a batch in work is finished by another worker.

    Raises:
        UsageError: the extra ``jobs`` is missing, or the database's URL is none.
    """
    looks: list[bool] = []

    def idle(nothing: bool) -> bool:
        looks.append(nothing)
        return until_idle and looks[-2:] == [True, True]

    with Books(jobs, options=options, concurrency=concurrency, connections=connections,
               rate=rate) as books:
        books.work(stop or threading.Event(), idle)


def map_reduce(
    place: str,
    function: str,
    jobs: str,
    *,
    reduce: str = "",
    rules: Rules | None = None,
    batch: int = BATCH,
    concurrency: int = 1,
    connections: int = 4,
    options: Options = _no_options,
    tell: Tell = None,
) -> tuple[Any, list[tuple[str, str]]]:
    """Call a function for every file of a tree, on as many machines as work; fold the results.

    Args:
        place: URL or path of a folder.
        function: ``module:name``, called with a path and the file's bytes; what it returns is kept
            in the database, so it should be small.
        jobs: the database: ``sqlite:///FILE`` or ``postgresql://…``.
        reduce: ``module:name``, called once with the list of all results; "" gives the list.
        rules: whose filter says which files.
        batch: files of a batch.
        concurrency: batches that this process does at once.
        connections: of listing.
        options: the keywords of the client for a URL.
        tell: called with an `Event` of progress, in batches.

    Returns:
        What *reduce* returned, and each path that failed with what went wrong.
    """
    url = place_of(place)
    ends = Ends(url, url, source_options=options(url), target_options=options(url))
    with ends as (tree, _):
        had = take_inventory(tree, filter_of(rules or Rules()), connections=connections)
    paths = sorted(path for path, mark in had.marks.items() if mark.kind is Kind.FILE)
    began = time.monotonic()
    with Books(jobs, options=options, concurrency=concurrency,
               connections=connections) as books:
        handle = books.start_map_reduce(str(url), function, reduce,
                                        list(_some(paths, max(1, batch))))
        result, problems = books.wait(handle, _telling(tell, began))
    return result, [(path, problem) for path, problem in problems]
