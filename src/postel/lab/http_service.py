"""The lab's web server: files and helpers, faults, and applications of other people.

Service code.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..serving.files import MemoryFiles, ServedFiles
from ..serving.folder import FolderFiles
from ..serving.server import Users, Watcher
from .certificates import Authority
from .service import Service

if TYPE_CHECKING:
    from ..http.server import HTTPServer

__all__ = ["HTTPService"]


class HTTPService(Service):
    """HTTP and HTTPS over one tree: in memory, or a folder and read-only.

    Attributes:
        files: what is served; those who log in may write.
        options: how the servers behave; may be changed at any time.

    Example:
        >>> from urllib.request import urlopen
        >>> from postel import lab
        >>> with lab.start("http") as here:
        ...     here.http.files.put("/a.txt", b"hello")
        ...     host, port = here.address("http")
        ...     with urlopen(f"http://{host}:{port}/a.txt") as answer:
        ...         answer.read()
        b'hello'
    """

    well_known = (80, 443)

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self.files: Any = MemoryFiles() if root is None else FolderFiles(root)
        self.options = self._make_options()
        self._own = self._app(self.files, users)
        super().__init__(users, authority, root, watcher)

    def _make_options(self) -> Any:
        from ..http.server_options import HTTPOptions

        return HTTPOptions()

    def _app(self, files: ServedFiles, users: Users) -> Any:
        from ..http.server_files import FilesApp

        return FilesApp(files, users, self.options)

    def make(self, *, implicit: bool) -> HTTPServer:
        """One of the two servers."""
        from ..http.server import HTTPServer

        return HTTPServer(self._own, self.options, tls=self.authority.server(),
                          implicit=implicit, faults=self.faults, watcher=self.watcher)

    def serve(self, files: ServedFiles) -> None:
        """Serve another tree from now on."""
        self.files = files
        self._own.serve(files)

    def quirks(self, *names: str) -> None:
        """Take on these habits of other servers, and no others.

        Args:
            names: some of `postel.http.server.QUIRKS`.

        Raises:
            UsageError: one is unknown.
        """
        known = self._known_quirks()
        if unknown := set(names) - set(known):
            raise UsageError(f"no such quirk: {', '.join(sorted(unknown))}",
                             hint=f"there are {', '.join(known)}")
        self.options.quirks = set(names)

    def _known_quirks(self) -> tuple[str, ...]:
        from ..http.server_options import QUIRKS

        return QUIRKS
