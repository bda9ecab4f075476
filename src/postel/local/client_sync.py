# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""This machine's files behind the face that every file client has.

No server is asked and nothing is connected, so any number of threads or tasks may share a client.
It is no jail: a path with ``..``, or an absolute one, leads where it says.
"""

from __future__ import annotations

import sys
from pathlib import Path, PurePath
from typing import Self

from ..errors import UsageError
from ..session.site_sync import FileSite
from ..session.trees_sync import Report
from ..transport import disk_sync
from ..transport.trace import Trace, trace_for
from ..types import Peer, ServerInfo
from ..urls import URL
from . import disk
from .adapter_sync import Adapter
from .paths import path_of, text_of, url_for

__all__ = ["Client"]

class Client(FileSite):
    """Files of this machine, from one folder on.

    Args:
        target: a folder as plain path or file: URL; relative paths in the verbs begin there.
        durable: whether each written file is synced to the disk.
        timeout: taken because every client takes it; the disk knows none.
        trace: taken because every client takes it; there is no dialogue to record.

    Raises:
        UsageError: the URL is of another machine.

    Example:
        >>> _ = Path("notes.txt").write_text("remember")
        >>> with Client(".") as here:
        ...     here.copy("notes.txt", "copy.txt")
        ...     (here.stat("copy.txt")).size
        8
    """

    def __init__(
        self,
        target: str | PurePath | URL = ".",
        *,
        durable: bool = True,
        timeout: float | None = None,
        trace: Trace | str | None = None,
    ) -> None:
        self.url = url_for(target)
        self.folder = path_of(self.url)
        self.durable, self.timeout = durable, timeout
        self.trace = trace_for(trace)
        self.greeting = ""
        self.capabilities: frozenset[str] = frozenset()

    @property
    def files(self) -> Adapter:
        """The adapter: the verbs that all file schemes share, single and in batches."""
        return Adapter(self)

    @property
    def latency(self) -> float:
        """No way, no time."""
        return 0.0

    @property
    def server(self) -> ServerInfo:
        """The system that keeps the files."""
        return ServerInfo("", sys.platform)

    @property
    def peer(self) -> Peer:
        """This machine."""
        return Peer("localhost", "", 0)

    @property
    def is_open(self) -> bool:
        """Whether verbs may be used: always."""
        return True

    def open(self) -> None:
        """Nothing is connected; a folder that is missing tells when it is used."""

    def close(self) -> None:
        """Nothing is to be closed."""

    def noop(self) -> None:
        """Look whether the folder is there.

        Raises:
            NotFound: it is not.
        """
        disk_sync.call(disk.look, self.folder)

    def another(self) -> Client:
        """A second client of the same folder."""
        return type(self)(self.url, durable=self.durable, timeout=self.timeout, trace=self.trace)

    def path_in(self, url: URL) -> str:
        """The path that *url* names, absolute."""
        return text_of(url)

    def place(self, path: str) -> Path:
        """Where *path* is: seen from this client's folder, unless it is absolute.

        Raises:
            UsageError: it holds a NUL.
        """
        if "\0" in path:
            raise UsageError(f"path {path!r}: a NUL cannot be in a name")
        return self.folder / path

    def copy(self, source: str, target: str) -> None:
        """Copy a file within this machine, by way of a temporary name.

        Raises:
            NotFound: there is no such file.
            Conflict: *target* is a folder, or *source* itself.
        """
        self.files.copy(source, target)

    def free(self, path: str = "") -> int:
        """Bytes that still fit on the disk that *path* is on."""
        return disk_sync.call(disk.free, self.place(path))

    def rmtree(self, path: str) -> Report:
        """Remove a folder and everything below it; a link is removed, what it leads to is not.

        Returns:
            A `Report`: what was removed, and what could not be.
        """
        if disk_sync.call(disk.remove_link, self.place(path.rstrip("/") or path)):
            return Report(files=1)
        return super().rmtree(path)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
