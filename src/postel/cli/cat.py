"""``postel cat``: files to the standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ..urls import URL
from .options import Settings, client_options, each, rate_option, ssh_options, throttle

if TYPE_CHECKING:
    from ..transfer.pace_sync import Throttle
    from ..transfer.rates import Rates

__all__ = ["command", "copy_to_screen"]


@click.command("cat")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@rate_option
@ssh_options
@client_options
def command(urls: tuple[str, ...], settings: Settings, limit_rate: Rates | None) -> int:
    """Write files to the standard output, byte for byte."""
    rate = throttle(limit_rate)
    return each(urls, lambda url: copy_to_screen(url, settings, rate), settings)


def copy_to_screen(url: URL, settings: Settings, rate: Throttle | None) -> None:
    """One file to the standard output."""
    from ..transfer.verbs_sync import open_site

    site, path = open_site(url, "read", rate=rate, **settings.client(url))
    with site, site.files.read(path) as file:
        for chunk in file:
            sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
