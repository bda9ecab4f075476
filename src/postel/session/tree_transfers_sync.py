# GENERATED from tree_transfers_async.py by tools/unasync.py: edit that file, not this one.
"""Download trees, on the verbs that every file scheme answers.

Folders are listed first; the files go into the workers' queue (tree_work_async.py). A name that is
not safe here fails like any other file, and the rest arrives.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ..errors import (
    Incomplete,
    NetworkError,
    PostelError,
    ProtocolError,
    ReplyError,
    TransferError,
)
from ..transport import disk_sync as disk
from ..transport.folder import Folder
from ..transport.target import Target, on_disk
from ..types import Entry
from ..wire.names import is_unfinished, joined, safe_name
from .files_sync import Files, Reading, Watch
from .transfer_sync import Tell, download_into
from .tree_work_sync import LARGE, TRIES, Site, Job, Work, run
from .trees_sync import Report, is_one, walk

__all__ = ["download_tree", "fetch"]

_TOGETHER = 16
"""Small files that get their names at once: what a killed run fetches again at most."""


def download_tree(
    site: Site,
    path: str,
    target: Path | str,
    *,
    connections: int = 4,
    progress: Tell = None,
    strict: bool = True,
    durable: bool = True,
) -> Report:
    """Fetch a whole folder into *target*; the client's method of the same name tells more."""
    root = Path(target)
    disk.call(_make_root, root)
    with Folder(root, strict=strict) as folder:
        work = Work(folder, progress, durable)
        _plan_download(site, path, work)
        run(site, work, connections, fetch)
        return work.report


def _make_root(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)


def _plan_download(site: Site, top: str, work: Work) -> None:
    """List everything, make the local folders, and queue the files."""
    parts_of: dict[str, tuple[str, ...]] = {top: ()}

    def look(folder: str) -> Sequence[Entry]:
        return _look(site, folder, top, work)

    for folder, entries in walk(site.files, top, look=look):
        parts = parts_of.get(folder)
        if parts is None:
            continue  # its name was not safe, and has been reported
        work.report.folders += 1
        for entry in entries:
            path = joined(folder, entry.name)
            try:
                if entry.is_folder:
                    below = (*parts, _checked(work, entry.name))
                    disk.call(_make_folder, work, below)
                    parts_of[path] = below
                elif entry.is_file:
                    _checked(work, entry.name)
                    work.jobs.append(Job(path, parts, entry))
            except PostelError as error:
                work.report.fail(path, error)


def _look(site: Site, folder: str, top: str, work: Work) -> Sequence[Entry]:
    """The entries of a folder, asked for again when the connection breaks."""
    for _ in range(TRIES):
        try:
            return [entry for entry in site.files.list(folder)]
        except (NetworkError, ProtocolError) as error:
            problem: PostelError = error
            site.be_careful()
            site.reopen()
        except TransferError as error:
            problem = error
        except ReplyError as error:
            problem = error
            break
    if folder == top:
        raise problem
    work.report.fail(folder, problem)
    return ()


def _checked(work: Work, name: str) -> str:
    if not is_one(name):
        raise TransferError(f"name {name!r}: it is no name of a file",
                            hint="the server may be hostile, or only odd")
    if is_unfinished(name):
        raise TransferError(f"name {name!r}: that is what unfinished transfers are called here",
                            hint="it may be left of an upload that was cut: remove it there")
    if work.root is not None and not work.root.strict:
        return name
    return safe_name(name)


def _make_folder(work: Work, parts: tuple[str, ...]) -> None:
    if work.root is not None:
        work.root.descend(parts, make=True).close()


def fetch(files: Files, work: Work) -> None:
    """Fetch files until the queue is empty."""
    large: list[Job] = []
    held: list[Job] = []

    def small() -> Iterator[tuple[Job, str]]:
        for job, path in work.take(held):
            if work.alone(job):
                held.remove(job)
                large.append(job)
                return
            yield job, path

    def take(job: Job, reading: Reading) -> None:
        held.remove(job)
        _fetch_one(files, work, job, reading, shelf)

    shelf = _Shelf(work)
    try:
        while work.jobs:
            files.read_many(small(), take)
            while large:
                _fetch_one(files, work, large.pop(), None, shelf)
    finally:
        work.give_back(held + large)
        shelf.close()


