"""``postel check``: whether two trees are alike, to the byte."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from ..wire.text import display
from .options import Settings, client_options, output_options, rate_option, ssh_options
from .render import print_json
from .rules import ends, print_plan, report_option, rules_options

if TYPE_CHECKING:
    from ..transfer.rates import Rates
    from ..transfer.types import Rules

__all__ = ["command"]


@click.command("check")
@click.argument("source")
@click.argument("target")
@rules_options
@click.option("--one-way", is_flag=True, help="What the target alone has is no difference.")
@click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True,
              metavar="N", help="Connections at once, on each side.")
@rate_option
@report_option
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
    limit_rate: Rates | None,
    report: str | None,
    as_json: bool,
) -> int:
    """Compare the folders SOURCE and TARGET, by digest unless --compare says otherwise.

    SOURCE may also be a list of digests (SHA256SUMS and its kin) or a Metalink; TARGET is then the
    folder that its names are seen from.

    Exit code 0 means that they are alike, 6 that they differ, 1 that not all could be read.
    """
    from ..transfer.mirror_sync import check
    from ..transfer.places import place_of
    from ..transfer.types import Compare, Delete

    if _is_list(ours_name := place_of(source).path.rpartition("/")[2]):
        return _sums(source, target, ours_name, settings, report, limit_rate, parallel,
                     as_json=as_json)
    context = click.get_current_context()
    if context.get_parameter_source("compare") is click.core.ParameterSource.DEFAULT:
        rules = replace(rules, compare=Compare.DIGEST)
    rules = replace(rules, delete=Delete.NO if one_way else Delete.AFTER, allow_empty=True)
    ours, theirs = place_of(source), place_of(target)
    made = check(ours, theirs, rules=rules, connections=parallel, rate=limit_rate,
                 **ends(settings, ours, theirs))
    if report is not None:
        from ..transfer.report_file import ReportFile

        with ReportFile(report, verb="check", source=str(ours), target=str(theirs)) as file:
            file.plan(made)
    if as_json:
        print_json({"alike": made.same, "differ": len(made.actions),
                    "problems": len(made.problems)})
    if made.actions or made.problems:
        print_plan(made, as_json=as_json)
    elif not as_json:
        settings.say(f"{made.same:,} files, all alike")
    return 1 if made.problems else 6 if made.actions else 0


def _is_list(name: str) -> bool:
    from ..transfer.sums import is_list_of_sums

    return is_list_of_sums(name) or name.endswith(".meta4")


def _sums(
    source: str, target: str, name: str, settings: Settings, report: str | None,
    rate: Rates | None, parallel: int, *, as_json: bool,
) -> int:
    from ..transfer.check_sync import check_sums
    from ..transfer.places import place_of

    ours, theirs = place_of(source), place_of(target)
    result = check_sums(ours, theirs, connections=parallel, rate=rate,
                        **ends(settings, ours, theirs))
    if report is not None:
        from ..transfer.report_file import ReportFile

        with ReportFile(report, verb="check", source=str(ours), target=str(theirs)) as file:
            for path in result.good:
                file.write({"event": "good", "path": path})
            for path, error in result.bad:
                file.write({"event": "bad", "path": path, "class": type(error).__name__,
                            "error": str(error)})
            file.write({"event": "end", "good": len(result.good), "bad": len(result.bad)})
    for _, error in result.bad:
        settings.fail(error, as_json=as_json)
    if as_json:
        print_json({"list": name, "good": len(result.good),
                    "bad": [path for path, _ in result.bad]})
    else:
        settings.say(f"{len(result.good):,} files are what {display(name)} says, "
                     f"{len(result.bad):,} are not")
    return 6 if result.bad else 0
