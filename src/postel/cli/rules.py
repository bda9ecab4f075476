"""The options of verbs that make two trees alike, and the rules they make."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self, TypeVar

import click

from ..errors import PostelError, UsageError
from ..wire.text import display
from .options import Settings, parse_size
from .render import Bar, duration, print_json, size

if TYPE_CHECKING:
    from ..transfer.report_file import ReportFile
    from ..transfer.types import Action, Event, Plan, Result, Rules
    from ..urls import URL

__all__ = ["Telling", "ends", "options_for", "print_plan", "report_option",
           "rules_options", "summary"]

F = TypeVar("F", bound=Callable[..., Any])


def _most(ctx: click.Context, param: click.Parameter, value: str | None) -> int | str | None:
    return int(value) if value is not None and value.isascii() and value.isdigit() else value


_AGES = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

_RULES = (
    click.option("--compare", type=click.Choice(["time", "size", "digest", "newer", "missing"]),
                 default="time", show_default=True,
                 help="How a difference is told: by size and time, by size, by digest; newer: but "
                      "what is newer there stays; missing: only what is not there."),
    click.option("--delete", "delete", is_flag=True,
                 help="Remove what the source does not have, at the end, if all went well."),
    click.option("--delete-before", is_flag=True, help="The same, but at the beginning."),
    click.option("--max-delete", metavar="N", callback=_most,
                 help="Do nothing at all if more than N paths would go, or N% of what is there."),
    click.option("--allow-empty", is_flag=True,
                 help="A source without files may empty the target."),
    click.option("--backup-dir", "backup", default="", metavar="FOLDER",
                 help="What is replaced or removed goes to this folder of the target."),
    click.option("--links", type=click.Choice(["copy", "follow", "skip"]), default="copy",
                 show_default=True, help="Symbolic links: as links, as what they lead to, or not."),
    click.option("--times/--no-times", default=True, help="Give files the source's times."),
    click.option("--modes", is_flag=True, help="Give files the source's permissions."),
    click.option("--verify", type=click.Choice(["size", "digest", "reread"]), default="size",
                 show_default=True, help="How each copy is checked before it gets its name."),
    click.option("--inplace", is_flag=True, help="Write to final names, where nobody may rename."),
    click.option("--fsync/--no-fsync", "durable", default=True,
                 help="Wait for this machine's disk before a file gets its name."),
    click.option("--segments", type=click.IntRange(1, 64), default=1, show_default=True,
                 metavar="N", help="Connections for one large file that comes to this machine, "
                                   "where each is slow for itself."),
    click.option("--tries", type=click.IntRange(1, 1000), default=3, show_default=True,
                 metavar="N", help="How often one file is begun without coming any further."),
    click.option("--fxp", is_flag=True,
                 help="Two FTP servers send to each other, in the clear; most refuse."),
    click.option("--window", type=click.FloatRange(min=0), metavar="SECONDS",
                 help="Times that differ by less are the same; else what both ends keep decides."),
    click.option("--escape", is_flag=True,
                 help="Names that the target cannot hold are written as %XX there."),
    click.option("-f", "--filter", "filters", multiple=True, metavar="RULE",
                 help="Leave out what matches, as in .gitignore; \"!RULE\" takes it back in; the "
                      "last that matches decides. May be repeated."),
    click.option("--filter-from", "filter_files", multiple=True, metavar="FILE",
                 type=click.Path(exists=True, dir_okay=False), help="Rules from a file, first."),
    click.option("--files-from", metavar="FILE", type=click.File("rb"),
                 help="Only the paths in this file, one a line or each with a NUL behind it; \"-\" "
                      "is the standard input."),
    click.option("--min-size", metavar="SIZE", help="Leave out smaller files: 10K, 2M."),
    click.option("--max-size", metavar="SIZE", help="Leave out larger files."),
    click.option("--min-age", metavar="AGE", help="Leave out younger files: 90s, 2h, 3d, a date."),
    click.option("--max-age", metavar="AGE", help="Leave out older files."),
    click.option("--explain", metavar="PATH",
                 help="Say which rule takes PATH or leaves it out, and do nothing."),
)


def rules_options(function: F) -> F:
    """Give a verb the options of the rules; it is called with ``rules``."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        said = {name: kwargs.pop(name) for name in (
            "compare", "delete", "delete_before", "max_delete", "allow_empty", "backup", "links",
            "times", "modes", "verify", "inplace", "durable", "segments", "tries", "fxp", "window",
            "escape", "filters", "files_from", "filter_files", "min_size", "max_size", "min_age",
            "max_age")}
        rules = _rules(**said)
        explain = kwargs.pop("explain")
        if explain is not None:
            return _explain(rules, explain)
        return function(*args, rules=rules, **kwargs)

    for option in reversed(_RULES):
        call = option(call)
    return call  # type: ignore[return-value]


def _rules(
    *, delete: bool, delete_before: bool, filters: tuple[str, ...],
    filter_files: tuple[str, ...], files_from: BinaryIO | None, min_size: str | None,
    max_size: str | None, min_age: str | None, max_age: str | None, **said: Any,
) -> Rules:
    from ..transfer.types import Compare, Delete, Links, Rules, Verify

    lines = [line for name in filter_files for line in Path(name).read_text("utf-8").splitlines()]
    return Rules(
        compare=Compare(said.pop("compare")), links=Links(said.pop("links")),
        verify=Verify(said.pop("verify")),
        delete=(Delete.BEFORE if delete_before else Delete.AFTER if delete else Delete.NO),
        filter=(*lines, *filters), only=None if files_from is None else _listed(files_from),
        smallest=parse_size(min_size) if min_size else None,
        largest=parse_size(max_size) if max_size else None,
        before=_moment(min_age) if min_age else None,
        after=_moment(max_age) if max_age else None, **said)


