# A conversation (its twin client_sync.py is generated): the FTP client.
"""The FTP client: protocol words from its bases, and the verbs that every file client has."""

from __future__ import annotations

from ..session.site_async import AsyncFileSite
from ..urls import URL, ftp_path
from .adapter_async import AsyncAdapter
from .listings_async import AsyncListing
from .transfers_async import AsyncTransfers

__all__ = ["AsyncClient"]


class AsyncClient(AsyncTransfers, AsyncFileSite):
    """A site reached by FTP; its arguments are those of every client.

    Without a user it enters as anonymous. ``security="auto"`` takes TLS where the server offers
    it; a password is never sent in the clear but to this machine, unless ``security="plain"``.

    Example:
        >>> async with AsyncClient("ftp.example.org") as site:
        ...     [entry.name async for entry in site.list("pub")]
        ['hello.txt', 'more']
        >>> async with AsyncClient("ftp.example.org") as site:
        ...     await site.download("pub/hello.txt", "hello.txt")
        20
    """

    _start = ""

    @property
    def files(self) -> AsyncAdapter:
        """The adapter: the verbs that all file schemes share, single and in batches."""
        return AsyncAdapter(self)

    async def open(self) -> None:
        """Connect, secure, log in, and go to the URL's folder if it names one."""
        await super().open()
        self._folder = ""
        path, _ = ftp_path(self.url)
        if self._start:
            await self.cwd(self._start)
        elif path.endswith("/") and path.strip("/"):
            await self.cwd(path)

    def path_in(self, url: URL) -> str:
        """The path that *url* names, seen from where the server puts a caller."""
        return ftp_path(url)[0]

    def list(self, path: str = "") -> AsyncListing:
        """The entries of a folder as they come, an iterator and a context manager.

        MLSD where the server has it, else LIST in whatever dialect it speaks.

        Raises:
            NotFound: there is no such folder.
            Incomplete: the listing was cut short.
        """
        return self.files.list(path)

    def another(self) -> AsyncClient:
        """A second client with the same settings, not connected: parallelism is connections."""
        twin = type(self)(self.url, **self._settings())
        twin._context = self.context
        twin.encoding, twin.active = self.encoding, self.active
        twin.account, twin.virtual_host = self.account, self.virtual_host
        twin.largest_listing, twin._start = self.largest_listing, self._folder
        return twin

    async def reopen(self) -> None:
        """Connect again, and go back to the folder it was in."""
        self._start = self._folder
        await self.aclose()
        await self.open()
