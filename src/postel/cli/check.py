"""``postel check``: whether two trees are alike, to the byte."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from .options import Settings, client_options, output_options, ssh_options
from .render import print_json
from .rules import ends, print_plan, rules_options

if TYPE_CHECKING:
    from ..transfer.types import Rules

__all__ = ["command"]


@click.command("check")
@click.argument("source")
@click.argument("target")
@rules_options
@click.option("--one-way", is_flag=True, help="What the target alone has is no difference.")
@click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True,
              metavar="N", help="Connections at once, on each side.")
@output_options
@ssh_options
@client_options
def command(
    source: str,
    target: str,
    settings: Settings,
    rules: Rules,
    one_way: bool,
    parallel: int,
    as_json: bool,
) -> int:
    """Compare the folders SOURCE and TARGET, by digest unless --compare says otherwise.

    Exit code 0 means that they are alike, 6 that they differ, 1 that not all could be read.
    """
    from ..transfer.mirror_sync import check
    from ..transfer.places import place_of
    from ..transfer.types import Compare, Delete

    context = click.get_current_context()
    if context.get_parameter_source("compare") is click.core.ParameterSource.DEFAULT:
        rules = replace(rules, compare=Compare.DIGEST)
    rules = replace(rules, delete=Delete.NO if one_way else Delete.AFTER, allow_empty=True)
    ours, theirs = place_of(source), place_of(target)
    made = check(ours, theirs, rules=rules, connections=parallel, **ends(settings, ours, theirs))
    if as_json:
        print_json({"alike": made.same, "differ": len(made.actions),
                    "problems": len(made.problems)})
    if made.actions or made.problems:
        print_plan(made, as_json=as_json)
    elif not as_json:
        settings.say(f"{made.same:,} files, all alike")
    return 1 if made.problems else 6 if made.actions else 0
