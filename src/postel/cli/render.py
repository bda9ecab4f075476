"""How things look: sizes, times, entries, bars. Text from a peer is escaped before it is here."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import click

from ..types import Entry, Kind, Progress
from ..wire.text import display

__all__ = ["Bar", "Throttle", "duration", "entry_line", "entry_record", "print_json", "size"]

_LETTERS = {Kind.FILE: "-", Kind.FOLDER: "d", Kind.LINK: "l", Kind.OTHER: "?"}


def size(count: float | None) -> str:
    """Bytes for people.

    Example:
        >>> size(0), size(1536), size(5 << 30)
        ('0 B', '1.5 KiB', '5.0 GiB')
    """
    if count is None:
        return "?"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def duration(seconds: float | None) -> str:
    """Seconds for people.

    Example:
        >>> duration(7.4), duration(3725), duration(None)
        ('7s', '1h02m', '--')
    """
    if seconds is None:
        return "--"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def mode_text(entry: Entry) -> str:
    """Kind and permissions as ``ls`` writes them."""
    letter = _LETTERS[entry.kind]
    if entry.mode is None:
        return f"{letter}---------"
    bits = "".join(c if entry.mode >> shift & 1 else "-"
                   for shift, c in zip(range(8, -1, -1), "rwxrwxrwx", strict=True))
    return letter + bits


def entry_line(entry: Entry, *, exact: bool = False) -> str:
    """One line of ``ls -l``."""
    when = entry.modified.strftime("%Y-%m-%d %H:%M") if entry.modified else ""
    count = ("" if entry.size is None else str(entry.size)) if exact else size(entry.size)
    name = display(entry.name) + ("/" if entry.is_folder else "")
    if entry.target is not None:
        name += f" -> {display(entry.target)}"
    return f"{mode_text(entry)}  {count:>10}  {when:16}  {name}"


def entry_record(entry: Entry) -> dict[str, Any]:
    """An entry for programs."""
    return {
        "name": entry.name.encode("utf-8", "backslashreplace").decode(),
        "kind": entry.kind.value, "size": entry.size,
        "modified": entry.modified.isoformat() if entry.modified else None,
        "precision": entry.precision,
        "mode": None if entry.mode is None else f"{entry.mode:04o}",
        "owner": entry.owner, "group": entry.group, "target": entry.target,
    }


def print_json(record: dict[str, Any]) -> None:
    """One JSON object on a line."""
    click.echo(json.dumps(record, ensure_ascii=True))


def print_entries(entries: Iterable[Entry], *, long: bool, exact: bool, as_json: bool) -> None:
    """A listing."""
    for entry in entries:
        if as_json:
            print_json(entry_record(entry))
        elif long:
            click.echo(entry_line(entry, exact=exact))
        else:
            click.echo(display(entry.name) + ("/" if entry.is_folder else ""))


class Bar:
    """A line on the terminal that shows how far a transfer has come; silent in a pipe.

    Args:
        shown: None shows it where the standard error is a terminal.
        throttle: told of the same progress.
    """

    def __init__(self, shown: bool | None = None, throttle: Throttle | None = None) -> None:
        self._shown = sys.stderr.isatty() if shown is None else shown
        self._throttle = throttle
        self._files: dict[str, int] = {}
        self._drawn = 0.0
        self._width = 0

    def __call__(self, progress: Progress) -> None:
        """Show *progress*, at most ten times a second."""
        if self._throttle is not None:
            self._throttle(progress)
        self._files[progress.name] = progress.done
        moment = time.monotonic()
        if self._shown and (moment - self._drawn >= 0.1 or progress.done == progress.total):
            self._drawn = moment
            self._draw(self.line(progress))

    def line(self, progress: Progress) -> str:
        """What is drawn."""
        width = shutil.get_terminal_size().columns
        parts = [size(progress.done)]
        if progress.total:
            share = min(1.0, progress.done / progress.total)
            filled = int(share * 20)
            parts = [f"{share:4.0%} [{'#' * filled}{'.' * (20 - filled)}]",
                     f"{size(progress.done)} of {size(progress.total)}"]
        parts.append(f"{size(progress.rate)}/s")
        if progress.remaining is not None:
            parts.append(duration(progress.remaining))
        if len(self._files) > 1:
            parts.append(f"{len(self._files)} files")
        rest = "  ".join(parts)
        name = display(progress.name.rpartition("/")[2])
        room = max(8, width - len(rest) - 4)
        return f"{name[:room]}  {rest}"

    def _draw(self, line: str) -> None:
        click.echo(f"\r{line.ljust(self._width)}", nl=False, err=True)
        self._width = len(line)

    def done(self) -> None:
        """Take the line away."""
        if self._shown and self._width:
            click.echo(f"\r{' ' * self._width}\r", nl=False, err=True)
            self._width = 0


class Throttle:
    """A token bucket over all files of a run: waits when they are ahead of the rate.

    Args:
        rate: bytes a second.
        sleep: how to wait.
        clock: seconds of a monotonic clock.
    """

    def __init__(
        self,
        rate: int,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate, self._sleep, self._clock = rate, sleep, clock
        self._began = clock()
        self._done: dict[str, int] = {}
        self._total = 0

    def __call__(self, progress: Progress) -> None:
        """Wait if *progress* is ahead of the rate."""
        before = self._done.get(progress.name, progress.started_at)
        self._done[progress.name] = progress.done
        self._total += max(0, progress.done - before)
        ahead = self._total / self._rate - (self._clock() - self._began)
        if ahead > 0:
            self._sleep(ahead)
