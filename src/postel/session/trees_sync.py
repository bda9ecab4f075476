# GENERATED from trees_async.py by tools/unasync.py: edit that file, not this one.
"""Walk, make and remove trees, on the verbs that every file scheme answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Callable, Sequence
from dataclasses import dataclass, field

from ..errors import AlreadyExists, LimitReached, NotFound, ReplyError, TransferError
from ..transport.clock_sync import Later
from ..types import Entry, Kind, Outcome
from ..wire.names import joined
from .files_sync import Files

__all__ = ["DEEPEST", "Report", "is_one", "makedirs", "rmtree", "walk"]

DEEPEST = 200
"""Folders below one another: a path of 4 KiB has room for no more of a sensible length, and a
server that lists a folder in itself without end must not keep anyone for ever."""


@dataclass
class Report:
    """What became of a tree.

    Args:
        files: files that arrived.
        folders: folders seen or made.
        size: bytes that arrived.
        failures: each path that failed, with its error.
    """

    files: int = 0
    folders: int = 0
    size: int = 0
    failures: list[Outcome[None]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether all of it arrived."""
        return not self.failures

    def add(self, size: int) -> None:
        """One more file of *size* bytes."""
        self.files += 1
        self.size += size

    def fail(self, path: str, error: Exception) -> None:
        """One that failed."""
        self.failures.append(Outcome(path, error=error))


def walk(
    files: Files, top: str, *, look: Callable[[str], Later[Sequence[Entry]]] | None = None
) -> Iterator[tuple[str, Sequence[Entry]]]:
    """Every folder below *top*, itself first, with its entries; links are not followed.

    Args:
        files: where.
        top: the folder to begin with.
        look: lists one folder; by default `Files.list`, whose errors end the walk.

    Raises:
        LimitReached: over `DEEPEST` folders below one another.
    """
    waiting = deque([(top, 0)])
    while waiting:
        folder, depth = waiting.popleft()
        if depth > DEEPEST:
            raise LimitReached(f"walk {top}: over {DEEPEST} folders below one another",
                               hint="the server may list a folder within itself")
        if look is None:
            entries: Sequence[Entry] = [entry for entry in files.list(folder)]
        else:
            entries = look(folder)
        yield folder, entries
        waiting.extend((joined(folder, e.name), depth + 1)
                       for e in entries if e.is_folder and is_one(e.name))


def is_one(name: str) -> bool:
    """Whether *name* is one component: a listing must not lead elsewhere on the server either.

    Nor may it hold what no command can carry: CR, LF, NUL.
    """
    return name not in ("", ".", "..") and not set(name) & _NEVER


_NEVER = {"/", "\r", "\n", "\0"}


def _look(files: Files, folder: str, top: str, report: Report) -> Sequence[Entry]:
    """The entries of *folder*; where only *top* must be readable, others are reported."""
    try:
        return [entry for entry in files.list(folder)]
    except (ReplyError, TransferError) as error:
        if folder == top:
            raise
        report.fail(folder, error)
        return ()


def makedirs(files: Files, path: str, *, exist_ok: bool = True) -> None:
    """Make a folder and those above it.

    Raises:
        AlreadyExists: it is there, and *exist_ok* is false.
    """
    parts = [part for part in path.split("/") if part]
    start = "/" if path.startswith("/") else ""
    paths = [start + "/".join(parts[: index + 1]) for index in range(len(parts))]
    outcomes = [outcome for outcome in files.make_many(paths)]
    if not outcomes or outcomes[-1].ok:
        return
    last = outcomes[-1].error
    try:
        entry = files.stat(path)
    except NotFound:
        raise last or NotFound(path) from None
    if entry.kind is not Kind.FOLDER or not exist_ok:
        raise AlreadyExists(f"make {path}: it is there already", command="MKD") from last


def rmtree(files: Files, path: str) -> Report:
    """Remove a folder and everything below it; links are removed, never followed."""
    report, folders, names = Report(), [], []

    def look(folder: str) -> Sequence[Entry]:
        return _look(files, folder, path, report)

    for folder, entries in walk(files, path, look=look):
        folders.append(folder)
        for entry in entries:
            whole = joined(folder, entry.name)
            if not is_one(entry.name):
                report.fail(whole, TransferError(f"remove {whole!r}: that is no name of a file"))
            elif not entry.is_folder:
                names.append(whole)
    for outcome in files.remove_many(names):
        if outcome.error is not None:
            report.fail(outcome.path, outcome.error)
        else:
            report.files += 1
    for outcome in files.remove_many(reversed(folders), folders=True):
        if outcome.error is not None:
            report.fail(outcome.path, outcome.error)
        else:
            report.folders += 1
    return report
