"""``postel stat``: what a URL leads to."""

from __future__ import annotations

import click

from ..urls import URL
from .options import Settings, client_options, each, output_options, ssh_options
from .render import entry_line, entry_record, print_json

__all__ = ["command"]


@click.command("stat")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@output_options
@ssh_options
@client_options
def command(urls: tuple[str, ...], settings: Settings, as_json: bool) -> int:
    """Tell kind, size, time and permissions of files and folders."""
    from ..transfer.verbs_sync import stat

    def one(url: URL) -> None:
        entry = stat(url, **settings.client(url))
        if as_json:
            print_json({"url": str(url), **entry_record(entry)})
        else:
            click.echo(entry_line(entry, exact=True))

    return each(urls, one, settings, as_json=as_json)
