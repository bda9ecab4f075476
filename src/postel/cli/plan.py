"""``postel plan``: what a mirror would do, to be looked at, kept and applied."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import Settings, client_options, output_options, rate_option, ssh_options
from .render import size
from .rules import ends, print_plan, rules_options

if TYPE_CHECKING:
    from ..transfer.rates import Rates
    from ..transfer.types import Rules

__all__ = ["command"]


@click.command("plan")
@click.argument("source")
@click.argument("target")
@rules_options
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE",
              help="Write the plan to this file, for postel apply.")
@click.option("--no-journal", is_flag=True, help="Do not use what runs remember.")
@click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True,
              metavar="N", help="Connections at once, on each side.")
@rate_option
@output_options
@ssh_options
@client_options
def command(
    source: str,
    target: str,
    settings: Settings,
    rules: Rules,
    output: str | None,
    no_journal: bool,
    parallel: int,
    limit_rate: Rates | None,
    as_json: bool,
) -> int:
    """Show what would make the folder TARGET like the folder SOURCE, and do nothing.

    The plan that -o keeps holds no passwords; postel apply carries it out, path by path, as far
    as both ends still are what it says.
    """
    from ..transfer.mirror_sync import plan
    from ..transfer.places import place_of

    ours, theirs = place_of(source), place_of(target)
    made = plan(ours, theirs, rules=rules, connections=parallel, journal=not no_journal,
                rate=limit_rate, **ends(settings, ours, theirs))
    if output is None:
        print_plan(made, as_json=as_json)
    else:
        Path(output).write_text("".join(f"{line}\n" for line in made.lines()), "utf-8")
        settings.say(f"{output}: {len(made.actions):,} actions, {size(made.size)} to move")
    return 1 if any(problem.error for problem in made.problems) else 0
