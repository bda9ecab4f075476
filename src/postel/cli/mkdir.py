"""``postel mkdir``: folders."""

from __future__ import annotations

import click

from .options import Settings, client_options, location

__all__ = ["command"]


@click.command("mkdir")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("-p", "--parents", is_flag=True, help="Also those above; an existing one is fine.")
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@client_options
def command(urls: tuple[str, ...], settings: Settings, parents: bool, dry_run: bool) -> None:
    """Make folders."""
    from ..transfer.verbs_sync import mkdir

    for text in urls:
        url = location(text)
        if dry_run:
            click.echo(f"would make {url}")
        else:
            mkdir(url, parents=parents, **settings.client(url))
