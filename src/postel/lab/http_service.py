"""The lab's web server: files and helpers, faults, and applications of other people.

Service code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
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
    from ..http.server_mounts import Interface

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
        self._mounts = self._make_mounts()
        self._loop: asyncio.AbstractEventLoop | None = None
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

        tls = self.authority.another() if implicit else None
        return HTTPServer(self._mounts, self.options, tls=tls,
                          implicit=implicit, faults=self.faults, watcher=self.watcher)

    def _make_mounts(self) -> Any:
        from ..http.server_mounts import Mounts

        return Mounts(self._own)

    async def start(self) -> None:
        """Listen."""
        self._loop = asyncio.get_running_loop()
        await super().start()

    async def stop(self) -> None:
        """Close everything; applications are told, and their threads end."""
        await super().stop()
        await self._mounts.stop()
        self._loop = None

    def mount(self, app: Any, path: str = "/", *, interface: Interface = "auto") -> None:
        """Let a WSGI or ASGI application answer below *path*, by HTTP and HTTPS.

        Args:
            app: the application, of any framework.
            path: where; "/" leaves nothing to the files.
            interface: ``"wsgi"`` or ``"asgi"`` where it cannot be seen.

        Raises:
            UsageError: it is no application, or did not start.

        Example:
            >>> from urllib.request import urlopen
            >>> from postel import lab
            >>> def app(environ, start_response):
            ...     start_response("200 OK", [("Content-Type", "text/plain")])
            ...     return [b"hello from " + environ["PATH_INFO"].encode()]
            >>> with lab.start("http") as here:
            ...     here.http.mount(app, "/app")
            ...     host, port = here.address("http")
            ...     with urlopen(f"http://{host}:{port}/app/there") as answer:
            ...         answer.read()
            b'hello from /there'
        """
        self._run(self._mounts.mount(app, path, interface))

    def unmount(self, path: str = "/") -> None:
        """Let nobody else answer below *path*.

        Raises:
            UsageError: nothing is mounted there.
        """
        self._run(self._mounts.unmount(path))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the lab's loop."""
        if self._loop is None:
            work.close()
            raise UsageError("the lab is not running", hint="use it in a with block")
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

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
