"""``postel cat``: files to the standard output."""

from __future__ import annotations

import sys

import click

from ..urls import URL
from .options import Settings, client_options, location

__all__ = ["command", "copy_to_screen"]


@click.command("cat")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@client_options
def command(urls: tuple[str, ...], settings: Settings) -> None:
    """Write files to the standard output, byte for byte."""
    for text in urls:
        copy_to_screen(location(text), settings)


def copy_to_screen(url: URL, settings: Settings) -> None:
    """One file to the standard output."""
    from ..transfer.verbs_sync import open_site

    site, path = open_site(url, "read", **settings.client(url))
    with site, site.retr(path) as file:
        for chunk in file:
            sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
