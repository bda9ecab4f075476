# GENERATED from files_async.py by tools/unasync.py: edit that file, not this one.
"""What an NZB lists, fetched over several connections and put together.

Each connection takes a handful of segments at a time and asks for them ahead. One coordinator, the
caller's own task, puts the parts where they belong; connections only bring it bodies. What one
server does not have is asked of the next.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import PostelError, UsageError
from ..nntp.client_sync import Client
from ..nntp.location import parse_location
from ..transport import disk_sync as disk
from ..transport.clock_sync import now
from ..transport.crew_sync import Channel, Crew
from ..types import Progress
from ..urls import URL
from .assembling import Assembly
from .nzb import NZB, parse
from .types import FetchedFile

__all__ = ["get_nzb", "read_nzb"]

_HANDFUL = 16
"""Segments that one connection takes at a time: some 12 MB."""

_ROOM = 16
"""Bodies that wait for the disk."""

LARGEST_NZB = 256 << 20


@dataclass(frozen=True)
class _Wanted:
    """A segment that is not here yet."""

    file: int
    number: int
    message_id: str
    size: int


@dataclass(frozen=True)
class _Brought:
    """What a connection has to say: a body, None where there is none; or that it has ended."""

    wanted: _Wanted | None
    body: bytes | None = None
    error: PostelError | None = None


def read_nzb(path: str | Path) -> NZB:
    """Read an NZB from this disk.

    Raises:
        ProtocolError: it is none.
        NotFound, Forbidden: it is not there, or may not be read.
    """
    return parse(disk.call(_read, Path(path)))


def get_nzb(
    nzb: NZB | str | Path,
    into: str | Path,
    servers: str | URL | Sequence[str | URL],
    *,
    parallel: int = 4,
    only: Iterable[int] | None = None,
    progress: Callable[[Progress], object] | None = None,
    **settings: Any,
) -> list[FetchedFile]:
    """Fetch the files that an NZB lists.

    Args:
        nzb: the list, or where it is on this disk.
        into: the folder for the files; made if absent.
        servers: ``nntps://user@host``; of several, each is asked for what those before lack.
        parallel: connections to each server, in turn.
        only: numbers of the files that are wanted, from 0; None takes all.
        progress: told after each segment; its unit is bytes as the list announces them.
        settings: the keywords of every client.

    Returns:
        One `FetchedFile` for each, in the order of the list. A file that is here already under
        the name that the list gives it is not fetched. An incomplete one is kept with
        ``.incomplete`` behind its name.

    Raises:
        AuthenticationError, NetworkError: no server can be used.
        NoSpace, Forbidden, TransferError: the disk refuses.
        UsageError: no server is named.
    """
    listed = nzb if isinstance(nzb, NZB) else read_nzb(nzb)
    places = [servers] if isinstance(servers, str | URL) else list(servers)
    if not places:
        raise UsageError("fetch an NZB: from which server?", hint="nntps://user@host")
    run = _Run(listed, Path(into), progress, None if only is None else set(only))
    try:
        for place in places:
            server = parse_location(str(place)).server
            if server is None:
                raise UsageError(f"{place}: it names no server", hint="nntps://user@host")
            if run.pending:
                run.fetch(server, parallel, settings)
        return [disk.call(run.finish, number) for number in run.wanted_files]
    except BaseException:
        run.discard()
        raise


class _Run:
    """The coordinator."""

    def __init__(self, nzb: NZB, folder: Path, progress: Callable[[Progress], object] | None,
                 only: set[int] | None) -> None:
        self._progress = progress
        self._began = now()
        self._folder = folder
        self._here: dict[int, FetchedFile] = {}
        self._files: dict[int, Assembly] = {}
        self.pending: deque[_Wanted] = deque()
        self.wanted_files = [number for number in range(len(nzb.files))
                             if only is None or number in only]
        for number in self.wanted_files:
            file = nzb.files[number]
            last = max((one.number for one in file.segments), default=0)
            self._files[number] = Assembly(folder, number, last, file.name)
            self.pending.extend([_Wanted(number, one.number, one.message_id, one.size)
                                 for one in file.segments])
        self._skip_what_is_here()
        self._total = sum(one.size for one in self.pending) or None
        self._size = 0

    def _skip_what_is_here(self) -> None:
        for number, file in self._files.items():
            place = self._folder / Path(file.hint).name if file.hint else None
            if place is not None and place.name == file.hint and place.is_file():
                self._here[number] = FetchedFile(place.name, place, place.stat().st_size,
                                                 there=True)
        self.pending = deque([one for one in self.pending if one.file not in self._here])
        self._left = Counter(one.file for one in self.pending)

    def fetch(self, server: URL, parallel: int, settings: dict[str, Any]) -> None:
        """Ask one server for all that is pending; what it lacks stays so."""
        count = max(1, min(parallel, len(self.pending)))
        todo, self.pending = self.pending, deque()
        brought: Channel[_Brought] = Channel(_ROOM)
        errors: list[PostelError] = []
        with Crew() as crew:
            for _ in range(count):
                crew.start(_connection, server, settings, todo, brought)
            ended = 0
            while ended < count:
                one = brought.get()
                if one.wanted is None:
                    ended += 1
                    errors += [one.error] if one.error is not None else []
                else:
                    self._take(one.wanted, one.body)
        self.pending.extend(todo)
        if errors and (todo or len(errors) == count):
            raise errors[0]

    def _take(self, wanted: _Wanted, body: bytes | None) -> None:
        if body is None:
            self.pending.append(wanted)
        else:
            disk.call(self._files[wanted.file].add, wanted.number, body)
            self._left[wanted.file] -= 1
            if not self._left[wanted.file]:  # at once: what fails later does not take it away
                self._here[wanted.file] = disk.call(self._files[wanted.file].finish)
        self._size += wanted.size if body is not None else 0
        if self._progress is not None:
            self._progress(Progress(self._files[wanted.file].hint, self._size, self._total,
                                    now() - self._began))

    def finish(self, number: int) -> FetchedFile:
        """The end of one file."""
        return self._here.get(number) or self._files[number].finish()

    def discard(self) -> None:
        """The end of all, before they were whole."""
        for file in self._files.values():
            file.discard()


def _connection(server: URL, settings: dict[str, Any], todo: deque[_Wanted],
                      brought: Channel[_Brought]) -> None:
    """Fetch handfuls until there is nothing left to do; a server that allows no more is obeyed."""
    hand: list[_Wanted] = []
    try:
        with Client(server, **settings) as client:
            while hand := _handful(todo):
                _bodies(client, hand, brought)
    except PostelError as error:
        todo.extend(hand)  # for the others
        brought.put(_Brought(None, error=error))
        return
    brought.put(_Brought(None))


def _handful(todo: deque[_Wanted]) -> list[_Wanted]:
    hand: list[_Wanted] = []
    while len(hand) < _HANDFUL:
        try:
            hand.append(todo.popleft())
        except IndexError:
            break
    return hand


def _bodies(client: Client, hand: list[_Wanted],
                  brought: Channel[_Brought]) -> None:
    """Bring what the server has of *hand*, which is emptied as it comes."""
    asked = {one.message_id: one for one in hand}
    for article in client.bodies([*asked], skip_missing=True):
        wanted = asked.pop(article.message_id, None)
        if wanted is not None:
            hand.remove(wanted)
            brought.put(_Brought(wanted, article.data))
    for wanted in asked.values():
        hand.remove(wanted)
        brought.put(_Brought(wanted))


def _read(path: Path) -> bytes:
    from ..mailboxes import disk_errors

    with disk_errors(f"reading {path}"), path.open("rb") as file:
        return file.read(LARGEST_NZB + 1)
