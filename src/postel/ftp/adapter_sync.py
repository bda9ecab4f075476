# GENERATED from adapter_async.py by tools/unasync.py: edit that file, not this one.
"""The adapter: what every file scheme answers, by FTP's commands, in bursts where it pays."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from ..errors import AlreadyExists, NotFound, PostelError, ReplyError
from ..session.files_sync import Files, Reading, Sink
from ..session.results_sync import Results
from ..transport.clock_sync import Later
from ..types import Entry, Features, Kind, Outcome
from ..wire.replies import Reply
from . import replies
from .data_sync import LeftBehind
from .learned import DEEP
from .listings_sync import Listing
from .wire import FTPCommand

if TYPE_CHECKING:
    from .client_sync import Client
    from .transfers_sync import Reader, Writer

__all__ = ["Adapter", "Burst"]

T = TypeVar("T")
K = TypeVar("K")

Answers = list[Reply]

_AHEAD = 4
"""Transfers asked for at once where the server stands it: more hide no further round trip."""

BURST = 100
"""Commands in one packet: more fill the server's buffers while it still writes answers."""


class Burst(Results[Outcome[T]], Generic[T]):
    """Many small commands, a packet at a time, their outcomes in order.

    Args:
        site: the client.
        items: for each: its path, the commands to send, and how to read their replies.
        binary: whether they mean something only in binary mode.
    """

    def __init__(
        self,
        site: Client,
        items: Iterable[tuple[str, Sequence[FTPCommand], Callable[[Answers], T]]],
        *,
        binary: bool = False,
    ) -> None:
        super().__init__()
        self._binary = binary
        self._site = site
        self._items = iter(items)

    def settle(self) -> None:
        """Nothing is open between two packets."""

    def _more(self) -> Sequence[Outcome[T]]:
        batch, count = [], 0
        for item in self._items:
            batch.append(item)
            count += len(item[1])
            if count >= BURST:
                break
        if not batch:
            return ()
        site = self._site
        with site._operation(str(batch[0][1][0])):
            if self._binary:
                site._use_type("I")  # many servers refuse SIZE in text mode
            found = iter(site._burst(
                [asked for _, commands, _ in batch for asked in commands]))
            answers = [[next(found) for _ in commands] for _, commands, _ in batch]
            if site.learned.level and _is_odd([commands for _, commands, _ in batch], answers):
                site.be_careful()
                self._ask_again(batch, answers)
        return [self._outcome(path, heard, read)
                for (path, _, read), heard in zip(batch, answers, strict=True)]

    def _ask_again(
        self,
        batch: Sequence[tuple[str, Sequence[FTPCommand], Callable[[Answers], T]]],
        answers: list[Answers],
    ) -> None:
        """What was lost in the burst, one command at a time."""
        for index, (_, commands, _) in enumerate(batch):
            if any(reply.code == 500 for reply in answers[index]):
                answers[index] = self._site._burst(commands)

    def _outcome(
        self, path: str, answers: Answers, read: Callable[[Answers], T]
    ) -> Outcome[T]:
        try:
            return Outcome(path, read(answers))
        except (ReplyError, PostelError) as error:
            if error.url is None:
                error.url = str(self._site.url)
            return Outcome(path, error=error)


