"""``postel apply``: carry out a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import Settings, client_options, output_options, ssh_options, transfer_options
from .rules import Telling, ends, print_plan, report_option

if TYPE_CHECKING:
    from ..transfer.rates import Rates

__all__ = ["command"]


@click.command("apply")
@click.argument("plan", type=click.Path(exists=True, dir_okay=False))
@report_option
@transfer_options
@output_options
@ssh_options
@client_options
def command(
    plan: str,
    settings: Settings,
    report: str | None,
    limit_rate: Rates | None,
    parallel: int,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Carry out the plan in the file PLAN, which postel plan wrote.

    Each path is looked at first: one that is no longer what the plan says is left alone, and told.
    """
    from ..transfer.mirror_sync import apply
    from ..transfer.places import place_of
    from ..transfer.types import Plan

    with Path(plan).open(encoding="utf-8") as file:
        made = Plan.read(file)
    if dry_run:
        print_plan(made, as_json=as_json)
        return 0
    with Telling(settings, as_json=as_json, report=report, verb="apply", source=made.source,
                 target=made.target) as telling:
        result = apply(made, connections=parallel, rate=limit_rate, tell=telling,
                       **ends(settings, place_of(made.source), place_of(made.target)))
        return telling.summary(result)
