# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""The WebDAV client: its words, and the verbs that every file client has."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, cast

from ..errors import UsageError
from ..http.redirects import without_dots
from ..session import site_sync as sites
from ..session import trees_sync as trees
from ..types import Security
from ..urls import URL, is_local, parse
from .adapter_sync import Adapter
from .locks_sync import Held
from .words_sync import Words

__all__ = ["Client"]

_TLS = {"dav": "http", "webdav": "http", "davs": "https", "webdavs": "https", "http": "http",
        "https": "https"}


class Client(Words):
    """A folder on a WebDAV server; its arguments are those of `postel.http.Site`.

    URLs are ``davs://`` and ``dav://`` (or ``webdavs://``, ``webdav://``, ``https://``,
    ``http://``); a host alone means TLS. Paths are relative to the URL's folder; with a leading
    slash, to the server's top.

    Example:
        >>> with Client("webdav://dav.example.org/") as site:
        ...     [entry.name for entry in site.list()]
        ['hello.txt', 'more']
        >>> with Client("webdav://dav.example.org/") as site:
        ...     site.download("hello.txt", "hello.txt")
        19
    """

    def _begin(self) -> None:
        self.held: list[Held] = []
        self.sets_time: bool | None = None
        self.takes_time: bool | None = None
        self.capabilities: frozenset[str] = frozenset()
        super()._begin()

    def _adapter(self) -> Adapter:
        return Adapter(self)

    @property
    def files(self) -> Adapter:
        """The adapter: the verbs that all file schemes share, single and in batches."""
        return cast("Adapter", self._files)

    @staticmethod
    def _given(target: str | URL, port: int | None, security: Security) -> URL:
        url = target if isinstance(target, URL) else parse(target, default_scheme="davs")
        if isinstance(target, str) and "://" not in target and (
                security == "plain" or (is_local(url.host) and security == "auto")):
            url = url.with_(scheme="dav")
        if url.scheme not in _TLS:
            raise UsageError(f"{url}: a URL of {url.scheme}, but this client speaks WebDAV",
                             hint="use davs://, dav://, or the host name alone")
        return url if port is None else url.with_(port=port)

    @staticmethod
    def _address(url: URL) -> URL:
        path = url.path if url.path.endswith("/") else url.path + "/"
        return url.with_(scheme=_TLS[url.scheme], path=without_dots(path), query=None,
                         fragment=None)

    def open(self) -> None:
        """Ask what the server can do, which also logs in where it wants that."""
        if self._lent:
            return
        answer = self.web.options(self.place("", folder=True))
        self.heard(answer)
        if answer.status in (401, 407):
            answer.raise_for_status()
        words = answer.headers.get("dav", "").split(",")
        self.capabilities = frozenset(word.strip().lower() for word in words if word.strip())
        if any(word.startswith(("nc-", "nextcloud", "oc-")) for word in self.capabilities):
            self.sets_time = self.takes_time = True

    def another(self) -> Client:
        """A second one over the same connections; this one closes them."""
        twin = cast("Client", super().another())
        twin.held, twin.capabilities = self.held, self.capabilities
        twin.sets_time, twin.takes_time = self.sets_time, self.takes_time
        return twin

    def upload(
        self,
        source: Path | str | BinaryIO,
        path: str,
        *,
        inplace: bool = False,
        resume: bool = False,
        progress: sites.Tell = None,
    ) -> int:
        """Store a local file, or an open binary one, at *path*.

        It is sent to a temporary name, measured, and moved; what is there is only replaced if it
        is the version that was looked at.

        Args:
            source: the local path, or the open file.
            path: where to; one that ends in "/" is a folder.
            inplace: write to the final name at once.
            resume: as for every client; a PUT begins at the start.
            progress: called with a `Progress` now and then.

        Returns:
            How many bytes the server has now.

        Raises:
            Forbidden: you may not write there.
            NotFound: the folder above it is missing.
            NoSpace: the server's disk or quota is full.
            Changed: somebody changed it since you looked.
        """
        return sites.FileSite.upload(self, source, path, inplace=inplace,
                                                progress=progress)

    def upload_tree(
        self,
        source: Path | str,
        path: str,
        *,
        connections: int = 4,
        progress: sites.Tell = None,
        inplace: bool = False,
    ) -> trees.Report:
        """Store a whole local folder at *path*; links are left out.

        Args:
            source: the local folder.
            path: the folder on the server; made if it is missing.
            connections: how many at once.
            progress: called with a `Progress` for each file now and then.
            inplace: write to the final names.

        Returns:
            A `Report`: counts, and each failure with its error.
        """
        return sites.FileSite.upload_tree(
            self, source, path, connections=connections, progress=progress, inplace=inplace)

