"""``postel get``: files and folders to this machine."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import PostelError, UsageError
from ..urls import URL
from ..wire.text import display
from .main import report
from .options import Settings, client_options, location, output_options, transfer_options
from .render import Bar, Throttle, print_json, size

__all__ = ["command"]


@click.command("get")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("-o", "--output", type=click.Path(), help="Write to this file; \"-\" is the screen.")
@click.option("-d", "--directory", type=click.Path(file_okay=False), default=".",
              help="Put files into this folder.")
@click.option("-c", "--continue/--no-resume", "resume", default=True,
              help="Go on where an interrupted run stopped (the default), or start afresh.")
@click.option("-r", "--recursive", is_flag=True, help="Fetch folders, with all below them.")
@click.option("--verify", is_flag=True, help="Also compare digests, where the server has them.")
@transfer_options
@output_options
@client_options
def command(
    urls: tuple[str, ...],
    settings: Settings,
    output: str | None,
    directory: str,
    resume: bool,
    recursive: bool,
    verify: bool,
    limit_rate: int | None,
    parallel: int,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Fetch files, and with -r folders.

    A file appears under its name when it is whole; an interrupted one is gone on with by the
    next run, if the source is still the same.
    """
    if output is not None and len(urls) > 1:
        raise UsageError("-o names one file, and there are several URLs", hint="use -d FOLDER")
    worst = 0
    for text in urls:
        work = _Get(location(text), settings, Bar(False if settings.quiet or as_json else None,
                    Throttle(limit_rate) if limit_rate else None), as_json)
        try:
            if dry_run:
                click.echo(f"would get {work.url} into {output or directory}")
            elif recursive:
                worst = max(worst, work.folder(Path(output or directory), parallel))
            else:
                work.file(output, Path(directory), resume=resume, verify=verify)
        except PostelError as error:
            work.bar.done()
            if len(urls) == 1:
                raise
            report(error, as_json=as_json)
            worst = 1
    return worst


class _Get:
    """One URL of the command line."""

    def __init__(self, url: URL, settings: Settings, bar: Bar, as_json: bool) -> None:
        self.url, self.bar = url, bar
        self._settings, self._json = settings, as_json

    def file(self, output: str | None, directory: Path, *, resume: bool, verify: bool) -> None:
        """Fetch a file."""
        if output == "-":
            from .cat import copy_to_screen

            copy_to_screen(self.url, self._settings)
            return
        from ..transfer.verbs_sync import get

        target = directory if output is None else Path(output)
        path = get(self.url, target, resume=resume, verify=verify, progress=self.bar,
                   **self._settings.client(self.url))
        self.bar.done()
        if self._json:
            print_json({"url": str(self.url), "path": str(path), "size": path.stat().st_size})
        else:
            self._settings.say(f"{display(str(path))}  {size(path.stat().st_size)}")

    def folder(self, target: Path, parallel: int) -> int:
        """Fetch a folder; return the exit code."""
        from ..transfer.verbs_sync import open_site

        site, path = open_site(self.url, "read", **self._settings.client(self.url))
        name = path.rstrip("/").rpartition("/")[2]
        with site:
            result = site.download_tree(path, target / name if name else target,
                                        connections=parallel, progress=self.bar)
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
