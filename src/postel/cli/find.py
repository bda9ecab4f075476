"""``postel find``: what is below a folder, by name, kind, size and age."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

import click

from ..errors import UsageError
from ..types import Entry, Kind
from ..wire.names import joined
from ..wire.text import display
from .options import Settings, client_options, each, output_options, parse_size, ssh_options
from .render import entry_record, print_json
from .walking import Walk, parallel_option

__all__ = ["Wanted", "age", "command"]

_KINDS = {"f": Kind.FILE, "d": Kind.FOLDER, "l": Kind.LINK}
_AGE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def age(text: str) -> timedelta:
    """A time span from a text such as ``90m`` or ``2d``.

    Raises:
        UsageError: it is none.

    Example:
        >>> age("90m"), age("2w").days
        (datetime.timedelta(seconds=5400), 14)
    """
    found = _AGE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no age", hint="a number and s, m, h, d or w: 90m, 2d")
    return timedelta(seconds=float(found[1]) * _SECONDS[found[2]])


def _option(read: Callable[[str], object]) -> Callable[..., object]:
    """Reads an option's value, and says as click does what is wrong with it."""
    def call(ctx: click.Context, param: click.Parameter, value: str | None) -> object:
        try:
            return None if value is None else read(value)
        except UsageError as error:
            raise click.BadParameter(str(error)) from None

    return call


@dataclass(frozen=True)
class Wanted:
    """What is looked for; what is not said is not asked.

    Args:
        names: patterns as a shell has them; one must fit.
        folded: whether case matters not.
        kind: of the entry.
        larger: at least so many bytes.
        smaller: at most so many.
        since: changed at this time or later.
        until: changed at this time or before.
    """

    names: Sequence[str] = ()
    folded: bool = False
    kind: Kind | None = None
    larger: int | None = None
    smaller: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, entry: Entry) -> bool:
        """Whether *entry* is looked for; what the server does not tell of it does not fit."""
        if self.kind is not None and entry.kind is not self.kind:
            return False
        return self._named(entry.name) and self._sized(entry) and self._dated(entry)

    def _named(self, name: str) -> bool:
        name = name.casefold() if self.folded else name
        return not self.names or any(
            fnmatchcase(name, one.casefold() if self.folded else one) for one in self.names)

    def _sized(self, entry: Entry) -> bool:
        if self.larger is None and self.smaller is None:
            return True
        return (entry.is_file and entry.size is not None
                and (self.larger is None or entry.size >= self.larger)
                and (self.smaller is None or entry.size <= self.smaller))

    def _dated(self, entry: Entry) -> bool:
        if self.since is None and self.until is None:
            return True
        when = entry.modified
        if when is None:
            return False
        when = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
        return ((self.since is None or when >= self.since)
                and (self.until is None or when <= self.until))


@click.command("find")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("-n", "--name", "names", multiple=True, metavar="GLOB",
              help="Names like this: *.csv, report-?; may be given again, and one must fit.")
@click.option("-i", "--ignore-case", is_flag=True, help="Take large and small letters for one.")
@click.option("--type", "kind", type=click.Choice(list(_KINDS)),
              help="Only files (f), folders (d) or links (l).")
@click.option("--larger", metavar="SIZE", callback=_option(parse_size),
              help="Files of at least this size: 500K, 2M.")
@click.option("--smaller", metavar="SIZE", callback=_option(parse_size),
              help="Files of at most this size.")
@click.option("--newer", metavar="AGE", callback=_option(age),
              help="Changed within this time: 90m, 2d, 1w.")
@click.option("--older", metavar="AGE", callback=_option(age), help="Not changed for this time.")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="Go no deeper.")
@click.option("-0", "--print0", "nul", is_flag=True,
              help="End each path with NUL instead of a line end, for xargs -0.")
@parallel_option
@output_options
@ssh_options
@client_options
def command(
    urls: tuple[str, ...],
    settings: Settings,
    names: tuple[str, ...],
    ignore_case: bool,
    kind: str | None,
    larger: int | None,
    smaller: int | None,
    newer: timedelta | None,
    older: timedelta | None,
    depth: int | None,
    nul: bool,
    parallel: int,
    as_json: bool,
) -> int:
    """Find files and folders below a folder; links are shown, not followed.

    Paths are those of the server. All that is asked for must hold; what a server does not tell
    of a file (its size, its time) does not hold.
    """
    if nul and as_json:
        raise UsageError("-0 and --json are two ways to print", hint="leave one out")
    now = datetime.now(UTC)
    wanted = Wanted(names, ignore_case, _KINDS[kind] if kind else None, larger, smaller,
                    now - newer if newer else None, now - older if older else None)

    def show(path: str, entry: Entry) -> None:
        if as_json:
            print_json({"path": display(path), **entry_record(entry)})
        elif nul:
            sys.stdout.buffer.write(
                path.encode("utf-8", "surrogateescape") + b"\0")
        else:
            click.echo(display(path) + ("/" if entry.is_folder else ""))

    return each(urls, lambda url: _search(Walk(url, settings, parallel, depth, as_json), wanted,
                                          show), settings, as_json=as_json)


def _search(walk: Walk, wanted: Wanted, show: Callable[[str, Entry], None]) -> int:
    """Show what fits; return the exit code."""
    for folder, entries in walk.folders():
        for entry in sorted(entries, key=lambda one: one.name):
            if wanted.fits(entry):
                show(joined(folder, entry.name), entry)
    sys.stdout.buffer.flush()
    return walk.code
