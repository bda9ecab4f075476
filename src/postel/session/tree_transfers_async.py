# A conversation (its twin tree_transfers_sync.py is generated): whole trees, many connections.
"""Download and upload trees, on the verbs that every file scheme answers.

Folders are listed first; files are shared out to workers, each with a connection of its own, from
one queue. A file that fails is reported and the rest goes on; a name that is not safe here fails
like any other file. A worker whose connection breaks opens another one, more careful, and what it
had in hand goes back into the queue.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from ..errors import (
    Incomplete,
    NetworkError,
    PostelError,
    ProtocolError,
    ReplyError,
    TransferError,
    TryLater,
    UsageError,
)
from ..transport import disk_async as disk
from ..transport.clock_async import Later
from ..transport.crew_async import AsyncCrew
from ..transport.target import Folder, Target, on_disk
from ..types import Entry
from ..wire.names import joined, safe_name
from .files_async import AsyncFiles, AsyncReading, AsyncSink, Watch
from .transfer_async import Tell, download_into, temporary
from .trees_async import Report, is_one, makedirs, walk

__all__ = ["AsyncSite", "download_tree", "upload_tree"]

_TRIES = 3
_LARGE = 4 << 20
"""Bytes from which on a file of a tree is resumed by itself rather than fetched in a row."""

_NEAR = 0.0005
"""Seconds of a round trip within one machine or one rack."""

_SETTLED = 50
"""Uploads that are measured and renamed together."""


class AsyncSite(Protocol):
    """A client, as far as trees need one."""

    @property
    def files(self) -> AsyncFiles:
        """Its verbs."""

    @property
    def latency(self) -> float:
        """Seconds of a round trip."""

    def another(self) -> AsyncSite:
        """A second client like this one, not connected."""

    async def open(self) -> None:
        """Connect."""

    async def aclose(self) -> None:
        """Close."""

    async def reopen(self) -> None:
        """Connect again, and go back to the folder it was in."""

    def be_careful(self) -> None:
        """Something odd came: send one command at a time."""


@dataclass(eq=False)
class _Job:
    """One file to be moved: its remote path, its local place, what is known of it."""

    path: str
    parts: tuple[str, ...] = ()
    entry: Entry | None = None
    local: Path | None = None
    tries: int = 0


@dataclass
class _Work:
    """What the workers share: jobs are taken from it, results go into the report."""

    root: Folder | None
    progress: Tell
    durable: bool
    report: Report = field(default_factory=Report)
    jobs: deque[_Job] = field(default_factory=deque)

    def take(
        self, held: list[_Job], *, temporary_names: bool = False
    ) -> Iterator[tuple[_Job, str]]:
        """The next jobs, as long as there are any; each stays *held* until it is begun."""
        while self.jobs:
            try:
                job = self.jobs.popleft()
            except IndexError:
                return  # another worker was faster
            held.append(job)
            yield job, temporary(job.path) if temporary_names else job.path

    def give_back(self, held: list[_Job]) -> None:
        """Put what was taken ahead and never begun back in front."""
        self.jobs.extendleft(reversed(held))
        held.clear()

    def failed(self, job: _Job, error: PostelError) -> None:
        """Report *job*, or put it back when another try may help."""
        job.tries += 1
        cut = isinstance(error, NetworkError | ProtocolError | TryLater | TransferError)
        if cut and job.tries < _TRIES:
            self.jobs.append(job)
        else:
            self.report.fail(job.path, error)


# -- down ----------------------------------------------------------------------------------


async def download_tree(
    site: AsyncSite,
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
    await disk.call(_make_root, root)
    with Folder(root, strict=strict) as folder:
        work = _Work(folder, progress, durable)
        await _plan_download(site, path, work)
        await _run(site, work, connections, _fetch)
        return work.report


def _make_root(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)


async def _plan_download(site: AsyncSite, top: str, work: _Work) -> None:
    """List everything, make the local folders, and queue the files."""
    parts_of: dict[str, tuple[str, ...]] = {top: ()}

    async def look(folder: str) -> Sequence[Entry]:
        return await _look(site, folder, top, work)

    async for folder, entries in walk(site.files, top, look=look):
        parts = parts_of.get(folder)
        if parts is None:
            continue  # its name was not safe, and has been reported
        work.report.folders += 1
        for entry in entries:
            path = joined(folder, entry.name)
            try:
                if entry.is_folder:
                    below = (*parts, _checked(work, entry.name))
                    await disk.call(_make_folder, work, below)
                    parts_of[path] = below
                elif entry.is_file:
                    _checked(work, entry.name)
                    work.jobs.append(_Job(path, parts, entry))
            except PostelError as error:
                work.report.fail(path, error)


async def _look(site: AsyncSite, folder: str, top: str, work: _Work) -> Sequence[Entry]:
    """The entries of a folder, asked for again when the connection breaks."""
    for _ in range(_TRIES):
        try:
            return [entry async for entry in site.files.list(folder)]
        except (NetworkError, ProtocolError) as error:
            problem: PostelError = error
            site.be_careful()
            await site.reopen()
        except TransferError as error:
            problem = error
        except ReplyError as error:
            problem = error
            break
    if folder == top:
        raise problem
    work.report.fail(folder, problem)
    return ()


def _checked(work: _Work, name: str) -> str:
    if not is_one(name):
        raise TransferError(f"name {name!r}: it is no name of a file",
                            hint="the server may be hostile, or only odd")
    if name.startswith(".") and name.endswith((".postel", ".postel-note")):
        raise TransferError(f"name {name!r}: that is what unfinished transfers are called here",
                            hint="it may be left of an upload that was cut: remove it there")
    if work.root is not None and not work.root.strict:
        return name
    return safe_name(name)


def _make_folder(work: _Work, parts: tuple[str, ...]) -> None:
    if work.root is not None:
        work.root.descend(parts, make=True).close()


async def _fetch(files: AsyncFiles, work: _Work) -> None:
    """Fetch files until the queue is empty."""
    large: list[_Job] = []
    held: list[_Job] = []

    def small() -> Iterator[tuple[_Job, str]]:
        for job, path in work.take(held):
            if job.entry is not None and (job.entry.size or 0) >= _LARGE:
                held.remove(job)
                large.append(job)
                return
            yield job, path

    async def take(job: _Job, reading: AsyncReading) -> None:
        held.remove(job)
        await _fetch_one(files, work, job, reading, shelf)

    shelf = _Shelf(work)
    try:
        while work.jobs:
            await files.read_many(small(), take)
            while large:
                await _fetch_one(files, work, large.pop(), None, shelf)
    finally:
        work.give_back(held + large)
        shelf.close()


async def _fetch_one(
    files: AsyncFiles, work: _Work, job: _Job, reading: AsyncReading | None, shelf: _Shelf
) -> None:
    """One file into its folder; its failure is reported, a broken connection raised."""
    try:
        with on_disk(job.path), shelf.place(job) as place:
            entry = job.entry
            if reading is None:
                size = await download_into(files, job.path, place, entry=entry,
                                           progress=work.progress)
            else:
                size = await _save(reading, place, job, work.progress)
            modified = entry.modified if entry is not None else None
            await disk.call(_commit, place, modified, work.durable)
        work.report.add(size)
    except PostelError as error:
        work.failed(job, error)
        if isinstance(error, NetworkError | ProtocolError):
            raise


class _Shelf:
    """The folder that a worker is filling: files come folder by folder, so it is kept open."""

    def __init__(self, work: _Work) -> None:
        self._work = work
        self._parts: tuple[str, ...] | None = None
        self._folder: Folder | None = None

    def place(self, job: _Job) -> Target:
        """Where *job* goes."""
        if self._folder is None or self._parts != job.parts:
            self.close()
            if self._work.root is None:
                raise TransferError(f"{job.path}: there is no folder to put it in")
            self._folder, self._parts = self._work.root.descend(job.parts), job.parts
        return self._folder.target(job.path.rpartition("/")[2])

    def close(self) -> None:
        """Let go of the folder."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None


