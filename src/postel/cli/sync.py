"""``postel sync``: two trees that both may have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..wire.text import display
from .options import Settings, client_options, output_options, ssh_options, transfer_options
from .render import print_json
from .rules import Telling, ends, print_plan, report_option, rules_options

if TYPE_CHECKING:
    from ..transfer.rates import Rates
    from ..transfer.sync_sync import SyncResult
    from ..transfer.types import Rules

__all__ = ["command"]


@click.command("sync")
@click.argument("first")
@click.argument("second")
@rules_options
@report_option
@transfer_options
@output_options
@ssh_options
@client_options
def command(
    first: str,
    second: str,
    settings: Settings,
    rules: Rules,
    report: str | None,
    limit_rate: Rates | None,
    parallel: int,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Make the folders FIRST and SECOND alike, whichever of them changed.

    The first run of a pair removes nothing. After that, what one side changed or removed goes to
    the other. What both changed is kept twice, on both sides, the second's version under a name
    with "conflict" in it; the exit code is 8 then.
    """
    from ..transfer.places import place_of
    from ..transfer.sync_sync import sync

    ours, theirs = place_of(first), place_of(second)
    keywords = ends(settings, ours, theirs)
    with Telling(settings, as_json=as_json, report=report, verb="sync", first=str(ours),
                 second=str(theirs)) as telling:
        result = sync(ours, theirs, rules=rules, connections=parallel, rate=limit_rate,
                      dry_run=dry_run, tell=telling, first_options=keywords["source_options"],
                      second_options=keywords["target_options"])
        telling.bar.done()
        code = (_shown(result, as_json=as_json) if dry_run
                else _told(result, settings, telling, as_json=as_json))
        if telling.report is not None:
            for conflict in result.conflicts:
                telling.report.write({"event": "conflict", "path": conflict.path,
                                      "kept": conflict.kept})
    for conflict in result.conflicts:
        if as_json:
            print_json({"event": "conflict", "path": conflict.path, "kept": conflict.kept})
        else:
            settings.say(f"conflict  {display(conflict.path)}: the second's version is "
                         f"{display(conflict.kept)}")
    return code or (8 if result.conflicts else 0)


def _shown(result: SyncResult, *, as_json: bool) -> int:
    for plan in result.plans:
        if not as_json:
            click.echo(f"{plan.source} -> {plan.target}")
        print_plan(plan, as_json=as_json)
    return 0


def _told(
    result: SyncResult, settings: Settings, telling: Telling, *, as_json: bool
) -> int:
    codes = []
    for plan, one in zip(result.plans, (result.right, result.left), strict=True):
        if not as_json and (not plan.empty or one.failures):
            settings.say(f"to {plan.target}:")
        if as_json or not plan.empty or one.failures:
            codes.append(telling.summary(one))
    if not codes:
        settings.say(f"{result.same:,} alike, nothing to do")
    return max(codes, default=0)
