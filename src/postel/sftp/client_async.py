# A conversation (its twin client_sync.py is generated): the SFTP client.
"""The SFTP client: protocol words from its base, and the verbs that every file client has."""

from __future__ import annotations

from ..session.site_async import AsyncFileSite
from ..urls import URL
from .adapter_async import AsyncAdapter
from .engine_async import _path_of
from .listing_async import AsyncListing
from .words_async import AsyncWords

__all__ = ["AsyncClient"]


class AsyncClient(AsyncWords, AsyncFileSite):
    """A site reached by SFTP, over SSH; its arguments are those of every client, and ``ssh``.

    Users, keys, known hosts and jump hosts come from ssh's own configuration. Paths are absolute,
    or begin at the user's home; in URLs ``/~/`` is the home.

    Example:
        >>> async with AsyncClient("sftp.example.org", user="alice", password="secret") as site:
        ...     [entry.name async for entry in site.list("pub")]
        ['hello.txt', 'more']
        >>> async with AsyncClient("sftp.example.org", user="alice", password="secret") as site:
        ...     await site.download("pub/hello.txt", "hello.txt")
        20
    """

    @property
    def files(self) -> AsyncAdapter:
        """The adapter: the verbs that all file schemes share, single and in batches."""
        return AsyncAdapter(self)

    def path_in(self, url: URL) -> str:
        """The path that *url* names: absolute, or from home on after ``/~/``."""
        return _path_of(url)

    def list(self, path: str = "") -> AsyncListing:
        """The entries of a folder as they come, an iterator and a context manager.

        Raises:
            NotFound: there is no such folder.
        """
        return self.files.list(path)

    async def copy(self, source: str, target: str) -> None:
        """Copy on the server, by way of a temporary name.

        Raises:
            NotSupported: the server does not offer copy-data.
        """
        await self.files.copy(source, target)

    async def remove(self, path: str) -> None:
        """Remove a file or link.

        Raises:
            NotFound: there is none.
        """
        await self.files.remove(path)

    def another(self) -> AsyncClient:
        """A second client with the same settings, not connected."""
        twin = type(self)(self.url, **self._settings())
        twin.careful = self.careful
        return twin
