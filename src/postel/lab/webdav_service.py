"""The lab's WebDAV server.

Service code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..serving.files import ServedFiles
from ..serving.server import Users
from .http_service import HTTPService

if TYPE_CHECKING:
    from ..webdav.server import DAVServer

__all__ = ["WebDAVService"]


class WebDAVService(HTTPService):
    """WebDAV over one tree: in memory, or a folder and read-only.

    Attributes:
        files: what is served; those who log in may write.
        options: how the servers behave; may be changed at any time.

    Example:
        >>> from postel import lab
        >>> with lab.start("webdav") as here:
        ...     here.webdav.files.put("/a.txt", b"hello")
        ...     here.url("webdav")
        'webdav://webdav.lab...test/'
    """

    def _make_options(self) -> Any:
        from ..webdav.server import DAVOptions

        return DAVOptions()

    def _app(self, files: ServedFiles, users: Users) -> Any:
        from ..webdav.server import DAVApp

        return DAVApp(files, users, self.options)

    def make(self, *, implicit: bool) -> DAVServer:
        """One of the two servers."""
        from ..webdav.server import DAVServer

        tls = self.authority.another() if implicit else None
        return DAVServer(self._mounts, self.options, tls=tls,
                         implicit=implicit, faults=self.faults, watcher=self.watcher)

    def _known_quirks(self) -> tuple[str, ...]:
        from ..webdav.server import QUIRKS

        return QUIRKS