def _commit(place: Target, modified: datetime | None, durable: bool) -> None:
    place.commit(modified=modified, durable=durable)


async def _save(reading: AsyncReading, place: Target, job: _Job, tell: Tell) -> int:
    """A small file, whole."""
    expected = job.entry.size if job.entry is not None else None
    place.restart()
    watch = Watch(job.path, expected, tell)
    try:
        async with reading:
            if reading.expected is None:
                reading.expected = expected
            size = await reading.save(place.file, watch)
        if expected is not None and size != expected:
            raise Incomplete(f"{job.path}: {size:,} bytes came, the listing said {expected:,}",
                             hint="it changed after it was listed, or was cut short; try again")
    except BaseException:
        place.discard()  # small: it begins afresh next time
        raise
    watch.tell()
    return size


# -- up ------------------------------------------------------------------------------------


async def upload_tree(
    site: AsyncSite,
    source: Path | str,
    path: str,
    *,
    connections: int = 4,
    progress: Tell = None,
    inplace: bool = False,
) -> Report:
    """Store a whole local folder at *path*; the client's method of the same name tells more."""
    if not Path(source).is_dir():
        raise UsageError(f"upload {source}: that is no folder here")
    work = _Work(None, progress, durable=True)
    folders = await disk.call(_plan_upload, Path(source), path, work)
    if path:
        await makedirs(site.files, path)
    for outcome in [done async for done in site.files.make_many(folders[1:])]:
        if outcome.error is not None and not await _is_there(site.files, outcome.path):
            work.report.fail(outcome.path, outcome.error)
    work.report.folders = len(folders)
    await _run(site, work, connections, _store_inplace if inplace else _store)
    return work.report


