# GENERATED from copying_async.py by tools/unasync.py: edit that file, not this one.
"""Copy files from one end to another: several at a time, verified, each under its name when whole.

To this machine, and from it, the work is that of trees (session/tree_work_async.py): one queue,
several connections, small files in bursts, large ones resumed. Between two servers the bytes pass
through here, chunk by chunk, as fast as the slower of the two takes them.

A connection that breaks is opened again; a server that lets in fewer is obeyed, down to one. No
worker ever holds a connection while it waits for another, so none can wait for ever.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import (
    Changed,
    ChecksumMismatch,
    Incomplete,
    NetworkError,
    NotFound,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
)
from ..session.files_sync import Files, Watch
from ..session.patience_sync import again
from ..session.transfer_sync import temporary
from ..session.tree_transfers_sync import fetch
from ..session.tree_uploads_sync import store, store_inplace
from ..session.tree_work_sync import LARGE, Job, Work, run
from ..transport import disk_sync as disk
from ..transport.clock_sync import Later
from ..transport.crew_sync import Crew
from ..transport.digests import digest_of as digest_here
from ..transport.folder import Folder
from ..transport.target import Target
from ..types import Entry, Kind, Progress
from .digests_sync import digest_of, reread
from .ground import Ground
from .journal import Journal
from .parts import SMALLEST
from .segments_sync import Source, fetch_parts, prepared
from .straight_sync import straight
from .tree_sync import Tree
from .types import Action, Mark, Rules, Verify

__all__ = ["Copying"]

_NEAR = 0.0005
_SPOOL = 8 << 20
"""Bytes of a file that are held in memory where it must be put down between two servers."""


@dataclass(eq=False)
class _CopyJob(Job):
    """A job that knows its action."""

    action: Action | None = None
    verified: Verify = Verify.SIZE


class Copying:
    """The copies of one run.

    Args:
        source: the tree that is copied.
        target: the tree that is made like it.
        rules: of the run.
        journal: what is remembered.
        ground: the target's folder where it is on this machine.
        done: called with an action, its bytes and how it was checked, when the file has its name.
        failed: called with an action and its error, when no more tries are left.
        again: called with an action and its error, when it will be tried again.
        progress: called with a `Progress` now and then.
    """

    def __init__(
        self,
        source: Tree,
        target: Tree,
        rules: Rules,
        journal: Journal,
        ground: Ground | None,
        *,
        done: Callable[[Action, int, Verify], object],
        failed: Callable[[Action, Exception], object],
        again: Callable[[Action, Exception], object] = lambda action, error: None,
        progress: Callable[[Progress], object] | None = None,
    ) -> None:
        self.source, self.target, self.rules, self.journal = source, target, rules, journal
        self.ground, self.progress = ground, progress
        self._done, self._failed, self._again = done, failed, again

    def run(self, actions: list[Action], connections: int) -> None:
        """Copy all of *actions*."""
        if not actions:
            return
        work = _Work(self, self.ground.top if self.ground is not None else None)
        far = self.source if self.ground is not None else self.target
        work.most = far.most
        if self.ground is not None:
            work.jobs.extend(self._fetching(action) for action in actions)
            run(self.source.site, work, connections, fetch)
        elif self.source.local:
            work.jobs.extend(self._storing(action) for action in actions)
            run(self.target.site, work, connections,
                      store_inplace if self.rules.inplace else store)
        else:
            work.jobs.extend(self._fetching(action) for action in actions)
            self._relay_all(work, connections)
        far.most = work.most

    # -- jobs ------------------------------------------------------------------------------

    def _fetching(self, action: Action) -> _CopyJob:
        *parts, name = action.target.split("/")
        return _CopyJob(self.source.at(action.path), tuple(parts), self._entry(action),
                        mode=action.mode, name=name, action=action)

    def _storing(self, action: Action) -> _CopyJob:
        local = Path(self.source.at(action.path))
        return _CopyJob(self.target.at(action.target), entry=self._entry(action), local=local,
                        action=action)

    def _entry(self, action: Action) -> Entry:
        """What the plan knew of the source; without a time where times are not kept."""
        mark = action.new or Mark(Kind.FILE)
        when = (datetime.fromtimestamp(mark.modified, UTC)
                if mark.modified is not None and self.rules.times else None)
        return Entry(action.path.rpartition("/")[2], Kind.FILE, size=mark.size, modified=when,
                     validator=mark.tag or None)

    def landed(self, job: _CopyJob, size: int) -> None:
        """A file has its name."""
        action = job.action
        if action is None or action.new is None:
            return
        keeps = self.rules.times and self.target.files.features.set_modified
        self.journal.note(action.path, action.new, Mark(
            Kind.FILE, size, action.new.modified if keeps or self.ground is not None else None))
        self._done(action, size, job.verified)

    def lost(self, job: _CopyJob, error: Exception) -> None:
        """A file has failed for good."""
        if job.action is not None:
            self._failed(job.action, error)

    def retried(self, job: _CopyJob, error: Exception) -> None:
        """A file has failed, and is tried again."""
        if job.action is not None:
            self._again(job.action, error)

    # -- checks ----------------------------------------------------------------------------

    def check(
        self, files: Files, job: _CopyJob, place: Target | None, size: int
    ) -> None:
        """What moved, before it gets its name: as it was planned, and as it is at the other end."""
        action = job.action
        if action is None or action.new is None:
            return
        if action.new.size is not None and action.new.size != size:
            raise Incomplete(f"copy {action.path}: {size:,} bytes moved, {action.new.size:,} were "
                             "planned", hint="it changed at the source meanwhile; plan again")
        if size >= LARGE:
            self._unchanged(files if place is not None else None, action)
        if self.rules.verify is not Verify.SIZE:
            self._verify(files, job, place)

    def _unchanged(self, files: Files | None, action: Action) -> None:
        """The source is still what it was when it was planned: long copies take long."""
        path = self.source.at(action.path)
        try:
            entry = (files or self.source.files).stat(path)
        except (NotFound, NotSupported):
            return
        window = max(one or 1.0 for one in (entry.precision, self.source.files.features.precision))
        if action.new is not None and not action.new.suits(Mark.of(entry), window):
            raise Changed(f"copy {action.path}: it changed at the source while it was copied",
                          hint="it is tried again; a file that is written all the time needs a "
                               "snapshot")

    def _verify(self, files: Files, job: _CopyJob, place: Target | None) -> None:
        """By the server's digest, else by reading again where the rules ask for it."""
        there = job.path if place is not None or self.rules.inplace else temporary(job.path)
        offered = [name for name in files.features.digests if name != "CRC32"]
        if self.rules.verify is Verify.DIGEST and not offered:
            return
        name = offered[0] if self.rules.verify is Verify.DIGEST else "SHA-256"
        told = (digest_of(files, there, name) if self.rules.verify is Verify.DIGEST
                      else reread(files, there))
        here = disk.call(_digest_of, place, job.local, name)
        if here != told:
            if place is not None:
                place.discard()
            raise ChecksumMismatch(f"copy {job.path}: {name} is {here} here, and {told} there",
                                   hint="it was damaged on the way, or changed; it is tried again")
        job.verified = self.rules.verify

    # -- between two servers ---------------------------------------------------------------

    def _relay_all(self, work: _Work, connections: int) -> None:
        near = max(self.source.site.latency, self.target.site.latency) < _NEAR
        allowed = self.source.allowed(self.target.allowed(connections))
        count = 1 if near else max(1, min(allowed, len(work.jobs)))
        with Crew() as crew:
            for _ in range(count - 1):
                crew.start(self._extra, work)
            self._relays(self.source, self.target, work)
        self._relays(self.source, self.target, work)  # what one that gave up put back

    def _extra(self, work: _Work) -> None:
        """A worker with connections of its own; servers that allow no more are obeyed."""
        source = self.source.another()
        target = self.target.beside(self.source, source)
        try:
            source.site.open()
            if target.site is not source.site:
                target.site.open()
            self._relays(source, target, work)
        except PostelError:
            return  # what it had in hand is in the queue again, for the others
        finally:
            source.site.close()
            target.site.close()

    def _relays(self, source: Tree, target: Tree, work: _Work) -> None:
        troubles = steps = 0
        while work.ready():
            try:
                job = cast("_CopyJob", work.jobs.popleft())
            except IndexError:
                return
            try:
                size = self._relay(source, target, job)
                work.done(job, size)
            except PostelError as error:
                work.failed(job, error)
                if isinstance(error, NetworkError | ProtocolError):
                    troubles = troubles + 1 if work.steps == steps else 1
                    steps = work.steps
                    if troubles > work.tries:
                        raise
                    for site in {id(tree.site): tree.site for tree in (source, target)}.values():
                        again(site, error, troubles, work.tries)

    def _relay(self, source: Tree, target: Tree, job: _CopyJob) -> int:
        """One file from server to server, by way of a temporary name."""
        action = job.action
        to = target.at(action.target if action is not None else "")
        place = to if self.rules.inplace else temporary(to)
        watch = Watch(job.path, job.entry.size if job.entry else None, self.progress)
        if self.rules.fxp and source.site is not target.site:
            size = straight(source, job.path, target, place)
        elif source.site is target.site:
            size = self._within(source, job.path, place, watch)
        else:
            size = self._stream(source, job.path, target, place, watch)
        self._measured(target.files, place, size)
        if action is not None and action.new is not None:
            if action.new.size not in (None, size):
                raise Incomplete(f"copy {action.path}: {size:,} bytes moved, {action.new.size:,} "
                                 "were planned", hint="it changed meanwhile; plan again")
            if size >= LARGE:
                self._unchanged(source.files, action)
            if self.rules.verify is not Verify.SIZE:
                self._alike(source.files, target.files, job, place)
            self._time(target.files, place, action.new)
        if place != to:
            target.files.rename(place, to)
        watch.tell()
        return size

    def _stream(
        self, source: Tree, path: str, target: Tree, place: str, watch: Watch
    ) -> int:
        with source.files.read(path) as reading, target.files.write(place) as sink:
            for chunk in reading:
                sink.send(chunk)
                watch.add(len(chunk))
        return watch.done

    def _within(self, source: Tree, path: str, place: str, watch: Watch) -> int:
        """Within one server: it copies by itself, or the file is put down here in between."""
        if source.files.features.copy:
            with contextlib.suppress(NotSupported):  # it says that it can, and not for these two
                source.files.copy(path, place)
                return (source.files.stat(place)).size or 0
        with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
            file = cast("BinaryIO", spool)
            with source.files.read(path) as reading:
                for chunk in reading:
                    file.write(chunk)
            file.seek(0)
            with source.files.write(place) as sink:
                return sink.send_file(file, watch)

    def _measured(self, files: Files, place: str, size: int) -> None:
        """The target must have as many bytes as were sent, where it can tell."""
        try:
            there = (files.stat(place)).exact_size
        except ReplyError:
            return
        if there is not None and there != size:
            raise Incomplete(f"copy to {place}: the target has {there:,} bytes of {size:,}")

    def _alike(
        self, ours: Files, theirs: Files, job: _CopyJob, place: str
    ) -> None:
        """By digests of both ends, where both offer one; by reading both where rules ask for it."""
        common = [name for name in ours.features.digests
                  if name in theirs.features.digests and name != "CRC32"]
        if self.rules.verify is Verify.DIGEST and not common:
            return
        if self.rules.verify is Verify.DIGEST:
            one = digest_of(ours, job.path, common[0])
            other = digest_of(theirs, place, common[0])
        else:
            one, other = reread(ours, job.path), reread(theirs, place)
        if one != other:
            raise ChecksumMismatch(f"copy {job.path}: the two ends differ: {one} and {other}",
                                   hint="it was damaged on the way, or changed; it is tried again")
        job.verified = self.rules.verify

    def _time(self, files: Files, place: str, mark: Mark) -> None:
        if self.rules.times and mark.modified is not None and files.features.set_modified:
            try:
                files.set(place, modified=datetime.fromtimestamp(mark.modified, UTC))
            except ReplyError:
                pass  # it says that it can and cannot; the bytes are what was asked for


