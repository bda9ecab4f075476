"""How things look: sizes, times, entries, bars. Text from a peer is escaped before it is here."""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import click

from ..types import Entry, Kind, Progress
from ..wire.text import display

__all__ = ["Bar", "cut", "duration", "entry_line", "entry_record", "print_json", "size", "would"]

_REDRAW = 0.1
"""Seconds between two looks of the bar."""

_WORTH_A_BAR = 4 << 20
"""Bytes of one of many files from which on its own bar is worth showing; smaller ones flicker."""

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
    count = "-" if entry.size is None else str(entry.size) if exact else size(entry.size)
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


def would(verb: str, what: str, *, as_json: bool, **more: str) -> None:
    """Say what a dry run would do, as text or for programs."""
    if as_json:
        print_json({"would": verb, "what": what, **more})
    else:
        rest = "".join(f" {word} {display(value)}" for word, value in more.items())
        click.echo(f"would {verb} {display(what)}{rest}")


def cut(text: str, room: int) -> str:
    """As much of *text* as fits into *room* columns; wide characters take two.

    Example:
        >>> cut("archive.tar.gz", 10), cut("a.txt", 10)
        ('archive.t…', 'a.txt')
    """
    from unicodedata import combining, east_asian_width

    used, kept = 0, ""
    widths = [0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text]
    if sum(widths) <= room:
        return text
    for character, width in zip(text, widths, strict=True):
        if used + width > room - 1:
            break
        used, kept = used + width, kept + character
    return f"{kept}…"


class Bar:
    """A line on the terminal that shows how far a transfer has come; silent in a pipe.

    Args:
        shown: None shows it where the standard error is a terminal.
        unit: how a count is written: bytes, unless it counts something else.
        clock: seconds of a monotonic clock.
    """

    def __init__(
        self,
        shown: bool | None = None,
        unit: Callable[[float], str] = size,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shown = sys.stderr.isatty() if shown is None else shown
        self._unit, self._clock = unit, clock
        self._turn = threading.Lock()  # several connections tell of their files
        self._files: dict[str, int] = {}
        self._moved = 0
        self._began = clock()
        self._drawn = float("-inf")
        self._up = False

    def __call__(self, progress: Progress) -> None:
        """Show *progress*, at most ten times a second."""
        if not self._shown:
            return
        with self._turn:
            self._note(progress)
            moment = self._clock()
            if moment - self._drawn >= _REDRAW:
                self._drawn, self._up = moment, True
                click.echo(f"\r{self._line(progress)}\x1b[K", nl=False, err=True)

    def line(self, progress: Progress) -> str:
        """What is drawn."""
        self._note(progress)
        return self._line(progress)

    def _note(self, progress: Progress) -> None:
        before = self._files.get(progress.name, progress.started_at)
        self._files[progress.name] = progress.done
        self._moved += max(0, progress.done - before)

    def _line(self, progress: Progress) -> str:
        many = len(self._files) > 1
        parts = []
        if progress.total and (not many or progress.total >= _WORTH_A_BAR):
            share = min(1.0, progress.done / progress.total)
            filled = int(share * 20)
            parts = [f"{share:4.0%} [{'#' * filled}{'.' * (20 - filled)}]"]
            parts.append(f"{self._unit(progress.done)} of {self._unit(progress.total)}")
        elif not many:
            parts = [self._unit(progress.done)]
        if many:
            parts.append(f"{len(self._files)} files, {self._unit(self._moved)}")
        seconds = self._clock() - self._began
        rate = self._moved / seconds if many and seconds > 0 else progress.rate
        parts.append(f"{self._unit(rate)}/s")
        if parts[0].endswith("]") and progress.remaining is not None:
            parts.append(duration(progress.remaining))
        rest = "  ".join(parts)
        room = max(8, shutil.get_terminal_size().columns - len(rest) - 3)
        return f"{cut(display(progress.name.rpartition('/')[2]), room)}  {rest}"

    def done(self) -> None:
        """Take the line away; what comes next is another transfer."""
        with self._turn:
            if self._up:
                click.echo("\r\x1b[K", nl=False, err=True)
            self._up, self._drawn = False, float("-inf")
            self._files.clear()
            self._moved, self._began = 0, self._clock()