def _plan_upload(source: Path, top: str, work: _Work) -> list[str]:
    """The remote folders, outermost first; the files go into the queue. Links are left out."""
    def unreadable(error: OSError) -> None:
        work.report.fail(str(error.filename), TransferError(
            f"{error.filename}: the local folder cannot be read: {error.strerror}"))

    remote = {str(source): top}
    for folder, names, files in os.walk(source, onerror=unreadable):
        for name in (*names, *files):
            if not is_one(name):
                work.report.fail(joined(remote[folder], name), TransferError(
                    f"{name!r}: no command can carry that name", hint="rename it"))
        names[:] = sorted(filter(is_one, names))
        for name in names:
            if not (Path(folder) / name).is_symlink():
                remote[str(Path(folder) / name)] = joined(remote[folder], name)
        for name in sorted(filter(is_one, files)):
            local = Path(folder) / name
            if local.is_file() and not local.is_symlink():
                work.jobs.append(_Job(joined(remote[folder], name), local=local))
    return list(remote.values())


async def _is_there(files: AsyncFiles, folder: str) -> bool:
    """Whether a folder that could not be made is there already."""
    try:
        return (await files.stat(folder)).is_folder
    except PostelError:
        return False


async def _store(files: AsyncFiles, work: _Work) -> None:
    """Store files under temporary names until the queue is empty; settle them in batches."""
    sent: list[tuple[_Job, int, datetime]] = []
    held: list[_Job] = []

    async def give(job: _Job, sink: AsyncSink) -> None:
        held.remove(job)
        await _store_one(work, job, sink, sent)

    while work.jobs:
        try:
            some = islice(work.take(held, temporary_names=True), _SETTLED)
            await files.write_many(some, give)
            await _settle(files, work, sent)
        finally:
            work.give_back(held)
            work.jobs.extend(job for job, _, _ in sent)  # stored, but not under its name
            sent.clear()


async def _store_inplace(files: AsyncFiles, work: _Work) -> None:
    """Store files under their own names."""
    held: list[_Job] = []

    async def give(job: _Job, sink: AsyncSink) -> None:
        held.remove(job)
        done: list[tuple[_Job, int, datetime]] = []
        await _store_one(work, job, sink, done)
        for _, size, _ in done:
            work.report.add(size)

    while work.jobs:
        try:
            await files.write_many(work.take(held), give)
        finally:
            work.give_back(held)


