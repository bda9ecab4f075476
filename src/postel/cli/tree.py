"""``postel tree``: a folder and all below it, drawn."""

from __future__ import annotations

import click

from ..session.trees_sync import is_one
from ..types import Entry
from ..wire.names import joined
from ..wire.text import display
from .options import Settings, client_options, location, output_options, ssh_options
from .render import entry_record, print_json, size
from .walking import Walk, parallel_option

__all__ = ["command"]


@click.command("tree")
@click.argument("url")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="Go no deeper.")
@parallel_option
@output_options
@ssh_options
@client_options
def command(
    url: str, settings: Settings, depth: int | None, parallel: int, as_json: bool
) -> int:
    """Draw a folder and all below it; links are shown, not followed."""
    walk = Walk(location(url), settings, parallel, depth, as_json)
    folders: dict[str, list[Entry]] = {}
    for folder, entries in walk.folders():
        folders[folder] = sorted(entries, key=lambda entry: entry.name)
        if as_json:
            for entry in folders[folder]:
                print_json({"folder": display(folder), **entry_record(entry)})
    if not as_json:
        top = next(iter(folders), walk.top)
        click.echo(display(top) or ".")
        _draw(folders, top, "", depth)
    return walk.code


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
