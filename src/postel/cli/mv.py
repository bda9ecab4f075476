"""``postel mv``: another name."""

from __future__ import annotations

import click

from .options import Settings, client_options, location, output_options, ssh_options
from .render import would

__all__ = ["command"]


@click.command("mv")
@click.argument("url")
@click.argument("new", metavar="NEW")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@output_options
@ssh_options
@client_options
def command(url: str, new: str, settings: Settings, dry_run: bool, as_json: bool) -> None:
    """Give a file or folder another name on the same server.

    NEW is a path there; without a slash it is a name in the same folder.
    """
    from ..transfer.verbs_sync import rename

    goal = location(url)
    if dry_run:
        would("rename", str(goal), as_json=as_json, to=new)
        return
    rename(goal, new, **settings.client(goal))
