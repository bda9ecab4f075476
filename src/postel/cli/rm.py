"""``postel rm``: files and folders away."""

from __future__ import annotations

import click

from ..errors import PostelError
from .get import tell
from .main import report
from .options import Settings, client_options, location, output_options

__all__ = ["command"]


@click.command("rm")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("-r", "--recursive", is_flag=True, help="Folders too, with all below them.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@output_options
@client_options
def command(
    urls: tuple[str, ...], settings: Settings, recursive: bool, dry_run: bool, as_json: bool
) -> int:
    """Remove files, and with -r folders. Links are removed, never followed."""
    from ..transfer.verbs_sync import open_site

    worst = 0
    for text in urls:
        url = location(text)
        if dry_run:
            click.echo(f"would remove {url}{' and all below it' if recursive else ''}")
            continue
        site, path = open_site(url, "remove", **settings.client(url))
        try:
            with site:
                if recursive:
                    worst = max(worst, tell(site.rmtree(path), settings, as_json))
                else:
                    site.dele(path)
        except PostelError as error:
            if len(urls) == 1:
                raise
            report(error, as_json=as_json)
            worst = 1
    return worst
