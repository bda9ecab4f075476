# A conversation (its twin trees_sync.py is generated): whole trees, over one or many connections.
"""Walk, make and remove trees, on the verbs that every file scheme answers."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from ..errors import AlreadyExists, NotFound
from ..types import Entry, Kind, Outcome
from ..wire.names import joined
from .files_async import AsyncFiles

__all__ = ["Report", "is_one", "makedirs", "rmtree", "walk"]


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


async def walk(files: AsyncFiles, top: str) -> AsyncIterator[tuple[str, list[Entry]]]:
    """Every folder below *top*, itself first, with its entries; links are not followed."""
    waiting = deque([top])
    while waiting:
        folder = waiting.popleft()
        entries = [entry async for entry in files.list(folder)]
        yield folder, entries
        waiting.extend(joined(folder, e.name) for e in entries if e.is_folder and is_one(e.name))


def is_one(name: str) -> bool:
    """Whether *name* is one component: a listing must not lead elsewhere on the server either."""
    return name not in ("", ".", "..") and "/" not in name


async def makedirs(files: AsyncFiles, path: str, *, exist_ok: bool = True) -> None:
    """Make a folder and those above it.

    Raises:
        AlreadyExists: it is there, and *exist_ok* is false.
    """
    parts = [part for part in path.split("/") if part]
    start = "/" if path.startswith("/") else ""
    paths = [start + "/".join(parts[: index + 1]) for index in range(len(parts))]
    outcomes = [outcome async for outcome in files.make_many(paths)]
    if not outcomes or outcomes[-1].ok:
        return
    last = outcomes[-1].error
    try:
        entry = await files.stat(path)
    except NotFound:
        raise last or NotFound(path) from None
    if entry.kind is not Kind.FOLDER or not exist_ok:
        raise AlreadyExists(f"make {path}: it is there already", command="MKD") from last


async def rmtree(files: AsyncFiles, path: str) -> Report:
    """Remove a folder and everything below it; links are removed, never followed."""
    report, folders, names = Report(), [], []
    async for folder, entries in walk(files, path):
        folders.append(folder)
        names += [joined(folder, e.name) for e in entries if not e.is_folder and is_one(e.name)]
    async for outcome in files.remove_many(names):
        if outcome.error is not None:
            report.fail(outcome.path, outcome.error)
        else:
            report.files += 1
    async for outcome in files.remove_many(reversed(folders), folders=True):
        if outcome.error is not None:
            report.fail(outcome.path, outcome.error)
        else:
            report.folders += 1
    return report
