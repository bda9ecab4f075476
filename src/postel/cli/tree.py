"""``postel tree``: a folder and all below it, drawn."""

from __future__ import annotations

import click

from ..session.trees_sync import is_one
from ..types import Entry
from ..wire.names import joined
from ..wire.text import display
from .options import Settings, client_options, location, output_options, ssh_options
from .render import entry_record, print_json, size

__all__ = ["command"]


@click.command("tree")
@click.argument("url")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="Go no deeper.")
@output_options
@ssh_options
@client_options
def command(url: str, settings: Settings, depth: int | None, as_json: bool) -> None:
    """Draw a folder and all below it; links are shown, not followed."""
    from ..transfer.verbs_sync import open_site

    goal = location(url)
    site, path = open_site(goal, "list", **settings.client(goal))
    folders: dict[str, list[Entry]] = {}
    with site:
        for folder, entries in site.walk(path):
            if depth is not None and _level(folder, path) >= depth:
                break  # folders come level by level
            folders[folder] = sorted(entries, key=lambda entry: entry.name)
            if as_json:
                for entry in folders[folder]:
                    print_json({"folder": display(folder), **entry_record(entry)})
    if not as_json:
        click.echo(display(path) or ".")
        _draw(folders, path, "", depth)


def _level(folder: str, top: str) -> int:
    """How far *folder* is below *top*."""
    below = folder.removeprefix(top).strip("/")
    return below.count("/") + 1 if below else 0


def _draw(folders: dict[str, list[Entry]], path: str, margin: str, depth: int | None) -> None:
    entries = folders.get(path, [])
    for entry in entries:
        last = entry is entries[-1]
        what = "/" if entry.is_folder else f"  {size(entry.size)}" if entry.is_file else ""
        link = f" -> {display(entry.target)}" if entry.target else ""
        click.echo(f"{margin}{'└── ' if last else '├── '}{display(entry.name)}{what}{link}")
        if entry.is_folder and is_one(entry.name) and (depth is None or depth > 1):
            below = margin + ("    " if last else "│   ")
            _draw(folders, joined(path, entry.name), below, None if depth is None else depth - 1)
