"""``postel mirror``: make one tree like another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from .options import Settings, client_options, output_options, ssh_options, transfer_options
from .rules import Telling, ends, options_for, print_plan, report_option, rules_options

if TYPE_CHECKING:
    from ..transfer.rates import Rates
    from ..transfer.types import Rules

__all__ = ["command"]


@click.command("mirror")
@click.argument("source")
@click.argument("target")
@rules_options
@click.option("--jobs", metavar="DATABASE",
              help="Put the work into sqlite:///FILE or postgresql://…, for postel worker to help.")
@click.option("--via", type=click.Choice(["rsync"]),
              help="Let the system's rsync move the bytes, by ssh, where both ends have it.")
@click.option("--no-journal", is_flag=True, help="Neither use nor keep what runs remember.")
@report_option
@transfer_options
@output_options
@ssh_options
@client_options
def command(
    source: str,
    target: str,
    settings: Settings,
    rules: Rules,
    jobs: str | None,
    via: str | None,
    no_journal: bool,
    report: str | None,
    limit_rate: Rates | None,
    parallel: int,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Make the folder TARGET like the folder SOURCE; each is a URL or a path.

    Only what differs is copied; each file gets its name when it is whole and checked, and an
    interrupted run is gone on with by the next. Nothing is removed unless --delete says so.
    """
    from ..transfer.mirror_sync import mirror, plan
    from ..transfer.places import place_of
    from ..transfer.rsync import rsync_mirror, rsync_plan

    ours, theirs = place_of(source), place_of(target)
    by_rsync = via is not None or "rsync" in (ours.scheme, theirs.scheme)
    if jobs is not None and by_rsync:
        raise UsageError("--jobs and rsync: batches move by Postel itself",
                         hint="leave one of the two out")
    keywords = {"rules": rules, "connections": parallel, "rate": limit_rate,
                "journal": not no_journal, **ends(settings, ours, theirs)}
    if dry_run:
        made = rsync_plan(ours, theirs, rules) if by_rsync else plan(ours, theirs, **keywords)
        print_plan(made, as_json=as_json)
        return 1 if any(problem.error for problem in made.problems) else 0
    with Telling(settings, as_json=as_json, report=report, verb="mirror", source=str(ours),
                 target=str(theirs)) as telling:
        if by_rsync:
            result = rsync_mirror(ours, theirs, rules, rate=limit_rate, tell=telling)
        elif jobs is not None:
            from ..transfer.jobs import mirror as mirror_by_jobs

            result = mirror_by_jobs(
                str(ours), str(theirs), jobs, rules=rules, connections=parallel, tell=telling,
                rate=limit_rate, options=lambda url: options_for(settings, url))
        else:
            result = mirror(ours, theirs, tell=telling, **keywords)
        return telling.summary(result)
