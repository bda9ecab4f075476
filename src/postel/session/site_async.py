# A conversation (its twin site_sync.py is generated): the verbs that every file client has.
"""What all clients of files share: listing, downloads, uploads and trees, on the adapter's verbs.

A client of a file protocol inherits `AsyncFileSite` beside whatever connects it, and gives
`files`; everything here is written once.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Self

from ..errors import UsageError
from ..types import Entry, Progress
from ..urls import URL
from . import transfer_async as transfer
from . import tree_transfers_async as tree_transfers
from . import tree_uploads_async as tree_uploads
from . import trees_async as trees
from .files_async import AsyncFiles
from .results_async import AsyncResults

__all__ = ["AsyncFileSite"]

Tell = Callable[[Progress], object] | None


class AsyncFileSite:
    """The file verbs of a client, on its adapter.

    Attributes:
        url: what the client was made for.
    """

    url: URL

    @property
    @abstractmethod
    def files(self) -> AsyncFiles:
        """The adapter: the verbs that all file schemes share, single and in batches."""

    @property
    @abstractmethod
    def latency(self) -> float:
        """Seconds of a round trip to the server, measured when it connected."""

    @abstractmethod
    async def open(self) -> None:
        """Connect."""

    @abstractmethod
    async def aclose(self) -> None:
        """Say goodbye and close."""

    @abstractmethod
    def another(self) -> AsyncFileSite:
        """A second client with the same settings, not connected."""

    async def reopen(self) -> None:
        """Connect again, and go back to where it was."""
        await self.aclose()
        await self.open()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        await self.aclose()

    def be_careful(self) -> None:
        """Something odd came from the server: do one thing at a time from here on."""

    def path_in(self, url: URL) -> str:
        """The path, in this protocol's terms, that *url* names."""
        return url.path or "/"

    # -- reading ---------------------------------------------------------------------------

    def list(self, path: str = "") -> AsyncResults[Entry]:
        """The entries of a folder as they come, an iterator and a context manager.

        Raises:
            NotFound: there is no such folder.
            Incomplete: the listing was cut short.
        """
        return self.files.list(path)

    async def stat(self, path: str) -> Entry:
        """What *path* is.

        Raises:
            NotFound: there is nothing of that name.
        """
        return await self.files.stat(path)

    async def download(
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
        return await transfer.download(self.files, path, target, resume=resume, verify=verify,
                                       progress=progress, url=self.url.authority)

    async def walk(self, top: str = "") -> AsyncIterator[tuple[str, Sequence[Entry]]]:
        """Every folder from *top* on, with its entries; links are not followed."""
        async for folder, entries in trees.walk(self.files, top):
            yield folder, entries

    async def download_tree(
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
        return await tree_transfers.download_tree(
            self, path, target, connections=connections, progress=progress, strict=strict,
            durable=durable)

    # -- writing ---------------------------------------------------------------------------

    async def upload(
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
        return await transfer.upload(self.files, source, path, inplace=inplace, resume=resume,
                                     progress=progress)

    async def makedirs(self, path: str, *, exist_ok: bool = True) -> None:
        """Make a folder and those above it, in one burst.

        Raises:
            AlreadyExists: it is there, and *exist_ok* is false.
        """
        await trees.makedirs(self.files, path, exist_ok=exist_ok)

    async def rmtree(self, path: str) -> trees.Report:
        """Remove a folder and everything below it, in bursts; links are never followed.

        Returns:
            A `Report`: what was removed, and what could not be.
        """
        return await trees.rmtree(self.files, path)

    async def upload_tree(
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
        return await tree_uploads.upload_tree(self, source, path, connections=connections,
                                              progress=progress, inplace=inplace)
