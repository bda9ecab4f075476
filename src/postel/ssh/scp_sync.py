# GENERATED from scp_async.py by tools/unasync.py: edit that file, not this one.
"""SCP as it was before SFTP: for servers that have nothing else. Only on request.

Each transfer runs ``scp`` at the other end of a link of its own. There are no listings, no resume
and no renames: what is uploaded has its final name from the first byte. What is downloaded is
checked as everywhere: names are the ones asked for or below them, sizes are kept to, a file gets
its name when it is whole, and no attribute reaches the target's own root.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from ..errors import (
    ConnectionLost,
    Incomplete,
    LimitReached,
    ProtocolError,
    TransferError,
    UsageError,
    located,
)
from ..session.files_sync import Watch
from ..timing import NEVER, Deadline
from ..transport import disk_sync as disk
from ..transport.clock_sync import now
from ..transport.connector_sync import Connector
from ..transport.folder import Folder
from ..transport.proxies import from_environment
from ..transport.proxy_sync import ProxyConnector
from ..transport.stream_sync import Stream
from ..transport.target import Target, on_disk
from ..types import Progress
from ..urls import URL, parse
from ..wire.text import display
from . import scp_wire as wire
from .launch import SSH_PORT, Password
from .link_sync import open_link
from .types import SSHOptions

__all__ = ["SCP", "Copied"]

Tell = Callable[[Progress], object] | None

DEEPEST = 64
"""Folders within each other: nothing real is deeper."""

MOST_ENTRIES = 1_000_000
"""Files and folders of one transfer."""

_CHUNK = 262_144


@dataclass(frozen=True)
class Copied:
    """What a transfer of a folder did.

    Args:
        files: how many files went over.
        size: their bytes.
        complaints: what the other side could not read or write, in its words.
        skipped: what was left out here: links, devices.
    """

    files: int = 0
    size: int = 0
    complaints: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


class SCP:
    """Files by the old protocol of scp(1).

    Args:
        target: host name, or URL of ``scp`` or ``ssh`` with user, password and port.
        port: instead of the configuration's, or 22.
        user: instead of the configuration's, or one's own name.
        password: a string, or a function that is called when it is asked for.
        timeout: seconds for each step of progress.
        proxy: URL of a SOCKS5 or HTTP proxy; None asks the environment; "none" goes direct.
        ssh: how the connection is made; its ``legacy_scp`` must be set.
        connector: says from where, instead of *proxy*.

    Raises:
        UsageError: it was not asked for by ``legacy_scp``.
    """

    def __init__(
        self,
        target: str | URL,
        *,
        port: int | None = None,
        user: str | None = None,
        password: Password = None,
        timeout: float | None = 60.0,
        proxy: str | None = None,
        ssh: SSHOptions | None = None,
        connector: Connector | None = None,
    ) -> None:
        self.url = target if isinstance(target, URL) else parse(target, default_scheme="scp")
        if self.url.scheme not in ("scp", "ssh"):
            raise UsageError(f"{self.url}: a URL of {self.url.scheme}, and this speaks SCP")
        if ssh is None or not ssh.legacy_scp:
            raise UsageError("the old protocol of scp(1) is used only where it is asked for",
                             hint="use SFTP; or SSHOptions(legacy_scp=True)")
        self.ssh, self.timeout = ssh, timeout
        self.port = port or self.url.port
        self.user = user if user is not None else self.url.user
        self._password = password if password is not None else self.url.password
        if connector is None:
            way = from_environment(self.url.host, self.port or SSH_PORT, "scp", proxy)
            connector = Connector() if way is None else ProxyConnector(proxy=way)
        self._connector = connector

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass  # each transfer has its own connection

    # -- from there to here ----------------------------------------------------------------

    def download(
        self, path: str, target: Path | str, *, progress: Tell = None, preserve: bool = True
    ) -> int:
        """Fetch one file into *target* (a file, or a folder to put it in); return its size.

        Raises:
            NotFound, Forbidden: the other side says so.
            Incomplete: fewer bytes came than were announced.
            TransferError: another file came than was asked for.
        """
        target = Path(target)
        if target.is_dir():
            target = target / wire.expected(path.rstrip("/").rpartition("/")[2], path)
        doing = f"scp {display(path)}"
        with located(str(self.url)), on_disk(target), Target.at(target) as place:
            with self._wire("-p -f" if preserve else "-f", path, doing) as talk:
                talk.agree()
                times, record = talk.head()
                if not isinstance(record, wire.FileRecord):
                    raise TransferError(f"{doing}: the server sends something else than a file")
                wire.expected(record.name, path)
                place.restart()
                watch = Watch(path, record.size, progress)
                talk.fetch(record, place, watch)
                talk.ended(doing)
            disk.call(_commit, place, times, None)
            watch.tell()
        return record.size

    def download_tree(
        self, path: str, target: Path | str, *, progress: Tell = None, preserve: bool = True
    ) -> Copied:
        """Fetch the folder *path* into *target*, which is made; return what came."""
        target = Path(target)
        doing = f"scp -r {display(path)}"
        with located(str(self.url)), on_disk(target):
            target.mkdir(parents=True, exist_ok=True)
            with Folder(target) as root:
                with self._wire("-r -p -f" if preserve else "-r -f", path,
                                            doing) as talk:
                    talk.agree()
                    _, record = talk.head()
                    if not isinstance(record, wire.FolderRecord):
                        raise TransferError(f"{doing}: the server sends no folder")
                    wire.expected(record.name, path)  # and its mode and times are not ours
                    talk.agree()
                    tree = _Tree(talk, progress)
                    tree.fill(root, 0)
                    talk.ended(doing)
        return tree.copied()

    # -- from here to there ----------------------------------------------------------------

    def upload(
        self, source: Path | str, path: str, *, progress: Tell = None, preserve: bool = True
    ) -> int:
        """Send one file to *path*; return its size. It has its name before it is whole."""
        source = Path(source)
        folder, name = _parted(path)
        doing = f"scp to {display(path)}"
        with located(str(self.url)), source.open("rb", buffering=0) as file:
            about = os.fstat(file.fileno())
            with self._wire("-p -t -d" if preserve else "-t -d", folder,
                                        doing) as talk:
                talk.agreed(doing)
                if preserve:
                    talk.say(wire.announce_times(about.st_mtime), doing)
                watch = Watch(path, about.st_size, progress)
                talk.say(wire.announce_file(about.st_mode, about.st_size, name), doing)
                talk.send_body(file, about.st_size, watch, doing)
                talk.done()
            watch.tell()
        return about.st_size

    def upload_tree(
        self, source: Path | str, path: str, *, progress: Tell = None, preserve: bool = True
    ) -> Copied:
        """Send the folder *source* to *path*; what is there already stays."""
        source = Path(source)
        folder, name = _parted(path)
        doing = f"scp -r to {display(path)}"
        with located(str(self.url)):
            with self._wire("-r -p -t -d" if preserve else "-r -t -d", folder,
                                        doing) as talk:
                talk.agreed(doing)
                tree = _Tree(talk, progress, preserve)
                tree.pour(source, name, doing)
                talk.done()
        return tree.copied()

    def _wire(self, words: str, path: str, doing: str) -> _Talk:
        deadline = NEVER if self.timeout is None else Deadline.after(self.timeout, now=now())
        stream = open_link(
            self.url.host, port=self.port, user=self.user, password=self._password,
            command=wire.command(words, path), options=self.ssh, deadline=deadline,
            connector=self._connector)
        return _Talk(stream, self.timeout, doing)


class _Talk:
    """One run of scp at the other end: records, bytes and answers."""

    def __init__(self, stream: Stream, timeout: float | None, doing: str) -> None:
        self._stream, self._timeout, self._doing = stream, timeout, doing
        self._rest = b""
        self.complaints: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stream.close()

    def _go_on(self) -> None:
        """Bytes have come or gone: the clock starts anew."""
        if self._timeout is not None:
            self._stream.deadline = Deadline.after(self._timeout, now=now())

    def _more(self) -> bool:
        data = self._stream.receive(_CHUNK)
        self._go_on()
        self._rest += data
        return bool(data)

    def agree(self) -> None:
        """Go on."""
        self._stream.send(wire.OK)

    def record(self) -> wire.Record | None:
        """The next record; None at the end."""
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > wire.LONGEST_LINE:
                raise ProtocolError(f"{self._doing}: a line without end")
            if not self._more():
                if self._rest:
                    wire.parse(self._rest)
                    raise ConnectionLost(f"{self._doing}: the connection ended in a line")
                return None
        line, self._rest = self._rest[:end], self._rest[end + 1:]
        return wire.parse(line)

    def head(self) -> tuple[wire.Times | None, wire.Record | None]:
        """The next file, folder or end of one, with its times; complaints are kept."""
        times = None
        while True:
            record = self.record()
            if isinstance(record, wire.Times):
                times = record
                self.agree()
            elif isinstance(record, wire.Complaint):
                self._complained(record)
            elif record is None and self.complaints:
                raise wire.complaint(wire.Complaint(self.complaints[0], True), self._doing)
            elif record is None:
                raise ConnectionLost(f"{self._doing}: the connection ended before a file came")
            else:
                return times, record

    def _complained(self, record: wire.Complaint) -> None:
        if record.fatal or len(self.complaints) > 1000:
            raise wire.complaint(record, self._doing)
        self.complaints.append(record.text)

    def fetch(self, record: wire.FileRecord, place: Target, watch: Watch) -> None:
        """The bytes of a file, exactly as many as announced, and their status."""
        self.agree()
        left = record.size
        while left:
            if self._rest:
                part, self._rest = self._rest[:left], self._rest[left:]
                place.file.write(part)
                count = len(part)
            else:
                count = self._stream.receive_file(place.file, left)
                self._go_on()
            if not count:
                raise Incomplete(
                    f"{self._doing}: {record.size - left:,} bytes of {display(record.name)} came, "
                    f"{record.size:,} were announced")
            left -= count
            watch.add(count)
        self.agreed(self._doing)
        self.agree()

    def agreed(self, doing: str) -> None:
        """Wait for the other side's byte."""
        while not self._rest:
            if not self._more():
                raise ConnectionLost(f"{doing}: the connection ended in the middle")
        if self._rest[:1] == wire.OK:
            self._rest = self._rest[1:]
            return
        record = self.record()
        if isinstance(record, wire.Complaint):
            raise wire.complaint(record, doing)
        raise ProtocolError(f"{doing}: an answer was due, and {record!r} came")

    def say(self, line: bytes, doing: str) -> None:
        """Send a record and wait for the answer."""
        self._stream.send(line)
        self.agreed(doing)

    def send_body(self, file: object, size: int, watch: Watch, doing: str) -> None:
        """Exactly *size* bytes of *file*, the status, and the answer."""
        left = size
        while left:
            self._go_on()
            sent = self._stream.send_file(file, min(left, 16 * _CHUNK))  # type: ignore[arg-type]
            if not sent:
                raise TransferError(f"{doing}: the file here became shorter while it was sent",
                                    hint="what is there now is not whole; send it again")
            left -= sent
            watch.add(sent)
        self.say(wire.OK, doing)

    def ended(self, doing: str) -> None:
        """Nothing more may come."""
        self._stream.end_sending()
        record = self.record()
        if isinstance(record, wire.Complaint):
            raise wire.complaint(record, doing)
        if record is not None:
            raise TransferError(f"{doing}: the server sends more than was asked for",
                                hint="it may be hostile; nothing of that was written")

    def done(self) -> None:
        """All is sent: wait for the end."""
        self._stream.end_sending()
        while self._more():
            self._rest = b""