async def _store_one(
    work: _Work, job: _Job, sink: AsyncSink, sent: list[tuple[_Job, int, datetime]]
) -> None:
    try:
        if job.local is None:
            raise TransferError(f"{job.path}: there is no local file")
        with job.local.open("rb") as file:
            stat = os.fstat(file.fileno())
            watch = Watch(job.path, stat.st_size, work.progress)
            async with sink:
                size = await sink.send_file(file, watch)
            watch.tell()
        sent.append((job, size, datetime.fromtimestamp(stat.st_mtime, UTC)))
    except OSError as error:
        problem = error if isinstance(error, PostelError) else TransferError(
            f"{job.path}: the local file cannot be read: {error.strerror}")
        work.failed(job, problem)
        if isinstance(problem, NetworkError | ProtocolError):
            raise
    except PostelError as error:
        work.failed(job, error)
        if isinstance(error, ProtocolError):
            raise


async def _settle(
    files: AsyncFiles, work: _Work, sent: list[tuple[_Job, int, datetime]]
) -> None:
    """Measure what was stored, give it its names, set its times; *sent* keeps what is not done."""
    places = [temporary(job.path) for job, _, _ in sent]
    stats = [outcome async for outcome in files.stat_many(places)]
    whole = []
    for (job, size, when), outcome in zip(tuple(sent), stats, strict=True):
        there = outcome.value.size if outcome.value is not None else None
        if there is not None and there != size:
            sent.remove((job, size, when))
            work.failed(job, Incomplete(f"{job.path}: the server has {there:,} of {size:,} bytes"))
        else:
            whole.append((job, size, when))
    pairs = [(temporary(job.path), job.path) for job, _, _ in whole]
    renamed = [outcome async for outcome in files.rename_many(pairs)]
    timed = []
    for (job, size, when), done in zip(whole, renamed, strict=True):
        sent.remove((job, size, when))
        if isinstance(done.error, PostelError):
            work.failed(job, done.error)
        else:
            work.report.add(size)
            timed.append((job.path, when))
    if files.features.set_modified:
        _ = [outcome async for outcome in files.set_many(timed)]


# -- workers -------------------------------------------------------------------------------


async def _run(
    site: AsyncSite,
    work: _Work,
    connections: int,
    some: Callable[[AsyncFiles, _Work], Later[None]],
) -> None:
    """Let workers take jobs until none is left; the caller's own connection is the first."""
    count = _workers(site, work, connections)
    async with AsyncCrew() as crew:
        for _ in range(count - 1):
            crew.start(_extra_worker, site.another(), work, some)
        await _worker(site, work, some)
    await _worker(site, work, some)  # what a worker that gave up has put back


def _workers(site: AsyncSite, work: _Work, connections: int) -> int:
    """How many connections are worth their while.

    Connections hide round trips. Where a round trip takes no time, small files are bound by this
    process, and a second connection only adds to its work (measured: 10,000 files on loopback
    take a fifth longer over two connections, and twice as long over eight).
    """
    most = max(1, min(connections, len(work.jobs)))
    sizes = [job.entry.size or 0 for job in work.jobs if job.entry is not None]
    small = not sizes or sum(sizes) / len(sizes) < _LARGE / 4
    if small and site.latency < _NEAR:
        return 1
    return most


async def _extra_worker(
    site: AsyncSite, work: _Work, some: Callable[[AsyncFiles, _Work], Later[None]]
) -> None:
    """A worker with a connection of its own; a server that allows no more of them is obeyed."""
    try:
        await site.open()
        await _worker(site, work, some)
    except PostelError:
        return  # what it had in hand is in the queue again, for the others
    finally:
        await site.aclose()


async def _worker(
    site: AsyncSite, work: _Work, some: Callable[[AsyncFiles, _Work], Later[None]]
) -> None:
    troubles = 0
    while work.jobs:
        try:
            await some(site.files, work)
        except (NetworkError, ProtocolError):
            troubles += 1
            if troubles > _TRIES:
                raise
            site.be_careful()
            await site.reopen()
