# GENERATED from tree_work_async.py by tools/unasync.py: edit that file, not this one.
"""One queue of files, several workers, each with a connection of its own.

A file that fails is reported and the rest goes on. A worker whose connection breaks opens another
one after a while, more careful, and what it had in hand goes back into the queue; one that is not
let in again leaves its share to the others. What a server wants to be asked for later waits until
then, while the rest goes on. Whatever has moved in between makes the next failure a first one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..errors import Incomplete, NetworkError, PostelError, ProtocolError, TransferError, TryLater
from ..transport.clock_sync import Later, now, sleep
from ..transport.crew_sync import Crew
from ..transport.folder import Folder
from ..transport.target import Target
from ..types import Entry
from .files_sync import Files
from .patience_sync import again, wait_for
from .transfer_sync import Tell, temporary
from .trees_sync import Report

__all__ = ["LARGE", "TRIES", "Site", "Job", "Work", "run"]

TRIES = 3
"""How often one file, or one folder's listing, is asked for."""

LARGE = 4 << 20
"""Bytes from which on a file of a tree is resumed by itself rather than fetched in a row."""

_NEAR = 0.0005
"""Seconds of a round trip within one machine or one rack."""


class Site(Protocol):
    """A client, as far as trees need one."""

    @property
    def files(self) -> Files:
        """Its verbs."""

    @property
    def latency(self) -> float:
        """Seconds of a round trip."""

    def another(self) -> Site:
        """A second client like this one, not connected."""

    def open(self) -> None:
        """Connect."""

    def close(self) -> None:
        """Close."""

    def reopen(self) -> None:
        """Connect again, and go back to the folder it was in."""

    def be_careful(self) -> None:
        """Something odd came: send one command at a time."""


@dataclass(eq=False)
class Job:
    """One file to be moved: its remote path, its local place, what is known of it.

    Attributes:
        path: on the server.
        parts: the folders above it here.
        entry: what is known of it.
        local: the file here that is stored.
        mode: the permissions that it gets here; None takes those of what it replaces.
        name: what it is called here, where that differs.
        tries: how often it was begun since it last came further.
        reached: bytes of it that were there when it last failed.
    """

    path: str
    parts: tuple[str, ...] = ()
    entry: Entry | None = None
    local: Path | None = None
    mode: int | None = None
    name: str = ""
    tries: int = 0
    reached: int = 0