def _fetch_one(
    files: Files, work: Work, job: Job, reading: Reading | None, shelf: _Shelf
) -> None:
    """One file into its folder; its failure is reported, a broken connection raised."""
    reached = 0
    try:
        with on_disk(job.path):
            place = shelf.place(job)
            try:
                size = (_fetch_large(files, work, job, place) if reading is None
                              else _save(reading, place, job, work.progress))
                work.check(files, job, place, size)
            except BaseException:
                reached = _reached(place) if reading is None else 0
                place.keep()
                raise
            shelf.whole(job, place, size)
    except PostelError as error:
        work.failed(job, error, reached)
        if isinstance(error, NetworkError | ProtocolError):
            raise


def _fetch_large(files: Files, work: Work, job: Job, place: Target) -> int:
    if job.entry is not None and not files.features.exact_sizes:
        job.entry = files.stat(job.path)  # the listing only said about

    def plainly() -> int:
        return download_into(files, job.path, place, entry=job.entry, progress=work.progress)

    return work.fetch_large(files, job, place, plainly)


def _reached(place: Target) -> int:
    """Bytes that the next try goes on after."""
    return 0 if place.file.closed else os.fstat(place.file.fileno()).st_size


class _Shelf:
    """The folder that a worker is filling: files come folder by folder, so it is kept open.

    Whole files get their names a few at a time: one way to a thread, one sync of the folder.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._parts: tuple[str, ...] | None = None
        self._folder: Folder | None = None
        self._whole: list[tuple[Job, Target, int]] = []

    def place(self, job: Job) -> Target:
        """Where *job* goes."""
        name = job.name or job.path.rpartition("/")[2]
        if self._folder is None or self._parts != job.parts:
            self.close()
            if self._work.root is None:
                raise TransferError(f"{job.path}: there is no folder to put it in")
            self._folder, self._parts = self._work.root.descend(job.parts), job.parts
        elif any(place.name == name for _, place, _ in self._whole):
            self.settle()  # the server listed it twice
        return Target(self._folder, self._folder.checked(name))

    def whole(self, job: Job, place: Target, size: int) -> None:
        """All of *job* is there: it gets its name, soon."""
        self._whole.append((job, place, size))
        if len(self._whole) >= _TOGETHER or size >= LARGE:
            self.settle()

    def settle(self) -> None:
        """Give all whole files their names, and report them."""
        whole, self._whole = self._whole, []
        if not whole or self._folder is None:
            return
        places = [(place, job.entry.modified if job.entry is not None else None, job.mode)
                  for job, place, _ in whole]
        problems = disk.call(_commit_all, self._folder, places, self._work.durable)
        for (job, _, size), problem in zip(whole, problems, strict=True):
            if problem is None:
                self._work.done(job, size)
            else:
                self._work.failed(job, problem)

    def close(self) -> None:
        """Let go of the folder."""
        self.settle()
        if self._folder is not None:
            self._folder.close()
            self._folder = None


def _commit_all(
    folder: Folder, places: Sequence[tuple[Target, datetime | None, int | None]], durable: bool
) -> list[PostelError | None]:
    """Give files their names; what went wrong with each."""
    problems: list[PostelError | None] = []
    for place, modified, mode in places:
        try:
            with on_disk(place.name), place:
                place.commit(modified=modified, mode=mode, durable=durable, folder=False)
            problems.append(None)
        except PostelError as error:
            problems.append(error)
    if durable:
        folder.sync()
    return problems


def _save(reading: Reading, place: Target, job: Job, tell: Tell) -> int:
    """A small file, whole."""
    expected = job.entry.exact_size if job.entry is not None else None
    place.restart()
    watch = Watch(job.path, expected, tell)
    try:
        with reading:
            if reading.expected is None:
                reading.expected = expected
            if reading.modified is not None and job.entry is not None:
                job.entry = replace(job.entry, modified=reading.modified)
            size = reading.save(place.file, watch)
        if expected is not None and size != expected:
            raise Incomplete(f"{job.path}: {size:,} bytes came, the listing said {expected:,}",
                             hint="it changed after it was listed, or was cut short; try again")
    except BaseException:
        place.discard()  # small: it begins afresh next time
        raise
    watch.tell()
    return size
