"""``postel put``: files and folders to a server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import NetworkError, PostelError, ProtocolError
from ..urls import URL
from ..wire.names import joined
from ..wire.text import display
from .get import tell
from .options import (
    LocalPath,
    Settings,
    client_options,
    location,
    output_options,
    ssh_options,
    together,
    transfer_options,
)
from .render import Bar, print_json, size, would

if TYPE_CHECKING:
    from ..session.site_sync import FileSite
    from ..transfer.rates import Rates

__all__ = ["command"]


@click.command("put")
@click.argument("files", nargs=-1, required=True, type=LocalPath(exists=True), metavar="FILE...")
@click.argument("url")
@click.option("-r", "--recursive", is_flag=True, help="Store folders, with all below them.")
@click.option("-c", "--continue", "resume", is_flag=True,
              help="Go on after what an interrupted run stored.")
@click.option("--inplace", is_flag=True,
              help="Write to the final name at once, where nobody may rename.")
@transfer_options
@output_options
@ssh_options
@client_options
def command(
    files: tuple[str, ...],
    url: str,
    settings: Settings,
    recursive: bool,
    resume: bool,
    inplace: bool,
    limit_rate: Rates | None,
    parallel: int,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Store files at URL, and with -r folders.

    A URL that ends in "/" is a folder; several files need one. A file is sent under a temporary
    name, measured there, and renamed.
    """
    goal = location(url)
    paths = [Path(name) for name in files]
    if len(paths) > 1 and not goal.path.endswith("/"):
        goal = goal.with_(path=goal.path + "/")
    if dry_run:
        for path in paths:
            would("put", str(path), as_json=as_json, to=str(goal))
        return 0
    work = _Put(goal, settings, Bar(False if settings.quiet or as_json else None), as_json,
                recursive=recursive, resume=resume, inplace=inplace, parallel=parallel)
    return work.all(paths, limit_rate)


@dataclass
class _Put:
    """What goes to one URL."""

    goal: URL
    settings: Settings
    bar: Bar
    as_json: bool
    recursive: bool
    resume: bool
    inplace: bool
    parallel: int

    def all(self, paths: list[Path], rate: Rates | None) -> int:
        """Store *paths*; return the exit code."""
        from ..transfer.verbs_sync import open_site

        site, place = open_site(self.goal, "write", rate=rate, **self.settings.client(self.goal))
        if len(paths) == 1 or self.recursive:
            return self._some(site, paths, place, alone=len(paths) == 1)
        count = min(self.parallel, len(paths))
        shares = [(site.another() if start else site, paths[start::count])
                  for start in range(count)]
        return max(together(shares, lambda one: self._some(*one, place), count))

    def _some(self, site: FileSite, paths: list[Path], place: str, *, alone: bool = False) -> int:
        """Store *paths* over one connection."""
        worst = 0
        with site:
            for path in paths:
                try:
                    worst = max(worst, self._one(site, path, place))
                except (NetworkError, ProtocolError):
                    raise  # the connection is gone, and the rest with it
                except PostelError as error:
                    if alone:
                        raise
                    self.bar.done()
                    self.settings.fail(error, as_json=self.as_json)
                    worst = 1
                finally:
                    self.bar.done()
        return worst

    def _one(self, site: FileSite, path: Path, place: str) -> int:
        from ..transfer.sites_sync import not_onto_itself

        if path.is_dir() and not self.recursive:
            self.settings.say(f"{display(str(path))}: is a folder, left out (-r takes folders)")
            return 1
        if path.is_dir():
            goal = joined(place, path.name) if place.endswith("/") or not place else place
            done = site.upload_tree(path, goal, connections=self.parallel, progress=self.bar,
                                    inplace=self.inplace)
            self.bar.done()
            return tell(done, self.settings, self.as_json)
        not_onto_itself(path, self.goal)
        count = site.upload(path, place, resume=self.resume, inplace=self.inplace,
                            progress=self.bar)
        self.bar.done()
        self._tell(path, count)
        return 0

    def _tell(self, path: Path, count: int) -> None:
        if self.as_json:
            print_json({"path": str(path), "url": str(self.goal), "size": count})
        else:
            self.settings.say(f"{display(str(path))}  {size(count)}")