class Adapter(Files):
    """The verbs of files over one FTP connection.

    Args:
        site: an open client.
    """

    def __init__(self, site: Client) -> None:
        self.site = site

    @property
    def features(self) -> Features:
        """What this server can do, as far as FEAT tells."""
        site = self.site
        return Features(
            precision=1.0 if site._knows("MLST") else 60.0,
            resume_read=not site.capabilities or site._knows("REST"),
            resume_write=not site.capabilities or site._knows("REST"),
            set_mode=True,
            set_modified=site.learned.sets_times,
            symlinks=True,
            digests=site.digests,
        )

    # -- one at a time ---------------------------------------------------------------------

    def list(self, path: str = "") -> Listing:
        """The entries of a folder."""
        return Listing(self.site, path)

    def stat(self, path: str) -> Entry:
        """What *path* is: by MLST, else SIZE and MDTM, else the listing of the folder above."""
        site = self.site
        if path.strip("/") in ("", "."):
            return Entry(path, Kind.FOLDER)
        with site._operation(f"stat {path}"):
            if site._knows("MLST"):
                entry = site.mlst(path)
                return _named(entry, path)
            asked, _ = self._stat_commands(path)
            site._use_type("I")
            size, time = site._burst(asked)
            if size.kind == 2:
                return _measured(path, size, time)
            return self._stat_by_listing(path)

    def _stat_by_listing(self, path: str) -> Entry:
        above, _, name = path.rstrip("/").rpartition("/")
        above = above or ("/" if path.startswith("/") else "")
        for entry in self.list(above):
            if entry.name == name:
                return entry
        raise NotFound(f"stat {path}: the folder {above or '.'} has no such name", command="LIST")

    def read(self, path: str, *, offset: int = 0) -> Reader:
        """A file from *offset* on."""
        return self.site.retr(path, offset=offset)

    def write(self, path: str, *, offset: int = 0) -> Sink:
        """A file to be written from *offset* on."""
        return self.site.stor(path, offset=offset)

    def make(self, path: str) -> None:
        """Make a folder."""
        try:
            self.site.mkd(path)
        except NotFound as error:  # a 550 that gives no reason, as vsftpd's
            try:
                self.stat(path)
            except ReplyError:
                raise error from None
            raise AlreadyExists(str(error), text=error.text, code=error.code,
                                command=error.command) from error

    def remove(self, path: str, *, folder: bool = False) -> None:
        """Remove a file, or an empty folder."""
        (self.site.rmd(path) if folder else self.site.dele(path))

    def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name."""
        self.site.rename(old, new)

    def set(
        self, path: str, *, modified: datetime | None = None, mode: int | None = None
    ) -> None:
        """Set time and permissions."""
        if modified is not None:
            self.site.mfmt(path, modified)
        if mode is not None:
            self.site.chmod(path, mode)

    def digest(self, path: str, algorithm: str | None = None) -> tuple[str, str]:
        """The server's digest."""
        return self.site.hash(path, algorithm)

    def write_many(
        self, items: Iterable[tuple[K, str]], give: Callable[[K, Sink], Later[None]]
    ) -> None:
        """Write many files; the next one is asked for as soon as the last is confirmed."""
        coming = iter(items)
        current = next(coming, None)
        writing = None if current is None else self.site.stor(current[1])
        while current is not None and writing is not None:
            following = next(coming, None)
            upcoming = None if following is None else self.site.stor(following[1])
            writing.on_end = [] if upcoming is None else [upcoming._transfer]
            try:
                give(current[0], writing)
                writing.skip()
            except BaseException:
                self._leave([writing, upcoming] if upcoming is not None else [writing])
                raise
            current, writing = following, upcoming

    # -- batches ---------------------------------------------------------------------------

    def stat_many(self, paths: Iterable[str]) -> Results[Outcome[Entry]]:
        """What many paths are, two commands each, a hundred in a packet."""
        return Burst(self.site, ((path, *self._stat_commands(path)) for path in paths),
                          binary=True)

    def _stat_commands(
        self, path: str
    ) -> tuple[Sequence[FTPCommand], Callable[[Answers], Entry]]:
        site = self.site
        asked = [site._command("SIZE", path), site._command("MDTM", path)]

        def read(answers: Answers) -> Entry:
            if answers[0].kind != 2:
                raise site._refusal(asked[0], answers[0])
            return _measured(path, *answers)

        return asked, read

    def make_many(self, paths: Iterable[str]) -> Results[Outcome[None]]:
        """Make many folders, in their order."""
        return self._simple((path, [self.site._command("MKD", path)]) for path in paths)

    def remove_many(
        self, paths: Iterable[str], *, folders: bool = False
    ) -> Results[Outcome[None]]:
        """Remove many files, or many empty folders, in their order."""
        verb = "RMD" if folders else "DELE"
        return self._simple((path, [self.site._command(verb, path)]) for path in paths)

    def rename_many(self, pairs: Iterable[tuple[str, str]]) -> Results[Outcome[None]]:
        """Rename many, in their order."""
        site = self.site
        return self._simple((old, [site._command("RNFR", old), site._command("RNTO", new)])
                            for old, new in pairs)

    def set_many(
        self, items: Iterable[tuple[str, datetime]]
    ) -> Results[Outcome[None]]:
        """Set the times of many: by MFMT, or as vsftpd does it, by MDTM with a time."""
        site = self.site
        verb = "MFMT" if site._knows("MFMT") else "MDTM"
        return self._simple((path, [site._command(verb, f"{replies.timestamp(when)} {path}")])
                            for path, when in items)

    def _simple(
        self, items: Iterable[tuple[str, Sequence[FTPCommand]]]
    ) -> Results[Outcome[None]]:
        """Commands that must all succeed."""
        return Burst(self.site, ((path, asked, _must_succeed(self.site, asked))
                                      for path, asked in items))

    def read_many(
        self, items: Iterable[tuple[K, str]], take: Callable[[K, Reading], Later[None]]
    ) -> None:
        """Read many files; the next one is asked for when the data of the last has ended.

        Where the server stands it (level 2), several are asked for at once.
        """
        learned = self.site.learned
        waiting: deque[tuple[K, Reader]] = deque()
        coming: Iterator[tuple[K, str]] = iter(items)
        while True:
            deep = learned.level >= DEEP and learned.reachable
            for key, path in islice(coming, 1 + (_AHEAD if deep else 1) - len(waiting)):
                waiting.append((key, self.read(path)))
                if deep:
                    waiting[-1][1]._transfer.ask_ahead()
            if not waiting:
                return
            key, reading = waiting.popleft()
            reading.on_end = [waiting[0][1]._transfer] if waiting else []
            try:
                take(key, reading)
                reading.skip()
            except BaseException:
                self._leave([reading, *(other for _, other in waiting)])
                raise

    def _leave(self, bodies: Sequence[Reader | Writer]) -> None:
        """What was asked for ahead is in the next command's way: it is settled first."""
        ahead = [body._transfer for body in bodies if body._transfer.asked_ahead]
        if ahead and self.site.is_open:
            self.site._unfinished = LeftBehind(self.site, ahead)