@dataclass
class Work:
    """What the workers share: jobs are taken from it, results go into the report.

    Attributes:
        tries: how often one file is begun without coming further.
        waiting: jobs that are to be begun again, and not before when.
        steps: grows with all that is done; who fails after it has, has come further.
        most: connections that the server lets in, as far as it is known.
        extra: connections that are open beside the caller's own.
    """

    root: Folder | None
    progress: Tell
    durable: bool
    report: Report = field(default_factory=Report)
    jobs: deque[Job] = field(default_factory=deque)
    tries: int = TRIES
    waiting: deque[tuple[float, Job]] = field(default_factory=deque)
    steps: int = 0
    most: int | None = None
    extra: int = 0

    def take(
        self, held: list[Job], *, temporary_names: bool = False
    ) -> Iterator[tuple[Job, str]]:
        """The next jobs, as long as there are any; each stays *held* until it is begun."""
        while self.jobs:
            try:
                job = self.jobs.popleft()
            except IndexError:
                return  # another worker was faster
            held.append(job)
            yield job, temporary(job.path) if temporary_names else job.path

    def give_back(self, held: list[Job]) -> None:
        """Put what was taken ahead and never begun back in front."""
        self.jobs.extendleft(reversed(held))
        held.clear()

    def check(self, files: Files, job: Job, place: Target | None, size: int) -> None:
        """Called when all *size* bytes of *job* have moved, before they get their name.

        Args:
            files: the server's side, where *job* came from or went to.
            job: which.
            place: the file here that it was fetched into; None where it was stored there.
            size: in bytes.
        """

    def alone(self, job: Job) -> bool:
        """Whether *job* moves by itself and not in a row, so that others may be asked meanwhile."""
        return job.entry is not None and (job.entry.size or 0) >= LARGE

    def may_resume(self, job: Job) -> bool:
        """Whether what a server has of *job* is the beginning of what is here now."""
        return False

    def done(self, job: Job, size: int) -> None:
        """*job* is there under its name."""
        self.steps += 1
        self.report.add(size)

    def failed(self, job: Job, error: PostelError, reached: int = 0) -> None:
        """Report *job*, or put it back when another try may help.

        Args:
            job: which.
            error: why.
            reached: bytes of it that are there, where another try goes on after them.
        """
        if reached > job.reached and isinstance(
                error, NetworkError | ProtocolError | TryLater | Incomplete):
            job.reached, job.tries = reached, 0  # it was cut, but further on than the last time
            self.steps += 1
        job.tries += 1
        wait = wait_for(error, job.tries)
        cut = isinstance(error, NetworkError | ProtocolError | TryLater | TransferError)
        if not cut or wait is None or job.tries >= self.tries:
            self.lost(job, error)
            return
        self.again(job, error)
        if isinstance(error, TryLater):
            self.waiting.append((now() + wait, job))
        else:
            self.jobs.append(job)

    def again(self, job: Job, error: PostelError) -> None:
        """*job* has failed, and will be tried again."""

    def lost(self, job: Job, error: PostelError) -> None:
        """No other try: report *job*."""
        self.report.fail(job.path, error)

    def ready(self) -> bool:
        """Whether there are jobs; those that have to wait are waited for where no others are."""
        while True:
            soonest = self._wake()
            if self.jobs:
                return True
            if soonest is None:
                return False
            sleep(max(0.0, soonest - now()))

    def _wake(self) -> float | None:
        """Put what has waited long enough among the jobs; when the next has."""
        soonest: float | None = None
        for _ in range(len(self.waiting)):
            try:
                when, job = self.waiting.popleft()
            except IndexError:
                break  # another worker was faster
            if when <= now():
                self.jobs.append(job)
            else:
                self.waiting.append((when, job))
                soonest = when if soonest is None else min(soonest, when)
        return soonest

    def fetch_large(
        self, files: Files, job: Job, place: Target, plainly: Callable[[], Later[int]]
    ) -> int:
        """Fetch a file that is worth going on with into *place*; return its size.

        Args:
            files: the server's side.
            job: which.
            place: the file here.
            plainly: fetches it over this one connection.
        """
        return plainly()


def run(
    site: Site,
    work: Work,
    connections: int,
    some: Callable[[Files, Work], Later[None]],
) -> None:
    """Let workers take jobs until none is left; the caller's own connection is the first."""
    allowed = connections if work.most is None else min(connections, work.most)
    count = _workers(site, work, allowed)
    with Crew() as crew:
        for _ in range(count - 1):
            crew.start(_extra_worker, site.another(), work, some)
        _worker(site, work, some)
    _worker(site, work, some)  # what a worker that gave up has put back


def _workers(site: Site, work: Work, connections: int) -> int:
    """How many connections are worth their while.

    Connections hide round trips. Where a round trip takes no time, small files are bound by this
    process, and a second connection only adds to its work (measured: 10,000 files on loopback
    take a fifth longer over two connections, and twice as long over eight).
    """
    most = max(1, min(connections, len(work.jobs)))
    sizes = [job.entry.size or 0 for job in work.jobs if job.entry is not None]
    small = not sizes or sum(sizes) / len(sizes) < LARGE / 4
    if small and (site.latency < _NEAR or site.files.hides_round_trips):
        return 1
    return most


def _extra_worker(
    site: Site, work: Work, some: Callable[[Files, Work], Later[None]]
) -> None:
    """A worker with a connection of its own; a server that allows no more of them is obeyed."""
    if work.most is not None and work.extra + 1 >= work.most:
        return
    try:
        try:
            site.open()
        except PostelError:
            work.most = work.extra + 1  # 421, 530, 503, MaxSessions: the words differ, not the fact
            return
        work.extra += 1
        try:
            _worker(site, work, some)
        finally:
            work.extra -= 1
    except PostelError:
        return  # what it had in hand is in the queue again, for the others
    finally:
        site.close()


def _worker(
    site: Site, work: Work, some: Callable[[Files, Work], Later[None]]
) -> None:
    troubles = steps = 0
    while work.ready():
        try:
            some(site.files, work)
        except (NetworkError, ProtocolError) as error:
            troubles = troubles + 1 if work.steps == steps else 1
            steps = work.steps
            if troubles > work.tries:
                raise
            again(site, error, troubles, work.tries)
