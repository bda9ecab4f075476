# GENERATED from site_async.py by tools/unasync.py: edit that file, not this one.
"""What all clients of files share: listing, downloads, uploads and trees, on the adapter's verbs.

A client of a file protocol inherits `FileSite` beside whatever connects it, and gives
`files`; everything here is written once.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Self

from ..errors import UsageError
from ..types import Entry, Progress
from ..urls import URL
from . import transfer_sync as transfer
from . import tree_transfers_sync as tree_transfers
from . import tree_uploads_sync as tree_uploads
from . import trees_sync as trees
from .files_sync import Files
from .results_sync import Results

__all__ = ["FileSite"]

Tell = Callable[[Progress], object] | None


class FileSite:
    """The file verbs of a client, on its adapter.

    Attributes:
        url: what the client was made for.
    """

    url: URL

    @property
    @abstractmethod
    def files(self) -> Files:
        """The adapter: the verbs that all file schemes share, single and in batches."""

    @property
    @abstractmethod
    def latency(self) -> float:
        """Seconds of a round trip to the server, measured when it connected."""

    @abstractmethod
    def open(self) -> None:
        """Connect."""

    @abstractmethod
    def close(self) -> None:
        """Say goodbye and close."""

    @abstractmethod
    def another(self) -> FileSite:
        """A second client with the same settings, not connected."""

    def reopen(self) -> None:
        """Connect again, and go back to where it was."""
        self.close()
        self.open()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    def be_careful(self) -> None:
        """Something odd came from the server: do one thing at a time from here on."""

    def path_in(self, url: URL) -> str:
        """The path, in this protocol's terms, that *url* names."""
        return url.path or "/"

    # -- reading ---------------------------------------------------------------------------

    def list(self, path: str = "") -> Results[Entry]:
        """The entries of a folder as they come, an iterator and a context manager.

        Raises:
            NotFound: there is no such folder.
            Incomplete: the listing was cut short.
        """
        return self.files.list(path)

    def stat(self, path: str) -> Entry:
        """What *path* is.

        Raises:
            NotFound: there is nothing of that name.
        """
        return self.files.stat(path)

    def download(
        self,
        path: str,
        target: Path | str,
        *,
        resume: bool = True,
        verify: bool = False,
        progress: Tell = None,
    ) -> int:
        """Fetch a file into *target*: a file, or a folder to put it in.

        It is written beside its name, checked, synced, and renamed. An interrupted download is
        gone on with, if the source is still the same.

        Args:
            path: the file on the server.
            target: the local path.
            resume: whether to use what an earlier run left.
            verify: also compare digests, where the server computes them.
            progress: called with a `Progress` now and then.

        Returns:
            The file's size in bytes.

        Raises:
            NotFound: there is no such file.
            Incomplete: fewer bytes came than were announced; *target* is untouched.
            ChecksumMismatch: the digests differ.
        """
        return transfer.download(self.files, path, target, resume=resume, verify=verify,
                                       progress=progress, url=self.url.authority)

    def walk(self, top: str = "") -> Iterator[tuple[str, Sequence[Entry]]]:
        """Every folder from *top* on, with its entries; links are not followed."""
        for folder, entries in trees.walk(self.files, top):
            yield folder, entries

    def download_tree(
        self,
        path: str,
        target: Path | str,
        *,
        connections: int = 4,
        progress: Tell = None,
        strict: bool = True,
        durable: bool = True,
    ) -> trees.Report:
        """Fetch a whole folder into the local folder *target*.

        Args:
            path: the folder on the server.
            target: the local folder; made if it is missing.
            connections: how many at once; a server that allows fewer is obeyed.
            progress: called with a `Progress` for each file now and then.
            strict: whether names with back-slashes or drive letters fail.
            durable: whether each file is synced to the disk before it gets its name.

        Returns:
            A `Report`: counts, and each failure with its error. One bad file does not stop the
            others.
        """
        return tree_transfers.download_tree(
            self, path, target, connections=connections, progress=progress, strict=strict,
            durable=durable)

    # -- writing ---------------------------------------------------------------------------

    def upload(
        self,
        source: Path | str | BinaryIO,
        path: str,
        *,
        inplace: bool = False,
        resume: bool = False,
        progress: Tell = None,
    ) -> int:
        """Store a local file, or an open binary one, at *path*.

        It is sent to a temporary name, measured, renamed, and given the file's time.

        Args:
            source: the local path, or the open file.
            path: where to; one that ends in "/" is a folder.
            inplace: write to *path* itself, for servers that let nobody rename.
            resume: go on after what an earlier run stored.
            progress: called with a `Progress` now and then.

        Returns:
            How many bytes the server has now.

        Raises:
            Forbidden: you may not write there.
            NoSpace: the server's disk or quota is full.
        """
        if path.endswith("/") or not path:
            if not isinstance(source, str | Path):
                raise UsageError(f"upload to {path}: an open file needs a name there")
            path += Path(source).name
        return transfer.upload(self.files, source, path, inplace=inplace, resume=resume,
                                     progress=progress)

    def makedirs(self, path: str, *, exist_ok: bool = True) -> None:
        """Make a folder and those above it, in one burst.

        Raises:
            AlreadyExists: it is there, and *exist_ok* is false.
        """
        trees.makedirs(self.files, path, exist_ok=exist_ok)

    def rmtree(self, path: str) -> trees.Report:
        """Remove a folder and everything below it, in bursts; links are never followed.

        Returns:
            A `Report`: what was removed, and what could not be.
        """
        return trees.rmtree(self.files, path)

    def upload_tree(
        self,
        source: Path | str,
        path: str,
        *,
        connections: int = 4,
        progress: Tell = None,
        inplace: bool = False,
    ) -> trees.Report:
        """Store a whole local folder at *path*; links are left out.

        Args:
            source: the local folder.
            path: the folder on the server; made if it is missing.
            connections: how many at once.
            progress: called with a `Progress` for each file now and then.
            inplace: write to the final names, for servers that let nobody rename.

        Returns:
            A `Report`: counts, and each failure with its error.
        """
        return tree_uploads.upload_tree(self, source, path, connections=connections,
                                              progress=progress, inplace=inplace)
