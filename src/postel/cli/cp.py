"""``postel cp``: files and folders from anywhere to anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..errors import PostelError, UsageError
from .options import (
    Settings,
    client_options,
    output_options,
    ssh_options,
    throttle,
    transfer_options,
)
from .render import would
from .rules import Telling, ends, summary

if TYPE_CHECKING:
    from ..transfer.rates import Rates

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
    limit_rate: Rates | None,
    parallel: int,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Copy each SOURCE to TARGET; both are URLs or paths.

    A TARGET that ends in "/", or is a folder, gets the sources under their own names. Between two
    servers the bytes pass through here; within one that copies by itself they do not travel.
    """
    from ..transfer.copy_sync import copy
    from ..transfer.places import place_of

    if len(sources) > 1 and not target.endswith("/"):
        target += "/"
    places = [place_of(source) for source in sources]
    goal = place_of(target)
    if target.endswith("/") and not goal.path.endswith("/"):
        goal = goal.with_(path=f"{goal.path}/")
    worst, rate = 0, throttle(limit_rate)
    for place in places:
        if dry_run:
            would("cp", str(place), as_json=as_json, to=str(goal))
            continue
        telling = Telling(settings, as_json=as_json)
        try:
            result = copy(place, goal, recursive=recursive, connections=parallel, rate=rate,
                          verify=verify, inplace=inplace, segments=segments,
                          tries=tries, tell=telling,
                          **ends(settings, place, goal))
            telling.bar.done()
            worst = max(worst, summary(result, settings, as_json=as_json))
        except UsageError:
            raise
        except PostelError as error:
            telling.bar.done()
            if len(places) == 1:
                raise
            settings.fail(error, as_json=as_json)
            worst = 1
    return worst
