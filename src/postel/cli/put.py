"""``postel put``: files and folders to a server."""

from __future__ import annotations

from pathlib import Path

import click

from ..urls import URL
from ..wire.names import joined
from ..wire.text import display
from .get import tell
from .options import Settings, client_options, location, output_options, transfer_options
from .render import Bar, Throttle, print_json, size

__all__ = ["command"]


@click.command("put")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True), metavar="FILE...")
@click.argument("url")
@click.option("-r", "--recursive", is_flag=True, help="Store folders, with all below them.")
@click.option("-c", "--continue", "resume", is_flag=True,
              help="Go on after what an interrupted run stored.")
@click.option("--inplace", is_flag=True,
              help="Write to the final name at once, where nobody may rename.")
@transfer_options
@output_options
@client_options
def command(
    files: tuple[str, ...],
    url: str,
    settings: Settings,
    recursive: bool,
    resume: bool,
    inplace: bool,
    limit_rate: int | None,
    parallel: int,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Store files at URL, and with -r folders.

    A URL that ends in "/" is a folder; several files need one. A file is sent under a temporary
    name, measured there, and renamed.
    """
    goal = location(url)
    paths = [Path(name) for name in files]
    if len(paths) > 1 and not goal.path.endswith("/"):
        goal = goal.with_(path=goal.path + "/")
    if dry_run:
        for path in paths:
            click.echo(f"would put {path} to {goal}")
        return 0
    bar = Bar(False if settings.quiet or as_json else None,
              Throttle(limit_rate) if limit_rate else None)
    return _store(paths, goal, settings, bar, recursive=recursive, resume=resume,
                  inplace=inplace, parallel=parallel, as_json=as_json)


def _store(paths: list[Path], goal: URL, settings: Settings, bar: Bar, *, recursive: bool,
           resume: bool, inplace: bool, parallel: int, as_json: bool) -> int:
    from ..transfer.verbs_sync import open_site

    site, place = open_site(goal, "write", **settings.client(goal))
    worst = 0
    with site:
        for path in paths:
            if path.is_dir() and not recursive:
                settings.say(f"{path}: is a folder, left out (-r takes folders)")
                worst = 1
            elif path.is_dir():
                there = joined(place.rstrip("/"), path.name) if place.endswith("/") else place
                done = site.upload_tree(path, there, connections=parallel, progress=bar,
                                        inplace=inplace)
                bar.done()
                worst = max(worst, tell(done, settings, as_json))
            else:
                count = site.upload(path, place, resume=resume, inplace=inplace, progress=bar)
                bar.done()
                if as_json:
                    print_json({"path": str(path), "url": str(goal), "size": count})
                else:
                    settings.say(f"{display(str(path))}  {size(count)}")
    return worst
