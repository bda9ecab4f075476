"""Events and results as records: what a line of JSON says of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import PostelError
from .types import Action, Event, Plan, Result

__all__ = ["event_record", "plan_record", "result_record"]


def event_record(event: Event) -> dict[str, object]:
    """An event, without what is empty.

    Example:
        >>> event_record(Event("progress", done=5, total=10, name="a.txt", seconds=1.0))
        {'event': 'progress', 'name': 'a.txt', 'size': 5, 'total': 10, 'seconds': 1.0}
    """
    made: dict[str, object] = {"event": event.what}
    if event.action is not None:
        made |= _of_action(event.action)
    if event.name:
        made["name"] = event.name
    if event.done:
        made["size"] = event.done
    if event.total is not None and event.what not in ("done", "failed"):
        made["total"] = event.total
    if event.verified is not None:
        made["verified"] = event.verified.value
    if event.error is not None:
        made |= _of_error(event.error)
    made["seconds"] = round(event.seconds, 3)
    return made


def _of_action(action: Action) -> dict[str, object]:
    made: dict[str, object] = {"do": action.do.value, "path": action.path}
    if action.to:
        made["to"] = action.to
    return made


def _of_error(error: Exception) -> dict[str, object]:
    """What went wrong: its class is what a program looks at, its words are for people."""
    made: dict[str, object] = {"class": type(error).__name__, "error": str(error.args[0])
                               if error.args else str(error)}
    if isinstance(error, PostelError):
        made["exit_code"] = error.exit_code
        if error.hint:
            made["hint"] = error.hint
    return made


def result_record(result: Result) -> dict[str, object]:
    """What became of a run: counts.

    Example:
        >>> result_record(Result(same=3))["same"]
        3
    """
    return {"event": "end", "done": {do.value: count for do, count in result.done.items()},
            "size": result.size, "same": result.same, "failed": len(result.failures),
            "deletions_left_out": result.deleted_not,
            "verified": {one.value: count for one, count in result.verified.items()},
            "seconds": round(result.seconds, 3)}


def plan_record(plan: Plan) -> Sequence[dict[str, object]]:
    """What differs, as a check tells it: a record for each path, then the counts."""
    made: list[dict[str, object]] = [
        {"event": "differs", **_of_action(action), "reason": action.reason}
        for action in plan.actions]
    made += [{"event": "problem", "path": problem.path, "reason": problem.reason,
              **(_of_error(problem.error) if problem.error else {})} for problem in plan.problems]
    return [*made, {"event": "end", "alike": plan.same, "differ": len(plan.actions),
                    "problems": len(plan.problems)}]
