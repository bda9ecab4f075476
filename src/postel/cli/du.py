"""``postel du``: how much is in a folder."""

from __future__ import annotations

import click

from ..wire.text import display
from .options import Settings, client_options, location, output_options, ssh_options
from .render import print_json, size
from .walking import Walk, parallel_option

__all__ = ["command"]


@click.command("du")
@click.argument("url")
@click.option("-b", "--bytes", "exact", is_flag=True, help="Sizes in bytes.")
@parallel_option
@output_options
@ssh_options
@client_options
def command(url: str, settings: Settings, exact: bool, parallel: int, as_json: bool) -> int:
    """Add up the files below a folder: each folder's own, then all together."""
    walk = Walk(location(url), settings, parallel, as_json=as_json)
    files = total = 0
    for folder, entries in walk.folders():
        own = [entry.size or 0 for entry in entries if entry.is_file]
        files, total = files + len(own), total + sum(own)
        if as_json:
            print_json({"folder": display(folder), "files": len(own), "size": sum(own)})
        else:
            count = str(sum(own)) if exact else size(sum(own))
            click.echo(f"{count:>12}  {display(folder) or '.'}")
    if as_json:
        print_json({"files": files, "size": total})
    else:
        click.echo(f"{str(total) if exact else size(total):>12}  in {files} files")
    return walk.code
