"""``postel mkdir``: folders."""

from __future__ import annotations

import click

from ..urls import URL
from .options import Settings, client_options, each, output_options, ssh_options
from .render import would

__all__ = ["command"]


@click.command("mkdir")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("-p", "--parents", is_flag=True, help="Also those above; an existing one is fine.")
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@output_options
@ssh_options
@client_options
def command(
    urls: tuple[str, ...], settings: Settings, parents: bool, dry_run: bool, as_json: bool
) -> int:
    """Make folders."""
    from ..transfer.verbs_sync import mkdir

    def one(url: URL) -> None:
        if dry_run:
            would("make", str(url), as_json=as_json)
        else:
            mkdir(url, parents=parents, **settings.client(url))

    return each(urls, one, settings, as_json=as_json)
