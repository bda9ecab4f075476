# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""The SFTP client: protocol words from its base, and the verbs that every file client has."""

from __future__ import annotations

from ..session.site_sync import FileSite
from ..urls import URL
from .adapter_sync import Adapter
from .engine_sync import _path_of
from .listing_sync import Listing
from .words_sync import Words

__all__ = ["Client"]


class Client(Words, FileSite):
    """A site reached by SFTP, over SSH; its arguments are those of every client, and ``ssh``.

    Users, keys, known hosts and jump hosts come from ssh's own configuration. Paths are absolute,
    or begin at the user's home; in URLs ``/~/`` is the home.

    Example:
        >>> with Client("sftp.example.org", user="alice", password="secret") as site:
        ...     [entry.name for entry in site.list("pub")]
        ['hello.txt', 'more']
        >>> with Client("sftp.example.org", user="alice", password="secret") as site:
        ...     site.download("pub/hello.txt", "hello.txt")
        20
    """

    @property
    def files(self) -> Adapter:
        """The adapter: the verbs that all file schemes share, single and in batches."""
        return Adapter(self)

    def path_in(self, url: URL) -> str:
        """The path that *url* names: absolute, or from home on after ``/~/``."""
        return _path_of(url)

    def list(self, path: str = "") -> Listing:
        """The entries of a folder as they come, an iterator and a context manager.

        Raises:
            NotFound: there is no such folder.
        """
        return self.files.list(path)

    def copy(self, source: str, target: str) -> None:
        """Copy on the server, by way of a temporary name.

        Raises:
            NotSupported: the server does not offer copy-data.
        """
        self.files.copy(source, target)

    def remove(self, path: str) -> None:
        """Remove a file or link.

        Raises:
            NotFound: there is none.
        """
        self.files.remove(path)

    def another(self) -> Client:
        """A second client with the same settings, not connected."""
        twin = type(self)(self.url, **self._settings())
        twin.careful = self.careful
        return twin
