# A conversation (its twin adapter_sync.py is generated): the common verbs, as far as TFTP has them.
"""The adapter: TFTP reads and writes whole files by name, and that is all it does."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from ..errors import NotSupported
from ..session.files_async import AsyncFiles, AsyncReading, AsyncSink
from ..session.results_async import AsyncResults
from ..types import Entry, Features, Kind
from ..wire.text import display
from . import transfers_async as transfers

if TYPE_CHECKING:
    from .client_async import AsyncClient

__all__ = ["AsyncAdapter"]


class AsyncAdapter(AsyncFiles):
    """The verbs of files over TFTP.

    Args:
        site: an open client.
    """

    def __init__(self, site: AsyncClient) -> None:
        self.site = site

    @property
    def features(self) -> Features:
        """What TFTP can do: next to nothing but move bytes."""
        return Features(precision=None, resume_read=False, resume_write=False, set_modified=False,
                        atomic_rename=False)

    def list(self, path: str = "") -> AsyncResults[Entry]:
        """Nothing: TFTP has no listing."""
        _refuse(f"list {path}", "ask for files by the names you know; "
                "ftp, sftp and http servers list their folders")

    async def stat(self, path: str) -> Entry:
        """The size of a file, from a server that tells it (RFC 2349)."""
        size = await transfers.size_of(self.site, path)
        return Entry(path.rstrip("/").rpartition("/")[2], Kind.FILE, size=size)

    def read(self, path: str, *, offset: int = 0) -> AsyncReading:
        """A file, from its beginning."""
        if offset:
            _refuse(f"read {path} from byte {offset:,}", "TFTP sends whole files only")
        return self.site.get(path)

    def write(self, path: str, *, offset: int = 0) -> AsyncSink:
        """A file to be written, from its beginning."""
        if offset:
            _refuse(f"write {path} from byte {offset:,}", "TFTP takes whole files only")
        return self.site.put(path)

    async def make(self, path: str) -> None:
        """Nothing: TFTP makes no folders."""
        _refuse(f"make {path}", "make the folder on the server itself")

    async def remove(self, path: str, *, folder: bool = False) -> None:
        """Nothing: TFTP removes nothing."""
        _refuse(f"remove {path}", "remove it on the server itself")

    async def rename(self, old: str, new: str) -> None:
        """Nothing: TFTP renames nothing."""
        _refuse(f"rename {old}", "rename it on the server itself")

    async def set(
        self, path: str, *, modified: datetime | None = None, mode: int | None = None
    ) -> None:
        """Nothing: TFTP knows neither times nor permissions."""
        _refuse(f"set {path}", "TFTP knows neither times nor permissions")

    async def digest(self, path: str, algorithm: str | None = None) -> tuple[str, str]:
        """Nothing: TFTP knows no digests."""
        _refuse(f"digest of {path}", "read the file and compute it here")


def _refuse(doing: str, hint: str) -> NoReturn:
    raise NotSupported(f"{display(doing)}: TFTP cannot; it only reads and writes files by name",
                       hint=hint)
