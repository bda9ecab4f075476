"""``postel ls``: what is in a folder."""

from __future__ import annotations

import click

from ..urls import URL
from .options import Settings, client_options, each, output_options, ssh_options
from .render import print_entries

__all__ = ["command"]


@click.command("ls")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("-l", "--long", "long", is_flag=True, help="Also permissions, size and time.")
@click.option("-b", "--bytes", "exact", is_flag=True, help="Sizes in bytes.")
@output_options
@ssh_options
@client_options
def command(
    urls: tuple[str, ...], settings: Settings, long: bool, exact: bool, as_json: bool
) -> int:
    """List folders, by name. Folders end in "/"."""
    from ..transfer.verbs_sync import ls

    def one(url: URL) -> None:
        entries = ls(url, **settings.client(url))
        if len(urls) > 1 and not as_json:
            click.echo(f"{url}:")
        print_entries(entries, long=long or exact, exact=exact, as_json=as_json)

    return each(urls, one, settings, as_json=as_json)
