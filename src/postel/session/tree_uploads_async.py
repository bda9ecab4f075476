# A conversation (its twin tree_uploads_sync.py is generated): whole trees up.
"""Upload trees, on the verbs that every file scheme answers.

Folders are made in one burst, files are stored under temporary names by the workers
(tree_work_async.py), measured, and renamed in batches. Links are left out; what cannot be read or
named is reported, and the rest goes up.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from ..errors import (
    Incomplete,
    NetworkError,
    PostelError,
    ProtocolError,
    ReplyError,
    TransferError,
    UsageError,
)
from ..transport import disk_async as disk
from ..types import Entry, Kind, Progress
from ..wire.names import joined
from .files_async import AsyncFiles, AsyncSink, Watch
from .transfer_async import Tell, temporary, upload_from
from .tree_work_async import AsyncSite, Job, Work, run
from .trees_async import Report, is_one, makedirs

__all__ = ["store", "store_inplace", "upload_tree"]


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
    work = Work(None, progress, durable=True)
    folders = await disk.call(_plan_upload, Path(source), path, work)
    if path:
        await makedirs(site.files, path)
    for outcome in [done async for done in site.files.make_many(folders[1:])]:
        if outcome.error is not None and not await _is_there(site.files, outcome.path):
            work.report.fail(outcome.path, outcome.error)
    work.report.folders = len(folders)
    direct = inplace or not site.files.features.rename
    await run(site, work, connections, store_inplace if direct else store)
    return work.report


def _plan_upload(source: Path, top: str, work: Work) -> list[str]:
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
            with contextlib.suppress(OSError):  # gone since it was listed
                status = local.lstat()
                if stat.S_ISREG(status.st_mode):
                    work.jobs.append(Job(joined(remote[folder], name), local=local,
                                         entry=Entry(name, Kind.FILE, size=status.st_size)))
    return list(remote.values())


async def _is_there(files: AsyncFiles, folder: str) -> bool:
    """Whether a folder that could not be made is there already."""
    try:
        return (await files.stat(folder)).is_folder
    except PostelError:
        return False


async def store(files: AsyncFiles, work: Work) -> None:
    """Store files under temporary names until the queue is empty; settle them in batches."""
    sent: list[tuple[Job, int, datetime]] = []
    held: list[Job] = []
    large: list[Job] = []

    def small() -> Iterator[tuple[Job, str]]:
        for job, path in work.take(held, temporary_names=True):
            if work.alone(job):
                held.remove(job)
                large.append(job)
                return
            yield job, path

    async def give(job: Job, sink: AsyncSink) -> None:
        held.remove(job)
        await _store_one(work, job, sink, sent)

    while work.jobs:
        try:
            await files.write_many(islice(small(), files.together), give)
            await _settle(files, work, sent)
            while large:
                await _store_large(files, work, large.pop())
        finally:
            work.give_back(held + large)
            held.clear()
            large.clear()
            work.jobs.extend(job for job, _, _ in sent)  # stored, but not under its name
            sent.clear()


async def _store_large(files: AsyncFiles, work: Work, job: Job) -> None:
    """A file that is worth going on with where an earlier run stopped."""
    resume, reached = work.may_resume(job), 0

    def tell(progress: Progress) -> None:
        nonlocal reached
        reached = progress.done if resume else 0
        if work.progress is not None:
            work.progress(progress)

    try:
        with _readable(job) as file:
            status = os.fstat(file.fileno())
            size = await upload_from(
                files, file, job.path, size=status.st_size, resume=resume,
                modified=datetime.fromtimestamp(status.st_mtime, UTC), progress=tell,
                check=lambda size: work.check(files, job, None, size))
        work.done(job, size)
    except PostelError as error:
        work.failed(job, error, reached)
        if isinstance(error, NetworkError | ProtocolError):
            raise


@contextlib.contextmanager
def _readable(job: Job) -> Iterator[BinaryIO]:
    """The local file of *job*, open; what the disk refuses is one of our errors."""
    if job.local is None:
        raise TransferError(f"{job.path}: there is no local file")
    try:
        with job.local.open("rb") as file:
            yield file
    except PostelError:
        raise
    except OSError as error:
        raise TransferError(
            f"{job.path}: the local file cannot be read: {error.strerror}") from error


async def store_inplace(files: AsyncFiles, work: Work) -> None:
    """Store files under their own names."""
    held: list[Job] = []

    async def give(job: Job, sink: AsyncSink) -> None:
        held.remove(job)
        await _store_one(work, job, sink, sent)

    while work.jobs:
        sent: list[tuple[Job, int, datetime]] = []
        try:
            await files.write_many(islice(work.take(held), files.together), give)
            for job, size, _ in sent:
                work.done(job, size)
            sent.clear()
        finally:
            work.give_back(held)
            work.jobs.extend(job for job, _, _ in sent)


async def _store_one(
    work: Work, job: Job, sink: AsyncSink, sent: list[tuple[Job, int, datetime]]
) -> None:
    def refused(error: PostelError) -> None:
        """The server said no after the block was left."""
        sent[:] = [one for one in sent if one[0] is not job]
        work.failed(job, error)

    try:
        with _readable(job) as file:
            status = os.fstat(file.fileno())
            watch = Watch(job.path, status.st_size, work.progress)
            sink.modified = datetime.fromtimestamp(status.st_mtime, UTC)
            sink.refused = refused
            async with sink:
                size = await sink.send_file(file, watch)
            watch.tell()
        sent.append((job, size, datetime.fromtimestamp(status.st_mtime, UTC)))
    except PostelError as error:
        work.failed(job, error)
        if isinstance(error, NetworkError | ProtocolError):
            raise


async def _is_sound(files: AsyncFiles, work: Work, job: Job, size: int) -> bool:
    """Whether what was stored passes the run's check; what does not is reported."""
    try:
        await work.check(files, job, None, size)
    except PostelError as error:
        work.failed(job, error)
        return False
    return True


