"""The lab's TFTP service: one server over datagrams, with faults by the packet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..serving.files import MemoryFiles, ServedFiles
from ..serving.folder import FolderFiles
from ..serving.server import Users, Watcher
from ..tftp.server import TFTPOptions, TFTPServer
from ..tftp.server_faults import TFTPFaults
from .certificates import Authority
from .service import Service

__all__ = ["TFTPService"]


class TFTPService(Service):
    """TFTP over one tree: in memory and writable, or a folder and read-only.

    Attributes:
        files: what is served.
        options: how the server behaves; may be changed at any time.
        harm: what it does to its packets: ``harm.on("drop", of="DATA", nth=3)``.

    Example:
        >>> from postel import lab
        >>> with lab.start("tftp") as here:
        ...     here.tftp.files.put("/boot.img", b"hello")
        ...     here.url("tftp", path="/boot.img")
        'tftp://tftp.lab...test/boot.img'
    """

    well_known = (69, 69)
    is_pair = False

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self.users, self.authority, self.root, self.watcher = users, authority, root, watcher
        self.files: Any = MemoryFiles() if root is None else FolderFiles(root)
        self.options, self.harm = TFTPOptions(), TFTPFaults()
        self.server = TFTPServer(self.files, self.options, faults=self.harm, watcher=watcher)

    async def start(self) -> None:
        """Listen."""
        await self.server.start()

    async def stop(self) -> None:
        """End every transfer."""
        await self.server.stop()

    @property
    def port(self) -> int:
        """Where it listens, for datagrams."""
        return self.server.port

    @property
    def tls_port(self) -> int:
        """Where it listens: TFTP has no TLS."""
        return self.server.port

    def ports(self) -> dict[int, int]:
        """From the well-known port to the one where the server listens."""
        return {69: self.port}

    def serve(self, files: ServedFiles) -> None:
        """Serve another tree, to the requests that come from now on."""
        self.files = self.server.files = files
