"""``postel rm``: files and folders away."""

from __future__ import annotations

import click

from ..urls import URL
from .get import tell
from .options import Settings, client_options, each, output_options, ssh_options
from .render import would

__all__ = ["command"]


@click.command("rm")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("-r", "--recursive", is_flag=True, help="Folders too, with all below them.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@output_options
@ssh_options
@client_options
def command(
    urls: tuple[str, ...], settings: Settings, recursive: bool, dry_run: bool, as_json: bool
) -> int:
    """Remove files, and with -r folders. Links are removed, never followed."""
    from ..transfer.verbs_sync import open_site

    def one(url: URL) -> int:
        if dry_run:
            below = {"with": "all below it"} if recursive else {}
            would("remove", str(url), as_json=as_json, **below)
            return 0
        site, path = open_site(url, "remove", **settings.client(url))
        with site:
            if recursive:
                return tell(site.rmtree(path), settings, as_json)
            site.files.remove(path)
        return 0

    return each(urls, one, settings, as_json=as_json)
