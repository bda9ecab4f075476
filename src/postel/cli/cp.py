"""``postel cp``: files and folders from anywhere to anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..errors import PostelError, UsageError
from ..wire.text import display
from .options import (
    Settings,
    client_options,
    output_options,
    ssh_options,
    throttle,
    transfer_options,
)
from .rules import Telling, ends, print_plan, report_option

if TYPE_CHECKING:
    from ..transfer.rates import Rates
    from ..urls import URL

__all__ = ["command"]


@click.command("cp")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.argument("target")
@click.option("-r", "--recursive", is_flag=True, help="Copy folders, with all below them.")
@click.option("--verify", type=click.Choice(["size", "digest", "reread"]), default="size",
              show_default=True, help="How each copy is checked before it gets its name.")
@click.option("--inplace", is_flag=True, help="Write to final names, where nobody may rename.")
@click.option("--segments", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N",
              help="Connections for one large file that comes to this machine, where each is slow "
                   "for itself.")
@click.option("--tries", type=click.IntRange(1, 1000), default=3, show_default=True, metavar="N",
              help="How often one file is begun without coming any further.")
@report_option
@transfer_options
@output_options
@ssh_options
@client_options
def command(
    sources: tuple[str, ...],
    target: str,
    settings: Settings,
    recursive: bool,
    verify: str,
    inplace: bool,
    segments: int,
    tries: int,
    report: str | None,
    limit_rate: Rates | None,
    parallel: int,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Copy each SOURCE to TARGET; both are URLs or paths.

    A TARGET that ends in "/", or is a folder, gets the sources under their own names. Between two
    servers the bytes pass through here; within one that copies by itself they do not travel.
    """
    from ..transfer.places import place_of

    if len(sources) > 1 and not target.endswith("/"):
        target += "/"
    places = [place_of(source) for source in sources]
    goal = place_of(target)
    if target.endswith("/") and not goal.path.endswith("/"):
        goal = goal.with_(path=f"{goal.path}/")
    keywords = {"recursive": recursive, "connections": parallel, "verify": verify,
                "inplace": inplace, "segments": segments, "tries": tries}
    if dry_run:
        return _show(places, goal, settings, keywords, as_json=as_json)
    with Telling(settings, as_json=as_json, report=report, verb="cp", target=str(goal)) as telling:
        return _copy(places, goal, settings, telling, {**keywords, "rate": throttle(limit_rate)},
                     as_json=as_json)


def _show(
    places: list[URL], goal: URL, settings: Settings, keywords: dict[str, Any], *, as_json: bool
) -> int:
    """What would be done."""
    from ..transfer.copy_sync import plan_copy

    for place in places:
        made = plan_copy(place, goal, **keywords, **ends(settings, place, goal))
        if not as_json:
            click.echo(f"{display(made.source)} -> {display(made.target)}")
        print_plan(made, as_json=as_json)
    return 0


def _copy(
    places: list[URL], goal: URL, settings: Settings, telling: Telling, keywords: dict[str, Any],
    *, as_json: bool,
) -> int:
    """Copy each of *places*; of several, one that fails is told, and the others go on."""
    from ..transfer.copy_sync import copy

    worst = 0
    for place in places:
        try:
            result = copy(place, goal, tell=telling, **keywords, **ends(settings, place, goal))
            if len(places) == 1 and not keywords["recursive"] and result.failures:
                raise result.failures[0][1]  # the one file there is: its error says what it was
        except PostelError as error:
            telling.bar.done()
            if len(places) == 1 or isinstance(error, UsageError):
                raise
            settings.fail(error, as_json=as_json)
            worst = 1
        else:
            worst = max(worst, telling.summary(result))
    return worst
