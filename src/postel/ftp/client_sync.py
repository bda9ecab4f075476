# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""The FTP client: protocol words from its bases, and the verbs that every file client has."""

from __future__ import annotations

from ..session.site_sync import FileSite
from ..urls import URL, ftp_path
from .adapter_sync import Adapter
from .listings_sync import Listing
from .transfers_sync import Transfers

__all__ = ["Client"]


class Client(Transfers, FileSite):
    """A site reached by FTP; its arguments are those of every client.

    Without a user it enters as anonymous. ``security="auto"`` takes TLS where the server offers
    it; a password is never sent in the clear but to this machine, unless ``security="plain"``.

    Example:
        >>> with Client("ftp.example.org") as site:
        ...     [entry.name for entry in site.list("pub")]
        ['hello.txt', 'more']
        >>> with Client("ftp.example.org") as site:
        ...     site.download("pub/hello.txt", "hello.txt")
        20
    """

    _start = ""

    @property
    def files(self) -> Adapter:
        """The adapter: the verbs that all file schemes share, single and in batches."""
        return Adapter(self)

    def open(self) -> None:
        """Connect, secure, log in, and go to the URL's folder if it names one."""
        super().open()
        self._folder = ""
        path, _ = ftp_path(self.url)
        if self._start:
            self.cwd(self._start)
        elif path.endswith("/") and path.strip("/"):
            self.cwd(path)

    def path_in(self, url: URL) -> str:
        """The path that *url* names, seen from where the server puts a caller."""
        return ftp_path(url)[0]

    def list(self, path: str = "") -> Listing:
        """The entries of a folder as they come, an iterator and a context manager.

        MLSD where the server has it, else LIST in whatever dialect it speaks.

        Raises:
            NotFound: there is no such folder.
            Incomplete: the listing was cut short.
        """
        return self.files.list(path)

    def another(self) -> Client:
        """A second client with the same settings, not connected: parallelism is connections."""
        twin = type(self)(self.url, **self._settings())
        twin._context = self.context
        twin.encoding, twin.active = self.encoding, self.active
        twin.account, twin.virtual_host = self.account, self.virtual_host
        twin.largest_listing, twin._start = self.largest_listing, self._folder
        return twin

    def reopen(self) -> None:
        """Connect again, and go back to the folder it was in."""
        self._start = self._folder
        self.close()
        self.open()