class _Work(Work):
    """The queue of a run: what becomes of each job goes to its action."""

    def __init__(self, copying: Copying, root: Folder | None) -> None:
        super().__init__(root, copying.progress, copying.rules.durable,
                         tries=copying.rules.tries)
        self._copying = copying

    def check(self, files: Files, job: Job, place: Target | None, size: int) -> None:
        """Check what moved."""
        self._copying.check(files, cast("_CopyJob", job), place, size)

    def alone(self, job: Job) -> bool:
        """A file whose digest is asked for is not read in a row: the answer would queue."""
        return self._copying.rules.verify is not Verify.SIZE or super().alone(job)

    def may_resume(self, job: Job) -> bool:
        """Whether an upload of the same source had begun."""
        action = cast("_CopyJob", job).action
        if action is None or action.new is None:
            return False
        return self._copying.journal.begin(action.path, action.new)

    def fetch_large(
        self, files: Files, job: Job, place: Target, plainly: Callable[[], Later[int]]
    ) -> int:
        """In segments, where that is asked for and the server can be read from the middle."""
        entry, count = job.entry, self._copying.rules.segments
        has = files.features
        if (entry is None or (entry.exact_size or 0) < 2 * SMALLEST or count < 2
                or not has.resume_read or (has.validators and entry.validator is None)):
            return plainly()
        tree = self._copying.source
        source = Source(tree.name, job.path, entry, tree.site.another)
        parts = disk.call(prepared, place, [source], job.path)
        watch = Watch(job.path, parts.size, self.progress, parts.size - parts.missing)
        try:
            fetch_parts(parts, [source], count, watch, first=files)
        except ProtocolError:
            return plainly()
        watch.tell()
        return parts.size

    def done(self, job: Job, size: int) -> None:
        """A file has its name."""
        super().done(job, size)
        self._copying.landed(cast("_CopyJob", job), size)

    def again(self, job: Job, error: PostelError) -> None:
        """Another try."""
        self._copying.retried(cast("_CopyJob", job), error)

    def lost(self, job: Job, error: PostelError) -> None:
        """No other try."""
        super().lost(job, error)
        self._copying.lost(cast("_CopyJob", job), error)


def _digest_of(place: Target | None, local: Path | None, name: str) -> str:
    """The digest of what is on this machine: what was fetched, or what was stored."""
    if place is not None:
        return digest_here(place.file, name)
    with Path(local or "").open("rb") as file:
        return digest_here(file, name)