class _Tree:
    """A folder on its way, and what became of it."""

    def __init__(self, talk: _Talk, progress: Tell, preserve: bool = True) -> None:
        self._talk, self._progress, self._preserve = talk, progress, preserve
        self._entries = 0
        self._files = 0
        self._size = 0
        self._skipped: list[str] = []

    def copied(self) -> Copied:
        """The outcome."""
        return Copied(self._files, self._size, tuple(self._talk.complaints), tuple(self._skipped))

    def _count(self) -> None:
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            raise LimitReached(f"scp: more than {MOST_ENTRIES:,} files and folders")

    def fill(self, folder: Folder, depth: int) -> None:
        """Write what comes into *folder*, until it ends."""
        if depth > DEEPEST:
            raise LimitReached(f"scp: more than {DEEPEST} folders within each other")
        while True:
            times, record = self._talk.head()
            self._count()
            if isinstance(record, wire.Up):
                self._talk.agree()
                return
            if isinstance(record, wire.FolderRecord):
                with folder.enter(record.name) as below:
                    self._talk.agree()
                    self.fill(below, depth + 1)
                folder.set_facts(record.name, mode=record.mode | 0o700,
                                 modified=None if times is None else float(times.modified))
            elif isinstance(record, wire.FileRecord):
                with Target(folder, folder.checked(record.name)) as place:
                    place.restart()
                    watch = Watch(record.name, record.size, self._progress)
                    self._talk.fetch(record, place, watch)
                    disk.call(_commit, place, times, record.mode)
                self._files += 1
                self._size += record.size

    def pour(self, source: Path, name: str, doing: str) -> None:
        """Send the folder *source* as *name*."""
        about = source.stat()
        if self._preserve:
            self._talk.say(wire.announce_times(about.st_mtime), doing)
        self._talk.say(wire.announce_folder(about.st_mode, name), doing)
        for entry in sorted(disk.call(_entries, source), key=lambda one: one.name):
            if entry.is_dir(follow_symlinks=False):
                self.pour(Path(entry.path), entry.name, doing)
            elif entry.is_file(follow_symlinks=False):
                self._send(Path(entry.path), doing)
            else:
                self._skipped.append(entry.path)
        self._talk.say(wire.END, doing)

    def _send(self, source: Path, doing: str) -> None:
        with source.open("rb", buffering=0) as file:
            about = os.fstat(file.fileno())
            if self._preserve:
                self._talk.say(wire.announce_times(about.st_mtime), doing)
            watch = Watch(source.name, about.st_size, self._progress)
            self._talk.say(
                wire.announce_file(about.st_mode, about.st_size, source.name), doing)
            self._talk.send_body(file, about.st_size, watch, doing)
        self._files += 1
        self._size += about.st_size


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return list(found)


def _commit(place: Target, times: wire.Times | None, mode: int | None) -> None:
    modified = None
    if times is not None:
        with suppress(OverflowError, ValueError, OSError):  # a time that this machine cannot write
            modified = datetime.fromtimestamp(times.modified, UTC)
    place.commit(modified=modified, mode=mode)


def _parted(path: str) -> tuple[str, str]:
    """The folder that *path* is in, and its name there."""
    folder, slash, name = path.rstrip("/").rpartition("/")
    if name in ("", ".", ".."):
        raise UsageError(f"scp to '{display(path)}': a name is needed")
    return (folder or "/") if slash else ".", name
