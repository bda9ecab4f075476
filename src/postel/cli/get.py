"""``postel get``: files and folders to this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import PostelError, UsageError
from ..urls import URL
from ..wire.names import safe_name
from ..wire.text import display
from .get_pieces import METALINK, Pieces, place
from .main import report
from .options import (
    LocalPath,
    Settings,
    client_options,
    each,
    location,
    output_options,
    ssh_options,
    throttle,
    transfer_options,
)
from .render import Bar, print_json, size, would

if TYPE_CHECKING:
    from ..transfer.pace_sync import Throttle
    from ..transfer.rates import Rates

__all__ = ["command"]


@click.command("get")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("-o", "--output", type=LocalPath(), metavar="FILE",
              help="Write to this file; \"-\" is the screen.")
@click.option("-d", "--directory", type=LocalPath(file_okay=False), default=".",
              metavar="FOLDER", help="Put files into this folder.")
@click.option("-c", "--continue/--no-resume", "resume", default=True,
              help="Go on where an interrupted run stopped (the default), or start afresh.")
@click.option("-r", "--recursive", is_flag=True, help="Fetch folders, with all below them.")
@click.option("--verify", is_flag=True, help="Also compare digests, where the server has them.")
@click.option("--segments", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N",
              help="Connections for one large file, where each is slow for itself.")
@click.option("--mirrors", is_flag=True,
              help="The URLs are mirrors of one file: take pieces from all of them.")
@click.option("--metalink/--no-metalink", default=None,
              help="Take each URL, or path, for a Metalink: fetch what it lists, from all its "
                   "places, and check its digests. The default for names in .meta4.")
@transfer_options
@output_options
@ssh_options
@client_options
def command(
    urls: tuple[str, ...],
    settings: Settings,
    output: str | None,
    directory: str,
    resume: bool,
    recursive: bool,
    verify: bool,
    segments: int,
    mirrors: bool,
    metalink: bool | None,
    limit_rate: Rates | None,
    parallel: int,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Fetch files, and with -r folders.

    A file appears under its name when it is whole; an interrupted one is gone on with by the
    next run, if the source is still the same.
    """
    if output is not None and len(urls) > 1 and not mirrors:
        raise UsageError("-o names one file, and there are several URLs", hint="use -d FOLDER")
    if output == "-" and (recursive or as_json or mirrors or segments > 1):
        raise UsageError("-o - writes the bytes of one file, and nothing else",
                         hint="leave -r, --json, --mirrors and --segments out, or use -d FOLDER")
    if recursive and (mirrors or segments > 1 or metalink):
        raise UsageError("-r fetches folders, and pieces are of files",
                         hint="postel mirror --segments N takes large files of a folder in pieces")
    bar, rate = Bar(False if settings.quiet or as_json else None), throttle(limit_rate)
    pieces = Pieces(settings, bar, as_json, rate, Path(directory), output,
                    max(segments, parallel if mirrors else segments), resume)

    def one(url: URL) -> int:
        work = _Get(url, settings, bar, as_json, rate)
        try:
            if metalink or (metalink is None and url.path.endswith(METALINK)):
                pieces.metalink(url, dry_run=dry_run)
            elif dry_run:
                would("get", str(url), as_json=as_json, into=output or directory)
            elif recursive:
                return work.folder(Path(output or directory), output is None, parallel)
            elif segments > 1 and not verify:
                pieces.file([url])
            else:
                work.file(output, Path(directory), resume=resume, verify=verify)
        finally:
            bar.done()
        return 0

    if mirrors:
        pieces.file([location(text) for text in urls], dry_run=dry_run)
        return 0
    return each(urls, one, settings, as_json=as_json, read=place if metalink is not False else None,
                parallel=1 if recursive or dry_run else parallel)


class _Get:
    """One URL of the command line."""

    def __init__(self, url: URL, settings: Settings, bar: Bar, as_json: bool,
                 rate: Throttle | None) -> None:
        self.url, self.bar = url, bar
        self._settings, self._json, self._rate = settings, as_json, rate

    def file(self, output: str | None, directory: Path, *, resume: bool, verify: bool) -> None:
        """Fetch a file."""
        if self.url.path.endswith("/"):
            raise UsageError(f"{self.url}: that is a folder", hint="-r fetches folders")
        if output == "-":
            from .cat import copy_to_screen

            copy_to_screen(self.url, self._settings, self._rate)
            return
        from ..transfer.verbs_sync import get

        target = directory if output is None else Path(output)
        path = get(self.url, target, resume=resume, verify=verify, progress=self.bar,
                   rate=self._rate, **self._settings.client(self.url))
        self.bar.done()
        if self._json:
            print_json({"url": str(self.url), "path": str(path), "size": path.stat().st_size})
        else:
            self._settings.say(f"{display(str(path))}  {size(path.stat().st_size)}")

    def folder(self, target: Path, below: bool, parallel: int) -> int:
        """Fetch a folder to *target*, or to its own name below it; return the exit code."""
        from ..transfer.verbs_sync import open_site

        site, path = open_site(self.url, "read", rate=self._rate, **self._settings.client(self.url))
        name = path.rstrip("/").rpartition("/")[2]
        place = target / safe_name(name) if name and below else target
        with site:
            result = site.download_tree(path, place, connections=parallel, progress=self.bar)
        self.bar.done()
        return tell(result, self._settings, self._json)


def tell(result: object, settings: Settings, as_json: bool) -> int:
    """Say what became of a tree; return the exit code."""
    from ..session.trees_sync import Report

    if not isinstance(result, Report):
        return 1
    for failure in result.failures:
        if isinstance(failure.error, PostelError):
            report(failure.error, as_json=as_json)
    if as_json:
        print_json({"files": result.files, "folders": result.folders, "size": result.size,
                    "failures": len(result.failures)})
    else:
        failed = f", {len(result.failures)} failed" if result.failures else ""
        settings.say(f"{result.files} files, {result.folders} folders, {size(result.size)}"
                     f"{failed}")
    return 1 if result.failures else 0
