# GENERATED from segments_async.py by tools/unasync.py: edit that file, not this one.
"""A large file in segments, from one place or from several that have the same.

Each worker has a connection of its own and reads from some offset on, until it meets what another
has fetched. Whoever is done takes half of the largest part that is left, so a slow mirror ends up
with little. What has arrived is noted beside the partial file, and a run that was stopped goes on
with it, if the places that it came from still have what they had. Each segment is read from a
little before its beginning on, so that two that meet can be seen to fit.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..errors import Changed, Incomplete, NotFound, PostelError, ProtocolError
from ..session.files_sync import Files, Watch
from ..session.patience_sync import wait_for
from ..session.site_sync import FileSite
from ..transport import disk_sync as disk
from ..transport.clock_sync import sleep
from ..transport.crew_sync import Crew
from ..transport.target import Target
from ..types import Entry
from .parts import SMALLEST, Part, Parts
from .types import Mark

__all__ = ["TRIES", "Source", "fetch_parts", "prepared"]

TRIES = 3
"""How often a place may fail in a row, without a byte between, before it is left alone."""

OVERLAP = 4_096
"""Bytes before a segment that are read with it and compared: some servers ignore offsets."""


@dataclass
class Source:
    """One place that has the file.

    Args:
        name: of the place, for people.
        path: of the file there.
        entry: what the place told of it.
        site: makes a client of it, not connected.
        ranges: whether it can be read from the middle.
        mark: tells this version at this place from all others.
        failures: how often it failed since it last gave a byte.
    """

    name: str
    path: str
    entry: Entry
    site: Callable[[], FileSite]
    ranges: bool = True
    mark: str = ""
    failures: int = 0

    def __post_init__(self) -> None:
        when = self.entry.modified
        if self.entry.validator is not None or when is not None:
            said = f"{self.name} {self.entry.validator} {when and when.isoformat()}"
            self.mark = hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:12]

    def same(self, entry: Entry) -> bool:
        """Whether *entry* is still the version that was seen first."""
        return Mark.of(self.entry).suits(Mark.of(entry), entry.precision or 1.0)


def prepared(
    place: Target,
    sources: Sequence[Source],
    name: str,
    *,
    digest: str = "",
    resume: bool = True,
) -> Parts:
    """What is left to be fetched, after what an earlier run did. Blocking.

    Args:
        place: where it goes.
        sources: where it can be had.
        name: what to call it.
        digest: of the whole file, where it is known: then it does not matter where bytes came from.
        resume: whether to use what an earlier run left.
    """
    size = sources[0].entry.exact_size or 0
    identity: dict[str, object] = {"size": size, "digest": digest}
    noted = _noted(place.read_note(), identity, {one.mark for one in sources}) if resume else None
    if noted is None or place.file.seek(0, os.SEEK_END) != size:
        place.restart()
        place.file.truncate(size)
        noted = [(0, size)], []
    missing, used = noted
    parts = Parts(place, size, missing, name=name, identity=identity, used=used)
    parts.note()
    return parts


def _noted(
    noted: object, identity: dict[str, object], marks: set[str]
) -> tuple[list[tuple[int, int]], list[str]] | None:
    """What an earlier run of the same source still missed, and what it came from."""
    if not isinstance(noted, dict):
        return None
    missing, used = noted.pop("missing", None), noted.pop("from", None)
    if noted != identity or not isinstance(missing, list) or not isinstance(used, list):
        return None
    if not identity["digest"] and not set(used) <= marks - {""}:
        return None  # a place that it came from is gone, or has another version
    try:
        found = [(int(start), int(end)) for start, end in missing]
    except (TypeError, ValueError):
        return None
    size = int(str(identity["size"]))
    return (found, used) if all(0 <= start < end <= size for start, end in found) else None


def fetch_parts(
    parts: Parts,
    sources: Sequence[Source],
    connections: int,
    watch: Watch,
    *,
    first: Files | None = None,
) -> None:
    """Let workers fetch until nothing is missing.

    Args:
        parts: what is missing.
        sources: where it can be had.
        connections: how many at once.
        watch: is told of what arrives.
        first: verbs of the first source, connected, for the first worker.

    Raises:
        Incomplete: no place has all of it.
        Changed: one of them has another file now.
        ProtocolError: what they give does not fit together; nothing of it is kept.
    """
    run = _Run(parts, watch, sources)
    count = max(1, min(connections, -(-parts.missing // SMALLEST)))
    try:
        with Crew() as crew:
            for number in range(1, count):
                crew.start(run.worker, number)
            if first is None:
                run.worker(0)
            else:
                run.take_all(sources[0], first)
        run.worker(0)  # what a place that failed has left
    except BaseException:
        disk.call(parts.note)
        raise
    if parts.missing:
        disk.call(parts.note)
        raise run.problems[-1] if run.problems else Incomplete(
            f"get {parts.name}: {parts.missing:,} bytes are missing")
    _still_the_same(parts, sources, first)
    disk.call(run.check_joints)


@dataclass
class _Run:
    """The workers of one file."""

    parts: Parts
    watch: Watch
    sources: Sequence[Source]
    problems: list[PostelError] = field(default_factory=list)
    joints: list[tuple[int, bytes, Source]] = field(default_factory=list)

    def worker(self, number: int) -> None:
        """Fetch parts over one connection; a place that keeps failing is left for the next one."""
        at = number
        while self.parts.missing:
            usable = [one for one in self.sources if one.failures < TRIES]
            if not usable:
                return
            source = usable[at % len(usable)]
            try:
                site = source.site()
                with site:
                    self.take_all(source, site.files)
                return
            except (Changed, ProtocolError):
                raise
            except PostelError as error:
                self.problems.append(error)
                source.failures += 1
                at += 1
                wait = wait_for(error, source.failures)
                if wait is None:
                    source.failures = TRIES
                elif len(usable) == 1:
                    sleep(wait)

    def take_all(self, source: Source, files: Files) -> None:
        """Parts, one after the other, as long as there are any."""
        while (part := self.parts.take()) is not None:
            try:
                self._fetch(source, files, part)
            finally:
                self.parts.give_back(part)

    def _fetch(self, source: Source, files: Files, part: Part) -> None:
        """One part, as far as nobody else takes of it."""
        name, before = self.parts.name, b""
        start = max(0, part.at - OVERLAP)
        lead, last = part.at - start, False
        with files.read(source.path, offset=start) as reading:
            if reading.validator not in (None, source.entry.validator):
                raise Changed(f"get {name}: {source.name} has another version now",
                              hint="run it again: it begins afresh")
            for chunk in reading:
                if last:
                    raise self._odd(source)  # it goes on where the file should end
                if len(before) < lead:
                    before, chunk = (before + chunk)[:lead], chunk[lead - len(before) :]
                    if len(before) == lead:
                        self.joints.append((start, before, source))
                if count := self.parts.write(part, chunk, source.mark):
                    source.failures = 0
                self.watch.add(count)
                if self.parts.due:
                    disk.call(self.parts.note)
                if not part.left:
                    if part.end < self.parts.size:
                        return
                    last = True
        if part.left:
            raise Incomplete(f"get {name}: {source.name} ended {part.left:,} bytes early",
                             hint="it has another file, or was cut")

    def check_joints(self) -> None:
        """What each reading began with must be what another one ended with. Blocking.

        Raises:
            ProtocolError: it is not.
        """
        for start, due, source in self.joints:
            if os.pread(self.parts.target.file.fileno(), len(due), start) != due:
                raise self._odd(source)

    def _odd(self, source: Source) -> ProtocolError:
        self.parts.target.restart()
        return ProtocolError(
            f"get {self.parts.name}: what {source.name} gives from the middle does not fit",
            hint="its server ignores offsets, or its file is another one: take it in one row")


def _still_the_same(
    parts: Parts, sources: Sequence[Source], first: Files | None
) -> None:
    """No place that gave bytes has another version now: else they could be of two."""
    for source in sources:
        if not source.mark or source.mark not in parts.used:
            continue
        try:
            if first is not None and source is sources[0]:
                entry = first.stat(source.path)
            else:
                site = source.site()
                with site:
                    entry = site.stat(source.path)
        except NotFound as error:
            raise Changed(f"get {parts.name}: it is gone from {source.name}",
                          hint="run it again") from error
        except PostelError:
            continue  # it gave what it had; whether it changed nobody can tell now
        if not source.same(entry):
            disk.call(parts.target.restart)
            raise Changed(f"get {parts.name}: {source.name} changed while it was read",
                          hint="run it again: it begins afresh")