def _listed(file: BinaryIO) -> tuple[str, ...]:
    """The paths of a list, as find -print0 or a person writes it."""
    text = os.fsdecode(file.read())
    found = text.split("\0") if "\0" in text else text.splitlines()
    return tuple(path.removeprefix("./") for path in found if path.strip("/"))


def _moment(text: str) -> datetime:
    """The moment that an age, or a date, means."""
    if text[-1:] in _AGES and text[:-1].replace(".", "", 1).isdigit():
        return datetime.now(UTC) - timedelta(seconds=float(text[:-1]) * _AGES[text[-1]])
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no age",
                         hint="90s, 20m, 2h, 3d, 1w, or 2026-01-31") from None
    return when if when.tzinfo else when.astimezone()


def _explain(rules: Rules, path: str) -> int:
    from ..transfer.planner_sync import filter_of

    decided = filter_of(rules).explain(path.strip("/"), folder=path.endswith("/"))
    click.echo(f"{'in ' if decided.included else 'out'}  {display(path)}  {decided.reason}")
    return 0


def ends(settings: Settings, source: URL, target: URL) -> dict[str, Any]:
    """The keywords of both clients of a run."""
    return {"source_options": options_for(settings, source),
            "target_options": options_for(settings, target)}


def options_for(settings: Settings, url: URL) -> dict[str, Any]:
    """The keywords of the client for one URL."""
    return {} if url.scheme == "file" else settings.client(url)


def print_plan(plan: Plan, *, as_json: bool) -> None:
    """Each action on a line, then what it comes to."""
    if as_json:
        for line in plan.lines():
            click.echo(line)
        return
    for action in plan.actions:
        click.echo(action_line(action))
    for problem in plan.problems:
        click.echo(f"{'left out':8}  {display(problem.path or '.')}  {display(problem.reason)}")
    counts = ", ".join(f"{count:,} {do.value}" for do, count in plan.counts.items())
    click.echo(f"{counts or 'nothing to do'}; {plan.same:,} alike; {size(plan.size)} to move")


def action_line(action: Action) -> str:
    """One action for people."""
    name = display(action.path)
    if action.to:
        name += f" as {display(action.to)}"
    amount = f"  {size(action.size)}" if action.size else ""
    return f"{action.do.value:8}  {name}{amount}  {display(action.reason)}"


def report_option(function: F) -> F:
    """The option of verbs that may keep a report; see `Telling`."""
    return click.option(
        "--report", "report", metavar="FILE", type=click.Path(dir_okay=False, writable=True),
        help="Write what happens to this file, a JSON object a line.")(function)


class Telling:
    """Tells of a run while it goes on: a bar for people, a line for programs, a report for later.

    Args:
        settings: of the command.
        as_json: whether events are written as JSON lines.
        report: a file for them, which is closed by `done`.
        about: what the report begins with: source, target …
    """

    def __init__(
        self, settings: Settings, *, as_json: bool, report: str | None = None, **about: str
    ) -> None:
        self._settings, self._json = settings, as_json
        self.bar = Bar(False if settings.quiet or as_json else None)
        self.report: ReportFile | None = None
        if report is not None:
            from ..transfer.report_file import ReportFile

            self.report = ReportFile(report, **about)

    def __call__(self, event: Event) -> None:
        """One event."""
        from ..types import Progress

        if self.report is not None:
            self.report(event)
        if event.what == "progress":
            self.bar(Progress(event.name, event.done, event.total, event.seconds))
        elif self._json and event.what in ("done", "failed", "retry") and event.action is not None:
            print_json({"event": event.what, "do": event.action.do.value,
                        "path": event.action.path, "size": event.done,
                        "verified": event.verified.value if event.verified else None,
                        "error": str(event.error) if event.error else None,
                        "seconds": round(event.seconds, 3)})
        elif self._settings.verbose and event.action is not None and event.what in ("done",
                                                                                     "retry"):
            self.bar.done()
            why = f"  again, as {display(str(event.error))}" if event.what == "retry" else ""
            click.echo(f"{action_line(event.action)}{why}", err=True)

    def done(self) -> None:
        """The run is over, however it ended."""
        self.bar.done()
        if self.report is not None:
            self.report.close()

    def summary(self, result: Result) -> int:
        """Say what became of a run; return the exit code."""
        self.bar.done()
        if self.report is not None:
            self.report.result(result)
        return summary(result, self._settings, as_json=self._json)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.done()


def summary(result: Result, settings: Settings, *, as_json: bool) -> int:
    """Say what became of a run; return the exit code."""
    for path, error in result.failures:
        if isinstance(error, PostelError):
            settings.fail(error, as_json=as_json)
        else:
            settings.fail(PostelError(f"{path}: {error}"), as_json=as_json)
    if as_json:
        from ..transfer.records import result_record

        print_json(dict(result_record(result)))
        return 0 if result.ok else 1
    parts = [f"{count:,} {do.value}" for do, count in result.done.items()]
    parts += [f"{result.same:,} alike"] if result.same or not parts else []
    parts += [f"{len(result.failures):,} failed"] if result.failures else []
    rate = f" in {duration(result.seconds)}" if result.seconds >= 1 else ""
    settings.say(f"{', '.join(parts)}; {size(result.size)}{rate}")
    if result.deleted_not:
        settings.say(f"{result.deleted_not:,} deletions were left out, as not everything could be "
                     "read or copied")
    return 0 if result.ok else 1