async def _set_singly(files: AsyncFiles, times: list[tuple[str, datetime]]) -> None:
    """Set singly what a burst could not; a file without its time is still whole."""
    for place, when in times:
        if not files.features.set_modified:
            return  # it has just said so
        with contextlib.suppress(ReplyError):
            await files.set(place, modified=when)


async def _settle(
    files: AsyncFiles, work: Work, sent: list[tuple[Job, int, datetime]]
) -> None:
    """Measure what was stored, set its times, give it its names; *sent* keeps what is not done."""
    places = [temporary(job.path) for job, _, _ in sent]
    stats = [outcome async for outcome in files.stat_many(places)]
    whole = []
    for (job, size, when), outcome in zip(tuple(sent), stats, strict=True):
        there = outcome.value.size if outcome.value is not None else None
        if there is not None and there != size:
            sent.remove((job, size, when))
            work.failed(job, Incomplete(f"{job.path}: the server has {there:,} of {size:,} bytes"))
        elif await _is_sound(files, work, job, size):
            whole.append((job, size, when))
        else:
            sent.remove((job, size, when))
    if files.features.set_modified:  # before the name: what has its name is done
        times = [(temporary(job.path), when) for job, _, when in whole]
        outcomes = [outcome async for outcome in files.set_many(times)]
        await _set_singly(files, [one for one, outcome in zip(times, outcomes, strict=True)
                                  if outcome.error is not None])
    pairs = [(temporary(job.path), job.path) for job, _, _ in whole]
    renamed = [outcome async for outcome in files.rename_many(pairs)]
    for (job, size, when), done in zip(whole, renamed, strict=True):
        sent.remove((job, size, when))
        if isinstance(done.error, PostelError):
            work.failed(job, done.error)
        else:
            work.done(job, size)
