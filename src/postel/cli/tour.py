"""``postel tour``: see it all work on this machine, and check it.

Every row does one thing through the public API, on real input, and checks what came of it; the
tour ends well only if all of them held. Nothing leaves this machine.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from .render import Bar, duration, size
from .tour_files import ROWS as OTHERS
from .tour_mail import ROWS as MAIL
from .tour_news import ROWS as NEWS
from .tour_post import ROWS as POST
from .tour_rfc import ROWS as SERIES
from .tour_rows import FIRST, LAST, Ground, Result
from .tour_terminals import ROWS as TERMINALS
from .tour_trees import ROWS as TREES

__all__ = ["ROWS", "command"]

ROWS = (*FIRST, *OTHERS, *TREES, *MAIL, *POST, *NEWS, *TERMINALS, *SERIES, *LAST)
"""All rows, in order: a title, and the function that does it."""

_WIDEST = 100
"""Columns that a line is folded to at most."""


@dataclass
class _Row:
    """A row of the table: what was done, and what came of it."""

    title: str
    result: Result | None = None
    seconds: float = 0.0
    problem: str = ""


@click.command("tour")
@click.option("-q", "--quiet", is_flag=True, help="Only the table at the end.")
def command(quiet: bool) -> int:
    """Start a local Internet, use it in earnest, and check all that comes of it.

    The files are Python's own standard library, the mail is made up. Exit code 0 means that
    every row held.
    """
    click.echo("A tour of Postel: a local Internet in this process, used and checked.\n")
    rows = [_Row(title) for title, _ in ROWS]
    with (
        tempfile.TemporaryDirectory(prefix="postel-tour-") as folder,
        _ground(Path(folder), quiet) as ground,
    ):
        for row, (_, visit) in zip(rows, ROWS, strict=True):
            _visit(row, visit, ground, quiet)
    _table(rows)
    return 0 if all(row.result is not None for row in rows) else 1


@contextmanager
def _ground(folder: Path, quiet: bool) -> Iterator[Ground]:
    """The labs of the tour: one that serves Python's library read-only, one to write to."""
    from ..lab import start
    from .tour_rows import served_tree

    if not quiet:
        click.echo("collecting the served tree …")
    tree = served_tree(folder / "library")
    with start("ftp", root=tree) as library, start() as lab:
        yield Ground(folder, tree, library, lab, Bar(shown=None if not quiet else False))


def _visit(row: _Row, visit: Callable[[Ground], Result], ground: Ground, quiet: bool) -> None:
    if not quiet:
        click.echo(f"{click.style('▸', fg='cyan')} {row.title}")
    began = time.monotonic()
    try:
        row.result = visit(ground)
    except Exception as error:  # a row that fails is a row of the table, not the end of the tour
        row.problem = f"{type(error).__name__}: {error}"
    row.seconds = time.monotonic() - began
    ground.bar.done()
    if not quiet:
        for line in row.result.told if row.result else [row.problem]:
            click.echo(_folded(line))


def _folded(line: str) -> str:
    """A line of what a row tells, within the terminal."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    inner = " " * (4 + len(line) - len(line.lstrip()))
    return textwrap.fill(line.lstrip(), width, initial_indent=inner,
                         subsequent_indent=f"{inner}  ", break_on_hyphens=False)


def _table(rows: list[_Row]) -> None:
    """What was done, how many, bytes, seconds, verified: within 80 columns."""
    width = max(len(row.title) for row in rows)
    click.echo(f"\n{'':2}{'what':{width}}  {'count':>5}  {'bytes':>9}  {'sec':>5}  verified by")
    for row in rows:
        if row.result is None:
            click.echo(f"{click.style('✗', fg='red')} {row.title:{width}}  {row.problem}")
            continue
        result = row.result
        click.echo(f"{click.style('✓', fg='green')} {row.title:{width}}  {result.count:>5}  "
                   f"{size(result.size):>9}  {row.seconds:5.2f}  {result.verified}")
    total = sum(row.seconds for row in rows)
    held = sum(row.result is not None for row in rows)
    sys.stdout.flush()
    click.echo(f"\n{held} of {len(rows)} held, in {duration(total)}")