def _is_odd(asked: Sequence[Sequence[FTPCommand]], answers: Sequence[Answers]) -> bool:
    """Whether the server knew a word and did not know it within one burst: it lost its place."""
    pairs = [(one.verb, reply) for commands, heard in zip(asked, answers, strict=True)
             for one, reply in zip(commands, heard, strict=True)]
    unknown = {verb for verb, reply in pairs if reply.code == 500}
    return any(verb in unknown and reply.kind in (2, 3) for verb, reply in pairs)


def _must_succeed(
    site: Client, asked: Sequence[FTPCommand]
) -> Callable[[Answers], None]:
    def read(answers: Answers) -> None:
        for one, reply in zip(asked, answers, strict=True):
            if reply.kind not in (2, 3):
                raise site._refusal(one, reply)

    return read


def _measured(path: str, size: Reply, time: Reply) -> Entry:
    """A file from the answers to SIZE and MDTM."""
    modified = replies.moment((time.text.split() or [""])[-1]) if time.kind == 2 else None
    return Entry(_last(path), Kind.FILE, size=replies.number(size), modified=modified,
                 precision=1.0 if modified else None)


def _named(entry: Entry, path: str) -> Entry:
    """MLST answers with a path, a name or nothing: the entry is called what the caller said."""
    return replace(entry, name=_last(path))


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
